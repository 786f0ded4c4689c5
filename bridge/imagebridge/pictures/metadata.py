"""What a file says beside its pixels: notes of the camera, resolution, colour profile. All of it may be broken.

Pillow refuses whole pictures for such a part, or lets an exception of any kind out of the question for it. So what
is not needed for the pixels is taken off before Pillow reads a file, and asked for here alone, where a part that
cannot be read is one that is not there. Sources: EXIF 3.0 (CIPA DC-008, 2023), PNG third edition (W3C, 2025-06-24).
"""

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
"""JPEG segments that hold metadata: all but JFIF (0), the colour profile (2) and Adobe's colour mark (14)."""

_PHOTO, _GPS, _OTHERS = 0x8769, 0x8825, 0xA005
_ORIENTATION = 0x0112

_READERS = {
    kinds.AVIF: ("PIL.AvifImagePlugin", "AvifImageFile"),
    kinds.HEIC: ("pillow_heif", "HeifImageFile"),
}


def bare(data: bytes, found: kinds.FileType) -> tuple[bytes, dict[str, bytes]]:
    """Return the file without what hinders Pillow's decoders, and what stands for that in `info`, in Pillow's words.

    A PNG keeps its pixels, its frames and what says in which colours: Pillow refuses the whole picture where
    another chunk is broken, or a text unpacks to over a megabyte. A JPEG loses its EXIF: Pillow looks for a
    resolution in it, and warns on stderr where it is broken. AVIF and HEIC lose it too: they are turned by a
    property of their own, whatever EXIF says. An AVIF also loses its groups (see `iso_boxes.without_groups`).
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


_COLOURED = frozenset((b"gAMA", b"cHRM", b"iCCP", b"cICP"))


def without_notes(data: bytes) -> bytes | None:
    """Return a PNG with the very pixels it has, and nothing that it says beside them.

    None where leaving chunks out does not do: another format, or colours that are described.
    """
    if kinds.kind(data) is not kinds.PNG:
        return None
    spans = list(chunks(data))
    if _COLOURED & {name for _, _, name in spans}:
        return None
    return _bare_png(data[: spans[-1][1]])[0]


_SHORTEST = {0xE0: (b"JFIF", 14), 0xEE: (b"Adobe", 12)}
"""The bytes that two segments of a JPEG have at least. Decoders pass by shorter ones, and Pillow fails."""


def _is_exif(data: bytes, at: int) -> bool:
    return data[at + 1] == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0"


def _hindering(data: bytes) -> Iterator[Mend]:
    """Yield the segments before the pixels of a JPEG that are to go: EXIF, and those that are too short for what they are."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        if data[at + 1] == 0xFF:
            at += 1
            continue
        stop = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        name, shortest = _SHORTEST.get(data[at + 1], (b"", 0))
        if _is_exif(data, at) or (stop - at - 4 < shortest and data[at + 4 : stop].startswith(name)):
            yield at, stop, b""
        at = stop


def strip_tiff(image: "Image") -> None:
    """Take off a TIFF, before its pixels are decoded, what Pillow would follow then: other directories, and XMP.

    By XMP Pillow turns a page that no tag turns, and no other decoder does.
    """
    image.info.pop("xmp", None)
    exif = image.getexif()
    if isinstance(turned := exif.get(_ORIENTATION), bytes) and len(turned) == 1:
        exif[_ORIENTATION] = turned[0]  # some writers give it as a byte
    for directory in (_PHOTO, _GPS, _OTHERS):
        if directory in exif:
            del exif[directory]


def is_noted(image: "Image") -> bool:
    """Tell whether what `decode.read` returned holds notes: of a camera, a place, a program, in words."""
    segments: Any = getattr(image, "applist", ())
    return bool(_NOTED & set(image.info)) or any(name in _SEGMENTS for name, _ in segments)


def dots_per_inch(image: "Image") -> int:
    """Return the resolution that a file says it has, 0 where it says none, or what cannot be one."""
    resolution: Any = image.info.get("dpi")
    try:
        dots = float(resolution[0])
    except (TypeError, ValueError, IndexError, KeyError, ZeroDivisionError):
        return 0
    return round(dots) if isfinite(dots) and 1 < dots < 1_000_000 else 0


def profile_name(image: "Image") -> str:
    """Return what the colour profile calls itself, empty where there is none."""
    data = image.info.get("icc_profile")
    if not data:
        return ""
    from PIL import ImageCms

    try:
        return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(data))).strip()
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return "that cannot be read"


class CameraNotes(NamedTuple):
    """EXIF by the numbers of its tags: the main directory, the camera's, the place. `turned` is as in `Picture`."""

    main: Mapping[int, object]
    photo: Mapping[int, object]
    place: Mapping[int, object]
    turned: int


def camera_notes(data: bytes, image: "Image") -> CameraNotes | None:
    """Return the EXIF of a picture that `decode.read` made an `image` of; None where it has none that can be read."""
    try:
        return _camera_notes(data, image)
    # A broken block raises whatever its numbers lead to, and all mean that there is nothing to read.
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
    """Return a directory inside another, nothing where it is broken."""
    try:
        return exif.get_ifd(tag)
    except Exception:  # noqa: BLE001
        return {}
