"""Links that ask a host to add the server: what a README can carry."""

import base64
import json
from urllib.parse import quote, urlencode

from .hosts import ServerEntry

NAME = "imagebridge"


def cursor(entry: ServerEntry) -> str:
    """Return the link that opens Cursor (cursor.com/docs/mcp/install-links, 2026-11-22).

    It is a page of Cursor's that leads on to a `cursor:` address: what shows Markdown strips such an address.
    """
    packed = base64.b64encode(json.dumps(entry.plain(), separators=(",", ":")).encode()).decode()
    return "https://cursor.com/en/install-mcp?" + urlencode({"name": NAME, "config": packed})


def vscode(entry: ServerEntry) -> str:
    """Return the link that opens VS Code (code.visualstudio.com, MCP developer guide, 2026-11-22).

    It is a page of VS Code's that leads on to a `vscode:` address, for the same reason.
    """
    fields = {"name": NAME, "type": "stdio", **entry.plain()}
    address = "vscode:mcp/install?" + quote(json.dumps(fields, separators=(",", ":")), safe="")
    return "https://insiders.vscode.dev/redirect?" + urlencode({"url": address}, quote_via=quote, safe="")
