"""Reads the samples of a TIFF page as bytes, for variants that Pillow reads incorrectly or not at all.

A page with several samples per pixel is decoded as a grey page that is that many times as wide; a page in planes is
decoded as one grey page per plane: Pillow unpacks them, and only the byte order remains to be handled here.
Source: TIFF 6.0 (Adobe, 1992-06-03), sections 2, 8 and 21; Photoshop's technical note 3 for floats.
"""

from struct import unpack_from
from typing import NamedTuple

from imagebridge.errors import PictureError

from . import tiff_directory as directory
from .tiff_directory import Page

_SHORT, _LONG = 3, 4
_FLOAT = 3

_MOST_LOOPED = 20_000_000
"""The maximum number of samples that are converted one by one, which takes seconds."""


class _Grid(NamedTuple):
    """How the samples of a page are read as grey values: `samples` for each block of `across` x `down` pixels."""

    samples: int
    across: int = 1
    down: int = 1


def channels(layout: Page) -> list[bytes]:
    """Return each channel in 8 bits, except palette indices, signed values and single 32-bit integers.

    Those keep their number of bits, in little-endian order.

    Raises:
        PictureError: this variant cannot be read here.
    """
    samples = layout.samples
    predictor = layout.of(directory.PREDICTOR, 1)
    if (predictor != 1 and samples > 1 and not layout.planar) or (predictor == 3 and layout.bits != 32):
        raise PictureError(layout.sentence())
    if layout.form == _FLOAT:
        check_looped(layout)
    if layout.planar:
        planes = [_unpacked(layout, _Grid(1), plane) for plane in range(samples)]
    else:
        whole = _unpacked(layout, _Grid(samples))
        width = layout.bits // 8
        planes = [_every(whole, width, samples, at) for at in range(samples)] if samples > 1 else [whole]
    if layout.colours == 3:
        return [planes[0], *(_eight_bits(plane, layout) for plane in planes[1:])]
    if layout.form == 2 or (samples == 1 and (layout.bits, layout.form) == (32, 1)):
        return planes
    return [_eight_bits(plane, layout) for plane in planes]


def halved_channels(layout: Page, across: int, down: int) -> tuple[list[bytes], tuple[int, int]]:
    """Return Y, Cb and Cr, where `across` x `down` values of Y share one Cb and one Cr; and the size of Y in pixels.

    A unit contains the values of Y row by row, then Cb and Cr (section 21). The size of Y is rounded up to whole units.

    Raises:
        PictureError: this variant cannot be read here.
    """
    in_unit = across * down
    pieces = (directory.TILE_WIDTH, directory.TILE_HEIGHT) if layout.tiled else (directory.ROWS,)
    sizes = [layout.of(one) for one in pieces if one in layout.tags]
    whole_units = sizes[-1:] == [] or sizes[-1] % down == 0 or sizes[-1] >= layout.of(directory.HEIGHT)
    if layout.tiled and sizes[0] % across:
        whole_units = False
    if not whole_units or layout.of(directory.PREDICTOR, 1) != 1:
        raise PictureError(layout.sentence())
    raw = _unpacked(layout, _Grid(in_unit + 2, across, down))
    wide, high = -(-layout.of(directory.WIDTH) // across), -(-layout.of(directory.HEIGHT) // down)
    lines: list[bytes] = []
    for row in range(down):
        line = bytearray(wide * across * high)
        for column in range(across):
            line[column::across] = raw[row * across + column :: in_unit + 2]
        lines.append(bytes(line))
    length = wide * across
    light = b"".join(line[at : at + length] for at in range(0, length * high, length) for line in lines)
    colours = [raw[at :: in_unit + 2] for at in (in_unit, in_unit + 1)]
    return [light, *colours], (length, high * down)


def check_looped(layout: Page) -> None:
    """Refuse a page with too many samples to be converted one by one.

    Raises:
        PictureError: the page has more than `_MOST_LOOPED`.
    """
    if layout.pixels * layout.samples > _MOST_LOOPED:
        raise PictureError(
            f"{layout.sentence()}; such pictures are converted only up to {_MOST_LOOPED:,} samples"
        )


def _every(whole: bytes, width: int, samples: int, at: int) -> bytes:
    """Return sample `at` of each pixel, `width` bytes each."""
    channel = bytearray(len(whole) // samples)
    for byte in range(width):
        channel[byte::width] = whole[at * width + byte :: samples * width]
    return bytes(channel)


def _eight_bits(plane: bytes, layout: Page) -> bytes:
    if layout.form == _FLOAT:
        letter = "e" if layout.bits == 16 else "f"
        values = unpack_from(f"<{8 * len(plane) // layout.bits}{letter}", plane)
        # The order of the comparison turns NaN into 0.
        return bytes(round(255 * min(1.0, max(0.0, value))) for value in values)
    # The last byte of a number is its highest.
    return plane[layout.bits // 8 - 1 :: layout.bits // 8]


def _unpacked(layout: Page, grid: _Grid, plane: int | None = None) -> bytes:
    """Return a page, or one of its planes, as unpacked by Pillow in grey; values are little-endian."""
    from .decode import header, load

    tags = _as_grey(layout, grid, plane)
    grey = load(header(directory.with_directory(layout, tags)))
    raw = grey.tobytes()
    (width,), (height,) = tags[directory.WIDTH][1], tags[directory.HEIGHT][1]
    if len(raw) * 8 != width * height * layout.bits:
        raise PictureError(layout.sentence())
    if layout.bits == 32 and layout.put_in_order:
        raw = turned_round(raw)
    if grey.mode == "I;16B":
        swapped = bytearray(raw)
        swapped[0::2], swapped[1::2] = raw[1::2], raw[0::2]
        raw = bytes(swapped)
    return raw


def turned_round(raw: bytes) -> bytes:
    """Return four-byte numbers in the opposite byte order."""
    turned = bytearray(len(raw))
    for at in range(4):
        turned[at::4] = raw[3 - at :: 4]
    return bytes(turned)


def _as_grey(layout: Page, grid: _Grid, plane: int | None) -> directory.TypedTags:
    """Return tags that describe the page, or one of its planes, as grey."""
    starts, lengths = layout.pieces()
    if plane is not None:
        each = len(starts) // layout.samples
        starts, lengths = (values[plane * each : (plane + 1) * each] for values in (starts, lengths))

    def wide(pixels: int) -> int:
        return -(-pixels // grid.across) * grid.samples

    def high(pixels: int) -> int:
        return -(-pixels // grid.down)

    height = layout.of(directory.HEIGHT)
    # 32-bit integers are also treated as floats: their bytes are reordered, and not interpreted.
    form = _FLOAT if layout.bits == 32 else 1
    tags: directory.TypedTags = {
        directory.WIDTH: (_LONG, (wide(layout.of(directory.WIDTH)),)),
        directory.HEIGHT: (_LONG, (high(height),)),
        directory.BITS: (_SHORT, (layout.bits,)),
        directory.COMPRESSION: (_SHORT, (layout.packed,)),
        directory.PHOTOMETRIC: (_SHORT, (1,)),
        directory.FILL: (_SHORT, (layout.of(directory.FILL, 1),)),
        directory.SAMPLES: (_SHORT, (1,)),
        directory.PLANAR: (_SHORT, (1,)),
        directory.PREDICTOR: (_SHORT, (layout.of(directory.PREDICTOR, 1),)),
        directory.FORMAT: (_SHORT, (form,)),
        directory.TILE_OFFSETS if layout.tiled else directory.OFFSETS: (_LONG, starts),
        directory.TILE_COUNTS if layout.tiled else directory.COUNTS: (_LONG, lengths),
    }
    if layout.tiled:
        tags |= {
            directory.TILE_WIDTH: (_LONG, (wide(layout.of(directory.TILE_WIDTH)),)),
            directory.TILE_HEIGHT: (_LONG, (high(layout.of(directory.TILE_HEIGHT)),)),
        }
    else:
        tags[directory.ROWS] = (_LONG, (high(layout.of(directory.ROWS, height)),))
    return tags
