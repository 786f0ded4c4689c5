"""Links to pictures and documents on the server are read, so that the model sees what they lead to."""

from mimetypes import guess_type
from typing import TYPE_CHECKING, Any

from imagebridge.errors import ServerError
from imagebridge.translate import kinds
from imagebridge.translate.sentences import amount
from imagebridge.translate.wire import JSON, is_json, is_list, text_of

if TYPE_CHECKING:
    from mcp.types import BlobResourceContents, TextResourceContents

    from .connection import Connection

MAX_BYTES = 20_000_000
"""Bytes of a linked resource that is shown at most."""

_DOCUMENTS = frozenset(one.media_type for one in (kinds.PDF, kinds.DOCX, kinds.PPTX, kinds.XLSX, kinds.RTF))


async def followed(connection: "Connection", result: JSON) -> dict[str, Any]:
    """Return `result` with the contents of linked pictures and documents in place of their links.

    Links to the web, to other kinds, and to more than `MAX_BYTES` stay, and become a line. So does one that
    cannot be read, or holds more than it said, followed by a text that says why. What is linked twice is read once.
    """
    content = result.get("content")
    if not is_list(content) or not any(_leads_to_something(block) for block in content):
        return dict(result)
    blocks: list[object] = []
    known: dict[str, list[dict[str, Any]] | str] = {}
    for block in content:
        if not is_json(block) or not _leads_to_something(block):
            blocks.append(block)
            continue
        uri = text_of(block, "uri")
        if uri not in known:
            known[uri] = await _read(connection, uri)
        found = known[uri]
        if isinstance(found, str):
            blocks += [block, {"type": "text", "text": f"[the link above could not be read: {found}]"}]
            continue
        around = {key: block[key] for key in ("annotations", "_meta") if key in block}
        blocks += [{**around, "type": "resource", "resource": resource} for resource in found]
    return {**result, "content": blocks}


def _leads_to_something(block: object) -> bool:
    """Tell whether a block is a link to a picture or document that the server keeps and that is not too large."""
    if not is_json(block) or block.get("type") != "resource_link":
        return False
    uri, size = text_of(block, "uri"), block.get("size")
    if uri.startswith(("http://", "https://")) or (isinstance(size, int) and size > MAX_BYTES):
        return False
    media_type = text_of(block, "mimeType") or guess_type(uri)[0] or ""
    return media_type.startswith("image/") or media_type in _DOCUMENTS


async def _read(connection: "Connection", uri: str) -> list[dict[str, Any]] | str:
    """Return the contents of a linked resource, or why they cannot be had."""
    try:
        found = await connection.read(uri)
    except ServerError as error:
        return error.problem
    resources = [_resource(one) for one in found.contents]
    # Four characters of base64 hold three bytes.
    size = sum(len(text_of(one, "text")) + len(text_of(one, "blob")) * 3 // 4 for one in resources)
    return resources if size <= MAX_BYTES else f"it holds {amount(size)}, and {amount(MAX_BYTES)} are read"


def _resource(contents: "TextResourceContents | BlobResourceContents") -> dict[str, Any]:
    return contents.model_dump(mode="json", by_alias=True, exclude_none=True)
