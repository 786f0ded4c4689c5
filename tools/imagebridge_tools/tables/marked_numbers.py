"""Reads numbers followed by marks that are not units: flags of statistical offices, and signs of school grades."""

import re
from collections.abc import Iterable, Sequence

from imagebridge_tools.tool_output import JsonValue

from .cells import numbers
from .written_dates import Doubt

_FLAGGED = re.compile(r"(?P<number>[+-]?\d+(?:\.\d+)?|:)(?: (?P<flags>[bcdefimnprsuxzCNP]{1,3}))?")
"""Matches a number, or a missing one, with flags as in Eurostat's data: for observations and, in capitals, for
confidentiality since 2025-01-27 (https://ec.europa.eu/eurostat/en/web/main/data/database), and earlier ones (c, r, s, x
and z are in `Flag.java` of https://github.com/eurostat/java4eurostat at 88e6ade0). Both were read on 2026-11-30, the
first in an archived copy."""

_UNITS = frozenset({"m", "s", "d", "mm", "pm", "nm", "ms", "ns", "min", "C", "N", "P"})
"""Flags that may also be units, and so prove nothing on their own."""

FLAGS = "numbers, flags such as"
"""The start of remarks on numbers with flags."""

_GRADE = re.compile(r"[1-6][+-]?")


def flagged(texts: Sequence[str | None], *, certain: bool = False) -> tuple[list[JsonValue], str] | None:
    """Return the numbers in a column in which some have flags, and a remark on the flags; None if these may be units.

    `certain`: another column of the table has shown that they are flags.
    """
    parts = [None if text is None else _FLAGGED.fullmatch(text) for text in texts]
    known = [part for part in parts if part]
    flags = [part["flags"] for part in known if part["flags"]]
    if len(known) < sum(text is not None for text in texts) or not flags:
        return None
    without = next((part[0] for part in known if part["number"] == ":"), "")
    bare = len(known) - len(flags)
    if not (without or certain) and (bare < len(flags) or _UNITS & set(flags)):
        return None
    cells = numbers([part["number"] if part else None for part in parts])
    if cells is None:
        return None
    missing = f", {without!r} as missing" if without else ""
    return cells, f"{FLAGS} {flags[-1]!r} left out{missing}"


def grades(texts: Iterable[str]) -> Doubt | None:
    """Return the reason why school grades, such as 2+ and 3-, are not numbers; None if any text is not a grade."""
    written = list(texts)
    signed = [text for text in written if len(text) == 2]
    if not signed or not all(map(_GRADE.fullmatch, written)):
        return None
    what = "are grades" if any(text.endswith("+") for text in signed) else "may be grades or negative numbers"
    listed = " and ".join(map(repr, signed[:2]))
    return Doubt(f"{listed} {what}; count them with columns={{'x': ..., 'y': 'count'}}, or give numbers")
