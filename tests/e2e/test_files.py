"""Files: up and down, never over one that is there. Through lighttpd and Apache alike."""

import concurrent.futures
import os
import pathlib
import re
import subprocess

import pytest

import stack
from e2e import fastcgi, files, test_tus
from e2e.files import PAGE, sha

SMALL = b"Hello, file.\n"


@pytest.fixture(scope="module", params=["lighttpd", "apache"])
def server(request, database):
    with stack.serving(request.param, database, {"file_max_bytes": "8M"}, workers=4) as server:
        yield server


@pytest.fixture(autouse=True)
def tidy(database):
    files.empty(database)


@pytest.fixture
def anna(server):
    with server.client("anna") as client:
        yield client


@pytest.fixture
def bob(server):
    with server.client("bob") as client:
        yield client


def put(client, name, data, **headers):
    return client.put(f"/_files/{name}", content=data, headers=headers)


# --- up and down ---


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 100_000])
def test_up_and_down(anna, bob, size):
    data = files.random(size)
    answer = put(anna, "a.bin", data, **{"Content-Type": "application/x-thing"})
    assert answer.status_code == 201 and answer.headers["PG409-Outcome"] == "saved"
    assert answer.headers["Location"] == "/_files/a.bin" and answer.headers["PG409-Version"] == sha(data)
    file = answer.json()
    assert file["size"] == size and file["sha256"] == sha(data) and file["updated_by"] == "anna"
    assert files.whole(bob, "a.bin") == data
    answer = bob.get("/_files/a.bin")
    assert answer.headers["Content-Type"] == "application/x-thing"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a.bin"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")


def test_head_tells_the_same_without_the_bytes(anna):
    put(anna, "a.txt", SMALL)
    answer = anna.head("/_files/a.txt")
    assert answer.status_code == 200 and answer.headers["Content-Length"] == str(len(SMALL))
    assert answer.headers["ETag"] == f'"{sha(SMALL)}"' and answer.content == b""


def test_who_has_it_gets_no_bytes(anna):
    put(anna, "a.txt", SMALL)
    for tag in (f'"{sha(SMALL)}"', f'W/"{sha(SMALL)}"', f'"x", "{sha(SMALL)}-gzip"', "*"):
        answer = anna.get("/_files/a.txt", headers={"If-None-Match": tag})
        assert answer.status_code == 304 and answer.content == b"", tag
    assert anna.get("/_files/a.txt", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("field, expected", [
    ("bytes=0-9", [(0, 9)]), ("bytes=90000-", [(90000, 99999)]), ("bytes=-5", [(99995, 99999)]),
    ("bytes=65530-65540", [(65530, 65540)]), ("bytes=99999-200000", [(99999, 99999)]),
    ("bytes=0-0,50000-50001,-1", [(0, 0), (50000, 50001), (99999, 99999)]),
])
def test_parts(anna, field, expected):
    data = files.random(100_000)
    put(anna, "a.bin", data)
    answer = anna.get("/_files/a.bin", headers={"Range": field})
    assert answer.status_code == 206
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    if len(expected) == 1:
        first, last = expected[0]
        assert answer.content == data[first:last + 1]
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(data)}"
        return
    boundary = re.fullmatch(r"multipart/byteranges; boundary=(\w+)", answer.headers["Content-Type"])[1].encode()
    parts = answer.content.split(b"\r\n--" + boundary)
    assert parts[0] == b"" and parts[-1] == b"--\r\n"
    for part, (first, last) in zip(parts[1:-1], expected, strict=True):
        head, _, body = part.partition(b"\r\n\r\n")
        assert f"Content-Range: bytes {first}-{last}/{len(data)}".encode() in head
        assert body == data[first:last + 1]


def test_parts_across_stored_pieces(anna, database):
    """What the web server gives in one request is stored in pieces of 256 KiB."""
    data = files.random(100_000)
    url = files.create(anna, "a.bin", 300_000).headers["Location"]
    for at in range(0, 300_000, 100_000):
        assert files.send(anna, url, at, data).status_code == 204
    assert database.one("SELECT count(*) FROM pg409.file_chunk") == 3
    for first, last in [(99_990, 100_010), (0, 299_999), (100_000, 199_999), (250_000, 299_999)]:
        answer = anna.get("/_files/a.bin", headers={"Range": f"bytes={first}-{last}"})
        assert answer.content == (data * 3)[first:last + 1]


def test_parts_that_are_none(anna):
    put(anna, "a.txt", SMALL)
    answer = anna.get("/_files/a.txt", headers={"Range": "bytes=13-"})
    assert answer.status_code == 416 and answer.headers["Content-Range"] == "bytes */13"
    answer = anna.get("/_files/a.txt", headers={"Range": "lines=1-2"})
    assert answer.status_code == 200 and answer.content == SMALL


def test_a_part_of_something_else_is_not_mixed(anna):
    put(anna, "a.txt", SMALL)
    part = {"Range": "bytes=0-4"}
    assert anna.get("/_files/a.txt", headers={**part, "If-Range": f'"{sha(SMALL)}"'}).status_code == 206
    for tag in ('"other"', f'W/"{sha(SMALL)}"', "Wed, 25 Nov 2026 10:00:00 GMT"):
        answer = anna.get("/_files/a.txt", headers={**part, "If-Range": tag})
        assert answer.status_code == 200 and answer.content == SMALL, tag


@pytest.mark.parametrize("name", ["über uns (1).txt", "a+b&c=d.txt", "100%.txt", "~tilde,comma;semi.txt", "_uploads",
                                  "日本語.pdf", "a'b\"c.txt", "x" * 255, "back\\slash.txt", "#hash?.txt"])
def test_names(anna, name):
    from urllib.parse import quote
    answer = anna.put("/_files/" + quote(name, safe=""), content=SMALL)
    assert answer.status_code == 201, answer.text
    assert answer.json()["name"] == name
    answer = anna.get(answer.headers["Location"])
    assert answer.status_code == 200 and answer.content == SMALL
    told = re.search(r"filename\*=UTF-8''(\S+)", answer.headers["Content-Disposition"])
    from urllib.parse import unquote
    plain = re.search(r'filename="([^"]*)"', answer.headers["Content-Disposition"])[1]
    assert (unquote(told[1]) if told else plain) == name
    assert anna.get(f"/_files/{quote(name, safe='')}/_about").json()["file"]["name"] == name


@pytest.mark.parametrize("name", ["x" * 256, ".htaccess", "a\x01b", "a\x7fb", "\u202egpj.exe"])
def test_names_that_cannot_be(anna, database, name):
    from urllib.parse import quote
    answer = anna.put("/_files/" + quote(name, safe=""), content=SMALL)
    control = any(ord(letter) < 32 or ord(letter) == 127 for letter in name)
    if control and answer.status_code == 400:
        return  # lighttpd itself does not take such an address
    assert answer.status_code == 422 and answer.json()["reason"] == "file-name", answer.text
    assert files.leftovers(database) == 0 and files.names(anna) == []


def test_names_are_one_however_unicode_writes_them(anna):
    assert put(anna, "u%CC%88ber.txt", SMALL).json()["name"] == "über.txt"
    assert put(anna, "%C3%BCber.txt", b"other").status_code == 409
    assert put(anna, "%C3%9CBER.TXT", b"other").status_code == 409
    assert anna.get("/_files/%C3%9CBER.TXT").content == SMALL


def test_names_with_case(database, anna):
    with stack.serving("lighttpd", database, {"file_names": "exact"}) as server, server.client("anna") as anna:
        assert put(anna, "a.txt", SMALL).status_code == 201
        assert put(anna, "A.txt", b"other").status_code == 201
        assert put(anna, "a.txt", b"other").status_code == 409
    with pytest.raises(Exception, match="file_fold"):
        database.run("SELECT pg409.refold_files(true)")
    database.run("DELETE FROM pg409.file WHERE name = 'A.txt'")
    database.run("SELECT pg409.refold_files(true)")
    assert database.one("SELECT count(*) FROM pg409.file WHERE fold = 'a.txt'") == 1


def test_any_kind_of_answer_may_be_asked_for(anna):
    put(anna, "a.png", SMALL, **{"Content-Type": "image/png"})
    assert anna.get("/_files/a.png", headers={"Accept": "image/avif,image/webp"}).content == SMALL


def test_a_json_file_and_a_form_are_files_too(anna):
    for kind in ("application/json", "application/x-www-form-urlencoded", "text/html"):
        data = b'{"not": "json' + kind.encode()
        assert put(anna, kind.replace("/", "-"), data, **{"Content-Type": kind}).status_code == 201
        assert files.whole(anna, kind.replace("/", "-")) == data


# --- never over one that is there ---


def test_a_name_that_is_taken(anna, bob):
    put(anna, "report.pdf", SMALL)
    answer = put(bob, "report.pdf", b"Bob's report")
    assert answer.status_code == 409 and answer.headers["PG409-Outcome"] == "conflict"
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["type"] == "/_problems/file-exists" and problem["reason"] == "exists"
    assert problem["current"]["updated_by"] == "anna" and problem["current"]["sha256"] == sha(SMALL)
    assert problem["yours"] == {"size": 12, "sha256": sha(b"Bob's report"), "media_type": "application/octet-stream"}
    assert problem["proposed"] == "report (2).pdf" and problem["retry"]["same_request"] == "never"
    assert "anna uploaded" in problem["detail"] and "kept for you" in problem["detail"]
    assert files.whole(anna, "report.pdf") == SMALL
    assert bob.get(problem["type"]).status_code == 200


def test_the_same_bytes_again_are_no_conflict(anna, bob, database):
    put(anna, "a.txt", SMALL)
    answer = put(bob, "a.txt", SMALL)
    assert answer.status_code == 200 and answer.headers["PG409-Outcome"] == "already-applied"
    assert anna.get("/_files/a.txt/_about").json()["file"]["updated_by"] == "anna"
    assert anna.get("/_files/a.txt/_about").json()["revisions"] == []


def test_if_none_match_is_told_by_412(anna):
    put(anna, "a.txt", SMALL)
    answer = put(anna, "a.txt", b"other", **{"If-None-Match": "*"})
    assert answer.status_code == 412 and answer.json()["reason"] == "exists"
    assert put(anna, "b.txt", b"other", **{"If-None-Match": "*"}).status_code == 201
    answer = put(anna, "b.txt", b"x", **{"If-None-Match": "*", "If-Match": f'"{sha(b"other")}"'})
    assert answer.status_code == 400


def test_kept_bytes_are_saved_under_another_name(anna, bob):
    put(anna, "a.txt", SMALL)
    url = put(bob, "a.txt", b"Bob's").json()["instance"]
    answer = bob.post(url, data={"_action": "save", "name": "b.txt"})
    assert answer.status_code == 201 and answer.headers["Location"] == "/_files/b.txt"
    assert files.whole(anna, "b.txt") == b"Bob's" and files.whole(anna, "a.txt") == SMALL


def test_kept_bytes_replace_exactly_what_was_seen(anna, bob):
    put(anna, "a.txt", SMALL)
    problem = put(bob, "a.txt", b"Bob's").json()
    put(anna, "a.txt", b"Anna's second", **{"If-Match": f'"{sha(SMALL)}"'})
    replace = {"_action": "replace", "_version": problem["version"]["current"]}
    answer = bob.post(problem["instance"], data=replace)
    assert answer.status_code == 409 and answer.json()["reason"] == "stale"
    assert files.whole(anna, "a.txt") == b"Anna's second"
    replace["_version"] = answer.json()["version"]["current"]
    answer = bob.post(problem["instance"], data=replace)
    assert answer.status_code == 200 and answer.headers["PG409-Outcome"] == "saved"
    assert files.whole(anna, "a.txt") == b"Bob's"


def test_kept_bytes_can_be_let_go(anna, bob, database):
    put(anna, "a.txt", SMALL)
    url = put(bob, "a.txt", b"Bob's").json()["instance"]
    assert bob.post(url, data={"_action": "drop"}).status_code == 204
    assert bob.get(url).status_code == 404 and files.leftovers(database) == 0
    assert files.whole(anna, "a.txt") == SMALL


def test_kept_bytes_are_their_owners(anna, bob, server):
    put(anna, "a.txt", SMALL)
    url = put(bob, "a.txt", b"Bob's").json()["instance"]
    assert anna.get(url).status_code == 404
    assert anna.post(url, data={"_action": "save", "name": "b.txt"}).status_code == 404
    assert bob.get(url).json()["reason"] == "exists"
    assert files.names(anna) == ["a.txt"]


def test_kept_bytes_meet_a_name_that_is_taken_too(anna, bob):
    put(anna, "a.txt", SMALL), put(anna, "b.txt", b"other")
    url = put(bob, "a.txt", b"Bob's").json()["instance"]
    answer = bob.post(url, data={"_action": "save", "name": "b.txt"})
    assert answer.status_code == 409 and answer.json()["current"]["name"] == "b.txt"
    assert bob.post(url, data={"_action": "save", "name": ".b"}).status_code == 422
    assert bob.post(url, data={"_action": "replace"}).status_code == 428
    assert bob.post(url, data={"_action": "replace", "_version": "x"}).status_code == 400
    assert bob.post(url, data={"_action": "explode"}).status_code == 400
    assert bob.post(url, data={"_action": "save", "name": "c.txt"}).status_code == 201


@pytest.mark.parametrize("sizes", ["same", "different"])
def test_sixteen_race_for_one_name(server, database, sizes):
    bodies = [files.random(50_000 if sizes == "same" else 1000 * number + 1) for number in range(16)]

    def upload(number):
        with server.client(("anna", "bob", "carl")[number % 3]) as client:
            return put(client, "race.bin", bodies[number])

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(upload, range(16)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 15
    winner = next(number for number, answer in enumerate(answers) if answer.status_code == 201)
    with server.client("anna") as client:
        assert files.whole(client, "race.bin") == bodies[winner]
    for number, answer in enumerate(answers):
        if number == winner:
            continue
        with server.client(("anna", "bob", "carl")[number % 3]) as client:
            saved = client.post(answer.json()["instance"], data={"_action": "save", "name": f"{number}.bin"})
            assert saved.status_code == 201 and files.whole(client, f"{number}.bin") == bodies[number]


def test_a_part_is_not_taken_for_the_whole(anna):
    answer = put(anna, "a.txt", b"second half", **{"Content-Range": "bytes 11-21/22"})
    assert answer.status_code == 400 and files.names(anna) == []


# --- replace, rename, delete, bring back ---


def test_replacing_needs_the_version(anna, bob):
    put(anna, "a.txt", SMALL)
    answer = put(bob, "a.txt", b"new", **{"If-Match": f'"{sha(SMALL)}"'})
    assert answer.status_code == 200 and answer.headers["PG409-Outcome"] == "saved"
    answer = put(anna, "a.txt", b"too late", **{"If-Match": f'"{sha(SMALL)}"'})
    assert answer.status_code == 412 and answer.json()["reason"] == "stale"
    assert "bob replaced" in answer.json()["detail"]
    answer = anna.put(f"/_files/a.txt?_version={sha(SMALL)}", content=b"too late")
    assert answer.status_code == 409 and answer.json()["reason"] == "stale"
    assert files.whole(anna, "a.txt") == b"new"
    answer = put(anna, "a.txt", b"new", **{"If-Match": f'"{sha(SMALL)}"'})
    assert answer.status_code == 200 and answer.headers["PG409-Outcome"] == "already-applied"


def test_replacing_what_is_gone(anna):
    put(anna, "a.txt", SMALL)
    tag = {"If-Match": f'"{sha(SMALL)}"'}
    assert anna.delete("/_files/a.txt", headers=tag).status_code == 204
    answer = put(anna, "a.txt", b"new", **tag)
    assert answer.status_code == 412 and answer.json()["reason"] == "deleted"
    assert answer.json()["proposed"] == "a.txt"


def test_versions_that_are_none(anna, server):
    put(anna, "a.txt", SMALL)
    assert put(anna, "a.txt", b"x", **{"If-Match": '"short"'}).status_code == 400
    assert anna.put(f"/_files/a.txt?_version={'0' * 64}", content=b"x",
                    headers={"If-Match": f'"{sha(SMALL)}"'}).status_code == 400
    assert put(anna, "a.txt", b"x", **{"If-Match": "*"}).status_code == 403
    assert anna.delete("/_files/a.txt").status_code == 428
    assert anna.patch("/_files/a.txt", json={"name": "b.txt"}).status_code == 428
    assert files.whole(anna, "a.txt") == SMALL


def test_overwriting_where_it_is_allowed(database):
    with stack.serving("lighttpd", database, {"allow_overwrite": "on"}) as server, server.client("anna") as anna:
        put(anna, "a.txt", SMALL)
        assert put(anna, "a.txt", b"x", **{"If-Match": "*"}).status_code == 200
        assert files.whole(anna, "a.txt") == b"x"
        assert anna.delete("/_files/a.txt", headers={"If-Match": "*"}).status_code == 204


def test_delete_and_bring_back(anna, bob):
    put(anna, "a.txt", SMALL)
    assert bob.delete("/_files/a.txt", headers={"If-Match": f'"{sha(b"x")}"'}).status_code == 412
    assert bob.delete(f"/_files/a.txt?_version={sha(SMALL)}").status_code == 204
    assert anna.get("/_files/a.txt").status_code == 404
    about = anna.get("/_files/a.txt/_about").json()
    assert about["file"] is None and about["revisions"][0]["ended_by"] == "bob"
    back = {"_action": "bring-back", "revision": str(about["revisions"][0]["revision"])}
    assert anna.post("/_files/a.txt", data=back).status_code == 200
    assert files.whole(anna, "a.txt") == SMALL
    assert anna.post("/_files/a.txt", data=back).status_code == 409


def test_an_earlier_version_is_brought_back(anna, bob):
    put(anna, "a.txt", SMALL)
    put(bob, "a.txt", b"second", **{"If-Match": f'"{sha(SMALL)}"'})
    revision = anna.get("/_files/a.txt/_about").json()["revisions"][0]
    assert (revision["ended"], revision["ended_by"], revision["updated_by"]) == ("replaced", "bob", "anna")
    assert anna.get(f"/_files/a.txt?_revision={revision['revision']}").content == SMALL
    restore = {"_action": "restore", "revision": str(revision["revision"]), "_version": sha(SMALL)}
    assert anna.post("/_files/a.txt", data=restore).status_code == 409
    restore["_version"] = sha(b"second")
    assert anna.post("/_files/a.txt", data=restore).status_code == 200
    assert files.whole(anna, "a.txt") == SMALL
    assert len(anna.get("/_files/a.txt/_about").json()["revisions"]) == 2
    assert anna.get("/_files/a.txt?_revision=999999").status_code == 404
    assert anna.get("/_files/a.txt?_revision=x").status_code == 404


def test_rename(anna, bob):
    put(anna, "a.txt", SMALL), put(anna, "b.txt", b"other")
    answer = bob.patch("/_files/a.txt", json={"name": "b.txt", "_version": sha(SMALL)})
    assert answer.status_code == 409 and answer.json()["type"] == "/_problems/file-exists"
    assert "anna uploaded “b.txt”" in answer.json()["detail"]
    assert bob.patch("/_files/a.txt", json={"name": "b/c", "_version": sha(SMALL)}).status_code == 422
    assert bob.patch("/_files/a.txt", json={"nam": "c"}).status_code == 400
    answer = bob.patch("/_files/a.txt", json={"name": "A.txt", "_version": sha(SMALL)})
    assert answer.status_code == 200 and answer.json()["name"] == "A.txt"
    answer = bob.patch("/_files/A.txt", json={"name": "c.txt"}, headers={"If-Match": f'"{sha(SMALL)}"'})
    assert answer.status_code == 200 and files.whole(bob, "c.txt") == SMALL
    assert bob.get("/_files/a.txt").status_code == 404


# --- several at once, by a form ---


def test_a_form_with_several_files(anna, database):
    put(anna, "there.txt", b"there")
    answer = anna.post("/_files/", files=[("file", ("a.txt", SMALL, "text/plain")),
                                          ("file", ("there.txt", b"other")), ("file", (".bad", b"x")),
                                          ("file", ("big.bin", files.random(70_000)))])
    assert answer.status_code == 409
    told = answer.json()["files"]
    assert [file.get("outcome") or file["reason"] for file in told] == ["saved", "exists", "file-name", "saved"]
    assert sorted(files.names(anna)) == ["a.txt", "big.bin", "there.txt"]
    assert anna.get(told[1]["instance"]).status_code == 200


def test_a_form_as_browsers_send_it(anna, bob):
    answer = anna.post("/_files/", files={"file": ("a.txt", SMALL)}, headers=PAGE)
    assert answer.status_code == 303 and answer.headers["Location"] == "/_files/?_done=uploaded"
    answer = bob.post("/_files/", files={"file": ("a.txt", b"Bob's")}, headers=PAGE)
    assert answer.status_code == 409 and "A file of this name is there already" in answer.text
    url = re.search(r'action="(/_files/_uploads/\w+)"', answer.text)[1]
    answer = bob.post(url, data={"_action": "save", "name": "a (2).txt"}, headers=PAGE)
    assert answer.status_code == 303
    assert files.whole(anna, "a (2).txt") == b"Bob's"
    answer = bob.post("/_files/", files={"file": ("", b"")}, headers=PAGE)
    assert answer.status_code == 422 and "No file was chosen" in answer.text
    answer = bob.post("/_files/", files=[("file", ("a.txt", b"x")), ("file", ("c.txt", b"c"))], headers=PAGE)
    assert answer.status_code == 409 and "Not all files could be stored" in answer.text


def test_a_form_that_replaces(anna, bob):
    put(anna, "a.txt", SMALL)
    form = {"files": {"file": ("other name.txt", b"new")}, "headers": PAGE}
    answer = bob.post("/_files/a.txt", data={"_version": sha(SMALL)}, **form)
    assert answer.status_code == 303 and files.whole(anna, "a.txt") == b"new"
    answer = anna.post("/_files/a.txt", data={"_version": sha(SMALL)}, files={"file": ("x", b"newer")}, headers=PAGE)
    assert answer.status_code == 409 and "replaced after you looked at it" in answer.text


def test_a_form_that_is_none(anna, database):
    head = {"Content-Type": "multipart/form-data; boundary=x"}
    for body in (b"", b"--x\r\n", b"--x\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\nbroken off",
                 b"--x\r\nContent-Disposition: nothing\r\n\r\n\r\n--x--\r\n"):
        answer = anna.post("/_files/", content=body, headers=head)
        assert answer.status_code == 400, answer.text
    assert anna.post("/_files/", content=b"x", headers={"Content-Type": "multipart/form-data"}).status_code == 400
    assert anna.post("/_files/", content=b"x", headers={"Content-Type": "text/plain"}).status_code == 415
    assert files.leftovers(database) == 0 and files.names(anna) == []


# --- lists ---


def test_lists(anna):
    for number, name in enumerate(["b.txt", "A.txt", "c%25.pdf"]):
        put(anna, name, b"x" * (3 - number))
    assert files.names(anna) == ["A.txt", "b.txt", "c%.pdf"]
    listed = lambda query: [file["name"] for file in anna.get("/_files/?" + query).json()]  # noqa: E731
    assert listed("order=size") == ["c%.pdf", "A.txt", "b.txt"] and listed("order=size.desc&limit=1") == ["b.txt"]
    assert listed("order=updated_at.desc") == ["c%.pdf", "A.txt", "b.txt"] and listed("offset=2") == ["c%.pdf"]
    assert listed("q=TXT") == ["A.txt", "b.txt"] and listed("q=%25") == ["c%.pdf"] and listed("q=zzz") == []
    for query in ("order=colour", "order=name.up", "limit=x", "offset=-1"):
        assert anna.get("/_files/?" + query).status_code == 400, query


def test_pages_of_the_list(database, anna):
    for number in range(23):
        put(anna, f"f{number:02}.txt", b"x" * (number % 5 + 1))
    with stack.serving("lighttpd", database, {"page_rows": "5"}) as server, server.client("anna") as anna:
        for sort in ("name", "size", "time"):
            for desc in ("", "&desc=1"):
                url, seen = f"/_files/?sort={sort}{desc}", []
                while url:
                    page = anna.get(url, headers=PAGE)
                    assert page.status_code == 200
                    seen.append(re.findall(r'_about">([^<]+)</a>', page.text))
                    found = re.search(r'<a href="([^"]+)">Later', page.text)
                    url = found and found[1].replace("&amp;", "&")
                assert sorted(sum(seen, [])) == [f"f{number:02}.txt" for number in range(23)]
                back = re.search(r'<a href="([^"]+)">← Earlier', page.text)[1].replace("&amp;", "&")
                page = anna.get(back, headers=PAGE).text
                assert re.findall(r'_about">([^<]+)</a>', page) == seen[-2]
        assert anna.get("/_files/?after=x", headers=PAGE).status_code == 400
        assert anna.get("/_files/?sort=time&after=x,y", headers=PAGE).status_code == 400


# --- limits and refusals ---


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


def memory(pid):
    """The most memory that a process ever had, in KiB."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


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
