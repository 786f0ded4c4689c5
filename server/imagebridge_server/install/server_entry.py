"""How a host starts this server, wherever it was installed, and the links that ask a host to add it."""

import base64
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from urllib.parse import quote, urlencode

from .host_files import ServerEntry

NAME = "imagebridge"
PACKAGE = "imagebridge[server]"
RELAY = "imagebridge[documents]"
PROGRAM = "imagebridge-server"


def entry(arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> ServerEntry:
    """Return the entry that starts the server with `arguments`.

    A published installation is started with `uvx`, which finds it again after an update of the
    host; one from a folder, or without uv, with the current interpreter. Paths are absolute, because
    hosts with a graphical interface do not see a shell's PATH.
    """
    uvx = shutil.which("uvx")
    if uvx and not _from_a_folder():
        return ServerEntry(os.path.abspath(uvx), ("--from", PACKAGE, PROGRAM, *arguments), environment)
    return ServerEntry(sys.executable, ("-m", "imagebridge_server", *arguments), environment)


def relay(host: str) -> list[str]:
    """Return the words that put the relay in front of a server's command, for the host with this name."""
    uvx = shutil.which("uvx")
    if uvx and not _from_a_folder():
        start = [os.path.abspath(uvx), "--from", RELAY, "imagebridge"]
    else:
        start = [sys.executable, "-m", "imagebridge"]
    return [*start, "proxy", "--host", host, "--"]


def published(arguments: Sequence[str] = ()) -> ServerEntry:
    """Return the entry for an unknown machine, as in links and guides."""
    return ServerEntry("uvx", ("--from", PACKAGE, PROGRAM, *arguments))


def cursor(entry: ServerEntry) -> str:
    """Return the link that opens Cursor (cursor.com/docs/mcp/install-links, 2026-11-22).

    It is a page of Cursor's that redirects to a `cursor:` address: Markdown viewers remove such addresses.
    """
    packed = base64.b64encode(json.dumps(entry.plain(), separators=(",", ":")).encode()).decode()
    return "https://cursor.com/en/install-mcp?" + urlencode({"name": NAME, "config": packed})


def vscode(entry: ServerEntry) -> str:
    """Return the link that opens VS Code (code.visualstudio.com, MCP developer guide, 2026-11-22).

    It is a page of VS Code's that redirects to a `vscode:` address, for the same reason.
    """
    fields = {"name": NAME, "type": "stdio", **entry.plain()}
    address = "vscode:mcp/install?" + quote(json.dumps(fields, separators=(",", ":")), safe="")
    return "https://insiders.vscode.dev/redirect?" + urlencode({"url": address}, quote_via=quote, safe="")


def _from_a_folder() -> bool:
    """Return whether this package was installed from a folder or an address (PEP 610), so that no index has it."""
    return metadata.distribution("imagebridge").read_text("direct_url.json") is not None
