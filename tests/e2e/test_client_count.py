"""Two hundred clients that each add one: pg409 set n+=1."""

import pathlib
import subprocess

import pytest

import stack

CLIENTS = 200
COMMAND = str(pathlib.Path(stack.PROGRAM).with_name("pg409"))


@pytest.mark.parametrize("kind", ["lighttpd"])
def test_two_hundred_clients_at_once_add_exactly_two_hundred(postgres, tmp_path, kind):
    database = stack.Database(postgres)
    database.create("CREATE TABLE counter (id integer PRIMARY KEY, n bigint NOT NULL)", protect=["counter"])
    database.run("INSERT INTO counter VALUES (1, 9007199254740993)")
    netrc = tmp_path / "netrc"
    with stack.serving(kind, database) as server:
        netrc.write_text("machine 127.0.0.1 login anna password anna\n")
        command = [COMMAND, "set", "--quiet", f"--netrc-file={netrc}", f"{server.url.rstrip('/')}/counter/1", "n+=1"]
        clients = [subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) for _ in range(CLIENTS)]
        ended = [(client.communicate(timeout=240)[1], client.returncode) for client in clients]
    assert [end for end in ended if end[1]] == []
    assert database.one("SELECT n FROM counter") == 9007199254740993 + CLIENTS
