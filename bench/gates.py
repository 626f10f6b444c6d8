"""Counts that need no quiet machine: system calls, round trips, statements, instructions; and the
start of a plain CGI process beside that of psql."""

import glob
import os
import pathlib
import re
import statistics
import subprocess
import time

import rig

WORKS = ("read", "save", "stale")


def traced(site, load, folder):
    """System calls of the site's one worker during a window, by name, for each request."""
    worker = next(pid for pid, name, _ in rig.Processes.tree(site.pid)
                  if name.startswith("pg409.fcgi"))
    output = folder / "strace"
    strace = subprocess.Popen(["strace", "-f", "-c", "-p", str(worker), "-o", output],
                              stderr=subprocess.PIPE, text=True)
    while "TracerPid:\t0\n" in pathlib.Path(f"/proc/{worker}/status").read_text():
        time.sleep(0.01)
    requests = load.window(1)["all"]
    strace.terminate()
    strace.wait()
    calls = {}
    for line in output.read_text().splitlines():
        parts = line.split()
        if len(parts) >= 5 and parts[3].isdigit() and parts[-1] != "total":
            calls[parts[-1]] = int(parts[3]) / requests
    return calls


def statements(database, load):
    """How often each statement runs for a request: {text: number}."""
    database.setting("pg_stat_statements.track", "top")
    database.one("SELECT pg_stat_statements_reset()")
    requests = load.window(0.3)["all"]
    rows = database.psql("-R", "\x1e", "-F", "\x1f", "-c", """SELECT calls, query
        FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid WHERE rolname = 'editor'""")
    database.setting("pg_stat_statements.track", "none")
    parts = [row.split("\x1f") for row in rows.split("\x1e") if row]
    return {query: int(calls) / requests for calls, query in parts}


def plain(statement):
    """A statement without its values, as PostgreSQL's statistics and pgbench's scripts can be compared."""
    statement = re.sub(r"t\.updated_at::text(?=::timestamp)", "$", statement)
    statement = re.sub(r"(?<!:):(?!:)\w+|\$\d+|'[^']*'|\btrue\b|\bNULL\b", "$", statement)
    return " ".join(statement.rstrip("; \n").split())


def differs(work, seen):
    """The statements of pgbench-WORK.sql that pg409 does not send any more."""
    lines = (rig.HERE / f"pgbench-{work}.sql").read_text().splitlines()
    wanted = {plain(line) for line in lines if line.startswith(("SELECT", "WITH"))}
    return sorted(wanted - {plain(text) for text in seen})


def counted(program, load_program, database, folder, log):
    """System calls, round trips and statements of each kind of request."""
    result = {}
    site = rig.pg409_site("lighttpd", folder / "counted", database, program, log, workers=1)
    try:
        for half, work in enumerate(WORKS):
            load = rig.Load(load_program, site, work, half % 2, folder, database, connections=1)
            load.window(0.3)
            calls = traced(site, load, folder)
            seen = statements(database, load)
            load.close()
            # libpq sends with send(2), and everything of a round trip at once; libfcgi writes.
            result[work] = {"calls": sum(calls.values()), "by_name": calls,
                            "round_trips": calls.get("sendto", 0),
                            "statements": sum(seen.values())}
            if work != "stale":
                result[work]["outdated"] = differs(work, seen)
    finally:
        site.close()
    return result


def instructions_of(count, program, database, folder, log, more):
    """All instructions of a worker that answers count reads, under callgrind."""
    home = folder / f"callgrind-{count}{len(more)}"
    output = folder / f"callgrind-{count}{len(more)}.out"
    output.touch()
    output.chmod(0o666)
    wrapper = folder / "callgrind"
    wrapper.write_text(f"#!/bin/sh\nexec valgrind -q --tool=callgrind "
                       f"--callgrind-out-file={output} {program}\n")
    wrapper.chmod(0o755)
    site = rig.pg409_site("lighttpd", home, database, wrapper, log, workers=1, more=more)
    try:
        for row in range(1, count + 1):
            site.get(row)
    finally:
        site.close()
    return int(re.search(r"^(?:summary|totals): (\d+)", output.read_text(), re.M)[1])


def instructions(program, database, folder, log, more=""):
    """Instructions of one read in the handler: the slope, so that the start does not count."""
    few, many = 50, 150
    return (instructions_of(many, program, database, folder, log, more)
            - instructions_of(few, program, database, folder, log, more)) / (many - few)


def timed(command, environment):
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, check=True)
    return (time.perf_counter() - start) * 1000, done.stdout


def cold(program, database, folder, rounds):
    """A plain CGI answer from nothing, beside psql -c 'select 1': milliseconds of both. The psql of
    the PATH is a Perl script in Debian, so it is the program itself."""
    psql = sorted(glob.glob("/usr/lib/postgresql/*/bin/psql"))[-1]
    settings = folder / "cold.conf"
    settings.write_text(f"database = {database.conninfo}\nmetrics_file = {settings}.metrics\n")
    request = {"PATH": os.environ["PATH"], "PG409_CONFIG": str(settings), "REQUEST_METHOD": "GET",
               "SCRIPT_NAME": "", "PATH_INFO": "/articles/1", "HTTP_ACCEPT": "text/html",
               "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "QUERY_STRING": ""}
    ours, theirs = [], []
    for number in range(rounds):
        for mine in (True, False) if number % 2 else (False, True):
            if mine:
                time_, answer = timed([program], request)
                assert answer.startswith(b"Status: 200"), answer[:200]
                ours.append(time_)
            else:
                theirs.append(timed([psql, "-X", "-d", database.conninfo, "-c", "select 1"],
                                    dict(os.environ))[0])
    ratios = [mine / other for mine, other in zip(ours, theirs)]
    return {"cgi_ms": statistics.median(ours), "psql_ms": statistics.median(theirs),
            "ratios": ratios}
