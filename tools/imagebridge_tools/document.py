"""load_file: a document, a table or another text, for a model to read."""

from pathlib import PurePosixPath

from anyio import to_thread

from imagebridge.errors import ArgumentError
from imagebridge.pictures import kinds

from .answer import File, ToolOutput, counted, size_in_words
from .files.source import NOWHERE, Places, Source, characters, opened

LARGEST = 600_000
"""Bytes of a document at most: as base64 it must fit the result of a tool (see `imagebridge_server.results`)."""

CHARACTERS = 100_000
"""Characters of a text that come at once; hosts put longer ones into files or cut them off."""

READ = "PDF, Word, PowerPoint, Excel, RTF, and text such as CSV, JSON, Markdown, HTML and code"
"""What is read."""

_TYPES = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".json": "application/json",
    ".geojson": "application/geo+json",
    ".md": "text/markdown",
    ".html": "text/html",
    ".htm": "text/html",
    ".xml": "application/xml",
    ".svg": "image/svg+xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".toml": "application/toml",
}
"""Media types of texts by the suffix of their names; all others are plain text."""


async def load_file(source: str, places: Places = NOWHERE, *, start: int = 1) -> ToolOutput:
    """Read the file that `source` names (see `source.opened`) as it is.

    A text comes in pieces of `CHARACTERS`; `start`, counted from 1, is the first character of the piece.

    Raises:
        ArgumentError: `source` may not be read, is not there, is too large or neither a document nor a text.
    """
    if start < 1:
        raise ArgumentError("start", f"is {start}; characters count from 1")
    found = await opened(source, places)
    return await to_thread.run_sync(_read, found, start)


def _read(found: Source, start: int) -> ToolOutput:
    name, data, uri = found
    kind = kinds.kind(data)
    if kind is None or kind is kinds.SVG:
        return _text(found, start)
    if kind.sort == "picture":
        raise ArgumentError("source", f"{name} is a picture of type {kind.media_type}; load_image shows it")
    if kind.sort != "document":
        raise ArgumentError("source", f"{name} is a file of type {kind.media_type}; what is read: {READ}")
    if start > 1:
        raise ArgumentError("start", f"goes with texts; {name} is {kind.media_type} and comes whole")
    if len(data) > LARGEST:
        problem = f"{name} has {size_in_words(len(data))}; a result holds {size_in_words(LARGEST)}"
        raise ArgumentError("source", f"{problem}; give a part of it, or its pages as pictures")
    file = File(uri or f"file:///file{kind.suffix}", name, kind.media_type, data)
    return ToolOutput(
        f"{name}: {kind.suffix[1:].upper()}, {size_in_words(len(data))}, attached.", files=(file,)
    )


def _text(found: Source, start: int) -> ToolOutput:
    name, _, uri = found
    text = characters(found, READ)
    total = len(text)
    if start > max(1, total):
        raise ArgumentError("start", f"is {start:,}; {name} has {counted(total, 'character')}")
    piece = text[start - 1 : start - 1 + CHARACTERS]
    suffix = PurePosixPath(name).suffix.lower()
    file = File(uri or "file:///text.txt", name, _TYPES.get(suffix, "text/plain"), piece)
    lines = text.count("\n") + (not text.endswith("\n") and total > 0)
    words = f"{name}: {file.media_type}, {counted(total, 'character')} in {counted(lines, 'line')}"
    last = start - 1 + len(piece)
    if len(piece) < total:
        words += f"; these are {start:,} to {last:,}"
        words += f", call again with start={last + 1} for more" if last < total else ", the last ones"
    return ToolOutput(f"{words}.", files=(file,))
