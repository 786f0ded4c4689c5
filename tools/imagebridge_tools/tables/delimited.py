"""Reads delimited text: CSV and similar formats, with any cell separator."""

import csv
import re
from collections import Counter
from io import StringIO

from imagebridge.errors import ArgumentError
from imagebridge_tools.tool_output import JsonValue

from . import header
from .header import FoundTable

_SEPARATORS = "\t;|,"
"""Possible separators of cells, those that are rarer within cells first."""
_CODE = re.compile('^(?:="(.*)"|\'(\\d.*))$', re.DOTALL)
"""Matches a text written in such a way that spreadsheets do not read it as a number."""

_LOGGER = "TOA5"
"""The first cell of Campbell Scientific's tables. Below it are names, units, and how each number was computed:
https://help.campbellsci.com/loggernet-manual/ln_manual/campbell_scientific_file_formats/toa5.htm, 2026-11-30."""

_SEEN = 100
"""The number of lines that are used to determine the separator."""


def delimited_table(text: str) -> tuple[FoundTable, str]:
    """Return the table in a text, and its separator, which the first line may specify (`sep=;`).

    Raises:
        ArgumentError: there is no table, or a line has more or fewer cells than the header.
    """
    if "\n" not in text:
        text = text.replace("\r", "\n")
    separator = ""
    first, _, rest = text.partition("\n")
    skipped = 0
    if first.strip().casefold().startswith("sep=") and len(first.strip()) == 5:
        separator, text, skipped = first.strip()[4], rest, 1
    separator = separator or _separator(text)
    if not separator:
        separator, text = ("\t", spread) if (spread := _spread(text)) else (",", text)
    elif separator == "|":
        text = _without_rules(text)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    lines: list[tuple[int, list[JsonValue]]] = []
    start = skipped + 1
    try:
        for cells in reader:
            lines.append((start, [_CODE.sub(r"\1\2", cell.strip()) for cell in cells]))
            start = skipped + reader.line_num + 1
    except csv.Error as error:
        raise ArgumentError("data", f"is not CSV: {error} in line {skipped + reader.line_num}") from error
    if lines and lines[0][1][:1] == [_LOGGER]:
        found = header.table([*lines[1:3], *lines[4:]])
        return found._replace(
            notes=[f"left out: the logger information in a {_LOGGER} file", *found.notes]
        ), separator
    return header.table(lines), separator


def _separator(text: str) -> str:
    """Return the separator that splits most lines into the same number of cells, preferably the most common one."""
    lines = [line for line in text.split("\n", _SEEN)[:_SEEN] if line.strip()]
    ranks: dict[str, tuple[float, int, int]] = {}
    for separator in _SEPARATORS:
        try:
            rows = [len(cells) for cells in csv.reader(lines, delimiter=separator) if cells]
        except csv.Error:
            continue
        counts = Counter(count for count in rows if count > 1)
        if counts:
            usual = max(counts, key=lambda count: (counts[count], count))
            at = next(at for at, count in enumerate(rows) if count == usual)
            ranks[separator] = counts[usual] / len(rows), counts.total(), -at
    return max(ranks, key=lambda separator: ranks[separator], default="")


def _spread(text: str) -> str:
    """Convert text whose columns are aligned with two or more spaces to text with tabs; "" for other texts."""
    lines = [re.sub(r" {2,}", "\t", line.strip(" ")) for line in text.split("\n")]
    counts = Counter(line.count("\t") for line in lines if line.strip())
    count, alike = max(counts.items(), key=lambda one: one[1], default=(0, 0))
    return "\n".join(lines) if count and alike * 5 >= 4 * counts.total() else ""


def _without_rules(text: str) -> str:
    """Remove the outer bars and the rules of a Markdown table."""
    lines = [line for line in text.split("\n") if not re.fullmatch(r"[\s|:+-]*-[\s|:+-]*", line)]
    if all(re.fullmatch(r"\s*\|.*\|\s*", line) for line in lines if line.strip()):
        lines = [line.strip()[1:-1] for line in lines]
    return "\n".join(lines)
