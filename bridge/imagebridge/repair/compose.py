"""Builds tool results in the wire format from a sentence and pictures, for functions that create pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from imagebridge.errors import PictureError
from imagebridge.pictures.picture import Picture

if TYPE_CHECKING:
    from PIL.Image import Image


def tool_result(
    text: str, *pictures: "Picture | Image | bytes | str | Path", is_error: bool = False
) -> dict[str, Any]:
    """Return an MCP tool result as its JSON object: the text first, then each picture as an image block.

    Formats that the API does not accept are kept and converted when the result is translated. In a tool of an
    MCP server, `return CallToolResult.model_validate(tool_result(...))`.

    Args:
        text: the text before the pictures.
        pictures: each a path, the bytes of a file, a PIL image or a `Picture`.
        is_error: whether the tool failed.

    Raises:
        TypeError: the text is not a str, or a picture is of another type.
        FileNotFoundError: a path does not exist (`OSError` if the file cannot be read).
        PictureError: the bytes are not in a known picture format, or a PIL image has no pixels.
    """
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # users without a type checker
        raise TypeError(f"the text of a tool result must be a str, not {type(text).__name__}")
    blocks: list[dict[str, Any]] = [{"type": "text", "text": text}]
    blocks += [_image_block(picture) for picture in pictures]
    return {"content": blocks, "isError": is_error}


def _image_block(picture: object) -> dict[str, Any]:
    match picture:
        case Picture():
            return {"type": "image", "data": picture.base64, "mimeType": picture.media_type}
        case bytes() | bytearray():
            return _from_bytes(bytes(picture), "these bytes")
        case str() | Path():
            return _from_bytes(Path(picture).read_bytes(), f"the file {picture}")
        case _ if _is_pil(picture):
            return _image_block(_from_pil(picture))
        case _:
            raise TypeError(
                f"a picture must be a path, bytes, a PIL image or a Picture, not {type(picture).__name__}"
            )


def _is_pil(value: object) -> "TypeGuard[Image]":
    """Return whether a value is a PIL image, without importing Pillow: none can exist before that."""
    import sys

    images = sys.modules.get("PIL.Image")
    return images is not None and isinstance(value, images.Image)


def _from_pil(image: "Image") -> Picture:
    """Encode a PIL image as it is meant to be seen: upright and in sRGB."""
    from imagebridge.pictures.decode import load
    from imagebridge.pictures.encode import redrawn

    if not image.width or not image.height:
        raise PictureError(f"a PIL image of {image.width}x{image.height} pixels is empty")
    return redrawn(load(image))


def _from_bytes(data: bytes, name: str) -> dict[str, Any]:
    from imagebridge.pictures.base64 import to_base64
    from imagebridge.pictures.kinds import kind

    file_type = kind(data)
    if file_type is None or file_type.sort != "picture":
        raise PictureError(
            f"{name} cannot be shown: the format is {file_type.media_type if file_type else 'unknown'}, not a picture's"
        )
    return {"type": "image", "data": to_base64(data), "mimeType": file_type.media_type}
