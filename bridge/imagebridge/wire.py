"""The types on both sides: MCP results go in as JSON, parts of the Responses API come out.

MCP content is the same in protocols 2025-11-25 and 2026-07-28. Servers do not always keep to these types, so
values have the type `object` here until they are checked.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from math import isfinite
from operator import is_not
from types import NoneType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard, cast

if TYPE_CHECKING:
    from openai.types.responses import ResponseFunctionCallOutputItemParam
    from openai.types.responses.response_input_item_param import FunctionCallOutput as FunctionCallOutputParam

    Part = ResponseFunctionCallOutputItemParam
    FunctionCallOutput = FunctionCallOutputParam

JSON = Mapping[str, object]
"""A JSON object whose values have not been checked yet."""


class BlockKind(NamedTuple):
    """The characteristics of content blocks of one type.

    holds: the fields of which such a block has at least one. describes: fields that only describe its content.
    links: whether its `uri` leads to something that can be read.
    """

    holds: tuple[str, ...]
    describes: tuple[str, ...] = ()
    links: bool = False


BLOCK_KINDS: dict[str, BlockKind] = {
    "text": BlockKind(("text",)),
    "image": BlockKind(("data",)),
    "audio": BlockKind(("data",)),
    "resource": BlockKind(("resource",)),
    "resource_link": BlockKind(("uri",), ("name", "title", "description", "size", "icons"), links=True),
}
"""The types of content blocks that MCP defines (`ContentBlock` in schema.ts of 2025-11-25 and 2026-07-28)."""

URI = "imagebridge/uri"
"""The key in a picture's `_meta` for the server's own name for it, which the server accepts in place of the picture."""

_SPELLINGS = {
    "is_error": "isError",
    "structured_content": "structuredContent",
    "result_type": "resultType",
    "meta": "_meta",
    "mime_type": "mimeType",
    "last_modified": "lastModified",
}
"""The Python names of mcp 2's fields, and their names on the wire: `model_dump()` without `by_alias` writes the former."""

_LOOKED_INTO = {*_SPELLINGS, "uri", "resource", "annotations"}
"""Fields of a block whose name may have the other spelling, or whose value may contain such names."""

_RESULT_KEYS = {"content", "structuredContent", "isError", "_meta", "resultType", "toolResult"}


_OTHERS = (str, list, int, float, NoneType)


def is_json(value: object) -> TypeGuard[JSON]:
    """Return whether `value` is a JSON object."""
    # JSON's types first: checking for the abstract type costs ten times as much.
    return isinstance(value, dict) or (not isinstance(value, _OTHERS) and isinstance(value, Mapping))


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """Return whether `value` is a JSON array."""
    return isinstance(value, (list, tuple))


def is_number(value: object) -> TypeGuard[float]:
    """Return whether `value` is a JSON number: true and false are not, although Python treats them as 1 and 0."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def as_object(value: object) -> JSON | None:
    """Return a JSON object, or None for any other value."""
    return value if is_json(value) else None


def as_list(value: object) -> Sequence[object]:
    """Return a JSON array, or an empty one for any other value."""
    return value if is_list(value) else ()


def as_string(value: object) -> str:
    """Return a JSON string, or an empty one for any other value."""
    return value if isinstance(value, str) else ""


def as_words(value: object) -> str:
    """Return a value that should be text: a string unchanged, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def result_json(result: object) -> JSON:
    """Return a tool result as its JSON object; `result` is a JSON object already, or a `CallToolResult` of any mcp version.

    Raises:
        TypeError: `result` is neither, but a value of the type that the message names.
    """
    result = dumped(result)
    if not is_json(result):
        raise TypeError(
            f"a tool result must be a CallToolResult or its JSON object, not {type(result).__name__}"
        )
    result = respelt(result)
    if result and _RESULT_KEYS.isdisjoint(result):
        hint = '; wrap a single block as {"content": [...]}' if "type" in result else ""
        raise TypeError(
            f"a tool result must have `content`; this object has {', '.join(sorted(map(str, result)))}{hint}"
        )
    return result


def is_error(result: JSON) -> bool:
    """Return whether a result, in either spelling, says that its tool failed: true, 1, or a string that means true."""
    flag = result.get("isError", result.get("is_error"))
    return flag.strip().lower() in ("true", "yes", "1") if isinstance(flag, str) else flag == 1


def respelt(result: JSON) -> JSON:
    """Return a result with the wire's names for its fields and those of its blocks; the same object if it already has them.

    Lists that arrive as objects with number keys, as PHP writes some, become lists. Everything is `writable`.
    """
    result = cast("JSON", writable(result))
    spelt = result.get("content")
    content = numbered(spelt)
    if content is not spelt:
        result = {**result, "content": content}
    if is_list(content):
        blocks = [_respelt_block(one) for one in content]
        if any(map(is_not, blocks, content)):
            result = {**result, "content": blocks}
    return _renamed(result)


def numbered(value: object) -> object:
    """Return an object whose keys are numbers, as PHP writes some lists, as a list; anything else unchanged."""
    if not is_json(value) or not all(str(key).isdecimal() for key in value):
        return value
    # Check the length first: Python reads no number with more than 4,300 digits.
    return [value[key] for key in sorted(value, key=lambda key: (len(str(key)), str(key)))]


def listed(value: object) -> object:
    """Return a list, even if it arrived as an object with number keys or as its only item; anything else unchanged."""
    as_list = numbered(value)
    return [as_list] if is_json(as_list) else as_list


def _respelt_block(block: object) -> object:
    if not is_json(block) or block.keys().isdisjoint(_LOOKED_INTO):
        return block
    inside = {key: inner for key in ("resource", "annotations") if is_json(inner := block.get(key))}
    named = {key: new for key, old in inside.items() if (new := _renamed(old)) is not old}
    return _renamed({**block, **named} if named else block)


def _renamed(value: JSON) -> JSON:
    """Return an object with the wire's names; a field with another name and no value is left out."""
    if not isinstance(value.get("uri"), (str, int, float, list, dict, NoneType)):
        # `model_dump()` of mcp 1 leaves a URL object in its place.
        value = {**value, "uri": str(value["uri"])}
    if _SPELLINGS.keys().isdisjoint(value):
        return value
    return {
        _SPELLINGS[key] if key in _SPELLINGS and _SPELLINGS[key] not in value else key: one
        for key, one in value.items()
        if key not in _SPELLINGS or one is not None
    }


def blocks_of(result: JSON) -> Sequence[object]:
    """Return the blocks of a result; some servers send a single block or a bare string instead of a list."""
    content = result.get("content")
    if is_list(content):
        return content
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [] if content is None else [content]


def contents_of(block: JSON) -> JSON:
    """Return the object that contains a block's text, bytes and address: its resource, or the block itself."""
    inner = block.get("resource")
    return inner if is_json(inner) else block


def links(block: JSON) -> bool:
    """Return whether a block refers to something that can be read at its address."""
    kind = BLOCK_KINDS.get(text_of(block, "type"))
    return kind is not None and kind.links


def tool_json(tool: object) -> JSON:
    """Return a tool's definition as its JSON object, `writable`; `tool` is a JSON object already, or a `Tool` of any mcp version.

    Raises:
        TypeError: `tool` has another type, which the message names.
    """
    tool = dumped(tool)
    if not is_json(tool) or not isinstance(tool.get("name"), str):
        raise TypeError(
            f"a tool must be an MCP Tool or its JSON object with a name, not {type(tool).__name__}"
        )
    return cast("JSON", writable(tool))


def dumped(value: object) -> object:
    """Return the JSON of an SDK model, and anything else unchanged."""
    dump = None if is_json(value) else getattr(value, "model_dump", None)
    return cast("object", dump(mode="json", by_alias=True, exclude_none=True)) if dump else value


def text_of(value: JSON, key: str) -> str:
    """Return the string under `key`, or an empty string if there is none."""
    text = value.get(key)
    return text if isinstance(text, str) else ""


def paired(text: str) -> str:
    """Return a text with adjacent halves of a surrogate pair joined into one character, and lone halves as U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


MAX_LEVELS = 150
"""The maximum depth of a JSON value: readers accept about 200 levels in a message (jiter, in mcp and openai, 2026-11)."""

_MAX_BITS = 14_000
"""The maximum size in bits of an integer written as a number: Python reads and writes up to 4,300 digits (3.11's docs)."""


def writable(value: object, *, finite: bool = False, halves: bool = False) -> object:
    """Return a JSON value that can be written as UTF-8 JSON and read again; the same object if no change is needed.

    Texts and names become `paired`. A number with too many digits becomes a string, as does anything nested deeper
    than `MAX_LEVELS` or that contains itself. Anything that is not JSON is left unchanged.

    Args:
        value: the JSON value.
        finite: whether infinity and NaN, which Python reads but few other parsers do, also become strings.
        halves: whether lone surrogates are left unchanged.
    """
    # Level by level, because a value may be deeper than the recursion limit.
    level: Collection[Iterable[object]] = [[value]]
    for _ in range(MAX_LEVELS + 1):
        below: dict[int, Iterable[object]] = {}
        for inside in level:
            for one in inside:
                if isinstance(one, str):
                    if one.isascii() or halves or paired(one) is one:
                        continue
                elif isinstance(one, (int, float)):
                    if _readable_number(one, finite=finite) is one:
                        continue
                else:
                    if is_json(one) or is_list(one):
                        below[id(one)] = _inside(one)
                    continue
                return _Writable(finite=finite, halves=halves).made(value)
        if not below:
            return value
        level = below.values()
    return _Writable(finite=finite, halves=halves).made(value)


def is_deep(value: object) -> bool:
    """Return whether a JSON value has more than `MAX_LEVELS` levels."""
    level: Collection[object] = [[value]]
    for _ in range(MAX_LEVELS + 1):
        level = _held(level)
        if not level:
            return False
    return True


def _inside(holder: object) -> Iterable[object]:
    """Yield the names and values of an object, or the values of a list."""
    if is_json(holder):
        return chain(holder.keys(), holder.values())
    return holder if is_list(holder) else ()


def _held(holders: Iterable[object]) -> Collection[object]:
    """Return the objects and lists inside `holders`, each once: a value may contain another many times, or itself."""
    inside = chain.from_iterable(map(_inside, holders))
    return {id(one): one for one in inside if is_json(one) or is_list(one)}.values()


class _Writable:
    """A writable copy under construction. `_around` holds the objects and lists around the current position."""

    def __init__(self, *, finite: bool, halves: bool) -> None:
        self._finite = finite
        self._halves = halves
        self._around: list[object] = []

    def made(self, value: object) -> object:
        if isinstance(value, str):
            return value if self._halves else paired(value)
        if isinstance(value, (int, float)):
            return _readable_number(value, finite=self._finite)
        if not is_json(value) and not is_list(value):
            return value
        if any(value is one for one in self._around):
            return "[left out: it contains itself]"
        if value and len(self._around) >= MAX_LEVELS:
            return f"[left out: it is nested more than {MAX_LEVELS} levels deep]"
        self._around.append(value)
        if is_json(value):
            copy: object = self._object(value)
        else:
            copy = [self.made(inner) for inner in value]
        self._around.pop()
        return copy

    def _object(self, value: JSON) -> dict[object, object]:
        copy: dict[object, object] = {}
        for name, inner in value.items():
            written = self.made(name)
            # Names that become equal are kept apart: no value is lost.
            while written != name and (written in copy or written in value):
                written = f"{written}\ufffd"
            copy[written] = self.made(inner)
        return copy


def _readable_number(number: float, *, finite: bool) -> object:
    """Return a number unchanged if JSON readers accept it, otherwise as text."""
    if isinstance(number, int):
        if number.bit_length() <= _MAX_BITS:
            return number
        return f"[a whole number of about {number.bit_length() * 30_103 // 100_000:,} digits]"
    return number if isfinite(number) or not finite else str(number)


_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\\n]++|\\.)*+"?|//[^\n\r]*+|/\*(?:.*?\*/|.*+)', re.DOTALL)
"""An unfinished string extends as far as possible: searching again from each character of a long one would take minutes."""

_STRING_OR_COMMA = re.compile(r'"(?:[^"\\]++|\\.)*+"?|,(?=\s*+[}\]])', re.DOTALL)


_NOT_BREAK = re.compile(r"[^\r\n]")


def tokens(text: str) -> Iterator[re.Match[str]]:
    """Yield the strings and the comments of a text, in order."""
    return _STRING_OR_COMMENT.finditer(text)


def uncommented(text: str) -> str:
    """Return the text with comments replaced by spaces, so that its length stays the same."""
    return _STRING_OR_COMMENT.sub(
        lambda match: match[0] if match[0][0] == '"' else _NOT_BREAK.sub(" ", match[0]), text
    )


def blanked(text: str) -> str:
    """Return the text with comments and trailing commas replaced by spaces: plain JSON with all positions unchanged."""
    return _STRING_OR_COMMA.sub(lambda match: match[0] if match[0][0] == '"' else " ", uncommented(text))


JsonObject = dict[str, Any]
"""A JSON object under construction."""

Item = dict[str, Any]
"""An input item of the Responses API, or a message of Chat Completions."""
