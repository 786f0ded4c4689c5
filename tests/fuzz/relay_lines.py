"""A relay in this process, between a host and a server that send given lines."""

import logging
from contextlib import asynccontextmanager

import anyio

from imagebridge.relay.peers import Peers
from imagebridge.relay.relay import Relay
from imagebridge.relay.streams import LineQueue
from imagebridge.relay.tool_names import Names

OPENING = b'{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"clientInfo":{"name":"mcp"}}}'
CALL = b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"look"}}'
ANSWER = b'{"jsonrpc":"2.0","id":7,"result":{"content":"bare"}}'

_TURNS = 30
"""Turns of the event loop in which the other side hears what was said."""


class Side:
    """A host or a server: the lines that it sends, and those that it has received, each with the messages in it."""

    name = "server"

    def __init__(self, lines):
        self.lines = LineQueue(lines)
        self.came = []

    def send(self, line, said=None):
        self.came.append((line, said))

    @asynccontextmanager
    async def connect(self):
        yield self

    async def finish(self):
        pass

    async def end(self):
        return "ended"


async def _saying(lines):
    for line in lines:
        for _ in range(_TURNS):
            await anyio.lowlevel.checkpoint()
        yield line


class _Faults(logging.Handler):
    def emit(self, record):
        said = self.format(record)
        if "fault" in said or "could not be repaired" in said:
            raise AssertionError(said)


def relayed(host_lines, server_lines):
    """Relay these lines; return what the host and the server received. A fault in the relay raises an error."""
    host, server = Side(_saying((OPENING, *host_lines))), Side(_saying(server_lines))
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
    return [line for line, _ in host.came], [line for line, _ in server.came]
