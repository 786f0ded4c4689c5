"""One content block of an MCP result becomes pieces for the model.

| from MCP                              | pieces                                                         |
|---------------------------------------|----------------------------------------------------------------|
| text                                  | `TextPiece` without terminal codes; pictures hidden in it are extracted |
| text that consists of an SVG          | as image                                                       |
| image, whatever its label             | `PicturePiece`, verified or converted; a sentence if it cannot be shown |
| resource: text                        | as text                                                        |
| resource: image                       | as image                                                       |
| resource: a document the API reads    | `FilePiece`; by policy its text, and a `PicturePiece` for each page or figure |
| resource: another document (ODT, EPUB) | its text, and a `PicturePiece` for each figure                 |
| resource: UTF-8, whatever its label   | as text                                                        |
| resource: other bytes; audio; unknown | a sentence: type, size, uri                                    |
| any type with `data`                  | a picture or document, if that is what the data are            |
| resource_link                         | a line; by policy an http(s) address for the API to download   |

Pieces do not depend on models or budgets: `parts.py` turns them into parts.
"""

import re
from urllib.parse import unquote

from imagebridge.documents.document_types import document_type
from imagebridge.errors import DocumentError, PictureError, RequirementError
from imagebridge.facts.models import Detail
from imagebridge.pictures import kinds
from imagebridge.pictures.base64 import base64_bytes, base64_start, packed_base64, to_base64
from imagebridge.pictures.convert import converted
from imagebridge.pictures.kinds import svg_of
from imagebridge.wire import JSON, as_words, is_json, text_of

from . import hidden, sentences, terminal_codes
from .document_blocks import document_pieces
from .image_blocks import image, standard
from .picture_lines import numbered
from .pieces import (
    FilePiece,
    LinkPiece,
    PicturePiece,
    Piece,
    ResultContext,
    TextPiece,
    carried,
    for_user_only,
)
from .scale import scale_of
from .strips import DrawnSize

_DETAILS: tuple[Detail, ...] = ("low", "high", "auto", "original")

_MISSPELT = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png"}
"""Labels that servers send in practice, and their meanings."""

_LONGEST_ADDRESS = 8_000
"""The maximum length in bytes of an address that is passed on; longer ones fail in most servers and proxies."""


# Characters that no text contains, other than white space and the character that begins a terminal code.
_CONTROLS = re.compile(r"[\x00-\x07\x0e-\x1a\x1c-\x1f]")

_TERMINALS = sentences.not_shown(
    "a picture for a terminal", "only terminals can draw it; ask the tool for a PNG"
)

_WITHHELD = "[not shown: the tool meant it only for the user]"


def block_pieces(block: object, context: ResultContext) -> list[Piece]:
    """Return the pieces, at least one, for one block of `content`. Never raises an exception, whatever the content."""
    pieces = _pieces(block, context)
    if is_json(block) and (scale := scale_of(block)) != 1:
        pieces = [
            piece._replace(scale=(scale, scale)) if isinstance(piece, PicturePiece) else piece
            for piece in pieces
        ]
    # A picture is remembered as soon as it has its number.
    if is_json(block) and not isinstance(pieces[0], PicturePiece):
        for encoded in carried(block):
            context.remember(encoded, pieces)
    return pieces


def _pieces(block: object, context: ResultContext) -> list[Piece]:
    if isinstance(block, str):
        return text_pieces(block, context)
    if not is_json(block):
        return [
            _not_shown(
                f"a content block that is not an object ({type(block).__name__})", "it cannot be interpreted"
            )
        ]
    if context.policy.audience == "strict" and for_user_only(block):
        return [_not_shown(f"a block of type {_tag(block)}", "the tool meant it only for the user")]
    match block.get("type"):
        case "text" if block.get("text") is not None:
            return text_pieces(as_words(block["text"]), context)
        case "image":
            return _image(image(block), context)
        case "audio" if not _is_seen(text_of(block, "data")):
            what = _described(text_of(block, "data"), _media_type(block))
            return [_not_shown(f"audio ({what})", "this model does not accept audio")]
        case "resource" if is_json(resource := block.get("resource")):
            return _resource(block, resource, context)
        case "resource_link":
            return _link(block, context)
        case tag:
            standard_block = standard(block)
            return _pieces(standard_block, context) if standard_block else [_unknown(block, tag)]


def text_pieces(text: str, context: ResultContext) -> list[Piece]:
    """Return text unchanged, with each picture or document hidden in it as base64 placed directly after it.

    Terminal codes are removed, and pictures in them extracted. A text that consists of an SVG becomes that picture,
    if it can be drawn.
    """
    pieces: list[Piece] = []

    def bring_out(encoded: str) -> str:
        if context.withheld and packed_base64(encoded) in context.withheld:
            return _WITHHELD
        if mention := context.mention_anywhere(encoded):
            return mention
        brought = embedded_pieces(encoded, context)
        context.remember(encoded, brought)
        if all(isinstance(piece, TextPiece) for piece in brought):
            return " ".join(piece.text for piece in brought if isinstance(piece, TextPiece))
        pieces.extend(brought)
        first = brought[0]
        return f"[picture {first.number} below]" if isinstance(first, PicturePiece) else "[file below]"

    text = terminal_codes.plain(
        terminal_codes.pictured(text, lambda one: bring_out(one) if one else _TERMINALS)
    )
    if (svg := svg_of(text)) and (drawn := _svg_picture(svg, text, context)):
        return drawn
    if text.lstrip()[:1] in ("{", "[", '"'):
        for words in context.words:
            text = text.replace(words, f'"{_WITHHELD}"')
    return [
        TextPiece(hidden.brought_out(text, bring_out, context.mention_anywhere if context.holds else None)),
        *pieces,
    ]


def _svg_picture(svg: bytes, text: str, context: ResultContext) -> list[Piece]:
    """Return the picture drawn from text that is an SVG, with a note about the text, or nothing if it cannot be drawn."""
    drawn = picture_pieces(to_base64(svg), context)
    last = drawn[-1]
    if not isinstance(last, PicturePiece):
        return []
    sentence = (
        f"{numbered(last.number, last.number)}: drawn from SVG text of {len(text):,} characters, which "
        "is not included; to read it, ask for a part of it"
    )
    return [*drawn[:-1], last._replace(sentence="\n".join(filter(None, (last.sentence, sentence))))]


def embedded_pieces(
    encoded: str, context: ResultContext, *, label: str = "", uri: str = "", detail: Detail | None = None
) -> list[Piece]:
    """Return bytes as pictures, a document or text, or a sentence if they cannot be shown."""
    file_type = kinds.kind(base64_start(encoded))
    if file_type is not None and file_type.sort == "picture":
        return picture_pieces(encoded, context, label=label, uri=uri, detail=detail)
    try:
        data, _ = base64_bytes(encoded)
    except PictureError as error:
        return [_not_shown(sentences.described(label, None, uri=uri), error.reason)]
    file_type = kinds.kind(data)
    if file_type is not None and file_type.sort == "picture":
        return picture_pieces(encoded, context, label=label, uri=uri, detail=detail)
    return _file_pieces(encoded, data, file_type, context, label=label, uri=uri)


def _file_pieces(
    encoded: str,
    data: bytes,
    file_type: kinds.FileType | None,
    context: ResultContext,
    *,
    label: str,
    uri: str,
) -> list[Piece]:
    """Return bytes other than a picture as a document or text, or a sentence if they cannot be shown."""
    match file_type:
        case kinds.FileType(sort="document"):
            if mention := context.mention(encoded):
                return [
                    TextPiece(
                        f"{_filename(uri, file_type)}: {mention}", "a document that was sent", ours=True
                    )
                ]
            return _document(data, file_type, uri, context)
        case kinds.ZIP if document_type(data):
            try:
                return document_pieces(data, sentences.short(uri) or "document", context)
            except (DocumentError, RequirementError) as error:
                return [_not_shown(sentences.described(label, len(data), data, uri), f"it {error}")]
        case None if (text := _decoded_text(data)) is not None:
            return text_pieces(text, context)
        case _:
            return [
                _not_shown(
                    sentences.described(label, len(data), data, uri), "this type cannot be sent to the model"
                )
            ]


def picture_pieces(
    encoded: str, context: ResultContext, *, label: str = "", uri: str = "", detail: Detail | None = None
) -> list[Piece]:
    """Return the pictures that `encoded` contains, or a sentence that says why there are none."""
    policy, receiver = context.policy, context.receiver
    fit = DrawnSize(receiver.view, receiver.model, receiver.detail(policy.detail or detail))
    try:
        conversion = converted(
            encoded, policy.proof or "structure", fit, first_frame=policy.animation == "first"
        )
    except PictureError as error:
        # Some servers put documents into image blocks. All of the bytes decide, and only here: judging by the first bytes,
        # some would be something else and be passed back and forth.
        if (found := _whole(encoded)) and found[1].sort in ("document", "archive"):
            return _file_pieces(encoded, *found, context, label=label, uri=uri)
        return [_not_shown(f"a picture ({_described(encoded, label, uri)})", sentences.asking(error))]
    pieces: list[Piece] = []
    for at, picture in enumerate(conversion.pictures):
        number = context.number(encoded if at == 0 else picture.base64)
        # The sentence is about all pictures of the file and appears once, after the last.
        last = at == len(conversion.pictures) - 1 and conversion.sentence
        sentence = f"{numbered(number - at, number)}: {conversion.sentence}" if last else ""
        encoded_file = encoded if len(conversion.pictures) == 1 else ""
        pieces.append(
            PicturePiece(number, picture, detail, sentence, conversion.source, conversion.size, encoded_file)
        )
    return pieces


def _whole(encoded: str) -> tuple[bytes, kinds.FileType] | None:
    """Decode base64 and return the bytes with their detected type, or None if the type is unknown."""
    try:
        data, _ = base64_bytes(encoded)
    except PictureError:
        return None
    file_type = kinds.kind(data)
    return (data, file_type) if file_type else None


def _image(block: JSON, context: ResultContext) -> list[Piece]:
    """Return the pictures of an image block, or a line if the block contains an address."""
    if block.get("type") == "resource_link":
        return _link(block, context)
    label, encoded = _media_type(block), block.get("data")
    if encoded and not isinstance(encoded, str):
        return [
            _not_shown(
                f"a picture ({sentences.described(label, None)})",
                f"its data is {type(encoded).__name__}, not base64; ask for the picture as base64",
            )
        ]
    return picture_pieces(text_of(block, "data"), context, label=label, detail=_detail(block))


def _resource(block: JSON, resource: JSON, context: ResultContext) -> list[Piece]:
    """Return the contents of an embedded resource: text unchanged, bytes by their type, both if it has both."""
    text, encoded = resource.get("text"), text_of(resource, "blob")
    pieces = text_pieces(text, context) if isinstance(text, str) and (text or not encoded) else []
    if pieces and not encoded:
        return pieces
    uri, label = text_of(resource, "uri"), _media_type(resource)
    return [*pieces, *embedded_pieces(encoded, context, label=label, uri=uri, detail=_detail(block))]


def _document(data: bytes, file_type: kinds.FileType, uri: str, context: ResultContext) -> list[Piece]:
    if len(data) > (limit := context.receiver.max_file):
        return [
            _not_shown(
                sentences.described("", len(data), data, uri),
                f"the API accepts files up to {sentences.amount(limit)}",
            )
        ]
    if context.policy.documents == "pages":
        try:
            return document_pieces(data, _filename(uri, file_type), context)
        except (DocumentError, RequirementError) as error:
            return [
                FilePiece(_data_url(data, file_type), _filename(uri, file_type)),
                TextPiece(f"[its text is not shown: {error}]", "a sentence about the document", ours=True),
            ]
    return [FilePiece(_data_url(data, file_type), _filename(uri, file_type))]


def _data_url(data: bytes, file_type: kinds.FileType) -> str:
    return f"data:{file_type.media_type};base64,{to_base64(data)}"


def _filename(uri: str, file_type: kinds.FileType) -> str:
    """Name a document after the last part of its URI: the API requires a file name with the right suffix."""
    last = re.split(r"[/\\\\]", unquote(re.split(r"[?#]", uri)[0]).rstrip("/\\"))[-1]
    # In an address without a path, such as `cid:report.pdf`, the scheme is not part of the name.
    safe = re.sub(r"[^\w.() -]", "_", re.sub(r"^[A-Za-z][A-Za-z0-9+.-]+:", "", last))
    stem = safe[: -len(file_type.suffix)] if safe.lower().endswith(file_type.suffix) else safe
    return f"{stem[-100:] or 'document'}{file_type.suffix}"


def _decoded_text(data: bytes) -> str | None:
    """Return bytes as text if they are UTF-8, or UTF-16 with a byte order mark, whatever their label; otherwise None."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if _CONTROLS.search(text) else text


def _link(block: JSON, context: ResultContext) -> list[Piece]:
    """Return a line that describes the link or, by policy, the address itself if it leads to the web."""
    uri, label, size = text_of(block, "uri"), _media_type(block), block.get("size")
    if uri[:5].lower() == "data:":
        return embedded_pieces(uri, context, label=label, detail=_detail(block))
    if context.policy.links == "pass" and uri.startswith(("http://", "https://")) and _is_sendable(uri):
        if label in context.receiver.formats:
            return [LinkPiece(uri, "picture", _detail(block))]
        if label == kinds.PDF.media_type:
            return [LinkPiece(uri, "document")]
    name = text_of(block, "title") or text_of(block, "name")
    size = size if isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 2**53 else None
    return [
        TextPiece(
            sentences.link(uri, name, label, size, text_of(block, "description")), "a line for the link"
        )
    ]


def _is_sendable(uri: str) -> bool:
    """Return whether an address is complete, has no character that was cut in half, and is short enough for the API."""
    return "\ufffd" not in uri and len(uri.encode()) <= _LONGEST_ADDRESS


def _detail(block: JSON) -> Detail | None:
    """Return the detail that a server requests in a block's `_meta`; our key takes precedence over Codex's."""
    meta = block.get("_meta")
    if not is_json(meta):
        return None
    wanted = (meta.get("imagebridge/detail"), meta.get("codex/imageDetail"))
    return next((detail for one in wanted for detail in _DETAILS if one == detail), None)


def _described(encoded: str, label: str, uri: str = "") -> str:
    try:
        data, _ = base64_bytes(encoded)
    except PictureError:
        return sentences.described(label, None, uri=uri)
    return sentences.described(label, len(data), data, uri)


def _media_type(value: JSON) -> str:
    """Return the label without parameters; some servers write `mediaType`."""
    media_type = text_of(value, "mimeType") or text_of(value, "mediaType")
    label = media_type.split(";", 1)[0].strip().lower()[:100]
    return _MISSPELT.get(label, label)


def _tag(block: JSON) -> str:
    return sentences.short(text_of(block, "type")) or "unknown"


def _is_seen(encoded: str) -> bool:
    """Return whether base64 is a picture or a document, judging by its first bytes."""
    file_type = kinds.kind(base64_start(encoded))
    return file_type is not None and file_type.sort in ("picture", "document")


def _unknown(block: JSON, tag: object) -> TextPiece:
    fields = ", ".join(sorted(str(key) for key in block if key != "type"))
    what = f"a content block of type {tag!r}" if isinstance(tag, str) else "a content block without a type"
    return _not_shown(
        sentences.short(what), f"only the names of its fields are known: {sentences.short(fields) or 'none'}"
    )


def _not_shown(what: str, why: str) -> TextPiece:
    return TextPiece(sentences.not_shown(what, why), f"a sentence: {why}", ours=True)
