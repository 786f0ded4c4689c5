"""make_qr_code: draws a text as a QR code that scanners can read."""

from importlib import import_module
from typing import Annotated, Any

from imagebridge.errors import ArgumentError, BridgeError, counted
from imagebridge.requirements import QR_CODES, install_command

from . import lenient_values
from .arguments import TEXT_NAMES
from .declaration import Argument, tool
from .drawing.pixels import squared
from .mistakes import Mistakes, Noted
from .tool_output import ToolOutput, described, nearest_allowed

LEVELS = {"L": 7, "M": 15, "Q": 25, "H": 30}
"""The levels of error correction, with the percentage of a code that may be hidden (ISO/IEC 18004)."""

SMALLEST, LARGEST = 64, 2_000
"""The minimum and maximum side length of the picture, in pixels."""

_MOST = 7_089
"""The maximum number of characters in any code: digits at level L."""

_QUIET = 4
"""The width of the white margin around a code, in modules (ISO/IEC 18004)."""


CodeText = Annotated[
    str,
    Argument("The text to encode.", reading=lenient_values.text, form="give the text", names=TEXT_NAMES),
]

CodeSize = Annotated[
    int, Argument(f"Side of the picture, {SMALLEST} to {LARGEST} pixels.", reading=lenient_values.number)
]

Correction = Annotated[
    str,
    Argument(
        "How much of the code may be hidden or damaged: L 7%, M 15%, Q 25%, H 30%.",
        words=tuple(LEVELS),
        reading=lenient_values.word(tuple(LEVELS), {"low": "L", "medium": "M", "quartile": "Q", "high": "H"}),
        names=("error_correction_level", "ecc", "ec", "ec_level", "correction", "level"),
    ),
]


@tool("Make a QR code", "Make a QR code as a PNG.", saves=True, requirement=QR_CODES)
def make_qr_code(
    text: CodeText, size: CodeSize = 512, error_correction: Correction = "M", noted: Noted = ()
) -> ToolOutput:
    """Draw `text` as a QR code of `size` x `size` pixels, whose squares all have the same size in whole pixels.

    `error_correction` is L, M, Q or H: 7, 15, 25 or 30 percent of the code may be hidden. `noted` contains the mistakes
    found so far; they are reported together with those found here.

    Raises:
        ArgumentError: the text is empty or too long for a code or for the size, or the level is unknown; the error
        reports everything that is wrong.
        BridgeError: the extra `server` is not installed.
    """
    mistakes = Mistakes(noted)
    level = error_correction.strip().upper()
    if level not in LEVELS:
        problem = f"is {error_correction!r}; {nearest_allowed(level, LEVELS)}"
        mistakes.add(ArgumentError("error_correction", problem))
    if not text:
        mistakes.add(ArgumentError("text", "is empty; give the text or address to encode"))
    if not SMALLEST <= size <= LARGEST:
        mistakes.add(ArgumentError("size", f"is {size}; give {SMALLEST} to {LARGEST} pixels"))
    code = mistakes.of(lambda: _qr_code(text, level if level in LEVELS else "L")) if text else None
    if code is None:
        raise mistakes.error()
    modules = code.symbol_size(border=0)[0]
    scale = size // (modules + 2 * _QUIET)
    if not scale and level in LEVELS and size >= SMALLEST:
        least = modules + 2 * _QUIET
        problem = f"is {size}; this text needs at least {least} pixels, or {3 * least} to scan well"
        mistakes.add(ArgumentError("size", problem))
    mistakes.tell()
    from PIL import Image

    from imagebridge.pictures.encode import as_picture

    shades = bytes(0 if dark else 255 for row in code.matrix for dark in row)
    squares = Image.frombytes("L", (modules, modules), shades)
    image = Image.new("L", (size, size), 255)
    side = modules * scale
    image.paste(squared(squares, (side, side)), ((size - side) // 2,) * 2)
    picture = as_picture(image, flat=True)
    held = f"{text[:200]!r}" if len(text) <= 200 else f"{text[:120]!r} and {len(text) - 120} more characters"
    sentence = (
        f"A QR code of {held}: version {code.version}, {modules}x{modules} squares of "
        f"{counted(scale, 'pixel')}, error correction {level} ({LEVELS[level]}% may be hidden)"
    )
    small = f"; squares of {counted(scale, 'pixel')} are hard to scan" if scale < 3 else ""
    return ToolOutput(f"{sentence}{small}. {described(picture)}.", (picture,))


def _qr_code(text: str, level: str) -> Any:
    try:
        segno: Any = import_module("segno")
    except ImportError as error:
        raise BridgeError(f"QR codes need an extra: {install_command('server')}") from error
    if len(text) > _MOST:
        raise _too_long(text)
    try:
        # Beyond ASCII, readers guess the encoding: they recognise UTF-8 bytes.
        beyond = {} if text.isascii() else {"encoding": "utf-8", "mode": "byte"}
        return segno.make(text, error=level, micro=False, boost_error=False, **beyond)
    except segno.DataOverflowError:
        raise _too_long(text) from None


def _too_long(text: str) -> ArgumentError:
    limits = "a code can hold up to 2,953 bytes at L, 2,331 at M, 1,663 at Q and 1,273 at H"
    return ArgumentError("text", f"has {len(text.encode(errors='replace')):,} bytes; {limits}; shorten it")
