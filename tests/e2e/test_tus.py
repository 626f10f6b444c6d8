"""tus 1.0.0: uploads in parts, which are interrupted in every way there is."""

import base64
import concurrent.futures
import contextlib
import hashlib
import os
import random
import signal
import time

import pytest

import stack
from e2e import fastcgi, files
from e2e.files import PART, TUS, sha

KIB = 1024


@pytest.fixture(scope="module", params=["lighttpd", "apache", "nginx"])
def server(request, database):
    with stack.serving(request.param, database, workers=4) as server:
        yield server


@pytest.fixture(autouse=True)
def tidy(database):
    files.empty(database)


@pytest.fixture
def anna(server):
    with server.client("anna") as client:
        yield client


def test_options_tell_what_is_spoken(anna):
    answer = anna.options("/_files/")
    assert answer.status_code == 204 and answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        "creation", "creation-with-upload", "termination", "checksum", "expiration"}
    assert int(answer.headers["Tus-Max-Size"]) == 4 << 30


def test_in_parts(anna):
    data = files.random(250 * KIB)
    answer = files.create(anna, "über.bin", len(data), filetype="application/x-thing")
    assert answer.status_code == 201 and answer.headers["Tus-Resumable"] == "1.0.0"
    assert answer.headers["Upload-Offset"] == "0" and answer.headers["Upload-Expires"].endswith(" GMT")
    url = answer.headers["Location"]
    for at in range(0, len(data), 96 * KIB):
        assert files.names(anna) == []
        assert files.offset(anna, url) == at
        answer = files.send(anna, url, at, data[at:at + 96 * KIB])
        assert answer.status_code == 204
        assert int(answer.headers["Upload-Offset"]) == min(at + 96 * KIB, len(data))
    assert answer.headers["PG409-Outcome"] == "saved" and answer.headers["PG409-Version"] == sha(data)
    assert anna.get(answer.headers["Content-Location"]).content == data
    assert anna.get("/_files/über.bin").headers["Content-Type"] == "application/x-thing"
    assert files.offset(anna, url) == len(data)


@pytest.mark.parametrize("size", [0, 1, 1000])
def test_with_the_beginning(anna, size):
    data = files.random(size)
    answer = files.create(anna, "a.bin", size, data)
    assert answer.status_code == 201 and int(answer.headers["Upload-Offset"]) == size
    assert files.whole(anna, "a.bin") == data


def test_a_beginning_that_is_a_part(anna):
    data = files.random(1000)
    answer = files.create(anna, "a.bin", 1000, data[:400])
    assert answer.status_code == 201 and answer.headers["Upload-Offset"] == "400"
    assert files.send(anna, answer.headers["Location"], 400, data[400:]).status_code == 204
    assert files.whole(anna, "a.bin") == data


def test_hosts_that_block_methods(anna):
    url = files.create(anna, "a.bin", 3).headers["Location"]
    answer = anna.post(url, content=b"abc", headers={**PART, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"})
    assert answer.status_code == 204 and files.whole(anna, "a.bin") == b"abc"
    url = files.create(anna, "b.bin", 3).headers["Location"]
    assert anna.post(url, headers={**TUS, "X-HTTP-Method-Override": "DELETE"}).status_code == 204
    assert anna.head(url, headers=TUS).status_code == 404


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_checksums(anna, database, algorithm):
    data = files.random(100 * KIB)
    url = files.create(anna, "a.bin", len(data)).headers["Location"]
    right = base64.b64encode(hashlib.new(algorithm, data[:50 * KIB]).digest()).decode()
    wrong = base64.b64encode(hashlib.new(algorithm, b"other").digest()).decode()
    answer = files.send(anna, url, 0, data[:50 * KIB], **{"Upload-Checksum": f"{algorithm} {wrong}"})
    assert answer.status_code == 460 and files.offset(anna, url) == 0
    assert database.one("SELECT count(*) FROM pg409.file_chunk") == 0
    answer = files.send(anna, url, 0, data[:50 * KIB], **{"Upload-Checksum": f"{algorithm} {right}"})
    assert answer.status_code == 204 and files.offset(anna, url) == 50 * KIB
    for bad in ("sha512 " + right, algorithm, algorithm + " x", algorithm + " " + right[:-4]):
        assert files.send(anna, url, 50 * KIB, b"x", **{"Upload-Checksum": bad}).status_code == 400
    assert files.send(anna, url, 50 * KIB, data[50 * KIB:]).status_code == 204
    assert files.whole(anna, "a.bin") == data


def test_requests_that_are_none(anna):
    assert anna.post("/_files/", headers={**TUS, "Upload-Length": "1"}).status_code == 422
    assert anna.post("/_files/", headers={"Tus-Resumable": "0.2.2", "Upload-Length": "1"}).status_code == 412
    for length in ("", "-1", "x", "99999999999999999999"):
        answer = anna.post("/_files/", headers={**TUS, "Upload-Length": length,
                                                "Upload-Metadata": files.metadata(filename="a")})
        assert answer.status_code in (400, 413), length
    for given in ("filename !!!", "filename YQ==,filename YQ==", "filename /w==", ",".join(f"k{n} YQ==" for n in range(17))):
        answer = anna.post("/_files/", headers={**TUS, "Upload-Length": "1", "Upload-Metadata": given})
        assert answer.status_code == 400, given
    url = files.create(anna, "a.bin", 3).headers["Location"]
    assert anna.patch(url, content=b"abc", headers={**TUS, "Upload-Offset": "0"}).status_code == 415
    assert anna.patch(url, content=b"abc", headers=PART).status_code == 400
    assert anna.patch(url, content=b"abc", headers={**PART, "Tus-Resumable": "2"}).status_code == 412
    answer = files.send(anna, url, 1, b"abc")
    assert answer.status_code == 409 and answer.json()["reason"] == "upload-offset"
    assert answer.headers["Upload-Offset"] == "0"
    assert files.send(anna, url, 0, b"abcd").status_code == 413 and files.offset(anna, url) == 0
    assert files.send(anna, "/_files/_uploads/" + "0" * 32, 0, b"abc").status_code == 404
    assert files.send(anna, "/_files/_uploads/x", 0, b"abc").status_code == 404
    assert files.send(anna, url, 0, b"abc").status_code == 204
    assert files.send(anna, url, 3, b"").status_code == 409


def test_uploads_are_their_owners(anna, server):
    url = files.create(anna, "a.bin", 3).headers["Location"]
    with server.client("bob") as bob:
        assert bob.head(url, headers=TUS).status_code == 404
        assert files.send(bob, url, 0, b"abc").status_code == 404
        assert bob.delete(url, headers=TUS).status_code == 404
    assert files.send(anna, url, 0, b"abc").status_code == 204


def test_a_name_that_is_taken_is_told_before_anything_is_sent(anna):
    anna.put("/_files/a.txt", content=b"there")
    answer = files.create(anna, "a.txt", 1000)
    problem = answer.json()
    assert answer.status_code == 409 and problem["reason"] == "exists" and "instance" not in problem
    assert problem["proposed"] == "a (2).txt" and "Nothing of yours was sent yet" in problem["detail"]
    answer = files.create(anna, "a.txt", 3, b"new", version=problem["current"]["_version"])
    assert answer.status_code == 201 and files.whole(anna, "a.txt") == b"new"
    answer = files.create(anna, "a.txt", 3, b"old", version=sha(b"there"))
    assert answer.status_code == 409 and answer.json()["reason"] == "stale"
    assert files.create(anna, "gone.txt", 3, version=sha(b"there")).json()["reason"] == "deleted"


def test_a_name_that_is_taken_meanwhile(anna, server):
    url = files.create(anna, "a.txt", 6).headers["Location"]
    files.send(anna, url, 0, b"abc")
    with server.client("bob") as bob:
        assert bob.put("/_files/a.txt", content=b"Bob's").status_code == 201
    answer = files.send(anna, url, 3, b"def")
    assert answer.status_code == 409 and answer.json()["reason"] == "exists"
    assert answer.json()["instance"] == url
    # to a client of tus it must not look done
    assert anna.head(url, headers=TUS).status_code == 409
    answer = anna.post(url, data={"_action": "save", "name": "b.txt"})
    assert answer.status_code == 201 and files.whole(anna, "b.txt") == b"abcdef"
    assert files.whole(anna, "a.txt") == b"Bob's"


def test_termination(anna, database):
    url = files.create(anna, "a.txt", 6, b"abc").headers["Location"]
    assert anna.delete(url, headers=TUS).status_code == 204
    assert anna.head(url, headers=TUS).status_code == 404 and files.leftovers(database) == 0
    assert database.one("SELECT count(*) FROM pg409.file_chunk") == 0


def test_two_send_one_part(anna, server):
    data = files.random(90 * KIB)
    url = files.create(anna, "a.bin", 2 * len(data)).headers["Location"]
    with server.client("anna") as twin, concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda client: files.send(client, url, 0, data), (anna, twin)))
    assert sorted(answer.status_code for answer in answers)[0] == 204
    assert files.offset(anna, url) == len(data)
    assert files.send(anna, url, len(data), data).status_code == 204
    assert files.whole(anna, "a.bin") == data * 2


def test_the_answer_to_the_last_part_got_lost(database):
    """Stored, but not named yet: whoever asks how it stands gives it its name."""
    with fastcgi.Program(database) as program:
        tus = {"HTTP_TUS_RESUMABLE": "1.0.0", "REMOTE_USER": "anna"}
        answer = program.request("POST", "/_files", HTTP_UPLOAD_LENGTH="3",
                                 HTTP_UPLOAD_METADATA=files.metadata(filename="a.txt"), **tus)
        url = answer.headers["location"]
        database.run("WITH c AS (UPDATE pg409.file_content SET received = 3, state = NULL RETURNING id)"
                     " INSERT INTO pg409.file_chunk SELECT id, 0, 'abc' FROM c")
        database.run("UPDATE pg409.file_content SET state = %s", state(b"abc"))
        answer = program.request("HEAD", url, **tus)
        assert answer.status == 200 and answer.headers["upload-offset"] == "3"
        assert database.run("SELECT name, sha256 FROM pg409.file") == [("a.txt", sha(b"abc"))]


def state(data):
    """The digest of less than a block, as it is put down."""
    start = "6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19"
    return f"{start}:{len(data)}:{data.hex()}"


# --- everything breaks ---


def workers(server):
    """The processes of pg409 that serve."""
    found = []
    for folder in os.listdir("/proc"):
        if folder.isdigit():
            try:
                path = os.readlink(f"/proc/{folder}/exe")
            except OSError:
                continue
            if path.startswith(str(server.folder)) and path.split(" ")[0].endswith("/pg409.fcgi"):
                found.append(int(folder))
    return found


def stubborn(server, name, data, broke, part=96 * KIB):
    """Uploads by tus as a client does that does not give up."""
    deadline = time.monotonic() + 120
    url, at = None, 0
    while time.monotonic() < deadline:
        try:
            with server.client("anna") as client:
                if url is None:
                    answer = files.create(client, name, len(data))
                    if answer.status_code == 409:
                        assert files.whole(client, name) == data
                        return
                    assert answer.status_code in (201, 500, 502, 503), answer.text
                    url = answer.headers.get("Location")
                    continue
                answer = client.head(url, headers=TUS)
                if answer.status_code != 200:
                    broke.append(answer.status_code)
                    time.sleep(0.05)
                    continue
                at = int(answer.headers["Upload-Offset"])
                while at < len(data):
                    answer = files.send(client, url, at, data[at:at + part])
                    if answer.status_code != 204:
                        broke.append(answer.status_code)
                        break
                    at = int(answer.headers["Upload-Offset"])
                if at == len(data):
                    return
        except Exception as error:
            broke.append(type(error).__name__)
        time.sleep(0.02)
    raise AssertionError(f"{name} was not finished: {broke[-5:]}")


def check_all(server, database, sent):
    with server.client("anna") as client:
        for name, data in sent.items():
            assert files.whole(client, name) == data
    for name, digest, size in database.run("SELECT name, sha256, size FROM pg409.file"):
        data = database.one("SELECT coalesce(string_agg(c.data, '' ORDER BY c.at), '') FROM pg409.file_chunk c"
                            " JOIN pg409.file f ON f.content = c.content WHERE f.name = %s", name)
        assert len(data) == size and hashlib.sha256(data).hexdigest() == digest


def kill_in_the_middle(database, server, ended=lambda: False):
    """Kills the workers while one of them stores a part: a lock holds it up meanwhile."""
    with database.connect() as locker, locker.transaction():
        locker.execute("LOCK TABLE pg409.file_chunk IN EXCLUSIVE MODE")
        end = time.monotonic() + 20
        while not database.one("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                               " AND datname = current_database()"):
            if ended():
                return
            assert time.monotonic() < end, "nothing is being sent"
            time.sleep(0.01)
        kill(workers(server))


def kill(victims):
    for victim in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)


def test_kill_9_at_any_point(server, database):
    count = 200 if os.environ.get("PG409_LONG") else 6
    sent = {f"k{number}.bin": files.random(random.randrange(500 * KIB, 1500 * KIB)) for number in range(count)}
    broke = []
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(stubborn, server, *item, broke) for item in sent.items()]
        ended = lambda: all(future.done() for future in futures)  # noqa: E731
        for _ in range(3):
            kill_in_the_middle(database, server, ended)
        while not ended():
            time.sleep(random.uniform(0.05, 0.7))
            alive = workers(server)
            kill(random.sample(alive, min(1, len(alive))))
        for future in futures:
            future.result()
    assert broke, "nothing was ever interrupted"
    check_all(server, database, sent)


def test_postgresql_restarts(postgres):
    database = stack.Database(postgres)
    with stack.serving("lighttpd", database, workers=2) as server:
        sent = {f"p{number}.bin": files.random(3_000_000) for number in range(3)}
        broke = []
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            futures = [pool.submit(stubborn, server, name, data, broke, 20 * KIB) for name, data in sent.items()]
            for mode in ("immediate", "fast"):
                time.sleep(0.7)
                postgres_restart(postgres, mode)
            for future in futures:
                future.result()
        database.sql = database.connect()
        check_all(server, database, sent)


def postgres_restart(postgres, mode):
    pid = int((postgres.folder / "postgres/postmaster.pid").read_text().split()[0]) \
        if (postgres.folder / "postgres/postmaster.pid").exists() else None
    if mode == "immediate" and pid:
        os.kill(pid, signal.SIGQUIT)
        time.sleep(0.5)
    postgres.restart()
