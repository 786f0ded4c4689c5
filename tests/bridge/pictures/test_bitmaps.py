"""Windows bitmaps and icons: bit masks, low bit depths, and the picture that is chosen from an icon."""

import io
import struct

import pytest
import samples
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from imagebridge.errors import PictureError
from imagebridge.pictures import bitmaps, colour_spaces, kinds
from imagebridge.pictures.convert import converted


def bmp(width, height, bits, pixels, *, masks=(), length=40, table=b"", colours=0, packed=None):
    """A BMP with a header of 40 bytes, masks behind it, or one of 108 bytes that holds four masks."""
    packed = (3 if masks else 0) if packed is None else packed
    info = struct.pack("<IiiHHIIiiII", length, width, height, 1, bits, packed, len(pixels), 0, 0, colours, 0)
    info = (info + struct.pack(f"<{len(masks)}I", *masks)).ljust(length, b"\0")
    start = 14 + len(info) + len(table)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + info + table + pixels


def dib(bits, index, colour, *, mask=True):
    """A picture of 16x16 in an icon: all of one colour, below 32 bits by a palette."""
    table = b"" if bits == 32 else (bytes(4) + bytes((*colour[::-1], 0))).ljust(4 << bits, b"\0")
    row = (
        bytes((*colour[::-1], 255)) * 16
        if bits == 32
        else bytes([index * (0x11 if bits == 4 else 1)]) * (16 * bits // 8)
    )
    head = struct.pack("<IiiHHIIiiII", 40, 16, 32, 1, bits, 0, 0, 0, 0, 0, 0)
    return head + table + row * 16 + (bytes(64) if mask else b"")


def icon(*pictures, kind=1, lengths=None, listed=32):
    """An icon of pictures, which its list calls `listed` bits deep: a number for all, or one for each."""
    head, at, body = struct.pack("<HHH", 0, kind, len(pictures)), 6 + 16 * len(pictures), b""
    for number, data in enumerate(pictures):
        told = lengths[number] if lengths else len(data)
        bits = listed if isinstance(listed, int) else listed[number]
        head += struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, bits, told, at + len(body))
        body += data
    return head + body


def shown(data):
    return Image.open(io.BytesIO(converted(samples.b64(data), "decoded").pictures[0].data))


RED, BLUE = (250, 30, 20), (20, 60, 200)
OWN = (0x1F << 22, 0x3F << 11, 0x1F)
ICONS = {
    "the deepest": (icon(dib(8, 1, RED), dib(32, 0, BLUE)), BLUE),
    "the deepest, first": (icon(dib(32, 0, BLUE), dib(4, 1, RED)), BLUE),
    "a length too short": (icon(dib(4, 1, RED), lengths=[200]), RED),
    "a length of nothing": (icon(dib(8, 1, RED), lengths=[0]), RED),
    "32 bits without a mask": (icon(dib(32, 0, BLUE, mask=False)), BLUE),
    "a PNG inside": (icon(samples.file(Image.new("RGB", (16, 16), RED), "PNG")), RED),
    "the PNG that the list calls the deepest": (
        icon(
            *(samples.file(Image.new("RGB", (16, 16), one), "PNG") for one in (RED, BLUE, RED)),
            listed=(4, 32, 8),
        ),
        BLUE,
    ),
    "a cursor": (icon(dib(32, 0, BLUE), kind=2), BLUE),
    "one that is cut short, and one that is not": (icon(dib(8, 1, RED), dib(32, 0, BLUE)[:99]), RED),
}


@pytest.mark.parametrize("name", ICONS)
def test_an_icon_shows_its_best_picture(name):
    data, colour = ICONS[name]
    assert kinds.kind(data) is kinds.ICO
    image = shown(data).convert("RGB")
    assert {image.getpixel((x, y)) for x in (0, 15) for y in (0, 8, 15)} == {colour}


def with_32_bits(alpha, mask):
    """A picture of 16x16 in an icon, red, of which each pixel has this opacity."""
    head = struct.pack("<IiiHHIIiiII", 40, 16, 32, 1, 32, 0, 0, 0, 0, 0, 0)
    return head + bytes((*RED[::-1], alpha)) * 256 + mask


LEFT_HIDDEN = b"\xff\0\0\0" * 16
"""A mask that hides the eight pixels on the left of each row."""


@pytest.mark.parametrize(
    ("picture", "left", "right"),
    [
        (with_32_bits(0, LEFT_HIDDEN), 0, 255),
        (with_32_bits(0, b""), 255, 255),
        (with_32_bits(0, bytes(64)), 255, 255),
        (with_32_bits(200, LEFT_HIDDEN), 200, 200),
    ],
)
def test_the_mask_of_an_icon_counts_where_no_pixel_has_opacity(picture, left, right):
    """As in Chromium, and in Windows."""
    image = shown(icon(picture)).convert("RGBA")
    assert [image.getpixel((x, y))[3] for x in (0, 7, 8, 15) for y in (0, 15)] == [left] * 4 + [right] * 4
    assert image.getpixel((12, 5))[:3] == RED


MAGENTA, GREEN = (255, 0, 255), (0, 255, 0)


def halved(bits, *, down, packed=0):
    """A picture of 16x16 in an icon, magenta above green."""
    colours = [bytes((*one[::-1], 255)) if bits == 32 else bytes(one[::-1]) for one in (MAGENTA, GREEN)]
    if bits == 16:
        colours = [struct.pack("<H", one) for one in ((0xF81F, 0x7E0) if packed else (0x7C1F, 0x3E0))]
    rows = [one * 16 for one in colours]
    if bits <= 8:
        index = {1: 0xFF, 2: 0x55, 4: 0x11, 8: 0x01}[bits]
        rows = [(bytes([one]) * (2 * bits)).ljust(max(4, 2 * bits), b"\0") for one in (0, index)]
    table = (
        b""
        if bits > 8
        else b"".join(bytes((*one[::-1], 0)) for one in (MAGENTA, GREEN)).ljust(4 << bits, b"\0")
    )
    masks = struct.pack("<3I", 0xF800, 0x7E0, 0x1F) if packed else b""
    head = struct.pack("<IiiHHIIiiII", 40, 16, -32 if down else 32, 1, bits, packed, 0, 0, 0, 0, 0)
    return head + masks + table + b"".join(row * 8 for row in (rows if down else rows[::-1]))


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("down", [True, False])
@pytest.mark.parametrize(("bits", "packed"), [*((bits, 0) for bits in (1, 2, 4, 8, 16, 24, 32)), (16, 3)])
def test_an_icon_is_shown_in_every_depth_and_order_of_rows(bits, packed, down, masked):
    picture = halved(bits, down=down, packed=packed)
    data = icon(picture + LEFT_HIDDEN if masked else picture, halved(1, down=False)[:50])
    image = shown(data).convert("RGBA")
    hidden = masked and bits < 32
    assert [image.getpixel((x, y)) for x in (8, 15) for y in (0, 7, 8, 15)] == [
        (*MAGENTA, 255),
        (*MAGENTA, 255),
        (*GREEN, 255),
        (*GREEN, 255),
    ] * 2
    assert [image.getpixel((x, y))[3] for x in (0, 7) for y in (0, 15)] == [0 if hidden else 255] * 4


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (icon(dib(8, 1, RED))[:300], "the icon does not contain a complete picture"),
        (icon()[:6], "the icon does not contain a complete picture"),
        (icon(dib(8, 1, RED))[:12], "the icon ends within its list of pictures"),
    ],
)
def test_icons_without_a_whole_picture_are_told(data, reason):
    with pytest.raises(PictureError) as raised:
        converted(samples.b64(data), "decoded")
    assert raised.value.reason == reason


def test_pictures_of_another_format_are_no_cursors():
    assert kinds.kind(b"\0\0\2\0\0\0\0\0\0\0\0\0\x10\0\x10\0\x18\x20" + bytes(768)) is None


def test_masks_of_any_place_and_width_are_stretched_to_8_bits():
    pixels = b"".join(struct.pack("<I", x << 22 | 2 * x << 11 | 31 - x) for x in range(32))
    image = shown(bmp(32, 1, 32, pixels, masks=OWN))
    assert [image.getpixel((x, 0)) for x in (0, 9, 31)] == [
        (round(255 * x / 31), round(255 * 2 * x / 63), round(255 * (31 - x) / 31)) for x in (0, 9, 31)
    ]


def test_a_channel_without_a_mask_is_black():
    pixels = struct.pack("<2H", 0xFFFF, 0x00FF)
    image = shown(bmp(2, 1, 16, pixels, masks=(0xFF00, 0xFF, 0)))
    assert [image.getpixel((x, 0)) for x in range(2)] == [(255, 255, 0), (0, 255, 0)]


def test_ten_bits_keep_their_upper_eight():
    masks = (0x3FF << 20, 0x3FF << 10, 0x3FF)
    image = shown(bmp(1, 1, 32, struct.pack("<I", 1023 << 20 | 512 << 10 | 3), masks=masks))
    assert image.getpixel((0, 0)) == (255, 128, 0)


def test_one_bit_of_opacity_is_shown():
    pixels = struct.pack("<4H", 0xFC00, 0x7C00, 0xFC00, 0x7C00)
    image = shown(bmp(4, 1, 16, pixels, masks=(0x7C00, 0x3E0, 0x1F, 0x8000), length=108))
    assert [image.getpixel((x, 0)) for x in range(2)] == [(255, 0, 0, 255), (255, 0, 0, 0)]


@pytest.mark.parametrize("down", [False, True])
def test_two_bits_a_pixel_are_shown(down):
    table = b"".join(bytes((*colour[::-1], 0)) for colour in ((0, 0, 0), RED, BLUE, (255, 255, 255)))
    rows = bytes([0b00011011, 0b11000000, 0, 0]), bytes([0, 0, 0, 0])
    data = bmp(5, -2 if down else 2, 2, b"".join(rows if down else rows[::-1]), table=table)
    image = shown(data)
    expected = [(0, 0, 0), RED, BLUE, (255, 255, 255), (255, 255, 255)]
    assert [image.getpixel((x, 0)) for x in range(5)] == expected
    assert image.getpixel((0, 1)) == (0, 0, 0)


def test_more_colours_than_pixels_can_name_are_no_hindrance():
    table = b"".join(bytes((value % 256,) * 3 + (0,)) for value in range(300))
    image = shown(bmp(4, 1, 8, bytes((1, 2, 3, 255)), table=table, colours=300)).convert("L")
    assert [image.getpixel((x, 0)) for x in range(4)] == [1, 2, 3, 255]


BLACK, WHITE = (0, 0, 0), (255, 255, 255)
TABLE = b"".join(bytes((*colour[::-1], 0)) for colour in (WHITE, RED, BLUE))
OF_EIGHT = {
    "runs": (b"\3\1\1\2\0\0\4\2\0\1", [[BLUE] * 4, [RED, RED, RED, BLUE]]),
    "pixels as they are, filled to an even number": (
        b"\0\3\1\2\1\0\1\0\0\0\4\1\0\1",
        [[RED] * 4, [RED, BLUE, RED, WHITE]],
    ),
    "pixels that no run names": (b"\1\1\0\2\2\1\1\2\0\1", [[BLACK] * 3 + [BLUE], [RED] + [BLACK] * 3]),
    "a row that ends early": (b"\2\1\0\0\4\2\0\1", [[BLUE] * 4, [RED, RED, BLACK, BLACK]]),
    "a run beyond its row": (b"\x63\1\0\0\4\2\0\1", [[BLUE] * 4, [RED] * 4]),
    "no end, and more rows than there are": (b"\4\1\0\0\4\2\0\0\4\1", [[BLUE] * 4, [RED] * 4]),
}
OF_FOUR = {
    "runs of two colours": (b"\4\x12\0\0\3\x21\0\1", [[BLUE, RED, BLUE, BLACK], [RED, BLUE, RED, BLUE]]),
    "pixels as they are": (
        b"\0\4\x12\x10\0\0\0\3\x22\x10\0\1",
        [[BLUE, BLUE, RED, BLACK], [RED, BLUE, RED, WHITE]],
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("bits", "pixels", "rows"),
    [(8, *row) for row in OF_EIGHT.values()] + [(4, *row) for row in OF_FOUR.values()],
    ids=[*OF_EIGHT, *OF_FOUR],
)
@pytest.mark.parametrize("down", [False, True])
def test_packed_runs_are_unpacked_as_browsers_do(bits, pixels, rows, down):
    data = bmp(4, -2 if down else 2, bits, pixels, table=TABLE, colours=3, packed={8: 1, 4: 2}[bits])
    image = shown(data).convert("RGB")
    found = [[image.getpixel((x, y)) for x in range(4)] for y in range(2)]
    assert found == (rows[::-1] if down else rows)


def test_runs_of_colours_are_unpacked_as_browsers_do():
    """OS/2's coding 4, in its header of 64 bytes."""
    red, blue = bytes(RED[::-1]), bytes(BLUE[::-1])
    pixels = b"\3" + red + b"\0\0" + b"\0\3" + red + blue + red + b"\0" + b"\1" + blue + b"\0\1"
    image = shown(bmp(4, 2, 24, pixels, length=64, packed=4))
    found = [[image.getpixel((x, y)) for x in range(4)] for y in range(2)]
    assert found == [[RED, BLUE, RED, BLUE], [RED, RED, RED, BLACK]]


def test_runs_that_are_cut_short_are_told():
    with pytest.raises(PictureError, match="the BMP is cut short"):
        converted(samples.b64(bmp(4, 2, 8, b"\4\1\0", table=TABLE, colours=3, packed=1)), "decoded")


def test_opacity_counts_also_where_pixels_do_not_go_by_masks():
    data = bmp(2, 1, 32, bytes((0, 0, 255, 128, 255, 0, 0, 255)), length=108, packed=0)
    data = data[:66] + struct.pack("<I", 0xFF000000) + data[70:]
    image = shown(data)
    assert [image.getpixel((x, 0)) for x in range(2)] == [(255, 0, 0, 128), (0, 0, 255, 255)]


def test_a_profile_inside_gives_the_colours():
    wide = ImageCms.ImageCmsProfile(io.BytesIO(colour_spaces.profile(9, 13))).tobytes()
    pixels = bytes((60, 100, 150, 0))
    data = bytearray(bmp(1, 1, 24, pixels, length=124) + wide)
    data[70:74] = b"DEBM"
    data[126:134] = struct.pack("<II", 124 + len(pixels), len(wide))
    assert shown(bytes(data)).getpixel((0, 0)) == pytest.approx((175, 92, 50), abs=2)


@pytest.mark.parametrize("height", [2, 1 << 18])
def test_a_bitmap_that_is_cut_short_is_told(height):
    with pytest.raises(PictureError, match="the BMP is cut short"):
        converted(samples.b64(bmp(8, height, 32, bytes(40), masks=OWN)), "decoded")


@settings(deadline=None)
@given(st.data())
def test_damage_never_raises_anything_else(data):
    files = [
        bmp(8, 2, 32, bytes(64), masks=OWN),
        bmp(5, 2, 2, bytes(8), table=bytes(16)),
        bmp(4, 2, 8, OF_EIGHT["runs"][0], table=TABLE, colours=3, packed=1),
        bmp(4, 2, 24, b"\3abc\0\3abcdefghi\0\0\0\4xyz", length=64, packed=4),
        *(one for one, _ in ICONS.values()),
    ]
    damaged = bytearray(data.draw(st.sampled_from(files)))
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(4, min(120, len(damaged)) - 1))] = data.draw(st.integers(0, 255))
    try:
        converted(samples.b64(bytes(damaged)), "decoded")
    except PictureError:
        return


@given(st.integers(1, 16), st.integers(0, 12), st.binary(min_size=4, max_size=40))
def test_bits_are_cut_out_of_all_pixels_at_once_as_out_of_each(bits, shift, raw):
    raw, more = raw[: len(raw) // 4 * 4], max(0, bits - 8)
    most = (1 << bits - more) - 1
    values = [value >> shift + more & most for (value,) in struct.iter_unpack("<I", raw)]
    expected = [round(255 * value / most) for value in values]
    assert list(bitmaps._masked(raw, 4, (1 << bits) - 1 << shift)) == expected
