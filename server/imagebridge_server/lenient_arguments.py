"""Accepts arguments in the forms that models try first, if their meaning is unambiguous."""

import json
import re
from collections.abc import Container, Mapping
from typing import Any, cast

from imagebridge_tools.declaration import Argument
from imagebridge_tools.drawing.operations import OPERATIONS
from imagebridge_tools.drawing.units import REGION_KEYS

_TITLES = {"xlabel": "x", "x_label": "x", "x_title": "x", "ylabel": "y", "y_label": "y", "y_title": "y"}
_ROLES = {
    **{role: role for role in ("x", "y", "color", "facet")},
    **{f"{axis}_{word}": axis for axis in ("x", "y") for word in ("axis", "column", "col", "field")},
    **dict.fromkeys(("colour", "hue", "series", "group"), "color"),
}
"""Parts of `titles` and `columns` that models write next to the other arguments."""

_AROUND = ("arguments", "args", "params", "parameters", "input")
"""Names of objects in which models wrap all arguments by mistake."""


def mended(
    arguments: Mapping[str, Any], declared: Mapping[str, Argument], required: Container[str]
) -> dict[str, Any]:
    """Return a call's arguments under the names that the tool `declared`, without empty arguments."""
    found = dict(arguments)
    if len(found) == 1 and (name := next(iter(found))) in _AROUND and name not in declared:
        found = dict(found[name]) if isinstance(found[name], Mapping) else found
    found = _renamed(found, declared)
    for whole, fold in (("columns", _columns), ("region", _region), ("operations", _operation), ("a", _pair)):
        if whole in declared:
            found = fold(found, declared)
    # Writing null or an empty text is another way to omit an argument.
    return {
        name: value
        for name, value in found.items()
        if name not in declared or (value is not None and (value != "" or name in required))
    }


def _renamed(arguments: Mapping[str, Any], declared: Mapping[str, Argument]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in arguments.items():
        meant = name if name in declared else meaning(name, declared)
        found[meant if meant not in arguments and meant not in found else name] = value
    return found


def meaning(name: str, declared: Mapping[str, Argument]) -> str:
    """Return the only argument that a name can mean, such as a plural or another spelling, or else the name itself."""
    plain = re.sub(r"(?<=[a-z\d])(?=[A-Z])", "_", name).casefold().replace("-", "_").replace(" ", "_")
    for spelling in (plain, plain.replace("_", ""), f"{plain}s", plain.removesuffix("s")):
        if spelling in declared:
            return spelling
    alike = {plain, plain.removesuffix("s")}
    return next((one for one, argument in declared.items() if alike & set(argument.names)), name)


def _columns(arguments: dict[str, Any], names: Container[str]) -> dict[str, Any]:
    """Move roles and axis titles that are outside `columns` and `titles` into them."""
    found = dict(arguments)
    series = {role: found[role] for role in ("x", "y") if isinstance(found.get(role), list)}
    if len(series) == 2 and "data" not in found:
        return {**{name: value for name, value in found.items() if name not in series}, "data": series}
    for whole, parts in (("columns", _ROLES), ("titles", _TITLES)):
        held = _object(found.get(whole, {}))
        for name in [name for name in found if name in parts and name not in names]:
            if held is not None and parts[name] not in held:
                held = {**held, parts[name]: found.pop(name)}
                found[whole] = held
    return found


def _object(value: object) -> dict[str, Any] | None:
    """Return an object, which may have arrived as JSON text, or None for anything else."""
    if isinstance(value, str):
        try:
            value = cast("object", json.loads(value))
        except (ValueError, RecursionError):
            return None
    return dict(cast("Mapping[str, Any]", value)) if isinstance(value, Mapping) else None


def _region(arguments: dict[str, Any], names: Container[str]) -> dict[str, Any]:
    """Move sides that are outside `region` into it."""
    for keys in REGION_KEYS:
        if "region" not in arguments and all(key in arguments and key not in names for key in keys):
            others = {name: value for name, value in arguments.items() if name not in keys}
            return {**others, "region": {key: arguments[key] for key in keys}}
    return arguments


def _operation(arguments: dict[str, Any], names: Container[str]) -> dict[str, Any]:
    """Move a single operation into `operations`; several are left alone, because their order is unknown."""
    alone = [name for name in arguments if name in OPERATIONS and name not in names]
    if len(alone) != 1 or "operations" in arguments:
        return arguments
    others = {name: value for name, value in arguments.items() if name not in alone}
    return {**others, "operations": [{alone[0]: arguments[alone[0]]}]}


def _pair(arguments: dict[str, Any], names: Container[str]) -> dict[str, Any]:
    """Accept a list of two pictures as `a` and `b`."""
    for name in ("images", "sources", "pictures", "files", "paths"):
        two = arguments.get(name)
        if name not in names and isinstance(two, list) and not {"a", "b"} & set(arguments):
            pair = cast("list[object]", two)
            if len(pair) == 2:
                others = {key: value for key, value in arguments.items() if key != name}
                return {**others, "a": pair[0], "b": pair[1]}
    return arguments
