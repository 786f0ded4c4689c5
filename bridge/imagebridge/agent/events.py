"""What a run tells on its way, and what it ends with."""

from dataclasses import dataclass, field
from typing import Any

from imagebridge.translate.translation import Shown
from imagebridge.translate.wire import JSON

from .answers import Answer
from .hooks import Progress

Item = dict[str, Any]
"""An input item of the Responses API, or a message of Chat Completions."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a run ended with.

    text: the final answer; commentary where there is nothing else, a refusal where the model refused.
    items: the whole conversation as input items: what to pass as `input` to go on. With
        `previous_response_id` or `conversation` the server keeps it, and these are the items of this run.
    usage: tokens over all requests, under the API's names (`input_tokens`, `output_tokens`, `total_tokens`).
    pictures: the pictures that the model was shown, as sent.
    cost: USD by OpenAI's dated list prices, or None where they do not tell; see `prices`.
    parsed: the final message as an instance of `text_format`, where that was given.
    id: of the last response: the `previous_response_id` to go on with.
    incomplete: why the answer is cut off (`max_output_tokens`, `content_filter`); None where it is whole.
    """

    text: str
    items: list[Item] = field(repr=False)  # whole pictures: a terminal is no place for them
    usage: dict[str, int]
    pictures: list[Shown] = field(default_factory=list[Shown])
    cost: float | None = None
    parsed: Any = None
    id: str | None = None
    incomplete: str | None = None


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the model's text, as it is written. It stands for nothing yet if `Retried` follows."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of the summary of the model's reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class HostedTool:
    """A tool on the API's side is at work: `tool` as in `web_search`, `status` as the API names it.

    item: the output item where it is finished, None before.
    """

    tool: str
    status: str
    id: str
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class Responded:
    """A response has come whole: its items, and the tokens of its request."""

    items: list[Item]
    usage: dict[str, int]


@dataclass(frozen=True, slots=True)
class Retried:
    """A request is sent again. `why` says what was wrong and what changed; its deltas so far do not count."""

    why: str


@dataclass(frozen=True, slots=True)
class Called:
    """The model calls a tool: its item of the response."""

    call: JSON


@dataclass(frozen=True, slots=True)
class Answered:
    """A call has been answered. Calls of one response run at once: the first to be done comes first."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Replied:
    """The model has answered: the last event."""

    reply: Reply


Event = TextDelta | ReasoningDelta | HostedTool | Responded | Retried | Called | Progress | Answered | Replied
