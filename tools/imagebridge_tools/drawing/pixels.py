"""Decodes the pictures that tools work on: upright, in sRGB, with 8 bits per channel."""

from typing import TYPE_CHECKING, NamedTuple

from imagebridge.errors import ArgumentError, PictureError
from imagebridge.pictures import kinds
from imagebridge_tools.files.source import Source

if TYPE_CHECKING:
    from PIL.Image import Image


PAGED, MOVING = frozenset((kinds.TIFF,)), frozenset((kinds.GIF, kinds.WEBP, kinds.PNG, kinds.AVIF))
"""The formats that may contain several pages, and those that may contain several frames."""

SHOWN = "PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF, HEIC, JPEG 2000, ICO, PNM and SVG"
"""The formats that can be shown."""


class Pixels(NamedTuple):
    """A decoded picture of mode L, LA, RGB or RGBA; `remark` names the part of the file if it is not the whole.

    `exact` is false if the file has, or may have, more than 8 bits per channel. `size` is the size of the original in
    pixels, even if it was decoded at a smaller size.
    """

    name: str
    image: "Image"
    size: tuple[int, int]
    remark: str = ""
    exact: bool = True

    @property
    def description(self) -> str:
        """The name, the pixels of the original, and the remark: `bridge.jpg (2000x1500 px)`."""
        remark = f", {self.remark}" if self.remark else ""
        return f"{self.name} ({self.size[0]}x{self.size[1]} px{remark})"


def pixels(source: Source, argument: str = "source", side: int | None = None) -> Pixels:
    """Decode a picture: the first of several frames or pages, and an SVG at its own size, up to 2,048 pixels.

    `side` is the size to which the longer side will be shrunk, if any: a JPEG is then decoded at a smaller size, which
    is faster.

    Raises:
        ArgumentError: the file is not a picture, or cannot be decoded; the error names `argument`.
    """
    from imagebridge.pictures.convert import first
    from imagebridge.pictures.decode import drafted, read, srgb, upright
    from imagebridge.pictures.decoder_errors import decoding
    from imagebridge.pictures.encode import standard
    from imagebridge.pictures.picture import sound

    file_type = required(source, argument)
    try:
        if file_type is kinds.SVG:
            return _svg_pixels(source)
        data = sound(source.data)
        count = frame_count(data)
        if file_type is kinds.JPEG:
            size = read(data).size
            image = drafted(data, side) if side and side < max(size) else first(data)
        else:
            image = first(data)
            size = image.size
        exact, stored = _exact(image, data, file_type), image.size
        with decoding("its pixels cannot be converted"):
            # Step by step under one name, so that a large picture is not kept in more forms than necessary.
            image = upright(image)
            image = srgb(image)
            image = standard(image)
    except PictureError as error:
        raise ArgumentError(
            argument, f"{source.name} cannot be shown: {error.reason}; give {error.instead}"
        ) from error
    part = "page" if file_type is kinds.TIFF else "frame"
    if (image.width > image.height) != (stored[0] > stored[1]):
        size = size[1], size[0]
    return Pixels(source.name, image, size, f"the first of {count} {part}s" if count > 1 else "", exact)


def _exact(image: "Image", data: bytes, file_type: kinds.FileType) -> bool:
    """Return whether a file has no more than 8 bits per channel."""
    from imagebridge.pictures.grey import is_deep

    if file_type is kinds.PNG:
        return data[24] <= 8
    if file_type is kinds.TIFF:
        from imagebridge.pictures.tiff_directory import page

        stored = page(data, 0)
        return stored is not None and stored.bits <= 8
    return file_type not in (kinds.AVIF, kinds.HEIC, kinds.JP2) and not is_deep(image)


def required(source: Source, argument: str = "source") -> kinds.FileType:
    """Return the picture format of a file.

    Raises:
        ArgumentError: it is not a picture.
    """
    file_type = kinds.kind(source.data)
    if file_type is kinds.PDF:
        raise ArgumentError(argument, f"{source.name} is a PDF; use render_document to see its pages")
    if file_type is None or file_type.sort != "picture":
        unknown = "not a picture in a known format" if source.data else "empty"
        what = f"a file of type {file_type.media_type}" if file_type else unknown
        raise ArgumentError(argument, f"{source.name} is {what}; supported are {SHOWN}")
    return file_type


def _svg_pixels(source: Source) -> Pixels:
    from imagebridge.pictures.decode import opened
    from imagebridge.pictures.encode import standard
    from imagebridge.pictures.svg import shown

    drawing = shown(source.data)
    image = standard(opened(drawing.picture.data))
    return Pixels(source.name, image, image.size, drawing.sentence)


def squared(image: "Image", size: tuple[int, int]) -> "Image":
    """Resize a picture without mixing colours; when enlarged, its pixels become squares."""
    from PIL.Image import Resampling

    return image.resize(size, Resampling.NEAREST)  # pyright: ignore[reportUnknownMemberType]


def colors_of(image: "Image") -> list[tuple[int, int, int]]:
    """Return the colours of the pixels of a picture of mode RGB."""
    data = iter(image.tobytes())
    return list(zip(data, data, data, strict=True))


def frame_count(data: bytes) -> int:
    """Return how many frames or pages a picture has, or 1 if its format has none.

    Raises:
        PictureError: the frames cannot be counted.
    """
    from imagebridge.pictures.animation import count
    from imagebridge.pictures.decode import frames, header

    file_type = kinds.kind(data)
    if file_type in PAGED:
        return frames(header(data))
    return count(data) if file_type in MOVING else 1
