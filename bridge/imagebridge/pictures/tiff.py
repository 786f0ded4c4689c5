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
    34676: "SGI's logarithms",
    34677: "SGI's logarithms",
    34925: "LZMA",
    50000: "Zstandard",
    50001: "WebP",
}
_NOT_UNPACKED = frozenset((34676, 34677, 34712, 50001))
"""What the libtiff in Pillow's wheels lacks (13.0, 2026-11-29), and light that Pillow makes no colours of."""

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
    tiles_as_strips: bool = False

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
        form = f"{what}, {self.samples} samples a pixel, {bits} a sample"
        if self.of(_PLANAR, 1) == 2:
            form += ", in planes"
        packed = _PACKED.get(self.of(_COMPRESSION, 1), f"compression {self.of(_COMPRESSION, 1)}")
        return f"a TIFF of a form that is not decoded here: {form}" + (
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
        return _page(data, order, _tags(data, order, at)) if at else None
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


def _page(data: bytes, order: str, tags: Tags) -> Page:
    """Return a page whose tiles stand under their own names, also where an old writer called them strips."""
    if _TILE_WIDTH not in tags or _TILE_OFFSETS in tags or _OFFSETS not in tags:
        return Page(data, order, tags)
    tags |= {_TILE_OFFSETS: tags.pop(_OFFSETS), _TILE_COUNTS: tags.pop(_COUNTS, ())}
    return Page(data, order, tags, tiles_as_strips=True)


def refused(layout: Page) -> str:
    """Return the sentence for a form that Pillow cannot unpack, or would show as noise; empty for others."""
    packed = layout.of(_COMPRESSION, 1)
    if packed not in _PACKED or packed in _NOT_UNPACKED:
        return layout.sentence()
    halved = layout.tags.get(_HALVED, (2, 2)) != (1, 1)
    if layout.colours == 6 and halved and packed not in (6, 7):
        return layout.sentence()
    return ""


def is_strange(layout: Page) -> bool:
    """Tell whether a page is of a form that `image` reads and Pillow does not, or not rightly."""
    grey, extra = layout.colours in (0, 1), layout.of(_EXTRA)
    return (
        (layout.tiles_as_strips and layout.of(_COMPRESSION, 1) == 1)
        or (layout.of(_PLANAR, 1) == 2 and layout.samples > 1 and layout.bits == 16)
        or (layout.form == 3 and layout.bits in (16, 32) and (layout.samples > 1 or layout.bits == 16))
        or (layout.bits == 32 and layout.form == 1 and layout.samples > 1)
        or (layout.colours == 3 and layout.bits == 16)
        or (layout.colours == 5 and layout.samples == 5 and layout.bits == 8 and extra in (1, 2))
        or (grey and layout.samples == 1 and layout.bits == 8 and layout.form == 2)
        or (layout.colours == 2 and layout.samples == 3 and layout.bits in (8, 16) and layout.form == 2)
        or (grey and layout.samples == 2 and layout.bits in (8, 16) and extra in (0, 1))
    )


def image(layout: Page) -> "tuple[Image, str]":
    """Return the pixels of a strange page in 8 bits a channel, and a sentence where their range had to be chosen.

    Raises:
        PictureError: it is of a form that is not read here either.
    """
    from PIL import Image as Images

    size = layout.of(_WIDTH), layout.of(_HEIGHT)
    channels = _channels(layout)
    sentence = ""
    if layout.colours == 3:
        return _from_palette(layout, channels[0], size), ""
    if layout.form == 2:
        channels, sentence = _unsigned(layout, channels)
    if left_out(layout):
        channels = channels[: _SAMPLES_OF[layout.colours]]
    planes = [Images.frombytes("L", size, channel) for channel in channels]
    if layout.colours == 5:
        ink = Images.merge("CMYK", planes[:4]).convert("RGB")
        return Images.merge("RGBA", (*ink.split(), planes[4])) if len(planes) > 4 else ink, ""
    if layout.colours == 0:
        planes[0] = planes[0].point([255 - value for value in range(256)])  # pyright: ignore[reportUnknownMemberType]
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}.get(len(planes))
    if mode is None:
        raise PictureError(layout.sentence())
    merged = Images.merge(mode, planes) if len(planes) > 1 else planes[0]
    if mode in ("LA", "RGBA") and layout.of(_EXTRA) == 1:
        # Divided by the opacity that the colours were multiplied with; Pillow does so for colours alone.
        solid = Images.merge("RGBa", (*planes[:1] * 3, planes[1])) if mode == "LA" else merged.copy()
        if mode == "RGBA":
            solid = Images.merge("RGBa", planes)
        merged = solid.convert("RGBA")
        merged = Images.merge("LA", (merged.getchannel("R"), planes[1])) if mode == "LA" else merged
    return merged, sentence


def _unsigned(layout: Page, channels: list[bytes]) -> tuple[list[bytes], str]:
    """Return channels of values with a sign as 8 bits without one, and the sentence on what is black and white."""
    if layout.bits == 8:
        shifted = bytes(value ^ 0x80 for value in range(256))
        return [channel.translate(shifted) for channel in channels], (
            "its values are signed: -128 is shown as black, 127 as white"
        )
    _check_looped(layout)
    values: list[tuple[int, ...]] = [unpack_from(f"<{len(channel) // 2}h", channel) for channel in channels]
    low, high = min(map(min, values)), max(map(max, values))
    scale = 255 / (high - low) if high > low else 0.0
    shown = {value: round((value - low) * scale) for value in set[int]().union(*values)}
    return [bytes(map(shown.__getitem__, one)) for one in values], (
        f"its values from {low} to {high} are shown as black to white"
        if high > low
        else f"all its values are {low}, which is shown as black"
    )


_SAMPLES_OF = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3, 8: 3}
"""Samples a pixel that each form of colours takes."""


def left_out(layout: Page) -> str:
    """Say how many samples a pixel are not shown, as the file does not say what they are (ExtraSamples 0); empty for none."""
    more = layout.samples - _SAMPLES_OF.get(layout.colours, layout.samples)
    if more < 1 or {1, 2} & set(layout.tags.get(_EXTRA, ())):
        return ""
    what = "one more value" if more == 1 else f"{more} more values"
    return f"each pixel has {what}, of which the file does not say what {'it is' if more == 1 else 'they are'}: left out"


def _channels(layout: Page) -> list[bytes]:
    """Return each channel in 8 bits, but for a palette's indices and values with a sign, which stay (lower byte first)."""
    samples = layout.samples
    if layout.of(_PREDICTOR, 1) != 1 and samples > 1 and layout.of(_PLANAR, 1) == 1:
        raise PictureError(layout.sentence())
    if layout.of(_PLANAR, 1) == 2:
        planes = [_unpacked(layout, 1, plane) for plane in range(samples)]
    else:
        whole = _unpacked(layout, samples, None)
        width = layout.bits // 8
        planes = [_every(whole, width, samples, at) for at in range(samples)] if samples > 1 else [whole]
    if layout.colours == 3 or layout.form == 2:
        return planes
    return [_eight_bits(plane, layout) for plane in planes]


def _every(whole: bytes, width: int, samples: int, at: int) -> bytes:
    """Return sample `at` of each pixel, `width` bytes each."""
    channel = bytearray(len(whole) // samples)
    for byte in range(width):
        channel[byte::width] = whole[at * width + byte :: samples * width]
    return bytes(channel)


def _eight_bits(plane: bytes, layout: Page) -> bytes:
    if layout.form == 3:
        _check_looped(layout)
        letter = "e" if layout.bits == 16 else "f"
        values = unpack_from(f"<{8 * len(plane) // layout.bits}{letter}", plane)
        # The order of the comparison makes 0 of what is no number.
        return bytes(round(255 * min(1.0, max(0.0, value))) for value in values)
    # The last byte of a number is its highest.
    return plane[layout.bits // 8 - 1 :: layout.bits // 8]


def _unpacked(layout: Page, samples: int, plane: int | None) -> bytes:
    """Return what Pillow unpacks of a page, or one plane of it, as grey; values of several bytes begin with the lower one."""
    from .decode import header, load

    grey = load(header(_as_grey(layout, samples, plane)))
    raw = grey.tobytes()
    if len(raw) * 8 != layout.of(_WIDTH) * samples * layout.of(_HEIGHT) * layout.bits:
        raise PictureError(layout.sentence())
    if grey.mode == "I;16B":
        swapped = bytearray(raw)
        swapped[0::2], swapped[1::2] = raw[1::2], raw[0::2]
        raw = bytes(swapped)
    return raw


def _as_grey(layout: Page, samples: int, plane: int | None) -> bytes:
    """Return the file with a directory of its own behind it, in which the page is grey and `samples` times as wide."""
    tiled = _TILE_OFFSETS in layout.tags
    offsets, counts = (_TILE_OFFSETS, _TILE_COUNTS) if tiled else (_OFFSETS, _COUNTS)
    starts, lengths = layout.tags.get(offsets, ()), layout.tags.get(counts, ())
    if plane is not None:
        each = len(starts) // layout.samples
        starts, lengths = (values[plane * each : (plane + 1) * each] for values in (starts, lengths))
    # Numbers of 32 bits pass as floats too: their bytes are put in order, and not read.
    form = 3 if layout.bits == 32 else 1
    tags: dict[int, tuple[int, tuple[int, ...]]] = {
        _WIDTH: (4, (layout.of(_WIDTH) * samples,)),
        _HEIGHT: (4, (layout.of(_HEIGHT),)),
        _BITS: (3, (layout.bits,)),
        _COMPRESSION: (3, (layout.of(_COMPRESSION, 1),)),
        _PHOTOMETRIC: (3, (1,)),
        _FILL: (3, (layout.of(_FILL, 1),)),
        _SAMPLES: (3, (1,)),
        _PLANAR: (3, (1,)),
        _PREDICTOR: (3, (layout.of(_PREDICTOR, 1),)),
        _FORMAT: (3, (form,)),
        offsets: (4, starts),
        counts: (4, lengths),
    }
    if tiled:
        tags |= {
            _TILE_WIDTH: (4, (layout.of(_TILE_WIDTH) * samples,)),
            _TILE_HEIGHT: (4, (layout.of(_TILE_HEIGHT),)),
        }
    else:
        tags[_ROWS] = (4, (layout.of(_ROWS, layout.of(_HEIGHT)),))
    return _written(layout, tags)


def _written(layout: Page, tags: dict[int, tuple[int, tuple[int, ...]]]) -> bytes:
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


def _from_palette(layout: Page, indices: bytes, size: tuple[int, int]) -> "Image":
    """Return the colours of 16-bit indices (TIFF 6.0, section 5: all reds, then all greens, then all blues)."""
    from PIL import Image as Images

    colours = layout.tags.get(_COLOURS, ())
    entries = len(colours) // 3
    if entries != 1 << layout.bits:
        raise PictureError("its palette has not as many colours as its pixels name")
    _check_looped(layout)
    values = unpack_from(f"<{len(indices) // 2}H", indices)
    channels = [bytes(value >> 8 for value in colours[at * entries : (at + 1) * entries]) for at in range(3)]
    planes = [bytes(map(channel.__getitem__, values)) for channel in channels]
    return Images.merge("RGB", [Images.frombytes("L", size, plane) for plane in planes])


def _check_looped(layout: Page) -> None:
    if layout.pixels * layout.samples > _MOST_LOOPED:
        raise PictureError(f"{layout.sentence()}; such pictures are converted up to {_MOST_LOOPED:,} samples")
