"""The real tus-js-client uploads through Apache with an .htaccess alone, where mod_fcgid takes no body of more
than 131072 bytes: the network is cut, workers are killed, PostgreSQL is restarted, the client ends and begins anew."""

import json
import socket
import subprocess
import threading
import time

import pytest

import stack
from e2e import files, test_tus


@pytest.fixture(scope="module")
def own(postgres):
    return stack.Database(postgres)


@pytest.fixture(scope="module")
def server(own):
    with stack.serving("apache-htaccess", own) as server:
        yield server


@pytest.fixture
def anna(server):
    with server.client("anna") as client:
        yield client


class Cable:
    """Passes bytes on to the server, until it is cut; then nothing is let through for a while."""

    def __init__(self, port):
        self.port, self.cut, self.pairs = port, False, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                here, _ = self.listener.accept()
            except OSError:
                return
            if self.cut:
                here.close()
                continue
            there = socket.create_connection(("127.0.0.1", self.port))
            self.pairs.append((here, there))
            for pair in ((here, there), (there, here)):
                threading.Thread(target=self.carry, args=pair, daemon=True).start()

    def carry(self, source, target):
        try:
            while data := source.recv(16384):
                target.sendall(data)
                time.sleep(0.002)
        except OSError:
            pass
        for end in (source, target):
            end.close()

    def interrupt(self):
        self.cut = True
        for pair in self.pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        time.sleep(0.4)
        self.cut = False

    def close(self):
        self.listener.close()


class Client:
    def __init__(self, npm, url, path, name, *options):
        self.process = subprocess.Popen(
            ["node", str(stack.ROOT / "tests/npm/tus.mjs"), url, "anna", str(path), name, str(path) + ".state", *options],
            cwd=npm, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self):
        out, errors = self.process.communicate(timeout=120)
        assert not errors, errors
        return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def sample(tmp_path):
    data = files.random(1_500_000)
    path = tmp_path / "sample.bin"
    path.write_bytes(data)
    return path, data


def test_the_limit_is_in_place(anna):
    assert anna.put("/_files/big.bin", content=b"x" * 131073).status_code == 500
    assert anna.put("/_files/small.bin", content=b"x" * 131072).status_code == 201


def test_a_file_larger_than_the_limit(npm, server, anna, sample):
    events = Client(npm, server.url, sample[0], "plain.bin").end()
    assert "done" in events[-1], events
    assert files.whole(anna, "plain.bin") == sample[1]
    assert anna.get("/_files/plain.bin").headers["Content-Type"] == "application/x-thing"


def test_the_network_is_cut(npm, server, anna, sample):
    cable = Cable(server.port)
    client = Client(npm, cable.url, sample[0], "cut.bin")
    for _ in range(3):
        time.sleep(0.6)
        cable.interrupt()
    events = client.end()
    cable.close()
    assert "done" in events[-1] and any("retry" in event for event in events), events
    assert files.whole(anna, "cut.bin") == sample[1]


def test_workers_are_killed(npm, own, server, anna, sample):
    cable = Cable(server.port)  # so that it takes long enough
    client = Client(npm, cable.url, sample[0], "killed.bin")
    for _ in range(3):
        time.sleep(0.2)
        test_tus.kill_in_the_middle(own, server)
    events = client.end()
    cable.close()
    assert "done" in events[-1] and sum("retry" in event for event in events) >= 3, events
    assert files.whole(anna, "killed.bin") == sample[1]


def test_postgresql_is_restarted(npm, postgres, own, server, anna, sample):
    cable = Cable(server.port)  # so that it takes long enough
    client = Client(npm, cable.url, sample[0], "restarted.bin")
    time.sleep(0.7)
    postgres.restart()
    events = client.end()
    cable.close()
    own.sql = own.connect()
    assert "done" in events[-1], events
    assert files.whole(anna, "restarted.bin") == sample[1]


def test_the_client_is_closed_and_begins_anew(npm, server, anna, sample):
    events = Client(npm, server.url, sample[0], "anew.bin", "--die-after", "700000").end()
    assert "died" in events[-1] and "anew.bin" not in files.names(anna)
    events = Client(npm, server.url, sample[0], "anew.bin").end()
    assert "resumed" in events[0] and "done" in events[-1]
    assert files.whole(anna, "anew.bin") == sample[1]


def test_a_name_that_is_taken(npm, server, anna, sample):
    anna.put("/_files/taken.bin", content=b"there")
    events = Client(npm, server.url, sample[0], "taken.bin").end()
    assert events[-1]["error"] == 409
    assert json.loads(events[-1]["body"])["proposed"] == "taken (2).bin"
    assert files.whole(anna, "taken.bin") == b"there"


def test_a_name_that_is_taken_meanwhile(npm, server, anna, sample):
    cable = Cable(server.port)
    client = Client(npm, cable.url, sample[0], "meanwhile.bin")
    time.sleep(0.8)
    assert anna.put("/_files/meanwhile.bin", content=b"faster").status_code == 201
    events = client.end()
    cable.close()
    assert "error" in events[-1], "the client believes that it is done"
    assert files.whole(anna, "meanwhile.bin") == b"faster"
    assert "Your unfinished uploads" in anna.get("/_files/", headers=files.PAGE).text
