"""Walks the segments and scans of a JPEG as decoders read them, without decoding a pixel.

Decoders skip stray bytes between segments, and metadata without a length: both are removed, so that all decoders see
the same picture. The headers of a progressive JPEG's scans show whether it contains all bits.
Source: ITU-T T.81, annexes A, B and G.
"""

import re
from collections.abc import Callable
from struct import unpack_from
from typing import NamedTuple, cast

from imagebridge.errors import PictureError, counted

from .cost import check_scans
from .png import Mend

try:
    from stringzilla import count  # pyright: ignore[reportUnknownVariableType]  # its stubs know no buffers
except ImportError:  # no wheel for this processor: the same at a fifth of the speed
    count = None

# One literal byte first: 20 times faster than a class first.
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
# Lower ones mean nothing inside pixels: decoders continue after them.
_MARKER_IN_SCAN = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = 0xC2
_COMMON = frozenset((0xC0, 0xC1, _PROGRESSIVE))
"""Baseline, extended and progressive frames. Few decoders read lossless, hierarchical and arithmetic frames."""
# A search holds the interpreter lock until it ends, so long scans are searched in windows.
_WINDOW = 1 << 16


class Segments(NamedTuple):
    """The result of walking a JPEG: its size in pixels, where it ends, its EXIF, and what to repair in it.

    `common` and `whole` are as in `containers.Container`.
    """

    width: int
    height: int
    end: int
    common: bool
    exif: bytes
    mends: tuple[Mend, ...]
    whole: bool = True


def walked(data: bytes) -> Segments:
    """Walk a JPEG from segment to segment.

    Raises:
        PictureError: the JPEG is cut short, or broken in a part that a decoder needs.
    """
    at, size = 2, len(data)
    width = height = channels = frame = interval = 0
    common, progressive, exif, scans = True, False, bytearray(), list[int]()
    mends: list[Mend] = []
    while True:
        sought, at = at, _next_marker(data, at)
        if at > sought:
            mends.append((sought, at, b""))
        # Any number of 0xFF may precede a marker (T.81 B.1.1.2).
        while data[at : at + 2] == b"\xff\xff":
            at += 1
        marker = data[at + 1] if at + 2 <= size else None
        if marker == 0xD9:
            break
        if marker == 0x01:
            # It is standalone, without a length (T.81 B.1.1.3).
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
                return Segments(width, height, min(at, size), common, bytes(exif), mends_before, whole=False)
            raise PictureError("the JPEG is cut short")
        if length < 2 and (marker & 0xF0 == 0xE0 or marker == 0xFE):
            # Metadata without length does not count: decoders continue after its length field.
            mends.append((at, at + 4, b""))
            at += 4
            continue
        if length < 2:
            raise PictureError(f"the JPEG has a segment of {counted(length, 'byte')} at byte {at}")
        if marker in _FRAMES:
            if length < 8 or channels:
                raise PictureError(f"the JPEG has {'two frame headers' if channels else 'no frame header'}")
            bits, height, width, channels = unpack_from(">BHHB", data, at + 4)
            if channels not in (1, 3, 4):
                raise PictureError(f"the JPEG has {channels} colour channels, not 1, 3 or 4")
            if bits != 8:
                raise PictureError(f"the JPEG has {counted(bits, 'bit')} per channel; only 8 can be decoded")
            frame, progressive = at, marker == _PROGRESSIVE
            common = marker in _COMMON and channels < 4
        if marker == 0xE1 and data[at + 4 : at + 10] == b"Exif\x00\x00":
            # A second segment continues the first (EXIF of more than 64 kB is written this way).
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
    return Segments(width, height, at + 2, common, bytes(exif), tuple(mends))


def _progress(data: bytes, scans: list[int], channels: int) -> tuple[bool, bool]:
    """Return whether the scans of a JPEG contain every bit of every coefficient, and do so in sequence (T.81 G.1.1.1).

    Most decoders show scans out of sequence; strict ones refuse them.
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
            # 16 stands for a coefficient of which nothing has arrived yet.
            left = missing.setdefault(channel, [16] * 64)
            expected = {0 if one == 16 else one for one in left[start : stop + 1]}
            ordered = ordered and expected == {bits >> 4} and (start == 0 or left[0] != 16)
            left[start : stop + 1] = [bits & 15] * max(0, stop + 1 - start)
            del left[64:]
    return len(missing) >= channels and not any(map(any, missing.values())), ordered


def _units(data: bytes, frame: int) -> int:
    """Return the number of coding units in a scan of all channels (T.81 A.2); restart markers occur between them."""
    height, width, channels = unpack_from(">HHB", data, frame + 5)
    factors = data[frame + 11 : frame + 10 + 3 * channels : 3]
    across, down = max(one >> 4 for one in factors), max(one & 15 for one in factors)
    if channels == 1 or not (across and down):
        across = down = 1
    return -(-width // (8 * across)) * -(-height // (8 * down))


def _restarts(data: bytes, start: int, stop: int) -> int:
    """Return the number of restart markers in a scan. If many are missing, strict decoders fail."""
    return sum(1 for _ in _RESTART.finditer(data, start, stop))


def _next_marker(data: bytes, at: int) -> int:
    """Return the position of the next marker, skipping stray bytes, zeros and restarts between segments."""
    begun = at
    while data[begun : begun + 2] == b"\xff\xff":
        begun += 1
    return at if _MARKER.match(data, begun) else _sought(data, at, _MARKER)


def _sought(data: bytes, at: int, marker: "re.Pattern[bytes]") -> int:
    """Return the position of the next `marker` from `at` on, where entropy-coded data ends; the file's length if there is none."""
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
        # Counting between restart markers is useless; only the edge of a window is worth another try.
        counted = counted and stop <= len(data) and data[stop - 1] == 0xFF
        at = stop
    return len(data)


def _holds_none(data: bytes, at: int, stop: int) -> bool:
    """Return whether a window contains no marker: every 0xFF belongs to the pixels, that is, zero follows it."""
    counted = cast("Callable[[bytes, bytes, int, int], int]", count)
    return counted(data, b"\xff\0", at, stop) == counted(data, b"\xff", at, stop)
