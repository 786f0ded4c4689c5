"""Columns that only look like numbers or dates, and numbers that look like names: one rule per column."""

import re

import pytest
from long_rows import one_in
from workbooks import Formula, workbook

from imagebridge_tools import generate_chart
from imagebridge_tools.tables import column_types, date_formats
from imagebridge_tools.tables.table import table
from imagebridge_tools.tables.workbook import Book
from imagebridge_tools.tool_output import number


def read(name, *cells, separator=","):
    """Return a column of a text file as it is read, and how."""
    columns, readings = column_types.read_columns(
        {"k": [f"r{at}" for at in range(len(cells))], name: [*cells]}, separator
    )
    reading = readings.get(name)
    return [*columns[name]], reading.how or reading.doubt if reading else ""


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("isbn", ("9783161484100", "9780306406157")),
        ("book", ("978-3-16-148410-0", "978-0-306-40615-7")),
        ("account", ("DE89 3704 0044 0532 0130 00", "GB29 NWBK 6016 1331 9268 19")),
        ("card", ("4111 1111 1111 1111", "5500 0000 0000 0004")),
        ("ssn", ("123-45-6789", "987-65-4321")),
        ("vat", ("DE123456789", "DE987654321")),
        ("mac", ("00:1A:2B:3C:4D:5E", "00:1A:2B:3C:4D:5F")),
        ("host", ("10.0.0.1", "192.168.1.20")),
        ("v", ("1.2.3", "1.10.0")),
        ("version", ("1.8", "1.9", "1.10")),
        ("commit", ("1234567", "7654321")),
        ("c", ("1234567", "89e1234", "7654321")),
        ("color", ("#ff0000", "#00ff00")),
        ("x", ("0x1F", "0xA0")),
        ("p", ("+49 30 123456", "+49 89 654321")),
        ("p", ("(555) 123-4567", "(555) 987-6543")),
        ("p", ("555.123.4567", "555.987.6543")),
        ("contact", ("0301234567", "0897654321")),
        ("Telefon", ("301 234 567", "897 654 321")),
        ("z", ("01234", "98765")),
        ("z", ("12345-6789", "98765-4321")),
        ("Postleitzahl", ("10115", "80331")),
        ("pc", ("SW1A 1AA", "M1 1AE")),
        ("r", ("3/4", "1/2")),
        ("r", ("16/9", "4/3")),
        ("s", ("3:2", "0:1")),
        ("s", ("3-2", "0-1")),
        ("age", ("10-20", "20-30")),
        ("age", ("0-17", "18-64", "65+")),
        ("age", ("10–20", "20–30")),
        ("y", ("2019-2020", "2021-2022")),
        ("c", ("48°51'N", "2°21'E")),
        ("c", ("48.8566° N", "52.52° N")),
        ("c", ("48.85, 2.35", "52.52, 13.40")),
        ("o", ("1st", "2nd", "3rd")),
        ("o", ("A-001", "A-002")),
        ("f", ("LH 123", "LH 456")),
        ("d", ("10x20", "30x40")),
        ("q", ("Q1", "Q2")),
        ("r", ("I", "II")),
        ("n", ("1_000", "20_000")),
        ("n", ("5 ± 1", "7 ± 2")),
        ("b", ("true", "false")),
        ("m", ("03-15", "04-16")),
    ],
)  # fmt: skip
def test_what_stays_as_it_is_written(name, cells):
    assert read(name, *cells) == ([*cells], "")


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (("1.8", "1.9", "1.10"), "'1.10' next to '1.9' may be a version, or 1.1"),
        (("3.8", "3.9", "3.10", "3.11"), "'3.10' next to '3.9' may be a version, or 3.1"),
        (("08:30", "09:15"), "they may be times of day or durations, and have no date"),
        (("5'10\"", "6'1\""), "they may be feet and inches, or minutes and seconds"),
        (("2024/25", "2025/26"), "fiscal years begin on different days"),
        (("FY24", "FY25"), "fiscal years begin on different days"),
        (("5 kg", "300 g"), "'5 kg' and '300 g' have different units"),
        (("10 MB", "2 GB"), "'10 MB' and '2 GB' have different units"),
        (("5%", "3"), "'5%' and '3' have different units"),
        (("€5", "$7"), "'€5' and '$7' have different units"),
        (("$5", "5 CAD", "5 USD"), "'5 CAD' and '5 USD' have different units"),
        (("A$5", "US$7"), "'A$5' and 'US$7' have different units"),
        (("5 kr", "5 CZK"), "'5 kr' and '5 CZK' have different units"),
    ],
)
def test_what_may_be_several_things_is_said(cells, why):
    assert read("n", *cells) == ([*cells], why)


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (("€5", "5 EUR"), [5, 5]),
        (("$5", "5 USD", "US$7"), [5, 5, 7]),
        (("£5", "GBP 7"), [5, 7]),
        (("¥500", "500円", "JPY 7"), [500, 500, 7]),
        (("5 Kč", "7 CZK"), [5, 7]),
        (("5 kr", "7 SEK"), [5, 7]),
        (("CHF 5.-", "CHF 7.50"), [5, 7.5]),
        (("CHF 5.—", "Fr. 7.50"), [5, 7.5]),
        (("5,- €", "7,50 €"), [5, 7.5]),
        (("½", "¼"), [0.5, 0.25]),
        (("1½", "2 ⅛", "3"), [1.5, 2.125, 3]),
        (("１２３", "４５．６"), [123, 45.6]),
        (("١٢٫٥", "٤٥٫٢"), [12.5, 45.2]),
        (("१२३", "४५६"), [123, 456]),
        (("๑๒", "๓๔"), [12, 34]),
        (("12.50-", "3.00"), [-12.5, 3]),
        (("−5", "3"), [-5, 3]),
        (("1’234.50", "987.00"), [1234.5, 987]),
        (("1,23,45,678", "12,34,567"), [12345678, 1234567]),
        (("1\u00a0234,5", "987,0"), [1234.5, 987]),
        (("1\u2009234,5", "987,0"), [1234.5, 987]),
        (("1\u202f234,5", "987,0"), [1234.5, 987]),
        (("5k", "2M", "1.5B"), [5000, 2_000_000, 1_500_000_000]),
        (("5 lakh", "2.5 crore"), [500_000, 25_000_000]),
        (("1e5", "2.5e-3"), [100_000, 0.0025]),
        (("12.5 °C", "-3 °C"), [12.5, -3]),
        (('5"', '7"'), [5, 7]),
        (("25:10:00", "1:00:00"), [25.1666667, 1]),
        (("1.50", "2.10", "3.25"), [1.5, 2.1, 3.25]),
        (("1.5", "2.10", "3.25"), [1.5, 2.1, 3.25]),
        (("5", "#N/A", "7", "#DIV/0!", "\\N", "NULL", ":"), [5, None, 7, None, None, None, None]),
    ],
)
def test_what_is_numbers(cells, numbers):
    assert read("n", *cells)[0] == numbers


@pytest.mark.parametrize(
    "data", ["k,v\na,1.8\nb,1.9\nc,1.10\n", {"k": [*"abc"], "v": ["1.8", "1.9", "1.10"]}]
)
@pytest.mark.anyio
async def test_what_may_be_versions_is_numbers_where_numbers_are_asked_for(data):
    told = (await generate_chart(kind="bar", data=data, columns={"x": "k", "y": "v"})).sentence
    assert "v from 1.1 (c) to 1.9 (b); 'v' read as numbers, '1.10' as 1.1." in told


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.25, "0.25"),
        (1234567.891, "1,234,567.891"),
        (100000.5, "100,000.5"),
        (0.1 + 0.2, "0.3"),
        (2 / 3, "0.666667"),
        (1e6 / 3, "333,333"),
        (12345678901234567, "12,345,678,901,234,567"),
        (1e-7, "1e-07"),
        (-87, "-87"),
    ],
)
def test_numbers_in_sentences_are_those_of_the_data(value, words):
    assert number(value) == words


SETTLED = [
    (("03/04/2026", "05/06/2026"), {"%d/%m/%Y", "%m/%d/%Y"}),
    (("03/04/26", "05/06/26"), {"%d/%m/%y", "%m/%d/%y"}),
    (("03/04/2026 14:30", "05/06/2026 15:00"), {"%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"}),
    (("3/4/2026 2:30 PM", "5/6/2026 3:00 AM"), {"%d/%m/%Y %I:%M %p", "%m/%d/%Y %I:%M %p"}),
    (("13/01/2026", "01/14/2026", "02/02/2026"), {"%d/%m/%Y or %m/%d/%Y"}),
    (("2026-01-15", "1/20/2026", "2026-02-10"), {"%Y-%m-%d or %m/%d/%Y"}),
    (("Jan 5, 2026", "2026-02-10"), {"%b %d, %Y or %Y-%m-%d"}),
    (("5 March 2026", "06.04.2026"), {"%d %B %Y or %d.%m.%Y"}),
    (("15 Jan 2026", "3/4/2026"), {"%d %b %Y or %d/%m/%Y", "%d %b %Y or %m/%d/%Y"}),
    (("Jan 26", "Jan 27"), {"%b %y"}),
]


@pytest.mark.parametrize(("cells", "forms"), one_in(6, SETTLED))
@pytest.mark.anyio
async def test_what_settles_dates_is_said_and_settles_them(cells, forms):
    data = {"d": [*cells], "v": [*range(len(cells))]}
    told = (await generate_chart(kind="line", data=data)).sentence
    assert set(re.findall(r"formats=\{'x': '([^']+)'\}", told)) == forms
    for form in forms:
        settled = (
            await generate_chart(kind="line", data=data, formats={"x": form}, return_spec=True)
        ).sentence
        assert f"'d' read as dates, as {form!r}" in settled
        assert '"type": "temporal"' in settled


@pytest.mark.anyio
async def test_the_role_and_a_way_without_formats_are_named():
    rows = {"a": ["03/04/2026", "05/06/2026"], "b": ["p", "q"], "v": [1, 2]}
    told = (
        await generate_chart(kind="heatmap", data=rows, columns={"x": "b", "y": "a", "color": "v"})
    ).sentence
    assert "to make it clear, give formats={'y': '%d/%m/%Y'} or formats={'y': '%m/%d/%Y'}" in told
    told = (await generate_chart(kind="line", data={"d": ["2026-Q1", "2026-01-05"], "v": [1, 2]})).sentence
    assert "are written in different forms; write all of them in one form, such as 2026-03-05" in told


def test_a_format_that_reads_nothing():
    assert date_formats.in_format("soon", "%d/%m/%Y or %Y") is None


@pytest.mark.parametrize("name", ["year", "Jahr", "année"])
@pytest.mark.anyio
async def test_bars_of_years_stand_in_their_order(name):
    data = f"{name},n\n2026,3\n2024,4\n2025,5\n"
    told = (await generate_chart(kind="bar", data=data, return_spec=True)).sentence
    assert [*map(int, re.findall(r'"x": "(\d{4})"', told))] == [2024, 2025, 2026]


@pytest.mark.parametrize(
    ("rows", "columns", "notes"),
    [
        (
            [["a", 3], ["b", Formula()], ["c", 5]],
            [3, None, 5],
            ["1 formula of 'n' (B3) has no stored value: open it in a spreadsheet program, which computes it, and save it"],
        ),
        (
            [["a", 3], *(["b", Formula()] for _ in range(7)), ["c", 5]],
            [3, *[None] * 7, 5],
            ["7 formulas of 'n' (B3, B4, B5, B6, B7 and 2 more) have no stored value: open it in a spreadsheet program, which computes them, and save it"],
        ),
        (
            [["a", 3], ["b", 4], [None, Formula()]],
            [3, 4],
            ["1 formula outside the table (B4) has no stored value: open it in a spreadsheet program, which computes it, and save it"],
        ),
        ([["a", 3], ["b", Formula(4)]], [3, 4], []),
    ],
)  # fmt: skip
def test_formulas_of_which_some_have_no_value(rows, columns, notes):
    found = table(Book("b.xlsx", workbook({"S": [["k", "n"], *rows]}), None))
    assert found.columns["n"] == columns
    assert [*found.notes] == notes
