"""One content block of an MCP result becomes pieces for the model.

| from MCP                              | pieces                                                        |
|---------------------------------------|---------------------------------------------------------------|
| text                                  | `Words`, as they are                                          |
| image, whatever its label             | `Sight`, proven; a sentence where it cannot be shown          |
| resource: text                        | `Words`                                                       |
| resource: image                       | as image                                                      |
| resource: PDF                         | `Paper`                                                       |
| resource: other bytes; audio; unknown | a sentence: type, size, uri                                   |
| resource_link                         | a line: name, uri, type, size, description                    |

Pieces know nothing of the order of blocks, of models and budgets: `result.py` sets them into parts.
"""

import re
from dataclasses import dataclass

from imagebridge.errors import PictureError

from . import kinds, sentences
from .convert import plain
from .picture import Picture, Proof, decode, encode
from .vision import Detail
from .wire import JSON, is_json, text_of

_DETAILS: tuple[Detail, ...] = ("low", "high", "auto", "original")


@dataclass(frozen=True, slots=True)
class Words:
    """Text for the model; `lost` says that it stands for a block that could not be shown."""

    text: str
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Sight:
    """A picture for the model, and the detail that its block asked for."""

    picture: Picture
    detail: Detail | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """A document that the API reads itself: a `data:` URL and a file name."""

    data_url: str
    filename: str


Piece = Words | Sight | Paper


def pieces(block: object, proof: Proof = "structure") -> list[Piece]:
    """Return what one block of `content` becomes. Never raises for content, never returns an empty list."""
    if not is_json(block):
        return [
            _lost(f"a content block that is no object but {type(block).__name__}", "nothing is known of it")
        ]
    match block.get("type"):
        case "text" if isinstance(block.get("text"), str):
            return [Words(text_of(block, "text"))]
        case "image":
            return [_sight(block, text_of(block, "data"), proof, label=_media_type(block), uri="")]
        case "audio":
            return [_audio(block)]
        case "resource" if is_json(resource := block.get("resource")):
            return [_resource(block, resource, proof)]
        case "resource_link":
            return [Words(_link(block))]
        case other:
            return [_unknown(block, other)]


def _resource(block: JSON, resource: JSON, proof: Proof) -> Piece:
    """An embedded resource: text as it is, bytes by what they are."""
    text = resource.get("text")
    if isinstance(text, str):
        return Words(text)
    blob, label, uri = text_of(resource, "blob"), _media_type(resource), text_of(resource, "uri")
    try:
        data, _ = decode(blob)
    except PictureError as error:
        return _lost(sentences.described(label, None, uri=uri), error.reason)
    match kinds.kind(data):
        case kinds.Kind(sort="picture"):
            return _sight(block, blob, proof, label=label, uri=uri)
        case kinds.PDF:
            return Paper(f"data:application/pdf;base64,{encode(data)}", _filename(uri))
        case _:
            return _lost(
                sentences.described(label, len(data), data, uri), "the model cannot be given this type"
            )


def _filename(uri: str) -> str:
    """Name a document after the last part of its uri: the API wants a real file name."""
    last = re.sub(r"[^\w.() -]", "_", uri.rstrip("/").rsplit("/", 1)[-1])[-100:]
    return f"{last.removesuffix('.pdf') or 'document'}.pdf"


def _sight(block: JSON, encoded: str, proof: Proof, *, label: str, uri: str) -> Piece:
    """A picture in a form the API takes, or the sentence that says why there is none."""
    try:
        return Sight(plain(Picture.from_base64(encoded, proof)), asked_detail(block))
    except PictureError as error:
        return _lost(f"a picture ({_bytes_described(encoded, label, uri)})", error.reason)


def asked_detail(block: JSON) -> Detail | None:
    """Return the detail that a server asks for in a block's `_meta`, ours before Codex's."""
    meta = block.get("_meta")
    if not is_json(meta):
        return None
    wanted = (meta.get("imagebridge/detail"), meta.get("codex/imageDetail"))
    return next((detail for one in wanted for detail in _DETAILS if one == detail), None)


def _audio(block: JSON) -> Words:
    what = _bytes_described(text_of(block, "data"), _media_type(block), "")
    return _lost(f"audio ({what})", "the model takes no sound here")


def _bytes_described(encoded: str, label: str, uri: str) -> str:
    try:
        data, _ = decode(encoded)
    except PictureError:
        return sentences.described(label, None, uri=uri)
    return sentences.described(label, len(data), data, uri)


def _media_type(value: JSON) -> str:
    """Return the label without parameters; some servers write `mime_type` or `mediaType`."""
    found = text_of(value, "mimeType") or text_of(value, "mime_type") or text_of(value, "mediaType")
    return found.split(";", 1)[0].strip().lower()[:100]


def _link(block: JSON) -> str:
    size = block.get("size")
    return sentences.link(
        text_of(block, "uri"),
        text_of(block, "title") or text_of(block, "name"),
        _media_type(block),
        size if isinstance(size, int) else None,
        text_of(block, "description"),
    )


def _unknown(block: JSON, tag: object) -> Words:
    fields = ", ".join(sorted(key for key in block if key != "type"))
    what = f"a content block of type {tag!r}" if isinstance(tag, str) else "a content block without a type"
    return _lost(what, f"only its fields are known: {fields[:200] or 'none'}")


def _lost(what: str, why: str) -> Words:
    return Words(sentences.not_shown(what, why), lost=True)
