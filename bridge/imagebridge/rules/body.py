"""Reads a request body as untyped JSON that anybody may have written.

Its form is not checked here. A piece without the expected form is left out, and the rules in `form`
report it. The content of its pictures is determined once, for all rules.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from imagebridge.rules.verdict import Verdict, judge
from imagebridge.translate.policy import Api
from imagebridge.wire import JSON, as_list, as_object, as_string

if TYPE_CHECKING:
    from imagebridge.pictures.picture import Proof


Author = Literal["output", "tool", "user", "assistant", "system"]
"""The origin of a part: a tool's output (Responses), a tool message (Chat), or a message with that role."""


OUTPUTS = ("function_call_output", "custom_tool_call_output")
CALLS = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output"}


_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+._-]{0,63}):")


def scheme(url: str) -> str:
    """Return the scheme of an address in lower case, or "" if it has none, like bare base64."""
    match = _SCHEME.match(url)
    return match[1].lower() if match else ""


def kind(value: object) -> str:
    """Return the JSON type of `value` in the words of the API's messages."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list() | tuple():
            return "an array"
        case _:
            return "an object"


@dataclass(frozen=True, slots=True)
class InputItem:
    """One input item or chat message. `type` is the item's type, or in Chat Completions its role."""

    path: str
    type: str
    fields: JSON


@dataclass(frozen=True, slots=True)
class Part:
    """One content part of an item."""

    path: str
    type: str
    place: Author
    fields: JSON


@dataclass(frozen=True, slots=True)
class PictureUrl:
    """A picture given by URL. `url` is unchanged; `call_id` belongs to the call that returned the picture, if any."""

    path: str
    url: str
    detail: str | None
    call_id: str | None


@dataclass(frozen=True, slots=True)
class Tool:
    """One function definition, inside a namespace or not. `path` points to the fields that contain its name."""

    path: str
    namespace: str
    fields: JSON


class Body:
    """One request body. `earlier` is the conversation that the server has stored; None if unknown.

    `proof` says how closely its pictures are examined; see `imagebridge.rules.verdict`. `given` contains the output
    of each response that the server returned before, if known.
    """

    def __init__(
        self,
        body: JSON,
        api: Api = "responses",
        earlier: Sequence[JSON] | None = None,
        proof: "Proof" = "decoded",
        given: Sequence[Sequence[JSON]] = (),
    ) -> None:
        self.fields = body
        self.proof: Proof = proof
        self.given = given
        self.api: Api = api
        self.model = as_string(body.get("model")) or None
        self.list_name = "input" if api == "responses" else "messages"
        continues = any(body.get(name) for name in ("previous_response_id", "conversation"))
        self.whole = not continues or earlier is not None
        """Whether the whole conversation is known, not only what this request adds to it."""
        self.earlier = tuple(_item("input", item) for item in earlier or ())

    @cached_property
    def items(self) -> tuple[InputItem, ...]:
        """The input items or messages of this request that are objects, in order."""
        content = self.fields.get(self.list_name)
        if isinstance(content, str):
            return (InputItem(self.list_name, "message", {"role": "user", "content": content}),)
        paths = (
            (f"{self.list_name}[{index}]", as_object(item)) for index, item in enumerate(as_list(content))
        )
        return tuple(self._item(path, item) for path, item in paths if item is not None)

    def _item(self, path: str, item: JSON) -> InputItem:
        return (
            _item(path, item)
            if self.api == "responses"
            else InputItem(path, as_string(item.get("role")), item)
        )

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Every content part of every item, in order."""
        return tuple(part for item in self.items for part in parts(item))

    @cached_property
    def pictures(self) -> tuple[PictureUrl, ...]:
        """Every picture given by URL, in order."""
        return tuple(picture for item in self.items for picture in pictures(item))

    @cached_property
    def judged(self) -> tuple[tuple[PictureUrl, Verdict], ...]:
        """Every picture whose bytes are in the body, or should be, with the verdict on it."""
        inline_pictures = (picture for picture in self.pictures if scheme(picture.url) in ("", "data"))
        return tuple((picture, judge(picture.url, self.proof)) for picture in inline_pictures)

    @cached_property
    def tools(self) -> tuple[Tool, ...]:
        """Every function definition, in order, including those inside namespaces."""
        return tuple(_tools("tools", self.fields.get("tools"), self.api))


def _item(path: str, item: JSON) -> InputItem:
    # A message may omit its type; the role reveals it.
    return InputItem(path, as_string(item.get("type")) or ("message" if "role" in item else ""), item)


_PLACES: Mapping[str, Author] = {
    "assistant": "assistant",
    "developer": "system",
    "system": "system",
    "tool": "tool",
    "user": "user",
}


def _author(item: InputItem) -> Author | None:
    if item.type in OUTPUTS:
        return "output"
    return _PLACES.get(as_string(item.fields.get("role")))


def contents(item: InputItem) -> tuple[str, object]:
    """Return the path and the value of an item's content: its `output` or its `content`."""
    name = "output" if item.type in OUTPUTS else "content"
    return f"{item.path}.{name}", item.fields.get(name)


def parts(item: InputItem) -> Iterator[Part]:
    """Yield the content parts of `item`; none if its content is a plain string."""
    place = _author(item)
    if place is None:
        return
    path, content = contents(item)
    for index, value in enumerate(as_list(content)):
        part = as_object(value)
        if part is not None:
            yield Part(f"{path}[{index}]", as_string(part.get("type")), place, part)


def pictures(item: InputItem) -> Iterator[PictureUrl]:
    """Yield pictures with a URL in `item`: `input_image`, Chat's `image_url`, a computer-use screenshot."""
    call_id = as_string(item.fields.get("call_id")) or None
    if item.type == "computer_call_output":
        shot = as_object(item.fields.get("output")) or {}
        if isinstance(url := shot.get("image_url"), str):
            yield PictureUrl(f"{item.path}.output.image_url", url, None, call_id)
    for part in parts(item):
        value = part.fields.get("image_url")
        if part.type == "input_image" and isinstance(value, str):
            yield PictureUrl(
                f"{part.path}.image_url", value, as_string(part.fields.get("detail")) or None, call_id
            )
        elif (
            part.type == "image_url"
            and (inner := as_object(value))
            and isinstance(url := inner.get("url"), str)
        ):
            yield PictureUrl(
                f"{part.path}.image_url.url", url, as_string(inner.get("detail")) or None, call_id
            )


def _tools(path: str, value: object, api: Api, namespace: str = "") -> Iterator[Tool]:
    for index, entry in enumerate(as_list(value)):
        tool, here = as_object(entry) or {}, f"{path}[{index}]"
        if tool.get("type") == "namespace":
            yield from _tools(f"{here}.tools", tool.get("tools"), api, as_string(tool.get("name")))
        elif tool.get("type") == "function" and api == "chat":
            yield Tool(f"{here}.function", namespace, as_object(tool.get("function")) or {})
        elif tool.get("type") == "function":
            yield Tool(here, namespace, tool)
