"""build_server: the tools of `imagebridge_tools` as an MCP server."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from anyio import to_thread
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import ValidationError

import imagebridge
import imagebridge_tools
from imagebridge.errors import BridgeError
from imagebridge_tools import load

from . import arguments
from .arguments import explained
from .results import failure, success
from .settings import Settings

_LOG = logging.getLogger(__name__)

_INSTRUCTIONS = """\
Makes and loads pictures; each result is one sentence and its pictures, mostly one. generate_chart draws charts from rows, \
columns or a file (kind, data, columns), or from a Vega-Lite spec. load_image shows a picture from a file \
of almost any format. \
Errors say what to change: correct the argument and call again."""

_READS = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_PAYS = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=True
)


def build_server(settings: Settings | None = None) -> MCPServer:
    """Build the server: `get_image`, `load_image`, `generate_chart`, and `create_image` where it can work.

    Nothing is read or started before a tool is called.
    """
    settings = settings or Settings()
    tools = [_get_image(), _load_image(settings), _generate_chart(settings)]
    if settings.create:
        tools.append(_create_image())
    return MCPServer(
        "imagebridge",
        title="imagebridge",
        version=imagebridge.__version__,
        instructions=_INSTRUCTIONS,
        tools=tools,
        log_level="WARNING",
    )


def _tool(
    function: Callable[..., Awaitable[CallToolResult]],
    title: str,
    annotations: ToolAnnotations,
    description: str | None = None,
) -> Tool:
    """Describe a function as a tool that refuses arguments it does not know instead of ignoring them."""
    tool = _ExplainingTool.from_function(
        function, title=title, annotations=annotations, description=description
    )
    model = tool.fn_metadata.arg_model
    model.model_config["extra"] = "forbid"
    model.model_rebuild(force=True)
    tool.parameters = model.model_json_schema(by_alias=True)
    return tool


class _ExplainingTool(Tool):
    """A tool that says in a sentence what is wrong with its arguments, where the SDK would quote Pydantic."""

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> Any:
        try:
            return await super().run(arguments, context, convert_result)
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                raise ToolError(explained(error.__cause__, list(self.parameters["properties"]))) from error
            raise


async def _answered(making: Awaitable[imagebridge_tools.Answer]) -> CallToolResult:
    """Run a tool. What its caller can correct comes back as an error result, and so does all else that fails."""
    try:
        answer = await making
        return await to_thread.run_sync(success, answer)
    except BridgeError as error:
        return failure(str(error))
    # The server outlives its tools: the model gets a sentence, the log the rest.
    except Exception as error:  # noqa: BLE001
        _LOG.exception("a tool failed")
        return failure(f"the tool failed with {type(error).__name__}; the server's log says more")


def _get_image() -> Tool:
    async def get_image(text: arguments.Text) -> CallToolResult:
        """Draw a text large on a card of 1024x576 pixels. Good for trying out whether pictures arrive."""
        return await _answered(to_thread.run_sync(imagebridge_tools.get_image, text))

    return _tool(get_image, "Sample picture of a text", _READS)


def _load_image(settings: Settings) -> Tool:
    async def load_image(source: arguments.Source) -> CallToolResult:
        return await _answered(to_thread.run_sync(imagebridge_tools.load_image, source, settings.allow))

    folders = ", ".join(str(folder) for folder in settings.allow)
    where = (
        f"Files are read below: {folders}." if folders else "No folder is allowed: only data: URLs are read."
    )
    description = (
        f"Show a picture: {load.SHOWN}. It comes upright and without metadata, and smaller where it is too "
        f"large for a result; an animation as one sheet of its frames, a TIFF as a picture a page. {where}"
    )
    return _tool(load_image, "Load a picture", _READS, description)


def _generate_chart(settings: Settings) -> Tool:
    async def generate_chart(
        kind: arguments.Kind = None,
        data: arguments.Data = None,
        columns: arguments.Columns = None,
        title: arguments.Title = None,
        width: arguments.Width = None,
        height: arguments.Height = None,
        spec: arguments.Spec = None,
    ) -> CallToolResult:
        """Draw a chart as a PNG: from kind, data and columns, or from a Vega-Lite spec. Give exactly one of both."""
        return await _answered(
            imagebridge_tools.generate_chart(
                spec=spec,
                kind=kind,
                data=data,
                columns=columns,
                title=title,
                width=width,
                height=height,
                allow=settings.allow,
            )
        )

    return _tool(generate_chart, "Draw a chart", _READS)


def _create_image() -> Tool:
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

        return await _answered(
            imagebridge_tools.create_image(prompt, size, format, quality, background, on_progress=tell)
        )

    return _tool(create_image, "Create a picture", _PAYS)
