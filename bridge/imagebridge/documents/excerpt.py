"""A part of a document's text with its figures: the requested pages, divided if they are too long for one answer."""

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from imagebridge.errors import ArgumentError, DocumentError, PictureError
from imagebridge.pictures.base64 import to_base64
from imagebridge.pictures.picture import Picture

from . import page_numbers
from .document_types import opened
from .sections import MARK, DocumentContents, FigureFile, Section

CHARACTERS = 100_000
"""The maximum number of characters of text in one answer; hosts move longer ones to files or cut them off."""

MAX_FIGURES = 40
"""The maximum number of figures that are loaded per part; any others are only named."""

MAX_FIGURE_BYTES = 30_000_000
"""The maximum size of all figures in one part, in bytes."""

_FIGURE = re.compile(rf"!\[([^\[\]]{{0,300}})\]\({MARK}(\d{{1,9}})\)")

_MARKED = 400
"""The maximum length of a figure's mark in the text: its name can have 300 characters (see `sections`)."""

_IN_PLACE = 150
"""How many characters of JSON a figure's replacement may add to its mark: a URI, or the reason why it is not shown."""

_BREAKS = ("\n\n#", "\n\n", "\n", " ")
"""Preferred places to divide a text, best first."""


class Excerpt(NamedTuple):
    """A part of a document.

    form: what the document is, in words. text: Markdown, with figures as images at addresses `figure:N`. figures:
    the figures that can be shown, by number; `missing` says why the others cannot. sections: the numbers of the pages,
    slides or chapters in this part, of `total`; `unit` is what they are called. broken: whether the last of them
    continues in the next part. part, parts: the number of this part and of all parts; 0 parts if not
    everything was read. scans, drawn: the pages that are pictures without text, and those with figures or drawings
    besides text. notes: remarks on the document.
    """

    form: str
    text: str
    figures: Mapping[int, Picture]
    missing: Mapping[int, str]
    unit: str
    sections: tuple[int, ...]
    total: int
    broken: bool
    part: int
    parts: int
    scans: tuple[int, ...]
    drawn: tuple[int, ...]
    notes: tuple[str, ...]

    @property
    def is_last(self) -> bool:
        """Whether this is the last part of the requested text."""
        return self.part == self.parts

    def where(self) -> str:
        """Return which part of the document this is: `part 2 of 3: pages 4-9 of 12`; empty for a whole document."""
        pages = ""
        if self.unit and self.total > 1:
            pages = f"{page_numbers.in_words(self.sections, self.unit)} of {self.total:,}"
        if self.part == self.parts == 1:
            return pages if len(self.sections) < self.total else ""
        number = f"part {self.part:,}" + (f" of {self.parts:,}" if self.parts else "")
        return f"{number}: {pages}" if pages else number

    def with_figures(self, shown: Callable[[int, str], str]) -> str:
        """Return the text with each figure replaced by the result of `shown` for its number and words."""
        return _FIGURE.sub(lambda found: shown(int(found[2]), found[1]), self.text)


def json_length(text: str) -> int:
    """Return the length of a text as ASCII JSON, without the quotes around it."""
    return len(json.dumps(text)) - 2


def fitting(text: str, room: int | None, length: Callable[[str], int] = json_length) -> int:
    """Return how many characters of a text fit in one answer: at most `CHARACTERS`, and at most `room` as JSON.

    A host counts the JSON that is sent, in which a non-ASCII letter takes 6 or 12 characters.
    At least one character always fits, so that repeated calls reach the end.

    Args:
        text: the rest of the text.
        room: the maximum length as JSON; None for no limit.
        length: returns the length of a text as JSON.
    """
    most = min(len(text), CHARACTERS, CHARACTERS if room is None else max(1, room))
    if room is None or length(text[:most]) <= room:
        return most
    return max(1, bisect_right(range(most + 1), room, key=lambda end: length(text[:end])) - 1)


def excerpt(
    data: bytes,
    name: str = "",
    *,
    pages: str = "",
    part: int = 1,
    characters: int = CHARACTERS,
    room: int | None = None,
    figures: bool = True,
) -> Excerpt:
    """Read a part of a document.

    Args:
        data: the bytes of the file, which determine its type.
        name: the file's name, which distinguishes HTML from other texts.
        pages: the numbers of the pages, slides or chapters to read, such as "1-3, 7"; empty for all.
        part: which part of their text, counted from 1, if it has more than `characters`.
        characters: the maximum number of characters in a part.
        room: the maximum length of a part as JSON, including the replacements of its figures; None for no limit.
        figures: whether to load the figures.

    Raises:
        DocumentError: the file is not a readable document, or is damaged or locked.
        ArgumentError: the pages or the part do not exist.
    """
    # A text is never shorter as JSON, so no more of the document is read than a part may need.
    characters = characters if room is None else min(characters, room)
    try:
        with opened(data, name) as contents:
            return _excerpt(contents, pages, part, characters, room, figures=figures)
    except RecursionError as error:
        raise DocumentError("is nested too deeply to be a document") from error


def _excerpt(
    contents: DocumentContents, pages: str, part: int, characters: int, room: int | None, *, figures: bool
) -> Excerpt:
    if pages.strip() and not contents.unit:
        raise ArgumentError(
            "pages", f"applies to PDFs, slides and books; this is a {contents.form}, so use part instead"
        )
    numbers = page_numbers.chosen(pages, contents.total, contents.unit or "page")
    text, starts = _read(contents, numbers, part * characters)
    ends = _ends(text, [start for start, _ in starts], characters, room)
    if part > len(ends):
        parts = f"{len(ends):,} part{'' if len(ends) == 1 else 's'}"
        raise ArgumentError("part", f"is {part:,}; the text has {parts}")
    first, last = [0, *ends][part - 1], ends[part - 1]
    # A presentation may have no slides.
    following = ([start for start, _ in starts[1:]] + [len(text) + 1])[: len(starts)]
    within = tuple(
        number for (start, number), end in zip(starts, following, strict=True) if start < last and end > first
    )
    piece = text[first:last].strip("\n")
    loaded, missing = _figures(piece, contents.figures.files) if figures else ({}, {})
    return Excerpt(
        contents.form,
        piece,
        loaded,
        missing,
        contents.unit,
        within,
        contents.total,
        last < len(text) and last not in following,
        part,
        len(ends) if len(starts) == len(numbers) else 0,
        tuple(number for number in contents.scans if number in within),
        tuple(number for number in contents.drawn if number in within),
        tuple(dict.fromkeys(contents.notes)),
    )


def _read(
    contents: DocumentContents, numbers: Sequence[int], characters: int
) -> tuple[str, list[tuple[int, int]]]:
    """Return the text of the requested sections until it exceeds `characters`, and where each section starts in it."""
    written: list[str] = []
    starts: list[tuple[int, int]] = []
    length = 0
    for number in numbers:
        section = contents.read(number)
        text = _titled(section, contents, number)
        starts.append((length, number))
        written.append(text)
        length += len(text) + 2
        if length > characters + 2:
            break
    return "\n\n".join(written), starts


def _titled(section: Section, contents: DocumentContents, number: int) -> str:
    """Return a section's text, under a heading with its name if there are several."""
    if not contents.unit or (contents.total == 1 and not section.title):
        return section.text
    name = f"{contents.unit.capitalize()} {number}"
    head = f"## {name}: {section.title}" if section.title else f"## {name}"
    return f"{head}\n\n{section.text}" if section.text else head


def _ends(text: str, starts: Sequence[int], characters: int, room: int | None) -> list[int]:
    """Return where the parts of a text end."""
    ends: list[int] = []
    at = 0
    while (last := at + fitting(text[at : at + characters], room, _shown_length)) < len(text):
        at = _end(text, starts, at, last)
        ends.append(at)
    return [*ends, len(text)]


def _shown_length(text: str) -> int:
    """Return the length of a text as JSON, including the replacements of its figures."""
    return json_length(text) + _IN_PLACE * len(_FIGURE.findall(text))


def _end(text: str, starts: Sequence[int], first: int, last: int) -> int:
    """Return the end of the part that starts at `first`: before a section, if one starts in its second half.

    No part ends inside a figure.
    """
    middle = (first + last) // 2
    if near := [start for start in starts if middle < start <= last]:
        return near[-1]
    breaks = ((text.rfind(sign, middle, last), sign.rstrip("#")) for sign in _BREAKS)
    end = next((at + len(sign) for at, sign in breaks if at >= 0), last)
    for figure in _FIGURE.finditer(text, first, end + _MARKED):
        if figure.start() < end < figure.end():
            return figure.start() if figure.start() > first else figure.end()
    return end


def _figures(text: str, files: Sequence[FigureFile]) -> tuple[dict[int, Picture], dict[int, str]]:
    """Return the figures that a text refers to, and why any of them cannot be shown."""
    shown: dict[int, Picture] = {}
    missing: dict[int, str] = {}
    room = MAX_FIGURE_BYTES
    for number in dict.fromkeys(int(found[2]) for found in _FIGURE.finditer(text)):
        if not 1 <= number <= len(files):
            missing[number] = "it is missing from the document"
            continue
        if len(shown) >= MAX_FIGURES or room <= 0:
            missing[number] = "too many figures come before it: ask for fewer pages, or the next part"
            continue
        try:
            shown[number] = _picture(files[number - 1].load())
            room -= shown[number].size
        except (PictureError, DocumentError) as error:
            missing[number] = str(error)
    return shown, missing


def _picture(data: bytes) -> Picture:
    from imagebridge.pictures.convert import converted

    if data[:4] == b"\x01\x00\x00\x00" and data[40:44] == b" EMF":
        raise PictureError("it is a Windows metafile (EMF), which cannot be drawn here")
    if data[:4] in (b"\xd7\xcd\xc6\x9a", b"\x01\x00\x09\x00", b"\x02\x00\x09\x00"):
        raise PictureError("it is a Windows metafile (WMF), which cannot be drawn here")
    return converted(to_base64(data), "structure", first_frame=True).pictures[0]
