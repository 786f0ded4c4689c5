"""Colour spaces specified by number or gamma, and how small pictures keep theirs."""

import io
import random
import struct
import zlib

import pytest
import samples
from hypothesis import given, settings
from hypothesis import strategies as st
from long_rows import one_in
from PIL import Image, ImageChops, ImageCms, ImageStat

from imagebridge.pictures import iso_boxes
from imagebridge.pictures.colour_spaces import of_gamma, profile
from imagebridge.pictures.convert import converted, redone
from imagebridge.pictures.picture import Picture
from imagebridge.pictures.png import END, chunk


def shown(data):
    picture = converted(samples.b64(data), "decoded").pictures[0]
    return Image.open(io.BytesIO(picture.data))


def avif(colour, primaries, transfer):
    data = bytearray(
        samples.file(Image.new("RGB", (64, 64), colour), "AVIF", quality=95, subsampling="4:4:4")
    )
    at = data.find(b"colrnclx")
    struct.pack_into(">HH", data, at + 8, primaries, transfer)
    return bytes(data)


NAMED = {
    "sRGB": ((150, 100, 60), 1, 13, (150, 100, 60)),
    "television's curve": ((150, 100, 60), 1, 1, (150, 100, 60)),
    "nothing is said": ((150, 100, 60), 2, 2, (150, 100, 60)),
    "BT.2020": ((150, 100, 60), 9, 13, (175, 92, 50)),
    "Display P3": ((150, 100, 60), 12, 13, (158, 98, 53)),
    "light itself": ((55, 55, 55), 1, 8, (128, 128, 128)),
    "white of PQ": ((148, 148, 148), 9, 16, (187, 187, 187)),
    "white of HLG": ((191, 191, 191), 9, 18, (192, 192, 192)),
    "black of PQ": ((0, 0, 0), 9, 16, (0, 0, 0)),
    "the peak of PQ": ((255, 255, 255), 9, 16, (255, 255, 255)),
}


@pytest.mark.parametrize("name", NAMED)
def test_colours_that_are_named_by_number_come_out_in_srgb(name):
    colour, primaries, transfer, expected = NAMED[name]
    found = shown(avif(colour, primaries, transfer)).convert("RGB").getpixel((30, 30))
    assert max(abs(one - other) for one, other in zip(found, expected, strict=True)) <= 6


def png(bits, colour, pixel, *before):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, bits, colour, 0, 0, 0))
    rows = (b"\0" + pixel * 4) * 4
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(before) + chunk(b"IDAT", zlib.compress(rows)) + END


GAMMA = chunk(b"gAMA", struct.pack(">I", 100_000))
DEEP = struct.pack(">HHH", 0x3737, 0x3737, 0x3737)
GAMMAS = {
    "linear": (png(16, 2, DEEP, GAMMA), 128),
    "linear grey": (png(16, 0, DEEP[:2], GAMMA), 128),
    "sRGB's own": (png(16, 2, DEEP, chunk(b"gAMA", struct.pack(">I", 45_455))), 55),
    "said to be sRGB all the same": (png(16, 2, DEEP, chunk(b"sRGB", b"\0"), GAMMA), 55),
    "none": (png(16, 2, DEEP), 55),
    "linear, beside a gamma that is sRGB's": (
        png(16, 2, DEEP, chunk(b"cICP", bytes((1, 8, 0, 1))), chunk(b"gAMA", struct.pack(">I", 45_455))),
        128,
    ),
    "by a number that says nothing": (png(16, 2, DEEP, chunk(b"cICP", bytes((2, 2, 0, 1)))), 55),
    "by number of a narrow range": (png(16, 2, DEEP, chunk(b"cICP", bytes((1, 8, 0, 0)))), 55),
    "by number": (png(16, 2, DEEP, chunk(b"cICP", bytes((1, 8, 0, 1)))), 128),
}


EIGHT = bytes((55,) * 3)
SRGB_GAMMA = chunk(b"gAMA", struct.pack(">I", 45_455))
PROFILE = chunk(b"iCCP", b"a\0\0" + zlib.compress(profile(12, 13)))


@pytest.mark.parametrize(
    ("chunks", "grey"),
    [
        ((), None),
        ((SRGB_GAMMA,), None),
        ((chunk(b"sRGB", b"\0"), GAMMA), None),
        ((PROFILE, GAMMA), None),
        ((chunk(b"cICP", bytes((1, 13, 0, 1))), GAMMA), None),
        ((GAMMA,), 128),
        ((chunk(b"cICP", bytes((1, 8, 0, 1))), SRGB_GAMMA), 128),
    ],
)
def test_a_png_of_8_bits_whose_colours_are_not_srgb_is_converted(chunks, grey):
    """Browsers convert them (PNG third edition, 4.3), many other decoders do not."""
    data = png(8, 2, EIGHT, *chunks)
    picture = Picture.from_bytes(data)
    assert (picture.plain, picture.data) == (grey is None, data)
    if grey:
        assert max(abs(one - grey) for one in shown_after_fitting(data)) <= 2


@pytest.mark.parametrize("colours", [(), (GAMMA,)])
@pytest.mark.parametrize(
    ("bits", "colour", "row", "clear"),
    [
        (1, 0, b"\x80", b"\0\1"),
        (2, 0, b"\x40", b"\0\1"),
        (4, 0, b"\x50\0", b"\0\5"),
        (8, 0, b"\x07\0\0\0", b"\0\x07"),
        (16, 0, b"\x12\x34" + bytes(6), b"\x12\x34"),
        (4, 3, b"\x10\0", b"\xff\0"),
        (8, 2, b"\x07" * 3 + bytes(9), b"\0\x07" * 3),
        (16, 2, b"\x12\x34" * 3 + bytes(18), b"\x12\x34" * 3),
    ],
)
def test_the_transparent_colour_of_a_png_stays_so_where_it_is_encoded_again(
    bits, colour, row, clear, colours
):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 1, bits, colour, 0, 0, 0))
    more = [chunk(b"PLTE", bytes(6))] if colour == 3 else []
    before = b"".join((header, *colours, *more, chunk(b"tRNS", clear)))
    data = b"\x89PNG\r\n\x1a\n" + before + chunk(b"IDAT", zlib.compress(b"\0" + row)) + END
    made = redone(Picture.from_bytes(data))
    shown_again = Image.open(io.BytesIO(made.data)).convert("RGBA")
    assert [shown_again.getpixel((x, 0))[3] for x in range(4)] == [0, 255, 255, 255]


@pytest.mark.parametrize("name", GAMMAS)
def test_the_gamma_of_a_png_is_applied_where_it_is_converted(name):
    data, grey = GAMMAS[name]
    red, green, blue = shown_after_fitting(data)
    assert max(abs(one - grey) for one in (red, green, blue)) <= 4


def primaries(*xy):
    return chunk(b"cHRM", struct.pack(">8I", *xy))


SWAPPED = primaries(31_270, 32_900, 30_000, 60_000, 64_000, 33_000, 15_000, 6_000)
WARM = primaries(34_567, 35_850, 64_000, 33_000, 21_000, 71_000, 15_000, 6_000)
COLOUR = bytes((150, 100, 60))
PRIMARIES = {
    "red and green exchanged": ((SRGB_GAMMA, SWAPPED), (100, 151, 57)),
    "wide": ((SRGB_GAMMA, primaries(31_270, 32_900, 73_470, 26_530, 11_500, 82_600, 15_660, 1_800)), (177, 90, 49)),
    "a warm white": ((SRGB_GAMMA, WARM), (169, 101, 58)),
    "a warm white and another gamma": ((chunk(b"gAMA", struct.pack(">I", 55_556)), WARM), (184, 120, 77)),
    "sRGB's, in a few digits": ((SRGB_GAMMA, primaries(31_300, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000)), COLOUR),
    "no gamma beside them": ((SWAPPED,), COLOUR),
    "said to be sRGB all the same": ((chunk(b"sRGB", b"\0"), SRGB_GAMMA, SWAPPED), COLOUR),
    "said by number to be sRGB": ((chunk(b"cICP", bytes((1, 13, 0, 1))), SRGB_GAMMA, SWAPPED), COLOUR),
    "two of them the same": ((SRGB_GAMMA, primaries(31_270, 32_900, *(64_000, 33_000) * 2, 15_000, 6_000)), COLOUR),
    "white outside of them": ((SRGB_GAMMA, primaries(90_000, 5_000, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000)), COLOUR),
    "all of them 0": ((SRGB_GAMMA, primaries(*(0,) * 8)), COLOUR),
    "larger than any": ((SRGB_GAMMA, primaries(*((1 << 31) - 1,) * 8)), COLOUR),
}  # fmt: skip
"""What Chromium 149 shows of them (2026-11-30)."""


@pytest.mark.parametrize("name", PRIMARIES)
def test_the_primaries_of_a_png_are_applied_where_it_is_converted(name):
    chunks, expected = PRIMARIES[name]
    found = shown_after_fitting(png(16, 2, bytes(one for value in COLOUR for one in (value, value)), *chunks))
    assert max(abs(one - other) for one, other in zip(found, expected, strict=True)) <= 4


@given(st.lists(st.integers(0, 100_000), min_size=8, max_size=8), st.integers(0, 1_000_000))
@settings(deadline=None, max_examples=60)
def test_whatever_primaries_a_file_names_its_profile_can_be_read(xy, gamma):
    made = of_gamma(gamma / 100_000, tuple(one / 100_000 for one in xy))
    assert not made or ImageCms.ImageCmsProfile(io.BytesIO(made))


def refitted(data):
    from imagebridge.pictures.convert import fitted

    picture = Picture.from_bytes(data, "decoded")
    return Image.open(io.BytesIO(fitted(picture, picture.width, picture.height).data))


def shown_after_fitting(data):
    return refitted(data).convert("RGB").getpixel((2, 2))


def test_profiles_are_always_the_same_bytes_and_none_is_made_for_srgb():
    assert profile(1, 13) == profile(2, 2) == of_gamma(0.45455) == of_gamma(0) == of_gamma(90) == b""
    assert profile(9, 16) == profile(9, 16) != profile(9, 18)
    assert int.from_bytes(profile(9, 16)[:4], "big") == len(profile(9, 16))


def box(name, body):
    return struct.pack(">I4s", len(body) + 8, name) + body


@pytest.mark.parametrize("order", [(1, 2, 3), (2, 3, 1), (3, 2, 1)])
def test_the_palette_of_a_jpeg_2000_is_read_in_its_own_order(order):
    indices = Image.new("L", (16, 16))
    indices.putdata([x // 4 for _ in range(16) for x in range(16)])
    palette = ((200, 10, 60), (200, 10, 60), (200, 10, 60), (20, 250, 90))  # Pillow keeps equal ones once
    data, inner = samples.file(indices, "JPEG2000", irreversible=False, quality_layers=[0]), b""
    found = [(name, body, end) for name, body, end in iso_boxes.boxes(data)]
    head = next((body, end) for name, body, end in found if name == b"jp2h")
    inner = next(data[body - 8 : end] for name, body, end in found if name == b"ihdr")
    inner += box(b"colr", b"\1\0\0" + struct.pack(">I", 16))
    colours = bytes(colour[one - 1] for colour in palette for one in order)
    inner += box(b"pclr", struct.pack(">HB", 4, 3) + b"\7\7\7" + colours)
    inner += box(b"cmap", b"".join(struct.pack(">HBB", 0, 1, column) for column in range(3)))
    inner += box(
        b"cdef",
        struct.pack(">H", 3) + b"".join(struct.pack(">HHH", n, 0, one) for n, one in enumerate(order)),
    )
    image = shown(data[: head[0] - 8] + box(b"jp2h", inner) + data[head[1] :]).convert("RGB")
    assert tuple(image.getpixel((4 * at + 1, 3)) for at in range(4)) == palette


@pytest.mark.parametrize(
    ("mode", "stored", "kinds"),
    [
        ("RGB", (2, 1, 0), (3, 2, 1)),
        ("RGB", (1, 2, 0), (2, 3, 1)),
        ("RGBA", (2, 1, 0, 3), (3, 2, 1, 0)),
        ("RGBA", (3, 0, 1, 2), (0, 1, 2, 3)),
        ("LA", (1, 0), (0, 1)),
    ],
)
def test_the_channels_of_a_jpeg_2000_are_read_in_their_own_order(mode, stored, kinds):
    """`stored` says which channel of the picture stands where, `kinds` what the file says of each: 0 is opacity."""
    whole = Image.merge(mode, [Image.new("L", (16, 16), value) for value in (200, 90, 30, 255)[: len(mode)]])
    whole.putpixel((3, 3), tuple(range(len(mode))))
    data = samples.file(Image.merge(mode, [whole.getchannel(at) for at in stored]), "JPEG2000", mct=0)
    found = {name: (body, end) for name, body, end in iso_boxes.boxes(data)}
    (head, end), (first, last) = found[b"jp2h"], found[b"ihdr"]
    said = b"".join(struct.pack(">HHH", at, one == 0, one) for at, one in enumerate(kinds))
    inner = data[first - 8 : last] + box(b"colr", b"\1\0\0" + struct.pack(">I", 17 if mode == "LA" else 16))
    inner += box(b"cdef", struct.pack(">H", len(kinds)) + said)
    image = shown(data[: head - 8] + box(b"jp2h", inner) + data[end:])
    assert (image.mode, image.tobytes()) == (mode, whole.tobytes())


def noisy(width, height):
    return Image.frombytes("RGB", (width, height), random.Random(4).randbytes(width * height * 3))


@pytest.mark.parametrize("form", one_in(3, ["BMP", "PPM", "TIFF"]))
@pytest.mark.parametrize("side", [64, 400, 900])
def test_what_a_jpeg_would_blur_and_came_without_loss_keeps_every_pixel(form, side):
    image = noisy(side, side)
    converted = shown(samples.file(image, form))
    assert (converted.format, converted.convert("RGB").tobytes()) == ("PNG", image.tobytes())


@pytest.mark.parametrize("form", one_in(3, ["BMP", "PPM", "TIFF"]))
def test_a_large_photograph_that_came_without_loss_becomes_a_jpeg_that_loses_little(form):
    image = noisy(75, 75).resize((900, 900), Image.Resampling.BICUBIC)
    image = Image.blend(image, noisy(900, 900), 0.04)
    converted = shown(samples.file(image, form))
    mean = max(ImageStat.Stat(ImageChops.difference(image, converted.convert("RGB"))).mean)
    assert (converted.format, mean <= 4) == ("JPEG", True)


def test_a_small_photograph_that_came_with_loss_stays_small():
    data = samples.file(noisy(200, 200).convert("CMYK"), "JPEG")
    picture = Picture.from_bytes(data)
    from imagebridge.pictures.convert import fitted

    assert fitted(picture, 200, 200).media_type == "image/jpeg"


def test_a_small_picture_that_came_with_loss_keeps_its_colours_apart():
    image = Image.new("RGB", (64, 64))
    chance = random.Random(6)
    for y in range(64):
        for x in range(64):
            one, two, three = (chance.randrange(20) for _ in range(3))
            image.putpixel((x, y), (255 - one, two, three) if x // 3 % 2 else (one, two, 255 - three))
    data = samples.file(image, "AVIF", quality=100, subsampling="4:4:4")
    converted = shown(data)
    apart = ImageStat.Stat(ImageChops.difference(image, converted.convert("RGB"))).mean
    assert (converted.format, max(apart) < 8) == ("JPEG", True)


@pytest.mark.parametrize(("transfer", "is_told"), [(13, False), (1, False), (16, True), (18, True)])
def test_an_hdr_picture_is_said_to_be_one(transfer, is_told):
    sentence = converted(samples.b64(avif((148, 148, 148), 9, transfer)), "decoded").sentence
    assert sentence.startswith("an HDR picture, shown as on an ordinary screen") == is_told
    assert bool(sentence) == is_told


PQ, HLG = (chunk(b"cICP", bytes((9, curve, 0, 1))) for curve in (16, 18))
LIGHT = {
    "PQ": (PQ, True),
    "HLG": (HLG, True),
    "P3": (chunk(b"cICP", bytes((12, 13, 0, 1))), False),
    "a range of its own": (chunk(b"cICP", bytes((9, 16, 0, 0))), False),
}


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("name", LIGHT)
def test_a_png_in_hdr_is_converted_and_said_to_be_one(name, bits):
    said, is_told = LIGHT[name]
    made = converted(samples.b64(png(bits, 2, bytes((148,) * (3 * bits // 8)), said)), "structure")
    assert made.sentence.startswith("an HDR picture, shown as on an ordinary screen") == is_told
    assert made.pictures[0].plain == (bits == 8 and name == "a range of its own")
    grey = shown_after_fitting(png(bits, 2, bytes((148,) * (3 * bits // 8)), PQ))[1]
    assert abs(grey - 187) <= 6


def moving_png(*before):
    made = samples.animation("PNG")
    return made[:33] + b"".join(before) + made[33:]


def moving_avif(transfer):
    made = bytearray(samples.animation("AVIF"))
    at = -1
    while (at := made.find(b"colrnclx", at + 1)) > 0:
        struct.pack_into(">HH", made, at + 8, 9, transfer)
    return bytes(made)


MOVING = {
    "PNG": (moving_png(), moving_png(PQ)),
    "AVIF": (moving_avif(13), moving_avif(16)),
}


@pytest.mark.parametrize("first_frame", [True, False])
@pytest.mark.parametrize("form", MOVING)
def test_an_animation_in_hdr_is_converted_and_said_to_be_one(form, first_frame):
    plain, light = (
        converted(samples.b64(data), "structure", first_frame=first_frame) for data in MOVING[form]
    )
    assert light.sentence.removeprefix(plain.sentence).startswith("; an HDR picture, shown as on")
    assert light.pictures[0].data_url != plain.pictures[0].data_url
