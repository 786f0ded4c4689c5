"""The more complex kinds of charts: what is computed, drawn and described."""

import itertools
import json
import math
import random
from collections import Counter

import pytest
from chart_specs import vega_lite
from long_rows import one_in

from imagebridge.errors import ArgumentError
from imagebridge.pictures.decode import opened
from imagebridge_tools import generate_chart
from imagebridge_tools.charts import reduce, specs
from imagebridge_tools.charts.theme import PALETTE, style

pytestmark = pytest.mark.anyio

BLUE, ORANGE = (tuple(bytes.fromhex(color[1:])) for color in PALETTE[:2])
ROWS = [{"q": q, "r": r, "n": n} for q, r, n in [("a", "x", 3), ("a", "y", 1), ("b", "x", 2), ("b", "y", 6)]]
STACKED = {"kind": "bar", "data": ROWS, "columns": {"x": "q", "y": "n", "color": "r"}}
PLAN = [{"m": m, "sold": s, "plan": p} for m, s, p in [("Jan", 30, 35), ("Feb", 42, 35), ("Mar", 25, 40)]]
RANDOM = random.Random(1)
NUMBERS = [RANDOM.gauss(50, 10) for _ in range(400)]


async def drawn(**arguments):
    answer = await generate_chart(**arguments)
    (picture,) = answer.pictures
    return opened(picture.data).convert("RGB"), answer.sentence


def heights(image, color, x):
    counts = image.crop((x, 0, x + 1, image.height)).getcolors()
    return next((count for count, one in counts if one == color), 0)


def columns(image, color, least=15):
    """Return where a colour stands: the middle of each run of columns with it, higher than a legend's mark."""
    counts = [heights(image, color, x) >= least for x in range(image.width)]
    starts = [x for x in range(1, len(counts)) if counts[x] and not counts[x - 1]]
    ends = [x for x in range(1, len(counts)) if counts[x - 1] and not counts[x]]
    return [(start + end) // 2 for start, end in zip(starts, ends, strict=True)]


class TestStacks:
    async def test_colors_stand_on_each_other_as_high_as_their_numbers(self):
        image, sentence = await drawn(**STACKED, stack=True)
        first, second = columns(image, BLUE)
        assert columns(image, ORANGE) == [first, second]
        assert heights(image, ORANGE, second) / heights(image, ORANGE, first) == pytest.approx(6, rel=0.05)
        assert sentence.startswith(
            "Stacked bar chart of 4 rows: x 'q', y 'n', color 'r'; n from 1 (a, y) to 6"
        )

    async def test_shares_fill_the_height(self):
        image, _ = await drawn(**STACKED, stack="normalize")
        totals = [heights(image, BLUE, x) + heights(image, ORANGE, x) for x in columns(image, BLUE)]
        assert totals[0] == pytest.approx(totals[1], abs=2)
        assert heights(image, BLUE, columns(image, BLUE)[0]) / totals[0] == pytest.approx(0.75, abs=0.01)

    @pytest.mark.parametrize("kind", ["bar", "area", "histogram"])
    async def test_stacks_follow_the_legend(self, kind):
        values = [
            {"x": x, "s": f"s{s}", **({} if kind == "histogram" else {"y": 1})}
            for x in (1, 2)
            for s in (11, 2, 3)
        ]
        roles = {"x": "x", "color": "s"} | ({} if kind == "histogram" else {"y": "y"})
        image, _ = await drawn(kind=kind, data=values, columns=roles, stack=True)
        column = image.crop((250, 20, 251, 440)).get_flattened_data()
        found = [color for color in dict.fromkeys(column) if max(color) - min(color) > 60]
        hues = [max(range(3), key=color.__getitem__) for color in found]
        assert [hue for hue, _ in itertools.groupby(hues)] == [
            2,
            0,
            1,
        ]  # Blue on top, then orange, then green.

    async def test_areas_are_stacked_unless_told_otherwise(self):
        data = {"d": ["2026-01-01", "2026-02-01"] * 2, "s": ["u", "u", "v", "v"], "n": [1, 1, 1, 1]}
        area = {"kind": "area", "data": data, "columns": {"x": "d", "y": "n", "color": "s"}}
        stacks = [
            (await vega_lite(**area, **more))["encoding"]["y"]["stack"]
            for more in ({}, {"stack": True}, {"stack": "normalize"}, {"stack": False})
        ]
        assert stacks == ["zero", "zero", "normalize", None]


class TestGaps:
    @pytest.mark.parametrize("kind", one_in(2, ["line", "area"]))
    @pytest.mark.parametrize("length", [5, 120])
    async def test_a_value_between_missing_ones_is_a_point(self, kind, length):
        ys = [None, 4, None, 4, *[None] * (length - 4)]
        image, _ = await drawn(
            kind=kind, data={"x": list(range(length)), "y": ys}, columns={"x": "x", "y": "y"}
        )
        assert len(columns(image, BLUE, 5)) == 2

    async def test_one_place_of_several_series(self):
        one = {"x": ["a", "a"], "y": [3, 4], "s": ["p", "q"]}
        image, _ = await drawn(kind="area", data=one, columns={"color": "s"})
        plot = image.crop((50, 0, 700, 440))
        assert (len(columns(plot, BLUE, 5)), len(columns(plot, ORANGE, 5))) == (1, 1)

    def test_who_stands_alone(self):
        rows = [
            {"y": y, "s": s} for y, s in [(1, "a"), (None, "a"), (2, "a"), (3, "a"), (1, "b"), (None, "b")]
        ]
        assert reduce.alone(rows, [0, 1, 2, 3, 1, 0], ["s"]) == {0, 4}
        assert reduce.alone(rows, [0, 1, 2, None, 1, 0], []) == {0}


class TestLayers:
    async def test_a_kind_for_each_field(self):
        layered = {"kind": ["bar", "line"], "data": PLAN, "columns": {"x": "m", "y": ["sold", "plan"]}}
        image, sentence = await drawn(**layered)
        assert len(columns(image, BLUE)) >= 3
        assert sentence.startswith("Bar and line chart of 3 rows: x 'm', y 'sold, plan'; sold, plan from 25")
        made = await vega_lite(**layered)
        assert [layer["mark"]["type"] for layer in made["layer"]] == ["bar", "line"]
        assert [layer["transform"][0]["filter"]["oneOf"] for layer in made["layer"]] == [["sold"], ["plan"]]
        assert "resolve" not in made

    async def test_what_would_lie_flat_gets_an_axis_of_its_own(self):
        data = [{**row, "plan": row["plan"] / 1000} for row in PLAN]
        layered = {"kind": ["bar", "line"], "data": data, "columns": {"x": "m", "y": ["sold", "plan"]}}
        assert "'plan' on a separate axis on the right" in (await drawn(**layered))[1]
        made = await vega_lite(**layered)
        assert made["resolve"] == {"scale": {"y": "independent"}}
        assert [layer["encoding"]["y"]["title"] for layer in made["layer"]] == ["sold", "plan"]

    @pytest.mark.parametrize(
        ("text", "titles"),
        one_in(
            3,
            [
                ("m,sold,share\nJan,$30,20%\nFeb,$35,25%\n", ["sold ($)", "share (%)"]),
                ("m,sold,share\nJan,$30000,20%\nFeb,$35000,25%\n", ["sold ($)", "share (%)"]),
                ("m,sold,share\nJan,$30,20 USD\nFeb,$35,25 USD\n", None),
                ("m,sold,share\nJan,$30,20\nFeb,$35,25\n", None),
            ],
        ),
    )
    async def test_what_is_of_another_unit_gets_an_axis_of_its_own(self, text, titles):
        made = await vega_lite(kind=["bar", "line"], data=text, columns={"x": "m", "y": ["sold", "share"]})
        apart = "resolve" in made and [layer["encoding"]["y"]["title"] for layer in made["layer"]]
        assert apart == (titles or False)

    async def test_all_that_is_wrong_with_several_fields_is_told_at_once(self):
        fields = {"x": "m", "y": ["sold", "share"], "color": "m"}
        with pytest.raises(ArgumentError) as caught:
            await generate_chart(
                kind=["bar", "pie", "line"], data="m,sold,share\nJan,$1,€2\n", columns=fields
            )
        assert [line.split(";")[0] for line in str(caught.value).splitlines()] == [
            "kind: has 3 kinds for 2 y fields",
            "columns: only bar, line, area, scatter accept several y fields",
            "columns: color works only with a single y field, because several fields already have one color each",
            "columns: y has 'sold' in $ and 'share' in €, which cannot share an axis",
        ]

    async def test_several_fields_of_one_kind_are_series(self):
        image, sentence = await drawn(kind="bar", data=PLAN, columns={"x": "m", "y": ["sold", "plan"]})
        assert len(columns(image, BLUE)) == len(columns(image, ORANGE)) == 3
        assert "not drawn" not in sentence

    async def test_points_over_a_line_of_the_same_field(self):
        data = [{"x": x, "y": x * x} for x in range(9)]
        made = await vega_lite(kind=["line", "scatter"], data=data, columns={"x": "x", "y": "y"})
        assert [layer["mark"]["type"] for layer in made["layer"]] == ["line", "point"]

    async def test_what_lies_flat_is_told(self):
        wide = [{**row, "share": 0.5} for row in PLAN]
        fields = {"columns": {"x": "m", "y": ["sold", "plan", "share"]}}
        told = "; 'share' looks almost flat next to much larger numbers: give two kinds"
        for kind in ("line", ["bar", "line", "area"], ["bar", "line", "line"]):
            assert told in (await drawn(kind=kind, data=wide, **fields))[1]
        assert "flat" not in (await drawn(kind=["bar", "bar", "line"], data=wide, **fields))[1]


class TestHistograms:
    @pytest.mark.parametrize(
        "xs", [[5, 1, 3, 2], ["2026-05-01", "2026-01-01", "2026-03-01", "2026-02-01"], list("dacb")]
    )
    async def test_colors_keep_the_order_of_the_data(self, xs):
        made = await vega_lite(
            kind="histogram", data={"x": xs, "s": ["z", "m", "a", "b"]}, columns={"x": "x", "color": "s"}
        )
        assert [row["color"] for row in made["data"]["values"]] == ["z", "m", "a", "b"]

    async def test_each_row_is_counted_once(self):
        made = await vega_lite(kind="histogram", data={"n": NUMBERS})
        rows = made["data"]["values"]
        assert sum(row["y"] for row in rows) == 400
        for row in rows:
            assert row["y"] == sum(row["x"] <= number < row["x2"] for number in NUMBERS)

    async def test_bars_are_as_high_as_counts(self):
        image, sentence = await drawn(kind="histogram", data={"n": [1, 1, 1, 1, 2, 2, 4]})
        assert "rows from 1 (4) to 4 (1); counted in bins of 1. PNG" in sentence
        tall = [heights(image, BLUE, x) for x in columns(image, BLUE)]
        assert [round(height / tall[0], 2) for height in tall] == [1, 0.5, 0.25]

    async def test_dates_by_months(self):
        data = {
            "at": [f"2026-{month:02d}-{day:02d}" for month in range(1, 13) for day in range(1, month + 1)]
        }
        rows = (await vega_lite(kind="histogram", data=data))["data"]["values"]
        counted = [(row["x"][:10], row["x2"][:10], row["y"]) for row in rows]
        starts = [f"2026-{month:02d}-01" for month in range(1, 13)] + ["2027-01-01"]
        by_month = [(starts[month - 1], starts[month], month) for month in range(1, 13)]
        weekly = sum(count for _, _, count in counted) == 78 and len(counted) <= 40
        assert counted == by_month or weekly

    async def test_names_are_counted_too(self):
        sentence = (await drawn(kind="histogram", data={"sex": ["f", "m", "f"]}))[1]
        assert sentence.startswith("Bar chart of 3 rows: x 'sex', y 'rows'; rows from 1 (m) to 2 (f). PNG")

    @pytest.mark.parametrize(
        ("numbers", "told"),
        [
            ([1e300, -1e300], "counted in bins of 5e+299"),
            ([5e-324, 0], "counted in bins of 1e-300"),
            ([1, 2, 10**400], "counted in bins of 1"),
        ],
    )
    async def test_numbers_of_any_size(self, numbers, told):
        _, sentence = await drawn(kind="histogram", data={"n": numbers})
        assert told in sentence
        assert len(sentence) < 300


class TestBoxes:
    async def test_quartiles_whiskers_and_outliers(self):
        made = await vega_lite(kind="box", data={"g": ["a"] * 9, "n": [1, 2, 3, 4, 5, 6, 7, 8, 40]})
        assert made["data"]["values"] == [
            {"x": "a", "low": 1, "q1": 3, "y": 5, "q3": 7, "high": 8, "count": 9},
            {"x": "a", "out": 40},
        ]

    async def test_the_sentence_tells_the_medians(self):
        data = {"g": ["a", "a", "b", None], "n": [1, 3, 5, 7]}
        sentence = (await drawn(kind="box", data=data))[1]
        said = "Box chart of 4 rows: x 'g', y 'n'; medians 2 at a (2 rows), 5 at b (1 row), 7 at (none) (1 row). PNG"
        assert sentence.startswith(said)

    async def test_one_box_needs_no_category(self):
        image, sentence = await drawn(kind="box", data={"n": NUMBERS})
        assert len(columns(image, BLUE)) == 1
        assert "y 'n'; medians" in sentence

    async def test_numbers_in_x_are_turned(self):
        made = await vega_lite(kind="box", data=ROWS, columns={"x": "n", "y": "q"})
        assert {row["x"] for row in made["data"]["values"]} == {"a", "b"}


class TestHeatmaps:
    async def test_cells_are_averaged_and_ordered(self):
        data = {"h": [10, 9, 10], "d": ["Mon", "Mon", "Mon"], "n": [1, 5, 3]}
        made = await vega_lite(kind="heatmap", data=data, columns={"x": "h", "y": "d", "color": "n"})
        assert made["data"]["values"] == [
            {"x": "10", "y": "Mon", "color": 2},
            {"x": "9", "y": "Mon", "color": 5},
        ]
        assert made["encoding"]["x"]["sort"] == ["9", "10"]

    async def test_without_a_number_rows_are_counted(self):
        sentence = (await drawn(kind="heatmap", data={"a": ["u", "u", "v"], "b": ["s", "s", "t"]}))[1]
        assert "color 'rows'; rows from 1 (v, t) to 2 (u, s). PNG" in sentence

    async def test_colors_part_at_zero(self):
        made = await vega_lite(kind="heatmap", data={"a": ["u", "v"], "b": ["s", "s"], "n": [-1, 1]})
        assert made["layer"][0]["encoding"]["color"]["scale"]["domainMid"] == 0


class TestManyRows:
    async def test_points_become_a_density(self):
        xs = [RANDOM.gauss(0, 1) for _ in range(20_001)]
        data = {"x": xs, "y": xs[::-1], "c": ["u"] * 20_001}
        made = await vega_lite(kind="scatter", data=data, columns={"x": "x", "y": "y", "color": "c"})
        rows = made["data"]["values"]
        assert sum(row["color"] for row in rows) == 20_001
        assert len(rows) <= 2_400
        image, sentence = await drawn(kind="scatter", data=data, columns={"x": "x", "y": "y", "color": "c"})
        assert len(set(image.get_flattened_data())) > 50
        assert "drawn as a density of 60x40 cells, up to " in sentence
        assert "rows in one; not drawn: 'c'. PNG" in sentence

    async def test_a_line_keeps_its_peaks(self):
        ys = [math.sin(n / 3000) for n in range(30_000)]
        ys[17_123] = 40
        made = await vega_lite(kind="line", data={"x": list(range(30_000)), "y": ys})
        rows = made["data"]["values"]
        assert len(rows) < 4_000
        assert {"x": 17_123, "y": 40} in rows
        assert [row["x"] for row in rows] == sorted(row["x"] for row in rows)

    async def test_stacked_areas_share_their_places(self):
        data = {"x": [n // 2 for n in range(24_000)], "y": [1] * 24_000, "s": ["u", "v"] * 12_000}
        made = await vega_lite(kind="area", data=data, columns={"x": "x", "y": "y", "color": "s"})
        places = Counter(row["x"] for row in made["data"]["values"])
        assert set(places.values()) == {2}
        assert len(places) <= 801

    async def test_bars_are_added_up(self):
        sentence = (await drawn(kind="bar", data={"q": ["a", "b"] * 15_000, "n": [1, 2] * 15_000}))[1]
        assert (
            "n from 15,000 (a) to 30,000 (b); rows at the same position are added up, giving 2 bars"
            in sentence
        )

    @pytest.mark.parametrize(
        ("mark", "y", "told"),
        [
            (
                "tick",
                {"field": "y", "type": "quantitative"},
                "; 900 of the rows are drawn, evenly spaced",
            ),
            (
                "line",
                {"field": "y", "type": "quantitative"},
                " of the rows are drawn, those that the line touches",
            ),
            (
                "line",
                {"aggregate": "mean", "field": "y"},
                "over 21,000 rows: 'x' (quantitative), 'y' (mean). PNG",
            ),
        ],
    )
    async def test_specs(self, mark, y, told, monkeypatch):
        monkeypatch.setattr(specs, "ROWS", 900)  # Drawing 20,000 marks takes seconds.
        data = {"x": [n % 700 for n in range(21_000)], "y": [n % 11 for n in range(21_000)]}
        spec = {"mark": mark, "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": y}}
        assert told in (await drawn(spec=spec, data=data))[1]


class TestFrames:
    async def test_dark(self):
        image, _ = await drawn(kind="bar", data=PLAN, columns={"x": "m", "y": "sold"}, theme="dark")
        theme = style(800, 500, "dark").theme
        counts = Counter(image.get_flattened_data())
        background, blue = (tuple(bytes.fromhex(color[1:])) for color in (theme.background, theme.palette[0]))
        assert counts[background] > 100_000
        assert counts[blue] > 10_000
        assert image.getpixel((0, 0)) == background

    async def test_a_spec_can_be_dark(self):
        spec = {
            "mark": "bar",
            "encoding": {"x": {"field": "m"}, "y": {"field": "sold", "type": "quantitative"}},
        }
        image, _ = await drawn(spec=spec, data=PLAN, theme="dark", title="Dark", subtitle="and told so")
        assert image.getpixel((0, 0)) == (0x17, 0x21, 0x2B)

    @pytest.mark.parametrize("facet", one_in(2, [{}, {"facet": "m"}]))
    async def test_scale_multiplies_pixels(self, facet):
        columns = {"x": "m", "y": "sold", **facet}
        one, two = [(await drawn(kind="bar", data=PLAN, columns=columns, scale=s))[0] for s in (1, 1.5)]
        assert (one.size, two.size) == ((800, 500), (1200, 750))

    async def test_titles_and_formats(self):
        made = await vega_lite(
            kind="bar",
            data=PLAN,
            columns={"x": "m", "y": "sold"},
            title="Sales",
            subtitle="in thousands",
            titles={"x": "Month", "y": "Sold"},
            formats={"y": ",.1f"},
        )
        assert made["title"] == {"text": ["Sales"], "subtitle": ["in thousands"]}
        assert made["encoding"]["x"]["title"] == "Month"
        assert made["encoding"]["y"]["title"] == "Sold"
        assert made["encoding"]["y"]["axis"] == {"format": ",.1f"}

    async def test_a_format_of_dates(self):
        data = {"d": ["2026-01-01", "2026-02-01"], "n": [1, 2]}
        made = await vega_lite(kind="line", data=data, formats={"x": "%d.%m.%y"})
        assert made["encoding"]["x"]["axis"]["format"] == "%d.%m.%y"

    @pytest.mark.parametrize(
        ("kind", "role", "shown"),
        [
            ("bar", "x", "x"),
            ("box", "x", "x"),
            ("heatmap", "x", "x"),
            ("heatmap", "y", "y"),
            ("line", "color", "color"),
        ],
    )
    async def test_a_format_of_dates_that_stand_as_names(self, kind, role, shown):
        days = ["2026-02-01", "2026-01-15"]
        data = {
            role: days,
            **{one: [1, 2] for one in ("x", "y") if one != role},
            **({"color": [3, 4]} if kind == "heatmap" else {}),
        }
        names = {one: one for one in data}
        made = await vega_lite(kind=kind, data=data, columns=names, formats={role: "%-d %b %Y"})
        found = list(dict.fromkeys(row[shown] for row in made["data"]["values"]))
        assert found == (["1 Feb 2026", "15 Jan 2026"] if kind == "line" else ["15 Jan 2026", "1 Feb 2026"])

    async def test_a_format_of_slices(self):
        data = {"day": ["2026-01-15", "2026-02-01"], "n": [1, 3]}
        for role in ("x", "color"):
            made = await vega_lite(kind="pie", data=data, formats={role: "%b"})
            assert [row["color"] for row in made["data"]["values"]] == ["Jan (25.0%)", "Feb (75.0%)"]

    async def test_lying_boxes_keep_their_titles_and_formats(self):
        data = {"n": [1, 2, 3, 4], "s": ["a", "a", "b", "b"]}
        made = await vega_lite(
            kind="box", data=data, columns={"x": "n", "y": "s"}, titles={"x": "Number"}, formats={"x": ".1f"}
        )
        (numbers,) = {json.dumps(layer["encoding"]["x"]) for layer in made["layer"] if "q1" in str(layer)}
        assert json.loads(numbers)["title"] == "Number"
        assert json.loads(numbers)["axis"] == {"format": ".1f"}

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (
                {"kind": "bar", "formats": {"y": "%d %b %Y"}},
                "of y is '%d %b %Y', a format for dates, but y 'n' contains numbers; for example \",.1f\"",
            ),
            (
                {"kind": "line", "formats": {"x": ".1f"}},
                "of x is '.1f', a format for numbers, but x 'd' contains dates; for example \"%d %b %Y\"",
            ),
            (
                {"kind": "bar", "formats": {"x": ".1f"}},
                "of x is '.1f', a format for numbers, but x 'd' contains dates",
            ),
            (
                {"kind": "bar", "formats": {"x": "%b"}},
                "of x is '%b', which formats several dates as 'Jan'; each date needs a different label",
            ),
            (
                {"kind": "bar", "columns": {"x": "s"}, "formats": {"x": ".1f"}},
                "of x is '.1f', but x 's' contains names, which cannot be formatted",
            ),
            (
                {"kind": "line", "columns": {"x": "s"}, "formats": {"x": ".1f"}},
                "of x is '.1f', but x 's' contains names",
            ),
            (
                {"kind": "bar", "columns": {"x": "n", "y": "n"}, "formats": {"x": ".1f"}},
                "the numbers in 'n' are shown as names here",
            ),
            (
                {"kind": "histogram", "columns": {"x": "n"}, "formats": {"y": "%b"}},
                "of y is '%b', a format for dates, but y has numbers",
            ),
            ({"kind": "bar", "formats": {"color": ".1f"}}, "has color, which this chart does not use"),
            ({"kind": "bar", "formats": {"y": "0.00"}}, "of y is '0.00'; as D3 writes it: '.2f'"),
            ({"kind": "bar", "formats": {"y": "#,##0"}}, "as D3 writes it: ',.0f'"),
            ({"kind": "bar", "formats": {"y": "0.0%"}}, "as D3 writes it: '.1%'"),
        ],
    )
    async def test_formats_that_do_not_fit(self, arguments, words):
        data = {"d": ["2026-01-01", "2026-01-02"], "n": [1, 2], "s": ["a", "b"]}
        with pytest.raises(ArgumentError) as caught:
            await generate_chart(**{"data": data, "columns": {"x": "d", "y": "n"}, **arguments})
        assert caught.value.argument == "formats"
        assert words in caught.value.problem

    async def test_the_spec_that_comes_back_draws_the_same(self):
        answer = await generate_chart(**STACKED, stack=True)
        made = await vega_lite(**STACKED, stack=True)
        again = await generate_chart(spec=made)
        assert again.pictures[0].data == answer.pictures[0].data

    @pytest.mark.long
    async def test_many_rows_do_not_come_back(self):
        data = {"x": list(range(5_000)), "y": list(range(5_000))}
        answer = await generate_chart(kind="scatter", data=data, return_spec=True)
        text = answer.sentence.split("Its Vega-Lite, its rows left out:\n")[1]
        assert json.loads(text)["data"] == {"values": []}


PAIRS = [{"a": "x", "b": "u"}, {"a": "y", "b": "v"}, {"a": "y", "b": "v"}]


@pytest.mark.parametrize("asked", [{}, {"aggregate": "count"}, {"columns": {"x": "a", "y": "count"}}])
async def test_a_heatmap_of_two_fields_counts_rows(asked):
    _, sentence = await drawn(kind="heatmap", data=PAIRS, **asked)
    assert "x 'a', y 'b', color 'rows'; rows from 1 (x, u) to 2 (y, v)" in sentence


async def test_a_heatmap_counts_rows_though_there_are_numbers():
    rows = [{**pair, "n": 40} for pair in PAIRS]
    _, sentence = await drawn(kind="heatmap", data=rows, aggregate="count")
    assert "from 1 (x, u) to 2 (y, v); rows are counted" in sentence


@pytest.mark.parametrize("how", ["sum", "mean", "median", "min", "max"])
async def test_a_heatmap_without_numbers_has_nothing_to_aggregate(how):
    with pytest.raises(ArgumentError, match=f"aggregate: is '{how}', but color has no numeric field"):
        await drawn(kind="heatmap", data=PAIRS, aggregate=how)


@pytest.mark.parametrize("kind", one_in(3, ["line", "area", "bar", "scatter"]))
@pytest.mark.parametrize(
    "columns", one_in(2, [None, {"x": "d", "y": "n"}, {"x": "d", "y": "n", "color": "g"}])
)
async def test_cells_may_be_lists_and_objects(kind, columns):
    rows = [{"d": [1], "n": 1, "g": [1]}, {"d": [1], "n": 2, "g": {"a": 1}}, {"d": [2, 3], "n": 3, "g": [1]}]
    _, sentence = await drawn(kind=kind, data=rows, columns=columns)
    assert "chart of 3 rows: " in sentence


async def test_series_may_be_lists_and_objects_beside_the_text_nan():
    """The column then counts as read, and its cells are looked up by how they were written."""
    data = {"day": [[[1], 2], [3], [3]], "n": [1, 2**63, 3], "g": [[1], "NaN", {"a": 1}]}
    _, sentence = await drawn(kind="line", data=data)
    assert "chart of 3 rows: " in sentence
