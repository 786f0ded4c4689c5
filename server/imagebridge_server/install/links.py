"""Links that ask a host to add the server: what a README can carry."""

import base64
import json
from urllib.parse import quote, urlencode

from .hosts import Entry

NAME = "imagebridge"


def cursor(entry: Entry) -> str:
    """Return the link that Cursor opens (cursor.com/docs/mcp/install-links, 2026-11-22)."""
    packed = base64.b64encode(json.dumps(entry.plain(), separators=(",", ":")).encode()).decode()
    return "cursor://anysphere.cursor-deeplink/mcp/install?" + urlencode({"name": NAME, "config": packed})


def vscode(entry: Entry) -> str:
    """Return the link that VS Code opens (code.visualstudio.com, MCP developer guide, 2026-11-22)."""
    told = {"name": NAME, "type": "stdio", **entry.plain()}
    return "vscode:mcp/install?" + quote(json.dumps(told, separators=(",", ":")), safe="")
