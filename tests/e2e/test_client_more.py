"""What a person typed is never lost, whichever way it ends; and what is printed to be pasted can be."""

import http.server
import os
import pty
import re
import select
import signal
import socket
import subprocess
import termios
import threading
import time

import pytest

import stack
from e2e import client
from e2e.client import CONFLICT, DONE, FOREIGN, LEFT, LOCAL, NETWORK, TABLES, UNKNOWN, USAGE


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


def new(database, title="One", body="first\nsecond\nthird\n"):
    return f"/articles/{database.one('INSERT INTO articles (title, body) VALUES (%s, %s) RETURNING id', title, body)}"


def kept(anna, words):
    """The text of the file that it names."""
    name = re.search(words, words and anna.last.err)[1]
    return (anna.folder / name).read_text()


def run(anna, *arguments, **more):
    anna.last = anna.run(*arguments, **more)
    return anna.last



def clash(database, anna, path, then):
    """The first time in the editor somebody else saves the same line; the second time comes then."""
    anna.editor("sed -i 's/second/mine/' \"$1\"\n"
                f"psql -qX -d '{database.conninfo('postgres')}' -c \"UPDATE articles SET body = 'first' || chr(10) || 'theirs'"
                f" || chr(10) || 'third' || chr(10) WHERE id = {path.rsplit('/', 1)[1]}\"\n--\n{then}")


@pytest.mark.parametrize("then, code", [
    ("echo 'a long thought' >>\"$1\"\nexit 1", LOCAL),                  # :cq
    ("printf 'a long thought\\n' >>\"$1\"", LOCAL)])                    # no line of it can be read, and nobody is there
def test_what_was_typed_at_a_conflict_is_kept(database, anna, then, code):
    path = new(database)
    clash(database, anna, path, then)
    assert run(anna, "edit", path, stdin=subprocess.DEVNULL).code == code
    assert "a long thought" in kept(anna, r"what you typed is in \./(\S+)")
    assert database.one("SELECT body FROM articles WHERE id = %s", int(path.rsplit("/", 1)[1])).split("\n")[1] == "theirs"


def test_an_editor_that_writes_what_cannot_be_read_is_not_asked_for_ever(database, anna):
    path = new(database)
    anna.editor("echo garbage >\"$1\"\n--\necho garbage >\"$1\"")
    ran = run(anna, "edit", path, stdin=subprocess.DEVNULL)
    assert ran.code == LOCAL and "cannot be used as it is" in ran.err
    assert kept(anna, r"what you typed is in \./(\S+)") == "garbage\n"


def test_a_change_of_the_same_size_in_the_same_moment_is_one(database, anna):
    path = new(database)
    anna.editor("cp -p \"$1\" before; sed -i 's/second/SECOND/' \"$1\"; cat \"$1\" >after; cat before >\"$1\"; "
                "dd if=after of=\"$1\" conv=notrunc status=none; touch -r before \"$1\"")
    assert run(anna, "edit", path).code == DONE
    assert "SECOND" in database.one("SELECT body FROM articles WHERE id = %s", int(path.rsplit("/", 1)[1]))


@pytest.mark.parametrize("editor, code, body", [
    ("printf 'both of us' >\"$1\"", DONE, "both of us"),
    ("printf 'both of us\\n' >\"$1\"", DONE, "both of us\n"),            # mine ended so too
    ("sed -i 's/third/fourth/' \"$1\"\n--\nprintf 'both' >\"$1\"", DONE, "both"),   # the markers were left in it at first
    ("echo thought >>\"$1\"; exit 1", LOCAL, None)])
def test_a_clash_that_is_edited(database, anna, way, editor, code, body):
    path = new(database)
    number = int(path.rsplit("/", 1)[1])
    way.once("PATCH", None, lambda: database.run("UPDATE articles SET body = 'theirs' WHERE id = %s", number))
    anna.editor(editor)
    command = anna.command("set", "--on-conflict", "ask", path, "body=mine\n")
    here, there = pty.openpty()
    process = subprocess.Popen(command, cwd=anna.folder, env=anna.env, stdin=there, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    os.close(there)
    os.write(here, b"e\n")
    out, err = process.communicate(timeout=60)
    os.close(here)
    assert process.returncode == code, out + err
    if body:
        assert database.one("SELECT body FROM articles WHERE id = %s", number) == body
    else:
        name = re.search(r"what you typed is in \./(\S+)", err)[1]
        assert "thought" in (anna.folder / name).read_text()


def test_standard_input_is_read_last_and_kept(database, anna):
    path = new(database)
    text = b"typed by hand"
    for wrong in (["title=a", "title=b"], ["nothing"], ["title@/nonexistent"], ["title@-"]):
        read, write = os.pipe()
        os.write(write, text)
        os.close(write)
        with os.fdopen(read, "rb") as given:
            assert run(anna, "set", path, "body@-", *wrong, stdin=given).code in (USAGE, LOCAL)
            assert given.read() == text, wrong  # it is still there
    ran = run(anna, "set", path, "body@-", input=b"not \xff UTF-8")
    name = re.search(r"what you typed is in \./(\S+)", ran.err)[1]
    assert ran.code == LOCAL and (anna.folder / name).read_bytes() == b"not \xff UTF-8"
    assert run(anna, "set", "/articles", "n+=1", "title@-", input=text).code == USAGE
    assert "typed by hand" in kept(anna, r"Kept in (\S+)")


class Elsewhere(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(302)
        self.send_header("Location", f"http://localhost:{self.server.server_port}{self.path}x"
                         if "127.0.0.1" in self.headers["Host"] else "/")
        self.end_headers()

    def log_message(self, *_):
        pass


def test_an_address_that_leads_elsewhere_loses_nothing(anna):
    class Other(Elsewhere):
        def do_GET(self):
            if self.headers["Host"].startswith("localhost"):
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")
            else:
                super().do_GET()
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    ran = run(anna, "set", "--json", f"http://127.0.0.1:{site.server_port}/a/1", "body@-", input=b"typed by hand")
    site.shutdown()
    assert ran.code == FOREIGN and ran.json["exit"] == FOREIGN
    assert "typed by hand" in (anna.folder / ran.json["kept"]).read_text()


def test_nobody_to_ask_for_a_password(anna, database):
    ran = run(anna, "set", "-u", "anna", new(database), "title=x", stdin=subprocess.DEVNULL, start_new_session=True)
    assert ran.code == USAGE and "nobody to ask for the password of anna" in ran.err


def test_a_name_with_a_quote_can_be_pasted(anna):
    name = "it's $(touch hacked).txt"
    (anna.folder / name).write_text("one")
    assert run(anna, "put", name, "/_files/").code == DONE
    (anna.folder / name).write_text("two")
    ran = run(anna, "put", name, "/_files/")
    assert ran.code == CONFLICT
    word = re.search(r"--as (.*), or (?:with )?--replace", ran.err)
    assert word, ran.err
    word = word[1]
    said = subprocess.run(["sh", "-c", f"printf %s {word}"], capture_output=True, text=True, cwd=anna.folder).stdout
    assert said == "it's $(touch hacked) (2).txt" and not (anna.folder / "hacked").exists()


@pytest.mark.parametrize("how", ["set", "edit"])
@pytest.mark.parametrize("when", [0.4, 3.5])  # while it is sent; in a pause between two tries
def test_who_is_stopped_keeps_the_text_first(database, anna, how, when):
    path = new(database)
    anna.editor("sed -i 's/second/typed by hand/' \"$1\"")
    command = anna.command(*(["set", path, "body@-"] if how == "set" else ["edit", path]), "--retry-delay=60000", "--max-delay=60000")
    with database.connect() as other:
        other.autocommit = False
        other.execute("SELECT FROM articles WHERE id = %s FOR UPDATE", [int(path.rsplit("/", 1)[1])])
        process = subprocess.Popen(command, cwd=anna.folder, env=anna.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        process.stdin.write("typed by hand")
        process.stdin.close()
        time.sleep(when)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == -signal.SIGINT
    err = process.stderr.read()
    name = re.search(r"Kept in (\S+)", err)
    assert name and "typed by hand" in (anna.folder / name[1]).read_text(), err


class Babel:
    """Answers each request with these bytes, and keeps what came."""

    def __init__(self, answer):
        self.listener, self.answer = socket.create_server(("127.0.0.1", 0)), answer
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer:
                if peer.recv(65536):
                    peer.sendall(self.answer)


def test_an_answer_that_is_no_http_is_a_broken_connection(anna):
    site = Babel(b"SSH-2.0-OpenSSH_9.2\r\n")
    ran = run(anna, "get", site.url + "/a/1", "--retries=0")
    assert ran.code == NETWORK and "The connection broke" in ran.err, ran
    ran = run(anna, "get", site.url.replace("http", "https") + "/a/1", "--retries=0")
    site.listener.close()
    assert ran.code == NETWORK and "no https" in ran.err, ran


def test_an_address_that_leads_round_and_round_is_asked_once(anna):
    site = Babel(b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    ran = run(anna, "get", "--json", site.url + "/a/1")
    site.listener.close()
    assert ran.json["attempts"] == 1 and ran.code == USAGE


def test_a_disk_that_is_full_prints_the_text(anna, database):
    command = f"ulimit -f 0; exec '{client.PG409}' set -u x:y '{anna.url}{new(database)}' title='typed by hand'"
    done = subprocess.run(["sh", "-c", command], cwd=anna.folder, env=anna.env, capture_output=True, text=True)
    assert done.returncode == client.FORBIDDEN and "typed by hand" in done.stderr, done


def test_put_says_that_it_needs_a_file(anna):
    os.mkfifo(anna.folder / "pipe")
    with open(anna.folder / "pipe", "r+b", buffering=0):
        for name in ("pipe", "-"):
            ran = run(anna, "put", name, "/_files/x", stdin=subprocess.DEVNULL)
            assert ran.code == LOCAL and "put needs a file" in ran.err


def test_ctrl_c_at_the_password_leaves_the_terminal_as_it_was(anna, database):
    """At a terminal of its own: echo is off while it asks, and on again."""
    command = [str(client.PG409), "set", "-u", "anna", anna.url + new(database), "title=x"]
    pid, terminal = pty.fork()
    if not pid:
        os.execve(client.PG409, command, anna.env)
    said = b""
    while b"Password of anna" not in said and select.select([terminal], [], [], 10)[0]:
        said += os.read(terminal, 1000)
    assert b"Password of anna" in said
    end = time.monotonic() + 10
    while termios.tcgetattr(terminal)[3] & termios.ECHO and time.monotonic() < end:
        time.sleep(0.02)
    os.write(terminal, b"half\x03")
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGINT
    assert termios.tcgetattr(terminal)[3] & termios.ECHO and termios.tcgetattr(terminal)[3] & termios.ISIG
    os.close(terminal)


def test_ctrl_c_at_a_question_keeps_the_text(database, anna, way):
    """As if it were answered with "quit"."""
    path = new(database)
    way.once("PATCH", None, lambda: database.run("UPDATE articles SET body = 'theirs' WHERE id = %s", int(path.rsplit("/", 1)[1])))
    here, there = pty.openpty()
    process = subprocess.Popen(anna.command("set", "--on-conflict", "ask", path, "body=typed by hand"), cwd=anna.folder, env=anna.env,
                               stdin=there, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said = ""
    while "[q]uit?" not in said and process.poll() is None:
        said += process.stderr.read(1)
    process.send_signal(signal.SIGINT)
    err = said + process.communicate(timeout=20)[1]
    os.close(here)
    os.close(there)
    name = re.search(r"Kept in (\S+)", err)
    assert process.returncode == LEFT and "typed by hand" in (anna.folder / name[1]).read_text(), err
