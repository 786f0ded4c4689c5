"""Bridge and our own server over HTTP, as processes: renewed tokens, replicas that die, and a server that is busy."""

import json
import time
from contextlib import ExitStack
from urllib.parse import parse_qs

import anyio
import anyio.lowlevel
import httpx2
import jwt
import processes
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from local_servers import free_port
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from oauth_storage import Storage
from replicas import two_replicas
from served_over_http import served
from servers_over_http import scripted

from imagebridge import Bridge, HttpServer
from imagebridge_server.http.token_file import add_token

pytestmark = [pytest.mark.long, pytest.mark.anyio]


def chart(number):
    return {"kind": "bar", "data": [{"x": "a", "y": number}, {"x": "b", "y": 2}]}


def is_picture(result):
    return not result.get("isError") and [block["type"] for block in result["content"]] == ["text", "image"]


class Renewing(httpx2.Auth):
    """Sends a token, and asks for another one where that is refused."""

    def __init__(self, renew):
        self.renew = renew
        self.tokens = [renew()]

    def auth_flow(self, request):
        request.headers["Authorization"] = f"Bearer {self.tokens[-1]}"
        response = yield request
        if response.status_code == 401:
            self.tokens.append(self.renew())
            request.headers["Authorization"] = f"Bearer {self.tokens[-1]}"
            yield request


async def test_a_token_that_ends_is_renewed_and_one_that_cannot_be_is_told(tmp_path):
    file = tmp_path / "tokens.toml"

    def renewed():
        """Return a new token, the only one."""
        file.unlink(missing_ok=True)
        return add_token(file, "alice")

    auth = Renewing(renewed)
    with served("--tokens", str(file), "--store", str(tmp_path / "store")) as server:
        async with Bridge(HttpServer(server.url, auth=auth), timeout=120) as bridge:
            first = await bridge.call("get_image", {"text": "x"})
            uri = first["content"][1]["_meta"]["imagebridge/uri"]
            for count in (2, 3):
                renewed()
                assert is_picture(await bridge.call("get_image", {"text": str(count)}))
                assert len(auth.tokens) == count
            # It is the same caller still.
            assert is_picture(await bridge.call("load_image", {"source": uri}))
        fixed = HttpServer(server.url, headers={"Authorization": f"Bearer {auth.tokens[-1]}"})
        async with Bridge(fixed, timeout=120) as bridge:
            assert is_picture(await bridge.call("get_image", {"text": "x"}))
            kept = file.read_text()
            renewed()
            told = (await bridge.answer("get_image", {"text": "y"})).output
            assert told.startswith("Tool error:")
            assert "401 Unauthorized" in told
            file.write_text(kept)
            assert is_picture(await bridge.call("get_image", {"text": "y"}))


def served_for(issuer, stack, tries=5):
    """Serve with tokens of an issuer, at a port that the server's public URL names; another program may take it first."""
    address = f"127.0.0.1:{free_port()}"
    try:
        return stack.enter_context(
            served("--jwt", issuer, "--public-url", f"http://{address}/mcp", address=address)
        )
    except AssertionError:
        if tries == 1:
            raise
        return served_for(issuer, stack, tries - 1)


async def test_the_sdks_client_finds_the_issuer_and_renews_its_tokens(tmp_path):
    """By the server's metadata and the issuer's; each token counts for one request."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = jwt.get_algorithm_by_name("ES256").to_jwk(key.public_key(), as_dict=True)
    given = []

    def answer(request):
        own = f"http://{request.headers['host']}"
        if request.path == "/.well-known/oauth-authorization-server":
            found = {
                "issuer": own,
                "jwks_uri": f"{own}/keys",
                "authorization_endpoint": f"{own}/authorize",
                "token_endpoint": f"{own}/token",
                "response_types_supported": ["code"],
                "grant_types_supported": ["client_credentials"],
            }
        elif request.path == "/keys":
            found = {"keys": [{**public, "kid": "1", "use": "sig", "alg": "ES256"}]}
        elif request.path == "/token":
            asked = parse_qs(request.body.decode())
            assert asked["grant_type"] == ["client_credentials"]
            claims = {"iss": own, "aud": asked["resource"][0], "sub": "alice", "exp": time.time() + 600}
            given.append(jwt.encode(claims, key, "ES256", {"kid": "1"}))
            found = {"access_token": given[-1], "token_type": "Bearer", "expires_in": -1}
        else:
            return 404, "text/plain", ""
        return 200, "application/json", json.dumps(found)

    with scripted(answer) as (url, _):
        issuer = url.removesuffix("/mcp")
        with ExitStack() as stack:
            server = served_for(issuer, stack)
            auth = ClientCredentialsOAuthProvider(server.url, Storage(), "alice", "secret", issuer=issuer)
            async with Bridge(HttpServer(server.url, auth=auth), timeout=120) as bridge:
                before = len(given)
                assert before >= 1
                for count in (1, 2):
                    assert is_picture(await bridge.call("get_image", {"text": "x"}))
                    assert len(given) == before + count


async def test_a_call_that_only_reads_outlives_the_replica_that_runs_it(tmp_path):
    """Whether it has begun to answer, with progress, or not: the bridge asks once more, and another replica answers."""
    with two_replicas(tmp_path) as running:
        async with Bridge(HttpServer(running.url), timeout=300) as bridge:
            kept = await bridge.call("get_image", {"text": "before"})
            before = [len(processes.children(one.process.pid)) for one in running.all]
            results = []

            async def draw():
                results.append(await bridge.call("generate_chart", chart(1)))

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(draw)
                # The first chart of a replica starts a process for it, which takes longer than the kill.
                while not (dying := grown(running.all, before)):
                    await anyio.lowlevel.checkpoint()
                dying[0].kill()
            assert [is_picture(result) for result in results] == [True]
            for number in range(4):
                assert is_picture(await bridge.call("generate_chart", chart(number)))
            uri = kept["content"][1]["_meta"]["imagebridge/uri"]
            assert is_picture(await bridge.call("load_image", {"source": uri}))


async def test_calls_on_a_dying_replica_are_made_once_more(tmp_path):
    """nginx answers those that ran there with 502."""
    with two_replicas(tmp_path) as running:
        async with Bridge(HttpServer(running.url), timeout=300, parallel=True) as bridge:
            drawn = []

            async def draw(worker):
                for number in range(10):
                    drawn.append(await bridge.call("get_image", {"text": f"{worker} {number}"}))
                    if len(drawn) == 15:
                        running.all[0].kill()

            async with anyio.create_task_group() as tasks:
                for worker in range(4):
                    tasks.start_soon(draw, worker)
            assert len(drawn) == 40
            assert all(map(is_picture, drawn))
            for result in drawn:
                uri = result["content"][1]["_meta"]["imagebridge/uri"]
                assert is_picture(await bridge.call("load_image", {"source": uri}))


def grown(replicas, before):
    """Return the replicas that have started processes since there were so many `before`."""
    pairs = zip(replicas, before, strict=True)
    return [one for one, count in pairs if len(processes.children(one.process.pid)) > count]


async def test_calls_wait_for_their_turn_within_their_deadline(tmp_path):
    """A server that takes two requests of a caller gets ten calls at once."""
    file = tmp_path / "tokens.toml"
    headers = {"Authorization": f"Bearer {add_token(file, 'alice')}"}
    with served("--tokens", str(file), "--calls", "2") as server:
        async with Bridge(HttpServer(server.url, headers=headers), timeout=300, parallel=True) as bridge:
            results = []

            async def draw(number):
                results.append(await bridge.call("generate_chart", chart(number)))

            async with anyio.create_task_group() as tasks:
                for number in range(10):
                    tasks.start_soon(draw, number)
    assert [is_picture(result) for result in results] == [True] * 10
    assert [line for line in server.requests if line["status"] == 429]
