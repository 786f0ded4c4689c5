"""Faults of the API, on a real HTTP server, lead to a correct answer or a clear error, and leave no call open."""

import json
import threading

import anyio
import anyio.to_thread
import httpx2
import openai
import pytest
from eyes import eyes
from mcp.server import MCPServer
from openai import AsyncOpenAI, DefaultAsyncHttpx2Client, OpenAI
from samples import data_url, drawing, file

from imagebridge import Bridge, Policy
from imagebridge.errors import BridgeError, DeadlineError, ResponseError
from imagebridge.events import Replied, Retried, TextDelta
from imagebridge.testing import Cut, Endpoint, Fault, Late

pytestmark = pytest.mark.anyio

MODEL = "gpt-5.6-luna"
LOOK = [("look", {"side": 64})]
THREE = [("look", {"side": side}) for side in (40, 50, 60)]
REFUSED = (
    "The image data you provided does not represent a valid image. Please check your input and try again."
)
MINE = data_url(file(drawing(), "PNG"), "image/png")
BAD = Fault(400, REFUSED, "invalid_value", "input")


@pytest.fixture
def server():
    server = eyes()

    @server.tool()
    async def wait() -> str:
        """Never answers."""
        await anyio.sleep_forever()
        return "never"

    return server


def client_of(endpoint, **options):
    # Without TLS: loading the certificates takes longer than most of these tests.
    http_client = DefaultAsyncHttpx2Client(verify=False)
    return AsyncOpenAI(base_url=endpoint.base_url, api_key="test", http_client=http_client, **options)


async def run(server, steps, *, max_retries=2, way="run", policy=None, **arguments):
    """The reply of a run, or the error that left it, and the endpoint."""
    arguments = {"model": MODEL, "input": "What is there?", **arguments}
    with Endpoint(steps) as endpoint:
        async with (
            client_of(endpoint, max_retries=max_retries) as client,
            Bridge(server, policy=policy or Policy()) as bridge,
        ):
            try:
                if way == "run":
                    return await bridge.run(client, **arguments), endpoint
                async for event in bridge.stream(client, **arguments):
                    if isinstance(event, Replied):
                        return event.reply, endpoint
            except (openai.OpenAIError, ResponseError, DeadlineError) as error:
                return error, endpoint
    raise AssertionError("no reply")


def unanswered(items):
    """The calls that have no output, in items of either API."""
    calls = {item["call_id"] for item in items if item.get("type") == "function_call"}
    calls |= {call["id"] for item in items for call in item.get("tool_calls", ())}
    return calls - {item.get("call_id") or item.get("tool_call_id") for item in items if "call" not in item}


def pictures(items):
    return json.dumps(items).count("data:image/")


def said(items):
    """The sentences that stand in place of pictures."""
    return [
        part["text"]
        for item in items
        for part in (
            item.get("output") if isinstance(item.get("output"), list) else item.get("content") or ()
        )
        if isinstance(part, dict) and part.get("text", "").startswith("[not shown")
    ]


SOON = {"retry_after": 0.01}


@pytest.mark.parametrize("way", ["run", "stream"])
@pytest.mark.parametrize("api", ["responses", "chat"])
@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([Fault(429, **SOON), LOOK, Fault(429, **SOON), Fault(429, **SOON), "Red."], id="429"),
        pytest.param([LOOK, Fault(500, **SOON), Fault(503, **SOON), "Red."], id="5xx"),
        pytest.param([Late(LOOK, 0.05), Late("Red.", 0.05)], id="slow"),
        pytest.param([Cut(LOOK), LOOK, Cut("Red."), "Red."], id="broken off"),
    ],
)
async def test_what_passes_costs_nothing(server, steps, api, way):
    reply, endpoint = await run(server, steps, api=api, way=way)
    assert reply.text == "Red."
    assert unanswered(reply.items) == set()
    assert [one.size for one in endpoint.seen] == [(64, 64)]
    assert len(endpoint.requests) == len(steps)


@pytest.mark.parametrize("api", ["responses", "chat"])
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        pytest.param(Fault(429, "Slow down."), openai.RateLimitError, id="429"),
        pytest.param(Fault(500), openai.InternalServerError, id="500"),
        pytest.param(Fault(401, "No such key."), openai.AuthenticationError, id="401"),
        pytest.param(Fault(400, "Unknown parameter.", param="colour"), openai.BadRequestError, id="400"),
        pytest.param(Cut("Red.", after=2), (ResponseError, openai.APIConnectionError), id="broken off"),
        pytest.param(Cut("Red.", after=2, clean=True), ResponseError, id="ended early"),
    ],
)
async def test_what_stays_ends_with_a_clear_error_that_can_be_gone_on_from(server, fault, kind, api):
    error, _ = await run(server, [LOOK, fault], api=api, way="stream", max_retries=0)
    assert isinstance(error, kind)
    assert unanswered(error.items) == set()
    assert pictures(error.items) == 1
    reply, endpoint = await run(server, ["Red."], api=api, input=error.items)
    assert reply.text == "Red."
    assert [one.size for one in endpoint.seen] == [(64, 64)]


async def test_a_stream_that_breaks_off_is_said_to_begin_anew(server):
    with Endpoint([Cut("A long enough answer to be cut.", after=6), "Red."]) as endpoint:
        async with client_of(endpoint) as client, Bridge(server) as bridge:
            events = [event async for event in bridge.stream(client, model=MODEL, input="?")]
    kinds = [type(event) for event in events]
    cut = kinds.index(Retried)
    assert kinds[:cut] == [TextDelta] * 2
    assert "cut off" in events[cut].why
    assert "".join(event.text for event in events[cut:] if isinstance(event, TextDelta)) == "Red."


@pytest.mark.parametrize("way", ["run", "stream"])
@pytest.mark.parametrize(
    ("where", "steps", "left"),
    [
        pytest.param("the only one", [LOOK, BAD], [], id="only"),
        pytest.param(
            "the place is named",
            [
                THREE,
                Fault(400, f"Invalid 'input[6].output[1].image_url'. {REFUSED}", "invalid_value", "input"),
            ],
            [40, 50],
            id="named in the message",
        ),
        pytest.param(
            "the place is the parameter",
            [THREE, Fault(400, REFUSED, "invalid_image", "input[5].output[1].image_url")],
            [40, 60],
            id="named as parameter",
        ),
        pytest.param("one of three, by trying", [THREE, BAD, BAD, BAD], [40, 50], id="tried"),
        pytest.param("two of three", [THREE, BAD, BAD, BAD, BAD], [], id="all of them"),
    ],
)
async def test_a_refused_picture_gives_way_to_a_sentence_and_the_rest_stays(server, where, steps, left, way):
    reply, endpoint = await run(server, [*steps, "I see."], way=way)
    assert reply.text == "I see.", where
    assert unanswered(reply.items) == set()
    assert [one.size[0] for one in endpoint.seen] == left
    assert [shown.picture.width for shown in reply.pictures] == left
    assert pictures(reply.items) == len(left)
    assert len(said(reply.items)) == len(steps[0]) - len(left)
    assert all(REFUSED[:40] in sentence for sentence in said(reply.items))


async def test_a_picture_is_held_back_in_chat_too(server):
    steps = [LOOK, Fault(400, f"Invalid 'messages[3].content[1].image_url'. {REFUSED}"), "I see."]
    reply, endpoint = await run(server, steps, api="chat")
    assert reply.text == "I see."
    assert endpoint.seen == []
    assert (pictures(reply.items), len(said(reply.items))) == (0, 1)


@pytest.mark.parametrize("way", ["run", "stream"])
async def test_a_response_that_fails_over_a_picture_is_a_refusal_too(server, way):
    failed = Fault(200, REFUSED, "image_parse_error")
    reply, _ = await run(server, [LOOK, failed, "I see."], way=way)
    assert (reply.text, pictures(reply.items)) == ("I see.", 0)


@pytest.mark.parametrize("way", ["run", "stream"])
async def test_a_response_that_fails_is_asked_for_again_or_said_to_have_failed(server, way):
    reply, _ = await run(server, [Fault(200, "Oh.", "server_error"), "Red."], way=way)
    assert reply.text == "Red."
    error, _ = await run(server, [LOOK, Fault(200, "No.", "invalid_prompt")], way=way)
    assert (str(error), error.code) == ("the response failed: No.", "invalid_prompt")
    assert unanswered(error.items) == set()


async def test_the_users_own_picture_is_the_users_to_see(server):
    mine = {
        "role": "user",
        "content": [{"type": "input_image", "image_url": MINE, "detail": "low"}],
    }
    error, endpoint = await run(server, [LOOK, BAD, BAD], input=[mine])
    assert isinstance(error, openai.BadRequestError)
    assert error.items[0] == mine
    assert len(endpoint.requests) == 3
    error, endpoint = await run(server, [Fault(400, f"input[0].content[0]: {REFUSED}")], input=[mine])
    assert (error.items, len(endpoint.requests)) == ([mine], 1)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(413, "Payload Too Large"),
        Fault(400, "Your input exceeds the context window of this model.", "context_length_exceeded"),
        Fault(400, "Input is too long for requested model."),
    ],
    ids=["413", "context length", "another server's words"],
)
async def test_too_much_of_everything_drops_older_pictures_first(server, fault):
    steps = [*[[("look", {"side": 40 + at})] for at in range(5)], fault, "I see."]
    reply, endpoint = await run(server, steps)
    assert reply.text == "I see."
    assert pictures(endpoint.requests[-2]["input"]) == 5
    assert pictures(endpoint.requests[-1]["input"]) == pictures(reply.items) == 2
    assert unanswered(reply.items) == set()
    reply, endpoint = await run(server, [LOOK, fault, "I see."])
    assert (reply.text, pictures(reply.items), unanswered(reply.items)) == ("I see.", 0, set())
    error, endpoint = await run(server, [LOOK, fault, fault])
    assert isinstance(error, openai.APIStatusError)
    assert unanswered(error.items) == set()


@pytest.mark.parametrize("way", ["run", "stream"])
async def test_a_deadline_ends_a_slow_request(server, way):
    error, _ = await run(server, [LOOK, Late("Red.", 30)], deadline=2, way=way)
    assert isinstance(error, DeadlineError)
    assert str(error) == "no answer within 2 seconds; raise deadline to continue"
    assert unanswered(error.items) == set()
    reply, _ = await run(server, ["Red."], input=error.items)
    assert reply.text == "Red."


async def test_a_deadline_answers_the_calls_that_it_cancels(server):
    error, _ = await run(server, [[*LOOK, ("wait", {})]], deadline=2)
    assert isinstance(error, DeadlineError)
    assert [type(item["output"]) for item in error.items[3:]] == [list, str]
    assert error.items[4]["output"].startswith(
        "Tool error:\nthe run ended before this call returned a result"
    )
    _, endpoint = await run(server, ["Red."], input=error.items)
    assert [one.size for one in endpoint.seen] == [(64, 64)]


@pytest.mark.parametrize(("handles", "work"), [(True, "read_result"), (False, "translate")])
async def test_what_is_given_up_waits_for_no_translation(monkeypatch, server, handles, work):
    began, go_on, ended = threading.Event(), threading.Event(), []

    def slow(*_):
        began.set()
        ended.append(go_on.wait(600))

    monkeypatch.setattr(f"imagebridge.agent.handles.{work}", slow)
    call = {"type": "function_call", "call_id": "c", "name": "look", "arguments": '{"side": 9}'}
    async with Bridge(server, handles=handles) as bridge:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(bridge.outputs, {"model": MODEL, "output": [call]})
            await anyio.to_thread.run_sync(began.wait, 60)
            tasks.cancel_scope.cancel()
        assert ended == []
        go_on.set()


def test_a_deadline_holds_for_a_blocking_client(server):
    with Endpoint([Late("Red.", 30)]) as endpoint:
        with OpenAI(base_url=endpoint.base_url, api_key="test") as client, Bridge(server) as bridge:
            with pytest.raises(DeadlineError):
                bridge.run(client, model=MODEL, input="?", deadline=1)


async def test_cancelling_cancels_the_calls():
    state = []
    server = MCPServer("slow", log_level="CRITICAL")
    begun = anyio.Event()

    @server.tool()
    async def wait() -> str:
        """Never answers."""
        begun.set()
        try:
            await anyio.sleep_forever()
        finally:
            state.append("cancelled")
        return "never"

    async with Bridge(server) as bridge:
        for way in ("run", "stream"):
            begun = anyio.Event()
            with Endpoint([[("wait", {})]]) as endpoint:
                async with client_of(endpoint) as client, anyio.create_task_group() as tasks:

                    async def ask(way=way, client=client):
                        if way == "run":
                            await bridge.run(client, model=MODEL, input="?")
                        async for _ in bridge.stream(client, model=MODEL, input="?"):
                            pass

                    tasks.start_soon(ask)
                    await begun.wait()
                    tasks.cancel_scope.cancel()
    assert state == ["cancelled"] * 2


async def test_a_stream_that_nobody_follows_ends_with_the_bridge(server):
    with Endpoint([LOOK]) as endpoint:
        async with client_of(endpoint) as client:
            async with Bridge(server) as bridge:
                events = bridge.stream(client, model=MODEL, input="?")
                await anext(events)
            with pytest.raises(BridgeError, match="closed before the model answered"):
                async for _ in events:
                    pass


TALE = "All the words of a page. " * 8_000


@pytest.fixture
def library():
    server = MCPServer("library", log_level="CRITICAL")

    @server.tool()
    def read(page: int) -> str:
        """Reads."""
        return f"page {page}: {TALE}"

    return server


def full(*answers):
    """An API that takes 300,000 characters, what it answers to those, and what is still to be answered."""
    waiting = list(answers)

    def step(body):
        if len(json.dumps(body)) > 300_000:
            return Fault(413, "Payload too large") if len(waiting) % 2 else CONTEXT
        return waiting.pop(0)

    return step, waiting


CONTEXT = Fault(400, "Your input exceeds the context window.", "context_length_exceeded", "input")


@pytest.mark.parametrize("api", ["responses", "chat"])
async def test_texts_that_are_too_much_are_shortened_the_older_first(library, api):
    step, waiting = full(*([("read", {"page": page})] for page in (1, 2, 3)), "Read.")
    found = []
    with Endpoint([step] * 8) as endpoint:
        async with client_of(endpoint) as client, Bridge(library) as bridge:
            async for event in bridge.stream(client, model=MODEL, input="Read it.", api=api):
                if isinstance(event, Retried):
                    found.append(event.why.split(": ")[0])
                elif isinstance(event, Replied):
                    reply = event.reply
    assert (reply.text, waiting, unanswered(reply.items)) == ("Read.", [], set())
    first, second, third = [
        item.get("output", item.get("content"))
        for item in reply.items
        if item.get("type") == "function_call_output" or item.get("role") == "tool"
    ]
    assert len(first) < len(second) < len(third)
    assert "characters left out: " in first[-150:]
    assert third == f"page 3: {TALE}"
    assert all(one.endswith("characters of output from older turns left out") for one in found)


async def test_one_text_that_is_too_much_is_shortened(library):
    steps = [[("read", {"page": 1})], CONTEXT, "Read."]
    reply, endpoint = await run(library, steps)
    (output,) = [item["output"] for item in reply.items if item.get("type") == "function_call_output"]
    assert reply.text == "Read."
    assert output.startswith("page 1: All the words")
    assert len(output) < len(TALE) * 0.51
    assert output == endpoint.requests[-1]["input"][-1]["output"]


async def test_texts_that_are_short_are_not_to_blame(server):
    error, endpoint = await run(server, [CONTEXT])
    assert "context window" in str(error)
    assert len(endpoint.requests) == 1


async def test_places_that_an_error_names_are_those_of_the_request(server):
    steps = [THREE, Fault(400, "messages[5].content[1]: " + REFUSED, "invalid_value"), "Red."]
    reply, _ = await run(server, steps, api="chat", instructions="Look well.")
    assert reply.text == "Red."
    assert len(said(reply.items)) == 1


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("api", ["responses", "chat"])
@pytest.mark.parametrize(
    ("body", "kind", "quoted"),
    [
        (b"<html>Sign in</html>", "text/html", "<html>Sign in</html>"),
        (b"{}", "application/json", "{}"),
        (b'{"error": "Unexpected endpoint"}', "application/json", '{"error":"Unexpected endpoint"}'),
        (b'{"output": null, "choices": null}', "application/json", "null"),
        (b'{"output": ["x"], "choices": ["x"]}', "application/json", "x"),
        (b'{"output": [1], "choices": [{"message": "x"}]}', "application/json", "x"),
        (b"{", "application/json", "{"),
        (b"", "application/json", "nothing"),
    ],
)
async def test_what_is_no_answer_of_the_api_is_quoted(server, body, kind, quoted, api, direct):
    if api == "chat" and direct:
        return

    def answer(request):
        return httpx2.Response(200, content=body, headers={"content-type": kind})

    transport = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    client = AsyncOpenAI(base_url="http://localhost/v1", api_key="x", max_retries=0, http_client=transport)
    async with client, Bridge(server) as bridge:
        with pytest.raises(ResponseError) as error:
            await bridge.run(client, model=MODEL, input="?", api=api, **({"direct": True} if direct else {}))
    told = "http://localhost/v1/ returned something that is not a response from this API: "
    assert str(error.value).startswith(told)
    assert quoted in str(error.value)
