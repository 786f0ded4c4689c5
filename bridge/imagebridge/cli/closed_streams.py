"""Standard streams that were closed by the program that started this one."""

from collections.abc import Sequence

import click


class ClosedStreamError(click.ClickException):
    """A closed stream is needed; unlike for wrong usage, no help with the options is due."""

    exit_code = 2


def unserved(closed: Sequence[str], program: str) -> ClosedStreamError:
    """Return the error for a host that cannot be served, given the names of the closed streams."""
    them = "them" if len(closed) > 1 else "it"
    return ClosedStreamError(
        f"{' and '.join(closed)} cannot be used because the program that started {program} closed {them}; "
        "let an MCP host start it, or use --http HOST:PORT"
    )
