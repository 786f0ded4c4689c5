"""create_image and edit_image: the OpenAI Images API, and its errors in one sentence."""

import gc
import json
import re
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from inspect import signature
from io import BytesIO
from threading import Event, Thread
from types import SimpleNamespace

import anyio
import httpx2
import pybase64
import pytest
from long_rows import one_in
from openai.resources.images import AsyncImages
from PIL import Image
from samples import b64, drawing, file

from imagebridge.errors import ArgumentError, RequirementError
from imagebridge.pictures.decode import opened
from imagebridge.testing import Endpoint
from imagebridge_tools import create_image, edit_image, image_api
from imagebridge_tools.create import _output
from imagebridge_tools.files.source import Places
from imagebridge_tools.files.store import Store
from imagebridge_tools.image_api import MODEL, CreationError

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_loop")]

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
def answering(monkeypatch, status, body, wait=None, content_type="application/json"):
    """Serve one answer to every request."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            if wait:
                wait.wait()
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(data)))
            self.send_header("x-should-retry", "false")
            self.end_headers()
            with suppress(BrokenPipeError):  # who was to wait no longer has left
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


async def test_several_pictures_packed_tighter(endpoint):
    answer = await create_image("A bridge", format="jpeg", compression=40, n=3, size="256x256")
    assert [(one.media_type, one.width) for one in answer.pictures] == [("image/jpeg", 256)] * 3
    assert len({one.data for one in answer.pictures}) == 3
    assert answer.sentence.startswith(
        f'3 pictures of "A bridge" by {MODEL} (medium quality). JPEG, 256x256 px'
    )
    assert endpoint.exchanges[0].body["output_compression"] == 40


async def test_unfinished_pictures_are_kept_and_told_on_the_way(endpoint, tmp_path, caplog):
    store, told = Store(tmp_path, 10_000_000, 3600), []

    async def on_progress(seconds, words):
        told.append(words)

    answer = await create_image(
        "A bridge", size="256x256", partial_images=2, places=Places(store=store), on_progress=on_progress
    )
    notes, _ = store.listed()
    assert sorted(note.origin for note in notes) == [
        f'create_image(prompt="A bridge"), unfinished picture {number}' for number in (1, 2)
    ]
    assert told[0] == "the picture is being created"
    assert all(words.startswith("the picture is being created, ") for words in told[1:])
    # A slow machine is told of more often than once a picture.
    unfinished = list(dict.fromkeys(words.partition("; ")[2] for words in told[1:] if "; " in words))
    assert len(unfinished) == 2
    for number, words in enumerate(unfinished, 1):
        name, _, uri = words.partition(": ")
        assert name == f"unfinished picture {number} of 2"
        _, data = store.read(uri)
        assert opened(data).size == (256, 256)
        assert data != answer.pictures[0].data
    gc.collect()
    await anyio.lowlevel.checkpoint()
    assert caplog.records == []


async def test_a_store_that_is_full_costs_no_picture(endpoint, tmp_path):
    (tmp_path / "file").write_text("x")
    places = Places(store=Store(tmp_path / "file" / "store", 1000, 3600))
    assert (await create_image("x", size="256x256", partial_images=1, places=places)).pictures


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
    assert told[0] == (0, "the picture is being created")
    assert re.fullmatch(r"the picture is being created, \d+ s so far", told[1][1])
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
        ("size", {"prompt": "x", "size": "4096x4096"}),
        ("background", {"prompt": "x", "format": "jpeg", "background": "transparent"}),
        ("compression", {"prompt": "x", "compression": 50}),
        ("quality", {"prompt": "x", "quality": "best"}),
        ("n", {"prompt": "x", "n": 11}),
        ("partial_images", {"prompt": "x", "partial_images": 2, "n": 2}),
        ("partial_images", {"prompt": "x", "partial_images": 2}),
    ],
)
async def test_arguments_that_can_be_corrected(endpoint, argument, arguments):
    with pytest.raises(ArgumentError) as caught:
        await create_image(**arguments)
    assert caught.value.argument == argument


@pytest.mark.parametrize(
    ("size", "near"),
    one_in(
        3,
        [
            ("1000x1000", "1008x1008"),
            ("1000x600", "1008x608"),
            ("4096x4096", "2880x2880"),
            ("3840x2176", "3840x2160"),
            ("1600x100", "304x112"),
            ("10x10", "16x16"),
        ],
    ),
)
async def test_a_refused_size_names_one_near_it_that_is_drawn(endpoint, size, near):
    with pytest.raises(ArgumentError, match=rf"size: .*'{size}'.* The nearest valid size is {near}\.$"):
        await create_image("x", size=size)
    assert (await create_image("x", size=near, quality="low")).pictures


async def test_a_model_of_other_sizes_speaks_for_itself(endpoint, monkeypatch):
    monkeypatch.setenv("IMAGEBRIDGE_IMAGE_MODEL", "gpt-image-1")
    with pytest.raises(ArgumentError, match=r"at most\.$"):
        await create_image("x", size="1000x1000")


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
        (
            400,
            {"code": "moderation_blocked", "message": "no"},
            "prompt: the API's safety system refused the request",
        ),
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
    [({"data": []}, "without a picture"), ({"data": [{"b64_json": "aGVsbG8="}]}, "damaged picture")],
)
async def test_answers_that_are_no_picture(monkeypatch, body, words):
    with answering(monkeypatch, 200, {"created": 1, **body}), pytest.raises(CreationError, match=words):
        await create_image("x")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([1], "the endpoint's answer did not come from an Images API"),
        (None, "the endpoint's answer did not come from an Images API"),
        ("sign in", "the endpoint answered with text, 'sign in'"),
        ({"created": 1, "data": "none"}, "without a picture"),
        ({"created": "x", "data": [5, None, {"b64_json": 7}], "usage": "x"}, "without a picture"),
    ],
)
async def test_answers_of_what_is_no_images_api(monkeypatch, body, words):
    with answering(monkeypatch, 200, body), pytest.raises(CreationError, match=words):
        await create_image("x")


async def test_no_more_pictures_than_were_asked_for(monkeypatch):
    buffer = BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG")
    dot = pybase64.b64encode(buffer.getvalue()).decode()
    with answering(monkeypatch, 200, {"created": 1, "data": [{"b64_json": dot}] * 30, "quality": {}}):
        answer = await create_image("x", n=2)
    assert len(answer.pictures) == 2
    assert answer.sentence.endswith(" The API sent 28 more pictures than requested; they were left out.")


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


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("OPENAI_API_KEY", KEY + "\n", "OPENAI_API_KEY contains a character that keys never contain"),
        ("OPENAI_API_KEY", KEY + "\u044f", "OPENAI_API_KEY contains a character that keys never contain"),
        ("OPENAI_BASE_URL", "http://[::1", "OPENAI_BASE_URL is not usable: its address is not a URL"),
        (
            "OPENAI_BASE_URL",
            " http://h/",
            "OPENAI_BASE_URL is not usable: its address is not a server address",
        ),
        ("OPENAI_BASE_URL", "::::", "OPENAI_BASE_URL is not usable: its address is not a URL"),
    ],
)
async def test_what_cannot_be_sent_is_said_without_the_key(monkeypatch, name, value, words):
    monkeypatch.setenv(name, value)
    with pytest.raises(CreationError) as raised:
        await create_image("x")
    assert str(raised.value).startswith(words)
    assert KEY not in str(raised.value)


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


def url(image, form="PNG", **options):
    buffer = BytesIO()
    image.save(buffer, form, **options)
    return f"data:;base64,{pybase64.b64encode(buffer.getvalue()).decode()}"


RED, BLUE = Image.new("RGB", (64, 32), "red"), Image.new("RGB", (20, 20), "blue")
HOLE = Image.new("RGBA", (64, 32), "black")
HOLE.paste((0, 0, 0, 0), (0, 0, 32, 32))


def sent(value):
    data = pybase64.b64decode(value.partition(",")[2])
    return opened(data)


class TestEdit:
    async def test_pictures_and_a_mask_reach_the_api(self, endpoint):
        answer = await edit_image(
            "Snow", [url(RED), url(BLUE, "BMP")], url(HOLE), size="512x256", quality="high"
        )
        body = endpoint.exchanges[0].body
        assert endpoint.exchanges[0].path == "/v1/images/edits"
        assert [sent(one).size for one in body.pop("image")] == [(64, 32), (20, 20)]
        assert sent(body.pop("mask")).getchannel("A").getextrema() == (0, 255)
        assert body == {
            "prompt": "Snow",
            "model": MODEL,
            "size": "512x256",
            "output_format": "png",
            "quality": "high",
        }
        image = opened(answer.pictures[0].data).convert("RGB")
        assert image.size == (512, 256)
        assert image.getpixel((500, 200)) == (255, 0, 0)
        assert image.getpixel((20, 200)) != (255, 0, 0)
        assert answer.sentence.startswith(
            f'A picture of "Snow" from data: URL, data: URL with a mask by {MODEL} (high'
        )

    async def test_a_photograph_is_sent_upright_and_without_metadata(self, endpoint):
        exif = Image.Exif()
        exif[0x0112], exif[0x010F] = 6, "SecretCamera"
        await edit_image("x", [url(RED, "JPEG", exif=exif)], size="256x256")
        (given,) = endpoint.exchanges[0].body["image"]
        assert sent(given).size == (32, 64)
        assert b"Secret" not in pybase64.b64decode(given.partition(",")[2])

    async def test_a_stream_of_unfinished_pictures(self, endpoint, tmp_path):
        places = Places(store=Store(tmp_path, 10_000_000, 3600))
        note = places.store.keep((await create_image("a", size="256x256")).pictures[0], "before")
        answer = await edit_image("b", [note.short], size="256x256", partial_images=1, places=places)
        assert answer.sentence.startswith(f'A picture of "b" from {note.short} by')
        assert {one.origin for one in places.store.listed()[0]} == {
            "before",
            'edit_image(prompt="b"), unfinished picture 1',
        }

    @pytest.mark.parametrize(
        ("images", "mask", "words"),
        [
            ([], None, "images: has 0 pictures; give 1 to 16"),
            ([url(RED)] * 17, None, "images: has 17 pictures"),
            (["/etc/passwd"], None, "images: no folder is allowed"),
            (["data:;base64,aGVsbG8="], None, "images: data: URL is not a picture"),
            ([url(RED)], "data:;base64,aGVsbG8=", "mask: data: URL is not a picture"),
            (
                [url(RED)],
                url(RED),
                "mask: data: URL cannot be sent: it has no transparent part; a mask is transparent where the picture should change, and a markup is transparent everywhere except where the notes are",
            ),
            (
                [url(BLUE)],
                url(HOLE),
                "mask: has 64x32 px, but the first picture has 20x20; give one of the same size",
            ),
            (
                [url(RED, "GIF", save_all=True, append_images=[RED.rotate(180), HOLE])],
                None,
                "images: data: URL cannot be sent: it contains several",
            ),
        ],
    )
    async def test_what_cannot_be_sent_is_said_before_it_costs(self, endpoint, images, mask, words):
        with pytest.raises(ArgumentError) as caught:
            await edit_image("x", images, mask)
        assert str(caught.value).startswith(words)
        assert endpoint.exchanges == []

    async def test_a_still_gif_becomes_a_png(self, endpoint):
        await edit_image("x", [url(RED, "GIF")], size="256x256")
        assert sent(endpoint.exchanges[0].body["image"][0]).format == "PNG"


@pytest.mark.parametrize(
    ("unfinished", "finished", "handed_on", "words"),
    [
        (0, 1, 0, ""),
        (2, 1, 2, ""),
        (300, 1, 2, " The API sent 298 more unfinished pictures than requested; they were left out."),
        (1, 4, 1, " The API sent 3 more pictures than requested; they were left out."),
        (
            3,
            2,
            2,
            (
                " The API sent 1 more picture than requested; it was left out."
                " The API sent 1 more unfinished picture than requested; it was left out."
            ),
        ),
    ],
)
async def test_of_a_stream_no_more_is_kept_than_was_asked_for(
    monkeypatch, unfinished, finished, handed_on, words
):
    """The last finished picture is kept: it is what the API ended with."""
    pictures = [b64(file(drawing(20 + number, 20), "PNG")) for number in range(finished)]

    async def stream():
        for _ in range(unfinished):
            yield SimpleNamespace(type="image_generation.partial_image", b64_json=pictures[0])
        for encoded in pictures:
            yield SimpleNamespace(type="image_generation.completed", b64_json=encoded, quality="low")

    handed = []

    async def on_partial(picture):
        handed.append(picture)

    came = await image_api._streamed(stream(), on_partial, 2)
    assert (came.encoded, came.quality, len(handed)) == ([pictures[-1]], "low", handed_on)
    made = image_api.CreatedPictures((), "m", "low", came.left_out, came.unfinished_left_out)
    sentence = _output(image_api.ImageRequest(prompt="x"), "", made).sentence
    assert sentence == f'0 pictures of "x" by m (low quality). .{words}'


class TestPreviews:
    """GIF, SVG, complexity and markup: openai 3.57, types/image_generate_params.py and image_edit_params.py."""

    async def test_a_gif_of_frames(self, endpoint):
        answer = await create_image(
            "A tide", format="gif", size="256x256", frame_count=4, frame_duration_ms=500
        )
        (picture,) = answer.pictures
        assert (picture.media_type, picture.frames) == ("image/gif", 4)
        body = endpoint.requests[0]
        assert (body["output_format"], body["frame_count"], body["frame_duration_ms"]) == ("gif", 4, 500)
        with Image.open(BytesIO(picture.data)) as moving:
            assert moving.info["duration"] == 500

    async def test_an_svg_is_drawn_and_its_text_comes_too(self, endpoint, monkeypatch):
        monkeypatch.setenv("IMAGEBRIDGE_SVG_MODEL", "gpt-6.1-sol")
        answer = await create_image("A pier", format="svg", size="512x256", complexity="high")
        (picture,), (text,) = answer.pictures, answer.files
        assert (picture.media_type, picture.width, picture.height) == ("image/png", 512, 256)
        assert text.content.startswith("```svg\n<svg ")
        assert "A pier" in text.content
        body = endpoint.requests[0]
        assert (body["svg"], body["complexity"]) == ({"model": "gpt-6.1-sol"}, "high")
        assert "and 100 in, 400 out of gpt-6.1-sol" in answer.sentence

    async def test_markup_of_which_the_sdk_knows_nothing_is_told(self, endpoint, tmp_path, monkeypatch):
        (tmp_path / "a.png").write_bytes(file(Image.new("RGBA", (64, 48)), "PNG"))
        monkeypatch.setattr(image_api, "signature", lambda _: SimpleNamespace(parameters={}))
        with pytest.raises(RequirementError, match=r"markup needs a newer openai .*: pip install -U openai"):
            await edit_image("Paint it", ["a.png"], markup="a.png", places=Places(allow=(tmp_path,)))
        assert endpoint.requests == []

    @pytest.mark.skipif("markup" not in signature(AsyncImages.edit).parameters, reason="openai 3.20 lacks it")
    async def test_markup_says_what_to_change_where(self, endpoint, tmp_path):
        overlay = Image.new("RGBA", (64, 48))
        overlay.paste("red", (0, 0, 32, 48))
        (tmp_path / "a.png").write_bytes(file(Image.new("RGB", (64, 48), "navy"), "PNG"))
        (tmp_path / "notes.png").write_bytes(file(overlay, "PNG"))
        (tmp_path / "small.png").write_bytes(file(overlay.resize((32, 24)), "PNG"))
        places = Places(allow=(tmp_path,))
        answer = await edit_image("Paint it", ["a.png"], markup="notes.png", size="512x512", places=places)
        assert "from a.png with a markup by" in answer.sentence
        assert endpoint.requests[0]["markup"].startswith("data:image/png")
        with pytest.raises(ArgumentError, match="markup: has 32x24 px, but the first picture has 64x48"):
            await edit_image("Paint it", ["a.png"], markup="small.png", places=places)
        with pytest.raises(ArgumentError, match="markup: cannot be combined with mask"):
            await edit_image("Paint it", ["a.png"], "notes.png", "notes.png", places=places)

    @pytest.mark.parametrize(
        ("choices", "told"),
        [
            ({"format": "gif", "partial_images": 1}, "partial_images: cannot be combined with gif"),
            ({"format": "svg", "n": 2}, "n: cannot be more than 1 for svg"),
            ({"format": "svg", "compression": 50}, "compression: applies to jpeg and webp"),
            ({"frame_count": 3}, "frame_count: applies to gif"),
            ({"frame_duration_ms": 300}, "frame_duration_ms: applies to gif"),
            (
                {"format": "gif", "frame_duration_ms": 5},
                "frame_duration_ms: is 5; give 10 to 655,350 milliseconds",
            ),
        ],
    )
    async def test_what_does_not_go_together_is_told_and_nothing_asked(self, endpoint, choices, told):
        with pytest.raises(ArgumentError) as caught:
            await create_image("x", **choices)
        assert told in str(caught.value)
        assert not endpoint.requests

    @pytest.mark.parametrize(
        ("model", "told"),
        [
            ("gpt-image-2.6-sunburst", "It took 3 tokens in, 256 out: 0.0077 USD."),
            ("gpt-image-2.6-flare", "It took 3 tokens in, 256 out."),
        ],
    )
    async def test_tokens_are_told_and_their_price_where_it_is_known(
        self, endpoint, monkeypatch, model, told
    ):
        monkeypatch.setenv("IMAGEBRIDGE_IMAGE_MODEL", model)
        answer = await create_image("Stone pier", size="256x256")
        assert told in answer.sentence

    @pytest.mark.parametrize(
        "body",
        [
            {"output_format": "gif", "stream": True},
            {"output_format": "gif", "frame_count": 17},
            {"output_format": "svg", "n": 2},
            {"output_format": "svg", "svg": {}},
            {"frame_count": 2},
            {"complexity": "extreme"},
        ],
    )
    async def test_the_endpoint_refuses_what_the_api_does(self, endpoint, body):
        async with httpx2.AsyncClient() as client:
            answer = await client.post(
                f"{endpoint.base_url}/images/generations", json={"prompt": "x", **body}
            )
        assert answer.status_code == 400


async def test_a_page_in_place_of_a_stream(monkeypatch, tmp_path):
    store = Store(tmp_path, 1_000_000, 3600)
    with answering(monkeypatch, 200, "<html>", content_type="text/html"):
        with pytest.raises(CreationError, match="answered with text/html instead of a stream"):
            await create_image("x", partial_images=1, places=Places(store=store))
