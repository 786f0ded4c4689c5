"""Both APIs, streams, structured answers, tool choices, budgets, hosted tools and other clients."""

import anyio
import httpx2
import pytest
from eyes import eyes
from long_rows import one_in
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.types import ToolAnnotations
from openai import AsyncAzureOpenAI, AsyncOpenAI, DefaultAsyncHttpx2Client, OpenAI
from pydantic import BaseModel
from samples import photo

from imagebridge import Bridge, Policy, tool_result
from imagebridge.agent.api_errors import Refusal
from imagebridge.agent.turn import Usage, cost, relaxed
from imagebridge.errors import OpenCallError, ResponseError, RunError, TokenLimitError
from imagebridge.events import (
    Answered,
    Called,
    HostedTool,
    Progress,
    ReasoningDelta,
    Replied,
    Responded,
    TextDelta,
)
from imagebridge.facts.models import FAMILIES
from imagebridge.testing import Endpoint, Fault, Odd

pytestmark = pytest.mark.anyio

MODEL = "gpt-5.6-luna"
LOOK = ("look", {"side": 64})


class ColourAndSides(BaseModel):
    colour: str
    sides: int


@pytest.fixture
def server():
    server = eyes()

    @server.tool()
    async def step(ctx: Context) -> str:
        """Tells how far it is."""
        await ctx.report_progress(1, 2, "half")
        return "done"

    return server


def client_of(endpoint, kind=AsyncOpenAI, **options):
    http_client = DefaultAsyncHttpx2Client(verify=False)
    return kind(base_url=endpoint.base_url, api_key="test", http_client=http_client, max_retries=0, **options)


async def asked(server, steps, way="run", **arguments):
    with Endpoint(steps) as endpoint:
        async with client_of(endpoint) as client, Bridge(server) as bridge:
            arguments = {"model": MODEL, "input": "What is there?", **arguments}
            if way == "run":
                return await bridge.run(client, **arguments), endpoint
            events = [event async for event in bridge.stream(client, **arguments)]
            return events, endpoint


# Chat Completions


@pytest.mark.parametrize("way", ["run", "stream"])
async def test_chat(server, way):
    steps = [["One moment.", LOOK, ("look", {"side": 32})], "Red."]
    reply, endpoint = await asked(server, steps, way, api="chat", instructions="Be brief.")
    reply = reply if way == "run" else reply[-1].reply
    assert reply.text == "Red."
    assert [message["role"] for message in reply.items] == [
        *("user", "assistant", "tool", "tool"),
        *("user", "assistant"),
    ]
    assert reply.items[1] == {
        "role": "assistant",
        "content": "One moment.",
        "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"side": 64}'}},
            {"id": "call_2", "type": "function", "function": {"name": "look", "arguments": '{"side": 32}'}},
        ],
    }
    assert [one.size for one in endpoint.seen] == [(64, 64), (32, 32)]
    assert [body["messages"][0] for body in endpoint.requests] == [
        {"role": "system", "content": "Be brief."}
    ] * 2
    assert endpoint.requests[0]["tools"][0]["function"]["name"] == "look"
    assert reply.usage["total_tokens"] == reply.usage["input_tokens"] + reply.usage["output_tokens"] > 0
    assert len(reply.pictures) == 2


async def test_pictures_for_chat_are_fitted_to_the_detail_that_it_knows(server):
    policy = Policy(model=MODEL, detail="original")
    with Endpoint([[("look", {"side": 1_700})], "Red."]) as endpoint:
        async with client_of(endpoint) as client, Bridge(server, policy=policy) as bridge:
            await bridge.run(client, model=MODEL, input="?", api="chat")
            mine = await bridge.attach(tool_result("mine", photo(1_700, 8)), api="chat")
    assert [one.size for one in endpoint.seen] == [(1_600, 1_600)]
    assert [one.detail for one in mine.pictures] == ["high"]


async def test_chat_goes_on_and_has_no_more_than_the_sdk_has(server):
    with Endpoint([[LOOK], "Red.", "Yes."], rules=()) as endpoint:
        async with client_of(endpoint) as client, Bridge(server) as bridge:
            first = await bridge.run(client, api="chat", model=MODEL, input="?", seed=3)
            again = [*first.items, {"role": "user", "content": "Sure?"}]
            second = await bridge.run(client, api="chat", model=MODEL, input=again)
            for name, value in (("conversation", "conv_1"), ("direct", True), ("n", 2)):
                with pytest.raises(TypeError, match=name):
                    await bridge.run(client, api="chat", model=MODEL, input="?", **{name: value})
            with pytest.raises(TypeError, match='"responses" or "chat", not'):
                await bridge.run(client, api="realtime", model=MODEL, input="?")
    assert second.text == "Yes."
    assert endpoint.requests[0]["seed"] == 3


# Streams


async def test_a_stream_tells_all_that_a_user_interface_shows(server):
    thought = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "Look first."}],
    }
    search = {
        "type": "web_search_call",
        "id": "ws_1",
        "status": "completed",
        "action": {"type": "search", "query": "a"},
    }
    events, _ = await asked(
        server,
        [[search, thought, ("step", {})], "A long enough answer."],
        "stream",
        tools=[{"type": "web_search"}],
    )
    told = [event for event in events if not isinstance(event, (Responded, Replied))]
    assert [type(event) for event in told] == [
        *(HostedTool, HostedTool, ReasoningDelta, Called, Progress, Answered),
        *(TextDelta, TextDelta),
    ]
    assert [(one.tool, one.status, one.id) for one in told[:2]] == [
        ("web_search", "in_progress", "ws_1"),
        ("web_search", "completed", "ws_1"),
    ]
    assert (told[2].text, told[3].call["name"]) == ("Look first.", "step")
    assert (told[4].progress, told[4].total, told[4].message) == (1, 2, "half")
    assert "".join(event.text for event in told[6:]) == "A long enough answer."
    spent = [event.usage["total_tokens"] for event in events if isinstance(event, Responded)]
    assert sum(spent) == events[-1].reply.usage["total_tokens"]


READS = ToolAnnotations(read_only_hint=True)


async def test_calls_are_told_of_as_they_are_done():
    server = MCPServer("two", log_level="CRITICAL")
    quick_is_done = anyio.Event()

    @server.tool(annotations=READS)
    async def slow() -> str:
        """Waits for the other."""
        await quick_is_done.wait()
        return "slow"

    @server.tool(annotations=READS)
    async def quick() -> str:
        """Is quick."""
        return "quick"

    with Endpoint([[("slow", {}), ("quick", {})], "Done."]) as endpoint:
        async with client_of(endpoint) as client, Bridge(server) as bridge:
            answered = []
            async for event in bridge.stream(client, model=MODEL, input="?"):
                if isinstance(event, Answered):
                    answered.append(event.answer.call["name"])
                    quick_is_done.set()
    assert answered == ["quick", "slow"]
    assert [item["output"] for item in endpoint.requests[1]["input"][3:]] == ["slow", "quick"]


async def test_a_stream_for_servers_that_do_not_stream(server):
    events, endpoint = await asked(server, [[LOOK], "Red."], "stream", stream=False)
    assert [type(event) for event in events] == [Responded, Called, Answered, Responded, Replied]
    assert [body.get("stream") for body in endpoint.requests] == [None, None]


async def test_a_stream_may_be_left_at_any_event(server):
    with Endpoint([[LOOK], "Red."]) as endpoint:
        async with client_of(endpoint) as client, Bridge(server) as bridge:
            with anyio.fail_after(600):
                async for event in bridge.stream(client, model=MODEL, input="?"):
                    if isinstance(event, Called):
                        break
            reply = await bridge.run(client, model=MODEL, input="?")
    assert reply.text == "Red."


def test_a_blocking_stream(server):
    with Endpoint([[LOOK], "Red.", [LOOK]]) as endpoint:
        with OpenAI(base_url=endpoint.base_url, api_key="test") as client, Bridge(server) as bridge:
            events = list(bridge.stream(client, model=MODEL, input="?"))
            for event in bridge.stream(client, model=MODEL, input="?"):
                if isinstance(event, Called):
                    break
    assert [type(event) for event in events] == [Responded, Called, Answered, TextDelta, Responded, Replied]
    assert events[-1].reply.text == "Red."


# Structured answers


@pytest.mark.parametrize("way", ["run", "stream"])
@pytest.mark.parametrize("api", ["responses", "chat"])
async def test_a_structured_answer(server, api, way):
    steps = [[LOOK], '{"colour": "red", "sides": 4}', '{"colour": "blue", "sides": 3}']
    with Endpoint(steps) as endpoint:
        async with client_of(endpoint) as client, Bridge(server) as bridge:
            asked = {"model": MODEL, "api": api, "text_format": ColourAndSides}
            if way == "run":
                reply = await bridge.run(client, input="?", **asked)
            else:
                reply = [event async for event in bridge.stream(client, input="?", **asked)][-1].reply
            again = [*reply.items, {"role": "user", "content": "And that?"}]
            second = await bridge.run(client, input=again, **asked)
    assert (reply.parsed, second.parsed) == (
        ColourAndSides(colour="red", sides=4),
        ColourAndSides(colour="blue", sides=3),
    )
    assert "parsed" not in str(reply.items)
    assert [one.size for one in endpoint.seen] == [(64, 64)]


@pytest.mark.parametrize("way", ["run", "stream"])
@pytest.mark.parametrize("api", ["responses", "chat"])
async def test_an_answer_of_another_form_is_a_clear_error(server, api, way):
    with pytest.raises(ResponseError, match="does not match text_format") as raised:
        await asked(server, [[LOOK], "Red."], way, api=api, text_format=ColourAndSides)
    assert raised.value.code == "invalid_form"
    assert len(raised.value.items) >= 3


# Choices and limits


@pytest.mark.parametrize(
    ("choice", "then"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("required", "auto"),
        ({"type": "function", "name": "look"}, "auto"),
        ({"type": "function", "function": {"name": "look"}}, "auto"),
        ({"type": "web_search"}, "auto"),
        (
            {"type": "allowed_tools", "mode": "required", "tools": []},
            {"type": "allowed_tools", "mode": "auto", "tools": []},
        ),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": []}},
            {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}},
        ),
    ],
)
def test_a_forced_call_is_forced_once(choice, then):
    assert relaxed(choice) == then


@pytest.mark.parametrize(
    ("api", "named"),
    [
        ("responses", {"type": "function", "name": "look"}),
        ("chat", {"type": "function", "function": {"name": "look"}}),
    ],
)
async def test_a_named_tool_does_not_loop(server, api, named):
    _, endpoint = await asked(server, [[LOOK], "Red."], api=api, tool_choice=named)
    assert [body["tool_choice"] for body in endpoint.requests] == [named, "auto"]


async def test_a_budget_of_tokens(server):
    with pytest.raises(TokenLimitError, match="raise budget") as raised:
        await asked(server, [[LOOK], [LOOK]], budget=200)
    error = raised.value
    assert error.spent >= error.budget == 200
    assert [item.get("type", "user") for item in error.items[-2:]] == [
        "function_call",
        "function_call_output",
    ]
    reply, _ = await asked(server, ["Red."], budget=1)
    assert reply.text == "Red."


OWN = {
    "type": "function",
    "name": "mine",
    "parameters": {"type": "object", "properties": {}},
    "strict": False,
}
CLICK = {
    "type": "computer_call",
    "id": "cu_1",
    "call_id": "call_x",
    "status": "completed",
    "pending_safety_checks": [],
    "action": {"type": "screenshot"},
}


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        pytest.param([LOOK, ("mine", {})], ["function_call"], id="a function of the caller's"),
        pytest.param([LOOK, CLICK], ["computer_call"], id="a computer's action"),
    ],
)
async def test_what_only_the_caller_can_answer_goes_to_the_caller(server, said, kinds):
    with Endpoint([said]) as endpoint:
        async with client_of(endpoint) as client, Bridge(server) as bridge:
            with pytest.raises(OpenCallError, match=f"called {kinds[0]}") as raised:
                await bridge.run(client, model=MODEL, input="?", tools=[OWN])
    error = raised.value
    assert [call["type"] for call in error.calls] == kinds
    assert [item.get("call_id") for item in error.items[1:]] == [
        "call_1",
        error.calls[0]["call_id"],
        "call_1",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"background": True}, "not accept background=True"),
        ({"direct": True, "text_format": ColourAndSides}, "does not accept text_format"),
        ({"input": {"role": "user"}}, "input must be a string or a list"),
        ({"input": [1]}, "an input item must be a dict"),
    ],
)
async def test_what_does_not_go_together_is_named(server, arguments, message):
    with pytest.raises(TypeError, match=message):
        await asked(server, [], **arguments)


# Clients, and how bodies are sent


async def test_azure(server):
    with Endpoint([[LOOK], "Red."]) as endpoint:
        async with (
            client_of(endpoint, AsyncAzureOpenAI, api_version="preview") as client,
            Bridge(server) as bridge,
        ):
            reply = await bridge.run(client, model=MODEL, input="?")
    assert reply.text == "Red."


@pytest.mark.parametrize("way", ["run", "stream"])
async def test_direct_posts_what_create_posts(server, way):
    extras = {
        "extra_headers": {"x-trace": "1"},
        "extra_query": {"a": "b"},
        "extra_body": {"metadata": {"k": "v"}},
        "timeout": 30,
        "temperature": 0.5,
    }
    bodies = []
    for direct in (False, True):
        sent = []
        with Endpoint([[LOOK], 'Red, "quoted" ✓.']) as endpoint:

            async def note(request, sent=sent):
                sent.append((request.headers.get("x-trace"), str(request.url.params)))

            hooked = httpx2.AsyncClient(verify=False, event_hooks={"request": [note]})
            async with (
                AsyncOpenAI(base_url=endpoint.base_url, api_key="test", http_client=hooked) as client,
                Bridge(server) as bridge,
            ):
                arguments = {"model": MODEL, "input": "Was ist da? ✓", "direct": direct, **extras}
                if way == "run":
                    reply = await bridge.run(client, **arguments)
                else:
                    reply = [event async for event in bridge.stream(client, **arguments)][-1].reply
        assert reply.text == 'Red, "quoted" ✓.'
        assert sent == [("1", "a=b")] * 2
        bodies.append(endpoint.requests)
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize("direct", [False, True])
async def test_a_tracer_that_patches_create_sees_every_request(server, direct):
    with Endpoint([[LOOK], "Red."]) as endpoint:
        async with client_of(endpoint) as client, Bridge(server) as bridge:
            create, traced = client.responses.create, []

            async def tracing(**arguments):
                traced.append(len(arguments["input"]))
                return await create(**arguments)

            client.responses.create = tracing
            await bridge.run(client, model=MODEL, input="?", direct=direct)
    assert traced == ([] if direct else [1, 3])


# Answers that are cut off, and what they cost


def completions(*messages):
    """A server that says these chat messages, each with why it ends there."""
    said = iter(messages)

    def answer(request):
        message, reason = next(said)
        choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}
        base = {"id": "c", "object": "chat.completion", "created": 1, "model": MODEL}
        return httpx2.Response(200, json={**base, "choices": [choice]})

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    return AsyncOpenAI(base_url="http://localhost/v1", api_key="x", http_client=client)


def asks(arguments, call_id):
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": "look", "arguments": arguments},
    }


async def told(server, *calls, reason="tool_calls"):
    """What the calls are answered with, in Chat Completions, each under an id that the model's message has."""
    client = completions(({"content": None, "tool_calls": list(calls)}, reason), ({"content": "Ok."}, "stop"))
    async with client, Bridge(server) as bridge:
        reply = await bridge.run(client, model=MODEL, input="?", api="chat")
    asked = [call["id"] for message in reply.items for call in message.get("tool_calls", ())]
    tools = [message for message in reply.items if message["role"] == "tool"]
    assert [message["tool_call_id"] for message in tools] == asked
    assert all(asked)
    return [message["content"] for message in tools]


@pytest.mark.parametrize("call_id", ["", "call_0"])
async def test_calls_without_an_id_of_their_own_keep_their_own_answers(server, call_id):
    first, second = await told(server, asks('{"side": 40}', call_id), asks('{"side": 50}', call_id))
    assert (first.split("\n")[0], second.split("\n")[0]) == ("40 pixels", "50 pixels")


async def test_a_call_that_is_cut_off_does_not_run(server):
    first, second = await told(server, asks('{"side": 40}', "a"), asks("", "b"), reason="length")
    cut = "Tool error:\nthe call was cut off before its arguments were complete; it did not run"
    assert (first.split("\n")[0], second) == ("40 pixels", cut)
    call = {"type": "function_call", "call_id": "a", "name": "look", "arguments": "", "status": "incomplete"}
    async with Bridge(server) as bridge:
        (output,) = await bridge.outputs({"output": [call]})
    assert output["output"] == cut


CUT_CALLS = {
    "in progress": {"status": "in_progress"},
    "without a status": {"status": None},
    "by its own word complete": {"status": "completed"},
    "half": {"status": "in_progress", "arguments": '{"si'},
}


@pytest.mark.parametrize("reason", ["max_output_tokens", "content_filter", None])
@pytest.mark.parametrize("streamed", [True, False], ids=["in events", "whole"])
@pytest.mark.parametrize("fields", one_in(4, CUT_CALLS.values()), ids=CUT_CALLS)
async def test_a_call_that_a_response_breaks_off_in_does_not_run(server, fields, streamed, reason):
    first = {
        "type": "function_call",
        "id": "fc_1",
        "call_id": "a",
        "name": "look",
        "arguments": '{"side": 40}',
    }
    last = {**first, "id": "fc_2", "call_id": "b", "arguments": "", **fields}
    details = {"reason": reason} if reason else None
    end = {"id": "r", "status": "incomplete", "incomplete_details": details, "output": [first, last]}

    def events(_):
        added = [
            {"type": "response.output_item.added", "output_index": at, "item": item}
            for at, item in enumerate((first, last))
        ]
        return [*added, {"type": "response.incomplete", "response": {**end, "output": []}}]

    step = Odd("?", events, streamed=True) if streamed else Odd("?", lambda _: [end], streamed=False)
    with Endpoint([step, "It was cut."]) as endpoint:
        async with client_of(endpoint) as client, Bridge(server) as bridge:
            reply = await bridge.run(client, model=MODEL, input="?")
    outputs = [item["output"] for item in reply.items if item.get("type") == "function_call_output"]
    assert outputs[0][0]["text"].startswith("40 pixels")
    assert (
        outputs[1] == "Tool error:\nthe call was cut off before its arguments were complete; it did not run"
    )
    assert [item["status"] for item in reply.items if item.get("call_id") == "b" and "name" in item] == [
        "incomplete"
    ]


async def test_an_answer_that_is_cut_off_says_so(server):
    def cut(request):
        return httpx2.Response(
            200,
            json={
                "id": "resp_1",
                "object": "response",
                "created_at": 1,
                "model": MODEL,
                "status": "incomplete",
                "incomplete_details": {"reason": "max_output_tokens"},
                "output": [
                    {
                        "type": "message",
                        "id": "msg_1",
                        "role": "assistant",
                        "status": "incomplete",
                        "content": [{"type": "output_text", "text": "A red", "annotations": []}],
                    }
                ],
                "usage": {
                    "input_tokens": 1_000_000,
                    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                    "output_tokens": 1_000_000,
                    "output_tokens_details": {"reasoning_tokens": 0},
                    "total_tokens": 2_000_000,
                },
                "tools": [],
                "tool_choice": "auto",
                "parallel_tool_calls": True,
            },
        )

    http_client = httpx2.AsyncClient(transport=httpx2.MockTransport(cut))
    for base_url, paid in (("https://api.openai.com/v1", 2.2), ("https://eu.api.openai.com/v1", None)):
        client = AsyncOpenAI(base_url=base_url, api_key="x", http_client=http_client)
        async with Bridge(server) as bridge:
            reply = await bridge.run(client, model=MODEL, input="?")
        assert (reply.text, reply.incomplete) == ("A red", "max_output_tokens")
        assert reply.cost == (pytest.approx(paid) if paid else None)


@pytest.mark.parametrize(
    ("model", "usage", "tier", "paid"),
    [
        ("gpt-6-luna", Usage(100_000, 10_000, 110_000), "default", 0.01 + 0.005),
        ("gpt-6-luna-2026-09-22", Usage(100_000, 10_000, 110_000), None, 0.015),
        (
            "gpt-6-luna",
            Usage(100_000, 0, 100_000, cached=50_000, written=20_000),
            None,
            0.003 + 0.0005 + 0.0025,
        ),
        ("gpt-6-luna", Usage(300_000, 10_000, 310_000), None, 0.06 + 0.0075),
        ("gpt-6-luna", Usage(1, 1, 2), "flex", None),
        ("gpt-6-luna-mini", Usage(1, 1, 2), None, None),
        ("o9", Usage(1, 1, 2), None, None),
    ],
)
def test_cost(model, usage, tier, paid):
    assert cost(model, usage, tier) == (None if paid is None else pytest.approx(paid))


def test_prices_are_whole():
    prices = [price for row in FAMILIES for price in row.models.values() if price]
    assert all(0 < price.cached < price.input < price.output for price in prices)
    assert all(price.input < price.written < price.output for price in prices if price.written)


async def test_reasoning_that_was_cut_off_is_not_gone_on_from(server):
    spoken = [{"type": "reasoning", "id": "rs_1", "summary": []}]
    body = {"id": "resp_1", "object": "response", "created_at": 1, "model": MODEL, "status": "incomplete"}
    body |= {"incomplete_details": {"reason": "max_output_tokens"}, "output": spoken, "tools": []}
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json=body))
    client = AsyncOpenAI(api_key="x", http_client=httpx2.AsyncClient(transport=transport))
    async with client, Bridge(server) as bridge:
        reply = await bridge.run(client, model=MODEL, input="?", store=False)
    assert (reply.text, reply.incomplete) == ("", "max_output_tokens")
    assert reply.items == [{"role": "user", "content": "?"}]


# What organisations and models ask for


async def replied(server, steps, way, **arguments):
    found, _ = await asked(server, steps, way, **arguments)
    return found if way == "run" else found[-1].reply


def phased(text, phase, number):
    part = {"type": "output_text", "text": text, "annotations": []}
    message = {"type": "message", "id": f"msg_p{number}", "role": "assistant", "status": "completed"}
    return {**message, "content": [part], "phase": phase}


@pytest.mark.parametrize("way", ["run", "stream"])
@pytest.mark.parametrize(
    ("phases", "text"),
    [
        ([("I see. ", "commentary"), ("Red.", "final_answer")], "Red."),
        ([("I see. ", "commentary"), ("Red.", None)], "Red."),
        ([("Re", "final_answer"), ("d.", "final_answer")], "Red."),
        ([("I see.", "commentary")], "I see."),
        ([("Red.", "final_answer"), ("That was it.", "commentary")], "Red."),
    ],
)
async def test_the_answer_is_what_is_final(server, way, phases, text):
    last = [phased(*one, number) for number, one in enumerate(phases)]
    reply = await replied(server, [[LOOK], last], way)
    assert reply.text == text
    assert [item.get("phase") for item in reply.items if item.get("type") == "message"] == [
        one[1] for one in phases
    ]


@pytest.mark.parametrize("way", ["run", "stream"])
@pytest.mark.parametrize("api", ["responses", "chat"])
async def test_only_the_answer_is_held_against_text_format(server, api, way):
    steps = [["Let me look.", LOOK], '{"colour": "red", "sides": 4}']
    reply = await replied(server, steps, way, api=api, text_format=ColourAndSides)
    assert reply.parsed == ColourAndSides(colour="red", sides=4)


async def test_text_format_beside_a_format_is_refused(server):
    with pytest.raises(TypeError, match="mean the same"):
        await asked(server, ["Red."], "run", text={"format": {"type": "text"}}, text_format=ColourAndSides)


@pytest.mark.parametrize(
    ("model", "given", "sent"),
    [
        ("gpt-6-luna", {}, "none"),
        ("gpt-5.6-luna", {}, "none"),
        ("openai/gpt-6-sol-2026-09-03", {}, "none"),
        ("gpt-6.2-sol", {}, None),
        ("gpt-5.4", {}, None),
        ("qwen3-vl-8b", {}, None),
        ("qwen3-vl-8b", {"reasoning_effort": "low"}, "low"),
    ],
)
async def test_the_effort_that_a_model_needs_beside_tools_in_chat(server, model, given, sent):
    with Endpoint([[LOOK], "Red."]) as endpoint:
        async with client_of(endpoint) as client, Bridge(server) as bridge:
            await bridge.run(client, model=model, input="?", api="chat", **given)
    assert [body.get("reasoning_effort") for body in endpoint.requests] == [sent, sent]


async def test_a_model_without_tools_in_chat_is_not_asked(server):
    with Endpoint([]) as endpoint:
        async with client_of(endpoint) as client, Bridge(server) as bridge:
            with pytest.raises(
                RunError, match=r"gpt-6\.1-terra accepts function tools only in the Responses API"
            ):
                await bridge.run(client, model="gpt-6.1-terra", input="?", api="chat")
    assert endpoint.requests == []


UNKEPT = [
    "Item with id 'rs_1' not found. Items are not persisted for Zero Data Retention organizations.",
    "Item 'rs_1' was not found.",
    "No item with id rs_1 was found.",
    "The item rs_1 does not exist.",
    "Responses are not stored for your organization.",
    "Reasoning items must be sent with encrypted content: encrypted_content is required.",
    "input[1] is missing `encrypted_content`",
]


@pytest.mark.parametrize("message", UNKEPT)
def test_wordings_of_items_that_are_not_kept(message):
    assert all(Refusal(status, None, "input", message, message).unkept for status in (400, 404))
    assert not Refusal(500, None, "input", message, message).unkept


@pytest.mark.parametrize(
    "message",
    [
        "The model 'gpt-9' does not exist",
        "The encrypted content for item rs_1 could not be verified.",
        "No tool output found for function call call_1.",
        "Invalid 'input[1]': items may be of these types",
    ],
)
def test_wordings_of_other_refusals(message):
    assert not Refusal(400, None, "input", message, message).unkept


def forgetful(body):
    """An organisation with zero data retention: reasoning comes back encrypted, or is not found."""
    bare = [
        one for one in body["input"] if one.get("type") == "reasoning" and not one.get("encrypted_content")
    ]
    if bare:
        return Fault(
            400,
            f"Item with id '{bare[0]['id']}' not found. Items are not persisted for Zero Data Retention organizations.",
            param="input",
        )
    return "Red."


@pytest.mark.parametrize("way", ["run", "stream"])
async def test_where_nothing_is_kept_encrypted_reasoning_is_asked_for(server, way):
    thought = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA"}
    steps = [[thought, LOOK], forgetful, [{**thought, "id": "rs_2"}, LOOK], forgetful]
    with Endpoint(steps, replay=False) as endpoint:
        async with client_of(endpoint) as client, Bridge(server) as bridge:
            asking = {"model": MODEL, "input": "?"}
            if way == "run":
                reply = await bridge.run(client, **asking)
            else:
                reply = [event async for event in bridge.stream(client, **asking)][-1].reply
    assert reply.text == "Red."
    assert [body.get("include") for body in endpoint.requests] == [
        None,
        None,
        *[["reasoning.encrypted_content"]] * 2,
    ]
    assert [item["id"] for item in reply.items if item.get("type") == "reasoning"] == ["rs_2"]
