"""A relay's knowledge of its two peers: who the host is, its requests, and which tools promise structured content.

Pure: it sees each message and returns what to do with it.
"""

import re
from secrets import token_hex
from typing import Any, NamedTuple

from imagebridge.client.resources import is_readable_link
from imagebridge.facts.hosts import UNKNOWN, Host, host
from imagebridge.wire import JSON, as_object, blocks_of, is_json, is_list, text_of

from .json_rpc import RequestId, key, other_spelling
from .resource_uris import is_given

_CLIENT = "io.modelcontextprotocol/clientInfo"
_ENVELOPE = (_CLIENT, "io.modelcontextprotocol/protocolVersion", "io.modelcontextprotocol/clientCapabilities")
"""Keys in the `_meta` of each request since 2026-07-28 that the relay's own requests repeat."""

_MOST_PENDING = 10_000
"""The maximum number of unanswered requests that are remembered: cancelled requests may never be answered."""

_PAYLOADS = frozenset(("tools/call", "tasks/result", "tasks/get"))
"""Requests whose answers contain a tool's result (tasks: 2025-11-25; `tasks/get` in their extension of 2026)."""


class HostRequest(NamedTuple):
    """A request from a host: the host, its id, its method, the tool that it calls, and the parts of its `_meta` that our own requests repeat.

    given: whether it names a resource by an address that the relay assigned.
    """

    host: Host
    number: object
    method: str
    tool: str
    meta: JSON
    given: bool = False


class Peers:
    """One host and one server, from the first message to the last.

    named: the host's row if the user named it; otherwise the host is identified by the name that it reports.
    """

    def __init__(self, named: Host | None = None) -> None:
        self._named = named
        self._called = UNKNOWN
        self._pending: dict[RequestId, HostRequest] = {}
        self._promising: set[str] = set()
        self._tasks: dict[str, str] = {}
        self._own = f"imagebridge-{token_hex(8)}-"
        self._count = 0
        self.opening: tuple[JSON, bytes] | None = None
        """The host's `initialize`, parsed and raw, up to 2025-11-25; a restarted server receives it again."""
        self.opened: bytes | None = None
        """The host's `notifications/initialized`."""

    def nobody(self, task: JSON) -> HostRequest:
        """Return a substitute for the missing request of a task's result, as if from the host that spoke last."""
        return HostRequest(self._named or self._called, None, "", self._tool_of(task), {})

    def begun(self, pending: HostRequest, result: JSON) -> None:
        """Record the task that answers a call: its result arrives later and may need structured content."""
        task = text_of(_object(result.get("task")) or result, "taskId")
        if task and pending.method == "tools/call":
            self._tasks[task] = pending.tool
            if len(self._tasks) > _MOST_PENDING:
                del self._tasks[next(iter(self._tasks))]

    def _tool_of(self, task: JSON) -> str:
        return self._tasks.get(text_of(task, "taskId"), "")

    def own_id(self) -> str:
        """Return an id for one of the relay's own requests, which no host uses."""
        self._count += 1
        return f"{self._own}{self._count}"

    def is_own(self, number: object) -> bool:
        """Return whether an id came from `own_id`."""
        return isinstance(number, str) and number.startswith(self._own)

    def heard(self, message: JSON, line: bytes, *, whole: bool = True) -> HostRequest | None:
        """Record a message from the host; return its request, or None if it is not one.

        whole: whether the line is this message and could be read. Only then is it repeated to a restarted server, which
        would end again at what ended the one before.
        """
        method, number = text_of(message, "method"), message.get("id")
        params = _object(message.get("params"))
        meta = _object(params.get("_meta"))
        if method == "initialize" and whole:
            self._name(params.get("clientInfo"))
            self.opening = message, line
        elif method == "notifications/initialized" and whole:
            self.opened = line
        if meta:
            self._name(meta.get(_CLIENT))
        at = key(number)
        # A method of a wrong type is still asked for: the server refuses it, or ends.
        if "method" not in message or at is None:
            return None
        envelope = {name: meta[name] for name in _ENVELOPE if name in meta} if meta else {}
        pending = HostRequest(
            self._named or self._called,
            number,
            method,
            text_of(params, "name") or self._tool_of(params),
            envelope,
            is_given(method, params),
        )
        self._pending.pop(at, None)
        self._pending[at] = pending
        if len(self._pending) > _MOST_PENDING:
            del self._pending[next(iter(self._pending))]
        return pending

    def _name(self, info: object) -> None:
        """Look up the host with this name. A name that matches no host means an unknown host."""
        if is_json(info) and (name := text_of(info, "name")):
            self._called = host(name)

    def answered(self, message: JSON) -> HostRequest | None:
        """Return the request that a message from the server answers, or None if it is not an answer."""
        return self.taken(key(message.get("id"))) if "method" not in message else None

    def taken(self, at: RequestId | None) -> HostRequest | None:
        """Return the request with this id, or None, and stop waiting for it."""
        if at is None:
            return None
        return self._pending.pop(at, None) or self._pending.pop(other_spelling(at), None)

    @property
    def is_waiting(self) -> bool:
        """Whether any request is waiting for its answer."""
        return bool(self._pending)

    def unanswered(self) -> list[HostRequest]:
        """Return the requests that are waiting for an answer, and forget them."""
        waiting = list(self._pending.values())
        self._pending.clear()
        return waiting

    def promises(self, pending: HostRequest) -> bool:
        """Return whether the host may refuse a result without structured content, because it was shown the tool's output schema."""
        return pending.tool in self._promising and not _loses(pending.host)

    def listed(self, result: JSON, host: Host) -> JSON:
        """Record a page of tools; return it as the host should see it.

        A host that lets structured content replace pictures receives pictures without it. Such a host
        sees no output schemas, so that its SDK does not require structured content.
        """
        tools = result.get("tools")
        if not is_list(tools):
            return result
        promising = {text_of(tool, "name") for tool in tools if is_json(tool) and tool.get("outputSchema")}
        self._promising |= promising
        if not promising or not _loses(host):
            return result
        return {**result, "tools": [_without_schema(tool) for tool in tools]}


def _loses(host: Host) -> bool:
    """Return whether output schemas are withheld from a host, because structured content would replace other blocks."""
    return host.structured == "replaces" and host is not UNKNOWN


def _without_schema(tool: object) -> object:
    return {name: one for name, one in tool.items() if name != "outputSchema"} if is_json(tool) else tool


def _object(value: object) -> JSON:
    return as_object(value) or {}


def payload(pending: HostRequest, result: JSON) -> JSON | None:
    """Return the tool result that an answer contains: the answer itself, or the result of its task; None if there is none.

    An answer that only states that a task has started, or that the server needs more input first, contains none.
    """
    if pending.method not in _PAYLOADS:
        return None
    if pending.method == "tasks/get":
        return inside(result)
    if result.get("resultType", "complete") != "complete" or (
        is_json(result.get("task")) and "content" not in result
    ):
        return None
    return result


def _is_plain(message: JSON, pending: HostRequest) -> bool:
    """Return early whether an answer to a call needs no repair: it has only short texts, as most do."""
    result = message.get("result")
    if pending.method != "tools/call" or not is_json(result):
        return False
    # Only now, because hosts wait for a server to start.
    from imagebridge.repair import protocol

    return protocol.is_plain(result, pending.host)


_CHANGING = frozenset(("tools/list", "tools/call", "tasks/result", "tasks/get"))


def passes(message: JSON, pending: HostRequest | None, *, light: bool) -> bool:
    """Return whether a message clearly needs no repair; among the answers to calls, only `light` ones are examined."""
    if pending is None:
        return "method" not in message or not is_of_task(message)
    if pending.method == "tools/call":
        return light and _is_plain(message, pending)
    return not pending.given and pending.method not in _CHANGING


def is_of_task(message: JSON) -> bool:
    """Return whether a notification contains the result of a task."""
    params = message.get("params")
    return (
        text_of(message, "method").startswith("notifications/tasks")
        and is_json(params)
        and inside(params) is not None
    )


def inside(task: JSON) -> JSON | None:
    """Return the result in a completed task."""
    result = task.get("result")
    return result if is_json(result) and is_list(result.get("content")) else None


def replaced(pending: HostRequest, result: JSON, repaired: JSON) -> dict[str, Any]:
    """Return the answer with the repaired result in the place where `payload` found it."""
    return {**result, "result": repaired} if pending.method == "tasks/get" else dict(repaired)


def holds_link(message: JSON) -> bool:
    """Return whether a message contains links to be read, wherever its tool result is."""
    result, params = message.get("result"), message.get("params")
    inner = [one.get("result") for one in (result, params) if is_json(one)]
    found = [one for one in (result, {"content": result}, *inner) if is_json(one)]
    return any(is_readable_link(block) for one in found for block in blocks_of(one))


_SMALL = 4_000
"""The maximum size of a line, without pictures and documents, that is repaired at once: a thread would take longer."""

_HEAVY = re.compile(rb'"data"|"blob"|base64|data:|svg|\\u00', re.IGNORECASE)
"""Evidence of pictures and documents in a line, or of escaped letters, which may hide such evidence."""

_BREAKS = re.compile(rb"\s|\\[nrt/]")
_ENCODED = re.compile(rb"[A-Za-z0-9+/_-]{64}")
"""The characters that break up base64, and the shortest base64 extracted from texts (see `translate.hidden`)."""


def is_light(line: bytes) -> bool:
    """Return whether a line can be repaired almost instantly; even a small picture or document may take a long time."""
    return len(line) < _SMALL and not (_HEAVY.search(line) or _ENCODED.search(_BREAKS.sub(b"", line)))
