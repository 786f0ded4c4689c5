"""MCP over the older HTTP+SSE, without a size limit."""

import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import anyio
import anyio.abc
import httpx2
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCRequest

from imagebridge.errors import BridgeError
from imagebridge.translate.sentences import location

from .config import HttpServer
from .http_bodies import BodyError
from .http_connections import client_options
from .http_failures import failure, is_of_auth
from .http_refusals import not_now, refused
from .http_replies import ASKS, ServerReplies
from .json_rpc import messages, refusal

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from mcp.client._transport import TransportStreams

_LOG = logging.getLogger(__name__)


@asynccontextmanager
async def older(server: HttpServer, exchange: ServerReplies) -> "AsyncGenerator[TransportStreams]":
    """Speak HTTP+SSE, the transport of protocol 2024-11-05: one stream of events, and a POST for each message.

    The SDK's own client for it cannot be told to accept events of more than 1 MiB.

    Raises:
        httpx2.HTTPError: the server cannot be reached or refuses the stream.
        BridgeError: it names no address to post to, or one on another origin; or authentication failed.
    """
    # Making the client fails if its certificates cannot be read; then no stream is left open.
    made = httpx2.AsyncClient(auth=server.auth, **client_options(server.headers, exchange.heard))
    arrived, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, leaving = anyio.create_memory_object_stream[SessionMessage](0)
    async with (
        made as client,
        AsyncExitStack() as stack,
        anyio.create_task_group() as tasks,
        arrived,
        incoming,
        outgoing,
        leaving,
    ):
        events = await _event_source(stack, client, server.url)
        events.response.raise_for_status()
        address = await tasks.start(_receive, server.url, events, arrived)
        tasks.start_soon(_send, client, address, leaving, arrived)
        yield incoming, outgoing
        tasks.cancel_scope.cancel()


async def _event_source(stack: AsyncExitStack, client: httpx2.AsyncClient, url: str) -> httpx2.EventSource:
    """Open the stream of events, which is closed with `stack`."""
    events = client.sse(url, max_event_size=None, extensions={ASKS: True})
    try:
        return await stack.enter_async_context(events)
    except Exception as error:
        if client.auth is None or not is_of_auth(error, httpx2.URL(url)):
            raise
        _, words = failure(error, httpx2.URL(url), has_auth=True)
        raise BridgeError(words) from error


async def _receive(
    url: str,
    events: httpx2.EventSource,
    arrived: "MemoryObjectSendStream[SessionMessage | Exception]",
    *,
    task_status: anyio.abc.TaskStatus[str],
) -> None:
    """Pass on each event as a message; the first one gives the address to post to."""
    named = False
    async with arrived:
        async for event in events:
            if event.event == "endpoint" and not named:
                task_status.started(_address(url, event.data))
                named = True
            elif event.event == "message" and event.data:
                for one in messages(event.data.encode()):
                    await arrived.send(one)
    if not named:
        raise BridgeError(f"{location(url)} opened an event stream but did not name an address to post to")


def _address(url: str, data: str) -> str:
    """Return the address to post to, which must be on the server's own origin: headers and messages go there."""
    try:
        address = urljoin(url, data)
    except ValueError:
        raise BridgeError(
            f"{location(url)} wants messages posted to {data[:200]!r}, which is not an address"
        ) from None
    if urlsplit(address)[:2] != urlsplit(url)[:2]:
        raise BridgeError(f"{location(url)} wants messages posted to another origin, {location(address)}")
    return address


async def _send(
    client: httpx2.AsyncClient,
    address: str,
    leaving: "MemoryObjectReceiveStream[SessionMessage]",
    arrived: "MemoryObjectSendStream[SessionMessage | Exception]",
) -> None:
    """Post each message, in order."""
    async for item in leaving:
        asked = item.message if isinstance(item.message, JSONRPCRequest) else None
        body = item.message.model_dump_json(by_alias=True, exclude_unset=True)
        failed = await _posted(client, address, body, asked)
        if failed is not None:
            await arrived.send(failed)


async def _posted(
    client: httpx2.AsyncClient, address: str, body: str, asked: JSONRPCRequest | None
) -> SessionMessage | None:
    """Post a message; if that fails or is refused, return the answer to the request that it is."""
    try:
        response = await client.post(
            address,
            content=body,
            headers={"Content-Type": "application/json"},
            extensions={ASKS: asked is not None},
        )
    except BodyError as error:
        return asked and refusal(asked.id, f"the server {error}")
    except Exception as error:  # noqa: BLE001  # an `Auth` may raise anything; it would end all other calls
        _LOG.debug("a message was not accepted", exc_info=True)
        code, words = failure(error, httpx2.URL(address), has_auth=client.auth is not None)
        return asked and refusal(asked.id, words, code)
    if response.is_success or asked is None:
        return None
    # With this transport, the address identifies the session.
    known = not_now(asked.id, response, response.content, session=True)
    return known or refused(asked.id, response, response.content, is_call=asked.method == "tools/call")
