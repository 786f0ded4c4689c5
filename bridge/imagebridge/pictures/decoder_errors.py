"""Translates decoders' error messages about unreadable files into words that a reader understands.

Decoders report their internals: numbers, objects, names of boxes. The model gets only the meaning;
the original message stays in the chained exception. The messages are those of Pillow 13.0, pillow-heif 1.8 with libheif,
libavif 1.4, libwebp 1.6 and pdfium (2026-11-30).
"""

import re
from struct import error as struct_error

from imagebridge.errors import PictureError

from .cost import MAX_MEMORY, SMALLER, HeavyError, allowed

BROKEN = "the file is damaged there"
"""The meaning of any other error, such as Pillow's exceptions for offsets that point nowhere."""

UNKNOWN_FORM = "this variant of the format is not supported"

_MEANINGS = tuple(
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        (r"password", "it is locked with a password"),
        (r"memory|security limit|exceeds", "it would take more memory than is allowed here"),
        (
            (
                r"truncated|incomplete|not enough|only got|reached eof|end of (file|data)|premature|outside of file bounds|"
                r"buffer is not large enough|requires a buffer|ends too early"
            ),
            "it ends too early",
        ),
        (
            (
                r"unsupported|not (yet )?supported|not implemented|pixel mode|unknown (data|compression|filter)|"
                r"cannot handle|unable to determine|cannot find loader|no codec|not identified"
            ),
            UNKNOWN_FORM,
        ),
        (
            r"dimensions|size must be|invalid value for samples",
            "it states a size that no picture can have",
        ),
        (
            r"no more images|frame sequence|next frame|seek|outside sequence",
            "it has fewer frames than it claims",
        ),
        (r"not (a|an|exactly) |no marker", "it does not begin as its format requires"),
    )
)
"""The meanings of messages; the first pattern that is found in a message counts."""


def meaning(error: Exception) -> str:
    """Return the meaning of a decoder's exception."""
    # Pillow passes on what `struct` says about its buffers.
    if isinstance(error.__cause__ or error, struct_error):
        return "it ends too early"
    if isinstance(error, MemoryError):
        return "it would take more memory than is allowed here"
    if not isinstance(error, (OSError, SyntaxError, ValueError, RuntimeError)) or isinstance(
        error, UnicodeError
    ):
        return BROKEN
    said = str(error)
    return next((words for pattern, words in _MEANINGS if pattern.search(said)), BROKEN)


class decoding:  # like contextlib's; a generated one takes three times as long
    """Converts any exception of a decoder to a `PictureError` that begins with `what`.

    Pillow's readers raise many kinds of exceptions for bad bytes, which all mean the same here.
    """

    __slots__ = ("_what",)

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if not isinstance(error, Exception) or isinstance(error, (PictureError, HeavyError)):
            return
        if isinstance(error, MemoryError) and allowed() < MAX_MEMORY:
            raise HeavyError from error  # it takes more than was estimated
        reason = f"{self._what} ({meaning(error)})"
        raise (
            PictureError(reason, SMALLER) if isinstance(error, MemoryError) else PictureError(reason)
        ) from error
