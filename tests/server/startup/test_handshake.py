"""A card's answers equal the server's own, in each version, with each setting, for every request."""

import json
from functools import cache

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from mcp.shared.memory import create_client_server_memory_streams
from mcp.shared.message import SessionMessage
from mcp.types import (
    CLIENT_CAPABILITIES_META_KEY,
    CLIENT_INFO_META_KEY,
    PROTOCOL_VERSION_META_KEY,
    jsonrpc_message_adapter,
)
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS

from imagebridge_server.app import build_server
from imagebridge_server.settings import Settings
from imagebridge_server.startup import handshake
from imagebridge_server.startup.handshake import Handshake
from imagebridge_server.startup.message_streams import serve_streams
from imagebridge_server.startup.rehearsal import rehearsed

NO_APPS = {"roots": {"listChanged": True}, "sampling": {}, "elicitation": {"form": {}, "url": {}}}
APPS = {"extensions": {EXTENSION_ID: {"mimeTypes": [APP_MIME_TYPE]}}}
CLIENT = {"name": "host", "title": "Höst", "version": "1", "websiteUrl": "https://example.com"}


def initialize(version="2025-11-25", capabilities=NO_APPS, **params):
    told = {"protocolVersion": version, "capabilities": capabilities, "clientInfo": CLIENT}
    return {"method": "initialize", "params": told | params}


def enveloped(method, version="2026-07-28", capabilities=NO_APPS, **meta):
    envelope = {PROTOCOL_VERSION_META_KEY: version, CLIENT_CAPABILITIES_META_KEY: capabilities}
    return {"method": method, "params": {"_meta": {**envelope, CLIENT_INFO_META_KEY: CLIENT, **meta}}}


def lines(*messages):
    """Number the requests among messages, and write them down."""
    return [
        message
        if isinstance(message, str)
        else json.dumps({"jsonrpc": "2.0"} | ({} if "notif" in message["method"] else {"id": at}) | message)
        for at, message in enumerate(messages)
    ]


@cache
def prepared(**settings):
    """Return a server and its card."""
    server = build_server(Settings(**settings))
    return server, anyio.run(rehearsed, server)


async def answered(server, told, expected):
    """Return the real answers to the requests whose ids are expected, in their order."""
    found = []
    with anyio.fail_after(600):
        async with create_client_server_memory_streams() as ((replies, requests), streams):
            async with anyio.create_task_group() as group:
                group.start_soon(serve_streams, server, *streams)
                for line, awaited in zip(told, expected, strict=True):
                    try:
                        message = SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
                    except ValueError as error:
                        message = error
                    group.start_soon(requests.send, message)
                    if awaited:
                        reply = await replies.receive()
                        while getattr(reply.message, "id", None) != awaited.request["id"]:
                            reply = await replies.receive()
                        found.append(json.loads(reply.message.model_dump_json(exclude_unset=True)))
                group.cancel_scope.cancel()
    return found


def compared(server, card, told):
    """Compare each early answer with the real one, and return the methods that were answered early."""
    opening = Handshake(card)
    early = [opening.early(line) for line in told]
    real = anyio.run(answered, server, told, early)
    assert [json.loads(one.line) for one in early if one] == real
    return [one.request["method"] for one in early if one]


SETTINGS = {
    "none": {},
    "folders": {"allow": ("pictures", "more"), "allow_write": ("new",)},
    "https": {"allow_https": True},
    "paid": {"create": True, "patience": 7.0},
    "store": {"store": "store", "host": "codex"},
}


@pytest.fixture(params=SETTINGS.values(), ids=SETTINGS)
def settings(request, tmp_path):
    def placed(value):
        if isinstance(value, tuple):
            return tuple(tmp_path / name for name in value)
        return tmp_path / value if value == "store" else value

    return {name: placed(value) for name, value in request.param.items()}


@pytest.mark.parametrize("capabilities", [NO_APPS, APPS], ids=["no apps", "apps"])
def test_each_early_answer_is_the_real_one(settings, capabilities):
    server = build_server(Settings(**settings))
    card = anyio.run(rehearsed, server)
    for version in (*HANDSHAKE_PROTOCOL_VERSIONS, "2099-01-01", "nonsense"):
        asked = lines(
            {"method": "ping"},
            initialize(version, capabilities),
            {"method": "notifications/initialized"},
            {"method": "tools/list"},
            {"method": "tools/list", "params": {"_meta": {"progressToken": 0}}},
            {"method": "ping", "params": {}},
        )
        assert compared(server, card, asked) == ["ping", "initialize", "tools/list", "tools/list", "ping"]
    for version in MODERN_PROTOCOL_VERSIONS:
        asked = lines(
            enveloped("server/discover", version, capabilities, traceparent="00-1-1-01"),
            enveloped("tools/list", version, capabilities, progressToken="a"),
        )
        assert compared(server, card, asked) == ["server/discover", "tools/list"]


def test_the_names_of_the_protocol_are_those_of_the_sdk():
    ours = (
        handshake.PROTOCOL_VERSION, handshake.CLIENT_INFO, handshake.CLIENT_CAPABILITIES,
        handshake.APPS, handshake.APP_PAGE,
    )  # fmt: skip
    assert ours == (
        PROTOCOL_VERSION_META_KEY, CLIENT_INFO_META_KEY, CLIENT_CAPABILITIES_META_KEY, EXTENSION_ID, APP_MIME_TYPE,
    )  # fmt: skip


HELLO, LIST = initialize(), {"method": "tools/list"}
CASES = {
    "a second initialize of another version and host": (
        [HELLO, LIST, initialize("2024-11-05", APPS), LIST],
        ["initialize", "tools/list", "initialize", "tools/list"],
    ),
    "the list before the handshake": ([LIST, HELLO, LIST], ["initialize", "tools/list"]),
    "what only the server knows": (
        [HELLO, {"method": "prompts/list"}, {"method": "none/such"}, LIST],
        ["initialize", "tools/list"],
    ),
    "a cancelled request that is answered": (
        [HELLO, LIST, {"method": "notifications/cancelled", "params": {"requestId": 1}}, {"method": "ping"}],
        ["initialize", "tools/list", "ping"],
    ),
    "a page of the list": ([HELLO, LIST | {"params": {"cursor": "a"}}, LIST], ["initialize", "tools/list"]),
    "an envelope after the handshake": ([HELLO, enveloped("tools/list"), LIST], ["initialize", "tools/list"]),
    "a handshake after an envelope": ([enveloped("tools/list"), HELLO, LIST], ["tools/list"]),
    "a list without the envelope": (
        [enveloped("server/discover"), LIST, enveloped("tools/list")],
        ["server/discover", "tools/list"],
    ),
    "a version of later": (
        [enveloped("tools/list", "2099-01-01"), enveloped("tools/list")],
        ["tools/list"],
    ),
    "ping in the generation without it": ([enveloped("ping"), enveloped("tools/list")], ["tools/list"]),
    "discover in the handshake's generation": ([HELLO, {"method": "server/discover"}], ["initialize"]),
    "an envelope on initialize": ([initialize(_meta={PROTOCOL_VERSION_META_KEY: "2026-07-28"}), LIST],
                                  ["initialize", "tools/list"]),
    "ids of every kind": (
        [HELLO | {"id": "ä\n"}, LIST | {"id": -(2**62)}, LIST | {"id": ""}],
        ["initialize", "tools/list", "tools/list"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("messages", "early"), CASES.values(), ids=CASES)
def test_what_is_answered_early(messages, early):
    assert compared(*prepared(), lines(*messages)) == early


HOSTS = {
    "tools and prompts as capabilities of a client": (
        {"tools": True, "prompts": True, "resources": True, "logging": False, "roots": {"listChanged": False}},
        {"name": "cursor-vscode", "version": "1.0.0"},
    ),
    "null for what is not there": (
        {"experimental": None, "sampling": None, "roots": {"listChanged": None}, "extensions": None, "tasks": None},
        {"name": "host", "version": "", "title": None, "websiteUrl": None, "icons": None},
    ),
    "all there is": (
        {
            "roots": {"listChanged": True}, "sampling": {"context": {}, "tools": {}},
            "elicitation": {"form": {"applyDefaults": True}, "url": {}}, "experimental": {"a/b": {"c": [1, None]}},
            "extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": [5, "text/html"]}, "a/b": {}},
            "tasks": {"list": {}, "cancel": {}, "requests": {"sampling": {"createMessage": {}}, "elicitation": {"create": {}}}},
        },
        {"name": "host", "version": "1", "title": "Host", "description": "A host", "websiteUrl": "no address", "more": {"*": 1}},
    ),
    "a capability called as none may be": ({"*": 5, "extensions": {"*": {}}}, {"name": "*", "version": "*", "*": None}),
}  # fmt: skip


@pytest.mark.parametrize(("capabilities", "client"), HOSTS.values(), ids=HOSTS)
def test_what_hosts_say_of_themselves(capabilities, client):
    asked = lines(initialize(capabilities=capabilities, clientInfo=client), LIST)
    assert compared(*prepared(), asked) == ["initialize", "tools/list"]
    asked = lines(enveloped("tools/list", capabilities=capabilities, **{CLIENT_INFO_META_KEY: client}))
    assert compared(*prepared(), asked) == ["tools/list"]


UNSURE = {
    "no JSON": "{",
    "an empty line": "",
    "a batch": "[" + lines({"method": "ping"})[0] + "]",
    "a name twice": '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}',
    "an id that is none": '{"jsonrpc":"2.0","id":null,"method":"ping"}',
    "an id with a fraction": '{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
    "an id that is true": '{"jsonrpc":"2.0","id":true,"method":"ping"}',
    "an endless id": '{"jsonrpc":"2.0","id":%s,"method":"ping"}' % ("9" * 5000),
    "no version": '{"id":1,"method":"ping"}',
    "half a character": '{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}',
    "no number": '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"a":NaN}}}',
    "parameters that are a list": '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}',
    "parameters that are null": '{"jsonrpc":"2.0","id":1,"method":"ping","params":null}',
    "something else besides": '{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}',
    "a response": '{"jsonrpc":"2.0","id":1,"result":{}}',
    "deeper than the SDK reads": lines(
        initialize(capabilities={"experimental": {"a": json.loads('{"a":' * 250 + "{}" + "}" * 250)}})
    )[0],
    "too long": lines(initialize(capabilities={"experimental": {"a": {"a": "a" * 70_000}}}))[0],
    "an initialize without a client": lines({"method": "initialize", "params": {"protocolVersion": "2025-11-25"}})[0],
    "an initialize with a field more": lines(initialize(more=1))[0],
    "a capability of another type": lines(initialize(capabilities={"roots": {"listChanged": "yes"}}))[0],
    "an extension that is null": lines(initialize(capabilities={"extensions": {"a/b": None}}))[0],
    "an icon without a source": lines(initialize(clientInfo=CLIENT | {"icons": [{}]}))[0],
    "a client without a name": lines(initialize(clientInfo={"version": "1"}))[0],
}  # fmt: skip


@pytest.mark.parametrize("line", UNSURE.values(), ids=UNSURE)
def test_after_what_is_not_understood_everything_waits(line):
    opening = Handshake(prepared()[1])
    asked = [line, *lines({"method": "ping"}, HELLO, LIST)]
    assert [opening.early(one) for one in asked] == [None] * 4
    assert opening.waiting


STRANGE = {
    "a progress token that is none": {"progressToken": 1.5},
    "a progress token by another name": {"progress_token": 1.5},
    "an envelope by another name": {"io_modelcontextprotocol_client_info": 1},
    "a trace that is none": {"traceparent": 1},
    "what else the protocol may name": {"io.modelcontextprotocol/logLevel": "loud"},
}


@pytest.mark.parametrize("meta", STRANGE.values(), ids=STRANGE)
def test_unusual_requests_wait_alone(meta):
    asked = [HELLO, LIST | {"params": {"_meta": meta}}, LIST]
    assert compared(*prepared(), lines(*asked)) == ["initialize", "tools/list"]
    asked = [enveloped("tools/list", **meta), enveloped("tools/list")]
    assert compared(*prepared(), lines(*asked)) == ["tools/list"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def mutated(value):
    """Make values near one: it, or with a field left out, of another value, or more."""
    if not isinstance(value, dict) or not value:
        return st.just(value) | JSON
    changed = st.sampled_from(sorted(value)).flatmap(
        lambda name: st.one_of(
            st.just({key: one for key, one in value.items() if key != name}),
            mutated(value[name]).map(lambda made: {**value, name: made}),
            JSON.map(lambda made: {**value, name: made}),
        )
    )
    return st.one_of(st.just(value), changed, JSON.map(lambda made: {**value, "more": made}))


KNOWN = [
    initialize(), initialize("2024-11-05", APPS), initialize("2099-01-01", _meta={"progressToken": 1}),
    initialize(capabilities={"tasks": {"requests": {"sampling": {"createMessage": {}}}}, "experimental": {"a": {}}}),
    {"method": "ping"}, LIST, {"method": "tools/list", "params": {"_meta": {"progressToken": 1}}},
    enveloped("server/discover"), enveloped("tools/list"), enveloped("tools/list", capabilities=APPS),
    *(initialize(capabilities=capabilities, clientInfo=client) for capabilities, client in HOSTS.values()),
    enveloped("ping"), {"method": "server/discover"}, {"method": "prompts/list"},
    {"method": "notifications/initialized"}, {"method": "notifications/cancelled", "params": {"requestId": 1}},
]  # fmt: skip


@given(
    st.lists(
        st.one_of(st.sampled_from(KNOWN), st.sampled_from(KNOWN).flatmap(mutated)), min_size=1, max_size=5
    )
)
def test_whatever_is_asked_no_early_answer_differs(messages):
    told = [
        json.dumps({"jsonrpc": "2.0"} | ({} if "notif" in str(one.get("method")) else {"id": at}) | one)
        for at, one in enumerate(messages)
        if isinstance(one, dict)
    ]
    compared(*prepared(), told)
