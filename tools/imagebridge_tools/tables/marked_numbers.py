"""Numbers with marks behind them that are no units: flags of statistical offices, and the signs of school grades."""

import re
from collections.abc import Iterable, Sequence

from imagebridge_tools.tool_output import JsonValue

from .cells import numbers
from .written_dates import Doubt

_FLAGGED = re.compile(r"(?P<number>[+-]?\d+(?:\.\d+)?|:)(?: (?P<flags>[bcdefimnprsuz]{1,3}))?")
"""A number or a missing one with flags: https://ec.europa.eu/eurostat/data/database/information, read on 2026-11-30."""

_UNITS = frozenset({"m", "s", "d", "mm", "pm", "nm", "ms", "ns", "min"})
"""Flags that may be units as well: those alone prove nothing."""

_GRADE = re.compile(r"[1-6][+-]?")


def flagged(texts: Sequence[str | None]) -> tuple[list[JsonValue], str] | None:
    """Return the numbers of a column of which some have flags, and words on these; None where they may be units."""
    parts = [None if text is None else _FLAGGED.fullmatch(text) for text in texts]
    known = [part for part in parts if part]
    flags = [part["flags"] for part in known if part["flags"]]
    if len(known) < sum(text is not None for text in texts) or not flags:
        return None
    without = next((part[0] for part in known if part["number"] == ":"), "")
    bare = len(known) - len(flags)
    if not without and (bare < len(flags) or _UNITS & set(flags)):
        return None
    cells = numbers([part["number"] if part else None for part in parts])
    if cells is None:
        return None
    missing = f", {without!r} as missing" if without else ""
    return cells, f"numbers, flags such as {flags[-1]!r} left out{missing}"


def grades(texts: Iterable[str]) -> Doubt | None:
    """Return why marks of schools, such as 2+ and 3-, are no numbers; None where a column holds others."""
    written = list(texts)
    signed = [text for text in written if len(text) == 2]
    if not signed or not all(map(_GRADE.fullmatch, written)):
        return None
    what = "are grades" if any(text.endswith("+") for text in signed) else "may be grades or negative numbers"
    listed = " and ".join(map(repr, signed[:2]))
    return Doubt(f"{listed} {what}; count them with columns={{'x': ..., 'y': 'count'}}, or give numbers")
