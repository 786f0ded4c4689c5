"""generate_chart: what is drawn, what is said of it, what is refused."""

import itertools
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from imagebridge.errors import ArgumentError
from imagebridge.translate.decode import opened
from imagebridge_tools import chart, generate_chart
from imagebridge_tools.look import PALETTE

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
        answer = await generate_chart(
            kind="bar", data=[{"a.b": "x", "c[0]'\"": 1}, {"a.b": "y", "c[0]'\"": 2}]
        )
        assert colors(answer)[BLUE] > 10_000


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
        [
            (
                {"kind": "bar", "data": SALES, "title": "Sales"},
                "Bar chart \"Sales\" of 3 rows: x 'month', y 'sales'; sales from -10 (Feb) to 50 (Mar). PNG, 800x500 px, ",
            ),
            (
                {"kind": "bar", "data": SALES + SALES},
                "Bar chart of 6 rows: x 'month', y 'sales'; sales from -20 (Feb) to 100 (Mar); rows of the same place",
            ),
            (
                {"kind": "line", "data": [*SALES, {"month": "Apr", "sales": None, "note": "?"}]},
                "Line chart of 4 rows: x 'month', y 'sales'; sales from -10 (Feb) to 50 (Mar); left out: 1 row",
            ),
            (
                {"kind": "scatter", "data": {"a": [1, 2], "b": ["3.25", "1200000"]}},
                "Scatter chart of 2 rows: x 'a', y 'b'; b from 3.25 (1) to 1,200,000 (2). PNG",
            ),
            (
                {"spec": {**SPEC, "title": "Sales"}},
                "Vega-Lite chart \"Sales\" of bar marks over 3 rows: 'month' (nominal), 'sales' (quantitative). PNG",
            ),
        ],
    )
    async def test_the_sentence(self, arguments, sentence):
        assert (await generate_chart(**arguments)).sentence.startswith(sentence)


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("argument", "arguments", "words"),
        [
            ("spec", {}, "give one of spec and kind"),
            ("spec", {"kind": "bar", "spec": SPEC}, "not both"),
            ("kind", {"kind": "bars", "data": SALES}, "did you mean 'bar'? there are bar, line, area, scatter, pie"),
            ("data", {"kind": "bar"}, "is missing"),
            ("data", {"kind": "bar", "data": []}, "is empty"),
            ("columns", {"kind": "bar", "data": SALES, "columns": {"y": "salse"}}, "did you mean 'sales'?"),
            ("columns", {"kind": "bar", "data": SALES, "columns": {"colour": "month"}}, "x, y, color, facet"),
            ("columns", {"kind": "line", "data": SALES, "columns": {"x": "sales", "y": "month"}}, "holds 'Jan'; a line chart needs numbers there. Fields of numbers: 'sales'"),
            ("columns", {"kind": "bar", "data": [{"a": "b"}]}, "no field of numbers"),
            ("columns", {"spec": SPEC, "columns": {"x": "month"}}, "goes with kind"),
            ("data", {"kind": "pie", "data": SALES}, "'Feb' has -10"),
            ("data", {"kind": "pie", "data": [{"a": "x", "b": 0}]}, "add up to 0"),
            ("width", {"kind": "bar", "data": SALES, "width": 20}, "150 or more"),
            ("width", {"kind": "bar", "data": SALES, "width": 4000, "height": 4000}, "16,000,000 pixels"),
            ("columns", {"kind": "bar", "data": [{"a": "x", "b": 1, "c": n} for n in range(30)], "columns": {"facet": "c"}}, "facet 'c' has 30 different values; at most 24"),
            ("columns", {"kind": "bar", "data": [{"a": str(n), "b": 1} for n in range(501)], "columns": {"x": "a"}}, "at most 500"),
            ("spec", {"spec": '{"mark": bar}'}, "line 1, column 10"),
            ("spec", {"spec": "[]"}, "is no object"),
            ("spec", {"spec": {}}, "has no mark"),
            ("spec", {"spec": {**SPEC, "mark": "bra"}}, "did you mean 'bar'?"),
            ("spec", {"spec": {**SPEC, "encoding": {"colour": {"field": "month"}}}}, "did you mean 'color'?"),
            ("spec", {"spec": {**SPEC, "encoding": {"x": {"field": "month", "type": "numeric"}}}}, "encoding.x.type"),
            ("spec", {"spec": {**SPEC, "encoding": {"x": {"field": "mouth"}}}}, "did you mean 'month'?"),
            ("spec", {"spec": {**SPEC, "encoding": {"x": "month"}}}, 'write {"field": ...'),
            ("spec", {"spec": {"$schema": "https://vega.github.io/schema/vega/v6.json", "marks": []}}, "is Vega;"),
            ("spec", {"spec": {**SPEC, "transform": [{"calculate": "datum.sales +", "as": "c"}]}}, "Unexpected end of input"),
            ("spec", {"spec": {**SPEC, "transform": [{"filter": "datum.sales > 99"}]}}, "came out blank"),
            ("spec", {"spec": {**SPEC, "width": 30_000, "height": 30_000}}, "over 8,000,000; make it smaller"),
            ("spec", {"spec": {**SPEC, "data": {"values": [{"a": 1}] * 20_001}}}, "data.values has 20,001 rows"),
            ("spec", {"spec": {**SPEC, "datasets": {"d": [{"a": 1}] * 20_001}}}, "datasets.d has 20,001 rows"),
            ("spec", {"spec": {**SPEC, "params": [{"name": "p", "value": float("nan")}]}}, "NaN"),
        ],
    )  # fmt: skip
    async def test_with_words_that_help(self, argument, arguments, words):
        assert words in await problem(argument, **arguments)

    async def test_a_deep_spec(self):
        deep: dict = {}
        for _ in range(5000):
            deep = {"a": deep}
        assert "nested too deeply" in await problem("spec", spec={**SPEC, "usermeta2": deep})

    async def test_a_long_spec(self, monkeypatch):
        monkeypatch.setattr(chart, "SPEC_SIZE", 1000)
        assert "at most 1,000" in await problem("spec", spec=SPEC)

    async def test_a_file_outside_the_allowed_folders(self, tmp_path):
        (tmp_path / "in").mkdir()
        (tmp_path / "out.csv").write_text("a,b\nx,1\n")
        assert "not below" in await problem(
            "data", kind="bar", data=str(tmp_path / "out.csv"), allow=[tmp_path / "in"]
        )


class TestNothingIsReadFromASpec:
    @pytest.mark.parametrize(
        "address",
        ["/etc/hostname", "file:///etc/hostname", "http://127.0.0.1:9/x", "//host/x", "x.csv", "FILE:///x"],
    )
    @pytest.mark.parametrize(
        "spec",
        [
            lambda url: {**SPEC, "data": {"url": url}},
            lambda url: {**SPEC, "transform": [{"lookup": "a", "from": {"data": {"url": url}, "key": "a"}}]},
            lambda url: {"layer": [SPEC, {**SPEC, "data": {"url": url}}]},
            lambda url: {
                **SPEC,
                "data": {"url": url, "format": {"type": "topojson", "feature": "f"}},
                "mark": "geoshape",
            },
            lambda url: {"data": {"values": SALES}, "mark": {"type": "image", "url": url}},
            lambda url: {"data": {"values": SALES}, "mark": "image", "encoding": {"url": {"value": url}}},
            lambda url: {**SPEC, "mark": {"type": "bar", "href": url}},
        ],
        ids=["data", "lookup", "layer", "geoshape", "mark", "channel", "href"],
    )
    async def test_by_a_written_address(self, spec, address):
        assert "not read from a spec" in await problem("spec", spec=spec(address))

    @pytest.mark.parametrize(
        "spec",
        [
            {"data": {"values": [{"u": "/etc/x.png"}]}, "mark": "image", "encoding": {"url": {"field": "u"}}},
            {
                "data": {"values": [{"u": "file:///etc/x.png"}]},
                "mark": "image",
                "encoding": {"url": {"field": "u"}},
            },
            {
                "data": {"values": [{"u": 1}]},
                "transform": [{"calculate": "'fi' + 'le:///etc/x.png'", "as": "u"}],
                "mark": "image",
                "encoding": {"url": {"field": "u"}},
            },
            {"data": {"values": [{"u": 1}]}, "mark": {"type": "image", "url": {"expr": "'/etc/' + 'x.png'"}}},
        ],
        ids=["path", "url", "calculated", "expression"],
    )
    async def test_by_a_picture_in_the_rows(self, spec):
        assert "files and web addresses are not read" in await problem("spec", spec=spec)

    async def test_a_server_is_never_asked(self):
        asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_error(404)

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            Thread(target=server.serve_forever, args=(0.01,)).start()
            url = f"http://127.0.0.1:{server.server_port}/x.png"
            rows = {"data": {"values": [{"u": url, "half": url[4:]}]}, "mark": "image"}
            for encoding in ({"url": {"field": "u"}}, {"url": {"field": "v"}}):
                spec = {
                    **rows,
                    "transform": [{"calculate": "'http' + datum.half", "as": "v"}],
                    "encoding": encoding,
                }
                await problem("spec", spec=spec)
            server.shutdown()
        assert asked == []

    async def test_a_column_called_url_is_only_data(self):
        rows = [{"url": "https://example.com/a", "visits": 3}, {"url": "https://example.com/b", "visits": 5}]
        spec = {
            "data": {"values": rows},
            "mark": "bar",
            "encoding": {"x": {"field": "url"}, "y": {"field": "visits"}},
        }
        assert (await generate_chart(spec=spec)).pictures
        assert (await generate_chart(kind="bar", data=rows)).pictures
