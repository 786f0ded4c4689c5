"""Numbers at marks: each is complete, inside the picture and not over other text, or it is left out and counted."""

import json
import math
import re

import pytest
import vl_convert
from long_rows import one_in
from PIL import ImageFont

from imagebridge.errors import ArgumentError
from imagebridge_tools import generate_chart
from imagebridge_tools.charts import log_axes
from imagebridge_tools.charts.engine import FONTS
from imagebridge_tools.charts.number_formats import written_number

pytestmark = pytest.mark.anyio

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905
OFFICES = [
    "Department of Agriculture and Rural Affairs",
    "Ministry of Health",
    "Office for National Statistics and Census",
    "Treasury",
    "Federal Agency for Cartography and Geodesy",
    "Transport",
    "Environment, Food and Housing",
    "Justice",
]
DAYS = [f"2026-{1 + at // 28:02}-{1 + at % 28:02}" for at in range(60)]


def some(count, low, high, places=0):
    """Return numbers from `low` to `high` in no order, the same on every machine."""
    each = [low + (high - low) * (at * 0.6180339887498949 % 1) for at in range(1, count + 1)]
    return [round(one, places) if places else int(one) for one in each]


def table(places, numbers, **series):
    """Return columns: each place as often as there are series, whose names repeat."""
    for name, values in series.items():
        names = list(values) * len(places)
        return {"k": [place for place in places for _ in values], name: names, "v": numbers}
    return {"k": [*places], "v": numbers}


COLORED = {"x": "k", "y": "v", "color": "c"}
LYING = {"x": "v", "y": "k"}

CHARTS = {
    "bars": {"kind": "bar", "data": table(MONTHS, some(12, 1e6, 9e6))},
    "negative bars": {"kind": "bar", "data": table(MONTHS, some(12, -100, 100))},
    "bars side by side": {
        "kind": "bar",
        "data": table(MONTHS, some(24, 10, 1000), c="ab"),
        "columns": COLORED,
    },
    "bars on each other": {
        "kind": "bar",
        "data": table(MONTHS, some(36, 1, 1000), c="abc"),
        "columns": COLORED,
        "stack": True,
    },
    "lying bars": {"kind": "bar", "data": table(OFFICES, some(8, -9e6, 9e6)), "columns": LYING},
    "lines": {"kind": "line", "data": table(DAYS[:12], some(36, 100, 1000), c="abc"), "columns": COLORED},
    "points": {"kind": "scatter", "data": {"a": some(40, 0, 100, 1), "b": some(80, -100, 100, 2)[40:]}},
    "stacked areas": {
        "kind": "area",
        "data": table(DAYS[:12], some(36, 1, 1000), c="abc"),
        "columns": COLORED,
    },
    "a histogram": {"kind": "histogram", "data": {"v": some(300, 0, 100, 1)}},
    "a log axis": {
        "kind": "bar",
        "data": table(OFFICES[:6], [1, 12, 150, 1700, 25_000, 400_000]),
        "scales": {"y": "log"},
    },
    "small charts": {
        "kind": "bar",
        "data": table(MONTHS[:4], some(16, -10, 1000), c="nswe"),
        "columns": {"x": "k", "y": "v", "facet": "c"},
    },
    "a heatmap": {
        "kind": "heatmap",
        "data": {"a": [a for a in MONTHS for _ in "pqr"], "b": [*"pqr"] * 12, "v": some(36, -1e6, 1e6, 2)},
        "formats": {"color": ",.2f"},
    },
}

MORE = {
    "bars in a small picture": {**CHARTS["bars"], "width": 400, "height": 250},
    "bars in a tiny picture": {"kind": "bar", "data": table(MONTHS[:4], some(4, 1e3, 9e4)), "width": 200, "height": 150},
    "bars below zero": {"kind": "bar", "data": table(MONTHS, some(12, -100, -10))},
    "three bars": {"kind": "bar", "data": table("abc", [1, 2, 3])},
    "thirty bars": {"kind": "bar", "data": table([f"c{at}" for at in range(30)], some(30, 1e3, 9e3))},
    "a hundred names": {"kind": "bar", "data": table([f"category {at}" for at in range(100)], some(100, 1, 9e3))},
    "two hundred names": {"kind": "bar", "data": table([f"category {at}" for at in range(200)], some(200, 1, 9e3))},
    "bars of days": {"kind": "bar", "data": table(DAYS, some(60, 1, 50))},
    "four series of both signs": {
        "kind": "bar",
        "data": table(MONTHS[:6], some(24, -1000, 1000, 1), c="abcd"),
        "columns": COLORED,
    },
    "a stack of both signs": {
        "kind": "bar",
        "data": table(MONTHS[:5], some(15, -500, 1000), c="abc"),
        "columns": COLORED,
        "stack": True,
    },
    "shares": {
        "kind": "bar",
        "data": table(MONTHS[:5], some(15, 1, 1000), c="abc"),
        "columns": COLORED,
        "stack": "normalize",
    },
    "long names": {"kind": "bar", "data": table(OFFICES, some(8, 1e6, 9e6))},
    "lying bars below zero": {"kind": "bar", "data": table(OFFICES, some(8, -9e6, -10)), "columns": LYING},
    "lying bars in a small picture": {
        "kind": "bar",
        "data": table(OFFICES, some(8, -9e5, 9e6)),
        "columns": LYING,
        "width": 320,
        "height": 240,
    },
    "lying bars on each other": {
        "kind": "bar",
        "data": table(OFFICES, some(24, 1, 1e4), c="abc"),
        "columns": {**LYING, "color": "c"},
        "stack": True,
    },
    "lying bars side by side": {
        "kind": "bar",
        "data": table(OFFICES, some(24, 1, 1e4), c="abc"),
        "columns": {**LYING, "color": "c"},
    },
    "a lying log axis": {
        "kind": "bar",
        "data": table(OFFICES[:6], [1, 12, 150, 1700, 25_000, 400_000]),
        "columns": LYING,
        "scales": {"x": "log"},
    },
    "symlog": {"kind": "bar", "data": table(MONTHS[:6], [-100, 0, 12, 150, 1700, 25_000]), "scales": {"y": "symlog"}},
    "a range": {"kind": "bar", "data": table(MONTHS, some(12, 10, 120)), "ranges": {"y": [0, 100]}},
    "a format": {"kind": "bar", "data": table(MONTHS, some(12, 10, 1200)), "formats": {"y": "$,.2f"}},
    "a dark chart with a title": {
        "kind": "bar",
        "data": table(MONTHS, some(12, -100, 1000)),
        "theme": "dark",
        "title": "A title that is rather long for the picture and says quite a lot about what it shows",
    },
    "one line": {"kind": "line", "data": table(DAYS[:12], some(12, 10, 1000))},
    "six lines": {"kind": "line", "data": table(DAYS[:12], some(72, 100, 1000, 1), c="abcdef"), "columns": COLORED},
    "ninety points of a line": {"kind": "line", "data": table(range(90), some(90, -100, 1000)), "columns": {"x": "k", "y": "v"}},
    "a line over long names": {"kind": "line", "data": table(OFFICES, some(8, 1e5, 1e6)), "columns": {"x": "k", "y": "v"}},
    "a flat line": {"kind": "line", "data": table(MONTHS, [5] * 12), "columns": {"x": "k", "y": "v"}},
    "a line far above zero": {"kind": "line", "data": table(MONTHS, some(12, 1000, 1050)), "columns": {"x": "k", "y": "v"}},
    "a line on a log axis": {
        "kind": "line",
        "data": table(range(8), [10**at for at in range(8)]),
        "columns": {"x": "k", "y": "v"},
        "scales": {"y": "log"},
    },
    "small lines": {
        "kind": "line",
        "data": table(DAYS[:6], some(18, 100, 1000), c="abc"),
        "columns": {"x": "k", "y": "v", "facet": "c"},
    },
    "a line in a small picture": {"kind": "line", "data": table(DAYS[:12], some(12, 10, 1000)), "width": 300, "height": 200},
    "points in one place": {"kind": "scatter", "data": {"a": [1, 1, 1, 2, 2], "b": [3, 3, 3, 4, 4]}},
    "a hundred points": {"kind": "scatter", "data": {"a": some(100, 0, 100, 1), "b": some(200, 0, 100, 2)[100:]}},
    "one area": {"kind": "area", "data": table(DAYS[:12], some(12, 10, 1000))},
    "areas before each other": {
        "kind": "area",
        "data": table(DAYS[:12], some(36, 1, 1000), c="abc"),
        "columns": COLORED,
        "stack": False,
    },
    "a histogram on a log axis": {"kind": "histogram", "data": {"v": [at * at % 97 for at in range(300)]}, "scales": {"y": "log"}},
    "a histogram of names": {"kind": "histogram", "data": {"v": [OFFICES[at * at % 8] for at in range(60)]}},
    "a pie": {"kind": "pie", "data": table(OFFICES, some(8, 1, 100))},
    "small pies": {
        "kind": "pie",
        "data": table("abcdefghijklmno", some(180, 50, 60), c="uvwxyzabcdef"),
        "columns": {"x": "k", "y": "v", "facet": "c"},
    },
}  # fmt: skip


def box(item, x, y):
    """Return the corners of a text of a scenegraph, turned as it is."""
    lines = item["text"] if isinstance(item["text"], list) else [item["text"]]
    size = item.get("fontSize", 11)
    name = "Inter-SemiBold" if str(item.get("fontWeight")) in ("600", "700", "bold") else "Inter-Regular"
    font = ImageFont.truetype(str(FONTS / f"{name}.ttf"), size * 4)
    wide = max(font.getlength(str(line)) / 4 for line in lines)
    high = size * 0.73 + (len(lines) - 1) * item.get("lineHeight", size + 2)
    left = {"left": 0, "center": -wide / 2, "right": -wide}[item.get("align", "left")]
    above = {"alphabetic": -0.73, "top": 0.06, "middle": -0.43, "bottom": -0.94, "line-top": 0}
    top = above[item.get("baseline", "alphabetic")] * size
    radius, theta, turn = (
        item.get("radius") or 0,
        item.get("theta") or 0,
        math.radians(item.get("angle") or 0),
    )
    x, y = x + radius * math.sin(theta), y - radius * math.cos(theta)
    left, top = left + (item.get("dx") or 0), top + (item.get("dy") or 0)
    corners = [(left, top), (left + wide, top), (left + wide, top + high), (left, top + high)]
    return [
        (x + a * math.cos(turn) - b * math.sin(turn), y + a * math.sin(turn) + b * math.cos(turn))
        for a, b in corners
    ]


def texts(graph, x, y):
    """Yield the words that a scenegraph shows, each with its corners in pixels."""
    for item in graph.get("items", ()):
        at = x + (item.get("x") or 0), y + (item.get("y") or 0)
        if graph.get("marktype") == "group":
            for inner in item.get("items", ()):
                yield from texts(inner, *at)
        elif (
            graph.get("marktype") == "text" and str(item.get("text") or "").strip() and item.get("opacity", 1)
        ):  # Vega hides labels of axes that have no room so.
            yield str(item["text"]), box(item, *at)


def apart(first, second):
    """Tell whether a straight line keeps two rectangles, turned or not, from each other."""
    for corners in (first, second):
        for (x, y), (to_x, to_y) in zip(corners, corners[1:] + corners[:1], strict=True):
            across, along = to_y - y, x - to_x
            long = math.hypot(across, along) or 1
            here, there = ([(a * across + b * along) / long for a, b in one] for one in (first, second))
            if max(here) <= min(there) + 0.5 or max(there) <= min(here) + 0.5:
                return True
    return False


async def check(arguments):
    answer = await generate_chart(**arguments, labels=True, return_spec=True)
    told, _, spec = answer.sentence.partition("\n\nIts Vega-Lite:\n")
    vl_convert.register_font_directory(str(FONTS))
    graph = vl_convert.vegalite_to_scenegraph(spec, allowed_base_urls=[])
    words = [*texts(graph["scenegraph"], *graph["origin"])]
    out = [
        text
        for text, corners in words
        if not all(-1 <= x <= graph["width"] + 1 and -1 <= y <= graph["height"] + 1 for x, y in corners)
    ]
    over = [
        (first, second)
        for at, (first, here) in enumerate(words)
        for second, there in words[:at]
        if not apart(here, there)
    ]
    assert (out, over) == ([], [])
    return told, json.loads(spec)


@pytest.mark.parametrize("name", one_in(6, CHARTS))
async def test_no_word_lies_on_another_or_leaves_the_picture(name):
    told, spec = await check(CHARTS[name])
    counts_all(told, spec)


@pytest.mark.long
@pytest.mark.parametrize("name", MORE)
async def test_no_word_lies_on_another_in_more_charts(name):
    told, spec = await check(MORE[name])
    counts_all(told, spec)


def counts_all(told, spec):
    """See that the sentence counts the numbers that are not written."""
    rows = [row for row in spec["data"]["values"] if "label" in row]
    lacking = sum("dx" not in row for row in rows)
    if rows and lacking:
        assert (
            f"; {lacking} of the {len(rows)} numbers are not shown, because there is no room for them" in told
        )
    elif rows:
        assert "not shown" not in told


@pytest.mark.long
async def test_numbers_of_negative_lying_bars_stand_beside_the_names():
    _, spec = await check(CHARTS["lying bars"])
    rows = {row["y"]: (row["dx"], row["align"]) for row in spec["data"]["values"]}
    assert set(rows.values()) == {(5, "left"), (-5, "right")}


async def test_what_a_format_makes_long_is_measured_as_it_is_written():
    told, spec = await check({**CHARTS["bars side by side"], "formats": {"y": ",.4f"}, "width": 500})
    assert re.search(r"\d+ of the 24 numbers are not shown", told)
    assert any("dx" in row for row in spec["data"]["values"])


@pytest.mark.parametrize(
    ("kind", "cells", "ground", "found"),
    [
        ("log", [1, 400_000], True, (0.1, 1_000_000)),
        ("log", [3, 99_000], False, (1, 100_000)),
        ("log", [20, 80], False, (20, 100)),
        ("log", [20, 80], True, (5, 100)),
        ("log", [7, 7], False, (5, 10)),
        ("log", [0.0002, 0.8], True, (0.0001, 1)),
        ("symlog", [-100, 25_000], True, (-100, 50_000)),
        ("symlog", [0, 3], False, (0, 5)),
    ],
)
def test_where_log_axes_end(kind, cells, ground, found):
    assert log_axes.ends(kind, cells, ground=ground) == found


@pytest.mark.parametrize(
    ("kind", "low", "high", "most", "found"),
    [
        ("log", 1, 100_000, 10, [1, 10, 100, 1000, 10_000, 100_000]),
        ("log", 20, 100, 10, [20, 50, 100]),
        ("log", 0.1, 10_000_000, 5, [0.1, 10, 1000, 100_000, 10_000_000]),
        ("log", 1e-9, 1, 4, [1e-9, 1e-6, 1e-3, 1]),
        ("symlog", -100, 10_000, 10, [-100, -10, -1, 0, 1, 10, 100, 1000, 10_000]),
        ("symlog", 0, 1000, 4, [0, 1, 10, 100, 1000]),
    ],
)
def test_ticks_of_log_axes_name_the_top(kind, low, high, most, found):
    assert log_axes.ticks(kind, low, high, most) == pytest.approx(found)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"kind": "bar", "stack": True, "data": {**table("ab", [1, 2, 3, 4], c="pq")}}, "stacks are meaningless"),
        ({"kind": "histogram", "scales": {"x": "log"}}, "the bins of a histogram are of equal width; give the scale for y"),
        ({"kind": "line", "ranges": {"y": [0, 100]}}, "of y starts at 0, which a log axis cannot show"),
    ],
)  # fmt: skip
async def test_what_a_log_axis_cannot_show(arguments, words):
    data = {"k": [1, 2, 3], "v": [4, 5, 60]}
    with pytest.raises(ArgumentError, match=re.escape(words)):
        await generate_chart(**{"data": data, "scales": {"y": "log"}, **arguments})


@pytest.mark.parametrize("kind", ["histogram", "area", "bar"])
async def test_marks_on_a_log_axis_have_a_height(kind):
    data = {"v": [1] * 3 + [50] * 40} if kind == "histogram" else {"k": [1, 2], "v": [1, 1000]}
    answer = await generate_chart(kind=kind, data=data, scales={"y": "log"}, return_spec=True)
    spec = json.loads(answer.sentence.partition("\n\nIts Vega-Lite:\n")[2])
    low, _ = spec["encoding"]["y"]["scale"]["domain"]
    assert spec["encoding"]["y"]["stack"] is None
    assert low < 3 if kind == "histogram" else low < 1 or kind == "area"


@pytest.mark.parametrize(
    ("form", "value", "found"),
    [
        (",.2f", -1234.5, "−1,234.50"),
        (".0%", 0.256, "26%"),
        ("$,.2f", 1000, "$1,000.00"),
        (",d", 1200.0, "1,200"),
        (".3~s", 1_230_000, "00000"),
        ("~g", 12.5, "12.5"),
        ("x^12", 1, "−000,000,000"),
    ],
)
def test_how_long_a_number_is_in_a_format(form, value, found):
    assert written_number(value, form) == found
