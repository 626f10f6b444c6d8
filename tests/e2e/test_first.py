"""The one thing pg409 exists for, through every way a web server can start it."""

import pytest

import stack
from e2e import pages

SERVERS = ["lighttpd", "lighttpd-cgi", "apache", "apache-cgi", "apache-htaccess", "nginx"]


@pytest.fixture(scope="module", params=SERVERS)
def server(request, database):
    database.run("DROP TABLE IF EXISTS article")
    database.create("CREATE TABLE article (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
                    "title text NOT NULL, body text NOT NULL)", protect=["article"])
    with stack.serving(request.param, database) as server:
        yield server


def test_second_editor_is_stopped_and_resolves(server, database):
    number = database.one("INSERT INTO article (title, body) VALUES ('Title', 'Body') RETURNING id")
    anna, bob = server.client("anna"), server.client("bob")
    of_anna = pages.form(anna, f"/article/{number}")
    of_bob = pages.form(bob, f"/article/{number}")
    of_anna["title"], of_bob["title"] = "Title of Anna", "Title of Bob"

    first = of_anna.send(anna)
    assert (first.status_code, first.headers["pg409-outcome"]) == (303, "saved")

    second = of_bob.send(bob)
    assert (second.status_code, second.headers["pg409-outcome"]) == (409, "conflict")
    assert "anna saved this row" in second.text
    assert database.one("SELECT title FROM article WHERE id = %s", number) == "Title of Anna"

    resolve = pages.forms(second)[0]
    resolve["_pick.title"] = "yours"
    third = resolve.send(bob)
    assert (third.status_code, third.headers["pg409-outcome"]) == (303, "saved")
    assert database.one("SELECT title FROM article WHERE id = %s", number) == "Title of Bob"
