"""Serialization failures and deadlocks: tried again three times, then a conflict that says when to
come again."""

import json
import threading
import time

import pytest

from e2e import fastcgi

TABLES = """
CREATE TABLE busy (id integer PRIMARY KEY, title text, code text NOT NULL DEFAULT '40001');
CREATE TABLE total (id integer PRIMARY KEY, n integer NOT NULL);
CREATE SEQUENCE tries;  -- no rollback takes a number back
CREATE SEQUENCE spare MINVALUE 0;
CREATE FUNCTION clash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF nextval('tries') <= (SELECT last_value FROM spare) THEN
    RAISE SQLSTATE '40001' USING MESSAGE = 'could not serialize';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER clash BEFORE INSERT OR UPDATE OR DELETE ON busy
  FOR EACH ROW EXECUTE FUNCTION clash();
CREATE TABLE item (id integer PRIMARY KEY, title text);
CREATE FUNCTION add_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE total SET n = n + 1 WHERE id = 1;
  RETURN NEW;
END $$;
CREATE TRIGGER add_up BEFORE UPDATE ON item FOR EACH ROW EXECUTE FUNCTION add_up();
"""
HTML = {"HTTP_ACCEPT": "text/html"}


@pytest.fixture(scope="module")
def desk(database):
    database.create(TABLES, protect=["busy", "item"])
    return database


@pytest.fixture(scope="module")
def program(desk):
    with fastcgi.Program(desk, {"lock_timeout": "10s"}) as program:
        yield program


@pytest.fixture(autouse=True)
def row(desk):
    fail(desk, 0)
    desk.run("TRUNCATE busy, total, item, pg409.receipt; INSERT INTO busy VALUES (1, 'old');"
             "INSERT INTO total VALUES (1, 0); INSERT INTO item VALUES (1, 'old')")


def fail(desk, times):
    """The next so many tries fail; returns how many have been made since."""
    desk.run("SELECT setval('tries', 1, false), setval('spare', %s)", times)
    return lambda: desk.one("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM tries")


def send(program, method, path, body=None, **more):
    headers = {"CONTENT_TYPE": "application/json", "HTTP_ACCEPT": "application/json", **more}
    return program.request(method, path, json.dumps(body or {}).encode(), **headers)


def change(program, kind):
    version = program.get("/busy/1").headers["etag"]
    plain = version.strip('"')
    if kind == "create":
        return send(program, "POST", "/busy", {"id": 2, "title": "New"})
    if kind == "form":
        return program.post("/busy/1", {"_version": plain, "title": "New"})
    if kind == "delete":
        return send(program, "DELETE", "/busy/1", HTTP_IF_MATCH=version)
    return send(program, "PATCH", "/busy/1", {"title": "New"}, HTTP_IF_MATCH=version)


KINDS = {"update": 200, "form": 303, "create": 201, "delete": 204}


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("kind, status", KINDS.items())
def test_up_to_three_failures_go_unnoticed(program, desk, kind, status, times):
    program.get("/busy/1")
    tries = fail(desk, times)
    answer = change(program, kind)
    assert (answer.status, answer.headers["pg409-outcome"]) == (status, "saved"), answer.text
    assert tries() == times + 1
    expected = {"create": [("old",), ("New",)], "delete": []}.get(kind, [("New",)])
    assert desk.run("SELECT title FROM busy ORDER BY id") == expected


@pytest.mark.parametrize("kind", KINDS)
def test_after_three_tries_of_our_own_it_is_contention(program, desk, kind):
    tries = fail(desk, 1000)
    answer = change(program, kind)
    assert (answer.status, answer.headers["pg409-outcome"]) == (409, "conflict")
    assert 0 < int(answer.headers["retry-after"]) < 60
    assert tries() == 1 + 3
    assert desk.run("SELECT title FROM busy") == [("old",)]
    if kind == "form":
        assert "Wait a few seconds and save again." in answer.text and 'value="New"' in answer.text
    else:
        problem = json.loads(answer.text)
        assert problem["reason"] == "contention"
        assert problem["retry"]["same_request"] == "after" and problem["retry"]["after"] > 0
    fail(desk, 0)
    assert change(program, kind).headers["pg409-outcome"] == "saved"


def test_deadlock_with_somebody_else_is_tried_again_and_saved(program, desk):
    """We hold the item and want the total; the other one holds the total and wants the item."""
    version = program.get("/item/1").headers["etag"]
    count = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    deadlocks, answers = desk.one(count), []
    with desk.connect() as other:
        other.execute("SET deadlock_timeout = '60s'")  # so that it is not the victim
        with other.transaction():
            other.execute("SELECT 1 FROM total WHERE id = 1 FOR UPDATE")
            thread = threading.Thread(target=lambda: answers.append(
                send(program, "PATCH", "/item/1", {"title": "New"}, HTTP_IF_MATCH=version)))
            thread.start()
            until(lambda: desk.one("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type "
                                   "= 'Lock' AND application_name = 'pg409'"))
            other.execute("SELECT 1 FROM item WHERE id = 1 FOR UPDATE")
    thread.join(30)
    answer = answers[0]
    assert (answer.status, answer.headers["pg409-outcome"]) == (200, "saved"), answer.text
    assert desk.run("SELECT title, n FROM item, total") == [("New", 1)]
    until(lambda: desk.one(count) == deadlocks + 1)


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
