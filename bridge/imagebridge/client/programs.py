"""The error for a command that matches no program on the PATH, with a suggestion."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress

from imagebridge.errors import nearest

COMMANDS = ("imagebridge-server", "imagebridge")
"""Our own commands, which may not be on the PATH if their environment is not activated."""

_ALIKE = 0.8
"""The minimum similarity of two names, from 0 to 1. It is high because there are thousands of programs."""

_ADDRESS = re.compile(r"\w+://|https?//|[\w.-]+:\d+(/|$)")


def not_found(command: str) -> str:
    """Return the sentence for a command that is not a program, with a suggestion if there is one."""
    return f"cannot be started: {command!r} is not an executable on the PATH{hint(command)}"


def hint(command: str) -> str:
    """Return a suggestion for a command that was not found, to follow the sentence that says so, or an empty string.

    Args:
        command: the first word of the command line.
    """
    if _ADDRESS.match(command):
        return "; the address of a server starts with http:// or https://"
    near = None if os.path.dirname(command) else nearest(command, _programs(), _ALIKE)
    return f"; did you mean {near!r}?" if near and (near in COMMANDS or shutil.which(near)) else ""


def _programs() -> Iterator[str]:
    yield from COMMANDS
    for folder in os.get_exec_path():
        with suppress(OSError):
            yield from (name.removesuffix(".exe") for name in os.listdir(folder or os.curdir))
