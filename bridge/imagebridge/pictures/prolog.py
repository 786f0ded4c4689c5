"""How an SVG begins and ends: unpacked, in its encoding, with its root found behind declarations and comments."""

import re
import zlib

GZIP_START = b"\x1f\x8b"

_HEAD = 65_536
"""Bytes that are unpacked or decoded to find the root; other SVG is searched as far as its comments go."""

# A document type must name svg: HTML pages, too, may hold one first of all. Its own part is taken to
# end at the first "]>"; an entity that holds these two is not worth a parser.
_SVG = re.compile(
    rb"(?:\s++|<\?.*?\?>|<!--.*?-->|<!DOCTYPE\s+(?:[\w.-]+:)?svg\b[^\[>]*(?:\[.*?\]\s*+)?>)*+"
    rb"<(?:[\w.-]+:)?svg[\s/>]",
    re.DOTALL,
)

_MARKUP = re.compile(r"[\s\ufeff]*+<")
_DECLARATION = re.compile(r"<\?xml\s[^>]*\?>")
_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<(/?)(?:[\w.-]+:)?svg(?=[\s/>])[^<>]*>", re.DOTALL
)
_AFTER = re.compile(r"(?:\s++|<!--.*?-->|<\?.*?\?>)*+", re.DOTALL)


def svg_of(text: str) -> bytes:
    """Return the SVG in UTF-8 that a text wholly is; nothing where the text is another or says more."""
    if not _MARKUP.match(text):
        return b""  # nearly every text
    whole = text.strip("\ufeff \t\r\n")
    # What a text was encoded in before it was one says nothing any more.
    if declared := _DECLARATION.match(whole):
        whole = whole[declared.end() :]
    data = whole.encode(errors="replace")
    return data if is_svg(data) and _ends_with_root(whole) else b""


def _ends_with_root(text: str) -> bool:
    """Tell whether nothing but comments follows the root of an SVG; others may be inside it."""
    depth = 0
    for tag in _TAG.finditer(text):
        if tag[1] is None:
            continue  # a comment, or characters as they are
        depth += -1 if tag[1] else 0 if tag[0].endswith("/>") else 1
        if depth <= 0:
            return _AFTER.fullmatch(text, tag.end()) is not None
    return False


def is_svg(data: bytes) -> bool:
    """Tell whether the root element is `svg`, also of a file's first bytes, in UTF-16, or packed with gzip."""
    if data[:2] == GZIP_START:
        data = _unpacked_head(data)
    if encoding := wide(data):
        # A character that is cut in two at the end is lost; the root comes before it.
        data = data[:_HEAD].decode(encoding, "ignore").encode()
    return _SVG.match(data.removeprefix(b"\xef\xbb\xbf")) is not None


def wide(data: bytes) -> str:
    """Return the encoding's name where it is one of UTF-16, else nothing (XML 1.0, appendix F)."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    return {b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}.get(data[:2], "")


def _unpacked_head(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(data[:_HEAD], _HEAD)
    except zlib.error:
        return b""
