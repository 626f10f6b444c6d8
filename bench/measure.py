"""bench/run's measurements: what is compared with what, the windows, the goals, the table."""

import argparse
import json
import pathlib
import random
import shutil
import signal
import statistics
import sys

import api
import files
import gates
import logs
import merge
import rig

SERVERS = ("lighttpd", "nginx", "apache")
WORKS = ("read", "save", "stale")
PARTS = ("pgbench", "api", "merge", "files", *SERVERS, "gates", "cold", "logs")
# The least ratio to the PHP page behind the same server.
GOALS = {("lighttpd", "read"): 2.0, ("nginx", "read"): 2.0, ("apache", "read"): 1.2,
         ("lighttpd", "save"): 2.5, ("nginx", "save"): 2.5, ("apache", "save"): 1.3,
         ("lighttpd", "stale"): 1.2, ("nginx", "stale"): 1.2, ("apache", "stale"): 1.2}
PGBENCH = (("read", 8, 0.20), ("save", 32, 0.60))


def interval(values, draws=4000):
    """The median, and the 95 % bootstrap interval around it."""
    dice = random.Random(409)
    medians = sorted(statistics.median(dice.choices(values, k=len(values))) for _ in range(draws))
    return {"median": statistics.median(values), "low": medians[draws // 40],
            "high": medians[-draws // 40]}


class Side:
    """One of the two that are compared: what its windows found."""

    def __init__(self, name, source, site=None, database=None):
        self.name, self.source, self.site, self.database = name, source, site, database
        self.windows, self.cpu = [], {}

    def window(self, seconds, keep=True):
        before = rig.Processes.seconds(self.site, self.database) if self.site else {}
        found = self.source.window(seconds)
        if not keep:
            return
        self.windows.append(found)
        if self.site:
            for group, now in rig.Processes.seconds(self.site, self.database).items():
                self.cpu[group] = self.cpu.get(group, 0) + now - before[group]

    def summary(self):
        result = {"name": self.name,
                  "rate": statistics.median(window["rate"] for window in self.windows)}
        if not self.site:
            return result
        each = [sum(counts) for counts in zip(*(window["each"] for window in self.windows))]
        total = sum(window["all"] for window in self.windows)
        result |= {"p50": statistics.median(window["p50"] for window in self.windows),
                   "p99": statistics.median(window["p99"] for window in self.windows),
                   "longest": max(window["longest"] for window in self.windows),
                   "slowest_share": min(each) / statistics.median(each),
                   "cpu_us": {group: seconds / total * 1e6 for group, seconds in self.cpu.items()},
                   "private_kib": max(rig.Processes.private_kib(self.site), default=0)}
        return result


def compare(ours, theirs, plan):
    """Windows in the order A B B A; the ratios of the pairs."""
    ours.window(plan["seconds"], keep=False)
    theirs.window(plan["seconds"], keep=False)
    for number in range(plan["pairs"]):
        for side in (ours, theirs) if number % 2 == 0 else (theirs, ours):
            side.window(plan["seconds"])
    ratios = [mine["rate"] / other["rate"] for mine, other in zip(ours.windows, theirs.windows)]
    return {**interval(ratios), "ratios": ratios, "ours": ours.summary(),
            "theirs": theirs.summary()}


class Bench:
    def __init__(self, options, folder, log):
        self.folder, self.log, self.load = folder, log, options.load
        self.tool = pathlib.Path(options.program).parent / "pg409"
        self.only = options.only or PARTS
        self.plan = {"seconds": 1.0, "pairs": 10}
        if options.quick:
            self.plan = {"seconds": 0.5, "pairs": 4}
        elif options.long:
            self.plan = {"seconds": 1.0, "pairs": 24}
        self.program = folder / "pg409.fcgi"  # where the web server's user can reach it
        shutil.copy(options.program, self.program)
        self.program.chmod(0o755)
        self.database = rig.Database(folder, log)
        self.results = {"compared": [], "plan": self.plan}

    def note(self, work, server, goal, found):
        found |= {"work": work, "server": server, "goal": goal, "met": found["low"] >= goal}
        self.results["compared"].append(found)
        say(row_text(found))

    def side(self, site, work, half):
        load = rig.Load(self.load, site, work, half, self.folder, self.database)
        return Side(site.name, load, site, self.database)

    def with_pgbench(self, site):
        for work, clients, goal in PGBENCH:
            ours = self.side(site, work, 0)
            theirs = Side(f"pgbench, {clients} clients",
                          rig.Pgbench(self.database, work, clients))
            self.note(work, site.name.split(", ")[1], goal, compare(ours, theirs, self.plan))
            ours.source.close()

    def with_php(self, site, server):
        peer = rig.php_site(server, self.folder / f"php-{server}", self.database, self.log)
        try:
            for work in WORKS:
                sides = self.side(site, work, 0), self.side(peer, work, 1)
                self.note(work, server, GOALS[server, work], compare(*sides, self.plan))
                for side in sides:
                    side.source.close()
        finally:
            peer.close()

    def server(self, server):
        site = rig.pg409_site(server, self.folder / server, self.database, self.program, self.log,
                              rig.WORKERS)
        try:
            if "pgbench" in self.only and server == "lighttpd":
                self.with_pgbench(site)
            if "api" in self.only and server == "lighttpd":
                api.compared(self, site, Side, compare)
            if "merge" in self.only and server == "lighttpd":
                merge.compared(self, site, Side, compare)
            if "files" in self.only and server == "lighttpd":
                files.compared(self, site, Side, compare)
            if server in self.only:
                self.with_php(site, server)
        finally:
            site.close()

    def run(self):
        say(HEAD)
        for server in SERVERS:
            if server in self.only or (server == "lighttpd" and {"pgbench", "api", "merge", "files"} & set(self.only)):
                self.server(server)
        if "gates" in self.only:
            self.results["counted"] = gates.counted(self.program, self.load, self.database,
                                                    self.folder, self.log)
            place = (self.program, self.database, self.folder, self.log)
            self.results["instructions"] = gates.instructions(*place)
            self.results["uncounted"] = gates.instructions(*place, more="metrics = off\n")
        if "cold" in self.only:
            found = gates.cold(self.program, self.database, self.folder,
                               4 * self.plan["pairs"])
            self.results["cold"] = found | interval(found["ratios"])
        if "logs" in self.only:
            found = logs.measured(self.tool, self.folder, self.plan)
            self.results["logs"] = found | interval(found["ratios"])
        self.results["goals"] = goals(self.results)
        return self.results


HEAD = (f"{'':42}{'ratio (95 % interval)':>24}{'goal':>6}   requests/s: ours, theirs;"
        " ours: p50/p99/longest ms; CPU us server/handlers/PostgreSQL ours | theirs")


def say(text):
    print(text, flush=True)


def cpu_text(side):
    return "/".join(f"{value:.0f}" for value in side["cpu_us"].values()) if "cpu_us" in side else "-"


def row_text(found):
    ours, theirs = found["ours"], found["theirs"]
    return (f"{found['work'] + ': ' + ours['name'] + ' / ' + theirs['name']:42}"
            f"{found['median']:9.2f} ({found['low']:.2f}-{found['high']:.2f})"
            f"{found['goal']:8.2f}  {'met   ' if found['met'] else 'MISSED'} "
            f"{ours['rate']:7.0f} {theirs['rate']:7.0f}  {ours['p50']:.1f}/{ours['p99']:.1f}/"
            f"{ours['longest']:.0f}  {cpu_text(ours)} | {cpu_text(theirs)}")


def goals(results):
    """Every goal: [what, goal, value, met]."""
    rows = []
    for found in results["compared"]:
        name = f"{found['work']}: {found['ours']['name']} / {found['theirs']['name']}"
        rows.append([name, f">= {found['goal']:.2f}", round(found["low"], 2), found["met"]])
    php = [found for found in results["compared"] if "PHP" in found["theirs"]["name"]]
    for found in php:
        ours, name = found["ours"], f"{found['work']}: {found['ours']['name']}"
        share, longest = ours["slowest_share"], ours["longest"]
        rows.append([f"{name}, slowest/median connection", ">= 0.9", round(share, 3), share >= 0.9])
        rows.append([f"{name}, longest wait ms", "< 150", round(longest), longest < 150])
    if php:
        most = max(found["ours"]["private_kib"] for found in php)
        rows.append(["private memory a worker, KiB", "<= 8192", most, most <= 8192])
    if "counted" in results:
        calls = results["counted"]["read"]["calls"]
        rows.append(["system calls a read", "<= 8", round(calls, 2), calls <= 8.05])
        for work, most in zip(WORKS, (1, 1, 2)):
            trips = results["counted"][work]["round_trips"]
            rows.append([f"round trips, {work}", f"<= {most}", round(trips, 2), trips <= most + .02])
            if results["counted"][work].get("outdated"):
                rows.append([f"pgbench-{work}.sql is what pg409 sends", "yes", "no", False])
    if "cold" in results:
        rows.append(["cold CGI answer / psql", "< 3", round(results["cold"]["high"], 2),
                     results["cold"]["high"] < 3])
    if "logs" in results:
        rows += logs.goals(results["logs"])
    return rows


def report(results):
    say("")
    for name, goal, value, met in results["goals"]:
        say(f"{'met   ' if met else 'MISSED'} {name:60}{value:>10}   {goal}")
    for work, found in results.get("counted", {}).items():
        calls = ", ".join(f"{name} {count:.2f}" for name, count in found["by_name"].items())
        say(f"       {work}: {found['statements']:.2f} statements; system calls {calls}")
    if "instructions" in results:
        say(f"       instructions of a read in the handler: {results['instructions']:,.0f}; "
            f"{results['uncounted']:,.0f} with metrics = off")
    if "cold" in results:
        say(f"       cold: {results['cold']['cgi_ms']:.1f} ms, psql {results['cold']['psql_ms']:.1f} ms")
    if "logs" in results:
        say(logs.text(results["logs"]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--load", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--only", action="append", choices=PARTS)
    options = parser.parse_args()
    folder = rig.folder()
    bench = None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with open(folder / "log", "w") as log:
            bench = Bench(options, folder, log)
            results = bench.run()
        report(results)
        (rig.HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    except BaseException:
        if not options.keep:
            sys.stderr.write((folder / "log").read_text()[-3000:])
        raise
    finally:
        if bench:
            bench.database.close()
        if options.keep:
            say(f"logs: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
