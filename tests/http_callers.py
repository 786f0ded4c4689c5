"""Callers of the server over HTTP, either in memory or at the address of a process."""

import json
from contextlib import asynccontextmanager

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

MODERN = "2026-07-28"
BOTH = {"accept": "application/json, text/event-stream"}
HERE = "http://127.0.0.1:8000/mcp"


@asynccontextmanager
async def in_memory(app, client=("127.0.0.1", 50_000), **headers):
    """Run an application; yield an HTTP client that reaches it from the address `client`."""
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app=app, client=client)
        async with httpx2.AsyncClient(transport=transport, headers=headers, timeout=120) as http:
            yield http


def speaking(http, mode="auto", url=HERE):
    """Return an MCP client over an HTTP client."""
    return Client(streamable_http_client(url, http_client=http), mode=mode)


def request(method, params=None, number=1, client="mcp", **meta):
    """Return the body and headers of a request of 2026-07-28."""
    envelope = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientInfo": {"name": client, "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {**(params or {}), "_meta": {**envelope, **meta}}
    headers = {
        **BOTH,
        "content-type": "application/json",
        "mcp-protocol-version": MODERN,
        "mcp-method": method,
    }
    if name := params.get("name") or params.get("uri"):
        headers["mcp-name"] = name
    message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    return {"content": json.dumps(message), "headers": headers}


def called(tool, arguments=None, **choices):
    """Return the body and headers of a call of a tool."""
    return request("tools/call", {"name": tool, "arguments": arguments or {}}, **choices)


def messages(response):
    """Return the messages of an answer, events or JSON."""
    if response.headers["content-type"].startswith("text/event-stream"):
        lines = response.text.splitlines()
        return [json.loads(line[6:]) for line in lines if line.startswith("data: ") and line[6:]]
    return [response.json()]


def result(response):
    """Return the result at the end of an answer."""
    return messages(response)[-1]["result"]
