"""Servers that send very much at once: the client's work stays within a bound of CPU time."""

import sys
import time

import pytest

from imagebridge import Bridge

MUCH = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked: continue
    result = {}
    if asked["method"] == "initialize":
        result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "s", "version": "1"}}
    elif asked["method"] == "tools/list":
        result = {"tools": [{"name": n, "inputSchema": {"type": "object"}} for n in ("chatty", "many")]}
    elif asked["method"] == "tools/call":
        chatty = asked["params"]["name"] == "chatty"
        if chatty:
            print('{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}\\n' * 50_000, end="")
        blocks = 1 if chatty else 1_000_000
        result = {"content": [{"type": "text", "text": "a"}] * blocks}
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
"""


@pytest.mark.long
@pytest.mark.parametrize(("name", "blocks"), [("chatty", 1), ("many", 1_000_000)])
def test_much_at_once_is_received_in_bounded_time(name, blocks, tmp_path):
    (tmp_path / "much.py").write_text(MUCH)
    with Bridge(f"{sys.executable} {tmp_path}/much.py", timeout=600) as bridge:
        began = time.process_time()
        result = bridge.call(name, {})
        worked = time.process_time() - began
    assert len(result["content"]) == blocks
    assert worked < 60
