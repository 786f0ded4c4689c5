"""Decides which of a host's first messages a card answers: only those that the SDK's server would answer the same way.

This works for both generations of the protocol: the one with `initialize` (up to 2025-11-25) and the stateless one
(since 2026-07-28), in which each request has an envelope in `_meta`. As in the SDK, the first request determines the
generation. Anything unusual, and anything after a message that was not understood, waits for the SDK, because its rules
are repeated here only for messages that hosts send in practice.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

from .card import Answers, Card

JsonObject = dict[str, Any]

PROTOCOL_VERSION = "io.modelcontextprotocol/protocolVersion"
CLIENT_INFO = "io.modelcontextprotocol/clientInfo"
CLIENT_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
"""Keys of the envelope (MCP 2026-07-28, basic)."""

APPS = "io.modelcontextprotocol/ui"
APP_PAGE = "text/html;profile=mcp-app"
"""The extension for hosts that can show the viewer, and the media type of its page (MCP Apps 2026-01-26)."""

_LONGEST = 65_536
_DEEPEST = 100
"""The maximum number of characters and of brackets in a message, because the SDK refuses nesting deeper than 200."""

_OTHERS = "*"
"""Stands for any other name in a shape."""

_CAPABILITIES: JsonObject = {
    "experimental": {_OTHERS: dict},
    "extensions": {_OTHERS: dict},
    "roots": {"listChanged": bool},
    "sampling": {"context": dict, "tools": dict},
    "elicitation": {"form": dict, "url": dict},
    "tasks": {
        "list": dict,
        "cancel": dict,
        "requests": {"sampling": {"createMessage": dict}, "elicitation": {"create": dict}},
    },
    _OTHERS: object,
}
_IMPLEMENTATION: JsonObject = {
    "name": str,
    "version": str,
    "title": str,
    "description": str,
    "websiteUrl": str,
    _OTHERS: object,
}
"""The shapes of the data that clients report about themselves (MCP 2025-11-25 and 2026-07-28, schema:
ClientCapabilities, Implementation).

Names that are not in the protocol are ignored, because some hosts list tools and prompts as their capabilities.
"""


class Early(NamedTuple):
    """A request that the card answers, with the key of its question and the result as JSON."""

    request: JsonObject
    question: str
    result: str

    @property
    def line(self) -> str:
        """The response as a line of JSON."""
        return f'{{"jsonrpc":"2.0","id":{json.dumps(self.request["id"])},"result":{self.result}}}\n'


class Handshake:
    """The first messages of one connection, as long as the card can answer them.

    stateless: whether the host uses the protocol generation without `initialize`; None before the first request.
    waiting: whether a message needs the server itself.
    """

    def __init__(self, card: Card) -> None:
        self._card = card
        self._newest: Mapping[str, str] = list(card.handshake.values())[-1] if card.handshake else {}
        self._known: Mapping[str, str] | None = None
        self._apps = False
        self._lost = False
        self.stateless: bool | None = None
        self.waiting = False

    def early(self, line: str) -> Early | None:
        """Return the card's answer to a line from the host, or None if the card has no answer or none is needed."""
        message = None if self._lost else _message(line)
        if message is None:
            self._lost = self.waiting = True
            return None
        if "id" not in message:
            return None
        found = self._question_and_result(message["method"], message.get("params"))
        if found is None:
            self.waiting = True
            # A refused message changes nothing there, but the SDK decides what is refused.
            self._lost = self._lost or message["method"] == "initialize"
            return None
        return Early(message, *found)

    def _question_and_result(self, method: str, params: JsonObject | None) -> tuple[str, str] | None:
        """Return the card's question and answer for a request."""
        enveloped = method != "initialize" and PROTOCOL_VERSION in _meta(params)
        if self.stateless is None:
            self.stateless = enveloped
        if enveloped != self.stateless:
            return None
        if enveloped:
            if not _is_plain(params) or not _is_envelope(_meta(params), self._card.stateless):
                return None
            known: Mapping[str, str] | None = self._card.stateless[_meta(params)[PROTOCOL_VERSION]]
            return _answer(known, method, apps=_shows_apps(_meta(params)[CLIENT_CAPABILITIES]))
        if method == "initialize":
            if params is None or not _introduces(params):
                return None
            self._known = self._card.handshake.get(params["protocolVersion"], self._newest)
            self._apps = _shows_apps(params["capabilities"])
        elif not _is_plain(params):
            return None
        known = self._newest if self._known is None and method == "ping" else self._known
        return _answer(known, method, apps=self._apps)


def question(method: str, *, apps: bool) -> str:
    """Return the card's key for a question: the method, and whether the host supports MCP Apps."""
    return f"{method}, apps" if apps else method


def _answer(known: Mapping[str, str] | None, method: str, *, apps: bool) -> tuple[str, str] | None:
    asked = question(method, apps=apps)
    result = known.get(asked) if known else None
    return None if result is None else (asked, result)


def _message(line: str) -> JsonObject | None:
    """Return a request or notification whose form is unambiguous, otherwise None."""
    # A lone surrogate is valid text to Python's parser and an error to the SDK's.
    if len(line) > _LONGEST or line.count("{") + line.count("[") > _DEEPEST or "\\ud" in line.lower():
        return None
    try:
        found: Any = json.loads(line, object_pairs_hook=_unique, parse_constant=_refused)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    message = cast("JsonObject", found)
    number = message.get("id", "")
    if not isinstance(number, str) and (type(number) is not int or abs(number) >= 2**63):
        return None
    regular = (
        set(message) <= {"jsonrpc", "id", "method", "params"}
        and message.get("jsonrpc") == "2.0"
        and isinstance(message.get("method"), str)
        and isinstance(message.get("params", {}), dict)
    )
    return message if regular else None


def _unique(pairs: list[tuple[str, Any]]) -> JsonObject:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _meta(params: JsonObject | None) -> JsonObject:
    found = (params or {}).get("_meta")
    return cast("JsonObject", found) if isinstance(found, dict) else {}


def _is_plain(params: JsonObject | None) -> bool:
    """Return whether a request asks for a list from its beginning, with no parameters except `_meta`."""
    return params is None or (set(params) <= {"_meta"} and _is_plain_meta(params))


def _is_plain_meta(params: JsonObject) -> bool:
    if "_meta" not in params:
        return True
    if not isinstance(params["_meta"], dict):
        return False
    return all(_CHECKS.get(key, _is_free)(key, value) for key, value in _meta(params).items())


def _is_free(key: str, _: object) -> bool:
    """Return whether a name in `_meta` means nothing to the SDK, however it is spelled."""
    return "modelcontextprotocol" not in key and "progress" not in key


def _is_text(_: str, value: object) -> bool:
    return isinstance(value, str)


_CHECKS: Mapping[str, Callable[[str, Any], bool]] = {
    "progressToken": lambda _, value: isinstance(value, str) or type(value) is int,
    "traceparent": _is_text,
    "tracestate": _is_text,
    "baggage": _is_text,
    PROTOCOL_VERSION: _is_text,
    CLIENT_INFO: lambda _, value: _is_implementation(value),
    CLIENT_CAPABILITIES: lambda _, value: _fits(value, _CAPABILITIES),
}


def _is_envelope(meta: JsonObject, versions: Answers) -> bool:
    return meta[PROTOCOL_VERSION] in versions and CLIENT_CAPABILITIES in meta


def _introduces(params: JsonObject) -> bool:
    """Return whether these are parameters of `initialize` that the SDK would certainly accept."""
    return (
        set(params) - {"_meta"} == {"protocolVersion", "capabilities", "clientInfo"}
        and _is_plain_meta(params)
        and isinstance(params["protocolVersion"], str)
        and _fits(params["capabilities"], _CAPABILITIES)
        and _is_implementation(params["clientInfo"])
    )


def _is_implementation(value: object) -> bool:
    if not _fits(value, _IMPLEMENTATION):
        return False
    implementation = cast("JsonObject", value)
    return (
        isinstance(implementation.get("name"), str)
        and isinstance(implementation.get("version"), str)
        and not implementation.get("icons")
    )


def _fits(value: object, shape: Any) -> bool:
    """Return whether a value matches a shape: a type, or an object with shapes for its values, which may be null."""
    if shape is object:
        return True
    if isinstance(shape, type):
        return type(value) is shape
    if not isinstance(value, dict):
        return False
    shapes = cast("JsonObject", shape)
    return all(
        inner is None or _fits(inner, shapes[name])
        if name != _OTHERS and name in shapes
        else _OTHERS in shapes and _fits(inner, shapes[_OTHERS])
        for name, inner in cast("JsonObject", value).items()
    )


def _shows_apps(capabilities: JsonObject) -> bool:
    extensions: Mapping[str, JsonObject] = capabilities.get("extensions") or {}
    types: object = extensions.get(APPS, {}).get("mimeTypes")
    return isinstance(types, list) and APP_PAGE in cast("list[object]", types)
