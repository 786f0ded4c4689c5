"""Every mark, composition and transform of Vega-Lite has the marks, domains and texts that vl-convert draws."""

import json
import re
from collections import Counter

import pytest
import vl_convert

from imagebridge_tools import generate_chart
from imagebridge_tools.charts import chart_drawing

pytestmark = pytest.mark.anyio

ROWS = [{"n": n, "a": n % 5 + 1, "b": (n * 7) % 11 - 3, "c": "uvw"[n % 3], "d": f"2026-{n + 1:02}-05", "e": "pq"[n % 2]} for n in range(12)]  # fmt: skip
SQUARE = {"type": "Feature", "id": 1, "properties": {"v": 3}, "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [0, 8], [8, 8], [8, 0], [0, 0]]]}}  # fmt: skip
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def q(field, **more):
    return {"field": field, "type": "quantitative", **more}


def n(field, **more):
    return {"field": field, "type": "nominal", **more}


def t(field, **more):
    return {"field": field, "type": "temporal", **more}


def view(mark, transform=None, **encoding):
    return {"mark": mark, "encoding": encoding, **({"transform": transform} if transform else {})}


def bars(**more):
    return view("bar", x=n("c"), y=q("a", aggregate="sum"), **more)


def of(transform, x, y, mark="point", **more):
    return view(mark, transform if isinstance(transform, list) else [transform], x=x, y=y, **more)


COUNT = {"aggregate": "count", "type": "quantitative"}
MARKS = {
    "arc": view("arc", theta=q("a", aggregate="sum"), color=n("c")),
    "arc, ring": view({"type": "arc", "innerRadius": 30, "padAngle": 0.02}, theta=q("a", aggregate="sum"), color=n("c")),
    "arc, radius": view("arc", theta=q("a", stack=True), radius=q("a", scale={"type": "sqrt", "rangeMin": 10}), color=n("n")),
    "area": view("area", x=q("n"), y=q("a")),
    "area, stacked": view("area", x=t("d"), y=q("a", aggregate="sum"), color=n("c")),
    "area, shares": view("area", x=q("n"), y=q("a", stack="normalize"), color=n("e")),
    "area, stream": view("area", x=q("a"), y=q("n", aggregate="sum", stack="center", axis=None), color=n("c")),
    "area, between": view("area", x=q("n"), y=q("a"), y2={"field": "b"}),
    "area, smooth": view({"type": "area", "interpolate": "monotone", "line": True, "point": True}, x=q("n"), y=q("a")),
    "bar": bars(),
    "bar, lying": view("bar", y=n("c"), x=q("a", aggregate="mean")),
    "bar, stacked": bars(color=n("e")),
    "bar, shares": view("bar", x=n("c"), y=q("a", aggregate="sum", stack="normalize"), color=n("e")),
    "bar, grouped": bars(xOffset=n("e"), color=n("e")),
    "bar, ranged": view("bar", y=n("n"), x=q("b"), x2={"field": "a"}),
    "bar, negative": view("bar", x=n("n"), y=q("b"), color={"condition": {"test": "datum.b < 0", "value": "red"}, "value": "blue"}),
    "bar, over time": view("bar", x=t("d"), y=q("a")),
    "bar, by month": view("bar", x={"field": "d", "timeUnit": "month", "type": "ordinal"}, y=q("a", aggregate="sum")),
    "bar, round": view({"type": "bar", "cornerRadius": 3, "width": {"band": 0.6}}, x=n("c"), y=COUNT),
    "bar, counted": view("bar", x=n("c"), y=COUNT),
    "boxplot": view("boxplot", x=n("e"), y=q("b")),
    "boxplot, ends": view({"type": "boxplot", "extent": "min-max"}, y=n("c"), x=q("b")),
    "circle": view("circle", x=q("a"), y=q("b"), size=q("n")),
    "errorband": view({"type": "errorband", "extent": "iqr"}, x=q("a"), y=q("b")),  # "ci" is drawn at random
    "errorbar": view({"type": "errorbar", "extent": "stdev"}, x=q("b"), y=n("c")),
    "image": {**view({"type": "image", "width": 20, "height": 20}, x=q("x"), y=q("y"), url={"field": "u", "type": "nominal"}), "data": {"values": [{"x": 1, "y": 2, "u": PIXEL}, {"x": 2, "y": 1, "u": PIXEL}]}},
    "line": view("line", x=q("n"), y=q("a")),
    "line, time": view("line", x=t("d"), y=q("b")),
    "line, series": view("line", x=t("d"), y=q("b"), color=n("c")),
    "line, dashes": view("line", x=q("n"), y=q("a"), strokeDash=n("e")),
    "line, widths": view("line", x=q("n"), y=q("a"), strokeWidth=n("e"), opacity=n("e")),
    "line, steps": view({"type": "line", "interpolate": "step-after", "point": True}, x=q("n"), y=q("a")),
    "line, order": view({"type": "line", "point": True}, x=q("a"), y=q("b"), order=q("n")),
    "point": view("point", x=q("a"), y=q("b")),
    "point, shapes": view("point", x=q("a"), y=q("b"), shape=n("c"), color=n("c")),
    "point, turned": view({"type": "point", "shape": "wedge", "filled": True}, x=q("a"), y=q("b"), angle=q("n", scale={"domain": [0, 12], "range": [0, 360]})),
    "point, log": view("point", x=q("a", scale={"type": "log"}), y=q("n", scale={"type": "sqrt"})),
    "point, symlog": view("point", x=q("b", scale={"type": "symlog"}), y=q("a", scale={"type": "pow", "exponent": 2})),
    "point, shades": view("point", x=q("a"), y=q("b"), color=q("n")),
    "point, steps": view("point", x=q("a"), y=q("b"), color={"field": "n", "bin": True}),
    "point, quantiles": view("point", x=q("a"), y=q("b"), color=q("n", scale={"type": "quantile"})),
    "point, offset": view("point", x=n("c"), y=q("b"), xOffset=q("n")),
    "rect": view("rect", x=n("c"), y=n("e"), color=q("b", aggregate="mean")),
    "rect, bins": view("rect", x={"field": "a", "bin": {"maxbins": 5}}, y={"field": "b", "bin": {"maxbins": 5}}, color=COUNT),
    "rule": view("rule", y=q("b", aggregate="mean"), color=n("c"), size={"value": 3}),
    "rule, spans": view("rule", y=n("n"), x=q("a"), x2={"field": "b"}),
    "square": view("square", x=q("a"), y=q("b"), color=n("e")),
    "text": view("text", x=q("a"), y=q("b"), text=n("c")),
    "text, format": view("text", x=n("c"), y=n("e"), text=q("b", aggregate="mean", format=".1f")),
    "tick": view("tick", x=q("b"), y=n("c")),
    "trail": view("trail", x=q("n"), y=q("a"), size=q("a")),
    "geoshape": {"data": {"values": [SQUARE]}, "projection": {"type": "mercator"}, **view("geoshape", color=q("properties.v"))},
    "geo points": {"projection": {"type": "equirectangular"}, **view("circle", longitude=q("a"), latitude=q("b"))},
    "graticule": {"data": {"graticule": {"step": [30, 30]}}, "projection": {"type": "orthographic"}, "mark": {"type": "geoshape", "filled": False}},
    "sphere": {"data": {"sphere": True}, "projection": {"type": "naturalEarth1"}, "mark": {"type": "geoshape", "fill": "aliceblue"}},
    "sequence": {"data": {"sequence": {"start": 0, "stop": 5, "as": "x"}}, **view("line", [{"calculate": "datum.x * datum.x", "as": "y"}], x=q("x"), y=q("y"))},
    "text of csv": {"data": {"values": "p,v\nx,3\ny,4\n", "format": {"type": "csv"}}, **view("bar", x=n("p"), y=q("v"))},
}  # fmt: skip

AXES = {
    "no axis": view("bar", x=n("c", axis=None), y=q("a", aggregate="sum")),
    "axis on top": view("bar", x=n("c", axis={"orient": "top", "title": "above"}), y=q("a", aggregate="sum")),
    "axis values": view("point", x=q("n", axis={"values": [0, 5, 10]}), y=q("a", axis={"format": ".2f"})),
    "axis words": view("point", x=q("n", axis={"labelExpr": "'no ' + datum.label"}), y=q("a", axis={"tickCount": 3})),
    "sorted by size": view("bar", x=n("c", sort="-y"), y=q("n", aggregate="sum")),
    "sorted by list": view("bar", x=n("c", sort=["w", "u", "v"]), y=COUNT),
    "sorted by field": view("bar", x=n("c", sort={"field": "n", "op": "max", "order": "descending"}), y=COUNT),
    "reversed": view("point", x=q("n", scale={"reverse": True}), y=q("a", sort="descending")),
    "own domain": view("line", x=q("n", scale={"domain": [2, 9]}), y=q("a", scale={"zero": False, "nice": False})),
    "own range": view("point", x=q("n"), y=q("a"), color=n("c", scale={"domain": ["u", "v", "w"], "range": ["red", "green", "blue"]})),
    "scheme": view("point", x=q("n"), y=q("a"), color=q("b", scale={"scheme": "viridis"})),
    "diverging": view("point", x=q("n"), y=q("a"), color=q("b", scale={"domainMid": 0})),
    "no legend": view("point", x=q("n"), y=q("a"), color=n("c", legend=None)),
    "legend below": view("point", x=q("n"), y=q("a"), color=n("c", legend={"orient": "bottom", "title": "group"})),
    "datum": view("rule", y={"datum": 3, "type": "quantitative"}, x=q("n")),
    "value": view("point", x=q("n"), y=q("a"), color={"value": "teal"}, size={"value": 90}, opacity={"value": 0.5}),
    "by year and month": view("line", x={"field": "d", "timeUnit": "yearmonth", "type": "temporal"}, y=q("a", aggregate="mean")),
    "by quarter": view("bar", x={"field": "d", "timeUnit": "yearquarter", "type": "ordinal"}, y=COUNT),
    "utc": view("line", x={"field": "d", "timeUnit": "utcmonth", "type": "ordinal"}, y=q("a")),
    "ordered": view("bar", x={"field": "a", "type": "ordinal"}, y=COUNT, color={"field": "a", "type": "ordinal"}),
    "histogram": view("bar", x={"field": "b", "bin": True}, y=COUNT),
    "histogram, step": view("bar", x={"field": "b", "bin": {"step": 3}}, y=COUNT, color=n("c")),
    "binned before": view("bar", [{"bin": {"step": 2}, "field": "b", "as": ["lo", "hi"]}], x={"field": "lo", "bin": "binned", "type": "quantitative"}, x2={"field": "hi"}, y=COUNT),
    "argmax": view("bar", x=q("a", aggregate={"argmax": "n"}), y=n("c")),
    "params": {"params": [{"name": "least", "value": 2}, {"name": "pick", "select": "point"}], **view("point", [{"filter": "datum.a >= least"}], x=q("n"), y=q("a"), opacity={"condition": {"param": "pick", "value": 1}, "value": 0.2})},
    "interval": {"params": [{"name": "brush", "select": "interval", "value": {"x": [2, 6]}}], **view("point", x=q("n"), y=q("a"), color={"condition": {"param": "brush", "value": "red"}, "value": "grey"})},
    "titles": {"title": {"text": "Above", "subtitle": "below it"}, **bars()},
    "config": {"config": {"bar": {"color": "teal"}, "axis": {"grid": False}}, **bars()},
    "steps": {"width": {"step": 30}, "height": 90, **bars()},
    "invalid": {"data": {"values": [{"x": 1, "y": 2}, {"x": 2, "y": None}, {"x": 3, "y": 4}]}, **view({"type": "line", "point": True}, x=q("x"), y=q("y"))},
    "description, href, tooltip": view("bar", x=n("c"), y=COUNT, tooltip=n("c"), href=n("c"), description=n("c"), key=n("c"), detail=n("e")),
}  # fmt: skip

TRANSFORMS = {
    "aggregate": of({"aggregate": [{"op": "mean", "field": "b", "as": "m"}, {"op": "count", "as": "k"}], "groupby": ["c"]}, n("c"), q("m"), "bar"),
    "bin": of({"bin": True, "field": "b", "as": "z"}, q("z"), COUNT, "bar"),
    "calculate": of({"calculate": "datum.a * 2 + sin(datum.n)", "as": "z"}, q("n"), q("z"), "line"),
    "density": of({"density": "b", "groupby": ["e"], "extent": [-4, 8], "steps": 10}, q("value"), q("density"), "area", color=n("e")),
    "extent": of([{"extent": "b", "param": "reach"}, {"calculate": "(datum.b - reach[0]) / (reach[1] - reach[0])", "as": "z"}], q("n"), q("z")),
    "filter, text": of({"filter": "datum.b > 0"}, q("n"), q("b"), "bar"),
    "filter, one of": of({"filter": {"field": "c", "oneOf": ["u", "v"]}}, n("c"), COUNT, "bar"),
    "filter, range": of({"filter": {"field": "b", "range": [0, 5]}}, q("n"), q("b")),
    "filter, logic": of({"filter": {"and": [{"field": "a", "gte": 2}, {"not": {"field": "c", "equal": "w"}}]}}, q("n"), q("a")),
    "filter, time": of({"filter": {"timeUnit": "month", "field": "d", "lt": 6}}, t("d"), q("a"), "line"),
    "flatten": {"data": {"values": [{"k": "x", "f": [1, 2, 3]}, {"k": "y", "f": [4, 5]}]}, **of({"flatten": ["f"]}, n("k"), q("f"))},
    "fold": of({"fold": ["a", "b"], "as": ["key", "value"]}, q("n"), q("value"), "line", color=n("key")),
    "impute": of({"impute": "b", "key": "n", "keyvals": {"start": 0, "stop": 14}, "value": 1}, q("n"), q("b"), "line"),
    "join aggregate": of([{"joinaggregate": [{"op": "sum", "field": "a", "as": "all"}]}, {"calculate": "datum.a / datum.all", "as": "z"}], q("n"), q("z")),
    "loess": of({"loess": "b", "on": "n", "bandwidth": 0.6}, q("n"), q("b"), "line"),
    "lookup": of({"lookup": "c", "from": {"data": {"values": [{"c": "u", "name": "Uri"}, {"c": "v", "name": "Vic"}, {"c": "w", "name": "Win"}]}, "key": "c", "fields": ["name"]}}, n("name"), COUNT, "bar"),
    "pivot": of({"pivot": "e", "value": "a", "groupby": ["c"], "op": "sum"}, q("p"), q("q")),
    "quantile": of({"quantile": "b", "step": 0.1}, q("prob"), q("value")),
    "regression": of({"regression": "b", "on": "n"}, q("n"), q("b"), "line"),
    "regression, poly": of({"regression": "b", "on": "n", "method": "poly", "order": 3, "extent": [0, 11]}, q("n"), q("b"), "line"),
    "sample": of({"sample": 50}, q("n"), q("b")),
    "stack": of({"stack": "a", "groupby": ["c"], "as": ["lo", "hi"], "sort": [{"field": "n"}]}, n("c"), q("lo"), "bar", y2={"field": "hi"}),
    "time unit": of({"timeUnit": "yearmonth", "field": "d", "as": "m"}, t("m"), q("a"), "line"),
    "window, rank": of({"window": [{"op": "rank", "as": "r"}], "sort": [{"field": "b", "order": "descending"}]}, q("r"), q("b")),
    "window, running": of({"window": [{"op": "sum", "field": "a", "as": "run"}], "frame": [None, 0]}, q("n"), q("run"), "line"),
    "window, lag": of([{"window": [{"op": "lag", "field": "b", "as": "was"}]}, {"calculate": "datum.b - datum.was", "as": "z"}], q("n"), q("z"), "bar"),
    "inline impute": view("line", x=q("n"), y=q("b", impute={"value": 0}), color=n("c")),
    "inline median": view("bar", x=n("c"), y=q("b", aggregate="median")),
    "inline spread": view("bar", x=n("c"), y=q("b", aggregate="stdev")),
    "inline distinct": view("bar", x=n("c"), y=q("a", aggregate="distinct")),
}  # fmt: skip

SMALL = {"width": 90, "height": 70}
COMPOSED = {
    "layer": {"layer": [view("line", x=q("n"), y=q("a")), view("point", x=q("n"), y=q("b"))]},
    "layer, shared": {"encoding": {"x": n("c")}, "layer": [view("bar", y=q("a", aggregate="mean")), view("text", y=q("a", aggregate="mean"), text=q("a", aggregate="mean", format=".2f"))]},
    "layer, two axes": {"layer": [view("bar", x=n("n"), y=q("a")), view("line", x=n("n"), y=q("b"))], "resolve": {"scale": {"y": "independent"}}},
    "layer, rule": {"layer": [bars(), {"data": {"values": [{"z": 9}]}, **view({"type": "rule", "color": "red"}, y=q("z"))}]},
    "layer in layer": {"layer": [{"layer": [view("line", x=q("n"), y=q("a")), view("point", x=q("n"), y=q("a"))]}, view("rule", y=q("b", aggregate="max"))]},
    "facet": {"facet": n("c"), "columns": 2, "spec": {**SMALL, **view("point", x=q("n"), y=q("a"))}},
    "facet, grid": {"facet": {"row": n("e"), "column": n("c")}, "spec": {**SMALL, **view("point", x=q("n"), y=q("a"))}},
    "facet, free": {"facet": {"column": n("c")}, "spec": {**SMALL, **view("point", x=q("n"), y=q("b"))}, "resolve": {"scale": {"y": "independent"}}},
    "facet of layers": {"facet": {"column": n("e")}, "spec": {**SMALL, "layer": [view("line", x=q("n"), y=q("a")), view("point", x=q("n"), y=q("a"))]}},
    "row": {**SMALL, **view("bar", x=n("c"), y=q("a", aggregate="sum"), row=n("e"))},
    "column": {**SMALL, **view("bar", x=n("c"), y=q("a", aggregate="sum"), column=n("e", header={"title": "side"}))},
    "wrapped": {**SMALL, **view("point", x=q("n"), y=q("a"), facet={"field": "c", "type": "nominal", "columns": 2})},
    "concat": {"concat": [{**SMALL, **bars()}, {**SMALL, **view("point", x=q("n"), y=q("a"))}, {**SMALL, **view("line", x=q("n"), y=q("b"))}], "columns": 2},
    "hconcat": {"hconcat": [{**SMALL, **bars()}, {**SMALL, **view("line", x=t("d"), y=q("b"))}]},
    "vconcat": {"vconcat": [{**SMALL, **bars()}, {**SMALL, **view("line", x=t("d"), y=q("b"))}]},
    "concat in concat": {"vconcat": [{"hconcat": [{**SMALL, **bars()}, {**SMALL, **bars(color=n("e"))}]}, {**SMALL, **bars()}]},
    "repeat": {"repeat": ["a", "b"], "columns": 1, "spec": {**SMALL, **view("line", x=q("n"), y={"field": {"repeat": "repeat"}, "type": "quantitative"})}},
    "repeat, grid": {"repeat": {"row": ["a", "b"], "column": ["n", "a"]}, "spec": {**SMALL, **view("point", x={"field": {"repeat": "column"}, "type": "quantitative"}, y={"field": {"repeat": "row"}, "type": "quantitative"})}},
    "repeat, layer": {"repeat": {"layer": ["a", "b"]}, "spec": {**SMALL, **view("line", x=q("n"), y={"field": {"repeat": "layer"}, "type": "quantitative"}, color={"datum": {"repeat": "layer"}, "type": "nominal"})}},
}  # fmt: skip

ALL = {**MARKS, **AXES, **TRANSFORMS, **COMPOSED}
FEW = (
    "bar, stacked",
    "point, steps",
    "geoshape",
    "sorted by size",
    "fold",
    "layer, shared",
    "facet",
    "repeat, layer",
)
"""A chart of each kind; all of them are many."""


def shown(spec):
    """Return the marks of a chart, each with its values, the domains of its axes and legends, and its words."""
    svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    marks = Counter(
        (kind, re.search(r'aria-label="([^"]*)"', mark)[1] if "aria-label" in mark else "")
        for kind, group in re.findall(
            r'class="mark-(?!group)([a-z]+) role-mark[^"]*"[^>]*>(.*?)</g>', svg, re.DOTALL
        )
        for mark in re.findall(r"<(?:path|text|line|image|rect|circle)\b[^>]*", group)
    )
    guides = re.findall(r'aria-label="((?:[XY]-axis|[A-Z]\w+(?: \w+)? legend|Legend)[^"]*)"', svg)
    domains = Counter(
        re.sub(r"titled '.*?'(?= for)", "", re.sub(r" \(20\d\d\)", "", guide)) for guide in guides
    )
    words = Counter(
        re.findall(r">([^<>]+)</text", " ".join(re.findall(r"mark-text role-mark.*?</g>", svg, re.DOTALL)))
    )
    titles = {re.sub(r"\W| \(20\d\d\)", "", title) for title in re.findall(r"titled '(.*?)' for", svg)}
    return {
        "marks": marks,
        "domains": domains,
        "words": words,
        "titles": {re.sub(r"2026$", "", one) for one in titles},
    }


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in FEW else pytest.mark.long) for name in ALL]
)
async def test_what_is_drawn_is_what_vega_lite_draws(name, monkeypatch):
    monkeypatch.setattr(chart_drawing, "RETURNED", 1_000_000)
    own = {"data": {"values": ROWS}, "width": 200, "height": 150, **ALL[name]}
    if (name in COMPOSED and "layer" not in own) or {"row", "column", "facet"} & set(own.get("encoding", {})):
        del own["width"], own["height"]
        own |= {key: size for key, size in SMALL.items() if key in ALL[name]}
    answer = await generate_chart(spec=own, return_spec=True, seconds=600)
    assert len(answer.pictures) == 1
    assert ("ignored" in answer.sentence) == ("href" in name)
    returned = json.loads(answer.sentence.split("Its Vega-Lite:\n")[1])
    assert shown(returned) == shown(own)


def test_there_are_enough():
    assert len(ALL) >= 100
    assert set(FEW) <= set(ALL)
