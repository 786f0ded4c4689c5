"""Restricts the ticks of axes and legends that count rows to whole numbers."""

from collections.abc import Mapping

from imagebridge_tools.tool_output import JsonObject, JsonValue

from . import labels
from .spec_views import COMPOSING, SpecView, listed, mapping

_COUNTS = ("count", "distinct", "missing", "valid")
"""Aggregates that count."""

_RANKS = ("dense_rank", "ntile", "rank", "row_number")
"""Window operations that number rows."""

_KEEP = ("first_value", "lag", "last_value", "lead", "max", "min", "nth_value", "sum")
"""Operations that return whole numbers for whole numbers."""

_SHARES = ("center", "normalize")
"""Ways to stack that put counts at positions that are not whole numbers."""

_AXES = ("x", "y")
_LEGENDS = (
    "angle",
    "color",
    "fill",
    "fillOpacity",
    "opacity",
    "size",
    "stroke",
    "strokeOpacity",
    "strokeWidth",
)

_REPLACING = ("aggregate", "density", "loess", "pivot", "quantile", "regression")
"""Transforms that keep only the fields of `groupby` and those that they create."""

_NOTHING: SpecView = {}
_NONE: frozenset[str] = frozenset()


def stepped(
    view: SpecView, whole: frozenset[str] = _NONE, shared: Mapping[str, JsonValue] = _NOTHING
) -> JsonObject:
    """Return a view whose axes and legends of counts have no ticks between whole numbers.

    `whole` contains the surrounding fields that are counts, and `shared` is the encoding around a layer.
    """
    whole = _NONE if "data" in view else whole
    for transform in map(mapping, listed(view.get("transform"))):
        whole = _behind(transform, whole)
    done = dict(view)
    own = mapping(view.get("encoding"))
    around = {**shared, **{name: {**mapping(shared.get(name)), **mapping(one)} for name, one in own.items()}}
    if own:
        done["encoding"] = {
            name: _stepped(name, one, mapping(around[name]), whole) for name, one in own.items()
        }
    if isinstance(inner := view.get("spec"), Mapping):
        done["spec"] = stepped(inner, whole)
    for key in COMPOSING:
        if parts := listed(view.get(key)):
            encoding = around if key == "layer" else _NOTHING
            done[key] = [
                stepped(part, whole, encoding) if isinstance(part, Mapping) else part for part in parts
            ]
    return done


def _stepped(channel: str, own: JsonValue, definition: SpecView, whole: frozenset[str]) -> JsonValue:
    """Return the channel's own definition with ticks for counts; `definition` includes the surrounding encoding."""
    guide = "axis" if channel in _AXES else "legend" if channel in _LEGENDS else ""
    said = definition.get(guide, _NOTHING)
    shows = isinstance(own, Mapping) and ("field" in own or "aggregate" in own)
    if not guide or not shows or not isinstance(said, Mapping) or "values" in said:
        return own
    if not _is_count(definition, whole):
        return own
    return {**mapping(own), guide: {"tickMinStep": labels.WHOLE, **said}}


def _is_count(definition: SpecView, whole: frozenset[str]) -> bool:
    """Return whether a channel shows counts of rows, or sums of such counts."""
    aggregate = definition.get("aggregate")
    if "bin" in definition or "timeUnit" in definition or definition.get("stack") in _SHARES:
        return False
    if definition.get("type", "quantitative" if aggregate else "nominal") != "quantitative":
        return False
    return aggregate in _COUNTS or (str(definition.get("field")) in whole and aggregate in (None, *_KEEP))


def _behind(transform: SpecView, whole: frozenset[str]) -> frozenset[str]:
    """Return the fields that are counts after a transform, given the fields that were counts before it."""
    made = transform.get("as")
    kept = whole.difference(name for name in listed(made) or (made,) if isinstance(name, str))
    if "impute" in transform:
        kept = kept.difference([str(transform["impute"])])
    if any(key in transform for key in _REPLACING):
        kept = kept.intersection(name for name in listed(transform.get("groupby")) if isinstance(name, str))
    parts = [
        mapping(part)
        for key in ("aggregate", "joinaggregate", "window")
        for part in listed(transform.get(key))
    ]
    counted = {str(part.get("as", _usual_name(part))): _counts(part, whole) for part in parts}
    return kept.difference(counted).union(name for name, is_count in counted.items() if is_count)


def _usual_name(part: SpecView) -> str:
    """Return the name that Vega uses for the result of a part of a transform that does not name it."""
    return "_".join(str(part[key]) for key in ("op", "field") if key in part)


def _counts(part: SpecView, whole: frozenset[str]) -> bool:
    """Return whether a part of a transform produces a whole number."""
    return part.get("op") in (*_COUNTS, *_RANKS) or (
        part.get("op") in _KEEP and str(part.get("field")) in whole
    )
