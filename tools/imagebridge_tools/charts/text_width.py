"""Estimates the width of text in the bundled font, and breaks it into lines, without reading the font."""

import re
import unicodedata

_GROUPS = {
    0.27: " Iijl!',.:;|`’‘",
    0.36: "()/[\\]ftr·",
    0.42: '1"^-_{}°²“”',
    0.52: "?*7JLks",
    0.58: "acvxyz",
    0.62: "23568bdeghnopquEFß",
    0.67: "#$&+04<=9>BKPRSTZ~−€",
    0.71: "ADVXY",
    0.76: "CGHNOQU",
    0.84: "w½",
    0.91: "Mm…",
    1.0: "%W@—",
}
"""The widths of letters in Inter 4.1, relative to the font size and rounded up."""

BOLD = 1.05
"""The width of semi-bold letters, relative to regular ones."""

_WIDE = "\u2e80-\u9fff\ua000-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffe6\U00020000-\U0003ffff"
"""Ranges of East Asian characters between which lines may break."""

_CLOSING = "、。，．：；！？）」』】〉》〕ー々"  # They never begin a line.

_BREAKS = re.compile(
    "|".join(
        (
            "(?<= )",
            r"(?<=[^\W\d_][-/_])(?=[^\W\d_])",
            f"(?<=[{_WIDE}])(?![{_CLOSING} ])",
            f"(?<! )(?=[{_WIDE}])(?![{_CLOSING}])",
        )
    )
)


class _Widths(dict[str, float]):
    """The widths of letters: accents add nothing; letters of other scripts are as wide as Latin ones, or square."""

    def __missing__(self, letter: str) -> float:
        first = unicodedata.normalize("NFD", letter)[0]
        if unicodedata.category(letter)[0] == "M":
            return 0.0
        if first != letter and first in self:
            return self[first]
        if unicodedata.east_asian_width(letter) in "WF":
            return 1.0
        return 0.8 if letter.isupper() else 0.65


_WIDTHS = _Widths({letter: width for width, group in _GROUPS.items() for letter in group})


def wide(text: str, *, bold: bool = False) -> float:
    """Return the width of a line, relative to the font size; it is rarely smaller than the drawn width."""
    return sum(map(_WIDTHS.__getitem__, text)) * (BOLD if bold else 1)


def broken(text: str, room: float, most: int | None = None, *, bold: bool = False) -> list[str]:
    """Break a text into lines that are at most `room` times the font size wide.

    Lines break between words, after hyphens and between East Asian letters, and within a word only
    if it is longer than a line. After `most` lines, the rest is left out, and the last line ends with "…".
    """
    room = max(room / (BOLD if bold else 1), 1)
    lines, line = list[str](), ""
    for part in _BREAKS.split(" ".join(text.split())):
        if line and wide(line + part.rstrip()) > room:
            lines.append(line.rstrip())
            line = ""
        line += part
        while wide(line.rstrip()) > room and (cut := _fitting_length(line, room)) < len(line):
            lines.append(line[:cut])
            line = line[cut:]
    lines += [line.rstrip()] if line.strip() else []
    if most and len(lines) > most:
        last = " ".join(lines[most - 1 : most + 1])
        return [*lines[: most - 1], f"{last[: _fitting_length(last, room - wide('…'))].rstrip()}…"]
    return lines


def _fitting_length(line: str, room: float) -> int:
    """Return how many letters fit, including their combining marks; at least one."""
    used = 0.0
    for at, letter in enumerate(line):
        used += _WIDTHS[letter]
        if used > room and at:
            while at > 1 and unicodedata.category(line[at])[0] == "M":
                at -= 1
            return at
    return len(line)


def shortened(text: str, room: float) -> str:
    """Shorten a text to one line of `room` times the font size, by replacing its middle with "…" if it is longer."""
    if wide(text) <= room:
        return text
    half = (room - wide("…")) / 2
    end = text[len(text) - _fitting_length(text[::-1], half) :]
    return f"{text[: _fitting_length(text, half)].rstrip()}…{end.lstrip()}"
