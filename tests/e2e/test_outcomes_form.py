"""What becomes of a form: contract section 4 row by row, and the pages that resolve a conflict."""

import pytest

import stack
from e2e import desk, pages
from e2e.desk import holding, new_row, quick, read, result, stored, version


@pytest.fixture(scope="module")
def server(database):
    desk.create_tables(database)
    with stack.serving("lighttpd", database, desk.SETTINGS) as server:
        yield server


@pytest.fixture(scope="module")
def anna(server):
    return quick(server, "anna")


@pytest.fixture(scope="module")
def bob(server):
    return quick(server, "bob")


def edit(client, path, **values):
    """Opens the row and types, without saving."""
    form = pages.form(client, path)
    for name, value in values.items():
        form[name] = value
    return form


def change(client, path, **values):
    answer = edit(client, path, **values).send(client)
    assert result(answer) == (303, "saved"), answer.text


def article(database, **values):
    return new_row(database, "article", **{"title": "One", "body": "Text", **values})


# --- saved and its neighbours ---------------------------------------------------------------------


def test_save_leads_back_to_the_row_and_says_saved(database, anna):
    path = article(database)
    answer = edit(anna, path, title="Two").send(anna)
    assert result(answer) == (303, "saved")
    assert answer.headers["location"] == f"{path}?_done=saved"
    assert "Saved." in anna.get(answer.headers["location"], headers=desk.PAGE).text


def test_answer_bears_the_new_version(database, anna):
    path = article(database)
    answer = edit(anna, path, title="Two").send(anna)
    assert answer.headers["pg409-version"] == version(anna, path)
    assert answer.headers["etag"] == f'"{version(anna, path)}"'


def test_untouched_form_is_unchanged(database, anna):
    path = article(database)
    base = version(anna, path)
    assert result(edit(anna, path).send(anna)) == (303, "unchanged")
    assert version(anna, path) == base


def test_untouched_form_on_a_changed_row_takes_nothing_back(database, anna, bob):
    path = article(database)
    form = edit(anna, path)
    change(bob, path, title="Bob's")
    assert result(form.send(anna)) == (303, "unchanged")
    assert stored(database, path) == "Bob's"


def test_double_click_is_already_applied(database, anna):
    path = article(database)
    form = edit(anna, path, title="Two")
    assert result(form.send(anna)) == (303, "saved")
    base = version(anna, path)
    assert result(form.send(anna)) == (303, "already-applied")
    assert version(anna, path) == base


def test_save_back_edit_again_save_is_rebased(database, anna):
    path = article(database)
    form = edit(anna, path, title="Two")
    assert result(form.send(anna)) == (303, "saved")
    form["title"] = "Three"
    assert result(form.send(anna)) == (303, "rebased")
    assert stored(database, path) == "Three"
    form["title"] = "Four"
    assert result(form.send(anna)) == (303, "rebased")
    assert stored(database, path) == "Four"


def test_back_after_somebody_else_saved_is_a_conflict(database, anna, bob):
    path = article(database)
    form = edit(anna, path, title="Two")
    assert result(form.send(anna)) == (303, "saved")
    change(bob, path, body="Bob's")
    form["title"] = "Three"
    assert result(form.send(anna)) == (409, "conflict")
    assert (stored(database, path), stored(database, path, "body")) == ("Two", "Bob's")


def test_form_of_somebody_else_is_not_ones_own(database, anna, bob):
    path = article(database)
    form = edit(anna, path, title="Two")
    assert result(form.send(anna)) == (303, "saved")
    form["title"] = "Three"
    assert result(form.send(bob)) == (409, "conflict")


def test_version_moved_but_nothing_differs_is_rebased(database, anna):
    path = article(database)
    form = edit(anna, path, title="Two")
    number = path.split("/")[-1]
    database.run("UPDATE article SET body = 'x' WHERE id = %s", number)
    database.run("UPDATE article SET body = 'Text' WHERE id = %s", number)
    answer = form.send(anna)
    assert result(answer) == (303, "rebased")
    assert stored(database, path) == "Two"
    assert "nothing of that was lost" in anna.get(answer.headers["location"],
                                                  headers=desk.PAGE).text


def test_both_typed_the_same_is_already_applied(database, anna, bob):
    path = article(database)
    form = edit(anna, path, title="Same")
    change(bob, path, title="Same")
    assert result(form.send(anna)) == (303, "already-applied")


# --- conflict and its page ------------------------------------------------------------------------


def conflict(database, anna, bob, mine, others, **row):
    path = article(database, **row)
    form = edit(anna, path, **mine)
    change(bob, path, **others)
    answer = form.send(anna)
    assert result(answer) == (409, "conflict")
    assert answer.headers["cache-control"] == "no-store"
    return path, answer


def test_conflict_page_tells_who_and_marks_the_words(database, anna, bob):
    _, answer = conflict(database, anna, bob, {"title": "A fine day"}, {"title": "A rainy day"},
                         title="A day")
    assert "bob saved this row" in answer.text and "Nothing you typed is lost" in answer.text
    assert "fine" in answer.text and "rainy" in answer.text
    assert "<ins>" in answer.text


def test_clash_is_preselected_to_nothing(database, anna, bob):
    _, answer = conflict(database, anna, bob, {"title": "Mine"}, {"title": "Bob's"})
    form = pages.forms(answer)[0]
    assert form.choices["_pick.title"] == ["yours", "theirs", "edit"]
    assert "_pick.title" not in form.fields
    assert form["title"] == "Mine"


def test_conflict_sent_back_without_a_choice_asks_again(database, anna, bob):
    path, answer = conflict(database, anna, bob, {"title": "Mine", "body": "My body"},
                            {"title": "Bob's"})
    again = pages.forms(answer)[0].send(anna)
    assert result(again) == (422, "refused")
    assert "choice is still missing" in again.text
    assert stored(database, path) == "Bob's"
    form = pages.forms(again)[0]
    assert "_pick.title" not in form.fields
    form["_pick.title"] = "yours"
    assert result(form.send(anna)) == (303, "saved")
    assert (stored(database, path), stored(database, path, "body")) == ("Mine", "My body")


PICKS = {"yours": "Mine", "theirs": "Bob's", "edit": "Ours"}


@pytest.mark.parametrize("pick", PICKS)
def test_choice_is_saved(database, anna, bob, pick):
    path, answer = conflict(database, anna, bob, {"title": "Mine", "body": "My body"},
                            {"title": "Bob's", "code": "bob"})
    form = pages.forms(answer)[0]
    form["_pick.title"] = pick
    form["title"] = "Ours"
    assert result(form.send(anna)) == (303, "saved")
    row = read(anna, path)
    assert (row["title"], row["body"], row["code"]) == (PICKS[pick], "My body", "bob")


def test_taking_all_of_theirs_is_unchanged(database, anna, bob):
    path, answer = conflict(database, anna, bob, {"title": "Mine"}, {"title": "Bob's"})
    form = pages.forms(answer)[0]
    form["_pick.title"] = "theirs"
    assert result(form.send(anna)) == (303, "unchanged")
    assert stored(database, path) == "Bob's"


def test_different_columns_are_settled_and_only_confirmed(database, anna, bob):
    path, answer = conflict(database, anna, bob, {"title": "Mine"}, {"body": "Bob's"})
    assert "Only you changed this" in answer.text
    assert "bob changed this and you did not" in answer.text
    assert result(pages.forms(answer)[0].send(anna)) == (303, "saved")
    assert (stored(database, path), stored(database, path, "body")) == ("Mine", "Bob's")


@pytest.mark.parametrize("mine,others", [("true", None), (None, "true")])
def test_checkbox_that_one_side_changed(database, anna, bob, mine, others):
    path = article(database, active=mine is None)
    form, other = edit(anna, path, title="Mine"), edit(bob, path)
    if mine:
        form["active"] = "true"
        other["body"] = "Bob's"
    else:
        del other.fields["active"]
    assert result(other.send(bob)) == (303, "saved")
    answer = form.send(anna)
    assert result(answer) == (409, "conflict")
    assert result(pages.forms(answer)[0].send(anna)) == (303, "saved")
    assert stored(database, path, "active") is (mine is not None)


@pytest.mark.parametrize("pick,value", [("yours", None), ("theirs", 2)])
def test_value_taken_away_against_value_changed(database, anna, bob, pick, value):
    path, answer = conflict(database, anna, bob, {"rank": ""}, {"rank": "2"}, rank=1)
    form = pages.forms(answer)[0]
    form["_pick.rank"] = pick
    assert result(form.send(anna))[0] == 303
    assert stored(database, path, "rank") == value


def test_third_writer_meets_the_resolution_with_the_same_care(database, server, anna, bob):
    path, answer = conflict(database, anna, bob, {"title": "Mine"}, {"title": "Bob's"})
    resolution = pages.forms(answer)[0]
    carl = server.client("carl")
    change(carl, path, title="Carl's")
    resolution["_pick.title"] = "yours"
    again = resolution.send(anna)
    assert result(again) == (409, "conflict")
    assert "carl saved this row" in again.text
    assert stored(database, path) == "Carl's"
    resolution = pages.forms(again)[0]
    resolution["_pick.title"] = "yours"
    assert result(resolution.send(anna)) == (303, "saved")
    assert stored(database, path) == "Mine"


def test_resolution_sent_twice_is_already_applied(database, anna, bob):
    _, answer = conflict(database, anna, bob, {"title": "Mine"}, {"title": "Bob's"})
    form = pages.forms(answer)[0]
    form["_pick.title"] = "yours"
    assert result(form.send(anna)) == (303, "saved")
    assert result(form.send(anna)) == (303, "already-applied")


def test_own_save_in_another_window_says_you(database, anna):
    path = article(database)
    form = edit(anna, path, title="Two")
    change(anna, path, title="Three")
    answer = form.send(anna)
    assert result(answer) == (409, "conflict")
    assert "You saved this row" in answer.text


def test_user_column_tells_who_where_there_is_no_receipt(database, anna):
    path = new_row(database, "signed", title="One")
    form = edit(anna, path, title="Mine")
    database.run("UPDATE signed SET title = 'x', updated_by = 'psql-paul' WHERE id = %s",
                 path.split("/")[-1])
    answer = form.send(anna)
    assert result(answer) == (409, "conflict") and "psql-paul saved this row" in answer.text


def test_nobody_known_is_somebody(database, anna):
    path = article(database)
    form = edit(anna, path, title="Mine")
    database.run("UPDATE article SET title = 'x' WHERE id = %s", path.split("/")[-1])
    answer = form.send(anna)
    assert result(answer) == (409, "conflict") and "Somebody saved this row" in answer.text


def test_form_without_a_version_is_428_with_everything_typed(database, anna):
    path = article(database)
    answer = anna.post(path, data={"title": "Blind work"})
    assert result(answer) == (428, "refused")
    assert "Blind work" in answer.text and stored(database, path) == "One"
    form = pages.forms(answer)[0]
    form["_pick.title"] = "yours"
    assert result(form.send(anna)) == (303, "saved")
    assert stored(database, path) == "Blind work"


def test_form_on_an_unprotected_table_resolves_too(database, anna, bob):
    path = new_row(database, "plain", title="One", body="Text")
    form = edit(anna, path, title="Mine")
    change(bob, path, title="Bob's")
    answer = form.send(anna)
    assert result(answer) == (409, "conflict") and "bob saved this row" in answer.text
    form = pages.forms(answer)[0]
    form["_pick.title"] = "yours"
    assert result(form.send(anna)) == (303, "saved")


def test_mixture_of_two_pages_is_found_out(database, anna, bob):
    path = article(database)
    old = edit(anna, path, title="Mine")
    change(bob, path, title="Bob's")
    old["_version"] = pages.form(anna, path)["_version"]
    answer = old.send(anna)
    assert result(answer) == (409, "refused")
    assert "Mine" in answer.text and stored(database, path) == "Bob's"


# --- deleted, and the other causes of no row ------------------------------------------------------


def deleted(database, anna, bob):
    path = article(database)
    form = edit(anna, path, title="My work")
    pages.form(bob, path, 1).send(bob)
    assert stored(database, path) is None
    answer = form.send(anna)
    assert result(answer) == (409, "conflict")
    return path, answer


def test_deleted_page_says_by_whom_and_keeps_the_text(database, anna, bob):
    _, answer = deleted(database, anna, bob)
    assert "bob deleted this row" in answer.text and "My work" in answer.text
    assert "Let it go" in answer.text


def test_deleted_row_is_recreated_under_its_key(database, anna, bob):
    path, answer = deleted(database, anna, bob)
    created = pages.forms(answer)[0].send(anna)
    assert result(created) == (303, "saved")
    assert created.headers["location"].startswith(f"{path}?")
    assert (stored(database, path), stored(database, path, "body")) == ("My work", "Text")


def test_deleted_row_is_saved_as_a_copy(database, anna, bob):
    path, answer = deleted(database, anna, bob)
    created = pages.forms(answer)[1].send(anna)
    assert result(created) == (303, "saved")
    copy = created.headers["location"].split("?")[0]
    assert copy != path and stored(database, copy) == "My work" and stored(database, path) is None


def test_row_put_back_meanwhile_is_not_overwritten_by_recreating(database, anna, bob):
    path, answer = deleted(database, anna, bob)
    database.run("INSERT INTO article (id, title) VALUES (%s, 'Back')", path.split("/")[-1])
    assert result(pages.forms(answer)[0].send(anna)) == (409, "conflict")
    assert stored(database, path) == "Back"


def test_version_of_a_row_put_back_is_another_one(database, anna):
    path = article(database)
    form = edit(anna, path, title="Mine")
    number = path.split("/")[-1]
    database.run("DELETE FROM article WHERE id = %s", number)
    database.run("INSERT INTO article (id, title, updated_at) VALUES (%s, 'Back', %s)", number,
                 form["_version"])
    assert result(form.send(anna)) == (409, "conflict")
    assert stored(database, path) == "Back"


def test_delete_of_an_edited_row_is_stopped_and_asks(database, anna, bob):
    path = article(database)
    delete = pages.form(anna, path, 1)
    change(bob, path, title="Bob's")
    answer = delete.send(anna)
    assert result(answer) == (409, "conflict")
    assert "It has not been deleted" in answer.text and "Bob&#39;s" in answer.text.replace(
        "'", "&#39;")
    change(bob, path, title="Bob's second")
    again = pages.forms(answer)[0].send(anna)
    assert result(again) == (409, "conflict")
    assert result(pages.forms(again)[0].send(anna)) == (303, "saved")
    assert stored(database, path) is None


def test_delete_leads_to_the_list(database, anna):
    path = article(database)
    answer = pages.form(anna, path, 1).send(anna)
    assert answer.headers["location"] == "/article?_done=deleted"


def test_delete_sent_twice_is_already_applied(database, anna):
    delete = pages.form(anna, article(database), 1)
    assert result(delete.send(anna)) == (303, "saved")
    assert result(delete.send(anna)) == (303, "already-applied")


def test_delete_of_a_deleted_row_has_nothing_left_to_do(database, anna, bob):
    path = article(database)
    delete = pages.form(anna, path, 1)
    pages.form(bob, path, 1).send(bob)
    answer = delete.send(anna)
    assert answer.status_code in (303, 409)
    assert "nothing left to do" in answer.text or result(answer) == (303, "already-applied")


def test_never_there_is_404(anna):
    assert anna.post("/article/999999", data={"title": "x"}).status_code == 404
    assert anna.get("/article/999999", headers=desk.PAGE).status_code == 404


def test_hidden_by_row_security_says_so(database, anna):
    path = new_row(database, "diary", owner="anna", title="One")
    form = edit(anna, path, title="My work")
    database.run("UPDATE diary SET owner = 'bob' WHERE id = %s", path.split("/")[-1])
    answer = form.send(anna)
    assert result(answer) == (403, "refused")
    assert "not yours" in answer.text and "My work" in answer.text


def test_seen_but_not_mine_to_change_keeps_the_text(database, anna):
    path = new_row(database, "diary", owner="all", title="One")
    answer = edit(anna, path, title="My work").send(anna)
    assert result(answer) == (403, "refused")
    assert "row level security" in answer.text or "not yours" in answer.text
    assert "My work" in answer.text and stored(database, path) == "One"


def test_refused_by_a_trigger_says_so(database, anna):
    path = new_row(database, "ruled", title="One")
    answer = edit(anna, path, title="keep my work").send(anna)
    assert result(answer) == (403, "refused")
    assert "rule of the database" in answer.text.lower() and "keep my work" in answer.text


def test_locked_row_comes_back_with_everything_typed(database, anna):
    path = article(database)
    form = edit(anna, path, title="My work")
    with holding(database, path):
        answer = form.send(anna)
    assert result(answer) == (409, "conflict") and int(answer.headers["retry-after"]) > 0
    assert result(pages.forms(answer)[0].send(anna)) == (303, "saved")
    assert stored(database, path) == "My work"


# --- create ---------------------------------------------------------------------------------------


def test_create_form_sent_twice_creates_one_row(database, anna):
    form = edit(anna, "/article/_new", title="Only once")
    first, again = form.send(anna), form.send(anna)
    assert (result(first), result(again)) == ((303, "saved"), (303, "already-applied"))
    assert first.headers["location"].split("?")[0] == again.headers["location"].split("?")[0]
    assert database.one("SELECT count(*) FROM article WHERE title = 'Only once'") == 1


def test_create_form_with_its_own_key_sent_twice_is_no_duplicate(database, anna):
    form = edit(anna, "/page/_new", slug="mine", name="My page")
    assert result(form.send(anna)) == (303, "saved")
    assert result(form.send(anna)) == (303, "already-applied")


def test_two_create_forms_create_two_rows(database, anna):
    for _ in range(2):
        assert result(edit(anna, "/article/_new", title="Twice").send(anna)) == (303, "saved")
    assert database.one("SELECT count(*) FROM article WHERE title = 'Twice'") == 2


def test_create_leaves_empty_fields_to_their_default(database, anna):
    answer = edit(anna, "/article/_new", title="Fresh").send(anna)
    row = read(anna, answer.headers["location"].split("?")[0])
    assert (row["title"], row["body"], row["rank"]) == ("Fresh", "", None)
