"""JSON at / is an OpenAPI 3.1 document, made from the catalog; what it says is so."""

import json
import subprocess

import jsonschema
import pytest

import stack

TYPES = """id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a_small smallint, a_big bigint NOT NULL,
    a_numeric numeric(12,2), a_real real, a_double double precision, a_bool boolean, a_text text,
    a_varchar varchar(10) NOT NULL DEFAULT 'x', a_date date, a_time time, a_stamp timestamp, a_tz timestamptz,
    an_interval interval, a_uuid uuid, a_json json, a_jsonb jsonb, a_bytea bytea, an_array integer[],
    a_range int4range, an_inet inet, an_enum mood, a_domain posint, a_pair pair,
    computed integer GENERATED ALWAYS AS (a_small * 2) STORED, updated_at timestamptz NOT NULL DEFAULT now()"""


@pytest.fixture(scope="module")
def server(database):
    database.create(
        "CREATE TYPE mood AS ENUM ('glad', 'say \"hi\"'); CREATE DOMAIN posint AS integer CHECK (VALUE > 0);"
        "CREATE TYPE pair AS (a integer, b text);"
        f"CREATE TABLE every ({TYPES});"
        "CREATE TABLE author (id integer PRIMARY KEY, name text NOT NULL);"
        "CREATE TABLE post (id integer PRIMARY KEY, title text NOT NULL CHECK (title <> 'bad'),"
        " author integer REFERENCES author, updated_at timestamptz NOT NULL DEFAULT now());"
        "COMMENT ON TABLE post IS 'What is \"written\"'; COMMENT ON COLUMN post.title IS 'In short';"
        'CREATE TABLE "odd/na.me ~ü""x" ("select" integer PRIMARY KEY, "a b.c" text, "_x" text);'
        'CREATE TABLE "Post" (id integer PRIMARY KEY); CREATE TABLE "post.2E" (id integer PRIMARY KEY);'
        'CREATE TABLE "post." (id integer PRIMARY KEY); CREATE TABLE keyless (a integer);', ["post"])
    database.run("CREATE TABLE only_read (id integer PRIMARY KEY, a text, secret text)")
    database.run("GRANT SELECT (id, a) ON only_read TO editor")
    database.run("CREATE TABLE unseen (id integer PRIMARY KEY)")
    with stack.serving("lighttpd", database) as server:
        yield server


@pytest.fixture(scope="module")
def client(server):
    return server.client("anna")


@pytest.fixture(scope="module")
def document(client):
    return client.get("/").json()


def resolve(document, schema):
    """The schema with the document's components beside it, so that references are found."""
    return {**schema, "components": document["components"]}


def check(document, schema, value):
    jsonschema.Draft202012Validator(resolve(document, schema)).validate(value)


def ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


def test_a_linter_has_nothing_to_say(npm, client, tmp_path):
    path = tmp_path / "openapi.json"
    path.write_text(client.get("/").text)
    run = subprocess.run(["npx", "redocly", "lint", "--config", stack.ROOT / "tests/npm/redocly.yaml", path],
                         cwd=npm, capture_output=True, text=True,
                         env={**__import__("os").environ, "REDOCLY_TELEMETRY": "off", "CI": "1"})
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_linter_would_say_something(npm, client, tmp_path):
    document = client.get("/").json()
    document["paths"]["/post"]["get"]["parameters"].append({"name": "nowhere"})
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document))
    run = subprocess.run(["npx", "redocly", "lint", "--config", stack.ROOT / "tests/npm/redocly.yaml", path],
                         cwd=npm, capture_output=True, text=True)
    assert run.returncode != 0


@pytest.mark.parametrize("accept, kind", [
    ("application/json", "application/json"), ("*/*", "application/json"),
    ("application/openapi+json", "application/openapi+json;version=3.1"),
    ("application/vnd.oai.openapi+json;version=3.1", "application/openapi+json;version=3.1")])
def test_it_is_found_under_its_media_types(client, accept, kind):
    answer = client.get("/", headers={"Accept": accept})
    assert answer.headers["content-type"] == kind
    assert answer.json()["openapi"] == "3.1.0"


def test_every_table_that_can_be_read_is_there(document):
    paths = set(document["paths"])
    assert {"/every", "/every/{key}", "/post", "/Post", "/post.2E", "/post.", "/only_read",
            "/odd~2Fna.me~20~7E~C3~BC~22x", "/_batch", "/_health", "/_metrics", "/"} <= paths
    assert not {"/keyless", "/unseen"} & paths
    tags = {tag["name"]: tag for tag in document["tags"]}
    assert tags["post"]["description"] == 'What is "written"'
    assert tags["post"]["x-pg409-protected"] and not tags["author"]["x-pg409-protected"]
    assert (tags["post"]["x-pg409-version"], tags["author"]["x-pg409-version"]) == ("updated_at", "xmin")


def test_names_that_look_alike_do_not_meet(document):
    schemas = [name for name in document["components"]["schemas"] if name.startswith("row-")]
    tables = [path for path in document["paths"] if path.count("/") == 1 and not path.startswith("/_") and path != "/"]
    assert len(schemas) == len(tables)
    operations = [operation["operationId"] for path in document["paths"].values()
                  for method, operation in path.items() if method != "parameters"]
    assert len(operations) == len(set(operations))


def test_only_what_the_database_user_may_do(document):
    assert set(document["paths"]["/only_read"]) == {"get"}
    assert set(document["paths"]["/only_read/{key}"]) == {"parameters", "get"}
    row = document["components"]["schemas"]["row-only_read"]["properties"]
    assert set(row) == {"id", "a", "_version"}
    assert "new-only_read" not in document["components"]["schemas"]
    assert set(document["paths"]["/post/{key}"]) == {"parameters", "get", "patch", "put", "delete"}


@pytest.mark.parametrize("column, expected", [
    ("a_small", {"type": ["integer", "null"], "format": "int32"}),
    ("a_big", {"type": ["integer"], "format": "int64"}),
    ("a_numeric", {"type": ["number", "string", "null"]}), ("a_bool", {"type": ["boolean", "null"]}),
    ("a_varchar", {"type": ["string"], "maxLength": 10}), ("a_date", {"type": ["string", "null"], "format": "date"}),
    ("a_tz", {"type": ["string", "null"], "format": "date-time"}), ("a_uuid", {"type": ["string", "null"], "format": "uuid"}),
    ("an_array", {"type": ["array", "null"], "items": {}}), ("a_jsonb", {}),
    ("an_enum", {"type": ["string", "null"], "enum": ["glad", 'say "hi"', None]}),
    ("computed", {"type": ["integer", "null"], "format": "int32", "readOnly": True}),
    ("updated_at", {"type": ["string"], "format": "date-time", "readOnly": True})])
def test_types(document, column, expected):
    found = dict(document["components"]["schemas"]["row-every"]["properties"][column])
    assert found.pop("description")
    assert found == expected


def test_what_has_to_be_given_and_what_can_be(document):
    new = document["components"]["schemas"]["new-every"]
    assert new["required"] == ["a_big"]
    assert not {"id", "computed", "updated_at"} & set(new["properties"])
    assert document["components"]["schemas"]["new-post"]["required"] == ["id", "title"]
    assert document["components"]["schemas"]["row-post"]["properties"]["title"]["description"].startswith("In short")


def test_every_problem_is_named(document):
    reasons = document["components"]["schemas"]["Problem"]["properties"]["reason"]["enum"]
    assert {"stale", "deleted", "duplicate", "version-required", "batch", "merge-duplicates"} <= set(reasons)
    assert "stale" in document["components"]["responses"]["409"]["description"]
    assert "stale" in document["components"]["responses"]["412"]["description"]


def test_answers_are_as_it_says(document, client, database):
    database.run("DELETE FROM post")
    made = client.post("/post", json={"id": 1, "title": "a"}, headers={"Prefer": "return=representation"})
    check(document, {"type": "array", "items": ref("row-post")}, made.json())
    check(document, ref("row-post"), client.get("/post/1").json())
    database.run("""INSERT INTO every (a_big, a_numeric, a_real, a_bool, a_json, an_array, a_range, an_enum, a_pair, a_tz)
                    VALUES (1, 'NaN', 'Infinity', true, '[1]', '{1,2}', '[1,3)', 'glad', '(1,x)', now()), (2)""".replace(
                        ", (2)", ""))
    for row in client.get("/every").json():
        check(document, ref("row-every"), row)
    old = made.json()[0]["_version"]
    client.patch("/post/1", json={"title": "b"}, headers={"If-Match": f'"{old}"'})
    problems = [
        client.patch("/post/1", json={"title": "c", "_version": old}),
        client.patch("/post/1", json={"title": "c"}, headers={"If-Match": f'"{old}"'}),
        client.patch("/post/1", json={"title": "c"}), client.get("/post/99"), client.get("/nothing"),
        client.post("/post", json={"id": 1, "title": "d"}), client.post("/post", json={"id": 2, "title": "bad"}),
        client.post("/post", json={"id": 2}), client.post("/post", json={"id": 2, "colour": 1}),
        client.request("PUT", "/_batch"), client.get("/post?id=foo.1"),
        client.post("/_batch", json={"changes": [{"method": "PATCH", "path": "/post/1", "version": old,
                                                  "body": {"title": "e"}}]})]
    assert [answer.status_code for answer in problems] == [409, 412, 428, 404, 404, 409, 422, 422, 400, 405, 400, 409]
    for answer in problems:
        assert answer.headers["content-type"] == "application/problem+json"
        check(document, ref("Problem"), answer.json())
        assert str(answer.status_code) in document["components"]["responses"]


def test_what_it_says_of_a_new_row_is_accepted(document, client):
    body = {}
    for name, schema in document["components"]["schemas"]["new-every"]["properties"].items():
        kind = schema.get("type", [None])[0]
        example = {"integer": 1, "number": 1.5, "boolean": True, "array": [1], None: None}.get(kind, None)
        if kind == "string":
            example = schema["enum"][0] if "enum" in schema else {
                "date": "2026-11-22", "date-time": "2026-11-22T07:49:00Z",
                "uuid": "00000000-0000-0000-0000-000000000001"}.get(schema.get("format"), "07:49" if "time" in name or "stamp" in name else "x")
        if example is not None and name != "_version" and "stamp" not in name:
            body[name] = example
    check(document, ref("new-every"), body)
    answer = client.post("/every", json=body)
    assert answer.status_code == 201, answer.text


def test_three_hundred_tables(database):
    database.create("".join(f"CREATE TABLE many_{i} (id integer PRIMARY KEY, a text, b numeric, c timestamptz);"
                            for i in range(300)))
    try:
        with stack.serving("lighttpd", database) as server:
            document = server.client("anna").get("/").json()
            assert sum(path.startswith("/many_") for path in document["paths"]) == 600
    finally:
        database.run("".join(f"DROP TABLE many_{i};" for i in range(300)))
