"""The parser of multipart/form-data against Python's own, python-multipart and what clients send."""

import collections
import email
import json
import logging
import os
import pathlib
import random
import re
import subprocess

import httpx
import multipart
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stack

DUMP = pathlib.Path(stack.PROGRAM).parent / "tests/unit/multipart_dump"
CASES = 40_000 if os.environ.get("PG409_LONG") else 4_000
FAULT = "fault"

Part = collections.namedtuple("Part", "name filename media_type content")


def dump(content_type, body, *sizes):
    """The parts, and whether it ended well: True, False for never, or FAULT."""
    command = [DUMP, content_type, *map(str, sizes)]
    run = subprocess.run(command, input=body, capture_output=True, check=True)
    parts, ended, inside = [], False, False
    for line in run.stdout.splitlines():
        event = json.loads(line)
        kind = event.pop("event")
        assert ended is False, "an event behind the end"
        if kind == "part":
            assert not inside
            parts.append(Part(**event, content=b""))
        elif kind == "data":
            assert inside
            parts[-1] = parts[-1]._replace(content=parts[-1].content + bytes.fromhex(event["hex"]))
        elif kind == "part_end":
            assert inside
        else:
            ended = {"end": True, "fault": FAULT}[kind]
        inside = kind in ("part", "data")
    return parts, ended


# --- bodies ---------------------------------------------------------------------------------------

BOUNDARY = "0123456789abcXYZ'()+_,-./:=? "
EDGES = [1, 2, 3, 255, 4096, 8192, 16384, 65536]
NAMES = ["a", "file", "a b", "ä€😀", 'say "x"', "two\r\nlines", "100%", "%2", "x;y=z", "", "it's", "a=b&c"]
TYPES = [None, "text/plain", "application/octet-stream", "image/svg+xml"]


def boundary_of(rng):
    text = "".join(rng.choice(BOUNDARY) for _ in range(rng.choice([1, 2, 3, 20, 69, 70])))
    return text.rstrip() or "b"


def near_edge(rng):
    return max(0, rng.choice(EDGES) + rng.randrange(-3, 4))


def nearly(rng, boundary):
    """What has the look of a delimiter, or of a part of one."""
    delimiter = b"\r\n--" + boundary
    choice = rng.randrange(9)
    if choice == 0:
        return delimiter[:rng.randrange(len(delimiter))]
    if choice == 1:
        return delimiter[rng.randrange(len(delimiter)):]
    if choice == 2:
        return delimiter + rng.choice([b"x", b"-x", b"\0", b"-\r\n", b"\xff", b"-"])
    if choice == 3:
        return rng.choice([b"\r\n", b"\r", b"\n", b"\r\r\n", b"--", b"\n\n", b""])
    if choice == 4:
        return b"\n--" + boundary + rng.choice([b"\n", b"\r\n", b"--", b""])
    if choice == 5:
        return rng.randbytes(rng.randrange(20))
    if choice == 6 and rng.randrange(4) == 0:
        return rng.choice([b"x", b"\r", b"\0", b"\r\n--"]) * near_edge(rng)
    return b"word"


def is_delimited(content, boundary):
    return re.search(rb"\r\n--%b(--|[ \t\r\n])" % re.escape(boundary), b"\r\n" + content + b"\r\n")


def content_of(rng, boundary):
    while True:
        content = b"".join(nearly(rng, boundary) for _ in range(rng.randrange(8)))
        if not is_delimited(content, boundary):
            return content


def as_browsers_do(name):
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A").encode()


def head_of(rng, part, plain):
    fold = b" " if plain else rng.choice([b" ", b"", b"\r\n ", b"\r\n\t"])
    lines = [b'Content-Disposition: form-data;%bname="%b"' % (fold, as_browsers_do(part.name))]
    if part.filename is not None:
        lines[0] += b'; filename="%b"' % as_browsers_do(part.filename)
    if part.media_type:
        lines.append(b"Content-Type: " + part.media_type.encode() + rng.choice([b"", b"; charset=utf-8"]))
    more = [b"X-Other: a:b", b"Content-Transfer-Encoding: binary", b"X-Empty:"]
    lines += rng.sample(more[:2] if plain else more, rng.randrange(3))
    rng.shuffle(lines)
    return b"".join(line + b"\r\n" for line in lines) + b"\r\n"


class Body:
    def __init__(self, rng):
        self.plain = rng.randrange(2) == 0
        self.text = boundary_of(rng)
        self.boundary = self.text.encode()
        quoted = rng.randrange(2) or set(self.text) & set(" ;\"")
        self.type = "multipart/form-data; boundary=" + (f'"{self.text}"' if quoted else self.text)
        self.parts = [
            Part(rng.choice(NAMES), rng.choice([None, *NAMES]), rng.choice(TYPES), content_of(rng, self.boundary))
            for _ in range(rng.randrange(5))]
        self.preamble = b"" if self.plain else rng.choice([b"", b"", b"hello\r\n", b"\r\n", b"--\r\n"])
        self.padding = b"" if self.plain else rng.choice([b"", b"", b" ", b"\t \t"])
        delimiter = b"--" + self.boundary
        self.body = self.preamble + delimiter
        for part in self.parts:
            self.body += self.padding + b"\r\n" + head_of(rng, part, self.plain) + part.content + b"\r\n" + delimiter
        self.body += b"--" + rng.choice([b"\r\n", b"", b"\r\nepilogue\r\n" + delimiter + b"\r\n"])


# --- other parsers --------------------------------------------------------------------------------


def undo(name):
    return name.replace(b"%22", b'"').replace(b"%0D", b"\r").replace(b"%0A", b"\n").decode()


def by_email(body):
    """None for what it takes for something else: a CR or an LF alone is a line end to it."""
    line = re.compile(rb"(?:^|[\r\n])--%b(--)?[ \t]*(?:[\r\n]|$)" % re.escape(body.boundary))
    if not body.parts or any(line.search(part.content) for part in body.parts):
        return None
    message = email.message_from_bytes(b"Content-Type: " + body.type.encode() + b"\r\n\r\n" + body.body)
    return [(part["Content-Type"] and part.get_content_type(), part.get_payload(decode=True))
            for part in message.get_payload()]


# It tells of every byte behind the end.
logging.getLogger("multipart.multipart").setLevel(logging.ERROR)


class Collector:
    """What python-multipart's callbacks tell."""

    def __init__(self, body):
        self.parts, self.field, self.value, self.content, self.fields = [], b"", b"", b"", {}
        names = ("part_begin", "part_data", "part_end", "header_field", "header_value", "header_end")
        parser = multipart.MultipartParser(body.boundary, {f"on_{name}": getattr(self, name) for name in names})
        parser.write(body.body)

    def part_begin(self):
        self.content, self.fields = b"", {}

    def part_data(self, data, start, end):
        self.content += data[start:end]

    def part_end(self):
        _, options = multipart.multipart.parse_options_header(self.fields[b"content-disposition"])
        filename = options.get(b"filename")
        self.parts.append((undo(options[b"name"]), None if filename is None else undo(filename), self.content))

    def header_field(self, data, start, end):
        self.field += data[start:end]

    def header_value(self, data, start, end):
        self.value += data[start:end]

    def header_end(self):
        self.fields[self.field.lower()] = self.value
        self.field = self.value = b""


def by_python_multipart(body):
    """None for what it does not know: a preamble, padding, folded fields, empty names and fields, no part at all."""
    if not body.plain or not body.parts or any(part.name == "" or part.filename == "" for part in body.parts):
        return None
    return Collector(body).parts


def test_what_was_written_is_read_as_by_others():
    rng = random.Random(409)
    compared = collections.Counter()
    for number in range(CASES):
        body = Body(rng)
        sizes = [near_edge(rng) or 1 for _ in range(rng.randrange(3))]
        if sizes and len(body.body) // min(sizes) > 50_000:
            sizes = []
        found = dump(body.type, body.body, *sizes)
        assert found == (body.parts, True), (number, body.type, body.body[:3000], sizes)
        others = by_email(body)
        if others is not None:
            compared["email"] += 1
            assert [(part.media_type, part.content) for part in found[0]] == others, (number, body.body[:3000])
        others = by_python_multipart(body)
        if others is not None:
            compared["multipart"] += 1
            assert [(part.name, part.filename, part.content) for part in found[0]] == others, (number, body.body[:3000])
    assert min(compared["email"], compared["multipart"]) > CASES / 10, compared


# --- damaged bodies -------------------------------------------------------------------------------


def contents(body, boundary):
    """The contents by the rule alone: from an empty line, whose end may belong to the delimiter, up to a delimiter.
    And how it ends: True, False within a content, None within a head."""
    delimiter = re.compile(rb"\r\n--%b(--|(?=[ \t\r\n]))" % re.escape(boundary))
    head = re.compile(rb"[ \t]*\r\n(?:.*?\r\n)??\r\n", re.S)
    body, found = b"\r\n" + body, []
    at = delimiter.search(body)
    while at and not at[1]:
        begin = head.match(body, at.end())
        if not begin:
            return found, None
        at = delimiter.search(body, begin.end() - 2)
        found.append(body[begin.end():at.start() if at else None])
    return found, bool(at)


def damage(rng, body, boundary):
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(body) + 1)
        what = rng.choice([b"", b"\r", b"\n", b"-", b"\r\n", b"\r\n--" + boundary, b"\0", b"\xff", b" ", b'"', b"\\"])
        body = body[:at] + what + body[at + rng.randrange(3):]
    return body


def test_damaged_bodies():
    """A fault or not, what was told before it is what stands there, and cutting changes nothing."""
    rng = random.Random(7578)
    seen = collections.Counter()
    for number in range(CASES // 2):
        whole = Body(rng)
        body = damage(rng, whole.body, whole.boundary)
        parts, ended = dump(whole.type, body)
        assert dump(whole.type, body, rng.randrange(1, 40), near_edge(rng) or 1) == (parts, ended), (number, body)
        expected, closes = contents(body, whole.boundary)
        found = [part.content for part in parts]
        seen[ended] += 1
        case = number, whole.type, body
        if ended is True:
            assert closes and found == expected, case
        elif ended == FAULT or closes is None:
            assert found == expected[:len(found)], case
        else:
            # The last bytes may be held back.
            assert not closes and len(found) == len(expected) and found[:-1] == expected[:-1], case
            assert not found or expected[-1].startswith(found[-1]), case
    assert min(seen[FAULT], seen[True], seen[False]) > CASES / 100, seen


# --- clients --------------------------------------------------------------------------------------

# No escape as it is, for the browsers' way has none for the percent sign.
NAME = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=60).filter(
    lambda name: not re.search("%(22|0D|0A)", name))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(NAME, NAME, st.binary(max_size=300)), min_size=1, max_size=4))
def test_httpx(files):
    request = httpx.Request("POST", "http://localhost/", files=[
        (name, (filename, content, "text/x-any")) for name, filename, content in files])
    found = dump(request.headers["Content-Type"], request.read())
    assert found == ([Part(name, filename, "text/x-any", content) for name, filename, content in files], True)


@pytest.mark.parametrize("size", [1, 70, 8192, 100_000])
def test_a_large_file(size, tmp_path):
    content = random.Random(size).randbytes(300_000) + b"\r\n--" * 1000
    request = httpx.Request("POST", "http://localhost/", data={"a": "b"}, files={"f": ("g", content, "a/b")})
    assert dump(request.headers["Content-Type"], request.read(), size) == (
        [Part("a", None, None, b"b"), Part("f", "g", "a/b", content)], True)


@pytest.mark.parametrize("content_type", ["", "text/plain", "multipart/form-data", "multipart/form-data; boundary="])
def test_no_boundary(content_type):
    assert dump(content_type, b"--\r\n") == ([], FAULT)
