"""Builds date axes, with ticks at whole hours, days, months or years, and labels that always name the day."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from imagebridge_tools.tool_output import JsonValue

from .labels import LETTER, LINE

_DAY = timedelta(days=1)
_MILLISECONDS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200)
_CLOCK = (
    *(timedelta(milliseconds=count) for count in _MILLISECONDS),
    *(timedelta(seconds=count) for count in _SECONDS),
)
_DAYS = (1, 2, 4, 7, 14)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12_000)
_NAMES = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905

_CODE = re.compile(r"%(?P<pad>[-_0]?)(?P<code>[aAbBdefGgHIjLmMpqQsSuUVwWyYZ%])")
"""Matches a code in a date format, such as %b for the month."""

_MOST = 60
"""The maximum number of ticks on an axis."""

_GAP = 8
"""The smallest distance in pixels between two labels."""

DateLabel = tuple[str, ...]
"""The lines of a label, as D3 time formats."""


def axis(
    moments: Sequence[datetime], room: float, size: int, *, titled: bool = True, down: bool = False
) -> tuple[dict[str, JsonValue], str]:
    """Return the axis for `moments`, all with a time zone, and the year or day that all share, for the axis's title.

    The axis is `room` pixels long, and its letters have the given `size`. If it has no title (`titled`), each label is
    complete. On an axis that runs `down`, labels are stacked vertically.
    """
    known = sorted({_in_milliseconds(moment) for moment in moments})
    start, end = known[0], known[-1]
    plans = [plan for plan in _plans(known) if plan and (len(plan) > 1 or start == end)]
    plans = plans or [sorted({start, end})]  # Moments that no step matches twice.
    for ticks in plans:
        forms, shared = _forms(ticks, start, end, titled=titled)
        for form in forms:
            if _narrowest(ticks, start, end, room) >= _length(form, size, down=down) + _GAP:
                return _axis_labels(ticks, form), shared
    forms, shared = _forms(plans[-1], start, end, titled=titled)
    return _axis_labels(plans[-1], forms[-1]), shared


def _in_milliseconds(moment: datetime) -> datetime:
    """Return a moment in UTC as Vega reads it: rounded down to the millisecond."""
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)


def written(moment: datetime, form: str) -> str:
    """Format a moment, in UTC, with a D3 format (https://d3js.org/d3-time-format, 2026-11-22)."""
    moment = moment.astimezone(UTC)
    for short, long in (("%c", "%x, %X"), ("%x", "%-m/%-d/%Y"), ("%X", "%-I:%M:%S %p")):
        form = form.replace(short, long)
    return _CODE.sub(lambda match: _part(moment, match["pad"], match["code"]), form)


def _part(moment: datetime, pad: str, code: str) -> str:
    own = {
        "e": f"{moment.day:2}",
        "f": f"{moment.microsecond:06}",
        "L": f"{moment.microsecond // 1000:03}",
        "q": f"{(moment.month + 2) // 3}",
        "Q": f"{int(moment.timestamp() * 1000)}",
        "s": f"{int(moment.timestamp())}",
        "Y": f"{moment.year:04}",
        "Z": "+0000",
    }
    text = own.get(code) or moment.strftime(f"%{code}")
    if not pad or not text.strip().isdigit():
        return text
    bare = text.lstrip(" 0") or "0"
    return bare if pad == "-" else bare.rjust(len(text), "0" if pad == "0" else " ")


def bins(moments: Sequence[datetime], most: int) -> Callable[[datetime], tuple[datetime, datetime]]:
    """Return a function from a moment to the start and end, in UTC, of one of at most `most` bins of equal length."""
    start, end = min(moments).astimezone(UTC), max(moments).astimezone(UTC)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    steps = [*_CLOCK, _DAY, 7 * _DAY]
    for step in steps:
        if (end - start) / step < most:
            first = midnight - timedelta(days=midnight.weekday()) if step > _DAY else midnight

            def within(
                moment: datetime, step: timedelta = step, first: datetime = first
            ) -> tuple[datetime, datetime]:
                at = first + (moment.astimezone(UTC) - first) // step * step
                return at, at + step

            return within
    count = next(
        (count for count in _MONTHS if (end - start) / timedelta(days=30.4 * count) < most), _MONTHS[-1]
    )

    def calendar(moment: datetime) -> tuple[datetime, datetime]:
        month = (moment.astimezone(UTC).year * 12 + moment.astimezone(UTC).month - 1) // count * count
        return _month(month), _month(month + count)

    return calendar


def _month(number: int) -> datetime:
    return datetime(min(max(number // 12, 1), 9999), number % 12 + 1, 1, tzinfo=UTC)


def _plans(known: Sequence[datetime]) -> Iterator[list[datetime]]:
    """Yield lists of ticks, most useful first: the moments themselves, then ticks at steps no finer than theirs."""
    start, end = known[0], known[-1]
    if len(known) <= _MOST and not any(moment.microsecond for moment in known):
        yield list(known)
    finest = max(
        min((later - earlier for earlier, later in pairwise(known)), default=_DAY), (end - start) / _MOST
    )
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    steps = [*_CLOCK, *(timedelta(days=count) for count in _DAYS)]
    for step in steps:
        if step >= finest:
            yield _every(midnight, step, start, end)
    for count in _MONTHS:
        # For whole months the shortest counts: monthly data is never finer.
        if timedelta(days=28 * count) >= finest or count == _MONTHS[-1]:
            yield _months(count, start, end)


def _every(first: datetime, step: timedelta, start: datetime, end: datetime) -> list[datetime]:
    at = first - (first - start) // step * step
    return [at + number * step for number in range((end - at) // step + 1)]


def _months(count: int, start: datetime, end: datetime) -> list[datetime]:
    """Return the first day of every `count`-th month; steps of several years start at round years."""
    first, last = (moment.year * 12 + moment.month - 1 for moment in (start, end))
    wanted = [month for month in range(first, last + 1) if month % count == 0]
    moments = [_month(month) for month in wanted]
    return [moment for moment in moments if start <= moment <= end]


def _forms(
    ticks: Sequence[datetime], start: datetime, end: datetime, *, titled: bool
) -> tuple[list[DateLabel], str]:
    """Return the formats for the labels of these ticks, best first, and the part that all share, for the title."""
    if all(tick.time() == datetime.min.time() for tick in ticks):
        if len(ticks) > 1 and all(tick.day == 1 for tick in ticks):
            years = all(tick.month == 1 for tick in ticks)
            return ([("%Y",)] if years else [("%b %Y",), ("%b", "%Y")]), ""
        if titled and start.year == end.year:
            return [("%-d %b",)], str(start.year)
        return [("%-d %b %Y",), ("%-d %b", "%Y")], ""
    clock = "%H:%M:%S" if any(tick.second or tick.microsecond for tick in ticks) else "%H:%M"
    clock += ".%L" if any(tick.microsecond for tick in ticks) else ""
    if titled and start.date() == end.date():
        return [(clock,)], f"{start.day} {_NAMES[start.month - 1]} {start.year}"
    if titled and start.year == end.year:
        return [(clock, "%-d %b")], str(start.year)
    return [(clock, "%-d %b %Y")], ""


def _narrowest(ticks: Sequence[datetime], start: datetime, end: datetime, room: float) -> float:
    """Return the smallest distance between two ticks, in pixels."""
    gaps = [(later - earlier) / (end - start) * room for earlier, later in pairwise(ticks)]
    return min(gaps, default=room)


def _length(form: DateLabel, size: int, *, down: bool) -> float:
    """Return the length of a label along the axis, in pixels."""
    if down:
        return len(form) * size * LINE
    example = {"%-d": "22", "%b": "Nov", "%Y": "2026", "%H": "08", "%M": "22", "%S": "19", "%L": "000"}
    widest = 0
    for line in form:
        for code, text in example.items():
            line = line.replace(code, text)
        widest = max(widest, len(line))
    return widest * size * LETTER


def _axis_labels(ticks: Sequence[datetime], form: DateLabel) -> dict[str, JsonValue]:
    lines = ", ".join(f"utcFormat(datum.value, '{line}')" for line in form)
    moments = [round(tick.timestamp() * 1000) for tick in ticks]
    values: JsonValue = [*moments]
    if any(tick.microsecond for tick in ticks):
        # Vega-Lite converts a list to dates, and Vega distinguishes the dates of ticks only by their seconds.
        values = {"expr": str(moments)}
    return {"values": values, "labelExpr": f"[{lines}]", "labelOverlap": "greedy", "labelSeparation": 4}
