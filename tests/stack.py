"""What the tests run on: a private PostgreSQL, a real web server, the program; each in a folder
of its own, all of it ended afterwards. Nothing here is a stand-in."""

import contextlib
import fcntl
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import httpx
import psycopg

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("PG409_PROGRAM", str(ROOT / "build/gcc/pg409.fcgi"))
PEOPLE = ("anna", "bob", "carl")


def folder():
    """A folder that PostgreSQL's and the web server's users can reach too."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="pg409-"))
    path.chmod(0o755)
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A script that prints a line "WORD value" when it is ready, and ends on SIGTERM."""

    def __init__(self, command, word, seconds=60, env=None):
        self.process = subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env={**os.environ, **(env or {})}, start_new_session=True)
        self.value = self._wait(word, seconds)

    def _wait(self, word, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            readable, _, _ = select.select([self.process.stdout], [], [], 1)
            line = self.process.stdout.readline() if readable else None
            if line and line.startswith(word + " "):
                return line[len(word) + 1:].strip()
            if line == "" and self.process.poll() is not None:
                break
        self.stop()
        raise RuntimeError(f"{self.process.args}: {self.process.stderr.read()}")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


class Postgres:
    """A cluster of its own. conninfo() has user postgres unless another is named."""

    def __init__(self):
        self.folder = folder()
        self.start()

    def start(self):
        self.process = Process([ROOT / "demo/postgres", self.folder], "database")
        self.parts = psycopg.conninfo.conninfo_to_dict(self.process.value)

    def stop(self):
        self.process.stop()

    def restart(self):
        self.stop()
        self.start()

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def conninfo(self, dbname="postgres", user="postgres"):
        return psycopg.conninfo.make_conninfo(**{**self.parts, "dbname": dbname, "user": user})

    def connect(self, dbname="postgres", user="postgres"):
        return psycopg.connect(self.conninfo(dbname, user), autocommit=True)


class Database:
    """A fresh database with the schema pg409, owned by the role editor, whom the program is."""

    count = 0

    def __init__(self, postgres, install=True):
        Database.count += 1
        self.postgres = postgres
        self.name = f"test{Database.count}"
        with postgres.connect() as admin:
            admin.execute("DO $$ BEGIN CREATE ROLE editor LOGIN; "
                          "EXCEPTION WHEN duplicate_object THEN NULL; END $$")
            admin.execute(f"CREATE DATABASE {self.name} OWNER editor")
        if install:
            self.load(ROOT / "schema/pg409.sql")
            with self.connect() as owner:
                owner.execute("SELECT pg409.grant_to('editor')")
        self.sql = self.connect()

    def load(self, path):
        subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", self.conninfo("postgres"),
                        "-f", str(path)], check=True, capture_output=True)

    def conninfo(self, user="editor"):
        return self.postgres.conninfo(self.name, user)

    def connect(self, user="postgres"):
        return self.postgres.connect(self.name, user)

    def run(self, statement, *values):
        """Runs it as superuser; the tables it creates belong to the editor."""
        cursor = self.sql.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else None

    def create(self, statements, protect=()):
        """Creates tables as the editor, so that privileges are those of an ordinary owner."""
        with self.connect("editor") as editor:
            editor.execute(statements)
        for table in protect:
            self.run("SELECT pg409.protect(%s::regclass)", table)

    def one(self, statement, *values):
        return self.run(statement, *values)[0][0]


class Server:
    """A web server with the program behind it, from the shipped configuration."""

    def __init__(self, kind, settings, program=PROGRAM, users=PEOPLE, workers=2):
        self.kind = kind
        self.folder = folder()
        self.settings = self.folder / "pg409.conf"
        settings = {"metrics_file": self.folder / "run/metrics", **settings}
        self.settings.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
        self.settings.chmod(0o644)
        self.program = self.folder / "pg409.fcgi"
        shutil.copy(program, self.program)
        self.program.chmod(0o755)
        self.port = free_port()
        name, _, mode = kind.partition("-")
        command = [ROOT / "demo/serve", "--server", name, "--port", self.port,
                   "--run", self.folder / "run", "--program", self.program,
                   "--settings", self.settings, "--workers", workers]
        command += [f"--{mode}"] if mode else []
        command += ["--users", self._passwords(users)] if users else ["--no-auth"]
        (self.folder / "run").mkdir()
        (self.folder / "run").chmod(0o755)
        self.process = Process(command, "ready")
        self.url = self.process.value.rstrip("/")

    def _passwords(self, users):
        path = self.folder / "htpasswd"
        lines = []
        for user in users:
            digest = subprocess.run(["openssl", "passwd", "-apr1", user], check=True,
                                    capture_output=True, text=True).stdout.strip()
            lines.append(f"{user}:{digest}\n")
        path.write_text("".join(lines))
        path.chmod(0o644)
        return path

    def log(self):
        return (self.folder / "run/error.log").read_text(errors="replace")

    def client(self, user=None, **more):
        """An HTTP client; redirects are not followed, so that a test sees them."""
        auth = (user, user) if user else None
        return httpx.Client(base_url=self.url, auth=auth, timeout=60, **more)

    def stop(self):
        self.process.stop()

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def serving(kind, database, settings=None, **more):
    """A server for this database; settings are added to the default ones."""
    server = Server(kind, {"database": database.conninfo(), **(settings or {})}, **more)
    try:
        yield server
    finally:
        server.remove()


def npm_packages():
    """Installs the packages of tests/npm into build/npm, unless they are there; that folder."""
    source, target = ROOT / "tests/npm", ROOT / "build/npm"
    lock = (source / "package-lock.json").read_text()
    done = target / "node_modules/.installed"
    target.mkdir(parents=True, exist_ok=True)
    with open(target / ".lock", "w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if done.exists() and done.read_text() == lock:
            return target
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, target / name)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=target,
                       check=True, timeout=600)
        done.write_text(lock)
    return target
