"""build_server: the tools of `imagebridge_tools` as an MCP server."""

from contextlib import AbstractAsyncContextManager
from typing import Any

from mcp.server import MCPServer

import imagebridge

from .charts import generate_chart_tool
from .creating import create_image_tool, edit_image_tool
from .jobs import Jobs
from .kept import KeepingServer
from .loading import get_image_tool, load_file_tool, load_image_tool
from .settings import Settings
from .tool import placed
from .viewer import viewer
from .viewing import viewing_tools

_INSTRUCTIONS = """\
Makes and loads pictures; each result is one sentence and its pictures, mostly one. generate_chart draws charts from rows, \
columns or a file (kind, data, columns), or from a Vega-Lite spec. load_image shows a picture from a file \
of almost any format, load_file reads documents and texts, \
view_image shows a part of a picture closely. Pictures are named by path, image:// uri (results tell it), \
or data: URL; coordinates are pixels from the upper left unless units says otherwise; save_as writes one to a file. \
Errors say what to change: correct the argument and call again."""


def build_server(settings: Settings | None = None) -> MCPServer[Any]:
    """Build the server, with `create_image` and `edit_image` where they can work.

    Nothing is read or started before a tool is called.
    """
    settings = settings or Settings()
    tools = [
        get_image_tool(),
        load_image_tool(settings),
        load_file_tool(settings),
        generate_chart_tool(settings),
        *viewing_tools(settings),
    ]
    if settings.create:
        tools += [create_image_tool(settings), edit_image_tool(settings)]
    places = settings.places
    choices: dict[str, Any] = {
        "title": "imagebridge",
        "version": imagebridge.__version__,
        "instructions": _INSTRUCTIONS,
        "tools": placed(tools, places),
        "extensions": [viewer()],
        "lifespan": _running,
        "log_level": "WARNING",
    }
    if places.store:
        return KeepingServer("imagebridge", store=places.store, **choices)
    return MCPServer("imagebridge", **choices)


def _running(_: MCPServer[Jobs]) -> AbstractAsyncContextManager[Jobs]:
    """Offer the jobs of this run to the tools."""
    return Jobs()
