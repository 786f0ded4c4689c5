"""A raw `tools/list` result becomes one that the SDK accepts: one malformed tool costs neither the others nor itself."""

import logging
from collections.abc import Sequence
from typing import Any

from mcp.types import Tool
from pydantic import ValidationError

from imagebridge.translate.wire import JSON, is_json, is_list, text_of

_LOG = logging.getLogger(__name__)


def relisted(result: JSON) -> JSON:
    """Return `result` as it is where every tool in it is valid, else a copy in which each is.

    What is invalid of a tool is left out of it. A tool that cannot be called, for it has no name, is left
    out, and a warning logged.
    """
    tools = result.get("tools")
    listed: Sequence[object] = tools if is_list(tools) else ()
    mended = [_mended(tool) for tool in listed]
    if is_list(tools) and all(new is old for new, old in zip(mended, listed, strict=True)):
        return result
    return {**result, "tools": [tool for tool in mended if tool is not None]}


def _mended(tool: object) -> JSON | None:
    """Return a valid tool, the very same where nothing is wrong with it, None where it cannot be called."""
    name = text_of(tool, "name") if is_json(tool) else ""
    if not is_json(tool) or not name:
        _LOG.warning("a tool without a name is left out: %.200r", tool)
        return None
    made: dict[str, Any] = dict(tool)
    schema = made.get("inputSchema")
    # The protocol wants an object; some servers write {} or nothing for a tool without arguments.
    if not is_json(schema) or schema.get("type") != "object":
        made["inputSchema"] = {**(schema if is_json(schema) else {}), "type": "object"}
    try:
        Tool.model_validate(made, by_name=False)
    except ValidationError as error:
        for key in {str(problem["loc"][0]) for problem in error.errors()}:
            made.pop(key, None)
    return tool if made == tool else made
