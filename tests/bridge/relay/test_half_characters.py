r"""Escapes of halves of characters (`"\ud83d"`), anywhere in what a server answers, become U+FFFD on the way to a host over HTTP.

Real processes: the server over stdio behind the relay, hosts of both generations in front of it.
"""

import json
import sys

import httpx2
import pytest
from mcp import Client, MCPError
from mcp.shared.inbound import encode_header_value
from pydantic_core import from_json
from relaying import TESTS, served

pytestmark = pytest.mark.anyio


def result(fields):
    """Return the part of an answer that is a result with these fields, letter by letter."""
    return f'"result":{{"resultType":"complete",{fields}}}'


def block(fields, *others):
    """Return a result with one block of content."""
    return result(",".join([f'"content":[{{{fields}}}]', *others]))


def text(words, *others):
    """Return a result with a text."""
    return block(f'"type":"text","text":"{words}"', *others)


def shown(words, **others):
    """Return what a host is to see: a text and other fields."""
    return {"content": [{"type": "text", "text": words}], **others}


CALLS = {
    "a text": (text(r"cut \ud83d here"), shown("cut \ufffd here")),
    "pairs and backslashes": (
        text(r"\ud83d\ude00 \\ud83d \\\udc00"),
        shown("\U0001f600 \\ud83d \\\ufffd"),
    ),
    "an error of the tool": (
        text(r"no \uDFFF", '"isError":true'),
        shown("Tool error:\nno \ufffd", isError=True),
    ),
    "names and values": (
        result(r'"content":[],"structuredContent":{"a\udc00":{"\uD83D":["\ud83d"]}},"_meta":{"\ud83d":1}'),
        shown(
            '{"a\ufffd": {"\ufffd": ["\ufffd"]}}',
            structuredContent={"a\ufffd": {"\ufffd": ["\ufffd"]}},
            _meta={"\ufffd": 1},
        ),
    ),
    "a link": (
        block(r'"type":"resource_link","name":"half \ud83d","uri":"file:///\ud83d.txt"'),
        shown("[link: half \ufffd <file:///\ufffd.txt>]"),
    ),
    "a resource": (
        block(r'"type":"resource","resource":{"uri":"file:///\ud83d.txt","text":"x\ud83d"}'),
        shown("x\ufffd"),
    ),
    "an error of the server": (
        r'"error":{"code":-7,"message":"no \ud83d","data":{"\ud83d":"\ud83d"}}',
        {"code": -7, "message": "no \ufffd", "data": {"\ufffd": "\ufffd"}},
    ),
}
INFO = r'"name":"half \ud83d","version":"1"'
TOOL = r'"name":"loo\ud83d","description":"\udc00 looks","inputSchema":{"type":"object"}'
CACHED = '"ttlMs":0,"cacheScope":"private"'
ABLE = '"capabilities":{"tools":{}}'
ANSWERS = {
    "initialize": f'"result":{{"protocolVersion":"2025-11-25",{ABLE},"serverInfo":{{{INFO}}}}}',
    "server/discover": result(
        f'"supportedVersions":["2026-07-28"],{ABLE},{CACHED},"_meta":{{"io.modelcontextprotocol/serverInfo":{{{INFO}}}}}'
    ),
    "tools/list": result(f'{CACHED},"tools":[{{{TOOL}}}]'),
    # A link is read before the host sees it; where that fails, it stays a link.
    "resources/read": r'"error":{"code":-32002,"message":"there is no such \ud83d"}',
    "loo\ufffd": text(r"seen \ud83d"),
    **{name: answer for name, (answer, _) in CALLS.items()},
}


@pytest.fixture(scope="module")
def url():
    command = [sys.executable, str(TESTS / "servers" / "literal.py"), json.dumps(ANSWERS)]
    with served(server=command) as (address, _):
        yield address


@pytest.fixture(params=["legacy", "auto"])
async def client(request, url, monkeypatch):
    # On a busy machine an answer to its first question may take longer than the 10 seconds that it waits.
    monkeypatch.setattr("mcp.client.session.DISCOVER_TIMEOUT_SECONDS", 600)
    async with Client(url, mode=request.param) as client:
        assert client.protocol_version == {"legacy": "2025-11-25", "auto": "2026-07-28"}[request.param]
        yield client


async def said(client, name):
    """Return what the SDK, a strict reader, makes of an answer."""
    try:
        result = await client.call_tool(name, {})
        return result.model_dump(by_alias=True, exclude_unset=True, exclude={"result_type"})
    except MCPError as error:
        return error.error.model_dump(exclude_unset=True)


async def test_what_a_server_answers_can_be_read(client):
    assert [await said(client, name) for name in CALLS] == [expected for _, expected in CALLS.values()]


async def test_what_a_server_lists_can_be_read(client):
    (tool,) = (await client.list_tools()).tools
    assert (tool.name, tool.description) == ("loo\ufffd", "\ufffd looks")


async def test_what_a_host_asks_can_be_read(url):
    """No writer of the SDK's cuts characters; that of another host does."""
    message = r"""{"jsonrpc":"2.0","id":"\udfff","method":"tools/call","params":{"name":"loo\ud83d","arguments":{"\ud83d":"\ud83d"},
    "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"""
    headers = {
        "accept": "application/json, text/event-stream",
        "content-type": "application/json",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": encode_header_value("loo\ufffd"),
    }
    async with httpx2.AsyncClient(timeout=600) as client:
        answer = await client.post(url, content=message.encode(), headers=headers)
    read = from_json(answer.content)
    assert answer.status_code == 200
    assert (read["id"], read["result"]["content"][0]["text"]) == ("\ufffd", "seen \ufffd")
