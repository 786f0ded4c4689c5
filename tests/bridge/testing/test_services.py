"""Other services of the strict endpoint: Chat Completions, created pictures, models, HTTP, the pytest fixture."""

import json
from base64 import b64decode
from io import BytesIO
from threading import Barrier, Thread

import httpx2
import pytest
from openai import BadRequestError, NotFoundError
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.images_response import ImagesResponse
from openai_requests import LOOK, MODEL, TOOLS, connected, picture, url, user
from PIL import Image

from imagebridge.testing import Endpoint

pytest_plugins = ["pytester"]

# Chat Completions


NO_EFFORT: dict = {"reasoning_effort": "none"}


def test_chat_plays_calls_and_text():
    with Endpoint([[LOOK], "Red."]) as endpoint, connected(endpoint) as client:
        messages: list = [user()]
        tool = {"type": "function", "function": {name: TOOLS[0][name] for name in ("name", "parameters")}}
        first = client.chat.completions.create(model=MODEL, messages=messages, tools=[tool], **NO_EFFORT)
        ChatCompletion.model_validate(first.model_dump(), strict=True)
        assert first.choices[0].finish_reason == "tool_calls"
        (call,) = first.choices[0].message.tool_calls
        assert (call.id, call.function.name, json.loads(call.function.arguments)) == ("call_1", *LOOK)
        messages += [
            first.choices[0].message,
            {"role": "tool", "tool_call_id": call.id, "content": "[picture 1]"},
        ]
        messages += [user([{"type": "image_url", "image_url": {"url": url(), "detail": "low"}}])]
        second = client.chat.completions.create(model=MODEL, messages=messages, tools=[tool], **NO_EFFORT)
    assert (second.choices[0].message.content, second.choices[0].finish_reason) == ("Red.", "stop")
    assert [(one.path, one.detail) for one in endpoint.seen] == [
        ("messages[3].content[0].image_url.url", "low")
    ]


def test_chat_streams():
    with (
        Endpoint([["Wait.", LOOK, LOOK], "A long enough answer."]) as endpoint,
        connected(endpoint) as client,
    ):
        with client.chat.completions.stream(model=MODEL, messages=[user()]) as stream:
            message = stream.get_final_completion().choices[0].message
        assert message.content == "Wait."
        assert [(call.id, json.loads(call.function.arguments)) for call in message.tool_calls] == [
            ("call_1", LOOK[1]),
            ("call_2", LOOK[1]),
        ]
        chunks = list(
            client.chat.completions.create(
                model=MODEL, messages=[user()], stream=True, stream_options={"include_usage": True}
            )
        )
    for chunk in chunks:
        ChatCompletionChunk.model_validate(chunk.model_dump(), strict=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]) == "A long enough answer."
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].choices == []


# Pictures drawn, models, HTTP


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ("PNG", (1024, 1024), "RGB")),
        ({"size": "1536x1024", "output_format": "jpeg"}, ("JPEG", (1536, 1024), "RGB")),
        ({"size": "256x512", "output_format": "webp"}, ("WEBP", (256, 512), "RGB")),
        ({"size": "512x512", "background": "transparent"}, ("PNG", (512, 512), "RGBA")),
    ],
)
def test_pictures_are_drawn_as_asked(asked, expected):
    with Endpoint([]) as endpoint, connected(endpoint) as client:
        answer = client.images.generate(model="gpt-image-2", prompt="a cat", **asked)
    ImagesResponse.model_validate(answer.model_dump(), strict=True)
    (drawn,) = answer.data
    image = Image.open(BytesIO(b64decode(drawn.b64_json)))
    assert (image.format, image.size, image.mode) == expected
    assert len(image.convert("RGB").resize((64, 64)).getcolors(4_096)) > 8
    assert answer.size == f"{image.width}x{image.height}"
    assert endpoint.requests[0]["prompt"] == "a cat"


def test_drawing_streams_partial_pictures_and_repeats_itself():
    with Endpoint([]) as endpoint, connected(endpoint) as client:
        order = {"model": "gpt-image-2", "prompt": "a dog", "size": "256x256"}
        events = list(client.images.generate(**order, stream=True, partial_images=2))
        (again,) = client.images.generate(**order).data
        one, two = client.images.generate(**order, n=2).data
    assert [event.type for event in events] == [
        *["image_generation.partial_image"] * 2,
        "image_generation.completed",
    ]
    assert events[-1].b64_json == again.b64_json == one.b64_json != two.b64_json


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"size": "100x100"}, "size"),
        ({"size": "4096x4096"}, "size"),
        ({"size": "2048x512"}, "size"),
        ({"size": "big"}, "size"),
        ({"output_format": "bmp"}, "output_format"),
        ({"output_format": "jpeg", "background": "transparent"}, "background"),
        ({"n": 11}, "n"),
        ({"prompt": ""}, "prompt"),
    ],
)
def test_what_cannot_be_drawn_is_refused(asked, param):
    order = {"model": "gpt-image-2", "prompt": "a cat"} | asked
    refused = pytest.raises(BadRequestError)
    with Endpoint([]) as endpoint, connected(endpoint) as client, refused as caught:
        client.images.generate(**order)
    assert caught.value.param == param


def test_models_are_listed_and_unknown_paths_are_not_found():
    unserved = pytest.raises(AssertionError, match="POST /v1/embeddings was not expected")
    with unserved, Endpoint([]) as endpoint, connected(endpoint) as client:
        assert "gpt-5.4-mini" in [model.id for model in client.models.list()]
        assert client.models.retrieve("gpt-6-luna").id == "gpt-6-luna"
        with pytest.raises(NotFoundError, match="Invalid URL") as caught:
            client.embeddings.create(model="x", input="y")
        assert caught.value.type == "invalid_request_error"
        broken = httpx2.post(f"{endpoint.base_url}/responses", content=b"{no json")
    assert (broken.status_code, broken.json()["error"]["param"]) == (400, None)


def test_concurrent_requests_each_get_one_step():
    together, answers = Barrier(8), []

    def ask() -> None:
        together.wait(600)
        answers.append(client.responses.create(model=MODEL, input=[user([picture()])]).output_text)

    with Endpoint([f"step {number}" for number in range(8)]) as endpoint, connected(endpoint) as client:
        threads = [Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(600)
    assert sorted(answers) == [f"step {number}" for number in range(8)]
    assert len(endpoint.seen) == len(endpoint.requests) == 8


# The pytest fixture


def test_the_fixture_checks_what_a_passed_test_left(pytester):
    pytester.makeconftest('pytest_plugins = ["imagebridge.testing.fixtures"]')
    pytester.makepyfile(
        """
        import json
        import urllib.request


        def ask(endpoint):
            body = json.dumps({"model": "gpt-5.4", "input": "Look."}).encode()
            with urllib.request.urlopen(f"{endpoint.base_url}/responses", body) as answer:
                return json.load(answer)["output"][0]["content"][0]["text"]


        def test_plays(endpoint):
            assert [ask(endpoint(["One."])), ask(endpoint(["Two."]))] == ["One.", "Two."]


        def test_leaves_a_step(endpoint):
            endpoint(["never asked for"])


        def test_fails_by_itself(endpoint):
            endpoint(["never asked for"])
            assert False, "its own reason"
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, errors=1, failed=1)
    result.stdout.fnmatch_lines(["*1 of 1 step was not requested*", "*its own reason*"])
