"""Bodies of refused requests, cut at a length: the SDK reads them whole, decodes them and looks for JSON in them, all of it
on the event loop (openai 3.57). A few packed kilobytes that unpack to gigabytes would hold up a deadline, and the process.
"""

from collections.abc import AsyncGenerator, Generator
from typing import Any

import httpx2

from imagebridge.client.http_bodies import check_packed_once

MAX_BODY_BYTES = 16_000_000
"""Bytes of one such body that are read, unpacked. Some servers repeat in it what they were sent."""


def cut(client: Any) -> None:
    """Have an SDK's client, of either kind, read no more than `MAX_BODY_BYTES` bytes of a refusal.

    The SDK offers no way to its responses before it reads them: the hook is one of its HTTP client.
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
    """The beginning of a body, unpacked."""

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
        """Hang up."""
        self._packed.close()

    async def aclose(self) -> None:
        """Hang up."""
        await self._packed.aclose()
