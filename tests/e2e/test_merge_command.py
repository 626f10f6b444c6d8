"""pg409 merge: against git's and diff3's own merges, as git's merge driver, and as a person uses it."""

import json
import os
import pathlib
import random
import re
import subprocess

import pytest

import stack

PG409 = pathlib.Path(stack.PROGRAM).parent / "pg409"
CASES = 200_000 if os.environ.get("PG409_LONG") else 12_000
TOGETHER = 60


def run(folder, *options, base="", yours="", current="", **more):
    for name, text in (("base", base), ("yours", yours), ("current", current)):
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return subprocess.run([PG409, "merge", *options, "base", "yours", "current"], cwd=folder,
                          capture_output=True, **more)


# --- oracle ---------------------------------------------------------------------------------------


def edited(rng, lines, alphabet):
    lines = list(lines)
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(lines) + 1)
        what = rng.randrange(4)
        if what == 0:
            lines[at:at] = [rng.choice(alphabet) for _ in range(rng.randrange(1, 4))]
        elif what == 1:
            del lines[at:at + rng.randrange(1, 4)]
        elif what == 2 and at < len(lines):
            lines[at] = rng.choice(alphabet)
        elif lines:
            block = lines[at:at + 3]
            del lines[at:at + 3]
            to = rng.randrange(len(lines) + 1)
            lines[to:to] = block
    return lines


FEW = [f"{word}\n" for word in ("a", "b", "c", "", "}")]


def case(rng, few):
    """Lines that repeat all the time, or hardly ever: both have their own traps."""
    alphabet = FEW if few else [f"{number} {rng.choice('xyz')}\n" for number in range(40)]
    base = [rng.choice(alphabet) for _ in range(rng.randrange(16))]
    return base, edited(rng, base, alphabet), edited(rng, base, alphabet)


def fence(number):
    return [f"=== fence {number} line {line}\n" for line in range(6)]


def parts(text, count):
    """What became of each case; None where there is a marker."""
    found = []
    for number in range(count):
        head, fenced, text = text.partition("".join(fence(number)))
        assert fenced, "a fence was touched"
        found.append(None if re.search("^<<<<<<<", head, re.M) else head)
    return found


def merged(folder, command, count):
    out = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert out.returncode <= 127, out.stderr
    return parts(out.stdout, count)


def compare(folder, cases):
    """Of each case: who merges it, and what of it we make."""
    for name, side in (("base", 0), ("yours", 1), ("current", 2)):
        (folder / name).write_text("".join("".join(one[side] + fence(number))
                                           for number, one in enumerate(cases)))
    ours = merged(folder, [PG409, "merge", "base", "yours", "current"], len(cases))
    git = merged(folder, ["git", "merge-file", "-p", "yours", "base", "current"], len(cases))
    diff3 = merged(folder, ["diff3", "-m", "yours", "base", "current"], len(cases))
    for one, mine, gits, diff3s in zip(cases, ours, git, diff3):
        clean = [text for text in (gits, diff3s) if text is not None]
        if clean:
            who = "both" if len(clean) == 2 and gits == diff3s else "one"
            yield who, mine in clean, (one, mine, gits)


@pytest.mark.parametrize("few", [False, True], ids=["lines that differ", "lines that repeat"])
def test_merges_whatever_git_and_diff3_merge_and_in_the_same_way(tmp_path, few):
    """Where a block moved, or all lines are alike, a change can be seen in several ways: there the
    two disagree with each other, and once in some thousand times we with them."""
    rng = random.Random(409)
    found = {("both", True): 0, ("both", False): 0, ("one", True): 0, ("one", False): 0}
    for _ in range(CASES // TOGETHER):
        for who, same, shown in compare(tmp_path, [case(rng, few) for _ in range(TOGETHER)]):
            found[who, same] += 1
            assert few or same or who == "one", shown
    assert CASES * 0.4 < found["both", True] < CASES * 0.9  # the cases are worth something
    assert found["both", False] <= CASES * 0.001, found
    assert found["one", True] > 2 * found["one", False], found


# --- as a person uses it --------------------------------------------------------------------------


def test_clean_merge_goes_to_standard_output(tmp_path):
    found = run(tmp_path, base="a\nb\nc\n", yours="A\nb\nc\n", current="a\nb\nC\n")
    assert (found.returncode, found.stdout, found.stderr) == (0, b"A\nb\nC\n", b"")


CLASH = {"base": "k\na\nl\n", "yours": "k\nb\nl\n", "current": "k\nc\nl\n"}


@pytest.mark.parametrize("options, text", [
    ([], "k\n<<<<<<< yours\nb\n=======\nc\n>>>>>>> current\nl\n"),
    (["--markers"], "k\n<<<<<<< yours\nb\n=======\nc\n>>>>>>> current\nl\n"),
    (["--diff3"], "k\n<<<<<<< yours\nb\n||||||| base\na\n=======\nc\n>>>>>>> current\nl\n"),
    (["-3", "-L", "mine", "-L", "old", "--label=new"],
     "k\n<<<<<<< mine\nb\n||||||| old\na\n=======\nc\n>>>>>>> new\nl\n")])
def test_clash_stands_between_markers(tmp_path, options, text):
    found = run(tmp_path, *options, **CLASH)
    assert (found.returncode, found.stdout.decode()) == (1, text)


@pytest.mark.parametrize("count", [1, 2, 126, 127, 128, 300])
def test_status_is_the_number_of_clashes(tmp_path, count):
    found = run(tmp_path, **{name: "".join(f"{word}{n}\nx\ny\n" for n in range(count))
                             for name, word in (("base", "a"), ("yours", "b"), ("current", "c"))})
    assert found.returncode == min(count, 127)
    assert found.stdout.count(b"<<<<<<<") == count


def test_json_shows_the_places(tmp_path):
    found = run(tmp_path, "--json", base="The ferry left.\r\nOn time.", yours="The boat left.\nOn time.",
                current="The ship left.\r\nOn time. Full.")
    document = json.loads(found.stdout)
    assert found.returncode == document["clashes"] == 1 and document["text"] is None
    assert document["hunks"] == [
        {"kind": "same", "at": {"base": 0, "yours": 0, "current": 0}, "text": "The "},
        {"kind": "clash", "at": {"base": 4, "yours": 4, "current": 4}, "base": "ferry",
         "yours": "boat", "current": "ship"},
        {"kind": "same", "at": {"base": 9, "yours": 8, "current": 8}, "text": " left.\nOn time."},
        {"kind": "current", "at": {"base": 24, "yours": 23, "current": 23}, "base": "", "yours": "",
         "current": " Full."},
        {"kind": "same", "at": {"base": 24, "yours": 23, "current": 29}, "text": "\n"}]
    document = json.loads(run(tmp_path, "--json", base="a", yours="a", current="ü").stdout)
    assert (document["clashes"], document["text"]) == (0, "ü")


def test_bytes_that_are_not_utf8_are_merged_as_they_are(tmp_path):
    files = {"base": b"a\xff\nb\nc\n", "yours": b"A\xff\nb\nc\n", "current": b"a\xff\nb\n\xfe\n"}
    assert run(tmp_path, **files).stdout == b"A\xff\nb\n\xfe\n"
    found = run(tmp_path, "--json", **files)
    assert (found.returncode, found.stdout) == (255, b"") and b"UTF-8" in found.stderr


@pytest.mark.parametrize("options, files, word", [
    ([], {"base": b"a\0b"}, b"zero byte"), (["--nosuch"], {}, b"nosuch"),
    (["-L", "a", "-L", "b", "-L", "c", "-L", "d"], {}, b"labels"), (["one-more"], {}, b"three files"),
    (["-o", "/nowhere/at/all"], {}, b"/nowhere/at/all")])
def test_what_cannot_be_done_says_why(tmp_path, options, files, word):
    found = run(tmp_path, *options, **files)
    assert (found.returncode, found.stdout) == (255, b"") and word in found.stderr


def test_missing_file_says_why(tmp_path):
    found = subprocess.run([PG409, "merge", "a", "b", "c"], cwd=tmp_path, capture_output=True)
    assert found.returncode == 255 and b"a: No such file" in found.stderr


def test_output_may_be_one_of_the_three(tmp_path):
    found = run(tmp_path, "--output=yours", base="a\nb\n", yours="A\nb\n", current="a\nB\n")
    assert (found.returncode, found.stdout) == (0, b"")
    assert (tmp_path / "yours").read_text() == "A\nB\n"


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["merge", "--help"], ["--version"]])
def test_help_and_version(arguments):
    found = subprocess.run([PG409, *arguments], capture_output=True, text=True)
    assert found.returncode == 0 and "pg409" in found.stdout and not found.stderr


@pytest.mark.parametrize("arguments", [[], ["nosuch"]])
def test_unknown_command_shows_the_commands(arguments):
    found = subprocess.run([PG409, *arguments], capture_output=True, text=True)
    assert found.returncode == 255 and "pg409 merge BASE YOURS CURRENT" in found.stderr


def test_is_a_merge_driver_for_git(tmp_path):
    """Two people change different words of one line: git alone cannot merge that."""
    def git(*arguments, status=0):
        found = subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@example.org",
                                "-c", f"merge.pg409.driver='{PG409}' merge -o %A %O %A %B",
                                *arguments], cwd=tmp_path, capture_output=True, text=True,
                               env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"})
        assert found.returncode == status, found.stdout + found.stderr

    def commit(text):
        (tmp_path / "text").write_text(text)
        git("add", ".")
        git("commit", "-qm", text)

    git("init", "-q", "-b", "main")
    (tmp_path / ".gitattributes").write_text("text merge=pg409\n")
    commit("The cat sat on the mat.\n")
    git("checkout", "-qb", "other")
    commit("The cat sat on the red mat.\n")
    git("checkout", "-q", "main")
    commit("The black cat sat on the mat.\n")
    git("merge", "-q", "other")
    assert (tmp_path / "text").read_text() == "The black cat sat on the red mat.\n"
    git("checkout", "-qb", "third", "other")
    commit("The cat sat on the blue mat.\n")
    git("merge", "-q", "main")
    git("checkout", "-q", "main")
    commit("The black cat sat on the green mat.\n")
    git("merge", "-q", "third", status=1)
    assert "<<<<<<<" in (tmp_path / "text").read_text()
