"""What a vendor's file in this room offers: what its API takes, and how its wire is written and read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, cast

from imagebridge.translate.receiver import Receiver
from imagebridge.translate.result import ReadResult
from imagebridge.translate.sentences import ERROR
from imagebridge.translate.translation import FittedResult, Part, PlacedPiece, Text
from imagebridge.wire import JSON, JsonObject, dumped, is_json, text_of

if TYPE_CHECKING:
    from imagebridge.wire import Part as ResponsesPart

AttachmentKind = Literal["picture", "file"]


class Source(NamedTuple):
    """Where a picture or a file on a wire comes from: a `data:` URL or a web address, or a file's id."""

    url: str = ""
    file_id: str = ""
    filename: str = ""
    detail: str = ""


class CallReference(NamedTuple):
    """A call of any API.

    custom: it calls a custom tool, whose answer is a `custom_tool_call_output`.
    caller: what made it, where that was a program; programs read text alone.
    """

    id: str
    name: str = ""
    namespace: str = ""
    custom: bool = False
    caller: JSON | None = None


def call_reference(value: object) -> CallReference:
    """Return the call that `value` names: its id, an item of a response's output, or a chat message's tool call.

    Raises:
        TypeError: something else came, or a call without an id.
    """
    if isinstance(value, CallReference):
        return value
    if isinstance(value, str) and value:
        return CallReference(value)
    item = dumped(value)
    if not is_json(item):
        raise TypeError(f"a call must be its id or the call item of a response, not {type(value).__name__}")
    caller, function = item.get("caller"), item.get("function")
    reference = CallReference(
        text_of(item, "call_id") or text_of(item, "id"),
        text_of(function, "name") if is_json(function) else text_of(item, "name"),
        text_of(item, "namespace"),
        item.get("type") == "custom_tool_call",
        caller if is_json(caller) and caller.get("type") == "program" else None,
    )
    if not reference.id:
        raise TypeError(
            "a call must have a call_id (Responses) or an id (Chat); this object has "
            f"{', '.join(sorted(item))}"
        )
    return reference


class Provider(Protocol):
    """One vendor's API: `PROVIDER` of its file. A further one is such a file and a line of `registry`."""

    @property
    def name(self) -> str:
        """What `Policy(api=...)` calls it."""
        ...

    @property
    def items_field(self) -> str:
        """The field of a request that holds the conversation."""
        ...

    @property
    def stores(self) -> bool:
        """Whether the API keeps what it answers unless it is told not to."""
        ...

    def receiver(self, model: str | None) -> Receiver:
        """Return what the API takes with a model behind it."""
        ...

    # Writing.

    def part(self, part: Part) -> JsonObject:
        """Write one part."""
        ...

    def shown(self, part: Part) -> JsonObject:
        """Write one part as `Translation.parts` gives it: mostly as `part`."""
        ...

    def answers(
        self, answers: "Sequence[tuple[CallReference, Translation]]", server: str | None
    ) -> list[JsonObject]:
        """Write the answers of the calls of one response; `server` is what answers under the base URL."""
        ...

    def uploaded(self, part: JSON, file_id: str) -> JsonObject | None:
        """Write a picture or file that was uploaded in place of `part`; None where the API takes no id of it."""
        ...

    # Reading what was sent: the items or messages of a conversation, and their parts.

    def speaker(self, item: object) -> str | None:
        """Tell who said an item: "assistant" for the model, "user", or another; None where it is not of this wire."""
        ...

    def calls(self, item: object) -> Sequence[tuple[str, str]]:
        """Return the id and the name of each call in an item of the model."""
        ...

    def waits(self, item: object) -> bool:
        """Tell whether an item of the model waits for answers."""
        ...

    def answered(self, item: JSON) -> str:
        """Return the id of the call that an item answers; "" where it answers none."""
        ...

    def holder(self, item: JSON) -> str:
        """Return the name of the field that holds the parts of an item."""
        ...

    def kind(self, part: JSON) -> AttachmentKind | None:
        """Tell what a part attaches; None for a text, and for a part of another wire."""
        ...

    def source(self, part: JSON) -> Source:
        """Return where the picture or file of a part comes from."""
        ...

    def text(self, part: JSON) -> str | None:
        """Return the words of a text part; None where it is none of this wire."""
        ...


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Translation(FittedResult):
    """A translated tool result.

    parts: the parts for the model, in the order of the blocks.
    pictures: the pictures among them, as sent.
    notes: one for each block: what it was, what was done with it, sizes, bytes and tokens.
    output: the `output` of a `function_call_output`: a string if all parts are text, else `parts`.
    tokens: what the pictures cost, by OpenAI's published formulas.
    for_user: blocks that the server marks as meant for the user and not for the model.
    is_error: whether the tool failed. If so, the first part says it, unless the API has a field for that.
    """

    provider: Provider

    @classmethod
    def of(cls, read: ReadResult, provider: Provider) -> "Translation":
        """Fit a result that has been read for a provider; a text marks an error if its API has no field for that."""
        placed = read.placed()
        if read.is_error and not read.receiver.flags_errors:
            placed = (PlacedPiece(None, [Text(ERROR)], "the mark of an error"), *placed)
        return cls(placed, read.blocks, read.for_user, read.is_error, provider=provider)

    @property
    def parts(self) -> "list[ResponsesPart]":
        """The parts, in the order of the blocks."""
        shown = self.provider.shown
        return cast("list[ResponsesPart]", [shown(part) for one in self.placed for part in one.parts])

    @property
    def output(self) -> "str | list[ResponsesPart]":
        """`parts` or, if all of them are text, one string with line breaks between them, which most servers accept."""
        texts = self.text_alone()
        return self.parts if texts is None else texts

    def text_alone(self) -> str | None:
        """Return the text as one string, or None if there are pictures or files."""
        texts: list[str] = []
        for one in self.placed:
            for part in one.parts:
                if not isinstance(part, Text):
                    return None
                texts.append(part.text)
        return "\n".join(texts)

    def _repr_html_(self) -> str:
        """Show in a notebook what the model receives."""
        from imagebridge.display import notebook

        return notebook.result(self)
