"""pg409.user is who asks, for triggers and policies, whoever used the same connection before."""

import pytest

import stack


@pytest.fixture(scope="module", params=["on", "off"])
def server(database, request):
    database.create("CREATE TABLE IF NOT EXISTS note (id integer PRIMARY KEY, text text, seen text);")
    database.run("""CREATE OR REPLACE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN NEW.seen := coalesce(current_setting('pg409.user', true), 'NULL'); RETURN NEW; END $$""")
    database.run("CREATE OR REPLACE TRIGGER see BEFORE INSERT OR UPDATE ON note FOR EACH ROW EXECUTE FUNCTION see()")
    database.run("TRUNCATE note")
    with stack.serving("lighttpd", database, {"anonymous": "write", "prepare": {"on": "auto", "off": "off"}[request.param]},
                       users=None, workers=1) as server:
        yield server


@pytest.fixture(scope="module")
def people(database):
    database.create("CREATE TABLE IF NOT EXISTS log (id integer PRIMARY KEY, text text, seen text);")
    database.run("""CREATE OR REPLACE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF NEW.text = 'fail' THEN RAISE 'no'; END IF;
           NEW.seen := coalesce(current_setting('pg409.user', true), 'NULL'); RETURN NEW; END $$""")
    database.run("CREATE OR REPLACE TRIGGER see BEFORE INSERT OR UPDATE ON log FOR EACH ROW EXECUTE FUNCTION see()")
    with stack.serving("lighttpd", database, workers=1) as server:
        yield {name: server.client(name) for name in ("anna", "bob")}


def test_each_write_bears_its_own_name(database, people):
    database.run("TRUNCATE log")
    order = ["anna", "anna", "bob", "anna", "bob", "bob"]
    for number, name in enumerate(order):
        assert people[name].post("/log", json={"id": number}).status_code == 201
    assert [row[0] for row in database.run("SELECT seen FROM log ORDER BY id")] == order


def test_a_write_that_failed_leaves_no_name_behind(database, people):
    database.run("TRUNCATE log")
    assert people["anna"].post("/log", json={"id": 1}).status_code == 201
    assert people["bob"].post("/log", json={"id": 2, "text": "fail"}).status_code == 422
    assert people["anna"].post("/log", json={"id": 3}).status_code == 201
    assert people["bob"].post("/log", json={"id": 4, "text": "fail"}).status_code == 422
    assert people["bob"].post("/log", json={"id": 5}).status_code == 201
    assert database.run("SELECT id, seen FROM log ORDER BY id") == [(1, "anna"), (3, "anna"), (5, "bob")]


def test_a_batch_between_them(database, people):
    database.run("TRUNCATE log")
    people["anna"].post("/log", json={"id": 1})
    batch = {"changes": [{"method": "POST", "path": "/log", "body": {"id": 2}}]}
    assert people["bob"].post("/_batch", json=batch).status_code == 200
    batch["changes"][0]["body"]["text"] = "fail"
    assert people["bob"].post("/_batch", json=batch).status_code == 422
    people["anna"].post("/log", json={"id": 3})
    people["bob"].post("/log", json={"id": 4})
    assert database.run("SELECT id, seen FROM log ORDER BY id") == [(1, "anna"), (2, "bob"), (3, "anna"), (4, "bob")]


def test_nobody_is_nobody(database, server):
    with server.client() as client:
        for number in range(3):
            assert client.post("/note", json={"id": number}).status_code == 201
    assert {row[0] for row in database.run("SELECT seen FROM note")} == {""}
