"""The image API's edits: what may be sent for one, checked as the API does."""

from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import pybase64

from imagebridge.testing import images

if TYPE_CHECKING:
    from PIL import Image


MOST, LARGEST, LARGEST_MASK = 16, 50_000_000, 4_000_000
"""Pictures, and bytes of one and of a mask: openai 3.54, types/image_edit_params.py, 2026-11-22."""

_FORMATS = ("PNG", "JPEG", "WEBP")


def ordered(fields: Mapping[str, Any]) -> images.ImageRequest:
    """Read the fields of an edit, files as `data:` URLs. Raises ValueError(parameter, message) for what cannot be made."""
    given: object = fields.get("image")
    urls = cast("list[str]", given if isinstance(given, list) else [given] if given else [])
    if not 1 <= len(urls) <= MOST:
        raise ValueError("image", f"Invalid 'image': expected 1 to {MOST} images, got {len(urls)}.")
    pictures = [_opened(url, "image", LARGEST) for url in urls]
    mask = fields.get("mask")
    if mask:
        _check_mask(_opened(mask, "mask", LARGEST_MASK), pictures[0])
    order = images.ordered(
        {**fields, **{name: _whole_number(fields, name) for name in ("n", "partial_images")}}
    )
    return replace(order, base=urls[0], mask=mask or "")


def _whole_number(fields: Mapping[str, Any], name: str) -> object:
    """Return a number that a form carries as text; what is none is left for the check to refuse."""
    value = fields.get(name)
    return int(value) if isinstance(value, str) and value.isdigit() else value


def _opened(url: str, parameter: str, limit: int) -> "Image.Image":
    from PIL import Image

    data = pybase64.b64decode(url.partition(",")[2])
    if len(data) > limit:
        raise ValueError(parameter, f"Invalid file '{parameter}': the maximum size is {limit} bytes.")
    try:
        image = Image.open(BytesIO(data), formats=_FORMATS)
        image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(
            parameter, f"Invalid file '{parameter}': unsupported mimetype or broken file."
        ) from error
    return image


def _check_mask(mask: "Image.Image", first: "Image.Image") -> None:
    if mask.format != "PNG":
        raise ValueError("mask", "Invalid mask image format: it must be a PNG.")
    if mask.size != first.size:
        raise ValueError("mask", "Invalid mask image: mask size does not match image size.")
    if not mask.has_transparency_data:
        raise ValueError("mask", "Invalid mask image format: mask image missing alpha channel.")
