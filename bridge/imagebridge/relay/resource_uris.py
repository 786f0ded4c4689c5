"""Resources with relative addresses: the host knows them by absolute addresses that the relay assigned."""

from imagebridge.repair.uris import relative, with_absolute
from imagebridge.wire import JSON, is_json, is_list, text_of

from .json_rpc import spliced

_METHODS = frozenset(("resources/read", "resources/subscribe", "resources/unsubscribe"))
"""Requests that name a resource by its address (2025-11-25 and 2026-07-28, resources)."""


def is_given(method: str, params: JSON) -> bool:
    """Return whether a request names a resource by an address that the relay assigned."""
    return method in _METHODS and relative(uri := text_of(params, "uri")) != uri


def to_server(message: JSON, line: bytes) -> tuple[JSON, bytes]:
    """Return a message from the host, and its line, with the address that the server knows; return others unchanged."""
    params, method = message.get("params"), text_of(message, "method")
    if method not in _METHODS or not is_json(params) or not is_given(method, params):
        return message, line
    uri = relative(text_of(params, "uri"))
    return {**message, "params": {**params, "uri": uri}}, spliced(line, ("params", "uri"), uri)


def to_host(result: JSON) -> JSON:
    """Return the answer to `resources/read` with addresses that the host accepts; the same object if none has to change."""
    contents = result.get("contents")
    if not is_list(contents):
        return result
    made = [with_absolute(one) if is_json(one) else one for one in contents]
    return (
        result
        if all(new is old for new, old in zip(made, contents, strict=True))
        else {**result, "contents": made}
    )
