"""Links to pictures and documents on the server are read, so that the model sees what they lead to."""

from mimetypes import guess_type
from typing import TYPE_CHECKING, Any

import anyio
from mcp import Client, MCPError

from imagebridge.translate import kinds
from imagebridge.translate.wire import JSON, is_json, is_list, text_of

if TYPE_CHECKING:
    from mcp.types import BlobResourceContents, TextResourceContents

MAX_BYTES = 20_000_000
"""Bytes of a linked resource that is read at most, by what the server declares of it."""

_DOCUMENTS = frozenset(one.media_type for one in (kinds.PDF, kinds.DOCX, kinds.PPTX, kinds.XLSX, kinds.RTF))


async def followed(client: Client, result: JSON, seconds: float) -> dict[str, Any]:
    """Return `result` with the contents of linked pictures and documents in place of their links.

    Links to the web, to other kinds, and to more than `MAX_BYTES` stay, and become a line. So does one
    that cannot be read within `seconds`, followed by a text that says why.
    """
    content = result.get("content")
    if not is_list(content) or not any(_leads_to_something(block) for block in content):
        return dict(result)
    blocks: list[object] = []
    for block in content:
        blocks += await _read(client, block, seconds) if _leads_to_something(block) else [block]
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


async def _read(client: Client, block: object, seconds: float) -> list[object]:
    """Return the contents of a linked resource as blocks, or the link and why it cannot be read."""
    assert is_json(block)
    try:
        with anyio.fail_after(seconds):
            found = await client.read_resource(text_of(block, "uri"))
    except TimeoutError:
        return [block, _text(f"no answer within {seconds:g} seconds")]
    except (MCPError, ValueError, anyio.ClosedResourceError, anyio.BrokenResourceError) as error:
        return [block, _text(" ".join(str(error).split())[:300] or type(error).__name__)]
    around = {key: block[key] for key in ("annotations", "_meta") if key in block}
    return [{**around, "type": "resource", "resource": _resource(one)} for one in found.contents]


def _resource(contents: "TextResourceContents | BlobResourceContents") -> dict[str, Any]:
    return contents.model_dump(mode="json", by_alias=True, exclude_none=True)


def _text(why: str) -> dict[str, str]:
    return {"type": "text", "text": f"[the link above could not be read: {why}]"}
