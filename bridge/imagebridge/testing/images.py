"""Responses of the image API: pictures that are really drawn, the same for the same prompt."""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from textwrap import fill
from typing import TYPE_CHECKING, Any, Literal
from xml.sax.saxutils import escape
from zlib import crc32

import pybase64

from imagebridge.facts.limits import DRAWN_RATIO, DRAWN_STEP, MAX_DRAWN
from imagebridge.wire import JsonObject, is_json, text_of

if TYPE_CHECKING:
    from PIL import Image

Format = Literal["png", "jpeg", "webp", "gif", "svg"]

FORMATS = ("png", "jpeg", "webp", "gif", "svg")
"""The formats drawn here; GIF and SVG are previews in the API (openai 3.57, types/image_generate_params.py)."""

COMPLEXITIES = ("low", "medium", "high")

QUALITIES = ("low", "medium", "high", "xhigh", "max", "auto")
"""For GPT image models since 2.5: openai 3.54, types/image_generate_params.py."""


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """A requested picture. `size` is in pixels; `partial` is how many unfinished versions to stream before it.

    `base`, `mask` and `markup` are the `data:` URLs that it is made from. `frames` and `frame_ms` are for GIF.
    """

    prompt: str
    size: tuple[int, int]
    format: Format
    transparent: bool
    quality: str
    count: int
    partial: int
    frames: int = 1
    frame_ms: int = 200
    svg_model: str = ""
    base: str = ""
    mask: str = ""
    markup: str = ""


def ordered(body: Mapping[str, Any]) -> ImageRequest:
    """Parse the body of an image request. Raises ValueError(parameter, message) for what cannot be drawn."""
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        raise ValueError("prompt", "Missing required parameter: 'prompt'.")
    format_ = body.get("output_format") or "png"
    if format_ not in FORMATS:
        raise ValueError(
            "output_format", f"Invalid value: '{format_}'. Supported values are: {_quoted_names(FORMATS)}."
        )
    transparent = body.get("background") == "transparent"
    if transparent and format_ == "jpeg":
        raise ValueError("background", "Transparent background is not supported for JPEG output format.")
    compression = body.get("output_compression")
    if compression is not None and format_ not in ("jpeg", "webp"):
        problem = f"Compression less than 100 is not supported for {format_.upper()} output format."
        raise ValueError("output_compression", problem)
    _check_previews(body, format_)
    if (complexity := body.get("complexity")) is not None and complexity not in COMPLEXITIES:
        supported = f"Supported values are: {_quoted_names(COMPLEXITIES)}."
        raise ValueError("complexity", f"Invalid value: '{complexity}'. {supported}")
    quality = body.get("quality") or "auto"
    if quality not in QUALITIES:
        raise ValueError(
            "quality", f"Invalid value: '{quality}'. Supported values are: {_quoted_names(QUALITIES)}."
        )
    return ImageRequest(
        prompt,
        _size(body.get("size") or "auto"),
        format_,
        transparent,
        "medium" if quality == "auto" else str(quality),
        _number_field(body, "n", 1, range(1, 11)),
        _number_field(body, "partial_images", 0, range(4)),
        _number_field(body, "frame_count", 9, range(2, 17)) if format_ == "gif" else 1,
        _number_field(body, "frame_duration_ms", 200, range(10, 655_351)) if format_ == "gif" else 200,
        text_of(svg, "model") if is_json(svg := body.get("svg")) else "",
    )


def _check_previews(body: Mapping[str, Any], format_: str) -> None:
    """Refuse options that GIF and SVG do not support, and options that only they support."""
    if format_ in ("gif", "svg") and (body.get("stream") or body.get("partial_images")):
        raise ValueError("stream", f"Streaming is not supported for {format_.upper()} output format.")
    if format_ == "gif" and body.get("mask"):
        raise ValueError("mask", "Masks are not supported for GIF output format.")
    if format_ == "svg" and body.get("n") not in (None, 1):
        raise ValueError("n", "SVG output requires n=1.")
    for name, alone in (("frame_count", "gif"), ("frame_duration_ms", "gif"), ("svg", "svg")):
        if body.get(name) is not None and format_ != alone:
            raise ValueError(name, f"'{name}' is only supported with output_format={alone}.")
    svg = body.get("svg")
    if svg is not None and not (is_json(svg) and isinstance(svg.get("model"), str)):
        raise ValueError("svg.model", "Missing required parameter: 'svg.model'.")


def _number_field(body: Mapping[str, Any], name: str, default: int, allowed: range) -> int:
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or value not in allowed:
        raise ValueError(name, f"Invalid '{name}': expected an integer from {allowed[0]} to {allowed[-1]}.")
    return value


def _size(value: object) -> tuple[int, int]:
    if value == "auto":
        return 1024, 1024
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", value) if isinstance(value, str) else None
    width, height = (int(side) for side in match.groups()) if match else (0, 0)
    odd = not width or not height or width % DRAWN_STEP or height % DRAWN_STEP
    if odd or max(width, height) > DRAWN_RATIO * min(width, height) or width * height > MAX_DRAWN:
        raise ValueError(
            "size",
            f"Invalid size '{value}'. Width and height must be divisible by 16, "
            "their ratio between 1:3 and 3:1, and the picture 3840x2160 at most.",
        )
    return width, height


def _quoted_names(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names[:-1]) + f", and '{names[-1]}'"


@lru_cache(maxsize=32)
def _placeholder(order: ImageRequest, seed: int) -> str:
    """Draw a gradient in two colours of the prompt, a disc and the prompt itself; return it as base64."""
    from PIL import Image, ImageDraw, ImageFont

    if order.format == "svg":
        return pybase64.b64encode(_svg(order).encode()).decode()
    width, height = order.size
    number = crc32(order.prompt.encode("utf-8", "replace")) + seed * 0x9E3779
    dark, light = (number & 0x7F, number >> 7 & 0x7F, number >> 14 & 0x7F), _light(number)
    mode = "RGBA" if order.transparent else "RGB"
    picture = Image.new(mode, order.size, (0, 0, 0, 0) if order.transparent else dark)
    if order.base:
        picture = _edited(order, light)
    elif not order.transparent:
        picture.paste(light, mask=_gradient(order.size))
    pen = ImageDraw.Draw(picture)
    radius = min(width, height) // 4
    if not order.base:
        pen.circle((width // 2, height // 2), radius, fill=light, outline="white", width=max(1, radius // 20))
    font = ImageFont.load_default(size=max(10, min(width, height) // 24))
    pen.text(
        (width // 20, height // 20), fill(order.prompt, 40)[:400], fill="white", font=font, stroke_width=1
    )
    file = BytesIO()
    if order.format == "gif":
        # A growing bar, so that no two frames are the same.
        moved = [picture.convert("RGB") for _ in range(order.frames)]
        for number, one in enumerate(moved, 1):
            ImageDraw.Draw(one).rectangle((0, 0, width * number // order.frames, height // 16), fill="white")
        moved[0].save(file, "gif", save_all=True, append_images=moved[1:], duration=order.frame_ms, loop=0)
        return pybase64.b64encode(file.getvalue()).decode()
    picture.save(file, order.format, **({"compress_level": 1} if order.format == "png" else {}))
    return pybase64.b64encode(file.getvalue()).decode()


def _svg(order: ImageRequest) -> str:
    """Return a drawing of a disc and the prompt as text."""
    width, height = order.size
    words = escape(order.prompt[:400])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<rect width="{width}" height="{height}" fill="#335577"/>'
        f'<circle cx="{width // 2}" cy="{height // 2}" r="{min(width, height) // 4}" fill="#ddaa44"/>'
        f'<text x="{width // 20}" y="{height // 10}" fill="#ffffff" font-size="{height // 24}">{words}</text></svg>'
    )


def _edited(order: ImageRequest, light: tuple[int, int, int]) -> "Image.Image":
    """Return the edited picture in the requested size; transparent parts of the mask get the light colour."""
    from PIL import Image, ImageOps

    def opened(url: str) -> Image.Image:
        image = Image.open(BytesIO(pybase64.b64decode(url.partition(",")[2]))).convert("RGBA")
        return image.transform(order.size, Image.Transform.EXTENT, (0, 0, *image.size))

    picture = opened(order.base)
    if order.markup:
        over = opened(order.markup)
        picture.paste(over, mask=over.getchannel("A"))
    if order.mask:
        clear = ImageOps.invert(opened(order.mask).getchannel("A"))
        picture.paste((*light, 255), mask=clear)
    return picture if order.transparent else picture.convert("RGB")


def _gradient(size: tuple[int, int]) -> "Image.Image":
    """A gradient from black at the top to white at the bottom."""
    from PIL import Image

    return Image.linear_gradient("L").transform(size, Image.Transform.EXTENT, (0, 0, 256, 256))


def _light(number: int) -> tuple[int, int, int]:
    return 128 + (number >> 3 & 0x7F), 128 + (number >> 11 & 0x7F), 128 + (number >> 19 & 0x7F)


def _facts(order: ImageRequest) -> JsonObject:
    return {
        "background": "transparent" if order.transparent else "opaque",
        "output_format": order.format,
        "quality": order.quality,
        "size": f"{order.size[0]}x{order.size[1]}",
    }


def _usage(order: ImageRequest) -> JsonObject:
    words = len(order.prompt) // 4 + 1
    # Plausible, not the API's own count: one token for each 16 x 16 pixels.
    drawn = order.count * order.size[0] * order.size[1] // 256
    return {
        "input_tokens": words,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": words},
        "output_tokens": drawn,
        "total_tokens": words + drawn,
    }


def answer(order: ImageRequest) -> JsonObject:
    """Return the `ImagesResponse`."""
    drawn = [{"b64_json": _placeholder(order, seed)} for seed in range(order.count)]
    response: JsonObject = {
        "created": int(time.time()),
        "data": drawn,
        "usage": _usage(order),
        **_facts(order),
    }
    if order.svg_model:
        written = {"input_tokens": 100, "output_tokens": 400, "reasoning_tokens": 0, "total_tokens": 500}
        response["svg_usage"] = {"model": order.svg_model, **written}
    return response


def events(order: ImageRequest) -> Iterator[JsonObject]:
    """Yield the events of the streamed answer: the partial pictures (other colours), then the finished one."""
    base = {"created_at": int(time.time()), **_facts(order)}
    name = "image_edit" if order.base else "image_generation"
    for index in range(order.partial):
        partial = _placeholder(order, index + 100)
        yield {
            "type": f"{name}.partial_image",
            "b64_json": partial,
            "partial_image_index": index,
            **base,
        }
    yield {"type": f"{name}.completed", "b64_json": _placeholder(order, 0), "usage": _usage(order), **base}
