"""Axes and legends of specs that count have ticks at whole numbers, as the engine draws them."""

import json
import re

import pytest
from long_rows import one_in

from imagebridge_tools import generate_chart
from imagebridge_tools.charts import chart_drawing

vl_convert = pytest.importorskip("vl_convert")
pytestmark = pytest.mark.anyio


async def vega_lite(spec):
    """Return the Vega-Lite that is drawn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chart_drawing, "RETURNED", 1_000_000)
        sentence = (await generate_chart(spec=spec, return_spec=True)).sentence
    return json.loads(sentence.split("Its Vega-Lite:\n")[1])


COUNT = {"aggregate": "count", "type": "quantitative"}
FEW = [{"k": "a", "v": 1}, {"k": "b", "v": 2}, {"k": "b", "v": 3}]


def counting(transform=(), mark="bar", data=FEW, **channels):
    return {"data": {"values": data}, "transform": [*transform], "mark": mark, "encoding": channels}


def counts(transform, op="count", **more):
    return {"groupby": ["k"], transform: [{"op": op, "as": "n", **more}]}


K, N = {"field": "k", "type": "nominal"}, {"field": "n", "type": "quantitative"}
COUNTING = {
    "rows": counting(x=K, y=COUNT),
    "rows, lying": counting(y=K, x={"aggregate": "count"}),
    "rows with a config of axes": {**counting(x=K, y=COUNT), "config": {"axis": {"labelAngle": 0}}},
    "distinct": counting(x=K, y={"field": "v", "aggregate": "distinct"}),
    "a histogram": counting(x={"field": "v", "bin": {"step": 1}, "type": "ordinal"}, y=COUNT),
    "sums": counting(x=K, y={"field": "v", "aggregate": "sum"}, data=[{"k": "a", "v": 1}, {"k": "b", "v": 2}]),
    "a transform": counting([counts("aggregate")], x=K, y=N),
    "a transform without a name": counting(
        [{"aggregate": [{"op": "distinct", "field": "v"}], "groupby": ["k"]}], x=K, y={**N, "field": "distinct_v"}
    ),
    "of each row": counting([counts("joinaggregate")], "point", x=K, y=N),
    "a window": counting([counts("window")], "point", x=K, y=N),
    "ranks": counting([{"window": [{"op": "rank", "as": "n"}], "sort": [{"field": "v"}]}], "point", x=K, y=N),
    "running": counting(
        [counts("aggregate"), {"window": [{"op": "sum", "field": "n", "as": "all"}]}], "line", x=K, y={**N, "field": "all"}
    ),
    "layers": counting(x=K, y=COUNT) | {"mark": None, "layer": [{"mark": "bar"}, {"mark": "text", "encoding": {"text": COUNT}}]},
    "a layer's own": {"data": {"values": FEW}, "encoding": {"x": K}, "layer": [{"mark": "bar", "encoding": {"y": COUNT}}]},
    "side by side": {"data": {"values": FEW}, "hconcat": [{"mark": "bar", "encoding": {"x": K, "y": COUNT}}]},
    "facets": counting(x=K, y=COUNT, column={"field": "k"}),
    "shades": counting([], "rect", x=K, color=COUNT),
    "sizes": counting([], "point", x=K, size=COUNT),
}  # fmt: skip


@pytest.mark.parametrize("spec", one_in(6, COUNTING.values()), ids=COUNTING)
async def test_counts_have_whole_ticks(spec):
    svg = vl_convert.vegalite_to_svg(
        await vega_lite({key: one for key, one in spec.items() if one}), allowed_base_urls=[]
    )
    groups = re.findall(r'role-(?:axis|legend)-label".*?</g>', svg, re.DOTALL)
    words = [word for group in groups for word in re.findall(r"<text[^>]*>([^<]*)</text>", group)]
    assert {"1", "2"} <= {*words}
    assert not [word for word in words if "." in word]


@pytest.mark.parametrize(
    "spec",
    one_in(
        3,
        [
            counting(x=K, y={**COUNT, "stack": "normalize"}),
            counting(x=K, y={"field": "v", "aggregate": "mean"}),
            counting([counts("aggregate"), {"calculate": "datum.n / 2", "as": "n"}], x=K, y=N),
            counting([counts("aggregate", "mean", field="v")], x=K, y=N),
            counting([counts("aggregate"), {"impute": "n", "key": "k", "method": "mean"}], x=K, y=N),
        ],
    ),
    ids=["shares", "means", "halves", "a transform's means", "means between"],
)
async def test_what_only_begins_as_counts_keeps_its_ticks(spec):
    assert "tickMinStep" not in json.dumps((await vega_lite(spec))["encoding"])


async def test_what_a_spec_says_of_the_axis_of_counts_stays():
    spec = counting(x=K, y={**COUNT, "axis": None}) | {"layer": [{"mark": "bar", "encoding": {"y": COUNT}}]}
    del spec["mark"]
    made = await vega_lite(spec)
    assert made["layer"][0]["encoding"]["y"] == COUNT
    own = await vega_lite(counting(x=K, y={**COUNT, "axis": {"tickMinStep": 0.25, "orient": "right"}}))
    assert own["encoding"]["y"]["axis"] == {"tickMinStep": 0.25, "orient": "right"}
