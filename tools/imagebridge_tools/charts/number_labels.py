"""Writes the numbers of a chart at its marks if requested: measures them, then writes those that fit."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from imagebridge.errors import counted
from imagebridge_tools.tables.cells import as_float
from imagebridge_tools.tool_output import JsonObject, JsonValue

from . import encoding, label_places
from .engine import NAMED
from .label_places import LabelPlace, Numbered
from .plan import Chart
from .worker import LyingMark

MOST = 100
"""The maximum number of labels; more would overlap."""

_SIZES = (11, 9)
"""The font sizes to try if the size of the chart's text is too large."""

_KINDS = ("bar", "line", "area", "scatter", "histogram")

_LEAST = 0.4
"""The minimum share of an axis for its marks, however long their numbers are."""

_ROUNDS = 30
"""The maximum number of times that an axis is extended to fit the numbers, as each extension changes its scale."""

_AT, _TOLD = "at", "told"
"""The fields that contain the index of each row, and its number while the numbers are measured."""

_SCALES: Mapping[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "linear": (float, float),
    "log": (math.log, math.exp),
    "symlog": (
        lambda number: math.copysign(math.log1p(abs(number)), number),
        lambda place: math.copysign(math.expm1(abs(place)), place),
    ),
}
"""Functions from a number to its position along an axis, and from a position to the number, by scale."""


def measurable(view: JsonObject, chart: Chart) -> JsonObject:
    """Return the view of a chart with an invisible layer that reveals the positions of its marks (see `worker.lying`)."""
    if not chart.options.labels or chart.kind not in _KINDS or "layer" in view:
        return view
    bars = chart.kind in ("bar", "histogram")
    sort = "bar" if bars else "rule" if chart.parted else "point"
    side = _side(chart)
    form = chart.frame.formats.get(side)
    words = f"format(datum.{side}, {form!r})" if form else "datum.label"
    told = f"'{NAMED}' + datum.{_AT} + ' ' + {words}"
    channels = encoding.mapping(view.get("encoding"))
    if "color" in channels:
        del channels["color"]
        channels["detail"] = {"field": "color", "type": "nominal"}
    silent: JsonObject = {
        "mark": {"type": sort, "opacity": 0},
        "encoding": {**channels, "description": {"field": _TOLD, "type": "nominal"}},
        "transform": [{"filter": {"field": side, "valid": True}}, {"calculate": told, "as": _TOLD}],
    }
    shown: JsonObject = {"mark": view["mark"], "encoding": view["encoding"]}
    rest = {key: part for key, part in view.items() if key not in ("mark", "encoding")}
    return {**rest, "layer": [shown, silent]}


def numbered(chart: Chart) -> Chart:
    """Return the chart with an index in each row, which `measurable` needs."""
    return replace(chart, rows=[{**row, _AT: at} for at, row in enumerate(chart.rows)])


def is_measurable(spec: JsonObject) -> bool:
    """Return whether a spec has the layer that is needed to write numbers."""
    return _silent(spec) is not None


def with_room(spec: JsonObject, chart: Chart, marks: Sequence[LyingMark]) -> Chart:
    """Return the chart with its axis of numbers extended beyond its marks to fit the labels."""
    side, silent = _side(chart), _silent(spec)
    if not marks or not silent or chart.parted or side in chart.options.ranges:
        return chart
    along = _along(silent, side)
    lying = along == "x"
    long = min(mark.plot.width if lying else mark.plot.height for mark in marks)
    scale = encoding.mapping(encoding.mapping(encoding.mapping(silent["encoding"])[along]).get("scale"))
    kind, zero = str(scale.get("type", "linear")), scale.get("zero", True) is True
    low = high = None
    for size in _sizes(chart):
        room = [
            (
                as_float(chart.rows[at][side]),
                (label_places.width(words, size) if lying else size) + 2 * label_places.GAP,
            )
            for at, words, _ in _parts(marks)
        ]
        low, high = _reaching(room, long, kind, zero=zero)
        if (low, high) != (None, None):
            break
    return replace(chart, reach={side: (low, high)})


def _reaching(
    room: Sequence[tuple[float, float]], long: float, scale: str, *, zero: bool
) -> tuple[float | None, float | None]:
    """Return the ends of an axis of `long` pixels so that each label has the space that it needs beyond its number.

    `zero`: the axis always includes 0.
    """
    place, number = _SCALES[scale]
    above = [(place(value), pixels) for value, pixels in room if value >= 0]
    below = [(place(value), pixels) for value, pixels in room if value < 0]
    known = [at for at, _ in above + below] + ([0.0] if zero or scale == "symlog" else [])
    start, end = min(known), max(known)
    low: float = start
    high: float = end
    for _ in range(_ROUNDS):
        pixel: float = (high - low) / long
        low = min(start, *(at - pixels * pixel for at, pixels in below), start)
        high = max(end, *(at + pixels * pixel for at, pixels in above), end)
        if (high - low) * _LEAST > end - start:
            return None, None
    return number(low) if low < start else None, number(high) if high > end else None


def lacking(spec: JsonObject, chart: Chart) -> str:
    """Return a remark if numbers were requested for a pie or heatmap that is too small to show them."""
    if not chart.options.labels or chart.kind not in ("pie", "heatmap"):
        return ""
    layers = encoding.mapping(spec.get("spec", spec)).get("layer")
    marks = (
        [encoding.mapping(encoding.mapping(one).get("mark")) for one in layers]
        if isinstance(layers, list)
        else []
    )
    return (
        ""
        if any(mark.get("type") == "text" for mark in marks)
        else "; numbers are not shown, because there is no room for them"
    )


class NumberedSpec(NamedTuple):
    """A spec with the numbers of its chart at the marks, and a remark on numbers that do not fit."""

    spec: JsonObject
    note: str


def written(spec: JsonObject, chart: Chart, marks: Sequence[LyingMark]) -> NumberedSpec:
    """Return the spec of a `measurable` chart with the numbers that fit."""
    silent = _silent(spec) or {}
    tries = [(size, _places(silent, chart, marks, size)) for size in _sizes(chart)]
    size, places = max(tries, key=lambda one: (len(one[1]), one[0]))
    rows: list[JsonValue] = [
        {**row, **(places[at]._asdict() if at in places else {})} for at, row in enumerate(chart.rows)
    ]
    layers: list[JsonValue] = [_text_layer(silent, chart, size)] if places else []
    done = {**_replaced(spec, layers), "data": {"values": rows}}
    left = len(marks) - len(places)
    many = f"{left} of the {counted(len(marks), 'number')}"
    return NumberedSpec(done, f"; {many} are not shown, because there is no room for them" if left else "")


def _places(silent: JsonObject, chart: Chart, marks: Sequence[LyingMark], size: int) -> dict[int, LabelPlace]:
    """Return the positions of numbers, by row."""
    side, bars = _side(chart), chart.kind in ("bar", "histogram")
    lying = bars and _along(silent, side) == "x"
    known: list[Numbered] = []
    for at, words, mark in _parts(marks):
        row = chart.rows[at]
        sign = 0 if chart.parted else -1 if bars and as_float(row[side]) < 0 else 1
        known.append(Numbered(words, mark.plot, mark.box, sign, row.get("color")))
    if chart.parted:
        found = label_places.inside(known, size, bars=bars)
    elif bars:
        found = label_places.beyond(known, size, lying=lying)
    else:
        found = label_places.around(known, size, joined=chart.kind != "scatter", above=chart.kind == "area")
    rows = [at for at, _, _ in _parts(marks)]
    if chart.kind == "histogram":  # Labels are placed at the beginning of a bin.
        found = {at: place._replace(dx=place.dx + known[at].box.width / 2) for at, place in found.items()}
    return {rows[at]: place for at, place in found.items()}


def _sizes(chart: Chart) -> list[int]:
    return [chart.style.text, *(size for size in _SIZES if size < chart.style.text)]


def _parts(marks: Sequence[LyingMark]) -> Iterator[tuple[int, str, LyingMark]]:
    """Yield the index of each mark's row, its number as text, and the mark."""
    for mark in marks:
        at, _, words = mark.description.partition(" ")
        yield int(at), words, mark


def _text_layer(silent: JsonObject, chart: Chart, size: int) -> JsonObject:
    """Return the layer that writes the numbers of rows that have a position for them."""
    side = _side(chart)
    along = _along(silent, side)
    channels = encoding.mapping(silent["encoding"])
    for name in ("description", "x2", "detail" if not chart.parted else ""):
        channels.pop(name, None)
    if chart.parted:
        channels[along] = {**encoding.mapping(channels[along]), "bandPosition": 0.5}
    form = chart.frame.formats.get(side)
    channels["text"] = (
        {"field": side, "type": "quantitative", "format": form}
        if form
        else {"field": "label", "type": "nominal"}
    )
    ink = chart.style.theme.on if chart.parted else chart.style.theme.ink
    mark: JsonObject = {"type": "text", "fontSize": size, "fill": ink, "baseline": "middle"}
    mark |= {name: {"expr": f"datum.{name}"} for name in LabelPlace._fields}
    transform: list[JsonValue] = [{"filter": {"field": "dx", "valid": True}}]
    return {"mark": mark, "encoding": channels, "transform": transform}


def _silent(spec: JsonObject) -> JsonObject | None:
    """Return the invisible layer of a spec."""
    inner = encoding.mapping(spec.get("spec", spec))
    layers = inner.get("layer")
    last = encoding.mapping(layers[-1]) if isinstance(layers, list) else {}
    described = encoding.mapping(encoding.mapping(last.get("encoding")).get("description"))
    return last if described.get("field") == _TOLD else None


def _replaced(spec: JsonObject, layers: list[JsonValue]) -> JsonObject:
    """Return a spec with its invisible layer replaced by others."""
    if "spec" in spec:
        return {**spec, "spec": _replaced(encoding.mapping(spec["spec"]), layers)}
    known = spec["layer"]
    return {**spec, "layer": [*known[:-1], *layers]} if isinstance(known, list) else spec


def _side(chart: Chart) -> str:
    """Return the role of the numbers."""
    return "x" if chart.horizontal and chart.kind == "bar" else "y"


def _along(layer: JsonObject, side: str) -> str:
    """Return the channel that shows the numbers."""
    channels = encoding.mapping(layer["encoding"])
    return next(name for name in ("x", "y") if encoding.mapping(channels.get(name)).get("field") == side)
