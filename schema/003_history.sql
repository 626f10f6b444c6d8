-- The history of a table: every state of every row, where protect(..., history => true) asked for it.
-- Loaded by pg409.sql; running it again is harmless.

\set ON_ERROR_STOP on
begin;

-- One row a change, whoever made it. No primary key: it is a log, not a table to edit.
create table if not exists pg409.history (
  id bigint not null generated always as identity unique,
  table_name text not null,
  row_key text not null,             -- as in pg409.receipt
  op text not null check (op in ('start', 'create', 'save', 'delete')), -- start: as it was before the first one
  version text,                      -- the version column's value
  username text,                     -- whom pg409 had before it; null: not through pg409, or nobody was logged in
  role_name name not null,           -- as whom the change was made in the database
  at timestamptz,                    -- null: not known
  columns text[] not null default '{}', -- what is different from the revision before
  "row" json not null                -- all of it; of a delete, what was deleted
);
create index if not exists history_row on pg409.history (table_name, row_key, id);
create index if not exists history_at on pg409.history using brin (at);
comment on table pg409.history is 'Every state of the rows of tables whose history is kept';

-- Trigger function. Arguments: schema.table, the version column, the key columns. The settings are
-- those that pg409 reads with, so that every value is written and compared in one form.
create or replace function pg409.record() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp set datestyle = 'ISO, YMD' set timezone = 'UTC'
set intervalstyle = 'postgres' set extra_float_digits = 1 as $$
declare
  key_of text;
  was text;
  is_ text;
  version_ text;
  before json;
  after json;
  changed text[] := '{}';
  who text := nullif(current_setting('pg409.user', true), '');
begin
  select 'select json_build_array(' || string_agg(format('($1).%I::text', tg_argv[n]), ', ' order by n)
         || format(')::text, ($1).%I::text', tg_argv[1])
  into key_of from generate_series(2, tg_nargs - 1) n;
  if tg_op <> 'INSERT' then
    before := to_json(old);
    execute key_of into was, version_ using old;
    if not exists (select from pg409.history h where h.table_name = tg_argv[0] and h.row_key = was) then
      insert into pg409.history (table_name, row_key, op, version, role_name, "row")
      values (tg_argv[0], was, 'start', version_, session_user, before);
    end if;
  end if;
  if tg_op = 'DELETE' then
    after := before;
    is_ := was;
  else
    after := to_json(new);
    execute key_of into is_, version_ using new;
  end if;
  if tg_op = 'UPDATE' then
    if before::text = after::text then
      return null;
    end if;
    select coalesce(array_agg(n.key order by n.i), '{}') into changed
    from json_each_text(after) with ordinality n(key, value, i)
    join json_each_text(before) with ordinality o(key, value, i) using (i)
    where n.value is distinct from o.value and n.key <> tg_argv[1];
    if was <> is_ then -- the history goes where the row goes
      update pg409.history h set row_key = is_ where h.table_name = tg_argv[0] and h.row_key = was;
    end if;
  end if;
  insert into pg409.history (table_name, row_key, op, version, username, role_name, at, columns, "row")
  values (tg_argv[0], is_, case tg_op when 'INSERT' then 'create' when 'UPDATE' then 'save' else 'delete' end,
          version_, who, session_user, clock_timestamp(), changed, after);
  return null;
end
$$;

-- Begins or ends to keep the history of a protected table; NULL leaves it as it is. What was kept
-- stays until it is too old. Returns what protect() tells about it.
create or replace function pg409.record_history(tbl regclass, keep boolean) returns text
language plpgsql set search_path = pg_catalog, pg_temp set client_min_messages = warning as $$
#variable_conflict use_variable
declare
  args text;
  had boolean := exists (select from pg_trigger t where t.tgrelid = tbl and t.tgname = 'zz_pg409_history');
begin
  if keep is null then
    return '';
  end if;
  execute format('drop trigger if exists zz_pg409_history on %s', tbl);
  if not keep then
    return case when had then ', its history is not kept any more' else '' end;
  end if;
  select format('%L, %L, ', n.nspname || '.' || c.relname, p.col)
         || (select string_agg(quote_literal(a.attname), ', ' order by k.n)
             from pg_constraint i cross join unnest(i.conkey) with ordinality k(num, n)
             join pg_attribute a on a.attrelid = i.conrelid and a.attnum = k.num
             where i.conrelid = tbl and i.contype = 'p')
  into args
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg409.protected p on p.tbl = c.oid
  where c.oid = tbl;
  if args is null then
    raise exception 'pg409: % has no primary key, so nobody can say whose history it would be', tbl
      using errcode = 'invalid_table_definition';
  end if;
  execute format('create trigger zz_pg409_history after insert or update or delete on %s for each row '
                 'execute function pg409.record(%s)', tbl, args);
  return ', its history is kept';
end
$$;

-- Takes away revisions older than so many days, a thousand at most; pg409 calls it now and then.
create or replace function pg409.expire_history(days integer) returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with gone as (
    delete from pg409.history where ctid = any (array(
      select ctid from pg409.history where at < now() - interval '1 day' * greatest(days, 1) limit 1000))
    returning 1)
  select count(*) from gone
$$;

revoke all on pg409.history from public;
revoke all on function pg409.record(), pg409.record_history(regclass, boolean), pg409.expire_history(integer) from public;

commit;
