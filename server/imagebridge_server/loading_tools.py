"""The tools that show what is there already."""

from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult

import imagebridge_tools
from imagebridge_tools import document, load
from imagebridge_tools.answer import counted

from . import arguments
from .jobs import PENDING, Jobs
from .registration import answered, hints, tool
from .results import in_thread
from .settings import Settings

_FOLDERS = 160
"""Bytes of the folders' names that are listed: models pay for them in every conversation."""


def get_image_tool(settings: Settings) -> Tool:
    """Offer `get_image`."""

    async def get_image(text: arguments.Text) -> CallToolResult:
        """Draw a text large on a card of 1024x576 pixels. Good for trying out whether pictures arrive."""
        return await answered(in_thread(lambda: imagebridge_tools.get_image(text)))

    return tool(get_image, "Sample picture of a text", hints(settings, fetches=False))


def load_image_tool(settings: Settings) -> Tool:
    """Offer `load_image`; its description names the allowed folders."""
    places = settings.places

    async def load_image(
        source: arguments.Source,
        context: Context[Jobs, Any],
        page: arguments.Page = None,
        frame: arguments.Frame = None,
        max_size: arguments.MaxSize = None,
        save_as: arguments.SaveAs = None,
        overwrite: arguments.Overwrite = False,
    ) -> CallToolResult:
        if source.strip().lower().startswith(PENDING):
            jobs = context.request_context.lifespan_context
            return await answered(jobs.collected(source, settings.patience), save_as, overwrite=overwrite)
        making = imagebridge_tools.load_image(source, places, page=page, frame=frame, max_size=max_size)
        return await answered(making, save_as, overwrite=overwrite)

    description = (
        f"Show a picture: {load.SHOWN}. It comes upright, without metadata, and smaller where it is too large "
        f"for a result; an animation as a sheet of frames, a TIFF as a picture a page. {_where(settings)}"
    )
    return tool(load_image, "Load a picture", hints(settings, saves=True), description)


def load_file_tool(settings: Settings) -> Tool:
    """Offer `load_file`."""
    places = settings.places

    async def load_file(source: arguments.AnySource, start: arguments.Start = 1) -> CallToolResult:
        return await answered(imagebridge_tools.load_file(source, places, start=start))

    description = f"Read a file, from where load_image does: {document.READ}. Long texts come in pieces."
    return tool(load_file, "Read a file", hints(settings), description)


def _where(settings: Settings) -> str:
    web = " and https:" if settings.allow_https else ""
    if not settings.allow:
        return f"No folder is allowed: only data:{web} URLs are read."
    named = [str(folder) for folder in settings.allow]
    while len(", ".join(named).encode()) > _FOLDERS:
        named.pop()
    if left := len(settings.allow) - len(named):
        named.append(f"{counted(left, 'more folder' if named else 'folder')} that errors name")
    return f"Files are read below {', '.join(named)}{'; https: URLs too' if web else ''}."
