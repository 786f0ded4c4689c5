"""A server process under load and under attack: what it keeps, and that other callers are still served."""

import json
import socket
from contextlib import ExitStack
from urllib.parse import urlsplit

import anyio
import anyio.lowlevel
import httpx2
import psutil
import pytest
import samples
from http_callers import called, request, result
from served_over_http import served

from imagebridge_server.http.token_file import add_token

pytestmark = [pytest.mark.long, pytest.mark.anyio]

PICTURE = f"data:image/png;base64,{samples.b64(samples.file(samples.drawing(), 'PNG'))}"
LARGE = f"data:image/bmp;base64,{samples.b64(samples.file(samples.noise(1500, 1500).convert('RGB'), 'BMP'))}"
CHART = {"kind": "bar", "data": [{"x": "a", "y": 1}, {"x": "b", "y": 2}]}
MIXED = [
    request("tools/list"),
    request("resources/list"),
    *(called("image_info", {"source": PICTURE}) for _ in range(4)),
    called("get_image", {"text": "x"}),
    called("load_image", {"source": PICTURE}),
    called("load_image", {"source": "image://00000000"}),
    called("generate_chart", CHART),
]


async def ask(http, url, token, message, **headers):
    sent = message["headers"] | {"authorization": f"Bearer {token}"} | headers
    return await http.post(url, content=message["content"], headers=sent)


async def test_2000_calls_of_20_callers_leave_nothing_behind(tmp_path):
    """Memory and descriptors after the second thousand are those after the first."""
    file = tmp_path / "tokens.toml"
    tokens = [add_token(file, f"caller-{number}") for number in range(20)]
    with served("--tokens", str(file), "--store", str(tmp_path / "store")) as server:
        process = psutil.Process(server.process.pid)
        held = []

        async def work(http, token, version):
            for message in MIXED * 5:
                answer = await ask(http, server.url, token, message, **{"mcp-protocol-version": version})
                assert answer.status_code == 200, answer.text

        for _ in range(2):
            async with httpx2.AsyncClient(timeout=300) as http, anyio.create_task_group() as tasks:
                for number, token in enumerate(tokens):
                    tasks.start_soon(work, http, token, ("2026-07-28", "2025-11-25")[number % 2])
            # The server learns a moment later that the callers have hung up.
            while any(one.status != psutil.CONN_LISTEN for one in process.net_connections("tcp")):
                await anyio.lowlevel.checkpoint()
            held.append((process.memory_info().rss, process.num_fds(), len(process.children(recursive=True))))
    (memory, files, workers), (memory_then, files_then, workers_then) = held
    assert memory_then < 1.1 * memory, held
    assert files_then <= files + 8, held
    assert workers_then <= workers, held
    assert len(server.requests) == 2000


@pytest.mark.parametrize("kind", ["idle", "half a head", "half a body", "a body that does not come"])
async def test_200_connections_that_do_nothing_are_nobody_elses_trouble(tmp_path, kind):
    """Bodies that do not come hold the places of their caller alone."""
    file = tmp_path / "tokens.toml"
    alice, bob = add_token(file, "alice"), add_token(file, "bob")
    head = (
        "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"accept: application/json, text/event-stream\r\nauthorization: Bearer {alice}\r\n"
    )
    sent = {
        "idle": "",
        "half a head": head,
        "half a body": f"{head}content-length: 1000\r\n\r\n" + '{"jsonrpc"',
        "a body that does not come": f"{head}content-length: 80000000\r\n\r\n",
    }[kind]
    with served("--tokens", str(file)) as server, ExitStack() as stack:
        where = (urlsplit(server.url).hostname, urlsplit(server.url).port)
        for _ in range(200):
            connection = stack.enter_context(socket.create_connection(where))
            connection.sendall(sent.encode())
        async with httpx2.AsyncClient(timeout=120) as http:
            for _ in range(3):
                answer = await ask(http, server.url, bob, called("get_image", {"text": "x"}))
                assert not result(answer).get("isError")
            large = called("image_info", {"source": LARGE})
            assert not result(await ask(http, server.url, bob, large)).get("isError")
            # Small bodies take the places of their caller; of large ones there is place for one, beside others.
            hers = [await ask(http, server.url, alice, message) for message in (request("tools/list"), large)]
            refused = [429, 429] if kind == "half a body" else [200, 200]
            assert [answer.status_code for answer in hers] == refused
            assert (await http.get(server.url.replace("/mcp", "/readyz"))).status_code == 200
        stack.close()
        # Those who hang up give their places back.
        async with httpx2.AsyncClient(timeout=120) as http:
            with anyio.fail_after(60):
                while (await ask(http, server.url, alice, request("tools/list"))).status_code != 200:
                    await anyio.lowlevel.checkpoint()


async def test_too_much_at_once_is_refused_and_the_rest_answered(tmp_path):
    file = tmp_path / "tokens.toml"
    token = add_token(file, "alice")
    with served("--tokens", str(file), "--calls", "4") as server:
        async with httpx2.AsyncClient(timeout=300, limits=httpx2.Limits(max_connections=60)) as http:
            statuses = []

            async def call():
                answer = await ask(http, server.url, token, called("generate_chart", CHART))
                statuses.append(answer.status_code)

            async with anyio.create_task_group() as tasks:
                for _ in range(60):
                    tasks.start_soon(call)
            assert set(statuses) == {200, 429}
            assert statuses.count(200) >= 4
            assert (await ask(http, server.url, token, called("generate_chart", CHART))).status_code == 200
    told = [json.dumps(line) for line in server.requests if line["status"] == 429]
    assert len(told) == statuses.count(429)
