"""`Bridge.answer` returns one call's answer as the model would receive it, for frameworks with their own loop."""

import threading
from concurrent.futures import Future

import anyio
import anyio.to_thread
import pytest
import samples
from mcp.server import MCPServer
from mcp.types import CallToolResult
from PIL import Image
from samples import data_url

from imagebridge import Bridge, BridgeError, Policy, tool_result
from imagebridge.frameworks.bridge_answer import answered

PNG = samples.file(samples.drawing(), "PNG")
SHOWN = {"type": "input_image", "image_url": data_url(PNG, "image/png"), "detail": "high"}


def album():
    server = MCPServer("album", log_level="CRITICAL")

    @server.resource("album://a", mime_type="image/png")
    def a() -> bytes:
        """A picture."""
        return PNG

    @server.tool()
    def page() -> CallToolResult:
        """A link."""
        link = {"type": "resource_link", "uri": "album://a", "name": "a", "mimeType": "image/png"}
        return CallToolResult.model_validate({"content": [link]})

    @server.tool()
    def broken() -> CallToolResult:
        """Fails, and shows how."""
        return CallToolResult.model_validate(tool_result("it crashed here", PNG, is_error=True))

    @server.tool()
    def draw(side: int) -> CallToolResult:
        """Draws."""
        return CallToolResult.model_validate(tool_result("drawn", Image.new("RGB", (side, side))))

    return server


CASES = {
    "a link is read": ("page", {}, [SHOWN], False),
    "an error is marked": (
        "broken",
        None,
        [
            {"type": "input_text", "text": "Tool error:"},
            {"type": "input_text", "text": "it crashed here"},
            SHOWN,
        ],
        True,
    ),
    "wrong arguments": ("draw", {"side": "wide"}, "Tool error:\nside: 'wide' is not of type 'integer'", True),
    "an unknown tool": (
        "sing",
        {},
        "Tool error:\nunknown tool 'sing'; available: page, broken, draw",
        True,
    ),
    "a misspelt tool": (
        "pages",
        {},
        "Tool error:\nunknown tool 'pages'; did you mean 'page'? Available: page, broken, draw",
        True,
    ),
    "arguments that are no JSON": (
        "draw",
        {"side": float("nan")},
        "Tool error:\nthe arguments cannot be sent as JSON: ",
        True,
    ),
}


@pytest.mark.anyio
@pytest.mark.parametrize("case", CASES)
async def test_an_answer_is_what_the_model_would_get(case):
    name, arguments, expected, failed = CASES[case]
    async with Bridge(album()) as bridge:
        told = await bridge.answer(name, arguments)
        call = {"type": "function_call", "call_id": "c", "name": name, "arguments": arguments}
        (output,) = await bridge.outputs({"output": [call]})
    assert told.output == output["output"]
    assert told.output == expected or told.output.startswith(expected)
    assert told.is_error is failed


@pytest.mark.anyio
async def test_an_answer_is_fitted_to_the_model_and_shows_the_user_what_is_theirs():
    seen = []
    async with Bridge(album(), on_display=seen.extend) as bridge:
        small = await bridge.answer("draw", {"side": 1_200}, model="gpt-5.6-luna")
        other = await bridge.answer("draw", {"side": 3_000})
    assert [one.picture.width for one in (*small.pictures, *other.pictures)] == [1_200, 1_600]
    assert seen == []
    async with Bridge(album(), policy=Policy(max_pictures=0)) as bridge:
        told = await bridge.answer("page")
    assert told.output == "[not shown: picture 1 (image/png, 64x48); the limit is 0 pictures per result]"


def test_a_bridge_that_blocks_answers_too():
    with Bridge(album()) as bridge:
        assert bridge.answer("page").parts == [SHOWN]
        assert bridge.answer("draw", {"side": 30}, model="gpt-5.6-luna").pictures[0].picture.width == 30


@pytest.mark.anyio
async def test_a_closed_bridge_answers_nothing():
    with pytest.raises(BridgeError, match="the bridge is closed"):
        await Bridge(album()).answer("page")


def waiting_server(begun, ended):
    server = MCPServer("waiting", log_level="CRITICAL")

    @server.tool()
    async def wait() -> str:
        begun.set()
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()
        return "never"

    @server.tool()
    async def look() -> str:
        return "seen"

    return server


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_call_of_a_framework_that_is_given_up_ends_on_a_bridge_that_blocks_too(backend):
    begun, ended = threading.Event(), threading.Event()

    async def given_up(bridge):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(answered, bridge, "wait", {})
            await anyio.to_thread.run_sync(begun.wait, 600)
            tasks.cancel_scope.cancel()

    with Bridge(waiting_server(begun, ended), timeout=600) as bridge:
        anyio.run(given_up, bridge, backend=backend)
        assert ended.wait(60)
        assert bridge.answer("look").output == "seen"


def test_a_call_that_the_keyboard_interrupts_ends_and_the_bridge_goes_on():
    begun, ended, interrupted = threading.Event(), threading.Event(), threading.Event()

    class Interrupted(Future):
        def result(self, timeout=None):
            if interrupted.is_set():
                return super().result(timeout)
            assert begun.wait(600)
            interrupted.set()
            raise KeyboardInterrupt

    with Bridge(waiting_server(begun, ended), timeout=600) as bridge:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("anyio.from_thread.Future", Interrupted)
            with pytest.raises(KeyboardInterrupt):
                bridge.answer("wait")
        assert ended.wait(60)
        assert bridge.answer("look").output == "seen"
