"""Tables as programs export them: delimited text, workbooks, and JSON."""

import re
from datetime import date

import pytest
from long_rows import one_in
from workbooks import Formula, workbook

from imagebridge.errors import ArgumentError
from imagebridge_tools import generate_chart
from imagebridge_tools.charts.fields import build_chart
from imagebridge_tools.charts.theme import ChartFrame
from imagebridge_tools.files.source import Places
from imagebridge_tools.tables.table import read, table
from imagebridge_tools.tables.workbook import Book, sheets

pytestmark = pytest.mark.anyio

COLUMNS = {"month": ["Jan", "Feb", "Mar"], "sales": [3, 5, 4]}
PLAIN = "month,sales\nJan,3\nFeb,5\nMar,4\n"


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        (PLAIN, []),
        *((PLAIN.replace(",", sign), []) for sign in ";\t|"),
        ("sep=;\n" + PLAIN.replace(",", ";"), []),
        (PLAIN.replace("\n", "\n\n"), []),
        (PLAIN.replace("\n", ",\n"), []),
        (
            "Sales report\nExported 2026-03-01\n\n" + PLAIN,
            ["left out: 2 lines above the header, 'Sales report'"],
        ),
        ("# station: 17\n# unit: mm\n" + PLAIN, ["left out: 2 lines above the header, '# station: 17'"]),
        (PLAIN + "Source: the shop\n", ["left out: the last line, 'Source: the shop'"]),
        (PLAIN + "Total,12\n", ["left out: the last row, 'Total', which adds up the others"]),
        (PLAIN + "Gesamtsumme:,12\n", ["left out: the last row, 'Gesamtsumme:', which adds up the others"]),
        (
            ",month,sales\n0,Jan,3\n1,Feb,5\n2,Mar,4\n",
            ["left out: the first column, which only numbers the rows"],
        ),
    ],
)
def test_one_table_in_every_form(text, notes):
    found = table(text)
    assert found.columns == COLUMNS
    assert len(found.notes) == len(notes)
    assert all(note in told for note, told in zip(notes, found.notes, strict=True))


def test_the_separator_of_cells_is_not_that_of_decimals():
    assert table("a;b\n1,5;2,5\n3,5;4,5").columns == {"a": [1.5, 3.5], "b": [2.5, 4.5]}
    assert table('"a, b",c\n"1, 2",3\n').columns == {"a, b": ["1, 2"], "c": [3]}


@pytest.mark.parametrize(
    ("text", "columns", "notes"),
    [
        (
            "month,sales,sales,sales\nJan,3,30,300\n",
            {"month": ["Jan"], "sales": [3], "sales (2)": [30], "sales (3)": [300]},
            ["columns with the same name are numbered: 'sales (2)', 'sales (3)'"],
        ),
        (
            ",2025,,2026,\nmonth,sales,cost,sales,cost\nJan,3,1,6,2\n",
            {"month": ["Jan"], "2025 sales": [3], "2025 cost": [1], "2026 sales": [6], "2026 cost": [2]},
            ["two lines of names are combined, as in '2026 cost'"],
        ),
        ("city,,rain\nOslo,x,3\n", {"city": ["Oslo"], "column 2": ["x"], "rain": [3]}, []),
        ("a\n1\n2\n", {"a": [1, 2]}, []),
        (
            "company,wells\nShell,7\nTotal,5\nEni,4\n",
            {"company": ["Shell", "Total", "Eni"], "wells": [7, 5, 4]},
            [],
        ),
        (
            "company,wells\nShell,7\nEni,4\nTotal,5\n",
            {"company": ["Shell", "Eni", "Total"], "wells": [7, 4, 5]},
            [],
        ),
        (
            'day,a,price\n1/15/2026,"1,200",$2\n1/16/2026,300,$4\nTotal,"1,500",$6\n',
            {"day": ["2026-01-15", "2026-01-16"], "a": [1200, 300], "price": [2, 4]},
            ["left out: the last row, 'Total', which adds up the others"],
        ),
    ],
)
def test_headers_and_totals(text, columns, notes):
    found = table(text)
    assert (found.columns, [*found.notes]) == (columns, notes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("month,sales\nJan,3\n\nFeb,5,extra\n", "line 4 has 3 cells, but its header in line 1 has 2"),
        (
            "Report\nmonth,sales\nJan,3\nFeb,2,9\nMar,4\n",
            "line 4 has 3 cells, but its header in line 2 has 2",
        ),
        ('a,b\n1,"2\n', "is not CSV: unexpected end of data"),
        (",,\n,,\n", "is empty"),
    ],
)
def test_what_is_no_table_is_said_where(text, words):
    with pytest.raises(ArgumentError, match=re.escape(words)):
        table(text)


@pytest.mark.parametrize(
    ("data", "columns", "notes"),
    [
        ({"status": "ok", "count": 2, "results": [{"k": "a", "n": 3}]}, {"k": ["a"], "n": [3]}, ["rows of 'results'"]),
        ({"a": {"b": {"rows": [{"k": "a"}]}}}, {"k": ["a"]}, ["rows of 'a.b.rows'"]),
        (
            {"few": [{"n": 1}], "many": [{"n": 1}, {"n": 2}]},
            {"n": [1, 2]},
            ["rows of 'many'; there are others in 'few'"],
        ),
        ([{"k": "a", "s": {"v": 3, "w": {"x": 1}}}, {"k": "b"}], {"k": ["a", "b"], "s.v": [3, None], "s.w.x": [1, None]}, []),
        ({"place": 3, "hourly": {"m": ["Jan", "Feb"], "n": [3, 5]}}, {"m": ["Jan", "Feb"], "n": [3, 5]}, ["rows of 'hourly'"]),
        ({"labels": ["Jan"], "datasets": [{"label": "n", "data": [3]}, {"data": [5]}]}, {"label": ["Jan"], "n": [3], "dataset 2": [5]}, []),
        ([["m", "n"], ["Jan", 3]], {"m": ["Jan"], "n": [3]}, []),
        ({"columns": ["m", "n"], "index": [0], "data": [["Jan", 3]]}, {"m": ["Jan"], "n": [3]}, []),
        ({"fields": [{"name": "m"}, {"name": "n"}], "rows": [["Jan", 3]]}, {"m": ["Jan"], "n": [3]}, []),
        ({"meta": {"columns": ["m"]}, "table": [["m", "n"], ["Jan", 3]]}, {"m": ["Jan"], "n": [3]}, ["rows of 'table'"]),
        ({"Jan": 3, "Feb": 5}, {"name": ["Jan", "Feb"], "value": [3, 5]}, []),
        ({"Jan": {"n": 3}, "Feb": {"n": 5}}, {"name": ["Jan", "Feb"], "n": [3, 5]}, []),
        ({"m": {"0": "Jan", "1": "Feb"}, "n": {"0": 3, "1": 5}}, {"m": ["Jan", "Feb"], "n": [3, 5]}, []),
        ('{"k": "a", "s": {"v": 3}}\n{"k": "b", "s": {"v": 4}}', {"k": ["a", "b"], "s.v": [3, 4]}, []),
    ],
)  # fmt: skip
def test_json_as_programs_give_it(data, columns, notes):
    found = table(data)
    assert (found.columns, [*found.notes]) == (columns, notes)


SALES = [["day", "amount"], [date(2026, 3, 10), 4], [date(2026, 1, 10), 3.5]]
COSTS = [["Report 2026"], [], ["month", "cost"], ["Jan", 30], ["Feb", Formula(10)], ["Total", Formula(40)]]
DAYS = {"day": ["2026-03-10", "2026-01-10"], "amount": [4, 3.5]}


class TestWorkbooks:
    async def table(self, folder, data, sheet=None, name="book.xlsx"):
        (folder / name).write_bytes(data)
        return table(await read(name, Places(allow=(folder,)), sheet))

    async def test_the_first_sheet_with_anything_on_it(self, tmp_path):
        found = await self.table(tmp_path, workbook({"Empty": [], "Sales": SALES, "Costs": COSTS}))
        assert found.columns == DAYS
        assert [*found.notes] == ["sheet 'Sales'; other sheets: 'Empty', 'Costs'"]

    @pytest.mark.parametrize("sheet", one_in(2, ["Costs", " costs"]))
    async def test_a_sheet_by_its_name(self, tmp_path, sheet):
        found = await self.table(tmp_path, workbook({"Sales": SALES, "Costs": COSTS}), sheet)
        assert found.columns == {"month": ["Jan", "Feb"], "cost": [30, 10]}
        assert [*found.notes] == [
            "sheet 'Costs'; other sheets: 'Sales'",
            "left out: 1 row above the header, 'Report 2026'",
            "left out: the last row, 'Total', which adds up the others",
        ]

    async def test_formulas_without_values(self, tmp_path):
        data = workbook({"S": [["k", "n"], ["a", Formula()], ["b", Formula()]]})
        found = await self.table(tmp_path, data)
        assert "its formulas have no stored values" in found.description({"n"})
        with pytest.raises(
            ArgumentError, match="'n' does not contain numbers: its formulas have no stored values:"
        ):
            await generate_chart(kind="bar", data="book.xlsx", places=Places(allow=(tmp_path,)))

    @pytest.mark.parametrize(
        ("name", "data", "sheet", "words"),
        one_in(2, [
            ("b.xlsx", workbook({"Costs": COSTS}), "Cost", "sheet: is 'Cost', which the workbook does not have; did you mean 'Costs'?"),
            ("b.xlsx", workbook({"A": [], "B": []}), None, "is a workbook whose sheets are empty: 'A', 'B'"),
            ("b.xlsx", workbook({"A": SALES})[:300], None, "b.xlsx is damaged"),
            ("b.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), None, "b.xls cannot be read as a workbook"),
            ("b.csv", PLAIN.encode(), "Costs", "sheet: applies only to workbooks such as xlsx; leave it out"),
        ]),
    )  # fmt: skip
    async def test_what_is_refused(self, tmp_path, name, data, sheet, words):
        with pytest.raises(ArgumentError, match=re.escape(words)):
            await self.table(tmp_path, data, sheet, name)

    def test_a_bomb(self, monkeypatch):
        monkeypatch.setattr("imagebridge_tools.tables.workbook.UNPACKED", 100)
        with pytest.raises(ArgumentError, match="bytes when unpacked; the limit is 100"):
            sheets(Book("b.xlsx", workbook({"A": SALES}), None))

    async def test_it_is_charted_and_told(self, tmp_path):
        (tmp_path / "b.xlsx").write_bytes(workbook({"Sales": SALES, "Costs": COSTS}))
        answer = await generate_chart(kind="line", data="b.xlsx", places=Places(allow=(tmp_path,)))
        assert answer.sentence.startswith(
            "Line chart of 2 rows: x 'day', y 'amount'; amount from 3.5 (2026-01-10) to 4 (2026-03-10); "
            "sheet 'Sales'; other sheets: 'Costs'."
        )


@pytest.mark.parametrize(
    ("text", "columns", "note"),
    [
        (  # As Destatis heads its tables: nothing above the names of places, or no names of places at all.
            ";;Index;Index\n;;home;abroad\nyear;month;2021=100;2021=100\n2024;Jan;117,6;102,9\n2024;Feb;118,1;\n",
            {"year": [2024, 2024], "month": ["Jan", "Feb"], "Index home 2021=100": [117.6, 118.1], "Index abroad 2021=100": [102.9, None]},
            "3 lines of names are combined, as in 'Index abroad 2021=100'",
        ),
        (
            ";;Index\n;;2021=100\nyear;month;\n2024;Jan;117,6\n2024;Feb;118,1\n",
            {"year": [2024, 2024], "month": ["Jan", "Feb"], "Index 2021=100": [117.6, 118.1]},
            "3 lines of names are combined",
        ),
        (
            "Table 7;;;\nPrices;;;\nGermany;;;\n;;Index;Change\n;;2021=100;in (%)\n2024;Jan;117,6;+2,9\n2024;Feb;118,1;+2,5\n____;;;\n© Office, 2026;;;\n",
            {"column 1": [2024, 2024], "column 2": ["Jan", "Feb"], "Index 2021=100": [117.6, 118.1], "Change in (%)": [2.9, 2.5]},
            "2 lines of names are combined",
        ),
        (  # Names of groups above several columns, as merged cells of workbooks leave them.
            ",North,,South,\n,shop,web,shop,web\nmonth,EUR,EUR,EUR,EUR\nJan,1,2,3,4\nFeb,5,6,7,8\n",
            {"month": ["Jan", "Feb"], "North shop EUR": [1, 5], "North web EUR": [2, 6], "South shop EUR": [3, 7], "South web EUR": [4, 8]},
            "3 lines of names are combined",
        ),
    ],
)  # fmt: skip
def test_names_below_each_other(text, columns, note):
    found = table(text)
    assert found.columns == columns
    assert any(one.startswith(note) for one in found.notes)


def test_years_without_a_name_are_not_what_is_drawn():
    found = table(";;Index\n;;2021=100\n2024;Jan;117,6\n2024;Feb;118,1\n2025;Jan;119,0\n")
    chart = build_chart(["line"], found, {}, ChartFrame(800, 500, None, None, {}, {}, "light"))
    assert chart.names == {"x": "column 1", "y": "Index 2021=100", "color": "column 2"}
