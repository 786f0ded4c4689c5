"""Faults of servers, over real pipes: every call is answered correctly, and the next one works."""

import json
import logging
import sys
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
import samples
from mcp import MCPError, StdioServerParameters
from mcp.server import MCPServer
from mcp.types import ServerCapabilities, ToolAnnotations, ToolsCapability
from processes import ended

from imagebridge import Bridge, BridgeError, HttpServer
from imagebridge.client import messages
from imagebridge.client.connect import plain
from imagebridge.client.environment import UNHEARD
from imagebridge.client.tool_list import Tools
from imagebridge.errors import ServerError
from imagebridge.events import Log, Progress

SCRIPT = Path(__file__).parents[2] / "servers" / "sloppy.py"
SLOPPY = StdioServerParameters(command=sys.executable, args=["-S", str(SCRIPT)])
MODERN = StdioServerParameters(command=sys.executable, args=["-S", str(SCRIPT), "modern"])

pytestmark = pytest.mark.anyio


def call(name, call_id="call_1", /, **arguments):
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": json.dumps(arguments)}


def response(*calls):
    return {"model": "gpt-5.6-luna", "output": list(calls)}


async def said(bridge, name, /, **arguments):
    """Return what the model is told for one call."""
    (output,) = await bridge.outputs(response(call(name, **arguments)))
    return output["output"]


async def works(bridge):
    return await said(bridge, "echo", result={"content": [{"type": "text", "text": "here"}]}) == "here"


async def test_a_server_that_dies_in_a_call_says_its_last_words_and_is_started_anew():
    async with Bridge(SLOPPY) as bridge:
        told = await said(bridge, "die")
        assert told == (
            "Tool error:\nsloppy: the server exited or its connection was lost, and die was not answered: "
            "it may or may not have run\nIt wrote to stderr:\nthe disk is full"
        )
        assert await works(bridge)


async def test_calls_beside_one_that_kills_the_server_are_each_answered():
    async with Bridge(SLOPPY, parallel=True) as bridge:
        calls = [call("hang", "a"), call("die", "b"), call("hang", "c")]
        outputs = await bridge.outputs(response(*calls))
        assert [output["call_id"] for output in outputs] == ["a", "b", "c"]
        assert all("it may or may not have run" in output["output"] for output in outputs)
        assert await works(bridge)


async def test_a_server_that_dies_is_missed_though_its_child_holds_its_output():
    heard = []
    async with Bridge(SLOPPY, on_event=heard.append) as bridge:
        told = await said(bridge, "die_a_parent")
        assert "the server exited or its connection was lost" in told
        assert await works(bridge)
    (child,) = [one.data for one in heard]
    assert ended(child), "what the server had started is ended with it"


async def test_an_answer_that_cannot_be_repaired_costs_its_own_call_alone(monkeypatch):
    repair = messages.REPAIRS["tools/call"]

    def repair_or_fail(result):
        if "first" in str(result):
            raise ArithmeticError("no such number")
        return repair(result)

    monkeypatch.setitem(messages.REPAIRS, "tools/call", repair_or_fail)
    results = [{"content": [{"type": "text", "text": words}]} for words in ("first", "second")]
    async with Bridge(SLOPPY, parallel=True) as bridge:
        calls = [call("echo", str(at), result=result) for at, result in enumerate(results)]
        first, second = await bridge.outputs(response(*calls))
        assert "the answer cannot be read: no such number" in first["output"]
        assert second["output"] == "second"
        assert await works(bridge)


@pytest.mark.parametrize("keys", [["10", "9"], ["1" * 5_000, "7"]], ids=["two digits", "very many digits"])
async def test_a_list_of_blocks_that_came_as_an_object_is_in_the_order_of_its_numbers(keys):
    last, first = keys
    blocks = {last: {"type": "text", "text": "last"}, first: {"type": "text", "text": "first"}}
    async with Bridge(SLOPPY) as bridge:
        assert await said(bridge, "echo", result={"content": blocks}) == "first\nlast"


async def test_an_error_of_the_servers_own_range_is_no_lost_connection():
    server, ran = MCPServer("bank", log_level="CRITICAL"), []

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    def look() -> str:
        """Refuses."""
        ran.append(1)
        raise MCPError(code=-32000, message="quota exceeded")

    async with Bridge(server) as bridge:
        assert await said(bridge, "look") == "Tool error:\nbank: look: quota exceeded"
    assert ran == [1]


async def test_a_call_that_only_reads_is_made_once_more(tmp_path):
    async with Bridge(SLOPPY) as bridge:
        assert await said(bridge, "die_once", mark=str(tmp_path / "mark")) == "alive"


async def test_a_server_that_keeps_ending_is_left_alone_for_longer_and_longer(monkeypatch):
    monkeypatch.setattr("imagebridge.client.connection._FIRST_PAUSE", 30)
    async with Bridge(SLOPPY) as bridge:
        await said(bridge, "die")
        # The second start is immediate, the third is not.
        assert "may or may not have run" in await said(bridge, "die")
        told = await said(bridge, "echo", result={"content": []})
        assert told.startswith(
            "Tool error:\nsloppy: it exited 2 times in a row; it will not be restarted for "
        )


async def test_calls_that_wait_for_the_same_start_share_its_failure_and_no_secret_of_its_command(monkeypatch):
    silent = StdioServerParameters(
        command=sys.executable, args=["-S", "-c", "import sys; sys.stdin.read()", "--api-key", "sk-SECRET"]
    )
    async with Bridge(SLOPPY) as bridge:
        await said(bridge, "die")
        (connection,) = bridge._servers.connections
        connection.setup = replace(connection.setup, server=silent, timeout=0.3)
        starts, start = [], connection.open

        async def counted():
            starts.append(1)
            await start()

        monkeypatch.setattr(connection, "open", counted)
        outputs = await bridge.outputs(response(*(call("untyped", str(at)) for at in range(8))))
        assert [one["output"] for one in outputs] == [
            f"Tool error:\nsloppy: no answer within 0.3 seconds. {UNHEARD}"
        ] * 8
        assert len(starts) == 1
        connection.setup = replace(connection.setup, server=SLOPPY, timeout=600)
        assert await works(bridge)


@pytest.mark.parametrize(
    ("server", "named"),
    [
        ("npx -y @play/mcp --token s3cret", "npx -y @play/mcp"),
        ("env KEY=s3cret node server.js", "env"),
        (HttpServer("https://me:s3cret@host:8080/mcp?key=s3cret"), "https://host:8080/mcp"),
        (SLOPPY, f"{Path(sys.executable).name} -S {SCRIPT}"),
    ],
)
def test_a_server_is_named_without_its_secrets(server, named):
    assert plain(server) == named


async def test_an_answered_call_ends_the_row(monkeypatch):
    monkeypatch.setattr("imagebridge.client.connection._FIRST_PAUSE", 30)
    async with Bridge(SLOPPY) as bridge:
        for _ in range(3):
            await said(bridge, "die")
            assert await works(bridge)


@pytest.mark.parametrize("server", [SLOPPY, MODERN], ids=["2025-11-25", "2026-07-28"])
async def test_a_call_that_hangs_is_given_up_and_the_server_told(server):
    async with Bridge(server, timeout=600) as bridge:
        fast(bridge, 0.2)
        told = await said(bridge, "hang")
        fast(bridge, 5)
        assert told == (
            "Tool error:\nsloppy: hang did not answer within 0.2 seconds; it was cancelled but may still be running"
        )
        assert len(json.loads(await said(bridge, "cancelled"))) == 1


async def test_a_call_that_is_cancelled_is_cancelled_on_the_server_too():
    async with Bridge(SLOPPY) as bridge:
        with anyio.move_on_after(0.1) as scope:
            await bridge.call("hang")
        assert scope.cancelled_caught
        assert len(json.loads(await said(bridge, "cancelled"))) == 1
        assert await works(bridge)


def fast(bridge, seconds):
    """Give calls another timeout than the start of a server."""
    for connection in bridge._servers.connections:
        connection.setup = replace(connection.setup, timeout=seconds)


ANSWERS = {
    "garbage before the answer": (
        [
            "\xff\xfe\x00 no UTF-8",
            "{",
            "[]",
            "{}",
            '{"jsonrpc": "2.0"}',
            '{"jsonrpc": "2.0", "id": ID, "result": {"content": []}}',
        ],
        "[The tool finished and returned nothing.]",
    ),
    "an answer on the line of something else": (
        [
            'request {"jsonrpc": "2.0", "id": ID, "method": "tools/call"}',
            'log {"id": ID, "error": 3}',
            'got {} {"jsonrpc": "2.0", "id": ID, "result": {"content": ["this"]}}',
        ],
        "this",
    ),
    "a byte order mark": (
        ['\xef\xbb\xbf{"id": ID, "jsonrpc": "2.0", "result": {"content": ["this"]}}'],
        "this",
    ),
    "an answer to nobody, and one more": (
        [
            '{"jsonrpc": "2.0", "id": 4711, "result": {}}',
            '{"jsonrpc": "2.0", "id": ID, "result": "bare"}',
            '{"jsonrpc": "2.0", "id": ID, "result": {}}',
        ],
        "bare",
    ),
    "its number as a string": (['{"jsonrpc": "2.0", "id": "ID", "result": {"content": ["a", 3]}}'], "a\n"),
    "no version": (['{"id": ID, "result": {"content": "plain"}}'], "plain"),
    "a list of blocks": (['{"jsonrpc": "2.0", "id": ID, "result": [{"type": "text", "text": "x"}]}'], "x"),
    "an error": (
        ['{"jsonrpc": "2.0", "id": ID, "error": {"code": -1, "message": "no paper"}}'],
        "Tool error:\nsloppy: raw: no paper",
    ),
    "an error of the server's own range": (
        ['{"jsonrpc": "2.0", "id": ID, "error": {"code": -32000, "message": "quota exceeded"}}'],
        "Tool error:\nsloppy: raw: quota exceeded",
    ),
    "an error that is a text": (
        ['{"jsonrpc": "2.0", "id": ID, "error": "no paper"}'],
        "Tool error:\nsloppy: raw: the answer is not JSON-RPC: ",
    ),
    "neither result nor error": (
        ['{"jsonrpc": "2.0", "id": ID}'],
        "Tool error:\nsloppy: raw: the answer is not JSON-RPC: ",
    ),
    "half a surrogate": (
        [r'{"jsonrpc": "2.0", "id": ID, "result": {"content": [{"type": "text", "text": "cut \ud83d"}]}}'],
        "cut \ufffd",
    ),
    "no UTF-8 inside a text": (
        ['{"jsonrpc": "2.0", "id": ID, "result": {"content": [{"type": "text", "text": "caf\xe9!"}]}}'],
        "caf\ufffd!",
    ),
    "hundreds of levels": (
        ['{"jsonrpc": "2.0", "id": ID, "result": {"_meta": {"a": %s}}}' % ("[" * 400 + "]" * 400)],
        "[The tool finished and returned nothing.]",
    ),
    "thousands of levels": (
        ['{"jsonrpc": "2.0", "id": ID, "result": {"_meta": %s}}' % ('{"a":' * 100_000 + "1" + "}" * 100_000)],
        "Tool error:\nsloppy: raw: the answer is nested too deeply to be read",
    ),
    "thousands of levels before the id": (
        ['{"result": {"_meta": %s}, "jsonrpc": "2.0", "id": ID}' % ('{"a":' * 100_000 + "1" + "}" * 100_000)],
        "Tool error:\nsloppy: raw: the answer is nested too deeply to be read",
    ),
    "a number of 6,000 digits": (
        [
            '{"jsonrpc": "2.0", "id": ID, "result": {"content": "fine", "structuredContent": {"n": 1%s}}}'
            % ("0" * 6_000)
        ],
        'fine\n{"n": "[a whole number of 6,001 digits]"}',
    ),
    "a batch": (['[{"jsonrpc": "2.0", "id": ID, "result": {"content": "fine"}}]'], "fine"),
    "a batch of several": (
        [
            '[{"method": "x", "jsonrpc": "2.0"}, 5, {"jsonrpc": "2.0", "id": ID, "result": {"content": "fine"}}]'
        ],
        "fine",
    ),
    "a notification behind it in its line": (
        ['{"jsonrpc": "2.0", "id": ID, "result": {"content": "fine"}} {"jsonrpc": "2.0", "method": "x"}'],
        "fine",
    ),
    "a notification before it in its line": (
        ['{"jsonrpc": "2.0", "method": "x"}{"jsonrpc": "2.0", "id": ID, "result": {"content": "fine"}}'],
        "fine",
    ),
    "words behind it in its line": (
        ['{"jsonrpc": "2.0", "id": ID, "result": {"content": "fine"}} done'],
        "fine",
    ),
    "its user is asked": (
        ['{"jsonrpc": "2.0", "id": ID, "error": {"code": -32042, "message": "log in"}}'],
        "Tool error:\nsloppy: raw: log in",
    ),
}


async def test_every_answer_is_told_for_what_it_is():
    async with Bridge(SLOPPY, timeout=600) as bridge:
        for name, (lines, expected) in ANSWERS.items():
            told = await said(bridge, "raw", lines=lines)
            assert told.startswith(expected), name
            assert await works(bridge)


async def test_a_linked_resource_is_told_for_what_it_is():
    picture = samples.file(samples.drawing(), "PNG")
    contents = [
        {"uri": "a", "mimeType": 5, "_meta": 3, "blob": samples.b64(picture)},
        {"uri": "b", "text": 3},
        {"text": "noted"},
    ]
    links = [
        {"type": "resource_link", "uri": f"said:{json.dumps(said)}", "name": "l", "mimeType": "image/png"}
        for said in (contents, [])
    ]
    async with Bridge(SLOPPY) as bridge:
        shown, *lines = await said(bridge, "echo", result={"content": links})
    assert shown["image_url"] == samples.data_url(picture, "image/png")
    assert [line["text"] for line in lines] == [
        "[not shown: data of an unknown type, b; it is empty]",
        "noted",
        "[link: l <said:[]>, image/png]",
        "[the link above could not be read: it is empty]",
    ]


async def test_answers_out_of_order_reach_their_own_calls():
    async with Bridge(SLOPPY, parallel=True) as bridge:
        outputs = await bridge.outputs(response(call("swap", "a", word="one"), call("swap", "b", word="two")))
    assert [(one["call_id"], one["output"]) for one in outputs] == [("a", "one"), ("b", "two")]


@pytest.mark.long
async def test_a_picture_of_20_megabytes_arrives():
    async with Bridge(SLOPPY) as bridge:
        (output,) = await bridge.outputs(response(call("big", size=20_000_000)))
        assert output["output"][0]["image_url"].startswith("data:image/")
        assert "of 2581x2581" in output["output"][1]["text"]
        assert await works(bridge)


async def test_tools_that_come_later_are_offered_and_the_others_keep_their_names():
    async with Bridge(SLOPPY, SLOPPY, deny=["*hidden"]) as bridge:
        before = [tool["name"] for tool in bridge.tools]
        assert before[:2] == ["sloppy_echo", "sloppy_raw"]
        for name in ("paint", "paint.it", "paint/it", "hidden", "sloppy_2_echo"):
            assert await said(bridge, "sloppy_grow", name=name) == "grown"
        names = [tool["name"] for tool in bridge.tools]
        assert [name for name in names if name in before] == before
        new = [name for name in names if name not in before]
        # The two servers share names: whichever tells first, each later tool has its own server's name before it.
        assert new[:2] == ["sloppy_paint", "sloppy_paint_it"]
        assert new[2].startswith("sloppy_paint_it_")
        assert new[3:] == ["sloppy_sloppy_2_echo"]
        for name, original in zip(new, ("paint", "paint.it", "paint/it", "sloppy_2_echo"), strict=True):
            assert await said(bridge, name) == f"{original} was called"


async def test_a_list_of_tools_that_breaks_off_costs_no_answer(monkeypatch):
    async def broken(client):
        raise anyio.BrokenResourceError

    async with Bridge(SLOPPY) as bridge:
        monkeypatch.setattr("imagebridge.client.tool_list.listed", broken)
        assert await said(bridge, "grow", name="paint") == "grown"
        assert await works(bridge)


async def test_tools_that_become_too_many_are_not_offered_and_end_nothing(caplog):
    async with Bridge(SLOPPY) as bridge:
        before = bridge.tools
        assert await said(bridge, "grow", name="t", times=128) == "grown"
        assert await works(bridge)
        assert bridge.tools == before
    assert "keeping the previous list of tools: 140 tools, but the API accepts 128" in caplog.text


async def test_a_list_of_tools_whose_pages_go_in_a_circle_ends():
    circle = SLOPPY.model_copy(update={"args": [*SLOPPY.args, "circle"]})
    async with Bridge(circle, timeout=600) as bridge:
        assert await works(bridge)


class Hurried:
    """A client whose server ends each subscription at once."""

    protocol_version = "2026-07-28"
    server_capabilities = ServerCapabilities(tools=ToolsCapability(list_changed=True))

    @asynccontextmanager
    async def listen(self, **_):
        async def nothing():
            for event in ():
                yield event

        yield nothing()


async def test_a_subscription_that_ends_at_once_is_renewed_less_and_less_often(monkeypatch):
    pauses = []

    async def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 9:
            raise MCPError(code=0, message="enough")

    monkeypatch.setattr("imagebridge.client.tool_list.anyio.sleep", sleep)
    with pytest.raises(MCPError):
        await Tools(lambda: "hurried", 60, lambda: None)._subscribed(Hurried())
    assert pauses == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]


async def test_tools_that_change_by_being_listed_are_listed_less_and_less_often(monkeypatch):
    pauses, lists = [], []

    async def listing(client):
        lists.append(client)
        if len(lists) == 4:
            raise MemoryError
        tools._stale.set()
        return []

    async def sleep(seconds):
        pauses.append(seconds)

    monkeypatch.setattr("imagebridge.client.tool_list.listed", listing)
    monkeypatch.setattr("imagebridge.client.tool_list.anyio.sleep", sleep)
    tools = Tools(lambda: "hurried", 60, lambda: None)
    tools._stale.set()
    with pytest.raises(MemoryError):
        await tools._follow(Hurried())
    assert pauses == [0.5, 1, 2]


async def test_a_malformed_tool_costs_neither_the_others_nor_itself(caplog):
    async with Bridge(SLOPPY) as bridge:
        assert bridge.tools[-1] == {
            "type": "function",
            "name": "untyped",
            "description": "",
            "parameters": {"type": "object", "properties": {}},
            "strict": False,
        }
        assert await said(bridge, "untyped") == "untyped was called"
    assert [record.getMessage() for record in caplog.records] == [
        "leaving out a tool without a name: {'inputSchema': {'type': 'object'}}"
    ]


async def test_progress_and_logs_are_heard():
    heard = []
    async with Bridge(SLOPPY, on_event=heard.append) as bridge:
        assert await said(bridge, "steps") == "done"
        assert await works(bridge)
    log, progress = sorted(heard, key=lambda one: type(one).__name__)
    assert log == Log("sloppy", "warning", {"free": 3}, "disk")
    assert isinstance(progress, Progress)
    assert (progress.progress, progress.total, progress.message) == (1, 2, "half")
    assert (progress.call.name, progress.call.call_id) == ("steps", "call_1")


async def test_a_server_that_fails_does_not_keep_the_others_from_working(caplog):
    with caplog.at_level(logging.WARNING, "imagebridge"):
        async with Bridge("no-such-program", SLOPPY) as bridge:
            assert await works(bridge)
            (failure,) = bridge.failures
    assert isinstance(failure, ServerError)
    assert failure.server == "no-such-program"
    assert "continuing without no-such-program: cannot be started: " in caplog.messages[-1]
    with pytest.raises(ServerError, match="no-such-program"):
        async with Bridge("no-such-program", SLOPPY, required=True):
            pass


@pytest.mark.parametrize("required", [True, False])
async def test_a_configuration_says_what_is_required(tmp_path, required, caplog):
    script = "import sys; sys.exit('no licence')"
    path = tmp_path / "mcp.json"
    servers = {
        "broken": {"command": sys.executable, "args": ["-S", "-c", script], "required": required},
        "good": {"command": sys.executable, "args": ["-S", str(SCRIPT)], "includeTools": ["ech?"]},
    }
    path.write_text(json.dumps({"mcpServers": servers}))
    bridge = Bridge(config=path)
    if required:
        with pytest.raises(BridgeError, match="no licence"):
            async with bridge:
                pass
        return
    async with bridge:
        assert [tool["name"] for tool in bridge.tools] == ["echo"]
        (failure,) = bridge.failures
        assert failure.server.startswith("broken (python")
        assert failure.stderr.strip() == "no licence"
