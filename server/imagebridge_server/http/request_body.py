"""Receives request bodies within a time limit, and prepares them for the SDK, which refuses lone surrogates and would parse any number of values."""

from codecs import BOM_UTF8, getincrementaldecoder
from collections import deque
from collections.abc import Callable, Sequence

import anyio
from starlette.types import Message, Receive

from imagebridge.client.json_bytes import MAX_VALUES, has_too_many_values, paired_escapes

BODY_SECONDS = 60.0
"""Seconds within which the body of a request must arrive; after that, the request is refused."""

_PIECE = 1 << 16


class SlowBodyError(Exception):
    """A body that took too long to arrive."""

    def __init__(self) -> None:
        super().__init__(f"the body did not arrive within {BODY_SECONDS:.0f} seconds")


class TooManyValuesError(Exception):
    """A body that would need too much memory once it is parsed."""

    def __init__(self) -> None:
        super().__init__(f"the body has more than {MAX_VALUES:,} values, which is the limit")


def readable(receive: Receive, most: int, arrived: Callable[[int], object]) -> Receive:
    """Return a receiver that passes on the body at once, with U+FFFD in place of lone surrogates and what is not UTF-8.

    Args:
        receive: receives the request.
        most: the maximum size of a body in bytes; a longer one is passed on unchanged, for the SDK to refuse.
        arrived: called with the size of each part in bytes; the receiver passes on any exception it raises.

    Raises:
        SlowBodyError: the body did not arrive within `BODY_SECONDS`.
        TooManyValuesError: the receiver found too many values in the body.
    """
    waiting: deque[Message] = deque()
    has_begun = False

    async def received() -> Message:
        nonlocal has_begun
        if not has_begun:
            has_begun = True
            waiting.extend(await _body(receive, most, arrived))
        return waiting.popleft() if waiting else await receive()

    return received


async def _body(receive: Receive, most: int, arrived: Callable[[int], object]) -> Sequence[Message]:
    """Return the body as one message, followed by the message that cut it off, if there is one."""
    parts: list[bytes] = []
    size, more = 0, True
    with anyio.move_on_after(BODY_SECONDS) as time:
        while more and size <= most:
            message = await receive()
            if message["type"] != "http.request":
                return [{"type": "http.request", "body": b"".join(parts), "more_body": True}, message]
            parts.append(message.get("body", b""))
            arrived(len(parts[-1]))
            size += len(parts[-1])
            more = message.get("more_body", False)
    if time.cancelled_caught:
        raise SlowBodyError
    body = b"".join(parts)
    if size <= most:
        if has_too_many_values(body):
            raise TooManyValuesError
        body = paired_escapes(_utf8(body))
    return [{"type": "http.request", "body": body, "more_body": more}]


def _utf8(body: bytes) -> bytes:
    """Return a body as UTF-8 without a byte order mark; U+FFFD replaces what is not UTF-8, as over stdio.

    Python's own parser, through which the SDK reads some bodies, accepts lone surrogates and other encodings.
    """
    # It takes NUL bytes for UTF-16 or UTF-32. JSON does not contain them.
    if b"\0" not in body and not body.startswith(BOM_UTF8) and _is_utf8(body):
        return body
    return body.decode("utf-8-sig", errors="replace").replace("\0", "\ufffd").encode()


def _is_utf8(body: bytes) -> bool:
    if body.isascii():
        return True
    try:
        decoder = getincrementaldecoder("utf-8")()
        # In pieces, because a whole text takes up to four times the memory of its bytes.
        for at in range(0, len(body), _PIECE):
            decoder.decode(body[at : at + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
