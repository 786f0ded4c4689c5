"""With a limit on pictures per request, the oldest are removed, the newest stays, and the limit is remembered."""

import re

import openai
import pytest
from eyes import eyes
from hypothesis import given, settings
from hypothesis import strategies as st
from long_rows import one_in
from openai import AsyncOpenAI
from samples import data_url, drawing, file, photo

from imagebridge import Bridge
from imagebridge.agent.recovery import fresh
from imagebridge.conversation.image_limit import pictures, within
from imagebridge.testing import Endpoint, Fault

pytestmark = pytest.mark.anyio
MODEL = "gpt-5.6-luna"
MINE = data_url(file(drawing(), "PNG"), "image/png")


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
    return eyes()


def taking(most, wording, turns, status=400, **more):
    """Steps of a server that takes so many pictures; `turns` holds how many are called for in each turn."""
    accepted = []

    def step(body):
        items = body.get("input") or body["messages"]
        count = len(pictures(items if isinstance(items, list) else []))
        if count > most:
            return Fault(status, wording.format(most=most, count=count), **more)
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
    assert len(re.findall(r"the API accepts at most \d pictures? per request", str(reply.items))) >= 1


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


@pytest.mark.parametrize(
    ("wording", "status", "more"),
    one_in(3, [
        ("Request too large: too many images (max {most})", 413, {}),
        ("Too many images, max {most}", 422, {}),
        ("At most {most} attachments", 403, {}),
        ("{most} photos max", 500, {}),
        ("Maximum: {most}", 400, {"code": "too_many_images"}),
        ("{most} at most, and not {count}", 400, {"param": "images"}),
        ("You sent " + "quite a lot " * 50 + "and {most} images is the limit", 400, {}),
        ("At most {most} images", 200, {}),
        ("At most {most} images", 200, {"code": "server_error"}),
    ]),
    ids=["413", "422", "403", "500", "by its code", "by its parameter", "late", "failed", "failed, to be tried again"],
)  # fmt: skip
async def test_a_limit_is_remembered_however_it_came(server, wording, status, more):
    step = taking(3, wording, [1] * 6, status, **more)
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
