"""The two connections of a relay, to a server and to a host, over any transport."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import anyio

from imagebridge.wire import JSON

from .streams import LineSource, Rest


class Server(Protocol):
    """A running server."""

    name: str

    @property
    def lines(self) -> LineSource:
        """The lines that it sends."""
        ...

    def send(self, line: bytes, message: JSON | None = None) -> Rest:
        """Send a line; `message` is its content, if it is a single message."""
        ...

    async def finish(self) -> None:
        """Close the server's input."""
        ...

    def hurry(self) -> None:
        """Stop without waiting when the connection is closed."""
        ...

    async def end(self) -> str:
        """Return how the server ended, once the last line has arrived."""
        ...


class HostStream(Protocol):
    """The connection to the host."""

    def send(self, line: bytes, said: Sequence[JSON]) -> Rest:
        """Send a line, including its line ending; `said` contains the messages in it."""
        ...


Connect = Callable[[], AbstractAsyncContextManager[Server]]


class PendingAnswer:
    """The answer to one of the relay's own requests, until it arrives and after."""

    def __init__(self) -> None:
        self._event = anyio.Event()
        self._answer: JSON = {}

    def set(self, answer: JSON) -> None:
        """Pass the answer to the task that waits for it."""
        self._answer = answer
        self._event.set()

    async def answer(self) -> JSON:
        """Wait for the answer and return it."""
        await self._event.wait()
        return self._answer
