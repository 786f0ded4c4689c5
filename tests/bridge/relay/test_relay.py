"""The relay in front of real servers: what each host sees, and that everything else passes unchanged."""

import json
import os
import signal
import subprocess
import sys

import processes
import pytest
import samples
from commands import run
from kinds_seen import by_hand, is_right
from local_servers import serving
from long_rows import one_in
from mcp import Client, StdioServerParameters
from mcp_blocks import text as told
from relaying import ENVIRONMENT, KINDS, PROXY, SLOPPY, Wire, relay
from samples import b64, drawing, file
from servers import kinds

from imagebridge.pictures.picture import Picture

PNG = file(drawing(), "PNG")
IMAGE = {"type": "image", "data": b64(PNG), "mimeType": "image/png"}


@pytest.fixture(scope="module")
def plain():
    with relay() as wire:
        yield wire.open()


def echoed(wire, **result):
    return wire.call("echo", {"result": result})


@pytest.mark.long
@pytest.mark.anyio
async def test_the_loop_by_hand_sees_every_kind_of_result():
    command = [*PROXY, "--", *KINDS]
    server = StdioServerParameters(command=command[0], args=command[1:], env=ENVIRONMENT)
    async with Client(server, mode="legacy") as client:
        await client.list_tools()
        seen = {name: by_hand(await client.call_tool(name, {})) for name in kinds.KINDS}
    assert len(seen) == 31
    assert [name for name, parts in seen.items() if not is_right(name, parts)] == []


# What passes.


LINES = [
    {"method": "ping", "id": "a", "params": {}},
    {"method": "tools/list", "id": 2**40, "params": {"_meta": {"x": "ä\u2028"}}},
    {"method": "nothing/known", "id": -1},
    {"method": "tools/call", "id": 7, "params": {"name": "echo", "arguments": {"result": {"content": [told("hé")]}}}},
    {
        "method": "tools/call",
        "id": "7",
        "params": {"name": "echo", "arguments": {"result": {"content": [told("a"), IMAGE], "isError": False, "_meta": {"n": 1.0}}}},
    },
    {
        "method": "tools/call",
        "id": 8,
        "params": {
            "name": "raw",
            "arguments": {
                "lines": [
                    '{"jsonrpc": "2.0","method":"notifications/message",  "params":{"level":"info","data":1e2}}',
                    '{ "result":{"content":[{"text":"\\\\u00e9 \\\\/","type":"text"}]} , "id":ID,"jsonrpc":"2.0"}',
                ]
            },
        },
    },
    {"method": "tools/call", "id": 9, "params": {"name": "raw", "arguments": {"lines": ['{"jsonrpc":"2.0","id":ID,"error":{"code":-7,"message":"no","data":[1]}}']}}},
    {"method": "tools/call", "id": 10, "params": {"name": "raw", "arguments": {"lines": [
        '{"jsonrpc":"2.0","id":ID,"result":{"resultType":"input_required","inputRequests":{}}}']}}},
    {"method": "tools/call", "id": 11, "params": {"name": "raw", "arguments": {"lines": [
        '{"jsonrpc":"2.0","id":ID,"result":{"task":{"taskId":"t","status":"working"}}}']}}},
    {"method": "tools/call", "id": 12, "params": {"name": "raw", "arguments": {"lines": [
        '{"jsonrpc":"2.0","id":"server-1","method":"sampling/createMessage","params":{}}',
        '{"jsonrpc":"2.0","id":ID,"result":{"content":[{"type":"text","text":"x"}]}}']}}},
]  # fmt: skip


@pytest.mark.parametrize("generation", one_in(2, [[], ["modern"]]), ids=["2025-11-25", "2026-07-28"])
def test_what_needs_no_repair_is_equal_byte_for_byte(generation):
    """Each line of the server that the host sees is the one that it sees without the relay."""
    heard = []
    for command in ([*SLOPPY, *generation], [*PROXY, "--", *SLOPPY, *generation]):
        with Wire(command) as wire:
            wire.send(
                {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"clientInfo": {"name": "mcp"}}}
            )
            for line in LINES:
                wire.send({"jsonrpc": "2.0", **line})
            wire.send({"jsonrpc": "2.0", "id": "last", "method": "ping"})
            # Directly all come in order; through the relay, one less than that: the banner is not a message.
            found = [wire.line()]
            while len(found) < len(heard[0]) - 1 if heard else b'"last"' not in found[-1]:
                found.append(wire.line())
        heard.append(found)
    banner, *direct = heard[0]
    assert b"banner" in banner
    # A picture is proven beside what comes after it: answers may change places, notifications never do.
    assert sorted(heard[1]) == sorted(direct)
    assert [line for line in heard[1] if b'"method"' in line] == [
        line for line in direct if b'"method"' in line
    ]


def test_what_the_host_says_reaches_the_server_as_it_is():
    script = "import sys\nfor line in sys.stdin.buffer:\n sys.stderr.buffer.write(line); sys.stderr.flush()"
    lines = [
        b'{"jsonrpc":"2.0",  "method":"notifications/x","params":{"a":1.0}}',
        b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]',
        b'{"id":3}',
        b"no JSON at all",
    ]
    with relay(server=[sys.executable, "-c", script]) as wire:
        for line in lines:
            wire.send(line)
        assert [wire.process.stderr.readline() for _ in lines] == [line + b"\n" for line in lines]


# What is repaired.


@pytest.mark.parametrize(
    ("client", "came", "expected"),
    one_in(3, [
        ("mcp", {"content": [IMAGE | {"mimeType": "image/jpg"}, told("b")]}, [told("Picture 1: PNG, 64x48 px, 173 bytes."), IMAGE, told("b")]),
        pytest.param("mcp", {"content": "bare"}, [told("bare")], marks=pytest.mark.long),
        pytest.param("mcp", {"content": [], "isError": True}, [told("Tool error:\n[The tool gave no reason.]")], marks=pytest.mark.long),
        pytest.param("mcp", {"content": [{"type": "hologram"}]}, [told("[not shown: a content block of type 'hologram'; only the names of its fields are known: none]")], marks=pytest.mark.long),
        ("codex-mcp-client", {"content": [told("a"), IMAGE], "structuredContent": {"n": 1}}, [told("a"), IMAGE, told('{"n": 1}')]),
        ("github-copilot-developer", {"content": [IMAGE]}, [told("[not shown: picture 1 (PNG, 64x48 px, 173 bytes); this host does not show pictures to its model]")]),
        pytest.param("mcp", {"content": [told(samples.data_url(PNG, "image/png"))]}, [told("[picture 1 below]"), IMAGE], marks=pytest.mark.long),
    ]),
)  # fmt: skip
def test_results_are_repaired_for_who_the_client_says_it_is(client, came, expected):
    with relay(client=client) as wire:
        assert echoed(wire.open(), **came)["content"] == expected


def test_a_named_host_wins_and_changes_are_told():
    with relay("--host", "text-only", "--explain", client="codex") as wire:
        result = echoed(wire.open(), content=[told("a"), IMAGE])
        assert [block["type"] for block in result["content"]] == ["text", "text"]
        told_lines = [wire.process.stderr.readline().decode() for _ in range(2)]
    assert "banner" in told_lines[0]
    assert told_lines[1] == (
        "imagebridge proxy: echo: image/png (173 bytes) became the text '[not shown: picture 1 (PNG, 64x48 px, "
        "173 bytes); this host does not show pictures to its model]'\n"
    )


def test_changes_of_lists_and_addresses_are_told():
    script = """
import json, sys
tools = [{"name": "img.render", "outputSchema": {"type": "object"}, "inputSchema": {"type": "object", "properties": {}}}]
for line in sys.stdin:
    asked = json.loads(line)
    result = {"tools": tools} if asked["method"] == "tools/list" else {"contents": [{"uri": "docs/a.md", "text": "x"}]}
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
"""
    options = ("--host", "opencode", "--explain", "--names")
    with relay(*options, server=[sys.executable, "-c", script]) as wire:
        wire.ask("tools/list")
        wire.ask("resources/read", {"uri": "unknown:docs/a.md"})
        lines = [wire.process.stderr.readline().decode().rstrip() for _ in range(3)]
    assert lines == [
        "imagebridge proxy: tools/list: img.render: changed name to img_render",
        "imagebridge proxy: tools/list: img.render: removed outputSchema",
        "imagebridge proxy: resources/read: docs/a.md: changed uri to unknown:docs/a.md",
    ]


def test_a_bare_result_and_one_without_a_result_are_mended(plain):
    raw = '{"jsonrpc":"2.0","id":ID,"result":["a",{"type":"text","text":"b"}]}'
    assert plain.call("raw", {"lines": [raw]}) == {"content": [told("a"), told("b")]}
    error = plain.call("raw", {"lines": ['{"jsonrpc":"2.0","id":ID}']})
    assert error["message"] == "the server's answer contains neither a result nor an error"
    printed = 'loading... {"jsonrpc":"2.0","id":ID,"result":{"content":[{"type":"text","text":"x"}]}}'
    assert plain.call("raw", {"lines": [printed]}) == {"content": [told("x")]}


def test_links_are_read_and_the_host_never_sees_it(plain):
    uri = "said:" + json.dumps([{"uri": "a:b", "blob": b64(PNG), "mimeType": "image/png"}])
    linked = {"type": "resource_link", "uri": uri, "name": "one.png", "mimeType": "image/png"}
    plain.send(
        {
            "jsonrpc": "2.0",
            "id": "x",
            "method": "tools/call",
            "params": {"name": "echo", "arguments": {"result": {"content": [told("a"), linked, linked]}}},
        }
    )
    answer = json.loads(plain.line())
    assert answer["id"] == "x"
    shown = IMAGE | {"_meta": {"imagebridge/uri": "a:b"}}
    assert answer["result"]["content"] == [told("a"), shown, shown]
    broken = linked | {"uri": "said:null"}
    (line, why) = echoed(plain, content=[broken])["content"]
    assert line["text"].startswith("[link: one.png <said:null>")
    assert why == told("[the link above could not be read: it is empty]")


LINKED = {"content": [{"type": "resource_link", "uri": "a:b", "name": "b.png", "mimeType": "image/png"}]}
DONE = {"taskId": "t", "status": "completed", "result": LINKED}


@pytest.mark.parametrize(
    ("method", "said"),
    one_in(
        2,
        [
            ("tools/call", {"id": 1, "result": LINKED}),
            pytest.param("tools/call", {"id": 1, "result": LINKED["content"]}, marks=pytest.mark.long),
            pytest.param("tasks/result", {"id": 1, "result": LINKED}, marks=pytest.mark.long),
            pytest.param("tasks/get", {"id": 1, "result": DONE}, marks=pytest.mark.long),
            ("tools/call", {"method": "notifications/tasks/status", "params": DONE}),
        ],
    ),
    ids=["a result", "a bare one", "that of a task", "in a task", "in a notification"],
)
def test_a_link_is_read_wherever_a_result_may_stand(method, said):
    """What the server answers to that is heard, though the message before it waits for it."""
    script = f"""
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    said = json.loads({json.dumps(json.dumps(said))})
    if asked["method"] == "resources/read":
        blob = {{"uri": "a:b", "blob": "{b64(PNG)}", "mimeType": "image/png"}}
        said = {{"id": asked["id"], "result": {{"contents": [blob]}}}}
    print(json.dumps({{"jsonrpc": "2.0", **said}}), flush=True)
"""
    with relay(server=[sys.executable, "-c", script]) as wire:
        wire.send({"jsonrpc": "2.0", "id": 1, "method": method, "params": {"name": "t"}})
        came = json.loads(wire.line())
    task = came.get("params") or came["result"]
    assert task.get("result", task)["content"] == [
        told("Picture 1: PNG, 64x48 px, 173 bytes."),
        IMAGE | {"_meta": {"imagebridge/uri": "a:b"}},
    ]


@pytest.mark.parametrize("method", ["tasks/result", "tasks/get"])
def test_results_of_tasks_are_repaired(method):
    script = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    result = {"content": "late"}
    if asked["method"] == "tasks/get":
        result = {"taskId": "t", "status": "completed", "result": {"content": [{"type": "text"}]}}
        print(json.dumps({"jsonrpc": "2.0", "method": "notifications/tasks", "params": result}))
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
"""
    with relay(server=[sys.executable, "-c", script]) as wire:
        wire.send({"jsonrpc": "2.0", "id": 1, "method": method, "params": {"taskId": "t"}})
        first = json.loads(wire.line())
        if method == "tasks/result":
            assert first["result"] == {"content": [told("late")]}
            return
        second = json.loads(wire.line())
    words = told("[not shown: a content block of type 'text'; only the names of its fields are known: none]")
    for task in (first.get("params") or first["result"], second.get("params") or second["result"]):
        assert task == {"taskId": "t", "status": "completed", "result": {"content": [words]}}


def test_a_batch_is_answered_as_one():
    script = """
import json, sys
for line in sys.stdin:
    print(json.dumps([{"jsonrpc": "2.0", "id": one["id"], "result": {"content": one["id"]}} for one in json.loads(line)]), flush=True)
"""
    with relay(server=[sys.executable, "-c", script]) as wire:
        calls = [
            {"jsonrpc": "2.0", "id": name, "method": "tools/call", "params": {"name": "t"}} for name in "ab"
        ]
        wire.send(calls)
        answers = json.loads(wire.line())
    assert [(one["id"], one["result"]) for one in answers] == [
        (name, {"content": [told(name)]}) for name in "ab"
    ]


def test_output_schemas_are_kept_from_hosts_that_lose_pictures_to_structured_content():
    for client, kept in (("mcp", True), ("opencode", False)):
        with relay(server=KINDS, client=client) as wire:
            listed = wire.open().ask("tools/list")["result"]["tools"]
            schemas = {tool["name"] for tool in listed if "outputSchema" in tool}
            assert schemas == (set(kinds.PROMISING) if kept else set())
            assert ("structuredContent" in wire.call("struct_image")) == kept


def test_names_that_the_api_refuses_are_legal_and_lead_back():
    script = """
import json, sys
tools = [{"name": "img.render", "inputSchema": {"type": "object"}}, {"name": "img/render", "inputSchema": {}}, {"name": "fine", "inputSchema": {"type": "object", "properties": {}}}]
for line in sys.stdin:
    asked = json.loads(line)
    result = {"tools": tools} if asked["method"] == "tools/list" else {"content": [{"type": "text", "text": asked["params"]["name"]}]}
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
"""
    with relay("--names", server=[sys.executable, "-c", script]) as wire:
        names = [tool["name"] for tool in wire.ask("tools/list")["result"]["tools"]]
        assert all(name.replace("_", "").isalnum() for name in names)
        assert len(set(names)) == 3
        called = [wire.call(name)["content"][0]["text"] for name in names]
    assert called == ["img.render", "img/render", "fine"]


# Faults.


def test_a_server_that_dies_answers_with_errors_and_is_started_anew():
    with relay() as wire:
        wire.open()
        error = wire.call("die")
        assert error["code"] == -32603
        assert error["message"] == (
            f"the server {os.path.basename(sys.executable)} exited with code 3 before it answered. "
            "See its log for the reason; the next request restarts it."
        )
        assert echoed(wire, content=[told("alive")]) == {"content": [told("alive")]}
        # It has shaken hands again, without the host.
        assert wire.ask("ping")["error"]["message"] == "Method not found"


def test_garbage_and_floods_are_left_out_and_told(plain):
    lines = [*["no JSON"] * 50, '{"jsonrpc":"2.0","id":ID,"result":{"content":[]}}']
    assert plain.call("raw", {"lines": lines}) == {
        "content": [told("[The tool finished and returned nothing.]")]
    }
    many = ['{"jsonrpc":"2.0","method":"notifications/message","params":{}}'] * 20_000
    many.append('{"jsonrpc":"2.0","id":ID,"result":{"content":[]}}')
    assert plain.call("raw", {"lines": many})["content"]


def test_a_call_that_is_never_answered_holds_nothing_up(plain):
    plain.send({"jsonrpc": "2.0", "id": "hangs", "method": "tools/call", "params": {"name": "hang"}})
    plain.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "hangs"}})
    assert json.loads(plain.call("cancelled")["content"][0]["text"]) == ["hangs"]


STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "600"])
print('{"jsonrpc":"2.0","method":"notifications/message","params":{"data":%d}}' % child.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals and process groups are POSIX's")
@pytest.mark.parametrize(
    "way",
    one_in(
        2,
        ["hangs up", "SIGTERM", *(pytest.param(one, marks=pytest.mark.long) for one in ("SIGINT", "SIGHUP"))],
    ),
)
def test_the_end_of_the_host_ends_all_that_the_server_started(way):
    wire = relay(server=[sys.executable, "-c", STUBBORN])
    grandchild = json.loads(wire.line())["params"]["data"]
    (server,) = processes.children(wire.process.pid)
    if way != "hangs up":
        wire.process.send_signal(getattr(signal, way))
    wire.process.stdin.close()
    assert wire.process.wait(600) == 0
    assert processes.ended(server, 60)
    assert processes.ended(grandchild, 60)
    wire.process.stdout.close()
    wire.process.stderr.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--"], "no server was named; write its command after --"),
        (["--host", "codx", "--", "true"], "unknown host 'codx'; did you mean 'codex'?"),
    ],
)
def test_wrong_usage_is_said_and_ends_with_2(arguments, words):
    done = run("proxy", *arguments)
    assert (done.exit_code, done.stdout, words in done.stderr) == (2, "", True)


@pytest.mark.parametrize(
    ("program", "hint"),
    one_in(
        3,
        [
            ("no-such-program-anywhere", ""),
            ("imagebridge-sever", "; did you mean 'imagebridge-server'?"),
            (os.curdir, ""),
        ],
    ),
)
def test_a_program_that_there_is_not_ends_it_with_2(program, hint):
    with Wire([*PROXY, "--", program]) as wire:
        said = wire.process.stderr.read().decode()
        assert wire.process.wait(600) == 2
    assert f"{program}: cannot be started: {program!r} is not an executable on the PATH{hint}\n" in said


# Servers behind a URL.


@pytest.mark.long
@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_server_behind_a_url(mode, server, monkeypatch):
    """The SDK's own server: answers as events, a session until 2025-11-25, headers since 2026-07-28."""
    # On a busy machine an answer to its first question may take longer than the 10 seconds that it waits.
    monkeypatch.setattr("mcp.client.session.DISCOVER_TIMEOUT_SECONDS", 600)
    relayed = StdioServerParameters(command=PROXY[0], args=[*PROXY[1:], "--url", server], env=ENVIRONMENT)
    async with Client(relayed, mode=mode) as client, Client(server, mode=mode) as direct:
        assert client.protocol_version == direct.protocol_version
        assert await client.list_tools() == await direct.list_tools()
        words, change, picture = (await client.call_tool("draw.square", {"side": 2500})).content
        assert words.text == "a red square"
        assert change.text.startswith("Shown as PNG, 2048x2048 px")
        assert Picture.from_base64(picture.data).width == 2048
        assert (await client.call_tool("broken", {})).content[0].text == "Tool error:\nit failed here"


@pytest.mark.long
def test_what_a_url_answers_is_passed_on_as_it_is_and_refusals_are_errors():
    with serving(*SLOPPY[1:]) as url, Wire([*PROXY, "--url", url]) as wire:
        wire.open()
        assert echoed(wire, content="x") == {"content": [told("x")]}
        pretty = '{\n "jsonrpc": "2.0", "id": ID,\n "result": {"content": []}}'
        assert wire.call("raw", {"lines": [pretty]})["content"] == [
            told("[The tool finished and returned nothing.]")
        ]
        error = wire.call("raw", {"lines": ["<html>"], "status": 503, "type": "text/html"})
        words = "the server is not available at the moment; try again later"
        assert error["message"] == f"{url} returned 503 Service Unavailable: {words}"
    with Wire([*PROXY, "--url", url]) as wire:
        words = "cannot be reached: it refused the connection; it did not run"
        assert wire.ask("ping")["error"]["message"] == f"{url} {words}"


def test_an_empty_stream_and_a_regular_file_end_it(tmp_path):
    asked = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "echo", "arguments": {"result": {"content": "x"}}},
    }
    (tmp_path / "in").write_text(json.dumps(asked))
    with (tmp_path / "in").open() as stdin:
        run = subprocess.run(
            [*PROXY, "--", *SLOPPY], stdin=stdin, capture_output=True, timeout=600, check=True
        )
    assert json.loads(run.stdout) == {"jsonrpc": "2.0", "id": 1, "result": {"content": [told("x")]}}


# Addresses.

KEEPER = """
import json, sys
kept = {"docs/a b.md": "one", "docs/50%25.md": "two", "//cdn/a": "three", "file:///d": "four"}
for line in sys.stdin:
    asked = json.loads(line)
    params = asked.get("params", {})
    uri = params.get("uri")
    if asked["method"] == "tools/call":
        links = [{"type": "resource_link", "uri": uri, "name": "a", "mimeType": "text/plain"} for uri in kept]
        answer = {"result": {"content": links}}
    elif asked["method"] != "resources/read":
        answer = {"result": {"asked": uri}}
    elif uri in kept:
        answer = {"result": {"contents": [{"uri": uri, "text": kept[uri]}]}}
    else:
        answer = {"error": {"code": -32002, "message": "not found: " + uri}}
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], **answer}), flush=True)
"""


def test_a_relative_address_that_was_made_absolute_leads_back():
    with relay("--host", "inspector", server=[sys.executable, "-c", KEEPER]) as wire:
        uris = [block["uri"] for block in wire.call("links")["content"]]
        assert uris == [
            "unknown:docs/a%20b.md",
            "unknown:docs/50%2525.md",
            "unknown:%2F%2Fcdn%2Fa",
            "file:///d",
        ]
        read = [wire.ask("resources/read", {"uri": uri})["result"]["contents"] for uri in uris]
        # Under the address that it was asked for, as a host of mcp 1 takes it.
        assert read == [
            [{"uri": uri, "text": text}]
            for uri, text in zip(uris, ("one", "two", "three", "four"), strict=True)
        ]
        subscribed = wire.ask("resources/subscribe", {"uri": uris[0]})
        assert subscribed["result"] == {"asked": "docs/a b.md"}
        assert wire.ask("resources/read", {"uri": "unknown:gone"})["error"]["message"] == "not found: gone"
        assert wire.ask("prompts/get", {"uri": uris[0]})["result"] == {"asked": uris[0]}


# A line as long as results get, and errors beside links.


@pytest.mark.long
def test_a_line_of_200_mb_passes_as_it_came():
    script = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    size = asked["params"].get("arguments", {}).get("size", 1)
    start = '{"jsonrpc": "2.0",  "id": %s, "result": {"other": "' % json.dumps(asked["id"])
    sys.stdout.write(start + "x" * (size - len(start) - 3) + '"}}' + chr(10))
    sys.stdout.flush()
"""
    size = 200_000_000
    with relay(server=[sys.executable, "-c", script]) as wire:
        wire.send(
            {"jsonrpc": "2.0", "id": 1, "method": "other/thing", "params": {"arguments": {"size": size}}}
        )
        line = wire.line()
        assert len(line) == size + 1
        start = b'{"jsonrpc": "2.0",  "id": 1, "result": {"other": "'
        assert line.startswith(start)
        assert line[len(start) :].lstrip(b"x") == b'"}}\n'
        # What follows is not held up, nor is anything of the long line left over.
        assert wire.ask("ping")["result"]["other"].strip("x") == ""


@pytest.mark.long
def test_a_result_of_200_mb_becomes_what_the_host_takes():
    with relay(client="claude-code") as wire:
        result = wire.open().call("big", {"size": 140_000_000})
    assert len(json.dumps(result)) <= 900_000
    words, shown = result["content"]
    picture = Picture.from_base64(shown["data"], "decoded")
    assert 1_000 < picture.width == picture.height <= 2_000
    factor = float(words["text"].partition("Multiply coordinates by ")[2].split()[0])
    assert factor * picture.width == pytest.approx(int((140_000_000 / 3) ** 0.5), abs=factor)


@pytest.mark.parametrize(
    ("client", "is_error", "first"),
    [("mcp", True, "Tool error:\nIt failed."), ("mcp", "yes", "Tool error:\nIt failed."), ("mcp", False, "It failed.")],
)  # fmt: skip
def test_errors_beside_links_are_told_and_the_links_read(plain, client, is_error, first):
    kept = "said:" + json.dumps([{"uri": "a:b", "blob": b64(PNG), "mimeType": "image/png"}])
    link = {"type": "resource_link", "name": "one.png", "mimeType": "image/png"}
    came = [told("It failed."), link | {"uri": kept}, link | {"uri": "said:null"}]
    result = echoed(plain, content=came, isError=is_error)
    shown = IMAGE | {"_meta": {"imagebridge/uri": "a:b"}}
    words, picture, line, why = result["content"]
    assert (words, picture) == (told(first), shown)
    assert line["text"].startswith("[link: one.png <said:null>")
    assert why == told("[the link above could not be read: it is empty]")
    assert bool(result.get("isError")) == bool(is_error)


def test_an_error_that_is_a_link_alone_is_told_first(plain):
    kept = "said:" + json.dumps([{"uri": "a:b", "blob": b64(PNG), "mimeType": "image/png"}])
    link = {"type": "resource_link", "uri": kept, "name": "one.png", "mimeType": "image/png"}
    result = echoed(plain, content=[link], isError=True)
    assert [block["type"] for block in result["content"]] == ["text", "image"]
    assert result["content"][0]["text"].startswith("Tool error:")
