"""A stale save that merges two long texts, beside the same stale save of a column that is never merged."""

import html.parser
import http.client
import random
import statistics
import time
import urllib.parse

import rig

GOAL = 0.5  # a merge costs at most as much again as the stale save without one
SIZE = 20 * 1024
WORDS = "the ferry leaves at ten it carries nine cars nobody minds crossing takes an hour old captain sound".split()
TABLE = """CREATE TABLE essays (id integer PRIMARY KEY, title text, body text, whole text);
COMMENT ON COLUMN essays.whole IS 'pg409: merge=atomic';
ALTER TABLE essays OWNER TO editor;
INSERT INTO essays VALUES (1, 'Merged', :'base', ''), (2, 'Not merged', '', :'base');
SELECT pg409.protect('essays');"""


def lines():
    dice = random.Random(409)
    text = []
    while sum(map(len, text)) < SIZE:
        text.append(" ".join(dice.choices(WORDS, k=dice.randint(6, 90))) + ".\n")
    return text


def edited(text, first, word):
    """Another word in the middle of every eighth line."""
    parts = [line.split(" ") for line in text]
    for part in parts[first::8]:
        part[len(part) // 2] = word
    return "".join(" ".join(part) for part in parts)


class Form(html.parser.HTMLParser):
    """What a browser would send of a page's form."""

    def __init__(self, page):
        super().__init__()
        self.fields, self.area = {}, None
        self.feed(page)

    def handle_starttag(self, tag, pairs):
        attributes = dict(pairs)
        if tag == "textarea":
            self.area, self.fields[attributes["name"]] = attributes["name"], ""
        elif tag == "input" and attributes.get("type") != "search" and "name" in attributes:
            self.fields.setdefault(attributes["name"], attributes.get("value") or "")

    def handle_data(self, data):
        if self.area:
            self.fields[self.area] += data

    def handle_endtag(self, tag):
        if tag == "textarea":
            self.fields[self.area] = self.fields[self.area].removeprefix("\n")
            self.area = None


class Client:
    """One connection that sends the same stale form again and again."""

    def __init__(self, site, database, row, column, text, theirs, words):
        self.words = words
        path = f"/essays/{row}"
        self.connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
        self.connection.request("GET", path, headers={"Accept": "text/html"})
        fields = Form(self.connection.getresponse().read().decode()).fields
        fields = {name: value for name, value in fields.items() if name != "_method"}
        fields[column] = edited(text, 1, "mine").replace("\n", "\r\n")
        database.psql("-c", f"UPDATE essays SET {column} = $t${theirs}$t$ WHERE id = {row}")
        self.request = ("POST", path, urllib.parse.urlencode(fields),
                        {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"})

    def window(self, seconds):
        times, start = [], time.perf_counter()
        while not times or time.perf_counter() - start < seconds:
            begun = time.perf_counter()
            self.connection.request(*self.request)
            answer = self.connection.getresponse()
            page = answer.read()
            times.append(1000 * (time.perf_counter() - begun))
            if answer.status != 409 or self.words not in page:
                raise RuntimeError(f"a stale save was answered with {answer.status}, or not as expected")
        return {"rate": 1000 * len(times) / sum(times), "all": len(times), "each": [len(times)],
                "p50": statistics.median(times), "p99": sorted(times)[len(times) * 99 // 100],
                "longest": max(times)}


def compared(bench, site, side, compare):
    text = lines()
    script = bench.folder / "essays.sql"
    script.write_text(TABLE)
    bench.database.psql("-v", f"base={''.join(text)}", "-f", script)
    theirs = edited(text, 5, "theirs")
    merged = Client(site, bench.database, 1, "body", text, theirs, b"Both changes are kept")
    plain = Client(site, bench.database, 2, "whole", text, theirs, b"_pick.whole")
    found = compare(side("merge of 20 KiB", merged, site, bench.database),
                    side("no merge", plain, site, bench.database), bench.plan)
    bench.note("stale save", "lighttpd", GOAL, found)
