"""Between the program and the web server: signals, broken connections, several workers."""

import concurrent.futures
import contextlib
import json
import os
import re
import signal
import time

import pytest

import stack
from e2e import fastcgi, pages

PAGES = ["/", "/note", "/note/1", "/note/_new", "/_problems/stale", "/nothing"]


@pytest.fixture(scope="module", autouse=True)
def tables(database):
    database.create("CREATE TABLE note (id integer PRIMARY KEY, title text, body text);"
                    "CREATE TABLE big (id integer PRIMARY KEY, body text);"
                    "INSERT INTO big SELECT n, repeat('x', 100000) FROM generate_series(1, 60) n",
                    protect=["note", "big"])
    for number in range(1, 10):
        database.run("INSERT INTO note VALUES (%s, 'Title', 'Body')", number)


@pytest.fixture
def program(database):
    with fastcgi.Program(database) as program:
        yield program


@pytest.fixture(scope="module")
def apache(database):
    with stack.serving("apache", database) as server:
        yield server


def version(program, number):
    return json.loads(program.get(f"/note/{number}").text)["_version"]


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_a_list_that_streams_has_the_headers_of_every_answer(program):
    short, long = program.get("/note"), program.get("/big")
    assert len(long.body) > 5_000_000
    for name in ("x-request-id", "content-security-policy", "x-content-type-options", "referrer-policy", "server-timing"):
        assert name in short.headers and name in long.headers, name


def test_a_parameter_is_found_among_many(program):
    many = {f"HTTP_X_{number:04}": "x" for number in range(300)}
    behind = {**many, "HTTP_X_REQUEST_ID": "behind-them-all"}
    assert program.get("/note/1", **behind).headers["x-request-id"] == "behind-them-all"
    before = {"HTTP_X_REQUEST_ID": "before-them-all", **many}
    assert program.get("/note/1", **before).headers["x-request-id"] == "before-them-all"
    # of the same length as another that is asked for, which is not there
    assert program.get("/note/1", HTTP_X_REQUEST_IE="no").headers["x-request-id"] != "no"


def test_an_answer_does_not_wait_for_what_is_done_behind_it(database):
    """Who opened the form is noted behind the answer: here the note cannot be written for long."""
    with fastcgi.Program(database, {"lock_timeout": "60s", "statement_timeout": "60s"}) as program:
        with database.connect() as other, other.transaction():
            other.execute("LOCK pg409.opened IN SHARE ROW EXCLUSIVE MODE")
            answer = program.get("/note/1", HTTP_ACCEPT="text/html")
            assert answer.status == 200 and answer.ended and "</html>" in answer.text
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%pg409.opened%'"
            until(lambda: database.one(waiting) == 1)


# --- signals and broken connections ---


def test_sigterm_in_the_middle_of_a_body_saves_it_whole_and_then_ends(program, database):
    text = "x" * 40000
    body = fastcgi.encode({"_version": version(program, 1), "body": text})
    connection = fastcgi.Connection(program.path)
    connection.begin(fastcgi.params("POST", "/note/1", len(body), CONTENT_TYPE=fastcgi.FORM))
    connection.body(body[:1000])
    # It has to be reading when the signal comes: the socket's queue is empty then.
    until(lambda: _is_reading(program.workers[0].pid))
    program.workers[0].send_signal(signal.SIGTERM)
    connection.body(body[1000:])
    connection.end_body()
    answer = connection.answer()
    assert (answer.status, answer.headers["pg409-outcome"]) == (303, "saved")
    assert answer.ended
    assert program.workers[0].wait(10) == 0
    assert database.one("SELECT body FROM note WHERE id = 1") == text


def _is_reading(pid):
    """It sleeps in read, not in the ppoll that waits for a request."""
    return _system_call(pid) in ("0", "63")  # read, on amd64 and arm64


def _system_call(pid):
    with open(f"/proc/{pid}/syscall") as file:
        return file.read().split(" ")[0].strip()


def test_idle_program_ends_at_once_on_sigterm(program):
    assert program.get("/note/2").status == 200
    started = time.monotonic()
    program.workers[0].send_signal(signal.SIGTERM)
    assert program.workers[0].wait(10) == 0
    assert time.monotonic() - started < 1


def test_program_that_never_had_a_request_ends_on_sigterm(program):
    until(lambda: _system_call(program.workers[0].pid) in ("232", "281", "22"))  # epoll_wait, or epoll_pwait
    program.workers[0].send_signal(signal.SIGTERM)
    assert program.workers[0].wait(10) == 0


def test_client_gone_in_the_middle_of_a_body_saves_nothing(program, database):
    body = fastcgi.encode({"_version": version(program, 3), "title": "Half", "body": "y" * 5000})
    connection = fastcgi.Connection(program.path)
    connection.begin(fastcgi.params("POST", "/note/3", len(body), CONTENT_TYPE=fastcgi.FORM))
    connection.body(body[:3000])
    connection.close()
    assert program.get("/note/3").status == 200  # the one worker is done with the other
    assert database.one("SELECT title FROM note WHERE id = 3") == "Title"


def test_aborted_request_saves_nothing(program, database):
    body = fastcgi.encode({"_version": version(program, 4), "title": "Aborted"})
    connection = fastcgi.Connection(program.path)
    connection.begin(fastcgi.params("POST", "/note/4", len(body) + 10, CONTENT_TYPE=fastcgi.FORM))
    connection.body(body)
    connection.record(fastcgi.ABORT)
    assert connection.answer().status != 303
    assert program.get("/note/4").status == 200
    assert database.one("SELECT title FROM note WHERE id = 4") == "Title"


def test_client_gone_while_the_answer_is_written_leaves_the_worker_alive(program):
    connection = fastcgi.Connection(program.path)
    connection.begin(fastcgi.params("GET", "/big", HTTP_ACCEPT="application/json"))
    connection.end_body()
    assert connection.socket.recv(1000)
    connection.close()
    assert program.get("/note/5").status == 200
    assert program.workers[0].poll() is None


def test_client_gone_before_the_answer_still_has_its_save(program, database):
    body = fastcgi.encode({"_version": version(program, 5), "title": "Nobody listens"})
    connection = fastcgi.Connection(program.path)
    connection.begin(fastcgi.params("POST", "/note/5", len(body), CONTENT_TYPE=fastcgi.FORM))
    connection.body(body)
    connection.end_body()
    connection.close()
    until(lambda: database.one("SELECT title FROM note WHERE id = 5") == "Nobody listens")
    assert program.get("/note/5").status == 200


def test_two_workers_share_one_socket(database):
    with fastcgi.Program(database, workers=2) as program:
        held = fastcgi.Connection(program.path)  # one of the two waits for this body
        held.begin(fastcgi.params("POST", "/note/6", 1000, CONTENT_TYPE=fastcgi.FORM))
        held.body(b"title=")
        for _ in range(20):
            assert program.get("/note/6").status == 200
        held.close()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: program.get("/note/6").status, range(80)))
        assert answers == [200] * 80
        for worker in program.workers:
            worker.terminate()
        assert [worker.wait(10) for worker in program.workers] == [0, 0]


def test_idle_timeout_drops_the_database_connection(database):
    with fastcgi.Program(database, {"idle_timeout": "1s"}) as program:
        def connections():
            return database.one("SELECT count(*) FROM pg_stat_activity WHERE datname = %s "
                                "AND application_name = 'pg409'", database.name)
        until(lambda: connections() == 0)
        assert program.get("/note/7").status == 200
        assert connections() == 1
        until(lambda: connections() == 0)
        assert program.get("/note/7").status == 200


# --- where it is mounted ---


def links(text):
    """All addresses in a page but those within it, and its empty icon."""
    return re.findall(r'(?:href|action)="(?!data:,")([^"#][^"]*)"', text)


@pytest.mark.parametrize("prefix", ["/desk", "/cgi-bin/pg409.fcgi", "/~anna/my%20desk"])
@pytest.mark.parametrize("address", PAGES)
def test_every_link_stays_below_the_script_name(program, prefix, address):
    answer = program.get(address, HTTP_ACCEPT="text/html", REQUEST_URI=prefix + address,
                         SCRIPT_NAME=prefix.replace("%20", " "))
    found = links(answer.text)
    assert found
    assert [link for link in found if not link.startswith(prefix + "/")] == []


def test_every_link_stays_below_the_address_before_a_rewrite(program):
    answer = program.get("/note/1", HTTP_ACCEPT="text/html", SCRIPT_NAME="/desk/pg409.fcgi",
                         REQUEST_URI="/desk/note/1?x=1")
    assert all(re.match(r"/desk/(?!pg409)", link) for link in links(answer.text))


def test_redirect_after_a_save_stays_below_the_prefix(program):
    answer = program.post("/note/8", {"_version": version(program, 8), "title": "New"},
                          SCRIPT_NAME="/desk", REQUEST_URI="/desk/note/8")
    assert answer.status == 303
    assert answer.headers["location"].startswith("/desk/note/8")


@pytest.mark.parametrize("address", ["/desk", "/desk/pg409.fcgi"])
def test_htaccess_in_a_folder_gives_working_links_and_redirects(database, address):
    with stack.serving("apache-htaccess", database) as server, server.client("anna") as client:
        folder = server.folder / "run/htdocs/desk"
        folder.mkdir()
        for name in ("pg409.fcgi", ".htaccess"):
            (server.folder / "run/htdocs" / name).rename(folder / name)
        listing = client.get(f"{address}/note", headers={"Accept": "text/html"})
        assert listing.status_code == 200
        for link in links(listing.text):
            assert link.startswith(address + "/")
            assert client.get(link.replace("&amp;", "&"),
                              headers={"Accept": "text/html, */*"}).status_code == 200, link
        form = pages.form(client, f"{address}/note/9")
        form["title"] = f"Saved at {address}"
        saved = form.send(client)
        assert saved.headers["location"].startswith(f"{address}/note/9")
        assert database.one("SELECT title FROM note WHERE id = 9") == f"Saved at {address}"


# --- what servers do to answers ---


@pytest.mark.parametrize("field, value", [("If-None-Match", "*"), ("If-None-Match", '"x"'),
                                          ("If-Modified-Since", "Sun, 22 Nov 2026 07:49:00 GMT")])
def test_apache_does_not_eat_the_redirect_of_a_conditional_save(apache, field, value):
    with apache.client("anna") as client:
        form = pages.form(client, "/note/2")
        form["title"] = f"{field} {value}"
        answer = form.send(client, **{field: value})
        assert (answer.status_code, answer.headers["pg409-outcome"]) == (303, "saved")


@pytest.mark.parametrize("kind", ["lighttpd", "apache", "nginx"])
def test_body_of_a_409_survives_the_server(database, kind):
    with stack.serving(kind, database) as server, server.client("anna") as client:
        old = client.get("/note/3").json()["_version"]
        assert client.patch("/note/3", json={"title": kind, "_version": old}).status_code == 200
        answer = client.patch("/note/3", json={"title": "Mine", "_version": old},
                              headers={"If-None-Match": "*"})
        assert answer.status_code == 409
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["reason"] == "stale"


@pytest.mark.parametrize("kind, status", [
    ("lighttpd", 200), ("lighttpd-cgi", 200), ("apache", 200), ("nginx", 200),
    ("apache-cgi", 411)])  # which does not tell where such a body ends
def test_chunked_body_is_read_whole_or_refused(database, kind, status):
    with stack.serving(kind, database) as server, server.client("anna") as client:
        version = client.get("/note/7").json()["_version"]
        text = json.dumps({"title": f"Chunked {kind}", "body": "x" * 20000, "_version": version})
        pieces = (text[at:at + 1000].encode() for at in range(0, len(text), 1000))
        answer = client.patch("/note/7", content=pieces,
                              headers={"Content-Type": "application/json"})
        assert answer.status_code == status, answer.text
        saved = database.one("SELECT title FROM note WHERE id = 7") == f"Chunked {kind}"
        assert saved == (status == 200)


@pytest.mark.parametrize("kind", ["apache-cgi", "lighttpd-cgi"])
def test_who_sends_too_much_is_told_so(database, kind):
    """The program ends while the body still comes: the answer has to arrive all the same."""
    big, pieces = b"x" * (9 << 20), [b"x" * 1000] * 20
    with stack.serving(kind, database) as server, server.client("anna") as client:
        for _ in range(10):
            assert client.patch("/note/7", content=big, headers={"Content-Type": "application/json"}).status_code == 413
            if kind == "apache-cgi":
                assert client.patch("/note/7", content=iter(pieces),
                                    headers={"Content-Type": "application/json"}).status_code == 411


def test_conditional_get_gets_304_with_its_tag(apache):
    with apache.client("anna") as client:
        first = client.get("/note/4")
        again = client.get("/note/4", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]


@contextlib.contextmanager
def compressing(server, kind):
    """A second server of the same kind, with the same configuration and compression."""
    run, port = server.folder / "run", stack.free_port()
    other = server.folder / "second"
    text = (run / "server.conf").read_text().replace(str(server.port), str(port))
    site = (run / "pg409-site.conf").read_text().replace(str(server.port), str(port))
    other.mkdir()
    other.chmod(0o777)
    if kind == "apache":
        text = text.replace(str(run), str(other))
        text += ("LoadModule filter_module /usr/lib/apache2/modules/mod_filter.so\n"
                 "LoadModule deflate_module /usr/lib/apache2/modules/mod_deflate.so\n"
                 "SetOutputFilter DEFLATE\n")
        command = "mkdir -p {0}/fcgid && exec apache2 -DFOREGROUND -f {0}/server.conf"
    else:
        text = text.replace(f"{run}/pg409-site.conf", f"{other}/pg409-site.conf")
        text += ('server.modules += ( "mod_deflate" )\n'
                 'deflate.mimetypes = ( "" )\ndeflate.allowed-encodings = ( "gzip" )\n')
        command = "exec lighttpd -D -f {0}/server.conf"
    (other / "server.conf").write_text(text)
    (other / "pg409-site.conf").write_text(site)
    script = f"PATH=$PATH:/usr/sbin; ({command.format(other)}) 2>&1 & " \
             f"trap 'kill $!' TERM; for i in $(seq 200); do " \
             f"(exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && break; sleep 0.05; done; " \
             f"echo ready here; wait $!; wait $!"
    drop = ["setpriv", "--reuid=www-data", "--regid=www-data", "--init-groups", "--"]
    process = stack.Process([*(drop if os.getuid() == 0 else []), "bash", "-c",
                             script], "ready")
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stop()


@pytest.mark.parametrize("kind", ["lighttpd", "apache"])
def test_write_works_with_the_tag_that_a_compressing_server_gave(database, kind):
    with stack.serving(kind, database) as server, server.client("anna") as client, \
            compressing(server, kind) as address:
        page = client.get(f"{address}/note", headers={"Accept": "text/html"})
        assert page.headers.get("content-encoding") == "gzip"  # it does compress
        row = client.get(f"{address}/note/5")
        tag = row.headers["etag"].rstrip('"') + ("" if "gzip" in row.headers["etag"] else "-gzip")
        saved = client.patch(f"{address}/note/5", json={"title": f"Compressed by {kind}"},
                             headers={"If-Match": tag + '"'})
        assert (saved.status_code, saved.headers["pg409-outcome"]) == (200, "saved")


# --- methods ---


@pytest.mark.parametrize("address", ["/", "/note", "/note/1", "/note/_new", "/_health"])
def test_head_is_get_without_its_body(apache, address):
    with apache.client("anna") as client:
        accept = {"Accept": "text/html, */*;q=0.5"}
        head, get = client.head(address, headers=accept), client.get(address, headers=accept)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == get.headers["content-type"]


@pytest.mark.parametrize("address, allowed", [
    ("/", "GET, HEAD, OPTIONS"), ("/note/_new", "GET, HEAD, OPTIONS"),
    ("/note", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    ("/note/1", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")])
def test_options_and_405_name_what_is_allowed(program, address, allowed):
    options = program.request("OPTIONS", address)
    assert (options.status, options.headers["allow"]) == (204, allowed)
    wrong = program.request("FOO", address)
    assert (wrong.status, wrong.headers["allow"]) == (405, allowed)


def test_delete_of_a_whole_list_is_refused(apache):
    with apache.client("anna") as client:
        count = len(client.get("/note").json())
        answer = client.delete("/note")
        assert (answer.status_code, answer.json()["reason"]) == (428, "version-required")
        assert len(client.get("/note").json()) == count


@pytest.mark.parametrize("how", ["field", "header"])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_post_can_say_which_method_it_means(program, database, how, method):
    database.run("INSERT INTO note VALUES (50, 'Title', 'Body') ON CONFLICT DO NOTHING")
    fields = {"_version": version(program, 50)}
    fields.update({"_method": method} if how == "field" else {})
    fields.update({"title": how} if method == "PATCH" else {})
    more = {"HTTP_X_HTTP_METHOD_OVERRIDE": method} if how == "header" else {}
    answer = program.post("/note/50", fields, **more)
    assert (answer.status, answer.headers["pg409-outcome"]) == (303, "saved")
    titles = [row[0] for row in database.run("SELECT title FROM note WHERE id = 50")]
    assert titles == ([how] if method == "PATCH" else [])


def test_get_cannot_be_turned_into_a_write(program, database):
    answer = program.get("/note/1?_method=DELETE", HTTP_X_HTTP_METHOD_OVERRIDE="DELETE",
                         HTTP_IF_MATCH=f'"{version(program, 1)}"')
    assert answer.status == 200
    assert database.one("SELECT count(*) FROM note WHERE id = 1") == 1
