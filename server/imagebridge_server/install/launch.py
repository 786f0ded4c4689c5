"""How a host starts this server, from wherever it was installed."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata

from .hosts import ServerEntry

PACKAGE = "imagebridge[server]"
RELAY = "imagebridge[documents]"
PROGRAM = "imagebridge-server"


def entry(arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> ServerEntry:
    """Return the entry that starts the server with `arguments`.

    A published installation is started by `uvx`, which any version of the host finds again after an
    update; one from a folder, or without uv, by the interpreter that runs now. Paths are absolute, as
    hosts with a window do not see the PATH of a shell.
    """
    uvx = shutil.which("uvx")
    if uvx and not _from_a_folder():
        return ServerEntry(os.path.abspath(uvx), ("--from", PACKAGE, PROGRAM, *arguments), environment)
    return ServerEntry(sys.executable, ("-m", "imagebridge_server", *arguments), environment)


def relay(host: str) -> list[str]:
    """Return the words that put the relay in front of a server's command, for the host of this name."""
    uvx = shutil.which("uvx")
    if uvx and not _from_a_folder():
        start = [os.path.abspath(uvx), "--from", RELAY, "imagebridge"]
    else:
        start = [sys.executable, "-m", "imagebridge"]
    return [*start, "proxy", "--host", host, "--"]


def published(arguments: Sequence[str] = ()) -> ServerEntry:
    """Return the entry for machines of which nothing is known: what links and guides carry."""
    return ServerEntry("uvx", ("--from", PACKAGE, PROGRAM, *arguments))


def _from_a_folder() -> bool:
    """Tell whether this package was installed from a folder or an address (PEP 610), so that no index has it."""
    return metadata.distribution("imagebridge").read_text("direct_url.json") is not None
