"""Wide tables become long, and fields are guessed for each role."""

import json

import pytest
from long_rows import one_in

from imagebridge.errors import ArgumentError
from imagebridge_tools import generate_chart
from imagebridge_tools.charts.arrange import periods

pytestmark = pytest.mark.anyio


async def drawn(**arguments):
    sentence = (await generate_chart(**arguments, return_spec=True)).sentence
    told, spec = sentence.split("\n\nIts Vega-Lite:\n")
    return told, [
        tuple(row.get(role) for role in ("x", "y", "color")) for row in json.loads(spec)["data"]["values"]
    ]


@pytest.mark.parametrize(
    ("names", "noun", "cells"),
    [
        (("2023", "2024", "2025"), "year", [2023, 2024, 2025]),
        (("2026-01", "2026-02", "2026-03"), "month", ["2026-01", "2026-02", "2026-03"]),
        (("2026-01-05", "2026-01-12", "2026-01-19"), "date", ["2026-01-05", "2026-01-12", "2026-01-19"]),
        (("Jan 2026", "Feb 2026", "Mar 2026"), "month", ["2026-01", "2026-02", "2026-03"]),
        (("Q1 2025", "Q2 2025", "Q3 2025"), "quarter", ["2025-01", "2025-04", "2025-07"]),
        (("Q1", "Q2", "Q3", "Q4"), "quarter", ["Q1", "Q2", "Q3", "Q4"]),
        (("Jan", "Feb", "Mar"), "month", ["Jan", "Feb", "Mar"]),
    ],
)
def test_names_that_are_periods(names, noun, cells):
    assert periods(names) == (noun, cells)


def test_a_year_of_months_in_another_language():
    names = "styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień"
    assert periods(names.split()) == ("month", names.split())


@pytest.mark.parametrize(
    "names", [("sales", "cost", "profit"), ("1", "2", "3"), ("Jan", "Feb", "Total"), ("Jan", "Jan", "Feb")]
)
def test_names_that_are_none(names):
    assert periods(names) is None


WIDE = "Region,Jan,Feb,Mar\nNorth,3,4,5\nSouth,6,7,8\n"


class TestWideTables:
    async def test_a_line_for_each_row(self):
        told, rows = await drawn(kind="line", data=WIDE)
        assert rows[:3] == [("Jan", 3, "North"), ("Jan", 6, "South"), ("Feb", 4, "North")]
        assert "x 'month', y 'value', color 'Region'" in told
        assert "columns 'Jan' to 'Mar' are read as one column, 'month', with their numbers in 'value'" in told
        assert "not drawn" not in told

    async def test_names_along_x_have_periods_as_colors(self):
        _, rows = await drawn(kind="bar", data=WIDE, columns={"x": "Region"})
        assert rows[:2] == [("North", 3, "Jan"), ("South", 6, "Jan")]

    async def test_bars_keep_the_words_of_periods(self):
        _, rows = await drawn(kind="bar", data="k,Q1 2025,Q2 2025,Q3 2025\na,3 €,4 €,5 €\n")
        assert rows == [("Q1 2025", 3, "a"), ("Q2 2025", 4, "a"), ("Q3 2025", 5, "a")]

    async def test_a_heatmap_has_both_as_places(self):
        told, _ = await drawn(kind="heatmap", data=WIDE)
        assert "x 'month', y 'Region', color 'value'" in told

    @pytest.mark.parametrize("columns", [{"y": "Feb"}, {"x": "Region", "y": ["Jan", "Mar"]}])
    async def test_what_is_named_is_drawn(self, columns):
        told, _ = await drawn(kind="bar", data=WIDE, columns=columns)
        assert "are read as one" not in told


@pytest.mark.parametrize(
    ("kind", "data", "roles"),
    one_in(3, [
        ("bar", "id,month,sales\n1,Jan,3\n2,Feb,5\n", "x 'month', y 'sales'"),
        ("bar", "#,city,rain\n1,Oslo,3\n2,Rome,5\n", "x 'city', y 'rain'"),
        ("bar", "customerId,name,total\n17,Ann,3\n18,Bob,5\n", "x 'name', y 'total'"),
        ("bar", "id,n\n1001,3\n1002,5\n", "x 'id', y 'n'"),
        ("line", "year,sales\n2023,3\n2024,5\n", "x 'year', y 'sales'"),
        ("line", "country,year,sales\nNO,2023,3\nNO,2024,4\nSE,2023,5\nSE,2024,7\n", "x 'year', y 'sales', color 'country'"),
        ("bar", "country,year,sales\nNO,2023,3\nSE,2023,5\n", "x 'country', y 'sales'"),
        ("scatter", "id,a,b\n1,3,4\n2,5,7\n", "x 'a', y 'b'"),
        ("bar", "runner,time\nAnn,0:45:12\nBob,1:02:30\n", "x 'runner', y 'time'"),
    ]),
)  # fmt: skip
async def test_identifiers_and_years_are_not_what_is_shown(kind, data, roles):
    told, _ = await drawn(kind=kind, data=data)
    assert f": {roles};" in told


LINE = {"d": ["2026-01-01", "2026-02-01", "2026-03-01"], "v": [1, 50, 200]}


class TestRanges:
    @pytest.mark.parametrize(
        ("kind", "ranges", "said"),
        one_in(
            3,
            [
                ("line", {"y": [10, 100]}, "1 row below the range of y, 1 row above the range of y"),
                ("scatter", {"x": ["2026-01-15", "2026-12-31"]}, "1 row below the range of x"),
                ("line", {"x": ["15 Jan 2026", "31 Dec 2026"]}, "1 row below the range of x"),
                ("bar", {"y": [0, 100]}, "1 bar above the range of y"),
                ("bar", {"y": ["0", "100"]}, "1 bar above the range of y"),
                ("area", {"y": [0, 500]}, ""),
            ],
        ),
    )
    async def test_what_lies_outside_is_counted(self, kind, ranges, said):
        told, _ = await drawn(kind=kind, data=LINE, ranges=ranges)
        assert ("; shown partly or not at all: " in told) == bool(said)
        assert said in told

    async def test_bins_beyond_the_range_of_their_counts(self):
        told, _ = await drawn(
            kind="histogram", data={"v": [1, 1, 1, 1, 9]}, ranges={"y": [0, 2], "x": [0, 5]}
        )
        assert "1 row above the range of x" in told
        assert "1 bar above the range of y" in told

    @pytest.mark.parametrize(
        ("kind", "ranges", "words"),
        [
            ("bar", {"x": [0, 5]}, "has x, which shows names, so it cannot have a range"),
            ("line", {"y": ["a", "b"]}, "of y has 'a', but y shows numbers"),
            ("line", {"x": [2025, 2026]}, "of x has 2025, but x shows dates"),
            ("line", {"x": ["2026-03-01", "2026-01-01"]}, "give the lower end first"),
        ],
    )
    async def test_ranges_of_something_else(self, kind, ranges, words):
        with pytest.raises(ArgumentError) as caught:
            await drawn(kind=kind, data=LINE, ranges=ranges)
        assert words in str(caught.value)
