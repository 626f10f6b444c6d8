"""Lists: search, sort and pages that visit each row exactly once; CSV; names of foreign keys."""

import csv
import html.parser
import io
import random

import pytest

import stack
from e2e import desk
from e2e.desk import quick

PAGE_ROWS = 7
AWKWARD = [None, "", " ", "a,b", 'say "x"', "two\nlines", "cr\rhere", "crlf\r\nhere", "\\.", "NULL",
           "\\N", "=1+1", "käse ☃", "'", ";", "\t", "a\\", '"', "100%", "_", "<b>&amp;"]
TABLES = """
CREATE TABLE maker (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE thing (id integer PRIMARY KEY, name text NOT NULL, grade integer, note text,
  score numeric, day date, maker integer REFERENCES maker, hot boolean);
CREATE TABLE pair (a text, b integer, note text, PRIMARY KEY (a, b));
CREATE TABLE awkward (id integer PRIMARY KEY, note text, numbers numeric, flags boolean,
  parts text[], doc jsonb, day date);
CREATE TABLE many (id integer PRIMARY KEY, note text);
"""


class _Table(html.parser.HTMLParser):
    """The cells of the page's table and its links to other pages."""

    def __init__(self):
        super().__init__()
        self.rows, self.links, self.cell = [], {}, None

    def handle_starttag(self, tag, pairs):
        attributes = dict(pairs)
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.cell = ""
        elif tag == "a" and attributes.get("rel"):
            self.links[attributes["rel"]] = attributes["href"]

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data

    def handle_endtag(self, tag):
        if tag == "td":
            self.rows[-1].append(self.cell)
            self.cell = None


def page(client, address):
    answer = client.get(address, headers=desk.PAGE)
    assert answer.status_code == 200, answer.text
    table = _Table()
    table.feed(answer.text)
    return [row for row in table.rows if row], table.links


def walk(client, address, rel="next"):
    """All pages from there in that direction: (rows of each page, address of the last)."""
    pages = []
    while True:
        rows, links = page(client, address)
        pages.append(rows)
        if rel not in links:
            return pages, address
        address = links[rel]
        assert len(pages) < 200, "the pages do not end"


def ids(rows):
    return [int(row[0]) for row in rows]


@pytest.fixture(scope="module")
def server(database):
    database.create(TABLES)
    dice = random.Random(409)
    for number in (1, 2, 3):
        database.run("INSERT INTO maker VALUES (%s, %s)", number, f"Maker {number}")
    for number in range(1, 51):
        database.run("INSERT INTO thing VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", number,
                     dice.choice(["alpha", "beta", "Ärger", "50%", "a_b"]) + f" {number % 9}",
                     dice.choice([None, 1, 2, 3]), dice.choice(AWKWARD),
                     dice.choice([None, "NaN", "-1.50", "1e30", "Infinity"]),
                     dice.choice([None, "2026-11-22", "-infinity"]), dice.choice([None, 1, 2, 3]),
                     dice.choice([None, True, False]))
    for number in range(30):
        database.run("INSERT INTO pair VALUES (%s, %s, 'n')", "xyz/,"[number % 5], number // 5)
    for number, note in enumerate(AWKWARD):
        database.run("INSERT INTO awkward VALUES (%s, %s, %s, %s, %s, %s, %s)", number, note,
                     "1.0000000000000000000001" if number % 2 else None, number % 3 == 0,
                     [note, "x"], '{"a": "b,\\"c"}', "2026-11-22" if number % 2 else "infinity")
    with stack.serving("lighttpd", database, {"page_rows": PAGE_ROWS}) as server:
        yield server


@pytest.fixture(scope="module")
def anna(server):
    return quick(server, "anna")


SORTS = ["", "grade", "note", "score", "day", "maker", "hot", "name", "id"]


@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("sort", SORTS)
def test_pages_visit_each_row_once_in_the_order_of_postgresql(database, anna, sort, descending):
    down = " DESC" if descending else ""
    order = f"{sort}{down}, id{down}" if sort else f"id{down}"
    expected = [row[0] for row in database.run(f"SELECT id FROM thing ORDER BY {order}")]
    first = f"/thing?sort={sort}" + ("&desc=1" if descending else "")
    forward, last = walk(anna, first)
    assert [number for rows in forward for number in ids(rows)] == expected
    assert {len(rows) for rows in forward[:-1]} == {PAGE_ROWS}
    backward, _ = walk(anna, last, "prev")
    assert [number for rows in reversed(backward) for number in ids(rows)] == expected


def test_pages_of_a_composite_key(database, anna):
    pages, last = walk(anna, "/pair")
    seen = [(row[0], int(row[1])) for rows in pages for row in rows]
    assert seen == [tuple(row) for row in database.run("SELECT a, b FROM pair ORDER BY a, b")]
    back, _ = walk(anna, last, "prev")
    assert sum(len(rows) for rows in back) == 30


def test_row_that_comes_or_goes_shifts_no_other(database, anna):
    _, links = page(anna, "/thing")
    database.run("INSERT INTO thing (id, name) VALUES (0, 'before')")
    try:
        rows, _ = page(anna, links["next"])
        assert ids(rows) == list(range(8, 15))
    finally:
        database.run("DELETE FROM thing WHERE id = 0")


def test_row_of_the_cursor_may_be_gone(database, anna):
    database.run("INSERT INTO many SELECT g, 'x' FROM generate_series(1, 20) g")
    _, links = page(anna, "/many")
    database.run("DELETE FROM many WHERE id IN (7, 8)")
    assert ids(page(anna, links["next"])[0]) == list(range(9, 16))
    database.run("DELETE FROM many")


@pytest.mark.parametrize("text", ["alpha", "ALPHA", "ärger", "%", "_", "a_b", "\\", "'", "5", "zz"])
def test_search_finds_what_contains_it_literally(database, anna, text):
    expected = database.run(
        "SELECT id FROM thing WHERE strpos(lower(name), lower(%(t)s)) > 0 OR "
        "strpos(lower(note), lower(%(t)s)) > 0 OR strpos(id::text, %(t)s) > 0 ORDER BY id"
        .replace("%(t)s", "'" + text.replace("'", "''") + "'"))
    pages, _ = walk(anna, str(anna.build_request("GET", "/thing", params={"q": text}).url))
    assert [number for rows in pages for number in ids(rows)] == [row[0] for row in expected]


def test_search_goes_on_from_page_to_page_with_the_sort(anna):
    pages, _ = walk(anna, "/thing?q=alpha&sort=grade&desc=1")
    rows = [row for rows in pages for row in rows]
    assert len(rows) > PAGE_ROWS and all("alpha" in row[1] for row in rows)


def test_nothing_found_says_so(anna):
    assert "No rows found" in anna.get("/thing?q=nowhere", headers=desk.PAGE).text


def test_sort_by_an_unknown_column_is_named(anna):
    answer = anna.get("/thing?sort=nothing")
    assert answer.status_code == 400 and "nothing" in answer.json()["detail"]


@pytest.mark.parametrize("cursor", ["after=x", "after=", "after=1,2", "sort=grade&after=1",
                                    "sort=grade&null=1&after=1,2", "before=~ZZ"])
def test_cursor_that_nobody_gave_is_malformed(anna, cursor):
    assert anna.get(f"/thing?{cursor}", headers=desk.PAGE).status_code == 400


def test_foreign_key_is_shown_by_name_and_leads_there(database, anna):
    number = database.one("SELECT min(id) FROM thing WHERE maker = 2")
    text = anna.get(f"/thing?q={number}", headers=desk.PAGE).text
    assert 'href="/maker/2"' in text and "Maker 2" in text


def test_foreign_key_is_a_list_of_names_in_the_form(database, anna):
    number = database.one("SELECT min(id) FROM thing WHERE maker = 2")
    text = anna.get(f"/thing/{number}", headers=desk.PAGE).text
    assert '<option value="2" selected>Maker 2</option>' in text
    assert '<option value="3">Maker 3</option>' in text


# --- CSV and JSON ---------------------------------------------------------------------------------


def copied(database):
    """Booleans as their text, true and false, where COPY would write t and f."""
    columns = "id, note, numbers, flags::text AS flags, parts, doc, day"
    with database.sql.cursor().copy(
            f"COPY (SELECT {columns} FROM awkward ORDER BY id) TO STDOUT (FORMAT csv, HEADER)") as copy:
        return b"".join(bytes(block) for block in copy)


def unquoted(data):
    """CSV as PostgreSQL reads it: NULL is an empty field without quotes."""
    text, rows, row, at = data.decode(), [], [], 0
    while at < len(text):
        if text[at] == '"':
            value, at = "", at + 1
            while text[at] != '"' or text[at + 1:at + 2] == '"':
                value += text[at]
                at += 2 if text[at] == '"' else 1
            at += 1
        else:
            end = min(i for i in (text.find(",", at), text.find("\r\n", at), text.find("\n", at),
                                  len(text)) if i >= 0)
            value, at = text[at:end] or None, end
        row.append(value)
        if text[at] == ",":
            at += 1
            continue
        at += 2 if text.startswith("\r\n", at) else 1
        rows.append(row)
        row = []
    return rows


def test_csv_says_what_copy_says(database, anna):
    answer = anna.get("/awkward", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert unquoted(answer.content) == unquoted(copied(database))


def test_csv_is_read_by_others(anna):
    rows = list(csv.reader(io.StringIO(anna.get("/awkward?_format=csv").text, newline="")))
    assert [row[1] for row in rows[1:]] == [note or "" for note in AWKWARD]


def test_csv_comes_back_through_copy(database, anna):
    data = anna.get("/awkward?_format=csv").content
    database.run("CREATE TABLE back (LIKE awkward)")
    with database.sql.cursor().copy("COPY back FROM STDIN (FORMAT csv, HEADER)") as copy:
        copy.write(data)
    assert database.one("SELECT count(*) FROM (TABLE awkward EXCEPT TABLE back) t") == 0
    assert database.one("SELECT count(*) FROM back") == len(AWKWARD)


@pytest.mark.parametrize("rows", [499, 500, 501, 1001])
def test_long_download_has_each_row_once(database, anna, rows):
    database.run("DELETE FROM many")
    database.run(f"INSERT INTO many SELECT g, 'x' FROM generate_series(1, {rows}) g")
    lines = anna.get("/many?_format=csv").text.split("\r\n")
    assert [line.split(",")[0] for line in lines] == ["id", *map(str, range(1, rows + 1)), ""]
    assert [row["id"] for row in anna.get("/many").json()] == list(range(1, rows + 1))


def test_download_has_what_was_searched(anna):
    lines = anna.get("/thing?_format=csv&_q=alpha").text.strip().split("\r\n")
    assert len(lines) > 1 and all("alpha" in line for line in lines[1:] if line[0].isdigit())


def test_json_list_has_the_version_of_each_row(anna):
    row = anna.get("/thing?limit=1").json()[0]
    assert row["_version"] == anna.get(f"/thing/{row['id']}").json()["_version"]
