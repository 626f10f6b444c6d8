<?php
// The peer: what a plain PHP page does with the same row. The statements are pg409's own, the
// save leaves the same receipt; what it leaves out is the explanation: a stale save gets a bare 409.
// The connection and the prepared statements persist, which is as fast as PHP gets here.
$db = pg_pconnect(getenv('BENCH_DATABASE'));
$id = (int) ($_GET['id'] ?? 0);

function run($db, string $name, string $sql, array $values)
{
    $result = @pg_execute($db, $name, $values);
    if (!$result) { // this connection does not know it yet
        pg_prepare($db, $name, $sql);
        $result = pg_execute($db, $name, $values);
    }
    return $result;
}

function show(string $value): string
{
    return htmlspecialchars($value, ENT_QUOTES);
}

if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $result = run($db, 'save', <<<'SQL'
        WITH w AS (UPDATE "public"."articles" AS t SET "title" = $1, "body" = $2, "author" = $3, "stock" = $4,
          "price" = $5, "updated_at" = greatest(now(), $7::timestamptz + interval '1 microseconds')
          WHERE "id" = $6 AND "updated_at" = $7::timestamptz
          RETURNING json_build_array("id"::text)::text AS _key, "t"."updated_at"::text AS _version),
        r AS (INSERT INTO pg409.receipt (table_name, row_key, version, op, username, token)
          SELECT 'public.articles', _key, _version, 'save', '', NULL FROM w)
        SELECT _version FROM w
        SQL, [$_POST['title'], str_replace("\r\n", "\n", $_POST['body']), $_POST['author'], $_POST['stock'],
              $_POST['price'], $id, $_POST['updated_at']]);
    if (pg_num_rows($result) === 1) {
        http_response_code(303);
        header('Location: ?id=' . $id);
        header('PG409-Version: ' . strtr(pg_fetch_result($result, 0, 0), [' ' => 'T', '+00' => 'Z']));
    } else {
        http_response_code(409);
        echo "Somebody else has changed this row.\n";
    }
    exit;
}

$row = pg_fetch_assoc(run($db, 'read', <<<'SQL'
    SELECT "t"."updated_at"::text AS _v, "id"::text, "title"::text, "body"::text, "author"::text, "stock"::text,
      "price"::text, "updated_at"::text FROM "public"."articles" AS t WHERE "id" = $1::bigint
    SQL, [$id]));
header('Cache-Control: private, no-cache');
?>
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title><?= show($row['title']) ?></title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main>
<h1><?= show($row['title']) ?></h1>
<form method="post" autocomplete="off" action="?id=<?= $id ?>">
<input type="hidden" name="updated_at" value="<?= show($row['updated_at']) ?>">
<?php foreach (['title', 'author', 'stock', 'price'] as $name): ?>
<div class="field">
<label for="f-<?= $name ?>"><?= $name ?></label>
<input type="text" name="<?= $name ?>" id="f-<?= $name ?>" value="<?= show($row[$name]) ?>">
</div>
<?php endforeach ?>
<div class="field">
<label for="f-body">body</label>
<textarea name="body" id="f-body" rows="12">
<?= show($row['body']) ?></textarea>
</div>
<p class="actions"><button type="submit">Save</button> <a href="/">Back to the list</a></p>
</form>
</main>
</body>
</html>
