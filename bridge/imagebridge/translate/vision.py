"""What a vision model sees of a picture: the size after its own downscaling, patches or tiles, tokens.

Sizes are pixels. Source of the table and the formulas: OpenAI's guide "Images and vision", sections
"Image input requirements" and "Calculating costs", read 2026-11-22 (the guide is of September 2026).
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, sqrt
from typing import Literal

Detail = Literal["low", "high", "auto", "original"]

PATCH = 32
"""Pixels on each side of a patch."""

REJECTED_PATCHES = 30_000
"""Above this many patches after processing the API answers 400 instead of downscaling."""


@dataclass(frozen=True, slots=True)
class Patches:
    """Fit into `side` pixels and `budget` patches; a hundred patches cost `rate` tokens."""

    side: int
    budget: int
    rate: int = 120


@dataclass(frozen=True, slots=True)
class Tiles:
    """Fit into 2048 x 2048, then the short side to 768; `base` tokens plus `tile` for each 512-pixel tile."""

    base: int
    tile: int


Sizing = Patches | Tiles


@dataclass(frozen=True, slots=True)
class Family:
    """How the models of one family size pictures. `original` is None where the family refuses that detail."""

    name: str
    low: Sizing
    high: Sizing
    original: Sizing | None
    auto: Literal["high", "original"]
    assumed: bool = False
    """True where the guide has no row, so that the values are a safe guess."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the model sees: `width` x `height` pixels, cut into `units` patches or tiles, for `tokens` tokens."""

    width: int
    height: int
    units: int
    tokens: int


def _patched(name: str, rate: int, *, original: int | None, auto: Literal["high", "original"]) -> Family:
    """A row of the guide in which `low` and `high` differ only in their budget of patches."""
    return Family(
        name,
        low=Patches(2048, 6_144, rate),
        high=Patches(2048, 2_500, rate) if original else Patches(2048, 6_144, rate),
        original=Patches(6_000, original, rate) if original else None,
        auto=auto,
    )


def _tiled(name: str, base: int, tile: int) -> Family:
    """A row of the guide for models that count tiles; `low` costs the base alone."""
    return Family(name, low=Tiles(base, 0), high=Tiles(base, tile), original=None, auto="high")


def _assumed(name: str, rate: int) -> Family:
    """Patch models that the sizing table leaves out: the cap that every vision model takes."""
    sizing = Patches(2048, 2_500, rate)
    return Family(name, low=sizing, high=sizing, original=None, auto="high", assumed=True)


_FIT_512 = Patches(512, 2_500)

SAFE = _assumed("unknown", 120)
"""For models that no row matches: 2048 pixels and 2,500 patches, right for every vision model."""

# First match wins. Dated snapshots and new variants fall to the row of their stem.
FAMILIES: tuple[tuple[str, Family], ...] = (
    (
        r"gpt-(5\.([6-9]|\d\d)|[6-9]|\d\d)",
        Family("gpt-5.6", _FIT_512, Patches(2048, 2_500), Patches(65_535, REJECTED_PATCHES), "original"),
    ),
    (r"gpt-5\.5", Family("gpt-5.5", _FIT_512, Patches(2048, 2_500), Patches(6_000, 10_000), "original")),
    (r"gpt-5\.4", _patched("gpt-5.4", 120, original=10_000, auto="high")),
    (r"gpt-5\.3", _assumed("gpt-5.3", 120)),
    (r"gpt-5\.2", _patched("gpt-5.2", 120, original=None, auto="high")),
    (r"gpt-5\.1", _tiled("gpt-5.1", 70, 140)),
    (r"gpt-5-mini", _assumed("gpt-5-mini", 120)),
    (r"gpt-5-nano", _assumed("gpt-5-nano", 150)),
    (r"gpt-5", _tiled("gpt-5", 70, 140)),
    (r"gpt-4\.1-mini", _patched("gpt-4.1-mini", 162, original=None, auto="high")),
    (r"gpt-4\.1-nano", _assumed("gpt-4.1-nano", 246)),
    (r"gpt-4\.1", _tiled("gpt-4.1", 85, 170)),
    (r"gpt-4o-mini", _tiled("gpt-4o-mini", 2_833, 5_667)),
    (r"(chat)?gpt-4o", _tiled("gpt-4o", 85, 170)),
    (r"o4-mini", _assumed("o4-mini", 172)),
    (r"o[13]", _tiled("o3", 75, 150)),
)


@lru_cache(maxsize=256)
def family(model: str | None) -> Family:
    """Return the family of `model` (a name such as "gpt-5.4-mini-2026-03-01" or "openai/gpt-6-luna").

    None and names that no row matches get `SAFE`, whose `assumed` is true.
    """
    stem = (model or "").strip().rsplit("/", 1)[-1].lower().removeprefix("ft:")
    return next((row for pattern, row in FAMILIES if re.match(rf"{pattern}(?![0-9])", stem)), SAFE)


def known(model: str | None, detail: Detail) -> Detail:
    """Return `detail` as the model knows it: `original` becomes `high` where the family refuses it."""
    return "high" if detail == "original" and family(model).original is None else detail


def sizing(model: str | None, detail: Detail) -> Sizing:
    """Return the row of the table that `model` applies for `detail`."""
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
    """Return the largest size of at most `side` pixels a side and `budget` patches; None for any number of either."""
    if side is not None:
        width, height = _within(width, height, side)
    return (width, height) if budget is None else _within_patches(width, height, budget)


def _within(width: int, height: int, side: int) -> tuple[int, int]:
    """Scale down, never up, until no side is over `side` pixels."""
    scale = min(1.0, side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _within_patches(width: int, height: int, budget: int) -> tuple[int, int]:
    """Scale down until the patches are within `budget`, whole patches along the tighter side (the guide's formula)."""
    if patches(width, height) <= budget:
        return width, height
    scale = sqrt(PATCH * PATCH * budget / (width * height))
    across, down = width * scale / PATCH, height * scale / PATCH
    # A strip thinner than one patch keeps that patch: the guide's floor would make it vanish.
    scale *= min(max(1, floor(across)) / across, max(1, floor(down)) / down, 1.0)
    return max(1, floor(width * scale)), max(1, floor(height * scale))


def _within_tiles(width: int, height: int) -> tuple[int, int]:
    """Scale down to 2048 pixels, then until the short side has 768."""
    width, height = _within(width, height, 2_048)
    scale = min(1.0, 768 / min(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))
