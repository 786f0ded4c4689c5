"""Unpacks, decodes and parses the bytes of an SVG and expands its entities, all within limits."""

import re
import zlib
from contextlib import suppress
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.parsers import expat

from imagebridge.errors import PictureError
from imagebridge.pictures import kinds
from imagebridge.pictures.cost import MAX_PIXELS

MAX_BYTES = 10_000_000
MAX_ELEMENTS = 50_000
MAX_DEPTH = 100
_MAX_DOCTYPE = 65_536

_UTF_16_DECLARED = re.compile(rb"<\?xml[^>]*\sencoding\s*=\s*[\"']utf-16", re.IGNORECASE)


@dataclass(slots=True)
class SvgAllowance:
    """The resources that one SVG may still use, together with the pictures and SVGs inside it."""

    bytes: int = 2 * MAX_BYTES
    """For unpacked files; each may have `MAX_BYTES`."""
    characters: int = 2 * MAX_BYTES
    """For attributes, which a document type may multiply."""
    elements: int = MAX_ELEMENTS
    pixels: int = MAX_PIXELS
    """For inlined pictures."""


def svg_root(data: bytes, room: SvgAllowance) -> ElementTree.Element:
    """Return the root of an SVG; the resources it uses are deducted from `room`.

    Raises:
        PictureError: the SVG is not well-formed, has a root other than svg, or is larger or deeper or has more elements
            than allowed.
    """
    data = _unpacked(data, room)
    try:
        data, encoding = _decoded(data)
        if b"<!DOCTYPE" in data:
            _check_document_type(data, encoding)
        root = _tree(data, encoding, room)
    except (ElementTree.ParseError, expat.ExpatError) as error:
        raise PictureError(f"the SVG is not well-formed ({error})") from error
    except (ValueError, LookupError) as error:
        raise PictureError(
            "the SVG is not in the encoding that it declares, or that encoding is not supported"
        ) from error
    if name(root) != "svg":
        raise PictureError(f"its root element is {name(root)[:100]!r}, not svg")
    return root


def _tree(data: bytes, encoding: str | None, room: SvgAllowance) -> ElementTree.Element:
    """Return the root of an XML document; anything after its end is cut off, as with every other format."""
    target = _Limited(room)
    try:
        return ElementTree.fromstring(data, ElementTree.XMLParser(target=target, encoding=encoding))
    except ElementTree.ParseError:
        if not target.ended:
            raise
        return target.close()


def name(element: ElementTree.Element) -> str:
    """Return the local name of an element, without its namespace."""
    # The parser drops comments and processing instructions, so every tag is a string.
    return element.tag.rsplit("}", 1)[-1]


def _unpacked(data: bytes, room: SvgAllowance) -> bytes:
    limit = min(MAX_BYTES, room.bytes)
    if data[:2] == kinds.GZIP_START:
        unpacker = zlib.decompressobj(wbits=31)
        try:
            data = unpacker.decompress(data, limit + 1)
        except zlib.error as error:
            raise PictureError(f"the compressed SVG is damaged ({error})") from error
        if not unpacker.eof and len(data) <= limit:
            raise PictureError("the compressed SVG is cut short")
    if len(data) > limit:
        raise PictureError(f"the SVG is larger than {MAX_BYTES:,} bytes")
    room.bytes -= len(data)
    return data


def _decoded(data: bytes) -> tuple[bytes, str | None]:
    """Return UTF-8 and its name if the file is or claims to be UTF-16; otherwise the file, for the parser to decode."""
    if encoding := kinds.wide(data):
        return data.decode(encoding).removeprefix("\ufeff").lstrip().encode(), "utf-8"
    # White space before the declaration is an error in XML, but common with servers.
    data = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    # .NET writes this into strings that are then sent as UTF-8.
    return data, "utf-8" if _UTF_16_DECLARED.match(data) else None


class _Limited(ElementTree.TreeBuilder):
    """Builds the tree, and stops as soon as it has too many elements, levels or characters in attributes."""

    def __init__(self, room: SvgAllowance) -> None:
        super().__init__()
        self._room = room
        self._depth = 0
        self.ended = False

    def start(self, tag: str, attrs: dict[str, str], /) -> ElementTree.Element:
        room = self._room
        self._depth += 1
        room.elements -= 1
        room.characters -= sum(map(len, attrs)) + sum(map(len, attrs.values()))
        if room.elements < 0 or self._depth > MAX_DEPTH:
            raise PictureError(f"the SVG has over {MAX_ELEMENTS:,} elements or {MAX_DEPTH} levels")
        if room.characters < 0:
            raise PictureError(f"the SVG's attributes expand to over {2 * MAX_BYTES:,} characters")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ElementTree.Element:
        self._depth -= 1
        self.ended = self._depth == 0
        return super().end(tag)


def _check_document_type(data: bytes, encoding: str | None) -> None:
    """Refuse long document types, external or nested entities, and entities that expand to too much.

    The parser takes quadratic time for default attributes, and its built-in limit lets entities grow a hundredfold.
    """
    began = None
    longest = 0

    def opened(*_: object) -> None:
        nonlocal began
        began = parser.CurrentByteIndex

    def bounded(*_: object, end: int | None = None) -> None:
        """Refuse a document type that is too long up to `end`, or up to the parser's current position."""
        if began is not None and (parser.CurrentByteIndex if end is None else end) - began > _MAX_DOCTYPE:
            raise PictureError(f"the SVG's document type declaration is longer than {_MAX_DOCTYPE:,} bytes")

    def declared(entity: str, parameter: bool, value: str | None, *_: object) -> None:
        nonlocal longest
        bounded()
        if value is None:
            raise PictureError(f"the SVG loads the external entity {entity[:100]!r}")
        if parameter or "&" in value:
            raise PictureError("the SVG declares nested entities")
        longest = max(longest, len(value))

    parser = expat.ParserCreate(encoding)
    parser.StartDoctypeDeclHandler = opened
    parser.EntityDeclHandler = declared
    parser.AttlistDeclHandler = bounded
    parser.EndDoctypeDeclHandler = parser.StartElementHandler = _stop
    with suppress(_StopError):
        for at in range(0, len(data), _MAX_DOCTYPE):
            parser.Parse(data[at : at + _MAX_DOCTYPE])
            bounded(end=at + _MAX_DOCTYPE)
        # Since 2.6, expat looks at the end of something long only when much more has come, or nothing more will.
        parser.Parse(b"", True)
    if longest * data.count(b"&") > MAX_BYTES:
        raise PictureError(f"the SVG's entities expand to over {MAX_BYTES:,} characters")


class _StopError(Exception):
    """Stops the parser after all declarations have been read."""


def _stop(*_: object) -> None:
    raise _StopError
