"""pg409 logs: what a person sees of it; hostile lines; files that are none; memory."""

import contextlib
import dataclasses
import gzip
import html.parser
import json
import os
import pathlib
import pty
import random
import re
import shutil
import subprocess

import pytest

from e2e.logbook import (
    ANNA, BOB, CASES, DORA, ERIK, KINDS, OVERLAP, PG409, REFUSED, START, Line, Person, clock, found_in,
    log_of, own, random_case, real, report, run, seconds, written)

# --- what a person sees ---------------------------------------------------------------------------


def test_text(tmp_path):
    (tmp_path / "access.log").write_text(log_of(OVERLAP + REFUSED))
    text = run(tmp_path / "access.log").stdout.decode()
    for words in ("Probable lost updates: 1\n", "none of this is a fact", "/things/5  (Rails)",
                  "2026-11-22 10:00:00 +0100 opened by anna, 10:01:00 saved by bob \"b\" jürgen",
                  "10:05:00 saved", "Refused writes (409, 412, 428): 5", "1       3       1  /api/things/9",
                  "What to do", "Begin with /things/5", "carl: PATCH /api/things/9 was sent again"):
        assert words in " ".join(text.split(" ")), text


def test_requests_sent_again_unchanged(tmp_path):
    again = Line(START, ERIK, "PUT", "/a/1", 412)
    others = [Line(START + 1, ERIK, "PUT", "/a/1?v=2", 412),               # another request
              Line(START + 2, ERIK, "GET", "/a/1"),                         # looked, and lost again
              Line(START + 3, ERIK, "PUT", "/a/1?v=2", 412),
              Line(START + 4, DORA, "PUT", "/a/1?v=2", 412),               # somebody else
              Line(START + 5, ERIK, "PUT", "/a/1?v=2", 200),
              Line(START + 6, ERIK, "PUT", "/a/1?v=2", 412)]
    assert found_in(tmp_path, [again] + others)["sent_again_unchanged"]["count"] == 0
    found = found_in(tmp_path, [dataclasses.replace(again, time=START + at) for at in (0, 5, 7, 4000)])
    (request,) = found["sent_again_unchanged"]["requests"]
    assert request["name"] == "10.0.0.4, curl/7.88.1: PUT /a/1"
    assert (request["412"], request["least_seconds"]) == (2, 2)


def test_refusals_by_address_user_and_hour(tmp_path):
    found = found_in(tmp_path, REFUSED + [Line(START + 7200, DORA, "POST", "/b?x", 409)])["refused"]
    assert (found["409"], found["412"], found["428"]) == (2, 3, 1)
    assert [(item["name"], item["409"], item["412"], item["428"]) for item in found["addresses"]] == [
        ("/api/things/9", 1, 3, 1), ("/b", 1, 0, 0)]
    assert [(item["name"], item["412"]) for item in found["people"]] == [("carl", 3), ("10.0.0.4", 0)]
    hours = found["hours_of_the_day"]
    assert len(hours) == 24 and hours[10] == {"409": 0, "412": 3, "428": 1} and hours[11]["409"] == 1
    assert hours[12]["409"] == 1
    assert found["hours"][0]["name"] == "2026-11-22 10:00"


def test_saves_through_pg409_are_not_suspected(tmp_path):
    lines = own((ANNA, "GET", "/articles/5", 200, None), (BOB, "GET", "/articles/5", 200, None),
                (BOB, "POST", "/articles/5?_save=1", 303, None),
                (ANNA, "POST", "/articles/5?_save=1", 409, None),
                (ANNA, "POST", "/articles/5?_save=1", 303, None))
    found = found_in(tmp_path, lines)
    assert found["lost_updates"]["most"] == 0 and found["lost_updates"]["saves_through_pg409"] == 2
    assert found["refused"]["409"] == 1


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, pairs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


HOSTILE = Person("10.0.0.9", "<script>alert('1')</script>&amp;\x1b[31m", "\"><img src=x onerror=alert(1)>")


def test_page_is_one_file_without_scripts_and_escapes_all(tmp_path):
    lines = OVERLAP + [Line(START + 1, HOSTILE, "GET", "/things/5/edit"),
                       Line(START + 2, BOB, "POST", "/things/5", 302),
                       Line(START + 3, HOSTILE, "POST", "/things/5", 302),
                       Line(START + 4, HOSTILE, "PUT", "/<b>\"'&", 409),
                       Line(START + 5, HOSTILE, "PUT", "/<b>\"'&", 409)]
    lines.sort(key=lambda line: line.time)
    (tmp_path / "<i>.log").write_text(log_of(lines))
    assert run("--html", "-o", tmp_path / "report.html", tmp_path / "<i>.log").returncode == 0
    text = (tmp_path / "report.html").read_text()
    page = Page(text)
    assert not {"script", "img", "b", "i", "link", "iframe"} & set(page.tags)
    assert page.tags.count("style") == 1 and "http" not in text.replace("http-equiv", "")
    assert "<script>alert('1')</script>&amp;\\x1b[31m" in page.text and "/<b>\"'&" in page.text


def test_hostile_lines_change_nothing_around_them(tmp_path):
    good = log_of(OVERLAP, "combined").encode().splitlines(keepends=True)
    fake = (b'10.0.0.7 - x [22/Nov/2026:10:03:00 +0100] \\"POST /things/5 HTTP/1.1\\" 302 1 '
            b'[22/Nov/2026:10:03:00 +0100] "POST /no HTTP/1.1" 401 1 "-" "-"\n')
    bad = [b"\0" * 5000 + b"\n", b"\xff\xfe\n", b"\n", b"\r\n", b'"' * 70000 + b"\n", b"x" * 300_000 + b"\n",
           b'{"MESSAGE":"' + b"\\u0000" * 9000 + b'"}\n', b"{\n", b'{"MESSAGE":[' + b"1," * 30000 + b"1]}\n",
           b'1.2.3.4 - - [22/Nov/2026:10:00:00 +0100] "\\x16\\x03\\x01" 400 0 "-" "-"\n', fake,
           b'1.2.3.4 - - [99/Nov/2026:10:00:00 +0100] "GET / HTTP/1.1" 200 0\n']
    (tmp_path / "log").write_bytes(b"".join(line + b"".join(bad) for line in good) + good[2][:60])
    found = report(tmp_path / "log")
    assert (found["lost_updates"]["least"], found["lost_updates"]["most"]) == (1, 1)
    assert found["lines"] == 3 * 13 + 1 and found["too_long"] == 3 * 2
    assert found["no_requests"] == 3 and found["requests"] == 3 + 3
    assert found["files"][0]["cut_off"] is True
    text = run(tmp_path / "log").stdout.decode()
    assert "6 lines longer than 64 KiB did not count." in text


def mutated(rng, data):
    data = bytearray(data)
    for _ in range(rng.randrange(60)):
        at, kind = rng.randrange(len(data)), rng.random()
        if kind < .4:
            data[at] = rng.choice(b'"\\ []{}%?&=/\n\0\xff-:,\x1b')
        elif kind < .7:
            del data[at:at + rng.randrange(1, 30)]
        else:
            start = rng.randrange(len(data))
            data[at:at] = data[start:start + rng.randrange(1, 200)]
    return bytes(data)


def test_mutated_logs_are_read_to_their_end(tmp_path):
    """With the sanitizers' program, where there is one."""
    program = os.environ.get("PG409_PROGRAM_ASAN")
    program = pathlib.Path(program).parent / "pg409" if program else PG409
    rng = random.Random(409)
    for number in range(CASES):
        kind = rng.choice(KINDS)
        case = [real(line) for line in random_case(rng)] + REFUSED
        data = mutated(rng, log_of(case, kind).encode())
        if rng.random() < .3:
            data = gzip.compress(data)
        for option in ("--json", "--html", "-q"):
            found = subprocess.run([program, "logs", option, "-"], input=data, capture_output=True)
            assert found.returncode in (0, 1), (number, found.stderr)
            text = found.stdout.decode()
            assert not set(text) & {"\x1b", "\0", "\x7f"}
            if option == "--json":
                json.loads(text)


def test_lines_out_of_order_are_told(tmp_path):
    found = found_in(tmp_path, [OVERLAP[2], OVERLAP[0], OVERLAP[1]])
    assert found["late"] == 2 and "minute later (by up to 5 minutes)" in found["missing"][0]
    # A request is logged when it ends: some seconds are no disorder, and an earlier save counts.
    quick = [dataclasses.replace(OVERLAP[2], time=START + 70), OVERLAP[1]]
    found = found_in(tmp_path, [OVERLAP[0], *quick])
    assert found["late"] == 0 and found["lost_updates"]["least"] == 1


def test_zones_are_instants(tmp_path):
    text = "".join(written(line, "combined", minutes) + "\n"
                   for line, minutes in zip(OVERLAP, (60, -330, 0)))
    (tmp_path / "log").write_text(text)
    found = report(tmp_path / "log")
    assert found["late"] == 0 and found["lost_updates"]["least"] == 1


# --- files ----------------------------------------------------------------------------------------


def test_standard_input_plain_and_packed(tmp_path):
    text = log_of(OVERLAP).encode()
    for data in (text, gzip.compress(text), gzip.compress(text[:100]) + gzip.compress(text[100:])):
        assert report("-", input=data)["lost_updates"]["least"] == 1


def test_files_that_are_none(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "binary").write_bytes(random.Random(409).randbytes(200_000))
    (tmp_path / "good").write_text(log_of(OVERLAP))
    whole = gzip.compress(log_of(OVERLAP * 500).encode())
    (tmp_path / "cut.gz").write_bytes(whole[:-40])
    (tmp_path / "bad.gz").write_bytes(whole[:200] + b"\xff" * 200)
    (tmp_path / "x.xz").write_bytes(b"\xfd7zXZ\0\0")
    assert report(tmp_path / "empty")["lines"] == 0
    for name, word in (("binary", b""), ("cut.gz", b"cut off"), ("bad.gz", b"damaged"),
                       ("nothing", b"No such file"), ("", b"Is a directory"), ("x.xz", b"xz -dc")):
        found = run("--json", tmp_path / "good", tmp_path / name)
        assert found.returncode == 1 and word in found.stderr, name
        assert json.loads(found.stdout)["lost_updates"]["least"] >= 1
    assert b"is no access log that pg409 knows" in run(tmp_path / "binary").stdout
    found = run(tmp_path / "nothing")
    assert (found.returncode, found.stdout) == (255, b"")


@pytest.mark.parametrize("arguments, word", [
    ([], b"say which files"), (["--nosuch", "x"], b"nosuch"), (["--format", "iis", "x"], b"iis"),
    (["--format", "%h", "x"], b"no time"), (["--fields", "x=y", "x"], b"WORD=MEMBER"),
    (["--apps", "rails,foo", "x"], b"foo"), (["--edit", "/a", "x"], b"--save"),
    (["--edit", "a", "--save", "/b", "x"], b"pair of patterns"), (["--most", "0", "x"], b"too high"),
    (["--max-age", "1h", "x"], b"1h"), (["-o", "/nowhere/at/all", "/dev/null"], b"/nowhere/at/all")])
def test_what_cannot_be_done_says_why(arguments, word):
    found = run(*arguments)
    assert (found.returncode, found.stdout) == (255, b"") and word in found.stderr


def test_help():
    found = run("--help")
    assert found.returncode == 0 and b"--edit=PATTERN" in found.stdout and not found.stderr


# --- memory ---------------------------------------------------------------------------------------


def big_log(path, mib):
    """Different people at different addresses in each line; refusals too, of which each is new."""
    with open(path, "w") as log:
        for at in range(mib * 8192):
            log.write(f"10.{at >> 16 & 255}.{at >> 8 & 255}.{at & 255} - - [{clock(START + at // 50)}] "
                      f"\"{('GET', 'POST', 'PUT')[at % 3]} /things/{at}/edit?x={at:030d} HTTP/1.1\" "
                      f"{(200, 302, 409)[at % 3]} 5 \"-\" \"Agent/{at % 999}\"\n")


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    path = tmp_path_factory.mktemp("logs") / "large"
    big_log(path, 160)
    assert path.stat().st_size > 150 << 20
    yield path
    path.unlink()


# A process counts the memory of the one it was forked from: this one is small.
MEASURE = """import os, resource, sys
child = os.fork()
if not child:
    resource.setrlimit(resource.RLIMIT_AS, (128 << 20, 128 << 20))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))"""


def peak_kib(path):
    command = ["/usr/bin/python3", "-I", "-c", MEASURE, PG409, "logs", "--json", path]
    return int(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def test_memory_does_not_grow_with_the_log(tmp_path, large):
    big_log(tmp_path / "small", 20)
    small, most = peak_kib(tmp_path / "small"), peak_kib(large)
    assert 20 * 1024 < most < 60 * 1024 and most - small < 4096
    with open(large, "rb") as log, gzip.open(tmp_path / "large.gz", "wb", 1) as packed:
        shutil.copyfileobj(log, packed)
    assert peak_kib(tmp_path / "large.gz") - small < 4096
    found = report(large)
    assert found["forgotten"] > 0 and any("memory is limited" in text for text in found["missing"])


NO_THREAD = """#include <errno.h>
#include <pthread.h>
int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{ (void)thread; (void)attr; (void)run; (void)arg; return EAGAIN; }
"""


def test_a_host_that_allows_no_thread(tmp_path, large):
    """Then it reads and looks in turns, and finds the same."""
    (tmp_path / "none.c").write_text(NO_THREAD)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", tmp_path / "none.so", tmp_path / "none.c"], check=True)
    with_thread, without = (subprocess.run([PG409, "logs", "--json", large], capture_output=True, check=True,
                                           env={**os.environ, **more}).stdout
                            for more in ({}, {"LD_PRELOAD": str(tmp_path / "none.so")}))
    assert with_thread == without and json.loads(without)["lines"] > 1000


def on_terminal(*arguments):
    """What the program writes on a terminal that is its standard error."""
    master, slave = pty.openpty()
    process = subprocess.Popen([PG409, "logs", *arguments], stdout=subprocess.DEVNULL, stderr=slave)
    os.close(slave)
    said = b""
    with contextlib.suppress(OSError):  # the end of a terminal
        while part := os.read(master, 65536):
            said += part
    os.close(master)
    assert process.wait() == 0
    return said


def test_progress_on_a_terminal(large):
    said = on_terminal(large)
    assert re.match(rb"\r\[#*-*\] \d+ %, \d+ MiB/s", said) and said.endswith(b" \r")
    assert on_terminal("--quiet", large) == b""
    assert run(large).stderr == b""
