"""Parses errors of the API, whatever types their fields have, because compatible servers differ. Pure."""

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from imagebridge.errors import ResponseError, short
from imagebridge.wire import is_json, is_list

from .openai_client import BROKEN, STRANGE

if TYPE_CHECKING:
    from openai import APIError

# Codes of `ResponseError` (openai 3.54, types/responses/response_error.py) and live messages (2026-11-22).
_PICTURE = re.compile(
    r"image|picture|input_file|\bpdf\b|file_data|\binput\[\d+\]\.(?:output|content)\[\d+\]", re.IGNORECASE
)
_SIZE = re.compile(
    r"context.{0,3}(?:length|window)|maximum context|(?:input|prompt) is too long|(?:request|payload|body)"
    r"(?: entity| body)? (?:is )?too large|too many (?:input )?tokens",
    re.IGNORECASE,
)
_UNKEPT = re.compile(
    r"zero data retention|not (?:persisted|stored|retained)|\bitem\b.{0,80}\b(?:not found|(?:not|no longer) exist)"
    r"|\bno (?:such )?item\b|encrypted.content.{0,80}\b(?:required|missing)|\b(?:without|missing|requires?)\b.{0,40}encrypted.content",
    re.IGNORECASE,
)
_TRANSIENT = (BROKEN, "server_error", "rate_limit_exceeded")

_SAID = 4_000
"""The maximum number of characters of an error that are read: some servers repeat the whole request in it."""

FailureKind = Literal["picture", "size", "stream"]


class Refusal(NamedTuple):
    """A parsed error. `status` is None for a response that failed after it had started."""

    status: int | None
    code: str | None
    parameter: str
    message: str
    """The message on one line, with the parameter that it names."""
    said: str
    """Everything the server said, including its code; "" if the words are ours or may be the model's."""

    @property
    def unkept(self) -> bool:
        """Whether an item referred to by its id was not found, because the server does not store items."""
        return self.status in (400, 404) and bool(_UNKEPT.search(self.message))

    @property
    def fault(self) -> FailureKind | None:
        """What the error is about."""
        return fault(self.status, self.code, self.message)


def refusal_of(error: "APIError | ResponseError") -> Refusal:
    """Return the details of an error."""
    code: object = error.code
    known = str(code) if isinstance(code, (str, int)) else None
    if isinstance(error, ResponseError):
        failed = known not in (BROKEN, STRANGE)
        return Refusal(None, known, "", short(error), f"{known or ''}: {error}" if failed else "")
    message = words_of(error.body)
    named: object = error.param
    parameter = named if isinstance(named, str) else ""
    place = f"{parameter}: " if "[" in parameter else ""
    excerpt = short(f"{place}{message or error.message}")
    said = f"{known or ''}: {parameter}: {message or error.message}"[:_SAID]
    return Refusal(getattr(error, "status_code", None), known, parameter, excerpt, said)


_WORDS = ("message", "detail", "error", "errors", "msg")
"""Where servers put the message: besides OpenAI's form, `{"error": "..."}` and FastAPI's `{"detail": ...}` (2026-11)."""


def words_of(body: object, depth: int = 4) -> str:
    """Return the message in the body of a refusal, whatever its type; "" for a web page or a body without text.

    `depth`: how many lists and objects deep to look for it.
    """
    if isinstance(body, str):
        return "" if body.lstrip().startswith("<") else body
    if depth == 0:
        return ""
    if is_list(body):
        return "; ".join(filter(None, (words_of(one, depth - 1) for one in body[:_MOST_WORDS])))
    if not is_json(body):
        return ""
    said = next(filter(None, (words_of(body.get(name), depth - 1) for name in _WORDS)), "")
    place = body.get("loc")
    where = ".".join(str(step) for step in place if isinstance(step, (str, int))) if is_list(place) else ""
    return f"{where}: {said}" if where and said else said


_MOST_WORDS = 5
"""The maximum number of errors read from a list: validating input against a union reports an error for every member type."""


def fault(status: int | None, code: str | None, text: str) -> FailureKind | None:
    """Return what an API error is about: a picture (or file), a request that is too large, or a broken stream.

    `status` is None for a response that failed after it had started: then only its code counts, because the text
    may be the model's.
    """
    if status is None:
        text = ""
        if code in _TRANSIENT:
            return "stream"
    if status == 413 or code == "context_length_exceeded":
        return "size"
    if status not in (None, 400, 415, 422):
        return None
    if _SIZE.search(text):
        return "size"
    return "picture" if _PICTURE.search(f"{code or ''} {text}") else None
