"""pg409 doctor: finds what will make trouble, and only that."""

import pathlib
import subprocess

import pytest

import stack

PG409 = pathlib.Path(stack.PROGRAM).parent / "pg409"
FILE = """WITH c AS (INSERT INTO pg409.file_content (size, received, sha256, at) SELECT 3, 3, d, now() - interval '2 days'
  FROM (SELECT encode(sha256('abc'), 'hex') AS d) d RETURNING *),
k AS (INSERT INTO pg409.file_chunk SELECT id, 0, 'abc' FROM c)
INSERT INTO pg409.file (name, fold, content, size, sha256, media_type) SELECT 'a.txt', 'a.txt', id, 3, sha256, 'text/plain' FROM c"""


def doctor(*arguments):
    return subprocess.run([PG409, "doctor", *arguments], capture_output=True, text=True, timeout=60)


@pytest.fixture
def fresh(postgres):
    database = stack.Database(postgres)
    database.create("CREATE TABLE good (id integer PRIMARY KEY)", protect=["good"])
    return database


def test_nothing_is_wrong(fresh):
    fresh.run(FILE)
    found = doctor("--deep", fresh.conninfo("postgres"))
    assert found.returncode == 0 and "Nothing was found" in found.stdout, found.stdout + found.stderr


@pytest.mark.parametrize("make, words, cure", [
    ("CREATE TABLE keyless (a integer)", "keyless", "ADD PRIMARY KEY"),
    ("CREATE TABLE bare (id integer PRIMARY KEY)", "bare", "pg409.protect"),
    ("CREATE TABLE x (id integer PRIMARY KEY, updated_at timestamptz(0) NOT NULL)", "x.updated_at keeps 0 digits",
     "timestamptz(6)"),
    ("CREATE TABLE x (id integer PRIMARY KEY, lock_version integer)", "x.lock_version may be NULL", "pg409.protect"),
    ("DROP TABLE pg409.opened", "opened", "schema/pg409.sql"),
    (FILE + "; UPDATE pg409.file_chunk SET data = 'ab'", "a.txt", "backup"),
    (FILE + "; UPDATE pg409.file_content SET sha256 = NULL", "a.txt", "backup"),
    (FILE + "; UPDATE pg409.file_chunk SET data = 'abd'", "a.txt", "backup"),
    (FILE + "; DELETE FROM pg409.file; DELETE FROM pg409.file_revision", "3 bytes", "by themselves"),
    (FILE + "; UPDATE pg409.file SET fold = 'b'", "a.txt", "refold_files"),
    ("INSERT INTO pg409.file_upload (code, name, fold, media_type, expires) VALUES ('x', 'old.txt', 'old.txt', 'a/b',"
     " now() - interval '2 days')", "old.txt, of nobody", "by themselves"),
])
def test_what_is_wrong_is_named(fresh, make, words, cure):
    fresh.run(make)
    found = doctor("--deep", fresh.conninfo("postgres"))
    assert found.returncode == 1 and words in found.stdout and cure in found.stdout, found.stdout + found.stderr
    assert "good" not in found.stdout


def test_without_the_schema(postgres):
    database = stack.Database(postgres, install=False)
    found = doctor(database.conninfo("postgres"))
    assert found.returncode == 1 and "not installed" in found.stdout


def test_a_database_that_cannot_be_asked():
    found = doctor("host=/nowhere dbname=none")
    assert found.returncode == 2 and found.stderr.startswith("pg409 doctor: ") and not found.stdout


def test_use():
    assert doctor("--help").returncode == 0 and "--deep" in doctor("--help").stdout
    assert doctor("--nonsense").returncode == 255 and doctor("a", "b").returncode == 255
