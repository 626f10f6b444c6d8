<?php
/* Small applications of the kinds that pg409 probe tells apart, for PHP's own web server. The first part
   of the path says which; what they keep is in the folder PROBED. */
$path = trim(strtok($_SERVER['REQUEST_URI'], '?'), '/');
[$kind, $rest] = explode('/', $path, 2) + ['', ''];
$file = getenv('PROBED') . '/' . basename($kind);
$row = is_file($file) ? json_decode(file_get_contents($file), true)
    : ['title' => 'A day', 'text' => "Première ligne\nSecond <line> & \"more\"", 'version' => 1];
$forms = ['overwrites', 'checks', 'seconds', 'abroad', 'warned', 'voluntary', 'refuses', 'drops', 'slow', 'denies', 'moves', 'once'];
$apis = ['ignores', 'honours', 'tolerant', 'locks', 'weak', 'optional', 'patches', 'override', 'revs', 'forbids',
    'merges'];
if ($rest !== '' || !in_array($kind, [...$forms, ...$apis])) {
    http_response_code(404);
    exit("nothing here\n");
}

function keep($row, $changes)
{
    global $file, $kind;
    $row = array_merge($row, $changes);
    $row['version'] = $kind === 'seconds' ? time() : $row['version'] + 1;
    file_put_contents($file, json_encode($row));
    return $row;
}

function form($row, $note = '', $hidden = true)
{
    $text = htmlentities($row['text']);
    $title = htmlspecialchars($row['title']);
    $version = $hidden ? "<input type=hidden name=updated_at value='{$row['version']}'>" : '';
    $token = bin2hex(random_bytes(8));
    echo "<!doctype html><meta charset=utf-8><title>Edit</title><p>$note</p>
<form action='/search'><input name=q></form>
<form method=post>$version<input type=hidden name=csrf value=$token>
<input name=title value=\"$title\" maxlength=200><textarea name=text>\n$text</textarea>
<button name=do value=preview>Preview</button><button name=do value=save>Save</button></form>";
}

function input($name)
{
    return str_replace("\r\n", "\n", $_POST[$name] ?? '');
}

function same_version($row)
{
    return ($_POST['updated_at'] ?? '') == $row['version'];
}

function see($path)
{
    header("Location: $path", true, 303);
}

$post = $_SERVER['REQUEST_METHOD'] === 'POST';
$both = ['title' => input('title'), 'text' => input('text')];
if ($post && ($_POST['do'] ?? 'save') !== 'save') {
    form($both, 'A preview');
    exit;
}
if (in_array($kind, $apis)) {
    api($kind, $row);
    exit;
}
switch ($post ? $kind : '') {
case '':
    form($row, ($_GET['note'] ?? '') ? 'Somebody changed this meanwhile' : '', $kind !== 'overwrites');
    break;
case 'overwrites': /* the whole row, whatever was there */
    keep($row, $both);
    see("/$kind");
    break;
case 'seconds': /* the version is a time */
case 'checks': /* and keeps what was typed; its form has the version that is stored now */
    if (!same_version($row)) {
        http_response_code(409);
        form(array_merge($both, ['version' => $row['version']]), 'Changed meanwhile');
        break;
    }
    keep($row, $both);
    see("/$kind");
    break;
case 'warned': /* the conflict page saves whatever is there */
    if (!same_version($row) && !isset($_POST['anyway'])) {
        http_response_code(409);
        $text = htmlspecialchars($both['text']);
        echo "<form method=post><input type=hidden name=anyway value=1><input type=hidden name=title value=x>
<textarea name=text>\n$text</textarea><button>Save anyway</button></form>";
        break;
    }
    keep($row, $both);
    see("/$kind");
    break;
case 'voluntary': /* checks only when a version is sent */
    if (isset($_POST['updated_at']) && !same_version($row)) {
        http_response_code(409);
        form(array_merge($both, ['version' => $row['version']]), 'Changed meanwhile');
        break;
    }
    keep($row, $both);
    see("/$kind");
    break;
case 'refuses': /* and loses the text */
    if (!same_version($row))
        see("/$kind?note=1");
    else {
        keep($row, $both);
        see("/$kind");
    }
    break;
case 'drops': /* says nothing */
    if (same_version($row))
        keep($row, $both);
    see("/$kind");
    break;
case 'slow': /* there is time to interrupt */
    keep($row, $both);
    usleep(400000);
    see("/$kind");
    break;
case 'denies':
    http_response_code(403);
    echo 'No.';
    break;
case 'moves': /* http to https, as a GET */
    header("Location: https://127.0.0.1:1/$kind", true, 301);
    break;
case 'abroad': /* says that it goes on at another host */
    header("Location: http://localhost:{$_SERVER['SERVER_PORT']}/overwrites", true, 307);
    break;
case 'once': /* saves, but never puts anything back */
    if (str_contains($both['text'], 'pg409probe'))
        keep($row, $both);
    see("/$kind");
    break;
}

function api($kind, $row)
{
    $method = $_SERVER['REQUEST_METHOD'];
    if ($kind === 'override' && $method === 'POST')
        $method = $_SERVER['HTTP_X_HTTP_METHOD_OVERRIDE'] ?? $method;
    elseif ($kind === 'override' && $method !== 'GET') {
        http_response_code(405);
        return;
    }
    $tag = ($kind === 'weak' ? 'W/' : '') . "\"{$row['version']}\"";
    $tags = in_array($kind, ['ignores', 'honours', 'tolerant', 'weak', 'optional', 'patches', 'override']);
    $seen = $_SERVER['HTTP_IF_MATCH'] ?? null;
    if ($kind === 'tolerant' && $seen !== null)
        $seen = preg_replace(['#^W/#', '#-gzip"$#'], ['', '"'], $seen);
    if ($tags)
        header("ETag: $tag");
    header('Content-Type: application/json');
    $name = ['locks' => 'lock_version', 'revs' => '_rev'][$kind] ?? null;
    $shown = ['id' => 7, 'title' => $row['title'], 'data' => ['text' => $row['text']], 'size' => 12.50];
    if ($name)
        $shown[$name] = $row['version'];
    if ($method === 'GET') {
        echo json_encode($shown, JSON_PRESERVE_ZERO_FRACTION);
        return;
    }
    $sent = json_decode(file_get_contents('php://input'), true);
    $wrong = $kind === 'forbids' ? 403 : (in_array($kind, ['patches', 'merges']) && $method !== 'PATCH' ? 405 : 0);
    if ($kind === 'locks' || $kind === 'revs')
        $wrong = ($sent[$name] ?? null) === $row['version'] ? 0 : 409;
    if (in_array($kind, ['honours', 'tolerant', 'override', 'patches']) && !$wrong)
        $wrong = $seen === null ? 428 : ($seen === $tag ? 0 : 412);
    if ($kind === 'optional')
        $wrong = $seen === null || $seen === $tag ? 0 : 412;
    if ($kind === 'weak') /* by the standard, a weak one never matches */
        $wrong = $seen === null ? 0 : 412;
    if ($wrong) {
        http_response_code($wrong);
        echo json_encode(['title' => 'no']);
        return;
    }
    keep($row, ['title' => $sent['title'] ?? $row['title'], 'text' => $sent['data']['text'] ?? $row['text']]);
    echo json_encode(['ok' => true]);
}
