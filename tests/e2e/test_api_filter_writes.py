"""Writes on /T?…: they pin one row by its whole key and its version, and answer as PostgREST does."""

import pytest

import stack

ROW = {"Prefer": "return=representation"}
ONE = {"Accept": "application/vnd.pgrst.object+json", **ROW}


@pytest.fixture(scope="module")
def client(database):
    database.create(
        "CREATE TABLE author (id integer PRIMARY KEY, name text);"
        "CREATE TABLE post (id integer PRIMARY KEY, title text, owner text,"
        " author integer REFERENCES author, updated_at timestamptz NOT NULL DEFAULT now());"
        "CREATE TABLE stock (city text, shelf integer, n integer, lock_version integer NOT NULL"
        " DEFAULT 1, PRIMARY KEY (city, shelf));"
        "INSERT INTO author VALUES (1, 'Ada')", ["post", "stock"])
    with stack.serving("lighttpd", database) as server:
        yield server.client("anna")


@pytest.fixture
def post(database, client):
    database.run("DELETE FROM post")
    database.run("INSERT INTO post VALUES (1, 'One', 'anna', 1), (2, 'Two', 'bob', 1)")
    return client.get("/post/1").json()["_version"]


def test_a_guarded_update_answers_204_without_a_body(client, database, post):
    answer = client.patch("/post", params={"id": "eq.1", "updated_at": f"eq.{post}"}, json={"title": "x"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["pg409-outcome"] == "saved"
    now = client.get("/post/1")
    assert now.json()["title"] == "x"
    assert answer.headers["pg409-version"] == now.json()["_version"]
    assert answer.headers["etag"] == now.headers["etag"]


def test_the_same_update_on_a_stale_version_is_a_conflict(client, database, post):
    database.run("UPDATE post SET title = 'theirs' WHERE id = 1")
    answer = client.patch("/post", params={"id": "eq.1", "updated_at": f"eq.{post}"}, json={"title": "x"})
    assert (answer.status_code, answer.json()["reason"]) == (409, "stale")
    error = answer.json()
    assert error["message"] and error["details"] and error["hint"] and error["code"] == "stale"
    assert database.one("SELECT title FROM post WHERE id = 1") == "theirs"


@pytest.mark.parametrize("where", ["query", "header", "body"])
def test_the_version_may_stand_in_any_of_its_places(client, post, where):
    params = {"id": "eq.1", **({"_version": post} if where == "query" else {})}
    headers = {"If-Match": f'"{post}"'} if where == "header" else {}
    body = {"title": where, **({"_version": post} if where == "body" else {})}
    answer = client.patch("/post", params=params, headers=headers, json=body)
    assert answer.status_code == 204, answer.text


def test_representation_is_an_array_of_what_select_says(client, post):
    answer = client.patch("/post", headers=ROW, json={"title": "y"}, params={
        "id": "eq.1", "updated_at": f"eq.{post}", "select": "id,name:title,author(name)"})
    assert answer.status_code == 200
    assert answer.json() == [{"id": 1, "name": "y", "author": {"name": "Ada"}}]
    assert answer.headers["preference-applied"] == "return=representation"


def test_one_object_where_it_is_asked_for(client, post):
    params = {"id": "eq.1", "updated_at": f"eq.{post}", "select": "id,_version"}
    answer = client.patch("/post", params=params, headers=ONE, json={"title": "z"})
    assert answer.json() == {"id": 1, "_version": answer.headers["pg409-version"]}


def test_nothing_to_change_shows_what_select_says_too(client, post):
    params = {"id": "eq.1", "updated_at": f"eq.{post}", "select": "title"}
    answer = client.patch("/post", params=params, headers=ROW, json={"title": "One"})
    assert (answer.status_code, answer.headers["pg409-outcome"]) == (200, "unchanged")
    assert answer.json() == [{"title": "One"}]


def test_a_delete_gives_the_row_that_went(client, database, post):
    answer = client.delete("/post", params={"id": "eq.1", "updated_at": f"eq.{post}", "select": "title"},
                           headers=ROW)
    assert (answer.status_code, answer.json()) == (200, [{"title": "One"}])
    assert database.one("SELECT count(*) FROM post WHERE id = 1") == 0


def test_a_delete_on_a_stale_version_is_a_conflict(client, database, post):
    database.run("UPDATE post SET title = 'theirs' WHERE id = 1")
    answer = client.delete("/post", params={"id": "eq.1", "updated_at": f"eq.{post}"})
    assert answer.status_code == 409
    assert database.one("SELECT count(*) FROM post WHERE id = 1") == 1


def test_put_replaces_and_creates(client, database, post):
    answer = client.put("/post", params={"id": "eq.1", "updated_at": f"eq.{post}"}, json={"title": "new"})
    assert answer.status_code == 204
    assert database.one("SELECT owner FROM post WHERE id = 1") is None
    made = client.put("/post", params={"id": "eq.9"}, json={"title": "nine"}, headers={"If-None-Match": "*"})
    assert (made.status_code, made.headers["location"].endswith("/post/9")) == (201, True)
    again = client.put("/post", params={"id": "eq.9"}, json={"title": "ten"}, headers={"If-None-Match": "*"})
    assert (again.status_code, again.json()["reason"]) == (412, "exists")


def test_a_composite_key_is_pinned_by_all_of_its_columns(client, database):
    database.run("DELETE FROM stock")
    database.run("INSERT INTO stock VALUES ('Ulm, Ost', 3, 1)")
    version = client.get("/stock").json()[0]["_version"]
    answer = client.patch("/stock", json={"n": 2}, params={
        "city": "eq.Ulm, Ost", "shelf": "eq.3", "lock_version": f"eq.{version}"})
    assert answer.status_code == 204
    part = client.patch("/stock", json={"n": 3}, params={"city": "eq.Ulm, Ost", "_version": "2"})
    assert part.status_code == 428
    assert "shelf=eq" in part.json()["detail"]
    assert database.one("SELECT n FROM stock") == 2


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("query", [
    "", "id=eq.1", "id=in.(1,2)&_version={}", "id=not.eq.1&_version={}", "id=gt.0&_version={}",
    "title=eq.One&_version={}", "id=eq.1&owner=eq.anna&_version={}", "or=(id.eq.1,id.eq.2)&_version={}",
    "id=eq.1&id=eq.2&_version={}", "id=eq.1&updated_at=gt.2020-01-01", "id=eq.1&updated_at=not.eq.{}"])
def test_what_does_not_pin_key_and_version_is_refused(client, database, post, method, query):
    before = database.one("SELECT json_agg(p ORDER BY id)::text FROM post p")
    answer = client.request(method, "/post?" + query.format(post), json={"title": "x"})
    assert (answer.status_code, answer.json()["reason"]) == (428, "version-required"), answer.text
    assert database.one("SELECT json_agg(p ORDER BY id)::text FROM post p") == before


@pytest.mark.parametrize("query, named", [
    ("nothing=eq.1", "nothing"), ("select=nothing", "nothing"), ("order=id", "order"), ("limit=1", "limit"),
    ("offset=1", "offset"), ("owner=is.maybe", "maybe"), ("owner=foo.1", "foo"), ("colour=1", "colour")])
@pytest.mark.parametrize("address", ["/post", "/post/1"])
def test_unknown_names_are_named(client, post, address, query, named):
    pinned = "" if address == "/post/1" else "id=eq.1&"
    answer = client.patch(f"{address}?{pinned}_version={post}&{query}", json={"title": "x"})
    assert (answer.status_code, named in answer.json()["detail"]) == (400, True), answer.text


def test_a_row_that_was_never_there(client, post):
    answer = client.patch("/post", params={"id": "eq.77"}, json={"title": "x"})
    assert (answer.status_code, answer.json()["reason"]) == (404, "no-row")
    answer = client.patch("/post", params={"id": "eq.77", "_version": post}, json={"title": "x"})
    assert (answer.status_code, answer.json()["reason"]) == (409, "deleted")


def test_select_on_the_address_of_one_row(client, post):
    answer = client.get("/post/1?select=title,author(name)")
    assert answer.json() == {"title": "One", "author": {"name": "Ada"}}
    assert answer.headers["etag"] == f'"{post}"'
    assert client.get("/post/1?select=nothing").status_code == 400
    assert client.get("/post/1?limit=1").status_code == 400
    answer = client.patch("/post/1?select=title", json={"title": "w"}, headers={"If-Match": f'"{post}"'})
    assert (answer.status_code, answer.json()) == (200, {"title": "w"})


def test_a_create_shows_what_select_says(client, post):
    answer = client.post("/post?select=id,author(name)", headers=ROW, json={"id": 5, "author": 1})
    assert (answer.status_code, answer.json()) == (201, [{"id": 5, "author": {"name": "Ada"}}])
    assert client.post("/post?id=eq.6", json={"id": 6}).status_code == 428
