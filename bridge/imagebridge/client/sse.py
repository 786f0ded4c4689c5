"""MCP over the older HTTP+SSE, without a size limit."""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import anyio
import anyio.abc
import httpx2
from mcp.shared.message import SessionMessage
from mcp.types import INTERNAL_ERROR, JSONRPCRequest, RequestId

from imagebridge.errors import BridgeError
from imagebridge.translate.sentences import location

from .config import HttpServer
from .http_errors import BUSY, LOST, LOST_STATUSES, SESSION_LOST, error_message, forgets, retry_after
from .http_failures import failure
from .http_replies import ASKS, ServerReplies, client_options
from .json_rpc import message, refusal

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
        BridgeError: it names no address to post to, or one on another origin.
    """
    arrived, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, leaving = anyio.create_memory_object_stream[SessionMessage](0)
    async with (
        httpx2.AsyncClient(**client_options(server, exchange)) as client,
        client.sse(server.url, max_event_size=None, extensions={ASKS: True}) as events,
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
    """Pass on each event as a message; the first one gives the address to post to."""
    named = False
    async with arrived:
        async for event in events:
            if event.event == "endpoint" and not named:
                task_status.started(_address(url, event.data))
                named = True
            elif event.event == "message" and event.data:
                await arrived.send(message(event.data.encode()))
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
    """Post each message, in order; if a request fails or is refused, that becomes its answer."""
    async for item in leaving:
        body = item.message.model_dump_json(by_alias=True, exclude_unset=True)
        number = item.message.id if isinstance(item.message, JSONRPCRequest) else None
        try:
            response = await client.post(
                address,
                content=body,
                headers={"Content-Type": "application/json"},
                extensions={ASKS: number is not None},
            )
        except Exception as error:  # noqa: BLE001  # an `Auth` may raise anything; it would end all other calls
            _LOG.debug("a message was not accepted", exc_info=True)
            code, words = failure(error, httpx2.URL(address), has_auth=client.auth is not None)
            if number is not None:
                await arrived.send(refusal(number, words, code))
            continue
        if response.is_error and number is not None:
            await arrived.send(_refusal(number, response))


def _refusal(number: RequestId, response: httpx2.Response) -> SessionMessage:
    """Return what a refused request is answered with."""
    status = f"{response.status_code} {response.reason_phrase}".rstrip()
    words = error_message(response.headers.get("content-type", ""), response.content)
    why = f"the server answered the request with {status}" + (f": {words}" if words else "")
    pause = retry_after(response.status_code, response.headers)
    if pause is not None:
        return refusal(number, why, BUSY, pause)
    if response.status_code in LOST_STATUSES:
        return refusal(number, why, LOST)
    # With this transport, the address identifies the session.
    lost = forgets(response.status_code, response.content)
    return refusal(number, why, SESSION_LOST if lost else INTERNAL_ERROR)
