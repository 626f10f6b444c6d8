"""pg409 logs on a log of 1 GiB, beside grep for one address with wc -l on the same file: time and memory."""

import json
import random
import statistics
import subprocess
import time

GOAL = 0.5      # half the speed of grep and wc
MEMORY = 4096   # KiB that it may need more for the whole file than for an eighth
SIZE = 1 << 30
START = 1761000000
AGENTS = [f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{n}.0.0.0 Safari/537.36"
          for n in range(100, 140)]
AGENTS += [f"Mozilla/5.0 (Windows NT 10.0; rv:{n}.0) Gecko/20100101 Firefox/{n}.0" for n in range(90, 120)]


def request(dice):
    """Half of it scripts and pictures, most of the rest pages, of which some are read much more than others."""
    kind, article = dice.random(), int(20000 * dice.random() ** 3)
    if kind < .5:
        return "GET", f"/static/js/app-{dice.randrange(300)}.js", 200
    if kind < .96:
        return "GET", f"/articles/{article}?page={dice.randrange(9)}", 200
    if kind < .985:
        return "GET", f"/articles/{article}/edit", 200
    return "POST", f"/articles/{article}", dice.choice((302, 302, 302, 200, 409))


def write_log(path, size):
    """Combined format; two users in three have no name."""
    dice, now, written = random.Random(409), float(START), 0
    with open(path, "w") as log:
        while written < size:
            now += dice.random() / 2
            when = time.strftime("%d/%b/%Y:%H:%M:%S", time.gmtime(now))
            method, target, status = request(dice)
            user = dice.choice(("-", "-", f"editor{dice.randrange(40)}"))
            written += log.write(
                f"10.{dice.randrange(4)}.{dice.randrange(256)}.{dice.randrange(256)} - {user} [{when} +0000] "
                f"\"{method} {target} HTTP/1.1\" {status} {dice.randrange(99999)} "
                f"\"https://example.org/articles\" \"{dice.choice(AGENTS)}\"\n")


def timed(command, **more):
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, **more)
    return time.perf_counter() - start, done.stdout


# A process counts the memory of the one it was forked from: this one is small.
MEASURE = """import os, sys
child = os.fork()
if not child:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execv(sys.argv[1], sys.argv[1:])
print(os.wait4(child, 0)[2].ru_maxrss)"""


def peak_kib(command):
    return int(timed(["python3", "-I", "-c", MEASURE, *command])[1])


def measured(program, folder, plan):
    size = SIZE if plan["pairs"] > 4 else SIZE // 4
    log, part = folder / "big.log", folder / "part.log"
    write_log(log, size)
    with open(log, "rb") as whole, open(part, "wb") as eighth:
        for _ in range(size >> 23):
            eighth.write(whole.read(1 << 20))
    ours = [program, "logs", "--json", log]
    _, text = timed(ours)
    address = json.loads(text)["lost_updates"]["addresses"][0]["address"]
    theirs = f"grep '{address}' '{log}' | wc -l"
    mine, other = [], []
    for number in range(plan["pairs"]):
        for us in (True, False) if number % 2 else (False, True):
            if us:
                mine.append(timed(ours)[0])
            else:
                other.append(timed(theirs, shell=True)[0])
    lines = timed(["wc", "-l", log])[0]
    found = {"address": address, "mib": size >> 20, "seconds": statistics.median(mine),
             "grep_seconds": statistics.median(other), "wc_seconds": lines,
             "ratios": [one / two for one, two in zip(other, mine)],
             "peak_kib": peak_kib(ours), "peak_kib_of_an_eighth": peak_kib([*ours[:-1], part])}
    log.unlink()
    part.unlink()
    return found


def goals(found):
    return [[f"pg409 logs / grep | wc -l, {found['mib']} MiB", f">= {GOAL:.2f}", round(found["low"], 2),
             found["low"] >= GOAL],
            ["pg409 logs, KiB more than for an eighth", f"<= {MEMORY}",
             found["peak_kib"] - found["peak_kib_of_an_eighth"],
             found["peak_kib"] - found["peak_kib_of_an_eighth"] <= MEMORY]]


def text(found):
    return (f"       logs: {found['mib']} MiB in {found['seconds']:.2f} s; grep '{found['address']}' | wc -l "
            f"{found['grep_seconds']:.2f} s, wc -l {found['wc_seconds']:.2f} s; ratio {found['median']:.2f} "
            f"({found['low']:.2f}-{found['high']:.2f}); peak {found['peak_kib'] / 1024:.1f} MiB")
