-- Takes away what pg409.sql made: tables are unprotected first, columns stay, receipts,
-- unfinished edits and histories are lost.
-- Running it again is harmless. Things in the schema pg409 that are not ours stop it.

\set ON_ERROR_STOP on
begin;

do $$
declare
  tbl regclass;
begin
  if to_regprocedure('pg409.unprotect(regclass, boolean)') is null then
    return;
  end if;
  for tbl in
    select p.tbl from pg409.protected p where exists (select from pg_class c where c.oid = p.tbl)
    union
    select t.tgrelid from pg_trigger t join pg_proc f on f.oid = t.tgfoid
    where t.tgname = 'zz_pg409_version' and t.tgparentid = 0 and f.pronamespace = to_regnamespace('pg409')
  loop
    raise notice '%', pg409.unprotect(tbl);
  end loop;
  drop function pg409.grant_to(name), pg409.row_exists(regclass, name[], text[]),
    pg409.protect(regclass, name, boolean), pg409.unprotect(regclass, boolean), pg409.make_keeper(regclass, name),
    pg409.version_column(regclass, name), pg409.watch_gone(regclass, name, boolean),
    pg409.record(), pg409.record_history(regclass, boolean), pg409.expire_history(integer),
    pg409.remember_gone(), pg409.go_on_from_gone(), pg409.key_of(jsonb, text[]),
    pg409.refold_files(boolean), pg409.file_fold(text, boolean);
  drop table pg409.receipt, pg409.protected, pg409.gone, pg409.conflict, pg409.history, pg409.opened,
    pg409.file_upload, pg409.file_revision, pg409.file, pg409.file_chunk, pg409.file_content;
  drop function pg409.file_ended();
  drop schema pg409;
end
$$;

commit;
