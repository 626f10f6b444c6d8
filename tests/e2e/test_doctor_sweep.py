"""pg409 doctor --sweep: rows whose content moved while their version did not, and no others."""

import random
import resource
import subprocess

import pytest

from e2e.test_doctor import PG409, Patient, run


@pytest.fixture(scope="module")
def patient(postgres):
    return Patient(postgres)


@pytest.fixture
def sweep(patient, tmp_path):
    def look(*options):
        answer = patient.findings("--sweep", tmp_path / "sweep", "--only", "version-bypassed", *options)
        return answer.get("version-bypassed", {"items": []})
    return look


def bypass(patient, statement):
    patient.run("SET session_replication_role = replica")
    patient.run(statement)
    patient.run("RESET session_replication_role")


def test_a_row_that_moved_without_its_version(patient, sweep, tmp_path):
    patient.run("TRUNCATE note; INSERT INTO note SELECT n, 'a' FROM generate_series(1, 20) n")
    said = patient.doctor("--sweep", tmp_path / "sweep").stdout
    assert "Sweep: 20 rows of 1 tables are noted" in said
    assert (tmp_path / "sweep").stat().st_mode & 0o777 == 0o600
    patient.run("UPDATE note SET title = 'b' WHERE id <= 10")
    assert sweep()["items"] == []
    bypass(patient, "UPDATE note SET title = 'c' WHERE id IN (3, 12)")
    patient.run("UPDATE note SET title = 'd' WHERE id = 4")
    patient.run("DELETE FROM note WHERE id = 5")
    patient.run("INSERT INTO note VALUES (21, 'new')")
    found = sweep()
    assert found["items"] == ['2 rows of note: ["12"] ["3"]'] and found["fix"] == ["SELECT pg409.protect('note')"]
    assert sweep()["items"] == []  # told once
    assert "20 rows of 1 tables; of 20 that were there on 2" in patient.doctor("--sweep", tmp_path / "sweep").stdout


def test_many_are_counted_and_some_named(patient, sweep):
    patient.run("TRUNCATE note; INSERT INTO note SELECT n, 'a' FROM generate_series(1, 100) n")
    sweep()
    bypass(patient, "UPDATE note SET title = 'b'")
    assert sweep()["items"][0].startswith("100 rows of note: ") and sweep()["items"] == []


def test_columns_that_came_or_went_are_no_finding(patient, sweep):
    patient.run("TRUNCATE note; INSERT INTO note VALUES (1, 'a')")
    sweep()
    patient.run("ALTER TABLE note ADD COLUMN more text DEFAULT 'x'")
    assert sweep()["items"] == []
    patient.run("ALTER TABLE note DROP COLUMN more")
    sweep()
    bypass(patient, "UPDATE note SET title = 'b'")
    assert len(sweep()["items"]) == 1


def test_another_file_is_left_alone(patient, postgres, sweep, tmp_path):
    path = tmp_path / "sweep"
    for text in ("precious\n", "", 'pg409 sweep 1\t"another"\nE\n'):
        path.write_text(text)
        found = patient.doctor("--sweep", path, "--only", "version-bypassed")
        assert found.returncode == 1 and "is not the file of a sweep" in found.stdout and path.read_text() == text
    found = patient.doctor("--sweep", "/nonexistent/sweep", "--only", "version-bypassed")
    assert found.returncode == 1 and "No such file" in found.stdout
    path.unlink()
    (tmp_path / "sweep.new").write_text("left by one that was killed")
    sweep()
    assert path.exists() and not (tmp_path / "sweep.new").exists()


def test_a_disk_that_is_full(patient, tmp_path):
    """What is there stays as it was."""
    patient.run("TRUNCATE note; INSERT INTO note SELECT n, 'a' FROM generate_series(1, 2000) n")
    path = tmp_path / "sweep"
    patient.doctor("--sweep", path)
    before = path.read_bytes()
    found = patient.doctor("--sweep", path, "--only", "version-bypassed",
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50000, 50000)))
    assert found.returncode in (1, -25) and path.read_bytes() == before


KEYS = ["a", "ä", "b\tc", "d\ne", 'f"g', "h\\i", "", "z,y", "A", "~"]


def test_against_a_model(patient, sweep):
    """Random changes with and without the trigger, in tables whose names and keys sort in odd ways."""
    names = ["Zeta", "alpha", "ünder", 'q"uote', "tab\there"]
    chance = random.Random(409)
    for name in names:
        quoted = '"' + name.replace('"', '""') + '"'
        patient.run(f"CREATE TABLE {quoted} (k text, n integer, v text, updated_at timestamptz NOT NULL, PRIMARY KEY (n, k))")
        patient.run("SELECT pg409.protect(%s::regclass)", quoted)
        for key in KEYS:
            for n in range(-2, 3):
                patient.run(f"INSERT INTO {quoted} VALUES (%s, %s, 'x')", key, n)
    sweep()
    for round_ in range(6):
        expected = {}
        for name in names:
            quoted = '"' + name.replace('"', '""') + '"'
            for key in chance.sample(KEYS, 4):
                n, quiet = chance.randint(-2, 2), chance.random() < 0.5
                if quiet:
                    patient.run("SET session_replication_role = replica")
                    expected[name] = expected.get(name, 0) + 1
                touched = patient.database.sql.execute(
                    f"UPDATE {quoted} SET v = %s WHERE k = %s AND n = %s",
                    (f"{round_}{chance.random()}", key, n)).rowcount
                assert touched == 1
                patient.run("RESET session_replication_role")
        found = {}
        for item in sweep()["items"]:
            count, rest = item.split(" row", 1)
            found[next(name for name in names if f'of {name}:' in rest.lstrip("s ") or
                       '"' + name.replace('"', '""') + '":' in rest)] = int(count)
        assert found == expected
    for name in names:
        patient.run('DROP TABLE "' + name.replace('"', '""') + '"')


def test_memory_does_not_grow_with_the_rows(patient, tmp_path):
    def peak(rows):
        patient.run("TRUNCATE note")
        patient.run("INSERT INTO note SELECT n, repeat('x', 100) FROM generate_series(1, %s) n", rows)
        command = ["/usr/bin/python3", "-c", "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=False,"
                   " stdout=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)",
                   PG409, "doctor", "--role", "web", "--only", "version-bypassed", "--sweep", tmp_path / str(rows),
                   patient.database.conninfo("postgres")]
        sizes = [int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(2)]
        return max(sizes)
    small, large = peak(1000), peak(100000)
    assert (tmp_path / "100000").stat().st_size > 5e6
    assert large < small + 2048, (small, large)  # KiB


def test_a_view_of_few_rights(patient, tmp_path):
    """Tables that may not be read are passed by; the rest is swept."""
    patient.run("CREATE TABLE hidden (id integer PRIMARY KEY, lock_version integer NOT NULL)")
    patient.run("SELECT pg409.protect('hidden')")
    found = run("--sweep", tmp_path / "sweep", patient.database.conninfo("web"))
    assert "rows of 1 tables are noted" in found.stdout
    patient.run("DROP TABLE hidden")


def test_a_damaged_file_finds_less_and_nothing_wrong(patient, sweep, tmp_path):
    patient.run("TRUNCATE note; INSERT INTO note SELECT n, 'a' FROM generate_series(1, 50) n")
    sweep()
    whole = (tmp_path / "sweep").read_bytes()
    heading = whole.index(b"\n") + 1
    for damaged in (whole[:heading], whole[:len(whole) // 2], whole[:-5], whole[:heading] + b"\n\0\xff\n" + whole[heading:],
                    whole[:heading] + b"T\n" + whole[heading:], whole[:heading] + b"R\t\t\t\n" + b"x" * 100000,
                    whole.replace(b"\t", b"", 40)):
        (tmp_path / "sweep").write_bytes(damaged)
        found = patient.doctor("--sweep", tmp_path / "sweep", "--only", "version-bypassed")
        assert found.returncode in (0, 1) and ("Nothing was found" in found.stdout or "is not the file" in found.stdout)
