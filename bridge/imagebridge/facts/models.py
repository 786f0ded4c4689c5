"""Picture sizes, prices, shutdown dates and tool support of the models, one row per family.

Sizes are pixels. Source of the families: OpenAI's guide "Images and vision", sections "Image input requirements" and
"Calculating costs", read 2026-11-22 (the guide is of September 2026). Source of the prices: each model's own page, or the list named in its row.
Source of shutdown dates and tools: https://developers.openai.com/api/docs/deprecations and the guide "Deployment checklist", read
2026-11-29; models that other servers offer under their own names are in neither.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from logging import getLogger
from typing import Literal, NamedTuple, TypeVar

from imagebridge.errors import nearest

_LOG = getLogger(__name__)

Detail = Literal["low", "high", "auto", "original"]


REJECTED_PATCHES = 30_000
"""The maximum number of patches after processing; above it, the API answers 400 instead of scaling down."""


@dataclass(frozen=True, slots=True)
class Patches:
    """A sizing rule: fit into `side` pixels and `budget` patches; a hundred patches cost `rate` tokens."""

    side: int
    budget: int
    rate: int = 120


@dataclass(frozen=True, slots=True)
class Tiles:
    """A sizing rule: fit into 2048 x 2048, then the short side to 768; `base` tokens plus `tile` per 512-pixel tile."""

    base: int
    tile: int


Sizing = Patches | Tiles


ChatTools = Literal["without effort", "never"]
"""How a model accepts function tools in Chat Completions: only with `reasoning_effort="none"`, or not at all."""


class Price(NamedTuple):
    """Prices in USD per million tokens, with standard processing."""

    input: float
    cached: float
    written: float | None
    """The price of input written to the prompt cache, for its first 30 minutes; None if no source states it."""
    output: float


class ImagePrice(NamedTuple):
    """Prices in USD per million tokens of text input, picture input and picture output."""

    text: float
    pictures: float
    output: float


@dataclass(frozen=True, slots=True)
class Family:
    """Everything known about the models of one family. `original` is None if the family refuses that detail.

    Facts about only some of the models are keyed by a pattern for their full names, without maker and date.
    """

    name: str
    pattern: str
    """A pattern for the start of model names, so that dated snapshots and new variants match the row of their base
    name."""
    low: Sizing
    high: Sizing
    original: Sizing | None
    auto: Literal["high", "original"]
    assumed: bool = False
    """Whether the values are a safe guess, because the guide has no row for the family."""
    cache_breakpoints: bool = False
    """Whether `prompt_cache_breakpoint` is accepted: gpt-5.6 and later (openai 3.54, `PromptCacheOptions`, 2026-11-22)."""
    models: Mapping[str, Price | None] = field(default_factory=dict[str, Price | None])
    """The models that OpenAI lists, with their prices. Other models have no price here: prices are not guessed from
    related models."""
    drawing: Mapping[str, ImagePrice] = field(default_factory=dict[str, ImagePrice])
    """The prices of the models that draw; other drawing models have no price here."""
    ends: Mapping[str, date] = field(default_factory=dict[str, date])
    """The shutdown dates of models."""
    chat_tools: Mapping[str, ChatTools] = field(default_factory=dict[str, ChatTools])
    """How models handle tools in Chat Completions, where this differs from the default."""
    always_reason: str | None = None
    """A pattern for the models that refuse the efforts "none" and "minimal"."""


def _patched(name: str, rate: int, *, original: int | None = None) -> Family:
    """Return a row of the guide in which `low` and `high` differ only in their patch budget."""
    return Family(
        name,
        re.escape(name),
        low=Patches(2048, 6_144, rate),
        high=Patches(2048, 2_500, rate) if original else Patches(2048, 6_144, rate),
        original=Patches(6_000, original, rate) if original else None,
        auto="high",
    )


def _tiled(name: str, base: int, tile: int) -> Family:
    """Return a row of the guide for models that count tiles; `low` costs only the base."""
    return Family(name, re.escape(name), Tiles(base, 0), Tiles(base, tile), original=None, auto="high")


def _assumed(name: str, rate: int) -> Family:
    """Return a row for patch models that the sizing table omits, with the limit that every vision model accepts."""
    sizing = Patches(2048, 2_500, rate)
    return Family(name, re.escape(name), sizing, sizing, original=None, auto="high", assumed=True)


def _in_full(name: str, pattern: str) -> Family:
    """Return a row like the newest one in the guide: `auto` shows every pixel."""
    return Family(
        name,
        pattern,
        low=Patches(512, 2_500),
        high=Patches(2048, 2_500),
        original=Patches(65_535, REJECTED_PATCHES),
        auto="original",
        cache_breakpoints=True,
    )


SAFE = _assumed("unknown", 120)
"""For models without a row: 2048 pixels and 2,500 patches, which is right for every vision model."""

_APRIL, _DECEMBER, _JANUARY = date(2027, 4, 1), date(2026, 12, 11), date(2027, 1, 14)
_OCTOBER = date(2026, 10, 23)

# First match wins. Tools in Chat Completions: a live 400 since 2026-07 (TheR1D/shell_gpt#801) and the
# guide; for gpt-6.2 it is not known. Always reasoning: OpenAI's page on gpt-6.2-sol, which refuses none and minimal.
FAMILIES: tuple[Family, ...] = (
    replace(
        _in_full("gpt-6.2", r"gpt-6\.2"),
        models={
            "gpt-6.2-astra": Price(8.00, 0.40, None, 40.00),  # litellm's discussion 52347, 2026-11-17
            "gpt-6.2-sol": Price(2.00, 0.10, 2.50, 10.00),
        },
        always_reason=r"gpt-6\.2-\w+",
    ),
    replace(
        _in_full("gpt-6.1", r"gpt-6\.1"),
        models={
            "gpt-6.1-sol": Price(2.00, 0.10, 2.50, 10.00),
            "gpt-6.1-terra": Price(1.00, 0.05, 1.25, 5.00),
        },
        chat_tools={r"gpt-6\.1-(sol|terra)": "never"},
        always_reason=r"gpt-6\.1-sol",
    ),
    replace(
        _in_full("gpt-6", r"gpt-6(?!\.)"),
        models={
            "gpt-6-astra": Price(10.00, 1.00, 12.50, 50.00),  # codex-token-meter 0.2.22
            "gpt-6-sol": Price(2.00, 0.20, 2.50, 10.00),
            "gpt-6-luna": Price(0.10, 0.01, 0.125, 0.50),
        },
        chat_tools={r"gpt-6-(sol|luna)": "without effort", r"gpt-6-astra": "never"},
    ),
    replace(
        # And everything newer without a row yet.
        _in_full("gpt-5.6", r"gpt-(5\.([6-9]|\d\d)|[6-9]|\d\d)"),
        models={
            "gpt-5.6-sol": Price(4.00, 0.40, None, 20.00),  # published lists, without a date
            "gpt-5.6-terra": Price(2.00, 0.20, None, 12.00),  # published lists, without a date
            "gpt-5.6-luna": Price(0.20, 0.02, 0.25, 1.20),
        },
        chat_tools={r"gpt-5\.6(-.+)?": "without effort"},  # the guide writes "gpt-5.6*"
    ),
    Family(
        "gpt-5.5",
        r"gpt-5\.5",
        low=Patches(512, 2_500),
        high=Patches(2048, 2_500),
        original=Patches(6_000, 10_000),
        auto="original",
        models={"gpt-5.5": Price(5.00, 0.50, None, 30.00)},  # a reseller's list, without a date
    ),
    replace(
        _patched("gpt-5.4", 120, original=10_000),
        models={
            "gpt-5.4": Price(2.50, 0.25, None, 15.00),  # a reseller's list, without a date
            "gpt-5.4-mini": Price(0.75, 0.075, None, 4.50),  # a reseller's list, without a date
        },
        ends={r"gpt-5\.4-nano": _APRIL},
    ),
    replace(_assumed("gpt-5.3", 120), ends={r"gpt-5\.3-codex": _APRIL}),
    _patched("gpt-5.2", 120),
    replace(_tiled("gpt-5.1", 70, 140), ends={r"gpt-5\.1": _APRIL}),
    # The guide writes "gpt-5*", "o3*" and "gpt-4o*": every variant is shut down, but no other version.
    replace(_assumed("gpt-5-mini", 120), ends={r"gpt-5-.+": _DECEMBER}),
    replace(_assumed("gpt-5-nano", 150), ends={r"gpt-5-.+": _DECEMBER}),
    replace(_tiled("gpt-5", 70, 140), ends={r"gpt-5(-.+)?": _DECEMBER}),
    replace(_patched("gpt-4.1-mini", 162), ends={r"gpt-4\.1-mini": _JANUARY}),
    replace(_assumed("gpt-4.1-nano", 246), ends={r"gpt-4\.1-nano": _OCTOBER}),
    replace(_tiled("gpt-4.1", 85, 170), ends={r"gpt-4\.1": _JANUARY}),
    replace(_tiled("gpt-4o-mini", 2_833, 5_667), ends={r"gpt-4o-.+": _JANUARY}),
    replace(_tiled("gpt-4o", 85, 170), pattern=r"(chat)?gpt-4o", ends={r"(chat)?gpt-4o(-.+)?": _JANUARY}),
    replace(_assumed("o4-mini", 172), ends={r"o4-mini": _OCTOBER}),
    replace(
        _tiled("o3", 75, 150),
        pattern=r"o[13]",
        ends={r"o3(-.+)?": _DECEMBER, r"o1(-mini|-pro|-preview)?": _OCTOBER},
    ),
    # These draw: what they see is the safe guess.
    replace(
        _assumed("gpt-image", 120),
        pattern=r"(chat)?gpt-image",
        models=dict.fromkeys(("gpt-image-2.6-sunburst", "gpt-image-2.6-flare", "gpt-image-2")),
        # The documented default of the Responses tool: OpenAI's models page, 2026-11-29.
        drawing={"gpt-image-2.6-sunburst": ImagePrice(5.00, 8.00, 30.00)},
        ends={
            r"gpt-image-1": _OCTOBER,
            r"gpt-image-1\.5|gpt-image-1-mini|chatgpt-image-latest": date(2026, 12, 1),
        },
    ),
)


@lru_cache(maxsize=256)
def family(model: str | None) -> Family:
    """Return the family of `model` (a name such as "gpt-5.4-mini-2026-03-01" or "openai/gpt-6-luna").

    None and names without a row get `SAFE`, whose `assumed` is true.
    """
    stem = (model or "").strip().rsplit("/", 1)[-1].lower().removeprefix("ft:")
    return next((row for row in FAMILIES if re.match(rf"{row.pattern}(?![0-9])", stem)), SAFE)


PRICES_READ = date(2026, 11, 29)
"""The date on which the prices were read."""


LONG_INPUT = 272_000
"""The number of input tokens above which a request costs twice as much for input and 1.5 times as much for output."""


@dataclass(frozen=True, slots=True)
class DefaultModel:
    """A default model, with the date on which it was chosen and the reason."""

    since: date
    name: str
    reason: str


DEFAULTS: tuple[DefaultModel, ...] = (
    DefaultModel(
        date(2026, 11, 22),
        "gpt-5.6-luna",
        "sees pictures at every detail; in openai 3.54 (types/shared/chat_model.py), no shutdown announced",
    ),
    DefaultModel(
        date(2026, 11, 29),
        "gpt-6-luna",
        "OpenAI's advice for cost-sensitive work (docs/models): half the price, sees pictures at the same sizes",
    ),
)
"""The default models over time, the current one last."""


AVAILABILITY_READ = date(2026, 11, 29)
"""The date on which shutdown dates and tool support were read."""


_DATED = re.compile(r"-\d{4}-\d\d-\d\d$")

T = TypeVar("T")


def _stem(model: str) -> str:
    """Return the name of a model without its maker's prefix and its date."""
    return _DATED.sub("", model.strip().lower().removeprefix("openai/"))


def _first(facts: Iterable[tuple[str, T]], model: str) -> T | None:
    """Return the fact for the first pattern that matches the full name of a model."""
    stem = _stem(model)
    return next((fact for pattern, fact in facts if re.fullmatch(pattern, stem)), None)


def listed() -> list[str]:
    """Return the names of the models that OpenAI lists (its pages of models; openai 3.57, types/image_model.py)."""
    return [name for row in FAMILIES for name in row.models]


_ALIKE = 0.85
"""The minimum similarity of a misspelt name and the one that was meant. Lower, gpt-6-nova would count as gpt-6-luna."""


@lru_cache
def warn_if_misspelt(model: str) -> None:
    """Log a warning, once for each name, if a model's name looks like a misspelling of one that OpenAI lists."""
    if near := _misspelt(model):
        _LOG.warning("unknown model %r; did you mean %r?", model, near)


def _misspelt(model: str) -> str | None:
    """Return the listed name that an unlisted one misspells; None if it may well be another model.

    These are other models: other numbers (gpt-7-luna), a listed name with additions (gpt-6-luna-2026-09-01,
    azure/gpt-6-luna), and a listed name whose dots are hyphens, as deployments are named (gpt-5-4-mini).
    """
    near = nearest(model, listed(), _ALIKE)
    if near is None or re.findall(r"\d+", near) != re.findall(r"\d+", model):
        return None
    if re.search(rf"(?<![a-z0-9]){re.escape(near)}(?![a-z0-9])", model) or near.replace(".", "-") == model:
        return None
    return near


def price_of(model: str) -> Price | None:
    """Return the prices of a model, ignoring the date in its name; None if unknown, as for models behind a router."""
    name = _DATED.sub("", model)
    return next((row.models[name] for row in FAMILIES if name in row.models), None)


def image_cost(model: str, text: int, pictures: int, output: int) -> float | None:
    """Return the cost in USD of one drawing request, or None if the prices of `model` are not known."""
    price = next((row.drawing[model] for row in FAMILIES if model in row.drawing), None)
    if price is None:
        return None
    return (text * price.text + pictures * price.pictures + output * price.output) / 1_000_000


def last_day(model: str) -> date | None:
    """Return a model's shutdown date; None if none has been announced."""
    return _first((one for row in FAMILIES for one in row.ends.items()), model)


def ending(model: str, today: date) -> str:
    """Return a warning if a model has been shut down or will be within 90 days of `today`; "" otherwise."""
    day = last_day(model)
    if day is None or (day - today).days > _SOON:
        return ""
    return f"{model} {'was' if day <= today else 'will be'} shut down on {day}"


_SOON = 90
"""How many days before a model's shutdown its users are warned."""


def chat_tools_of(model: str) -> ChatTools | None:
    """Return what a model requires for function tools in Chat Completions; None if that is nothing or unknown."""
    return _first((one for row in FAMILIES for one in row.chat_tools.items()), model)


def always_reasons(model: str) -> bool:
    """Return whether a model refuses the efforts "none" and "minimal"."""
    return bool(_first(((row.always_reason, True) for row in FAMILIES if row.always_reason), model))


def no_chat_tools(model: str) -> str:
    """Return a sentence saying that a model does not accept tools in Chat Completions."""
    return f"{model} accepts function tools only in the Responses API, not in Chat Completions"
