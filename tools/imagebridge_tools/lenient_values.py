"""Accepts values in the forms that models try first, if they can mean only one thing."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import cast


def pages(value: object) -> object:
    """Return pages as text: one number, a list of them, or all."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        return ", ".join(map(str, cast("list[object]", value)))
    if isinstance(value, str):
        plain = value.strip().removeprefix("[").removesuffix("]")
        return "" if plain.casefold() == "all" else plain
    return value


def span(value: object) -> object:
    """Return a first and a last as text: one number, a list of two, or both by name."""
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
    """Return a list if a single text or object is given."""
    return [value] if isinstance(value, str) or _named(value) else value


def text(value: object) -> object:
    """Return a text if a number is given, or a text inside an object."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    named = _named(value)
    return named["text"] if set(named) == {"text"} else value


def _named(value: object) -> Mapping[str, object]:
    """Return an object unchanged, or an empty one for anything else."""
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def alone(value: object) -> object:
    """Return the only text of a list."""
    some: list[object] = cast("list[object]", value) if isinstance(value, list) else [value]
    return some[0] if len(some) == 1 else some


def texts(value: object) -> object:
    """Return a list of texts if a single text is given, or it contains numbers."""
    some = listed(value)
    if not isinstance(some, list):
        return some
    return [text(one) for one in cast("list[object]", some)]


_UNIT = re.compile(r"\s*([-+]?\d+(?:\.\d+)?)\s*(?:px|pixels?|°|deg(?:rees)?|x|×)\s*")
_PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")


def number(value: object) -> object:
    """Return a number that is written with its unit: `800px`, `90°`, `2x`."""
    found = _UNIT.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else value


def zoom(value: object) -> object:
    """Return a factor that may be written as percent."""
    found = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    return float(found[1]) / 100 if found else number(value)


def factor(value: object) -> object:
    """Return a factor as a number if it is one, however it is written."""
    found = zoom(value)
    try:
        return float(found) if isinstance(found, str) else found
    except ValueError:
        return found


def percent(value: object) -> object:
    """Return a percentage that may be written with its sign."""
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
    """Return a function that finds one of some words however it is spelt, or under another name."""

    def found(value: object) -> object:
        if not isinstance(value, str):
            return value
        plain = _plain(value)
        known = {_plain(one): one for one in words} | {_plain(one): to for one, to in (meant or {}).items()}
        return known.get(plain, value)

    return found


def _plain(text: str) -> str:
    return text.strip().casefold().replace("-", "").replace("_", "").replace(" ", "")
