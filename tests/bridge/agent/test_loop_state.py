"""The conversation is kept by the caller, by the previous response, or by a conversation on the server."""

import copy
import json

import pytest
from eyes import eyes
from long_rows import one_in
from mcp.server import MCPServer
from openai import AsyncOpenAI, BadRequestError, DefaultAsyncHttpx2Client

from imagebridge import Bridge
from imagebridge.errors import TurnLimitError
from imagebridge.events import ReasoningDelta
from imagebridge.testing import Endpoint, Fault

pytestmark = pytest.mark.anyio

MODEL = "gpt-5.6-luna"


def reasoning(number):
    summary = [{"type": "summary_text", "text": f"Step {number} of the plan."}]
    return {
        "type": "reasoning",
        "id": f"rs_{number}",
        "summary": summary,
        "encrypted_content": f"secret {number}",
    }


def thought(number, *calls):
    return [reasoning(number), *(("look", {"side": side}) for side in calls)]


SEARCH = {
    "type": "web_search_call",
    "id": "ws_1",
    "status": "completed",
    "action": {"type": "search", "query": "a"},
}
TURNS = [
    [SEARCH, *thought(0, 32)],
    *(thought(number, 32 + number) for number in range(1, 9)),
    thought(9, 50, 51, 52),
    [reasoning(10), "Let me look once more.", ("look", {"side": 60})],
    [reasoning(11), "I have seen it all."],
]


@pytest.fixture
def server():
    return eyes()


def client_of(endpoint):
    http_client = DefaultAsyncHttpx2Client(verify=False)
    return AsyncOpenAI(base_url=endpoint.base_url, api_key="test", http_client=http_client, max_retries=0)


async def recorded(server, way):
    """A conversation of twelve turns that nobody keeps but the caller, and what was told on the way."""
    with Endpoint(TURNS) as endpoint:
        async with client_of(endpoint) as client, Bridge(server) as bridge:
            asked = {
                "model": MODEL,
                "input": "Look around.",
                "store": False,
                "tools": [{"type": "web_search"}],
            }
            if way == "run":
                return endpoint, (await bridge.run(client, **asked)), []
            events = [event async for event in bridge.stream(client, **asked)]
    return endpoint, events[-1].reply, events


@pytest.mark.parametrize("way", one_in(2, ["run", "stream"]))
async def test_twelve_turns_that_only_the_caller_keeps(server, way):
    endpoint, reply, events = await recorded(server, way)
    assert reply.text == "I have seen it all."
    assert endpoint.refusals == []
    assert [body["include"] for body in endpoint.requests] == [["reasoning.encrypted_content"]] * 12
    kept = [item for item in reply.items if item.get("type") == "reasoning"]
    assert kept == [reasoning(number) for number in range(12)]
    assert len(endpoint.seen) == len(reply.pictures) == 13
    told = "".join(event.text for event in events if isinstance(event, ReasoningDelta))
    assert told == ("" if way == "run" else "".join(f"Step {at} of the plan." for at in range(12)))


def without(kind, number):
    def change(items):
        chosen = [item for item in items if item.get("type") == kind][number]
        items.remove(chosen)
        return items

    return change


def altered(kind, number, **fields):
    def change(items):
        [item for item in items if item.get("type") == kind][number].update(fields)
        return items

    return change


def both_gone(items):
    """A call and its output: together nobody would miss them, but for the reasoning that led there."""
    call = [item for item in items if item.get("type") == "function_call"][10]
    return [item for item in items if item.get("call_id") != call["call_id"]]


def swapped(items):
    at = next(index for index, item in enumerate(items) if item.get("type") == "web_search_call")
    items[at], items[at + 1] = items[at + 1], items[at]
    return items


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        pytest.param(lambda items: items, None, id="as it was"),
        pytest.param(without("reasoning", 3), "dropped-item", id="reasoning dropped"),
        pytest.param(without("function_call", 4), "output-without-call", id="call dropped"),
        pytest.param(without("function_call_output", 5), "unanswered-call", id="output dropped"),
        pytest.param(without("message", 0), "dropped-item", id="message dropped"),
        pytest.param(without("web_search_call", 0), "dropped-item", id="hosted call dropped"),
        pytest.param(both_gone, "dropped-item", id="one of three calls dropped with its output"),
        pytest.param(swapped, "dropped-item", id="swapped"),
        pytest.param(
            altered("reasoning", 2, encrypted_content="other"), "altered-item", id="encrypted altered"
        ),
        pytest.param(
            altered("reasoning", 2, encrypted_content=None), "unstored-item", id="encrypted dropped"
        ),
        pytest.param(altered("reasoning", 2, summary=[]), "altered-item", id="summary altered"),
        pytest.param(altered("function_call", 2, arguments="{}"), "altered-item", id="arguments altered"),
        pytest.param(
            altered("function_call", 2, arguments='{"side":34.0 }'), None, id="arguments spelled otherwise"
        ),
        pytest.param(
            altered("function_call", 2, arguments='{"side": true}'), "altered-item", id="another argument"
        ),
        pytest.param(
            altered("function_call", 2, arguments="{side: 34}"), "altered-item", id="arguments not JSON"
        ),
        pytest.param(altered("message", 0, content=[]), "altered-item", id="message altered"),
    ],
)
async def test_the_endpoint_takes_the_conversation_as_it_was_and_no_other(conversation, change, rule):
    endpoint, items, client = conversation
    body = {"model": MODEL, "input": change(copy.deepcopy(items)), "store": False}
    refused = len(endpoint.refusals)
    if rule is None:
        response = await client.responses.create(**body)
        assert response.output_text == "Yes."
    else:
        with pytest.raises(BadRequestError):
            await client.responses.create(**body)
        assert endpoint.refusals[refused].rule == rule


@pytest.fixture(scope="module")
async def conversation():
    """The endpoint that gave out twelve turns, what came of them, and a client."""
    server = MCPServer("eyes", log_level="CRITICAL")

    @server.tool()
    def look(side: int) -> str:
        """Looks."""
        return f"{side} pixels"

    with Endpoint([*TURNS, "Yes.", "Yes."]) as endpoint:
        async with client_of(endpoint) as client, Bridge(server) as bridge:
            reply = await bridge.run(client, model=MODEL, input="Look around.", store=False)
            yield endpoint, [*reply.items, {"role": "user", "content": "Sure?"}], client


async def test_a_model_that_does_not_reason_is_asked_without_its_reasoning(server):
    refusal = Fault(400, "Encrypted content is not supported with this model.", param="include")
    with Endpoint([refusal, [("look", {"side": 32})], "Red."]) as endpoint:
        async with client_of(endpoint) as client, Bridge(server) as bridge:
            reply = await bridge.run(
                client, model=MODEL, input="?", store=False, include=["message.output_text.logprobs"]
            )
    assert reply.text == "Red."
    logprobs = "message.output_text.logprobs"
    assert [body["include"] for body in endpoint.requests] == [
        [logprobs, "reasoning.encrypted_content"],
        [logprobs],
        [logprobs],
    ]


@pytest.mark.parametrize("way", ["run", "stream"])
async def test_with_a_previous_response_only_what_is_new_is_sent(server, way):
    with Endpoint(["Hello.", [("look", {"side": 32})], [("look", {"side": 40})], "Red."]) as endpoint:
        async with client_of(endpoint) as client, Bridge(server) as bridge:
            first = await bridge.run(client, model=MODEL, input="Hi.")
            asked = {"model": MODEL, "input": "What is there?", "previous_response_id": first.id}
            if way == "run":
                reply = await bridge.run(client, **asked)
            else:
                reply = [event async for event in bridge.stream(client, **asked)][-1].reply
    bodies = endpoint.requests
    assert [body.get("previous_response_id") for body in bodies] == [None, first.id, "resp_2", "resp_3"]
    assert [[item.get("type", "message") for item in body["input"]] for body in bodies[1:]] == [
        ["message"],
        ["function_call_output"],
        ["function_call_output"],
    ]
    assert (reply.text, reply.id) == ("Red.", "resp_4")
    assert len(reply.items) == 6
    assert [one.size for one in endpoint.seen] == [(32, 32), (40, 40)]


async def test_with_a_conversation_only_what_is_new_is_sent(server):
    with Endpoint([[("look", {"side": 32})], "Red.", "Still red."]) as endpoint:
        async with client_of(endpoint) as client, Bridge(server) as bridge:
            kept = await client.conversations.create()
            asked = {"model": MODEL, "conversation": kept.id}
            await bridge.run(client, input="What is there?", **asked)
            reply = await bridge.run(client, input="Sure?", **asked)
    assert reply.text == "Still red."
    assert [len(body["input"]) for body in endpoint.requests[1:]] == [1, 1, 1]


async def test_an_error_says_what_the_server_has_not_got_yet(server):
    with Endpoint(["Hello.", [("look", {"side": 32})], "Red."]) as endpoint:
        async with client_of(endpoint) as client, Bridge(server) as bridge:
            first = await bridge.run(client, model=MODEL, input="Hi.")
            with pytest.raises(TurnLimitError) as raised:
                await bridge.run(
                    client, model=MODEL, input="Look.", previous_response_id=first.id, max_turns=1
                )
            error = raised.value
            assert ([item["type"] for item in error.items], error.response_id) == (
                ["function_call_output"],
                "resp_2",
            )
            reply = await bridge.run(
                client, model=MODEL, input=error.items, previous_response_id=error.response_id
            )
    assert reply.text == "Red."


async def test_items_are_plain_json_that_can_be_kept(server):
    _, reply, _ = await recorded(server, "run")
    again = json.loads(json.dumps(reply.items))
    with Endpoint(["Yes."]) as endpoint:
        async with client_of(endpoint) as client, Bridge(server) as bridge:
            reply = await bridge.run(
                client, model=MODEL, input=[*again, {"role": "user", "content": "Sure?"}]
            )
    assert reply.text == "Yes."
