"""The frames of an animation as browsers show them: each is decoded separately and drawn over the previous ones.

The disposal of a frame before the next one follows PNG third edition, section 11.3.6, and GIF89a, section 23, as
browsers interpret it: areas restored to the background become transparent. WebP and AVIF are composed by their
decoders.
"""

from collections.abc import Iterator
from struct import pack, unpack_from
from typing import TYPE_CHECKING, Literal, NamedTuple

from imagebridge.errors import PictureError

from . import kinds, png
from .containers import GIF_CONTROL, GIF_END, GIF_EXTENSION, GIF_FRAME, palette_length, sub_blocks_end, walk
from .cost import check_memory, check_pixels
from .decode import at_page, frames, load, opened, read, srgb
from .encode import standard

if TYPE_CHECKING:
    from PIL.Image import Image


class _Frame(NamedTuple):
    """One frame as a still file, its position in pixels, how long it is shown, and what replaces it before the next."""

    still: bytes
    left: int
    top: int
    width: int
    height: int
    seconds: float
    over: bool
    leaves: Literal["itself", "nothing", "what was before"]


def count(data: bytes) -> int:
    """Return how many frames a picture has, 1 for a still.

    Raises:
        PictureError: the frames cannot be counted.
    """
    return walk(data).frames if kinds.kind(data) in _STILLS else frames(read(data))


def size(data: bytes) -> tuple[int, int]:
    """Return the size of the frames, width and height in pixels.

    Raises:
        PictureError: the size cannot be read.
    """
    if kinds.kind(data) in _STILLS:
        container = walk(data)
        return container.width, container.height
    return read(data).size


def shown(data: bytes, most: int) -> "Iterator[tuple[Image, float]]":
    """Yield the first `most` frames with the seconds that each is shown, up to the first that cannot be decoded.

    Raises:
        PictureError: the very first frame cannot be decoded.
    """
    made = _laid(data) if kinds.kind(data) in _STILLS else _decoded(data)
    for index in range(most):
        try:
            frame = next(made, None)
        except PictureError:
            if index == 0:
                raise
            return
        if frame is None:
            return
        yield frame


def frame(data: bytes, index: int) -> "Image":
    """Return one frame, counted from 0.

    Raises:
        PictureError: the frame does not exist, or it or an earlier frame cannot be decoded.
    """
    if kinds.kind(data) not in _STILLS:
        return load(at_page(read(data), index))
    image = None
    for at, (one, _) in enumerate(_laid(data)):
        if at == index:
            image = one
            break
    if image is None:
        raise PictureError(f"it does not have a frame {index + 1}")
    return image


def _decoded(data: bytes) -> "Iterator[tuple[Image, float]]":
    """Yield the frames that the decoder composes."""
    image = read(data)
    for index in range(frames(image)):
        one = load(at_page(image, index))
        yield one, float(one.info.get("duration", 0) or 0) / 1_000


def _laid(data: bytes) -> "Iterator[tuple[Image, float]]":
    """Yield the composed frames, transparent where nothing is drawn."""
    from PIL import Image as Images

    container = walk(data)
    width, height = container.width, container.height
    check_pixels(width, height)
    # The canvas, a copy to return and one to restore, the frame as stored and as it is drawn.
    check_memory(width, height, 17 * width * height)
    canvas = Images.new("RGBA", (container.width, container.height))
    for one in _STILLS[container.kind](data):
        before = canvas.copy() if one.leaves == "what was before" else None
        still = standard(srgb(opened(one.still))).convert("RGBA")
        if one.over:
            canvas.alpha_composite(still, (one.left, one.top))
        else:
            canvas.paste(still, (one.left, one.top))
        yield canvas.copy(), one.seconds
        if before:
            canvas = before
        elif one.leaves == "nothing":
            canvas.paste((0, 0, 0, 0), (one.left, one.top, one.left + one.width, one.top + one.height))


_LEAVES: tuple[Literal["itself", "nothing", "what was before"], ...] = (
    "itself",
    "nothing",
    "what was before",
)


_BESIDE = frozenset((b"PLTE", b"tRNS", b"iCCP", *png.COLOURS))
"""Chunks of an animated PNG that apply to each of its frames."""


def _of_png(data: bytes) -> Iterator[_Frame]:
    """Yield the frames of an animated PNG; the default image is a frame only if a frame control precedes it."""
    beside, pixels, control, left = b"", b"", b"", 0
    header = data[16:29]
    for at, stop, name in png.chunks(data):
        body = data[at + 8 : stop - 4]
        if name in _BESIDE:
            beside += data[at:stop]
        elif name == b"acTL":
            left = int.from_bytes(body[:4], "big")
        elif name == b"IDAT" and control:
            pixels += body
        elif name == b"fdAT":
            pixels += body[4:]
        elif name in (b"fcTL", b"IEND"):
            # A frame without pixels does not count.
            if control and pixels and left:
                yield _png_frame(header, beside, pixels, control)
                left -= 1
            pixels, control = b"", body


def _png_frame(header: bytes, beside: bytes, pixels: bytes, control: bytes) -> _Frame:
    if len(control) != 26:
        raise PictureError("a frame's control chunk has the wrong length")
    width, height, left, top, part, whole, leaves, blend = unpack_from(">IIIIHHBB", control, 4)
    across, down = unpack_from(">II", header)
    if not (0 < width <= across - left and 0 < height <= down - top):
        raise PictureError("a frame extends beyond the picture")
    ihdr = png.chunk(b"IHDR", pack(">II", width, height) + header[8:])
    still = b"\x89PNG\r\n\x1a\n" + ihdr + beside + png.chunk(b"IDAT", pixels) + png.END
    return _Frame(still, left, top, width, height, part / (whole or 100), blend == 1, _LEAVES[min(leaves, 2)])


def _of_gif(data: bytes) -> Iterator[_Frame]:
    """Yield the frames of a GIF that was walked and repaired."""
    table = data[10:13] + data[13 : 13 + palette_length(data, 10)]
    at, control = 10 + len(table), bytes(4)
    if len(table) == 3:
        # Programs show frames without any palette as grey.
        table = b"\xf7" + table[1:] + bytes(grey for grey in range(256) for _ in range(3))
    while at < len(data) and data[at] != GIF_END:
        if data[at] == GIF_EXTENSION:
            if data[at + 1 : at + 3] == GIF_CONTROL:
                control = data[at + 3 : at + 7]
            at = sub_blocks_end(data, at + 2)
            continue
        left, top, width, height = unpack_from("<HHHH", data, at + 1)
        stop = sub_blocks_end(data, at + 11 + palette_length(data, at + 9))
        # A separate frame needs from its control only which colour is transparent.
        clear = bytes((GIF_EXTENSION,)) + GIF_CONTROL + bytes((control[0] & 1, 0, 0, control[3], 0))
        size = pack("<HH", width, height)
        frame = bytes((GIF_FRAME, 0, 0, 0, 0)) + size + data[at + 9 : stop]
        still = b"GIF89a" + size + table + clear + frame + bytes((GIF_END,))
        leaves = _LEAVES[{2: 1, 3: 2}.get(control[0] >> 2 & 7, 0)]
        seconds = int.from_bytes(control[1:3], "little") / 100
        yield _Frame(still, left, top, width, height, seconds, True, leaves)
        at, control = stop, bytes(4)


_STILLS = {kinds.PNG: _of_png, kinds.GIF: _of_gif}
