"""create_image: the OpenAI Images API, and its refusals in one sentence."""

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import anyio
import pytest

from imagebridge.errors import ArgumentError
from imagebridge.testing import Endpoint
from imagebridge_tools import create_image
from imagebridge_tools.create import MODEL, CreationError

pytestmark = pytest.mark.anyio

KEY = "sk-proj-very-secret-key"


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("IMAGEBRIDGE_IMAGE_MODEL", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


@pytest.fixture
def endpoint(monkeypatch):
    with Endpoint([]) as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        yield endpoint


@contextmanager
def answering(monkeypatch, status, body, wait=None):
    """Serve one answer to every request."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            if wait:
                wait.wait()
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.send_header("x-should-retry", "false")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,)).start()
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
        yield
        server.shutdown()


async def test_a_picture_of_a_prompt(endpoint):
    answer = await create_image("A stone bridge at noon", size="512x256", format="webp", quality="low")
    (picture,) = answer.pictures
    assert (picture.width, picture.height, picture.media_type, picture.proof) == (
        512,
        256,
        "image/webp",
        "decoded",
    )
    assert answer.sentence.startswith(
        f'A picture of "A stone bridge at noon" by {MODEL} (low quality). WebP, 512x256 px'
    )
    assert endpoint.exchanges[0].body == {
        "prompt": "A stone bridge at noon",
        "model": MODEL,
        "size": "512x256",
        "output_format": "webp",
        "quality": "low",
    }


async def test_the_model_comes_from_the_environment(endpoint, monkeypatch):
    monkeypatch.setenv("IMAGEBRIDGE_IMAGE_MODEL", "gpt-image-2")
    await create_image("x")
    assert endpoint.exchanges[0].body["model"] == "gpt-image-2"


async def test_a_server_of_ones_own_needs_no_key(endpoint, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    assert (await create_image("x", background="transparent")).pictures


async def test_progress_is_told_while_it_lasts(monkeypatch):
    done, told = Event(), []

    async def on_progress(seconds, words):
        told.append((seconds, words))
        if len(told) == 3:
            done.set()

    with answering(monkeypatch, 500, {}, wait=done), pytest.raises(CreationError):
        await create_image("x", on_progress=on_progress, tick=0.02)
    assert told[0] == (0, "the picture is being made")
    assert told[1][1] == "the picture is being made, 0 s so far"
    assert sorted(told) == told


async def test_progress_is_told_at_once_also_where_the_answer_comes_soon(endpoint):
    told = []

    async def on_progress(seconds, words):
        told.append((seconds, len(endpoint.exchanges)))

    await create_image("x", on_progress=on_progress)
    assert told == [(0, 0)]


@pytest.mark.parametrize(
    ("argument", "arguments"),
    [
        ("prompt", {"prompt": "  "}),
        ("prompt", {"prompt": "x" * 32_001}),
        ("size", {"prompt": "x", "size": "large"}),
        ("size", {"prompt": "x", "size": "100x100"}),
        ("background", {"prompt": "x", "format": "jpeg", "background": "transparent"}),
    ],
)
async def test_arguments_that_can_be_corrected(endpoint, argument, arguments):
    with pytest.raises(ArgumentError) as caught:
        await create_image(**arguments)
    assert caught.value.argument == argument


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (
            401,
            {"code": "invalid_api_key", "message": f"Incorrect API key provided: {KEY}"},
            "refused the key",
        ),
        (403, {"message": "no"}, "may not use gpt-image"),
        (404, {"code": "model_not_found", "message": "no"}, "may not use gpt-image"),
        (429, {"code": "insufficient_quota", "message": "no"}, "no credit left"),
        (429, {"code": "rate_limit_exceeded", "message": "no"}, "call again in a minute"),
        (500, {"message": "internal"}, "failed with status 500"),
        (400, {"code": "moderation_blocked", "message": "no"}, "prompt: the API's safety system refused it"),
        (400, {"param": "output_format", "message": "Not supported."}, "format: Not supported."),
    ],
)
async def test_refusals_become_one_sentence_without_the_key(monkeypatch, status, error, words):
    with (
        answering(monkeypatch, status, {"error": error}),
        pytest.raises((CreationError, ArgumentError), match=words) as caught,
    ):
        await create_image("x")
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "words"),
    [({"data": []}, "without a picture"), ({"data": [{"b64_json": "aGVsbG8="}]}, "broken picture")],
)
async def test_answers_that_are_no_picture(monkeypatch, body, words):
    with answering(monkeypatch, 200, {"created": 1, **body}), pytest.raises(CreationError, match=words):
        await create_image("x")


async def test_time_out(monkeypatch):
    done = Event()
    with answering(monkeypatch, 200, {}, wait=done):
        with pytest.raises(CreationError, match="took too long"):
            await create_image("x", seconds=0.2)
        done.set()


async def test_no_server(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(CreationError, match="cannot be reached"):
        await create_image("x")


async def test_no_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(CreationError, match="set OPENAI_API_KEY"):
        await create_image("x")


async def test_cancelling_ends_the_request(monkeypatch):
    done = Event()
    with answering(monkeypatch, 200, {}, wait=done):
        with anyio.move_on_after(0.2) as scope:
            await create_image("x")
        done.set()
    assert scope.cancelled_caught
