"""The choice of an encoder: drawings keep their pixels, photographs stay small."""

import io
import random

import pytest
from long_rows import one_in
from PIL import Image, ImageDraw, ImageFilter
from samples import b64, file, noise

from imagebridge import output_parts
from imagebridge.pictures import kinds
from imagebridge.pictures.convert import converted, fitted, retyped
from imagebridge.pictures.encode import as_picture, is_flat, within
from imagebridge.pictures.picture import Picture

pytestmark = pytest.mark.pure


def scene(width, height, mode="RGB"):
    """What a camera sees: soft shapes and grain, the same in each run."""
    noise = random.Random(5).randbytes
    small = Image.frombytes(mode, (32, 24), noise(32 * 24 * len(mode)))
    shapes = small.resize((width, height), Image.Resampling.BICUBIC)
    grain = Image.frombytes(mode, (width, height), noise(width * height * len(mode)))
    return Image.blend(shapes, grain, 0.06).filter(ImageFilter.GaussianBlur(0.6))


def saved(image, quality):
    """The picture as JPEG left it."""
    return Image.open(io.BytesIO(file(image, "JPEG", quality=quality))).convert(image.mode)


def enlarged(image, times):
    return image.resize((image.width * times, image.height * times), Image.Resampling.BICUBIC)


def screen():
    """Lines of words on a page, with a panel of even colour shades."""
    page = Image.new("RGB", (1200, 900), "white")
    pen = ImageDraw.Draw(page)
    for line in range(55):
        pen.text((20, 16 * line), f"{line:3} def function_{line}(argument): return value * {line}", "#223")
    for step in range(100):
        pen.rectangle((800, step * 9, 1200, step * 9 + 9), (step * 2, 60, 255 - step))
    return page


def checks(width, height):
    row = b"\0\0\xff\xff\0\0" * width  # blue and red
    return Image.frombytes(
        "RGB", (width, height), b"".join((row, row[3:])[y % 2][: 3 * width] for y in range(height))
    )


def dither():
    page = Image.frombytes("L", (400, 300), random.Random(3).randbytes(400 * 300))
    page = page.point(lambda value: 255 * (value > 128)).convert("RGB")
    return Image.composite(page, Image.new("RGB", page.size, "teal"), page.convert("L"))


PHOTOGRAPHS = {
    "sharp": lambda: scene(640, 480),
    "saved badly": lambda: saved(scene(640, 480).filter(ImageFilter.GaussianBlur(9)), 8),
    "dark": lambda: scene(640, 480).point(lambda value: value // 14),
    "dark and grey": lambda: scene(900, 700, "L").point(lambda value: value // 14),
    "soft": lambda: saved(enlarged(scene(160, 120).filter(ImageFilter.GaussianBlur(2)), 6), 20),
}
DRAWINGS = {
    "screen": screen,
    "screen saved as JPEG": lambda: saved(screen(), 90),
    "screen made smaller": lambda: screen().resize((800, 600), Image.Resampling.LANCZOS),
    "screen in grey": lambda: screen().convert("L"),
    "checks": lambda: checks(16, 16),
    "many checks": lambda: checks(300, 300),
    "two pixels": lambda: checks(2, 1),
    "dither": dither,
    "small and colourful": lambda: Image.frombytes("RGB", (60, 40), random.Random(2).randbytes(7200)),
}


def kind(image):
    (picture,) = converted(b64(file(image, "BMP")), "decoded").pictures
    return picture


@pytest.mark.parametrize("name", one_in(2, PHOTOGRAPHS))
def test_a_photograph_becomes_a_jpeg(name):
    photograph = PHOTOGRAPHS[name]()
    picture = kind(photograph)
    assert picture.media_type == "image/jpeg"
    assert picture.size < len(file(photograph, "PNG")) / 2


def test_some_of_these_photographs_look_drawn():
    assert [name for name, made in PHOTOGRAPHS.items() if is_flat(made())] == [
        "saved badly",
        "dark",
        "dark and grey",
        "soft",
    ]


@pytest.mark.parametrize("name", one_in(3, DRAWINGS))
def test_a_drawing_keeps_its_pixels(name):
    given = DRAWINGS[name]()
    picture = kind(given)
    assert picture.media_type == "image/png"
    shown = Image.open(io.BytesIO(picture.data)).convert(given.mode)
    assert shown.tobytes() == given.tobytes()


@pytest.mark.long
def test_a_soft_photograph_is_shrunk_to_a_jpeg():
    data = file(enlarged(scene(300, 220).filter(ImageFilter.GaussianBlur(1)), 8), "JPEG", quality=20)
    assert is_flat(Image.open(io.BytesIO(data)))
    part = output_parts({"content": [{"type": "image", "data": b64(data)}]})[0]
    assert part["image_url"].startswith("data:image/jpeg;")
    assert len(part["image_url"]) < 1_000_000


def test_a_screen_is_shrunk_to_a_png():
    large = screen().resize((2400, 1800), Image.Resampling.NEAREST)
    assert fitted(Picture.from_bytes(file(large, "PNG")), 1600, 1200).media_type == "image/png"


@pytest.mark.parametrize("media_type", one_in(2, ["image/png", "image/jpeg"]))
@pytest.mark.parametrize("made", [screen, PHOTOGRAPHS["dark"]], ids=["screen", "dark photograph"])
def test_a_type_that_is_asked_for_is_given(made, media_type):
    assert retyped(b64(file(made(), "WEBP")), [media_type]).media_type == media_type


def test_a_grey_photograph_is_one_in_colour_too():
    grain = noise(300, 200).convert("RGB")
    assert len(grain.getcolors(256)) == 256
    assert as_picture(grain).media_type == as_picture(grain.convert("L")).media_type == "image/jpeg"


def stripes(width, height):
    """Columns of colours that all differ: what halved colours mix."""
    row = bytes(one for x in range(width) for one in (x * 37 % 256, x * 91 % 256, x * 53 % 256))
    return Image.frombytes("RGB", (width, height), row * height)


@pytest.mark.parametrize("limit", [None, 100_000, 30_000])
@pytest.mark.parametrize(
    "image",
    [stripes(900, 700), noise(128, 128).convert("RGB"), noise(300, 300).convert("RGB").quantize(8)],
    ids=["stripes", "noise", "dither"],
)
def test_what_came_without_loss_keeps_the_resolution_of_its_colours_when_it_shrinks(image, limit):
    picture = Picture.from_bytes(file(image, "PNG"))
    made = (
        fitted(picture, picture.width // 2, picture.height // 2) if limit is None else within(picture, limit)
    )
    shown = Image.open(io.BytesIO(made.data))
    assert made.size <= (limit or made.size)
    assert shown.format == "PNG" or {layer[1:3] for layer in shown.layer} == {(1, 1)}


@pytest.mark.parametrize("profile", [{}, {"icc_profile": b"a profile"}])
def test_a_webp_without_loss_is_known_by_its_frame(profile):
    image = noise(64, 48)
    assert kinds.is_lossless(file(image, "WEBP", lossless=True, **profile))
    assert not kinds.is_lossless(file(image, "WEBP", quality=80, **profile))
