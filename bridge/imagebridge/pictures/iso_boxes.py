"""Boxes of AVIF and JPEG 2000 that specify how to show the pixels and that Pillow does not read.

Source: ISO/IEC 14496-12 (boxes), 23008-12 (`iprp`, `ipma`), 15444-1 annex I (`jp2h`).
"""

from collections.abc import Iterator
from struct import calcsize, pack, unpack_from
from struct import error as StructError

_INSIDE = {b"meta": 4, b"iinf": 6, b"iprp": 0, b"ipco": 0, b"jp2h": 0} | {
    # The path to what a sequence says about its colours.
    **dict.fromkeys((b"moov", b"trak", b"mdia", b"minf", b"stbl"), 0),
    b"stsd": 8,
    b"av01": 78,
}
"""Boxes that contain other boxes, and how many bytes of fields precede those."""


def boxes(data: bytes, at: int = 0, stop: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name of each box with the start and end of its body, including nested boxes."""
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
    """Return the numbers of an AVIF's primaries and curve (H.273); those of sRGB if it has none."""
    for name, body, end in boxes(data):
        if name == b"colr" and data[body : body + 4] == b"nclx" and end - body >= 8:
            primaries, transfer = unpack_from(">HH", data, body + 4)
            return primaries, transfer
    return 1, 13


_ESSENTIAL = frozenset((b"clap", b"irot", b"imir"))
"""Properties that crop, rotate or mirror a picture: a program that does not know them must not show it (23008-12, 6.5)."""

_Given = dict[int, list[tuple[bool, int]]]
"""The properties of each item: whether a property is essential, and its number in `ipco`, counted from 1."""


def with_properties(data: bytes) -> bytes:
    """Return an AVIF whose items have the properties that libavif (1.4.2) requires.

    Programs of 2019 and 2020 split the properties between two `ipma` boxes, or did not state the size of the opacity,
    which is that of the picture; others do not mark rotations as essential. Browsers show all of these. If something
    has to change, a new `meta` box is appended to the file and the old one becomes free space, so that nothing moves.
    """
    try:
        found = _found(data)
        (meta,), (around,), (listed,) = (found[one] for one in (b"meta", b"iprp", b"ipco"))
        primary, given = _given_out(data, found)
        wanted = _completed(given, primary, [name for name, *_ in boxes(data, *listed)])
        written = _associations(wanted)
    except (KeyError, ValueError, StructError):
        return data
    if wanted == given and len(found[b"ipma"]) == 1:
        return data
    properties = _box(b"iprp", _box(b"ipco", data[slice(*listed)]) + written)
    made = _box(b"meta", data[meta[0] : around[0] - 8] + properties + data[around[1] : meta[1]])
    data = data[: meta[0] - 4] + b"free" + data[meta[0] :]
    for body, end in found.get(b"mdat", ()):
        if data[body - 8 : body - 4] == bytes(4) and data[body - 4 : body] == b"mdat":
            # It extends to the end of the file, which is no longer its own.
            data = data[: body - 8] + pack(">I", 8 + end - body) + data[body - 4 :]
    return data + made


def _box(name: bytes, body: bytes) -> bytes:
    return pack(">I4s", 8 + len(body), name) + body


def _found(data: bytes) -> dict[bytes, list[tuple[int, int]]]:
    """Return the start and end of each box's body, by name."""
    found: dict[bytes, list[tuple[int, int]]] = {}
    for name, body, end in boxes(data):
        found.setdefault(name, []).append((body, end))
    return found


def _given_out(data: bytes, found: dict[bytes, list[tuple[int, int]]]) -> tuple[int, _Given]:
    """Return the number of the primary item, and the properties of all items."""
    ((at, _),) = found[b"pitm"]
    (primary,) = unpack_from(">I" if data[at] else ">H", data, at + 4)
    given: _Given = {}
    for place in found[b"ipma"]:
        _give(data, place, given)
    return primary, given


def _properties(data: bytes) -> tuple[tuple[int, int], tuple[int, ...]]:
    """Return the stored size of the picture in pixels, and the eight numbers of a valid `clap`, if there is one.

    Raises:
        KeyError: the picture has no size.
        ValueError, struct.error: the boxes are broken.
    """
    found = _found(data)
    (listed,) = found[b"ipco"]
    primary, given = _given_out(data, found)
    properties = list(boxes(data, *listed))
    held = {
        name: body for _, index in given[primary] if index for name, body, _ in properties[index - 1 : index]
    }
    width, height = unpack_from(">II", data, held[b"ispe"] + 4)
    clap = unpack_from(">IIIIiIiI", data, held[b"clap"]) if b"clap" in held else ()
    return (width, height), clap


def stored_size(data: bytes) -> tuple[int, int] | None:
    """Return the width and height in pixels that an AVIF states for its picture; None if it states none."""
    try:
        return _properties(data)[0]
    except (KeyError, ValueError, StructError):
        return None


def crop(data: bytes) -> tuple[int, int] | None:
    """Return the width and height after cropping at the right and bottom edges, if an AVIF requests it (`clap`).

    Chromium (149) crops only there; a picture that is to be cropped at the left or top is shown in full.
    """
    try:
        (width, height), clap = _properties(data)
    except (KeyError, ValueError, StructError):
        return None
    if not clap:
        return None
    across, one, down, other, right, below, lower, under = clap
    if (one, other) != (1, 1) or not (below and under and 0 < across <= width and 0 < down <= height):
        return None
    # The offsets, fractions, are those of the centres.
    at_the_corner = (width - across) * below == -2 * right and (height - down) * under == -2 * lower
    return (across, down) if at_the_corner else None


def _give(data: bytes, place: tuple[int, int], given: _Given) -> None:
    """Read an `ipma` box, and add the properties that it assigns to `given`."""
    at, end = place
    numbers, indices = ">I" if data[at] else ">H", ">H" if data[at + 3] & 1 else ">B"
    top = 0x8000 if data[at + 3] & 1 else 0x80
    (count,) = unpack_from(">I", data, at + 4)
    at += 8
    for _ in range(min(count, end - at)):
        (item,) = unpack_from(numbers, data, at)
        at += calcsize(numbers)
        many = data[at]
        values = [unpack_from(indices, data, at + 1 + calcsize(indices) * one)[0] for one in range(many)]
        at += 1 + calcsize(indices) * many
        given.setdefault(item, []).extend((value >= top, value % top) for value in values)
    if at > end:
        raise StructError


def _completed(given: _Given, primary: int, names: list[bytes]) -> _Given:
    """Return the properties, completed as decoders require; `names` are the names of the properties in `ipco`."""

    def named(associated: list[tuple[bool, int]], name: bytes) -> list[int]:
        return [index for _, index in associated if 0 < index <= len(names) and names[index - 1] == name]

    transforming = {index for name in _ESSENTIAL for one in given.values() for index in named(one, name)}
    sizes = named(given.get(primary, []), b"ispe")
    completed: _Given = {}
    for item, associated in given.items():
        marked = [(essential or index in transforming, index) for essential, index in associated]
        if named(associated, b"auxC") and not named(associated, b"ispe"):
            marked[:0] = [(False, index) for index in sizes[:1]]
        completed[item] = marked
    return completed


def _associations(given: _Given) -> bytes:
    """Return an `ipma` box with the properties of all items, in the order of their numbers."""
    long = any(index > 0x7F for associated in given.values() for _, index in associated)
    wide = any(item > 0xFFFF for item in given)
    body = pack(">BBBBI", wide, 0, 0, long, len(given))
    for item, associated in sorted(given.items()):
        body += pack(">IB" if wide else ">HB", item, len(associated))
        for essential, index in associated:
            body += pack(">H" if long else ">B", index | essential * (0x8000 if long else 0x80))
    return _box(b"ipma", body)


def palette(data: bytes) -> bytes:
    """Return the palette of a JPEG 2000 as red, green and blue for each colour; empty if there is no valid palette."""
    for name, body, end in boxes(data):
        if name != b"pclr" or end - body < 6:
            continue
        count, width = unpack_from(">HB", data, body)
        depths = [1 + depth for depth in data[body + 3 : body + 3 + width]]
        if width != 3 or max(depths) > 8 or body + 6 + 3 * count > end:
            return b""
        colours = data[body + 6 : body + 6 + 3 * count]
        made = bytearray(3 * count)
        for channel, column in enumerate((columns(data) or (0, 1, 2))[:3]):
            if column >= width:
                return b""
            most = (1 << depths[column]) - 1
            made[channel::3] = bytes(min(value, most) * 255 // most for value in colours[column::3])
        return bytes(made)
    return b""


def columns(data: bytes) -> tuple[int, ...] | None:
    """Return the columns of a JPEG 2000's palette, or its channels if it has none, in the order of the colours.

    Opacity comes last. None if they are already in order, or if the picture is neither RGB nor greyscale.
    """
    for name, body, end in boxes(data):
        if name != b"cdef" or end - body < 2:
            continue
        count = unpack_from(">H", data, body)[0]
        if 2 + 6 * count > end - body:
            return None
        entries = [unpack_from(">HHH", data, body + 2 + 6 * at) for at in range(count)]
        colours = {colour: column for column, kind, colour in entries if kind == 0}
        if colours.keys() not in ({1}, {1, 2, 3}):
            return None
        opacity = [column for column, kind, _ in entries if kind in (1, 2)][:1]
        order = (*(colours[colour] for colour in sorted(colours)), *opacity)
        return None if order == tuple(range(len(order))) else order
    return None


def without_exif(data: bytes) -> bytes:
    """Return an AVIF or HEIC without items called EXIF: decoders read them, and fail if they are broken."""
    made = bytearray(data)
    for name, body, end in boxes(data):
        # The type of an item follows its version, number and protection (version 2; 3 has a longer number).
        at = body + (10 if data[body] == 3 else 8)
        if name == b"infe" and data[body] in (2, 3) and at + 4 <= end and data[at : at + 4] == b"Exif":
            made[at : at + 4] = b"skip"
    return bytes(made)


def without_groups(data: bytes) -> bytes:
    """Return an AVIF without the relations between its items.

    Groups refer to other sizes of the picture, and to its gain map for HDR screens. The primary picture needs none of
    them, and libavif (1.4.2) refuses the file if it does not know a group, or if the gain map is broken.
    """
    made = bytearray(data)
    for name, body, _ in boxes(data):
        if name == b"grpl":
            made[body - 4 : body] = b"free"
    return bytes(made)
