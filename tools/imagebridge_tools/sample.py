"""get_image: draws a sample picture that shows a text, with Pillow alone."""

import unicodedata
from typing import TYPE_CHECKING, Annotated

from imagebridge.errors import ArgumentError, beginning

from .arguments import TEXT_NAMES
from .declaration import Argument, tool
from .drawing.text import bundled, face, missing, wrapped
from .lenient_values import text as plain_text
from .mistakes import Mistakes, Noted
from .tool_output import ToolOutput, described

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

WIDTH, HEIGHT = 1024, 576
LONGEST = 1500
"""The maximum number of characters, which fit at a size that is still easy to read."""

_LARGEST, _SMALLEST = 128, 14
_CARD = (32, 32, WIDTH - 32, HEIGHT - 32)
_TEXT = (80, 72, WIDTH - 80, HEIGHT - 104)
_PAPER, _WHITE, _FRAME, _INK, _QUIET, _ACCENT = (
    "#e9eef4",
    "#ffffff",
    "#c3cedb",
    "#1d2b3a",
    "#66778a",
    "#2f6fb0",
)


CardText = Annotated[
    str,
    Argument(
        "The text to show, at most 1,500 characters.",
        reading=plain_text,
        form="give the text",
        names=TEXT_NAMES,
    ),
]


@tool(
    "Sample picture with text",
    "Draw text in large letters on a card of 1024x576 pixels, to see whether pictures arrive.",
)
def get_image(text: CardText, noted: Noted = ()) -> ToolOutput:
    """Draw `text` in large letters on a card of 1024x576 pixels. The same text always produces the same bytes.

    `noted` contains the mistakes found so far; they are reported together with those found here.

    Raises:
        ArgumentError: there is no visible text or too much of it, or `noted` contains mistakes.
    """
    mistakes = Mistakes(noted)
    cleaned = _cleaned(text)
    if not cleaned:
        mistakes.add(ArgumentError("text", "is empty; give the words to show"))
    if len(cleaned) > LONGEST:
        problem = f"has {len(cleaned):,} characters; give at most {LONGEST:,}"
        mistakes.add(ArgumentError("text", problem))
    mistakes.tell()
    from PIL import Image, ImageDraw

    from imagebridge.pictures.encode import as_picture

    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    draw = ImageDraw.Draw(image)
    font, lines = _fitted(cleaned, face(cleaned))
    _card(draw)
    _draw_lines(draw, font, lines)
    picture = as_picture(image, flat=True)
    return ToolOutput(
        f"A sample picture that shows {_quoted(cleaned)}{missing(cleaned, font)}. {described(picture)}.",
        (picture,),
    )


def _cleaned(text: str) -> str:
    """Return the text without control characters; tabs become spaces, and line breaks are kept."""
    lines = text.expandtabs(4).splitlines()
    cleaned_lines = ["".join(c for c in line if unicodedata.category(c) != "Cc").rstrip() for line in lines]
    return "\n".join(cleaned_lines).strip()


def _quoted(text: str) -> str:
    flat = " ".join(text.split())
    return (
        f'the text "{flat}"'
        if len(flat) <= 200
        else f'text of {len(text)} characters, "{beginning(flat, 120)}"'
    )


def _fitted(text: str, face: "FreeTypeFont") -> "tuple[FreeTypeFont, list[str]]":
    """Return the font at the largest size at which the wrapped text fits the card, and the lines."""
    low, high = _SMALLEST, _LARGEST
    best = _laid(text, face.font_variant(size=low))
    if best is None:
        raise ArgumentError("text", "does not fit in the picture; use fewer lines or words")
    while low < high:
        middle = (low + high + 1) // 2
        if laid := _laid(text, face.font_variant(size=middle)):
            low, best = middle, laid
        else:
            high = middle - 1
    return best


def _laid(text: str, font: "FreeTypeFont") -> "tuple[FreeTypeFont, list[str]] | None":
    """Wrap `text` in a font, or return None if it is too high or a smaller size would avoid breaking a word."""
    width = _TEXT[2] - _TEXT[0]
    # Words are broken only at sizes where nothing else helps: at larger sizes they stay whole.
    if font.size > 40 and any(font.getlength(word) > width for word in text.split()):
        return None
    lines = [line for paragraph in text.split("\n") for line in wrapped(paragraph, font, width)]
    return (font, lines) if len(lines) * _leading(font) <= _TEXT[3] - _TEXT[1] else None


def _leading(font: "FreeTypeFont") -> int:
    ascent, descent = font.getmetrics()
    return round((ascent + descent) * 1.12)


def _card(draw: "ImageDraw") -> None:
    draw.rounded_rectangle(_CARD, radius=18, fill=_WHITE, outline=_FRAME, width=2)
    draw.rounded_rectangle(
        (_CARD[0] + 48, _CARD[3] - 50, _CARD[0] + 52, _CARD[3] - 26), radius=2, fill=_ACCENT
    )
    caption = "imagebridge sample picture"
    draw.text((_CARD[0] + 66, _CARD[3] - 38), caption, font=bundled(18), fill=_QUIET, anchor="lm")
    draw.text((_CARD[2] - 48, _CARD[3] - 38), f"{WIDTH}x{HEIGHT}", font=bundled(18), fill=_QUIET, anchor="rm")


def _draw_lines(draw: "ImageDraw", font: "FreeTypeFont", lines: list[str]) -> None:
    """Draw the lines in the centre of the card."""
    leading = _leading(font)
    left, top, right, bottom = _TEXT
    middle = top + (bottom - top - leading * (len(lines) - 1)) / 2
    for number, line in enumerate(lines):
        draw.text(((left + right) / 2, middle + number * leading), line, font=font, fill=_INK, anchor="mm")
