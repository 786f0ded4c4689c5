"""When a host disconnects: which calls are still answered, and what happens to a server that does not exit."""

import json
import os
import signal
import sys
from contextlib import asynccontextmanager

import anyio
import processes
import pytest
from relaying import PROXY, Wire, relay

from imagebridge.relay import relay as relays
from imagebridge.relay.peers import Peers
from imagebridge.relay.relay import Relay
from imagebridge.relay.streams import LineQueue

posix = pytest.mark.skipif(os.name == "nt", reason="signals and process groups are POSIX's")

# Says who it is, and neither reads nor ends by itself.
DEAF = """
import os, time
print('{"jsonrpc":"2.0","method":"notifications/message","params":{"data":%d}}' % os.getpid(), flush=True)
time.sleep(6000)
"""

# A relay that would leave its server ten minutes.
PATIENCE = "from imagebridge.relay import child_server, relay; child_server._GRACE = relay._GRACE = 600.0"
PATIENT = [*PROXY[:-2], f"{PATIENCE}; {PROXY[-2]}", PROXY[-1]]


@posix
@pytest.mark.parametrize(
    "hangs_up_first",
    [False, pytest.param(True, marks=pytest.mark.long)],
    ids=["a signal", "the end of stdin"],
)
def test_a_server_gets_the_hosts_signal_at_once(hangs_up_first):
    """Hosts kill the relay 2 seconds after SIGTERM, and then nobody would end its server."""
    wire = Wire([*PATIENT, "--", sys.executable, "-c", DEAF])
    server = json.loads(wire.line())["params"]["data"]
    if hangs_up_first:
        wire.process.stdin.close()
    wire.process.send_signal(signal.SIGTERM)
    assert wire.process.wait(300) == 0
    assert processes.ended(server)
    for stream in (wire.process.stdin, wire.process.stdout, wire.process.stderr):
        stream.close()


@posix
def test_a_host_that_is_gone_ends_it_while_a_message_waits_for_a_deaf_server():
    """It does not get to the end of stdin then, and the process that started it may be another than the host."""
    wire = relay(server=[sys.executable, "-c", DEAF])
    server = json.loads(wire.line())["params"]["data"]
    wire.send({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"picture": "A" * 4_000_000}})
    wire.process.stdin.close()
    wire.process.stdout.close()
    assert wire.process.wait(300) == 0
    assert processes.ended(server)
    wire.process.stderr.close()


# What is piped in, as `echo ... | imagebridge proxy -- COMMAND` does.


class Ending:
    """A server that says `words` once its input has ended, and ends itself if it `leaves`; the host reads what comes."""

    name = "server"

    def __init__(self, words, *, leaves):
        self._words = words
        self._leaves = leaves
        self._closed = anyio.Event()
        self.lines = self
        self.read = []

    @asynccontextmanager
    async def connect(self):
        yield self

    async def each(self, take):
        await self._closed.wait()
        for word in self._words:
            await anyio.wait_all_tasks_blocked()
            if rest := take(word):
                await rest()
        if not self._leaves:
            await anyio.sleep_forever()

    def send(self, line, said):
        if said is not None and "method" not in said[0]:
            self.read.extend(said)

    async def finish(self):
        self._closed.set()

    async def end(self):
        return "ended"


class OfServer:
    """The server's side of an `Ending`, which hears and says nothing of that."""

    def __init__(self, ending):
        self.name, self.lines, self.finish, self.end = ending.name, ending.lines, ending.finish, ending.end

    def send(self, line, message=None):
        pass


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("words", "leaves", "read"),
    [
        ([b'{"jsonrpc":"2.0","id":1,"result":{}}'], True, {"result": {}}),
        (
            [b'{"jsonrpc":"2.0","method":"notifications/message","params":{}}'],
            False,
            {
                "error": {
                    "code": -32603,
                    "message": "server did not answer before the host closed its side or within 0 seconds after that",
                }
            },
        ),
    ],
    ids=["a slow start", "no answer"],
)
async def test_what_was_asked_before_the_end_is_answered(words, leaves, read, monkeypatch):
    monkeypatch.setattr(relays, "_GRACE", 0.0)
    ending = Ending(words, leaves=leaves)

    @asynccontextmanager
    async def connect():
        yield OfServer(ending)

    async def asked():
        yield b'{"jsonrpc":"2.0","id":1,"method":"ping"}'

    await Relay(Peers(), connect, ending).run(LineQueue(asked()))
    assert ending.read == [{"jsonrpc": "2.0", "id": 1, **read}]
