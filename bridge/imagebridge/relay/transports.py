"""What a relay stands between: the way to a server, and the way to a host, whatever carries them."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from imagebridge.wire import JSON

from .streams import LineSource, Rest


class Server(Protocol):
    """A server that runs."""

    name: str

    @property
    def lines(self) -> LineSource:
        """What it says."""
        ...

    def send(self, line: bytes, message: JSON | None = None) -> Rest:
        """Send a line; `message` is what it says, where that is one message."""
        ...

    async def finish(self) -> None:
        """Say that no more is coming."""
        ...

    def hurry(self) -> None:
        """End soon once this is left."""
        ...

    async def end(self) -> str:
        """Return how it ended, once the last line has come."""
        ...


class HostStream(Protocol):
    """The way to the host."""

    def send(self, line: bytes, said: Sequence[JSON]) -> Rest:
        """Send a line, with its end; `said` are the messages in it."""
        ...


Connect = Callable[[], AbstractAsyncContextManager[Server]]
