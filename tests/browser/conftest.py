"""One desk for all browser tests: tables, a server, and people at their own browsers."""

import pytest

import stack
from browser import desk

TABLES = """
CREATE TYPE mood AS ENUM ('calm', 'curious', 'cross');
CREATE TABLE author (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);
INSERT INTO author (name) VALUES ('Anna Lindqvist'), ('Bob Achebe');
CREATE TABLE article (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  title text NOT NULL, body text NOT NULL DEFAULT '', price numeric(8,2) CHECK (price > 0),
  mood mood NOT NULL DEFAULT 'calm', author_id integer REFERENCES author,
  born date, featured boolean NOT NULL DEFAULT false);
COMMENT ON TABLE article IS 'What we publish';
COMMENT ON COLUMN article.price IS 'With tax';
CREATE TABLE shelf (place text PRIMARY KEY, holds text);
INSERT INTO shelf VALUES ('A/1', 'maps');
CREATE TABLE keyless (line text);
CREATE TABLE control (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(40) NOT NULL,
  story text, word varchar(20), small smallint, big bigint, exact numeric, approx double precision,
  sure boolean NOT NULL DEFAULT false, maybe boolean, day date, clock time, moment timestamp,
  instant timestamptz, mood mood, author_id integer REFERENCES author, data jsonb, tags text[],
  uid uuid, span interval, _odd text, "two words" text, doubled integer GENERATED ALWAYS AS (small * 2) STORED);
"""


@pytest.fixture(scope="session")
def database(postgres):
    database = stack.Database(postgres)
    database.create(TABLES, protect=["article", "author", "control"])
    database.run("SELECT pg409.protect('article', history => true)")
    return database


@pytest.fixture(scope="session")
def server(database):
    with stack.serving("lighttpd", database) as server:
        yield server


def _person(name):
    @pytest.fixture(scope="session", name=f"{name}_s_browser")
    def browser():
        person = desk.Person(name)
        yield person
        person.quit()
    return browser


anna_s_browser, bob_s_browser, carl_s_browser = (_person(name) for name in stack.PEOPLE)


@pytest.fixture
def anna(anna_s_browser, server):
    return anna_s_browser.at(server)


@pytest.fixture
def bob(bob_s_browser, server):
    return bob_s_browser.at(server)


@pytest.fixture
def carl(carl_s_browser, server):
    return carl_s_browser.at(server)


@pytest.fixture
def article(database):
    """The address of a fresh article."""
    number = database.one("INSERT INTO article (title, body, price) VALUES ('The ferry', "
                          "'She crosses eleven times a day.', 8.40) RETURNING id")
    return f"/article/{number}"


@pytest.fixture
def stored(database):
    """What the table holds at an address: stored(address, column)."""
    def read(address, column="title"):
        table, _, key = address.strip("/").partition("/")
        rows = database.run(f'SELECT "{column}" FROM {table} WHERE id = %s', int(key))
        return rows[0][0] if rows else None
    return read
