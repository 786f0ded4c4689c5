"""Sums, counts or reduces the rows of a chart, depending on its kind."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from statistics import fmean, median

from imagebridge.errors import ArgumentError, counted
from imagebridge_tools.mistakes import Mistakes
from imagebridge_tools.tables.table import ColumnType
from imagebridge_tools.tool_output import JsonValue, label, number

from . import dates, number_labels, ranges, reduce
from .plan import Chart
from .theme import PALETTE

ROWS = 20_000
"""The maximum number of rows that are drawn one by one."""


def gathered(chart: Chart, mistakes: Mistakes) -> Chart:
    """Return the chart with the rows to draw; rows of stacks include the order of their colours.

    Raises:
        ArgumentError: the arguments contain `mistakes`, or some cannot be applied to the data; the error reports all of
        them.
    """
    asked = mistakes.of(lambda: _aggregated(chart)) or chart
    rows = ranges.of_rows(ranges.settled(_scaled(asked, mistakes), mistakes))
    made = mistakes.of(lambda: ranges.of_bars(_gathered(rows), rows.kind)) or rows
    ordered = mistakes.of(lambda: _ordered(made)) or made
    if ordered.stack == "normalize":
        mistakes.of(lambda: _check_shares(ordered))
    mistakes.tell()
    chart = _marked(ordered)
    if chart.options.labels:
        chart = _labelled(chart)
    if "color" not in chart.names or not chart.stacked:
        return chart
    order = {color: at for at, color in enumerate(chart.distinct("color"))}
    return replace(chart, rows=[{**row, "order": order[row["color"]]} for row in chart.rows])


def _labelled(chart: Chart) -> Chart:
    """Return the chart with its numbers as labels, or with a remark on why they are not shown."""
    if chart.kind in ("pie", "heatmap"):  # They show numbers of their own.
        return chart
    if chart.cells or len(chart.rows) > number_labels.MOST:
        options = replace(chart.options, labels=False)
        why = f"with over {number_labels.MOST} marks they would overlap"
        return replace(chart, options=options, note=f"{chart.note}; numbers are not shown: {why}")
    value = "x" if chart.horizontal and chart.kind == "bar" else "y"
    rows = [
        {**row, "label": number(cell) if isinstance(cell := row[value], int | float) else ""}
        for row in chart.rows
    ]
    return replace(chart, rows=rows)


def _aggregated(chart: Chart) -> Chart:
    """Return the chart with one row for each position, whose number combines the rows at this position as requested."""
    how = chart.options.aggregate
    if not how or chart.kind == "histogram":
        return chart
    value = "color" if chart.kind == "heatmap" else "x" if chart.horizontal else "y"
    if value not in chart.names:  # A heatmap of two fields counts rows in any case.
        if how == "count":
            return chart
        problem = f"is {how!r}, but color has no numeric field; name one: columns={{'color': ...}}, or"
        raise ArgumentError("aggregate", f"{problem} leave aggregate out to count rows")
    keys = [role for role in chart.rows[0] if role != value]
    cells: dict[tuple[JsonValue, ...], list[float]] = {}
    for row in chart.rows:
        found = cells.setdefault(tuple(row[role] for role in keys), [])
        if isinstance(cell := row[value], int | float):
            found.append(cell)
    reduced = _MADE[how]
    rows: list[dict[str, JsonValue]] = [
        {**dict(zip(keys, key, strict=True)), value: _plain(reduced(found)) if found else None}
        for key, found in cells.items()
    ]
    name = chart.names[value]
    note = "; rows are counted" if how == "count" else f"; {name!r} is the {how} of the rows at each position"
    return replace(chart, rows=rows, note=note)


_MADE: Mapping[str, Callable[[Sequence[float]], float]] = {
    "sum": math.fsum,
    "mean": fmean,
    "median": median,
    "min": min,
    "max": max,
    "count": len,
}
"""Functions that combine the rows at one position into one number (see `chart_options.AGGREGATES`)."""


def _plain(value: float) -> float:
    """Return a number without the rounding errors of binary fractions, as an integer if it is whole."""
    short = float(f"{value:.12g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short


def _scaled(chart: Chart, mistakes: Mistakes) -> Chart:
    """Return the chart without the rows that a logarithmic axis cannot show, and a remark on them."""
    for role, scale in chart.options.scales.items():
        chart = mistakes.of(partial(_on_scale, chart, role, scale)) or chart
    return chart


def _on_scale(chart: Chart, role: str, scale: str) -> Chart:
    """Return the chart without the rows and stacks that the scale of one axis cannot show.

    Raises:
        ArgumentError: the axis cannot have this scale; the error reports all reasons.
    """
    if chart.types.get(role) != "number" and not (role == "y" and chart.kind == "histogram"):
        raise ArgumentError("scales", f"of {role} is {scale!r}, but {role} has no numbers")
    if scale != "linear" and chart.kind == "histogram" and role == "x":
        problem = f"of x is {scale!r}, but the bins of a histogram are of equal width; give the scale for y"
        raise ArgumentError("scales", problem)
    if scale != "log":
        return chart
    mistakes = Mistakes()
    shown = mistakes.of(partial(_unstacked, chart, role))
    if chart.kind != "histogram":
        shown = mistakes.of(partial(_above_zero, shown or chart, role))
    mistakes.tell()
    return shown or chart


def _above_zero(chart: Chart, role: str) -> Chart:
    """Return the chart with the rows in which a role is above 0 or missing, and a remark on the others.

    Raises:
        ArgumentError: no number is above 0.
    """
    rows = [row for row in chart.rows if not isinstance(cell := row[role], int | float) or cell > 0]
    if not any(isinstance(row[role], int | float) for row in rows):
        raise ArgumentError("scales", f"of {role} is 'log', which shows only numbers above 0; use symlog")
    left = len(chart.rows) - len(rows)
    if not left:
        return chart
    many = counted(left, "row")
    note = f"; left out: {many} with 0 or less, which a log axis cannot show (symlog can), from {role}"
    return replace(chart, rows=rows, note=chart.note + note)


def _unstacked(chart: Chart, role: str) -> Chart:
    """Return the chart without stacking along a logarithmic axis, on which the lengths of parts mean nothing.

    Raises:
        ArgumentError: stacking was requested.
    """
    if chart.stack:
        raise ArgumentError(
            "scales", f"of {role} is 'log', on which stacks are meaningless; leave stack out, or give linear"
        )
    return replace(chart, stack=False)


def _ordered(chart: Chart) -> Chart:
    """Return the chart with its bars sorted by size, as requested."""
    if not chart.options.order or chart.kind == "pie":
        return chart
    if chart.kind != "bar":
        raise ArgumentError(
            "sort", "orders names by size, but x has numbers or dates, which are already in order"
        )
    value, place = ("x", "y") if chart.horizontal else ("y", "x")
    return replace(chart, rows=_by_size(chart, place, value), note=chart.note + _order_note(chart))


def _order_note(chart: Chart) -> str:
    """Return a remark on the requested order of bars or slices."""
    first = "largest" if chart.options.order == "descending" else "smallest"
    return f"; {'slices' if chart.kind == 'pie' else 'bars'} sorted by size, the {first} first"


def _by_size(chart: Chart, place: str, value: str) -> list[Mapping[str, JsonValue]]:
    """Return the rows, ordered by the sum at each position."""
    sums: dict[JsonValue, float] = {}
    for row in chart.rows:
        cell = row[value]
        sums[row[place]] = sums.get(row[place], 0) + (cell if isinstance(cell, int | float) else 0)
    sign = -1 if chart.options.order == "descending" else 1
    return sorted(chart.rows, key=lambda row: sign * sums[row[place]])


def _check_shares(chart: Chart) -> None:
    """Raise an error if a number is negative, and so cannot be a share: 3 and -2 would be drawn as 60 % and 40 %."""
    value, place = ("x", "y") if chart.horizontal else ("y", "x")
    for row in chart.rows:
        if isinstance(cell := row[value], int | float) and cell < 0:
            problem = f"{label(row[place])!r} has {number(cell)}, and a negative number cannot be a share"
            raise ArgumentError("stack", f"{problem}; give true, or leave stack out")


def _marked(chart: Chart) -> Chart:
    """Mark the rows of a chart that a line or area would not show because their neighbours are missing."""
    if not {"line", "area"} & {chart.kind, *chart.layers} or chart.cells:
        return chart
    groups = [role for role in ("color", "facet") if role in chart.names]
    lone = reduce.alone(chart.rows, _along(chart.rows, "x", chart.types["x"]), groups)
    rows = [{**row, "alone": True} if at in lone else row for at, row in enumerate(chart.rows)]
    return replace(chart, rows=rows) if lone else chart


def _gathered(chart: Chart) -> Chart:
    """Return the chart with its rows summed, counted or reduced, depending on its kind."""
    groups = [role for role in ("color", "facet") if role in chart.names]
    match chart.kind:
        case "pie":
            return _pie(chart)
        case "bar":
            return _summed(chart)
        case "histogram":
            return _histogram(chart, groups)
        case "box":
            return replace(chart, rows=reduce.boxes(chart.rows, ["x", *groups]))
        case "heatmap":
            return _heatmap(chart)
        case _:
            return _fewer(chart, groups) if len(chart.rows) > ROWS else chart


def _histogram(chart: Chart, groups: Sequence[str]) -> Chart:
    names = {**chart.names, "y": "rows"}
    if chart.types["x"] == "text":
        rows = reduce.counts(chart.rows, ["x", *groups], "y")
        return replace(chart, kind="bar", rows=rows, names=names, types={**chart.types, "y": "number"})
    if chart.types["x"] == "date":
        known = {
            cell: datetime.fromisoformat(cell) for row in chart.rows if isinstance(cell := row["x"], str)
        }
        bin_of = dates.bins(list(known.values()), reduce.BINS)
        ends = {cell: [at.isoformat() for at in bin_of(moment)] for cell, moment in known.items()}
        placed: list[dict[str, JsonValue]] = [
            {**row, "x": ends[cell][0], "x2": ends[cell][1]}
            for row in chart.rows
            if isinstance(cell := row["x"], str)
        ]
        rows = sorted(reduce.counts(placed, ["x", "x2", *groups], "y"), key=lambda row: str(row["x"]))
        note = f"; counted in {counted(len({str(row['x']) for row in rows}), 'bin')}"
    else:
        rows, width = reduce.binned(chart.rows, groups)
        note = f"; counted in bins of {number(width)}"
    types: dict[str, ColumnType] = {**chart.types, "y": "number"}
    # Colours keep the order of the data, not that of the bins in which they first occur.
    ranks = {role: {value: at for at, value in enumerate(chart.distinct(role))} for role in groups}
    rows = sorted(rows, key=lambda row: [ranks[role][row[role]] for role in groups])
    return replace(chart, rows=rows, names=names, types=types, note=chart.note + note)


def _heatmap(chart: Chart) -> Chart:
    """Return the chart with a cell for each pair of positions, or for each part of two axes of numbers."""
    if chart.types["x"] != "text":
        return _density(chart)
    keys = ["x", "y", *(["facet"] if "facet" in chart.names else [])]
    if "color" not in chart.names:
        rows = reduce.counts(chart.rows, keys, "color")
        return replace(
            chart, rows=rows, names={**chart.names, "color": "rows"}, types={**chart.types, "color": "number"}
        )
    rows = reduce.means(chart.rows, keys, "color")
    note = "; rows in the same cell are averaged" if len(rows) < len(chart.rows) else ""
    return replace(chart, rows=[row for row in rows if row["color"] is not None], note=chart.note + note)


def _fewer(chart: Chart, groups: Sequence[str]) -> Chart:
    """Return a chart with fewer rows that looks like the original from a distance."""
    if chart.kind == "scatter":
        return _density(chart)
    columns = max(50, min(chart.frame.width, 8000 // max(1, len(chart.distinct("color"))) // 4))
    at = _along(chart.rows, "x", chart.types["x"])
    known = [(row, place) for row, place in zip(chart.rows, at, strict=True) if place is not None]
    shown, places = [row for row, _ in known], [place for _, place in known]
    if chart.kind == "area":
        rows, kept_rows = reduce.averaged(shown, places, groups, columns), "averages of"
    else:
        rows, kept_rows = (
            reduce.outline(shown, places, groups, columns),
            "the first, lowest, highest and last row of",
        )
    return replace(
        chart, rows=rows, note=f"{chart.note}; {kept_rows} each of {columns} pixel columns are drawn"
    )


def _density(chart: Chart) -> Chart:
    """Return the chart with the number of points in each cell of a grid, or with a sample of its rows."""
    keys = [role for role in ("facet",) if role in chart.names]
    ends = {role: _along(chart.rows, role, chart.types[role]) for role in ("x", "y")}
    points = [(x, y) for x, y in zip(*ends.values(), strict=True) if x is not None and y is not None]
    if not points:
        raise ArgumentError("data", "has no row with both x and y")
    if keys or "text" in (chart.types["x"], chart.types["y"]):
        rows = reduce.sampled(chart.rows, ROWS // 4)
        return replace(
            chart, rows=rows, note=f"{chart.note}; {len(rows):,} of the rows are drawn, evenly spaced"
        )
    rows = reduce.density([x for x, _ in points], [y for _, y in points])
    across, down = reduce.CELLS
    for role in ("x", "y"):
        if chart.types[role] == "date":
            rows = [{**row, **{key: _moment(row[key]) for key in (role, f"{role}2")}} for row in rows]
    note = f"; drawn as a density of {across}x{down} cells, up to {max(_count(row) for row in rows):,} rows in one"
    names = {role: name for role, name in chart.names.items() if role != "color"}
    return replace(chart, rows=rows, names=names, cells=True, note=chart.note + note)


def _count(row: Mapping[str, JsonValue]) -> int:
    return count if isinstance(count := row["color"], int) else 0


def _along(rows: Sequence[Mapping[str, JsonValue]], role: str, sort: ColumnType) -> list[float | None]:
    """Return the positions of cells along an axis: numbers, seconds, or the order of categories."""
    cells = [row[role] for row in rows]
    if sort == "number":
        return [cell if isinstance(cell, int | float) else None for cell in cells]
    if sort == "date":
        return [datetime.fromisoformat(cell).timestamp() if isinstance(cell, str) else None for cell in cells]
    order: dict[JsonValue, float] = {}
    return [order.setdefault(cell, len(order)) for cell in cells]


def _moment(seconds: JsonValue) -> str:
    return datetime.fromtimestamp(seconds if isinstance(seconds, int | float) else 0, UTC).isoformat()


def _summed(chart: Chart) -> Chart:
    """Add the values of bars at the same position."""
    value = "x" if chart.horizontal else "y"
    sums: dict[tuple[JsonValue, ...], dict[str, JsonValue]] = {}
    for row in chart.rows:
        place = tuple(cell for role, cell in row.items() if role != value)
        below = sums.get(place)
        if below is None:
            sums[place] = dict(row)
        elif isinstance(number := row[value], int | float):
            held = below[value]
            below[value] = number + (held if isinstance(held, int | float) else 0)
    return replace(chart, rows=list(sums.values()))


def _pie(chart: Chart) -> Chart:
    """Return the slices of a pie, with their shares in the legend, and on the slices that are large enough."""
    roles = {role: chart.names[role] for role in ("x", "y", "facet") if role in chart.names}
    kept = [{role: row[role] for role in roles} for row in chart.rows]
    every = _summed(replace(chart, rows=kept, names={**roles, "color": roles["x"]}))
    totals: dict[JsonValue, float] = {}
    for row in every.rows:
        if size(row) < 0:
            raise ArgumentError(
                "data", f"{row['x']!r} has {number(size(row))}; a pie chart cannot show negative values"
            )
        totals[row.get("facet")] = totals.get(row.get("facet"), 0) + size(row)
    if not all(totals.values()):
        raise ArgumentError("data", "the values add up to 0; a pie chart has nothing to show")
    if chart.options.order:
        every = replace(every, rows=_by_size(every, "x", "y"), note=every.note + _order_note(every))
    summed = _few(every)
    order = {place: at for at, place in enumerate(summed.distinct("x"))}
    slices: list[dict[str, JsonValue]] = []
    for row in summed.rows:
        share = size(row) / totals[row.get("facet")]
        slice_label = f"{row['x']}" if "facet" in roles else f"{row['x']} ({share:.1%})"
        mark = f"{share:.0%}" if share >= 0.05 else ""
        slices.append({**row, "color": slice_label, "order": order[row["x"]], "share": mark, "part": share})
    return replace(summed, rows=slices, types={**summed.types, "color": "text"})


def size(row: Mapping[str, JsonValue]) -> float:
    """Return the number in a row, or 0 if there is none."""
    return value if isinstance(value := row["y"], int | float) else 0


def _few(pie: Chart) -> Chart:
    """Return a pie with a different colour for each slice; if there are too many, combine the smallest into one."""
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
