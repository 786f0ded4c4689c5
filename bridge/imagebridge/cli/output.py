"""JSON on stdout: one document, whole for a program, shortened for a person."""

import json
import sys
from collections.abc import Mapping
from typing import cast

import click

from imagebridge.translate.sentences import amount

from .terminal import escaped

_HEAD = 24
"""Characters of base64 that a shortened data URL keeps."""


def show(value: object, *, whole: bool = False) -> None:
    """Print `value` as one JSON document: on a terminal indented, with short data URLs unless `whole`."""
    terminal = sys.stdout.isatty()
    if terminal and not whole:
        value = shortened(value)
    written = _encodable(value, indent=2 if terminal else None)
    click.echo(escaped(written) if terminal else written)


def _encodable(value: object, indent: int | None) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except (UnicodeError, LookupError):
        return json.dumps(value, indent=indent)
    return text


def shortened(value: object) -> object:
    """Return JSON whose data URLs are cut after their first characters and tell their size."""
    match value:
        case str() if value.startswith("data:") and ";base64," in value[:200]:
            head, _, data = value.partition(",")
            size = amount(len(data) * 3 // 4)
            return f"{head},{data[:_HEAD]}... ({size})" if len(data) > 2 * _HEAD else value
        case dict():
            return {key: shortened(inner) for key, inner in cast("Mapping[str, object]", value).items()}
        case list():
            return [shortened(inner) for inner in cast("list[object]", value)]
        case _:
            return value
