"""The boxes of AVIF and JPEG 2000 that say how their pixels are to be seen, where Pillow does not read them.

Source: ISO/IEC 14496-12 (boxes), 23008-12 (`iprp`, `ipma`), 15444-1 annex I (`jp2h`).
"""

from collections.abc import Iterator
from struct import pack, unpack_from

_INSIDE = {b"meta": 4, b"iinf": 6, b"iprp": 0, b"ipco": 0, b"jp2h": 0} | {
    # The way to what a sequence says of its colours.
    **dict.fromkeys((b"moov", b"trak", b"mdia", b"minf", b"stbl"), 0),
    b"stsd": 8,
    b"av01": 78,
}
"""Boxes that hold boxes, behind so many bytes of their own."""


def boxes(data: bytes, at: int = 0, stop: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name of each box and where its body begins and ends, those inside others too."""
    stop = len(data) if stop is None else min(stop, len(data))
    while at + 8 <= stop:
        length, name = unpack_from(">I4s", data, at)
        body = at + 8
        if length == 1 and at + 16 <= stop:
            (length,), body = unpack_from(">Q", data, at + 8), at + 16
        end = stop if length == 0 else at + length
        if end < body or end > stop:
            return
        yield name, body, end
        if name in _INSIDE:
            yield from boxes(data, body + _INSIDE[name], end)
        at = end


def colour(data: bytes) -> tuple[int, int]:
    """Return the numbers of the primaries and of the curve that an AVIF names (H.273); those of sRGB where it names none."""
    for name, body, end in boxes(data):
        if name == b"colr" and data[body : body + 4] == b"nclx" and end - body >= 8:
            primaries, transfer = unpack_from(">HH", data, body + 4)
            return primaries, transfer
    return 1, 13


def joined(data: bytes) -> bytes:
    """Return an AVIF whose properties are given out in two boxes `ipma` with one in their place.

    Writers of 2019 and 2020 wrote two, and decoders of today take one. What is left over becomes a box of
    free space, so that nothing moves.
    """
    associations = [(body, end) for name, body, end in boxes(data) if name == b"ipma"]
    around = [(body, end) for name, body, end in boxes(data) if name == b"iprp"]
    if (
        len(associations) != 2
        or len(around) != 1
        or associations[0][1] + 8 != associations[1][0]
        or associations[1][1] != around[0][1]
    ):
        return data
    (first, middle), (second, end) = associations
    if data[first : first + 4] != data[second : second + 4] or min(middle - first, end - second) < 8:
        return data
    count = sum(unpack_from(">I", data, body + 4)[0] for body in (first, second))
    entries = data[first + 8 : middle] + data[second + 8 : end]
    one = pack(">I4s", 16 + len(entries), b"ipma") + data[first : first + 4] + pack(">I", count) + entries
    free = end - (first - 8) - len(one)
    start = around[0][0] - 8
    # The free space stands behind the properties: among them decoders take no other box.
    before = data[:start] + pack(">I", end - free - start) + data[start + 4 : first - 8]
    return before + one + pack(">I4s", free, b"free") + bytes(free - 8) + data[end:]


def palette(data: bytes) -> bytes:
    """Return the palette of a JPEG 2000, red, green and blue of each colour in turn; empty where it has no such one."""
    for name, body, end in boxes(data):
        if name != b"pclr" or end - body < 6:
            continue
        count, width = unpack_from(">HB", data, body)
        depths = [1 + depth for depth in data[body + 3 : body + 3 + width]]
        if width != 3 or max(depths) > 8 or body + 6 + 3 * count > end:
            return b""
        colours = data[body + 6 : body + 6 + 3 * count]
        made = bytearray(3 * count)
        for channel, column in enumerate(columns(data) or (0, 1, 2)):
            if column >= width:
                return b""
            most = (1 << depths[column]) - 1
            made[channel::3] = bytes(min(value, most) * 255 // most for value in colours[column::3])
        return bytes(made)
    return b""


def columns(data: bytes) -> tuple[int, int, int] | None:
    """Return which columns of the palette of a JPEG 2000 are red, green and blue; None where they are in that order."""
    for name, body, end in boxes(data):
        if name != b"cdef" or end - body < 20:
            continue
        count = unpack_from(">H", data, body)[0]
        if 2 + 6 * count > end - body:
            return None
        entries = [unpack_from(">HHH", data, body + 2 + 6 * at) for at in range(count)]
        colours = {colour: column for column, kind, colour in entries if kind == 0}
        if {1, 2, 3} <= colours.keys():
            order = colours[1], colours[2], colours[3]
            return None if order == (0, 1, 2) else order
    return None


def without_exif(data: bytes) -> bytes:
    """Return an AVIF or HEIC in which no item is called EXIF: decoders read it, and fail where it is broken."""
    made = bytearray(data)
    for name, body, end in boxes(data):
        # The type of an item stands behind its version, number and protection (version 2; 3 has a longer number).
        at = body + (10 if data[body] == 3 else 8)
        if name == b"infe" and data[body] in (2, 3) and at + 4 <= end and data[at : at + 4] == b"Exif":
            made[at : at + 4] = b"skip"
    return bytes(made)


def without_groups(data: bytes) -> bytes:
    """Return an AVIF that says nothing of what its items are to each other.

    Groups name other sizes of the picture, and its gain map for HDR screens. The primary picture needs none of
    them, and libavif (1.4.2) refuses the file where it does not know one, or the gain map is broken.
    """
    made = bytearray(data)
    for name, body, _ in boxes(data):
        if name == b"grpl":
            made[body - 4 : body] = b"free"
    return bytes(made)
