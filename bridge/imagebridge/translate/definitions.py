"""MCP tools become tool definitions for OpenAI, under names that the API takes and that lead back."""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING

from .wire import JSON, is_json, text_of, tool_json

if TYPE_CHECKING:
    from openai.types.responses import FunctionToolParam

MAX_NAME = 64
"""Characters of a function's name, of a-z A-Z 0-9 _ - (`FunctionDefinition` in openai 3.54, 2026-11-17)."""


def responses_tools(tools: Iterable[object]) -> "list[FunctionToolParam]":
    """Return definitions for `client.responses.create(tools=...)`, in the order of `tools`.

    `tools` are MCP tools (`mcp.types.Tool` or their JSON). Schemas stay as they are, with `strict`
    false: few MCP schemas satisfy strict mode, and the API would otherwise try it.

    Raises:
        TypeError: one of `tools` is something else.
    """
    found = [tool_json(tool) for tool in tools]
    names = _legal_names([text_of(tool, "name") for tool in found])
    return [_definition(tool, name) for tool, name in zip(found, names, strict=True)]


def tool_names(tools: Iterable[object]) -> dict[str, str]:
    """Return the legal name of each of `tools` with the name its server knows: the way back from a function call.

    Raises:
        TypeError: one of `tools` is neither an MCP tool nor its JSON.
    """
    originals = [text_of(tool_json(tool), "name") for tool in tools]
    return dict(zip(_legal_names(originals), originals, strict=True))


def _definition(tool: JSON, name: str) -> "FunctionToolParam":
    return {
        "type": "function",
        "name": name,
        "description": text_of(tool, "description") or text_of(tool, "title"),
        "parameters": _parameters(tool.get("inputSchema")),
        "strict": False,
    }


def _parameters(schema: object) -> dict[str, object]:
    """Return the schema of the arguments; the API wants an object with properties, also where a tool takes none."""
    found = dict(schema) if is_json(schema) else {}
    return {**found, "type": "object", "properties": found.get("properties") or {}}


def _legal_names(originals: list[str]) -> list[str]:
    """Return a legal name for each original. What is legal stays; what was changed and now collides gets a mark.

    The mark is made from the original, so a name never depends on the other tools' order.
    """
    kept = {name for name in originals if _legal(name) == name}
    changed = [_legal(name) for name in dict.fromkeys(originals) if name not in kept]
    taken = kept | {name for name in changed if changed.count(name) > 1}
    return [
        name if name in kept else _marked(name) if _legal(name) in taken else _legal(name)
        for name in originals
    ]


def _legal(name: str) -> str:
    """Replace what the API refuses; a name that is too long or left with nothing is marked."""
    readable = re.sub(r"[^a-zA-Z0-9_-]+", "_", name)
    return readable if 0 < len(readable) <= MAX_NAME and readable.strip("_") else _marked(name)


def _marked(name: str) -> str:
    """Cut a name and end it with eight characters that belong to this original alone."""
    readable = re.sub(r"[^a-zA-Z0-9_-]+", "_", name).strip("_")[: MAX_NAME - 9]
    return f"{readable or 'tool'}_{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
