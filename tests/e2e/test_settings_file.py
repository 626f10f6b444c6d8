"""Where the settings file is looked for, when it is read again, and what happens when it is wrong.
docs/settings.md says it; most of it is shown with the program as plain CGI, one start a request."""

import os
import pathlib
import re
import shutil
import subprocess
import time

import pytest

import stack


class Place:
    """A copy of the program with nothing around it, in a folder below another."""

    def __init__(self):
        self.above = stack.folder()
        self.folder = self.above / "cgi-bin"
        self.home = self.above / "home"
        self.folder.mkdir()
        self.home.mkdir()
        self.program = self.folder / "pg409.fcgi"
        shutil.copy(stack.PROGRAM, self.program)
        self.beside = self.folder / "pg409.conf"
        self.one_above = self.above / "pg409.conf"
        self.of_home = self.home / ".config/pg409/pg409.conf"
        self.named = self.above / "named.conf"

    def title(self, command=(), **environment):
        """What stands at the top of a page: it tells which file was read."""
        answer = self.ask(command, **environment)
        return re.search(r"– ([^<]*)</title>", answer).group(1)

    def ask(self, command=(), **environment):
        environment = {"HOME": str(self.home), "REQUEST_METHOD": "GET",
                       "SCRIPT_NAME": "/pg409.fcgi", "PATH_INFO": "/_problems/stale",
                       "REQUEST_URI": "/pg409.fcgi/_problems/stale",
                       "GATEWAY_INTERFACE": "CGI/1.1", "PATH": os.environ["PATH"], **environment}
        done = subprocess.run([*command, str(self.program)], env=environment, check=True,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.log = done.stderr
        return done.stdout


@pytest.fixture
def place():
    place = Place()
    yield place
    shutil.rmtree(place.above)


def write(path, title):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"title = {title}\nmetrics = off\n")


def test_without_any_file_the_defaults_count(place):
    assert place.title() == "pg409"


def test_file_beside_the_program_is_found(place):
    write(place.beside, "Beside")
    assert place.title() == "Beside"


def test_file_one_folder_above_is_found(place):
    write(place.one_above, "Above")
    assert place.title() == "Above"


def test_file_of_the_home_is_found(place):
    write(place.of_home, "Home")
    assert place.title() == "Home"


def test_file_in_etc_is_found_last(place):
    """In a view of the files of its own, where /etc holds little more than that file."""
    etc = place.above / "etc"
    write(etc / "pg409/pg409.conf", "Etc")
    script = 'mount --bind "$0" /etc && exec "$@"'
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(etc)]
    assert place.title(command) == "Etc"
    write(place.of_home, "Home")
    assert place.title(command) == "Home"


def test_nearer_file_wins(place):
    write(place.of_home, "Home")
    write(place.one_above, "Above")
    assert place.title() == "Above"
    write(place.beside, "Beside")
    assert place.title() == "Beside"


@pytest.mark.parametrize("name", ["PG409_CONFIG", "REDIRECT_PG409_CONFIG"])
def test_named_file_wins_over_all(place, name):
    write(place.beside, "Beside")
    write(place.named, "Named")
    assert place.title(**{name: str(place.named)}) == "Named"


def test_named_file_has_to_be_there(place):
    write(place.beside, "Beside")
    answer = place.ask(PG409_CONFIG=str(place.named))
    assert answer.startswith("Status: 503")
    assert "named.conf" in place.log
    assert "named.conf" not in answer


def test_client_cannot_name_a_file(place):
    write(place.beside, "Beside")
    write(place.named, "Named")
    assert place.title(HTTP_PG409_CONFIG=str(place.named)) == "Beside"


# --- changes, with a program that stays ---


@pytest.fixture(scope="module")
def server(database):
    database.create("CREATE TABLE note (id integer PRIMARY KEY, title text)", protect=["note"])
    with stack.serving("lighttpd", database, workers=1) as server:
        yield server


@pytest.fixture
def settings(server):
    """The text of the settings file; the file is put back afterwards."""
    text = server.settings.read_text()
    yield text
    server.settings.write_text(text)
    with server.client("anna") as client:
        until(lambda: client.get("/_health").status_code == 200)


def until(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def page(client, address="/"):
    return client.get(address, headers={"Accept": "text/html"})


def test_changed_file_counts_within_seconds_without_a_restart(server, settings):
    with server.client("anna") as client:
        assert "Another title" not in page(client).text
        server.settings.write_text(settings + "title = Another title\n")
        until(lambda: "Another title" in page(client).text)


def test_file_replaced_by_rename_counts_too(server, settings):
    with server.client("anna") as client:
        other = server.folder / "other.conf"
        other.write_text(settings + "title = Renamed here\n")
        other.rename(server.settings)
        until(lambda: "Renamed here" in page(client).text)


FAULTS = [("max_body = much", "max_body", "size"), ("colour = red", "colour", "option"),
          ("anonymous = maybe", "anonymous", "deny"), ("page_rows = 0", "page_rows", "1"),
          ("schema = a\nschema = b", "schema", "already"), ("nonsense", None, "name = value")]


@pytest.mark.parametrize("line, name, cure", FAULTS, ids=[fault[1] for fault in FAULTS])
def test_faulty_file_is_503_without_details_and_the_log_says_line_and_cure(
        server, settings, line, name, cure):
    with server.client("anna") as client:
        before = len(server.log())
        server.settings.write_text(settings + line + "\n")
        answers = []
        until(lambda: answers.append(page(client)) or answers[-1].status_code == 503)
        assert answers[-1].headers["retry-after"]
        for secret in (line, str(server.settings), "pg409.conf", "dbname", "editor"):
            assert secret not in answers[-1].text
        number = settings.count("\n") + 1 + line.count("\n")
        until(lambda: "pg409 error" in server.log()[before:])
        told = server.log()[before:]
        assert f"line {number}: {name or ''}" in told or f"line {number}: there is" in told
        assert (name or "") in told and cure in told


def test_secrets_of_a_faulty_line_are_not_logged(server, settings):
    with server.client("anna") as client:
        before = len(server.log())
        server.settings.write_text(settings.replace("database =", "database"))
        until(lambda: page(client).status_code == 503)
        until(lambda: "pg409 error" in server.log()[before:])
        assert "dbname" not in server.log()[before:]


def test_two_folders_with_an_htaccess_each_have_their_own_settings(database):
    with stack.serving("apache-htaccess", database) as server, server.client("anna") as client:
        root = server.folder / "run/htdocs"
        text = (root / ".htaccess").read_text()
        for name in ("one", "two"):
            own = server.folder / f"{name}.conf"
            own.write_text(server.settings.read_text() + f"title = Desk {name}\n")
            folder = pathlib.Path(root / name)
            folder.mkdir()
            os.link(root / "pg409.fcgi", folder / "pg409.fcgi")  # one program for both
            (folder / ".htaccess").write_text(text.replace(str(server.settings), str(own)))
        for _ in range(6):  # in turn: the processes may be the same
            assert "Desk one" in page(client, "/one/").text
            assert "Desk two" in page(client, "/two/").text


def test_sample_and_help_name_every_option_and_the_sample_is_valid(place):
    sample = subprocess.run([place.program, "--sample"], check=True, capture_output=True, text=True)
    place.beside.write_text(sample.stdout)
    assert place.title() == "pg409"
    explained = subprocess.run([place.program, "--help"], check=True, capture_output=True,
                               text=True)
    documented = re.findall(r"^### `(\w+)`", (stack.ROOT / "docs/settings.md").read_text(), re.M)
    assert len(documented) > 10
    for name in documented:
        assert re.search(rf"^#?\s*{name}\s*=", sample.stdout, re.M), name
        assert name in explained.stdout
