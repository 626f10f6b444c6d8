"""A list never gives more than was asked for because it did not understand the question."""

import pytest

import stack


@pytest.fixture(scope="module")
def client(database):
    database.create("CREATE TABLE item (id integer PRIMARY KEY, name text)")
    database.run("INSERT INTO item SELECT i, 'n' || i FROM generate_series(1, 20) i")
    with stack.serving("lighttpd", database) as server:
        yield server.client("anna")


@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
def test_an_unknown_parameter_is_named(client, accept):
    answer = client.get("/item?ident=eq.4", headers={"Accept": accept})
    assert answer.status_code == 400
    assert "ident" in answer.text


@pytest.mark.parametrize("limit, rows", [("0", 0), ("1", 1), ("20", 20), ("21", 20)])
def test_limit(client, limit, rows):
    assert len(client.get(f"/item?limit={limit}").json()) == rows


@pytest.mark.parametrize("limit", ["-1", "x", "", "99999999999999999999"])
def test_a_limit_that_is_no_number(client, limit):
    assert client.get(f"/item?limit={limit}").status_code == 400
