"""The tool that asks the OpenAI API for a picture."""

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult

import imagebridge_tools

from . import arguments
from .tool import PAYS, answered, tool


def create_image_tool() -> Tool:
    """Offer `create_image`; whoever calls it pays."""

    async def create_image(
        prompt: arguments.Prompt,
        context: Context,
        size: arguments.Size = "auto",
        format: arguments.Format = "png",  # noqa: A002  # the argument's name in the API
        quality: arguments.Quality = None,
        background: arguments.Background = None,
    ) -> CallToolResult:
        """Create a picture from words with the OpenAI Images API. It takes up to some minutes and costs money."""

        async def tell(seconds: float, message: str) -> None:
            await context.report_progress(seconds, None, message)

        return await answered(
            imagebridge_tools.create_image(prompt, size, format, quality, background, on_progress=tell)
        )

    return tool(create_image, "Create a picture", PAYS)
