"""Standard streams that were closed by the program that started this one."""

import os
import sys
from collections.abc import Sequence

import click


class ClosedStreamError(click.ClickException):
    """A closed stream is needed; unlike for wrong usage, no help with the options is due."""

    exit_code = 2


def open_streams() -> list[str]:
    """Open closed streams to the null device, before a file takes their place, and return their names."""
    closed: list[str] = []
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            closed.append(name)
            # The lowest free number is that of the stream.
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, closefd=False))
    return closed


def unserved(closed: Sequence[str], program: str) -> ClosedStreamError:
    """Return the error for a host that cannot be served, given the names of the closed streams."""
    them = "them" if len(closed) > 1 else "it"
    return ClosedStreamError(
        f"{' and '.join(closed)} cannot be used because the program that started {program} closed {them}; "
        "let an MCP host start it, or use --http HOST:PORT"
    )
