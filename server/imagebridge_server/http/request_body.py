"""Prepares request bodies for the SDK, which refuses lone surrogates and would parse any number of values."""

from collections import deque
from collections.abc import Sequence

from starlette.types import Message, Receive

from imagebridge.client.json_bytes import MAX_VALUES, has_too_many_values, paired_escapes


class TooManyValuesError(Exception):
    """A body that would need too much memory once it is parsed."""

    def __init__(self) -> None:
        super().__init__(f"the body has more than {MAX_VALUES:,} values, which is the limit")


def readable(receive: Receive, most: int) -> Receive:
    """Return a receiver that passes on the body at once, with U+FFFD in place of escaped lone surrogates.

    Args:
        receive: receives the request.
        most: the maximum size of a body in bytes; a longer one is passed on unchanged, for the SDK to refuse.

    Raises:
        TooManyValuesError: the receiver found too many values in the body.
    """
    waiting: deque[Message] = deque()
    has_begun = False

    async def received() -> Message:
        nonlocal has_begun
        if not has_begun:
            has_begun = True
            waiting.extend(await _body(receive, most))
        return waiting.popleft() if waiting else await receive()

    return received


async def _body(receive: Receive, most: int) -> Sequence[Message]:
    """Return the body as one message, followed by the message that cut it off, if there is one."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return [{"type": "http.request", "body": b"".join(parts), "more_body": True}, message]
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
        if size > most or not more:
            break
    body = b"".join(parts)
    if size <= most:
        if has_too_many_values(body):
            raise TooManyValuesError
        body = paired_escapes(body)
    return [{"type": "http.request", "body": body, "more_body": more}]
