"""What bytes are, by their first bytes and never by a label."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Kind:
    """A file type: its IANA media type, usual suffix, and what it is to a model."""

    media_type: str
    suffix: str
    sort: Literal["picture", "document", "audio", "video", "archive"]


PNG = Kind("image/png", ".png", "picture")
JPEG = Kind("image/jpeg", ".jpg", "picture")
WEBP = Kind("image/webp", ".webp", "picture")
GIF = Kind("image/gif", ".gif", "picture")
BMP = Kind("image/bmp", ".bmp", "picture")
TIFF = Kind("image/tiff", ".tif", "picture")
AVIF = Kind("image/avif", ".avif", "picture")
HEIC = Kind("image/heic", ".heic", "picture")
JP2 = Kind("image/jp2", ".jp2", "picture")
ICO = Kind("image/x-icon", ".ico", "picture")
PNM = Kind("image/x-portable-anymap", ".pnm", "picture")
SVG = Kind("image/svg+xml", ".svg", "picture")
PDF = Kind("application/pdf", ".pdf", "document")
ZIP = Kind("application/zip", ".zip", "archive")
GZIP = Kind("application/gzip", ".gz", "archive")
WAV = Kind("audio/wav", ".wav", "audio")
MP3 = Kind("audio/mpeg", ".mp3", "audio")
OGG = Kind("audio/ogg", ".ogg", "audio")
FLAC = Kind("audio/flac", ".flac", "audio")
MP4 = Kind("video/mp4", ".mp4", "video")
WEBM = Kind("video/webm", ".webm", "video")

SENDABLE = frozenset(kind.media_type for kind in (PNG, JPEG, WEBP, GIF))
"""The formats the API takes (OpenAI's guide "Images and vision", 2026-09): a GIF only with one frame."""

_STARTS: tuple[tuple[bytes, Kind], ...] = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"BM", BMP),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"II+\x00", TIFF),
    (b"MM\x00+", TIFF),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", JP2),
    (b"\xff\x4f\xff\x51", JP2),
    (b"\x00\x00\x01\x00", ICO),
    (b"%PDF-", PDF),
    (b"PK\x03\x04", ZIP),
    (b"\x1f\x8b", GZIP),
    (b"ID3", MP3),
    (b"\xff\xfb", MP3),
    (b"OggS", OGG),
    (b"fLaC", FLAC),
    (b"\x1aE\xdf\xa3", WEBM),
)
_BRANDS: dict[bytes, Kind] = {
    b"avif": AVIF,
    b"avis": AVIF,
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), HEIC),
    **dict.fromkeys((b"isom", b"iso2", b"mp41", b"mp42", b"M4V ", b"qt  "), MP4),
}
_RIFF: dict[bytes, Kind] = {b"WEBP": WEBP, b"WAVE": WAV}


def kind(data: bytes) -> Kind | None:
    """Return what the first bytes of `data` say it is, or None where they say nothing known."""
    if data[:4] == b"RIFF":
        return _RIFF.get(data[8:12])
    if data[4:8] == b"ftyp":
        return _iso(data)
    for start, found in _STARTS:
        if data.startswith(start):
            return found
    if data[:1] == b"P" and data[1:2] in b"123456" and data[2:3] in b" \t\r\n#" and len(data) > 3:
        return PNM
    return SVG if _is_svg(data) else None


def _iso(data: bytes) -> Kind | None:
    """Look through the major and compatible brands of an ISO base media file (AVIF, HEIC, MP4)."""
    end = min(int.from_bytes(data[:4], "big"), 256)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, end, 4))]
    found = [_BRANDS[brand] for brand in brands if brand in _BRANDS]
    # `mif1` only says "some image": a more exact brand beside it decides.
    return next((one for one in found if one is AVIF), found[0] if found else None)


def _is_svg(data: bytes) -> bool:
    """Tell whether the text begins, after declarations and comments, with an `svg` element."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head[:1] == b"<" and b"<svg" in head.lower() and b"<html" not in head.lower()
