"""Files that are sent, saved or thrown away a second time: whoever repeats it is told the truth."""

import pytest

import stack
from e2e import fastcgi, files
from e2e.files import PAGE, sha


@pytest.fixture(scope="module")
def server(database):
    with stack.serving("lighttpd", database, workers=2) as server:
        yield server


@pytest.fixture(autouse=True)
def tidy(database):
    files.empty(database)


@pytest.fixture
def anna(server):
    with server.client("anna") as client:
        yield client


@pytest.fixture
def bob(server):
    with server.client("bob") as client:
        yield client


def test_the_same_bytes_by_tus_are_no_conflict(anna, bob, database):
    anna.put("/_files/a.txt", content=b"there")
    answer = files.create(bob, "a.txt", 5)
    assert answer.status_code == 201, answer.text
    answer = files.send(bob, answer.headers["Location"], 0, b"there")
    assert answer.status_code == 204 and answer.headers["PG409-Outcome"] == "already-applied"
    answer = files.create(bob, "a.txt", 5, b"THERE")
    assert answer.status_code == 409 and answer.json()["reason"] == "exists" and answer.json()["instance"]
    assert files.create(bob, "a.txt", 6).status_code == 409
    answer = files.create(bob, "a.txt", 5, b"there", version=sha(b"of before"))
    assert answer.status_code == 201 and answer.headers["PG409-Outcome"] == "already-applied"
    assert database.run("SELECT sha256, updated_by FROM pg409.file") == [(sha(b"there"), "anna")]


def test_the_same_bytes_by_whoever_waits_before_sending(database):
    with fastcgi.Program(database) as program:
        program.request("PUT", "/_files/a.txt", b"there", REMOTE_USER="anna")
        connection = fastcgi.Connection(program.path)
        connection.begin(fastcgi.params("PUT", "/_files/a.txt", 5, REMOTE_USER="bob", HTTP_EXPECT="100-continue"))
        connection.body(b"there")
        connection.end_body()
        answer = connection.answer()
        assert answer.status == 200 and answer.headers["pg409-outcome"] == "already-applied"


def test_what_is_saved_is_not_thrown_away(anna, bob):
    """Two tabs with one upload: one saves it, the other one is not told that it is gone."""
    anna.put("/_files/a.txt", content=b"Anna's")
    url = bob.put("/_files/a.txt", content=b"Bob's").json()["instance"]
    assert bob.post(url, data={"_action": "save", "name": "b.txt"}).status_code == 201
    answer = bob.post(url, data={"_action": "drop"}, headers=PAGE)
    assert answer.status_code == 404 and "/_files/?_done=dropped" not in answer.headers.get("Location", "")
    assert bob.delete(url).status_code == 404
    assert files.whole(anna, "b.txt") == b"Bob's"


@pytest.mark.parametrize("taken, proposed", [
    (["report (2).pdf"], "report (3).pdf"),
    (["report (7).pdf"], "report (8).pdf"),
    ([f"report{end}.pdf" for end in ["", *(f" ({number})" for number in range(2, 30))]], "report (41).pdf"),
    (["report (999).pdf"], "report (1000).pdf"),
])
def test_a_name_that_is_free_is_proposed(anna, database, taken, proposed):
    for name in taken:
        database.run("WITH c AS (INSERT INTO pg409.file_content (size, received, sha256) VALUES (0, 0, 'x') RETURNING id)"
                     " INSERT INTO pg409.file (name, fold, content, size, sha256, media_type)"
                     " SELECT %s, %s, id, 0, 'x', 'text/plain' FROM c", name, name)
    assert files.create(anna, taken[0], 9).json()["proposed"] == proposed


def test_a_rename_that_comes_too_late(anna, bob):
    anna.put("/_files/a.txt", content=b"x")
    assert anna.patch("/_files/a.txt", json={"name": "b.txt", "_version": sha(b"x")}).status_code == 200
    answer = bob.patch("/_files/a.txt", json={"name": "c.txt", "_version": sha(b"x")})
    assert answer.status_code == 409 and "gave it another name" in answer.json()["detail"]


def test_a_new_name_that_grows_too_long(anna):
    """Unicode's form NFC writes this letter with six bytes instead of three."""
    anna.put("/_files/a.txt", content=b"x")
    answer = anna.patch("/_files/a.txt", json={"name": "\u0958" * 85, "_version": sha(b"x")})
    assert answer.status_code == 422 and answer.json()["reason"] == "file-name", answer.text
