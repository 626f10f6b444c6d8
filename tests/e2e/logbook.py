"""Access logs that are made: lines of people who open and save things, written as servers write them, and a
model that says which of the saves overlap."""

import dataclasses
import datetime
import functools
import json
import os
import pathlib
import re
import subprocess

import stack

PG409 = pathlib.Path(stack.PROGRAM).parent / "pg409"
START = 1795338000  # 2026-11-22 10:00:00 +0100
CASES = 400 if os.environ.get("PG409_LONG") else 40


def run(*arguments, **more):
    return subprocess.run([PG409, "logs", *map(str, arguments)], capture_output=True, **more)


def report(*arguments, status=0, **more):
    found = run("--json", *arguments, **more)
    assert found.returncode == status, found.stderr
    return json.loads(found.stdout)


# --- logs that are made ---------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Person:
    client: str
    user: str = None
    agent: str = "Mozilla/5.0 (X11; Linux)"


ANNA = Person("10.0.0.1", "anna")
BOB = Person("fe80::2", "bob \"b\" jürgen", "Opera \"9\"")
CARL = Person("10.0.0.1", "carl")
DORA = Person("10.0.0.4")
ERIK = Person("10.0.0.4", agent="curl/7.88.1")
PEOPLE = (ANNA, BOB, CARL, DORA, ERIK)


@dataclasses.dataclass(frozen=True)
class Line:
    time: int
    who: Person
    method: str
    target: str
    status: int = 200
    referer: str = None


def apache(text):
    return "".join(c if " " <= c <= "~" and c not in '"\\' else
                   "\\" + c if c in '"\\' else
                   "".join(f"\\x{byte:02x}" for byte in c.encode()) for c in text or "-")


def nginx(text):
    return "".join(c if " " <= c <= "~" and c not in '"\\' else
                   "".join(f"\\x{byte:02X}" for byte in c.encode()) for c in text or "-")


@functools.lru_cache(maxsize=64)
def clock(time, minutes=60):
    zone = datetime.timezone(datetime.timedelta(minutes=minutes))
    return datetime.datetime.fromtimestamp(time, zone).strftime("%d/%b/%Y:%H:%M:%S %z")


HAND = {
    "hand": (r'%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"', apache),
    "pieces": ('%v|%a|%{%Y-%m-%d %T}t.%{msec_frac}t %{%z}t|%m|%U|%q|"%u"|%!404s|%D|"%{User-agent}i"|"%{referer}i"', apache),
    "vars": ('$host $remote_addr - "$remote_user" [$time_iso8601] $request_method $uri$is_args$args '
             '$server_protocol $status $request_time "$http_referer" "$http_user_agent" "$http_x_forwarded_for"', nginx),
    "epoch": ('$msec $status ${remote_addr} $request_method "$request_uri" "$remote_user" "$http_user_agent" "$http_referer"',
              nginx),
}
"""Formats as administrators write them, and how their server escapes."""


def by_hand(line, kind, minutes):
    """The format with the values put in, as the server does."""
    zone = datetime.timezone(datetime.timedelta(minutes=minutes))
    when = datetime.datetime.fromtimestamp(line.time, zone)
    format, escape = HAND[kind]
    path, mark, query = line.target.partition("?")
    values = {
        "%h": line.who.client, "%a": line.who.client, "%l": "-", "%u": escape(line.who.user), "%b": "512", "%D": "99",
        "%t": f"[{clock(line.time, minutes)}]", "%>s": line.status, "%!404s": line.status, "%v": "x.org",
        "%r": f"{line.method} {escape(line.target)} HTTP/1.1", "%m": line.method, "%U": escape(path),
        "%q": escape(mark + query) if mark else "", "%{%Y-%m-%d %T}t": f"{when:%Y-%m-%d %H:%M:%S}", "%{msec_frac}t": "042",
        "%{%z}t": f"{when:%z}", "%{User-agent}i": escape(line.who.agent), "%{User-Agent}i": escape(line.who.agent),
        "%{Referer}i": escape(line.referer), "%{referer}i": escape(line.referer),
        "$remote_addr": line.who.client, "${remote_addr}": line.who.client, "$remote_user": escape(line.who.user),
        "$time_iso8601": when.isoformat(), "$msec": f"{line.time}.500", "$request_method": line.method,
        "$request_uri": escape(line.target), "$uri$is_args$args": escape(line.target), "$server_protocol": "HTTP/2.0",
        "$status": line.status, "$request_time": "0.004", "$http_referer": escape(line.referer),
        "$http_user_agent": escape(line.who.agent), "$http_x_forwarded_for": "-", "$host": "x.org"}
    names = sorted(values, key=len, reverse=True)
    text = re.sub("|".join(map(re.escape, names)), lambda match: str(values[match[0]]), format.replace('\\"', '"'))
    assert "$" not in text.replace("\\", "") or "$" in line.target
    return text


def of_nginx(line, minutes):
    return {"time_local": clock(line.time, minutes), "remote_addr": line.who.client, "remote_user": line.who.user or "",
            "request": f"{line.method} {line.target} HTTP/1.1", "status": str(line.status), "bytes": 512,
            "http_referer": line.referer or "", "http_user_agent": line.who.agent}


def of_caddy(line, minutes):
    headers = {"User-Agent": [line.who.agent], "Accept": ["*/*", "text/html"]}
    if line.referer:
        headers["Referer"] = [line.referer]
    return {"level": "info", "ts": line.time + .25, "logger": "http.log.access", "msg": "handled request",
            "request": {"remote_ip": line.who.client, "remote_port": "1", "method": line.method, "host": "x.org",
                        "uri": line.target, "headers": headers, "tls": {"resumed": False, "version": 772}},
            "user_id": line.who.user or "", "duration": 0.01, "status": line.status,
            "resp_headers": {"Date": ["never"], "Server": ["Caddy"]}}


def of_ecs(line, minutes):
    path, _, query = line.target.partition("?")
    when = datetime.datetime.fromtimestamp(line.time, datetime.timezone.utc)
    return {"@timestamp": f"{when:%Y-%m-%dT%H:%M:%S}.123456789Z", "ecs.version": "8.0",
            "http": {"request": {"method": line.method, "referrer": line.referer or "-"},
                     "response": {"status_code": line.status, "body": {"bytes": 512}}},
            "url": {"path": path, "query": query, "domain": "x.org"}, "source": {"ip": line.who.client},
            "user": {"name": line.who.user}, "user_agent": {"original": line.who.agent}}


OBJECTS = {"json": of_nginx, "caddy": of_caddy, "ecs": of_ecs}


def written(line, kind, minutes=60):
    escape = nginx if kind == "nginx" else apache
    before = {"vhost": "x.org:443 "}.get(kind, "") + line.who.client
    ident = "x.org" if kind == "lighttpd" else "-"
    text = (f"{before} {ident} {escape(line.who.user)} [{clock(line.time, minutes)}] "
            f"\"{line.method} {escape(line.target)} HTTP/1.1\" {line.status} 512")
    if kind != "common":
        text += f" \"{escape(line.referer)}\" \"{escape(line.who.agent)}\""
    if kind in HAND:
        return by_hand(line, kind, minutes)
    if kind in OBJECTS:
        return json.dumps(OBJECTS[kind](line, minutes), ensure_ascii=line.time % 2 == 0)
    if kind == "journald":
        whole = {"_HOSTNAME": "x", "MESSAGE": text, "PRIORITY": "6"}
        if line.time % 3 == 0:
            whole["MESSAGE"] = list(text.encode())
        return json.dumps(whole)
    return text


MADE = (*HAND, *OBJECTS)
KINDS = ("common", "combined", "vhost", "lighttpd", "nginx", "journald")


def log_of(lines, kind="combined"):
    return "".join(written(line, kind) + "\n" for line in lines)


def found_in(folder, lines, *options, kind="combined"):
    (folder / "access.log").write_text(log_of(lines, kind))
    return report(*options, folder / "access.log")


def own(*pairs):
    return [Line(START + at, who, method, target, status, referer)
            for at, (who, method, target, status, referer) in enumerate(pairs)]


# --- applications ---------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class App:
    """Where it opens and saves thing number N."""
    opened: str
    saved: str
    found_only: bool = False      # a POST that is answered with 200 has not saved
    sure: bool = False            # one that is has
    doubts: tuple = ()            # of every save
    by_referer: bool = False      # only the page before says what was saved
    method: str = "POST"

    @property
    def shown(self):
        return self.opened if self.by_referer else self.saved


APPS = {
    "rails": App("/blog/things/N/edit", "/blog/things/N"),
    "django": App("/admin/shop/book/N/change/", "/admin/shop/book/N/change/", found_only=True),
    "page": App("/pages/N", "/pages/N", doubts=("address",)),
    "wordpress": App("/blog/wp-admin/post.php?post=N&action=edit", "/blog/wp-admin/post.php",
                     found_only=True, by_referer=True),
    "block": App("/wp-admin/post.php?post=N&action=edit", "/wp-json/wp/v2/posts/N?_locale=user", sure=True),
    "drupal": App("/site/node/N/edit", "/site/node/N/edit", found_only=True),
    "mediawiki": App("/w/index.php?title=Page_N&action=edit", "/w/index.php?title=Page_N&action=submit",
                     found_only=True),
    "shortwiki": App("/wiki/Ort_N?action=edit", "/w/index.php?title=Ort_N&action=submit", found_only=True),
    "dokuwiki": App("/doku.php?id=start:N&do=edit", "/doku.php?id=start:N", found_only=True),
    "xwiki": App("/xwiki/bin/edit/Main/N", "/xwiki/bin/save/Main/N", found_only=True),
    "phpmyadmin": App("/pma/index.php?route=/table/change&db=d&table=t&where_clause=%60id%60+%3D+N",
                      "/pma/index.php?route=/table/replace", doubts=("answer",), by_referer=True),
    "oldadmin": App("/pma/tbl_change.php?db=d&table=t&where_clause=%60id%60+%3D+N", "/pma/tbl_replace.php",
                    doubts=("answer",), by_referer=True),
    "adminer": App("/adminer.php?username=u&edit=t&where[id]=N", "/adminer.php?username=u&edit=t&where[id]=N",
                   found_only=True),
    "form": App("/old/edit_item.php?item=N", "/old/edit_item.php?item=N"),
    "own": App("/cgi/show.cgi?doc=N&m=form", "/cgi/store.cgi?doc=N"),
    "ownbody": App("/app/show.cgi?doc=N", "/app/store.cgi", by_referer=True),
}
USUAL = ("rails", "django", "page")


# --- the model ------------------------------------------------------------------------------------


class Model:
    """What overlaps, said once more: lines in the order of their times."""

    AGE = 24 * 3600

    def __init__(self, kind):
        self.kind = kind
        self.opened = {}    # (thing, person) to (time, by a save of their own)
        self.saves = {}     # thing to {person: (time, doubts)}
        self.guarded = set()
        self.pairs = []

    def person(self, who):
        if who.user:
            return who.user
        return who.client, None if self.kind == "common" else who.agent

    def name(self, who):
        if who.user or self.kind == "common":
            return who.user or who.client
        return f"{who.client}, {who.agent}"

    def take(self, line):
        what, _, thing = line.target.rpartition("#")
        who = self.person(line.who)
        if what == "open":
            self.opened[thing, who] = (line.time, False)
        elif line.status in (409, 412):
            if line.time - self.opened.get((thing, who), (-self.AGE,))[0] <= self.AGE:
                self.opened[thing, who] = (line.time, False)
            self.guarded.add(thing)
        elif line.status < 400:
            self.save(line, thing, who)

    def save(self, line, thing, who):
        app = APPS[thing.split("-")[0]]
        doubts = set(app.doubts) | (set() if line.who.user else {"person"})
        if line.status == 200 and line.method == "POST":
            if app.found_only:
                return
            doubts |= set() if app.sure else {"answer"}
        opened, again = self.opened.get((thing, who), (None, False))
        saves = self.saves.setdefault(thing, {})
        if opened is not None and line.time - opened <= self.AGE:
            for other, (time, theirs, name) in saves.items():
                if other != who and opened <= time:
                    self.pair(line, thing, name, opened, time, doubts | theirs
                              | ({"again"} if again else set()))
            self.opened[thing, who] = (line.time, True)
        saves[who] = (line.time, doubts, self.name(line.who))

    def pair(self, line, thing, lost, opened, saved, doubts):
        if thing in self.guarded:
            doubts = doubts | {"guarded"}
        if opened == saved or saved == line.time:
            doubts = doubts | {"second"}
        app, number = thing.split("-")
        self.pairs.append((APPS[app].shown.replace("N", number), self.name(line.who), lost, opened, saved, line.time,
                           frozenset(doubts)))


def real(line):
    """A line of the model as an application would have it."""
    what, _, thing = line.target.rpartition("#")
    app, number = thing.split("-")
    app = APPS[app]
    opened = app.opened.replace("N", number)
    if what == "open":
        return dataclasses.replace(line, target=opened)
    referer = f"https://x.org{opened}" if app.by_referer else line.referer
    return dataclasses.replace(line, target=app.saved.replace("N", number), referer=referer)


def random_case(rng, apps=USUAL):
    things = [f"{app}-{number}" for app in apps for number in (1, 2)]
    lines, time = [], START
    people = PEOPLE[:3] if rng.random() < .5 else PEOPLE
    guarded = 3 if rng.random() < .3 else 0
    for _ in range(rng.randrange(10, 160)):
        time += rng.choice((0, 1, 1, 7, 60, 600)) if rng.random() < .99 else 90_000
        who, thing = rng.choice(people), rng.choice(things)
        if rng.random() < .5:
            lines.append(Line(time, who, "GET", f"open#{thing}", rng.choice((200, 200, 304))))
            continue
        method = "PATCH" if thing.startswith("rails") and rng.random() < .2 else "POST"
        status = rng.choices((302, 303, 200, 422, 409, 412), (50, 10, 10, 5, guarded, guarded))[0]
        lines.append(Line(time, who, method, f"save#{thing}", status))
    return lines


def noise(rng, time):
    """What is in every log and overlaps with nothing."""
    who = Person(f"192.0.2.{rng.randrange(250)}", rng.choice((None, "anna")), "Bot/1.0")
    return rng.choice((
        Line(time, who, "GET", f"/static/{rng.randrange(99)}.css"),
        Line(time, who, "GET", f"/blog/things?page={rng.randrange(99)}"),
        Line(time, who, "GET", "/blog/things/1/edit", 403), Line(time, who, "HEAD", "/blog/things/1/edit"),
        Line(time, who, "POST", "/blog/things/1", 500), Line(time, who, "POST", "/login", 302),
        Line(time, who, "GET", "/login"), Line(time, who, "OPTIONS", "*"),
        Line(time, who, "GET", "/blog/things/1/edited")))


def seconds(text):
    return int(datetime.datetime.fromisoformat(text).timestamp())


def pairs_of(found):
    for pair in found["lost_updates"]["pairs"]:
        assert (pair["sure"] == "likely") == (not pair["doubts"])
        yield (pair["address"], pair["saved_over_by"], pair["saved_by"], seconds(pair["opened"]),
               seconds(pair["saved"]), seconds(pair["saved_over"]), frozenset(pair["doubts"]))


def ordered(pairs):
    return sorted(pairs, key=repr)


def expected(lines, kind):
    model = Model(kind)
    for line in lines:
        model.take(line)
    return model.pairs


OVERLAP = [Line(START, ANNA, "GET", "/things/5/edit"), Line(START + 60, BOB, "POST", "/things/5", 302),
           Line(START + 300, ANNA, "POST", "/things/5", 302)]
REFUSED = [Line(START + 400 + at, CARL, "PATCH", "/api/things/9", status)
           for at, status in ((0, 412), (2, 412), (9, 412), (10, 428), (90_000, 409))]
