"""The agent loop: ask, run the calls, send the pictures, until the model answers."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache, partial
from math import isnan
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from imagebridge.conversation.attachments import attachments
from imagebridge.conversation.history import trim
from imagebridge.conversation.image_limit import within
from imagebridge.errors import (
    BridgeError,
    DeadlineError,
    OpenCallError,
    ResponseError,
    TokenLimitError,
    TurnLimitError,
)
from imagebridge.events import Answer, Answered, Called, Event, Progress, Replied, Reply, Responded, Retried
from imagebridge.facts.models import warn_if_misspelt
from imagebridge.providers.chat import PROVIDER as CHAT
from imagebridge.providers.provider import Translation
from imagebridge.providers.registry import provider
from imagebridge.providers.responses import PROVIDER as RESPONSES
from imagebridge.providers.responses import translate
from imagebridge.repair.compose import tool_result
from imagebridge.translate.policy import Api
from imagebridge.translate.translation import ShownPicture
from imagebridge.wire import Item

from .api_errors import refusal_of
from .chat import Completions
from .openai_client import Caller
from .recovery import Recovery, fresh
from .response_items import refuses
from .responses import Responses
from .turn import CallableTools, ModelApi, OnRunEvent, Toolbox, Turn, cost, items_of

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

    from imagebridge.wire import JSON

    from .uploads import Uploads

History = Callable[[list[Item]], list[Item]]
"""Shortens a conversation before it is sent, as `imagebridge.trim` does."""

_PAUSE = 1.0
"""The number of seconds before the third attempt at a response that was cut off; doubled for each further attempt."""

_CANCELLED = "the run ended before this call returned a result; the call may still have had effects"


class Run:
    """One run: the conversation so far, its cost, and how it continues."""

    def __init__(
        self,
        bridge: Toolbox,
        client: "AsyncOpenAI | OpenAI",
        *,
        model: str,
        input: str | Iterable[object],  # noqa: A002 - the SDK's own name
        api: Api = RESPONSES.name,
        instructions: str | None = None,
        max_turns: int = 20,
        deadline: float | None = None,
        budget: int | None = None,
        direct: bool = False,
        uploads: "Uploads | bool | int | None" = None,
        history: History | None = trim,
        tools: Iterable[Mapping[str, Any]] | None = None,
        streaming: bool = False,
        blocking: bool = False,
        **sdk_arguments: Any,
    ) -> None:
        self._bridge = bridge
        self._on_event: OnRunEvent = _silent
        self._caller = Caller(client, blocking=blocking)
        arguments = {"model": model, **sdk_arguments}
        _ = bridge.tools  # raises before anything is sent
        warn_if_misspelt(str(model))  # other types are left to the SDK
        server_instructions = bridge.instructions if bridge.server_instructions else ""
        if instructions is not None or server_instructions:
            # The caller's own words come first; the servers' words are distinguished by their quotation marks.
            arguments["instructions"] = "\n\n".join(filter(None, (instructions, server_instructions)))
        callable_tools = CallableTools(list(tools or ()), lambda: bridge.tools)
        self._name: Api = api
        self._api = self._chosen(api, callable_tools, arguments, streaming=streaming, direct=direct)
        # Responses that the API stores may be continued later, so their files stay until they expire.
        stored = provider(api).stores and sdk_arguments.get("store") is not False
        self._uploads = bridge.uploads.of(client, uploads, keep=stored)
        # Cache breakpoints are OpenAI's own: other hosts may refuse them for a model of the same name.
        at_openai = history is trim and self._caller.at_openai
        self._history = partial(trim, model=model) if at_openai else history
        self._model = model
        self._max_turns = max_turns
        if deadline is not None and isnan(deadline):
            raise ValueError("deadline must be a number of seconds, or None for no limit; not nan")
        self._deadline = deadline
        self._budget = budget
        self._items = items_of(input)
        self._own = len(self._items)
        self._sent = 0
        """Items that the server already has."""
        self._most: int | None = None
        """The maximum number of pictures in a request, known once the API has refused more."""
        self._usage: dict[str, int] = {}
        self._pictures: list[ShownPicture] = []
        self._cost: float | None = 0.0

    def _chosen(
        self, name: str, tools: CallableTools, arguments: dict[str, Any], *, streaming: bool, direct: bool
    ) -> ModelApi:
        if name == RESPONSES.name:
            return Responses(self._caller, tools, arguments, streaming=streaming, direct=direct)
        if name != CHAT.name:
            raise TypeError(f'api must be "{RESPONSES.name}" or "{CHAT.name}", not {name!r}')
        if direct:
            raise TypeError(f'direct=True posts to the Responses API; leave it out, or api="{CHAT.name}"')
        return Completions(self._caller, tools, arguments, streaming=streaming)

    async def __call__(self, on_event: OnRunEvent | None = None) -> Reply:
        """Run to the end. Exceptions that it raises have `.items` and `.response_id`.

        `on_event` receives each event as it happens; the run waits until it returns.
        """
        self._on_event = on_event or _silent
        try:
            with anyio.move_on_after(self._deadline):
                return await self._turns()
            raise DeadlineError(self._deadline or 0)
        except Exception as error:
            with suppress(TypeError):  # an exception written in another language cannot carry them
                vars(error).update(items=self._items[self._sent :], response_id=self._api.previous)
            raise

    async def _turns(self) -> Reply:
        for _ in range(self._max_turns):
            turn = await self._request_turn()
            self._count(turn)
            await self._answer(turn)
            if turn.open:
                raise OpenCallError(turn.open)
            if not turn.calls:
                return self._reply(turn)
            self._api.relax()
            spent = self._usage["total_tokens"]
            if self._budget is not None and spent >= self._budget:
                raise TokenLimitError(spent, self._budget)
            await self._bridge.settled()
        raise TurnLimitError(self._max_turns)

    async def _request_turn(self) -> Turn:
        """Send the new items, or all of them; keep changing the request while the API refuses a picture or the size."""
        from openai import APIError

        if self._history is not None:
            self._items[self._sent :] = self._history(self._items[self._sent :])
        pending = self._items[self._sent :]
        recovery = Recovery(
            self._few(pending),
            self._own - self._sent,
            model=self._model,
            api=self._name,
            # In a `conversation`, the server may have stored the input for a stream that was cut off.
            retries=0 if self._api.keeps and self._api.previous is None else self._caller.retries,
            before=self._api.before,
        )
        breaks = 0
        while True:
            sent = await self._uploads.sent(recovery.items)
            try:
                turn = await self._api.ask(sent, self._on_event)
            except (APIError, ResponseError) as error:
                if self._uploads.refused(error, sent):
                    continue
                refusal = refusal_of(error)
                if self._api.without_include(refusal.parameter):
                    continue
                if refusal.unkept and (replacement := self._api.self_contained(recovery.items)) is not None:
                    recovery.replace(replacement)
                    await self._on_event(Retried(f"reasoning is sent back from now on: {refusal.message}"))
                    continue
                kind = refusal.fault
                why = await anyio.to_thread.run_sync(recovery.change, kind, refusal.message, refusal.said)
                self._items[self._sent :] = recovery.items
                if why is None:
                    raise
                await self._on_event(Retried(why))
                if kind == "stream":
                    # The first time at once, unless the request was too large: it may have been just this connection.
                    await anyio.sleep(_PAUSE * (breaks + (refusal.code == "rate_limit_exceeded")))
                    breaks += 1
            else:
                self._items[self._sent :] = recovery.items
                self._uploads.accepted(sent)
                self._most = recovery.most or self._most
                self._forget(pending, recovery.items)
                return turn

    def _few(self, items: list[Item]) -> list[Item]:
        """Return the items with no more pictures than the API says it accepts."""
        if self._most is None:
            return items
        return within(items, self._most, own=self._own - self._sent, fresh=fresh(items))

    def _forget(self, pending: list[Item], items: list[Item]) -> None:
        """Forget pictures that were removed before the model was shown them."""
        if items is pending:
            return
        start = fresh(pending)
        if urls_gone := _urls(pending[start:]) - _urls(items[start:]):
            self._pictures = [
                picture for picture in self._pictures if picture.picture.data_url not in urls_gone
            ]

    async def _answer(self, turn: Turn) -> None:
        """Process a response and run its calls; whatever happens, each call ends up with an output."""
        # By the call itself: some compatible servers give all calls of a response the same id.
        answers: dict[int, Answer] = {}

        async def on_call_event(event: Answer | Progress) -> None:
            if isinstance(event, Answer):
                answers[id(event.call)] = event
            await self._on_event(Answered(event) if isinstance(event, Answer) else event)

        try:
            await self._on_event(Responded(turn.items, turn.usage.json()))
            for call in turn.calls:
                await self._on_event(Called(call))
            if turn.calls:
                response = {"model": turn.model, "output": turn.calls}
                await self._bridge.answers(response, api=self._name, on_event=on_call_event)
        finally:
            self._add(turn, [answers.get(id(call)) or _cancelled(call) for call in turn.calls])

    def _add(self, turn: Turn, answers: list[Answer]) -> None:
        self._items += _answerable(turn)
        if self._api.keeps:
            self._sent = len(self._items)
        if self._api.previous is not None:
            self._api.previous = turn.id
        self._items += self._bridge.items(answers, api=self._name) if answers else []
        for answer in answers:
            self._pictures += answer.translation.pictures

    def _count(self, turn: Turn) -> None:
        for name, tokens in turn.usage.json().items():
            self._usage[name] = self._usage.get(name, 0) + tokens
        priced = self._caller.at_openai and not turn.fees and turn.usage.total
        one = cost(turn.model, turn.usage, turn.tier) if priced else None
        self._cost = None if self._cost is None or one is None else self._cost + one

    def _reply(self, turn: Turn) -> Reply:
        return Reply(
            turn.text,
            self._items,
            self._usage,
            self._pictures,
            self._cost,
            self._parsed(turn),
            turn.id,
            turn.incomplete,
        )

    def _parsed(self, turn: Turn) -> object:
        """Return the answer in the form of `text_format`; None for a refusal."""
        if self._api.form is None or refuses(turn.items):
            return None
        return self._api.form.read(turn.text, turn.incomplete)


def _answerable(turn: Turn) -> list[Item]:
    """Return the items of a response without trailing reasoning if it was cut off: the API refuses reasoning with nothing after it."""
    items = list(turn.items)
    while turn.incomplete and items and items[-1].get("type") == "reasoning":
        del items[-1]
    return items


def _urls(items: list[Item]) -> set[str]:
    return {one.url for one in attachments(items)}


async def _silent(_: Event) -> None:
    """Ignore an event when nobody listens."""


def _cancelled(call: "JSON") -> Answer:
    return Answer(call, _cancelled_translation(), True, 0.0)


@cache
def _cancelled_translation() -> Translation:
    """Translate the message about cancelled calls once: there may be thousands, and the deadline may have passed."""
    return translate(tool_result(_CANCELLED, is_error=True))


async def replied(
    bridge: Toolbox, client: "AsyncOpenAI | OpenAI", *, blocking: bool = False, **arguments: Any
) -> Reply:
    """Run without reporting events, in the caller's own task: cancelling it cancels the tools' calls. See `Bridge.run`."""
    if arguments.pop("stream", False):
        raise TypeError("run() does not accept stream=True; iterate over bridge.stream(...) instead")
    return await Run(bridge, client, blocking=blocking, **arguments)()


async def events(
    bridge: Toolbox, client: "AsyncOpenAI | OpenAI", *, blocking: bool = False, **arguments: Any
) -> AsyncGenerator[Event]:
    """Yield the events of a run. See `Bridge.stream`.

    The run is a task of the bridge: it waits until each event is consumed, and is cancelled when the consumer
    stops. No cancel scope is open while a user's code runs between two events.
    """
    streaming = arguments.pop("stream", None) is not False
    run = Run(bridge, client, streaming=streaming, blocking=blocking, **arguments)
    send, receive = anyio.create_memory_object_stream[Event](0)
    failures: list[Exception] = []
    scope, done = anyio.CancelScope(), anyio.Event()

    async def produce() -> None:
        try:
            with scope, send:
                await send.send(Replied(await run(send.send)))
        except Exception as error:  # noqa: BLE001  # it is raised where the events are taken
            failures.append(error)
        finally:
            done.set()

    event: Event | None = None
    with send, receive:
        bridge.start_task(produce)
        try:
            async for event in receive:
                yield event
        finally:
            scope.cancel()
            with anyio.CancelScope(shield=True):
                await done.wait()
    if failures:
        raise failures[0]
    if not isinstance(event, Replied):
        raise BridgeError("the bridge was closed before the model answered")
