"""One connection to a server, from its start to its end: the client, what is under way on it, its last words."""

from collections.abc import Generator
from contextlib import contextmanager

import anyio
from mcp import Client


class Session:
    """What belongs to one connection alone; a server that is started anew gets another one."""

    def __init__(self) -> None:
        self.client: Client | None = None
        """None before it is connected and after it has ended."""
        self.over = anyio.Event()
        self.gone = anyio.Event()
        """The server's process, where there is one, has ended too."""
        self.forgotten = False
        """The server is still running but no longer knows this session."""
        self.stderr = ""
        """The last that the process wrote to stderr."""
        self._calls = 0
        self._idle = anyio.Event()
        self._dropped = False

    def end(self) -> None:
        """Note that nothing more can be asked over this connection."""
        self.client = None
        self.over.set()

    def forget(self) -> None:
        """Leave a session that the server does not know; what is under way waits for its own answer."""
        self.forgotten = True
        self.end()

    def drop(self) -> None:
        """End the connection at once, whatever is under way."""
        self._dropped = True
        self._idle.set()
        self.end()

    @contextmanager
    def calling(self) -> Generator[None]:
        """Count a call as under way."""
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1
            if not self._calls:
                self._idle.set()

    async def idle(self) -> None:
        """Return once no call is under way, or the session is dropped."""
        while self._calls and not self._dropped:
            self._idle = anyio.Event()
            await self._idle.wait()
