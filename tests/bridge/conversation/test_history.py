"""Budgets of a conversation: what is removed, what replaces it, and what never changes."""

from copy import deepcopy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai.types.responses import ResponseFunctionToolCall
from openai_requests import input_text as text
from PIL import Image
from samples import SVG, data_url, file, pdf

from imagebridge import Policy, chat_messages, output_items, replace_images, tool_result, trim
from imagebridge.conversation.attachments import Attachment, StandIn, attachments, by_user, places
from imagebridge.providers.responses import translation_of
from imagebridge.rules import refusals
from imagebridge.translate.result import read_result

pytestmark = pytest.mark.pure


def png(number, size=(64, 48)):
    return file(Image.new("RGB", size, (number % 256, number // 256, 90)), "PNG")


PNGS = [data_url(png(number), "image/png") for number in range(40)]
PDF = data_url(pdf(), "application/pdf")


def image(number, detail="high"):
    return {"type": "input_image", "image_url": PNGS[number], "detail": detail}


def user(*parts):
    return {"role": "user", "content": list(parts)}


def call(number, name="look"):
    return {"type": "function_call", "call_id": f"call_{number}", "name": name, "arguments": "{}"}


def output(number, *parts):
    return {"type": "function_call_output", "call_id": f"call_{number}", "output": list(parts)}


def turns(count, first=0):
    """A call and its output with a fresh picture, again and again; the last output is not answered."""
    return [
        item
        for number in range(first, first + count)
        for item in (call(number), output(number, text("Done."), image(number)))
    ]


def shown(items):
    return [PNGS.index(one.url) for one in attachments(items)]


def words(items):
    return [
        part["text"]
        for item in items
        for part in item.get("output", item.get("content", []))
        if isinstance(part, dict) and part.get("text", "").startswith("[")
    ]


def gone(number, of=None):
    return f"[no longer shown: picture 1 of {of or f'look (call_{number})'}, image/png, 64x48, {len(png(number))} bytes]"


def test_the_oldest_give_way_in_large_steps():
    counts = [len(shown(trim(turns(count)))) for count in range(1, 20)]
    assert counts == [1, 2, 3, 4, 5, 6, 7, 8, 4, 5, 6, 7, 8, 4, 5, 6, 7, 8, 4]
    items = turns(9)
    before = deepcopy(items)
    trimmed = trim(items)
    assert items == before
    assert shown(trimmed) == [5, 6, 7, 8]
    assert words(trimmed) == [gone(number) for number in range(5)]
    assert [a if a is b else None for a, b in zip(trimmed, items, strict=True)][10:] == items[10:]


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        ({}, [5, 6, 7, 8]),
        ({"max_pictures": None}, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        ({"max_pictures": 3}, [6, 7, 8]),
        ({"max_pictures": 3, "keep": 1}, [6, 7, 8]),
        ({"max_pictures": 0}, [8]),  # not answered yet
        ({"max_pictures": None, "max_bytes": 4 * len(PNGS[0])}, [6, 7, 8]),
        ({"max_pictures": None, "max_tokens": 4 * 5, "model": "gpt-5.4"}, [6, 7, 8]),
        ({"max_pictures": None, "max_tokens": 9 * 5, "model": "gpt-5.4"}, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
    ],
)
def test_budgets(budget, expected):
    assert shown(trim(turns(9), **budget)) == expected


def test_what_is_not_answered_yet_stays():
    fresh = [call(90), call(91), output(90, *map(image, range(12))), output(91, image(12)), user(image(13))]
    assert shown(trim([*turns(5, first=20), *fresh])) == list(range(14))
    answered = [*turns(5, first=20), *fresh, {"role": "assistant", "content": "I see."}]
    assert shown(trim(answered)) == [10, 11, 12, 13]


def test_what_the_user_gave_for_the_task_stays_until_it_is_done():
    task = user(text("Compare."), *map(image, range(10)))
    working = [task, *turns(3, first=20)]
    assert shown(trim(working)) == [*range(10), 22]
    steered = [*working, user(image(30)), *turns(2, first=23)]
    assert shown(trim(steered)) == [*range(10), 30, 24]
    done = [*steered, {"role": "assistant", "content": "All the same."}]
    assert shown(trim(done)) == [8, 9, 30, 24]
    # Pictures of tools, in user messages for servers that want them there, are no task.
    made = output_items(
        [(call(number), tool_result("", png(number))) for number in range(9)], Policy(server="xai")
    )
    calls = [call(number) for number in range(9)]
    assert shown(trim([*calls, *made, call(10), output(10, text("-"))])) == [5, 6, 7, 8]


def test_an_identical_picture_is_sent_once_and_counts_as_used():
    items = [*turns(3), call(50, "again"), output(50, image(0), image(1, "low"))]
    trimmed = trim(items)
    assert trimmed[-1]["output"] == [
        text("[the same picture as picture 1 of look (call_0), above]"),
        image(1, "low"),
    ]
    # Picture 0 was used later than 1 and 2, so these give way before it.
    longer = trim(items + turns(5, first=10))
    assert shown(longer) == [0, 1, 10, 11, 12, 13, 14][-4:]
    assert shown(trim(items + turns(2, first=10), max_pictures=5, keep=0.8)) == [0, 1, 10, 11]
    # Once it gave way, it is shown again in full.
    assert shown(trim([*longer, call(60), output(60, image(0))])) == [11, 12, 13, 14, 0][-5:]


def test_a_picture_that_a_fresh_output_refers_to_stays():
    items = [*turns(8), call(50), output(50, image(0), image(20))]
    assert shown(trim(items)) == [0, 6, 7, 20]
    # A smaller budget afterwards: the output gets the picture itself.
    assert shown(trim(trim(items), max_pictures=1)) == [0, 20] == shown(trim(items, max_pictures=1))
    assert trim(trim(items), max_pictures=1)[-1] == items[-1]


def test_two_pictures_beside_each_other_never_have_one_name():
    """One has the handle whose number the other would be counted as."""
    said = user(image(1), image(0), text("picture:1"))
    items = [said, call(1), output(1, image(1)), {"role": "assistant", "content": "Seen."}]
    assert words(trim(items)) == ["[the same picture as picture 3 of user message 1, above]"]
    assert trim(trim(items), max_tokens=5) == trim(items, max_tokens=5)


def test_a_handle_is_told():
    scale = "picture:8\npicture 8: shown 64x48 of 128x96; multiply coordinates by 2"
    items = [call(1), output(1, text("See picture:3."), image(1), text("picture:7"), image(2), text(scale))]
    again = [*items, call(2), output(2, image(1), text("picture:9"), image(3))]
    assert words(trim(again)) == ["[the same picture as picture:7, above]"]
    answered = [*again, {"role": "assistant", "content": "Three."}]
    assert words(trim(answered, max_pictures=0)) == [
        f"[no longer shown: picture:7, picture 7 of look (call_1), image/png, 64x48, {len(png(1))} bytes]",
        f"[no longer shown: picture:8, picture 8 of look (call_1), image/png, 64x48, {len(png(2))} bytes]",
        f"[no longer shown: picture:9, picture 9 of look (call_2), image/png, 64x48, {len(png(1))} bytes]",
        gone(3, "look (call_2)").replace("picture 1", "picture 2"),
    ]


def test_a_handle_is_told_of_what_was_made_from_another_type():
    shown = translation_of(read_result(tool_result("Drawn.", SVG), Policy(), 7))
    items = [call(1), output(1, *shown.parts), {"role": "assistant", "content": "Seen."}]
    (one,) = attachments(items)
    assert one.handle == "picture:7"
    assert words(trim(items, max_pictures=0))[0].startswith("[no longer shown: picture:7, picture 7 of look")


def test_files_give_way_by_their_bytes():
    paper = {"type": "input_file", "filename": "report.pdf", "file_data": PDF}
    items = [call(1, "read"), output(1, paper), call(2, "read"), output(2, paper), *turns(1, first=3)]
    assert trim(items)[3]["output"] == [text("[the same file as file 1 of read (call_1), above]")]
    trimmed = trim(items, max_bytes=len(PDF), max_pictures=0)
    size = f"{len(pdf()) / 1000:.0f} kB"
    assert (
        words(trimmed)[0]
        == f"[no longer shown: file 1 of read (call_1), report.pdf, application/pdf, {size}]"
    )


def test_pictures_in_user_messages_are_named_by_their_captions():
    made = output_items([(call(1), tool_result("", png(2)))], Policy(server="deepseek"))
    items = [user(text("First."), image(1)), call(1), *made, {"role": "assistant", "content": "Yes."}]
    assert shown(items) == [1, 2]
    assert words(trim(items, max_pictures=0)) == [gone(1, "user message 1"), gone(2, "look (call_1)")]


def test_chat_messages():
    def chat(number):
        asked = {"id": f"call_{number}", "type": "function", "function": {"name": "look", "arguments": "{}"}}
        answers = chat_messages([(asked, tool_result("Done.", png(number % 12)))])
        return [{"role": "assistant", "tool_calls": [asked]}, *answers]

    messages = [{"role": "user", "content": "Go."}, *(one for number in range(13) for one in chat(number))]
    trimmed = trim(messages)
    assert [one.url for one in attachments(trimmed)] == [
        PNGS[number] for number in (5, 6, 7, 8, 9, 10, 11, 0)
    ]
    assert trimmed[3]["content"][1] == {"type": "text", "text": gone(0)}
    assert refusals({"model": "gpt-5.4", "messages": trimmed}, "chat") == []
    assert not list(attachments(replace_images(messages, "[gone]")))


def test_sdk_objects_pass_through():
    said = ResponseFunctionToolCall.model_construct(
        type="function_call", call_id="call_0", name="look", arguments="{}"
    )
    trimmed = trim([said, output(0, image(0)), *turns(1, first=1)], max_pictures=1)
    assert trimmed[0] is said
    assert words(trimmed[1:]) == [gone(0)]


def test_prompt_cache_breakpoints_where_the_model_takes_them():
    def marked(model):
        parts = [part for item in trim(turns(14), model=model) for part in item.get("output", [])]
        return [part["text"] for part in parts if "prompt_cache_breakpoint" in part]

    assert marked("gpt-6-luna") == [gone(4), gone(9)]
    assert marked("gpt-5.4") == marked(None) == []
    mark = {"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}}
    items = [call(0), output(0, image(0) | mark), *turns(8, first=1)]
    assert trim(items)[1]["output"] == [text(gone(0)) | mark]


@pytest.mark.parametrize(
    "odd",
    [
        {"type": "input_image", "detail": "high"},
        {"type": "input_image", "image_url": "https://example.com/a.png"},
        {"type": "input_image", "image_url": "data:image/png;base64,AAAA"},
        {"type": "input_image", "image_url": {"url": "x"}},
        {"type": "input_image", "file_id": "file-1"},
        {"type": "input_file", "file_url": "https://example.com/a.pdf"},
        {"type": "image_url", "image_url": "x"},
        {"type": "file"},
        "a text",
        None,
    ],
)
def test_odd_parts_raise_nothing(odd):
    items = [
        call(1),
        {"type": "function_call_output", "call_id": "call_1", "output": [odd, odd]},
        None,
        "x",
        call(2),
    ]
    trimmed = trim(items, max_pictures=0, max_bytes=0, max_tokens=0)
    assert len(trimmed) == len(items)
    assert trim(trimmed, max_pictures=0, max_bytes=0, max_tokens=0) == trimmed


def test_replace_images():
    items = [user(text("Look."), image(0)), *turns(2), {"role": "user", "content": "And?"}]
    before = deepcopy(items)
    replaced = replace_images(items, "[The API refused this picture.]")
    assert items == before
    assert words(replaced) == ["[The API refused this picture.]"] * 3
    assert not list(attachments(replaced))
    assert replace_images(replaced, "[other]") == replaced


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: trim("Hello"), "items must be a list of input items or of messages, not str"),
        (lambda: trim({"role": "user"}), "items must be a list of input items or of messages, not dict"),
        (
            lambda: trim([], max_bytes=-1),
            "max_bytes must be a number, 0 or more, or None for no limit; not -1",
        ),
        (lambda: trim([], keep=2), "keep must be a fraction from 0 to 1, not 2"),
        (lambda: replace_images([], 3), "sentence must be a string, not int"),
    ],
)
def test_wrong_arguments(wrong, message):
    with pytest.raises((TypeError, ValueError)) as error:
        wrong()
    assert str(error.value) == message


# For any conversation.

numbers = st.integers(0, 12)
contents = st.lists(
    st.one_of(
        st.builds(image, numbers, st.sampled_from(["low", "high"])),
        st.builds(lambda number: text(f"picture:{number}"), numbers),
        st.just({"type": "input_file", "filename": "a.pdf", "file_data": PDF}),
        st.just(text("words")),
    ),
    max_size=4,
)
answers = st.lists(contents, max_size=3)
rounds = st.lists(st.tuples(st.booleans(), answers, st.booleans(), contents), min_size=1, max_size=8)


def conversation(given_rounds):
    """A conversation as its turns: in each the model says something, and is given something."""
    made = []
    for at, (thinks, outputs, says, message) in enumerate(given_rounds):
        said = (
            [{"type": "reasoning", "id": f"rs_{at}", "summary": [], "encrypted_content": "x"}]
            if thinks
            else []
        )
        said += [call(f"{at}_{number}") for number in range(len(outputs))]
        if says or not outputs:
            said += [{"role": "assistant", "content": "I see."}]
        got = [output(f"{at}_{number}", *(parts or [text("-")])) for number, parts in enumerate(outputs)]
        got += [user(*message)] if message else []
        made.append((said, got or [user(text("Go on."))]))
    return made


def open_task(said):
    """Where the user's messages stand that the model has not answered without a call."""
    at, task = 0, set()
    for model, got in said:
        if all(item.get("type") != "function_call" for item in model):
            task = set()
        at += len(model)
        task |= {at + index for index, item in enumerate(got) if item.get("role") == "user"}
        at += len(got)
    return task


budgets = st.fixed_dictionaries(
    {
        "max_pictures": st.none() | st.integers(0, 6),
        "max_bytes": st.none() | st.integers(0, 4_000),
        "max_tokens": st.none() | st.integers(0, 30),
        "keep": st.sampled_from([0, 0.5, 0.8, 1]),
        "model": st.sampled_from([None, "gpt-5.4", "gpt-6-luna"]),
    }
)
COUNTS = {
    "max_pictures": lambda one: one.kind == "picture",
    "max_bytes": lambda one: len(one.url),
    "max_tokens": lambda one: 5 * (one.kind == "picture"),
}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rounds, budgets)
def test_any_conversation(given_rounds, budget):
    said = conversation(given_rounds)
    items = [item for turn in said for side in turn for item in side]
    before = deepcopy(items)
    trimmed = trim(items, **budget)
    assert items == before
    assert trim(trimmed, **budget) == trimmed
    assert refusals({"model": budget["model"] or "gpt-5.4", "input": trimmed, "store": False}) == []
    # Nothing but parts of outputs and user messages changes, and their number does not.
    for old, new in zip(items, trimmed, strict=True):
        if new is not old:
            name = "output" if "output" in old else "content"
            assert {**new, name: None} == {**old, name: None}
            assert len(new[name]) == len(old[name])
    # What the model has not answered is there, here or where the sentence says; beyond that each budget holds.
    fresh = len(items) - len(said[-1][1])
    found = list(places(trimmed))
    needed = {one.refers for one in found if one.item >= fresh and isinstance(one, StandIn)}
    left = [one for one in found if isinstance(one, Attachment)]
    assert needed <= {name for one in left for name in (one.label, one.handle)}
    # Nor does what the user gave for what the model still works on.
    task = open_task(said)
    needed |= {one.refers for one in found if one.item in task and isinstance(one, StandIn)}
    free = [
        one
        for one in left
        if one.item < fresh and one.item not in task and not needed & {one.label, one.handle}
    ]
    for name, count in COUNTS.items():
        if budget[name] is not None and sum(map(count, left)) > budget[name]:
            assert not sum(map(count, free))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rounds, budgets)
def test_trimming_turn_by_turn_is_trimming_at_once(given_rounds, budget):
    whole, kept = [], []
    for said, got in conversation(given_rounds):
        for side in (said, got):
            whole += side
            before, kept = kept, trim([*kept, *side], **budget)
            assert kept == trim(whole, **budget)
            # Up to the first that gives way, each request begins as the one before.
            same = next((at for at, item in enumerate(before) if item != kept[at]), len(before))
            gave_way = len(words(kept)) > len(
                words([*before, *trim(side, max_pictures=None, max_bytes=None)])
            )
            assert same == len(before) or gave_way


@pytest.mark.parametrize("media_type", ["image/png", "application/pdf"])
def test_what_a_tool_linked_to_is_not_what_the_user_gave(media_type):
    """A message with nothing but links of a tool follows its outputs: the user has said nothing in it."""
    link = {"type": "resource_link", "uri": "https://a.example/b", "name": "b", "mimeType": media_type}
    policy = Policy(server="lm-studio", links="pass")
    _, message = output_items([("call_1", {"content": [link]})], policy)
    assert message["role"] == "user"
    assert not by_user(message)
    assert by_user({**message, "content": message["content"][1:]})
