"""Sixteen writers on one row. A trigger keeps a diary in the database: on which version each write
landed and which one it made. Every write says which version it claims as its base, so the diary
shows any lost update: two writes on one base, or a write on another version than it claimed."""

import concurrent.futures
import contextlib
import itertools
import os
import pathlib
import signal
import threading
import time

import httpx
import pytest

import stack

WRITERS = 16
LONG = bool(os.environ.get("PG409_LONG"))
STAMP = "to_char(%s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
TABLES = f"""
    CREATE TABLE counter (id integer PRIMARY KEY, stamp text, claimed text, total integer NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now());
    INSERT INTO counter VALUES (1, 'first', NULL, 0);
    CREATE SCHEMA diary;
    CREATE TABLE diary.write (n serial, stamp text, claimed text, base text, result text);
    CREATE FUNCTION diary.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO diary.write (stamp, claimed, base, result) VALUES
        (NEW.stamp, NEW.claimed, {STAMP % 'OLD.updated_at'}, {STAMP % 'NEW.updated_at'});
        RETURN NULL; END $$;
    CREATE TRIGGER diary AFTER UPDATE ON counter FOR EACH ROW EXECUTE FUNCTION diary.note();
"""


def seconds(short):
    return 60 if LONG else short


@pytest.fixture(scope="module")
def cluster():
    """One of its own, for it is restarted."""
    cluster = stack.Postgres()
    yield cluster
    cluster.remove()


@pytest.fixture
def counter(cluster):
    database = stack.Database(cluster)
    database.create(TABLES, protect=["counter"])
    yield database
    database.sql.close()


class Race:
    """The writers, and what each of them was told."""

    def __init__(self, server):
        self.server = server
        self.saved = []     # (stamp, base, result)
        self.refused = set()  # stamps that were told that they conflict
        self.lost = set()   # stamps without an answer, or with one that leaves it open
        self.numbers = itertools.count()
        self.stop = threading.Event()
        self.failures = []

    def run(self, duration, meanwhile=None):
        with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
            writers = [pool.submit(self.write, number) for number in range(WRITERS)]
            try:
                if meanwhile:
                    meanwhile(self)
                else:
                    self.stop.wait(duration)
            finally:
                self.stop.set()
            for writer in writers:
                writer.result()
        assert self.failures == []

    def write(self, number):
        with self.server.client(stack.PEOPLE[number % 3]) as client:
            while not self.stop.is_set():
                with contextlib.suppress(httpx.TransportError):
                    row = client.get("/counter/1")
                    if row.status_code == 200:
                        self.save(client, number, row.json())

    def save(self, client, number, row):
        """Half of them name the version in a field, half of them in If-Match."""
        stamp, base = f"{number}-{next(self.numbers)}", row["_version"]
        body = {"stamp": stamp, "claimed": base, "total": row["total"] + 1}
        headers = {"If-Match": f'"{base}"'} if number % 2 else {}
        body.update({} if headers else {"_version": base})
        try:
            answer = client.patch("/counter/1", json=body, headers=headers)
        except httpx.TransportError:
            self.lost.add(stamp)
            return
        if answer.status_code == 200:
            self.saved.append((stamp, base, answer.headers["pg409-version"]))
        elif answer.status_code == (412 if headers else 409):
            self.refused.add(stamp)
        elif answer.status_code >= 500:
            self.lost.add(stamp)
        else:
            self.failures.append((answer.status_code, answer.text))


def check(race, database, open_answers=False):
    """The whole promise, from the diary."""
    diary = database.run("SELECT stamp, claimed, base, result FROM diary.write ORDER BY n")
    bases = [base for _, _, base, _ in diary]
    assert len(bases) == len(set(bases)), "a base was used twice"
    assert all(claimed == base for _, claimed, base, _ in diary), "written on another version"
    assert [row[3] for row in diary[:-1]] == bases[1:], "the versions form one chain"
    assert all(before < after for _, _, before, after in diary), "versions go forward"
    landed = {stamp: (base, result) for stamp, _, base, result in diary}
    for stamp, base, result in race.saved:
        assert landed.get(stamp) == (base, result), "acknowledged, but not so in the row"
    assert not race.refused & set(landed), "refused, but written"
    # Writes whose answer was lost: reading tells what became of them, and nothing else landed.
    told = {stamp for stamp, _, _ in race.saved}
    assert set(landed) <= told | race.lost
    if not open_answers:
        assert race.lost == set()
    row = database.run(f"SELECT stamp, total, {STAMP % 'updated_at'} FROM counter")[0]
    assert row == (diary[-1][0], len(diary), diary[-1][3]), "the row is the end of the chain"


@pytest.mark.parametrize("kind, duration", [("lighttpd", 5), ("apache", 5), ("nginx", 3)])
def test_acknowledged_writes_form_one_chain(counter, kind, duration):
    with stack.serving(kind, counter, workers=4) as server:
        race = Race(server)
        race.run(seconds(duration))
        check(race, counter)
        assert len(race.saved) > 20 and len(race.refused) > 20  # it was a race


def workers_of(server):
    """The processes of the program that this server runs."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.readlink(folder / "exe") == str(server.program):
                found.append(int(folder.name))
    return found


def wait_for_saves(race, count):
    """Until that many more writes were acknowledged."""
    goal, end = len(race.saved) + count, time.monotonic() + 60
    while len(race.saved) < goal:
        assert time.monotonic() < end, "the writers got stuck"
        time.sleep(0.01)


@pytest.mark.parametrize("kind", ["lighttpd", "apache"])
def test_killed_worker_and_restarted_database_break_no_chain(counter, cluster, kind):
    def disturb(race):
        for _ in range(10 if LONG else 1):
            wait_for_saves(race, 20)
            before = workers_of(server)
            os.kill(before[0], signal.SIGKILL)
            wait_for_saves(race, 20)
            os.kill(workers_of(server)[-1], signal.SIGKILL)
            counter.sql.close()
            cluster.restart()
            counter.sql = counter.connect()
            wait_for_saves(race, 20)

    with stack.serving(kind, counter, workers=4) as server:
        race = Race(server)
        race.run(None, disturb)
        check(race, counter, open_answers=True)
        assert len(race.saved) >= 60


def test_killed_backends_break_no_chain(counter):
    """The connection to the database goes in the middle of writes: they are sent again, safely."""
    def disturb(race):
        for _ in range(40):
            wait_for_saves(race, 3)
            counter.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE application_name = 'pg409' AND datname = %s", counter.name)

    with stack.serving("lighttpd", counter, workers=4) as server:
        race = Race(server)
        race.run(None, disturb)
        check(race, counter, open_answers=True)
