"""What clients should not send, and does harm to nobody when they do: the answer says what is
wrong, and nothing is stored."""

import json
import re
import socket
import subprocess
import urllib.parse

import pytest

import stack
from e2e import fastcgi, pages

JSON = {"Accept": "application/json"}
HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def server(database):
    database.create("CREATE TABLE note (id integer PRIMARY KEY, title text, body text, seen date);"
                    "CREATE TABLE nokey (title text);"
                    "CREATE TABLE named (key text PRIMARY KEY, title text);"
                    "INSERT INTO nokey VALUES ('x')", protect=["note", "named"])
    with stack.serving("lighttpd", database, {"max_body": "20k", "max_fields": "30"}) as server:
        yield server


@pytest.fixture(scope="module")
def program(database, server):
    """Without a web server in between, which would stop some of it. Default limits."""
    with fastcgi.Program(database) as program:
        yield program


@pytest.fixture(autouse=True)
def row(database, server):
    database.run("DELETE FROM note")
    database.run("INSERT INTO note VALUES (1, 'Title', 'Body', '2026-11-22')")


@pytest.fixture
def client(server):
    with server.client("anna") as client:
        yield client


def version(client):
    return client.get("/note/1", headers=JSON).json()["_version"]


def untouched(database):
    return database.run("SELECT title, body FROM note") == [("Title", "Body")]


def refused(answer, status, *words):
    assert answer.status_code == status, answer.text
    assert answer.headers.get("pg409-outcome", "refused") == "refused"
    for word in words:
        assert word in answer.text, answer.text


# --- tables and addresses ---


def test_table_without_key_is_explained_and_not_edited(client):
    refused(client.get("/nokey", headers=HTML), 404, "no primary key")
    refused(client.get("/nokey/1"), 404, "no-key")
    refused(client.post("/nokey", json={"title": "New"}), 404, "no-key")
    assert "not editable" in client.get("/", headers=HTML).text


@pytest.mark.parametrize("address", ["/nothing", "/note/1/more", "/_nothing", "/note/1/_nothing",
                                     "/_problems/nothing", "/_static/nothing.css"])
def test_unknown_address_is_404(client, address):
    assert client.get(address, headers={"Accept": "text/html, */*"}).status_code == 404


@pytest.mark.parametrize("key", ["2", "x", "1,1", "99999999999999999999", "~ZZ", "~", "1~00"])
def test_key_of_no_row_is_404(client, key):
    refused(client.get(f"/note/{key}"), 404, "no-row")
    refused(client.get(f"/note/{key}", headers=HTML), 404)


@pytest.mark.parametrize("key", ["2", "x", "9" * 30])
def test_write_to_the_key_of_no_row_is_404_and_412_with_if_match(client, key):
    refused(client.patch(f"/note/{key}", json={"title": "New"}), 404, "no-row")
    strict = client.patch(f"/note/{key}", json={"title": "New"}, headers={"If-Match": f'"{OTHER}"'})
    assert strict.status_code == 412
    refused(client.post(f"/note/{key}", data={"title": "New"}, headers=HTML), 404)
    refused(client.post(f"/note/{key}", data={"_method": "DELETE"}, headers=HTML), 404)


@pytest.mark.parametrize("address", ["/" + "a" * 5000, "/note/1?x=" + "a" * 17000])
def test_very_long_address_is_414(program, address):
    assert program.get(address).status == 414


def test_very_long_address_through_the_server_is_414(client):
    assert client.get("/" + "a" * 5000).status_code == 414


@pytest.mark.parametrize("address", [b"/note/\xff", b"/\xc3\x28"])
def test_path_that_is_not_utf8_is_400(program, address):
    answer = program.get("/note/1", PATH_INFO=address, HTTP_ACCEPT="application/json")
    assert (answer.status, json.loads(answer.text)["reason"]) == (400, "malformed")


@pytest.mark.parametrize("query", ["_format=%ff", "q=%C3%28", "q=%00", "q=%zz", "%ff=1"])
def test_query_that_is_not_text_is_400(program, query):
    assert program.get(f"/note?{query}").status == 400


def test_query_with_too_many_fields_is_400(program):
    assert program.get("/note?" + "&".join(f"x{n}=1" for n in range(300))).status == 400


@pytest.mark.parametrize("kind", ["xml", "", "HTML", "json,html"])
def test_unknown_format_is_400(client, kind):
    refused(client.get("/note/1", params={"_format": kind}), 400, "_format")


def test_accept_that_nobody_has_is_406(client):
    refused(client.get("/note/1", headers={"Accept": "image/png"}), 406)


@pytest.mark.parametrize("query", ["after=x", "after=1,2", "after=~ZZ", "after=", "before=x",
                                   "sort=seen&after=1", "sort=seen&after=x,1", "after=~00"])
def test_bad_cursor_is_400(client, query):
    refused(client.get(f"/note?{query}", headers=HTML), 400, "cannot be found")


@pytest.mark.parametrize("accept", ["text/html", "application/json", "text/csv"])
def test_sorting_by_an_unknown_column_is_400_that_names_it(client, accept):
    refused(client.get("/note?sort=colour", headers={"Accept": accept}), 400, "colour")


@pytest.mark.parametrize("limit", ["x", "-1", "1.5", "99999999999999999999", ""])
def test_limit_that_is_no_number_is_400(client, limit):
    refused(client.get("/note", params={"limit": limit}, headers=JSON), 400, "limit")


def test_unknown_method_is_405_with_allow(program):
    answer = program.request("BREW", "/note/1")
    assert answer.status == 405
    assert "PATCH" in answer.headers["allow"]


def test_unknown_method_override_is_400(client, database):
    refused(client.post("/note/1", data={"_method": "BREW", "title": "x"}), 400, "_method")
    assert untouched(database)


# --- bodies ---


def test_body_shorter_than_announced_is_never_saved(program, database):
    body = fastcgi.encode({"_version": json.loads(program.get("/note/1").text)["_version"],
                           "title": "Cut", "body": "B"})
    answer = program.request("POST", "/note/1", body, announced=len(body) + 1,
                             CONTENT_TYPE=fastcgi.FORM)
    assert (answer.status, answer.headers["pg409-outcome"]) == (400, "refused")
    assert untouched(database)


def test_body_longer_than_announced_is_never_saved(program, database):
    body = fastcgi.encode({"_version": json.loads(program.get("/note/1").text)["_version"],
                           "title": "Long", "body": "Bo"})
    answer = program.request("POST", "/note/1", body, announced=len(body) - 1,
                             CONTENT_TYPE=fastcgi.FORM)
    assert (answer.status, answer.headers["pg409-outcome"]) == (400, "refused")
    assert untouched(database)


@pytest.mark.parametrize("missing, status", [(1, 400), (0, 303)])
def test_plain_cgi_never_saves_a_body_cut_short(server, client, database, missing, status):
    body = fastcgi.encode({"_version": version(client), "title": "Cut", "body": "x" * 5000})
    variables = {**fastcgi.params("POST", "/note/1", str(len(body)), CONTENT_TYPE=fastcgi.FORM),
                 "GATEWAY_INTERFACE": "CGI/1.1", "PG409_CONFIG": str(server.settings)}
    done = subprocess.run([stack.PROGRAM], env=variables, input=body[:len(body) - missing],
                          capture_output=True, check=True)
    assert done.stdout.startswith(b"Status: %d" % status)
    assert untouched(database) == (status == 400)


@pytest.mark.parametrize("length", ["x", "-1", "1e3", "99999999999999999999", " "])
def test_length_that_is_no_number_is_400(program, database, length):
    answer = program.request("POST", "/note/1", b"title=x", announced=length,
                             CONTENT_TYPE=fastcgi.FORM)
    assert answer.status == 400
    assert untouched(database)


def test_connection_cut_in_the_body_saves_nothing(server, client, database):
    body = fastcgi.encode({"_version": version(client), "title": "Cut", "body": "x" * 1000})
    head = (f"POST /note/1 HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Authorization: Basic YW5uYTphbm5h\r\nContent-Type: {fastcgi.FORM}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        raw.sendall(head + body[:500])
        raw.shutdown(socket.SHUT_WR)
        while raw.recv(4096):  # until the server is done with it
            pass
    assert client.get("/note/1").status_code == 200
    assert untouched(database)


def filled(fields, size):
    """The form, padded to exactly that many bytes by a column."""
    spare = size - len(fastcgi.encode({**fields, "body": ""}))
    return fastcgi.encode({**fields, "body": "b" * spare})


@pytest.mark.parametrize("more, status", [(0, 303), (1, 413)])
def test_max_body_is_the_last_byte_that_is_read(client, database, more, status):
    body = filled({"_version": version(client)}, 20 * 1024 + more)
    answer = client.post("/note/1", content=body, headers={"Content-Type": fastcgi.FORM})
    assert answer.status_code == status
    assert untouched(database) == (status == 413)


@pytest.mark.parametrize("more, status", [(0, 303), (1, 413)])
def test_max_fields_is_the_last_field_that_is_read(client, database, more, status):
    fields = {"_version": version(client), "title": "New"}
    fields.update({f"_x{n}": "1" for n in range(28 + more)})
    answer = client.post("/note/1", data=fields)
    assert answer.status_code == status
    assert untouched(database) == (status == 413)


@pytest.mark.parametrize("more, status", [(0, 200), (1, 413)])
def test_max_fields_counts_members_of_json_too(client, database, more, status):
    members = {f"_x{n}": 1 for n in range(28 + more)}
    # A member that names nothing is refused as well, but later, and by its name.
    answer = client.patch("/note/1", json={"_version": version(client), "title": "New", **members})
    assert answer.status_code == (413 if status == 413 else 400)
    assert ("_x0" in answer.text) == (status == 200)
    assert untouched(database)


def test_ten_thousand_fields_are_refused_by_default(program, database):
    fields = {"_version": json.loads(program.get("/note/1").text)["_version"], "title": "New"}
    fields.update({f"_x{n}": "1" for n in range(10000)})
    assert program.post("/note/1", fields).status == 413
    assert untouched(database)


def test_ten_thousand_fields_are_read_where_the_settings_allow(database):
    with fastcgi.Program(database, {"max_fields": "10000"}) as program:
        fields = {"_version": json.loads(program.get("/note/1").text)["_version"], "title": "New"}
        fields.update({f"_x{n}": "1" for n in range(9998)})
        assert program.post("/note/1", fields).status == 303
        assert not untouched(database)


@pytest.mark.parametrize("body", [b"title=%ff", b"title=\xff", b"%c3%28=1", b"title=%C0%80"])
def test_form_that_is_not_utf8_is_400(client, database, body):
    refused(client.post("/note/1", content=body, headers={"Content-Type": fastcgi.FORM}), 400)
    assert untouched(database)


@pytest.mark.parametrize("body", [b"title=a%00b", b"title=a\x00b"])
def test_form_with_nul_is_422(client, database, body):
    answer = client.post("/note/1", content=body, headers={"Content-Type": fastcgi.FORM})
    refused(answer, 422, "NUL")
    assert untouched(database)


@pytest.mark.parametrize("body", [b"title=%", b"title=%4", b"title=%xy", b"n" * 300 + b"=1"])
def test_garbled_form_is_400(client, database, body):
    refused(client.post("/note/1", content=body, headers={"Content-Type": fastcgi.FORM}), 400)
    assert untouched(database)


GARBAGE = [b"{", b"[]", b"1", b"null", b'"x"', b"{}x", b'{"title":}', b"{'title':1}", b"\xff",
           b'{"title":"\xff"}', b'{"title":NaN}', b'{"title":"a","title":"b"}',
           b'{"title":"\\ud800"}', b'{"title":01}', b'{"title":"a\nb"}', b"[" * 10000,
           b'{"body":' * 3000, b'{"title":' + b"[" * 100 + b"]" * 100 + b"}", b"\xef\xbb\xbf{}"]


@pytest.mark.parametrize("body", GARBAGE, ids=range(len(GARBAGE)))
def test_json_that_is_no_plain_object_is_400(program, database, body):
    answer = program.request("PATCH", "/note/1", body, CONTENT_TYPE="application/json")
    assert (answer.status, json.loads(answer.text)["reason"]) == (400, "malformed")
    assert answer.headers["pg409-outcome"] == "refused"
    assert untouched(database)


def test_json_with_an_escaped_nul_is_refused(client, database):
    answer = client.patch("/note/1", content=b'{"title":"a\\u0000b"}',
                          headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    assert untouched(database)


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "text/csv",
                                  "application/xml", "", "application/jsonx", "json"])
def test_other_kinds_of_content_are_415(client, database, kind):
    answer = client.post("/note/1", content=b'{"title":"x"}', headers={"Content-Type": kind})
    refused(answer, 415)
    assert untouched(database)


def test_unknown_column_in_json_is_400_that_names_it(client, database):
    refused(client.patch("/note/1", json={"colour": "red", "_version": version(client)}), 400,
            "unknown-name", "colour")
    assert untouched(database)


def test_unknown_column_in_a_form_is_400_that_names_it(client, database):
    refused(client.post("/note/1", data={"colour": "red", "_version": version(client)}), 400,
            "colour")
    assert untouched(database)


@pytest.mark.parametrize("value", ["not a date", "2026-02-30", "22.11.26.1"])
def test_value_that_its_type_cannot_take_is_422(client, database, value):
    refused(client.patch("/note/1", json={"seen": value, "_version": version(client)}), 422)
    refused(client.post("/note/1", data={"seen": value, "_version": version(client)}), 422)
    assert untouched(database)


# --- versions ---


NO_VERSION = ["04/03/2026", "yesterday", "2026-11-22", "1", "", "now()", "2026-11-22T07:49:00",
              "infinity", "2026-13-01T00:00:00Z", "2026-11-22T07:49:00Z~x", "' OR true --"]


@pytest.mark.parametrize("text", NO_VERSION)
def test_version_that_is_no_timestamp_is_400(client, database, text):
    refused(client.post("/note/1", data={"_version": text, "title": "New"}), 400)
    refused(client.patch("/note/1", json={"_version": text, "title": "New"}), 400, "bad-version")
    refused(client.patch("/note/1", json={"updated_at": text, "title": "New"}), 400)
    assert untouched(database)


@pytest.mark.parametrize("value", ['"unclosed', '"2026-11-22T07:49:00Z" "x"', "04/03/2026"])
def test_bad_if_match_is_400(client, database, value):
    refused(client.patch("/note/1", json={"title": "New"}, headers={"If-Match": value}), 400)
    assert untouched(database)


def test_if_match_with_two_tags_is_400(client, database):
    tags = f'"{version(client)}", "2026-11-22T07:49:00Z"'
    refused(client.patch("/note/1", json={"title": "New"}, headers={"If-Match": tags}), 400)
    assert untouched(database)


OTHER = "2026-11-22T07:49:00.123456Z"


@pytest.mark.parametrize("sides", ["header-member", "header-query", "member-query",
                                   "member-column", "header-column"])
def test_two_versions_that_disagree_are_400(client, database, sides):
    good, (first, second) = version(client), sides.split("-")
    body = {"title": "New"}
    sent = {first: good, second: OTHER}
    body.update({"_version": sent["member"]} if "member" in sent else {})
    body.update({"updated_at": sent["column"]} if "column" in sent else {})
    headers = {"If-Match": f'"{sent["header"]}"'} if "header" in sent else {}
    query = {"_version": sent["query"]} if "query" in sent else {}
    refused(client.patch("/note/1", json=body, headers=headers, params=query), 400,
            "versions-differ")
    refused(client.post("/note/1", data=body, headers=headers, params=query), 400)
    assert untouched(database)


@pytest.mark.parametrize("body", [{"_version": 1.5}, {"_version": True}, {"_version": {}},
                                  {"_version": ["x"]}])
def test_version_of_the_wrong_json_type_is_400(client, database, body):
    refused(client.patch("/note/1", json={"title": "New", **body}), 400)
    assert untouched(database)


def test_no_version_at_all_is_428(client, database):
    refused(client.patch("/note/1", json={"title": "New"}), 428, "version-required")
    refused(client.post("/note/1", data={"title": "New"}), 428)
    assert untouched(database)


# --- rows that are hard to carry ---

KEYS = ["a/b", "a//b", "a,b", "a'b", 'a"b', "a%b", "a%2Fb", "ä ö/ü", ".", "..", "_x", "", " ",
        "a~b", "a?b", "a#b", "a\\b", "a+b", "a&b=c", "😀", "<b>", "a;b", "_new"]


def decoded(segment):
    """A key from its address: ~ and two hexadecimal digits are a byte, ~ alone is none."""
    return "" if segment == "~" else urllib.parse.unquote(segment.replace("~", "%"))


@pytest.mark.parametrize("kind", ["lighttpd", "apache", "apache-htaccess", "nginx"])
def test_every_key_can_be_listed_opened_and_saved(database, server, kind):
    database.run("DELETE FROM named")
    for key in KEYS:
        database.run("INSERT INTO named VALUES (%s, 'Title')", key)
    with stack.serving(kind, database) as other, other.client("anna") as client:
        listing = client.get("/named", headers=HTML).text
        addresses = set(re.findall(r'href="(/named/[^"]*)"', listing)) - {"/named/_new"}
        assert len(addresses) == len(KEYS)
        for address in addresses:
            form = pages.form(client, address)
            form["title"] = address
            assert form.send(client).status_code == 303, address
    rows = database.run("SELECT title, key FROM named")
    assert sorted(key for _, key in rows) == sorted(KEYS)
    for address, key in rows:  # each was saved into its own row
        assert decoded(address.removeprefix("/named/")) == key


@pytest.mark.parametrize("kind", ["lighttpd", "nginx"])
def test_row_of_a_mebibyte_is_edited(database, server, kind):
    text = ("Zwölf Boxkämpfer <jagen> & \"Viktor\".\r\n" * 30000)[:1 << 20]
    database.run("UPDATE note SET body = %s", text)
    with stack.serving(kind, database) as other, other.client("anna") as client:
        form = pages.form(client, "/note/1", 0)
        form["body"] = form["body"] + "The end"
        answer = form.send(client)
        assert (answer.status_code, answer.headers["pg409-outcome"]) == (303, "saved")
    stored = database.one("SELECT body FROM note")
    assert stored.replace("\r\n", "\n") == text.replace("\r\n", "\n") + "The end"


def test_conflict_on_a_row_of_a_mebibyte_loses_nothing(database, server):
    text = "word " * 210000
    database.run("UPDATE note SET body = %s", text)
    with stack.serving("lighttpd", database) as other, other.client("anna") as client:
        form = pages.form(client, "/note/1", 0)
        database.run("UPDATE note SET body = 'Other ' || body")
        form["body"] = form["body"] + "mine"
        answer = form.send(client)
        assert answer.status_code == 409
        assert (text + "mine") in pages.forms(answer)[0].fields["body"]
