"""The HTML page of a reply: the whole conversation, from either API, with its pictures."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from imagebridge.display.fragments import (
    Figures,
    arguments,
    folded,
    limited,
    opening,
    sent,
    shortened,
    sums,
    thoughts,
    words,
)
from imagebridge.display.html import foot, head
from imagebridge.errors import PictureError, beginning
from imagebridge.pictures.picture import Picture
from imagebridge.providers.provider import AttachmentKind, Source
from imagebridge.providers.registry import providers
from imagebridge.translate.sentences import ERROR, amount, location
from imagebridge.translate.translation import ShownPicture
from imagebridge.wire import JSON, as_object, is_json, is_list, text_of

_SPEAKERS = {"user": "You", "assistant": "Model", "system": "Instructions", "developer": "Instructions"}

_CALLS = ("function_call", "custom_tool_call")

_OUTPUTS = ("function_call_output", "custom_tool_call_output")


def page(
    items: Sequence[object],
    *,
    answer: str,
    usage: Mapping[str, int],
    cost: float | None,
    pictures: Sequence[ShownPicture],
    incomplete: str | None,
) -> Iterator[str]:
    """Yield the page in pieces: with many pictures it may be large.

    Args:
        items: the conversation, as input items or as chat messages.
        answer: the final text, used as the title if there is no question.
        usage: tokens under the API's names.
        cost: USD at list prices, if known.
        pictures: the pictures that the model was shown.
        incomplete: why the answer is cut off, if it is.
    """
    messages = [item for item in map(as_object, items) if item is not None]
    title = " ".join(limited(_question(messages) or answer).split()) or "A conversation"
    yield head(f"{title[:100]} - imagebridge", "imagebridge.display", "conversation.css")
    yield f"<h1>{escape(beginning(title, 139))}</h1>\n"
    if incomplete:
        yield f'<p><span class="tag wait">cut off</span> {escape(limited(incomplete, 2_000))}</p>\n'
    figures, names, open_calls = Figures(), _names_of_calls(messages), _open_calls(messages)
    for item in messages:
        yield from _item(item, figures, names, open_calls)
    yield sums(
        {
            "pictures": f"{len(pictures):,}, {amount(sum(one.picture.size for one in pictures))}",
            "tokens of pictures": f"{sum(one.seen.tokens for one in pictures):,}",
            "tokens in": f"{usage.get('input_tokens', 0):,}",
            "tokens out": f"{usage.get('output_tokens', 0):,}",
            "cost": f"${cost:.4f} at list price" if cost is not None else "unknown",
        }
    )
    yield foot("Reply.html()")


def text_of_message(message: JSON) -> Iterator[str]:
    """Yield the texts of a message in the format of either API."""
    content = message.get("content")
    if isinstance(content, str):
        yield content
    for part in content if is_list(content) else ():
        if is_json(part):
            yield text_of(part, "text") or text_of(part, "refusal")
    yield text_of(message, "refusal")


def _question(items: Sequence[JSON]) -> str:
    """Return the user's first words."""
    asked = (text for item in items if item.get("role") == "user" for text in text_of_message(item))
    return next((text for text in asked if text.strip()), "")


def _calls(items: Sequence[JSON]) -> Iterator[tuple[str, JSON]]:
    """Yield each call with its id, from either API."""
    for item in items:
        if item.get("type") in _CALLS:
            yield text_of(item, "call_id"), item
        yield from ((text_of(call, "id"), call) for call in _tool_calls(item))


def _names_of_calls(items: Sequence[JSON]) -> dict[str, str]:
    """Return the name of each call's tool by the id of the call."""
    return {number: text_of(_called(call) or call, "name") for number, call in _calls(items)}


def _open_calls(items: Sequence[JSON]) -> list[JSON]:
    """Return the calls that have no output. Two calls may have the same id: the first output is the first call's."""
    outputs = Counter(_answered(item) for item in items if _is_output(item))
    open_calls: list[JSON] = []
    for number, call in _calls(items):
        outputs[number] -= 1
        if outputs[number] < 0:
            open_calls.append(call)
    return open_calls


def _is_output(item: JSON) -> bool:
    return item.get("type") in _OUTPUTS or item.get("role") == "tool"


def _answered(output: JSON) -> str:
    """Return the id of the call that an output answers."""
    return text_of(output, "call_id") or text_of(output, "tool_call_id")


def _item(
    item: JSON, figures: Figures, names: Mapping[str, str], open_calls: Sequence[JSON]
) -> Iterator[str]:
    """Yield one item or message as a card."""
    kind, role = text_of(item, "type") or "message", text_of(item, "role")
    if kind == "reasoning":
        summary = item.get("summary")
        texts = [text_of(one, "text") for one in summary if is_json(one)] if is_list(summary) else []
        if any(texts):
            yield f"{opening('model', 'Model', '')}{thoughts(chr(10).join(texts))}</section>\n"
    elif kind in _CALLS:
        yield from _call(item, item, open_calls)
    elif _is_output(item):
        content = item.get("output", item.get("content"))
        yield opening("tool", names.get(_answered(item)) or "a tool", "the model received", _failed(content))
        yield from _content(content, figures)
        yield "</section>\n"
    elif kind == "message":
        if any(text_of_message(item)) or is_list(item.get("content")):
            card = "user" if role == "user" else "model"
            yield opening(card, _SPEAKERS.get(role, role or "Message"), "")
            yield from _content(item.get("content"), figures)
            yield words(refusal) if (refusal := text_of(item, "refusal")) else ""
            yield "</section>\n"
        for call in _tool_calls(item):
            yield from _call(call, _called(call), open_calls)
    else:
        yield opening("model", "Model", "")
        yield folded(kind, json.dumps(shortened(item), ensure_ascii=False, indent=2, default=str))
        yield "</section>\n"


def _call(call: JSON, called: JSON, open_calls: Sequence[JSON]) -> Iterator[str]:
    mark = _mark("no answer") if any(call is one for one in open_calls) else ""
    yield opening("tool", text_of(called, "name") or "a tool", "call", mark)
    yield f"{arguments(text_of(called, 'arguments') or text_of(called, 'input'))}</section>\n"


def _tool_calls(message: JSON) -> list[JSON]:
    listed = message.get("tool_calls")
    return [call for call in listed if is_json(call)] if is_list(listed) else []


def _called(call: JSON) -> JSON:
    return as_object(call.get("function")) or as_object(call.get("custom")) or {}


def _failed(content: object) -> str:
    """Return the mark for an output that reports a failed call, or an empty string for other outputs."""
    first = content[0] if is_list(content) and content else content
    text = text_of(first, "text") if is_json(first) else first
    is_error = isinstance(text, str) and text.startswith(ERROR)
    return _mark("error") if is_error else ""


def _mark(word: str) -> str:
    return f' <span class="tag bad">{word}</span>'


def _content(content: object, figures: Figures) -> Iterator[str]:
    """Yield a text, or the parts of a message or an output."""
    if isinstance(content, str):
        yield words(content)
    for part in content if is_list(content) else ():
        if is_json(part):
            yield _part(part, figures)


def _part(part: JSON, figures: Figures) -> str:
    attached = _attached(part)
    if attached:
        kind, source = attached
        return _picture(source, figures) if kind == "picture" else _file(source)
    kind, text = text_of(part, "type"), text_of(part, "text") or text_of(part, "refusal")
    if text or kind in ("text", "input_text", "output_text", "refusal"):
        return words(text) if text.strip() else ""
    return folded(kind or "part", json.dumps(shortened(part), ensure_ascii=False, indent=2, default=str))


def _attached(part: JSON) -> tuple[AttachmentKind, Source] | None:
    """Return the kind of attachment in a part of any API, and its source; None for text or an unknown part."""
    return next(((kind, wire.source(part)) for wire in providers() if (kind := wire.kind(part))), None)


def _picture(source: Source, figures: Figures) -> str:
    """Return a picture that the conversation itself contains. Others are only named: the page loads nothing."""
    url = source.url
    if not url.startswith("data:"):
        return sent(f"the picture {location(url) if url else source.file_id}")
    try:
        picture = Picture.from_base64(url)
    except PictureError as error:
        return sent(f"a picture that cannot be shown: {error.reason}")
    size = f"{picture.width}x{picture.height}"
    facts = (f"{size} pixels", picture.media_type, amount(picture.size))
    return figures.captioned(picture, f"a picture of {size} pixels", " · ".join(map(escape, facts)))


def _file(source: Source) -> str:
    data, url = ("", source.url) if "://" in source.url[:16] else (source.url, "")
    name = source.filename or (location(url) if url else "") or source.file_id
    # With or without the beginning of a data URL.
    return sent(f"the file {name or 'without a name'}", len(data.rpartition(",")[2].rstrip("=")) * 3 // 4)
