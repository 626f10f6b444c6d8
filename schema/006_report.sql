-- What the report of conflicts tells besides the edits themselves: who was first, and what they changed.
-- Loaded by pg409.sql; running it again is harmless.

\set ON_ERROR_STOP on
begin;

alter table pg409.conflict
  add column if not exists other_user text,       -- who saved what stood in the way; null: not known
  add column if not exists their_columns text[],  -- what of it differs from what the editor saw; null: not known
  add column if not exists by_program boolean;    -- it came as JSON, not from a form

-- Edits that were merged at once and conflicts of one table are counted from here.
create index if not exists conflict_table on pg409.conflict (table_name, at);

commit;
