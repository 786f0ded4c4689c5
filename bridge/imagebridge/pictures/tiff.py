"""TIFF variants that Pillow reads incorrectly or not at all: described in words, or assembled here from their samples.

Source: TIFF 6.0 (Adobe, 1992-06-03), sections 5, 16, 18, 20 and 21; libtiff's compression 50001 (WebP, 2018-05-08).
"""

from struct import unpack_from
from sys import byteorder
from typing import TYPE_CHECKING

from imagebridge.errors import PictureError, counted

from . import grey, kinds
from . import tiff_directory as directory
from .cost import check_memory, check_pixels
from .decoder_errors import BROKEN
from .tiff_directory import Page
from .tiff_samples import channels, check_looped, halved_channels, turned_round

if TYPE_CHECKING:
    from PIL.Image import Image

_UNPACKED = frozenset((1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34925, 50000))
"""The compression methods that the libtiff in Pillow's wheels supports (13.0, 2026-11-30)."""

_JPEG = frozenset((6, 7))
_PICTURES = {34712: kinds.JP2, 50001: kinds.WEBP}
"""Compression methods with which each strip or tile contains a complete file of another format."""

_WHITE_IS_ZERO, _YCBCR = 0, 6
_MERGED = frozenset((0, 1, 2, 3, 5))
"""Colour models that `image` can convert: grey, RGB, a palette, inks."""


def refused(layout: Page) -> str:
    """Return a sentence if a page cannot be unpacked here or would be shown as noise; empty for other pages."""
    if layout.packed not in _UNPACKED and layout.packed not in _PICTURES:
        return layout.sentence()
    if layout.packed in _JPEG and (unread := _unread_jpeg(layout)):
        return layout.sentence(packed=unread)
    halved = layout.tags.get(directory.HALVED, (2, 2)) != (1, 1)
    read = layout.packed in _JPEG or layout.packed in _PICTURES or _is_ycbcr(layout)
    noise = layout.colours == _YCBCR and halved and not read
    # Pillow inverts black and white only up to 8 bits, `image` numbers with 16.
    negative = layout.colours == _WHITE_IS_ZERO and (
        layout.bits > 16 or (layout.bits > 8 and layout.form != 1)
    )
    return layout.sentence() if noise or negative else ""


_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_LOSSLESS = frozenset((0xC3, 0xC7, 0xCB, 0xCF))
_PRECISIONS = (8, 12)
"""Bits per sample of JPEGs that libtiff can unpack, if the page states the same number (4.7.2)."""
_OLD, _LOSSLESS_PROCESS = 6, 14


def _unread_jpeg(layout: Page) -> str:
    """Return the name of a page's JPEG variant if libtiff cannot unpack it (T.81, table B.1), otherwise nothing."""
    if layout.packed == _OLD:
        return "lossless old JPEG" if layout.of(directory.PROCESS) == _LOSSLESS_PROCESS else ""
    starts, _ = layout.pieces()
    at, data = next(iter(starts), 0) + 2, layout.data
    while data[at : at + 1] == b"\xff" and at + 5 <= len(data) and data[at + 1] not in _FRAMES:
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    if data[at : at + 1] != b"\xff" or at + 5 > len(data):
        return ""  # broken, which is for its decoder to say
    marker, bits = data[at + 1], data[at + 4]
    if bits == layout.bits and bits in _PRECISIONS:
        return ""
    name = "lossless JPEG" if marker in _LOSSLESS else "JPEG"
    return name if bits == layout.bits else f"{name} of {counted(bits, 'bit')}"


def is_strange(layout: Page) -> bool:
    """Return whether a page is of a kind that `image` can read but Pillow cannot, or not correctly."""
    return (
        layout.packed in _PICTURES
        or _is_ycbcr(layout)
        or (layout.tiles_as_strips and layout.packed == 1)
        or (
            layout.colours in _MERGED
            and layout.bits in _WHOLE
            and layout.form in (1, 2, 3)
            and not _is_known(layout)
        )
    )


_WHOLE = (8, 16, 32)
"""Bits per sample that are a whole number of bytes, up to four."""


def _is_known(layout: Page) -> bool:
    """Return whether Pillow reads this layout of samples correctly, or in a way that `corrected` can fix."""
    from PIL.TiffImagePlugin import OPEN_INFO

    order, extras = b"II" if layout.order == "<" else b"MM", layout.tags.get(directory.EXTRA, ())
    fill = layout.of(directory.FILL, 1) if layout.packed == 1 else 1  # libtiff has handled it
    bits = (layout.bits,) * layout.samples
    if (order, layout.colours, (layout.form,), fill, bits, extras) not in OPEN_INFO:
        return False
    if layout.samples == 1:
        # It takes 32 bits for signed, 8 for unsigned, leaves 16 of which white is zero, and turns signed ones round twice.
        twice = layout.form == 2 and layout.put_in_order
        wrong = layout.bits == 16 and (layout.colours == _WHITE_IS_ZERO or twice)
        return not wrong and (layout.bits, layout.form) not in ((32, 1), (8, 2))
    plain = layout.samples == _SAMPLES_OF[layout.colours]
    if layout.planar:
        return layout.bits == 8 and layout.colours in (2, 5) and (plain or extras == (2,))
    # It takes a fourth sample for opacity if the file does not explain it.
    return extras == (2,) if layout.colours == 1 else plain or extras[:1] in _EXPLAINED


_EXPLAINED = ((0,), (1,), (2,))


def _is_ycbcr(layout: Page) -> bool:
    """Return whether the samples of a page are YCbCr; inside a JPEG, its decoder converts them."""
    return (
        layout.colours == _YCBCR
        and layout.packed in _UNPACKED - _JPEG
        and (layout.samples, layout.bits) == (3, 8)
        and (not layout.planar or layout.tags.get(directory.HALVED) == (1, 1))
    )


def memory_of_page(layout: Page) -> int:
    """Return the bytes needed to decode a page.

    The figures for unusual pages were measured on 2026-11-30 (20 megapixels each).
    """
    stored = layout.samples * layout.bits // 8
    return layout.pixels * (6 + (2 if layout.planar else 4) * stored if is_strange(layout) else 8)


def image(layout: Page) -> "tuple[Image, str]":
    """Return the pixels of an unusual page with 8 bits per channel, and a sentence if their range had to be chosen.

    Raises:
        PictureError: the page cannot be read here either, or takes too much memory.
    """
    from PIL import Image as Images

    check_memory(*layout.size, memory_of_page(layout))
    if layout.packed in _PICTURES:
        return _of_pictures(layout), ""
    if _is_ycbcr(layout):
        return _from_ycbcr(layout), ""
    if layout.colours not in _MERGED or (layout.colours == 3 and layout.form != 1):
        raise PictureError(layout.sentence())
    found, opacity, sentence = channels(layout), _opacity(layout), ""
    if (layout.samples, layout.bits, layout.form) == (1, 32, 1):
        deep = _without_sign(Images.frombytes("I", layout.size, found[0]), layout)
        return deep, grey.depth_sentence(deep)
    shown = found[: _SAMPLES_OF[layout.colours]]
    alpha = None if opacity is None else Images.frombytes("L", layout.size, found[len(shown) + opacity])
    if layout.form == 2:
        if opacity is not None or layout.colours == 5 or layout.bits == 32:
            raise PictureError(layout.sentence())
        shown, sentence = _unsigned(layout, shown)
    if layout.colours == 3:
        picture = _from_palette(layout, shown[0])
    else:
        planes = [Images.frombytes("L", layout.size, one) for one in shown]
        if alpha and _extras(layout)[opacity or 0] == 1:
            planes = [_divided(plane, alpha) for plane in planes]
        if layout.colours == 0:
            planes[0] = planes[0].point([255 - value for value in range(256)])  # pyright: ignore[reportUnknownMemberType]
        picture = (
            planes[0] if len(planes) == 1 else Images.merge("CMYK" if len(planes) == 4 else "RGB", planes)
        )
    if picture.mode == "CMYK":
        picture = picture.convert("RGB")
    if alpha:
        picture.putalpha(alpha)
    return picture, sentence


def _divided(plane: "Image", alpha: "Image") -> "Image":
    """Return a channel divided by the opacity that it was multiplied with."""
    from PIL import Image as Images

    return Images.merge("La", (plane, alpha)).convert("LA").getchannel("L")


def _unsigned(layout: Page, found: list[bytes]) -> tuple[list[bytes], str]:
    """Return signed channels as unsigned 8 bits, and a sentence about what is black and white."""
    if layout.bits == 8:
        shifted = bytes(value ^ 0x80 for value in range(256))
        return [channel.translate(shifted) for channel in found], (
            "its values are signed: -128 is shown as black, 127 as white"
        )
    check_looped(layout)
    values: list[tuple[int, ...]] = [unpack_from(f"<{len(channel) // 2}h", channel) for channel in found]
    low, high = min(map(min, values)), max(map(max, values))
    scale = 255 / (high - low) if high > low else 0.0
    shown = {value: round((value - low) * scale) for value in set[int]().union(*values)}
    return [bytes(map(shown.__getitem__, one)) for one in values], (
        f"its values from {low} to {high} are shown as black to white"
        if high > low
        else f"all its values are {low}, shown as black"
    )


_SAMPLES_OF = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3, 8: 3}
"""The number of colour samples per pixel, by colour model."""


def _extras(layout: Page) -> tuple[int, ...]:
    """Return the kinds of the samples other than colours (ExtraSamples, section 18), 0 where the file states none."""
    more = max(0, layout.samples - _SAMPLES_OF.get(layout.colours, layout.samples))
    return (layout.tags.get(directory.EXTRA, ()) + (0,) * more)[:more]


def _opacity(layout: Page) -> int | None:
    """Return the index of the opacity among the samples other than colours, from 0; None if there is none."""
    return next((at for at, one in enumerate(_extras(layout)) if one in _OPACITIES), None)


_OPACITIES = (1, 2)
"""The numbers for opacity with which the colours have been multiplied, and for separate opacity."""


def left_out(layout: Page) -> str:
    """Return a sentence on samples that are left out because the file does not explain them (ExtraSamples 0)."""
    more = layout.samples - _SAMPLES_OF.get(layout.colours, layout.samples)
    if more > 0 and _opacity(layout) is not None:
        more -= 1
    if more < 1:
        return ""
    what = "one extra value" if more == 1 else f"{more} extra values"
    return f"each pixel has {what}, left out because the file does not say what {'it is' if more == 1 else 'they are'}"


def _from_palette(layout: Page, indices: bytes) -> "Image":
    """Return the colours for indices (TIFF 6.0, section 5: all reds, then all greens, then all blues)."""
    from PIL import Image as Images

    colours = layout.tags.get(directory.COLOURS, ())
    entries = len(colours) // 3
    if entries != 1 << layout.bits:
        raise PictureError("its palette has fewer colours than its pixels use")
    if layout.bits == 8:
        picture = Images.frombytes("P", layout.size, indices)
        picture.putpalette(
            [colours[at + entries * channel] >> 8 for at in range(entries) for channel in range(3)]
        )
        return corrected(picture, layout)
    check_looped(layout)
    values = unpack_from(f"<{len(indices) // 2}H", indices)
    channel = [bytes(value >> 8 for value in colours[at * entries : (at + 1) * entries]) for at in range(3)]
    planes = [bytes(map(one.__getitem__, values)) for one in channel]
    return Images.merge("RGB", [Images.frombytes("L", layout.size, plane) for plane in planes])


def corrected(image: "Image", layout: Page) -> "Image":
    """Correct the pixels that Pillow has read from a page.

    12-bit grey is expanded to 16 bits. Old programs write palettes with 8 bits per colour. Pillow swaps the bytes of
    32-bit numbers that libtiff has already swapped.

    16-bit colours that all stay below 256 would be black; libtiff also treats them as 8-bit values.
    """
    if image.mode == "I;16" and layout.bits == 12:
        return image.point(lambda grey: grey * 16)  # pyright: ignore[reportUnknownMemberType, reportUnknownLambdaType]
    if image.mode in ("I", "F") and layout.bits == 32 and layout.put_in_order:
        return _turned_round(image, layout)
    colours = layout.tags.get(directory.COLOURS, ())
    entries = len(colours) // 3
    if image.mode == "P" and layout.colours == 3 and 0 < max(colours, default=0) < 256 and entries <= 256:
        image.putpalette([colours[at + entries * channel] for at in range(entries) for channel in range(3)])
    return image


_COPIED = 24
"""Bytes per pixel of temporary 32-bit copies."""


def _turned_round(image: "Image", layout: Page) -> "Image":
    """Return 32-bit numbers with their bytes in the opposite order."""
    from PIL import Image as Images

    check_memory(*layout.size, _COPIED * layout.pixels)
    return Images.frombytes(image.mode, image.size, turned_round(image.tobytes()))


def _without_sign(image: "Image", layout: Page) -> "Image":
    """Return correct 32-bit integers: numbers of more than 31 bits, which are negative in Pillow, become floats."""
    from PIL import Image as Images

    low, _ = image.getextrema()
    if isinstance(low, tuple) or low >= 0:
        return image
    check_memory(*layout.size, _COPIED * layout.pixels)
    raw, highest = bytearray(image.tobytes()), 3 if byteorder == "little" else 0
    # Subtracting 2 ** 31 gives each its sign.
    raw[highest::4] = raw[highest::4].translate(bytes(value ^ 0x80 for value in range(256)))
    signed = Images.frombytes("I", image.size, bytes(raw))
    return signed.convert("F").point(lambda value: value * 1 + 2.0**31)  # pyright: ignore[reportUnknownMemberType, reportUnknownLambdaType]


_WEIGHTS = (0.299, 0.587, 0.114)
"""The weights of red, green and blue in the brightness, if a page states none (section 21)."""
_LEVELS = (0, 255, 128, 255, 128, 255)
"""Y for black and white, and Cb and Cr for no and full colour, if a page states none (section 20)."""


def _from_ycbcr(layout: Page) -> "Image":
    from PIL import Image as Images
    from PIL.Image import Resampling

    if layout.planar:
        planes = [Images.frombytes("L", layout.size, one) for one in channels(layout)]
        return Images.merge("RGB", planes).convert("RGB", _to_rgb(layout))
    shared = layout.tags.get(directory.HALVED, (2, 2))
    if len(shared) != 2 or not {1, 2, 4}.issuperset(shared):
        raise PictureError(layout.sentence())
    (light, *colours), size = halved_channels(layout, *shared)
    small = size[0] // shared[0], size[1] // shared[1]
    planes = [Images.frombytes("L", small, one).resize(size, Resampling.NEAREST) for one in colours]
    coded = Images.merge("RGB", (Images.frombytes("L", size, light), *planes))
    return coded.crop((0, 0, *layout.size)).convert("RGB", _to_rgb(layout))


def _to_rgb(layout: Page) -> tuple[float, ...]:
    """Return the three rows that compute red, green and blue from Y, Cb, Cr and 1 (sections 20 and 21)."""
    red, green, blue = _known(directory.fractions(layout, directory.WEIGHTS), _WEIGHTS)
    levels = _known(directory.fractions(layout, directory.LEVELS), _LEVELS)
    zeros = levels[0::2]
    scales = [
        most / ((full - zero) or 1)
        for most, zero, full in zip((255, 127, 127), zeros, levels[1::2], strict=True)
    ]
    to_red, to_blue, light = 2 - 2 * red, 2 - 2 * blue, green or 1
    rows = (
        (1.0, 0.0, to_red),
        (1.0, -blue * to_blue / light, -red * to_red / light),
        (1.0, to_blue, 0.0),
    )
    made: list[float] = []
    for row in rows:
        factors = [share * scale for share, scale in zip(row, scales, strict=True)]
        made += [*factors, -sum(factor * zero for factor, zero in zip(factors, zeros, strict=True))]
    return tuple(made)


def _known(said: list[float], usual: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(said) if len(said) == len(usual) else usual


def _of_pictures(layout: Page) -> "Image":
    """Assemble a page whose strips or tiles are separate files."""
    from PIL import Image as Images

    from .decode import load, read

    mode = {(1, 1): "L", (2, 3): "RGB", (2, 4): "RGBA"}.get((layout.colours, layout.samples))
    if mode is None or layout.bits != 8 or layout.planar or layout.of(directory.EXTRA) == 1:
        raise PictureError(layout.sentence())
    width, height = layout.size
    sides = directory.TILE_WIDTH, directory.TILE_HEIGHT
    across, down = (
        map(layout.of, sides) if layout.tiled else (width, min(height, layout.of(directory.ROWS, height)))
    )
    columns, rows = -(-width // max(1, across)), -(-height // max(1, down))
    check_pixels(columns * across, rows * down)
    starts, lengths = layout.pieces()
    if min(len(starts), len(lengths)) < columns * rows:
        raise PictureError("its pixels cannot be decoded (it ends too early)")
    whole = Images.new(mode, layout.size)
    for at in range(columns * rows):
        left, top = at % columns * across, at // columns * down
        data = layout.data[starts[at] : starts[at] + lengths[at]]
        part = read(data)
        fits = part.width <= across and part.height <= down
        fills = left + part.width >= min(width, left + across) and top + part.height >= min(
            height, top + down
        )
        if kinds.kind(data) is not _PICTURES[layout.packed] or not (fits and fills):
            raise PictureError(f"its pixels cannot be decoded ({BROKEN})")
        whole.paste(load(part).convert(mode), (left, top))
    return whole
