"""Bars that would be too short to be seen: a value that is not zero is drawn as a line one pixel long, and that is said."""

import math
from collections.abc import Iterator, Mapping, Sequence

from imagebridge_tools.tables.cells import position
from imagebridge_tools.tool_output import JsonObject, JsonValue

from . import encoding
from .plan import Chart

LEAST = 1
"""Pixels of a bar whose value is not zero at least: what is there is told from what is not."""


def offset(chart: Chart, field: str, along: str, scale: str, pixels: float) -> JsonObject:
    """Return what the mark of bars needs for the shortest to be seen; nothing where all are long enough anyway.

    field: the role of the numbers.
    along: the channel that shows them, x or y, whose scale Vega calls `scale`.
    pixels: the length of the axis, about.

    The bars' data, scale and ground stay as they are: only the end of a bar is moved. On a stack, where each part
    begins where another ends, and on a logarithmic axis, which has no 0, nothing is moved.
    """
    if chart.parted or chart.options.scales.get(field) == "log":
        return {}
    values: list[float] = [cell for row in chart.rows if isinstance(cell := row[field], int | float) and cell]
    if not values:
        return {}
    low, high = _ends(chart, field, values)
    place = math.log1p if chart.options.scales.get(field) == "symlog" else float
    span = place(max(high, 0)) + place(max(-low, 0)) if low <= 0 <= high else high - low
    if place(min(map(abs, values))) * pixels >= span * LEAST:
        return {}
    length = f"scale('{scale}', datum.{field}) - scale('{scale}', 0)"
    end = f"(datum.{field} > 0 ? 1 : -1) * {LEAST if along == 'x' else -LEAST}"
    short = f"datum.{field} && abs({length}) < {LEAST}"
    return {f"{along}Offset": {"expr": f"{short} ? {end} - ({length}) : 0"}}


def _ends(chart: Chart, field: str, values: Sequence[float]) -> tuple[float, float]:
    """Return where an axis begins and ends at the latest: at 0 and its numbers, or where that was asked for."""
    if limits := chart.options.ranges.get(field):
        low, high = (position(end) or 0.0 for end in limits)
        return low, high
    return min(0, *values), max(0, *values)


def told(spec: Mapping[str, JsonValue]) -> str:
    """Return words on the bars of a spec that are drawn longer than they are."""
    drawn = any("xOffset" in mark or "yOffset" in mark for mark in _marks(spec))
    return "; bars under a pixel long are drawn one pixel long to be visible" if drawn else ""


def _marks(view: Mapping[str, JsonValue]) -> Iterator[JsonObject]:
    """Yield the marks of a view and of its layers."""
    yield encoding.mapping(view.get("mark"))
    layers = view.get("layer")
    for part in [view.get("spec"), *(layers if isinstance(layers, list) else ())]:
        if part:
            yield from _marks(encoding.mapping(part))
