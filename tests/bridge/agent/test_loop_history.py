"""`run` keeps a conversation within budgets, and sends files through the Files API if requested."""

from functools import partial

import pytest
from long_rows import one_in
from mcp.server import MCPServer
from mcp.types import CallToolResult
from openai import AsyncOpenAI, OpenAI
from samples import coloured_noise

from imagebridge import Bridge, Policy, tool_result, trim
from imagebridge.agent.uploads import Uploads
from imagebridge.testing import Endpoint

pytestmark = pytest.mark.anyio


@pytest.fixture
def camera():
    server = MCPServer("camera", log_level="CRITICAL")
    shots = iter(range(100))

    @server.tool()
    def look() -> CallToolResult:
        """Looks."""
        return CallToolResult.model_validate(tool_result("A shot.", coloured_noise(next(shots), 40)))

    return server


@pytest.mark.parametrize(
    ("api", "uploads"),
    one_in(
        2,
        [
            ("responses", 1000),
            ("chat", False),
            pytest.param("responses", False, marks=pytest.mark.long),
            pytest.param("chat", 1000, marks=pytest.mark.long),
        ],
    ),
)
async def test_old_pictures_give_way_and_files_are_sent_once(camera, api, uploads):
    with Endpoint([*[[("look", {})]] * 11, "Done.", "Again."]) as endpoint:
        async with (
            AsyncOpenAI(base_url=endpoint.base_url, api_key="test") as client,
            Bridge(camera) as bridge,
        ):
            more = {"store": False} if api == "responses" else {}
            reply = await bridge.run(client, model="gpt-5.4", input="Go.", api=api, uploads=uploads, **more)
            assert len(reply.pictures) == 11
            user = {"role": "user", "content": "And?"}
            await bridge.run(
                client, model="gpt-5.4", input=[*reply.items, user], api=api, uploads=uploads, **more
            )
    by_id = [str(b).count("file-") for b in endpoint.requests]
    data = [str(b).count("base64,") for b in endpoint.requests]
    wanted = [0, 1, 2, 3, 4, 5, 6, 7, 8, 4, 5, 6, 6]
    if uploads and api == "responses":
        assert (by_id, sum(data)) == (wanted, 0)
        assert [one.deleted for one in endpoint.files] == [True] * 11
    else:
        assert (data, sum(by_id)) == (wanted, 0)
        assert endpoint.files == []
    assert [one.bytes for one in endpoint.seen] == [coloured_noise(seed, 40) for seed in range(11)]


def test_what_the_api_stores_keeps_its_files(camera):
    with Endpoint([[("look", {})], "Done."]) as endpoint:
        with OpenAI(base_url=endpoint.base_url, api_key="test") as client, Bridge(camera) as bridge:
            bridge.run(client, model="gpt-5.4", input="Go.", uploads=1000)
    assert [one.deleted for one in endpoint.files] == [False]


@pytest.mark.parametrize(("asked", "uploaded"), [({}, 1), ({"uploads": False}, 0), ({"uploads": 10**6}, 0)])
async def test_uploads_by_policy(camera, asked, uploaded):
    with Endpoint([[("look", {})], "Done."]) as endpoint:
        async with (
            AsyncOpenAI(base_url=endpoint.base_url, api_key="test") as client,
            Bridge(camera, policy=Policy(uploads=1000)) as bridge,
        ):
            await bridge.run(client, model="gpt-5.4", input="Go.", store=False, **asked)
    assert [one.deleted for one in endpoint.files] == [True] * uploaded


async def test_uploads_of_ones_own(camera):
    with Endpoint([[("look", {})], "Done."] * 2) as endpoint:
        async with (
            AsyncOpenAI(base_url=endpoint.base_url, api_key="test") as client,
            AsyncOpenAI(base_url=endpoint.base_url, api_key="other") as stranger,
            Uploads(client, threshold=1000, expires=7_200, keep=True) as uploads,
            Bridge(camera) as bridge,
        ):
            reply = await bridge.run(client, model="gpt-5.4", input="Go.", store=False, uploads=uploads)
            with pytest.raises(TypeError, match="a different client"):
                await bridge.run(stranger, model="gpt-5.4", input="Go.", uploads=uploads)
            # What was uploaded outlives the bridge.
            async with Bridge(camera) as another:
                again = [*reply.items, {"role": "user", "content": "And?"}]
                await another.run(client, model="gpt-5.4", input=again, store=False, uploads=uploads)
    assert [(one.deleted, one.expires_at - one.created_at) for one in endpoint.files] == [(False, 7_200)] * 2
    assert [str(b).count("file-") for b in endpoint.requests] == [0, 1, 1, 2]


async def test_without_a_files_api_pictures_go_as_data(camera):
    with Endpoint([[("look", {})]] * 2 + ["Done."], files=False) as endpoint:
        async with (
            AsyncOpenAI(base_url=endpoint.base_url, api_key="test") as client,
            Bridge(camera) as bridge,
        ):
            await bridge.run(client, model="gpt-5.4", input="Go.", uploads=1000)
    assert [str(b).count("base64,") for b in endpoint.requests] == [0, 1, 2]


async def test_ids_that_are_refused_go_as_data(camera):
    def spoil(body):
        for one in endpoint.files:
            one.deleted = True
        return [("look", {})]

    with Endpoint([[("look", {})], spoil, "Done."]) as endpoint:
        async with (
            AsyncOpenAI(base_url=endpoint.base_url, api_key="test") as client,
            Bridge(camera) as bridge,
        ):
            await bridge.run(client, model="gpt-5.4", input="Go.", uploads=1000)
    assert [str(b).count("base64,") for b in endpoint.requests] == [0, 0, 0, 2]
    assert [str(b).count("file-") for b in endpoint.requests] == [0, 1, 2, 0]


@pytest.mark.long
async def test_a_budget_of_ones_own_or_none(camera):
    for history, most in [(partial(trim, max_pictures=2, keep=1), 2), (None, 11)]:
        with Endpoint([*[[("look", {})]] * 11, "Done."]) as endpoint:
            async with (
                AsyncOpenAI(base_url=endpoint.base_url, api_key="test") as client,
                Bridge(camera) as bridge,
            ):
                await bridge.run(client, model="gpt-5.4", input="Go.", history=history, store=False)
        assert str(endpoint.requests[-1]).count("base64,") == most
