"""What a second reading and the first users found."""

import pytest

import stack
from e2e import pages

HTML = {"Accept": "text/html"}
TABLES = """
CREATE TABLE piece (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL,
  body text, n integer CHECK (n < 10), doc jsonb);
CREATE TABLE code (code text PRIMARY KEY, title text);
CREATE TABLE signed (id integer PRIMARY KEY, title text, email text UNIQUE, updated_by text,
  updated_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE dflt (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  title text CHECK (title <> 'bad'), state text DEFAULT 'new', price numeric DEFAULT 5);
CREATE TABLE pay (id integer PRIMARY KEY, name text, salary integer);
CREATE TABLE ver (code text PRIMARY KEY, title text, lock_version integer NOT NULL DEFAULT 1);
INSERT INTO pay VALUES (1, 'A', 10);
"""


@pytest.fixture(scope="module")
def server(database):
    database.create(TABLES, protect=["piece", "code", "signed", "dflt", "ver"])
    database.run("ALTER TABLE pay OWNER TO postgres; GRANT SELECT, UPDATE (name) ON pay TO editor")
    with stack.serving("lighttpd", database, workers=1) as server:
        yield server


@pytest.fixture
def anna(server):
    return server.client("anna")


def form_with(answer, field):
    return next(form for form in pages.forms(answer) if field in form.fields)


def test_a_key_sent_percent_encoded_stays_inside_its_attribute(anna, database):
    database.run("INSERT INTO code VALUES (%s, 'A')", 'a"b<c>')
    page = anna.get("/code/a%22b%3Cc%3E", headers=HTML).text
    assert 'a"b<c>?' not in page and "/code/a~22b~3Cc~3E" in page
    page = anna.patch('/code/"><i>zz', data={"nope": "1"}, headers=HTML).text
    assert "<i>zz" not in page


def test_a_value_put_back_after_a_refusal_is_saved(anna, database):
    number = database.one("INSERT INTO piece (title, body, n) VALUES ('A', 'x', 1) RETURNING id")
    form = pages.form(anna, f"/piece/{number}")
    form["title"] = "B"
    form.send(anna)
    form["n"] = "50"
    again = form_with(form.send(anna), "_version")
    again["n"], again["title"] = "5", "A"
    again.send(anna)
    assert database.run("SELECT title, n FROM piece WHERE id = %s", number) == [("A", 5)]


def test_a_put_is_signed_by_who_sends_it(anna, database):
    database.run("INSERT INTO signed VALUES (1, 'A', 'a@x', 'bob')")
    row = anna.get("/signed/1").json()
    row["title"] = "C"
    assert anna.put("/signed/1", json=row).json()["updated_by"] == "anna"
    row = anna.get("/signed/1").json()
    part = {"title": "D", "email": "a@x", "_version": row["_version"]}
    assert anna.put("/signed/1", json=part).json()["updated_by"] == "anna"


def test_creating_by_put_tells_a_taken_key_from_another_taken_value(anna, database):
    database.run("INSERT INTO signed VALUES (5, 'A', 'five@x', 'bob')")
    new = {"If-None-Match": "*"}
    other = anna.put("/signed/7", json={"title": "n", "email": "five@x"}, headers=new)
    taken = anna.put("/signed/5", json={"title": "n", "email": "n@x"}, headers=new)
    assert (other.status_code, other.json()["reason"]) == (409, "duplicate")
    assert (taken.status_code, taken.json()["reason"]) == (412, "exists")
    assert taken.json()["yours"]["id"] == "5"


@pytest.mark.parametrize("body", [{"salary": 99}, {"name": "B", "salary": 99}])
def test_a_column_without_privilege_is_refused_by_name(anna, database, body):
    version = anna.get("/pay/1").json()["_version"]
    answer = anna.patch("/pay/1", json={**body, "_version": version})
    assert answer.status_code == 403 and "salary" in answer.text
    form = anna.post("/pay/1", data={**body, "_version": version})
    assert form.status_code == 403 and "salary" in form.text
    assert database.run("SELECT name, salary FROM pay") == [("A", 10)]


def test_a_value_that_the_database_makes_is_refused_by_name(anna):
    answer = anna.post("/piece", json={"id": 77, "title": "x"})
    assert answer.status_code == 422 and "id" in answer.json()["detail"]
    assert anna.post("/piece", data={"id": "77", "title": "x"}).status_code == 422


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_an_empty_body_is_no_change(anna, database, method):
    database.run("INSERT INTO code VALUES ('e', 'A') ON CONFLICT DO NOTHING")
    answer = anna.request(method, "/code/e", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


def test_a_refused_create_keeps_every_control(anna):
    form = pages.form(anna, "/dflt/_new")
    form["title"] = "bad"
    assert {"state", "price"} <= set(form_with(form.send(anna), "_token").fields)


def test_a_changed_key_saved_twice_is_done_once(anna, database):
    database.run("INSERT INTO code VALUES ('old', 'A')")
    form = pages.form(anna, "/code/old")
    form["code"] = "new"
    form.send(anna)
    assert form.send(anna).headers["pg409-outcome"] == "already-applied"
    assert database.run("SELECT code FROM code WHERE code IN ('old', 'new')") == [("new",)]


def clash(server, database, text, other):
    number = database.one("INSERT INTO piece (title, body) VALUES ('A', 'x') RETURNING id")
    mine = pages.form(server.client("anna"), f"/piece/{number}")
    theirs = pages.form(server.client("bob"), f"/piece/{number}")
    mine["body"], theirs["body"] = text, other
    theirs.send(server.client("bob"))
    return number, mine.send(server.client("anna"))


def test_own_wording_is_kept_when_the_choice_is_missing(server, anna, database):
    _, answer = clash(server, database, "mine", "theirs")
    form = form_with(answer, "_version")
    form["body"] = "a third wording"
    again = form.send(anna)
    assert again.status_code == 422
    assert form_with(again, "_version")["body"] == "a third wording"


def test_a_long_text_is_not_sent_twice_to_be_kept(server, anna, database):
    text = "Ж" * 600_000
    number, answer = clash(server, database, text, "щ" * 600_000)
    form = form_with(answer, "_version")
    unchosen = form_with(form.send(anna), "_version")
    unchosen["_pick.body"] = "yours"
    assert unchosen.send(anna).status_code == 303
    assert database.one("SELECT body FROM piece WHERE id = %s", number) == text


def test_unreadable_json_names_its_field(anna, database):
    number = database.one("INSERT INTO piece (title) VALUES ('A') RETURNING id")
    form = pages.form(anna, f"/piece/{number}")
    form["doc"] = "{not json"
    answer = form.send(anna)
    assert answer.status_code == 422
    assert 'id="e-doc"' in answer.text and "type json" in answer.text


def test_both_delete_the_same_row(server, anna, database):
    number = database.one("INSERT INTO piece (title) VALUES ('A') RETURNING id")
    version = anna.get(f"/piece/{number}").json()["_version"]
    fields = {"_method": "DELETE", "_version": version}
    for client in (server.client("bob"), anna):
        answer = client.post(f"/piece/{number}", data=fields)
    assert answer.headers["location"].endswith("?_done=gone")


def test_a_number_that_would_start_again_goes_on(anna, database):
    database.run("INSERT INTO ver (code, title) VALUES ('k', 'A')")
    form = pages.form(anna, "/ver/k")
    form["title"] = "Anna"
    database.run("DELETE FROM ver")
    database.run("INSERT INTO ver (code, title) VALUES ('k', 'new row of Bob')")
    assert form.send(anna).status_code == 409
    assert database.one("SELECT title FROM ver") == "new row of Bob"


@pytest.mark.parametrize("kind", ["apache-cgi", "lighttpd-cgi"])
@pytest.mark.parametrize("query", ["word", "--help", "--sample", "-x+y"])
def test_a_query_without_equals_sign_is_no_option(database, server, kind, query):
    """RFC 3875, section 4.4: plain CGI gets such a query as arguments of the program."""
    with stack.serving(kind, database) as cgi, cgi.client("anna") as client:
        answer = client.get(f"/dflt?{query}", headers=HTML)
    assert answer.status_code == 200, answer.text
    assert "<h1>dflt</h1>" in answer.text


def test_creating_by_put_may_repeat_the_key_of_its_address(anna, database):
    answer = anna.put("/dflt/4711", json={"id": 4711, "title": "by put"},
                      headers={"If-None-Match": "*"})
    assert answer.status_code == 201, answer.text
    assert database.one("SELECT title FROM dflt WHERE id = 4711") == "by put"
