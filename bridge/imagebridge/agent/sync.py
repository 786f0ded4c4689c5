"""The blocking interface of a Bridge: the same bridge, run on an event loop in a separate thread."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from imagebridge.errors import BridgeError, ServerError
from imagebridge.wire import JSON

from .turn import Toolbox

if TYPE_CHECKING:
    from concurrent.futures import Future

    from openai import OpenAI
    from openai.types.responses import FunctionToolParam, Response, ResponseInputItemParam

    from imagebridge.events import Event, Reply
    from imagebridge.providers.provider import Translation
    from imagebridge.translate.policy import Api


class AsyncBridge(Toolbox, AbstractAsyncContextManager["AsyncBridge"], Protocol):
    """The asynchronous bridge behind this module's blocking methods."""

    @property
    def tools(self) -> "list[FunctionToolParam]":
        """See `Bridge.tools`."""
        ...

    @property
    def failures(self) -> list[ServerError]:
        """See `Bridge.failures`."""
        ...

    async def call(self, name: str, arguments: Mapping[str, object] | None = None) -> dict[str, Any]:
        """See `Bridge.call`."""
        ...

    async def answer(
        self, name: str, arguments: Mapping[str, object] | str | None = None, *, model: str | None = None
    ) -> "Translation":
        """See `Bridge.answer`."""
        ...

    async def outputs(self, response: "Response | JSON") -> "list[ResponseInputItemParam]":
        """See `Bridge.outputs`."""
        ...

    async def attach(
        self, result: object, *, model: str | None = None, api: "Api | None" = None
    ) -> "Translation":
        """See `Bridge.attach`."""
        ...


def opened(bridge: AsyncBridge) -> "tuple[ExitStack, SyncBridge]":
    """Open `bridge` on an event loop in a new thread; closing the stack closes both.

    Raises:
        BridgeError: for the same reasons as when the bridge is entered.
    """
    with ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal())
        stack.enter_context(portal.wrap_async_context_manager(bridge))
        face = SyncBridge(bridge, portal)
        stack.callback(face.close)
        return stack.pop_all(), face


T = TypeVar("T")

_CLOSED = "the bridge is closed; use it inside its `with`"


class SyncBridge:
    """The object that `with Bridge(...)` returns: the methods of `Bridge`, blocking, for the `OpenAI` client."""

    def __init__(self, bridge: AsyncBridge, portal: BlockingPortal) -> None:
        self._bridge = bridge
        self._portal: BlockingPortal | None = portal
        self._streams: set[AsyncGenerator[Event]] = set()

    def close(self) -> None:
        """Close the streams that are still open, and refuse further calls."""
        portal, self._portal = self._portal, None
        for following in list(self._streams):
            with suppress(
                RuntimeError
            ):  # Another thread waits for its next event: closing the bridge ends that.
                if portal is not None:
                    portal.call(following.aclose)

    def _call(self, function: Callable[..., Awaitable[T]], *arguments: Any) -> T:
        future = self._begun(function, *arguments)
        try:
            return future.result()
        finally:
            future.cancel()  # Where the wait was interrupted, as by Ctrl-C: nobody takes the answer.

    def _begun(self, function: Callable[..., Awaitable[T]], *arguments: Any) -> "Future[T]":
        """Start a function on the bridge's event loop; cancelling the returned future cancels it there."""
        portal = self._portal
        if portal is None:
            raise BridgeError(_CLOSED)
        return portal.start_task_soon(function, *arguments)

    @property
    def tools(self) -> "list[FunctionToolParam]":
        """See `Bridge.tools`."""
        return self._bridge.tools

    @property
    def instructions(self) -> str:
        """See `Bridge.instructions`."""
        return self._bridge.instructions

    @property
    def failures(self) -> list[ServerError]:
        """See `Bridge.failures`."""
        return self._bridge.failures

    def call(self, name: str, arguments: Mapping[str, object] | None = None) -> dict[str, Any]:
        """See `Bridge.call`."""
        return self._call(self._bridge.call, name, arguments)

    def answer(
        self, name: str, arguments: Mapping[str, object] | str | None = None, *, model: str | None = None
    ) -> "Translation":
        """See `Bridge.answer`."""
        return self._call(partial(self._bridge.answer, name, arguments, model=model))

    def begin_answer(
        self, name: str, arguments: Mapping[str, object] | str | None = None, *, model: str | None = None
    ) -> "Future[Translation]":
        """Start `Bridge.answer` without waiting for it; cancelling the returned future abandons the call.

        Raises:
            BridgeError: the bridge is closed.
        """
        return self._begun(partial(self._bridge.answer, name, arguments, model=model))

    def outputs(self, response: "Response | JSON") -> "list[ResponseInputItemParam]":
        """See `Bridge.outputs`."""
        return self._call(self._bridge.outputs, response)

    def attach(self, result: object, *, model: str | None = None, api: "Api | None" = None) -> "Translation":
        """See `Bridge.attach`."""
        return self._call(partial(self._bridge.attach, result, model=model, api=api))

    def run(
        self,
        client: "OpenAI",
        *,
        model: str,
        input: "str | Iterable[object]",  # noqa: A002 - the SDK's own name
        **arguments: Any,
    ) -> "Reply":
        """See `Bridge.run`; `client` is an `OpenAI` or `AzureOpenAI`."""
        from .loop import replied

        return self._call(
            partial(replied, self._bridge, client, blocking=True, model=model, input=input, **arguments)
        )

    def stream(
        self,
        client: "OpenAI",
        *,
        model: str,
        input: "str | Iterable[object]",  # noqa: A002 - the SDK's own name
        **arguments: Any,
    ) -> "Iterator[Event]":
        """See `Bridge.stream`; `client` is an `OpenAI` or `AzureOpenAI`."""
        from imagebridge.events import Replied

        from .loop import events

        following = events(self._bridge, client, blocking=True, model=model, input=input, **arguments)
        self._streams.add(following)
        last: Event | None = None
        try:
            while (event := self._next(following)) is not None:
                last = event
                yield event
            if not isinstance(last, Replied):
                raise BridgeError(_CLOSED)
        finally:
            with suppress(BridgeError, RuntimeError):  # Whoever closes the bridge closes it too.
                self._call(following.aclose)
            self._streams.discard(following)

    def _next(self, following: "AsyncGenerator[Event]") -> "Event | None":
        """Return the next event of a run, or None after the last one.

        Raises:
            BridgeError: another thread has closed the bridge.
        """
        try:
            return self._call(anext, following, None)
        except RuntimeError:
            # The other thread is just ending the run, or its event loop is gone.
            if self._portal is None:
                raise BridgeError(_CLOSED) from None
            raise
