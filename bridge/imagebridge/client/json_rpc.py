"""JSON-RPC messages, parsed as leniently as possible, so that every request gets an answer."""

import json
import re
from contextlib import suppress

from mcp.shared.message import SessionMessage
from mcp.types import (
    CONNECTION_CLOSED,
    INTERNAL_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCResponse,
    RequestId,
    jsonrpc_message_adapter,
)
from pydantic_core import from_json

from imagebridge.wire import JSON, is_json, is_list, writable

from .json_bytes import MAX_VALUES, has_too_many_values
from .lines import Line, LongLine


def message(line: bytes) -> SessionMessage | Exception:
    """Return one JSON-RPC message; a malformed answer with a readable id becomes an error for its caller."""
    return messages(line)[0]


def messages(line: Line) -> list[SessionMessage | Exception]:
    """Return the messages in a line: almost always one, but several in a batch or without a line ending."""
    if isinstance(line, LongLine):
        return [_too_much(line.start, str(line))]
    if has_too_many_values(line):
        return [_too_much(line, f"a message of more than {MAX_VALUES:,} values, which is the limit")]
    try:
        # Parsed before validation: parsing JSON straight into a union of models takes three times as long.
        found: list[object] = [from_json(line)]
    except ValueError as error:
        try:
            found = _lenient(line)
        except (ValueError, RecursionError):
            number = told_id(line)
            why = "the answer is nested too deeply to be read, or is not JSON"
            return [error if number is None else refusal(number, why)]
    if is_list(batch := found[0]) and batch:
        # Batches were part of the protocol only in 2025-03-26, and some servers still send them.
        found = list(batch)
    return [_validated(fields, line) for fields in found]


def _too_much(start: bytes, what: str) -> SessionMessage | Exception:
    number = told_id(start)
    return ValueError(what) if number is None else refusal(number, f"the server returned {what}")


def _validated(fields: object, line: bytes) -> SessionMessage | Exception:
    try:
        validated = jsonrpc_message_adapter.validate_python(fields, by_name=False)
    except ValueError as error:
        return _malformed_answer(fields, line) or error
    if isinstance(validated, JSONRPCError) and validated.error.code == CONNECTION_CLOSED:
        # -32000 is for servers to use as they like (JSON-RPC 2.0, 5.1), and the SDK's own code for a lost connection.
        validated.error.code = INTERNAL_ERROR
    return SessionMessage(validated)


_ID = re.compile(rb'"id"\s*:\s*(-?(?:0|[1-9][0-9]{0,17})|"[^"\\]{0,200}")\s*')
_HEAD = re.compile(rb'\s*\{(?:\s*"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"\s*,){0,9}\s*' + _ID.pattern + rb"[,}]")
_METHOD = re.compile(rb'\s*\{(?:\s*"(?:jsonrpc|id)"\s*:\s*(?:[0-9-]+|"[^"\\]*")\s*,){0,9}\s*"method"')
_MEMBER = rb'"(?:jsonrpc|id|method)"\s*:\s*(?:[0-9-]+|"[^"\\]*")\s*'
_METHOD_MEMBER = re.compile(rb'"method"\s*:')
_TAIL = re.compile(rb"\}\s*,\s*(" + _MEMBER + rb"(?:,\s*" + _MEMBER + rb")*)\}\s*$")


def told_id(line: bytes, *, request: bool = False) -> RequestId | None:
    """Return the id of an answer, or of a `request`, that cannot be parsed in full: the id precedes or follows the rest."""
    tail = _TAIL.search(line[-500:])
    last = tail[1] if tail else b""
    if bool(_METHOD.match(line) or _METHOD_MEMBER.search(last)) is not request:
        return None
    found = _HEAD.match(line) or _ID.search(last)
    # Between the quotes there may be what neither JSON nor UTF-8 allows.
    return None if found is None else json.loads(found[1].decode(errors="replace"), strict=False)


def sound(line: bytes) -> JSON | None:
    """Return the content of a line if a strict parser also reads it as the same message."""
    if has_too_many_values(line):
        return None
    try:
        fields: object = from_json(line)
        validated = jsonrpc_message_adapter.validate_python(fields, by_name=False)
    except ValueError:
        return None
    closed = isinstance(validated, JSONRPCError) and validated.error.code == CONNECTION_CLOSED
    return fields if is_json(fields) and not closed else None


def _lenient(line: bytes) -> list[object]:
    r"""Parse JSON that strict parsers refuse, so that the caller still receives an answer.

    A text that was cut inside a character contains a lone surrogate (`"\ud83d"`) or bytes that are not UTF-8:
    both become U+FFFD. Numbers with too many digits and values nested too deeply become text. An answer may
    come after output without a line ending or after a byte order mark, and another message may follow it.

    Raises:
        ValueError, RecursionError: the line is not JSON at all, or is nested too deeply for any parser.
    """
    text = line.decode(errors="replace")
    try:
        found = [_read(text)]
    except ValueError:
        found = _in_a_row(text) or _after_more(text)
        if not found:
            raise
    return [writable(one) for one in found]


def integer(digits: str) -> int | str:
    """Return an integer, or a string if it has more digits than Python reads (4,300; its documentation, 3.11)."""
    try:
        return int(digits)
    except ValueError:
        return f"[a whole number of {len(digits.lstrip('-')):,} digits]"


_DECODER = json.JSONDecoder(parse_int=integer)
_read = _DECODER.decode
_NOT_BLANK = re.compile(r"\S")


def _in_a_row(text: str) -> list[object]:
    """Return the messages at the beginning of a line, one directly after another."""
    found: list[object] = []
    at = 0
    with suppress(ValueError):
        while begins := _NOT_BLANK.search(text, at):
            value, at = _DECODER.raw_decode(text, begins.start())
            if not is_json(value) or "jsonrpc" not in value:
                break
            found.append(value)
    return found


def _after_more(text: str) -> list[object]:
    """Return the answer at the end of a line. Only answers count, because servers log the requests that they receive."""
    for start in ('{"jsonrpc"', "{"):
        with suppress(ValueError):
            value = _read(text[text.index(start) :])
            if is_json(value) and "jsonrpc" in value and "method" not in value:
                return [value]
    return []


def _malformed_answer(fields: object, line: bytes) -> SessionMessage | None:
    """Return the usable form of a malformed answer, or None if it does not state which request it answers."""
    number = fields.get("id") if is_json(fields) and "method" not in fields else None
    if not is_json(fields) or not isinstance(number, (int, str)) or isinstance(number, bool):
        return None
    if "result" not in fields:
        return refusal(number, f"the answer is not JSON-RPC: {line[:200].decode(errors='replace')}")
    result = fields["result"]
    result_fields = dict(result) if is_json(result) else {"content": result}
    return SessionMessage(JSONRPCResponse(jsonrpc="2.0", id=number, result=result_fields))


def refusal(number: RequestId, why: str, code: int = INTERNAL_ERROR, data: object = None) -> SessionMessage:
    """Return an error as the answer to a request."""
    error = ErrorData(code=code, message=why, data=data)
    return SessionMessage(JSONRPCError(jsonrpc="2.0", id=number, error=error))
