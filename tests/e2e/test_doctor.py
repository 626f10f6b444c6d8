"""pg409 doctor: finds what will make trouble, and only that; mends what it can."""

import json
import os
import pathlib
import pty
import shutil
import subprocess

import pytest

import stack

PG409 = pathlib.Path(stack.PROGRAM).parent / "pg409"
NOTES = "CREATE TABLE note (id integer PRIMARY KEY, title text)"
FILE = """WITH c AS (INSERT INTO pg409.file_content (size, received, sha256, at) SELECT 3, 3, d, now() - interval '2 days'
  FROM (SELECT encode(sha256('abc'), 'hex') AS d) d RETURNING *),
k AS (INSERT INTO pg409.file_chunk SELECT id, 0, 'abc' FROM c)
INSERT INTO pg409.file (name, fold, content, size, sha256, media_type) SELECT 'a.txt', 'a.txt', id, 3, sha256, 'text/plain' FROM c"""
TRIGGER = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end'; CREATE TRIGGER "
MANY = " SELECT n FROM generate_series(1, 10000) n"
GRANT = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO web"


def run(*arguments, **more):
    env = {**os.environ, "HOME": "/nonexistent", "PGPASSFILE": "/nonexistent/pgpass", **more.pop("env", {})}
    return subprocess.run([PG409, "doctor", *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          env=env, **more)


class Patient:
    """A healthy database: the owner made the tables, the program is the role web."""

    def __init__(self, postgres, protect=("note",)):
        self.database = stack.Database(postgres)
        self.run = self.database.run
        self.database.create(NOTES, protect=protect)
        self.run("DO $$ BEGIN CREATE ROLE web LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        self.run("SELECT pg409.grant_to('web')")
        self.run(GRANT)

    def doctor(self, *options, **more):
        return run(*options, "--role", "web", self.database.conninfo("postgres"), **more)

    def findings(self, *options, exit_status=None, **more):
        found = self.doctor("--json", *options, **more)
        assert exit_status is None or found.returncode == exit_status, found.stdout + found.stderr
        return {one["check"]: one for one in json.loads(found.stdout)["findings"]}


@pytest.fixture
def patient(postgres):
    patient = Patient(postgres)
    yield patient
    patient.database.sql.close()
    with postgres.connect() as admin:
        admin.execute(f"DROP DATABASE {patient.database.name} WITH (FORCE)")
        admin.execute("ALTER ROLE web RESET ALL; ALTER ROLE web CONNECTION LIMIT -1 NOSUPERUSER NOBYPASSRLS")


def test_nothing_is_wrong(patient, tmp_path):
    patient.run(FILE)
    patient.run("INSERT INTO note VALUES (1, 'a')")
    found = patient.doctor("--deep", "--sweep", tmp_path / "sweep")
    assert found.returncode == 0 and "Nothing was found" in found.stdout, found.stdout + found.stderr
    assert patient.findings("--deep", exit_status=0) == {}


# What is done, which check finds it, words of what it says, and a statement that mends it (None: a person has to).
HINTS = {"role-owner", "no-key", "version-unusable", "version-zone", "version-nullable", "version-index", "reference-index",
         "not-tidied", "files-unused", "files-uploads", "pooler", "clock", "settings-loose"}
WRONG = [
    ("ALTER ROLE web SUPERUSER", "role-superuser", "web is a superuser", None),
    ("ALTER ROLE web BYPASSRLS; ALTER TABLE note ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON note USING (true)",
     "role-policies", "note: the role has BYPASSRLS", None),
    ("ALTER TABLE note ENABLE ROW LEVEL SECURITY", "no-policy", "note", None),
    ("ALTER TABLE note OWNER TO web", "role-owner", "web owns note", None),
    ("REVOKE ALL ON note FROM web", "no-tables", "web may read none of note", None),
    ("REVOKE SELECT ON note FROM web; GRANT SELECT (title) ON note TO web", "half-readable", "id, updated_at of note",
     "GRANT SELECT (id, updated_at) ON note TO web"),
    ("CREATE TABLE s (id serial PRIMARY KEY, updated_at timestamptz NOT NULL); SELECT pg409.protect('s'); " + GRANT,
     "sequences", "s_id_seq, which numbers the rows of s", "GRANT USAGE ON SEQUENCE s_id_seq TO web"),
    ("REVOKE INSERT, DELETE ON pg409.receipt FROM web", "grants", "DELETE, INSERT on pg409.receipt",
     "SELECT pg409.grant_to('web')"),
    ("REVOKE EXECUTE ON FUNCTION pg409.row_exists FROM web", "grants", "EXECUTE on pg409.row_exists",
     "SELECT pg409.grant_to('web')"),
    ("DROP TABLE pg409.opened", "older-schema", "the table pg409.opened", None),
    ("ALTER TABLE pg409.conflict DROP COLUMN their_columns", "older-schema", "the column their_columns", None),
    ("DROP FUNCTION pg409.refold_files", "older-schema", "the function pg409.refold_files", None),
    ("ALTER TABLE pg409.receipt ADD CONSTRAINT receipt_op_check CHECK (op <> '')", "older-schema", "slower", None),
    ("INSERT INTO pg409.receipt (table_name, row_key, op, at) VALUES ('note', '1', 'save', now() - interval '10 days')",
     "not-tidied", "1 receipts of before", None),
    ("CREATE TABLE keyless (a integer)", "no-key", "keyless", None),
    ("CREATE TABLE bare (id integer PRIMARY KEY)", "unprotected", "bare", "SELECT pg409.protect('bare')"),
    ("CREATE TABLE \"Bare 'two\" (id integer PRIMARY KEY)", "unprotected", "\"Bare 'two\"",
     "SELECT pg409.protect('\"Bare ''two\"')"),
    ("ALTER TABLE note DISABLE TRIGGER zz_pg409_version", "trigger-off", "note", "SELECT pg409.protect('note')"),
    (TRIGGER + "zzz BEFORE UPDATE ON note FOR EACH ROW EXECUTE FUNCTION f()", "trigger-after", "zzz of note", None),
    ("CREATE RULE r AS ON UPDATE TO note DO ALSO NOTIFY x", "rules", "r of note", None),
    ("CREATE TABLE x (id integer PRIMARY KEY, updated_at text)", "version-unusable", "x.updated_at is text", None),
    ("CREATE TABLE x (id integer PRIMARY KEY, updated_at timestamptz(0) NOT NULL); SELECT pg409.protect('x')",
     "version-coarse", "x.updated_at keeps 0 digits", "ALTER TABLE x ALTER COLUMN updated_at TYPE timestamp with time zone"),
    ("CREATE TABLE x (id integer PRIMARY KEY, updated_at timestamp NOT NULL); SELECT pg409.protect('x')", "version-zone",
     "x.updated_at", None),
    ("ALTER TABLE note ALTER COLUMN updated_at DROP NOT NULL", "version-nullable", "note.updated_at may be NULL",
     "SELECT pg409.protect('note')"),
    ("CREATE TABLE x (id integer PRIMARY KEY, lock_version smallint NOT NULL); SELECT pg409.protect('x')",
     "version-small", "x.lock_version is smallint", "ALTER TABLE x ALTER COLUMN lock_version TYPE integer"),
    ("INSERT INTO note VALUES (1); ALTER TABLE note DISABLE TRIGGER ALL; UPDATE note SET updated_at = now() + interval"
     " '1 day'; ALTER TABLE note ENABLE TRIGGER ALL", "version-future", "1 of note", None),
    ("CREATE TABLE x (id integer PRIMARY KEY, updated_at timestamp NOT NULL); SELECT pg409.protect('x'); INSERT INTO x"
     " VALUES (1); ALTER TABLE x DISABLE TRIGGER ALL; UPDATE x SET updated_at = 'infinity'; ALTER TABLE x ENABLE TRIGGER ALL",
     "version-future", "1 of x", None),
    ("CREATE TABLE x (id integer PRIMARY KEY, lock_version integer NOT NULL); SELECT pg409.protect('x');"
     " INSERT INTO x VALUES (1, 2000000000)", "version-worn", "x.lock_version has come to 2000000000 of 2147483647",
     "ALTER TABLE x ALTER COLUMN lock_version TYPE bigint"),
    ("INSERT INTO note" + MANY + "; ANALYZE note", "version-index", "note (about 10000 rows) by updated_at",
     "CREATE INDEX ON note (updated_at)"),
    ("CREATE TABLE part (id integer PRIMARY KEY, note integer REFERENCES note, lock_version integer NOT NULL);"
     " SELECT pg409.protect('part'); INSERT INTO part (id)" + MANY + "; ANALYZE part", "reference-index",
     "part (note), which refers to note", "CREATE INDEX ON part (note)"),
    ("CREATE INDEX slow ON note (title); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'slow'::regclass",
     "index-invalid", "slow of note", "REINDEX INDEX slow"),
    (FILE + "; UPDATE pg409.file_chunk SET data = 'ab'", "files-half", "a.txt", None),
    (FILE + "; UPDATE pg409.file_content SET sha256 = NULL", "files-half", "a.txt", None),
    (FILE + "; UPDATE pg409.file_chunk SET data = 'abd'", "files-changed", "a.txt", None),
    (FILE + "; DELETE FROM pg409.file; DELETE FROM pg409.file_revision", "files-unused", "3 bytes", None),
    (FILE + "; UPDATE pg409.file SET fold = 'b'", "files-folded", "a.txt", "SELECT pg409.refold_files(true)"),
    ("INSERT INTO pg409.file_upload (code, name, fold, media_type, expires) VALUES ('x', 'old.txt', 'old.txt', 'a/b',"
     " now() - interval '2 days')", "files-uploads", "old.txt, of nobody", None),
    ("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$",
     "not-durable", "synchronous_commit is off", None),
    ("ALTER ROLE web SET default_transaction_read_only = on", "read-only", "for the role web", None),
    ("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$",
     "read-only", "for this connection", None),
    ("ALTER ROLE web CONNECTION LIMIT 31", "workers", "32 processes, each with a connection, and room for 31", None),
]
# One cause may be seen from two sides.
ALSO = {"version-unusable": {"unprotected"}, "role-superuser": set(), "version-future": {"version-zone"},
        "files-half": {"files-changed"}, "no-policy": set()}


@pytest.mark.parametrize("make, name, words, fix", WRONG, ids=[f"{one[1]}-{n}" for n, one in enumerate(WRONG)])
def test_what_is_wrong_is_named_and_mended(patient, make, name, words, fix):
    patient.run(make)
    found = patient.findings("--deep", exit_status=None if name in ("version-unusable", "version-future") else name not in HINTS)
    assert name in found and set(found) - {name} <= ALSO.get(name, set()), found
    assert any(words in item for item in found[name]["items"]), found
    assert (found[name]["fix"][:1] or [None])[0] == fix
    assert (found[name]["severity"] == "hint") == (name in HINTS)
    text = patient.doctor("--deep").stdout
    assert words in text and found[name]["cure"] in text and (fix or "") in text
    after = patient.findings("--deep", "--only", name, "--fix", "--yes")
    if fix:
        assert after[name]["items"] == [] and after[name]["mended"] == 1 and after[name]["failed"] is None, after
        assert name not in patient.findings("--deep")
    else:
        assert after[name]["items"] == found[name]["items"] and after[name]["mended"] == 0


def test_rows_without_a_version(patient):
    """Apart from the others: the same remedy mends three findings."""
    patient.run("CREATE TABLE x (id integer PRIMARY KEY, modified_at timestamptz)")
    patient.run("INSERT INTO x VALUES (1, NULL), (2, NULL), (3, now())")
    found = patient.findings("--deep", exit_status=1)
    assert set(found) == {"unprotected", "version-nullable", "version-null-rows"}
    assert found["version-null-rows"]["items"] == ["2 of x"]
    mended = patient.findings("--deep", "--fix", "--yes", exit_status=0)
    assert {one["mended"] for one in mended.values()} == {1}
    assert patient.findings("--deep") == {}


def test_the_limits_of_what_is_found(patient):
    """Right beside what is found above."""
    patient.run("CREATE INDEX ON note (updated_at)")
    patient.run("INSERT INTO note" + MANY)
    patient.run("CREATE TABLE part (id integer PRIMARY KEY, note integer REFERENCES note, updated_at timestamptz(6) NOT NULL)")
    patient.run("SELECT pg409.protect('part')")
    patient.run("INSERT INTO part (id) SELECT n FROM generate_series(1, 999) n")
    patient.run("CREATE TABLE x (id integer PRIMARY KEY, lock_version integer NOT NULL)")
    patient.run("SELECT pg409.protect('x')")
    patient.run("INSERT INTO x VALUES (1, 1900000000)")
    patient.run("ANALYZE")
    patient.run("INSERT INTO pg409.receipt (table_name, row_key, op, at) VALUES ('note', '1', 'save', now() - interval '8 days')")
    patient.run(TRIGGER + "a BEFORE UPDATE ON note FOR EACH ROW EXECUTE FUNCTION f()")
    patient.run("CREATE TRIGGER zzz AFTER UPDATE ON note FOR EACH ROW EXECUTE FUNCTION f()")
    patient.run("ALTER ROLE web CONNECTION LIMIT 32")
    patient.run(GRANT)
    assert patient.findings("--deep", exit_status=0) == {}


def test_tables_of_extensions_are_not_ours_to_protect(patient):
    patient.run("CREATE TABLE theirs (id integer PRIMARY KEY); ALTER EXTENSION plpgsql ADD TABLE theirs")
    assert patient.findings() == {}


def test_a_name_is_one_line_and_moves_no_cursor(patient):
    patient.run('CREATE TABLE "a\n✓ Nothing was found\x1b[2J" (id integer)')
    text = patient.doctor("--only", "no-key").stdout
    assert '"a?✓ Nothing was found?[2J"' in text and "\x1b" not in text


def test_workers_against_connections(patient):
    room = int(patient.database.one("SHOW max_connections")) - int(patient.database.one("SHOW superuser_reserved_connections"))
    assert "workers" not in patient.findings("--workers", room)
    assert f"room for {room}" in patient.findings("--workers", room + 1, exit_status=1)["workers"]["items"][0]
    assert patient.doctor("--workers", "0").returncode == 255 and patient.doctor("--workers", "many").returncode == 255


def test_almost_out_of_connections(patient):
    most = int(patient.database.one("SHOW max_connections"))
    crowd = [patient.database.connect() for _ in range(int(most * 0.8) + 1)]
    try:
        assert "are open" in patient.findings(exit_status=1)["connections"]["items"][0]
    finally:
        for one in crowd:
            one.close()


def test_a_database_in_another_encoding(postgres):
    with postgres.connect() as admin:
        admin.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    found = run("--json", postgres.conninfo("latin"))
    assert found.returncode == 1 and "the database is encoded in LATIN1" in found.stdout


def test_a_clock_that_is_wrong(patient, tmp_path):
    (tmp_path / "late.c").write_text("#include <time.h>\ntime_t time(time_t *t) { struct timespec now;"
                                     " clock_gettime(CLOCK_REALTIME, &now); now.tv_sec -= 60; if (t) *t = now.tv_sec;"
                                     " return now.tv_sec; }\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", tmp_path / "late.so", tmp_path / "late.c"], check=True)
    found = patient.findings("--only", "clock", env={"LD_PRELOAD": str(tmp_path / "late.so")}, exit_status=0)
    assert "seconds ahead of this machine's" in found["clock"]["items"][0]
    assert patient.findings("--only", "clock") == {}


def test_without_the_schema(postgres):
    database = stack.Database(postgres, install=False)
    database.create(NOTES)
    found = run("--json", database.conninfo())
    names = {one["check"] for one in json.loads(found.stdout)["findings"]}
    assert found.returncode == 1 and names == {"not-installed", "role-owner"}
    assert {one["check"] for one in json.loads(run("--json", "--schema", "none", database.conninfo()).stdout)["findings"]} \
        == {"not-installed", "no-tables"}


def test_what_the_program_may_not_read_itself_is_said(patient):
    """As the program before anything was granted to it: the rest is still looked at."""
    patient.run("REVOKE ALL ON SCHEMA pg409 FROM web")
    found = run("--json", patient.database.conninfo("web"))
    findings = {one["check"]: one for one in json.loads(found.stdout)["findings"]}
    assert found.returncode == 1 and "USAGE on the schema pg409" in findings["grants"]["items"]
    assert "permission denied" in findings["files-half"]["unseen"]
    assert "? Could not be looked at" in run(patient.database.conninfo("web")).stdout


def test_a_database_that_cannot_be_asked(patient):
    found = run("host=/nowhere dbname=none")
    assert found.returncode == 2 and found.stderr.startswith("pg409 doctor: ") and not found.stdout
    found = run("--role", "nobody_here", patient.database.conninfo())
    assert found.returncode == 2 and "no role nobody_here" in found.stderr


def test_use():
    assert run("--help").returncode == 0 and "--sweep" in run("--help").stdout
    for wrong in (["--nonsense"], ["a", "b"], ["--skip", "nonsense"], ["--only", "grants,nonsense"], ["--fix", "--json"]):
        assert run(*wrong).returncode == 255, wrong


def test_every_check_is_in_the_manual():
    manual = (stack.ROOT / "docs/doctor.md").read_text()
    names = [line.split()[0] for line in run("--list").stdout.splitlines()]
    assert len(names) > 40 and len(set(names)) == len(names)
    assert [name for name in names if f"| `{name}` |" not in manual] == []


def test_only_and_skip(patient):
    patient.run("CREATE TABLE bare (id integer PRIMARY KEY)")
    patient.run("CREATE TABLE keyless (id integer)")
    assert set(patient.findings()) == {"unprotected", "no-key"}
    assert set(patient.findings("--skip", "no-key, grants")) == {"unprotected"}
    assert set(patient.findings("--only", "no-key")) == {"no-key"}


# --- mending


def at_a_terminal(patient, answers, *options):
    """What is said to a person who types these answers."""
    here, there = pty.openpty()
    process = subprocess.Popen([PG409, "doctor", "--fix", "--role", "web", *options, patient.database.conninfo("postgres")],
                               stdin=there, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               env={**os.environ, "HOME": "/nonexistent"})
    os.close(there)
    os.write(here, answers.encode())
    try:
        return process.communicate(timeout=60)[0], process.returncode
    finally:
        os.close(here)


def test_each_remedy_is_shown_and_asked_for(patient):
    patient.run("CREATE TABLE bare (id integer PRIMARY KEY)")
    patient.run("REVOKE INSERT ON pg409.receipt FROM web")
    said, status = at_a_terminal(patient, "n\ny\n")
    assert status == 1 and said.count("Do it? [y/N]") == 2, said
    assert said.index("SELECT pg409.grant_to('web');") < said.index("Do it?") < said.index("SELECT pg409.protect('bare');")
    assert set(patient.findings()) == {"grants"}
    said, status = at_a_terminal(patient, "\n")
    assert status == 1 and set(patient.findings()) == {"grants"}
    said, status = at_a_terminal(patient, "y\n")
    assert status == 0 and "✓ done" in said and patient.findings() == {}


def test_without_anybody_to_ask_nothing_is_changed(patient):
    patient.run("CREATE TABLE bare (id integer PRIMARY KEY)")
    found = patient.doctor("--fix", stdin=subprocess.DEVNULL)
    assert found.returncode == 1 and "nothing was changed" in found.stderr
    assert set(patient.findings()) == {"unprotected"}


def test_a_remedy_that_is_refused(patient):
    patient.run("CREATE TABLE bare (id integer PRIMARY KEY)")
    patient.run(GRANT)
    found = run("--fix", "--yes", "--only", "unprotected", patient.database.conninfo("web"))
    assert found.returncode == 1 and "a CONNINFO of the owner" in found.stdout, found.stdout
    with patient.database.connect() as other:
        other.autocommit = False
        other.execute("LOCK TABLE bare IN ROW EXCLUSIVE MODE")
        found = patient.findings("--fix", "--yes", exit_status=1)
        assert "try again later" in found["unprotected"]["failed"]


# --- the settings file


@pytest.fixture
def settings(patient, tmp_path):
    """Writes a settings file and looks at it."""
    def look(text="", mode=0o600, folder="etc", options=(), env=None):
        path = tmp_path / folder / "pg409.conf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"database = {patient.database.conninfo('web')} {text}")
        path.chmod(mode)
        found = run("--json", "--config", path, *options, env=env or {})
        answer = json.loads(found.stdout)
        assert answer["settings"] == str(path)
        return {one["check"]: one for one in answer["findings"]}
    return look


def test_the_settings_say_where_and_who(settings, patient):
    assert settings() == {}
    assert settings(options=[patient.database.conninfo("postgres")]) == {}  # looked at as the owner; the program is web
    assert set(settings("\nschema = other")) == {"no-tables"}
    assert set(settings("\nuser_role = on")) == {"user-role"}
    patient.run("CREATE ROLE somebody; GRANT somebody TO web")
    assert settings("\nuser_role = on") == {}
    patient.run("DROP ROLE somebody")


def test_the_settings_file_that_the_program_would_find(patient, tmp_path):
    (tmp_path / ".config/pg409").mkdir(parents=True)
    path = tmp_path / ".config/pg409/pg409.conf"
    path.write_text(f"database = {patient.database.conninfo('web')}\n")
    path.chmod(0o600)
    found = run(env={"HOME": str(tmp_path)})
    assert found.returncode == 0 and str(path) in found.stdout and patient.database.name in found.stdout


def test_a_settings_file_with_a_fault(settings):
    found = settings("\nlock_timeout = soon")
    assert "line 2" in found["settings-fault"]["items"][0] and "lock_timeout" in found["settings-fault"]["items"][0]


@pytest.mark.parametrize("text, mode, words, fix", [
    (" password=x", 0o644, "may be read by everybody (mode 644) and holds a password", "chmod 640"),
    (" password=x", 0o646, "may be written by everybody", "chmod 640"),
    ("", 0o666, "may be written by everybody (mode 666)", "chmod 664"),
    ("", 0o644, None, None), (" password=x", 0o640, None, None)])
def test_rights_of_the_settings_file(settings, text, mode, words, fix):
    found = settings(text, mode)
    assert ("settings-readable" in found) == (words is not None)
    if words:
        assert words in found["settings-readable"]["items"][0] and found["settings-readable"]["fix"][0].startswith(fix)
        assert settings(text, mode, options=["--fix", "--yes"])["settings-readable"]["mended"] == 1


def test_a_settings_file_in_the_web(settings, tmp_path):
    found = settings(folder="public_html/cgi-bin")
    assert set(found) == {"settings-in-web"}
    shutil.copy(stack.ROOT / "apache-conf/htaccess", tmp_path / "public_html/cgi-bin/.htaccess")
    assert settings(folder="public_html/cgi-bin") == {}
    assert settings(folder="public_html_not") == {}


def test_settings_that_are_open(settings):
    found = settings("\nallow_overwrite = on\nanonymous = write\nmetrics = open\nmetrics_tables = on")
    assert len(found["settings-loose"]["items"]) == 3
    assert settings("\nmetrics = open") == {}


def test_a_file_of_passwords_that_others_may_read(settings, tmp_path):
    path = tmp_path / "pgpass"
    path.write_text("*:*:*:web:x\n")
    path.chmod(0o640)
    found = settings(env={"PGPASSFILE": str(path)})
    assert found["password-file"]["items"] == [f"{path} has mode 640"]
    assert settings(env={"PGPASSFILE": str(path)}, options=["--fix", "--yes"])["password-file"]["mended"] == 1
    assert path.stat().st_mode & 0o777 == 0o600 and settings(env={"PGPASSFILE": str(path)}) == {}
