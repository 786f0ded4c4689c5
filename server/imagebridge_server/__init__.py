"""The MCP server that offers imagebridge's tools to desktop hosts, agent loops and callers over HTTP.

build_server(Settings(allow=(Path("pictures"),))).run()
app = create_app(Settings(allow=(Path("pictures"),)))       # for any ASGI server
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import build_server
    from .http.application import create_app
    from .settings import Settings

__all__ = ["Settings", "build_server", "create_app"]

_LATER = {"Settings": ".settings", "build_server": ".app", "create_app": ".http.application"}
"""The module of each public name, imported on first use so that the command line does not wait for mcp (PEP 562)."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name != "Settings":
        from imagebridge.requirements import SERVER, need

        need(SERVER)
    return getattr(import_module(_LATER[name], __name__), name)


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
