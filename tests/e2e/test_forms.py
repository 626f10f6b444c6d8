"""Forms: the right control for each type, and nothing changes that nobody touched."""

import html
import pathlib
import re

import pytest

import stack
from e2e import desk, pages
from e2e.desk import quick, read, result

ROOT = pathlib.Path(stack.ROOT)
SCRIPT = (ROOT / "schema/demo.sql").read_text()
ROWS = {
    "infinities": {"a_date": "-infinity", "a_timestamp": "-infinity", "a_timestamptz": "infinity",
                   "a_real": "Infinity", "a_double": "-Infinity", "a_numeric": "Infinity"},
    "BC": {"a_date": "0044-03-15 BC", "a_timestamp": "0044-03-15 12:00:00 BC",
           "a_timestamptz": "4713-01-01 00:00:00+00 BC"},
    "far": {"a_date": "12026-11-22", "a_timestamp": "294276-12-31 23:59:59.999999"},
    "NaN": {"a_real": "NaN", "a_double": "NaN", "a_numeric": "NaN"},
    "digits": {"a_numeric": "1e-30", "a_double": "0.1", "a_real": "3.4028235e38",
               "a_bigint": "-9223372036854775808", "a_money": "-0.01"},
    "microseconds": {"a_time": "07:49:00.000001", "a_timetz": "07:49:00.5+05:30",
                     "a_timestamp": "2026-11-22 07:49:00.000001"},
    "whole minutes": {"a_time": "07:49:00", "a_timestamp": "2026-11-22 07:49:00"},
    "end of day": {"a_time": "24:00:00", "an_interval": "-1 year 2 mons -3 days +04:05:06.789"},
    "CRLF": {"a_text": "one\r\ntwo\r\n\r\nthree\r\n"},
    "mixed ends": {"a_text": "one\r\ntwo\nthree\rfour"},
    "leading newline": {"a_text": "\n\none", "a_varchar": "\ntwo"},
    "trailing newline": {"a_text": "one\n", "a_varchar": "two\n\n"},
    "empty text": {"a_text": "", "a_varchar": "", "a_char": "", "a_json": '""', "a_jsonb": '""'},
    "blanks": {"a_text": "  ", "a_varchar": " x ", "a_char": "a"},
    "markup": {"a_text": '</textarea><script>"&amp;&#10;\'', "a_varchar": '"><b>&quot;'},
    "control": {"a_text": "tab\there \x01\x1f\x7f\u0085\u2028"},
    "arrays": {"texts": '{"a,b","say \\"x\\"",NULL,""}', "numbers": "{}"},
    "nested": {"texts": "{{a,b},{c,d}}"},
    "bounds": {"numbers": "[0:1]={1,2}"},
    "blanks around json": {"a_json": ' {"b": 1}\n'},
    "odd json": {"a_json": '{ "b" : 1.0 ,\n\t"a":[ ] }', "a_jsonb": '{"\\u00e4": 1e400}'},
    "bytes": {"a_bytea": "\\x00ff0d0a"},
    "ranges": {"a_range": "[,5)", "an_inet": "2001:db8::1/64"},
    "booleans": {"a_boolean": True, "a_maybe": False},
    "true and unknown": {"a_boolean": True, "a_maybe": None},
    "nothing": {"a_uuid": None, "a_money": None},
}
# Control of each column of an empty row: an input of that type, a textarea or a select.
CONTROLS = {
    "a_smallint": "text", "an_integer": "text", "a_bigint": "text", "a_numeric": "text",
    "a_money": "text", "a_real": "text", "a_double": "text", "a_boolean": "checkbox",
    "a_maybe": "select", "a_text": "textarea", "a_varchar": "text", "a_char": "text",
    "a_date": "date", "a_time": "time", "a_timetz": "text", "a_timestamp": "datetime-local",
    "a_timestamptz": "text", "an_interval": "text", "a_uuid": "text", "a_json": "textarea",
    "a_jsonb": "textarea", "an_inet": "text", "texts": "text", "numbers": "text",
    "a_mood": "select", "a_range": "text",
}


@pytest.fixture(scope="module")
def server(database):
    mood = re.search(r"^create type mood .*?;", SCRIPT, re.M | re.S).group()
    table = re.search(r"^create table every_type .*?^\);", SCRIPT, re.M | re.S).group()
    demo_rows = re.search(r"^insert into every_type .*?\);$", SCRIPT, re.M | re.S).group()
    database.create(f"{mood} {table} {demo_rows} CREATE TABLE articles (id integer PRIMARY KEY, "
                    "title text NOT NULL, body text NOT NULL DEFAULT '', done boolean NOT NULL "
                    "DEFAULT false)", protect=["every_type", "articles"])
    with stack.serving("lighttpd", database) as server:
        yield server


@pytest.fixture(scope="module")
def anna(server):
    return quick(server, "anna")


@pytest.fixture(scope="module")
def bob(server):
    return quick(server, "bob")


def controls(page):
    """Name to kind of control, as the page's tags say."""
    found = {}
    for tag, attributes in re.findall(r"<(input|textarea|select)\b([^>]*)>", page):
        name = re.search(r' name="([^"]*)"', attributes)
        kind = re.search(r' type="([^"]*)"', attributes)
        if name:
            found[html.unescape(name.group(1))] = kind.group(1) if kind else tag
    return found


VALID = {"date": r"\d{4,}-\d\d-\d\d", "time": r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,3})?)?",
         "datetime-local": r"\d{4,}-\d\d-\d\d[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,3})?)?"}


def as_a_browser_sends(form, kinds):
    """What a browser makes of values before it sends them (HTML, 4.10.5 and 4.10.22.4)."""
    for name, value in form.fields.items():
        kind = kinds.get(name)
        if kind in VALID and not re.fullmatch(VALID[kind], value):
            value = ""
        elif kind in ("time", "datetime-local"):
            value = re.sub(r":00$", "", value) if value.count(":") == 2 else value
        elif kind == "text":
            value = value.replace("\r", "").replace("\n", "")
        value = value.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
        form.fields[name] = value
    return form


def open_row(client, path):
    answer = client.get(path, headers=desk.PAGE)
    return as_a_browser_sends(pages.forms(answer)[0], controls(answer.text))


def whole_row(database, number):
    return database.one("SELECT every_type::text FROM every_type WHERE id = %s", number)


def typed_row(database, values):
    if not values:
        return database.one("INSERT INTO every_type DEFAULT VALUES RETURNING id")
    return database.one(f"INSERT INTO every_type ({', '.join(values)}) VALUES "
                        f"({', '.join(['%s'] * len(values))}) RETURNING id", *values.values())


# --- every type -----------------------------------------------------------------------------------


def test_each_type_has_its_control(database, anna):
    number = database.one("SELECT max(id) FROM every_type WHERE a_text IS NULL")
    found = controls(anna.get(f"/every_type/{number}", headers=desk.PAGE).text)
    shown = {name: kind for name, kind in found.items() if not name.startswith("_")}
    assert shown == CONTROLS


def test_what_cannot_be_edited_is_shown(database, anna):
    number = typed_row(database, {"a_bytea": "\\xdeadbeef", "a_numeric": 1, "a_money": 2})
    page = anna.get(f"/every_type/{number}", headers=desk.PAGE).text
    assert "<dd>4 bytes</dd>" in page and "<dd>3.00</dd>" in page


@pytest.mark.parametrize("number", [1, 2, 3])
def test_untouched_form_of_a_demo_row_changes_nothing(database, anna, number):
    before = whole_row(database, number)
    assert result(open_row(anna, f"/every_type/{number}").send(anna)) == (303, "unchanged")
    assert whole_row(database, number) == before


@pytest.mark.parametrize("values", ROWS.values(), ids=ROWS)
def test_untouched_form_changes_nothing(database, anna, values):
    number = typed_row(database, values)
    before = whole_row(database, number)
    assert result(open_row(anna, f"/every_type/{number}").send(anna)) == (303, "unchanged")
    assert whole_row(database, number) == before


@pytest.mark.parametrize("values", ROWS.values(), ids=ROWS)
def test_saving_one_field_changes_only_that(database, anna, values):
    number = typed_row(database, values)
    columns = [column for column in CONTROLS if column != "an_integer"] + ["a_bytea"]
    select = f"SELECT ROW({', '.join(columns)})::text FROM every_type WHERE id = {number}"
    before = database.one(select)
    form = open_row(anna, f"/every_type/{number}")
    form["an_integer"] = "409"
    assert result(form.send(anna)) == (303, "saved")
    assert database.one(select) == before
    assert database.one("SELECT an_integer FROM every_type WHERE id = %s", number) == 409


@pytest.mark.parametrize("values", ROWS.values(), ids=ROWS)
def test_resolving_a_conflict_changes_only_what_was_typed(database, anna, bob, values):
    number = typed_row(database, values)
    columns = [column for column in CONTROLS if column not in ("an_integer", "a_smallint")]
    select = f"SELECT ROW({', '.join(columns)})::text FROM every_type WHERE id = {number}"
    before = database.one(select)
    mine, others = (open_row(client, f"/every_type/{number}") for client in (anna, bob))
    mine["an_integer"], others["a_smallint"] = "1", "2"
    assert result(others.send(bob)) == (303, "saved")
    answer = mine.send(anna)
    assert result(answer) == (409, "conflict")
    resolve = as_a_browser_sends(pages.forms(answer)[0], controls(answer.text))
    assert result(resolve.send(anna)) == (303, "saved")
    assert database.one(select) == before
    assert database.run("SELECT an_integer, a_smallint FROM every_type WHERE id = %s",
                        number) == [(1, 2)]


@pytest.mark.parametrize("name", sorted(ROWS.keys() - {"bounds", "blanks around json"}))
def test_row_sent_back_as_json_is_unchanged(database, anna, name):
    """Byte by byte as it came. JSON cannot tell the lower bound of an array, nor blanks around a value."""
    number = typed_row(database, ROWS[name])
    before = whole_row(database, number)
    answer = anna.get(f"/every_type/{number}")
    sent = anna.patch(f"/every_type/{number}", content=answer.content,
                      headers={"Content-Type": "application/json"})
    assert result(sent) == (200, "unchanged"), sent.text
    assert whole_row(database, number) == before


def test_emptied_fields_become_null(database, anna):
    number = 1
    form = open_row(anna, "/every_type/1")
    filled = ["a_smallint", "a_numeric", "a_text", "a_date", "a_json", "a_mood", "texts"]
    for name in filled:
        form[name] = ""
    assert result(form.send(anna)) == (303, "saved")
    row = database.run(f"SELECT {', '.join(filled)} FROM every_type WHERE id = %s", number)[0]
    assert set(row) == {None}


# --- checkboxes -----------------------------------------------------------------------------------


def new_article(database):
    number = database.one("SELECT coalesce(max(id), 0) + 1 FROM articles")
    database.run("INSERT INTO articles (id, title, body) VALUES (%s, 'One', 'Text')", number)
    return f"/articles/{number}"


def test_checkbox_is_switched_on_and_off(database, anna):
    path = new_article(database)
    form = open_row(anna, path)
    form["done"] = "true"
    assert result(form.send(anna)) == (303, "saved")
    assert read(anna, path)["done"] is True
    form = open_row(anna, path)
    del form.fields["done"]
    assert result(form.send(anna)) == (303, "saved")
    assert read(anna, path)["done"] is False


def test_checkbox_of_a_hand_written_form_that_is_not_sent_stays(database, anna):
    path = new_article(database)
    database.run("UPDATE articles SET done = true WHERE id = %s", path.split("/")[-1])
    row = read(anna, path)
    answer = anna.post(path, data={"title": "Two", "updated_at": row["updated_at"]})
    assert result(answer) == (303, "saved")
    assert read(anna, path)["done"] is True


# --- forms written by hand ------------------------------------------------------------------------


def by_hand(database, client, title, version=None):
    """The example of the manual, for a row of this test, filled in."""
    path = new_article(database)
    reader = pages._Reader()
    reader.feed((ROOT / "docs/examples/plain-form.html").read_text())
    [form] = reader.forms
    assert form.action == "/articles/1" and re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", form["updated_at"])
    form.action = path
    form["updated_at"] = version or read(client, path)["updated_at"]
    form["title"] = title
    return path, form


def test_example_saves_and_goes_where_it_says(database, anna):
    path, form = by_hand(database, anna, "Two")
    answer = form.send(anna)
    assert result(answer) == (303, "saved")
    assert answer.headers["location"] == "/articles?q="
    assert (read(anna, path)["title"], read(anna, path)["body"]) == ("Two", "A text.")


def test_example_takes_the_version_as_postgresql_writes_it(database, anna):
    path, form = by_hand(database, anna, "Two")
    form["updated_at"] = database.one("SELECT updated_at::text FROM articles WHERE id = %s",
                                      path.split("/")[-1])
    assert result(form.send(anna)) == (303, "saved")


def test_example_is_stopped_explained_and_resolved(database, anna, bob):
    path, form = by_hand(database, anna, "Mine")
    other = open_row(bob, path)
    other["title"] = "Bob's"
    assert result(other.send(bob)) == (303, "saved")
    answer = form.send(anna)
    assert result(answer) == (409, "conflict") and "bob saved this row" in answer.text
    resolve = pages.forms(answer)[0]
    for name in [name for name in resolve.choices if name.startswith("_pick.")]:
        resolve[name] = "yours"
    done = resolve.send(anna)
    assert result(done) == (303, "saved")
    assert done.headers["location"] == "/articles?q="
    assert (read(anna, path)["title"], read(anna, path)["body"]) == ("Mine", "A text.")


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example",
                                       "javascript:alert(1)", "articles", "", "/a\r\nX: y", "\\/x"])
def test_next_of_another_site_is_not_followed(database, anna, elsewhere):
    path, form = by_hand(database, anna, "Two")
    form["_next"] = elsewhere
    answer = form.send(anna)
    assert result(answer) == (303, "saved")
    assert answer.headers["location"] == f"{path}?_done=saved"


def test_hand_written_create_needs_no_version(database, anna):
    answer = anna.post("/articles", data={"id": "4090", "title": "New"})
    assert result(answer) == (303, "saved")
    assert database.one("SELECT title FROM articles WHERE id = 4090") == "New"
