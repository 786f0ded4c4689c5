"""A relay in this process, between a host and a server that say given lines."""

import logging
from contextlib import asynccontextmanager

import anyio

from imagebridge.relay.peers import Peers
from imagebridge.relay.relay import Relay
from imagebridge.relay.streams import LineQueue
from imagebridge.relay.tool_names import Names

OPENING = (
    b'{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},'
    b'"clientInfo":{"name":"mcp","version":"1"}}}'
)
CALL = b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"look"}}'
ANSWER = b'{"jsonrpc":"2.0","id":7,"result":{"content":"bare"}}'

_TURNS = 30
"""Turns of the event loop in which the other side hears what was said."""


class _Side:
    """A host or a server: what it says, and the lines that have come to it."""

    name = "server"

    def __init__(self, said):
        self._said = said
        self.lines = LineQueue(self._saying())
        self.came = []

    async def _saying(self):
        for line in self._said:
            for _ in range(_TURNS):
                await anyio.lowlevel.checkpoint()
            yield line

    def send(self, line, said):
        self.came.append(line)

    @asynccontextmanager
    async def connect(self):
        yield self

    async def finish(self):
        pass

    async def end(self):
        return "ended"


class _Faults(logging.Handler):
    def emit(self, record):
        said = self.format(record)
        if "fault" in said or "could not be repaired" in said:
            raise AssertionError(said)


def relayed(host_lines, server_lines):
    """Relay these lines; return what came to the host and to the server. A fault of the relay's own raises."""
    host, server = _Side((OPENING, *host_lines)), _Side(server_lines)
    relay = Relay(Peers(), server.connect, host, explain=True, names=Names())

    async def run():
        with anyio.fail_after(60):
            await relay.run(host.lines)

    log, faults = logging.getLogger("imagebridge.proxy"), _Faults()
    before, logging.root.manager.disable = logging.root.manager.disable, 0
    log.addHandler(faults)
    try:
        anyio.run(run)
    finally:
        log.removeHandler(faults)
        logging.root.manager.disable = before
    return host.came, server.came
