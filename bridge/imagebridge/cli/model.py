"""The model that is asked where nobody names one."""

import os
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Choice:
    """A default model: since when, and why this one."""

    since: date
    name: str
    reason: str


DEFAULTS: tuple[Choice, ...] = (
    Choice(
        date(2026, 11, 22),
        "gpt-5.6-luna",
        "sees pictures at every detail; in openai 3.54 (types/shared/chat_model.py) without an announced end",
    ),
    Choice(
        date(2026, 11, 29),
        "gpt-6-luna",
        "OpenAI's advice for cost-sensitive work (docs/models): half the price, sees pictures at the same sizes",
    ),
)
"""The newest stands last."""

VARIABLE = "IMAGEBRIDGE_MODEL"


def default_model() -> str:
    """Return `IMAGEBRIDGE_MODEL` where it is set, else the newest of `DEFAULTS`."""
    return os.environ.get(VARIABLE, "").strip() or DEFAULTS[-1].name
