"""The drawing shows what the spec says, and the returned spec is the one that was drawn."""

import json
import re

import pytest
import vl_convert
from long_rows import one_in

from imagebridge_tools.chart import generate_chart
from imagebridge_tools.charts import params, specs, worker

ROWS = [{"a": 1, "b": 3, "k": "u"}, {"a": 2, "b": 5, "k": "v"}]
X = {"field": "a", "type": "quantitative"}
Y = {"field": "b", "type": "quantitative"}
NAMES = [{"k": f"A rather long name, number {n}", "b": n + 1} for n in range(14)]
DAYS = [{"d": f"2026-0{n}-01", "b": n} for n in range(1, 9)]


def spec(rows=ROWS, mark="bar", **encoding):
    return {"data": {"values": rows}, "mark": mark, "encoding": encoding}


def dumbbell(**x):
    """Return layers that share the encoding of x, and each show a field of their own there."""
    return {
        "data": {"values": ROWS},
        "encoding": {"x": {"type": "quantitative", **x}, "y": {"field": "k", "type": "nominal"}},
        "layer": [
            {"mark": "rule", "encoding": {"x": {"field": "a"}, "x2": {"field": "b"}}},
            {"mark": "point", "encoding": {"x": {"field": "b"}}},
        ],
    }


async def given_back(of, **more):
    answer = await generate_chart(spec=of, return_spec=True, **more)
    return answer, json.loads(answer.sentence[answer.sentence.index('{"') :])


DRAWN = {
    "bars": spec(x={"field": "k"}, y=Y),
    "long names": spec(NAMES, x={"field": "k"}, y=Y),
    "long names beside": spec(NAMES, y={"field": "k"}, x=Y),
    "dates": spec(DAYS, "area", x={"field": "d", "type": "temporal"}, y=Y),
    "layers": dumbbell(axis=None),
    "facets": spec(x={"field": "a", "type": "ordinal"}, y=Y, column={"field": "k"}),
    "concat": {"hconcat": [spec(NAMES, x={"field": "k"}, y=Y), spec(x={"field": "k"}, y=Y)]},
    "a legend": {**spec(x=Y, color={"field": "k", "title": "Participating organisations"}, column={"field": "k"}), "width": 60},
}  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize(
    "size", one_in(2, [{}, {"width": 600, "height": 400}]), ids=["its own size", "600x400"]
)
@pytest.mark.parametrize("of", one_in(3, DRAWN.values()), ids=DRAWN)
async def test_the_spec_given_back_is_the_one_drawn(of, size):
    answer, drawn = await given_back(of, title="A title", **size)
    again = await worker.drawn(json.dumps(drawn))
    assert again.picture.data == answer.pictures[0].data


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("x", "axis", "words"),
    one_in(
        3,
        [
            ({"axis": None}, False, set()),
            ({"title": ""}, True, set()),
            ({"title": None}, True, set()),
            ({"axis": {"title": ""}}, True, set()),
            ({"axis": {"values": [1, 5], "format": ".2f", "title": "span"}}, True, {"1.00", "5.00", "span"}),
            ({"scale": {"domain": [0, 20]}, "axis": {"orient": "top"}}, True, {"20", "a, b"}),
            ({"axis": {"gridDash": [3, 3]}}, True, {"a, b"}),
        ],
    ),
)
async def test_layers_keep_what_they_share(x, axis, words):
    _, drawn = await given_back(dumbbell(**x))
    svg = vl_convert.vegalite_to_svg(drawn)
    assert bool(re.search('aria-label="X-axis', svg)) == axis
    assert words <= set(re.findall(r">([^<>]+)</text>", svg))
    assert ("a, b" in svg) == ("a, b" in words)
    assert ("stroke-dasharray" in svg) == ("gridDash" in str(x))


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("settings", "settings"),
        ("Participating organisations", ["Participating", "organisations"]),
        ("a b c d e f g", ["a b", "c d", "e f", "g"]),
    ],
)
def test_no_word_of_a_legend_title_is_broken(title, lines):
    style = specs.sizes(None, None, "light")
    own = {**spec(x=Y, color={"field": "k", "title": title}), "width": 60}
    done = specs.ready(own, own, style)
    assert done["encoding"]["color"]["title"] == lines


def test_params_have_names_of_their_own():
    own = {
        **spec(x={**Y, "scale": {"domain": {"param": "width"}}}, color={"condition": {"param": "width", "value": "red"}, "value": "blue"}),
        "params": [{"name": "width", "value": 3}, {"name": "twice", "expr": "width * 2 + datum.width + heightened"}],
        "transform": [
            {"calculate": "width + datum['width'] + \"width 'width\" + {width: width}.width", "as": "width"},
            {"filter": {"or": ["datum.b > width", {"not": "width"}]}},
        ],
        "width": 300,
    }  # fmt: skip
    done = params.renamed(own)
    assert done == {
        **spec(x={**Y, "scale": {"domain": {"param": "width_param"}}}, color={"condition": {"param": "width_param", "value": "red"}, "value": "blue"}),
        "params": [{"name": "width_param", "value": 3}, {"name": "twice", "expr": "width_param * 2 + datum.width + heightened"}],
        "transform": [
            {"calculate": "width_param + datum['width'] + \"width 'width\" + {width: width_param}.width", "as": "width"},
            {"filter": {"or": ["datum.b > width_param", {"not": "width_param"}]}},
        ],
        "width": 300,
    }  # fmt: skip


def test_other_params_stay_as_they_are():
    own = {**spec(x=Y), "params": [{"name": "size", "value": 3}, {"name": "wide", "expr": "width / 2"}]}
    assert params.renamed(own) is own


@pytest.mark.anyio
@pytest.mark.parametrize("name", one_in(3, sorted({"width", "height", "padding", "autosize", "background"})))
async def test_a_param_changes_no_size(name):
    own = {**spec(x=Y, y={"field": "k"}), "params": [{"name": name, "value": 20}]}
    answer = await generate_chart(spec=own)
    plain = await generate_chart(spec=spec(x=Y, y={"field": "k"}))
    assert answer.pictures[0].data == plain.pictures[0].data
