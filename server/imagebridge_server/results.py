"""From a tool's answer to a `CallToolResult` that every host takes."""

import json

from mcp.types import CallToolResult, TextContent

from imagebridge import tool_result
from imagebridge.translate.encode import within
from imagebridge.translate.picture import Picture
from imagebridge_tools import Answer
from imagebridge_tools.answer import described

LIMIT = 900_000
"""Characters of a whole result: Claude Desktop refuses more than 1,048,576 (fastmcp#1036, 2026-11), frames included."""

_FRAME = 2_000
"""Characters left for what surrounds the blocks, and for the words on what was made smaller."""


def success(answer: Answer) -> CallToolResult:
    """Return the sentence and the pictures, made smaller where they are too large together, which is said."""
    room = LIMIT - _FRAME - len(json.dumps(answer.sentence))
    share = room // max(1, len(answer.pictures)) // 4 * 3
    shown = [within(picture, share) for picture in answer.pictures]
    changes = [_change(old, new) for old, new in zip(answer.pictures, shown, strict=True) if old is not new]
    return CallToolResult.model_validate(tool_result(" ".join([answer.sentence, *changes]), *shown))


def failure(problem: str) -> CallToolResult:
    """Return an error that a model can act on."""
    return CallToolResult(content=[TextContent(text=problem)], is_error=True)


def _change(old: Picture, new: Picture) -> str:
    if (old.width, old.height) == (new.width, new.height):
        return f"Shown as {described(new)} to fit a result."
    return (
        f"Shown as {described(new)}, of {old.width}x{old.height}; "
        f"multiply coordinates by {old.width / new.width:.4g}."
    )
