"""The report of conflicts, looked at as people do: figures, pictures, advice, by keyboard and on a phone."""

import os
import pathlib

import pytest

from browser import a11y

STAGED = """
INSERT INTO pg409.conflict (code, table_name, row_key, op, reason, columns, their_columns, other_user, by_program, username,
                            yours, at, resolved_at, resolution, rounds)
SELECT md5('report' || n), 'public.article', json_build_array((1 + n % 7)::text), 'save', 'stale',
       CASE n % 3 WHEN 0 THEN '{title}' WHEN 1 THEN '{body,price}' ELSE '{price}' END::text[],
       CASE n % 5 WHEN 0 THEN '{title}' ELSE '{mood}' END::text[],
       CASE n % 5 WHEN 0 THEN 'bob' ELSE 'cron-import' END, n % 11 = 0, CASE n % 4 WHEN 0 THEN 'bob' ELSE 'anna' END, '{}',
       moment, CASE WHEN n % 6 < 4 THEN moment + interval '1 minute' * (n % 9) END,
       (ARRAY['saved', 'merged', 'yours', 'dropped'])[1 + n % 6], 1
FROM (SELECT n, now() - interval '1 hour' * (n * n % 683) AS moment FROM generate_series(1, 160) n) x
ON CONFLICT DO NOTHING
"""


@pytest.fixture
def staged(database):
    database.run(STAGED)
    yield
    database.run("DELETE FROM pg409.conflict WHERE code IN (SELECT md5('report' || n) FROM generate_series(1, 160) n)")


def test_report_is_for_everybody(anna, staged):
    page = anna.open("/_conflicts")
    assert page.complaints() == []
    for summary in page.all("main details summary"):
        summary.click()
    assert a11y.check(page) == [] and a11y.overflow(page) == []
    if folder := os.environ.get("PG409_PICTURES"):
        for width, dark in ((1200, False), (360, True), (1200, True), (360, False)):
            page.screen(width, dark=dark)
            page.picture(pathlib.Path(folder) / f"report-{width}{'-dark' if dark else ''}.png")


def test_empty_report_is_for_everybody(anna):
    page = anna.open("/_conflicts?days=1&table=author")
    assert "No conflict in this time" in page.text
    assert a11y.check(page) == [] and a11y.overflow(page) == []


def test_the_form_narrows_it_by_keyboard_alone(anna, staged):
    anna.open("/")
    page = anna.leave(lambda: anna.find('.places a[href="/_conflicts"]').send_keys("\n"))
    assert "mood" in page.text
    page.choose("table", "author")
    page = page.leave(lambda: page.find(".search button").send_keys("\n"))
    assert "table=author" in page.driver.current_url and "No conflict in this time" in page.text


def test_a_row_of_the_report_leads_to_the_row(anna, staged, article):
    page = anna.open("/_conflicts")
    link = page.find('#by-row ~ .scroll td a')
    href = link.get_attribute("href")
    assert "/article/" in href
    page.leave(link.click)
    assert page.driver.current_url == href
