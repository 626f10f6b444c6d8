-- The demo's tables and texts. demo/load runs this as the superuser in a fresh database that has
-- pg409.sql, and then fills packages. Not for a database of yours.

\set ON_ERROR_STOP on
\set countries `cat /usr/share/iso-codes/json/iso_3166-1.json`
\set languages `cat /usr/share/iso-codes/json/iso_639-3.json`
begin;

-- pg409 connects as an ordinary role that owns the tables it edits.
grant usage, create on schema public to pg409;
alter default privileges in schema public grant all on tables to pg409;
alter default privileges in schema public grant all on sequences to pg409;
select pg409.grant_to('pg409');
-- The role bears the name of our schema: with the usual "$user", public its tables would land there.
alter role pg409 in database demo set search_path = public;
set local search_path = public;
set local role pg409;

-- --- the Debian catalogue: large ------------------------------------------------------------------

create type package_priority as enum ('required', 'important', 'standard', 'optional', 'extra');

create table packages (
  name text primary key,
  version text not null,
  section text,
  priority package_priority,
  maintainer text,
  installed_size integer check (installed_size >= 0),
  homepage text,
  description text,
  essential boolean not null default false,
  updated_at timestamptz not null default now()
);
create index packages_section on packages (section);
comment on table packages is 'The Debian packages that this machine knows';
comment on column packages.name is 'As apt-get install wants it';
comment on column packages.version is 'The version that would be installed now';
comment on column packages.section is 'The archive section, such as editors or admin';
comment on column packages.installed_size is 'KiB on disk, as the package says';
comment on column packages.description is 'The first line is the summary';
comment on column packages.essential is 'The system does not work without it';

-- --- iso-codes ------------------------------------------------------------------------------------

create table countries (
  alpha_2 char(2) primary key,
  alpha_3 char(3) not null unique,
  numeric char(3) not null,
  name text not null,
  official_name text,
  flag text,
  updated_at timestamptz not null default now()
);
comment on table countries is 'Countries, ISO 3166-1';
comment on column countries.alpha_2 is 'Two letters, as in addresses of the web';
comment on column countries.numeric is 'Three digits, the same in every script';
comment on column countries.flag is 'The flag as a character';

insert into countries (alpha_2, alpha_3, numeric, name, official_name, flag)
select alpha_2, alpha_3, "numeric", name, official_name, flag
from jsonb_to_recordset(:'countries'::jsonb -> '3166-1')
  as c (alpha_2 text, alpha_3 text, "numeric" text, name text, official_name text, flag text);

create table languages (
  code char(3) primary key,
  alpha_2 char(2),
  name text not null,
  inverted_name text,
  scope text,
  type text,
  updated_at timestamptz not null default now()
);
comment on table languages is 'Languages, ISO 639-3';
comment on column languages.code is 'Three letters';
comment on column languages.alpha_2 is 'Two letters, for the languages that have them';
comment on column languages.scope is 'I individual, M macrolanguage, S special';
comment on column languages.type is 'L living, E extinct, A ancient, H historical, C constructed, S special';

insert into languages (code, alpha_2, name, inverted_name, scope, type)
select alpha_3, alpha_2, name, inverted_name, scope, type
from jsonb_to_recordset(:'languages'::jsonb -> '639-3')
  as l (alpha_3 text, alpha_2 text, name text, inverted_name text, scope text, type text);

-- --- an editorial desk ----------------------------------------------------------------------------

create table authors (
  id integer generated always as identity primary key,
  name text not null,
  email text not null unique check (email like '%_@_%'),
  country char(2) references countries,
  born date,
  bio text,
  updated_at timestamptz not null default now()
);
comment on table authors is 'Who writes';
comment on column authors.email is 'Never shown to readers';
comment on column authors.country is 'Where the author lives';
comment on column authors.bio is 'Two or three sentences for the end of an article';

insert into authors (name, email, country, born, bio) values
  ('Anna Lindqvist', 'anna@desk.example', 'SE', '1979-04-12', 'Anna writes about cities and what moves in them. She keeps bees on a roof.'),
  ('Bob Achebe', 'bob@desk.example', 'NG', '1985-11-30', 'Bob was a surveyor before he was a journalist, and still trusts maps more than people.'),
  ('Chiara Zanetti', 'chiara@desk.example', 'IT', '1991-02-03', 'Chiara covers food, markets and the sea.'),
  ('Dmitri Oja', 'dmitri@desk.example', 'EE', '1968-07-21', 'Dmitri edits the science pages.'),
  ('Éloïse Grünwald-Ó Briain', 'eloise@desk.example', 'IE', null, 'Éloïse has the longest name of the desk, and the shortest sentences.');

create type article_status as enum ('draft', 'review', 'published');

create table articles (
  id integer generated by default as identity primary key,
  slug text not null unique check (slug ~ '^[a-z0-9-]+$'),
  title varchar(120) not null,
  body text not null default '',
  author_id integer not null references authors,
  status article_status not null default 'draft',
  published_on date,
  rating numeric(3,1) check (rating between 0 and 10),
  tags text[] not null default '{}',
  meta jsonb,
  featured boolean not null default false,
  updated_at timestamptz not null default now(),
  check (status <> 'published' or published_on is not null)
);
comment on table articles is 'What we publish';
comment on column articles.slug is 'The last part of the address: small letters, digits, hyphens';
comment on column articles.title is 'At most 120 characters; sixty look better';
comment on column articles.body is 'Plain text; an empty line starts a paragraph';
comment on column articles.status is 'A published article needs a date';
comment on column articles.rating is 'By our readers, 0.0 to 10.0';
comment on column articles.tags is 'For the lists of related articles';
comment on column articles.featured is 'Shown on the front page';

insert into articles (slug, title, author_id, status, published_on, rating, tags, meta, featured, body) values
('the-ferry-that-would-not-retire', 'The ferry that would not retire', 1, 'published', '2026-03-02', 8.4, '{travel,boats}', '{"words": 172, "photo": "ferry.jpg"}', true,
$t$The Solveig has crossed the sound eleven times a day since 1961. Three directors have announced her last season, and three directors have retired before her.

Her engine is older than her captain. It was built for a fishing fleet that no longer exists, in a yard that is now a row of flats with a view of the place where the yard was. Spare parts are turned by hand, in a workshop behind the school, by a man who learned it from his father and teaches it to nobody.

Passengers know the timetable by heart, which is as well, because the printed one has been wrong for nine years. The ten past four leaves when the bus has come. The last boat leaves when everybody who ought to be on it is on it.

This spring the council voted again. The new ferry will be electric, silent and twice as fast. It has been ordered for 2024. The Solveig, asked for a comment, blew her horn and left, four minutes late, as she always does.$t$),
('counting-swifts', 'Counting swifts', 4, 'published', '2026-05-19', 7.9, '{birds,science}', '{"words": 168}', false,
$t$A swift sleeps in the air, eats in the air and, as far as anyone has seen, touches nothing solid for ten months of the year. Counting such an animal is a matter of patience and of disagreement.

Every evening in June some forty people of our town stand at agreed corners with a clicker in one hand. They count what flies past between nine and half past nine. On the first evening two people at the same corner reported 31 and 58. Both were sure. Both were, it turned out, right: one had counted birds, and the other had counted passes.

Since then the rules fill four pages. A bird that turns within sight is one bird. A bird that vanishes behind the church is a new one when it comes back. Nobody likes the rule about the church, and nobody has a better one.

The long row of numbers now reaches back to 1988. It falls, slowly, with two bumps that nobody can explain. The counters have begun to count nest holes as well. A hole, at least, stays where it is.$t$),
('bread-for-one', 'Bread for one', 3, 'published', '2026-01-23', 9.1, '{food,recipes}', '{"words": 151, "minutes": 95}', true,
$t$Recipes for bread are written for families. Halve them and the crust comes out thick as a shoe; quarter them and the yeast seems to lose heart. A small loaf is a thing of its own.

Take 180 grams of flour, 120 of water, 4 of salt and as much fresh yeast as would cover a fingernail. Stir it with a fork and walk away. After half an hour fold it over itself four times. Do that twice more. It will be sticky, and it should be.

Heat the smallest pot with a lid that your oven can stand. Twenty minutes with the lid, twelve without. The pot makes the steam that a large loaf makes for itself.

Let it cool for as long as you can bear. It keeps until the next evening, by which time, in my experience, the question does not arise.$t$),
('the-map-room', 'What the map room knows', 2, 'published', '2026-02-11', 8.8, '{history,maps}', '{"words": 181, "archive": true}', false,
$t$In the cellar of the land registry there is a room with a steel door, eleven thousand maps and one chair. The chair is for the archivist. Visitors stand.

The oldest sheet shows a marsh where the station is today. Somebody has written "unfit for any purpose" across it, in a hand so neat that one can still hear the sigh. The purpose was found ninety years later, and the marsh has been finding its way back into the station's cellars ever since.

Two maps of the same valley, drawn in the same summer for two owners, disagree about a stream. The stream has a reason to be on both sides of the hedge: whoever had the water had the mill. The case went through three courts. The mill burned down before the third had decided, and the stream, relieved of its importance, went back to where it had been.

I asked the archivist which map she would save from a fire. She did not hesitate. The index, she said. Everything else can be drawn again if one knows that it was there.$t$),
('night-bus', 'Notes from the night bus', 1, 'review', null, 7.2, '{cities,night}', null, false,
$t$At ten to two the N7 carries nurses, bakers and people who have missed the N5. They do not talk, except to the driver, who knows where each of them gets off and wakes those who sleep.

There is an order in the seats. The bakers sit in front because they are still awake. The nurses sit in the middle, by the heater. The back row is for those who have been celebrating, and the driver takes the corner by the brewery slowly on their account.

The city counts 212 passengers a night and finds that this is few. It has never counted what else the bus does: it is the only lit window on the hill road between one and four. People who live there say that they set their sleep by it. When it was replaced by a taxi on call for six weeks, the number of calls to the police from that road doubled. Most callers could not say what had worried them.$t$),
('a-short-history-of-the-comma', 'A short history of the comma', 5, 'published', '2025-11-04', 8.0, '{language}', '{"words": 139}', false,
$t$The comma began as a breath. Readers read aloud, and somebody kind had marked where to take in air.

Then came print. Printers had boxes full of commas and used them. There are pages of the sixteenth century on which every fourth word is followed by one, like a dog.

Grammar arrived late and found the house occupied. It gave reasons to what had been habits. Some of the reasons were good. Others are still taught.

Today we fight over one comma in particular, the one before the last item of a list. Courts have decided about wages on account of it. Friends have stopped speaking. The comma itself is indifferent. It marks a place where one could stop, and mostly we do not.$t$),
('the-repair-cafe', 'Eleven toasters', 2, 'published', '2026-04-14', 7.5, '{cities,crafts}', '{"words": 163}', false,
$t$On the first Saturday of the month the parish hall smells of solder and cake. Eleven people have brought toasters. Nobody knows why it is toasters this month; in February it was lamps.

The rule is that the owner stays. One does not hand a thing over and come back later. One sits down, holds the torch, and is told what the matter is. Often it is a crumb. Sometimes it is a fuse that cannot be reached without breaking the case, and then there is a silence in which everyone thinks of the person who designed it that way.

Of a hundred things that come through the door, sixty-one leave it working. The list is kept by a retired teacher in a school exercise book. Her last column is headed "Learned something", and it has a tick in every line, also for the thirty-nine.

The twelfth toaster arrived shortly before closing. It was not broken. Its owner had only wanted to know how it worked.$t$),
('salt', 'Where the salt comes from', 3, 'review', null, null, '{food,sea}', '{"todo": ["check the figures", "ask for photos"]}', false,
$t$You can see the salt pans from the motorway: pink, then white, then a green that no paint has. Most people take them for an accident.

Sea water is let into the first basin in March. It moves on by its own weight, from one clay bed to the next, forty-three beds in all, each a hand lower than the one before. Nothing is pumped. By August what is left is too strong for anything alive, except one small red shrimp and the birds that come for it.

The harvest takes nine days if it does not rain. One wet afternoon costs a third of the year. The salters watch the hills, not the forecast. When the goats come down, they rake through the night.

A kilogram brings them about the price of a newspaper. The same kilogram, in a jar with a cork, costs as much as a dinner in the town. When I asked who got the difference, they said: the cork.$t$),
('the-clock-on-the-town-hall', 'The clock on the town hall is right', 4, 'draft', null, null, '{cities,time}', null, false,
$t$For most of its life our clock has been wrong in a reliable way. It ran six minutes ahead, so that people would catch the train. Everyone knew, everyone subtracted, and everyone missed the train.

In January it was given a radio. It now receives the time from a mast some four hundred kilometres away, and it has not been off by more than a blink since. The letters to the editor began on the second day.

One reader had planned her mornings around the six minutes for thirty years, and now had nowhere to put them. Another had won bets. The priest, whose own clock is mechanical, noted that the two towers no longer quarrel at noon, and that he finds it rather quiet.

There is talk of a compromise. The council might set it ahead again, on purpose. The mast, apparently, can be told to lie; it only has to be told for everybody.$t$),
('learning-to-prune', 'Learning to prune', 5, 'published', '2026-02-28', 6.8, '{garden}', '{"words": 140}', false,
$t$My neighbour prunes on the day the radio says frost is over. I prune when he has gone in.

He says: cut to a bud that looks outward. I look for a bud. They all look at me. He says: keep three main branches. The tree has five, and I have grown fond of them.

The first year I cut too little, and there were apples the size of walnuts. The second year I cut too much, and there were shoots like a broom. The third year I asked him to stand next to me and say nothing. It worked. I heard what he would have said.

What one learns is not where to cut. It is to step back after every cut, and look, and not hurry to the next one. The tree has time. That is the thing it has most of.$t$),
('the-library-of-things', 'The library that lends drills', 2, 'published', '2025-12-09', 7.7, '{cities,crafts}', '{"words": 147}', true,
$t$A drill is used, they say, for thirteen minutes in its life. Nobody has ever measured it, but the number is on a poster at the entrance of our library of things, and it does its work.

You can borrow a drill for three days, a tent for two weeks, and a waffle iron until Monday. The waffle iron is never there. There is a list, and the list has a second page.

What breaks most often is not what one would think. Drills survive. Board games do not: a piece is missing, then the dice, then the box. So the library keeps a jar of pieces from games that have ended, and people choose what will stand for the lost one. We have played with a thimble as a knight, and it held its ground.

Membership costs the same as a small drill. That is another thing that is on no poster.$t$),
('weather-by-hand', 'Weather by hand', 4, 'published', '2026-06-01', 8.6, '{science,history}', '{"words": 158}', false,
$t$Before there were machines to do it, a man in a bed of hay computed the weather of one morning. It took him six weeks, between shifts as an ambulance driver, and the answer was wrong by a factor of a hundred.

He published it all the same, with the error, and with a dream: a round hall with sixty-four thousand people, each computing the weather of one small square, and a conductor in the middle who shines a rosy light on those who are ahead and a blue one on those who are behind.

We tried it with thirty-one pupils in a gym. Each had a square of floor, a slate and four neighbours. After ninety minutes we had forecast the next twenty, and it was raining inside the basketball hoop.

They found the error themselves. Somebody in the third row had copied the number of the neighbour before the neighbour had changed it. Everybody in the room now knows what a stale value is, and that it looks exactly like a good one.$t$),
('two-editors-one-page', 'Two editors, one page', 1, 'draft', null, 5.0, '{work,language}', '{"house": true}', false,
$t$We share everything here: the office, the coffee, and until last year the only copy of each text. Whoever saved last was right.

It took us a long time to notice. A sentence that one of us had mended at ten would be broken again at eleven, and each thought that the other had a strange taste. Nobody had overwritten anybody. There had merely been two windows.

The first cure was a paper sign on the door. The second was to shout. The third was a lock, which worked well until the person who held it went on holiday.

What helped in the end was modest. The page remembers which version you opened. If it is no longer that one when you save, it tells you, shows both, and asks. It happens about twice a week. We have become rather fond of it: it is often the first time on that day that we talk.$t$),
('in-praise-of-slow-post', 'In praise of slow post', 5, 'draft', null, null, '{}', null, false,
$t$A letter takes three days. In three days the anger has gone out of it, and the news as well. What remains is the handwriting, and whatever the writer could not put off.

I write one a week. I choose the stamp first.$t$);

create table translations (
  article_id integer references articles on delete cascade,
  language char(3) references languages,
  title varchar(120) not null,
  body text,
  updated_at timestamptz not null default now(),
  primary key (article_id, language)
);
comment on table translations is 'Articles in other languages: a key of two columns';
comment on column translations.language is 'Three letters, ISO 639-3';
insert into translations (article_id, language, title, body) values
  (1, 'deu', 'Die Fähre, die nicht in Rente ging', 'Seit 1961 quert die Solveig elfmal am Tag den Sund. Drei Direktoren haben ihre letzte Saison angekündigt, und drei Direktoren sind vor ihr in den Ruhestand gegangen.'),
  (1, 'swe', 'Färjan som inte ville gå i pension', 'Solveig har korsat sundet elva gånger om dagen sedan 1961.'),
  (3, 'ita', 'Pane per uno', 'Le ricette del pane sono scritte per le famiglie.'),
  (3, 'fra', 'Du pain pour une personne', null),
  (6, 'deu', 'Kleine Geschichte des Kommas', 'Das Komma begann als Atemzug.');

create table price_list (
  sku text primary key check (sku <> ''),
  name text not null,
  price numeric(10,2) not null check (price > 0),
  currency char(3) not null default 'EUR',
  stock integer not null default 0 check (stock >= 0),
  lock_version integer not null default 1
);
comment on table price_list is 'The shop: keys with slashes and worse, an integer version';
comment on column price_list.sku is 'As printed on the shelf, with every odd character';
comment on column price_list.price is 'With tax';
comment on column price_list.stock is 'How many are in the shop now';
insert into price_list (sku, name, price, currency, stock) values
  ('A4/80', 'Paper A4, 80 g', 4.90, 'EUR', 120),
  ('A4/100', 'Paper A4, 100 g', 6.50, 'EUR', 64),
  ('A3/80/recycled', 'Paper A3, recycled', 9.20, 'EUR', 18),
  ('pen, blue', 'Ball pen, blue', 1.10, 'EUR', 400),
  ('100% cotton', 'Tote bag', 12.00, 'EUR', 33),
  ('Größe L', 'T-shirt, large', 19.90, 'EUR', 12),
  ('_sample', 'Sample book', 0.01, 'EUR', 5),
  ('~tilde', 'Sticker, tilde', 0.50, 'EUR', 1000),
  ('"quoted"', 'Sticker, quotation marks', 0.50, 'EUR', 800),
  ('O''Brien & sons', 'Ink, black', 7.75, 'GBP', 9),
  ('a+b=c?#1', 'Exercise book, mathematics', 2.30, 'EUR', 77),
  ('back\slash', 'Ruler, 30 cm', 1.80, 'EUR', 41),
  ('..', 'Braille labels', 3.60, 'EUR', 6),
  ('<b>', 'Marker, bold', 2.20, 'EUR', 52);

-- --- one of everything ----------------------------------------------------------------------------

create type mood as enum ('calm', 'curious', 'cross');

create table every_type (
  id integer generated always as identity primary key,
  a_smallint smallint,
  an_integer integer,
  a_bigint bigint,
  a_numeric numeric,
  a_money numeric(12,2) default 0.00,
  a_real real,
  a_double double precision,
  a_boolean boolean not null default false,
  a_maybe boolean,
  a_text text,
  a_varchar varchar(20),
  a_char char(5),
  a_date date,
  a_time time,
  a_timetz timetz,
  a_timestamp timestamp,
  a_timestamptz timestamptz,
  an_interval interval,
  a_uuid uuid default gen_random_uuid(),
  a_json json,
  a_jsonb jsonb,
  a_bytea bytea,
  an_inet inet,
  texts text[],
  numbers integer[],
  a_mood mood,
  a_range int4range,
  a_sum numeric generated always as (a_numeric + a_money) stored,
  updated_at timestamptz not null default now()
);
comment on table every_type is 'One column of each type that the form knows';
comment on column every_type.a_numeric is 'Keeps every digit';
comment on column every_type.a_maybe is 'Yes, no, or not known';
comment on column every_type.a_uuid is 'Leave it empty and PostgreSQL makes one';
comment on column every_type.a_bytea is 'Only its size is shown';
comment on column every_type.a_sum is 'a_numeric + a_money, by PostgreSQL';
insert into every_type (a_smallint, an_integer, a_bigint, a_numeric, a_money, a_real, a_double, a_boolean, a_maybe, a_text,
  a_varchar, a_char, a_date, a_time, a_timetz, a_timestamp, a_timestamptz, an_interval, a_uuid, a_json, a_jsonb, a_bytea,
  an_inet, texts, numbers, a_mood, a_range) values
  (1, 2, 9007199254740993, 1.000000000000000000001, 19.90, 0.5, 0.1, true, true, E'Two\nlines', 'short', 'abc', '2026-11-22',
   '07:49', '07:49:00+01', '2026-11-22 07:49:00.123456', '2026-11-22 07:49:00.123456Z', '1 day 2 hours',
   '7c9e6679-7425-40de-944b-e07fc1f90ae7', '{"b":1, "a":[1,2]}', '{"a": 1}', '\xdeadbeef', '192.0.2.1', '{one,"two, three"}',
   '{1,2,3}', 'curious', '[1,10)'),
  (-32768, -2147483648, -9223372036854775808, 'NaN', -0.01, '-Infinity', 1e308, false, false, '<script>alert("&")</script>', '',
   '', '0044-03-15 BC', '24:00', '00:00-12', 'infinity', '-infinity', '-1 mon -1 day', '00000000-0000-0000-0000-000000000000',
   'null', '[]', '', '2001:db8::/32', '{}', '{NULL,0}', 'cross', 'empty'),
  (null, null, null, null, null, null, null, false, null, null, null, null, null, null, null, null, null, null, null, null,
   null, null, null, null, null, null, null);

-- --- tables that are not protected ------------------------------------------------------------------

create table links (
  id integer generated always as identity primary key,
  url text not null,
  title text,
  updated_at timestamptz not null default now()
);
comment on table links is 'Has updated_at, but no trigger that keeps it: see what pg409 says about that';
insert into links (url, title) values
  ('https://www.postgresql.org/', 'PostgreSQL'),
  ('https://www.debian.org/', 'Debian'),
  ('https://www.rfc-editor.org/rfc/rfc9110', 'HTTP Semantics');

create table notes (
  id integer generated always as identity primary key,
  note text not null,
  done boolean not null default false
);
comment on table notes is 'No column for a version at all';
insert into notes (note) values ('Buy toner'), ('Ring the printer about the paper'), ('Water the plant by the window');

create table audit_log (
  at timestamptz not null default now(),
  what text not null
);
comment on table audit_log is 'No primary key: rows cannot be told apart, so pg409 does not edit it';
insert into audit_log (what) values ('The demo was loaded');

-- --- protected: the rest ----------------------------------------------------------------------------

reset role;
select pg409.protect(name::regclass)
from unnest('{packages,countries,languages,authors,translations,price_list,every_type}'::text[]) as name;
-- Of the articles every state is kept: look at "Earlier versions" of one.
select pg409.protect('articles', history => true);

commit;
