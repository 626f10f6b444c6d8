"""pg409 edit and pg409 put: an editor and a conflict in it, a file in parts that goes on after whatever interrupts it."""

import hashlib
import random
import signal
import subprocess
import time

import pytest

import stack
from e2e import client
from e2e.client import CONFLICT, DONE, TABLES


@pytest.fixture(scope="module")
def server(database):
    database.create(TABLES, protect=["articles"])
    with stack.serving("lighttpd", database) as server:
        yield server


@pytest.fixture
def anna(server, tmp_path):
    return client.Person(server, tmp_path)


@pytest.fixture
def way(server, anna):
    way = client.Way(server)
    anna.url = way.url
    yield way
    way.close()


def new(database, **values):
    columns = {"title": "One", "body": "first\nsecond\nthird\n", **values}
    number = database.one(f"INSERT INTO articles ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"
                          " RETURNING id", *columns.values())
    return f"/articles/{number}"


def row(database, path):
    return database.run("SELECT title, body FROM articles WHERE id = %s", int(path.rsplit("/", 1)[1]))[0]


# --- edit -----------------------------------------------------------------------------------------


def test_edit_saves_what_was_typed(database, anna):
    path = new(database)
    anna.editor("sed -i 's/^title.*/title = Two/; s/second/zweitens/' \"$1\"")
    assert anna.json("edit", path).outcome == (DONE, "saved")
    assert row(database, path) == ("Two", "first\nzweitens\nthird\n")


def test_edit_of_one_column_is_its_text_alone(database, anna):
    path = new(database)
    anna.editor("printf 'fourth\\n' >>\"$1\"")
    assert anna.run("edit", "--column", "body", path).code == DONE
    assert anna.seen(0) == "first\nsecond\nthird\n"
    assert row(database, path)[1] == "first\nsecond\nthird\nfourth\n"


def test_edit_that_changes_nothing_writes_nothing(database, anna):
    path = new(database)
    before = anna.run("get", path).out
    anna.editor("true")
    assert anna.run("edit", path).code != CONFLICT
    anna.editor(": >\"$1\"")
    anna.run("edit", path)
    assert anna.run("get", path).out == before


def test_a_conflict_is_shown_merged_and_saved_only_when_seen(database, anna, way):
    path = new(database)
    number = path.rsplit("/", 1)[1]
    way.once("PATCH", None, lambda: database.run("UPDATE articles SET body = replace(body, 'third', 'drittens') WHERE id = %s",
                                                 number))
    anna.editor("sed -i 's/first/erstens/' \"$1\"\n--\nprintf 'seen\\n' >>\"$1\"")
    assert anna.run("edit", "--column", "body", path).code == DONE
    assert "erstens" in anna.seen(1) and "drittens" in anna.seen(1)
    assert row(database, path)[1] == "erstens\nsecond\ndrittens\nseen\n"


def test_a_clash_stands_between_markers_and_an_editor_that_fails_loses_nothing(database, anna, way):
    path = new(database)
    number = path.rsplit("/", 1)[1]
    way.once("PATCH", None, lambda: database.run("UPDATE articles SET body = replace(body, 'second', 'theirs') WHERE id = %s",
                                                 number))
    anna.editor("sed -i 's/second/mine/' \"$1\"\n--\nexit 1")
    done = anna.run("edit", "--column", "body", path)
    assert done.code not in (DONE, 255)
    assert "<<<<<<<" in anna.seen(1) and "mine" in anna.seen(1) and "theirs" in anna.seen(1)
    assert row(database, path)[1] == "first\ntheirs\nthird\n"
    kept = anna.kept("pg409-*")
    assert kept and any("mine" in each.read_text() for each in kept)
    assert any(str(each.name) in done.err + done.out for each in kept)


# --- put ------------------------------------------------------------------------------------------


def make(anna, name, size, seed=1):
    path = anna.folder / name
    path.write_bytes(random.Random(seed).randbytes(size))
    return path


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetched(anna, name):
    assert anna.run("get", "--force", "-o", "got", f"/_files/{name}").code == DONE
    return digest(anna.folder / "got")


@pytest.mark.parametrize("size", [0, 1, 98304, 98305, 700001])
def test_put_and_get_are_the_same_bytes(anna, size):
    path = make(anna, f"size-{size}.bin", size)
    assert anna.run("put", path, "/_files/").code == DONE
    assert fetched(anna, path.name) == digest(path)
    assert anna.run("put", path, "/_files/").code == DONE, "the same bytes again are no conflict"


def test_a_taken_name_is_kept_and_saved_under_another_without_sending_again(anna, way):
    assert anna.run("put", make(anna, "taken.bin", 200001), "/_files/").code == DONE
    other = make(anna, "taken.bin", 200001, seed=2)
    refused = anna.json("put", other, "/_files/")
    assert refused.code == CONFLICT
    kept = next(word for word in (anna.run("put", other, "/_files/").err + refused.out).replace('"', " ").split()
                if "/_files/_uploads/" in word).removeprefix("--kept=").strip("'.,;")
    way.seen = []
    assert anna.run("put", f"--kept={kept}", "--as=other.bin").code == DONE
    assert not any(method == "PATCH" for method, _ in way.seen)
    assert fetched(anna, "other.bin") == digest(other)


def test_replace_is_of_the_version_that_was_seen(anna):
    make(anna, "replaced.bin", 5000)
    assert anna.run("put", anna.folder / "replaced.bin", "/_files/").code == DONE
    newer = make(anna, "replaced.bin", 6000, seed=2)
    wanted = digest(newer)
    assert anna.run("put", "--replace", newer, "/_files/replaced.bin").code == DONE
    assert fetched(anna, "replaced.bin") == wanted
    stale = make(anna, "replaced.bin", 7000, seed=3)
    assert anna.run("put", "--version=" + "0" * 64, stale, "/_files/replaced.bin").code == CONFLICT
    assert fetched(anna, "replaced.bin") == wanted


def test_lost_requests_and_answers_do_not_matter(anna, way):
    path = make(anna, "lossy.bin", 900000)
    chance = random.Random(5)
    way.before = lambda method, _: chance.choice([None, None, "request", "answer", "half"])
    assert anna.run("put", "--retry-delay=5ms", "--retries=40", path, "/_files/").code == DONE
    way.before = lambda method, _: None
    assert fetched(anna, path.name) == digest(path)


def test_a_killed_put_goes_on_where_it_stopped(anna, way):
    path = make(anna, "killed.bin", 2000000)
    parts = []

    def slowly(method, _):
        if method == "PATCH":
            parts.append(time.monotonic())
            time.sleep(0.05)
    way.before = slowly
    process = subprocess.Popen(anna.command("put", path, "/_files/"), cwd=anna.folder, env=anna.env,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 20
    while len(parts) < 8 and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = len(parts)
    way.before = lambda method, _: parts.append(0) if method == "PATCH" else None
    assert anna.run("put", path, "/_files/").code == DONE
    assert 8 <= before < 21 and len(parts) - before < 21 - 6, "what was there already was not sent again"
    assert fetched(anna, path.name) == digest(path)
