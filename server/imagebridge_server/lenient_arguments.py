"""Arguments as models guess them first: what can mean one thing only is taken as that."""

from collections.abc import Mapping
from typing import Any, cast

_MEANT = {"type": "kind", "chart_type": "kind", "charttype": "kind", "source": "images", "sources": "images"}
"""Names that models give to an argument of another name; each is taken where the tool has the other alone."""

_SIDES = (("left", "top", "right", "bottom"), ("x1", "y1", "x2", "y2"), ("x0", "y0", "x1", "y1"))
_SIZES = (("x", "y", "width", "height"), ("left", "top", "width", "height"))


def renamed(arguments: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """Return a call's arguments by the `names` that the tool has for them."""
    found = dict(arguments)
    for name in arguments:
        meant = _MEANT.get(name.casefold().replace("-", "_"))
        if meant and name not in names and meant in names and meant not in found:
            value = found.pop(name)
            found[meant] = [value] if meant == "images" and isinstance(value, str) else value
    return found


def region(value: object) -> object:
    """Return a region as its four sides, which may come by name, or with a width and a height."""
    if not isinstance(value, Mapping):
        return value
    given = cast("Mapping[str, Any]", value)
    for names in _SIDES:
        if set(given) == set(names):
            return [given[name] for name in names]
    for names in _SIZES:
        if set(given) == set(names):
            left, top, width, height = (given[name] for name in names)
            numbers = all(isinstance(one, int | float) for one in (left, top, width, height))
            return [left, top, left + width, top + height] if numbers else cast("object", value)
    return cast("object", value)


def pages(value: object) -> object:
    """Return pages as text: one number, or a list of them."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        return ", ".join(map(str, cast("list[object]", value)))
    return value


def span(value: object) -> object:
    """Return a first and a last as text: one number, or a list of two."""
    if isinstance(value, list):
        return "-".join(map(str, cast("list[object]", value)))
    return pages(value)


def listed(value: object) -> object:
    """Return a list of texts where one text is given."""
    return [value] if isinstance(value, str) else value
