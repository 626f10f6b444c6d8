"""What the tests of files share: uploads and what is stored of them."""

import base64
import hashlib
import os

TUS = {"Tus-Resumable": "1.0.0"}
PART = {**TUS, "Content-Type": "application/offset+octet-stream"}
PAGE = {"Accept": "text/html"}


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
