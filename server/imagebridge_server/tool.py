"""How a function becomes a tool: arguments that are refused in words, failures that are results."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import ValidationError

import imagebridge_tools
from imagebridge.errors import BridgeError

from .arguments import explained
from .results import failure, in_thread, success

_LOG = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between two reports of progress: hosts give up on a call that says nothing for long."""

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
    made.parameters = model.model_json_schema(by_alias=True)
    return made


class _ExplainingTool(Tool):
    """A tool that says in a sentence what is wrong with its arguments, where the SDK would quote Pydantic."""

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> Any:
        failed: Exception | None = None
        result: Any = None
        async with anyio.create_task_group() as tasks:
            if self.context_kwarg is None:  # A tool that has the context tells its progress itself.
                tasks.start_soon(_tell, context, self.title or self.name)
            try:
                result = await super().run(arguments, context, convert_result)
            except Exception as error:  # noqa: BLE001  # out of the group it would come as a group
                failed = error
            tasks.cancel_scope.cancel()
        if failed is None:
            return result
        if isinstance(failed, ToolError) and isinstance(failed.__cause__, ValidationError):
            raise ToolError(explained(failed.__cause__, list(self.parameters["properties"]))) from failed
        raise failed


async def _tell(context: Context[Any, Any], what: str) -> None:
    """Report the seconds that a call has taken so far, where the host asked for it."""
    start = anyio.current_time()
    while True:
        await anyio.sleep(TICK)
        passed = anyio.current_time() - start
        await context.report_progress(passed, None, f"{what}: {passed:.0f} s so far")


async def answered(making: Awaitable[imagebridge_tools.Answer]) -> CallToolResult:
    """Run a tool. What its caller can correct comes back as an error result, and so does all else that fails."""
    try:
        answer = await making
        return await in_thread(lambda: success(answer))
    except BridgeError as error:
        return failure(str(error))
    # The server outlives its tools: the model gets a sentence, the log the rest.
    except Exception as error:  # noqa: BLE001
        _LOG.exception("a tool failed")
        return failure(f"the tool failed with {type(error).__name__}; the server's log says more")
