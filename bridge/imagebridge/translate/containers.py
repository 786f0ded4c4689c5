"""Walks PNG, JPEG, WebP and GIF files to their end, without decoding a pixel.

What a walk proves: the container is complete and its header is sound. Only PNG carries checksums; in
the other three, flipped bits inside the compressed data pass and are found by decoding alone. What
can be mended without touching a pixel is, so that all decoders see the same picture.
Sources: PNG third edition (W3C, 2025-06-24), ITU-T T.81 annex B, RFC 9649 (WebP), GIF89a, EXIF 2.32.
"""

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from struct import Struct, pack, unpack_from

from imagebridge.errors import PictureError

from . import kinds

Mend = tuple[int, int, bytes]
"""What stands from one byte of the file to another gives way to other bytes."""


@dataclass(frozen=True, slots=True)
class Container:
    """What the walk found: size in pixels, number of frames, where the file ends, and what to mend in it.

    `width` and `height` are those of the stored pixels; `orientation` is EXIF's, 1 for upright.
    `end` counts the bytes that belong to the picture. `common` is true where every decoder reads the
    pixels: at most 8 bits a channel, no CMYK, no rare coding. `mends` are in order and do not overlap.
    """

    kind: kinds.Kind
    width: int
    height: int
    frames: int
    end: int
    common: bool = True
    orientation: int = 1
    mends: tuple[Mend, ...] = ()


def walk(data: bytes) -> Container:
    """Walk `data` to the end of its container.

    Raises:
        PictureError: not PNG, JPEG, WebP or GIF; cut short; or broken in a part a decoder needs.
    """
    found = kinds.kind(data)
    walker = _WALKERS.get(found) if found else None
    if walker is None:
        raise PictureError(f"{found.media_type if found else 'unknown bytes'} is not PNG, JPEG, WebP or GIF")
    container = walker(data)
    if container.width < 1 or container.height < 1:
        raise PictureError(f"its header says {container.width}x{container.height} pixels")
    return container


def mended(data: bytes, mends: Sequence[Mend]) -> bytes:
    """Return `data` with `mends` made, which are in order and do not overlap."""
    if not mends:
        return data
    kept, at = bytearray(), 0
    for start, stop, instead in mends:
        kept += data[at:start]
        kept += instead
        at = stop
    return bytes(kept + data[at:])


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


_CHUNK = Struct(">I4s")
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


def _png(data: bytes) -> Container:
    view, at, size = memoryview(data), 8, len(data)
    width = height = bits = colour = 0
    pixels, palette, turned = False, False, 1
    mends: list[Mend] = []
    moving: list[tuple[int, int, bytes]] = []
    while True:
        if at + 12 > size:
            raise PictureError("the PNG is cut short")
        length, name = _CHUNK.unpack_from(data, at)
        stop = at + 12 + length
        if stop > size:
            raise PictureError(f"the PNG is cut short in its {_ascii(name)} chunk")
        if at == 8 and (name != b"IHDR" or length != 13):
            raise PictureError(f"the PNG begins with {_ascii(name)}, not with its header")
        sound = zlib.crc32(view[at + 4 : stop - 4]) == int.from_bytes(view[stop - 4 : stop], "big")
        if not sound and not name[0] & 0x20:
            raise PictureError(f"the checksum of the PNG's {_ascii(name)} chunk is wrong")
        if not sound:
            mends.append((at, stop, b""))
        elif name == b"IDAT":
            pixels = True
        elif at == 8:
            width, height, bits, colour = unpack_from(">IIBB", data, 16)
            if bits not in _DEPTHS.get(colour, ()):
                raise PictureError(f"the PNG names bit depth {bits} with colour type {colour}")
        elif name == b"PLTE":
            palette = True
        elif name in _MOVING:
            moving.append((at, stop, name))
        elif name == b"eXIf":
            turned = orientation(data[at + 8 : stop - 4])
        elif name == b"IEND":
            break
        at = stop
    if not pixels or (colour == 3 and not palette):
        raise PictureError(f"the PNG has no {'palette' if pixels else 'pixels'}")
    frames, corrected = _animated(data, moving)
    mends = sorted([*mends, *corrected])
    return Container(kinds.PNG, width, height, frames, stop, bits <= 8, turned, tuple(mends))


_MOVING = frozenset((b"acTL", b"fcTL", b"fdAT"))
"""The chunks of an animated PNG: how many frames it has, the frame that follows, a frame's pixels."""


def _animated(data: bytes, moving: list[tuple[int, int, bytes]]) -> tuple[int, list[Mend]]:
    """Return how many frames a PNG holds, and what to mend where it claims another number.

    Decoders that believe the claim wait for frames that never come. With fewer than two frames the
    picture is a still, and all of `moving` goes.
    """
    held = sum(name == b"fcTL" for _, _, name in moving)
    claims = [(at, stop) for at, stop, name in moving if name == b"acTL"]
    sound = len(claims) == 1 and claims[0][1] - claims[0][0] == 20
    if sound and int.from_bytes(data[claims[0][0] + 8 : claims[0][0] + 12], "big") == held:
        return max(1, held), [(*claims[0], b"")] if held == 0 else []
    if held < 2 or not claims:
        return 1, [(at, stop, b"") for at, stop, _ in moving]
    chunk = b"acTL" + pack(">II", held, 0)
    first = (*claims[0], pack(">I", 8) + chunk + pack(">I", zlib.crc32(chunk)))
    return held, [first, *((at, stop, b"") for at, stop in claims[1:])]


def _ascii(name: bytes) -> str:
    """Show a chunk's name, also where it is no text."""
    return repr(name)[2:-1]


# One literal byte first: the engine then searches with memchr (20 times faster than a class first).
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_COMMON = frozenset((0xC0, 0xC1, 0xC2))
"""Baseline, extended and progressive frames. Lossless, hierarchical and arithmetic ones few decoders read."""
# A search holds the interpreter lock until it ends, so long scans are searched in windows.
_WINDOW = 1 << 20


def _jpeg(data: bytes) -> Container:
    at, size = 2, len(data)
    width = height = channels = 0
    scanned, common, exif = False, True, bytearray()
    while True:
        # Any number of 0xFF may stand before a marker (T.81 B.1.1.2).
        while data[at : at + 2] == b"\xff\xff":
            at += 1
        if at + 2 > size:
            raise PictureError("the JPEG is cut short")
        if data[at] != 0xFF:
            raise PictureError(f"the JPEG has no marker at byte {at}")
        marker = data[at + 1]
        if marker == 0xD9:
            break
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        stop = at + 2 + length
        if length < 2 or stop > size:
            raise PictureError("the JPEG is cut short")
        if marker in _FRAMES:
            if length < 8 or channels:
                raise PictureError(f"the JPEG has {'two frame headers' if channels else 'no frame header'}")
            bits, height, width, channels = unpack_from(">BHHB", data, at + 4)
            if channels not in (1, 3, 4):
                raise PictureError(f"the JPEG has {channels} colour channels, not 1, 3 or 4")
            common = marker in _COMMON and bits == 8 and channels < 4
        if marker == 0xE1 and data[at + 4 : at + 10] == b"Exif\x00\x00":
            # A second segment continues the first (EXIF is written so when it passes 64 kB).
            exif += data[at + 10 : stop]
        if marker == 0xDA:
            scanned = True
            stop = _scan_end(data, stop)
        at = stop
    if not channels or not scanned:
        raise PictureError("the JPEG has no pixels")
    return Container(kinds.JPEG, width, height, 1, at + 2, common, orientation(bytes(exif)))


def _scan_end(data: bytes, at: int) -> int:
    """Return where the entropy-coded data that begins at `at` ends: at the next real marker."""
    while at < len(data):
        # One byte of overlap, for a marker on the edge of two windows.
        found = _MARKER.search(data, at, at + _WINDOW + 1)
        if found:
            return found.start()
        at += _WINDOW
    raise PictureError("the JPEG is cut short")


def _webp(data: bytes) -> Container:
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise PictureError("the WebP is cut short")
    at, frames, size = 12, 0, (0, 0)
    pixels, exif = False, b""
    while at + 8 <= end:
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > end:
            raise PictureError("the WebP is cut short")
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
    return Container(kinds.WEBP, *size, max(1, frames), end, orientation=orientation(exif))


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


def _gif(data: bytes) -> Container:
    screen = unpack_from("<HH", data, 6) if len(data) >= 13 else (0, 0)
    width, height = screen
    at, size, frames, control = 13 + _palette(data, 10), len(data), 0, 0
    end, mends = 0, list[Mend]()
    while at < size and data[at] != 0x3B:
        block, start = data[at], at
        if block == 0x2C:
            frames += 1
            at = end = _sub_blocks(data, at + 11 + _palette(data, at + 9))
            left, top, across, down = unpack_from("<HHHH", data, start + 1)
            width, height = max(width, left + across), max(height, top + down)
            if control and across * down > _WARNED:
                mends.append((control, control + 1, bytes((data[control] & ~_DISPOSAL,))))
            control = 0
        elif block == 0x21:
            at = _sub_blocks(data, at + 2)
            control = start + 3 if data[start + 1 : start + 3] == b"\xf9\x04" else control
        else:
            raise PictureError(f"the GIF has an unknown block at byte {at}")
    if not frames:
        raise PictureError("the GIF has no pixels" if at < size else "the GIF is cut short")
    if at < size:
        end = at + 1
    else:
        mends.append((end, end, b";"))
    if (width, height) != screen and max(width, height) <= 0xFFFF:
        # Decoders disagree on frames that reach beyond the screen: some enlarge it, some cut.
        mends.insert(0, (6, 10, pack("<HH", width, height)))
    return Container(kinds.GIF, width, height, frames, end, mends=tuple(mends))


_WARNED = 89_478_485
_DISPOSAL = 0b11100
"""Pillow prints a warning where it clears a frame of more pixels; these bits of its control ask for that."""


def _palette(data: bytes, at: int) -> int:
    """Return the length in bytes of the colour table that the flags at `at` announce."""
    flags = data[at] if at < len(data) else 0
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _sub_blocks(data: bytes, at: int) -> int:
    """Return where the sub-blocks that begin at `at` end. Runs of full ones are passed by one slice."""
    size = len(data)
    while at < size:
        length = data[at]
        if length == 0:
            return at + 1
        if length == 255:
            lengths = data[at : at + (1 << 17) : 256]
            full = len(lengths) - len(lengths.lstrip(b"\xff"))
            at += full * 256
        else:
            at += length + 1
    raise PictureError("the GIF is cut short")


_WALKERS: dict[kinds.Kind, Callable[[bytes], Container]] = {
    kinds.PNG: _png,
    kinds.JPEG: _jpeg,
    kinds.WEBP: _webp,
    kinds.GIF: _gif,
}
