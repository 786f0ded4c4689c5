"""Reports unknown words and values in a Vega-Lite spec, and suggests the most similar word in its schema."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from imagebridge.errors import ArgumentError, beginning, counted, nearest
from imagebridge_tools.tool_output import JsonValue, few

from . import vega_lite_schema
from .spec_views import COMPOSING, SpecView, listed, mapping
from .vega_lite_schema import Keys, Subschema

_TOLD = 3
"""The maximum number of mistakes that are reported; if there are more, the spec may be something else altogether."""

_NAMED = 60
"""The maximum number of words that are listed if none is similar."""

_ALIKE, _ALIKE_SHORT = 0.65, 0.5
"""The minimum similarity for suggesting a word, in general and for words of up to `_SHORT` letters; 1 means equal."""

_SHORT = 3

_MEANT: Mapping[str, tuple[str, ...]] = {
    "selection": ("params",),  # Names from Vega-Lite 4.
    **dict.fromkeys(("pie", "donut", "doughnut"), ("arc",)),
    **dict.fromkeys(("scatter", "scatterplot", "bubble", "dot"), ("point",)),
    **dict.fromkeys(("histogram", "column", "columns", "barh", "candle"), ("bar",)),
    "heatmap": ("rect",),
    "map": ("geoshape",),
    **dict.fromkeys(("box", "violin"), ("boxplot",)),
    **dict.fromkeys(("categorical", "category", "discrete", "string", "str", "text"), ("nominal",)),
    **dict.fromkeys(("number", "numeric", "numerical", "continuous", "integer", "float"), ("quantitative",)),
    **dict.fromkeys(("date", "datetime", "time"), ("temporal",)),
    **dict.fromkeys(("group", "hue", "series"), ("color",)),
    **dict.fromkeys(("label", "labels"), ("text",)),
    "std": ("stdev",),
    "var": ("variance",),
    "logarithmic": ("log",),
    **dict.fromkeys(("centre", "center"), ("middle", "center")),
    **dict.fromkeys(("greater", "greaterThan", "more", "above"), ("gt",)),
    **dict.fromkeys(("less", "lessThan", "below"), ("lt",)),
    **dict.fromkeys(("eq", "equals"), ("equal",)),
    "in": ("oneOf",),
}
"""Words that other tools and people use, and the Vega-Lite words that may be meant, if one of these is known."""

_ROWS = ("values", "datasets")
"""Keys whose values are rows; the names in rows mean nothing to Vega-Lite."""


_KINDS = {
    "string": "a text",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}
"""The names of JSON's types in messages."""


class Mistake(NamedTuple):
    """A mistake, and the distance between the wrong value and the nearest allowed one.

    For an unknown word, which is a key of the object at `path` or the text there, the message is built from `word` and
    the known `words`; for anything else, `problem` is the message.
    """

    path: str
    distance: float
    problem: str = ""
    word: str = ""
    words: tuple[str, ...] = ()
    is_key: bool = False

    def sentence(self) -> str:
        """Return the message for the model."""
        if self.problem:
            return self.problem
        near = _near(self.word, self.words)
        named = ", ".join(self.words[:_NAMED])
        more = f" and {len(self.words) - _NAMED} more" if len(self.words) > _NAMED else ""
        hint = f"did you mean {near!r}?" if near else f"known words are {named}{more}"
        return _located(self.path, f"Vega-Lite does not know {self.word!r}; {hint}")


class Checked(NamedTuple):
    """A spec in the form in which it is drawn, and remarks on its ignored parts."""

    spec: SpecView
    passed_over: str


def checked(spec: SpecView) -> Checked:
    """Return a spec that contains only words and values known to Vega-Lite.

    Links and wrong tooltips are ignored, because they are invisible in a picture; so are words that are newer than the
    drawing engine.

    Raises:
        ArgumentError: the spec contains other unknown words or values; the message names their positions and similar
        words.
    """
    conformance = vega_lite_schema.Conformance()
    if not conformance.fits(vega_lite_schema.root(), spec):
        problems = list(
            dict.fromkeys(
                mistake.sentence()
                for mistake in _MistakeFinder(conformance).find(vega_lite_schema.root(), spec, "")
            )
        )
        more = f"; and {len(problems) - _TOLD} more like these" if len(problems) > _TOLD else ""
        raise ArgumentError("spec", "; ".join(problems[:_TOLD]) + more)
    links = {*_links(spec)}  # The engine fails on some of them.
    engine = vega_lite_schema.document()["engine"]
    reasons = (
        (conformance.unshown, "because a picture has no tooltips"),
        (links, "because a picture has no links"),
        (conformance.newer, f"newer than the drawing engine (Vega-Lite {engine})"),
    )
    told = [(list(_paths(spec, keys, "")), reason) for keys, reason in reasons]
    passed_over = "".join(f"; ignored: {few(paths)}, {reason}" for paths, reason in told if paths)
    if unshown := conformance.unshown | links:
        spec = mapping(_without(spec, unshown))
    return Checked(spec, passed_over)


def _paths(value: JsonValue, keys: Keys, path: str) -> Iterator[str]:
    """Yield the paths of some keys; rows are not entered."""
    if keys and isinstance(value, Mapping):
        for key, inner in value.items():
            here = f"{path}.{key}" if path else key
            if (id(value), key) in keys:
                yield here
            elif key not in _ROWS:
                yield from _paths(inner, keys, here)
    elif keys:
        for number, inner in enumerate(listed(value)):
            yield from _paths(inner, keys, f"{path}[{number}]")


def _links(value: JsonValue) -> Iterator[tuple[int, str]]:
    """Yield the positions of links in marks and channels, except in rows and in definitions of how to read fields."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "href":
                yield id(value), key
            elif key not in (*_ROWS, "parse"):
                yield from _links(inner)
    else:
        for inner in listed(value):
            yield from _links(inner)


def _without(value: JsonValue, keys: Keys) -> JsonValue:
    """Return a value without some keys; rows are not entered."""
    if isinstance(value, Mapping):
        return {
            key: inner if key in _ROWS else _without(inner, keys)
            for key, inner in value.items()
            if (id(value), key) not in keys
        }
    return [_without(inner, keys) for inner in value] if isinstance(value, list | tuple) else value


class _MistakeFinder:
    """Finds the mistakes in values that do not fit the schema; among alternatives, in the most similar one."""

    def __init__(self, conformance: vega_lite_schema.Conformance) -> None:
        self._fitting = conformance
        self._found: dict[tuple[int, int], list[Mistake]] = {}

    def find(self, part: Subschema, value: JsonValue, path: str) -> list[Mistake]:
        """Return the mistakes in a value."""
        part = vega_lite_schema.resolved(part)
        if self._fitting.fits(part, value):
            return []
        if not isinstance(value, Mapping | list | tuple):
            return [_scalar([part, *vega_lite_schema.branches(part)], value, path)]
        key = (id(part), id(value))
        if key not in self._found:
            self._found[key] = self._of_branches(vega_lite_schema.branches(part), value, path)
        return self._found[key]

    def _of_branches(self, parts: list[Subschema], value: JsonValue, path: str) -> list[Mistake]:
        alike = [part for part in parts if vega_lite_schema.is_type(part, value)]
        if not alike:
            return [_other_kind(parts, value, path)]
        if not isinstance(value, Mapping):
            return min((self._of_list(part, listed(value), path) for part in alike), key=_distance)
        shapes = [_shape(part, value, path) for part in alike]
        apart = [_distance(shape) + _apart(part, value) for part, shape in zip(alike, shapes, strict=True)]
        found = [
            [*shape, *self._inside(part, value, path)]
            for part, shape, distance in zip(alike, shapes, apart, strict=True)
            if distance == min(apart)
        ]
        return [_widened(mistake, alike, value, path) for mistake in min(found, key=_distance)]

    def _inside(self, part: Subschema, value: SpecView, path: str) -> Iterator[Mistake]:
        for key, inner in value.items():
            if key != vega_lite_schema.UNSHOWN and (
                key in vega_lite_schema.properties(part) or not vega_lite_schema.closed(part)
            ):
                yield from self.find(vega_lite_schema.inner(part, key), inner, _within(path, key))

    def _of_list(self, part: Subschema, value: Sequence[JsonValue], path: str) -> list[Mistake]:
        if not vega_lite_schema.in_range(part, value):
            return [
                Mistake(
                    path,
                    1,
                    f"{path} has {counted(len(value), 'item')}; give {vega_lite_schema.bounds(part, 'Items')}",
                )
            ]
        items = mapping(part.get("items"))
        return [
            mistake
            for number, one in enumerate(value)
            for mistake in self.find(items, one, f"{path}[{number}]")
        ]


def _within(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _distance(mistakes: Iterable[Mistake]) -> float:
    return sum(mistake.distance for mistake in mistakes)


def _shape(part: Subschema, value: SpecView, path: str) -> list[Mistake]:
    """Return mistakes for keys of an object that its schema does not allow, and for required keys that are missing."""
    names = tuple(vega_lite_schema.properties(part))
    missing = [name for name in vega_lite_schema.required(part) if name not in value]
    mistakes: list[Mistake] = []
    for key in value if vega_lite_schema.closed(part) else ():
        if key not in names:
            near = _near(key, missing) or _near(key, names)
            if near in missing:
                missing.remove(near)
            mistakes.append(Mistake(path, 2 - _alike(key, near), word=key, words=names, is_key=True))
    return mistakes + [Mistake(path, 1.5, _located(path, f"{name!r} is missing")) for name in missing]


def _apart(part: Subschema, value: SpecView) -> float:
    """Return the distance between the words of an object and those that identify a schema, such as a type."""
    distance = 0.0
    for key, word in value.items():
        inner = vega_lite_schema.resolved(vega_lite_schema.inner(part, key))
        if (
            isinstance(word, str)
            and (allowed := vega_lite_schema.allowed_values(inner))
            and word not in allowed
        ):
            distance += 2 - _alike(word, _near(word, _allowed_words([inner])))
    return distance


def _widened(mistake: Mistake, parts: list[Subschema], value: SpecView, path: str) -> Mistake:
    """Add to a mistake the alternatives that the other branches of a choice allow."""
    if mistake.problem or not mistake.word:
        return mistake
    if not mistake.is_key:
        keys = [key for key in value if mistake.path == _within(path, key)]
        known = [
            branch
            for key in keys
            for part in parts
            for branch in vega_lite_schema.branches(vega_lite_schema.inner(part, key))
        ]
        return mistake._replace(words=_allowed_words(known)) if known else mistake
    if mistake.path != path:
        return mistake
    for part in parts:
        names = vega_lite_schema.properties(part)
        rivals = [key for key in value if key in mistake.words and key not in names]
        if mistake.word in names and rivals:
            composed = rivals[0] in COMPOSING or rivals[0] == "repeat"
            move = "set it in the inner charts" if composed else "leave one of them out"
            problem = _located(path, f"{mistake.word!r} cannot be combined with {rivals[0]!r}; {move}")
            return mistake._replace(problem=problem)
    if not _near(mistake.word, mistake.words):
        known = [name for part in parts for name in vega_lite_schema.properties(part)]
        return mistake._replace(words=tuple(known)) if _near(mistake.word, known) else mistake
    return mistake


def is_meant(word: str, words: Iterable[str]) -> bool:
    """Return whether an unknown key of a spec probably stands for one of these words."""
    known = {
        name
        for part in vega_lite_schema.branches(vega_lite_schema.root())
        for name in vega_lite_schema.properties(part)
    }
    return word not in known and _near(word, known) in words


def _located(path: str, problem: str) -> str:
    return f"{path}: {problem}" if path else problem


def _scalar(parts: list[Subschema], value: JsonValue, path: str) -> Mistake:
    """Return the mistake in a string, a number, a boolean or null."""
    for part in parts:
        if vega_lite_schema.is_type(part, value) and not vega_lite_schema.in_range(part, value):
            return Mistake(path, 1, f"{path} is {value}; give {vega_lite_schema.bounds(part, 'imum')}")
    choices = [part for part in parts if "anyOf" not in part]
    words = _allowed_words(choices)
    if (
        isinstance(value, str)
        and words
        and (_near(value, words) or all(map(vega_lite_schema.allowed_values, choices)))
    ):
        return Mistake(path, 1, word=value, words=words)
    return _other_kind(choices, value, path)


def _other_kind(parts: list[Subschema], value: JsonValue, path: str) -> Mistake:
    """Return a mistake that lists the kinds of values that would be allowed."""
    names = set[str]().union(*(vega_lite_schema.properties(part) for part in parts))
    if names >= {"field", "type"}:
        give = 'write {"field": ..., "type": ...}' + (' or {"value": ...}' if "value" in names else "")
    else:
        give = f"give {_or(_kinds(parts)) or 'another'}"
    shown = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    return Mistake(path, 2, f"{path} is {beginning(shown, 60)}; {give}")


def _kinds(parts: list[Subschema]) -> list[str]:
    """Describe the values that parts of the schema accept: single values, types, and objects by their required keys."""
    types = [name for part in parts if vega_lite_schema.allowed_values(part) is None for name in _types(part)]
    words = [word for part in parts for word in vega_lite_schema.allowed_values(part) or ()]
    kinds = [
        repr(word) if isinstance(word, str) else json.dumps(word) for word in words if "string" not in types
    ]
    kinds += [_KINDS.get(name, name) for name in types if name != "object"]
    objects = [
        part
        for part in parts
        if "object" in _types(part) and list(vega_lite_schema.properties(part)) != ["expr"]
    ]
    if objects:
        keys = dict.fromkeys(key for part in objects for key in (*vega_lite_schema.required(part),)[:1])
        kinds.append("an object" + (f" with {_or([repr(key) for key in keys])}" if keys else ""))
    return list(dict.fromkeys(kinds))


def _types(part: Subschema) -> list[str]:
    names = part.get("type")
    return [names] if isinstance(names, str) else [str(name) for name in listed(names)]


def _or(words: Sequence[str]) -> str:
    named = words if len(words) <= _NAMED else [*words[:_NAMED], "others"]
    return " or ".join(filter(None, (", ".join(named[:-1]), named[-1]))) if named else ""


def _allowed_words(parts: Iterable[Subschema]) -> tuple[str, ...]:
    """Return the words that parts of the schema allow, without duplicates."""
    words = (word for part in parts for word in vega_lite_schema.allowed_values(part) or ())
    return tuple(dict.fromkeys(word for word in words if isinstance(word, str)))


def _near(word: str, words: Iterable[str]) -> str:
    """Return the known word that an unknown word probably stands for, or an empty text."""
    folded = {known.casefold(): known for known in words}
    known = [meant for meant in _MEANT.get(word, ()) if meant.casefold() in folded]
    if known:
        return known[0]
    own = word.casefold()
    if near := nearest(word, folded.values(), _ALIKE if len(own) > _SHORT else _ALIKE_SHORT):
        return near
    begun = [one for one in folded if len(own) > _SHORT and one.startswith(own)]
    return folded[min(begun, key=len)] if begun else ""


def _alike(word: str, known: str) -> float:
    return SequenceMatcher(None, known.casefold(), word.casefold()).ratio() if known else 0
