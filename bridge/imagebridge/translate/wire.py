"""The shapes on both sides: MCP results as JSON in, parts of the Responses API out.

MCP content is the same in protocol 2025-11-25 and 2026-07-28. Servers send less, more and other than
the types say, so the types here are `object` until looked at.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeGuard, cast

if TYPE_CHECKING:
    from openai.types.responses import ResponseFunctionCallOutputItemParam
    from openai.types.responses.response_input_item_param import FunctionCallOutput as FunctionCallOutputParam

    Part = ResponseFunctionCallOutputItemParam
    FunctionCallOutput = FunctionCallOutputParam

JSON = Mapping[str, object]
"""A JSON object whose values have not been looked at yet."""

URI = "imagebridge/uri"
"""In the `_meta` of a picture: what its server calls it, and takes in its place."""

_RESULT_KEYS = {"content", "structuredContent", "isError", "_meta", "resultType", "toolResult"}


def is_json(value: object) -> TypeGuard[JSON]:
    """Tell whether `value` is a JSON object."""
    # A dict first: asking for the abstract type costs ten times as much.
    return isinstance(value, (dict, Mapping))


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """Tell whether `value` is a JSON array."""
    return isinstance(value, (list, tuple))


def result_json(result: object) -> JSON:
    """Return a tool result as its JSON object: `result` is that already, or a `CallToolResult` of any mcp version.

    Raises:
        TypeError: something else came; the message names it.
    """
    result = dumped(result)
    if not is_json(result):
        raise TypeError(f"a tool result is a CallToolResult or its JSON object, not {type(result).__name__}")
    if result and not _RESULT_KEYS & result.keys():
        hint = '; a single block goes into {"content": [...]}' if "type" in result else ""
        raise TypeError(
            f"a tool result has `content`; this object has {', '.join(sorted(map(str, result)))}{hint}"
        )
    return result


def tool_json(tool: object) -> JSON:
    """Return a tool's definition as its JSON object: `tool` is that already, or a `Tool` of any mcp version.

    Raises:
        TypeError: something else came; the message names it.
    """
    tool = dumped(tool)
    if not is_json(tool) or not isinstance(tool.get("name"), str):
        raise TypeError(f"a tool is an MCP Tool or its JSON object with a name, not {type(tool).__name__}")
    return tool


def dumped(value: object) -> object:
    """Return the JSON of a model of the SDK, and anything else as it is."""
    dump = None if is_json(value) else getattr(value, "model_dump", None)
    return cast("object", dump(mode="json", by_alias=True, exclude_none=True)) if dump else value


def text_of(value: JSON, key: str) -> str:
    """Return the string under `key`, or an empty one where there is none."""
    found = value.get(key)
    return found if isinstance(found, str) else ""


def input_text(text: str) -> "Part":
    """Return a text part. Half surrogates, which JSON can write and UTF-8 cannot, become U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return {"type": "input_text", "text": text}
