"""Finds the parts of a Vega-Lite spec: its views, their marks and encodings, and its rows."""

from collections.abc import Iterator, Mapping, Sequence

from imagebridge.errors import ArgumentError
from imagebridge_tools.tool_output import JsonValue

SpecView = Mapping[str, JsonValue]

COMPOSING = ("layer", "concat", "hconcat", "vconcat")
"""Keys that contain a list of views."""


def views(spec: SpecView, path: str = "", depth: int = 20) -> Iterator[tuple[str, SpecView]]:
    """Yield every view of a spec and the path to its content, outermost first."""
    yield path, spec
    if depth:
        for inner, view in within(spec):
            yield from views(view, f"{path}{inner}", depth - 1)


def within(view: SpecView) -> Iterator[tuple[str, SpecView]]:
    """Yield the views directly inside a view, and the path to the content of each."""
    if isinstance(inner := view.get("spec"), Mapping):
        yield "spec.", inner
    for key in COMPOSING:
        for number, part in enumerate(listed(view.get(key))):
            if isinstance(part, Mapping):
                yield f"{key}[{number}].", part


def mark(view: SpecView) -> str | None:
    """Return the type of a view's mark, or None if it has none."""
    definition = view.get("mark")
    mark_type = definition.get("type") if isinstance(definition, Mapping) else definition
    return None if definition is None else str(mark_type)


def encoding(view: SpecView) -> SpecView:
    """Return the encoding of a view, by channel.

    Raises:
        ArgumentError: the encoding is not an object.
    """
    definitions = view.get("encoding", {})
    if not isinstance(definitions, Mapping):
        raise ArgumentError(
            "spec", 'encoding is not an object; write it as {"x": {"field": ..., "type": ...}}'
        )
    return definitions


def definitions(definition: JsonValue) -> Iterator[tuple[str, SpecView]]:
    """Yield the definition of a channel or each one in its list, and those of its conditions, with the path to each."""
    parts = [("", definition), *((f"[{number}]", part) for number, part in enumerate(listed(definition)))]
    for path, part in parts:
        if isinstance(part, Mapping):
            yield path, part
            for inner, condition in definitions(part.get("condition")):
                yield f"{path}.condition{inner}", condition


def rows(spec: SpecView) -> list[SpecView]:
    """Return the rows in a spec."""
    return [row for row in listed(mapping(spec.get("data")).get("values")) if isinstance(row, Mapping)]


def mapping(value: JsonValue) -> SpecView:
    """Return the value as a dict, or an empty dict if it is not an object."""
    return value if isinstance(value, Mapping) else {}


def listed(value: JsonValue) -> Sequence[JsonValue]:
    """Return the value if it is a list, or else an empty list."""
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()
