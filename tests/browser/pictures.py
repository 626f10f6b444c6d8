#!/usr/bin/python3 -B
"""Takes the pictures that README.md shows, of the demo in a real browser.

    tests/browser/pictures.py [--every FOLDER]

Needs a built program (PG409_PROGRAM, or build/gcc/pg409.fcgi). --every takes each kind of page
instead, wide and narrow, light and dark, for somebody to look at.
"""

import pathlib
import re
import struct
import subprocess
import sys
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import stack  # noqa: E402
from browser import desk  # noqa: E402

OUT = stack.ROOT / "docs/pictures"
MOST = 150 * 1024


class Demo:
    """The demo's database; only the name and the way in that stack.Server wants."""

    def __init__(self, postgres):
        self.postgres = postgres
        subprocess.run([stack.ROOT / "demo/load", postgres.conninfo()], check=True)

    def conninfo(self):
        return self.postgres.conninfo("demo", "pg409")


def smaller(png):
    """The same picture, its data compressed as well as zlib can."""
    chunks, at = [], 8
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        chunks.append((kind, png[at + 8:at + 8 + length]))
        at += length + 12
    data = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
    wanted = [(b"IHDR", chunks[0][1]), (b"IDAT", zlib.compress(data, 9)), (b"IEND", b"")]
    return png[:8] + b"".join(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
                              for kind, body in wanted)


def store(person, name, width, height=None):
    path = OUT / f"{name}.png"
    person.screen(width).picture(path, height)
    path.write_bytes(smaller(path.read_bytes()))
    if path.stat().st_size > MOST:
        raise SystemExit(f"{path} has {path.stat().st_size} bytes, at most {MOST}")


def change(person, address, **fields):
    person.open(address)
    for name, value in fields.items():
        person.set(name, value)


def clash(anna, bob, both=True):
    """Both change the title of one article, or its text too; bob comes second."""
    body = anna.open("/articles/1").value("body")
    ours = body.replace("eleven times", "twelve times").replace("a workshop behind", "a shed behind")
    theirs = body.replace("a row of flats", "a block of flats")
    if both:
        theirs = theirs.replace("eleven times", "a dozen times")
    change(bob, "/articles/1", title="The ferry that will not retire", body=theirs, rating="8.9")
    change(anna, "/articles/1", title="The ferry that refused to retire", published_on="2026-03-09",
           **({"body": ours} if both else {}))
    anna.save()
    bob.save()


def for_readme(anna, bob):
    OUT.mkdir(exist_ok=True)
    anna.open("/")
    store(anna, "tables", 1040)
    anna.open("/articles/3")
    store(anna, "form", 1040, 1000)
    clash(anna, bob, both=False)
    store(bob, "conflict", 1000, 1180)
    store(bob, "conflict-narrow", 360, 1500)


class Every:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.count = 0

    def take(self, person, name):
        self.count += 1
        for width, dark in ((1200, False), (360, True), (360, False), (1200, True)):
            person.screen(width, dark=dark)
            file = f"{self.count:02}-{name}-{width}{'-dark' if dark else ''}.png"
            person.picture(self.folder / file, 2400)
        person.screen(1200)


def notices(anna, bob, pages):
    """What stands above a form: who else has it open, a draft, a newer version."""
    anna.open("/articles/8")
    bob.until(lambda: "opened this" in bob.open("/articles/8").text)
    pages.take(bob, "opened")
    bob.set("title", "A draft")
    bob.until(lambda: bob.script("return Object.keys(localStorage).some(key => key.startsWith('pg409 draft'))"))
    pages.take(bob.open("/articles/8"), "draft")
    bob.find("#draft-notice button").click()
    change(anna, "/articles/8", rating="7.7")
    anna.save()
    bob.script("window.dispatchEvent(new Event('focus'))")
    bob.until(lambda: bob.all("#newer-notice"))
    pages.take(bob, "newer")


def merged(anna, bob, pages):
    """auto_merge has saved two changes of one text."""
    bob.open("/articles/9")
    change(anna, "/articles/9", rating="6.6")
    anna.save()
    pages.take(bob.set("title", "Changed by both").save(), "merged")


def every(anna, bob, pages, postgres):
    for path in ("/", "/articles", "/every_type", "/packages?q=zzzzqqq", "/articles/3",
                 "/articles/_new", "/every_type/1", "/_problems/stale", "/articles/999", "/nothing"):
        anna.open(path)
        pages.take(anna, re.sub(r"\W+", "_", path).strip("_") or "tables")
    change(anna, "/articles/4", rating="99")
    pages.take(anna.save(), "refused")
    change(anna, "/articles/4", slug="salt")
    pages.take(anna.save(), "duplicate")
    change(anna, "/articles/4", rating="8.1")
    pages.take(anna.save(), "saved")
    clash(anna, bob)
    pages.take(bob, "conflict")
    bob.script("document.querySelectorAll('form').forEach(form => form.noValidate = true)")
    bob.pick("title", "yours")
    pages.take(bob.save(), "unresolved")
    pages.take(bob.open("/articles/1/_history"), "history")
    pages.take(bob.leave(bob.find("ol.history a").click), "version")
    pages.take(bob.leave(bob.find("a.button").click), "bring-back")
    change(bob, "/articles/5", title="Night bus notes")
    change(anna, "/articles/5", rating="7.7")
    anna.save()
    pages.take(bob.save(), "settled")
    change(bob, "/articles/6", title="The comma", tags="{language,signs}", featured="true")
    anna.open("/articles/6")
    anna.set("title", "Commas").choose("status", "review").find("button.main")
    anna.save()
    pages.take(bob.save(), "clash-short")
    bob.open("/articles/12")
    bob.find("summary").click()
    change(anna, "/articles/12", rating="7.7")
    anna.save()
    pages.take(bob.leave(bob.find("button.danger").click), "stale-delete")
    change(bob, "/articles/12", title="Weather, by hand")
    anna.open("/articles/12").find("summary").click()
    pages.take(anna.leave(anna.find("button.danger").click), "deleted")
    pages.take(bob.save(), "deleted-since")
    pages.take(bob.open("/_conflicts"), "unfinished")
    pages.take(bob.open("/"), "unfinished-first-page")
    notices(anna, bob, pages)
    postgres.stop()
    pages.take(anna.open("/articles"), "no-database")


def main():
    postgres = stack.Postgres()
    anna = bob = None
    try:
        demo = Demo(postgres)
        anna, bob = desk.Person("anna"), desk.Person("bob")
        pages = Every(sys.argv[2]) if sys.argv[1:2] == ["--every"] else None
        if pages:
            with stack.serving("lighttpd", demo, {"auto_merge": "text"}) as server:
                anna.at(server), bob.at(server)
                merged(anna, bob, pages)
        with stack.serving("lighttpd", demo) as server:
            anna.at(server), bob.at(server)
            if pages:
                every(anna, bob, pages, postgres)
            else:
                for_readme(anna, bob)
    finally:
        for person in (anna, bob):
            if person:
                person.quit()
        postgres.remove()


if __name__ == "__main__":
    main()
