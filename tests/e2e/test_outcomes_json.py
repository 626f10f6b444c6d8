"""What becomes of a write on one row, sent as JSON: contract sections 4 and 5 row by row."""

import json

import pytest

import stack
from e2e import desk
from e2e.desk import holding, new_row, problem, quick, read, result, stored, version


@pytest.fixture(scope="module")
def server(database):
    desk.create_tables(database)
    with stack.serving("lighttpd", database, desk.SETTINGS) as server:
        yield server


@pytest.fixture(scope="module")
def anna(server):
    return quick(server, "anna")


@pytest.fixture(scope="module")
def bob(server):
    return quick(server, "bob")


def write(client, path, base, body, strict=False, method="PATCH", **headers):
    """A write on that version: in the body, or strict: by If-Match."""
    if strict:
        headers["If-Match"] = f'"{base}"'
    else:
        body = {**body, "_version": base}
    return client.request(method, path, json=body, headers=headers)


STRICT = pytest.mark.parametrize("strict", [False, True], ids=["body", "if-match"])


# --- GET and POST ---------------------------------------------------------------------------------


def test_get_has_the_row_its_version_and_every_digit(database, anna):
    path = new_row(database, "article", title="One", rank=2147483647)
    row = read(anna, path)
    assert (row["title"], row["rank"], row["active"], row["day"]) == ("One", 2147483647, True, None)


def test_get_of_no_row_is_404(anna):
    assert problem(anna.get("/article/999999"))["reason"] == "no-row"


@pytest.mark.parametrize("path", ["/article/x", "/article/1,2", "/article/99999999999999"])
def test_get_of_no_key_is_404(anna, path):
    assert anna.get(path).status_code == 404


def test_post_creates_and_says_where(database, anna):
    answer = anna.post("/article", json={"title": "New"})
    assert result(answer) == (201, "saved")
    assert answer.content == b""
    row = read(anna, answer.headers["location"])
    assert row["title"] == "New" and answer.headers["etag"] == f'"{row["_version"]}"'


def test_post_returns_the_row_where_that_is_preferred(anna):
    answer = anna.post("/article", json={"title": "New"}, headers={"Prefer": "return=representation"})
    assert answer.status_code == 201
    assert [row["title"] for row in answer.json()] == ["New"]
    assert answer.json()[0]["_version"] == answer.headers["pg409-version"]


def test_post_twice_with_one_key_creates_one_row(database, anna):
    headers = {"Idempotency-Key": "9d0c-1"}
    first = anna.post("/article", json={"title": "Once"}, headers=headers)
    again = anna.post("/article", json={"title": "Once"}, headers=headers)
    assert result(again) == (201, "already-applied")
    assert again.headers["location"] == first.headers["location"]
    assert database.one("SELECT count(*) FROM article WHERE title = 'Once'") == 1


def test_post_twice_with_one_key_is_no_duplicate(database, anna):
    """The row itself would violate its own key the second time: that is not the first answer."""
    headers = {"Idempotency-Key": "9d0c-2"}
    body = {"slug": "once", "name": "Once"}
    assert result(anna.post("/page", json=body, headers=headers)) == (201, "saved")
    assert result(anna.post("/page", json=body, headers=headers)) == (201, "already-applied")


def test_key_of_somebody_else_is_another_key(database, anna, bob):
    headers = {"Idempotency-Key": "9d0c-3"}
    assert result(anna.post("/article", json={"title": "Mine"}, headers=headers)) == (201, "saved")
    assert result(bob.post("/article", json={"title": "Mine"}, headers=headers)) == (201, "saved")


# --- saved, unchanged, already-applied, rebased ---------------------------------------------------


@STRICT
@pytest.mark.parametrize("method", ["PATCH", "POST"])
def test_row_at_that_version_is_saved(database, anna, strict, method):
    path = new_row(database, "article", title="One", body="Text")
    answer = write(anna, path, version(anna, path), {"title": "Two"}, strict, method)
    assert result(answer) == (200, "saved")
    assert answer.json() == read(anna, path)
    assert (answer.json()["title"], answer.json()["body"]) == ("Two", "Text")


def test_merge_patch_is_json_too(database, anna):
    path = new_row(database, "article", title="One", code="x")
    body = json.dumps({"code": None, "_version": version(anna, path)})
    answer = anna.patch(path, content=body,
                        headers={"Content-Type": "application/merge-patch+json"})
    assert result(answer) == (200, "saved")
    assert answer.json()["code"] is None


def test_minimal_answer_has_no_body(database, anna):
    path = new_row(database, "article", title="One")
    answer = write(anna, path, version(anna, path), {"title": "Two"}, Prefer="return=minimal")
    assert (result(answer), answer.content) == ((204, "saved"), b"")
    assert answer.headers["pg409-version"] == version(anna, path)


@STRICT
def test_put_replaces_the_row(database, anna, strict):
    path = new_row(database, "article", title="One", body="Text", code="x", active=False)
    answer = write(anna, path, version(anna, path), {"title": "Two"}, strict, "PUT")
    assert result(answer) == (200, "saved")
    row = answer.json()
    assert (row["title"], row["body"], row["code"], row["active"]) == ("Two", "", None, True)


def test_put_of_the_row_as_it_was_read_is_unchanged(database, anna):
    path = new_row(database, "article", title="One", body="Text")
    row = read(anna, path)
    assert result(anna.put(path, json=row)) == (200, "unchanged")
    assert version(anna, path) == row["_version"]


def test_put_creates_where_nothing_is(database, anna):
    answer = anna.put("/page/made", json={"name": "Made"}, headers={"If-None-Match": "*"})
    assert result(answer) == (201, "saved")
    assert stored(database, "/page/made", "name") == "Made"


def test_put_does_not_create_over_a_row(database, anna):
    path = new_row(database, "page", slug="taken", name="Taken")
    answer = anna.put(path, json={"name": "Mine"}, headers={"If-None-Match": "*"})
    assert answer.status_code == 412
    assert stored(database, path, "name") == "Taken"


@STRICT
def test_delete_of_that_version(database, anna, strict):
    path = new_row(database, "article", title="One")
    answer = write(anna, path, version(anna, path), {}, strict, "DELETE")
    assert (result(answer), answer.content) == ((204, "saved"), b"")
    assert stored(database, path) is None


def test_delete_again_is_already_applied(database, anna):
    path = new_row(database, "article", title="One")
    base = version(anna, path)
    headers = {"If-Match": f'"{base}"'}
    assert result(anna.delete(path, headers=headers)) == (204, "saved")
    assert result(anna.delete(path, headers=headers)) == (204, "already-applied")


@pytest.mark.parametrize("override", ["header", "form field"])
def test_delete_through_post(database, anna, override):
    path = new_row(database, "article", title="One")
    base = version(anna, path)
    if override == "header":
        answer = anna.post(path, params={"_version": base}, json={},
                           headers={"X-HTTP-Method-Override": "DELETE"})
    else:
        answer = anna.post(path, data={"_method": "DELETE", "_version": base})
    assert result(answer)[1] == "saved"
    assert stored(database, path) is None


@STRICT
def test_values_that_are_there_already_are_unchanged(database, anna, strict):
    path = new_row(database, "article", title="One")
    base = version(anna, path)
    assert result(write(anna, path, base, {"title": "One"}, strict)) == (200, "unchanged")
    assert version(anna, path) == base


@STRICT
def test_same_request_again_is_already_applied(database, anna, strict):
    path = new_row(database, "article", title="One")
    base = version(anna, path)
    assert result(write(anna, path, base, {"title": "Two"}, strict)) == (200, "saved")
    again = write(anna, path, base, {"title": "Two"}, strict)
    assert result(again) == (200, "already-applied")
    assert again.json() == read(anna, path)


def moved_without_a_difference(database, anna, path):
    """The version moves, and all columns are as before."""
    base = version(anna, path)
    database.run("UPDATE article SET body = 'x' WHERE id = %s", path.split("/")[-1])
    database.run("UPDATE article SET body = 'Text' WHERE id = %s", path.split("/")[-1])
    assert version(anna, path) != base
    return base


def test_nothing_differs_from_base_is_rebased(database, anna):
    path = new_row(database, "article", title="One", body="Text")
    base = moved_without_a_difference(database, anna, path)
    body = {"title": "Two", "_base": {"title": "One", "body": "Text"}}
    assert result(write(anna, path, base, body)) == (200, "rebased")
    assert stored(database, path) == "Two"


def test_if_match_is_never_rebased(database, anna):
    path = new_row(database, "article", title="One", body="Text")
    base = moved_without_a_difference(database, anna, path)
    body = {"title": "Two", "_base": {"title": "One", "body": "Text"}}
    assert result(write(anna, path, base, body, strict=True)) == (412, "conflict")
    assert stored(database, path) == "One"


def test_other_column_of_the_base_changed_is_a_conflict(database, anna, bob):
    """Without auto_merge different columns are a conflict too; it says that nothing clashes."""
    path = new_row(database, "article", title="One", body="Text")
    row = read(anna, path)
    assert result(write(bob, path, row["_version"], {"body": "Other"})) == (200, "saved")
    body = {"title": "Two", "_base": {"title": "One", "body": "Text"}}
    answer = write(anna, path, row["_version"], body)
    assert result(answer) == (409, "conflict")
    columns = {column["name"]: column["merge"] for column in problem(answer)["columns"]}
    assert columns == {"title": "yours", "body": "current"}
    assert answer.json()["merged"] == {"title": "Two", "body": "Other"}


# --- the five causes of no row --------------------------------------------------------------------


@STRICT
@pytest.mark.parametrize("method", ["PATCH", "PUT", "POST", "DELETE"])
def test_changed_since(database, anna, bob, strict, method):
    path = new_row(database, "article", title="One")
    base = version(anna, path)
    assert result(write(bob, path, base, {"title": "Bob's"})) == (200, "saved")
    answer = write(anna, path, base, {"title": "Mine"}, strict, method)
    assert result(answer) == (412 if strict else 409, "conflict")
    assert problem(answer)["reason"] == "stale"
    assert stored(database, path) == "Bob's"


def test_conflict_has_all_its_members(database, anna, bob):
    path = new_row(database, "article", title="One", body="Text", rank=1)
    base = version(anna, path)
    new = write(bob, path, base, {"title": "Bob's", "rank": 2}).json()["_version"]
    answer = write(anna, path, base, {"title": "Mine", "rank": 2, "body": "Mine",
                                      "_base": {"title": "One", "body": "Text", "rank": 1}})
    body = problem(answer)
    assert (body["table"], body["key"]) == ("article", path.split("/")[-1])
    assert body["version"] == {"yours": base, "current": new}
    assert answer.headers["etag"] == f'"{new}"' and answer.headers["pg409-version"] == new
    assert body["changed_by"] == "bob" and body["changed_at"].endswith("Z")
    assert "bob" in body["detail"] and body["title"]
    assert body["base"] == {"title": "One", "body": "Text", "rank": 1}
    assert body["yours"] == {"title": "Mine", "body": "Mine", "rank": 2}
    assert (body["current"]["title"], body["current"]["body"]) == ("Bob's", "Text")
    assert {"name": "title", "base": "One", "yours": "Mine", "current": "Bob's",
            "merge": "clash"} in body["columns"]
    assert {"name": "body", "base": "Text", "yours": "Mine", "current": "Text",
            "merge": "yours"} in body["columns"]
    assert "merged" not in body
    assert (body["retry"]["same_request"], body["retry"]["after"]) == ("never", 0)
    assert answer.headers["cache-control"] == "no-store"


def test_conflict_without_a_base_names_what_differs(database, anna, bob):
    path = new_row(database, "article", title="One", body="Text")
    base = version(anna, path)
    write(bob, path, base, {"title": "Bob's"})
    body = problem(write(anna, path, base, {"title": "Mine", "body": "Text"}))
    assert "base" not in body and "merged" not in body
    assert [column["name"] for column in body["columns"]] == ["title"]


def test_sending_it_again_with_the_current_version_saves(database, anna, bob):
    path = new_row(database, "article", title="One")
    base = version(anna, path)
    write(bob, path, base, {"title": "Bob's"})
    refused = problem(write(anna, path, base, {"title": "Mine"}))
    again = write(anna, path, refused["version"]["current"], {"title": "Mine"})
    assert result(again) == (200, "saved")


@STRICT
@pytest.mark.parametrize("method", ["PATCH", "PUT", "POST", "DELETE"])
def test_deleted_since(database, anna, strict, method):
    path = new_row(database, "article", title="One")
    base = version(anna, path)
    database.run("DELETE FROM article WHERE id = %s", path.split("/")[-1])
    answer = write(anna, path, base, {"title": "Mine"}, strict, method)
    assert result(answer) == (412 if strict else 409, "conflict")
    assert problem(answer)["reason"] == "deleted"


def test_deleted_says_by_whom(database, anna, bob):
    path = new_row(database, "article", title="One")
    base = version(anna, path)
    assert write(bob, path, base, {}, True, "DELETE").status_code == 204
    body = problem(write(anna, path, base, {"title": "Mine"}))
    assert (body["reason"], body["changed_by"]) == ("deleted", "bob")
    assert body["version"]["current"] is None


@pytest.mark.parametrize("method", ["PATCH", "PUT", "POST", "DELETE"])
def test_never_there_and_no_version(anna, method):
    answer = anna.request(method, "/article/999999", json={"title": "Mine"})
    assert answer.status_code == 404
    assert problem(answer)["reason"] == "no-row"


def test_hidden_by_row_security(database, anna):
    path = new_row(database, "diary", owner="bob", title="One")
    assert anna.get(path).status_code == 404
    answer = write(anna, path, "2026-01-01T00:00:00Z", {"title": "Mine"})
    assert result(answer) == (403, "refused")
    assert problem(answer)["reason"] == "row-security"


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_seen_but_not_mine_to_change(database, anna, method):
    path = new_row(database, "diary", owner="all", title="One")
    answer = write(anna, path, version(anna, path), {"title": "Mine"}, method=method)
    assert result(answer) == (403, "refused")
    assert problem(answer)["reason"] == "row-security"
    assert stored(database, path) == "One"


def test_new_values_that_row_security_forbids(database, anna):
    path = new_row(database, "diary", owner="anna", title="One")
    answer = write(anna, path, version(anna, path), {"owner": "bob"})
    assert result(answer) == (403, "refused")
    assert stored(database, path, "owner") == "anna"


def test_row_security_lets_the_owner(database, anna):
    path = new_row(database, "diary", owner="anna", title="One")
    assert result(write(anna, path, version(anna, path), {"title": "Two"})) == (200, "saved")


@STRICT
def test_refused_by_a_trigger(database, anna, strict):
    path = new_row(database, "ruled", title="One")
    answer = write(anna, path, version(anna, path), {"title": "keep it"}, strict)
    assert result(answer) == (403, "refused")
    assert problem(answer)["reason"] == "trigger"


def test_create_refused_by_a_trigger(anna):
    answer = anna.post("/ruled", json={"title": "keep out"})
    assert (result(answer), problem(answer)["reason"]) == ((403, "refused"), "trigger")


def test_delete_refused_by_a_trigger(database, anna):
    path = new_row(database, "ruled", title="One")
    database.run("ALTER TABLE ruled DISABLE TRIGGER ruled; UPDATE ruled SET title = 'keep'; "
                 "ALTER TABLE ruled ENABLE TRIGGER ruled")
    answer = write(anna, path, version(anna, path), {}, method="DELETE")
    assert (result(answer), problem(answer)["reason"]) == ((403, "refused"), "trigger")
    assert stored(database, path) == "keep"


# --- no precondition hides another cause ----------------------------------------------------------


def test_428_shows_what_is_there(database, anna):
    path = new_row(database, "article", title="One")
    body = problem(anna.patch(path, json={"title": "Two"}))
    assert (body["status"], body["current"]["title"]) == (428, "One")
    assert body["version"]["current"] == version(anna, path)


def test_428_comes_before_422(database, anna):
    path = new_row(database, "article", title="One")
    assert anna.patch(path, json={"rank": "many"}).status_code == 428


def test_locked_is_a_conflict_worth_repeating(database, anna):
    path = new_row(database, "article", title="One")
    base = version(anna, path)
    with holding(database, path):
        answer = write(anna, path, base, {"title": "Two"})
    assert (result(answer), problem(answer)["reason"]) == ((409, "conflict"), "locked")
    assert int(answer.headers["retry-after"]) == answer.json()["retry"]["after"] > 0
    assert answer.json()["retry"]["same_request"] == "after"
    assert result(write(anna, path, base, {"title": "Two"})) == (200, "saved")


def test_put_again_without_the_columns_that_hold_their_default_is_unchanged(database, anna):
    path = new_row(database, "article", title="One")
    base = version(anna, path)
    assert result(anna.put(path, json={"title": "One", "_version": base})) == (200, "unchanged")
    assert version(anna, path) == base
