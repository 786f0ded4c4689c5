"""The headers with which the relay repeats parts of a message: what cannot be sent costs no call."""

import json

import httpx2
import pytest
from remote_relay import ANSWER, JSON, behind, line, read, request, send

pytestmark = pytest.mark.anyio

VERSION = "io.modelcontextprotocol/protocolVersion"


def modern(number, method="tools/call", version="2026-07-28", name="t", **arguments):
    params = {"name": name, "arguments": arguments, "_meta": {VERSION: version}}
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


@pytest.mark.parametrize(
    "asked",
    [
        modern(1, version="日本"),
        modern(1, version="\ud83d"),
        modern(1, version="a\nb"),
        modern(1, method="日本"),
        modern(1, method="a\nb"),
        modern(1, name="\ud83d"),
    ],
    ids=["version", "version, half", "version, lines", "method", "method, lines", "name, half"],
)
async def test_what_no_header_can_say_is_left_out_of_the_headers(asked):
    """A host writes these names, and the relay repeats them; the body says them unchanged."""
    seen = []

    def answer(request):
        seen.append(json.loads(request.content))
        return httpx2.Response(200, json=ANSWER)

    async with behind(answer) as server:
        await send(server, asked)
        assert await read(server, 1) == [ANSWER]
    assert seen == [asked]


@pytest.mark.parametrize("version", ["日本", "\ud83d", "a\nb", "x" * 2_000], ids=range(4))
async def test_a_version_that_no_header_can_say_costs_no_call(version):
    seen = []

    def answer(request):
        seen.append(request.headers.get("mcp-protocol-version"))
        number = json.loads(request.content)["id"]
        return httpx2.Response(
            200, content=line({**ANSWER, "id": number, "result": {"protocolVersion": version}}), headers=JSON
        )

    async with behind(answer) as server:
        for asked in (request(1, "initialize"), request(2)):
            await send(server, asked)
            assert (await read(server, 1))[0]["id"] == asked["id"]
    assert seen == [None, None]


@pytest.mark.parametrize("header", ["日本", "a\nb", "a b", 5], ids=range(4))
async def test_a_parameter_whose_header_has_no_valid_name_is_sent_without_it(header):
    schemas = [{"type": "string", "x-mcp-header": header}, {"type": "string", "x-mcp-header": "Fine"}]
    schema = {"type": "object", "properties": dict(zip("ab", schemas, strict=True))}
    seen = []

    def answer(request):
        asked = json.loads(request.content)
        seen.append({name for name in request.headers if name.startswith("mcp-param")})
        return httpx2.Response(
            200,
            json={**ANSWER, "id": asked["id"], "result": {"tools": [{"name": "t", "inputSchema": schema}]}},
        )

    async with behind(answer) as server:
        for asked in (modern(1, "tools/list"), modern(2, a="x", b="y"), modern(3, a="x", b="\ud83d")):
            await send(server, asked)
            assert (await read(server, 1))[0]["id"] == asked["id"]
    assert seen[1] == {"mcp-param-fine"}
