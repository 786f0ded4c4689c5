"""The calls in one response run in order on each server, and no server delays another."""

import json
from itertools import combinations

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp.server import MCPServer
from mcp.types import ToolAnnotations

from imagebridge import Bridge
from imagebridge.agent.call_order import Lane, after

LANES = st.lists(st.none() | st.builds(Lane, st.integers(0, 2), st.booleans()), max_size=24)


def begun_after(waits):
    """Return for each call all those that have surely ended when it begins."""
    found = []
    for mine in waits:
        found.append(set(mine).union(*(found[one] for one in mine)))
    return found


def beside(lanes, one, other):
    """Whether two calls may run side by side: on one server, if all of its calls from the one to the other may."""
    first, second = lanes[one], lanes[other]
    if first is None or second is None or first.server != second.server:
        return True
    between = [lane for lane in lanes[one : other + 1] if lane is not None and lane.server == first.server]
    return all(lane.beside for lane in between)


@settings(deadline=None)
@given(LANES)
def test_a_call_waits_for_those_that_it_may_not_run_beside_and_for_no_other(lanes):
    waits = after(lanes)
    ended = begun_after(waits)
    for one, other in combinations(range(len(lanes)), 2):
        assert (one in ended[other]) is not beside(lanes, one, other)
    assert sum(map(len, waits)) <= 2 * len(lanes), "linear in the number of calls"


def recording(name, log):
    """A server whose tools note their begin and end, and take as many turns of the event loop as they are told."""
    server = MCPServer(name, log_level="CRITICAL")

    async def work(at: int, turns: int) -> str:
        """Works."""
        log.append(("begin", at))
        for _ in range(turns):
            await anyio.lowlevel.checkpoint()
        log.append(("end", at))
        if at % 5 == 4:
            raise ValueError("as bad luck has it")
        return f"did {at}"

    for kind, hint in (("look", True), ("act", False), ("silent", None)):
        annotations = None if hint is None else ToolAnnotations(read_only_hint=hint)
        server.add_tool(work, name=f"{name}_{kind}", description="Works.", annotations=annotations)
    return server


CALLS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(("look", "act", "silent")), st.integers(0, 20)),
    max_size=12,
)


@settings(deadline=None, max_examples=25)
@given(CALLS, st.booleans())
def test_real_calls_keep_that_order_and_are_answered_in_theirs(calls, parallel):
    log = []

    async def run():
        servers = [recording(name, log) for name in "ab"]
        async with Bridge(*servers, timeout=600, parallel=parallel) as bridge:
            made = [
                {
                    "type": "function_call",
                    "call_id": f"c{at}",
                    "name": f"{server}_{kind}",
                    "arguments": json.dumps({"at": at, "turns": turns}),
                }
                for at, (server, kind, turns) in enumerate(calls)
            ]
            return await bridge.outputs({"model": "gpt-5.6-luna", "output": made})

    outputs = anyio.run(run)
    assert [one["call_id"] for one in outputs] == [f"c{at}" for at in range(len(calls))]
    assert all(("Tool error" in one["output"]) is (at % 5 == 4) for at, one in enumerate(outputs))
    lanes = [Lane(server, parallel or kind == "look") for server, kind, _ in calls]
    for one, other in combinations(range(len(calls)), 2):
        if not beside(lanes, one, other):
            assert log.index(("end", one)) < log.index(("begin", other))


@pytest.mark.anyio
async def test_a_server_that_hangs_holds_up_no_call_of_another():
    stuck, quick = MCPServer("stuck", log_level="CRITICAL"), MCPServer("quick", log_level="CRITICAL")
    done = anyio.Event()
    answered = []

    @stuck.tool(annotations=ToolAnnotations(read_only_hint=True))
    async def hang() -> str:
        """Waits until the other server has answered all of its calls."""
        await done.wait()
        return "at last"

    @quick.tool()
    def go(at: int) -> str:
        """Answers."""
        answered.append(at)
        if len(answered) == 3:
            done.set()
        return "gone"

    # More calls than run at once on one server, before those of the other.
    names = ["hang"] * 40 + ["go"] * 3
    calls = [
        {
            "type": "function_call",
            "call_id": str(at),
            "name": name,
            "arguments": json.dumps({"at": at} if name == "go" else {}),
        }
        for at, name in enumerate(names)
    ]
    async with Bridge(stuck, quick, timeout=600) as bridge:
        outputs = await bridge.outputs({"model": "gpt-5.6-luna", "output": calls})
    assert answered == [40, 41, 42]
    assert [one["output"] for one in outputs] == ["at last"] * 40 + ["gone"] * 3


@pytest.mark.anyio
async def test_calls_that_wait_for_room_are_no_tasks_yet():
    """Thousands of tasks, begun and cancelled in one go, would hold up the event loop, and with it a run's deadline."""
    server = MCPServer("many", log_level="CRITICAL")
    tasks = []

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    async def look() -> str:
        """Looks."""
        tasks.append(len(anyio.get_running_tasks()))
        return "seen"

    calls = [
        {"type": "function_call", "call_id": str(at), "name": "look", "arguments": "{}"} for at in range(300)
    ]
    async with Bridge(server, timeout=600) as bridge:
        outputs = await bridge.outputs({"model": "gpt-5.6-luna", "output": calls})
    assert [one["call_id"] for one in outputs] == [str(at) for at in range(300)]
    assert tasks[0] < 100


def test_order_holds_for_blocking_clients_too():
    log = []
    calls = [
        {
            "type": "function_call",
            "call_id": str(at),
            "name": f"a_{kind}",
            "arguments": json.dumps({"at": at, "turns": 9}),
        }
        for at, kind in enumerate(("silent", "look", "look", "act"))
    ]
    with Bridge(recording("a", log), timeout=600) as bridge:
        bridge.outputs({"model": "gpt-5.6-luna", "output": calls})
    assert log[:2] == [("begin", 0), ("end", 0)]
    assert sorted(log[2:4]) == [("begin", 1), ("begin", 2)]
    assert log[-2:] == [("begin", 3), ("end", 3)]
