"""What the scripted model says: the steps of an `Endpoint`, and what each becomes."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeAlias, cast

Call: TypeAlias = tuple[str, Mapping[str, Any] | str]
"""The name of a tool and its arguments; a str is sent as it is, to produce invalid JSON on purpose."""

Output: TypeAlias = str | Sequence[Call | str | Mapping[str, Any]]
"""A text is the final answer. A sequence holds calls, texts, and raw output items (dicts, Responses only)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An error instead of a reply: `Fault(429, retry_after=0.1)`, `Fault(413)`, `Fault(400, "...", param="input")`.

    The body is the API's `{"error": {"message", "type", "param", "code"}}`. The SDK retries 408, 409, 429, and 500
    and above, after `retry_after` seconds.

    Args:
        status: the HTTP status. 200 (Responses only): a response that has failed.
        message: the `message` of the error.
        code: its `code`.
        param: its `param`, the part of the request that caused the error.
        retry_after: seconds, sent as a header.
        body: sent instead of the API's body: any JSON, or a string, which is sent unchanged.
    """

    status: int
    message: str = "The request failed."
    code: str | None = None
    param: str | None = None
    retry_after: float | None = None
    body: object = None


@dataclass(frozen=True, slots=True)
class Cut:
    """A reply that breaks off.

    Args:
        reply: the reply, written as a step.
        after: how many events of the stream are sent. Without a stream, half of the body is sent.
        clean: whether the stream ends there as if it were complete; otherwise the connection is dropped.
    """

    reply: Output
    after: int = 3
    clean: bool = False


@dataclass(frozen=True, slots=True)
class Late:
    """A reply that comes late.

    Args:
        reply: the reply, written as a step.
        seconds: the delay. The reply comes sooner if the endpoint is stopped.
    """

    reply: Output
    seconds: float


@dataclass(frozen=True, slots=True)
class Odd:
    """A reply that is sent differently from OpenAI's: `change` turns the correct events into those that are sent.

    Example::

        def unannounced(events):
            return [one for one in events if one["type"] != "response.content_part.added"]

        Endpoint([Odd("It is red.", unannounced)])

    An answer that was sent oddly is not remembered for `previous_response_id`. To play a stream that was recorded
    or written by hand, see `Events`.

    Args:
        reply: the reply, written as a step.
        change: receives the list of events or chunks of a stream or, without a stream, a list of just the
            response. What it returns is sent as JSON, whatever it is; a string is sent unchanged. Default:
            nothing is changed.
        streamed: whether to send it as a stream, whatever the request asks for. None: as the request asks.
    """

    reply: Output
    change: Callable[[list[Any]], Sequence[object]] = list[Any]
    streamed: bool | None = None


@dataclass(frozen=True, slots=True)
class Events:
    """A stream as given: raw events of the Responses API, or raw chunks of Chat Completions.

        Endpoint([Events([{"type": "response.output_item.done", "output_index": 0, "item": call}, "[DONE]"])])

    Nothing is added and no ids are generated: `Odd` changes what the endpoint itself would send, `Events`
    replaces it. Each event is sent as JSON, whatever it is; a string is sent unchanged, such as the "[DONE]"
    that ends Chat Completions. The request must ask for a stream. The answer is not remembered for
    `previous_response_id`.
    """

    events: Sequence[object]


Played: TypeAlias = Output | Fault | Cut | Late | Odd | Events
"""How one request is answered."""

Step: TypeAlias = Played | Callable[[dict[str, Any]], Played]
"""A reply or what goes wrong with it, or a function of the request body that returns one."""


@dataclass(frozen=True, slots=True)
class SpokenText:
    """A message of the model."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class SpokenCall:
    """A function call of the model. `arguments` is the text that the model wrote, JSON or not."""

    id: str
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Raw:
    """An output item written by hand, for instance `reasoning`."""

    item: Mapping[str, object]


Spoken: TypeAlias = SpokenText | SpokenCall | Raw


class Ids:
    """Numbers that are unique over one endpoint, so that `call_3` always means the same call."""

    def __init__(self) -> None:
        self._counts = {prefix: count(1) for prefix in ("resp", "chatcmpl", "msg", "fc", "call", "conv")}

    def new(self, prefix: str) -> str:
        """Return the next id of this kind, such as `call_1`. Safe from several threads."""
        return f"{prefix}_{next(self._counts[prefix])}"


def spoken(reply: object, ids: Ids) -> list[Spoken]:
    """Turn a reply into what the model says, with new ids. Raises TypeError for anything that is not a reply."""
    if isinstance(reply, str):
        return [SpokenText(ids.new("msg"), reply)]
    if not isinstance(reply, (list, tuple)):
        raise TypeError(f"a step must be a string or a list of (name, arguments), not {reply!r}")
    entries = cast("Sequence[object]", reply)
    if isinstance(reply, tuple) and len(entries) == 2 and isinstance(entries[0], str):
        raise TypeError(f"a step with a single call must be a list: [{reply!r}]")
    return [_entry(entry, ids) for entry in entries]


def _entry(entry: object, ids: Ids) -> Spoken:
    match entry:
        case str():
            return SpokenText(ids.new("msg"), entry)
        case (str() as name, str() as arguments):
            return SpokenCall(ids.new("fc"), ids.new("call"), name, arguments)
        case (str() as name, dict()):
            written = json.dumps(cast("tuple[object, object]", entry)[1], ensure_ascii=False)
            return SpokenCall(ids.new("fc"), ids.new("call"), name, written)
        case dict():
            return Raw(cast("Mapping[str, object]", entry))
        case _:
            raise TypeError(
                f"a step must contain (name, arguments), where arguments is a dict or a str, not {entry!r}"
            )


def script(steps: object) -> tuple[Step, ...]:
    """Return `steps` as a tuple; a single text or function is one step. Raises TypeError for anything that is not a step."""
    if isinstance(steps, (str, Fault, Cut, Late, Odd, Events)) or callable(steps):
        return (cast("Step", steps),)
    if not isinstance(steps, Sequence):
        raise TypeError(f"steps must be a list of steps, not {steps!r}")
    step_tuple = tuple(cast("Sequence[Step]", steps))
    for step in step_tuple:
        # A mistake in the script shows here, not in the middle of a conversation.
        if isinstance(step, Events):
            _check_events(step)
        elif not callable(step) and not isinstance(step, Fault):
            spoken(step.reply if isinstance(step, (Cut, Late, Odd)) else step, Ids())
    return step_tuple


def _check_events(step: Events) -> None:
    events = cast("object", step.events)
    if isinstance(events, (str, bytes)) or not isinstance(events, Sequence):
        raise TypeError(f"Events must be given a list of events, not {events!r:.200}")
    for at, event in enumerate(step.events):
        try:
            json.dumps(event)
        except (TypeError, ValueError) as error:
            raise TypeError(f"Events must be JSON; event {at} is not: {error}") from error


def pieces(text: str, size: int = 16) -> list[str]:
    """Cut `text` as a stream would; an empty string gives a single empty piece."""
    return [text[start : start + size] for start in range(0, len(text), size)] or [""]
