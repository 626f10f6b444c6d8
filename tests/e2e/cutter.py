"""A proxy between the program and PostgreSQL that loses connections exactly where a test wants it.
It speaks as much of the protocol as it takes to see where a message and a pipeline end."""

import pathlib
import shutil
import socket
import struct
import threading
import time

import psycopg

import stack

WRITES = (b"INSERT INTO \"public\"", b"UPDATE \"public\"", b"DELETE FROM \"public\"")
BEFORE, PART, UNANSWERED, TORN, TAIL, RUNNING = (
    "before", "part", "unanswered", "torn", "tail", "running")
"""Where to cut: before anything of the pipeline is forwarded; behind the write, before the end of
the pipeline; when PostgreSQL has committed and answered; in the middle of that answer; before its
last byte; while PostgreSQL is still at it, whom nobody tells."""


class Gone(Exception):
    pass


def _exactly(side, size):
    data = b""
    while len(data) < size:
        part = side.recv(size - len(data))
        if not part:
            raise Gone
        data += part
    return data


def _message(side, typed=True):
    head = _exactly(side, 5 if typed else 4)
    return head + _exactly(side, struct.unpack(">I", head[-4:])[0] - 4)


class Cutter:
    """Used with "with"; its conninfo leads through it to the database."""

    def __init__(self, database):
        self.folder, self.database = stack.folder(), database
        parts = database.postgres.parts
        name = f".s.PGSQL.{parts['port']}"
        self.target = str(pathlib.Path(parts["host"]) / name)
        self.conninfo = psycopg.conninfo.make_conninfo(
            **{**parts, "host": str(self.folder), "dbname": database.name, "user": "editor"})
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.folder / name))
        self.listener.listen(16)
        self.plan, self.meanwhile, self.pipelines = [], None, 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, *where, meanwhile=None):
        """The next pipelines that write are cut there, one after the other; meanwhile() is called
        when the first of them was, before the program gets to know."""
        self.plan, self.meanwhile, self.pipelines = list(where), meanwhile, 0

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(self.target)
            server.sendall(_message(client, typed=False))
            self._answer(server, client)
            statements = {}
            while self._pipeline(client, server, statements):
                pass
        except (Gone, OSError):
            pass
        finally:
            client.close()
            server.close()

    def _until_asleep(self):
        """The pipeline has come to where its trigger sleeps: all its locks are taken."""
        for _ in range(500):
            if self.database.run("SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
                                 " AND wait_event = 'PgSleep'"):
                return
            time.sleep(0.01)

    @staticmethod
    def _answer(server, client=None):
        """All up to the end of the pipeline, for the client if there is one. A server that goes may
        have last words."""
        data = message = b""
        try:
            while message[:1] != b"Z":
                message = _message(server)
                data += message
        finally:
            if client:
                client.sendall(data)
        return data

    def _pipeline(self, client, server, statements):
        messages, write = [], None
        while not messages or messages[-1][:1] not in (b"S", b"Q", b"X"):
            messages.append(_message(client))
            kind, rest = messages[-1][:1], messages[-1][5:]
            if kind == b"P":
                name, _, text = rest.partition(b"\0")
                statements[name] = text
            if kind == b"B":
                name = rest.split(b"\0")[1]
                if any(word in statements[name] for word in WRITES):
                    write = len(messages)
        self.pipelines += write is not None
        where = self.plan.pop(0) if write and self.plan else None
        if where == PART:
            while messages[write - 1][:1] != b"E":
                write += 1
            messages = messages[:write]
        if where != BEFORE:
            server.sendall(b"".join(messages))
        if where is None:
            self._answer(server, client)
        elif where == RUNNING:
            self._until_asleep()
            client.close()
            self._answer(server)
        elif where not in (BEFORE, PART):
            answer = self._answer(server)
            size = {TORN: len(answer) // 2, TAIL: len(answer) - 1}.get(where, 0)
            client.sendall(answer[:size])
        if where and self.meanwhile:
            self.meanwhile()
            self.meanwhile = None
        return where is None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)
