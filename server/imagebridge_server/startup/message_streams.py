"""Connects an MCPServer to given streams, and announces changed tools, because the SDK's class has no methods for this.

A bad message does not affect others: a request that the SDK cannot read is repaired or answered with an error, a
response that cannot be written is made writable, and a line that would fill the memory is not parsed. The SDK (mcp 2.3,
2026-11) would drop such a request without an answer, would stop at such a response, and parses any number of values.
"""

import json
import re
from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import anyio.abc
from mcp.server import MCPServer
from mcp.server.lowlevel import NotificationOptions
from mcp.server.subscriptions import ToolsListChanged
from mcp.shared.message import SessionMessage
from mcp.types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    JSONRPCError,
    JSONRPCResponse,
    RequestId,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError

from imagebridge.client.json_bytes import MAX_VALUES, has_too_many_values
from imagebridge.client.json_rpc import refusal, told_id
from imagebridge.wire import MAX_LEVELS, is_deep, is_json, is_list, paired, writable

from .host_lines import both_ends, why_left_out

_CUT = MAX_LEVELS + 10
"""The level from which a line is left out: more than are read, in a batch too, and fewer than Python parses."""


async def bounded(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    """Yield the host's lines; of one that would fill the memory once it is parsed, only both ends."""
    async for line in lines:
        # Each value takes at least one character. Most lines are shorter, and this is all that is done to them.
        if len(line) > MAX_VALUES and has_too_many_values(line.encode()):
            yield both_ends(line, line, f"it has more than {MAX_VALUES:,} values, which is the limit")
        else:
            yield line


async def serve_streams(server: MCPServer[Any], reading: Any, writing: Any) -> None:
    """Serve one connection over two streams of messages.

    The server declares that its list of tools may change, which happens if a card was wrong.
    """
    served = server._lowlevel_server  # pyright: ignore[reportPrivateUsage]
    options = served.create_initialization_options(NotificationOptions(tools_changed=True))
    sent = _WritableMessages(writing)
    await served.run(_Read(reading, sent), sent, options)  # pyright: ignore[reportArgumentType]  # streams by their methods


async def tell_tools_changed(server: MCPServer[Any]) -> None:
    """Tell subscribers (since 2026-07-28) that the list of tools has changed."""
    await server._subscriptions.publish(ToolsListChanged())  # pyright: ignore[reportPrivateUsage]


class _WritableMessages(anyio.abc.ObjectSendStream[SessionMessage]):
    """Sends messages to the host, after making each of them writable."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def send(self, item: SessionMessage) -> None:
        message = item.message
        if isinstance(message, JSONRPCResponse):
            message.result = _writable(message.result)
        elif isinstance(message, JSONRPCError):
            message.error.message = str(writable(message.error.message))
            message.error.data = writable(message.error.data)
        elif message.params:
            message.params = _writable(message.params)
        await self._stream.send(item)

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Read(anyio.abc.ObjectReceiveStream[SessionMessage | Exception]):
    """Receives messages from the host; messages that the SDK could not read are repaired, or answered with an error."""

    def __init__(self, stream: Any, answers: _WritableMessages) -> None:
        self._stream = stream
        self._answers = answers
        self._mended: deque[SessionMessage] = deque()

    @property
    def last_context(self) -> object:
        """The sender's context, which the SDK reads from its streams."""
        return getattr(self._stream, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        while not self._mended:
            item: SessionMessage | Exception = await self._stream.receive()
            if not isinstance(item, ValidationError):
                return item
            for mended, is_answer in _mended(item):
                if is_answer:
                    await self._answers.send(mended)
                else:
                    self._mended.append(mended)
        return self._mended.popleft()

    async def aclose(self) -> None:
        await self._stream.aclose()


def _writable(fields: dict[str, Any]) -> dict[str, Any]:
    return cast("dict[str, Any]", writable(fields))


def _mended(refused: ValidationError) -> Iterator[tuple[SessionMessage, bool]]:
    """Yield the messages in a line that the SDK refuses, and errors as answers to unreadable requests."""
    for problem in refused.errors(include_url=False):
        # The line if it is not JSON, otherwise its content: each kind of message has its own reason to refuse it.
        if not problem["loc"]:
            yield from _unreadable(str(problem["input"]))
            return
        if len(problem["loc"]) == 1 or problem["type"] == "missing":
            yield from _messages(problem["input"])
            return


def _unreadable(line: str) -> Iterator[tuple[SessionMessage, bool]]:
    """Yield the messages in a line that strict parsers refuse."""
    found, rest, error = _values(line)
    for one in found:
        yield from _messages(one)
    if error:
        why = why_left_out(line) or f"it is not JSON: {error}"
        if (number := told_id(rest.encode(errors="replace"), request=True)) is not None:
            yield _unread(number, why)


def _integer(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:  # Python reads up to 4,300 digits. Only the size matters, as the request is refused.
        return int(digits, 16)


_DECODER = json.JSONDecoder(parse_int=_integer)
_BLANKS = re.compile(r"[ \t\r\n\ufeff]*")
"""What may come between messages: some hosts write a byte order mark."""

_QUOTE_OR_BRACKET = re.compile(r'["\[{\]}]')
_TEXT = re.compile(r'[^"\\]*(?:\\.[^"\\]*){0,1000}', re.DOTALL)
"""Up to 1,000 escapes of a text: while it matches, `re` keeps a state for each of them."""


def _values(line: str) -> tuple[list[object], str, ValueError | None]:
    """Return the JSON values in a line, which may be several; the rest that is not JSON; and the error about the rest."""
    try:
        return _in_a_row(line)
    except RecursionError:
        return _in_a_row(_shallow(line))


def _in_a_row(line: str) -> tuple[list[object], str, ValueError | None]:
    found: list[object] = []
    at = _behind_blanks(line, 0)
    while at < len(line):
        try:
            value, at = _DECODER.raw_decode(line, at)
        except ValueError as error:
            return found, line[at:], error
        found.append(value)
        at = _behind_blanks(line, at)
    return found, "", None


def _behind_blanks(line: str, at: int) -> int:
    blanks = _BLANKS.match(line, at)
    return blanks.end() if blanks else at


def _shallow(line: str) -> str:
    """Return JSON with null in place of what is nested too deeply for Python to parse, which is still too deep to be read."""
    pieces: list[str] = []
    levels = kept = 0
    for at in _brackets(line):
        if line[at] in "[{":
            levels += 1
            if levels == _CUT:
                pieces.append(line[kept:at])
        else:
            if levels == _CUT:
                pieces.append("null")
                kept = at + 1
            levels -= 1
    # What is too deep and never closed is not JSON, whatever its end.
    return "".join(pieces if levels >= _CUT else [*pieces, line[kept:]])


def _brackets(line: str) -> Iterator[int]:
    """Yield the positions of the brackets outside texts."""
    at = 0
    while sign := _QUOTE_OR_BRACKET.search(line, at):
        at = sign.end()
        if sign[0] == '"':
            while (text := _TEXT.match(line, at)) and text.end() > at:
                at = text.end()
            at += 1
        else:
            yield sign.start()


def _messages(found: object) -> Iterator[tuple[SessionMessage, bool]]:
    """Yield the messages in parsed JSON, which is one message or a batch (protocol 2025-03-26)."""
    for one in found if is_list(found) else [found]:
        told = _told(one)
        if why := _why_unread(one):
            if told is not None and is_json(one) and "method" in one:
                yield _unread(told, why)
            continue
        try:
            yield SessionMessage(jsonrpc_message_adapter.validate_python(writable(one), by_name=False)), False
        except ValueError:
            if told is not None:
                form = (
                    "this is not a JSON-RPC 2.0 message; a request has `jsonrpc`, `id`, `method` and `params`"
                )
                yield refusal(told, form, INVALID_REQUEST), True


def _told(message: object) -> RequestId | None:
    """Return the id of a message, or None if it has none that an answer can repeat."""
    number = message.get("id") if is_json(message) else None
    if isinstance(number, str):
        return paired(number)
    if not isinstance(number, int) or isinstance(number, bool):
        return None
    return number if writable(number) is number else None


def _why_unread(message: object) -> str:
    """Return why a message that is JSON cannot be read, or an empty string."""
    if is_deep(message):
        return f"it is nested more than {MAX_LEVELS} levels deep"
    if writable(message, halves=True) is not message:
        return "it contains a whole number with more than 4,200 digits"
    return ""


def _unread(number: RequestId, why: str) -> tuple[SessionMessage, bool]:
    return refusal(number, f"the request cannot be read: {why}", PARSE_ERROR), True
