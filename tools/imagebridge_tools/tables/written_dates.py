"""Reads dates as people write them, if a single reading fits a whole column; otherwise explains why not."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from imagebridge_tools.tool_output import JsonValue

from . import date_formats, month_names, written_clocks
from .cells import as_float

MAX_CHARACTERS = 60
"""The maximum number of characters in a date."""


class ReadDate(NamedTuple):
    """A column that was read: its cells, and how they were read, in words that follow "read as"."""

    cells: list[JsonValue]
    how: str


class Doubt(NamedTuple):
    """The reason why a column that looks like dates or numbers is kept as written, and the remedy."""

    why: str


_DIGITS = re.compile(
    r"(?P<a>\d{1,4}) ?(?P<sign>[/.-]) ?(?P<b>\d{1,2}) ?(?P=sign) ?(?P<c>\d{1,4})(?P<end>\.?)"
)
_MONTH = re.compile(r"(?P<year>\d{4})/(?P<month>\d{1,2})|(?P<m>\d{1,2})/(?P<y>\d{4})")
_EASTERN = re.compile(
    r"(?:(令和|平成|昭和|民國|民国) ?)?(\d{1,4}|元) ?[年년] ?(\d{1,2}) ?[月월](?: ?(\d{1,2}) ?[日일]"
    r"(?: ?\(?(?:星期|週|周)?[一二三四五六日天月火水木金土월화수목금토일](?:曜日|요일)?\)?)?)?"
)
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
"""Japanese and other eras, with the year before the first year of each."""

_BUDDHIST = 2450, 2650
"""The years of the Buddhist calendar that correspond to 1907 to 2107; no table contains such future years."""

_AHEAD = 543
"""The number of years by which the Buddhist calendar is ahead."""

_PERSIAN = 1300, 1500
"""The years that may belong to the Persian or the Islamic calendar."""

_QUARTER = re.compile(
    r"(?P<year>\d{4})[ /-]?(?:q(?P<quarter>[1-4])|(?P<third>[1-4])q)"
    r"|(?:q(?P<q>[1-4])|(?P<n>[1-4])q)[ /-]*(?P<y>\d{4}|\d\d)"
)
_HALF = re.compile(r"(?P<year>\d{4})[ /-]?h(?P<half>[12])|h(?P<h>[12])[ /-]*(?P<y>\d{4}|\d\d)")
_FISCAL = re.compile(
    r"(?:fy|fiscal(?: year)?) ?\d{2,4}(?:[ /-]*\d{2,4})?(?:[ /-]*[qhp]\d{1,2})?|[qhp]\d{1,2}[ /-]*fy ?\d{2,4}"
    r"|\d{4}[/-]\d\d"
)
_WEEK = re.compile(
    r"(?P<year>\d{4})[ -]?w(?P<week>\d{1,2})(?:-?(?P<day>[1-7]))?"
    r"|(?:w|kw|cw|wk|week)\.? ?(?P<w>\d{1,2})[ /-]+(?P<y>\d{4})"
)

_ORDERS = {"ymd": "year, month, day", "dmy": "day, month, year", "mdy": "month, day, year"}

_YEARLESS = "a day without a year"

_TIMES = frozenset(
    """
    ts time timestamp datetime date epoch unix created updated modified when utc zeit datum fecha
    """.split()  # noqa: SIM905
)
"""Words in a column's name that suggest that its numbers are moments."""

_MONTHS = frozenset("month months period yearmonth ym monat mois mes mês mese".split())  # noqa: SIM905
"""Words in a column's name that suggest that 202603 is a month."""

_SPAN = 631_152_000, 4_102_444_800
"""The limits for moments in such a column: the starts of 1990 and of 2100, in seconds since 1970."""

_COUNTED = {"seconds": 1, "milliseconds": 1_000, "microseconds": 1_000_000, "nanoseconds": 1_000_000_000}

_Forms = dict[str, str]
"""The meaning of a text, in ISO 8601, in each form that matches it."""


def read(texts: Iterable[str]) -> tuple[dict[str, str], str] | Doubt | None:
    """Return the different `texts` of a column in ISO 8601, and how they were read, or why they were not. Return None
    if they do not look like dates.
    """
    written = list(texts)
    if not written or not any(map(_looks, written[:50])):
        return None
    plain = {text: month_names.folded(text) if len(text) <= MAX_CHARACTERS else "" for text in written}
    rests = {text: written_clocks.taken(one) for text, one in plain.items()}
    lexicons = _lexicons(rest for rest, _ in rests.values())
    readings = {
        text: _forms(rest, clock, lexicons, apostrophe=bool(re.search(r"['’]\d\d$", text)))
        for text, (rest, clock) in rests.items()
    }
    shared = set(readings[written[0]]).intersection(*readings.values())
    shared = _likely(shared, readings, rests)
    first = min(shared, default=None)
    if (
        first
        and shared != {_YEARLESS}
        and all(len({forms[form] for form in shared}) == 1 for forms in readings.values())
    ):
        days = {text: forms[first] for text, forms in readings.items()}
        if first[:3] in _ORDERS and all(_PERSIAN[0] <= int(day[:4]) <= _PERSIAN[1] for day in days.values()):
            return Doubt("their years may belong to the Persian or the Islamic calendar")
        return days, _reading_in_words(first) + (
            ", in the Buddhist calendar" if _are_buddhist(written) else ""
        )
    if all(_FISCAL.fullmatch(rest) for rest, _ in rests.values()):
        return Doubt("fiscal years begin on different days")
    return _doubt(shared, readings)


def counted_days(name: str, cells: Sequence[JsonValue]) -> ReadDate | None:
    """Convert numbers such as seconds since 1970, in a column whose name suggests it, to moments; or return None."""
    words = set(re.split(r"[\W_\d]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).casefold()))
    if not words & (_TIMES | _MONTHS):
        return None
    numbers = [cell for cell in cells if isinstance(cell, int | float) and not isinstance(cell, bool)]
    if not numbers or len(numbers) + list(cells).count(None) < len(cells):
        return None
    low, high = min(numbers), max(numbers)
    stamps = [None if cell is None else _stamp(cell) for cell in cells]
    # A single number such as 2026110108 may be seconds in the year 2034; several would hardly all be hours by chance.
    if (
        low < high
        and len({len(str(cell)) for cell in numbers}) == 1
        and stamps.count(None) == list(cells).count(None)
    ):
        return ReadDate([*stamps], "year, month, day, time")
    for unit, factor in _COUNTED.items():
        if _SPAN[0] * factor <= low and high < _SPAN[1] * factor:
            return ReadDate(
                [None if cell is None else _epoch(as_float(cell) / factor) for cell in cells],
                f"{unit} since 1970",
            )
    texts = [None if cell is None else str(cell) for cell in cells]
    if words & _MONTHS and all(re.fullmatch(r"(19|20)\d\d(0[1-9]|1[0-2])", text) for text in texts if text):
        return ReadDate([f"{text[:4]}-{text[4:]}" if text else None for text in texts], "year, month")
    days = [None if cell is None else _compact(cell) for cell in cells]
    return ReadDate([*days], "year, month, day") if days.count(None) == list(cells).count(None) else None


def _are_buddhist(texts: Iterable[str]) -> bool:
    years = (int(year) for text in texts for year in re.findall(r"(?<!\d)\d{4}(?!\d)", text))
    return any(_BUDDHIST[0] <= year <= _BUDDHIST[1] for year in years)


def western(day: str) -> str:
    """Convert the year of an ISO text to the Gregorian calendar if it belongs to the Buddhist one."""
    year = int(day[:4])
    return f"{year - _AHEAD}{day[4:]}" if _BUDDHIST[0] <= year <= _BUDDHIST[1] else day


def _looks(text: str) -> bool:
    return len(text) <= MAX_CHARACTERS and bool(re.search(r"\d", text))


def _epoch(seconds: float) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    midnight = moment.time() == datetime.min.time()
    return moment.date().isoformat() if midnight else moment.replace(tzinfo=None).isoformat()


def _compact(cell: JsonValue) -> str | None:
    """Return the day that a number such as 20260131 represents."""
    text = str(cell)
    return _day(text[:4], text[4:6], text[6:]) if re.fullmatch(r"(19|20)\d{6}", text) else None


def _stamp(cell: JsonValue) -> str | None:
    """Return the moment that a number such as 2026013108, 202601310800 or 20260131080000 represents."""
    form = {10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}.get(len(str(cell)), "")
    if not form or not re.match(r"(19|20)\d+$", str(cell)):
        return None
    try:
        return datetime.strptime(str(cell), form).isoformat()
    except ValueError:
        return None


def _lexicons(texts: Iterable[str]) -> Sequence[tuple[str, Mapping[str, int]]]:
    """Return the languages that contain all words of dates in some texts, or only English if it contains them."""
    words = {
        word
        for text in texts
        if not any(form.fullmatch(text) for form in (_QUARTER, _HALF, _WEEK, _EASTERN))
        and re.search(r"\d", text)
        for word in month_names.WORD.findall(text)
    }
    if not words or len(words) > 100:
        return []
    if known := month_names.english(words):
        return [("", known)]
    meanings: dict[tuple[tuple[str, int], ...], list[str]] = {}
    for name, known in month_names.foreign(words):
        if any(known.values()):
            meanings.setdefault(tuple(known.items()), []).append(name)
    if meanings:
        return [(" or ".join(names), dict(meaning)) for meaning, names in meanings.items()]
    # Some are not dates; those in English show what the column was meant to be.
    return [("", {word: known[word] for word in words if (known := month_names.english([word]))})]


def _forms(
    text: str, clock: str, lexicons: Sequence[tuple[str, Mapping[str, int]]], *, apostrophe: bool
) -> _Forms:
    """Return the meaning of a text in each form that matches it."""
    if match := _DIGITS.fullmatch(text):
        days = _digits(match)
    elif match := _MONTH.fullmatch(text):
        days = {"month": _day(match["year"] or match["y"], match["month"] or match["m"])}
    elif match := _EASTERN.fullmatch(text):
        era, count, month, day = match.groups(default="")
        year = str(_ERAS.get(era, 0) + (1 if count == "元" else int(count)))
        days = {"ymd": _day(year, month, day) if len(year) == 4 else None}
    elif match := _QUARTER.fullmatch(text):
        quarter = int(match["quarter"] or match["third"] or match["q"] or match["n"])
        days = {"quarters": _day(match["year"] or match["y"], str(3 * quarter - 2))}
    elif match := _HALF.fullmatch(text):
        half = int(match["half"] or match["h"])
        days = {"half-years": _day(match["year"] or match["y"], str(6 * half - 5))}
    elif match := _WEEK.fullmatch(text):
        days = {"weeks": _week(match["year"] or match["y"], match["week"] or match["w"], match["day"])}
    else:
        days = _days_by_month_name(text, lexicons, apostrophe=apostrophe)
    known = {form: day for form, day in days.items() if day}
    if not clock:
        return known
    return {form: f"{day}{clock}" for form, day in known.items() if len(day) == 10}


def _digits(match: re.Match[str]) -> dict[str, str | None]:
    """Return the possible dates of three numbers; a year has four digits, or has two and comes last.

    CLDR's patterns (version 47, 2026-11-29) never put the month before the day if they are separated by dots. They put
    two-digit years first only if each part ends with a dot (Korean) or, in two languages, if slashes separate the parts.
    """
    a, b, c, sign = match["a"], match["b"], match["c"], match["sign"]
    if len(a) == 4 and len(c) <= 2 and not match["end"] * (sign != "."):
        return {f"ymd{sign}": _day(a, b, c)}
    if len(a) > 2 or (len(c) not in (2, 4) and not (match["end"] and sign == ".")):
        return {}
    if len(c) < 4 and match["end"] and sign == "." and len(a) == 2 and len(c) <= 2 and " " in match[0]:
        return {"ymd.": _day(a, b, c)}
    if len(c) == 2 and sign == "." and not len(a) == len(b) == 2:
        return {}  # A version rather than a day.
    forms = {f"dmy{sign}": _day(c, b, a)}
    if sign != ".":
        forms[f"mdy{sign}"] = _day(c, a, b)
    if sign == "-" and len(a) == len(c) == 2:
        forms["ymd-"] = _day(a, b, c)
    return forms


def _days_by_month_name(
    text: str, lexicons: Sequence[tuple[str, Mapping[str, int]]], *, apostrophe: bool
) -> dict[str, str | None]:
    """Return the possible dates of a text that contains the name of a month, for each language with that name."""
    words, numbers = month_names.WORD.findall(text), re.findall(r"\d+", text)
    days: dict[str, str | None] = {}
    for language, known in lexicons:
        named = [known[word] for word in words if known.get(word)]
        if len(named) != 1 or not all(word in known for word in words):
            continue
        month, form = f"{named[0]}", f"named {language}".strip()
        years = [number for number in numbers if len(number) == 4]
        rest = [number for number in numbers if len(number) <= 2]
        if len(numbers) != len(years) + len(rest) or len(years) > 1:
            continue
        if years and len(rest) <= 1:
            days[form] = _day(years[0], month, *rest)
        elif len(rest) == 2 and len(rest[1]) == 2:
            days[form] = _day(rest[1], month, rest[0])
        elif len(rest) == 1:
            days[form] = _day(rest[0], month) if len(rest[0]) == 2 else None
            if not apostrophe and _day("2024", month, rest[0]):
                days[_YEARLESS] = f"2024-{int(month):02}-{int(rest[0]):02}"
    return days


def _day(year: str, month: str, day: str = "") -> str | None:
    """Return a day or month in ISO 8601, or None if it is not valid; two-digit years are in the range 1970 to 2069."""
    full = int(year) + (0 if len(year) == 4 else 1900 if int(year) >= 70 else 2000)
    full -= _AHEAD if _BUDDHIST[0] <= full <= _BUDDHIST[1] else 0
    try:
        day_found = date(full, int(month), int(day or 1))
    except ValueError:
        return None
    return (day_found.isoformat() if day else f"{day_found:%Y-%m}") if 1000 <= full < 3000 else None


def _week(year: str, week: str, day: str | None) -> str | None:
    try:
        return date.fromisocalendar(int(year), int(week), int(day or 1)).isoformat()
    except ValueError:
        return None


def _likely(
    shared: set[str], readings: Mapping[str, _Forms], rests: Mapping[str, tuple[str, str]]
) -> set[str]:
    """Return the forms that match all texts, without those in which the years would change more often than the days."""
    if "ymd-" in shared and len(shared) > 1:
        ends = [re.split(" ?- ?", rest) for rest, _ in rests.values()]
        first, last = len({end[0] for end in ends}), len({end[-1] for end in ends})
        if first != last:
            return {"ymd-"} if first < last else shared - {"ymd-"}
    if _YEARLESS in shared and len(shared) > 1:
        days = [forms[_YEARLESS] for forms in readings.values()]
        if len({day[-2:] for day in days}) < len({day[5:7] for day in days}):
            return shared - {_YEARLESS}
    return shared


def _reading_in_words(form: str) -> str:
    """Describe how a column was read."""
    if form[:3] in _ORDERS:
        return f"dates ({_ORDERS[form[:3]]})"
    language = form.removeprefix("named").strip()
    if form.startswith("named"):
        return f"dates in {language}" if language and language.count(" or ") < 2 else "dates"
    return {"month": "months"}.get(
        form, f"{form}, by their first days" if form in ("weeks", "quarters", "half-years") else form
    )


def _doubt(shared: set[str], forms_of: Mapping[str, _Forms]) -> Doubt | None:
    """Return the reason why texts that look like dates are not read, or None if only a few do."""
    dates = [text for text, forms in forms_of.items() if forms.keys() - {_YEARLESS}]
    if shared == {_YEARLESS}:
        return Doubt("they have no year")
    if len(dates) * 2 < len(forms_of) or not dates:
        return None
    if shared:
        text = next(text for text, forms in forms_of.items() if len({forms[form] for form in shared}) > 1)
        orders = sorted(form for form in shared if form[:3] in _ORDERS or form.startswith("named"))
        known = sorted(shared, key=lambda form: (form == _YEARLESS, form))
        meant = dict.fromkeys(form if form == _YEARLESS else forms_of[text][form] for form in known)
        readings = " or ".join(meant)
        return Doubt(f"{text!r} may be {readings}{date_formats.settling(forms_of, orders)}")
    if other := next((text for text, forms in forms_of.items() if not forms), None):
        return Doubt(f"{other[:40]!r} is not a date like {dates[0]!r}; correct the cell, or leave it empty")
    settle = date_formats.settling(forms_of, ())
    settle = settle or "; write all of them in one form, such as 2026-03-05"
    one = next(iter(forms_of))
    other = next((text for text, forms in forms_of.items() if not set(forms) & set(forms_of[one])), None)
    if other is None:
        return Doubt(f"no single order of day and month fits all of them{settle}")
    return Doubt(f"{one!r} and {other!r} are written in different forms{settle}")
