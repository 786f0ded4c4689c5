"""Checks D3 formats of numbers and dates: whether they are valid, and whether they suit the chart."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC

from imagebridge.errors import ArgumentError
from imagebridge_tools.tables.cells import date
from imagebridge_tools.tables.table import ColumnType
from imagebridge_tools.tool_output import JsonValue

from .dates import written

_NUMBER = re.compile(r"(?:.?[<>=^])?[-+( ]?[$#]?0?\d*,?(?:\.\d+)?~?[a-zA-Z%]?")
"""A number format: https://d3js.org/d3-format, 2026-11-22."""

_DATE = re.compile("%[-_0]?[a-zA-Z]")
"""Matches a part of a date format: a % before a letter. Number formats have at most one %, at the end."""

_SHEET = re.compile(r"[#0][#0,]*(\.(?P<places>[#0]+))?(?P<percent>%?)")
"""A number format as in spreadsheets, which D3 would misread."""


def check(formats: Mapping[str, str]) -> None:
    """Check that formats are valid in D3.

    Raises:
        ArgumentError: a format is invalid; for a spreadsheet format, the message contains the equivalent in D3.
    """
    for role, form in formats.items():
        if sheet := _SHEET.fullmatch(form):
            comma, places = "," if "," in form else "", len(sheet["places"] or "")
            same = f"{comma}.{places}{sheet['percent'] or 'f'}"
            raise ArgumentError("formats", f"of {role} is {form!r}; as D3 writes it: {same!r}")
        if not of_dates(form) and not _NUMBER.fullmatch(form):
            problem = (
                f'of {role} is {form!r}; write D3 formats: ",.1f" or ".0%" for numbers, "%d %b %Y" for dates'
            )
            raise ArgumentError("formats", problem)


def of_dates(form: str) -> bool:
    """Return whether a format is for dates."""
    return bool(_DATE.search(form))


def written_number(value: float, form: str) -> str:
    """Return a text about as long as a number in a D3 format; for unusual notations and bases, a long one."""
    plain = re.fullmatch(r"[+-]?(?P<money>\$?)(?P<comma>,?)(\.(?P<places>\d+))?~?(?P<type>[defgrs%]?)", form)
    if not plain:
        return "−000,000,000"
    places, kind = plain["places"], plain["type"]
    if kind == "s":
        text = "0" * (int(places or 6) + 2)
    elif kind in ("r", "") and not places:
        text = f"{value:{plain['comma']}}"
    else:
        python = {"d": ".0f", "r": f".{places}g", "": f".{places}g"}.get(kind, f".{places or 6}{kind}")
        text = f"{value:{plain['comma']}{python}}"
    return plain["money"] + text.replace("-", "−") + ("−" if kind == "s" and value < 0 else "")


def check_axis(role: str, name: str, sort: ColumnType, form: str) -> None:
    """Check that a format suits the values that a role shows along an axis or in shades.

    Raises:
        ArgumentError: it is a date format for numbers, a number format for dates, or any format for names.
    """
    held = f"but {role} {name!r} contains" if name else f"but {role} has"
    if sort == "text":
        raise ArgumentError("formats", f"of {role} is {form!r}, {held} names, which cannot be formatted")
    if of_dates(form) != (sort == "date"):
        other, example = ("numbers", '"%d %b %Y"') if sort == "date" else ("dates", '",.1f"')
        problem = f"of {role} is {form!r}, a format for {other}, {held} {sort}s; for example {example}"
        raise ArgumentError("formats", problem)


def check_role(role: str, form: str, names: Mapping[str, str], counted: str | None) -> None:
    """Check that the chart has the role of a format; the `counted` role has numbers.

    Raises:
        ArgumentError: the chart does not have the role, or the format for counts is a date format.
    """
    if role not in names and role != counted:
        raise ArgumentError("formats", f"has {role}, which this chart does not use")
    if role not in names:
        check_axis(role, "", "number", form)


def places(role: str, name: str, cells: Sequence[JsonValue], sort: ColumnType, form: str) -> list[JsonValue]:
    """Format dates that are used as names, such as the names of bars.

    Raises:
        ArgumentError: the cells are not dates, the format is for numbers, or two dates look the same in it.
    """
    if sort == "number":
        problem = (
            f"of {role} is {form!r}, but the numbers in {name!r} are shown as names here, and names cannot be "
            "formatted"
        )
        raise ArgumentError("formats", problem)
    check_axis(role, name, sort, form)
    known: dict[JsonValue, str] = {}
    for cell in dict.fromkeys(cells):
        if isinstance(cell, str) and (moment := date(cell)):
            known[cell] = written(moment if moment.tzinfo else moment.replace(tzinfo=UTC), form)
    if len(set(known.values())) < len(known):
        alike = next(text for at, text in enumerate(known.values()) if text in list(known.values())[:at])
        problem = f"of {role} is {form!r}, which formats several dates as {alike!r}; each date needs a different label"
        raise ArgumentError("formats", f"{problem}: give a longer format, aggregate the data, or draw a line")
    return [known.get(cell, cell) for cell in cells]
