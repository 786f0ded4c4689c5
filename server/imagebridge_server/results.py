"""From a tool's answer to a `CallToolResult` that every host takes."""

import json
from typing import Any

from mcp.types import CallToolResult, TextContent

from imagebridge import tool_result
from imagebridge.translate.encode import within
from imagebridge.translate.picture import Picture, encode
from imagebridge_tools import Answer
from imagebridge_tools.answer import File, described

LIMIT = 900_000
"""Characters of a whole result: Claude Desktop refuses more than 1,048,576 (fastmcp#1036, 2026-11), frames included."""

_FRAME = 2_000
"""Characters left for what surrounds the blocks, and for the words on what was made smaller."""


def success(answer: Answer) -> CallToolResult:
    """Return the sentence, the pictures, made smaller where they are too large together, which is said, and the files."""
    files = [_resource(file) for file in answer.files]
    room = LIMIT - _FRAME - len(json.dumps(answer.sentence)) - len(json.dumps(files))
    share = room // max(1, len(answer.pictures)) // 4 * 3
    shown = [within(picture, share) for picture in answer.pictures]
    pairs = list(zip(answer.pictures, shown, strict=True))
    changes = [_change(old, new) for old, new in pairs if old is not new]
    scales = {answer.scale * old.width / new.width for old, new in pairs}
    if len(scales) == 1 and (scale := scales.pop()) != 1:
        changes.append(f"Multiply coordinates by {scale:.4g} for those in full size.")
    result = tool_result(" ".join([answer.sentence, *changes]), *shown)
    result["content"] += files
    return CallToolResult.model_validate(result)


def failure(problem: str) -> CallToolResult:
    """Return an error that a model can act on."""
    return CallToolResult(content=[TextContent(text=problem)], is_error=True)


def _change(old: Picture, new: Picture) -> str:
    if (old.width, old.height) == (new.width, new.height):
        return f"Shown as {described(new)} to fit a result."
    return f"Shown as {described(new)}, of {old.width}x{old.height}, to fit a result."


def _resource(file: File) -> dict[str, Any]:
    content = {"text": file.content} if isinstance(file.content, str) else {"blob": encode(file.content)}
    return {"type": "resource", "resource": {"uri": file.uri, "mimeType": file.media_type, **content}}
