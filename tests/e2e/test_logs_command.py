"""pg409 logs: overlaps that are known are found in logs of every format and application, and no others."""

import dataclasses
import gzip
import random

import pytest

from e2e.logbook import (
    ANNA, APPS, BOB, CASES, DORA, ERIK, KINDS, START, USUAL, Line, expected, found_in, nginx, noise, ordered,
    own, pairs_of, random_case, real)

@pytest.mark.parametrize("kind", KINDS)
def test_finds_every_overlap_and_no_other(tmp_path, kind):
    rng = random.Random(f"409 {kind}")
    likely = possible = 0
    for _ in range(CASES):
        case = random_case(rng)
        lines = []
        for line in case:
            lines += [noise(rng, line.time) for _ in range(rng.randrange(3))] + [real(line)]
        wanted = expected(case, kind)
        found = found_in(tmp_path, lines, "--apps", "rails,django,any", kind=kind)
        assert ordered(pairs_of(found)) == ordered(wanted)
        sure = sum(not pair[-1] for pair in wanted)
        assert (found["lost_updates"]["least"], found["lost_updates"]["most"]) == (sure, len(wanted))
        assert found["unread"] == 0 and found["forgotten"] == 0
        likely, possible = likely + sure, possible + len(wanted) - sure
    assert likely > CASES and possible > CASES  # the cases are worth something


OWN = ("--edit", "/cgi/show.cgi?doc={d}&m=form", "--save", "/cgi/store.cgi?doc={d}",
       "--edit", "*/show.cgi?doc={d}", "--save", "*/store.cgi")


@pytest.mark.parametrize("app", [app for app in APPS if app not in USUAL])
def test_finds_every_overlap_of_an_application_and_no_other(tmp_path, app):
    """Alone, and beside all the others: none of their rules takes it for something else, or for surer than it is."""
    rng = random.Random(f"409 {app}")
    likely = possible = 0
    for number in range(CASES // 4):
        case = random_case(rng, (app,) if number % 2 else (app, "rails", "django", "page"))
        lines = []
        for line in case:
            lines += [noise(rng, line.time) for _ in range(rng.randrange(3))] + [real(line)]
        wanted = expected(case, "nginx")
        every = ("--apps", "wordpress,django,rails,drupal,mediawiki,dokuwiki,xwiki,phpmyadmin,adminer,forms,pg409,any")
        found = found_in(tmp_path, lines, *(OWN + every if app.startswith("own") else ()), kind="nginx")
        assert ordered(pairs_of(found)) == ordered(wanted)
        likely += sum(not pair[-1] for pair in wanted)
        possible += sum(bool(pair[-1]) for pair in wanted)
    assert possible > CASES // 4 and (likely > CASES // 4 or APPS[app].doubts)


def test_nobody_is_sure_without_a_reason(tmp_path):
    """The same lines, with each thing that makes a pair less than likely, one at a time."""
    def lines(first=ANNA, second=BOB, status=302, opened=0, gap=60, address="/things/5"):
        return [Line(START, first, "GET", f"{address}/edit"),
                Line(START + opened, second, "POST", address, 302),
                Line(START + opened + gap, first, "POST", address, status)]

    def sure(*options, **more):
        found = found_in(tmp_path, lines(**more), *options)["lost_updates"]
        return found["least"], found["most"]

    assert sure(opened=60) == (1, 1)
    assert sure(opened=60, status=200) == (0, 1)
    assert sure(opened=60, first=DORA) == (0, 1)
    assert sure(opened=60, second=ERIK) == (0, 1)
    assert sure(opened=0) == (0, 1)
    assert sure(opened=60, gap=0) == (0, 1)
    assert sure(opened=60, address="/users/password") == (0, 1)
    assert sure(opened=60, status=422) == (0, 0)
    assert sure(opened=60, second=ANNA) == (0, 0)
    assert sure(opened=60, gap=25 * 3600) == (0, 0)
    assert sure("--max-age", "30", opened=60, gap=25 * 3600) == (1, 1)


# --- patterns of one's own ------------------------------------------------------------------------


def test_own_patterns(tmp_path):
    lines = own((ANNA, "GET", "/app/show.cgi?mode=form&doc=7", 200, None),
                (BOB, "POST", "/app/store.cgi?doc=7", 302, None),
                (BOB, "POST", "/app/store.cgi?doc=8", 302, None),
                (ANNA, "POST", "/app/store.cgi?x=1&doc=7", 302, None))
    assert found_in(tmp_path, lines)["lost_updates"]["most"] == 0
    found = found_in(tmp_path, lines, "--edit", "*/show.cgi?doc={doc}&mode=form", "--save",
                     "*/store.cgi?doc={doc}")
    assert found["lost_updates"]["least"] == 1
    assert found["lost_updates"]["pairs"][0]["address"] == "/app/store.cgi?x=1&doc=7"


@pytest.mark.parametrize("referer, sure, address", [
    ("https://x.org/show.cgi?doc=7", "likely", "/show.cgi?doc=7"), (None, "possible", "/show.cgi?doc=7"),
    ("https://x.org/show.cgi?doc=8", None, None)])
def test_thing_that_only_the_body_names_is_known_by_the_page_before(tmp_path, referer, sure, address):
    lines = own((ANNA, "GET", "/show.cgi?doc=7", 200, None),
                (BOB, "GET", "/show.cgi?doc=7", 200, None),
                (BOB, "POST", "/store.cgi", 302, "https://x.org/show.cgi?doc=7"),
                (ANNA, "POST", "/store.cgi", 302, referer))
    pairs = found_in(tmp_path, lines, "--edit", "/show.cgi?doc={doc}", "--save",
                     "/store.cgi")["lost_updates"]["pairs"]
    assert [(pair["sure"], pair["address"]) for pair in pairs] == ([(sure, address)] if sure else [])


