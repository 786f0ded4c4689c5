"""Converts a tool's JSON Schema to a form that OpenAI's API accepts without strict mode, allowing the same arguments.

The API reads a schema as JSON Schema 2020-12 but also refuses some valid schemas, with 400
`invalid_function_parameters` (reports of 2024-07 to 2026-07, read 2026-11-22): a combination at the top level
(langchain-ai/langchainjs#9804), an array without `items` (sigoden/aichat#1049), even if it has `prefixItems`
(AnswerDotAI/fastcore#798), `items` that is a list, as Draft 7 writes a tuple (vercel/ai#2271), and null for a
keyword, as Go writes empty values (coaidev/coai#110).
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imagebridge.wire import JSON, is_json, is_list

from .malformed import LISTS, MAPS, ONES, sound

COMBINATIONS = ("oneOf", "anyOf", "allOf", "enum", "not")
"""Keywords that are not allowed at the top level of a schema."""

_INNER = (*LISTS, *MAPS, *ONES)
_NULLABLE = ("const", "default")

_DESCRIPTION = 1_024
"""The maximum length of a description that includes a schema: OpenAI refused longer ones until 2025, and Azure
has refused them since then (langchain-ai/open_deep_research#80, 2025-04)."""


def parameters(schema: object) -> tuple[dict[str, object], dict[str, object]]:
    """Return a tool's `inputSchema` as the `parameters` of a definition, and the combinations left out of them.

    The parameters are an object with properties, even if the tool takes none. A property named only in a combination
    or a reference is added to them.
    """
    normalized = _normalized(sound(schema))
    named = _object(normalized, normalized, {})
    left = {key: normalized[key] for key in COMBINATIONS if key in normalized}
    schema_fields = {key: value for key, value in normalized.items() if key not in left}
    if left and named.required:
        schema_fields["required"] = named.required
    if any(is_json(node) and is_list(node.get("items")) for _, node in nodes(schema, _INNER)):
        schema_fields.pop("$schema", None)  # A tuple is no longer written as in older drafts.
    return {**schema_fields, "type": "object", "properties": named.properties}, left


def full_description(description: str, left: JSON) -> str:
    """Return a tool's description with the combinations that its parameters omit, as JSON if it is short enough."""
    if not left:
        return description
    written = json.dumps(left, ensure_ascii=False, separators=(",", ":"))
    text = f"{description}\n\nThe arguments together must also match this JSON Schema: {written}".lstrip()
    if len(text) <= _DESCRIPTION:
        return text
    return f"{description}\n\nNot every combination of arguments is valid; the tool says what is missing.".lstrip()


def nodes(
    schema: object, into: Sequence[str] = ("properties", "items", "anyOf")
) -> Iterator[tuple[tuple[str, ...], object]]:
    """Yield a schema and those inside it, each with its position as the API's messages write it."""
    waiting: list[tuple[tuple[str, ...], object]] = [((), schema)]
    while waiting:
        place, node = waiting.pop()
        yield place, node
        if not is_json(node):
            continue
        inner: list[tuple[tuple[str, ...], object]] = []
        for key in into:
            value = node.get(key)
            if key in MAPS and is_json(value):
                inner += [((*place, key, name), one) for name, one in value.items()]
            elif key in LISTS and is_list(value):
                inner += [((*place, key, str(at)), one) for at, one in enumerate(value)]
            elif key in ONES and key in node:
                inner.append(((*place, key), value))
        waiting += reversed(inner)


def kinds(node: JSON) -> tuple[object, ...]:
    """Return the types that a schema names."""
    types = node.get("type")
    return tuple(types) if is_list(types) else (types,)


def _normalized(schema: JSON) -> dict[str, object]:
    """Return a schema in which every array has `items` and no keyword is null."""
    normalized = {key: value for key, value in schema.items() if value is not None or key in _NULLABLE}
    if not is_list(normalized.get("required", [])):
        del normalized["required"]  # Draft 3 wrote `required: true` at the property itself.
    if is_list(first := normalized.get("items")):
        normalized |= {"prefixItems": first, "items": normalized.pop("additionalItems", {})}
    if "array" in kinds(normalized):
        normalized.setdefault("items", {})
    return {key: _inner(key, value) for key, value in normalized.items()}


def _inner(key: str, value: object) -> object:
    if key in MAPS and is_json(value):
        return {name: _one(inner) for name, inner in value.items()}
    if key in LISTS and is_list(value):
        return [_one(inner) for inner in value]
    return _one(value) if key in ONES else value


def _one(value: object) -> object:
    """Return an inner schema; anything else, such as null, is ignored."""
    if is_json(value):
        return _normalized(value)
    return value if isinstance(value, bool) else {}


@dataclass(frozen=True, slots=True)
class _ObjectShape:
    """The features shared by all objects that a schema accepts: a schema for each property, and the required ones."""

    properties: dict[str, object]
    required: list[str]
    closed: bool
    """Whether no other properties are allowed."""


_ANYTHING = _ObjectShape({}, [], closed=False)


def _object(schema: object, root: JSON, read: dict[str, _ObjectShape]) -> _ObjectShape:
    """Read the object that a schema describes, through its combinations and its references into `root`.

    `read` contains the references that were followed: each is followed once, and a circular one is ignored.
    """
    if not is_json(schema):
        return _ObjectShape({}, [], schema is False)
    properties = schema.get("properties")
    required = schema.get("required")
    own = _ObjectShape(
        dict(properties) if is_json(properties) else {},
        [name for name in required if isinstance(name, str)] if is_list(required) else [],
        schema.get("additionalProperties") is False and "patternProperties" not in schema,
    )
    every = [own]
    reference = schema.get("$ref")
    if isinstance(reference, str):
        if reference not in read:
            read[reference] = _ANYTHING
            read[reference] = _object(_target(reference, root), root, read)
        every.append(read[reference])
    all_of = schema.get("allOf")
    every += [_object(one, root, read) for one in all_of] if is_list(all_of) else []
    for key in ("anyOf", "oneOf"):
        branches = schema.get(key)
        if is_list(branches) and branches:
            every.append(_either([_object(one, root, read) for one in branches]))
    return _both(every)


def _target(reference: str, root: JSON) -> object:
    """Return the schema that a reference such as `#/$defs/NAME` points to; other references are not followed."""
    where, _, name = reference.removeprefix("#/").partition("/")
    held = root.get(where) if where in ("$defs", "definitions") else None
    return held.get(name) if is_json(held) else None


def _both(every: list[_ObjectShape]) -> _ObjectShape:
    """Combine `every` shape, as `allOf` does; of two schemas for a property, use the first."""
    properties: dict[str, object] = {}
    for one in every:
        properties = {**properties, **one.properties, **properties}
    required = dict.fromkeys(name for one in every for name in one.required)
    return _ObjectShape(properties, list(required), any(one.closed for one in every))


def _either(branches: list[_ObjectShape]) -> _ObjectShape:
    """Return the features that all of `branches` share, as for `anyOf`."""
    properties: dict[str, object] = {}
    for name in dict.fromkeys(name for one in branches for name in one.properties):
        schemas: list[object] = []
        for one in branches:
            # A branch that allows other properties accepts anything there.
            inner = one.properties.get(name, None if one.closed else {})
            if inner is not None and inner not in schemas:
                schemas.append(inner)
        properties[name] = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    required = [name for name in branches[0].required if all(name in one.required for one in branches)]
    return _ObjectShape(properties, required, all(one.closed for one in branches))
