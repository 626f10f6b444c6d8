"""/_metrics counts exactly what happened, in all workers together, and tells nobody too much."""

import collections
import concurrent.futures
import json
import os
import pathlib
import re
import signal
import time

import pytest

import stack
from e2e import fastcgi
from e2e.prometheus import OPEN, Counts


@pytest.fixture(scope="module", autouse=True)
def tables(database):
    database.create("CREATE TABLE note (id integer PRIMARY KEY, title text UNIQUE, body text, "
                    "updated_at timestamptz NOT NULL DEFAULT now()); CREATE TABLE busy "
                    "(id integer PRIMARY KEY, lock_version integer NOT NULL DEFAULT 1, a text)",
                    protect=["note"])
    database.run("""CREATE FUNCTION too_many() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN RAISE SQLSTATE '40001'; END $$;
                    CREATE TRIGGER too_many BEFORE UPDATE ON busy FOR EACH ROW
                    EXECUTE FUNCTION too_many(); INSERT INTO busy VALUES (1)""")
    for number in range(1, 9):
        database.run("INSERT INTO note VALUES (%s, %s, 'One.')", number, f"Title {number}")


@pytest.fixture
def program(database):
    with fastcgi.Program(database) as program:
        yield program


def counts(program, accept="text/plain", **more):
    answer = program.get("/_metrics", HTTP_ACCEPT=accept, **more)
    assert answer.status == 200, answer.text
    return Counts(answer.text, accept)


# --- all workers together, exactly ---


class Script:
    """Does what it is told through a web server, and keeps its own tally."""

    def __init__(self, server):
        self.client = server.client("anna")
        self.writes, self.requests = collections.Counter(), collections.Counter()

    def ask(self, kind, status, method, address, **more):
        answer = self.client.request(method, address, **more)
        assert answer.status_code == status, answer.text
        self.requests[kind, f"{status // 100}xx"] += 1
        return answer

    def write(self, outcome, reason, status, method, address, **more):
        answer = self.ask("write", status, method, address, **more)
        assert answer.headers["pg409-outcome"] == outcome
        self.writes[outcome, reason] += 1
        return answer

    def save(self, row, outcome="saved", reason="none", status=200, version=None, **values):
        return self.write(outcome, reason, status, "PATCH", f"/note/{row}",
                          json={"_version": version, **values})

    def play(self, row, mark):
        """One person at one row; several of these run at once, each at another row."""
        old = self.ask("read", 200, "GET", f"/note/{row}").json()
        new = self.save(row, version=old["_version"], body=f"Two {mark}.").json()
        self.save(row, "unchanged", version=new["_version"], body=f"Two {mark}.")
        self.save(row, "conflict", "stale", 409, version=old["_version"], body=f"Three {mark}.")
        self.save(row, "refused", "bad-version", 400, version="yesterday", body="x")
        self.write("refused", "version-required", 428, "PATCH", f"/note/{row}", json={"body": "x"})
        self.write("conflict", "duplicate", 409, "POST", "/note", json={"id": row, "title": "x"})
        batch = [{"method": "PATCH", "path": f"/note/{row}", "version": new["_version"],
                  "body": {"body": f"Four {mark}."}},
                 {"method": "POST", "path": "/note", "body": {"id": row * 1000 + mark}}]
        self.ask("write", 200, "POST", "/_batch", json={"changes": batch})
        self.writes["saved", "none"] += 2
        self.ask("read", 404, "GET", "/note/77")
        self.ask("read", 200, "GET", "/note?limit=2")
        self.ask("other", 200, "GET", "/_health")
        self.ask("other", 404, "GET", "/_nothing")

    def play_all(self, mark):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(self.play, range(1, 5), [mark] * 4))

    def crowd(self):
        """Several at once, so that one worker is not enough; mod_fcgid starts the second after a second."""
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda row: self.ask("read", 200, "GET", f"/note/{row}"), range(1, 5)))

    def wait(self):
        """Until the program answers again; what never reached it bears no request id."""
        end = time.monotonic() + 30
        while True:
            answer = self.client.get("/_health")
            if "x-request-id" in answer.headers:
                self.requests["other", f"{answer.status_code // 100}xx"] += 1
            if answer.status_code == 200:
                return
            assert time.monotonic() < end
            time.sleep(0.1)

    def check(self):
        """Asks several times, so that another worker may answer."""
        for _ in range(3):
            answer = self.client.get("/_metrics", headers={"Accept": "text/plain"})
            found = Counts(answer.text)
            assert found.one("pg409_metrics_shared") == 1
            assert found.nonzero("pg409_writes_total", "outcome", "reason") == self.writes
            assert found.nonzero("pg409_requests_total", "kind", "status") == self.requests
            for kind in ("read", "write"):
                asked = sum(n for (what, _), n in self.requests.items() if what == kind)
                assert found.one("pg409_request_duration_seconds_count", kind=kind) == asked
            self.requests["other", "2xx"] += 1  # itself it counts when it has been written


def workers_of(server):
    """The processes that run this server's copy of the program."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/exe"):
        try:
            if os.readlink(path) == str(server.program):
                found.append(int(path.parent.name))
        except OSError:
            pass
    return found


@pytest.mark.parametrize("kind", ["lighttpd", "apache", "nginx", "lighttpd-cgi", "apache-cgi"])
def test_all_workers_together_count_what_was_done(database, kind):
    database.run("DELETE FROM note WHERE id >= 1000")
    database.run("UPDATE note SET body = 'One.'")
    with stack.serving(kind, database, workers=3) as server:
        script = Script(server)
        script.wait()
        script.play_all(1)
        end = time.monotonic() + 20
        while len(workers_of(server)) < 2 and not kind.endswith("cgi") and time.monotonic() < end:
            script.crowd()
        script.check()
        workers = workers_of(server)
        assert kind.endswith("cgi") or len(workers) >= 2
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        script.wait()
        script.play_all(2)
        script.check()


def test_who_has_the_answer_can_rely_on_its_being_counted(database):
    with fastcgi.Program(database, workers=2) as program:
        for number in range(1, 40):
            assert program.get("/note/1").status == 200
            assert counts(program).one("pg409_requests_total", kind="read", status="2xx") == number


# --- who may read, and how ---


def test_who_is_logged_in_may_read_and_a_stranger_may_not(program):
    assert program.get("/_metrics").status == 200
    answer = program.get("/_metrics", REMOTE_USER=None)
    assert answer.status == 403 and "pg409_" not in answer.text
    assert program.request("POST", "/_metrics", b"").status == 405


def test_open_is_for_everybody(database):
    with fastcgi.Program(database, {"metrics": "open", "anonymous": "deny"}) as program:
        assert counts(program, REMOTE_USER=None).one("pg409_metrics_shared") == 1


def test_off_counts_nothing_and_leaves_no_file(database):
    with fastcgi.Program(database, {"metrics": "off"}) as program:
        assert program.get("/note/1").status == 200
        for user in ("anna", None):
            assert program.get("/_metrics", REMOTE_USER=user).status == 404
        assert not (program.folder / "metrics").exists()


@pytest.mark.parametrize("accept, kind", [
    ("text/plain", "text/plain; version=0.0.4; charset=utf-8"),
    ("*/*", "text/plain; version=0.0.4; charset=utf-8"), (None, "text/plain; version=0.0.4; charset=utf-8"),
    ("text/html", "text/plain; version=0.0.4; charset=utf-8"),
    ("application/openmetrics-text;q=0.4,text/plain;q=0.5", "text/plain; version=0.0.4; charset=utf-8"),
    ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
     "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
     "application/openmetrics-text; version=1.0.0; charset=utf-8")])
def test_the_format_is_the_one_that_was_asked_for(program, accept, kind):
    answer = program.get("/_metrics", HTTP_ACCEPT=accept)
    assert (answer.status, answer.headers["content-type"]) == (200, kind)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text.endswith("# EOF\n") == ("openmetrics" in kind)


def test_both_formats_say_the_same(program):
    program.get("/note/1")
    plain, opened = counts(program), counts(program, OPEN)
    assert plain.all.keys() == opened.all.keys()
    assert plain.one("pg409_build_info", version=re.search(
        r"AC_INIT\(\[pg409\], \[([^]]+)", (stack.ROOT / "configure.ac").read_text())[1]) == 1
    assert abs(plain.one("pg409_metrics_start_time_seconds") - time.time()) < 60


def test_what_can_happen_is_there_from_the_beginning(program):
    found = counts(program)
    told = {(dict(labels)["outcome"], dict(labels)["reason"])
            for name, labels in found.all if name == "pg409_writes_total"}
    good = {"saved", "already-applied", "rebased", "merged", "unchanged", "received", "dropped", "other"}
    assert {outcome for outcome, reason in told if reason == "none"} == good
    assert {reason for outcome, reason in told if outcome == "conflict"} >= {
        "stale", "deleted", "exists", "duplicate", "referenced", "dangling", "locked", "contention"}
    names = re.findall(r'^    \{"([a-z-]+)", REASON_', (stack.ROOT / "src/web/problem.c").read_text(), re.M)
    assert {reason for outcome, reason in told if outcome in ("conflict", "refused")} == set(names)


# --- what else is counted ---


def test_tries_of_our_own_and_connections(program, database):
    answer = program.request("PATCH", "/busy/1", b'{"_version": 1, "a": "x"}',
                             CONTENT_TYPE="application/json", HTTP_ACCEPT="application/json")
    assert answer.status == 409
    found = counts(program)
    assert found.one("pg409_db_contention_retries_total") == 3
    assert found.nonzero("pg409_writes_total", "outcome", "reason") == {("conflict", "contention"): 1}
    database.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'editor' "
                 "AND datname = current_database()")
    assert program.get("/note/1").status == 200
    found = counts(program)
    assert found.one("pg409_db_connections_lost_total") == 1
    assert found.nonzero("pg409_db_connects_total", "result") == {("ok",): 2}
    assert found.one("pg409_catalog_reads_total") == 1
    assert found.one("pg409_db_round_trips_total") == 4 + 1 + 2  # four tries, a catalog, a read twice
    assert found.one("pg409_db_duration_seconds_count", kind="read") == 1


def test_a_database_that_is_away():
    with fastcgi.Program("host=/nonexistent") as program:
        assert program.get("/note/1").status == 503
        assert program.post("/note/1", {"title": "x"}).status == 503
        found = counts(program)
        assert found.nonzero("pg409_db_connects_total", "result") == {("failed",): 2}
        assert found.nonzero("pg409_writes_total", "outcome", "reason") == {("refused", "away"): 1}
        assert found.nonzero("pg409_requests_total", "kind", "status") == {("read", "5xx"): 1, ("write", "5xx"): 1}


def test_uploads_and_merges(program, database):
    for body, status in ((b"x" * 300000, 201), (b"y" * 10, 409)):
        assert program.request("PUT", "/_files/a.bin", body).status == status
    found = counts(program)
    assert found.one("pg409_uploads_total") == 1
    assert found.one("pg409_upload_bytes_total") == 300010
    assert found.nonzero("pg409_writes_total", "outcome", "reason") == {
        ("saved", "none"): 1, ("conflict", "exists"): 1}
    base = "First line.\n\nMiddle.\n\nLast line.\n"
    database.run("UPDATE note SET body = %s WHERE id = 8", base)
    seen = program.get("/note/8").text
    version = re.search(r'"_version":"([^"]+)"', seen)[1]
    database.run("UPDATE note SET body = %s WHERE id = 8", base.replace("First", "1st"))
    for mine in (base.replace("Last", "Very last"), base.replace("First", "Only")):
        change = {"_version": version, "_base": {"body": base}, "body": mine}
        answer = program.request("PATCH", "/note/8", json.dumps(change).encode(),
                                 CONTENT_TYPE="application/json", HTTP_ACCEPT="application/json")
        assert answer.status == 409
    found = counts(program)
    assert found.nonzero("pg409_merged_texts_total", "result") == {("merged",): 1, ("clash",): 1}
    assert found.one("pg409_merge_duration_seconds_count", kind="write") == 2


# --- tables ---


def test_tables_are_told_apart_only_where_that_is_wanted(database):
    name = 'odd "name"\\n\nü'
    database.create('CREATE TABLE "' + name.replace('"', '""') + '" (id integer PRIMARY KEY)')
    address = "/odd~20~22name~22~5Cn~0A~C3~BC"
    with fastcgi.Program(database) as program:
        assert program.get(address).status == 200
        assert "odd" not in program.get("/_metrics").text
        assert "pg409_table" not in program.get("/_metrics").text
    with fastcgi.Program(database, {"metrics_tables": "on"}, workers=2) as program:
        for _ in range(5):
            assert program.get(address).status == 200
            assert program.post("/note/1", {"title": "x"}).status == 428
            assert program.get("/nowhere/1").status == 404
        for accept in ("text/plain", OPEN):
            found = counts(program, accept)
            assert found.nonzero("pg409_table_reads_total", "table") == {(name,): 5}
            assert found.nonzero("pg409_table_writes_total", "table", "outcome") == {("note", "refused"): 5}


def test_there_is_room_for_64_tables_and_the_rest_share(database):
    database.create("".join(f"CREATE TABLE many{n} (id integer PRIMARY KEY);" for n in range(70)))
    with fastcgi.Program(database, {"metrics_tables": "on"}, workers=2) as program:
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: program.get(f"/many{n % 70}"), range(140)))
        reads = counts(program).nonzero("pg409_table_reads_total", "table")
        assert len(reads) == 65 and sum(reads.values()) == 140
        assert reads.pop(("",)) == 12 and set(reads.values()) == {2}


# --- the file ---


def test_a_file_that_cannot_be_had_is_said_and_hinders_nothing(database):
    with fastcgi.Program(database, {"metrics_file": "/nonexistent/metrics"}) as program:
        for number in range(1, 4):
            assert program.get("/note/1").status == 200
            found = counts(program)
            assert found.one("pg409_metrics_shared") == 0
            assert found.one("pg409_requests_total", kind="read", status="2xx") == number


def test_a_link_in_its_place_is_not_followed(database):
    with fastcgi.Program(database) as program:
        target = program.folder / "target"
        target.write_text("Mine.")
        (program.folder / "metrics").symlink_to(target)
        assert program.get("/note/1").status == 200
        assert counts(program).one("pg409_metrics_shared") == 0
        assert target.read_text() == "Mine."


def test_a_file_that_is_cut_short_or_deleted_kills_nobody(database):
    with fastcgi.Program(database, workers=2) as program:
        path = program.folder / "metrics"
        for _ in range(6):
            assert program.get("/note/1").status == 200
        assert (path.stat().st_mode & 0o777, path.stat().st_size) == (0o600, 20400)
        os.truncate(path, 0)
        for _ in range(6):
            assert program.get("/note/1").status == 200
            counts(program)
        assert all(worker.poll() is None for worker in program.workers)
        path.unlink()
        time.sleep(5.1)  # each worker looks after so long
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            assert {answer.status for answer in pool.map(program.get, ["/note/1"] * 40)} == {200}
        end = time.monotonic() + 20
        while True:
            found = counts(program)
            if found.one("pg409_metrics_shared") == 1:
                break
            assert time.monotonic() < end
        assert path.stat().st_size == 20400
        assert found.one("pg409_requests_total", kind="read", status="2xx") > 0
        assert all(worker.poll() is None for worker in program.workers)


def test_another_layout_is_replaced(database):
    with fastcgi.Program(database) as program:
        assert program.get("/note/1").status == 200
        path = program.folder / "metrics"
        bytes_of_another = bytearray(path.read_bytes())
    bytes_of_another[8] ^= 1
    with fastcgi.Program(database) as program:
        path = program.folder / "metrics"
        path.touch(0o600)
        path.write_bytes(bytes_of_another)
        found = counts(program)
        assert found.one("pg409_metrics_shared") == 1
        assert found.nonzero("pg409_requests_total", "kind", "status") == {}


def test_by_default_it_lies_in_memory_under_a_name_of_its_own(database):
    with fastcgi.Program(database, {"metrics_file": ""}) as program:
        before = set(pathlib.Path("/dev/shm").glob("pg409-*"))
        assert counts(program).one("pg409_metrics_shared") == 1
        (path,) = set(pathlib.Path("/dev/shm").glob("pg409-*")) - before
        assert re.fullmatch(rf"pg409-{os.getuid()}-[0-9a-f]{{16}}", path.name)
        assert path.stat().st_mode & 0o777 == 0o600
        path.unlink()
