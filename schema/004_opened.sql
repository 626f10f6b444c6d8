-- Who has a form open: a note, not a lock. It holds nothing and nobody up, and may be lost.
-- Loaded by pg409.sql; running it again is harmless.

\set ON_ERROR_STOP on
begin;

create table if not exists pg409.opened (
  table_name text not null,
  row_key text not null,     -- as in pg409.receipt
  username text not null,
  at timestamptz not null default now()
);
-- No primary key, so that pg409 does not offer it as a table to edit.
create unique index if not exists opened_row on pg409.opened (table_name, row_key, username);
create index if not exists opened_at on pg409.opened (at);
comment on table pg409.opened is 'Who opened the form of which row, and when last';

revoke all on pg409.opened from public;

commit;
