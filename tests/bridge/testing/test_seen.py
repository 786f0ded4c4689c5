"""The pictures that the strict endpoint has received."""

from base64 import b64encode
from io import BytesIO

import pytest
from openai_requests import connected, picture, user
from PIL import Image

from imagebridge.testing import Endpoint, pictures

pytestmark = pytest.mark.pure

MODEL = "gpt-5.6-luna"


def test_seen_pictures_tell_all_about_themselves():
    with Endpoint(["a"]) as endpoint, connected(endpoint) as client:
        client.responses.create(model=MODEL, input=[user([picture("blue", (4_000, 2_000), "JPEG")])])
    (one,) = endpoint.seen
    assert (one.path, one.call_id, one.detail) == ("input[0].content[0].image_url", None, "high")
    assert (one.format, one.media_type, one.size) == ("JPEG", "image/jpeg", (4_000, 2_000))
    assert (one.seen_size, one.patches, one.tokens) == ((2_048, 1_024), 2_048, 2_458)
    assert one.bytes.startswith(b"\xff\xd8\xff")
    assert one.image.getpixel((0, 0)) == (0, 0, 254)
    assert one.describe() == (
        "a JPEG of 4000x2000 pixels, seen as 2048x1024, mainly blue, detail high, 2,048 patches, 2,458 tokens"
    )


@pytest.mark.parametrize(
    ("paint", "names"),
    [
        (lambda image: None, ("white",)),
        (lambda image: image.paste("black", (0, 0, 100, 40)), ("white", "black")),
        (lambda image: image.paste((0, 0, 0, 0), (0, 0, 100, 100)), ("white",)),
        (lambda image: image.paste("red", (0, 0, 100, 5)), ("white",)),
        (lambda image: image.paste("#888", (0, 0, 100, 60)), ("grey", "white")),
    ],
    ids=["white", "two", "transparent", "a trace", "grey"],
)
def test_colours_are_named_by_their_share(paint, names):
    image, file = Image.new("RGBA", (100, 100), "white"), BytesIO()
    paint(image)
    image.save(file, "PNG")
    source = "data:image/png;base64," + b64encode(file.getvalue()).decode()
    (one,) = pictures({"model": MODEL, "input": [user([{"type": "input_image", "image_url": source}])]})
    assert one.colours == names


def test_history_is_seen_once_and_separate_conversations_each():
    def ask(client, *items):
        client.responses.create(model=MODEL, input=list(items))

    with Endpoint(["a"] * 5) as endpoint, connected(endpoint) as client:
        opening, second = user([picture("red")]), user([picture("blue")])
        ask(client, opening)
        ask(client, opening, second)
        assert [one.colours for one in endpoint.seen] == [("red",), ("blue",)]
        trimmed = user("[a picture was here]")
        ask(client, opening, trimmed, user([picture("green")]))
        assert [one.colours for one in endpoint.seen[2:]] == [("green",)]
        ask(client, opening)
        ask(client, user([picture("red"), picture("red")]))
    assert [one.colours for one in endpoint.seen[3:]] == [("red",)] * 3
