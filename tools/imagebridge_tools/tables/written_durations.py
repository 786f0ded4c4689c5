"""Reads durations such as 1:30:00, 90 min, 1h 30m and PT90M, with one unit for a whole column."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from imagebridge_tools.tool_output import JsonValue, number

from .written_dates import Doubt

_NAMES = frozenset(
    """
    duration durations elapsed runtime lap laps length took takes wait waiting dauer laufzeit zeitdauer duree
    durée duración duracion duração durata varighet varighed varaktighet czas длительность 時間 时长
    """.split()  # noqa: SIM905
)
"""Words in a column's name that show that its cells are not times of day."""

_CLOCK = re.compile(r"(?P<sign>[-−]?)(?P<a>\d{1,4}):(?P<b>[0-5]\d)(?::(?P<c>[0-5]\d)(?P<part>[.,]\d+)?)?")
_HALF = re.compile(r"(0?\d|1[0-2])(:[0-5]\d){0,2} ?[ap]\.?m\.?", re.IGNORECASE)
_PARTS = re.compile(
    r"(?P<sign>[-−]?)(?:(?P<d>\d+(?:\.\d+)?) ?d(?:ays?)?)?,? ?(?:(?P<h>\d+(?:\.\d+)?) ?h(?:(?:ou)?rs?)?)?,? ?"
    r"(?:(?P<m>\d+(?:\.\d+)?) ?(?:m(?:in(?:ute)?s?)?|'))?,? ?(?:(?P<s>\d+(?:\.\d+)?) ?(?:s(?:ec(?:ond)?s?)?|\"))?",
    re.IGNORECASE,
)
_ISO = re.compile(
    r"(?P<sign>-?)P(?:(?P<d>\d+)D)?(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?"
)
"""ISO 8601 durations, without years and months, whose lengths vary."""

_SECONDS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
_UNITS = {"h": 3600, "min": 60, "s": 1}


class ReadDurations(NamedTuple):
    """A column of durations: numbers in one unit, and how they were read, in words that follow "read as"."""

    cells: list[JsonValue]
    how: str
    unit: str


def read(name: str, texts: Sequence[str | None], *, wanted: bool = False) -> ReadDurations | Doubt | None:
    """Return the texts of a column as durations, or the reason why they may not be, or None if they do not look like
    durations.

    Times below 24 hours may be times of day, unless the name of the column suggests durations, or numbers are `wanted`.
    """
    known = dict.fromkeys(text for text in texts if text is not None)
    first = next(iter(known), "")
    if not first or not any(form.fullmatch(first) for form in (_CLOCK, _HALF, _PARTS, _ISO)):
        return None
    clocks = {text: _CLOCK.fullmatch(text) for text in known}
    if all(clocks.values()):
        return _clocks(name, texts, [found for found in clocks.values() if found], wanted=wanted)
    if all(_HALF.fullmatch(text) or clocks[text] for text in known):
        return Doubt("they are times of day without a date")
    seconds = {text: _seconds(text) for text in known}
    feet = any("'" in text and '"' in text for text in known)
    if feet and None not in seconds.values() and not _takes_time(name):
        return Doubt("they may be feet and inches, or minutes and seconds")
    if None in seconds.values() or not any(len(re.findall("[a-zA-Z'\"]+", text)) > 1 for text in known):
        return None
    return of_seconds([None if text is None else seconds[text] for text in texts], first)


def of_seconds(seconds: Sequence[float | None], example: str = "") -> ReadDurations:
    """Convert seconds to the largest unit in which the longest duration is at least 2."""
    known = [one for one in seconds if one is not None]
    longest = max(map(abs, known), default=0)
    unit = next((unit for unit, size in _UNITS.items() if longest >= 2 * size), "s")
    cells: list[JsonValue] = [None if one is None else _short(one / _UNITS[unit]) for one in seconds]
    first = next(one for one in seconds if one is not None) / _UNITS[unit]
    example_note = f": {example!r} as {number(_short(first))}" if example else ""
    return ReadDurations(cells, f"durations in {unit}{example_note}", unit)


def _clocks(
    name: str, texts: Sequence[str | None], clocks: Iterable[re.Match[str]], *, wanted: bool
) -> ReadDurations | Doubt:
    found = list(clocks)
    long = any(int(one["a"]) > 23 or one["sign"] for one in found)
    if not (long or wanted or _takes_time(name)):
        return Doubt("they may be times of day or durations, and have no date")
    if len({one["c"] is None for one in found}) > 1:
        return Doubt("some have seconds and some do not")
    values = {one[0]: _clock(one) for one in found}
    if found[0]["c"] is not None:
        return of_seconds([None if text is None else values[text] for text in texts], found[0][0])
    cells: list[JsonValue] = [None if text is None else _short(values[text] / 3600) for text in texts]
    example_note = f"{found[0][0]!r} as {number(_short(values[found[0][0]] / 3600))}"
    return ReadDurations(cells, f"durations: {example_note}, in hours or minutes", "")


def _takes_time(name: str) -> bool:
    """Return whether the name of a column suggests that its cells are durations."""
    return bool(set(re.split(r"[\W_\d]+", name.casefold())) & _NAMES)


def _clock(found: re.Match[str]) -> float:
    """Return the seconds in a text such as 1:30:00.5; 1:30 is read as hours and minutes."""
    part = float((found["part"] or ".0").replace(",", "."))
    value = int(found["a"]) * 3600 + int(found["b"]) * 60 + int(found["c"] or 0) + part
    return -value if found["sign"] else value


def _seconds(text: str) -> float | None:
    found = _ISO.fullmatch(text) or _PARTS.fullmatch(text)
    parts = {unit: value for unit in _SECONDS if found and (value := found[unit])}
    if not found or not parts:
        return None
    value = sum(float(parts[unit]) * _SECONDS[unit] for unit in parts)
    return -value if found["sign"] else value


def _short(value: float) -> float:
    rounded = float(f"{value:.9g}")
    return int(rounded) if rounded.is_integer() else rounded
