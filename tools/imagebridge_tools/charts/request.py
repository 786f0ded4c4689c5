"""Reads the arguments of generate_chart, as far as that is possible without its data, and records all mistakes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from imagebridge.errors import ArgumentError, nearest
from imagebridge_tools.mistakes import Mistakes
from imagebridge_tools.tool_output import JsonValue, nearest_allowed

from . import chart_options, number_formats, plan, specs, worker
from .chart_options import KINDS, Options
from .fields import LETTERS
from .theme import THEMES, ChartFrame, ThemeName

SMALLEST = 150
"""The minimum width and height of a picture, in pixels."""

SCALES = (0.5, 4)
"""The minimum and maximum number of output pixels per pixel of `width` and `height`."""

_ROLES = ("x", "y", "color")
"""Roles that have titles and formats."""

_STACKED = ("bar", "area", "histogram")
"""Kinds whose colours can be stacked."""


@dataclass(frozen=True, slots=True)
class Request:
    """The valid arguments of a call. `kinds` is empty for a chart from a spec."""

    kinds: Sequence[chart_options.ChartKind]
    columns: chart_options.Columns
    frame: ChartFrame
    stack: chart_options.Stack
    options: Options


def read(
    mistakes: Mistakes,
    *,
    spec: JsonValue,
    kind: JsonValue,
    columns: JsonValue,
    stack: JsonValue,
    options: Mapping[str, JsonValue],
    title: str | None,
    subtitle: str | None,
    titles: JsonValue,
    formats: JsonValue,
    theme: str,
    width: int | None,
    height: int | None,
    scale: float,
) -> Request:
    """Read the arguments of `generate_chart`, and record everything that is wrong with them."""
    if spec is None and not kind and kind != []:
        problem = f"is missing; give one of {', '.join(KINDS)} with data, or a Vega-Lite spec"
        mistakes.add(ArgumentError("kind", problem))
    if spec is not None and kind is not None:
        mistakes.add(ArgumentError("spec", "and kind are both given; give only one of them"))
    if spec is not None and kind is None:
        given = {"columns": columns, "titles": titles, "formats": formats, "stack": stack, **options}
        for name in (name for name, value in given.items() if value):
            mistakes.add(
                ArgumentError(
                    name, "applies only with kind; in a spec, set it in encoding and leave this out"
                )
            )
        kinds: list[chart_options.ChartKind] = []
        return Request(
            kinds, {}, _frame(mistakes, title, subtitle, {}, {}, theme, width, height, scale), None, Options()
        )
    kind, stack = _with_stack(kind, stack)
    kinds = _kinds(mistakes, kind)
    chosen, wrong = chart_options.read_options(kinds, **options)
    for error in wrong:
        mistakes.add(error)
    stacked = _stack(mistakes, stack, kinds)
    named = _by_role(mistakes, "titles", titles, '{"x": "Month", "y": "EUR"}')
    written = _by_role(mistakes, "formats", formats, '{"x": "%b %Y", "y": ",.1f"}')
    right = {
        role: one
        for role, one in written.items()
        if mistakes.of(lambda role=role, one=one: _format(role, one))
    }
    frame = _frame(mistakes, title, subtitle, named, right, theme, width, height, scale)
    return Request(kinds, _columns(mistakes, columns), frame, stacked, chosen)


_STACKS: dict[str, chart_options.Stack] = {"stacked": True, "grouped": False, "clustered": False}


def _with_stack(kind: JsonValue, stack: JsonValue) -> tuple[JsonValue, JsonValue]:
    """Return the kind and the stacking if a name such as `stacked_bar` specifies both and `stack` agrees."""
    found = (
        re.fullmatch(r"(stacked|grouped|clustered)[ _-]?(.+)", kind.strip().casefold())
        if isinstance(kind, str)
        else None
    )
    if (
        found is None
        or plan.kind_name(found[2]) not in _STACKED
        or (stack is not None and stack != _STACKS[found[1]])
    ):
        return kind, stack
    return found[2], _STACKS[found[1]]


def _kinds(mistakes: Mistakes, kind: JsonValue) -> list[chart_options.ChartKind]:
    """Return the known kinds of a chart."""
    if kind is None or kind == "":
        return []
    if not isinstance(kind, str | Sequence) or not kind:
        problem = "is empty" if kind == [] else f"is {kind!r}"
        mistakes.add(ArgumentError("kind", f"{problem}; give one of {', '.join(KINDS)}"))
        return []
    names = [plan.kind_name(str(one)) for one in ([kind] if isinstance(kind, str) else kind)]
    for name in names:
        if name not in KINDS:
            near = nearest(name, KINDS)
            hint = f"did you mean {near!r}? " if near else ""
            problem = (
                f"{name!r} is unknown; {hint}kinds are {', '.join(KINDS)}; others can be drawn with spec"
            )
            mistakes.add(ArgumentError("kind", problem))
    known = [name for name in names if name in KINDS]
    return cast("list[chart_options.ChartKind]", known) if len(known) == len(names) else []


def _stack(mistakes: Mistakes, stack: JsonValue, kinds: Sequence[str]) -> chart_options.Stack:
    """Return how colours are stacked; the texts "true" and "false" are read as JSON."""
    ways: dict[str, chart_options.Stack] = {"true": True, "false": False, "normalize": "normalize"}
    meant = {"stacked": "true", "normalized": "normalize", "normalise": "normalize", "percent": "normalize"}
    if stack is None:
        return None
    name = str(stack).strip().casefold()
    name = meant.get(name, name)
    if name not in ways:
        mistakes.add(ArgumentError("stack", f"{stack!r} is unknown; {nearest_allowed(name, ways)}"))
        return None
    if kinds and kinds[0] not in _STACKED:
        problem = f"applies to bar, area and histogram, not to {kinds[0]}; leave it out"
        mistakes.add(ArgumentError("stack", problem))
        return None
    return ways[name]


_ROLES_MEANT = {"colour": "color", "hue": "color", "series": "color", "group": "color", "facets": "facet"}
"""Other names that models use for roles."""


def _columns(mistakes: Mistakes, columns: JsonValue) -> chart_options.Columns:
    """Return the fields by role, with standard names for the roles."""
    if columns is None:
        return {}
    if not isinstance(columns, Mapping):
        problem = f'is {columns!r}; give the field of each role, such as {{"x": "month", "y": "sales"}}'
        mistakes.add(ArgumentError("columns", problem))
        return {}
    found: dict[str, str | Sequence[str]] = {}
    for key, name in columns.items():
        role = str(key)
        meant = role.casefold()
        meant = _ROLES_MEANT.get(meant, meant)
        if name is not None:
            field = _field(mistakes, role, name)
            found[meant if meant in plan.ROLES and meant not in columns else role] = cast("str", field)
    return found


_ELSEWHERE = {
    "aggregate": 'aggregate is a separate argument; give it a value such as "mean"',
    "sort": 'sort is a separate argument; give it a value such as "descending"',
    "scale": 'scales is a separate argument; give it a value such as {"y": "log"}',
    "title": 'titles is a separate argument; give it a value such as {"y": "EUR"}',
    "format": 'formats is a separate argument; give it a value such as {"y": ",.1f"}',
    "stack": "stack is a separate argument; give it a value such as true",
}
"""Properties that Vega-Lite sets next to the name of a field, and the argument to use here instead."""


def _field(mistakes: Mistakes, role: str, name: JsonValue) -> JsonValue:
    """Return the field of a role, which may also be an object as in Vega-Lite, or the only item of a list."""
    if isinstance(name, list) and len(name) == 1:
        return _field(mistakes, role, name[0])
    if not isinstance(name, Mapping) or not isinstance(field := name.get("field"), str):
        return name
    for key in name:
        if key not in ("field", "type"):
            hint = _ELSEWHERE.get(key, "give only the name of the field, or use spec")
            mistakes.add(ArgumentError("columns", f"{role} has {key!r} next to its field; {hint}"))
    return field


def _by_role(mistakes: Mistakes, name: str, value: JsonValue, example: str) -> dict[str, str]:
    """Return texts by role; unknown roles and values that are not texts are recorded as mistakes."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        mistakes.add(ArgumentError(name, f"is {value!r}; give it by role, such as {example}"))
        return {}
    found: dict[str, str] = {}
    for key, text in value.items():
        role = str(key).casefold()
        role = _ROLES_MEANT.get(role, role)
        if role not in _ROLES:
            mistakes.add(
                ArgumentError(name, f"has {key!r}, which is not a role; roles are {', '.join(_ROLES)}")
            )
        elif isinstance(text, int | float) and not isinstance(text, bool):
            found[role] = str(text)
        elif isinstance(text, str):
            found[role] = text
        elif text is not None:
            mistakes.add(
                ArgumentError(name, f"of {role} is {text!r}, which is not text; write it like {example}")
            )
    return found


def _format(role: str, form: str) -> bool:
    number_formats.check({role: form})
    return True


def _frame(
    mistakes: Mistakes,
    title: str | None,
    subtitle: str | None,
    titles: Mapping[str, str],
    formats: Mapping[str, str],
    theme: str,
    width: int | None,
    height: int | None,
    scale: float,
) -> ChartFrame:
    """Return the size, texts and colours around a chart."""
    words = {"title": title, "subtitle": subtitle, **{f"titles.{role}": one for role, one in titles.items()}}
    for name, text in words.items():
        if text and len(text) > LETTERS:
            problem = f"has {len(text):,} characters; the limit is {LETTERS}: shorten it"
            mistakes.add(ArgumentError(name, problem))
    if theme not in THEMES:
        problem = f"{theme!r} is unknown; themes are {', '.join(THEMES)}"
        mistakes.add(ArgumentError("theme", problem))
        theme = "light"
    small = [
        name for name, side in (("width", width), ("height", height)) if side is not None and side < SMALLEST
    ]
    for name in small:
        side = width if name == "width" else height
        mistakes.add(ArgumentError(name, f"is {side} pixels; give {SMALLEST} or more"))
    in_range = SCALES[0] <= scale <= SCALES[1]
    if not in_range:
        mistakes.add(ArgumentError("scale", f"is {scale:g}; give {SCALES[0]:g} to {SCALES[1]:g}"))
    size = (width or specs.WIDTH, height or specs.HEIGHT)
    pixels = size[0] * size[1] * scale**2
    if pixels > worker.PIXELS and in_range and not small:
        by = "times height" if scale == 1 else f"times height at scale {scale:g}"
        problem = f"{by} is {pixels:,.0f} pixels; at most {worker.PIXELS:,} are drawn: make it smaller"
        mistakes.add(ArgumentError("width", problem))
    return ChartFrame(*size, title, subtitle, titles, formats, cast("ThemeName", theme))
