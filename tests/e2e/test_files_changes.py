"""Files: replaced, renamed, deleted, brought back; several at once by a form. Through lighttpd and Apache alike."""

import re

import stack
from e2e import files
from e2e.files import PAGE, SMALL, put, sha
from e2e.files import anna, bob, server, tidy  # noqa: F401


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
