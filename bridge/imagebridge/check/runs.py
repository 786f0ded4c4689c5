"""Base64 of pictures and documents between the words of a text.

A translation never looks there (`translate.hidden`): it may be meant as an example. Here somebody asks
what is wrong with a request, so it is found, if it is long enough to cost anything.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from imagebridge.translate import kinds
from imagebridge.translate.picture import DATA_URL, decode_start

_ALPHABET = r"[A-Za-z0-9+/=_-]"
_RUN = re.compile(rf"{_ALPHABET}+")
_PREFIX = re.compile(r"data:[\w.+-]*(?:/[\w.+-]*)?(?:;[\w=.+-]*)*,\s?\Z", re.IGNORECASE)
_LONGEST_PREFIX = 100

_SHORT, _LONG = 48, 500
"""Characters of a step through texts below and above `_LARGE`: a run is surely met where it has two steps."""

_LARGE = 20_000
_STEP = {step: re.compile(rf"{_ALPHABET}{{{step}}}") for step in (_SHORT, _LONG)}


@dataclass(frozen=True, slots=True)
class Run:
    """Base64 in a text: characters `start` to `stop`, of which those before `data` are a `data:` prefix."""

    start: int
    data: int
    stop: int
    kind: kinds.Kind


def runs(text: str) -> Iterator[Run]:
    """Yield the base64 of pictures and documents in `text`, in order.

    Stepwise: prose has a space in nearly every step, and a pattern that may begin anywhere is far slower.
    """
    step = _LONG if len(text) > _LARGE else _SHORT
    whole = _STEP[step]
    at = done = 0
    while at + step <= len(text):
        if " " in text[at : at + step] or not whole.match(text, at):
            at += step
            continue
        start = at
        while start > done and text[start - 1].isascii() and _RUN.match(text[start - 1]):
            start -= 1
        match = _RUN.match(text, start)
        stop = match.end() if match else at + step
        if found := _kind(text, start, stop):
            prefix = _PREFIX.search(text, max(done, start - _LONGEST_PREFIX), start)
            yield Run(prefix.start() if prefix else start, start, stop, found)
        at = done = stop


def _kind(text: str, start: int, stop: int) -> kinds.Kind | None:
    found = kinds.kind(decode_start(text[start : min(stop, start + 6_000)]))
    return found if found is not None and found.sort in ("picture", "document") else None


def is_data_url(text: str) -> bool:
    """Tell whether a text begins as a `data:` URL."""
    return DATA_URL.match(text[:200]) is not None
