"""A translated result: neutral, fitted parts for the model, and an account of what became of each block."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from imagebridge.errors import counted
from imagebridge.facts.models import Detail
from imagebridge.pictures.picture import Picture
from imagebridge.wire import contents_of, is_json, paired, text_of

from . import sentences
from .picture_lines import numbered, part_of
from .pieces import FilePiece, LinkPiece
from .vision import Seen


class ShownPicture(NamedTuple):
    """Picture `number` as it is sent: after fitting, at its detail, with what the `model` sees of it.

    full_size: its size in pixels before fitting. source: the media type that it was converted from, if that
    differs. handle: the name under which a tool can receive it, such as `picture:3`, if it has one.
    strip: which of several strips of a long picture this is, such as `part 2 of 5`; empty for a whole picture.
    assumed: whether the sizes that the model sees are assumed.
    """

    number: int
    picture: Picture
    seen: Seen
    detail: Detail
    model: str | None
    full_size: tuple[int, int]
    source: str = ""
    handle: str = ""
    strip: str = ""
    assumed: bool = False

    def __str__(self) -> str:
        picture = self.picture
        facts = [self.strip] if self.strip else []
        facts += [picture.media_type, f"{picture.width}x{picture.height}", sentences.amount(picture.size)]
        if self.source:
            facts.append(f"made from {self.source}")
        if self.full_size != (picture.width, picture.height):
            facts.append("shrunk from {}x{}".format(*self.full_size))
        assumed = f" (sizes for {self.model} are assumed)" if self.assumed else ""
        return f"{', '.join(facts)}, {counted(self.seen.tokens, 'token')} at detail {self.detail}{assumed}"


class Text(NamedTuple):
    """Text for the model."""

    text: str


def words(text: str) -> Text:
    """Return a text for the model. Lone surrogates, which JSON can write but UTF-8 cannot, become U+FFFD."""
    return Text(paired(text))


Part = Text | ShownPicture | FilePiece | LinkPiece
"""A part that a provider writes in its own format."""


def is_file(part: Part) -> bool:
    """Return whether a part is a document, or the address of one."""
    return isinstance(part, FilePiece) or (isinstance(part, LinkPiece) and part.sort == "document")


class PlacedPiece(NamedTuple):
    """The parts of one piece, its block (None: the result itself), and the picture or the name of other content."""

    block: int | None
    parts: list[Part]
    content: ShownPicture | str

    @property
    def name(self) -> str:
        """The name of the shown item in accompanying text."""
        if not isinstance(self.content, ShownPicture):
            return self.content
        return part_of(numbered(self.content.number, self.content.number), self.content.strip)


class Note(NamedTuple):
    """The account of one block: `block` is its index in `content`, or None for the result itself.

    came: the content as it arrived. done: what the model receives in its place. tokens: the tokens of its pictures.
    """

    block: int | None
    came: str
    done: str
    tokens: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class FittedResult:
    """A result as neutral parts that a receiver accepts, in the order of the blocks.

    placed: the parts, grouped by piece. blocks: the original blocks. for_user: blocks that the server marks for the
    user and not for the model. is_error: whether the tool failed.
    """

    placed: tuple[PlacedPiece, ...]
    blocks: Sequence[object]
    for_user: list[dict[str, Any]] = field(default_factory=list)
    is_error: bool = False

    def __repr__(self) -> str:
        # Only the account: whole pictures are no use on a terminal.
        return f"{type(self).__name__}(notes={self.notes}, tokens={self.tokens})"

    @property
    def pictures(self) -> tuple[ShownPicture, ...]:
        """The pictures among the parts."""
        return tuple(one.content for one in self.placed if isinstance(one.content, ShownPicture))

    @property
    def tokens(self) -> int:
        """Tokens of the pictures."""
        return sum(picture.seen.tokens for picture in self.pictures)

    @property
    def notes(self) -> tuple[Note, ...]:
        """The account: one note for each block, and one for the result itself."""
        by_block: dict[int | None, list[PlacedPiece]] = {index: [] for index in range(len(self.blocks))}
        for one in self.placed:
            by_block.setdefault(one.block, []).append(one)
        return tuple(self._note(index, placed) for index, placed in by_block.items())

    def _note(self, index: int | None, placed: list[PlacedPiece]) -> Note:
        came = "the result itself" if index is None else _block_summary(self.blocks[index])
        done = "; ".join(dict.fromkeys(str(one.content) for one in placed)) or "nothing"
        return Note(
            index,
            came,
            done,
            sum(one.content.seen.tokens for one in placed if isinstance(one.content, ShownPicture)),
        )


def _block_summary(block: object) -> str:
    """Describe a block by its type, label and length."""
    if not is_json(block):
        return type(block).__name__
    inner = contents_of(block)
    length = max(len(text_of(inner, key)) for key in ("text", "data", "blob"))
    size = counted(length, "character") if length else text_of(inner, "uri")
    facts = (text_of(block, "type") or "no type", text_of(inner, "mimeType"), size)
    return ", ".join(part[:100] for part in facts if part)
