"""Changes one member of a JSON text that people edit; all other bytes stay unchanged, including comments.

VS Code, Cursor and Gemini CLI allow comments and trailing commas in their files. Both are replaced by spaces before
parsing, so that positions stay the same.
"""

import json
import re
from collections.abc import Sequence
from typing import NamedTuple, cast

from imagebridge.wire import blanked, paired, tokens, uncommented

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class _Member(NamedTuple):
    """A member of an object: the start of its name, and the start and end of its value."""

    name: str
    start: int
    value: int
    end: int


def parsed(text: str) -> object:
    """Parse a JSON text with comments and trailing commas; an empty text counts as an empty object.

    Raises:
        ValueError: the text is not JSON even without these."""
    plain = blanked(text)
    return json.loads(plain) if plain.strip() else {}


def comments(text: str) -> list[tuple[int, str]]:
    """Return each comment of a text with its position."""
    return [(match.start(), match[0]) for match in tokens(text) if match[0][0] == "/"]


def ranges(text: str, keys: Sequence[str]) -> list[tuple[int, int]]:
    """Return the start and end of the members at `keys`.

    Raises:
        ValueError: the text is not JSON, or something along `keys` is not an object.
    """
    plain = blanked(text)
    return (
        [(one.start, one.end) for one in _siblings(plain, keys) if one.name == keys[-1]]
        if plain.strip()
        else []
    )


def with_member(text: str, keys: Sequence[str], value: object) -> str:
    """Return `text` with `value` at `keys`; missing objects along `keys` are created.

    Raises:
        ValueError: the text is not JSON, or something along `keys` is not an object; the message says what.
    """
    plain = blanked(text)
    indent, newline = _indent(text), "\r\n" if "\r\n" in text else "\n"
    if not plain.strip():
        # There is nothing but comments.
        entry = _json_value(_nested(keys, value), indent, "", newline)
        return (text.rstrip() + newline if text.strip() else "") + entry + newline
    start = _space(plain, 0)
    for depth, key in enumerate(keys):
        members = _members(plain, start, keys[:depth])
        member = next((one for one in reversed(members) if one.name == key), None)
        if member is None:
            rest = _nested(keys[depth + 1 :], value)
            return _inserted(text, plain, start, members, key, rest, indent, newline)
        if depth == len(keys) - 1:
            return _replaced(text, member, value, indent, newline)
        if plain[member.value : member.end] == "null":
            return _replaced(text, member, _nested(keys[depth + 1 :], value), indent, newline)
        start = member.value
    raise ValueError("no keys")


def without_member(text: str, keys: Sequence[str]) -> str:
    """Return `text` without the member at `keys`, or the same text if there is none.

    Raises:
        ValueError: the text is not JSON, or something along `keys` is not an object.
    """
    plain = blanked(text)
    members = _siblings(plain, keys) if plain.strip() else []
    for at in reversed([at for at, one in enumerate(members) if one.name == keys[-1]]):
        _, begin, _, end = members[at]
        behind = _space(uncommented(text), end)
        if text[behind] == ",":
            text = text[:behind] + text[behind + 1 :]
        elif at:
            # The last one: the comma before it is removed, what is between them stays.
            comma = plain.index(",", members[at - 1].end)
            text = text[:comma] + text[comma + 1 :]
            begin, end = begin - 1, end - 1
        begin, end = _whole_line(text, begin, end)
        text = text[:begin] + text[end:]
    return text


def _siblings(plain: str, keys: Sequence[str]) -> list[_Member]:
    """Return the members of the object that contains the last of `keys`; none if there is no such object."""
    start = _space(plain, 0)
    for depth, key in enumerate(keys[:-1]):
        same_name = [one for one in _members(plain, start, keys[:depth]) if one.name == key]
        if not same_name or plain[same_name[-1].value : same_name[-1].end] == "null":
            return []
        start = same_name[-1].value
    return _members(plain, start, keys[:-1])


def _members(plain: str, start: int, path: Sequence[str]) -> list[_Member]:
    """Return the members of the object that starts at `start`."""
    if plain[start : start + 1] != "{":
        where = ".".join(path) or "the file"
        raise ValueError(f"{where} is not a JSON object")
    members: list[_Member] = []
    at = _space(plain, start + 1)
    while plain[at] != "}":
        name, end = cast("tuple[str, int]", _DECODER.raw_decode(plain, at))
        value = _space(plain, _space(plain, end) + 1)
        stop = cast("tuple[object, int]", _DECODER.raw_decode(plain, value))[1]
        members.append(_Member(name, at, value, stop))
        at = _space(plain, stop)
        if plain[at] == ",":
            at = _space(plain, at + 1)
    return members


def _replaced(text: str, member: _Member, value: object, indent: str, newline: str) -> str:
    """Return the text with a different value for a member."""
    text_of_value = _json_value(value, indent, _line_indent(text, member.start), newline)
    return text[: member.value] + text_of_value + text[member.end :]


def _inserted(
    text: str,
    plain: str,
    start: int,
    members: list[_Member],
    key: str,
    value: object,
    indent: str,
    newline: str,
) -> str:
    """Return the text with a new member at the end of the object at `start`, on a separate line."""
    last = members[-1].end if members else start + 1
    close = plain.index("}", last)
    outer = _line_indent(text, close if _first_on_line(text, close) else start)
    member = f"{outer}{indent}{json.dumps(key, ensure_ascii=False)}: "
    member += _json_value(value, indent, outer + indent, newline)
    # Anything between the last member and the brace, usually comments, stays before the new one.
    between = text[last:close]
    # If the file puts a comma after the last one, ours gets one too, and theirs stays.
    trailing = "," in uncommented(between)
    comma = "," if members and not trailing else ""
    ending = "," if trailing else ""
    return f"{text[:last]}{comma}{between.rstrip()}{newline}{member}{ending}{newline}{outer}{text[close:]}"


def _nested(keys: Sequence[str], value: object) -> object:
    for key in reversed(keys):
        value = {key: value}
    return value


def _json_value(value: object, indent: str, outer: str, newline: str) -> str:
    """Return a value as text; `outer` is the indentation of the line on which the value starts."""
    return f"{newline}{outer}".join(json_text(value, indent).split("\n"))


def json_text(value: object, indent: str | None = None) -> str:
    """Return a value as JSON, with escapes only if it contains lone surrogates, which a file cannot contain otherwise."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return text if paired(text) is text else json.dumps(value, indent=indent)


def _space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _indent(text: str) -> str:
    """Return the indentation of the first indented line, which is used for the whole text."""
    match = re.search(r"\n([ \t]+)\S", text)
    return match[1] if match else "  "


def _line_indent(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _first_on_line(text: str, at: int) -> bool:
    return not text[text.rfind("\n", 0, at) + 1 : at].strip()


def _whole_line(text: str, begin: int, end: int) -> tuple[int, int]:
    """Extend a range to the white space and line break before it, if its lines contain nothing else."""
    line = text.rfind("\n", 0, begin) + 1
    rest = re.compile(r"[ \t]*(\r?\n)").match(text, end)
    return (line, rest.end()) if rest and not text[line:begin].strip() else (begin, end)
