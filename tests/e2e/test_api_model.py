"""The JSON API against a model of it: clients that remember what they read, forms, batches and direct
SQL writers take turns on a few rows, and after each step everything is compared with what the model
(world.py) says: the answer, every row of every table, every version, the number of receipts."""

import dataclasses
import json
import os
import re

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

import stack
from e2e import pages
from e2e.desk import quick
from e2e.world import COLUMNS, DEFAULTS, TABLES, Change, Claim, Row, Seen, World

LONG = bool(os.environ.get("PG409_LONG"))
EXAMPLES = int(os.environ.get("PG409_EXAMPLES", 5000 if LONG else 300))
STEPS = 30 if LONG else 14
USERS = ("anna", "bob")
STAMP = "to_char(%s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"

pick = st.integers(0, 9)
which = st.sampled_from((0, 0, 0, 1))
users = st.sampled_from(USERS)
texts = st.sampled_from(("x", "y", "", None))
numbers = st.sampled_from((0, 1, 5, None))
values = st.fixed_dictionaries({}, optional={"a": texts, "n": numbers, "note": texts})
claims = st.sampled_from(("if-match", "if-match", "body", "body", "query", "column", "filter", "both",
                          "cut", "none", "W/%s", "%s-gzip", "%s;gzip", "W/%s-br"))
bases = st.sampled_from((None, None, "row", "columns", "one"))
prefers = st.sampled_from((None, "return=minimal", "return=representation"))
keys = st.sampled_from((None, None, "k1", "k2"))
CREATED = ("PATCH", "PATCH", "POST", "merge", "PUT")


def looked_at(table):
    """One SELECT of everything that is known about a table's rows."""
    if table.timed:
        stamp = STAMP % "t.updated_at"
    else:
        stamp = f"t.{table.version}::text" if table.version else "NULL"
    key = ", ".join(f"t.{name}" for name in table.keys)
    return (f"SELECT '{table.name}', json_build_array({key}), json_build_array(a, n, note),"
            f" {stamp}, t.xmin::text, row_to_json(t)::text FROM {table.name} t")


def token_of(table, stamp, xmin):
    """The version as contract, section 2, has it."""
    if not table.version:
        return xmin
    if table.protected:
        return stamp
    return f"{stamp or 'null'}~{xmin}"


def segment(value):
    """A key's value in an address."""
    text = "".join(chr(byte) if re.match(rb"[A-Za-z0-9._-]", bytes([byte])) else f"~{byte:02X}"
                   for byte in str(value).encode())
    return "~5F" + text[1:] if text.startswith("_") else text


def address(table, key):
    return f"/{table}/" + ",".join(segment(value) for value in key)


class Desk:
    """The server and the database, for all examples."""

    def __init__(self, database, server):
        self.sql = database.connect()
        self.clients = {user: quick(server, user) for user in USERS}
        self.look = " UNION ALL ".join(looked_at(table) for table in TABLES.values())

    def rows(self):
        return {(name, tuple(key)): (tuple(held), stamp, token_of(TABLES[name], stamp, xmin), row)
                for name, key, held, stamp, xmin, row in self.sql.execute(self.look).fetchall()}

    def receipts(self):
        return self.sql.execute("SELECT count(*) FROM pg409.receipt").fetchone()[0]

    def empty(self):
        for table in TABLES:
            self.sql.execute(f"DELETE FROM {table}")
        self.sql.execute("DELETE FROM pg409.receipt")
        self.sql.execute("DELETE FROM pg409.gone")


@dataclasses.dataclass
class Opened:
    """A form that somebody has open."""
    user: str
    seen: Seen
    form: pages.Form
    fields: dict            # as they came


class Machine(RuleBasedStateMachine):
    desk = None

    @initialize(first=st.sampled_from(tuple(TABLES)), second=st.sampled_from(tuple(TABLES)))
    def begin(self, first, second):
        self.desk.empty()
        self.world, self.reads, self.opened, self.used = World(), [], [], {}
        self.tables = (TABLES[first], TABLES[second])
        for table in set(self.tables):
            self.insert(table, table.places[0], {"a": "x", "n": 0})
        self.read(0, 0, "anna")

    # --- looking ------------------------------------------------------------------------------

    def sync(self, touched=()):
        """Compares the database with the model. What is new gets its version; nothing else moved,
        except that a direct writer may have touched a row without changing it."""
        rows = self.desk.rows()
        assert {place: held for place, (held, _, _, _) in rows.items()} == \
            {place: row.values for place, row in self.world.rows.items()}
        self.json = {place: row for place, (_, _, _, row) in rows.items()}
        for place, (_, stamp, token, _) in rows.items():
            row = self.world.rows[place]
            if row.token is not None and token != row.token and place in touched:
                row = dataclasses.replace(row, state=next(self.world.states), token=None, made_by=None,
                                          form=None)
            if row.token is not None:
                assert token == row.token, f"{place} moved"
                continue
            self.note(place, row, stamp, token)
        assert self.desk.receipts() == self.world.receipts

    def note(self, place, row, stamp, token):
        """A new state: its version was never there before, and it goes forward."""
        table, used = TABLES[place[0]], self.used.setdefault(place, {})
        assert token not in used, f"{token} was the version of another state"
        if table.protected:
            order = str if table.timed else int
            assert all(order(stamp) > order(earlier) for earlier in used.values())
        used[token] = stamp
        self.world.versions[row.state] = token
        self.world.rows[place] = dataclasses.replace(row, token=token, stamp=stamp)

    def seen(self, table, key):
        """What a client knows who just read the row, or wrote it."""
        row = self.world.rows[table, key]
        seen = Seen(table, key, row.state, row.token, row.stamp, row.values, self.json[table, key])
        self.reads.append(seen)
        return seen

    def recall(self, number):
        return self.reads[-1 - number % len(self.reads)]

    def place(self, number, index):
        """A table, and one of its keys: of its own, or of a row that was read."""
        table = self.tables[index]
        known = [*table.places, *(seen.key for seen in self.reads if seen.table == table.name)]
        return table, known[number % len(known)]

    def client(self, user):
        return self.desk.clients[user]

    # --- reading ------------------------------------------------------------------------------

    @rule(number=pick, index=which, user=users)
    def read(self, number, index, user):
        table, key = self.place(number, index)
        answer = self.client(user).get(address(table.name, key))
        row = self.world.get(table.name, key)
        if row is None:
            assert answer.status_code == 404
            return
        assert answer.status_code == 200
        self.check_row(answer.json(), table.name, key)
        self.check_version(answer, row.token)
        self.seen(table.name, key)

    @rule(number=pick, user=users)
    def read_again(self, number, user):
        seen = self.recall(number)
        row = self.world.get(seen.table, seen.key)
        answer = self.client(user).get(address(seen.table, seen.key),
                                       headers={"If-None-Match": f'W/"{seen.token}"'})
        current = row and row.state == seen.state
        assert answer.status_code == (404 if row is None else 304 if current else 200)

    @rule(index=which, user=users, column=st.sampled_from(("a", "n")), negated=st.booleans(),
          op=st.sampled_from(("eq", "neq", "gt", "in", "is")), value=st.sampled_from(("0", "1", "5")),
          limit=st.sampled_from((None, 0, 1)), page=st.integers(0, 1))
    def read_list(self, index, user, column, negated, op, value, limit, page):
        """Rows that fit a filter, in the order of their keys."""
        table = self.tables[index]
        value = {"a": {"0": "x", "1": "y", "5": "z"}, "n": {"0": 0, "1": 1, "5": 5}}[column][value]
        operand = {"in": f"({value},{value})", "is": "null"}.get(op, value)
        test = {"eq": lambda x: x == value, "neq": lambda x: x != value, "gt": lambda x: x > value,
                "in": lambda x: x == value}.get(op)

        def fits(row):
            held = row.values[COLUMNS.index(column)]
            if op == "is":
                return (held is None) != negated
            return held is not None and test(held) != negated
        wanted = sorted(key for (name, key), row in self.world.rows.items()
                        if name == table.name and fits(row))
        params = {column: ("not." if negated else "") + f"{op}.{operand}", "offset": page,
                  "order": ",".join(f'{name}' for name in table.keys)}
        params.update({} if limit is None else {"limit": limit})
        answer = self.client(user).get(f"/{table.name}", params=params, headers={"Prefer": "count=exact"})
        if answer.status_code == 416:
            assert page > len(wanted)
            return
        assert answer.status_code in (200, 206), answer.text
        assert answer.headers["content-range"].split("/")[1] == str(len(wanted))
        found = answer.json()
        assert {tuple(row[name] for name in table.keys) for row in found} <= set(wanted)
        assert len(found) == len(wanted[page:][:limit])
        for row in found:
            key = tuple(row[name] for name in table.keys)
            self.check_row(row, table.name, key)
            self.seen(table.name, key)

    # --- one row ------------------------------------------------------------------------------

    @rule(number=pick, user=users, how=claims, base=bases, wanted=values, prefer=prefers,
          method=st.sampled_from(CREATED), by_filter=st.booleans(), whole_row=st.booleans(),
          new_key=st.sampled_from((None,) * 6 + (0, 1)))
    def write(self, number, user, how, base, wanted, prefer, method, by_filter, whole_row, new_key):
        """PATCH, PUT or POST on a row that was read, now or long ago."""
        seen = self.recall(number)
        table = TABLES[seen.table]
        change = Change("update", seen.table, seen.key, user, dict(wanted))
        body = dict(wanted)
        if method == "PUT":
            change.values, change.whole = {**DEFAULTS, **wanted}, True
        if whole_row:
            body = {**json.loads(seen.json), **wanted}
            change.values = {**dict(zip(COLUMNS, seen.values)), **wanted}
            change.new_key = seen.key
            body.pop(table.version, None)
        if new_key is not None and method in ("PATCH", "merge"):
            change.new_key = table.places[new_key]
            body.update(zip(table.keys, change.new_key))
        if base:
            change.base = dict(zip(COLUMNS, seen.values))
            if base == "one":
                change.base = {"a": change.base["a"]}
            body["_base"] = json.loads(seen.json) if base == "row" else dict(change.base)
            change.base_key = base == "row"
            if method == "PUT":
                self.put_base(change, body)
        path, params = self.where(seen, by_filter and method != "POST")
        headers = {"Prefer": prefer} if prefer else {}
        if method == "merge":
            method, headers["Content-Type"] = "PATCH", "application/merge-patch+json"
        if not self.claim(change, seen, how, body, params, headers):
            self.refuse(user, method, path, params, headers, body)
            return
        if not body and not params.get("_version"):
            body = {}
        expected = self.world.make(change)
        answer = self.client(user).request(method, path, params=params, content=json.dumps(body),
                                           headers={"Content-Type": "application/json", **headers})
        self.sync()
        shows = prefer == "return=representation" or not (prefer or "id" in params or "city" in params)
        self.check(answer, change, expected, 200 if shows else 204, shows)
        if expected.fine:
            self.seen(change.table, expected.key)

    def put_base(self, change, body):
        """A PUT of some columns only: the rest gets its default, which the editor did not see."""
        absent = [name for name in COLUMNS if name not in body]
        change.base = {name: value for name, value in change.base.items() if name not in absent}

    @rule(number=pick, user=users, how=claims, prefer=prefers, by_filter=st.booleans())
    def remove(self, number, user, how, prefer, by_filter):
        seen = self.recall(number)
        change = Change("delete", seen.table, seen.key, user)
        path, params = self.where(seen, by_filter)
        body, headers = {}, {"Prefer": prefer} if prefer else {}
        if not self.claim(change, seen, how, body, params, headers):
            self.refuse(user, "DELETE", path, params, headers, body)
            return
        was = self.world.get(seen.table, seen.key)
        expected = self.world.make(change)
        more = {"content": json.dumps(body)} if body else {}
        if more:
            headers["Content-Type"] = "application/json"
        answer = self.client(user).request("DELETE", path, params=params, headers=headers, **more)
        self.sync()
        shows = prefer == "return=representation" and expected.outcome == "saved"
        self.check(answer, change, expected, 200 if shows else 204, False)
        if shows:
            row = answer.json()[0] if params.keys() & {"id", "city"} else answer.json()
            assert tuple(row[name] for name in COLUMNS) == was.values

    def where(self, seen, by_filter):
        """/T/K, or /T?id=eq.K."""
        if not by_filter:
            return address(seen.table, seen.key), {}
        keys = TABLES[seen.table].keys
        return f"/{seen.table}", {name: f"eq.{value}" for name, value in zip(keys, seen.key)}

    def claim(self, change, seen, how, body, params, headers):
        """Says in one of the possible places on which version the change is based. False when two
        places say two things."""
        table = TABLES[seen.table]
        token, column = seen.token, json.loads(seen.json).get(table.version)
        change.claim = Claim(seen)
        body.pop("_version", None)
        if how == "none":
            change.claim = None
        elif how in ("column", "filter") and column is not None:
            change.claim = Claim(seen, "whole" if table.protected else "bare")
            if how == "column":
                body[table.version] = column
            else:
                params[table.version] = f"eq.{column}"
        elif how == "cut" and table.timed and seen.stamp:
            body["_version"] = token[:23] + "Z" + token[27:]
            if token[23:26] != "000":
                change.claim = Claim(seen, "cut")
        elif how == "query":
            params["_version"] = token
        elif how == "both":
            other = next((one for one in self.reads if (one.table, one.key) == (seen.table, seen.key)
                          and one.state != seen.state), seen)
            headers["If-Match"], body["_version"] = f'"{token}"', other.token
            change.strict = True
            return other is seen
        elif "%s" in how or how == "if-match":
            weak = "W/" if how.startswith("W/") else ""
            inside = how.removeprefix("W/") % token if "%s" in how else token
            headers["If-Match"], change.strict = f'{weak}"{inside}"', True
        else:
            body["_version"] = token
        return True

    def refuse(self, user, method, path, params, headers, body):
        """Two versions that disagree."""
        answer = self.client(user).request(method, path, params=params, content=json.dumps(body),
                                           headers={"Content-Type": "application/json", **headers})
        assert answer.status_code == 400 and answer.json()["reason"] == "versions-differ", answer.text
        self.sync()

    # --- new rows -----------------------------------------------------------------------------

    @rule(number=pick, index=which, user=users, wanted=values, by_filter=st.booleans())
    def put_new(self, number, index, user, wanted, by_filter):
        """PUT with If-None-Match: creates, or puts back what was deleted; never over a row."""
        table, key = self.place(number, index)
        change = Change("create", table.name, key, user, dict(wanted), exists=True)
        expected = self.world.make(change)
        path, params = self.where(Seen(table.name, key, 0, "", "", ()), by_filter)
        answer = self.client(user).put(path, params=params, json=wanted, headers={"If-None-Match": "*"})
        self.sync()
        self.check(answer, change, expected, 201, not by_filter)
        if expected.fine:
            self.seen(table.name, key)

    @rule(number=pick, index=which, user=users, wanted=values, token=keys, prefer=prefers,
          own=st.booleans())
    def create(self, number, index, user, wanted, token, prefer, own):
        """POST /T: under a key of its own, or one that the database makes."""
        table, key = self.place(number, index)
        key = None if table.numbers and own else key
        change = Change("create", table.name, key, user, dict(wanted), token=token)
        body = {**dict(zip(table.keys, key or ())), **wanted}
        change.content = ("one", table.name, json.dumps(body, sort_keys=True))
        headers = {"Idempotency-Key": token} if token else {}
        headers.update({"Prefer": prefer} if prefer else {})
        expected = self.world.make(change)
        answer = self.client(user).post(f"/{table.name}", json=body, headers=headers)
        if key is None and expected.made:
            key = (int(answer.headers["location"].rsplit("/", 1)[1]),)
            self.world.rename(table.name, expected.key, key)
            expected.key = key
        self.sync()
        there = expected.fine and (table.name, expected.key) in self.world.rows
        self.check(answer, change, expected, 201, there and prefer == "return=representation")
        if there:
            self.seen(table.name, expected.key)

    @rule(index=which, user=users, rows=st.lists(st.tuples(pick, st.booleans(), texts), max_size=3),
          token=keys, passing=st.booleans())
    def create_several(self, index, user, rows, token, passing):
        """POST /T with an array: all or none; or all whose key is free."""
        changes, body = [], []
        for number, own, text in rows:
            table, key = self.place(number, index)
            key = None if table.numbers and own and not passing else key
            changes.append(Change("create", table.name, key, user, {"a": text}, token=token))
            body.append({**dict(zip(table.keys, key or ())), "a": text})
        if len({tuple(row) for row in body}) != 1:
            return  # rows have to name the same columns
        for change in changes:
            change.content = ("several", table.name, json.dumps(body), passing)
        headers = {"Prefer": "return=representation" + (", resolution=ignore-duplicates" if passing else "")}
        headers.update({"Idempotency-Key": token} if token else {})
        expected, made = self.world.create_several(changes, passing)
        answer = self.client(user).post(f"/{table.name}", json=body, headers=headers)
        if made:
            found = [tuple(row[name] for name in table.keys) for row in answer.json()]
            assert len(found) == len(made), "as many rows as were sent"
            for old, new in zip(made, found):
                self.world.rename(table.name, old, new)
            if token:
                self.world.tokens[user, token] = dataclasses.replace(
                    self.world.tokens[user, token], key=tuple(found))
        self.sync()
        there = made or (expected.outcome == "already-applied" and isinstance(expected.key[0], tuple) and
                         any((table.name, key) in self.world.rows for key in expected.key))
        if len(made) == 1:
            expected.version, expected.key = "row", found[0]
        else:
            expected.version = "none"
        self.check(answer, changes[0], expected, 201 if there else 200, False)

    # --- several changes ----------------------------------------------------------------------

    @rule(parts=st.lists(st.tuples(st.sampled_from(("PATCH", "PATCH", "PUT", "DELETE", "POST", "new")),
                                   pick, values, st.booleans(), bases), min_size=1, max_size=4),
          user=users, token=keys)
    def batch(self, parts, user, token):
        changes, sent, touched = [], [], set()
        for method, number, wanted, claimed, base in parts:
            seen = self.recall(number)
            if method != "POST" and (seen.table, seen.key) in touched:
                continue
            touched.add((seen.table, seen.key) if method != "POST" else None)
            change, part = self.part(method, seen, wanted, claimed or method == "DELETE", base, user)
            if change.op == "create" and token and method == "POST":
                change.token = f"{token}/{len(changes)}"
            elif change.op == "create" and token:
                continue
            change.content = ("one", change.table, json.dumps(part["body"], sort_keys=True)) \
                if method == "POST" else None
            changes.append(change)
            sent.append(part)
        expected = self.world.batch(changes)
        headers = {"Idempotency-Key": token} if token else {}
        answer = self.client(user).post("/_batch", json={"changes": sent}, headers=headers)
        self.sync()
        if all(one.fine for one in expected):
            self.check_batch(answer, changes, expected)
        else:
            self.check_refused_batch(answer, expected)

    def part(self, method, seen, wanted, claimed, base, user):
        """One change of a batch, and how it is sent."""
        change = Change("update", seen.table, seen.key, user, dict(wanted))
        part = {"method": method, "path": address(seen.table, seen.key), "body": dict(wanted)}
        if method == "POST":
            change.op, part["path"] = "create", f"/{seen.table}"
            part["body"].update(zip(TABLES[seen.table].keys, seen.key))
        elif method == "new":
            change.op, change.exists = "create", True
            part.update(method="PUT", if_none_match="*")
        elif claimed:
            change.claim, part["version"] = Claim(seen), seen.token
        if method == "DELETE":
            change.op, change.values = "delete", {}
            del part["body"]
        elif method == "PUT":
            change.values = {**DEFAULTS, **wanted}
        elif method == "PATCH" and base:
            change.base = dict(zip(COLUMNS, seen.values))
            change.base_key = base == "row"
            part["body"]["_base"] = json.loads(seen.json) if base == "row" else dict(change.base)
        return change, part

    def check_batch(self, answer, changes, expected):
        assert answer.status_code == 200, answer.text
        found = answer.json()["changes"]
        assert [one["outcome"] for one in found] == [one.outcome for one in expected]
        for one, change, wanted in zip(found, changes, expected):
            row = self.world.get(change.table, wanted.key) if wanted.key else None
            assert one.get("version") == (row.token if row and change.op != "delete" else None)
            if row:
                self.check_row(one["row"], change.table, wanted.key)
                self.seen(change.table, wanted.key)
        ranks = ("saved", "rebased", "already-applied", "unchanged")
        outcomes = {one.outcome for one in expected} or {"unchanged"}
        assert answer.headers["pg409-outcome"] == min(outcomes, key=ranks.index)

    def check_refused_batch(self, answer, expected):
        bad = [(i, one.reason) for i, one in enumerate(expected) if not one.fine]
        refused = [one for one in expected if one.outcome == "refused"]
        status = refused[0].status(Change("", "", ())) if refused else 409
        assert answer.status_code == status, answer.text
        assert [(one["index"], one["reason"]) for one in answer.json()["changes"]] == bad
        assert answer.headers["pg409-outcome"] == ("refused" if refused else "conflict")

    # --- forms --------------------------------------------------------------------------------

    @rule(number=pick, index=which, user=users)
    def open_form(self, number, index, user):
        table, key = self.place(number, index)
        if self.world.get(table.name, key):
            form = pages.form(self.client(user), address(table.name, key))
            self.opened.append(Opened(user, self.seen(table.name, key), form,
                                      dict(form.fields)))

    @rule(number=pick, wanted=st.fixed_dictionaries({}, optional={"a": st.sampled_from("xy"),
                                                                  "n": st.sampled_from((0, 1))}))
    def send_form(self, number, wanted):
        """A form, perhaps one that was sent before (Back), perhaps one that is long out of date."""
        if not self.opened:
            return
        opened = self.opened[-1 - number % len(self.opened)]
        seen, form = opened.seen, opened.form
        for name, value in wanted.items():
            form[name] = str(value)
        base = dict(zip(COLUMNS, seen.values))
        typed = {name: {"a": str, "n": int}[name](form[name]) for name in ("a", "n")
                 if form[name] != opened.fields[name]}
        change = Change("update", seen.table, seen.key, opened.user, {**base, **typed}, base=base,
                        base_key=True, claim=Claim(seen), form=form["_token"])
        expected = self.world.make(change)
        answer = form.send(self.client(opened.user))
        self.sync()
        assert answer.headers["pg409-outcome"] == expected.outcome, answer.text
        assert answer.status_code == (303 if expected.fine else 409)
        if expected.fine:
            self.check_version(answer, self.world.rows[seen.table, seen.key].token)

    # --- direct writers -----------------------------------------------------------------------

    def insert(self, table, key, wanted):
        names = ", ".join([*table.keys, *wanted])
        marks = ", ".join(["%s"] * (len(key) + len(wanted)))
        self.desk.sql.execute(f"INSERT INTO {table.name} ({names}) VALUES ({marks})",
                              [*key, *wanted.values()])
        held = {**DEFAULTS, **wanted}
        self.world.rows[table.name, key] = Row(tuple(held[name] for name in COLUMNS),
                                               next(self.world.states))
        self.sync()

    @rule(number=pick, index=which, wanted=values, version=st.sampled_from(
        ("forgets", "forgets", "keeps", "empties", "puts back")), again=pick)
    def sql_update(self, number, index, wanted, version, again):
        """Another program; perhaps one that forgets the version, or puts an old one back."""
        table, key = self.place(number, index)
        row = self.world.get(table.name, key)
        sets, parameters = [f"{name} = %s" for name in wanted], list(wanted.values())
        if table.version and version == "keeps":
            sets.append(f"{table.version} = " + ("clock_timestamp()" if table.timed
                                                 else f"coalesce({table.version}, 0) + 1"))
        elif table.version and version == "puts back" and self.recall(again).table == table.name:
            sets.append(f"{table.version} = %s")
            parameters.append(self.recall(again).stamp)
        elif table.name in ("empty", "tally") and version == "empties":
            sets.append(f"{table.version} = NULL")
        if not sets or row is None or (table.protected and parameters[-1:] == [None] and version == "puts back"):
            return
        where = " AND ".join(f"{name} = %s" for name in table.keys)
        self.desk.sql.execute(f"UPDATE {table.name} SET {', '.join(sets)} WHERE {where}",
                              [*parameters, *key])
        held = {**dict(zip(COLUMNS, row.values)), **wanted}
        after = tuple(held[name] for name in COLUMNS)
        if after != row.values:  # then the version has to move, whoever wrote
            self.world.rows[table.name, key] = Row(after, next(self.world.states))
        self.sync(touched=[(table.name, key)])

    @rule(number=pick, index=which)
    def sql_delete(self, number, index):
        table, key = self.place(number, index)
        where = " AND ".join(f"{name} = %s" for name in table.keys)
        self.desk.sql.execute(f"DELETE FROM {table.name} WHERE {where}", key)
        self.world.rows.pop((table.name, key), None)
        self.sync()

    @rule(number=pick, index=which, wanted=values)
    def sql_insert(self, number, index, wanted):
        table, key = self.place(number, index)
        if not self.world.get(table.name, key):
            self.insert(table, key, wanted)

    @rule(number=pick, index=which, to=st.integers(0, 1))
    def sql_move(self, number, index, to):
        """A row gets the key of another that is gone."""
        table, key = self.place(number, index)
        row, new = self.world.get(table.name, key), table.places[to]
        if row is None or self.world.get(table.name, new):
            return
        sets = ", ".join(f"{name} = %s" for name in table.keys)
        where = " AND ".join(f"{name} = %s" for name in table.keys)
        self.desk.sql.execute(f"UPDATE {table.name} SET {sets} WHERE {where}", [*new, *key])
        del self.world.rows[table.name, key]
        self.world.rows[table.name, new] = Row(row.values, next(self.world.states))
        self.sync()

    # --- answers ------------------------------------------------------------------------------

    def check_row(self, found, table, key):
        """A row in an answer is the row that is stored, with its version."""
        row = self.world.rows[table, key]
        assert found == {**json.loads(self.json[table, key]), "_version": row.token}

    def check_version(self, answer, token):
        assert answer.headers.get("pg409-version") == token
        assert answer.headers.get("etag") == (token and f'"{token}"')

    def check(self, answer, change, expected, status, shows):
        """The whole answer to one change: contract, sections 4 and 5."""
        assert answer.headers["pg409-outcome"] == expected.outcome, answer.text
        row = self.world.get(change.table, expected.key) if expected.key else None
        token = row.token if row else None
        if isinstance(expected.version, int) and not shows:
            token = self.world.versions[expected.version]
        self.check_version(answer, token if expected.version != "none" else None)
        if not expected.fine:
            self.check_problem(answer, change, expected, row)
            return
        assert answer.status_code == status, answer.text
        if shows:
            found = answer.json()
            self.check_row(found[0] if isinstance(found, list) else found, change.table, expected.key)
        elif status == 204:
            assert answer.content == b""

    def check_problem(self, answer, change, expected, row):
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.status_code, problem["status"], problem["reason"]) == (
            (expected.status(change),) * 2 + (expected.reason,))
        if expected.reason == "stale":
            assert problem["version"]["current"] == row.token
            held = {name: problem["current"][name] for name in COLUMNS}
            assert tuple(held.values()) == row.values
            cut = change.claim.kind == "cut" and change.claim.seen.state == row.state
            assert ("digits cut off" in problem["detail"]) == cut
            if change.op == "update" and not change.base and not change.new_key:
                differ = {name for name, value in change.values.items() if held[name] != value}
                named = {column["name"] for column in problem["columns"]}
                assert named <= differ if change.whole else named == differ


@pytest.fixture(scope="module")
def desk(database):
    for table in TABLES.values():
        database.create(f"CREATE TABLE {table.name} ({table.sql}, a text, n integer DEFAULT 5,"
                        " note text DEFAULT 'none')", [table.name] if table.protected else [])
    with stack.serving("lighttpd", database) as server:
        yield Desk(database, server)


def test_the_api_does_what_the_model_says(desk):
    """The same examples each time, so that a failure is one that can be looked at."""
    machine = type("Bound", (Machine,), {"desk": desk})
    run_state_machine_as_test(machine, settings=settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, derandomize=True, database=None,
        deadline=None, suppress_health_check=list(HealthCheck), print_blob=False))
