"""The page of files: up and down, with the script and without, and what happens when a name is taken."""

import hashlib
import time

import pytest

import stack
from browser import a11y

DROP = """
const transfer = new DataTransfer();
transfer.items.add(new File([arguments[1]], arguments[2], {type: 'text/plain'}));
for (const type of ['dragover', 'drop'])
    arguments[0].dispatchEvent(new DragEvent(type, {dataTransfer: transfer, bubbles: true, cancelable: true}));
"""
PNG = (stack.ROOT / "docs/pictures/form.png").read_bytes()


@pytest.fixture(autouse=True)
def tidy(database, anna, bob):
    database.run("DELETE FROM pg409.file; DELETE FROM pg409.file_revision; DELETE FROM pg409.file_upload;"
                 "DELETE FROM pg409.file_content")
    for person in (anna, bob):
        person.open("/_problems/stale").script("localStorage.clear()")


@pytest.fixture(params=[True, False], ids=["with the script", "without"])
def scripted(request, anna, bob):
    for person in (anna, bob):
        person.scripts(request.param)
    yield request.param
    for person in (anna, bob):
        person.scripts(True)


@pytest.fixture
def sample(tmp_path):
    path = tmp_path / "report.txt"
    path.write_text("Anna's report\n" * 10)
    return path


def stored(database):
    rows = database.run("SELECT f.name, string_agg(c.data, '' ORDER BY c.at) FROM pg409.file f"
                        " JOIN pg409.file_chunk c ON c.content = f.content GROUP BY f.name")
    return {name: bytes(data) for name, data in rows}


def upload(person, *paths):
    person.open("/_files/").field("file").send_keys("\n".join(map(str, paths)))
    return person.leave(person.find("form.upload button").click)


def fine(person):
    assert a11y.check(person) == [] and a11y.overflow(person) == [] and person.complaints() == []


def test_upload(anna, database, sample, scripted, tmp_path):
    other = tmp_path / "über uns.bin"
    other.write_bytes(bytes(range(256)) * 1000)
    upload(anna, sample, other)
    assert "Uploaded." in anna.text and stored(database) == {"report.txt": sample.read_bytes(),
                                                            "über uns.bin": other.read_bytes()}
    if scripted:
        fine(anna)


def test_a_name_that_is_taken(anna, bob, database, sample, scripted, tmp_path):
    upload(anna, sample)
    mine = tmp_path / "b" / "report.txt"
    mine.parent.mkdir()
    mine.write_text("Bob's report\n")
    if scripted:
        bob.open("/_files/").field("file").send_keys(str(mine))
        bob.find("form.upload button").click()
        bob.until(lambda: "Save as report (2).txt" in bob.text)
        assert "anna uploaded “report.txt”" in bob.text
        fine(bob)
        bob.leave(bob.find(".uploads button").click)
    else:
        upload(bob, mine)
        assert "A file of this name is there already" in bob.title and "Nothing has to be sent again" in bob.text
        bob.leave(bob.find(".way button.main").click)
    assert stored(database) == {"report.txt": sample.read_bytes(), "report (2).txt": b"Bob's report\n"}


def test_the_conflict_page(anna, bob, database, sample):
    """Both pictures side by side; replaced is exactly the one that is shown."""
    sample = sample.with_name("map.png")
    sample.write_bytes(PNG)
    upload(anna, sample)
    bob.scripts(False)
    mine = sample.with_name("b.png")
    mine.write_bytes(PNG + b"\0")
    database.run("UPDATE pg409.file SET name = 'b.png', fold = 'b.png'")
    upload(bob, mine)
    bob.scripts(True)
    address = bob.script("return document.querySelector('.way').action").removeprefix(bob.server.url)
    bob.open(address)
    assert bob.script("return [...document.images].map(i => i.naturalWidth > 0)") == [True, True]
    assert hashlib.sha256(PNG).hexdigest() in bob.text
    fine(bob)
    bob.leave(bob.all(".way button")[1].click)
    assert "Uploaded." in bob.text and stored(database) == {"b.png": PNG + b"\0"}
    assert len(bob.all("ul.edits li")) == 1
    fine(bob)
    bob.leave(bob.find("ul.edits button").click)
    assert "The earlier version is back" in bob.text and stored(database)["b.png"] == PNG


def test_let_it_go_and_unfinished_uploads(anna, bob, database, sample):
    upload(anna, sample)
    mine = sample.with_name("b.txt")
    mine.write_text("Bob's")
    bob.scripts(False)
    database.run("UPDATE pg409.file SET name = 'b.txt', fold = 'b.txt'")
    upload(bob, mine)
    bob.scripts(True).open("/_files/")
    assert "Your unfinished uploads" in bob.text
    fine(bob)
    bob.leave(bob.find(".unfinished a").click)
    bob.leave(bob.find(".way .danger").click)
    assert "Your upload was thrown away" in bob.text and not bob.all(".unfinished")
    assert stored(database) == {"b.txt": sample.read_bytes()}


def test_dropped_onto_the_page(anna, database):
    anna.open("/_files/")
    anna.leave(lambda: anna.script(DROP, anna.find("form.upload"), "dropped text", "dropped.txt"))
    assert stored(database) == {"dropped.txt": b"dropped text"}


def test_pause_and_after_the_browser_was_closed(anna, database, tmp_path):
    path = tmp_path / "long.bin"
    path.write_bytes(bytes(range(256)) * 20_000)
    anna.open("/_files/")
    slow(anna, 3_000_000)
    anna.field("file").send_keys(str(path))
    anna.find("form.upload button").click()
    anna.until(lambda: anna.script("return document.querySelector('progress')?.value > 200000"))
    anna.find(".uploads button").click()
    anna.until(lambda: "Paused at" in anna.text)
    fine(anna)
    at = database.one("SELECT received FROM pg409.file_content")
    time.sleep(0.4)
    assert database.one("SELECT received FROM pg409.file_content") == at < path.stat().st_size
    anna.open("/")  # the page is gone, and with it what it knew
    slow(anna, -1)
    upload(anna, path)
    assert stored(database) == {"long.bin": path.read_bytes()}
    assert database.one("SELECT count(*) FROM pg409.file_upload") == 1, "it went on where it was"


def test_an_upload_that_met_a_taken_name_unseen(anna, bob, database, tmp_path):
    """The answer to the last part got lost: the bytes are kept, and are not sent a second time."""
    path = tmp_path / "long.bin"
    path.write_bytes(bytes(range(256)) * 20_000)
    anna.open("/_files/")
    slow(anna, 3_000_000)
    anna.field("file").send_keys(str(path))
    anna.find("form.upload button").click()
    anna.until(lambda: anna.script("return document.querySelector('progress')?.value > 200000"))
    anna.find(".uploads button").click()
    anna.until(lambda: "Paused at" in anna.text)
    database.run("WITH c AS (INSERT INTO pg409.file_content (size, received, sha256) VALUES (0, 0, 'x') RETURNING id)"
                 " INSERT INTO pg409.file (name, fold, content, size, sha256, media_type, updated_by)"
                 " SELECT 'long.bin', 'long.bin', id, 0, 'x', 'text/plain', 'bob' FROM c")
    database.run("UPDATE pg409.file_content SET size = received, sha256 = 'y' WHERE sha256 IS NULL")
    database.run("UPDATE pg409.file_upload SET outcome = 'exists'")
    slow(anna, -1)
    anna.find(".uploads button").click()
    anna.until(lambda: "Decide what becomes of it" in anna.text)
    assert "bob uploaded “long.bin”" in anna.text and "is kept for you" in anna.text


def slow(person, rate):
    person.driver.execute_cdp_cmd("Network.enable", {})
    person.driver.execute_cdp_cmd("Network.emulateNetworkConditions", {
        "offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": rate})


def test_the_network_is_away_for_a_while(anna, database, tmp_path):
    path = tmp_path / "long.bin"
    path.write_bytes(bytes(range(256)) * 8000)
    anna.open("/_files/")
    slow(anna, 1_000_000)
    anna.field("file").send_keys(str(path))
    anna.script("window.here = true")
    anna.find("form.upload button").click()
    anna.until(lambda: anna.script("return document.querySelector('progress')?.value > 200000"))
    anna.driver.execute_cdp_cmd("Network.emulateNetworkConditions", {
        "offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1})
    anna.until(lambda: "goes on by itself" in anna.text)
    slow(anna, -1)
    anna.until(lambda: anna.script("return !window.here && document.readyState === 'complete'"), 40)
    assert "Uploaded." in anna.text and stored(database) == {"long.bin": path.read_bytes()}


def test_replace_rename_delete_and_back(anna, database, sample, scripted):
    upload(anna, sample)
    anna.leave(anna.find("table.files th a[href$=_about]").click)
    newer = sample.with_name("anything.txt")
    newer.write_text("newer")
    anna.field("file").send_keys(str(newer))
    anna.leave(anna.find("form.upload button").click)
    assert stored(database) == {"report.txt": b"newer"}
    anna.type("name", "final.txt").leave(anna.all(".ways .way button")[1].click)
    assert anna.title == "final.txt" and "Renamed." in anna.text
    if scripted:
        fine(anna)
    anna.find("details.delete summary").click()
    anna.leave(anna.find("button.danger").click)
    assert "Deleted." in anna.text and stored(database) == {}
    anna.find("details.deleted summary").click()
    if scripted:
        fine(anna)
    anna.leave(anna.find("details.deleted button").click)
    assert "The file is back" in anna.text and stored(database) == {"final.txt": b"newer"}


def test_too_late_to_rename(anna, bob, database, sample):
    upload(anna, sample)
    bob.open("/_files/report.txt/_about")
    database.run("DELETE FROM pg409.file")
    bob.type("name", "other.txt").leave(bob.all(".ways .way button")[1].click)
    assert bob.status == 409 and "was deleted after you looked at it" in bob.title
    fine(bob)


def test_search_and_sort(anna, database, sample, tmp_path):
    other = tmp_path / "zebra.txt"
    other.write_text("z")
    upload(anna, sample, other)
    anna.open("/_files/").leave(anna.all("thead th a")[1].click)
    names = lambda: [link.text for link in anna.all("table.files tbody th a")]  # noqa: E731
    assert names() == ["report.txt", "zebra.txt"]
    anna.leave(anna.all("thead th a")[1].click)
    assert names() == ["zebra.txt", "report.txt"]
    anna.type("q", "zeb").leave(lambda: anna.field("q").send_keys("\n"))
    assert names() == ["zebra.txt"]
    anna.open("/").leave(anna.find("a.to-files").click)
    assert anna.title == "Files"
