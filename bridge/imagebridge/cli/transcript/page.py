"""The page of a transcript. All of its content may be hostile: every text is escaped, and there are no links or scripts."""

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from imagebridge.conversation.reply_page import text_of_message
from imagebridge.display.fragments import (
    Figures,
    arguments,
    content,
    folded,
    limited,
    opening,
    shortened,
    sums,
    thoughts,
    words,
)
from imagebridge.display.html import foot, head
from imagebridge.errors import beginning
from imagebridge.translate.sentences import amount
from imagebridge.wire import is_list, text_of

from .entries import (
    CallEntry,
    FailureEntry,
    PromptEntry,
    ResponseEntry,
    RetryEntry,
    Transcript,
    TranscriptEntry,
)

if TYPE_CHECKING:
    from imagebridge.wire import JSON

_KNOWN = ("message", "reasoning", "function_call", "custom_tool_call")
"""Items that are shown as text or as calls; all others are shown as JSON."""


def page(transcript: Transcript) -> Iterator[str]:
    """Yield the page in pieces: with many pictures it may be large."""
    title = " ".join(transcript.question.text.split())
    yield head(f"{title[:100]} - transcript", "imagebridge.display", "conversation.css")
    yield f"<h1>{escape(beginning(title, 139))}</h1>\n"
    yield f'<p class="quiet">{_about(transcript)}</p>\n<p>{_state(transcript)}</p>\n'
    pictures = Figures()
    for entry in transcript.entries:
        yield from _entry(entry, transcript.model, pictures)
    yield _totals(transcript)
    yield foot("imagebridge ask")


def _about(transcript: Transcript) -> str:
    servers = ", ".join(f"<code>{escape(server)}</code>" for server in transcript.servers)
    return f"{escape(transcript.model)} with {servers}, {transcript.began:%Y-%m-%d %H:%M %Z}"


def _state(transcript: Transcript) -> str:
    reply, problem = transcript.reply, transcript.problem
    if reply is None:
        kind, word = ("bad", "no answer") if problem else ("wait", "not finished")
        remarks = problem or "the run is still in progress, or was killed"
    else:
        kind, word = ("wait", "cut off") if reply.incomplete else ("good", "answered")
        remarks = "; ".join(filter(None, (reply.incomplete, f"in {transcript.seconds:.1f} s", problem)))
    return f'<span class="tag {kind}">{word}</span> {escape(limited(remarks, 2_000))}'


def _entry(entry: TranscriptEntry, model: str, pictures: Figures) -> Iterator[str]:
    match entry:
        case PromptEntry(text, attached):
            yield opening("user", "You", "")
            yield words(text)
            if attached is not None:
                yield from content(attached, pictures)
        case ResponseEntry(items, usage, reasoning, at):
            tokens = f"{usage['input_tokens']:,} tokens in, {usage['output_tokens']:,} out"
            yield opening("model", model, f"{tokens}, {at:.1f} s from the start")
            yield from _model_output(items, reasoning)
        case CallEntry(item, answer):
            failed = ' <span class="tag bad">error</span>' if answer and answer.is_error else ""
            duration = f"{answer.seconds:.2f} s" if answer else ""
            yield opening("tool", text_of(item, "name") or "a call", duration, failed)
            yield arguments(text_of(item, "arguments"))
            if answer is None:
                yield '<p class="quiet">No answer: the run ended first.</p>\n'
            else:
                yield '<p class="what">the model received</p>\n'
                yield from content(answer.translation, pictures)
        case RetryEntry(why, at):
            yield opening("again", "Asked again", f"{at:.1f} s from the start")
            yield f"<p>{escape(limited(why))}</p>\n"
        case FailureEntry(reasoning, text, at):
            yield opening(
                "model", model, f"{at:.1f} s from the start", ' <span class="tag bad">cut off</span>'
            )
            yield thoughts(reasoning) + (words(text) if text else "")
    yield "</section>\n"


def _model_output(items: "Sequence[JSON]", reasoning: str) -> Iterator[str]:
    """Yield the model's text, and everything else in a response except calls."""
    yield thoughts(reasoning)
    calls = 0
    for item in items:
        kind = text_of(item, "type") or "message"
        listed = item.get("tool_calls")
        calls += (kind in ("function_call", "custom_tool_call")) + (len(listed) if is_list(listed) else 0)
        if kind == "message":
            yield from (words(text) for text in text_of_message(item) if text)
        elif kind not in _KNOWN:
            yield folded(kind, json.dumps(shortened(item), ensure_ascii=False, indent=2))
    if calls:
        yield f'<p class="quiet">calls {calls} tool{"" if calls == 1 else "s"}</p>\n'


def _totals(transcript: Transcript) -> str:
    """Return the run's usage, from the data known so far."""
    responses = [entry for entry in transcript.entries if isinstance(entry, ResponseEntry)]
    calls = [entry for entry in transcript.entries if isinstance(entry, CallEntry)]
    attached = transcript.question.attached
    translations = [attached] if attached else []
    translations += [call.answer.translation for call in calls if call.answer]
    shown_pictures = [one for translation in translations for one in translation.pictures]
    facts: Mapping[str, str] = {
        "requests answered": f"{len(responses):,}",
        "calls": f"{len(calls):,}",
        "pictures": f"{len(shown_pictures):,}, {amount(sum(one.picture.size for one in shown_pictures))}",
        "tokens of pictures": f"{sum(one.seen.tokens for one in shown_pictures):,}",
        "tokens in": f"{sum(response.usage['input_tokens'] for response in responses):,}",
        "tokens out": f"{sum(response.usage['output_tokens'] for response in responses):,}",
        "cost": _cost(transcript),
        "time": f"{transcript.seconds:.1f} s",
    }
    return sums(facts)


def _cost(transcript: Transcript) -> str:
    cost = transcript.reply.cost if transcript.reply else None
    return f"${cost:.4f} at list price" if cost is not None else "unknown"
