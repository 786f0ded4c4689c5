"""A new vendor needs one file and one line: translation, `Bridge.answer` and conversation budgets follow."""

import base64
import io

import made_up_vendor
import pytest
import samples
from mcp.server import MCPServer
from mcp.types import CallToolResult
from mcp_blocks import image, text
from PIL import Image
from samples import b64, drawing

from imagebridge import Bridge, Policy, tool_result, translate, trim
from imagebridge.providers.provider import call_reference
from imagebridge.providers.registry import PROVIDERS

POLICY = Policy(api="made-up", links="pass")
PNG = samples.file(drawing(300, 200), "PNG")
PDF = samples.pdf()


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    monkeypatch.setitem(PROVIDERS, "made-up", "made_up_vendor")


def show(data, media="image/png"):
    return {"show": {"media": media, "bytes": b64(data)}}


def seen(piece):
    picture = Image.open(io.BytesIO(base64.b64decode(piece["show"]["bytes"])))
    return picture.format, picture.size


def link(uri, media_type):
    return {"type": "resource_link", "uri": uri, "name": "x", "mimeType": media_type}


CASES = {
    "text": (text("Hello."), [{"say": "Hello."}]),
    "picture": (image(PNG), [show(PNG)]),
    "file": (
        {"type": "resource", "resource": {"uri": "file:///a.pdf", "blob": b64(PDF)}},
        [{"attach": {"title": "a.pdf", "content": f"data:application/pdf;base64,{b64(PDF)}"}}],
    ),
    "link to a picture": (
        link("https://example.org/a.png", "image/png"),
        [{"fetch": "https://example.org/a.png", "as": "picture"}],
    ),
    "link to a document": (
        link("https://example.org/a.pdf", "application/pdf"),
        [{"fetch": "https://example.org/a.pdf", "as": "document"}],
    ),
    "link to a format it does not take": (
        link("https://example.org/a.gif", "image/gif"),
        [{"say": "[link: x <https://example.org/a.gif>, image/gif]"}],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_part_is_in_its_words(name):
    block, pieces = CASES[name]
    translation = translate({"content": [block]}, POLICY)
    assert translation.parts == pieces


def test_failures_are_flagged_and_not_said():
    translation = translate({"content": [text("It broke."), image(PNG)], "isError": True}, POLICY)
    (answer,) = made_up_vendor.PROVIDER.answers([(call_reference("call_1"), translation)], None)
    assert answer == {
        "from": "tool",
        "reply_to": "call_1",
        "failed": True,
        "pieces": [{"say": "It broke."}, show(PNG)],
    }


def test_a_gif_becomes_what_it_takes():
    picture, *rest = translate({"content": [image(samples.file(drawing(), "GIF"))]}, POLICY).parts
    assert (seen(picture)[0], rest) == ("PNG", [])


def test_pictures_have_its_pixels_and_its_price():
    translation = translate({"content": [image(samples.file(drawing(1200, 300), "PNG"))]}, POLICY)
    picture, line = translation.parts
    assert seen(picture)[1] == (600, 150)
    assert line == {"say": "picture 1: shown 600x150 of 1200x300; multiply coordinates by 2"}
    assert translation.tokens == made_up_vendor.PRICE


def test_budgets_count_its_price():
    pictures = [image(samples.file(drawing(size, 100), "PNG")) for size in (110, 120, 130)]
    result = {"content": pictures}
    assert len(translate(result, Policy(api="made-up", max_tokens=2 * 77)).pictures) == 2


def talk(pictures):
    """A conversation in which the model looks again and again."""
    items = [{"from": "user", "pieces": [{"say": "Look."}]}]
    for at, picture in enumerate(pictures, 1):
        items.append({"from": "assistant", "asks": [{"ref": f"c{at}", "tool": "look"}]})
        items.append({"from": "tool", "reply_to": f"c{at}", "failed": False, "pieces": [picture]})
    return [*items, {"from": "assistant", "text": "Seen."}]


PICTURES = [samples.file(drawing(40 + at, 30), "PNG") for at in range(4)]


@pytest.mark.parametrize("budget", [{"max_pictures": 2}, {"max_tokens": 2 * 77, "max_pictures": None}])
def test_the_conversation_is_trimmed(budget):
    items = talk([show(one) for one in PICTURES])
    trimmed = trim(items, keep=1, **budget)
    sentence = "[no longer shown: picture 1 of look (c{}), image/png, {}x30, {} bytes]"
    gone = [{"say": sentence.format(at + 1, 40 + at, len(PICTURES[at]))} for at in (0, 1)]
    assert [item["pieces"][0] for item in trimmed if item["from"] == "tool"] == [
        *gone,
        *map(show, PICTURES[2:]),
    ]
    assert trim(trimmed, keep=1, **budget) == trimmed


def test_what_is_shown_already_is_referred_to():
    trimmed = trim(talk([show(PNG), show(PNG)]))
    assert trimmed[4]["pieces"] == [{"say": "[the same picture as picture 1 of look (c1), above]"}]


@pytest.mark.agent
@pytest.mark.anyio
async def test_a_bridge_answers_in_its_words():
    server = MCPServer("album", log_level="CRITICAL")

    @server.tool()
    def broken() -> CallToolResult:
        """Fails, and shows how."""
        return CallToolResult.model_validate(tool_result("It broke.", PNG, is_error=True))

    async with Bridge(server, policy=POLICY) as bridge:
        answer = await bridge.answer("broken")
    assert (answer.parts, answer.is_error) == ([{"say": "It broke."}, show(PNG)], True)


def test_an_unknown_vendor_is_named():
    with pytest.raises(
        ValueError, match="^" + "Policy\\(api='nobody'\\): it must be one of 'responses', 'chat', 'made-up'$"
    ):
        translate({"content": []}, Policy(api="nobody"))
