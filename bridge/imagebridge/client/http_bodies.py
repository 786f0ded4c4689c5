"""Bodies of HTTP answers, unpacked and within bounds: a few packed kilobytes unpack to more than any memory holds.

What reads them is mostly the SDKs' and httpx2's, each in its own way, whole and on the event loop. So they are bounded
before anybody reads.
"""

from collections.abc import AsyncGenerator

import httpx2
from anyio.lowlevel import checkpoint

from .lines import MAX_LINE

_A_LINE = 60
"""Bytes that each line of an event takes beside what it says."""

_BLANK = (b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r\n")
"""What ends an event, in each way to end lines (HTML Living Standard, 9.2.6, read 2026-11-30)."""

_LONGEST_BLANK = 4

_WIDE = 1 << 18
"""Bytes of a piece behind which a deadline may pass: what is unpacked comes without a pause of its own."""


class BodyError(httpx2.TransportError):
    """A body that is not read, since it is or may become too large; the message goes on from who sent it."""


async def bound(response: httpx2.Response) -> None:
    """Let no more than `MAX_LINE` bytes of a response be read, unpacked; of a stream of events, as much of each event.

    To be given to an HTTP client as `event_hooks={"response": [bound]}`.

    Raises:
        BodyError: it is packed more than once. Reading what is too large raises it too.
    """
    check_packed_once(response)
    response.stream = _Bounded(response)
    response.headers.pop("content-encoding", None)


def check_packed_once(response: httpx2.Response) -> None:
    """Refuse a body that is packed several times: each time a thousandfold, all at once and without a pause.

    Raises:
        BodyError: it is.
    """
    codings = response.headers.get("content-encoding", "")
    if "," in codings:
        raise BodyError(f"answered with a body that is packed more than once ({codings[:50]})")


class _Bounded(httpx2.AsyncByteStream):
    """A body, unpacked, as long as it is within bounds."""

    def __init__(self, response: httpx2.Response) -> None:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        self._is_events = kind == "text/event-stream"
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
                raise BodyError(f"answered with more than {MAX_LINE:,} bytes, which is the limit")
            yield chunk
            if len(chunk) > _WIDE:
                await checkpoint()

    async def aclose(self) -> None:
        await self._packed.aclose()
