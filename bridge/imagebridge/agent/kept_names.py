"""The names under which a server keeps pictures, and the handles that replace them, so that each picture has one name."""

from collections.abc import Mapping

from imagebridge.translate.picture_lines import KEPT_SCHEME, handle, renamed_kept
from imagebridge.wire import JSON, URI, blocks_of, is_json, text_of


def coming_handles(result: JSON, number: int) -> dict[str, str]:
    """Return the handles that a result's pictures get, counting from `number`, by their server's names for them.

    Before the result is read, they are certain only for pictures preceded by nothing but text.
    """
    coming: dict[str, str] = {}
    for block in filter(is_json, blocks_of(result)):
        if block.get("type") == "image":
            meta = block.get("_meta")
            if uri := text_of(meta, URI) if is_json(meta) else "":
                coming.setdefault(uri, handle(number))
            number += 1
        elif block.get("type") != "text":
            break
    return coming


def named_once(result: JSON, handles: Mapping[str, str]) -> JSON:
    """Return a result in which each picture has one name: its handle, given beside it, or that of an earlier picture."""
    blocks = blocks_of(result)
    metas = (block.get("_meta") for block in blocks if is_json(block) and block.get("type") == "image")
    uris = {text_of(meta, URI) for meta in metas if is_json(meta)} - {""}
    if not uris and not handles:
        return result

    def named(block: object) -> object:
        text = text_of(block, "text") if is_json(block) and block.get("type") == "text" else ""
        if not is_json(block) or KEPT_SCHEME not in text:
            return block
        return {**block, "text": renamed_kept(text, uris, handles)}

    return {**result, "content": [named(block) for block in blocks]}
