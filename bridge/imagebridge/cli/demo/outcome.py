"""What became of a result on its way to the model, determined from the requests that were actually sent."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Literal, NamedTuple

from imagebridge.errors import beginning
from imagebridge.rules import RULES, Body, Violation, refusals
from imagebridge.rules.body import contents, parts
from imagebridge.testing import Endpoint, SeenPicture
from imagebridge.wire import JSON, as_string

from .cases import Case

if TYPE_CHECKING:
    from imagebridge.rules import Rule

Fate = Literal["seen", "told", "not yet", "blind", "lost", "refused", "failed"]


class FateLook(NamedTuple):
    """How the outcome of a case is shown: its class on the page, its style on a terminal."""

    tone: Literal["good", "wait", "blind", "bad"]
    style: str


LOOKS: dict[Fate, FateLook] = {
    "seen": FateLook("good", "bold green"),
    "told": FateLook("good", "green"),
    "not yet": FateLook("wait", "yellow"),
    "blind": FateLook("blind", "bold magenta"),
    "lost": FateLook("blind", "bold magenta"),
    "refused": FateLook("bad", "bold red"),
    "failed": FateLook("bad", "bold red"),
}
"""How each kind of outcome is shown, the best first."""

APPLIED: tuple["Rule", ...] = tuple(
    rule for rule in RULES if rule.source != "ours" and "responses" in rule.apis
)
"""The rules of the demo's endpoint: what OpenAI documents and what people have reported from live requests."""

STRICTER: tuple["Rule", ...] = tuple(
    rule for rule in RULES if rule.source == "ours" and "responses" in rule.apis
)
"""Our own stricter rules. The API may accept what they refuse, so they only produce flags here, on both sides."""

_BASE64 = re.compile(r"[A-Za-z0-9+/]{120,}")
_SAID = 150
"""The maximum number of characters of a quoted message."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome for one side.

    words: the figure or message that explains it. lost: the content that the model did not receive. flags: the
    ids of our stricter rules that the last request violates. pictures: the pictures that the model was shown.
    """

    kind: Fate
    words: str
    lost: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    pictures: tuple[SeenPicture, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether the model received everything in the result."""
        return self.kind in ("seen", "told") and not self.lost

    @property
    def accepted(self) -> bool:
        """Whether the conversation can continue."""
        return self.kind not in ("refused", "failed")

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on the outcome."""
        lost = (f"lost: {', '.join(self.lost)}",) if self.lost else ()
        return lost + tuple(f"flagged by our own rule {rule}" for rule in self.flags)

    def __str__(self) -> str:
        separator = " " if self.kind == "seen" else ": "
        return "; ".join((f"{self.kind}{separator}{self.words}", *self.notes))


def kinds_in_words(outcomes: Sequence[Outcome]) -> str:
    """Describe the outcomes of all results, best first, and how many arrived only in part."""
    kinds = {kind: sum(outcome.kind == kind for outcome in outcomes) for kind in LOOKS}
    counts_in_words = ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count)
    partly = sum(outcome.accepted and bool(outcome.lost) for outcome in outcomes)
    return f"{counts_in_words}; {partly} of these only partly" if partly else counts_in_words


def measured(case: Case, endpoint: Endpoint, error: Exception | None, *, ours: bool) -> Outcome:
    """Return the outcome of `case`. Anything that only a later version of imagebridge will show is "not yet"."""
    if endpoint.refusals:
        return Outcome("refused", _refusal(endpoint.refusals[0], error))
    if error is not None:
        return Outcome("failed", _one_line(f"{type(error).__name__}: {error}"))
    body = endpoint.requests[-1]
    text, pictures = _output_text(body), tuple(endpoint.seen)
    lost = tuple(what for what, words in case.must_arrive.items() if words not in text.casefold())
    flags = tuple(dict.fromkeys(refusal.rule for refusal in refusals(body, rules=STRICTER)))
    return Outcome(*_judged(case, text, pictures, ours=ours), lost, flags, pictures)


def _judged(case: Case, text: str, pictures: tuple[SeenPicture, ...], *, ours: bool) -> tuple[Fate, str]:
    tokens = f"{ceil(len(text) / 4):,} text tokens"
    if pictures:
        sizes = " and ".join("x".join(map(str, picture.seen_size)) for picture in pictures)
        return "seen", f"{sizes}, {sum(picture.tokens for picture in pictures):,} tokens"
    if case.picture and ours:
        return "not yet", _one_line(f"{tokens}, {text}" if _BASE64.search(text) else text)
    if not text.strip():
        return "lost", "nothing arrived"
    if case.picture or _BASE64.search(text):
        return "blind", tokens
    return "told", _one_line(text)


def _output_text(body: JSON) -> str:
    """Return all text of the tool's output in a request, as sent."""
    texts: list[str] = []
    for item in Body(body).items:
        if item.type == "function_call_output":
            texts.append(as_string(contents(item)[1]))
            texts += [as_string(part.fields.get("text")) for part in parts(item)]
    return "\n".join(filter(None, texts))


def _refusal(violation: Violation, error: Exception | None) -> str:
    """Return the status and message that the SDK raised, and the reason in our words."""
    status = getattr(error, "status_code", 400)
    why = f" ({violation.why})" if violation.why else ""
    # The API's sentences after the first name formats and examples.
    first = re.match(r".*?\.(?=\s|$)", violation.message)
    return f"{status} {_one_line(first[0] if first else violation.message)}{why}"


def _one_line(text: str) -> str:
    """Return a text on one line, with its base64 shortened."""
    line = _BASE64.sub(lambda run: beginning(run[0], 20), " ".join(text.split()))
    return beginning(line, _SAID - 3)
