"""What browsers do with forms besides sending them once: Back, reload, double clicks, restored fields."""

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.support.ui import Select


def writes(database, article):
    """How many saves the row has seen, as the receipts tell."""
    return database.one("SELECT count(*) FROM pg409.receipt WHERE table_name::text LIKE '%%article' "
                        "AND row_key = %s", article.rpartition("/")[2])


def version(stored, article):
    return stored(article, "updated_at")


def test_back_after_a_save_and_save_again(anna, article, stored):
    anna.open(article).type("title", "First").save()
    anna.back()
    assert anna.path == article and anna.value("title") == "First"
    anna.type("title", "Second").save()
    assert anna.status == 200 and anna.title == "Second" and stored(article) == "Second"


def test_back_after_a_save_does_not_hide_another_person(anna, bob, article, stored):
    anna.open(article).type("title", "First").save()
    bob.open(article).type("title", "Between").save()
    anna.back().type("title", "Second").save()
    assert anna.status == 409 and "bob saved this row" in anna.text
    assert stored(article) == "Between"


def test_back_after_a_conflict_keeps_what_was_typed(anna, bob, article):
    bob.open(article).type("title", "Mine").type("body", "A long evening's work")
    anna.open(article).type("title", "Theirs").save()
    bob.save()
    assert bob.status == 409
    bob.back()
    assert (bob.value("title"), bob.value("body")) == ("Mine", "A long evening's work")
    bob.save()
    assert bob.status == 409 and "A long evening's work" in bob.text


def test_reload_after_a_save_saves_nothing(anna, article, stored):
    anna.open(article).type("title", "Once").save()
    before = version(stored, article)
    anna.leave(anna.driver.refresh)
    assert anna.value("title") == "Once" and version(stored, article) == before


def test_reload_shows_the_row_as_it_is_now(anna, bob, article, stored):
    """Fields of an older page under the version of a newer one would overwrite unseen."""
    anna.open(article).type("title", "Half typed")
    bob.open(article).type("title", "By Bob").save()
    anna.leave(anna.driver.refresh)
    assert anna.value("title") == "By Bob"
    anna.type("body", "More").save()
    assert (stored(article), stored(article, "body")) == ("By Bob", "More")


def test_reload_of_the_conflict_page_is_the_same_conflict(anna, bob, article, stored):
    bob.open(article).type("title", "Mine")
    anna.open(article).type("title", "Theirs").save()
    bob.save()
    bob.leave(bob.driver.refresh)
    assert bob.status == 409 and stored(article) == "Theirs"
    bob.pick("title", "yours").save()
    assert stored(article) == "Mine"


def test_double_click_saves_once(anna, article, stored):
    anna.open(article).type("title", "Twice")
    anna.leave(lambda: ActionChains(anna.driver).double_click(anna.find("button.main")).perform())
    anna.until(lambda: anna.path.startswith(article + "?_done="))
    assert anna.status == 200 and anna.title == "Twice" and stored(article) == "Twice"


def test_double_click_creates_once(anna, database):
    anna.open("/article/_new").type("title", "Only one, please")
    anna.leave(lambda: ActionChains(anna.driver).double_click(anna.find("button.main")).perform())
    anna.until(lambda: "_done=" in anna.path)
    assert database.one("SELECT count(*) FROM article WHERE title = 'Only one, please'") == 1


def test_form_sent_again_from_history_creates_once(anna, database):
    anna.open("/article/_new").type("title", "Back and create").save()
    anna.back()
    anna.save()
    assert database.one("SELECT count(*) FROM article WHERE title = 'Back and create'") == 1


def test_save_without_a_change_says_so(anna, article, stored):
    before = version(stored, article)
    anna.open(article).save()
    assert "Nothing was different" in anna.text and version(stored, article) == before


def test_refused_form_keeps_everything(anna, article, stored):
    anna.open(article).type("title", 'Kept "so"').type("body", " two\nlines ").set("born", "2024-02-29")
    anna.choose("mood", "cross").choose("author_id", "Bob Achebe").field("featured").click()
    anna.type("price", "-1").save()
    assert anna.status == 422 and anna.title == "Not saved"
    assert anna.find("[aria-invalid=true]").get_attribute("name") == "price"
    assert [anna.value(name) for name in ("title", "body", "born", "price")] == \
        ['Kept "so"', " two\nlines ", "2024-02-29", "-1"]
    assert [Select(anna.field(name)).first_selected_option.text for name in ("mood", "author_id")] == \
        ["cross", "Bob Achebe"]
    assert anna.field("featured").is_selected()
    anna.type("price", "1").save()
    assert anna.status == 200 and stored(article) == 'Kept "so"' and stored(article, "featured")
    assert (stored(article, "body"), str(stored(article, "born"))) == (" two\nlines ", "2024-02-29")


def test_link_leads_to_the_wrong_field(anna, article):
    anna.open(article).type("price", "-1").save()
    anna.find(".notice a[href^='#']").click()
    anna.until(lambda: anna.path.startswith(article))
    assert anna.script("return document.querySelector(':target') === document.getElementsByName('price')[0]")


def test_refused_create_keeps_everything(anna, database):
    anna.open("/article/_new").type("title", "New and kept").type("price", "much").choose("mood", "curious")
    anna.save()
    assert anna.status == 422 and anna.value("price") == "much"
    assert Select(anna.field("mood")).first_selected_option.text == "curious"
    anna.type("price", "3").save()
    assert database.run("SELECT mood::text, price::text FROM article WHERE title = 'New and kept'") == \
        [("curious", "3.00")]


def test_whole_way_with_javascript_switched_off(anna, bob, article, stored):
    try:
        bob.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        bob.open(article).type("title", "No script")
        anna.open(article).type("title", "Theirs").save()
        bob.find("button.main").click()
        bob.until(lambda: "Somebody else" in bob.title)
        bob.pick("title", "yours").find("button.main").click()
        bob.until(lambda: bob.title == "No script")
        assert stored(article) == "No script"
    finally:
        bob.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
