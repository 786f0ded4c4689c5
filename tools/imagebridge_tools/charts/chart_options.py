"""The options of a kind of chart: how its numbers are combined, ordered, scaled and labelled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from imagebridge.errors import ArgumentError
from imagebridge_tools.tool_output import JsonValue, nearest_allowed

ChartKind = Literal["bar", "line", "area", "scatter", "histogram", "box", "heatmap", "pie"]
KINDS: tuple[str, ...] = get_args(ChartKind)

Columns = Mapping[str, str | Sequence[str]]
"""The fields of each role; y may have several."""

Stack = bool | Literal["normalize"] | None

AGGREGATES = ("sum", "mean", "median", "min", "max", "count")
"""How the rows at one position are combined into one number."""

ORDERS = ("ascending", "descending")
SCALES = ("linear", "log", "symlog")

Range = tuple[JsonValue, JsonValue]


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a kind of chart, apart from its fields; options of an axis are stored by role."""

    aggregate: str = ""
    order: str = ""
    scales: Mapping[str, str] = field(default_factory=dict[str, str])
    ranges: Mapping[str, Range] = field(default_factory=dict[str, Range])
    labels: bool = False


_WHERE = {
    "aggregate": ("bar", "line", "area", "scatter", "pie", "heatmap"),
    "sort": ("bar", "pie", "histogram"),
    "scales": ("bar", "line", "area", "scatter", "histogram", "box"),
    "ranges": ("bar", "line", "area", "scatter", "histogram", "box"),
    "labels": ("bar", "line", "area", "scatter", "histogram", "pie", "heatmap"),
}
"""The kinds of charts that each option applies to."""


def read_options(
    kinds: Sequence[str],
    aggregate: JsonValue,
    sort: JsonValue,
    scales: JsonValue,
    ranges: JsonValue,
    labels: JsonValue,
) -> tuple[Options, list[ArgumentError]]:
    """Return the options for charts of some kinds, none if the kinds are unknown, and everything that is wrong with them.

    An option that does not apply to a kind should be left out, and is not examined further.
    """
    wrong: list[ArgumentError] = []
    asked = {"aggregate": aggregate, "sort": sort, "scales": scales, "ranges": ranges, "labels": labels}
    for name, value in asked.items():
        if value and kinds and kinds[0] not in _WHERE[name]:
            problem = f"applies to {', '.join(_WHERE[name])}, not to {kinds[0]}; leave it out"
            wrong.append(ArgumentError(name, problem))
        elif value and len(kinds) > 1 and name in ("sort", "labels"):
            wrong.append(
                ArgumentError(
                    name, "works only with a single kind of chart; leave it out, or give only one kind"
                )
            )
    asked |= dict.fromkeys((one.argument for one in wrong), None)
    aggregate, sort = (
        _alone(asked["aggregate"], ("y", "op", "function", "method")),
        _alone(asked["sort"], ("y", "order", "direction")),
    )
    how = _word("aggregate", aggregate, AGGREGATES, _AGGREGATES_MEANT, wrong)
    orders = {"asc": "ascending", "desc": "descending", "-y": "descending", "y": "ascending"}
    order = _word("sort", sort, ORDERS, orders, wrong)
    known: dict[str, str] = {}
    for role, value in _by_role("scales", asked["scales"], '{"y": "log"}', wrong).items():
        if found := _word("scales", value, SCALES, {"logarithmic": "log"}, wrong, f"of {role} "):
            known[role] = found
    limits: dict[str, Range] = {}
    for role, value in _by_role("ranges", asked["ranges"], '{"y": [0, 100]}', wrong).items():
        if isinstance(value, list | tuple) and len(value) == 2 and _is_rising(*value):
            limits[role] = (value[0], value[1])
        else:
            problem = f"of {role} is {value!r}; give the lowest and the highest value, such as [0, 100]"
            wrong.append(ArgumentError("ranges", problem))
    labels = asked["labels"]
    shown = _SWITCH.get(labels.strip().casefold(), labels) if isinstance(labels, str) else labels
    if not isinstance(shown, bool | None):
        wrong.append(
            ArgumentError("labels", f"is {labels!r}; give true to label marks with their numbers, or false")
        )
    return Options(how, order, known, limits, shown is True), wrong


def _alone(value: JsonValue, names: Sequence[str]) -> JsonValue:
    """Return the word from an object with a single entry, such as `{"y": "mean"}`: only one role has numbers."""
    if isinstance(value, Mapping) and len(value) == 1 and (name := next(iter(value))).casefold() in names:
        return value[name]
    return value


_FORMS = {
    "aggregate": 'give one word for all the numbers shown, such as "mean"',
    "sort": 'bars are sorted by size: give "ascending" or "descending", or leave sort out to keep the order of the data',
}
"""The messages for an object where a word is expected."""

_AGGREGATES_MEANT = {
    "average": "mean",
    "avg": "mean",
    "total": "sum",
    "minimum": "min",
    "maximum": "max",
    "counts": "count",
}
_SWITCH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _word(
    name: str,
    value: JsonValue,
    words: Sequence[str],
    meant: Mapping[str, str],
    wrong: list[ArgumentError],
    of: str = "",
) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping | list) and (form := _FORMS.get(name)):
        wrong.append(ArgumentError(name, f"is {value!r}; {form}"))
        return ""
    text = str(value).strip().casefold()
    if (text := meant.get(text, text)) in words:
        return text
    wrong.append(ArgumentError(name, f"{of}is {value!r}; {nearest_allowed(text, words)}"))
    return ""


def _by_role(
    name: str, value: JsonValue, example: str, wrong: list[ArgumentError]
) -> Mapping[str, JsonValue]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        wrong.append(ArgumentError(name, f"is {value!r}; give it per axis, such as {example}"))
        return {}
    by_role = {role.casefold(): one for role, one in value.items()}
    others = [role for role in value if role.casefold() not in ("x", "y")]
    wrong += [
        ArgumentError(name, f"has {role!r}, which is not an axis; the axes are x and y") for role in others
    ]
    return {role: one for role, one in by_role.items() if role in ("x", "y") and one is not None}


def _is_rising(low: JsonValue, high: JsonValue) -> bool:
    if isinstance(low, str) or isinstance(high, str):
        return not isinstance(low, bool) and not isinstance(
            high, bool
        )  # What the axis shows determines the order.
    numbers = [one for one in (low, high) if isinstance(one, int | float) and not isinstance(one, bool)]
    return len(numbers) == 2 and numbers[0] < numbers[1]
