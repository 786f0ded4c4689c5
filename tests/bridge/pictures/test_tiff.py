"""Forms of TIFF that Pillow misreads or cannot read are shown correctly, or explained."""

import io
import struct
import subprocess
import sys
import zlib
from functools import partial

import pytest
import samples
from hypothesis import given, settings
from hypothesis import strategies as st
from long_rows import one_in
from PIL import Image

from imagebridge.errors import PictureError
from imagebridge.pictures import metadata, tiff_directory
from imagebridge.pictures.convert import converted
from imagebridge.pictures.decode import read

QUARTERS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255))
WIDTH, HEIGHT = 8, 4
PIXELS = [QUARTERS[(x >= 4) + 2 * (y >= 2)] for y in range(HEIGHT) for x in range(WIDTH)]


NAMES = {
    "rows": 278,
    "samples": 277,
    "turned": 274,
    "planar": 284,
    "predictor": 317,
    "extra": 338,
    "form": 339,
    "table": 320,
    "weights": 529,
    "halved": 530,
    "levels": 532,
    "across": 322,
    "down": 323,
    "process": 512,
    "stream": 513,
    "length": 514,
}
BYTE, SHORT, LONG, FRACTION, LONG8 = 1, 3, 4, 5, 16
LETTERS = {BYTE: "B", SHORT: "H", LONG: "I", FRACTION: "I", LONG8: "Q"}


def made(bits, colours, pieces, *, order="<", packed=1, big=False, **tags):
    """A TIFF of 8x4 pixels, or a BigTIFF, of strips, or tiles where `across` is given. `tags` are called as in NAMES."""
    count, head = tags.get("samples", 1), 16 if big else 8
    values = {256: (LONG, [WIDTH]), 257: (LONG, [HEIGHT]), 258: (SHORT, [bits] * count), 259: (SHORT, [packed]),
              262: (SHORT, [colours]), 278: (LONG, [HEIGHT]), 277: (SHORT, [count])}  # fmt: skip
    values |= {
        NAMES[name]: (SHORT, value if isinstance(value, list) else [value]) for name, value in tags.items()
    }
    if "form" in tags:
        values[339] = (SHORT, [tags["form"]] * count)
    for name in ("weights", "levels"):
        if name in tags:
            values[NAMES[name]] = (FRACTION, [part for one in tags[name] for part in (one, 1_000)])
    body, starts = b"", []
    for piece in pieces:
        starts.append(head + len(body))
        body += piece + bytes(len(piece) % 2)
    number = LONG8 if big else LONG
    values |= {273: (number, starts), 279: (number, [len(piece) for piece in pieces])}
    return headed(body, values, order, big)


def headed(body, values, order, big):
    """The pixels of a TIFF between its header and its directory: a type and numbers for each tag."""
    head, pointer, room = (16, "Q", 8) if big else (8, "I", 4)
    entries, behind = b"", b""
    for tag, (kind, numbers) in sorted(values.items()):
        raw = struct.pack(f"{order}{len(numbers)}{LETTERS[kind]}", *numbers)
        many = len(numbers) // 2 if kind == FRACTION else len(numbers)
        if len(raw) > room:
            place = head + len(body) + len(behind)
            behind += raw + bytes(len(raw) % 2)
            raw = struct.pack(f"{order}{pointer}", place)
        entries += struct.pack(f"{order}HH{pointer}", tag, kind, many) + raw.ljust(room, b"\0")
    begun = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}H", 43 if big else 42)
    begun += struct.pack(f"{order}HH", 8, 0) if big else b""
    start = struct.pack(f"{order}{pointer}", head + len(body) + len(behind))
    many = struct.pack(f"{order}{'Q' if big else 'H'}", len(values))
    return begun + start + body + behind + many + entries + bytes(room)


def samples_of(letter, of, order="<", channels=(0, 1, 2)):
    return b"".join(struct.pack(order + letter, of(pixel[c])) for pixel in PIXELS for c in channels)


def tile():
    """The pixels in a tile of 16x16."""
    rows = [PIXELS[y * WIDTH : (y + 1) * WIDTH] + [(9, 9, 9)] * 8 for y in range(HEIGHT)]
    return bytes(value for row in rows + [[(9, 9, 9)] * 16] * 12 for pixel in row for value in pixel)


def picture_of(pixels, width=WIDTH):
    image = Image.new("RGB", (width, len(pixels) // width))
    image.putdata(pixels)
    return image


def webp(pixels):
    return samples.file(picture_of(pixels), "WEBP", lossless=True)


def webp_tile():
    image = Image.new("RGB", (16, 16))
    image.paste(picture_of(PIXELS))
    return samples.file(image, "WEBP", lossless=True)


def jpeg2000(pixels):
    return samples.file(picture_of(pixels), "JPEG2000", no_jp2=True, mct=0)


def planes(letter, of, order="<"):
    return [samples_of(letter, of, order, (c,)) for c in range(3)]


TABLE = [value * 257 for c in range(3) for value in [pixel[c] for pixel in QUARTERS] + [0] * 65_532]
INDICES = b"".join(struct.pack("<H", QUARTERS.index(pixel)) for pixel in PIXELS)
SHOWN = {
    f"{name}, {order}{' in a BigTIFF' * big}": data
    for big in (False, True)
    for stored in [partial(made, big=big)]
    for order in "<>"
    for name, data in {
        "16 bits in planes": stored(16, 2, planes("H", lambda v: v * 257, order), order=order, samples=3, planar=2),
        "16 bits in packed planes": stored(
            16, 2, [zlib.compress(one) for one in planes("H", lambda v: v * 257, order)],
            order=order, packed=8, samples=3, planar=2,
        ),
        "tiles that are called strips": stored(8, 2, [tile()], order=order, samples=3, across=16, down=16),
        "32 bits": stored(32, 2, [samples_of("I", lambda v: v * 0x1010101, order)], order=order, samples=3),
        "floats": stored(32, 2, [samples_of("f", lambda v: v / 255, order)], order=order, samples=3, form=3),
        "half floats": stored(16, 2, [samples_of("e", lambda v: v / 255, order)], order=order, samples=3, form=3),
        "nothing rare": stored(8, 2, [samples_of("B", int)], order=order, samples=3),
        "WebP": stored(8, 2, [webp(PIXELS)], order=order, packed=50001, samples=3),
        "WebP in strips": stored(8, 2, [webp(PIXELS[:24]), webp(PIXELS[24:])], order=order, packed=50001, samples=3, rows=3),
        "WebP in a tile": stored(8, 2, [webp_tile()], order=order, packed=50001, samples=3, across=16, down=16),
        "JPEG 2000": stored(8, 2, [jpeg2000(PIXELS)], order=order, packed=34712, samples=3),
        "floats beyond white": stored(32, 2, [samples_of("f", lambda v: v / 25 - 1, order)], order=order, samples=3, form=3),
    }.items()
}  # fmt: skip
SHOWN["a palette of 16 bits"] = made(16, 3, [INDICES], table=TABLE)
INKS = b"".join(bytes((*(255 - v for v in pixel), 0, 255)) for pixel in PIXELS)


def shown(data):
    found = converted(samples.b64(data), "decoded")
    return Image.open(io.BytesIO(found.pictures[0].data)), found.sentence


@pytest.mark.parametrize("name", SHOWN)
def test_rare_forms_show_their_colours(name):
    image, sentence = shown(SHOWN[name])
    assert ([image.convert("RGB").getpixel((at % 8, at // 8)) for at in range(32)], sentence) == (PIXELS, "")


def test_inks_with_opacity_are_shown():
    image, _ = shown(made(8, 5, [INKS], samples=5, extra=2))
    assert image.mode == "RGB"
    assert [image.getpixel((6, 3)), image.getpixel((1, 0))[0] > 200] == [(255, 255, 255), True]


def test_grey_that_was_multiplied_with_its_opacity_is_divided():
    data = b"".join(bytes((100 * alpha // 255, alpha)) for alpha in range(0, 256, 8))
    image, _ = shown(made(8, 1, [data], samples=2, extra=1))
    assert image.mode == "LA"
    grey, alpha = image.getpixel((7, 3))
    assert (abs(grey - 100) <= 1, alpha) == (True, 248)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("order", ["<", ">"])
def test_grey_of_which_white_is_zero_is_turned_round(bits, order):
    letter = order + ("B" if bits == 8 else "H")
    values = b"".join(struct.pack(letter, (8 * at) << bits - 8) for at in range(32))
    image, sentence = shown(made(bits, 0, [values], order=order))
    assert ([*image.convert("L").tobytes()], sentence) == ([255 - 8 * at for at in range(32)], "")


@pytest.mark.parametrize("planar", [1, 2])
@pytest.mark.parametrize("packed", [1, 8])
@pytest.mark.parametrize(
    ("order", "letter", "bits", "form", "numbers", "told"),
    [
        *(
            (order, *row)
            for order in "<>"
            for row in [
                ("f", 32, 3, [at / 2 for at in range(32)], "its values from 0 to 15.5 are shown as black to white"),
                ("I", 32, 1, range(0, 2**32, 2**27), "its values from 0 to 4.16075e+09 are shown as black to white"),
                ("I", 32, 1, range(0, 320_000, 10_000), "its values from 0 to 310000 are shown as black to white"),
                ("i", 32, 2, range(-16_000, 16_000, 1_000), "its values from -16000 to 15000 are shown as black to white"),
                ("h", 16, 2, range(-32_000, 0, 1_000), "its values from -32000 to -1000 are shown as black to white"),
                ("H", 16, 1, [round(at * 65_535 / 31) for at in range(32)], ""),
                ("B", 8, 1, [round(at * 255 / 31) for at in range(32)], ""),
            ]
        ),
    ],
)  # fmt: skip
def test_grey_is_shown_from_its_lowest_to_its_highest(
    order, letter, bits, form, numbers, told, packed, planar
):
    """One sample a pixel is in one plane, whatever is said of planes."""
    raw = struct.pack(f"{order}32{letter}", *numbers)
    raw = zlib.compress(raw) if packed == 8 else raw
    image, sentence = shown(made(bits, 1, [raw], order=order, packed=packed, form=form, planar=planar))
    apart = [abs(one - at * 255 / 31) for at, one in enumerate(image.convert("L").tobytes())]
    assert (max(apart) <= 1, sentence) == (True, told)


@pytest.mark.parametrize("order", one_in(2, "<>"))
@pytest.mark.parametrize("planar", one_in(2, [1, 2]))
@pytest.mark.parametrize("packed", [1, 8])
@pytest.mark.parametrize("bits", [8, 16, 32])
@pytest.mark.parametrize(("colours", "extra"), one_in(3, [(1, 1), (1, 2), (2, 1), (2, 2)]))
def test_opacity_is_kept_in_whatever_form(order, planar, packed, bits, colours, extra):
    letter, form = {8: ("B", 1), 16: ("H", 1), 32: ("f", 3)}[bits]
    most = 1.0 if form == 3 else (1 << bits) - 1
    channels = [0.8] if colours == 1 else [0.8, 0.4, 0.0]
    opacity = [at / 31 for at in range(32)]
    layers = [[one * (alpha if extra == 1 else 1) for alpha in opacity] for one in channels] + [opacity]
    layers = [[one * most if form == 3 else round(one * most) for one in layer] for layer in layers]
    many = len(layers)
    if planar == 2:
        pieces = [struct.pack(f"{order}32{letter}", *layer) for layer in layers]
    else:
        pieces = [
            struct.pack(f"{order}{32 * many}{letter}", *(one[at] for at in range(32) for one in layers))
        ]
    pieces = [zlib.compress(one) for one in pieces] if packed == 8 else pieces
    data = made(
        bits, colours, pieces, order=order, packed=packed, form=form, samples=many, planar=planar, extra=extra
    )
    image, sentence = shown(data)
    *colour, alpha = image.convert("RGBA").getpixel((7, 2))
    expected = [204, 204, 204] if colours == 1 else [204, 102, 0]
    apart = [
        abs(one - other) for one, other in zip([*colour, alpha], [*expected, 23 * 255 / 31], strict=True)
    ]
    assert (max(apart) <= 2, sentence) == (True, "")


@pytest.mark.parametrize("planar", one_in(2, [1, 2]))
@pytest.mark.parametrize(("bits", "letter"), one_in(2, [(8, "B"), (16, "H")]))
@pytest.mark.parametrize("extra", one_in(3, [[2, 0], [0, 2], [1, 0], [0, 1], [0, 0], [2]]))
@pytest.mark.parametrize(
    ("colours", "pixel", "expected"),
    [(0, [51], [204] * 3), (1, [204], [204] * 3), (2, [204, 102, 0], [204, 102, 0]), (5, [0, 51, 255, 0], [255, 204, 0])],
)  # fmt: skip
def test_the_opacity_is_found_among_other_values(colours, pixel, expected, extra, bits, letter, planar):
    opacity = next((one for one in extra if one), 0)
    shown_pixel = [round(one * 102 / 255) if opacity == 1 else one for one in pixel]
    pixel = [
        one * (257 if bits == 16 else 1) for one in [*shown_pixel, *(102 if one else 9 for one in extra)]
    ]
    many = len(pixel)
    pieces = (
        [struct.pack(f"<32{letter}", *[one] * 32) for one in pixel]
        if planar == 2
        else [struct.pack(f"<{32 * many}{letter}", *pixel * 32)]
    )
    image, sentence = shown(made(bits, colours, pieces, samples=many, planar=planar, extra=extra))
    *colour, alpha = image.convert("RGBA").getpixel((3, 2))
    assert max(abs(one - other) for one, other in zip(colour, expected, strict=True)) <= 2
    assert alpha == (102 if opacity else 255)
    unexplained = extra.count(0)
    told = {
        0: "",
        1: "each pixel has one extra value, left out",
        2: "each pixel has 2 extra values, left out",
    }
    assert sentence.startswith(told[unexplained])
    assert bool(sentence) == bool(unexplained)


def test_half_floats_with_a_predictor_are_not_called_damaged():
    raw = zlib.compress(struct.pack("<32e", *range(32)))
    with pytest.raises(PictureError) as raised:
        shown(made(16, 1, [raw], packed=8, form=3, predictor=3))
    assert raised.value.reason.startswith("this variant of TIFF is not supported: grey")


def test_a_fourth_value_that_is_not_explained_is_not_taken_for_opacity():
    image, _ = shown(made(8, 2, [bytes((*QUARTERS[0], 1)) * 32], samples=4))
    assert image.convert("RGBA").getpixel((3, 3)) == (*QUARTERS[0], 255)


@pytest.mark.parametrize("planar", [1, 2])
def test_the_palette_of_a_page_in_planes_is_applied(planar):
    colours = [value * channel % 256 * 257 for channel in (1, 3, 5) for value in range(256)]
    indices, opacity = bytes(range(32)), bytes(8 * at for at in range(32))
    pieces = (
        [indices, opacity]
        if planar == 2
        else [bytes(one for pair in zip(indices, opacity, strict=True) for one in pair)]
    )
    image, sentence = shown(made(8, 3, pieces, samples=2, planar=planar, extra=2, table=colours))
    assert (image.convert("RGBA").getpixel((1, 3)), sentence) == ((25, 75, 125, 200), "")


def test_grey_in_planes_that_was_multiplied_with_its_opacity_is_divided():
    alphas = list(range(0, 256, 8))
    image, sentence = shown(
        made(8, 1, [bytes(100 * one // 255 for one in alphas), bytes(alphas)], samples=2, planar=2, extra=1)
    )
    grey, alpha = image.getpixel((7, 3))
    assert (image.mode, abs(grey - 100) <= 1, alpha, sentence) == ("LA", True, 248, "")


def test_a_jpeg_as_old_tiffs_hold_it_shows_its_colours():
    """TIFF 6.0, section 22: the whole stream, whose place and length two tags name."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), (200, 60, 30))
    stream = samples.file(picture, "JPEG", quality=95)
    data = made(8, 6, [stream], samples=3, packed=6, halved=[2, 2], stream=8, length=len(stream))
    image, sentence = shown(data)
    apart = [abs(a - b) for a, b in zip(image.convert("RGB").getpixel((4, 2)), (200, 60, 30), strict=True)]
    assert (max(apart) <= 6, sentence) == (True, "")


STUDIO = ([16_000, 235_000, 128_000, 240_000, 128_000, 240_000], 219, 112)
"""Levels as television has them: black and white of Y, and none and full of both colours, in thousandths."""


def units(across, down, weights=(0.299, 0.587, 0.114), light=255, colour=127, low=0, rows=HEIGHT):
    """PIXELS as Y, Cb and Cr, where `across` x `down` pixels share both colours (TIFF 6.0, sections 20 and 21)."""
    made = []
    for pixel in PIXELS:
        y = sum(weight * value for weight, value in zip(weights, pixel, strict=True))
        cb, cr = ((pixel[at] - y) / (2 - 2 * weights[at]) for at in (2, 0))
        made.append((round(low + y * light / 255), *(round(128 + one * colour / 127) for one in (cb, cr))))
    data = b""
    for top in range(0, rows, down):
        for left in range(0, WIDTH, across):
            shared = [made[(top + y) * WIDTH + left + x] for y in range(down) for x in range(across)]
            data += bytes(min(255, one[0]) for one in shared) + bytes(min(255, one) for one in shared[0][1:])
    return data


BY_709 = (0.2126, 0.7152, 0.0722)
SHARED = {
    f"{across}x{down} pixels share their colours, {order}{' in a BigTIFF' * big}": made(
        8, 6, [units(across, down)], order=order, big=big, samples=3, halved=[across, down]
    )
    for across in (1, 2, 4)
    for down in (1, 2)
    for order in "<>"
    for big in (False, True)
} | {
    "nothing says how many share them": made(8, 6, [units(2, 2)], samples=3),
    "packed": made(8, 6, [zlib.compress(units(2, 2))], samples=3, packed=8, halved=[2, 2]),
    "two strips": made(
        8, 6, [units(2, 2)[:24], units(2, 2)[24:]], samples=3, halved=[2, 2], rows=2
    ),
    "a tile": made(
        8, 6, [b"".join(units(2, 2)[at : at + 24] + bytes(24) for at in (0, 24)) + bytes(6 * 48)],
        samples=3, halved=[2, 2], across=16, down=16,
    ),
    "levels of television": made(
        8, 6, [units(2, 1, light=STUDIO[1], colour=STUDIO[2], low=16)], samples=3, halved=[2, 1], levels=STUDIO[0]
    ),
    "planes of colours that nothing shares": made(
        8, 6, [units(1, 1)[at::3] for at in range(3)], samples=3, planar=2, halved=[1, 1]
    ),
    "other weights": made(
        8, 6, [units(2, 1, BY_709)], samples=3, halved=[2, 1], weights=[round(1_000 * one) for one in BY_709]
    ),
}  # fmt: skip


LAYERS = [[pixel[at] for pixel in QUARTERS] for at in range(3)]


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_palette_of_8_bits_in_16_is_taken_for_what_it_is(bits, order):
    """Old writers gave them so, and libtiff reads them."""
    used = min(4, 1 << bits)
    indices = [QUARTERS.index(pixel) % used for pixel in PIXELS]
    each = 8 // bits
    groups = [indices[at : at + each] for at in range(0, 32, each)]
    pixels = bytes(sum(one << bits * (each - 1 - at) for at, one in enumerate(group)) for group in groups)
    table = [value for layer in LAYERS for value in layer[:used] + [0] * ((1 << bits) - used)]
    image, sentence = shown(made(bits, 3, [pixels], order=order, table=table))
    found = [image.convert("RGB").getpixel((at % 8, at // 8)) for at in range(32)]
    assert (found, sentence) == ([QUARTERS[one] for one in indices], "")


@pytest.mark.parametrize("kind", [BYTE, SHORT, LONG])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("big", [False, True])
def test_a_page_is_turned_whatever_its_form_and_the_type_of_its_tag(bits, kind, big):
    letter, of = ("B", int) if bits == 8 else ("H", lambda value: value * 257)
    pieces = planes(letter, of)  # those of 16 bits Pillow does not read
    values = {256: (LONG, [WIDTH]), 257: (LONG, [HEIGHT]), 258: (SHORT, [bits] * 3), 262: (SHORT, [2])}
    values |= {274: (kind, [6]), 277: (SHORT, [3]), 278: (LONG, [HEIGHT]), 284: (SHORT, [2])}
    starts = [(16 if big else 8) + len(pieces[0]) * at for at in range(3)]
    values |= {273: (LONG, starts), 279: (LONG, [len(one) for one in pieces])}
    image, sentence = shown(headed(b"".join(pieces), values, "<", big))
    expected = picture_of(PIXELS).transpose(Image.Transpose.ROTATE_270)
    assert (image.convert("RGB").tobytes(), image.size, sentence) == (expected.tobytes(), (4, 8), "")


@pytest.mark.parametrize("name", SHARED)
def test_colours_that_several_pixels_share_are_shown(name):
    image, sentence = shown(SHARED[name])
    found = image.convert("RGB")
    apart = [
        abs(one - other)
        for at, pixel in enumerate(PIXELS)
        for one, other in zip(found.getpixel((at % 8, at // 8)), pixel, strict=True)
    ]
    assert (max(apart) <= 3, sentence) == (True, "")


def test_opacity_of_webp_inside_is_kept():
    half = picture_of(PIXELS)
    half.putalpha(128)
    inside = samples.file(half, "WEBP", lossless=True)
    image, sentence = shown(made(8, 2, [inside], packed=50001, samples=4, extra=2))
    assert (image.mode, image.getpixel((7, 3)), sentence) == ("RGBA", (255, 255, 255, 128), "")


def big_pages(following=0):
    """A BigTIFF of two pages, of which the second one leads to `following`."""
    first, second = (Image.new("L", (6, 5), value) for value in (90, 200))
    data = samples.file(first, "TIFF", big_tiff=True, save_all=True, append_images=[second])
    (at,) = struct.unpack_from("<Q", data, 8)
    for _ in range(2):
        pointer = at + 8 + 20 * struct.unpack_from("<Q", data, at)[0]
        (at,) = struct.unpack_from("<Q", data, pointer)
    assert at == 0
    return data[:pointer] + struct.pack("<Q", following) + data[pointer + 8 :]


MISSED = "the 2 pages of a TIFF; pages after page 2 cannot be read"
FIRST = struct.unpack_from("<Q", big_pages(), 8)[0]


@pytest.mark.parametrize(
    ("following", "told"), [(0, "the 2 pages of a TIFF"), (1 << 40, MISSED), (FIRST, "the 2 pages of a TIFF")]
)
def test_pages_of_a_bigtiff_are_shown(following, told):
    found = converted(samples.b64(big_pages(following)), "decoded")
    greys = [Image.open(io.BytesIO(one.data)).convert("L").getpixel((3, 3)) for one in found.pictures]
    assert (greys, found.sentence) == ([90, 200], told)


@pytest.mark.parametrize("big", [False, True])
def test_pages_of_forms_that_pillow_does_not_know_are_shown_and_told(big):
    forms = [
        (32, lambda value: value * 0x1010101, {}),
        (32, lambda value: value * 0x1010101, {"packed": 999}),
    ]
    pages = [made(bits, 2, [samples_of("I", of)], samples=3, big=big, **more) for bits, of, more in forms]
    first, second = pages
    at, number = (8, "Q") if big else (4, "I")
    (start,) = struct.unpack_from(f"<{number}", second, at)
    # The second one stands behind the first; what it says of places is that of the file it came from.
    tail = len(first) - struct.calcsize(number)
    whole = first[:tail] + struct.pack(f"<{number}", len(first)) + second[start:]
    found = converted(samples.b64(whole), "decoded")
    image = Image.open(io.BytesIO(found.pictures[0].data)).convert("RGB")
    assert [image.getpixel((at % 8, at // 8)) for at in range(32)] == PIXELS
    assert (len(found.pictures), found.sentence) == (
        1,
        (
            "page 1 of the 2 pages of a TIFF; page 2 cannot be shown: this variant of TIFF is not supported: "
            "RGB, 3 samples per pixel, 32 bits per sample, compressed with compression 999"
        ),
    )


@pytest.mark.parametrize("kind", [LONG, LONG8])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_bigtiff_is_turned_and_keeps_what_the_camera_noted(order, kind):
    exposure = struct.pack(f"{order}QHHQII", 1, 0x829A, FRACTION, 1, 1, 2) + bytes(8)
    values = {256: (LONG, [4]), 257: (LONG, [2]), 258: (SHORT, [8]), 262: (SHORT, [1]), 278: (LONG, [2])}
    values |= {273: (LONG8, [16]), 279: (LONG8, [8]), 274: (SHORT, [6]), 0x8769: (kind, [24])}
    data = headed(bytes(8) + exposure, values, order, big=True)
    notes = metadata.camera_notes(data, read(data))
    assert (shown(data)[0].size, notes.turned, notes.photo) == ((2, 4), 6, {0x829A: 0.5})


@pytest.mark.parametrize("at", [24, 2**31, 2**63, 2**64 - 1])
def test_a_bigtiff_whose_directory_lies_beyond_its_end_is_refused(at):
    with pytest.raises(PictureError, match="its header cannot be read"):
        tiff_directory.classic(struct.pack("<4sHHQ", b"II+\0", 8, 0, at) + bytes(8))


def test_a_bigtiff_whose_tags_hold_the_same_numbers_again_and_again_takes_no_more_than_the_file():
    numbers = struct.pack("<2000Q", *range(2_000))
    entry = struct.pack("<HHQQ", 65_000, LONG8, 2_000, 16)
    data = struct.pack("<4sHHQ", b"II+\0", 8, 0, 16 + len(numbers)) + numbers
    data += struct.pack("<Q", 1_000) + entry * 1_000 + bytes(8)
    with pytest.raises(PictureError, match="its header cannot be read"):
        tiff_directory.classic(data)


def test_signed_grey_goes_from_dark_to_light_and_says_so():
    image, sentence = shown(made(8, 1, [bytes(range(128, 160))], form=2))
    assert image.getpixel((0, 0)) < image.getpixel((7, 3)) < 40
    assert sentence == "its values are signed: -128 is shown as black, 127 as white"


SIGNED = {
    "8 bits": (8, "b", lambda v: v - 128, "its values are signed: -128 is shown as black, 127 as white"),
    "16 bits": (
        16,
        "h",
        lambda v: 20 * v - 3_000,
        "its values from -3000 to 2100 are shown as black to white",
    ),
    "16 bits that are all the same": (
        16,
        "h",
        lambda _: -7,
        "all its values are -7, shown as black",
    ),
}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("planar", [1, 2])
@pytest.mark.parametrize("name", SIGNED)
def test_signed_colours_go_from_dark_to_light_and_say_so(name, planar, order):
    bits, letter, of, told = SIGNED[name]
    pixels = planes(letter, of, order) if planar == 2 else [samples_of(letter, of, order)]
    image, sentence = shown(made(bits, 2, pixels, order=order, samples=3, planar=planar, form=2))
    black = [(0, 0, 0)] * 32
    assert sentence == told
    assert [image.convert("RGB").getpixel((at % 8, at // 8)) for at in range(32)] == (
        black if "same" in name else PIXELS
    )


MORE = {
    "one more beside colours": (made(8, 2, [bytes((*QUARTERS[0], 1)) * 32], samples=4, extra=0), QUARTERS[0], "one extra value"),
    "one more that is not named": (made(8, 2, [bytes((*QUARTERS[0], 1)) * 32], samples=4), QUARTERS[0], "one extra value"),
    "one more beside grey": (made(8, 1, [bytes((9, 1)) * 32], samples=2, extra=0), (9, 9, 9), "one extra value"),
    "two more beside colours": (made(8, 2, [bytes((*QUARTERS[0], 1, 2)) * 32], samples=5, extra=[0, 0]), QUARTERS[0], "2 extra values"),
    "one of a kind that there is not": (made(8, 2, [bytes((*QUARTERS[0], 1)) * 32], samples=4, extra=999), QUARTERS[0], "one extra value"),
    "one of no kind beside grey": (made(8, 1, [bytes((9, 1)) * 32], samples=2, extra=999), (9, 9, 9), "one extra value"),
    "opacity": (made(8, 2, [bytes((*QUARTERS[0], 255)) * 32], samples=4, extra=2), QUARTERS[0], ""),
}  # fmt: skip


@pytest.mark.parametrize("name", MORE)
def test_values_that_say_nothing_are_left_out_and_told(name):
    data, colour, told = MORE[name]
    image, sentence = shown(data)
    assert image.convert("RGB").getpixel((3, 3)) == colour
    assert sentence.startswith(f"each pixel has {told}, left out because the file") if told else not sentence


def jpeg_segment(marker, body):
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def lossless_jpeg(bits, channels=1):
    """A lossless JPEG of 8x4 pixels of middle grey (T.81, annex H): each differs by nothing from the one before."""
    frame = struct.pack(">BHHB", bits, HEIGHT, WIDTH, channels) + b"".join(
        bytes((at, 0x11, 0)) for at in range(channels)
    )
    code = bytes((0, 1)) + bytes(15) + bytes(1)
    scan = bytes((channels, *(part for at in range(channels) for part in (at, 0)), 1, 0, 0))
    pixels = bytes(WIDTH * HEIGHT * channels // 8)
    segments = jpeg_segment(0xC3, frame) + jpeg_segment(0xC4, code) + jpeg_segment(0xDA, scan)
    return b"\xff\xd8" + segments + pixels + b"\xff\xd9"


TWELVE = (0xFFF800).to_bytes(3, "big") * (WIDTH * HEIGHT // 2)
"""White and middle grey by turns, in 12 bits each."""


@pytest.mark.parametrize(
    ("data", "greys"),
    [
        (made(12, 1, [TWELVE]), (255, 128)),
        (made(12, 1, [TWELVE[:24], TWELVE[24:]], rows=2), (255, 128)),
        (made(12, 1, [zlib.compress(TWELVE)], packed=8), (255, 128)),
        (made(12, 1, [lossless_jpeg(12)], packed=7), (128, 128)),
        (made(8, 1, [lossless_jpeg(8)], packed=7), (128, 128)),
    ],
    ids=[
        "12 bits",
        "12 bits in strips",
        "12 bits in deflate",
        "lossless JPEG of 12 bits",
        "lossless JPEG of 8 bits",
    ],
)
def test_grey_of_twelve_bits_and_lossless_jpeg_are_as_light_as_they_say(data, greys):
    image, sentence = shown(data)
    assert ([image.convert("L").getpixel((x, 3)) for x in range(2)], sentence) == ([*greys], "")


def from_lab(light, a, b, white):
    """A colour of CIE 1976 L*a*b*, seen under a white, in sRGB without adaptation between whites (CIE 15:2004)."""

    def cubed(value):
        return value**3 if value > 6 / 29 else 3 * (6 / 29) ** 2 * (value - 4 / 29)

    middle = (light + 16) / 116
    found = [cubed(middle + a / 500) * white[0], cubed(middle), cubed(middle - b / 200) * white[1]]
    return [sum(factor * part for factor, part in zip(row, found, strict=True)) for row in FROM_XYZ[white]]


D50, D65 = (0.9642, 0.8249), (0.9505, 1.0891)
FROM_XYZ = {
    # From XYZ seen under D50 to light of sRGB, which is seen under D65: by Bradford's adaptation (ICC.1:2022, annex E).
    D50: ((3.1339, -1.6169, -0.4906), (-0.9788, 1.9161, 0.0335), (0.0719, -0.2290, 1.4052)),
    D65: ((3.2405, -1.5371, -0.4985), (-0.9693, 1.8760, 0.0416), (0.0556, -0.2040, 1.0572)),
}
LAB = [
    (255, 0, 0),
    (0, 0, 0),
    (128, 0, 0),
    (128, 50, 10),
    (128, -25, 0),
    (178, 0, 60),
    (128, 0, -40),
    (100, 30, -45),
]
"""L* from 0 to 255 for 100, a* and b* as they are."""


def test_lab_is_seen_under_d50():
    """Adobe's note on TIFF (2002-03-22) says so, and so do ICC profiles and libtiff's own reader.

    TIFF 6.0 (section 23) names no white, and libvips takes D65: it is within 1 of 255 of the formula for that.
    """
    stored = b"".join(struct.pack("Bbb", *one) * 4 for one in LAB)
    image, sentence = shown(made(8, 8, [stored], samples=3))
    expected, otherwise = (
        [[encoded(part) for part in from_lab(light / 2.55, a, b, white)] for light, a, b in LAB]
        for white in (D50, D65)
    )
    found = [image.getpixel((at * 4 % WIDTH + 1, at * 4 // WIDTH)) for at in range(len(LAB))]
    assert (farthest(found, expected) <= 3, sentence) == (True, ""), (found, expected)
    assert farthest(found, otherwise) >= 6


def farthest(colours, others):
    """How far two lists of colours are apart, where they are most."""
    pairs = zip(colours, others, strict=True)
    return max(abs(one - other) for pair in pairs for one, other in zip(*pair, strict=True))


def encoded(light):
    """The value of 8 bits for light in sRGB (IEC 61966-2-1)."""
    light = min(1.0, max(0.0, light))
    return round(255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055))


TOLD = {
    "logarithms of light": (
        made(16, 32845, [bytes(64)], packed=34676, samples=3, form=2),
        (
            "this variant of TIFF is not supported: LogLuv, 3 samples per pixel, signed 16 bits per sample, compressed with "
            "SGI's logarithms"
        ),
    ),
    "broken WebP inside": (
        made(8, 2, [b"RIFF"], packed=50001, samples=3),
        "bytes of no known format cannot be decoded",
    ),
    "WebP of another size": (
        made(8, 2, [webp(PIXELS[:24])], packed=50001, samples=3),
        "its pixels cannot be decoded (the file is damaged there)",
    ),
    "a strip of WebP that is missing": (
        made(8, 2, [webp(PIXELS[:16])], packed=50001, samples=3, rows=2),
        "its pixels cannot be decoded (it ends too early)",
    ),
    "WebP multiplied with its opacity": (
        made(8, 2, [webp(PIXELS)], packed=50001, samples=4, extra=1),
        "this variant of TIFF is not supported: RGB, 4 samples per pixel, 8 bits per sample, compressed with WebP",
    ),
    "JPEG XL inside": (
        made(8, 2, [b"\xff\x0a"], packed=50002, samples=3),
        "this variant of TIFF is not supported: RGB, 3 samples per pixel, 8 bits per sample, compressed with JPEG XL",
    ),
    "lossless JPEG of 16 bits": (
        made(16, 2, [lossless_jpeg(16, 3)], packed=7, samples=3),
        "this variant of TIFF is not supported: RGB, 3 samples per pixel, 16 bits per sample, compressed with lossless JPEG",
    ),
    "lossless JPEG of fewer bits than the page says": (
        made(16, 1, [lossless_jpeg(14)], packed=7),
        (
            "this variant of TIFF is not supported: grey, 1 sample per pixel, 16 bits per sample, compressed with lossless "
            "JPEG of 14 bits"
        ),
    ),
    "lossless JPEG in the old way": (
        made(8, 1, [lossless_jpeg(8)], packed=6, process=14),
        "this variant of TIFF is not supported: grey, 1 sample per pixel, 8 bits per sample, compressed with lossless old JPEG",
    ),
    "raw values of a camera": (
        made(16, 32803, [lossless_jpeg(14)], packed=7),
        (
            "this variant of TIFF is not supported: a sensor's raw values, 1 sample per pixel, 16 bits per sample, compressed "
            "with lossless JPEG of 14 bits"
        ),
    ),
    "a JPEG that ends before its frame": (
        made(8, 1, [b"\xff\xd8\xff\xdb\0"], packed=7),
        "its pixels cannot be decoded (the file is damaged there)",
    ),
    "a third as many colours": (
        made(8, 6, [bytes(64)], samples=3, halved=[3, 1]),
        "this variant of TIFF is not supported: YCbCr, 3 samples per pixel, 8 bits per sample",
    ),
    "shared colours of 16 bits": (
        made(16, 6, [bytes(128)], samples=3, halved=[2, 1]),
        "this variant of TIFF is not supported: YCbCr, 3 samples per pixel, 16 bits per sample",
    ),
    "shared colours in strips that part them": (
        made(8, 6, [bytes(24)] * 2, samples=3, halved=[2, 2], rows=3),
        "this variant of TIFF is not supported: YCbCr, 3 samples per pixel, 8 bits per sample",
    ),
    "floats of Lab": (
        made(32, 8, [samples_of("f", float)], samples=3, form=3),
        "this variant of TIFF is not supported: Lab, 3 samples per pixel, floating-point 32 bits per sample",
    ),
    "Lab in planes": (
        made(16, 8, planes("H", int), samples=3, planar=2),
        "this variant of TIFF is not supported: Lab, 3 samples per pixel, 16 bits per sample, in planes",
    ),
    "floats of which white is zero": (
        made(32, 0, [bytes(128)], form=3),
        "this variant of TIFF is not supported: grey, 1 sample per pixel, floating-point 32 bits per sample",
    ),
    "values with a sign of which white is zero": (
        made(16, 0, [bytes(64)], form=2),
        "this variant of TIFF is not supported: grey, 1 sample per pixel, signed 16 bits per sample",
    ),
    "BigTIFF of another form": (
        made(8, 1, [bytes(32)], packed=999, big=True, order=">"),
        "this variant of TIFF is not supported: grey, 1 sample per pixel, 8 bits per sample, compressed with compression 999",
    ),
    "a BigTIFF that is cut short": (
        made(8, 1, [bytes(32)], big=True)[:-40],
        "its header cannot be read (the file is damaged there)",
    ),
    "unknown packing": (
        made(8, 1, [bytes(32)], packed=999),
        "this variant of TIFF is not supported: grey, 1 sample per pixel, 8 bits per sample, compressed with compression 999",
    ),
    "seven samples": (
        made(16, 2, [bytes(14 * 32)], samples=7, planar=2),
        "this variant of TIFF is not supported: RGB, 7 samples per pixel, 16 bits per sample, in planes",
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_is_not_decoded_is_named(name):
    data, reason = TOLD[name]
    with pytest.raises(PictureError) as raised:
        converted(samples.b64(data), "decoded")
    assert raised.value.reason == reason


def announced(width, height, **form):
    """A TIFF of so many pixels, none of which is there."""
    data = bytearray(made(form.pop("bits"), form.pop("colours"), [b"", b""], **form))
    for tag, value in ((256, width), (257, height), (278, height)):
        at = data.index(struct.pack("<HHI", tag, LONG, 1))
        data[at + 8 : at + 12] = struct.pack("<I", value)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (announced(8_000, 7_000, bits=8, colours=6, samples=3), "takes 1,008 MB of memory, over the limit"),
        (announced(5_000, 4_000, bits=32, colours=2, samples=3), "takes 1,080 MB of memory, over the limit"),
        (announced(8_000, 7_000, bits=16, colours=2, samples=3, planar=2), "takes 1,008 MB of memory, over"),
        (
            announced(9_000, 9_000, bits=8, colours=2, samples=3, packed=50001),
            "takes 1,458 MB of memory, over",
        ),
        (
            announced(2_000, 4_000, bits=32, colours=2, samples=3, form=3),
            "converted only up to 20,000,000 samples",
        ),
    ],
)
def test_what_rare_forms_take_is_judged_before_they_are_unpacked(data, reason):
    with pytest.raises(PictureError, match=reason):
        converted(samples.b64(data), "decoded")


@settings(deadline=None)
@given(st.sampled_from(sorted(SHOWN)), st.data())
def test_damage_to_rare_forms_never_raises_anything_else(name, data):
    damaged = bytearray(SHOWN[name][:2_000])
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(4, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        if tiff_directory.page(tiff_directory.classic(bytes(damaged)), 0):
            converted(samples.b64(bytes(damaged)), "decoded")
    except PictureError:
        return


NOISY = {
    "a tag with two values": made(8, 2, [samples_of("B", int)], samples=3, form=1, table=[1, 2, 3]),
    "broken pixels": made(8, 2, [zlib.compress(samples_of("B", int))[:-9]], packed=8, samples=3),
    "a tag beyond the end": made(8, 2, [samples_of("B", int)], samples=3, table=list(range(40))).replace(
        struct.pack("<HHI", 320, 3, 40), struct.pack("<HHI", 34_675, 3, 40_000)
    ),
}


@pytest.mark.parametrize("name", one_in(3, NOISY))
def test_nothing_is_printed_of_what_is_wrong(name):
    program = (
        "import base64, sys; from imagebridge import Policy, translate\n"
        "data = base64.b64encode(sys.stdin.buffer.read()).decode()\n"
        "translate({'content': [{'type': 'image', 'data': data}]}, Policy(proof='decoded'))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], check=False, input=NOISY[name], capture_output=True, timeout=600
    )
    assert (run.returncode, run.stderr) == (0, b"")
