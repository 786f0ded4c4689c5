"""Suggests D3 formats for columns of dates that may be read in several ways."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

OR = " or "
"""The separator between several formats, each of which matches some cells."""

SETTLE = "; to make it clear, give "
"""The words before the argument that determines how a column is read, for a kind of chart."""

_MOST = 4
"""The maximum number of formats that are suggested for one column."""

_PARTS = re.compile(r"(\d+)( ?[/.-] ?)(\d+)( ?[/.-] ?)(\d+)")
_WORD = re.compile(r"[^\W\d_]+")
_CODES = {"y": "%Y", "m": "%m", "d": "%d"}


def in_format(text: str, form: str) -> str | None:
    """Parse a text with the first of one or several D3 formats that matches, into ISO 8601; None if there is none."""
    for one in form.split(OR):
        codes = re.sub(r"%[-_0]?([a-zA-Z])", lambda code: f"%{'d' if code[1] == 'e' else code[1]}", one)
        try:
            moment = datetime.strptime(text.strip(), codes)  # a time zone is in the text or nowhere
        except ValueError:
            continue
        midnight = moment.time() == datetime.min.time()
        return moment.date().isoformat() if midnight else moment.isoformat()
    return None


def settling(meanings: Mapping[str, Mapping[str, str]], shared: Sequence[str]) -> str:
    """Suggest arguments for a column of dates with several readings or in several forms; "" if nothing helps.

    `meanings` contains the date that each text means in each form that matches it, and `shared` the forms that match
    all texts. Only formats that read all texts are suggested.
    """
    if shared:
        ways = [
            _reading_all({text: {form: days[form]} for text, days in meanings.items()}) for form in shared
        ]
    else:
        sure_first = dict(sorted(meanings.items(), key=lambda one: len(one[1]) > 1))
        ways = [
            _reading_all({text: _preferred(days, order) for text, days in sure_first.items()})
            for order in ("dmy", "mdy")
        ]
    values = OR.join(f"formats={{'x': {way!r}}}" for way in dict.fromkeys(ways) if way)
    return f"{SETTLE}{values}" if values else ""


def _preferred(days: Mapping[str, str], order: str) -> Mapping[str, str]:
    """Return a text's meaning with this order of day and month if there is one, otherwise the first."""
    form = next((form for form in days if form.startswith(order)), min(days, default=""))
    return {form: days[form]} if days else {}


def _reading_all(meanings: Mapping[str, Mapping[str, str]]) -> str:
    """Return the fewest formats that together read each text as one of its meanings, or "" if there are none."""
    needed: list[str] = []
    for text, days in meanings.items():
        form = _written(text, min(days, default=""))
        if form and form not in needed and not (needed and in_format(text, OR.join(needed))):
            needed.append(form)
    every = OR.join(needed)
    right = all(
        (day := in_format(text, every)) and day.startswith(tuple(days.values()))
        for text, days in meanings.items()
    )
    return every if needed and right and len(needed) <= _MOST else ""


def _written(text: str, form: str) -> str:
    """Return the format of a text if it is a date in this form, or else ""."""
    if form[:3] in ("ymd", "dmy", "mdy") and (found := _PARTS.match(text.strip())):
        codes = [_CODES[part] for part in form[:3]]
        year = form.index("y")
        codes[year] = "%Y" if len(found[2 * year + 1]) == 4 else "%y"
        day, rest = f"{codes[0]}{found[2]}{codes[1]}{found[4]}{codes[2]}", text.strip()[found.end() :]
    elif form.startswith("named"):
        clock = re.search(r"[ ,T]+\d{1,2}:\d\d", text)
        named, rest = (text[: clock.start()], text[clock.start() :]) if clock else (text, "")
        named = re.sub(r"\d{4}", "%Y", named.strip())
        if "%Y" not in named:
            named = re.sub(r"\d\d(?!.*\d)", "%y", named)
        day = re.sub(r"(?<!\d)\d{1,2}(?!\d)", "%d", named)
        day = _WORD.sub(lambda word: word[0] if word[0] in "Yyd" else "%B" if len(word[0]) > 3 else "%b", day)
    else:
        return ""
    half = bool(re.search(r"[ap]\.?m", rest, re.IGNORECASE))
    hour = "%I" if half else "%H"
    rest = re.sub(r"\d{1,2}:\d\d:\d\d", f"{hour}:%M:%S", rest)
    rest = re.sub(r"\d{1,2}:\d\d(?!:)", f"{hour}:%M", rest)
    return day + (re.sub(r"[APap][Mm]", "%p", rest) if half else rest)
