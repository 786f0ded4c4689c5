"""Content blocks that were turned into text: JSON, or the output of Python's `str` and `repr`.

    '[{"type": "image", "data": "iVBOR...", "mimeType": "image/png"}]'
    "meta=None content=[ImageContent(type='image', data='iVBOR...', mime_type='image/png')] is_error=False"

Parts of OpenAI's APIs are turned into text just as often; they are converted back too.
"""

import ast
import json
import re
from collections.abc import Mapping, Sequence
from typing import cast

from imagebridge.providers.responses import PROVIDER
from imagebridge.wire import BLOCK_KINDS, JSON, blocks_of, is_error, is_json, is_list, text_of

# The beginning of a dump; only parsing shows whether it is one. This check is short enough for texts of any length.
_HEAD = re.compile(
    r"""\s*+["']?+\s*+(?:[\[{(]\s*+)*+(?:\\?["'](?:type|content|output|meta|_meta|isError|is_error|structuredContent|text|data
    |annotations|mimeType|mime_type|resource|uri|caller|detail|image_url|source)\\?["']\s*:
    |(?:CallToolResult|\w{0,40}(?:Content|Resource|ResourceLink))\(|(?:meta|content|type)=)""",
    re.VERBOSE,
)

_OTHERS: Mapping[str, tuple[str, ...]] = {
    "image": ("data", "source", "base64"),
    "input_text": ("text",),
    "output_text": ("text",),
    "input_image": ("image_url", "file_id"),
    "input_file": ("file_data", "file_id", "file_url"),
    "image_url": ("image_url",),
}
"""The fields that identify parts of other APIs, by type: a part has at least one of them."""

_DEPTH = 3
"""The maximum depth of dumps inside dumps."""

_MOST = 500_000
"""The maximum number of syntax tokens read from Python's output: each takes about a microsecond."""


_SHOWN = frozenset(("image", "input_image", "image_url"))


def parse_result(text: str) -> JSON | None:
    """Return the tool result of which `text` is a dump, as a JSON object; None if it is not a dump."""
    return result_from(_parsed_text(text)) if _HEAD.match(text) else None


def shows(text: str) -> bool:
    """Return whether `text` is the dump of a tool result that contains a picture."""
    dumped = parse_result(text)
    return dumped is not None and any(
        is_json(one) and text_of(one, "type") in _SHOWN for one in blocks_of(dumped)
    )


def is_block(value: object) -> bool:
    """Return whether `value` is a content block of MCP or a content part of OpenAI's APIs."""
    if not is_json(value):
        return False
    name = text_of(value, "type")
    # By more than its type, which other JSON may have too.
    needed = _OTHERS.get(name) or (BLOCK_KINDS[name].holds if name in BLOCK_KINDS else ())
    return any(field in value for field in needed)


def result_from(value: object) -> JSON | None:
    """Return the tool result that a `value` from a dump represents; None if it represents something else."""
    if is_list(value):
        block_list = [one for one in value if is_block(one)]
        # There are plain strings between blocks if a framework collects both.
        strings = [one for one in value if isinstance(one, str)]
        if not block_list or len(block_list) + len(strings) != len(value):
            return None
        return {"content": [{"type": "text", "text": one} if isinstance(one, str) else one for one in value]}
    if not is_json(value):
        return None
    if is_block(value):
        return {"content": [value]}
    inner = result_from(value.get("content")) or result_from(value.get("output"))
    if inner is None:
        return None
    error_fields = {"isError": is_error(value)}
    structured = _first(value, "structuredContent", "structured_content")
    return {**inner, **error_fields, **({} if structured is None else {"structuredContent": structured})}


def _first(value: JSON, *names: str) -> object:
    return next((value[name] for name in names if value.get(name) is not None), None)


def _parsed_text(text: str) -> object:
    """Parse `text` as JSON or as a Python value; return None if it is neither."""
    value: object = text
    for _ in range(_DEPTH):
        if not isinstance(value, str):
            break
        value = _once(value)
    return None if isinstance(value, str) else value


def _once(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return _Representation(text).value()
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


_TOKEN = re.compile(
    r"""\s*(?:(?P<string>b?'[^'\\]*+(?:\\.[^'\\]*+)*+'|b?"[^"\\]*+(?:\\.[^"\\]*+)*+")
    |(?P<number>-?\d[\w.+-]*)|(?P<name>\w[\w.]*)|(?P<angle><[^<>\n]*>)|(?P<mark>[\[\](){},:=]))""",
    re.VERBOSE | re.DOTALL,
)
_END = re.compile(r"\s*+\Z")
_CONSTANTS: Mapping[str, object] = {"None": None, "True": True, "False": False}
_CLOSING = {"[": "]", "(": ")", "{": "}"}


class _Representation:
    """Parses the output of `repr` and `str`: literals, `Name(field=value)`, and pydantic's `field=value field=value`.

    Only string literals are evaluated. `Name(field=value)` becomes an object; `Name(value)` becomes the value.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._left = _MOST

    def value(self) -> object:
        """Return the value of the entire text. Raises ValueError if the text is not Python output."""
        kind, token = self._next()
        if kind == "name" and self._peek() == "=":
            self._at = 0
            value: object = self._fields("")
        else:
            value = self._of(kind, token)
        if not _END.match(self._text, self._at):
            raise ValueError("there is something after the value")
        return value

    def _next(self) -> tuple[str, str]:
        match = _TOKEN.match(self._text, self._at)
        self._left -= 1
        if match is None or self._left < 0:
            raise ValueError(f"no value at character {self._at}")
        self._at = match.end()
        kind = match.lastgroup or ""
        return kind, match[kind]

    def _peek(self) -> str:
        match = _TOKEN.match(self._text, self._at)
        return match["mark"] or "" if match else ""

    def _of(self, kind: str, token: str) -> object:
        match kind:
            case "string":
                return _string(token)
            case "number":
                return ast.literal_eval(token)
            case "name" if self._peek() == "(":
                self._next()
                return self._call()
            case "name":
                return _CONSTANTS.get(token, token)
            case "angle":
                return token
            case _ if token == "{":
                return self._object()
            case _ if token in _CLOSING:
                return self._list(_CLOSING[token])
            case _:
                raise ValueError(f"{token!r} is not the start of a value")

    def _call(self) -> object:
        """Parse the arguments after `Name(`: fields, or values, of which only the first is used."""
        start = self._at
        kind, token = self._next()
        if token == ")" and kind == "mark":
            return {}
        named = kind == "name" and self._peek() == "="
        self._at = start
        if named:
            return self._fields(")")
        values = self._list(")")
        return values[0] if values else None

    def _fields(self, end: str) -> dict[str, object]:
        """Parse `name=value` until `end`, separated by commas or, as `str` writes them, by spaces."""
        fields: dict[str, object] = {}
        while True:
            if not end and _END.match(self._text, self._at):
                return fields
            kind, token = self._next()
            if kind == "mark" and token == end:
                return fields
            if kind == "mark" and token == ",":
                continue
            if kind != "name" or self._next()[1] != "=":
                raise ValueError(f"{token!r} is not a field")
            fields[token] = self._of(*self._next())

    def _list(self, end: str) -> list[object]:
        values: list[object] = []
        while True:
            kind, token = self._next()
            if kind == "mark" and token == end:
                return values
            if kind == "mark" and token == ",":
                continue
            values.append(self._of(kind, token))

    def _object(self) -> dict[str, object]:
        fields: dict[str, object] = {}
        while True:
            kind, token = self._next()
            if kind == "mark" and token == "}":
                return fields
            if kind == "mark" and token == ",":
                continue
            key = self._of(kind, token)
            if self._next()[1] != ":":
                raise ValueError("an object without a colon")
            fields[str(key)] = self._of(*self._next())


def _string(token: str) -> str:
    """Return the text of a string literal, or of a bytes literal, which here contains only base64."""
    body = token.removeprefix("b")
    if "\\" not in body:
        return body[1:-1]
    return str(ast.literal_eval(body))


def blocks(values: Sequence[object]) -> list[JSON]:
    """Return blocks and parts as MCP content blocks, which the translation reads."""
    return [_block(cast("JSON", one)) for one in values]


def _block(value: JSON) -> JSON:
    match text_of(value, "type"):
        case "input_text" | "output_text":
            return {"type": "text", "text": value.get("text")}
        case "input_image" | "image_url":
            return image(value)
        case "image" if not value.get("data"):
            source = value.get("source")
            inner = source if is_json(source) else value
            data = text_of(inner, "data") or text_of(inner, "base64") or text_of(inner, "url")
            return {"type": "image", "data": data}
        case "input_file":
            name = text_of(value, "filename")
            return {"type": "resource", "resource": {"uri": name, "blob": text_of(value, "file_data")}}
        case _:
            return value


def image(part: JSON) -> JSON:
    """Return a picture part, of either API, as an image block with the requested detail."""
    source = PROVIDER.source(part)
    wanted = {"imagebridge/detail": source.detail} if source.detail in ("low", "high", "original") else {}
    return {"type": "image", "data": source.url, "_meta": wanted}
