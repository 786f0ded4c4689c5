"""Limits the bodies of refused requests. The SDK reads them in full, decodes them and searches them for JSON,
all on the event loop (openai 3.57). A few compressed kilobytes that expand to gigabytes would block a
deadline and the process.
"""

from collections.abc import AsyncGenerator, Generator
from typing import Any

import httpx2

from imagebridge.client.http_bodies import check_packed_once

MAX_BODY_BYTES = 16_000_000
"""The maximum number of decompressed bytes read from such a body. Some servers repeat the request in it."""


def cut(client: Any) -> None:
    """Make an SDK client, of either kind, read at most `MAX_BODY_BYTES` bytes of a refusal.

    The SDK gives no access to a response before it reads the body, so this is a hook of its HTTP client.
    """
    http = client._client
    hook = _limit_body_async if isinstance(http, httpx2.AsyncClient) else _limit_body
    hooks: list[Any] = http.event_hooks["response"]
    if hook not in hooks:
        hooks.append(hook)


def _limit_body(response: httpx2.Response) -> None:
    if response.is_error:
        check_packed_once(response)
        response.stream = _Beginning(response)
        response.headers.pop("content-encoding", None)


async def _limit_body_async(response: httpx2.Response) -> None:
    _limit_body(response)


class _Beginning(httpx2.AsyncByteStream, httpx2.SyncByteStream):
    """The beginning of a body, decompressed."""

    def __init__(self, response: httpx2.Response) -> None:
        self._packed = httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=response.stream,
            request=response.request,
        )

    def __iter__(self) -> Generator[bytes]:
        left = MAX_BODY_BYTES
        for chunk in self._packed.iter_bytes():
            yield chunk[:left]
            if (left := left - len(chunk)) <= 0:
                return

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        left = MAX_BODY_BYTES
        async for chunk in self._packed.aiter_bytes():
            yield chunk[:left]
            if (left := left - len(chunk)) <= 0:
                return

    def close(self) -> None:
        """Close the connection."""
        self._packed.close()

    async def aclose(self) -> None:
        """Close the connection."""
        await self._packed.aclose()
