"""Makes a raw `tools/call` result acceptable to every MCP client, so that one malformed block does not affect the rest.

Clients validate a result as a whole (mcp 2.3, 2026-11): a block without data, an annotation of the
wrong type or a block of a new kind would make them reject all blocks. The shapes are those of protocol
2025-11-25, which 2026-07-28 keeps; `repair` also adds what mcp 1.22 to 1.30 require beyond them.
"""

import json
import operator
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from imagebridge.pictures import kinds
from imagebridge.pictures.base64 import as_base64, base64_start
from imagebridge.translate.blocks import block_pieces, text_pieces
from imagebridge.translate.image_blocks import image, standard
from imagebridge.translate.pieces import ResultContext, TextPiece
from imagebridge.translate.policy import Policy
from imagebridge.wire import (
    JSON,
    blocks_of,
    is_error,
    is_json,
    is_list,
    is_number,
    numbered,
    respelt,
    result_json,
    text_of,
    writable,
)

from .uris import addressed

if TYPE_CHECKING:
    from imagebridge.facts.hosts import Host


def repair(result: object, host: str | None = None) -> dict[str, Any]:
    """Return a tool result that every MCP client accepts and, if `host` is given, that this host can use.

    Without a host, nothing is scaled down. With a host, the result has at most as many characters as the host
    accepts, pictures are in its formats and within its size limit, and a sentence says what changed. If the host does
    not tell its model that a result is empty or an error, a sentence does. Structured content, links, documents and
    audio become text or pictures if the host would lose them; a program that passes results on must then leave out
    the tools' output schemas too. Relative addresses of links and resources, which clients built on mcp 1 refuse, get
    a
    scheme: `docs/a.md` becomes `unknown:docs/a.md`.

    Args:
        result: the JSON of a `tools/call` result, valid or not, or a `CallToolResult`.
        host: the name of a host, such as "claude-desktop", the name that a client gives in `clientInfo.name`, or
            "unknown" for a result that every known host accepts. None means no particular host.

    Raises:
        TypeError: `result` is neither a `CallToolResult` nor a JSON object.
        ValueError: `host` is not a known host.
    """
    # Only Python reads NaN and infinity.
    wire = cast("JSON", writable(result_json(result), finite=True))
    if host is None:
        return dict(_plain(repaired(wire)))
    # Only now: most users of the bridge never fit a result to a host.
    from imagebridge.facts.hosts import named

    return repaired_for(wire, named(host))


def repaired_for(result: JSON, host: "Host", *, promised: bool = False) -> dict[str, Any]:
    """Return a result, valid or not, in a form that this host can use; see `fitting.fitted` for `promised`."""
    if is_plain(result, host):
        return dict(result)
    from .fitting import fitted

    return fitted(_plain(repaired(result)), host, promised=promised)


_PLAIN_KEYS = {"content", "isError", "resultType"}

_TEXT = 10_000
"""The maximum number of JSON characters that a short text takes, if each of its characters is escaped."""


def is_plain(result: JSON, host: "Host") -> bool:
    """Return whether a result has only short texts with nothing hidden in them, as most do; every host can use it."""
    blocks = result.get("content")
    return (
        is_list(blocks)
        and bool(blocks)
        and len(blocks) * _TEXT < host.characters
        and result.keys() <= _PLAIN_KEYS
        and result.get("isError", False) is False
        and isinstance(result.get("resultType", ""), str)
        and all(is_json(block) and _is_short_text(block) for block in blocks)
    )


def _is_short_text(block: JSON) -> bool:
    text = block.get("text")
    return (
        len(block) == 2
        and block.get("type") == "text"
        and isinstance(text, str)
        and len(text) < _TEXT // 12 - 10
        and bool(text.strip())
        and (
            _NOTHING_HIDDEN.fullmatch(text) is not None
            or text_pieces(text, ResultContext(_ANY)) == [TextPiece(text)]
        )
    )


_NOTHING_HIDDEN = re.compile(r"[^\x1b\x80-\x9f<]{1,63}")
"""A text without terminal codes or markup, and shorter than the base64 of any picture (see `hidden`)."""


_ANY = Policy()


def _plain(result: JSON) -> JSON:
    """Return a repaired result in a form that clients of every generation accept.

    Up to 2025-11-25, clients require structured content to be an object: other values go under `result`,
    where the SDKs put them. PHP writes an empty object as an empty list. mcp 1 (to 1.30, 2026-11) accepts only
    addresses with a scheme.
    """
    given = cast("list[JSON]", result["content"])
    blocks = [addressed(block) for block in given]
    if any(map(operator.is_not, blocks, given)):
        result = {**result, "content": blocks}
    structured = result.get("structuredContent")
    if "structuredContent" not in result or is_json(structured):
        return result
    if structured is None:
        return {key: value for key, value in result.items() if key != "structuredContent"}
    return {**result, "structuredContent": {} if structured == [] else {"result": structured}}


def repaired(result: JSON) -> JSON:
    """Return `result` unchanged if every part of it is valid, otherwise a copy with all parts made valid.

    Structured content may be any JSON, as in 2026-07-28. Pictures and sounds keep their bytes and get a correct
    label; anything that no valid block can contain becomes a text that describes it. Nothing is left out, and the
    order is kept.
    """
    result = respelt(result)
    content, structured = result.get("content"), result.get("structuredContent")
    if content is None and structured is None and (other := _other(result)):
        # From older servers, and those that implement only half of the protocol.
        content = [{"type": "text", "text": other}]
    blocks = blocks_of({"content": content})
    mended = [_mended(block) for block in blocks]
    sound = is_list(result.get("content")) and all(
        new is old for new, old in zip(mended, blocks, strict=True)
    )
    error = result.get("isError", False)
    typed = isinstance(result.get("resultType", ""), str)
    if sound and typed and isinstance(error, bool) and _has_good_meta(result):
        return result
    repaired_result = {**_with_good_meta(result), "content": mended}
    if not isinstance(error, bool):
        repaired_result["isError"] = is_error(result)
    if not typed:
        del repaired_result["resultType"]
    if structured is None:
        repaired_result.pop("structuredContent", None)
    return repaired_result


_KNOWN = ("content", "structuredContent", "isError", "_meta", "resultType", "toolResult")


def _other(result: JSON) -> str:
    """Return the non-standard fields of a result without blocks, as JSON; `toolResult` is from MCP 2024-10-07."""
    own: object = {key: value for key, value in result.items() if key not in _KNOWN}
    if "toolResult" in result:
        own = result["toolResult"] if not own else {**cast("JSON", own), "toolResult": result["toolResult"]}
    if isinstance(own, str):
        return own
    try:
        return json.dumps(own, ensure_ascii=False, default=str) if own else ""
    except (TypeError, ValueError):
        return ""


def reread(result: JSON) -> JSON:
    """Return the result of `resources/read` unchanged if all of its contents are valid, otherwise a valid copy.

    Contents that are neither text nor bytes become a text that describes them.
    """
    contents = numbered(result.get("contents"))
    came = contents if is_list(contents) else [] if contents is None else [contents]
    mended = [_contents(one) for one in came]
    if (
        contents is result.get("contents")
        and is_list(contents)
        and _has_good_meta(result)
        and all(map(operator.is_, mended, came))
    ):
        return result
    return {**_with_good_meta(result), "contents": mended}


def _contents(value: object) -> object:
    if isinstance(value, str):
        return {"uri": "unknown:", "text": value}
    block = {"type": "resource", "resource": value}
    mended = _resource(block)
    if mended is not None:
        return mended["resource"]
    uri = text_of(value, "uri") if is_json(value) else ""
    return {"uri": uri or "unknown:", "text": _sentence(block)["text"]}


def _mended(block: object) -> object:
    """Return a valid block, the same object if it already is valid."""
    if isinstance(block, str):
        return {"type": "text", "text": block}
    if not is_json(block):
        return _sentence(block)
    mend = _BLOCKS.get(text_of(block, "type"))
    mended = mend(block) if mend else None
    if mended is None and (known := standard(block)):
        mended = _BLOCKS[text_of(known, "type")](known)
    if mended is None:
        return _sentence(block)
    if not _has_good_meta(mended) or not _good_annotations(mended.get("annotations")):
        mended = _with_good_meta(mended)
        annotations = _annotations(mended.pop("annotations", None))
        mended |= {"annotations": annotations} if annotations else {}
    return mended


def _sentence(block: object) -> JSON:
    """Return a text block that describes an invalid block, in the words that a translation would use."""
    lines = [
        piece.text for piece in block_pieces(block, ResultContext(Policy())) if isinstance(piece, TextPiece)
    ]
    return {"type": "text", "text": "\n".join(lines)}


def _text(block: JSON) -> JSON | None:
    return block if isinstance(block.get("text"), str) else None


def _image(block: JSON) -> JSON | None:
    standard_block = image(block)
    return _link(standard_block) if standard_block.get("type") == "resource_link" else _media(standard_block)


def _media(block: JSON) -> JSON | None:
    """An image or sound: its data as a string, labelled with the type of the bytes."""
    encoded = block.get("data")
    if not isinstance(encoded, str):
        return None
    label = _label(encoded, block)
    bare = as_base64(encoded)
    kind = "image" if label.startswith("image/") else text_of(block, "type")
    if (bare, label, kind) == (encoded, block.get("mimeType"), block.get("type")):
        return block
    return {**block, "type": kind, "data": bare, "mimeType": label}


def _label(encoded: str, holder: JSON) -> str:
    """Return the media type of base64 according to its first bytes or, if these are unknown, its label."""
    file_type = kinds.kind(base64_start(encoded))
    label = text_of(holder, "mimeType") or text_of(holder, "mediaType")
    return file_type.media_type if file_type else label or "application/octet-stream"


def _resource(block: JSON) -> JSON | None:
    inner = block.get("resource")
    if not is_json(inner):
        return None
    mended = dict(inner)
    if isinstance(inner.get("text"), str):
        mended.pop("blob", None)
    elif isinstance(inner.get("blob"), str):
        mended.pop("text", None)
        mended["mimeType"] = _label(text_of(inner, "blob"), inner)
    else:
        return None
    mended["uri"] = text_of(inner, "uri") or "unknown:"
    if not isinstance(mended.get("mimeType", ""), str):
        del mended["mimeType"]
    if not _has_good_meta(mended):
        mended = _with_good_meta(mended)
    return block if mended == inner else {**block, "resource": mended}


def _link(block: JSON) -> JSON | None:
    uri = text_of(block, "uri")
    if not uri:
        return None
    mended = {key: value for key, value in block.items() if _LINK.get(key, _is_any)(value)}
    mended["name"] = text_of(block, "name") or uri
    if is_list(icons := mended.get("icons")):
        mended["icons"] = [_icon(icon) for icon in icons if is_json(icon) and text_of(icon, "src")]
    return block if mended == block else mended


def _icon(icon: JSON) -> JSON:
    """Return an icon with its valid fields. Its sizes may be written as in HTML: "48x48 96x96"."""
    mended = {key: value for key, value in icon.items() if _ICON.get(key, _is_any)(value)}
    sizes = mended.get("sizes")
    if isinstance(sizes, str):
        mended["sizes"] = sizes.split()
    elif is_list(sizes):
        mended["sizes"] = [size for size in sizes if isinstance(size, str)]
    return mended


def _is_any(_: object) -> bool:
    return True


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_size(value: object) -> bool:
    """Return whether a value is an integer; some programs write JavaScript's 3 as 3.0."""
    if isinstance(value, float) and not value.is_integer():
        return False
    # Beyond that, JavaScript readers see another number.
    return is_number(value) and abs(value) < 2**53


_LINK: dict[str, Callable[[object], bool]] = {
    "title": _is_text,
    "description": _is_text,
    "mimeType": _is_text,
    "size": _is_size,
    "icons": is_list,
}

_ICON: dict[str, Callable[[object], bool]] = {
    "mimeType": _is_text,
    "sizes": lambda value: isinstance(value, str) or is_list(value),
    "theme": lambda value: value in ("light", "dark"),
}

_BLOCKS: dict[str, Callable[[JSON], JSON | None]] = {
    "text": _text,
    "image": _image,
    "audio": _media,
    "resource": _resource,
    "resource_link": _link,
}


def _has_good_meta(holder: JSON) -> bool:
    return "_meta" not in holder or is_json(holder["_meta"])


def _with_good_meta(holder: JSON) -> dict[str, Any]:
    return {key: value for key, value in holder.items() if key != "_meta" or is_json(value)}


def _good_annotations(value: object) -> bool:
    return value is None or (is_json(value) and _annotations(value) == value)


def _annotations(value: object) -> JSON:
    """Return the valid annotations: audience, priority, last modification."""
    if not is_json(value):
        return {}
    audience, priority = value.get("audience"), value.get("priority")
    named = [audience] if isinstance(audience, str) else audience
    roles = [role for role in named if role in ("user", "assistant")] if is_list(named) else []
    annotations: dict[str, object] = {"audience": roles} if roles else {}
    if is_number(priority) and 0 <= priority <= 1:
        annotations["priority"] = priority
    if isinstance(value.get("lastModified"), str):
        annotations["lastModified"] = value["lastModified"]
    return cast("JSON", annotations)
