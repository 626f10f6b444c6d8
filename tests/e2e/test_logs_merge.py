"""pg409 logs: the logs of several machines are read as one."""

import dataclasses
import gzip
import random

from e2e.logbook import (
    CASES, PEOPLE, REFUSED, START, expected, log_of, nginx, ordered, pairs_of, random_case, real, report,
    seconds)


def test_rotated_and_parallel_logs_are_read_in_the_order_of_their_times(tmp_path):
    rng = random.Random(409)
    for number in range(CASES // 4):
        case = random_case(rng)
        wanted = expected(case, "combined")
        lines = [real(line) for line in case]
        # Two servers behind one name, each with three files, packed or not; given in any order.
        names = []
        for server in range(2):
            mine = [line for at, line in enumerate(lines) if at % 2 == server]
            third = len(mine) // 3 + 1
            for part in range(3):
                path = tmp_path / f"{number}.{server}.{part}"
                text = log_of(mine[part * third:(part + 1) * third]).encode()
                path.write_bytes(gzip.compress(text) if part < 2 else text)
                names.append(path)
        rng.shuffle(names)
        # Lines of one second are in no order then: as many pairs, but not all as sure.
        found = report("--apps", "rails,django,any", *names)
        strict = {pair[:-1] for pair in wanted if "second" not in pair[-1] and "again" not in pair[-1]}
        clear = len({line.time for line in lines}) == len(lines)
        got = {pair[:-1] for pair in pairs_of(found)}
        assert found["late"] == 0
        assert not clear or ordered(pairs_of(found)) == ordered(wanted)
        assert len(strict - got) <= len(lines) - len({line.time for line in lines})


def told(found):
    """A report without what names the files."""
    return {name: value for name, value in found.items() if name != "files"}


def written_to(path, lines, kind, packed):
    text = log_of(lines, kind).encode()
    path.write_bytes(gzip.compress(text) if packed else text)
    return path


def test_several_machines_are_told_as_their_sorted_log_is(tmp_path):
    """Every number and every pair, also where lines of one second are from several machines."""
    rng = random.Random("several machines")
    for number in range(CASES // 2):
        lines, time = [], START
        for _ in range(4):
            case = [real(line) for line in random_case(rng)]
            lines += [dataclasses.replace(line, time=line.time - START + time) for line in case] + REFUSED
            time += rng.choice((0, 40, 7000))
        lines.sort(key=lambda line: line.time)
        machines = [[] for _ in range(rng.randrange(2, 7))]
        for line in lines:
            rng.choice(machines).append(line)
        # As sort --merge has it: of one second, the file that was named first.
        order = sorted((line.time, at, position) for at, machine in enumerate(machines)
                       for position, line in enumerate(machine))
        whole = written_to(tmp_path / f"{number}.all", [machines[at][position] for _, at, position in order],
                           "combined", False)
        parts = [written_to(tmp_path / f"{number}.{at}", machine, rng.choice(("combined", "nginx", "journald")),
                            rng.random() < .5) for at, machine in enumerate(machines) if machine]
        assert told(report(*parts)) == told(report(whole))


def test_machines_that_log_a_request_when_it_ends(tmp_path):
    """With the time it began, some seconds out of order: the saves that overlap are the same."""
    rng = random.Random("late")
    total = 0
    for number in range(CASES // 2):
        lines = []
        for line in random_case(rng):
            if line.status != 200:  # everybody opens a thing again now and then
                lines += [dataclasses.replace(line, who=rng.choice(PEOPLE), method="GET", status=200,
                                              target=line.target.replace("save#", "open#")), line]
        lines = [real(dataclasses.replace(line, time=START + 2 * at)) for at, line in enumerate(lines)]
        machines = [[], [], []]
        for at, line in enumerate(lines):
            slow = rng.choice((0, 0, 0, 5)) if line.method != "GET" else 0
            machines[at % 3].append((line.time + slow, at, line))
        whole = written_to(tmp_path / f"{number}.all", lines, "combined", False)
        parts = [written_to(tmp_path / f"{number}.{at}", [line for _, _, line in sorted(machine, key=lambda one: one[:2])], "combined", at == 1)
                 for at, machine in enumerate(machines)]
        found, wanted = (report("--apps", "rails", *logs) for logs in (parts, [whole]))
        assert found["late"] == 0
        assert {pair[:-1] for pair in pairs_of(found)} == {pair[:-1] for pair in pairs_of(wanted)}
        total += wanted["lost_updates"]["most"]
    assert total > CASES
