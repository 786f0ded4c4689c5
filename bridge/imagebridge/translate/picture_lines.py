"""The lines that accompany pictures and files in a conversation: how each is written, and how it is parsed.

Trimming relies on these lines, a model asks for a picture by the name that a line gives it, and each layer
that makes a picture smaller continues from the factor of the previous one. So writing and parsing are kept
together.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Literal, NamedTuple

from .strips import Strip
from .vision import Seen

_PART = r"part \d+ of \d+ of "


# Names.


def numbered(first: int, last: int) -> str:
    """Return the name of one picture, or of several, by number."""
    return f"picture {first}" if first == last else f"pictures {first} to {last}"


def handle(number: int) -> str:
    """Return the name of a picture as an argument of a tool."""
    return f"picture:{number}"


def part_of(name: str, part: str) -> str:
    """Name a part of a picture, such as `part 2 of 5`; just the picture if it is shown in one piece."""
    return f"{part} of {name}" if part else name


class AskedPicture(NamedTuple):
    """The picture that a tool argument names. part: whether it names only a part. certain: whether it is written as a handle."""

    text: str
    number: int
    part: bool
    certain: bool


_ASKED = re.compile(
    r"\s*(?P<part>part\s+\d+\s+(?:of\s+\d+\s+)?of\s+)?picture(?P<mark>:\s*|\s+)(?P<number>[1-9][0-9]{0,8})\s*",
    re.IGNORECASE,
)


def read_asked(text: str) -> AskedPicture | None:
    """Parse a model's reference to a picture: a handle, in any case and with surrounding space, or `picture 3`."""
    found = _ASKED.fullmatch(text)
    if found is None:
        return None
    return AskedPicture(found[0].strip(), int(found["number"]), bool(found["part"]), ":" in found["mark"])


# The line directly after a picture.


def named(name: str, source: str, part: str = "") -> str:
    """Return the handle of a picture; `source` is the type of the file that tools receive, if it differs."""
    return f"{part_of(name, part)} ({source})" if source else part_of(name, part)


class HandleLine(NamedTuple):
    """The name in a line for the picture before it: the handle, preceded by the part if any, and the number."""

    name: str
    number: int


_HANDLE = re.compile(rf"((?:{_PART})?picture:(\d{{1,9}}))(?: \([\w.+/-]+\))?(?=\n|\Z)")


def read_named(line: str) -> HandleLine | None:
    """Parse a line that starts with the handle of a picture or of a part."""
    found = _HANDLE.match(line)
    return HandleLine(found[1], int(found[2])) if found else None


class PartLine(NamedTuple):
    """The part of a long picture that a line follows: the line's beginning, such as `part 2 of 5 of `, and the number."""

    beginning: str
    number: int


_PART_LINE = re.compile(rf"({_PART})picture[ :]\d+")


def read_part(line: str) -> PartLine | None:
    """Parse a line that starts with the name of a part of a picture, with or without a handle."""
    found = _PART_LINE.match(line)
    return PartLine(found[1], int(found[1].split(" ", 2)[1])) if found else None


# The line before a picture or file that follows in a user message.


def caption(what: str, call: str) -> str:
    """Return the caption of an item that a call returned."""
    return f"{what} of {call}:"


_CAPTION = re.compile(rf"((?:(?:{_PART})?picture \d+|the file .+|the address of a (?:file|picture)) of .+):")


def read_caption(line: str) -> str | None:
    """Return the name in a caption, or None if the line is not a caption."""
    found = _CAPTION.fullmatch(line)
    return found[1] if found else None


# The line that replaces a picture or file.


class StandInLine(NamedTuple):
    """The item that a line replaces; `refers` is the label or handle of the copy shown elsewhere, or "" if none is."""

    kind: Literal["picture", "file"]
    refers: str = ""


def gone(description: str) -> str:
    """State what was shown here and has been removed."""
    return f"[no longer shown: {description}]"


def again(stands: StandInLine) -> str:
    """State that the same picture is shown earlier."""
    return f"[the same {stands.kind} as {stands.refers}, above]"


_STAND_IN = re.compile(
    rf"\[(?:no longer shown: (?:(?:{_PART})?picture:\d+, )?(?:{_PART})?(picture|file|the file)\b.*"
    r"|the same (picture|file) as (.+), above)\]"
)


def read_stand_in(line: str) -> StandInLine | None:
    """Parse a line written by `gone` or `again`; return None for any other line."""
    found = _STAND_IN.fullmatch(line)
    if found is None:
        return None
    return StandInLine("picture" if "picture" in (found[1], found[2]) else "file", found[3] or "")


# Factors.


def scaled(number: int, seen: Seen, width: int, height: int) -> str:
    """State how far picture `number` was scaled down from `width` x `height` pixels, to convert coordinates back."""
    factors = _factors(seen, width, height)
    return f"picture {number}: shown {seen.width}x{seen.height} of {width}x{height}; multiply {factors}"


def _factors(seen: Seen, width: int, height: int) -> str:
    across, down = round(width / seen.width, 3), round(height / seen.height, 3)
    return f"coordinates by {across:g}" if across == down else f"x by {across:g} and y by {down:g}"


def strip_place(strip: Strip, width: int, height: int) -> tuple[str, str]:
    """State where a strip lies in its picture of `width` x `height` pixels, and how to convert coordinates back."""
    down = strip.width == width
    start, length, axis = (strip.top, strip.height, "y") if down else (strip.left, strip.width, "x")
    place = f"{axis} {start} to {start + length} of {width}x{height}"
    view = strip.seen
    if (view.width, view.height) != (strip.width, strip.height):
        factors = f"multiply {_factors(view, strip.width, strip.height)}"
        back = f"{factors}, then add {start} to {axis}" if start else factors
        return f"{place}, shown {view.width}x{view.height}", back
    return place, f"add {start} to {axis}" if start else "coordinates are those of the whole picture"


def multiply(its: str, across: float, down: float) -> str:
    """State the factor by which to multiply coordinates; `its ` refers to one of several pictures."""
    factor = f"{across:.4g}" if across == down else f"{across:.4g} across and {down:.4g} down"
    return f"Multiply {its}coordinates by {factor} to get full-size coordinates."


def multiplied(its: str, scale: float) -> re.Pattern[str]:
    """Return a pattern for the sentence of `multiply` with this factor across and any factor down (group `down`)."""
    return re.compile(
        rf"Multiply {its}coordinates by {re.escape(f'{scale:.4g}')}"
        r"(?: across and (?P<down>[0-9.e+-]+) down)? to get full-size coordinates\."
    )


# The sentence with the names under which our server keeps pictures, and the names wherever a text contains them.

KEPT_SCHEME = "image://"
"""The prefix of the names."""

_KEPT = re.compile(r" Kept as (image://[0-9a-f]+(?:, image://[0-9a-f]+)*)\.")
_KEPT_NAME = re.compile(r"\bimage://[0-9a-f]{8,64}\b")


def kept(names: Iterable[str]) -> str:
    """State the names under which pictures are kept, to be appended to a sentence, with a leading space."""
    return f" Kept as {', '.join(names)}."


def renamed_kept(text: str, known: Collection[str], handles: Mapping[str, str]) -> str:
    """Return a text without the sentences whose names are all `known`, and with names replaced by handles where they exist."""
    text = _KEPT.sub(lambda found: "" if set(found[1].split(", ")) <= set(known) else found[0], text)
    return _KEPT_NAME.sub(lambda found: handles.get(found[0], found[0]), text)
