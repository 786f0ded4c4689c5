"""The agent loop over the Responses API: ask, run the calls, send the pictures, until the model answers."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import anyio.to_thread

from imagebridge.errors import BridgeError, TurnLimitError
from imagebridge.translate.translation import Shown

from .bridge import Answer, Bridge
from .calls import function_calls

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI
    from openai.types.responses import Response

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a run ended with.

    text: the final message.
    items: the whole conversation as input items: what to pass as `input` to go on.
    usage: tokens over all requests, under the API's names (`input_tokens`, `output_tokens`, `total_tokens`).
    pictures: the pictures that the model was shown, as sent.
    cost: USD by a dated price, or None where there is none.
    """

    text: str
    items: list[Item]
    usage: dict[str, int]
    pictures: list[Shown] = field(default_factory=list)
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Called:
    """The model calls a tool: its item of the response."""

    call: Item


@dataclass(frozen=True, slots=True)
class Answered:
    """A call has been answered."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Replied:
    """The model has answered: the last event."""

    reply: Reply


Event = Called | Answered | Replied


async def replied(events: AsyncIterator[Event]) -> Reply:
    """Run to the last event and return its reply."""
    async for event in events:
        if isinstance(event, Replied):
            return event.reply
    raise BridgeError("the events ended without a reply")


async def events(
    bridge: Bridge,
    client: "AsyncOpenAI | OpenAI",
    *,
    model: str,
    input: str | Iterable[object],  # noqa: A002 - the SDK's own name
    instructions: str | None,
    max_turns: int,
    blocking: bool = False,
    **sdk_arguments: Any,
) -> AsyncIterator[Event]:
    """Yield the events of a run. See `Bridge.run`; `blocking` says that `client` is an `OpenAI`, used in a thread."""
    if sdk_arguments.pop("stream", False):
        raise TypeError("run() takes no stream=True; iterate over bridge.stream(...) instead")
    create = _create(client, blocking=blocking)
    if instructions is not None:
        sdk_arguments["instructions"] = instructions
    items = _items(input)
    usage: dict[str, int] = {}
    pictures: list[Shown] = []
    # The caller's own tools (hosted ones, say) stand before ours, in an order that never changes.
    tools = [*(sdk_arguments.pop("tools", None) or ()), *bridge.tools]
    for _ in range(max_turns):
        response = await create(model=model, input=items, tools=tools, **sdk_arguments)
        _count(usage, response)
        output = [cast("Item", item.to_dict(mode="json")) for item in response.output]
        items += output
        if not function_calls(response):
            yield Replied(Reply(response.output_text, items, usage, pictures))
            return
        for call in function_calls(response):
            yield Called(dict(call))
        answers = await bridge.answers(response)
        items += [cast("Item", item) for item in bridge.items(answers)]
        for answer in answers:
            pictures += answer.translation.pictures
            yield Answered(answer)
    raise TurnLimitError(max_turns, list(items))


def _create(client: "AsyncOpenAI | OpenAI", *, blocking: bool) -> "Callable[..., Awaitable[Response]]":
    """Return how to send a request with `client`.

    Raises:
        TypeError: the client is of the other kind, or no OpenAI client.
    """
    from openai import AsyncOpenAI, OpenAI

    if blocking and isinstance(client, OpenAI):
        send = client.responses.create

        def in_thread(**arguments: Any) -> "Awaitable[Response]":
            return anyio.to_thread.run_sync(partial(send, **arguments))

        return in_thread
    if not blocking and isinstance(client, AsyncOpenAI):
        return client.responses.create
    wanted, way = ("OpenAI", "with") if blocking else ("AsyncOpenAI", "async with")
    raise TypeError(f"inside `{way} Bridge(...)` the client is an {wanted}, not {type(client).__name__}")


def _items(start: str | Iterable[object]) -> list[Item]:
    """Return the input as a list of items of our own."""
    if isinstance(start, str):
        return [{"role": "user", "content": start}]
    if not isinstance(start, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]  # users without a type checker
        raise TypeError(f"input is a text or a list of input items, not {type(start).__name__}")
    return [cast("Item", item) for item in start]


def _count(usage: dict[str, int], response: "Response") -> None:
    """Add the tokens of one request."""
    if response.usage is None:
        return
    for name in ("input_tokens", "output_tokens", "total_tokens"):
        usage[name] = usage.get(name, 0) + getattr(response.usage, name)
