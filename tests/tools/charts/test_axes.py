"""Labels along an axis: numbers as people write them, and fields that nobody had to name."""

import datetime
import itertools
import re

import pytest
from chart_specs import vega_lite
from long_rows import one_in

from imagebridge.pictures.decode import opened
from imagebridge_tools import generate_chart

vl_convert = pytest.importorskip("vl_convert")
pytestmark = pytest.mark.anyio


async def ticks(**arguments):
    """Return the words that a chart has along its axes."""
    made = await vega_lite(**arguments)
    svg = vl_convert.vegalite_to_svg(made, allowed_base_urls=[])
    groups = re.findall(r'role-axis-label".*?</g>', svg, re.DOTALL)
    return {word for group in groups for word in re.findall(r"<text[^>]*>([^<]*)</text>", group)}


WHOLE = {
    "a line": {"kind": "line", "data": [{"x": n, "y": n} for n in range(12)]},
    "a short line": {"kind": "line", "data": {"x": [0, 1, 2], "n": [1, 2, 2]}},
    "one step": {"kind": "scatter", "data": {"x": [4, 5], "y": [0, 1]}},
    "an area": {"kind": "area", "data": {"x": [1, 2, 3, 4], "y": [-5, 3, -2, 8]}},
    "bars": {"kind": "bar", "data": {"m": ["a", "b", "c"], "n": [1, 2, 3.0]}},
    "lying bars": {"kind": "bar", "data": {"n": [1, 2], "m": ["a", "b"]}, "columns": {"x": "n", "y": "m"}},
    "layers": {"kind": ["line", "scatter"], "data": {"m": [0, 1, 2], "a": [1, 2, 3], "b": [2, 3, 2]}, "columns": {"x": "m", "y": ["a", "b"]}},
    "counts": {"kind": "histogram", "data": {"v": [3]}},
    "small charts": {"kind": "line", "data": {"x": [1, 2] * 2, "y": [1, 2, 3, 2], "f": ["p", "p", "q", "q"]}, "columns": {"facet": "f"}},
    "a spec": {"spec": {"mark": "point", "encoding": {c: {"field": c, "type": "quantitative"} for c in "xy"}}, "data": {"x": [1, 2, 3], "y": [0, 1, 2]}},
}  # fmt: skip


@pytest.mark.parametrize("arguments", one_in(3, WHOLE.values()), ids=WHOLE)
async def test_whole_numbers_are_told_as_whole(arguments):
    words = await ticks(**arguments)
    assert any(re.search(r"\d", word) for word in words)
    assert not [word for word in words if "." in word]


@pytest.mark.parametrize(
    ("numbers", "told"),
    one_in(
        3,
        [
            ([2.5e13, 4.5e12], {"0", "10T", "20T"}),
            ([5e9, 1e9], {"1B", "5B"}),
            ([2e-6, 1e-6], {"0", "1e-6", "2e-6"}),
            ([2e18, 1e18], {"0", "1e+18", "2e+18"}),
            ([9_000_000, 1], {"9,000,000"}),
            ([0.5, 1.0], {"0.5", "1.0"}),
        ],
    ),
)
async def test_long_numbers_are_short(numbers, told):
    assert told <= await ticks(kind="bar", data={"m": ["a", "b"], "n": numbers})


async def test_a_format_that_was_asked_for_wins():
    words = await ticks(kind="bar", data={"m": ["a"], "n": [3]}, formats={"y": ".2f"})
    assert {"0.00", "3.00"} <= words


async def test_shares_keep_their_ticks():
    definition = {"field": "n", "type": "quantitative", "stack": "normalize"}
    spec = {"mark": "bar", "encoding": {"y": definition, "color": {"field": "m"}}}
    assert "50%" in await ticks(spec=spec, data={"m": ["a", "b"], "n": [1, 2]})


async def test_a_box_without_height_is_seen():
    (picture,) = (await generate_chart(kind="box", data=[{"a": 3}])).pictures
    colors = opened(picture.data).convert("RGB").getcolors(1 << 20)
    assert sum(count for count, color in colors if color == (47, 111, 176)) > 100


@pytest.mark.parametrize(
    ("count", "columns"),
    one_in(
        2,
        [(2, 2), (7, 4), *(pytest.param(*one, marks=pytest.mark.long) for one in ((4, 2), (12, 4), (24, 6)))],
    ),
)
async def test_small_charts_fill_the_picture(count, columns):
    data = [{"q": q, "f": f"f{n}", "v": (q * n) % 5} for n in range(count) for q in range(4)]
    arguments = {"kind": "line", "data": data, "columns": {"x": "q", "y": "v", "facet": "f"}}
    made = await vega_lite(**arguments)
    assert made["columns"] == columns
    sizes = made["spec"]["width"], made["spec"]["height"]
    assert sizes[0] * sizes[1] * count >= 0.25 * 800 * 500
    words = (await generate_chart(**arguments)).sentence
    assert words.endswith("PNG, 800x500 px, " + words.rpartition("px, ")[2])
    assert "cannot be made to fit" not in words


async def test_short_labels_of_small_charts_stand_level():
    data = [{"q": f"Q{q}", "f": f"f{n}", "v": q} for n in range(7) for q in range(4)]
    made = await vega_lite(kind="bar", data=data, columns={"x": "q", "y": "v", "facet": "f"})
    assert made["spec"]["encoding"]["x"]["axis"]["labelAngle"] == 0


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        ("line", {"name": ["a", "b"], "x": [1, 2], "y": [3, 4]}, "x 'x', y 'y'; "),
        ("scatter", {"y": [1, 2], "x": [3, 4]}, "x 'x', y 'y'; "),
        ("bar", {"y": [1, 2], "x": ["a", "b"], "color": ["c", "d"]}, "x 'x', y 'y', color 'color'; "),
        ("line", {"t": [1, 1, 2, 2], "v": [1, 2, 3, 4], "s": list("abab")}, "x 's', y 't'"),
        ("line", {"x": [1, 1, 2, 2], "y": [1, 2, 3, 4], "s": list("abab")}, "x 'x', y 'y', color 's'; "),
        ("area", {"day": ["2026-01-01", "2026-01-02"] * 2, "v": [1, 2, 3, 4], "s": list("aabb")}, "x 'day', y 'v', color 's'; "),
        ("line", {"x": [1, 1, 2, 2], "y": [1, 2, 3, 4], "s": list("aabb")}, "x 'x', y 'y'; "),
    ],
)  # fmt: skip
async def test_fields_that_nobody_named(kind, data, told):
    assert told in (await generate_chart(kind=kind, data=data)).sentence


def days(count):
    """Return so many days after each other, the first of November first."""
    first = datetime.date(2025, 11, 1)
    return [(first + datetime.timedelta(days=n)).isoformat() for n in range(count)]


NUMBERS = [(n * 37) % 90 + 5 for n in range(400)]
MANY_DAYS = {
    "bars": lambda count: {"kind": "bar", "data": {"d": days(count), "v": NUMBERS[:count]}},
    "a heatmap": lambda count: {
        "kind": "heatmap",
        "data": [{"d": day, "k": k, "v": n} for n, day in enumerate(days(count)) for k in "ab"],
        "columns": {"x": "d", "y": "k", "color": "v"},
    },
    "ordinal days of a spec": lambda count: {
        "spec": {
            "data": {"values": [{"d": day, "v": n} for n, day in enumerate(days(count))]},
            "mark": "bar",
            "encoding": {"x": {"field": "d", "type": "ordinal"}, "y": {"field": "v", "type": "quantitative"}},
        }
    },
}


@pytest.mark.parametrize("count", one_in(4, [30, 61, 200, 400]))
@pytest.mark.parametrize("made", one_in(2, MANY_DAYS.values()), ids=MANY_DAYS)
async def test_many_days_get_few_level_labels(made, count):
    svg = vl_convert.vegalite_to_svg(await vega_lite(**made(count)))
    labels = re.search(r'role-axis-label".*?</g>', svg[svg.index('"X-axis') :], re.DOTALL)[0]
    assert "rotate" not in labels
    at = [float(x) for x in re.findall(r"<text[^>]*translate\(([\d.]+),", labels)]
    shown = [line for line in re.findall(r">([^<>]+)</t", labels) if not line.isdigit()]
    assert shown[0] == "1 Nov"
    assert 4 <= len(shown) <= 20
    assert min(after - before for before, after in itertools.pairwise(at)) >= 45
    assert ">2025<" in labels
    assert (">2026<" in labels) == (count > 61)


@pytest.mark.parametrize("step", one_in(3, [8, 12, 20, 40, 90]))
async def test_labels_stand_apart_whatever_the_step(step):
    names = [f"Region number {n}" for n in range(30)]
    spec = {
        "width": {"step": step},
        "data": {"values": [{"d": name, "v": n} for n, name in enumerate(names)]},
        "mark": "bar",
        "encoding": {"x": {"field": "d"}, "y": {"field": "v", "type": "quantitative"}},
    }
    made = await vega_lite(spec=spec)
    angle, size = (made["encoding"]["x"]["axis"][key] for key in ("labelAngle", "labelFontSize"))
    across = {0: 1, -45: 1.45, -90: 1}[angle] * size * 1.2
    assert angle == 0 or across <= step or made["encoding"]["x"]["axis"]["labelOverlap"] is True


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_line_of_zero_is_seen_where_values_are_negative(theme):
    made = await vega_lite(kind="bar", data={"k": ["a", "b"], "v": [3, -2]}, theme=theme)
    svg = vl_convert.vegalite_to_svg(made)
    grid = re.search(r'role-axis-grid".*?</g>', svg, re.DOTALL)[0]
    colors = re.findall(r'stroke="(#\w+)"', grid)
    quiet = made["config"]["axis"]["domainColor"]
    assert colors.count(quiet) == 1
    assert set(colors) == {quiet, made["config"]["axis"]["gridColor"]}


@pytest.mark.parametrize(
    ("title", "shown", "told"),
    one_in(
        3,
        [
            ("Fruit \U0001f34e sales", "Fruit sales", "left out, because no font contains them: \U0001f34e"),
            ("\U0001f680\ufe0f Growth", "Growth", "left out, because no font contains them: \U0001f680"),
            ("Growth", "Growth", ""),
            # Several in a row, joined, flags, tones of skin, keys, tags: each is one picture.
            (
                "Fruit \U0001f34e\U0001f34c\U0001f347",
                "Fruit",
                "left out, because no font contains them: \U0001f34e \U0001f34c \U0001f347",
            ),
            (
                "Us \U0001f469\u200d\U0001f469\u200d\U0001f467",
                "Us",
                "left out, because no font contains them: \U0001f469\u200d\U0001f469\u200d\U0001f467",
            ),
            (
                "Rhine \U0001f1e9\U0001f1ea",
                "Rhine",
                "left out, because no font contains them: \U0001f1e9\U0001f1ea",
            ),
            (
                "OK \U0001f44d\U0001f3fd",
                "OK",
                "left out, because no font contains them: \U0001f44d\U0001f3fd",
            ),
            ("No. 1\ufe0f\u20e3", "No. 1", "left out, because no font contains them: \ufe0f\u20e3"),
        ],
    ),
)
async def test_emoji_that_no_font_has_are_left_out(title, shown, told):
    def arguments(words):
        data = {words: [words, "b"], "v": [1, 2], "c": ["d", words]}
        columns = {"x": words, "y": "v", "color": "c"}
        return {"kind": "bar", "data": data, "columns": columns, "title": words}

    answer, plain = await generate_chart(**arguments(title)), await generate_chart(**arguments(shown))
    of_spec = await generate_chart(spec={**await vega_lite(**arguments(title)), "title": title})
    if told not in answer.sentence:  # This system has a font with pictures.
        assert "boxes" not in answer.sentence
        return
    assert told in of_spec.sentence
    assert "boxes" not in answer.sentence + of_spec.sentence
    # What is left stands at most where the emoji would have made it longer.
    ink = [_ink(one.pictures[0]) for one in (answer, plain)]
    assert abs(ink[0] - ink[1]) <= 0.1 * ink[1]


def _ink(picture):
    """Return how many pixels of a chart are dark letters or lines."""
    return sum(opened(picture.data).convert("L").histogram()[:90])


@pytest.mark.parametrize("count", one_in(2, [30, 90, 400]))
@pytest.mark.parametrize("kind", one_in(2, ["bar", "heatmap"]))
async def test_many_days_down_a_side_get_few_labels(kind, count):
    data = {"d": days(count), "v": NUMBERS[:count], "k": ["a"] * count}
    columns = {"bar": {"x": "v", "y": "d"}, "heatmap": {"x": "k", "y": "d", "color": "v"}}[kind]
    svg = vl_convert.vegalite_to_svg(await vega_lite(kind=kind, data=data, columns=columns))
    labels = re.search(r'role-axis-label".*?</g>', svg[svg.index('"Y-axis') :], re.DOTALL)[0]
    at = sorted(float(y) for y in re.findall(r"translate\([-\d.]+,([-\d.]+)\)", labels))
    assert 4 <= len(at) <= 25
    assert min(after - before for before, after in itertools.pairwise(at)) >= 15
    assert ">1 Nov 2025<" in labels
    assert "2026" in labels or count == 30


HISTOGRAMS = {
    "whole": [(n * 37) % 90 for n in range(300)],
    "parts": [((n * 37) % 101) / 7 for n in range(300)],
    "negative": [((n * 37) % 101) / 7 - 8 for n in range(300)],
    "large": [1e9 * ((n * 37) % 90) for n in range(300)],
    "small": [1e-5 * ((n * 37) % 90) for n in range(300)],
    "gaps": [0, 0, 1, 1, 2, 50, 51, 52, 99],
    "one": [3],
    "few": [0, 0, 1, 1, 2, 3, 4] * 9,
}


@pytest.mark.parametrize("width", one_in(2, [300, 800]))
@pytest.mark.parametrize("numbers", one_in(3, HISTOGRAMS.values()), ids=HISTOGRAMS)
async def test_ticks_of_a_histogram_stand_on_edges(numbers, width):
    made = await vega_lite(kind="histogram", data={"v": numbers}, width=width, height=300)
    edges = {row[key] for row in made["data"]["values"] for key in ("x", "x2")}
    ticks = made["encoding"]["x"]["axis"]["values"]
    each = min(row["x2"] - row["x"] for row in made["data"]["values"])
    assert len(ticks) >= 2
    assert ticks[0] == min(edges)
    assert all(tick in edges or round((tick - min(edges)) / each, 6).is_integer() for tick in ticks)
    assert max(ticks) <= max(edges)
    svg = vl_convert.vegalite_to_svg(made, allowed_base_urls=[])
    shown = re.search(r'role-axis-tick".*?</g>', svg[svg.index('"X-axis') :], re.DOTALL)[0]
    assert shown.count("<line") == len(ticks)


@pytest.mark.parametrize(
    "unit", one_in(3, ["month", "yearmonth", "yearmonthdate", "hours", "day", "yearquarter"])
)
@pytest.mark.parametrize("size", one_in(3, [{}, {"width": {"step": 6}}, {"width": {"step": 40}}]))
async def test_units_of_time_lie_level(unit, size):
    x = {"field": "d", "timeUnit": unit, "type": "ordinal"}
    rows = [{"d": day, "v": n} for n, day in enumerate(days(61))]
    encoding = {"x": x, "y": {"field": "v", "type": "quantitative", "aggregate": "mean"}}
    made = await vega_lite(spec={"data": {"values": rows}, "mark": "bar", "encoding": encoding, **size})
    svg = vl_convert.vegalite_to_svg(made)
    labels = re.search(r'role-axis-label".*?</g>', svg[svg.index('"X-axis') :], re.DOTALL)[0]
    assert "rotate" not in labels
    assert re.search(r">\w[^<>]*</text", labels)


async def test_an_angle_that_was_asked_for_stays():
    x = {"field": "d", "timeUnit": "month", "type": "ordinal", "axis": {"labelAngle": -30}}
    spec = {"data": {"values": [{"d": days(1)[0]}]}, "mark": "bar", "encoding": {"x": x}}
    assert (await vega_lite(spec=spec))["encoding"]["x"]["axis"]["labelAngle"] == -30


@pytest.mark.parametrize(
    "numbers", one_in(3, [[9, 34, 20], [0, 119, 3], [-7, 13, 2], [0.2, 0.93, 0.5], [1e9, 7.7e9, 3e9]])
)
@pytest.mark.parametrize("kind", one_in(2, ["heatmap", "scatter"]))
async def test_a_legend_of_shades_reaches_from_the_lowest_to_the_highest(kind, numbers):
    places = {"heatmap": ["a", "b", "c"], "scatter": [1, 2, 3]}[kind]
    data = {"x": places, "y": places, "v": numbers}
    made = await vega_lite(kind=kind, data=data, columns={"x": "x", "y": "y", "color": "v"})
    svg = vl_convert.vegalite_to_svg(made)
    words = re.search(r'role-legend-label".*?</g>', svg, re.DOTALL)[0]
    told = [
        float(word.replace(",", "").replace("\u2212", "-")) for word in re.findall(r">([^<>]+)</text", words)
    ]
    assert min(told) <= min(numbers)
    assert max(told) >= max(numbers)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "color",
    one_in(
        3,
        [
            {"bin": {"step": 10}},
            {"scale": {"type": "threshold", "domain": [10, 20, 30, 40, 50]}, "type": "quantitative"},
            {"scale": {"type": "quantize", "domain": [0, 60], "nice": False}, "type": "quantitative"},
            {"type": "ordinal"},
        ],
    ),
    ids=["bins", "threshold", "quantize", "ordinal"],
)
async def test_steps_of_colour_have_as_many_shades(color, theme):
    encoding = {
        "x": {"field": "v", "type": "ordinal", "axis": {"labels": False}},
        "color": {"field": "v", **color},
    }
    spec = {"data": {"values": [{"v": n} for n in range(5, 60, 10)]}, "mark": "rect", "encoding": encoding}
    svg = vl_convert.vegalite_to_svg(await vega_lite(spec=spec, theme=theme))
    shades = re.findall(r'fill="([^"]+)"', re.search(r"mark-rect role-mark.*?</g>", svg, re.DOTALL)[0])
    assert len(shades) == 6
    assert len(set(shades)) == (5 if color.get("scale", {}).get("type") == "quantize" else 6)


async def test_a_legend_without_room_counts_the_rest():
    data = {"k": [f"slice {n}" for n in range(40)], "v": [n + 1 for n in range(40)]}
    svg = vl_convert.vegalite_to_svg(await vega_lite(kind="pie", data=data, width=300, height=220))
    assert re.search(r"\u2026\d+ entries", svg)


@pytest.mark.parametrize("names", [["a", "b"], [f"Label number {n}" for n in range(60)]], ids=["two", "many"])
@pytest.mark.parametrize("width", one_in(2, [300, 800]))
async def test_labels_that_nobody_knows_stand_apart(names, width):
    rows = [{"k": name, "v": n} for n, name in enumerate(names)]
    transform = [{"calculate": "datum.k + ''", "as": "z"}]
    encoding = {"x": {"field": "z"}, "y": {"field": "v", "type": "quantitative"}}
    spec = {"data": {"values": rows}, "transform": transform, "mark": "bar", "encoding": encoding}
    svg = vl_convert.vegalite_to_svg(await vega_lite(spec=spec, width=width, height=220))
    labels = re.search(r'role-axis-label".*?</g>', svg[svg.index('"X-axis') :], re.DOTALL)[0]
    at = sorted(float(x) for x in re.findall(r'"translate\(([-\d.]+),[^>]*opacity="1"', labels))
    assert len(at) >= 2
    assert min(after - before for before, after in itertools.pairwise(at)) >= 11
