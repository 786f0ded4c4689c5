"""Servers that cannot be started, and requests that cannot be sent, are reported before they are tried."""

import sys

import pytest
from mcp import StdioServerParameters

from imagebridge import Bridge, BridgeError, HttpServer
from imagebridge.client.checked_server import openai_problem
from imagebridge.client.http import _address
from imagebridge.translate.sentences import location

COMMAND = {"command": sys.executable, "args": ["-c", "pass"]}
NUL = "contains a NUL character, which cannot be passed to a program"
HALF = "contains '\\ud83d', which this system cannot encode"
CONTROL = (
    "contains a line break or another character that headers cannot contain, or has spaces around its value"
)
NO_SERVER = "its address is not a server address; it must start with http:// or https:// and a host"


def process(**fields):
    return StdioServerParameters(**{**COMMAND, **fields})


def http(url="http://127.0.0.1:9/mcp", *transport, **headers):
    return HttpServer(url, headers, transport=transport[0] if transport else "auto")


@pytest.mark.parametrize(
    ("server", "problem"),
    [
        (process(command="a\0b"), f"cannot be started: its command {NUL}"),
        (process(command="\ud83d"), f"cannot be started: its command {HALF}"),
        (process(args=["a", "b\0"]), f"cannot be started: its argument 2 {NUL}"),
        (process(args=["\ud83d"]), f"cannot be started: its argument 1 {HALF}"),
        (process(cwd="a\0"), f"cannot be started: its folder {NUL}"),
        (process(env={"A": "b\0c"}), f"cannot be started: the variable 'A' {NUL}"),
        (process(env={"A": "\ud83d"}), f"cannot be started: the variable 'A' {HALF}"),
        (process(env={"A\0": "b"}), f"cannot be started: the name of a variable {NUL}"),
        (
            process(env={"A=B": "c"}),
            "cannot be started: 'A=B' is not a valid variable name, because it contains an equals sign",
        ),
        (http("http://[::1"), "its address is not a URL: Invalid port: ':1'"),
        (http("http://[::1", "sse"), "its address is not a URL: Invalid port: ':1'"),
        (http("http://h/\ud83d"), "its address is not a URL: it contains half of a surrogate pair"),
        (
            http("http://h/\r\nA: b"),
            "its address is not a URL: Invalid non-printable ASCII character in URL, '\\r' at position 9",
        ),
        (http("http://h:99999/"), "its address names port 99999; a port must be from 1 to 65535"),
        (http("http://h:0/"), "its address names port 0; a port must be from 1 to 65535"),
        (http("ftp://h/"), NO_SERVER),
        (http("file:///etc/passwd"), NO_SERVER),
        (http("http:///mcp"), NO_SERVER),
        (http("example.org/mcp"), NO_SERVER),
        (http(Authorization="Bearer s3cret\n"), f"its header Authorization {CONTROL}"),
        (http(Authorization="a\r\nHost: b"), f"its header Authorization {CONTROL}"),
        (http(Authorization="s3\0cret"), f"its header Authorization {CONTROL}"),
        (http(Authorization="schl\u00fcssel"), "its header Authorization contains non-ASCII characters"),
        (http(Authorization="\ud83d"), "its header Authorization contains non-ASCII characters"),
        (http(**{"A B\n": "x"}), "'A B\\n' is not a valid header name"),
        (http(**{"": "x"}), "'' is not a valid header name"),
    ],
)
@pytest.mark.anyio
async def test_what_is_wrong_with_a_server_is_said(server, problem):
    with pytest.raises(BridgeError) as raised:
        async with Bridge(server):
            pass
    assert f": {problem}" in str(raised.value)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({}, ""),
        ({"OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, ""),
        ({"OPENAI_API_KEY": "sk-s3cret\n"}, "OPENAI_API_KEY contains"),
        ({"OPENAI_API_KEY": "sk-s3\ncret"}, "OPENAI_API_KEY contains"),
        ({"OPENAI_API_KEY": "\u043a\u043b\u044e\u0447"}, "OPENAI_API_KEY contains"),
        ({"OPENAI_BASE_URL": "example.org/v1"}, f"OPENAI_BASE_URL is not usable: {NO_SERVER}"),
    ],
)
def test_what_the_environment_says_of_the_api(environment, problem):
    said = openai_problem(environment)
    assert said.startswith(problem)
    assert bool(said) == bool(problem)
    assert "s3cret" not in said


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://me:s3cret@h:8/mcp/?key=s3cret", "https://h:8/mcp"),
        ("http://me:s3cret@[::1?key=s3cret", "[::1"),
        ("http://h:99999/", "http://h:99999/"),
    ],
)
def test_an_address_is_told_without_what_is_secret(url, told):
    assert location(url) == told


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        ("http://[::1", "which is not an address"),
        ("https://h/x", "wants messages posted to another origin"),
        ("//evil/x", "wants messages posted to another origin"),
    ],
)
def test_messages_are_posted_to_the_server_alone(named, problem):
    with pytest.raises(BridgeError, match=problem):
        _address("http://h/sse", named)
