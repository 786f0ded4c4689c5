"""Describes a chart in words, for a model that cannot see it."""

from collections.abc import Mapping

from imagebridge.errors import beginning, counted
from imagebridge_tools.tables.cells import as_float
from imagebridge_tools.tables.table import Table
from imagebridge_tools.tool_output import JsonValue, label, number

from .plan import Chart

_FLAT = 20
"""The factor by which other numbers must be larger for a field to look almost flat."""


def chart_description(chart: Chart, table: Table) -> str:
    """Describe a chart for a model that cannot see it: kind, title, fields, rows, extremes and their positions."""
    title = f' "{chart.frame.title}"' if chart.frame.title else ""
    roles = [
        f"{role} {name!r}"
        for role, name in chart.names.items()
        if name and not (chart.kind == "pie" and role == "color")
    ]
    text = f"{_kind(chart)}{title} of {counted(table.rows, 'row')}: {', '.join(roles)}"
    text += _boxes(chart) if chart.kind == "box" else _extremes(chart, table)
    text += f"; left out: {chart.missing}" if chart.missing else ""
    if chart.right:
        text += f"; {', '.join(map(repr, chart.right))} on a separate axis on the right"
    text += _flat(chart)
    shown_names = {part for name in chart.names.values() for part in (name, *name.split(", "))}
    text += chart.readings
    unused = [repr(name) for name in table.columns if name not in shown_names]
    return text + chart.note + (f"; not drawn: {', '.join(unused[:10])}" if unused else "")


def _flat(chart: Chart) -> str:
    """Name the fields that look flat because they share an axis with much larger numbers."""
    if chart.names.get("color") != "":  # Only several fields of y have series without a name.
        return ""
    tall: dict[str, float] = {}
    for row in chart.rows:
        name = str(row["color"])
        tall[name] = max(tall.get(name, 0), abs(as_float(row["y"])))
    flat: list[str] = []
    for right in (True, False):
        axis = {name: most for name, most in tall.items() if (name in chart.right) == right}
        flat += [repr(name) for name, most in axis.items() if 0 < _FLAT * most < max(axis.values())]
    if not flat:
        return ""
    return (
        f"; {', '.join(flat)} almost flat next to much larger numbers: give two kinds, which have separate "
        "axes, or draw another chart"
    )


def _kind(chart: Chart) -> str:
    if chart.layers:
        return f"{' and '.join(chart.layers).capitalize()} chart"
    stacked = "stacked " if chart.stack and chart.kind in ("bar", "area") else ""
    name = chart.kind if chart.kind in ("heatmap", "histogram") else f"{chart.kind} chart"
    return f"{stacked}{name}".capitalize()


def _boxes(chart: Chart) -> str:
    """Describe the medians of the first boxes, and the number of outliers."""
    box_rows = [row for row in chart.rows if "q1" in row]
    medians = [
        f"{number(as_float(row['y']))}{_places(row, chart)} ({counted(round(as_float(row['count'])), 'row')})"
        for row in box_rows[:12]
    ]
    more = f" and {len(box_rows) - 12} more" if len(box_rows) > 12 else ""
    outside = len(chart.rows) - len(box_rows)
    return f"; medians {', '.join(medians)}{more}" + (f"; {counted(outside, 'outlier')}" if outside else "")


def _places(row: Mapping[str, JsonValue], chart: Chart) -> str:
    where = [
        _shortened_text(label(row[role]))
        for role in ("x", "color", "facet")
        if row.get(role) not in (None, "")
    ]
    return f" at {', '.join(dict.fromkeys(where))}" if where else ""


def _extremes(chart: Chart, table: Table) -> str:
    """Describe the smallest and the largest number and their positions."""
    rows = chart.every or chart.rows
    value, place = ("x", "y") if chart.horizontal else ("color" if chart.kind == "heatmap" else "y", "x")
    if chart.cells:
        return ""
    known = [
        (cell, row)
        for row in rows
        if isinstance(cell := row[value], int | float) and row.get(place, "") is not None
    ]
    text = ""
    if chart.types.get(value) == "number" and known:
        low, high = min(known, key=lambda pair: pair[0]), max(known, key=lambda pair: pair[0])
        text += f"; {chart.names[value]} from {_value_and_place(low, place, chart)} to {_value_and_place(high, place, chart)}"
    if (
        chart.kind == "bar"
        and chart.names["y"] != "rows"
        and not chart.options.aggregate
        and len(chart.rows) < table.rows
    ):
        text += f"; rows at the same position are added up, giving {counted(len(chart.rows), 'bar')}"
    if chart.every:
        text += f"; the smallest {_merged(chart)} are combined into one slice"
    return text


def _merged(pie: Chart) -> int:
    """Return how many slices of a pie were combined."""
    slices = pie.distinct("x")
    return len({str(row["x"]) for row in pie.every if row["x"] not in slices})


def _value_and_place(pair: tuple[float, Mapping[str, JsonValue]], place: str, chart: Chart) -> str:
    value, row = pair
    others = ("y", "facet") if chart.kind == "heatmap" else () if chart.kind == "pie" else ("color", "facet")
    roles = [role for role in (place, *others) if role in row]
    # A colour may repeat its position; both positions of a heatmap are named even if they have the same name.
    places = [
        _shortened_text(label(row[role]))
        for role in roles
        if role == place or row[role] != row[place] or chart.kind == "heatmap"
    ]
    if chart.types[place] == "date" and places[0].endswith("+00:00"):
        moment = places[0].removesuffix("T00:00:00+00:00").removesuffix("+00:00").replace("T", " ")
        places[0] = f"{moment} UTC" if chart.zoned else moment
    return f"{number(value)} ({', '.join(places)})"


def _shortened_text(text: str) -> str:
    return beginning(text, 60)
