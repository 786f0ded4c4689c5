"""Tables: what is read from rows, columns, JSON and CSV."""

import pytest

from imagebridge.errors import ArgumentError
from imagebridge_tools.table import ROWS, date, numbers, table

EXPECTED = {"month": ["Jan", "Feb"], "sales": [3, 5.5]}


@pytest.mark.parametrize(
    "data",
    [
        [{"month": "Jan", "sales": 3}, {"month": "Feb", "sales": 5.5}],
        EXPECTED,
        {"values": [{"month": "Jan", "sales": 3}, {"month": "Feb", "sales": 5.5}]},
        '[{"month": "Jan", "sales": 3}, {"month": "Feb", "sales": 5.5}]',
        '{"month": ["Jan", "Feb"], "sales": [3, 5.5]}',
        "month,sales\nJan,3\nFeb,5.5",
        "month;sales\r\nJan;3\r\nFeb;5.5\r\n",
        'month\tsales\n"Jan"\t3\nFeb\t5.5\n\n',
        "\n month , sales \nJan, 3\nFeb,5.5",
        '{"month": "Jan", "sales": 3}\n{"month": "Feb", "sales": 5.5}\n',
        'data:application/jsonl,{"month": "Jan", "sales": 3}%0A{"month": "Feb", "sales": 5.5}',
        "data:text/csv,month%2Csales%0AJan%2C3%0AFeb%2C5.5",
        "data:text/csv;charset=utf-8,month,sales\nJan,3\nFeb,5.5",
        "data:text/csv;base64,bW9udGgsc2FsZXMKSmFuLDMKRmViLDUuNQ==",
        'data:application/json,[{"month": "Jan", "sales": 3}, {"month": "Feb", "sales": 5.5}]',
    ],
)
def test_every_form_of_the_same_data(data):
    assert table(data, ()).columns == EXPECTED


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "month,sales\nJan,3\nFeb,5.5\n"),
        ("a.csv", "\ufeffmonth,sales\nJan,3\nFeb,5.5\n"),
        ("a.json", '[{"month": "Jan", "sales": 3}, {"month": "Feb", "sales": 5.5}]'),
        ("a.txt", '{"month": ["Jan", "Feb"], "sales": [3, 5.5]}'),
    ],
)
def test_files(tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert table(name, [tmp_path]).columns == EXPECTED


def test_a_json_file_cannot_name_another_file(tmp_path):
    (tmp_path / "a.json").write_text('{"values": "b.csv"}')
    with pytest.raises(ArgumentError, match="no list"):
        table("a.json", [tmp_path])


def test_missing_cells_stay_in_their_rows():
    found = table([{"a": 1}, {"b": 2}, {"a": float("nan")}], ())
    assert found.columns == {"a": [1, None, None], "b": [None, 2, None]}
    assert found.records()[1] == {"a": None, "b": 2}


@pytest.mark.parametrize(
    ("cells", "sort"),
    [
        ([1, 2.5, None], "number"),
        (["2026-01-01", "2026-02-28"], "date"),
        (["2026-01", None], "date"),
        (["2026-01-01T12:00:00Z", "2026-01-01 12:00"], "date"),
        (["2026", "2027"], "text"),
        (["2026-13-01"], "text"),
        (["a", 1], "text"),
        ([True, False], "text"),
        ([None], "text"),
    ],
)
def test_what_a_column_holds(cells, sort):
    assert table({"a": cells}, ()).sort("a") == sort


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "-2.5", "", "1e3"], [1, -2.5, None, 1000.0]),
        (["007", "1"], None),
        (["1", "x"], None),
        (["", None], None),
        ([True], None),
        (["0", "0.5"], [0, 0.5]),
    ],
)
def test_texts_that_are_numbers(cells, expected):
    assert numbers(cells) == expected


@pytest.mark.parametrize("text", ["2026-02-30", "2026-1-1", "12:00", "20260101", "next week"])
def test_what_is_no_date(text):
    assert date(text) is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "is empty"),
        ({}, "is empty"),
        ({"a": []}, "is empty"),
        (5, "give rows"),
        ([1, 2], "row 1 is no object"),
        ([{"a": 1}, []], "row 2 is no object"),
        ({"a": [1], "b": [1, 2]}, "different lengths: a 1, b 2"),
        ({"a": "xyz"}, "column 'a' is no list"),
        ('[{"a": 1,}]', "at line 1, column "),
        ('{"a": [1', "is not JSON"),
        ("[" * 200_000, "nested too deeply"),
        ("a,b\n1,2,3", "line 2 of the CSV has 3 cells, its head has 2"),
        ([{f"c{n}": n for n in range(10_000)}], "has 10,000 columns; at most 1,000 are read"),
        ([{f"c{n}": n} for n in range(20_000)], "has 20,000 columns"),
        ({f"c{n}": [n] for n in range(10_000)}, "has 10,000 columns"),
        (",".join(f"c{n}" for n in range(10_000)) + "\n" + "1," * 9_999 + "1", "has 10,000 columns"),
        (
            [{f"c{n}": 1 for n in range(100)}] * 60_000,
            "has 60,000 rows of 100 columns; at most 5,000,000 cells",
        ),
        ('{"a": 1}\n{"a": }\n', "line 2 of the JSON lines is not JSON"),
        ([{"a": 1}] * (ROWS + 1), "500,001 rows; at most 500,000 are read"),
        ("missing.csv", "no folder is allowed"),
        ("a, b/missing.csv", "no folder is allowed"),
        ("month,sales", "'month,sales', the head of a CSV without rows; give them too"),
        ("data:image/png;base64,AAAA", "is a data: URL of image/png; text/csv, application/json, "),
        ("data:,a", "is a data: URL of no type"),
        ("data:text/csv;base64,!!!", "cannot be read: it is not base64"),
    ],
)
def test_what_is_refused(data, words):
    with pytest.raises(ArgumentError) as caught:
        table(data, ())
    assert caught.value.argument == "data"
    assert words in caught.value.problem
