"""Finds the names of months in the languages of CLDR, and the words around them in dates."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

WORD = re.compile(r"[^\W\d_][^\s\d.,/()\[\]:;–،、-]*")
"""Matches a word, with the vowel signs that some scripts write after a letter."""

_SHORTEST = 2
"""The minimum number of letters in a name; single letters are initials, which are too ambiguous."""

_ENGLISH = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)
_AROUND = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat
    sun st nd rd th of the
    """.split()  # noqa: SIM905
)
"""English words in dates that add nothing to the numbers."""

_ORDINALS = ("er", "re", "o", "a", "e")
"""Suffixes that follow the number of a day, as in 1er."""


def folded(text: str) -> str:
    """Normalize a text for comparison: convert it to lower case; remove direction marks, apostrophes and inner dots."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_DROPPED)
    return " ".join(_INNER.sub("", plain).split())


_DROPPED = dict.fromkeys(map(ord, "\u200e\u200f\u061c\u00ad'’`"))
_INNER = re.compile(r"(?<=[^\W\d_])\.(?=[^\W\d_])")
"""Matches the dot within an abbreviation such as p.m."""


def english(words: Iterable[str]) -> dict[str, int] | None:
    """Return the month that each word names, or 0 for words that accompany months; None if any word is neither."""
    known = _english()
    return {word: known[word] for word in words} if all(word in known for word in words) else None


def foreign(words: Iterable[str]) -> list[tuple[str, dict[str, int]]]:
    """Return, for each language that has all of the words, its name and their meanings as `english` returns them."""
    wanted = list(words)
    matching = ((name, known) for name, known in _languages() if all(word in known for word in wanted))
    return [(name, {word: known[word] for word in wanted}) for name, known in matching]


@cache
def _english() -> Mapping[str, int]:
    months = {word[:length]: at for at, word in enumerate(_ENGLISH, 1) for length in (3, len(word))}
    return {**dict.fromkeys(_AROUND, 0), **months, "sept": 9}


@cache
def _languages() -> list[tuple[str, Mapping[str, int]]]:
    """Return the words of every language except English, with its English name. This takes half a second, once."""
    try:
        babel: Any = import_module("babel")
        localedata: Any = import_module("babel.localedata")
    except ImportError:  # The extra `server` installs it; without it, dates in other languages stay names.
        return []
    every = sorted(code for code in localedata.locale_identifiers() if "_" not in code and code != "en")
    return [
        (locale.english_name or code, _date_words(locale))
        for code in every
        if (locale := babel.Locale.parse(code))
    ]


def _date_words(locale: Any) -> dict[str, int]:
    """Return the words in a locale's dates, each with its month or 0."""
    around: list[str] = []
    for names in _tables(locale.days):
        around += names.values()
    for pattern in (
        *(locale.date_formats[length].pattern for length in ("medium", "long", "full")),
        *(str(locale.datetime_skeletons.get(key) or "") for key in ("yMMM", "yMMMM", "yMMMd")),
    ):
        # Quoted characters are not pattern letters; outside Latin script nobody quotes.
        around += re.findall(r"'([^']*)'", pattern) or []
        around += [word for word in WORD.findall(pattern) if not word.isascii()]
    known: dict[str, int] = dict.fromkeys(_ORDINALS, 0) | {
        word: 0 for text in around for word in WORD.findall(folded(text))
    }
    # Hebrew puts a letter before the month.
    before = {"", *re.findall(r"([^\W\d_]+?)MMM", locale.date_formats["long"].pattern)}
    for names in _tables(locale.months):
        for number, text in names.items():
            parts = [word for word in WORD.findall(folded(text)) if len(word) >= _SHORTEST]
            known |= {f"{letter}{parts[0]}": number for letter in before if len(parts) == 1}
    return known


def _tables(names: Any) -> Iterable[Mapping[int, str]]:
    for context in ("format", "stand-alone"):
        for length in ("wide", "abbreviated"):
            try:
                yield names[context][length]
            except KeyError:
                continue
