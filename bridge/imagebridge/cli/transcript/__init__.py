"""`ask --transcript`: what happened in a run, kept as it happens and written as one page, however the run ends."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imagebridge.cli.failure import Failure
from imagebridge.cli.save import whole
from imagebridge.translate.sentences import amount

if TYPE_CHECKING:
    from imagebridge.cli.terminal import Terminal
    from imagebridge.events import Answer, Event, Reply
    from imagebridge.translate.translation import Translation
    from imagebridge.wire import JSON, Item


@dataclass(frozen=True, slots=True)
class PromptEntry:
    """What the user said, and the pictures beside it."""

    text: str
    attached: "Translation | None" = None


@dataclass(frozen=True, slots=True)
class ResponseEntry:
    """A response: its items, the tokens of its request, its reasoning as far as it was told."""

    items: "list[Item]"
    usage: dict[str, int]
    reasoning: str
    at: float


@dataclass(slots=True)
class CallEntry:
    """A call of a tool, and its answer once there is one."""

    item: "JSON"
    answer: "Answer | None" = None


@dataclass(frozen=True, slots=True)
class RetryEntry:
    """A request that was sent again, and why."""

    why: str
    at: float


@dataclass(frozen=True, slots=True)
class FailureEntry:
    """What the model had written when the run ended."""

    reasoning: str
    text: str
    at: float


TranscriptEntry = PromptEntry | ResponseEntry | CallEntry | RetryEntry | FailureEntry


@dataclass(slots=True)
class Transcript:
    """A run so far. `at` in its entries and `seconds` count from its beginning.

    problem: why it ended without an answer, as the command says it; "" where it has not.
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
        """Take in the pictures beside the question, as the model is given them."""
        self.question = self.entries[0] = replace(self.question, attached=pictures)

    def hear(self, event: "Event") -> None:
        """Take in an event of the run."""
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
        """The run is over; with `problem` it has ended without an answer."""
        self.problem, self.seconds = problem, self._now()
        if self._text or self._reasoning:
            self.entries.append(FailureEntry("".join(self._reasoning), "".join(self._text), self.seconds))
            self._forget()

    def _answer(self, answer: "Answer") -> None:
        # Some servers give two calls the same id: the first that waits is meant.
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


@contextmanager
def saved(transcript: Transcript, path: Path | None, terminal: "Terminal") -> Generator[None]:
    """Write the page when the block ends, however it ends, and say where. Without a path nothing is written.

    The file is made before the block runs, so that a wrong name costs nothing; until the end it holds the question.

    Raises:
        Failure: the file cannot be written.
    """
    if path is None:
        yield
        return
    _write(transcript, path)
    problem = "the run ended with an unexpected error"
    try:
        yield
        problem = ""
    except click.ClickException as error:
        problem = error.message
        raise
    except (KeyboardInterrupt, click.Abort):
        problem = "stopped by the user"
        raise
    finally:
        transcript.end(problem)
        _write(transcript, path)
        terminal.tell(f"saved {path} ({amount(path.stat().st_size)})")


def _write(transcript: Transcript, path: Path) -> None:
    from .page import page

    try:
        # Half a character, which a model may write as \ud800, has no place in UTF-8.
        with whole(path) as part, part.open("w", encoding="utf-8", errors="xmlcharrefreplace") as file:
            file.writelines(page(transcript))
    except OSError as error:
        raise Failure(f"--transcript: {path} cannot be written: {error.strerror or error}") from error
