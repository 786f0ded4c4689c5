"""A server behind a URL that answers each request as a given function specifies, and one that speaks MCP."""

import json
import queue
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace


class _Server(ThreadingHTTPServer):
    request_queue_size = 256  # Many clients come at the same moment.


@contextmanager
def scripted(serve, port=0, tls=None):
    """Serve on a port, by default a free one; yield its address and the requests so far.

    `serve` returns a status, a media type, a body and headers; or bytes, or a generator of bytes, after which the
    connection is closed.
    """
    seen = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = SimpleNamespace(method=self.command, path=self.path, headers=self.headers, body=body)
            seen.append(request)
            said = serve(request)
            if isinstance(said, (bytes, Generator)):
                self.close_connection = True
                for piece in [said] if isinstance(said, bytes) else said:
                    self.wfile.write(piece)
                return
            status, kind, body, *headers = said
            data = body.encode()
            self.send_response(status)
            for name, value in {
                "content-type": kind,
                "content-length": str(len(data)),
                **(headers[0] if headers else {}),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = answer

        def log_message(self, *_):
            """Say nothing."""

    server = _Server(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/mcp", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Server:
    """A server of one of the two generations; `refuse` may answer a request in its place."""

    def __init__(self, refuse=lambda _method, _request: None, modern=True):
        self.refuse, self.modern = refuse, modern
        self.tools = {"show": {}, "look": {"readOnlyHint": True}}
        self.capabilities = {"tools": {}}
        self.asked = []

    def __call__(self, request):
        if request.method != "POST":
            return 405, "text/plain", ""
        message = json.loads(request.body)
        method = message["method"]
        self.asked.append(method)
        if (refusal := self.refuse(method, request)) is not None:
            return refusal
        if "id" not in message:
            return 202, "text/plain", ""
        tools = [
            {"name": name, "inputSchema": {"type": "object"}, "annotations": hints}
            for name, hints in self.tools.items()
        ]
        whole = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
        own = {"capabilities": self.capabilities, "serverInfo": {"name": "remote", "version": "1"}}
        results = {
            "server/discover": {"supportedVersions": ["2026-07-28"], **own, **whole},
            "initialize": {"protocolVersion": "2025-11-25", **own},
            "tools/list": {"tools": tools, **whole},
            "tools/call": {"content": [{"type": "text", "text": "shown"}], "resultType": "complete"},
        }
        if method not in results or (method == "server/discover" and not self.modern):
            answer = {"error": {"code": -32601, "message": "no such method"}}
        else:
            answer = {"result": results[method]}
        return 200, "application/json", json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer})

    def calls(self):
        return self.asked.count("tools/call")


def once(answer, method="tools/call"):
    """Return what answers the first request with this method."""
    left = [answer]
    return lambda asked, _: left.pop() if left and asked == method else None


class OlderServer(Server):
    """The same over the older HTTP+SSE; `refuse` answers a POST in its place."""

    def __init__(self, refuse=lambda _method, _request: None):
        super().__init__(refuse, modern=False)
        self.events = queue.Queue()

    def __call__(self, request):
        if request.method == "GET":
            self.events = queue.Queue()
            return self.stream(self.events)
        said = super().__call__(request)
        if said[:2] != (200, "application/json"):
            return said
        self.events.put(said[2])
        return 202, "text/plain", ""

    def stream(self, events):
        """Yield an event stream that breaks off at None."""
        yield EVENTS_HEAD + chunk("event: endpoint\ndata: /messages\n\n")
        for body in iter(events.get, None):
            yield chunk(f"event: message\ndata: {body}\n\n")


# Unless the client knows that the connection closes, its next request may come just before.
EVENTS_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"


def chunk(text):
    """Return a piece of a body of unknown length."""
    return f"{len(text.encode()):x}\r\n{text}\r\n".encode()
