"""build_server: the tools of `imagebridge_tools` as an MCP server."""

from mcp.server import MCPServer

import imagebridge

from .charts import generate_chart_tool
from .creating import create_image_tool
from .loading import get_image_tool, load_image_tool
from .settings import Settings
from .viewer import viewer

_INSTRUCTIONS = """\
Makes and loads pictures; each result is one sentence and its pictures, mostly one. generate_chart draws charts from rows, \
columns or a file (kind, data, columns), or from a Vega-Lite spec. load_image shows a picture from a file \
of almost any format. \
Errors say what to change: correct the argument and call again."""


def build_server(settings: Settings | None = None) -> MCPServer:
    """Build the server: `get_image`, `load_image`, `generate_chart`, and `create_image` where it can work.

    Nothing is read or started before a tool is called.
    """
    settings = settings or Settings()
    tools = [get_image_tool(), load_image_tool(settings), generate_chart_tool(settings)]
    if settings.create:
        tools.append(create_image_tool())
    return MCPServer(
        "imagebridge",
        title="imagebridge",
        version=imagebridge.__version__,
        instructions=_INSTRUCTIONS,
        tools=tools,
        extensions=[viewer()],
        log_level="WARNING",
    )
