"""Room for words: labels of axes and legends broken, turned and made smaller until they are all readable."""

import json
import textwrap
from collections.abc import Sequence
from itertools import accumulate

from .answer import Json
from .look import NORMAL

LETTER = 0.58
"""Width of a letter, on average, as a share of the font's size."""

LINE = 1.2
"""Height of a line as a share of the font's size."""

WHOLE = 1.01
"""Between two ticks at least where all numbers are whole; at 1, Vega cuts a span of 1 or 2 in halves."""

_NARROW = 26
"""Characters of a label's line where there is no reason for another width."""

_SIZES = (11, 9)
"""Heights of letters that are tried where the largest are too large."""


def below(labels: Sequence[str], room: float, height: float, largest: int = NORMAL.text) -> dict[str, Json]:
    """Return the axis of categories under a chart.

    Each label has `room` pixels beside the next, in a picture `height` pixels high.
    """
    for size in _sizes(largest)[:2]:  # Letters turned are easier to read than the smallest.
        for letters in (_NARROW, 18, 14, 11, max(_NARROW, int((room - 6) / (size * LETTER)))):
            lines = _broken(labels, letters)
            whole = all(len(word) <= letters for label in labels for word in label.split())
            if whole and _widest(lines) * size * LETTER <= room - 6 and max(map(len, lines)) <= 3:
                return {"labelAngle": 0, "labelFontSize": size, **_expression(labels, lines)}
    # Steep labels need the height of a letter each; slanted ones need twice that but are easier to read.
    lines = _broken(labels, max(12, int(height * 0.35 / (largest * LETTER))))
    slanted = room >= 40 and _widest(lines) <= 16
    axis: dict[str, Json] = {
        "labelAngle": -45 if slanted else -90,
        "labelOverlap": True,
        "labelSeparation": 0,
    }
    return {**axis, **_expression(labels, lines)}


def _sizes(largest: int) -> list[int]:
    return [largest, *(size for size in _SIZES if size < largest)]


def beside(
    labels: Sequence[str], room: float, width: float, largest: int = NORMAL.text
) -> tuple[dict[str, Json], bool]:
    """Return the axis of categories at the side, and whether all labels fit.

    Each has `room` pixels one above the other, in a picture `width` pixels wide.
    """
    for size in _sizes(largest):
        # Wider lines before smaller letters, up to two fifths of the picture.
        most = int(width * 0.4 / (size * LETTER))
        for letters in range(max(8, min(_NARROW, most)), max(_NARROW, most) + 1, 4) if most >= 8 else (8,):
            lines = _broken(labels, letters)
            if max(map(len, lines)) * size * LINE <= room:
                return {"labelFontSize": size, "labelOverlap": False, **_centred(labels, lines, size)}, True
    size, lines = _SIZES[-1], _shortened(labels, room, width)
    overlap = max(map(len, lines)) * _SIZES[-1] * LINE > room
    axis: dict[str, Json] = {"labelFontSize": size, "labelOverlap": overlap, "labelSeparation": 0}
    return {**axis, **_centred(labels, lines, size)}, False


def _shortened(labels: Sequence[str], room: float, width: float) -> list[list[str]]:
    """Return the labels in the smallest letters, without their middles where they are too long: ends tell them apart."""
    letters = max(12, int(width * 0.42 / (_SIZES[-1] * LETTER)))
    if (fitting := _broken(labels, letters)) and max(map(len, fitting)) * _SIZES[-1] * LINE <= room:
        return fitting
    half = (letters - 1) // 2
    return [[label if len(label) <= letters else f"{label[:half]}…{label[-half:]}"] for label in labels]


def _centred(labels: Sequence[str], lines: Sequence[list[str]], size: int) -> dict[str, Json]:
    """Break labels at the side and lift those of several lines: Vega puts their first line beside the tick."""
    several: dict[int, list[str]] = {}
    for label, parts in zip(labels, lines, strict=True):
        several.setdefault(len(parts), []).append(label)
    several.pop(1, None)
    lifts: list[Json] = [
        {"test": f"indexof({json.dumps(names)}, datum.value) >= 0", "value": -(count - 1) * size * LINE / 2}
        for count, names in several.items()
    ]
    lift: dict[str, Json] = {"labelOffset": {"condition": lifts, "value": 0}} if lifts else {}
    return {**lift, **_expression(labels, lines)}


def legend(labels: Sequence[str], width: float, height: float, largest: int = NORMAL.text) -> dict[str, Json]:
    """Return a legend that takes at most half of the `width` and all of the `height`, in pixels."""
    for size in _sizes(largest):
        for columns, letters in ((1, _NARROW), (1, 18), (1, 34), (2, _NARROW), (2, 18), (3, 18)):
            lines = _broken(labels, letters)
            heights = _heights(lines, size, columns)
            across = columns * (_widest(lines) * size * LETTER + 26)
            if across <= width / 2 and sum(heights) <= height and _in_order(len(labels), columns):
                return {"labelFontSize": size, "columns": columns, **_expression(labels, lines)}
    size, lines = _SIZES[-1], _broken(labels, 18)
    # The rest is counted in a last entry.
    fitting = sum(down <= height - size * LINE for down in accumulate(_heights(lines, size, 1)))
    return {"labelFontSize": size, "symbolLimit": max(2, fitting), **_expression(labels, lines)}


def _in_order(entries: int, columns: int) -> bool:
    """Tell whether Vega fills the columns downwards in order: where they lack two entries, it takes some across."""
    return -entries % columns <= 1


def _heights(lines: Sequence[Sequence[str]], size: int, columns: int) -> list[float]:
    """Return the height of the title and of each row of a legend: that of its highest label.

    The columns are filled downwards, one after the other.
    """
    rows = -(-len(lines) // columns)
    counts = [max(map(len, lines[row::rows])) for row in range(rows)]
    return [26, *(count * size * LINE + 3 for count in counts)]


def _broken(labels: Sequence[str], letters: int) -> list[list[str]]:
    return [textwrap.wrap(label, letters) or [label] for label in labels]


def _widest(lines: Sequence[Sequence[str]]) -> int:
    return max(len(line) for label in lines for line in label)


def _expression(labels: Sequence[str], lines: Sequence[list[str]]) -> dict[str, Json]:
    """Return the Vega expression that breaks the labels that are not shown as they are."""
    table = {label: parts for label, parts in zip(labels, lines, strict=True) if parts != [label]}
    return {"labelExpr": f"({json.dumps(table)})[datum.label] || datum.label"} if table else {}
