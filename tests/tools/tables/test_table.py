"""Tables are read from rows, columns, JSON and CSV."""

import re

import pytest
from long_rows import one_in

from imagebridge.errors import ArgumentError
from imagebridge_tools import make_qr_code
from imagebridge_tools.files.source import Places
from imagebridge_tools.tables.cells import ROWS, date, numbers
from imagebridge_tools.tables.table import FILE_SIZE, read, table

pytestmark = pytest.mark.anyio

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
async def test_every_form_of_the_same_data(data):
    assert table(await read(data, Places())).columns == EXPECTED


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "month,sales\nJan,3\nFeb,5.5\n"),
        ("a.csv", "\ufeffmonth,sales\nJan,3\nFeb,5.5\n"),
        ("a.json", '[{"month": "Jan", "sales": 3}, {"month": "Feb", "sales": 5.5}]'),
        ("a.txt", '{"month": ["Jan", "Feb"], "sales": [3, 5.5]}'),
    ],
)
async def test_files(tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert table(await read(name, Places(allow=(tmp_path,)))).columns == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
async def test_encodings(tmp_path, encoding):
    (tmp_path / "a.csv").write_bytes("Stra\u00dfe,n\nx,1\n".encode(encoding))
    assert table(await read("a.csv", Places(allow=(tmp_path,)))).columns == {"Stra\u00dfe": ["x"], "n": [1]}


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("a.png", "data: a.png is a file of type image/png; supported are CSV, TSV, JSON and workbooks"),
        ("a.bin", "data: a.bin is in an unknown format; supported are CSV, TSV, JSON and workbooks"),
        ("b.csv", "data: 'b.csv' does not exist; did you mean 'a.csv'?"),
        ("../a.csv", "is not in an allowed folder"),
        ("image://3f2a9c01d4e7", "data: this server does not keep pictures; give a path or a data: URL"),
        (
            "https://example.com/a.csv",
            "data: https: addresses are not allowed here; start the server with --allow-https",
        ),
        ("http://example.com/a.csv", "data: http: addresses are not supported"),
        ("month,sales", "a CSV header without rows"),
    ],
)
async def test_names_of_what_is_no_table(tmp_path, name, problem):
    (tmp_path / "a.png").write_bytes(make_qr_code("x", 64).pictures[0].data)
    (tmp_path / "a.bin").write_bytes(bytes(9))
    (tmp_path / "a.csv").write_text("a,b\nx,1\n")
    with pytest.raises(ArgumentError, match=re.escape(problem)):
        await read(name, Places(allow=(tmp_path,)))


async def test_a_file_that_is_too_large(tmp_path):
    with (tmp_path / "a.csv").open("wb") as file:
        file.truncate(FILE_SIZE + 1)
    with pytest.raises(ArgumentError, match="the limit is 20,000,000"):
        await read("a.csv", Places(allow=(tmp_path,)))


async def test_a_file_from_the_web():
    class Stub:
        async def fetched(self, url, limit, argument):
            assert (url, argument) == ("https://example.com/a.csv", "data")
            return b"month,sales\nJan,3\nFeb,5.5\n"

    assert table(await read("https://example.com/a.csv", Places(web=Stub()))).columns == EXPECTED


def test_a_json_file_cannot_name_another_file():
    with pytest.raises(ArgumentError, match="not a list"):
        table('{"values": "b.csv"}')


def test_missing_cells_stay_in_their_rows():
    found = table([{"a": 1}, {"b": 2}, {"a": float("nan")}])
    assert found.columns == {"a": [1, None, None], "b": [None, 2, None]}
    assert found.records()[1] == {"a": None, "b": 2}


def test_what_is_missing_among_numbers_may_be_a_name_elsewhere():
    found = table("day,sales,country\n2026-01-01,3,NA\nNA,NaN,DE\n2026-01-03,N/A,null")
    assert found.columns == {
        "day": ["2026-01-01", None, "2026-01-03"],
        "sales": [3, None, None],
        "country": ["NA", "DE", "null"],
    }


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
    assert table({"a": cells}).type_of("a") == sort


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "-2.5", "", "1e3"], [1, -2.5, None, 1000.0]),
        (["007", "1"], None),
        (["1", "x"], None),
        (["", None], None),
        ([True], None),
        (["0", "0.5"], [0, 0.5]),
        (["1", "NaN", "NA", "n/a", "null", "2"], [1, None, None, None, None, 2]),
        (["NA", "NaN"], None),
        (["1", "-", "—", "#N/A"], [1, None, None, None]),
        (["1", "?"], None),
    ],
)
def test_texts_that_are_numbers(cells, expected):
    assert numbers(cells) == expected


@pytest.mark.parametrize("text", ["2026-02-30", "2026-1-1", "12:00", "20260101", "next week"])
def test_what_is_no_date(text):
    assert date(text) is None


@pytest.mark.parametrize(
    ("data", "words"),
    one_in(
        2,
        [
            ([], "is empty"),
            ({}, "is empty"),
            ({"a": []}, "is empty"),
            (5, "give rows"),
            ([1, 2], "row 1 is not an object"),
            ([{"a": 1}, []], "row 2 is not an object"),
            ({"a": [1], "b": [1, 2]}, "different lengths: a 1, b 2"),
            ({"a": "xyz"}, "column 'a' is not a list"),
            ('[{"a": 1,}]', "at line 1, column "),
            ('{"a": [1', "is not JSON"),
            ("[" * 200_000, "nested too deeply"),
            ("a,b\n1,2,3", "line 2 has 3 cells, but its header in line 1 has 2"),
            ([{f"c{n}": n for n in range(10_000)}], "has 10,000 columns; the limit is 1,000"),
            ([{f"c{n}": n} for n in range(20_000)], "has 20,000 columns"),
            ({f"c{n}": [n] for n in range(10_000)}, "has 10,000 columns"),
            (",".join(f"c{n}" for n in range(10_000)) + "\n" + "1," * 9_999 + "1", "has 10,000 columns"),
            (
                [{f"c{n}": 1 for n in range(100)}] * 60_000,
                "has 60,000 rows of 100 columns; at most 5,000,000 cells",
            ),
            ('{"a": 1}\n{"a": }\n', "line 2 of the JSON lines is not JSON"),
            ([{"a": 1}] * (ROWS + 1), "500,001 rows; the limit is 500,000"),
            ("missing.csv", "no folder is allowed"),
            ("a, b/missing.csv", "no folder is allowed"),
            ("month,sales", "'month,sales', a CSV header without rows; give the rows too"),
            (
                "data:image/png;base64,AAAA",
                "data: URL is in an unknown format; supported are CSV, TSV, JSON and workbooks",
            ),
            ("data:,a", "is empty; give at least one row"),
            ("data:text/csv;base64,!!!", "cannot be read: it is not base64"),
        ],
    ),
)
async def test_what_is_refused(data, words):
    with pytest.raises(ArgumentError) as caught:
        table(await read(data, Places()))
    assert caught.value.argument == "data"
    assert words in caught.value.problem


@pytest.mark.parametrize("cell", [1e301, -(10**400), float("inf"), float("nan")])
@pytest.mark.parametrize("other", [1, 1.5, None, "x"])
def test_numbers_that_cannot_be_added_up_are_missing(cell, other):
    assert table({"a": [cell, other]}).columns == {"a": [None, other]}
