"""JSON on stdout: one document, in full for a program, shortened for a person."""

import json
import sys

import click

from imagebridge.display.fragments import shortened

from .terminal import escaped


def show(value: object, *, whole: bool = False) -> None:
    """Print `value` as one JSON document; on a terminal, it is indented, and data URLs are shortened unless `whole`."""
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
