"""A server that does whatever its tools' arguments say, right or wrong, in bare JSON-RPC without the SDK.

It uses stdio, or HTTP on the port given as an argument. With "modern" as the last argument, it speaks protocol version
2026-07-28, otherwise 2025-11-25.
"""

import base64
import json
import os
import random
import struct
import subprocess
import sys
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CIRCLE = sys.argv[-1] == "circle"
MODERN = sys.argv[-1] == "modern"
INFO = {"name": "sloppy", "version": "1"}
TOOLS = [
    {"name": "echo", "inputSchema": {"type": "object"}},
    {"name": "raw", "inputSchema": {"type": "object"}},
    {"name": "die", "inputSchema": {"type": "object"}},
    {"name": "die_a_parent", "inputSchema": {"type": "object"}},
    {"name": "die_once", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": True}},
    {"name": "hang", "inputSchema": {"type": "object"}},
    {"name": "swap", "inputSchema": {"type": "object"}},
    {"name": "big", "inputSchema": {"type": "object"}},
    {"name": "grow", "inputSchema": {"type": "object"}},
    {"name": "steps", "inputSchema": {"type": "object"}},
    {"name": "cancelled", "inputSchema": {"type": "object"}},
    # What follows is malformed, each in its own way; only the nameless one cannot be called.
    {"name": "untyped", "inputSchema": {}, "description": 3, "annotations": {"readOnlyHint": "often"}},
    {"inputSchema": {"type": "object"}},
]
held, hanging, given_up = [], [], []


def say(line):
    """Write one line to the client."""
    sys.stdout.buffer.write((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n")
    sys.stdout.buffer.flush()


def notify(method, **params):
    """Write one notification to the client."""
    say({"jsonrpc": "2.0", "method": method, "params": params})


def text(words):
    """Return a result of one text."""
    return {"content": [{"type": "text", "text": words}]}


def picture(size):
    """Return a PNG of about `size` bytes that cannot be compressed further."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    side = max(1, int((size / 3) ** 0.5))
    noise = random.Random(1).randbytes(3 * side)
    rows = b"".join(b"\0" + noise[at:] + noise[:at] for at in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")
    return {
        "type": "image",
        "data": base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts).decode(),
        "mimeType": "image/png",
    }


def run(number, name, arguments, meta):
    """Return the result of a tool, or None if it is not answered, or has been answered already."""
    match name:
        case "echo":
            return arguments["result"]
        case "raw":
            for line in arguments["lines"]:
                say(line.replace("ID", json.dumps(number)).encode("latin-1"))
            return None
        case "die":
            sys.stderr.write("the disk is full\n")
            sys.stderr.flush()
            os._exit(3)
        case "die_a_parent":
            # The child holds this process's standard streams for longer than any test lasts.
            child = subprocess.Popen(["sleep", "60"])
            say(
                {
                    "jsonrpc": "2.0",
                    "method": "notifications/message",
                    "params": {"level": "info", "data": child.pid},
                }
            )
            os._exit(3)
        case "die_once":
            if not os.path.exists(arguments["mark"]):
                open(arguments["mark"], "w").close()
                os._exit(3)
            return text("alive")
        case "hang":
            hanging.append(number)
            return None
        case "swap":
            # The first call is answered after the second.
            held.append((number, text(arguments["word"])))
            if len(held) == 2:
                for earlier, result in reversed(held):
                    say({"jsonrpc": "2.0", "id": earlier, "result": result})
                held.clear()
            return None
        case "big":
            return {"content": [picture(arguments["size"])]}
        case "grow":
            names = [f"{arguments['name']}{at or ''}" for at in range(arguments.get("times", 1))]
            TOOLS.extend({"name": name, "inputSchema": {"type": "object"}} for name in names)
            notify("notifications/tools/list_changed")
            return text("grown")
        case "steps":
            notify("notifications/message", level="warning", logger="disk", data={"free": 3})
            token = meta.get("progressToken")
            notify("notifications/progress", progressToken=token, progress=1, total=2, message="half")
            return text("done")
        case "cancelled":
            return text(json.dumps(hanging if arguments.get("before") else given_up))
    return text(f"{name} was called")


def answer(message):
    """Return the response to one message, None for a notification."""
    method, params = message.get("method"), message.get("params") or {}
    if method == "notifications/cancelled":
        given_up.append(params["requestId"])
    if "id" not in message:
        return None
    capabilities = {"tools": {"listChanged": True}, "logging": {}}
    # The next page is this one again.
    results = {"tools/list": {"tools": TOOLS} | ({"nextCursor": "again"} if CIRCLE else {})}
    if MODERN:
        results["server/discover"] = {
            "supportedVersions": ["2026-07-28"],
            "capabilities": {"tools": {}},
            "_meta": {"io.modelcontextprotocol/serverInfo": INFO},
        }
        results["tools/list"] |= {"ttlMs": 0, "cacheScope": "private"}
        results["server/discover"] |= {"ttlMs": 0, "cacheScope": "private"}
    else:
        results["initialize"] = {
            "protocolVersion": "2025-11-25",
            "capabilities": capabilities,
            "serverInfo": INFO,
        }
    reply = {"jsonrpc": "2.0", "id": message["id"]}
    if method == "tools/call":
        result = run(message["id"], params["name"], params.get("arguments") or {}, params.get("_meta") or {})
        if result is None:
            return None
    elif method == "resources/read":
        # The address is what is answered.
        result = {"contents": json.loads(params["uri"].removeprefix("said:"))}
    elif method in results:
        result = results[method]
    else:
        return reply | {"error": {"code": -32601, "message": "Method not found"}}
    if MODERN and isinstance(result, dict):
        result = {"resultType": "complete", **result}
    return reply | {"result": result}


class Handler(BaseHTTPRequestHandler):
    """Answers each POST with one JSON response, and `raw` as specified; at `/stuck`, many requests get no answer."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        params = asked.get("params") or {}
        arguments = params.get("arguments") or {}
        if self.path == "/stuck" and (params.get("name") == "hang" or "requestId" in params):
            threading.Event().wait()
        if params.get("name") == "raw":
            body = "".join(arguments["lines"]).replace("ID", json.dumps(asked["id"])).encode("latin-1")
            self.respond(arguments.get("status", 200), arguments.get("type", "application/json"), body)
        else:
            said = answer(asked)
            self.respond(202 if said is None else 200, "application/json", json.dumps(said).encode())

    def respond(self, status, kind, body):
        """Send one response."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.path == "/stuck":
            self.send_header("Mcp-Session-Id", "7")
        self.end_headers()
        self.wfile.write(body)

    def do_DELETE(self):
        threading.Event().wait()

    def do_GET(self):
        self.send_error(405)

    def log_message(self, *_):
        """Say nothing."""


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1].isdigit():
        ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
    print("a banner that is not JSON-RPC", flush=True)
    for line in sys.stdin:
        if (said := answer(json.loads(line))) is not None:
            say(said)
