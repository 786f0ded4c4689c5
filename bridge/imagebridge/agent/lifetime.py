"""How long a bridge is open, and what is closed with it: its servers, its uploads, and runs that are being streamed."""

from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any

import anyio
import anyio.abc

from imagebridge.client.config import Setup
from imagebridge.errors import BridgeError

from .handles import Handles
from .servers import Servers
from .uploads import BridgeUploads

_CLOSED = "the bridge is closed; use it inside its `with` or `async with`"


class Lifetime:
    """The time between entering and leaving a bridge; it may be entered again."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._open = False
        self._runs: anyio.abc.TaskGroup | None = None

    def check_closed(self) -> None:
        """Refuse to open a bridge that is already open.

        Raises:
            BridgeError: the bridge is open.
        """
        if self._open:
            raise BridgeError("this bridge is already open; create another Bridge for another block")

    def check_open(self) -> None:
        """Refuse work that would never be stopped.

        Raises:
            BridgeError: the bridge is not open.
        """
        if not self._open:
            raise BridgeError(_CLOSED)

    async def open(
        self,
        servers: Servers,
        setups: Sequence[Setup],
        handles: Handles,
        uploads: BridgeUploads,
        *,
        required: bool,
    ) -> None:
        """Connect to all servers; `handles` and `uploads` close with them.

        Raises:
            BridgeError: see `Servers.open`.
            ToolLimitError: more tools than the API accepts.
        """
        self._open = True
        self._stack = AsyncExitStack()
        # Runs last, so that a bridge that failed to open, or was closed, can be opened again.
        self._stack.callback(self._closed)
        self._stack.callback(handles.close)
        tasks = await self._stack.enter_async_context(anyio.create_task_group())
        # Runs before the task group waits for its tasks, each of which ends with its server.
        self._stack.callback(servers.close)
        self._stack.push_async_callback(uploads.aclose)
        # Streamed runs are separate tasks; those that nobody follows any more end first.
        self._runs = await self._stack.enter_async_context(anyio.create_task_group())
        self._stack.callback(self._runs.cancel_scope.cancel)
        try:
            await servers.open(setups, tasks, required=required)
        except BaseException:
            # Not through the stack: the task group would wrap it in an exception group.
            await self._stack.aclose()
            raise

    async def close(self) -> None:
        """Close everything."""
        # The body's exception bypasses the task group, which would wrap it in an exception group.
        await self._stack.aclose()

    def _closed(self) -> None:
        self._open = False

    def start_task(self, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start a task that is cancelled if the bridge closes first.

        Raises:
            BridgeError: the bridge is not open.
        """
        self.check_open()
        assert self._runs is not None
        self._runs.start_soon(run)
