"""Adds, changes or removes one entry of a JSON, TOML or YAML text, and leaves everything else unchanged.

After each edit, the result is parsed and compared: a text is returned only if exactly the one
entry has changed and every comment outside it is still there.
"""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from imagebridge.errors import BridgeError
from imagebridge.requirements import install_command

from . import jsonc, toml, yaml
from .host_files import Syntax

_EDITORS = {"json": jsonc, "toml": toml, "yaml": yaml}


class FormatError(BridgeError):
    """A configuration text that is left alone because it cannot be read or safely changed."""


def _lacking() -> str:
    return f"editing it needs an extra: {install_command('server')}"


def edited(text: str, form: Syntax, keys: Sequence[str], value: dict[str, Any] | None) -> str:
    """Return `text` with `value` at `keys`, or without the entry there if `value` is None.

    Raises:
        FormatError: the text cannot be parsed, has something other than a table along `keys`, or cannot be changed
            without changing other parts.
    """
    before = _parsed_value(text, form)
    expected = _changed(before, keys, value)
    if expected == before:
        return text
    try:
        edited_text = _edited_text(text, form, tuple(keys), value)
        lost = _lost_comment(text, edited_text, form, keys)
    except ImportError as error:
        raise FormatError(_lacking()) from error
    except Exception as error:  # whatever goes wrong in an editor, the file is left alone
        raise FormatError(f"it cannot be changed safely ({type(error).__name__}: {error})") from error
    if _without_empty(_parsed_value(edited_text, form), keys[:-1]) != _without_empty(expected, keys[:-1]):
        raise FormatError("it cannot be edited without changing other parts of it")
    if lost:
        raise FormatError(f"it cannot be edited without losing the comment {lost!r}")
    return edited_text


def entry_lines(text: str, form: Syntax, keys: Sequence[str]) -> list[str]:
    """Return the lines of the entry at `keys`, without anything next to it.

    Raises:
        FormatError: as `edited`.
    """
    value = value_at(text, form, keys)
    ranges: list[tuple[int, int]] = _EDITORS[form].ranges(text, keys)
    if value is not None and not ranges:
        # It is inside another value: shown as a separate text would have it.
        return entry_lines(edited("", form, keys, cast("dict[str, Any]", value)), form, keys)
    lines_there: list[str] = []
    for start, end in ranges:
        line = text.rfind("\n", 0, start) + 1
        lines_there += text[start if text[line:start].strip() else line : end].splitlines()
    return lines_there


def spliced(text: str, before: str, form: Syntax, keys: Sequence[str]) -> str | None:
    """Return `text` with the entry at `keys` as it is written in `before`, or None if its layout differs there.

    Raises:
        FormatError: one of the texts cannot be parsed.
    """
    ours, theirs = ([*_EDITORS[form].ranges(one, keys)] for one in (text, before))
    if len(ours) != len(theirs):
        return None
    spliced_text = text
    for (start, end), (first, last) in zip(reversed(ours), reversed(theirs), strict=True):
        spliced_text = spliced_text[:start] + before[first:last] + spliced_text[end:]
    expected = _changed(_parsed_value(text, form), keys, cast("dict[str, Any]", value_at(before, form, keys)))
    return spliced_text if _parsed_value(spliced_text, form) == expected else None


def value_at(text: str, form: Syntax, keys: Sequence[str]) -> object:
    """Return the value at `keys`, or None.

    Raises:
        FormatError: the text cannot be parsed.
    """
    value = _parsed_value(text, form)
    for key in keys:
        value = cast("dict[str, object]", value).get(key) if isinstance(value, dict) else None
    return value


def _parsed_value(text: str, form: Syntax) -> object:
    """Parse a text into plain Python values."""
    try:
        return _EDITORS[form].parsed(text)
    except ImportError as error:
        raise FormatError(_lacking()) from error
    except Exception as error:  # each parser raises its own exceptions
        reason = " ".join(str(error).split())[:200]
        raise FormatError(f"it is not valid {form.upper()}: {reason}") from error


def _changed(before: object, keys: Sequence[str], value: dict[str, Any] | None, at: int = 0) -> object:
    """Return the values after the change.

    The tables along `keys` are new objects, because a YAML text may use a table in several places, and only ours should
    change.
    """
    if not isinstance(before, dict):
        if at and value is None:
            return before
        if at == 0 or before is not None:  # null is `extensions:` with nothing after it
            where = f"{'.'.join(keys[:at])} is not a table" if at else None
            raise FormatError(where or f"it contains {type(before).__name__} instead of a table of settings")
    table = dict(cast("dict[str, object]", before or {}))
    key = keys[at]
    if at < len(keys) - 1:
        if key in table or value is not None:
            table[key] = _changed(table.get(key), keys, value, at + 1)
    elif value is None:
        table.pop(key, None)
    else:
        table[key] = value
    return table


def _edited_text(text: str, form: Syntax, keys: tuple[str, ...], value: dict[str, Any] | None) -> str:
    """Return `text` edited, rewriting only the parts of an entry that differ."""
    editor = _EDITORS[form]
    if value is None:
        return editor.without_member(text, keys)
    for path, new in _differences(value_at(text, form, keys), value, keys):
        text = editor.without_member(text, path) if new is None else editor.with_member(text, path, new)
    return text


def _differences(old: object, new: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    """Yield the smallest changes that turn `old` into `new`: a path and its new value, or None to remove it."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        if old != new:
            yield path, new
        return
    before, after = cast("dict[str, object]", old), cast("dict[str, object]", new)
    for key in {**before, **after}:
        yield from _differences(before.get(key), after.get(key), (*path, key))


def _lost_comment(old: str, new: str, form: Syntax, keys: Sequence[str]) -> str | None:
    """Return the first comment outside the entry that is missing from the new text or out of order."""
    editor = _EDITORS[form]
    entry = editor.ranges(old, keys)
    there = iter([comment for _, comment in editor.comments(new)])
    outside = (
        comment for at, comment in editor.comments(old) if not any(start <= at < end for start, end in entry)
    )
    # `in` continues from where the previous one was found: the order counts.
    return next((comment for comment in outside if comment not in there), None)


def _without_empty(value: object, keys: Sequence[str]) -> object:
    """Return a value without the table at `keys` if it is empty: it may be removed along with its last entry."""
    if not keys or not isinstance(value, dict):
        return value
    table = dict(cast("dict[str, object]", value))
    if keys[0] in table:
        table[keys[0]] = _without_empty(table[keys[0]], keys[1:])
        if table[keys[0]] in ({}, None):
            del table[keys[0]]
    return table
