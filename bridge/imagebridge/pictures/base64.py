"""Encodes base64, and decodes it as servers write it: in any alphabet, as `data:` URLs or as Python writes bytes."""

import re
from string import ascii_letters, digits
from typing import Literal
from urllib.parse import unquote, unquote_to_bytes

from imagebridge.errors import PictureError

from .kinds import is_svg

DATA_URL = re.compile(r"data:([^,;]*+)((?:;[^,;]*+)*+),", re.IGNORECASE)


def base64_bytes(encoded: str) -> tuple[bytes, bool]:
    """Decode base64 as servers write it in practice, a `data:` URL, or an SVG. Returns the bytes, and whether `encoded` was strict base64.

    Raises:
        PictureError: `encoded` is not base64 in any alphabet, or empty.
    """
    bare, encoding = _without_prefix(encoded)
    try:
        if encoding != "base64":
            data, strict = _written(bare, encoding), False
        else:
            data, strict = strictly_decoded(bare), bare is encoded
    except ValueError:
        data, strict = _lenient(bare), False
    if not data:
        raise PictureError("it is empty")
    return data, strict


def base64_start(encoded: str, characters: int = 6_000) -> bytes:
    """Return the first bytes of base64, or of a `data:` URL.

    6,000 characters are enough to recognise any type, 64 for all but SVG. Empty if the text does not
    begin with base64.
    """
    bare, encoding = _without_prefix(encoded)
    if encoding != "base64":
        return _written(bare[:characters], encoding)
    start = bare[:characters]
    try:
        return strictly_decoded(start)
    except ValueError:
        return _leniently_begun(start)


def _leniently_begun(start: str) -> bytes:
    """Return the first bytes of base64 that is not strict, or is cut off within a group of four."""
    packed = _packed(start)
    try:
        return strictly_decoded(packed[: len(packed) // 4 * 4])
    except ValueError:
        return b""


def as_base64(encoded: str) -> str:
    """Return the base64 that `base64_bytes` decodes, without any prefix; the same string if it has none."""
    bare, encoding = _without_prefix(encoded)
    return bare if encoding == "base64" else to_base64(_written(bare, encoding))


_Encoding = Literal["base64", "percent", "none"]

_PLAIN = frozenset(ascii_letters + digits + "+/") - frozenset("bDd")
"""Characters that can start base64 but neither a `data:` URL nor a bytes literal of Python."""


def _without_prefix(encoded: str) -> tuple[str, _Encoding]:
    """Strip leading white space and a `data:` prefix; return the same string if it has neither, and its encoding."""
    if encoded[:1] in _PLAIN:
        return encoded, "base64"  # nearly always
    bare = encoded.lstrip() if encoded[:1].isspace() else encoded
    if bare[:5].lower() == "data:" and (prefix := DATA_URL.match(bare)):
        bare = bare[prefix.end() :]
        if "base64" not in prefix[2].lower():
            return bare, "percent"
        return unquote(bare) if "%" in bare else bare, "base64"
    if bare[:2] in ("b'", 'b"'):
        # Python's `str` of bytes.
        return bare.rstrip()[2:-1], "base64"
    return bare, "none" if bare[:1] == "<" and is_svg(bare[:6_000].encode(errors="replace")) else "base64"


def _written(bare: str, encoding: _Encoding) -> bytes:
    """Return the bytes of a text that is not base64."""
    return unquote_to_bytes(bare) if encoding == "percent" else bare.encode(errors="replace")


def packed_base64(encoded: str) -> str:
    """Return base64 in the standard alphabet without prefix, white space and padding: identical for identical bytes."""
    return _packed(_without_prefix(encoded)[0])


def _packed(encoded: str) -> str:
    """Return base64 in the standard alphabet, without white space and padding."""
    return "".join(encoded.split()).replace("-", "+").replace("_", "/").rstrip("=")


def _lenient(encoded: str) -> bytes:
    """Decode base64 with white space, the URL-safe alphabet or missing padding."""
    packed = _packed(encoded)
    try:
        return strictly_decoded(packed + "=" * (-len(packed) % 4))
    except ValueError:
        raise PictureError("it is not base64") from None


def to_base64(data: bytes) -> str:
    """Encode bytes as standard base64 with padding and no line breaks."""
    import pybase64

    return pybase64.b64encode_as_string(data)


def strictly_decoded(encoded: str) -> bytes:
    """Decode standard base64 and nothing else.

    Raises:
        ValueError: `encoded` is not standard base64.
    """
    import pybase64

    return pybase64.b64decode(encoded, validate=True)


Sample = tuple[int, str, str, str]


def sample(encoded: str) -> Sample:
    """Return a key that is fast to compute for base64 of any length, and differs for most texts but not all."""
    return len(encoded), encoded[:48], encoded[-48:], encoded[:: 1 << 17]
