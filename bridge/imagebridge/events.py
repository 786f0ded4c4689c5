"""The events of a run, and the reply it ends with."""

from dataclasses import dataclass, field
from pathlib import Path
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

    name: the tool's name as models see it. arguments: the arguments as they will be sent. server: the name of
    the server that has the tool.
    tool: the server's own definition, with its original name and its annotations. call_id: the id of the model's
    call, empty for `bridge.call`.
    """

    name: str
    arguments: JSON
    server: str
    tool: "Tool"
    call_id: str = ""

    @property
    def destructive(self) -> bool:
        """Whether the tool says that it may destroy something (`destructiveHint`); False if it does not say."""
        return self.tool.annotations is not None and self.tool.annotations.destructive_hint is True


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a call: the amount done, the total if known, and the server's message."""

    call: ToolCall
    progress: float
    total: float | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """A log message from a server, with its MCP level."""

    server: str
    level: "LoggingLevel"
    data: Any
    logger: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A function call and what its tool returned: the translation, whether it failed, and the seconds it took."""

    call: JSON
    translation: Translation
    is_error: bool
    seconds: float

    @property
    def pair(self) -> tuple[CallReference, Translation]:
        """The call and its translation, as `output_items` and `chat_messages` accept them."""
        return call_reference(self.call), self.translation


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of a run.

    Attributes:
        text: the final answer; commentary if there is nothing else, or the refusal if the model refused.
        items: the whole conversation as input items; pass it as `input` to continue. With
            `previous_response_id` or `conversation` the server keeps the conversation, and these are the
            items of this run.
        usage: tokens over all requests, under the API's names (`input_tokens`, `output_tokens`, `total_tokens`).
        pictures: the pictures that the model was shown, as sent.
        cost: USD at OpenAI's dated list prices, or None if they do not cover the run (`facts/models.py`).
        parsed: the final message as an instance of `text_format`, if that was given.
        id: the id of the last response, to continue with as `previous_response_id`.
        incomplete: why the answer is cut off (`max_output_tokens`, `content_filter`); None if it is complete.
    """

    text: str
    items: list[Item] = field(repr=False)  # whole pictures: too much for a terminal
    usage: dict[str, int]
    pictures: list[ShownPicture] = field(default_factory=list[ShownPicture])
    cost: float | None = None
    parsed: Any = None
    id: str | None = None
    incomplete: str | None = None

    def html(self) -> str:
        """Return the conversation as one HTML page with embedded pictures, for a browser or an e-mail.

        Every text is escaped, and the page loads and runs nothing. Pictures that were sent as file ids or
        addresses are named instead of shown.
        """
        from .conversation.reply_page import page

        return "".join(
            page(
                self.items,
                answer=self.text,
                usage=self.usage,
                cost=self.cost,
                pictures=self.pictures,
                incomplete=self.incomplete,
            )
        )

    def save(self, path: str | Path) -> Path:
        """Write `html()` to a file, which is replaced if it exists, and return its path.

        Args:
            path: the file to write, such as "run.html".

        Raises:
            OSError: the file cannot be written.
        """
        file = Path(path)
        file.write_text(self.html(), encoding="utf-8")
        return file

    def _repr_html_(self) -> str:
        """Show the answer and its pictures in a notebook."""
        from .display import notebook

        return notebook.reply(self.text, self.pictures, self.usage, self.cost)


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the model's text, as it is written. Discard it if `Retried` follows."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of the summary of the model's reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class HostedTool:
    """A hosted tool is running: `tool` is its name, such as `web_search`, and `status` the API's word for its state.

    item: the output item once it is finished, None until then.
    """

    tool: str
    status: str
    id: str
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class Responded:
    """A response is complete: its items, and the tokens that its request used."""

    items: list[Item]
    usage: dict[str, int]


@dataclass(frozen=True, slots=True)
class Retried:
    """A request is sent again. `why` says what was wrong and what was changed; discard its deltas so far."""

    why: str


@dataclass(frozen=True, slots=True)
class Called:
    """The model calls a tool; `call` is the item in the response."""

    call: JSON


@dataclass(frozen=True, slots=True)
class Answered:
    """A call has been answered. Calls of one response may run concurrently; events come in the order in which calls finish."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Replied:
    """The model has answered: the last event."""

    reply: Reply


Event = TextDelta | ReasoningDelta | HostedTool | Responded | Retried | Called | Progress | Answered | Replied


Delta = TextDelta | ReasoningDelta | HostedTool
