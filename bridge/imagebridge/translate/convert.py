"""Bytes that no model takes become pictures that it does; a picture that is too large, one that fits."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import kinds, sheet
from .decode import decoding, drafted, frames, load, opened, read, srgb, upright
from .encode import encoded, is_flat, resized, standard
from .picture import Picture, Proof, decode, decode_start

if TYPE_CHECKING:
    from PIL.Image import Image

_WALKED = frozenset((kinds.PNG, kinds.JPEG, kinds.WEBP, kinds.GIF))

MAX_PAGES = 30
"""Pages of one TIFF that are shown at most; the sentence names how many there are."""


@dataclass(frozen=True, slots=True)
class Converted:
    """Pictures made from one file, and the sentence that says what they are where they are not the file itself."""

    pictures: tuple[Picture, ...]
    sentence: str = ""


def converted(text: str, proof: Proof, *, first_frame: bool = False) -> Converted:
    """Return the pictures that base64 `text` holds, in formats that the API takes.

    A PNG, JPEG, WebP or still GIF keeps its bytes (see `Picture.plain`, and `fitted`). An animation becomes a contact sheet, or its first frame; a
    TIFF of several pages one picture a page.

    Raises:
        PictureError: no picture, or one that cannot be shown; the reason is a sentence for the model.
    """
    if kinds.kind(decode_start(text, 64)) in _WALKED:
        picture = Picture.from_base64(text, proof)
        return (
            _animation(picture.data, first_frame=first_frame) if picture.frames > 1 else Converted((picture,))
        )
    data, _ = decode(text)
    match kinds.kind(data):
        case kinds.SVG:
            from .svg import drawn

            return Converted((drawn(data),))
        case kinds.TIFF:
            return _pages(data)
        case kinds.AVIF | kinds.HEIC:
            # A HEIC with several pictures holds a burst or thumbnails: its primary one is first.
            animated = kinds.kind(data) is kinds.AVIF and frames(read(data)) > 1
            return (
                _animation(data, first_frame=first_frame)
                if animated
                else Converted((_redrawn(opened(data)),))
            )
        case _:
            return Converted((_redrawn(opened(data)),))


def _redrawn(image: "Image") -> Picture:
    """Encode decoded pixels anew: upright, in sRGB, 8 bits a channel, without metadata."""
    with decoding("its pixels cannot be converted"):
        return encoded(standard(srgb(upright(image))))


def _animation(data: bytes, *, first_frame: bool) -> Converted:
    image = read(data)
    if first_frame:
        total = frames(image)
        return Converted((_redrawn(load(image)),), f"the first of {total} frames of an animation")
    made = sheet.contact_sheet(image)
    return Converted((encoded(standard(made.image)),), made.sentence)


def _pages(data: bytes) -> Converted:
    """A TIFF is a document: one picture a page."""
    image = read(data)
    total = frames(image)
    pages: list[Picture] = []
    for page in range(min(total, MAX_PAGES)):
        with decoding(f"page {page + 1} of {total} cannot be read"):
            image.seek(page)
        pages.append(_redrawn(load(image).copy()))
    if total == 1:
        return Converted(tuple(pages))
    told = (
        f"the {total} pages of a TIFF"
        if total <= MAX_PAGES
        else f"the first {MAX_PAGES} of {total} pages of a TIFF"
    )
    return Converted(tuple(pages), told)


def fitted(picture: Picture, width: int, height: int) -> Picture:
    """Return `picture` in exactly `width` x `height` pixels, in bytes that the API takes.

    It is decoded and encoded once at most, always to the same bytes; not at all where nothing is to be done.

    Raises:
        PictureError: its pixels cannot be decoded.
    """
    if (width, height) == (picture.width, picture.height):
        return picture if picture.plain else _redrawn(opened(picture.data))
    image = upright(drafted(picture.data, max(width, height)))
    if image.mode == "CMYK":
        image = srgb(image)
    with decoding("its pixels cannot be converted"):
        flat, profile = is_flat(image), image.info.get("icc_profile")
        small = resized(standard(image), width, height, sharp=flat)
        # After shrinking: the same colours for a fraction of the work.
        small.info = {"icc_profile": profile} if profile else {}
        return encoded(srgb(small), flat=flat)
