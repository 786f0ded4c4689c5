"""ToolOutput: the result of every tool; also numbers, sizes and names as its sentence writes them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from imagebridge.errors import nearest
from imagebridge.pictures.picture import Picture
from imagebridge.translate.sentences import amount

JsonValue = None | bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"]
"""A JSON value in Python."""

JsonObject = dict[str, JsonValue]


class File(NamedTuple):
    """A file to read unchanged, named by `uri` and `name`; `content` is a str if the file is text."""

    uri: str
    name: str
    media_type: str
    content: str | bytes


class ToolOutput(NamedTuple):
    """A sentence that replaces the pictures if they are not seen, the pictures, and files to read.

    `scale` is the number of original pixels that each pixel of a single picture represents. `uris` contains the names
    of the kept pictures, in order. `svg` is the SVG that a single picture was drawn from, if it may be saved as such.
    """

    sentence: str
    pictures: tuple[Picture, ...] = ()
    files: tuple[File, ...] = ()
    scale: float = 1.0
    uris: tuple[str, ...] = ()
    svg: str = ""


def described(picture: Picture) -> str:
    """Describe the format, dimensions and size of a picture, as in `PNG, 800x500 px, 12 kB`."""
    form = picture.media_type.removeprefix("image/").upper().replace("WEBP", "WebP")
    return f"{form}, {picture.width}x{picture.height} px, {amount(picture.size)}"


def few(characters: Sequence[str]) -> str:
    """List the first characters, and the number of the others."""
    more = f" and {len(characters) - 20} more" if len(characters) > 20 else ""
    return " ".join(characters[:20]) + more


def nearest_allowed(name: str, allowed: Iterable[str]) -> str:
    """List the allowed words, after the one most similar to `name`: `did you mean 'bar'? allowed: bar, line`."""
    words = list(allowed)
    near = nearest(name.strip(), words, 0.5)
    listed = ", ".join(words)
    return f"did you mean {near!r}? allowed: {listed}" if near else f"allowed: {listed}"


def label(cell: JsonValue) -> str:
    """Return a cell as text."""
    if cell is None:
        return "(none)"
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return number(cell)
    return str(cell)


def number(value: float) -> str:
    """Return a number as people write it, such as 1,250 or 0.25; computed numbers of more than 12 digits are rounded."""
    if isinstance(value, int) and abs(value) < _LONG:
        return f"{value:,}"
    if abs(value) >= 1e15:
        return f"{value:.6g}"
    if float(short := f"{value:.12g}") == value and "e" not in short:
        return f"{value:,.12g}"
    return f"{value:,.0f}" if abs(value) >= 100_000 else f"{value:,.6g}"


_LONG = 10**21
"""The limit below which integers are written with all of their digits."""
