"""Shared by the lints: which files there are, and how a fault is told."""

import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLOORS = ["base", "wire", "merge", "gateway", "db", "edit", "web", "page", "api", "cli"]

# Folders whose files nobody wrote by hand, or that are not part of the source.
SKIPPED = re.compile(r"^(\.(?!ci$).*|build.*|_build|_inst|autom4te\.cache|__pycache__|node_modules|pg409-\d.*)$")

faults = 0


def fault(path, line, text):
    """Tells a fault the way a compiler does."""
    global faults
    faults += 1
    print(f"{relative(path)}:{line}: {text}")


def relative(path):
    path = pathlib.Path(path)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def finish():
    """Ends the lint: 1 when there were faults."""
    if faults:
        print(f"{pathlib.Path(sys.argv[0]).name}: {faults} fault(s)")
    sys.exit(1 if faults else 0)


def skip(why):
    """Ends the lint as skipped, which make check shows."""
    print(f"skipped: {why}")
    sys.exit(77)


def files(*suffixes, under=""):
    """The files of the source below a folder with one of these suffixes, all when none is named."""
    found = []
    for folder, folders, names in os.walk(ROOT / under):
        here = pathlib.Path(folder)
        folders[:] = sorted(
            name for name in folders if not SKIPPED.match(name) and here / name != ROOT / "demo/data"
        )
        found += [here / name for name in sorted(names) if not suffixes or name.endswith(suffixes)]
    return found


def c_files(*suffixes):
    """The C files of the program and of its tests."""
    suffixes = suffixes or (".c", ".h")
    return [path for top in ("src", "cgi-bin", "tests") for path in files(*suffixes, under=top)]


def includes(path):
    """(line, name, whether in quotes) of each #include."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', line)
        if match:
            yield number, match[1] or match[2], match[1] is not None


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def rows(path):
    """(line, cells) of each row of the tables in a page of docs/, headings and rules left out."""
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines, 1):
        if not line.startswith("|") or re.match(r"^\|[\s:|-]+\|$", line):
            continue
        if number < len(lines) and re.match(r"^\|[\s:|-]+\|$", lines[number]):
            continue
        yield number, [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def must_exist(*paths):
    """A lint whose material is missing is a fault, not a success."""
    for path in paths:
        if not (ROOT / path).is_file():
            fault(ROOT / path, 1, "is missing")
    if faults:
        finish()
