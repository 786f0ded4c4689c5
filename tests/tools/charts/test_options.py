"""The options of a kind of chart: counting, aggregation, order, scales, ranges, numbers at the marks."""

import json
import re

import pytest
from long_rows import one_in

from imagebridge.errors import ArgumentError
from imagebridge_tools import generate_chart

pytestmark = pytest.mark.anyio

FRUIT = [{"fruit": name} for name in ("apple", "pear", "apple", "fig", "apple", "pear")]
SCORES = [
    {"team": team, "score": score} for team, score in (("a", 2), ("b", 9), ("a", 6), ("b", 1), ("c", 7))
]


LINE = {"kind": "line", "data": {"n": [1, 2, 3], "v": [0, 10, 1000]}, "columns": {"x": "n", "y": "v"}}


async def drawn(**arguments):
    sentence = (await generate_chart(**arguments, return_spec=True)).sentence
    told, spec = sentence.split("\n\nIts Vega-Lite:\n")
    return told, json.loads(spec)


def values(spec, x="x", y="y"):
    return {row[x]: row[y] for row in spec["data"]["values"]}


class TestCounting:
    @pytest.mark.parametrize("columns", [{"x": "fruit"}, {"x": "fruit", "y": "count"}])
    @pytest.mark.parametrize("kind", ["bar", "pie"])
    async def test_rows_of_each_name(self, kind, columns):
        told, spec = await drawn(kind=kind, data=FRUIT, columns=columns)
        assert values(spec) == {"apple": 3, "pear": 2, "fig": 1}
        assert "; rows are counted" in told

    async def test_by_color(self):
        rows = [{"k": k, "c": c} for k, c in ("ap", "ap", "aq", "bp")]
        _, spec = await drawn(kind="bar", data=rows, columns={"x": "k", "y": "count", "color": "c"})
        assert [(row["x"], row["color"], row["y"]) for row in spec["data"]["values"]] == [
            ("a", "p", 2),
            ("a", "q", 1),
            ("b", "p", 1),
        ]

    async def test_along_a_line(self):
        days = [{"d": "2026-01-01"}, {"d": "2026-01-01"}, {"d": "2026-01-03"}]
        _, spec = await drawn(kind="line", data=days, columns={"x": "d", "y": "count"})
        assert [row["y"] for row in spec["data"]["values"]] == [2, 1]

    async def test_a_field_called_count_is_that_field(self):
        told, spec = await drawn(kind="bar", data=[{"k": "a", "count": 4}], columns={"x": "k", "y": "count"})
        assert values(spec) == {"a": 4}
        assert "counted" not in told

    async def test_what_is_no_number_is_not_counted(self):
        with pytest.raises(ArgumentError, match="'fifteen' is not a number"):
            await drawn(kind="bar", data="k,v\na,12%\nb,fifteen\nc,9%\n", columns={"x": "k"})


class TestAggregates:
    @pytest.mark.parametrize(
        ("aggregate", "found"),
        one_in(
            3,
            [
                ("sum", {"a": 8, "b": 10, "c": 7}),
                ("mean", {"a": 4, "b": 5, "c": 7}),
                ("Average", {"a": 4, "b": 5, "c": 7}),
                ("median", {"a": 4, "b": 5, "c": 7}),
                ("min", {"a": 2, "b": 1, "c": 7}),
                ("max", {"a": 6, "b": 9, "c": 7}),
                ("count", {"a": 2, "b": 2, "c": 1}),
            ],
        ),
    )
    @pytest.mark.parametrize("kind", one_in(3, ["bar", "line", "pie"]))
    async def test_rows_of_a_place_become_one(self, kind, aggregate, found):
        columns = {"x": "team", "y": "score"} if aggregate != "count" else {"x": "team"}
        _, spec = await drawn(kind=kind, data=SCORES, columns=columns, aggregate=aggregate)
        assert values(spec) == found

    async def test_it_is_told_and_titled(self):
        told, spec = await drawn(kind="bar", data="team,price\na,$2\na,$6\n", aggregate="mean")
        assert "'price' is the mean of the rows at each position" in told
        assert spec["encoding"]["y"]["title"] == "mean of price ($)"

    async def test_cells_of_a_heatmap(self):
        rows = [{"a": "p", "b": "q", "r": r} for r in (1, 2, 9)]
        _, spec = await drawn(kind="heatmap", data=rows, aggregate="max")
        assert [row["color"] for row in spec["data"]["values"]] == [9]

    async def test_a_lying_chart(self):
        _, spec = await drawn(kind="bar", data=SCORES, columns={"x": "score", "y": "team"}, aggregate="max")
        assert values(spec, "y", "x") == {"a": 6, "b": 9, "c": 7}


class TestOrder:
    @pytest.mark.parametrize(
        ("sort", "found"), [("descending", "bac"), ("ascending", "cab"), ("desc", "bac")]
    )
    @pytest.mark.parametrize("kind", ["bar", "pie"])
    async def test_by_size(self, kind, sort, found):
        _, spec = await drawn(kind=kind, data=SCORES, sort=sort)
        assert "".join(dict.fromkeys(row["x"] for row in spec["data"]["values"])) == found

    @pytest.mark.parametrize(
        ("kind", "sort", "said"),
        one_in(
            3,
            [
                ("bar", "descending", "; bars sorted by size, the largest first"),
                ("bar", "ascending", "; bars sorted by size, the smallest first"),
                ("pie", "descending", "; slices sorted by size, the largest first"),
            ],
        ),
    )
    async def test_it_is_told(self, kind, sort, said):
        assert said in (await drawn(kind=kind, data=SCORES, sort=sort))[0]
        assert "sorted" not in (await drawn(kind=kind, data=SCORES))[0]

    async def test_lying_bars(self):
        _, spec = await drawn(kind="bar", data=SCORES, columns={"x": "score", "y": "team"}, sort="descending")
        assert [row["y"] for row in spec["data"]["values"]] == ["b", "a", "c"]

    async def test_counts_of_names(self):
        _, spec = await drawn(kind="histogram", data=FRUIT, sort="ascending")
        assert [row["x"] for row in spec["data"]["values"]] == ["fig", "pear", "apple"]


class TestAxes:
    @pytest.mark.parametrize("kind", ["line", "area", "scatter", "bar"])
    async def test_a_log_scale(self, kind):
        told, spec = await drawn(**{**LINE, "kind": kind}, scales={"y": "log"})
        assert spec["encoding"]["y"]["scale"]["type"] == "log"
        assert [row["y"] for row in spec["data"]["values"]] == [10, 1000]
        assert "left out: 1 row with 0 or less, which a log axis cannot show (symlog can), from y" in told

    async def test_symlog_shows_all(self):
        told, spec = await drawn(**LINE, scales={"y": "symlog"})
        assert spec["encoding"]["y"]["scale"]["type"] == "symlog"
        assert len(spec["data"]["values"]) == 3
        assert "left out" not in told

    async def test_ranges(self):
        _, spec = await drawn(**LINE, ranges={"y": [0, 100], "x": [0, 5]})
        assert [spec["encoding"][role]["scale"]["domain"] for role in "xy"] == [[0, 5], [0, 100]]
        assert spec["mark"]["clip"]

    async def test_a_range_of_dates(self):
        data = {"d": ["2026-01-01", "2026-03-01"], "v": [1, 2]}
        _, spec = await drawn(kind="line", data=data, ranges={"x": ["2026-01-01", "2026-12-31"]})
        assert spec["encoding"]["x"]["scale"]["domain"] == ["2026-01-01", "2026-12-31"]


class TestLabels:
    @pytest.mark.parametrize("kind", one_in(3, ["bar", "line", "area", "scatter"]))
    async def test_numbers_at_marks(self, kind):
        data = {"k": ["a", "b"], "v": [1234.5, -83]} if kind == "bar" else {"k": [1, 2], "v": [1234.5, -83]}
        _, spec = await drawn(kind=kind, data=data, columns={"x": "k", "y": "v"}, labels=True)
        assert [row["label"] for row in spec["data"]["values"]] == ["1,234.5", "-83"]
        assert spec["layer"][1]["mark"]["type"] == "text"

    async def test_a_format(self):
        _, spec = await drawn(kind="bar", data={"k": ["a"], "v": [0.5]}, labels=True, formats={"y": ".0%"})
        assert spec["layer"][1]["encoding"]["text"]["format"] == ".0%"

    @pytest.mark.parametrize("stack", [None, True])
    async def test_colors(self, stack):
        data = {"k": ["a", "a"], "c": ["p", "q"], "v": [1, 2]}
        columns = {"x": "k", "y": "v", "color": "c"}
        _, spec = await drawn(kind="bar", data=data, columns=columns, stack=stack, labels=True)
        assert ("bandPosition" in spec["layer"][1]["encoding"]["y"]) == bool(stack)

    async def test_too_many_are_said(self):
        told, spec = await drawn(kind="line", data={"n": [*range(101)], "v": [*range(101)]}, labels=True)
        assert "numbers are not shown: with over 100 marks they would overlap" in told
        assert "layer" not in spec

    @pytest.mark.parametrize("kind", ["pie", "heatmap"])
    async def test_what_has_numbers_of_its_own(self, kind):
        data = {"a": ["p", "q"], "b": ["r", "r"], "v": [1, 2]}
        assert (await generate_chart(kind=kind, data=data, labels=True)).pictures

    async def test_small_charts(self):
        data = {"k": ["a", "b", "a", "b"], "f": ["u", "u", "v", "v"], "v": [1, 2, 3, 4]}
        _, spec = await drawn(kind="bar", data=data, columns={"x": "k", "y": "v", "facet": "f"}, labels=True)
        assert len(spec["spec"]["layer"]) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"aggregate": "middle"}, "aggregate: is 'middle'; allowed: sum, mean, median, min, max, count"),
        ({"sort": "up"}, "sort: is 'up'; "),
        ({"kind": "line", "sort": "ascending"}, "sort: applies to bar, pie, histogram, not to line"),
        ({"kind": "box", "aggregate": "mean"}, "aggregate: applies to bar"),
        ({"scales": {"y": "lgo"}}, "scales: of y is 'lgo'; did you mean 'log'?"),
        ({"scales": {"z": "log"}}, "scales: has 'z', which is not an axis; the axes are x and y"),
        ({"scales": "log"}, 'scales: is \'log\'; give it per axis, such as {"y": "log"}'),
        ({"scales": {"x": "log"}}, "scales: of x is 'log', but x has no numbers"),
        (
            {"scales": {"y": "log"}, "data": {"k": ["a"], "v": [0]}},
            "shows only numbers above 0; use symlog",
        ),
        ({"ranges": {"y": [5, 5]}}, "ranges: of y is [5, 5]; give the lowest and the highest value"),
        ({"ranges": {"y": 100}}, "ranges: of y is 100"),
        ({"labels": "big"}, "labels: is 'big'; give true to label marks with their numbers, or false"),
        ({"kind": "barr", "columns": {"x": "Q", "y": "W"}}, "columns: x is 'Q', which is not a field"),
        ({"kind": "barr", "columns": {"x": "Q", "y": "W"}}, "columns: y is 'W', which is not a field"),
        ({"columns": {"x": 5}}, "columns: x is 5, which is not a field; fields are 'k', 'v'"),
        ({"columns": {"y": [5, "v"]}}, "columns: y is 5, which is not a field"),
        ({"columns": {"y": [["v"], 5]}}, "columns: y is ['v'], which is not a field"),
        ({"columns": {"x": {"fild": "k"}}}, "columns: x is {'fild': 'k'}, which is not a field"),
        (
            {"columns": {"x": {"field": "k", "sort": "-y"}}},
            "columns: x has 'sort' next to its field; sort is",
        ),
        ({"columns": {"x": True}}, "columns: x is True, which is not a field"),
        ({"columns": {5: "k"}}, "columns: '5' is not a role"),
        ({"titles": {5: "k"}}, "titles: has 5, which is not a role"),
        ({"kind": "barr", "sort": "up", "stack": "yes"}, "kind: 'barr' is unknown; did you mean 'bar'?"),
        ({"kind": "barr", "sort": "up", "stack": "yes"}, "\nsort: is 'up'"),
        ({"kind": "barr", "sort": "up", "stack": "yes"}, "\nstack: 'yes' is unknown"),
    ],
)
async def test_what_is_wrong_is_told_at_once(arguments, words):
    with pytest.raises(ArgumentError, match=re.escape(words)):
        await generate_chart(**{"kind": "bar", "data": {"k": ["a", "b"], "v": [1, 2]}, **arguments})


SIGNED = {"k": ["a", "b"], "v": [-1, 2], "c": ["p", "q"]}
FALLING = {"n": [1, 2, 3], "v": [0, -10, -5], "c": ["p", "q", "p"]}
MONTHS = {"d": ["2026-01-01", "2026-02-01", "2026-03-01"], "v": [1, 2, 3]}
STACKS = {"kind": "bar", "data": SIGNED, "columns": {"x": "k", "y": "v", "color": "c"}, "stack": "normalize"}
NOTHING_TO_AGGREGATE = (
    "aggregate: is 'mean', but color has no numeric field; name one: columns={'color': ...}, or leave "
    "aggregate out to count rows"
)
TOO_MANY = (
    "columns: x 'k' has 502 different values; at most 500 are shown: combine or leave out some, or draw numbers and "
    "dates as a line"
)
NO_NUMBERS = "scales: of x is 'log', but x has no numbers"
NO_RANGE = "ranges: has x, which shows names, so it cannot have a range"
NO_SHARE = "stack: 'a' has -1, and a negative number cannot be a share; give true, or leave stack out"
NO_STACKS = "scales: of y is 'log', on which stacks are meaningless; leave stack out, or give linear"
NONE_ABOVE = "scales: of y is 'log', which shows only numbers above 0; use symlog"
BELOW = (
    "ranges: of y starts at -5, which a log axis cannot show; start above 0, or give scales={'y': 'symlog'}"
)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({**STACKS, "stack": None, "scales": {"x": "log"}, "ranges": {"x": [0, 1]}}, [NO_NUMBERS, NO_RANGE]),
        (
            {**STACKS, "stack": None, "scales": {"x": "log"}, "ranges": {"y": ["low", "high"]}},
            [
                NO_NUMBERS,
                "ranges: of y has 'low', but y shows numbers, such as [0, 100]",
                "ranges: of y has 'high', but y shows numbers, such as [0, 100]",
            ],
        ),
        ({**STACKS, "scales": {"x": "log"}, "ranges": {"x": [0, 1]}}, [NO_NUMBERS, NO_RANGE, NO_SHARE]),
        ({**STACKS, "scales": {"y": "log"}, "ranges": {"x": [0, 1]}}, [NO_STACKS, NO_RANGE, NO_SHARE]),
        (
            {
                "kind": "area",
                "data": FALLING,
                "columns": {"x": "n", "y": "v"},
                "stack": True,
                "scales": {"y": "log"},
                "ranges": {"y": [-5, 1]},
            },
            [NO_STACKS, NONE_ABOVE, BELOW],
        ),
        (
            {
                "kind": "line",
                "data": FALLING,
                "columns": {"x": "n", "y": "v"},
                "scales": {"y": "log"},
                "formats": {"x": "%b", "y": "%b"},
            },
            [
                "formats: of x is '%b', a format for dates, but x 'n' contains numbers; for example \",.1f\"",
                "formats: of y is '%b', a format for dates, but y 'v' contains numbers; for example \",.1f\"",
                NONE_ABOVE,
            ],
        ),
        (
            {"kind": "line", "data": MONTHS, "scales": {"x": "log"}, "ranges": {"x": ["soon", "2026-02-01"]}},
            [
                NO_NUMBERS,
                'ranges: of x has \'soon\', but x shows dates, such as ["2026-01-01", "2026-12-31"]',
            ],
        ),
        (
            {
                "kind": "line",
                "data": {**FALLING, "v": [1, 10, 100]},
                "scales": {"y": "log"},
                "ranges": {"y": ["5", "-5"]},
            },
            ["ranges: of y is ['5', '-5']; give the lower end first", BELOW],
        ),
        (
            {"kind": "histogram", "data": {"n": [1, 2, 3]}, "sort": "descending", "scales": {"x": "log"}},
            [
                "scales: of x is 'log', but the bins of a histogram are of equal width; give the scale for y",
                "sort: orders names by size, but x has numbers or dates, which are already in order",
            ],
        ),
        (
            {"kind": "pie", "data": SIGNED, "scales": {"x": "lgo"}, "ranges": {"x": 1}, "stack": "normalize"},
            [
                "scales: applies to bar, line, area, scatter, histogram, box, not to pie; leave it out",
                "ranges: applies to bar, line, area, scatter, histogram, box, not to pie; leave it out",
                "stack: applies to bar, area and histogram, not to pie; leave it out",
                "data: 'a' has -1; a pie chart cannot show negative values",
            ],
        ),
        (
            {"kind": "pie", "data": SIGNED, "formats": {"y": "%b"}},
            [
                "formats: of y is '%b', a format for dates, but y 'v' contains numbers; for example \",.1f\"",
                "data: 'a' has -1; a pie chart cannot show negative values",
            ],
        ),
        (
            {
                "kind": "heatmap",
                "data": {"k": ["a"], "c": ["p"]},
                "aggregate": "mean",
                "formats": {"x": ".1f"},
            },
            [
                "formats: of x is '.1f', but x 'k' contains names, which cannot be formatted",
                NOTHING_TO_AGGREGATE,
            ],
        ),
        (
            {
                "kind": "bar",
                "data": {"k": [*map(str, range(501)), "x" * 501]},
                "columns": {"x": "k"},
                "scales": {"x": "log"},
            },
            [
                TOO_MANY,
                "data: 'k' contains a value of 501 characters; the limit is 500",
                NO_NUMBERS,
            ],
        ),
        (
            {"kind": "line", "data": MONTHS, "scales": {"x": "lgo"}, "ranges": {"y": ["a", 3]}, "sort": "up"},
            [
                "sort: applies to bar, pie, histogram, not to line; leave it out",
                "scales: of x is 'lgo'; did you mean 'log'? allowed: linear, log, symlog",
                "ranges: of y has 'a', but y shows numbers, such as [0, 100]",
            ],
        ),
    ],
)
async def test_several_mistakes_are_told_together(arguments, told):
    with pytest.raises(ArgumentError) as raised:
        await generate_chart(**arguments)
    assert str(raised.value).split("\n") == told


async def test_a_field_whose_name_is_a_number_may_be_given_as_one():
    _, spec = await drawn(
        kind="bar", data={"k": ["a", "b"], "2024": [1, 2], "2025": [3, 4]}, columns={"x": "k", "y": 2025}
    )
    _, same = await drawn(
        kind="bar", data={"k": ["a", "b"], "2024": [1, 2], "2025": [3, 4]}, columns={"x": "k", "y": "2025"}
    )
    assert spec == same


@pytest.mark.parametrize("option", [{"sort": "ascending"}, {"labels": True}, {"scales": {"y": "log"}}])
async def test_a_spec_says_it_itself(option):
    with pytest.raises(ArgumentError, match="applies only with kind"):
        await generate_chart(spec={"mark": "bar", "data": {"values": [{"a": 1}]}}, **option)


@pytest.mark.parametrize(
    "kind", ["donut", "Column", "bar_chart", "Line chart", "scatter plot", "scatterplot", "boxplot"]
)
async def test_kinds_by_other_names(kind):
    data = [{"a": n, "b": n * n, "c": "pq"[n % 2]} for n in range(1, 7)]
    assert (await generate_chart(kind=kind, data=data)).pictures
