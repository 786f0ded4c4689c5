"""Walks PNG, JPEG, WebP and GIF files to their end, without decoding a pixel.

What a walk proves: the container is complete and its header is sound. Only PNG carries checksums; in
the other three, flipped bits inside the compressed data pass and are found by decoding alone. What
can be mended without touching a pixel is, so that all decoders see the same picture.
Sources: PNG third edition (W3C, 2025-06-24), ITU-T T.81 annex B, RFC 9649 (WebP), GIF89a, EXIF 2.32.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from struct import pack, unpack_from
from typing import cast

from imagebridge.errors import PictureError

from . import kinds, png_walk
from .colour_spaces import HDR
from .cost import check_scans
from .png import Mend, mended

try:
    from stringzilla import count  # pyright: ignore[reportUnknownVariableType]  # its stubs know no buffers
except ImportError:  # no wheel for this processor: the same at a fifth of the speed
    count = None

__all__ = ["Container", "Mend", "mended", "orientation", "walk"]


@dataclass(frozen=True, slots=True)
class Container:
    """What the walk found: size in pixels, number of frames, where the file ends, and what to mend in it.

    `width` and `height` are those of the stored pixels; `orientation` is EXIF's, 1 for upright.
    `end` counts the bytes that belong to the picture. `common` is true where every decoder reads the
    pixels: at most 8 bits a channel, no CMYK, no HDR, no rare coding. `mends` are in order and do not overlap.
    `whole` is false where only the pixels can tell whether they are all there: the file lacks its end, or a PNG has
    too few bytes of them.
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
        PictureError: not PNG, JPEG, WebP or GIF; cut short; or broken in a part a decoder needs.
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
"""EXIF's types SHORT and LONG: the tag is a SHORT by the book, and some cameras write a LONG."""


def orientation(exif: bytes) -> int:
    """Return how an EXIF block says that the picture is to be turned: 1 (not at all) to 8.

    It is tag 0x0112 of the first directory (EXIF 2.32, 4.6.5), where it stands twice the last one, as
    Pillow reads it. Orientation in XMP alone is for editors: no decoder turns by it.
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
        found.bits <= 8 and found.curve not in HDR,
        orientation(found.exif),
        tuple(found.mends),
        found.whole,
    )


# One literal byte first: 20 times faster than a class first.
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
# Lower ones mean nothing inside of pixels: decoders go on behind them.
_MARKER_IN_SCAN = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = 0xC2
_COMMON = frozenset((0xC0, 0xC1, _PROGRESSIVE))
"""Baseline, extended and progressive frames. Lossless, hierarchical and arithmetic ones few decoders read."""
# A search holds the interpreter lock until it ends, so long scans are searched in windows.
_WINDOW = 1 << 16


def _jpeg(data: bytes) -> Container:
    at, size = 2, len(data)
    width = height = channels = frame = interval = 0
    common, progressive, exif, scans = True, False, bytearray(), list[int]()
    mends: list[Mend] = []
    while True:
        sought, at = at, _next_marker(data, at)
        if at > sought:
            mends.append((sought, at, b""))
        # Any number of 0xFF may stand before a marker (T.81 B.1.1.2).
        while data[at : at + 2] == b"\xff\xff":
            at += 1
        marker = data[at + 1] if at + 2 <= size else None
        if marker == 0xD9:
            break
        if marker == 0x01:
            # It stands alone, without a length (T.81 B.1.1.3).
            mends.append((at, at + 2, b""))
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        stop = at + 2 + length
        if marker is None or at + 4 > size or stop > size:
            complete, ordered = _progress(data, scans, channels)
            if channels and complete:
                common = common and (not progressive or ordered)
                # Whether the last scan has all its pixels is for a decoder to say.
                mends_before = tuple(one for one in mends if one[1] <= at)
                turned = orientation(bytes(exif))
                return Container(
                    kinds.JPEG, width, height, 1, min(at, size), common, turned, mends_before, whole=False
                )
            raise PictureError("the JPEG is cut short")
        if length < 2 and (marker & 0xF0 == 0xE0 or marker == 0xFE):
            # Metadata of no length is none: decoders go on behind its length.
            mends.append((at, at + 4, b""))
            at += 4
            continue
        if length < 2:
            raise PictureError(f"the JPEG has a segment of {length} bytes at byte {at}")
        if marker in _FRAMES:
            if length < 8 or channels:
                raise PictureError(f"the JPEG has {'two frame headers' if channels else 'no frame header'}")
            bits, height, width, channels = unpack_from(">BHHB", data, at + 4)
            if channels not in (1, 3, 4):
                raise PictureError(f"the JPEG has {channels} colour channels, not 1, 3 or 4")
            frame, progressive = at, marker == _PROGRESSIVE
            common = marker in _COMMON and bits == 8 and channels < 4
        if marker == 0xE1 and data[at + 4 : at + 10] == b"Exif\x00\x00":
            # A second segment continues the first (EXIF is written so when it passes 64 kB).
            exif += data[at + 10 : stop]
        if marker == 0xDD and length >= 4:
            interval = int.from_bytes(data[at + 4 : at + 6], "big")
        if marker == 0xDA:
            scans.append(at)
            stop = _sought(data, stop, _MARKER_IN_SCAN)
        at = stop
    if not channels or not scans:
        raise PictureError("the JPEG has no pixels")
    check_scans(len(scans), width, height)
    if progressive:
        common = common and _progress(data, scans, channels)[1]
    elif interval and len(scans) == 1:
        common = common and _restarts(data, scans[0], at) >= (_units(data, frame) - 1) // interval
    return Container(kinds.JPEG, width, height, 1, at + 2, common, orientation(bytes(exif)), tuple(mends))


def _progress(data: bytes, scans: list[int], channels: int) -> tuple[bool, bool]:
    """Tell whether the scans of a JPEG bring every coefficient to its last bit, and each bit in its turn (T.81 G.1.1.1).

    Scans out of turn are shown by most decoders, and refused by strict ones.
    """
    missing: dict[int, list[int]] = {}
    ordered = True
    for at in scans:
        count = data[at + 4]
        spectral = data[at + 5 + 2 * count : at + 8 + 2 * count]
        if len(spectral) < 3:
            return False, False
        start, stop, bits = spectral
        stop = min(stop, 63)
        for channel in data[at + 5 : at + 5 + 2 * count : 2]:
            # 16 stands for a coefficient of which nothing has come yet.
            left = missing.setdefault(channel, [16] * 64)
            expected = {0 if one == 16 else one for one in left[start : stop + 1]}
            ordered = ordered and expected == {bits >> 4} and (start == 0 or left[0] != 16)
            left[start : stop + 1] = [bits & 15] * max(0, stop + 1 - start)
            del left[64:]
    return len(missing) >= channels and not any(map(any, missing.values())), ordered


def _units(data: bytes, frame: int) -> int:
    """Return of how many units a scan of all channels is made (T.81 A.2): restart markers stand between them."""
    height, width, channels = unpack_from(">HHB", data, frame + 5)
    factors = data[frame + 11 : frame + 10 + 3 * channels : 3]
    across, down = max(one >> 4 for one in factors), max(one & 15 for one in factors)
    if channels == 1 or not (across and down):
        across = down = 1
    return -(-width // (8 * across)) * -(-height // (8 * down))


def _restarts(data: bytes, start: int, stop: int) -> int:
    """Return how many restart markers stand in a scan. Where many of them lack, strict decoders give up."""
    return sum(1 for _ in _RESTART.finditer(data, start, stop))


def _next_marker(data: bytes, at: int) -> int:
    """Return where the next marker stands: decoders pass over stray bytes, zeros and restarts between two segments."""
    begun = at
    while data[begun : begun + 2] == b"\xff\xff":
        begun += 1
    return at if _MARKER.match(data, begun) else _sought(data, at, _MARKER)


def _sought(data: bytes, at: int, marker: "re.Pattern[bytes]") -> int:
    """Return where the next `marker` stands from `at` on: where entropy-coded data ends; the file's length without one."""
    counted = count is not None
    while at < len(data):
        stop = at + _WINDOW
        if counted and _holds_none(data, at, stop):
            at = stop
            continue
        # One byte of overlap, for a marker on the edge of two windows.
        found = marker.search(data, at, stop + 1)
        if found:
            return found.start()
        # Between restart markers counting is in vain; only the edge of a window is worth another try.
        counted = counted and stop <= len(data) and data[stop - 1] == 0xFF
        at = stop
    return len(data)


def _holds_none(data: bytes, at: int, stop: int) -> bool:
    """Tell whether every 0xFF of a window is one of the pixels, which zero follows: then no marker is among them."""
    counted = cast("Callable[[bytes, bytes, int, int], int]", count)
    return counted(data, b"\xff\0", at, stop) == counted(data, b"\xff", at, stop)


def _webp(data: bytes) -> Container:
    end = 8 + int.from_bytes(data[4:8], "little")
    at, frames, size = 12, 0, (0, 0)
    pixels, exif, mends = False, b"", list[Mend]()
    while at + 8 <= end:
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > min(end, len(data)):
            # What is whole before it is shown: a picture without what follows it, or the first frames.
            if not pixels:
                raise PictureError("the WebP is cut short")
            mends, end = [(4, 8, pack("<I", at - 8))], at
            break
        body = at + 8
        if name == b"VP8X" and length >= 10:
            size = (
                1 + int.from_bytes(data[body + 4 : body + 7], "little"),
                1 + int.from_bytes(data[body + 7 : body + 10], "little"),
            )
        elif name == b"VP8 " and length >= 10:
            pixels, size = True, _larger(size, _vp8(data, body))
        elif name == b"VP8L" and length >= 5:
            pixels, size = True, _larger(size, _vp8l(data, body))
        elif name == b"ANMF":
            pixels, frames = True, frames + 1
        elif name == b"EXIF":
            # The first one counts, as for libwebp.
            exif = exif or data[body : body + length]
        at = body + length + (length & 1)
    if not pixels:
        raise PictureError("the WebP has no pixels")
    return Container(
        kinds.WEBP, *size, max(1, frames), end, orientation=orientation(exif), mends=tuple(mends)
    )


def _larger(canvas: tuple[int, int], frame: tuple[int, int]) -> tuple[int, int]:
    """Return the canvas where one was declared, else the size of the frame."""
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
"""How the extension goes on that says how the next frame is shown: its label, and its length in bytes."""


def _gif(data: bytes) -> Container:
    """Walk a GIF; see docs/architecture.md, "The walk through a GIF"."""
    screen = unpack_from("<HH", data, 6) if len(data) >= 13 else (0, 0)
    width, height = screen
    at, size, frames, control = 13 + palette_length(data, 10), len(data), 0, 0
    end, mends = 0, list[Mend]()
    while at < size and data[at] != GIF_END:
        block, start = data[at], at
        if block not in (GIF_EXTENSION, GIF_FRAME) and not frames:
            raise PictureError(f"the GIF has an unknown block at byte {at}")
        after = at + 11 + palette_length(data, at + 9) if block == GIF_FRAME else at + 2
        at = sub_blocks_end(data, after) if block in (GIF_EXTENSION, GIF_FRAME) else size
        if at > size or block not in (GIF_EXTENSION, GIF_FRAME):
            # Cut short, or strange to every reader: the frames before it are whole.
            at = size
            break
        if block == GIF_EXTENSION:
            control = start + 3 if data[start + 1 : start + 3] == GIF_CONTROL else control
            continue
        frames, end = frames + 1, at
        left, top, across, down = unpack_from("<HHHH", data, start + 1)
        if frames == 1:
            # The first frame makes a screen larger that is too small for it; later ones are cut.
            width, height = max(width, left + across), max(height, top + down)
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
        # Decoders disagree on a first frame that reaches beyond the screen: some enlarge it, some cut.
        mends.insert(0, (6, 10, pack("<HH", width, height)))
    return Container(kinds.GIF, width, height, frames, end, mends=tuple(mends))


_WARNED = 89_478_485
_DISPOSAL = 0b11100
"""Pillow prints a warning where it clears a frame of more pixels; these bits of its control ask for that."""


def palette_length(data: bytes, at: int) -> int:
    """Return the length in bytes of the colour table that the flags at `at` announce."""
    flags = data[at] if at < len(data) else 0
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def sub_blocks_end(data: bytes, at: int) -> int:
    """Return where the sub-blocks that begin at `at` end, behind the file where they are cut short.

    Runs of full ones are passed by one slice, four times as long each time.
    """
    size, window = len(data), 1 << 15
    while at < size:
        length = data[at]
        if length == 0:
            return at + 1
        if length == 255:
            lengths = data[at : at + window : 256]
            full = len(lengths) - len(lengths.lstrip(b"\xff"))
            at += full * 256
            window *= 4
        else:
            at += length + 1
    return size + 1


_WALKERS: dict[kinds.FileType, Callable[[bytes], Container]] = {
    kinds.PNG: _png,
    kinds.JPEG: _jpeg,
    kinds.WEBP: _webp,
    kinds.GIF: _gif,
}
