"""Restricts a Vega-Lite spec to rows that it contains itself, and limits their number."""

import re
from collections.abc import Iterator, Mapping, Sequence

from imagebridge.errors import ArgumentError
from imagebridge_tools.files.source import NOWHERE, Places
from imagebridge_tools.tables import cells
from imagebridge_tools.tool_output import JsonValue

ROWS = 20_000
"""The maximum number of rows in one part of a spec. The whole spec may have more, but not all of them are drawn."""

SPEC_SIZE = 8_000_000
"""The maximum length of a spec, including its rows, in characters."""

WORDS = 5_000
"""The maximum length of a text in a spec, outside its data: more would fill any picture and take minutes to measure."""

_FONT_KEY = re.compile("[fF]ont(Weight|Style)?$")
_FONT = re.compile(r"[\w ,.'-]{1,200}")
"""Names of fonts, weights and styles. vl-convert 1.9 does not escape them in the SVG that it uses to measure text."""


def guarded(spec: Mapping[str, JsonValue], places: Places = NOWHERE) -> dict[str, JsonValue]:
    """Return the spec without its `usermeta`, after checking that it reads no files and is not too large.

    `places` contains the files that the argument `data` may read, for a message to callers who name one in the spec.
    The drawing process checks the finished drawing again, because an expression can assemble an address.

    Raises:
        ArgumentError: the spec names a file or web address, or contains too many rows. The message gives the position.
    """
    for path, key, value in entries(spec):
        if key == "url":
            for address in _addresses(value):
                if not address.strip().lower().startswith("data:"):
                    problem = f"{path} is {address[:80]!r}, but a spec cannot load files or web addresses"
                    raise ArgumentError("spec", f"{problem}; {_instead(path, places)}")
        if key != "values" and (length := _longest(value)) > WORDS:
            raise ArgumentError(
                "spec",
                f"{path} has a string of {length:,} characters; at most {WORDS:,} are accepted, so shorten it",
            )
        if _FONT_KEY.search(key) and not _is_font(value):
            raise ArgumentError(
                "spec", f"{path} is {str(value)[:80]!r}; give a plain value, not an expression"
            )
        if (
            key == "values"
            and isinstance(value, Sequence)
            and not isinstance(value, str)
            and len(value) > (most := cells.ROWS if path == "data.values" else ROWS)
        ):
            raise ArgumentError(
                "spec", f"{path} has {len(value):,} rows; at most {most:,} are drawn, so aggregate them"
            )
    return {key: value for key, value in spec.items() if key != "usermeta"}


def _instead(path: str, places: Places) -> str:
    """Suggest a replacement for an address: the rows in the argument that reads files, or the picture as a data: URL."""
    if not re.search(r"\bdata(\[\d+\])?\.url$", path):
        return "give a picture as a data: URL"
    if not places.allow and not places.web:
        return (
            "give the rows in the argument data, or in data.values. To let the argument data read files too, "
            "start the server with --allow FOLDER"
        )
    below = f"files in {', '.join(map(str, places.allow))}" if places.allow else ""
    read = " and ".join(filter(None, (below, "https: addresses" if places.web else "")))
    return f"pass it as the argument data instead, which reads {read}"


def entries(spec: Mapping[str, JsonValue]) -> Iterator[tuple[str, str, JsonValue]]:
    """Yield the path, key and value of every entry, except in data rows, whose names mean nothing to Vega."""
    waiting: list[tuple[str, JsonValue]] = [("", spec)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, Mapping):
            for key, inner in value.items():
                here = f"{path}.{key}" if path else key
                yield here, key, inner
                if key == "datasets" and isinstance(inner, Mapping):
                    yield from ((f"{here}.{name}", "values", rows) for name, rows in inner.items())
                elif key != "values":
                    waiting.append((here, inner))
        elif isinstance(value, Sequence) and not isinstance(value, str):
            waiting.extend((f"{path}[{number}]", inner) for number, inner in enumerate(value))


def _longest(value: JsonValue) -> int:
    """Return the length of a text, or of its longest line, in characters; pictures as data: URLs are not counted."""
    lines = value if isinstance(value, list | tuple) else [value]
    texts = [line for line in lines if isinstance(line, str) and not line.startswith("data:")]
    return max(map(len, texts), default=0)


def _is_font(value: JsonValue) -> bool:
    """Return whether a font, its weight or its style is specified in plain words, with or without conditions."""
    if isinstance(value, str):
        return bool(_FONT.fullmatch(value))
    if isinstance(value, Mapping):
        return set(value) <= {"value", "condition", "test", "param", "empty"} and all(
            _is_font(value[key]) for key in ("value", "condition") if key in value
        )
    if isinstance(value, Sequence):
        return all(map(_is_font, value))
    return True


def _addresses(value: JsonValue) -> Iterator[str]:
    """Yield the constant addresses in a `url`: the text itself, or the constant value of a channel."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key in ("value", "datum"):
            if isinstance(text := value.get(key), str):
                yield text
