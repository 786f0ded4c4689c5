"""What a request costs: OpenAI's list prices, dated."""

import datetime
import re
from dataclasses import dataclass
from typing import NamedTuple

from imagebridge.wire import JSON, is_json

READ = datetime.date(2026, 11, 29)
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
}
LONG = 272_000
"""Input tokens above which a whole request costs twice for its input and 1.5 times for its output."""
_MANY = 1e15
"""Above it a count is none: JSON can write numbers that no integer holds."""
_DATED = re.compile(r"-\d{4}-\d\d-\d\d$")


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens of one request. `cached` and `written` are parts of `input`."""

    input: int = 0
    output: int = 0
    total: int = 0
    cached: int = 0
    written: int = 0

    @classmethod
    def of(cls, usage: object) -> "Usage":
        """Read the usage of either API; nothing where a server sends none."""
        if not is_json(usage):
            return cls()
        names = ("input", "output") if "input_tokens" in usage else ("prompt", "completion")
        taken, made = (_count(usage, f"{name}_tokens") for name in names)
        inner = usage.get(f"{names[0]}_tokens_details")
        details: JSON = inner if is_json(inner) else {}
        return cls(
            taken,
            made,
            _count(usage, "total_tokens") or taken + made,
            _count(details, "cached_tokens"),
            _count(details, "cache_write_tokens"),
        )

    def json(self) -> dict[str, int]:
        """Return the counts under the names of the Responses API."""
        return {"input_tokens": self.input, "output_tokens": self.output, "total_tokens": self.total}


def _count(counts: JSON, name: str) -> int:
    found = counts.get(name)
    return int(found) if isinstance(found, (int, float)) and 0 < found < _MANY else 0


def cost(model: str, usage: Usage, tier: str | None = None) -> float | None:
    """Return what one request costs in USD; None for a model without a price or another tier than the standard."""
    price = PRICES.get(_DATED.sub("", model))
    if price is None or tier not in (None, "default", "auto"):
        return None
    if usage.written and price.written is None:
        return None
    plain = usage.input - usage.cached - usage.written
    taken = plain * price.input + usage.cached * price.cached + usage.written * (price.written or 0.0)
    more, longer = (2.0, 1.5) if usage.input > LONG else (1.0, 1.0)
    return (taken * more + usage.output * price.output * longer) / 1_000_000
