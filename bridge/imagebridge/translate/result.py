"""Turns an MCP result into fitted parts and an error flag; handles order, structured content and empty results."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from imagebridge.documents.confined import in_one_process
from imagebridge.wire import URI, blocks_of, is_error, is_json, result_json, text_of

from . import sentences
from .blocks import block_pieces, text_pieces
from .parts import PieceOfBlock, placed
from .picture_lines import KEPT_SCHEME
from .pieces import PicturePiece, ResultContext, TextPiece, for_user_only
from .policy import Policy
from .receiver import ANY, Receiver
from .structured_content import structured_text
from .translation import PlacedPiece

_MOST_BLOCKS = 100_000
"""The maximum number of content blocks read per result, at 12 µs of CPU each (2026-11). No model can use that many."""


class ReadResult(NamedTuple):
    """A result that has been read but not yet fitted: its pieces, and whether its pictures have handles."""

    pieces: Sequence[PieceOfBlock]
    blocks: Sequence[object]
    policy: Policy
    receiver: Receiver
    handles: bool
    is_error: bool

    @property
    def encoded_files(self) -> dict[int, str]:
        """The source of each picture, by number: base64 or a `data:` URL of the full-size file."""
        pictures = [piece for _, piece in self.pieces if isinstance(piece, PicturePiece)]
        return {picture.number: picture.encoded_file or picture.picture.data_url for picture in pictures}

    @property
    def uris(self) -> dict[int, str]:
        """The `image://` names under which a server keeps its pictures and accepts them as arguments, by number.

        A picture that arrived scaled down is not included: the server's copy may differ from the file in its pixels,
        and what the model is told about a handle refers to the pixels of the file.
        """
        by_block: dict[int, list[int]] = {}
        for index, piece in self.pieces:
            if index is not None and isinstance(piece, PicturePiece) and piece.scale == (1, 1):
                by_block.setdefault(index, []).append(piece.number)
        # A block that became several pictures, such as pages, is not included.
        return {
            numbers[0]: uri
            for index, numbers in by_block.items()
            if len(numbers) == 1 and (uri := _uri(self.blocks[index])).startswith(KEPT_SCHEME)
        }

    @property
    def for_user(self) -> list[dict[str, Any]]:
        """The blocks that the server marks for the user and not for the model."""
        return [dict(block) for block in self.blocks if is_json(block) and for_user_only(block)]

    def placed(self) -> tuple[PlacedPiece, ...]:
        """Fit the pictures and turn everything into parts."""
        return placed(self.pieces, self.policy, self.receiver, handles=self.handles)


def _uri(block: object) -> str:
    meta = block.get("_meta") if is_json(block) else None
    return text_of(meta, URI)[:100] if is_json(meta) else ""


@in_one_process()
def read_result(
    result: object, policy: Policy, start: int | None = None, receiver: Receiver = ANY
) -> ReadResult:
    """Read a result for a receiver: find, verify and convert its content. With `start`, pictures have handles from that number on.

    Raises:
        TypeError: `result` is neither a `CallToolResult` nor its JSON object.
    """
    wire = result_json(result)
    context = ResultContext(policy, 1 if start is None else start, receiver)
    blocks = blocks_of(wire)
    context.begin(blocks)
    failed = is_error(wire)
    pieces: list[PieceOfBlock] = [
        (index, piece)
        for index, block in enumerate(blocks[:_MOST_BLOCKS])
        for piece in block_pieces(block, context)
    ]
    if (more := len(blocks) - _MOST_BLOCKS) > 0:
        what = "1 more content block" if more == 1 else f"{more:,} more content blocks"
        why = f"only {_MOST_BLOCKS:,} per result are read; ask the tool for less at a time"
        pieces.append((None, TextPiece(sentences.not_shown(what, why), "a sentence", ours=True)))
    if structured := structured_text(wire):
        first, *hidden = text_pieces(structured, context)
        pieces += [
            (None, TextPiece(first.text, "structured content"))
            if isinstance(first, TextPiece)
            else (None, first)
        ]
        pieces += [(None, piece) for piece in hidden]
    for _, piece in pieces:
        if not isinstance(piece, TextPiece) or piece.text.strip():
            break
    else:
        pieces = [
            (None, TextPiece(sentences.NO_REASON if failed else sentences.NOTHING, "a sentence", ours=True))
        ]
    return ReadResult(pieces, blocks, policy, receiver, start is not None, failed)
