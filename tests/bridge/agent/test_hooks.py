"""Approval before each call, and content that only the user may see."""

import json
import threading

import anyio
import anyio.lowlevel
import pytest
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.types import CallToolResult, ToolAnnotations
from trio.testing import MockClock

from imagebridge import Bridge
from imagebridge.errors import ApprovalError

pytestmark = pytest.mark.anyio


def server():
    made = MCPServer("desk", log_level="CRITICAL")

    @made.tool(annotations=ToolAnnotations(destructive_hint=True))
    def wipe(folder: str) -> str:
        """Removes a folder."""
        return f"{folder} is gone"

    @made.tool()
    def look() -> CallToolResult:
        """Shows something to the user, and something to the model."""
        return CallToolResult.model_validate(
            {
                "content": [
                    {"type": "text", "text": "for both"},
                    {"type": "text", "text": "for the user", "annotations": {"audience": ["user"]}},
                ]
            }
        )

    return made


def response(*names):
    calls = [
        {"type": "function_call", "call_id": name, "name": name, "arguments": '{"folder": "/tmp/x"}'}
        for name in names
    ]
    return {"model": "gpt-5.6-luna", "output": calls}


async def later(call):
    await anyio.lowlevel.checkpoint()
    return not call.destructive


class Careful:
    """A hook that is an object."""

    def __call__(self, call):
        return not call.destructive


@pytest.mark.parametrize(
    "approve", [later, Careful(), lambda call: not call.destructive, lambda call: later(call)]
)
async def test_a_call_that_is_not_approved_does_not_run_and_the_model_is_told(approve):
    async with Bridge(server(), approve=approve) as bridge:
        refused, allowed = await bridge.outputs(response("wipe", "look"))
        assert refused["output"] == "Tool error:\nthe user did not approve this call to wipe; it did not run"
        assert allowed["output"] == "for both\nfor the user"
        with pytest.raises(ApprovalError, match="did not approve this call to wipe"):
            await bridge.call("wipe", {"folder": "/"})


async def test_a_hook_learns_what_is_to_run_and_where_it_is_called():
    seen = []

    def approve(call):
        seen.append((call, threading.current_thread()))
        return True

    async with Bridge(server(), approve=approve) as bridge:
        await bridge.outputs(response("wipe", "look"))
    first, second = (call for call, _ in seen)
    assert (first.name, first.arguments, first.server, first.call_id) == (
        "wipe",
        {"folder": "/tmp/x"},
        "desk",
        "wipe",
    )
    assert (first.destructive, second.destructive) == (True, False)
    # A plain function may wait for a person: the event loop goes on.
    assert threading.main_thread() not in [thread for _, thread in seen]


async def test_a_hook_that_fails_lets_nothing_run():
    async with Bridge(server(), approve=lambda call: call.nothing) as bridge:
        (output,) = await bridge.outputs(response("wipe"))
    assert output["output"].startswith("Tool error:\nthe call failed: AttributeError: ")


async def test_a_question_whose_call_was_cancelled_keeps_nobody_waiting():
    asked, never = threading.Event(), threading.Event()

    def approve(call):
        return call.name == "look" or asked.set() or never.wait()

    try:
        async with Bridge(server(), approve=approve) as bridge:
            with anyio.fail_after(600):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(bridge.call, "wipe", {"folder": "/"})
                    await anyio.to_thread.run_sync(asked.wait)
                    tasks.cancel_scope.cancel()
                assert (await bridge.call("look"))["content"][0]["text"] == "for both"
    finally:
        never.set()


@pytest.mark.parametrize("said", ["no", 1, [False]])
async def test_only_true_is_an_approval(said):
    async with Bridge(server(), approve=lambda call: said) as bridge:
        with pytest.raises(ApprovalError):
            await bridge.call("wipe", {"folder": "/"})


async def test_what_is_for_the_user_is_displayed():
    shown = []
    async with Bridge(server(), on_display=shown.append) as bridge:
        await bridge.outputs(response("look"))
    assert shown == [[{"type": "text", "text": "for the user", "annotations": {"audience": ["user"]}}]]


async def test_a_display_that_fails_costs_nothing(caplog):
    def broken(blocks):
        raise ZeroDivisionError

    async with Bridge(server(), on_display=broken) as bridge:
        (output,) = await bridge.outputs(response("look"))
    assert output["output"] == "for both\nfor the user"
    assert "failed" in caplog.text


def test_progress_starts_the_clock_anew_but_not_for_ever(monkeypatch):
    clock = MockClock(rate=1)
    slow = MCPServer("slow", log_level="CRITICAL")
    heard = []

    @slow.tool()
    async def work(steps: int, ctx: Context) -> str:
        """Takes seven minutes and a half for each step, and tells how far it is."""
        for step in range(steps):
            await ctx.report_progress(step, steps, "on it")
            while len(heard) <= step:
                await anyio.lowlevel.checkpoint()
            clock.jump(450)
            await anyio.lowlevel.checkpoint()
        return "done"

    async def on_event(event):
        heard.append((event.call.name, event.progress, event.total, event.message))

    async def calls():
        async with Bridge(slow, timeout=600, on_event=on_event) as bridge:
            (output,) = await bridge.outputs(response_of("work", steps=9))
            assert output["output"] == "done"
            assert heard == [("work", step, 9, "on it") for step in range(9)]
            heard.clear()
            monkeypatch.setattr("imagebridge.client.request.LONGEST", 2)
            (output,) = await bridge.outputs(response_of("work", steps=1_000))
            assert output["output"].startswith("Tool error:\nslow: work did not answer within 1")

    # Beside the steps of the tool, the time that a busy machine takes is nothing.
    anyio.run(calls, backend="trio", backend_options={"clock": clock})


def response_of(name, **arguments):
    call = {"type": "function_call", "call_id": "a", "name": name, "arguments": json.dumps(arguments)}
    return {"model": "gpt-5.6-luna", "output": [call]}


async def test_a_server_of_2026_07_28_whose_tools_change_is_listed_again():
    changing = MCPServer("changing", log_level="CRITICAL")

    @changing.tool()
    async def grow(ctx: Context) -> str:
        """Adds a tool."""
        changing.add_tool(lambda: "new", name="later", description="Comes later.")
        await ctx.notify_tools_changed()
        return "grown"

    async with Bridge(changing) as bridge:
        await bridge.outputs(response_of("grow"))
        assert [tool["name"] for tool in bridge.tools] == ["grow", "later"]
        (output,) = await bridge.outputs(response_of("later"))
        assert output["output"] == "new"
