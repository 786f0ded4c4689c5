"""Pictures and documents hidden in text as base64: a text that is one `data:` URI or base64, or a dump that contains some.

A dump is JSON, JSON inside JSON, or the output of Python's `str` and `repr`. A model reads base64 as
text: 1 MB of picture data costs 350,000 tokens and shows nothing. Other texts are never searched for base64
between their words, because it may be meant as an example.

Texts may be large and hostile: each pattern reads a character a bounded number of times and does not backtrack.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from imagebridge.errors import PictureError
from imagebridge.pictures import kinds
from imagebridge.pictures.base64 import DATA_URL, base64_bytes, base64_start

_SHORTEST = 64
"""A string shorter than this cannot contain a picture: the smallest valid PNG has 67 bytes."""

_WRAPPED = (64, 76)
"""The number of characters in a line of base64 according to RFC 7468 (PEM) and RFC 2045 (MIME)."""

# Characters of base64 that may be escaped: PHP escapes slashes, Gson the padding, System.Text.Json plus signs; JSON
# inside JSON escapes them all again.
_ESCAPE = r"\\++(?:[/nrt]|u00(?:2[bBfF]|3[dD]|0[aAdD]))"
_LETTERS = rf"(?:[A-Za-z0-9+/=_\-\r\n]++|{_ESCAPE})++"
_PREFIX = rf"(?:(?i:data:)(?:[^\"',\\]|{_ESCAPE}){{0,200}}+,\s*+)?"

_WHOLE = re.compile(rf"{_PREFIX}(?:{_LETTERS}|\s++)++")

# How a dump begins.
_DUMP = re.compile(r"[\[{(\"']|b[\"']|\w{1,80}+[(=]")

# The strings of a dump that may be base64 or a data: URL, as written, up to the closing quote. The text around
# them is kept, so that no number or key is rewritten.
_STRING = re.compile(rf"([\"'])(?=[^\"']{{{_SHORTEST}}})({_PREFIX}{_LETTERS})\\*+\1")

_NEXT = re.compile(rf"(?:\s++|\\++[nrt])*+,(?:\s++|\\++[nrt])*+\\*+([\"'])({_LETTERS})\\*+\1")
"""The next string in the same list."""

_QUOTES = str.maketrans(
    {'"': "\N{RIGHT SINGLE QUOTATION MARK}", "'": "\N{RIGHT SINGLE QUOTATION MARK}", "\\": "/"}
)


def brought_out(
    text: str, bring_out: Callable[[str], str], known: Callable[[str], object] | None = None
) -> str:
    """Return `text` with each hidden picture or document replaced by what `bring_out` returns for its base64.

    Other bytes are also replaced if `known` is true for their base64.
    """
    if len(text) < _SHORTEST:
        return text
    whole = text.strip()
    if (encoded := _whole(whole)) and (_kind(encoded) or (known and known(encoded))):
        return bring_out(encoded)
    if not _DUMP.match(whole):
        return text
    pieces: list[str] = []
    done = 0
    for one in quoted(text, known):
        pieces += (text[done : one.start], _sentence_for_strings(bring_out(one.encoded)))
        done = one.stop
    return "".join((*pieces, text[done:])) if pieces else text


class Quoted(NamedTuple):
    """A quoted picture or document: its base64 or `data:` URL, and the position of the string.

    kind: None for other bytes that the caller knows.
    """

    encoded: str
    kind: kinds.FileType | None
    start: int
    stop: int


def quoted(text: str, known: Callable[[str], object] | None = None) -> Iterator[Quoted]:
    """Yield the pictures and documents that are strings in `text`, in order, whatever surrounds them.

    Other strings are included if `known` is true for their base64.
    """
    done = 0
    for match in _STRING.finditer(text):
        if match.start() < done:
            continue  # a continuation of the previous line
        value = _value(match[2])
        kind = _kind(value)
        if kind is None and known is None:
            continue
        whole, end = _joined(value, text, match) if kind or len(value) in _WRAPPED else (value, match.end(2))
        if kind or (known and known(whole)):
            done = end
            yield Quoted(whole, kind, match.start(2), done)


def _joined(value: str, text: str, match: re.Match[str]) -> tuple[str, int]:
    """Return the base64 of a string and of the strings that continue it in the same list, and where the last one ends."""
    lines, length, last = [value], len(value), match
    while len(lines[-1]) == length and (following := _NEXT.match(text, last.end())):
        line = _value(following[2])
        if len(line) > length:
            break
        if last is match and ((len(line) < length and length not in _WRAPPED) or _kind(line)):
            break  # a separate string
        lines.append(line)
        last = following
    return "".join(lines), last.end(2)


def _whole(text: str) -> str:
    """Return the base64 or `data:` URL if it is the whole text; otherwise an empty string."""
    if _WHOLE.fullmatch(text):
        return _value(text)
    url = DATA_URL.match(text[:1_000])
    return text if url and "base64" not in url[2].lower() else ""


def _value(written: str) -> str:
    """Return the base64 in a string, however many times it is escaped."""
    if "\\" not in written:
        return written
    while "\\\\" in written:
        written = written.replace("\\\\", "\\")
    return str(json.loads(f'"{written}"', strict=False))


def _sentence_for_strings(words: str) -> str:
    """Return a sentence that is safe in a string of JSON or Python, however many times that string was escaped."""
    return " ".join(words.translate(_QUOTES).split())


def _kind(encoded: str) -> kinds.FileType | None:
    """Return the type of base64 or a `data:` URL, judging by its first bytes, if it is a picture or a document."""
    if len(encoded) < _SHORTEST:
        return None
    file_type = kinds.kind(base64_start(encoded))
    if file_type is kinds.ZIP:
        # The member that makes an archive a document may be anywhere in it.
        try:
            file_type = kinds.kind(base64_bytes(encoded)[0])
        except PictureError:
            return None
    return file_type if file_type is not None and file_type.sort in ("picture", "document") else None
