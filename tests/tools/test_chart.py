"""generate_chart: what is drawn, described and rejected."""

import itertools
from collections import Counter

import pytest
from long_rows import one_in

from imagebridge.errors import ArgumentError
from imagebridge.pictures.decode import opened
from imagebridge_tools import generate_chart
from imagebridge_tools.charts import chart_drawing
from imagebridge_tools.charts.theme import PALETTE
from imagebridge_tools.files.source import Places

pytestmark = pytest.mark.anyio

BLUE, ORANGE, GREEN, RED = (tuple(bytes.fromhex(color[1:])) for color in PALETTE[:4])
SALES = [{"month": "Jan", "sales": 30}, {"month": "Feb", "sales": -10}, {"month": "Mar", "sales": 50}]
REGIONS = [
    {"quarter": quarter, "region": region, "profit": profit}
    for (quarter, region), profit in zip(
        itertools.product(("Q1", "Q2"), ("North", "South", "West")), range(1, 7), strict=True
    )
]
SPEC = {
    "data": {"values": SALES},
    "mark": "bar",
    "encoding": {"x": {"field": "month", "type": "nominal"}, "y": {"field": "sales", "type": "quantitative"}},
}


def pixels(answer):
    (picture,) = answer.pictures
    return opened(picture.data).convert("RGB")


def colors(answer):
    image = pixels(answer)
    return Counter({color: count for count, color in image.getcolors(image.width * image.height)})


def runs(values):
    """Return where a row or column of pixels is of one wanted kind: [(start, length), ...]."""
    found, at = [], 0
    for wanted, group in itertools.groupby(values):
        length = len(list(group))
        if wanted:
            found.append((at, length))
        at += length
    return found


def bars(image, color, at):
    """Return the bars of a colour on one row of pixels."""
    return runs([image.getpixel((x, at)) == color for x in range(image.width)])


async def problem(argument, **arguments):
    with pytest.raises(ArgumentError) as caught:
        await generate_chart(**arguments)
    assert caught.value.argument == argument
    return caught.value.problem


class TestWhatIsDrawn:
    async def test_letters_stay_what_they_are(self):
        # Fonts with contextual alternates draw the x between digits as a multiplication sign.
        data = [{"a": "b", "v": 1}]
        letter, sign = [await generate_chart(kind="bar", data=data, title=text) for text in ("2x4", "2×4")]
        assert letter.pictures[0].data != sign.pictures[0].data

    @pytest.mark.parametrize("kind", ["bar", "line", "area", "scatter"])
    async def test_each_kind_fills_the_picture_that_was_asked_for(self, kind):
        answer = await generate_chart(kind=kind, data=SALES, width=640, height=360)
        assert pixels(answer).size == (640, 360)
        assert colors(answer)[(255, 255, 255)] > 640 * 360 // 4
        assert answer.pictures[0].media_type == "image/png"

    async def test_bars_stand_above_and_hang_below_zero_as_high_as_their_numbers(self):
        image = pixels(await generate_chart(kind="bar", data=SALES))
        heights = []
        for start, length in bars(image, BLUE, next(y for y in range(500) if len(bars(image, BLUE, y)) == 2)):
            column = [image.getpixel((start + length // 2, y)) == BLUE for y in range(image.height)]
            heights.append(runs(column)[0])
        (first_top, first), (second_top, second) = heights
        assert second / first == pytest.approx(50 / 30, rel=0.03)
        assert first_top + first == pytest.approx(second_top + second, abs=2)
        below = bars(image, BLUE, first_top + first + 8)
        assert len(below) == 1  # February alone hangs below zero.

    async def test_categories_keep_the_order_of_the_data(self):
        rows = [{"name": name, "n": n} for name, n in [("zebra", 1), ("ant", 2), ("mole", 3)]]
        image = pixels(await generate_chart(kind="bar", data=rows))
        tops = [next(y for y in range(500) if image.getpixel((x, y)) == BLUE) for x in (150, 420, 700)]
        assert tops == sorted(tops, reverse=True)

    async def test_colors_stand_side_by_side_with_a_legend(self):
        answer = await generate_chart(
            kind="bar", data=REGIONS, columns={"x": "quarter", "y": "profit", "color": "region"}
        )
        image = pixels(answer)
        counted = colors(answer)
        assert all(counted[color] > 1000 for color in (BLUE, ORANGE, GREEN))
        bottom = max(y for y in range(500) if len(bars(image, GREEN, y)) == 2)
        places = [bars(image, color, bottom)[0][0] for color in (BLUE, ORANGE, GREEN)]
        assert places == sorted(places)
        legend = image.crop((700, 0, 800, 200))
        assert {BLUE, ORANGE, GREEN} <= {color for _, color in legend.getcolors(100_000)}

    async def test_long_labels_lay_the_bars_down_and_leave_the_edge_free(self):
        rows = [{"office": f"The office of a long name, number {n}", "cost": 10 + n} for n in range(12)]
        image = pixels(await generate_chart(kind="bar", data=rows, title="A title of many words " * 8))
        lying = runs([image.getpixel((400, y)) == BLUE for y in range(image.height)])
        assert len(lying) == 12
        edge = [image.getpixel((x, y)) for x in (*range(8), *range(792, 800)) for y in range(500)]
        assert set(edge) == {(255, 255, 255)}

    async def test_numbers_in_x_and_names_in_y_lie(self):
        image = pixels(await generate_chart(kind="bar", data=SALES, columns={"x": "sales", "y": "month"}))
        assert len(runs([image.getpixel((260, y)) == BLUE for y in range(image.height)])) == 2

    async def test_dates_lie_along_a_line_in_their_order(self):
        rows = [{"day": f"2026-0{month}-01", "visits": month * 10} for month in (3, 1, 5, 2, 4)]
        answer = await generate_chart(kind="line", data=rows)
        image = pixels(answer)
        columns = range(100, 760, 60)
        heights = [min(y for y in range(500) if image.getpixel((x, y)) == BLUE) for x in columns]
        assert heights == sorted(heights, reverse=True)
        assert "visits from 10 (2026-01-01) to 50 (2026-05-01)" in answer.sentence

    async def test_slices_share_the_pie_as_the_numbers_do(self):
        answer = await generate_chart(kind="pie", data={"fruit": ["apple", "fig", "date"], "n": [50, 25, 25]})
        counted = colors(answer)
        assert counted[BLUE] / counted[ORANGE] == pytest.approx(2, rel=0.05)
        assert counted[GREEN] / counted[ORANGE] == pytest.approx(1, rel=0.05)

    async def test_small_charts_share_the_picture(self):
        data = REGIONS * 2
        answer = await generate_chart(
            kind="bar", data=data, columns={"x": "quarter", "y": "profit", "facet": "region"}
        )
        image = pixels(answer)
        assert image.size == (800, 500)
        row = max(range(500), key=lambda y: len(bars(image, BLUE, y)))
        assert len(bars(image, BLUE, row)) >= 4

    async def test_the_same_chart_has_the_same_bytes(self):
        first, second = [await generate_chart(kind="bar", data=SALES) for _ in range(2)]
        assert first.pictures[0].data == second.pictures[0].data

    async def test_field_names_with_dots_and_brackets(self):
        rows = [{"a.b": "x", "c[0]'\"": 1}, {"a.b": "y", "c[0]'\"": 2}]
        answer = await generate_chart(kind="bar", data=rows)
        assert colors(answer)[BLUE] > 10_000


class TestSlicesAndSeries:
    @pytest.mark.parametrize("count", one_in(3, [21, 20, 40]))
    async def test_every_slice_has_a_colour_of_its_own(self, count):
        rows = [{"part": f"p{n}", "size": 10 + n} for n in range(count)]
        answer = await generate_chart(kind="pie", data=rows)
        shown = colors(answer)
        slices = {color: shown[color] for color in (tuple(bytes.fromhex(c[1:])) for c in PALETTE)}
        assert min(slices.values()) > 1000
        others = sum(10 + n for n in range(count - 19)) if count > 20 else 29
        share = others / sum(10 + n for n in range(count))
        last = slices[tuple(bytes.fromhex(PALETTE[-1][1:]))]
        assert last / sum(slices.values()) == pytest.approx(share, rel=0.08)  # Edges are white.
        assert ("slice" in answer.sentence) == (count > 20)

    async def test_slices_that_are_added_up_are_told(self):
        rows = [{"part": f"p{n}", "size": 10 + n} for n in range(25)]
        sentence = (await generate_chart(kind="pie", data=rows)).sentence
        assert "size from 10 (p0) to 34 (p24); the smallest 6 are combined into one slice. PNG" in sentence

    async def test_twenty_series_have_twenty_colours(self):
        rows = [{"x": x, "y": 10 * n + x, "s": f"s{n}"} for n in range(20) for x in range(3)]
        answer = await generate_chart(kind="line", data=rows, columns={"x": "x", "y": "y", "color": "s"})
        shown = colors(answer)
        assert all(shown[tuple(bytes.fromhex(color[1:]))] > 200 for color in PALETTE)

    async def test_colours_that_only_repeat_the_axis_may_be_more(self):
        rows = [{"x": f"x{n}", "y": n + 1} for n in range(25)]
        assert await generate_chart(kind="bar", data=rows, columns={"x": "x", "y": "y", "color": "x"})


class TestSmallPictures:
    @pytest.mark.parametrize("size", [(300, 200), (200, 150), (150, 150)])
    async def test_most_of_a_small_chart_is_its_data(self, size):
        rows = [{"month": f"Month {n}", "sales": 10 + n} for n in range(8)]
        image = pixels(await generate_chart(kind="bar", data=rows, width=size[0], height=size[1]))
        lying = runs([image.getpixel((size[0] // 2, y)) == BLUE for y in range(image.height)])
        assert len(lying) == 8
        assert min(length for _, length in lying) >= size[1] * 0.05
        lengths = [sum(image.getpixel((x, start + 3)) == BLUE for x in range(size[0])) for start, _ in lying]
        assert lengths == sorted(lengths)
        assert lengths[-1] > size[0] * 0.4

    async def test_a_small_line_has_room(self):
        rows = [{"day": f"2026-03-{9 + n:02d}", "visits": 50 * (n % 2)} for n in range(8)]
        image = pixels(await generate_chart(kind="line", data=rows, width=200, height=150, title="Up"))
        blue = [y for y in range(150) for x in range(200) if image.getpixel((x, y)) == BLUE]
        assert max(blue) - min(blue) > 75


class TestSpecs:
    @pytest.mark.parametrize("as_text", [False, True])
    async def test_a_spec_without_a_size_gets_one(self, as_text):
        spec = '{"data": {"values": [{"a": "x", "b": 1}]}, "mark": "bar", "encoding": {"x": {"field": "a"}}}'
        answer = await generate_chart(spec=spec if as_text else SPEC)
        assert pixels(answer).size == (800, 500)

    async def test_its_own_size_stays_unless_another_is_asked_for(self):
        small = {**SPEC, "width": 200, "height": 100}
        assert pixels(await generate_chart(spec=small)).width < 320
        assert pixels(await generate_chart(spec=small, width=600)).size == (600, 500)

    @pytest.mark.parametrize(
        ("own", "level"),
        one_in(
            3, [({}, True), ({"axis": {"labelAngle": -90}}, False), ({"axisX": {"labelAngle": -90}}, False)]
        ),
    )
    async def test_short_labels_stand_level(self, own, level):
        rows = [{"a": "WWWWWW", "b": 1}, {"a": "MMMMMM", "b": 2}]
        encoding = {"x": {"field": "a", "title": None}, "y": {"field": "b", "type": "quantitative"}}
        image = pixels(
            await generate_chart(spec={"mark": "bar", "encoding": encoding, "config": own}, data=rows)
        )
        height = 500 - max(y for y in range(500) if len(bars(image, BLUE, y)) == 2)
        assert (height < 50) == level

    @pytest.mark.parametrize("count", one_in(3, [1, 2, 12]))
    async def test_long_labels_leave_room_for_the_bars(self, count):
        rows = [{"a": f"A label of a great many words, number {n}", "b": 5} for n in range(count)]
        encoding = {"x": {"field": "a"}, "y": {"field": "b", "type": "quantitative"}}
        image = pixels(await generate_chart(spec={"mark": "bar", "encoding": encoding}, data=rows))
        row = next(y for y in range(500) if bars(image, BLUE, y))
        assert len(bars(image, BLUE, row)) == count
        x = bars(image, BLUE, row)[0][0] + 5
        assert sum(image.getpixel((x, y)) == BLUE for y in range(500)) > 200

    @pytest.mark.parametrize(
        "change",
        one_in(
            3,
            [
                {"transform": [{"filter": "datum.b < 9"}]},
                {"transform": [{"calculate": "datum.a + '!'", "as": "a"}]},
                {"encoding": {"x": {"field": "t", "type": "temporal"}, "y": {"field": "b"}}},
                {"encoding": {"x": {"field": "t", "type": "temporal", "axis": None}, "y": {"field": "b"}}},
                {"encoding": {"x": {"field": "t", "timeUnit": "day"}, "y": {"field": "b"}}},
                {"encoding": {"x": {"field": "t", "type": "temporal", "title": None}, "y": {"field": "b"}}},
                {"encoding": {"x": {"field": "b", "bin": True}, "y": {"aggregate": "count"}}},
                {"encoding": {"x": {"field": "l"}, "y": {"field": "b"}}},
                {"encoding": {"x": {"field": "a"}, "y": {"field": "t", "type": "temporal"}}, "mark": "point"},
            ],
        ),
        ids=str,
    )
    async def test_whatever_its_axes_show(self, change):
        rows = [
            {"a": "x", "b": 1, "t": "2026-03-01", "l": [1]},
            {"a": "y", "b": 2, "t": "2026-03-09", "l": [2]},
        ]
        spec = {"mark": "bar", "encoding": {"x": {"field": "a"}, "y": {"field": "b"}}, **change}
        assert pixels(await generate_chart(spec=spec, data=rows)).size == (800, 500)

    async def test_its_own_look_wins_over_the_theme(self):
        spec = {**SPEC, "config": {"mark": {"color": "#00ff00"}, "background": "#112233"}}
        counted = colors(await generate_chart(spec=spec))
        assert counted[(0, 255, 0)] > 10_000
        assert counted[(0x11, 0x22, 0x33)] > 10_000

    async def test_data_replaces_its_data(self):
        answer = await generate_chart(spec={**SPEC, "data": {"url": "sales.csv"}}, data=SALES)
        assert colors(answer)[BLUE] > 10_000
        assert "over 3 rows: 'month' (nominal), 'sales' (quantitative)" in answer.sentence

    async def test_layers_and_small_charts(self):
        layered = {**SPEC, "layer": [{"mark": "bar"}, {"mark": {"type": "rule", "color": "red"}}]}
        layered.pop("mark")
        assert pixels(await generate_chart(spec=layered)).size == (800, 500)
        side_by_side = {
            "data": {"values": SALES},
            "hconcat": [{k: SPEC[k] for k in ("mark", "encoding")}] * 2,
        }
        assert colors(await generate_chart(spec=side_by_side))[BLUE] > 1000

    async def test_an_inline_picture_is_shown(self):
        url = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
        spec = {
            "data": {"values": [{"picture": url}]},
            "mark": {"type": "image", "width": 50, "height": 50},
            "encoding": {"url": {"field": "picture", "type": "nominal"}},
        }
        assert colors(await generate_chart(spec=spec))[(255, 0, 0)] > 1000


class TestWhatIsSaid:
    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        one_in(
            6,
            [
                (
                    {"kind": "bar", "data": SALES, "title": "Sales"},
                    "Bar chart \"Sales\" of 3 rows: x 'month', y 'sales'; sales from -10 (Feb) to 50 (Mar). PNG, 800x500 px, ",
                ),
                (
                    {"kind": "bar", "data": SALES + SALES},
                    "Bar chart of 6 rows: x 'month', y 'sales'; sales from -20 (Feb) to 100 (Mar); rows at the same position",
                ),
                (
                    {"kind": "line", "data": [*SALES, {"month": "Apr", "sales": None, "note": "?"}]},
                    "Line chart of 4 rows: x 'month', y 'sales'; sales from -10 (Feb) to 50 (Mar); left out: 1 row",
                ),
                *(
                    ({"kind": kind, "data": data}, sentence)
                    for kind, data, sentence in (
                        (
                            "histogram",
                            {"x": [1, 2, 2, 3, None, 5]},
                            "Histogram of 6 rows: x 'x', y 'rows'; rows from 1 (1) to 2 (2); left out: 1 row without a number; counted",
                        ),
                        (
                            "scatter",
                            {"x": [1, None, 3], "y": [1, 2, None]},
                            "Scatter chart of 3 rows: x 'x', y 'y'; y from 1 (1) to 1 (1); left out: 2 rows without a number",
                        ),
                        (
                            "line",
                            {"x": ["2026-01-01", None], "y": [1, 2]},
                            "Line chart of 2 rows: x 'x', y 'y'; y from 1 (2026-01-01) to 1 (2026-01-01); left out: 1 row without a date",
                        ),
                        (
                            "line",
                            "x,y\n2026-01-01,NaN\nN/A,3\n2026-01-03,5",
                            "Line chart of 3 rows: x 'x', y 'y'; y from 5 (2026-01-03) to 5 (2026-01-03); left out: 2 rows without a date or number",
                        ),
                        (
                            "box",
                            {"x": ["a", "a", "b"], "y": [1, 2, None]},
                            "Box chart of 3 rows: x 'x', y 'y'; medians 1.5 at a (2 rows); left out: 1 row without a number",
                        ),
                        (
                            "heatmap",
                            {"x": ["a", "b"], "y": ["c", "d"], "z": [1, None]},
                            "Heatmap of 2 rows: x 'x', y 'y', color 'z'; z from 1 (a, c) to 1 (a, c); left out: 1 row without a number",
                        ),
                        (
                            "bar",
                            {"x": ["a", "a", "b"], "y": [1, None, "NA"]},
                            "Bar chart of 3 rows: x 'x', y 'y'; y from 1 (a) to 1 (a); rows at the same position are added up, giving 2 bars; left out: 2 rows without a number",
                        ),
                        (
                            "pie",
                            {"x": ["a", "b"], "y": [1, None]},
                            "Pie chart of 2 rows: x 'x', y 'y'; y from 1 (a) to 1 (a); left out: 1 row without a number",
                        ),
                        (
                            "area",
                            "x,y\n1,null\n2,3\n3,4",
                            "Area chart of 3 rows: x 'x', y 'y'; y from 3 (2) to 4 (3); left out: 1 row without a number",
                        ),
                    )
                ),
                (
                    {
                        "kind": "line",
                        "data": {"x": ["a", "b"], "p": [1, None], "q": [None, 2]},
                        "columns": {"y": ["p", "q"]},
                    },
                    "Line chart of 2 rows: x 'x', y 'p, q'; p, q from 1 (a, p) to 2 (b, q); left out: 2 cells without a number",
                ),
                (
                    {"kind": "scatter", "data": {"a": [1, 2], "b": ["3.25", "1200000"]}},
                    "Scatter chart of 2 rows: x 'a', y 'b'; b from 3.25 (1) to 1,200,000 (2). PNG",
                ),
                (
                    {
                        "spec": {"mark": "point", "encoding": {"color": {"field": "s"}}},
                        "data": {"s": list(range(25))},
                    },
                    "Vega-Lite chart of point marks over 25 rows: 's'; 's' has 25 values but only 20 colors, which repeat. PNG",
                ),
                (
                    {"kind": "line", "data": {"at": ["2026-03-18T06:00", "2026-03-18T07:30"], "b": [1, 2]}},
                    "Line chart of 2 rows: x 'at', y 'b'; b from 1 (2026-03-18 06:00:00) to 2 (2026-03-18 07:30:00). PNG",
                ),
                (
                    {"kind": "line", "data": {"at": ["2026-03-18T06:00+02:00", "2026-03-18"], "b": [1, 2]}},
                    "Line chart of 2 rows: x 'at', y 'b'; b from 1 (2026-03-18 04:00:00 UTC) to 2 (2026-03-18 UTC). PNG",
                ),
                (
                    {"kind": "bar", "data": [{"a": "\U000f0000 and \U000f0001", "b": 1}]},
                    "Bar chart of 1 row: x 'a', y 'b'; b from 1 (\U000f0000 and \U000f0001) to 1 (\U000f0000 and \U000f0001); shown as boxes, because no font contains them: \U000f0000 \U000f0001. PNG",
                ),
                (
                    {"spec": {**SPEC, "title": "Sales"}},
                    "Vega-Lite chart \"Sales\" of bar marks over 3 rows: 'month' (nominal), 'sales' (quantitative). PNG",
                ),
            ],
        ),
    )
    async def test_the_sentence(self, arguments, sentence):
        assert (await generate_chart(**arguments)).sentence.startswith(sentence)


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("argument", "arguments", "words"),
        one_in(3, [
            ("kind", {}, "is missing; give one of bar, line, area, scatter, histogram, box, heatmap, pie with data, or a Vega-Lite spec"),
            ("spec", {"kind": "bar", "spec": SPEC}, "give only one of them"),
            ("kind", {"kind": "barr", "data": SALES}, "did you mean 'bar'? kinds are bar, line, area, scatter, histogram, box, heatmap, pie"),
            ("data", {"kind": "bar"}, "is missing"),
            ("data", {"kind": "bar", "data": []}, "is empty"),
            ("columns", {"kind": "bar", "data": SALES, "columns": {"y": "salse"}}, "did you mean 'sales'?"),
            ("columns", {"kind": "bar", "data": SALES, "columns": {"colr": "month"}}, "'colr' is not a role; did you mean 'color'? allowed: x, y, color, facet"),
            ("data", {"kind": "bar", "data": " "}, "is empty; give rows"),
            ("stack", {"kind": "bar", "data": SALES, "stack": "yes"}, "'yes' is unknown; allowed: true, false, normalize"),
            ("stack", {"kind": "bar", "data": SALES, "stack": "norm"}, "'norm' is unknown; did you mean 'normalize'?"),
            ("stack", {"kind": "bar", "data": {"a": ["a", "a"], "p": ["p", "q"], "n": [3, -2]}, "columns": {"color": "p"}, "stack": "normalize"}, "'a' has -2, and a negative number cannot be a share; give true"),
            ("stack", {"kind": "area", "data": {"a": ["a", "a"], "p": ["p", "q"], "n": [3, -2]}, "columns": {"color": "p"}, "stack": "normalize"}, "'a' has -2"),
            ("columns", {"kind": "line", "data": SALES, "columns": {"x": "sales", "y": "month"}}, "contains 'Jan'; a line chart needs numbers there. Numeric fields: 'sales'"),
            ("columns", {"kind": "bar", "data": [{"a": "b"}]}, "no numeric field is left for y; there are 'a' ('b'): give a numeric field, or count rows with columns={'y': 'count'}"),
            ("columns", {"kind": "bar", "data": "a,b\nx,1\ny,?\nz,3"}, "no numeric field is left for y; 'b' contains '?' in row 2 (a missing number is an empty cell or null): give numbers in its cells"),
            ("columns", {"kind": "bar", "data": "a,b\nx,NA\ny,?\nz,3", "columns": {"y": "b"}}, "y is 'b', which contains '?'; a bar chart needs numbers there"),
            ("columns", {"kind": "line", "data": [{"x": n, "y": n, "s": n % 21} for n in range(42)], "columns": {"x": "x", "y": "y", "color": "s"}}, "color 's' has 21 different values, but only 20 colors can be told apart: leave out or combine some, or name it as facet"),
            ("columns", {"kind": "bar", "data": [{"x": "a", "y": n, "s": n} for n in range(30)], "columns": {"x": "x", "y": "y", "color": "s"}}, "has 30 different values, but only 20 colors can be told apart: leave out or combine some"),
            ("data", {"kind": "bar", "data": "month,sales"}, "a CSV header without rows"),
            ("columns", {"spec": SPEC, "columns": {"x": "month"}}, "applies only with kind"),
            ("data", {"kind": "pie", "data": SALES}, "'Feb' has -10"),
            ("data", {"kind": "pie", "data": [{"a": "x", "b": 0}]}, "add up to 0"),
            ("kind", {"kind": ["bar", "lime"], "data": SALES}, "'lime' is unknown; did you mean 'line'?"),
            ("kind", {"kind": [], "data": SALES}, "is empty"),
            ("kind", {"kind": 5, "data": SALES}, "is 5; give one of bar"),
            ("kind", {"kind": ["bar", "bar"], "data": SALES}, "contains the same kind twice; give one y field for each kind"),
            ("kind", {"kind": ["bar", "pie"], "data": SALES}, "only bar, line, area, scatter can be drawn on top of one another"),
            ("kind", {"kind": ["bar", "line"], "data": [{"a": "b", "c": 1, "d": 2, "e": 3}], "columns": {"y": ["c", "d", "e"]}}, "has 2 kinds for 3 y fields"),
            ("columns", {"kind": "box", "data": [{"a": "b", "c": 1, "d": 2}], "columns": {"y": ["c", "d"]}}, "only bar, line, area, scatter accept several y fields"),
            ("columns", {"kind": "bar", "data": [{"a": "b", "c": 1, "d": 2}], "columns": {"y": ["c", "e"]}}, "y is 'e', which is not a field"),
            ("columns", {"kind": "bar", "data": [{"a": "b", "c": 1, "d": 2}], "columns": {"y": ["c", "d"], "color": "a"}}, "color works only with a single y field"),
            ("columns", {"kind": "bar", "data": SALES, "columns": {"x": ["month", "sales"]}}, "x accepts one field; only y accepts several"),
            ("columns", {"kind": "histogram", "data": SALES, "columns": {"x": "month", "y": "sales"}}, "it does not accept y"),
            ("columns", {"kind": "heatmap", "data": SALES, "columns": {"x": "month", "y": "sales", "color": "month"}}, "color is 'month', which contains 'Jan'; a heatmap needs numbers there"),
            ("columns", {"kind": "box", "data": [{"a": "b"}]}, "no numeric field is left for y"),
            ("stack", {"kind": "line", "data": SALES, "stack": True}, "applies to bar, area and histogram, not to line"),
            ("stack", {"spec": SPEC, "stack": True}, "applies only with kind"),
            ("titles", {"kind": "bar", "data": SALES, "titles": {"z": "Sales"}}, "has 'z', which is not a role; roles are x, y, color"),
            ("titles", {"kind": "bar", "data": SALES, "titles": {"x": [3]}}, "of x is [3], which is not text"),
            ("formats", {"kind": "bar", "data": SALES, "formats": {"y": "%%%"}}, "of y is '%%%'; write D3 formats"),
            ("formats", {"kind": "bar", "data": SALES, "formats": {"y": "two digits"}}, "write D3 formats"),
            ("theme", {"kind": "bar", "data": SALES, "theme": "night"}, "'night' is unknown; themes are light, dark"),
            ("scale", {"kind": "bar", "data": SALES, "scale": 9}, "is 9; give 0.5 to 4"),
            ("width", {"kind": "bar", "data": SALES, "scale": 4, "width": 1600}, "at scale 4 is 12,800,000 pixels; at most 8,000,000"),
            ("width", {"kind": "bar", "data": SALES, "width": 20}, "150 or more"),
            ("width", {"kind": "bar", "data": SALES, "width": 4000, "height": 4000}, "16,000,000 pixels"),
            ("columns", {"kind": "bar", "data": [{"a": "x", "b": 1, "c": n} for n in range(30)], "columns": {"facet": "c"}}, "facet 'c' has 30 different values; at most 24"),
            ("columns", {"kind": "bar", "data": [{"a": str(n), "b": 1} for n in range(501)], "columns": {"x": "a"}}, "at most 500"),
            ("spec", {"spec": '{"mark": bar}'}, "line 1, column 10"),
            ("spec", {"spec": "[]"}, "is not an object"),
            ("spec", {"spec": {}}, "has no mark"),
            ("spec", {"spec": {**SPEC, "mark": "bra"}}, "did you mean 'bar'?"),
            ("spec", {"spec": {**SPEC, "encoding": {"colour": {"field": "month"}}}}, "did you mean 'color'?"),
            ("spec", {"spec": {**SPEC, "encoding": {"x": {"field": "month", "type": "numeric"}}}}, "encoding.x.type"),
            ("spec", {"spec": {**SPEC, "encoding": {"x": {"field": "mouth"}}}}, "did you mean 'month'?"),
            ("spec", {"spec": {**SPEC, "encoding": {"x": "month"}}}, 'write {"field": ...'),
            ("spec", {"spec": {"$schema": "https://vega.github.io/schema/vega/v6.json", "marks": []}}, "is Vega;"),
            ("spec", {"spec": {**SPEC, "transform": [{"calculate": "datum.sales +", "as": "c"}]}}, "transform[0].calculate is 'datum.sales +': Unexpected end of input"),
            ("spec", {"spec": {**SPEC, "transform": [{"filter": {"and": ["datum.sales > 1", "datum.sales < limit"]}}]}}, "transform[0].filter.and is 'datum.sales < limit': Unrecognized signal name"),
            ("spec", {"spec": {**SPEC, "transform": [{"filter": "datum.sales > 99"}]}}, "is blank"),
            ("spec", {"spec": {**SPEC, "width": 30_000, "height": 30_000}}, "over the limit of 8,000,000; make it smaller"),
            ("spec", {"spec": {**SPEC, "data": {"values": [{"a": 1}] * 500_001}}}, "data.values has 500,001 rows"),
            ("spec", {"spec": {"layer": [{**SPEC, "data": {"values": [{"a": 1}] * 20_001}}]}}, "layer[0].data.values has 20,001 rows"),
            ("spec", {"spec": {**SPEC, "datasets": {"d": [{"a": 1}] * 20_001}}}, "datasets.d has 20,001 rows"),
            ("spec", {"spec": {**SPEC, "params": [{"name": "p", "value": float("nan")}]}}, "NaN"),
        ]),
    )  # fmt: skip
    async def test_with_words_that_help(self, argument, arguments, words):
        assert words in await problem(argument, **arguments)

    async def test_a_deep_spec(self):
        deep: dict = {}
        for _ in range(5000):
            deep = {"a": deep}
        assert "nested too deeply" in await problem("spec", spec={**SPEC, "usermeta2": deep})

    async def test_a_long_spec(self, monkeypatch):
        monkeypatch.setattr(chart_drawing, "SPEC_SIZE", 1000)
        assert "at most 1,000" in await problem("spec", spec=SPEC)

    async def test_a_file_outside_the_allowed_folders(self, tmp_path):
        (tmp_path / "in").mkdir()
        (tmp_path / "out.csv").write_text("a,b\nx,1\n")
        assert "not in an allowed folder" in await problem(
            "data", kind="bar", data=str(tmp_path / "out.csv"), places=Places(allow=(tmp_path / "in",))
        )
