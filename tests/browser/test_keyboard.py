"""Without a mouse: Tab, Space, arrows, Enter. tab_to() checks at each stop that the focus is seen."""

from selenium.webdriver.common.keys import Keys


def is_field(name):
    return lambda tag, found: tag in ("input", "textarea", "select") and found == name


def is_button(words):
    return lambda tag, found: tag == "button" and found == words


def rewrite(person, article, title):
    person.open(article).tab_to(is_field("title")).press(Keys.CONTROL, "a").press(title)
    return person


def save(person, words="Save"):
    person.tab_to(is_button(words))
    return person.leave(lambda: person.press(Keys.ENTER))


def test_conflict_and_resolution(anna, bob, article, stored):
    rewrite(bob, article, "The boat")
    save(rewrite(anna, article, "The steamer"))
    save(bob)
    assert bob.status == 409
    bob.tab_to(is_field("_pick.title")).press(Keys.SPACE)
    save(bob, "Save the result")
    assert stored(article) == "The boat"


def test_own_wording(anna, bob, article, stored):
    rewrite(bob, article, "The boat")
    save(rewrite(anna, article, "The steamer"))
    save(bob).tab_to(is_field("_pick.title")).press(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.SPACE)
    bob.tab_to(is_field("title"), most=2).press(Keys.CONTROL, "a").press("The steam boat")
    save(bob, "Save the result")
    assert stored(article) == "The steam boat"


def test_enter_in_a_line_saves(anna, article, stored):
    rewrite(anna, article, "By Enter")
    anna.leave(lambda: anna.press(Keys.ENTER))
    assert stored(article) == "By Enter"


def test_skip_link_comes_first_and_skips(anna, article):
    anna.open(article).press(Keys.TAB)
    assert anna.focused() == ("a", "Skip to the content") and anna.focus_shows()
    anna.press(Keys.ENTER).press(Keys.TAB)
    assert anna.script("return document.querySelector('main').contains(document.activeElement)")


def test_delete(anna, article, stored):
    anna.open(article).tab_to(lambda tag, _: tag == "summary").press(Keys.ENTER)
    save(anna, "Delete")
    assert stored(article) is None and "Deleted." in anna.text


def test_search(anna, article, stored):
    anna.open("/article").tab_to(is_field("q")).press("ferry")
    anna.leave(lambda: anna.press(Keys.ENTER))
    assert "q=ferry" in anna.path and "The ferry" in anna.text


def test_places_of_a_text(anna, bob, article, stored):
    text = "The ferry leaves at ten.\nNobody minds.\n"
    bob.open(article).set("body", text).save()
    bob.open(article)
    anna.open(article).set("body", text.replace("ferry", "ship")).save()
    bob.set("body", text.replace("ferry", "boat")).save()
    bob.tab_to(is_field("_place.body.0")).press(Keys.SPACE, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert bob.find("[name='_place.body.0']:checked").get_attribute("value") == "mine-theirs"
    assert bob.press(Keys.TAB).focused() == ("summary", "Or change the whole text")
    bob.tab_to(lambda tag, words: words == "Save the result")
    bob.leave(lambda: bob.press(Keys.ENTER))
    assert stored(article, "body") == text.replace("ferry", "boat ship")
