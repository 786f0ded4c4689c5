"""Long pages in overlapping parts: how they are cut and described, and how a conversation parses that again."""

import base64
import itertools
import re
from functools import partial

import pytest
import samples
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from long_rows import one_in
from PIL import Image, ImageDraw

from imagebridge import Policy, function_call_output, output_parts, translate, trim
from imagebridge.providers.responses import translation_of
from imagebridge.translate.result import read_result
from imagebridge.translate.strips import MAX_STRIPS, is_unreadable, strips
from imagebridge.translate.vision import seen


def page(width, height, form="PNG"):
    """A page whose rows (or columns) tell where they are: the red channel counts every 64 pixels."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    for at in range(0, max(width, height), 64):
        box = (0, at, width, at + 63) if height > width else (at, 0, at + 63, height)
        draw.rectangle(box, fill=(at // 64 % 256, 40, 200))
    return {"content": [{"type": "image", "data": samples.b64(samples.file(image, form))}]}


def pictures(parts):
    return [
        samples.pixels(base64.b64decode(part["image_url"].partition(",")[2]))
        for part in parts
        if part["type"] == "input_image"
    ]


def words(parts):
    return [part["text"] for part in parts if part["type"] == "input_text"]


TOO_SMALL = "; text may be too small to read; ask for a part of it"
CASES = {
    "a page": (
        (400, 4200),
        Policy(),
        [
            "part 1 of 3 of picture 1: y 0 to 1461 of 400x4200; coordinates are those of the whole picture",
            "part 2 of 3 of picture 1: y 1370 to 2831 of 400x4200; add 1370 to y",
            "part 3 of 3 of picture 1: y 2739 to 4200 of 400x4200; add 2739 to y",
        ],
    ),
    "a panorama": (
        (4200, 300),
        Policy(),
        [
            "part 1 of 3 of picture 1: x 0 to 1461 of 4200x300; coordinates are those of the whole picture",
            "part 2 of 3 of picture 1: x 1370 to 2831 of 4200x300; add 1370 to x",
            "part 3 of 3 of picture 1: x 2739 to 4200 of 4200x300; add 2739 to x",
        ],
    ),
    "no more than half too long": ((400, 1300), Policy(), []),
    "seen whole by a model that sees more": ((400, 4200), Policy(model="gpt-5.6-luna", detail="original"), []),
    "too long even in parts": (
        (200, 24000),
        Policy(),
        [f"picture 1: shown 17x2048 of 200x24000; multiply x by 11.765 and y by 11.719{TOO_SMALL}"],
    ),
    "too few pictures": (
        (400, 4200),
        Policy(max_pictures=2),
        [f"picture 1: shown 195x2048 of 400x4200; multiply coordinates by 2.051{TOO_SMALL}"],
    ),
    "too few tokens": (
        (400, 4200),
        Policy(max_tokens=900),
        [f"picture 1: shown 195x2048 of 400x4200; multiply coordinates by 2.051{TOO_SMALL}"],
    ),
    "a low detail": (
        (400, 4200),
        Policy(model="gpt-5.6-luna", detail="low"),
        [f"picture 1: shown 49x512 of 400x4200; multiply x by 8.163 and y by 8.203{TOO_SMALL}"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", one_in(3, CASES))
def test_what_is_said_of_long_pages(name):
    size, policy, expected = CASES[name]
    assert words(output_parts(page(*size), policy)) == expected


def test_every_part_shows_its_place_in_the_whole():
    parts = output_parts(page(400, 4200))
    for shown, line in zip(pictures(parts), words(parts), strict=True):
        start, stop = map(int, re.search(r"y (\d+) to (\d+) of", line).groups())
        assert shown.size == (400, stop - start)
        assert {shown.getpixel((200, at))[0] - (start + at) // 64 for at in (0, 700, shown.height - 1)} == {0}


def test_the_page_of_browser_agents_is_shown_in_full_size():
    parts = output_parts(page(1280, 9467))
    assert words(parts)[1] == "part 2 of 5 of picture 1: y 1877 to 3836 of 1280x9467; add 1877 to y"
    assert {shown.size for shown in pictures(parts)} == {(1280, 1959)}


@pytest.mark.long
def test_parts_that_are_shrunk_tell_their_factor():
    parts = output_parts(page(1280, 12_000))
    assert words(parts)[1] == (
        "part 2 of 5 of picture 1: y 2368 to 4895 of 1280x12000, shown 1037x2048; "
        "multiply coordinates by 1.234, then add 2368 to y"
    )


@pytest.mark.parametrize("form", ["JPEG", "TIFF", "WEBP"])
def test_pages_of_every_format_are_cut_always_to_the_same_bytes(form):
    parts = output_parts(page(300, 4200, form))
    assert len(pictures(parts)) == 3
    assert parts == output_parts(page(300, 4200, form))


def test_a_handle_is_that_of_the_whole_and_stands_behind_the_part():
    found = read_result(page(400, 4200), Policy(), 7)
    first = ["part 1 of 3 of picture:7", "part 2 of 3 of picture:7", "part 3 of 3 of picture:7"]
    assert [line.split("\n")[0] for line in words(translation_of(found).parts)] == first
    assert list(found.encoded_files) == [7]


def test_the_account_tells_the_parts():
    made = translate(page(400, 4200))
    assert [str(shown).split(",")[0] for shown in made.pictures] == [f"part {at} of 3" for at in (1, 2, 3)]
    assert [one.name for one in made.placed] == [f"part {at} of 3 of picture 1" for at in (1, 2, 3)]
    assert made.notes[0].tokens == made.tokens == sum(shown.seen.tokens for shown in made.pictures)


@pytest.mark.parametrize("handles", [False, True])
def test_a_conversation_tells_parts_that_give_way_apart(handles):
    result = page(400, 4200)
    result["content"].append({"type": "image", "data": samples.b64(samples.file(samples.drawing(), "PNG"))})
    output = translation_of(read_result(result, Policy(), 1 if handles else None)).parts
    items = [
        {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": output},
        {"role": "assistant", "content": "seen"},
        {"role": "user", "content": "and now?"},
    ]
    trimmed = trim(items, max_pictures=0)
    told = [text for text in words(trimmed[1]["output"]) if text.startswith("[no longer shown")]
    pictures = [f"part {at} of 3 of picture 1 of look (call_1)" for at in (1, 2, 3)] + [
        "picture 2 of look (call_1)"
    ]
    assert [picture in text for picture, text in zip(pictures, told, strict=True)] == [True] * 4
    assert trim(trimmed, max_pictures=0) == trimmed
    again = trim([*items, *items], max_pictures=10)
    assert trim(again, max_pictures=10) == again
    assert trim(again, max_pictures=0) == trim([*items, *items], max_pictures=0)


def test_parts_go_where_tool_outputs_take_no_pictures():
    made = function_call_output(page(400, 4200), "call_1", Policy(server="ollama"))
    assert "part 2 of 3 of picture 1" in str(made["output"])


@settings(deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    st.integers(100, 3000), st.integers(4, 30), st.booleans(), st.sampled_from(["gpt-4o", "gpt-5.6", None])
)
def test_strips_cover_the_whole_overlap_and_are_readable(side, factor, lying, model):
    width, height = (side * factor, side) if lying else (side, side * factor)
    view = seen(width, height, model)
    assume(is_unreadable(width, height, view))
    made = strips(width, height, partial(seen, model=model))
    assert not made or 2 <= len(made) <= MAX_STRIPS
    for one, after in itertools.pairwise(made):
        assert (one.top + one.height > after.top, one.left + one.width > after.left) == (True, True)
        assert one.seen.width * 2 >= one.width - 2
    if made:
        assert made[0].box[:2] == (0, 0)
        assert made[-1].box[2:] == (width, height)


ROWS = "".join(
    f'<rect x="100" y="{at}" width="200" height="32" fill="rgb({at // 64},0,0)"/>'
    for at in range(0, 9467, 64)
)


def drawing(width, height):
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"><rect width="100%" height="100%" '
        f'fill="white"/>{ROWS}</svg>'
    )
    return {"content": [{"type": "image", "data": samples.b64(text.encode())}]}


@pytest.mark.long
def test_a_long_drawing_is_cut_as_a_page_is():
    parts = output_parts(drawing(1280, 9467))
    assert words(parts) == words(output_parts(page(1280, 9467)))
    start = 1877
    for shown in pictures(parts)[1:2]:
        assert shown.size == (1280, 1959)
        assert shown.convert("RGB").getpixel((200, 30 * 64 + 10 - start)) == (30, 0, 0)


@pytest.mark.parametrize(
    ("size", "policy", "expected"),
    one_in(
        3,
        [
            ((400, 4200), Policy(max_pictures=2), CASES["too few pictures"][2]),
            ((400, 4200), Policy(model="gpt-5.6-luna", detail="low"), CASES["a low detail"][2]),
            (
                (200, 24000),
                Policy(),
                ["picture 1: shown 17x2040 of 200x24000; multiply coordinates by 11.765" + TOO_SMALL],
            ),
            (
                (3000, 9100),
                Policy(),
                ["picture 1: shown 675x2048 of 3000x9100; multiply x by 4.444 and y by 4.443" + TOO_SMALL],
            ),
            (
                (3000, 2000),
                Policy(),
                ["picture 1: shown 1920x1280 of 3000x2000; multiply coordinates by 1.562"],
            ),
        ],
    ),
    ids=["budget", "low", "too long", "too large", "no page"],
)
def test_a_drawing_that_cannot_be_cut_is_shown_whole(size, policy, expected):
    assert words(output_parts(drawing(*size), policy)) == expected
