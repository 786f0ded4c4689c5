"""Rejected requests are changed without losing a call or its output; the functions are pure."""

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai import APIError
from samples import data_url, drawing, file, photo

from imagebridge.agent.api_errors import fault, refusal_of
from imagebridge.agent.recovery import Recovery
from imagebridge.conversation.attachments import attachments

pytestmark = pytest.mark.pure

GOOD = data_url(file(drawing(), "PNG"), "image/png")
PICTURES = [data_url(file(photo(16 + side, 16), "PNG"), "image/png") for side in range(5)]
CUT = data_url(file(drawing(), "PNG")[:-20], "image/png")


def picture(url=GOOD):
    return {"type": "input_image", "image_url": url, "detail": "high"}


def exchange(number, *parts):
    """A call, and its output with these parts."""
    call = {"type": "function_call", "call_id": f"call_{number}", "name": "look", "arguments": "{}"}
    return [call, {"type": "function_call_output", "call_id": f"call_{number}", "output": list(parts)}]


def places(items):
    return [(one.item, one.part) for one in attachments(items)]


USER = {"role": "user", "content": "Look."}


def recovery(items, own=1, api="responses"):
    return Recovery(items, own, model="gpt-5.6-luna", api=api, retries=1)


@pytest.mark.parametrize(
    ("status", "code", "text", "kind"),
    [
        (400, "invalid_value", "The image data you provided does not represent a valid image.", "picture"),
        (400, "invalid_value", "The image you provided requires 47000 patches after processing", "picture"),
        (
            400,
            None,
            "Invalid 'input[37].content[0].image_url'. Expected a base64-encoded data URL",
            "picture",
        ),
        (400, "failed_to_download_image", "Error while downloading", "picture"),
        (422, None, "image_url: unexpected value; permitted: 'auto', 'low', 'high'", "picture"),
        (None, "image_parse_error", "", "picture"),
        (413, None, "Request Entity Too Large", "size"),
        (400, "context_length_exceeded", "Your input exceeds the context window of this model.", "size"),
        (400, None, "This model's maximum context length is 128000 tokens", "size"),
        (400, None, "Input is too long for requested model.", "size"),
        (None, "stream_broken", "the stream was cut off", "stream"),
        (None, "server_error", "Oh.", "stream"),
        (None, "invalid_form", "the model says: image", None),
        (400, "unknown_parameter", "Unknown parameter: 'colour'.", None),
        (401, None, "Your image of the key is wrong.", None),
        (429, "rate_limit_exceeded", "Too many images.", None),
        (500, "server_error", "The server had an error.", None),
    ],
)
def test_what_an_error_is_about(status, code, text, kind):
    assert fault(status, code, text) == kind


def test_what_our_rules_refuse_goes_before_anything_is_tried():
    one, two = exchange(1, picture(), picture(CUT)), exchange(2, picture())
    items = [USER, one[0], two[0], one[1], two[1]]
    step = recovery(items)
    why = step.change("picture", "The image data you provided does not represent a valid image.")
    assert why == "1 picture held back: The image data you provided does not represent a valid image."
    assert places(step.items) == [(3, 0), (4, 0)]
    assert step.items[3]["output"][1]["text"] == (
        "[not shown: picture 2 of look (call_1), image/png, 153 bytes; "
        "the API refused it: The image data you provided does not represent a valid image.]"
    )


def test_only_pictures_new_to_the_model_are_suspected_first():
    items = [USER, *exchange(1, picture()), *exchange(2, *[picture()] * 6)]
    step, kept = recovery(items), []
    while step.change("picture", "bad image"):
        kept.append([len([item for item, _ in places(step.items) if item == at]) for at in (2, 4)])
    assert kept == [[1, 4], [1, 4], [1, 4], [1, 0], [0, 0]]
    assert step.items == items


def test_pictures_that_the_api_names_one_after_the_other_give_way_one_after_the_other():
    items = [USER, *exchange(1, *[picture()] * 3)]
    step = recovery(items)
    for part in (2, 0):
        assert step.change("picture", f"Invalid 'input[2].output[{part}].image_url'.")
    assert places(step.items) == [(2, 1)]


def test_the_callers_own_pictures_are_left_alone():
    mine = {"role": "user", "content": [picture(CUT)]}
    assert recovery([mine]).change("picture", "bad image") is None
    step = recovery([mine, *exchange(1, picture())])
    assert step.change("picture", "Invalid 'input[0].content[0].image_url'") is None


def test_a_picture_in_a_message_that_the_run_added_is_ours():
    tool = {"role": "tool", "tool_call_id": "call_1", "content": "below"}
    shown = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": GOOD}}]}
    asked = {"role": "assistant", "tool_calls": [{"id": "call_1"}]}
    step = recovery([USER, asked, tool, shown], api="chat")
    assert step.change("picture", "bad image")
    assert step.items[3]["content"] == [
        {
            "type": "text",
            "text": "[not shown: picture 1 of user message 2, image/png, 64x48, 173 bytes; the API refused it: bad image]",
        }
    ]


def test_a_stream_is_asked_for_again_as_often_as_the_client_says():
    step = recovery([USER])
    assert [step.change("stream", "broke off"), step.change("stream", "broke off")] == ["broke off", None]


ITEMS = st.lists(
    st.tuples(
        st.sampled_from(["user", "exchange"]),
        st.lists(st.sampled_from(["picture", "file", "text"]), max_size=4),
    ),
    max_size=6,
)
PARTS = {
    "picture": picture(),
    "file": {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"},
    "text": {"type": "input_text", "text": "a"},
}


def built(plan):
    items = []
    for number, (kind, names) in enumerate(plan):
        parts = [PARTS[name] for name in names]
        items += exchange(number, *parts) if kind == "exchange" else [{"role": "user", "content": parts}]
    return items


def skeleton(items):
    """The items less what their parts hold."""
    return [
        {name: len(value) if isinstance(value, list) else value for name, value in item.items()}
        for item in items
    ]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ITEMS, st.sampled_from(["picture", "size"]))
def test_it_comes_to_an_end_and_keeps_every_call(plan, kind):
    items = built(plan)
    step = recovery(items, own=0)
    for _ in range(40):
        before = step.items
        if step.change(kind, "too large an image") is None:
            break
        assert skeleton(step.items) == skeleton(items)
        assert step.items != before
    else:
        raise AssertionError("it never ends")
    assert step.items == items


def test_what_is_too_large_gives_way_by_halves_and_never_what_the_user_asks_about():
    mine = {"role": "user", "content": [{**picture(), "detail": "low"}]}
    turns = [item for number in range(5) for item in exchange(number, picture(PICTURES[number]))]
    step, left = recovery([mine, *turns]), []
    while step.change("size", "Request Entity Too Large"):
        left.append([item for item, _ in places(step.items)])
    # Item 0 is the user's, item 10 what the model has not answered.
    assert left == [[0, 8, 10], [0, 10], [0]]
    sentence = step.items[2]["output"][0]
    assert sentence == picture(PICTURES[0])


def test_files_of_older_turns_give_way_too():
    pdf = {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}
    step = recovery([USER, *exchange(1, pdf), *exchange(2, {"type": "input_text", "text": "short"})])
    assert step.change("size", "too long") == "1 file from older turns left out: too long"
    assert places(step.items) == []


def nested(depth):
    body = "odd"
    for _ in range(depth):
        body = [{"error": body}]
    return body


@pytest.mark.agent
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"message": "At most 2 images."}, "At most 2 images."),
        ({"detail": "At most 2 images."}, "At most 2 images."),
        ({"error": "At most 2 images."}, "At most 2 images."),
        ("At most 2 images.", "At most 2 images."),
        ("<html>400</html>", "Error code: 400"),
        (["odd", None, ["other"]], "odd; other"),
        ({"message": ["odd"]}, "odd"),
        ({"message": None, "error": {"msg": "odd"}}, "odd"),
        (
            {
                "detail": [
                    {"loc": ["body", "input", 0], "msg": "odd", "input": {"image": "a"}},
                    {"msg": "other"},
                ]
            },
            "body.input.0: odd; other",
        ),
        ({"detail": [{"loc": 7, "msg": 7}]}, "Error code: 400"),
        ({"images": 7}, "Error code: 400"),
        ([], "Error code: 400"),
        (True, "Error code: 400"),
        (nested(900), "Error code: 400"),
        (None, "Error code: 400"),
    ],
)
def test_the_words_of_an_error_are_read_in_every_form(body, expected):
    error = APIError("Error code: 400", httpx2.Request("POST", "http://x/"), body=body)
    assert refusal_of(error).message == expected
