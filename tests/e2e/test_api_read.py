"""Lists in PostgREST's grammar give what the same question gives in SQL."""

import csv
import io
import os
import pathlib
import threading
import time

import pytest

import stack

ONE = {"Accept": "application/vnd.pgrst.object+json"}
CSV = {"Accept": "text/csv"}


@pytest.fixture(scope="module")
def server(database):
    database.create(
        "CREATE TYPE mood AS ENUM ('low', 'high');"
        "CREATE TABLE person (id integer PRIMARY KEY, name text, boss integer REFERENCES person);"
        "CREATE TABLE badge (person integer PRIMARY KEY REFERENCES person, colour text);"
        "CREATE TABLE thing (id integer PRIMARY KEY, name text, n integer, price numeric, f float8, flag boolean,"
        " tags text[], data jsonb, raw json, span int4range, seen timestamptz, day date, u uuid, m mood, words tsvector,"
        " owner integer REFERENCES person, maker integer CONSTRAINT made_by REFERENCES person,"
        " updated_at timestamptz NOT NULL DEFAULT now());"
        "CREATE TABLE part (a integer, b text, note text, PRIMARY KEY (a, b));"
        "CREATE TABLE bolt (id integer PRIMARY KEY, pa integer, pb text, FOREIGN KEY (pa, pb) REFERENCES part);"
        'CREATE TABLE "odd.na,me:(x)""ü" ("a.b" integer PRIMARY KEY, "c,d" text, "e""f" text, "(g)" text, "select" text);'
        "CREATE TABLE canary (id integer PRIMARY KEY); INSERT INTO canary VALUES (1);"
        "INSERT INTO person VALUES (1, 'Ada', NULL), (2, 'Bob', 1), (3, 'Cyd', 1);"
        "INSERT INTO badge VALUES (1, 'gold');"
        """INSERT INTO thing (id, name, n, price, f, flag, tags, data, raw, span, seen, day, u, m, words, owner, maker) VALUES
        (1, 'Alpha', 1, 1.50, 1.5, true, '{a,b}', '{"k": 1, "c": "red", "l": [1, {"z": 2}]}', '{"k": 1}', '[1,5)',
         '2026-01-01 12:00:00.5+00', '2026-01-01', '00000000-0000-0000-0000-000000000001', 'low', to_tsvector('a fat cat'), 1, 2),
        (2, 'beta *', 2, 'NaN', 'NaN', false, '{b}', '{"k": 2, "c": "blue"}', '[2]', '[5,9)', 'infinity', 'infinity',
         '00000000-0000-0000-0000-000000000002', 'high', to_tsvector('a fat rat'), 2, 2),
        (3, 'Gamma, "quoted"', NULL, NULL, 'Infinity', NULL, '{}', 'null', 'null', 'empty', NULL, NULL, NULL, NULL, NULL, NULL, 1),
        (4, '', -4, 123456789012345678901234567890.5, -0.0, true, '{NULL,"NULL","a,b"}', '{"k": null}', '"x"', '(,3]',
         '0044-03-15 BC', '0001-01-01', NULL, 'high', to_tsvector('nothing here'), 3, 1),
        (5, '100% \\\\ _', 5, 0, 0, false, NULL, '[]', NULL, NULL, '2026-06-01', '2026-06-01', NULL, NULL, NULL, 3, NULL);"""
        "INSERT INTO part VALUES (1, 'x', 'one x'), (1, 'y', 'one y');"
        "INSERT INTO bolt VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 1, 'y'), (4, NULL, NULL);"
        'INSERT INTO "odd.na,me:(x)""ü" VALUES (1, \'one\', \'f\', \'g\', \'s\'), (2, \'two\', NULL, NULL, NULL);', ["thing"])
    database.run("CREATE TABLE hidden (id integer PRIMARY KEY, a text, secret text, updated_at timestamptz)")
    database.run("INSERT INTO hidden VALUES (1, 'a', 'secret'); GRANT SELECT (id, a, updated_at) ON hidden TO editor;"
                 "SELECT pg409.protect('hidden')")
    database.run("CREATE TABLE diary (id integer PRIMARY KEY, who text, thing integer REFERENCES thing)")
    database.run("INSERT INTO diary VALUES (1, 'anna', 1), (2, 'bob', 1)")
    database.run("GRANT ALL ON diary TO editor; ALTER TABLE diary ENABLE ROW LEVEL SECURITY;"
                 "CREATE POLICY own ON diary USING (who = current_setting('pg409.user', true))")
    with stack.serving("lighttpd", database) as server:
        yield server


@pytest.fixture(scope="module")
def client(server):
    return server.client("anna")


def ids(client, query, table="thing"):
    answer = client.get(f"/{table}?select=id&order=id&{query}")
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()]


@pytest.mark.parametrize("query, where", [
    ("id=eq.2", "id = 2"), ("id=neq.2", "id <> 2"), ("n=gt.1", "n > 1"), ("n=gte.2", "n >= 2"), ("n=lt.2", "n < 2"),
    ("n=lte.1", "n <= 1"), ("n=not.eq.1", "NOT n = 1"), ("n=is.null", "n IS NULL"), ("n=not.is.null", "n IS NOT NULL"),
    ("n=is.not_null", "n IS NOT NULL"), ("flag=is.true", "flag"), ("flag=is.false", "NOT flag"),
    ("flag=is.unknown", "flag IS NULL"), ("flag=not.is.true", "flag IS NOT TRUE"), ("flag=IS.TRUE".replace("IS", "is"), "flag"),
    ("name=like.*a*", "name LIKE '%%a%%'"), ("name=ilike.*A*", "name ILIKE '%%A%%'"), ("name=like.beta%20%25", "name LIKE 'beta %%'"),
    ("name=match.^[AG]", "name ~ '^[AG]'"), ("name=imatch.^[ag]", "name ~* '^[ag]'"), ("name=not.imatch.^[ag]", "NOT name ~* '^[ag]'"),
    ("name=eq.", "name = ''"), ("id=in.(1,3)", "id IN (1, 3)"), ("id=not.in.(1,3)", "id NOT IN (1, 3)"), ("id=in.()", "false"),
    ('name=in.("Gamma, \\"quoted\\"",Alpha)', "name IN ('Gamma, \"quoted\"', 'Alpha')"), ("m=in.(low)", "m = 'low'"),
    ("n=isdistinct.1", "n IS DISTINCT FROM 1"), ("price=eq.NaN", "price = 'NaN'"), ("f=eq.NaN", "f = 'NaN'"),
    ("f=gt.1", "f > 1"), ("price=gt.123456789012345678901234567890.4", "price > 123456789012345678901234567890.4"),
    ("tags=cs.{b}", "tags @> '{b}'"), ("tags=cd.{a,b,c}", "tags <@ '{a,b,c}'"), ("tags=ov.{a,z}", "tags && '{a,z}'"),
    ("tags=eq.{}", "tags = '{}'"), ('tags=cs.{"a,b"}', "tags @> '{\"a,b\"}'"), ('data=cs.{"k":1}', "data @> '{\"k\":1}'"),
    ("span=ov.[4,6)", "span && '[4,6)'"), ("span=cs.[2,3)", "span @> '[2,3)'::int4range"), ("span=sl.[5,9)", "span << '[5,9)'"),
    ("span=sr.[1,2)", "span >> '[1,2)'"), ("span=nxr.[1,5)", "span &< '[1,5)'"), ("span=nxl.[2,5)", "span &> '[2,5)'"),
    ("span=adj.[5,9)", "span -|- '[5,9)'"), ("span=cd.[0,10)", "span <@ '[0,10)'"),
    ("name=fts.alpha", "to_tsvector(name) @@ to_tsquery('alpha')"), ("words=fts(english).fat%26!rat", "words @@ to_tsquery('fat & !rat')"),
    ("words=plfts.fat%20cat", "words @@ plainto_tsquery('fat cat')"), ("words=phfts.fat%20rat", "words @@ phraseto_tsquery('fat rat')"),
    ("words=wfts(english).fat%20-cat", "words @@ websearch_to_tsquery('fat -cat')"),
    ("name=plfts(simple).quoted", "to_tsvector('simple', name) @@ plainto_tsquery('simple', 'quoted')"),
    ("seen=lt.2026-02-01", "seen < '2026-02-01'"), ("seen=eq.infinity", "seen = 'infinity'"), ("day=gte.2026-01-01", "day >= '2026-01-01'"),
    ("u=eq.00000000-0000-0000-0000-000000000002", "u = '00000000-0000-0000-0000-000000000002'"), ("m=eq.high", "m = 'high'"), ("m=lt.high", "m < 'high'"),
    ("data->>c=eq.red", "data->>'c' = 'red'"), ("data->k=eq.2", "data->'k' = '2'"), ("data->l->1->>z=eq.2", "data->'l'->1->>'z' = '2'"),
    ("data->l->0=gte.1", "data->'l'->0 >= '1'"), ("data->k=is.null", "data->'k' IS NULL"), ("data->>k=is.null", "data->>'k' IS NULL"),
    ("raw->>k=eq.1", "raw->>'k' = '1'"), ("raw=eq.null", "raw::jsonb = 'null'"), ("tags->>0=eq.a", "to_jsonb(tags)->>0 = 'a'"),
    ("name=like(any).{A*,*a}", "name LIKE ANY ('{A%%,%%a}')"), ("name=ilike(all).{*a*,*m*}", "name ILIKE ALL ('{%%a%%,%%m%%}')"),
    ("id=eq(any).{1,2}", "id = ANY ('{1,2}')"), ("id=gt(all).{1,2}", "id > ALL ('{1,2}')"),
    ("or=(id.eq.1,n.is.null)", "id = 1 OR n IS NULL"), ("and=(id.gt.1,id.lt.4)", "id > 1 AND id < 4"),
    ("or=(id.eq.1,and(flag.is.true,n.lt.0))", "id = 1 OR (flag AND n < 0)"), ("not.or=(id.eq.1,id.eq.2)", "NOT (id = 1 OR id = 2)"),
    ("and=(or(id.eq.1,id.eq.2),not.or(n.eq.1))", "(id = 1 OR id = 2) AND NOT n = 1"), ("or=(id.not.in.(1,2,3),name.eq.Alpha)", "id NOT IN (1,2,3) OR name = 'Alpha'"),
    ('or=(name.eq."Gamma, \\"quoted\\"",name.eq.)', "name = 'Gamma, \"quoted\"' OR name = ''"), ("or=(tags.cs.{a,b},id.eq.5)", "tags @> '{a,b}' OR id = 5"),
    ("or=(data->>c.eq.red,data->k.eq.2)", "data->>'c' = 'red' OR data->'k' = '2'"), ("id=gt.1&id=lt.4", "id > 1 AND id < 4"),
    ("_q=gamma", "name ILIKE '%%gamma%%' OR id::text ILIKE '%%gamma%%'"), ("name=eq.100%25%20%5C%20_", "name = E'100%% \\\\ _'")])
def test_filters(client, database, query, where):
    expected = [row[0] for row in database.run(f"SELECT id FROM thing WHERE {where} ORDER BY id")]
    assert ids(client, query) == expected


@pytest.mark.parametrize("order, sql", [
    ("n", "n"), ("n.desc", "n DESC"), ("n.desc.nullslast", "n DESC NULLS LAST"), ("n.nullsfirst", "n NULLS FIRST"), ("flag,name.desc", "flag, name DESC"),
    ("data->>c.desc.nullslast", "data->>'c' DESC NULLS LAST"), ("data", "data"), ("raw", "raw::jsonb"), ("m,n.asc", "m, n"), ("id.desc", "id DESC"), ("name", 'name')])
def test_order(client, database, order, sql):
    rows = client.get(f"/thing?select=id&order={order}").json()
    key = "" if "id" in sql else ", id"
    assert [row["id"] for row in rows] == [row[0] for row in database.run(f"SELECT id FROM thing ORDER BY {sql}{key}")]


@pytest.mark.parametrize("select, expected", [
    ("id", {"id": 1}), ("a:id,name", {"a": 1, "name": "Alpha"}), ("id::text", {"id": "1"}), ("price", {"price": 1.50}),
    ("data->>c", {"c": "red"}), ("x:data->l->1", {"x": {"z": 2}}), ("data->l->0", {"l": 1}), ("tags->0", {"tags": "a"}), ("id, name ", {"id": 1, "name": "Alpha"}),
    ('"id"', {"id": 1}), ("day::text,n::numeric", {"day": "2026-01-01", "n": 1}), ("owner,maker", {"owner": 1, "maker": 2})])
def test_select(client, select, expected):
    assert client.get(f"/thing?select={select}&id=eq.1").json() == [expected]


def test_versions_in_lists_are_those_of_rows(client):
    for address in ("/thing", "/thing?select=*", "/thing?select=id,_version", "/thing?select="):
        for row in client.get(address).json():
            assert row["_version"] == client.get(f"/thing/{row['id']}").json()["_version"]
    assert "_version" not in client.get("/thing?select=id").json()[0]
    assert "_version" in client.get("/person").json()[0]


@pytest.mark.parametrize("query, expected", [
    ("thing?select=id,person!owner(name)&id=eq.1", [{"id": 1, "person": {"name": "Ada"}}]),
    ("thing?select=id,p:person!made_by(name)&id=eq.1", [{"id": 1, "p": {"name": "Bob"}}]),
    ("thing?select=id,owner(name)&id=in.(3,4)", [{"id": 3, "owner": None}, {"id": 4, "owner": {"name": "Cyd"}}]),
    ("thing?select=id,o:owner!inner(name)&o.name=eq.Cyd", [{"id": 4, "o": {"name": "Cyd"}}, {"id": 5, "o": {"name": "Cyd"}}]),
    ("person?select=name,thing!owner(id)&thing.order=id.desc&id=eq.3", [{"name": "Cyd", "thing": [{"id": 5}, {"id": 4}]}]),
    ("person?select=name,t:thing!owner(id)&t.id=gt.4&order=id", [{"name": "Ada", "t": []}, {"name": "Bob", "t": []}, {"name": "Cyd", "t": [{"id": 5}]}]),
    ("person?select=name,t:thing!owner!inner(id)&t.id=gt.4", [{"name": "Cyd", "t": [{"id": 5}]}]),
    ("person?select=id,t:thing!owner(id)&t.limit=1&t.offset=1&t.order=id&id=eq.3", [{"id": 3, "t": [{"id": 5}]}]),
    ("person?select=id,t:thing!owner(id)&t.or=(id.eq.4,id.eq.1)&id=eq.3", [{"id": 3, "t": [{"id": 4}]}]),
    ("person?select=id,badge(colour)", [{"id": 1, "badge": {"colour": "gold"}}, {"id": 2, "badge": None}, {"id": 3, "badge": None}]),
    ("badge?select=colour,person(name)", [{"colour": "gold", "person": {"name": "Ada"}}]),
    ("person?select=id,boss(name)&id=eq.2", [{"id": 2, "boss": {"name": "Ada"}}]),
    ("person?select=id,person(id)&id=eq.1", [{"id": 1, "person": [{"id": 2}, {"id": 3}]}]),
    ("bolt?select=id,part(note)&id=in.(2,4)", [{"id": 2, "part": {"note": "one y"}}, {"id": 4, "part": None}]),
    ("part?select=b,bolt(id)", [{"b": "x", "bolt": [{"id": 1}]}, {"b": "y", "bolt": [{"id": 2}, {"id": 3}]}]),
    ('odd.na~2Cme~3A~28x~29~22~C3~BC?select="a.b","e\\"f"&"c,d"=eq.one&order="(g)".desc', [{"a.b": 1, 'e"f': "f"}]),
    ('odd.na~2Cme~3A~28x~29~22~C3~BC?select=x:"(g)",y:"select"&or=("a.b".eq.1,"(g)".eq."x,y")', [{"x": "g", "y": "s"}])])
def test_related_tables_and_odd_names(client, query, expected):
    answer = client.get("/" + query)
    assert (answer.status_code, answer.json()) == (200, expected)


def test_an_embedded_row_carries_its_version(client):
    row = client.get("/bolt?select=id,part(*)&id=eq.1").json()[0]
    assert row["part"]["_version"] == client.get("/part/1,x").json()["_version"]


@pytest.mark.parametrize("query, named", [
    ("nothing=eq.1", "nothing"), ("select=nothing", "nothing"), ("select=id,nothing(id)", "nothing"), ("order=nothing", "nothing"),
    ("id=foo.1", "foo"), ("id=eq", "id"), ("id=1", "id"), ("select=id::nothing", "nothing"), ("select=person(name)", "made_by"),
    ("select=owner(nothing)", "nothing"), ("select=owner(name)&person.name=eq.1", "person"), ("select=id,,name", "name"), ("select=owner(boss(name))", "boss"),
    ("select=owner(name", "select"), ("or=(id.eq.1", "or"), ("or=id.eq.1", "or"), ("or=()", "or"), ("or=(id.eq.1)x", "x"), ("id=in.1", "1"), ("id=in.(1", "in"),
    ("id=is.maybe", "maybe"), ("id=eq(some).1", "some"), ("name=fts(x.y", "name"), ("order=id.down", "down"), ("order=", "order"), ("limit=x", "limit"),
    ("limit=-1", "limit"), ("offset=1.5", "offset"), ("select=id&select=n", "select"), ("order=id&order=n", "order"), ("data->=eq.1", "data"), ('"id=eq.1', "id"),
    ("q=x", "q"), ("sort=id", "sort"), ("columns=id", "columns"), ("select=...owner(name)", "owner"), ("select=n.sum()", "sum"), ("not.eq=1", "not")])
def test_what_is_unknown_is_named(client, query, named):
    answer = client.get(f"/thing?{query}")
    assert answer.status_code == 400, answer.text
    assert named in answer.json()["detail"], answer.text


@pytest.mark.parametrize("query", [
    "id=eq.x", "n=gt.1.5.2", "seen=lt.yesterdayish", "day=eq.04/03/2026/1", "u=eq.1", "m=eq.medium", "tags=cs.x", "data=cs.{", "data->k=eq.x", "span=ov.5", "name=match.(",
    "id=in.(1,x)", "words=fts(nothing).x", "name=cs.x", "id=like(any).x", "flag=gt.(1)", "span=fts.x%20y%20%26", "id=eq.99999999999999999999"])
def test_values_and_operators_that_do_not_fit(client, query):
    answer = client.get(f"/thing?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


# --- parts of a list, and how many there are ---


@pytest.mark.parametrize("query, headers, status, span, rows", [
    ("", {}, 200, "0-4/*", 5), ("limit=2", {}, 200, "0-1/*", 2), ("limit=2&offset=1", {}, 200, "1-2/*", 2), ("offset=3", {}, 200, "3-4/*", 2),
    ("limit=0", {}, 200, "*/*", 0), ("offset=9", {}, 200, "*/*", 0), ("id=eq.9", {}, 200, "*/*", 0),
    ("", {"Range": "1-2"}, 200, "1-2/*", 2), ("", {"Range": "3-", "Range-Unit": "items"}, 200, "3-4/*", 2), ("limit=2", {"Range": "1-9"}, 200, "1-2/*", 2),
    ("", {"Prefer": "count=exact"}, 200, "0-4/5", 5), ("limit=2", {"Prefer": "count=exact"}, 206, "0-1/5", 2),
    ("limit=0", {"Prefer": "count=exact"}, 206, "*/5", 0), ("offset=5", {"Prefer": "count=exact"}, 206, "*/5", 0), ("id=gt.3", {"Prefer": "count=exact"}, 200, "0-1/2", 2),
    ("select=id,owner!inner(name)&owner.name=eq.Cyd", {"Prefer": "count=exact"}, 200, "0-1/2", 2), ("_q=gamma", {"Prefer": "count=exact"}, 200, "0-0/1", 1),
    ("limit=2", {"Prefer": "count=estimated"}, 206, "0-1/5", 2)])
def test_parts(client, query, headers, status, span, rows):
    answer = client.get(f"/thing?{query}", headers=headers)
    assert (answer.status_code, answer.headers["content-range"], len(answer.json())) == (status, span, rows)
    head = client.head(f"/thing?{query}", headers=headers)
    assert (head.status_code, head.headers["content-range"], head.content) == (status, span, b"")


def test_a_part_behind_the_end(client):
    answer = client.get("/thing?offset=6", headers={"Prefer": "count=exact"})
    assert (answer.status_code, answer.headers["content-range"], answer.json()["code"]) == (416, "*/5", "PGRST103")
    assert client.get("/thing", headers={"Range": "5-2"}).status_code == 416


def test_a_planned_count(client, database):
    database.run("ANALYZE person")
    answer = client.get("/person?limit=1", headers={"Prefer": "count=planned"})
    assert answer.headers["content-range"] == "0-0/3"
    assert answer.headers["preference-applied"] == "count=planned"


def test_one_row(client):
    answer = client.get("/thing?id=eq.1&select=id", headers=ONE)
    assert (answer.status_code, answer.json()) == (200, {"id": 1})
    assert answer.headers["etag"] == client.get("/thing/1").headers["etag"]
    for query in ("id=eq.9", "id=gt.0"):
        answer = client.get(f"/thing?{query}", headers=ONE)
        assert (answer.status_code, answer.json()["reason"]) == (406, "not-one-row")


def test_csv(client):
    answer = client.get("/thing?select=id,t:name,flag,owner(name)&order=id", headers=CSV)
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert rows[0] == ["id", "t", "flag", "owner"]
    assert rows[1] == ["1", "Alpha", "true", '{"name":"Ada"}'] and rows[3][2:] == ["", ""]
    assert '4,"",true' in answer.text and answer.text.split("\r\n")[3].endswith(",,")
    assert client.get("/thing?select=id&id=eq.9", headers=CSV).text == "id\r\n"


# --- who may see what ---


def test_policies_hold_for_lists_and_for_what_is_embedded(server):
    for person, found in (("anna", [1]), ("bob", [2])):
        client = server.client(person)
        assert [row["id"] for row in client.get("/diary").json()] == found
        assert client.get("/diary", headers={"Prefer": "count=exact"}).headers["content-range"] == "0-0/1"
        assert client.get("/thing?select=diary(id)&id=eq.1").json() == [{"diary": [{"id": found[0]}]}]
        assert client.get("/thing?select=id,diary!inner(id)").json() == [{"id": 1, "diary": [{"id": found[0]}]}]


def test_columns_that_may_not_be_read_are_not_there(client):
    assert client.get("/hidden?select=id,a").json() == [{"id": 1, "a": "a"}]
    assert set(client.get("/hidden").json()[0]) == {"id", "a", "updated_at", "_version"}
    for query in ("select=secret", "secret=eq.x", "order=secret", "or=(secret.eq.secret)", "secret->>a=eq.1"):
        answer = client.get(f"/hidden?{query}")
        assert (answer.status_code, "secret" in answer.json()["detail"]) == (400, True)


NASTY = ["'; DROP TABLE canary; --", '"; DROP TABLE canary; --', "1) OR (1=1", "\\", "\\'", "$1", "$$;DROP TABLE canary;$$", "/*", "--",
         "a%27b", "%00", "%F0%9F%92%A9", "\u2019; DROP TABLE canary", "a" * 3000, '""', "'||pg_sleep(9)||'", "{}", "(", ")", "::regclass", "E'\\x27'"]
PLACES = ["select={}", "select=x:{}", "select={}:id", "select=id::{}", "select=data->>{}", "select=data->{}", "select={}(id)", "select=owner!{}(id)", "select=owner({})",
          "select=owner(name)&owner.{}=eq.1", "order={}", "order=data->>{}", "{}=eq.1", "data->>{}=eq.1", "name=eq.{}", "name=like.{}", "name=match.{}", "name=in.({})",
          'name=in.("{}")', "tags=cs.{}", "data=cs.{}", "span=ov.{}", "name=fts({}).a", "name=fts.{}", "or=(name.eq.{})", "or=({}.eq.1)", "name={}.1", "name=eq({}).1", "limit={}", "_q={}"]


@pytest.mark.parametrize("place", PLACES)
def test_nothing_that_is_typed_is_sql(client, database, place):
    for nasty in NASTY:
        text = nasty if "%" in nasty else nasty.replace("%", "%25").replace("&", "%26").replace("+", "%2B").replace("#", "%23")
        start = time.monotonic()
        answer = client.get("/thing?" + place.format(text))
        assert answer.status_code in (200, 400, 406, 414), (nasty, answer.text)
        assert time.monotonic() - start < 8
    assert database.one("SELECT count(*) FROM canary") == 1


# --- long lists ---


def memory(server):
    """The largest RssAnon of the workers, in KiB."""
    found = 0
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "exe") == str(server.program):
                status = (process / "status").read_text()
                found = max(found, int(status.split("RssAnon:")[1].split()[0]))
        except OSError:
            continue
    assert found
    return found


@pytest.fixture(scope="module")
def million(database, server):
    database.create("CREATE UNLOGGED TABLE million (id integer PRIMARY KEY, name text)")
    database.run("INSERT INTO million SELECT i, 'name of the row number ' || i FROM generate_series(1, 1000000) i; ANALYZE million")
    time.sleep(1.1)


@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
def test_a_million_rows_take_no_memory(server, million, accept):
    def read(limit):
        rows = total = 0
        with server.client("anna").stream("GET", f"/million?limit={limit}", headers={"Accept": accept}, timeout=120) as answer:
            assert answer.status_code == 200
            for piece in answer.iter_bytes():
                rows += piece.count(b"\n")
                total += len(piece)
        assert rows - (accept == "text/csv") == limit
        return total
    read(10000)
    before = memory(server)
    assert read(1000000) > 30_000_000
    assert memory(server) <= before + 512


def test_a_reader_who_hangs_up_leaves_nothing_behind(server, database, million):
    with server.client("anna").stream("GET", "/million?select=id,name,x:name,y:name", timeout=60) as answer:
        next(answer.iter_bytes())
    for _ in range(100):
        if not database.one("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%%million%%' AND pid <> pg_backend_pid()"):
            break
        time.sleep(0.1)
    else:
        pytest.fail("the statement goes on")
    start = time.monotonic()
    for _ in range(8):
        assert server.client("anna").get("/thing?id=eq.1").status_code == 200
    assert time.monotonic() - start < 10


def test_a_database_that_dies_on_the_way(server, database):
    database.run("CREATE FUNCTION drip(integer) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.3); RETURN true; END $$")
    database.run("CREATE TABLE drip (id integer PRIMARY KEY, text text); GRANT ALL ON drip TO editor; INSERT INTO drip"
                 " SELECT i, repeat('x', 100000) FROM generate_series(1, 30) i; ALTER TABLE drip ENABLE ROW LEVEL SECURITY;"
                 "CREATE POLICY drip ON drip USING (drip(id)); ANALYZE drip")
    for way in ("seqscan", "bitmapscan", "sort"):  # row by row along the index
        database.run(f"ALTER ROLE editor IN DATABASE {database.name} SET enable_{way} = off")
    database.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'editor'")
    answers = []
    thread = threading.Thread(target=lambda: answers.append(server.client("anna").get("/drip")))
    thread.start()
    time.sleep(3)
    database.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'editor'")
    thread.join()
    database.run(f"ALTER ROLE editor IN DATABASE {database.name} RESET ALL")
    assert answers[0].status_code == 200
    assert answers[0].content.startswith(b'[{"id":1,')
    assert answers[0].content.endswith(b"\nincomplete: the database failed on the way\n")
    assert server.client("anna").get("/thing?id=eq.1").status_code == 200


def test_a_list_that_takes_too_long(database):
    database.run("CREATE OR REPLACE FUNCTION slowly(integer) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN true; END $$")
    database.run("CREATE TABLE slow (id integer PRIMARY KEY, text text); INSERT INTO slow SELECT i, repeat('x', 20000)"
                 " FROM generate_series(1, 20) i; GRANT ALL ON slow TO editor;"
                 "ALTER TABLE slow ENABLE ROW LEVEL SECURITY; CREATE POLICY slow ON slow USING (slowly(id))")
    with stack.serving("lighttpd", database, {"statement_timeout": "500ms"}) as server:
        for query in ("", "?limit=5"):
            answer = server.client("anna").get(f"/slow{query}", timeout=60)
            assert (answer.status_code, answer.json()["reason"]) == (504, "timeout")
            assert server.client("anna").get("/person?limit=1").status_code == 200
    for way in ("seqscan", "bitmapscan", "sort"):  # row by row along the index
        database.run(f"ALTER DATABASE {database.name} SET enable_{way} = off")
    with stack.serving("lighttpd", database, {"statement_timeout": "2s"}) as server:
        assert len(server.client("anna").get("/slow?id=lt.5", timeout=60).json()) == 4  # a second a row: it goes on
