"""pg409 logs: overlaps that are known, found in logs of every format; logs that real servers wrote; hostile lines; memory."""

import contextlib
import dataclasses
import datetime
import functools
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

import stack
from e2e import pages

PG409 = pathlib.Path(stack.PROGRAM).parent / "pg409"
START = 1795338000  # 2026-11-22 10:00:00 +0100
CASES = 400 if os.environ.get("PG409_LONG") else 40


def run(*arguments, **more):
    return subprocess.run([PG409, "logs", *map(str, arguments)], capture_output=True, **more)


def report(*arguments, status=0, **more):
    found = run("--json", *arguments, **more)
    assert found.returncode == status, found.stderr
    return json.loads(found.stdout)


# --- logs that are made ---------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Person:
    client: str
    user: str = None
    agent: str = "Mozilla/5.0 (X11; Linux)"


ANNA = Person("10.0.0.1", "anna")
BOB = Person("fe80::2", "bob \"b\" jürgen", "Opera \"9\"")
CARL = Person("10.0.0.1", "carl")
DORA = Person("10.0.0.4")
ERIK = Person("10.0.0.4", agent="curl/7.88.1")
PEOPLE = (ANNA, BOB, CARL, DORA, ERIK)


@dataclasses.dataclass(frozen=True)
class Line:
    time: int
    who: Person
    method: str
    target: str
    status: int = 200
    referer: str = None


def apache(text):
    return "".join(c if " " <= c <= "~" and c not in '"\\' else
                   "\\" + c if c in '"\\' else
                   "".join(f"\\x{byte:02x}" for byte in c.encode()) for c in text or "-")


def nginx(text):
    return "".join(c if " " <= c <= "~" and c not in '"\\' else
                   "".join(f"\\x{byte:02X}" for byte in c.encode()) for c in text or "-")


@functools.lru_cache(maxsize=64)
def clock(time, minutes=60):
    zone = datetime.timezone(datetime.timedelta(minutes=minutes))
    return datetime.datetime.fromtimestamp(time, zone).strftime("%d/%b/%Y:%H:%M:%S %z")


def written(line, kind, minutes=60):
    escape = nginx if kind == "nginx" else apache
    before = {"vhost": "x.org:443 "}.get(kind, "") + line.who.client
    ident = "x.org" if kind == "lighttpd" else "-"
    text = (f"{before} {ident} {escape(line.who.user)} [{clock(line.time, minutes)}] "
            f"\"{line.method} {escape(line.target)} HTTP/1.1\" {line.status} 512")
    if kind != "common":
        text += f" \"{escape(line.referer)}\" \"{escape(line.who.agent)}\""
    if kind == "journald":
        whole = {"_HOSTNAME": "x", "MESSAGE": text, "PRIORITY": "6"}
        if line.time % 3 == 0:
            whole["MESSAGE"] = list(text.encode())
        return json.dumps(whole)
    return text


KINDS = ("common", "combined", "vhost", "lighttpd", "nginx", "journald")


def log_of(lines, kind="combined"):
    return "".join(written(line, kind) + "\n" for line in lines)


def found_in(folder, lines, *options, kind="combined"):
    (folder / "access.log").write_text(log_of(lines, kind))
    return report(*options, folder / "access.log")


# --- the model ------------------------------------------------------------------------------------


class Model:
    """What overlaps, said once more: lines in the order of their times."""

    AGE = 24 * 3600

    def __init__(self, kind):
        self.kind = kind
        self.opened = {}    # (thing, person) to (time, by a save of their own)
        self.saves = {}     # thing to {person: (time, doubts)}
        self.guarded = set()
        self.pairs = []

    def person(self, who):
        if who.user:
            return who.user
        return who.client, None if self.kind == "common" else who.agent

    def name(self, who):
        if who.user or self.kind == "common":
            return who.user or who.client
        return f"{who.client}, {who.agent}"

    def take(self, line):
        what, _, thing = line.target.rpartition("#")
        who = self.person(line.who)
        if what == "open":
            self.opened[thing, who] = (line.time, False)
        elif line.status in (409, 412):
            if line.time - self.opened.get((thing, who), (-self.AGE,))[0] <= self.AGE:
                self.opened[thing, who] = (line.time, False)
            self.guarded.add(thing)
        elif line.status < 400:
            self.save(line, thing, who)

    def save(self, line, thing, who):
        doubts = set() if line.who.user else {"person"}
        if thing.startswith("page"):
            doubts.add("address")
        if line.status == 200 and line.method == "POST":
            if thing.startswith("django"):
                return
            doubts.add("answer")
        opened, again = self.opened.get((thing, who), (None, False))
        saves = self.saves.setdefault(thing, {})
        if opened is not None and line.time - opened <= self.AGE:
            for other, (time, theirs, name) in saves.items():
                if other != who and opened <= time:
                    self.pair(line, thing, name, opened, time, doubts | theirs
                              | ({"again"} if again else set()))
            self.opened[thing, who] = (line.time, True)
        saves[who] = (line.time, doubts, self.name(line.who))

    def pair(self, line, thing, lost, opened, saved, doubts):
        if thing in self.guarded:
            doubts = doubts | {"guarded"}
        if opened == saved or saved == line.time:
            doubts = doubts | {"second"}
        self.pairs.append((address_of(thing), self.name(line.who), lost, opened, saved, line.time,
                           frozenset(doubts)))


def address_of(thing):
    app, number = thing.split("-")
    return {"rails": f"/blog/things/{number}", "django": f"/admin/shop/book/{number}/change/",
            "page": f"/pages/{number}"}[app]


def real(line):
    """A line of the model as an application would have it."""
    what, _, thing = line.target.rpartition("#")
    target = address_of(thing)
    if what == "open" and thing.startswith("rails"):
        target += "/edit"
    return dataclasses.replace(line, target=target)


def random_case(rng):
    things = [f"{app}-{number}" for app in ("rails", "django", "page") for number in (1, 2)]
    lines, time = [], START
    people = PEOPLE[:3] if rng.random() < .5 else PEOPLE
    guarded = 3 if rng.random() < .3 else 0
    for _ in range(rng.randrange(10, 160)):
        time += rng.choice((0, 1, 1, 7, 60, 600)) if rng.random() < .99 else 90_000
        who, thing = rng.choice(people), rng.choice(things)
        if rng.random() < .5:
            lines.append(Line(time, who, "GET", f"open#{thing}", rng.choice((200, 200, 304))))
            continue
        method = "PATCH" if thing.startswith("rails") and rng.random() < .2 else "POST"
        status = rng.choices((302, 303, 200, 422, 409, 412), (50, 10, 10, 5, guarded, guarded))[0]
        lines.append(Line(time, who, method, f"save#{thing}", status))
    return lines


def noise(rng, time):
    """What is in every log and overlaps with nothing."""
    who = Person(f"192.0.2.{rng.randrange(250)}", rng.choice((None, "anna")), "Bot/1.0")
    return rng.choice((
        Line(time, who, "GET", f"/static/{rng.randrange(99)}.css"),
        Line(time, who, "GET", f"/blog/things?page={rng.randrange(99)}"),
        Line(time, who, "GET", "/blog/things/1/edit", 403), Line(time, who, "HEAD", "/blog/things/1/edit"),
        Line(time, who, "POST", "/blog/things/1", 500), Line(time, who, "POST", "/login", 302),
        Line(time, who, "GET", "/login"), Line(time, who, "OPTIONS", "*"),
        Line(time, who, "GET", "/blog/things/1/edited")))


def seconds(text):
    return int(datetime.datetime.fromisoformat(text).timestamp())


def pairs_of(found):
    for pair in found["lost_updates"]["pairs"]:
        assert (pair["sure"] == "likely") == (not pair["doubts"])
        yield (pair["address"], pair["saved_over_by"], pair["saved_by"], seconds(pair["opened"]),
               seconds(pair["saved"]), seconds(pair["saved_over"]), frozenset(pair["doubts"]))


def ordered(pairs):
    return sorted(pairs, key=repr)


def expected(lines, kind):
    model = Model(kind)
    for line in lines:
        model.take(line)
    return model.pairs


@pytest.mark.parametrize("kind", KINDS)
def test_finds_every_overlap_and_no_other(tmp_path, kind):
    rng = random.Random(f"409 {kind}")
    likely = possible = 0
    for _ in range(CASES):
        case = random_case(rng)
        lines = []
        for line in case:
            lines += [noise(rng, line.time) for _ in range(rng.randrange(3))] + [real(line)]
        wanted = expected(case, kind)
        found = found_in(tmp_path, lines, "--apps", "rails,django,any", kind=kind)
        assert ordered(pairs_of(found)) == ordered(wanted)
        sure = sum(not pair[-1] for pair in wanted)
        assert (found["lost_updates"]["least"], found["lost_updates"]["most"]) == (sure, len(wanted))
        assert found["unread"] == 0 and found["forgotten"] == 0
        likely, possible = likely + sure, possible + len(wanted) - sure
    assert likely > CASES and possible > CASES  # the cases are worth something


def test_rotated_and_parallel_logs_are_read_in_the_order_of_their_times(tmp_path):
    rng = random.Random(409)
    for number in range(CASES // 4):
        case = random_case(rng)
        wanted = expected(case, "combined")
        lines = [real(line) for line in case]
        # Two servers behind one name, each with three files, packed or not; given in any order.
        names = []
        for server in range(2):
            mine = [line for at, line in enumerate(lines) if at % 2 == server]
            third = len(mine) // 3 + 1
            for part in range(3):
                path = tmp_path / f"{number}.{server}.{part}"
                text = log_of(mine[part * third:(part + 1) * third]).encode()
                path.write_bytes(gzip.compress(text) if part < 2 else text)
                names.append(path)
        rng.shuffle(names)
        # Lines of one second are in no order then: as many pairs, but not all as sure.
        found = report("--apps", "rails,django,any", *names)
        strict = {pair[:-1] for pair in wanted if "second" not in pair[-1] and "again" not in pair[-1]}
        clear = len({line.time for line in lines}) == len(lines)
        got = {pair[:-1] for pair in pairs_of(found)}
        assert found["late"] == 0
        assert not clear or ordered(pairs_of(found)) == ordered(wanted)
        assert len(strict - got) <= len(lines) - len({line.time for line in lines})


def test_nobody_is_sure_without_a_reason(tmp_path):
    """The same lines, with each thing that makes a pair less than likely, one at a time."""
    def lines(first=ANNA, second=BOB, status=302, opened=0, gap=60, address="/things/5"):
        return [Line(START, first, "GET", f"{address}/edit"),
                Line(START + opened, second, "POST", address, 302),
                Line(START + opened + gap, first, "POST", address, status)]

    def sure(*options, **more):
        found = found_in(tmp_path, lines(**more), *options)["lost_updates"]
        return found["least"], found["most"]

    assert sure(opened=60) == (1, 1)
    assert sure(opened=60, status=200) == (0, 1)
    assert sure(opened=60, first=DORA) == (0, 1)
    assert sure(opened=60, second=ERIK) == (0, 1)
    assert sure(opened=0) == (0, 1)
    assert sure(opened=60, gap=0) == (0, 1)
    assert sure(opened=60, address="/users/password") == (0, 1)
    assert sure(opened=60, status=422) == (0, 0)
    assert sure(opened=60, second=ANNA) == (0, 0)
    assert sure(opened=60, gap=25 * 3600) == (0, 0)
    assert sure("--max-age", "30", opened=60, gap=25 * 3600) == (1, 1)


# --- patterns of one's own ------------------------------------------------------------------------


def own(*pairs):
    return [Line(START + at, who, method, target, status, referer)
            for at, (who, method, target, status, referer) in enumerate(pairs)]


def test_own_patterns(tmp_path):
    lines = own((ANNA, "GET", "/app/show.cgi?mode=form&doc=7", 200, None),
                (BOB, "POST", "/app/store.cgi?doc=7", 302, None),
                (BOB, "POST", "/app/store.cgi?doc=8", 302, None),
                (ANNA, "POST", "/app/store.cgi?x=1&doc=7", 302, None))
    assert found_in(tmp_path, lines)["lost_updates"]["most"] == 0
    found = found_in(tmp_path, lines, "--edit", "*/show.cgi?doc={doc}&mode=form", "--save",
                     "*/store.cgi?doc={doc}")
    assert found["lost_updates"]["least"] == 1
    assert found["lost_updates"]["pairs"][0]["address"] == "/app/store.cgi?x=1&doc=7"


@pytest.mark.parametrize("referer, sure, address", [
    ("https://x.org/show.cgi?doc=7", "likely", "/show.cgi?doc=7"), (None, "possible", "/show.cgi?doc=7"),
    ("https://x.org/show.cgi?doc=8", None, None)])
def test_thing_that_only_the_body_names_is_known_by_the_page_before(tmp_path, referer, sure, address):
    lines = own((ANNA, "GET", "/show.cgi?doc=7", 200, None),
                (BOB, "GET", "/show.cgi?doc=7", 200, None),
                (BOB, "POST", "/store.cgi", 302, "https://x.org/show.cgi?doc=7"),
                (ANNA, "POST", "/store.cgi", 302, referer))
    pairs = found_in(tmp_path, lines, "--edit", "/show.cgi?doc={doc}", "--save",
                     "/store.cgi")["lost_updates"]["pairs"]
    assert [(pair["sure"], pair["address"]) for pair in pairs] == ([(sure, address)] if sure else [])


# --- what a person sees ---------------------------------------------------------------------------


OVERLAP = [Line(START, ANNA, "GET", "/things/5/edit"), Line(START + 60, BOB, "POST", "/things/5", 302),
           Line(START + 300, ANNA, "POST", "/things/5", 302)]
REFUSED = [Line(START + 400 + at, CARL, "PATCH", "/api/things/9", status)
           for at, status in ((0, 412), (2, 412), (9, 412), (10, 428), (90_000, 409))]


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
    assert re.match(rb"\r\[#+-*\] \d+ %, \d+ MiB/s", said) and said.endswith(b" \r")
    assert on_terminal("--quiet", large) == b""
    assert run(large).stderr == b""


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
