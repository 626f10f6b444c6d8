-- Files: a name that appears only when its content is whole and its SHA-256 is known. Contents are
-- kept in pieces; what no name, no earlier version and no upload uses any more goes.
-- Loaded by pg409.sql; running it again is harmless.

\set ON_ERROR_STOP on
begin;

create table if not exists pg409.file_content (
  id bigint generated always as identity,
  size bigint not null,               -- as announced; once it is whole, as it is
  received bigint not null default 0,
  state text,                         -- the digest of what was received so far, to be taken up again
  sha256 text,                        -- of all of it; null: not whole yet
  at timestamptz not null default now()
);
create table if not exists pg409.file_chunk (
  content bigint not null,
  at bigint not null,                 -- where in the content it begins
  data bytea not null
);
-- Not compressed: most files are already, and a part of a piece can be read alone.
alter table pg409.file_chunk alter column data set storage external;

create table if not exists pg409.file (
  id bigint generated always as identity, -- the same through renames and new contents
  name text not null constraint file_name check (octet_length(name) between 1 and 255),
  fold text not null,                 -- what has to be different: see file_fold
  content bigint not null,
  size bigint not null,
  sha256 text not null,               -- its version: the same bytes are the same state
  media_type text not null,
  updated_at timestamptz not null default now(),
  updated_by text
);

-- What a file was before it was replaced or deleted.
create table if not exists pg409.file_revision (
  id bigint generated always as identity,
  file bigint not null,
  name text not null,
  fold text not null,
  content bigint not null,
  size bigint not null,
  sha256 text not null,
  media_type text not null,
  updated_at timestamptz not null,
  updated_by text,
  ended text not null,                -- replaced, deleted
  ended_at timestamptz not null default now(),
  ended_by text
);

-- An upload under way; one that was refused, with its bytes, until its owner says what to do; one
-- that is done, so that whoever asks again is told.
create table if not exists pg409.file_upload (
  code text not null,                 -- unguessable: the last part of its address
  username text,                      -- whose it is; null: of nobody who was logged in
  name text not null constraint file_name check (octet_length(name) between 1 and 255),
  fold text not null,
  media_type text not null,
  replaces text,                      -- the version it was based on; null: to be created
  content bigint,
  outcome text,                       -- null: not whole yet; saved, already-applied; exists, stale, deleted
  at timestamptz not null default now(),
  expires timestamptz not null
);

-- Indexes instead of primary keys: pg409 does not offer these tables as tables to edit.
create unique index if not exists file_content_id on pg409.file_content (id);
create unique index if not exists file_chunk_at on pg409.file_chunk (content, at);
create unique index if not exists file_id on pg409.file (id);
create unique index if not exists file_fold on pg409.file (fold);
create index if not exists file_name on pg409.file (name);
create index if not exists file_by_size on pg409.file (size, name);
create index if not exists file_by_time on pg409.file (updated_at, name);
create index if not exists file_by_content on pg409.file (content);
create unique index if not exists file_revision_id on pg409.file_revision (id);
create index if not exists file_revision_file on pg409.file_revision (file);
create index if not exists file_revision_fold on pg409.file_revision (fold);
create index if not exists file_revision_content on pg409.file_revision (content);
create index if not exists file_revision_deleted on pg409.file_revision (id) where ended = 'deleted';
create index if not exists file_revision_ended on pg409.file_revision (ended_at);
create unique index if not exists file_upload_code on pg409.file_upload (code);
create index if not exists file_upload_content on pg409.file_upload (content);
create index if not exists file_upload_expires on pg409.file_upload (expires);

do $$
begin
  if not exists (select from pg_constraint where conname = 'file_chunk_of' and connamespace = 'pg409'::regnamespace) then
    alter table pg409.file_chunk add constraint file_chunk_of
      foreign key (content) references pg409.file_content (id) on delete cascade;
    alter table pg409.file add constraint file_of foreign key (content) references pg409.file_content (id);
    alter table pg409.file_revision add constraint file_revision_of
      foreign key (content) references pg409.file_content (id);
    alter table pg409.file_upload add constraint file_upload_of
      foreign key (content) references pg409.file_content (id);
  end if;
end
$$;

comment on table pg409.file is 'Files by name; their contents are in pg409.file_chunk';
comment on table pg409.file_revision is 'What files were before they were replaced or deleted';
comment on table pg409.file_upload is 'Uploads under way, refused or done';

-- What two names must not have in common: with folded, they are the same when they differ only in
-- case or in how Unicode writes them; without, only in how Unicode writes them.
create or replace function pg409.file_fold(name text, folded boolean) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
return case when folded then normalize(lower(normalize(name, nfkc)), nfkc) else normalize(name, nfc) end;

-- A change of the setting file_names: every name is folded anew. Fails, naming the index, where two
-- files would have one name.
create or replace function pg409.refold_files(folded boolean) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  update pg409.file set fold = pg409.file_fold(name, folded);
  update pg409.file_revision set fold = pg409.file_fold(name, folded);
  update pg409.file_upload set fold = pg409.file_fold(name, folded);
$$;

-- Whoever replaces or deletes a file: what it was is kept.
create or replace function pg409.file_ended() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'UPDATE' then
    if new.content = old.content then
      return null;
    end if;
  end if;
  insert into pg409.file_revision (file, name, fold, content, size, sha256, media_type, updated_at, updated_by, ended, ended_by)
  values (old.id, old.name, old.fold, old.content, old.size, old.sha256, old.media_type, old.updated_at, old.updated_by,
          case tg_op when 'UPDATE' then 'replaced' else 'deleted' end, nullif(current_setting('pg409.user', true), ''));
  return null;
end
$$;
drop trigger if exists file_ended on pg409.file;
create trigger file_ended after update or delete on pg409.file for each row execute function pg409.file_ended();

revoke all on pg409.file, pg409.file_content, pg409.file_chunk, pg409.file_revision, pg409.file_upload from public;
revoke all on function pg409.file_fold(text, boolean), pg409.refold_files(boolean), pg409.file_ended() from public;

commit;
