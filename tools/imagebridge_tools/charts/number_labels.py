"""The numbers of a chart written at its marks, where that was asked for."""

from imagebridge_tools.tool_output import JsonObject

from . import encoding
from .plan import Chart

MOST = 100
"""Numbers that are written at most; more would cover each other."""

_ROOM = 0.08
"""Share of its numbers by which an axis reaches beyond the outermost, for the words there."""


def labelled(view: JsonObject, chart: Chart) -> JsonObject:
    """Return the view of a chart with its numbers at its marks: beyond the ends of bars, in the middle of parts of a stack."""
    if not chart.options.labels or chart.kind not in ("bar", "line", "area", "scatter") or "layer" in view:
        return view
    side = "x" if chart.horizontal and chart.kind == "bar" else "y"
    channels = encoding.mapping(view.get("encoding"))
    along = next(name for name in ("x", "y") if encoding.mapping(channels.get(name)).get("field") == side)
    value = encoding.mapping(channels[along])
    scale = encoding.mapping(value.get("scale"))
    if not chart.stacked and "domain" not in scale:
        value["scale"] = scale | _wider(chart, side)
    form = chart.frame.formats.get(side)
    text: JsonObject = (
        {"field": side, "type": "quantitative", "format": form}
        if form
        else {"field": "label", "type": "nominal"}
    )
    place = {name: one for name, one in channels.items() if name not in ("color", along)}
    if chart.stacked:
        place |= {"detail": {"field": "color", "type": "nominal"}}
    ink = chart.style.theme.on if chart.kind == "bar" and chart.stacked else chart.style.theme.ink
    mark: JsonObject = {"type": "text", "fontSize": chart.style.text, "fill": ink, "baseline": "middle"}
    words: JsonObject = {
        "mark": mark | ({} if chart.stacked else _beyond(along, side)),
        "encoding": {**place, along: value | ({"bandPosition": 0.5} if chart.stacked else {}), "text": text},
        "transform": [{"filter": {"field": side, "valid": True}}],
    }
    marks: JsonObject = {"mark": view["mark"], "encoding": {**channels, along: value}}
    rest = {key: part for key, part in view.items() if key not in ("mark", "encoding")}
    return {**rest, "layer": [marks, words]}


def _wider(chart: Chart, side: str) -> JsonObject:
    """Return where an axis ends that has room for words beyond its marks."""
    known = [cell for row in chart.rows if isinstance(cell := row.get(side), int | float)]
    low, high = min(known), max(known)
    if chart.options.scales.get(side) == "log":
        return {"domainMax": high * 1.5}
    reach = (max(high, 0) - min(low, 0)) * _ROOM
    return {
        **({"domainMax": high + reach} if high > 0 else {}),
        **({"domainMin": low - reach} if low < 0 else {}),
    }


def _beyond(along: str, side: str) -> JsonObject:
    """Return where words stand beyond the end of a mark: on the other side of the axis for negative numbers."""
    sign = f"datum['{side}'] < 0"
    if along == "y":
        return {"dy": {"expr": f"{sign} ? 10 : -10"}}
    return {"align": {"expr": f"{sign} ? 'right' : 'left'"}, "dx": {"expr": f"{sign} ? -5 : 5"}}
