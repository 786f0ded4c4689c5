"""How a function becomes a tool: arguments that are refused in words, failures that are results."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from anyio import to_thread
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import ValidationError

import imagebridge_tools
from imagebridge.errors import BridgeError

from .arguments import explained
from .results import failure, success

_LOG = logging.getLogger(__name__)

READS = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
PAYS = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=True
)


def tool(
    function: Callable[..., Awaitable[CallToolResult]],
    title: str,
    annotations: ToolAnnotations,
    description: str | None = None,
) -> Tool:
    """Describe a function as a tool that refuses arguments it does not know instead of ignoring them."""
    made = _ExplainingTool.from_function(
        function, title=title, annotations=annotations, description=description
    )
    model = made.fn_metadata.arg_model
    model.model_config["extra"] = "forbid"
    model.model_rebuild(force=True)
    made.parameters = _lean(model.model_json_schema(by_alias=True))
    return made


def _lean(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without what only repeats it: titles made of names, and defaults that say that there is none."""
    properties = {
        name: {
            key: value for key, value in one.items() if key != "title" and (key, value) != ("default", None)
        }
        for name, one in schema["properties"].items()
    }
    return {**{key: value for key, value in schema.items() if key != "title"}, "properties": properties}


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


async def answered(making: Awaitable[imagebridge_tools.Answer]) -> CallToolResult:
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
