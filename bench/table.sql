-- The table that everybody measures on: rows of about 1 KiB, protected, so that saves leave receipts.
\set ON_ERROR_STOP on
set client_min_messages = warning;
create extension pg_stat_statements;
create table articles (
  id bigint generated always as identity primary key,
  title varchar(200) not null,
  body text not null,
  author text not null,
  stock integer not null,
  price numeric(10, 2) not null,
  updated_at timestamptz not null default now()
);
-- Room for the next version of a row on its own page.
alter table articles set (fillfactor = 80);
alter table articles owner to editor;
insert into articles (title, body, author, stock, price)
select 'How to water a cactus',
       left(repeat('Water it rarely, but then well & thoroughly; "rarely" means <once> a month in winter. '
                   || 'Müde Kakteen kennt man am Rand. ', 20), 900),
       'anna', 1000, 9.50
from generate_series(1, :rows);
select pg409.protect('articles');
vacuum (freeze, analyze) articles;
checkpoint;
