"""The metadata of a file: camera notes, resolution, colour profile. Any of it may be broken.

Pillow refuses a whole picture because of a broken part, or raises all kinds of exceptions when the part is read. So
everything that is not needed for the pixels is removed before Pillow reads a file, and is read only here, where an
unreadable part counts as missing. Sources: EXIF 3.0 (CIPA DC-008, 2023), PNG third edition (W3C, 2025-06-24).
"""

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from io import BytesIO
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from . import bitmaps, iso_boxes, kinds, tiff_directory
from .containers import Mend, mended, orientation
from .png import MOVING, chunks, profile

if TYPE_CHECKING:
    from PIL.Image import Image

_TEXTS = frozenset((b"tEXt", b"zTXt", b"iTXt"))

_KEPT = MOVING | {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"gAMA", b"pHYs"}

_NOTED = frozenset({"exif", "xmp", "XML:com.adobe.xmp", "comment", "photoshop", "extension", "mp"})
_SEGMENTS = frozenset({"COM", *(f"APP{n}" for n in range(1, 16) if n not in (2, 14))})
"""JPEG segments with metadata: all except JFIF (0), the colour profile (2) and Adobe's colour mark (14)."""

_PHOTO, _GPS, _OTHERS = 0x8769, 0x8825, 0xA005
_ORIENTATION = 0x0112

_READERS = {
    kinds.AVIF: ("PIL.AvifImagePlugin", "AvifImageFile"),
    kinds.HEIC: ("pillow_heif", "HeifImageFile"),
}


def bare(data: bytes, found: kinds.FileType) -> tuple[bytes, dict[str, bytes]]:
    """Return the file without parts that Pillow's decoders fail on, and entries for `info` that replace these parts.

    A PNG keeps its pixels, its frames and its colour information: Pillow refuses the whole picture if
    another chunk is broken, or a text unpacks to over a megabyte. A JPEG loses its EXIF: Pillow looks for a
    resolution in it, and warns on stderr if it is broken. AVIF and HEIC lose it too: a separate property
    rotates them, whatever EXIF says. An AVIF also loses its groups (see `iso_boxes.without_groups`).
    """
    if found is kinds.PNG:
        return _bare_png(data)
    if found is kinds.JPEG:
        spans = list(_hindering(data))
        exif = b"".join(data[start + 10 : stop] for start, stop, _ in spans if _is_exif(data, start))
        return mended(data, spans), {"exif": b"Exif\0\0" + exif} if exif else {}
    if found is kinds.BMP:
        return bitmaps.mended(data), {}
    if found is kinds.TIFF:
        return tiff_directory.classic(data), {}
    if found is kinds.AVIF:
        return iso_boxes.without_exif(iso_boxes.without_groups(iso_boxes.with_properties(data))), {}
    return iso_boxes.without_exif(data) if found is kinds.HEIC else data, {}


def _bare_png(data: bytes) -> tuple[bytes, dict[str, bytes]]:
    info: dict[str, bytes] = {}
    gone: list[Mend] = []
    for start, stop, name in chunks(data):
        if name in _KEPT:
            continue
        gone.append((start, stop, b""))
        body = data[start + 8 : stop - 4]
        if name in _TEXTS:
            info["comment"] = b""
        elif name == b"eXIf":
            info["exif"] = body
        elif name == b"iCCP" and (unpacked := profile(body)):
            info["icc_profile"] = unpacked
    return mended(data, gone), info


def without_notes(data: bytes) -> bytes | None:
    """Return a PNG, JPEG or WebP in sRGB with nothing but its pixels, which are not encoded again.

    None for other formats, and for a JPEG that may contain notes between its pixels.
    """
    match kinds.kind(data):
        case kinds.PNG:
            spans = list(chunks(data))
            notes = [
                (start, stop, b"") for start, stop, name in spans if name not in _KEPT or name == b"gAMA"
            ]
            return mended(data[: spans[-1][1]], notes)
        case kinds.JPEG:
            spans = list(_segments(data))
            notes = [(start, stop, b"") for start, stop in spans if data[start + 1] in _NOTES]
            return None if _LATER_NOTE.search(data, spans[-1][1]) else mended(data, notes)
        case kinds.WEBP:
            return _bare_webp(data)
        case _:
            return None


_NOTES = frozenset((0xFE, *range(0xE1, 0xF0))) - {0xEE}
_LATER_NOTE = re.compile(rb"\xff[\xe1-\xed\xef\xfe]")
"""JPEG segments besides the pixels: comments, and all application segments except JFIF and Adobe's colour mark."""

_FRAMES = frozenset((b"ALPH", b"VP8 ", b"VP8L", b"ANIM", b"ANMF"))

_NOTED_FLAGS = 0b101100
"""The flags in the header of an extended WebP for a profile, EXIF and XMP (RFC 9649, 2.7.1)."""


def _bare_webp(data: bytes) -> bytes:
    kept, at = bytearray(data[:12]), 12
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        stop = at + 8 + length + length % 2
        if data[at : at + 4] == b"VP8X":
            kept += data[at : at + 8] + bytes((data[at + 8] & ~_NOTED_FLAGS,)) + data[at + 9 : stop]
        elif data[at : at + 4] in _FRAMES:
            kept += data[at:stop]
        at = stop
    kept[4:8] = (len(kept) - 8).to_bytes(4, "little")
    return bytes(kept)


_SHORTEST = {0xE0: (b"JFIF", 14), 0xEE: (b"Adobe", 12)}
"""The minimum length of two kinds of JPEG segments. Decoders skip shorter ones, but Pillow fails on them."""


def _is_exif(data: bytes, at: int) -> bool:
    return data[at + 1] == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0"


def _segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each segment before the pixels of a JPEG."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        if data[at + 1] == 0xFF:
            at += 1
            continue
        stop = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        yield at, stop
        at = stop


def _hindering(data: bytes) -> Iterator[Mend]:
    """Yield the segments before the pixels of a JPEG that are to be removed: EXIF, and those that are too short for their type."""
    for start, stop in _segments(data):
        name, shortest = _SHORTEST.get(data[start + 1], (b"", 0))
        if _is_exif(data, start) or (stop - start - 4 < shortest and data[start + 4 : stop].startswith(name)):
            yield start, stop, b""


def strip_tiff(image: "Image") -> None:
    """Remove other directories and XMP from a TIFF before its pixels are decoded, because Pillow would read them.

    Pillow rotates pages as XMP says if no tag specifies a rotation; no other decoder does that.
    """
    image.info.pop("xmp", None)
    exif = image.getexif()
    if isinstance(turned := exif.get(_ORIENTATION), bytes) and len(turned) == 1:
        exif[_ORIENTATION] = turned[0]  # some programs write it as a byte
    for directory in (_PHOTO, _GPS, _OTHERS):
        if directory in exif:
            del exif[directory]


def is_noted(image: "Image") -> bool:
    """Return whether a picture that `decode.read` returned contains notes: a camera, a place, a program, words."""
    segments: Any = getattr(image, "applist", ())
    return bool(_NOTED & set(image.info)) or any(name in _SEGMENTS for name, _ in segments)


def dots_per_inch(image: "Image") -> int:
    """Return the resolution that a file states, or 0 if it states none or an impossible one."""
    resolution: Any = image.info.get("dpi")
    try:
        dots = float(resolution[0])
    except (TypeError, ValueError, IndexError, KeyError, ZeroDivisionError):
        return 0
    return round(dots) if isfinite(dots) and 1 < dots < 1_000_000 else 0


def profile_name(image: "Image") -> str:
    """Return the name of the colour profile, or nothing if there is none."""
    data = image.info.get("icc_profile")
    if not data:
        return ""
    from PIL import ImageCms

    try:
        return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(data))).strip()
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return "that cannot be read"


class CameraNotes(NamedTuple):
    """EXIF values by tag number, from the main, camera and place directories. `turned` is the EXIF orientation."""

    main: Mapping[int, object]
    photo: Mapping[int, object]
    place: Mapping[int, object]
    turned: int


def camera_notes(data: bytes, image: "Image") -> CameraNotes | None:
    """Return the EXIF of a picture that `decode.read` returned as `image`; None if it is missing or unreadable."""
    try:
        return _camera_notes(data, image)
    # A broken block raises any exception, and all mean that there is nothing to read.
    except Exception:  # noqa: BLE001
        return None


def _camera_notes(data: bytes, image: "Image") -> CameraNotes | None:
    from PIL.Image import Exif

    file_type, exif = kinds.kind(data), Exif()
    if file_type is kinds.TIFF:
        image.info.pop("xmp", None)
        exif = image.getexif()
        turned = exif.get(_ORIENTATION, 1)
    else:
        if file_type in _READERS:
            module, name = _READERS[file_type]
            image = getattr(import_module(module), name)(BytesIO(data))
        block: object = image.info.get("exif")
        if not isinstance(block, bytes):
            return None
        exif.load(block)
        turned = orientation(block)
    if not len(exif):
        return None
    main = {tag: exif.get(tag) for tag in exif}
    turned = turned if isinstance(turned, int) else 1
    return CameraNotes(main, _directory(exif, _PHOTO), _directory(exif, _GPS), turned)


def _directory(exif: Any, tag: int) -> Mapping[int, object]:
    """Return a nested directory, or nothing if it is broken."""
    try:
        return exif.get_ifd(tag)
    except Exception:  # noqa: BLE001
        return {}
