"""Fits the labels of axes and legends: wraps, rotates and shrinks them until all are readable."""

import json
import re
from collections.abc import Sequence
from itertools import accumulate

from imagebridge_tools.tool_output import JsonValue

from .text_width import BOLD, broken, shortened, wide
from .theme import NORMAL

LETTER = 0.58
"""The average width of a letter, as a fraction of the font size."""

LINE = 1.2
"""The height of a line, as a multiple of the font size."""

WHOLE = 1.01
"""The minimum distance between two ticks if all numbers are whole; with 1, Vega divides a span of 1 or 2 into halves."""

_ENTRY = 16
"""The minimum height of a legend entry, which is the height of its symbol."""

_NARROW = 26
"""The number of characters in a line of a label if nothing requires a different width."""

_SHORT = 9.3
"""The maximum width of slanted labels, as a multiple of the font size."""

_SLANTED = 1.45
"""The distance between slanted labels, as a multiple of that between vertical ones."""

_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])(-\d\d)?")
_DAY_STEPS = (1, 2, 3, 4, 5, 7, 10, 14, 21, 28, 30, 60, 90, 180, 365)
_EDGE_STEPS = (1, 2, 4, 5, 10, 20)
_EACH_DAY = 12
"""The maximum number of days or months that all get a label; if there are more, only some of them do."""

_DAY_LETTERS = 8
"""The number of letters in the longest label of a day, including its spacing."""
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905

_SIZES = (11, 9)
"""The font sizes to try if the largest does not fit."""


def below(
    labels: Sequence[str], room: float, height: float, largest: int = NORMAL.text
) -> dict[str, JsonValue]:
    """Return the axis of categories below a chart.

    Each label may be `room` pixels wide, in a picture `height` pixels high.
    """
    for size in _sizes(largest)[:2]:  # Rotated letters are easier to read than the smallest ones.
        for letters in (_NARROW, 18, 14, 11, max(_NARROW, int((room - 6) / (size * LETTER)))):
            lines = _broken(labels, letters)
            whole = all(wide(word) <= letters * LETTER for label in labels for word in label.split())
            if whole and _widest(lines) * size <= room - 6 and max(map(len, lines)) <= 3:
                return {"labelAngle": 0, "labelFontSize": size, **expression(labels, lines)}
    if len(labels) > _EACH_DAY and all(map(_DAY.fullmatch, labels)):
        return {"labelAngle": 0, **_some_days(labels, room, largest, largest * LETTER * _DAY_LETTERS)}
    for size in _sizes(largest):
        lines = _broken(labels, _deep(height, size))
        high = max(map(len, lines)) * size * LINE
        # Slanted ones are further apart but easier to read.
        if high * _SLANTED <= room and _widest(lines) <= _SHORT:
            return _turned(-45, size, labels, lines)
        if high <= room:
            return _turned(-90, size, labels, lines)
    size = _SIZES[-1]
    lines = _shortened(labels, _deep(height, size))
    return {**_turned(-90, size, labels, lines), "labelOverlap": size * LINE > room}


def _some_days(
    days: Sequence[str], room: float, size: int, least: float, *, down: bool = False
) -> dict[str, JsonValue]:
    """Return an axis that labels some of many days, at least `least` pixels apart, and the year wherever it changes."""
    step = next((step for step in _DAY_STEPS if step * room >= least), len(days))
    shown, lines, year = [*days[::step]], list[list[str]](), ""
    for day in shown:
        month, number = _MONTHS[int(day[5:7]) - 1], day[8:].lstrip("0")
        named = f"{number} {month}".strip()
        dated = [f"{named} {day[:4]}"] if down else [named, day[:4]]
        lines.append([named] if day[:4] == year else dated)
        year = day[:4]
    values: list[JsonValue] = [*shown]
    return {"labelFontSize": size, "values": values, **expression(shown, lines)}


def edges(numbers: Sequence[float], room: float, size: int) -> list[JsonValue]:
    """Return the edges of bins to label on an axis of `room` pixels: all, or every nth starting at the first."""
    widest = max(wide(f"{number:,.6g}") for number in (numbers[0], numbers[len(numbers) // 2], numbers[-1]))
    each = room / max(1, len(numbers) - 1)
    step = next((step for step in _EDGE_STEPS if step * each >= (widest + 1) * size), len(numbers))
    return [*numbers[::step]]


def _deep(height: float, size: int) -> int:
    """Return how many letters of a rotated label fit below a chart, in a third of its height."""
    return max(12, int(height * 0.35 / (size * LETTER)))


def _turned(angle: int, size: int, labels: Sequence[str], lines: Sequence[list[str]]) -> dict[str, JsonValue]:
    axis: dict[str, JsonValue] = {"labelAngle": angle, "labelFontSize": size}
    return {**axis, "labelOverlap": False, "labelSeparation": 0, **expression(labels, lines)}


def _sizes(largest: int) -> list[int]:
    return [largest, *(size for size in _SIZES if size < largest)]


def beside(
    labels: Sequence[str], room: float, width: float, largest: int = NORMAL.text
) -> tuple[dict[str, JsonValue], bool]:
    """Return the axis of categories at the side, and whether all labels fit.

    Each label may be `room` pixels high, in a picture `width` pixels wide.
    """
    apart = largest * LINE * 1.5
    if len(labels) > _EACH_DAY and room < apart and all(map(_DAY.fullmatch, labels)):
        return _some_days(labels, room, largest, apart, down=True), True
    for size in _sizes(largest):
        # Wider lines before smaller letters, up to two fifths of the picture.
        most = int(width * 0.4 / (size * LETTER))
        for letters in range(max(8, min(_NARROW, most)), max(_NARROW, most) + 1, 4) if most >= 8 else (8,):
            lines = _broken(labels, letters)
            if max(map(len, lines)) * size * LINE <= room:
                return {"labelFontSize": size, "labelOverlap": False, **_centred(labels, lines, size)}, True
    size = _SIZES[-1]
    letters = max(12, int(width * 0.42 / (size * LETTER)))
    lines = _broken(labels, letters)
    if max(map(len, lines)) * size * LINE > room:
        lines = _shortened(labels, letters)
    overlap = max(map(len, lines)) * size * LINE > room
    axis: dict[str, JsonValue] = {"labelFontSize": size, "labelOverlap": overlap, "labelSeparation": 0}
    return {**axis, **_centred(labels, lines, size)}, False


def _shortened(labels: Sequence[str], letters: int) -> list[list[str]]:
    """Shorten labels to one line by leaving out their middles, as their ends distinguish them."""
    return [[shortened(label, letters * LETTER)] for label in labels]


def _centred(labels: Sequence[str], lines: Sequence[list[str]], size: int) -> dict[str, JsonValue]:
    """Wrap labels at the side and raise those of several lines: Vega aligns the first line with the tick."""
    several: dict[int, list[str]] = {}
    for label, parts in zip(labels, lines, strict=True):
        several.setdefault(len(parts), []).append(label)
    several.pop(1, None)
    lifts: list[JsonValue] = [
        {"test": f"indexof({json.dumps(names)}, datum.value) >= 0", "value": -(count - 1) * size * LINE / 2}
        for count, names in several.items()
    ]
    lift: dict[str, JsonValue] = {"labelOffset": {"condition": lifts, "value": 0}} if lifts else {}
    return {**lift, **expression(labels, lines)}


def legend(
    labels: Sequence[str], width: float, height: float, largest: int = NORMAL.text
) -> dict[str, JsonValue]:
    """Return a legend that occupies at most half of the `width` and all of the `height`, in pixels."""
    for size in _sizes(largest):
        for columns, letters in ((1, _NARROW), (1, 18), (1, 34), (2, _NARROW), (2, 18), (3, 18)):
            lines = _broken(labels, letters)
            heights = _heights(lines, size, columns)
            across = columns * (_widest(lines) * size + 26)
            if across <= width / 2 and sum(heights) <= height and _in_order(len(labels), columns):
                return {"labelFontSize": size, "columns": columns, **expression(labels, lines)}
    size, lines = _SIZES[-1], _broken(labels, 18)
    # The rest is counted in a last entry.
    fitting = sum(down <= height - size * LINE for down in accumulate(_heights(lines, size, 1)))
    return {"labelFontSize": size, "symbolLimit": max(2, fitting), **expression(labels, lines)}


def header(labels: Sequence[str], width: float, size: int, most: int = 3) -> tuple[dict[str, JsonValue], int]:
    """Return the header of small charts `width` pixels wide, in bold letters of `size`, and its number of lines, up to
    `most`.

    The middles of longer names are omitted.
    """
    room = width / size / BOLD
    lines = [broken(label, room) or [label] for label in labels]
    lines = [
        parts if len(parts) <= most else broken(shortened(label, room * (most - 0.5)), room, most)
        for label, parts in zip(labels, lines, strict=True)
    ]
    return expression(labels, lines), max(map(len, lines))


def under(
    labels: Sequence[str], width: float, size: int = NORMAL.text, *, titled: bool = True
) -> tuple[dict[str, JsonValue], float]:
    """Return a legend below a chart `width` pixels wide, and its height in pixels, with or without a title."""
    lines = [broken(label, (width - 26) / size) or [label] for label in labels]
    columns = max(1, min(len(lines), int(width / (_widest(lines) * size + 26))))
    rows = -(-len(lines) // columns)
    legend: dict[str, JsonValue] = {
        "orient": "bottom",
        "columns": columns,
        "labelFontSize": size,
        "offset": 8,
    }
    legend |= {} if titled else {"title": None}
    high = (28 if titled else 10) + rows * (max(map(len, lines)) * size * LINE + 3)
    return {**legend, **expression(labels, lines)}, high


def _in_order(entries: int, columns: int) -> bool:
    """Return whether Vega fills the columns from top to bottom, which it does if at most one entry is missing."""
    return -entries % columns <= 1


def _heights(lines: Sequence[Sequence[str]], size: int, columns: int) -> list[float]:
    """Return the heights of a legend's title and of its rows, each as tall as its tallest label.

    The columns are filled from top to bottom, one after another.
    """
    rows = -(-len(lines) // columns)
    counts = [max(map(len, lines[row::rows])) for row in range(rows)]
    return [26, *(max(_ENTRY, count * size * LINE + 3) for count in counts)]


def _broken(labels: Sequence[str], letters: int) -> list[list[str]]:
    return [broken(label, letters * LETTER) or [label] for label in labels]


def _widest(lines: Sequence[Sequence[str]]) -> float:
    """Return the width of the longest line, as a multiple of the font size."""
    return max(wide(line) for label in lines for line in label)


def expression(labels: Sequence[str], lines: Sequence[list[str]]) -> dict[str, JsonValue]:
    """Return the Vega expression that replaces wrapped or shortened labels."""
    table = {label: parts for label, parts in zip(labels, lines, strict=True) if parts != [label]}
    return {"labelExpr": f"({json.dumps(table)})[datum.label] || (datum.label)"} if table else {}
