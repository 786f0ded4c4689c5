"""Servers that take only so many pictures in a request: the oldest go, the newest stays, the limit is remembered."""

import re

import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp.server import MCPServer
from mcp.types import CallToolResult
from openai import AsyncOpenAI
from samples import data_url, drawing, file, photo

from imagebridge import Bridge, tool_result
from imagebridge.agent.recovery import fresh
from imagebridge.conversation.image_limit import limit, pictures, within
from imagebridge.testing import Endpoint, Fault

pytestmark = pytest.mark.anyio
MODEL = "gpt-5.6-luna"
MINE = data_url(file(drawing(), "PNG"), "image/png")


@pytest.mark.parametrize(
    ("text", "count", "most"),
    [
        ("At most 4 image(s) may be provided in one prompt.", 5, 4),
        ("At most 1 image(s) may be provided in one request.", 2, 1),
        ("The request contains too many images: 5 images were provided, but the model supports a maximum of 3 images.", 5, 3),
        ("You set image=2 (or defaulted to 1) in `--limit-mm-per-prompt`, but passed 3 image items in the same prompt.", 3, 2),
        ("messages: too many images: max is 20", 21, 20),
        ("Number of images (5) exceeds the maximum allowed (4).", 5, 4),
        ("Too many images in request: 9 > 8", 9, 8),
        ("This model only supports one image per request.", 3, 1),
        ("Only a single image is supported.", 3, 1),
        ("Up to two images are supported", 7, 2),
        ("Maximum number of images is 10, got 11.", 11, 10),
        ("You can attach no more than 6 pictures", 7, 6),
        ("Your request has 51 images. The limit is 50 images.", 51, 50),
        ("the image limit of 5 was exceeded", 6, 5),
        ("Invalid request: more than 16 images were given", 17, 16),
        ("A maximum of 1,500 images can be sent", 1_501, 1_500),
        ("Too many images in request. Maximum allowed is 20, but 25 were provided", 25, 20),
        ("Too many images: 6. Please limit to 5.", 6, 5),
        ("Too many image_url content parts in messages (max 4)", 6, 4),
        ("Invalid request: images exceed limit (5 > 4)", 5, 4),
        ("Invalid 'images': array too long. Expected an array with maximum length 10, but got length 11 instead", 11, 10),
        ("List should have at most 5 items after validation, not 6 (images)", 6, 5),
        ("image_count must be <= 5", 6, 5),
        ("image_url parts: at most 4 allowed", 6, 4),
        ("6 images were sent; 4 are allowed", 6, 4),
        ("Received 6 images; maximum supported is 4", 6, 4),
        ("You have exceeded the allowed number of images. Allowed: 4, provided: 6", 6, 4),
        ("Number of images should be less than or equal to 4", 6, 4),
        ("Number of images should be less than 5", 6, 4),
        ("Send fewer than 5 images", 6, 4),
        ("Too many images.", 9, 4),
        ("Too many images.", 2, 1),
        ("This model does not support multiple images.", 5, 1),
        # Not about how many there are.
        ("Too many images.", 1, None),
        ("At most 4 image(s) may be provided in one prompt.", 4, None),
        ("The image data you provided does not represent a valid image.", 9, None),
        ("Invalid 'input[3].output[1].image_url'. Expected only one of image_url or file_id.", 9, None),
        ("The image exceeds the maximum size of 5 MB.", 9, None),
        ("image dimensions exceed max allowed size: 8000 pixels", 9_000, None),
        ("Image 2 is too large: at most 4 megapixels", 9, None),
        ("each image may have at most 6.5 MB", 9, None),
        ("At most 3 tools may be given", 9, None),
        ("only 3 channel images are supported", 6, None),
        ("Image 3 of 6 could not be read", 6, None),
        ("images must be at least 28 pixels", 40, None),
    ],
)  # fmt: skip
def test_what_a_refusal_says_of_a_limit(text, count, most):
    assert limit(text, count) == most


def output(number):
    part = {"type": "input_image", "detail": "high", "image_url": f"data:image/png;base64,{number}"}
    return {"type": "function_call_output", "call_id": f"c{number}", "output": [part]}


def call(number):
    return {"type": "function_call", "call_id": f"c{number}", "name": "look", "arguments": "{}"}


USER = {"role": "user", "content": [{"type": "input_image", "detail": "low", "image_url": MINE}]}

THEIRS = {
    "role": "user",
    "content": [
        {
            "type": "input_image",
            "detail": "low",
            "image_url": data_url(file(photo(30, 20), "PNG"), "image/png"),
        }
    ],
}


def left(items):
    return [one.url.rpartition(",")[2] for one in pictures(items)]


@given(st.lists(st.integers(1, 3), min_size=1, max_size=5), st.integers(1, 8), st.booleans())
@settings(deadline=None)
def test_never_more_than_the_limit_and_the_newest_last_to_go(turns, most, asked):
    items, number = [USER] if asked else [], 0
    for count in turns:
        numbers = range(number, number := number + count)
        items += [*map(call, numbers), *map(output, numbers)]
    made = within(items, most, own=1 if asked else 0, fresh=fresh(items))
    assert len(pictures(made)) == min(most, len(pictures(items)))
    ours = [one for one in left(made) if one.isdecimal()]
    assert ours == [str(one) for one in range(number)][number - len(ours) :]
    assert len(ours) >= min(most, turns[-1])
    assert [one.get("call_id") for one in made] == [one.get("call_id") for one in items]


def test_what_the_caller_has_just_sent_stays():
    items = [USER, USER, USER]
    assert within(items, 2, own=3, fresh=0) is items


@pytest.fixture
def server():
    server = MCPServer("eyes", log_level="CRITICAL")

    @server.tool()
    def look(side: int) -> CallToolResult:
        """Looks."""
        return CallToolResult.model_validate(tool_result(f"{side} pixels", photo(side, side)))

    return server


def taking(most, wording, turns, status=400):
    """Steps of a server that takes so many pictures; `turns` holds how many are called for in each turn."""
    accepted = []

    def step(body):
        items = body.get("input") or body["messages"]
        count = len(pictures(items if isinstance(items, list) else []))
        if count > most:
            return Fault(status, wording.format(most=most, count=count), param=None)
        accepted.append(body)
        done = len(accepted) - 1
        if done == len(turns):
            return "done"
        return [("look", {"side": 40 + 8 * done + at}) for at in range(turns[done])]

    return step


@pytest.mark.parametrize("api", ["responses", "chat"])
@pytest.mark.parametrize(
    ("most", "turns"),
    [
        (1, [1, 1, 1]),
        (2, [3, 3]),
        *(
            pytest.param(*one, marks=pytest.mark.long)
            for one in ((4, [1] * 7), (4, [2, 2, 2]), (3, [1, 5, 1]))
        ),
    ],
)
async def test_one_refusal_and_the_newest_is_always_seen(server, api, most, turns):
    step = taking(most, "At most {most} image(s) may be provided in one prompt.", turns)
    with Endpoint([step] * (len(turns) + 2)) as endpoint:
        async with (
            AsyncOpenAI(base_url=endpoint.base_url, api_key="x", max_retries=0) as client,
            Bridge(server) as bridge,
        ):
            reply = await bridge.run(client, model=MODEL, input="Look", api=api, **effort(api))
    assert reply.text == "done"
    assert len(endpoint.requests) == len(turns) + 2
    new = [[one.size[0] for one in endpoint.seen if 40 + 8 * turn <= one.size[0] < 48 + 8 * turn] for turn in range(len(turns))]  # fmt: skip
    assert [sorted(set(seen)) for seen in new] == [
        [40 + 8 * turn + at for at in range(count)][-most:] for turn, count in enumerate(turns)
    ]
    assert len(pictures(reply.items)) <= most
    assert len(re.findall(r"the API takes \d pictures? in a request", str(reply.items))) >= 1


def effort(api):
    return {"reasoning_effort": "none"} if api == "chat" else {}


async def test_a_limit_in_no_number_is_found_by_halves(server):
    step = taking(2, "Too many images.", [1] * 6)
    with Endpoint([step] * 8) as endpoint:
        async with (
            AsyncOpenAI(base_url=endpoint.base_url, api_key="x", max_retries=0) as client,
            Bridge(server) as bridge,
        ):
            reply = await bridge.run(client, model=MODEL, input="Look")
    assert reply.text == "done"
    assert len(endpoint.requests) == 8


@pytest.mark.parametrize("status", [413, 415, 422])
async def test_a_limit_is_remembered_under_whatever_status_it_came(server, status):
    step = taking(3, "Request too large: too many images (max {most})", [1] * 6, status)
    with Endpoint([step] * 8) as endpoint:
        async with (
            AsyncOpenAI(base_url=endpoint.base_url, api_key="x", max_retries=0) as client,
            Bridge(server) as bridge,
        ):
            reply = await bridge.run(client, model=MODEL, input="Look")
    assert (reply.text, len(pictures(reply.items)), len(endpoint.requests)) == ("done", 3, 8)


async def test_what_the_caller_sent_too_many_of_is_the_callers_to_see(server):
    with Endpoint([taking(1, "At most {most} image(s)", [1])]) as endpoint:
        async with (
            AsyncOpenAI(base_url=endpoint.base_url, api_key="x", max_retries=0) as client,
            Bridge(server) as bridge,
        ):
            with pytest.raises(openai.BadRequestError) as raised:
                await bridge.run(client, model=MODEL, input=[USER, THEIRS])
    assert raised.value.items == [USER, THEIRS]
