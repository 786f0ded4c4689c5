"""Awkward tool results, as real servers send them, generated in code; nothing is canned."""

import json
import math
import struct
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from .scene import base64, image_file, scene

ToolResult = dict[str, Any]
"""A tool result as MCP's JSON."""

LINKED = "camera://north-tower/latest.png"
"""The resource that the link refers to; the demo's server offers it."""


@dataclass(frozen=True, slots=True)
class Case:
    """One awkward result.

    name: what is awkward, for the table. tool: the name under which the server offers it.
    result: creates the result. picture: whether it contains a picture that a model could be shown.
    must_arrive: other words from the result that must reach the model.
    dumped: whether the handwritten loop turns the whole result into JSON.
    """

    name: str
    tool: str
    result: Callable[[], ToolResult]
    picture: bool = True
    must_arrive: Mapping[str, str] = field(default_factory=dict[str, str])
    dumped: bool = False


def picture_block(data: bytes, media_type: str) -> ToolResult:
    """Return an image block."""
    return {"type": "image", "data": base64(data), "mimeType": media_type}


def result(*blocks: ToolResult | str, **more: object) -> ToolResult:
    """Return a result of blocks; a string is a text block."""
    content = [{"type": "text", "text": block} if isinstance(block, str) else block for block in blocks]
    return {"content": content, **more}


def png(hour: int = 1) -> bytes:
    """Return a small, valid PNG."""
    return image_file(scene(640, 400, hour), "PNG")


def _photograph() -> ToolResult:
    return result("The north tower.", picture_block(image_file(scene(1024, 683, 2, 24), "PNG"), "image/png"))


def _thirty_megapixels() -> ToolResult:
    from PIL import Image

    # A camera's size. Enlarged, so that nobody waits for thirty million pixels to be drawn.
    large = scene(1680, 1120, 0, 16).transform(
        (6720, 4480), Image.Transform.EXTENT, (0, 0, 1680, 1120), Image.Resampling.BILINEAR
    )
    return result("DSC_4711", picture_block(image_file(large, "JPEG", quality=85), "image/jpeg"))


def _bitmap() -> ToolResult:
    return result(picture_block(image_file(scene(640, 400, 1), "BMP"), "image/bmp"))


def _animation() -> ToolResult:
    frames = [scene(320, 200, hour) for hour in (3, 0, 1, 2)]
    data = image_file(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=500, loop=0)
    return result("A day in four frames.", picture_block(data, "image/gif"))


def _truncated() -> ToolResult:
    whole = png(2)
    return result("Downloaded.", picture_block(whole[: len(whole) * 2 // 3], "image/png"))


def _mislabelled() -> ToolResult:
    return result(picture_block(png(3), "image/jpeg"))


def _bytes_as_text() -> ToolResult:
    block = picture_block(png(0), "image/png")
    # The result of `str(base64.b64encode(data))` in Python.
    return result({**block, "data": f"b'{block['data']}'"})


def _embedded() -> ToolResult:
    resource = {"uri": "camera://south-tower/0815.png", "mimeType": "image/png", "blob": base64(png(2))}
    return result("The south tower.", {"type": "resource", "resource": resource})


def _linked() -> ToolResult:
    return result({"type": "resource_link", "uri": LINKED, "name": "latest.png", "mimeType": "image/png"})


def _inside_json() -> ToolResult:
    return result(json.dumps({"status": "ok", "screenshot": base64(png(1)), "format": "png"}))


def _structured() -> ToolResult:
    return result(
        "Two vehicles.",
        picture_block(png(0), "image/png"),
        structuredContent={"vehicles": [{"kind": "lorry", "box": [212, 236, 40, 18]}]},
    )


def _failed() -> ToolResult:
    return result("The page stayed blank for 30 s.", picture_block(png(3), "image/png"), isError=True)


def _sound() -> ToolResult:
    rate = 16_000
    samples = [round(9_000 * math.sin(2 * math.pi * 440 * at / rate)) for at in range(3 * rate)]
    buffer = BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return result({"type": "audio", "data": base64(buffer.getvalue()), "mimeType": "audio/wav"})


def _dotted() -> ToolResult:
    return result("The tower.", picture_block(png(1), "image/png"))


CASES: tuple[Case, ...] = (
    Case("a PNG, the result dumped as JSON", "take_photo", _photograph, dumped=True),
    Case("a JPEG of 30 megapixels", "read_card", _thirty_megapixels),
    Case("a BMP", "grab_window", _bitmap),
    Case("an animated GIF", "record_day", _animation),
    Case("a PNG cut off by a bad download", "download", _truncated, picture=False),
    Case("a PNG labelled image/jpeg", "thumbnail", _mislabelled),
    Case("a picture as str() writes its bytes", "plot", _bytes_as_text),
    Case("a picture embedded as a resource", "read_camera", _embedded),
    Case("a link to a picture", "latest", _linked),
    Case("a PNG as base64 inside JSON text", "screenshot", _inside_json),
    Case(
        "a picture and structured content", "detect", _structured, must_arrive={"structured content": "lorry"}
    ),
    Case("an error with a picture", "open_page", _failed, must_arrive={"that it failed": "error"}),
    Case("a sound", "record", _sound, picture=False),
    Case("a tool with dots in its name", "camera.tower.v2", _dotted),
    Case("an empty result", "press_button", result, picture=False),
)
