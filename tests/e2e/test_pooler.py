"""What goes over the wire to PostgreSQL: a relay in between reads the protocol, so that prepared
statements and round trips are counted where they happen. And PgBouncer, in the way it is common."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import threading

import psycopg
import pytest

import stack
from e2e import fastcgi


class Relay:
    """A Unix socket that passes everything on, and keeps the messages that the client sent."""

    def __init__(self, host, port):
        self.target = f"{host}/.s.PGSQL.{port}"
        self.folder = stack.folder()
        self.messages = []  # (type, body)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.folder / ".s.PGSQL.5432"))
        self.listener.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    def conninfo(self, database):
        parts = psycopg.conninfo.conninfo_to_dict(database.conninfo())
        return psycopg.conninfo.make_conninfo(
            **{**parts, "host": str(self.folder), "port": "5432"})

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.target)
                threading.Thread(target=self._forward, args=(client, server, True),
                                 daemon=True).start()
                threading.Thread(target=self._forward, args=(server, client, False),
                                 daemon=True).start()

    def _forward(self, source, target, listen):
        pending, started = b"", False
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if listen:  # kept before it is passed on: the answer must not come first
                    pending, started = self._keep(pending + data, started)
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
                end.close()

    def _keep(self, data, started):
        """Takes whole messages; the first of a connection has no type."""
        while len(data) >= (5 if started else 4):
            kind, at = (data[:1].decode(), 1) if started else ("start", 0)
            size = at + int.from_bytes(data[at:at + 4], "big")
            if len(data) < size:
                break
            code = int.from_bytes(data[4:8], "big") if not started else 0
            started = started or code == 196608  # version 3.0; else a question about encryption
            self.messages.append((kind, data[at + 4:size]))
            data = data[size:]
        return data, started

    def take(self):
        taken, self.messages = self.messages, []
        return taken

    def remove(self):
        self.listener.close()
        shutil.rmtree(self.folder)


def round_trips(messages):
    """Each Sync and each simple query waits for its answer."""
    return sum(kind in ("S", "Q") for kind, _ in messages)


def statements(messages):
    """The names under which statements were executed; b"" is the unnamed one."""
    return [body.split(b"\0")[1] for kind, body in messages if kind == "B"]


def parsed(messages):
    """What was prepared, but for the sweep of old receipts, which comes behind one save in 512."""
    return [body.split(b"\0")[0] for kind, body in messages
            if kind == "P" and b"DELETE FROM pg409.receipt" not in body]


@pytest.fixture(scope="module", autouse=True)
def tables(database):
    database.create("CREATE TABLE note (id integer PRIMARY KEY, title text, body text);"
                    "INSERT INTO note VALUES (1, 'Title', 'Body')", protect=["note"])


@contextlib.contextmanager
def bouncing(postgres, mode):
    """PgBouncer in that mode in front of the cluster; the folder is its host."""
    folder = stack.folder()
    (folder / "users").write_text('"editor" ""\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = host={postgres.parts['host']} port={postgres.parts['port']}\n"
        f"[pgbouncer]\nlisten_addr =\nlisten_port = 6432\nunix_socket_dir = {folder}\n"
        f"auth_type = trust\nauth_file = {folder}/users\npool_mode = {mode}\n"
        f"default_pool_size = 2\nserver_reset_query =\nlogfile = {folder}/log\n")
    drop = []
    if os.getuid() == 0:
        drop = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"]
        shutil.chown(folder, "postgres")
    script = (f"PATH=$PATH:/usr/sbin; pgbouncer -q {folder}/pgbouncer.ini & trap 'kill $!' TERM; "
              f"until [ -S {folder}/.s.PGSQL.6432 ]; do sleep 0.05; done; echo ready here; "
              "wait $!; wait $!")
    process = stack.Process([*drop, "bash", "-c", script], "ready")
    yield folder
    process.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def bouncer(postgres):
    with bouncing(postgres, "transaction") as folder:
        yield folder


@pytest.fixture
def direct(postgres, database):
    """(relay, program): nothing but the relay in between."""
    relay = Relay(postgres.parts["host"], postgres.parts["port"])
    with fastcgi.Program(relay.conninfo(database)) as program:
        yield relay, program
    relay.remove()


@pytest.fixture
def pooled(bouncer, database):
    """(relay, program): the relay sees what the program sends to PgBouncer."""
    relay = Relay(bouncer, 6432)
    with fastcgi.Program(relay.conninfo(database)) as program:
        yield relay, program
    relay.remove()


def test_doctor_sees_the_pooler(postgres, bouncer, database):
    pg409 = pathlib.Path(stack.PROGRAM).parent / "pg409"

    def found(conninfo):
        done = subprocess.run([pg409, "doctor", "--only", "pooler,transactions", conninfo], capture_output=True, text=True)
        return done.stdout + done.stderr
    assert "in transaction mode" in found(f"host={bouncer} port=6432 dbname={database.name} user=editor")
    assert "Nothing was found" in found(database.conninfo())
    with bouncing(postgres, "session") as folder:
        assert "in session mode" in found(f"host={folder} port=6432 dbname={database.name} user=editor")
    with bouncing(postgres, "statement") as folder:
        assert "[transactions]" in found(f"host={folder} port=6432 dbname={database.name} user=editor")


def row(program):
    return json.loads(program.get("/note/1").text)


def save(program, version, title):
    return program.post("/note/1", {"_version": version, "title": title})


def warm(program):
    """Connected, catalog read, and each statement seen often enough to be prepared."""
    for number in range(3):
        old = row(program)["_version"]
        assert save(program, old, f"Warm {number}").status == 303
        assert save(program, old, "Stale").status == 409


@pytest.mark.parametrize("way", ["direct", "pooled"])
def test_requests_take_as_few_round_trips_as_promised(request, way):
    relay, program = request.getfixturevalue(way)
    warm(program)
    relay.take()
    found = []
    for attempt in range(3):  # one save in 512 is followed by a sweep of old receipts
        version = row(program)["_version"]
        found.append([round_trips(relay.take())])
        assert save(program, version, f"New {way} {attempt}").status == 303
        found[-1].append(round_trips(relay.take()))
        assert save(program, version, "Stale").status == 409
        found[-1].append(round_trips(relay.take()))
    assert found.count([1, 1, 2]) >= 2, found


def test_form_takes_one_round_trip(direct):
    relay, program = direct
    warm(program)
    relay.take()
    assert program.get("/note/1", HTTP_ACCEPT="text/html").status == 200
    row(program)  # by then it is noted who opened it, behind the answer
    assert round_trips(relay.take()) == 3
    assert program.get("/note/1", HTTP_ACCEPT="text/html").status == 200
    row(program)
    assert round_trips(relay.take()) == 2


def test_first_request_of_a_process_takes_few_round_trips(direct):
    """Plain CGI is like this every time: the catalog, then the row."""
    relay, program = direct
    row(program)
    assert round_trips(relay.take()) <= 2


def test_direct_connection_uses_prepared_statements(direct):
    relay, program = direct
    warm(program)
    relay.take()
    warm(program)
    messages = relay.take()
    assert len(statements(messages)) > 9
    assert b"" not in statements(messages)
    assert parsed(messages) == []  # they were prepared before, and are only executed now


def test_pooled_connection_uses_only_unnamed_statements(pooled):
    relay, program = pooled
    warm(program)
    warm(program)
    messages = relay.take()
    assert len(statements(messages)) > 9
    assert set(statements(messages)) == {b""} == set(parsed(messages))


def test_prepare_off_uses_only_unnamed_statements(postgres, database):
    relay = Relay(postgres.parts["host"], postgres.parts["port"])
    with fastcgi.Program(relay.conninfo(database), {"prepare": "off"}) as program:
        warm(program)
    assert set(statements(relay.take())) == {b""}
    relay.remove()


def test_several_workers_share_the_pooled_connections(bouncer, database):
    """More workers than the pool has connections: each transaction may get another one."""
    relay = Relay(bouncer, 6432)
    with fastcgi.Program(relay.conninfo(database), workers=5) as program:
        for number in range(30):
            version = row(program)["_version"]
            assert save(program, version, f"Number {number}").status == 303
            assert row(program)["title"] == f"Number {number}"
            assert save(program, version, "Stale").status == 409
    relay.remove()


def test_person_is_told_to_the_database_for_its_transaction_only(pooled, database):
    """The pool hands connections on: what was set for one person must not stay."""
    relay, program = pooled
    database.create("CREATE TABLE who (id integer PRIMARY KEY, title text, seen text);"
                    "INSERT INTO who VALUES (1, 'x', NULL);"
                    "CREATE FUNCTION note_who() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                    "NEW.seen := current_setting('pg409.user', true); RETURN NEW; END $$;"
                    "CREATE TRIGGER note_who BEFORE UPDATE ON who FOR EACH ROW "
                    "EXECUTE FUNCTION note_who()")
    for user in ("anna", "bob", "anna"):
        version = json.loads(program.get("/who/1", REMOTE_USER=user).text)["_version"]
        program.post("/who/1", {"_version": version, "title": f"By {user}"}, REMOTE_USER=user)
        assert database.one("SELECT seen FROM who") == user
    with psycopg.connect(relay.conninfo(database), autocommit=True,
                         prepare_threshold=None) as plain:
        value = plain.execute("SELECT current_setting('pg409.user', true)").fetchone()[0]
        assert not value


def test_a_batch_holds_one_pooled_connection_and_hands_it_back(bouncer, database):
    relay = Relay(bouncer, 6432)
    with fastcgi.Program(relay.conninfo(database), workers=5) as program:
        for number in range(10):
            version = row(program)["_version"]
            changes = [{"method": "PATCH", "path": "/note/1", "version": version, "body": {"title": f"Batch {number}"}}]
            kind = {"CONTENT_TYPE": "application/json"}
            done = program.request("POST", "/_batch", json.dumps({"changes": changes}).encode(), **kind)
            assert done.status == 200, done.text
            stale = program.request("POST", "/_batch", json.dumps({"changes": changes[:1] + [
                {"method": "PATCH", "path": "/note/2", "version": version, "body": {"title": "x"}}]}).encode(), **kind)
            assert stale.status == 409
            assert row(program)["title"] == f"Batch {number}"
        assert database.one("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%%'") == 0
    relay.remove()


def test_a_list_that_is_broken_off_hurts_nobody_else(bouncer, database):
    """Behind a pooler a cancel could meet another client's statement: the connection is given up instead."""
    database.run("CREATE TABLE IF NOT EXISTS long_list (id integer PRIMARY KEY, text text); GRANT ALL ON long_list TO editor")
    database.run("INSERT INTO long_list SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i ON CONFLICT DO NOTHING")
    relay = Relay(bouncer, 6432)
    with fastcgi.Program(relay.conninfo(database), workers=3) as program:
        assert row(program)
        for number in range(6):
            one = program.request("GET", "/long_list", HTTP_ACCEPT="application/vnd.pgrst.object+json")
            assert one.status == 406
            version = row(program)["_version"]
            saved = save(program, version, f"After {number}")
            assert saved.status == 303, saved.text
    relay.remove()
