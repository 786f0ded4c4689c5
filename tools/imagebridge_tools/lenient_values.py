"""Accepts values in the forms that models tend to try, if they are unambiguous."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import cast


def pages(value: object) -> object:
    """Return pages as text; the value may be a number, a list of numbers, or "all"."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        return ", ".join(map(str, cast("list[object]", value)))
    if isinstance(value, str):
        plain = value.strip().removeprefix("[").removesuffix("]")
        return "" if plain.casefold() == "all" else plain
    return value


def span(value: object) -> object:
    """Return a range as text; the value may be a number, a list of two numbers, or an object with a start and an end."""
    named = _named(value)
    for keys in (("first", "last"), ("start", "end"), ("from", "to")):
        if set(named) == set(keys):
            value = [named[key] for key in keys]
    if isinstance(value, str):
        value = re.sub(r"\s+to\s+", "-", value.strip().removeprefix("[").removesuffix("]").replace(",", "-"))
    if isinstance(value, list):
        return "-".join(map(str, cast("list[object]", value)))
    return pages(value)


def listed(value: object) -> object:
    """Return a list with the value if it is a single text or object."""
    return [value] if isinstance(value, str) or _named(value) else value


def text(value: object) -> object:
    """Return the value as text if it is a number, or an object with the key `text`."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    named = _named(value)
    return named["text"] if set(named) == {"text"} else value


def _named(value: object) -> Mapping[str, object]:
    """Return the value if it is an object, or else an empty object."""
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def alone(value: object) -> object:
    """Return the only item of a list."""
    some: list[object] = cast("list[object]", value) if isinstance(value, list) else [value]
    return some[0] if len(some) == 1 else some


def texts(value: object) -> object:
    """Return a list of texts if the value is a single text, or a list that contains numbers."""
    some = listed(value)
    if not isinstance(some, list):
        return some
    return [text(one) for one in cast("list[object]", some)]


_UNIT = re.compile(r"\s*([-+]?\d+(?:\.\d+)?)\s*(?:px|pixels?|°|deg(?:rees)?|x|×)\s*")
_PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")


def number(value: object) -> object:
    """Return a number without its unit, as in `800px`, `90°` or `2x`."""
    found = _UNIT.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else value


def zoom(value: object) -> object:
    """Return a factor, which may be written as a percentage."""
    found = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    return float(found[1]) / 100 if found else number(value)


def factor(value: object) -> object:
    """Return a factor as a number, however it is written, or the value itself if it is not a number."""
    found = zoom(value)
    try:
        return float(found) if isinstance(found, str) else found
    except ValueError:
        return found


def percent(value: object) -> object:
    """Return a percentage without its sign."""
    found = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else value


def size(value: object) -> object:
    """Return a width and a height as `WIDTHxHEIGHT`."""
    named = _named(value)
    if set(named) == {"width", "height"}:
        value = [named["width"], named["height"]]
    if isinstance(value, list):
        return "x".join(map(str, cast("list[object]", value)))
    if isinstance(value, str):
        return re.sub(r"\s*[x×*]\s*", "x", value.strip().casefold()).removesuffix("px")
    return value


def word(words: Sequence[str], meant: Mapping[str, str] | None = None) -> Callable[[object], object]:
    """Return a function that finds one of `words`, however it is spelt, or by another name in `meant`."""

    def found(value: object) -> object:
        if not isinstance(value, str):
            return value
        plain = _plain(value)
        known = {_plain(one): one for one in words} | {_plain(one): to for one, to in (meant or {}).items()}
        return known.get(plain, value)

    return found


def _plain(text: str) -> str:
    return text.strip().casefold().replace("-", "").replace("_", "").replace(" ", "")
