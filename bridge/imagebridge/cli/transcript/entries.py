"""Records what happens in a run: a question, responses, calls with their answers, failures."""

import time
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imagebridge.events import Answer, Event, Reply
    from imagebridge.providers.provider import Translation
    from imagebridge.wire import JSON, Item


@dataclass(frozen=True, slots=True)
class PromptEntry:
    """The user's message, with its pictures."""

    text: str
    attached: "Translation | None" = None


@dataclass(frozen=True, slots=True)
class ResponseEntry:
    """A response: its items, the tokens of its request, and the part of its reasoning that was shown."""

    items: "list[Item]"
    usage: dict[str, int]
    reasoning: str
    at: float


@dataclass(slots=True)
class CallEntry:
    """A tool call, and its answer once there is one."""

    item: "JSON"
    answer: "Answer | None" = None


@dataclass(frozen=True, slots=True)
class RetryEntry:
    """A request that was sent again, and why."""

    why: str
    at: float


@dataclass(frozen=True, slots=True)
class FailureEntry:
    """The text that the model had written when the run ended."""

    reasoning: str
    text: str
    at: float


TranscriptEntry = PromptEntry | ResponseEntry | CallEntry | RetryEntry | FailureEntry


@dataclass(slots=True)
class Transcript:
    """A run so far. `at` in its entries and `seconds` are counted from its start.

    problem: why it ended without an answer, as the command reports it; "" if it has not.
    """

    question: PromptEntry
    model: str
    servers: tuple[str, ...]
    entries: list[TranscriptEntry] = field(default_factory=list[TranscriptEntry])
    reply: "Reply | None" = None
    problem: str = ""
    seconds: float = 0.0
    began: datetime = field(default_factory=lambda: datetime.now().astimezone())
    _start: float = field(default_factory=time.monotonic)
    _text: list[str] = field(default_factory=list[str])
    _reasoning: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self.entries.append(self.question)

    def attach(self, pictures: "Translation") -> None:
        """Record the pictures that accompany the question, as the model receives them."""
        self.question = self.entries[0] = replace(self.question, attached=pictures)

    def on_event(self, event: "Event") -> None:
        """Record an event of the run."""
        from imagebridge.events import (
            Answered,
            Called,
            ReasoningDelta,
            Replied,
            Responded,
            Retried,
            TextDelta,
        )

        match event:
            case TextDelta(text):
                self._text.append(text)
            case ReasoningDelta(text):
                self._reasoning.append(text)
            case Responded(items, usage):
                self.entries.append(ResponseEntry(items, usage, "".join(self._reasoning), self._now()))
                self._forget()
            case Retried(why):
                self.entries.append(RetryEntry(why, self._now()))
                self._forget()
            case Called(call):
                self.entries.append(CallEntry(call))
            case Answered(answer):
                self._answer(answer)
            case Replied(reply):
                self.reply = reply
            case _:
                pass

    def end(self, problem: str = "") -> None:
        """Record the end of the run; with `problem`, it ended without an answer."""
        self.problem, self.seconds = problem, self._now()
        if self._text or self._reasoning:
            self.entries.append(FailureEntry("".join(self._reasoning), "".join(self._text), self.seconds))
            self._forget()

    def _answer(self, answer: "Answer") -> None:
        # Some servers give two calls the same id: this means the first unanswered one.
        calls = (entry for entry in self.entries if isinstance(entry, CallEntry) and entry.answer is None)
        for call in calls:
            if call.item.get("call_id") == answer.call.get("call_id"):
                call.answer = answer
                return

    def _forget(self) -> None:
        self._text.clear()
        self._reasoning.clear()

    def _now(self) -> float:
        return time.monotonic() - self._start
