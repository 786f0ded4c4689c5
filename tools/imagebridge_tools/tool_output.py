"""ToolOutput: what every tool returns; how its sentence writes numbers, sizes and names; JSON for tools."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from imagebridge.errors import nearest
from imagebridge.pictures.picture import Picture
from imagebridge.translate.sentences import amount

JsonValue = None | bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"]
"""A JSON value as Python holds it."""

JsonObject = dict[str, JsonValue]


class File(NamedTuple):
    """A file to read unchanged: `uri` and `name` say what it is called, `content` is text if it is a text."""

    uri: str
    name: str
    media_type: str
    content: str | bytes


class ToolOutput(NamedTuple):
    """One sentence that replaces the pictures if they are not seen, the pictures, and files to read.

    `scale` is how many pixels of the original each pixel of a single picture represents. `uris` name the pictures where
    they are kept, in order. `svg` is the text that a single picture was drawn from, if it is to be saved as that.
    """

    sentence: str
    pictures: tuple[Picture, ...] = ()
    files: tuple[File, ...] = ()
    scale: float = 1.0
    uris: tuple[str, ...] = ()
    svg: str = ""


def described(picture: Picture) -> str:
    """Return format, pixels and size of a picture: `PNG, 800x500 px, 12 kB`."""
    form = picture.media_type.removeprefix("image/").upper().replace("WEBP", "WebP")
    return f"{form}, {picture.width}x{picture.height} px, {amount(picture.size)}"


def few(characters: Sequence[str]) -> str:
    """Return the first of some characters, and how many more there are."""
    more = f" and {len(characters) - 20} more" if len(characters) > 20 else ""
    return " ".join(characters[:20]) + more


def nearest_allowed(name: str, allowed: Iterable[str]) -> str:
    """Say what is allowed, beginning with the word most similar to the given one: `did you mean 'bar'? (bar, line)`."""
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
    """Return a number as people write it: 1,250 or 0.25; one with more than 12 digits, which is computed, rounded to 6."""
    if isinstance(value, int) and abs(value) < _LONG:
        return f"{value:,}"
    if abs(value) >= 1e15:
        return f"{value:.6g}"
    if float(short := f"{value:.12g}") == value and "e" not in short:
        return f"{value:,.12g}"
    return f"{value:,.0f}" if abs(value) >= 100_000 else f"{value:,.6g}"


_LONG = 10**21
"""The number from which on not all digits of an integer are written."""
