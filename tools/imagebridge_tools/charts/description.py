"""What a chart shows, in words, for a model that cannot see it."""

from collections.abc import Mapping

from imagebridge_tools.answer import JsonValue, counted, label, number
from imagebridge_tools.tables.table import Table

from .plan import Chart

_FLAT = 20
"""How many times as large other numbers are beside which a field is almost flat."""


def chart_description(drawn: Chart, table: Table) -> str:
    """Describe a chart to a model that cannot see it: kind, title, fields, rows, the extremes and where they are."""
    title = f' "{drawn.frame.title}"' if drawn.frame.title else ""
    roles = [
        f"{role} {name!r}"
        for role, name in drawn.names.items()
        if name and not (drawn.kind == "pie" and role == "color")
    ]
    text = f"{_kind(drawn)}{title} of {counted(table.rows, 'row')}: {', '.join(roles)}"
    text += _boxes(drawn) if drawn.kind == "box" else _extremes(drawn, table)
    text += f"; left out: {drawn.missing}" if drawn.missing else ""
    if drawn.right:
        text += f"; {', '.join(map(repr, drawn.right))} on an axis of its own at the right"
    text += _flat(drawn)
    shown_names = {part for name in drawn.names.values() for part in (name, *name.split(", "))}
    text += drawn.readings
    unused = [repr(name) for name in table.columns if name not in shown_names]
    return text + drawn.note + (f"; not drawn: {', '.join(unused[:10])}" if unused else "")


def _flat(drawn: Chart) -> str:
    """Name the fields that share an axis with numbers so much larger that they lie on its ground."""
    if drawn.names.get("color") != "":  # Only several fields of y have series without a name.
        return ""
    tall: dict[str, float] = {}
    for row in drawn.rows:
        name = str(row["color"])
        tall[name] = max(tall.get(name, 0), abs(_real(row["y"])))
    flat: list[str] = []
    for right in (True, False):
        axis = {name: most for name, most in tall.items() if (name in drawn.right) == right}
        flat += [repr(name) for name, most in axis.items() if 0 < _FLAT * most < max(axis.values())]
    if not flat:
        return ""
    return f"; {', '.join(flat)} almost flat beside much larger numbers: draw two kinds, whose axes differ, or another chart"


def _kind(drawn: Chart) -> str:
    if drawn.layers:
        return f"{' and '.join(drawn.layers).capitalize()} chart"
    stacked = "stacked " if drawn.stack and drawn.kind in ("bar", "area") else ""
    name = drawn.kind if drawn.kind in ("heatmap", "histogram") else f"{drawn.kind} chart"
    return f"{stacked}{name}".capitalize()


def _boxes(drawn: Chart) -> str:
    """Tell the medians of the first boxes, and how many points lie outside."""
    box_rows = [row for row in drawn.rows if "q1" in row]
    medians = [
        f"{number(_real(row['y']))}{_places(row, drawn)} ({counted(round(_real(row['count'])), 'row')})"
        for row in box_rows[:12]
    ]
    more = f" and {len(box_rows) - 12} more" if len(box_rows) > 12 else ""
    outside = len(drawn.rows) - len(box_rows)
    return f"; medians {', '.join(medians)}{more}" + (f"; {counted(outside, 'outlier')}" if outside else "")


def _places(row: Mapping[str, JsonValue], drawn: Chart) -> str:
    where = [
        _shortened_text(label(row[role]))
        for role in ("x", "color", "facet")
        if row.get(role) not in (None, "")
    ]
    return f" at {', '.join(dict.fromkeys(where))}" if where else ""


def _extremes(drawn: Chart, table: Table) -> str:
    """Tell the smallest and the largest number and where they are."""
    rows = drawn.every or drawn.rows
    value, place = ("x", "y") if drawn.horizontal else ("color" if drawn.kind == "heatmap" else "y", "x")
    if drawn.cells:
        return ""
    known = [
        (cell, row)
        for row in rows
        if isinstance(cell := row[value], int | float) and row.get(place, "") is not None
    ]
    text = ""
    if drawn.sorts.get(value) == "number" and known:
        low, high = min(known, key=lambda pair: pair[0]), max(known, key=lambda pair: pair[0])
        text += f"; {drawn.names[value]} from {_at(low, place, drawn)} to {_at(high, place, drawn)}"
    if (
        drawn.kind == "bar"
        and drawn.names["y"] != "rows"
        and not drawn.options.aggregate
        and len(drawn.rows) < table.rows
    ):
        text += f"; rows of the same place are added up to {len(drawn.rows):,} bars"
    if drawn.every:
        text += f"; the smallest {_merged(drawn)} are one slice"
    return text


def _merged(pie: Chart) -> int:
    """Return how many slices of a pie were added up."""
    slices = pie.distinct("x")
    return len({str(row["x"]) for row in pie.every if row["x"] not in slices})


def _at(pair: tuple[float, Mapping[str, JsonValue]], place: str, drawn: Chart) -> str:
    value, row = pair
    others = ("y", "facet") if drawn.kind == "heatmap" else () if drawn.kind == "pie" else ("color", "facet")
    roles = [role for role in (place, *others) if role in row]
    # A colour may repeat its place; the two places of a heatmap are told even where they are called alike.
    places = [
        _shortened_text(label(row[role]))
        for role in roles
        if role == place or row[role] != row[place] or drawn.kind == "heatmap"
    ]
    if drawn.sorts[place] == "date" and places[0].endswith("+00:00"):
        moment = places[0].removesuffix("T00:00:00+00:00").removesuffix("+00:00").replace("T", " ")
        places[0] = f"{moment} UTC" if drawn.zoned else moment
    return f"{number(value)} ({', '.join(places)})"


def _shortened_text(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def _real(cell: JsonValue) -> float:
    return cell if isinstance(cell, int | float) else 0.0
