"""Splits a picture that a host would make unreadably small, because it is much longer than wide, into overlapping parts."""

from collections.abc import Iterator, Sequence
from functools import partial

from imagebridge.errors import PictureError
from imagebridge.facts.hosts import Host
from imagebridge.pictures import convert
from imagebridge.translate import vision
from imagebridge.translate.strips import is_unreadable, strips
from imagebridge.translate.vision import Seen

from .host_blocks import HostEntry, showing

_MOST = 10
"""The maximum number of pictures in a result, including the parts of long ones."""


def in_parts(entries: Sequence[HostEntry], host: Host) -> Iterator[HostEntry]:
    """Yield the entries, splitting long pictures into parts as long as the result has few pictures."""
    count = sum(entry.picture is not None for entry in entries)
    for entry in entries:
        parts = _strip_entries(entry, host)
        if len(parts) > 1 and count + len(parts) - 1 <= _MOST:
            count += len(parts) - 1
            yield from parts
        else:
            yield entry


def _strip_entries(entry: HostEntry, host: Host) -> list[HostEntry]:
    """Return the parts of a long picture; none if it is readable as a whole, or unreadable even in parts."""
    picture = entry.picture
    # A picture that was scaled down before, or drawn, has coordinates that are not its own.
    if picture is None or entry.scale != 1 or entry.size != (picture.width, picture.height):
        return []
    fit = partial(_seen, host=host)
    if not is_unreadable(picture.width, picture.height, fit(picture.width, picture.height)):
        return []
    found = strips(picture.width, picture.height, fit)
    try:
        cuts = [(strip.box, (strip.seen.width, strip.seen.height)) for strip in found]
        pictures = convert.cut(picture, cuts) if cuts else ()
    except PictureError:
        return []  # as a whole it cannot be decoded either, which is reported there
    parts: list[HostEntry] = []
    for strip, shown in zip(found, pictures, strict=True):
        sentence = entry.sentence if strip.number == 1 else ""
        size = picture.width, picture.height
        part = HostEntry(entry.block, entry.number, shown, shown, size, sentence=sentence, strip=strip)
        parts.append(showing(part, shown))
    return parts


def _seen(width: int, height: int, host: Host) -> Seen:
    """Return the size at which a host shows a picture of this size in pixels."""
    return Seen(*vision.bounded(width, height, host.side, host.patches), 0, 0)
