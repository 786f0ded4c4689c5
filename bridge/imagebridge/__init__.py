"""imagebridge: whatever an MCP tool returns, a GPT model sees it."""

from typing import TYPE_CHECKING, Any

from .check import check
from .compose import tool_result
from .errors import BridgeError
from .repair import repair
from .translate.chat import chat_messages
from .translate.definitions import chat_tools, responses_tools, tool_names
from .translate.policy import Policy
from .translate.result import function_call_output, output_items, output_parts, translate

if TYPE_CHECKING:
    from .agent.bridge import Bridge

__version__ = "0.1.0"

__all__ = [
    "Bridge",
    "BridgeError",
    "Policy",
    "__version__",
    "chat_messages",
    "chat_tools",
    "check",
    "function_call_output",
    "output_items",
    "output_parts",
    "repair",
    "responses_tools",
    "tool_names",
    "tool_result",
    "translate",
]


def __getattr__(name: str) -> Any:
    # Bridge alone brings in anyio and mcp, so it loads when it is first asked for (PEP 562).
    if name == "Bridge":
        from .agent.bridge import Bridge

        return Bridge
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
