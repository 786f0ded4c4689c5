"""Structured content as text for the model, without what the result's blocks already contain.

Servers send structured content together with blocks of the same content (MCP 2025-11-25, tools: they
should), often under an extra key: `{"result": ...}`, `{"content": ...}`, `{"markdown": ...}`. Sending both
costs twice as much.
"""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import cast

from imagebridge.errors import beginning
from imagebridge.pictures.base64 import packed_base64
from imagebridge.wire import (
    BLOCK_KINDS,
    JSON,
    BlockKind,
    blocks_of,
    contents_of,
    is_error,
    is_json,
    is_list,
    text_of,
)

from . import sentences
from .terminal_codes import plain

_LONG = 200
"""A text of at least this many characters is not repeated inside new content."""

_KEYS = 8
"""The maximum number of nested single keys that may surround the content of the blocks."""

_FIELDS = frozenset(
    (
        "type",
        "text",
        "data",
        "blob",
        "mimeType",
        "mime_type",
        "uri",
        "resource",
        "annotations",
        "_meta",
        "meta",
    )
)
"""Fields other than these, and those that contain the content of a block, are new information."""

_OTHER = BlockKind(("blob",))
"""A block of type `blob`, as older servers sent it."""

_CONTROL = re.compile("[\x80-\x9f]")
_CODES = (json.dumps("\x1b")[1:-1], "\\u008", "\\u009")
"""How the beginnings of terminal codes are escaped here, so that none extends beyond its text into the JSON around it."""

_LITERALS = {"True": True, "False": False}
"""The text that Python's `str` produces for values that JSON writes differently."""


def structured_text(result: JSON) -> str:
    """Return structured content as JSON text, or an empty string if the blocks already contain the same.

    A part that repeats a long text or a list of the blocks is replaced by words that say so. Base64 is kept,
    because what becomes of it is only known when the text is read.
    """
    structured = result.get("structuredContent")
    if structured is None:
        return ""
    blocks = blocks_of(result)
    if blocks and _is_empty(structured):
        return ""
    block_texts = _BlockTexts(blocks)
    try:
        if block_texts.all_of(structured):
            return ""
        written = json_text(structured)
        if any(code in written for code in _CODES):
            # Texts are read without the codes too, so the two can only be equal without them.
            structured = _without_codes(structured)
            if block_texts.all_of(structured):
                return ""
            written = json_text(structured)
        return json_text(block_texts.left(structured)) if block_texts.may_repeat(written) else written
    except RecursionError:
        return json_text(structured)


def saying_alone(result: JSON) -> Iterator[object]:
    """Yield the blocks that may, each on its own, contain the structured content of a result.

    Only those are compared with all of the content: comparing many blocks with much content would take time
    in proportion to both.
    """
    came = result.get("structuredContent")
    # An object with only nulls is not empty: one of them stands for all.
    structured = _bare(came) or (came and {"": None})
    value = structured
    for _ in range(_KEYS):
        members = _new(value) if is_json(value) else ()
        if len(members) != 1:
            break
        (value,) = members
    of_blocks = is_list(value) and any(map(_is_block, value))
    items = cast("Sequence[object]", value) if of_blocks else ()
    marks = {mark for item in items for mark in islice(_marks(item), 1)}
    # The texts of one block are a list of one.
    least = _characters(value[0] if is_list(value) and len(value) == 1 else value) if structured else 0
    for block in blocks_of(result):
        can = len(_block_text(block) or "") >= least or (of_blocks and marks <= set(_marks(block)))
        if can and not structured_text({"structuredContent": structured, "content": [block]}):
            yield block


def _bare(value: object) -> object:
    """Return a value without its null fields, which carry no information."""
    if is_json(value):
        return {key: _bare(one) for key, one in value.items() if one is not None}
    return [_bare(one) for one in value] if is_list(value) else value


def _characters(value: object) -> int:
    """Return the minimum number of characters that a text needs to express a value."""
    if isinstance(value, str):
        return len(_cleaned(value))
    if is_json(value):
        return 1 + sum(map(_characters, value.values()))
    return 1 + sum(map(_characters, value)) if is_list(value) else 1


def json_text(value: object) -> str:
    """Return a value as JSON that contains no terminal code, or a sentence if it cannot be written."""
    try:
        written = json.dumps(value, ensure_ascii=False, default=str)
        return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", written)
    except (TypeError, ValueError, RecursionError) as error:
        return sentences.not_shown(
            "structured content", f"it cannot be written as JSON ({beginning(str(error), 120)})"
        )


class _BlockTexts:
    """The content of a result's blocks: their texts, unchanged and as JSON, and their other contents."""

    def __init__(self, blocks: Sequence[object]) -> None:
        self._blocks = blocks
        texts = [text for block in blocks if (text := _block_text(block)) is not None]
        cleaned = [_cleaned(text) for text in texts]
        parsed = [_parsed(text) for text in cleaned]
        self._texts = frozenset((*cleaned, _cleaned("\n".join(texts))) if texts else ())
        self._ways: list[object] = [*parsed, cleaned, parsed] if cleaned else []
        self._marks: frozenset[tuple[str, str]] | None = None

    def all_of(self, value: object) -> bool:
        """Return whether the blocks contain a value, or its content under a single key."""
        for _ in range(_KEYS):
            if self._says(value):
                return True
            members = _new(value) if is_json(value) else ()
            if len(members) != 1:
                return False
            (value,) = members
        return False

    def may_repeat(self, written: str) -> bool:
        """Return whether `left` can find anything in a value with this JSON: searching costs ten times as much as writing."""
        return any(len(text) >= _LONG for text in self._texts) or (
            self._blocks != [] and '"type": "' in written
        )

    def left(self, value: object) -> object:
        """Return a value with words in place of the parts that repeat the blocks."""
        if isinstance(value, str):
            return "[the text above]" if len(value) >= _LONG and _cleaned(value) in self._texts else value
        if is_json(value):
            return {key: self.left(one) for key, one in value.items()}
        if not is_list(value):
            return value
        if any(map(_is_block, value)) and all(map(self._repeats, value)):
            return "[the blocks above]"
        return [self.left(one) for one in value]

    def _says(self, value: object) -> bool:
        """Return whether a value is contained in a text block, the list of all blocks, or the blocks one by one."""
        if isinstance(value, str) and _cleaned(value) in self._texts:
            return True
        if is_list(value) and any(map(_is_block, value)):
            return all(self._repeats(one) for one in value)
        forms = [value]
        if is_list(value) and value and all(isinstance(one, str) for one in value):
            forms.append([_cleaned(str(one)) for one in value])
        return any(_same(form, way) for form in forms for way in self._ways)

    def _repeats(self, value: object) -> bool:
        """Return whether an item of a list of blocks is among the blocks of the result."""
        if self._marks is None:
            self._marks = frozenset(mark for block in self._blocks for mark in _marks(block))
        mark = next(_marks(value), None)
        return mark in self._marks and (isinstance(value, str) or _is_block(value))


def _without_codes(value: object) -> object:
    """Return a value without the terminal codes in its texts."""
    if isinstance(value, str):
        return plain(value)
    if is_json(value):
        return {key: _without_codes(one) for key, one in value.items()}
    return [_without_codes(one) for one in value] if is_list(value) else value


def _is_empty(value: object) -> bool:
    return (isinstance(value, str) or is_json(value) or is_list(value)) and not value


def _new(value: JSON) -> list[object]:
    """Return the values that identify the content of an object, by its keys."""
    return [one for key, one in value.items() if one is not None and not _is_frame(key, value)]


def _is_frame(key: object, value: JSON) -> bool:
    """Return whether a key of a complete result, copied into structured content, says only that nothing failed."""
    return key in ("isError", "is_error") and "content" in value and not is_error(value)


def _block_text(block: object) -> str | None:
    """Return the text of a block or of its resource, or None if it has no text."""
    if not is_json(block):
        return block if isinstance(block, str) else None
    text = contents_of(block).get("text")
    return text if isinstance(text, str) else None


def _cleaned(text: str) -> str:
    """Return a text for comparison: without surrounding white space, line endings and the error prefix."""
    return plain(text).replace("\r\n", "\n").strip().removeprefix(f"{sentences.ERROR}\n")


def _is_block(value: object) -> bool:
    """Return whether a value is a content block with nothing beyond the content that it shows."""
    if not is_json(value):
        return False
    name = text_of(value, "type")
    kind = BLOCK_KINDS.get(name, _OTHER if name == "blob" else None)
    return kind is not None and all(
        one is None or key in _FIELDS or key in kind.holds or key in kind.describes
        for key, one in value.items()
    )


def _marks(block: object) -> Iterator[tuple[str, str]]:
    """Yield the values that distinguish a block from others, most specific first: its bytes, its text, its address."""
    if isinstance(block, str):
        yield "text", _cleaned(block)
    if not is_json(block):
        return
    holder = contents_of(block)
    for name in ("data", "blob"):
        if encoded := text_of(holder, name):
            yield "bytes", packed_base64(encoded)
    if text := text_of(holder, "text"):
        yield "text", _cleaned(text)
    if uri := text_of(holder, "uri"):
        yield "uri", uri


def _same(one: object, other: object) -> bool:
    """Return whether two JSON values are the same, ignoring null fields. True is not 1; NaN equals NaN."""
    if one == other and (is_json(one) or is_list(one)) and json.dumps(one) == json.dumps(other):
        return True  # nearly always, if they are; what follows takes ten times as long
    if is_json(one) and is_json(other):
        mine, yours = ({key: value for key, value in of.items() if value is not None} for of in (one, other))
        return mine.keys() == yours.keys() and all(_same(value, yours[key]) for key, value in mine.items())
    if is_list(one) and is_list(other):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return one == other or (one != one and other != other)  # noqa: PLR0124  # NaN


def _parsed(text: str) -> object:
    """Return the JSON value of a text, or the text if it is not JSON."""
    if text in _LITERALS:
        return _LITERALS[text]
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
