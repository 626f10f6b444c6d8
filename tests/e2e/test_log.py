"""One line a write on the error log, with what explains it and nothing that was typed."""

import datetime
import json
import re
import shlex
import time

import pytest

import stack
from e2e import fastcgi, pages

SECRET = "never-in-the-log"


@pytest.fixture(scope="module", autouse=True)
def tables(database):
    database.create("CREATE TABLE note (id integer PRIMARY KEY, title text UNIQUE, body text "
                    "CHECK (body <> 'forbidden'), seen date)", protect=["note"])


@pytest.fixture(autouse=True)
def row(database):
    database.run("DELETE FROM note")
    database.run("INSERT INTO note VALUES (1, 'Title', 'Body'), (2, 'Other', 'Body')")


@pytest.fixture(scope="module")
def program(database):
    with fastcgi.Program(database) as program:
        yield program


def version(program):
    return json.loads(program.get("/note/1").text)["_version"]


def lines(answer):
    """The lines of the log of one request, each as the word it begins with and its fields."""
    found = []
    for line in answer.log.splitlines():
        assert line.startswith("pg409 ")
        word, *pairs = shlex.split(line.removeprefix("pg409 "))
        found.append((word, dict(pair.split("=", 1) for pair in pairs)))
    return found


def line(answer):
    (word, fields), = lines(answer)
    assert word == "write"
    return fields


def test_save_is_one_line_with_all_of_its_fields(program):
    base = version(program)
    answer = program.post("/note/1", {"_version": base, "title": SECRET, "body": "Body"},
                          HTTP_X_REQUEST_ID="my-id.42")
    fields = line(answer)
    assert re.fullmatch(r"\d+\.\d", fields.pop("ms"))
    told = datetime.datetime.fromisoformat(fields.pop("at"))
    assert abs(told.timestamp() - time.time()) < 60
    assert fields == {
        "id": "my-id.42", "user": "anna", "method": "POST", "table": "note", "key": "1",
        "outcome": "saved", "columns": "title,body", "base": base,
        "current": version(program), "status": "303"}


def test_conflict_is_one_line_with_its_reason_and_both_versions(program, database):
    base = version(program)
    database.run("UPDATE note SET title = 'Changed' WHERE id = 1")
    answer = program.post("/note/1", {"_version": base, "title": SECRET})
    fields = line(answer)
    assert (answer.status, fields["status"]) == (409, "409")
    assert (fields["outcome"], fields["reason"]) == ("conflict", "stale")
    assert (fields["base"], fields["current"]) == (base, version(program))
    assert SECRET not in answer.log


def test_method_that_was_meant_is_logged(program):
    fields = line(program.post("/note/1", {"_version": version(program), "_method": "DELETE"}))
    assert (fields["method"], fields["outcome"]) == ("DELETE", "saved")


def test_create_is_logged(program):
    fields = line(program.post("/note", {"id": "3", "title": SECRET}))
    assert (fields["outcome"], fields["table"], fields["columns"]) == ("saved", "note", "id,title")


REFUSED = {
    "version-required": (428, {"title": SECRET}, {}),
    "bad-version": (400, {"_version": "yesterday", "title": SECRET}, {}),
    "unknown-name": (400, {"_version": "good", "colour": SECRET}, {}),
    "value": (422, {"_version": "good", "seen": SECRET}, {}),
    "check": (422, {"_version": "good", "title": SECRET, "body": "forbidden"}, {}),
    "foreign-origin": (403, {"_version": "good", "title": SECRET},
                       {"HTTP_SEC_FETCH_SITE": "cross-site"}),
    "login-required": (403, {"_version": "good", "title": SECRET}, {"REMOTE_USER": None}),
    "media-type": (415, {"title": SECRET}, {"CONTENT_TYPE": "text/plain"}),
    "mixed-form": (409, {"_version": "good", "_base": "{}", "_form": "x", "title": SECRET}, {}),
    "overwrite": (403, {"_version": "*", "title": SECRET}, {}),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_refused_write_is_one_line_with_its_reason_and_no_value(program, reason):
    status, fields, more = REFUSED[reason]
    good = version(program)
    answer = program.post("/note/1", {**fields, **({"_version": good} if
                          fields.get("_version") == "good" else {})}, **more)
    told = line(answer)
    assert (answer.status, told["status"]) == (status, str(status))
    assert (told["outcome"], told["reason"]) == ("refused", reason)
    assert answer.headers["pg409-outcome"] == "refused"
    assert SECRET not in answer.log


def test_value_that_is_taken_is_logged_without_the_value(program):
    answer = program.post("/note/1", {"_version": version(program), "title": "Other"})
    fields = line(answer)
    assert (fields["outcome"], fields["reason"], fields["sqlstate"]) == ("conflict", "duplicate",
                                                                         "23505")
    assert "Other" not in answer.log


@pytest.mark.parametrize("method, address, body, status", [
    ("POST", "/note/1", b"title=%", 400), ("PATCH", "/note/1", b"{", 400),
    ("POST", "/nothing/1", b"title=x", 404), ("POST", "/note/1?q=%ff", b"title=x", 400),
    ("PUT", "/note/_new", b"title=x", 405)])
def test_write_refused_before_it_is_understood_is_logged_too(
        program, method, address, body, status):
    kind = "application/json" if method == "PATCH" else fastcgi.FORM
    answer = program.request(method, address, body, CONTENT_TYPE=kind)
    fields = line(answer)
    assert (answer.status, fields["status"], fields["method"]) == (status, str(status), method)
    assert fields["outcome"] == answer.headers["pg409-outcome"] == "refused"


def test_body_cut_short_is_logged(program):
    answer = program.request("POST", "/note/1", b"title=x", announced=100,
                             CONTENT_TYPE=fastcgi.FORM)
    assert line(answer)["reason"] == "cut-short"


def test_reads_are_not_logged(program):
    for address in ("/", "/note", "/note/1", "/note/99", "/_health"):
        assert program.get(address).log == ""


def test_hostile_names_make_no_second_line_and_no_second_field(program):
    answer = program.request("POST", "/note/1", b"title=x", CONTENT_TYPE=fastcgi.FORM,
                             REMOTE_USER='eve" outcome=saved\nkey=1',
                             PATH_INFO="/no\ntable=x/1\" status=200")
    fields = line(answer)
    assert fields["outcome"] == "refused" and fields["status"] == "404"
    assert answer.log.count("\n") == 1


def test_long_key_leaves_room_for_the_rest_of_the_line(program):
    answer = program.post("/note/" + "9" * 4000, {"title": "x"}, REMOTE_USER="u" * 3000)
    fields = line(answer)
    assert (fields["outcome"], fields["status"]) == ("refused", str(answer.status))


def test_lost_database_is_logged_with_what_it_said_but_not_to_the_client():
    with fastcgi.Program("host=/nonexistent/socket") as program:
        answer = program.get("/note/1", HTTP_X_REQUEST_ID="find-me")
        (word, fields), = lines(answer)
        assert (word, fields["id"], fields["status"]) == ("error", "find-me", "503")
        assert "/nonexistent/socket" in fields["error"]
        assert "/nonexistent" not in answer.text


def test_password_is_not_logged_when_the_database_is_away():
    with fastcgi.Program("host=/nonexistent/socket password=hunter2") as program:
        assert "hunter2" not in program.get("/note/1").log


@pytest.mark.parametrize("size", [0, 460, 490, 500, 520, 1000, 1400, 2900, 3500])
def test_long_line_is_one_record(program, size):
    """Web servers make a line of each record."""
    connection = fastcgi.Connection(program.path)
    body = fastcgi.encode({"title": "x"})
    key, user = "9" * min(size, 500), "u" * max(0, min(size - 500, 500))
    connection.begin(fastcgi.params("POST", f"/note/{key}", len(body), CONTENT_TYPE=fastcgi.FORM,
                                    REMOTE_USER=user or "anna"))
    connection.body(body)
    connection.end_body()
    answer = connection.answer()
    assert answer.ended and answer.log.count("\n") == 1
    assert len([record for record in answer.log_records if record]) == 1
    assert lines(answer)[0][1]["outcome"] == "refused"


def test_lines_of_one_request_are_not_cut_into(program):
    changes = [{"method": "POST", "path": "/note", "body": {"id": 100 + n, "title": f"T{n}"}} for n in range(12)]
    answer = program.request("POST", "/_batch", json.dumps({"changes": changes}).encode(),
                             CONTENT_TYPE="application/json", HTTP_ACCEPT="application/json")
    assert answer.status == 200 and len(lines(answer)) == 13
    assert all(record.endswith(b"\n") for record in answer.log_records if record)
    assert [fields.get("key", fields.get("rows")) for _, fields in lines(answer)][-1] == "12"


@pytest.mark.parametrize("kind", ["lighttpd", "apache", "nginx", "lighttpd-cgi"])
def test_long_line_is_one_line_of_the_error_log(database, kind):
    with stack.serving(kind, database) as server, server.client("bob") as client:
        address = "/note/" + "9" * 600
        assert client.patch(address, json={"title": "x"}).status_code in (404, 428)
        server.stop()
        told = [line for line in server.log().splitlines() if "99999" in line]
        assert len(told) == 1
        assert " outcome=refused " in told[0] and " at=20" in told[0]


@pytest.mark.parametrize("kind", ["lighttpd", "apache", "lighttpd-cgi"])
def test_line_reaches_the_error_log_of_the_server(database, kind):
    with stack.serving(kind, database) as server, server.client("bob") as client:
        form = pages.form(client, "/note/1")
        form["title"] = kind
        assert form.send(client, **{"X-Request-Id": "from-outside"}).status_code == 303
        server.stop()
        told = [line for line in server.log().splitlines() if "pg409 write" in line]
        assert len(told) == 1
        assert "id=from-outside user=bob method=POST table=note key=1 outcome=saved" in told[0]


# --- what the answer says about itself ---


@pytest.mark.parametrize("given", ["my-id", "A.b_c/d=+9", "x" * 64])
def test_request_id_comes_back(program, given):
    assert program.get("/note/1", HTTP_X_REQUEST_ID=given).headers["x-request-id"] == given


def test_request_without_id_gets_one_of_its_own(program):
    first, second = program.get("/note/1"), program.get("/note/1")
    assert re.fullmatch("[0-9a-f]{16}", first.headers["x-request-id"])
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


def timing(answer):
    told = re.fullmatch(r"db;dur=(\d+\.\d{3}), merge;dur=(\d+\.\d{3}), total;dur=(\d+\.\d{3})",
                        answer.headers["server-timing"])
    return [float(part) for part in told.groups()]


def test_server_timing_tells_database_merge_and_total(program, database):
    db, merge, total = timing(program.get("/note/1"))
    assert 0 < db <= total and merge == 0
    base, body = version(program), "\n".join(f"Line {i} of a longer text." for i in range(3000))
    database.run("UPDATE note SET body = %s WHERE id = 1", body.replace("Line", "Row"))
    change = {"_version": base, "_base": {"body": body}, "body": body.replace("longer", "long")}
    answer = program.request("PATCH", "/note/1", json.dumps(change).encode(),
                             CONTENT_TYPE="application/json", HTTP_ACCEPT="application/json")
    assert answer.status == 409
    db, merge, total = timing(answer)
    assert db > 0 and merge > 0.1 and db + merge <= total


def test_health_is_for_monitors(program):
    answer = program.get("/_health", REMOTE_USER=None)
    assert (answer.status, answer.text) == (200, "ok\n")
    assert answer.headers["cache-control"] == "no-store"
