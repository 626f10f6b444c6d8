"""What PostgreSQL itself refuses, as JSON and as a page: whose fault, and which column."""

import pytest

import stack
from e2e import desk, pages
from e2e.desk import new_row, problem, quick, result, stored, version


@pytest.fixture(scope="module")
def server(database):
    desk.create_tables(database)
    with stack.serving("lighttpd", database, desk.SETTINGS) as server:
        yield server


@pytest.fixture(scope="module")
def anna(server):
    return quick(server, "anna")


def by_json(client, path, values):
    return client.patch(path, json={**values, "_version": version(client, path)})


def by_form(client, path, values):
    form = pages.form(client, path)
    for name, value in values.items():
        form[name] = "" if value is None else value
    return form.send(client)


WAYS = pytest.mark.parametrize("send", [by_json, by_form], ids=["json", "form"])


@WAYS
def test_unique_value_is_taken(database, anna, send):
    other = new_row(database, "page", slug=f"a-{send.__name__}", name=f"Taken {send.__name__}")
    path = new_row(database, "page", slug=f"b-{send.__name__}", name=f"Mine {send.__name__}")
    answer = send(anna, path, {"name": f"Taken {send.__name__}"})
    assert result(answer) == (409, "conflict")
    if send is by_json:
        assert (problem(answer)["reason"], answer.json()["other"]) == ("duplicate", other)
        assert answer.json()["retry"]["same_request"] == "never"
    else:
        assert f'href="{other}"' in answer.text
        assert pages.forms(answer)[0]["name"] == f"Taken {send.__name__}"


def test_create_with_a_key_that_is_taken(database, anna):
    path = new_row(database, "page", slug="key", name="Key")
    answer = anna.post("/page", json={"slug": "key", "name": "Other"})
    assert result(answer) == (409, "conflict")
    assert (problem(answer)["reason"], answer.json()["other"]) == ("duplicate", path)


@WAYS
def test_exclusion_finds_another_row(database, anna, send):
    new_row(database, "booking", who="bob", during="[10,20)")
    path = new_row(database, "booking", who="anna", during="[30,40)")
    answer = send(anna, path, {"during": "[15,35)"})
    assert result(answer) == (409, "conflict")
    assert stored(database, path, "lower(during)") == 30
    database.run("DELETE FROM booking")
    if send is by_json:
        assert problem(answer)["reason"] == "duplicate"


@WAYS
def test_foreign_key_to_nothing(database, anna, send):
    path = new_row(database, "article", title="One")
    if send is by_form:
        form = pages.form(anna, path)
        form.fields["author"] = "4711"
        answer = form.send(anna)
    else:
        answer = send(anna, path, {"author": 4711})
        assert problem(answer)["reason"] == "dangling"
    assert result(answer) == (409, "conflict")


def test_delete_of_a_row_that_others_refer_to(database, anna):
    author = new_row(database, "author", name="A")
    new_row(database, "article", title="One", author=author.split("/")[-1])
    answer = anna.delete(author, params={"_version": version(anna, author)})
    assert (result(answer), problem(answer)["reason"]) == ((409, "conflict"), "referenced")
    page = anna.post(author, data={"_method": "DELETE", "_version": version(anna, author)})
    assert result(page) == (409, "conflict")
    assert "article" in page.text and stored(database, author, "name") == "A"


REFUSED = {
    "check": ({"rank": "-1"}, "rank"),
    "not-null": ({"title": None}, "title"),
    "number": ({"rank": "many"}, "rank"),
    "date": ({"day": "2026-02-30"}, "day"),
    "length": ({"code": "longer"}, "code"),
    "range": ({"rank": "99999999999"}, "rank"),
}


@pytest.mark.parametrize("cause", REFUSED)
def test_json_refusal_names_the_column(database, anna, cause):
    values, column = REFUSED[cause]
    path = new_row(database, "article", title="One")
    answer = by_json(anna, path, values)
    assert result(answer) == (422, "refused")
    assert [entry["name"] for entry in problem(answer)["columns"]] == [column]


@pytest.mark.parametrize("cause", [cause for cause in REFUSED if cause != "not-null"])
def test_form_refusal_marks_the_column_and_keeps_the_text(database, anna, cause):
    values, column = REFUSED[cause]
    path = new_row(database, "article", title="One", body="Text")
    answer = by_form(anna, path, {**values, "body": "Long work"})
    assert result(answer) == (422, "refused")
    assert f'id="e-{column}"' in answer.text
    form = pages.forms(answer)[0]
    assert (form[column], form["body"]) == (values[column], "Long work")


def test_corrected_form_saves(database, anna):
    path = new_row(database, "article", title="One", body="Text")
    form = pages.forms(by_form(anna, path, {"rank": "many", "body": "Long work"}))[0]
    form["rank"] = "7"
    assert result(form.send(anna)) == (303, "saved")
    assert (stored(database, path, "rank"), stored(database, path, "body")) == (7, "Long work")


def test_corrected_form_still_carries_its_version(database, anna):
    path = new_row(database, "article", title="One", body="Text")
    form = pages.forms(by_form(anna, path, {"rank": "many"}))[0]
    assert result(by_json(anna, path, {"title": "Other"})) == (200, "saved")
    form["rank"] = "7"
    assert result(form.send(anna)) == (409, "conflict")


def test_create_without_a_needed_value(anna):
    answer = anna.post("/article", json={"body": "x"})
    assert result(answer) == (422, "refused")
    assert [entry["name"] for entry in problem(answer)["columns"]] == ["title"]


def test_unknown_column_is_named(database, anna):
    path = new_row(database, "article", title="One")
    answer = by_json(anna, path, {"titel": "Two"})
    assert result(answer) == (400, "refused")
    assert "titel" in problem(answer)["detail"]


def test_unknown_field_of_a_form_is_named(database, anna):
    path = new_row(database, "article", title="One")
    answer = anna.post(path, data={"titel": "Two", "_version": version(anna, path)})
    assert result(answer) == (400, "refused")
    assert "titel" in answer.text and stored(database, path) == "One"


@WAYS
def test_raise_is_shown_to_people(database, anna, send):
    path = new_row(database, "ruled", title="One")
    answer = send(anna, path, {"title": "raise"})
    assert result(answer) == (422, "refused")
    if send is by_json:
        assert problem(answer)["detail"] == "Not on a <Sunday>"
    else:
        assert "Not on a &lt;Sunday&gt;" in answer.text


@WAYS
@pytest.mark.parametrize("status", [400, 402, 404, 409, 418, 423])
def test_raised_status_is_the_answer(database, anna, send, status):
    path = new_row(database, "ruled", title="One")
    answer = send(anna, path, {"title": f"PT{status}"})
    assert answer.status_code == status
    assert f"A matter of PT{status}" in answer.text
    assert stored(database, path) == "One"


@WAYS
def test_statement_timeout_is_504(database, anna, send):
    path = new_row(database, "ruled", title="One")
    answer = send(anna, path, {"title": "sleep"})
    assert answer.status_code == 504
    assert stored(database, path) == "One"
    assert result(send(anna, path, {"title": "Two"}))[1] == "saved"


@pytest.mark.parametrize("body,status", [
    ("{", 400), ("[]", 400), ('"x"', 400), ('{"title": "a", "title": "b"}', 400), ('{"title"}', 400),
    ('{"title": "\\u0000"}', 422), ('{"rank": 1e400}', 422), ('{"rank": {}}', 422)])
def test_bodies_that_cannot_be_meant(database, anna, body, status):
    path = new_row(database, "article", title="One")
    answer = anna.patch(path, content=body, params={"_version": version(anna, path)},
                        headers={"Content-Type": "application/json"})
    assert result(answer) == (status, "refused")
    assert stored(database, path) == "One"


def test_read_only_database_is_503(postgres):
    database = stack.Database(postgres)
    desk.create_tables(database)
    path = new_row(database, "article", title="One")
    database.run(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    with stack.serving("lighttpd", database) as server:
        anna = server.client("anna")
        answer = by_json(anna, path, {"title": "Two"})
        assert (answer.status_code, problem(answer)["reason"]) == (503, "read-only")
        assert int(answer.headers["retry-after"]) > 0
        page = by_form(anna, path, {"title": "My work"})
        assert page.status_code == 503 and "My work" in page.text
        form = pages.forms(page)[0]
        database.run(f"ALTER DATABASE {database.name} SET default_transaction_read_only = off")
        database.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                     "WHERE datname = current_database() AND pid <> pg_backend_pid()")
        assert result(form.send(anna)) == (303, "saved")
        assert stored(database, path) == "My work"


# --- what the database user may not do is not offered ---------------------------------------------


@pytest.fixture(scope="module")
def limited(postgres, database, server):
    """A server whose database user may only do some things."""
    database.run("DROP ROLE IF EXISTS limited; CREATE ROLE limited LOGIN;"
                 "GRANT SELECT ON author TO limited;"
                 "GRANT SELECT, UPDATE (title, updated_at) ON article TO limited;"
                 "GRANT SELECT, INSERT ON page TO limited;"
                 "GRANT SELECT, DELETE ON signed TO limited;"
                 "SELECT pg409.grant_to('limited')")
    settings = {"database": database.conninfo("limited")}
    with stack.serving("lighttpd", database, settings) as server:
        yield server.client("anna")
    database.run("DROP OWNED BY limited; DROP ROLE limited")


def test_read_only_table_offers_no_change(database, limited):
    path = new_row(database, "author", name="A")
    page = limited.get(path, headers=desk.PAGE).text
    assert "Save</button>" not in page and "Delete" not in page
    assert "New row" not in limited.get("/author", headers=desk.PAGE).text
    assert limited.get("/author/_new", headers=desk.PAGE).status_code == 403
    base = version(limited, path)
    for answer in (limited.patch(path, json={"name": "B", "_version": base}),
                   limited.delete(path, params={"_version": base}),
                   limited.post("/author", json={"name": "B"})):
        assert (result(answer), problem(answer)["reason"]) == ((403, "refused"), "privilege")


def test_column_that_may_not_be_changed_has_no_control(database, limited):
    path = new_row(database, "article", title="One", body="Text")
    form = pages.form(limited, path)
    assert "title" in form.fields and "body" not in form.fields
    form["title"] = "Two"
    assert result(form.send(limited)) == (303, "saved")
    assert "Delete" not in limited.get(path, headers=desk.PAGE).text


def test_create_is_offered_where_it_is_allowed(database, limited):
    assert "New row" in limited.get("/page", headers=desk.PAGE).text
    answer = limited.post("/page", json={"slug": "limited", "name": "Limited"})
    assert result(answer) == (201, "saved")
    assert limited.patch("/page/limited", json={"name": "x", "_version": "*"}).status_code == 403


def test_delete_is_offered_where_it_is_allowed(database, limited):
    path = new_row(database, "signed", title="One")
    assert "Delete" in limited.get(path, headers=desk.PAGE).text
    assert result(limited.delete(path, params={"_version": version(limited, path)})) == (204, "saved")


def test_table_that_may_not_be_read_is_not_listed(limited):
    assert "diary" not in limited.get("/", headers=desk.PAGE).text
    assert limited.get("/diary/1").status_code == 403
