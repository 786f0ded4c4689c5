"""Limits the bodies of HTTP answers, decompressed: a few compressed kilobytes can expand to fill the memory.

Most bodies are read by the SDKs and httpx2, each in its own way, in full and on the event loop. They are
therefore limited before anything reads them.
"""

from collections.abc import AsyncGenerator

import httpx2
from anyio.lowlevel import checkpoint

from .lines import MAX_LINE

EVENTS = "text/event-stream"

_A_LINE = 60
"""The number of bytes that each line of an event needs in addition to its content."""

_BLANK = (b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r\n")
"""The bytes that end an event, for each kind of line ending (HTML Living Standard, 9.2.6, read 2026-11-30)."""

_LONGEST_BLANK = 4

_WIDE = 1 << 18
"""The number of bytes after which a deadline may interrupt: decompressed data arrive without pauses."""


class BodyError(httpx2.TransportError):
    """A body that is not read, because it is or may become too large; the message continues after the sender's name."""


async def bound(response: httpx2.Response) -> None:
    """Limit a response to `MAX_LINE` decompressed bytes, or each event of an event stream to that size.

    Pass it to an HTTP client as `event_hooks={"response": [bound]}`.

    Raises:
        BodyError: the body is compressed more than once. Reading a body that is too large also raises it.
    """
    check_packed_once(response)
    response.stream = _Bounded(response)
    response.headers.pop("content-encoding", None)


def check_packed_once(response: httpx2.Response) -> None:
    """Refuse a body that is compressed several times: each layer could expand a thousandfold, all at once.

    Raises:
        BodyError: the body is compressed several times.
    """
    codings = response.headers.get("content-encoding", "")
    if "," in codings:
        raise BodyError(f"returned a body that is compressed more than once ({codings[:50]})")


def media_type(response: httpx2.Response) -> str:
    """Return the media type of a response in lower case, or an empty string."""
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


class _Bounded(httpx2.AsyncByteStream):
    """A decompressed body that must stay within the limit."""

    def __init__(self, response: httpx2.Response) -> None:
        self._is_events = media_type(response) == EVENTS
        self._packed = httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=response.stream,
            request=response.request,
        )

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        size, end = 0, b""
        async for chunk in self._packed.aiter_bytes():
            size += len(chunk)
            if self._is_events:
                text = end + chunk
                end = text[-_LONGEST_BLANK + 1 :]
                if (after := max(map(text.rfind, _BLANK))) >= 0:
                    text = text[after:]
                    size = len(text)
                size += _A_LINE * (text.count(b"\n") + text.count(b"\r"))
            if size > MAX_LINE:
                raise BodyError(f"returned more than {MAX_LINE:,} bytes, which is the limit")
            yield chunk
            if len(chunk) > _WIDE:
                await checkpoint()

    async def aclose(self) -> None:
        await self._packed.aclose()
