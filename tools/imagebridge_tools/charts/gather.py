"""The rows of a chart added up, counted, or made fewer in the way that fits its kind."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from statistics import fmean, median

from imagebridge.errors import ArgumentError
from imagebridge_tools.answer import JsonValue, counted, label, number
from imagebridge_tools.tables.table import ColumnType

from . import dates, number_labels, ranges, reduce
from .plan import Chart
from .theme import PALETTE

ROWS = 20_000
"""Rows that are drawn one by one at most."""


def gathered(drawn: Chart) -> Chart:
    """Return the chart with the rows that are drawn, those of stacks with the order of their colours."""
    rows = ranges.of_rows(ranges.settled(_scaled(_aggregated(drawn))))
    made = _marked(_ordered(ranges.of_bars(_gathered(rows), rows.kind)))
    if made.stack == "normalize":
        _check_shares(made)
    if made.options.labels:
        made = _labelled(made)
    if "color" not in made.names or not made.stacked:
        return made
    order = {color: at for at, color in enumerate(made.distinct("color"))}
    return replace(made, rows=[{**row, "order": order[row["color"]]} for row in made.rows])


def _labelled(drawn: Chart) -> Chart:
    """Return the chart whose rows have their numbers in words, or words on why they are not written."""
    if drawn.kind in ("pie", "heatmap"):  # They have numbers of their own.
        return drawn
    if (
        drawn.kind not in ("bar", "line", "area", "scatter")
        or drawn.cells
        or len(drawn.rows) > number_labels.MOST
    ):
        options = replace(drawn.options, labels=False)
        note = f"{drawn.note}; numbers are not written at bins or at over {number_labels.MOST} marks"
        return replace(drawn, options=options, note=note)
    value = "x" if drawn.horizontal and drawn.kind == "bar" else "y"
    rows = [
        {**row, "told": number(cell) if isinstance(cell := row[value], int | float) else ""}
        for row in drawn.rows
    ]
    return replace(drawn, rows=rows)


def _aggregated(drawn: Chart) -> Chart:
    """Return the chart with one row for each place, its number made of those of the rows there as was asked."""
    how = drawn.options.aggregate
    if not how or drawn.kind == "histogram":
        return drawn
    value = "color" if drawn.kind == "heatmap" else "x" if drawn.horizontal else "y"
    keys = [role for role in drawn.rows[0] if role != value]
    cells: dict[tuple[JsonValue, ...], list[float]] = {}
    for row in drawn.rows:
        found = cells.setdefault(tuple(row[role] for role in keys), [])
        if isinstance(cell := row[value], int | float):
            found.append(cell)
    made = _MADE[how]
    rows: list[dict[str, JsonValue]] = [
        {**dict(zip(keys, key, strict=True)), value: _plain(made(found)) if found else None}
        for key, found in cells.items()
    ]
    name = drawn.names[value]
    told = "; rows are counted" if how == "count" else f"; {name!r} is the {how} of the rows of each place"
    return replace(drawn, rows=rows, note=told)


_MADE: Mapping[str, Callable[[Sequence[float]], float]] = {
    "sum": math.fsum,
    "mean": fmean,
    "median": median,
    "min": min,
    "max": max,
    "count": len,
}
"""How the rows of one place become one number (see `chart_options.AGGREGATES`)."""


def _plain(value: float) -> float:
    """Return a number without the noise of binary fractions, whole where it is."""
    short = float(f"{value:.12g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short


def _scaled(drawn: Chart) -> Chart:
    """Return the chart without the rows that a logarithmic axis cannot show, and words on them."""
    note = drawn.note
    for role, scale in drawn.options.scales.items():
        if drawn.sorts.get(role) != "number" and not (role == "y" and drawn.kind == "histogram"):
            raise ArgumentError("scales", f"of {role} is {scale!r}, but {role} has no numbers")
        if scale != "log" or drawn.kind == "histogram":
            continue
        rows = [row for row in drawn.rows if not isinstance(cell := row[role], int | float) or cell > 0]
        if not any(isinstance(row[role], int | float) for row in rows):
            raise ArgumentError(
                "scales", f"of {role} is 'log', which shows numbers above 0 alone; give symlog"
            )
        if left := len(drawn.rows) - len(rows):
            many = counted(left, "row")
            note += f"; left out: {many} of 0 or less, which a log axis of {role} does not show (symlog does)"
            drawn = replace(drawn, rows=rows)
    return replace(drawn, note=note)


def _ordered(drawn: Chart) -> Chart:
    """Return bars in the order of their size that was asked for."""
    if not drawn.options.order or drawn.kind == "pie":
        return drawn
    if drawn.kind != "bar":
        raise ArgumentError(
            "sort", "orders names by the size shown, but x has numbers or dates, which have an order"
        )
    value, place = ("x", "y") if drawn.horizontal else ("y", "x")
    return replace(drawn, rows=_by_size(drawn, place, value))


def _by_size(drawn: Chart, place: str, value: str) -> list[Mapping[str, JsonValue]]:
    """Return rows in the order of the sum of each place."""
    sums: dict[JsonValue, float] = {}
    for row in drawn.rows:
        cell = row[value]
        sums[row[place]] = sums.get(row[place], 0) + (cell if isinstance(cell, int | float) else 0)
    sign = -1 if drawn.options.order == "descending" else 1
    return sorted(drawn.rows, key=lambda row: sign * sums[row[place]])


def _check_shares(drawn: Chart) -> None:
    """Refuse shares of negative numbers: bars of 3 and -2 would be drawn as 60 % and 40 % of nothing."""
    value, place = ("x", "y") if drawn.horizontal else ("y", "x")
    for row in drawn.rows:
        if isinstance(cell := row[value], int | float) and cell < 0:
            told = f"{label(row[place])!r} has {number(cell)}, and a negative number has no share"
            raise ArgumentError("stack", f"{told}; give true, or leave stack out")


def _marked(drawn: Chart) -> Chart:
    """Return the chart with the rows marked that a line or an area would not show, because their neighbours are missing."""
    if not {"line", "area"} & {drawn.kind, *drawn.layers} or drawn.cells:
        return drawn
    groups = [role for role in ("color", "facet") if role in drawn.names]
    lone = reduce.alone(drawn.rows, _along(drawn.rows, "x", drawn.sorts["x"]), groups)
    rows = [{**row, "alone": True} if at in lone else row for at, row in enumerate(drawn.rows)]
    return replace(drawn, rows=rows) if lone else drawn


def _gathered(drawn: Chart) -> Chart:
    """Return the chart with its rows added up, counted, or made fewer in the way that fits its kind."""
    groups = [role for role in ("color", "facet") if role in drawn.names]
    match drawn.kind:
        case "pie":
            return _pie(drawn)
        case "bar":
            return _summed(drawn)
        case "histogram":
            return _histogram(drawn, groups)
        case "box":
            return replace(drawn, rows=reduce.boxes(drawn.rows, ["x", *groups]))
        case "heatmap":
            return _heatmap(drawn)
        case _:
            return _fewer(drawn, groups) if len(drawn.rows) > ROWS else drawn


def _histogram(drawn: Chart, groups: Sequence[str]) -> Chart:
    names = {**drawn.names, "y": "rows"}
    if drawn.sorts["x"] == "text":
        rows = reduce.counts(drawn.rows, ["x", *groups], "y")
        return replace(drawn, kind="bar", rows=rows, names=names, sorts={**drawn.sorts, "y": "number"})
    if drawn.sorts["x"] == "date":
        known = {
            cell: datetime.fromisoformat(cell) for row in drawn.rows if isinstance(cell := row["x"], str)
        }
        bin_of = dates.bins(list(known.values()), reduce.BINS)
        ends = {cell: [at.isoformat() for at in bin_of(moment)] for cell, moment in known.items()}
        placed: list[dict[str, JsonValue]] = [
            {**row, "x": ends[cell][0], "x2": ends[cell][1]}
            for row in drawn.rows
            if isinstance(cell := row["x"], str)
        ]
        rows = sorted(reduce.counts(placed, ["x", "x2", *groups], "y"), key=lambda row: str(row["x"]))
        note = f"; counted in {counted(len({str(row['x']) for row in rows}), 'bin')}"
    else:
        rows, width = reduce.binned(drawn.rows, groups)
        note = f"; counted in bins of {number(width)}"
    sorts: dict[str, ColumnType] = {**drawn.sorts, "y": "number"}
    # Colours keep the order of the data, not that of the bins which they are in first.
    ranks = {role: {value: at for at, value in enumerate(drawn.distinct(role))} for role in groups}
    rows = sorted(rows, key=lambda row: [ranks[role][row[role]] for role in groups])
    return replace(drawn, rows=rows, names=names, sorts=sorts, note=drawn.note + note)


def _heatmap(drawn: Chart) -> Chart:
    """Return a cell for each pair of places, or for each part of two axes of numbers."""
    if drawn.sorts["x"] != "text":
        return _density(drawn)
    keys = ["x", "y", *(["facet"] if "facet" in drawn.names else [])]
    if "color" not in drawn.names:
        rows = reduce.counts(drawn.rows, keys, "color")
        return replace(
            drawn, rows=rows, names={**drawn.names, "color": "rows"}, sorts={**drawn.sorts, "color": "number"}
        )
    rows = reduce.means(drawn.rows, keys, "color")
    note = "; rows of the same cell are averaged" if len(rows) < len(drawn.rows) else ""
    return replace(drawn, rows=[row for row in rows if row["color"] is not None], note=drawn.note + note)


def _fewer(drawn: Chart, groups: Sequence[str]) -> Chart:
    """Return a chart of many rows with few: what they would look like from afar."""
    if drawn.kind == "scatter":
        return _density(drawn)
    columns = max(50, min(drawn.frame.width, 8000 // max(1, len(drawn.distinct("color"))) // 4))
    at = _along(drawn.rows, "x", drawn.sorts["x"])
    known = [(row, place) for row, place in zip(drawn.rows, at, strict=True) if place is not None]
    shown, places = [row for row, _ in known], [place for _, place in known]
    if drawn.kind == "area":
        rows, told = reduce.averaged(shown, places, groups, columns), "averages of"
    else:
        rows, told = (
            reduce.outline(shown, places, groups, columns),
            "the first, lowest, highest and last row of",
        )
    return replace(
        drawn, rows=rows, note=f"{drawn.note}; drawn are {told} each of {columns} columns of pixels"
    )


def _density(drawn: Chart) -> Chart:
    """Return the number of points in each cell of a grid."""
    keys = [role for role in ("facet",) if role in drawn.names]
    ends = {role: _along(drawn.rows, role, drawn.sorts[role]) for role in ("x", "y")}
    points = [(x, y) for x, y in zip(*ends.values(), strict=True) if x is not None and y is not None]
    if not points:
        raise ArgumentError("data", "has no row with both x and y")
    if keys or "text" in (drawn.sorts["x"], drawn.sorts["y"]):
        rows = reduce.sampled(drawn.rows, ROWS // 4)
        return replace(
            drawn, rows=rows, note=f"{drawn.note}; drawn are {len(rows):,} of the rows, evenly chosen"
        )
    rows = reduce.density([x for x, _ in points], [y for _, y in points])
    across, down = reduce.CELLS
    for role in ("x", "y"):
        if drawn.sorts[role] == "date":
            rows = [{**row, **{key: _moment(row[key]) for key in (role, f"{role}2")}} for row in rows]
    told = f"; drawn as a density of {across}x{down} cells, up to {max(_count(row) for row in rows):,} rows in one"
    names = {role: name for role, name in drawn.names.items() if role != "color"}
    return replace(drawn, rows=rows, names=names, cells=True, note=drawn.note + told)


def _count(row: Mapping[str, JsonValue]) -> int:
    return count if isinstance(count := row["color"], int) else 0


def _along(rows: Sequence[Mapping[str, JsonValue]], role: str, sort: ColumnType) -> list[float | None]:
    """Return where cells lie along an axis: numbers, seconds, or the order of categories."""
    cells = [row[role] for row in rows]
    if sort == "number":
        return [cell if isinstance(cell, int | float) else None for cell in cells]
    if sort == "date":
        return [datetime.fromisoformat(cell).timestamp() if isinstance(cell, str) else None for cell in cells]
    order: dict[JsonValue, float] = {}
    return [order.setdefault(cell, len(order)) for cell in cells]


def _moment(seconds: JsonValue) -> str:
    return datetime.fromtimestamp(seconds if isinstance(seconds, int | float) else 0, UTC).isoformat()


def _summed(drawn: Chart) -> Chart:
    """Add the values of bars that would stand in the same place."""
    value = "x" if drawn.horizontal else "y"
    sums: dict[tuple[JsonValue, ...], dict[str, JsonValue]] = {}
    for row in drawn.rows:
        place = tuple(cell for role, cell in row.items() if role != value)
        below = sums.get(place)
        if below is None:
            sums[place] = dict(row)
        elif isinstance(number := row[value], int | float):
            held = below[value]
            below[value] = number + (held if isinstance(held, int | float) else 0)
    return replace(drawn, rows=list(sums.values()))


def _pie(drawn: Chart) -> Chart:
    """Return the slices: their shares are told in the legend, and on those that have room."""
    roles = {role: drawn.names[role] for role in ("x", "y", "facet") if role in drawn.names}
    kept = [{role: row[role] for role in roles} for row in drawn.rows]
    every = _summed(replace(drawn, rows=kept, names={**roles, "color": roles["x"]}))
    totals: dict[JsonValue, float] = {}
    for row in every.rows:
        if size(row) < 0:
            told = number(size(row))
            raise ArgumentError("data", f"{row['x']!r} has {told}; a pie chart shows no negative values")
        totals[row.get("facet")] = totals.get(row.get("facet"), 0) + size(row)
    if not all(totals.values()):
        raise ArgumentError("data", "the values add up to 0; a pie chart has nothing to show")
    if drawn.options.order:
        every = replace(every, rows=_by_size(every, "x", "y"))
    summed = _few(every)
    order = {place: at for at, place in enumerate(summed.distinct("x"))}
    slices: list[dict[str, JsonValue]] = []
    for row in summed.rows:
        share = size(row) / totals[row.get("facet")]
        told = f"{row['x']}" if "facet" in roles else f"{row['x']} ({share:.1%})"
        mark = f"{share:.0%}" if share >= 0.05 else ""
        slices.append({**row, "color": told, "order": order[row["x"]], "share": mark})
    return replace(summed, rows=slices, sorts={**summed.sorts, "color": "text"})


def size(row: Mapping[str, JsonValue]) -> float:
    """Return the number of a row, 0 where it has none."""
    return value if isinstance(value := row["y"], int | float) else 0


def _few(pie: Chart) -> Chart:
    """Return a pie that has a colour for every slice: the smallest are added up to a last one."""
    sizes: dict[JsonValue, float] = {}
    for row in pie.rows:
        sizes[row["x"]] = sizes.get(row["x"], 0) + size(row)
    if len(sizes) <= len(PALETTE):
        return pie
    kept = sorted(sizes, key=lambda place: sizes[place], reverse=True)[: len(PALETTE) - 1]
    rest = f"the other {len(sizes) - len(kept)}"
    rows = [row for row in pie.rows if row["x"] in kept]
    others = [{**row, "x": rest} for row in pie.rows if row["x"] not in kept]
    return _summed(replace(pie, rows=[*rows, *others], every=pie.rows))
