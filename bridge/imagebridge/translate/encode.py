"""Pixels become bytes: the encoder is chosen from the picture, never from a label, and the bytes never vary."""

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from imagebridge.errors import PictureError

from . import grey
from .decode import decoding, opened, srgb, upright
from .picture import Picture

if TYPE_CHECKING:
    from PIL.Image import Image

_QUALITIES = (85, 75, 60, 45)
"""JPEG qualities, best first. Above 85 files grow faster than a model's sight of them."""

_FLAT = 0.5
"""Share of equal neighbours above which a picture is a drawing; screenshots measured 0.8 to 0.96, noise 0."""

_ROWS = 64
"""Rows that are sampled to tell a drawing from a photograph."""


def encoded(image: "Image", *, flat: bool | None = None) -> Picture:
    """Encode pixels as the picture asks: JPEG for photographs, PNG for drawings, screens and transparency.

    The bytes depend on the pixels alone: no metadata, no time. `flat` says what is already known of
    the picture (see `is_flat`).
    """
    image = standard(image)
    if image.mode in ("LA", "RGBA") or (is_flat(image) if flat is None else flat):
        return _saved(image, "PNG", compress_level=6)
    return _saved(image, "JPEG", quality=_QUALITIES[0])


def redrawn(image: "Image", turned: int | None = None) -> Picture:
    """Encode decoded pixels anew: upright (see `upright`), in sRGB, 8 bits a channel, without metadata.

    Raises:
        PictureError: the pixels cannot be converted.
    """
    with decoding("its pixels cannot be converted"):
        return encoded(standard(srgb(upright(image, turned))))


def within(picture: Picture, limit: int) -> Picture:
    """Return `picture` in at most `limit` bytes: lower JPEG quality first, then three quarters of each side.

    Transparency is kept as long as it fits, then laid on white.

    Raises:
        PictureError: its pixels cannot be decoded, or not even one pixel fits.
    """
    if picture.size <= limit:
        return picture
    with decoding("its pixels cannot be converted"):
        image = standard(upright(opened(picture.data), picture.orientation))
    flat = is_flat(image)
    while image.width > 1 or image.height > 1:
        for candidate in _candidates(image, flat=flat):
            if candidate.size <= limit:
                return candidate
        image = resized(image, max(1, image.width * 3 // 4), max(1, image.height * 3 // 4), sharp=flat)
    raise PictureError(f"it cannot be made to fit {limit} bytes")


def _candidates(image: "Image", *, flat: bool) -> Iterator[Picture]:
    """Yield encodings of the same pixels, from the best to the smallest."""
    if flat or image.mode in ("LA", "RGBA"):
        yield _saved(image, "PNG", compress_level=6)
    page = opaque(image)
    for quality in _QUALITIES:
        # Text on a flat ground blurs first in its colours: those keep their full resolution.
        yield _saved(page, "JPEG", quality=quality, subsampling=0 if flat else 2)


def is_flat(image: "Image") -> bool:
    """Tell a drawing or screenshot from a photograph: most neighbours in the sampled rows are equal."""
    from PIL import Image as Images
    from PIL import ImageChops

    if image.width < 2:
        return True
    rows = min(_ROWS, image.height)
    sample = Images.new(image.mode, (image.width, rows))
    for row in range(rows):
        at = row * image.height // rows
        sample.paste(image.crop((0, at, image.width, at + 1)), (0, row))
    grey = sample.convert("L")
    left, right = grey.crop((0, 0, image.width - 1, rows)), grey.crop((1, 0, image.width, rows))
    equal = ImageChops.difference(left, right).histogram()[0]
    return equal / ((image.width - 1) * rows) > _FLAT


def resized(image: "Image", width: int, height: int, *, sharp: bool = True) -> "Image":
    """Scale pixels; `sharp` keeps the edges of text and lines, without it photographs are done faster.

    Large reductions average whole blocks first, which looks the same and costs less.
    """
    from PIL.Image import Resampling

    size, kernel = (width, height), Resampling.LANCZOS if sharp else Resampling.BICUBIC
    return image.resize(size, kernel, reducing_gap=2.0)  # pyright: ignore[reportUnknownMemberType]


def standard(image: "Image") -> "Image":
    """Return the pixels in a mode that PNG and JPEG hold in 8 bits a channel: L, RGB, or LA, RGBA where some shine through."""
    if grey.is_deep(image):
        # First of all: what Pillow makes of deep grey, here or by way of transparency, is white or black.
        image = grey.eight_bits(image)
    elif image.mode not in ("L", "RGB", "LA", "RGBA") or "transparency" in image.info:
        clear = image.has_transparency_data
        image = image.convert("RGBA" if clear else "L" if image.mode == "1" else "RGB")
    if image.mode in ("LA", "RGBA") and image.getchannel("A").getextrema() == (255, 255):
        # Nothing shines through: without the channel a photograph can be a JPEG.
        return image.convert(image.mode[:-1])
    return image


def opaque(image: "Image") -> "Image":
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
