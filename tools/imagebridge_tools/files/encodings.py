"""Detects the encoding of a text, which bytes rarely specify."""

import codecs
from importlib import import_module
from typing import Any, NamedTuple

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_WESTERN = "cp1252"

_NEAR = 0.75
"""The Western encoding, by far the most common, is preferred from this fraction of another encoding's confidence."""

_WIDE = (
    ("utf-32-le", 4, 0, 0.8),
    ("utf-32-be", 4, 3, 0.8),
    ("utf-16-le", 2, 0, 0.5),
    ("utf-16-be", 2, 1, 0.5),
)
"""Encodings, their bytes per letter, the one that ASCII uses, and the minimum share of zeros among the others."""

_ZEROS = 1000
"""The number of bytes that are searched for the zeros of a wide encoding."""

_SEEN = 200_000
"""The number of bytes that are used to detect an encoding."""

_SIGNS = frozenset("€£¥¢¤§©®™°±²³µ·×÷½¼¾«»‹›„“”‘’‚–—…•\u00a0")
"""Characters in Windows' Western encoding that occur on their own in English texts, or next to a number."""

_VIETNAMESE = frozenset("\u0300\u0301\u0303\u0309\u0323ơưĂăđĐ")
"""Marks and letters that are typical of Vietnamese texts."""

_SURE = 0.004
"""The minimum confidence of chardet that is accepted; for a few words in the right encoding, it is 0.005 to 0.3."""


class DecodedText(NamedTuple):
    """A text, and the encoding with which it was decoded if that was guessed."""

    text: str
    guessed: str = ""


def decoded(data: bytes) -> DecodedText:
    """Decode bytes by their byte order mark, as UTF-8, or with the encoding that their letters suggest."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return DecodedText(data.decode(encoding, "replace"))
    if b"\0" not in data[:1000]:
        try:
            return DecodedText(data.decode())
        except UnicodeDecodeError:
            pass
    guessed = _wide(data) or _guessed(data)
    try:
        return DecodedText(data.decode(guessed), guessed)
    except (UnicodeDecodeError, LookupError):
        return DecodedText(data.decode(_WESTERN, "replace"), _WESTERN)


def _wide(data: bytes) -> str:
    """Return UTF-16 or UTF-32 if zeros are at the positions that are typical of ASCII text, otherwise ""."""
    seen = data[:_ZEROS]
    for encoding, step, place, least in _WIDE:
        others = bytes(byte for at, byte in enumerate(seen) if at % step != place)
        if others and others.count(0) > least * len(others) and b"\0" not in seen[place::step]:
            return encoding
    return ""


def _guessed(data: bytes) -> str:
    """Return the most likely encoding of some bytes, or Windows' Western one if there is little evidence."""
    try:
        chardet: Any = import_module("chardet")
    except ImportError:  # The extra `server` installs it.
        return _WESTERN
    seen = _telling_lines(data)
    likely: dict[str, float] = {
        str(one["encoding"] or _WESTERN).lower(): one["confidence"]
        for one in reversed(
            chardet.detect_all(seen, ignore_threshold=True, encoding_era=chardet.EncodingEra.MODERN_WEB)
        )
    }
    if not _VIETNAMESE & set(seen.decode("cp1258", "replace")):
        likely.pop("windows-1258", None)
        likely.pop("cp1258", None)
    name = max(likely, key=lambda one: likely[one], default=_WESTERN)
    if b"\0" in data[:1000]:
        return name if _is_wide(data, name) else _WESTERN
    signs_alone = all(sign.isascii() or sign in _SIGNS for sign in seen.decode(_WESTERN, "replace"))
    western = likely.get("windows-1252", 0) >= _NEAR * likely.get(name, 0)
    return _WESTERN if signs_alone or western or likely.get(name, 0) < _SURE else name


def _is_wide(data: bytes, name: str) -> bool:
    """Return whether bytes that include zeros are text: lines of UTF-16 or UTF-32."""
    if not name.startswith(("utf-16", "utf-32")):
        return False
    text = data[:_SEEN].decode(name, "replace")
    return "\n" in text and all(sign.isprintable() or sign.isspace() for sign in text[:1000])


def _telling_lines(data: bytes) -> bytes:
    """Return the lines that are most useful for detection: those with non-ASCII letters, or else non-ASCII spaces."""
    if b"\0" in data[:1000]:
        return data[:_SEEN]
    lines = [line for line in data.splitlines(keepends=True) if not line.isascii()]
    telling = [line for line in lines if not line.replace(b"\xa0", b" ").isascii()]
    return b"".join(telling or lines)[:_SEEN]
