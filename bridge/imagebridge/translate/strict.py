"""Whether a JSON Schema satisfies OpenAI's strict mode as it stands.

Source: OpenAI's guide "Structured outputs", section "Supported schemas", read 2026-11-22: each object names all
its properties as required and allows no others, and only a part of JSON Schema is known.
"""

from .wire import is_json, is_list

_KNOWN = frozenset(
    [
        "$defs",
        "$ref",
        "additionalProperties",
        "anyOf",
        "const",
        "default",
        "definitions",
        "description",
        "enum",
        "examples",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "items",
        "maxItems",
        "maximum",
        "minItems",
        "minimum",
        "multipleOf",
        "pattern",
        "properties",
        "required",
        "title",
        "type",
    ]
)
_LIMIT = 5_000
"""Properties of a schema at most."""


def satisfies_strict(schema: object) -> bool:
    """Tell whether `schema` may be sent with `strict: true`; where in doubt it says no, and nothing is refused."""
    if not is_json(schema) or schema.get("type") != "object" or "anyOf" in schema:
        return False
    waiting: list[object] = [schema]
    seen = 0
    while waiting:
        one = waiting.pop()
        seen += 1
        if not is_json(one) or seen > _LIMIT or not _is_strict(one):
            return False
        for key in ("properties", "$defs", "definitions"):
            inner = one.get(key)
            waiting += inner.values() if is_json(inner) else []
        any_of = one.get("anyOf")
        waiting += any_of if is_list(any_of) else []
        waiting += [one["items"]] if "items" in one else []
    return True


def _is_strict(one: object) -> bool:
    """Tell whether one level of a schema is strict."""
    if not is_json(one) or not set(one) <= _KNOWN or "default" in one:
        return False
    if (
        "type" not in one
        and "$ref" not in one
        and "anyOf" not in one
        and "enum" not in one
        and "const" not in one
    ):
        return False
    kinds = one.get("type")
    if kinds != "object" and not (is_list(kinds) and "object" in kinds):
        return True
    properties, required = one.get("properties"), one.get("required")
    names = set(properties) if is_json(properties) else set[str]()
    named = set(required) if is_list(required) else set[object]()
    return one.get("additionalProperties") is False and names == named
