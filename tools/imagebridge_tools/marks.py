"""From a kind of chart and rows to a Vega-Lite spec. Each kind is one function; the look is `look`'s."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

from . import labels
from .answer import Json
from .look import PADDING, TEXT_SIZE, TITLE_SIZE, merged, title_lines
from .table import Sort

_CELL = 40
"""Pixels of a small chart's side at least."""

Kind = Literal["bar", "line", "area", "scatter", "pie"]
KINDS: tuple[str, ...] = get_args(Kind)
ROLES = ("x", "y", "color", "facet")

_TYPES: dict[Sort, str] = {"number": "quantitative", "date": "temporal", "text": "nominal"}
Object = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn: rows with the keys x, y, color and facet, of which the last two may be missing.

    `names` are the fields' own names by role, `sorts` what they hold. `horizontal` bars have their numbers in x.
    Sizes are pixels of the whole picture.
    """

    kind: Kind
    rows: Sequence[dict[str, Json]]
    names: dict[str, str]
    sorts: dict[str, Sort]
    title: str | None
    width: int
    height: int
    horizontal: bool = False

    def distinct(self, role: str) -> list[Json]:
        """Return the values of a role, each once, in the order of the data."""
        return list(dict.fromkeys(row.get(role) for row in self.rows))


def vega_lite(chart: Chart) -> Object:
    """Return the Vega-Lite spec of a chart, complete with data, size and look."""
    if "facet" in chart.names:
        return _facets(chart)
    fit: Object = {"autosize": {"type": "fit", "contains": "padding"}}
    return _framed(chart) | fit | _view(chart, chart.width, chart.height)


def _framed(chart: Chart) -> Object:
    """Return what every chart has: data, title, theme."""
    spec: Object = {"data": {"values": chart.rows}, "config": merged({})}
    if chart.title:
        spec["title"] = {"text": title_lines(chart.title, chart.width)}
    return spec


def _facets(chart: Chart) -> Object:
    """Draw small charts side by side, one a value. Their size is a first guess, which `refitted` mends."""
    values = chart.distinct("facet")
    columns = next(
        n for n in range(1, len(values) + 1) if n * n * chart.height >= len(values) * chart.width * 0.6
    )
    width = max(_CELL, chart.width // columns - 60)
    height = max(_CELL, chart.height // -(-len(values) // columns) - 70)
    facet: Object = {"field": "facet", "type": "nominal", "title": None, "sort": values}
    spec = _framed(chart) | {
        "facet": facet,
        "columns": columns,
        "spacing": 24,
        "spec": _view(chart, width, height),
    }
    if len(values) % columns:  # A shared axis would stand below the empty place of the last row.
        spec["resolve"] = {"axis": {"x": "independent"}}
    return spec


def refitted(drawing: Object, chart: Chart, width: int, height: int) -> Object | None:
    """Return small charts grown or shrunk to the size asked for, now that the first drawing's size is known.

    None where there is nothing to mend.
    """
    if "facet" not in drawing or (width, height) == (chart.width, chart.height):
        return None
    columns = cast("int", drawing["columns"])
    rows = -(-len(chart.distinct("facet")) // columns)
    cell = cast("Object", drawing["spec"])
    wide, right = divmod(cast("int", cell["width"]) * columns + chart.width - width, columns)
    high, bottom = divmod(cast("int", cell["height"]) * rows + chart.height - height, rows)
    # What cannot be shared out evenly goes to the edges.
    padding: Object = {"left": PADDING, "top": PADDING, "right": PADDING + right, "bottom": PADDING + bottom}
    return drawing | {
        "spec": cell | {"width": max(_CELL, wide), "height": max(_CELL, high)},
        "padding": padding,
    }


def _view(chart: Chart, width: int, height: int) -> Object:
    view: Object = {"width": width, "height": height}
    match chart.kind:
        case "bar":
            return view | _bar(chart, width, height)
        case "line" | "area":
            return view | _line(chart, width, height)
        case "scatter":
            return view | _scatter(chart, width, height)
        case "pie":
            return view | _pie(chart)


def _bar(chart: Chart, width: int, height: int) -> Object:
    """Draw bars side by side for each colour; lying ones where labels would not fit below standing ones."""
    category, number = ("y", "x") if chart.horizontal else ("x", "y")
    names = [str(value) for value in chart.distinct(category)]
    series = len(chart.distinct("color")) if _grouped(chart, category) else 1
    room = (height - 100) / len(names)
    side, all_fit = labels.beside(names, room, width)
    under = labels.below(names, (width - 90) / len(names), height)
    better = under["labelAngle"] != 0 and (all_fit or max(map(len, names)) > 24) and room / series >= 4
    lying = chart.horizontal or better
    axis = side if lying else under
    place, along = ("y", "x") if lying else ("x", "y")
    encoding: Object = {
        place: {
            "field": category,
            "type": "nominal",
            "sort": None,
            "title": chart.names[category],
            "axis": axis,
        },
        along: {"field": number, "type": "quantitative", "title": chart.names[number]},
    }
    if "color" in chart.names:
        encoding["color"] = _color(chart)
    if _grouped(chart, category):
        encoding[f"{place}Offset"] = {"field": "color", "type": "nominal", "sort": None}
    return {"mark": {"type": "bar", "cornerRadiusEnd": 2}, "encoding": encoding}


def _grouped(chart: Chart, category: str) -> bool:
    return "color" in chart.names and chart.names["color"] != chart.names[category]


def _line(chart: Chart, width: int, height: int) -> Object:
    encoding: Object = {"x": _along(chart, "x", width, height), "y": _along(chart, "y", width, height)}
    if "color" in chart.names:
        encoding["color"] = _color(chart)
    if chart.kind == "area":
        mark: Object = {"type": "area", "opacity": 0.75, "line": {"strokeWidth": 2}}
    else:
        few = len(chart.rows) <= 80
        mark = {
            "type": "line",
            "strokeWidth": 2.5,
            "strokeJoin": "round",
            "point": {"size": 40} if few else False,
        }
    return {"mark": mark, "encoding": encoding}


def _scatter(chart: Chart, width: int, height: int) -> Object:
    encoding: Object = {"x": _along(chart, "x", width, height), "y": _along(chart, "y", width, height)}
    if "color" in chart.names:
        encoding["color"] = _color(chart)
    size = 60 if len(chart.rows) <= 300 else 20
    return {"mark": {"type": "point", "filled": True, "size": size, "opacity": 0.7}, "encoding": encoding}


def _along(chart: Chart, role: str, width: int, height: int) -> Object:
    """Return the encoding of a position: numbers, dates, or categories in the order of the data."""
    sort = chart.sorts[role]
    encoding: Object = {"field": role, "type": _TYPES[sort], "title": chart.names[role]}
    if sort == "date":
        # UTC on both sides: a date is the same day wherever it is drawn.
        return encoding | {"scale": {"type": "utc"}, "axis": {"labelOverlap": "greedy"}}
    if sort == "number":
        whole = [row[role] for row in chart.rows if row[role] is not None]
        years = role == "x" and all(isinstance(cell, int) and 1000 <= cell < 3000 for cell in whole)
        axis: Object = {"axis": {"format": "d", "tickMinStep": 1}} if years else {}
        return encoding | axis | {"scale": {"zero": _zero(chart, role), "nice": True}}
    names = [str(value) for value in chart.distinct(role)]
    if role == "y":
        return encoding | {"sort": None, "axis": labels.beside(names, (height - 100) / len(names), width)[0]}
    return encoding | {"sort": None, "axis": labels.below(names, (width - 90) / len(names), height)}


def _zero(chart: Chart, role: str) -> bool:
    """Tell whether an axis of numbers starts at 0: areas do, lines unless they would lie flat far above it."""
    numbers = [cell for row in chart.rows if isinstance(cell := row[role], int | float)]
    if chart.kind == "area" and role == "y":
        return True
    return (
        chart.kind == "line"
        and role == "y"
        and not (max(numbers) - min(numbers)) < 0.5 * min(map(abs, numbers))
    )


def _color(chart: Chart) -> Object:
    encoding: Object = {"field": "color", "title": chart.names["color"]}
    if chart.sorts["color"] == "number" and chart.kind == "scatter":
        return encoding | {"type": "quantitative", "scale": {"scheme": "viridis"}}
    shown = _key(chart, "color") if _legend(chart) else None
    return encoding | {"type": "nominal", "sort": None, "legend": shown}


def _key(chart: Chart, role: str) -> Object:
    """Return the legend of a chart."""
    title = len(title_lines(chart.title, chart.width)) * TITLE_SIZE * 1.3 + 14 if chart.title else 0
    names = [str(value) for value in chart.distinct(role)]
    return labels.legend(names, chart.width, chart.height - 2 * PADDING - title)


def _legend(chart: Chart) -> bool:
    """Tell whether colours need a legend: not where they repeat what the axis says."""
    color = chart.names.get("color")
    return color is not None and (chart.kind == "pie" or color not in (chart.names["x"], chart.names["y"]))


def _pie(chart: Chart) -> Object:
    """Draw slices in the order of the data, their shares in the legend and on the slices that have room."""
    theta: Object = {"field": "y", "type": "quantitative", "stack": True, "sort": None}
    order: Object = {"field": "order", "type": "quantitative"}
    color: Object = {"field": "color", "type": "nominal", "sort": None, "title": chart.names["x"]}
    color["legend"] = _key(chart, "color")
    arc: Object = {"type": "arc", "stroke": "white", "strokeWidth": 1.5}
    cell = "child_" if "facet" in chart.names else ""  # What Vega calls the size of a small chart.
    text: Object = {
        "type": "text",
        "radius": {"expr": f"min({cell}width, {cell}height) / 2 * 0.72"},
        "fontSize": TEXT_SIZE + 1,
        "fontWeight": "bold",
        "fill": "white",
    }
    layers: list[Json] = [
        {"mark": arc, "encoding": {"color": color}},
        {"mark": text, "encoding": {"text": {"field": "share", "type": "nominal"}}},
    ]
    return {"encoding": {"theta": theta, "order": order}, "layer": layers}
