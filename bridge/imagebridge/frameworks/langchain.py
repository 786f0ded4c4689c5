"""LangChain: an agent whose MCP tools return pictures and files.

    from langchain.agents import create_agent
    from langchain_openai import ChatOpenAI
    from imagebridge import Bridge
    from imagebridge.frameworks import langchain

    async with Bridge("npx -y @playwright/mcp") as bridge:
        agent = create_agent(ChatOpenAI(model="gpt-6-luna", use_responses_api=True), langchain.tools(bridge))
        await agent.ainvoke({"messages": [("user", "What does example.org look like?")]})

Beside langchain-mcp-adapters, which connects the servers itself and needs mcp 1, one argument does nearly all of it:

    from langchain_mcp_adapters.client import MultiServerMCPClient
    from imagebridge.frameworks.langchain import interceptor

    client = MultiServerMCPClient(servers, tool_interceptors=[interceptor])
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool, StructuredTool, ToolException

from imagebridge import chat_part, translate
from imagebridge.translate.policy import Policy

if TYPE_CHECKING:
    from imagebridge.agent.bridge import Bridge
    from imagebridge.wire import Part

__all__ = ["interceptor", "tools"]

ContentBlock = dict[Any, Any]


class AdapterCall(Protocol):
    """What langchain-mcp-adapters tells an interceptor of a call."""

    @property
    def runtime(self) -> Any:
        """LangGraph's account of the call, which knows its id."""
        ...


class ToolFailedError(ToolException):
    """A tool that reported an error: `args[0]` holds the blocks that say so."""


def tools(bridge: "Bridge") -> list[BaseTool]:
    """Return the bridge's tools for `create_agent(model, tools)` or `model.bind_tools(tools)`.

    A picture reaches the model as one; a call that fails becomes a `ToolMessage` whose status is "error" and whose
    text begins with `Tool error:`, and the run goes on.

    Args:
        bridge: an open bridge, of `async with Bridge(...)`. `Bridge(policy=Policy(model=...))` fits pictures to the
            model. What its servers add later is not in the list.

    Raises:
        BridgeError: the bridge is not open.
    """
    return [
        StructuredTool(
            name=tool["name"],
            description=tool.get("description") or "",
            args_schema=cast("dict[str, Any]", tool["parameters"]),
            coroutine=_calling(bridge, tool["name"]),
            handle_tool_error=_blocks_of,
        )
        for tool in bridge.tools
    ]


async def interceptor(request: AdapterCall, handler: Callable[[Any], Awaitable[Any]]) -> Any:
    """Let langchain-mcp-adapters hand its model pictures: `MultiServerMCPClient(..., tool_interceptors=[interceptor])`.

    Links to pictures and documents become a line that names them; `tools` reads them.

    Args:
        request: the call.
        handler: what makes it.
    """
    result = await handler(request)
    if isinstance(result, ToolMessage) or not hasattr(result, "content"):
        return result
    translation = translate(result, Policy(proof="decoded"))
    content: list[str | ContentBlock] = [_content_block(part) for part in translation.parts]
    status = "error" if translation.is_error else "success"
    return ToolMessage(content, tool_call_id=request.runtime.tool_call_id, status=status)


def _calling(bridge: "Bridge", name: str) -> Callable[..., Awaitable[list[ContentBlock]]]:
    # Arguments come by their names, which may be any, `bridge` and `name` too: so these two are not parameters.
    async def called(**arguments: object) -> list[ContentBlock]:
        answer = await bridge.answer(name, arguments)
        blocks = [_content_block(part) for part in answer.parts]
        if answer.is_error:
            raise ToolFailedError(blocks)
        return blocks

    return called


def _blocks_of(error: ToolException) -> Sequence[ContentBlock]:
    return error.args[0]


def _content_block(part: "Part") -> ContentBlock:
    """Return a block that LangChain passes to every vendor; parts as OpenAI has them would become JSON text."""
    if part["type"] == "input_file":
        return {"type": "file", "file": _file(part)}
    return chat_part(part)


def _file(part: Mapping[str, Any]) -> ContentBlock:
    return {name: value for name, value in part.items() if name != "type" and value}
