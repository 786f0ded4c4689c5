"""What a model sees of a picture: the size after its own downscaling, patches or tiles, tokens.

Sizes are pixels. Source of the table and the formulas: OpenAI's guide "Images and vision", sections
"Image input requirements" and "Calculating costs", read 2026-11-22 (the guide is of September 2026).
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, sqrt

from imagebridge.facts.models import Detail, Patches, Sizing, Tiles, family

PATCH = 32
"""The number of pixels on each side of a patch."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the model sees: `width` x `height` pixels, cut into `units` patches or tiles, for `tokens` tokens."""

    width: int
    height: int
    units: int
    tokens: int


def known(model: str | None, detail: Detail) -> Detail:
    """Return `detail` as the model knows it: `original` becomes `high` if the family refuses it."""
    return "high" if detail == "original" and family(model).original is None else detail


def sizing(model: str | None, detail: Detail) -> Sizing:
    """Return the row of the table that applies to `model` and `detail`."""
    row = family(model)
    wanted = row.auto if detail == "auto" else detail
    if wanted == "low":
        return row.low
    return (row.original or row.high) if wanted == "original" else row.high


def patches(width: int, height: int) -> int:
    """Return how many 32-pixel patches cover `width` x `height` pixels."""
    return ceil(width / PATCH) * ceil(height / PATCH)


@lru_cache(maxsize=1024)
def seen(width: int, height: int, model: str | None = None, detail: Detail = "high") -> Seen:
    """Return what `model` sees of a picture of `width` x `height` pixels. Never larger than the picture."""
    match sizing(model, detail):
        case Patches(side, budget, rate):
            width, height = _within_patches(*_within(width, height, side), budget)
            count = patches(width, height)
            return Seen(width, height, count, -(-count * rate // 100))
        case Tiles(base, tile):
            width, height = _within_tiles(width, height)
            count = ceil(width / 512) * ceil(height / 512)
            return Seen(width, height, count, base + tile * count)


def bounded(width: int, height: int, side: int | None, budget: int | None) -> tuple[int, int]:
    """Return the largest size with sides of at most `side` pixels and at most `budget` patches; None removes that limit."""
    if side is not None:
        width, height = _within(width, height, side)
    return (width, height) if budget is None else _within_patches(width, height, budget)


def _within(width: int, height: int, side: int) -> tuple[int, int]:
    """Scale down, never up, until both sides are at most `side` pixels."""
    scale = min(1.0, side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _within_patches(width: int, height: int, budget: int) -> tuple[int, int]:
    """Scale down until the patches fit `budget`, with whole patches along the tighter side (the guide's formula)."""
    if patches(width, height) <= budget:
        return width, height
    scale = sqrt(PATCH * PATCH * budget / (width * height))
    across, down = width * scale / PATCH, height * scale / PATCH
    # A strip thinner than one patch keeps that patch: the guide's floor would make it vanish.
    scale *= min(max(1, floor(across)) / across, max(1, floor(down)) / down, 1.0)
    return max(1, floor(width * scale)), max(1, floor(height * scale))


def _within_tiles(width: int, height: int) -> tuple[int, int]:
    """Scale down to 2048 pixels, then until the short side is 768."""
    width, height = _within(width, height, 2_048)
    scale = min(1.0, 768 / min(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))
