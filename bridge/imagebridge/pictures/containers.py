"""Walks PNG, JPEG, WebP and GIF files to their end, without decoding a pixel.

A walk verifies that the container is complete and its header is valid. Only PNG has checksums; in
the other three, flipped bits inside the compressed data go unnoticed and are found only by decoding. Everything
that can be repaired without changing a pixel is repaired, so that all decoders see the same picture.
PNG and JPEG have separate modules (png_walk.py, jpeg_walk.py).
Sources: RFC 9649 (WebP), GIF89a, EXIF 2.32.
"""

import re
from collections.abc import Callable
from struct import pack, unpack_from
from typing import NamedTuple, cast

from imagebridge.errors import PictureError

from . import jpeg_walk, kinds, png_walk
from .colour_spaces import of_png
from .png import Mend, colours, mended

__all__ = ["Container", "Mend", "mended", "orientation", "walk"]


class Container(NamedTuple):
    """The result of a walk: size in pixels, number of frames, where the file ends, and what to repair in it.

    `width` and `height` are the size as stored; `orientation` is the EXIF orientation, 1 for upright.
    `end` is the number of bytes that belong to the picture. `common` is true if all decoders read the
    pixels, and read them in the same way: at most 8 bits per channel, no CMYK, no colours that
    only some decoders convert to sRGB (a PNG's by number or gamma), no rare encoding, a GIF's screen filled. `mends` are in order and do not overlap.
    `whole` is false if only the pixels can show whether they are complete: the file lacks its end, or a PNG has
    too few bytes of pixels.
    """

    kind: kinds.FileType
    width: int
    height: int
    frames: int
    end: int
    common: bool = True
    orientation: int = 1
    mends: tuple[Mend, ...] = ()
    whole: bool = True


def walk(data: bytes) -> Container:
    """Walk `data` to the end of its container.

    Raises:
        PictureError: not PNG, JPEG, WebP or GIF; cut short; or broken in a part that a decoder needs.
    """
    file_type = kinds.kind(data)
    walker = _WALKERS.get(file_type) if file_type else None
    if walker is None:
        raise PictureError(
            f"{file_type.media_type if file_type else 'unknown bytes'} is not PNG, JPEG, WebP or GIF"
        )
    container = walker(data)
    if container.width < 1 or container.height < 1:
        raise PictureError(f"its header says {container.width}x{container.height} pixels")
    return container


_INTEGERS = {3: "H", 4: "I"}
"""The EXIF types SHORT and LONG: the specification requires SHORT, but some cameras write LONG."""


def orientation(exif: bytes) -> int:
    """Return the EXIF orientation of a picture: 1 (upright) to 8.

    It is tag 0x0112 of the first directory (EXIF 2.32, 4.6.5); if it occurs twice, the last one counts, as
    in Pillow. Decoders ignore orientation that is only in XMP.
    """
    exif = exif.removeprefix(b"Exif\x00\x00")
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None or len(exif) < 14:
        return 1
    (at,) = unpack_from(f"{order}I", exif, 4)
    if at + 2 > len(exif):
        return 1
    (count,) = unpack_from(f"{order}H", exif, at)
    found = 1
    for entry in range(at + 2, min(at + 2 + 12 * count, len(exif) - 11), 12):
        tag, sort, values = unpack_from(f"{order}HHI", exif, entry)
        if tag == 0x0112 and values == 1 and sort in _INTEGERS:
            (found,) = unpack_from(f"{order}{_INTEGERS[sort]}", exif, entry + 8)
    return found if 1 <= found <= 8 else 1


def _png(data: bytes) -> Container:
    found = png_walk.walked(data)
    return Container(
        kinds.PNG,
        found.width,
        found.height,
        found.frames,
        found.end,
        found.bits <= 8 and not (found.described and of_png(colours(data))),
        orientation(found.exif),
        tuple(found.mends),
        found.whole,
    )


def _jpeg(data: bytes) -> Container:
    found = jpeg_walk.walked(data)
    return Container(
        kinds.JPEG,
        found.width,
        found.height,
        1,
        found.end,
        found.common,
        orientation(found.exif),
        found.mends,
        found.whole,
    )


def _webp(data: bytes) -> Container:
    end = 8 + int.from_bytes(data[4:8], "little")
    at, frames, size, begun, cut = 12, 0, (0, 0), 0, False
    pixels, exif, mends = False, b"", list[Mend]()
    while at + 8 <= end:
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > min(end, len(data)):
            at, cut = begun or at, True
            break
        body = at + 8
        if name == b"VP8X" and length >= 10:
            size = (
                1 + int.from_bytes(data[body + 4 : body + 7], "little"),
                1 + int.from_bytes(data[body + 7 : body + 10], "little"),
            )
        elif name == b"VP8 " and length >= 10:
            pixels, size = True, _larger(size, _vp8(data, body))
            frames, begun = frames + bool(begun), 0
        elif name == b"VP8L" and length >= 5:
            pixels, size = True, _larger(size, _vp8l(data, body))
            frames, begun = frames + bool(begun), 0
        elif name == b"ANMF" and length >= _FRAME_HEAD:
            # As in libwebp: its chunks follow whatever length it states, and without pixels it does not count.
            begun, length = at, _FRAME_HEAD
        elif name == b"EXIF":
            # The first one counts, as in libwebp.
            exif = exif or data[body : body + length]
        at = body + length + (length & 1)
    if not pixels:
        raise PictureError("the WebP is cut short" if cut else "the WebP has no pixels")
    if cut:
        # The complete part before it is shown: a picture without what follows it, or the first frames.
        mends, end = [(4, 8, pack("<I", at - 8))], at
    return Container(
        kinds.WEBP, *size, max(1, frames), end, orientation=orientation(exif), mends=tuple(mends)
    )


_FRAME_HEAD = 16
"""The number of bytes in a WebP frame before the chunks with its pixels."""


def _larger(canvas: tuple[int, int], frame: tuple[int, int]) -> tuple[int, int]:
    """Return the canvas if one was declared, otherwise the size of the frame."""
    return canvas if canvas[0] else frame


def _vp8(data: bytes, at: int) -> tuple[int, int]:
    if data[at + 3 : at + 6] != b"\x9d\x01\x2a":
        raise PictureError("the WebP's frame has no start code")
    width, height = unpack_from("<HH", data, at + 6)
    return width & 0x3FFF, height & 0x3FFF


def _vp8l(data: bytes, at: int) -> tuple[int, int]:
    if data[at] != 0x2F:
        raise PictureError("the WebP's lossless frame has no signature")
    bits = int.from_bytes(data[at + 1 : at + 5], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


GIF_EXTENSION, GIF_FRAME, GIF_END = 0x21, 0x2C, 0x3B
"""The first byte of each block of a GIF."""

GIF_CONTROL = b"\xf9\x04"
"""The second and third byte of the extension that controls the next frame: its label and its length."""


def _gif(data: bytes) -> Container:
    """Walk a GIF; see docs/architecture.md, "Walking a GIF"."""
    screen = unpack_from("<HH", data, 6) if len(data) >= 13 else (0, 0)
    width, height = screen
    at, size, frames, control = 13 + palette_length(data, 10), len(data), 0, 0
    end, mends, common = 0, list[Mend](), True
    while at < size and data[at] != GIF_END:
        block, start = data[at], at
        if block not in (GIF_EXTENSION, GIF_FRAME) and not frames:
            raise PictureError(f"the GIF has an unknown block at byte {at}")
        after = at + 11 + palette_length(data, at + 9) if block == GIF_FRAME else at + 2
        at = sub_blocks_end(data, after) if block in (GIF_EXTENSION, GIF_FRAME) else size
        if at > size or block not in (GIF_EXTENSION, GIF_FRAME):
            # Cut short, or unknown to every decoder: the frames before it are complete.
            at = size
            break
        if block == GIF_EXTENSION:
            control = start + 3 if data[start + 1 : start + 3] == GIF_CONTROL else control
            if at == start + 3:
                mends.append((start, at, b""))  # it is empty, and Pillow reads past its end
            continue
        frames, end = frames + 1, at
        left, top, across, down = unpack_from("<HHHH", data, start + 1)
        if frames == 1:
            if not (across and down):
                raise PictureError("the GIF's first frame has no pixels")
            # The first frame enlarges a screen that is too small for it; later ones are clipped.
            width, height = max(width, left + across), max(height, top + down)
            # Decoders disagree on what is visible outside the frame.
            common = (across, down) == (width, height)
        if control and across * down > _WARNED:
            mends.append((control, control + 1, bytes((data[control] & ~_DISPOSAL,))))
        control = 0
    if not frames:
        raise PictureError("the GIF has no pixels" if at < size else "the GIF is cut short")
    if at < size:
        end = at + 1
    else:
        mends.append((end, end, bytes((GIF_END,))))
    if (width, height) != screen and max(width, height) <= 0xFFFF:
        # Decoders disagree on a first frame that extends beyond the screen: some enlarge it, some clip.
        mends.insert(0, (6, 10, pack("<HH", width, height)))
    return Container(kinds.GIF, width, height, frames, end, common, mends=tuple(sorted(mends)))


_WARNED = 89_478_485
_DISPOSAL = 0b11100
"""Pillow prints a warning when it clears a frame with more pixels, as these bits of its control extension request."""


def palette_length(data: bytes, at: int) -> int:
    """Return the length in bytes of the colour table that the flags at `at` declare."""
    flags = data[at] if at < len(data) else 0
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


_FULL = re.compile(rb"\xff*+")  # a third of the time of `lstrip`
_WINDOW = 1 << 15


def sub_blocks_end(data: bytes, at: int) -> int:
    """Return the end of the sub-blocks that begin at `at`, or a position after the file if they are cut short.

    Runs of full sub-blocks are skipped in slices. Each slice is sixteen times as long as the previous one if
    all sub-blocks in that were full.
    """
    size, window = len(data), _WINDOW
    while at < size:
        length = data[at]
        if length == 0:
            return at + 1
        if length == 255:
            lengths = data[at : at + window : 256]
            if lengths == b"\xff" * len(lengths):
                at += 256 * len(lengths)
                window *= 16
            else:
                at += 256 * cast("re.Match[bytes]", _FULL.match(lengths)).end()
                window = _WINDOW
        else:
            at += length + 1
    return size + 1


_WALKERS: dict[kinds.FileType, Callable[[bytes], Container]] = {
    kinds.PNG: _png,
    kinds.JPEG: _jpeg,
    kinds.WEBP: _webp,
    kinds.GIF: _gif,
}
