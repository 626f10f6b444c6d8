"""A file of 256 MiB up and down, beside psql's own COPY of the same chunks from and to a file."""

import hashlib
import http.client
import os
import subprocess
import time

GOAL = 0.6
SIZE = 256 << 20
BLOCK = 1 << 20


class Timed:
    """The same thing again and again, at least once a window; each is timed."""

    def window(self, seconds):
        times, start = [], time.perf_counter()
        while not times or time.perf_counter() - start < seconds:
            self.prepare()
            begun = time.perf_counter()
            self.once()
            times.append(1000 * (time.perf_counter() - begun))
        return {"rate": 1000 * len(times) / sum(times), "all": len(times), "each": [len(times)],
                "p50": sorted(times)[len(times) // 2], "p99": max(times), "longest": max(times)}

    def prepare(self):
        pass


class Upload(Timed):
    def __init__(self, site, database, path):
        self.site, self.database, self.path = site, database, path

    def prepare(self):
        self.database.psql("-c", "TRUNCATE pg409.file, pg409.file_revision, pg409.file_upload,"
                                 " pg409.file_content, pg409.file_chunk", "-c", "CHECKPOINT")

    def once(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=120)
        with open(self.path, "rb") as file:
            connection.request("PUT", "/_files/big.bin", file, {"Content-Length": str(SIZE)})
            answer = connection.getresponse()
            answer.read()
        if answer.status != 201:
            raise RuntimeError(f"an upload was answered with {answer.status}")


class Download(Timed):
    def __init__(self, site, digest):
        self.site, self.digest = site, digest

    def once(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=120)
        connection.request("GET", "/_files/big.bin")
        answer = connection.getresponse()
        size = 0
        while block := answer.read(BLOCK):
            size += len(block)
        if answer.status != 200 or size != SIZE or answer.headers["ETag"] != f'"{self.digest}"':
            raise RuntimeError(f"a download was answered with {answer.status} and {size} bytes")


class Copy(Timed):
    """psql, from a file or to one."""

    def __init__(self, database, command, first=None):
        self.database, self.command, self.first = database, command, first

    def prepare(self):
        for statement in self.first or ():
            self.database.psql("-c", statement)

    def once(self):
        subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", self.database.admin + "bench",
                        "-c", self.command], check=True, stdout=subprocess.DEVNULL)


def random_file(path):
    """Bytes that nothing compresses; their digest."""
    digest = hashlib.sha256()
    with open(path, "wb") as file:
        for _ in range(SIZE // BLOCK):
            block = os.urandom(BLOCK)
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def compared(bench, site, side, compare):
    path, dump = bench.folder / "big.bin", bench.folder / "chunks"
    digest = random_file(path)
    upload = Upload(site, bench.database, path)
    upload.prepare(), upload.once()
    fields = "SELECT content, at, data FROM pg409.file_chunk ORDER BY content, at"
    download = compare(side("256 MiB down", Download(site, digest), site, bench.database),
                       side("COPY TO", Copy(bench.database, f"\\copy ({fields}) TO {dump}")), bench.plan)
    bench.database.psql("-c", "CREATE TABLE copied (LIKE pg409.file_chunk INCLUDING ALL)")
    copy = Copy(bench.database, f"\\copy copied FROM {dump}", ["TRUNCATE copied", "CHECKPOINT"])
    up = compare(side("256 MiB up", upload, site, bench.database), side("COPY FROM", copy), bench.plan)
    bench.note("upload", "lighttpd", GOAL, up)
    bench.note("download", "lighttpd", GOAL, download)
    path.unlink(), dump.unlink()
