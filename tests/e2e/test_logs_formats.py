"""pg409 logs: logs of objects, formats that are given by hand, and logs that real servers wrote."""

import json
import random

import pytest

import stack
from e2e import pages
from e2e.logbook import (
    ANNA, BOB, CASES, HAND, MADE, START, Line, Person, apache, expected, found_in, nginx, noise, ordered, own,
    pairs_of, random_case, real, report, run, written)

def options_of(kind):
    return ("--format", HAND[kind][0]) if kind in HAND else ()


@pytest.mark.parametrize("kind", MADE)
def test_finds_every_overlap_in_formats_by_hand_and_objects(tmp_path, kind):
    rng = random.Random(f"409 {kind}")
    total = 0
    for _ in range(CASES // 4):
        case = random_case(rng)
        lines = []
        for line in case:
            lines += [noise(rng, line.time) for _ in range(rng.randrange(3))] + [real(line)]
        found = found_in(tmp_path, lines, *options_of(kind), "--apps", "rails,django,any", kind=kind)
        wanted = expected(case, kind)
        assert ordered(pairs_of(found)) == ordered(wanted)
        assert found["unread"] == 0 and found["no_requests"] == 0
        assert found["files"][0]["format"] == ("own" if kind in HAND else "json")
        total += len(wanted)
    assert total > CASES


def test_objects_with_names_of_their_own(tmp_path):
    lines = [{"when": START + at, "who": {"Login-Name": user}, "ask": f"{method} /things/5{more} HTTP/1.1", "end": status,
              "time": "not this", "status": "neither"}
             for at, user, method, more, status in ((0, "anna", "GET", "/edit", 200), (60, "bob", "POST", "", 302),
                                                    (90, "anna", "POST", "", 302))]
    (tmp_path / "log").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert report(tmp_path / "log", status=1)["unread"] == 3
    fields = "time=when, user=who.login_name,request=ask,status=end"
    found = report("--fields", fields, tmp_path / "log")
    assert found["unread"] == 0 and found["lost_updates"]["least"] == 1
    for wrong, word in (("when", "when"), ("when=time", "when"), ("time=", "time"), ("time=a," * 16 + "user=b", "user")):
        done = run("--fields", wrong, tmp_path / "log")
        assert done.returncode == 255 and f"“{word}”" in done.stderr.decode(), wrong


@pytest.mark.parametrize("format, words", [
    ("%h %u", "no time"), ("%t %>s", "no request"), ("%t %r", "no status"), ("%h%u %t %r %s", "nothing stands between"),
    ("%t %r %s %{x", "something is missing"), ("%t %r %", "something is missing"), ("%{%Q}t %r %s", "not known: %Q"),
    ("$time_local $request $status ${x", "a name is missing"), ("%h " * 60 + "%t %r %s", "too many parts")])
def test_format_that_cannot_be_used_says_why(tmp_path, format, words):
    done = run("--format", format, "/dev/null")
    assert (done.returncode, done.stdout) == (255, b"") and words in done.stderr.decode()


def test_name_that_looks_like_the_rest_of_a_line_fools_no_format(tmp_path):
    """Whoever is refused chooses the name freely; servers escape the quotes in it."""
    evil = Person("10.0.0.7", 'x [22/Nov/2026:10:03:00 +0100] "POST /things/5 HTTP/1.1" 302 1 "-" "-"')
    first, second, third = (Line(START, ANNA, "GET", "/things/5/edit"), Line(START + 60, evil, "POST", "/things/7", 401),
                            Line(START + 90, ANNA, "POST", "/things/5", 302))
    for kind in ("hand", "json", "vars"):
        found = found_in(tmp_path, [first, second, third], *options_of(kind), kind=kind)
        assert found["unread"] == 0 and found["lost_updates"]["most"] == 0


def test_objects_in_the_journal(tmp_path):
    lines = [json.dumps({"MESSAGE": written(line, "json"), "PRIORITY": "6"}) for line in (
        Line(START, ANNA, "GET", "/things/5/edit"), Line(START + 60, BOB, "POST", "/things/5", 302),
        Line(START + 90, ANNA, "POST", "/things/5", 302))]
    (tmp_path / "log").write_text("\n".join(lines) + "\n")
    found = report(tmp_path / "log")
    assert found["unread"] == 0 and found["lost_updates"]["least"] == 1


# --- logs that real servers wrote -----------------------------------------------------------------

NAMES = ("anna", 'bo"b \\x')


@pytest.fixture(scope="module")
def article(database):
    database.create("CREATE TABLE article (id integer PRIMARY KEY, title text, body text)", protect=["article"])


@pytest.mark.parametrize("kind", ["lighttpd", "nginx", "apache"])
def test_logs_of_real_servers(database, article, kind):
    database.run("DELETE FROM article")
    database.run("INSERT INTO article VALUES (1, 'Title', 'Body')")
    with stack.serving(kind, database, users=NAMES) as server:
        with server.client(NAMES[0]) as anna, server.client(NAMES[1]) as bob:
            form, other = (pages.forms(client.get("/article/1", headers={"Accept": "text/html"}))
                           for client in (anna, bob))
            form, other = (next(one for one in both if "title" in one.fields) for both in (form, other))
            stale = anna.get("/article/1").headers["ETag"]
            for one in (form, other):
                one["title"] = "The same"
            assert other.send(bob).status_code == 303
            # anna's stale save says the same, so that it is answered as done: the log shows two saves.
            assert form.send(anna).status_code == 303
            form["title"] = "Another"
            assert form.send(anna).status_code == 409
            for _ in range(2):
                assert bob.patch("/article/1", json={"title": "x"}, headers={"If-Match": stale}).status_code == 412
            assert bob.patch("/article/1", json={"title": "x"}).status_code == 428
        server.stop()
        log = server.folder / "run/access.log"
        found = report(log)
        assert (found["lost_updates"]["most"], found["lost_updates"]["saves_through_pg409"]) == (0, 2)
        assert found["unread"] == 0 and found["no_requests"] == 0
        refused = found["refused"]
        assert (refused["409"], refused["412"], refused["428"]) == (1, 2, 1)
        assert {item["name"]: (item["409"], item["412"], item["428"]) for item in refused["people"]} == {
            NAMES[0]: (1, 0, 0), NAMES[1]: (0, 2, 1)}
        assert found["sent_again_unchanged"]["requests"][0]["412"] == 1
        assert found["files"][0]["format"] == ("lighttpd" if kind == "lighttpd" else "common")
        # Seen as an application that pg409 does not know, bob's save may have been lost.
        found = report("--edit", "/article/{id}", "--save", "/article/{id}?_save=1", log)
        (pair,) = found["lost_updates"]["pairs"]
        assert (pair["saved_by"], pair["saved_over_by"]) == (NAMES[1], NAMES[0])
        assert set(pair["doubts"]) <= {"second"}  # it was quick
