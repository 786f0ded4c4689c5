"""One connection to a server, from start to end: the client, the calls in progress, the last lines of its stderr."""

from collections.abc import Generator
from contextlib import contextmanager

import anyio
from mcp import Client


class Session:
    """The state of a single connection; a restarted server gets a new one."""

    def __init__(self) -> None:
        self.client: Client | None = None
        """None before the connection is open and after it has ended."""
        self.over = anyio.Event()
        self.gone = anyio.Event()
        """Set once the server's process, if there is one, has exited too."""
        self.forgotten = False
        """Whether the server is still running but no longer knows this session."""
        self.stderr = ""
        """The end of what the process wrote to stderr."""
        self._calls = 0
        self._idle = anyio.Event()
        self._dropped = False

    def end(self) -> None:
        """Record that no more requests can be sent over this connection."""
        self.client = None
        self.over.set()

    def forget(self) -> None:
        """Leave a session that the server does not know; calls in progress wait for their own answers."""
        self.forgotten = True
        self.end()

    def drop(self) -> None:
        """Close the connection at once, whatever is in progress."""
        self._dropped = True
        self._idle.set()
        self.end()

    @contextmanager
    def calling(self) -> Generator[None]:
        """Count a call as in progress."""
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1
            if not self._calls:
                self._idle.set()

    async def idle(self) -> None:
        """Return once no call is in progress, or the session is dropped."""
        while self._calls and not self._dropped:
            self._idle = anyio.Event()
            await self._idle.wait()
