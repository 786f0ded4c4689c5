"""Finds the table in an exported grid of cells, despite titles and comments above it, and repeated or empty names."""

import re
from collections import Counter
from collections.abc import Container, Sequence
from itertools import pairwise
from typing import NamedTuple

from imagebridge.errors import ArgumentError, beginning, counted
from imagebridge_tools.tool_output import JsonValue

from .cells import check_size, date, is_missing, numbers

GridLine = tuple[int, Sequence[JsonValue]]
"""A line: its number in the file, counted from 1, and its cells."""

_SEEN = 200
"""The number of lines that are used to determine the usual number of cells."""

FOOTERS = 10
"""The maximum number of lines of notes below a table; more lines than that are rows with few cells."""

_UNIT = 12
"""The maximum number of characters in a unit below a name."""

_HEAD = 30
"""The number of lines below a line of values, such as an account number, that are searched for the names of columns."""

_NOTE = re.compile(
    r"\W*(sources?|notes?|quelle|hinweis|stand|fuente|nota|notas|source|fonte|bron|källa|lähde|zdroj|źródło"
    r"|источник|примечание|出典|注|来源|數據|数据来源|출처)\b[\s:*]|[©*]\s*\w|[\W_]{3,}$",
    re.IGNORECASE,
)
"""Matches the start of notes below a table."""


class FoundTable(NamedTuple):
    """A table: its columns, and remarks on the lines around it and on changed names."""

    columns: dict[str, list[JsonValue]]
    notes: list[str]


def table(lines: Sequence[GridLine], noun: str = "line") -> FoundTable:
    """Return the table that lines contain, without empty lines; `noun` is the word for a line in errors.

    In lines with fewer cells than the header, the last cells are missing; a few lines with more cells are left out.
    Notes report both.

    Raises:
        ArgumentError: there is no table, many lines have more cells than the header, or the table is too large.
    """
    known = [(number, cells) for number, cells in lines if any(map(_filled, cells))]
    if not known:
        raise ArgumentError("data", "is empty; give at least one row")
    at = _header(known)
    notes: list[str] = []
    if stacked := _stacked(known, at):
        top, end, names_line = stacked
        known = [*known[:top], names_line, *known[end:]]
        notes.append(f"{end - top} {noun}s of names are combined, as in {names_line[1][-1]!r}")
        at = top
    above, (first, header), rows = known[:at], known[at], known[at + 1 :]
    rows = _without_footers(rows, len(header), _blocks(lines), notes, noun)
    check_size(len(rows), len(header))
    if described := _descriptions(rows, len(header)):
        many = f"the {noun}" if described == 1 else f"{described} {noun}s"
        what = "describes" if described == 1 else "describe"
        notes.append(f"left out: {many} below the header, {_excerpt(rows[0][1])}, which {what} the columns")
        rows = rows[described:]
    grid = _rectangle(rows, header, first, noun, notes)
    names = [_name(cell) for cell in header]
    if above and _is_double(above[-1][1], names):
        names = _joined(above.pop()[1], names)
        notes.append(f"two {noun}s of names are combined, as in {names[-1]!r}")
    if len(grid) > 2 and (units := _units(grid)):
        names, grid = (
            [f"{name} ({unit})" if unit else name for name, unit in zip(names, units, strict=True)],
            grid[1:],
        )
        notes.append(f"the {noun} below the header contains units")
    elif grid and _is_data(names, grid):
        names, grid = [""] * len(names), [header, *grid]
        notes.append(f"there is no {noun} of column names")
    if above:
        notes.append(f"left out: {counted(len(above), noun)} above the header, {_excerpt(above[0][1])}")
    columns = list(zip(*grid, strict=True)) or [()] * len(header)
    return _named(names, columns, notes)


def _blocks(lines: Sequence[GridLine]) -> set[int]:
    """Return the numbers of lines that follow an empty line."""
    return {number for (_, before), (number, _) in pairwise(lines) if not any(map(_filled, before))}


def _without_footers(
    rows: Sequence[GridLine], width: int, blocks: Container[int], notes: list[str], noun: str
) -> list[GridLine]:
    """Remove the lines below a table: notes, sources, and lines with few cells after an empty line."""
    if width < 2:
        return [*rows]
    end = len(rows)
    last = max((at for at, (number, _) in enumerate(rows) if number in blocks), default=0)
    first = [cells for _, cells in rows[: last or FOOTERS]]
    places = [
        at
        for at in range(width)
        if first and all(map(_begins_as_number, (cells[at : at + 1] for cells in first)))
    ]
    while end and _is_below(rows[end - 1][1], width, places):
        end -= 1
    end = next((at for at in range(end, len(rows)) if rows[at][0] in blocks), len(rows))
    if len(rows) - end > FOOTERS:
        end = len(rows)
    while end and _is_note(rows[end - 1][1]):
        end -= 1
    if left := rows[end:]:
        many = f"the last {noun}" if len(left) == 1 else f"the last {len(left)} {noun}s"
        notes.append(f"left out: {many}, {_excerpt(left[0][1])}")
    return [*rows[:end]]


def _is_below(cells: Sequence[JsonValue], width: int, places: Sequence[int]) -> bool:
    """Return whether a line may be a note below a table: it has few filled cells, or no number in any of the `places`."""
    few = sum(map(_filled, cells)) <= max(1, width // 3)
    return few or (bool(places) and not any(_begins_as_number(cells[at : at + 1]) for at in places))


def _begins_as_number(cells: Sequence[JsonValue]) -> bool:
    """Return whether there is a cell that starts like a number."""
    return any(
        isinstance(cell, int | float) or bool(re.match(r"[^\w\s]*\d[^=]*$", _name(cell))) for cell in cells
    )


def _is_note(cells: Sequence[JsonValue]) -> bool:
    """Return whether a line with one cell is a note: it has no separators, or it starts with a word such as "Source"."""
    filled = [cell for cell in cells if _filled(cell)]
    return len(filled) == 1 and (len(cells) == 1 or bool(_NOTE.match(_name(filled[0]))))


def _rectangle(
    rows: Sequence[GridLine], header: Sequence[JsonValue], first: int, noun: str, notes: list[str]
) -> list[Sequence[JsonValue]]:
    """Make all rows as long as the header. A few rows with more cells may be left out, as their meaning is unclear."""
    width = len(header)
    grid: list[Sequence[JsonValue]] = []
    short: list[int] = []
    long: list[tuple[int, int]] = []
    comments = 0
    for number, cells in rows:
        if len(cells) == width:
            grid.append(cells)
        elif _is_comment(cells):
            comments += 1
        elif not any(map(_filled, cells[width:])):
            short += [number] if len(cells) < width else []
            grid.append([*cells[:width], *[None] * (width - len(cells))])
        else:
            long.append((number, len(cells)))
    if long and len(long) * 10 > len(rows):
        number, count = long[0]
        raise ArgumentError(
            "data",
            f"{noun} {number} has {counted(count, 'cell')}, but its header in {noun} {first} has {width}; "
            f"give only the table, with as many cells in each {noun} as in its header",
        )
    if long:
        many = (
            f"{noun} {long[0][0]}" if len(long) == 1 else f"{len(long)} {noun}s such as {noun} {long[0][0]}"
        )
        notes.append(f"left out: {many}, with {long[0][1]} cells where the header has {width}")
    if short:
        many = (
            f"{noun} {short[0]} has"
            if len(short) == 1
            else f"{len(short)} {noun}s such as {noun} {short[0]} have"
        )
        notes.append(f"{many} fewer cells than the header; the rest are treated as missing")
    if comments:
        notes.append(f"left out: {counted(comments, 'comment')}")
    return grid


def _header(lines: Sequence[GridLine]) -> int:
    """Return the index of the line that names the columns: the first one with about as many cells as most lines."""
    counts = [sum(map(_filled, cells)) for _, cells in lines[:_SEEN]]
    told = [count for at, count in enumerate(counts) if not _is_comment(lines[at][1])]
    frequent = Counter(told or counts)
    usual = max(frequent, key=lambda count: (frequent[count], count))
    if usual == 1:  # Text lines around a short table may outnumber its rows.
        rows = Counter(
            count
            for count, (_, cells) in zip(counts, lines, strict=False)
            if count > 1 and any(map(_begins_as_number, ([cell] for cell in cells[1:])))
        )
        usual = next((count for count, times in rows.most_common(1) if times > 1), usual)
    for at, count in enumerate(counts):
        if count * 2 >= usual and (count > 1 or usual == 1) and not _is_comment(lines[at][1]):
            names = _below_values(lines, at)
            return names + _names_groups(lines[names : names + _SEEN])
    return 0


def _below_values(lines: Sequence[GridLine], at: int) -> int:
    """Return the index of the line of names below a line of values such as `Account:;CH93 0076`, or `at` if none."""
    told = [_name(cell) for cell in lines[at][1] if _filled(cell)]
    if not (told[0].endswith(":") or any(map(_is_value, told))):
        return at
    for below in range(at + 1, min(len(lines), at + _HEAD)):
        names = [_name(cell) for cell in lines[below][1] if _filled(cell)]
        are_names = len(set(names)) == len(names) > len(told) and not any(map(_is_value, names))
        if are_names and _number_places(lines[below + 1 : below + _SEEN], len(lines[below][1])):
            return below
    return at


def _is_value(text: str) -> bool:
    """Return whether a text is more likely a value than the name of a column, which may be a year."""
    return is_missing(text) or (_begins_as_number([text]) and not re.fullmatch(r"(19|20)\d\d", text))


def _number_places(rows: Sequence[GridLine], width: int) -> list[int]:
    """Return the positions of columns whose cells all start like numbers, and are filled in half of the rows or more."""
    columns = [
        [cells[at : at + 1] for _, cells in rows if any(map(_filled, cells[at : at + 1]))]
        for at in range(width)
    ]
    return [
        at
        for at, cells in enumerate(columns)
        if cells and len(cells) * 2 >= len(rows) and all(map(_begins_as_number, cells))
    ]


def _stacked(lines: Sequence[GridLine], at: int) -> tuple[int, int, GridLine] | None:
    """Return the range of lines that together name the columns of numbers, and one line to replace them.

    Destatis, for example, heads its tables `;;Index` above `;;2020=100` above `year;month;`. If there are two lines and
    the lower one names the first column, they are groups and names (see `_is_double`).
    """
    width = len(lines[at][1])
    top = at
    while top and len(lines[top - 1][1]) == width and not _filled(lines[top - 1][1][0]):
        top -= 1
    if width < 2 or _filled(lines[top][1][0]):
        return None
    named = {place for place, cell in enumerate(lines[top][1]) if _filled(cell)}
    for end in range(max(at, top + 1), min(top + _STACK + 1, len(lines))):
        places = set(_number_places(lines[end : end + _SEEN], width))
        if not named or not named <= places or not any(_filled(lines[end][1][place]) for place in named):
            continue
        head = [cells for _, cells in lines[top:end]]
        stub = head[-1][0]
        if any(len(cells) != width for cells in head) or len(head) < 2 or _begins_as_number([stub]):
            return None
        if len(head) == 2 and _filled(stub):
            return None
        words: list[list[str]] = [[] for _ in range(width)]
        for line in head:
            texts, over = [_name(cell) for cell in line], ""
            for place, text in enumerate(texts):
                over = (text or over) if place in places and line is not head[-1] else text
                if over and over not in words[place]:
                    words[place].append(over)
        return top, end, (lines[end - 1][0], [" ".join(one) for one in words])
    return None


_STACK = 5
"""The maximum number of lines that together name the columns."""


def _names_groups(lines: Sequence[GridLine]) -> bool:
    """Return whether a line names groups of the columns named in the next line: some share a group, or have none."""
    if len(lines) < 2:
        return False
    above, below = ([_name(cell) for cell in cells] for _, cells in lines[:2])
    names = [name for name in below if name]
    if not names or any(map(_begins_as_number, ([name] for name in names))):
        return False
    if len(names) > sum(map(bool, above)) and len(set(names)) < len(names):
        return True
    gaps = any(
        before and not over and under
        for before, over, under in zip(above, above[1:], below[1:], strict=False)
    )
    return bool(gaps and above[0] and not below[0] and 0 in _number_places(lines[2:], 1))


def _descriptions(rows: Sequence[GridLine], width: int) -> int:
    """Return how many lines below the header describe the columns, at most two: all cells are words, some of them long."""
    for count in (2, 1):
        if len(rows) < count + 2:
            continue
        places = _number_places(rows[count : count + _SEEN], width)
        if len(places) > 1 and all(_describes(cells, places, width) for _, cells in rows[:count]):
            return count
    return 0


def _describes(cells: Sequence[JsonValue], places: Sequence[int], width: int) -> bool:
    texts = [_name(cell) for cell in cells]
    if len(texts) != width or not all(texts) or any(map(_is_value, texts)):
        return False
    above = [texts[at] for at in places]
    return len(set(above)) == len(above) and any(len(text) > _UNIT for text in above)


def _is_comment(cells: Sequence[JsonValue]) -> bool:
    if not cells or not isinstance(cells[0], str):
        return False
    alone = not any(map(_filled, cells[1:]))
    return bool(re.match(r"#\s*\S|//" if not alone else r"#|//", cells[0]))


def _units(grid: Sequence[Sequence[JsonValue]]) -> list[str] | None:
    """Return the units of columns from the first row of a grid, if it has words only above numbers; otherwise None."""
    units: list[str] = []
    for first, *others in zip(*grid, strict=True):
        unit = _name(first).strip("()[] ")
        over = [cell for cell in others if not is_missing(cell)]
        numbers = bool(over) and all(re.search(r"\d", _name(cell)) for cell in over)
        if unit and (not numbers or is_missing(first) or re.search(r"\d", unit) or len(unit) > _UNIT):
            return None
        units.append(unit)
    return units if any(units) else None


def _is_data(names: Sequence[str], grid: Sequence[Sequence[JsonValue]]) -> bool:
    """Return whether the supposed column names are a row: numbers (not years) above numbers, or dates above dates."""
    found: list[bool] = []
    for name, cells in zip(names, zip(*grid, strict=True), strict=True):
        texts = [_name(cell) for cell in cells if not is_missing(cell)]
        if date(name) and len(name) > 7 and texts and all(map(date, texts)):
            return True
        number = bool(numbers([name])) and not re.fullmatch(r"(19|20)\d\d", name)
        found.append(number and bool(texts) and bool(numbers(texts)))
    return bool(found) and (all(found) or (len(found) == 2 and found == [False, True]))


def _is_double(above: Sequence[JsonValue], names: Sequence[str]) -> bool:
    """Return whether a line above the header names groups of columns, which distinguish columns with the same name."""
    repeated = len(set(names)) < len(names)
    return repeated and len(above) == len(names) and any(map(_filled, above[1:]))


def _joined(above: Sequence[JsonValue], names: Sequence[str]) -> list[str]:
    group, joined = "", list[str]()
    for over, name in zip(above, names, strict=True):
        group = _name(over) or group
        joined.append(name if group == name else f"{group} {name}".strip())
    return joined


def _named(names: Sequence[str], columns: Sequence[Sequence[JsonValue]], notes: list[str]) -> FoundTable:
    """Return columns with unique names, without columns that have neither a name nor cells."""
    found: dict[str, list[JsonValue]] = {}
    repeated: list[str] = []
    for at, (name, cells) in enumerate(zip(names, columns, strict=True), 1):
        if not name and not any(map(_filled, cells)):
            continue
        if not name and at == 1 and len(columns) > 2 and _numbers_rows(cells):
            notes.append("left out: the first column, which only numbers the rows")
            continue
        own, count = name or f"column {at}", 1
        while own in found:
            count += 1
            own = f"{name or f'column {at}'} ({count})"
        if count > 1:
            repeated.append(own)
        found[own] = [cell if _filled(cell) else None for cell in cells]
    if repeated:
        notes.append(f"columns with the same name are numbered: {', '.join(map(repr, repeated[:10]))}")
    return FoundTable(found, notes)


def _numbers_rows(cells: Sequence[JsonValue]) -> bool:
    """Return whether cells number the rows from 0 or 1, like the index of a data frame."""
    texts = [str(cell) for cell in cells]
    return bool(texts) and any(texts == [str(at + start) for at in range(len(texts))] for start in (0, 1))


def _name(cell: JsonValue) -> str:
    return str(cell).strip() if cell is not None else ""


def _filled(cell: JsonValue) -> bool:
    return cell is not None and cell != "" and not (isinstance(cell, str) and not cell.strip())


def _excerpt(cells: Sequence[JsonValue]) -> str:
    """Return the first words of a line."""
    text = " ".join(_name(cell) for cell in cells if _filled(cell))
    return repr(beginning(text, 40))
