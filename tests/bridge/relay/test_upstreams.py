"""Servers that disconnect, flood, or answer with invalid JSON: the host is informed, and the relay survives."""

import json
import sys

import pytest
from long_rows import one_in
from relaying import ENVIRONMENT, PROXY, Wire, relay
from servers_over_http import scripted

ANSWER = '{"jsonrpc":"2.0","id":%s,"result":{"content":[{"type":"text","text":"x"}]}}'
FINE = {"content": [{"type": "text", "text": "x"}]}

# Each answers the first call as it is told, and all others well.
SCRIPT = """
import json, os, sys
for line in sys.stdin:
    asked = json.loads(line)
    number = asked["id"]
    if not os.path.exists(sys.argv[1]):
        open(sys.argv[1], "w").close()
        %s
    else:
        print('{"jsonrpc":"2.0","id":' + json.dumps(number) + ',"result":{"content":[{"type":"text","text":"x"}]}}', flush=True)
"""


def broken(how, tmp_path):
    return relay(server=[sys.executable, "-c", SCRIPT % how, str(tmp_path / "said")])


@pytest.mark.parametrize(
    ("how", "words"),
    one_in(2, [
        ("""print('{"jsonrpc":"2.0","id":%s,"result":{"content":[' % number, end="", flush=True); os._exit(7)""", "is not readable JSON"),
        ("""print('{"jsonrpc":"2.0","id":%s,"result":{"content":[' % number, flush=True)""", "is not readable JSON"),
        ("""print('{"jsonrpc":"2.0","id":%s,"result":{"text":"a\\tb"}}' % number, flush=True)""", "is not readable JSON"),
        pytest.param("""print('{"jsonrpc":"2.0","id":%s,"result":"' % number + "x" * 256_000_001 + '"}', flush=True)""", "a line of more than 256,000,000 bytes", marks=pytest.mark.long),
        ("os.close(1); os._exit(0)", "exited with code 0"),
        ("os.kill(os.getpid(), 9)", "was killed by signal 9"),
    ]),
    ids=["half a line, then its end", "half a line", "a raw tab", "a line too long", "closed output", "killed"],
)  # fmt: skip
def test_the_call_is_answered_by_an_error_and_the_server_goes_on(how, words, tmp_path):
    with broken(how, tmp_path) as wire:
        assert words in wire.call("t")["message"]
        # One that is about to end takes a call with it that comes before that.
        while "exited with" in (result := wire.call("t")).get("message", ""):
            pass
        assert result == FINE


def test_the_end_of_a_server_ends_the_wait_for_what_it_links_to():
    script = """
import json, os, sys
for line in sys.stdin:
    asked = json.loads(line)
    if asked["method"] == "resources/read":
        os._exit(3)
    link = {"type": "resource_link", "uri": "a:b", "name": "b.png", "mimeType": "image/png"}
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": {"content": [link]}}), flush=True)
"""
    with relay(server=[sys.executable, "-c", script]) as wire:
        words = wire.call("t")["content"][-1]["text"]
    assert words == "[the link above could not be read: the connection to the server has ended]"


def test_a_flood_on_stderr_that_nobody_reads_costs_no_answer():
    """Neither the server nor the relay waits for a host that does not read its log: a pipe takes 64 kB."""
    script = """
import json, sys
for line in sys.stdin:
    sys.stderr.write("x" * 2_000 + "\\n")
    print("no JSON", flush=True)
    print('{"jsonrpc":"2.0","id":%d,"result":{"content":"x"}}' % json.loads(line)["id"], flush=True)
"""
    with relay(server=[sys.executable, "-c", script]) as wire:
        for _ in range(300):
            assert wire.call("t") == FINE


def test_an_id_of_the_other_type_is_answered_and_repaired():
    script = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"jsonrpc": "2.0", "id": str(asked["id"]), "result": {"content": "bare"}}), flush=True)
"""
    with relay(server=[sys.executable, "-c", script]) as wire:
        wire.send({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "t"}})
        assert json.loads(wire.line())["result"] == {"content": [{"type": "text", "text": "bare"}]}


def test_an_id_may_be_used_again_once_it_is_answered():
    with relay() as wire:
        wire.open()
        for text in ("a", "b"):
            content = {"result": {"content": text}}
            wire.send(
                {
                    "jsonrpc": "2.0",
                    "id": "same",
                    "method": "tools/call",
                    "params": {"name": "echo", "arguments": content},
                }
            )
            assert json.loads(wire.line())["result"] == {"content": [{"type": "text", "text": text}]}


# Behind a URL.


def test_a_stream_that_its_server_ends_early_is_taken_up_again():
    """As servers do to keep no connection open during a long call (2025-11-25, resumability)."""
    answer = ANSWER % 1

    def serve(request):
        if request.method == "POST":
            return 200, "text/event-stream", "id: 7\r\nretry: 10\r\ndata: \r\n\r\n"
        assert request.headers["last-event-id"] == "7"
        return 200, "text/event-stream", f"id: 8\r\ndata: {answer}\r\n\r\n"

    with scripted(serve) as (url, _), Wire([*PROXY, "--url", url]) as wire:
        assert wire.call("t") == FINE


def test_a_session_that_its_server_forgot_is_opened_again():
    sessions = []

    def serve(request):
        asked = json.loads(request.body or b"{}")
        if asked.get("method") == "initialize":
            sessions.append(f"s{len(sessions)}")
            body = {
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "serverInfo": {"name": "s", "version": "1"},
            }
            return (
                200,
                "application/json",
                json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": body}),
                {"mcp-session-id": sessions[-1]},
            )
        if request.method != "POST":
            return 405, "text/plain", ""
        if "id" not in asked:
            return 202, "text/plain", ""
        if request.headers.get("mcp-session-id") == "s0" and len(calls(seen)) > 1:
            return 404, "application/json", ""
        return 200, "application/json", ANSWER % json.dumps(asked["id"])

    with scripted(serve) as (url, seen), Wire([*PROXY, "--url", url]) as wire:
        wire.open()
        assert wire.call("t") == FINE
        assert "forgot the session" in wire.call("t")["message"]
        assert wire.call("t") == FINE
        assert sessions == ["s0", "s1"]
        methods = [json.loads(one.body)["method"] for one in seen if one.method == "POST"]
        opened = ["initialize", "notifications/initialized"]
        assert methods == [*opened, "tools/call", "tools/call", *opened, "tools/call"]


def calls(seen):
    return [one for one in seen if one.method == "POST" and b"tools/call" in one.body]


def test_headers_are_sent_and_their_secrets_told_to_nobody(monkeypatch):
    monkeypatch.setitem(ENVIRONMENT, "TOKEN_OF_MINE", "s3cret")

    def serve(_):
        return 401, "text/plain", "no"

    options = [
        "--url",
        "URL?key=${TOKEN_OF_MINE}",
        "--header",
        "Authorization=Bearer ${TOKEN_OF_MINE}",
        "--explain",
    ]
    with scripted(serve) as (url, seen):
        options[1] = options[1].replace("URL", url)
        with Wire([*PROXY, *options]) as wire:
            told = wire.ask("ping")["error"]["message"]
            assert told == f"{url} returned 401 Unauthorized: no"
            assert "s3cret" not in " ".join(wire.process.args)
            wire.process.stdin.close()
            assert b"s3cret" not in wire.process.stderr.read()
    assert seen[0].headers["authorization"] == "Bearer s3cret"
    assert seen[0].path.endswith("?key=s3cret")
