"""What a run tells on its way, and what it ends with."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .providers.provider import CallReference, Translation, call_reference
from .translate.translation import ShownPicture
from .wire import JSON, Item

if TYPE_CHECKING:
    from mcp.types import LoggingLevel, Tool

__all__ = [
    "Answer",
    "Answered",
    "Called",
    "Event",
    "HostedTool",
    "Item",
    "Log",
    "Progress",
    "ReasoningDelta",
    "Replied",
    "Reply",
    "Responded",
    "Retried",
    "TextDelta",
    "ToolCall",
]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that is about to be made.

    name: as models call the tool. arguments: as they will be sent. server: whose tool it is. tool: the
    server's own definition, with its original name and its annotations. call_id: of the model's call, empty
    for `bridge.call`.
    """

    name: str
    arguments: JSON
    server: str
    tool: "Tool"
    call_id: str = ""

    @property
    def destructive(self) -> bool:
        """Whether the tool itself says that it may destroy something (`destructiveHint`); silence is no."""
        return self.tool.annotations is not None and self.tool.annotations.destructive_hint is True


@dataclass(frozen=True, slots=True)
class Progress:
    """A call goes on: how far, of how much if that is known, and what the server says of it."""

    call: ToolCall
    progress: float
    total: float | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """A server logs something, in MCP's terms."""

    server: str
    level: "LoggingLevel"
    data: Any
    logger: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A function call and what its tool returned: seconds it took, whether it failed, and the translation."""

    call: JSON
    translation: Translation
    is_error: bool
    seconds: float

    @property
    def pair(self) -> tuple[CallReference, Translation]:
        """The call and what answers it, as items and messages are made of them."""
        return call_reference(self.call), self.translation


@dataclass(frozen=True, slots=True)
class Reply:
    """What a run ended with.

    Attributes:
        text: the final answer; commentary where there is nothing else, a refusal where the model refused.
        items: the whole conversation as input items: what to pass as `input` to go on. With
            `previous_response_id` or `conversation` the server keeps it, and these are the items of this run.
        usage: tokens over all requests, under the API's names (`input_tokens`, `output_tokens`, `total_tokens`).
        pictures: the pictures that the model was shown, as sent.
        cost: USD by OpenAI's dated list prices, or None where they do not tell (`facts/models.py`).
        parsed: the final message as an instance of `text_format`, where that was given.
        id: of the last response: the `previous_response_id` to go on with.
        incomplete: why the answer is cut off (`max_output_tokens`, `content_filter`); None where it is whole.
    """

    text: str
    items: list[Item] = field(repr=False)  # whole pictures: a terminal is no place for them
    usage: dict[str, int]
    pictures: list[ShownPicture] = field(default_factory=list[ShownPicture])
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


Delta = TextDelta | ReasoningDelta | HostedTool
