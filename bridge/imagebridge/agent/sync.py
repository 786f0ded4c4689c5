"""The blocking face of a Bridge: the same bridge, run on an event loop in a thread of its own."""

from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal

from imagebridge.errors import BridgeError, ServerError
from imagebridge.translate.wire import JSON

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.responses import FunctionToolParam, Response, ResponseInputItemParam

    from .bridge import Bridge
    from .loop import Event, Reply


def opened(bridge: "Bridge") -> "tuple[ExitStack, SyncBridge]":
    """Open `bridge` on an event loop in a new thread; closing the stack closes both.

    Raises:
        BridgeError: as entering the bridge does.
    """
    with ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal())
        stack.enter_context(portal.wrap_async_context_manager(bridge))
        face = SyncBridge(bridge, portal)
        stack.callback(face.close)
        return stack.pop_all(), face


T = TypeVar("T")


class SyncBridge:
    """What `with Bridge(...)` gives: the methods of `Bridge`, blocking, for the `OpenAI` client."""

    def __init__(self, bridge: "Bridge", portal: BlockingPortal) -> None:
        self._bridge = bridge
        self._portal: BlockingPortal | None = portal
        self._streams: set[Future[None]] = set()

    def close(self) -> None:
        """Refuse further calls, and end the streams that are still open."""
        self._portal = None
        for task in self._streams:
            task.cancel()

    def _open(self) -> BlockingPortal:
        if self._portal is None:
            raise BridgeError("the bridge is closed; use it inside its `with`")
        return self._portal

    def _call(self, function: Callable[..., Awaitable[T]], *arguments: Any) -> T:
        return self._open().call(function, *arguments)

    @property
    def tools(self) -> "list[FunctionToolParam]":
        """See `Bridge.tools`."""
        return self._bridge.tools

    @property
    def failures(self) -> list[ServerError]:
        """See `Bridge.failures`."""
        return self._bridge.failures

    def call(self, name: str, arguments: Mapping[str, object] | None = None) -> dict[str, Any]:
        """See `Bridge.call`."""
        return self._call(self._bridge.call, name, arguments)

    def outputs(self, response: "Response | JSON") -> "list[ResponseInputItemParam]":
        """See `Bridge.outputs`."""
        return self._call(self._bridge.outputs, response)

    def run(
        self,
        client: "OpenAI",
        *,
        model: str,
        input: "str | Iterable[object]",  # noqa: A002 - the SDK's own name
        instructions: str | None = None,
        max_turns: int = 20,
        **sdk_arguments: Any,
    ) -> "Reply":
        """See `Bridge.run`; `client` is an `OpenAI`."""
        return self._call(
            partial(
                self._run,
                client,
                model=model,
                input=input,
                instructions=instructions,
                max_turns=max_turns,
                **sdk_arguments,
            )
        )

    def stream(
        self,
        client: "OpenAI",
        *,
        model: str,
        input: "str | Iterable[object]",  # noqa: A002 - the SDK's own name
        instructions: str | None = None,
        max_turns: int = 20,
        **sdk_arguments: Any,
    ) -> "Iterator[Event]":
        """See `Bridge.stream`; `client` is an `OpenAI`. To stop early, close what this returns, or leave the bridge."""
        return self._streamed(
            client,
            model=model,
            input=input,
            instructions=instructions,
            max_turns=max_turns,
            **sdk_arguments,
        )

    def _streamed(self, client: "OpenAI", **arguments: Any) -> "Generator[Event]":
        """Run the events in one task of the event loop, which goes on as far as they are taken."""
        from .loop import events

        send, receive = anyio.create_memory_object_stream["Event"](0)

        async def run() -> None:
            async with send:
                async for event in events(self._bridge, client, blocking=True, **arguments):
                    await send.send(event)

        task = self._open().start_task_soon(run)
        self._streams.add(task)
        try:
            while True:
                yield self._call(receive.receive)
        except anyio.EndOfStream:
            task.result()
        finally:
            task.cancel()
            self._streams.discard(task)
            receive.close()

    async def _run(self, client: "OpenAI", **arguments: Any) -> "Reply":
        from .loop import events, replied

        return await replied(events(self._bridge, client, blocking=True, **arguments))
