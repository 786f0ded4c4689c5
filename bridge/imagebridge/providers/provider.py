"""The interface of a vendor's module in this package: what its API accepts, and how to write and read its wire
format."""

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
    """The source of a picture or file in a wire format: a `data:` URL, a web address or a file's id."""

    url: str = ""
    file_id: str = ""
    filename: str = ""
    detail: str = ""


class CallReference(NamedTuple):
    """A call of any API.

    custom: whether a custom tool is called, whose answer is a `custom_tool_call_output`.
    caller: the program that made the call, if any; programs read only text.
    """

    id: str
    name: str = ""
    namespace: str = ""
    custom: bool = False
    caller: JSON | None = None


def call_reference(value: object) -> CallReference:
    """Return the call that `value` refers to: its id, an item of a response's output, or a chat message's tool call.

    Raises:
        TypeError: `value` is something else, or a call without an id.
    """
    if isinstance(value, CallReference):
        return value
    if isinstance(value, str) and value:
        return CallReference(value)
    item = dumped(value)
    if not is_json(item):
        raise TypeError(f"a call must be an id or a call item from a response, not {type(value).__name__}")
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
    """One vendor's API, the `PROVIDER` of its module. A new vendor needs such a module and a line in `registry`."""

    @property
    def name(self) -> str:
        """The name of the API in `Policy(api=...)`."""
        ...

    @property
    def items_field(self) -> str:
        """The field of a request that contains the conversation."""
        ...

    @property
    def stores(self) -> bool:
        """Whether the API stores its answers unless told not to."""
        ...

    def receiver(self, model: str | None) -> Receiver:
        """Return what the API accepts for a given model."""
        ...

    # Writing.

    def part(self, part: Part) -> JsonObject:
        """Write one part."""
        ...

    def shown(self, part: Part) -> JsonObject:
        """Write one part in the form of `Translation.parts`, usually that of `part`."""
        ...

    def answers(
        self, answers: "Sequence[tuple[CallReference, Translation]]", server: str | None
    ) -> list[JsonObject]:
        """Write the answers to the calls of one response; `server` is the kind of server at the base URL."""
        ...

    def uploaded(self, part: JSON, file_id: str) -> JsonObject | None:
        """Write a picture or file that was uploaded in place of `part`; None if the API does not accept an id for it."""
        ...

    # Reading what was sent: the items or messages of a conversation, and their parts.

    def speaker(self, item: object) -> str | None:
        """Return an item's role: "assistant" for the model, "user" or another; None if it has another wire format."""
        ...

    def calls(self, item: object) -> Sequence[tuple[str, str]]:
        """Return the id and the name of each call in an item of the model."""
        ...

    def waits(self, item: object) -> bool:
        """Return whether an item of the model waits for answers."""
        ...

    def answered(self, item: JSON) -> str:
        """Return the id of the call that an item answers; "" if it answers none."""
        ...

    def holder(self, item: JSON) -> str:
        """Return the name of the field that contains the parts of an item."""
        ...

    def kind(self, part: JSON) -> AttachmentKind | None:
        """Return the kind of attachment in a part; None for a text or a part of another wire format."""
        ...

    def source(self, part: JSON) -> Source:
        """Return the source of the picture or file in a part."""
        ...

    def text(self, part: JSON) -> str | None:
        """Return the words of a text part; None if it is not a text part of this wire format."""
        ...


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Translation(FittedResult):
    """A translated tool result.

    parts: the parts for the model, in the order of the blocks.
    pictures: the pictures among them, as sent.
    notes: a note for each block: what it was, what was done with it, sizes, bytes and tokens.
    output: the `output` of a `function_call_output`: a string if all parts are text, else `parts`.
    tokens: the cost of the pictures, by OpenAI's published formulas.
    for_user: blocks that the server marks as meant for the user and not for the model.
    is_error: whether the tool failed. If so, the first part says so, unless the API has a field for it.
    """

    provider: Provider

    @classmethod
    def of(cls, read: ReadResult, provider: Provider) -> "Translation":
        """Translate a result for a provider; a text marks an error if the provider's API has no field for errors."""
        placed = read.placed()
        if read.is_error and not read.receiver.flags_errors:
            placed = (PlacedPiece(None, [Text(ERROR)], "the error flag"), *placed)
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
        """Return HTML that shows in a notebook what the model receives."""
        from imagebridge.display import notebook

        return notebook.result(self)
