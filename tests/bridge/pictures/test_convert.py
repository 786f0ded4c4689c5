"""Files that no model accepts are converted to pixels and a sentence about them."""

import io
import math
import struct
import subprocess
import sys
import zlib

import pytest
import samples
from long_rows import one_in
from PIL import Image, ImageChops, TiffImagePlugin
from samples import b64, chunk, drawing, file, photo

from imagebridge.errors import PictureError
from imagebridge.pictures import contact_sheet as sheet
from imagebridge.pictures import grey as deep
from imagebridge.pictures.convert import converted, fitted
from imagebridge.pictures.encode import as_picture, resized
from imagebridge.pictures.picture import Picture

pytestmark = pytest.mark.pure


def made(data, **options):
    """The pictures as PIL images, and the sentence."""
    found = converted(b64(data), "decoded", **options)
    assert all(picture.plain for picture in found.pictures)
    return [Image.open(io.BytesIO(picture.data)) for picture in found.pictures], found.sentence


def several(form, images, **options):
    return file(images[0], form, save_all=True, append_images=images[1:], **options)


def row(image):
    """The grey values of the first row."""
    return [image.convert("L").getpixel((x, 0)) for x in range(image.width)]


def grey(mode, values):
    """One row of grey, flat enough that it becomes a PNG and keeps its values."""
    image = Image.new(mode, (len(values), 1))
    image.putdata(values)
    return image.resize((len(values) * 4, 4), Image.Resampling.NEAREST)


def raw(mode, order, values):
    """The same for a mode that Pillow makes of bytes alone."""
    return Image.frombytes(mode, (4 * len(values), 1), wide(order, values))


def wide(order, values):
    """Each value four times, in 16 bits."""
    return b"".join(4 * struct.pack(f"{order}H", one) for one in values)


WIDE = [0, 0x00FF, 0x8000, 0xFFFF]
DEEP = {
    "16 bits, TIFF": (file(grey("I;16", WIDE), "TIFF"), [0, 0, 128, 255], ""),
    "16 bits, TIFF of the other order": (file(raw("I;16B", ">", WIDE), "TIFF"), [0, 0, 128, 255], ""),
    "16 bits, PGM": (b"P5 16 1 65535\n" + wide(">", WIDE), [0, 1, 128, 255], ""),
    "fractions from 0 to 1": (
        file(grey("F", [0, 0.25, 0.5, 1]), "TIFF"),
        [0, 64, 128, 255],
        "its values from 0 to 1 are shown as black to white",
    ),
    "fractions below 0": (
        file(grey("F", [-100, -50, 0, 100]), "TIFF"),
        [0, 64, 128, 255],
        "its values from -100 to 100 are shown as black to white",
    ),
    "fractions with holes": (
        file(grey("F", [math.nan, -1, 1, math.inf]), "TIFF"),
        [0, 0, 255, 255],
        "its values from -1 to 1 are shown as black to white",
    ),
    "one fraction": (
        file(grey("F", [0.5, 0.5, 0.5, 0.5]), "TIFF"),
        [0, 0, 0, 0],
        "all its values are 0.5, shown as black",
    ),
    "32 bits": (
        file(grey("I", [0, 1_000_000, 2_000_000, 4_000_000]), "TIFF"),
        [0, 64, 128, 255],
        "its values from 0 to 4e+06 are shown as black to white",
    ),
    "32 bits below 0": (
        file(grey("I", [-2, 0, 0, 2]), "TIFF"),
        [0, 128, 128, 255],
        "its values from -2 to 2 are shown as black to white",
    ),
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_grey_keeps_its_brightness(name):
    data, expected, sentence = DEEP[name]
    (image,), told = made(data)
    shown = row(image)
    assert [shown[at * len(shown) // 4] for at in range(4)] == expected
    assert told == sentence


def test_a_picture_without_a_number_is_refused():
    data = file(Image.new("F", (4, 4), math.nan), "TIFF")
    with pytest.raises(PictureError, match="none of its pixels has a finite value"):
        converted(b64(data), "structure")


def test_sixteen_bits_of_grey_with_a_transparent_value():
    rows = 2 * (b"\0" + struct.pack(">4H", *WIDE))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 2, 16, 0, 0, 0, 0))
    clear, pixels = chunk(b"tRNS", struct.pack(">H", 0x00FF)), chunk(b"IDAT", zlib.compress(rows))
    data = b"\x89PNG\r\n\x1a\n" + header + clear + pixels + chunk(b"IEND", b"")
    picture = fitted(Picture.from_bytes(data), 4, 2)
    shown = Image.open(io.BytesIO(picture.data))
    assert [shown.getpixel((x, 0)) for x in range(4)] == [(0, 255), (0, 0), (128, 255), (255, 255)]


TEXT = zlib.compress(b"x" * 3_000_000)
TEXTS = {
    "zTXt": chunk(b"zTXt", b"c\0\0" + TEXT),
    "iTXt": chunk(b"iTXt", b"c\0\1\0\0\0" + TEXT),
}


@pytest.mark.parametrize("end", [33, -12])
@pytest.mark.parametrize("name", TEXTS)
def test_a_png_is_decoded_whatever_its_texts_unpack_to(name, end):
    png = file(drawing(), "PNG")
    data = png[:end] + TEXTS[name] + png[end:]
    picture = Picture.from_bytes(data, "decoded")
    assert picture.data == png  # strict readers refuse such a text too
    red, green, _ = samples.pixels(fitted(picture, 32, 24).data).getpixel((1, 1))
    assert (red > 240, green < 20) == (True, True)


BROKEN_EXIF = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + struct.pack("<HHI", 0x0112, 3, 1)


def test_nothing_is_printed_of_broken_metadata():
    """Warnings are errors in these tests: Pillow's on broken EXIF would fail the decoding."""
    jpeg = file(photo(), "JPEG", exif=BROKEN_EXIF)
    assert Picture.from_bytes(jpeg, "decoded").data == jpeg
    icon = bytearray(file(drawing(), "ICO", sizes=[(64, 48)]))
    icon[6] = 32
    (image,), _ = made(bytes(icon))
    assert image.size == (64, 48)


def test_nothing_is_logged_on_stderr_of_a_broken_tiff():
    """Python writes what nobody handles there; under pytest, somebody does: a process of its own shows it."""
    order = file(drawing(), "TIFF").replace(
        struct.pack("<HHII", 277, 3, 1, 3), struct.pack("<HHII", 277, 3, 1, 9)
    )
    script = "import sys; from imagebridge.pictures.convert import converted; converted(sys.stdin.read(), 'decoded')"
    ended = subprocess.run(
        [sys.executable, "-c", script], check=False, input=b64(order), capture_output=True, text=True
    )
    assert "More samples per pixel" not in ended.stderr
    assert ended.stderr.splitlines()[-1].startswith("imagebridge.errors.PictureError: ")


def strips(data, *numbers):
    """Where the pixels of pages of a TIFF begin."""
    found = []
    with TiffImagePlugin.TiffImageFile(io.BytesIO(data)) as image:
        for number in numbers:
            image.seek(number - 1)
            found.append(image.tag_v2[TiffImagePlugin.STRIPOFFSETS][0])
    return found


COLOURS = [(0, 90, 200), (80, 90, 140), (160, 90, 80)]


def tiff(*broken):
    """A TIFF of three pages of which these, counted from 1, are broken in their pixels."""
    pages = [Image.new("RGB", (200, 100), one) for one in COLOURS]
    data = bytearray(several("TIFF", pages, compression="tiff_deflate"))
    for at in strips(bytes(data), *broken):
        data[at : at + 40] = b"\xff" * 40
    return bytes(data)


UNREADABLE = "cannot be shown: its pixels cannot be decoded"
PAGES = {
    "all sound": ((), [1, 2, 3], "the 3 pages of a TIFF"),
    "the first": ((1,), [2, 3], f"pages 2 and 3 of the 3 pages of a TIFF; page 1 {UNREADABLE}"),
    "the middle one": (
        (2,),
        [1, 3],
        f"pages 1 and 3 of the 3 pages of a TIFF; page 2 {UNREADABLE}",
    ),
    "the last": ((3,), [1, 2], f"the first 2 of 3 pages of a TIFF; page 3 {UNREADABLE}"),
    "two": ((1, 3), [2], f"page 2 of the 3 pages of a TIFF; pages 1 and 3 {UNREADABLE}"),
}


@pytest.mark.parametrize("name", PAGES)
def test_one_bad_page_costs_no_other(name):
    broken, expected, sentence = PAGES[name]
    images, told = made(tiff(*broken))
    assert [image.getpixel((5, 5)) for image in images] == [COLOURS[number - 1] for number in expected]
    assert told.split(" (")[0] == sentence


def test_what_follows_a_broken_header_is_said_to_be_missing():
    data = tiff()
    (third,) = strips(data, 3)
    images, told = made(data[: third + 10])
    assert [image.getpixel((5, 5)) for image in images] == COLOURS[:2]
    assert told == "the 2 pages of a TIFF; pages after page 2 cannot be read"


def test_a_tiff_of_bad_pages_alone_is_refused():
    with pytest.raises(PictureError, match="pixels cannot be decoded"):
        converted(b64(tiff(1, 2, 3)), "structure")


def bilevel(*sides):
    """A TIFF of huge pages in few bytes."""
    return several("TIFF", [Image.new("1", (side, side)) for side in sides], compression="group4")


def test_the_size_of_every_page_is_checked():
    images, told = made(bilevel(20, 12_000, 30))
    assert [image.size for image in images] == [(20, 20), (30, 30)]
    assert told == (
        "pages 1 and 3 of the 3 pages of a TIFF; page 2 cannot be shown: "
        "it unpacks to 12000x12000 pixels, over the limit of 120,000,000"
    )


@pytest.mark.long
def test_large_pages_are_decoded_without_a_warning_up_to_a_number_of_pixels_together():
    """Pillow warns from 89 million pixels on; ours are 120 million a page and 240 together."""
    found = converted(b64(bilevel(9_500, 9_500, 9_500)), "structure")
    assert [(picture.width, picture.height) for picture in found.pictures] == [(9_500, 9_500)] * 2
    assert found.sentence == (
        "the first 2 of 3 pages of a TIFF; more would exceed 240,000,000 pixels in total"
    )


def cell(image, columns, at):
    """The colour in the middle of a frame in the first row of a contact sheet."""
    width = image.width // columns
    return image.convert("RGB").getpixel((width * at + width // 2, 60))


def spoilt(form, frame):
    """An animation of four frames of which this one, counted from 1, cannot be decoded."""
    data = bytearray(samples.animation(form))
    if form == "PNG":
        at = [at for at in range(len(data)) if data[at : at + 4] == b"fdAT"][frame - 2]
        length = int.from_bytes(data[at - 4 : at], "big")
        data[at + 8 : at + 4 + length] = b"\xff" * (length - 4)
        data[at + 4 + length : at + 8 + length] = zlib.crc32(data[at : at + 4 + length]).to_bytes(4, "big")
    else:
        at = [at for at in range(len(data)) if data[at : at + 9] == b"\x2c\0\0\0\0\x40\0\x30\0"][frame - 1]
        flags = data[at + 9]
        data[at + 10 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)] = 99
    return bytes(data)


@pytest.mark.parametrize("form", ["PNG", "GIF"])
def test_the_frames_before_a_bad_one_are_shown(form):
    (image,), told = made(spoilt(form, 3))
    assert told == (
        "2 of 4 frames of an animation (frame 3 and later ones cannot be decoded), 0.5 s long, "
        "left to right and top to bottom, with the time in seconds under each"
    )
    for at, frame in enumerate(samples.frames()[:2]):
        assert cell(image, 2, at) == frame.getpixel((0, 0))


@pytest.mark.parametrize("form", ["PNG", "GIF"])
def test_the_first_frame_is_shown_where_the_second_is_bad(form):
    (image,), told = made(spoilt(form, 2))
    assert told == "the first of 4 frames of an animation (frame 2 and later ones cannot be decoded)"
    assert image.convert("RGB").getpixel((5, 5)) == samples.frames()[0].getpixel((0, 0))


def test_a_bad_first_frame_is_a_reason():
    with pytest.raises(PictureError, match="pixels cannot be decoded"):
        converted(b64(spoilt("GIF", 1)), "structure")


APART = samples.animation("PNG", 4, default_image=True)
"""A PNG whose first picture is for who cannot show animations: no frame of its own."""


def test_a_picture_that_stands_for_an_animation_is_no_frame_of_it():
    (image,), told = made(APART)
    assert told.startswith("3 of 3 frames of an animation, 0.75 s long, ")
    assert cell(image, 2, 0) == samples.frames()[1].getpixel((0, 0))
    (first,), told = made(APART, first_frame=True)
    assert first.getpixel((0, 0)) == samples.frames()[1].getpixel((0, 0))
    assert told == "the first of 3 frames of an animation"


def gif(*counts):
    """A GIF of runs of equal frames, black and red by turns, each run of so many frames."""
    frames = [file(Image.new("P", (8, 8), at), "GIF", optimize=False) for at in (0, 1)]
    colours = b"\0\0\0\xff\0\0"
    head = b"GIF89a\x08\0\x08\0\x80\0\0" + colours
    bodies = [one[13 + (3 << (one[10] & 7) + 1) : -1] for one in frames]
    return head + b"".join(bodies[at % 2] * count for at, count in enumerate(counts)) + b";"


def test_frames_that_are_all_the_same_are_said_to_be():
    (image,), told = made(gif(5))
    assert (image.size, told) == ((8, 8), "an animation of 5 identical frames; this is one of them")


def test_no_more_is_said_than_was_looked_at():
    (image,), told = made(gif(1_000, 20))
    assert image.size == (8, 8)
    assert told == "an animation of 1020 frames; its first 1000 frames are identical; this is one of them"


def test_frames_without_times_are_numbered():
    timed = several("PNG", samples.frames(3), duration=100)
    (image,), told = made(several("PNG", samples.frames(3), duration=0))
    assert told == (
        "3 of 3 frames of an animation, left to right and top to bottom, "
        "with the frame number under each (the file states no times)"
    )
    (other,), _ = made(timed)
    assert image.size == other.size
    assert image.tobytes() != other.tobytes()


@pytest.mark.long
def test_of_an_animation_with_huge_frames_the_first_is_shown():
    first, second = Image.new("P", (7_200, 7_200), 0), Image.new("P", (7_200, 7_200), 1)
    data = several("GIF", [first, second], disposal=2, duration=100)
    found = converted(b64(data), "structure")
    assert [(picture.width, picture.height) for picture in found.pictures] == [(7_200, 7_200)]
    assert found.sentence == (
        "the first of 2 frames of an animation, 7200x7200 pixels each: too large to show more"
    )


@pytest.mark.parametrize(
    ("size", "side", "shown", "sheet"),
    one_in(
        2,
        [
            ((640, 480), 512, 4, (512, 436)),
            ((640, 480), 767, 4, (766, 626)),
            ((640, 480), 768, 9, (766, 652)),
            ((640, 480), 1600, 9, (1456, 1168)),
            ((480, 640), 512, 4, (352, 512)),
            ((64, 48), 512, 4, (512, 436)),
            ((64, 48), 1600, 9, (784, 664)),
            ((500, 500), 512, 4, (464, 512)),
        ],
    ),
)
def test_a_sheet_keeps_within_what_the_model_sees(size, side, shown, sheet):
    frames = [Image.new("RGB", size, (at * 25, 90, 200)) for at in range(10)]
    (image,), told = made(
        several("WEBP", frames, lossless=True, duration=100), fit=lambda *asked: (min(side, *asked),) * 2
    )
    assert told.startswith(f"{shown} of 10 frames")
    assert max(image.size) <= side
    assert image.size == sheet


@pytest.mark.parametrize("first_frame", [True, False])
def test_an_animation_lying_on_its_side_is_set_upright(first_frame):
    exif = Image.Exif()
    exif[0x0112] = 6
    other = drawing().point(lambda value: value * 3 // 4)
    data = several("WEBP", [drawing(), other], exif=exif, lossless=True, duration=100)
    (image,), _ = made(data, first_frame=first_frame)
    red, green, _ = image.convert("RGB").getpixel((45, 2) if first_frame else (192, 10))
    assert (red > 200, green < 60) == (True, True)


OPAQUE = {
    "RGBA": photo().convert("RGBA"),
    "LA": photo().convert("LA"),
    "RGB with a transparent colour that is nowhere": photo(),
}


@pytest.mark.parametrize("name", OPAQUE)
def test_a_channel_through_which_nothing_shines_costs_nothing(name):
    image = OPAQUE[name].copy()
    if "colour" in name:
        image.info["transparency"] = (1, 2, 3)
    assert as_picture(image).media_type == "image/jpeg"
    image = OPAQUE[name].convert("RGBA")
    image.putpixel((0, 0), (0, 0, 0, 254))
    assert as_picture(image).media_type == "image/png"


@pytest.mark.parametrize("mode", one_in(3, ["L", "RGB", "LA", "RGBA"]))
@pytest.mark.parametrize("sharp", [True, False])
@pytest.mark.parametrize(
    "size",
    [
        (997, 701),
        *(
            pytest.param(one, marks=pytest.mark.long)
            for one in ((500, 1499), (1000, 2), (1024, 768), (1999, 500), (2000, 1500))
        ),
    ],
)
def test_what_is_scaled_in_halves_has_no_seam(size, sharp, mode):
    image = photo(2000, 1500).convert(mode)
    kernel = Image.Resampling.LANCZOS if sharp else Image.Resampling.BICUBIC
    found = resized(image, *size, sharp=sharp)
    assert (found.mode, found.size) == (mode, size)
    difference = ImageChops.difference(found, image.resize(size, kernel, reducing_gap=2.0))
    assert max(band.getextrema()[1] for band in difference.split()) <= 1


@pytest.mark.parametrize("size", [(1, 4000), (4000, 1), (2, 9000)])
def test_a_jpeg_one_pixel_thin_is_shrunk(size):
    picture = Picture.from_bytes(file(photo(*size), "JPEG"))
    width, height = (max(1, side * 512 // max(size)) for side in size)
    made = fitted(picture, width, height)
    assert (made.width, made.height) == (width, height)


def test_what_a_decoder_does_not_foresee_is_a_reason(monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("integer division or modulo by zero")

    monkeypatch.setattr(sheet, "contact_sheet", fail)
    monkeypatch.setattr(deep, "is_deep", fail)
    with pytest.raises(PictureError, match=r"it cannot be converted \(the file is damaged there"):
        converted(b64(samples.animation("GIF", 5)), "structure")
    with pytest.raises(PictureError, match=r"\(the file is damaged there"):
        fitted(Picture.from_bytes(file(photo(), "PNG")), 9, 9)
