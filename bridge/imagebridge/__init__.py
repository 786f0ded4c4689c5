"""imagebridge: whatever an MCP tool returns, a GPT model sees it.

The public names are those of this module and of `imagebridge.events`, `imagebridge.testing`,
`imagebridge.testing.fixtures` and `imagebridge_server`; anything deeper may change with any release.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import requirements as _requirements

# Not later: importing the modules `check` and `repair` would replace these functions.
from .check import check
from .conversation.history import replace_images, trim
from .errors import BridgeError
from .pictures.picture import Picture
from .providers.chat import chat_messages, chat_part
from .providers.provider import Translation
from .providers.responses import function_call_output, output_items, output_parts, translate
from .repair.compose import tool_result
from .repair.protocol import repair
from .schemas.definitions import chat_tools, responses_tools, tool_names
from .translate.policy import Policy

if TYPE_CHECKING:
    from .agent.bridge import Bridge
    from .agent.uploads import Uploads
    from .check.finding import Finding
    from .client.config import HttpServer
    from .events import Reply

__version__ = "0.1.0"

__all__ = [
    "Bridge",
    "BridgeError",
    "Finding",
    "HttpServer",
    "Picture",
    "Policy",
    "Reply",
    "Translation",
    "Uploads",
    "chat_messages",
    "chat_part",
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

_LATER = {
    "Bridge": (".agent.bridge", _requirements.CLIENT),
    "Finding": (".check.finding", None),
    "HttpServer": (".client.config", _requirements.CLIENT),
    "Reply": (".events", None),
    "Uploads": (".agent.uploads", None),
}
"""The modules of names that most programs never use (they import anyio, mcp or the rules), and the features they require."""


def __getattr__(name: str) -> Any:
    # PEP 562.
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, needs = _LATER[name]
    if needs and _requirements.lacking(needs):
        value = _requirements.stand_in(name, needs)
    else:
        value = getattr(import_module(module, __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    # Not the modules inside, which become attributes when they are imported.
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
