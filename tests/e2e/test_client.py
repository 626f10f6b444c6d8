"""pg409 get, set and delete against the real stack: what is sent, what becomes of a conflict, and each exit status."""

import json
import os
import pty
import socket
import stat
import subprocess
import threading

import pytest

import stack
from e2e import client
from e2e.client import BUSY, CONFLICT, DONE, FORBIDDEN, FOREIGN, GONE, LEFT, LOCAL, NETWORK, REFUSED, USAGE

QUICK = ("--retry-delay=10ms", "--max-delay=100ms", "--retries=2")


@pytest.fixture(scope="module")
def server(database):
    database.create(client.TABLES, protect=["articles"])
    with stack.serving("lighttpd", database, {"anonymous": "read", "lock_timeout": "100ms"}) as server:
        yield server


@pytest.fixture
def way(server):
    way = client.Way(server)
    yield way
    way.close()


@pytest.fixture
def anna(server, tmp_path):
    return client.Person(server, tmp_path)


@pytest.fixture
def slow(anna, way):
    """anna, with somebody in her way to the server."""
    anna.url = way.url
    return anna


def new(database, **values):
    values = {"title": "Old", "n": 5, **values}
    number = database.one(f"INSERT INTO articles ({', '.join(values)}) VALUES ({', '.join(['%s'] * len(values))}) RETURNING id",
                          *values.values())
    return f"/articles/{number}"


def row(database, path, columns="title, body, n"):
    return database.run(f"SELECT {columns} FROM articles WHERE id = %s", path.split("/")[-1])[0]


def others(database, path, change):
    """Somebody saves just before the next PATCH arrives."""
    return lambda: database.run(f"UPDATE articles SET {change} WHERE id = %s", path.split("/")[-1])


# --- reading ------------------------------------------------------------------------------------


def test_get_a_row_a_column_and_a_list(database, anna):
    path = new(database, body="one\ntwo", price="1.50")
    read = anna.run("get", path)
    assert read.code == DONE and read.json["price"] == 1.5 and read.json["_version"]
    assert anna.run("get", "--column", "body", path).out == "one\ntwo"
    assert anna.run("get", "--column", "price", path).out == "1.50\n"
    assert anna.run("get", "--column", "tags", path).out == ""
    assert anna.run("get", "--column", "none", path).code == GONE
    listed = anna.run("get", "/articles?select=title&limit=1")
    assert listed.code == DONE and len(listed.json) == 1


def test_get_into_a_file_never_writes_over_one(database, anna):
    path = new(database)
    assert anna.run("get", "-o", "out", path).code == DONE
    (anna.folder / "out").write_text("mine")
    assert anna.run("get", "-o", "out", path).code == LOCAL
    assert (anna.folder / "out").read_text() == "mine"
    assert anna.run("get", "--force", "-o", "out", path).code == DONE
    assert json.loads((anna.folder / "out").read_text())["title"] == "Old"
    assert sorted(each.name for each in anna.folder.glob("out*")) == ["out"]


def test_nothing_of_a_server_gets_to_a_terminal_but_text(database, anna):
    path = new(database, title="\x1b]0;owned\x07\x9b31m\u202eevil")
    leader, follower = pty.openpty()
    subprocess.run(anna.command("get", "--column", "title", path), env=anna.env, cwd=anna.folder, stdout=follower,
                   timeout=60, check=True)
    os.close(follower)
    shown = os.read(leader, 1000).decode()
    os.close(leader)
    assert shown.strip() == "?]0;owned??31m?evil"


# --- setting ------------------------------------------------------------------------------------


def test_set_columns_of_every_kind(database, anna):
    path = new(database, price="0.10")
    (anna.folder / "text").write_text("from\na file")
    done = anna.json("set", path, "title=It is = @ ü", "n-=7", "price+=0.20", 'data={"a": [1]}', 'tags:=["x","y z"]',
                     "body@text")
    assert done.outcome == (DONE, "saved") and done.json["row"]["n"] == -2
    assert row(database, path, "title, n, price::text, data, tags, body") == (
        "It is = @ ü", -2, "0.30", {"a": [1]}, ["x", "y z"], "from\na file")
    assert anna.run("set", path, "tags={p,q}", "body:=null", "title=007", "slug=").code == DONE
    assert row(database, path, "tags, body, title, slug") == (["p", "q"], None, "007", "")
    assert anna.run("set", path, "body@-", input=b"from standard input").code == DONE
    assert row(database, path)[1] == "from standard input"
    assert anna.json("set", path, "body=from standard input").outcome == (DONE, "unchanged")


def test_set_keeps_every_digit(database, anna):
    path = new(database, price="12345678901234567890.123456789")
    assert anna.run("set", path, "price+=0.000000001").code == DONE
    assert row(database, path, "price::text") == ("12345678901234567890.123456790",)


def test_set_creates(database, anna):
    made = anna.json("set", "/articles", "title=Made", "n=1")
    assert made.outcome == (DONE, "saved") and made.json["row"]["title"] == "Made"
    assert anna.run("set", "/articles/90001", "title=At").code == GONE
    assert anna.run("set", "--create", "/articles/90001", "title=At").code == DONE
    assert row(database, "/articles/90001")[0] == "At"


@pytest.mark.parametrize("change, theirs, left", [
    ("title=Mine", "n = 6", ("Mine", None, 6)),
    ("n+=1", "n = 50", ("Old", None, 51)),
    ("n+=1", "n = 6", ("Old", None, 7)),
    ("title=Same", "title = 'Same'", ("Same", None, 5)),
])
def test_what_fits_together_is_saved(database, way, slow, change, theirs, left):
    path = new(database)
    way.once("PATCH", None, others(database, path, theirs))
    assert slow.json("set", path, change).code == DONE
    assert row(database, path) == left


def test_a_text_is_merged(database, way, slow):
    path = new(database, body="one\ntwo\nthree\nfour\n")
    way.once("PATCH", None, others(database, path, "body = 'one\ntwo\nthree\nVIER\n'"))
    done = slow.json("set", path, "body=EINS\ntwo\nthree\nfour\n")
    assert done.outcome == (DONE, "saved") and done.json["merged"] == "body" and done.json["rounds"] == 1
    assert row(database, path)[1] == "EINS\ntwo\nthree\nVIER\n"


@pytest.mark.parametrize("how, code, title", [
    (None, CONFLICT, "Theirs"), ("merge", CONFLICT, "Theirs"), ("fail", CONFLICT, "Theirs"), ("yours", DONE, "Mine"),
    ("theirs", LEFT, "Theirs"), ("ask", CONFLICT, "Theirs")])
def test_a_clash_is_as_on_conflict_says(database, way, slow, how, code, title):
    path = new(database)
    way.once("PATCH", None, others(database, path, "title = 'Theirs'"))
    done = slow.json("set", path, "title=Mine", *([f"--on-conflict={how}"] if how else []))
    assert (done.code, row(database, path)[0]) == (code, title)
    assert len(slow.kept()) == (code == CONFLICT)


def test_fail_is_for_any_change(database, way, slow):
    path = new(database)
    way.once("PATCH", None, others(database, path, "n = 6"))
    assert slow.run("set", path, "title=Mine", "--on-conflict=fail").code == CONFLICT
    assert row(database, path)[0] == "Old"


def test_what_clashes_is_kept_and_can_be_tried_again(database, way, slow):
    path = new(database, body="b")
    way.once("PATCH", None, others(database, path, "title = 'Theirs'"))
    failed = slow.run("set", path, "title=Mine", "body=New", "n+=1")
    name, = slow.kept()
    assert failed.code == CONFLICT and name.name in failed.err and "The server keeps it too" in failed.err
    assert stat.S_IMODE(name.stat().st_mode) == 0o600
    again = slow.json("set", "--from", name)
    assert again.code == CONFLICT  # still a clash, with what it was based on
    assert slow.json("set", "--from", name, "--on-conflict=yours").outcome == (DONE, "saved")
    assert row(database, path) == ("Mine", "New", 6)
    assert slow.run("set", "--from", slow.folder / ".netrc").code == LOCAL


def test_version_means_this_one_or_none(database, anna):
    path = new(database)
    version = anna.run("get", path).json["_version"]
    assert anna.run("set", path, "n+=1", "--version", version).code == DONE
    assert anna.run("set", path, "n+=1", "--version", version).code == CONFLICT
    assert anna.run("set", path, "title=X", "--version", version).code == CONFLICT
    assert row(database, path) == ("Old", None, 6)


@pytest.mark.parametrize("keys, title, code", [
    ("y\n", "Mine", DONE), ("t\n", "Theirs", LEFT), ("q\n", "Theirs", LEFT), ("x\ne\n", "Both", DONE)])
def test_ask_asks_on_a_terminal(database, way, slow, keys, title, code):
    path = new(database)
    way.once("PATCH", None, others(database, path, "title = 'Theirs'"))
    slow.editor('grep -q "^<<<<<<< yours" "$1"; printf Both >"$1"')
    leader, follower = pty.openpty()
    os.write(leader, keys.encode())
    done = subprocess.run(slow.command("set", path, "title=Mine", "--on-conflict=ask"), env=slow.env, cwd=slow.folder,
                          stdin=follower, capture_output=True, timeout=60)
    os.close(leader), os.close(follower)
    assert (done.returncode, row(database, path)[0]) == (code, title), done.stderr
    assert "Theirs" in done.stderr.decode()


# --- deleting -----------------------------------------------------------------------------------


def test_delete_only_what_was_seen(database, anna, way):
    path = new(database)
    anna.url = way.url
    way.once("DELETE", None, others(database, path, "n = 6"))
    assert anna.run("delete", path).code == CONFLICT
    assert anna.json("delete", path).outcome == (DONE, "saved")
    assert anna.run("delete", path).code == GONE


def test_delete_asks_on_a_terminal(database, anna):
    path = new(database)
    for keys, code in ((b"n\n", LEFT), (b"y\n", DONE)):
        leader, follower = pty.openpty()
        os.write(leader, keys)
        done = subprocess.run(anna.command("delete", path), env=anna.env, cwd=anna.folder, stdin=follower,
                              stdout=follower, stderr=follower, timeout=60)
        shown = os.read(leader, 10000).decode()
        os.close(leader), os.close(follower)
        assert done.returncode == code and 'title: "Old"' in shown, shown


# --- how it ends --------------------------------------------------------------------------------


def answering(answer):
    """A server that gives everybody that answer; its address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                side, _ = listener.accept()
            except OSError:
                return
            with side:
                side.recv(65536)
                side.sendall(answer)
    threading.Thread(target=serve, daemon=True).start()
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_each_way_to_end_has_its_status(database, anna):
    path, other = new(database, slug="taken"), new(database)
    database.run("INSERT INTO diary VALUES (1, 'x') ON CONFLICT DO NOTHING")
    ends = {
        DONE: ["set", path, "title=x"], CONFLICT: ["set", other, "slug=taken"], REFUSED: ["set", path, "n=100000"],
        FORBIDDEN: ["set", "/diary/1", "title=y"], GONE: ["set", "/articles/0", "title=x"],
        NETWORK: ["set", "http://127.0.0.1:1/articles/1", "title=x", *QUICK], LOCAL: ["set", path, "body@/nowhere"],
        USAGE: ["set", path]}
    for code, arguments in ends.items():
        assert anna.run(*arguments).code == code, arguments
    assert anna.run("set", path, "n+=1", "title+=1").code == REFUSED
    assert anna.run("get", "-u", "anna:wrong", path).code == FORBIDDEN
    assert anna.run("get", anna.url.replace("//", "//anna:anna@") + path).code == DONE
    for wrong in (["--nothing"], ["--retries=x", path, "n=1"], ["--on-conflict=x", path, "n=1"], ["ftp://x/y", "n=1"],
                  [path, "n=1", "n=2"], ["--output=x", path, "n=1"]):
        assert anna.run("set", *wrong).code == USAGE, wrong


def test_what_is_no_pg409(anna):
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p>x"
    for answer in (page, page.replace(b"200 OK", b"302 Found"), b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"):
        listener, url = answering(answer)
        ended = anna.run("set", url + "/articles/1", "n=1", *QUICK)
        assert ended.code == FOREIGN and "pg409" in ended.err
        listener.close()


def test_a_held_row_is_waited_for_and_then_left(database, anna):
    path = new(database)
    with database.connect() as holder, holder.transaction():
        holder.execute("SELECT 1 FROM articles WHERE id = %s FOR UPDATE", [path.split("/")[-1]])
        busy = anna.run("set", path, "title=x", "--retries=3", "--retry-delay=10ms", "--max-delay=1s")
        assert busy.code == BUSY and "longer than --max-delay" in busy.err  # it asks for two seconds
        waiting = subprocess.Popen(anna.command("set", path, "title=Waited", "--retry-delay=10ms"), env=anna.env)
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(0.5)
    assert waiting.wait(30) == DONE and row(database, path)[0] == "Waited"


def test_a_password_is_never_shown(anna):
    ended = anna.run("get", "-v", "http://anna:secret@127.0.0.1:1/articles/1", *QUICK)
    assert ended.code == NETWORK and "secret" not in ended.err + ended.out and ended.err.count("GET") == 3


def test_help_names_every_option(anna):
    for command in ("get", "set", "edit", "put", "delete"):
        shown = anna.run(command, "--help")
        assert shown.code == DONE and "--retries" in shown.out and f"pg409 {command} " in shown.out
