"""Checks the fields of each view of a Vega-Lite spec against those of its rows and those that its transforms create."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from imagebridge.errors import ArgumentError, nearest
from imagebridge_tools.tool_output import JsonValue

from .spec_views import SpecView, definitions, encoding, listed, mapping, views, within

FieldNames = frozenset[str] | None
"""The fields of rows, or None if they are unknown before the rows are drawn."""

_READS = {
    "aggregate": "groupby",
    "bin": "field",
    "calculate": "",
    "density": "density groupby",
    "filter": "",
    "flatten": "flatten",
    "fold": "fold",
    "impute": "impute key groupby",
    "joinaggregate": "groupby",
    "loess": "loess on groupby",
    "lookup": "lookup",
    "pivot": "pivot value groupby",
    "quantile": "quantile groupby",
    "regression": "regression on groupby",
    "sample": "",
    "stack": "stack groupby",
    "timeUnit": "field",
    "window": "groupby",
    "extent": "extent",  # Last, because others have an extent too.
}
"""The transforms by the key that identifies them, with the keys in each whose values are names of fields."""

_REPLACING = ("aggregate", "density", "loess", "quantile", "regression")
"""Transforms that keep only the fields of `groupby` and those that they create."""

_MAKES = {"density": ("value", "density"), "fold": ("key", "value"), "quantile": ("prob", "value")}
"""The fields that a transform creates if its `as` does not name them."""

_PATH = re.compile(r"[^.\[\\]*(?:\\.[^.\[\\]*){0,1000}")
"""The first part of the path to a field, which may lead into nested objects: a in a.b and a[0], a.b in a\\.b."""

_DATUM = re.compile(
    r"""(?<![\w$.])datum\s*(?:\.\s*(?P<plain>[\w$]+)|\[\s*(?P<quote>["'])(?P<quoted>[^"'\\]*)(?P=quote)\s*\])"""
    r"""|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[(,=!&|?:]\s*/(?:\\.|[^/\\])+/"""
)
"""Matches a field in an expression, or a text or regular expression in it, which is skipped."""

_ASKS = re.compile(r"\bis(?:Valid|Defined)\b")
"""Matches an expression that tests whether a field exists, and so may name any field."""


_GIVE = "give rows in data.values or in the data argument"


def check(spec: SpecView) -> None:
    """Check that the rows of each view have the fields that it uses.

    Raises:
        ArgumentError: no row has a field; the message gives its position, and suggests the most similar field.
    """
    if not any(view.get("data") is not None for _, view in views(spec)):
        raise ArgumentError("spec", f"draws nothing, because its data is missing; {_GIVE}")
    _DataFields(mapping(spec.get("datasets"))).check("", spec, frozenset(), {})


class _DataFields:
    """Checks the fields of views; `datasets` contains the rows that the spec includes by name."""

    def __init__(self, datasets: SpecView) -> None:
        self._datasets = datasets

    def check(
        self, path: str, view: SpecView, fields: FieldNames, repeats: Mapping[str, list[str]]
    ) -> FieldNames:
        """Check a view, given the `fields` of the view around it; return the fields that are available to its marks."""
        if "data" in view:
            fields = self._carried(view["data"])
        for number, transform in enumerate(listed(view.get("transform"))):
            if isinstance(transform, Mapping):
                for inner, name in _fields_read(transform):
                    _require(f"{path}transform[{number}]{inner}", name, fields)
                fields = _after(transform, fields)
        facet = mapping(view.get("facet"))
        for inner, name, made in _channel_fields({"facet": facet} if "field" in facet else facet):
            _require(f"{path}{inner if 'field' in facet else f'facet.{inner}'}", name, fields, made=made)
        if "repeat" in view:
            repeats = {**repeats, **_repeats(view["repeat"])}
        seen = [
            self.check(f"{path}{inner}", part, fields, repeats)
            for inner, part in within(view)
            if inner.startswith(("layer", "spec"))
        ]
        for inner, part in within(view):
            if not inner.startswith(("layer", "spec")):
                self.check(f"{path}{inner}", part, fields, repeats)
        # Layers inherit an encoding, each with its own rows: it is enough if one has the field.
        if seen:
            fields = None if None in seen else frozenset(chain.from_iterable(one or () for one in seen))
        for inner, name, made in _channel_fields(encoding(view)):
            for at, one in _each(f"{path}encoding.{inner}", name, repeats):
                _require(at, one, fields, made=made, flat=made)
        return fields

    def _carried(self, data: JsonValue) -> FieldNames:
        """Return the fields of a view's own rows."""
        source = mapping(data)
        if "sequence" in source:
            return frozenset({str(mapping(source["sequence"]).get("as", "data"))})
        values = source.get("values", self._datasets.get(str(source.get("name"))))
        form = mapping(source.get("format"))
        plain = set(form) <= {"type", "parse"} and form.get("type", "json") == "json"
        if data is None:
            return frozenset()
        if not plain or not listed(values):
            return None
        rows = [row if isinstance(row, Mapping) else {"data": row} for row in listed(values)]
        return frozenset(chain.from_iterable(rows))


def _repeats(repeat: JsonValue) -> dict[str, list[str]]:
    """Return the fields for which a view is repeated, keyed by the word that refers to them."""
    named = repeat if isinstance(repeat, Mapping) else {"repeat": repeat}
    return {key: [name for name in listed(names) if isinstance(name, str)] for key, names in named.items()}


def _each(path: str, name: JsonValue, repeats: Mapping[str, list[str]]) -> Iterator[tuple[str, JsonValue]]:
    """Yield a field with its position in the spec, or all fields that it refers to if the view is repeated."""
    if isinstance(name, Mapping):
        word = str(name.get("repeat"))
        at = "repeat" if word == "repeat" else f"repeat.{word}"
        yield from ((at, one) for one in repeats.get(word, ()))
    else:
        yield path, name


def _channel_fields(channels: SpecView) -> Iterator[tuple[str, JsonValue, bool]]:
    """Yield the fields that channels name, with their positions, and whether Vega-Lite may have created them before."""
    for channel, definition in channels.items():
        for inner, part in definitions(definition):
            at = f"{channel}{inner}"
            if part.get("aggregate") != "count":
                yield at, part.get("field"), False
            yield from ((f"{at}.aggregate", name, False) for name in mapping(part.get("aggregate")).values())
            yield f"{at}.sort", mapping(part.get("sort")).get("field"), True
            yield from ((f"{at}.test{path}", name, True) for path, name in _predicate(part.get("test")))


def _fields_read(transform: SpecView) -> Iterator[tuple[str, JsonValue]]:
    """Yield the fields that a transform reads, each with the path to it."""
    kind = _transform_kind(transform) or ""
    for key in _READS.get(kind, "").split():
        value = transform.get(key)
        yield from ((f".{key}", name) for name in (listed(value) or (value,)))
    if kind in ("aggregate", "joinaggregate", "window"):
        for number, part in enumerate(map(mapping, listed(transform[kind]))):
            if part.get("op") != "count":
                yield f".{kind}[{number}]", part.get("field")
    for part in map(mapping, listed(transform.get("sort"))):
        yield ".sort", part.get("field")
    for key in ("calculate", "filter"):
        yield from ((f".{key}{path}", name) for path, name in _predicate(transform.get(key)))


def _transform_kind(transform: SpecView) -> str | None:
    """Return the key that identifies the kind of a transform."""
    return next((key for key in _READS if key in transform), None)


def _predicate(test: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Yield the fields in a condition, which may be an expression, a comparison, or a combination of conditions."""
    if isinstance(test, str) and not _ASKS.search(test):
        for match in _DATUM.finditer(test):
            yield "", re.sub(r"[.\[\]]", r"\\\g<0>", match["plain"] or match["quoted"] or "")
    elif isinstance(test, Mapping):
        yield "", test.get("field")
        for word in ("and", "or", "not"):
            inner = test.get(word)
            for part in listed(inner) or (inner,):
                yield from ((f".{word}{path}", name) for path, name in _predicate(part))


def _after(transform: SpecView, fields: FieldNames) -> FieldNames:
    """Return the fields of rows after a transform."""
    kind, new_fields = _transform_kind(transform), _new_fields(transform)
    if new_fields is None or kind is None:
        return None
    if kind in _REPLACING:
        groups = [name for name in listed(transform.get("groupby")) if isinstance(name, str)]
        return new_fields.union(groups, map(_first, groups))
    return None if fields is None else fields | new_fields


def _new_fields(transform: SpecView) -> FieldNames:
    """Return the fields that a transform creates, or None if it does not name them."""
    kind = _transform_kind(transform) or ""
    if kind == "pivot" or transform.get("params"):
        return None
    if kind in ("filter", "sample", "extent", "impute"):
        return frozenset()
    if kind in ("aggregate", "joinaggregate", "window"):
        names: Iterable[JsonValue] = [mapping(part).get("as") for part in listed(transform[kind])]
    else:
        as_names = transform.get("as")
        names = listed(as_names) or ((as_names,) if as_names else ())
        if kind == "lookup":
            names = names or listed(mapping(transform.get("from")).get("fields"))
        elif kind in ("loess", "regression"):
            names = names or (transform.get("on"), transform[kind])
        elif kind == "flatten":
            names = (*names, *listed(transform[kind]))
        else:
            names = (*names, *_MAKES.get(kind, ()))
        if not names:
            return None
    texts = [name for name in names if isinstance(name, str)]
    if len(texts) < len(list(names)):
        return None
    ends = ("_end", "_range") if kind in ("bin", "stack", "timeUnit") else ()
    return frozenset([*texts, *map(_first, texts), *(f"{name}{end}" for name in texts for end in ends)])


def _require(
    path: str, name: JsonValue, fields: FieldNames, *, made: bool = False, flat: bool = True
) -> None:
    """Raise an error if the rows definitely lack a field.

    `made`: fields that Vega-Lite may have created are accepted. `flat`: dots may be part of a field's name.
    """
    if fields is None or not isinstance(name, str) or name in ("", "*") or (flat and name in fields):
        return
    first = _first(name)
    if not first or first in fields or (made and _is_made(first, fields)):
        return
    if not fields:
        problem = f"{path} uses the field {name!r}, but data is missing; {_GIVE}"
        raise ArgumentError("spec", problem)
    if name in fields:
        written = re.sub(r"[.\[\]]", r"\\\g<0>", name)
        problem = (
            f"{path}: field {name!r} refers to a field inside {first!r}; for the field with this full name, "
            f"write {written!r}"
        )
        raise ArgumentError("spec", problem)
    near = nearest(first, fields, 0.5)
    hint = f"did you mean {near!r}? " if near else ""
    names = ", ".join(repr(one) for one in sorted(fields)[:30])
    raise ArgumentError("spec", f"{path}: field {first!r} is not in the data; {hint}fields are {names}")


def _first(name: str) -> str:
    """Return the first part of the path to a field, without escapes."""
    match = _PATH.match(name)
    return re.sub(r"\\(.)", r"\1", match[0]) if match else ""


def _is_made(name: str, fields: Iterable[str]) -> bool:
    """Return whether Vega-Lite may have created a field, judging by its name, such as sum_sales or sales_end."""
    return name.startswith("__") or any(
        name.startswith(f"{one}_") or name.endswith(f"_{one}") for one in fields
    )
