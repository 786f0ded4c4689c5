"""How a host starts this server, however it was installed, and the links that add the server to a host."""

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

    A published package is started with `uvx`, which still works after the host is updated; a package from a folder, or
    without uv, is started with the current interpreter. Paths are absolute, because
    hosts with a graphical interface do not see a shell's PATH.
    """
    uvx = shutil.which("uvx")
    if uvx and not _from_a_folder():
        return ServerEntry(os.path.abspath(uvx), ("--from", PACKAGE, PROGRAM, *arguments), environment)
    return ServerEntry(sys.executable, ("-m", "imagebridge_server", *arguments), environment)


def relay(host: str) -> list[str]:
    """Return the command-line words that put the relay in front of a server's command, for the host with this name."""
    uvx = shutil.which("uvx")
    if uvx and not _from_a_folder():
        start = [os.path.abspath(uvx), "--from", RELAY, "imagebridge"]
    else:
        start = [sys.executable, "-m", "imagebridge"]
    return [*start, "proxy", "--host", host, "--"]


def published(arguments: Sequence[str] = ()) -> ServerEntry:
    """Return the entry to use in links and guides, where the machine is unknown."""
    return ServerEntry("uvx", ("--from", PACKAGE, PROGRAM, *arguments))


def cursor(entry: ServerEntry) -> str:
    """Return the link that opens Cursor (cursor.com/docs/mcp/install-links, 2026-11-22).

    The link leads to a page on cursor.com that redirects to a `cursor:` address, because Markdown viewers remove such
    addresses.
    """
    packed = base64.b64encode(json.dumps(entry.plain(), separators=(",", ":")).encode()).decode()
    return "https://cursor.com/en/install-mcp?" + urlencode({"name": NAME, "config": packed})


def vscode(entry: ServerEntry) -> str:
    """Return the link that opens VS Code (code.visualstudio.com, MCP developer guide, 2026-11-22).

    The link leads to a VS Code page that redirects to a `vscode:` address, because Markdown viewers remove such
    addresses.
    """
    fields = {"name": NAME, "type": "stdio", **entry.plain()}
    address = "vscode:mcp/install?" + quote(json.dumps(fields, separators=(",", ":")), safe="")
    return "https://insiders.vscode.dev/redirect?" + urlencode({"url": address}, quote_via=quote, safe="")


def _from_a_folder() -> bool:
    """Return whether this package was installed from a folder or a URL (PEP 610) instead of a package index."""
    return metadata.distribution("imagebridge").read_text("direct_url.json") is not None
