"""What the models of each family see and cost, until when OpenAI serves them, which take tools in Chat Completions: dated tables.

Sizes are pixels. Source of the families: OpenAI's guide "Images and vision", sections "Image input requirements" and
"Calculating costs", read 2026-11-22 (the guide is of September 2026). Of the prices: each model's own page.
Of last days and tools: https://developers.openai.com/api/docs/deprecations and the guide "Deployment checklist", read
2026-11-29; a model by another server's name is in neither.
"""

import datetime
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal, NamedTuple

Detail = Literal["low", "high", "auto", "original"]


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
    """How the models of one family take pictures. `original` is None where the family refuses that detail."""

    name: str
    low: Sizing
    high: Sizing
    original: Sizing | None
    auto: Literal["high", "original"]
    assumed: bool = False
    """True where the guide has no row, so that the values are a safe guess."""
    cache_breakpoints: bool = False
    """True where `prompt_cache_breakpoint` is taken: gpt-5.6 and later (openai 3.54, `PromptCacheOptions`, 2026-11-22)."""


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
        Family(
            "gpt-5.6",
            _FIT_512,
            Patches(2048, 2_500),
            Patches(65_535, REJECTED_PATCHES),
            "original",
            cache_breakpoints=True,
        ),
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


PRICES_READ = datetime.date(2026, 11, 29)
"""When the sources were read: https://developers.openai.com/api/docs/models/NAME, "Pricing", or the list that a row names."""


class Price(NamedTuple):
    """USD for a million tokens, at standard processing."""

    input: float
    cached: float
    written: float | None
    """Input that is written to the prompt cache, for its first 30 minutes; None where no source tells."""
    output: float


# Any other model has no price here: none is guessed from its relatives.
PRICES = {
    "gpt-6.2-astra": Price(8.00, 0.40, None, 40.00),  # litellm's discussion 52347, 2026-11-17
    "gpt-6.2-sol": Price(2.00, 0.10, 2.50, 10.00),
    "gpt-6.1-sol": Price(2.00, 0.10, 2.50, 10.00),
    "gpt-6.1-terra": Price(1.00, 0.05, 1.25, 5.00),
    "gpt-6-astra": Price(10.00, 1.00, 12.50, 50.00),  # codex-token-meter 0.2.22
    "gpt-6-sol": Price(2.00, 0.20, 2.50, 10.00),
    "gpt-6-luna": Price(0.10, 0.01, 0.125, 0.50),
    "gpt-5.6-luna": Price(0.20, 0.02, 0.25, 1.20),
    "gpt-5.6-sol": Price(4.00, 0.40, None, 20.00),  # published lists, without a date
    "gpt-5.6-terra": Price(2.00, 0.20, None, 12.00),  # published lists, without a date
    "gpt-5.5": Price(5.00, 0.50, None, 30.00),  # a reseller's list, without a date
    "gpt-5.4": Price(2.50, 0.25, None, 15.00),  # a reseller's list, without a date
    "gpt-5.4-mini": Price(0.75, 0.075, None, 4.50),  # a reseller's list, without a date
}


LONG_INPUT = 272_000
"""Input tokens above which a whole request costs twice for its input and 1.5 times for its output."""


@dataclass(frozen=True, slots=True)
class DefaultModel:
    """A default model: since when, and why this one."""

    since: date
    name: str
    reason: str


DEFAULTS: tuple[DefaultModel, ...] = (
    DefaultModel(
        date(2026, 11, 22),
        "gpt-5.6-luna",
        "sees pictures at every detail; in openai 3.54 (types/shared/chat_model.py) without an announced end",
    ),
    DefaultModel(
        date(2026, 11, 29),
        "gpt-6-luna",
        "OpenAI's advice for cost-sensitive work (docs/models): half the price, sees pictures at the same sizes",
    ),
)
"""The newest stands last."""


AVAILABILITY_READ = datetime.date(2026, 11, 29)


_DAY = datetime.date


class LastDay(NamedTuple):
    """The day on which models end, and which: their names match `pattern`, dated snapshots too."""

    pattern: str
    day: datetime.date


# First match wins.
LAST_DAYS: tuple[LastDay, ...] = (
    LastDay(r"gpt-5\.3-codex|gpt-5\.1|gpt-5\.4-nano", _DAY(2027, 4, 1)),
    LastDay(
        r"(gpt-5|o3)(-.+)?", _DAY(2026, 12, 11)
    ),  # as "gpt-5*" and "o3*": every variant, and no other version
    LastDay(r"(chat)?gpt-4o(-.+)?|gpt-4\.1(-mini)?", _DAY(2027, 1, 14)),  # as "gpt-4o*"
    LastDay(r"o1(-mini|-pro|-preview)?|o4-mini|gpt-4\.1-nano|gpt-image-1", _DAY(2026, 10, 23)),
    LastDay(r"gpt-image-1\.5|gpt-image-1-mini|chatgpt-image-latest", _DAY(2026, 12, 1)),
)


_DATED = re.compile(r"-\d{4}-\d\d-\d\d$")


ChatTools = Literal["without effort", "never"]
"""How a model takes function tools in Chat Completions: only with `reasoning_effort="none"`, or not at all."""


# A live 400 since 2026-07 (TheR1D/shell_gpt#801) and the guide. gpt-6.2 is not known: it is in no row.
CHAT_TOOLS: tuple[tuple[str, ChatTools], ...] = (
    (r"gpt-5\.6(-\w+)?|gpt-6-(sol|luna)", "without effort"),
    (r"gpt-6-astra|gpt-6\.1-(sol|terra)", "never"),
)


# OpenAI's page of gpt-6.2-sol: effort none and minimal are refused.
_ALWAYS_REASONING = re.compile(r"gpt-6\.1-sol|gpt-6\.2-\w+")


def _stem(model: str) -> str:
    """Return the name of a model without its maker's prefix and its date."""
    return _DATED.sub("", model.strip().lower().removeprefix("openai/"))


def price_of(model: str) -> Price | None:
    """Return what a model's tokens cost, whatever its date; None where no price is known, as behind a router."""
    return PRICES.get(_DATED.sub("", model))


def last_day(model: str) -> datetime.date | None:
    """Return the day on which a model ends or ended; None where no end is announced."""
    stem = _stem(model)
    return next((one.day for one in LAST_DAYS if re.fullmatch(one.pattern, stem)), None)


def ending(model: str, today: datetime.date) -> str:
    """Say that a model has ended or ends within 90 days of `today`; "" where it does not."""
    day = last_day(model)
    if day is None or (day - today).days > _SOON:
        return ""
    return f"{model} {'has ended' if day <= today else 'ends'} on {day}"


_SOON = 90
"""Days before its end in which a model is worth a word."""


def chat_tools_of(model: str) -> ChatTools | None:
    """Return what a model asks of Chat Completions with function tools; None where that is nothing, or not known."""
    stem = _stem(model)
    return next((how for pattern, how in CHAT_TOOLS if re.fullmatch(pattern, stem)), None)


def always_reasons(model: str) -> bool:
    """Tell whether a model refuses the efforts "none" and "minimal"."""
    return bool(_ALWAYS_REASONING.fullmatch(_stem(model)))


def no_chat_tools(model: str) -> str:
    """Say that a model takes no tools in Chat Completions."""
    return f"{model} takes function tools in the Responses API alone, and not in Chat Completions"
