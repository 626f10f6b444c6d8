"""pg409 probe: what must not be taken for an answer, and what must not come to harm."""

import contextlib
import html.entities
import http.server
import json
import re
import signal
import subprocess
import threading
import time
from urllib.parse import parse_qsl

import pytest

from e2e.probed import PG409, probe, run

TEXT = "A day"
MARK_B = re.compile("pg409probeB")


class Handler(http.server.BaseHTTPRequestHandler):
    """One text with a version. A subclass says what is odd about it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, body="", content="application/json", **headers):
        data = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", content)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    @property
    def tag(self):
        return f'"{self.server.version}"'

    def keep(self, text):
        self.server.text = text
        self.server.version += 1


@contextlib.contextmanager
def serving(handler, text=TEXT):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.text, server.version, server.seen = text, 1, []
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Resource(Handler):
    """JSON at /notes/7, which looks at no version."""

    def do_GET(self):
        if self.path != "/notes/7":
            return self.answer(404)
        return self.answer(200, json.dumps({"id": 7, "text": self.server.text}), ETag=self.tag)

    def do_PUT(self):
        sent = self.body()
        if self.path != "/notes/7":
            return self.answer(404)
        return self.put(json.loads(sent)["text"])

    def put(self, text):
        self.keep(text)
        return self.answer(200, "{}", ETag=self.tag)


class Page(Handler):
    """A form at /notes/7, which looks at no version."""

    charset, encoding = "; charset=utf-8", "utf-8"

    def form(self):
        return f"<form method=post><textarea name=text>\n{self.server.text}</textarea><button>Save</button></form>"

    def do_GET(self):
        if self.path.split("?")[0] != "/notes/7":
            return self.answer(404)
        return self.answer(200, self.form(), "text/html" + self.charset)

    def do_POST(self):
        self.pairs = parse_qsl(self.body().decode("latin-1"), True, encoding=self.encoding)
        sent = dict(self.pairs)
        if self.path != "/notes/7":
            return self.answer(404)
        return self.post(sent)

    def post(self, sent):
        self.keep(sent["text"])
        return self.answer(303, Location="/notes/7")


# --- an answer that says nothing of versions ------------------------------------------------------------------

ODD = [401, 403, 404, 405, 419, 429, 500, 502, 503, 0]


def odd(handler, status):
    """What B wrote is answered with status, whoever saved before; 0: not at all."""
    if not status:
        handler.close_connection = True
        handler.connection.shutdown(2)
        return None
    return handler.answer(status, "no")


@pytest.mark.parametrize("status", ODD)
def test_another_trouble_is_no_refusal_of_json(status):
    class Busy(Resource):
        def put(self, text):
            return odd(self, status) if MARK_B.search(text) else super().put(text)

    with serving(Busy) as server:
        report = probe(f"{server.url}/notes/7", status=3)
        assert report["verdict"] == "unknown" and report["restored"] is True and server.text == TEXT
        assert str(status or "no answer came") in report["words"], report


@pytest.mark.parametrize("status", ODD)
def test_another_trouble_is_no_refusal_of_a_form(status):
    class Busy(Page):
        def post(self, sent):
            return odd(self, status) if MARK_B.search(sent["text"]) else super().post(sent)

    with serving(Busy) as server:
        report = probe(f"{server.url}/notes/7", status=3)
        assert report["verdict"] == "unknown" and report["restored"] is True and server.text == TEXT


def test_told_that_all_is_well_in_another_way():
    class Drops(Resource):
        def put(self, text):
            return super().put(text) if self.headers.get("If-Match") == self.tag else self.answer(204)

    with serving(Drops) as server:
        assert probe(f"{server.url}/notes/7", status=1)["words"].startswith("silently loses")


def test_accepted_for_later_is_not_told():
    class Later(Resource):
        def put(self, text):
            return self.answer(202) if MARK_B.search(text) else super().put(text)

    with serving(Later) as server:
        assert "202" in probe(f"{server.url}/notes/7", status=3)["words"]


@pytest.mark.parametrize("first", [0, 1])
def test_a_trouble_in_a_later_race_is_no_refusal(first):
    """The protection is voluntary or not: a 503 does not tell."""
    class Guarded(Resource):
        def put(self, text):
            seen = self.headers.get("If-Match")
            if seen == self.tag:
                return super().put(text)
            return self.answer(412 if seen else 503, "{}")

    with serving(Guarded) as server:
        report = probe(f"{server.url}/notes/7", *["--no-path"] * first, status=0)
        assert report["verdict"] == "safe" and "without a version" not in " ".join(report["steps"])


# --- what stands beside the thing -----------------------------------------------------------------------------


class Loose(Handler):
    """Looks at no condition, and takes the first number of an address for its row, whatever stands behind it."""

    def number(self):
        found = re.match(r"(?:/\w[^/]*)*?/(?:notes|note)/(?:note-)?(\d+)", self.path)
        return found and int(found[1])

    def do_GET(self):
        if "nothing" in self.path or self.number() != 7:
            return self.answer(404)
        return self.answer(200, json.dumps({"id": 7, "text": self.server.text}))

    def change(self):
        self.body()
        self.server.seen.append((self.command, self.path))
        if self.number() == 7:
            self.server.text = None
        return self.answer(404)

    do_PUT = do_PATCH = do_DELETE = do_POST = change


@pytest.mark.parametrize("path", ["/notes/7", "/notes/7/", "/notes/7/edit", "/notes/7/edit/?a=b", "/a/notes/7/x/y", "/notes/7;v=1/",
                                  "/notes/note-7/edit"])
def test_nothing_is_sent_to_an_address_below_the_thing(path):
    with serving(Loose) as server:
        probe(server.url + path, "--path", status=0)
        assert server.text == TEXT and {"PUT", "PATCH", "DELETE", "POST"} == {method for method, _ in server.seen}
        beside = "/a/notes" if path.startswith("/a") else "/notes"
        assert all(re.fullmatch(f"{beside}/pg409-probe-nothing-[0-9a-f]{{8}}", path) for _, path in server.seen)


@pytest.mark.parametrize("path, to", [("/notes/my-day/edit", "/notes/"), ("/v2/notes/7/edit", "/v2/notes/"), ("/notes/my-day/", "/notes/"),
                                      ("/", "/"), ("/my-day/edit", "/"), ("/edit?id=7", "/")])
def test_beside_is_in_the_folder_of_the_thing(path, to):
    class Named(Loose):
        def number(self):
            return None if "nothing" in self.path else 7

    with serving(Named) as server:
        probe(server.url + path, "--path", status=0)
        assert all(path.startswith(f"{to}pg409-probe-nothing-") for _, path in server.seen) and server.seen


def test_nothing_is_deleted_unasked():
    with serving(Loose) as server:
        found = run("--path", f"{server.url}/notes/7", stdin=subprocess.DEVNULL)
        assert found.returncode == 0 and {method for method, _ in server.seen} == {"PUT", "PATCH", "POST"}


# --- text that a page writes in another way -------------------------------------------------------------------


@pytest.mark.parametrize("written", ["every name", "numbers"])
def test_names_of_html_5_are_put_back_as_what_they_stand_for(written):
    """As PHP's htmlentities(…, ENT_HTML5) writes them."""
    names = {value: name for name, value in html.entities.html5.items() if name.endswith(";") and len(value) == 1}
    text = "A day. (To: a/b) [x] {y}!\n\t# 100% *é ü ж → ∮ " + (
        "".join(sorted(names)) if written == "every name" else "€–Ÿ")
    text = text.replace("\n", "") + "."
    cp1252 = {"€": 128, "–": 150, "Ÿ": 159}

    class Encodes(Page):
        def form(self):
            text = "".join(f"&#{cp1252[c]};" if c in cp1252 and written == "numbers" else f"&{names[c]}" if c in names else c
                           for c in self.server.text)
            return f"<form method=post><textarea name=text>\n{text}</textarea><button>Save</button></form>"

    with serving(Encodes, text) as server:
        report = probe(f"{server.url}/notes/7", status=1)
        assert report["restored"] is True and server.text == text


# --- servers that take their time -----------------------------------------------------------------------------


class Drips(Page):
    """Saves, and answers a save with a few bytes now and then, for ever. So it does with reads while server.slow is set."""

    def drip(self):
        with contextlib.suppress(OSError):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Connection", "close")
            self.end_headers()
            self.server.dripping.set()
            while not self.server.stop.wait(.2):
                self.wfile.write(b" " * 64)
        self.close_connection = True

    def do_GET(self):
        return self.drip() if self.server.slow else super().do_GET()

    def post(self, sent):
        self.keep(sent["text"])
        return self.drip()


@contextlib.contextmanager
def dripping(slow=False):
    with serving(Drips) as server:
        server.slow, server.stop, server.dripping = slow, threading.Event(), threading.Event()
        try:
            yield server
        finally:
            server.stop.set()


def test_no_request_lasts_for_ever():
    with dripping(slow=True) as server:
        report = probe(f"{server.url}/notes/7", "--timeout", "1", status=3)
        assert "timed out" in report["words"].lower(), report


def test_an_interrupt_does_not_wait_for_ever():
    with dripping() as server:
        with subprocess.Popen([PG409, "probe", "--yes", "--no-path", "--timeout", "1", f"{server.url}/notes/7"],
                              stdout=subprocess.PIPE, text=True) as process:
            assert server.dripping.wait(20)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=40)
        assert process.returncode == -signal.SIGINT and "is there again" in out and server.text == TEXT


# --- pages in other charsets ----------------------------------------------------------------------------------


class Latin(Page):
    """A page in ISO-8859-1 that takes forms in it."""

    charset, meta, escape, encoding = "; charset=ISO-8859-1", "", False, "latin-1"
    title = ""

    def form(self):
        text = "".join(f"&#{ord(c)};" if ord(c) > 127 else c for c in self.server.text) if self.escape else self.server.text
        return (f"<!doctype html>{self.meta}<title>{self.title}</title><form method=post><textarea name=text>\n{text}</textarea>"
                "<button>Save</button></form>").encode("latin-1")


HEADER = {"charset": "; charset=ISO-8859-1"}
META = {"charset": "", "meta": '<meta charset="iso-8859-1">'}
OLD = {"charset": "", "meta": '<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">'}
QUOTED = {"charset": '; Charset="latin1"'}


@pytest.mark.parametrize("how", [HEADER, META, OLD, QUOTED, {**HEADER, "escape": True}, {**META, "escape": True},
                                 {"charset": "; charset=Shift_JIS", "escape": True}, {"charset": "", "escape": True}])
def test_letters_of_another_charset_are_not_damaged(how):
    """What is written is read as the page's charset; UTF-8 would come out as two letters for one."""
    with serving(type("Page", (Latin,), how), "Fußnote é") as server:
        report = probe(f"{server.url}/notes/7", status=3)
        assert server.text == "Fußnote é" and server.version == 1, server.text
        assert "charset" in report["words"] and report["restored"] is None


@pytest.mark.parametrize("how", [HEADER, META, OLD, QUOTED])
def test_plain_letters_are_the_same_in_any_charset(how):
    with serving(type("Page", (Latin,), {**how, "title": "Fußnote"})) as server:
        assert probe(f"{server.url}/notes/7", status=1)["restored"] is True and server.text == TEXT


@pytest.mark.parametrize("how", [{}, {"charset": ""}, {"charset": '; charset="UTF-8"'}, {"charset": "", "meta": "<meta charset=utf8>"}])
def test_a_page_in_utf_8_keeps_its_letters(how):
    class Utf(Latin):
        charset, encoding = "; charset=utf-8", "utf-8"

        def form(self):
            return super().form().decode("latin-1").encode()

    with serving(type("Page", (Utf,), how), "Fußnote é") as server:
        report = probe(f"{server.url}/notes/7", status=1)
        assert report["restored"] is True and server.text == "Fußnote é"


# --- an answer that gets lost ---------------------------------------------------------------------------------


class Cuts(Resource):
    """Guards its version; a PUT gets no answer, after it was stored or without."""

    stores = True

    def cut(self):
        self.close_connection = True
        self.connection.shutdown(2)

    def write(self, cuts):
        sent = self.body()
        if self.path != "/notes/7":
            return self.answer(404)
        self.server.seen.append(self.command)
        if cuts and not self.stores:
            return self.cut()
        if self.headers.get("If-Match") != self.tag:
            return self.answer(412, "{}")
        self.keep(json.loads(sent)["text"])
        return self.cut() if cuts else self.answer(200, "{}")

    def do_PUT(self):
        self.write(True)

    def do_PATCH(self):
        self.write(False)

    do_POST = do_PATCH


def test_what_was_stored_is_not_sent_again_in_another_way():
    with serving(Cuts) as server:
        report = probe(f"{server.url}/notes/7", "--no-path", status=0)
        assert set(server.seen) == {"PUT"} and report["method"] == "PUT" and report["restored"] is True and server.text == TEXT


def test_what_is_cut_off_is_tried_in_another_way():
    with serving(type("Wall", (Cuts,), {"stores": False})) as server:
        report = probe(f"{server.url}/notes/7", "--no-path", status=0)
        assert list(dict.fromkeys(server.seen)) == ["PUT", "PATCH"] and report["method"] == "PATCH" and server.text == TEXT


def test_what_is_still_under_way_is_not_sent_again():
    """The answer takes longer than it is waited for; it is stored after that."""
    class Late(Cuts):
        def do_PUT(self):
            time.sleep(5)
            self.write(False)

    with serving(Late) as server:
        probe(f"{server.url}/notes/7", "--no-path", "--timeout", "1", status=3)
        time.sleep(2)
        assert set(server.seen) == {"PUT"}


def test_a_write_that_a_proxy_sends_twice_is_not_refused():
    class Twice(Cuts):
        def do_PUT(self):
            if self.headers.get("If-Match") == self.tag:
                self.keep(json.loads(self.body())["text"])
                return self.answer(412, "{}")
            return self.write(False)

    with serving(Twice) as server:
        report = probe(f"{server.url}/notes/7", "--no-path", status=0)
        assert report["names"] == set() and report["restored"] is True and server.text == TEXT


# --- refused, but not for the version -------------------------------------------------------------------------


class Token(Page):
    """A form is good for one save, and only until the session opens the next one."""

    says, checks = 403, False

    def do_GET(self):
        sessions = self.server.__dict__.setdefault("sessions", {})
        session = (self.headers.get("Cookie") or f"s={len(sessions)}").partition("=")[2]
        sessions[session] = token = f"t{len(self.server.seen)}"
        self.server.seen.append(token)
        version = f"<input type=hidden name=version value={self.server.version}>" if self.checks else ""
        body = (f"<form method=post><input type=hidden name=csrf value={token}>{version}<textarea name=text>\n{self.server.text}"
                "</textarea><button>Save</button></form>")
        return self.answer(200, body, "text/html; charset=utf-8", Set_Cookie=f"s={session}")

    def post(self, sent):
        session = (self.headers.get("Cookie") or "").partition("=")[2]
        if self.server.sessions.pop(session, None) != sent["csrf"]:
            return self.answer(self.says, "<p>Try again", "text/html", Location="/notes/7")
        if self.checks and sent["version"] != str(self.server.version):
            return self.answer(303, "", Location="/notes/7?changed")
        return super().post(sent)


@pytest.mark.parametrize("says", [200, 302, 400, 403, 419, 422])
def test_a_token_for_one_use_is_no_version(says):
    with serving(type("Token", (Token,), {"says": says})) as server:
        report = probe(f"{server.url}/notes/7", status=1)
        assert report["words"].startswith("silently loses") and report["versions"] == [], report
        assert report["names"] == {"loses"} and report["restored"] is True and server.text == TEXT


@pytest.mark.parametrize("says", [302, 403])
def test_a_token_beside_a_version(says):
    with serving(type("Token", (Token,), {"says": says, "checks": True})) as server:
        report = probe(f"{server.url}/notes/7", status=2)
        assert report["words"].startswith("refuses but loses the text") and report["versions"] == ["version"], report
        assert report["names"] == {"text"} and report["restored"] is True and server.text == TEXT


@pytest.mark.parametrize("says", [200, 303, 422, 403])
def test_who_never_may_save_is_not_refused_for_the_version(says):
    class Denies(Page):
        def post(self, sent):
            return self.answer(says, "No.", "text/html", Location="/notes/7") if MARK_B.search(sent["text"]) else super().post(sent)

    with serving(Denies) as server:
        report = probe(f"{server.url}/notes/7", status=3)
        assert report["names"] == set() and report["restored"] is True and server.text == TEXT, report
        assert "nobody" in report["words"], report


def test_what_refuses_in_words_of_its_own_still_refuses():
    class Says(Resource):
        def put(self, text):
            return super().put(text) if self.headers.get("If-Match") == self.tag else self.answer(400, "{}")

    with serving(Says) as server:
        assert probe(f"{server.url}/notes/7", status=0)["words"] == "safe: B's stale write is refused (400)"


# --- buttons that do harm -------------------------------------------------------------------------------------


@pytest.mark.parametrize("action, buttons, options", [
    ("", "<button name=do value=x>Delete this note</button>", []),
    ("", "<input type=submit value='Löschen'>", []),
    ("/notes/7/delete", "<button>OK</button>", []),
    ("/notes/7/delete", "", []),
    ("", "<button formaction=/notes/7/remove>OK</button>", []),
    ("", "<button name=save>Save</button><button name=delete>Delete</button>", ["--button", "sav"]),
])
def test_no_button_that_deletes_is_pressed(action, buttons, options):
    class Asks(Page):
        def form(self):
            return f"<form method=post action='{action}'><textarea name=why>Because</textarea>{buttons}</form>"

        def do_POST(self):
            self.server.seen.append(self.path)
            super().do_POST()

    with serving(Asks) as server:
        report = probe(f"{server.url}/notes/7", "--no-path", *options, status=3)
        assert "--button" in report["words"] and server.seen == [] and report["restored"] is None


def test_a_conflict_page_that_offers_to_delete():
    class Conflict(Page):
        def form(self):
            return super().form().replace("<textarea", f"<input type=hidden name=version value={self.server.version}><textarea")

        def post(self, sent):
            if "delete" in sent:
                self.server.seen.append("delete")
            if sent.get("version") == str(self.server.version):
                return super().post(sent)
            return self.answer(409, f"<form method=post><textarea name=text>{sent['text']}</textarea>"
                               "<button name=delete value=1>Delete</button></form>", "text/html; charset=utf-8")

    with serving(Conflict) as server:
        report = probe(f"{server.url}/notes/7", "--no-path", status=0)
        assert server.seen == [] and "third" not in " ".join(report["steps"]) and server.text == TEXT


def test_one_of_several_radios_is_chosen():
    """The one for one's own text, whatever stands further down on the page."""
    class Asks(Page):
        def form(self):
            return super().form().replace("<textarea", f"<input type=hidden name=version value={self.server.version}><textarea")

        def post(self, sent):
            which = [value for name, value in self.pairs if name == "which"]
            self.server.seen += [which] if which else []
            if sent["version"] == str(self.server.version):
                return super().post(sent)
            return self.answer(409, f"<form method=post><textarea name=text>{sent['text']}</textarea>"
                               f"<input type=hidden name=version value={self.server.version}>"
                               "<input type=radio name=which value=theirs><input type=radio name=which value=yours>"
                               "<button>Save</button></form>", "text/html; charset=utf-8")

    with serving(Asks) as server:
        probe(f"{server.url}/notes/7", "--no-path", status=0)
        assert server.seen and all(which == ["yours"] for which in server.seen) and server.text == TEXT


@pytest.mark.parametrize("lost, text", [(1, ""), (99, "cut off")])
def test_one_lost_connection_is_no_limit(lost, text):
    class Shaky(Page):
        def do_POST(self):
            if len(self.body()) > 1000000 and len(self.server.seen) < lost:
                self.server.seen.append(self.path)
                self.close_connection = True
                return self.connection.shutdown(2)
            return self.answer(404)

    with serving(Shaky) as server:
        report = probe(f"{server.url}/notes/7", "--path", status=int(bool(text)))
        assert text in " ".join(finding["text"] for finding in report["findings"]) and server.seen
