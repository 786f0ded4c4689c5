"""Vega-Lite specs: errors name the most similar word or field, and valid specs are accepted."""

import pytest

from imagebridge.errors import ArgumentError
from imagebridge_tools.charts import guard, specs

ROWS = [
    {"day": "2026-01-03", "sales": 3, "costs": 2, "shop": "a", "at": {"x": 1, "y": 2}, "tags": ["p", "q"], "1.5 m": 4},
    {"day": "2026-01-09", "sales": 9, "costs": 1, "shop": "b", "at": {"x": 2, "y": 1}, "tags": ["p"], "1.5 m": 5},
]  # fmt: skip
X = {"field": "day", "type": "temporal"}
Y = {"field": "sales", "type": "quantitative"}


def drawn(x="shop", y="sales", **more):
    """Return a spec of bars over the rows."""
    encoding = {"x": {"field": x}, "y": {"field": y, "type": "quantitative"}}
    return {"data": {"values": ROWS}, "mark": "bar", "encoding": encoding, **more}


def transformed(*transforms, x="shop", y="sales"):
    return drawn(x, y, transform=list(transforms))


def encoded(**channels):
    return drawn(encoding={"x": X, "y": Y, **channels})


LEGAL = {
    "filter": transformed({"filter": "datum.sales > 1 && datum['shop'] != 'datum.nothing'"}),
    "filter of several": transformed({"filter": {"and": [{"field": "sales", "gt": 1}, {"not": "datum.costs > 5"}, {"or": [{"field": "shop", "oneOf": ["a"]}]}]}}),
    "filter by time": transformed({"filter": {"timeUnit": "year", "field": "day", "range": [2025, 2027]}}),
    "filter that asks": transformed({"filter": "!isValid(datum.gone) || datum.sales > 1"}),
    "calculate": transformed({"calculate": "datum.sales * 2", "as": "double"}, {"calculate": "datum.double + 1", "as": "more"}, y="more"),
    "calculate into the parts": transformed({"calculate": "datum.at.x + datum['1.5 m'] + datum.tags[0].length", "as": "d"}, y="d"),
    "calculate with a regular expression": transformed({"calculate": "replace(datum.shop, /datum.x/, 'a\\'datum.y')", "as": "d"}, x="d"),
    "aggregate": transformed({"aggregate": [{"op": "mean", "field": "sales", "as": "m"}, {"op": "count", "as": "n"}], "groupby": ["shop"]}, y="m"),
    "aggregate without as": transformed({"aggregate": [{"op": "mean", "field": "sales"}], "groupby": ["shop"]}, y="mean_sales"),
    "argmax in a transform": transformed({"aggregate": [{"op": "argmax", "field": "sales", "as": "best"}], "groupby": ["shop"]}, y="best['costs']"),
    "bin": transformed({"bin": {"maxbins": 5}, "field": "sales", "as": "b"}, {"filter": "datum.b_end > 1"}, x="b"),
    "bin with both ends": transformed({"bin": True, "field": "sales", "as": ["from", "to"]}, x="from", y="to"),
    "timeUnit": transformed({"timeUnit": "utcyearmonth", "field": "day", "as": "month"}, x="month"),
    "fold": transformed({"fold": ["sales", "costs"]}, x="key", y="value"),
    "fold with names": transformed({"fold": ["sales", "costs"], "as": ["what", "much"]}, x="what", y="much"),
    "flatten": transformed({"flatten": ["tags"]}, x="tags"),
    "flatten with names": transformed({"flatten": ["tags"], "as": ["tag"]}, x="tag"),
    "pivot": transformed({"pivot": "shop", "value": "sales", "groupby": ["day"]}, {"calculate": "datum.a + 1", "as": "c"}, x="day", y="a"),
    "pivot, then aggregate": transformed({"pivot": "shop", "value": "sales", "groupby": ["day"]}, {"aggregate": [{"op": "sum", "field": "b", "as": "s"}], "groupby": ["day"]}, x="day", y="s"),
    "window": transformed({"window": [{"op": "rank", "as": "r"}, {"op": "lag", "field": "sales", "param": 1, "as": "before"}], "sort": [{"field": "sales", "order": "descending"}], "groupby": ["shop"], "frame": [None, 0]}, y="before"),
    "joinaggregate": transformed({"joinaggregate": [{"op": "sum", "field": "sales", "as": "all"}]}, {"calculate": "datum.sales / datum.all", "as": "share"}, y="share"),
    "impute": transformed({"impute": "sales", "key": "day", "groupby": ["shop"], "keyvals": ["2026-01-05"], "method": "mean", "frame": [-1, 1]}),
    "density": transformed({"density": "sales", "groupby": ["shop"], "bandwidth": 1}, x="value", y="density"),
    "density with names": transformed({"density": "sales", "as": ["v", "d"], "extent": [0, 10], "steps": 20}, x="v", y="d"),
    "regression": transformed({"regression": "sales", "on": "costs", "groupby": ["shop"], "method": "poly", "order": 2}, x="costs"),
    "parameters of a regression": transformed({"regression": "sales", "on": "costs", "params": True}, {"calculate": "datum.coef[0]", "as": "c"}, x="c", y="rSquared"),
    "loess": transformed({"loess": "sales", "on": "costs", "bandwidth": 0.5, "as": ["c", "s"]}, x="c", y="s"),
    "quantile": transformed({"quantile": "sales", "probs": [0.1, 0.5]}, x="prob", y="value"),
    "stack": transformed({"stack": "sales", "groupby": ["day"], "sort": [{"field": "shop"}], "offset": "normalize", "as": ["y0", "y1"]}, y="y1"),
    "stack with one name": transformed({"stack": "sales", "groupby": [], "as": "v"}, y="v_end"),
    "sample": transformed({"sample": 1}),
    "extent": {**transformed({"extent": "sales", "param": "range"}), "mark": {"type": "bar", "opacity": {"expr": "range[1] / 20"}}},
    "lookup": transformed({"lookup": "shop", "from": {"data": {"values": [{"id": "a", "town": "B"}]}, "key": "id", "fields": ["town"]}, "default": "?"}, x="town"),
    "lookup with a name": transformed({"lookup": "shop", "from": {"data": {"values": [{"id": "a", "town": "B"}]}, "key": "id"}, "as": "other"}, x="other.town"),
    "lookup with names": transformed({"lookup": "shop", "from": {"data": {"values": [{"id": "a", "town": "B"}]}, "key": "id", "fields": ["town"]}, "as": ["place"]}, x="place"),
    "lookup of all": transformed({"lookup": "shop", "from": {"data": {"values": [{"id": "a", "town": "B"}]}, "key": "id"}}, x="town"),
    "lookup in a selection": {**transformed({"lookup": "shop", "from": {"param": "p", "key": "shop"}}, x="whatever"), "params": [{"name": "p", "select": {"type": "point", "fields": ["shop"]}}]},
    "an aggregate knows what a pivot does not": transformed({"pivot": "shop", "value": "sales"}, {"fold": ["a", "b"]}, x="key", y="value"),
    "nested": drawn("at.x", "at['y']"),
    "nested in a list": drawn("tags[0]"),
    "a dot in a name": drawn("shop", r"1\.5 m"),
    "brackets around a name": drawn("['shop']"),
    "sort by a channel": encoded(x={"field": "shop", "sort": "-y"}),
    "sort by an encoding": encoded(x={"field": "shop", "sort": {"encoding": "y", "order": "descending"}}),
    "sort by a field": encoded(x={"field": "shop", "sort": {"field": "costs", "op": "mean", "order": "descending"}}, y={"aggregate": "sum", "field": "sales"}),
    "sort by what is made": encoded(x={"field": "shop", "sort": {"field": "sum_sales"}}, y={"aggregate": "sum", "field": "sales"}),
    "sort by a list": encoded(x={"field": "shop", "sort": ["b", "a", {"year": 2026}]}),
    "no sort": encoded(x={"field": "shop", "sort": None}),
    "argmax in an encoding": encoded(y={"aggregate": {"argmax": "costs"}, "field": "sales"}),
    "count": encoded(y={"aggregate": "count"}, x={"bin": {"maxbins": 10}, "field": "sales"}),
    "count of all": encoded(y={"aggregate": "count", "field": "*"}),
    "utc": encoded(x={"field": "day", "timeUnit": "utcyearmonthdate"}),
    "binned": encoded(x={"field": "day", "timeUnit": "binnedutcyearmonth"}),
    "a time unit in parts": encoded(x={"field": "day", "timeUnit": {"unit": "yearmonth", "step": 3, "utc": True}}),
    "a time unit with bins": encoded(x={"field": "day", "timeUnit": {"unit": "month", "maxbins": 12}}),
    "weekdays": encoded(x={"field": "day", "timeUnit": "weekdayhours"}, color={"field": "day", "timeUnit": "dayofyear"}),
    "scales": encoded(y={**Y, "scale": {"type": "symlog"}}, color={"field": "costs", "scale": {"type": "bin-ordinal", "scheme": "blues"}}, x={**X, "scale": {"type": "utc"}}),
    "conditions": encoded(color={"condition": [{"test": "datum.sales > 5", "value": "red"}, {"test": {"field": "costs", "lt": 2}, "value": "blue"}], "value": "gray"}),
    "conditions of a selection": {**encoded(opacity={"condition": {"param": "p", "value": 1, "empty": False}, "value": 0.2}), "params": [{"name": "p", "select": {"type": "interval", "encodings": ["x"]}, "bind": "scales"}]},
    "a condition on what is made": encoded(y={"aggregate": "mean", "field": "sales"}, color={"condition": {"test": "datum.mean_sales > 5 && datum['__count'] > 0", "value": "red"}, "value": "blue"}),
    "variables": {**drawn(), "params": [{"name": "size", "value": 3, "bind": {"input": "range"}}, {"name": "twice", "expr": "size * 2"}]},
    "lists of channels": encoded(tooltip=[{"field": "shop"}, {"field": "sales", "format": ",.1f", "title": "S"}], detail=[{"field": "costs"}], order=[{"field": "sales", "sort": "descending"}]),
    "no tooltip": encoded(tooltip=None),
    "values and datums": encoded(color={"value": "red"}, x={"datum": "a"}, y={"datum": 3, "type": "quantitative", "axis": None}, strokeDash={"value": [1, 2]}),
    "offsets and errors": encoded(x={"field": "shop"}, xOffset={"field": "day"}, yError={"field": "costs"}, x2={"field": "sales"}, description={"field": "shop"}),
    "an imputed encoding": encoded(y={**Y, "impute": {"value": 0, "keyvals": [1, 2]}, "stack": "center", "bandPosition": 0.5}),
    "stacks": encoded(y={**Y, "stack": "normalize"}, color={"field": "shop", "legend": None}),
    "no stack": encoded(y={**Y, "stack": None}, x={**X, "stack": False}),
    "rows and columns": encoded(row={"field": "shop", "header": {"title": "S"}, "spacing": 5, "align": "all"}, column={"field": "day", "timeUnit": "month", "center": True}),
    "wrapped facets": encoded(facet={"field": "shop", "columns": 2, "sort": {"field": "sales", "op": "max"}}),
    "layers with an encoding in common": {"data": {"values": ROWS}, "encoding": {"x": X, "y": Y}, "layer": [{"mark": "line"}, {"mark": {"type": "rule", "strokeDash": [2, 2]}, "encoding": {"y": {"aggregate": "mean", "field": "sales"}, "x": {"value": 0}}}]},
    "layers that make the fields in common": {"data": {"values": ROWS}, "encoding": {"x": {"field": "c"}}, "layer": [{"mark": "bar", "transform": [{"calculate": "datum.sales", "as": "c"}]}, {"mark": "tick", "transform": [{"calculate": "datum.costs", "as": "c"}]}]},
    "layers with rows of their own": {"encoding": {"x": {"field": "a"}}, "layer": [{"mark": "bar", "data": {"values": [{"a": 1, "b": 2}]}, "encoding": {"y": {"field": "b"}}}, {"mark": "rule", "data": {"values": [{"limit": 5}]}, "encoding": {"y": {"field": "limit"}}}]},
    "a layer without rows": {"data": {"values": ROWS}, "layer": [{"mark": "bar", "encoding": {"x": {"field": "shop"}, "y": Y}}, {"data": {"values": [{}]}, "mark": "rule", "encoding": {"y": {"datum": 5}}}]},
    "a layer of layers": {"data": {"values": ROWS}, "layer": [{"layer": [{"mark": "bar"}, {"mark": "text", "encoding": {"text": {"field": "costs"}}}], "encoding": {"y": Y}}], "encoding": {"x": X}},
    "repeat": {"data": {"values": ROWS}, "repeat": ["sales", "costs"], "columns": 2, "spec": {"mark": "bar", "encoding": {"x": X, "y": {"field": {"repeat": "repeat"}, "type": "quantitative"}}}},
    "repeat in rows and columns": {"data": {"values": ROWS}, "repeat": {"row": ["sales"], "column": ["costs", "day"]}, "spec": {"mark": "point", "encoding": {"x": {"field": {"repeat": "column"}}, "y": {"field": {"repeat": "row"}}}}},
    "repeat in layers": {"data": {"values": ROWS}, "repeat": {"layer": ["sales", "costs"]}, "spec": {"mark": "line", "encoding": {"x": X, "y": {"field": {"repeat": "layer"}, "type": "quantitative"}, "color": {"datum": {"repeat": "layer"}}}}},
    "repeat of words": {"data": {"values": ROWS}, "repeat": {"layer": ["one", "two"]}, "spec": {"mark": "line", "encoding": {"x": X, "y": Y, "color": {"datum": {"repeat": "layer"}}}}},
    "facet": {"data": {"values": ROWS}, "facet": {"field": "shop", "type": "nominal", "sort": "descending"}, "columns": 2, "resolve": {"scale": {"y": "independent"}}, "spec": {"mark": "bar", "encoding": {"x": X, "y": Y}}},
    "facet in rows and columns": {"data": {"values": ROWS}, "facet": {"row": {"field": "shop"}, "column": {"field": "day", "timeUnit": "year"}}, "spec": {"layer": [{"mark": "bar", "encoding": {"x": X, "y": Y}}]}},
    "facet of what a transform makes": {"data": {"values": ROWS}, "transform": [{"fold": ["sales", "costs"]}], "facet": {"column": {"field": "key"}}, "spec": {"mark": "bar", "encoding": {"y": {"field": "value"}}}},
    "concat": {"data": {"values": ROWS}, "hconcat": [{"mark": "bar", "encoding": {"x": X}}, {"vconcat": [{"mark": "point", "encoding": {"y": Y}, "width": 100}]}, {"data": {"values": [{"z": 1}]}, "mark": "tick", "encoding": {"x": {"field": "z"}}}], "spacing": 5, "bounds": "flush", "center": True},
    "concat in columns": {"data": {"values": ROWS}, "concat": [{"mark": "bar", "name": "v", "view": {"stroke": None}, "encoding": {"x": X}}], "columns": 3, "align": "none"},
    "rows by name": {"datasets": {"d": ROWS}, "data": {"name": "d"}, "mark": "bar", "encoding": {"x": X}},
    "rows by name elsewhere": {"layer": [{"data": {"name": "d", "values": ROWS}, "mark": "bar", "encoding": {"x": X}}, {"data": {"name": "d"}, "mark": "tick", "encoding": {"x": X}}]},
    "plain values": {"data": {"values": [1, 2, 3]}, "mark": "bar", "encoding": {"x": {"field": "data"}}},
    "values as text": {"data": {"values": "a,b\n1,2", "format": {"type": "csv"}}, "mark": "bar", "encoding": {"x": {"field": "a"}}},
    "values inside of others": {"data": {"values": {"rows": ROWS}, "format": {"property": "rows"}}, "mark": "bar", "encoding": {"x": X}},
    "a sequence": {"data": {"sequence": {"start": 0, "stop": 6, "step": 0.1, "as": "x"}}, "transform": [{"calculate": "sin(datum.x)", "as": "y"}], "mark": "line", "encoding": {"x": {"field": "x"}, "y": {"field": "y"}}},
    "a sequence without a name": {"data": {"sequence": {"start": 0, "stop": 6}}, "mark": "tick", "encoding": {"x": {"field": "data"}}},
    "a map": {"data": {"values": [{"type": "Feature", "properties": {"name": "n"}, "geometry": {"type": "Point", "coordinates": [1, 2]}}]}, "projection": {"type": "mercator"}, "mark": "geoshape", "encoding": {"color": {"field": "properties.name"}, "shape": {"field": "geometry", "type": "geojson"}}},
    "a globe": {"projection": {"type": "orthographic"}, "layer": [{"data": {"sphere": True}, "mark": "geoshape"}, {"data": {"graticule": {"step": [15, 15]}}, "mark": {"type": "geoshape", "filled": False}}]},
    "places": encoded(longitude={"field": "sales"}, latitude={"field": "costs"}, longitude2={"field": "sales"}, latitude2={"field": "costs"}),
    "no fields": {"data": {"values": [{}]}, "mark": {"type": "text", "fontSize": 20}, "encoding": {"text": {"value": "hello"}}},
    "only what is made": {"data": {"values": [{}]}, "transform": [{"calculate": "1", "as": "one"}], "mark": "point", "encoding": {"x": {"field": "one"}}},
    "dots in what is made": transformed({"calculate": "1", "as": "at.one"}, {"aggregate": [{"op": "sum", "field": "sales", "as": "all.sales"}], "groupby": ["at.x"]}, x="at.x", y="all.sales"),
    "boxes": {**drawn(), "mark": {"type": "boxplot", "extent": "min-max"}},
    "bands": {**encoded(y2={"field": "costs"}), "mark": {"type": "errorband", "extent": "ci"}},
    "slices": drawn(mark={"type": "arc", "innerRadius": 40}, encoding={"theta": {"field": "sales", "stack": True}, "radius": {"field": "costs", "scale": {"type": "sqrt", "zero": True}}, "key": {"field": "shop"}}),
    "a size of a layer": {"data": {"values": ROWS}, "layer": [{"mark": "bar", "width": 300, "height": 200}]},
    "a second type": encoded(x2={"field": "sales", "type": "quantitative"}, x={"field": "costs", "type": "quantitative"}),
    "a finished look": drawn(title={"text": "T"}, background="white", padding=5, autosize="fit", config={"bar": {}}, usermeta={"a": 1}, description="d", **{"$schema": "https://vega.github.io/schema/vega-lite/v6.json"}),
    "legal, if odd": drawn(transform=[], encoding={}),
}  # fmt: skip


@pytest.mark.parametrize("spec", LEGAL.values(), ids=LEGAL)
def test_what_is_legal_passes(spec):
    specs.checked(spec)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (transformed({"filter": "datum.sales > 1"}, x="shopp"), "encoding.x: field 'shopp' is not in the data; did you mean 'shop'? fields are '1.5 m', 'at'"),
        (transformed({"calculate": "datum.sales * 2", "as": "double"}, y="doubel"), "encoding.y: field 'doubel' is not in the data; did you mean 'double'?"),
        (transformed({"filter": "datum.slaes > 1"}), "transform[0].filter: field 'slaes' is not in the data; did you mean 'sales'?"),
        (transformed({"filter": {"not": {"field": "slaes", "gt": 1}}}), "transform[0].filter.not: field 'slaes'"),
        (transformed({"calculate": "datum['slaes'] + 1", "as": "c"}), "transform[0].calculate: field 'slaes'"),
        (transformed({"aggregate": [{"op": "sum", "field": "sales", "as": "total"}], "groupby": ["shop"]}), "encoding.y: field 'sales' is not in the data; fields are 'shop', 'total'"),
        (transformed({"aggregate": [{"op": "sum", "field": "slaes", "as": "total"}], "groupby": ["shop"]}), "transform[0].aggregate[0]: field 'slaes'"),
        (transformed({"aggregate": [{"op": "sum", "field": "sales", "as": "total"}], "groupby": ["shops"]}), "transform[0].groupby: field 'shops'"),
        (transformed({"fold": ["sales", "cost"]}), "transform[0].fold: field 'cost' is not in the data; did you mean 'costs'?"),
        (transformed({"pivot": "shop", "value": "slaes"}), "transform[0].value: field 'slaes'"),
        (transformed({"window": [{"op": "rank", "as": "r"}], "sort": [{"field": "slaes"}]}), "transform[0].sort: field 'slaes'"),
        (transformed({"regression": "sales", "on": "csots"}), "transform[0].on: field 'csots'"),
        (transformed({"window": [{"op": "rnak", "as": "r"}]}), "transform[0].window[0].op: Vega-Lite does not know 'rnak'; did you mean 'rank'?"),
        (transformed({"aggregate": [{"op": "avg", "field": "sales", "as": "a"}]}), "transform[0].aggregate[0].op: Vega-Lite does not know 'avg'; did you mean 'average'?"),
        (transformed({"aggregate": [], "groupBy": ["shop"]}), "transform[0]: Vega-Lite does not know 'groupBy'; did you mean 'groupby'?"),
        (transformed({"calcualte": "1", "as": "c"}), "transform[0]: Vega-Lite does not know 'calcualte'; did you mean 'calculate'?"),
        (transformed({"timeUnit": "yearmonh", "field": "day", "as": "m"}), "transform[0].timeUnit: Vega-Lite does not know 'yearmonh'; did you mean 'yearmonth'?"),
        (drawn("at.x", "att.y"), "encoding.y: field 'att' is not in the data; did you mean 'at'?"),
        (encoded(y={"aggregate": {"argmax": "csots"}, "field": "sales"}), "encoding.y.aggregate: field 'csots'"),
        (encoded(x={"field": "shop", "sort": {"field": "slaes"}}), "encoding.x.sort: field 'slaes'"),
        (encoded(x={"field": "shop", "sort": "descnding"}), "encoding.x.sort: Vega-Lite does not know 'descnding'; did you mean 'descending'?"),
        (encoded(x={"field": "shop", "sort": {"field": "sales", "op": "avg"}}), "encoding.x.sort.op: Vega-Lite does not know 'avg'"),
        (encoded(color={"condition": {"test": "datum.slaes > 1", "value": "red"}}), "encoding.color.condition.test: field 'slaes'"),
        (encoded(tooltip=[{"field": "shop"}, {"field": "slaes"}]), "encoding.tooltip[1]: field 'slaes'"),
        (encoded(y={**Y, "aggregate": "avg"}), "encoding.y.aggregate: Vega-Lite does not know 'avg'; did you mean 'average'?"),
        (encoded(y={**Y, "scale": {"type": "logg"}}), "encoding.y.scale.type: Vega-Lite does not know 'logg'; did you mean 'log'?"),
        (encoded(x={**X, "timeUnit": "yearmonh"}), "encoding.x.timeUnit: Vega-Lite does not know 'yearmonh'; did you mean 'yearmonth'?"),
        (encoded(x={**X, "timeUnit": {"unit": "yearmonh"}}), "encoding.x.timeUnit.unit: Vega-Lite does not know 'yearmonh'"),
        (encoded(y={**Y, "stack": "norm"}), "encoding.y.stack: Vega-Lite does not know 'norm'; did you mean 'normalize'?"),
        (encoded(y={"field": "sales", "typ": "quantitative"}), "encoding.y: Vega-Lite does not know 'typ'; did you mean 'type'?"),
        (drawn(encodng={}), "Vega-Lite does not know 'encodng'; did you mean 'encoding'?"),
        (drawn(selection={}), "Vega-Lite does not know 'selection'; did you mean 'params'?"),
        ({"data": {"values": ROWS}, "layer": [{"mark": "bar", "encodng": {}}]}, "layer[0]: Vega-Lite does not know 'encodng'"),
        ({"data": {"values": ROWS}, "layer": [{"data": {"values": [{"limit": 1}]}, "mark": "rule", "encoding": {"y": {"field": "limits"}}}]}, "layer[0].encoding.y: field 'limits' is not in the data; did you mean 'limit'?"),
        ({"data": {"values": ROWS}, "repeat": ["sales", "sals"], "spec": {"mark": "bar", "encoding": {"y": {"field": {"repeat": "repeat"}}}}}, "repeat: field 'sals' is not in the data; did you mean 'sales'?"),
        ({"data": {"values": ROWS}, "repeat": {"row": ["sals"]}, "spec": {"mark": "bar", "encoding": {"y": {"field": {"repeat": "row"}}}}}, "repeat.row: field 'sals'"),
        ({"data": {"values": ROWS}, "facet": {"field": "shpo"}, "spec": {"mark": "bar", "encoding": {"x": X}}}, "facet: field 'shpo' is not in the data; did you mean 'shop'?"),
        ({"data": {"values": ROWS}, "facet": {"row": {"field": "shpo"}}, "spec": {"mark": "bar", "encoding": {"x": X}}}, "facet.row: field 'shpo'"),
        ({"datasets": {"d": ROWS}, "data": {"name": "d"}, "mark": "bar", "encoding": {"x": {"field": "dya"}}}, "encoding.x: field 'dya' is not in the data; did you mean 'day'?"),
        ({"data": {"sequence": {"start": 0, "stop": 9, "as": "t"}}, "mark": "tick", "encoding": {"x": {"field": "x"}}}, "encoding.x: field 'x' is not in the data; fields are 't'"),
        ({"mark": "bar", "encoding": {"x": X}}, "draws nothing, because its data is missing; give rows in data.values or in the data argument"),
        ({"layer": [{"mark": "bar", "encoding": {"x": X}}, {"mark": "tick", "data": {"values": ROWS}}]}, "layer[0].encoding.x uses the field 'day', but data is missing; give rows"),
        # Every level of the schema: words and the kinds of values.
        (drawn(mark={"type": "boxplt", "extent": 2}), "mark.type: Vega-Lite does not know 'boxplt'; did you mean 'boxplot'?"),
        (drawn(mark={"type": "bar", "colour": "red"}), "mark: Vega-Lite does not know 'colour'; did you mean 'color'?"),
        (drawn(mark={"type": "line", "interpolate": "monoton"}), "mark.interpolate: Vega-Lite does not know 'monoton'; did you mean 'monotone'?"),
        (drawn(mark={"type": "area", "line": {"strokeWith": 2}}), "mark.line: Vega-Lite does not know 'strokeWith'; did you mean 'strokeWidth'?"),
        (encoded(y={**Y, "bandPosition": 5}), "encoding.y.bandPosition is 5; give 0 to 1"),
        (drawn(mark={"type": "bar", "opacity": 5}), "mark.opacity is 5; give 0 to 1"),
        (drawn(mark={"type": "bar", "filled": "yes"}), "mark.filled is 'yes'; give true or false"),
        (drawn(mark={"type": "bar", "color": {"gradient": "linear", "stop": []}}), "mark.color: Vega-Lite does not know 'stop'; did you mean 'stops'?"),
        (encoded(colour={"field": "shop"}), "encoding: Vega-Lite does not know 'colour'; did you mean 'color'?"),
        (encoded(x="day"), """encoding.x is 'day'; write {"field": ..., "type": ...}"""),
        (encoded(x={**X, "axis": {"labelAngel": 45}}), "encoding.x.axis: Vega-Lite does not know 'labelAngel'; did you mean 'labelAngle'?"),
        (encoded(x={**X, "axis": {"orient": "botom"}}), "encoding.x.axis.orient: Vega-Lite does not know 'botom'; did you mean 'bottom'?"),
        (encoded(x={**X, "axis": {"labelAngle": "steep"}}), "encoding.x.axis.labelAngle is 'steep'; give a number"),
        (encoded(x={**X, "axis": {"labelColor": {"condition": {"test": "true", "valeu": "red"}, "value": "blue"}}}), "encoding.x.axis.labelColor.condition: Vega-Lite does not know 'valeu'; did you mean 'value'?"),
        (encoded(x={**X, "axis": {"tickCount": {"interval": "mnth", "step": 3}}}), "encoding.x.axis.tickCount.interval: Vega-Lite does not know 'mnth'; did you mean 'month'?"),
        (encoded(y={**Y, "scale": {"dommain": [0, 9]}}), "encoding.y.scale: Vega-Lite does not know 'dommain'; did you mean 'domain'?"),
        (encoded(y={**Y, "scale": {"zero": "no"}}), "encoding.y.scale.zero is 'no'; give true or false"),
        (encoded(color={"field": "shop", "scale": {"scheme": {"nam": "blues"}}}), "encoding.color.scale.scheme: Vega-Lite does not know 'nam'; did you mean 'name'?"),
        (encoded(color={"field": "shop", "legend": {"titel": "S"}}), "encoding.color.legend: Vega-Lite does not know 'titel'; did you mean 'title'?"),
        (encoded(color={"field": "shop", "legend": False}), "encoding.color.legend is false; give null or an object"),
        (encoded(color={"field": "shop", "value": "red"}), "encoding.color: 'value' cannot be combined with 'field'; leave one of them out"),
        (encoded(color={"condition": {"tst": "true", "value": "red"}, "value": "blue"}), "encoding.color.condition: Vega-Lite does not know 'tst'; did you mean 'test'?"),
        (encoded(color={"condition": [{"test": "true", "value": "red"}, {"test": "true", "valu": "red"}], "value": "blue"}), "encoding.color.condition[1]: Vega-Lite does not know 'valu'; did you mean 'value'?"),
        (encoded(x={"field": "sales", "bin": {"maxbin": 5}}), "encoding.x.bin: Vega-Lite does not know 'maxbin'; did you mean 'maxbins'?"),
        (encoded(x={"field": "sales", "bin": {"extent": [1, 2, 3]}}), "encoding.x.bin.extent has 3 items; give 2"),
        (encoded(row={"field": "shop", "header": {"labelAngel": 0}}), "encoding.row.header: Vega-Lite does not know 'labelAngel'"),
        (encoded(x={**X, "stak": True, "aggregat": "mean"}), "encoding.x: Vega-Lite does not know 'stak'; did you mean 'stack'?; encoding.x: Vega-Lite does not know 'aggregat'; did you mean 'aggregate'?"),
        (drawn(config={"axxis": {}}), "config: Vega-Lite does not know 'axxis'; did you mean 'axis'?"),
        (drawn(config={"axis": {"labelFontsize": 20}}), "config.axis: Vega-Lite does not know 'labelFontsize'; did you mean 'labelFontSize'?"),
        (drawn(config={"style": {"mine": {"fontsize": 20}}}), "config.style.mine: Vega-Lite does not know 'fontsize'; did you mean 'fontSize'?"),
        (drawn(title={"txt": "T"}), "title: Vega-Lite does not know 'txt'; did you mean 'text'?"),
        (drawn(title={"text": "T", "anchor": "centre"}), "title.anchor: Vega-Lite does not know 'centre'; did you mean 'middle'?"),
        (drawn(title={"subtitle": "T"}), "title: 'text' is missing"),
        (drawn(width="wide"), "width is 'wide'; give 'container', a number or an object with 'step'"),
        (drawn(width=[1]), "width is [1]; give 'container', a number or an object with 'step'"),
        (drawn(autosize="fitx"), "autosize: Vega-Lite does not know 'fitx'; did you mean 'fit-x'?"),
        (drawn(padding={"lft": 1}), "padding: Vega-Lite does not know 'lft'; did you mean 'left'?"),
        (drawn(view={"strok": None}), "view: Vega-Lite does not know 'strok'; did you mean 'stroke'?"),
        (drawn(projection={"type": "mercater"}), "projection.type: Vega-Lite does not know 'mercater'; did you mean 'mercator'?"),
        (drawn(params=[{"name": "a", "selct": "point"}]), "params[0]: Vega-Lite does not know 'selct'; did you mean 'select'?"),
        (drawn(params=[{"name": "a", "value": 1, "bind": {"input": "range", "mx": 3}}]), "params[0].bind: Vega-Lite does not know 'mx'; did you mean 'max'?"),
        (drawn(params=[{"name": "a", "select": {"type": "intervall"}}]), "params[0].select.type: Vega-Lite does not know 'intervall'; did you mean 'interval'?"),
        (transformed({"agregate": [{"op": "sum", "field": "sales", "as": "s"}], "groupby": ["shop"]}), "transform[0]: Vega-Lite does not know 'agregate'; did you mean 'aggregate'?"),
        (transformed({"aggregate": [{"op": "sum", "feild": "sales", "as": "s"}]}), "transform[0].aggregate[0]: Vega-Lite does not know 'feild'; did you mean 'field'?"),
        (transformed({"calculate": "1"}), "transform[0]: 'as' is missing"),
        (transformed({"filter": {"field": "sales", "gtt": 1}}), "transform[0].filter: Vega-Lite does not know 'gtt'; did you mean 'gt'?"),
        (transformed({"filter": {"and": [{"field": "sales", "oneof": [1]}]}}), "transform[0].filter.and[0]: Vega-Lite does not know 'oneof'; did you mean 'oneOf'?"),
        (transformed({"lookup": "shop", "from": {"data": {"values": []}, "kye": "id"}}), "transform[0].from: Vega-Lite does not know 'kye'; did you mean 'key'?"),
        (transformed({"regression": "sales", "on": "costs", "method": "polly"}), "transform[0].method: Vega-Lite does not know 'polly'; did you mean 'poly'?"),
        (transformed({"stack": "sales", "groupby": [], "as": "s", "offset": "zerro"}), "transform[0].offset: Vega-Lite does not know 'zerro'; did you mean 'zero'?"),
        ({"data": {"values": ROWS, "format": {"typ": "json"}}, "mark": "bar"}, "data.format: Vega-Lite does not know 'typ'; did you mean 'type'?"),
        ({"data": {"values": ROWS}, "layer": [{"mark": "bar"}, {"mark": {"type": "text", "dyy": 5}}]}, "layer[1].mark: Vega-Lite does not know 'dyy'; did you mean 'dy'?"),
        ({"data": {"values": ROWS}, "layer": [{"mark": "bar"}, {"mark": "rule"}], "resolve": {"scael": {"y": "independent"}}}, "resolve: Vega-Lite does not know 'scael'; did you mean 'scale'?"),
        ({"data": {"values": ROWS}, "layer": [{"mark": "bar"}, {"mark": "rule"}], "resolve": {"scale": {"y": "independant"}}}, "resolve.scale.y: Vega-Lite does not know 'independant'; did you mean 'independent'?"),
        ({"data": {"values": ROWS}, "hconcat": [{"vconcat": [{"mark": "bar", "encoding": {"y": {**Y, "axis": {"gird": False}}}}]}]}, "hconcat[0].vconcat[0].encoding.y.axis: Vega-Lite does not know 'gird'; did you mean 'grid'?"),
        ({"data": {"values": ROWS}, "facet": {"field": "shop", "headr": {}}, "spec": {"mark": "bar"}}, "facet: Vega-Lite does not know 'headr'; did you mean 'header'?"),
        ({"data": {"values": ROWS}, "facet": {"row": {"field": "shop", "srt": None}}, "spec": {"mark": "bar"}}, "facet.row: Vega-Lite does not know 'srt'; did you mean 'sort'?"),
        ({"data": {"values": ROWS}, "repeat": {"rows": ["sales"]}, "spec": {"mark": "bar"}}, "repeat: Vega-Lite does not know 'rows'; did you mean 'row'?"),
        ({"data": {"values": ROWS}, "hconcat": [{"mark": "bar"}], "width": 300}, "'width' cannot be combined with 'hconcat'; set it in the inner charts"),
        ({"data": {"values": ROWS}, "mark": "bar", "layer": []}, "cannot be combined with"),
        # What is near in letters alone is not meant; what other tools say is.
        (drawn(mark="pie"), "mark: Vega-Lite does not know 'pie'; did you mean 'arc'?"),
        (drawn(mark={"type": "scatter"}), "mark.type: Vega-Lite does not know 'scatter'; did you mean 'point'?"),
        (drawn(mark="histogram"), "mark: Vega-Lite does not know 'histogram'; did you mean 'bar'?"),
        (drawn(mark="sunburst"), "mark is 'sunburst'; give 'boxplot', "),
        (encoded(x={**X, "type": "categorical"}), "encoding.x.type: Vega-Lite does not know 'categorical'; did you mean 'nominal'?"),
        (encoded(y={**Y, "scale": {"type": "logarithmic"}}), "encoding.y.scale.type: Vega-Lite does not know 'logarithmic'; did you mean 'log'?"),
        (encoded(group={"field": "shop"}), "encoding: Vega-Lite does not know 'group'; did you mean 'color'?"),
        (transformed({"filter": {"field": "sales", "greater": 1}}), "transform[0].filter: Vega-Lite does not know 'greater'; did you mean 'gt'?"),
        ({"data": {"values": ROWS}, "layers": [{"mark": "bar"}]}, "Vega-Lite does not know 'layers'; did you mean 'layer'?"),
        ({"data": {"values": ROWS}, "marks": "bar"}, "Vega-Lite does not know 'marks'; did you mean 'mark'?"),
        (drawn(hconact=[]), "Vega-Lite does not know 'hconact'; did you mean 'hconcat'?"),
        ({"data": {"values": ROWS}, "title": "bars"}, "has no mark; give Vega-Lite such as"),
        (drawn("1.5 m"), r"encoding.x: field '1.5 m' refers to a field inside '1'; for the field with this full name, write '1\\.5 m'"),
    ],
)  # fmt: skip
def test_what_would_draw_a_wrong_picture_is_refused(spec, words):
    with pytest.raises(ArgumentError) as caught:
        specs.checked(spec)
    assert words in caught.value.problem
    assert caught.value.argument == "spec"


@pytest.mark.parametrize(
    ("spec", "path", "kept"),
    [
        (encoded(tooltip=[{"field": "sales"}]), "", True),
        (encoded(tooltip=[{"field": "sales", "filter": {"equal": 1}}]), "ignored: encoding.tooltip[0].filter, newer than the drawing engine (Vega-Lite 6.4.1)", True),
        (encoded(tooltip={"field": "sales", "fliter": 1}), "ignored: encoding.tooltip, because a picture has no tooltips", False),
        (encoded(tooltip=True), "ignored: encoding.tooltip, because a picture has no tooltips", False),
        (drawn(mark={"type": "bar", "tooltip": {"contents": "data"}}), "ignored: mark.tooltip, because a picture", False),
        (encoded(x={**X, "tooltip": False}), "ignored: encoding.x.tooltip, newer than the drawing engine (Vega-Lite 6.4.1)", True),
        (encoded(x={**X, "tooltip": {"filtr": 1}}), "ignored: encoding.x.tooltip, because a picture", False),
        (
            encoded(x={**X, "tooltip": False}, tooltip={"fliter": 1}),
            "ignored: encoding.tooltip, because a picture has no tooltips; ignored: encoding.x.tooltip, newer than",
            True,
        ),
    ],
)  # fmt: skip
def test_what_a_picture_does_not_show_refuses_no_spec(spec, path, kept):
    found = specs.checked(spec)
    assert path in found.passed_over
    assert ("tooltip" in str(found.spec)) == kept


@pytest.mark.parametrize(
    ("spec", "paths"),
    [
        (drawn(mark={"type": "bar", "href": "https://a.example"}), "mark.href"),
        (drawn(mark={"type": "bar", "href": "javascript:alert(1)"}), "mark.href"),
        (encoded(href={"value": "a.html"}), "encoding.href"),
        (encoded(href={"field": "sales", "type": "nominal"}), "encoding.href"),
        (encoded(href={"condition": {"test": "datum.sales > 1", "value": "a.html"}}), "encoding.href"),
        (drawn(config={"mark": {"href": "a.html"}, "bar": {"href": {"expr": "'a' + 'b'"}}}), "config.mark.href config.bar.href"),
    ],
)  # fmt: skip
def test_a_link_refuses_no_spec(spec, paths):
    found = specs.checked(guard.guarded(spec))
    assert found.passed_over == f"; ignored: {paths}, because a picture has no links"
    assert "href" not in str(found.spec)


def test_a_field_that_is_called_as_a_link_stays():
    data = {"values": [{"href": "2026-01-01", "sales": 1}], "format": {"parse": {"href": "date"}}}
    spec = {"data": data, "mark": "bar", "encoding": {"x": {"field": "href"}, "y": {"field": "sales"}}}
    assert specs.checked(spec) == (spec, "")


_Q = {"field": "v", "type": "quantitative"}


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"mark": "bar", "encoding": {"x": {"field": "k"}, "y": {"aggregate": "count"}}}, "bar marks: 'k', the number of rows"),
        ({"facet": {"field": "k"}, "spec": {"mark": "bar", "encoding": {"y": _Q}}}, "bar marks: 'k', 'v' (quantitative)"),
        (
            {"facet": {"row": {"field": "k", "type": "nominal"}, "column": {"field": "l"}}, "spec": {"mark": "bar", "encoding": {"y": _Q}}},
            "bar marks: 'k' (nominal), 'l', 'v' (quantitative)",
        ),
        ({"repeat": ["a", "b"], "spec": {"mark": "bar", "encoding": {"x": {"field": {"repeat": "repeat"}}}}}, "bar marks: 'a', 'b'"),
        ({"repeat": {"layer": ["a"]}, "spec": {"mark": "bar", "encoding": {"y": _Q}}}, "bar marks: 'a', 'v' (quantitative)"),
        ({"mark": "bar", "title": {"text": ["Two", "lines"]}, "encoding": {"y": _Q}}, '"Two lines" of bar marks: \'v\' (quantitative)'),
    ],
)  # fmt: skip
def test_the_sentence_names_what_a_spec_shows(spec, told):
    assert specs.spec_description(spec).removeprefix("Vega-Lite chart ").removeprefix("of ") == told
