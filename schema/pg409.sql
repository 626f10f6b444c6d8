-- Everything of pg409 that lives in the database: load this one file with psql, as the owner of the
-- database (or a superuser). Loading it again is harmless. undo.sql takes everything away.

\ir 001_pg409.sql
\ir 002_conflict.sql
\ir 003_history.sql
\ir 004_opened.sql
\ir 005_files.sql
\ir 006_report.sql
