"""Walks the chunks of a PNG as strictly as the strictest decoder (png_rows.py unpacks the pixels).

The walk refuses a file that strict decoders reject and that cannot be repaired, and records the possible repairs:
misplaced and repeated chunks and those of the wrong length are removed, and a palette that is too long is cut. No
repair changes a pixel.
Source: PNG third edition (W3C, 2025-06-24), sections 5 and 11.
"""

import zlib
from dataclasses import dataclass, field
from struct import Struct, pack

from imagebridge.errors import PictureError

from .png import (
    CHANNELS,
    END,
    HEADER,
    LENGTHS,
    MOVING,
    Mend,
    checksum,
    chunk,
    chunks,
    profile,
    read_header,
)

_CHECKSUM = Struct(">I")
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_PALETTED = 3

_LENGTHS_BY_COLOUR = {
    b"tRNS": {0: 2, 2: 6},
    b"bKGD": {0: 2, 2: 6, 3: 1, 4: 2, 6: 6},
    b"sBIT": {0: 1, 2: 3, 3: 3, 4: 2, 6: 4},
}
"""The length in bytes of the chunks whose length depends on the colour type; other types have no such chunk."""

_ONCE = frozenset((*LENGTHS, *_LENGTHS_BY_COLOUR, b"iCCP", b"hIST", b"eXIf"))
_BEFORE_PIXELS = _ONCE - {b"tIME", b"eXIf"}

_CRITICAL = frozenset((b"IHDR", b"PLTE", b"IDAT"))

_TEXT = 1_000_000
"""The maximum unpacked size of all compressed texts in a file, in bytes: decoders refuse a picture with more."""

_AROUND, _DENSEST = 7, 1_032
"""The minimum number of bytes in a stream besides its pixels, and the maximum that one byte unpacks to: 258 for two
bits."""


@dataclass(slots=True)
class Chunks:
    """The result of walking a PNG: its header, its frames, where it ends, and what to repair in it.

    `whole` is false if the end is missing, or the pixels have too few bytes or start incorrectly: only
    `png_rows.unpacked` can determine whether pixels are missing. `described` is true if its colours are given by
    number or gamma: they may differ from sRGB.
    """

    width: int = 0
    height: int = 0
    bits: int = 0
    colour: int = 0
    frames: int = 1
    end: int = 0
    exif: bytes = b""
    described: bool = False
    whole: bool = True
    mends: list[Mend] = field(default_factory=list)


def walked(data: bytes) -> Chunks:
    """Walk a PNG to its end.

    Raises:
        PictureError: the PNG is cut short before its pixels, or broken in a part that a decoder needs.
    """
    return _Walk(data).done()


class _Walk:
    """One walk. `aside` contains the chunks since the last pixels: nothing else may come between pixels."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._found = Chunks()
        self._palette: bytes | None = None
        self._pixels = False
        self._seen: set[bytes] = set()
        self._aside: list[tuple[int, int, bytes]] = []
        self._moving: list[tuple[int, int, bytes]] = []
        self._still: list[tuple[int, int]] = []
        self._text = 0

    def done(self) -> Chunks:
        data, found, view, size, at = self._data, self._found, memoryview(self._data), len(self._data), 8
        for at, stop, name in chunks(data):
            if stop > size and (name == b"IDAT" or not self._pixels):
                raise PictureError(f"the PNG is cut short in its {_ascii(name)} chunk")
            if stop > size:
                found.end, found.whole = at, False
                break
            found.end = stop
            sound = _CHECKSUM.unpack_from(data, stop - 4) == (checksum(view[at + 4 : stop - 4]),)
            if sound and name == b"IDAT" and self._pixels and not self._aside:
                self._still.append((at, stop))  # more of the same: nearly all chunks
            elif at == 8:
                self._header(at, stop, name, sound=sound)
            elif name == b"IEND":
                if not sound or stop - at > len(END):
                    found.mends.append((at, stop, END))
                break
            elif not sound and name[0] & 0x20:
                self._drop(at, stop)
            elif self._pixels and not name[0] & 0x20 and name not in _CRITICAL:
                # Not a known chunk, as where bytes were lost: the pixels show whether they are all there.
                found.end, found.whole = at, False
                break
            elif not sound:
                raise PictureError(f"the checksum of the PNG's {_ascii(name)} chunk is wrong")
            else:
                self._chunk(at, stop, name)
        else:
            found.whole = False
        if not found.width or not self._pixels:
            raise PictureError("the PNG has no pixels" if found.whole else "the PNG is cut short")
        if not found.whole:
            found.mends.append((found.end, found.end, END))
        found.whole = found.whole and _may_be_whole(data, self._still)
        seen = self._seen
        found.described = b"cICP" in seen or (b"gAMA" in seen and not {b"iCCP", b"sRGB"} & seen)
        found.frames, corrected = _animated(data, self._moving, self._still)
        found.mends = sorted([*found.mends, *corrected])
        return found

    def _header(self, at: int, stop: int, name: bytes, *, sound: bool) -> None:
        if name != b"IHDR" or stop - at != 25:
            raise PictureError(f"the PNG begins with {_ascii(name)} instead of its header")
        if not sound:
            raise PictureError("the checksum of the PNG's IHDR chunk is wrong")
        found = self._found
        found.width, found.height, found.bits, found.colour, *rest = HEADER.unpack_from(self._data, 16)
        if found.bits not in _DEPTHS.get(found.colour, ()):
            raise PictureError(f"the PNG has bit depth {found.bits} with colour type {found.colour}")
        if not (0 < found.width < 1 << 31 and 0 < found.height < 1 << 31):
            raise PictureError(f"its header says {found.width}x{found.height} pixels")
        for what, value, most in zip(("compression", "filter", "interlace"), rest, (0, 0, 1), strict=True):
            if value > most:
                raise PictureError(f"the PNG's header states {what} method {value}, which does not exist")

    def _drop(self, at: int, stop: int) -> None:
        self._found.mends.append((at, stop, b""))

    def _chunk(self, at: int, stop: int, name: bytes) -> None:
        """Process one chunk with a correct checksum, after the header."""
        if name == b"IDAT":
            self._more_pixels()
            self._still.append((at, stop))
        elif name == b"PLTE":
            self._colours(at, stop)
        elif name == b"IHDR":
            if self._data[at:stop] != self._data[8:33]:
                raise PictureError("the PNG has two headers that contradict each other")
            self._drop(at, stop)
        elif not name[0] & 0x20:
            raise PictureError(
                f"the PNG contains the unknown chunk {_ascii(name)}, which is marked as required for "
                "reading it"
            )
        elif not name.isalpha() or name[2] & 0x20:
            # A lower-case third letter is reserved for future PNGs (section 5.4): strict decoders refuse the file.
            self._drop(at, stop)
        elif name in MOVING:
            self._moving.append((at, stop, name))
            self._aside.append((at, stop, name))
        elif not self._is_in_order(at, stop, name):
            self._drop(at, stop)
        else:
            self._seen.add(name)
            self._aside.append((at, stop, name))
            if name == b"eXIf":
                self._found.exif = self._data[at + 8 : stop - 4]

    def _more_pixels(self) -> None:
        if not self._pixels and self._found.colour == _PALETTED and not self._palette:
            raise PictureError("the PNG has no palette before its pixels")
        if self._pixels and any(name in MOVING for _, _, name in self._aside):
            raise PictureError("the PNG has pixels in two places")
        if self._pixels:
            self._found.mends += [(start, end, b"") for start, end, _ in self._aside]
        self._aside.clear()
        self._pixels = True

    def _colours(self, at: int, stop: int) -> None:
        """Process a palette. If the pixels do not use it, it is only a suggestion, and is removed if it is invalid."""
        body, found = self._data[at + 8 : stop - 4], self._found
        if found.colour != _PALETTED:
            sound = found.colour in (2, 6) and len(body) in range(3, 769, 3) and not self._pixels
            if not sound or self._palette is not None:
                self._drop(at, stop)
            self._palette = body
            return
        if self._palette is not None:
            if body != self._palette:
                raise PictureError("the PNG has two palettes")
            self._drop(at, stop)
            return
        if self._pixels:
            raise PictureError("the PNG has its palette after its pixels")
        self._palette = body
        colours = min(len(body) // 3, 1 << found.bits)
        if not colours:
            raise PictureError("the PNG has an empty palette")
        if 3 * colours != len(body):
            found.mends.append((at, stop, chunk(b"PLTE", body[: 3 * colours])))

    def _is_in_order(self, at: int, stop: int, name: bytes) -> bool:
        """Return whether a chunk other than those with pixels is in a permitted place and has the required length."""
        if name in (self._seen & _ONCE) or (self._pixels and name in _BEFORE_PIXELS):
            return False
        length, colour = stop - at - 12, self._found.colour
        if name == b"tRNS" and colour == _PALETTED:
            return self._opacities(at, stop)
        if name in _LENGTHS_BY_COLOUR:
            return length == _LENGTHS_BY_COLOUR[name].get(colour)
        if name == b"iCCP":
            return bool(profile(self._data[at + 8 : stop - 4]))
        if name in (b"zTXt", b"iTXt"):
            return self._is_short(self._data[at + 8 : stop - 4], name)
        return length == LENGTHS.get(name, length)

    def _opacities(self, at: int, stop: int) -> bool:
        colours = min(len(self._palette or b"") // 3, 1 << self._found.bits)
        if colours and stop - at - 12 > colours:
            self._found.mends.append((at, stop, chunk(b"tRNS", self._data[at + 8 : at + 8 + colours])))
        return colours > 0 and stop - at > 12

    def _is_short(self, body: bytes, name: bytes) -> bool:
        """Return whether a text, together with those before it, unpacks to a size that decoders accept."""
        keyword, _, rest = body.partition(b"\0")
        method, packed = rest[:1], rest[1:]
        if name == b"iTXt":
            if method != b"\1":
                return True
            method, packed = packed[:1], packed[1:].partition(b"\0")[2].partition(b"\0")[2]
        if not keyword or method != b"\0" or self._text > _TEXT:
            return False
        try:
            unpacked = zlib.decompressobj().decompress(packed, _TEXT + 1 - self._text)
        except zlib.error:
            return False
        self._text += len(unpacked)
        return self._text <= _TEXT


def _may_be_whole(data: bytes, still: list[tuple[int, int]]) -> bool:
    """Return whether the pixels start like a zlib stream (RFC 1950, 2.2), and have enough bytes for their rows."""
    header = read_header(data)
    rows = header.height * (1 + header.width * header.bits * CHANNELS[header.colour] // 8)
    if sum(stop - at - 12 for at, stop in still) < _AROUND + rows // _DENSEST:
        return False
    start = b""
    for at, stop in still:
        start += data[at + 8 : min(at + 10, stop - 4)]
        if len(start) > 1:
            break
    # Deflate, a window of at most 32 kB, no dictionary, and a checksum divisible by 31.
    return start[0] & 0x8F == 8 and not start[1] & 0x20 and int.from_bytes(start[:2], "big") % 31 == 0


def _animated(
    data: bytes, moving: list[tuple[int, int, bytes]], still: list[tuple[int, int]]
) -> tuple[int, list[Mend]]:
    """Return how many frames a PNG shows, and what to repair if it claims another number.

    Frames beyond the claimed number do not count, and if there are fewer, decoders wait for more. Without a valid claim
    before the pixels, or with fewer than two frames, the picture is a still, and all of `moving` is removed; if its
    only frame is not the default image, the frame replaces that.
    """
    if not moving:
        return 1, []  # nearly all of them
    frame_count = sum(name == b"fcTL" for _, _, name in moving)
    claims = [(at, stop) for at, stop, name in moving if name == b"acTL"]
    declared_count = _claimed(data, *claims[0]) if claims and claims[0][0] < still[0][0] else 0
    count = min(declared_count, frame_count)
    if count == 1 and (lone := _lone_frame(data, moving, still)):
        return 1, lone
    if count < 2:
        return 1, [(at, stop, b"") for at, stop, _ in moving]
    first = (
        [(*claims[0], chunk(b"acTL", pack(">II", frame_count, 0)))] if declared_count > frame_count else []
    )
    return count, [*first, *((at, stop, b"") for at, stop in claims[1:])]


def _claimed(data: bytes, at: int, stop: int) -> int:
    """Return how many frames an acTL chunk claims, 0 if it is invalid."""
    frames = int.from_bytes(data[at + 8 : at + 12], "big")
    return frames if stop - at == 20 and frames < 1 << 31 else 0


def _lone_frame(
    data: bytes, moving: list[tuple[int, int, bytes]], still: list[tuple[int, int]]
) -> list[Mend]:
    """Return the repairs that replace the default image with the only frame of an animation, if it has full size."""
    controls = [(at, stop) for at, stop, name in moving if name == b"fcTL"]
    at, stop = controls[0]
    end = controls[1][0] if len(controls) > 1 else len(data)
    pixels = [
        (start, to) for start, to, name in moving if name == b"fdAT" and at < start < end and to - start > 16
    ]
    if not pixels or at < still[0][0] or stop - at != 38 or data[at + 12 : at + 28] != data[16:24] + bytes(8):
        return []
    moved = [(start, to, chunk(b"IDAT", data[start + 12 : to - 4])) for start, to in pixels]
    gone = [(start, to, b"") for start, to, _ in moving if (start, to) not in pixels]
    return [*((start, to, b"") for start, to in still), *moved, *gone]


def _ascii(name: bytes) -> str:
    """Return a chunk's name in printable form, even if it is not text."""
    return repr(name)[2:-1]
