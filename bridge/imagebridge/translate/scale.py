"""Pictures that arrive scaled down: the factor to the original, stated in `_meta` and in a sentence of a text.

Each layer that makes a picture smaller multiplies the factor and updates the sentence, so that the model gets
a single factor from the coordinates that it sees to those of the original.
"""

from collections.abc import Sequence

from imagebridge.wire import JSON, is_json, is_number

from .picture_lines import multiplied
from .pieces import PicturePiece, Piece, TextPiece

SCALE = "imagebridge/scale"
"""The `_meta` key of a picture that was scaled down: the factor from its coordinates to those of the original. A layer that
scales it down again multiplies the factor, so that the model gets a single one."""


def scale_of(block: JSON) -> float:
    """Return the factor by which a picture was scaled down before it arrived."""
    meta = block.get("_meta")
    if not is_json(meta):
        return 1.0
    scale = meta.get(SCALE)
    if not is_number(scale) or not 0 < scale < 1e6:
        return 1.0
    return float(scale)


def taken_over(pieces: Sequence[tuple[int | None, Piece]]) -> list[tuple[int | None, Piece]]:
    """Return the pieces without the sentences that state their pictures' factors, which the pictures' own lines repeat.

    If a sentence states a different factor for the height, the picture adopts it.
    """
    remaining = list(pieces)
    for at, (block, piece) in enumerate(remaining):
        if isinstance(piece, PicturePiece) and piece.scale != (1, 1):
            down = _taken_out(remaining, piece.scale[0])
            if down is not None:
                remaining[at] = block, piece._replace(scale=(piece.scale[0], down))
    return remaining


def _taken_out(pieces: list[tuple[int | None, Piece]], scale: float) -> float | None:
    """Remove the first sentence with a factor from its text; return its factor for the height, or None."""
    for its in ("", "its "):
        for at, (block, piece) in enumerate(pieces):
            if isinstance(piece, TextPiece) and (found := multiplied(its, scale).search(piece.text)):
                before, after = piece.text[: found.start()].rstrip(" "), piece.text[found.end() :]
                text = before + after if before else after.lstrip(" ")
                pieces[at] = block, (piece._replace(text=text) if text else _MOVED)
                return float(found["down"]) if found["down"] else None
    return None


_MOVED = TextPiece("", "a factor, which is stated next to its picture", ours=True)
