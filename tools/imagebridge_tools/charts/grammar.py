"""The words of Vega-Lite, and what is no such word in a spec. Vega-Lite ignores most of these without a word."""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from imagebridge.errors import ArgumentError
from imagebridge_tools.answer import JsonValue

from .spec_views import SpecView, encoding, listed, mapping, mark, views

# What Vega-Lite 6 knows: https://vega.github.io/schema/vega-lite/v6.json, 2026-11-22.
_VIEW = """
$schema align autosize background bounds center columns concat config data datasets description encoding facet
hconcat height layer mark name padding params projection repeat resolve spacing spec title transform usermeta
vconcat view width
""".split()  # noqa: SIM905  # a list literal takes a line a word
_MARKS = """
arc area bar boxplot circle errorband errorbar geoshape image line point rect rule square text tick trail
""".split()  # noqa: SIM905
_CHANNELS = """
x y x2 y2 xOffset yOffset xError xError2 yError yError2 theta theta2 radius radius2 longitude latitude longitude2
latitude2 color fill stroke opacity fillOpacity strokeOpacity strokeWidth strokeDash size angle shape time detail
key text href url description tooltip order row column facet
""".split()  # noqa: SIM905
_DEFINITION = """
field type aggregate bin timeUnit value datum scale sort stack axis legend title format formatType header impute
condition bandPosition rescale align bounds center columns spacing test param empty
""".split()  # noqa: SIM905
_TYPES = ("quantitative", "temporal", "ordinal", "nominal", "geojson")
_SORT = ("field", "op", "order", "encoding")
_ORDERS = ("ascending", "descending", *(f"{sign}{channel}" for channel in _CHANNELS for sign in ("", "-")))
_STACKS = ("zero", "normalize", "center")
_SCALES = """
linear log pow sqrt symlog time utc ordinal band point quantile quantize threshold bin-ordinal sequential identity
""".split()  # noqa: SIM905
_AGGREGATES = """
count sum mean average median min max distinct valid values missing product q1 q3 ci0 ci1 stderr stdev stdevp
variance variancep exponential exponentialb argmin argmax
""".split()  # noqa: SIM905
_WINDOWS = """
row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
""".split()  # noqa: SIM905
_UNITS = """
year quarter month week day dayofyear date hours minutes seconds milliseconds yearquarter yearmonth yearweek
yearmonthdate yearmonthdatehours yearmonthdatehoursminutes yearmonthdatehoursminutesseconds yeardayofyear
quartermonth monthdate monthdatehours weekday weekdayhours dayhours hoursminutes hoursminutesseconds
minutesseconds secondsmilliseconds
""".split()  # noqa: SIM905
_UNIT = re.compile(
    "(binned)?(utc)?(year|quarter|month|week|day|dayofyear|date|hours|minutes|seconds|milliseconds)+"
)
"""Any parts of a date after each other; `_UNITS` are those that are suggested."""

_TRANSFORMS = {
    "aggregate": "groupby",
    "bin": "field as",
    "calculate": "as",
    "density": "as bandwidth counts cumulative extent groupby maxsteps minsteps resolve steps",
    "filter": "",
    "flatten": "as",
    "fold": "as",
    "impute": "frame groupby key keyvals method value",
    "joinaggregate": "groupby",
    "loess": "as bandwidth groupby on",
    "lookup": "as default from",
    "pivot": "groupby limit op value",
    "quantile": "as groupby probs step",
    "regression": "as extent groupby method on order params",
    "sample": "",
    "stack": "as groupby offset sort",
    "timeUnit": "as field",
    "window": "frame groupby ignorePeers sort",
    "extent": "param",  # Last: others have an extent too.
}
"""The transforms, by the key that tells them, and their other keys."""

_MEANT = {"selection": "params"}
"""What Vega-Lite 4 called otherwise."""


def check(spec: SpecView) -> None:
    """Find the words that Vega-Lite does not know.

    Raises:
        ArgumentError: one of them; the message says where it stands and names the nearest.
    """
    for path, view in views(spec):
        _known(path, view, _VIEW)
        if (sort := mark(view)) is not None:
            _known(f"{path}mark", [sort], _MARKS)
        _known(f"{path}encoding", encoding(view), _CHANNELS)
        for channel, definition in encoding(view).items():
            here = f"{path}encoding.{channel}"
            if isinstance(definition, str | int | float):
                problem = f'{here} is {definition!r}; write {{"field": ..., "type": ...}}'
                raise ArgumentError("spec", problem)
            for inner, part in definitions(definition):
                _check_definition(f"{here}{inner}", part)
        for number, transform in enumerate(listed(view.get("transform"))):
            if isinstance(transform, Mapping):
                _check_transform(f"{path}transform[{number}]", transform)


def transforms(transform: SpecView) -> str | None:
    """Return the key that tells what a transform does, or None where it has none that Vega-Lite knows."""
    return next((key for key in _TRANSFORMS if key in transform), None)


def definitions(definition: JsonValue) -> Iterator[tuple[str, SpecView]]:
    """Yield the definition of a channel, those in its list, and those of its conditions, each with the path to it."""
    parts = [("", definition), *((f"[{number}]", part) for number, part in enumerate(listed(definition)))]
    for path, part in parts:
        if isinstance(part, Mapping):
            yield path, part
            for inner, condition in definitions(part.get("condition")):
                yield f"{path}.condition{inner}", condition


def _check_definition(path: str, part: SpecView) -> None:
    _known(path, part, _DEFINITION)
    for key, words in (("type", _TYPES), ("aggregate", _AGGREGATES), ("stack", _STACKS), ("sort", _ORDERS)):
        _known(f"{path}.{key}", [part.get(key)], words)
    _known(f"{path}.scale.type", [mapping(part.get("scale")).get("type")], _SCALES)
    _check_unit(f"{path}.timeUnit", part.get("timeUnit"))
    if isinstance(sort := part.get("sort"), Mapping):
        _known(f"{path}.sort", sort, _SORT)
        _known(f"{path}.sort.op", [sort.get("op")], _AGGREGATES)
        _known(f"{path}.sort.order", [sort.get("order")], _ORDERS[:2])


def _check_transform(path: str, transform: SpecView) -> None:
    kind = transforms(transform)
    if kind is None:
        _known(path, list(transform)[:1], _TRANSFORMS)
        return
    _known(path, transform, [kind, *_TRANSFORMS[kind].split()])
    if kind == "timeUnit":
        _check_unit(f"{path}.timeUnit", transform["timeUnit"])
    words = [*_AGGREGATES, *_WINDOWS] if kind == "window" else _AGGREGATES
    if kind in ("aggregate", "joinaggregate", "window"):
        for number, part in enumerate(listed(transform[kind])):
            _known(f"{path}.{kind}[{number}].op", [mapping(part).get("op")], words)


def _check_unit(path: str, unit: JsonValue) -> None:
    if isinstance(unit, Mapping):
        unit = unit.get("unit")
    if isinstance(unit, str) and not _UNIT.fullmatch(unit):
        _known(path, [unit], _UNITS)


def _known(path: str, names: Iterable[JsonValue], known: Iterable[str]) -> None:
    """Refuse the first of some names that is not known. What is no text is left to Vega-Lite."""
    words = list(known)
    for name in names:
        if isinstance(name, str) and name not in words:
            at = f"{path.removesuffix('.')}: " if path else ""
            raise ArgumentError("spec", f"{at}Vega-Lite does not know {name!r}; {_hint(name, words)}")


def _hint(name: str, words: list[str]) -> str:
    folded = {word.casefold(): word for word in words}
    close = get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
    meant = _MEANT.get(name) or (folded[close[0]] if close else "")
    return f"did you mean {meant!r}?" if meant in words else f"there are {', '.join(words)}"
