"""The page of a transcript. All that it shows may be hostile: every text is escaped, nothing is a link or runs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from imagebridge.cli.html import foot, head
from imagebridge.cli.output import shortened
from imagebridge.errors import beginning
from imagebridge.facts.models import family
from imagebridge.translate.pieces import FilePiece, LinkPiece
from imagebridge.translate.sentences import amount
from imagebridge.translate.translation import ShownPicture, Text
from imagebridge.wire import is_json, is_list, text_of

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
    from imagebridge.providers.provider import Translation
    from imagebridge.wire import JSON

_LONGEST = 100_000
"""Characters of one text on the page: a tool may return millions."""

_WIDE = 90
"""Characters of arguments that stand on one line."""

_KNOWN = ("message", "reasoning", "function_call", "custom_tool_call")
"""Items that are shown as text or as calls; all others are shown as they are."""


class _Figures:
    """The pictures of the page, each written once however often it was sent."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def figure(self, shown_picture: ShownPicture) -> str:
        """Return a picture with what was sent of it, or where it stands already."""
        url = shown_picture.picture.data_url
        known = self._places.get(url)
        place = self._places.setdefault(url, len(self._places) + 1)
        image = (
            f'<p><a href="#picture-{known}">The same picture as above</a></p>'
            if known
            else f'<a href="#picture-{place}"><img id="picture-{place}" src="{escape(url)}" '
            f'width="{shown_picture.picture.width}" height="{shown_picture.picture.height}" alt="{_picture_label(shown_picture)}"></a>'
        )
        return f"<figure>{image}<figcaption>{_facts(shown_picture)}</figcaption></figure>\n"


def page(transcript: Transcript) -> Iterator[str]:
    """Yield the page in pieces: with many pictures it may be large."""
    title = " ".join(transcript.question.text.split())
    yield head(f"{title[:100]} - transcript", "imagebridge.cli.transcript")
    yield f"<h1>{escape(beginning(title, 139))}</h1>\n"
    yield f'<p class="quiet">{_about(transcript)}</p>\n<p>{_state(transcript)}</p>\n'
    pictures = _Figures()
    for entry in transcript.entries:
        yield from _entry(entry, transcript.model, pictures)
    yield _sums(transcript)
    yield foot("ask")


def _about(transcript: Transcript) -> str:
    servers = ", ".join(f"<code>{escape(server)}</code>" for server in transcript.servers)
    return f"{escape(transcript.model)} with {servers}, {transcript.began:%Y-%m-%d %H:%M %Z}"


def _state(transcript: Transcript) -> str:
    reply, problem = transcript.reply, transcript.problem
    if reply is None:
        kind, word = ("bad", "no answer") if problem else ("wait", "not finished")
        remarks = problem or "the run goes on, or was killed"
    else:
        kind, word = ("wait", "cut off") if reply.incomplete else ("good", "answered")
        remarks = "; ".join(filter(None, (reply.incomplete, f"in {transcript.seconds:.1f} s", problem)))
    return f'<span class="tag {kind}">{word}</span> {escape(_shortened(remarks, 2_000))}'


def _entry(entry: TranscriptEntry, model: str, pictures: _Figures) -> Iterator[str]:
    match entry:
        case PromptEntry(text, attached):
            yield _opening("user", "You", "")
            yield _text_block(text)
            if attached is not None:
                yield from _content(attached, pictures)
        case ResponseEntry(items, usage, reasoning, at):
            tokens = f"{usage['input_tokens']:,} tokens in, {usage['output_tokens']:,} out"
            yield _opening("model", model, f"{tokens}, {at:.1f} s from the start")
            yield from _model_output(items, reasoning)
        case CallEntry(item, answer):
            failed = ' <span class="tag bad">error</span>' if answer and answer.is_error else ""
            duration = f"{answer.seconds:.2f} s" if answer else ""
            yield _opening("tool", text_of(item, "name") or "a call", duration, failed)
            yield _arguments(text_of(item, "arguments"))
            if answer is None:
                yield '<p class="quiet">No answer: the run ended first.</p>\n'
            else:
                yield '<p class="what">the model got</p>\n'
                yield from _content(answer.translation, pictures)
        case RetryEntry(why, at):
            yield _opening("again", "Asked again", f"{at:.1f} s from the start")
            yield f"<p>{escape(_shortened(why))}</p>\n"
        case FailureEntry(reasoning, text, at):
            yield _opening(
                "model", model, f"{at:.1f} s from the start", ' <span class="tag bad">cut off</span>'
            )
            yield _thoughts(reasoning) + (_text_block(text) if text else "")
    yield "</section>\n"


def _opening(kind: str, who: str, remark: str, tag: str = "") -> str:
    return (
        f'<section class="card {kind}"><header><strong>{escape(_shortened(who, 200))}</strong>{tag}'
        f'<span class="quiet">{escape(remark)}</span></header>\n'
    )


def _model_output(items: "Sequence[JSON]", reasoning: str) -> Iterator[str]:
    """Yield what the model wrote, and whatever else a response holds besides calls."""
    yield _thoughts(reasoning)
    calls = 0
    for item in items:
        kind = text_of(item, "type") or "message"
        listed = item.get("tool_calls")
        calls += (kind in ("function_call", "custom_tool_call")) + (len(listed) if is_list(listed) else 0)
        if kind == "message":
            yield from (_text_block(text) for text in _texts(item) if text)
        elif kind not in _KNOWN:
            yield _folded(kind, json.dumps(shortened(item), ensure_ascii=False, indent=2))
    if calls:
        yield f'<p class="quiet">calls {calls} tool{"" if calls == 1 else "s"}</p>\n'


def _texts(message: "JSON") -> Iterator[str]:
    content = message.get("content")
    if isinstance(content, str):
        yield content
    for part in content if is_list(content) else ():
        if is_json(part):
            yield text_of(part, "text") or text_of(part, "refusal")
    yield text_of(message, "refusal")


def _thoughts(reasoning: str) -> str:
    return _folded("reasoning", reasoning) if reasoning.strip() else ""


def _arguments(text: str) -> str:
    """Return the arguments of a call: JSON on one line where that is short, else as the model wrote them."""
    try:
        value = shortened(json.loads(text or "{}"))
        text = json.dumps(value, ensure_ascii=False)
        text = json.dumps(value, ensure_ascii=False, indent=2) if len(text) > _WIDE else text
    except (ValueError, RecursionError):
        pass
    return f'<p class="what">called with</p>\n<pre>{escape(_shortened(text))}</pre>\n' if text != "{}" else ""


def _content(translation: "Translation", pictures: _Figures) -> Iterator[str]:
    """Yield what the model got, in its order, and the account of how it came to that."""
    for one in translation.placed:
        for part in one.parts:
            if isinstance(part, ShownPicture):
                yield pictures.figure(part)
            else:
                yield _part_html(part, one.name)
    rows = "".join(
        f"<tr><td>{escape(_shortened(note.came, 500))}</td><td>{escape(_shortened(note.done, 2_000))}</td></tr>"
        for note in translation.notes
    )
    table = f"<table><tr><th>came</th><th>the model gets</th></tr>{rows}</table>"
    yield f"<details><summary>What came, and what became of it</summary>{table}</details>\n"


def _part_html(part: Text | FilePiece | LinkPiece, name: str) -> str:
    if isinstance(part, Text):
        return f"<pre>{escape(_shortened(part.text))}</pre>\n" if part.text.strip() else ""
    size = f", {amount(len(part.data_url) * 3 // 4)} as data" if isinstance(part, FilePiece) else ""
    return f'<p><span class="tag wait">sent</span>{escape(_shortened(name, 500))}{size}</p>\n'


def _picture_label(shown_picture: ShownPicture) -> str:
    return escape(shown_picture.handle or f"picture {shown_picture.number}")


def _facts(shown_picture: ShownPicture) -> str:
    """Return what was sent of a picture, and what was changed in it."""
    picture = shown_picture.picture
    size = f"{picture.width}x{picture.height}"
    facts = [_picture_label(shown_picture), f"{size} pixels", picture.media_type, amount(picture.size)]
    facts += [f"detail {shown_picture.detail}", f"{shown_picture.seen.tokens:,} tokens"]
    changes = [f"made from {shown_picture.source}"] if shown_picture.source else []
    if shown_picture.full_size != (picture.width, picture.height):
        changes.append("shrunk from {}x{}".format(*shown_picture.full_size))
    if (shown_picture.seen.width, shown_picture.seen.height) != (picture.width, picture.height):
        changes.append(f"seen at {shown_picture.seen.width}x{shown_picture.seen.height}")
    if shown_picture.model and family(shown_picture.model).assumed:
        changes.append(f"the sizes of {shown_picture.model} are assumed")
    marks = "".join(f'<span class="tag wait">{escape(change)}</span>' for change in changes)
    return " · ".join(map(escape, facts)) + (f"<br>{marks}" if marks else "")


def _sums(transcript: Transcript) -> str:
    """Return what the run took, from what has been told so far."""
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
    fact_list = "".join(
        f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items()
    )
    return f'<h2>What it took</h2>\n<dl class="card sums">{fact_list}</dl>\n'


def _cost(transcript: Transcript) -> str:
    cost = transcript.reply.cost if transcript.reply else None
    return f"${cost:.4f} by list price" if cost is not None else "not known"


def _text_block(text: str) -> str:
    return f'<div class="words">{escape(_shortened(text))}</div>\n'


def _folded(name: str, text: str) -> str:
    return f"<details><summary>{escape(_shortened(name, 100))}</summary><pre>{escape(_shortened(text))}</pre></details>\n"


def _shortened(text: Any, longest: int = _LONGEST) -> str:
    """Return a text, or its beginning and how much is left out of this page."""
    text = str(text)
    if len(text) <= longest:
        return text
    return f"{text[:longest]}\n[{len(text) - longest:,} more characters are not on this page]"
