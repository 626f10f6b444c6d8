"""Where a client may put the version, what servers do to it, and what must not matter."""

import threading

import pytest

import stack
from e2e import pages
from e2e.desk import quick
from e2e.test_versions import at_clock, create_tables, new_row, read, result, save

CLOCK = "2098-11-22T07:49:00.123456Z"
OTHER = "2098-11-22T07:49:00.123457Z"


@pytest.fixture(scope="module")
def server(database):
    create_tables(database)
    with stack.serving("lighttpd", database) as server:
        yield server


@pytest.fixture(scope="module")
def anna(server):
    return quick(server, "anna")


def send(client, path, place, version, title="two"):
    """The same write with the version in another place."""
    if place == "If-Match":
        return client.patch(path, json={"title": title}, headers={"If-Match": f'"{version}"'})
    if place == "member":
        return client.patch(path, json={"title": title, "_version": version})
    if place == "own member":
        return client.patch(path, json={"title": title, "updated_at": version})
    if place == "query":
        return client.patch(path, params={"_version": version}, json={"title": title})
    if place == "field":
        return client.post(path, data={"title": title, "_version": version})
    if place == "own field":
        return client.post(path, data={"title": title, "updated_at": version})
    assert place == "query of a form"
    return client.post(path, params={"_version": version}, data={"title": title})


PLACES = ["If-Match", "member", "own member", "query", "field", "own field", "query of a form"]


@pytest.mark.parametrize("place", PLACES)
def test_version_is_taken_from(database, anna, place):
    path = at_clock(database)
    answer = send(anna, path, place, CLOCK)
    assert result(answer)[1] == "saved", answer.text
    assert read(anna, path)["title"] == "two"


@pytest.mark.parametrize("place", PLACES)
def test_stale_version_is_stopped_from(database, anna, place):
    path = at_clock(database)
    answer = send(anna, path, place, "2098-11-22T07:49:00.123450Z")
    assert result(answer) == (412 if place == "If-Match" else 409, "conflict")
    assert read(anna, path)["title"] == "one"


@pytest.mark.parametrize("place", PLACES)
def test_unreadable_version_is_refused_from(database, anna, place):
    path = at_clock(database)
    assert result(send(anna, path, place, "04/03/2026")) == (400, "refused")
    assert read(anna, path)["title"] == "one"


@pytest.mark.parametrize("place", ["own member", "own field"])
def test_own_name_on_an_unprotected_table_compares_what_it_carries(database, anna, place):
    path = at_clock(database, "timestamptz_u")
    assert result(send(anna, path, place, CLOCK))[1] == "saved"
    assert result(send(anna, path, place, CLOCK, "three")) == (409, "conflict")


@pytest.mark.parametrize("more", [
    {"headers": {"If-Match": f'"{OTHER}"'}}, {"params": {"_version": OTHER}}])
def test_two_versions_that_disagree_are_malformed(database, anna, more):
    path = at_clock(database)
    answer = anna.patch(path, json={"title": "two", "_version": CLOCK}, **more)
    assert result(answer) == (400, "refused")
    assert answer.json()["reason"] == "versions-differ"
    assert read(anna, path)["title"] == "one"


def test_two_members_that_disagree_are_malformed(database, anna):
    answer = anna.patch(at_clock(database),
                        json={"title": "two", "_version": CLOCK, "updated_at": OTHER})
    assert (answer.status_code, answer.json()["reason"]) == (400, "versions-differ")


def test_two_fields_that_disagree_are_malformed(database, anna):
    path = at_clock(database)
    answer = anna.post(path, data={"title": "two", "_version": CLOCK, "updated_at": OTHER})
    assert result(answer) == (400, "refused")
    assert read(anna, path)["title"] == "one"


def test_two_versions_that_agree_are_one(database, anna):
    path = at_clock(database)
    answer = anna.patch(path, headers={"If-Match": f'"{CLOCK}"'}, json={
        "title": "two", "_version": CLOCK, "updated_at": "2098-11-22T08:49:00.123456+01:00"})
    assert result(answer) == (200, "saved")


def test_row_sent_back_as_it_was_read_is_one_version(database, anna):
    for table in ("timestamptz_u", "timestamp_p", "timestamp_u", "bigint_p", "integer_u", "bare"):
        path = new_row(database, table)
        row = {**read(anna, path), "title": "two"}
        assert result(anna.patch(path, json=row)) == (200, "saved"), table


@pytest.mark.parametrize("tag", [
    'W/"{}"', '"{}-gzip"', '"{}-br"', '"{}-deflate"', '"{}-zstd"', '"{};gzip"', 'W/"{}-gzip"',
    '"{}-br-gzip"', '{}'])
def test_what_servers_do_to_etags_is_undone(database, anna, tag):
    path = at_clock(database, "timestamptz_u")
    token = read(anna, path)["_version"]
    answer = anna.patch(path, json={"title": "two"}, headers={"If-Match": tag.format(token)})
    assert result(answer) == (200, "saved")


def test_if_none_match_knows_the_version_it_has(database, anna):
    path = at_clock(database)
    answer = anna.get(path, headers={"If-None-Match": f'W/"{CLOCK}-gzip"'})
    assert (answer.status_code, answer.content) == (304, b"")
    assert anna.get(path, headers={"If-None-Match": f'"{OTHER}"'}).status_code == 200


def test_two_tags_in_if_match_are_malformed(database, anna):
    path = at_clock(database)
    answer = anna.patch(path, json={"title": "two"},
                        headers={"If-Match": f'"{CLOCK}", "{OTHER}"'})
    assert answer.status_code == 400
    assert read(anna, path)["title"] == "one"


ASTERISKS = [
    lambda client, path: client.patch(path, json={"title": "two"}, headers={"If-Match": "*"}),
    lambda client, path: client.patch(path, json={"title": "two", "_version": "*"}),
    lambda client, path: client.patch(path, json={"title": "two"}, params={"_version": "*"}),
    lambda client, path: client.post(path, data={"title": "two", "_version": "*"}),
    lambda client, path: client.delete(path, headers={"If-Match": "*"}),
]


@pytest.mark.parametrize("write", ASTERISKS)
def test_asterisk_is_refused_without_the_setting(database, anna, write):
    path = at_clock(database)
    assert result(write(anna, path)) == (403, "refused")
    assert read(anna, path)["title"] == "one"


@pytest.fixture(scope="module")
def overwriter(server, database):
    with stack.serving("lighttpd", database, {"allow_overwrite": "on"}) as server:
        yield server


@pytest.mark.parametrize("write", ASTERISKS)
def test_asterisk_writes_with_the_setting_and_is_logged(database, overwriter, write):
    path = at_clock(database)
    assert result(write(overwriter.client("anna"), path))[1] == "saved"
    line = [line for line in overwriter.log().splitlines() if f"key={path.split('/')[-1]}" in line]
    assert "base=*" in line[-1] and "user=anna" in line[-1]


@pytest.mark.parametrize("table", ["timestamptz_p", "timestamptz_u", "bigint_p", "bare", "empty"])
def test_asterisk_moves_the_version_forward(database, overwriter, table):
    path, client = new_row(database, table), overwriter.client("anna")
    version = read(client, path)["_version"]
    answer = save(client, path, "*", "two")
    assert result(answer) == (200, "saved")
    assert answer.json()["_version"] != version
    assert result(save(client, path, version, "three")) == (409, "conflict")


def test_asterisk_does_not_find_a_row_that_is_not_there(overwriter):
    answer = overwriter.client("anna").patch("/timestamptz_p/999999", json={"title": "two"},
                                             headers={"If-Match": "*"})
    assert answer.status_code == 412


def test_asterisk_and_a_version_exclude_each_other(database, overwriter):
    answer = overwriter.client("anna").patch(
        at_clock(database), json={"title": "two", "_version": CLOCK}, headers={"If-Match": "*"})
    assert (answer.status_code, answer.json()["reason"]) == (400, "versions-differ")


def test_no_version_at_all_is_428(database, anna):
    path = at_clock(database)
    for answer in (anna.patch(path, json={"title": "two"}), anna.delete(path)):
        assert result(answer) == (428, "refused")
        assert answer.json()["reason"] == "version-required"
    assert result(anna.post(path, data={"title": "two"})) == (428, "refused")
    assert read(anna, path)["title"] == "one"


# --- what the database was told about itself must not matter --------------------------------------


@pytest.fixture(scope="module")
def odd(postgres):
    database = stack.Database(postgres)
    create_tables(database)
    for setting in ("DateStyle = 'SQL, DMY'", "TimeZone = 'Asia/Kolkata'",
                    "default_transaction_isolation = serializable", "bytea_output = escape",
                    "extra_float_digits = -5", "IntervalStyle = sql_standard",
                    "standard_conforming_strings = off", "client_encoding = LATIN1",
                    "search_path = pg_catalog", "default_transaction_deferrable = on",
                    "xmlbinary = hex", "array_nulls = off", "transform_null_equals = on",
                    "lock_timeout = 1", "row_security = off"):
        database.run(f"ALTER DATABASE {database.name} SET {setting}")
    database.sql = database.connect()
    database.run("SET search_path = public; SET standard_conforming_strings = on; "
                 "SET lock_timeout = 0; SET client_encoding = UTF8")
    with stack.serving("lighttpd", database) as server:
        yield database, server


@pytest.mark.parametrize("table", ["timestamptz_p", "timestamp_u", "timestamp3_p", "empty"])
def test_settings_of_the_database_do_not_matter(odd, table):
    database, server = odd
    anna, path = server.client("anna"), new_row(database, table)
    form = pages.form(anna, path)
    row = read(anna, path)
    form["title"] = "Käse \\' ' 100 % ☃"
    assert result(form.send(anna)) == (303, "saved")
    assert read(anna, path)["title"] == "Käse \\' ' 100 % ☃"
    assert result(save(anna, path, row["_version"], "three")) == (409, "conflict")
    row = {**read(anna, path), "title": "four"}
    assert result(anna.patch(path, json=row)) == (200, "saved")
    assert database.one(f"SELECT title FROM {table} WHERE id = %s", path.split("/")[-1]) == "four"


def test_instant_is_the_same_whatever_the_time_zone(odd):
    database, server = odd
    assert result(save(server.client("anna"), at_clock(database), CLOCK, "two")) == (200, "saved")


def wait_for_lock(database):
    while not database.one("SELECT count(*) FROM pg_stat_activity "
                           "WHERE datname = current_database() AND wait_event_type = 'Lock'"):
        pass


def test_serializable_by_default_still_tells_who_was_first(odd):
    """A save that waits for another one is stale then, not a failure of serialisation."""
    database, server = odd
    path = at_clock(database)
    with database.connect() as other:
        other.execute("SET lock_timeout = 0")
        other.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
        other.execute(f"UPDATE public.timestamptz_p SET body = 'x' WHERE id = {path.split('/')[-1]}")
        answers = []
        writer = threading.Thread(target=lambda: answers.append(
            save(server.client("anna"), path, CLOCK, "two")))
        writer.start()
        wait_for_lock(database)
        other.execute("COMMIT")
        writer.join()
    assert result(answers[0]) == (409, "conflict")
    assert answers[0].json()["reason"] == "stale"


def test_version_is_taken_from_a_filter(database, anna):
    path = at_clock(database)
    answer = anna.patch(path, params={"updated_at": f"eq.{CLOCK}"}, json={"title": "two"})
    assert result(answer) == (200, "saved")
