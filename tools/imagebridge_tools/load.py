"""load_image: a picture from a file below an allowed folder, or from a data: URL."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from imagebridge.errors import ArgumentError, PictureError
from imagebridge.translate import kinds
from imagebridge.translate.picture import Picture, decode

from . import folders
from .answer import Answer, described, size_in_words

FILE_SIZE = 64_000_000
"""Bytes of a file at most."""

_ORIENTATION = 0x0112
_METADATA = frozenset({"exif", "xmp", "XML:com.adobe.xmp", "comment", "photoshop", "extension", "mp"})
_SEGMENTS = frozenset({"COM", *(f"APP{n}" for n in range(1, 16) if n not in (2, 14))})
"""JPEG segments that hold metadata: all but JFIF (0), the colour profile (2) and Adobe's colour mark (14)."""


def load_image(source: str, allow: Sequence[Path] = ()) -> Answer:
    """Load the picture at `source`: a path, a `file:` URL below one of the folders `allow`, or a `data:` URL.

    PNG, JPEG, WebP and GIF. It comes back upright and without metadata (place, camera, comments).

    Raises:
        ArgumentError: `source` may not be read, is not there, or is no such picture.
    """
    name, data = _data(source.strip(), allow)
    found = kinds.kind(data)
    if found is None or found.media_type not in kinds.SENDABLE:
        what = f"a file of type {found.media_type}" if found else _unknown(data)
        raise ArgumentError("source", f"{name} is {what}; PNG, JPEG, WebP and GIF are shown")
    try:
        original = Picture.from_bytes(data)
        picture, done = _bare(original)
    except PictureError as error:
        raise ArgumentError("source", f"{name} is a broken picture: {error.reason}") from error
    form = described(original).rsplit(",", 1)[0]
    return Answer(f"{name}: {form}, {size_in_words(len(data))}{done}.", (picture,))


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
    """Return the picture upright and without metadata, and words on what was done.

    A file that is so already keeps its bytes. An animation with metadata is reduced to its first frame.
    """
    from imagebridge.translate.decode import opened, upright
    from imagebridge.translate.encode import encoded

    image = opened(original.data)
    turned = image.getexif().get(_ORIENTATION, 1) != 1
    marks = getattr(image, "applist", ())
    told = _METADATA & set(image.info) or getattr(image, "text", None)
    if not turned and not told and not any(name in _SEGMENTS for name, _ in marks):
        frames = f", animated, {original.frames} frames" if original.frames > 1 else ""
        return replace(original, proof="decoded"), frames
    picture = encoded(upright(image))
    done = "; turned upright" if turned else ""
    if original.frames > 1:
        done += f"; only the first of {original.frames} frames"
    if picture.media_type != original.media_type:
        done += f"; given as {described(picture)}"
    return picture, done + "; metadata removed"
