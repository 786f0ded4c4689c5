"""The forms of TIFF that Pillow reads wrongly or not at all: shown right, or named in words."""

import io
import struct
import subprocess
import sys
import zlib

import pytest
import samples
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imagebridge.errors import PictureError
from imagebridge.pictures import tiff
from imagebridge.pictures.convert import converted

QUARTERS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255))
WIDTH, HEIGHT = 8, 4
PIXELS = [QUARTERS[(x >= 4) + 2 * (y >= 2)] for y in range(HEIGHT) for x in range(WIDTH)]


def made(bits, colours, strips, *, order="<", packed=1, **tags):
    """A TIFF of 8x4 pixels, a strip a plane. `tags` are named: samples, planar, extra, form, table."""
    names = {
        "samples": 277,
        "planar": 284,
        "extra": 338,
        "form": 339,
        "table": 320,
        "halved": 530,
        "across": 322,
        "down": 323,
        "stream": 513,
        "length": 514,
    }
    count = tags.get("samples", 1)
    values = {256: (4, [WIDTH]), 257: (4, [HEIGHT]), 258: (3, [bits] * count), 259: (3, [packed]),
              262: (3, [colours]), 278: (4, [HEIGHT]), 277: (3, [count])}  # fmt: skip
    values |= {
        names[name]: (3, value if isinstance(value, list) else [value]) for name, value in tags.items()
    }
    if "form" in tags:
        values[339] = (3, [tags["form"]] * count)
    body, starts = b"", []
    for strip in strips:
        starts.append(8 + len(body))
        body += strip + bytes(len(strip) % 2)
    values |= {273: (4, starts), 279: (4, [len(strip) for strip in strips])}
    entries, behind = b"", b""
    for tag, (kind, numbers) in sorted(values.items()):
        raw = struct.pack(f"{order}{len(numbers)}{'H' if kind == 3 else 'I'}", *numbers)
        if len(raw) > 4:
            place = 8 + len(body) + len(behind)
            behind += raw + bytes(len(raw) % 2)
            raw = struct.pack(f"{order}I", place)
        entries += struct.pack(f"{order}HHI", tag, kind, len(numbers)) + raw.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8 + len(body) + len(behind))
    return head + body + behind + struct.pack(f"{order}H", len(values)) + entries + bytes(4)


def samples_of(letter, of, order="<", channels=(0, 1, 2)):
    return b"".join(struct.pack(order + letter, of(pixel[c])) for pixel in PIXELS for c in channels)


def tile():
    """The pixels in a tile of 16x16."""
    rows = [PIXELS[y * WIDTH : (y + 1) * WIDTH] + [(9, 9, 9)] * 8 for y in range(HEIGHT)]
    return bytes(value for row in rows + [[(9, 9, 9)] * 16] * 12 for pixel in row for value in pixel)


def planes(letter, of, order="<"):
    return [samples_of(letter, of, order, (c,)) for c in range(3)]


TABLE = [value * 257 for c in range(3) for value in [pixel[c] for pixel in QUARTERS] + [0] * 65_532]
INDICES = b"".join(struct.pack("<H", QUARTERS.index(pixel)) for pixel in PIXELS)
SHOWN = {
    f"{name}, {order}": data
    for order in "<>"
    for name, data in {
        "16 bits in planes": made(16, 2, planes("H", lambda v: v * 257, order), order=order, samples=3, planar=2),
        "16 bits in packed planes": made(
            16, 2, [zlib.compress(one) for one in planes("H", lambda v: v * 257, order)],
            order=order, packed=8, samples=3, planar=2,
        ),
        "tiles that are called strips": made(8, 2, [tile()], order=order, samples=3, across=16, down=16),
        "32 bits": made(32, 2, [samples_of("I", lambda v: v * 0x1010101, order)], order=order, samples=3),
        "floats": made(32, 2, [samples_of("f", lambda v: v / 255, order)], order=order, samples=3, form=3),
        "half floats": made(16, 2, [samples_of("e", lambda v: v / 255, order)], order=order, samples=3, form=3),
        "floats beyond white": made(32, 2, [samples_of("f", lambda v: v / 25 - 1, order)], order=order, samples=3, form=3),
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
        "all its values are -7, which is shown as black",
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
    "one more beside colours": (made(8, 2, [bytes((*QUARTERS[0], 1)) * 32], samples=4, extra=0), QUARTERS[0], "one more value"),
    "one more that is not named": (made(8, 2, [bytes((*QUARTERS[0], 1)) * 32], samples=4), QUARTERS[0], "one more value"),
    "one more beside grey": (made(8, 1, [bytes((9, 1)) * 32], samples=2, extra=0), (9, 9, 9), "one more value"),
    "two more beside colours": (made(8, 2, [bytes((*QUARTERS[0], 1, 2)) * 32], samples=5, extra=[0, 0]), QUARTERS[0], "2 more values"),
    "opacity": (made(8, 2, [bytes((*QUARTERS[0], 255)) * 32], samples=4, extra=2), QUARTERS[0], ""),
}  # fmt: skip


@pytest.mark.parametrize("name", MORE)
def test_values_that_say_nothing_are_left_out_and_told(name):
    data, colour, told = MORE[name]
    image, sentence = shown(data)
    assert image.convert("RGB").getpixel((3, 3)) == colour
    assert sentence.startswith(f"each pixel has {told}, of which the file") if told else not sentence


TOLD = {
    "logarithms of light": (
        made(16, 32845, [bytes(64)], packed=34676, samples=3, form=2),
        (
            "a TIFF of a form that is not decoded here: LogLuv, 3 samples a pixel, signed 16 bits a sample, packed with "
            "SGI's logarithms"
        ),
    ),
    "WebP inside": (
        made(8, 2, [b"RIFF"], packed=50001, samples=3),
        "a TIFF of a form that is not decoded here: RGB, 3 samples a pixel, 8 bits a sample, packed with WebP",
    ),
    "half as many colours": (
        made(8, 6, [bytes(64)], samples=3, halved=[2, 1]),
        "a TIFF of a form that is not decoded here: YCbCr, 3 samples a pixel, 8 bits a sample",
    ),
    "unknown packing": (
        made(8, 1, [bytes(32)], packed=999),
        "a TIFF of a form that is not decoded here: grey, 1 samples a pixel, 8 bits a sample, packed with compression 999",
    ),
    "seven samples": (
        made(16, 2, [bytes(14 * 32)], samples=7, planar=2),
        "a TIFF of a form that is not decoded here: RGB, 7 samples a pixel, 16 bits a sample, in planes",
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_is_not_decoded_is_named(name):
    data, reason = TOLD[name]
    with pytest.raises(PictureError) as raised:
        converted(samples.b64(data), "decoded")
    assert raised.value.reason == reason


@settings(deadline=None)
@given(st.sampled_from(sorted(SHOWN)), st.data())
def test_damage_to_rare_forms_never_raises_anything_else(name, data):
    damaged = bytearray(SHOWN[name][:2_000])
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(4, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    found = tiff.page(bytes(damaged), 0)
    try:
        if found:
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


@pytest.mark.parametrize("name", NOISY)
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
