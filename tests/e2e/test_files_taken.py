"""Files: never over one that is there; bytes that met a taken name are kept. Through lighttpd and Apache alike."""

import concurrent.futures

import pytest

from e2e import files
from e2e.files import SMALL, put, sha
from e2e.files import anna, bob, server, tidy  # noqa: F401


def test_a_name_that_is_taken(anna, bob):
    put(anna, "report.pdf", SMALL)
    answer = put(bob, "report.pdf", b"Bob's report")
    assert answer.status_code == 409 and answer.headers["PG409-Outcome"] == "conflict"
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["type"] == "/_problems/file-exists" and problem["reason"] == "exists"
    assert problem["current"]["updated_by"] == "anna" and problem["current"]["sha256"] == sha(SMALL)
    assert problem["yours"] == {"size": 12, "sha256": sha(b"Bob's report"), "media_type": "application/octet-stream"}
    assert problem["proposed"] == "report (2).pdf" and problem["retry"]["same_request"] == "never"
    assert "anna uploaded" in problem["detail"] and "kept for you" in problem["detail"]
    assert files.whole(anna, "report.pdf") == SMALL
    assert bob.get(problem["type"]).status_code == 200


def test_the_same_bytes_again_are_no_conflict(anna, bob, database):
    put(anna, "a.txt", SMALL)
    answer = put(bob, "a.txt", SMALL)
    assert answer.status_code == 200 and answer.headers["PG409-Outcome"] == "already-applied"
    assert anna.get("/_files/a.txt/_about").json()["file"]["updated_by"] == "anna"
    assert anna.get("/_files/a.txt/_about").json()["revisions"] == []


def test_if_none_match_is_told_by_412(anna):
    put(anna, "a.txt", SMALL)
    answer = put(anna, "a.txt", b"other", **{"If-None-Match": "*"})
    assert answer.status_code == 412 and answer.json()["reason"] == "exists"
    assert put(anna, "b.txt", b"other", **{"If-None-Match": "*"}).status_code == 201
    answer = put(anna, "b.txt", b"x", **{"If-None-Match": "*", "If-Match": f'"{sha(b"other")}"'})
    assert answer.status_code == 400


def test_kept_bytes_are_saved_under_another_name(anna, bob):
    put(anna, "a.txt", SMALL)
    url = put(bob, "a.txt", b"Bob's").json()["instance"]
    answer = bob.post(url, data={"_action": "save", "name": "b.txt"})
    assert answer.status_code == 201 and answer.headers["Location"] == "/_files/b.txt"
    assert files.whole(anna, "b.txt") == b"Bob's" and files.whole(anna, "a.txt") == SMALL


def test_kept_bytes_replace_exactly_what_was_seen(anna, bob):
    put(anna, "a.txt", SMALL)
    problem = put(bob, "a.txt", b"Bob's").json()
    put(anna, "a.txt", b"Anna's second", **{"If-Match": f'"{sha(SMALL)}"'})
    replace = {"_action": "replace", "_version": problem["version"]["current"]}
    answer = bob.post(problem["instance"], data=replace)
    assert answer.status_code == 409 and answer.json()["reason"] == "stale"
    assert files.whole(anna, "a.txt") == b"Anna's second"
    replace["_version"] = answer.json()["version"]["current"]
    answer = bob.post(problem["instance"], data=replace)
    assert answer.status_code == 200 and answer.headers["PG409-Outcome"] == "saved"
    assert files.whole(anna, "a.txt") == b"Bob's"


def test_kept_bytes_can_be_let_go(anna, bob, database):
    put(anna, "a.txt", SMALL)
    url = put(bob, "a.txt", b"Bob's").json()["instance"]
    assert bob.post(url, data={"_action": "drop"}).status_code == 204
    assert bob.get(url).status_code == 404 and files.leftovers(database) == 0
    assert files.whole(anna, "a.txt") == SMALL


def test_kept_bytes_are_their_owners(anna, bob, server):
    put(anna, "a.txt", SMALL)
    url = put(bob, "a.txt", b"Bob's").json()["instance"]
    assert anna.get(url).status_code == 404
    assert anna.post(url, data={"_action": "save", "name": "b.txt"}).status_code == 404
    assert bob.get(url).json()["reason"] == "exists"
    assert files.names(anna) == ["a.txt"]


def test_kept_bytes_meet_a_name_that_is_taken_too(anna, bob):
    put(anna, "a.txt", SMALL), put(anna, "b.txt", b"other")
    url = put(bob, "a.txt", b"Bob's").json()["instance"]
    answer = bob.post(url, data={"_action": "save", "name": "b.txt"})
    assert answer.status_code == 409 and answer.json()["current"]["name"] == "b.txt"
    assert bob.post(url, data={"_action": "save", "name": ".b"}).status_code == 422
    assert bob.post(url, data={"_action": "replace"}).status_code == 428
    assert bob.post(url, data={"_action": "replace", "_version": "x"}).status_code == 400
    assert bob.post(url, data={"_action": "explode"}).status_code == 400
    assert bob.post(url, data={"_action": "save", "name": "c.txt"}).status_code == 201


@pytest.mark.parametrize("sizes", ["same", "different"])
def test_sixteen_race_for_one_name(server, database, sizes):
    bodies = [files.random(50_000 if sizes == "same" else 1000 * number + 1) for number in range(16)]

    def upload(number):
        with server.client(("anna", "bob", "carl")[number % 3]) as client:
            return put(client, "race.bin", bodies[number])

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(upload, range(16)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 15
    winner = next(number for number, answer in enumerate(answers) if answer.status_code == 201)
    with server.client("anna") as client:
        assert files.whole(client, "race.bin") == bodies[winner]
    for number, answer in enumerate(answers):
        if number == winner:
            continue
        with server.client(("anna", "bob", "carl")[number % 3]) as client:
            saved = client.post(answer.json()["instance"], data={"_action": "save", "name": f"{number}.bin"})
            assert saved.status_code == 201 and files.whole(client, f"{number}.bin") == bodies[number]


def test_a_part_is_not_taken_for_the_whole(anna):
    answer = put(anna, "a.txt", b"second half", **{"Content-Range": "bytes 11-21/22"})
    assert answer.status_code == 400 and files.names(anna) == []
