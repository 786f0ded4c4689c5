"""Repairs the content of one item or message: texts and parts with findings are translated."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from imagebridge.errors import PictureError
from imagebridge.facts.limits import MAX_FILE_DATA, MAX_ID
from imagebridge.pictures import kinds
from imagebridge.pictures.base64 import base64_bytes, to_base64
from imagebridge.providers.chat import chat_part
from imagebridge.providers.openai_items import attached
from imagebridge.providers.responses import PROVIDER, translate
from imagebridge.rules.body import scheme
from imagebridge.rules.form import KNOWN
from imagebridge.rules.pictures import DETAILS
from imagebridge.translate import hidden, sentences
from imagebridge.translate.policy import Policy
from imagebridge.translate.vision import known
from imagebridge.wire import JSON, JsonObject, as_words, is_error, is_json, is_list, text_of

from . import dumps
from .runs import is_data_url, runs

if TYPE_CHECKING:
    from imagebridge.facts.models import Detail
    from imagebridge.wire import Part as ResponsesPart


_TEXTS = ("text", "input_text", "output_text")
_IMAGES = ("input_image", "image_url")
_FILES = ("input_file", "file")
MOST_TEXT = 10_000_000
"""The maximum number of characters kept of a text; the API accepts a few more, for the note about the rest."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Repairs contents. `touched` contains the paths in the body at or below which there are findings."""

    policy: Policy
    touched: frozenset[str]

    def parts(self, content: object, path: str, *, error: bool = False) -> list[JsonObject]:
        """Return `content` as parts of the Responses API, at least one; parts without findings stay unchanged."""
        if is_list(content) and len(content):
            parts = self._mended(content, path)
            return [_input_text(sentences.ERROR), *parts] if error else parts
        result = _result(content)
        return self._translated({**result, "isError": error or is_error(result)})

    def _mended(self, content: Sequence[object], path: str) -> list[JsonObject]:
        ready: dict[int, list[JsonObject]] = {}
        blocks: list[JSON] = []
        owners: list[int] = []
        for index, value in enumerate(content):
            part = value if is_json(value) else _input_text(_as_text(value))
            mended = self._ready(part) if f"{path}[{index}]" in self.touched else [dict(part)]
            if mended is not None:
                ready[index] = mended
            # Pictures that are kept are also translated, and then left alone, because the others are numbered after them.
            new = _blocks(part) if mended is None or text_of(part, "type") in _IMAGES else []
            blocks += new
            owners += [index] * len(new)
        translated: dict[int, list[JsonObject]] = {}
        for placed in translate({"content": blocks}, self.policy).placed if blocks else ():
            if placed.block is not None:
                translated.setdefault(owners[placed.block], []).extend(map(PROVIDER.part, placed.parts))
        for index, parts in translated.items():
            original = content[index]
            if is_json(original) and "prompt_cache_breakpoint" in original and parts:
                parts[-1] = {**parts[-1], "prompt_cache_breakpoint": original["prompt_cache_breakpoint"]}
        all_parts = [
            one for index in range(len(content)) for one in ready.get(index, translated.get(index, []))
        ]
        return all_parts or [_input_text(sentences.NOTHING)]

    def _ready(self, part: JSON) -> list[JsonObject] | None:
        """Return the replacement for a part that is not translated with the others; None for a part that is."""
        kind = text_of(part, "type")
        if kind in _TEXTS:
            dumped_result = dumps.parse_result(text_of(part, "text"))
            return self._translated(dumped_result) if dumped_result else None
        if kind in _IMAGES and (remote := _remote(part)):
            return [self._image(part, remote)]
        return [_file_part(part)] if kind in _FILES else None

    def _translated(self, result: JSON) -> list[JsonObject]:
        read = {**result, "content": dumps.blocks(cast("Sequence[object]", result.get("content", [])))}
        return cast("list[JsonObject]", translate(read, self.policy).parts)

    def _image(self, part: JSON, remote: JsonObject) -> JsonObject:
        """Return a picture given by id or address, with a detail that the model supports."""
        wanted = PROVIDER.source(part).detail
        good = wanted in DETAILS["input_image"] and wanted != "auto"
        detail = known(self.policy.model, cast("Detail", wanted)) if good else "high"
        cache_fields = {name: part[name] for name in ("prompt_cache_breakpoint",) if name in part}
        return {"type": "input_image", **remote, "detail": detail, **cache_fields}


def _remote(part: JSON) -> JsonObject:
    """Return the field with a picture's id or web address; empty if the picture is given as data."""
    source = PROVIDER.source(part)
    if source.file_id and len(source.file_id) <= MAX_ID:
        return {"file_id": source.file_id}
    return {"image_url": source.url} if source.url[:8].lower().startswith(("http://", "https://")) else {}


def _result(content: object) -> JSON:
    """Return content that is not a list of parts, as a tool result."""
    if content is None or content == []:
        return {"content": []}
    dumped_result = dumps.parse_result(content) if isinstance(content, str) else dumps.result_from(content)
    return dumped_result or {"content": _opened(_as_text(content))}


def _blocks(part: JSON) -> list[JSON]:
    """Return the blocks for one part, as input to the translation."""
    kind = text_of(part, "type")
    if kind in _TEXTS:
        return _opened(_as_text(part.get("text")))
    if kind in _IMAGES:
        url = PROVIDER.source(part).url
        # An address that nobody can open is described like a link.
        return [
            {"type": "resource_link", "uri": url, "name": "a picture"}
            if scheme(url) not in ("", "data")
            else dumps.image(part)
        ]
    return dumps.blocks([part])


def _opened(text: str) -> list[JSON]:
    """Return a text, followed by the pictures and documents in it as base64, as separate blocks."""
    if hidden.brought_out(text, lambda _: "") != text:
        return [{"type": "text", "text": text}]  # the translation extracts these itself
    words, at = "", 0
    resources: list[JSON] = []
    for one in _encoded(text):
        name = "picture" if one.kind and one.kind.sort == "picture" else "file"
        words += f"{text[at : one.start]}[{name} below]"
        resources.append({"type": "resource", "resource": {"uri": "", "blob": one.encoded}})
        at = one.stop
    return [{"type": "text", "text": words + text[at:]}, *resources]


def _encoded(text: str) -> Iterator[hidden.Quoted]:
    """Yield the base64 in a text: in quoted strings, which may be escaped or split into lines, and between them."""
    at = 0
    for one in hidden.quoted(text):
        yield from _runs(text, at, one.start)
        yield one
        at = one.stop
    yield from _runs(text, at, len(text))


def _runs(text: str, start: int, stop: int) -> Iterator[hidden.Quoted]:
    for run in runs(text[start:stop]):
        encoded = text[start + run.start : start + run.stop]
        yield hidden.Quoted(encoded, run.kind, start + run.start, start + run.stop)


def _as_text(value: object) -> str:
    """Convert a value that should have been text to text."""
    return "" if value is None else as_words(value)


def _file_part(part: JSON) -> JsonObject:
    """Return a file with the fields that the API requires, or a sentence saying that it is not sent."""
    holder = attached(part)
    for name in ("file_id", "file_url"):
        if identity := text_of(holder, name):
            return {"type": "input_file", name: identity}
    data, name = text_of(holder, "file_data"), text_of(holder, "filename")
    try:
        content, strict = base64_bytes(data)
    except PictureError as error:
        return _input_text(sentences.not_shown(f"the file {name or 'without a name'}", error.reason))
    file_type = kinds.kind(content)
    if not strict or not is_data_url(data):
        label = file_type.media_type if file_type else "application/octet-stream"
        data = f"data:{label};base64,{to_base64(content)}"
    if len(data) > MAX_FILE_DATA:
        return _input_text(
            sentences.not_shown(f"the file {name}, {sentences.amount(len(content))}", "it is too large")
        )
    file_part: JsonObject = {
        "type": "input_file",
        "filename": name or f"document{file_type.suffix if file_type else '.txt'}",
    }
    detail = holder.get("detail")
    return {**file_part, "file_data": data, **({"detail": detail} if detail in DETAILS["input_file"] else {})}


def _input_text(text: str) -> JsonObject:
    return {"type": "input_text", "text": text}


def joined(parts: Sequence[JsonObject], original: object) -> object:
    """Return parts in the form of `original`: one string if that was not a list and only text remains."""
    texts = [part["text"] for part in parts if part.get("type") == "input_text"]
    plain = len(texts) == len(parts) and not is_list(original)
    return "\n".join(map(str, texts)) if plain else list(parts)


def known_fields(item: JSON) -> JsonObject:
    """Return an item or part without the fields that the API does not know."""
    names = KNOWN.get(text_of(item, "type"))
    return {name: value for name, value in item.items() if names is None or name in names}


def cut(text: str) -> str:
    """Return a text that is short enough for the API, with a note about what was left out."""
    return sentences.cut(text, MOST_TEXT)


def chat_parts(parts: Iterable[JsonObject]) -> list[JsonObject]:
    """Return parts of the Responses API in the form of Chat Completions."""
    return [chat_part(cast("ResponsesPart", part)) for part in parts]
