"""A proxy between a client and the web server that loses answers exactly where a test wants it."""

import socket
import threading

REFUSE, LATER, DROP, LOSE, HALF, PASS = "refuse", "later", "drop", "lose", "half", "pass"
"""What becomes of a request: 503 with Retry-After, or with a date in it; it never arrives; it arrives and is answered, but
the answer does not; all but the last bytes of the answer do; nothing happens to it."""

AWAY = (b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 5\r\n"
        b"Connection: close\r\n\r\naway\n")


def _message(side):
    """Head and body of one message, with whatever its Content-Length says."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = side.recv(65536)
        if not part:
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    size = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            size = int(value)
    while len(body) < size:
        part = side.recv(65536)
        if not part:
            break
        body += part
    return head + b"\r\n\r\n" + body


def _whole_answer(server):
    """The server was asked to close, so the answer ends where the connection does."""
    data = b""
    while part := server.recv(65536):
        data += part
    return data


class Lossy:
    """Used with "with"; url leads through it. plan says, by method, what becomes of the next
    requests, all others pass; meanwhile() is called behind a request whose answer gets lost."""

    def __init__(self, url, plan, meanwhile=None):
        host, _, port = url.removeprefix("http://").rstrip("/").partition(":")
        self.target, self.plan, self.meanwhile = (host, int(port)), plan, meanwhile
        self.seen = []  # (method, head, what became of it)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def count(self, method):
        return sum(seen[0] == method for seen in self.seen)

    def heads(self, method):
        return [head for name, head, _ in self.seen if name == method]

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client:
            request = _message(client)
            if not request:
                return
            method, rest = request.split(b" ", 1)
            plan = self.plan.get(method.decode(), [])
            what = plan.pop(0) if plan else PASS
            head = rest.partition(b"\r\n\r\n")[0].decode()
            self.seen.append((method.decode(), head, what))
            if what in (REFUSE, LATER):
                client.sendall(AWAY if what == REFUSE else AWAY.replace(b": 0", b": Wed, 21 Oct 2026 07:28:00 GMT"))
            if what in (REFUSE, LATER, DROP):
                return
            line, more = request.split(b"\r\n", 1)
            head, body = more.split(b"\r\n\r\n", 1)
            lines = [one for one in head.split(b"\r\n") if not one.lower().startswith(b"connection:")]
            with socket.create_connection(self.target) as server:
                server.sendall(b"\r\n".join([line, b"Connection: close", *lines, b"", body]))
                answer = _whole_answer(server)
            if what == LOSE and self.meanwhile:
                self.meanwhile()
            client.sendall({LOSE: b"", HALF: answer[:-5]}.get(what, answer))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
