"""Windows bitmaps (BMP) and icons (ICO, CUR) that Pillow reads incorrectly or not at all.

Source: Microsoft's reference for BITMAPV5HEADER and for icon resources, read 2026-11-29.
"""

from struct import error as StructError
from struct import pack, unpack_from
from typing import TYPE_CHECKING, NamedTuple

from imagebridge.errors import PictureError

if TYPE_CHECKING:
    from PIL.Image import Image

_BITFIELDS = (3, 6)
_PLAIN = {
    16: {(0x7C00, 0x3E0, 0x1F, 0), (0xF800, 0x7E0, 0x1F, 0)},
    32: {(0xFF0000, 0xFF00, 0xFF, 0), (0xFF0000, 0xFF00, 0xFF, 0xFF000000)},
}
"""The masks of red, green, blue and opacity that Pillow reads correctly, by bits per pixel."""


_RUNS = {(1, 8), (2, 4), (4, 24)}
"""Run-length encodings with their bits per pixel; the last one exists only in OS/2."""


class InfoHeader(NamedTuple):
    """A bitmap's header. `down` is true if its first row is the top one."""

    length: int
    width: int
    height: int
    bits: int
    packed: int
    colours: int
    down: bool


def _header(data: bytes, at: int) -> InfoHeader:
    length, width, height, _, bits, packed = unpack_from("<IiiHHI", data, at)
    (colours,) = unpack_from("<I", data, at + 32)
    return InfoHeader(length, width, abs(height), bits, packed, colours, height < 0)


def mended(data: bytes) -> bytes:
    """Return a BMP whose header declares no more palette colours than its pixels can refer to."""
    if len(data) < 54 or unpack_from("<I", data, 14)[0] < 40:
        return data
    header = _header(data, 14)
    if header.bits in (1, 2, 4, 8) and header.colours > 1 << header.bits:
        return data[:46] + pack("<I", 1 << header.bits) + data[50:]
    return data


def profile(data: bytes) -> bytes:
    """Return the colour profile in a BMP, or nothing if it has none."""
    if len(data) < 138 or unpack_from("<I", data, 14)[0] < 124 or data[70:74] != b"DEBM":
        return b""
    start, length = unpack_from("<II", data, 126)
    return data[14 + start : 14 + start + length]


def image(data: bytes) -> "Image | None":
    """Return the pixels of a BMP of a kind that Pillow does not read correctly; None for all others.

    Raises:
        PictureError: the BMP is cut short.
    """
    try:
        if unpack_from("<I", data, 14)[0] < 40:
            return None
        header = _header(data, 14)
        (start,) = unpack_from("<I", data, 10)
        if (header.packed, header.bits) in _RUNS:
            return _of_runs(data, start, header)
        masks = _masks(data, header)
        odd = masks is not None and masks not in _PLAIN.get(header.bits, ())
        if header.packed == 0 and masks is not None:
            odd = masks[3] != 0
        if not odd and not (header.bits == 2 and header.packed == 0):
            return None
        rows = _rows(data, start, header)
        if masks is not None and odd:
            return _by_masks(rows, header, masks)
        return _of_two_bits(data, rows, header)
    except StructError as error:
        raise PictureError("the BMP is cut short") from error


def _masks(data: bytes, header: InfoHeader) -> tuple[int, int, int, int] | None:
    if header.packed == 0 and header.bits == 32 and header.length >= 56:
        # Of a header's masks, only the one for opacity counts unless the header says that the pixels use masks.
        return (0xFF0000, 0xFF00, 0xFF, *unpack_from("<I", data, 66))
    if header.packed not in _BITFIELDS or header.bits not in (16, 32):
        return None
    # They follow the first 40 bytes, inside a longer header and after a short one.
    count = 4 if header.length >= 56 or header.packed == 6 else 3
    masks = unpack_from(f"<{count}I", data, 54)
    return (*masks[:3], masks[3] if count == 4 else 0)


def _rows(data: bytes, start: int, header: InfoHeader) -> bytes:
    """Return the rows from top to bottom, without their padding to a multiple of four bytes."""
    from .cost import check_pixels

    check_pixels(header.width, header.height)
    length = (header.width * header.bits + 7) // 8
    step = (length + 3) // 4 * 4
    if header.width < 1 or header.height < 1 or start + step * header.height > len(data) + step - length:
        raise PictureError("the BMP is cut short")
    order = range(header.height) if header.down else range(header.height - 1, -1, -1)
    return b"".join(data[start + row * step : start + row * step + length] for row in order)


def _by_masks(rows: bytes, header: InfoHeader, masks: tuple[int, int, int, int]) -> "Image":
    from PIL import Image as Images

    size = header.width, header.height
    mode = "RGBA" if masks[3] else "RGB"
    channels = [_masked(rows, header.bits // 8, mask) for mask in masks[: len(mode)]]
    return Images.merge(mode, [Images.frombytes("L", size, one) for one in channels])


_AT_ONCE = 1 << 20


def _masked(rows: bytes, width: int, mask: int) -> bytes:
    """Return the bits of each pixel under one mask, scaled to 8 bits; one big integer holds many pixels at a time."""
    if not mask:
        return bytes(len(rows) // width)
    shift = (mask & -mask).bit_length() - 1
    bits = (mask >> shift).bit_length()
    more = max(0, bits - 8)
    most = (1 << bits - more) - 1
    stretched = bytes(round(255 * min(value, most) / most) for value in range(256))
    made = bytearray()
    for at in range(0, len(rows), _AT_ONCE):
        piece = rows[at : at + _AT_ONCE]
        count = len(piece) // width
        pattern = int.from_bytes((most).to_bytes(width, "little") * count, "little")
        cut = int.from_bytes(piece, "little") >> shift + more & pattern
        made += cut.to_bytes(len(piece), "little")[::width].translate(stretched)
    return bytes(made)


def _of_two_bits(data: bytes, rows: bytes, header: InfoHeader) -> "Image":
    from PIL import Image as Images

    count = min(header.colours or 4, 4)
    table = data[14 + header.length : 14 + header.length + 4 * count].ljust(16, b"\0")
    length = (header.width + 3) // 4
    pixels = bytearray(4 * len(rows))
    for at in range(4):
        pixels[at::4] = rows.translate(bytes(value >> 6 - 2 * at & 3 for value in range(256)))
    wide = Images.frombytes("P", (4 * length, header.height), bytes(pixels))
    wide.putpalette(
        b"".join(
            table[at + 2 : at + 3] + table[at + 1 : at + 2] + table[at : at + 1] for at in range(0, 16, 4)
        )
    )
    return wide.convert("RGB").crop((0, 0, header.width, header.height))


def _of_runs(data: bytes, start: int, header: InfoHeader) -> "Image":
    """Return the pixels of a run-length encoded BMP; pixels that no run covers are black, as in browsers."""
    from PIL import Image as Images

    from .cost import check_memory, check_pixels

    size = width, height = header.width, header.height
    check_pixels(width, height)
    # Twice one pixel and whether it was set, the picture, black, and both together.
    check_memory(width, height, (21 if header.bits == 24 else 17) * width * height)
    pixels, named = _unpacked(data, start, header)
    order = 1 if header.down else -1
    if header.bits == 24:
        image = Images.frombytes("RGB", size, pixels, "raw", "BGR", 0, order)
    else:
        colours = min(header.colours or 1 << header.bits, 1 << header.bits)
        table = data[14 + header.length : 14 + header.length + 4 * colours].ljust(1024, b"\0")
        image = Images.frombytes("P", size, pixels, "raw", "P", 0, order)
        image.putpalette(bytes(table[at + 2 - channel] for at in range(0, 1024, 4) for channel in range(3)))
    image, black = image.convert("RGB"), Images.new("RGB", size)
    return Images.composite(image, black, Images.frombytes("L", size, named, "raw", "L", 0, order))


def _unpacked(data: bytes, at: int, header: InfoHeader) -> tuple[bytes, bytes]:
    """Return the index or colour of each pixel in row order, and a mask: 255 for pixels that were set, 0 for others."""
    width, height = header.width, header.height
    each = 3 if header.bits == 24 else 1
    pixels, named = bytearray(width * height * each), bytearray(width * height)
    across = row = 0
    while row < height:
        count, value = unpack_from("BB", data, at)
        at += 2
        if count:
            at += each - 1
            run = _wide(data[at - each : at], header) * count
            run = run[: count * each]
        elif value == 0:
            across, row = 0, row + 1
            continue
        elif value == 1:
            break
        elif value == 2:
            right, up = unpack_from("BB", data, at)
            at, across, row = at + 2, across + right, row + up
            continue
        else:
            length = (value * header.bits + 7) // 8
            run = _wide(data[at : at + length], header)[: value * each]
            at += length + length % 2
        run = run[: max(0, width - across) * each]
        count, place = len(run) // each, row * width + across
        pixels[place * each : place * each + len(run)] = run
        named[place : place + count] = b"\xff" * count
        across += count
    return bytes(pixels), bytes(named)


def _wide(packed: bytes, header: InfoHeader) -> bytes:
    """Expand bytes that contain two pixels each to one byte per pixel."""
    if header.bits != 4:
        return packed
    return bytes(half for one in packed for half in (one >> 4, one & 15))


class Icon(NamedTuple):
    """The best picture of an icon as a file, PNG or BMP. mask: the rows of a BMP's mask; empty if there is no mask."""

    data: bytes
    mask: bytes = b""

    def shown(self, image: "Image") -> "Image":
        """Return the pixels of the BMP with their opacity or, if all are transparent, with that of the mask, as browsers do."""
        from PIL import Image as Images

        if image.mode == "RGBA" and image.getchannel("A").getbbox():
            return image
        image = image.convert("RGB")
        if self.mask:
            # A set bit hides its pixel.
            order = 1 if _header(self.data, 14).down else -1
            seen = Images.frombytes("1", image.size, self.mask, "raw", "1;I", _mask_row(image.width), order)
            image.putalpha(seen.convert("L"))
        return image


def _mask_row(width: int) -> int:
    """Return the number of bytes in a mask's row, which is padded to a multiple of four."""
    return (width + 31) // 32 * 4


def icon(data: bytes) -> Icon:
    """Return the largest picture of an ICO or CUR, or the deepest of several equally large ones, as browsers do.

    Raises:
        PictureError: the icon contains no picture, or is cut short.
    """
    try:
        (count,) = unpack_from("<H", data, 4)
        entries = [unpack_from("<BBBBHHII", data, 6 + 16 * at) for at in range(count)]
    except StructError as error:
        raise PictureError("the icon ends within its list of pictures") from error
    found = [(*one, entry[5]) for entry in entries if (one := _inside(data, *entry[6:])) is not None]
    if not found:
        raise PictureError("the icon does not contain a complete picture")
    # For a PNG, the list gives the number of colours that it is meant for, not how it is stored.
    return max(found, key=lambda one: (*one[:2], one[3]))[2]


def _inside(data: bytes, length: int, start: int) -> tuple[int, int, Icon] | None:
    """Return one picture of an icon with its number of pixels and bits per pixel; None if it is incomplete."""
    if data[start : start + 8] == b"\x89PNG\r\n\x1a\n":
        if start + 29 > len(data):
            return None
        width, height, depth, colour = unpack_from(">IIBB", data, start + 16)
        bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 1)
        return width * height, bits, Icon(data[start:])
    if start + 40 > len(data):
        return None
    header = _header(data, start)
    width, height, bits = header.width, header.height // 2, header.bits
    if width < 1 or height < 1 or header.length < 40 or bits not in (1, 2, 4, 8, 16, 24, 32):
        return None
    palette = 4 * (header.colours or 1 << bits) if bits <= 8 else 0
    pixels = start + header.length + _masks_behind(header) + palette
    end = pixels + (width * bits + 31) // 32 * 4 * height
    mask = data[end : end + _mask_row(width) * height]
    lacks_mask = start + length == end or (bits == 32 and len(mask) < _mask_row(width) * height)
    if end > len(data) or not (lacks_mask or len(mask) == _mask_row(width) * height):
        return None
    return width * height, bits, Icon(_as_bmp(data, start, pixels, end), b"" if lacks_mask else mask)


def _masks_behind(header: InfoHeader) -> int:
    """Return the size in bytes of the colour masks after a short header; a longer header contains them."""
    return {3: 12, 6: 16}.get(header.packed, 0) if header.length == 40 else 0


def _as_bmp(data: bytes, start: int, pixels: int, end: int) -> bytes:
    """Return a picture of an icon as a file: the height no longer includes the mask, and 32-bit pixels have opacity."""
    header = _header(data, start)
    height = header.height // 2 * (-1 if header.down else 1)
    before = data[start : start + 8] + pack("<i", height) + data[start + 12 : pixels]
    if header.bits == 32 and header.length == 40 and header.packed in (0, 3):
        colours = unpack_from("<III", before, 40) if header.packed else (0xFF0000, 0xFF00, 0xFF)
        opacity = 0xFFFFFFFF & ~(colours[0] | colours[1] | colours[2])
        before = (
            pack("<I", 56) + before[4:16] + pack("<I", 3) + before[20:40] + pack("<4I", *colours, opacity)
        )
    body = before + data[pixels:end]
    return b"BM" + pack("<IHHI", 14 + len(body), 0, 0, 14 + len(before)) + body
