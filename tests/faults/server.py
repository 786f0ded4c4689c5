"""A stdio server whose tools fail as their names say: `python server.py NUMBER`; the names end in this number."""

import json
import os
import sys
import threading

NUMBER = sys.argv[1]
TOOLS = ("right", "picture", "die", "killed", "silent", "garbage", "half", "late", "twice", "loud")
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
LOCK = threading.Lock()


def write(data):
    with LOCK:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def call(number, name, mark):
    blocks = [{"type": "text", "text": f"this is {mark}"}]
    if name == "picture":
        blocks.append({"type": "image", "data": DOT, "mimeType": "image/png"})
    line = json.dumps({"jsonrpc": "2.0", "id": number, "result": {"content": blocks}}).encode() + b"\n"
    match name:
        case "die":
            os._exit(3)
        case "killed":
            os.kill(os.getpid(), 9)
        case "silent":
            return
        case "garbage":
            write(b'\xff\xfe{"jsonrpc": "2.0", "id": \x00, []\n' + line[: len(line) // 2] + b"\n")
        case "half":
            write(line[: len(line) // 2])
            os._exit(0)
        case "late":
            threading.Timer(2.2, write, [line]).start()
        case "twice":
            write(line + line)
        case "loud":
            os.write(2, b"a line of a log\n" * 3_000)
            write(line)
        case _:
            write(line)


for text in sys.stdin.buffer:
    message = json.loads(text)
    match message.get("method"):
        case "initialize":
            about = {
                "protocolVersion": "2025-11-25",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": f"faults {NUMBER}", "version": "1"},
            }
            write(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": about}).encode() + b"\n")
        case "tools/list":
            tools = [{"name": f"{name}{NUMBER}", "inputSchema": {"type": "object"}} for name in TOOLS]
            write(
                json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": {"tools": tools}}).encode()
                + b"\n"
            )
        case "tools/call":
            asked = message["params"]
            call(message["id"], asked["name"].removesuffix(NUMBER), asked["arguments"].get("mark"))
        case _ if "id" in message:
            error = {"code": -32601, "message": "no such method"}
            write(json.dumps({"jsonrpc": "2.0", "id": message["id"], "error": error}).encode() + b"\n")
