"""The kinds of input: how each is read, mutated and written, and the properties that must hold."""

import base64
import json
import os
import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import anyio

from . import relay_lines
from .mutation import NUMBERS, damaged, disturbed, packed, unpacked, with_checksums

HOSTS = (None, "unknown", "claude-desktop", "cursor", "text-only", "codex")
MODEL = "gpt-6-luna"


class Kind(NamedTuple):
    """read: bytes of a file to an input. change: an input and another one, by chance. hold: what must hold, with drawing
    where that costs much. written: an input to bytes of a file."""

    read: Callable
    change: Callable
    hold: Callable
    written: Callable


def json_text(value):
    """Write JSON as careless servers do: with NaN, lone surrogates and numbers of any length."""
    return json.dumps(value, indent=1, default=str).encode()


def read_json(data):
    return json.loads(data, parse_int=_integer)


def _integer(digits):
    return int(digits) if len(digits) < 4_000 else 10 ** len(digits)


def sendable(made):
    """Check that data for an API is JSON that every parser accepts."""
    json.dumps(made, ensure_ascii=False, allow_nan=False).encode()


def accepted(body):
    """Check that the API accepts a request, according to all known rules."""
    from imagebridge import check

    sendable(body)
    refused = [str(finding) for finding in check(body) if finding.refused]
    assert not refused, refused[0]


def of_outputs(result, *, proof=None):
    """A result as an output for both APIs, and repaired for a host."""
    from imagebridge import Policy, chat_messages, function_call_output

    call = {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"}
    accepted({"model": MODEL, "input": [call, function_call_output(result, "c", Policy(proof=proof))]})
    asked = {"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    messages = [{"role": "user", "content": "look"}, {"role": "assistant", "tool_calls": [asked]}]
    accepted({"model": MODEL, "messages": [*messages, *chat_messages([("c", result)], Policy(proof=proof))]})


def results(result, draw):
    from imagebridge import repair

    # Without any field of a result it would be another object, given by mistake.
    result = {"content": [], **result} if isinstance(result, dict) else {"content": result}
    of_outputs(result, proof="decoded" if draw else None)
    for host in HOSTS if draw else HOSTS[:2]:
        sendable(repair(result, host))


def pictures(data, draw):
    from imagebridge import Policy, function_call_output, repair

    encoded = base64.b64encode(data).decode()
    result = {"content": [{"type": "image", "data": encoded, "mimeType": "image/png"}]}
    if draw:
        of_outputs(result, proof="decoded")
        sendable(repair(result))
    else:
        call = {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"}
        output = function_call_output(result, "c", Policy(proof="decoded"))
        accepted({"model": MODEL, "input": [call, output]})


def documents(data, draw):
    """A document is read, or rejected with a message, and the blocks next to it are kept."""
    from imagebridge import Policy, function_call_output
    from imagebridge.documents.excerpt import excerpt
    from imagebridge.errors import BridgeError

    try:
        read = excerpt(data, "a.html", room=20_000)
    except BridgeError as error:
        sendable(str(error).encode(errors="replace").decode())
    else:
        assert len(json.dumps(read.text)) <= 20_002
    if draw:
        blob = base64.b64encode(data).decode()
        blocks = [
            {"type": "text", "text": "beside"},
            {"type": "resource", "resource": {"uri": "a", "blob": blob}},
        ]
        output = function_call_output({"content": blocks}, "c", Policy(documents="pages"))
        sendable(output)
        assert "beside" in str(output)


def svgs(data, draw):
    from imagebridge import Policy, function_call_output

    text = data.decode(errors="surrogateescape")
    blocks = [{"type": "image", "data": base64.b64encode(data).decode(), "mimeType": "image/svg+xml"}]
    if draw:
        blocks.append({"type": "text", "text": text})
    sendable(function_call_output({"content": blocks}, "c", Policy(proof="decoded")))


def specs(spec, draw):
    from imagebridge.errors import ArgumentError, BridgeError
    from imagebridge_tools import generate_chart
    from imagebridge_tools.charts import chart_drawing
    from imagebridge_tools.charts import specs as reading
    from imagebridge_tools.charts.theme import ChartFrame
    from imagebridge_tools.files.source import NOWHERE

    if draw:

        async def drawn():
            said = ""
            try:
                await generate_chart(spec=spec, seconds=30)
            except BridgeError as error:
                said = str(error)
            assert "out of memory" not in said, said

        anyio.run(drawn)
        return
    frame = ChartFrame(800, 500, None, None, {}, {}, "light")
    try:
        drawing, own, _ = chart_drawing._of_spec(spec, None, NOWHERE, frame, None, None)
        text = chart_drawing._json_for_engine(reading.ready(drawing, own, reading.sizes(None, None, "light")))
    except ArgumentError as error:
        sendable(str(error).encode(errors="replace").decode())
    else:
        json.loads(text)


def tools(listed, draw):
    from mcp.types import ListToolsResult

    from imagebridge import tool_names
    from imagebridge.client.listing import relisted
    from imagebridge.relay.json_rpc import written
    from imagebridge.relay.tool_names import Names
    from imagebridge.wire import writable

    page = relisted(listed if isinstance(listed, dict) else {"tools": listed})
    found = ListToolsResult.model_validate(page).tools[:100]
    assert set(tool_names(found).values()) == {tool.name for tool in found}
    _defined(found)
    # As a relay lists them with --names.
    raw_page = listed if isinstance(listed, dict) else {"tools": listed}
    json.loads(written(Names().listed(writable(raw_page))), parse_constant=_not_json)
    raw = listed.get("tools") if isinstance(listed, dict) else listed
    _defined(
        [tool for tool in raw or () if isinstance(tool, dict) and isinstance(tool.get("name"), str)][:100]
        if isinstance(raw, list)
        else []
    )


def _defined(found):
    """Tools as the SDK or a server lists them, for both APIs."""
    from imagebridge import chat_tools, responses_tools
    from imagebridge.errors import BridgeError

    try:
        body = {"model": MODEL, "tools": responses_tools(found)}
        chat = {"model": MODEL, "tools": chat_tools(found), "reasoning_effort": "none"}
    except BridgeError:
        return
    if found:
        accepted({**body, "input": "Look."})
        accepted({**chat, "messages": [{"role": "user", "content": "Look."}]})


def streams(data, draw):
    import httpx2
    from openai import AsyncOpenAI, OpenAIError

    from imagebridge import Bridge, BridgeError

    is_json = data.lstrip()[:1] in (b"{", b"[")
    is_chat = b"chat.completion" in data
    label = "application/json" if is_json else "text/event-stream"

    def answer(_):
        return httpx2.Response(200, headers={"content-type": label}, content=data)

    async def run():
        transport = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
        asked = {"model": MODEL, "input": "Look.", "api": "chat" if is_chat else "responses", "max_turns": 2}
        async with AsyncOpenAI(
            base_url="http://x/v1", api_key="x", http_client=transport, max_retries=0
        ) as client:
            async with Bridge(_server()) as bridge:
                try:
                    if is_json:
                        reply = await bridge.run(client, **asked)
                    else:
                        async for event in bridge.stream(client, **asked):
                            reply = getattr(event, "reply", None)
                    items = reply.items
                except (BridgeError, OpenAIError) as error:
                    items = error.items
                sendable(items)

    anyio.run(run)


def _server():
    from mcp.server import MCPServer

    server = MCPServer("eyes", log_level="CRITICAL")

    @server.tool()
    def look() -> str:
        return "a red square"

    return server


def answers(line, draw):
    """Lines that a server writes to a client."""
    from imagebridge.client.json_rpc import messages

    assert messages(line)


def requests(line, draw):
    """Lines that a host writes to our server; one that cannot be parsed is answered if its id is known."""
    from mcp.types import jsonrpc_message_adapter
    from pydantic import ValidationError

    from imagebridge_server.startup.message_streams import _mended

    try:
        jsonrpc_message_adapter.validate_json(line.decode(errors="replace"), by_name=False)
    except ValidationError as refused:
        for message, _ in _mended(refused):
            message.message.model_dump_json(by_alias=True)


def calls(call, draw):
    """Calls of our server's tools by a host: each is answered, and none fails in an unintended way."""
    from imagebridge.wire import writable

    call = json.loads(json.dumps(writable(call, finite=True)), parse_int=_integer)
    arguments = call["arguments"]

    async def answered():
        from mcp import Client

        with anyio.fail_after(600):
            async with Client(_tools()) as client:
                return await client.call_tool(
                    call["name"], arguments if isinstance(arguments, dict) else {"arguments": arguments}
                )

    answer = anyio.run(answered).model_dump(mode="json", by_alias=True)
    sendable(answer)
    said = json.dumps(answer["content"])
    assert not re.search("the tool failed with|Error executing", said), said


@cache
def _tools():
    """Our server with every tool, but without a key, so that the image API is not called."""
    from imagebridge_server.app import build_server
    from imagebridge_server.settings import Settings

    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        os.environ.pop(name, None)
    return build_server(Settings(create=True))


def bodies(body, draw):
    from imagebridge import check
    from imagebridge.check import fixed

    if not isinstance(body, dict):
        body = {"input": body}
    for one in (body, fixed(body)):
        for finding in check(one, proof="decoded" if draw else "structure"):
            str(finding)


def _damaged_picture(chance, data, other):
    made = damaged(chance, data, other)
    return with_checksums(made) if made.startswith(b"\x89PNG") and chance.random() < 0.7 else made


def _damaged_document(chance, data, other):
    """A package in which one or two parts, or its bytes, are damaged or taken from another package."""
    parts = unpacked(data)
    if not parts or chance.random() < 0.1:
        return damaged(chance, data, other)
    for _ in range(chance.choice((1, 1, 2))):
        name = chance.choice([one for one in parts if one != "mimetype"])
        others = list(unpacked(other).values()) or [other]
        parts[name] = damaged(chance, parts[name], chance.choice(others))
        if chance.random() < 0.3:
            # Numbers that nobody writes, in a place where there was one.
            parts[name] = re.sub(
                rb'"\d{1,4}"', lambda _: b'"%s"' % chance.choice(NUMBERS), parts[name], count=3
            )
    return packed(parts)


def _other_arguments(chance, call, other):
    return {"name": call["name"], "arguments": disturbed(chance, call["arguments"], other["arguments"])}


def relayed(line, draw):
    """Lines that either side writes to a relay, which must not fail, and must pass on one line of JSON for each."""
    from imagebridge.client.json_bytes import paired_escapes

    line = line.replace(b"\n", b" ")
    # What the host says is passed on as it came, whatever it is, but for halves of characters.
    as_it_came = {one.strip() for one in (line, paired_escapes(line))}
    call, answer = relay_lines.CALL, relay_lines.ANSWER
    heard, _ = relay_lines.relayed([call], [line, answer])
    assert heard, "the call is not answered"
    later, passed_on = relay_lines.relayed([line, call], [answer])
    assert any(b"bare" in one for one in later), "the call is not answered"
    for one in (*heard, *later, *passed_on):
        if one.strip() not in as_it_came:
            json.loads(one.decode("ascii"), parse_constant=_not_json, parse_int=_integer)


def _not_json(constant):
    raise ValueError(f"{constant} is not JSON")


def _same(data):
    return data


KINDS = {
    "results": Kind(read_json, disturbed, results, json_text),
    "pictures": Kind(_same, _damaged_picture, pictures, _same),
    "documents": Kind(_same, _damaged_document, documents, _same),
    "svgs": Kind(_same, damaged, svgs, _same),
    "specs": Kind(read_json, disturbed, specs, json_text),
    "tools": Kind(read_json, disturbed, tools, json_text),
    "streams": Kind(_same, damaged, streams, _same),
    "answers": Kind(_same, damaged, answers, _same),
    "requests": Kind(_same, damaged, requests, _same),
    "relayed": Kind(_same, damaged, relayed, _same),
    "calls": Kind(read_json, _other_arguments, calls, json_text),
    "bodies": Kind(read_json, disturbed, bodies, json_text),
}
