"""The servers of callers: created once each, kept while work may be in progress, and limited in number."""

from contextlib import asynccontextmanager
from types import SimpleNamespace

import anyio
import pytest
from anyio import wait_all_tasks_blocked

from imagebridge_server import Settings
from imagebridge_server.http import caller_servers
from imagebridge_server.http.caller_servers import CallerServers
from imagebridge_server.http.callers import HttpCaller

pytestmark = pytest.mark.anyio


class Built:
    """Servers that do nothing: the callers whose were built, and those whose have not ended."""

    def __init__(self):
        self.callers, self.running = [], []

    def __call__(self, caller):
        @asynccontextmanager
        async def run():
            self.running.append(caller.name)
            yield
            self.running.remove(caller.name)

        self.callers.append(caller.name)
        return SimpleNamespace(session_manager=SimpleNamespace(run=run, name=caller.name))


async def ask(servers, name):
    async with servers.of(HttpCaller(name, Settings())) as manager:
        assert manager.name == name


@pytest.mark.parametrize(
    ("idle_seconds", "left"),
    [
        (-1.0, ["8", "9"]),
        # None of them is idle for long enough, yet there are too many.
        (900.0, ["5", "6", "7", "8", "9"]),
    ],
)
async def test_idle_servers_end_where_there_are_too_many(monkeypatch, idle_seconds, left):
    monkeypatch.setattr(caller_servers, "IDLE_SERVERS", 2)
    monkeypatch.setattr(caller_servers, "MOST_SERVERS", 5)
    monkeypatch.setattr(caller_servers, "IDLE_SECONDS", idle_seconds)
    built = Built()
    servers = CallerServers(built)
    async with servers.running():
        for name in "0123456789":
            await ask(servers, name)
        await wait_all_tasks_blocked()
        assert built.running == left
        assert built.callers == list("0123456789")
        for name in ("9", "0"):
            await ask(servers, name)
        assert built.callers == [*"0123456789", "0"]
    assert built.running == []


async def test_a_server_in_use_never_ends(monkeypatch):
    monkeypatch.setattr(caller_servers, "IDLE_SERVERS", 1)
    monkeypatch.setattr(caller_servers, "MOST_SERVERS", 1)
    built, held, go = Built(), anyio.Event(), anyio.Event()
    servers = CallerServers(built)

    async def hold():
        async with servers.of(HttpCaller("held", Settings())):
            held.set()
            await go.wait()

    async with servers.running(), anyio.create_task_group() as tasks:
        tasks.start_soon(hold)
        # A thread builds the server, which may outlast those of the others.
        await held.wait()
        for name in "abc":
            await ask(servers, name)
        await wait_all_tasks_blocked()
        assert "held" in built.running
        go.set()
