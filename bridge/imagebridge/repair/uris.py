"""Relative addresses of links and resources, which clients built on mcp 1 (to 1.30, 2026-11) refuse, get a scheme and lose it again."""

from urllib.parse import quote, unquote

from imagebridge.wire import JSON, is_json, links, text_of

_RELATIVE = "unknown:"
"""What stands before an address that only its server can resolve."""


def absolute(uri: str) -> str:
    """Return an address with a scheme: the very same where it has one. `relative` leads back."""
    # Only now: most results hold no address.
    from pydantic_core import Url

    try:
        Url(uri)
    except ValueError:
        # Two slashes at the beginning would make what follows a host.
        return _RELATIVE + quote(uri, safe="" if uri.startswith("//") else "/?#&=+:,;@")
    return uri


def relative(uri: str) -> str:
    """Return the address that `absolute` made this one of, as its server knows it; any other as it is."""
    return (uri.startswith(_RELATIVE) and unquote(uri.removeprefix(_RELATIVE))) or uri


def addressed(block: JSON) -> JSON:
    """Return a valid block whose address, if it has one, is absolute; the very same where it is."""
    if links(block):
        return with_absolute(block)
    inner = block.get("resource") if block["type"] == "resource" else None
    if not is_json(inner) or (mended := with_absolute(inner)) is inner:
        return block
    return {**block, "resource": mended}


def with_absolute(holder: JSON) -> JSON:
    """Return what holds a `uri` with one that is absolute; the very same where it is."""
    uri = text_of(holder, "uri")
    address = absolute(uri)
    return holder if address == uri else {**holder, "uri": address}
