-- Edits that were refused, kept for whoever typed them until they are resolved, dropped or too old.
-- Loaded by pg409.sql; running it again is harmless.

\set ON_ERROR_STOP on
begin;

create table if not exists pg409.conflict (
  code text primary key,            -- unguessable: the last part of its address
  username text,                    -- whose it is; null: of nobody who was logged in
  table_name text not null,
  row_key text,                     -- as in pg409.receipt; null: the row was to be created
  op text not null,                 -- create, save; no CHECK, see pg409.receipt
  reason text,                      -- what stood in the way
  columns text[] not null default '{}', -- what it would have changed
  base json,                        -- what the editor saw: column and value as text
  yours json not null,              -- what the editor wants, only what is changed
  base_version text,
  current_version text,             -- what stood in the way
  current json,                     -- a merge that nobody looked at: {"column": [before, after]}
  other_key text,                   -- duplicate: the address of the row that has the value
  at timestamptz not null default now(),
  rounds integer not null default 1, -- how often it was refused
  resolved_at timestamptz,
  resolution text
);
alter table pg409.conflict drop constraint if exists conflict_op_check;
create index if not exists conflict_open on pg409.conflict (username, at) where resolved_at is null;
create index if not exists conflict_at on pg409.conflict (at);
comment on table pg409.conflict is 'Refused edits: kept for their editors, and told about in the report';

revoke all on pg409.conflict from public;

commit;
