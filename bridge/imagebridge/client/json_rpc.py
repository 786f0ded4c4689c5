"""Messages of JSON-RPC, read as leniently as they can be: what waits for an answer gets one."""

import json
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

from imagebridge.wire import JSON, is_json


def message(line: bytes) -> SessionMessage | Exception:
    """Return one JSON-RPC message; an answer that is none, but tells its id, as an error to whoever waits for it."""
    try:
        # Read before it is validated: reading JSON straight into a union of models takes three times as long.
        fields: object = from_json(line)
    except ValueError as error:
        try:
            fields = _lenient(line)
        except (ValueError, RecursionError):
            return error
    try:
        validated = jsonrpc_message_adapter.validate_python(fields, by_name=False)
    except ValueError as error:
        return _answer(fields, line) or error
    if isinstance(validated, JSONRPCError) and validated.error.code == CONNECTION_CLOSED:
        # -32000 is for servers to use as they like (JSON-RPC 2.0, 5.1), and the SDK's own word for a lost connection.
        validated.error.code = INTERNAL_ERROR
    return SessionMessage(validated)


def sound(line: bytes) -> JSON | None:
    """Return what a line says where a strict reader takes it for a message as well, and for the same one."""
    try:
        fields: object = from_json(line)
        validated = jsonrpc_message_adapter.validate_python(fields, by_name=False)
    except ValueError:
        return None
    closed = isinstance(validated, JSONRPCError) and validated.error.code == CONNECTION_CLOSED
    return fields if is_json(fields) and not closed else None


def _lenient(line: bytes) -> object:
    r"""Read JSON that strict readers refuse, so that what waits for it is answered.

    A text that was cut inside a character leaves half a surrogate (`"\ud83d"`) or bytes that are no UTF-8: both
    become U+FFFD. What nests deeper than 200 levels can at least be refused. An answer may follow what was
    printed without ending its line, or a byte order mark.

    Raises:
        ValueError, RecursionError: it is no JSON at all, or too deep for any reader.
    """
    text = line.decode(errors="replace")
    try:
        value: object = json.loads(text)
    except ValueError:
        value = _after_more(text)
        if value is None:
            raise
    written = json.dumps(value, ensure_ascii=False)
    return json.loads(written.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _after_more(text: str) -> JSON | None:
    """Return the answer at the end of a line. Nothing else is taken there: servers log the requests that they get."""
    for start in ('{"jsonrpc"', "{"):
        with suppress(ValueError):
            value: object = json.loads(text[text.index(start) :])
            if is_json(value) and "jsonrpc" in value and "method" not in value:
                return value
    return None


def _answer(fields: object, line: bytes) -> SessionMessage | None:
    """Return what a malformed answer can still be taken for; None where it does not tell what it answers."""
    number = fields.get("id") if is_json(fields) and "method" not in fields else None
    if not is_json(fields) or not isinstance(number, (int, str)) or isinstance(number, bool):
        return None
    if "result" not in fields:
        return refusal(number, f"the answer is no JSON-RPC: {line[:200].decode(errors='replace')}")
    result = fields["result"]
    result_fields = dict(result) if is_json(result) else {"content": result}
    return SessionMessage(JSONRPCResponse(jsonrpc="2.0", id=number, result=result_fields))


def refusal(number: RequestId, why: str, code: int = INTERNAL_ERROR) -> SessionMessage:
    """Return an error as the answer to a request."""
    return SessionMessage(JSONRPCError(jsonrpc="2.0", id=number, error=ErrorData(code=code, message=why)))
