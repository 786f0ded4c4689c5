"""A server that answers `tools/call` with whatever result its argument holds, valid or not.

Bare JSON-RPC, without an SDK that would mend or refuse it. Over stdio, or over HTTP on the port given as an
argument. With "modern" as the last argument it speaks protocol 2026-07-28, else 2025-11-25.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODERN = sys.argv[-1] == "modern"
INFO = {"name": "sloppy", "version": "1"}
TOOL = {"name": "echo", "inputSchema": {"type": "object"}}


def answer(message):
    """Return the response to one message, None for a notification."""
    if "id" not in message:
        return None
    method, params = message.get("method"), message.get("params") or {}
    results = {"tools/list": {"tools": [TOOL]}}
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
            "capabilities": {"tools": {}},
            "serverInfo": INFO,
        }
    reply = {"jsonrpc": "2.0", "id": message["id"]}
    if method == "tools/call":
        result = params["arguments"]["result"]
    elif method in results:
        result = results[method]
    else:
        return reply | {"error": {"code": -32601, "message": "Method not found"}}
    if MODERN and isinstance(result, dict):
        result = {"resultType": "complete", **result}
    return reply | {"result": result}


class Handler(BaseHTTPRequestHandler):
    """Answers each POST with one JSON response."""

    def do_POST(self):
        said = answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        body = b"" if said is None else json.dumps(said).encode()
        self.send_response(200 if said is not None else 202)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.send_error(405)

    def log_message(self, *_):
        """Say nothing."""


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1].isdigit():
        ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
    print("a banner that is no JSON-RPC", flush=True)
    for line in sys.stdin:
        if (said := answer(json.loads(line))) is not None:
            print(json.dumps(said), flush=True)
