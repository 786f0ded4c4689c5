"""Labels: legends in reading order, and horizontal categories."""

import re

import pytest
import vl_convert
from long_rows import one_in

from imagebridge_tools.charts import labels
from imagebridge_tools.charts.theme import merged, style


def places(legend, names):
    """Return where Vega writes the entries of a legend: [(x, y, name), ...]."""
    color = {"field": "n", "type": "nominal", "sort": None, "legend": {**legend, "symbolLimit": 0}}
    spec = {
        "data": {"values": [{"n": name, "y": 1} for name in names]},
        "mark": "arc",
        "encoding": {"theta": {"field": "y", "type": "quantitative"}, "color": color},
        "config": merged({}),
    }
    svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    entries = svg[svg.index("role-scope", svg.index("role-legend-entry")) :]
    found = re.findall(
        r'translate\(([\d.]+),([\d.]+)\)"><path[^>]*>.*?<text[^>]*>(.*?)</text>', entries, re.DOTALL
    )
    return [(float(x), float(y), re.sub("<[^>]*>", " ", text).strip()) for x, y, text in found]


@pytest.mark.parametrize("height", [100, 130, 200, 300])
@pytest.mark.parametrize("count", one_in(3, [7, 10, 13, 14, 16, 20]))
def test_a_legend_reads_down_its_columns_in_order(count, height):
    names = [f"p{number}" for number in range(count)]
    found = places(labels.legend(names, 800, height), names)
    assert [name for _, _, name in sorted(found)] == names[: len(found)]
    assert len(found) == count


@pytest.mark.long
def test_rows_of_a_legend_are_as_high_as_the_highest_of_their_columns():
    names = [f"part {n}" if n % 2 else f"a part whose name takes two lines {n}" for n in range(20)]
    for height in range(120, 500, 20):
        legend = labels.legend(names, 400, height)
        if "symbolLimit" not in legend:
            assert max(y for _, y, _ in places(legend, names)) < height - 26


@pytest.mark.parametrize(
    ("names", "room", "angle"),
    [
        (["x", "y"], 20, 0),
        (["January", "February"], 90, 0),
        (["A rather long label number 1"], 85, 0),
        (["long " * 20], 360, 0),
        (["January", "February"], 45, -45),
        (["January", "February"], 20, -90),
        ([f"2026-{month:02d}-01" for month in range(1, 13)], 55, -45),
        (["Department of Health and Social Affairs"] * 9, 45, -90),
    ],
)
def test_labels_are_level_where_they_fit(names, room, angle):
    axis = labels.below(names, room, 500)
    assert axis["labelAngle"] == angle
    assert not axis.get("labelOverlap")  # None is left out.


def test_labels_are_left_out_only_where_the_smallest_letters_have_no_room():
    names = [f"Department of Health and Social Affairs {number}" for number in range(90)]
    found = {room: labels.below(names, room, 500) for room in (12, 8)}
    assert [axis["labelOverlap"] for axis in found.values()] == [False, True]
    assert '["Department of He\\u2026nd Social Affairs 7"]' in found[12]["labelExpr"]


def test_names_of_small_charts_keep_their_ends():
    names = [f"Department of Health and Social Affairs of region {number}" for number in range(2)]
    header, lines = labels.header(names, 90, 13)
    assert lines == 3
    assert '"region 0"]' in header["labelExpr"]
    assert labels.header(["Oslo", "Rome"], 90, 13) == ({}, 1)


@pytest.mark.parametrize(
    ("width", "height", "text", "titles"),
    [
        (800, 500, 13, True),
        (400, 260, 13, True),
        (300, 200, 11, True),
        (200, 150, 10, False),
        (900, 150, 10, False),
    ],
)
def test_small_pictures_have_smaller_letters(width, height, text, titles):
    found = style(width, height)
    assert (found.text, found.titles) == (text, titles)
