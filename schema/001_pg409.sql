-- pg409's own schema: receipts of saves, and the triggers that keep version columns.
-- Loaded by pg409.sql; running it again is harmless.
-- PostgreSQL 13 or newer.
--
--   select pg409.grant_to('web_role');      once, for the role that pg409 connects as
--   select pg409.protect('public.articles');  for each table; with history => true every state is kept

\set ON_ERROR_STOP on
begin;

create schema if not exists pg409;
comment on schema pg409 is 'pg409: no silent overwrites';

-- One row a save through pg409, written in the save's own transaction. No primary key: it is a log,
-- so pg409 itself does not offer it as a table to edit.
create table if not exists pg409.receipt (
  table_name text not null,
  row_key text not null,
  version text,
  op text not null,                 -- create, save, delete; no CHECK: PostgreSQL would plan it anew each time
  username text,
  token text,
  digest text,
  at timestamptz not null default now()
);
set local client_min_messages = warning;
alter table pg409.receipt drop constraint if exists receipt_op_check; -- a tenth of a save
set local client_min_messages = notice;
create index if not exists receipt_row on pg409.receipt (table_name, row_key, at);
create unique index if not exists receipt_create_token on pg409.receipt (token, coalesce(username, ''))
  where op = 'create' and token is not null;
create index if not exists receipt_at on pg409.receipt using brin (at);
comment on table pg409.receipt is 'Who saved which version: names the other editor, recognises a form that comes back';

-- What protect() changed, so that unprotect() can undo exactly that.
create table if not exists pg409.protected (
  tbl regclass primary key,
  col name not null,
  added_column boolean not null,
  was_not_null boolean not null,
  had_default boolean not null,
  -- partitions that had NOT NULL on their own: dropping it on the parent drops it there too
  not_null_children oid[] not null default '{}'
);
comment on table pg409.protected is 'What protect() changed on each table';

-- The first column that can be a version: col itself if given, else the usual names in their order.
-- Keys, generated and identity columns cannot: a version has to be free to move.
create or replace function pg409.version_column(tbl regclass, col name default null) returns name
language sql stable set search_path = pg_catalog, pg_temp as $$
  select a.attname
  from pg_attribute a
  cross join lateral (
    select case when col is null
                then array_position('{updated_at,modified_at,lock_version,version}'::name[], a.attname)
                when a.attname = col then 1 end as place
  ) usual
  where a.attrelid = tbl and a.attnum > 0 and not a.attisdropped and usual.place is not null
    and a.atttypid in ('timestamptz'::regtype, 'timestamp'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype)
    and a.attgenerated = '' and a.attidentity = ''
    and not exists (select from pg_index i
                    where i.indrelid = tbl and i.indisprimary and a.attnum = any (i.indkey))
  order by usual.place
  limit 1
$$;

-- Makes (or makes again) the trigger function for columns of this name and type. Its text is static:
-- field names are written in, nothing is looked up or EXECUTEd while rows are saved. To set a search
-- path for each row costs as much as the rest of it, so it names the schema of all it uses instead;
-- where there are generated columns it sets one.
create or replace function pg409.make_keeper(tbl regclass, col name) returns regprocedure
language plpgsql set search_path = pg_catalog, pg_temp as $make$
declare
  typ text;
  precision_ int;
  generated boolean;
  name_ text;
  same text := 'new operator(pg_catalog.*=) old';
  clock text := 'pg_catalog.clock_timestamp()';
  declare_ text := '';
  prepare_ text := '';
  path text := '';
  on_insert text;
  on_update text;
  step text;
begin
  select a.atttypid::regtype::text,
         case when a.atttypmod between 0 and 5 then a.atttypmod end,
         exists (select from pg_attribute g
                 where g.attrelid = tbl and g.attnum > 0 and not g.attisdropped and g.attgenerated <> '')
  into strict typ, precision_, generated
  from pg_attribute a
  where a.attrelid = tbl and a.attname = col and not a.attisdropped;

  name_ := case typ when 'timestamp with time zone' then 'timestamptz'
                    when 'timestamp without time zone' then 'timestamp'
                    else typ end
           || coalesce('_' || precision_, '') || case when generated then '_generated' else '' end;
  name_ := 'keep_' || case when octet_length(col) + octet_length(name_) > 57 then md5(col) else col::text end
           || '_' || name_;

  -- A BEFORE trigger sees generated columns as NULL. Without OLD's values put back, an update that
  -- changes nothing would look like a change. (Never shorter to say it per table: columns come and go.)
  if generated then
    prepare_ := $body$
    select jsonb_object_agg(attname, to_jsonb(old) -> attname::text) into computed
    from pg_attribute where attrelid = tg_relid and attnum > 0 and not attisdropped and attgenerated <> '';
    probe := jsonb_populate_record(new, coalesce(computed, '{}'));$body$;
    same := 'probe *= old';
    declare_ := 'declare computed jsonb; probe record;';
    path := 'set search_path = pg_catalog, pg_temp';
  end if;

  if typ like 'timestamp%' then
    if typ = 'timestamp without time zone' then
      clock := $$pg_catalog.timezone('UTC', pg_catalog.clock_timestamp())$$;
    end if;
    step := format('interval %L', 10 ^ (6 - coalesce(precision_, 6)) || ' microseconds');
    -- Never from the client on INSERT: a row deleted and put back would bear its old version.
    on_insert := format('new.%I := %s;', col, clock);
    on_update := format($body$
    if not pg_catalog.isfinite(old.%1$I) then
      new.%1$I := %2$s;
    elsif new.%1$I is null or not pg_catalog.isfinite(new.%1$I) or new.%1$I operator(pg_catalog.<=) old.%1$I
          or old.%1$I is null then
      new.%1$I := greatest(%2$s, old.%1$I operator(pg_catalog.+) %3$s);
    end if;$body$, col, clock, step);
  else
    on_insert := format('new.%1$I := coalesce(new.%1$I, 1);', col);
    on_update := format($body$
    if new.%1$I is null or old.%1$I is null or new.%1$I operator(pg_catalog.<=) old.%1$I then
      new.%1$I := coalesce(old.%1$I, 0) operator(pg_catalog.+) 1;
    end if;$body$, col);
  end if;

  execute format($create$
create or replace function pg409.%1$I() returns trigger
language plpgsql %3$s as %2$L$create$, name_, format($body$
%s
begin
  if tg_op operator(pg_catalog.=) 'UPDATE' then%s
    if %s then
      return new;
    end if;%s
  else
    %s
  end if;
  return new;
end
$body$, declare_, prepare_, same, on_update, on_insert), path);
  execute format('revoke all on function pg409.%I() from public', name_);
  return format('pg409.%I()', name_)::regprocedure;
end
$make$;

-- A number starts again when a row is deleted and put back under its old key, and would then be a
-- version that was there before. So the last number of each key that went is remembered.
create table if not exists pg409.gone (
  tbl text not null,
  row_key text not null,
  version bigint not null,
  primary key (tbl, row_key)
);
comment on table pg409.gone is 'Integer versions of deleted rows: a row put back under the same key goes on from there';

-- Arguments of both triggers: the table as protect() saw it, the version column, the key columns.
create or replace function pg409.key_of(row_ jsonb, args text[]) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select json_agg(row_ ->> args[n] order by n)::text from generate_series(3, cardinality(args)) n
$$;

create or replace function pg409.remember_gone() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  args text[] := array(select a from unnest(tg_argv) with ordinality u(a, n) order by n);
  was text := pg409.key_of(to_jsonb(old), args);
begin
  if tg_op = 'UPDATE' and was is not distinct from pg409.key_of(to_jsonb(new), args) then
    return null;
  end if;
  insert into pg409.gone as g values (args[1], was, (to_jsonb(old) ->> args[2])::bigint)
  on conflict (tbl, row_key) do update set version = greatest(g.version, excluded.version);
  return null;
end
$$;

create or replace function pg409.go_on_from_gone() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  args text[] := array(select a from unnest(tg_argv) with ordinality u(a, n) order by n);
  key_ text := pg409.key_of(to_jsonb(new), args);
  last bigint;
begin
  if tg_op = 'UPDATE' and key_ is not distinct from pg409.key_of(to_jsonb(old), args) then
    return new;
  end if;
  select g.version into last from pg409.gone g where g.tbl = args[1] and g.row_key = key_;
  if last >= coalesce((to_jsonb(new) ->> args[2])::bigint, 1) then
    new := jsonb_populate_record(new, jsonb_build_object(args[2], last + 1));
  end if;
  return new;
end
$$;
revoke all on function pg409.key_of(jsonb, text[]), pg409.remember_gone(), pg409.go_on_from_gone() from public;

-- The two triggers of a table whose version is an integer; dropped first, so that it can be said again.
create or replace function pg409.watch_gone(tbl regclass, col name, watch boolean) returns void
language plpgsql set search_path = pg_catalog, pg_temp set client_min_messages = warning as $$
#variable_conflict use_variable
declare
  keys name[];
  list text;
  args text;
begin
  execute format('drop trigger if exists zz_pg409_gone on %s', tbl);
  execute format('drop trigger if exists zz_pg409_again on %s', tbl);
  delete from pg409.gone g where g.tbl = tbl::text and not watch;
  select array_agg(a.attname order by k.n) into keys
  from pg_constraint c cross join unnest(c.conkey) with ordinality k(num, n)
  join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.num
  where c.conrelid = tbl and c.contype = 'p';
  if not watch or keys is null then
    return;
  end if;
  select string_agg(quote_ident(k), ', '), string_agg(quote_literal(k), ', ') into list, args from unnest(keys) k;
  args := format('%L, %L, %s', tbl::text, col, args);
  execute format('create trigger zz_pg409_gone after delete or update of %s on %s for each row '
                 'execute function pg409.remember_gone(%s)', list, tbl, args);
  execute format('create trigger zz_pg409_again before insert or update of %s on %s for each row '
                 'execute function pg409.go_on_from_gone(%s)', list, tbl, args);
end
$$;

-- Protects a table: from now on its version column moves strictly forward at every change, whoever
-- writes. Protecting again is harmless (and repairs a trigger that was disabled or dropped). history
-- says whether every state of its rows is kept; NULL leaves that as it is.
set local client_min_messages = warning;
drop function if exists pg409.protect(regclass, name); -- before there was a history
set local client_min_messages = notice;
create or replace function pg409.protect(tbl regclass, col name default null, history boolean default null) returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  shown text := tbl::text;
  kind "char";
  known pg409.protected;
  found_ name;
  att pg_attribute;
  keeper regprocedure;
  added boolean := false;
  parent regclass;
  filled bigint := 0;
  clock text := 'now()';
  done text[] := '{}';
begin
  select c.relkind into kind from pg_class c where c.oid = tbl;
  if kind in ('v', 'm') then
    raise exception 'pg409: % is a view: protect the table behind it', shown using errcode = 'wrong_object_type';
  elsif kind is null or kind not in ('r', 'p') then
    raise exception 'pg409: % is not a table', shown using errcode = 'wrong_object_type';
  end if;
  -- Two people who protect one table at once: the second waits here and finds it done.
  execute format('lock table %s in share row exclusive mode', tbl);

  select i.inhparent into parent
  from pg_inherits i
  join pg_trigger t on t.tgrelid = i.inhrelid and t.tgname = 'zz_pg409_version' and t.tgparentid <> 0
  where i.inhrelid = tbl;
  if parent is not null then
    return format('%s was protected already, through %s', shown, parent);
  end if;

  -- Tables that are gone, and columns that someone dropped since, are no business of ours any more.
  delete from pg409.protected p
  where not exists (select from pg_attribute a
                    where a.attrelid = p.tbl and a.attname = p.col and not a.attisdropped);
  select * into known from pg409.protected p where p.tbl = tbl;
  if known.tbl is not null and col is not null and known.col <> col then
    raise exception 'pg409: % is protected by its column % already: unprotect it first', shown, quote_ident(known.col)
      using errcode = 'object_not_in_prerequisite_state';
  end if;

  found_ := coalesce(known.col, pg409.version_column(tbl, col));
  if found_ is null and col is not null then
    raise exception 'pg409: % has no column % that can be a version', shown, quote_ident(col)
      using errcode = 'undefined_column',
            hint = 'It must be a timestamp or an integer, not part of the key, not generated.';
  elsif found_ is null then
    if exists (select from pg_attribute a where a.attrelid = tbl and a.attname = 'updated_at' and not a.attisdropped) then
      raise exception 'pg409: the column updated_at of % cannot be a version', shown
        using errcode = 'datatype_mismatch',
              hint = 'It must be a timestamp or an integer, not part of the key, not generated. Add a column lock_version integer and protect again.';
    end if;
    found_ := 'updated_at';
    execute format('alter table %s add column updated_at timestamptz not null default now()', tbl);
    added := true;
    done := done || 'added the column'::text;
  end if;

  select * into strict att from pg_attribute a where a.attrelid = tbl and a.attname = found_ and not a.attisdropped;
  if known.tbl is null then
    insert into pg409.protected (tbl, col, added_column, was_not_null, had_default, not_null_children)
    values (tbl, found_, added, not added and att.attnotnull, not added and att.atthasdef,
            array(select t.relid::oid from pg_partition_tree(tbl) t
                  join pg_attribute a on a.attrelid = t.relid and a.attname = found_
                  where t.relid <> tbl and a.attnotnull and not added));
  end if;

  if att.atttypid = 'timestamp'::regtype then
    clock := $q$(now() at time zone 'UTC')$q$;
  elsif att.atttypid <> 'timestamptz'::regtype then
    clock := '1';
  end if;
  if not att.attnotnull then
    execute format('update %1$s set %2$I = %3$s where %2$I is null', tbl, found_, clock);
    get diagnostics filled = row_count;
    -- Deferred constraints would leave trigger events behind that forbid the ALTER.
    set constraints all immediate;
    execute format('alter table %s alter column %I set not null', tbl, found_);
    done := done || 'made it NOT NULL'::text;
    if filled > 0 then
      done := done || format('filled %s NULLs', filled);
    end if;
  end if;
  if not att.atthasdef then
    -- ONLY: a partition may have a default of its own. The trigger needs none; this is for the reader.
    execute format('alter table only %s alter column %I set default %s', tbl, found_, clock);
    done := done || format('gave it the default %s', clock);
  end if;

  keeper := pg409.make_keeper(tbl, found_);
  perform pg409.watch_gone(tbl, found_, att.atttypid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype));
  if exists (select from pg_trigger t
             where t.tgrelid = tbl and t.tgname = 'zz_pg409_version' and t.tgenabled in ('O', 'A')
               and t.tgfoid = keeper and t.tgargs = convert_to(found_, getdatabaseencoding()) || '\x00'::bytea) then
    return format('%s was protected already by its column %I', shown, found_)
           || case when done = '{}' then '' else ': ' || array_to_string(done, ', ') end
           || pg409.record_history(tbl, history);
  end if;
  execute format('drop trigger if exists zz_pg409_version on %s', tbl);
  execute format('create trigger zz_pg409_version before insert or update on %s for each row execute function %s',
                 tbl, left(keeper::text, -2) || format('(%L)', found_));
  return format('%s is protected by its column %I: ', shown, found_)
         || array_to_string(done || 'a trigger keeps it moving at every change'::text, ', ')
         || pg409.record_history(tbl, history);
end
$$;

-- Takes back what protect() did. The column stays, unless protect() added it and drop_column says so;
-- NULLs that were filled stay filled.
create or replace function pg409.unprotect(tbl regclass, drop_column boolean default false) returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  shown text := tbl::text;
  known pg409.protected;
  exists_ boolean;
  had boolean;
  child regclass;
  keeper regprocedure;
  done text[] := '{}';
begin
  select p.* into known from pg409.protected p where p.tbl = tbl;
  had := exists (select from pg_trigger t
                 where t.tgrelid = tbl and t.tgname = 'zz_pg409_version' and t.tgparentid = 0);
  if not had and known.tbl is null then
    return format('%s was not protected', shown);
  end if;
  execute format('drop trigger if exists zz_pg409_version on %s', tbl);
  perform pg409.watch_gone(tbl, known.col, false);
  perform pg409.record_history(tbl, false);

  exists_ := exists (select from pg_attribute a
                     where a.attrelid = tbl and a.attname = known.col and not a.attisdropped);
  if exists_ and known.added_column and drop_column then
    execute format('alter table %s drop column %I', tbl, known.col);
    done := done || format('the column %I is dropped', known.col);
  elsif exists_ and known.added_column then
    done := done || format('the column %I stays', known.col);
  elsif exists_ then
    if not known.had_default then
      execute format('alter table only %s alter column %I drop default', tbl, known.col);
      done := done || 'its default is dropped'::text;
    end if;
    if not known.was_not_null then
      execute format('alter table %s alter column %I drop not null', tbl, known.col);
      foreach child in array known.not_null_children::regclass[] loop
        if exists (select from pg_class c where c.oid = child) then
          execute format('alter table %s alter column %I set not null', child, known.col);
        end if;
      end loop;
      done := done || 'it may be NULL again'::text;
    end if;
  end if;
  delete from pg409.protected p where p.tbl = tbl;

  -- Trigger functions that no table uses any more.
  for keeper in
    select f.oid::regprocedure from pg_proc f
    where f.pronamespace = 'pg409'::regnamespace and f.prorettype = 'trigger'::regtype
      and starts_with(f.proname, 'keep_') and not exists (select from pg_trigger t where t.tgfoid = f.oid)
  loop
    execute format('drop function %s', keeper);
  end loop;
  return format('%s is not protected any more', shown)
         || case when done = '{}' then '' else ': ' || array_to_string(done, ', ') end;
end
$$;

-- Is there a row with this primary key, even if row level security hides it from the caller? True,
-- false, or NULL when that cannot be told. cols must be the whole key and the caller must have some
-- privilege on the table, so it tells nothing that an INSERT of the same key would not tell.
create or replace function pg409.row_exists(tbl regclass, cols name[], vals text[]) returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set row_security = off as $$
declare
  -- Inside SECURITY DEFINER current_user is the owner; SET ROLE still shows in the setting.
  caller name := coalesce(nullif(current_setting('role'), 'none')::name, session_user);
  condition text;
  keys int;
  answer boolean;
begin
  if not (has_any_column_privilege(caller, tbl, 'SELECT') or has_any_column_privilege(caller, tbl, 'UPDATE')
          or has_table_privilege(caller, tbl, 'DELETE')) then
    raise exception 'pg409: no privilege on %', tbl using errcode = 'insufficient_privilege';
  end if;
  -- The index's own operator: "=" of types that live elsewhere (citext) is not on our search path.
  -- Type modifier -1: a cast to varchar(3) would cut the value and find another row.
  select string_agg(format('t.%I operator(%I.%s) $1[%s]::%s', a.attname, n.nspname, o.oprname,
                           array_position(cols, a.attname), format_type(a.atttypid, -1)), ' and '),
         count(*)
  into condition, keys
  from pg_index i
  cross join lateral unnest(i.indkey, i.indclass) with ordinality as k (attnum, opclass, nr)
  join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
  join pg_opclass c on c.oid = k.opclass
  join pg_amop m on m.amopfamily = c.opcfamily and m.amopstrategy = 3
       and m.amoplefttype = c.opcintype and m.amoprighttype = c.opcintype
  join pg_operator o on o.oid = m.amopopr
  join pg_namespace n on n.oid = o.oprnamespace
  where i.indrelid = tbl and i.indisprimary and k.nr <= i.indnkeyatts and a.attname = any (cols);
  if condition is null or keys <> cardinality(cols) or keys <> cardinality(vals)
     or keys <> (select i.indnkeyatts from pg_index i where i.indrelid = tbl and i.indisprimary) then
    raise exception 'pg409: these are not the key columns of %', tbl using errcode = 'invalid_parameter_value';
  end if;
  begin
    execute format('select exists (select from %s t where %s)', tbl, condition) into answer using vals;
  exception when insufficient_privilege then
    answer := null;
  end;
  return answer;
end
$$;

-- What the role that pg409 connects as needs, beside its rights on the tables themselves.
create or replace function pg409.grant_to(role name) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  execute format('grant usage on schema pg409 to %I', role);
  execute format('grant select, insert, delete on pg409.receipt to %I', role);
  execute format('grant select, insert, update, delete on pg409.conflict to %I', role);
  execute format('grant select, insert, update, delete on pg409.opened to %I', role);
  execute format('grant select, insert, update, delete on pg409.file, pg409.file_content, pg409.file_chunk,'
                 ' pg409.file_revision, pg409.file_upload to %I', role);
  execute format('grant execute on function pg409.file_fold(text, boolean) to %I', role);
  execute format('grant select on pg409.history to %I', role);
  execute format('grant execute on function pg409.expire_history(integer) to %I', role);
  execute format('grant execute on function pg409.row_exists(regclass, name[], text[]) to %I', role);
end
$$;

revoke all on all functions in schema pg409 from public;
revoke all on all tables in schema pg409 from public;

commit;
