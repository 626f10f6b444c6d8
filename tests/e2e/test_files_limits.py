"""Files: limits, refusals, what pages say and what stays behind. Through lighttpd and Apache alike."""

import os
import subprocess

import pytest

import stack
from e2e import fastcgi, files, test_tus
from e2e.files import PAGE, SMALL, memory, put, sha
from e2e.files import anna, bob, server, tidy  # noqa: F401


def test_too_large(anna, database):
    limit = 8 * 1024 * 1024
    for size, status in ((limit, 201), (limit + 1, 413)):
        answer = files.create(anna, f"{size}.bin", size)
        assert answer.status_code == status
    assert files.create(anna, "x", limit + 1).json()["reason"] == "file-too-large"


def test_no_room(database):
    with stack.serving("lighttpd", database, {"file_total_bytes": "1k"}) as server, server.client("anna") as anna:
        assert put(anna, "a", b"x" * 1000).status_code == 201
        answer = put(anna, "b", b"x" * 25)
        assert answer.status_code == 507 and answer.json()["reason"] == "files-full"
        assert put(anna, "b", b"x" * 24).status_code == 201
        assert files.create(anna, "c", 1).status_code == 507
        answer = anna.post("/_files/", files={"file": ("c", b"x")}, headers=PAGE)
        assert answer.status_code == 507 and "no room" in answer.text
    assert files.leftovers(database) == 0


def test_who_may(database, server):
    with server.client() as nobody:
        assert nobody.put("/_files/a.txt", content=SMALL).status_code == 401
    for anonymous, reads, writes in (("deny", 403, 403), ("read", 200, 403), ("write", 200, 201)):
        with stack.serving("lighttpd", database, {"anonymous": anonymous}, users=None) as open_, open_.client() as nobody:
            files.empty(database)
            assert nobody.get("/_files/").status_code == reads
            assert nobody.put("/_files/a.txt", content=SMALL).status_code == writes
            page = nobody.get("/_files/", headers=PAGE).text
            assert ("Upload files" in page) == (writes == 201)


def test_other_sites_cannot(anna):
    other = {"Sec-Fetch-Site": "cross-site"}
    assert put(anna, "a.txt", SMALL, **other).status_code == 403
    assert anna.post("/_files/", files={"file": ("a.txt", SMALL)}, headers=other).status_code == 403
    assert files.create(anna, "a.txt", 1).status_code == 201
    assert files.names(anna) == []


def test_switched_off(database):
    with stack.serving("lighttpd", database, {"files": "off"}) as server, server.client("anna") as anna:
        assert anna.get("/_files/").json()["reason"] == "no-files"
        assert put(anna, "a.txt", SMALL).status_code == 404
        assert ">Files<" not in anna.get("/", headers=PAGE).text


def test_not_installed(postgres):
    database = stack.Database(postgres, install=False)
    with stack.serving("lighttpd", database) as server, server.client("anna") as anna:
        assert put(anna, "a.txt", SMALL).json()["reason"] == "no-files"


def test_addresses_that_are_none(anna):
    assert anna.get("/_files/nothing").json()["reason"] == "no-file"
    assert anna.get("/_files/nothing/_about").status_code == 404
    assert anna.delete("/_files/nothing", headers={"If-Match": f'"{sha(b"")}"'}).json()["reason"] == "deleted"
    for code in ("0" * 32, "x", "0" * 33):
        assert anna.get(f"/_files/_uploads/{code}").json()["reason"] == "no-upload"
    assert anna.post("/_files/nothing", data={"_action": "explode"}).status_code == 400
    assert anna.post("/_files/").status_code in (415, 422)


def test_pages_say_what_is_what(anna, bob):
    put(anna, "<b>.png", SMALL, **{"Content-Type": "image/png"})
    page = anna.get("/_files/", headers=PAGE).text
    assert "&lt;b&gt;.png" in page and "<b>.png" not in page
    page = anna.get("/_files/%3Cb%3E.png/_about", headers=PAGE).text
    assert 'src="/_files/%3Cb%3E.png"' in page and sha(SMALL) in page
    url = put(bob, "%3Cb%3E.png", b"other", **{"Content-Type": "image/png"}).json()["instance"]
    page = bob.get(url, headers=PAGE).text
    assert page.count("<img") == 2 and "&lt;b&gt; (2).png" in page
    picture = bob.get(url + "?_content=1")
    assert picture.content == b"other" and picture.headers["Content-Security-Policy"].startswith("sandbox")
    assert "Your unfinished uploads" in bob.get("/_files/", headers=PAGE).text
    assert "Your unfinished uploads" not in anna.get("/_files/", headers=PAGE).text


def test_texts_are_shown_side_by_side(anna, bob):
    put(anna, "a.txt", "Grüße <b>\n".encode() * 300)
    url = put(bob, "a.txt", b"Bob's words").json()["instance"]
    page = bob.get(url, headers=PAGE).text
    assert '<p class="excerpt">Bob&#39;s words</p>' in page
    assert '<p class="excerpt">Grüße &lt;b&gt;\n' in page and page.count("Grüße") < 130
    put(anna, "b.bin", b"\0\1\2"), put(anna, "c.bin", b"\xff\xfe binary")
    for name in ("b.bin", "c.bin"):
        page = bob.get(put(bob, name, b"text").json()["instance"], headers=PAGE).text
        assert page.count('class="excerpt"') == 1


def test_a_full_disk(anna, database):
    """What PostgreSQL says when the disk is full, in the middle of a file."""
    database.run("CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                 " IF NEW.at >= 2097152 THEN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END IF;"
                 " RETURN NEW; END $$;"
                 "CREATE TRIGGER full_disk BEFORE INSERT ON pg409.file_chunk FOR EACH ROW EXECUTE FUNCTION full_disk()")
    try:
        answer = put(anna, "a.bin", files.random(5_000_000))
        assert answer.status_code == 507 and answer.json()["reason"] == "files-full", answer.text
        assert files.leftovers(database) == 0 and files.names(anna) == []
        assert database.one("SELECT count(*) FROM pg409.file_chunk") == 0
        assert put(anna, "a.bin", SMALL).status_code == 201
    finally:
        database.run("DROP TRIGGER full_disk ON pg409.file_chunk; DROP FUNCTION full_disk")


def test_told_before_it_is_sent(database):
    """Expect: 100-continue: a name that is taken is told while the body is still to come."""
    more = {"REMOTE_USER": "anna", "HTTP_EXPECT": "100-continue"}
    with fastcgi.Program(database) as program:
        program.request("PUT", "/_files/a.txt", b"there", REMOTE_USER="anna")
        for address, status, fields in [("/_files/a.txt", 409, {}), ("/_files/a.txt", 412, {"HTTP_IF_NONE_MATCH": "*"}),
                                        ("/_files/a.txt", 412, {"HTTP_IF_MATCH": f'"{sha(b"x")}"'}),
                                        ("/_files/b.txt", 412, {"HTTP_IF_MATCH": f'"{sha(b"x")}"'})]:
            connection = fastcgi.Connection(program.path)
            connection.begin(fastcgi.params("PUT", address, 1000, **more, **fields))
            answer = connection.answer()
            assert answer.status == status and "Nothing of yours was sent yet" in answer.text
        connection = fastcgi.Connection(program.path)
        connection.begin(fastcgi.params("PUT", "/_files/b.txt", 3, **more))
        connection.body(b"abc")
        connection.end_body()
        assert connection.answer().status == 201


@pytest.mark.parametrize("sent", [0, 1000, 2_500_000])
def test_a_body_that_breaks_off(database, sent):
    with fastcgi.Program(database) as program:
        connection = fastcgi.Connection(program.path)
        connection.begin(fastcgi.params("PUT", "/_files/a.bin", 3_000_000, REMOTE_USER="anna"))
        connection.body(files.random(sent))
        connection.end_body()
        answer = connection.answer()
        assert answer.status == 400 and '"cut-short"' in answer.text
    assert files.leftovers(database) == 0 and database.one("SELECT count(*) FROM pg409.file_chunk") == 0


def test_memory_does_not_grow_with_a_file(database, tmp_path):
    """Up and down again; 2 GiB where there is time."""
    size = (2 << 30) if os.environ.get("PG409_LONG") else 96 << 20
    path, back = tmp_path / "big.bin", tmp_path / "back.bin"
    with open(path, "wb") as file:
        subprocess.run(["openssl", "enc", "-aes-128-ctr", "-pass", "pass:x", "-nosalt", "-pbkdf2"], check=True,
                       stdin=subprocess.Popen(["head", "-c", str(size), "/dev/zero"], stdout=subprocess.PIPE).stdout,
                       stdout=file)
    with stack.serving("lighttpd", database, workers=1) as server:
        curl = ["curl", "-sS", "-f", "-u", "anna:anna"]
        subprocess.run([*curl, "-T", path, server.url + "/_files/big.bin", "-o", os.devnull], check=True)
        subprocess.run([*curl, server.url + "/_files/big.bin", "-o", back], check=True)
        assert subprocess.run(["cmp", path, back]).returncode == 0
        peak = max(memory(pid) for pid in test_tus.workers(server))
        print(f"peak of the worker: {peak} KiB")
        assert peak < 16 * 1024
    assert database.one("SELECT size FROM pg409.file") == size


def test_what_is_told_in_the_log(anna, server):
    put(anna, "logged.txt", SMALL), put(anna, "logged.txt", b"other")
    lines = [line for line in server.log().splitlines() if "file=logged.txt" in line]
    assert "outcome=saved" in lines[-2] and f"current={sha(SMALL)}" in lines[-2]
    assert "outcome=conflict reason=exists" in lines[-1] and "status=409" in lines[-1]


def test_tidying_up(database, anna):
    put(anna, "a.txt", SMALL)
    put(anna, "a.txt", b"second", **{"If-Match": f'"{sha(SMALL)}"'})
    url = put(anna, "a.txt", b"third").json()["instance"]
    half = files.create(anna, "half.bin", 100).headers["Location"]
    database.run("UPDATE pg409.file_upload SET expires = now() - interval '1 second'")
    database.run("UPDATE pg409.file_revision SET ended_at = now() - interval '31 days'")
    database.run("UPDATE pg409.file_content SET at = now() - interval '2 hours'")
    for address in (url, half):
        assert anna.get(address).status_code == 404
    for number in range(300):
        put(anna, f"{number}.txt", b"x")
        if not files.leftovers(database) and database.one("SELECT count(*) FROM pg409.file_revision") == 0:
            break
    assert files.leftovers(database) == 0
    assert database.one("SELECT count(*) FROM pg409.file_chunk") == database.one("SELECT count(*) FROM pg409.file")
    assert files.whole(anna, "a.txt") == b"second"
