"""Finds content that the API accepts but a model misreads, or that costs tokens without being seen."""

import datetime
from collections.abc import Iterable, Iterator, Sequence

from imagebridge.errors import PictureError
from imagebridge.facts import models
from imagebridge.facts.models import Detail, last_day
from imagebridge.pictures.base64 import base64_bytes
from imagebridge.rules.blindness import BLINDNESS
from imagebridge.rules.body import CALLS, Body, InputItem, PictureUrl, contents
from imagebridge.rules.verdict import Verdict, judge_bytes
from imagebridge.translate import vision
from imagebridge.translate.sentences import amount
from imagebridge.wire import as_list, as_object, as_string

from . import dumps
from .finding import FIXES, Finding
from .runs import Base64Run, runs

_LETTERS = 4
"""The approximate number of characters per token in base64 or JSON."""

_WRITE_HIGH = 'Write "detail": "high".'


def advice(body: Body, refused: Iterable[str]) -> Iterator[Finding]:
    """Yield advice on `body`, except on the size of pictures at the `refused` paths, where a rule says more."""
    yield from _ended(body)
    yield from _details(body)
    yield from _sizes(body, frozenset(refused))
    yield from _repeats(body.judged, body.model)
    yield from _text_findings(body)


def _ended(body: Body) -> Iterator[Finding]:
    """Yield a finding if OpenAI no longer serves the model."""
    today = datetime.date.today()  # a date from OpenAI, which names no time zone
    last = last_day(body.model or "")
    if last is not None and last <= today:
        yield Finding(
            "model-ended",
            "model",
            f"OpenAI returns 404: {body.model} was shut down on {last}.",
            "Use a current model.",
            refused=True,
        )


def _model_name(body: Body) -> str:
    return body.model or "A model"


def _details(body: Body) -> Iterator[Finding]:
    """Yield findings for pictures without a detail, if the model uses `original` by default."""
    if models.family(body.model).auto != "original":
        return
    judged = {picture.path: verdict for picture, verdict in body.judged}
    for part in body.parts:
        if part.type not in ("input_image", "image_url"):
            continue
        inner = as_object(part.fields.get("image_url")) if part.type == "image_url" else None
        holder, path = (inner, f"{part.path}.image_url") if inner else (part.fields, part.path)
        verdict = judged.get(f"{path}.url" if inner else f"{path}.image_url", Verdict())
        costs, saves = _costs(body.model, verdict)
        detail = holder.get("detail")
        if detail is None or (detail == "auto" and saves):
            setting = '"auto"' if detail else "No detail"
            yield Finding(
                "detail-missing",
                f"{path}.detail",
                f"{setting} means original on {_model_name(body)}: {costs}.",
                _WRITE_HIGH,
                refused=False,
            )


def _costs(model: str | None, verdict: Verdict) -> tuple[str, bool]:
    """Describe what a picture costs at `original` and at `high`; also return whether `high` costs less."""
    if not verdict.width:
        return "up to ten times the tokens of high", False
    size = f"{verdict.width}x{verdict.height} pixels"
    original = vision.seen(verdict.width, verdict.height, model, "original")
    high = vision.seen(verdict.width, verdict.height, model, "high")
    if high.tokens == original.tokens:
        return (
            f"this picture of {size} costs {high.tokens:,} tokens either way, and a larger one many more",
            False,
        )
    costs = f"{size} cost {original.tokens:,} tokens, {high.tokens:,} at high"
    return costs, high.tokens < original.tokens


def _sizes(body: Body, refused: frozenset[str]) -> Iterator[Finding]:
    """Yield findings for pictures with more pixels than the model sees."""
    for picture, verdict in body.judged:
        if not verdict.width or picture.path in refused:
            continue
        seen = vision.seen(verdict.width, verdict.height, body.model, _detail(picture))
        if seen.width * seen.height < verdict.width * verdict.height:
            yield Finding(
                "picture-too-large",
                picture.path,
                f"{_model_name(body)} sees {seen.width}x{seen.height} of these {verdict.width}x{verdict.height} pixels, "
                f"and the {amount(len(picture.url))} are sent with every turn.",
                f"Shrink it to {seen.width}x{seen.height} and say by how much.",
                refused=False,
            )


def _detail(picture: PictureUrl) -> Detail:
    known: dict[str | None, Detail] = {"low": "low", "high": "high", "original": "original"}
    return known.get(picture.detail, "auto")


def _repeats(judged: Sequence[tuple[PictureUrl, Verdict]], model: str | None) -> Iterator[Finding]:
    """Yield findings for pictures that occur more than once in the body."""
    alike: dict[tuple[int, str, str], list[list[tuple[PictureUrl, Verdict]]]] = {}
    for one in judged:
        url = one[0].url
        # Hashes first: only texts with equal hashes are worth comparing in full.
        groups = alike.setdefault((len(url), url[-64:], url[:: 1 << 17]), [])
        group = next((group for group in groups if group[0][0].url == url), None)
        if group is None:
            groups.append([one])
        else:
            group.append(one)
    for (first, verdict), *again in (group for groups in alike.values() for group in groups):
        if not again or not verdict.width:
            continue
        tokens = vision.seen(verdict.width, verdict.height, model, _detail(first)).tokens
        yield Finding(
            "repeated-picture",
            again[0][0].path,
            f"The same picture appears {len(again) + 1} times here, first at {first.path}: "
            f"{amount(len(first.url))} and {tokens:,} tokens each time.",
            "Send it once and refer to it in words, or upload it once and send its file_id.",
            refused=False,
        )


def body_texts(body: Body) -> Iterator[tuple[str, str, bool]]:
    """Yield every text of the body: its path, the text, and whether it comes from a tool."""
    for name in ("instructions", body.list_name):
        if isinstance(text := body.fields.get(name), str):
            yield name, text, False
    for item in body.items:
        path, content = contents(item)
        if isinstance(content, str) and path != f"{body.list_name}.content":
            yield path, content, _is_tool(item)
        yield from ((path, text, False) for path, text in _arguments(item))
    for part in body.parts:
        if isinstance(text := part.fields.get("text"), str):
            yield f"{part.path}.text", text, part.place in ("output", "tool")


def _arguments(item: InputItem) -> Iterator[tuple[str, str]]:
    """Yield the arguments that a model wrote for the calls in an item, with their paths."""
    for name in ("arguments", "input"):
        if item.type in CALLS and isinstance(text := item.fields.get(name), str):
            yield f"{item.path}.{name}", text
    for index, call in enumerate(as_list(item.fields.get("tool_calls"))):
        function = as_object((as_object(call) or {}).get("function")) or {}
        if isinstance(text := function.get("arguments"), str):
            yield f"{item.path}.tool_calls[{index}].function.arguments", text


def _is_tool(item: InputItem) -> bool:
    return item.type.endswith("_output") or "tool" in (item.type, as_string(item.fields.get("role")))


def _text_findings(body: Body) -> Iterator[Finding]:
    """Yield findings for texts that contain pictures, or parts that should have been sent as parts."""
    blind = {violation.path for rule in BLINDNESS for violation in rule.violations(body)}
    for path, text, by_tool in body_texts(body):
        if path in blind:
            yield _finding("picture-as-text", path, text, body.model, list(runs(text)))
        elif by_tool and dumps.parse_result(text) is not None:
            yield _finding("parts-as-text", path, text, body.model, [])
        elif base64_runs := list(runs(text)):
            yield _finding("base64-in-text", path, text, body.model, base64_runs)


_ADVICE_FIXES = {
    "parts-as-text": "Send the parts themselves: function_call_output(result, call_id) does this.",
    "base64-in-text": "Send it as a separate part, and leave it out of the text.",
    "picture-as-text": FIXES["picture-as-text"],
}


_NAMES = {"document": "A document", "audio": "Audio", "video": "A video", "archive": "An archive"}


def _finding(rule: str, path: str, text: str, model: str | None, base64_runs: list[Base64Run]) -> Finding:
    characters = sum(run.stop - run.start for run in base64_runs) if rule == "base64-in-text" else len(text)
    tokens = f"{characters:,} characters, about {max(1, characters // _LETTERS):,} tokens"
    match rule:
        case "parts-as-text":
            consequence = f"Content parts written as text: {tokens}, of which the model reads only braces and field names."
        case "base64-in-text" if all(run.kind.sort != "picture" for run in base64_runs):
            consequence = (
                f"{_NAMES[base64_runs[0].kind.sort]} as base64 in text: {tokens}, which no model can read."
            )
        case _:
            consequence = f"A picture as text: {tokens}, and the model sees nothing{_as_picture(text, base64_runs, model)}."
    blind = not _is_written_by_model(path) and (
        rule == "picture-as-text"
        or any(run.kind.sort == "picture" for run in base64_runs)
        or dumps.shows(text)
    )
    return Finding(rule, path, consequence, _fix(rule, path, base64_runs), refused=False, blind=blind)


def _is_written_by_model(path: str) -> bool:
    """Return whether a model wrote a text for a tool, so that it contains no picture for the model."""
    return path.endswith((".arguments", ".input"))


def _fix(rule: str, path: str, base64_runs: list[Base64Run]) -> str:
    if _is_written_by_model(path):
        return "Replace it with a short name: the call has already been made."
    if base64_runs and not any(run.kind.sort in ("picture", "document") for run in base64_runs):
        return "Leave it out and describe it in words: no content part can carry it."
    return _ADVICE_FIXES[rule]


def _as_picture(text: str, base64_runs: list[Base64Run], model: str | None) -> str:
    """Return a note on what the pictures would cost if sent as images; "" if none can be read."""
    total = 0
    for run in base64_runs:
        try:
            verdict = judge_bytes(base64_bytes(text[run.data : run.stop])[0], "structure")
        except PictureError:
            continue
        if verdict.width:
            total += vision.seen(verdict.width, verdict.height, model, "high").tokens
    return f"; as a picture it costs {total:,}" if total else ""
