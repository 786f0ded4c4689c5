"""Converts image blocks in the forms of other APIs and languages to MCP's form.

{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBOR..."}}
{"type": "image", "url": "https://example.org/a.png"}
{"type": "image", "data": {"type": "Buffer", "data": [137, 80, 78, 71, ...]}}
"""

import re
from typing import cast

from imagebridge.pictures import kinds
from imagebridge.pictures.base64 import base64_start, to_base64
from imagebridge.wire import JSON, is_json, is_list, text_of

_FIELDS = ("data", "base64", "blob", "source", "url", "uri")

_URL = re.compile(r"\w+_ur[il]")
"""Vendors' other names for a field that contains an address, or an object with an address."""

_ADDRESS = re.compile(r"\s*[A-Za-z][A-Za-z0-9+._-]{0,40}://")


def image(block: JSON) -> JSON:
    """Return an image block with `data` as a string, or a link if it has an address; the same object if nothing changes."""
    encoded = block.get("data")
    if isinstance(encoded, str) and encoded and not _ADDRESS.match(encoded):
        return block
    others = [name for name in block if _URL.fullmatch(name)]
    inner = [block.get(name) for name in ("source", *others)]
    for holder in (block, *filter(is_json, inner)):
        texts = (_data_text(holder.get(name)) for name in (*_FIELDS, *others))
        if address_or_data := next(filter(None, texts), ""):
            return _image_or_link(block, holder, address_or_data)
    return block


def _image_or_link(block: JSON, holder: JSON, address_or_data: str) -> JSON:
    label = block.get("mimeType") or holder.get("media_type") or holder.get("mimeType")
    fields = {name: block[name] for name in ("annotations", "_meta") if name in block}
    fields |= {"mimeType": label} if label else {}
    if _ADDRESS.match(address_or_data):
        return {
            "type": "resource_link",
            "uri": address_or_data.strip(),
            "name": text_of(block, "name") or address_or_data,
            **fields,
        }
    return {"type": "image", "data": address_or_data, **fields}


def standard(block: JSON) -> JSON | None:
    """Convert a block of a type that MCP does not define to one that it does; return None if it has nothing to show.

    A block of type `blob`, sent by older servers (modelcontextprotocol/servers#4029), becomes a resource whatever it
    contains; other blocks only if they contain a picture or a document.
    """
    inner = block.get("source")
    holders = (block, inner) if is_json(inner) else (block,)
    encoded = next(
        filter(None, (text_of(one, name) for one in holders for name in ("data", "blob", "base64"))), ""
    )
    file_type = kinds.kind(base64_start(encoded))
    sort = file_type.sort if file_type else ""
    if not encoded or (block.get("type") != "blob" and sort not in ("picture", "document")):
        return None
    fields = {name: block[name] for name in ("annotations", "_meta") if name in block}
    labels = (text_of(one, name) for one in holders for name in ("mimeType", "mediaType", "media_type"))
    label = {"mimeType": one} if (one := next(filter(None, labels), "")) else {}
    if sort == "picture":
        return {"type": "image", "data": encoded, **label, **fields}
    names = (text_of(block, name) for name in ("uri", "filename", "name", "title"))
    uri = next(filter(None, names), "")
    return {"type": "resource", "resource": {"uri": uri, "blob": encoded, **label}, **fields}


def _data_text(value: object) -> str:
    """Return a picture written as base64, as an address, or as bytes in the forms of Python and JavaScript; otherwise nothing."""
    if isinstance(value, str):
        return value
    if is_list(value) and all(isinstance(one, str) for one in value):
        return "".join(cast("list[str]", value))
    if is_json(value):
        # Node's Buffer, or a Uint8Array as JavaScript's JSON writes it: an object keyed by index.
        value = value.get("data") if value.get("type") == "Buffer" else list(value.values())
    try:
        data = bytes(cast("list[int]", value)) if is_list(value) else value
    except (TypeError, ValueError):
        return ""
    if not isinstance(data, bytes):
        return ""
    return to_base64(data) if kinds.kind(data) else data.decode("ascii", "replace")
