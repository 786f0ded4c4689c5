"""Reports mistakes in a call's arguments as the tool itself would: with the place, the value and the right form."""

import json
from collections.abc import Container, Mapping, Sequence
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from imagebridge.errors import ArgumentError, beginning, counted, nearest
from imagebridge_tools.declaration import Argument
from imagebridge_tools.tool_output import nearest_allowed

from .lenient_arguments import meaning

_SHOWN = 80
"""The maximum number of characters that are quoted from a wrong value."""

_SIMILAR = 0.72
"""How similar two names must be for one to be suggested instead of the other, from 0 to 1 (difflib's ratio)."""

_TYPES = {
    "string": "give a string",
    "int": "give a whole number",
    "float": "give a number",
    "finite": "give a number",
    "bool": "give true or false",
    "list": "give a list",
    "dict": "give an object",
}
"""The expected values, by the first part of Pydantic's error types (2.12, errors/validation_errors)."""


_MOST = 10**300
"""The largest accepted number, positive or negative: JSON allows larger ones, but calculations with them fail."""

_HELD = frozenset({"data", "spec"})
"""Arguments that may contain a table with a million cells; they are not checked here, because the table's reader does so."""


def unsound(arguments: Mapping[str, Any], names: Container[str]) -> dict[str, ArgumentError]:
    """Return the unusable values of the arguments in `names`, by argument.

    These are integers with hundreds of digits, and texts with a lone surrogate; JSON can contain both.
    """
    found: dict[str, ArgumentError] = {}
    for name, value in arguments.items():
        held = name in _HELD and not isinstance(value, str)
        if name in names and not held and (wrong := _unsound(value, name)):
            found[name] = wrong
    return found


def _unsound(value: object, name: str) -> ArgumentError | None:
    """Return the last unusable value in an argument. This does not use recursion, because JSON may be nested deeply."""
    left: list[tuple[str, object]] = [(name, value)]
    while left:
        place, one = left.pop()
        if isinstance(one, dict):
            left += [(f"{place}.{key}", part) for key, part in cast("dict[str, object]", one).items()]
        elif isinstance(one, list):
            left += [(f"{place}[{at}]", part) for at, part in enumerate(cast("list[object]", one))]
        elif isinstance(one, int) and abs(one) > _MOST:
            return ArgumentError(place, "is a whole number with over 300 digits; give a smaller one")
        elif isinstance(one, str) and not one.isascii() and _has_half(one):
            return ArgumentError(place, "contains half a character (a lone surrogate); give whole characters")
    return None


def _has_half(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def mistakes(
    error: ValidationError, declared: Mapping[str, Argument], arguments: Mapping[str, Any]
) -> list[ArgumentError]:
    """Return all mistakes in a call of a tool that has the `declared` arguments."""
    found = error.errors()
    unknown = [str(one["loc"][0]) for one in found if one["type"] == "extra_forbidden"]
    told = [_mistake(one, declared) for one in found if one["type"] != "extra_forbidden"]
    return [*told, *_unknown(unknown, declared, arguments)]


def _mistake(error: ErrorDetails, declared: Mapping[str, Argument]) -> ArgumentError:
    name = str(error["loc"][0]) if error["loc"] else "arguments"
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error["loc"]).lstrip(".")
    form = declared[name].form if name in declared else ""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return ArgumentError(name, f"is missing; {form}" if form else "is missing")
    came = _shown(error["input"])
    if kind == "literal_error":
        allowed = [
            part.strip().strip("'") for part in str(context["expected"]).replace(" or ", ", ").split(", ")
        ]
        return ArgumentError(place, f"is {came}; {nearest_allowed(str(error['input']), allowed)}")
    if kind in ("greater_than_equal", "less_than_equal"):
        least = kind == "greater_than_equal"
        limit = context["ge" if least else "le"]
        return ArgumentError(place, f"is {came}; give {limit:g} or {'more' if least else 'less'}")
    if kind in ("too_short", "too_long"):
        limit = context["min_length" if kind == "too_short" else "max_length"]
        more = "at least" if kind == "too_short" else "at most"
        return ArgumentError(
            place, f"has {counted(context['actual_length'], 'entry', 'entries')}; give {more} {limit}"
        )
    sort = kind.partition("_")[0]
    # The type says what a list contains.
    explained = form if sort in ("string", "list", "dict") or place == name else ""
    asked = explained or _TYPES.get(sort, "")
    message = error["msg"]
    return ArgumentError(place, f"is {came}; {asked or message[:1].lower() + message[1:]}")


def _shown(value: object) -> str:
    """Return a received value as JSON, like the rest of the call; long values are cut off."""
    return beginning(json.dumps(value, ensure_ascii=False, default=str), _SHOWN)


_LOG = 'give scales={"y": "log"}'
_LYING = 'give the numeric field as x: columns={"x": "sales", "y": "month"}'
_INSTEAD = {
    **dict.fromkeys(("log", "log_y", "logy", "log_scale", "yscale", "y_scale"), _LOG),
    **dict.fromkeys(("log_x", "logx", "xscale", "x_scale"), 'give scales={"x": "log"}'),
    **dict.fromkeys(
        ("colors", "colours", "palette", "color_scheme", "colormap", "cmap"),
        'give the field to color by as columns={"color": "region"}; for custom colors use spec',
    ),
    **dict.fromkeys(
        ("bins", "bin", "nbins", "bin_count", "bin_size", "binwidth"),
        'bins are chosen from the data; for other bins use spec, with "bin": {"maxbins": 20} in x',
    ),
    **dict.fromkeys(
        ("filter", "filters", "where", "query", "limit", "top", "head", "top_n"),
        'give only the rows to draw as data, or a spec with "transform": [{"filter": "datum.sales > 3"}]',
    ),
    **dict.fromkeys(("horizontal", "orientation", "orient"), _LYING),
    **dict.fromkeys(
        ("trendline", "trend", "regression", "error_bars"),
        'draw it with spec: a layer with "transform": [{"regression": "y", "on": "x"}]',
    ),
    **dict.fromkeys(("group_by", "groupby"), 'give columns={"x": ..., "color": ...} and aggregate="sum"'),
    **dict.fromkeys(
        ("y2", "secondary_y", "dual_axis"), 'give two kinds for two fields: kind=["bar", "line"]'
    ),
    **dict.fromkeys(("xlim", "x_range", "x_min", "x_max"), 'give ranges={"x": [0, 100]}'),
    **dict.fromkeys(("ylim", "y_range", "y_min", "y_max"), 'give ranges={"y": [0, 100]}'),
    **dict.fromkeys(("dpi", "resolution"), "give scale, from 0.5 to 4"),
    **dict.fromkeys(
        ("legend", "font", "font_size", "background", "grid", "annotations"), "use spec for that"
    ),
}
"""Arguments of other charting libraries, and how to write them here."""


def _unknown(
    unknown: Sequence[str], declared: Mapping[str, Argument], arguments: Mapping[str, Any]
) -> list[ArgumentError]:
    """Suggest the most similar argument for each unknown one; list all arguments if none is similar."""
    found: list[ArgumentError] = []
    lost = False
    for name in unknown:
        meant = meaning(name, declared)
        if meant in arguments and meant != name:
            problem = (
                f"is not an argument of this tool; {meant} is, and you passed that too: leave this one out"
            )
            found.append(ArgumentError(name, problem))
            continue
        instead = _INSTEAD.get(name.casefold()) if "spec" in declared else None
        if instead:
            found.append(ArgumentError(name, f"is not an argument of this tool; {instead}"))
            continue
        free = [one for one in declared if one not in arguments]
        near = nearest(name, free, _SIMILAR)
        hint = f"; did you mean {near}?" if near else ""
        lost = lost or not near
        found.append(ArgumentError(name, f"is not an argument of this tool{hint}"))
    if found and lost:
        last = found[-1]
        found[-1] = ArgumentError(last.argument, f"{last.problem}; available: {', '.join(declared)}")
    return found
