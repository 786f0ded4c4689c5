"""build_server: the tools of `imagebridge_tools` as an MCP server."""

from mcp.server import MCPServer
from mcp.types import Icon

import imagebridge

from .charts import generate_chart_tool
from .creating import create_image_tool
from .loading import get_image_tool, load_image_tool
from .prompts import prompts
from .results import Fitting
from .settings import Settings

_INSTRUCTIONS = """\
Makes and loads pictures; each result is one sentence and its pictures, mostly one. generate_chart draws charts from rows, \
columns or a file (kind, data, columns), or from a Vega-Lite spec: look at the chart before you speak of it, and call again \
with what should differ. load_image shows a picture from a file of almost any format; load two to compare them. \
A picture too large for this host comes smaller, and the sentence says by what to multiply coordinates. \
What a tool can read is in its description. Errors say what to change: correct the argument and call again."""

_ICON = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAADAAAAAwBAMAAAClLOS0AAAAMFBMVEWdxOf/0l4AAABZh64wb6/U4e"
    "4wcK8vb690n8rLuXKOsdObo4W3sHowcK8vb7D+/v5Dw6GHAAAAEHRSTlP//wD/l/9T2f//////EP7/Jd33mQAAAWlJREFUeNqtlL"
    "FLQlEUhz+vzyRryCGCJlGCaLIlgrbAIVocjCCi/AMibAwkqqmgtaHtFThF4FBQDdHQ1OSSRFg51RA8G9JQ0xr0xX3PEzV0lgu/7/"
    "4O555z7/WEYXIwhR7VxQJ4g8S2xx06RsLK4wmrazojUVSMCDoHePuPJeC7U6eI0ed9jItgTEVlR9NjyaCq3Mp0JAPgdzuaQ3AUBd"
    "yOGDCDAJJAF4A7VQTgXnB8hxusAz0SMIF3JygPrPiX4ufAIYBh67V0DTKVveHbzaheVTltAlCZyrYEG+zbY3+rO6qqpaAbNqA37g"
    "CzYDzB8iicOECI+gvARdZWWkvNpD36CQKmBhrQTu2DnAbm9MPvaiCnA78GHDelLnbX1XZTlwJ2S4LC/tLfJ/g7MKD0T6l+BKxZVs"
    "dLsCzrWeXk/Q0jBAiPR6kz2bGjPmXwqj6Skl65VOQlsICiudqpbxXxBnko3Di/n+r8FXwBRrRZ5e6VY2wAAAAASUVORK5CYII="
)
"""A bridge, 48 x 48 pixels in half a kilobyte: since 2026-07-28 each result carries it."""


def build_server(settings: Settings | None = None) -> MCPServer:
    """Build the server: `get_image`, `load_image`, `generate_chart`, and `create_image` where it can work.

    Nothing is read or started before a tool is called.
    """
    settings = settings or Settings()
    tools = [get_image_tool(), load_image_tool(settings), generate_chart_tool(settings)]
    if settings.create:
        tools.append(create_image_tool())
    server = MCPServer(
        "imagebridge",
        title="imagebridge",
        version=imagebridge.__version__,
        instructions=_INSTRUCTIONS,
        icons=[Icon(src=_ICON, mime_type="image/png", sizes=["48x48"])],
        tools=tools,
        middleware=[Fitting(settings.host)],
        log_level="WARNING",
    )
    for prompt in prompts():
        server.add_prompt(prompt)
    return server
