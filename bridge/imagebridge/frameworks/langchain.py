"""LangChain: an agent whose MCP tools return pictures and files.

    pip install langchain langchain-openai "imagebridge[agent]"

    from langchain.agents import create_agent
    from langchain_openai import ChatOpenAI
    from imagebridge import Bridge
    from imagebridge.frameworks import langchain

    async with Bridge("npx -y @playwright/mcp") as bridge:
        agent = create_agent(ChatOpenAI(model="gpt-6-luna", use_responses_api=True), langchain.tools(bridge))
        await agent.ainvoke({"messages": [("user", "What does example.org look like?")]})

With langchain-mcp-adapters, which connects to the servers itself and requires mcp 1, one argument does nearly
everything:

    pip install langchain langchain-openai langchain-mcp-adapters imagebridge

    from langchain_mcp_adapters.client import MultiServerMCPClient
    from imagebridge.frameworks.langchain import interceptor

    client = MultiServerMCPClient(servers, tool_interceptors=[interceptor])

Complete programs are in docs/frameworks.md.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool, StructuredTool, ToolException

from imagebridge import Policy, Translation, chat_part, translate

from .bridge_answer import answered, is_blocking

if TYPE_CHECKING:
    from imagebridge.agent.bridge import Bridge
    from imagebridge.agent.sync import SyncBridge
    from imagebridge.wire import Part

__all__ = ["interceptor", "tools"]


def tools(bridge: "Bridge | SyncBridge") -> list[BaseTool]:
    """Return the bridge's tools for `create_agent(model, tools)` or `model.bind_tools(tools)`.

    The model sees pictures as pictures; a failed call becomes a `ToolMessage` with the status "error" and a
    text that starts with `Tool error:`, and the run continues.

    Args:
        bridge: an open bridge, from `async with Bridge(...)` or `with Bridge(...)`. `Bridge(policy=Policy(model=...))` fits pictures to the
            model. Tools that its servers add later are not in the list.

    Raises:
        BridgeError: the bridge is not open.
    """
    return [
        StructuredTool(
            name=tool["name"],
            description=tool.get("description") or "",
            args_schema=cast("dict[str, Any]", tool["parameters"]),
            coroutine=_calling(bridge, tool["name"]),
            func=_blocking(bridge, tool["name"]) if is_blocking(bridge) else None,
            handle_tool_error=True,
        )
        for tool in bridge.tools
    ]


async def interceptor(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
    """Let langchain-mcp-adapters pass pictures to its model: `MultiServerMCPClient(..., tool_interceptors=[interceptor])`.

    A line of text replaces each link to a picture or document and names it; `tools` reads what it links to.

    Args:
        request: the call, an `MCPToolCallRequest`.
        handler: the function that makes the call.
    """
    result = await handler(request)
    if isinstance(result, ToolMessage) or not hasattr(result, "content"):
        return result
    translation = translate(result, Policy(proof="decoded"))
    content: list[str | dict[Any, Any]] = [_block(part) for part in translation.parts]
    status = "error" if translation.is_error else "success"
    return ToolMessage(content, tool_call_id=request.runtime.tool_call_id, status=status)


def _calling(bridge: "Bridge | SyncBridge", name: str) -> Callable[..., Awaitable[list[dict[str, Any]]]]:
    # A function, because LangGraph reads its annotations. Arguments arrive by name, and may be called `bridge` and `name`.
    async def called(**arguments: object) -> list[dict[str, Any]]:
        return _blocks(await answered(bridge, name, arguments))

    return called


def _blocking(bridge: "SyncBridge", name: str) -> Callable[..., list[dict[str, Any]]]:
    # `agent.invoke` requires it.
    def called(**arguments: object) -> list[dict[str, Any]]:
        return _blocks(bridge.answer(name, arguments))

    return called


def _blocks(answer: Translation) -> list[dict[str, Any]]:
    blocks = [_block(part) for part in answer.parts]
    if answer.is_error:
        raise ToolException(blocks)
    return blocks


def _block(part: "Part") -> dict[str, Any]:
    """Return a block that LangChain passes on to every vendor; OpenAI's own parts would become JSON text."""
    if part["type"] == "input_file":
        file = {name: value for name, value in part.items() if name != "type" and value}
        return {"type": "file", "file": file}
    return chat_part(part)
