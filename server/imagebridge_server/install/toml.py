"""Changes one entry of a TOML text that people edit, by adding and removing lines; all other lines keep their bytes.

A comment belongs to the line that follows it; a comment between two values of the entry is part of the entry. Single
values are changed by tomlkit, one statement at a time. Tables are not, because tomlkit also removes the comment above
the next table, which it considers part of the previous table (0.15.2, tests/server/install/test_editing.py).
"""

import re
import tomllib
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|#[^\r\n]*",
    re.DOTALL,
)
_BRACKET_OR_BREAK = re.compile(r"[\[\]{}\n]")
_BLANK_LINE_BEFORE = re.compile(r"(?:\A|(?<=\n))[ \t]*\r?\n\Z")
_COMMENT_LINES = re.compile(r"(?:[ \t]*#[^\n]*(?:\n|\Z))*")


class _Statement(NamedTuple):
    """A `[header]` or a `key = value`: the full path that it defines, and its lines."""

    path: tuple[str, ...]
    header: bool
    start: int
    end: int


def parsed(text: str) -> object:
    """Parse a TOML text.

    Raises:
        ValueError: the text is not TOML.
    """
    return tomllib.loads(text)


def comments(text: str) -> list[tuple[int, str]]:
    """Return each comment of a text with its position."""
    return [(match.start(), match[0]) for match in _TOKEN.finditer(text) if match[0][0] == "#"]


def ranges(text: str, keys: Sequence[str]) -> list[tuple[int, int]]:
    """Return the ranges of the lines that define `keys`, or none if `keys` is inside another value."""
    all_ranges: list[tuple[int, int]] = []
    before = False
    for one in _statements(text):
        ours = one.path[: len(keys)] == tuple(keys)
        # Comments above one of our headers may once have been about something else: they are not included.
        if ours and before and not (one.header and text[all_ranges[-1][1] : one.start].strip()):
            all_ranges[-1] = all_ranges[-1][0], one.end
        elif ours:
            all_ranges.append((one.start, one.end))
        before = ours
    return all_ranges


def with_member(text: str, keys: Sequence[str], value: Any) -> str:
    """Return `text` with `value` at `keys`.

    Raises:
        ValueError: the text is not TOML.
        ImportError: tomlkit is not installed.
    """
    statements, newline = _statements(text), "\r\n" if "\r\n" in text else "\n"
    around = _around(statements, keys)
    if around:
        return _edited(text, around, keys, value)
    if _is_table(value):
        at = _behind_siblings(text, statements, keys)
        block = _toml_lines(keys, value).replace("\n", newline)
    else:
        table = max(
            (one for one in statements if one.header and _begins(keys, one.path)),
            key=lambda one: len(one.path),
            default=_Statement((), True, 0, 0),
        )
        at = _block_end(statements, table)
        block = _toml_lines(keys[len(table.path) :], value).replace("\n", newline)
    broken = newline if at and text[at - 1] != "\n" else ""
    blank = newline if at and _is_table(value) else ""
    return text[:at] + broken + blank + block + text[at:]


def without_member(text: str, keys: Sequence[str]) -> str:
    """Return `text` without the lines that define `keys`; comments before and after them stay.

    Raises:
        ValueError: the text is not TOML.
        ImportError: tomlkit is needed but not installed.
    """
    statements = _statements(text)
    around = _around(statements, keys)
    if around and around.path != tuple(keys):
        return _edited(text, around, keys, None)
    headers = {one.start for one in statements if one.header}
    for start, end in reversed(ranges(text, keys)):
        blank = _BLANK_LINE_BEFORE.search(text[:start]) if start in headers else None
        text = text[: blank.start() if blank else start] + text[end:]
    return text


def _statements(text: str) -> list[_Statement]:
    """Return the headers and values of a text, each with its lines."""
    # Without comments, and with each string as one word, brackets and line breaks mean what they seem to.
    plain = _TOKEN.sub(lambda match: (" " if match[0][0] == "#" else "_") * len(match[0]), text)
    statements: list[_Statement] = []
    table: tuple[str, ...] = ()
    start = 0
    while start < len(text):
        end = _statement_end(plain, start)
        line = plain[start:end].strip()
        begin = plain.find(line, start)
        if line.startswith("["):
            width = 2 if line.startswith("[[") else 1
            table = _path(text[begin + width : begin + len(line) - width])
            statements.append(_Statement(table, True, start, end))
        elif line:
            statements.append(
                _Statement(table + _path(text[begin : plain.index("=", begin)]), False, start, end)
            )
        start = end
    return statements


def _statement_end(plain: str, start: int) -> int:
    """Return the end of the first line break that is outside brackets."""
    depth = 0
    for match in _BRACKET_OR_BREAK.finditer(plain, start):
        if match[0] != "\n":
            depth += 1 if match[0] in "[{" else -1
        elif depth == 0:
            return match.end()
    return len(plain)


def _path(key: str) -> tuple[str, ...]:
    """Return the parts of a key, which may be dotted and quoted as TOML allows."""
    value: Any = tomllib.loads(f"{key} = 0")
    path: list[str] = []
    while isinstance(value, dict):
        ((name, value),) = value.items()  # pyright: ignore[reportUnknownVariableType]
        path.append(name)  # pyright: ignore[reportUnknownArgumentType]
    return tuple(path)


def _is_table(value: Any) -> bool:
    """Return whether a new value is written with its own header and lines."""
    return isinstance(value, dict) and bool(value)  # pyright: ignore[reportUnknownArgumentType]


def _begins(keys: Sequence[str], path: tuple[str, ...]) -> bool:
    return tuple(keys[: len(path)]) == path


def _around(statements: Sequence[_Statement], keys: Sequence[str]) -> _Statement | None:
    """Return the statement whose value is at `keys` or contains it."""
    return next((one for one in statements if not one.header and _begins(keys, one.path)), None)


def _edited(text: str, statement: _Statement, keys: Sequence[str], value: Any) -> str:
    """Return `text` with one statement changed: `value` is set at `keys`, or removed if it is None."""
    import tomlkit

    document: Any = tomlkit.parse(text[statement.start : statement.end])
    table = document
    # The statement names only the last parts; the others come from its header.
    parts = list(keys)
    while parts[0] not in document:
        del parts[0]
    for key in parts[:-1]:
        if key not in table:
            table[key] = tomlkit.inline_table()
        table = table[key]
    if value is None:
        del table[parts[-1]]
    else:
        table[parts[-1]] = _inline(value)
    return text[: statement.start] + tomlkit.dumps(document) + text[statement.end :]


def _inline(value: Any) -> Any:
    """Return a new value in its one-line form."""
    import tomlkit

    if not isinstance(value, dict):
        return value
    table: Any = tomlkit.inline_table()
    for key, inner in cast("dict[str, Any]", value).items():
        table[key] = _inline(inner)
    return table


def _behind_siblings(text: str, statements: Sequence[_Statement], keys: Sequence[str]) -> int:
    """Return where to insert a new table: after the last table with the same parent, or else at the end of the text."""
    above = tuple(keys[:-1])
    last = next((one for one in reversed(statements) if one.path[: len(above)] == above), None)
    if last is None:
        return len(text)
    at = _block_end(statements, last)
    # Comments directly below a table belong to it, unless the next one begins directly below them.
    match = _COMMENT_LINES.match(text, at)
    behind = match.end() if match else at
    return at if any(one.start == behind for one in statements) else behind


def _block_end(statements: Sequence[_Statement], statement: _Statement) -> int:
    """Return the end of the last value in the table that `statement` belongs to."""
    end = statement.end
    for one in statements:
        if one.start >= end:
            if one.header:
                break
            end = one.end
    return end


def _toml_lines(keys: Sequence[str], value: Any) -> str:
    """Return the lines of a new value; a table includes its header."""
    import tomlkit

    if not _is_table(value):
        written = cast("Any", tomlkit).item(_inline(value))
        return f"{'.'.join(tomlkit.key(key).as_string() for key in keys)} = {written.as_string()}\n"
    document: Any = tomlkit.document()
    table = document
    for key in keys[:-1]:
        table[key] = tomlkit.table(is_super_table=True)
        table = table[key]
    table[keys[-1]] = value
    return tomlkit.dumps(document)
