"""Information in the formats of a workbook's cells that is not in its numbers."""

from datetime import date, datetime

import pytest
from workbooks import Formatted, open_workbook, serial, with_notes_and_drawing, workbook

from imagebridge.documents.sheet_markup import SheetMarkup
from imagebridge_tools import generate_chart
from imagebridge_tools.files.source import Places
from imagebridge_tools.tables import cell_formats
from imagebridge_tools.tables.cell_formats import CellFormat, understood
from imagebridge_tools.tables.table import table
from imagebridge_tools.tables.workbook import Book

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("code", "unit", "digits"),
    [
        ("General", "", 0),
        ("0.00", "", 0),
        ("#,##0", "", 0),
        ("0%", "%", 0),
        ("0.0 %;[Red]-0.0 %", "%", 0),
        ('"$"#,##0.00', "$", 0),
        ("$#,##0.00_);[Red]($#,##0.00)", "$", 0),
        ('_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', "$", 0),
        ("#,##0.00 [$€-407]", "€", 0),
        ("[$R$-416] #,##0.00", "R$", 0),
        ('#,##0.00\\ "zł"', "zł", 0),
        ("[$CHF] #,##0.00", "CHF", 0),
        ('0.0 "kg"', "kg", 0),
        ('General" km/h"', "km/h", 0),
        ('0"°C"', "°C", 0),
        ("00000", "", 5),
        ("000-00-0000", "", 0),
        ('0.0,,"M"', "", 0),
        ('"Q"0', "", 0),
        ("0.00E+00", "", 0),
        ("# ?/?", "", 0),
        ("yyyy-mm-dd", "", 0),
        ("[h]:mm:ss", "", 0),
        ("@", "", 0),
        ('0 "of all that were counted"', "", 0),
        ("", "", 0),
    ],
)
def test_what_a_format_says(code, unit, digits):
    assert understood(code) == CellFormat(unit, digits)


def read(sheets, **more):
    found = table(Book("a.xlsx", workbook(sheets, **more), None))
    return {name: [*cells] for name, cells in found.columns.items()}, found.description(set(found.columns))


@pytest.mark.parametrize(
    ("written", "cells", "said"),
    [
        ([Formatted(0.25, "0%"), Formatted(0.07, "0.0%")], [25, 7], "; 'v' read as percent, 0.25 as 25"),
        ([Formatted(0.25, 9), Formatted(0, 10), None], [25, 0, None], "; 'v' read as percent, 0.25 as 25"),
        ([Formatted(0.25, "0%"), 3], [0.25, 3], "the numbers stored in the file, because only some of them are formatted as percent"),
        ([Formatted(0.25, "0%"), "n/a"], [25, None], "; 'v' read as percent, 0.25 as 25"),
        ([Formatted(1299.5, "#,##0.00 [$€-407]"), Formatted(3, "#,##0.00 [$€-407]")], [1299.5, 3], "; 'v' read as numbers in €"),
        ([Formatted(5, '"$"0'), 7, Formatted(12, '"$"0')], [5, 7, 12], "; 'v' read as numbers in $"),
        ([Formatted(5, '"$"0'), Formatted(7, '"€"0')], ["5 $", "7 €"], "5 $ and 7 € have different units"),
        ([Formatted(1234.5, '0,"k"'), Formatted(2, '0,"k"')], [1234.5, 2], ""),
        ([Formatted(123, "00000"), Formatted(45, "00000")], ["00123", "00045"], ""),
        ([Formatted(1.5, "[h]:mm:ss"), Formatted(0.25, "[h]:mm:ss")], [36, 6], "; 'v' read as durations in h"),
        ([Formatted(0.001, "[m]:ss"), Formatted(0.002, "[m]:ss")], [1.44, 2.88], "; 'v' read as durations in min"),
        ([Formatted(0.5, "h:mm"), Formatted(0.75, "h:mm")], ["12:00:00", "18:00:00"], "may be times of day or durations"),
        ([Formatted(0, "0%"), 0.1, 0.2], [0, 0.1, 0.2], ""),
        ([Formatted(0, '"$"0'), 7], [0, 7], ""),
        ([Formatted(1.5, "[h]:mm:ss"), 0], [36, 0], "; 'v' read as durations in h"),
        ([True, False], [True, False], ""),
        ([3, "#DIV/0!", "#N/A"], [3, None, None], ""),
        (["10", "20"], ["10", "20"], ""),
        ([date(2026, 3, 1), date(2026, 1, 1)], ["2026-03-01", "2026-01-01"], ""),
    ],
)  # fmt: skip
def test_columns_of_a_workbook(written, cells, said):
    columns, told = read({"S": [["k", "v"], *([f"k{n}", cell] for n, cell in enumerate(written))]})
    assert columns["v"] == cells
    assert said in told
    assert bool(said) == bool(told)


def test_dates_that_count_from_1904():
    day = serial(date(2026, 3, 5), date(1904, 1, 1))
    rows = [["d", "v"], [Formatted(day, "yyyy-mm-dd"), 1]]
    assert read({"S": rows}, before='<workbookPr date1904="1"/>')[0]["d"] == ["2026-03-05"]


def test_moments_within_a_day():
    rows = [["d", "v"], [Formatted(serial(datetime(2026, 3, 5, 14, 30)), "yyyy-mm-dd hh:mm"), 1]]
    assert read({"S": rows})[0]["d"] == ["2026-03-05T14:30:00"]


def test_names_merged_down_a_column_stand_in_each_row_and_numbers_do_not():
    rows = [["region", "month", "n"], ["North", "Jan", 9], [None, "Feb", None], ["South", "Jan", 4]]
    columns, _ = read({"S": rows}, merged=["A2:A3", "C2:C3"])
    assert columns == {
        "region": ["North", "North", "South"],
        "month": ["Jan", "Feb", "Jan"],
        "n": [9, None, 4],
    }


def test_names_merged_over_groups_of_columns():
    rows = [["month", 2025, None, 2026, None], [None, "sales", "cost", "sales", "cost"], ["Jan", 1, 2, 3, 4]]
    columns, _ = read({"S": rows}, merged=["A1:A2", "B1:C1", "D1:E1"])
    assert [*columns] == ["month", "2025 sales", "2025 cost", "2026 sales", "2026 cost"]


def test_hidden_rows_are_read_and_said_and_a_hidden_sheet_is_not_the_first():
    sheets = {"Lists": [["x"], [1]], "Data": [["k", "n"], ["a", 1], ["b", 2]]}
    columns, told = read(sheets, hidden_sheets=["Lists"], hidden_rows=[3])
    assert columns == {"k": ["a", "b"], "n": [1, 2]}
    assert told == "; sheet 'Data'; other sheets: 'Lists'; hidden in the sheet but included here: 1 row"


def test_errors_are_missing_numbers_that_rows_show_as_written():
    rows = [["k", "v"], ["a", 3], ["b", "#DIV/0!"], ["c", "#N/A"]]
    found = table(Book("a.xlsx", workbook({"S": rows}), None))
    assert [*found.columns["v"]] == [3, None, None]
    assert [*found.written["v"]] == [3, "#DIV/0!", "#N/A"]


def test_an_open_workbook_is_read_as_its_cells_are_shown():
    def row(name, attributes, text):
        cells = f"<table:table-cell office:value-type='string'><text:p>{name}</text:p></table:table-cell><table:table-cell {attributes}>{text}</table:table-cell>"
        return f"<table:table-row>{cells}</table:table-row>"

    note = "<office:annotation><text:p>Late</text:p></office:annotation><text:p>7%</text:p>"
    inside = "<table:table-column/><table:table-column table:visibility='collapse'/>" + "".join(
        [
            row("k", "office:value-type='string'", "<text:p>v</text:p>"),
            row("a", "office:value-type='percentage' office:value='0.25'", "<text:p>25%</text:p>"),
            row("b", "office:value-type='percentage' office:value='0.07'", note),
            row("c", "office:value-type='string' calcext:value-type='error'", "<text:p>#N/A</text:p>"),
        ]
    )
    found = table(Book("a.ods", open_workbook({"S": inside}), None))
    assert [*found.columns["v"]] == [25, 7, None]
    told = "; hidden in the sheet but included here: 1 column; cell notes: B3: Late; 'v' read as percent, 0.25 as 25"
    assert found.description({"v"}) == told


def test_a_total_of_money_is_left_out():
    euros = [Formatted(value, "0 [$€]") for value in (3, 4, 7)]
    columns, told = read({"S": [["k", "v"], ["a", euros[0]], ["b", euros[1]], ["Total", euros[2]]]})
    assert columns == {"k": ["a", "b"], "v": [3, 4]}
    assert "left out: the last row, 'Total', which adds up the others" in told


@pytest.mark.parametrize("damage", [b"xl/styles.xml", b"xl/_rels/workbook.xml.rels"])
def test_formats_that_cannot_be_found_say_nothing(damage):
    data = workbook({"S": [["k", "v"], ["a", Formatted(0.25, "0%")]]})
    assert cell_formats.sheet_formats(data.replace(damage, damage[:-1] + b"_"), "S") == SheetMarkup({}, 0, {})


async def test_a_chart_says_percent(tmp_path):
    rows = [["k", "share"], ["a", Formatted(0.645, "0.0%")], ["b", Formatted(0.18, "0%")]]
    (tmp_path / "a.xlsx").write_bytes(workbook({"S": rows}))
    answer = await generate_chart(kind="bar", data="a.xlsx", places=Places(allow=(tmp_path,)))
    assert "share from 18 (b) to 64.5 (a)" in answer.sentence
    assert "'share' read as percent, 0.645 as 64.5" in answer.sentence


def test_notes_of_cells_and_what_is_drawn_on_a_sheet_are_said():
    data = with_notes_and_drawing(workbook({"S": [["k", "n"], ["a", 1]]}), {"B2": "Counted twice"}, charts=1)
    found = table(Book("a.xlsx", data, None))
    told = found.description(set(found.columns))
    assert "; cell notes: B2: Counted twice; not shown: 1 chart on the sheet; " in told
