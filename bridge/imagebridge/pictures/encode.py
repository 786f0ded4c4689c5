"""Encodes pixels: the encoder is chosen from the picture, never from a label, and the bytes are reproducible."""

from functools import cache
from io import BytesIO
from math import sqrt
from typing import TYPE_CHECKING, cast

from imagebridge.errors import PictureError

from . import grey, kinds
from .cost import turn
from .decode import drafted, opened, srgb, upright
from .decoder_errors import decoding
from .picture import Picture

if TYPE_CHECKING:
    from PIL.Image import Image, Resampling

_QUALITY = 85
"""The JPEG quality if there is no limit on bytes. Above it, files grow without showing a model much more."""

_LOWEST, _SMALLER = 60, 80
"""The lowest JPEG quality before a picture is shrunk instead, and the quality of shrunk pictures."""

_FILLED = 0.9
"""The share of a size limit that is enough: a picture that fills it is not encoded again to use more."""

_GROWTH = (
    (60, 1.0),
    (61, 1.02),
    (70, 1.18),
    (80, 1.45),
    (85, 1.7),
    (90, 2.0),
    (93, 2.4),
    (95, 2.8),
    (97, 3.4),
    (98, 3.8),
    (99, 4.7),
    (100, 5.7),
)
"""JPEG qualities and their size relative to `_LOWEST`, measured on 2026-11-29; each lies between those of noise and of photographs."""
_PALETTES = (256, 64)
"""The palette sizes to try for a drawing that takes too many bytes in full colour."""

_TRIES, _GUESSES = 10, 3
"""The maximum number of attempts to reach a size, and how many of them use a prediction before bisection starts."""

_NEAR = 5
"""The largest difference in quality for which `_GROWTH` predicts one JPEG's size well from another's."""

_FLAT = 0.5
"""The share of equal neighbours above which a picture is a drawing; it is 0.8 to 0.96 for screenshots, 0 for noise."""

_TIMES = {"L": 2, "RGB": 4}
"""The maximum size of a PNG as a multiple of the JPEG's, up to which the PNG is kept. Measured 2026-11-22 on flat
pictures: 0.2 to 3.5 for screenshots and charts (without colours 1.4), 4 to 15 for enlarged, badly saved or dark
photographs (without colours 2.8)."""

_SMALL_FILE, _LEAN = 50_000, 0.12
"""The size of a PNG in bytes, and in bytes per pixel, that is always accepted, even if a JPEG would be smaller."""

_SMALL = 3_000
"""The number of pixels below which a picture is an icon, in which each pixel counts."""

_FEW = {"L": 64, "RGB": 256}
"""The maximum number of colours in a pattern, whose neighbouring pixels differ. Grey photographs have at most 256."""

_HALVED = 1_000_000
"""The number of pixels above which two threads scale a picture."""

_ROWS = 64
"""The number of rows that are sampled to distinguish a drawing from a photograph."""

_BANDS, _BAND = 8, 16
"""The minimum number of sampled bands, and the rows in each: a JPEG with halved colours consists of blocks of 16."""


_EXACT = 160_000
"""Up to this many pixels, a lossless picture stays lossless, even if a JPEG would be smaller. Measured
2026-11-29 by tests/benchmarks/test_encoding.py over 426 of Pillow's test images: as PNG they take 106 bytes (up to
3,000 pixels), 3.8 kB (up to 40,000) and 12.8 kB (up to 160,000); as JPEG, 768 bytes, 3.0 kB and 7.9 kB with a mean
error of up to 28, 48 and 11 out of 255. A photograph of 320x240 takes 131 kB as PNG, 18 kB as JPEG."""


_LOSS = 4
"""The mean error, out of 255, of a JPEG with halved colours above which a picture is not a photograph. Measured in the
same run: photographs 0.3 to 3.3, shrunk screens 9.1 to 10.4, charts 6.6 to 7.4, patterns 46.7 to 48.1."""


def as_picture(
    image: "Image", *, flat: bool | None = None, lossless: bool = False, shrunk: bool = False
) -> Picture:
    """Encode pixels in a format that suits them: JPEG for photographs, PNG for drawings, screens and transparency.

    The bytes depend only on the pixels: no metadata, no time. `flat` is the result of `is_flat`, if known. A picture
    that looks like a drawing but takes far fewer bytes as a JPEG is a soft or dark photograph, which keeps the full
    resolution of its colours. `lossless` says that the original is lossless: up to `_EXACT` pixels the picture stays
    lossless, and so does a larger or `shrunk` one if a JPEG would lose more than in a photograph. Any other picture of
    at most `_EXACT` pixels keeps the full resolution of its colours.
    """
    image = standard(image)
    exact = lossless and not shrunk and image.width * image.height <= _EXACT
    if exact or image.mode in ("LA", "RGBA"):
        return png(image)
    if not _may_be_drawn(image, flat=flat):
        small = image.width * image.height <= _EXACT
        if not ((lossless or small) and _loses_colours(image)):
            return Picture.from_bytes(_jpeg(image, _QUALITY, flat=False))
        if not lossless:
            return Picture.from_bytes(_jpeg(image, _QUALITY, flat=True))
    drawing = _bytes(image, "PNG", compress_level=6)
    if len(drawing) > max(_SMALL_FILE, _LEAN * image.width * image.height):
        photograph = _jpeg(image, _QUALITY, flat=True)
        if len(drawing) > _TIMES[image.mode] * len(photograph):
            return Picture.from_bytes(photograph)
    return Picture.from_bytes(drawing)


def _loses_colours(image: "Image") -> bool:
    """Return whether a JPEG with halved colours would lose more of this picture than of a photograph."""
    from PIL import ImageChops, ImageStat
    from PIL.JpegImagePlugin import JpegImageFile

    image = _sample(image)
    shown = JpegImageFile(BytesIO(_jpeg(image, _QUALITY, flat=False)))
    mean = ImageStat.Stat(ImageChops.difference(image, shown)).mean
    return sum(mean) / len(mean) > _LOSS


def _sample(image: "Image") -> "Image":
    """Return bands of a picture in one image: their loss and size as a JPEG are typical of the whole picture."""
    bands = max(_BANDS, image.height // (_BANDS * _BAND))
    if image.height <= 2 * bands * _BAND:
        return image
    from PIL import Image as Images

    sample = Images.new(image.mode, (image.width, bands * _BAND))
    step = (image.height - _BAND) / (bands - 1)
    for number in range(bands):
        top = round(number * step)
        sample.paste(image.crop((0, top, image.width, top + _BAND)), (0, number * _BAND))
    return sample


def _may_be_drawn(image: "Image", *, flat: bool | None) -> bool:
    if is_flat(image) if flat is None else flat:
        return True
    # Icons and patterns, whose neighbours all differ, and whose colours a JPEG mixes.
    return image.width * image.height < _SMALL or _has_few_colors(image)


def _has_few_colors(image: "Image") -> bool:
    found = image.getcolors(_FEW[image.mode])
    if found is None or image.mode == "L":
        return found is not None
    # A grey photograph stays grey if it is stored in colour.
    colors = cast("list[tuple[int, tuple[int, int, int]]]", found)
    return len(colors) <= _FEW["L"] or any(len(set(color)) > 1 for _, color in colors)


def png(image: "Image") -> Picture:
    """Encode pixels as PNG."""
    return Picture.from_bytes(_bytes(standard(image), "PNG", compress_level=6))


def jpeg(image: "Image") -> Picture:
    """Encode pixels as JPEG, on white where they are transparent."""
    return Picture.from_bytes(_bytes(opaque(standard(image)), "JPEG", quality=_QUALITY))


def redrawn(image: "Image", turned: int | None = None, *, lossless: bool = False) -> Picture:
    """Encode decoded pixels again: upright (see `upright`), in sRGB, 8 bits per channel, without metadata.

    `lossless` is as in `as_picture`.

    Raises:
        PictureError: the pixels cannot be converted.
    """
    with decoding("its pixels cannot be converted"):
        return as_picture(standard(srgb(upright(image, turned))), lossless=lossless)


def within(picture: Picture, limit: int, side: int | None = None) -> Picture:
    """Return `picture` in at most `limit` bytes with sides of at most `side` pixels; the same object if it fits.

    A drawing or a transparent picture stays a PNG as long as that fits. Others get the best JPEG quality that fits,
    down to 60; below that, the sides shrink instead. The result uses most of the limit: a JPEG uses at least
    `_FILLED` of it, unless even the best quality takes less.

    Raises:
        PictureError: the pixels cannot be decoded, or not even a single pixel fits.
    """
    longest = max(picture.width, picture.height)
    small = side is None or longest <= side
    if small and picture.size <= limit:
        return picture
    with decoding("its pixels cannot be converted"), turn(8 * picture.width * picture.height):
        image = opened(picture.data) if small else drafted(picture.data, cast("int", side))
        image = standard(srgb(upright(image, picture.orientation)))
        flat = is_flat(image)
        if not small:
            factor = cast("int", side) / longest
            size = max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
            image = resized(image, *size, sharp=flat)
        if flat or picture.size <= limit or image.mode in ("LA", "RGBA"):
            made = as_picture(image, flat=flat)
            if made.size <= limit:
                return made
        if flat and (drawing := _of_few_colours(opaque(image), limit)):
            return Picture.from_bytes(drawing)
        page = opaque(image)
        lossless = kinds.is_lossless(picture.data)
        data = _squeezed(page, limit, flat=flat or (lossless and _loses_colours(page)))
    return Picture.from_bytes(data)


def _of_few_colours(image: "Image", limit: int) -> bytes:
    """Return a drawing as a PNG with a palette, in at most `limit` bytes; empty if none fits.

    A drawing with up to 256 colours keeps every pixel; even with a smaller palette, text is sharper than in a JPEG.
    """
    for colours in _PALETTES:
        data = _bytes(image.convert("RGB").quantize(colours), "PNG", compress_level=6)
        if len(data) <= limit:
            return data
    return b""


def _squeezed(image: "Image", limit: int, *, flat: bool) -> bytes:
    """Return the best JPEG of an opaque picture in at most `limit` bytes: quality is reduced first, then size."""
    if best := _at_best(image, limit, flat=flat):
        if len(best) < _FILLED * limit and not flat:
            # Even the best quality leaves room, perhaps for colours at full resolution.
            best = max(best, _at_best(image, limit, flat=True), key=len)
        return best
    best, factor, size = b"", 1.0, len(_jpeg(image, _SMALLER, flat=flat))
    for _ in range(_TRIES):
        # The size is roughly proportional to the area: each guess corrects the one before it.
        factor *= sqrt((1 + _FILLED) / 2 * limit / size)
        data = _jpeg(_scaled(image, factor, flat=flat), _SMALLER, flat=flat)
        size = len(data)
        if len(best) < size <= limit:
            best = data
        if _FILLED * limit <= size <= limit or factor * max(image.size) < 1:
            break
    if not best:
        raise PictureError(f"it cannot be made to fit {limit} bytes")
    return best


def _at_best(image: "Image", limit: int, *, flat: bool) -> bytes:
    """Return the best JPEG within `limit` bytes, or one that fills at least `_FILLED` of them; empty if none fits."""
    best, low, high = b"", _LOWEST - 1, 101
    quality = _likely(image, limit, flat=flat)
    for tries in range(_TRIES):
        data = _jpeg(image, quality, flat=flat)
        if len(data) > limit:
            high = quality
        else:
            best, low = data, quality
        if high - low == 1 or _FILLED * limit <= len(data) <= limit:
            break
        guess = _guessed(quality, limit / len(data)) if tries < _GUESSES else (low + high) // 2
        quality = min(max(guess, low + 1), high - 1)
    return best


def _likely(image: "Image", limit: int, *, flat: bool) -> int:
    """Estimate the quality of the best JPEG within `limit` bytes from a sample of the picture."""
    sample, quality = _sample(image), _QUALITY
    if sample is image:
        return quality
    for _ in range(_GUESSES):
        size = len(_jpeg(sample, quality, flat=flat)) * image.height / sample.height
        tried, quality = quality, _guessed(quality, limit / size)
        if abs(quality - tried) <= _NEAR:
            break
    return quality


def _guessed(known: int, growth: float) -> int:
    """Estimate the best quality at which a JPEG is at most `growth` times as large as at the `known` quality."""
    growth *= _times(known) * (1 + _FILLED) / 2
    return max((one for one in range(_LOWEST, 101) if _times(one) <= growth), default=_LOWEST)


@cache
def _times(quality: int) -> float:
    """Return a JPEG's size at this quality relative to `_LOWEST`, interpolated in `_GROWTH`."""
    (above, more), (below, less) = next(
        (one, _GROWTH[max(at - 1, 0)]) for at, one in enumerate(_GROWTH) if one[0] >= quality
    )
    return less + (more - less) * (quality - below) / max(above - below, 1)


def _scaled(image: "Image", factor: float, *, flat: bool) -> "Image":
    width, height = (max(1, round(length * factor)) for length in image.size)
    return resized(image, width, height, sharp=flat)


def _jpeg(image: "Image", quality: int, *, flat: bool) -> bytes:
    # Text on a flat background first blurs in its colours: these keep their full resolution.
    return _bytes(image, "JPEG", quality=quality, subsampling=0 if flat else 2)


def is_flat(image: "Image") -> bool:
    """Distinguish a drawing or screenshot from a photograph: most neighbours in the sampled rows are equal."""
    from PIL import ImageChops
    from PIL.Image import Resampling

    if image.width < 2:
        return True
    rows = min(_ROWS, image.height)
    grey = image.resize((image.width, rows), Resampling.NEAREST).convert("L")  # pyright: ignore[reportUnknownMemberType]
    left, right = grey.crop((0, 0, image.width - 1, rows)), grey.crop((1, 0, image.width, rows))
    equal = ImageChops.difference(left, right).histogram()[0]
    return equal / ((image.width - 1) * rows) > _FLAT


def resized(image: "Image", width: int, height: int, *, sharp: bool = True) -> "Image":
    """Scale pixels; `sharp` preserves the edges of text and lines; without it, scaling photographs is faster.

    Large reductions average whole blocks first, which looks the same and costs less; smaller reductions of large
    pictures use two threads.
    """
    from PIL.Image import Resampling

    kernel = Resampling.LANCZOS if sharp else Resampling.BICUBIC
    times = image.width / width, image.height / height
    if min(times) < 1 or max(times) >= 4 or height < 2 or image.width * image.height < _HALVED:
        return image.resize((width, height), kernel, reducing_gap=2.0)  # pyright: ignore[reportUnknownMemberType]
    return _in_halves(image, width, height, kernel)


def _in_halves(image: "Image", width: int, height: int, kernel: "Resampling") -> "Image":
    """Scale the upper and lower halves in separate threads; each also sees the pixels beyond its edge."""
    from concurrent.futures import ThreadPoolExecutor

    from PIL import Image as Images

    scale, half = image.height / height, height // 2

    def scaled(top: int, bottom: int) -> "Image":
        box = (0, top * scale, image.width, bottom * scale)
        return image.resize((width, bottom - top), kernel, box)  # pyright: ignore[reportUnknownMemberType]

    with ThreadPoolExecutor(1) as pool:
        lower = pool.submit(scaled, half, height)
        made = Images.new(image.mode, (width, height))
        made.paste(scaled(0, half), (0, 0))
        made.paste(lower.result(), (0, half))
    return made


def standard(image: "Image") -> "Image":
    """Return the pixels in a mode that PNG and JPEG store with 8 bits per channel: L or RGB, or LA or RGBA if some are transparent."""
    if grey.is_deep(image):
        # First of all: Pillow converts deep grey, here or through transparency, to white or black.
        image = grey.eight_bits(image)
    elif image.mode not in ("L", "RGB", "LA", "RGBA") or "transparency" in image.info:
        clear = image.has_transparency_data
        image = image.convert("RGBA" if clear else "L" if image.mode == "1" else "RGB")
    if image.mode in ("LA", "RGBA") and image.getchannel("A").getextrema() == (255, 255):
        # Nothing is transparent: without the channel, a photograph can be a JPEG.
        return image.convert(image.mode[:-1])
    return image


def opaque(image: "Image") -> "Image":
    """Draw a transparent picture on a white background."""
    if image.mode not in ("LA", "RGBA"):
        return image
    from PIL import Image as Images

    page = Images.new("RGBA", image.size, "white")
    page.alpha_composite(image.convert("RGBA"))
    return page.convert("RGB")


def _bytes(image: "Image", form: str, **options: int) -> bytes:
    # Without `info`, no metadata is written: neither EXIF nor a colour profile nor a comment.
    info, image.info = image.info, {}
    buffer = BytesIO()
    try:
        image.save(buffer, form, **options)
    finally:
        image.info = info
    return buffer.getvalue()
