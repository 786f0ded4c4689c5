"""Structured content that a tool's output schema promises is kept, even if a task delivers it later."""

import pytest

from imagebridge.facts.hosts import host
from imagebridge.relay.peers import Peers

LISTED = {"tools": [{"name": "draw", "outputSchema": {"type": "object"}}, {"name": "say"}]}


def asked(peers, method, **params):
    return peers.heard({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, b"")


@pytest.mark.parametrize("named", [None, "openai-agents", "claude-code"])
@pytest.mark.parametrize("tool", ["draw", "say"])
@pytest.mark.parametrize(
    "began",
    [
        {"task": {"taskId": "t", "status": "working"}},
        {"resultType": "task", "taskId": "t", "status": "working"},
    ],
    ids=["2025-11-25", "2026-07-28"],
)
def test_a_task_keeps_what_its_tool_promised(named, tool, began):
    peers = Peers(host(named) if named else None)
    peers.listed(LISTED, asked(peers, "tools/list").host)
    call = asked(peers, "tools/call", name=tool)
    peers.begun(call, began)
    # Hosts that let structured content take the place of pictures were shown no schema.
    promised = tool == "draw" and named != "claude-code"
    later = [asked(peers, method, taskId="t") for method in ("tasks/result", "tasks/get")]
    told = peers.nobody({"taskId": "t", "status": "completed"})
    assert [peers.promises(one) for one in (call, *later, told)] == [promised] * 4


@pytest.mark.parametrize("began", [{}, {"task": None}, {"task": {"taskId": 3}}, {"taskId": ""}], ids=str)
def test_what_begins_no_task_is_no_promise(began):
    peers = Peers()
    peers.listed(LISTED, asked(peers, "tools/list").host)
    peers.begun(asked(peers, "tools/call", name="draw"), began)
    assert not peers.promises(asked(peers, "tasks/result", taskId="t"))
