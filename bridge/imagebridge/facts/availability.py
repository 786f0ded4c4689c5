"""Until when OpenAI serves which model, and which takes tools in Chat Completions: two dated tables.

A model by another server's name is in neither. Read 2026-11-29: https://developers.openai.com/api/docs/deprecations,
the guide "Deployment checklist", and the models' own pages.
"""

import datetime
import re
from typing import Literal, NamedTuple

AVAILABILITY_READ = datetime.date(2026, 11, 29)

_DAY = datetime.date


class LastDay(NamedTuple):
    """The day on which models end, and which: their names match `pattern`, dated snapshots too."""

    pattern: str
    day: datetime.date


# First match wins.
LAST_DAYS: tuple[LastDay, ...] = (
    LastDay(r"gpt-5\.3-codex|gpt-5\.1|gpt-5\.4-nano", _DAY(2027, 4, 1)),
    LastDay(r"gpt-5(-mini|-nano|-pro|-codex|-chat-latest)?", _DAY(2026, 12, 11)),
    LastDay(r"o3(-mini|-pro|-deep-research)?", _DAY(2026, 12, 11)),
    LastDay(r"(chat)?gpt-4o(-mini|-latest)?|gpt-4\.1(-mini)?", _DAY(2027, 1, 14)),
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


def _stem(model: str) -> str:
    """Return the name of a model without its maker's prefix and its date."""
    return _DATED.sub("", model.strip().lower().removeprefix("openai/"))


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


def no_chat_tools(model: str) -> str:
    """Say that a model takes no tools in Chat Completions."""
    return f"{model} takes function tools in the Responses API alone, and not in Chat Completions"
