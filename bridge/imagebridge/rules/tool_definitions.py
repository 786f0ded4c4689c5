"""Rules about tool definitions, and about the names of functions that are called."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from imagebridge.facts.limits import MAX_NAME, MAX_TOOLS
from imagebridge.rules import sources
from imagebridge.rules.body import Body, Tool
from imagebridge.rules.rule import Breach, Rule
from imagebridge.schemas.malformed import LISTS, MAPS, ONES
from imagebridge.schemas.schema import COMBINATIONS, kinds, nodes
from imagebridge.schemas.strict import strict_problem
from imagebridge.wire import JSON, as_list, as_object, as_string

NAME = rf"^[a-zA-Z0-9_-]{{1,{MAX_NAME}}}$"

KNOWN: Mapping[str, frozenset[str]] = {
    "responses": frozenset(
        {
            "type",
            "name",
            "description",
            "parameters",
            "strict",
            "allowed_callers",
            "async",
            "defer_loading",
            "output_schema",
        }
    ),
    "chat": frozenset({"name", "description", "parameters", "strict"}),
}


def _wrong_types(body: Body) -> Iterator[Breach]:
    for index, tool in enumerate(as_list(body.fields.get("tools"))):
        if not as_string((as_object(tool) or {}).get("type")):
            path = f"tools[{index}].type"
            yield Breach(path, f"Missing required parameter: '{path}'.", code="missing_required_parameter")


def _bad_name(path: str, name: str) -> Iterator[Breach]:
    if not name:
        yield Breach(path, f"Missing required parameter: '{path}'.", code="missing_required_parameter")
    elif len(name) > MAX_NAME:
        yield Breach(
            path,
            f"Invalid '{path}': string too long. Expected a string with maximum length {MAX_NAME}, "
            f"but got a string with length {len(name)} instead.",
            code="string_above_max_length",
        )
    elif not re.fullmatch(NAME, name):
        yield Breach(
            path,
            f"Invalid '{path}': string does not match pattern. "
            "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
        )


def _names(body: Body) -> Iterator[Breach]:
    for tool in body.tools:
        yield from _bad_name(f"{tool.path}.name", as_string(tool.fields.get("name")))
    for item in body.items:
        if item.type == "function_call":
            yield from _bad_name(f"{item.path}.name", as_string(item.fields.get("name")))
        for index, call in enumerate(as_list(item.fields.get("tool_calls"))):
            function = as_object((as_object(call) or {}).get("function"))
            if item.type == "assistant" and function is not None:
                path = f"{item.path}.tool_calls[{index}].function.name"
                yield from _bad_name(path, as_string(function.get("name")))


def _twice(body: Body) -> Iterator[Breach]:
    seen: set[tuple[str, str]] = set()
    for tool in body.tools:
        name = as_string(tool.fields.get("name"))
        if name and (tool.namespace, name) in seen:
            path = f"{tool.path}.name"
            yield Breach(path, f"Invalid '{path}': the name '{name}' is already taken by another tool.")
        seen.add((tool.namespace, name))


def _many(body: Body) -> Iterator[Breach]:
    count = len(as_list(body.fields.get("tools")))
    if count > MAX_TOOLS:
        yield Breach(
            "tools",
            f"Invalid 'tools': array too long. Expected an array with maximum length {MAX_TOOLS}, "
            f"but got an array with length {count} instead.",
            code="array_above_max_length",
        )


def _schemas(problem: Callable[[Tool, JSON], str]) -> Callable[[Body], Iterator[Breach]]:
    """Return a check that finds definitions in whose schema `problem` finds a problem."""

    def check(body: Body) -> Iterator[Breach]:
        for tool in body.tools:
            schema = as_object(tool.fields.get("parameters"))
            if schema is not None and (problem_text := problem(tool, schema)):
                message = (
                    f"Invalid schema for function '{as_string(tool.fields.get('name'))}': {problem_text}"
                )
                yield Breach(f"{tool.path}.parameters", message, code="invalid_function_parameters")

    return check


def _objects(body: Body) -> Iterator[Breach]:
    for tool in body.tools:
        schema = tool.fields.get("parameters")
        if schema is not None and as_object(schema) is None:
            path = f"{tool.path}.parameters"
            yield Breach(path, f"Invalid type for '{path}': expected an object.", code="invalid_type")
    yield from _schemas(_schema_problem)(body)


def _schema_problem(_: Tool, schema: JSON) -> str:
    """Return the first problem in the schema of a tool's parameters, or "" if there is none."""
    if schema.get("type") != "object":
        return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{schema.get('type')}\"'."
    properties = schema.get("properties")
    if properties is None:
        return "In context=(), object schema missing properties."
    if not isinstance(properties, dict):
        return f"{json.dumps(properties)} is not of type 'object'."
    return next(
        filter(None, (_node(as_object(node)) for _, node in nodes(schema, (*LISTS, *MAPS, *ONES)))), ""
    )


def _node(schema: JSON | None) -> str:
    """Return the first value of the wrong type in one of the schemas, or directly inside it, as a message."""
    for key in MAPS if schema else ():
        held = (schema or {}).get(key, {})
        if not isinstance(held, dict):
            return f"{json.dumps(held)} is not of type 'object'."
        for value in cast("JSON", held).values():
            if not isinstance(value, dict | bool):
                return f"{json.dumps(value)} is not of type 'object', 'boolean'."
    required = (schema or {}).get("required", [])
    return "" if isinstance(required, list) else f"{json.dumps(required)} is not of type 'array'."


def _combined(_: Tool, schema: JSON) -> str:
    if not set(COMBINATIONS) & set(schema):
        return ""
    return (
        "schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level."
    )


def _without_items(_: Tool, schema: JSON) -> str:
    for place, node in nodes(schema):
        one = as_object(node)
        if one is not None and "array" in kinds(one) and "items" not in one:
            return f"In context={place}, array schema missing items."
        if one is not None and isinstance(one.get("items"), list):
            return f"{json.dumps(one['items'])} is not of type 'object', 'boolean'."
    return ""


def _strict(tool: Tool, schema: JSON) -> str:
    return strict_problem(schema) if tool.fields.get("strict") is True else ""


def _unknown_parameters(body: Body) -> Iterator[Breach]:
    for tool in body.tools:
        for name in tool.fields:
            if name not in KNOWN[body.api]:
                path = f"{tool.path}.{name}"
                yield Breach(path, f"Unknown parameter: '{path}'.", code="unknown_parameter")


DEFINITIONS: tuple[Rule, ...] = (
    Rule(
        "too-many-tools",
        f"A request must have at most {MAX_TOOLS} tools.",
        "reported",
        sources.issue("vishalmysore/Tools4AI", 16),
        _many,
    ),
    Rule("tool-type", "A tool must have a type.", "documented", sources.TYPES, _wrong_types),
    Rule("tool-name", f"A tool's name must match {NAME}.", "documented", sources.FUNCTIONS, _names),
    Rule("tool-twice", "No two tools in a namespace may have the same name.", "ours", sources.OURS, _twice),
    Rule(
        "tool-field",
        "A tool definition must have only documented fields.",
        "ours",
        sources.TYPES,
        _unknown_parameters,
    ),
    Rule(
        "tool-schema",
        "Parameters must be a JSON Schema of type object.",
        "reported",
        sources.issue("vercel/ai", 7005),
        _objects,
    ),
    Rule(
        "schema-combination",
        "Parameters must not have oneOf, anyOf, allOf, enum or not at the top level.",
        "reported",
        sources.issue("langchain-ai/langchainjs", 9804),
        _schemas(_combined),
    ),
    Rule(
        "array-items",
        "An array in the parameters must have items, which must be a single schema.",
        "reported",
        sources.issue("mark3labs/mcphost", 35),
        _schemas(_without_items),
    ),
    Rule(
        "strict-schema",
        "With strict, each object must be closed and require all its properties.",
        "reported",
        sources.issue("lastmile-ai/openai-agents-mcp", 2),
        _schemas(_strict),
    ),
)
