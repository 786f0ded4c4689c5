"""The tools that ask the OpenAI API for pictures; whoever calls them pays."""

from functools import partial
from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult

import imagebridge_tools
from imagebridge_tools import ToolOutput
from imagebridge_tools.create import Choices, OnProgress

from . import arguments
from .jobs import Jobs, Make
from .registration import finished, paying, reported, tool
from .settings import Settings

_COST = (
    "It takes up to some minutes and costs money; after {patience:g} s a handle to collect it later is given."
)


def create_image_tool(settings: Settings) -> Tool:
    """Offer `create_image`."""
    places = settings.places

    async def create_image(
        prompt: arguments.Prompt,
        context: Context[Jobs, Any],
        size: arguments.Size = "auto",
        format: arguments.Format = "png",  # noqa: A002  # the argument's name in the API
        quality: arguments.Quality = None,
        background: arguments.Background = None,
        compression: arguments.Compression = None,
        n: arguments.Count = 1,
        partial_images: arguments.Partial = 0,
        save_as: arguments.SaveAs = None,
        overwrite: arguments.Overwrite = False,
    ) -> CallToolResult:
        choices: Choices = {
            "size": size,
            "format": format,
            "quality": quality,
            "background": background,
            "compression": compression,
            "n": n,
            "partial_images": partial_images,
        }

        async def make(on_progress: OnProgress) -> ToolOutput:
            making = partial(
                imagebridge_tools.create_image, prompt, places=places, on_progress=on_progress, **choices
            )
            return await finished(making, save_as, overwrite=overwrite)

        return await _run(context, make, settings)

    description = (
        f"Create pictures from words with the OpenAI Images API. {_COST.format(patience=settings.patience)}"
    )
    return tool(create_image, "Create a picture", paying(settings), description, tells=True)


def edit_image_tool(settings: Settings) -> Tool:
    """Offer `edit_image`."""
    places = settings.places

    async def edit_image(
        prompt: arguments.Prompt,
        images: arguments.Images,
        context: Context[Jobs, Any],
        mask: arguments.Mask = None,
        size: arguments.Size = "auto",
        format: arguments.Format = "png",  # noqa: A002
        quality: arguments.Quality = None,
        background: arguments.Background = None,
        compression: arguments.Compression = None,
        n: arguments.Count = 1,
        partial_images: arguments.Partial = 0,
        save_as: arguments.SaveAs = None,
        overwrite: arguments.Overwrite = False,
    ) -> CallToolResult:
        choices: Choices = {
            "size": size,
            "format": format,
            "quality": quality,
            "background": background,
            "compression": compression,
            "n": n,
            "partial_images": partial_images,
        }

        async def make(on_progress: OnProgress) -> ToolOutput:
            making = partial(
                imagebridge_tools.edit_image,
                prompt,
                images,
                mask,
                places=places,
                on_progress=on_progress,
                **choices,
            )
            return await finished(making, save_as, overwrite=overwrite)

        return await _run(context, make, settings)

    description = (
        "Change or combine pictures with the OpenAI Images API; arguments, time and cost as in create_image."
    )
    editing_tool = tool(edit_image, "Edit pictures", paying(settings), description, tells=True)
    for name, argument in editing_tool.parameters["properties"].items():
        if name not in ("images", "mask"):
            # What create_image says already is not paid for twice.
            for keyword in ("description", "examples"):
                argument.pop(keyword, None)
    return editing_tool


async def _run(context: Context[Jobs, Any], make: Make, settings: Settings) -> CallToolResult:
    async def on_progress(seconds: float, message: str) -> None:
        await context.report_progress(seconds, None, message)

    jobs = context.request_context.lifespan_context
    return await reported(jobs.run("The picture", make, on_progress, settings.patience))
