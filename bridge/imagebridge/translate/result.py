"""A whole MCP result becomes one `function_call_output`: order, error marker, structured content, empty."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imagebridge.errors import PictureError

from . import sentences
from .blocks import Paper, Piece, Sight, Words, pieces
from .convert import fitted, within
from .picture import Picture
from .policy import Policy
from .vision import Seen, known, seen
from .wire import JSON, input_text, is_json, is_list, result_json

if TYPE_CHECKING:
    from .wire import FunctionCallOutput, Part

MAX_DATA_URL = 20_971_520
"""Characters of an `image_url` at most (`maxLength` in OpenAI's OpenAPI document, 2026-08-21)."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as it is sent: after fitting, at its detail, with what the model sees of it."""

    picture: Picture
    seen: Seen


@dataclass(frozen=True, slots=True)
class Translation:
    """What a result became.

    parts: the parts, in the order of the blocks.
    pictures: the pictures among them, as sent.
    """

    parts: "list[Part]"
    pictures: tuple[Shown, ...]

    @property
    def output(self) -> "str | list[Part]":
        """`parts`, or one string joined by line breaks where only text is left: what most servers take."""
        texts = [part["text"] for part in self.parts if part["type"] == "input_text"]
        return "\n".join(texts) if len(texts) == len(self.parts) else self.parts

    @property
    def tokens(self) -> int:
        """Tokens that the pictures cost the model, by the formulas of `vision`."""
        return sum(shown.seen.tokens for shown in self.pictures)


_DEFAULT = Policy()


def function_call_output(result: object, call_id: str, policy: Policy = _DEFAULT) -> "FunctionCallOutput":
    """Translate an MCP tool result into the item that answers the function call `call_id`.

    `result` is a `CallToolResult` of any mcp version or its JSON object. The item has exactly `type`,
    `call_id` and `output`; `output` is one string where only text is left, else a list of parts.

    Raises:
        TypeError: `result` is something else. Content never raises: what cannot be shown is said in words.
    """
    return {"type": "function_call_output", "call_id": call_id, "output": translate(result, policy).output}


def output_parts(result: object, policy: Policy = _DEFAULT) -> "list[Part]":
    """Translate an MCP tool result into `input_text`, `input_image` and `input_file` parts: never none, always a list.

    Raises:
        TypeError: `result` is neither a `CallToolResult` nor its JSON object.
    """
    return translate(result, policy).parts


def translate(result: object, policy: Policy = _DEFAULT) -> Translation:
    """Translate an MCP tool result. See `function_call_output`; this returns the account beside the parts.

    Raises:
        TypeError: `result` is neither a `CallToolResult` nor its JSON object.
    """
    wire = result_json(result)
    found: list[Piece] = [Words(sentences.ERROR)] if wire.get("isError") is True else []
    for block in _blocks(wire):
        found += pieces(block, policy.proof or "structure")
    if told := _structured(wire):
        found.append(Words(told))
    if all(isinstance(piece, Words) and not piece.text.strip() for piece in found):
        found = [Words(sentences.NOTHING)]
    return _set(found, policy)


def _blocks(wire: JSON) -> Sequence[object]:
    """Return the blocks; some servers send one block, or a bare string, in place of a list."""
    content = wire.get("content")
    if is_list(content):
        return content
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [] if content is None else [content]


def _structured(wire: JSON) -> str:
    """Return structured content as JSON text, or nothing where the blocks already say the same."""
    structured = wire.get("structuredContent")
    if structured is None or _mirrored(structured, wire):
        return ""
    return json.dumps(structured, ensure_ascii=False, separators=(", ", ": "), default=str)


def _mirrored(structured: object, wire: JSON) -> bool:
    """Tell whether a text block, or the list of all, says what `structured` says (MCP 2025-11-25, tools)."""
    if is_json(structured) and list(structured) == ["result"]:
        structured = structured["result"]
    texts = [
        block["text"] for block in _blocks(wire) if is_json(block) and isinstance(block.get("text"), str)
    ]
    return structured in texts or structured == texts or any(_parsed(text) == structured for text in texts)


def _parsed(text: object) -> object:
    """Return the JSON value of a text, or the text where it is none."""
    try:
        return json.loads(str(text))
    except (ValueError, RecursionError):
        return text


def _set(found: list[Piece], policy: Policy) -> Translation:
    """Set pieces into parts: pictures numbered from 1 and fitted, each followed by the line with its scale."""
    parts: list[Part] = []
    pictures: list[Shown] = []
    for piece in found:
        match piece:
            case Words(text):
                parts.append(input_text(text))
            case Paper(data_url, filename):
                parts.append({"type": "input_file", "filename": filename, "file_data": data_url})
            case Sight():
                _set_picture(piece, policy, parts, pictures)
    return Translation(parts, tuple(pictures))


def _set_picture(sight: Sight, policy: Policy, parts: "list[Part]", pictures: list[Shown]) -> None:
    """Append one picture, no larger than the model can see, and the line that tells its scale."""
    detail = known(policy.model, policy.detail or sight.detail or "high")
    original = sight.picture
    view = seen(original.width, original.height, policy.model, detail)
    try:
        picture = _fitted(original, view)
    except PictureError as error:
        what = sentences.described(original.media_type, original.size)
        parts.append(input_text(sentences.not_shown(f"a picture ({what})", error.reason)))
        return
    view = seen(picture.width, picture.height, policy.model, detail)
    parts.append({"type": "input_image", "image_url": picture.data_url, "detail": detail})
    pictures.append(Shown(picture, view))
    turned = (picture.width > picture.height) != (original.width > original.height)
    width, height = (original.height, original.width) if turned else (original.width, original.height)
    if (picture.width, picture.height) != (width, height):
        parts.append(input_text(sentences.scaled(len(pictures), view, width, height)))


def _fitted(picture: Picture, view: Seen) -> Picture:
    """Shrink to what the model sees, then to what an `image_url` may hold."""
    if (view.width, view.height) != (picture.width, picture.height):
        picture = fitted(picture, view.width, view.height)
    if len(picture.data_url) > MAX_DATA_URL:
        picture = within(picture, (MAX_DATA_URL - 64) // 4 * 3)
    return picture
