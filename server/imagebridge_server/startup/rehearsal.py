"""Collects the answers for a card by sending the server, in memory, all the requests that hosts send first."""

from collections.abc import Sequence
from typing import Any

import anyio
from mcp.server import MCPServer
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from mcp.shared.memory import create_client_server_memory_streams
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCRequest, JSONRPCResponse
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS

from .card import Card
from .handshake import CLIENT_CAPABILITIES, CLIENT_INFO, PROTOCOL_VERSION, question
from .message_streams import serve_streams
from .opening import canonical

_CLIENT = {"name": "imagebridge", "version": "1"}

Questions = Sequence[tuple[str, dict[str, Any]]]


async def rehearsed(server: MCPServer[Any]) -> Card:
    """Return the card of a server, for each version of the protocol and for hosts with and without MCP Apps."""
    handshake = {
        version: await _answers(server, version, _opening) for version in HANDSHAKE_PROTOCOL_VERSIONS
    }
    stateless = {version: await _answers(server, version, _discovery) for version in MODERN_PROTOCOL_VERSIONS}
    return Card(handshake, stateless)


def _opening(version: str, capabilities: dict[str, Any]) -> Questions:
    introduction = {"protocolVersion": version, "capabilities": capabilities, "clientInfo": _CLIENT}
    return [("initialize", introduction), ("ping", {}), ("tools/list", {})]


def _discovery(version: str, capabilities: dict[str, Any]) -> Questions:
    envelope = {PROTOCOL_VERSION: version, CLIENT_CAPABILITIES: capabilities, CLIENT_INFO: _CLIENT}
    return [(method, {"_meta": envelope}) for method in ("server/discover", "tools/list")]


async def _answers(server: MCPServer[Any], version: str, asking: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for apps in (False, True):
        capabilities = {"extensions": {EXTENSION_ID: {"mimeTypes": [APP_MIME_TYPE]}}} if apps else {}
        for method, result in await _ask(server, asking(version, capabilities)):
            found[question(method, apps=apps)] = canonical(result)
    return found


async def _ask(server: MCPServer[Any], questions: Questions) -> list[tuple[str, dict[str, Any]]]:
    """Return the results of a connection's requests; a refused request has no result."""
    found: list[tuple[str, dict[str, Any]]] = []
    async with (
        create_client_server_memory_streams() as ((replies, requests), streams),
        anyio.create_task_group() as group,
    ):
        group.start_soon(serve_streams, server, *streams)
        for method, params in questions:
            asked = JSONRPCRequest(jsonrpc="2.0", id=method, method=method, params=params)
            await requests.send(SessionMessage(asked))
            received = await replies.receive()
            if isinstance(received, SessionMessage) and isinstance(received.message, JSONRPCResponse):
                found.append((method, received.message.model_dump(mode="json")["result"]))
        group.cancel_scope.cancel()
    return found
