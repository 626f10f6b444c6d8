"""Every kind of page: for all people, on a narrow screen, without a complaint in the console."""

import pytest

import stack
from browser import a11y, desk

LONG = "Unbreakable" * 30


def plain(path):
    return lambda anna, bob, article: anna.open(path.format(article=article))


def stale(change_of_anna, change_of_bob):
    def arrive(anna, bob, article):
        anna.open(article)
        bob.open(article)
        for name, text in change_of_bob.items():
            bob.set(name, text)
        bob.save()
        for name, text in change_of_anna.items():
            anna.set(name, text)
        return anna.save()
    return arrive


def refused(anna, bob, article):
    return anna.open(article).set("price", "-1").save()


def saved(anna, bob, article):
    return anna.open(article).set("title", LONG).save()


def unresolved(anna, bob, article):
    CLASH(anna, bob, article)
    anna.script("document.querySelector('form.resolve').noValidate = true")
    return anna.save()


def wording(anna, bob, article):
    return CLASH(anna, bob, article).pick("title", "edit")


def delete(person, article):
    person.open(article).find("summary").click()
    return person.leave(person.find("button.danger").click)


def stale_delete(anna, bob, article):
    anna.open(article).find("summary").click()
    bob.open(article).set("title", LONG).save()
    return anna.leave(anna.find("button.danger").click)


def deleted_since(anna, bob, article):
    anna.open(article).set("body", LONG)
    delete(bob, article)
    return anna.save()


def deleted(anna, bob, article):
    return delete(anna, article)


CLASH = stale({"title": "Mine " + LONG, "price": "9"}, {"title": "Theirs " + LONG, "body": "Other"})

BODY = ("The ferry leaves at ten.\nIt carries nine cars.\n" + "Nothing happens on this line.\n" * 40 +
        "Nobody minds.\n")


def texts(mine, theirs):
    """Both change one text."""
    def arrive(anna, bob, article):
        bob.open(article).set("body", BODY).save()
        change = stale({"body": mine}, {"body": theirs})
        return change(anna, bob, article)
    return arrive


PLACES = texts(BODY.replace("ferry", "boat").replace("cars", "vans").replace("Nobody", "Nobody else"),
               BODY.replace("ferry", "ship").replace("cars", "lorries").replace("minds", "knows"))


def one_place_missing(anna, bob, article):
    """Without the script, which would make the changed text count."""
    anna.scripts(False)
    PLACES(anna, bob, article).place("body", 1, "own")
    anna.find("details.whole summary").click()
    return anna.set("body", "Something else").scripts(True).save()


def unfinished(anna, bob, article):
    CLASH(anna, bob, article)
    return anna.open("/_conflicts")


def unfinished_on_first_page(anna, bob, article):
    CLASH(anna, bob, article)
    return anna.open("/")


def opened_again(anna, bob, article):
    PLACES(anna, bob, article)
    return anna.open("/_conflicts").leave(anna.find(".edits a").click)


def changed_twice(anna, bob, article):
    anna.open(article).set("body", BODY).save()
    bob.open(article).set("body", BODY.replace("ferry", "ship")).set("price", "9").save()


def opened_by_another(anna, bob, article):
    bob.open(article)
    return anna.until(lambda: "bob opened this" in anna.open(article).text) and anna


def history(anna, bob, article):
    changed_twice(anna, bob, article)
    return anna.open(article + "/_history")


def version_of_before(anna, bob, article):
    return history(anna, bob, article).leave(anna.all("ol.history a")[1].click)


def bring_back(anna, bob, article):
    return version_of_before(anna, bob, article).leave(anna.find("a.button").click)


def compared(anna, bob, article):
    return history(anna, bob, article).leave(anna.find(".compare button").click)


def history_of_deleted(anna, bob, article):
    delete(anna, article)
    return anna.open(article + "/_history")


PAGES = {
    "tables": plain("/"), "rows": plain("/article"), "no rows": plain("/article?q=zzzzzz"),
    "many columns": plain("/control"), "form": plain("{article}"), "unprotected": plain("/shelf/A~2F1"),
    "new": plain("/article/_new"), "new, all types": plain("/control/_new"), "refused": refused,
    "saved": saved, "clash": CLASH, "wording": wording, "unresolved": unresolved,
    "places": PLACES, "one place missing": one_place_missing, "unfinished": unfinished,
    "unfinished, first page": unfinished_on_first_page, "opened again": opened_again,
    "merged text": texts(BODY.replace("ferry", "boat"), BODY.replace("nine", "ten")),
    "opened by another": opened_by_another, "history": history, "earlier version": version_of_before, "bring back": bring_back,
    "two versions": compared, "history of deleted": history_of_deleted, "no history": plain("/shelf/A~2F1/_history"),
    "settled": stale({"body": LONG}, {"price": "7"}), "stale delete": stale_delete,
    "deleted since": deleted_since, "deleted": deleted, "problem": plain("/_problems/stale"),
    "no row": plain("/article/999999"), "no table": plain("/nothing"), "no key": plain("/keyless"),
}


@pytest.mark.parametrize("name", PAGES)
def test_page_is_for_everybody(anna, bob, article, name):
    page = PAGES[name](anna, bob, article)
    assert page.complaints() == []
    assert a11y.check(page) == []
    assert a11y.overflow(page) == []


def test_merged_at_once_is_for_everybody(anna, bob, database, article):
    with stack.serving("lighttpd", database, {"auto_merge": "text"}) as server:
        for person in (anna, bob):
            person.at(server).open(article)
        bob.type("body", "Bob's").save()
        anna.type("title", "Anna's").save()
        assert "Undo my save" in anna.text
        assert a11y.check(anna) == [] and a11y.overflow(anna) == []
        anna.leave(anna.find(".notice button").click)
        assert "the row is as it was" in anna.text and a11y.check(anna) == []


def test_form_of_another_site_is_for_everybody(anna, article, stored):
    """It is refused, and comes back whole, to be looked over."""
    target = anna.server.url + article
    anna.driver.get("about:blank")
    anna.leave(lambda: anna.script("""
        const form = document.createElement('form');
        form.method = 'post'; form.action = arguments[0];
        for (const [name, value] of [['title', 'Typed elsewhere'], ['_version', 'x']]) {
            const input = document.createElement('input');
            input.name = name; input.value = value; form.append(input);
        }
        document.body.append(form); form.submit();""", target))
    assert anna.status == 403 and "Typed elsewhere" in anna.driver.page_source
    assert a11y.check(anna) == [] and a11y.overflow(anna) == []
    assert stored(article) == "The ferry"


def test_checks_find_what_is_wrong(anna, article):
    anna.open(article).script("""
        document.querySelector('label').remove();
        document.querySelector('h1').style.color = '#999';
        document.querySelector('main').insertAdjacentHTML('beforeend', '<h4>Deep</h4><table><th>x</th></table>');
        document.querySelector('button').style.outline = '0';
        const wide = document.createElement('p');
        wide.textContent = 'x'; wide.style.width = '900px'; document.querySelector('main').append(wide);""")
    faults = " ".join(a11y.check(anna))
    for part in ("no label", "contrast", "level is left out", "no scope", "focus is not seen",
                 "axe label", "axe heading-order"):
        assert part in faults
    assert "the page" in a11y.overflow(anna)


def test_no_database(postgres, article):
    away = stack.Database(postgres)
    away.create("CREATE TABLE note (id integer PRIMARY KEY, line text)")
    anna = desk.Person("anna")
    try:
        with stack.serving("lighttpd", away) as server:
            anna.at(server)
            away.sql.close()
            with postgres.connect() as admin:
                admin.execute(f"DROP DATABASE {away.name} WITH (FORCE)")
            anna.open("/note")
            assert anna.status == 503 and anna.title == "The database cannot be reached"
            assert a11y.check(anna) == [] and a11y.overflow(anna) == []
            for secret in (away.name, "SELECT", "host=", "libpq", "FATAL"):
                assert secret not in anna.driver.page_source
    finally:
        anna.quit()


def test_no_script_but_ours_runs(anna, article):
    """Pages have one script, from this site; the policy would not let another one run."""
    anna.open(article)
    assert len(anna.all("script")) == 1 and not anna.all("script:not([src]), [onclick], [onsubmit], [style]")
    anna.script("""document.body.insertAdjacentHTML('beforeend', '<p onclick="window.ran = 1">x</p>');
                   const s = document.createElement('script'); s.textContent = 'window.ran = 1';
                   document.body.append(s); document.body.lastElementChild.previousElementSibling.click();""")
    assert anna.script("return window.ran === undefined")
