"""Builds the axes and colours of a chart: the parts of Vega-Lite's `encoding` that its marks share."""

from collections.abc import Mapping
from datetime import datetime

from imagebridge_tools.tables.cells import as_float, date, numbers
from imagebridge_tools.tables.table import ColumnType
from imagebridge_tools.tool_output import JsonObject, JsonValue

from . import dates, labels, log_axes
from .plan import Chart
from .text_width import broken, wide
from .titles import PlotSize, side_title_width

_TYPES: dict[ColumnType, str] = {"number": "quantitative", "date": "temporal", "text": "nominal"}


def places(chart: Chart, width: int, height: int) -> tuple[str, str, JsonObject, str]:
    """Return the axis of categories, the axis of numbers, the encoding of categories, and the role of the numbers."""
    category, number = ("y", "x") if chart.horizontal and chart.kind == "bar" else ("x", "y")
    several = grouped(chart, category)
    names = [str(value) for value in chart.distinct(category)]
    series = len(chart.distinct("color")) if several else 1
    across, down = plot(chart, width, height)
    room = down / len(names)
    side, all_fit = labels.beside(names, room, width, chart.style.text)
    under = labels.below(names, across / len(names), height, chart.style.text)
    better = under["labelAngle"] != 0 and (all_fit or max(map(len, names)) > 24) and room / series >= 4
    lying = chart.horizontal or better
    place, along = ("y", "x") if lying else ("x", "y")
    axis: JsonObject = {"field": category, "type": "nominal", "sort": None, "title": title(chart, category)}
    encoding: JsonObject = {place: axis | {"axis": side if lying else under}}
    if several:
        encoding[f"{place}Offset"] = {"field": "color", "type": "nominal", "sort": None}
    return place, along, encoding, number


def plot(chart: Chart, width: int, height: int) -> tuple[float, float]:
    """Return the approximate width and height of a plot, in pixels; small charts already exclude their axes."""
    if "facet" in chart.names:
        return width, height
    return width - width_beside_plot(chart), height - chart.below - lower(chart)


def width_beside_plot(chart: Chart) -> float:
    """Return the approximate width of the axes and the legend beside the plot, in pixels."""
    both = chart.style.beside * (1.7 if chart.right else 1)
    if chart.types.get("y") == "text":
        longest = max(wide(str(value)) for value in chart.distinct("y"))
        labelled = max(min(longest, 15) * chart.style.text, longest * 9)
        both += max(0, min(labelled, chart.frame.width * 0.42) - 3 * chart.style.text)
    if "color" not in chart.names or not _legend(chart) or lower(chart):
        return both
    named = chart.frame.titles.get("color", chart.names["color"])
    title = min(wide(named, bold=True) * (chart.style.text + 1), side_title_width(chart.frame.width))
    if chart.kind == "heatmap" or chart.types["color"] == "number":
        return both + max(5 * chart.style.text, title + 10)
    return both + max(_entries(chart), title + 10)


def _entries(chart: Chart) -> float:
    """Return the approximate width of a legend's entries next to a chart, in pixels."""
    longest = max(wide(str(value)) for value in chart.distinct("color"))
    return min(min(longest, 15) * chart.style.text + 26, chart.frame.width / 2)


def lower(chart: Chart) -> float:
    """Return the height of a small chart's legend below it, if that makes the plot larger; otherwise 0."""
    small = not chart.style.normal and chart.kind != "heatmap" and "facet" not in chart.names
    if not small or chart.types.get("color") != "text" or not _legend(chart):
        return 0
    pie, padding = chart.kind == "pie", chart.style.padding
    width = chart.frame.width - (2 * padding if pie else chart.style.beside)
    height = chart.frame.height - (2 * padding + chart.heading if pie else chart.below)
    high, across = _under(chart)[1], _entries(chart)
    if pie:
        larger = min(width, height - high) > min(width - across, height)
    else:
        larger = width * (height - high) > (width - across) * height * 1.2
    return high if larger else 0


def _under(chart: Chart) -> tuple[JsonObject, float]:
    """Return the legend below a chart, as wide as the plot and aligned with its left edge, and the legend's height."""
    names, padding = [str(value) for value in chart.distinct("color")], chart.style.padding
    lies = chart.kind in ("bar", "box") and not chart.layers
    left = (
        0 if chart.kind == "pie" else chart.frame.width * 0.52 if lies else chart.style.beside - 2 * padding
    )
    width = chart.frame.width - 2 * padding - left
    return labels.under(names, width, chart.style.text, titled=chart.style.titles)


def room(chart: Chart, view: Mapping[str, JsonValue], width: int, height: int) -> PlotSize:
    """Return the space for the titles of a view's axes, given their labels."""
    if "facet" in chart.names:
        return PlotSize(width, height, width, height, chart.frame.width)
    encoding = mapping(view.get("encoding"))
    x, y = (mapping(encoding.get(channel)) for channel in "xy")
    long = min(_longest(chart, y), width * 0.4) if chart.types.get("y") != "text" else 0
    under = 2 * chart.style.padding + 4 * chart.style.text
    high = height - under - _deep(chart, x, height) - chart.heading - lower(chart)
    return PlotSize(width - width_beside_plot(chart) - long, high, width, height, width)


def _deep(chart: Chart, definition: JsonObject, height: int) -> float:
    """Return how much higher than one line the labels below a chart are, in pixels."""
    angle = mapping(definition.get("axis")).get("labelAngle")
    turned = 0.7 if angle == -45 else 1 if angle == -90 else 0
    return min(_longest(chart, definition), height * 0.35) * turned if turned else 0


def _longest(chart: Chart, definition: JsonObject) -> float:
    """Return the length of the longest label on an axis of categories, in pixels; 0 for other axes."""
    if definition.get("type") != "nominal":
        return 0
    return chart.style.text * max(wide(str(value)) for value in chart.distinct(str(definition["field"])))


def title(chart: Chart, role: str) -> str | None:
    """Return the title of an axis; a tiny chart has no room for one."""
    return chart.frame.titles.get(role, chart.names.get(role)) if chart.style.titles else None


def named(chart: Chart, role: str, axis: JsonObject | None = None, *, across: bool = False) -> JsonObject:
    """Return the title and the axis of a position, in the requested format; `across`: the axis is below the chart."""
    form = chart.frame.formats.get(role)
    kind = chart.options.scales.get(role, "linear")
    if kind != "linear":
        return {
            "title": title(chart, role),
            "axis": {**(axis or {}), **_log_axis(chart, role, kind, across=across)},
        }
    both: JsonObject = {**(axis or {}), **({"format": form} if form else {})}
    if across and role in chart.reach:  # Its last tick need not be at its end.
        both["labelFlush"] = _FLUSH
    share = chart.stack == "normalize" and role == ("x" if chart.horizontal else "y")
    if not form and "format" not in both:
        both |= {"format": ".0%"} if share else _number_format(chart, role, across=across)
    return {"title": title(chart, role), **({"axis": both} if both else {})}


_BOX = ("low", "q1", "q3", "high", "out")
"""The fields of a box's rows, apart from its median."""

LEGEND_TICKS = 5
"""The approximate number of labels next to a legend's shades; with the same `nice`, both ends are labelled."""

_LARGE, _SMALL = 1e8, 1e-3
"""The limits above and below which numbers in plain digits are too long for an axis."""

_FLUSH = 12
"""The distance from the end of an axis, in pixels, within which the last label is not centred on its tick."""

_MANY, _FEW_LABELS = 10_000, 7
"""Numbers of this size or more are abbreviated on an axis that would otherwise fit fewer labels than this."""

_SHORT = "replace(format(datum.value, '~s'), 'G', 'B')"
"""A Vega expression that abbreviates large numbers, as in 2.5B."""

_POWERS = "datum.value === 0 ? '0' : format(datum.value, '~e')"
"""A Vega expression that writes numbers as 2e-6."""

_PLAIN = "format(datum.value, abs(datum.value) < 1 ? '~g' : ',d')"
"""A Vega expression that writes powers of ten in plain digits, where the usual format writes 1e+6."""

_LOG_TICKS = 10
"""The maximum number of ticks on a logarithmic axis."""

_ROOM = 0.75
"""The share of the plot's approximate width that the labels of such an axis may occupy."""


def _number_format(chart: Chart, role: str, *, across: bool) -> JsonObject:
    """Return the number format of an axis: whole numbers get whole ticks, very large and very small ones are
    abbreviated.

    Numbers are also abbreviated if only a few would fit along the axis below a small chart.
    """
    cells = _cells(chart, role)
    most = max(map(abs, cells), default=0)
    long = len(f"{most:,.0f}") * chart.style.text * labels.LETTER
    crowded = across and most >= _MANY and chart.frame.width * _ROOM < _FEW_LABELS * long
    if (most >= _LARGE or crowded) and most < 1e15:
        return {"labelExpr": _SHORT}
    if most >= 1e15 or 0 < most < _SMALL:
        return {"labelExpr": _POWERS}
    whole = all(isinstance(cell, int) or cell.is_integer() for cell in cells)
    return {"tickMinStep": labels.WHOLE} if whole else {}


def _cells(chart: Chart, role: str) -> list[float]:
    """Return the numbers that an axis shows."""
    keys = (role, f"{role}2", *(_BOX if chart.kind == "box" else ()))
    return [cell for row in chart.rows for key in keys if isinstance(cell := row.get(key), int | float)]


def grouped(chart: Chart, category: str) -> bool:
    """Return whether colours are side by side in each category."""
    colored = "color" in chart.names and chart.names["color"] != chart.names.get(category)
    return colored and not chart.stack and not chart.layers


def mapping(value: JsonValue) -> JsonObject:
    """Return the value as a dict, or an empty dict if it is not an object."""
    return dict(value) if isinstance(value, Mapping) else {}


def both(chart: Chart, width: int, height: int) -> tuple[JsonObject, float]:
    """Return the encodings of x and y, and the approximate height of the plot in pixels."""
    x = along(chart, "x", width, height)
    rest = height if "facet" in chart.names else height - round(_deep(chart, x, height))
    return {"x": x, "y": along(chart, "y", width, rest)}, plot(chart, width, rest)[1]


def along(chart: Chart, role: str, width: int, height: int) -> JsonObject:
    """Return the encoding of a position: numbers, dates, or categories in the order of the data."""
    column_type = chart.types[role]
    encoding: JsonObject = {"field": role, "type": _TYPES[column_type], "title": title(chart, role)}
    if column_type == "date":
        return encoding | _dated(chart, role, width, height)
    if column_type == "number":
        known = [row[role] for row in chart.rows if row[role] is not None]
        years = role == "x" and all(isinstance(cell, int) and 1000 <= cell < 3000 for cell in known)
        axis: JsonObject = {"format": "d", "tickMinStep": labels.WHOLE} if years else {}
        encoding |= named(chart, role, axis, across=role == "x")
        if role == "y" and chart.kind == "area":
            stacked = "normalize" if chart.stack == "normalize" else "zero"
            encoding["stack"] = None if chart.stack is False else stacked
        return encoding | {"scale": scale(chart, role, {"zero": _zero(chart, role), "nice": True})}
    names, size = [str(value) for value in chart.distinct(role)], chart.style.text
    order = _ordered(names) if chart.kind == "heatmap" else None
    names = order or names
    across, down = plot(chart, width, height)
    if role == "y":
        axis = labels.beside(names, down / len(names), width, size)[0]
    else:
        axis = labels.below(names, across / len(names), height, size)
    return encoding | {"sort": order, "axis": axis}


def scale(chart: Chart, role: str, usual: JsonObject) -> JsonObject:
    """Return the requested scale of numbers, or the usual one."""
    kind, limits = chart.options.scales.get(role, "linear"), chart.options.ranges.get(role)
    if kind != "linear":
        return {"type": kind, "domain": [*_log_ends(chart, role, kind)], "nice": False, "zero": False}
    if limits:
        return {**usual, "domain": list(limits), "nice": False, "zero": False}
    low, high = chart.reach.get(role, (None, None))
    ends = {"domainMin": low, "domainMax": high}
    return {**usual, **{name: end for name, end in ends.items() if end is not None}}


def _log_ends(chart: Chart, role: str, kind: str) -> tuple[float, float]:
    """Return the ends of a logarithmic axis: as requested, or far enough apart for its numbers and their labels."""
    if limits := chart.options.ranges.get(role):
        return as_float(limits[0]), as_float(limits[1])
    reach = [end for end in chart.reach.get(role, ()) if end is not None]
    return log_axes.ends(kind, [*_cells(chart, role), *reach], ground=chart.kind in ("bar", "histogram"))


def _log_axis(chart: Chart, role: str, kind: str, *, across: bool) -> JsonObject:
    """Return the ticks of a logarithmic axis and their labels, some of which Vega would leave out."""
    low, high = _log_ends(chart, role, kind)
    form = chart.frame.formats.get(role)
    longest = 4 if high >= _LARGE else max(len(f"{low:,.9g}"), len(f"{high:,.9g}"), 4)
    across_room = (
        plot(chart, chart.frame.width, chart.frame.height)[0]
        * _ROOM
        / (longest * chart.style.text * labels.LETTER + 16)
    )
    most = max(
        2,
        min(
            _LOG_TICKS if chart.style.normal else _LOG_TICKS // 2, int(across_room) if across else _LOG_TICKS
        ),
    )
    values: list[JsonValue] = [*log_axes.ticks(kind, low, high, most)]
    if form:
        return {"values": values, "labelExpr": f"format(datum.value, {form!r})"}
    return {"values": values, "labelExpr": _SHORT if high >= _LARGE else _PLAIN}


def _ordered(names: list[str]) -> list[str] | None:
    """Sort positions if all are numbers or all are dates; otherwise return None."""
    if (values := numbers(names)) and None not in values:
        return [name for _, name in sorted(zip(map(as_float, values), names, strict=True))]
    return sorted(names) if all(map(date, names)) else None


def _dated(chart: Chart, role: str, width: int, height: int) -> JsonObject:
    """Return the axis of dates and its title. All dates are in UTC, so that they are the same day everywhere."""
    limits = chart.options.ranges.get(role)
    utc: JsonObject = {
        "scale": {"type": "utc", **({"domain": list(limits), "nice": False} if limits else {})}
    }
    if form := chart.frame.formats.get(role):
        return utc | {"axis": {"format": form, "labelOverlap": "greedy"}}
    cells = [
        cell for row in chart.rows for key in (role, f"{role}2") if isinstance(cell := row.get(key), str)
    ]
    down = role == "y"
    axis, shared = dates.axis(
        [datetime.fromisoformat(cell) for cell in dict.fromkeys(cells)],
        plot(chart, width, height)[down],
        chart.style.text,
        titled=chart.style.titles,
        down=down,
    )
    remarks = ", ".join(filter(None, (shared, "UTC" if chart.zoned else "")))
    name = title(chart, role)
    return utc | {"axis": axis, "title": f"{name} ({remarks})" if remarks and name else name}


def _zero(chart: Chart, role: str) -> bool:
    """Return whether an axis of numbers starts at 0: always for areas, and for lines unless they would look flat."""
    numbers = [cell for row in chart.rows if isinstance(cell := row[role], int | float)]
    if chart.kind in ("area", "bar") and role == "y":
        return True
    return (
        chart.kind == "line"
        and role == "y"
        and bool(numbers)
        and not 0 < max(numbers) - min(numbers) < 0.5 * min(map(abs, numbers))
    )


def formatted(chart: Chart, role: str) -> JsonObject:
    """Return the requested format for a role as a property of a legend or an axis."""
    form = chart.frame.formats.get(role)
    return {"format": form} if form else {}


def stacking(chart: Chart, *, lying: bool = False) -> JsonObject:
    """Return the encoding that stacks colours in the order of the legend, with the first on top or on the left."""
    if "color" not in chart.names or not chart.stacked:
        return {}
    sort = "ascending" if lying else "descending"
    return {"order": {"field": "order", "type": "quantitative", "sort": sort}}


def color(chart: Chart) -> JsonObject:
    """Return the encoding of colours: shades for numbers or a colour per series, with a legend if it is informative."""
    encoding: JsonObject = {"field": "color", "title": chart.frame.titles.get("color", chart.names["color"])}
    if chart.types["color"] == "number" and chart.kind == "scatter":
        scale: JsonObject = {"scheme": scheme(chart), "nice": LEGEND_TICKS}
        return encoding | {
            "type": "quantitative",
            "scale": scale,
            "legend": {"tickCount": LEGEND_TICKS, **formatted(chart, "color")},
        }
    legend = key(chart, "color") if _legend(chart) else None
    return encoding | {"type": "nominal", "sort": None, "legend": legend}


def scheme(chart: Chart, *, reverse: bool = False) -> JsonObject:
    """Return the shades for numbers, without those invisible on the background; `reverse` puts light ones first."""
    dark = chart.frame.theme == "dark"
    extent = (0.25, 1) if dark else (0.95, 0) if reverse else (0, 0.95)
    return {"name": "viridis", "extent": extent}


def key(chart: Chart, role: str) -> JsonObject:
    """Return the legend of a chart."""
    names = [str(value) for value in chart.distinct(role)]
    if lower(chart):
        return _under(chart)[0]
    named = chart.frame.titles.get(role, chart.frame.titles.get("x", "") if chart.kind == "pie" else "")
    across = side_title_width(chart.frame.width) / (chart.style.text + 1)
    title = len(broken(named or chart.names[role], across, bold=True)) - 1
    room = (
        chart.frame.height
        - 2 * chart.style.padding
        - chart.heading
        - title * (chart.style.text + 1) * labels.LINE
    )
    return labels.legend(names, chart.frame.width, room, chart.style.text)


def _legend(chart: Chart) -> bool:
    """Return whether colours need a legend, which they do unless they only repeat an axis."""
    color = chart.names.get("color")
    axis_fields = (chart.names.get("x"), chart.names.get("y"))
    return color is not None and (chart.kind == "pie" or color not in axis_fields)
