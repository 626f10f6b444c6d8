"""schema/: the version trigger, protect and its undo, row_exists, grants. Against a real PostgreSQL."""

import datetime
import subprocess

import psycopg
import pytest

UTC = datetime.timezone.utc


def one(db, query, *args):
    """The first row; the value itself when it has one column."""
    row = db.execute(query, args or None).fetchone()
    return row[0] if row is not None and len(row) == 1 else row


def make(db, columns, name="t"):
    """A table with the key id, a text and these columns; protected."""
    db.execute(f"create table {name} (id int primary key, body text{', ' if columns else ''}{columns})")
    return one(db, "select pg409.protect(%s::regclass)", name)


def triggers(db, name="t"):
    return db.execute(
        """select f.pronamespace::regnamespace::text, t.tgargs, t.tgenabled::text from pg_trigger t
           join pg_proc f on f.oid = t.tgfoid where t.tgrelid = %s::regclass and t.tgname = 'zz_pg409_version'""",
        (name,),
    ).fetchall()


def describe(db, name="t"):
    """All that protect could change: columns with their flags and defaults, triggers, constraints."""
    return db.execute(
        """select a.attname, a.atttypid::regtype::text, a.attnotnull, pg_get_expr(d.adbin, d.adrelid) from pg_attribute a
           left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
           where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped
           union all select tgname, pg_get_triggerdef(oid), null, null from pg_trigger where tgrelid = %s::regclass
           order by 1""",
        (name, name),
    ).fetchall()


# --- which column ---------------------------------------------------------------------------------


def test_adds_a_column_where_there_is_none(db):
    said = make(db, "")
    assert "added the column" in said
    assert triggers(db) == [("pg409", b"updated_at\0", "O")]
    assert ("updated_at", "timestamp with time zone", True, "now()") in describe(db)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("updated_at timestamptz, lock_version int", b"updated_at\0"),
        ("version int8, modified_at timestamp", b"modified_at\0"),
        ("version int2", b"version\0"),
        ("version text, lock_version int", b"lock_version\0"),
        ("version int generated always as identity", b"updated_at\0"),
        ("modified_at date", b"updated_at\0"),
    ],
)
def test_picks_the_first_that_fits(db, columns, expected):
    make(db, columns)
    assert [row[1] for row in triggers(db)] == [expected]


def test_a_key_column_is_no_version(db):
    db.execute("create table t (id int, version int, primary key (id, version))")
    db.execute("select pg409.protect('t')")
    assert triggers(db)[0][1] == b"updated_at\0"


def test_a_given_column(db):
    db.execute("create table t (id int primary key, touched timestamptz, updated_at timestamptz)")
    db.execute("select pg409.protect('t', 'touched')")
    assert triggers(db)[0][1] == b"touched\0"
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="unprotect it first"):
        db.execute("select pg409.protect('t', 'updated_at')")


@pytest.mark.parametrize("column", ["nothing", "body"])
def test_a_given_column_that_cannot_be(db, column):
    db.execute("create table t (id int primary key, body text)")
    with pytest.raises(psycopg.errors.UndefinedColumn, match="can be a version"):
        db.execute("select pg409.protect('t', %s)", (column,))


def test_updated_at_of_a_useless_type_is_said(db):
    db.execute("create table t (id int primary key, updated_at date)")
    with pytest.raises(psycopg.errors.DatatypeMismatch, match="updated_at"):
        db.execute("select pg409.protect('t')")


@pytest.mark.parametrize("kind", ["view", "materialized view"])
def test_views_are_refused(db, kind):
    db.execute(f"create {kind} v as select 1 as id")
    with pytest.raises(psycopg.errors.WrongObjectType, match="is a view"):
        db.execute("select pg409.protect('v')")


def test_twice_is_harmless(db):
    make(db, "updated_at timestamptz")
    before = describe(db), one(db, "select p::text from pg409.protected p")
    assert "already" in one(db, "select pg409.protect('t')")
    assert (describe(db), one(db, "select p::text from pg409.protected p")) == before


def test_again_repairs_a_disabled_trigger(db):
    make(db, "")
    db.execute("alter table t disable trigger zz_pg409_version")
    db.execute("select pg409.protect('t')")
    assert triggers(db) == [("pg409", b"updated_at\0", "O")]


def test_odd_names(db):
    db.execute('''create schema "a b"; create table "a b"."Ta""b'le %s" ("the id" int primary key, "Chan""ged ()'%" timestamp, x text)''')
    name = '''"a b"."Ta""b'le %s"'''
    column = '''Chan"ged ()'%'''
    db.execute("select pg409.protect(%s::regclass, %s)", (name, column))
    assert triggers(db, name)[0][1] == column.encode() + b"\0"
    db.execute('''insert into "a b"."Ta""b'le %s" values (1, null, 'a')''')
    first = one(db, '''select "Chan""ged ()'%" from "a b"."Ta""b'le %s"''')
    db.execute('''update "a b"."Ta""b'le %s" set x = 'b' ''')
    assert one(db, '''select "Chan""ged ()'%" from "a b"."Ta""b'le %s"''') > first
    db.execute("select pg409.unprotect(%s::regclass)", (name,))
    assert triggers(db, name) == []


def test_a_name_as_long_as_can_be(db):
    column = "u" * 63
    db.execute(f"create table t (id int primary key, {column} timestamptz)")
    db.execute("select pg409.protect('t', %s)", (column,))
    db.execute("insert into t values (1)")
    assert triggers(db)[0][1] == column.encode() + b"\0"


# --- the rule -------------------------------------------------------------------------------------

TYPES = ["timestamptz", "timestamp", "timestamptz(3)", "timestamp(0)", "int2", "int4", "int8"]


def column_of(type_):
    return "lock_version" if type_.startswith("int") else "updated_at"


@pytest.mark.parametrize("type_", TYPES)
def test_every_update_in_one_transaction_gets_its_own_version(db, type_):
    v = column_of(type_)
    make(db, f"{v} {type_}")
    versions = []
    with db.transaction():
        versions.append(one(db, f"insert into t (id, body) values (1, '') returning {v}"))
        for body in "abcde":
            versions.append(one(db, f"update t set body = %s returning {v}", body))
    assert all(a < b for a, b in zip(versions, versions[1:])), versions
    if type_ == "int4":
        assert versions == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("type_", TYPES)
def test_an_update_that_changes_nothing_keeps_it(db, type_):
    v = column_of(type_)
    make(db, f"{v} {type_}")
    db.execute("insert into t (id, body) values (1, 'a')")
    before = one(db, f"select {v} from t")
    assert one(db, f"update t set body = 'a' returning {v}") == before
    assert one(db, f"update t set body = 'b' returning {v}") > before


def test_also_with_generated_columns(db):
    make(db, "n numeric, updated_at timestamptz, twice numeric generated always as (n * 2) stored")
    db.execute("insert into t (id, body, n) values (1, 'a', 1.0)")
    before = one(db, "select updated_at from t")
    assert one(db, "update t set body = 'a' returning updated_at") == before
    after, twice = one(db, "update t set n = 1.00 returning updated_at, twice::text")
    assert after > before and twice == "2.00"
    db.execute("alter table t drop column twice")
    assert one(db, "update t set n = 3 returning updated_at") > after


def test_a_stamp_in_the_future_still_moves(db):
    make(db, "updated_at timestamptz")
    db.execute("insert into t (id) values (1)")
    future = datetime.datetime(2099, 1, 1, tzinfo=UTC)
    assert one(db, "update t set updated_at = %s returning updated_at", future) == future
    assert one(db, "update t set body = 'a' returning updated_at") == future + datetime.timedelta(microseconds=1)
    moved = one(db, "update t set body = 'b', updated_at = now() returning updated_at")
    assert moved == future + datetime.timedelta(microseconds=2)


def test_a_coarse_column_moves_by_its_own_step(db):
    make(db, "updated_at timestamp(3)")
    db.execute("insert into t (id) values (1)")
    db.execute("update t set updated_at = '2099-01-01 00:00:00.5'")
    assert one(db, "update t set body = 'a' returning updated_at::text") == "2099-01-01 00:00:00.501"


@pytest.mark.parametrize("endless", ["infinity", "-infinity"])
def test_infinity_is_left_behind(db, endless):
    db.execute("create table t (id int primary key, body text, updated_at timestamptz)")
    db.execute("insert into t values (1, '', %s)", (endless,))
    db.execute("select pg409.protect('t')")
    assert one(db, "update t set body = 'a' returning updated_at between now() - interval '1 minute' and now() + interval '1 minute'")
    assert one(db, "update t set updated_at = 'infinity' returning isfinite(updated_at)")


def test_nulls(db):
    db.execute("create table t (id int primary key, body text, updated_at timestamptz)")
    db.execute("insert into t values (1), (2)")
    assert "filled 2 NULLs" in one(db, "select pg409.protect('t')")
    assert one(db, "select count(*) from t where updated_at is null") == 0
    before = one(db, "select updated_at from t where id = 1")
    assert one(db, "update t set updated_at = null where id = 1 returning updated_at") > before
    db.execute("insert into t values (3, 'x', null)")


def test_null_integers(db):
    make(db, "lock_version int")
    assert one(db, "insert into t values (1, '', null) returning lock_version") == 1
    assert one(db, "insert into t values (2, '', 7) returning lock_version") == 7
    assert one(db, "update t set lock_version = null where id = 2 returning lock_version") == 8
    assert one(db, "update t set body = 'x', lock_version = 3 where id = 2 returning lock_version") == 9
    assert one(db, "update t set lock_version = 20 where id = 2 returning lock_version") == 20


def test_delete_and_put_back_is_another_version(db):
    make(db, "updated_at timestamptz")
    with db.transaction():
        row = one(db, "insert into t (id, body) values (1, 'a') returning id, body, updated_at")
        db.execute("delete from t")
        assert one(db, "insert into t values (%s, %s, %s) returning updated_at", *row) > row[2]


def test_a_timestamp_without_zone_is_utc(db):
    make(db, "updated_at timestamp")
    db.execute("set timezone = 'Pacific/Auckland'")
    stamp = one(db, "insert into t (id) values (1) returning updated_at")
    assert abs(stamp - datetime.datetime.now(UTC).replace(tzinfo=None)) < datetime.timedelta(minutes=1)


def test_the_conditional_update_of_pg409_wins_once(db, database):
    make(db, "")
    db.execute("insert into t (id) values (1)")
    base = one(db, "select updated_at from t")
    save = "update t set body = %s, updated_at = greatest(now(), %s::timestamptz + interval '1 microsecond') where id = 1 and updated_at = %s"
    with psycopg.connect(database, autocommit=True) as other:
        assert db.execute(save, ("mine", base, base)).rowcount == 1
        assert other.execute(save, ("theirs", base, base)).rowcount == 0
    assert one(db, "select body from t") == "mine"


def test_partitions(db):
    db.execute("create table t (id int primary key, body text) partition by range (id)")
    db.execute("create table t1 partition of t for values from (0) to (10)")
    db.execute("select pg409.protect('t')")
    db.execute("create table t2 partition of t for values from (10) to (20)")
    assert "already" in one(db, "select pg409.protect('t1')")
    for id_ in (1, 11):
        before = one(db, "insert into t (id) values (%s) returning updated_at", id_)
        assert one(db, "update t set body = 'a' where id = %s returning updated_at", id_) > before
    db.execute("select pg409.unprotect('t')")
    assert triggers(db) == triggers(db, "t1") == triggers(db, "t2") == []


# --- undo -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "columns",
    [
        "",
        "updated_at timestamptz",
        "updated_at timestamptz not null",
        "updated_at timestamptz default '2000-01-01Z'",
        "updated_at timestamp(3) not null default now()",
        "lock_version int default 5",
    ],
)
def test_undo_restores_exactly(db, columns):
    db.execute(f"create table t (id int primary key, body text{', ' if columns else ''}{columns})")
    before = describe(db)
    db.execute("select pg409.protect('t')")
    assert describe(db) != before
    db.execute("select pg409.unprotect('t', true)")
    assert describe(db) == before
    assert one(db, "select count(*) from pg_proc where pronamespace = 'pg409'::regnamespace and proname like 'keep%'") == 0
    assert one(db, "select count(*) from pg409.protected") == 0
    assert "was not" in one(db, "select pg409.unprotect('t')")


def test_undo_keeps_an_added_column_unless_asked(db):
    make(db, "")
    assert "stays" in one(db, "select pg409.unprotect('t')")
    assert triggers(db) == []
    db.execute("select updated_at from t")


def test_undo_keeps_what_partitions_had(db):
    db.execute("create table t (id int primary key, updated_at timestamptz) partition by range (id)")
    db.execute("create table t1 partition of t (updated_at not null default '2000-01-01Z') for values from (0) to (10)")
    db.execute("create table t2 partition of t for values from (10) to (20)")
    before = [describe(db, name) for name in ("t", "t1", "t2")]
    db.execute("select pg409.protect('t')")
    db.execute("select pg409.unprotect('t')")
    assert [describe(db, name) for name in ("t", "t1", "t2")] == before


def test_functions_are_shared_and_kept_while_used(db):
    make(db, "", "t")
    make(db, "", "u")
    db.execute("select pg409.unprotect('t')")
    before = one(db, "insert into u (id) values (1) returning updated_at")
    assert one(db, "update u set body = 'a' returning updated_at") > before


def test_load_twice_and_undo(db, database, run_file):
    make(db, "updated_at timestamptz")
    db.execute("insert into pg409.receipt (table_name, row_key, op) values ('t', '1', 'save')")
    run_file(database, "pg409.sql")
    assert one(db, "select count(*) from pg409.receipt") == 1
    assert len(triggers(db)) == 1
    run_file(database, "undo.sql")
    assert one(db, "select to_regnamespace('pg409')") is None
    assert ("updated_at", "timestamp with time zone", False, None) in describe(db)
    run_file(database, "undo.sql")
    run_file(database, "pg409.sql")


def test_undo_stops_at_things_that_are_not_ours(db, database, run_file):
    db.execute("create table pg409.theirs ()")
    with pytest.raises(subprocess.CalledProcessError):
        run_file(database, "undo.sql")
    assert one(db, "select to_regclass('pg409.receipt')") is not None


# --- receipts, rights, row_exists -----------------------------------------------------------------


def test_a_create_token_counts_once(db):
    insert = "insert into pg409.receipt (table_name, row_key, op, token) values ('t', '1', %s, %s)"
    for op, token in (("save", "a"), ("save", "a"), ("create", "a"), ("create", None), ("create", None)):
        db.execute(insert, (op, token))
    with pytest.raises(psycopg.errors.UniqueViolation):
        db.execute(insert, ("create", "a"))


@pytest.fixture
def person(db):
    """A role that may use pg409 but sees only its own rows of t; and one without any grant."""
    db.execute(
        """drop role if exists "a person"; drop role if exists stranger; create role "a person"; create role stranger;
           create table t (id int, tag varchar(3), owner_ text, primary key (id, tag));
           create table secret (id int primary key); insert into secret values (1);
           insert into t values (1, 'a', 'a person'), (2, 'abc', 'someone');
           grant select, update on t to "a person"; alter table t enable row level security;
           create policy own on t using (owner_ = current_user);
           select pg409.grant_to('a person')"""
    )
    yield "a person"
    db.execute('reset role; drop owned by "a person", stranger; drop role "a person", stranger')


def test_row_exists_sees_what_row_security_hides(db, person):
    db.execute('set role "a person"')
    assert one(db, "select count(*) from t") == 1
    ask = "select pg409.row_exists('t', %s, %s)"
    assert one(db, ask, ["id", "tag"], ["1", "a"]) is True
    assert one(db, ask, ["tag", "id"], ["abc", "2"]) is True
    assert one(db, ask, ["id", "tag"], ["2", "abcd"]) is False
    assert one(db, ask, ["id", "tag"], ["3", "a"]) is False


def test_row_exists_tells_nothing_more(db, person):
    db.execute('set role "a person"')
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        db.execute("select pg409.row_exists('secret', '{id}', '{1}')")
    for columns, values in ((["owner_"], ["x"]), (["id"], ["1"]), (["id", "id"], ["1", "1"]), (["id", "tag"], ["1"])):
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            db.execute("select pg409.row_exists('t', %s, %s)", (columns, values))
    db.execute("reset role; set role stranger")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        db.execute("select pg409.row_exists('t', '{id,tag}', '{1,a}')")


def test_row_exists_says_when_it_cannot_tell(db, person):
    """Installed by a role that row level security binds too: NULL, never a wrong "no"."""
    db.execute("grant select on t to stranger; alter function pg409.row_exists(regclass, name[], text[]) owner to stranger")
    db.execute('set role "a person"')
    assert one(db, "select pg409.row_exists('t', '{id,tag}', '{2,abc}')") is None


def test_row_exists_uses_the_keys_own_equality(db):
    db.execute("create extension citext; create table t (name citext primary key); insert into t values ('Anna')")
    assert one(db, "select pg409.row_exists('t', '{name}', '{anna}')") is True


def test_grants_are_no_wider_than_need(db, person):
    db.execute('set role "a person"')
    db.execute("insert into pg409.receipt (table_name, row_key, op) values ('t', '1', 'save')")
    db.execute("delete from pg409.receipt")
    for statement in ("update pg409.receipt set op = 'save'", "select * from pg409.protected", "select pg409.protect('t')"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute(statement)


def test_functions_pin_their_search_path(db):
    make(db, "g int generated always as (id + 1) stored")
    make(db, "", "plain")
    loose = db.execute(
        """select proname from pg_proc where pronamespace = 'pg409'::regnamespace
           and not 'search_path=pg_catalog, pg_temp' = any (coalesce(proconfig, '{}'))"""
    ).fetchall()
    assert loose == [("keep_updated_at_timestamptz",)]  # it runs for each row, and names what it uses


@pytest.mark.parametrize("kind", ["timestamptz", "timestamp", "timestamp(3)", "int", "int2", "int8"])
def test_keeper_takes_nothing_from_the_callers_search_path(db, kind):
    make(db, f"updated_at {kind}")
    db.execute("insert into t (id, body) values (1, 'x')")
    bare = kind.split("(")[0]
    step = "int" if bare.startswith("int") else "interval"
    db.execute(f"""create schema hostile;
        create function hostile.no({bare}, {bare}) returns boolean language sql as 'select false';
        create function hostile.same({bare}, {step}) returns {bare} language sql as 'select $1';
        create function hostile.yes(record, record) returns boolean language plpgsql as 'begin return true; end';
        create function hostile.isfinite({bare}) returns boolean language sql as 'select true';
        create function hostile.clock_timestamp() returns timestamptz language sql as $$select timestamptz '-infinity'$$;
        create operator hostile.<= (leftarg = {bare}, rightarg = {bare}, function = hostile.no);
        create operator hostile.+ (leftarg = {bare}, rightarg = {step}, function = hostile.same);
        create operator hostile.*= (leftarg = record, rightarg = record, function = hostile.yes)""")
    before = one(db, "select updated_at from t")
    db.execute("set search_path = hostile, pg_catalog, public")
    db.execute("update public.t set body = 'y'")
    after = one(db, "select updated_at from public.t")
    assert after > before
    db.execute("update public.t set body = 'z', updated_at = null")
    assert one(db, "select updated_at from public.t") > after


def test_number_of_a_row_put_back_goes_on(db):
    db.execute('create table "odd name" ("the key" text, part int, lock_version int, primary key ("the key", part))')
    db.execute("""select pg409.protect('"odd name"')""")
    db.execute("""insert into "odd name" values ('k', 1), ('other', 1)""")
    db.execute("""update "odd name" set lock_version = 7 where "the key" = 'k'""")
    db.execute("""delete from "odd name" where "the key" = 'k'""")
    db.execute("""insert into "odd name" values ('k', 1, null), ('k', 2, null), ('new', 1, 3)""")
    assert db.execute("""select "the key", part, lock_version from "odd name" order by 1, 2""").fetchall() == [
        ("k", 1, 8), ("k", 2, 1), ("new", 1, 3), ("other", 1, 1)]


def test_number_goes_on_when_a_key_is_given_away_and_back(db):
    db.execute("create table item (code text primary key, version bigint)")
    db.execute("select pg409.protect('item')")
    db.execute("insert into item values ('a', 5), ('b', 1)")
    db.execute("update item set code = 'c' where code = 'a'")
    db.execute("update item set code = 'a' where code = 'b'")
    db.execute("insert into item values ('b')")
    versions = dict(db.execute("select code, version from item").fetchall())
    assert versions["a"] > 5 and versions["b"] > 1 and versions["c"] > 5


def test_number_of_a_key_stays_remembered_until_unprotected(db):
    db.execute("create table item (code text primary key, version int)")
    db.execute("select pg409.protect('item')")
    db.execute("insert into item values ('a')")
    db.execute("delete from item")
    assert db.execute("select row_key, version from pg409.gone").fetchall() == [('["a"]', 1)]
    db.execute("select pg409.unprotect('item')")
    assert db.execute("select count(*) from pg409.gone").fetchone() == (0,)
    assert db.execute("select count(*) from pg_trigger where tgrelid = 'item'::regclass").fetchone() == (0,)
