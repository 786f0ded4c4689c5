"""Handles text in pictures: finds a font for it, breaks it into lines, and names characters that no font contains."""

from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING

from imagebridge.errors import ArgumentError
from imagebridge.pictures import fonts
from imagebridge_tools.tool_output import few

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.ImageFont import FreeTypeFont

_SIZE = 128
"""The size of the fonts that are returned, in pixels; `font_variant` creates other sizes."""

_FONTS = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "arial.ttf",
    "Arial Unicode.ttf",
)
"""Fonts that operating systems contain and that look like the bundled one; tried first for characters that it lacks."""


def bundled(size: float) -> "FreeTypeFont":
    """Return the bundled font, which is the same everywhere and contains Latin, Greek and Cyrillic letters."""
    from PIL import ImageFont, features

    from imagebridge_tools.charts.engine import FONTS

    if not features.check("freetype2"):
        raise ArgumentError("text", "cannot be drawn, because this Pillow was built without FreeType")
    # Laid out letter by letter: its ligatures would turn 2x4 and -> into other characters.
    return ImageFont.truetype(FONTS / "Inter-Regular.ttf", size, layout_engine=ImageFont.Layout.BASIC)


def face(text: str) -> "FreeTypeFont":
    """Return the bundled font, or another installed font that lacks fewer of the characters."""
    best = bundled(_SIZE)
    fewest = len(lacking(text, best))
    for font in _other_fonts(text) if fewest else ():
        if (count := len(lacking(text, font))) < fewest:
            best, fewest = font, count
        if not fewest:
            break
    return best


def _other_fonts(text: str) -> "Iterator[FreeTypeFont]":
    """Yield fonts of this system, with the one that lacks the fewest characters of a text last."""
    from PIL import ImageFont

    for name in _FONTS:
        try:
            yield ImageFont.truetype(name, _SIZE)
        except OSError:  # This system does not have it.
            continue
    if file := _file_holding("".join(sorted({c for c in text if not c.isspace()}))):
        yield ImageFont.truetype(file, _SIZE)


@lru_cache(maxsize=64)
def _file_holding(characters: str) -> str:
    return fonts.holding(characters)[0]


def wrapped(paragraph: str, font: "FreeTypeFont", width: int) -> list[str]:
    """Break a paragraph between words, and inside a word only if it is wider than the line."""
    lines: list[str] = []
    line = ""
    for word in paragraph.split(" "):
        joined = f"{line} {word}" if line else word
        if font.getlength(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        line = word
        while font.getlength(line) > width:
            cut = (
                bisect_left(range(2, len(line)), width, key=lambda n, word=line: font.getlength(word[:n])) + 1
            )
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line]


def shortened(text: str, font: "FreeTypeFont", width: float) -> str:
    """Return a text as one line that fits `width` pixels, with its middle left out if it is too long."""
    # A file name may contain line breaks, which some fonts cannot measure.
    text = " ".join(text.splitlines())
    if font.getlength(text) <= width:
        return text
    # The end of a name, with its number and suffix, is as informative as its start.
    for length in range(len(text) - 1, 1, -1):
        shorter = f"{text[: (length + 1) // 2]}...{text[len(text) - length // 2 :]}"
        if font.getlength(shorter) <= width:
            return shorter
    return text[:1]


def lacking(text: str, font: "FreeTypeFont") -> list[str]:
    """Return the characters for which a font has no glyph; they show as empty boxes."""
    box = _glyph(font, "\U0010fffd")
    return [c for c in dict.fromkeys(text) if not c.isspace() and _glyph(font, c) == box]


def missing(text: str, font: "FreeTypeFont") -> str:
    """Return a remark in brackets on the characters of a text that show as boxes, or an empty text."""
    boxes = lacking(text, font)
    help_ = f"; {remedy}" if (remedy := fonts.remedy(boxes)) else ""
    return f" (no glyphs, shown as boxes: {few(boxes)}{help_})" if boxes else ""


def _glyph(font: "FreeTypeFont", character: str) -> tuple[tuple[int, int], bytes]:
    # A core image is a sequence of bytes, which its stub omits.
    mask = font.getmask(character)
    return mask.size, bytes(mask)  # pyright: ignore[reportArgumentType]
