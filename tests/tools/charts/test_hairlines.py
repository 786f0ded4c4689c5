"""Bars shorter than a pixel are visible and mentioned, and only their ends are moved."""

import json
import re

import pytest
import vl_convert
from long_rows import one_in

from imagebridge_tools import generate_chart

pytestmark = pytest.mark.anyio

VIEWS = [("home", 1_234_567), ("blog", 98_765), ("shop", 432), ("none", 0), ("refunds", -300)]
ROWS = [{"page": page, "views": views} for page, views in VIEWS]
TOLD = "bars shorter than a pixel are drawn one pixel long so that they are visible"
UPRIGHT = re.compile(r'aria-roledescription="bar" d="([^"]*)"')


def lengths(spec, side):
    """Return how far each bar of a spec reaches along a side, 0 for x and 1 for y, as the engine draws it."""
    found = []
    for path in UPRIGHT.findall(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])):
        x = y = 0.0
        places = []
        for letter, rest in re.findall(r"([MLCHVhv])([^A-Za-z]*)", path):
            numbers = [float(one) for one in re.findall(r"-?[\d.]+(?:e-?\d+)?", rest)]
            match letter:
                case "h":
                    x += numbers[0]
                case "v":
                    y += numbers[0]
                case _:
                    x, y = numbers[-2:]
            places.append((x, y)[side])
        found.append(round(max(places) - min(places), 2))
    return found


async def drawn(**arguments):
    sentence, _, spec = (await generate_chart(**arguments, return_spec=True)).sentence.partition(
        "Its Vega-Lite:\n"
    )
    return sentence, json.loads(spec)


NAMED = [{**row, "page": f"a page with quite a long name, {row['page']}"} for row in ROWS]
FACETS = [{**row, "site": site} for site in "ab" for row in ROWS]
WITH_LINE = [{**row, "visits": visits} for row, visits in zip(ROWS, range(5), strict=True)]
BINS = [{"price": price} for price, count in [(1, 9000), (50, 1), (100, 3)] for _ in range(count)]


@pytest.mark.parametrize(
    ("arguments", "side", "shortest"),
    one_in(
        3,
        [
            pytest.param({"data": ROWS}, 1, [0, 1, 1], id="upright"),
            pytest.param({"data": ROWS, "columns": {"x": "views", "y": "page"}}, 0, [0, 1, 1], id="lying"),
            pytest.param({"data": NAMED, "width": 400}, 0, [0, 1, 1], id="lying for its names"),
            pytest.param({"data": ROWS, "labels": True}, 1, [0, 1, 1], id="with numbers"),
            pytest.param({"data": ROWS, "sort": "ascending"}, 1, [0, 1, 1], id="sorted"),
            pytest.param(
                {"data": FACETS, "columns": {"x": "page", "y": "views", "facet": "site"}},
                1,
                [0, 0, 1, 1, 1, 1],
                id="small charts",
            ),
            pytest.param(
                {"data": FACETS, "columns": {"x": "page", "y": "views", "color": "site"}},
                1,
                [0, 0, 1, 1, 1, 1],
                id="side by side",
            ),
            pytest.param(
                {
                    "kind": ["bar", "line"],
                    "data": WITH_LINE,
                    "columns": {"x": "page", "y": ["views", "visits"]},
                },
                1,
                [0, 1, 1],
                id="below a line of its own scale",
            ),
            pytest.param({"kind": "histogram", "data": BINS}, 1, [1, 1], id="bins"),
        ],
    ),
)
async def test_a_bar_whose_value_is_not_zero_is_one_pixel_long_and_told(arguments, side, shortest):
    sentence, spec = await drawn(**{"kind": "bar", **arguments})
    assert sorted(lengths(spec, side))[: len(shortest)] == shortest
    assert TOLD in sentence


@pytest.mark.parametrize(
    "arguments",
    one_in(
        3,
        [
            pytest.param({"data": [{"k": "a", "n": 400}, {"k": "b", "n": 3}]}, id="all long enough"),
            pytest.param({"data": [{"k": "a", "n": 0}, {"k": "b", "n": 0}]}, id="nothing but zeros"),
            pytest.param({"data": ROWS[:3], "scales": {"y": "log"}}, id="a log axis"),
            pytest.param({"data": ROWS[:3], "scales": {"y": "symlog"}}, id="a symlog axis"),
            pytest.param({"data": ROWS[:3], "ranges": {"y": [0, 500]}}, id="a range in which it is long"),
            pytest.param(
                {"data": FACETS, "columns": {"x": "page", "color": "site"}, "stack": True}, id="a stack"
            ),
        ],
    ),
)
async def test_other_bars_are_drawn_as_they_are(arguments):
    sentence, spec = await drawn(**{"kind": "bar", **arguments})
    assert "Offset" not in json.dumps(spec).replace('"xOffset": {"field"', "")
    assert "under a pixel" not in sentence


async def test_the_numbers_stay_what_they_are():
    sentence, spec = await drawn(kind="bar", data=ROWS)
    assert [(row["x"], row["y"]) for row in spec["data"]["values"]] == VIEWS
    assert "views from -300 (refunds) to 1,234,567 (home)" in sentence
