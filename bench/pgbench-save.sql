-- What pg409 sends to save a row, in one round trip; bench/run compares it with PostgreSQL's log.
-- pgbench cannot remember a version for each of many rows, so the row's own takes the place of the
-- parameter: by way of text, because a parameter has to be read from text too.
\set id random(:first, :last)
\set stock random(1, 1000000)
\startpipeline
WITH w AS (UPDATE "public"."articles" AS t SET "stock" = :stock::integer, "updated_at" = greatest(now(), t.updated_at::text::timestamp with time zone + interval '1 microseconds') WHERE "id" = :id::bigint AND "updated_at" = t.updated_at::text::timestamp with time zone AND (("stock"::text COLLATE "C") IS DISTINCT FROM :stock::integer::text) RETURNING "t"."updated_at"::text AS _v, NULL::text AS _x, "id"::text AS _k0, json_build_array("id"::text)::text AS _key, coalesce("t"."updated_at"::text, 'null') AS _version), r AS (INSERT INTO pg409.receipt (table_name, row_key, version, op, username, token, digest) SELECT :table, _key, _version, :op, :user, :token, NULL FROM w) SELECT * FROM w;
\endpipeline
