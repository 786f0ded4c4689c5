"""A call that takes longer than the host waits is answered with a handle, and its picture is collected later."""

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from select import select
from socket import MSG_PEEK
from threading import Event, Thread

import anyio
import pytest
from mcp import Client

from imagebridge.testing import images
from imagebridge_server.app import build_server
from imagebridge_server.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_loop")]


@contextmanager
def slow_api(monkeypatch, status=200):
    """Serve the Images API, whose answers wait for the event that is yielded."""
    begun, ready, hung_up = Event(), Event(), Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            begun.set()
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            while not ready.wait(0.01):
                readable, _, _ = select([self.connection], [], [], 0)
                if readable and not self.connection.recv(1, MSG_PEEK):
                    hung_up.set()
                    return
            data = json.dumps(images.answer(images.ordered(body)) if status == 200 else {}).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            self.send_header("content-type", "application/json")
            self.send_header("x-should-retry", "false")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "test")
        try:
            yield begun, ready, hung_up
        finally:
            ready.set()
            server.shutdown()
            thread.join()


@pytest.fixture
async def client(tmp_path):
    settings = Settings(create=True, patience=0.1, allow_write=(tmp_path,), store=tmp_path / "store")
    async with Client(build_server(settings)) as client:
        yield client


async def handle(client):
    arguments = {"prompt": "A bridge", "size": "256x256", "save_as": "bridge.png"}
    result = await client.call_tool("create_image", arguments)
    (block,) = result.content
    assert not result.is_error
    assert block.text.startswith("The picture is still in progress after ")
    return block.text.partition('source="')[2].partition('"')[0]


async def collected(client, name):
    """Ask until the picture is there; each call waits for the patience that the server has."""
    with anyio.fail_after(600):
        while True:
            result = await client.call_tool("load_image", {"source": name})
            if "is still in progress" not in result.content[0].text:
                return result


async def test_a_picture_is_collected_later(client, monkeypatch, tmp_path):
    with slow_api(monkeypatch) as (_, ready, _):
        name = await handle(client)
        waiting = await client.call_tool("load_image", {"source": name})
        assert f'Call load_image with source="{name}"' in waiting.content[0].text
        ready.set()
        result = await collected(client, name)
    assert [block.type for block in result.content] == ["text", "image"]
    assert result.content[0].text.startswith('A picture of "A bridge" by gpt-image')
    assert f"Saved as {tmp_path / 'bridge.png'}" in result.content[0].text
    assert (tmp_path / "bridge.png").exists()
    listed = (await client.list_resources()).resources
    (origin,) = [one.description for one in listed if one.uri.startswith("image://")]
    assert "by create_image(prompt=" in origin
    assert (await client.call_tool("load_image", {"source": name})).content[1].type == "image"


async def test_a_failure_is_collected_too(client, monkeypatch):
    with slow_api(monkeypatch, status=500) as (_, ready, _):
        name = await handle(client)
        ready.set()
        result = await collected(client, name)
    assert result.is_error
    assert "failed with status 500" in result.content[0].text


async def test_what_cannot_be_saved_is_not_made(tmp_path, monkeypatch):
    with slow_api(monkeypatch) as (begun, _, _):
        # With time enough that no slow machine is given a handle before.
        async with Client(build_server(Settings(create=True, allow_write=(tmp_path,)))) as client:
            result = await client.call_tool("create_image", {"prompt": "x", "save_as": "/etc/x.png"})
        assert not begun.is_set()
    assert result.is_error
    assert result.content[0].text.startswith("Tool error:\nsave_as: ")


async def test_a_call_that_is_cancelled_in_time_ends_the_request(monkeypatch):
    with slow_api(monkeypatch) as (begun, _, hung_up):
        async with Client(build_server(Settings(create=True))) as client, anyio.create_task_group() as calls:
            calls.start_soon(client.call_tool, "create_image", {"prompt": "x"})
            assert await anyio.to_thread.run_sync(begun.wait, 20)
            calls.cancel_scope.cancel()
        assert await anyio.to_thread.run_sync(hung_up.wait, 20)


async def test_the_end_of_the_server_ends_its_jobs(tmp_path, monkeypatch):
    with slow_api(monkeypatch) as (begun, _, hung_up):
        settings = Settings(create=True, patience=0.1, allow_write=(tmp_path,))
        async with Client(build_server(settings)) as client:
            await handle(client)
            assert await anyio.to_thread.run_sync(begun.wait, 20)
        assert await anyio.to_thread.run_sync(hung_up.wait, 20)
