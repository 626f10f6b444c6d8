"""A database that is not there, does not let us in, or goes and comes back between requests."""

import json
import subprocess
import time

import pytest

import stack
from e2e import fastcgi, pages

HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def cluster():
    """One of its own, for it is stopped and started."""
    cluster = stack.Postgres()
    yield cluster
    cluster.remove()


@pytest.fixture(scope="module")
def database(cluster):
    database = stack.Database(cluster)
    database.create("CREATE TABLE note (id integer PRIMARY KEY, title text, body text)",
                    protect=["note"])
    yield database
    database.sql.close()


@pytest.fixture(autouse=True)
def row(database):
    database.run("DELETE FROM note")
    database.run("INSERT INTO note VALUES (1, 'Title', 'Body')")


@pytest.fixture
def program(database):
    with fastcgi.Program(database) as program:
        yield program


def stop(database):
    database.sql.close()
    database.postgres.stop()


def start(database):
    database.postgres.start()
    database.sql = database.connect()


def away(answer, database):
    """503, worth repeating, and silent about where the database is."""
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    for secret in (str(database.postgres.folder), database.name, "editor", "FATAL", "SELECT",
                   "socket", "secret"):
        assert secret not in answer.text, secret


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_no_database_is_503_with_retry_after(database, accept):
    with fastcgi.Program("host=/nonexistent/socket dbname=test1 user=editor") as program:
        away(program.get("/note/1", HTTP_ACCEPT=accept), database)
        away(program.get("/", HTTP_ACCEPT=accept), database)


def test_no_database_is_503_behind_a_web_server_too(database):
    with stack.serving("apache", database, {"database": "host=/nonexistent/socket"}) as server, \
            server.client("anna") as client:
        answer = client.get("/note", headers=HTML)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_database_that_does_not_exist_is_503(database):
    with fastcgi.Program(database.conninfo().replace(database.name, "nothing")) as program:
        away(program.get("/note/1"), database)


@pytest.mark.parametrize("typed", ['Typed with "care" & <love>', "Two\nlines, ü"])
def test_page_without_database_keeps_what_was_typed_and_can_send_it_again(
        database, program, typed):
    page = program.get("/note/1", HTTP_ACCEPT="text/html")
    form = form_of(page)
    form["title"] = typed
    stop(database)
    try:
        refused = program.post("/note/1", form.fields)
    finally:
        start(database)
    away(refused, database)
    again = form_of(refused)
    assert again.fields["title"] == typed
    assert (again.action, again.method) == ("/note/1", "post")
    saved = program.post(again.action, again.fields)
    assert (saved.status, saved.headers["pg409-outcome"]) == (303, "saved")
    assert database.run("SELECT title, body FROM note") == [(typed, "Body")]


def form_of(answer):
    reader = pages._Reader()
    reader.feed(answer.text)
    return [form for form in reader.forms if form.method == "post"][0]


def test_wrong_password_is_503(database):
    database.run("DO $$ BEGIN CREATE ROLE locked LOGIN PASSWORD 'right'; "
                 "EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    path = database.postgres.folder / "postgres/pg_hba.conf"
    rules = path.read_text()
    path.write_text("local all locked scram-sha-256\n" + rules)
    database.run("SELECT pg_reload_conf()")
    conninfo = database.conninfo("locked") + " password="
    until(lambda: not lets_in(conninfo + "secret"))
    with fastcgi.Program(conninfo + "secret") as program:
        away(program.get("/note/1"), database)
        away(program.get("/", HTTP_ACCEPT="text/html"), database)
    with fastcgi.Program(conninfo + "right") as program:
        assert program.get("/_health").status == 200


def lets_in(conninfo):
    done = subprocess.run(["psql", "-XAtc", "SELECT 1", conninfo], capture_output=True)
    return done.returncode == 0


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_out_of_connections_is_503_until_there_is_one(database):
    database.run(f"ALTER DATABASE {database.name} CONNECTION LIMIT 0")
    try:
        with fastcgi.Program(database) as program:
            away(program.get("/note/1"), database)
            database.run(f"ALTER DATABASE {database.name} CONNECTION LIMIT -1")
            assert program.get("/note/1").status == 200
    finally:
        database.run(f"ALTER DATABASE {database.name} CONNECTION LIMIT -1")


def test_restart_between_requests_goes_unnoticed(database, program):
    form = form_of(program.get("/note/1", HTTP_ACCEPT="text/html"))
    form["title"] = "After the restart"
    stop(database)
    start(database)
    saved = program.post("/note/1", form.fields)
    assert (saved.status, saved.headers["pg409-outcome"]) == (303, "saved")
    stop(database)
    start(database)
    assert json.loads(program.get("/note/1").text)["title"] == "After the restart"


def test_restart_before_a_create_makes_one_row(database, program):
    assert program.get("/note/1").status == 200  # it is connected
    stop(database)
    start(database)
    made = program.post("/note", {"id": "2", "title": "Once"})
    assert (made.status, made.headers["pg409-outcome"]) == (303, "saved")
    assert database.one("SELECT count(*) FROM note WHERE title = 'Once'") == 1


def test_killed_connection_goes_unnoticed(database, program):
    assert program.get("/note/1").status == 200
    database.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                 "WHERE application_name = 'pg409'")
    assert program.get("/note/1").status == 200


def test_read_only_database_is_503(database):
    database.run(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    try:
        with fastcgi.Program(database) as program:
            version = json.loads(program.get("/note/1").text)["_version"]
            answer = program.post("/note/1", {"_version": version, "title": "New"})
            away(answer, database)
            assert form_of(answer).fields["title"] == "New"
    finally:
        database.run(f"ALTER DATABASE {database.name} RESET default_transaction_read_only")


def test_statement_that_takes_too_long_is_504(database):
    database.create("CREATE TABLE sleepy (id integer PRIMARY KEY, title text);"
                    "CREATE FUNCTION doze() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                    "PERFORM pg_sleep(30); RETURN NEW; END $$;"
                    "INSERT INTO sleepy VALUES (1, 'x');"
                    "CREATE TRIGGER doze BEFORE UPDATE ON sleepy FOR EACH ROW "
                    "EXECUTE FUNCTION doze()")
    with fastcgi.Program(database, {"statement_timeout": "200ms"}) as program:
        version = json.loads(program.get("/sleepy/1").text)["_version"]
        answer = program.post("/sleepy/1", {"_version": version, "title": "New"})
        assert answer.status == 504
        assert database.one("SELECT title FROM sleepy") == "x"


def test_health_says_when_the_database_is_away_and_back(database, program):
    assert program.get("/_health").status == 200
    stop(database)
    try:
        assert program.get("/_health").status == 503
    finally:
        start(database)
    assert program.get("/_health").status == 200
