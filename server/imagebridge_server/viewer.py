"""Offers the viewer: a page that hosts with MCP Apps show next to a result, so that the user can enlarge the picture.

The page is one self-contained file, `viewer.html`, which does not access the network. Hosts without MCP Apps show the
result as before.
Protocol: MCP Apps 2026-01-26 (github.com/modelcontextprotocol/ext-apps).
"""

from importlib.resources import files
from pathlib import Path
from typing import Any

from mcp.server.apps import APP_MIME_TYPE, Apps, ResourcePermissions, client_supports_apps
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver.resources import FileResource

URI = "ui://imagebridge/viewer"

COMPARED = "imagebridge/compared"
"""The `_meta` key of a comparison's picture; its value lists the names under which the two pictures are kept."""

SHOWN_BY: dict[str, Any] = {"ui": {"resourceUri": URI}}
"""The `_meta` of a tool whose results the viewer shows."""


def viewer() -> Apps:
    """Return the extension that offers the viewer's page."""
    permissions = ResourcePermissions(clipboard_write={}).model_dump(by_alias=True, exclude_none=True)
    page = FileResource(
        uri=URI,
        name="viewer",
        title="Picture viewer",
        description="Shows the pictures of a result: zoom, pan, compare, save and copy.",
        mime_type=APP_MIME_TYPE,
        path=Path(str(files("imagebridge_server") / "viewer.html")),
        encoding="utf-8",
        meta={"ui": {"permissions": permissions, "prefersBorder": False}},
    )
    apps = Apps()
    apps.add_resource(page)
    return apps


class Offering:
    """Middleware that mentions the page only to hosts with MCP Apps, because it would cost others tokens."""

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Pass a message on, and remove the page from a list of tools if the host would not show it."""
        result = await call_next(ctx)
        if ctx.method == "tools/list" and isinstance(result, dict) and not client_supports_apps(ctx):
            for tool in result["tools"]:
                tool.pop("_meta", None)
        return result
