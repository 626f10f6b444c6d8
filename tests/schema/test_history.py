"""protect(..., history => true): every state of every row, whoever made it."""

import psycopg
import pytest


def one(db, sql, *values):
    return db.execute(sql, values).fetchone()[0]


@pytest.fixture
def kept(db):
    db.execute("create table t (id int primary key, title text, body text, updated_at timestamptz)")
    db.execute("insert into t values (1, 'One', 'Text')")
    assert "its history is kept" in one(db, "select pg409.protect('t', history => true)")
    return db


def history(db, *columns):
    names = ", ".join(columns) or "op, row_key, columns"
    return db.execute(f"select {names} from pg409.history order by id").fetchall()


def test_the_state_before_the_first_change_is_kept_too(kept):
    before = one(kept, "select updated_at::text from t")
    kept.execute("update t set title = 'Two' where id = 1")
    assert history(kept) == [("start", '["1"]', []), ("save", '["1"]', ["title"])]
    rows = history(kept, "row", "version", "at is null", "username", "role_name")
    assert [row[0]["title"] for row in rows] == ["One", "Two"]
    assert rows[0][2] and not rows[1][2] and rows[1][3] is None
    assert rows[0][1] != rows[1][1]
    kept.execute("set timezone = 'UTC'")
    assert rows[1][1] == one(kept, "select updated_at::text from t") and before
    assert rows[1][4] == one(kept, "select session_user::text")


def test_create_delete_and_create_again(kept):
    kept.execute("insert into t values (2, 'A')")
    kept.execute("delete from t where id = 2")
    kept.execute("insert into t values (2, 'B')")
    assert history(kept, "op", "row->>'title'") == [("create", "A"), ("delete", "A"), ("create", "B")]


def test_who(kept):
    with kept.transaction():
        kept.execute("select set_config('pg409.user', 'anna', true)")
        kept.execute("update t set title = 'Two'")
    kept.execute("update t set title = 'Three'")
    assert [row[0] for row in history(kept, "username")] == [None, "anna", None]


def test_nothing_changed_is_no_revision(kept):
    kept.execute("update t set title = title")
    assert history(kept) == [("start", '["1"]', [])]


def test_a_touch_is_a_version_too(kept):
    kept.execute("update t set updated_at = updated_at + interval '1 hour'")
    assert history(kept)[-1] == ("save", '["1"]', [])


def test_history_follows_the_key(kept):
    kept.execute("update t set title = 'Two'")
    kept.execute("update t set id = 7")
    assert history(kept) == [("start", '["7"]', []), ("save", '["7"]', ["title"]), ("save", '["7"]', ["id"])]


def test_rolled_back_is_no_revision(kept):
    with kept.transaction(force_rollback=True):
        kept.execute("update t set title = 'Two'")
    assert history(kept) == []


def test_keys_and_values_of_all_kinds_are_kept_exactly(db):
    db.execute("set timezone = 'Asia/Tokyo'; set datestyle = 'German'; set extra_float_digits = -2")
    db.execute("""create table "O'dd" ("a b" timestamptz, n numeric, lock_version int, j json, f float8,
                  i interval, b bytea, a text[], primary key ("a b", n))""")
    db.execute("""select pg409.protect('"O''dd"', history => true)""")
    db.execute("""insert into "O'dd" values ('2026-11-22 07:49:00.123456Z', 1.10, 1, '{"b" : 1, "a":1}',
                  0.1::float8 + 0.2, 'P1DT2H', '\\x00ff', '{x,NULL,"y,z"}')""")
    table, key, version = history(db, "table_name", "row_key", "version")[0]
    assert (table, key, version) == ("public.O'dd", '["2026-11-22 07:49:00.123456+00", "1.10"]', "1")
    db.execute("set extra_float_digits = 1")
    assert one(db, """select (r.*) is not distinct from (t.*) from (select "a b", n, lock_version, j::text, f, i, b, a
                      from json_populate_record(null::"O'dd", (select "row" from pg409.history))) r,
                      (select "a b", n, lock_version, j::text, f, i, b, a from "O'dd") t""")


def test_partitions_belong_to_their_table(db):
    db.execute("create table p (id int primary key, x text) partition by range (id)")
    db.execute("create table p1 partition of p for values from (0) to (10)")
    db.execute("select pg409.protect('p', history => true)")
    db.execute("insert into p values (1, 'a')")
    db.execute("update p1 set x = 'b'")
    assert history(db, "table_name", "op") == [("public.p", "create"), ("public.p", "save")]


def test_on_and_off_and_as_it_is(kept):
    assert "history" not in one(kept, "select pg409.protect('t')")
    kept.execute("update t set title = 'Two'")
    assert len(history(kept)) == 2
    assert "not kept any more" in one(kept, "select pg409.protect('t', history => false)")
    kept.execute("update t set title = 'Three'")
    assert len(history(kept)) == 2
    assert "history" not in one(kept, "select pg409.protect('t', history => false)")
    kept.execute("select pg409.protect('t', history => true)")
    kept.execute("update t set title = 'Four'")
    assert len(history(kept)) == 3


def triggers(db):
    """How many there are on tables of others."""
    return one(db, "select count(*) from pg_trigger t join pg_class c on c.oid = t.tgrelid"
                   " where not t.tgisinternal and c.relnamespace <> 'pg409'::regnamespace")


def test_unprotect_ends_it(kept):
    kept.execute("select pg409.unprotect('t')")
    kept.execute("update t set title = 'Two'")
    assert history(kept) == [] and triggers(kept) == 0


def test_without_a_key_it_is_refused_whole(db):
    db.execute("create table k (x text)")
    with pytest.raises(psycopg.errors.InvalidTableDefinition, match="no primary key"):
        db.execute("select pg409.protect('k', history => true)")
    assert triggers(db) == 0


def test_writers_need_no_right_on_it(kept):
    kept.execute("drop role if exists writer_h")
    kept.execute("create role writer_h; grant select, update on t to writer_h")
    with kept.transaction():
        kept.execute("set local role writer_h")
        kept.execute("update t set title = 'Two'")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), kept.transaction():
            kept.execute("select * from pg409.history")
    assert len(history(kept)) == 2
    kept.execute("revoke all on t from writer_h; drop role writer_h")


def test_what_is_too_old_goes(kept):
    kept.execute("update t set title = 'Two'")
    kept.execute("update t set title = 'Three'")
    kept.execute("update pg409.history set at = now() - interval '11 days' where columns = '{title}' and row->>'title' = 'Two'")
    assert one(kept, "select pg409.expire_history(12)") == 0
    assert one(kept, "select pg409.expire_history(10)") == 1
    assert one(kept, "select pg409.expire_history(0)") == 0  # never what is younger than a day


def test_an_older_schema_is_brought_up(database, run_file):
    with psycopg.connect(database, autocommit=True) as db:
        db.execute("create function pg409.protect(tbl regclass, col name) returns text language sql as $$ select 'old' $$")
    run_file(database, "pg409.sql")
    with psycopg.connect(database, autocommit=True) as db:
        db.execute("create table t (id int primary key)")
        assert "protected" in one(db, "select pg409.protect('t')")
