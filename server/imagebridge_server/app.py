"""build_server: the tools of `imagebridge_tools` as an MCP server."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from mcp.server import MCPServer
from mcp.types import Icon

import imagebridge
from imagebridge.requirements import CHARTS, lacking
from imagebridge_tools.files.store import Store

from .job_notes import JobNotes
from .jobs import Jobs
from .prompts import Prompting, prompts
from .registration import judging, placed
from .resources import KeepingServer
from .results import HostFitting
from .settings import Settings
from .tools import offered
from .viewer import Offering, viewer

_INSTRUCTIONS = """\
Creates and loads pictures. In each result's `content`, the text comes first and the pictures follow it as image blocks: look \
at content[1] onwards, not only at the text (in code: image(result.content[1])). {charts}\
load_image shows a picture from a file in almost any format, load_file reads documents and text files, \
view_image shows part of a picture up close, compare_images shows where two pictures differ. Refer to a picture by its \
path, image:// uri (in each result) or data: URL; coordinates are pixels from the upper left unless units says otherwise; \
save_as writes a picture to a file. A picture too large for this host is scaled down, and the text says what to multiply \
coordinates by. Errors say what to change: correct the argument and call again."""

_CHARTS = """\
generate_chart draws charts from rows, columns or a file (kind, data, columns), or from a Vega-Lite spec: look at the chart \
before you describe it, and call again to change something. """

_ICON = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACAAAAAgAQMAAABJtOi3AAAABlBMVEUvb7D///9VM4Y4AAAAd0lE"
    "QVR42kWNsQ2DMBQFz+9DRGFEynShYICM4DITpM4ojOYRGIEypYWiiALZFEHJa+9OjwSdJngrQha/uehGgZD6Kqg6N73qOU/yjX"
    "9Z+8C4lrIKQAC2hMFUyAiLCH9DtHfENiMuHw45rfwzeJ6OyxHcFwQQCbodFbEZdNUekWoAAAAASUVORK5CYII="
)
"""The server's icon: a bridge, 32 x 32 pixels in 282 characters. Since protocol 2026-07-28, each result includes it."""


def build_server(settings: Settings | None = None, *, tells_changes: bool = True) -> MCPServer[Any]:
    """Build the server with the tools whose packages are installed, and `create_image` and `edit_image` if they can be used.

    Nothing is read or started before a tool is called.

    Args:
        settings: what the server may do. If None, it reads no files, only `data:` URLs.
        tells_changes: whether clients can subscribe to changes to its lists (since 2026-07-28).
    """
    settings = settings or Settings()
    charts = not lacking(CHARTS)
    places = settings.places
    choices: dict[str, Any] = {
        "title": "imagebridge",
        "version": imagebridge.__version__,
        "instructions": _INSTRUCTIONS.format(charts=_CHARTS if charts else ""),
        "icons": [Icon(src=_ICON, mime_type="image/png", sizes=["32x32"])],
        "tools": placed(offered(settings, places), places),
        "extensions": [viewer()],
        "lifespan": _lifespan(places.store),
        "subscriptions": None if tells_changes else False,
        "middleware": [HostFitting(settings.host), Offering(), judging, Prompting(charts=charts)],
        "log_level": "WARNING",
    }
    server: MCPServer[Any] = (
        KeepingServer("imagebridge", store=places.store, **choices)
        if places.store
        else MCPServer("imagebridge", **choices)
    )
    for prompt in prompts(charts=charts):
        server.add_prompt(prompt)
    return server


def _lifespan(store: Store | None) -> Callable[[MCPServer[Jobs]], AbstractAsyncContextManager[Jobs]]:
    """Return the lifespan that provides the tools with the jobs of a run."""
    return lambda _: Jobs(JobNotes(store) if store else None)
