"""Converts grey with more than 8 bits per pixel to 8 bits, which is all that a model sees."""

from array import array
from math import isfinite
from typing import TYPE_CHECKING

from imagebridge.errors import PictureError

if TYPE_CHECKING:
    from PIL.Image import Image

_SAMPLED = 1_000_000
"""The maximum number of pixels examined to find the range of a picture with NaN or infinite values."""

_SHADES = 16
"""The number of greys in a drawing that takes too many bytes: a page of text shrinks from 176 to 127 kB
(2026-11-30)."""


def is_deep(image: "Image") -> bool:
    """Return whether the pixels are grey with 16 or 32 bits, integers or floats."""
    return image.mode.startswith(("I", "F"))


def is_grey(image: "Image") -> bool:
    """Return whether an RGB picture contains only shades of grey."""
    if image.mode != "RGB":
        return False
    from PIL import ImageChops

    red, green, blue = image.split()
    return all(ImageChops.difference(red, one).getbbox() is None for one in (green, blue))


def in_shades(image: "Image") -> "Image":
    """Reduce grey pixels to `_SHADES` shades: text and lines stay sharp and take fewer bytes."""
    step = 255 / (_SHADES - 1)
    return image.point([round(round(value / step) * step) for value in range(256)])


def depth_sentence(image: "Image") -> str:
    """Return a sentence if the picture's range of values determines black and white, otherwise nothing.

    Raises:
        PictureError: no pixel has a finite value.
    """
    span = _span(image) if is_deep(image) else None
    match span:
        case None:
            return ""
        case (low, high) if low == high:
            return f"all its values are {low:g}, shown as black"
        case (low, high):
            return f"its values from {low:g} to {high:g} are shown as black to white"


def eight_bits(image: "Image") -> "Image":
    """Return deep grey as 8-bit grey, L or LA. 16-bit values keep their upper byte; other ranges are stretched.

    Raises:
        PictureError: no pixel has a finite value.
    """
    if image.mode.startswith("I;16"):
        return _upper_half(image)
    low, high = _span(image) or (0, 0xFFFF)
    scale = 255 / (high - low) if high > low else 0.0
    # Pillow maps deep pixels with one factor and one offset, and truncates: so a half is added.
    return image.point(lambda grey: grey * scale + (0.5 - low * scale)).convert("L")  # pyright: ignore[reportUnknownMemberType, reportUnknownLambdaType]


def _span(image: "Image") -> tuple[float, float] | None:
    """Return the smallest and largest values, or None if the values are 16-bit grey."""
    if image.mode.startswith("I;16"):
        return None
    low, high = _extrema(image)
    return None if image.mode == "I" and low >= 0 and high <= 0xFFFF else (low, high)


def _extrema(image: "Image") -> tuple[float, float]:
    low, high = image.getextrema()
    if isinstance(low, tuple) or isinstance(high, tuple):
        raise PictureError(f"pixels of mode {image.mode} have several channels")
    if isfinite(low) and isfinite(high):
        return low, high
    # Maps and scans mark pixels without a measurement this way; they become black.
    values = array("f", image.tobytes())
    numbers = [value for value in values[:: 1 + len(values) // _SAMPLED] if isfinite(value)]
    if not numbers:
        raise PictureError("none of its pixels has a finite value")
    return min(numbers), max(numbers)


def _upper_half(image: "Image") -> "Image":
    """Return the upper 8 of 16 bits; if one grey is declared transparent, add an alpha channel."""
    from PIL import Image as Images
    from PIL import ImageChops

    raw, big = image.tobytes(), image.mode == "I;16B"
    # Pillow's two decoders for 16-bit grey keep the upper byte, each in its byte order: the other keeps the lower.
    upper = Images.frombytes("L", image.size, raw, "raw", "L;16B" if big else "L;16")
    clear = image.info.get("transparency")
    if not isinstance(clear, int):
        return upper
    lower = Images.frombytes("L", image.size, raw, "raw", "L;16" if big else "L;16B")
    alpha = ImageChops.lighter(_differs(upper, clear >> 8), _differs(lower, clear & 0xFF))
    return Images.merge("LA", (upper, alpha))


def _differs(channel: "Image", value: int) -> "Image":
    """Return 0 where a pixel has this value, 255 elsewhere."""
    return channel.point([0 if at == value else 255 for at in range(256)])  # pyright: ignore[reportUnknownMemberType]
