"""Adds a scheme to relative addresses, which clients built on mcp 1 (to 1.30, 2026-11) refuse, and removes it again."""

from urllib.parse import quote, unquote

from imagebridge.wire import JSON, is_json, links, text_of

_RELATIVE = "unknown:"
"""The scheme for an address that only its server can resolve."""


def absolute(uri: str) -> str:
    """Return an address with a scheme, unchanged if it already has one. `relative` reverses this."""
    # Only now: most results contain no address.
    from pydantic_core import Url

    try:
        Url(uri)
    except ValueError:
        # Two slashes at the beginning would turn what follows into a host.
        return _RELATIVE + quote(uri, safe="" if uri.startswith("//") else "/?#&=+:,;@")
    return uri


def relative(uri: str) -> str:
    """Undo the change that `absolute` made to an address; return others unchanged."""
    return (uri.startswith(_RELATIVE) and unquote(uri.removeprefix(_RELATIVE))) or uri


def addressed(block: JSON) -> JSON:
    """Return a valid block with an absolute address, if it has one; the same object if nothing changes."""
    if links(block):
        return with_absolute(block)
    inner = block.get("resource") if block["type"] == "resource" else None
    if not is_json(inner) or (mended := with_absolute(inner)) is inner:
        return block
    return {**block, "resource": mended}


def with_absolute(holder: JSON) -> JSON:
    """Return an object with a `uri` that is absolute; the same object if it already is."""
    uri = text_of(holder, "uri")
    address = absolute(uri)
    return holder if address == uri else {**holder, "uri": address}
