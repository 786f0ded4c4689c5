"""Nothing is cut off: however long the names, the outermost pixels are empty, and a plot remains."""

import json
import re

import pytest
from long_rows import one_in

from imagebridge.pictures.decode import opened
from imagebridge_tools import generate_chart
from imagebridge_tools.charts import axes, chart_drawing
from imagebridge_tools.charts.theme import PALETTE, style

vl_convert = pytest.importorskip("vl_convert")
pytestmark = pytest.mark.anyio

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"]
LONG = "Total net consumption of renewable electricity per inhabitant (kWh/year)"
OFFICES = ["Department of Health and related", "Ministry of Finance", "Office for Statistics", "Agency"]
ONE = [{"month": month, LONG: number % 4} for number, month in enumerate(MONTHS)]
FOUR = [
    {"month": month, LONG: number * 3 % 11, "office": office}
    for office in OFFICES
    for number, month in enumerate(MONTHS)
]
REGIONS = [
    {"m": month, "v": n % 4, "region": f"Department of Health and Social Affairs of the northern regions {r}"}
    for r in range(5)
    for n, month in enumerate(MONTHS)
]
SURVEY = {
    "value": [4_567_890, 2_000_000, 1_300_000, 3_900_000],
    "name": ["Customer satisfaction survey", "North America and Canada", "x", "Asia"],
}
LYING = {"kind": "bar", "data": SURVEY, "columns": {"x": "value", "y": "name"}}
WORDS = {"title": "A title so long that it takes two lines of its picture: " + LONG, "subtitle": "A subtitle"}
SERIES = {"columns": {"x": "month", "y": LONG, "color": "office"}, "data": FOUR}
OWN = {"mark": "line", "encoding": {"x": {"field": "month"}, "y": {"field": LONG, "type": "quantitative"}}}
MEAN = {**OWN, "encoding": {**OWN["encoding"], "y": {**OWN["encoding"]["y"], "aggregate": "mean"}}}

PICTURES = {
    "a title of 72 letters beside 300 pixels": {"kind": "line", "data": ONE, "height": 300, "title": "One"},
    "under two lines of title": {"kind": "line", **SERIES, **WORDS},
    "an area": {"kind": "area", **SERIES, **WORDS, "height": 300},
    "a heatmap": {"kind": "heatmap", "data": FOUR, "columns": {"x": "month", "y": "office", "color": LONG}, **WORDS},
    "boxes in a low picture": {"kind": "box", "data": FOUR, "columns": {"x": "month", "y": LONG}, "height": 180},
    "titles asked for": {"kind": "bar", "data": ONE, "titles": {"x": "word " * 30, "y": "other " * 25}},
    "a legend's title": {"kind": "line", **SERIES, "titles": {"color": "a long legend " * 7}},
    "a spec": {"spec": OWN, "data": ONE, "height": 300, "title": "One"},
    "a mean of a spec": {"spec": MEAN, "data": ONE, "height": 300, **WORDS},
    "large numbers under lying bars": {**LYING, "height": 400},
    "numbers of six digits": {**LYING, "data": {**SURVEY, "value": [480_000, 100, 0, 9]}, "width": 700},
    "a high picture": {**LYING, "data": {**SURVEY, "value": [100_000, 100, 0, 9]}, "width": 150, "height": 800},
    "capitals": {"kind": "line", "data": {"x": [1, 2], "y": [1, 2]}, "title": "ANNUAL REVENUE AND COMMUNITY MEMBERSHIP GROWTH SUMMARY FOR WESTERN MUNICIPALITIES", "subtitle": "ALL OF THE NUMBERS ARE IN THOUSANDS OF DOLLARS AND WERE COLLECTED BY COMMUNITY MEMBERS"},
    "wide letters": {"kind": "line", "data": {"x": [1, 2], "y": [1, 2]}, "title": "東京都の人口と面積、そして歴史についての統計" * 3},
    "names of small charts beside a legend": {"kind": "line", "data": [{**row, "office": office, "v": row["v"] + n} for row in REGIONS[:18] for n, office in enumerate(OFFICES)], "columns": {"x": "m", "y": "v", "color": "office", "facet": "region"}},
    "names of small charts": {"kind": "bar", "data": REGIONS, "columns": {"x": "m", "y": "v", "facet": "region"}},
}  # fmt: skip


async def drawn(**arguments):
    """Return the picture and the drawing that it was made of."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chart_drawing, "RETURNED", 1_000_000)
        answer = await generate_chart(**arguments, return_spec=True)
    spec = json.loads(answer.sentence.split("Its Vega-Lite:\n")[1])
    if "spec" in arguments:
        spec = axes.labelled(spec, style(arguments.get("width", 800), arguments.get("height", 500)))
    return opened(answer.pictures[0].data).convert("RGB"), spec


def strips(image):
    width, height = image.size
    boxes = (0, 0, width, 2), (0, height - 2, width, height), (0, 0, 2, height), (width - 2, 0, width, height)
    return [image.crop(box) for box in boxes]


def clean(image):
    return all(
        strip.getcolors(10) == [(strip.width * strip.height, (255, 255, 255))] for strip in strips(image)
    )


@pytest.mark.parametrize("arguments", one_in(6, PICTURES.values()), ids=PICTURES)
async def test_long_names_stay_inside_and_leave_a_plot(arguments):
    image, spec = await drawn(**arguments)
    assert image.size == (arguments.get("width", 800), arguments.get("height", 500))
    assert clean(image)
    if "facet" in spec:
        area = 3 * spec["spec"]["width"] * spec["spec"]["height"]
    else:
        svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
        plot = re.search(r'role-frame [^>]*><g[^>]*><path[^>]*d="M[-\d.]+,[-\d.]+h([\d.]+)v([\d.]+)', svg)
        area = float(plot[1]) * float(plot[2])
    assert area >= 0.2 * image.width * image.height


@pytest.mark.parametrize("size", one_in(3, map(pytest.param, [(800, 500), (400, 300), (200, 150)])))
@pytest.mark.parametrize("kind", ["bar", "line"])
async def test_nothing_is_cut_off_at_the_edges(kind, size):
    rows = [{"day": f"2026-03-{9 + n:02d}", "visits": n * 1000} for n in range(8)]
    image, _ = await drawn(kind=kind, data=rows, width=size[0], height=size[1], title="Visits")
    assert image.size == size
    assert clean(image)


async def test_all_categories_have_their_labels():
    days = [f"2026-{month:02d}-15" for month in range(1, 13)]
    data = {"day": days, "a": list(range(12)), "b": list(range(5, 17))}
    _, spec = await drawn(kind=["bar", "line"], data=data, columns={"x": "day", "y": ["a", "b"]})
    svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    shown = re.findall(r"<text[^>]*>(2026-..-15)</text>", svg)
    assert shown == days
    assert not re.findall(r'<text[^>]*opacity="0"[^>]*>2026-', svg)


@pytest.mark.parametrize("size", [(150, 150), (150, 250), (200, 150), (800, 500)])
async def test_a_pie_is_larger_than_its_legend(size):
    data = {"by": ["cars", "trucks", "bicycles", "walking"], "share": [5, 3, 2, 1]}
    image, _ = await drawn(kind="pie", data=data, width=size[0], height=size[1])
    assert clean(image)
    colors = {tuple(bytes.fromhex(color[1:])) for color in PALETTE[:4]}
    inked = sum(count for count, color in image.getcolors(1 << 20) if color in colors)
    assert inked >= 0.1 * size[0] * size[1]


async def test_titles_are_whole_where_they_have_room():
    _, spec = await drawn(kind="line", data=ONE, height=300)
    lines = spec["encoding"]["y"]["title"]
    assert (" ".join(lines), len(lines)) == (LONG, 3)
    assert spec["encoding"]["x"]["title"] == "month"
