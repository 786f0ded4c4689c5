"""The ZIP packages of office documents and books: their members, XML and relationships, within limits.

Formats: ECMA-376 part 2 (Open Packaging Conventions, 2021), OpenDocument 1.3 part 2 (2021), EPUB 3.3 (2023).
"""

import lzma
import posixpath
import re
import struct
import zipfile
import zlib
from contextlib import suppress
from io import BytesIO
from typing import NamedTuple
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.parsers import expat

from imagebridge.errors import DocumentError

from .sections import LOCKED

MAX_UNPACKED = 200_000_000
"""The maximum size of all members read from one document, in bytes."""

MAX_XML = 50_000_000
"""The maximum size of an XML member, in bytes: its elements take several times as much memory."""

MAX_ELEMENTS = 1_000_000
"""The maximum number of elements in all members read from one document; a member read twice counts twice."""

MAX_DEPTH = 200
"""The maximum depth of nested elements; files written by programs have about 50 levels."""

OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
"""The namespace of attributes that name a relationship."""

_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"

_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/")
"""The namespaces of strict documents, which are otherwise the same (ISO/IEC 29500-1, 2016)."""


class Relation(NamedTuple):
    """The target that a part of a package refers to by id: a member, or an address if it is external."""

    target: str
    kind: str
    outside: bool


class Package:
    """A ZIP of named members.

    data: the bytes of the file.

    Raises:
        DocumentError: the data is not a readable ZIP.
    """

    def __init__(self, data: bytes) -> None:
        self._zip = _opened_package(data)
        self._names = {info.filename.casefold(): info for info in self._zip.infolist()}
        self._left = MAX_UNPACKED
        self._elements = MAX_ELEMENTS
        self._relations: dict[str, dict[str, Relation]] = {}

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self._names

    @property
    def names(self) -> list[str]:
        """The names of all members."""
        return [info.filename for info in self._names.values()]

    def read(self, name: str, most: int = MAX_UNPACKED) -> bytes:
        """Return a member.

        Raises:
            DocumentError: the member does not exist, is broken, or is larger than allowed when unpacked.
        """
        info = self._names.get(name.casefold())
        if info is None:
            raise DocumentError(f"is damaged: its part {name[:200]} is missing")
        room = min(most, self._left)
        try:
            with self._zip.open(info) as member:
                data = member.read(room + 1)
        except (
            RuntimeError
        ) as error:  # zipfile's ways of saying that it is locked, or uses an unknown compression.
            raise DocumentError(_unreadable(info)) from error
        except (
            *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError),
            *(ValueError, struct.error),  # Positions before the beginning, and fields that end too early.
        ) as error:
            raise DocumentError(f"is damaged: its part {name[:200]} cannot be unpacked") from error
        if len(data) > room:
            what = f"its part {name[:200]}" if room == most else f"its parts up to {name[:200]}"
            raise DocumentError(
                f"has over {most if room == most else MAX_UNPACKED:,} bytes in {what} when unpacked"
            )
        self._left -= len(data)
        return data

    def xml(self, name: str) -> ElementTree.Element:
        """Return the root of an XML member.

        Raises:
            DocumentError: as for `read`; or the XML is not well-formed, declares entities, which could grow without
                limit, or has too many elements or levels.
        """
        return xml_root(self._counted(self.read(name, MAX_XML), name), name)

    def page(self, name: str, most: int) -> str:
        """Return a member that is an HTML page.

        Raises:
            DocumentError: as for `read`, or the page has too many elements.
        """
        return self._counted(self.read(name, most), name).decode("utf-8", "replace")

    def _counted(self, data: bytes, name: str) -> bytes:
        """Return markup after deducting its elements from the number allowed."""
        self._elements -= data.count(b"<") - data.count(b"</")
        if self._elements < 0:
            raise DocumentError(f"has over {MAX_ELEMENTS:,} elements in its parts up to {name[:200]}")
        return data

    def xml_if_there(self, name: str) -> ElementTree.Element | None:
        """Return the root of an optional member."""
        return self.xml(name) if name and name in self else None

    def relations(self, name: str) -> dict[str, Relation]:
        """Return the relationships of the part `name`, by id."""
        if name not in self._relations:
            self._relations[name] = self._read_relations(name)
        return self._relations[name]

    def _read_relations(self, name: str) -> dict[str, Relation]:
        folder, base = posixpath.split(name)
        root = self.xml_if_there(posixpath.join(folder, "_rels", f"{base}.rels"))
        found: dict[str, Relation] = {}
        for one in root.iter(_RELATION) if root is not None else ():
            target, outside = one.get("Target", ""), one.get("TargetMode") == "External"
            kind = one.get("Type", "").rpartition("/")[2]
            found[one.get("Id", "")] = Relation(target if outside else member(name, target), kind, outside)
        return found


_ANEW = "open it in the program that created it and save it again"

_METHODS = {
    1: "Shrink",
    9: "Deflate64",
    12: "BZIP2",
    14: "LZMA",
    93: "Zstandard",
    95: "XZ",
    98: "PPMd",
}
"""Compression methods by number (APPNOTE.TXT 6.3.10, 4.4.5, 2022). Office documents use deflate or no compression."""


def _opened_package(data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(BytesIO(data))
    except NotImplementedError as error:
        raise DocumentError(f"uses a variant of ZIP that is not supported ({error}); {_ANEW}") from error
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, struct.error) as error:
        raise DocumentError("is damaged: its list of parts cannot be read") from error


def _unreadable(info: zipfile.ZipInfo) -> str:
    """Return why an undamaged member cannot be unpacked."""
    if info.flag_bits & 1:
        return LOCKED
    method = _METHODS.get(info.compress_type, f"method {info.compress_type}")
    return f"uses a compression method that is not supported ({method}); {_ANEW}"


def unpacked_size(data: bytes) -> int:
    """Return the unpacked size in bytes of all members of an office document, according to the document.

    Raises:
        DocumentError: the document is damaged, locked, or compressed in a way that office documents do not use.
    """
    with _opened_package(data) as packed:
        members = packed.infolist()
    for info in members:
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DocumentError(_unreadable(info))
    return sum(info.file_size for info in members)


def xml_root(data: bytes, name: str) -> ElementTree.Element:
    """Return the root of XML that declares no entities.

    Raises:
        DocumentError: the XML declares entities, is not well-formed, or has too many levels.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = re.sub(r"^\ufeff?<\?xml[^>]*\?>", "", data.decode("utf-16", "replace")).encode()
    if _declares(data):
        raise DocumentError(
            f"is not read, because its part {name[:200]} declares entities, which documents do not need"
        )
    if b"purl.oclc.org/ooxml" in data:
        data = _STRICT.sub(rb"http://schemas.openxmlformats.org/\1/2006/", data)
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise DocumentError(f"is damaged: its part {name[:200]} is not well-formed ({error})") from error
    level = [root]
    for _ in range(MAX_DEPTH):
        level = [child for element in level for child in element]
    if level:
        raise DocumentError(f"is nested too deeply to be a document, in its part {name[:200]}")
    return root


def _declares(data: bytes) -> bool:
    """Return whether XML declares its own entities, or its own attributes, which can be just as expensive."""
    found = False

    def doctype(name: str, system: str | None, public: str | None, own: bool) -> None:
        nonlocal found
        found = bool(own)
        raise _ReadError

    def element(*_: object) -> None:
        raise _ReadError

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = element
    # Whoever reads all of it reports if it is not well-formed.
    with suppress(_ReadError, expat.ExpatError, ValueError, LookupError):
        for at in range(0, len(data), 65_536):
            parser.Parse(data[at : at + 65_536])
        # Since 2.6, expat looks at the end of something long only when much more has come, or nothing more will.
        parser.Parse(b"", True)
    return found


class _ReadError(Exception):
    """Stops the parser once the answer is known."""


def member(base: str, target: str) -> str:
    """Return the name of the member that the part `base` refers to as `target`."""
    target = unquote(target.partition("#")[0])
    if target.startswith("/"):
        return posixpath.normpath(target).lstrip("/")
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), target))


def local(element: ElementTree.Element) -> str:
    """Return the name of an element without its namespace."""
    # The parser drops comments and processing instructions, so every tag is a string.
    return element.tag.rpartition("}")[2]


def whole_number(text: str, otherwise: int) -> int:
    """Return a number written in digits, or `otherwise` if the text is not a number or has more than nine digits."""
    return int(text) if text.isdecimal() and len(text) < 10 else otherwise
