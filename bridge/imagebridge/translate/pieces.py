"""What the content of a result becomes while it is read: pieces, and the memory of what stands in them already."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from imagebridge.facts.models import Detail
from imagebridge.pictures.base64 import packed_base64
from imagebridge.pictures.picture import Picture
from imagebridge.wire import JSON, is_json, is_list, text_of

from . import hidden
from .policy import Policy
from .receiver import ANY, Receiver


class TextPiece(NamedTuple):
    """Text for the model. `what` names it in the account; `ours` marks a sentence that is not the tool's."""

    text: str
    what: str = "text"
    ours: bool = False


class PicturePiece(NamedTuple):
    """Picture `number` of the result: the detail its block asked for, and a sentence that belongs to it.

    source: the media type it was made from, where that is another. size: the pixels that it asked for, where it
    was drawn smaller already. encoded_file: what it was made from, as base64, where that is this picture alone.
    scale: the factors, across and down, from its pixels to those that it had before another layer made it smaller.
    """

    number: int
    picture: Picture
    detail: Detail | None = None
    sentence: str = ""
    source: str = ""
    size: tuple[int, int] | None = None
    encoded_file: str = ""
    scale: tuple[float, float] = (1, 1)

    @property
    def full_size(self) -> tuple[int, int]:
        """Its pixels before anybody made it smaller."""
        width, height = self.size or (self.picture.width, self.picture.height)
        if self.scale == (1, 1):
            return width, height
        across, down = self.scale
        return round(width * across), round(height * down)


class FilePiece(NamedTuple):
    """A document that the API reads itself: a `data:` URL and a file name."""

    data_url: str
    filename: str


class LinkPiece(NamedTuple):
    """Something on the web that the API is to download: a picture, or a file."""

    url: str
    sort: Literal["picture", "document"]
    detail: Detail | None = None


Piece = TextPiece | PicturePiece | FilePiece | LinkPiece


class _Mentions:
    """Words by base64. Two writings of the same bytes are compared without what is between and around them.

    That copies them, so only texts of about the same length as the one that is asked for are.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, list[tuple[str, str]]] = {}
        self._words: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting or self._words)

    def add(self, encoded: str, words: str) -> None:
        """Keep the words; those that came first stay."""
        self._waiting.setdefault(len(encoded).bit_length(), []).append((encoded, words))

    def of(self, encoded: str) -> str:
        """Return the words for the same bytes, empty where there are none."""
        size = len(encoded).bit_length()
        for near in (size - 1, size, size + 1):
            for one, words in self._waiting.pop(near, ()):
                self._words.setdefault(packed_base64(one), words)
        return self._words.get(packed_base64(encoded), "") if self._words else ""


@dataclass(slots=True)
class ResultContext:
    """What is known while one result is read: the policy, and what became of the base64 that was met.

    first: the number of its first picture. receiver: what the pieces are for. withheld: the base64 of what a strict policy keeps from the model, and
    `words` the texts, as JSON strings.
    """

    policy: Policy
    first: int = 1
    receiver: Receiver = ANY
    withheld: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    _count: int = 0
    _read: _Mentions = field(default_factory=_Mentions)
    _ahead: _Mentions = field(default_factory=_Mentions)

    def begin(self, blocks: Sequence[object]) -> None:
        """Look over the blocks of a result before they are read, in order to know in a text what a later block holds.

        Pictures are none of that: where a text names one, it is shown right there.
        """
        for block in filter(is_json, blocks):
            for encoded in carried(block) if block.get("type") != "image" else ():
                self._ahead.add(encoded, "[in another block]")
        if self.policy.audience == "strict":
            self._withhold(filter(for_user_only, filter(is_json, blocks)))

    def _withhold(self, blocks: Iterable[JSON]) -> None:
        """Keep from the model what blocks for the user alone hold, wherever it is repeated."""
        for block in blocks:
            inner = block.get("resource")
            for holder in (block, inner) if is_json(inner) else (block,):
                self.withheld |= {packed_base64(encoded) for encoded in carried(holder)}
                text = text_of(holder, "text")
                for words in {text, text.strip()} - {""}:
                    self.words |= {json.dumps(words), json.dumps(words, ensure_ascii=False)}
                hidden.brought_out(text, lambda encoded: self.withheld.add(packed_base64(encoded)) or "")

    def number(self, encoded: str) -> int:
        """Return the number of the next picture, made from `encoded`."""
        number = self.first + self._count
        self._count += 1
        self._read.add(encoded, f"[picture {number} above]")
        return number

    def remember(self, encoded: str, became: Sequence[Piece]) -> None:
        """Remember what base64 became, a sentence too, so that it is not said again wherever it is repeated."""
        match became:
            case [PicturePiece(number=number), *_]:
                self._read.add(encoded, f"[picture {number} above]")
            case [FilePiece(filename=name), *_]:
                self._read.add(encoded, f"[the file {name} above]")
            case [TextPiece(ours=True), *_]:
                self._read.add(encoded, "[not shown, as said above]")
            case _:
                self._read.add(encoded, "[the text above]")

    @property
    def count(self) -> int:
        """The number of pictures so far."""
        return self._count

    @property
    def holds(self) -> bool:
        """Whether any base64 has been read, or is in a later block."""
        return bool(self._read or self._ahead)

    def mention(self, encoded: str) -> str:
        """Return the words for base64 that has been read, however it was written then; empty where it is new."""
        return self._read.of(encoded)

    def mention_anywhere(self, encoded: str) -> str:
        """Return the words for base64 that has been read, or that a later block holds; empty where neither is so."""
        return self._read.of(encoded) or self._ahead.of(encoded)


def carried(block: JSON) -> Iterator[str]:
    """Yield the base64 that a block carries, itself or in its resource."""
    inner = block.get("resource")
    for holder in (block, inner) if is_json(inner) else (block,):
        for name in ("data", "blob"):
            if encoded := text_of(holder, name):
                yield encoded


def for_user_only(block: JSON) -> bool:
    """Tell whether the server names an audience without the assistant (MCP 2025-11-25, annotations)."""
    annotations = block.get("annotations")
    audience = annotations.get("audience") if is_json(annotations) else None
    # Some servers write the one name in place of a list.
    named = [audience] if isinstance(audience, str) and audience else audience
    return is_list(named) and len(named) > 0 and "assistant" not in named
