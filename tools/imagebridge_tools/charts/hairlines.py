"""Makes bars visible that would be too short to see: draws them one pixel long, and mentions this in a remark."""

import math
from collections.abc import Iterator, Mapping, Sequence

from imagebridge_tools.tables.cells import position
from imagebridge_tools.tool_output import JsonObject, JsonValue

from . import encoding
from .plan import Chart

LEAST = 1
"""The minimum length, in pixels, of a bar with a value other than zero, so that it can be told from an empty one."""


def offset(chart: Chart, field: str, along: str, scale: str, pixels: float) -> JsonObject:
    """Return the properties that make the shortest bars visible, or none if all bars are long enough.

    field: the role of the numbers.
    along: the channel that shows them, x or y, whose scale Vega calls `scale`.
    pixels: the approximate length of the axis.

    The bars' data, scale and baseline are unchanged: only the end of a bar is moved. Bars are not moved in a stack,
    where each part starts at the end of another, or on a logarithmic axis, which has no 0.
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
    """Return the ends of an axis as requested, or those that include 0 and all of its numbers."""
    if limits := chart.options.ranges.get(field):
        low, high = (position(end) or 0.0 for end in limits)
        return low, high
    return min(0, *values), max(0, *values)


def told(spec: Mapping[str, JsonValue]) -> str:
    """Return a remark on the bars of a spec that are drawn longer than their values."""
    drawn = any("xOffset" in mark or "yOffset" in mark for mark in _marks(spec))
    return "; bars shorter than a pixel are drawn one pixel long so that they are visible" if drawn else ""


def _marks(view: Mapping[str, JsonValue]) -> Iterator[JsonObject]:
    """Yield the marks of a view and of its layers."""
    yield encoding.mapping(view.get("mark"))
    layers = view.get("layer")
    for part in [view.get("spec"), *(layers if isinstance(layers, list) else ())]:
        if part:
            yield from _marks(encoding.mapping(part))
