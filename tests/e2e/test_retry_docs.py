"""The loops of docs/retry.md, taken from that page: many of them add one to a number that others
write to as well, over connections that break."""

import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import threading

import psycopg
import pytest

import stack
from e2e.lossy import DROP, HALF, LATER, LOSE, PASS, REFUSE, Lossy

PAGE = stack.ROOT / "docs/retry.md"
ADDRESS = "http://127.0.0.1:8409"
BEGIN = 2**53 + 1  # what JavaScript and jq would round
LANGUAGES = {"sh": "Shell", "js": "JavaScript", "python": "Python", "php": "PHP", "c": "C"}
TABLES = """
CREATE TABLE counters (id integer PRIMARY KEY, n bigint UNIQUE CHECK (n <> 13), note text);
COMMENT ON COLUMN counters.n IS 'pg409: merge=delta';
CREATE TABLE notes (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text);
"""


def pieces(language):
    """The functions and the example of a language, as they stand on the page."""
    section = re.search(rf"^## {LANGUAGES[language]}\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.M | re.S)[1]
    found = re.findall(rf"^```{language}\n(.*?)^```", section, re.M | re.S)
    assert len(found) == 2, (language, len(found))
    return found


def test_every_function_is_short():
    for language in LANGUAGES:
        for part in re.split(r"\n\n+", pieces(language)[0]):
            assert part.count("\n") < 48, part


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """Of each language a function that makes the command for an address; it adds one and makes a note."""
    folder = tmp_path_factory.mktemp("retry")
    made = {}
    for language, end in (("sh", "sh"), ("js", "mjs"), ("python", "py"), ("php", "php"), ("c", "c")):
        text = "\n".join(pieces(language))
        assert text.count(ADDRESS) == 2 and "counters/1" in text
        if language == "c":
            text = text.replace("int main(void)\n{", "int main(int argc, char **argv)\n{\n(void)argc;\n"
                                "char counter[300], notes[300];\n"
                                'snprintf(counter, 300, "%s/counters/1?select=n", argv[1]);\n'
                                'snprintf(notes, 300, "%s/notes", argv[1]);')
            text = text.replace(f'"{ADDRESS}/counters/1?select=n"', "counter").replace(
                f'"{ADDRESS}/notes"', "notes")
            assert ADDRESS not in text
        text = {"sh": "set -eu\nlogin=anna:anna\n", "php": "<?php declare(strict_types=1);\n"}.get(language, "") + text
        (folder / f"program.{end}").write_text(text)
        made[language] = folder / f"program.{end}"
    subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", "-O1", "-o", folder / "program", made["c"], "-lcurl"],
                   check=True)
    yield made
    shutil.rmtree(folder)


def run(programs, language, url, counter=1):
    """One run against another address: its texts are put in place of those on the page."""
    source = programs[language]
    if language == "c":
        command = [source.with_suffix(""), url]
    else:
        copy = source.with_name(f"{threading.get_ident()}.{counter}{source.suffix}")
        copy.write_text(source.read_text().replace(ADDRESS, url).replace("counters/1", f"counters/{counter}"))
        command = [{"sh": "dash", "js": "node", "python": "/usr/bin/python3", "php": "php"}[language], copy]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def server(database):
    database.create(TABLES, protect=["counters", "notes"])
    with stack.serving("lighttpd", database, {"lock_timeout": "300ms"}, workers=4) as server:
        yield server


@pytest.fixture(autouse=True)
def counter(database, server):
    database.run("TRUNCATE counters, notes")
    database.run("INSERT INTO counters VALUES (1, %s, '')", BEGIN)


def number(database):
    return database.one("SELECT n FROM counters WHERE id = 1") - BEGIN


def many(work):
    """Runs each of them in a thread of its own; a failure of one is one of the test."""
    with concurrent.futures.ThreadPoolExecutor(len(work)) as pool:
        for done in [pool.submit(*one) for one in work]:
            done.result()


RUNS, EACH = 2, 4  # programs of a language, and how often each runs


def test_nobody_s_one_more_is_lost(programs, database, server):
    before = server.log().count("outcome=conflict")
    ended = threading.Event()

    def add(language):
        """On a busy machine a slow one may meet others eight times. Then it has done nothing, and says so."""
        added = tries = 0
        while added < EACH:
            done = run(programs, language, server.url)
            assert done.returncode == 0 or "stale" in done.stderr + done.stdout, (language, done.stderr)
            added, tries = added + (done.returncode == 0), tries + 1
            assert tries < 5 * EACH

    def others():
        """Two statements that know nothing of pg409: one counts too, one writes beside it."""
        count = 0
        with database.connect() as connection:
            while not ended.wait(0.2):
                connection.execute("UPDATE counters SET n = n + 1 WHERE id = 1")
                connection.execute("UPDATE counters SET note = note || '.' WHERE id = 1")
                count += 1
        return count

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        writer = pool.submit(others)
        try:
            many([(add, language) for language in LANGUAGES for _ in range(RUNS)])
        finally:
            ended.set()
        added = writer.result()
    mine = len(LANGUAGES) * RUNS * EACH
    assert added > 5 and number(database) == mine + added
    assert database.one("SELECT length(note) FROM counters") == added
    assert database.one("SELECT count(*) FROM notes") == mine
    assert server.log().count("outcome=conflict") > before  # the loops had something to do


@pytest.mark.parametrize("language", LANGUAGES)
def test_lost_answers_are_asked_for_again(programs, database, server, language):
    """The change arrives twice, the answer not; somebody else saves before it is sent again."""
    others = []

    def meanwhile():
        with database.connect() as connection:
            connection.execute("UPDATE counters SET n = n + 100 WHERE id = 1")
        others.append(100)

    plan = {"GET": [REFUSE, HALF, DROP], "PATCH": [DROP, LOSE, LOSE, PASS], "POST": [REFUSE, LATER, LOSE, PASS]}
    with Lossy(server.url, plan, meanwhile) as lossy:
        done = run(programs, language, lossy.url)
    assert done.returncode == 0, done.stderr
    assert number(database) == 1 + sum(others)
    assert database.one("SELECT count(*) FROM notes") == 1
    tell = re.compile(r"^(?:idempotency-key|if-match): *(.*?)\s*$", re.I | re.M)
    said = [tuple(tell.findall(head)) for head in lossy.heads("PATCH")]
    assert len(said[0]) == 2 and said == said[:1] * 4, said  # what got lost was sent again as it was
    assert len({tell.findall(head)[0] for head in lossy.heads("POST")}) == 1
    assert not any(kind for kinds in plan.values() for kind in kinds)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_cannot_be_mended_is_told_at_once(programs, database, server, language):
    def refused(word, **expected):
        with Lossy(server.url, {}) as lossy:
            done = run(programs, language, lossy.url)
        assert done.returncode != 0 and word in done.stderr + done.stdout, (done.stdout, done.stderr)
        assert {method: lossy.count(method) for method in ("GET", "PATCH", "POST")} == {
            "GET": 1, "PATCH": 1, "POST": 0, **expected}

    database.run("UPDATE counters SET n = 12")  # 13 is not allowed
    refused("check")
    database.run("UPDATE counters SET n = 20")
    database.run("INSERT INTO counters VALUES (2, 21, '')")  # 21 is taken: looks again, and sees that nothing is new
    refused("duplicate", GET=2)
    database.run("TRUNCATE counters")
    refused("no-row", PATCH=0)


def test_it_ends(programs, server):
    def gives_up(language):
        with Lossy(server.url, {"GET": [REFUSE] * 99}) as lossy:
            done = run(programs, language, lossy.url)
        assert done.returncode != 0 and "away" in done.stderr + done.stdout
        assert lossy.count("GET") == 8

    many([(gives_up, language) for language in LANGUAGES])


def test_who_holds_the_row_is_waited_for(programs, database, server):
    def waits(language):
        done = run(programs, language, server.url)
        assert done.returncode == 0, done.stderr

    with psycopg.connect(database.conninfo("postgres")) as holder:
        holder.execute("SELECT 1 FROM counters WHERE id = 1 FOR UPDATE")
        timer = threading.Timer(1.5, holder.rollback)
        timer.start()
        many([(waits, language) for language in LANGUAGES])
        timer.join()
    assert number(database) == len(LANGUAGES)
    assert "reason=locked" in server.log()


def test_pages_of_problems_name_the_manual_where_it_helps(server):
    with server.client("anna", headers={"Accept": "text/html"}) as anna:
        for name, helps in (("stale", True), ("locked", True), ("away", True), ("version-required", True),
                            ("duplicate", False), ("unsure", False), ("not-found", False)):
            assert ("docs/retry.md" in anna.get(f"/_problems/{name}").text) is helps, name
