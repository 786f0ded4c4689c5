"""The pieces that a result's content becomes while it is read, and a record of what they already contain."""

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
    """Text for the model. `what` describes it in a `Note`; `ours` marks our own sentences, not the tool's."""

    text: str
    what: str = "text"
    ours: bool = False


class PicturePiece(NamedTuple):
    """Picture `number` of the result: the detail that its block requests, and a sentence that belongs to it.

    source: the media type that it was converted from, if it differs. size: the pixels that it requested, if it was
    drawn smaller. encoded_file: the file that it was made from, as base64, if that file is this picture alone.
    scale: the factors, across and down, from its pixels to those of the picture before another layer shrank it.
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
        """Its size in pixels before any layer made it smaller."""
        width, height = self.size or (self.picture.width, self.picture.height)
        if self.scale == (1, 1):
            return width, height
        across, down = self.scale
        return round(width * across), round(height * down)


class FilePiece(NamedTuple):
    """A document that the API reads: a `data:` URL and a file name."""

    data_url: str
    filename: str


class LinkPiece(NamedTuple):
    """A picture or file on the web for the API to download."""

    url: str
    sort: Literal["picture", "document"]
    detail: Detail | None = None


Piece = TextPiece | PicturePiece | FilePiece | LinkPiece


class _Mentions:
    """Words by base64. Different encodings of the same bytes compare equal: line breaks and surrounding text are ignored.

    That copies the texts, so only texts of about the same length are compared.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, list[tuple[str, str]]] = {}
        self._words: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting or self._words)

    def add(self, encoded: str, words: str) -> None:
        """Store the words; for the same bytes, the first ones are kept."""
        self._waiting.setdefault(len(encoded).bit_length(), []).append((encoded, words))

    def of(self, encoded: str) -> str:
        """Return the words that replace the same bytes, or an empty string."""
        size = len(encoded).bit_length()
        for near in (size - 1, size, size + 1):
            for one, words in self._waiting.pop(near, ()):
                self._words.setdefault(packed_base64(one), words)
        return self._words.get(packed_base64(encoded), "") if self._words else ""


@dataclass(slots=True)
class ResultContext:
    """The state while one result is read: the policy, and what became of each base64 text seen so far.

    first: the number of the first picture. receiver: the receiver of the pieces. withheld: the base64 that a
    strict policy keeps from the model, and `words` the texts, as JSON strings.
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
        """Look through the blocks before reading them, so that a text can refer to what a later block contains.

        This excludes pictures: if a text contains one, it is shown right there.
        """
        for block in filter(is_json, blocks):
            for encoded in carried(block) if block.get("type") != "image" else ():
                self._ahead.add(encoded, "[in another block]")
        if self.policy.audience == "strict":
            self._withhold(filter(for_user_only, filter(is_json, blocks)))

    def _withhold(self, blocks: Iterable[JSON]) -> None:
        """Keep the content of user-only blocks from the model, wherever it is repeated."""
        for block in blocks:
            inner = block.get("resource")
            for holder in (block, inner) if is_json(inner) else (block,):
                self.withheld |= {packed_base64(encoded) for encoded in carried(holder)}
                text = text_of(holder, "text")
                for words in {text, text.strip()} - {""}:
                    self.words |= {json.dumps(words), json.dumps(words, ensure_ascii=False)}
                hidden.brought_out(text, lambda encoded: self.withheld.add(packed_base64(encoded)) or "")

    def number(self, encoded: str) -> int:
        """Return the number for the next picture, which is made from `encoded`."""
        number = self.first + self._count
        self._count += 1
        self._read.add(encoded, f"[picture {number} above]")
        return number

    def remember(self, encoded: str, became: Sequence[Piece]) -> None:
        """Remember what base64 became, even if it became a sentence, so that repetitions are not described again."""
        match became:
            case [PicturePiece(number=number), *_]:
                self._read.add(encoded, f"[picture {number} above]")
            case [FilePiece(filename=name), *_]:
                self._read.add(encoded, f"[the file {name} above]")
            case [TextPiece(ours=True), *_]:
                self._read.add(encoded, "[not shown, as stated above]")
            case _:
                self._read.add(encoded, "[the text above]")

    @property
    def count(self) -> int:
        """The number of pictures so far."""
        return self._count

    @property
    def holds(self) -> bool:
        """Whether any base64 has been read or is in a later block."""
        return bool(self._read or self._ahead)

    def mention(self, encoded: str) -> str:
        """Return the words that replace base64 that has been read, in any encoding; an empty string if it is new."""
        return self._read.of(encoded)

    def mention_anywhere(self, encoded: str) -> str:
        """Return the words that replace base64 that has been read or is in a later block; an empty string if it is new."""
        return self._read.of(encoded) or self._ahead.of(encoded)


def carried(block: JSON) -> Iterator[str]:
    """Yield the base64 of a block or of its resource."""
    inner = block.get("resource")
    for holder in (block, inner) if is_json(inner) else (block,):
        for name in ("data", "blob"):
            if encoded := text_of(holder, name):
                yield encoded


def for_user_only(block: JSON) -> bool:
    """Return whether the server names an audience that excludes the assistant (MCP 2025-11-25, annotations)."""
    annotations = block.get("annotations")
    audience = annotations.get("audience") if is_json(annotations) else None
    # Some servers write a single name instead of a list.
    named = [audience] if isinstance(audience, str) and audience else audience
    return is_list(named) and len(named) > 0 and "assistant" not in named
