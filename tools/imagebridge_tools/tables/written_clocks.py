"""Reads times of day in texts: 2:30 PM, 14.30 Uhr, 10:00:00 +0200, and the forms that are used in logs."""

import re

_CLOCK = re.compile(
    r"(?:^|[ t,]+|(?<=\d{4}):)(?P<hour>\d{1,2})"
    r"(?:[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?:[.,](?P<part>\d{1,6})\d*)?)?(?: ?(?P<half>[ap])m\.?)?|(?: ?(?P<pm>[ap])m\.?))"
    r"(?: ?uhr)? ?\(?(?P<zone>[a-z]{1,4}|[+-]\d\d:?\d\d)?\)?$"
)
_BEFORE_YEAR = re.compile(r"(?P<day>.*\S) (?P<clock>\d\d:\d\d:\d\d)(?P<zone> [a-z]{3,4})? (?P<year>\d{4})")
"""A moment as C's ctime writes it: thu mar 5 10:00:00 2026."""

_BASIC = re.compile(
    r"(?P<day>\d{8})[t ]?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?(?P<zone>z|[+-]\d\d:?\d\d)?"
)
"""ISO 8601's basic format."""

_ZONES = {
    "": "", "z": "+00:00", "utc": "+00:00", "gmt": "+00:00", "est": "-05:00", "edt": "-04:00", "cst": "-06:00", "cdt": "-05:00",
    "mst": "-07:00", "mdt": "-06:00", "pst": "-08:00", "pdt": "-07:00", "wet": "+00:00", "west": "+01:00", "cet": "+01:00",
    "cest": "+02:00", "mez": "+01:00", "mesz": "+02:00", "eet": "+02:00", "eest": "+03:00", "msk": "+03:00", "jst": "+09:00",
    "kst": "+09:00",
}  # fmt: skip
"""Names of time zones: those of RFC 5322, section 4.3, and other unambiguous ones. Others have several meanings."""


def taken(text: str) -> tuple[str, str]:
    """Return a text without its time of day, and the time as ISO 8601 would append it to a date, or ""."""
    if basic := _BASIC.fullmatch(text):
        day, clock = basic["day"], f"{basic['hour']}:{basic['minute']}:{basic['second'] or '00'}"
        text = f"{day[:4]}-{day[4:6]}-{day[6:]} {clock}{basic['zone'] or ''}"
    elif before := _BEFORE_YEAR.fullmatch(text):
        text = f"{before['day']} {before['year']} {before['clock']}{before['zone'] or ''}"
    match = _CLOCK.search(text)
    if not match or not re.search(r"\d", text[: match.start()]):
        return text, ""
    hour, half = int(match["hour"]), match["half"] or match["pm"]
    if half and not 1 <= hour <= 12:
        return text, ""
    hour = hour % 12 + 12 * (half == "p") if half else hour
    minute, second, zone = int(match["minute"] or 0), int(match["second"] or 0), match["zone"] or ""
    if hour > 23 or minute > 59 or second > 59 or not (zone in _ZONES or zone.startswith(("+", "-"))):
        return text, ""
    part = f".{match['part']:0<6}" if match["part"] else ""
    time = f"T{hour:02}:{minute:02}:{second:02}{part}{_ZONES.get(zone, zone)}"
    return text[: match.start()].rstrip(" ,"), time
