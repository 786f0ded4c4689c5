"""Animations are composed exactly as Chromium's ImageDecoder composes them, frame by frame."""

import random
import struct
import zlib

import pytest
import samples
from PIL import Image

from imagebridge.pictures import animation
from imagebridge.pictures.picture import Picture
from imagebridge.pictures.png import END, chunk

pytestmark = pytest.mark.long

SIZE = 24, 16
COLOURS = ((0, 0, 255), (255, 0, 0), (0, 128, 0), (250, 250, 10))
ROUNDED = 2
"""How far a channel of two decoders may be apart: half-opaque pixels are rounded in ways of their own."""


@pytest.fixture(scope="module")
def browser():
    import judges

    with judges.browser() as found:
        yield found


def area(chance, beyond=0):
    """Where a frame lies: left, top, width, height; `beyond` how far it may reach past the screen."""
    left, top = chance.randrange(SIZE[0]), chance.randrange(SIZE[1])
    return left, top, chance.randint(1, SIZE[0] + beyond - left), chance.randint(1, SIZE[1] + beyond - top)


def apng(chance):
    """An animated PNG whose frames lie anywhere, are partly transparent, and leave and blend in every way."""
    count, still = chance.randint(2, 6), chance.random() < 0.3
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", *SIZE, 8, 6, 0, 0, 0))
    data += chunk(b"acTL", struct.pack(">II", count, 0))
    if still:
        data += chunk(b"IDAT", rgba(chance, *SIZE))
    number = 0
    for at in range(count):
        first = at == 0 and not still
        left, top, width, height = (0, 0, *SIZE) if first else area(chance)
        leaves, blend = chance.randrange(3), chance.randrange(2)
        control = struct.pack(">IIIIIHHBB", number, width, height, left, top, 1, 4, leaves, blend)
        data += chunk(b"fcTL", control)
        pixels = rgba(chance, width, height)
        data += chunk(b"IDAT", pixels) if first else chunk(b"fdAT", struct.pack(">I", number + 1) + pixels)
        number += 1 if first else 2
    return data + END


def rgba(chance, width, height):
    """Pixels in blocks of four colours and four opacities, packed."""
    colours = [bytes((*chance.choice(COLOURS), chance.choice((0, 90, 200, 255)))) for _ in range(4)]
    rows = (b"\0" + b"".join(colours[(x // 5 + y // 4) % 4] for x in range(width)) for y in range(height))
    return zlib.compress(b"".join(rows))


def gif(chance):
    """An animated GIF whose frames lie anywhere, also past the screen, some with transparency or their own palette."""
    data = b"GIF89a" + struct.pack("<HHBBB", *SIZE, 0x81, chance.randrange(4), 0) + table(COLOURS)
    for at in range(chance.randint(2, 6)):
        left, top, width, height = area(chance, beyond=0 if at == 0 else 8)
        disposal, clear = chance.randrange(4), chance.choice((None, 0, 1, 2, 3))
        told = struct.pack("<BHBB", disposal << 2 | (clear is not None), 25, clear or 0, 0)
        data += b"" if chance.random() < 0.1 else b"!\xf9\x04" + told
        own = chance.random() < 0.3
        palette = table(chance.sample(COLOURS, 4)) if own else b""
        data += b"," + struct.pack("<HHHHB", left, top, width, height, 0x81 if own else 0) + palette
        data += indices(chance, width, height)
    return data + b";"


def table(colours):
    return b"".join(map(bytes, colours))


def indices(chance, width, height):
    """Pixels in blocks of four colours, packed."""
    shift = chance.randrange(4)
    image = Image.new("P", (width, height))
    image.putdata([(x // 5 + y // 4 + shift) % 4 for y in range(height) for x in range(width)])
    image.putpalette(table(COLOURS))
    one = samples.file(image, "GIF", optimize=False)
    at = one.index(b",", 13)
    flags = one[at + 9]
    return one[at + 10 + (3 << (flags & 7) + 1 if flags & 0x80 else 0) : -1]


def webp(chance):
    """An animated WebP with transparency, as an encoder makes it."""
    made = []
    for _ in range(chance.randint(2, 5)):
        image = Image.new("RGBA", SIZE)
        left, top, width, height = area(chance)
        image.paste((*chance.choice(COLOURS), 255), (left, top, left + width, top + height))
        made.append(image)
    return samples.file(
        made[0], "WEBP", save_all=True, append_images=made[1:], duration=250, lossless=True, exact=True
    )


def on_white(image):
    import numpy

    white = Image.new("RGBA", image.size, "white")
    return numpy.asarray(Image.alpha_composite(white, image.convert("RGBA")).convert("RGB"))


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("made", [apng, gif, webp])
def test_every_frame_is_what_a_browser_shows(made, seed, browser):
    data = made(random.Random(seed))
    picture = Picture.from_bytes(data)
    frames = [on_white(image) for image, _ in animation.shown(picture.data, 99)]
    shown = browser.shown(data, picture.media_type)
    assert (len(frames), picture.frames) == (shown.count, shown.count)
    for one, other in zip(frames, shown.pictures, strict=True):
        assert one.shape == other.shape
        assert abs(one.astype(int) - other).max() <= ROUNDED
