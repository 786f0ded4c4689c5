"""MCP over HTTP: Streamable HTTP by the SDK's transport, and the older HTTP+SSE, both without a limit of size."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import anyio
import anyio.abc
import httpx2
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage
from mcp.types import INTERNAL_ERROR, JSONRPCRequest

from imagebridge.errors import BridgeError
from imagebridge.translate.sentences import location

from .config import HttpServer
from .http_errors import SESSION_LOST, forgets, said
from .json_lines import message, refusal
from .long_messages import Held, Reader
from .posts import Client

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from mcp.client._transport import TransportStreams

# A connection is made within seconds or not at all. Reading has no limit here: tools take minutes, and streams
# of events are silent for hours; each call has its own deadline.
_PATIENCE = httpx2.Timeout(30.0, read=None)


@dataclass(slots=True)
class Exchange:
    """What a server's last answer said: its status, 0 before the first, and the words of a refusal."""

    status: int = 0
    words: str = ""

    async def heard(self, response: httpx2.Response) -> None:
        """Note what a response says."""
        self.status, self.words = response.status_code, ""
        if response.is_error:
            self.words = said(response.headers.get("content-type", ""), await response.aread())

    def problem(self) -> str:
        """Say what the status means for who wants to connect, nothing where it means nothing."""
        if self.status < 400:
            return ""
        named = f"it answered {self.status} {_phrase(self.status)}"
        if self.words and self.words.casefold() != _phrase(self.status).casefold():
            named += f': "{self.words}"'
        if self.status in (401, 403):
            return f"{named}. Does it want a token? Give HttpServer(url, headers=...) or, in a configuration, `headers`"
        return f"{named}. Is this the address of its MCP endpoint, such as https://host/mcp?"


def _phrase(status: int) -> str:
    return next((one.phrase for one in HTTPStatus if one == status), "(no standard status)")


def _options(server: HttpServer, exchange: Exchange) -> dict[str, Any]:
    return {
        "headers": dict(server.headers),
        "auth": server.auth,
        "timeout": _PATIENCE,
        "event_hooks": {"response": [exchange.heard]},
    }


@asynccontextmanager
async def streamable(server: HttpServer, exchange: Exchange) -> "AsyncGenerator[TransportStreams]":
    """Speak Streamable HTTP, with the server's own headers."""
    held = Held()
    async with (
        Client(held, **_options(server, exchange)) as client,
        streamable_http_client(server.url, http_client=client) as (incoming, outgoing),
    ):
        yield Reader(incoming, held), outgoing


@asynccontextmanager
async def older(server: HttpServer, exchange: Exchange) -> "AsyncGenerator[TransportStreams]":
    """Speak HTTP+SSE, the transport of protocol 2024-11-05: one stream of events, and a POST for each message.

    The SDK's own client of it cannot be told to take events of more than 1 MiB.

    Raises:
        httpx2.HTTPError: the server cannot be reached or refuses the stream.
        BridgeError: it names no address to post to, or one of another origin.
    """
    arrived, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, leaving = anyio.create_memory_object_stream[SessionMessage](0)
    async with (
        httpx2.AsyncClient(**_options(server, exchange)) as client,
        client.sse(server.url, max_event_size=None) as events,
        anyio.create_task_group() as tasks,
        arrived,
        incoming,
        outgoing,
        leaving,
    ):
        events.response.raise_for_status()
        address = await tasks.start(_receive, server.url, events, arrived)
        tasks.start_soon(_send, client, address, leaving, arrived)
        yield incoming, outgoing
        tasks.cancel_scope.cancel()


async def _receive(
    url: str,
    events: httpx2.EventSource,
    arrived: "MemoryObjectSendStream[SessionMessage | Exception]",
    *,
    task_status: anyio.abc.TaskStatus[str],
) -> None:
    """Pass on each event as a message; the first names the address to post to."""
    named = False
    async with arrived:
        async for event in events:
            if event.event == "endpoint" and not named:
                task_status.started(_address(url, event.data))
                named = True
            elif event.event == "message" and event.data:
                await arrived.send(message(event.data.encode()))
    if not named:
        raise BridgeError(f"{location(url)} opened a stream of events but named no address to post to")


def _address(url: str, data: str) -> str:
    """Return the address to post to, which must be the server's own: headers and messages go there."""
    address = urljoin(url, data)
    if urlsplit(address)[:2] != urlsplit(url)[:2]:
        raise BridgeError(f"{location(url)} wants messages posted to another origin, {location(address)}")
    return address


async def _send(
    client: httpx2.AsyncClient,
    address: str,
    leaving: "MemoryObjectReceiveStream[SessionMessage]",
    arrived: "MemoryObjectSendStream[SessionMessage | Exception]",
) -> None:
    """Post each message, in order; a request that is refused is answered with the refusal."""
    async for item in leaving:
        body = item.message.model_dump_json(by_alias=True, exclude_unset=True)
        response = await client.post(address, content=body, headers={"Content-Type": "application/json"})
        if response.is_error and isinstance(item.message, JSONRPCRequest):
            status = f"{response.status_code} {response.reason_phrase}".rstrip()
            words = said(response.headers.get("content-type", ""), response.content)
            why = f"the server answered the request with {status}" + (f": {words}" if words else "")
            # The address names the session here.
            lost = forgets(response.status_code, response.content)
            await arrived.send(refusal(item.message.id, why, SESSION_LOST if lost else INTERNAL_ERROR))
