"""Parses the requested axis ranges according to the type of each axis, and counts the rows outside them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from imagebridge.errors import ArgumentError, counted
from imagebridge_tools.mistakes import Mistakes
from imagebridge_tools.tables import written_dates
from imagebridge_tools.tables.cells import date, numbers, position
from imagebridge_tools.tables.table import ColumnType
from imagebridge_tools.tool_output import JsonValue

from .chart_options import Range
from .plan import Chart


def settled(chart: Chart, mistakes: Mistakes) -> Chart:
    """Return the chart with its ranges as numbers or moments, like its axes; invalid ranges are recorded as mistakes."""
    ranges: dict[str, Range] = {}
    for role, limits in chart.options.ranges.items():
        if found := mistakes.of(partial(_range, chart, role, limits)):
            ranges[role] = found
    return replace(chart, options=replace(chart.options, ranges=ranges))


def _range(chart: Chart, role: str, limits: Range) -> Range:
    """Return the range of one axis.

    Raises:
        ArgumentError: the axis shows names, or the range does not suit its values.
    """
    counts = role == "y" and chart.kind == "histogram"
    column_type: ColumnType = "number" if counts else chart.types.get(role, "text")
    if column_type == "text":
        raise ArgumentError("ranges", f"has {role}, which shows names, so it cannot have a range")
    mistakes = Mistakes()
    first, last = (mistakes.of(partial(_end, role, limit, column_type)) for limit in limits)
    mistakes.tell()
    low, high = (position(end) or 0.0 for end in (first, last))
    if low >= high:
        mistakes.add(ArgumentError("ranges", f"of {role} is {list(limits)}; give the lower end first"))
    if chart.options.scales.get(role) == "log" and min(low, high) <= 0:
        problem = f"of {role} starts at {limits[0 if low <= high else 1]}, which a log axis cannot show"
        problem = f"{problem}; start above 0, or give scales={{{role!r}: 'symlog'}}"
        mistakes.add(ArgumentError("ranges", problem))
    mistakes.tell()
    return first, last


def _end(role: str, limit: JsonValue, column_type: ColumnType) -> JsonValue:
    """Return one end of a range in the form that the axis of its role requires."""
    if column_type == "number":
        known = numbers([limit]) if not isinstance(limit, bool) else None
        if known is None:
            raise ArgumentError(
                "ranges", f"of {role} has {limit!r}, but {role} shows numbers, such as [0, 100]"
            )
        return known[0]
    text = str(limit).strip()
    if not date(text):
        match written_dates.read([text]):
            case (days, _):
                text = days[str(limit).strip()]
            case _:
                example = '["2026-01-01", "2026-12-31"]'
                raise ArgumentError(
                    "ranges", f"of {role} has {limit!r}, but {role} shows dates, such as {example}"
                )
    return text


def outside(chart: Chart, roles: Sequence[str], noun: str) -> Chart:
    """Return the chart with a remark on its rows outside the ranges of some roles."""
    notes: list[str] = []
    for role in roles:
        if role not in chart.options.ranges:
            continue
        low, high = (position(end) or 0.0 for end in chart.options.ranges[role])
        known = [at for row in chart.rows if (at := position(row.get(role))) is not None]
        for count, side in (
            (sum(one < low for one in known), "below"),
            (sum(one > high for one in known), "above"),
        ):
            notes += [f"{counted(count, noun)} {side} the range of {role}"] if count else []
    return (
        replace(chart, note=f"{chart.note}; shown partly or not at all: {', '.join(notes)}")
        if notes
        else chart
    )


def of_rows(chart: Chart) -> Chart:
    """Return the chart with a remark on rows outside the ranges, before rows are counted or reduced."""
    roles = {"bar": (), "histogram": ("x",)}.get(chart.kind, ("x", "y"))
    return outside(chart, roles, "row")


def of_bars(chart: Chart, kind: str) -> Chart:
    """Return the chart with a remark on bars that extend beyond the range of their axis."""
    roles: Mapping[str, tuple[str, ...]] = {"bar": ("x", "y"), "histogram": ("y",)}
    return outside(chart, roles.get(kind, ()), "bar")
