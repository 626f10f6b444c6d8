"""Talks FastCGI to the program without a web server in between, so that a test decides what
arrives, when, and when the connection breaks. Also starts the program as a server would."""

import os
import pathlib
import socket
import struct
import subprocess
import urllib.parse

import stack

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = 1, 2, 3, 4, 5, 6, 7
FORM = "application/x-www-form-urlencoded"


class Answer:
    def __init__(self, out, errors, ended, records=()):
        head, _, self.body = out.partition(b"\r\n\r\n")
        pairs = [line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if line]
        self.headers = {name.lower(): value for name, value in pairs}
        self.status = int(self.headers.get("status", "0").split(" ")[0])
        self.text = self.body.decode(errors="replace")
        self.log = errors.decode(errors="replace")
        self.log_records = records
        self.ended = ended  # the end record came: the answer is whole


class Connection:
    """One request on one connection. Records go out exactly as they are asked for."""

    def __init__(self, path, timeout=30):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))

    def record(self, kind, data=b""):
        self.socket.sendall(struct.pack(">BBHHBB", 1, kind, 1, len(data), 0, 0) + data)

    def begin(self, params):
        self.record(BEGIN, struct.pack(">HB5x", 1, 0))
        data = b"".join(_pair(name, value) for name, value in params.items())
        self._stream(PARAMS, data)
        self.record(PARAMS)

    def body(self, data):
        """A part of the body; the stream stays open."""
        self._stream(STDIN, data)

    def end_body(self):
        self.record(STDIN)

    def _stream(self, kind, data):
        for at in range(0, len(data), 65535):
            self.record(kind, data[at:at + 65535])

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                return None
            data += part
        return data

    def answer(self):
        out, errors, ended = b"", [], False
        while not ended:
            head = self._exactly(8)
            if head is None:
                break
            _, kind, _, size, padding, _ = struct.unpack(">BBHHBB", head)
            data = self._exactly(size + padding)
            if data is None:
                break
            out += data[:size] if kind == STDOUT else b""
            errors += [data[:size]] if kind == STDERR else []
            ended = kind == END
        self.close()
        return Answer(out, b"".join(errors), ended, errors)

    def close(self):
        self.socket.close()


def _length(size):
    return bytes([size]) if size < 128 else struct.pack(">I", size | 0x80000000)


def _pair(name, value):
    name = name.encode()
    value = value if isinstance(value, bytes) else str(value).encode()
    return _length(len(name)) + _length(len(value)) + name + value


def params(method, address, length=None, **more):
    """What a web server that serves the program at the root of a site would send."""
    path, _, query = address.partition("?")
    values = {"REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": urllib.parse.unquote(path),
              "REQUEST_URI": address, "QUERY_STRING": query, "SERVER_PROTOCOL": "HTTP/1.1",
              "HTTP_HOST": "localhost", "REMOTE_USER": "anna"}
    if length is not None:
        values["CONTENT_LENGTH"] = length
    values.update(more)
    return {name: value for name, value in values.items() if value is not None}


def request(path, method, address, body=None, announced=None, **more):
    """The whole of one request. announced is the length it claims to have."""
    connection = Connection(path)
    length = announced if announced is not None else (None if body is None else len(body))
    try:
        connection.begin(params(method, address, length, **more))
        connection.body(body or b"")
        connection.end_body()
    except (BrokenPipeError, ConnectionResetError):
        pass  # it answered before it had everything
    return connection.answer()


def encode(fields):
    return urllib.parse.urlencode(fields).encode()


class Program:
    """The program itself, workers of it on one Unix socket that is their standard input."""

    def __init__(self, database, settings=None, workers=1, program=stack.PROGRAM):
        self.folder = stack.folder()
        self.path = self.folder / "pg409.sock"
        self.settings = self.folder / "pg409.conf"
        values = {"database": database if isinstance(database, str) else database.conninfo(),
                  "metrics_file": self.folder / "metrics", **(settings or {})}
        self.settings.write_text("".join(f"{name} = {value}\n" for name, value in values.items()))
        self.errors = open(self.folder / "error.log", "wb")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.path))
        listener.listen(64)
        self.workers = [subprocess.Popen(
            [program], stdin=listener.fileno(), stdout=subprocess.DEVNULL, stderr=self.errors,
            env={"PATH": os.environ["PATH"], "PG409_CONFIG": str(self.settings)})
            for _ in range(workers)]
        listener.close()  # the workers have it; when they end, nobody accepts any more

    def request(self, method, address, body=None, **more):
        return request(self.path, method, address, body, **more)

    def get(self, address, **more):
        return self.request("GET", address, **{"HTTP_ACCEPT": "application/json", **more})

    def post(self, address, fields, **more):
        return self.request("POST", address, encode(fields),
                            **{"CONTENT_TYPE": FORM, "HTTP_ACCEPT": "text/html", **more})

    def remove(self):
        for worker in self.workers:
            if worker.poll() is None:
                worker.terminate()
        for worker in self.workers:
            try:
                worker.wait(10)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
        self.errors.close()
        for path in sorted(pathlib.Path(self.folder).iterdir()):
            path.unlink()
        self.folder.rmdir()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()
