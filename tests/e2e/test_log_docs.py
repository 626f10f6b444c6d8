"""The examples of docs/log.md, run on logs that real web servers wrote."""

import collections
import re
import shlex
import subprocess

import pytest

import stack

PAGE = (stack.ROOT / "docs/log.md").read_text()
EXAMPLES = [block for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S)]


@pytest.fixture(scope="module")
def tables(database):
    database.create("CREATE TABLE articles (id integer PRIMARY KEY, title text UNIQUE, body text CHECK (body <> 'bad'), "
                    "updated_at timestamptz NOT NULL DEFAULT now());"
                    "CREATE TABLE broken (id integer PRIMARY KEY)", protect=["articles"])
    database.run("""INSERT INTO articles VALUES (42, 'Title', 'Body'), (43, 'Other', 'Body');
                    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN RAISE SQLSTATE 'XX000' USING MESSAGE = 'a "broken" disk'; END $$;
                    CREATE TRIGGER fail BEFORE INSERT ON broken FOR EACH ROW EXECUTE FUNCTION fail()""")
    return database


def log_of(database, kind):
    """What the web server's log holds when two people have worked for a while."""
    with stack.serving(kind, database) as server, server.client("anna") as anna, server.client("bob") as bob:
        old = anna.get("/articles/42").json()["_version"]
        bob.patch("/articles/42", json={"_version": old, "title": f"Bob's {kind}"})
        anna.patch("/articles/42", json={"_version": old, "title": "Anna's", "body": "Hers"},
                   headers={"X-Request-Id": "my-id.42"})
        anna.patch("/articles/42", json={"title": "x"})
        anna.post("/articles", json={"id": 42, "title": "x"})
        anna.patch("/articles/43", json={"_version": anna.get("/articles/43").json()["_version"], "body": "bad"})
        assert anna.post("/broken", json={"id": 1}).status_code == 500
        server.stop()
        return server.log()


@pytest.fixture(scope="module", params=["lighttpd", "apache", "nginx", "lighttpd-cgi", "apache-cgi"])
def log(request, tables, tmp_path_factory):
    folder = tmp_path_factory.mktemp("log")
    (folder / "error.log").write_text(log_of(tables, request.param))
    return request.param, folder


def run(example, folder, before=""):
    done = subprocess.run(["bash", "-o", "pipefail", "-c", before + example], cwd=folder, text=True,
                          capture_output=True, timeout=20)
    assert (done.returncode, done.stderr) == (0, ""), (example, done.stderr)
    return done.stdout


def example(word):
    (found,) = [text for text in EXAMPLES if word in text and "journalctl" not in text]
    return found


def test_every_example_of_grep_and_awk_says_something(log):
    kind, folder = log
    for text in EXAMPLES:
        if "journalctl" not in text:
            assert run(text, folder).strip(), (kind, text)


def test_the_examples_say_what_they_should(log):
    _, folder = log
    assert len(run(example("at=$(date"), folder).splitlines()) == 5
    row = run(example("paste"), folder).splitlines()
    assert [line.split()[:3] for line in row] == [
        ["user=bob", "method=PATCH", "outcome=saved"], ["user=anna", "method=PATCH", "outcome=conflict"],
        ["user=anna", "method=PATCH", "outcome=refused"]]
    assert "reason=stale" in run(example("id=my-id.42"), folder)
    counted = collections.Counter()
    for line in run(example("outcome=[^ ]*( reason"), folder).splitlines():
        count, _, what = line.strip().partition(" ")
        counted[what] = int(count)
    assert counted == {"outcome=saved": 1, "outcome=conflict reason=stale": 1, "outcome=conflict reason=duplicate": 1,
                       "outcome=refused reason=version-required": 1, "outcome=refused reason=check": 1,
                       "outcome=refused reason=bug": 1}
    assert run(example("all[table]"), folder) == "articles 2 667\n"
    assert set(run(example("names[k]"), folder).split("\n")) == {"1 title", "1 body", ""}
    slow = [float(line.split()[0]) for line in run(example("substr($i, 4)"), folder).splitlines()]
    assert slow == sorted(slow, reverse=True) and len(slow) == 5
    assert run(example("at=[^ :]*"), folder).split()[0] == "2"
    assert run(example("(unsure|bug)"), folder).count("\n") == 1


def test_a_line_is_taken_apart_by_the_rules_of_the_page(log):
    kind, folder = log
    text = (folder / "error.log").read_text()
    if kind == "apache":  # which writes a quote so
        text = text.replace('\\"', '"')
    (line,) = [line for line in text.splitlines() if "reason=bug" in line]
    line = line[line.index("pg409 error "):].partition('" while reading')[0]
    word, kind, *pairs = shlex.split(line)
    fields = dict(pair.split("=", 1) for pair in pairs)
    assert fields["error"] == "a 'broken' disk" and fields["sqlstate"] == "XX000"
    order = [line.split("`")[1] for line in PAGE.splitlines() if re.match(r"\| `\w+` \| ", line)]
    assert [name for name in order if name in fields] == list(fields)


def test_the_table_says_where_the_line_is(log):
    """What stands in front of it, with other digits."""
    kind, folder = log
    (line,) = [line for line in (folder / "error.log").read_text().splitlines() if "my-id.42" in line]
    front = line[:line.index("pg409 write")]
    if kind.endswith("cgi"):
        assert front == "" or "AH01215" in front
        return
    shown = re.findall(r"^\| (?:Apache, mod_fcgid|lighttpd|nginx) \|.*?\|\s*`([^`]*)`", PAGE, re.M)
    shape = re.compile(r"\d+")
    blind = [re.sub(r"[A-Z][a-z]{2} [A-Z][a-z]{2}", "", shape.sub("9", text)).strip() for text in shown]
    assert re.sub(r"[A-Z][a-z]{2} [A-Z][a-z]{2}", "", shape.sub("9", front)).strip() in blind


def test_the_examples_of_journalctl(tables, tmp_path):
    """A journal as systemd makes it, of lines that came in from lighttpd."""
    lines = [line for line in log_of(tables, "lighttpd").splitlines() if "pg409 " in line]
    now = int(subprocess.run(["date", "+%s"], capture_output=True, text=True, check=True).stdout) * 1000000
    entries = "".join(f"__REALTIME_TIMESTAMP={now + n}\n__MONOTONIC_TIMESTAMP={n + 1}\n_BOOT_ID={'1' * 32}\n"
                      f"_SYSTEMD_UNIT=lighttpd.service\nPRIORITY=6\nMESSAGE={line}\n\n"
                      for n, line in enumerate(lines))
    path = tmp_path / "desk.journal"
    subprocess.run(["/lib/systemd/systemd-journal-remote", "-o", path, "-"], input=entries, text=True, check=True,
                   capture_output=True)
    here = f"journalctl() {{ command journalctl --file {path} \"$@\"; }}\n"
    counting, following = [text for text in EXAMPLES if "journalctl" in text]
    assert "outcome=conflict reason=stale" in run(counting, tmp_path, here)
    assert "reason=bug" in run(following.replace(" -f ", " "), tmp_path, here)  # it would go on for ever
    unit = counting.replace("journalctl", "journalctl -u lighttpd")
    assert "outcome=saved" in run(unit, tmp_path, here)
