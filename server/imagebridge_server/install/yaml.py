"""Changes one entry of a YAML text that people edit, by adding and removing text; everything else keeps its bytes.

A comment belongs to the line that follows it, unless it is indented as far as the line before it. ruamel.yaml
gives the position of each value, and writes new ones with the file's indentation.
"""

import re
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Any, cast

from .jsonc import json_text

_COMMENT = re.compile(r"(?<!\S)#[^\r\n]*")
_NOT_BREAK = re.compile(r"[^\r\n]")
_COMMENT_OR_BLANK = re.compile(r"([ \t]*)(#[^\r\n]*)?(?=[\r\n]|\Z)")
_BREAK = re.compile(r"\r?\n")


def parsed(text: str) -> object:
    """Parse a YAML text; an empty text counts as an empty table.

    Raises:
        Exception: the text is not YAML; ruamel.yaml has no common base class for such errors.
        ImportError: ruamel.yaml is not installed.
    """
    value = _reader().load(text)
    return {} if value is None else value


def comments(text: str) -> list[tuple[int, str]]:
    """Return each comment of a text with its position."""
    bare = _bare(text, _reader().compose(text))
    return [(match.start(), match[0]) for match in _COMMENT.finditer(bare)]


def ranges(text: str, keys: Sequence[str]) -> list[tuple[int, int]]:
    """Return the start and end of the entry at `keys`, including a comment after it on its last line."""
    root = _reader().compose(text)
    located = _table_and_member(root, keys)
    if located is None:
        return []
    parent, (key, value) = located
    end = _end_of_node(_without_comments(text, root), value)
    return [(key.start_mark.index, end if parent.flow_style else _line_end(text, end))]


def with_member(text: str, keys: Sequence[str], value: Any) -> str:
    """Return `text` with `value` at `keys`; missing tables along `keys` are created.

    Raises:
        Exception: the text is not YAML.
        ImportError: ruamel.yaml is not installed.
    """
    root = _reader().compose(text)
    plain = _without_comments(text, root)
    if root is None or _is_empty(root):
        block = _block(text, root, _nested(keys, value), 0).removeprefix(_newline(text))
        start, end = (root.start_mark.index, root.end_mark.index) if root else (0, 0)
        if start < end:  # `{}` or a written null
            return text[:start] + block + text[end:]
        broken = _newline(text) if text and text[-1] != "\n" else ""
        return text + broken + block + _newline(text)
    node = root
    for depth, key in enumerate(keys):
        pair = _member(node, key)
        if pair is None:
            return _inserted(text, plain, root, node, _nested(keys[depth:], value))
        last = depth == len(keys) - 1
        if last or _is_empty(pair[1]):
            new = value if last else _nested(keys[depth + 1 :], value)
            return _replaced(text, plain, root, node, pair, new)
        node = pair[1]
    raise ValueError("no keys")


def without_member(text: str, keys: Sequence[str]) -> str:
    """Return `text` without the entry at `keys`; comments before and after it stay.

    Raises:
        Exception: the text is not YAML.
        ImportError: ruamel.yaml is not installed.
    """
    root = _reader().compose(text)
    located = _table_and_member(root, keys)
    if located is None:
        return text
    plain = _without_comments(text, root)
    parent, (key, value) = located
    start, end = key.start_mark.index, _end_of_node(plain, value)
    if parent.flow_style:
        at = next(at for at, (name, _) in enumerate(parent.value) if name is key)
        if at:  # with the comma before it, otherwise with the one after it
            return _without_comma(
                text, plain, _end_of_node(plain, parent.value[at - 1][1]), start, start, end
            )
        behind = parent.value[1][0].start_mark.index if len(parent.value) > 1 else end
        return _without_comma(text, plain, end, behind, start, end)
    above = _table_and_member(root, keys[:-1]) if len(parent.value) == 1 and len(keys) > 1 else None
    start, end = text.rfind("\n", 0, start) + 1, _line_end(text, end)
    line_break = _BREAK.match(text, end)
    if line_break:
        end = line_break.end()
    elif start:  # the last line of a text without a line break at its end
        start -= 2 if text[:start].endswith("\r\n") else 1
    behind = text[end:]
    if any(node.style in ("|", ">") and node.end_mark.index >= start for node in _nodes_before(root, key)):
        behind = _outdented(behind, key.start_mark.column)
    text = text[:start] + behind
    if above:  # a name with nothing after it would be null, which is not a table
        colon = _colon(plain, above[1][0])
        text = text[:colon] + " {}" + text[colon:]
    return text


def _reader() -> Any:
    from ruamel.yaml import YAML

    reader: Any = YAML(typ="safe", pure=True)
    reader.composer.warn_double_anchors = False  # YAML allows one name for several values
    return reader


def _nodes(node: Any) -> Iterator[Any]:
    """Yield a node and all nodes inside it."""
    if node is None:
        return
    yield node
    for inner in cast("list[Any]", node.value if isinstance(node.value, list) else []):
        for one in cast("tuple[Any, ...]", inner if isinstance(inner, tuple) else (inner,)):
            yield from _nodes(one)


def _nodes_before(root: Any, node: Any) -> Iterator[Any]:
    """Yield the scalars that start before a node."""
    for one in _nodes(root):
        if isinstance(one.value, str) and one.start_mark.index < node.start_mark.index:
            yield one


def _outdented(text: str, column: int) -> str:
    """Return `text` with the comments at its start indented by at most `column`, so that no block of text goes on in them."""
    lines = text.splitlines(keepends=True)
    for at, line in enumerate(lines):
        bare = line.lstrip(" \t")
        if bare.strip() and not bare.startswith("#"):
            break
        if bare.startswith("#") and len(line) - len(bare) > column:
            lines[at] = " " * column + bare
    return "".join(lines)


def _bare(text: str, root: Any) -> str:
    """Return the text with scalars replaced by as many other characters, so that every remaining # begins a comment."""
    characters = list(text)
    for node in _nodes(root):
        if isinstance(node.value, str):
            start, end = node.start_mark.index, node.end_mark.index
            characters[start:end] = _NOT_BREAK.sub("_", text[start:end])
    return "".join(characters)


def _without_comments(text: str, root: Any) -> str:
    """Return the text with each comment replaced by spaces of the same length."""
    characters = list(text)
    for match in _COMMENT.finditer(_bare(text, root)):
        characters[match.start() : match.end()] = " " * len(match[0])
    return "".join(characters)


def _end_of_node(plain: str, node: Any) -> int:
    """Return where a value really ends: its end mark is the start of the next token."""
    return len(plain[: node.end_mark.index].rstrip())


def _member(table: Any, key: str) -> tuple[Any, Any] | None:
    """Return the name and value of a member; None if it does not exist or its parent is not a table."""
    if table is None or not table.tag.endswith(":map"):
        return None
    pairs = cast("list[tuple[Any, Any]]", table.value)
    return next((one for one in pairs if one[0].value == key), None)


def _table_and_member(root: Any, keys: Sequence[str]) -> tuple[Any, tuple[Any, Any]] | None:
    """Return the table that contains the last of `keys`, and the name and value there."""
    table = root
    for key in keys[:-1]:
        table = pair[1] if (pair := _member(table, key)) else None
    pair = _member(table, keys[-1])
    return (table, pair) if pair else None


def _is_empty(node: Any) -> bool:
    """Return whether a node is null or an empty table."""
    return node.tag.endswith(":null") or (node.tag.endswith(":map") and not node.value)


def _is_inline(node: Any) -> bool:
    """Return whether a value is written on the same line as its name, not below it."""
    return isinstance(node.value, str) or bool(node.flow_style)


def _without_comma(text: str, plain: str, gap: int, gap_end: int, start: int, end: int) -> str:
    """Return `text` without a member and the gap next to it; if the gap contains comments, only its comma is removed."""
    if plain[gap:gap_end] == text[gap:gap_end]:
        return text[: min(start, gap)] + text[max(end, gap_end) :]
    comma = plain.index(",", gap)
    first, last = sorted([(start, end), (comma, comma + 1)])
    return text[: first[0]] + text[first[1] : last[0]] + text[last[1] :]


def _inserted(text: str, plain: str, root: Any, table: Any, new: dict[str, Any]) -> str:
    """Return `text` with `new` at the end of a non-empty table."""
    end = _end_of_node(plain, table.value[-1][1])
    if table.flow_style:
        return f"{text[:end]}, {_flow(new)[1:-1]}{text[end:]}"
    column = table.value[0][0].start_mark.column
    at = end = _line_end(text, end)
    # Comments indented like the members are members that somebody has switched off.
    while line_break := _BREAK.match(text, end):
        line = _COMMENT_OR_BLANK.match(text, line_break.end())
        if line is None:
            break
        end = line.end()
        if line[2] and len(line[1]) >= column:
            at = end
    return text[:at] + _block(text, root, new, column) + text[at:]


def _replaced(text: str, plain: str, root: Any, table: Any, pair: tuple[Any, Any], new: Any) -> str:
    """Return `text` with a new value for a name; anything after the old value on its line stays."""
    name, old = pair
    end, empty = _end_of_node(plain, old), old.start_mark.index == old.end_mark.index
    if table.flow_style:
        return text[: old.start_mark.index] + _flow(new) + text[old.end_mark.index :]
    colon = _colon(plain, name)
    if _is_inline(old) and not empty:
        line = _line_end(text, end)
        comment, rest = text[end:line], text[line:]
    else:
        line = _line_end(text, colon)
        comment, rest = text[colon:line], text[max(line, end) :]
    stays_inline = bool(old.value) and _is_inline(old) and not isinstance(old.value, str)
    if new and isinstance(new, dict | list) and not stays_inline:
        # Written with its name, to be placed below it as this file does for lists and tables, and without it again.
        named = _block(text, root, {"_": new}, name.start_mark.column)
        return text[:colon] + comment + named[named.index("_:") + 2 :] + rest
    return f"{text[:colon]} {_scalar(new)}{comment}{rest}"


def _block(text: str, root: Any, new: dict[str, Any], column: int) -> str:
    """Return the lines of new members, each preceded by a line break and indented like the rest of the file."""
    step, offset = _indentation(root)
    lines = _dumped(new, step, offset).removesuffix("\n").split("\n")
    return "".join(f"{_newline(text)}{' ' * column}{line}" if line else _newline(text) for line in lines)


def _scalar(new: Any) -> str:
    """Return a value in the form in which it is written after its name."""
    return _flow(new) if isinstance(new, dict | list) else _dumped({"_": new}, 2, 0).strip()[3:]


def _flow(new: Any) -> str:
    """Return a value in its one-line form, inside brackets, where JSON is valid YAML."""
    return json_text(new)


def _dumped(value: object, step: int, offset: int) -> str:
    from ruamel.yaml import YAML

    writer: Any = YAML()
    writer.default_flow_style = False
    writer.width = 1_000_000
    writer.indent(mapping=step, sequence=offset + 2, offset=offset)
    writer.representer.ignore_aliases = _never_shared
    out = StringIO()
    writer.dump(value, out)
    return out.getvalue()


def _never_shared(_: object) -> bool:
    """Make the writer repeat equal values instead of using anchors."""
    return True


def _indentation(root: Any) -> tuple[int, int]:
    """Return how far the file indents its first table and its first list."""
    tables: list[int] = []
    lists: list[int] = []
    for node in _nodes(root):
        if not node.tag.endswith(":map") or node.flow_style:
            continue
        for name, value in cast("list[tuple[Any, Any]]", node.value):
            if not _is_inline(value) and value.start_mark.line > name.start_mark.line:
                offsets = lists if value.tag.endswith(":seq") else tables
                offsets.append(value.start_mark.column - name.start_mark.column)
    return next(iter(tables), 2), next(iter(lists), 0)


def _colon(plain: str, name: Any) -> int:
    """Return the position after the colon that follows a name."""
    return plain.index(":", name.end_mark.index) + 1


def _line_end(text: str, at: int) -> int:
    match = _BREAK.search(text, at)
    return match.start() if match else len(text)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _nested(keys: Sequence[str], value: object) -> Any:
    for key in reversed(keys):
        value = {key: value}
    return value
