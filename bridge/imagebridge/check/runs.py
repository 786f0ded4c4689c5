"""Finds base64 of pictures, documents, audio and archives between the words of a text, in one piece or in lines.

A translation never searches there (`translate.hidden`), because the base64 may be an example. A check is run to find
problems, so it reports all base64 that is long enough to matter.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from imagebridge.pictures import kinds
from imagebridge.pictures.base64 import DATA_URL, base64_start

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
_LETTER = r"[A-Za-z0-9+/_-]"
_LINE = 40
"""The minimum number of characters in a line of base64, except the last: tools write 60, 64, 72 or 76."""

# The last line consists of whole groups of four, so that no word of the text after it counts.
_LAST = rf"(?:{_LETTER}{{4}})*(?:{_LETTER}{{4}}|{_LETTER}{{3}}=|{_LETTER}{{2}}==)(?![ \t.:!?=]|{_LETTER})"
_RUN = re.compile(rf"{_LETTER}*+(?>(?:\r?\n{_LETTER}{{{_LINE},}}+)*)(?:={{1,2}}|\r?\n{_LAST})?")
_BREAK = re.compile(r"\n")
_PREFIX = re.compile(r"data:[\w.+-]*(?:/[\w.+-]*)?(?:;[\w=.+-]*)*,\s?\Z", re.IGNORECASE)
_LONGEST_PREFIX = 100

_SHORT, _LONG = 48, 500
"""The step in characters through texts below and above `_LARGE`: a run as long as two steps is always found."""

_LARGE = 20_000
_LONGEST_LINE = 1_000

_ENOUGH = 1_000
"""The minimum number of characters for reporting audio, video or an archive: addresses can start like an MP3."""


@dataclass(frozen=True, slots=True)
class Base64Run:
    """Base64 in a text, from `start` to `stop`; the characters before `data` are a `data:` prefix."""

    start: int
    data: int
    stop: int
    kind: kinds.FileType


def runs(text: str) -> Iterator[Base64Run]:
    """Yield the base64 of pictures, documents and other files in `text`, in order.

    The search works in steps: prose has a space in nearly every step, and a pattern that can match anywhere is far
    slower.
    """
    step = _LONG if len(text) > _LARGE else _SHORT
    at = done = 0
    while at + step <= len(text):
        match = None if " " in text[at : at + step] else _RUN.match(text, at)
        if match is None or match.end() < at + step:
            at += step
            continue
        stop = match.end()
        for start in _starts(text, at, step, done):
            if file_type := _kind(text, start, stop):
                prefix = _PREFIX.search(text, max(done, start - _LONGEST_PREFIX), start)
                yield Base64Run(prefix.start() if prefix else start, start, stop, file_type)
                break
        at = done = stop


def _starts(text: str, at: int, step: int, done: int) -> list[int]:
    """Return where base64 around `at` may start: its line, the lines above (after `done`) or below (within `step`)."""
    start = _line(text, at, done)
    starts = [start]
    while start > done and text[start - 1] == "\n":
        end = start - (2 if text[start - 2 : start - 1] == "\r" else 1)
        start = _line(text, end, done)
        if end - start < _LINE:
            break
        starts.append(start)
    # The line above may be a single word.
    below = (one.end() for one in _BREAK.finditer(text, at, at + step))
    return [*reversed(starts), *below]


def _line(text: str, end: int, done: int) -> int:
    """Return the start of the base64 letters that end at `end` in their line."""
    first = max(done, end - _LONGEST_LINE)
    return first + len(text[first:end].rstrip(_LETTERS))


def _kind(text: str, start: int, stop: int) -> kinds.FileType | None:
    file_type = kinds.kind(base64_start(text[start : min(stop, start + 6_000)]))
    if file_type is None or file_type.sort in ("picture", "document"):
        return file_type
    return file_type if stop - start >= _ENOUGH else None


def is_data_url(text: str) -> bool:
    """Return whether a text starts like a `data:` URL."""
    return DATA_URL.match(text[:200]) is not None
