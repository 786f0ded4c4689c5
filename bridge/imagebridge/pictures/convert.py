"""Converts files that models do not accept to pictures that they do, and shrinks pictures that are too large."""

from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from imagebridge.errors import PictureError

from . import animation, contact_sheet, grey, iso_boxes, kinds, pages
from . import png as png_chunks
from .base64 import base64_bytes, base64_start
from .cache import Cache
from .colour_spaces import hdr_sentence
from .cost import memory_of, turn
from .decode import drafted, frames, load, opened, read, srgb, upright
from .decoder_errors import decoding
from .encode import as_picture, is_flat, jpeg, png, redrawn, resized, standard
from .picture import Picture, Proof

if TYPE_CHECKING:
    from PIL.Image import Image

    from .svg import Fit

_WALKED = frozenset((kinds.PNG, kinds.JPEG, kinds.WEBP, kinds.GIF))

_MAX_FRAME = 40_000_000
"""The maximum pixels per frame of an animation for a contact sheet: a decoder holds several frames at a time."""


class Converted(NamedTuple):
    """Pictures created from one file, and a sentence that describes them if they are not the file itself.

    source: the media type of the file, if it differs from the pictures'. size: the size in pixels that the
    file specifies, if it was drawn at another size (an SVG).
    """

    pictures: tuple[Picture, ...]
    sentence: str = ""
    source: str = ""
    size: tuple[int, int] | None = None


_MADE: Cache[Converted] = Cache(
    64_000_000, lambda conversion: sum(len(one.data_url) for one in conversion.pictures)
)
"""Recent results, by the content of the file: models are shown the same files again and again."""


def converted(
    encoded: str, proof: Proof, fit: "Fit | None" = None, *, first_frame: bool = False
) -> Converted:
    """Return the pictures that a base64 text contains, in formats that the API accepts.

    A PNG, JPEG, WebP or still GIF keeps its bytes (see `Picture.plain`, and `fitted`). An animation becomes
    a contact sheet, or its first frame; a TIFF with several pages becomes one picture per page. `fit` converts a size
    in pixels to the one that the model sees, so that SVGs and contact sheets are drawn at that size and not shrunk
    later.

    Raises:
        PictureError: there is no picture, or it cannot be shown; the reason is a sentence for the model.
    """
    with decoding("it cannot be converted"):
        return _converted(encoded, proof, fit, first_frame=first_frame)


def _converted(encoded: str, proof: Proof, fit: "Fit | None", *, first_frame: bool) -> Converted:
    picture = Picture.remembered(encoded, proof)
    if picture is None:
        if kinds.kind(base64_start(encoded, 64)) not in _WALKED:
            data, _ = base64_bytes(encoded)
            return _MADE.once(
                ("converted", fit, first_frame, sha256(data).digest()),
                lambda: _foreign(data, kinds.kind(data), fit, first_frame=first_frame),
            )
        picture = Picture.from_base64(encoded, proof)
    if picture.frames == 1 and (picture.plain or picture.media_type != kinds.PNG.media_type):
        return Converted((picture,))
    data = picture.data
    if picture.frames == 1:
        return Converted((picture,), light_sentence(data))
    return _MADE.once(
        ("converted", fit, first_frame, sha256(data).digest()),
        lambda: _from(kinds.kind(data), _animation(data, fit, first_frame=first_frame)),
    )


def first(data: bytes) -> "Image":
    """Decode the first frame or page of a picture other than SVG, as it is shown.

    Raises:
        PictureError: the picture cannot be decoded.
    """
    file_type = kinds.kind(data)
    if file_type is kinds.TIFF:
        return pages.page(data, 0)[0]
    if file_type in _WALKED and animation.count(data) > 1:
        return animation.frame(data, 0)
    return opened(data)


def retyped(encoded: str, media_types: Collection[str]) -> Picture:
    """Return the picture that a base64 text contains, in one of `media_types`, converted to PNG or JPEG if necessary.

    Raises:
        PictureError: its pixels cannot be decoded, or it cannot be converted to any of these types.
    """
    picture = converted(encoded, "structure").pictures[0]
    if picture.media_type in media_types:
        return picture
    drawn = kinds.PNG.media_type in media_types
    if not drawn and kinds.JPEG.media_type not in media_types:
        raise PictureError(f"it is {picture.media_type}, but only {' or '.join(media_types)} can be used")
    with (
        decoding("its pixels cannot be converted"),
        turn(_PER_PIXEL * picture.width * picture.height),
    ):
        image = upright(opened(picture.data), picture.orientation)
        return png(image) if drawn else jpeg(image)


def redone(picture: Picture) -> Picture:
    """Return a picture as PNG or JPEG, whichever suits it.

    Raises:
        PictureError: its pixels cannot be decoded.
    """
    with turn(_PER_PIXEL * picture.width * picture.height):
        data = picture.data
        return redrawn(opened(data), picture.orientation, lossless=kinds.is_lossless(data))


_BEGINNING = 6_000
"""The number of base64 characters within which the pixels of a PNG usually start."""


def shines_through(picture: Picture) -> bool:
    """Return whether a background would be visible, that is, whether any pixel is transparent."""
    if picture.media_type == kinds.PNG.media_type:
        start = base64_start(picture.data_url[:_BEGINNING])
        if png_chunks.is_opaque(start):
            return False
    header = read(picture.data)
    if header.mode not in ("LA", "PA", "RGBA") and "transparency" not in header.info:
        return False
    with turn(8 * picture.width * picture.height):
        return standard(load(header)).mode in ("LA", "RGBA")


def _foreign(
    data: bytes, file_type: kinds.FileType | None, fit: "Fit | None", *, first_frame: bool
) -> Converted:
    """Convert a file of a format that the API does not accept."""
    match file_type:
        case kinds.SVG:
            from .svg import capped, shown

            drawing = shown(data, fit or capped)
            picture, requested_size = drawing.picture, (drawing.width, drawing.height)
            # If it is drawn larger, coordinates are those of the drawing, as for the tools.
            size = requested_size if requested_size[0] > picture.width else None
            conversion = Converted((picture,), drawing.sentence, size=size)
        case kinds.TIFF:
            conversion = Converted(*pages.scanned(data))
        case kinds.AVIF if frames(read(data)) > 1:
            conversion = _animation(data, fit, first_frame=first_frame)
        case _:
            # A HEIC with several pictures contains a burst or thumbnails: its primary one is first.
            image = read(data)
            with turn(memory_of(image)):
                image = load(image)
                sentence = grey.depth_sentence(image) or light_sentence(data)
                conversion = Converted((redrawn(image, lossless=kinds.is_lossless(data)),), sentence)
    return _from(file_type, conversion)


def light_sentence(data: bytes) -> str:
    """Return a sentence on how an HDR picture is shown; empty for others."""
    match kinds.kind(data):
        case kinds.AVIF | kinds.HEIC:
            return hdr_sentence(iso_boxes.colour(data)[1])
        case kinds.PNG:
            return hdr_sentence(png_chunks.colours(data).get(b"cICP", bytes(2))[1])
        case _:
            return ""


def _from(file_type: kinds.FileType | None, conversion: Converted) -> Converted:
    """Record the media type of the original file."""
    if file_type is None or file_type.media_type == conversion.pictures[0].media_type:
        return conversion
    return conversion._replace(source=file_type.media_type)


def _animation(data: bytes, fit: "Fit | None", *, first_frame: bool) -> Converted:
    width, height = animation.size(data)
    light = light_sentence(data)
    with turn(_PER_PIXEL * width * height):
        too_large = width * height > _MAX_FRAME
        if first_frame or too_large:
            sentence = f"the first of {animation.count(data)} frames of an animation"
            if too_large:
                sentence += f", {width}x{height} pixels each: too large to show more"
            image = animation.frame(data, 0)
        else:
            side = min(fit(contact_sheet.SIDE, contact_sheet.SIDE)) if fit else contact_sheet.SIDE
            sheet = contact_sheet.contact_sheet(data, side)
            image, sentence = sheet.image, sheet.sentence
        picture = redrawn(image, lossless=kinds.is_lossless(data))
        return Converted((picture,), f"{sentence}; {light}" if light else sentence)


def fitted(picture: Picture, width: int, height: int) -> Picture:
    """Return `picture` at exactly `width` x `height` pixels, in bytes that the API accepts.

    The picture is decoded and encoded at most once, always to the same bytes, and not at all if nothing has to change.

    Raises:
        PictureError: its pixels cannot be decoded.
    """
    if picture.plain and (width, height) == (picture.width, picture.height):
        return picture
    data = picture.data
    key = ("fitted", width, height, sha256(data).digest())
    with decoding("it cannot be made smaller"):
        return _MADE.once(key, lambda: Converted((_fitted(picture, data, width, height),))).pictures[0]


Crop = tuple[tuple[int, int, int, int], tuple[int, int]]
"""The left, top, right and bottom edge of a part within its picture, and its target width and height, in pixels."""


def cut(picture: Picture, cuts: Sequence[Crop]) -> tuple[Picture, ...]:
    """Return parts of a picture, each at its target size. The picture is decoded once, always with the same result.

    Raises:
        PictureError: its pixels cannot be decoded.
    """
    data = picture.data
    key = ("cut", tuple(cuts), sha256(data).digest())
    with decoding("it cannot be cut into parts"):
        return _MADE.once(key, lambda: Converted(_cut(picture, data, cuts))).pictures


def _cut(picture: Picture, data: bytes, cuts: Sequence[Crop]) -> tuple[Picture, ...]:
    with turn(_PER_PIXEL * picture.width * picture.height):
        image = standard(srgb(upright(opened(data), picture.orientation)))
        flat, lossless = is_flat(image), kinds.is_lossless(data)
        made: list[Picture] = []
        for box, size in cuts:
            part = image.crop(box)
            shown = part if part.size == size else resized(part, *size, sharp=flat)
            made.append(as_picture(shown, flat=flat, lossless=lossless, shrunk=True))
        return tuple(made)


_PER_PIXEL = 8
"""Bytes of memory per pixel, for the decoded picture and the one that is shown."""


def _fitted(picture: Picture, data: bytes, width: int, height: int) -> Picture:
    with turn(_PER_PIXEL * picture.width * picture.height):
        return _shrunk(picture, data, width, height)


def _shrunk(picture: Picture, data: bytes, width: int, height: int) -> Picture:
    if (width, height) == (picture.width, picture.height):
        return redrawn(opened(data), picture.orientation, lossless=kinds.is_lossless(data))
    image = upright(drafted(data, max(width, height)), picture.orientation)
    if image.mode == "CMYK":
        image = srgb(image)
    with decoding("its pixels cannot be converted"):
        flat, profile = is_flat(image), image.info.get("icc_profile")
        small = resized(standard(image), width, height, sharp=flat)
        # After shrinking: the same colours for a fraction of the work.
        small.info = {"icc_profile": profile} if profile else {}
        return as_picture(srgb(small), flat=flat, lossless=kinds.is_lossless(data), shrunk=True)
