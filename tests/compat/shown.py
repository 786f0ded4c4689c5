"""Checks how a model sees a photograph: the picture as it arrived, and whether the stated factor is correct."""

import base64
import io
import re

from PIL import Image, ImageDraw, UnidentifiedImageError

SIZE = (4_000, 3_000)
MARK = (3_010, 690)
"""Where the photograph has its one red spot, in pixels from the left and the top."""


class Refused(Exception):
    """The API would not accept a request; the message gives the reason."""


def photograph(path):
    """Write a JPEG of 12 megapixels with a red spot."""
    image = Image.effect_noise((500, 375), 60).resize(SIZE, Image.Resampling.BICUBIC).convert("RGB")
    x, y = MARK
    ImageDraw.Draw(image).ellipse((x - 40, y - 40, x + 40, y + 40), fill=(255, 0, 0))
    image.save(path, quality=90)


def picture(data, media_type):
    """Decode a picture from base64 with Pillow; raise Refused if it does not have the type that its label states."""
    try:
        image = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
        image.load()
    except (ValueError, UnidentifiedImageError, OSError) as error:
        raise Refused(f"a picture that cannot be read: {error}") from error
    if Image.MIME[image.format] != media_type:
        raise Refused(f"a picture that is {Image.MIME[image.format]}, labelled {media_type}")
    return image


def verdict(parts):
    """Describe how a result showed the photograph: its size and the stated factor, or what is wrong.

    Args:
        parts: texts and pictures, in order.
    """
    pictures = [part for part in parts if not isinstance(part, str)]
    words = "\n".join(part for part in parts if isinstance(part, str))
    if len(pictures) != 1 or len(words) > 20_000:
        return f"wrong: {len(pictures)} pictures and {len(words):,} characters: {words[:300]}"
    (arrived,) = pictures
    told = re.search(r"ultiply coordinates by ([\d.]+)", words)
    factor = float(told[1]) if told else 1.0
    x, y = spot(arrived)
    if abs(x * factor - MARK[0]) > 6 or abs(y * factor - MARK[1]) > 6:
        return f"wrong: {arrived.size}, factor {factor}: the spot is told at {x * factor:.0f}, {y * factor:.0f}, not {MARK}"
    return f"{arrived.width}x{arrived.height}, factor {factor:g}"


def spot(image):
    """Return the centre of the red area, in pixels of the picture."""
    redder = image.convert("RGB").convert("L", (1, -1, 0, 0)).point(lambda value: 255 * (value > 120))
    left, top, right, bottom = redder.getbbox()
    return (left + right) / 2, (top + bottom) / 2
