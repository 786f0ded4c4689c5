"""How an SVG begins: unpacked, in its encoding, with its root found behind declarations and comments."""

import re
import zlib

GZIP = b"\x1f\x8b"

_HEAD = 65_536
"""Bytes that are unpacked or decoded to find the root; other SVG is searched as far as its comments go."""

# A document type must name svg: HTML pages, too, may hold one first of all. Its own part is taken to
# end at the first "]>"; an entity that holds these two is not worth a parser.
_SVG = re.compile(
    rb"(?:\s++|<\?.*?\?>|<!--.*?-->|<!DOCTYPE\s+(?:[\w.-]+:)?svg\b[^\[>]*(?:\[.*?\]\s*+)?>)*+"
    rb"<(?:[\w.-]+:)?svg[\s/>]",
    re.DOTALL,
)


def is_svg(data: bytes) -> bool:
    """Tell whether the root element is `svg`, also of a file's first bytes, in UTF-16, or packed with gzip."""
    if data[:2] == GZIP:
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
