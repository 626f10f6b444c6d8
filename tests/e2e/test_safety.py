"""Who may write, from where, and what a hostile value or address can do: nothing."""

import html.parser
import json
import re
import urllib.parse

import pytest

import stack
from e2e import fastcgi, pages

HTML = {"Accept": "text/html"}
EVIL = "<script>alert(1)</script>\"'&</textarea><evil x=\"'>--></title>&amp;"
TABLE = "t\"'<evil a='b\">&;--"
COLUMN = "c\"'<evil a='b\">&;--"


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


@pytest.fixture(scope="module", autouse=True)
def tables(database):
    database.create(f"""
        CREATE TABLE note (id integer PRIMARY KEY, title text, body text);
        CREATE TABLE {quoted(TABLE)} (key text PRIMARY KEY, {quoted(COLUMN)} text, lines text,
            kind text CHECK (kind <> 'forbidden'), doc json, list text[]);
        COMMENT ON TABLE {quoted(TABLE)} IS '<evil>table</evil>';
        COMMENT ON COLUMN {quoted(TABLE)}.{quoted(COLUMN)} IS '<evil>column</evil>';
        CREATE TABLE secret (id integer PRIMARY KEY, word text);
        INSERT INTO secret VALUES (1, 'hidden-word');
    """, protect=["note"])
    database.run("REVOKE ALL ON secret FROM editor")
    database.run("ALTER TABLE secret OWNER TO postgres")


@pytest.fixture(scope="module")
def server(database):
    with stack.serving("lighttpd", database, {"origins": "https://friend.example"}) as server:
        yield server


@pytest.fixture
def client(server):
    with server.client("anna") as client:
        yield client


@pytest.fixture(autouse=True)
def row(database):
    database.run("DELETE FROM note")
    database.run("INSERT INTO note VALUES (1, 'Title', 'Body')")


def untouched(database):
    return database.run("SELECT id, title, body FROM note") == [(1, "Title", "Body")]


# --- other sites ---

FOREIGN = [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
           {"Origin": "https://evil.example"}, {"Origin": "null"},
           {"Origin": "https://friend.example.evil.example"},
           {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_form_of_another_site_is_refused(client, database, headers):
    form = pages.form(client, "/note/1")
    form["title"] = "Foreign"
    answer = form.send(client, **headers)
    assert (answer.status_code, answer.headers["pg409-outcome"]) == (403, "refused")
    assert "another site" in answer.text
    assert untouched(database)


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_script_of_another_site_is_refused(client, database, method):
    version = client.get("/note/1").json()["_version"]
    answer = client.request(method, "/note/1", json={"title": "Foreign"},
                            headers={"If-Match": f'"{version}"', **FOREIGN[0]})
    assert (answer.status_code, answer.json()["reason"]) == (403, "foreign-origin")
    assert untouched(database)


def test_create_from_another_site_is_refused(client, database):
    assert client.post("/note", data={"id": "2"}, headers=FOREIGN[2]).status_code == 403
    assert untouched(database)


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {},
    {"Origin": "https://friend.example"},
    {"Origin": "https://friend.example", "Sec-Fetch-Site": "cross-site"}, {"Origin": "here"}],
    ids=str)
def test_own_forms_and_listed_origins_may_write(server, client, headers):
    if headers.get("Origin") == "here":
        headers = {"Origin": server.url}
    form = pages.form(client, "/note/1")
    form["title"] = "Ours"
    assert form.send(client, **headers).status_code == 303


def test_reading_from_another_site_is_not_stopped_but_never_shared(client):
    answer = client.get("/note/1", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("name", ["_base", "_version", "_form"])
def test_form_that_mixes_two_versions_is_refused_and_shows_what_was_typed(
        client, database, name):
    older = pages.form(client, "/note/1")
    database.run("UPDATE note SET body = 'Changed'")
    form = pages.form(client, "/note/1")
    form[name], form["title"] = older[name], "Typed by anna"
    answer = form.send(client)
    assert (answer.status_code, answer.headers["pg409-outcome"]) == (409, "refused")
    assert "mixture of two versions" in answer.text
    assert "Typed by anna" in answer.text
    assert database.run("SELECT title, body FROM note") == [("Title", "Changed")]


# --- people ---


@pytest.mark.parametrize("setting, reads, writes", [
    ("deny", 403, 403), ("read", 200, 403), ("write", 200, 303)])
def test_anonymous_may_do_what_the_setting_says(database, setting, reads, writes):
    with fastcgi.Program(database, {"anonymous": setting}) as program:
        version = json.loads(program.get("/note/1").text)["_version"]
        nobody = {"REMOTE_USER": None}
        for address in ("/", "/note", "/note/1", "/note?_format=csv"):
            assert program.get(address, **nobody).status == reads
        new = program.get("/note/_new", HTTP_ACCEPT="text/html", **nobody)
        assert new.status == (200 if writes == 303 else 403)
        fields = {"_version": version, "title": "Anonymous"}
        assert program.post("/note/1", fields, **nobody).status == writes
        assert untouched(database) == (writes == 403)
        assert program.get("/_health", **nobody).status == 200
        assert program.post("/note/1", fields, REMOTE_USER="").status != 500


@pytest.fixture(scope="module")
def role_server(database):
    database.run("CREATE ROLE anna; CREATE ROLE bob; GRANT anna, bob TO editor;"
                 "GRANT USAGE ON SCHEMA pg409 TO anna, bob;"
                 "GRANT SELECT, UPDATE ON note TO anna; GRANT SELECT ON note TO bob")
    with stack.serving("lighttpd", database, {"user_role": "on"}) as server:
        yield server
    database.run("DROP OWNED BY anna, bob; DROP ROLE anna, bob")


@pytest.mark.parametrize("user, status", [("anna", 200), ("bob", 403)])
def test_user_role_makes_the_grants_of_that_role_count(role_server, database, user, status):
    with role_server.client(user) as client:
        row = client.get("/note/1").json()
        answer = client.patch("/note/1", json={"title": user, "_version": row["_version"]})
        assert answer.status_code == status
        assert untouched(database) == (status == 403)


@pytest.mark.parametrize("user", ["carl", "none", "postgres", "edi", "anna, bob", '"anna"'])
def test_user_without_a_role_gets_nothing(role_server, user):
    """Not even none, which PostgreSQL takes for no change of role at all."""
    answer = fastcgi.request(role_server.folder / "run/pg409.sock", "GET", "/note/1",
                             REMOTE_USER=user, PG409_CONFIG=role_server.settings)
    assert answer.status == 403
    assert "Title" not in answer.text


def test_grants_of_one_user_are_not_taken_for_those_of_the_next(role_server, database):
    """One worker serves both: what it knows of the tables is of whom it read them for."""
    with fastcgi.Program(database, {"user_role": "on"}) as program:
        row = json.loads(program.get("/note/1", REMOTE_USER="bob").text)
        body = json.dumps({"title": "anna", "_version": row["_version"]}).encode()
        more = {"CONTENT_TYPE": "application/json", "HTTP_ACCEPT": "application/json"}
        assert program.request("PATCH", "/note/1", body, REMOTE_USER="anna", **more).status == 200
        shown = {user: program.get("/note/1", REMOTE_USER=user, HTTP_ACCEPT="text/html").text
                 for user in ("anna", "bob")}
        assert ">Save</button>" in shown["anna"] and ">Save</button>" not in shown["bob"]
        assert program.request("PATCH", "/note/1", body, REMOTE_USER="bob", **more).status == 403


def test_table_that_may_not_be_read_is_not_shown(client):
    assert "secret" not in client.get("/", headers=HTML).text
    for address in ("/secret", "/secret/1"):
        answer = client.get(address, headers=HTML)
        assert answer.status_code in (403, 404)
        assert "hidden-word" not in answer.text


@pytest.mark.parametrize("address", ["/pg_class", "/pg_authid", "/pg_catalog.pg_class",
                                     "/receipt", "/pg409.receipt", "/information_schema.tables"])
def test_tables_of_other_schemas_are_out_of_reach(client, address):
    assert client.get(address).status_code == 404


# --- pages ---


class Elements(html.parser.HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attributes)


def path_of(*names):
    return "".join("/" + urllib.parse.quote(name, safe="").replace("~", "~7E").replace("%", "~")
                   for name in names)


@pytest.fixture(scope="module")
def evil_pages(server, database):
    """One of each kind of page, with hostile names and values wherever something can stand."""
    table, key = quoted(TABLE), EVIL
    database.run(f"INSERT INTO {table} VALUES (%s, %s, %s, %s, %s, %s)", key, EVIL,
                 EVIL + "\n" + EVIL, EVIL, json.dumps({EVIL: EVIL}), [EVIL, EVIL])
    address, found = path_of(TABLE, key), {}
    with server.client("anna") as client:
        found["tables"] = client.get("/", headers=HTML)
        found["list"] = client.get(path_of(TABLE), headers=HTML)
        found["search"] = client.get(path_of(TABLE), params={"q": EVIL}, headers=HTML)
        found["unknown sort"] = client.get(path_of(TABLE), params={"sort": EVIL}, headers=HTML)
        found["new"] = client.get(path_of(TABLE) + "/_new", params={"_next": EVIL}, headers=HTML)
        found["row"] = client.get(address, params={"_done": EVIL, "_next": EVIL}, headers=HTML)
        found["no table"] = client.get(path_of(EVIL), headers=HTML)
        found["no row"] = client.get(path_of(TABLE, EVIL + "x"), headers=HTML)
        found["problem"] = client.get(path_of("_problems", EVIL), headers=HTML)
        first, second, check = (pages.form(client, address, 0) for _ in range(3))
        bad = dict(check.fields, **{"_version": EVIL, COLUMN: EVIL})
        found["bad version"] = client.post(address, data=bad, headers=HTML)
        check["kind"] = "forbidden"
        found["check"] = check.send(client)
        unknown = {"_version": first["_version"], EVIL: EVIL}
        found["unknown field"] = client.post(address, data=unknown, headers=HTML)
        first[COLUMN], second[COLUMN] = "1" + EVIL, "2" + EVIL
        assert first.send(client).status_code == 303
        found["conflict"] = second.send(client)
        database.run(f"DELETE FROM {table}")
        found["deleted"] = second.send(client)
        found["mixed"] = client.post(address, data=dict(second.fields, _base="{}"), headers=HTML)
    return found


KINDS = {"tables": 200, "list": 200, "search": 200, "unknown sort": 400, "new": 200, "row": 200,
         "no table": 404, "no row": 404, "problem": 404, "bad version": 400, "check": 422,
         "unknown field": 400, "conflict": 409, "deleted": 409, "mixed": 409}
TAGS = set("""html head meta title link body header nav main a span strong p h1 h2 h3 table thead
    tbody tr th td form input textarea select option optgroup button label fieldset legend dl dt
    dd div details summary ul ol li ins del mark code pre time small em section footer br
    hr b i abbr output""".split())


OURS = re.compile(r'<script defer src="/_static/script\.[0-9a-f]{12}\.js"></script>')


def without_ours(text):
    """The page without its one script, which is a file of this site."""
    assert len(OURS.findall(text)) == 1
    return OURS.sub("", text)


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_names_and_values_stay_text(evil_pages, kind):
    answer = evil_pages[kind]
    assert answer.status_code == KINDS[kind], answer.text
    elements = Elements(without_ours(answer.text))
    assert elements.tags <= TAGS
    assert elements.attributes.isdisjoint({"a", "b", "x"})
    assert "<script" not in without_ours(answer.text) and "<evil" not in answer.text


@pytest.mark.parametrize("kind", KINDS)
def test_policy_allows_nothing_inline_and_the_page_needs_nothing(evil_pages, kind):
    answer = evil_pages[kind]
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy and "form-action 'self'" in policy
    assert "unsafe" not in policy and "*" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    elements = Elements(without_ours(answer.text))
    assert elements.tags.isdisjoint({"script", "style", "iframe", "object", "base"})
    assert not [name for name in elements.attributes if name == "style" or name.startswith("on")]


def test_hostile_values_are_shown_as_they_are(evil_pages):
    assert html.unescape(evil_pages["row"].text).count(EVIL) >= 5
    assert pages.forms(evil_pages["row"])[0].fields[COLUMN] == EVIL


@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
def test_json_and_csv_are_never_taken_for_a_page(client, database, accept):
    database.run("UPDATE note SET title = %s", EVIL)
    answer = client.get("/note", headers={"Accept": accept})
    assert answer.headers["content-type"].startswith(accept)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert EVIL in (answer.json()[0]["title"] if "json" in accept
                    else answer.text.replace('""', '"'))


# --- headers and redirects ---

ELSEWHERE = ["//evil.example", "/\\evil.example", "https://evil.example", "\\\\evil.example",
             "/\t/evil.example", "javascript:alert(1)", "evil.example", "/a\r\nSet-Cookie: x=1",
             "/a\nX: y", " //evil.example", "///evil.example", "/%0a/evil", "http:evil.example"]


@pytest.mark.parametrize("address", ELSEWHERE)
def test_next_leads_nowhere_else(client, address):
    form = pages.form(client, "/note/1")
    form.fields.update({"title": "New", "_next": address})
    answer = form.send(client)
    assert answer.status_code == 303
    location = answer.headers["location"]
    assert location.startswith(("/note/1", "/%0a/evil"))
    assert urllib.parse.urlsplit(location).netloc == ""
    assert "set-cookie" not in answer.headers and "x" not in answer.headers


def test_next_leads_to_an_address_of_this_site(client):
    form = pages.form(client, "/note/1")
    form.fields.update({"title": "New", "_next": "/thanks?for=saving#top"})
    assert form.send(client).headers["location"] == "/thanks?for=saving#top"


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=1", "a\nb", "ä", "<script>", "x" * 65,
                                   "a b"])
def test_request_id_that_is_not_plain_is_replaced(database, value):
    with fastcgi.Program(database) as program:
        answer = program.get("/note/1", HTTP_X_REQUEST_ID=value)
        assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])
        assert "set-cookie" not in answer.headers
        assert "Set-Cookie" not in answer.log


# --- SQL ---

SQL = ["note; DROP TABLE note", "note\"; DROP TABLE note; --", "1' OR '1'='1", "1 OR 1=1",
       "1; DELETE FROM note", "') OR true --", "$1", "pg_sleep(10)", "\\'; DROP TABLE note; --",
       "%27%20OR%20true"]


@pytest.mark.parametrize("text", SQL)
@pytest.mark.parametrize("place", ["table", "key", "sort", "search", "after", "member", "base",
                                   "field", "columns", "value"])
def test_sql_in_names_and_values_does_nothing(client, database, place, text):
    version = client.get("/note/1").json()["_version"]
    good = {"_version": version}
    send = {
        "table": lambda: client.get("/" + urllib.parse.quote(text, safe="")),
        "key": lambda: client.get("/note/" + urllib.parse.quote(text, safe="")),
        "sort": lambda: client.get("/note", params={"sort": text}, headers=HTML),
        "search": lambda: client.get("/note", params={"q": text}, headers=HTML),
        "after": lambda: client.get("/note", params={"after": text}, headers=HTML),
        "member": lambda: client.patch("/note/1", json={**good, text: "x"}),
        "base": lambda: client.patch("/note/1", json={**good, "_base": {text: "x"}}),
        "field": lambda: client.post("/note/1", data={**good, text: "x"}),
        "columns": lambda: client.post("/note/1", data={**good, "_columns": text, "title": "x"}),
        "value": lambda: client.patch("/note/1", json={**good, "body": text}),
    }
    answer = send[place]()
    expected = {"table": (404,), "key": (404,), "sort": (400,), "search": (200,), "after": (400,),
                "base": (200,), "value": (200,)}.get(place, (400,))
    assert answer.status_code in expected, answer.text
    body = text if place == "value" else "Body"
    assert database.run("SELECT id, title, body FROM note") == [(1, "Title", body)]
    assert place != "search" or "No rows found" in answer.text


@pytest.mark.parametrize("values", [{"title": "x" * 10, "id": "x"}, {"seen": "1"}])
def test_errors_show_no_sql_no_connection_and_no_path(client, server, database, values):
    answers = [client.post("/note", json=values), client.post("/note", data=values, headers=HTML),
               client.get("/note/x"), client.get("/note?after=x", headers=HTML)]
    for answer in answers:
        assert 400 <= answer.status_code < 500
        for secret in ("SELECT", "INSERT", "::integer", "dbname", "host=", str(server.folder),
                       str(database.postgres.folder), "src/", ".c:", "$1"):
            assert secret not in answer.text, secret
