"""load_file: reads a document, a table or another text for a model."""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Annotated

from anyio import to_thread

from imagebridge.documents import page_numbers
from imagebridge.documents.document_types import document_type, unread
from imagebridge.documents.excerpt import CHARACTERS, Excerpt, excerpt, fitting
from imagebridge.errors import ArgumentError, DocumentError, counted
from imagebridge.pictures import kinds
from imagebridge.translate.sentences import amount

from . import lenient_values
from .apart import apart
from .arguments import AnyFile, PageRange, SheetName
from .declaration import Argument, tool
from .files.source import NOWHERE, Places, Source, characters, opened
from .mistakes import Mistakes, Noted
from .tool_output import File, ToolOutput, described

MAX_DOCUMENT_BYTES = 600_000
"""The maximum size of a document, in bytes; as base64 it must fit a tool's result (see `imagebridge_server.results`)."""

WHOLE = 20_000
"""The maximum number of characters in a table that is returned in full; for longer tables, see `load_file`."""

ATTACHED = ("pdf", "docx", "pptx", "rtf")
"""The documents that are returned unchanged if the caller accepts documents, because models can read them."""

READ = "PDF, Word, PowerPoint, Excel, OpenDocument, EPUB, RTF, HTML and text"
"""The supported formats, for messages."""

_SENTENCES = 2_000
"""The characters of JSON reserved for remarks on a text, such as its name, its remaining parts and its scanned pages."""

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
"""The media types of texts by the suffix of their names; all other texts are plain text."""

_TABLES = frozenset({".csv", ".tsv", ".tab", ".psv", ".json", ".jsonl", ".ndjson"})
"""The suffixes of texts that may contain a table."""

_ROWS = re.compile(r"\s*(\d{1,9})(?:\s*[-–:]\s*(\d{1,9}))?\s*")


PartNumber = Annotated[
    int | None,
    Argument("Part of a long text or row, counted from 1.", reading=lenient_values.number, least=1),
]

Start = Annotated[int | None, Argument("First character of a text file to return, counted from 1.", least=1)]

Rows = Annotated[
    str | None,
    Argument(
        "Rows of a table, such as 51-200.",
        reading=lenient_values.span,
        form="give the first and the last row, such as 51-200",
        names=("row_range", "lines"),
    ),
]


@tool(
    "Read a file",
    f"Read a file: {READ}. Sources are as in load_image; long files are returned in parts.",
)
async def load_file(
    source: AnyFile,
    places: Places = NOWHERE,
    *,
    pages: PageRange = "",
    part: PartNumber = None,
    start: Start = None,
    sheet: SheetName = None,
    rows: Rows = None,
    attach: int = MAX_DOCUMENT_BYTES,
    room: int | None = None,
    noted: Noted = (),
) -> ToolOutput:
    """Read the file that `source` names (see `source.opened`).

    A document is returned unchanged, or as Markdown if it has more than `attach` bytes, or if `pages` or a `part` are
    requested. Its figures are kept in the store, and named in the text. A long text is returned in pieces (see
    `excerpt.fitting`); `start`, counted from 1, is the first character of the piece. For a workbook, the rows of its
    sheets are returned, or those of the given `sheet`. For a long table, the columns are described and the first rows
    are returned; `rows`, such as "51-200", requests other rows, and `start` requests the table as text.

    Args:
        source: the file.
        places: the places from which the file may be read, and the store for figures.
        start: the first character of a long text.
        sheet: a sheet of a workbook.
        rows: rows of a table.
        pages: pages of a PDF, slides of a presentation or chapters of a book, such as "1-3, 7".
        part: the part, counted from 1, of a text that is too long for one answer, or of such a row if `rows` is given.
        attach: the maximum size, in bytes, of a document that is returned unchanged; 0 if the caller does not accept
        documents.
        room: the maximum length of the answer, in characters of JSON, without its address; None for no limit.
        noted: the mistakes found so far; they are reported together with those found here.

    Raises:
        ArgumentError: `source` may not be read, does not exist, is too large, or is neither a document nor text; or
            it does not contain what is requested. The error reports everything that is wrong.
        ApartError: reading a document took too long or too much memory.
        BridgeError: the file is a workbook or PDF, and the extra `server` is not installed.
    """
    mistakes = Mistakes(noted)
    if start is not None and start < 1:
        mistakes.add(ArgumentError("start", f"is {start}; characters are counted from 1"))
    if start is not None and rows is not None:
        mistakes.add(ArgumentError("rows", "is for tables and start is for text; use only one of them"))
    if part is not None and part < 1:
        mistakes.add(ArgumentError("part", f"is {part}; parts are counted from 1"))
    if part is not None and start is not None:
        mistakes.add(ArgumentError("part", "cannot be combined with start; give one of them"))
    mistakes.of(lambda: page_numbers.ranges(pages))
    row_range = mistakes.of(lambda: _row_range(rows)) if rows is not None else None
    found = await mistakes.met(opened(source, places))
    if found is None:
        raise mistakes.error()
    # Only now, because hosts wait for a server to start, and what reads tables is large.
    from .tables import workbook

    book = workbook.is_book(found.name, found.data)
    # For workbooks, rows are read and interpreted.
    form = None if book else document_type(found.data, found.name)
    if form and start is None and rows is None and sheet is None:
        mistakes.tell()
        takes = form in ATTACHED and attach > 0
        if takes and len(found.data) <= attach and not pages.strip() and part is None:
            return _attached(found)
        return await _document_text(found, pages, part or 1, places, _text_room(room), attached=takes)
    if not form and pages.strip():
        problem = f"applies only to documents with pages, and {found.name} is not one; leave it out"
        mistakes.add(ArgumentError("pages", problem))
    if book and start is not None:
        problem = f"applies only to text; {found.name} is a workbook, so use rows, such as 51-200"
        mistakes.add(ArgumentError("start", problem))
    if not book and sheet is not None:
        problem = f"applies only to workbooks, and {found.name} is not one; leave it out"
        mistakes.add(ArgumentError("sheet", problem))
    if book and part is not None and rows is None:
        problem = (
            f"applies only to text and to rows that are too long; {found.name} is a workbook, so use sheet or "
            "rows"
        )
        mistakes.add(ArgumentError("part", problem))
    if book:
        reading = _book_text(found, sheet, row_range, room, part)
    else:
        reading = to_thread.run_sync(_text, found, start, part, row_range, room)
    read = await mistakes.met(reading)
    if read is None or mistakes.found:
        raise mistakes.error()
    return read


async def _book_text(
    found: Source,
    sheet: str | None,
    row_range: tuple[int, int | None] | None,
    room: int | None,
    part: int | None,
) -> ToolOutput:
    from .tables import table_text, workbook

    try:
        return await workbook.in_worker(
            found.name, found.data, "source", table_text.of_book, found, sheet, row_range, WHOLE, room, part
        )
    except ArgumentError as error:
        # What charts call data is a source here.
        raise (ArgumentError("source", error.problem) if error.argument == "data" else error) from error


def _row_range(rows: str) -> tuple[int, int | None]:
    """Return the first and the last requested row; None for the last one requests as many rows as fit in one answer."""
    found = _ROWS.fullmatch(str(rows))
    first, last = (int(found[1]), int(found[2]) if found[2] else None) if found else (0, None)
    if first < 1 or (last is not None and last < first):
        raise ArgumentError(
            "rows", f"is {rows!r}; give the first and the last row, counted from 1, such as 51-200"
        )
    return first, last


def _text_room(room: int | None) -> int | None:
    """Return the space for the text of an answer, apart from its other sentences."""
    return None if room is None else max(room // 2, room - _SENTENCES)


def _check_is_text(found: Source, start: int | None) -> None:
    """Raise an error if a file has a known format other than text; `start` is the requested start."""
    name, data, _ = found
    file_type = kinds.kind(data)
    if problem := unread(data):
        raise ArgumentError("source", f"{name} {problem}")
    if file_type is None or file_type is kinds.SVG:
        return
    if file_type.sort == "picture":
        raise ArgumentError(
            "source", f"{name} is a picture of type {file_type.media_type}; load_image shows it"
        )
    if file_type.sort != "document":
        raise ArgumentError(
            "source", f"{name} is a file of type {file_type.media_type}; supported are {READ}"
        )
    argument, noun = ("start", "texts") if start is not None else ("rows", "tables")
    problem = f"applies to {noun}; {name} is {file_type.media_type}, so use pages or part"
    raise ArgumentError(argument, problem)


def _attached(found: Source) -> ToolOutput:
    """Return a document unchanged."""
    name, data, uri = found
    file_type = kinds.kind(data)
    suffix, media_type = (file_type.suffix, file_type.media_type) if file_type else ("", "")
    file = File(uri or f"file:///file{suffix}", name, media_type, data)
    return ToolOutput(f"{name}: {suffix[1:].upper()}, {amount(len(data))}, attached.", files=(file,))


async def _document_text(
    found: Source, pages: str, part: int, places: Places, room: int | None, *, attached: bool
) -> ToolOutput:
    """Return a part of a document as Markdown, with its figures kept."""
    try:
        read = await apart(_excerpt, found.data, found.name, pages, part, room)
    except DocumentError as error:
        raise ArgumentError("source", f"{found.name} {error}") from error
    uris = await to_thread.run_sync(_kept, read, found, places)

    def shown(number: int, caption: str) -> str:
        if number in uris:
            return f"![{caption}]({uris[number]})"
        picture = read.figures.get(number)
        what = described(picture) if picture else f"not shown: {read.missing.get(number, 'unknown')}"
        return f"[figure {number}: {caption}; {what}]"

    text = read.with_figures(shown)
    file = File(found.uri or "file:///document.md", found.name, "text/markdown", text)
    return ToolOutput(_sentences(found, read, pages, uris, attached=attached), files=(file,))


def _excerpt(data: bytes, name: str, pages: str, part: int, room: int | None) -> Excerpt:
    """Read a document; called in a separate process (see `apart`)."""
    return excerpt(data, name, pages=pages, part=part, room=room)


def _kept(read: Excerpt, found: Source, places: Places) -> dict[int, str]:
    """Keep the figures of an excerpt in the store, and return their names."""
    if places.store is None:
        return {}
    try:
        return {
            number: places.store.keep(picture, f"figure {number} of {found.name}").short
            for number, picture in read.figures.items()
        }
    except OSError:  # The text is what was requested; a full disk must not cost it.
        return {}


def _sentences(found: Source, read: Excerpt, pages: str, uris: Mapping[int, str], *, attached: bool) -> str:
    """Describe which part of a document is shown, what remains, and how to request it."""
    total = f", {counted(read.total, read.unit)}" if read.unit else ""
    where = f"; {read.where()}" if read.where() else ""
    told = [f"{found.name}: {read.form}, {amount(len(found.data))}{total}, as Markdown{where}."]
    if not read.text.strip():
        told.append("It contains no text.")
    if attached and len(found.data) > MAX_DOCUMENT_BYTES and not pages.strip() and read.part == 1:
        told.append("It is too large to be attached.")
    if not read.is_last:
        by_number = read.unit and not pages.strip() and not read.broken
        following = _following(read.sections, read.total)
        others = f", or with {read.unit}s by number: pages={following}" if by_number else ""
        asked = f"pages={pages!r} and " if pages.strip() else ""
        told.append(f"Call again with {asked}part={read.part + 1} for the next part{others}.")
    elif pages.strip() and max(asked_for := page_numbers.chosen(pages, read.total)) < read.total:
        told.append(f"Call again with pages={_following(asked_for, read.total)} for more.")
    if read.scans:
        which = page_numbers.in_words(read.scans)
        told.append(f"{which[0].upper()}{which[1:]}: no text, only a picture; render_document shows it.")
    if read.form == "web page":
        told.append("start=1 returns its source; nothing that it links to was fetched.")
    elif read.form == "PDF" and not read.scans:
        told.append("render_document shows its pages as pictures.")
    if uris:
        told.append(f"It contains {counted(len(uris), 'figure')}; load_image shows each by its image:// uri.")
    return " ".join([*told, *read.notes])


def _following(numbers: Sequence[int], total: int) -> str:
    """Return the same number of following pages, such as `4-6` after 1 to 3."""
    before = max(numbers, default=0)
    first, last = min(before + 1, total), min(before + max(1, len(numbers)), total)
    return f"{first}-{last}" if last > first else f"{first}"


def _text(
    found: Source,
    start: int | None,
    part: int | None,
    row_range: tuple[int, int | None] | None,
    room: int | None,
) -> ToolOutput:
    _check_is_text(found, start)
    name, _, uri = found
    decoded = characters(found, READ)
    text, total = decoded.text, len(decoded.text)
    suffix = PurePosixPath(name).suffix.lower()
    media_type = _TYPES.get(suffix, "text/plain")
    lines = text.count("\n") + (not text.endswith("\n") and total > 0)
    guessed = f", read as {decoded.guessed}" if decoded.guessed else ""
    words = f"{name}: {media_type}, {counted(total, 'character')} in {counted(lines, 'line')}{guessed}"
    text_room = _text_room(room)
    long = total > WHOLE or _fitting(text, 0, text_room) < total
    if row_range or (start is part is None and long and suffix in _TABLES):
        from .tables import table_text

        made = table_text.table_in(found, decoded, needed=row_range is not None)
        if made:
            whole = " start=1 returns the text unchanged."
            return table_text.piece(
                made,
                row_range,
                f"{words}; ",
                whole,
                File(uri or "file:///table.csv", name, "text/csv", ""),
                room,
                part or 1,
            )
    first = start or (_start_of(text, part, text_room) if part else 1)
    if first > max(1, total):
        raise ArgumentError("start", f"is {first:,}; {name} has {counted(total, 'character')}")
    piece = text[first - 1 : first - 1 + _fitting(text, first - 1, text_room)]
    file = File(uri or "file:///text.txt", name, media_type, piece)
    last = first - 1 + len(piece)
    if len(piece) < total:
        words += f"; characters {first:,} to {last:,} follow"
        words += f", call again with start={last + 1} for more" if last < total else ", which are the last"
    return ToolOutput(f"{words}.", files=(file,))


def _fitting(text: str, at: int, room: int | None) -> int:
    return fitting(text[at : at + CHARACTERS], room)


def _start_of(text: str, part: int, room: int | None) -> int:
    """Return the position of the first character in a part of a text; characters and parts are counted from 1."""
    at = 0
    for number in range(1, part):
        at += _fitting(text, at, room)
        if at >= len(text):
            raise ArgumentError("part", f"is {part:,}; the text has {counted(number, 'part')}")
    return at + 1
