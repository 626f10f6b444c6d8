"""POST /_batch: several changes on several tables, all or none."""

import threading

import pytest

import stack


@pytest.fixture(scope="module")
def client(database):
    database.create(
        "CREATE TABLE author (id integer PRIMARY KEY, name text NOT NULL UNIQUE,"
        " updated_at timestamptz NOT NULL DEFAULT now());"
        "CREATE TABLE post (id integer PRIMARY KEY, title text CHECK (title <> 'bad'),"
        " author integer REFERENCES author DEFERRABLE INITIALLY IMMEDIATE, n integer DEFAULT 3,"
        " updated_at timestamptz NOT NULL DEFAULT now());"
        "CREATE TABLE stock (city text, shelf integer, n integer, lock_version integer NOT NULL DEFAULT 1,"
        " PRIMARY KEY (city, shelf));"
        "CREATE TABLE plain (id integer PRIMARY KEY, t text)", ["author", "post", "stock"])
    database.run("CREATE TABLE closed (id integer PRIMARY KEY, secret text)")
    database.run("GRANT SELECT ON closed TO editor")
    with stack.serving("lighttpd", database, {"max_changes": 50}) as server:
        yield server.client("anna")


@pytest.fixture(autouse=True)
def rows(database, client):
    database.run("TRUNCATE author, post, stock, plain, pg409.receipt")
    database.run("INSERT INTO author VALUES (1, 'Ada'), (2, 'Bob')")
    database.run("INSERT INTO post VALUES (1, 'One', 1), (2, 'Two', 2), (3, 'Three', 2)")
    database.run("INSERT INTO stock VALUES ('Ulm, Ost', 7, 1)")
    database.run("INSERT INTO plain VALUES (1, 'x')")


def version(client, path):
    return client.get(path).json()["_version"]


def change(client, method, path, body=None, **more):
    found = {"method": method, "path": path, **more}
    if "version" not in found and method != "POST" and "if_none_match" not in found:
        found["version"] = version(client, path)
    return {**found, **({"body": body} if body is not None else {})}


def send(client, *changes, **headers):
    return client.post("/_batch", json={"changes": list(changes)}, headers=headers)


def everything(database):
    return [database.one(f"SELECT json_agg(t ORDER BY t::text)::text FROM {table} t")
            for table in ("author", "post", "stock", "plain")]


def test_all_kinds_of_change_in_one(client, database):
    answer = send(
        client, change(client, "PATCH", "/post/1", {"title": "Uno"}),
        change(client, "PUT", "/post/2", {"title": "Dos", "author": 1}),
        change(client, "DELETE", "/post/3"),
        change(client, "POST", "/author", {"id": 9, "name": "Neu"}),
        change(client, "POST", "/post", {"id": 10, "title": "Of the new one", "author": 9}),
        change(client, "PUT", "/post/11", {"title": "Elf"}, if_none_match="*"),
        change(client, "PATCH", "/stock/Ulm~2C~20Ost,7", {"n": 5}),
        change(client, "PATCH", "/plain/1", {"t": "y"}))
    assert answer.status_code == 200, answer.text
    assert answer.headers["pg409-outcome"] == "saved"
    found = answer.json()["changes"]
    assert [one["outcome"] for one in found] == ["saved"] * 8
    assert [one["path"] for one in found] == [
        "/post/1", "/post/2", "/post/3", "/author/9", "/post/10", "/post/11", "/stock/Ulm~2C~20Ost,7",
        "/plain/1"]
    assert database.run("SELECT id, title, author, n FROM post ORDER BY id") == [
        (1, "Uno", 1, 3), (2, "Dos", 1, 3), (10, "Of the new one", 9, 3), (11, "Elf", None, 3)]
    for one in found:
        if one["method"] != "DELETE":
            row = client.get(one["path"])
            assert row.json() == one["row"]
            assert row.json()["_version"] == one["version"]
        else:
            assert "row" not in one
    assert database.one("SELECT count(*) FROM pg409.receipt") == 8


def test_nothing_comes_back_where_it_is_not_wanted(client):
    answer = send(client, change(client, "PATCH", "/post/1", {"title": "Uno"}), Prefer="return=minimal")
    assert "row" not in answer.json()["changes"][0]
    assert answer.json()["changes"][0]["version"] == version(client, "/post/1")


def test_one_that_is_stale_keeps_all_back(client, database):
    changes = [change(client, "PATCH", f"/post/{i}", {"title": f"mine {i}"}) for i in (1, 2, 3)]
    database.run("UPDATE post SET title = 'theirs' WHERE id = 2")
    before = everything(database)
    answer = send(client, *changes)
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["reason"], problem["status"]) == ("batch", 409)
    assert [one["index"] for one in problem["changes"]] == [1]
    one = problem["changes"][0]
    assert (one["reason"], one["status"], one["path"]) == ("stale", 409, "/post/2")
    assert one["current"]["title"] == "theirs"
    assert one["version"]["current"] == version(client, "/post/2")
    assert everything(database) == before
    assert database.one("SELECT count(*) FROM pg409.receipt") == 0


def test_every_conflict_is_listed_with_a_problem_of_its_own(client, database):
    changes = [
        change(client, "PATCH", "/post/1", {"title": "mine"}),
        change(client, "PATCH", "/post/2", {"title": "mine"}),
        change(client, "DELETE", "/post/3"),
        change(client, "POST", "/author", {"id": 1, "name": "X"}),
        change(client, "POST", "/post", {"id": 20, "author": 77}),
        change(client, "POST", "/author", {"id": 30, "name": "Fine"}),
        change(client, "DELETE", "/author/2")]
    database.run("UPDATE post SET title = 'theirs' WHERE id = 2")
    database.run("DELETE FROM post WHERE id = 3")
    before = everything(database)
    answer = send(client, *changes)
    assert answer.status_code == 409
    found = {one["index"]: one for one in answer.json()["changes"]}
    assert {index: one["reason"] for index, one in found.items()} == {
        1: "stale", 2: "deleted", 3: "duplicate", 4: "dangling", 6: "referenced"}
    assert found[3]["other"].endswith("/author/1")
    assert everything(database) == before


@pytest.mark.parametrize("bad, status, reason", [
    ({"method": "PATCH", "path": "/post/1", "body": {"title": "x"}}, 428, "version-required"),
    ({"method": "PATCH", "path": "/post/77", "body": {"title": "x"}}, 404, "no-row"),
    ({"method": "POST", "path": "/post", "body": {"id": 40, "title": "bad"}}, 422, "check"),
    ({"method": "POST", "path": "/author", "body": {"id": 40}}, 422, "not-null"),
    ({"method": "POST", "path": "/post", "body": {"id": "x"}}, 422, "value")])
def test_a_refusal_that_is_no_conflict_gives_its_status(client, database, bad, status, reason):
    stale = change(client, "PATCH", "/post/3", {"title": "mine"})
    database.run("UPDATE post SET title = 'theirs' WHERE id = 3")
    before = everything(database)
    answer = send(client, stale, change(client, "PATCH", "/post/2", {"title": "y"}), bad)
    assert answer.status_code == status, answer.text
    assert [one["reason"] for one in answer.json()["changes"]] == ["stale", reason]
    assert everything(database) == before


@pytest.mark.parametrize("bad, status, words", [
    ({"method": "GET", "path": "/post/1"}, 400, "method"), ({"path": "/post/1"}, 400, "method"),
    ({"method": "PATCH"}, 400, "path"), ({"method": "PATCH", "path": "post/1", "body": {}}, 400, "path"),
    ({"method": "PATCH", "path": "/post", "body": {}}, 400, "row"),
    ({"method": "POST", "path": "/post/1", "body": {}}, 400, "table"),
    ({"method": "PATCH", "path": "/post/1/2", "body": {}}, 400, "path"),
    ({"method": "PATCH", "path": "/_batch/1", "body": {}}, 400, "path"),
    ({"method": "PATCH", "path": "/nothing/1", "body": {}}, 404, "Change 1"),
    ({"method": "PATCH", "path": "/post/1,2", "body": {}}, 404, "Change 1"),
    ({"method": "PATCH", "path": "/post/1", "version": "x", "body": {}}, 400, "“x”"),
    ({"method": "PATCH", "path": "/post/1", "version": "*", "body": {}}, 403, "Change 1"),
    ({"method": "PATCH", "path": "/post/1"}, 400, "body"),
    ({"method": "PATCH", "path": "/post/1", "body": [1]}, 400, "body"),
    ({"method": "PATCH", "path": "/post/1", "body": {"colour": 1}}, 400, "colour"),
    ({"method": "PATCH", "path": "/post/1", "body": {}, "extra": 1}, 400, "extra"),
    ({"method": "POST", "path": "/closed", "body": {"id": 1}}, 403, "Change 1"),
    ([], 400, "object"), (5, 400, "object"), (None, 400, "object")])
def test_a_slip_is_told_by_the_number_of_its_change(client, database, bad, status, words):
    before = everything(database)
    answer = send(client, change(client, "PATCH", "/post/2", {"title": "y"}), bad)
    assert answer.status_code == status, answer.text
    assert "Change 1" in answer.json()["detail"] and words in answer.json()["detail"]
    assert everything(database) == before


@pytest.mark.parametrize("body, status", [
    (b"", 400), (b"[]", 400), (b"{}", 400), (b'{"changes":{}}', 400), (b'{"changes":[],"x":1}', 400),
    (b'{"changes":[]', 400), (b'{"changes":["\xff"]}', 400), (b'{"changes":["\\u0000"]}', 422),
    (b'{"changes":' + b"[" * 80 + b"]" * 80 + b"}", 400), (b'{"changes":[],"changes":[]}', 400)])
def test_bodies_that_are_no_batch(client, body, status):
    answer = client.post("/_batch", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text


def test_no_change_at_all_is_fine(client):
    answer = send(client)
    assert (answer.status_code, answer.json()) == (200, {"changes": []})


def test_the_same_row_twice_is_refused(client, database):
    first = change(client, "PATCH", "/stock/Ulm~2C~20Ost,7", {"n": 5})
    second = change(client, "PATCH", "/stock/Ulm~2c Ost,7", {"n": 6}, version=first["version"])
    answer = send(client, first, second)
    assert (answer.status_code, "Change 1" in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize("count, status", [(50, 200), (51, 413)])
def test_the_limit_of_changes(client, database, count, status):
    answer = send(client, *({"method": "POST", "path": "/plain", "body": {"id": 100 + i}} for i in range(count)))
    assert answer.status_code == status
    assert database.one("SELECT count(*) FROM plain") == (count + 1 if status == 200 else 1)


def test_only_post_and_only_from_here(client):
    wrong = client.get("/_batch")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST, OPTIONS")
    foreign = client.post("/_batch", json={"changes": []}, headers={"Origin": "https://elsewhere.example"})
    assert foreign.status_code == 403
    form = client.post("/_batch", data={"changes": "x"})
    assert form.status_code == 415
    match = client.post("/_batch", json={"changes": []}, headers={"If-Match": '"x"'})
    assert match.status_code == 400


def test_the_words_that_are_not_plain_saved(client, database):
    one, two = version(client, "/post/1"), version(client, "/post/2")
    client.patch("/post/2", json={"title": "same"}, headers={"If-Match": f'"{two}"'})
    answer = send(client, change(client, "PATCH", "/post/1", {"title": "One"}, version=one),
                  change(client, "PATCH", "/post/2", {"title": "same"}, version=two))
    assert answer.status_code == 200
    assert [found["outcome"] for found in answer.json()["changes"]] == ["unchanged", "already-applied"]
    assert answer.headers["pg409-outcome"] == "already-applied"


def test_a_repeat_under_the_same_key_makes_no_second_row(client, database):
    changes = [change(client, "POST", "/author", {"id": 50, "name": "Eve"}),
               change(client, "PATCH", "/post/1", {"title": "once"}), change(client, "DELETE", "/post/3")]
    first, again = (send(client, *changes, **{"Idempotency-Key": "k1"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200), again.text
    assert [one["outcome"] for one in again.json()["changes"]] == ["already-applied"] * 3
    changes[0]["body"]["name"] = "Other"
    other = send(client, *changes, **{"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["changes"][0]["reason"]) == (422, "key-reused")


def test_two_batches_in_opposite_order_both_end_well(client, database):
    for turn in range(5):
        answers = {}
        versions = {i: version(client, f"/post/{i}") for i in (1, 2)}
        others = {i: version(client, f"/author/{i}") for i in (1, 2)}

        def go(name, order):
            changes = [change(client, "PATCH", f"/{name}/{i}", {"title" if name == "post" else "name": f"{turn}{name}{i}"},
                              version=(versions if name == "post" else others)[i]) for i in order]
            # the other table's rows are locked in the opposite order by the trigger below
            answers[name] = send(client, *changes)
        threads = [threading.Thread(target=go, args=("post", (1, 2))),
                   threading.Thread(target=go, args=("author", (2, 1)))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {answer.status_code for answer in answers.values()} == {200}


def test_a_real_deadlock_is_begun_again(client, database):
    database.run("""CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(0.3); RETURN new; END $$""")
    database.run("CREATE TRIGGER slow AFTER UPDATE ON post FOR EACH ROW EXECUTE FUNCTION slow()")
    try:
        versions = {i: version(client, f"/post/{i}") for i in (1, 2)}
        answers = []

        def go(order):
            answers.append(send(client, *(change(client, "PATCH", f"/post/{i}", {"n": order[0]}, version=versions[i])
                                          for i in order)))
        threads = [threading.Thread(target=go, args=(order,)) for order in ((1, 2), (2, 1))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        database.run("DROP TRIGGER slow ON post")
    assert sorted(answer.status_code for answer in answers) == [200, 409], [a.text for a in answers]
    winner = next(answer for answer in answers if answer.status_code == 200)
    assert database.run("SELECT n FROM post WHERE id IN (1, 2)") == [(winner.json()["changes"][0]["row"]["n"],)] * 2


def test_a_rule_that_is_checked_at_the_end(client, database):
    database.run("ALTER TABLE post ALTER CONSTRAINT post_author_fkey INITIALLY DEFERRED")
    try:
        child_first = send(client, change(client, "POST", "/post", {"id": 60, "author": 61}),
                           change(client, "POST", "/author", {"id": 61, "name": "Late"}))
        assert child_first.status_code == 200, child_first.text
        never = send(client, change(client, "POST", "/post", {"id": 62, "author": 99}))
        assert (never.status_code, never.json()["reason"]) == (409, "dangling")
    finally:
        database.run("ALTER TABLE post ALTER CONSTRAINT post_author_fkey INITIALLY IMMEDIATE")
    assert database.one("SELECT count(*) FROM post WHERE id IN (60, 62)") == 1


def test_a_backend_that_dies_in_the_middle(client, database):
    database.run("""CREATE OR REPLACE FUNCTION die_once() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF NOT EXISTS (SELECT FROM plain WHERE t = 'died') THEN
             PERFORM pg_sleep(1.5); END IF; RETURN new; END $$""")
    database.run("CREATE TRIGGER die_once AFTER UPDATE ON post FOR EACH ROW EXECUTE FUNCTION die_once()")
    try:
        changes = [change(client, "POST", "/author", {"id": 70, "name": "Survivor"}),
                   change(client, "PATCH", "/post/1", {"title": "survived"})]
        answers = []
        thread = threading.Thread(target=lambda: answers.append(send(client, *changes)))
        thread.start()
        for _ in range(100):
            found = database.run("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND usename = 'editor'")
            if found:
                break
            threading.Event().wait(0.02)
        database.run("INSERT INTO plain VALUES (99, 'died')")
        database.run("SELECT pg_terminate_backend(%s)", found[0][0])
        thread.join()
    finally:
        database.run("DROP TRIGGER die_once ON post")
    assert answers[0].status_code == 200, answers[0].text
    assert database.one("SELECT count(*) FROM author WHERE name = 'Survivor'") == 1
    assert database.one("SELECT title FROM post WHERE id = 1") == "survived"


def test_no_transaction_is_left_open(client, database):
    stale = change(client, "PATCH", "/post/1", {"title": "mine"})
    database.run("UPDATE post SET title = 'theirs' WHERE id = 1")
    assert send(client, stale).status_code == 409
    assert database.one("SELECT count(*) FROM pg_stat_activity WHERE usename = 'editor'"
                        " AND state LIKE 'idle in transaction%%'") == 0
