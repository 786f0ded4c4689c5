"""Checks whether a JSON Schema satisfies OpenAI's strict mode without changes.

Source: OpenAI's guide "Structured outputs", section "Supported schemas", read 2026-11-22: each object must list all of
its properties as required and allow no others, and only part of JSON Schema is supported.
"""

from imagebridge.wire import JSON, is_json, is_list

from .schema import kinds, nodes

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
"""The maximum number of properties in a schema."""

_FORMATS = frozenset(["date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uuid"])

_REFUSED = (
    "allOf",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "not",
    "oneOf",
    "then",
)
"""Keywords that are known to be refused: those in the guide, and oneOf (can1357/oh-my-pi#920)."""


def satisfies_strict(schema: object) -> bool:
    """Return whether `schema` can be sent with `strict: true`; if in doubt, False, which the API never refuses."""
    if not is_json(schema) or schema.get("type") != "object" or "anyOf" in schema:
        return False
    every = nodes(schema, ("properties", "items", "anyOf", "$defs", "definitions"))
    return all(at < _LIMIT and _is_strict(one) for at, (_, one) in enumerate(every))


def _is_strict(one: object) -> bool:
    """Return whether one level of a schema is certainly strict."""
    if not is_json(one) or not set(one) <= _KNOWN or "default" in one or _wrong(one):
        return False
    reference = one.get("$ref")
    if reference is not None:
        return isinstance(reference, str) and reference.startswith("#")
    return "type" in one or "anyOf" in one


def strict_problem(schema: object) -> str:
    """Return what strict mode is known to refuse in `schema`, in the API's words; "" if nothing.

    Sources besides the guide, read 2026-11-22: lastmile-ai/openai-agents-mcp#2 (additionalProperties), openai/codex#531
    (required), cyanheads/git-mcp-server#47 (formats), pydantic/pydantic-ai#4474 (type). A `default` is accepted
    (openai/openai-agents-python#4390, 2026-08).
    """
    for place, one in nodes(schema):
        if is_json(one) and (problem := _wrong(one)):
            return f"In context={place}, {problem}"
    return ""


def _wrong(one: JSON) -> str:
    """Return what strict mode refuses at one level of a schema, or ""."""
    if refused := [key for key in _REFUSED if key in one]:
        return f"'{refused[0]}' is not permitted."
    if not {"type", "$ref", "anyOf", "const"} & set(one):
        return "schema must have a 'type' key."
    form = one.get("format")
    if form is not None and not (isinstance(form, str) and form in _FORMATS):
        return f"'{form}' is not a valid format."
    if "array" in kinds(one) and "items" not in one:
        return "array schema missing items."
    return _open(one) if "object" in kinds(one) else ""


def _open(one: JSON) -> str:
    """Return what is missing for an object to be closed and complete, or ""."""
    if one.get("additionalProperties") is not False:
        return "'additionalProperties' is required to be supplied and to be false."
    properties, required = one.get("properties"), one.get("required")
    names = list(properties) if is_json(properties) else []
    named = list(required) if is_list(required) else []
    rule = "'required' is required to be supplied and to be an array including every key in properties."
    if missing := [name for name in names if name not in named]:
        return f"{rule} Missing '{missing[0]}'."
    extra = [name for name in named if name not in names]
    return f"{rule} Extra required key '{extra[0]}' supplied." if extra else ""
