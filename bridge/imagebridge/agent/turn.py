"""One response, from either API, and the interfaces that request it."""

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from imagebridge.events import Answer, Event
from imagebridge.facts.models import LONG_INPUT, price_of
from imagebridge.translate.policy import Api
from imagebridge.wire import JSON, Item, as_object, is_json

from .answers import OnCallEvent
from .text_format import TextFormat
from .uploads import BridgeUploads

OnRunEvent = Callable[[Event], Awaitable[None]]
"""Receives each event as it happens."""


_MANY = 1e15
"""A larger value is not a count: JSON can contain numbers that no integer type holds."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens of one request. `cached` and `written` are parts of `input`."""

    input: int = 0
    output: int = 0
    total: int = 0
    cached: int = 0
    written: int = 0

    @classmethod
    def of(cls, usage: object) -> "Usage":
        """Read the usage of either API; zeros if a server sends none."""
        if not is_json(usage):
            return cls()
        names = ("input", "output") if "input_tokens" in usage else ("prompt", "completion")
        input_tokens, output_tokens = (_count(usage, f"{name}_tokens") for name in names)
        inner = usage.get(f"{names[0]}_tokens_details")
        details: JSON = as_object(inner) or {}
        return cls(
            input_tokens,
            output_tokens,
            _count(usage, "total_tokens") or input_tokens + output_tokens,
            _count(details, "cached_tokens"),
            _count(details, "cache_write_tokens"),
        )

    def json(self) -> dict[str, int]:
        """Return the counts under the names of the Responses API."""
        return {"input_tokens": self.input, "output_tokens": self.output, "total_tokens": self.total}


def _count(counts: JSON, name: str) -> int:
    value = counts.get(name)
    return int(value) if isinstance(value, (int, float)) and 0 < value < _MANY else 0


def cost(model: str, usage: Usage, tier: str | None = None) -> float | None:
    """Return what one request costs in USD; None for a model without a price or a tier other than the standard one."""
    price = price_of(model)
    if price is None or tier not in (None, "default", "auto"):
        return None
    if usage.written and price.written is None:
        return None
    plain = usage.input - usage.cached - usage.written
    input_price = plain * price.input + usage.cached * price.cached + usage.written * (price.written or 0.0)
    more, longer = (2.0, 1.5) if usage.input > LONG_INPUT else (1.0, 1.0)
    return (input_price * more + usage.output * price.output * longer) / 1_000_000


@dataclass(frozen=True, slots=True)
class Turn:
    """A response.

    items: the items that it adds to the conversation.
    calls: its function calls for our tools, in the form of the Responses API.
    open: the items that only the caller's own code can answer.
    fees: whether the API ran tools that it charges for.
    """

    items: list[Item]
    calls: list[Item]
    open: list[Item]
    text: str
    usage: Usage
    model: str
    id: str | None = None
    incomplete: str | None = None
    tier: str | None = None
    fees: bool = False


class Toolbox(Protocol):
    """The parts of a bridge that a run needs: its tools, the answers to calls, and tasks that are cancelled with it."""

    uploads: BridgeUploads
    """The uploads of all runs so far."""

    server_instructions: bool
    """Whether runs pass the servers' `instructions` to the model."""

    @property
    def instructions(self) -> str:
        """The servers' instructions for models."""
        ...

    async def settled(self) -> None:
        """Wait until `tools` includes the changes that the last calls made."""
        ...

    @property
    def tools(self) -> Sequence[Mapping[str, Any]]:
        """The definitions of the tools that are offered now."""
        ...

    def start_task(self, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start a task that is cancelled if the bridge closes first."""
        ...

    async def answers(
        self, response: Any, *, api: Api | None = None, on_event: OnCallEvent | None = None
    ) -> list[Answer]:
        """Run the function calls of a response; return each call with the translation of its result, in order."""
        ...

    def items(self, answers: Sequence[Answer], *, api: Api = ...) -> list[dict[str, Any]]:
        """Return the items that answer calls, in the form that an API accepts."""
        ...


class ModelApi(Protocol):
    """One of the two APIs, with everything that stays the same from request to request."""

    previous: str | None
    """The `previous_response_id` of the next request."""

    before: int
    """How many messages precede the items in each request."""

    form: TextFormat | None
    """The type that `text_format` requests."""

    @property
    def keeps(self) -> bool:
        """Whether the server keeps the conversation: if so, each request sends only the new items."""
        ...

    async def ask(self, sent: list[Item], on_event: OnRunEvent) -> Turn:
        """Send one request and return its response.

        Raises:
            openai.OpenAIError: any exception of the SDK.
            ResponseError: the response failed or was cut off.
        """
        ...

    def relax(self) -> None:
        """Let the model choose from now on: otherwise a forced call would be forced again after each answer, forever."""
        ...

    def self_contained(self, sent: list[Item]) -> list[Item] | None:
        """Return the items for a server that has stored none, and request self-contained items, or None if they are."""
        ...

    def without_include(self, parameter: str) -> bool:
        """Withdraw the field that we added to `include` if the API refused exactly that; return whether it did."""
        ...


@dataclass(frozen=True, slots=True)
class CallableTools:
    """The tools that the model may call: the caller's, then those that the bridge offers then, in a stable order."""

    own: Sequence[Mapping[str, Any]]
    listed: Callable[[], Sequence[Mapping[str, Any]]]

    @property
    def bridge(self) -> list[dict[str, Any]]:
        """The bridge's tools, except those that the caller has defined."""
        named = self._own_names
        return [dict(tool) for tool in self.listed() if str(tool.get("name")) not in named]

    @property
    def names(self) -> frozenset[str]:
        """Functions that only the caller's code can answer."""
        return self._own_names - {str(tool.get("name")) for tool in self.listed()}

    @property
    def _own_names(self) -> frozenset[str]:
        functions = (cast("Mapping[str, Any]", tool.get("function") or tool) for tool in self.own)
        return frozenset(str(function.get("name")) for function in functions if "name" in function)


def plain(item: object) -> Item:
    """Return an SDK item or a dict as a new dict, without the fields that only the SDK's parsing adds."""
    to_dict = getattr(item, "to_dict", None)
    dumped: object = to_dict(mode="json", warnings=False) if to_dict else item
    if not is_json(dumped):
        raise TypeError(f"an input item must be a dict or an item from a response, not {type(item).__name__}")
    return {name: _unparsed(value) for name, value in dumped.items() if name not in _PARSED}


_PARSED = ("parsed", "parsed_arguments")


def _unparsed(value: object) -> object:
    if not isinstance(value, list):
        return value
    parts = cast("list[object]", value)
    return [
        {name: inner for name, inner in part.items() if name != "parsed"} if is_json(part) else part
        for part in parts
    ]


def items_of(start: str | Iterable[object], name: str = "input") -> list[Item]:
    """Return the input as a list of new items.

    Raises:
        TypeError: the input is neither a string nor a list of items.
    """
    if isinstance(start, str):
        return [{"role": "user", "content": start}]
    if not isinstance(start, Iterable) or is_json(start):  # pyright: ignore[reportUnnecessaryIsInstance]  # users without a type checker
        raise TypeError(f"{name} must be a string or a list of input items, not {type(start).__name__}")
    return [plain(item) for item in start]


def relaxed(choice: object) -> object:
    """Return a `tool_choice` that lets the model answer: a forced one becomes "auto", exclusions are kept."""
    if not is_json(choice):
        return "auto" if choice == "required" else choice
    if choice.get("type") != "allowed_tools":
        return "auto"
    inner = choice.get("allowed_tools")  # Chat Completions nests it one level deeper
    if is_json(inner):
        return {**choice, "allowed_tools": {**inner, "mode": "auto"}}
    return {**choice, "mode": "auto"}
