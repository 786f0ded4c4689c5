"""imagebridge: whatever an MCP tool returns, a GPT model sees it."""

from typing import TYPE_CHECKING, Any

from .check import check
from .compose import tool_result
from .errors import BridgeError
from .history import replace_images, trim
from .repair import repair
from .translate.chat import chat_messages
from .translate.definitions import chat_tools, responses_tools, tool_names
from .translate.policy import Policy
from .translate.result import function_call_output, output_items, output_parts, translate

if TYPE_CHECKING:
    from .agent.bridge import Bridge
    from .agent.config import HttpServer

__version__ = "0.1.0"

__all__ = [
    "Bridge",
    "BridgeError",
    "HttpServer",
    "Policy",
    "__version__",
    "chat_messages",
    "chat_tools",
    "check",
    "function_call_output",
    "output_items",
    "output_parts",
    "repair",
    "replace_images",
    "responses_tools",
    "tool_names",
    "tool_result",
    "translate",
    "trim",
]


def __getattr__(name: str) -> Any:
    # These alone bring in anyio and mcp, so they load when they are first asked for (PEP 562).
    if name == "Bridge":
        from .agent.bridge import Bridge

        return Bridge
    if name == "HttpServer":
        from .agent.config import HttpServer

        return HttpServer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
