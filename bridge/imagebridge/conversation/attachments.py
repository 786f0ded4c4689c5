"""The pictures and files of a conversation: their positions, their names, and what may replace them.

A conversation is a list of items in the wire format of any provider, as JSON; the model's items may be SDK
objects. A computer's screenshot is left alone, because no text can replace it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from imagebridge.errors import PictureError
from imagebridge.pictures.base64 import sample
from imagebridge.pictures.picture import Picture
from imagebridge.providers.provider import AttachmentKind, Provider, Source
from imagebridge.providers.registry import providers
from imagebridge.translate import picture_lines, sentences
from imagebridge.translate.picture_lines import StandInLine
from imagebridge.translate.translation import Text
from imagebridge.wire import JSON, JsonObject, as_object, is_json, is_list

Changes = Mapping[tuple[int, int], JsonObject]
"""New parts by the position of the old ones: the index of the item and of the part in it."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture or file: part `part` of item `item`, with its fields as sent.

    label: its name in words, such as `picture 2 of look (call_3)`. handle: `picture:7`, or "".
    kind: whether it is a picture or a file. wire: the provider that writes and reads it. source: where it comes from.
    """

    item: int
    part: int
    fields: JSON
    label: str
    handle: str
    kind: AttachmentKind
    wire: Provider
    source: Source

    def at(self, place: "StandIn") -> "Attachment":
        """Return the attachment at another position, under the names that it has there."""
        return replace(self, item=place.item, part=place.part, label=place.label, handle=place.handle)

    @property
    def url(self) -> str:
        """Its data URL or web address, or "" if it is referred to by a file's id."""
        return self.source.url

    @property
    def is_data(self) -> bool:
        """Whether the request contains its bytes."""
        return bool(self.url) and "://" not in self.url[:16]

    @property
    def size(self) -> int:
        """The number of bytes in its data URL, or 0 if it has none."""
        if not self.is_data:
            return 0
        length = len(self.url) - self.url.find(",", 0, 1_000) - 1
        return length * 3 // 4 - self.url.count("=", -2)

    @property
    def identity(self) -> tuple[object, ...]:
        """A key that is equal for attachments that show the model the same thing: their bytes and the detail."""
        source = self.source
        origin = source.url if self.is_data else source.file_id
        # The content of a web address may change, and malformed data equals nothing.
        return (_Origin(origin), source.detail) if origin else (self.item, self.part)

    @property
    def pixels(self) -> tuple[int, int] | None:
        """Its width and height, or None if the request does not reveal them."""
        picture = self._picture()
        return (picture.width, picture.height) if picture else None

    def _picture(self) -> Picture | None:
        try:
            return Picture.from_base64(self.url) if self.kind == "picture" and self.is_data else None
        except PictureError:
            return None

    @property
    def description(self) -> str:
        """A description: handle, label, media type, size in pixels and bytes."""
        facts = [self.handle, self.label, sentences.short(self.source.filename)]
        if picture := self._picture():
            facts += [picture.media_type, f"{picture.width}x{picture.height}", sentences.amount(picture.size)]
        elif self.is_data:
            facts += [self.url[5:100].partition(";")[0].partition(",")[0], sentences.amount(self.size)]
        else:
            facts.append(sentences.short(self.url))
        return " ".join(", ".join(filter(None, facts)).split())

    def text(self, sentence: str) -> JsonObject:
        """Return a text part that replaces it."""
        return self._marked(self.wire.part(Text(sentence)))

    def uploaded(self, file_id: str) -> JsonObject | None:
        """Return a part that refers to it by a file id, or None if there is no such part."""
        part = self.wire.uploaded(self.fields, file_id)
        return None if part is None else self._marked(part)

    def _marked(self, part: JsonObject) -> JsonObject:
        mark = self.fields.get("prompt_cache_breakpoint")
        return {**part, "prompt_cache_breakpoint": mark} if mark is not None else part


class _Origin:
    """A long text as a dictionary key. Two texts are compared in full only if samples of them match."""

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
    """One of our sentences in place of an attachment. `refers`: the label or handle that it points to, or ""."""

    item: int
    part: int
    label: str
    handle: str
    refers: str


def gone(attachment: Attachment) -> str:
    """State what was shown here and has been removed."""
    return picture_lines.gone(attachment.description)


def again(attachment: Attachment) -> str:
    """State that the item at this position is `attachment`, which was shown earlier."""
    return picture_lines.again(StandInLine(attachment.kind, attachment.handle or attachment.label))


def listed(items: Iterable[object]) -> list[object]:
    """Return a conversation as a new list.

    Raises:
        TypeError: `items` is not a list of items or messages.
    """
    if isinstance(items, (str, bytes)) or is_json(items) or not isinstance(items, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]  # users without a type checker
        raise TypeError(f"items must be a list of input items or of messages, not {type(items).__name__}")
    return list(items)


def places(items: Sequence[object]) -> Iterator[Attachment | StandIn]:
    """Yield the attachments of a conversation, and the sentences that replace some, in order."""
    names: dict[str, str] = {}
    users = 0
    for at, item in enumerate(items):
        wire, speaker = _read(item)
        names.update(wire.calls(item))
        users += speaker == "user"
        if not is_json(item) or speaker == "assistant":
            continue
        content = _Content.of(item, wire)
        if content.attached or content.standing:
            yield from _placed(at, content, _where(wire.answered(item), speaker, names, users))


def attachments(items: Sequence[object]) -> Iterator[Attachment]:
    """Yield the attachments of a conversation, in order."""
    return (one for one in places(items) if isinstance(one, Attachment))


def replaced(items: Sequence[object], changes: Changes) -> list[object]:
    """Return the items with new parts at some positions; unchanged items are not copied."""
    by_item: dict[int, dict[int, JsonObject]] = {}
    for (at, index), part in changes.items():
        by_item.setdefault(at, {})[index] = part
    return [_with(item, by_item[at]) if at in by_item else item for at, item in enumerate(items)]


def _with(item: object, parts: Mapping[int, JsonObject]) -> object:
    fields = cast("JSON", item)
    name = _read(item)[0].holder(fields)
    content = cast("Sequence[object]", fields[name])
    return {**fields, name: [parts.get(index, part) for index, part in enumerate(content)]}


def by_model(item: object) -> bool:
    """Return whether the model wrote an item or message; its input and the outputs of calls do not count."""
    return _read(item)[1] == "assistant"


def by_user(item: object) -> bool:
    """Return whether the user wrote an item or message; a message with pictures that a tool returned does not count."""
    wire, speaker = _read(item)
    if speaker != "user":
        return False
    return not (is_json(item) and any(map(picture_lines.read_caption, _Content.of(item, wire).lines)))


def is_call(item: object) -> bool:
    """Return whether an item or message of the model requires outputs."""
    return _read(item)[0].waits(item)


def _read(item: object) -> tuple[Provider, str]:
    """Return the wire format of an item, and who wrote it: the model, if nobody is named."""
    wires = providers()
    for wire in wires:
        if speaker := wire.speaker(item):
            return wire, speaker
    return wires[0], "assistant"


@dataclass(frozen=True, slots=True)
class _Content:
    """The content of an item for the model. attached: the kind and wire of each part other than text, by position.

    lines: each part that may be one of our lines, or "". standing: the lines that replace attachments.
    """

    parts: Sequence[JSON]
    attached: Mapping[int, tuple[AttachmentKind, Provider]]
    lines: Sequence[str]
    standing: Mapping[int, StandInLine]

    @classmethod
    def of(cls, item: JSON, wire: Provider) -> "_Content":
        """Read the parts of an item; anything that is not a part becomes an empty object."""
        content = item.get(wire.holder(item))
        parts: list[JSON] = [as_object(part) or {} for part in content] if is_list(content) else []
        # Of all wire formats: some servers take the parts of one in the items of another.
        wires = providers() if parts else ()
        attached: dict[int, tuple[AttachmentKind, Provider]] = {}
        lines: list[str] = []
        standing: dict[int, StandInLine] = {}
        for index, part in enumerate(parts):
            line = ""
            for one in wires:
                if kind := one.kind(part):
                    attached[index] = kind, one
                    break
                if (text := one.text(part)) is not None:
                    # A text that is too long is not one of our lines.
                    line = text if len(text) < _LONGEST else ""
                    break
            lines.append(line)
            if line and (stands := picture_lines.read_stand_in(line)):
                standing[index] = stands
        return cls(parts, attached, lines, standing)

    def line(self, index: int) -> str:
        """Return the line at a position, or "" if there is none."""
        return self.lines[index] if 0 <= index < len(self.lines) else ""


_LONGEST = 2_000
"""A text longer than this cannot be one of our lines."""


def _where(call: str, speaker: str, names: Mapping[str, str], users: int) -> str:
    """Name the call or message that an attachment belongs to."""
    if call:
        return f"{names[call]} ({call})" if call in names else call
    return f"user message {users}" if speaker == "user" else f"a {speaker} message"


def _placed(at: int, content: _Content, where: str) -> Iterator[Attachment | StandIn]:
    standing = content.standing
    kinds: dict[int, AttachmentKind] = {
        index: standing[index].kind if index in standing else content.attached[index][0]
        for index in range(len(content.parts))
        if index in standing or index in content.attached
    }
    handles = {
        index: handle
        for index, kind in kinds.items()
        if kind == "picture" and (handle := picture_lines.read_named(content.line(index + 1)))
    }
    named = {handle.number for handle in handles.values()}
    numbers: Counter[AttachmentKind] = Counter()
    for index, kind in kinds.items():
        piece = picture_lines.read_part(content.line(index + 1)) if kind == "picture" else None
        # The parts of a picture count as one.
        numbers[kind] += piece is None or piece.number == 1
        number = numbers[kind]
        # No two get the same: what is next to a picture with a handle may be counted under its name.
        while kind == "picture" and number in named:
            number += len(kinds)
        stand_in, handle = standing.get(index), handles.get(index)
        caption = picture_lines.read_caption(content.line(index - 1))
        number = handle.number if handle else number
        named_so = f"{piece.beginning if piece else ''}{kind} {number} of {where}"
        label = sentences.short(caption or named_so)
        name = handle.name if handle else ""
        if stand_in:
            yield StandIn(at, index, label, name, stand_in.refers)
        else:
            part, wire = content.parts[index], content.attached[index][1]
            yield Attachment(at, index, part, label, name, kind, wire, wire.source(part))
