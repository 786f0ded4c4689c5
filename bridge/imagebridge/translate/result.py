"""A whole MCP result becomes one `function_call_output`: order, error marker, structured content, empty."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from . import sentences
from .blocks import Reading, Sight, Words, for_user_only, pieces, texts
from .calls import call_of
from .outputs import items, output_item
from .policy import Policy
from .servers import server
from .setting import Found, placed
from .translation import Translation
from .wire import JSON, URI, is_json, is_list, result_json, text_of

if TYPE_CHECKING:
    from .wire import FunctionCallOutput, Part

_DEFAULT = Policy()


def function_call_output(result: object, call_id: object, policy: Policy = _DEFAULT) -> "FunctionCallOutput":
    """Translate an MCP tool result into the item that answers a function call.

    `output` is one string where only text is left, for calls by a program, and for servers that take no pictures
    there (`Policy(server=...)`; `output_items` gives those the pictures in a user message); else a list of parts.

    Args:
        result: a `CallToolResult` of any mcp version, or its JSON object.
        call_id: the id of the call: the item then has exactly `type`, `call_id` and `output`. Given the call's own
            item, the answer repeats what the API wants of it, and a custom tool call gets a
            `custom_tool_call_output`.
        policy: the choices of the translation; the default is right for every vision model.

    Raises:
        TypeError: `result` or `call_id` is something else. Content never raises: it is said in words.
    """
    mode = server(policy.server).responses
    return cast("FunctionCallOutput", output_item(translate(result, policy), call_of(call_id), mode))


def output_items(answers: Iterable[tuple[object, object]], policy: Policy = _DEFAULT) -> list[dict[str, Any]]:
    """Translate the results of one response into the items that answer it.

    One output for each comes back, in order, and for servers that take no pictures in outputs one user
    message after them, in which each picture is named after its call.

    Args:
        answers: pairs of a call (its id or item) and its result.
        policy: the choices of the translation; the default is right for every vision model.

    Raises:
        TypeError: a call or a result is something else.
    """
    return items([(call_of(call), translate(result, policy)) for call, result in answers], policy.server)


def output_parts(result: object, policy: Policy = _DEFAULT) -> "list[Part]":
    """Translate an MCP tool result into `input_text`, `input_image` and `input_file` parts: never none, always a list.

    Args:
        result: a `CallToolResult` of any mcp version, or its JSON object.
        policy: the choices of the translation; the default is right for every vision model.

    Raises:
        TypeError: `result` is neither a `CallToolResult` nor its JSON object.
    """
    return translate(result, policy).parts


def translate(result: object, policy: Policy = _DEFAULT) -> Translation:
    """Translate an MCP tool result and give the account of it: parts, notes, tokens, what is for the user's eyes.

    Args:
        result: a `CallToolResult` of any mcp version, or its JSON object.
        policy: the choices of the translation; the default is right for every vision model.

    Raises:
        TypeError: `result` is neither a `CallToolResult` nor its JSON object.
    """
    return read(result, policy).translation()


@dataclass(frozen=True, slots=True)
class Read:
    """A result that has been read and not yet fitted: its pieces, and whether its pictures have handles."""

    found: "Sequence[Found]"
    blocks: Sequence[object]
    policy: Policy
    handles: bool

    @property
    def files(self) -> dict[int, str]:
        """What each picture was made from, by its number: base64 or a `data:` URL of the file, full size."""
        sights = [piece for _, piece in self.found if isinstance(piece, Sight)]
        return {sight.number: sight.file or sight.picture.data_url for sight in sights}

    @property
    def uris(self) -> dict[int, str]:
        """What a server calls the pictures that it keeps as `image://` and takes by that name, by their numbers."""
        by_block: dict[int, list[int]] = {}
        for index, piece in self.found:
            if index is not None and isinstance(piece, Sight):
                by_block.setdefault(index, []).append(piece.number)
        # A block that became several pictures, pages say, is none of them.
        return {
            numbers[0]: uri
            for index, numbers in by_block.items()
            if len(numbers) == 1 and (uri := _uri(self.blocks[index])).startswith("image://")
        }

    def translation(self) -> Translation:
        """Fit the pictures and set all into parts."""
        for_user = [dict(block) for block in self.blocks if is_json(block) and for_user_only(block)]
        return Translation(placed(self.found, self.policy, handles=self.handles), self.blocks, for_user)


def _uri(block: object) -> str:
    meta = block.get("_meta") if is_json(block) else None
    return text_of(meta, URI)[:100] if is_json(meta) else ""


def read(result: object, policy: Policy, start: int | None = None) -> Read:
    """Read a result: find, prove and convert what is in it. With `start`, its pictures have handles from that number on.

    Raises:
        TypeError: `result` is neither a `CallToolResult` nor its JSON object.
    """
    wire = result_json(result)
    reading = Reading(policy, 1 if start is None else start)
    blocks = _blocks(wire)
    reading.withhold(blocks)
    is_error = wire.get("isError") in (True, "true", "True")
    found: list[Found] = []
    for index, block in enumerate(blocks):
        found += [(index, piece) for piece in pieces(block, reading)]
    if structured := structured_text(wire):
        first, *hidden = texts(structured, reading)
        found += [
            (None, Words(first.text, "structured content")) if isinstance(first, Words) else (None, first)
        ]
        found += [(None, piece) for piece in hidden]
    if all(isinstance(piece, Words) and not piece.text.strip() for _, piece in found):
        found = [
            (None, Words(sentences.NO_REASON if is_error else sentences.NOTHING, "a sentence", ours=True))
        ]
    if is_error:
        found.insert(0, (None, Words(sentences.ERROR, "the mark of an error", ours=True)))
    return Read(found, blocks, policy, start is not None)


def _blocks(wire: JSON) -> Sequence[object]:
    """Return the blocks; some servers send one block, or a bare string, in place of a list."""
    content = wire.get("content")
    if is_list(content):
        return content
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [] if content is None else [content]


def structured_text(wire: JSON) -> str:
    """Return structured content as JSON text, or nothing where the blocks already say the same."""
    structured = wire.get("structuredContent")
    try:
        if structured is None or _mirrored(structured, wire):
            return ""
        return json.dumps(structured, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError) as error:
        return sentences.not_shown("structured content", f"it cannot be written as JSON ({str(error)[:120]})")


def _mirrored(structured: object, wire: JSON) -> bool:
    """Tell whether a text block, or the list of all, says what `structured` says (MCP 2025-11-25, tools).

    Servers of the SDK wrap what is no object into a lone `result`, and write a list as one text an item.
    """
    said = [block["text"] for block in _blocks(wire) if is_json(block) and isinstance(block.get("text"), str)]
    parsed = [_parsed(text) for text in said]
    meant = [structured]
    if is_json(structured) and list(structured) == ["result"]:
        meant.append(structured["result"])
    ways = [*said, *parsed, said, parsed]
    return any(_same(one, way) for one in meant for way in ways)


def _same(one: object, other: object) -> bool:
    """Tell whether two JSON values are the same. True is not 1; NaN, which is no equal of itself, is NaN."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if one == other:
        return True
    if type(one) is not type(other) or not isinstance(one, (float, dict, list)):
        return False
    return json.dumps(one, sort_keys=True, default=str) == json.dumps(other, sort_keys=True, default=str)


def _parsed(text: object) -> object:
    """Return the JSON value of a text, or the text where it is none."""
    try:
        return json.loads(str(text))
    except (ValueError, RecursionError):
        return text
