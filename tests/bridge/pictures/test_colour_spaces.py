"""Colours that a file names by number or by a gamma, and how small pictures keep theirs."""

import io
import random
import struct
import zlib

import pytest
import samples
from PIL import Image, ImageChops, ImageStat

from imagebridge.pictures import iso_boxes
from imagebridge.pictures.colour_spaces import of_gamma, profile
from imagebridge.pictures.convert import converted
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
    "by number": (png(16, 2, DEEP, chunk(b"cICP", bytes((1, 8, 0, 1)))), 128),
}


@pytest.mark.parametrize("name", GAMMAS)
def test_the_gamma_of_a_png_is_applied_where_it_is_converted(name):
    data, grey = GAMMAS[name]
    red, green, blue = shown_after_fitting(data)
    assert max(abs(one - grey) for one in (red, green, blue)) <= 4


def shown_after_fitting(data):
    from imagebridge.pictures.convert import fitted

    picture = Picture.from_bytes(data, "decoded")
    made = fitted(picture, picture.width, picture.height)
    return Image.open(io.BytesIO(made.data)).convert("RGB").getpixel((2, 2))


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


def noisy(width, height):
    return Image.frombytes("RGB", (width, height), random.Random(4).randbytes(width * height * 3))


@pytest.mark.parametrize("form", ["BMP", "PPM", "TIFF"])
@pytest.mark.parametrize("side", [64, 400, 900])
def test_what_a_jpeg_would_blur_and_came_without_loss_keeps_every_pixel(form, side):
    image = noisy(side, side)
    converted = shown(samples.file(image, form))
    assert (converted.format, converted.convert("RGB").tobytes()) == ("PNG", image.tobytes())


@pytest.mark.parametrize("form", ["BMP", "PPM", "TIFF"])
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
