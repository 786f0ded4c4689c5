"""Pixels in and out: decoding safely, and encoding what must be made smaller. Pillow loads when first used."""

from io import BytesIO
from typing import TYPE_CHECKING

from imagebridge.errors import PictureError

from . import kinds
from .picture import MAX_PIXELS, Picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image, ImagePointTransform
    from PIL.ImageFile import ImageFile

PHOTO_QUALITY = 85
"""JPEG quality of photographs: above it files grow faster than a model's sight of them."""

_QUALITIES = (85, 75, 60, 45)
_FLAT = 0.5
"""Share of equal neighbours above which a picture is a drawing; screenshots measured 0.8 to 0.96, noise 0."""


def opened(data: bytes) -> "Image":
    """Decode `data` fully, first frame only.

    The decoder is chosen by the first bytes and the size is capped before a pixel is unpacked.

    Raises:
        PictureError: no known picture, more than `MAX_PIXELS`, or pixels that cannot be decoded.
    """
    found = kinds.kind(data)
    reader = _reader(found) if found else None
    if found is None or reader is None:
        raise PictureError(f"{found.media_type if found else 'unknown bytes'} cannot be decoded")
    try:
        image = reader(BytesIO(data))
        if image.width * image.height > MAX_PIXELS:
            raise PictureError(
                f"it unpacks to {image.width}x{image.height} pixels, over the limit of {MAX_PIXELS:,}"
            )
        image.load()
    except PictureError:
        raise
    except Exception as error:  # Pillow's decoders raise many kinds on bad bytes: all mean the same here.
        raise PictureError(f"its pixels cannot be decoded ({_first_line(error)})") from error
    return image


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]


def _reader(found: kinds.Kind) -> "type[ImageFile] | None":
    """Return Pillow's reader for one kind; going through it, not `Image.open`, tries no other decoder."""
    match found:
        case kinds.PNG:
            from PIL.PngImagePlugin import PngImageFile as Reader
        case kinds.JPEG:
            from PIL.JpegImagePlugin import JpegImageFile as Reader
        case kinds.WEBP:
            from PIL.WebPImagePlugin import WebPImageFile as Reader
        case kinds.GIF:
            from PIL.GifImagePlugin import GifImageFile as Reader
        case _:
            return None
    return Reader


def plain(picture: Picture) -> Picture:
    """Return `picture` in bytes that the API takes: 8 bits a channel and no CMYK, a still.

    Raises:
        PictureError: an animation, or pixels that cannot be decoded.
    """
    if picture.plain:
        return picture
    if picture.frames > 1:
        raise PictureError(f"an animation of {picture.frames} frames is not taken by the API")
    return encoded(upright(opened(picture.data)))


def upright(image: "Image") -> "Image":
    """Return the picture turned as its EXIF orientation asks."""
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def fitted(picture: Picture, width: int, height: int) -> Picture:
    """Return `picture` shrunk to exactly `width` x `height` pixels, encoded once and always the same.

    A picture that its EXIF orientation turns on its side is turned, and its width and height change places.

    Raises:
        PictureError: its pixels cannot be decoded.
    """
    # The draft is asked for in the larger side both ways: it is made before the picture is turned.
    image = _drafted(picture.data, max(width, height))
    turned = upright(image)
    if (turned.width > turned.height) != (image.width > image.height):
        width, height = height, width
    flat = is_flat(turned)
    return encoded(resized(_plain(turned), width, height), flat=flat)


def resized(image: "Image", width: int, height: int) -> "Image":
    """Scale pixels with the Lanczos filter; large reductions average whole blocks first, as good and faster."""
    from PIL.Image import Resampling

    size = (width, height)
    return image.resize(size, Resampling.LANCZOS, reducing_gap=2.0)  # pyright: ignore[reportUnknownMemberType]


def _drafted(data: bytes, side: int) -> "Image":
    """Decode `data`, a JPEG at the smallest of its own scales (1/2, 1/4, 1/8) that leaves the filter enough."""
    if kinds.kind(data) is not kinds.JPEG:
        return opened(data)
    from PIL.JpegImagePlugin import JpegImageFile

    try:
        image = JpegImageFile(BytesIO(data))
        image.draft(None, (side * 3 // 2, side * 3 // 2))
        image.load()
    except Exception as error:  # as in `opened`
        raise PictureError(f"its pixels cannot be decoded ({_first_line(error)})") from error
    return image


def encoded(image: "Image", *, flat: bool | None = None) -> Picture:
    """Encode pixels as the picture asks: JPEG for photographs, PNG for drawings, screens and transparency.

    The bytes depend on the pixels alone: no metadata, no time. `flat` says what is already known of
    the picture (see `is_flat`).
    """
    image = _plain(image)
    transparent = image.mode in ("LA", "RGBA")
    if transparent or (is_flat(image) if flat is None else flat):
        return _saved(image, "PNG", compress_level=6)
    return _saved(image, "JPEG", quality=PHOTO_QUALITY)


def within(picture: Picture, limit: int) -> Picture:
    """Return `picture` in at most `limit` bytes: lower JPEG quality first, then three quarters of each side.

    Transparency is kept as long as it fits, then laid on white.

    Raises:
        PictureError: its pixels cannot be decoded, or not even one pixel fits.
    """
    if picture.size <= limit:
        return picture
    image = _plain(upright(opened(picture.data)))
    flat = is_flat(image)
    while image.width > 1 or image.height > 1:
        for candidate in _candidates(image, flat=flat):
            if candidate.size <= limit:
                return candidate
        image = resized(image, max(1, image.width * 3 // 4), max(1, image.height * 3 // 4))
    raise PictureError(f"it cannot be made to fit {limit} bytes")


def _candidates(image: "Image", *, flat: bool) -> "Iterator[Picture]":
    """Yield encodings of the same pixels, from the best to the smallest."""
    if flat or image.mode in ("LA", "RGBA"):
        yield _saved(image, "PNG", compress_level=6)
    opaque = _opaque(image)
    for quality in _QUALITIES:
        yield _saved(opaque, "JPEG", quality=quality, subsampling=0 if flat else 2)


def is_flat(image: "Image") -> bool:
    """Tell a drawing or screenshot from a photograph: most neighbours in 64 sampled rows are equal."""
    from PIL import Image as Images
    from PIL import ImageChops

    if image.width < 2:
        return True
    rows = min(64, image.height)
    grey = image.convert("L")
    sample = Images.new("L", (image.width, rows))
    for row in range(rows):
        at = row * image.height // rows
        sample.paste(grey.crop((0, at, image.width, at + 1)), (0, row))
    left, right = sample.crop((0, 0, image.width - 1, rows)), sample.crop((1, 0, image.width, rows))
    equal = ImageChops.difference(left, right).histogram()[0]
    return equal / ((image.width - 1) * rows) > _FLAT


def _plain(image: "Image") -> "Image":
    """Return the pixels in a mode that PNG and JPEG hold in 8 bits a channel."""
    if image.mode in ("L", "RGB", "LA", "RGBA"):
        return image
    if image.mode in ("P", "PA") or "transparency" in image.info:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode.startswith("I"):
        # 16 bits of grey: Pillow's own conversion would cut off all above 255.
        return image.point(_high_byte).convert("L")  # pyright: ignore[reportUnknownMemberType]
    return image.convert("L" if image.mode in ("1", "F") else "RGB")


def _high_byte(grey: "ImagePointTransform") -> "ImagePointTransform":
    # Pillow maps 16-bit pixels with one factor; it takes no table and no division.
    return grey * (1 / 256)


def _opaque(image: "Image") -> "Image":
    """Lay a transparent picture on white."""
    if image.mode not in ("LA", "RGBA"):
        return image
    from PIL import Image as Images

    page = Images.new("RGBA", image.size, "white")
    page.alpha_composite(image.convert("RGBA"))
    return page.convert("RGB")


def _saved(image: "Image", form: str, **options: int) -> Picture:
    # A copy without `info` writes no metadata: neither EXIF nor a colour profile nor a comment.
    bare = image.copy()
    bare.info = {}
    buffer = BytesIO()
    bare.save(buffer, form, **options)
    return Picture.from_bytes(buffer.getvalue())
