"""Loopback HTTP for the endpoint: standard library only, so that it starts in milliseconds."""

import json
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pybase64

from imagebridge.wire import JsonObject, as_object

NAME = "imagebridge-endpoint"
"""The name of its threads."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An HTTP answer."""

    status: int
    body: bytes
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    unsent: int = 0
    """Bytes that are announced but never sent: the connection is closed before them."""


Respond = Callable[[str, str, bytes], HttpResponse]
"""Answers one request: method, path without its query, body."""


def json_answer(value: object, status: int = 200) -> HttpResponse:
    """Return `value` as a JSON answer, or a text unchanged; if it is an error, one that the SDK does not retry."""
    headers = {"x-should-retry": "false"} if status >= 400 else {}
    body = value if isinstance(value, str) else json.dumps(value)
    return HttpResponse(status, body.encode(), headers=headers)


def stream_answer(events: Iterable[object], *, done: bool = False) -> HttpResponse:
    """Return server-sent events, named by their `type` if they have one; `done` adds Chat's `[DONE]`.

    An event that is a text is sent as it stands.
    """
    lines: list[str] = []
    for event in events:
        if (named := as_object(event)) and "type" in named:
            lines.append(f"event: {named['type']}\n")
        lines.append(f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n")
    if done:
        lines.append("data: [DONE]\n\n")
    return HttpResponse(200, "".join(lines).encode(), "text/event-stream; charset=utf-8")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections open, as the SDK's pool expects
    disable_nagle_algorithm = True
    wbufsize = -1  # Header and body go out together.
    server: "LoopbackServer"  # pyright: ignore[reportIncompatibleVariableOverride]  # typeshed cannot say which server

    def do_GET(self) -> None:
        self._answer(b"")

    def do_DELETE(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length")
        if length is None:
            self.close_connection = True
            self.send_error(411)
            return
        self._answer(self.rfile.read(int(length)))

    def _answer(self, body: bytes) -> None:
        answer = self.server.respond(self.command, self.path.partition("?")[0], body)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media_type)
        self.send_header("Content-Length", str(len(answer.body) + answer.unsent))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.close_connection = self.close_connection or answer.unsent > 0
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the standard library's
        """Keep stderr quiet; `Endpoint.exchanges` has the requests."""


class LoopbackServer(ThreadingHTTPServer):
    """An HTTP server on 127.0.0.1 and a free port, in threads. `stop` ends them all."""

    request_queue_size = 128

    def __init__(self, respond: Respond) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.respond = respond
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name=NAME, daemon=True)
        self._thread.start()

    def server_bind(self) -> None:
        """Bind without the base class's lookup of the host name, which may take seconds."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread, and remember both: a client that stays connected would keep it open forever."""
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), name=NAME, daemon=True
        )
        with self._guard:
            self._connections[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection and close it."""
        with self._guard:
            self._connections.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet when a client disconnects, which it may do."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """Accept no more requests, close idle connections, and wait at most 1 s for answers in progress."""
        self.shutdown()
        self._thread.join()
        with self._guard:
            threads = list(self._connections.values())
            for connection in self._connections:
                with suppress(OSError):  # the client was faster
                    # Wakes the thread that waits for the connection's next request.
                    connection.shutdown(socket.SHUT_RD)
        for thread in threads:
            thread.join(1)  # a step of the script may hang on purpose, to test a timeout
        self.server_close()


class FormField(NamedTuple):
    """One field of a multipart form; `filename` is "" if it is not a file."""

    name: str
    filename: str
    media_type: str
    content: bytes


_PARAMETERS = {name: re.compile(rb"(?i)\b" + name.encode() + rb'="([^"]*)"') for name in ("name", "filename")}
_MEDIA_TYPE = re.compile(rb"(?i)\r\nContent-Type: *([^;\r\n]+)")


def form(content: bytes) -> list[FormField] | None:
    """Return the fields of a multipart body (RFC 7578), or None if it is not one.

    The body states its boundary in its first line.
    """
    boundary = content.partition(b"\r\n")[0]
    if not boundary.startswith(b"--") or not content.rstrip(b"\r\n").endswith(boundary + b"--"):
        return None
    return [_field(piece) for piece in (b"\r\n" + content).split(b"\r\n" + boundary)[1:-1]]


def _field(piece: bytes) -> FormField:
    head, _, content = piece.partition(b"\r\n\r\n")
    name, filename = (
        found[1].decode(errors="replace") if (found := pattern.search(head)) else ""
        for pattern in _PARAMETERS.values()
    )
    typed = _MEDIA_TYPE.search(head)
    return FormField(name, filename, typed[1].strip().decode() if typed else "text/plain", content)


def form_fields(content: bytes) -> JsonObject | None:
    """Return the fields of a multipart body, with files as `data:` URLs, or None if it is not one.

    A name that ends in `[]` holds a list.
    """
    given = form(content)
    if given is None:
        return None
    fields: JsonObject = {}
    for name, filename, media_type, data in given:
        if filename:
            value = f"data:{media_type};base64,{pybase64.b64encode(data).decode()}"
        else:
            value = data.decode("utf-8", "replace")
        if name.endswith("[]"):
            fields.setdefault(name[:-2], []).append(value)
        else:
            fields[name] = value
    return fields
