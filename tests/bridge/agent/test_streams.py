"""Irregular streams as endpoints really send them still lead to the right answer, or to a documented error."""

import gzip
import json
from itertools import pairwise

import anyio
import anyio.lowlevel
import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from long_rows import one_in
from mcp.server import MCPServer
from mcp.types import CallToolResult
from openai import AsyncOpenAI, BadRequestError, OpenAI, OpenAIError
from samples import photo

from imagebridge import Bridge, tool_result
from imagebridge.agent import event_stream, openai_client, refused_bodies
from imagebridge.agent.chat_chunks import ChatChunks
from imagebridge.agent.event_stream import EventDecoder, SurrogateJoiner, loaded, sound
from imagebridge.agent.response_events import ResponseEvents, place
from imagebridge.errors import ResponseError, RunError
from imagebridge.events import HostedTool, ReasoningDelta, Replied, TextDelta

pytestmark = pytest.mark.anyio
MODEL = "gpt-5.6-luna"


# Bytes


EVENTS = b'event: a\ndata: {"a": 1}\n\n: a comment\r\ndata: {"b":\r\ndata: 2}\r\n\r\nid: 7\ndata:[DONE]\n\n'
DATA = [b'{"a": 1}', b'{"b":\n2}', b"[DONE]"]


def decoded(chunks):
    decoder = EventDecoder()
    found = [event for chunk in chunks for event in decoder.feed(chunk)]
    return [event.data for event in (*found, *decoder.rest())]


@given(st.lists(st.integers(0, len(EVENTS)), max_size=12))
@settings(deadline=None)
def test_events_are_the_same_however_their_bytes_are_divided(cuts):
    places = [0, *sorted(cuts), len(EVENTS)]
    assert decoded(EVENTS[start:stop] for start, stop in pairwise(places)) == DATA


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (b"", []),
        (b"\xef\xbb\xbfdata: x\n\n", [b"x"]),
        (b"\n\n\n", []),
        (b"data: x", [b"x"]),
        (b"data: x\r\r", [b"x"]),
        (b"data: x\r\rdata: y\r\r", [b"x", b"y"]),
        (b"data:\n\n", []),
        (b"data\n\n", []),
        (b"datum: x\n\n", []),
        ("data: a\u2028b\x0bc\x85d\n\n".encode(), ["a\u2028b\x0bc\x85d".encode()]),
    ],
)
def test_what_ends_a_line_and_what_does_not(sent, found):
    assert decoded([sent]) == found
    assert decoded(bytes([one]) for one in sent) == found


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("plain", "plain"),
        ("\U0001f600", "\U0001f600"),
        ("cut \ud83d here", "cut \ufffd here"),
        ("\ud83d\ude00", "\U0001f600"),
        (
            {"\udc00": [float("inf"), 1.5, float("nan"), None, True, 7]},
            {"\ufffd": [None, 1.5, None, None, True, 7]},
        ),
    ],
)
def test_what_cannot_be_sent_back_is_replaced(value, right):
    assert sound(value) == right
    json.dumps(sound(value), ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize("text", [b"{", b"", b"\xff", b"[" * 100_000, b"1" * 5_000])
def test_what_is_not_json_is_a_value_error(text):
    with pytest.raises(ValueError):
        loaded(text)


def test_what_is_nested_too_deeply_is_a_value_error():
    deep = []
    for _ in range(500):
        deep = [deep]
    with pytest.raises(ValueError, match="too deeply"):
        sound(deep)


@pytest.mark.parametrize(
    ("value", "index"),
    [
        (3, 3),
        ("3", 3),
        (3.0, 3),
        (3.5, None),
        (None, None),
        ("x", None),
        (True, None),
        (float("inf"), None),
        ("9" * 5_000, None),
    ],
)
def test_an_index_is_a_number_in_whatever_form_or_none(value, index):
    assert place(value) == index


def test_a_response_of_more_items_than_anyone_means_fails():
    events = ResponseEvents()

    def take(number):
        item = {"type": "message", "id": f"m{number}"}
        events.take({"type": "response.output_item.added", "output_index": number, "item": item})

    for number in range(3_000):
        take(number)
    with pytest.raises(ResponseError, match="the response has more than 3,000 items"):
        take(3_000)


def test_half_a_pair_waits_for_the_other():
    pieces = SurrogateJoiner()
    assert [pieces.joined(one) for one in ("a\ud83d", "\ude00b", None, "\udc00", "")] == [
        "a", "\U0001f600b", "", "\ufffd", "",
    ]  # fmt: skip


# Responses


CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "look", "arguments": '{"side": 64}'}
CALL = {**CALL, "status": "completed"}
OTHER = {**CALL, "id": "fc_2", "call_id": "c2", "arguments": '{"side": 32}'}
TEXT = {"type": "output_text", "text": "It is red.", "annotations": []}
SAID = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [TEXT]}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": []}
BEGUN = {
    "type": "response.created",
    "response": {"id": "r", "model": "m", "status": "in_progress", "output": []},
}


def ended(*items, **more):
    return {
        "type": "response.completed",
        "response": {"id": "r", "status": "completed", "output": list(items), **more},
    }


def added(item, at=0):
    bare = {"arguments": ""} if "arguments" in item else {"content": []}
    item = {**item, **bare, "status": "in_progress"}
    return {"type": "response.output_item.added", "output_index": at, "item": item}


def done(item, at=0):
    return {"type": "response.output_item.done", "output_index": at, "item": item}


def delta(kind, words, at=0, index=0, of="msg_1"):
    place = {"item_id": of, "output_index": at, "content_index": index}
    return {"type": f"response.{kind}.delta", **place, "delta": words}


def text(words="It is red.", **place):
    return delta("output_text", words, **place)


def arguments(words=CALL["arguments"], **place):
    return delta("function_call_arguments", words, of="fc_1", **place)


def part(what, words="It is red."):
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    return {"type": f"response.content_part.{what}", **place, "part": {**TEXT, "text": words}}


def bare(event, *names):
    return {name: value for name, value in event.items() if name not in names}


def put_together(*events, finished=False):
    made = ResponseEvents()
    told = [one for event in events if (one := made.take(event))]
    return made.response(done=finished), told


def known(item):
    """What an item means, whatever its ids and status are."""
    if item["type"] == "message":
        return "".join(part.get("text", "") for part in item["content"])
    return item.get("arguments", item["type"])


A, B, RED = CALL["arguments"], OTHER["arguments"], "It is red."


@pytest.mark.parametrize(
    ("events", "meant"),
    [
        pytest.param([BEGUN, added(CALL), arguments(), done(CALL), ended(CALL)], [A], id="as OpenAI"),
        pytest.param([BEGUN, added(CALL), arguments(), done(CALL), ended()], [A], id="empty final output"),
        pytest.param([done(CALL), ended()], [A], id="done alone"),
        pytest.param([ended(CALL)], [A], id="the end alone"),
        pytest.param([added(CALL), arguments(A[:5]), arguments(A[5:]), ended()], [A], id="never done"),
        pytest.param([added(CALL), arguments(), ended({**CALL, "arguments": ""})], [A], id="no arguments"),
        pytest.param([done(THOUGHT), done(CALL, 1), ended(THOUGHT)], ["reasoning", A], id="lacks the call"),
        pytest.param([done(CALL, 1), ended(THOUGHT)], ["reasoning", A], id="lacks what was not told"),
        pytest.param([{**ended(), "response": {"output": {"1": OTHER, "0": CALL}}}], [A, B], id="an object with number keys"),
        pytest.param([done(OTHER, "1"), done(CALL, 0.0), ended()], [A, B], id="indexes of other types"),
        pytest.param([done(SAID), done(CALL, 1), done(OTHER, 2), ended(SAID, OTHER)], [RED, A, B], id="lacks one of two"),
        pytest.param([done(OTHER, 1), done(CALL, 0), ended()], [A, B], id="out of order"),
        pytest.param([done(CALL, 0), done(OTHER, 0), ended()], [A, B], id="one index for both"),
        pytest.param([bare(done(CALL), "output_index"), bare(done(OTHER), "output_index"), ended()], [A, B], id="no index"),
        pytest.param(
            [added(CALL, 0), added(OTHER, 0), done(CALL, 0), done(OTHER, 0), ended()], [A, B], id="one index, announced"
        ),
        pytest.param([done(CALL), ended({**CALL, "id": "x", "call_id": "y"})], [A], id="other ids at the end"),
        pytest.param([done(CALL), ended({**CALL, "id": "x", "arguments": '{"side":64}'})], ['{"side":64}'], id="the same id"),
        pytest.param(
            [added({**CALL, "id": "1"}), arguments(), done({**CALL, "id": "3", "arguments": ""}), ended()], [A], id="ids change"
        ),
        pytest.param([done({**CALL, "id": ""}), done({**OTHER, "id": ""}, 1), ended()], [A, B], id="no ids"),
        pytest.param([done({**CALL, "id": "f"}), done({**OTHER, "id": "f"}, 1), ended()], [A, B], id="the same id for both"),
        pytest.param([added(SAID), text(), ended()], [RED], id="text in pieces alone"),
        pytest.param([text(), ended()], [RED], id="text never announced"),
        pytest.param([text("It is "), text("red.", index=0), ended(SAID)], [RED], id="no announcement"),
        pytest.param([added(SAID), text(index=1), ended(SAID)], [RED], id="content index"),
        pytest.param([added(SAID), text(), ended({**SAID, "content": []})], [RED], id="no text at the end"),
        pytest.param([added(SAID), text(), ended({**SAID, "content": None})], [RED], id="null text at the end"),
        pytest.param([{"note": 1}, [], None, 7, "x", {"type": 5}, ended(SAID)], [RED], id="what is no event"),
        pytest.param([done(None), {**done(CALL), "item": []}, text(None), ended(SAID)], [RED], id="null item and delta"),
        pytest.param([BEGUN, done(CALL), {"type": "response.completed", "response": None}], [A], id="null response"),
        pytest.param([BEGUN, done(CALL), ended(output=None)], [A], id="null output"),
        pytest.param([{"id": "r", "object": "response", "output": [SAID]}], [RED], id="not streamed at all"),
        pytest.param([ended(CALL), ended()], [A], id="ends twice, empty at last"),
        pytest.param([ended(), ended(CALL)], [A], id="ends twice, empty at first"),
        pytest.param([part("done"), ended()], [RED], id="a part that is done alone"),
        pytest.param([part("added"), ended()], [RED], id="a part that is announced whole"),
        pytest.param([part("added", ""), text(), part("done"), ended()], [RED], id="parts as OpenAI"),
        pytest.param([part("done", None), {**part("done"), "part": None}, text(), ended()], [RED], id="null parts"),
    ],
)  # fmt: skip
def test_a_response_is_put_together_from_what_came(events, meant):
    response, _ = put_together(*events)
    assert [known(item) for item in response["output"]] == meant
    assert response["status"] == "completed"


def test_what_came_item_by_item_is_kept_whole():
    response, _ = put_together(BEGUN, added(CALL), arguments(), done(CALL), ended(usage={"input_tokens": 3}))
    assert response == {
        "id": "r", "model": "m", "status": "completed", "output": [CALL], "usage": {"input_tokens": 3},
    }  # fmt: skip


def test_without_its_last_event_a_response_is_not_whole_unless_the_stream_says_so():
    events = [BEGUN, added(CALL), arguments(), done(CALL)]
    assert put_together(*events)[0] is None
    assert put_together(*events, finished=True)[0]["output"] == [CALL]
    assert put_together(finished=True)[0] is None


@pytest.mark.parametrize(
    ("event", "message", "code"),
    [
        ({"type": "error", "message": "No.", "code": "c"}, "No.", "c"),
        ({"type": "error", "error": {"message": "No.", "code": 7}}, "No.", "7"),
        ({"error": "No."}, "No.", None),
        ({"error": ["No."]}, "['No.']", None),
        ({"error": {"message": ["No."]}}, "no reason was given", None),
        ({"type": "error"}, "no reason was given", None),
        ({"object": "error", "message": "No.", "code": 400}, "No.", "400"),
    ],
)
def test_an_error_in_a_stream_is_said_whatever_its_form(event, message, code):
    for made in (ResponseEvents(), ChatChunks()):
        if event.keys().isdisjoint({"error", "object"}) and isinstance(made, ChatChunks):
            continue
        with pytest.raises(ResponseError) as raised:
            made.take(event)
        assert (str(raised.value), raised.value.code) == (f"the response failed: {message}", code)


def test_arguments_of_a_call_without_a_name_are_not_passed_over():
    with pytest.raises(ResponseError, match="function call whose name never arrived"):
        put_together(arguments(), ended())


def test_what_a_stream_tells_on_its_way():
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    _, told = put_together(
        {"type": "response.reasoning_summary_text.delta", "delta": "Hm"},
        {"type": "response.web_search_call.searching", "item_id": "ws_1"},
        {"type": "response.web_search_call.completed"},
        done(search),
        text("\ud83d"),
        text("\ude00"),
        delta("refusal", "No"),
    )
    assert told == [
        ReasoningDelta("Hm"),
        HostedTool("web_search", "searching", "ws_1"),
        HostedTool("web_search", "completed", "ws_1", search),
        TextDelta("\U0001f600"),
        TextDelta("No"),
    ]


# Chat Completions


def piece(index=None, id=None, name=None, args=None, **more):  # noqa: A002 - the API's own name
    function = {key: value for key, value in {"name": name, "arguments": args}.items() if value is not None}
    numbered = {key: value for key, value in {"index": index, "id": id}.items() if value is not None}
    return {**numbered, "function": function, **more}


def chunk(delta, finish=None, **more):
    return {
        "id": "c",
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        **more,
    }


def calling(*pieces):
    return chunk({"tool_calls": list(pieces)})


END = chunk({}, "tool_calls")
ONE, TWO = [("c1", "look", A)], [("c1", "look", A), ("c2", "look", B)]


def chunked(*chunks, finished=False):
    made = ChatChunks()
    for one in chunks:
        made.take(one)
    return made.completion(done=finished)


@pytest.mark.parametrize(
    ("chunks", "calls"),
    [
        pytest.param([calling(piece(0, "c1", "look", A)), calling(piece(1, "c2", "look", B))], TWO, id="as OpenAI"),
        pytest.param([calling(piece(0, "c1", "look", A), piece(1, "c2", "look", B))], TWO, id="in one chunk"),
        pytest.param([calling(piece(0, "c1", "look", "")), calling(piece(0, args=A))], ONE, id="in pieces"),
        pytest.param(
            [calling(piece(0, "c1", "look")), calling(piece(1, "c2", "look")), calling(piece(0, args=A[:3])), calling(piece(1, args=B)), calling(piece(0, args=A[3:]))],
            TWO, id="interleaved",
        ),
        pytest.param([calling(piece(None, "c1", "look", A))], ONE, id="no index"),
        pytest.param([calling(piece(None, "c1", "look", A)), calling(piece(None, "c2", "look", B))], TWO, id="no index, two"),
        pytest.param([calling(piece(None, "c1", "look", A), piece(None, "c2", "look", B))], TWO, id="no index, one chunk"),
        pytest.param([calling(piece(None, "c1", "look", A[:4])), calling(piece(args=A[4:]))], ONE, id="no index, pieces"),
        pytest.param(
            [calling(piece(None, "c1", "look", A[:4])), calling(piece(args=A[4:])), calling(piece(None, "c2", "look", B[:4])), calling(piece(args=B[4:]))],
            TWO, id="no index, two in pieces",
        ),
        pytest.param([calling(piece(1, "c1", "look", A))], ONE, id="from 1"),
        pytest.param([calling(piece(1, "c2", "look", B)), calling(piece(0, "c1", "look", A))], TWO, id="out of order"),
        pytest.param([calling(piece(0, "c1", "look", A)), calling(piece(0, "c2", "look", B))], TWO, id="index 0 for both"),
        pytest.param([calling(piece(0, "c1", "look", A), piece(0, "c2", "look", B))], TWO, id="0 for both, one chunk"),
        pytest.param(
            [calling(piece(0, "c1", "look", A[:3])), calling(piece(0, "c2", "look", B[:3])), calling(piece(0, "c1", args=A[3:])), calling(piece(0, "c2", args=B[3:]))],
            TWO, id="index 0 for both, interleaved by id",
        ),
        pytest.param([calling(piece(0, "c1", "look", A[:4])), calling(piece(0, "c1", "look", A[4:]))], ONE, id="repeated"),
        pytest.param([calling(piece(0, "c1", "look", A)), calling(piece(0, "c1", "look", A))], ONE, id="said twice"),
        pytest.param([calling(piece(0, "c1", "look", A)), calling(piece(0, "", None, ""))], ONE, id="an empty piece"),
        pytest.param([calling(piece(0, "c1", "look", {"side": 64}))], ONE, id="an object"),
        pytest.param([chunk(None), calling(None, [], piece(0, "c1", "look", A)), chunk({"tool_calls": None})], ONE, id="null"),
        pytest.param([[], None, "x", {"choices": None}, {"choices": [None]}, calling(piece(0, "c1", "look", A))], ONE, id="no chunk"),
        pytest.param([{"choices": [{"message": {"tool_calls": [piece(None, "c1", "look", A)]}}]}], ONE, id="not streamed"),
        pytest.param(
            [calling(piece("0", "c1", "look")), calling(piece("1", "c2", "look")), calling(piece("0", args=A[:3])), calling(piece("1", args=B)), calling(piece("0", args=A[3:]))],
            TWO, id="indexes as text",
        ),
        pytest.param(
            [calling(piece(0.0, "c1", "look")), calling(piece(1.0, "c2", "look")), calling(piece(0.0, args=A)), calling(piece(1.0, args=B))],
            TWO, id="indexes with a fraction of nothing",
        ),
        pytest.param(
            [calling(piece(0, "c1", "look")), calling(piece(0, "x", None, A[:4])), calling(piece(0, "y", None, A[4:])), calling(piece(1, "c2", "look")), calling(piece(1, "z", None, B))],
            TWO, id="an id of its own for each piece",
        ),
        pytest.param([chunk({"tool_calls": piece(0, "c1", "look", A)})], ONE, id="one call that is no list"),
        pytest.param([chunk({"tool_calls": {"0": piece(0, "c1", "look", A), "1": piece(1, "c2", "look", B)}})], TWO, id="an object with number keys"),
        pytest.param([{"choices": {"0": {"delta": {"tool_calls": [piece(0, "c1", "look", A)]}}}}], ONE, id="choices with number keys"),
        pytest.param(
            [calling(piece(0, "c1", "look", A)), {"choices": [{"delta": {}, "message": {"tool_calls": [piece(0, "c1", "look", A)]}}]}],
            ONE, id="the whole message again at the end",
        ),
    ],
)  # fmt: skip
def test_calls_are_told_apart_by_what_tells_them_apart(chunks, calls):
    message = chunked(*chunks, END)["choices"][0]["message"]
    found = [
        (call["id"], call["function"]["name"], call["function"]["arguments"])
        for call in message["tool_calls"]
    ]
    assert [(one[0], one[1], json.loads(one[2])) for one in found] == [
        (one[0], one[1], json.loads(one[2])) for one in calls
    ]


@pytest.mark.parametrize(
    ("chunks", "arguments"),
    [
        ([calling(piece(name="look", args=A)), calling(piece(name="look", args=B))], [A, B]),
        ([calling(piece(0, None, "look", A)), calling(piece(0, None, "look", B))], [A, B]),
        ([calling(piece(name="look", args=A[:5])), calling(piece(name="look", args=A[5:]))], [A]),
        ([calling(piece(0, "x", "look", A)), calling(piece(1, "x", "look", B))], [A, B]),
    ],
    ids=["no index, no ids", "index 0, no ids", "the name repeated", "one id for both"],
)
def test_calls_without_ids_of_their_own(chunks, arguments):
    message = chunked(*chunks, END)["choices"][0]["message"]
    assert [call["function"]["arguments"] for call in message["tool_calls"]] == arguments


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        (
            [{"type": "reasoning.text", "text": "I ", "format": "f", "index": 0}, {"type": "reasoning.text", "text": "look", "format": "f", "index": 0, "signature": "s"}],
            [{"type": "reasoning.text", "text": "I look", "format": "f", "index": 0, "signature": "s"}],
        ),
        (
            [{"type": "reasoning.text", "text": "I "}, {"type": "reasoning.text", "text": "look"}, None],
            [{"type": "reasoning.text", "text": "I look"}],
        ),
        (
            [{"type": "reasoning.summary", "summary": "a", "index": 0}, {"type": "reasoning.encrypted", "data": "b", "index": 1}, {"type": "reasoning.summary", "summary": "c", "index": 0}],
            [{"type": "reasoning.summary", "summary": "ac", "index": 0}, {"type": "reasoning.encrypted", "data": "b", "index": 1}],
        ),
        (
            [{"type": "reasoning.encrypted", "data": "a", "id": "1"}, {"type": "reasoning.encrypted", "data": "b", "id": "2"}],
            [{"type": "reasoning.encrypted", "data": "a", "id": "1"}, {"type": "reasoning.encrypted", "data": "b", "id": "2"}],
        ),
    ],
    ids=["pieces", "no index", "two", "two ids"],
)  # fmt: skip
def test_reasoning_details_grow_only_where_they_are_text(pieces, whole):
    made = chunked(*(chunk({"reasoning_details": [one]}) for one in pieces), END)
    assert made["choices"][0]["message"]["reasoning_details"] == whole


@pytest.mark.parametrize(
    ("deltas", "message"),
    [
        ([{"role": "assistant", "content": "It "}, {"role": "assistant", "content": "is"}], {"role": "assistant", "content": "It is"}),
        ([{"content": None}, {"content": "It"}, {"content": None}], {"content": "It"}),
        ([{"reasoning_content": "a"}, {"reasoning_content": "b"}, {"name": "x"}, {"name": "x"}], {"reasoning_content": "ab", "name": "x"}),
        ([{"role": "assistant", "content": {"type": "text", "text": "It"}}], {"role": "assistant", "content": [{"type": "text", "text": "It"}]}),
        ([{"content": [{"type": "thinking", "thinking": []}]}, {"content": [{"type": "text", "text": "a"}]}, {"content": "b"}, {"content": [{"type": "text", "text": "c"}]}],
         {"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "a"}, {"type": "text", "text": "bc"}]}),
    ],
    ids=["role repeated", "null", "other fields", "a part that is no list", "parts"],
)  # fmt: skip
def test_what_a_message_says_grows(deltas, message):
    assert chunked(*map(chunk, deltas), END)["choices"][0]["message"] == message


def test_calls_in_the_older_field_are_calls():
    pieces = [
        {"function_call": {"name": "look", "arguments": A[:4]}},
        {"function_call": {"arguments": A[4:]}},
    ]
    message = chunked(*map(chunk, pieces), chunk({}, "function_call"))["choices"][0]["message"]
    assert [call["function"] for call in message["tool_calls"]] == [{"name": "look", "arguments": A}]


def test_the_whole_message_at_the_end_is_not_said_twice():
    last = {
        "choices": [
            {"delta": {}, "message": {"role": "assistant", "content": "It is"}, "finish_reason": "stop"}
        ]
    }
    told = ChatChunks()
    assert [one for part in (chunk({"content": "It "}), chunk({"content": "is"}), last) for one in told.take(part)] == [
        TextDelta("It "), TextDelta("is"),
    ]  # fmt: skip
    assert chunked(chunk({"role": "assistant"}), last)["choices"][0]["message"]["content"] == "It is"


def test_a_message_that_is_not_finished_is_not_whole_unless_the_stream_says_so():
    assert chunked(chunk({"content": "It"})) is None
    assert chunked(chunk({"content": "It"}), finished=True)["choices"][0]["message"] == {"content": "It"}
    assert chunked({"choices": []}, finished=True) is None
    with pytest.raises(ResponseError, match="the response failed: overloaded"):
        chunked({"choices": [{"delta": {}, "finish_reason": "error", "error": {"message": "overloaded"}}]})


# Whole runs


def server():
    eyes = MCPServer("eyes", log_level="CRITICAL")

    @eyes.tool()
    def look(side: int = 8) -> CallToolResult:
        """Looks."""
        return CallToolResult.model_validate(tool_result("seen", photo(min(side, 64), 8)))

    return eyes


FIRST = [BEGUN, added(CALL), arguments(A[:4]), arguments(A[4:]), done(CALL), ended(CALL, model=MODEL)]
LAST = [BEGUN, added(SAID), text("It is "), text("red."), done(SAID), ended(SAID, model=MODEL)]
CHAT_FIRST = [
    chunk({"role": "assistant"}),
    calling(piece(0, "c1", "look", A[:4])),
    calling(piece(0, args=A[4:])),
    END,
]
CHAT_LAST = [chunk({"role": "assistant", "content": "It is "}), chunk({"content": "red."}), chunk({}, "stop")]
RIGHT = {"responses": (FIRST, LAST), "chat": (CHAT_FIRST, CHAT_LAST)}


def stream(events, *, cut=None):
    lines = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    return httpx2.Response(200, content=lines.encode()[:cut], headers={"content-type": "text/event-stream"})


async def played(answers, **more):
    """Run against these answers, the last of which is given again; return the reply, or the error that left the run."""
    left = list(answers)

    def answer(request):
        json.loads(request.content)
        return left.pop(0) if len(left) > 1 else left[0]

    transport = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    openai = AsyncOpenAI(base_url="http://localhost/v1", api_key="x", max_retries=0, http_client=transport)
    async with openai, Bridge(server()) as bridge:
        try:
            async for event in bridge.stream(openai, model=MODEL, input="Look", max_turns=4, **more):
                if isinstance(event, Replied):
                    return event.reply
        except (RunError, OpenAIError) as error:
            return error
    raise AssertionError("neither an answer nor an error")


JUNK = st.sampled_from(
    [None, [], {}, "", "x", 0, -1, 7, True, 1.5, float("inf"), "\ud83d", [None], {"type": None}, [[]]]
)


def places(value, path=()):
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for name, inner in pairs:
            yield (*path, name)
            yield from places(inner, (*path, name))


def changed(value, path, junk):
    if not path:
        return junk
    made = dict(value) if isinstance(value, dict) else list(value)
    made[path[0]] = changed(made[path[0]], path[1:], junk)
    return made


@st.composite
def mutated(draw, events):
    events = list(events)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(events) - 1))
        match draw(st.sampled_from(["junk", "junk", "junk", "lost", "twice", "moved", "missing"])):
            case "junk":
                path = draw(st.sampled_from([(), *places(events[at])]))
                events[at] = changed(events[at], path, draw(JUNK))
            case "missing" if isinstance(events[at], dict) and events[at]:
                events[at] = bare(events[at], draw(st.sampled_from(sorted(events[at]))))
            case "lost" if len(events) > 1:
                del events[at]
            case "twice":
                events.insert(at, events[at])
            case "moved":
                events.insert(draw(st.integers(0, len(events) - 1)), events.pop(at))
            case _:
                pass
    return events, draw(st.one_of(st.none(), st.none(), st.integers(-40, -1)))


@pytest.mark.parametrize("api", one_in(2, ["responses", "chat"]))
@given(data=st.data())
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_a_stream_holds_a_run_ends_with_an_answer_or_a_documented_error(api, data):
    first, last = RIGHT[api]
    (one, cut), (two, cut_too) = data.draw(mutated(first)), data.draw(mutated(last))
    asked = data.draw(st.booleans())  # Some endpoints stream whatever is asked for.
    ended = anyio.run(lambda: played([stream(one, cut=cut), stream(two, cut=cut_too)], api=api, stream=asked))
    assert isinstance(ended.items, list)
    json.dumps(ended.items, allow_nan=False, ensure_ascii=False).encode()


@pytest.mark.parametrize("api", ["responses", "chat"])
async def test_the_streams_that_are_mutated_are_right_as_they_are(api):
    reply = await played(map(stream, RIGHT[api]), api=api)
    assert (reply.text, len(reply.pictures)) == (RED, 1)


CHAT_CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": A}}
CHAT_USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 1}}
BODIES = {
    "responses": (
        {
            **ended(THOUGHT, CALL)["response"],
            "model": MODEL,
            "usage": {"input_tokens": 9, "output_tokens": 3},
        },
        {**ended({**SAID, "phase": "final_answer"})["response"], "incomplete_details": None},
    ),
    "chat": (
        {
            "choices": [
                {"message": {"role": "assistant", "tool_calls": [CHAT_CALL]}, "finish_reason": "tool_calls"}
            ],
            "usage": CHAT_USAGE,
        },
        {
            "choices": [{"message": {"role": "assistant", "content": RED}, "finish_reason": "stop"}],
            "model": MODEL,
        },
    ),
}


def body(value, *, cut=None):
    """A whole response; a text, a number or null is a body too."""
    return httpx2.Response(
        200, content=json.dumps(value).encode()[:cut], headers={"content-type": "application/json"}
    )


@pytest.mark.parametrize(
    ("api", "direct"),
    one_in(3, [("responses", False), ("responses", True), ("chat", False)]),
    ids=["create", "direct", "chat"],
)
@given(data=st.data())
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_a_body_holds_a_run_ends_with_an_answer_or_a_documented_error(api, direct, data):
    answers = []
    for right in BODIES[api]:
        (made, *_), cut = data.draw(mutated([right]))
        answers.append(body(made, cut=cut))
    ended = anyio.run(lambda: played(answers, api=api, stream=False, direct=direct))
    assert isinstance(ended.items, list)
    json.dumps(ended.items, allow_nan=False, ensure_ascii=False).encode()


@pytest.mark.parametrize("api", ["responses", "chat"])
async def test_the_bodies_that_are_mutated_are_right_as_they_are(api):
    reply = await played(map(body, BODIES[api]), api=api, stream=False)
    assert (reply.text, len(reply.pictures)) == (RED, 1)


WHOLE = {
    "responses": {"id": "r", "output": [{**SAID, "content": RED}]},
    "chat": {"choices": [{"message": {"role": "assistant", "content": [{"type": "text", "text": RED}]}}]},
}


LABELS = ["application/json", "text/event-stream", "text/plain", "application/octet-stream", None]


@pytest.mark.parametrize("label", one_in(3, LABELS))
@pytest.mark.parametrize("api", ["responses", "chat"])
async def test_whether_it_is_streamed_is_seen_and_not_believed(api, label):
    labelled = {} if label is None else {"content-type": label}
    whole = httpx2.Response(200, content=b"\n " + json.dumps(WHOLE[api]).encode(), headers=labelled)
    assert (await played([whole], api=api)).text == RED
    streamed = [
        httpx2.Response(200, content=stream(events).content, headers=labelled) for events in RIGHT[api]
    ]
    reply = await played(streamed, api=api)
    assert (reply.text, len(reply.pictures)) == (RED, 1)


def lines(events, form="data: {}\n", last=""):
    return ("".join(form.format(json.dumps(event)) for event in events) + last).encode()


def named(events):
    """Events that tell their type in their name alone."""
    return "".join(
        f"event: {one['type']}\ndata: {json.dumps(bare(one, 'type'))}\n\n" for one in events
    ).encode()


FINAL = ended(SAID)["response"]
AGAIN = [
    {"choices": [{"index": at, "delta": {"content": piece}}]}
    for at, piece in ((1, "It is "), (0, "blue."), (1, "red."))
]
READ = {
    "type in the event's name": ("responses", named(LAST)),
    "no blank lines": ("responses", lines(LAST)),
    "no blank lines, in Chat": ("chat", lines(CHAT_LAST, last="data: [DONE]\n")),
    "an event a line": ("responses", lines(LAST, "{}\n")),
    "a chunk a line": ("chat", lines(CHAT_LAST, "{}\n", "[DONE]")),
    "events in a list": ("responses", json.dumps(LAST).encode()),
    "chunks in a list": ("chat", json.dumps(CHAT_LAST).encode()),
    "the last event alone": ("responses", json.dumps(ended(SAID)).encode()),
    "a chunk alone": ("chat", json.dumps(chunk({"content": RED}, "stop")).encode()),
    "a byte order mark": ("responses", b"\xef\xbb\xbf" + json.dumps(FINAL).encode()),
    "comments first": ("chat", b": PROCESSING\n\n" * 3 + lines(CHAT_LAST, "data: {}\n\n")),
    "CR alone": ("responses", lines(LAST, "data: {}\r\r")),
    "one item in place of a list": ("responses", json.dumps({**FINAL, "output": SAID}).encode()),
    "one choice in place of a list": ("chat", json.dumps({"choices": {"message": {"content": RED}}}).encode()),
    "the question too": ("responses", json.dumps({"output": [{"role": "user", "content": "Look"}, SAID]}).encode()),
    "choices that take turns": ("chat", lines([*AGAIN, chunk({}, "stop")], "data: {}\n\n", "data: [DONE]\n\n").replace(b'"index": 0, "delta": {}', b'"index": 1, "delta": {}')),
}  # fmt: skip


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "run"])
@pytest.mark.parametrize(("api", "sent"), one_in(4, READ.values()), ids=READ)
async def test_what_is_written_otherwise_is_read(api, sent, streamed):
    assert (await played([httpx2.Response(200, content=sent)], api=api, stream=streamed)).text == RED


SAID_WRONG = {
    "an event named error": ("chat", b'event: error\ndata: {"message": "overloaded"}\n\n', "overloaded"),
    "an event named error, in words": ("responses", b"event: error\ndata: overloaded\n\n", "overloaded"),
    "an error beside an empty output": ("responses", b'{"error": {"message": "overloaded"}, "output": []}', "overloaded"),
    "an error in a choice": ("chat", b'{"choices": [{"error": {"message": "overloaded"}, "message": {}, "finish_reason": "error"}]}', "overloaded"),
    "a queue": ("responses", b'{"id": "r", "status": "queued", "output": []}', "not finished: its status is queued"),
    "another text": ("responses", b"OK, your request has been taken", "OK, your request"),
    "half a list of chunks": ("chat", b'[{"choices": []}', "not a response"),
}  # fmt: skip


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "run"])
@pytest.mark.parametrize(("api", "sent", "said"), SAID_WRONG.values(), ids=SAID_WRONG)
async def test_what_says_that_it_is_wrong_is_told(api, sent, said, streamed):
    error = await played([httpx2.Response(200, content=sent)], api=api, stream=streamed)
    assert isinstance(error, ResponseError)
    assert said in str(error)


@pytest.mark.parametrize("api", ["responses", "chat"])
async def test_half_a_character_in_a_models_name_or_an_id_is_not_sent_back(api):
    odd = [{**event, "id": "\ud83d", "model": "\ud83d"} for event in RIGHT[api][0]]
    if api == "responses":
        odd[-1] = ended(CALL, id="\ud83d", model="\ud83d")
    reply = await played([stream(odd), stream(RIGHT[api][1])], api=api)
    assert (reply.text, len(reply.pictures)) == (RED, 1)


OLDER = {"role": "assistant", "content": None, "function_call": {"name": "look", "arguments": A}}


@pytest.mark.parametrize(
    "calls",
    [OLDER, {"tool_calls": CHAT_CALL}, {"tool_calls": {"0": CHAT_CALL}}],
    ids=["older", "alone", "numbered"],
)
async def test_calls_of_a_whole_message_in_other_forms_are_run(calls):
    first = {"choices": {"0": {"message": calls, "finish_reason": "tool_calls"}}}
    reply = await played(map(body, (first, BODIES["chat"][1])), api="chat", stream=False)
    assert (reply.text, len(reply.pictures)) == (RED, 1)
    assert reply.items[1]["tool_calls"][0]["function"] == CHAT_CALL["function"]


LOST = {
    "responses": {"type": "response.completed", "response": {"id": "r"}},
    "chat": chunk({"role": "assistant"}, "tool_calls"),
}


@pytest.mark.parametrize("api", ["responses", "chat"])
async def test_what_was_lost_on_its_way_is_not_an_empty_answer(api):
    error = await played([stream([LOST[api]])], api=api)
    assert isinstance(error, ResponseError)


@pytest.mark.parametrize("sent", [b'{"detail": "overloaded"}', b"[7, 8]", b"<html>overloaded</html>"])
@pytest.mark.parametrize("api", ["responses", "chat"])
async def test_what_is_no_response_at_all_is_quoted(api, sent):
    error = await played([httpx2.Response(200, content=sent)], api=api)
    assert isinstance(error, ResponseError)
    assert f"not a response from this API: {sent.decode().replace(': ', ':').replace(', ', ',')}" in str(
        error
    )


@pytest.mark.parametrize("api", one_in(2, ["responses", "chat"]))
@pytest.mark.parametrize(
    "body",
    one_in(3, [b"null", b"[]", b'"no"', b"7", b"<html>", b"", b'{"error": null}', b'{"error": "no"}', b'{"error": ["no"]}',
     b'{"error": {"message": 7, "code": {"a": 1}, "param": ["x"], "type": []}}', b'{"message": ["no"], "code": 400, "param": 3}',
     b'{"error": {"message": "image", "param": 7, "code": 400}}', b'{"detail": [{"loc": ["body"], "msg": "no"}]}', b"\xff\xfe"]),
)  # fmt: skip
@pytest.mark.parametrize(
    "status", [400, 500, *(pytest.param(one, marks=pytest.mark.long) for one in (404, 413, 418))]
)
async def test_an_error_body_of_any_form_is_the_documented_error(api, body, status):
    answers = [
        stream(RIGHT[api][0]),
        httpx2.Response(status, content=body, headers={"content-type": "application/json"}),
    ]
    error = await played(answers, api=api)
    assert isinstance(error, OpenAIError)
    assert getattr(error, "status_code", None) == status
    assert str(error)  # The words are those of the SDK, and not the same in each.


@pytest.mark.parametrize("status", [200, 400])
async def test_a_body_that_cannot_be_unpacked_is_a_documented_error(status):
    broken = httpx2.Response(
        status,
        stream=httpx2.ByteStream(b"not gzip"),
        headers={"content-encoding": "gzip", "content-type": "text/event-stream"},
    )
    error = await played([broken])
    assert isinstance(error, ResponseError)
    assert "cut off" in str(error)


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
async def test_what_is_too_large_unpacked_is_a_documented_error(kind, monkeypatch):
    for module in (event_stream, openai_client):
        monkeypatch.setattr(module, "MAX_RESPONSE_BYTES", 1_000_000)
    bomb = httpx2.Response(
        200,
        content=gzip.compress(b"data: " + b"a" * 3_000_000),
        headers={"content-encoding": "gzip", "content-type": kind},
    )
    error = await played([bomb])
    assert isinstance(error, ResponseError)
    assert "more than" in str(error)


@pytest.mark.long
async def test_other_tasks_go_on_while_what_was_packed_is_read():
    turns = 0

    async def count():
        nonlocal turns
        while True:
            turns += 1
            await anyio.lowlevel.checkpoint()

    data = b"data: x\n\n" * 200_000

    async def opened():
        sent = httpx2.ByteStream(gzip.compress(data))
        return httpx2.Response(200, stream=sent, headers={"content-encoding": "gzip"})

    async def told(event):
        raise AssertionError(event)

    async with (
        AsyncOpenAI(base_url="http://localhost/v1", api_key="x") as openai,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(count)
        caller = openai_client.Caller(openai, blocking=False)
        assert await caller.answer(opened, told, streamed=True) == (False,)
        tasks.cancel_scope.cancel()
    assert turns > len(data) / 65_536


def refusal(content, *, packed):
    headers = {"content-type": "application/json", **({"content-encoding": "gzip"} if packed else {})}
    sent = httpx2.ByteStream(gzip.compress(content) if packed else content)
    return httpx2.Response(400, stream=sent, headers=headers)


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "plain"])
async def test_a_refusal_is_read_up_to_a_length(packed, monkeypatch):
    error = await played([refusal(b'{"error": {"message": "No."}}', packed=packed)])
    assert error.status_code == 400
    assert "No." in str(error)
    monkeypatch.setattr(refused_bodies, "MAX_BODY_BYTES", 1_000)
    error = await played([refusal(b"a" * 3_000_000, packed=packed)])
    assert (error.status_code, error.response.content) == (400, b"a" * 1_000)


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "plain"])
def test_a_refusal_is_read_up_to_a_length_where_the_client_blocks(packed, monkeypatch):
    monkeypatch.setattr(refused_bodies, "MAX_BODY_BYTES", 1_000)
    transport = httpx2.MockTransport(lambda _: refusal(b"a" * 3_000_000, packed=packed))
    with (
        OpenAI(
            base_url="http://localhost/v1", api_key="x", http_client=httpx2.Client(transport=transport)
        ) as openai,
        Bridge(server()) as bridge,
    ):
        for _ in range(2):
            with pytest.raises(BadRequestError) as raised:
                bridge.run(openai, model=MODEL, input="Look")
            assert raised.value.response.content == b"a" * 1_000
        assert len(openai._client.event_hooks["response"]) == 1


@pytest.mark.parametrize("api", ["responses", pytest.param("chat", marks=pytest.mark.long)])
async def test_two_thousand_calls_are_each_answered_though_the_deadline_passes(api):
    names = range(2_000)
    calls = {
        "responses": {
            "id": "r",
            "output": [{**CALL, "id": f"f{one}", "call_id": f"c{one}"} for one in names],
        },
        "chat": {
            "choices": [{"message": {"tool_calls": [piece(one, f"c{one}", "look", A) for one in names]}}]
        },
    }
    error = await played([httpx2.Response(200, json=calls[api])], api=api, deadline=0.5)
    assert isinstance(error, RunError)
    answered = [
        item.get("call_id") or item.get("tool_call_id")
        for item in error.items
        if "output" in item or item.get("role") == "tool"
    ]
    assert answered in ([], [f"c{one}" for one in names])
