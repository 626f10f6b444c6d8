"""A client that speaks PostgREST works as it is: the real @supabase/postgrest-js drives pg409."""

import os
import subprocess

import stack


def test_the_client_of_postgrest(npm, database):
    database.create(
        "CREATE TABLE author (id integer PRIMARY KEY, name text, updated_at timestamptz NOT NULL DEFAULT now());"
        "CREATE TABLE post (id integer PRIMARY KEY, title text NOT NULL, author integer REFERENCES author,"
        " n integer DEFAULT 7, tags text[], data jsonb, span int4range,"
        " updated_at timestamptz NOT NULL DEFAULT now());"
        "INSERT INTO author VALUES (1, 'Ada'), (2, 'Bob')", ["author", "post"])
    with stack.serving("lighttpd", database) as server:
        run = subprocess.run(
            ["node", "--test", "--test-reporter=spec", stack.ROOT / "tests/npm/postgrest.mjs"], cwd=npm,
            env={**os.environ, "PG409_URL": f"http://127.0.0.1:{server.port}", "PG409_NPM": str(npm)},
            capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout[-20000:] + run.stderr[-3000:]
    assert "# fail 0" in run.stdout or "fail 0" in run.stdout
