"""Each kind of control, filled in by a browser, saved, and read back from the database as text."""

import pytest


@pytest.fixture
def row(database):
    number = database.one("INSERT INTO control (name) VALUES ('A row') RETURNING id")
    return f"/control/{number}"


def read(database, row, column):
    return database.one(f'SELECT "{column}"::text FROM control WHERE id = %s', int(row.rpartition("/")[2]))


ASTRAL = "Grüße 🚢 👩‍🚀 e\u0301 \u200fשלום"
VALUES = [
    ("day", "2024-02-29", "2024-02-29"),
    ("clock", "23:59:58", "23:59:58"),
    ("moment", "2026-11-22T07:49:30", "2026-11-22 07:49:30"),
    ("instant", "2026-11-22 07:49:00.123456+00", "2026-11-22 07:49:00.123456+00"),
    ("small", "-7", "-7"),
    ("big", "9223372036854775807", "9223372036854775807"),
    ("exact", "0.100000000000000000000000000000000001", "0.100000000000000000000000000000000001"),
    ("approx", "1e-300", "1e-300"),
    ("word", "it's \"quoted\" & <b>", "it's \"quoted\" & <b>"),
    ("word", "  blanks  ", "  blanks  "),
    ("story", ASTRAL, ASTRAL),
    ("story", "\n\nleading", "\n\nleading"),
    ("story", "trailing \n\n ", "trailing \n\n "),
    ("story", "tab\tand\nlines", "tab\tand\nlines"),
    ("story", "</textarea><script>1</script>&amp;", "</textarea><script>1</script>&amp;"),
    ("data", '{"a": [1, null, "ü"]}', '{"a": [1, null, "ü"]}'),
    ("tags", '{red,"dark green"}', '{red,"dark green"}'),
    ("uid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ("span", "1 day 02:03:04", "1 day 02:03:04"),
    ("__odd", "underscored", "underscored"),
    ("two words", "spaced", "spaced"),
    ("mood", "cross", "cross"), ("maybe", "false", "false"), ("maybe", "true", "true"),
    ("author_id", "2", "2"),
]


@pytest.mark.parametrize("name,value,stored", VALUES, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(VALUES)])
def test_value_comes_through(anna, database, row, name, value, stored):
    anna.open(row).set(name, value)
    assert anna.value(name) == value, "the control itself changed it"
    anna.save()
    assert anna.status == 200 and anna.path.startswith(row + "?_done=saved")
    assert read(database, row, "_odd" if name == "__odd" else name) == stored
    assert anna.value(name) == value
    anna.save()
    assert "Nothing was different" in anna.text


@pytest.mark.parametrize("column,value", [
    ("story", "one\r\ntwo\r\n"), ("story", "\n"), ("story", ""), ("story", "mac\rline"), ("word", " x "),
    ("day", "infinity"), ("day", "0044-03-15 BC"), ("moment", "2026-01-02 03:04:05.678901"),
    ("clock", "12:00:00.000001"), ("instant", "infinity"), ("approx", "NaN"), ("exact", "1.000000"),
    ("tags", "{}"), ("tags", '{"a\nb",NULL}'), ("data", "null")])
def test_untouched_value_stays_to_the_byte(anna, database, row, column, value):
    """The browser sends its own idea of it along with a change elsewhere."""
    database.run(f'UPDATE control SET "{column}" = \'{value}\' WHERE id = %s', int(row.rpartition("/")[2]))
    before = read(database, row, column)
    anna.open(row).type("name", "Another name").save()
    assert anna.path.startswith(row + "?_done=saved")
    assert (read(database, row, "name"), read(database, row, column)) == ("Another name", before)


def test_checkbox_on_and_off(anna, database, row):
    anna.open(row).field("sure").click()
    anna.save()
    assert read(database, row, "sure") == "true"
    anna.field("sure").click()
    anna.save()
    assert read(database, row, "sure") == "false"


def test_emptied_controls_become_null(anna, database, row):
    database.run("UPDATE control SET story = 'x', day = '2024-01-01', mood = 'calm', maybe = true, author_id = 1, "
                 "exact = 1 WHERE id = %s", int(row.rpartition("/")[2]))
    anna.open(row)
    columns = ("story", "day", "mood", "maybe", "author_id", "exact")
    for name in columns:
        anna.set(name, "")
    anna.save()
    assert [read(database, row, name) for name in columns] == [None] * len(columns)


def test_typing_into_a_date_as_people_do(anna, database, row):
    anna.open(row).field("day").send_keys("11112026")  # month or day first, as the locale has it
    anna.save()
    assert read(database, row, "day") == "2026-11-11"


def test_generated_column_is_shown_not_asked(anna, row):
    anna.open(row).type("small", "21").save()
    assert not anna.all('[name="doubled"]')
    assert "42" in anna.find("dl.shown").text
