"""Pictures for the awkward results: a suspension bridge at a given hour, drawn the same every time."""

from functools import lru_cache
from io import BytesIO
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import pybase64

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

Colour = tuple[int, int, int]


class Hour(NamedTuple):
    """A time of day: the sky at the top and at the horizon, the water, and the position of the sun or moon (0 to 1)."""

    above: Colour
    horizon: Colour
    water: Colour
    sun: tuple[float, float]


HOURS = (
    Hour((24, 32, 74), (232, 120, 92), (38, 44, 82), (0.6, 0.5)),
    Hour((94, 158, 214), (214, 232, 244), (58, 112, 150), (0.5, 0.18)),
    Hour((52, 74, 140), (250, 190, 110), (60, 72, 120), (0.62, 0.36)),
    Hour((10, 14, 34), (44, 58, 110), (14, 18, 40), (0.36, 0.24)),
)
"""Dusk, noon, evening, night."""

_LIGHT: Colour = (255, 236, 200)


@lru_cache(maxsize=8)
def scene(width: int, height: int, hour: int = 0, grain: int = 0) -> "Image":
    """Draw the bridge. `grain` adds that many levels of noise, like a camera; 0 gives flat, small files."""
    from PIL import Image, ImageDraw

    light = HOURS[hour]
    image = Image.new("RGB", (width, height), light.water)
    shore = round(height * 0.66)
    # 24 bands instead of a gradient: flat areas make small PNG files.
    draw = ImageDraw.Draw(image)
    for band in range(24):
        mixed = tuple(round(a + (b - a) * band / 23) for a, b in zip(light.above, light.horizon, strict=True))
        draw.rectangle((0, shore * band // 24, width, shore * (band + 1) // 24), fill=mixed)
    sun = (round(width * light.sun[0]), round(height * light.sun[1]))
    draw.circle(sun, height // 11, fill=_LIGHT)
    for wave in range(1, 7):
        reach, y = height // 11 * (8 - wave) // 7, shore + height * wave // 24
        draw.line((sun[0] - reach, y, sun[0] + reach, y), fill=_LIGHT, width=max(1, height // 200))
    _bridge(draw, width, height)
    return _grained(image, grain) if grain else image


def _bridge(draw: "ImageDraw", width: int, height: int) -> None:
    """Draw towers, deck, cables and hangers."""
    ink: Colour = (150, 44, 36)
    deck, top, line = round(height * 0.62), round(height * 0.2), max(1, height // 160)
    towers = (round(width * 0.24), round(width * 0.76))
    half = (towers[1] - towers[0]) / 2
    middle = width / 2
    for x in range(0, width, max(6, width // 64)):
        inside = towers[0] < x < towers[1]
        # Between the towers the cable is a parabola, outside it runs straight down to the shore.
        share = ((x - middle) / half) ** 2 if inside else 1 - min(abs(x - t) for t in towers) / towers[0]
        draw.line((x, deck - share * (deck - top), x, deck), fill=ink, width=max(1, line // 2))
    step = max(1, width // 200)
    cable = [
        (x, deck - ((x - middle) / half) ** 2 * (deck - top)) for x in range(towers[0], towers[1] + 1, step)
    ]
    draw.line([(0, deck), (towers[0], top), *cable, (towers[1], top), (width, deck)], fill=ink, width=line)
    draw.rectangle((0, deck, width, deck + 2 * line), fill=ink)
    for x in towers:
        draw.rectangle((x - 2 * line, top - line, x + 2 * line, round(height * 0.74)), fill=ink)


def _grained(image: "Image", levels: int) -> "Image":
    """Add noise from a fixed seed."""
    from PIL import Image, ImageChops

    noise = Image.frombytes("L", image.size, Random(7).randbytes(image.width * image.height))
    quiet = ImageChops.multiply(noise, Image.new("L", image.size, levels))
    return ImageChops.add(image, Image.merge("RGB", (quiet, quiet, quiet)), offset=-levels // 2)


def image_file(image: "Image", form: str, **options: object) -> bytes:
    """Encode a picture in one of Pillow's formats."""
    buffer = BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def base64(data: bytes) -> str:
    """Return bytes as standard base64."""
    return pybase64.b64encode_as_string(data)
