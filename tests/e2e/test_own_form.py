"""Back and forth in one's own form: never a false conflict, never a lost wish."""

import time

import pytest

import stack
from e2e import pages

HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def server(database):
    database.create("CREATE TABLE piece (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
                    "title text NOT NULL, body text, seen timestamp)", protect=["piece"])
    with stack.serving("lighttpd", database) as server:
        yield server


@pytest.fixture
def anna(server):
    return server.client("anna")


def new_piece(database, title="A", body="x", seen="2026-11-22 07:49:00"):
    return database.one("INSERT INTO piece (title, body, seen) VALUES (%s, %s, %s) RETURNING id",
                        title, body, seen)


def row(database, number):
    return database.run("SELECT title, body FROM piece WHERE id = %s", number)[0]


def test_save_back_edit_again_save(anna, database):
    number = new_piece(database)
    form = pages.form(anna, f"/piece/{number}")
    form["title"] = "B"
    form.send(anna)
    form["body"] = "y"
    answer = form.send(anna)
    assert (answer.status_code, answer.headers["pg409-outcome"]) == (303, "rebased")
    assert row(database, number) == ("B", "y")


def test_save_back_put_the_first_value_back(anna, database):
    number = new_piece(database)
    form = pages.form(anna, f"/piece/{number}")
    form["title"] = "B"
    form.send(anna)
    form["title"] = "A"
    answer = form.send(anna)
    assert (answer.status_code, answer.headers["pg409-outcome"]) == (303, "rebased")
    assert row(database, number) == ("A", "x")


def test_the_same_form_twice_is_done_once(anna, database):
    number = new_piece(database)
    form = pages.form(anna, f"/piece/{number}")
    form["title"] = "B"
    first, second = form.send(anna), form.send(anna)
    assert second.headers["pg409-outcome"] == "already-applied"
    assert second.headers["pg409-version"] == first.headers["pg409-version"]


def test_back_after_somebody_else_saved_is_a_conflict(anna, server, database):
    number = new_piece(database)
    form = pages.form(anna, f"/piece/{number}")
    form["title"] = "B"
    form.send(anna)
    bob = server.client("bob")
    of_bob = pages.form(bob, f"/piece/{number}")
    of_bob["title"] = "C"
    of_bob.send(bob)
    form["title"] = "D"
    answer = form.send(anna)
    assert (answer.status_code, answer.headers["pg409-outcome"]) == (409, "conflict")
    assert row(database, number) == ("C", "x")


def test_untouched_form_on_a_changed_row_changes_nothing(anna, server, database):
    number = new_piece(database)
    form = pages.form(anna, f"/piece/{number}")
    of_bob = pages.form(server.client("bob"), f"/piece/{number}")
    of_bob["title"] = "C"
    of_bob.send(server.client("bob"))
    answer = form.send(anna)
    assert (answer.status_code, answer.headers["pg409-outcome"]) == (303, "unchanged")
    assert row(database, number) == ("C", "x")


def test_a_time_written_by_the_browser_in_its_own_way_is_no_change(anna, server, database):
    number = new_piece(database)
    form = pages.form(anna, f"/piece/{number}")
    of_bob = pages.form(server.client("bob"), f"/piece/{number}")
    of_bob["seen"] = "2026-11-23T08:00"
    of_bob.send(server.client("bob"))
    form["seen"] = "2026-11-22T07:49"
    form["title"] = "B"
    answer = form.send(anna)
    assert answer.status_code == 409
    resolve = pages.forms(answer)[0]
    assert "_pick.seen" not in resolve.choices, "only bob changed it"
    assert resolve.send(anna).status_code == 303
    assert database.one("SELECT seen::text FROM piece WHERE id = %s", number) == \
        "2026-11-23 08:00:00"


@pytest.mark.parametrize("text", ["a\r\nb\nc", "a\rb", "\nfirst line empty", "ends\n", "a\r\nb\r\n"])
def test_odd_line_ends_survive_an_untouched_field(anna, database, text):
    number = new_piece(database, body=text)
    form = pages.form(anna, f"/piece/{number}")
    form["body"] = form["body"].replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    form["title"] = "B"
    assert form.send(anna).status_code == 303
    assert row(database, number) == ("B", text)


def test_the_row_keeps_its_own_line_ends(anna, database):
    crlf, lf = new_piece(database, body="one\r\ntwo"), new_piece(database, body="one\ntwo")
    for number in (crlf, lf):
        form = pages.form(anna, f"/piece/{number}")
        form["body"] = "one\r\ntwo\r\nthree"
        form.send(anna)
    assert row(database, crlf)[1] == "one\r\ntwo\r\nthree"
    assert row(database, lf)[1] == "one\ntwo\nthree"


@pytest.mark.parametrize("before, after", [("one\r\ntwo", "1\r\n2"), ("one\ntwo", "1\n2")])
def test_a_hand_written_form_keeps_the_line_ends_of_the_row(anna, database, before, after):
    number = new_piece(database, body=before)
    version = database.one("SELECT updated_at::text FROM piece WHERE id = %s", number)
    answer = anna.post(f"/piece/{number}", data={"updated_at": version, "body": "1\r\n2"})
    assert answer.status_code == 303, answer.text
    assert row(database, number)[1] == after


def test_creating_twice_makes_one_row(anna, database):
    form = pages.form(anna, "/piece/_new")
    form["title"] = "Sent twice"
    first, second = form.send(anna), form.send(anna)
    assert (first.status_code, second.status_code) == (303, 303)
    assert second.headers["pg409-outcome"] == "already-applied"
    assert first.headers["location"].split("?")[0] == second.headers["location"].split("?")[0]
    assert database.one("SELECT count(*) FROM piece WHERE title = 'Sent twice'") == 1


def test_create_back_type_something_else_create(anna, database):
    form = pages.form(anna, "/piece/_new")
    for title in ("First of two", "Second of two", "Second of two"):
        form["title"] = title
        answer = form.send(anna)
        assert answer.status_code == 303
    assert answer.headers["pg409-outcome"] == "already-applied"
    assert database.run("SELECT title FROM piece WHERE title LIKE '%% of two' ORDER BY 1") == \
        [("First of two",), ("Second of two",)]


def test_idempotency_key_with_another_body_is_refused(anna, database):
    key = {"Idempotency-Key": "k-1"}
    first = anna.post("/piece", json={"title": "By key"}, headers=key)
    again = anna.post("/piece", json={"title": "By key"}, headers=key)
    other = anna.post("/piece", json={"title": "Other"}, headers=key)
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert first.headers["location"] == again.headers["location"]
    assert database.one("SELECT count(*) FROM piece WHERE title IN ('By key', 'Other')") == 1


def test_one_idempotency_key_for_two_tables_is_refused(anna, database):
    database.create("CREATE TABLE IF NOT EXISTS other (id integer GENERATED ALWAYS AS IDENTITY "
                    "PRIMARY KEY, title text)")
    key = {"Idempotency-Key": "k-2"}
    anna.get("/", headers=HTML)
    assert anna.post("/piece", json={"title": "Here"}, headers=key).status_code == 201
    deadline = time.monotonic() + 10
    while (answer := anna.post("/other", json={"title": "Here"}, headers=key)).status_code == 404:
        assert time.monotonic() < deadline
    assert (answer.status_code, answer.json()["reason"]) == (422, "key-reused")
    assert database.one("SELECT count(*) FROM other") == 0
