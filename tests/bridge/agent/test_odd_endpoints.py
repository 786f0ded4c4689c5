"""Endpoints that almost implement the APIs, scripted so that users can test their own loops against each."""

import copy
import json

import httpx2
import pytest
from commands import SCRIPT, ask
from eyes import eyes
from local_servers import serving
from long_rows import one_in
from openai import AsyncOpenAI, OpenAI, OpenAIError

from imagebridge import Bridge
from imagebridge.errors import RunError
from imagebridge.events import Replied, TextDelta
from imagebridge.testing import Cut, Endpoint, Events, Fault, Odd

pytestmark = pytest.mark.anyio
MODEL = "gpt-6-luna"
LOOK = [("look", {"side": 64})]


def without(*types):
    """Leave out the events whose type ends so."""
    return lambda events: [one for one in events if not one["type"].endswith(types)]


def put(**fields):
    """Put these fields into each event that has them."""
    return lambda events: [
        {**one, **{name: fields[name] for name in fields.keys() & one.keys()}} for one in events
    ]


def emptied(events):
    events[-1]["response"] = {**events[-1]["response"], "output": []}
    return events


def interrupted(*odd):
    return lambda events: [one for event in events for one in (*odd, event)]


def content(change):
    """Change the content of each message where it comes whole."""

    def changed(events):
        events = json.loads(json.dumps(events))  # no two events share an item
        for event in events:
            for item in (event.get("item"), *event.get("response", {}).get("output", ())):
                if item and item.get("content"):
                    item["content"] = change(item["content"])
        return events

    return changed


def twice(*ends):
    """Send each event whose type ends so twice."""
    return lambda events: [one for one in events for _ in range(1 + one["type"].endswith(ends))]


RESPONSES = {
    "as it is": lambda events: events,
    "an empty final output": emptied,
    "no content_part.added": without("content_part.added"),
    "nothing announced": without(".added", ".created", "in_progress"),
    "the end alone": without(".added", ".created", ".delta", "item.done", "part.done"),
    "no end of items": lambda events: emptied(without("item.done", "text.done", "arguments.done")(events)),
    "content index": put(content_index=3),
    "output index": put(output_index=1),
    "no output index": lambda events: [
        {name: value for name, value in one.items() if name != "output_index"} for one in events
    ],
    "other ids": lambda events: [{**one, "item_id": f"i{at}"} if "item_id" in one else one for at, one in enumerate(events)],
    "null, lists and comments": interrupted(None, [], 7, {"note": "keepalive"}, "ping"),
    "a part without a list": lambda events: content(lambda parts: parts[0])(without(".delta", "text.done", "part.done")(events)),
    "texts in place of parts": lambda events: content(lambda parts: [part["text"] for part in parts])(without(".delta", "text.done", "part.done")(events)),
    "each announcement twice": twice("item.added"),
    "each announcement and end twice, and no final output": lambda events: emptied(twice("item.added", "item.done")(events)),
    "a response in place of a stream": lambda events: [events[-1]["response"]],
}  # fmt: skip


def deltas(change):
    """Change the delta of each chunk."""

    def changed(chunks):
        chunks = copy.deepcopy(chunks)
        for chunk in chunks:
            for choice in chunk["choices"]:
                change(choice)
        return chunks

    return changed


def unnumbered(choice):
    for call in choice["delta"].get("tool_calls", ()):
        del call["index"]


def shifted(choice):
    for call in choice["delta"].get("tool_calls", ()):
        call["index"] += 3


def alike(choice):
    for call in choice["delta"].get("tool_calls", ()):
        call["index"] = 0


CHAT = {
    "as it is": lambda chunks: chunks,
    "no index": deltas(unnumbered),
    "index from 3": deltas(shifted),
    "one index for all": deltas(alike),
    "null": interrupted(None, [], {"choices": None}, {"choices": [{"delta": None}]}, "ping"),
    "no finish_reason": deltas(lambda choice: choice.update(finish_reason=None)),
}


@pytest.fixture
def server():
    return eyes()


ROWS = [("responses", *row) for row in RESPONSES.items()] + [("chat", *row) for row in CHAT.items()]


@pytest.mark.parametrize(
    ("api", "name", "change"), one_in(4, ROWS), ids=[f"{row[0]}: {row[1]}" for row in ROWS]
)
async def test_the_answer_is_right_however_it_is_sent(server, api, name, change):
    two = [*LOOK, ("look", {"side": 32})]
    steps = [Odd(two, change), Odd("It is red. \U0001f600", change)]
    with Endpoint(steps) as endpoint:
        async with (
            AsyncOpenAI(base_url=endpoint.base_url, api_key="x", max_retries=0) as client,
            Bridge(server) as bridge,
        ):
            events = [event async for event in bridge.stream(client, model=MODEL, input="?", api=api)]
    assert isinstance(events[-1], Replied), name
    assert events[-1].reply.text == "It is red. \U0001f600"
    assert sorted(one.size[0] for one in endpoint.seen) == [32, 64]
    told = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert told in ("", "It is red. \U0001f600")


@pytest.mark.parametrize("streamed", [True, False], ids=["always streamed", "never streamed"])
@pytest.mark.parametrize(
    ("api", "how"),
    [("responses", {}), ("responses", {"direct": True}), ("chat", {})],
    ids=["create", "direct", "chat"],
)
async def test_whether_it_is_streamed_need_not_be_what_was_asked_for(server, api, how, streamed):
    steps = [Odd(LOOK, streamed=streamed), Odd("It is red.", streamed=streamed)] * 2
    with Endpoint(steps) as endpoint:
        async with (
            AsyncOpenAI(base_url=endpoint.base_url, api_key="x", max_retries=0) as client,
            Bridge(server) as bridge,
        ):
            reply = await bridge.run(client, model=MODEL, input="?", api=api, **how)
            events = [event async for event in bridge.stream(client, model=MODEL, input="?", api=api, **how)]
    assert [bool(one.get("stream")) for one in endpoint.requests] == [False, False, True, True]
    assert [reply.text, events[-1].reply.text] == ["It is red."] * 2
    assert [one.size for one in endpoint.seen] == [(64, 64)] * 2
    assert (reply.usage["total_tokens"] > 0) == (api == "responses" or not streamed)


ASKED = [
    pytest.param(*row, marks=[pytest.mark.long] if at else [], id=f"{row[0]}: {row[1]}")
    for at, row in enumerate(ROWS)
]
"""One in every run: each starts the command in a process of its own."""


@pytest.mark.long
@pytest.mark.parametrize(("api", "name", "change"), ASKED)
def test_ask_gives_the_right_answer(api, name, change):
    with Endpoint([Odd([("get_image", {"text": "a"})], change), Odd("It is red.", change)]) as endpoint:
        done = ask(endpoint, "?", *(["--chat"] if api == "chat" else []))
    assert (done.exit_code, done.stdout) == (0, "It is red.\n"), (name, done.stderr)


WRONG = {
    "half a line": Odd("Red.", lambda events: [*events[:2], '{"type": "respo']),
    "nothing": Odd("Red.", lambda events: []),
    "no end": Cut("Red.", after=2, clean=True),
    "a number of 5,000 digits": Odd("Red.", lambda events: ['{"id": 1' + "0" * 5_000 + "}"]),
    "an error": Odd("Red.", lambda events: [{"error": {"message": "overloaded", "code": 503}}]),
    "an error of another type": Odd("Red.", lambda events: [{"error": ["overloaded"]}]),
    "an error under another name": Odd("Red.", lambda events: [{"object": "error", "message": "overloaded"}]),
    "what is no response": lambda body: Odd("Red.", lambda events: [{"overloaded": True}]),
    "a body of another type": Fault(400, body=["overloaded"]),
    "a body that is null": Fault(404, body="null"),
    "a body that is not JSON": Fault(418, body="<html>overloaded</html>"),
    "a body that is not right": Fault(
        422, body={"error": {"message": ["overloaded"], "code": {}, "param": 7}}
    ),
    "a body in FastAPI's form": Fault(422, body={"detail": [{"loc": ["body"], "msg": "overloaded"}]}),
    "a body without known words": Fault(422, body={"reasons": {"load": "overloaded"}}),
}


@pytest.mark.parametrize("api", ["responses", "chat"])
@pytest.mark.parametrize("step", one_in(4, WRONG.values()), ids=WRONG)
async def test_what_cannot_be_right_is_a_documented_error(server, api, step):
    with Endpoint([LOOK, step]) as endpoint:
        async with (
            AsyncOpenAI(base_url=endpoint.base_url, api_key="x", max_retries=0) as client,
            Bridge(server) as bridge,
        ):
            with pytest.raises((RunError, OpenAIError)) as raised:
                async for _ in bridge.stream(client, model=MODEL, input="?", api=api):
                    pass
    assert len(raised.value.items) >= 3


SAID = [
    pytest.param(step, marks=[pytest.mark.long] if at % 12 else [], id=name)
    for at, (name, step) in enumerate(WRONG.items())
]


@pytest.fixture(scope="module")
def url():
    with serving(SCRIPT) as url, pytest.MonkeyPatch.context() as patch:
        # On a busy machine its first answer may take longer than the 10 seconds that the SDK waits.
        patch.setattr("mcp.client.session.DISCOVER_TIMEOUT_SECONDS", 600)
        yield url


@pytest.mark.parametrize("options", [[], ["--chat"]], ids=["responses", "chat"])
@pytest.mark.parametrize("step", SAID)
def test_ask_says_one_sentence(options, step, url):
    endpoint = Endpoint([step] * 4).start()  # what broke off is asked for again
    try:
        done = ask(endpoint, "?", "--server", url, *options)
    finally:
        endpoint.stop()
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    *again, said = done.stderr.splitlines()
    assert said.startswith("Error: ")
    assert all(line.startswith("asking again: ") for line in again)


EMPTY = {
    "no items": ([], Odd("Red.", lambda events: [{**events[-1], "response": {**events[-1]["response"], "output": []}}])),
    "an empty text": ([], Odd("Red.", lambda events: content(lambda parts: [{**parts[0], "text": ""}])(events[-1:]))),
    "a number for a text": ([], Odd("Red.", lambda events: content(lambda parts: [{**parts[0], "text": 7}])(events[-1:]))),
    "a message that says nothing": (["--chat"], Odd("Red.", deltas(lambda choice: choice.update(delta={})))),
    "an empty message": (["--chat"], Odd("Red.", deltas(lambda choice: choice.update(delta={"content": ""})))),
}  # fmt: skip


@pytest.mark.parametrize(
    ("options", "step"),
    [
        pytest.param(*row, id=name, marks=[pytest.mark.long] if at else [])
        for at, (name, row) in enumerate(EMPTY.items())
    ],
)
def test_ask_says_that_an_answer_is_empty(options, step, url):
    with Endpoint([step]) as endpoint:
        done = ask(endpoint, "?", "--server", url, *options)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "Error: the model's answer is empty; ask again\n"


@pytest.mark.parametrize(
    "change",
    [
        lambda chunks: [{"choices": [{"text": "It is red.", "finish_reason": "stop"}]}],
        lambda chunks: [{"choices": [{"message": None, "finish_reason": "stop"}]}],
        deltas(lambda choice: choice.update(delta=None)),
    ],
    ids=["a completion of the older API", "no message", "no delta"],
)
async def test_chunks_without_a_message_are_a_documented_error(server, change):
    with Endpoint([Odd("Red.", change)]) as endpoint:
        async with (
            AsyncOpenAI(base_url=endpoint.base_url, api_key="x", max_retries=0) as client,
            Bridge(server) as bridge,
        ):
            with pytest.raises(RunError, match="ended before the message was complete"):
                async for _ in bridge.stream(client, model=MODEL, input="?", api="chat"):
                    pass


@pytest.mark.parametrize(
    ("name", "said"), [("an error of another type", "overloaded"), ("a body of another type", "400")]
)
def test_the_sentence_of_ask_names_what_came(name, said, url):
    with Endpoint([WRONG[name]]) as endpoint:
        done = ask(endpoint, "?", "--server", url)
    assert said in done.stderr


def test_the_sdk_reads_what_is_not_changed():
    refusal = {"type": "refusal", "refusal": "I would rather not say it."}
    text = {"type": "output_text", "text": "It is red, all of it.", "annotations": []}
    message = {"type": "message", "id": "msg_9", "role": "assistant", "status": "completed"}
    call = {"type": "function_call", "id": "fc_9", "call_id": "call_9", "name": "look", "arguments": '{"side": 64}', "status": "completed"}  # fmt: skip
    raw = [{**message, "content": [text, refusal], "phase": "commentary"}, call]
    with Endpoint([raw]) as endpoint, OpenAI(base_url=endpoint.base_url, api_key="x") as client:
        with client.responses.stream(model=MODEL, input="?") as stream:
            told = [event.delta for event in stream if event.type == "response.output_text.delta"]
            final = stream.get_final_response()
    assert "".join(told) == text["text"]
    assert len(told) > 1
    assert final.output[0].content[0].text == text["text"]
    assert final.output[1].arguments == call["arguments"]


def recorded(kind, *steps):
    """Return the raw events of each step, as the endpoint itself streams them."""
    events = []

    def note(sent):
        events.append(list(sent))
        return sent

    with Endpoint([Odd(step, note) for step in steps]) as endpoint:
        client = OpenAI(base_url=endpoint.base_url, api_key="x")
        create = client.responses.create if kind == "responses" else client.chat.completions.create
        name = "input" if kind == "responses" else "messages"
        for _ in steps:
            with create(model=MODEL, stream=True, **{name: [{"role": "user", "content": "?"}]}) as stream:
                list(stream)
        client.close()
    return events


@pytest.mark.parametrize("api", ["responses", "chat"])
async def test_a_recorded_stream_is_played_as_it_was(server, api):
    call, answer = recorded(api, LOOK, "It is red.")
    with Endpoint([Events(call), lambda _: Events([*answer, "[DONE]"])]) as endpoint:
        async with (
            AsyncOpenAI(base_url=endpoint.base_url, api_key="x", max_retries=0) as client,
            Bridge(server) as bridge,
        ):
            events = [event async for event in bridge.stream(client, model=MODEL, input="?", api=api)]
    assert events[-1].reply.text == "It is red."
    assert [one.size for one in endpoint.seen] == [(64, 64)]


def test_raw_events_are_sent_as_given_and_nothing_else():
    given = [{"type": "a", "half": "\ud83d"}, [1, None], None, "not JSON", "[DONE]"]
    with Endpoint(Events(given)) as endpoint:
        answer = httpx2.post(
            f"{endpoint.base_url}/responses", json={"model": MODEL, "input": "?", "stream": True}
        )
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.content == (
        b'event: a\ndata: {"type": "a", "half": "\\ud83d"}\n\ndata: [1, null]\n\ndata: null\n\n'
        b"data: not JSON\n\ndata: [DONE]\n\n"
    )  # fmt: skip


@pytest.mark.parametrize("api", ["responses", "chat"])
def test_raw_events_want_a_request_for_a_stream(api):
    body = {"model": MODEL, "input" if api == "responses" else "messages": [{"role": "user", "content": "?"}]}
    path = "responses" if api == "responses" else "chat/completions"
    with pytest.raises(AssertionError, match="step 1 failed: TypeError: Events need a stream"):
        with Endpoint([Events([])]) as endpoint:
            assert httpx2.post(f"{endpoint.base_url}/{path}", json=body).status_code == 400


@pytest.mark.parametrize("events", ["data: x", b"data", None, {"type": "a"}, [b"x"], [{"at": object()}]])
def test_what_is_not_a_list_of_json_is_refused_at_once(events):
    with pytest.raises(TypeError, match=r"Events must be (JSON|given a list of events)"):
        Endpoint([Events(events)])
