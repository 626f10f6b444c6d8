"""What the script adds: drafts that stay, a word about a newer version, choices that show at once."""

import re

import pytest

from browser import a11y

TEXT = "The ferry leaves at ten.\nIt carries nine cars.\nThe crossing takes an hour.\nNobody minds.\n"


@pytest.fixture(autouse=True)
def tidy(anna, bob):
    for person in (anna, bob):
        person.open("/_problems/stale").script("localStorage.clear(); sessionStorage.clear()")


def drafts(person):
    return person.script("return Object.keys(localStorage).filter(k => k.startsWith('pg409 draft'))")


def typed(person, article, **fields):
    person.open(article)
    for name, text in fields.items():
        person.type(name, text)
    person.until(lambda: drafts(person))
    return person


def look(person):
    """What happens when somebody comes back to the window."""
    person.script("window.dispatchEvent(new Event('focus'))")
    return person


# --- drafts ---


def test_draft_survives_leaving_the_page(anna, article, stored):
    typed(anna, article, title="Half a ti", body="Some text\nin two lines")
    anna.open("/").open(article)
    assert anna.value("title") == "The ferry"
    assert "You typed something here" in anna.find("#draft-notice").text
    assert a11y.check(anna) == [] and a11y.overflow(anna) == []
    anna.find("#draft-notice button").click()
    assert anna.value("title") == "Half a ti" and anna.value("body") == "Some text\nin two lines"
    anna.save()
    assert stored(article) == "Half a ti" and drafts(anna) == []
    assert not anna.open(article).all("#draft-notice")


def test_draft_of_an_older_version_overwrites_nobody(anna, bob, article, stored):
    typed(anna, article, title="Anna's")
    bob.open(article).type("title", "Bob's").save()
    anna.open("/").open(article)
    assert anna.value("title") == "Bob's"
    anna.find("#draft-notice button").click()
    assert "you see both changes" in anna.find("#draft-notice").text
    anna.save()
    assert anna.status == 409 and stored(article) == "Bob's"
    assert drafts(anna)  # until it is resolved
    anna.pick("title", "yours").save()
    assert stored(article) == "Anna's" and drafts(anna) == []


def test_draft_is_thrown_away(anna, article):
    typed(anna, article, title="Never mind")
    anna.open("/").open(article).all("#draft-notice button")[1].click()
    assert not anna.all("#draft-notice") and drafts(anna) == []
    assert not anna.open(article).all("#draft-notice")


def test_what_is_undone_is_no_draft(anna, article):
    typed(anna, article, title="Else").type("title", "The ferry")
    anna.until(lambda: drafts(anna) == [])


def test_draft_of_a_new_row(anna, database):
    typed(anna, "/article/_new", title="New one")
    anna.open("/").open("/article/_new").find("#draft-notice button").click()
    assert anna.value("title") == "New one"
    anna.save()
    assert re.search(r"/article/\d+\?_done=", anna.path) and drafts(anna) == []


def test_draft_with_every_type_of_control(anna, database):
    number = database.one("INSERT INTO control (name) VALUES ('all') RETURNING id")
    path = f"/control/{number}"
    anna.open(path).set("day", "2026-01-02").set("clock", "10:30").set("instant", "2026-01-02T10:30")
    anna.choose("mood", "cross").choose("author_id", "Bob Achebe").choose("maybe", "no")
    anna.find("#f-sure").click()
    anna.set("_" + "_odd", "underscored").set("two words", "both").set("tags", "{a,b}")
    before = anna.script("return JSON.stringify([...new FormData(document.querySelector('form.card'))])")
    anna.until(lambda: drafts(anna))
    anna.open("/").open(path).find("#draft-notice button").click()
    assert anna.script("return JSON.stringify([...new FormData(document.querySelector('form.card'))].filter(p => p[0] !== '_token'))") == \
        anna.script("return JSON.stringify(JSON.parse(arguments[0]).filter(p => p[0] !== '_token'))", before)


def test_drafts_are_of_one_person(anna, bob, article):
    typed(anna, article, title="Anna's secret")
    assert not bob.open(article).all("#draft-notice")


def test_old_and_broken_drafts_go(anna, article):
    anna.open("/_problems/stale").script(
        "localStorage.setItem('pg409 draft anna /old', JSON.stringify({at: 1, values: {}, ours: {}}));"
        "localStorage.setItem('pg409 draft anna /broken', '{'); localStorage.setItem('else', 'stays')")
    anna.open(article)
    assert drafts(anna) == [] and anna.script("return localStorage.getItem('else')") == "stays"
    assert anna.complaints() == []


# --- a newer version ---


def test_newer_version_is_said_and_merged(anna, bob, article, stored):
    anna.open(article).type("title", "Anna's ferry")
    bob.open(article).set("price", "9").type("body", "Bob's text").save()
    look(anna).until(lambda: anna.all("#newer-notice"))
    text = anna.find("#newer-notice").text
    assert "saved while you had it open" in text and "What you typed is still here" in text
    assert "Body" in text.replace("body", "Body") and "price" in text.lower() and "title" not in text
    assert anna.value("title") == "Anna's ferry"
    assert a11y.check(anna) == [] and a11y.overflow(anna) == []
    anna.leave(anna.find("#newer-notice button").click)
    assert stored(article) == "The ferry"  # nothing is saved yet
    anna.save()
    assert [str(stored(article, name)) for name in ("title", "body", "price")] == \
        ["Anna's ferry", "Bob's text", "9.00"]


def test_who_has_typed_nothing_is_shown_the_newest(anna, bob, article):
    anna.open(article)
    bob.open(article).type("title", "Bob's").save()
    look(anna).until(lambda: anna.all("#newer-notice"))
    anna.leave(anna.find("#newer-notice a").click)
    assert anna.value("title") == "Bob's"


def test_nothing_is_said_while_nothing_happens(anna, article):
    anna.open(article)
    look(anna)
    anna.until(lambda: anna.script(
        "return performance.getEntriesByType('resource').some(e => e.initiatorType === 'fetch' && e.responseStatus === 304)"))
    assert not anna.all("#newer-notice") and anna.complaints() == []


def looks(person):
    """How many looks for a newer version the page takes when somebody comes back to the window."""
    person.script("const real = window.fetch; window.looks = 0;"
                  "window.fetch = (...asked) => { window.looks++; return real(...asked); };")
    return look(person).script("return window.looks")


def test_an_old_version_in_its_form_is_not_watched(anna, article):
    anna.open(article).type("title", "Two").save()
    anna.open(article + "/_history").leave(anna.find("ol.history a").click)
    anna.leave(anna.find("a.button").click)
    assert looks(anna) == 0
    anna.open(article).until(lambda: looks(anna) == 1)  # one may be under way already


def test_deleted_row_is_said(anna, bob, article):
    anna.open(article).type("title", "Anna's")
    bob.open(article).find("details.delete summary").click()
    bob.leave(bob.find("button.danger").click)
    look(anna).until(lambda: anna.all("#newer-notice"))
    assert "deleted while you had it open" in anna.find("#newer-notice").text
    anna.save()
    assert anna.status == 409 and "Nothing you typed is lost" in anna.text


# --- choices ---


def places(anna, bob, article):
    bob.open(article).set("body", TEXT).save()
    anna.open(article), bob.open(article)
    bob.set("body", TEXT.replace("ferry", "ship").replace("Nobody minds", "Few mind")).save()
    return anna.set("body", TEXT.replace("ferry", "boat").replace("Nobody", "Everybody").replace("nine", "ten")).save()


def whole(person):
    return person.find("details.whole textarea").get_property("value")


def test_choices_show_in_the_whole_text(anna, bob, article, stored):
    places(anna, bob, article)
    anna.find("details.whole summary").click()
    assert "The boat" in whole(anna) and "ten cars" in whole(anna)
    assert "2 choices are missing" in anna.find(".actions").text
    anna.place("body", 0, "mine-theirs")
    assert "The boat ship leaves" in whole(anna) and "One choice is missing" in anna.find(".actions").text
    anna.place("body", 1, "theirs")
    assert whole(anna).endswith("Few mind.\n") and "Everything is chosen" in anna.find(".actions").text
    shown = whole(anna)
    anna.save()
    assert stored(article, "body") == shown


def test_own_words_show_in_the_whole_text(anna, bob, article):
    places(anna, bob, article).place("body", 0, "own").type("_own.body.0", "raft")
    anna.find("details.whole summary").click()
    assert "The raft leaves" in whole(anna)


def test_typing_into_the_whole_text_makes_it_count(anna, bob, article, stored):
    places(anna, bob, article).find("details.whole summary").click()
    box = anna.find("details.whole textarea")
    box.clear()
    box.send_keys("All new.")
    assert anna.find("details.whole [type=checkbox]").is_selected()
    anna.place("body", 0, "theirs")
    assert whole(anna) == "All new."
    anna.save()
    assert stored(article, "body") == "All new."
