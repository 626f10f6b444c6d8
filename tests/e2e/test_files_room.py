"""Files and what they may take: room in the database, memory of a worker; and what is left by a crash."""

import concurrent.futures
import contextlib
import json

import pytest

import stack
from e2e import fastcgi, files, test_tus
from e2e.files import memory


@pytest.fixture(autouse=True)
def tidy(database):
    files.empty(database)


@contextlib.contextmanager
def trigger(database, when, does):
    """A trigger function while the block runs."""
    table = when.split(" ON ")[1].split()[0]
    database.run(f"CREATE FUNCTION staged() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {does} END $$;"
                 f"CREATE TRIGGER staged {when} FOR EACH ROW EXECUTE FUNCTION staged()")
    try:
        yield
    finally:
        database.run(f"DROP TRIGGER staged ON {table}; DROP FUNCTION staged")


def test_room_is_counted_one_after_the_other(database):
    """Four that begin at once, each of whom would fit alone: together they do not exceed the limit."""
    slowly = "PERFORM pg_sleep(0.3); RETURN NEW;"
    with stack.serving("lighttpd", database, {"file_total_bytes": "1k"}, workers=4) as server, \
            trigger(database, "BEFORE INSERT ON pg409.file_upload", slowly):
        def upload(number):
            with server.client("anna") as anna:
                return anna.put(f"/_files/{number}", content=b"x" * 500)

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(upload, range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 507, 507]
    assert database.one("SELECT sum(size) FROM pg409.file_content") == 1000


def test_an_end_that_finds_bytes_missing_is_no_conflict(database):
    """What a crash of the database leaves: the last pieces are gone when the name is to be given."""
    gone = "IF NEW.sha256 IS NOT NULL THEN RETURN NULL; END IF; RETURN NEW;"
    with stack.serving("lighttpd", database, workers=1) as server, server.client("anna") as anna:
        url = files.create(anna, "a.txt", 3).headers["Location"]
        with trigger(database, "BEFORE UPDATE ON pg409.file_content", gone):
            answer = files.send(anna, url, 0, b"abc")
            assert answer.status_code == 409 and answer.json()["reason"] == "upload-offset"
            assert anna.put("/_files/b.txt", content=b"b").status_code == 503
        assert files.names(anna) == []
        assert anna.head(url, headers=files.TUS).status_code == 200
        assert files.whole(anna, "a.txt") == b"abc"


def test_memory_does_not_grow_with_the_files_of_a_form(database):
    with stack.serving("lighttpd", database, workers=1) as server, server.client("anna") as anna:
        for count in (1, 40):
            form = [("file", (f"{count} {number}.bin", files.random(2_200_000))) for number in range(count)]
            answer = anna.post("/_files/", files=form)
            assert answer.status_code == 201, answer.text
        assert max(memory(pid) for pid in test_tus.workers(server)) < 16 * 1024


def test_a_large_picture_is_shown_whole(database):
    data = files.random(9 << 20)
    with stack.serving("lighttpd", database, workers=1) as server, server.client("anna") as anna:
        assert anna.put("/_files/a.png", content=b"x").status_code == 201
        answer = anna.put("/_files/a.png", content=data, headers={"Content-Type": "image/png"})
        picture = anna.get(answer.json()["instance"] + "?_content=1")
        assert picture.headers["Content-Length"] == str(len(data)) and picture.content == data
        head = anna.head(answer.json()["instance"] + "?_content=1")
        assert head.status_code == 200 and head.headers["Content-Length"] == str(len(data)) and head.content == b""
        assert max(memory(pid) for pid in test_tus.workers(server)) < 16 * 1024


def test_a_list_of_many_files_takes_no_memory(database):
    database.run("INSERT INTO pg409.file_content (size, received, sha256) VALUES (0, 0, repeat('0', 64))")
    database.run("INSERT INTO pg409.file (name, fold, content, size, sha256, media_type) SELECT 'file ' || n, 'file ' || n,"
                 " (SELECT max(id) FROM pg409.file_content), 0, repeat('0', 64), 'text/plain' FROM generate_series(1, 30000) n")
    with fastcgi.Program(database) as program:
        listed = lambda query: json.loads(program.get("/_files/?" + query).text)  # noqa: E731
        assert len(listed("limit=1000")) == 1000 and listed("q=zzz") == []
        before = memory(program.workers[0].pid)
        names = [file["name"] for file in listed("order=name.desc")]
        assert len(names) == 30000 and names == sorted(names, reverse=True)
        assert memory(program.workers[0].pid) - before < 3000  # KiB; all of it are 12 MB


def test_a_list_of_files_that_breaks_says_so(database):
    """Rows that nobody can read come late in it."""
    database.run("INSERT INTO pg409.file_content (size, received, sha256) VALUES (0, 0, repeat('0', 64))")
    database.run("INSERT INTO pg409.file (name, fold, content, size, sha256, media_type) SELECT 'file ' || n, 'file ' || n,"
                 " (SELECT max(id) FROM pg409.file_content), 0, repeat('0', 64), 'text/plain' FROM generate_series(1, 30000) n")
    with fastcgi.Program(database, {"statement_timeout": "2s"}) as program:
        database.run("CREATE FUNCTION slow(text, text) RETURNS text LANGUAGE plpgsql STABLE COST 10000 AS"
                     " 'begin if $1 = ''file 9'' then perform pg_sleep(9); end if; return $2; end'")
        database.run("ALTER TABLE pg409.file RENAME TO file_all; CREATE VIEW pg409.file AS SELECT id, name, fold,"
                     " content, size, sha256, slow(name, media_type) AS media_type, updated_at, updated_by FROM pg409.file_all;"
                     " GRANT ALL ON pg409.file TO editor; GRANT ALL ON pg409.file_all TO editor")
        try:
            text = program.get("/_files/?limit=29999").text  # with a limit it is asked row by row
        finally:
            database.run("DROP VIEW pg409.file; ALTER TABLE pg409.file_all RENAME TO file; DROP FUNCTION slow")
        assert text.startswith("[{") and text.endswith("\nincomplete: the database failed on the way\n")
