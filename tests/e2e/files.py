"""What the tests of files share: who asks, uploads, and what is stored of them."""

import base64
import hashlib
import os
import pathlib
import re

import pytest

import stack

TUS = {"Tus-Resumable": "1.0.0"}
PART = {**TUS, "Content-Type": "application/offset+octet-stream"}
PAGE = {"Accept": "text/html"}
SMALL = b"Hello, file.\n"


# fixtures: a module of tests imports those it wants


@pytest.fixture(scope="module", params=["lighttpd", "apache"])
def server(request, database):
    with stack.serving(request.param, database, {"file_max_bytes": "8M"}, workers=4) as server:
        yield server


@pytest.fixture(autouse=True)
def tidy(database):
    empty(database)


@pytest.fixture
def anna(server):
    with server.client("anna") as client:
        yield client


@pytest.fixture
def bob(server):
    with server.client("bob") as client:
        yield client


def sha(data):
    return hashlib.sha256(data).hexdigest()


def random(size):
    return os.urandom(size)


def metadata(**pairs):
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in pairs.items())


def create(client, name, size, body=None, **more):
    """Begins an upload by tus."""
    headers = {**(PART if body is not None else TUS), "Upload-Length": str(size),
               "Upload-Metadata": metadata(filename=name, **more)}
    return client.post("/_files/", headers=headers, content=body)


def send(client, url, offset, data, **headers):
    return client.patch(url, headers={**PART, "Upload-Offset": str(offset), **headers}, content=data)


def offset(client, url):
    answer = client.head(url, headers=TUS)
    assert answer.status_code == 200, answer.status_code
    return int(answer.headers["Upload-Offset"])


def names(client):
    return [file["name"] for file in client.get("/_files/").json()]


def whole(client, name):
    """The file, checked against the digest that the answer gives."""
    answer = client.get(f"/_files/{name}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == f'"{sha(answer.content)}"'
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    return answer.content


def leftovers(database):
    """Uploads that are not done, and contents that nothing uses."""
    return database.one(
        "SELECT (SELECT count(*) FROM pg409.file_upload WHERE coalesce(outcome, '') NOT IN ('saved', 'already-applied'))"
        " + (SELECT count(*) FROM pg409.file_content c WHERE NOT EXISTS (SELECT FROM pg409.file f WHERE f.content = c.id)"
        " AND NOT EXISTS (SELECT FROM pg409.file_revision r WHERE r.content = c.id)"
        " AND NOT EXISTS (SELECT FROM pg409.file_upload u WHERE u.content = c.id))")


def empty(database):
    database.run("DELETE FROM pg409.file; DELETE FROM pg409.file_revision; DELETE FROM pg409.file_upload;"
                 "DELETE FROM pg409.file_content")


def put(client, name, data, **headers):
    return client.put(f"/_files/{name}", content=data, headers=headers)


def memory(pid):
    """The most memory that a process ever had, in KiB."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])
