"""A server that answers according to a plan, given as JSON in an argument, whether valid or not.

initialize, tools: results of `initialize` and `tools/list`; pages: of `tools/list` by cursor ("start" without one).
early: seconds after `initialized` at which it says that its tools changed; later: what it lists from then on. delay:
seconds before it answers `initialize`. A call of a tool is answered with the tool's name, and `swap` with a notice
that follows it. stderr: bytes written there before anything else. leave: it exits after that. deaf: it never reads.
"""

import json
import sys
import threading
import time

plan = json.loads(sys.argv[1])
lock = threading.Lock()
listed = 0
changed = False


def say(**message):
    with lock:
        print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def change():
    global changed
    changed = True
    say(method="notifications/tools/list_changed")


def page(params):
    global listed
    listed += 1
    if "grow" in plan:
        return {**plan["grow"], "nextCursor": str(listed)}
    if "pages" in plan:
        cursor = params.get("cursor")
        return plan["pages"].get("start" if cursor is None else f"at {cursor}")
    return plan["later"] if changed and "later" in plan else plan["tools"]


if plan.get("stderr"):
    left = plan["stderr"]
    while left > 0:
        left -= sys.stderr.write("x" * min(left, 1_000_000))
    sys.stderr.write("\nthe last words")
    sys.stderr.flush()
if plan.get("leave"):
    sys.exit(3)
while plan.get("deaf"):
    time.sleep(60)

for line in sys.stdin:
    message = json.loads(line)
    method, params, number = message["method"], message.get("params") or {}, message.get("id")
    if method == "notifications/initialized" and "early" in plan:
        threading.Timer(plan["early"], change).start()
    if number is None:
        continue
    if method == "initialize":
        time.sleep(plan.get("delay", 0))
        own = {
            "protocolVersion": "2025-11-25",
            "capabilities": {"tools": {"listChanged": True}},
            "serverInfo": {"name": "raw", "version": "1"},
        }
        say(id=number, result={**own, **plan.get("initialize", {})})
    elif method == "tools/list":
        found = page(params)
        if found is None:
            say(id=number, error={"code": -32602, "message": "no such cursor"})
        else:
            say(id=number, result=found)
    elif method == "tools/call":
        say(id=number, result={"content": [{"type": "text", "text": f"called {params['name']}"}]})
        if params["name"] == "swap":
            threading.Timer(0.01, change).start()
    else:
        say(id=number, error={"code": -32601, "message": "no such method"})
