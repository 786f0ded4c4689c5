"""From a kind of chart and rows to a Vega-Lite spec. Each kind is one function; the look is `look`'s."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from . import dates, labels
from .answer import Json
from .look import NORMAL, Look, look, merged, title_lines
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
    Sizes are pixels of the whole picture. `zoned`: its dates had a zone, and are told in UTC. `every` are the
    slices of a pie where `rows` has the smallest of them added up.
    """

    kind: Kind
    rows: Sequence[dict[str, Json]]
    names: dict[str, str]
    sorts: dict[str, Sort]
    title: str | None
    width: int
    height: int
    horizontal: bool = False
    zoned: bool = False
    every: Sequence[dict[str, Json]] = ()

    @property
    def look(self) -> Look:
        """The sizes of letters and edges."""
        return look(self.width, self.height)

    @property
    def below(self) -> float:
        """Pixels of the height that are not for the plot, about."""
        # The room of a normal chart's title is counted in, whether there is one or not.
        return self.look.below + (0 if self.look == NORMAL else self.heading)

    @property
    def heading(self) -> float:
        """Pixels of the height that the title takes."""
        if not self.title:
            return 0
        return len(title_lines(self.title, self.width, self.look)) * self.look.title * 1.3 + 14

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
    spec: Object = {"data": {"values": chart.rows}, "config": merged({}, chart.look)}
    if chart.title:
        spec["title"] = {"text": title_lines(chart.title, chart.width, chart.look)}
    return spec


def _facets(chart: Chart) -> Object:
    """Draw small charts side by side, one a value. Their size is a first guess, which `fit` mends."""
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
    room = (height - chart.below) / len(names)
    side, all_fit = labels.beside(names, room, width, chart.look.text)
    under = labels.below(names, (width - chart.look.beside) / len(names), height, chart.look.text)
    better = under["labelAngle"] != 0 and (all_fit or max(map(len, names)) > 24) and room / series >= 4
    lying = chart.horizontal or better
    axis = side if lying else under
    place, along = ("y", "x") if lying else ("x", "y")
    encoding: Object = {
        place: {
            "field": category,
            "type": "nominal",
            "sort": None,
            "title": _title(chart, category),
            "axis": axis,
        },
        along: {"field": number, "type": "quantitative", "title": _title(chart, number)},
    }
    if "color" in chart.names:
        encoding["color"] = _color(chart)
    if _grouped(chart, category):
        encoding[f"{place}Offset"] = {"field": "color", "type": "nominal", "sort": None}
    return {"mark": {"type": "bar", "cornerRadiusEnd": 2}, "encoding": encoding}


def _title(chart: Chart, role: str) -> str | None:
    """Return the title of an axis, for which a tiny chart has no room."""
    return chart.names[role] if chart.look.titles else None


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
    encoding: Object = {"field": role, "type": _TYPES[sort], "title": _title(chart, role)}
    if sort == "date":
        return encoding | _dated(chart, role, width, height)
    if sort == "number":
        whole = [row[role] for row in chart.rows if row[role] is not None]
        years = role == "x" and all(isinstance(cell, int) and 1000 <= cell < 3000 for cell in whole)
        axis: Object = {"axis": {"format": "d", "tickMinStep": 1}} if years else {}
        return encoding | axis | {"scale": {"zero": _zero(chart, role), "nice": True}}
    names, size = [str(value) for value in chart.distinct(role)], chart.look.text
    if role == "y":
        axis = labels.beside(names, (height - chart.below) / len(names), width, size)[0]
    else:
        axis = labels.below(names, (width - chart.look.beside) / len(names), height, size)
    return encoding | {"sort": None, "axis": axis}


def _dated(chart: Chart, role: str, width: int, height: int) -> Object:
    """Return the axis of dates and its title. UTC on both sides: a date is the same day wherever it is drawn."""
    cells = [cell for cell in chart.distinct(role) if isinstance(cell, str)]
    down, small = role == "y", "facet" in chart.names
    taken = chart.below if down else chart.look.beside
    axis, shared = dates.axis(
        [datetime.fromisoformat(cell) for cell in cells],
        (height if down else width) - (0 if small else taken),
        chart.look.text,
        titled=chart.look.titles,
        down=down,
    )
    told = ", ".join(filter(None, (shared, "UTC" if chart.zoned else "")))
    title = f"{chart.names[role]} ({told})" if told else chart.names[role]
    return {
        "scale": {"type": "utc"},
        "axis": axis,
        "title": title if chart.look.titles else None,
    }


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
    names = [str(value) for value in chart.distinct(role)]
    room = chart.height - 2 * chart.look.padding - chart.heading
    return labels.legend(names, chart.width, room, chart.look.text)


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
        "fontSize": chart.look.text + 1,
        "fontWeight": "bold",
        "fill": "white",
    }
    layers: list[Json] = [{"mark": arc, "encoding": {"color": color}}]
    if chart.look.titles:  # In a tiny pie no slice has room for its share.
        layers.append({"mark": text, "encoding": {"text": {"field": "share", "type": "nominal"}}})
    return {"encoding": {"theta": theta, "order": order}, "layer": layers}
