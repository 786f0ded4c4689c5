"""openai-agents: an agent whose MCP tools return pictures and files.

    pip install openai-agents "imagebridge[agent]"

    from agents import Agent, Runner
    from imagebridge import Bridge
    from imagebridge.frameworks import openai_agents

    async with Bridge("npx -y @playwright/mcp") as bridge:
        agent = Agent("browser", model="gpt-6-luna", tools=openai_agents.tools(bridge))
        result = await Runner.run(agent, "What does example.org look like?")

A complete program is in docs/frameworks.md.
"""

from functools import partial
from typing import TYPE_CHECKING, Any, cast, get_args

from agents import FunctionTool, ToolOutputFileContent, ToolOutputImage, ToolOutputText
from agents.tool_context import ToolContext

from .bridge_answer import answered

if TYPE_CHECKING:
    from imagebridge.agent.bridge import Bridge
    from imagebridge.agent.sync import SyncBridge
    from imagebridge.wire import Part

__all__ = ["tools"]

AgentOutput = ToolOutputText | ToolOutputImage | ToolOutputFileContent

_DETAILS = get_args(get_args(ToolOutputImage.model_fields["detail"].annotation)[0])
"""The details that this version of the framework accepts: any other value would turn the whole output into text."""


def tools(bridge: "Bridge | SyncBridge") -> list[FunctionTool]:
    """Return the bridge's tools for `Agent(tools=...)`.

    The model sees pictures as pictures, fitted to the agent's model; a failed call returns a text that
    starts with `Tool error:`, and the run continues.

    Args:
        bridge: an open bridge, from `async with Bridge(...)` or `with Bridge(...)`. Tools that its servers add later are not in the list.

    Raises:
        BridgeError: the bridge is not open.
    """
    return [
        FunctionTool(
            name=tool["name"],
            description=tool.get("description") or "",
            params_json_schema=cast("dict[str, Any]", tool["parameters"]),
            on_invoke_tool=partial(_called, bridge, tool["name"]),
            # MCP's schemas are not written for strict mode, which requires every property.
            strict_json_schema=False,
        )
        for tool in bridge.tools
    ]


async def _called(
    bridge: "Bridge | SyncBridge", name: str, context: ToolContext[Any], arguments: str
) -> str | list[AgentOutput]:
    answer = await answered(bridge, name, arguments, model=_model_of(context))
    output = answer.output
    return output if isinstance(output, str) else [_output(part) for part in output]


def _model_of(context: ToolContext[Any]) -> str | None:
    """Return the name of the model that will see the pictures: the run's if it has one, otherwise the agent's."""
    asked = getattr(context.run_config, "model", None) or getattr(context.agent, "model", None)
    name = getattr(asked, "model", asked)
    return name if isinstance(name, str) else None


def _output(part: "Part") -> AgentOutput:
    match part["type"]:
        case "input_text":
            return ToolOutputText(text=part["text"])
        case "input_image":
            detail = part.get("detail")
            return ToolOutputImage(
                image_url=part.get("image_url"),
                file_id=part.get("file_id"),
                detail=cast("Any", detail if detail in _DETAILS else None),
            )
        case _:
            return ToolOutputFileContent.model_validate({**part, "type": "file"})
