"""The tools that show what is there already."""

from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult

import imagebridge_tools
from imagebridge_tools import load

from . import arguments
from .results import in_thread
from .settings import Settings
from .tool import READS, answered, tool


def get_image_tool() -> Tool:
    """Offer `get_image`."""

    async def get_image(text: arguments.Text) -> CallToolResult:
        """Draw a text large on a card of 1024x576 pixels. Good for trying out whether pictures arrive."""
        return await answered(in_thread(lambda: imagebridge_tools.get_image(text)))

    return tool(get_image, "Sample picture of a text", READS)


def load_image_tool(settings: Settings) -> Tool:
    """Offer `load_image`; its description names the allowed folders."""

    async def load_image(source: arguments.Source) -> CallToolResult:
        return await answered(in_thread(lambda: imagebridge_tools.load_image(source, settings.allow)))

    folders = ", ".join(str(folder) for folder in settings.allow)
    where = (
        f"Files are read below: {folders}." if folders else "No folder is allowed: only data: URLs are read."
    )
    description = (
        f"Show a picture: {load.SHOWN}. It comes upright and without metadata, and smaller where it is too "
        f"large for a result; an animation as one sheet of its frames, a TIFF as a picture a page. {where}"
    )
    return tool(load_image, "Load a picture", READS, description)
