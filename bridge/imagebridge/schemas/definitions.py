"""Converts MCP tools to tool definitions for OpenAI, with names that the API accepts and that can be mapped back."""

import re
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING, overload

from imagebridge.errors import ToolLimitError, counted
from imagebridge.facts.limits import MAX_NAME, MAX_TOOLS
from imagebridge.wire import JSON, text_of, tool_json

from .schema import full_description, parameters
from .strict import satisfies_strict

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionFunctionToolParam
    from openai.types.responses import FunctionToolParam, ToolParam
    from openai.types.responses.namespace_tool_param import Tool
    from openai.types.shared_params import FunctionDefinition


@overload
def responses_tools(tools: Iterable[object], namespace: None = None) -> "list[FunctionToolParam]": ...
@overload
def responses_tools(tools: Iterable[object], namespace: str) -> "list[ToolParam]": ...
def responses_tools(
    tools: Iterable[object], namespace: str | None = None
) -> "list[FunctionToolParam] | list[ToolParam]":
    """Return definitions for `client.responses.create(tools=...)`, in the order of `tools`.

    The schemas accept everything they accepted before: parts that the API accepts without strict mode are
    unchanged, and combinations at the top level (oneOf, anyOf, allOf, enum, not), which it refuses, move into the
    description. `strict` is true only if a schema satisfies strict mode unchanged.

    Args:
        tools: MCP tools: `mcp.types.Tool` of any version, or their JSON.
        namespace: the name of a group for the tools, which the model finds by tool search when it needs them
            (gpt-5.4 and newer). Use it for more than 128 tools, which the API would otherwise refuse. None means
            no group.

    Raises:
        TypeError: one of `tools` is neither.
        ToolLimitError: more than 128 tools without a namespace.
    """
    named_tools = _with_legal_names(tools)
    if namespace is not None:
        deferred: list[Tool] = [
            {**_definition(tool, name), "defer_loading": True} for name, tool in named_tools
        ]
        described = f"{counted(len(deferred), 'tool')} of {namespace}"
        return [
            {"type": "namespace", "name": _legal(namespace), "description": described, "tools": deferred},
            {"type": "tool_search"},
        ]
    _check_number(named_tools)
    return [_definition(tool, name) for name, tool in named_tools]


def chat_tools(tools: Iterable[object]) -> "list[ChatCompletionFunctionToolParam]":
    """Return definitions for `client.chat.completions.create(tools=...)`; see `responses_tools`.

    Args:
        tools: MCP tools: `mcp.types.Tool` of any version, or their JSON.

    Raises:
        TypeError: one of `tools` is neither an MCP tool nor its JSON.
        ToolLimitError: more than 128 tools.
    """
    named_tools = _with_legal_names(tools)
    _check_number(named_tools)
    definitions: list[ChatCompletionFunctionToolParam] = []
    for name, tool in named_tools:
        flat = _definition(tool, name)
        function: FunctionDefinition = {
            "name": name,
            "description": flat.get("description") or "",
            "parameters": flat["parameters"] or {},
            "strict": bool(flat["strict"]),
        }
        definitions.append({"type": "function", "function": function})
    return definitions


def tool_names(tools: Iterable[object]) -> dict[str, str]:
    """Return a mapping from each tool's legal name to its server's name, to translate function calls back.

    Args:
        tools: MCP tools: `mcp.types.Tool` of any version, or their JSON.

    Raises:
        TypeError: one of `tools` is neither an MCP tool nor its JSON.
    """
    originals = [text_of(tool_json(tool), "name") for tool in tools]
    return dict(zip(_legal_names(originals), originals, strict=True))


def _with_legal_names(tools: Iterable[object]) -> list[tuple[str, JSON]]:
    """Return each tool's JSON with its valid name. The API refuses repeated names, so the last one is used."""
    by_name = {text_of(tool, "name"): tool for tool in map(tool_json, tools)}
    return list(zip(_legal_names(list(by_name)), by_name.values(), strict=True))


def _check_number(named_tools: list[tuple[str, JSON]]) -> None:
    if len(named_tools) > MAX_TOOLS:
        raise ToolLimitError(len(named_tools), MAX_TOOLS)


def _definition(tool: JSON, name: str) -> "FunctionToolParam":
    schema, left = parameters(tool.get("inputSchema"))
    return {
        "type": "function",
        "name": name,
        "description": full_description(text_of(tool, "description") or text_of(tool, "title"), left),
        "parameters": schema,
        "strict": not left and satisfies_strict(schema),
    }


def _legal_names(originals: list[str]) -> list[str]:
    """Return a valid name for each original. Valid names are kept; a changed name that collides gets a mark.

    If a mark collides too, it is replaced. All marks are computed from the originals, so a name never depends on
    the order of the other tools.
    """
    legal_names = {name: name if _legal(name) == name else "" for name in originals}
    marks = dict.fromkeys((name for name, legal in legal_names.items() if not legal), 0)
    while marks:
        legal_names |= {name: _marked(name, mark) if mark else _legal(name) for name, mark in marks.items()}
        held = Counter(legal_names.values())
        marks = {name: mark + 1 for name, mark in marks.items() if held[legal_names[name]] > 1}
    return [legal_names[name] for name in originals]


def _legal(name: str) -> str:
    """Replace characters that the API refuses; if a name is too long or becomes empty, add a suffix."""
    readable = re.sub(r"[^a-zA-Z0-9_-]+", "_", name)
    return readable if 0 < len(readable) <= MAX_NAME and readable.strip("_") else _marked(name, 1)


def _marked(name: str, mark: int) -> str:
    """Cut a name and append eight characters computed from its original and this `mark` (1, 2, ...)."""
    readable = re.sub(r"[^a-zA-Z0-9_-]+", "_", name).strip("_")[: MAX_NAME - 9]
    source = name.encode("utf-8", "surrogatepass") + b"\0" * (mark - 1)
    return f"{readable or 'tool'}_{sha256(source).hexdigest()[:8]}"
