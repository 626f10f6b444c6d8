"""Files: up and down, and the list of them. Through lighttpd and Apache alike."""

import re

import pytest

import stack
from e2e import files
from e2e.files import PAGE, SMALL, put, sha
from e2e.files import anna, bob, server, tidy  # noqa: F401


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
