"""Edits of pictures by the endpoint, requested through the SDK."""

from io import BytesIO

import pybase64
import pytest
from openai import BadRequestError, OpenAI
from PIL import Image

from imagebridge.testing import Endpoint

MODEL = "gpt-image-2.5-flare"


def file(form="PNG", size=(64, 32), color="red", mode="RGB"):
    buffer = BytesIO()
    Image.new(mode, size, color).save(buffer, form)
    return f"a.{form.lower()}", buffer.getvalue(), f"image/{form.lower()}"


HOLE = file(mode="RGBA", color=(0, 0, 0, 0))


@pytest.fixture(scope="module")
def endpoint():
    with Endpoint([]) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def client(endpoint):
    with OpenAI(base_url=endpoint.base_url, api_key="test") as client:
        yield client


def drawn(encoded):
    return Image.open(BytesIO(pybase64.b64decode(encoded)))


def test_what_is_sent_is_seen_in_what_comes_back(client, endpoint):
    answer = client.images.edit(
        model=MODEL, image=[file(), file("WEBP")], prompt="x", n=2, size="256x128", output_format="webp"
    )
    pictures = [drawn(one.b64_json) for one in answer.data]
    assert [(one.format, one.size, one.convert("RGB").getpixel((250, 120))) for one in pictures] == [
        ("WEBP", (256, 128), pytest.approx((254, 0, 0), abs=4))
    ] * 2
    body = endpoint.requests[-1]
    assert {name: body[name] for name in ("prompt", "n", "size")} == {
        "prompt": "x",
        "n": "2",
        "size": "256x128",
    }
    assert [one.partition(";")[0] for one in body["image"]] == ["data:image/png", "data:image/webp"]


def test_the_mask_says_where(client):
    answer = client.images.edit(model=MODEL, image=file(), mask=HOLE, prompt="x", size="256x128")
    assert drawn(answer.data[0].b64_json).getpixel((250, 120)) != (255, 0, 0)


def test_a_stream(client):
    stream = client.images.edit(model=MODEL, image=file(), prompt="x", stream=True, partial_images=2)
    assert [event.type for event in stream] == ["image_edit.partial_image"] * 2 + ["image_edit.completed"]


@pytest.mark.parametrize(
    ("arguments", "parameter"),
    [
        ({"image": [file()] * 17}, "image"),
        ({"image": file("GIF")}, "image"),
        ({"image": ("a.png", b"no picture", "image/png")}, "image"),
        ({"image": file(), "mask": file()}, "mask"),
        ({"image": file(), "mask": file("JPEG")}, "mask"),
        ({"image": file(size=(20, 20)), "mask": HOLE}, "mask"),
        ({"image": file(), "n": 11}, "n"),
        ({"image": file(), "quality": "best"}, "quality"),
        ({"image": file(), "output_compression": 50}, "output_compression"),
    ],
)
def test_what_the_api_refuses(client, arguments, parameter):
    with pytest.raises(BadRequestError) as caught:
        client.images.edit(model=MODEL, prompt="x", **arguments)
    assert caught.value.param == parameter
