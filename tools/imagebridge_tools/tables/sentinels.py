"""Finds numbers that may represent missing values, such as -999. As this is uncertain, they are drawn and reported."""

from collections.abc import Sequence

from imagebridge.errors import counted
from imagebridge_tools.tool_output import JsonValue, number

_SENTINELS = frozenset(
    sign * value
    for value in (99, 999, 9999, 99_999, 999_999, 99.9, 999.9, 9999.9, 999.99, 99.99)
    for sign in (1, -1)
)
"""Numbers that loggers, surveys and weather services write if nothing was measured."""

_APART = 3
"""The minimum factor by which such a number is farther from 0 than all other numbers in its column."""


def note(name: str, cells: Sequence[JsonValue]) -> str:
    """Return a remark on numbers of a column that may represent missing values, and on the remedy; "" if there are none."""
    known = [cell for cell in cells if isinstance(cell, int | float) and not isinstance(cell, bool)]
    if len(known) < 3:
        return ""
    found = [one for one in dict.fromkeys((min(known), max(known))) if one in _SENTINELS]
    others = [cell for cell in known if cell not in found]
    if not found or not others:
        return ""
    far = [one for one in found if abs(one) >= _APART * max(map(abs, others))]
    if not far:
        return ""
    told = " and ".join(number(one) for one in far)
    rows = counted(sum(cell in far for cell in known), "row")
    return (
        f"; {name!r} has {told} in {rows}, drawn as written: if it marks a missing value, replace it with "
        "null, or give ranges that exclude it"
    )
