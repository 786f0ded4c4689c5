"""A connection of an MCPServer over given streams, and the news that its tools changed: the SDK's class has no methods for these."""

from typing import Any

from mcp.server import MCPServer
from mcp.server.lowlevel import NotificationOptions
from mcp.server.subscriptions import ToolsListChanged


async def serve_streams(server: MCPServer[Any], reading: Any, writing: Any) -> None:
    """Serve one connection over two streams of messages.

    It tells that its list of tools may change: it does where a card was wrong.
    """
    served = server._lowlevel_server  # pyright: ignore[reportPrivateUsage]
    options = served.create_initialization_options(NotificationOptions(tools_changed=True))
    await served.run(reading, writing, options)


async def tell_tools_changed(server: MCPServer[Any]) -> None:
    """Tell those who listen (since 2026-07-28) that the server lists other tools."""
    await server._subscriptions.publish(ToolsListChanged())  # pyright: ignore[reportPrivateUsage]
