"""How a stream of events says that it can be taken up again: behind which event, and after how long. Servers write anything there."""

_SOONEST, _LATEST = 100, 3_600_000
"""Milliseconds to wait that are taken at a server's word; sooner would be without a pause, later never."""

_LONGEST = 1_000
"""Characters of an event's id that are sent back at most; all headers together may have some thousands."""


def pause(milliseconds: int | None) -> float | None:
    """Return the seconds after which to come back, None where the server says nothing that can be meant."""
    if milliseconds is None or not _SOONEST <= milliseconds <= _LATEST:
        return None
    return milliseconds / 1_000


def sendable(value: str) -> str:
    """Return the id of an event or a session as a header takes it, an empty text where it does not: visible ASCII (RFC 9110, 5.5)."""
    return value if len(value) <= _LONGEST and value.isascii() and value.isprintable() else ""


def is_sound(line: bytes) -> bool:
    """Tell whether a line of an event can be acted upon: its `id` and its `retry` may be anything."""
    name, _, value = line.partition(b":")
    text = value.removeprefix(b" ").decode("latin-1")
    if name == b"id":
        return bool(sendable(text)) or not text
    if name == b"retry":
        return text.isascii() and text.isdecimal() and len(text) < 10 and pause(int(text)) is not None
    return True
