"""Where and when an event stream can be resumed: after which event, and after how long. Servers may send anything."""

_SOONEST, _LATEST = 100, 3_600_000
"""The range of milliseconds that a server may ask clients to wait: less is hardly a pause, and more is forever."""

_LONGEST = 1_000
"""The maximum length of an event id that is sent back; all headers together may have a few thousand characters."""


def pause(milliseconds: int | None) -> float | None:
    """Return the seconds after which to reconnect, or None if the server sends no usable value."""
    if milliseconds is None or not _SOONEST <= milliseconds <= _LATEST:
        return None
    return milliseconds / 1_000


def sendable(value: str) -> str:
    """Return an event's or session's id, or an empty string if it is unsafe in a header (only visible ASCII: RFC 9110, 5.5)."""
    return value if len(value) <= _LONGEST and value.isascii() and value.isprintable() else ""


def is_sound(line: bytes) -> bool:
    """Return whether a line of an event is usable; servers may put anything in `id` and `retry`."""
    name, _, value = line.partition(b":")
    text = value.removeprefix(b" ").decode("latin-1")
    if name == b"id":
        return bool(sendable(text)) or not text
    if name == b"retry":
        return text.isascii() and text.isdecimal() and len(text) < 10 and pause(int(text)) is not None
    return True
