"""pg409 probe: tells applications apart by what becomes of the first of two saves, and puts back what was there."""

import os
import pty
import signal
import sqlite3
import subprocess
import time

import pytest

import stack
from e2e import probed
from e2e.probed import probe

TEXT = "Première ligne\nSecond <line> & \"more\""
MARK = "pg409probe"


@pytest.fixture(scope="module")
def php():
    with probed.php() as pages:
        yield pages


def put_back(php, kind):
    row = php.row(kind)
    return (row["title"], row["text"]) == ("A day", TEXT)


@pytest.mark.parametrize("kind, status, verdict, version, findings", [
    ("overwrites", 1, "loses", [], {"loses"}),
    ("drops", 1, "loses", ["updated_at"], {"loses"}),
    ("warned", 1, "loses", ["updated_at"], {"second-round"}),
    ("refuses", 2, "loses-text", ["updated_at"], {"text"}),
    ("seconds", 1, "loses", ["updated_at"], {"coarse"}),
    ("checks", 0, "safe", ["updated_at"], set()),
    ("voluntary", 0, "safe", ["updated_at"], {"optional"}),
])
def test_forms(php, kind, status, verdict, version, findings):
    php.forget(kind)
    report = probe(f"{php.url}/{kind}", status=status)
    assert (report["verdict"], report["versions"], report["names"]) == (verdict, version, findings)
    assert report["kind"] == "form" and report["field"] == "text" and report["restored"] is True
    assert put_back(php, kind)
    assert ("safe" in report["words"]) == (status == 0) and ("loses" in report["words"]) == (status > 0)


def test_words_of_each_kind(php):
    def words(kind):
        return probed.run("--yes", f"{php.url}/{kind}").stdout.replace("\n", " ")
    assert words("overwrites").startswith("silently loses") and "even when they change different" in words("overwrites")
    assert "answered like A's" in words("drops")
    assert words("warned").startswith("loses in the second round")
    assert words("refuses").startswith("refuses but loses the text")
    safe = words("checks")
    assert safe.startswith("safe") and "in a form of the answer" in safe and "third person" in safe
    assert "without a version is refused" in safe


@pytest.mark.parametrize("kind, status, method, version, findings", [
    ("ignores", 1, "PUT", ["ETag"], {"loses"}),
    ("merges", 1, "PATCH", [], {"loses"}),
    ("weak", 1, "PUT", ["ETag"], {"loses", "etag-weak", "etag-refused"}),
    ("honours", 0, "PUT", ["ETag"], set()),
    ("tolerant", 0, "PUT", ["ETag"], set()),
    ("patches", 0, "PATCH", ["ETag"], set()),
    ("locks", 0, "PUT", ["lock_version"], set()),
    ("revs", 0, "PUT", ["_rev"], set()),
    ("optional", 0, "PUT", ["ETag"], {"optional"}),
    ("override", 0, "PUT", ["ETag"], {"methods"}),
])
def test_resources(php, kind, status, method, version, findings):
    php.forget(kind)
    report = probe(f"{php.url}/{kind}", status=status)
    assert (report["method"], report["versions"], report["names"]) == (method, version, findings)
    assert report["kind"] == "json" and report["field"] == "data.text" and report["restored"] is True
    assert put_back(php, kind)
    if kind == "merges":
        assert "both kept" in " ".join(report["steps"])


def test_a_body_of_ones_own(php):
    php.forget("locks")
    data = '{"data": {"text": {value}}, "lock_version": {version}}'
    options = ["--field", "data.text", "--put", f"{php.url}/locks", "--method", "PUT", "--data"]
    report = probe(f"{php.url}/locks", *options, data, status=0)
    assert report["versions"] == ["lock_version"] and put_back(php, "locks")
    # A body that has no place for the version is what this resource refuses always.
    assert probe(f"{php.url}/locks", *options, '{"data": {"text": {value}}}', status=3)["verdict"] == "unknown"
    assert put_back(php, "locks")


def test_another_field_and_form(php):
    php.forget("checks")
    report = probe(f"{php.url}/checks", "--field", "title", "--form", "2", "--button", "save", status=0)
    assert report["field"] == "title" and put_back(php, "checks")
    assert probe(f"{php.url}/checks", "--field", "nothing", status=3)["restored"] is None
    assert "no such form" in probe(f"{php.url}/checks", "--form", "9", status=3)["words"]
    # A preview saves nothing.
    assert "was not saved" in probe(f"{php.url}/checks", "--button", "preview", status=3)["words"]


def test_what_cannot_be_found_out(php):
    assert "403" in probe(f"{php.url}/denies", status=3)["words"]
    report = probe(f"{php.url}/moves", status=3)
    assert report["names"] == {"redirect"} and "308" in report["findings"][0]["cure"]["nginx"]
    assert "404" in probe(f"{php.url}/checks/nothing", status=3)["words"]
    assert "connect" in probe("http://127.0.0.1:1/", status=3)["words"]


def test_names_and_passwords_stay_at_their_host(php):
    php.forget("overwrites")
    assert "another host" in probe(f"{php.url}/abroad", "-u", "anna:secret", status=3)["words"]
    assert not (php.path / "overwrites").exists()
    assert "another host" not in probe(f"{php.url.replace('127.0.0.1', 'localhost')}/abroad", status=3)["words"]
    assert (php.path / "overwrites").exists()


def test_what_cannot_be_put_back_is_kept(php, tmp_path):
    php.forget("once")
    found = probed.run("--yes", f"{php.url}/once", cwd=tmp_path)
    assert found.returncode == 4 and "could NOT be put back" in found.stdout and TEXT in found.stderr
    kept = sorted(tmp_path.glob("pg409-probe-*.txt"))
    assert kept[0].read_text() == TEXT and kept[0].stat().st_mode & 0o777 == 0o600


def test_nothing_is_written_unasked(php):
    php.forget("checks")
    found = probed.run(f"{php.url}/checks", stdin=subprocess.DEVNULL)
    assert found.returncode == 255 and "--yes" in found.stderr and not (php.path / "checks").exists()
    for answer, status in ((b"n\n", 255), (b"y\n", 0)):
        leader, follower = pty.openpty()
        with subprocess.Popen([probed.PG409, "probe", f"{php.url}/checks"], stdin=follower, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            os.write(leader, answer)
            _, asked = process.communicate(timeout=60)
        assert process.returncode == status and b"Go on?" in asked and b"text" in asked
        assert (php.path / "checks").exists() == (status == 0)
        os.close(leader)
        os.close(follower)
    assert put_back(php, "checks")


def test_interrupted_it_puts_back_first(php):
    php.forget("slow")
    with subprocess.Popen([probed.PG409, "probe", "--yes", "--no-path", f"{php.url}/slow"], stdout=subprocess.PIPE,
                          text=True) as process:
        end = time.monotonic() + 30
        while not (php.path / "slow").exists():
            assert time.monotonic() < end
            time.sleep(.01)
        assert MARK in php.row("slow")["text"]
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT and "is there again" in out and "interrupted" in out
    assert put_back(php, "slow")


@pytest.mark.parametrize("arguments, word", [
    ([], "one URL"), (["a", "b"], "one URL"), (["--nosuch", "x"], "nosuch"), (["--login", "x", "y"], "--login-data"),
    (["--data", "{}", "x"], "--field"), (["--data", "{}", "-f", "a", "x"], "{value}"), (["-H", "x", "y"], "header"),
    (["--body", "0", "x"], "number"), (["--timeout", "x", "y"], "number")])
def test_what_cannot_be_done_says_why(arguments, word):
    found = probed.run(*arguments)
    assert (found.returncode, found.stdout) == (255, "") and word in found.stderr


def test_help():
    found = probed.run("--help")
    assert found.returncode == 0 and "Exit status: 0 safe; 1 loses" in found.stdout and not found.stderr


# --- applications of others, and our own ----------------------------------------------------------------------


def test_django_admin_loses():
    with probed.django() as (url, database):
        page = f"{url}/admin/notes/note/1/change/"
        report = probe(page, "--login", f"{url}/admin/login/", "--login-data", "username=anna&password=anna", status=1)
        assert report["words"].startswith("silently loses") and report["names"] == {"loses"} and report["restored"]
        assert "different fields" in " ".join(report["steps"])
        with sqlite3.connect(database) as connection:
            assert connection.execute("SELECT title, replace(text, char(13), ''), public, kind FROM notes_note").fetchone() \
                == ("A day", 'First line\nSecond <line> & "more"', 1, "b")
        found = probed.run("--yes", "--login", f"{url}/admin/login/", "--login-data", "username=anna&password=no", page)
        assert found.returncode == 255 and "came back" in found.stderr
        assert probe(page, status=3)["restored"] is None  # the login page has nothing to write in


def test_dokuwiki_loses_in_the_second_round():
    with probed.dokuwiki() as (url, page):
        before = page.read_text()
        report = probe(url, status=1)
        assert report["words"].startswith("loses in the second round") and "second-round" in report["names"]
        assert "date" in report["versions"] and "a lock" in report["steps"][0]
        assert page.read_text() == before
        # Its lock is given back: another session may edit at once.
        assert probe(url, "--one-session", status=1)["restored"] is True


@pytest.fixture(scope="module")
def rows(database):
    database.create("CREATE TABLE note (id integer PRIMARY KEY, title text, body text);"
                    "INSERT INTO note VALUES (1, 'A day', 'First line')", protect=["note"])
    return database


@pytest.mark.parametrize("kind", ["lighttpd", "apache", "nginx"])
def test_pg409_is_safe(rows, kind):
    with stack.serving(kind, rows) as server:
        report = probe(f"{server.url}/note/1", "-u", "anna:anna", "--as-b", "bob:bob", status=0)
        assert report["kind"] == "form" and {"_version", "_base"} <= set(report["versions"])
        steps = " ".join(report["steps"])
        assert "without a version is refused" in steps and "third person" in steps
        assert report["names"] <= {"body"}, report
        assert probe(f"{server.url}/note/1", "-u", "anna:no", status=3)["names"] == {"authorization"}
        report = probe(f"{server.url}/note/1", "-u", "anna:anna", "--api", status=0)
        assert report["kind"] == "json" and {"ETag", "_version"} <= set(report["versions"]), report
        assert report["names"] <= {"body"}, report
    assert rows.run("SELECT title, body FROM note") == [("A day", "First line")]
    assert rows.one("SELECT count(*) FROM pg409.conflict WHERE resolved_at IS NULL") == 0
