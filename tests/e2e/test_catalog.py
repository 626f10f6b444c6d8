"""Tables as they come: made and changed while the program runs, with odd types, keys and names."""

import time
import urllib.parse

import pytest

import stack
from e2e import desk, pages
from e2e.desk import quick, read, result

ODD = ['We"ird', "_hidden", "täble", "with space", "a,b", "per%cent", "dot.ted", "select"]
KEYS = ["a/b", "a,b", "it's", 'a"b', "100%", "Käse", "a.b", ".", "..", "_new", "~", "a~2Fb", "a b",
        "a+b", "?", "#", "&", "a\\b", " ", "", "<b>", "☃"]

TABLES = """
CREATE TYPE mood AS ENUM ('happy', 'sad', 'it''s "odd", really');
CREATE DOMAIN short AS varchar(4);
CREATE DOMAIN positive AS integer NOT NULL CHECK (VALUE > 0);
CREATE TABLE kinds (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL,
  mood mood, need mood NOT NULL DEFAULT 'sad', few short, many positive DEFAULT 1,
  half numeric(5,1), whole numeric GENERATED ALWAYS AS (half * 2) STORED,
  serial serial, _odd text, __odder text);
COMMENT ON TABLE kinds IS 'Kinds <of> things';
COMMENT ON COLUMN kinds.mood IS 'How it "feels" & why';
CREATE TABLE pair (a text, b integer, c date, note text, PRIMARY KEY (c, a, b));
CREATE TABLE keyed (k text PRIMARY KEY, note text);
CREATE TABLE parted (day date, id integer, note text, PRIMARY KEY (day, id))
  PARTITION BY RANGE (day);
CREATE TABLE parted_a PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
CREATE TABLE parted_b PARTITION OF parted FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');
CREATE TABLE keyless (note text);
CREATE TABLE by_uuid (id uuid PRIMARY KEY, note text);
CREATE TABLE by_time (at timestamptz PRIMARY KEY, note text);
CREATE VIEW seen AS SELECT 1 AS one;
"""


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def escaped(value):
    """A value in an address, as the contract writes it."""
    if value == "":
        return "~"
    plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_"
    dots, out = value in (".", ".."), ""
    for at, char in enumerate(value):
        bare = char in plain and not (at == 0 and (char == "_" or dots))
        out += char if bare else "".join(f"~{byte:02X}" for byte in char.encode())
    return out


@pytest.fixture(scope="module")
def server(database):
    odd = "".join(f"CREATE TABLE {quoted(name)} (id integer PRIMARY KEY, {quoted(name)} text);"
                  for name in ODD)
    database.create(TABLES + odd, protect=["kinds", "parted"])
    # One worker: each has a catalog of its own, and here it matters what the one asked knows.
    with stack.serving("lighttpd", database, workers=1) as server:
        yield server


@pytest.fixture(scope="module")
def anna(server):
    return quick(server, "anna")


def until(condition, seconds=5):
    """Polls: the catalog is read again once a second at most."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it did not come true"
    return value


# --- changed while it runs ------------------------------------------------------------------------


def test_new_table_works_at_once(database, anna):
    assert anna.get("/").status_code == 200
    time.sleep(1.1)  # the catalog may be read again after a second: then at once is at once
    database.create("CREATE TABLE fresh (id integer PRIMARY KEY, note text)")
    assert anna.get("/fresh").json() == []
    assert result(anna.post("/fresh", json={"id": 1, "note": "x"})) == (201, "saved")


def test_unknown_name_is_asked_for_once_a_second_at_most(database, anna):
    """Else anybody could keep the database busy with names that do not exist."""
    calls = "SELECT sum(seq_scan + coalesce(idx_scan, 0)) FROM pg_stat_sys_tables " \
            "WHERE relname = 'pg_trigger'"
    anna.get("/no_such_table")
    started = time.monotonic()
    answers = {anna.get(f"/no_such_table_{number}").status_code for number in range(100)}
    assert answers == {404} and time.monotonic() - started < 2
    assert database.one(calls) is not None


@pytest.fixture
def changing(database, anna):
    """A row of a table that the program knows already, and that is about to change."""
    database.run("DROP TABLE IF EXISTS changing")
    database.create("CREATE TABLE changing (id integer PRIMARY KEY, note text, amount integer)",
                    protect=["changing"])
    database.run("INSERT INTO changing VALUES (1, 'one', 5)")
    until(lambda: anna.get("/") and anna.get("/changing/1").status_code == 200
          and "amount" in anna.get("/changing/1", headers=desk.PAGE).text)
    return "/changing/1"


def test_column_added_while_it_runs(database, anna, changing):
    database.run("ALTER TABLE changing ADD COLUMN extra text")
    body = {"extra": "new", "_version": "*"}
    answer = until(lambda: (answer := anna.patch(
        changing, json={**body, "_version": read(anna, changing)["_version"]})).status_code == 200
        and answer)
    assert answer.json()["extra"] == "new"


def test_column_dropped_while_it_runs(database, anna, changing):
    form = pages.form(anna, changing)
    database.run("ALTER TABLE changing DROP COLUMN amount")
    until(lambda: anna.get(changing).status_code == 200)  # until then 503: within the second
    assert "amount" not in read(anna, changing)
    form["note"] = "two"
    assert until(lambda: (answer := form.send(anna)).status_code == 400 and answer)
    form = pages.form(anna, changing)
    form["note"] = "two"
    assert result(form.send(anna)) == (303, "saved")


def test_type_changed_while_it_runs(database, anna, changing):
    for _ in range(6):
        read(anna, changing)  # prepared by now, in each worker
    database.run("ALTER TABLE changing ALTER COLUMN amount TYPE text USING amount::text || ' EUR'")
    assert read(anna, changing)["amount"] == "5 EUR"
    answer = until(lambda: (answer := anna.patch(changing, json={
        "amount": "6 EUR", "_version": read(anna, changing)["_version"]})).status_code == 200
        and answer)
    assert answer.json()["amount"] == "6 EUR"


def test_table_dropped_while_it_runs(database, anna, changing):
    database.run("DROP TABLE changing")
    until(lambda: anna.get(changing).status_code == 404)


def test_form_from_before_the_table_was_protected(database, anna, changing):
    database.run("SELECT pg409.unprotect('changing')")
    until(lambda: anna.get("/") and "~" in read(anna, changing)["_version"])
    form = pages.form(anna, changing)
    database.run("SELECT pg409.protect('changing')")
    until(lambda: anna.get("/") and "~" not in read(anna, changing)["_version"])
    form["note"] = "two"
    assert result(form.send(anna)) == (303, "saved")


# --- types ----------------------------------------------------------------------------------------


@pytest.fixture
def kind(database):
    number = database.one("INSERT INTO kinds (name, half, _odd, __odder) "
                          "VALUES ('n', 1.5, 'one', 'two') RETURNING id")
    return f"/kinds/{number}"


def test_enum_is_a_list_of_its_labels(anna, kind):
    form = pages.form(anna, kind)
    assert form.choices["mood"] == ["", "happy", "sad", 'it\'s "odd", really']
    assert form.choices["need"] == ["happy", "sad", 'it\'s "odd", really']
    form["mood"] = 'it\'s "odd", really'
    assert result(form.send(anna)) == (303, "saved")
    assert read(anna, kind)["mood"] == 'it\'s "odd", really'


def test_generated_identity_and_version_are_shown_only(anna, kind):
    form = pages.form(anna, kind)
    assert not {"id", "whole", "updated_at", "serial"} & set(form.fields)
    page = anna.get(kind, headers=desk.PAGE).text
    assert "<dt>whole</dt><dd>3.0</dd>" in page


def test_comment_is_shown_as_help(anna, kind):
    page = anna.get(kind, headers=desk.PAGE).text
    assert "How it &quot;feels&quot; &amp; why" in page or 'How it "feels" &amp; why' in page
    assert "Kinds &lt;of&gt; things" in anna.get("/", headers=desk.PAGE).text


def test_domain_has_the_limits_of_its_type(anna, kind):
    form = pages.form(anna, kind)
    form["few"] = "12345"
    assert result(form.send(anna)) == (422, "refused")
    form["few"], form["many"] = "1234", "0"
    assert result(form.send(anna)) == (422, "refused")
    form["many"] = "7"
    assert result(form.send(anna)) == (303, "saved")
    assert (read(anna, kind)["few"], read(anna, kind)["many"]) == ("1234", 7)


def test_value_that_is_rounded_on_storing_is_no_false_difference(anna, kind):
    form = pages.form(anna, kind)
    form["half"] = "2.25"
    assert result(form.send(anna)) == (303, "saved")
    assert result(form.send(anna)) == (303, "already-applied")
    assert read(anna, kind)["half"] == 2.3


def test_column_with_leading_underscores_is_doubled_in_forms(anna, kind):
    form = pages.form(anna, kind)
    assert (form["__odd"], form["___odder"]) == ("one", "two")
    form["__odd"], form["___odder"] = "three", "four"
    assert result(form.send(anna)) == (303, "saved")
    row = read(anna, kind)
    assert (row["_odd"], row["__odder"]) == ("three", "four")


def test_column_with_a_leading_underscore_survives_a_conflict(anna, kind):
    form, other = pages.form(anna, kind), pages.form(anna, kind)
    other["__odd"] = "theirs"
    other.send(anna)
    form["__odd"] = "mine"
    answer = form.send(anna)
    assert result(answer) == (409, "conflict")
    resolve = pages.forms(answer)[0]
    [pick] = [name for name in resolve.choices if name.startswith("_pick.")]
    resolve[pick] = "yours"
    assert result(resolve.send(anna)) == (303, "saved")
    assert read(anna, kind)["_odd"] == "mine"


# --- keys -----------------------------------------------------------------------------------------


def test_composite_key_is_in_the_order_of_the_key(database, anna):
    database.run("INSERT INTO pair VALUES ('x,y/z', 7, '2026-11-22', 'n')")
    path = "/pair/2026-11-22,x~2Cy~2Fz,7"
    form = pages.form(anna, path)
    form["note"] = "two"
    answer = form.send(anna)
    assert (result(answer), answer.headers["location"]) == ((303, "saved"), f"{path}?_done=saved")
    assert anna.get("/pair/2026-11-22,x~2Cy~2Fz").status_code == 404
    assert f'href="{path}"' in anna.get("/pair", headers=desk.PAGE).text


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_key_is_reached_saved_and_deleted(database, anna, key):
    database.run("INSERT INTO keyed VALUES (%s, 'one')", key)
    path = f"/keyed/{escaped(key)}"
    assert f'href="{path}"' in anna.get("/keyed", headers=desk.PAGE).text
    assert read(anna, path)["k"] == key
    form = pages.form(anna, path)
    form["note"] = "two"
    answer = form.send(anna)
    assert answer.headers["location"] == f"{path}?_done=saved"
    assert database.one("SELECT note FROM keyed WHERE k = %s", key) == "two"
    assert result(pages.form(anna, path, 1).send(anna)) == (303, "saved")
    assert database.one("SELECT count(*) FROM keyed WHERE k = %s", key) == 0


@pytest.mark.parametrize("key", ["it's", "Käse", "a b", "100%", "☃", 'a"b'])
def test_plain_percent_encoding_arrives_too(database, anna, key):
    database.run("INSERT INTO keyed VALUES (%s, 'one') ON CONFLICT DO NOTHING", key)
    assert read(anna, "/keyed/" + urllib.parse.quote(key))["k"] == key


def test_key_can_be_changed_and_leads_to_its_new_address(database, anna):
    database.run("INSERT INTO keyed VALUES ('old', 'one')")
    form = pages.form(anna, "/keyed/old")
    form["k"] = "new/key"
    answer = form.send(anna)
    assert answer.headers["location"] == "/keyed/new~2Fkey?_done=saved"
    assert anna.get("/keyed/old").status_code == 404


def test_key_in_another_spelling_is_the_same_row(database, anna):
    database.run("INSERT INTO by_uuid VALUES ('7c9e6679-7425-40de-944b-e07fc1f90ae7', 'u')")
    database.run("INSERT INTO by_time VALUES ('2026-11-22 07:49:00.5Z', 't')")
    assert read(anna, "/by_uuid/7C9E6679742540DE944BE07FC1F90AE7")["note"] == "u"
    assert read(anna, "/by_time/2026-11-22T08~3A49~3A00.5~2B01")["note"] == "t"


# --- tables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ODD)
def test_oddly_named_table_and_column(database, anna, name):
    table = f"/{escaped(name)}"
    column = f"_{name}" if name.startswith("_") else name
    assert f'href="{table}"' in anna.get("/", headers=desk.PAGE).text
    assert result(anna.post(table, json={"id": 1, name: "one"})) == (201, "saved")
    form = pages.form(anna, f"{table}/1")
    form[column] = "two"
    assert result(form.send(anna)) == (303, "saved")
    assert read(anna, f"{table}/1")[name] == "two"


def test_partitioned_table_is_one_table(database, anna):
    names = {tag["name"] for tag in anna.get("/").json()["tags"]}
    assert "parted" in names and not {"parted_a", "parted_b"} & names
    assert result(anna.post("/parted", json={"day": "2026-03-01", "id": 1})) == (201, "saved")
    form, stale = (pages.form(anna, "/parted/2026-03-01,1") for _ in range(2))
    form["note"], stale["note"] = "two", "three"
    assert result(form.send(anna)) == (303, "saved")
    assert result(stale.send(anna)) == (409, "conflict")


def test_row_moves_to_another_partition(database, anna):
    anna.post("/parted", json={"day": "2026-04-01", "id": 1})
    form = pages.form(anna, "/parted/2026-04-01,1")
    form["day"] = "2026-08-01"
    assert result(form.send(anna)) == (303, "saved")
    assert database.one("SELECT count(*) FROM parted_b WHERE day = '2026-08-01'") == 1


def test_table_without_key_is_explained(anna):
    assert "It has no primary key" in anna.get("/", headers=desk.PAGE).text
    answer = anna.get("/keyless")
    assert (answer.status_code, answer.json()["reason"]) == (404, "no-key")


def test_view_is_no_table(anna):
    assert anna.get("/seen").status_code == 404
