"""Messages too long for the SDK's event reader bypass it, complete and in the right order."""

import pytest
from mcp.shared.message import SessionMessage
from mcp.types import (
    ErrorData,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    jsonrpc_message_adapter,
)

from imagebridge.client.long_events import LONG, LongEvents

WORDS = "x" * LONG
LETTER = {"text": WORDS}
MESSAGES = {
    "a result": JSONRPCResponse(jsonrpc="2.0", id=7, result=LETTER),
    "an error": JSONRPCError(jsonrpc="2.0", id=7, error=ErrorData(code=-32000, message=WORDS, data=LETTER)),
    "an error without data": JSONRPCError(jsonrpc="2.0", id=7, error=ErrorData(code=5, message=WORDS)),
    "a notification": JSONRPCNotification(jsonrpc="2.0", method="notifications/message", params=LETTER),
    "a request": JSONRPCRequest(jsonrpc="2.0", id="a", method="sampling/createMessage", params=LETTER),
}


def passed(short, **change):
    """What the SDK's reader makes of a message: it goes through JSON."""
    read = jsonrpc_message_adapter.validate_json(
        short.message.model_dump_json(by_alias=True, exclude_unset=True)
    )
    return SessionMessage(read.model_copy(update=change))


@pytest.mark.parametrize("name", MESSAGES)
def test_a_long_message_comes_out_whole(name):
    held, long = LongEvents(), MESSAGES[name].model_copy(deep=True)
    short = held.put(SessionMessage(long))
    assert type(short.message) is type(long)
    assert len(short.message.model_dump_json()) < 300
    assert held.take(passed(short)).message == MESSAGES[name]


@pytest.mark.parametrize("name", ["a result", "an error"])
def test_an_answer_takes_the_id_that_the_transport_gives_it(name):
    held = LongEvents()
    short = held.put(SessionMessage(MESSAGES[name].model_copy(deep=True)))
    assert held.take(passed(short, id=8)).message == MESSAGES[name].model_copy(update={"id": 8})


def test_each_comes_out_once_and_in_any_order():
    held = LongEvents()
    shorts = [held.put(SessionMessage(one.model_copy(deep=True))) for one in MESSAGES.values()]
    assert [held.take(short).message for short in reversed(shorts)] == [*reversed(MESSAGES.values())]
    assert [held.take(short) for short in shorts] == shorts


@pytest.mark.parametrize(
    "sign", [{"imagebridge/kept": "1"}, {"imagebridge/kept": 1}, {"imagebridge/kept": []}, {}]
)
def test_what_only_looks_like_a_kept_one_passes(sign):
    message = SessionMessage(JSONRPCResponse(jsonrpc="2.0", id=1, result=sign))
    assert LongEvents().take(message) is message
