"""The forms of TIFF that Pillow reads wrongly or not at all: read as grey samples, and put together here.

A page of several samples a pixel is decoded as a grey page that is so many times as wide, a page in planes as one
grey page a plane: Pillow unpacks them, and nothing but the order of bytes is left to be right here.
Source: TIFF 6.0 (Adobe, 1992-06-03), sections 2, 8, 18 and 21; Photoshop's technical note 3 for floats.
"""

from struct import error as StructError
from struct import pack, unpack_from
from typing import TYPE_CHECKING, NamedTuple

from imagebridge.errors import PictureError

if TYPE_CHECKING:
    from PIL.Image import Image

_TYPES = {1: "B", 2: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 16: "Q", 13: "I", 18: "Q"}
_SIZES = {"B": 1, "b": 1, "H": 2, "h": 2, "I": 4, "i": 4, "Q": 8}

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL = 256, 257, 258, 259, 262, 266
_OFFSETS, _SAMPLES, _ROWS, _COUNTS, _PLANAR, _PREDICTOR, _COLOURS = 273, 277, 278, 279, 284, 317, 320
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_COUNTS, _EXTRA, _FORMAT, _HALVED = (
    322,
    323,
    324,
    325,
    338,
    339,
    530,
)
_ORIENTATION = 274
_READ = frozenset(
    (_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL, _OFFSETS, _SAMPLES, _ROWS, _COUNTS, _PLANAR)
) | {
    _PREDICTOR,
    _COLOURS,
    _TILE_WIDTH,
    _TILE_HEIGHT,
    _TILE_OFFSETS,
    _TILE_COUNTS,
    _EXTRA,
    _FORMAT,
    _HALVED,
    _ORIENTATION,
}

_PACKED = {
    1: "",
    2: "CCITT",
    3: "CCITT G3",
    4: "CCITT G4",
    5: "LZW",
    6: "old JPEG",
    7: "JPEG",
    8: "deflate",
    32773: "PackBits",
    32946: "deflate",
    34712: "JPEG 2000",
    34925: "LZMA",
    50000: "Zstandard",
    50001: "WebP",
}
_NOT_UNPACKED = frozenset((34712, 50001))
"""What the libtiff in Pillow's wheels lacks (13.0, 2026-11-29)."""

_COLOURED = {
    0: "grey",
    1: "grey",
    2: "RGB",
    3: "palette",
    4: "mask",
    5: "CMYK",
    6: "YCbCr",
    8: "Lab",
    32845: "LogLuv",
}
_FORMATS = {2: "signed", 3: "floating-point", 5: "complex", 6: "complex"}

_MOST_LOOPED = 20_000_000
"""Samples that are converted one by one at most, which takes seconds."""

Tags = dict[int, tuple[int, ...]]


class Page(NamedTuple):
    """How the pixels of one page are stored."""

    data: bytes
    order: str
    tags: Tags

    def of(self, tag: int, default: int = 0) -> int:
        """Return the first value of a tag."""
        return (self.tags.get(tag) or (default,))[0]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.of(_WIDTH), self.of(_HEIGHT)

    @property
    def pixels(self) -> int:
        """How many pixels the page has."""
        return self.of(_WIDTH) * self.of(_HEIGHT)

    @property
    def samples(self) -> int:
        """Samples a pixel."""
        return self.of(_SAMPLES, 1)

    @property
    def bits(self) -> int:
        """Bits a sample."""
        return self.of(_BITS, 1)

    @property
    def form(self) -> int:
        """What a sample is: 1 a number, 2 one with a sign, 3 a float."""
        return self.of(_FORMAT, 1)

    @property
    def colours(self) -> int:
        """What the samples say: 0 and 1 grey, 2 RGB, 3 a palette, 5 inks."""
        return self.of(_PHOTOMETRIC)

    def sentence(self) -> str:
        """Say how the pixels are stored."""
        what = _COLOURED.get(self.colours, f"colour form {self.colours}")
        bits = f"{_FORMATS.get(self.form, '')} {self.bits} bits".strip()
        told = f"{what}, {self.samples} samples a pixel, {bits} a sample"
        if self.of(_PLANAR, 1) == 2:
            told += ", in planes"
        packed = _PACKED.get(self.of(_COMPRESSION, 1), f"compression {self.of(_COMPRESSION, 1)}")
        return f"a TIFF of a form that is not decoded here: {told}" + (
            f", packed with {packed}" if packed else ""
        )


def page(data: bytes, index: int) -> Page | None:
    """Return how a page, counted from 0, is stored; None where its directory cannot be read (BigTIFF too)."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None:
        return None
    try:
        (at,) = unpack_from(f"{order}I", data, 4)
        for _ in range(index):
            (count,) = unpack_from(f"{order}H", data, at)
            (at,) = unpack_from(f"{order}I", data, at + 2 + 12 * count)
        return Page(data, order, _tags(data, order, at)) if at else None
    except StructError:
        return None


def _tags(data: bytes, order: str, at: int) -> Tags:
    (count,) = unpack_from(f"{order}H", data, at)
    tags: Tags = {}
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, values = unpack_from(f"{order}HHI", data, entry)
        letter = _TYPES.get(kind)
        if tag not in _READ or letter is None or values > len(data):
            continue
        place = entry + 8
        if values * _SIZES[letter] > 4:
            (place,) = unpack_from(f"{order}I", data, place)
        tags[tag] = unpack_from(f"{order}{values}{letter}", data, place)
    return tags


def refused(found: Page) -> str:
    """Return the sentence for a form that Pillow cannot unpack, or would show as noise; empty for others."""
    packed = found.of(_COMPRESSION, 1)
    if packed not in _PACKED or packed in _NOT_UNPACKED:
        return found.sentence()
    halved = found.tags.get(_HALVED, (2, 2)) != (1, 1)
    if found.colours == 6 and halved and packed not in (6, 7):
        return found.sentence()
    return ""


def is_strange(found: Page) -> bool:
    """Tell whether a page is of a form that `image` reads and Pillow does not, or not rightly."""
    grey, extra = found.colours in (0, 1), found.of(_EXTRA)
    return (
        (found.of(_PLANAR, 1) == 2 and found.samples > 1 and found.bits == 16)
        or (found.form == 3 and found.bits in (16, 32) and (found.samples > 1 or found.bits == 16))
        or (found.bits == 32 and found.form == 1 and found.samples > 1)
        or (found.colours == 3 and found.bits == 16)
        or (found.colours == 5 and found.samples == 5 and found.bits == 8 and extra in (1, 2))
        or (grey and found.samples == 1 and found.bits == 8 and found.form == 2)
        or (grey and found.samples == 2 and found.bits in (8, 16) and extra == 1)
    )


def image(found: Page) -> "tuple[Image, str]":
    """Return the pixels of a strange page in 8 bits a channel, and a sentence where their range had to be chosen.

    Raises:
        PictureError: it is of a form that is not read here either.
    """
    from PIL import Image as Images

    size = found.of(_WIDTH), found.of(_HEIGHT)
    channels = _channels(found)
    if found.form == 2:
        grey = bytes(value ^ 0x80 for value in range(256))
        return Images.frombytes("L", size, channels[0].translate(grey)), (
            "its values are signed: -128 is shown as black, 127 as white"
        )
    if found.colours == 3:
        return _from_palette(found, channels[0], size), ""
    made = [Images.frombytes("L", size, channel) for channel in channels]
    if found.colours == 5:
        ink = Images.merge("CMYK", made[:4]).convert("RGB")
        return Images.merge("RGBA", (*ink.split(), made[4])) if len(made) > 4 else ink, ""
    if found.colours == 0:
        made[0] = made[0].point([255 - value for value in range(256)])  # pyright: ignore[reportUnknownMemberType]
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}.get(len(made))
    if mode is None:
        raise PictureError(found.sentence())
    merged = Images.merge(mode, made) if len(made) > 1 else made[0]
    if mode in ("LA", "RGBA") and found.of(_EXTRA) == 1:
        # Divided by the opacity that the colours were multiplied with; Pillow does so for colours alone.
        solid = Images.merge("RGBa", (*made[:1] * 3, made[1])) if mode == "LA" else merged.copy()
        if mode == "RGBA":
            solid = Images.merge("RGBa", made)
        merged = solid.convert("RGBA")
        merged = Images.merge("LA", (merged.getchannel("R"), made[1])) if mode == "LA" else merged
    return merged, ""


def _channels(found: Page) -> list[bytes]:
    """Return each channel in 8 bits, but for the indices of a palette, which keep their 16 (lower byte first)."""
    samples = found.samples
    if found.of(_PREDICTOR, 1) != 1 and samples > 1 and found.of(_PLANAR, 1) == 1:
        raise PictureError(found.sentence())
    if found.of(_PLANAR, 1) == 2:
        planes = [_unpacked(found, 1, plane) for plane in range(samples)]
    else:
        whole = _unpacked(found, samples, None)
        width = found.bits // 8
        planes = [_every(whole, width, samples, at) for at in range(samples)] if samples > 1 else [whole]
    if found.colours == 3:
        return planes
    return [_eight_bits(plane, found) for plane in planes]


def _every(whole: bytes, width: int, samples: int, at: int) -> bytes:
    """Return sample `at` of each pixel, `width` bytes each."""
    made = bytearray(len(whole) // samples)
    for byte in range(width):
        made[byte::width] = whole[at * width + byte :: samples * width]
    return bytes(made)


def _eight_bits(plane: bytes, found: Page) -> bytes:
    if found.form == 3:
        _check_looped(found)
        letter = "e" if found.bits == 16 else "f"
        values = unpack_from(f"<{8 * len(plane) // found.bits}{letter}", plane)
        # The order of the comparison makes 0 of what is no number.
        return bytes(round(255 * min(1.0, max(0.0, value))) for value in values)
    # The last byte of a number is its highest.
    return plane[found.bits // 8 - 1 :: found.bits // 8]


def _unpacked(found: Page, samples: int, plane: int | None) -> bytes:
    """Return what Pillow unpacks of a page, or one plane of it, as grey; values of several bytes begin with the lower one."""
    from .decode import header, load

    grey = load(header(_as_grey(found, samples, plane)))
    raw = grey.tobytes()
    if len(raw) * 8 != found.of(_WIDTH) * samples * found.of(_HEIGHT) * found.bits:
        raise PictureError(found.sentence())
    if grey.mode == "I;16B":
        swapped = bytearray(raw)
        swapped[0::2], swapped[1::2] = raw[1::2], raw[0::2]
        raw = bytes(swapped)
    return raw


def _as_grey(found: Page, samples: int, plane: int | None) -> bytes:
    """Return the file with a directory of its own behind it, in which the page is grey and `samples` times as wide."""
    tiled = _TILE_OFFSETS in found.tags
    offsets, counts = (_TILE_OFFSETS, _TILE_COUNTS) if tiled else (_OFFSETS, _COUNTS)
    starts, lengths = found.tags.get(offsets, ()), found.tags.get(counts, ())
    if plane is not None:
        each = len(starts) // found.samples
        starts, lengths = (values[plane * each : (plane + 1) * each] for values in (starts, lengths))
    # Numbers of 32 bits pass as floats too: their bytes are put in order, and not read.
    form = 3 if found.bits == 32 else 1
    tags: dict[int, tuple[int, tuple[int, ...]]] = {
        _WIDTH: (4, (found.of(_WIDTH) * samples,)),
        _HEIGHT: (4, (found.of(_HEIGHT),)),
        _BITS: (3, (found.bits,)),
        _COMPRESSION: (3, (found.of(_COMPRESSION, 1),)),
        _PHOTOMETRIC: (3, (1,)),
        _FILL: (3, (found.of(_FILL, 1),)),
        _SAMPLES: (3, (1,)),
        _PLANAR: (3, (1,)),
        _PREDICTOR: (3, (found.of(_PREDICTOR, 1),)),
        _FORMAT: (3, (form,)),
        offsets: (4, starts),
        counts: (4, lengths),
    }
    if tiled:
        tags |= {
            _TILE_WIDTH: (4, (found.of(_TILE_WIDTH) * samples,)),
            _TILE_HEIGHT: (4, (found.of(_TILE_HEIGHT),)),
        }
    else:
        tags[_ROWS] = (4, (found.of(_ROWS, found.of(_HEIGHT)),))
    return _written(found, tags)


def _written(found: Page, tags: dict[int, tuple[int, tuple[int, ...]]]) -> bytes:
    order, data = found.order, found.data + bytes(len(found.data) % 2)
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


def _from_palette(found: Page, indices: bytes, size: tuple[int, int]) -> "Image":
    """Return the colours of 16-bit indices (TIFF 6.0, section 5: all reds, then all greens, then all blues)."""
    from PIL import Image as Images

    colours = found.tags.get(_COLOURS, ())
    entries = len(colours) // 3
    if entries != 1 << found.bits:
        raise PictureError("its palette has not as many colours as its pixels name")
    _check_looped(found)
    values = unpack_from(f"<{len(indices) // 2}H", indices)
    channels = [bytes(value >> 8 for value in colours[at * entries : (at + 1) * entries]) for at in range(3)]
    planes = [bytes(map(channel.__getitem__, values)) for channel in channels]
    return Images.merge("RGB", [Images.frombytes("L", size, plane) for plane in planes])


def _check_looped(found: Page) -> None:
    if found.pixels * found.samples > _MOST_LOOPED:
        raise PictureError(f"{found.sentence()}; such pictures are converted up to {_MOST_LOOPED:,} samples")
