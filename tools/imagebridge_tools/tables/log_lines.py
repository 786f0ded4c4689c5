"""Reads log lines in the logfmt format, such as `time=2026-03-01 level=info msg="started up"`."""

import re

from imagebridge_tools.tool_output import JsonValue

SEPARATOR = " "
"""The separator between the pairs of a line."""

_PAIR = re.compile(r'([A-Za-z_][\w.:/-]*)=("[^"\\]*(?:\\.[^"\\]*){0,1000}"|[^\s"]*)')
_LINE = re.compile(rf"\s*{_PAIR.pattern}(?:\s+{_PAIR.pattern}){{1,1000}}\s*")


def rows(text: str) -> list[JsonValue]:
    """Return a row for each line of pairs, or nothing if a line is not of this form, or starts differently."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or not all(map(_LINE.fullmatch, lines)):
        return []
    if len({line.partition("=")[0].strip() for line in lines}) > 1:  # Programs begin all lines alike.
        return []
    return [{name: _bare_value(value) for name, value in _PAIR.findall(line)} for line in lines]


def _bare_value(text: str) -> str | None:
    bare = re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
    return bare or None
