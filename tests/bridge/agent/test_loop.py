"""The whole path against the strict endpoint: run, stream, and users' own loops."""

import threading

import anyio
import pytest
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.types import CallToolResult
from openai import AsyncOpenAI, OpenAI
from samples import drawing

from imagebridge import Bridge, BridgeError, Policy, function_call_output, tool_result
from imagebridge.errors import TurnLimitError
from imagebridge.events import Answered, Called, Replied, Responded, TextDelta
from imagebridge.testing import Endpoint

pytestmark = pytest.mark.anyio

STEPS = [[("look_around", {}), ("look_around", {"far": True})], "A red corner."]


@pytest.fixture
def server():
    server = MCPServer("eyes", log_level="CRITICAL")

    @server.tool(name="look.around")
    def look(far: bool = False) -> CallToolResult:
        """Looks."""
        return CallToolResult.model_validate(tool_result("what I see", drawing(4000 if far else 64, 48)))

    return server


def openai_of(endpoint):
    return AsyncOpenAI(base_url=endpoint.base_url, api_key="test")


def sizes(endpoint):
    return [picture.size for picture in endpoint.seen]


async def test_run(server):
    with Endpoint(STEPS) as endpoint:
        async with openai_of(endpoint) as client, Bridge(server) as bridge:
            reply = await bridge.run(
                client, model="gpt-5.6-luna", input="What is there?", instructions="Be brief."
            )
    assert reply.text == "A red corner."
    assert sizes(endpoint) == [(64, 48), (2048, 25)]
    assert [item.get("type", item.get("role")) for item in reply.items] == [
        "user",
        "function_call",
        "function_call",
        "function_call_output",
        "function_call_output",
        "message",
    ]
    assert [(shown.picture.width, shown.seen.tokens) for shown in reply.pictures] == [(64, 5), (2048, 77)]
    assert reply.usage["total_tokens"] == reply.usage["input_tokens"] + reply.usage["output_tokens"] > 0
    assert reply.cost is None
    assert [body["instructions"] for body in endpoint.requests] == ["Be brief."] * 2


async def test_servers_that_take_no_pictures_in_outputs_get_them_in_a_user_message(server):
    with Endpoint(STEPS) as endpoint:
        async with openai_of(endpoint) as client, Bridge(server, policy=Policy(server="lm-studio")) as bridge:
            reply = await bridge.run(client, model="gpt-5.6-luna", input="What is there?")
    assert [item.get("type", item.get("role")) for item in reply.items][3:] == [
        "function_call_output",
        "function_call_output",
        "user",
        "message",
    ]
    assert all(isinstance(item["output"], str) for item in reply.items[3:5])
    assert sizes(endpoint) == [(64, 48), (2048, 25)]


async def test_a_reply_goes_on(server):
    with Endpoint([*STEPS, "Still red."]) as endpoint:
        async with openai_of(endpoint) as client, Bridge(server) as bridge:
            first = await bridge.run(client, model="gpt-5.6-luna", input="What is there?")
            again = [*first.items, {"role": "user", "content": "Sure?"}]
            second = await bridge.run(client, model="gpt-5.6-luna", input=again)
    assert second.text == "Still red."


async def test_stream_tells_what_happens(server):
    with Endpoint(STEPS) as endpoint:
        async with openai_of(endpoint) as client, Bridge(server) as bridge:
            events = [event async for event in bridge.stream(client, model="gpt-5.6-luna", input="?")]
    assert [type(event) for event in events] == [
        *(Responded, Called, Called, Answered, Answered),
        *(TextDelta, Responded, Replied),
    ]
    assert events[1].call["name"] == "look_around"
    assert (events[3].answer.is_error, events[3].answer.seconds >= 0) == (False, True)
    assert events[5].text == "A red corner."
    assert events[-1].reply.text == "A red corner."


async def test_the_callers_own_tools_stand_before_ours(server):
    with Endpoint(["Fine."]) as endpoint:
        async with openai_of(endpoint) as client, Bridge(server) as bridge:
            await bridge.run(
                client, model="gpt-5.6-luna", input="?", tools=[{"type": "web_search"}], temperature=0
            )
    (body,) = endpoint.requests
    assert [tool.get("name", tool["type"]) for tool in body["tools"]] == ["web_search", "look_around"]
    assert body["temperature"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"stream": True}, "iterate over bridge.stream"),
        ({"input": None}, "input must be a string or a list"),
        ({"deadline": float("nan")}, "deadline must be a number of seconds, or None for no limit; not nan"),
    ],
)
async def test_arguments_that_run_cannot_take_are_named(server, arguments, message):
    async with Bridge(server) as bridge, AsyncOpenAI(api_key="x") as client:
        with pytest.raises((TypeError, ValueError), match=message):
            await bridge.run(client, **({"model": "m", "input": "?"} | arguments))


async def test_a_model_that_never_stops_calling(server):
    with Endpoint([[("look_around", {})]] * 2) as endpoint:
        async with openai_of(endpoint) as client, Bridge(server) as bridge:
            with pytest.raises(TurnLimitError, match="after 2 turns") as raised:
                await bridge.run(client, model="gpt-5.6-luna", input="?", max_turns=2)
    assert len(raised.value.items) == 5


def test_blocking_run(server):
    with Endpoint(STEPS) as endpoint:
        with OpenAI(base_url=endpoint.base_url, api_key="test") as client, Bridge(server) as bridge:
            reply = bridge.run(client, model="gpt-5.6-luna", input="What is there?")
    assert reply.text == "A red corner."
    assert sizes(endpoint) == [(64, 48), (2048, 25)]


@pytest.mark.parametrize("way", ["with", "async with"])
async def test_the_wrong_kind_of_client_is_named(server, way):
    if way == "with":
        with (
            Bridge(server) as bridge,
            pytest.raises(TypeError, match=r"inside `with Bridge.*an OpenAI, not AsyncOpenAI"),
        ):
            bridge.run(AsyncOpenAI(api_key="x"), model="m", input="?")
    else:
        async with Bridge(server) as bridge:
            with pytest.raises(TypeError, match=r"inside `async with Bridge.*an AsyncOpenAI, not OpenAI"):
                await bridge.run(OpenAI(api_key="x"), model="m", input="?")


async def test_an_own_loop_with_a_bridge(server):
    with Endpoint(STEPS) as endpoint:
        async with openai_of(endpoint) as client, Bridge(server) as bridge:
            items = [{"role": "user", "content": "What is there?"}]
            response = await client.responses.create(model="gpt-5.6-luna", input=items, tools=bridge.tools)
            items += response.output
            items += await bridge.outputs(response)
            response = await client.responses.create(model="gpt-5.6-luna", input=items, tools=bridge.tools)
    assert response.output_text == "A red corner."
    assert sizes(endpoint) == [(64, 48), (2048, 25)]


def test_an_own_loop_with_no_bridge_at_all():
    tools = [
        {
            "type": "function",
            "name": "get_image",
            "parameters": {"type": "object", "properties": {}},
            "strict": False,
        }
    ]
    with Endpoint([[("get_image", {})], "A red corner."]) as endpoint:
        with OpenAI(base_url=endpoint.base_url, api_key="test") as client:
            items = [{"role": "user", "content": "What is there?"}]
            response = client.responses.create(model="gpt-5.6-luna", input=items, tools=tools)
            items += response.output
            for call in response.output:
                items.append(function_call_output(tool_result("the picture", drawing()), call.call_id))
            response = client.responses.create(model="gpt-5.6-luna", input=items, tools=tools)
    assert response.output_text == "A red corner."
    assert sizes(endpoint) == [(64, 48)]


def growing():
    server = MCPServer("growing", log_level="CRITICAL")

    @server.tool()
    async def grow(ctx: Context) -> str:
        """Adds a tool."""
        server.add_tool(lambda: "new", name="later", description="Comes later.")
        await ctx.notify_tools_changed()
        return "grown"

    return server


async def test_a_tool_that_comes_during_a_run_is_offered_from_then_on():
    with Endpoint([[("grow", {})], [("later", {})], "Done."]) as endpoint:
        async with openai_of(endpoint) as client, Bridge(growing()) as bridge:
            reply = await bridge.run(client, model="gpt-5.6-luna", input="Grow.")
    offered = [[tool["name"] for tool in body["tools"]] for body in endpoint.requests]
    assert offered == [["grow"], ["grow", "later"], ["grow", "later"]]
    assert [item["output"] for item in reply.items if "output" in item] == ["grown", "new"]


async def test_the_bridges_own_tools_may_be_given_and_are_called(server):
    with Endpoint(STEPS) as endpoint:
        async with openai_of(endpoint) as client, Bridge(server) as bridge:
            reply = await bridge.run(client, model="gpt-5.6-luna", input="What?", tools=bridge.tools)
    assert [tool["name"] for tool in endpoint.requests[0]["tools"]] == ["look_around"]
    assert reply.text == "A red corner."


async def test_a_bridge_that_is_not_open_asks_no_model(server):
    with Endpoint([]) as endpoint:
        async with openai_of(endpoint) as client:
            bridge = Bridge(server)
            with pytest.raises(BridgeError, match="the bridge is closed; use it inside its `with`"):
                await bridge.run(client, model="gpt-5.6-luna", input="What?")
            with pytest.raises(BridgeError, match="the bridge is closed"):
                _ = bridge.tools
    assert endpoint.requests == []


def test_blocking_stream(server):
    with Endpoint(STEPS) as endpoint, OpenAI(base_url=endpoint.base_url, api_key="test") as client:
        with Bridge(server) as bridge:
            events = list(bridge.stream(client, model="gpt-5.6-luna", input="What?"))
            calls = [type(event) for event in events if isinstance(event, (Called, Answered, Replied))]
            assert calls == [Called, Called, Answered, Answered, Replied]
            assert events[-1].reply.text == "A red corner."
            with pytest.raises(TypeError, match="an OpenAI, not NoneType"):
                next(bridge.stream(None, model="gpt-5.6-luna", input="What?"))


@pytest.mark.parametrize("closed", [True, False])
def test_a_blocking_stream_can_be_left_early(server, closed):
    with Endpoint(STEPS[:1]) as endpoint, OpenAI(base_url=endpoint.base_url, api_key="test") as client:
        with Bridge(server) as bridge:
            events = bridge.stream(client, model="gpt-5.6-luna", input="What?")
            assert isinstance(next(events), Responded)
            if closed:
                events.close()
                assert bridge.call("look_around")["content"]
        if not closed:
            with pytest.raises(BridgeError, match="the bridge is closed"):
                next(events)
    assert len(endpoint.requests) == 1


def test_a_bridge_can_be_closed_while_another_thread_waits_for_an_event():
    quiet = MCPServer("quiet", log_level="CRITICAL")
    waits, ends = threading.Event(), []

    @quiet.tool()
    async def wait() -> str:
        """Never answers."""
        waits.set()
        await anyio.sleep_forever()
        return "never"

    def follow():
        try:
            list(bridge.stream(client, model="gpt-5.6-luna", input="Wait."))
        except Exception as error:  # noqa: BLE001
            ends.append(error)

    with Endpoint([[("wait", {})]]) as endpoint, OpenAI(base_url=endpoint.base_url, api_key="test") as client:
        with Bridge(quiet) as bridge:
            thread = threading.Thread(target=follow)
            thread.start()
            assert waits.wait(600)
        thread.join(600)
    assert [type(error) for error in ends] == [BridgeError]
