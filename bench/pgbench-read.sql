-- What pg409 sends to read a row, in one round trip; bench/run compares it with PostgreSQL's log.
\set id random(:first, :last)
\startpipeline
SELECT "t"."updated_at"::text AS _v, NULL::text AS _x, "id"::text, "title"::text, "body"::text, "author"::text, "stock"::text, "price"::text, "updated_at"::text FROM "public"."articles" AS t WHERE "id" = :id::bigint;
\endpipeline
