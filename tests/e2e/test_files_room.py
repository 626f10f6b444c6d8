"""Files and what they may take: room in the database, memory of a worker; and what is left by a crash."""

import concurrent.futures
import contextlib

import pytest

import stack
from e2e import files, test_tus
from e2e.files import PAGE
from e2e.test_files import memory


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
