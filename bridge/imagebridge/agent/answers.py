"""The function calls of a response and their answers: exactly one for each call, whatever happens to it."""

import json
import logging
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, cast

import anyio
from pydantic_core import from_json, to_json

from imagebridge.client.connection import Connection
from imagebridge.client.resources import with_linked
from imagebridge.errors import BridgeError, beginning, short
from imagebridge.events import Answer, Progress
from imagebridge.providers.chat import PROVIDER as CHAT
from imagebridge.providers.provider import call_reference
from imagebridge.providers.responses import translate
from imagebridge.repair.compose import tool_result
from imagebridge.translate.policy import Policy
from imagebridge.wire import JSON, is_error, is_json, is_list, text_of

from .call_order import Lane, after
from .handles import Numbering
from .hooks import Display, call_hook

if TYPE_CHECKING:
    from openai.types.responses import Response


def function_calls(response: "Response | JSON") -> list[JSON]:
    """Return the function calls of a response, in order, as JSON objects.

    Raises:
        TypeError: `response` is neither an SDK `Response` nor its JSON object, or a call in it has no id.
    """
    fields = response_json(response)
    output = fields.get("output")
    if not is_list(output):
        keys = ", ".join(sorted(map(str, fields))) or "nothing"
        hint = f'; for chat completions call run(api="{CHAT.name}")' if "choices" in fields else ""
        raise TypeError(f"a response has `output`, a list; this object has {keys}{hint}")
    calls = [item for item in output if is_json(item) and item.get("type") == "function_call"]
    for call in calls:
        call_reference(call)  # Checked before anything runs: an answer needs an id to refer to.
    return calls


def response_json(response: "Response | JSON") -> JSON:
    """Return a response as its JSON object.

    Raises:
        TypeError: `response` is neither an SDK `Response` nor its JSON object.
    """
    if is_json(response):
        return response
    to_dict = getattr(response, "to_dict", None)
    if to_dict is None:
        raise TypeError(
            f"a response must be an openai Response or its JSON object, not {type(response).__name__}"
        )
    return cast("JSON", to_dict(mode="json"))


def arguments_of(call: JSON) -> JSON:
    """Return the arguments of a function call; null and blank text stand for none.

    Raises:
        BridgeError: they are not a JSON object, or were cut off; the message tells the model what arrived.
    """
    if call.get("status") == "incomplete":
        # An empty text would otherwise count as no arguments.
        raise BridgeError("the call was cut off before its arguments were complete; it did not run")
    raw_arguments = call.get("arguments")
    if is_json(raw_arguments):  # as some compatible servers send them
        return raw_arguments
    if raw_arguments is not None and not isinstance(raw_arguments, str):
        raise BridgeError(f"the arguments must be a JSON object, not {type(raw_arguments).__name__}")
    text = raw_arguments if raw_arguments and raw_arguments.strip() not in ("", "null") else "{}"
    try:
        arguments: object = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BridgeError(f"the arguments are not valid JSON ({error}): {beginning(text, 200)}") from None
    if not is_json(arguments):
        raise BridgeError(
            f"the arguments must be a JSON object, not {type(arguments).__name__}: {beginning(text, 200)}"
        )
    return arguments


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def sendable(arguments: Mapping[str, object]) -> dict[str, Any]:
    """Return arguments as plain JSON; reject what JSON cannot represent: other values, lone surrogates, hundreds of levels.

    An error here fails only the call; an error while sending would close the connection.

    Raises:
        BridgeError: the arguments cannot be written as JSON.
    """
    try:
        # NaN and numbers that are too large would be sent as null.
        text = to_json(arguments, inf_nan_mode="constants")
        return cast("dict[str, Any]", from_json(text, allow_inf_nan=False))
    except (ValueError, RecursionError) as error:
        raise BridgeError(f"the arguments cannot be sent as JSON: {short(error)}") from None


_LOG = logging.getLogger(__name__)
_AT_ONCE = 16
"""The maximum number of calls of one response that run concurrently on one server."""


OnCallEvent = Callable[[Progress | Answer], Awaitable[None]]
"""Receives the events of running calls."""


class Calling(Protocol):
    """Runs a call by the tool's name; returns the connection to its server and the result."""

    def __call__(
        self,
        name: str,
        arguments: Mapping[str, object],
        call_id: str,
        on_event: OnCallEvent | None,
        asked_at: float,
    ) -> Awaitable[tuple[Connection, dict[str, Any]]]:
        """Run the call, requested at `asked_at` by the event loop's clock. Raises BridgeError if it fails."""
        ...


async def answer_calls(
    numbered_calls: Sequence[tuple[JSON, Numbering]],
    policy: Policy,
    lane: Callable[[str], Lane | None],
    calling: Calling,
    on_display: Display | None,
    on_event: OnCallEvent | None,
) -> list[Answer]:
    """Run calls, in order if one may see what another has changed, and return their answers in order.

    `lane` returns where the tool with a given name runs.
    """
    answers: dict[int, Answer] = {}
    lanes = [lane(text_of(call, "name")) for call, _ in numbered_calls]
    waits = after(lanes)
    begun = anyio.current_time()
    ended = {before: anyio.Event() for earlier in waits for before in earlier}
    by_server: dict[Hashable, list[int]] = {}
    for at, one in enumerate(lanes):
        by_server.setdefault(one and one.server, []).append(at)

    async def begin(places: Sequence[int]) -> None:
        """Start the calls of one server one by one: thousands waiting at once would block the loop and its deadline."""
        room = anyio.Semaphore(_AT_ONCE)
        for at in places:
            await room.acquire()
            tasks.start_soon(answer, at, *numbered_calls[at], room)

    async def answer(at: int, call: JSON, numbering: Numbering, room: anyio.Semaphore) -> None:
        try:
            for before in waits[at]:
                await ended[before].wait()
            began = anyio.current_time()
            # Links in a result are read before the next call may change what they lead to.
            connection, result = await _result(call, partial(calling, asked_at=begun), on_event)
            seconds = anyio.current_time() - began
        finally:
            room.release()
        if at in ended:
            ended[at].set()
        # Verifying and fitting take milliseconds to a second of CPU: meanwhile the event loop continues.
        try:
            translation = await numbering.translated(result, policy, connection)
        except Exception as error:  # noqa: BLE001
            result = _failed(call, error)
            translation = translate(result, policy)
        if on_display is not None and translation.for_user:
            await call_hook(on_display, translation.for_user)
        answers[at] = Answer(call, translation, is_error(result), seconds)
        if on_event:
            await on_event(answers[at])

    async with anyio.create_task_group() as tasks:
        for places in by_server.values():
            tasks.start_soon(begin, places)
    return [answers[at] for at in sorted(answers)]


async def _result(
    call: JSON,
    calling: Callable[..., Awaitable[tuple[Connection, dict[str, Any]]]],
    on_event: OnCallEvent | None,
) -> tuple[Connection | None, dict[str, Any]]:
    """Run one function call; return a failure as a result, without a connection."""
    try:
        name, call_id = text_of(call, "name"), text_of(call, "call_id")
        connection, result = await calling(name, arguments_of(call), call_id, on_event)
        return connection, await with_linked(result, connection.resources.read)
    except BridgeError as error:
        return None, tool_result(str(error), is_error=True)
    # A bug of ours, or of an SDK, costs only its own call: the others keep their answers.
    except Exception as error:  # noqa: BLE001
        return None, _failed(call, error)


def _failed(call: JSON, error: Exception) -> dict[str, Any]:
    """Log an unexpected exception and return it as a result."""
    _LOG.error("the call to %s failed", call.get("name"), exc_info=error)
    return tool_result(f"the call failed: {type(error).__name__}: {short(error)}", is_error=True)
