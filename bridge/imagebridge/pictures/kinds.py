"""Recognises file types by their first bytes, never by a label."""

import re
import zlib
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, eq=False)
class FileType:
    """A file type: its IANA media type, usual suffix, and what a model is told it is. Each type is one object."""

    media_type: str
    suffix: str
    sort: Literal["picture", "document", "audio", "video", "archive"]


PNG = FileType("image/png", ".png", "picture")
JPEG = FileType("image/jpeg", ".jpg", "picture")
WEBP = FileType("image/webp", ".webp", "picture")
GIF = FileType("image/gif", ".gif", "picture")
BMP = FileType("image/bmp", ".bmp", "picture")
TIFF = FileType("image/tiff", ".tif", "picture")
AVIF = FileType("image/avif", ".avif", "picture")
HEIC = FileType("image/heic", ".heic", "picture")
JP2 = FileType("image/jp2", ".jp2", "picture")
ICO = FileType("image/x-icon", ".ico", "picture")
PNM = FileType("image/x-portable-anymap", ".pnm", "picture")
SVG = FileType("image/svg+xml", ".svg", "picture")
PDF = FileType("application/pdf", ".pdf", "document")
DOCX = FileType(
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx", "document"
)
PPTX = FileType(
    "application/vnd.openxmlformats-officedocument.presentationml.presentation", ".pptx", "document"
)
XLSX = FileType("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx", "document")
RTF = FileType("application/rtf", ".rtf", "document")
ZIP = FileType("application/zip", ".zip", "archive")
GZIP = FileType("application/gzip", ".gz", "archive")
WAV = FileType("audio/wav", ".wav", "audio")
MP3 = FileType("audio/mpeg", ".mp3", "audio")
OGG = FileType("audio/ogg", ".ogg", "audio")
FLAC = FileType("audio/flac", ".flac", "audio")
MP4 = FileType("video/mp4", ".mp4", "video")
WEBM = FileType("video/webm", ".webm", "video")


_LOSSLESS = frozenset((PNG, GIF, BMP, ICO, PNM, TIFF))
"""Lossless formats (TIFF almost always is). AVIF and JPEG 2000 rarely are; the frames of a WebP show whether it is."""


GZIP_START = b"\x1f\x8b"


_HEAD = 65_536
"""How many bytes of packed or UTF-16 data are searched for the root; other SVGs are searched to the end of comments."""


# A document type must name svg, because HTML pages may also begin with one. Its internal subset is assumed
# to end at the first "]>"; an entity that contains these two characters is not worth a parser.
_SVG = re.compile(
    rb"(?>(?:\s++|<\?.*?\?>|<!--.*?-->|<!DOCTYPE\s+(?:[\w.-]+:)?svg\b[^\[>]*(?:\[.*?\]\s*+)?>)*)"
    rb"<(?:[\w.-]+:)?svg[\s/>]",
    re.DOTALL,
)


_MARKUP = re.compile(r"[\s\ufeff]*+<")


_DECLARATION = re.compile(r"<\?xml\s[^>]*\?>")


_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<(/?)(?:[\w.-]+:)?svg(?=[\s/>])[^<>]*>", re.DOTALL
)


_BESIDE = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
"""White space, comments and instructions, which may follow the root. One at a time: before 3.11.5, Python matches
possessive repeats of such a pattern incorrectly."""


def svg_of(text: str) -> bytes:
    """Return the SVG in UTF-8 if a text is an SVG; nothing if it is something else or contains more than that."""
    if not _MARKUP.match(text):
        return b""  # nearly every text
    whole = text.strip("\ufeff \t\r\n")
    # The original encoding of a decoded text no longer matters.
    if declared := _DECLARATION.match(whole):
        whole = whole[declared.end() :]
    data = whole.encode(errors="replace")
    return data if is_svg(data) and _ends_with_root(whole) else b""


def _ends_with_root(text: str) -> bool:
    """Return whether only comments follow the root of an SVG; other SVGs may be inside it."""
    depth = 0
    for tag in _TAG.finditer(text):
        if tag[1] is None:
            continue  # a comment, or literal characters
        depth += -1 if tag[1] else 0 if tag[0].endswith("/>") else 1
        if depth <= 0:
            at = tag.end()
            while found := _BESIDE.match(text, at):
                at = found.end()
            return at == len(text)
    return False


def is_svg(data: bytes) -> bool:
    """Return whether the root element is `svg`; the data may be a file's first bytes, in UTF-16 or packed with gzip."""
    if data[:2] == GZIP_START:
        data = _unpacked_head(data)
    if encoding := wide(data):
        # A character that is cut in two at the end is lost; the root comes before it.
        data = data[:_HEAD].decode(encoding, "ignore").encode()
    return _SVG.match(data.removeprefix(b"\xef\xbb\xbf")) is not None


def wide(data: bytes) -> str:
    """Return the name of the encoding if it is a form of UTF-16, otherwise nothing (XML 1.0, appendix F)."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    return {b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}.get(data[:2], "")


def _unpacked_head(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(data[:_HEAD], _HEAD)
    except zlib.error:
        return b""


_STARTS: tuple[tuple[bytes, FileType], ...] = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"II+\x00", TIFF),
    (b"MM\x00+", TIFF),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", JP2),
    (b"\xff\x4f\xff\x51", JP2),
    (b"\x00\x00\x01\x00", ICO),
    (b"%PDF-", PDF),
    (b"{\\rtf1", RTF),
    (b"\x1f\x8b", GZIP),
    (b"ID3", MP3),
    (b"\xff\xfb", MP3),
    (b"OggS", OGG),
    (b"fLaC", FLAC),
    (b"\x1aE\xdf\xa3", WEBM),
)
_BY_FIRST = {start[:1]: tuple(one for one in _STARTS if one[0][:1] == start[:1]) for start, _ in _STARTS}
_BRANDS: dict[bytes, FileType] = {
    b"avif": AVIF,
    b"avis": AVIF,
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), HEIC),
    **dict.fromkeys((b"isom", b"iso2", b"mp41", b"mp42", b"M4V ", b"qt  "), MP4),
}
_OFFICE = {b"word/document.xml": DOCX, b"ppt/presentation.xml": PPTX, b"xl/workbook.xml": XLSX}
# "BM" and "P6" alone also begin ordinary words: the header after them decides.
_BMP_HEADERS = frozenset(size.to_bytes(4, "little") for size in (12, 40, 52, 56, 64, 108, 124))
_PNM = re.compile(rb"P[1-6]\s+(?:#[^\n]*\n\s*){0,1000}[0-9]+\s+[0-9]+\s")
# Pictures in the format TGA begin the same way, with zeros where a cursor has its number of pictures.
_CURSOR = re.compile(rb"\x00\x00\x02\x00(?!\x00\x00).\x00...\x00", re.DOTALL)
_RIFF: dict[bytes, FileType] = {b"WEBP": WEBP, b"WAVE": WAV}


def kind(data: bytes) -> FileType | None:
    """Return the type of `data` according to its first bytes, or None if they are not known."""
    if data[:4] == b"RIFF":
        return _RIFF.get(data[8:12])
    if data[4:8] == b"ftyp":
        return _iso(data)
    if data[:4] == b"PK\x03\x04":
        return _zip(data)
    for start, file_type in _BY_FIRST.get(data[:1], ()):
        if data.startswith(start):
            return SVG if file_type is GZIP and is_svg(data) else file_type
    if data[:2] == b"BM" and data[14:18] in _BMP_HEADERS:
        return BMP
    if _CURSOR.match(data):
        return ICO
    if _PNM.match(data):
        return PNM
    return SVG if is_svg(data) else None


def _iso(data: bytes) -> FileType | None:
    """Search the major and compatible brands of an ISO base media file (AVIF, HEIC, MP4)."""
    end = min(int.from_bytes(data[:4], "big"), 256)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, end, 4))]
    file_types = [_BRANDS[brand] for brand in brands if brand in _BRANDS]
    # `mif1` only says "some image": a more specific brand next to it decides.
    return next((one for one in file_types if one is AVIF), file_types[0] if file_types else None)


def _zip(data: bytes) -> FileType:
    """Distinguish office documents from other archives: a ZIP contains the names of its members in plain text."""
    return next((file_type for name, file_type in _OFFICE.items() if name in data), ZIP)


def is_lossless(data: bytes) -> bool:
    """Return whether a file is lossless: according to its format or, for a WebP, the encoding of its first frame."""
    if kind(data) is not WEBP:
        return kind(data) in _LOSSLESS
    # In an extended file its frame, `VP8L` or `VP8 `, may follow a profile, and is inside that of an animation
    # (RFC 9649, 2.5 to 2.7).
    at = 12
    while (name := data[at : at + 4]) in (b"VP8X", b"ICCP", b"ALPH", b"ANIM", b"ANMF"):
        length = 16 if name == b"ANMF" else int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
    return name == b"VP8L"
