"""load_image: a picture from a file below an allowed folder, or from a data: URL."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from imagebridge.errors import ArgumentError, PictureError
from imagebridge.translate import kinds
from imagebridge.translate.picture import Picture, decode, encode

from . import folders
from .answer import Answer, described, size_in_words

FILE_SIZE = 64_000_000
"""Bytes of a file at most."""

SHOWN = "PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF, HEIC, JPEG 2000, ICO, PNM and SVG"
"""The formats that are shown."""

_NAMES = {kinds.JP2: "JPEG 2000", kinds.TIFF: "TIFF"}

_ORIENTATION = 0x0112
_METADATA = frozenset({"exif", "xmp", "XML:com.adobe.xmp", "comment", "photoshop", "extension", "mp"})
_SEGMENTS = frozenset({"COM", *(f"APP{n}" for n in range(1, 16) if n not in (2, 14))})
"""JPEG segments that hold metadata: all but JFIF (0), the colour profile (2) and Adobe's colour mark (14)."""


def load_image(source: str, allow: Sequence[Path] = ()) -> Answer:
    """Load the picture at `source`: a path, a `file:` URL below one of the folders `allow`, or a `data:` URL.

    Every format the bridge converts. Pictures come back upright and without metadata (place, camera, comments),
    in formats that models take: an animation as one sheet of its frames, a TIFF as a picture a page.

    Raises:
        ArgumentError: `source` may not be read, is not there, or is no such picture.
    """
    name, data = _data(source.strip(), allow)
    found = kinds.kind(data)
    if found is None or found.sort != "picture":
        what = f"a file of type {found.media_type}" if found else _unknown(data)
        raise ArgumentError("source", f"{name} is {what}; {SHOWN} are shown")
    try:
        original = Picture.from_bytes(data) if found.media_type in kinds.SENDABLE else None
        if original and original.frames == 1:
            picture, done = _bare(original)
            return Answer(f"{name}: {_told(found, data, original)}{done}.", (picture,))
        pictures, done = _converted(data)
    except PictureError as error:
        raise ArgumentError("source", f"{name} cannot be shown: {error.reason}") from error
    return Answer(f"{name}: {_told(found, data, original)}{done}.", pictures)


def _told(found: kinds.Kind, data: bytes, original: Picture | None) -> str:
    """Return the format of a file, its pixels where they are known, and its size."""
    if original:
        return f"{described(original).rsplit(',', 1)[0]}, {size_in_words(len(data))}"
    return f"{_NAMES.get(found, found.suffix[1:].upper())}, {size_in_words(len(data))}"


def _converted(data: bytes) -> tuple[tuple[Picture, ...], str]:
    """Return what becomes of a file that no model takes, and words on it."""
    from imagebridge.translate.convert import converted

    made = converted(encode(data), "decoded")
    done = f"; shown: {made.sentence}" if made.sentence else ""
    first = made.pictures[0]
    given = described(first) if len(made.pictures) == 1 else f"{len(made.pictures)} pictures"
    return made.pictures, f"{done}; given as {given} without metadata"


def _data(source: str, allow: Sequence[Path]) -> tuple[str, bytes]:
    """Return a name to tell, and the file's bytes."""
    if source[:5].lower() != "data:":
        data = folders.content(source, allow, FILE_SIZE, "source")
        return folders.path_of(source, "source").name, data
    if len(source) > FILE_SIZE * 4 // 3:
        raise ArgumentError("source", f"the data: URL holds more than {FILE_SIZE:,} bytes")
    try:
        return "data: URL", decode(source)[0]
    except PictureError as error:
        raise ArgumentError("source", f"the data: URL cannot be read: {error.reason}") from error


def _unknown(data: bytes) -> str:
    return "empty" if not data else "no picture of a known format"


def _bare(original: Picture) -> tuple[Picture, str]:
    """Return a still picture upright and without metadata, and words on what was done.

    A file that is so already, and that models take as it is, keeps its bytes.
    """
    from imagebridge.translate.decode import decoding, opened, srgb, upright
    from imagebridge.translate.encode import encoded

    image = opened(original.data)
    turned = image.getexif().get(_ORIENTATION, 1) != 1
    marks = getattr(image, "applist", ())
    told = _METADATA & set(image.info) or getattr(image, "text", None)
    bare = not turned and not told and not any(name in _SEGMENTS for name, _ in marks)
    if bare and original.plain:
        return replace(original, proof="decoded"), ""
    with decoding("its pixels cannot be converted"):
        picture = encoded(srgb(upright(image)))
    done = "; turned upright" if turned else ""
    if picture.media_type != original.media_type:
        done += f"; given as {described(picture)}"
    return picture, done if bare else f"{done}; metadata removed"
