"""The server of a relay at a URL: Streamable HTTP (2025-11-25 and 2026-07-28), with its messages unchanged."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any

import anyio
import anyio.abc
import httpx2

from imagebridge.client.checked_server import headers_problem
from imagebridge.client.http_bodies import EVENTS, BodyError, media_type
from imagebridge.client.http_connections import client_options
from imagebridge.client.http_errors import DOUBT, UNSENT, may_have_run, retry_after, returned
from imagebridge.client.http_failures import failure
from imagebridge.client.resuming import pause, sendable
from imagebridge.errors import counted
from imagebridge.translate.sentences import location
from imagebridge.wire import JSON, as_list, as_object, is_json, is_list, text_of

from . import json_rpc
from .json_rpc import Message, RequestId, Unreadable, key, messages, one_line, read_line, written
from .streams import LineQueue, Rest

_VERSION = "io.modelcontextprotocol/protocolVersion"

_GRACE = 2.0
"""The time allowed, in seconds, for the last answers to arrive once the host has closed its side."""

_LOOK = 0.05
"""The time in seconds between checks of whether they have arrived."""

_NOTICE = 3.0
"""The time allowed, in seconds, for a server to accept the end of a session."""

_PAUSE = 1.0
"""The time in seconds before a stream is reopened, if the server does not specify one."""

_MOST_WAITING = 16
"""The maximum number of lines queued for the host. Beyond that, nothing is read, so the server has to wait."""

_MOST_CALLS = 500
"""The maximum number of unanswered calls; hosts rarely have more than a few. Further calls are refused, but the host's
other messages are sent."""

_MOST_FRUITLESS = 5
"""The number of times that a broken stream is reopened without receiving any event."""


@dataclass(slots=True)
class _StreamPosition:
    """How far an event stream was read: where the server can resume, and how many seconds it asks clients to wait."""

    last: str = ""
    pause: float = _PAUSE
    read: int = 0


class RemoteServer:
    """A server reached by POST. Its answers, in a body or as events, become lines."""

    def __init__(self, url: str, client: httpx2.AsyncClient, tasks: anyio.abc.TaskGroup) -> None:
        self.name = location(url)
        self._url = url
        self._client = client
        self._tasks = tasks
        self._session = ""
        self._left = False
        self._version = ""
        self._calls: dict[RequestId, anyio.CancelScope] = {}
        self._opening: RequestId | None = None
        self._schemas: dict[str, object] = {}
        self._arrived, self._arriving = anyio.create_memory_object_stream[bytes](_MOST_WAITING)
        self.lines = LineQueue(self._arriving)

    def send(self, line: bytes, message: JSON | None = None) -> Rest:
        """Post a message. Requests are answered at any time; anything else is delivered before the next message."""
        return partial(self._send, line, message)

    async def _send(self, line: bytes, message: JSON | None) -> None:
        if message is None:
            await self._notify(line, None, {})
            return
        at = key(message.get("id")) if "method" in message else None
        if message.get("method") == "initialize":
            self._version, self._opening = "", at
        if self._ends_a_call(message):
            return
        headers = await self._request_headers(message)
        if at is None:
            await self._notify(line, message, headers)
            if message.get("method") == "notifications/initialized":
                self._tasks.start_soon(self._listen)
        elif len(self._calls) < _MOST_CALLS:
            scope = self._calls[at] = anyio.CancelScope()
            self._tasks.start_soon(self._call, line, message, headers, at, scope)
        else:
            self._tasks.start_soon(self._refuse, message)

    async def _notify(self, line: bytes, message: JSON | None, headers: dict[str, str]) -> None:
        """Post a message that has no answer, and return once the server has accepted it."""
        taken = anyio.Event()

        async def post() -> None:
            try:
                await self._post(line, message, headers, taken)
            finally:
                taken.set()

        # If it is answered after all, that may wait for the host, which must be heard in the meantime.
        self._tasks.start_soon(post)
        await taken.wait()

    async def _refuse(self, message: JSON) -> None:
        why = f"{_MOST_CALLS} calls to {self.name} are waiting for answers, which is the limit. Try again once one has been answered."
        await self._arrive(_refusal(message["id"], why))

    async def finish(self) -> None:
        """Give pending requests a moment to be answered, then abandon the rest and the session."""
        with anyio.move_on_after(_GRACE):
            while self._calls:  # noqa: ASYNC110  # they end by themselves
                await anyio.sleep(_LOOK)
        await self.leave()

    async def leave(self) -> None:
        """Abandon unanswered requests and the session."""
        self._left = True
        for scope in self._calls.values():
            scope.cancel()
        if self._session:
            with anyio.move_on_after(_NOTICE), suppress(httpx2.HTTPError):
                await self._client.delete(self._url, headers=self._headers())
            self._session = ""
        self._arrived.close()

    def hurry(self) -> None:
        """Do nothing: the server is not ours to stop."""

    async def end(self) -> str:
        """Return how the connection ended."""
        return "was abandoned by the host" if self._left else "forgot the session"

    def close(self) -> None:
        """Accept no more lines."""
        self._arriving.close()

    def _ends_a_call(self, message: JSON) -> bool:
        """Cancel a call as in 2026-07-28, by closing its response; return whether the message requested that."""
        params = message.get("params")
        if message.get("method") != "notifications/cancelled" or not is_json(params):
            return False
        scope = self._calls.get(key(params.get("requestId")) or ("", None))
        # In older versions the notification itself says it, and a closed response means nothing.
        if scope is None or self._version:
            return False
        scope.cancel()
        return True

    async def _request_headers(self, message: JSON) -> dict[str, str]:
        """Return the headers that repeat parts of a message, required since 2026-07-28 (transports, Streamable HTTP)."""
        params = message.get("params")
        meta = params.get("_meta") if is_json(params) else None
        version = text_of(meta, _VERSION) if is_json(meta) else ""
        if not version or not is_json(params):
            return {}
        # The SDK knows how values are written in headers; it takes a second to load.
        from mcp.shared.inbound import encode_header_value, mcp_param_headers, x_mcp_header_map

        method = text_of(message, "method")
        headers = {"mcp-protocol-version": version, "mcp-method": method}
        if name := text_of(params, "uri" if method == "resources/read" else "name"):
            with suppress(UnicodeEncodeError):
                headers["mcp-name"] = encode_header_value(name)
        schema = self._schemas.get(name) if method == "tools/call" else None
        arguments: Any = params.get("arguments")
        if is_json(schema):
            for path, header in x_mcp_header_map(dict(schema)).items():
                with suppress(UnicodeEncodeError):
                    headers |= mcp_param_headers({path: header}, as_object(arguments) or {})
        # Hosts and servers may write anything; a request without a header is refused in the server's own words.
        return {name: value for name, value in headers.items() if not headers_problem({name: value})}

    def _headers(self) -> dict[str, str]:
        headers = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
        headers |= {"mcp-session-id": self._session} if self._session else {}
        version = sendable(self._version)
        return headers | ({"mcp-protocol-version": version} if version else {})

    async def _call(
        self, line: bytes, message: JSON, headers: dict[str, str], at: RequestId, scope: anyio.CancelScope
    ) -> None:
        try:
            with scope:
                await self._post(line, message, headers)
        finally:
            if self._calls.get(at) is scope:
                del self._calls[at]

    async def _post(
        self, line: bytes, message: JSON | None, headers: dict[str, str], taken: anyio.Event | None = None
    ) -> None:
        asks = message is not None and "method" in message and "id" in message
        number = message.get("id") if asks and message else None
        position = _StreamPosition()
        try:
            sending = self._client.stream(
                "POST", self._url, content=line.strip(), headers=self._headers() | headers
            )
            async with sending as response:
                self._session = sendable(response.headers.get("mcp-session-id", "")) or self._session
                if taken:
                    taken.set()
                answered = await self._read_response(response, number, position)
        except BodyError as error:
            answered, why = False, f"{self.name} {error}"
            position.last = ""  # It would send the same again.
        except httpx2.HTTPError as error:
            code, why = failure(error, httpx2.URL(self._url), self.name)
            answered, why = False, f"{why}; {'it did not run' if code == UNSENT else DOUBT}"
        else:
            why = f"{self.name} {said}" if (said := _redirect_or_refusal(response)) else ""
            if response.status_code == HTTPStatus.NOT_FOUND and self._session:
                # It was restarted and no longer knows the session (2025-11-25, transports, session management).
                self._session = ""
                self._arrived.close()
                return
        if asks and not answered and position.last:
            try:
                answered = await self._resumed(number, position)
            except BodyError as error:
                why = f"{self.name} {error}"
        if asks and not answered:
            ended = f"{self.name} ended its answer before sending the result; {DOUBT}"
            await self._arrive(_refusal(number, why or ended))

    async def _resumed(self, number: object, position: _StreamPosition) -> bool:
        """Reopen a stream that ended before the answer, as servers may do on purpose (2025-11-25, resumability).

        Raises:
            BodyError: a message is too large; it would be sent again.
        """
        fruitless = 0
        while position.last and fruitless < _MOST_FRUITLESS:
            await anyio.sleep(position.pause)
            before = position.read
            headers = self._headers() | {"last-event-id": position.last}
            try:
                async with self._client.stream("GET", self._url, headers=headers) as response:
                    if not response.is_success:
                        return False
                    if await self._follow(response, number, position):
                        return True
            except BodyError:
                raise
            except httpx2.HTTPError:
                pass
            fruitless = 0 if position.read > before else fruitless + 1
        return False

    async def _read_response(
        self, response: httpx2.Response, number: object, position: _StreamPosition
    ) -> bool:
        """Pass on the messages of a response; return whether the answer is among them."""
        kind = media_type(response)
        if response.is_success and kind == EVENTS:
            return await self._follow(response, number, position)
        body = await response.aread()
        if not body.strip():
            return False
        message, _ = read_line(body)
        if isinstance(message, Unreadable) and (response.is_error or "json" not in kind):
            return False
        return await self._pass(body, message, number)

    async def _follow(self, response: httpx2.Response, number: object, position: _StreamPosition) -> bool:
        """Pass on the events of a stream; return whether the answer to `number` was among them."""
        async for event in httpx2.EventSource(response, max_event_size=None):
            position.last = sendable(event.id) if event.id else position.last
            position.pause = pause(event.retry) or position.pause
            position.read += 1
            if not event.data:
                continue
            body = event.data.encode()
            if await self._pass(body, read_line(body)[0], number):
                return True
        return False

    async def _pass(self, body: bytes, message: Message, number: object) -> bool:
        """Pass on a body with one message, as it was read; return whether it answers `number`."""
        await self._arrive(one_line(body))
        if is_list(message) and not isinstance(message, Unreadable):
            return True
        for said in messages(message):
            if "method" not in said and said.get("id") == number:
                if is_json(result := said.get("result")):
                    self._remember(result, number)
                return True
        return False

    def _remember(self, result: JSON, number: object) -> None:
        """Record the negotiated version and the tools' parameters."""
        if self._opening is not None and key(number) == self._opening:
            self._version = text_of(result, "protocolVersion")
        tools = result.get("tools")
        for tool in filter(is_json, as_list(tools)):
            self._schemas[text_of(tool, "name")] = tool.get("inputSchema")

    async def _arrive(self, line: bytes) -> None:
        with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
            await self._arrived.send(line)

    async def _listen(self) -> None:
        """Pass on messages that the server sends on its own, if it offers a stream for them (up to 2025-11-25)."""
        position = _StreamPosition()
        while True:
            headers = self._headers() | ({"last-event-id": position.last} if position.last else {})
            try:
                async with self._client.stream("GET", self._url, headers=headers) as response:
                    if not response.is_success or media_type(response) != EVENTS:
                        return
                    await self._follow(response, None, position)
            except BodyError:
                position.last = ""  # It would send the same again.
            except httpx2.HTTPError:
                pass
            await anyio.sleep(position.pause)


@asynccontextmanager
async def remote(url: str, headers: Mapping[str, str]) -> AsyncGenerator[RemoteServer]:
    """Connect to the server at `url`, with the user's `headers`; nothing is sent before the host sends something."""
    async with (
        httpx2.AsyncClient(**client_options(headers)) as client,
        anyio.create_task_group() as tasks,
    ):
        server = RemoteServer(url, client, tasks)
        try:
            yield server
        finally:
            with anyio.CancelScope(shield=True):
                await server.leave()
            server.close()
            tasks.cancel_scope.cancel()


def _refusal(number: object, why: str) -> bytes:
    """Return the line with which the relay itself answers a request, without its end."""
    return written(json_rpc.failure(number, why)).rstrip(b"\n")


def _redirect_or_refusal(response: httpx2.Response) -> str:
    """Say why a response has no message, as the rest of a sentence about the server; empty if only its end is missing."""
    status = response.status_code
    kind = media_type(response)
    if response.next_request is not None:
        place = location(str(response.next_request.url))
        return f"redirects to {place}; use that URL if it is the intended server"
    if response.is_success:
        return (
            "" if kind in ("", "application/json", EVENTS) else f"returned {kind}, which is not an MCP answer"
        )
    said = returned(status, kind, response.content)
    pause = retry_after(status, response.headers)
    if pause is not None:
        return f"{said}. It did not run; try again in {counted(max(1, round(pause)), 'second')}"
    return f"{said}; {DOUBT}" if may_have_run(status) else said
