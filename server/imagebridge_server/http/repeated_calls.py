"""Answers a caller's repeated calls from memory if the result cannot have changed.

The result of a tool depends only on its arguments, unless it reads or writes something (see `files/footprint.py`). Each
caller has a separate memory, so nobody can learn what others asked, either from an answer or from its speed.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import anyio
from mcp.server.apps import client_supports_apps
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

from imagebridge.client.threads import in_thread
from imagebridge.pictures.cache import Kept
from imagebridge_server.results import connected_host
from imagebridge_tools.files.footprint import footprint
from imagebridge_tools.files.store import Store

from .request_log import record_of

REMEMBERED_BYTES = 2_000_000
"""The maximum number of bytes of answers remembered for a caller; one answer may use a quarter of them."""

_LONGEST = 50_000
"""The maximum size in bytes of a request whose answer is remembered; longer ones usually contain a new picture."""

_SURE = 1.0
"""Seconds for which a picture is assumed to be in the store after it was last seen there."""


class _Remembered:
    """An answer, the pictures that it names, and when they were last seen in the store."""

    def __init__(self, result: dict[str, Any], kept: Sequence[str]) -> None:
        self.result = result
        self.kept = kept
        self.seen = anyio.current_time()
        self.size = _size(result)


class _Key(NamedTuple):
    """Everything that an answer depends on."""

    asked: str
    protocol: str
    host: str
    apps: bool


class RepeatedCalls:
    """MCP middleware that answers repeated calls from one caller.

    Args:
        store: where this caller's pictures are kept, under the names in answers.
        host: the host that results are fitted to; None to use the name that the client reports.
    """

    def __init__(self, store: Store | None, host: str | None) -> None:
        self._store = store
        self._host = host
        self._answers = Kept[_Remembered](REMEMBERED_BYTES, lambda answer: answer.size)

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Answer a repeated call; pass on all others."""
        key = self._key(ctx)
        if key is None:
            return await call_next(ctx)
        answer = self._answers.get(key)
        if answer and await self._is_kept(answer):
            return answer.result
        with footprint() as noted:
            result = await call_next(ctx)
        if noted.repeatable and isinstance(result, dict) and _is_plain(result):
            made = _Remembered(result, noted.kept)
            if made.size <= REMEMBERED_BYTES // 4:
                self._answers.put(key, made)
        return result

    def _key(self, ctx: ServerRequestContext[Any, Any]) -> _Key | None:
        scope = getattr(ctx.request, "scope", None)
        if ctx.method != "tools/call" or scope is None or record_of(scope).received > _LONGEST:
            return None
        return _Key(
            repr({name: value for name, value in (ctx.params or {}).items() if name != "_meta"}),
            ctx.protocol_version,
            connected_host(ctx, self._host).name,
            client_supports_apps(ctx),
        )

    async def _is_kept(self, answer: _Remembered) -> bool:
        """Return whether the pictures that an answer names are still in the store, and mark them as just used."""
        store, now = self._store, anyio.current_time()
        if store is None or now < answer.seen + _SURE:
            return True
        answer.seen = now
        if await in_thread(lambda: store.still_keeps(answer.kept)):
            return True
        answer.seen = -_SURE
        return False


def _is_plain(result: Mapping[str, Any]) -> bool:
    """Return whether a result is a success that consists only of texts and pictures."""
    blocks = cast("Sequence[Mapping[str, Any]]", result.get("content", ()))
    return (
        bool(blocks)
        and not result.get("isError")
        and "structuredContent" not in result
        and all(block["type"] in ("text", "image") for block in blocks)
    )


def _size(result: Mapping[str, Any]) -> int:
    """Return the approximate size of a result in bytes: its texts and pictures, and the JSON around them."""
    texts = (value for block in result["content"] for value in block.values() if isinstance(value, str))
    return 2_000 + sum(map(len, texts))
