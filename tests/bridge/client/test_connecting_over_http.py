"""Why a server at a URL cannot be connected: what counts as its answer, and how it is told."""

import json

import httpx2
import pytest

from imagebridge import HttpServer
from imagebridge.client.http import Client
from imagebridge.client.http_replies import ServerReplies, client_options
from imagebridge.client.long_events import LongEvents

pytestmark = pytest.mark.anyio

URL = "http://server.test/mcp"


async def test_only_the_answer_to_a_request_says_what_is_wrong():
    """A healthy server may refuse the stream for its own messages with 405, and anything with a notification."""

    def answer(request):
        if request.method == "GET":
            return httpx2.Response(405)
        asked = json.loads(request.content)
        if "id" not in asked:
            return httpx2.Response(400, text="no")
        if asked["id"] == 2:
            return httpx2.Response(429, text="later", headers={"retry-after": "60"})
        return httpx2.Response(200, json={"jsonrpc": "2.0", "id": asked["id"], "result": {}})

    replies = ServerReplies()
    options = client_options(HttpServer(URL), replies)
    async with Client(LongEvents(), transport=httpx2.MockTransport(answer), **options) as client:
        await client.post(URL, json={"jsonrpc": "2.0", "id": 1, "method": "initialize"})
        await client.post(URL, json={"jsonrpc": "2.0", "method": "notifications/initialized"})
        await client.get(URL)
        assert (replies.status, replies.problem()) == (200, "")
        await client.post(URL, json={"jsonrpc": "2.0", "id": 2, "method": "tools/list"})
        await client.get(URL)
        assert replies.problem().startswith('it returned 429 Too Many Requests: "later". Try again later')
