"""Bridge answers every call exactly once, with real servers over stdio, over HTTP and in process."""

import json
import re
import shlex
import sys
import traceback
from pathlib import Path

import anyio
import pytest
import samples
from mcp import StdioServerParameters
from mcp.server import MCPServer
from mcp.types import CallToolResult, ReadResourceResult, TextResourceContents, ToolAnnotations
from PIL import Image

from imagebridge import Bridge, BridgeError, Policy, tool_result
from imagebridge.client.connect import own_server
from imagebridge.client.environment import UNHEARD
from imagebridge.client.resources import Resources
from imagebridge.errors import ServerError, ToolNameError
from imagebridge.providers.responses import translate

SCRIPT = Path(__file__).parents[2] / "servers" / "pictures.py"
STDIO = shlex.join([sys.executable, str(SCRIPT)])

pytestmark = pytest.mark.anyio


def call(name, arguments="{}", call_id="call_1"):
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}


def response(*calls, model="gpt-5.6-luna"):
    return {"model": model, "output": [{"type": "reasoning", "summary": []}, *calls]}


def small_server(name="small", tool="draw"):
    server = MCPServer(name, log_level="CRITICAL")

    @server.tool(name=tool)
    def draw(side: int) -> CallToolResult:
        """Draws."""
        return CallToolResult.model_validate(tool_result(f"by {name}", Image.new("RGB", (side, side))))

    return server


@pytest.mark.parametrize("transport", ["stdio", "http", "in process"])
async def test_pictures_arrive_over_every_transport(transport, server):
    connected = {"stdio": STDIO, "http": server, "in process": small_server(tool="draw.square")}[transport]
    async with Bridge(connected) as bridge:
        assert bridge.tools[0]["name"] == "draw_square"
        (output,) = await bridge.outputs(response(call("draw_square", '{"side": 3000}')))
    assert output["call_id"] == "call_1"
    words, picture, line = output["output"]
    assert words["type"] == "input_text"
    assert picture["image_url"].startswith("data:image/png;base64,")
    assert picture["detail"] == "high"
    assert line["text"] == "picture 1: shown 1600x1600 of 3000x3000; multiply coordinates by 1.875"


async def test_every_call_is_answered_in_order_and_truthfully(server):
    calls = [
        call("broken", "", "a"),
        call("no_such_tool", "{}", "b"),
        call("draw_square", "{not json", "c"),
        call("draw_square", "[1]", "d"),
        call("draw_square", '{"side": "wide"}', "e"),
        call("mixed", "{}", "f"),
        call("draw_square", '{"side": 8}', "g"),
    ]
    async with Bridge(server) as bridge:
        outputs = await bridge.outputs(response(*calls))
    assert [output["call_id"] for output in outputs] == list("abcdefg")
    by_id = {output["call_id"]: output["output"] for output in outputs}
    assert [part["type"] for part in by_id["a"]] == ["input_text", "input_text", "input_image"]
    assert by_id["a"][0]["text"] == "Tool error:"
    assert by_id["b"].startswith("Tool error:\nunknown tool 'no_such_tool'; available: draw_square, broken")
    assert by_id["c"].startswith("Tool error:\nthe arguments are not valid JSON (Expecting property name")
    assert by_id["d"] == "Tool error:\nthe arguments must be a JSON object, not list: [1]"
    assert by_id["e"].startswith("Tool error:\n")
    assert "side" in by_id["e"]
    assert by_id["f"].splitlines() == [
        "before",
        "[not shown: a picture (image/png, 3 bytes); bytes of no known format cannot be decoded; ask for a whole PNG or JPEG of it]",
        "[link: plan <file:///plan.png>]",
        "[the link above could not be read: Unknown resource: file:///plan.png]",
    ]
    assert [part["type"] for part in by_id["g"]] == ["input_text", "input_image"]


@pytest.mark.long
async def test_half_a_surrogate_is_refused_and_the_connection_stays():
    async with Bridge(STDIO) as bridge:
        first, second = await bridge.outputs(
            response(call("draw_square", '{"side": 3, "colour": "\\ud800"}', "a"), call("mixed", "{}", "b"))
        )
    assert first["output"].startswith("Tool error:\nthe arguments cannot be sent as JSON: ")
    assert second["output"].startswith("before")


async def test_links_to_pictures_on_the_server_are_read():
    server = MCPServer("album", log_level="CRITICAL")
    picture = samples.file(samples.drawing(), "PNG")

    @server.resource("album://a", mime_type="image/png")
    def a() -> bytes:
        """A picture."""
        return picture

    @server.tool()
    def pages() -> CallToolResult:
        """Links."""
        links = [
            {"uri": "album://a", "mimeType": "image/png"},
            {"uri": "album://gone", "mimeType": "image/png"},
            {"uri": "album://huge", "mimeType": "image/png", "size": 30_000_000},
            {"uri": "album://notes", "mimeType": "text/plain"},
            {"uri": "https://example.org/a.png", "mimeType": "image/png"},
        ]
        blocks = [{"type": "resource_link", "name": link["uri"], **link} for link in links]
        return CallToolResult.model_validate({"content": blocks})

    async with Bridge(server) as bridge:
        (output,) = await bridge.outputs(response(call("pages")))
    shown, *lines = output["output"]
    assert shown == {
        "type": "input_image",
        "image_url": samples.data_url(picture, "image/png"),
        "detail": "high",
    }
    gone, why, *others = [line["text"] for line in lines]
    assert gone == "[link: <album://gone>, image/png]"
    assert why.startswith("[the link above could not be read: ")
    assert others == [
        "[link: <album://huge>, image/png, 30.0 MB]",
        "[link: <album://notes>, text/plain]",
        "[link: <https://example.org/a.png>, image/png]",
    ]


async def test_what_is_linked_twice_is_read_once_and_no_more_than_is_allowed(monkeypatch):
    monkeypatch.setattr("imagebridge.client.resources.MAX_BYTES", 1_000)
    server, read = MCPServer("album", log_level="CRITICAL"), []

    @server.resource("album://{name}", mime_type="image/png")
    def picture(name: str) -> bytes:
        """A picture, small or large."""
        read.append(name)
        return samples.file(samples.noise(*((4, 4) if name == "small" else (99, 99))), "PNG")

    @server.tool()
    def pages() -> CallToolResult:
        """Links that do not tell their sizes."""
        blocks = [
            {"type": "resource_link", "name": name, "uri": f"album://{name}", "mimeType": "image/png"}
            for name in ("small", "large", "small")
        ]
        return CallToolResult.model_validate({"content": blocks})

    async with Bridge(server) as bridge:
        (output,) = await bridge.outputs(response(call("pages")))
    assert [part["type"] for part in output["output"]] == [
        "input_image",
        "input_text",
        "input_text",
        "input_image",
    ]
    assert output["output"][2]["text"].startswith("[the link above could not be read: it has ")
    assert read == ["small", "large"]


async def test_a_reading_is_shared_by_all_who_ask_before_it_begins():
    begun, gates = [], [anyio.Event() for _ in range(3)]

    async def read(uri):
        begun.append(uri)
        await gates[len(begun) - 1].wait()
        text = TextResourceContents(uri=uri, text=f"reading {len(begun)}")
        return ReadResourceResult(contents=[text])

    resources, found = Resources(read), {}

    async def ask(name):
        (found[name],) = await resources.read("a")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, "first")
        await anyio.wait_all_tasks_blocked()
        async with anyio.create_task_group() as given_up:
            # The one that would read next is cancelled before it does: the others read without it.
            given_up.start_soon(ask, "cancelled")
            await anyio.wait_all_tasks_blocked()
            tasks.start_soon(ask, "second")
            tasks.start_soon(ask, "third")
            await anyio.wait_all_tasks_blocked()
            given_up.cancel_scope.cancel()
        assert begun == ["a"]
        for gate in gates:
            gate.set()
    assert {name: one["text"] for name, one in found.items()} == {
        "first": "reading 1",
        "second": "reading 2",
        "third": "reading 2",
    }


async def test_a_name_that_two_servers_use_gets_the_servers_name():
    async with Bridge(small_server("left"), small_server("right"), small_server("other", "paint")) as bridge:
        assert [tool["name"] for tool in bridge.tools] == ["left_draw", "right_draw", "paint"]
        result = await bridge.call("right_draw", {"side": 4})
    assert result["content"][0] == {"type": "text", "text": "by right"}


async def test_servers_and_tools_of_one_name_get_numbers():
    odd = small_server("other", "s_draw")
    async with Bridge(small_server("s"), small_server("s"), odd, small_server("s")) as bridge:
        assert [tool["name"] for tool in bridge.tools] == ["s_draw", "s_2_draw", "s_draw_2", "s_3_draw"]


async def test_a_tool_whose_name_is_the_mark_of_another_keeps_it():
    servers = [small_server(str(at), name) for at, name in enumerate(["a.b", "a/b", "a_b_2e7336dc"])]
    async with Bridge(*servers) as bridge:
        names = [tool["name"] for tool in bridge.tools]
        said = [(await bridge.call(name, {"side": 3}))["content"][0]["text"] for name in names]
    assert (len(set(names)), names[2], said) == (3, "a_b_2e7336dc", ["by 0", "by 1", "by 2"])


DEEP = '{"side": ' * 300 + "1" + "}" * 300


@pytest.mark.parametrize("arguments", ['{"a":' * 2_000, "[" * 100_000, DEEP])
async def test_arguments_that_nest_too_deep_cost_their_own_call_alone(arguments):
    async with Bridge(small_server()) as bridge:
        bad, good = await bridge.outputs(
            response(call("draw", arguments, "a"), call("draw", '{"side": 3}', "b"))
        )
    assert bad["output"].startswith("Tool error:\nthe arguments ")
    assert good["output"][0]["text"] == "by small"


async def test_a_bridge_can_be_opened_again_but_not_twice_at_once():
    bridge = Bridge(small_server())
    for _ in range(2):
        async with bridge:
            assert (await bridge.call("draw", {"side": 3}))["content"][0]["text"] == "by small"
            with pytest.raises(BridgeError, match="already open"):
                await bridge.__aenter__()
    with bridge as blocking:
        assert blocking.call("draw", {"side": 3})
    with pytest.raises(BridgeError, match="the bridge is closed; use it inside its `with`"):
        blocking.call("draw", {"side": 3})


async def test_a_bridge_that_is_not_entered_has_no_tools_to_offer_in_silence():
    with pytest.raises(BridgeError, match="the bridge is closed; use it inside its `with`"):
        _ = Bridge(small_server()).tools


async def test_call_raises_what_outputs_tells_the_model():
    async with Bridge(small_server()) as bridge:
        with pytest.raises(ToolNameError, match="unknown tool 'nope'; available: draw"):
            await bridge.call("nope")
    with pytest.raises(BridgeError, match="the bridge is closed"):
        await bridge.call("draw", {"side": 1})


async def test_a_result_that_cannot_be_translated_costs_its_own_call_alone(monkeypatch, caplog):
    def fails(result, policy):
        if "by one" in str(result):
            raise MemoryError("no room")
        return translate(result, policy)

    monkeypatch.setattr("imagebridge.agent.handles.translate", fails)
    async with Bridge(small_server("one", "one"), small_server("two", "two")) as bridge:
        outputs = await bridge.outputs(response(call("one", '{"side": 3}'), call("two", '{"side": 3}')))
    assert outputs[0]["output"] == "Tool error:\nthe call failed: MemoryError: no room"
    assert outputs[1]["output"][0]["text"] == "by two"
    assert "the call to one failed" in caplog.text


FAILURES = {
    "no such program": (
        "no-such-program --x",
        "no-such-program --x: cannot be started: 'no-such-program' is not an executable",
    ),
    "dies at once": (
        f"{shlex.quote(sys.executable)} -c \"import sys; sys.exit('the licence has expired')\"",
        f"it exited before it answered. Run the command by hand to see why. {UNHEARD}\nIt wrote to stderr:\nthe licence",
    ),
    "refused connection": ("http://127.0.0.1:9/mcp", "http://127.0.0.1:9/mcp: cannot be reached: "),
    "empty": ("  ", "the command line is empty"),
    "an open quotation": ("run 'x", "the command line cannot be read: No closing quotation"),
}


@pytest.mark.parametrize("case", FAILURES)
async def test_a_server_that_cannot_be_connected_is_one_clear_error(case):
    server, message = FAILURES[case]
    with pytest.raises(ServerError) as raised:
        async with Bridge(server, timeout=600):
            pass
    assert message in str(raised.value)


@pytest.mark.parametrize("case", FAILURES)
async def test_its_traceback_shows_one_exception(case):
    server, message = FAILURES[case]
    with pytest.raises(ServerError) as raised:
        async with Bridge(server, timeout=600):
            pass
    printed = "".join(traceback.format_exception(raised.value))
    assert printed.count("Traceback (most recent call last)") == 1
    assert message in printed


async def test_a_server_that_never_answers_is_given_up():
    with pytest.raises(ServerError, match=r"no answer within 0\.2 seconds"):
        async with Bridge(f"{shlex.quote(sys.executable)} -c 'import sys; sys.stdin.read()'", timeout=0.2):
            pass


async def test_all_servers_that_fail_are_named():
    with pytest.raises(BridgeError) as raised:
        async with Bridge("no-such-a", "no-such-b"):
            pass
    assert "no-such-a: cannot be started" in str(raised.value)
    assert "no-such-b: cannot be started" in str(raised.value)


@pytest.mark.parametrize("server", [3, None, Path("x")])
async def test_what_is_no_server_raises(server):
    with pytest.raises(TypeError, match="a server must be a command line"):
        Bridge(server)


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
async def test_a_timeout_that_is_none_raises(seconds):
    with pytest.raises(ValueError, match="it must be a number of seconds above 0"):
        Bridge("x", timeout=seconds)


async def test_errors_of_the_body_pass_unchanged():
    with pytest.raises(ZeroDivisionError):
        async with Bridge(small_server()):
            raise ZeroDivisionError


async def test_keys_go_to_our_own_server_alone(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("SECRET_THING", "x")
    async with Bridge(STDIO) as bridge:
        assert (await bridge.call("environment"))["content"][0]["text"] == ""
    own = own_server(environment={"OPENAI_API_KEY": "k", "IMAGEBRIDGE_ALLOW": "/a", "SECRET_THING": "x"})
    assert isinstance(own, StdioServerParameters)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    async with Bridge("imagebridge-server") as bridge:
        assert "create_image" in [tool["name"] for tool in bridge.tools]
    assert own.env == {"OPENAI_API_KEY": "k", "IMAGEBRIDGE_ALLOW": "/a"}


async def test_the_policys_model_wins_over_the_responses():
    async with Bridge(small_server(), policy=Policy(model="gpt-5.6-luna", detail="low")) as bridge:
        (output,) = await bridge.outputs(response(call("draw", '{"side": 900}'), model="gpt-4o"))
    assert output["output"][2]["text"].startswith("picture 1: shown 512x512 of 900x900")


async def test_what_is_no_response_raises():
    async with Bridge(small_server()) as bridge:
        with pytest.raises(TypeError, match="a response must be an openai Response"):
            await bridge.outputs("hello")
        assert await bridge.outputs({"output": []}) == []


@pytest.mark.parametrize("way", ["parallel", "read only"])
async def test_calls_that_change_nothing_run_at_the_same_time(way):
    started, release = [], anyio.Event()
    server = MCPServer("slow", log_level="CRITICAL")

    @server.tool(annotations=ToolAnnotations(read_only_hint=way == "read only"))
    async def meet(at: int) -> str:
        """Waits for the others."""
        started.append(at)
        if len(started) == 5:
            release.set()
        await release.wait()
        return f"met {at}"

    async with Bridge(server, timeout=600, parallel=way == "parallel") as bridge:
        outputs = await bridge.outputs(
            response(*[call("meet", json.dumps({"at": at}), f"c{at}") for at in range(5)])
        )
    assert [output["output"] for output in outputs] == [f"met {at}" for at in range(5)]


def test_blocking(server):
    with Bridge(server) as bridge:
        assert bridge.tools[0]["name"] == "draw_square"
        assert bridge.call("draw_square", {"side": 2})["content"][0]["text"] == "a red square"
        (output,) = bridge.outputs(response(call("mixed")))
        assert output["output"].startswith("before\n")
    with pytest.raises(ServerError), Bridge("no-such-program"):
        pass
    with pytest.raises(ZeroDivisionError), Bridge(server):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("arguments", "ran"),
    [({"side": 4}, True), ('{"side": NaN}', False), ('{"side": 1e999}', False), (3, False), ([], False)],
)
async def test_arguments_that_are_no_text_of_an_object(arguments, ran):
    server, sides = MCPServer("eyes", log_level="CRITICAL"), []

    @server.tool()
    def look(side: float = 0) -> str:
        """Looks."""
        sides.append(side)
        return "seen"

    call = {"type": "function_call", "call_id": "c", "name": "look", "arguments": arguments}
    async with Bridge(server) as bridge:
        (output,) = await bridge.outputs({"output": [call]})
    assert sides == ([4] if ran else [])
    assert output["output"].startswith("seen" if ran else "Tool error:\nthe arguments ")


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (
            {"id": "x", "choices": []},
            "a response has `output`, a list; this object has choices, id; for chat comp",
        ),
        ({}, "this object has nothing"),
        ({"output": None}, "this object has output"),
        (
            {"output": [{"type": "function_call", "name": "look", "arguments": "{}"}]},
            "a call must have a call_id",
        ),
    ],
)
async def test_what_is_no_response_is_refused_before_anything_runs(response, said):
    server, ran = MCPServer("eyes", log_level="CRITICAL"), []

    @server.tool()
    def look() -> str:
        """Looks."""
        ran.append(1)
        return "seen"

    async with Bridge(server) as bridge:
        with pytest.raises(TypeError, match=re.escape(said)):
            await bridge.outputs(response)
    assert not ran
