"""The pictures and files of a conversation: where they stand, what they are called, and what may stand in for them.

A conversation is a list of input items (Responses) or of messages (Chat Completions), as JSON; what the
model said may be objects of the SDK. A computer's screenshot is left alone: no text can stand in for it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from imagebridge.errors import PictureError
from imagebridge.pictures.base64 import sample
from imagebridge.pictures.picture import Picture
from imagebridge.translate import sentences
from imagebridge.wire import JSON, JsonObject, is_json, is_list, text_of

AttachmentKind = Literal["picture", "file"]
Changes = Mapping[tuple[int, int], JsonObject]
"""New parts by the place of the old: the index of the item and of the part in it."""

KINDS: Mapping[str, AttachmentKind] = {
    "input_image": "picture",
    "input_file": "file",
    "image_url": "picture",
    "file": "file",
}
_CHAT = ("image_url", "file")
_TEXTS = ("input_text", "text")
_OUTPUTS = ("function_call_output", "custom_tool_call_output")
_CALLS = (
    "function_call",
    "custom_tool_call",
    "computer_call",
    "local_shell_call",
    "shell_call",
    "apply_patch_call",
)

# The line right behind a picture that names it for tools, and the type it was made from (`translate.parts`).
_HANDLE = re.compile(r"((?:part \d+ of \d+ of )?picture:(\d{1,9}))(?: \([\w.+/-]+\))?(?=\n|\Z)")
# The line behind a part of a long picture begins so, with a handle or without one.
_PART = re.compile(r"(part (\d+) of \d+ of )picture[ :]\d+")
# How a user message names the picture or file of a call, on a line before it (`providers.responses`).
_CAPTION = re.compile(r"((?:(?:part \d+ of \d+ of )?picture \d+|the file .+) of .+):")
_STAND_IN = re.compile(
    r"\[(?:no longer shown: (?:(?:part \d+ of \d+ of )?picture:\d+, )?(?:part \d+ of \d+ of )?(picture|file|the file)\b.*"
    r"|the same (picture|file) as (.+), above)\]"
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture or a file: part `part` of item `item`, with its fields as sent.

    label: how it is named in words, such as `picture 2 of look (call_3)`. handle: `picture:7`, or "".
    """

    item: int
    part: int
    fields: JSON
    label: str
    handle: str

    @property
    def kind(self) -> AttachmentKind:
        """Whether it is a picture or a file."""
        return KINDS[text_of(self.fields, "type")]

    @property
    def inner(self) -> JSON:
        """The fields that say where it comes from: Chat Completions wraps them."""
        name = text_of(self.fields, "type")
        inner = self.fields.get(name) if name in _CHAT else None
        return inner if is_json(inner) else self.fields

    @property
    def url(self) -> str:
        """Its data URL or web address, "" where it is given by a file's id."""
        return next(
            (
                url
                for name in ("image_url", "url", "file_data", "file_url")
                if (url := text_of(self.inner, name))
            ),
            "",
        )

    @property
    def is_data(self) -> bool:
        """Whether its bytes stand in the request."""
        return bool(self.url) and "://" not in self.url[:16]

    @property
    def size(self) -> int:
        """Bytes that its data URL holds, 0 where it is given otherwise."""
        if not self.is_data:
            return 0
        length = len(self.url) - self.url.find(",", 0, 1_000) - 1
        return length * 3 // 4 - self.url.count("=", -2)

    @property
    def identity(self) -> tuple[object, ...]:
        """What two attachments share that show the model the same: their bytes, and the detail."""
        source = self.url if self.is_data else text_of(self.inner, "file_id")
        # What a web address shows may change, and what is malformed is nobody's twin.
        return (_Origin(source), text_of(self.inner, "detail")) if source else (self.item, self.part)

    @property
    def pixels(self) -> tuple[int, int] | None:
        """Its width and height, None where they are not known from the request."""
        picture = self._picture()
        return (picture.width, picture.height) if picture else None

    def _picture(self) -> Picture | None:
        try:
            return Picture.from_base64(self.url) if self.kind == "picture" and self.is_data else None
        except PictureError:
            return None

    @property
    def description(self) -> str:
        """What it is, in words: handle, label, media type, size in pixels and bytes."""
        facts = [self.handle, self.label, sentences.short(text_of(self.inner, "filename"))]
        if picture := self._picture():
            facts += [picture.media_type, f"{picture.width}x{picture.height}", sentences.amount(picture.size)]
        elif self.is_data:
            facts += [self.url[5:100].partition(";")[0].partition(",")[0], sentences.amount(self.size)]
        else:
            facts.append(sentences.short(self.url))
        return " ".join(", ".join(filter(None, facts)).split())

    def text(self, sentence: str) -> JsonObject:
        """Return the text part that stands in for it."""
        chat = text_of(self.fields, "type") in _CHAT
        return self._marked({"type": "text" if chat else "input_text", "text": sentence})

    def uploaded(self, file_id: str) -> JsonObject:
        """Return the part that gives it by the id of a file."""
        name = text_of(self.fields, "type")
        if name == "file":
            return self._marked({"type": name, "file": {"file_id": file_id}})
        detail = {"detail": self.fields["detail"]} if "detail" in self.fields else {}
        return self._marked({"type": name, "file_id": file_id, **detail})

    def _marked(self, part: JsonObject) -> JsonObject:
        mark = self.fields.get("prompt_cache_breakpoint")
        return {**part, "prompt_cache_breakpoint": mark} if mark is not None else part


class _Origin:
    """A long text as a key: equal to equal texts, and not read as a whole unless two look the same."""

    __slots__ = ("_hash", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._hash = hash(sample(text))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Origin) and self._text == other._text


@dataclass(frozen=True, slots=True)
class StandIn:
    """A sentence of ours in the place of an attachment. `refers` is the label or handle it points to, "" if to none."""

    item: int
    part: int
    label: str
    handle: str
    refers: str


def gone(attachment: Attachment) -> str:
    """Say what was shown here and is no longer."""
    return f"[no longer shown: {attachment.description}]"


def again(attachment: Attachment) -> str:
    """Say that what was shown here is `attachment`, which stands earlier."""
    return f"[the same {attachment.kind} as {attachment.handle or attachment.label}, above]"


def listed(items: Iterable[object]) -> list[object]:
    """Return a conversation as a list of its own.

    Raises:
        TypeError: it is no list of items or messages.
    """
    if isinstance(items, (str, bytes)) or is_json(items) or not isinstance(items, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]  # users without a type checker
        raise TypeError(f"items is a list of input items or of messages, not {type(items).__name__}")
    return list(items)


def places(items: Sequence[object]) -> Iterator[Attachment | StandIn]:
    """Yield the attachments of a conversation, and the sentences that stand in for some, in order."""
    names: dict[str, str] = {}
    users = 0
    for at, item in enumerate(items):
        names.update(_called(item))
        users += _get(item, "role") == "user"
        parts = _parts(item)
        if any(text_of(part, "type") in KINDS for part in parts) or _standing(parts):
            yield from _placed(at, parts, _where(item, names, users))


def attachments(items: Sequence[object]) -> Iterator[Attachment]:
    """Yield the attachments of a conversation, in order."""
    return (one for one in places(items) if isinstance(one, Attachment))


def replaced(items: Sequence[object], changes: Changes) -> list[object]:
    """Return the items with other parts in some places; what does not change is not copied."""
    by_item: dict[int, dict[int, JsonObject]] = {}
    for (at, index), part in changes.items():
        by_item.setdefault(at, {})[index] = part
    return [_with(item, by_item[at]) if at in by_item else item for at, item in enumerate(items)]


def _with(item: object, parts: Mapping[int, JsonObject]) -> object:
    fields = cast("JSON", item)
    name = _holder(fields)
    content = cast("Sequence[object]", fields[name])
    return {**fields, name: [parts.get(index, part) for index, part in enumerate(content)]}


def by_model(item: object) -> bool:
    """Tell whether the model made an item or message: anything but messages to it, and outputs."""
    role, kind = _get(item, "role"), str(_get(item, "type") or "")
    if role is not None:
        return role == "assistant"
    return not kind.endswith(("_output", "_response"))


def by_user(item: object) -> bool:
    """Tell whether a user said it: not a message in which pictures follow that a tool returned."""
    if _get(item, "role") != "user":
        return False
    parts = _parts(item)
    return not any(_CAPTION.fullmatch(_line_of_ours(parts, index)) for index in range(len(parts)))


def is_call(item: object) -> bool:
    """Tell whether an item or message of the model waits for outputs."""
    return _get(item, "type") in _CALLS or bool(_get(item, "tool_calls"))


def _get(item: object, name: str) -> object:
    return item.get(name) if is_json(item) else getattr(item, name, None)


def _called(item: object) -> Iterator[tuple[str, str]]:
    """Yield the id and the name of the calls in an item or message."""
    inner = _get(item, "tool_calls")
    for call in inner if is_list(inner) else (item,):
        identity = _get(call, "call_id") or _get(call, "id")
        name = _get(call, "name") or _get(_get(call, "function"), "name")
        if isinstance(identity, str) and isinstance(name, str):
            yield identity, name


def _holder(item: JSON) -> str:
    return "output" if item.get("type") in _OUTPUTS else "content"


def _parts(item: object) -> list[JSON]:
    """Return the parts of what was given to the model; an empty object for each that is none."""
    if not is_json(item) or by_model(item):
        return []
    content = item.get(_holder(item))
    return [part if is_json(part) else {} for part in content] if is_list(content) else []


def _where(item: object, names: Mapping[str, str], users: int) -> str:
    """Name what an attachment belongs to: a call, or a message."""
    call = _get(item, "call_id") or _get(item, "tool_call_id")
    if isinstance(call, str):
        return f"{names[call]} ({call})" if call in names else call
    role = _get(item, "role")
    return f"user message {users}" if role == "user" else f"a {role} message"


def _placed(at: int, parts: Sequence[JSON], where: str) -> Iterator[Attachment | StandIn]:
    standing = _standing(parts)
    kinds: dict[int, AttachmentKind] = {
        index: kind
        for index, part in enumerate(parts)
        if (kind := _stood_for(standing[index]) if index in standing else KINDS.get(text_of(part, "type")))
    }
    handles = {
        index: handle
        for index, kind in kinds.items()
        if kind == "picture" and (handle := _HANDLE.match(_line_of_ours(parts, index + 1)))
    }
    named = {int(handle[2]) for handle in handles.values()}
    numbers: Counter[AttachmentKind] = Counter()
    for index, kind in kinds.items():
        piece = _PART.match(_line_of_ours(parts, index + 1)) if kind == "picture" else None
        # The parts of a picture count as one.
        numbers[kind] += piece is None or piece[2] == "1"
        number = numbers[kind]
        # No two get the same: what stands beside a picture with a handle may be counted as that is named.
        while kind == "picture" and number in named:
            number += len(kinds)
        part, stand_in, handle = parts[index], standing.get(index), handles.get(index)
        caption = _CAPTION.fullmatch(_line_of_ours(parts, index - 1))
        number = int(handle[2]) if handle else number
        named_so = f"{piece[1] if piece else ''}{kind} {number} of {where}"
        label = sentences.short(caption[1] if caption else named_so)
        name = handle[1] if handle else ""
        yield (
            StandIn(at, index, label, name, stand_in[3] or "")
            if stand_in
            else Attachment(at, index, part, label, name)
        )


def _stood_for(sentence: re.Match[str]) -> AttachmentKind:
    return "picture" if "picture" in (sentence[1], sentence[2]) else "file"


def _standing(parts: Sequence[JSON]) -> dict[int, re.Match[str]]:
    """Return the sentences of ours that stand in for attachments, by their place."""
    matches = ((index, _STAND_IN.fullmatch(_line_of_ours(parts, index))) for index in range(len(parts)))
    return {index: match for index, match in matches if match}


def _line_of_ours(parts: Sequence[JSON], index: int) -> str:
    """Return the text part at `index`, "" where there is none or it is too long to be a line of ours."""
    if not 0 <= index < len(parts) or text_of(parts[index], "type") not in _TEXTS:
        return ""
    text = text_of(parts[index], "text")
    return text if len(text) < 2_000 else ""
