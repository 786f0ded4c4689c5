"""The SDK's client as the loop uses it: awaited where it is async, in threads where it blocks."""

from collections.abc import Awaitable, Callable
from functools import partial
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from imagebridge.errors import ResponseError
from imagebridge.requirements import RUN, need

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

BROKEN = "stream_broken"
"""The code of a `ResponseError` for a stream that broke off. Nothing was acted upon yet: calls run when all have come."""


class Caller:
    """Calls the methods of one client, whichever kind it is.

    Raises:
        TypeError: the client is of the other kind, or not an OpenAI client.
        RequirementError: there is no openai, or one that is too old.
    """

    def __init__(self, client: "AsyncOpenAI | OpenAI", *, blocking: bool) -> None:
        need(RUN)
        from openai import AsyncOpenAI, OpenAI

        kind: type = OpenAI if blocking else AsyncOpenAI
        if not isinstance(client, kind):
            wanted, way = ("OpenAI", "with") if blocking else ("AsyncOpenAI", "async with")
            raise TypeError(
                f"inside `{way} Bridge(...)` the client is an {wanted}, not {type(client).__name__}"
            )
        self.client: Any = client
        self.blocking = blocking
        self.retries = client.max_retries
        """How often the caller wants a request to be tried again."""
        self.at_openai = client.base_url.host == "api.openai.com"
        """Whether OpenAI's own list prices hold; others, and its regions, ask other prices."""

    async def call(self, method: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Call a method of the client and return what it gives."""
        if self.blocking:
            # A request cannot be stopped from outside: a run that is cancelled does not wait for its end.
            call = partial(method, *arguments, **named)
            return await anyio.to_thread.run_sync(call, abandon_on_cancel=True)
        return await method(*arguments, **named)

    def strange(self, answer: object) -> ResponseError:
        """Say that what came is no response of the API: another address, most likely, or an error under status 200."""
        dump = getattr(answer, "to_json", None)
        said = " ".join(str(dump(indent=None, warnings=False) if dump else answer).split())[:200]
        return ResponseError(
            f"{self.client.base_url} answered with something that is no response of this API: {said or 'nothing'}",
            "no_response",
        )

    async def each(self, manager: Any, told: Callable[[Any], Awaitable[None]]) -> None:
        """Open a stream of the SDK and hand over its events.

        Raises:
            ResponseError: it broke off after it had begun, or its text does not have the wanted form.
        """
        stream = await self.call(manager.__enter__ if self.blocking else manager.__aenter__)
        following = partial(next, iter(stream), None) if self.blocking else aiter(stream).__anext__
        try:
            while (event := await self._event(following)) is not None:
                await told(event)
        finally:
            with anyio.CancelScope(shield=True):
                await self.call(manager.__exit__ if self.blocking else manager.__aexit__, None, None, None)

    async def _event(self, following: Callable[..., Any]) -> Any:
        from openai import APIConnectionError

        try:
            return await self.call(following)
        except StopAsyncIteration:
            return None
        # The SDK's helpers assert the order of events; half a line is no JSON, and may be no text.
        except (
            APIConnectionError,
            RuntimeError,
            AssertionError,
            JSONDecodeError,
            UnicodeDecodeError,
        ) as error:
            cause = error.__cause__ or error
            raise ResponseError(f"the stream broke off: {type(cause).__name__}: {cause}", BROKEN) from error
        except ValueError as error:  # pydantic's, also where the text is no JSON at all
            raise unfit(error) from error


def unfit(error: Exception) -> ResponseError:
    """Say that a text is not what `text_format` asks for."""
    return ResponseError(f"the model's text does not have the form of text_format: {error}", "invalid_form")
