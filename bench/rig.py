"""What the measurements run on: a private PostgreSQL, the web servers with pg409 or with the PHP
page behind them, and the load generator. Everything is ended by close()."""

import glob
import html.parser
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
HERE = ROOT / "bench"
ROWS = 20000
CONNECTIONS = 32
WORKERS = 8
OLD = "2020-01-01T00:00:00.000000Z"
VERSION = """to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
PEER_USER = ["setpriv", "--pdeathsig", "TERM"] + (
    ["--reuid=www-data", "--regid=www-data", "--init-groups", "--"] if os.getuid() == 0 else [])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A program that ends on SIGTERM. word: it prints "WORD value" when it is ready."""

    def __init__(self, command, word=None, log=None, env=None):
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE if word else log, stderr=log, env={**os.environ, **(env or {})},
            start_new_session=True)
        self.pid = self.process.pid
        self.value = None
        for line in self.process.stdout if word else ():
            if line.startswith(word + " "):
                self.value = line[len(word) + 1:].strip()
                break
        if word and self.value is None:
            raise RuntimeError(f"{command[0]} did not start")

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                self.process.wait()


class Database:
    """PostgreSQL as it would be set up for such a machine, nothing unsafe: fsync is on."""

    SETTINGS = ("shared_buffers=256MB", "max_wal_size=4GB", "checkpoint_timeout=30min",
                "max_connections=150", "wal_buffers=16MB")

    def __init__(self, folder, log):
        self.folder = folder / "db"
        command = [ROOT / "demo/postgres", self.folder]
        for setting in self.SETTINGS:
            command[1:1] = ["-c", setting]
        self.process = Process(command, "database", log)
        self.pid = self.process.pid
        parts = dict(part.split("=") for part in self.process.value.split())
        self.conninfo = f"host={parts['host']} port={parts['port']} dbname=bench user=editor"
        self.admin = f"host={parts['host']} port={parts['port']} user=postgres dbname="
        self.parts = parts
        self.psql("-c", "CREATE ROLE editor LOGIN", "-c", "CREATE DATABASE bench OWNER editor",
                  dbname="postgres")
        self.psql("-f", ROOT / "schema/pg409.sql")
        self.psql("-v", f"rows={ROWS}", "-f", HERE / "table.sql")
        self.psql("-c", "SELECT pg409.grant_to('editor')")
        self.setting("pg_stat_statements.track", "none")

    def psql(self, *arguments, dbname="bench"):
        command = ["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-d", self.admin + dbname, *arguments]
        return subprocess.run([str(part) for part in command], check=True, text=True,
                              stdout=subprocess.PIPE).stdout.strip()

    def one(self, statement):
        return self.psql("-c", statement)

    def setting(self, name, value):
        """Sets it for the running server; waits until it counts."""
        self.psql("-c", f"ALTER SYSTEM SET {name} = {value}", "-c", "SELECT pg_reload_conf()")
        end = time.monotonic() + 10
        while self.one(f"SHOW {name}") != value:
            if time.monotonic() > end:
                raise RuntimeError(f"{name} does not become {value}")
            time.sleep(0.02)

    def close(self):
        self.process.close()


class Site:
    """A web server with something behind it that shows and saves rows at path."""

    def __init__(self, name, pid, handler, port, path):
        self.name, self.pid, self.handler, self.port, self.path = name, pid, handler, port, path

    def get(self, row):
        address = f"http://127.0.0.1:{self.port}{self.path.replace('@ID@', str(row))}"
        request = urllib.request.Request(address, headers={"Accept": "text/html"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()


def pg409_site(server, folder, database, program, log, workers=WORKERS, more=""):
    """pg409 behind lighttpd, nginx or apache, from the shipped configuration. more: settings."""
    folder.mkdir()
    settings = folder / "pg409.conf"
    settings.write_text(f"database = {database.conninfo}\nanonymous = write\n"
                        f"metrics_file = {folder}/run/metrics\n{more}")
    (folder / "run").mkdir()
    port = free_port()
    process = Process([ROOT / "demo/serve", "--server", server, "--port", port, "--no-auth",
                       "--run", folder / "run", "--program", program, "--settings", settings,
                       "--workers", workers], "ready", log)
    site = Site(f"pg409, {server}", process.pid, "pg409.fcgi", port, "/articles/@ID@")
    site.close = process.close
    return site


def write_fpm(folder, database):
    """php-fpm with as many processes as pg409 has."""
    (folder / "fpm.conf").write_text(f"""[global]
error_log = {folder}/fpm.log
daemonize = no
[www]
listen = {folder}/fpm.sock
pm = static
pm.max_children = {WORKERS}
env[BENCH_DATABASE] = "{database.conninfo}"
php_admin_value[pgsql.allow_persistent] = 1
php_admin_value[opcache.enable] = 1
""")
    program = sorted(glob.glob("/usr/sbin/php-fpm[0-9]*"))[-1]
    return [program, "-F", "-y", folder / "fpm.conf"]


def write_lighttpd(folder, port):
    (folder / "server.conf").write_text(f"""
server.modules = ( "mod_accesslog", "mod_fastcgi" )
server.document-root = "{folder}/htdocs"
server.errorlog = "{folder}/error.log"
accesslog.filename = "{folder}/access.log"
server.upload-dirs = ( "{folder}" )
server.bind = "127.0.0.1"
server.port = {port}
fastcgi.server = ( ".php" => (( "socket" => "{folder}/fpm.sock" )) )
""")
    return ["lighttpd", "-D", "-f", folder / "server.conf"]


def write_nginx(folder, port):
    temporary = "".join(f"{kind}_temp_path {folder}/tmp/{kind};\n" for kind in
                        ("client_body", "fastcgi", "proxy", "uwsgi", "scgi"))
    (folder / "server.conf").write_text(f"""daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log {folder}/access.log;
  {temporary}
  server {{
    listen 127.0.0.1:{port};
    root {folder}/htdocs;
    location ~ [.]php$ {{
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      fastcgi_pass unix:{folder}/fpm.sock;
    }}
  }}
}}
""")
    (folder / "tmp").mkdir(mode=0o777)
    (folder / "tmp").chmod(0o777)
    return ["nginx", "-p", folder, "-e", folder / "error.log", "-c", folder / "server.conf"]


def write_apache(folder, port):
    modules = ("mpm_event", "authz_core", "proxy", "proxy_fcgi")
    load = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
                   for name in modules)
    (folder / "server.conf").write_text(load + f"""ServerRoot "{folder}"
ServerName 127.0.0.1
DefaultRuntimeDir "{folder}"
PidFile "{folder}/apache.pid"
Listen 127.0.0.1:{port}
ErrorLog "{folder}/error.log"
CustomLog "{folder}/access.log" "%h %l %u %t \\"%r\\" %>s %O \\"%{{Referer}}i\\" \\"%{{User-Agent}}i\\""
DocumentRoot "{folder}/htdocs"
<Directory "{folder}/htdocs">
  Require all granted
</Directory>
<FilesMatch "[.]php$">
  SetHandler "proxy:unix:{folder}/fpm.sock|fcgi://localhost/"
</FilesMatch>
""")
    return ["apache2", "-DFOREGROUND", "-f", folder / "server.conf"]


def php_site(server, folder, database, log):
    """The PHP page behind the same server, with php-fpm."""
    (folder / "htdocs").mkdir(parents=True)
    shutil.copy(HERE / "page.php", folder / "htdocs")
    port = free_port()
    writers = {"lighttpd": write_lighttpd, "nginx": write_nginx, "apache": write_apache}
    if os.getuid() == 0:
        shutil.chown(folder, "www-data", "www-data")
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    processes = [Process([*PEER_USER, *write_fpm(folder, database)], log=log),
                 Process([*PEER_USER, *writers[server](folder, port)], log=log, env={"PATH": path})]
    site = Site(f"PHP, {server}", tuple(process.pid for process in processes), "php-fpm", port,
                "/page.php?id=@ID@")

    def close():
        for process in reversed(processes):
            process.close()

    site.close = close
    wait_for(site)
    return site


def wait_for(site):
    end = time.monotonic() + 20
    while True:
        try:
            return site.get(1)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


class FormReader(html.parser.HTMLParser):
    """The fields of the first form that sends something, as a browser would send them."""

    def __init__(self, page):
        super().__init__()
        self.fields, self.area, self.done = {}, None, False
        self.feed(page)

    def handle_starttag(self, tag, pairs):
        attributes = dict(pairs)
        if self.done or "name" not in attributes:
            return
        if tag == "input":
            self.fields[attributes["name"]] = attributes.get("value") or ""
        elif tag == "textarea":
            self.area, self.fields[attributes["name"]] = attributes["name"], ""

    def handle_data(self, data):
        if self.area:
            self.fields[self.area] += data

    def handle_endtag(self, tag):
        if tag == "textarea" and self.area:
            self.fields[self.area] = self.fields[self.area].removeprefix("\n")
            self.area = None
        elif tag == "form" and self.fields:
            self.done = True


class Load:
    """The load generator on one site, with its own half of the rows."""

    def __init__(self, program, site, work, half, folder, database, connections=CONNECTIONS):
        self.site, self.work = site, work
        first, count = half * (ROWS // 2) + 1, ROWS // 2
        command = [program, "--port", site.port, "--work", work, "--path", site.path,
                   "--rows", f"{first},{count}", "--connections", connections]
        if work != "read":
            command += self._form(first, folder, database)
        self.process = subprocess.Popen([str(part) for part in command], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def _form(self, first, folder, database):
        """The page's own form with placeholders in it, and the versions that are stored now."""
        fields = FormReader(self.site.get(first)).fields
        folder = folder / f"forms-{self.site.port}-{self.work}"
        folder.mkdir(exist_ok=True)
        names = {"_version": "@VERSION@", "updated_at": "@VERSION@", "_form": "@FORM@",
                 "_token": "@TOKEN@", "stock": "@STOCK@"}
        options = []
        if "_base" in fields:
            base = json.loads(fields["_base"])
            fields["_base"] = fields["_base"].replace(f'"stock":"{base["stock"]}"',
                                                      '"stock":"@BEFORE@"')
            (folder / "base").write_text(fields["_base"])
            options += ["--base", folder / "base"]
        fields = {name: names.get(name, value.replace("\n", "\r\n") if name == "body" else value)
                  for name, value in fields.items()}
        body = re.sub(r"%40([A-Z]+)%40", r"@\1@", urllib.parse.urlencode(fields))
        (folder / "body").write_text(body)
        version = VERSION if self.work == "save" else f"'{OLD}'"
        rows = database.psql("-F", " ", "-c", f"SELECT id, stock, {version} FROM articles")
        (folder / "versions").write_text(rows + "\n")
        options += ["--body", folder / "body", "--versions", folder / "versions"]
        explained = self.site.handler == "pg409.fcgi" and self.work == "stale"
        return options + (["--least", 512] if explained else [])

    def window(self, seconds):
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the load on {self.site.name} ended, see above")
        result = json.loads(line)
        result["rate"] = result["requests"] / result["seconds"]
        return result

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


class Pgbench:
    """pgbench with the statements that pg409 sends."""

    VALUES = {"user": "anna", "lock": 2000, "total": 30000, "table": "public.articles", "op": "save",
              "token": "0123456789abcdef0123456789abcdef", "first": ROWS // 2 + 1, "last": ROWS}

    def __init__(self, database, work, clients):
        self.command = ["pgbench", "-n", "-M", "prepared", "-c", clients, "-j", 2,
                        "-f", HERE / f"pgbench-{work}.sql", "-h", database.parts["host"],
                        "-p", database.parts["port"], "-U", "editor"]
        for name, value in self.VALUES.items():
            self.command += ["-D", f"{name}={value}"]

    def window(self, seconds):
        command = [*self.command, "-T", max(1, round(seconds)), "bench"]
        result = subprocess.run([str(part) for part in command], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if result.returncode:
            raise RuntimeError(result.stderr)
        rate = float(re.search(r"tps = ([0-9.]+)", result.stdout)[1])
        return {"rate": rate, "requests": rate * seconds,
                "failed": int(re.search(r"failed transactions: (\d+)", result.stdout)[1])}

    def close(self):
        pass


class Processes:
    """What the processes of a tree use, from /proc."""

    @staticmethod
    def tree(*roots):
        children = {}
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                text = pathlib.Path(path).read_text()
            except OSError:
                continue
            pid, name, rest = re.match(r"(\d+) \((.*)\) . (.*)", text, re.S).groups()
            values = rest.split()
            ticks = int(values[10]) + int(values[11])
            children.setdefault(int(values[0]), []).append((int(pid), name, ticks))
        found, todo = [], list(roots)
        for parents in list(children.values()):
            found += [entry for entry in parents if entry[0] in roots]
        while todo:
            for entry in children.get(todo.pop(), ()):
                found.append(entry)
                todo.append(entry[0])
        return found

    @staticmethod
    def seconds(site, database):
        """CPU seconds so far by group."""
        roots = site.pid if isinstance(site.pid, tuple) else (site.pid,)
        tick = os.sysconf("SC_CLK_TCK")
        groups = {"server": 0.0, "handlers": 0.0, "postgres": 0.0}
        for _, name, ticks in Processes.tree(*roots):
            if name.startswith(site.handler[:7]):
                groups["handlers"] += ticks / tick
            elif name.startswith(("lighttpd", "nginx", "apache2")):
                groups["server"] += ticks / tick
        groups["postgres"] = sum(entry[2] for entry in Processes.tree(database.pid)) / tick
        return groups

    @staticmethod
    def private_kib(site):
        """Private memory of each handler."""
        roots = site.pid if isinstance(site.pid, tuple) else (site.pid,)
        sizes = []
        for pid, name, _ in Processes.tree(*roots):
            if name.startswith(site.handler[:7]):
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
                sizes.append(sum(int(kib) for kib in re.findall(r"Private_\w+: +(\d+)", text)))
        return sizes


def folder():
    """A folder that PostgreSQL's and the web server's users can reach too."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="pg409-bench-"))
    path.chmod(0o755)
    return path
