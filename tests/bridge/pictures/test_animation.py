"""Animations look as in browsers: how frames are disposed of, and what uncovered areas show."""

import io
import struct
import zlib

import pytest
import samples
from PIL import Image
from samples import b64

from imagebridge.errors import PictureError
from imagebridge.pictures import animation
from imagebridge.pictures.convert import converted, fitted
from imagebridge.pictures.decode import opened
from imagebridge.pictures.picture import Picture
from imagebridge.pictures.png import END, chunk

RED, GREEN, BLUE, HALF = (255, 0, 0, 255), (0, 128, 0, 255), (0, 0, 255, 255), (0, 0, 255, 128)
CLEAR = (0, 0, 0, 0)
ITSELF, NOTHING, BEFORE = 0, 1, 2
REPLACE, OVER = 0, 1


def packed(width, height, colour):
    return zlib.compress((b"\0" + bytes(colour) * width) * height)


def apng(*frames, still=None, claim=None):
    """An animated PNG of 8x4 pixels; frames are (left, width, colour, leaves, blend). `still` is for who shows no animations.

    `claim` is the chunk that says how many frames there are.
    """
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 4, 8, 6, 0, 0, 0))
    data += claimed(len(frames)) if claim is None else claim
    data += chunk(b"IDAT", packed(8, 4, still)) if still else b""
    number = 0
    for at, (left, width, colour, leaves, blend) in enumerate(frames):
        data += chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, width, 4, left, 0, 1, 4, leaves, blend))
        pixels = packed(width, 4, colour)
        first = at == 0 and not still
        data += chunk(b"IDAT", pixels) if first else chunk(b"fdAT", struct.pack(">I", number + 1) + pixels)
        number += 1 if first else 2
    return data + END


def claimed(frames):
    return chunk(b"acTL", struct.pack(">II", frames, 0))


def gif(*frames, background=0, screen=(8, 4)):
    """A GIF of 8x4 pixels; frames are (left, width, colour index, disposal). Three is the transparent index of a frame."""
    data = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x81, background, 0)
    data += bytes((0, 0, 255, 255, 0, 0, 0, 128, 0, 9, 9, 9))
    for left, width, index, disposal in frames:
        image = Image.new("P", (width, 4), index)
        image.putpalette(data[13:25])
        one = samples.file(image, "GIF", optimize=False)
        at = one.index(b",", 13)
        flags = one[at + 9]
        pixels = one[at + 10 + (3 << (flags & 7) + 1 if flags & 0x80 else 0) : -1]
        data += b"!\xf9\x04" + struct.pack("<BHBB", disposal << 2 | (index == 3), 25, 3, 0)
        data += b"," + struct.pack("<HHHHB", left, 0, width, 4, 0) + pixels
    return data + b";"


def row(*colours):
    """Eight pixels of these colours, a quarter each pair."""
    return [colour for colour in colours for _ in range(8 // len(colours))]


WHOLE_RED, LEFT_BLUE = (0, 8, RED, ITSELF, REPLACE), (0, 4, BLUE, ITSELF, REPLACE)
MOVING = {
    "laid over": (apng(WHOLE_RED, (0, 4, HALF, ITSELF, OVER)), [row(RED), row((127, 0, 128, 255), RED)]),
    "in the place of what was": (apng(WHOLE_RED, (0, 4, HALF, ITSELF, REPLACE)), [row(RED), row(HALF, RED)]),
    "leaving nothing": (
        apng(WHOLE_RED, (0, 4, BLUE, NOTHING, REPLACE), (4, 4, GREEN, ITSELF, OVER)),
        [row(RED), row(BLUE, RED), row(CLEAR, GREEN)],
    ),
    "leaving what was before": (
        apng(WHOLE_RED, (0, 8, BLUE, BEFORE, REPLACE), (4, 4, GREEN, ITSELF, OVER)),
        [row(RED), row(BLUE), row(RED, GREEN)],
    ),
    "with a still beside it": (apng(WHOLE_RED, LEFT_BLUE, still=GREEN), [row(RED), row(BLUE, RED)]),
    "GIF, leaving itself": (gif((0, 8, 1, 1), (0, 4, 2, 0)), [row(RED), row(GREEN, RED)]),
    "GIF, leaving nothing": (
        gif((0, 4, 1, 2), (4, 4, 1, 2)),
        [row(RED, CLEAR), row(CLEAR, RED)],
    ),
    "GIF, leaving what was before": (
        gif((0, 8, 1, 0), (0, 8, 2, 3), (0, 4, 0, 0)),
        [row(RED), row(GREEN), row(BLUE, RED)],
    ),
    "GIF, transparent over what was": (gif((0, 8, 1, 0), (0, 4, 3, 0)), [row(RED), row(RED)]),
    "GIF, a later frame beyond its screen": (gif((0, 8, 1, 0), (4, 8, 2, 0)), [row(RED), row(RED, GREEN)]),
    "GIF, a later frame off its screen": (gif((0, 8, 1, 0), (65_000, 900, 2, 0)), [row(RED), row(RED)]),
    "GIF, a first frame that makes its screen": (
        gif((0, 8, 1, 0), (0, 4, 2, 0), screen=(0, 0)),
        [row(RED), row(GREEN, RED)],
    ),
    "GIF with free screen": (gif((4, 4, 2, 0), (0, 2, 1, 0)), [row(CLEAR, GREEN), row(RED, CLEAR, GREEN, GREEN)]),
}  # fmt: skip


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ((4, 4, 2, 0), row(CLEAR, GREEN)),
        ((0, 6, 1, 0), row(RED, RED, RED, CLEAR)),
        ((2, 2, 3, 0), row(CLEAR)),
    ],
)
def test_a_still_gif_shows_nothing_where_its_frame_does_not_lie(frame, expected):
    """Its screen is filled with a colour by some decoders, and left free by browsers."""
    picture = Picture.from_bytes(gif(frame))
    made = fitted(picture, 8, 4)
    image = Image.open(io.BytesIO(made.data)).convert("RGBA")
    assert (picture.plain, made.media_type) == (False, "image/png")
    assert [pixel if pixel[3] else CLEAR for pixel in (image.getpixel((x, 2)) for x in range(8))] == expected


@pytest.mark.parametrize("name", MOVING)
def test_frames_are_laid_on_one_another_as_browsers_do(name):
    data, expected = MOVING[name]
    found = list(animation.shown(Picture.from_bytes(data).data, 9))
    assert [[image.getpixel((x, 2)) for x in range(8)] for image, _ in found] == expected
    assert [seconds for _, seconds in found] == [0.25] * len(expected)
    assert animation.count(data) == len(expected)
    last = animation.frame(data, len(expected) - 1)
    assert [last.getpixel((x, 2)) for x in range(8)] == expected[-1]


def test_a_frame_that_there_is_not_is_told():
    with pytest.raises(PictureError, match="it does not have a frame 3"):
        animation.frame(MOVING["laid over"][0], 2)


@pytest.mark.parametrize("form", ["WEBP", "AVIF"])
def test_other_formats_are_laid_together_by_their_decoders(form):
    data = samples.animation(form)
    assert len(list(animation.shown(data, 9))) == animation.count(data) == 4
    assert animation.size(data) == animation.frame(data, 3).size


def test_a_frame_that_cannot_be_decoded_ends_the_animation():
    broken = apng(WHOLE_RED, WHOLE_RED, LEFT_BLUE)
    at = broken.rindex(b"fdAT")
    length = int.from_bytes(broken[at - 4 : at], "big")
    damaged = broken[: at - 4] + chunk(b"fdAT", broken[at + 4 : at + 12]) + broken[at + 8 + length :]
    assert len(list(animation.shown(damaged, 9))) == 2
    made = converted(b64(damaged), "structure")
    assert "frame 3 and later ones cannot be decoded" in made.sentence


def test_the_only_frame_of_an_animation_is_shown_and_not_the_still_beside_it():
    picture = Picture.from_bytes(apng(WHOLE_RED, still=GREEN), "decoded")
    assert (picture.frames, picture.plain) == (1, True)
    assert samples.pixels(picture.data).convert("RGBA").getpixel((3, 2)) == RED
    alone = apng(WHOLE_RED)
    assert samples.pixels(Picture.from_bytes(alone).data).convert("RGBA").getpixel((3, 2)) == RED


def test_frames_without_pixels_are_none():
    data = apng(WHOLE_RED, LEFT_BLUE)
    empty = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 9, 8, 4, 0, 0, 1, 4, 0, 0))
    assert len(list(animation.shown(data[:-12] + empty + END, 9))) == 2


LEFT_RED = [(RED, RED), (BLUE, RED), (BLUE, GREEN)]
FRAMES = (WHOLE_RED, LEFT_BLUE, (4, 4, GREEN, ITSELF, REPLACE))


@pytest.mark.parametrize(
    ("claim", "alone", "beside_a_still"),
    [
        (claimed(3), LEFT_RED, LEFT_RED),
        (claimed(5), LEFT_RED, LEFT_RED),
        (claimed(2), LEFT_RED[:2], LEFT_RED[:2]),
        (claimed(1), [(RED, RED)], [(RED, RED)]),
        (claimed(0), [(RED, RED)], [(HALF, HALF)]),
        (claimed((1 << 31) + 3), [(RED, RED)], [(HALF, HALF)]),
        (chunk(b"acTL", b"\0\0\0\3"), [(RED, RED)], [(HALF, HALF)]),
        (b"", [(RED, RED)], [(HALF, HALF)]),
        (claimed(3) + claimed(1), LEFT_RED, LEFT_RED),
    ],
    ids=["all", "more", "fewer", "one", "none", "no number", "too short", "missing", "twice"],
)
def test_as_many_frames_are_shown_as_are_claimed_and_there(claim, alone, beside_a_still):
    for still, expected in ((None, alone), (HALF, beside_a_still)):
        picture = Picture.from_bytes(apng(*FRAMES, still=still, claim=claim), "decoded")
        assert picture.frames == len(expected)
        if picture.frames > 1:
            frames = [image for image, _ in animation.shown(picture.data, 9)]
        else:
            frames = [opened(picture.data).convert("RGBA")]
        assert [(one.getpixel((1, 2)), one.getpixel((6, 2))) for one in frames] == expected


def test_a_claim_behind_the_pixels_is_none():
    data = apng(*FRAMES, claim=b"")[:-12] + claimed(3) + END
    assert Picture.from_bytes(data).frames == 1


def test_a_grey_frame_in_a_coloured_gif_is_grey():
    """Pillow keeps the palette of the file beside a grey one of the frame."""
    data = gif((0, 8, 1, 0))
    at = data.index(b",")
    grey = bytes(level for at in range(4) for level in [at] * 3)
    data = data[: at + 9] + b"\x81" + grey + data[at + 10 :]
    assert opened(data).convert("RGB").getpixel((3, 2)) == (1, 1, 1)
