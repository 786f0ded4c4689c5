"""The chunks of a PNG, which describe its pixels and colours (png_walk.py verifies, png_rows.py unpacks them).

Source: PNG third edition (W3C, 2025-06-24), sections 4, 5 and 11.
"""

import zlib
from collections.abc import Callable, Iterator
from struct import Struct, pack
from typing import NamedTuple, cast

try:
    from zlib_ng.zlib_ng import crc32  # pyright: ignore[reportUnknownVariableType]  # its stubs know no buffers
except ImportError:  # no wheel for this processor: the same at a tenth of the speed
    from zlib import crc32

checksum = cast("Callable[[bytes | memoryview], int]", crc32)
"""The checksum after each chunk (CRC-32)."""

Mend = tuple[int, int, bytes]
"""A replacement: the bytes from one position of the file to another, and the new bytes."""

_START = Struct(">I4s")
HEADER = Struct(">IIBBBBB")
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples per pixel, by the number of the colour type."""

LENGTHS = {b"cHRM": 32, b"gAMA": 4, b"sRGB": 1, b"pHYs": 9, b"tIME": 7, b"cICP": 4, b"cLLI": 8, b"mDCV": 24}
"""The length in bytes of the chunks whose length is fixed."""

COLOURS = {name: LENGTHS[name] for name in (b"cICP", b"sRGB", b"gAMA", b"cHRM")}
"""Chunks that define the colours."""

MOVING = frozenset((b"acTL", b"fcTL", b"fdAT"))
"""The chunks of an animated PNG: the number of frames, the control of a frame, a frame's pixels."""

END = b"\0\0\0\0IEND\xaeB`\x82"


class Header(NamedTuple):
    """A PNG's header: its size, bits per channel, and the numbers of its colour type and methods."""

    width: int
    height: int
    bits: int
    colour: int
    compression: int = 0
    filtering: int = 0
    interlace: int = 0


def read_header(data: bytes) -> Header:
    """Return the header of a PNG that was walked."""
    return Header(*HEADER.unpack_from(data, 16))


def is_opaque(start: bytes) -> bool:
    """Return whether the start of a walked PNG rules out transparent pixels (11.3.1.1: tRNS precedes the pixels)."""
    names = [name for _, _, name in chunks(start)]
    return b"IDAT" in names and b"tRNS" not in names and not read_header(start).colour & 4


_PROFILE = 8_000_000
"""The maximum size of an unpacked colour profile in bytes: libpng's limit for a chunk (1.6.50)."""


def chunks(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield the start, end and name of each chunk, up to the end of the picture or the file."""
    at = 8
    while at + 12 <= len(data):
        length, name = _START.unpack_from(data, at)
        stop = at + 12 + length
        yield at, stop, name
        if name == b"IEND":
            return
        at = stop


def chunk(name: bytes, body: bytes) -> bytes:
    """Return a chunk with its length and checksum."""
    return pack(">I", len(body)) + name + body + pack(">I", checksum(name + body))


def colours(data: bytes) -> dict[bytes, bytes]:
    """Return a PNG's colour information, chunk by chunk, except for a profile (PNG third edition, 4.3).

    The number 2 (unspecified) and numbers that are not for full-range RGB count as missing; so do primaries without a
    gamma, as in browsers.
    """
    found = {
        name: data[at + 8 : stop - 4]
        for at, stop, name in chunks(data)
        if stop - at - 12 == COLOURS.get(name)
    }
    if not named(found.get(b"cICP", b"")):
        found.pop(b"cICP", None)
    if b"gAMA" not in found:
        found.pop(b"cHRM", None)
    return found


def named(numbers: bytes) -> tuple[int, int] | None:
    """Return the primaries and curve in a cICP chunk (H.273); None if they are missing or not usable."""
    sound = len(numbers) == 4 and numbers[2:] == b"\0\1" and 2 not in numbers[:2]
    return (numbers[0], numbers[1]) if sound else None


def profile(body: bytes) -> bytes:
    """Return the colour profile in an iCCP chunk, empty if it is broken or unpacks to too much."""
    keyword, _, rest = body.partition(b"\0")
    if not keyword or rest[:1] != b"\0":
        return b""
    stream = zlib.decompressobj()
    try:
        unpacked = stream.decompress(rest[1:], _PROFILE)
    except zlib.error:
        return b""
    return unpacked if stream.eof else b""


def mended(data: bytes, mends: "list[Mend] | tuple[Mend, ...]") -> bytes:
    """Return `data` with the repairs in `mends`, which are in order and do not overlap."""
    if not mends:
        return data
    kept, at = bytearray(), 0
    for start, stop, instead in mends:
        kept += data[at:start]
        kept += instead
        at = stop
    return bytes(kept + data[at:])
