"""All orderings of load and save of two and of three editors, forms and JSON mixed.

What each save is answered is told beforehand by a small model of the row; that no acknowledged
save was lost is checked without the model, from the states alone."""

import itertools
import re

import pytest

import stack
from e2e import pages
from e2e.desk import quick

COLUMNS = ("title", "body", "note")
START = {"title": "title", "body": "body", "note": "note"}
NAMES = ("anna", "bob", "carl")
WAYS = ("form", "json", "if-match", "base")
FORMS = ("form", "json")


def orders(editors):
    """The interleavings of load and save, a load before its save: 6 of two, 90 of three."""
    steps = [(act, who) for who in range(editors) for act in ("load", "save")]
    return [order for order in itertools.permutations(steps)
            if all(order.index(("load", who)) < order.index(("save", who))
                   for who in range(editors))]


def patterns(editors):
    """Who edits which column: one list of columns for each way they may coincide."""
    seen = set()
    for columns in itertools.product(range(editors), repeat=editors):
        names = {}
        seen.add(tuple(names.setdefault(column, len(names)) for column in columns))
    return sorted(seen)


class Plan:
    """One run: who sends in which way, and changes which column to what."""

    def __init__(self, order, ways, columns, same_value=False):
        self.order, self.ways = order, ways
        self.columns = [COLUMNS[column] for column in columns]
        self.values = ["same" if same_value else f"of {NAMES[who]}" for who in range(len(ways))]

    def __str__(self):
        steps = " ".join(f"{act} {NAMES[who]}" for act, who in self.order)
        return f"{steps}; {self.ways} on {self.columns} to {self.values}"


class Model:
    """The row as it should be: a save is let through on the state that was loaded only."""

    def __init__(self):
        self.row, self.version, self.loaded = dict(START), 0, {}

    def load(self, who):
        self.loaded[who] = (self.version, dict(self.row))

    def save(self, who, plan):
        version, seen = self.loaded[who]
        column, value, strict = plan.columns[who], plan.values[who], plan.ways[who] == "if-match"
        if seen[column] == value:
            # A form or a base tells that the editor changed nothing: then it does not matter
            # what happened since. A bare value is compared with what is stored.
            tells = plan.ways[who] in ("form", "base")
            if version == self.version or (tells and self.row != seen):
                return (303 if plan.ways[who] == "form" else 200), "unchanged"
        if version == self.version:
            self.version += 1
            self.row[column] = value
            return (303 if plan.ways[who] == "form" else 200), "saved"
        if self.row[column] == value:
            return (303 if plan.ways[who] == "form" else 200), "already-applied"
        return (412 if strict else 409), "conflict"


class Editor:
    def __init__(self, client, path, way, column, value):
        self.client, self.path, self.way = client, path, way
        self.column, self.value = column, value

    def load(self):
        if self.way == "form":
            self.form = pages.form(self.client, self.path)
            self.seen = {name: self.form[name] for name in COLUMNS}
            return
        row = self.client.get(self.path).json()
        self.version = row["_version"]
        self.seen = {name: row[name] for name in COLUMNS}

    def save(self):
        if self.way == "form":
            self.form[self.column] = self.value
            return self.form.send(self.client)
        body, headers = {self.column: self.value}, {}
        if self.way == "if-match":
            headers["If-Match"] = f'"{self.version}"'
        else:
            body["_version"] = self.version
        if self.way == "base":
            body["_base"] = self.seen
        return self.client.patch(self.path, json=body, headers=headers)


def run(database, clients, table, plan):
    """Runs a plan; returns what went otherwise than the model says, or None."""
    number = database.one(f"INSERT INTO {table} (title, body, note) VALUES (%s, %s, %s) "
                          "RETURNING id", *START.values())
    path, model, lost = f"/{table}/{number}", Model(), []
    editors = [Editor(clients[who], path, way, plan.columns[who], plan.values[who])
               for who, way in enumerate(plan.ways)]
    row = dict(START)  # what the acknowledged saves add up to
    for act, who in plan.order:
        if act == "load":
            editors[who].load()
            model.load(who)
            continue
        answer = editors[who].save()
        got = answer.status_code, answer.headers["pg409-outcome"]
        expected = model.save(who, plan)
        if got != expected:
            return f"{plan}: {NAMES[who]} got {got}, not {expected}"
        if got[1] == "saved":
            if editors[who].seen != row:
                lost.append(NAMES[who])
            row[plan.columns[who]] = plan.values[who]
    stored = dict(zip(COLUMNS, database.run(
        f"SELECT title, body, note FROM {table} WHERE id = %s", number)[0]))
    if lost or stored != row or stored != model.row:
        return f"{plan}: stored {stored}, acknowledged {row}, unseen overwritten by {lost}"
    return None


def run_all(database, clients, table, plans):
    wrong = [message for plan in plans if (message := run(database, clients, table, plan))]
    assert not wrong, f"{len(wrong)} orderings went wrong, the first: {wrong[0]}"


def create_tables(database):
    row = ("id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, "
           "title varchar(50), body varchar(50), note varchar(50)")
    database.create(f"CREATE TABLE kept ({row}); CREATE TABLE counted ({row}, lock_version "
                    f"integer NOT NULL DEFAULT 1); CREATE TABLE bare ({row})", protect=["kept"])


@pytest.fixture(scope="module")
def tables(database):
    create_tables(database)


@pytest.fixture(scope="module")
def clients(database, tables):
    with stack.serving("lighttpd", database) as server:
        yield [quick(server, name) for name in NAMES]


@pytest.fixture(scope="module")
def apache(database, tables):
    with stack.serving("apache", database) as server:
        yield [quick(server, name) for name in NAMES]


def plans_of_two(ways=WAYS):
    for order, pair, columns in itertools.product(
            orders(2), itertools.product(ways, repeat=2), patterns(2)):
        yield Plan(order, pair, columns)
        if columns == (0, 0):
            yield Plan(order, pair, columns, same_value=True)


def test_there_are_6_and_90_orderings():
    assert (len(orders(2)), len(orders(3))) == (6, 90)
    assert (len(patterns(2)), len(patterns(3))) == (2, 5)


@pytest.mark.parametrize("table", ["kept", "counted", "bare"])
def test_two_editors(database, clients, table):
    run_all(database, clients, table, plans_of_two())


def test_two_editors_through_apache(database, apache):
    run_all(database, apache, "kept", plans_of_two(FORMS))


def renamed(order):
    """The same ordering with anna loading first, then bob: the model does not know their names."""
    loads = [who for act, who in order if act == "load"]
    return tuple((act, loads.index(who)) for act, who in order)


FIRST_NAMED = sorted(set(map(renamed, orders(3))))


def test_15_orderings_stand_for_all_under_other_names():
    assert len(FIRST_NAMED) == 15
    assert {tuple((act, names[who]) for act, who in order) for order in FIRST_NAMED
            for names in itertools.permutations(range(3))} == set(orders(3))


@pytest.mark.parametrize("columns", patterns(3), ids=str)
@pytest.mark.parametrize("ways", itertools.product(FORMS, repeat=3), ids="-".join)
def test_three_editors(database, clients, ways, columns):
    """All 90, since ways and columns go through all that they may be."""
    run_all(database, clients, "kept", [Plan(order, ways, columns) for order in FIRST_NAMED])


def test_three_editors_of_one_column_under_every_name(database, clients):
    plans = [Plan(order, ("form", "json", "form"), (0, 0, 0)) for order in orders(3)]
    run_all(database, clients, "kept", plans)


@pytest.mark.parametrize("ways", [("form", "json", "base"), ("base", "if-match", "form")],
                         ids="-".join)
def test_three_editors_who_want_the_same(database, clients, ways):
    plans = [Plan(order, ways, (0, 0, 0), same_value=True) for order in orders(3)]
    run_all(database, clients, "bare", plans)


def after_conflict(client, answer, column, value):
    """Resolves until it is saved, always for one's own value: how often that took."""
    rounds = 0
    while answer.status_code == 409:
        rounds += 1
        form = pages.forms(answer)[0]
        if f"_pick.{column}" in form.choices:
            form[f"_pick.{column}"] = "yours"
        answer = form.send(client)
    assert answer.status_code == 303, answer.text
    return rounds


@pytest.mark.parametrize("columns", patterns(3), ids=str)
def test_resolving_brings_everything_together(database, clients, columns):
    """Whoever is refused resolves at once: in the end each column holds its last save."""
    for order in FIRST_NAMED:
        number = database.one("INSERT INTO kept (title, body, note) VALUES "
                              "('title', 'body', 'note') RETURNING id")
        forms, row = {}, dict(START)
        for act, who in order:
            if act == "load":
                forms[who] = pages.form(clients[who], f"/kept/{number}")
                continue
            column, value = COLUMNS[columns[who]], f"of {NAMES[who]}"
            forms[who][column] = value
            after_conflict(clients[who], forms[who].send(clients[who]), column, value)
            row[column] = value
        stored = database.run("SELECT title, body, note FROM kept WHERE id = %s", number)[0]
        assert dict(zip(COLUMNS, stored)) == row, order


def test_every_refused_save_is_explained(database, clients):
    """The model above would be as happy with a bare status: the page has to say who."""
    number = database.one("INSERT INTO kept (title, body, note) VALUES ('a', 'b', 'c') RETURNING id")
    forms = [pages.form(client, f"/kept/{number}") for client in clients]
    for form, name in zip(forms, NAMES):
        form["title"] = name
    answers = [form.send(client) for form, client in zip(forms, clients)]
    assert [answer.status_code for answer in answers] == [303, 409, 409]
    for answer in answers[1:]:
        assert re.search(r"anna saved this row", answer.text)
