"""pydantic-ai: an agent whose MCP tools return pictures and files.

    pip install "pydantic-ai-slim[openai]" "imagebridge[agent]"

    from pydantic_ai import Agent
    from imagebridge import Bridge
    from imagebridge.frameworks import pydantic_ai

    async with Bridge("npx -y @playwright/mcp") as bridge:
        agent = Agent("openai-responses:gpt-6-luna", toolsets=[pydantic_ai.toolset(bridge)])
        result = await agent.run("What does example.org look like?")

A complete program is in docs/frameworks.md.
"""

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from pydantic_ai import BinaryContent, DocumentUrl, ImageUrl, RunContext, ToolDefinition
from pydantic_ai.toolsets import AbstractToolset, ToolsetTool
from pydantic_core import SchemaValidator, core_schema

from .bridge_answer import answered

if TYPE_CHECKING:
    from imagebridge.agent.bridge import Bridge
    from imagebridge.agent.sync import SyncBridge

__all__ = ["toolset"]

_ANYTHING = SchemaValidator(core_schema.dict_schema(core_schema.str_schema()))
"""The bridge checks the arguments itself, against the tool's own schema."""


def toolset(bridge: "Bridge | SyncBridge") -> AbstractToolset[Any]:
    """Return the bridge's tools for `Agent(toolsets=[...])`.

    Tools that its servers add or remove take effect in the next step.

    The model sees pictures as pictures, fitted to the model in use; a failed call returns a text that
    starts with `Tool error:`, and the run continues.

    Args:
        bridge: an open bridge, from `async with Bridge(...)` or `with Bridge(...)`.
    """
    return _BridgeToolset(bridge)


class _BridgeToolset(AbstractToolset[Any]):
    def __init__(self, bridge: "Bridge | SyncBridge") -> None:
        self._bridge = bridge

    @property
    def id(self) -> None:
        return None

    async def get_tools(self, ctx: RunContext[Any]) -> dict[str, ToolsetTool[Any]]:
        definitions = [
            ToolDefinition(
                name=tool["name"],
                description=tool.get("description"),
                parameters_json_schema=cast("dict[str, Any]", tool["parameters"]),
            )
            for tool in self._bridge.tools
        ]
        return {
            one.name: ToolsetTool(toolset=self, tool_def=one, max_retries=1, args_validator=_ANYTHING)
            for one in definitions
        }

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[Any], tool: ToolsetTool[Any]
    ) -> Any:
        answer = await answered(self._bridge, name, tool_args, model=ctx.model.model_name)
        output = answer.output
        return (
            output if isinstance(output, str) else [_content(cast("dict[str, Any]", part)) for part in output]
        )


def _content(part: Mapping[str, Any]) -> str | BinaryContent | ImageUrl | DocumentUrl:
    if part["type"] == "input_text":
        return part["text"]
    is_image = part["type"] == "input_image"
    address = part["image_url"] if is_image else part.get("file_data") or part["file_url"]
    metadata = {"detail": part["detail"]} if part.get("detail") else None
    if not address.startswith("data:"):
        return ImageUrl(address, vendor_metadata=metadata) if is_image else DocumentUrl(address)
    head, _, data = address.partition(",")
    media_type = head.removeprefix("data:").removesuffix(";base64")
    return BinaryContent(
        base64.b64decode(data),
        media_type=media_type,
        identifier=part.get("filename"),
        vendor_metadata=metadata,
    )
