"""Changes brightness, contrast and colour, and leaves transparency unchanged."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from imagebridge.errors import ArgumentError

if TYPE_CHECKING:
    from PIL.Image import Image

Contrast = float | Literal["auto"]
"""A factor, or `auto` to stretch the tones from black to white."""

FACTOR = 10
"""The maximum factor of a change."""


def factor(value: object, argument: str, *, auto: bool = False) -> Contrast:
    """Read the factor by which to change a tone.

    Raises:
        ArgumentError: the value is not a number from 0 to `FACTOR`, nor `auto` where that is allowed.
    """
    if auto and isinstance(value, str) and value.strip().lower() == "auto":
        return "auto"
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= FACTOR:
        return value
    raise ArgumentError(
        argument,
        f"is {value!r}; give {'auto or ' if auto else ''}a factor from 0 to {FACTOR}, where 1 changes nothing",
    )


def contrasted(image: "Image", amount: Contrast) -> "Image":
    """Return the picture with `amount` times its contrast; `auto` stretches its tones from black to white."""
    from PIL import ImageEnhance, ImageOps

    if amount == "auto":
        # One hundredth of the pixels at either end may be specks.
        return toned(image, lambda plain: ImageOps.autocontrast(plain, cutoff=1, preserve_tone=True))
    return toned(image, lambda plain: ImageEnhance.Contrast(plain).enhance(amount))


def brightened(image: "Image", amount: float) -> "Image":
    """Return the picture with `amount` times its brightness."""
    from PIL import ImageEnhance

    return toned(image, lambda plain: ImageEnhance.Brightness(plain).enhance(amount))


def saturated(image: "Image", amount: float) -> "Image":
    """Return the picture with its saturation multiplied by `amount`; 0 makes it grey."""
    from PIL import ImageEnhance

    return toned(image, lambda plain: ImageEnhance.Color(plain).enhance(amount))


def toned(image: "Image", change: "Callable[[Image], Image]") -> "Image":
    """Apply a change to all channels except transparency."""
    if image.mode not in ("LA", "RGBA"):
        return change(image)
    changed = change(image.convert(image.mode[:-1]))
    changed.putalpha(image.getchannel("A"))
    return changed
