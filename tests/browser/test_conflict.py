"""Two and three people at one row: what they see, and what is saved in the end."""

import pytest


@pytest.fixture(params=["with the script", "without"], autouse=True)
def scripts(request, anna, bob, carl):
    """Everything here works without a script, and no worse with it."""
    for person in (anna, bob, carl):
        person.scripts(request.param != "without")
    yield request.param
    for person in (anna, bob, carl):
        person.scripts(True)


def clash(first, second, article, mine="The boat", theirs="The steamer", **more):
    """Both open the row; first saves theirs, then second tries mine and lands on the conflict page."""
    second.open(article)
    first.open(article).type("title", theirs).save()
    second.type("title", mine)
    for name, text in more.items():
        second.type(name, text)
    return second.save()


def test_second_editor_sees_who_saved_what(anna, bob, article, stored):
    clash(anna, bob, article)
    assert bob.status == 409
    assert bob.title == "Somebody else saved this row while you were editing"
    assert "anna saved this row" in bob.text and "Nothing you typed is lost" in bob.text
    shown = [card.text for card in bob.all(".pick .diff")]
    assert "boat" in shown[0] and "steamer" in shown[1]
    assert all("ferry" in text for text in shown)
    assert stored(article) == "The steamer"


def test_nothing_is_chosen_beforehand(anna, bob, article):
    clash(anna, bob, article)
    assert not bob.all("input[type=radio]:checked")


@pytest.mark.parametrize("side,result", [("yours", "The boat"), ("theirs", "The steamer")])
def test_a_side_is_chosen(anna, bob, article, stored, side, result):
    clash(anna, bob, article).pick("title", side).save()
    assert bob.path.startswith(article + "?_done=")
    assert (bob.value("title"), stored(article)) == (result, result)


def test_own_wording_starts_from_mine_and_is_saved(anna, bob, article, stored):
    clash(anna, bob, article)
    assert not bob.field("title").is_displayed()
    bob.pick("title", "edit")
    assert bob.field("title").is_displayed() and bob.value("title") == "The boat"
    bob.type("title", "The steam boat").save()
    assert stored(article) == "The steam boat"


def test_typed_wording_counts_only_when_chosen(anna, bob, article, stored):
    clash(anna, bob, article).pick("title", "edit").type("title", "Never mind")
    bob.pick("title", "theirs").save()
    assert stored(article) == "The steamer"


def test_browser_asks_for_the_missing_choice(anna, bob, article, stored):
    clash(anna, bob, article)
    bob.find("button.main").click()
    assert bob.script("return document.querySelector('form.resolve').matches(':invalid')")
    assert bob.focused() == ("input", "_pick.title")
    assert bob.title.startswith("Somebody else") and stored(article) == "The steamer"


def test_server_asks_too_and_keeps_what_was_typed(anna, bob, article, stored):
    clash(anna, bob, article, body="She crosses twelve times a day.")
    bob.script("document.querySelector('form.resolve').noValidate = true")
    bob.save()
    assert bob.status == 422 and "A choice is still missing" in bob.text
    bob.pick("title", "yours").save()
    assert (stored(article), stored(article, "body")) == ("The boat", "She crosses twelve times a day.")


def test_different_columns_do_not_clash(anna, bob, article, stored):
    bob.open(article).type("body", "She rests.")
    anna.open(article).type("price", "9.90").save()
    bob.save()
    assert bob.status == 409 and not bob.all("input[type=radio]")
    assert "Only you changed this" in bob.text and "anna changed this and you did not" in bob.text
    bob.save()
    assert bob.path.startswith(article)
    assert (stored(article, "body"), str(stored(article, "price"))) == ("She rests.", "9.90")


def test_checkbox_and_select_of_both_sides_survive(anna, bob, article, stored):
    bob.open(article).field("featured").click()
    anna.open(article).choose("mood", "cross").save()
    bob.save().save()
    assert (stored(article, "featured"), stored(article, "mood")) == (True, "cross")


def test_clash_over_a_list_is_chosen(anna, bob, article, stored):
    bob.open(article).choose("mood", "curious")
    anna.open(article).choose("mood", "cross").save()
    bob.save().pick("mood", "edit").choose("mood", "calm").save()
    assert stored(article, "mood") == "calm"


def test_third_writer_during_the_resolution(anna, bob, carl, article, stored):
    clash(anna, bob, article).pick("title", "yours")
    carl.open(article).type("title", "The raft").save()
    bob.save()
    assert bob.status == 409 and "carl saved this row" in bob.text
    assert stored(article) == "The raft"
    bob.pick("title", "yours").save()
    assert stored(article) == "The boat"


def test_dropping_ones_changes_leads_to_the_row(anna, bob, article, stored):
    clash(anna, bob, article)
    bob.leave(bob.find("form.resolve button[formaction]").click)
    assert bob.path == f"{article}?_done=dropped" and "thrown away" in bob.text
    assert bob.value("title") == stored(article) == "The steamer"


def test_own_change_in_another_window_is_named_so(anna, article):
    anna.open(article)
    first = anna.driver.current_window_handle
    anna.driver.switch_to.new_window("tab")
    anna.open(article).type("title", "From the second tab").save()
    anna.driver.close()
    anna.driver.switch_to.window(first)
    anna.type("title", "From the first tab").save()
    assert anna.title == "You saved this row in another window"


def delete(person, address):
    person.open(address).find("summary").click()
    return person.leave(person.find("button.danger").click)


def test_delete_of_a_changed_row_is_stopped(anna, bob, article, stored):
    bob.open(article).find("summary").click()
    anna.open(article).type("title", "Not yet").save()
    bob.leave(bob.find("button.danger").click)
    assert bob.status == 409 and "It has not been deleted" in bob.text and "Not yet" in bob.text
    assert stored(article) == "Not yet"
    bob.leave(bob.find("button.danger").click)
    assert stored(article) is None


def test_deleted_row_is_created_again(anna, bob, article, stored):
    bob.open(article).type("title", "Still wanted")
    delete(anna, article)
    bob.save()
    assert bob.status == 409 and "anna deleted this row" in bob.text and "Still wanted" in bob.text
    bob.save()
    assert bob.path.startswith(article + "?") and stored(article) == "Still wanted"


def test_deleted_row_is_saved_as_a_new_one(anna, bob, article, stored):
    bob.open(article).type("title", "A copy")
    delete(anna, article)
    bob.save()
    bob.leave(bob.find("form.inline button:not(.main)").click)
    new = bob.path.partition("?")[0]
    assert new != article and stored(article) is None and stored(new) == "A copy"


def test_deleted_row_is_let_go(anna, bob, article, stored):
    bob.open(article).type("title", "Never mind")
    delete(anna, article)
    bob.save()
    bob.leave(bob.find(".actions form[action*=_conflicts] button").click)
    assert bob.path == "/?_done=dropped" and stored(article) is None


STORY = ("The ferry leaves at ten.\nIt carries nine cars.\nThe crossing takes an hour.\n"
         "The cook is away.\nNobody minds.\n")


def test_three_people_end_with_everything_they_wrote(anna, bob, carl, article, stored, database):
    """Three rounds: each of them is late, once against each of the others."""
    database.run("UPDATE article SET body = %s WHERE id = %s", STORY, int(article.split("/")[-1]))
    for person in (anna, bob, carl):
        person.open(article)
    anna.set("body", STORY.replace("ferry", "old ferry").replace("Nobody minds.", "Anna minds.")).set("price", "9")
    anna.save()
    # Second round: bob meets anna; one place is his and hers.
    bob.set("body", STORY.replace("nine", "ten").replace("Nobody minds.", "Bob minds.")).set("born", "2026-01-02")
    bob.save()
    assert bob.status == 409 and "anna saved this row" in bob.text
    bob.place("body", 0, "theirs-mine")
    # Third round: carl is quicker than bob's answer, so carl meets anna, and then bob meets carl.
    carl.set("body", STORY.replace("an hour", "two hours").replace("Nobody minds.", "Carl minds."))
    carl.type("title", "Carl's ferry").save()
    assert carl.status == 409
    carl.place("body", 0, "mine-theirs").save()
    assert stored(article, "body").endswith("Carl Anna minds.\n")
    bob.save()
    assert bob.status == 409 and "carl saved this row" in bob.text
    assert "Both changes are kept" in bob.text
    bob.save()
    assert bob.path.startswith(article + "?_done=")
    assert stored(article, "body") == STORY.replace("ferry", "old ferry").replace("nine", "ten") \
        .replace("an hour", "two hours").replace("Nobody minds.", "Carl Anna Bob minds.")
    assert [str(stored(article, column)) for column in ("title", "price", "born")] == \
        ["Carl's ferry", "9.00", "2026-01-02"]
    for person in (anna, bob, carl):
        number = article.split("/")[-1]
        assert f"article, row {number}\n" not in person.open("/_conflicts").text + "\n"


def test_script_runs_or_does_not(anna, bob, article, scripts):
    clash(anna, bob, article)
    assert bool(bob.all(".actions [role=status]")) == (scripts == "with the script")
