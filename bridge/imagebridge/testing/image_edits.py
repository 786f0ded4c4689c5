"""Edits in the image API: the requirements for a request, checked as the API does."""

from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import pybase64

from imagebridge.facts.limits import MAX_EDIT_IMAGE, MAX_EDIT_IMAGES, MAX_EDIT_MASK
from imagebridge.testing import images

if TYPE_CHECKING:
    from PIL import Image


_FORMATS = ("PNG", "JPEG", "WEBP")


def ordered(fields: Mapping[str, Any]) -> images.ImageRequest:
    """Read the fields of an edit, with files as `data:` URLs. Raises ValueError(parameter, message) for invalid requests."""
    given: object = fields.get("image")
    urls = cast("list[str]", given if isinstance(given, list) else [given] if given else [])
    if not 1 <= len(urls) <= MAX_EDIT_IMAGES:
        raise ValueError(
            "image", f"Invalid 'image': expected 1 to {MAX_EDIT_IMAGES} images, got {len(urls)}."
        )
    pictures = [_image_of(url, "image", MAX_EDIT_IMAGE) for url in urls]
    mask = fields.get("mask")
    if mask:
        _check_mask(_image_of(mask, "mask", MAX_EDIT_MASK), pictures[0])
    if markup := fields.get("markup"):
        if mask:
            raise ValueError("markup", "'markup' cannot be combined with 'mask'.")
        _check_mask(_image_of(markup, "markup", MAX_EDIT_MASK), pictures[0], "markup")
    numbers = ("n", "partial_images", "frame_count", "frame_duration_ms")
    svg = {"svg": {"model": fields["svg[model]"]}} if "svg[model]" in fields else {}
    order = images.ordered({**fields, **svg, **{name: _whole_number(fields, name) for name in numbers}})
    return replace(order, base=urls[0], mask=mask or "", markup=markup or "")


def _whole_number(fields: Mapping[str, Any], name: str) -> object:
    """Return a number that a form carries as text; other text is left for the check to refuse."""
    value = fields.get(name)
    return int(value) if isinstance(value, str) and value.isdigit() else value


def _image_of(url: str, parameter: str, limit: int) -> "Image.Image":
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


def _check_mask(mask: "Image.Image", first: "Image.Image", parameter: str = "mask") -> None:
    if mask.format != "PNG":
        raise ValueError(parameter, f"Invalid {parameter} image format: it must be a PNG.")
    if mask.size != first.size:
        raise ValueError(parameter, f"Invalid {parameter} image: {parameter} size does not match image size.")
    if not mask.has_transparency_data:
        problem = f"Invalid {parameter} image format: {parameter} image missing alpha channel."
        raise ValueError(parameter, problem)
