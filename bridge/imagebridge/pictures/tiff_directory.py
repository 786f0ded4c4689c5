"""Reads and writes the directories of a TIFF, which describe how the pixels of each page are stored.

BigTIFF uses eight-byte numbers for files of more than 4 GB. Few decoders support both of its byte orders, and no
picture here is that large, so it is rewritten as TIFF before anything else reads it.
Source: TIFF 6.0 (Adobe, 1992-06-03), section 2; BigTIFF (AWare Systems, 2008-02-01).
"""

from collections.abc import Iterator
from itertools import islice
from struct import calcsize, pack, unpack_from
from struct import error as StructError
from sys import byteorder
from typing import NamedTuple

from imagebridge.errors import PictureError

from .decoder_errors import BROKEN

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL = 256, 257, 258, 259, 262, 266
OFFSETS, SAMPLES, ROWS, COUNTS, PLANAR, PREDICTOR, COLOURS = 273, 277, 278, 279, 284, 317, 320
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS = 322, 323, 324, 325
EXTRA, FORMAT, WEIGHTS, HALVED, LEVELS = 338, 339, 529, 530, 532
ORIENTATION, PROCESS = 274, 512
_NUMBERS = (
    frozenset((WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL, ORIENTATION, EXTRA, FORMAT, HALVED))
    | frozenset((OFFSETS, SAMPLES, ROWS, COUNTS, PLANAR, PREDICTOR, COLOURS, PROCESS))
    | frozenset((TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS))
)
_FRACTIONS = frozenset((WEIGHTS, LEVELS))

_TYPES = {1: "B", 2: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
"""The `struct` format character for the numbers of each type."""
_FRACTION = 5
_LONGER = {16: 4, 17: 9, 18: 13}
"""The eight-byte types that exist only in BigTIFF, and the matching types in TIFF."""
_BYTES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
"""The size in bytes of a value, by type."""
_DIRECTORIES = frozenset((34665, 34853))
"""Tags that point to a separate directory: the EXIF directories for camera and location data."""
_OTHER_SIZES = 330
"""The tag that points to smaller copies of the page, which are not needed."""
_MOST = 0xFFFFFFFF

_PACKED = {
    1: "",
    2: "CCITT",
    3: "CCITT G3",
    4: "CCITT G4",
    5: "LZW",
    6: "old JPEG",
    7: "JPEG",
    8: "deflate",
    32766: "NeXT's runs",
    32771: "CCITT",
    32773: "PackBits",
    32809: "ThunderScan",
    32946: "deflate",
    33003: "JPEG 2000",
    33005: "JPEG 2000",
    34661: "JBIG",
    34676: "SGI's logarithms",
    34677: "SGI's logarithms",
    34712: "JPEG 2000",
    34887: "LERC",
    34892: "lossy JPEG",
    34925: "LZMA",
    50000: "Zstandard",
    50001: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
_COLOURED = {
    0: "grey",
    1: "grey",
    2: "RGB",
    3: "palette",
    4: "mask",
    5: "CMYK",
    6: "YCbCr",
    8: "Lab",
    32844: "LogL",
    32845: "LogLuv",
    32803: "a sensor's raw values",
    34892: "a camera's raw values",
}
_FORMATS = {2: "signed", 3: "floating-point", 5: "complex", 6: "complex"}

Tags = dict[int, tuple[int, ...]]
TypedTags = dict[int, tuple[int, tuple[int, ...]]]
"""The type and values of each tag."""


class Page(NamedTuple):
    """How the pixels of one page are stored."""

    data: bytes
    order: str
    tags: Tags
    tiles_as_strips: bool = False

    def of(self, tag: int, default: int = 0) -> int:
        """Return the first value of a tag."""
        return (self.tags.get(tag) or (default,))[0]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.of(WIDTH), self.of(HEIGHT)

    @property
    def pixels(self) -> int:
        """How many pixels the page has."""
        return self.of(WIDTH) * self.of(HEIGHT)

    @property
    def samples(self) -> int:
        """Samples per pixel."""
        return self.of(SAMPLES, 1)

    @property
    def bits(self) -> int:
        """Bits per sample."""
        return self.of(BITS, 1)

    @property
    def form(self) -> int:
        """The type of a sample: 1 an unsigned integer, 2 a signed one, 3 a float."""
        return self.of(FORMAT, 1)

    @property
    def colours(self) -> int:
        """The meaning of the samples: 0 and 1 grey, 2 RGB, 3 a palette, 5 inks, 6 YCbCr."""
        return self.of(PHOTOMETRIC)

    @property
    def packed(self) -> int:
        """The compression method of the samples; 1 means none."""
        return self.of(COMPRESSION, 1)

    @property
    def planar(self) -> bool:
        """Whether each sample has a separate plane."""
        return self.of(PLANAR, 1) == 2 and self.samples > 1

    @property
    def put_in_order(self) -> bool:
        """Whether libtiff has converted the samples from the file's byte order to this machine's."""
        return self.packed != 1 and self.order != ("<" if byteorder == "little" else ">")

    @property
    def tiled(self) -> bool:
        """Whether the page is stored in tiles, not in strips."""
        return TILE_OFFSETS in self.tags

    def pieces(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the position and the length in bytes of each strip or tile."""
        offsets, counts = (TILE_OFFSETS, TILE_COUNTS) if self.tiled else (OFFSETS, COUNTS)
        return self.tags.get(offsets, ()), self.tags.get(counts, ())

    def sentence(self, packed: str = "") -> str:
        """Describe a layout of pixels that cannot be decoded here; `packed` names the compression if more is known."""
        what = _COLOURED.get(self.colours, f"colour form {self.colours}")
        bits = f"{_FORMATS.get(self.form, '')} {self.bits} bit{'s' * (self.bits != 1)}".strip()
        many = "1 sample" if self.samples == 1 else f"{self.samples} samples"
        form = f"{what}, {many} per pixel, {bits} per sample" + (", in planes" if self.planar else "")
        packed = packed or _PACKED.get(self.packed, f"compression {self.packed}")
        return f"this variant of TIFF is not supported: {form}" + (
            f", compressed with {packed}" if packed else ""
        )


def page(data: bytes, index: int) -> Page | None:
    """Return how a page of a TIFF, counted from 0, is stored; None if its directory cannot be read."""
    order = _order(data)
    try:
        at = next(islice(_places(data, order), index, None), 0) if order else 0
        return _page(data, order, _tags(data, order, at)) if at else None
    except StructError:
        return None


def without_lone_plane(data: bytes, index: int) -> bytes:
    """Remove the planar mark from a page with one sample per pixel: it changes nothing, and Pillow fails on it."""
    layout = page(data, index)
    if layout is None or layout.samples != 1 or layout.of(PLANAR, 1) != 2:
        return data
    order = layout.order
    at = next(islice(_places(data, order), index, None))
    (entries,) = unpack_from(f"{order}H", data, at)
    for entry in range(at + 2, at + 2 + 12 * entries, 12):
        if unpack_from(f"{order}HHI", data, entry) == (PLANAR, 3, 1):
            return data[: entry + 8] + pack(f"{order}H", 1) + data[entry + 10 :]
    return data


def count(data: bytes, most: int) -> tuple[int, bool]:
    """Return how many directories of a TIFF can be found, up to `most`, and whether these are all."""
    order, found = _order(data), 0
    try:
        for _ in islice(_places(data, order), most) if order else ():
            found += 1
    except StructError:
        return found, False
    return found, found < most


def _order(data: bytes) -> str:
    return {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4], "")


def _places(data: bytes, order: str) -> Iterator[int]:
    """Yield the position of each directory, stopping at one that is repeated."""
    (at,) = unpack_from(f"{order}I", data, 4)
    seen: set[int] = set()
    while at and at not in seen:
        seen.add(at)
        (entries,) = unpack_from(f"{order}H", data, at)
        following = at + 2 + 12 * entries
        yield at
        (at,) = unpack_from(f"{order}I", data, following)


def _tags(data: bytes, order: str, at: int) -> Tags:
    (count,) = unpack_from(f"{order}H", data, at)
    tags: Tags = {}
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, values = unpack_from(f"{order}HHI", data, entry)
        letter = _TYPES.get(kind) if tag in _NUMBERS else None
        if tag in _FRACTIONS and kind == _FRACTION:
            letter, values = "I", 2 * values
        if letter is None or values > len(data):
            continue
        place = entry + 8
        if values * calcsize(f"<{letter}") > 4:
            (place,) = unpack_from(f"{order}I", data, place)
        tags[tag] = unpack_from(f"{order}{values}{letter}", data, place)
    return tags


def _page(data: bytes, order: str, tags: Tags) -> Page:
    """Return a page whose tiles are listed under the tags for tiles, even if an old program called them strips."""
    if TILE_WIDTH not in tags or TILE_OFFSETS in tags or OFFSETS not in tags:
        return Page(data, order, tags)
    tags |= {TILE_OFFSETS: tags.pop(OFFSETS), TILE_COUNTS: tags.pop(COUNTS, ())}
    return Page(data, order, tags, tiles_as_strips=True)


def fractions(layout: Page, tag: int) -> list[float]:
    """Return the values of a tag that contains fractions; none if a denominator is 0."""
    values = layout.tags.get(tag, ())
    if 0 in values[1::2]:
        return []
    return [above / below for above, below in zip(values[0::2], values[1::2], strict=False)]


def with_directory(layout: Page, tags: TypedTags) -> bytes:
    """Return a page's file with `tags` as its only directory, which is appended."""
    order, data = layout.order, layout.data + bytes(len(layout.data) % 2)
    behind = b""
    entries = b""
    for tag, (kind, values) in sorted(tags.items()):
        packed = pack(f"{order}{len(values)}{_TYPES[kind]}", *values)
        if len(packed) > 4:
            place = len(data) + len(behind)
            behind += packed + bytes(len(packed) % 2)
            packed = pack(f"{order}I", place)
        entries += pack(f"{order}HHI", tag, kind, len(values)) + packed.ljust(4, b"\0")
    directory = pack(f"{order}H", len(tags)) + entries + bytes(4)
    return data[:4] + pack(f"{order}I", len(data) + len(behind)) + data[8:] + behind + directory


def classic(data: bytes) -> bytes:
    """Rewrite a BigTIFF as TIFF, with TIFF directories appended; return other files unchanged.

    Raises:
        PictureError: the first directory cannot be read.
    """
    order = {b"II+\0": "<", b"MM\0+": ">"}.get(data[:4])
    if order is None:
        return data
    directories = _Directories(data, order)
    try:
        start = directories.chain(unpack_from(f"{order}Q", data, 8)[0])
    except StructError as error:
        raise PictureError(f"its header cannot be read ({BROKEN})") from error
    return data[:2] + pack(f"{order}HI", 42, start) + data[8:] + b"".join(directories.written)


class _Directories:
    """Converts the directories of a BigTIFF to appended TIFF directories, reading no more bytes than the file has."""

    def __init__(self, data: bytes, order: str) -> None:
        self._data, self._order, self._left = data, order, len(data)
        self._end = len(data)
        self._seen: set[int] = set()
        self.written: list[bytes] = []
        self._write(bytes(len(data) % 2))

    def chain(self, at: int) -> int:
        """Write a page's directory and those that follow it, and return the position of the first.

        If a directory cannot be read, the previous one points beyond the end of the file, so that the error is noticed.
        """
        pages: list[bytes] = []
        following = 0
        while at and at not in self._seen:
            try:
                entries, at = self._entries(at)
            except StructError:
                if not pages:
                    raise
                following = _MOST
                break
            pages.append(entries)
        for entries in reversed(pages):
            following = self._directory(entries, following)
        return following

    def _write(self, piece: bytes) -> int:
        """Append a piece to the file, at an even position, and return its position."""
        place, piece = self._end, piece + bytes(len(piece) % 2)
        self._end += len(piece)
        self.written.append(piece)
        return place

    def _directory(self, entries: bytes, following: int) -> int:
        count = pack(f"{self._order}H", len(entries) // 12)
        return self._write(count + entries + pack(f"{self._order}I", following))

    def _read(self, length: int) -> None:
        self._left -= length
        if self._left < 0:
            raise StructError

    def _entries(self, at: int, *, within: bool = False) -> tuple[bytes, int]:
        """Return the entries of a directory in TIFF format, and the position of the next directory.

        `within` says that a tag points to the directory.
        """
        order, data = self._order, self._data
        self._seen.add(at)
        if at >= len(data):  # It may exceed any index.
            raise StructError
        (count,) = unpack_from(f"{order}Q", data, at)
        self._read(20 * count)
        (following,) = unpack_from(f"{order}Q", data, at + 8 + 20 * count)
        places = range(at + 8, at + 8 + 20 * count, 20)
        return b"".join(self._entry(place, within=within) for place in places), following

    def _entry(self, at: int, *, within: bool) -> bytes:
        order, data = self._order, self._data
        tag, kind, values = unpack_from(f"{order}HHQ", data, at)
        leads = tag in _DIRECTORIES
        if tag == _OTHER_SIZES or (leads and (within or _TYPES.get(kind) not in ("I", "Q"))):
            return b""
        size = values * _BYTES.get(kind, len(data))
        place = at + 12 if size <= 8 else unpack_from(f"{order}Q", data, at + 12)[0]
        if place + size > len(data):
            return b""  # no value: the pixels' decoder will say whether it is needed
        if kind not in _LONGER and size > 8:
            return pack(f"{order}HHII", tag, kind, values, place)
        held = data[place : place + size]
        if kind in _LONGER or leads:
            self._read(size)
            numbers = unpack_from(f"{order}{values}{_TYPES[kind]}", held)
            kind = _LONGER.get(kind, kind)
            if leads:
                numbers = [self._led_to(one) for one in numbers]
            held = pack(f"{order}{values}I", *(min(one, _MOST) & _MOST for one in numbers))
        if len(held) > 4:
            held = pack(f"{order}I", self._write(held))
        return pack(f"{order}HHI", tag, kind, values) + held.ljust(4, b"\0")

    def _led_to(self, at: int) -> int:
        """Write a directory that a tag points to, and return its position; 0 if it cannot be read."""
        if at in self._seen:
            return 0
        try:
            return self._directory(self._entries(at, within=True)[0], 0)
        except StructError:
            return 0
