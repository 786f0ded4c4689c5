"""Structured content next to blocks: duplicates are left out, new information is added."""

import json
import random
import textwrap

import pytest
import samples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from samples import b64, data_url

from imagebridge import Policy, function_call_output, output_parts
from imagebridge.translate.structured_content import saying_alone, structured_text

LETTER = "Dear reader,\n" + "it is a long text about bridges at noon.\n" * 10
PNG = samples.file(samples.drawing(), "PNG")
NOISE = b64(random.Random(1).randbytes(3_000))
WAV = b64(samples.wav())
PAPER = samples.pdf()


def text(words, **more):
    return {"type": "text", "text": words, **more}


def resource(data, uri, media_type="application/octet-stream"):
    return {"type": "resource", "resource": {"uri": uri, "mimeType": media_type, "blob": data}}


IMAGE = {"type": "image", "data": b64(PNG), "mimeType": "image/png"}
PDF = resource(b64(PAPER), "file:///report.pdf", "application/pdf")
BYTES = resource(NOISE, "file:///noise.bin")
SOUND = {"type": "audio", "data": WAV, "mimeType": "audio/wav"}
PAGE = {"type": "resource", "resource": {"uri": "out://1.html", "mimeType": "text/html", "text": LETTER}}
LINK = {"type": "resource_link", "uri": "file:///a.txt", "name": "a.txt"}
NULLS = {"annotations": None, "_meta": None}

SAID = {
    "a text under result": ([text(LETTER)], {"result": LETTER}),
    "a text under content": ([text(LETTER)], {"content": LETTER}),
    "a text under a name of its own": ([text(LETTER)], {"Übersicht": LETTER}),
    "a text without what is around it": ([text(LETTER)], {"markdown": LETTER.strip()}),
    "a text itself": ([text(LETTER)], LETTER),
    "a text beside nothing": ([text(LETTER)], {"text": LETTER, "error": None}),
    "a text two keys deep": ([text("short")], {"data": {"text": "short"}}),
    "a text among others": ([text("a"), IMAGE, text("b")], {"result": "b"}),
    "the list of all texts": ([text("a"), IMAGE, text("b")], {"items": ["a", "b"]}),
    "the list of all texts itself": ([text("a"), text("b")], ["a", "b"]),
    "the list of all texts, read": ([text("1"), text('{"x": 2}')], [1, {"x": 2}]),
    "a text, read": ([text('{"a": [1, 2.0]}')], {"a": [1, 2]}),
    "a text, read, without its nulls": ([text('{"a": {"b": 1}}')], {"a": {"b": 1, "c": None}, "d": None}),
    "a number": ([text("575")], {"total": 575}),
    "a number as text": ([text("575")], {"total": "575"}),
    "true, as JSON": ([text("true")], {"result": True}),
    "true, as Python": ([text("True")], {"result": True}),
    "a text with colours": ([text("\x1b[31mred\x1b[0m")], {"result": "red"}),
    "colours again": ([text("red")], {"result": "\x1b[31mred\x1b[0m"}),
    "the blocks": ([text(LETTER), IMAGE], {"content": [text(LETTER), IMAGE]}),
    "the blocks with nulls": (
        [text(LETTER), IMAGE],
        {"result": [text(LETTER, **NULLS), {**IMAGE, **NULLS}]},
    ),
    "the blocks in Python's spelling": (
        [IMAGE],
        {"result": [{"type": "image", "data": b64(PNG), "mime_type": "image/png", "meta": None}]},
    ),
    "the blocks themselves": ([text("a"), IMAGE], [text("a"), IMAGE]),
    "some of the blocks": ([text("a"), IMAGE, SOUND], {"images": [IMAGE]}),
    "a text between blocks": ([text("a"), IMAGE], {"result": ["a", IMAGE]}),
    "a whole result": ([text("a")], {"content": [text("a")], "isError": False, "structuredContent": None}),
    "a picture, labelled otherwise": ([IMAGE], {"content": [{**IMAGE, "mimeType": "image/jpg"}]}),
    "a picture as a data: URL": ([IMAGE], [{**IMAGE, "data": data_url(PNG, "image/png")}]),
    "a document": ([PDF], {"content": [PDF]}),
    "bytes": ([BYTES], {"content": [BYTES]}),
    "sound": ([SOUND], {"content": [SOUND]}),
    "the text of a resource": ([PAGE], {"content": LETTER}),
    "the text of a resource two keys deep": ([PAGE], {"page": {"html": LETTER}}),
    "the texts of a block and a resource": ([text("a"), PAGE], {"items": ["a", LETTER]}),
    "all texts as one": ([text("a"), IMAGE, PAGE], {"markdown": f"a\n{LETTER}"}),
    "all texts as one, with their own last lines": ([text(LETTER), text("a")], {"all": f"{LETTER}\na"}),
    "a text with the line ends of Windows": ([text(LETTER)], {"content": LETTER.replace("\n", "\r\n")}),
    "a resource of text": ([PAGE], {"result": [PAGE]}),
    "a link": ([LINK], {"files": [LINK]}),
    "nothing": ([text("a")], None),
    "an empty list": ([text("a")], []),
    "an empty object": ([IMAGE], {}),
}


@pytest.mark.parametrize("case", SAID)
def test_what_the_blocks_say_is_not_said_again(case):
    blocks, structured = SAID[case]
    alone = output_parts({"content": blocks})
    assert output_parts({"content": blocks, "structuredContent": structured}) == alone


NEW = {
    "another text": ([text("a")], {"result": "b"}),
    "a text and more": ([text("a")], {"text": "a", "lines": 41}),
    "a list that lacks a text": ([text("a"), text("b")], {"result": ["a"]}),
    "a list in another order": ([text("a"), text("b")], {"result": ["b", "a"]}),
    "a block and more": ([text("a")], {"result": [text("a", score=0.5)]}),
    "blocks that are others": ([text("a")], {"content": [text("b")]}),
    "a result that failed": ([text("a")], {"content": [text("b")], "isError": True}),
    "true beside a one": ([text("1")], {"result": True}),
    "a one beside true": ([text("true")], {"result": 1}),
    "false beside nothing": ([text("0")], False),
    "a null in a list": ([text("[1]")], [1, None]),
    "an empty list without blocks": ([], []),
    "a number without blocks": ([], 575),
    "a text without blocks": ([], "hello"),
    "a list": ([text("a")], [1, 2]),
    "a list of objects": ([IMAGE], [{"alpha": 17}, {"beta": 18}]),
    "zero": ([text("a")], 0),
    "an empty text under a key": ([IMAGE], {"result": ""}),
}


@pytest.mark.parametrize("case", NEW)
def test_what_is_new_is_said(case):
    blocks, structured = NEW[case]
    *before, last = output_parts({"content": blocks, "structuredContent": structured})
    assert before == (output_parts({"content": blocks}) if blocks else [])
    assert json.loads(last["text"]) == structured


def test_a_long_text_in_the_midst_of_something_new_is_named():
    structured = {"title": "a letter", "body": LETTER, "parts": [{"body": LETTER}, {"body": "short"}]}
    *_, last = output_parts({"content": [text(LETTER)], "structuredContent": structured})
    assert json.loads(last["text"]) == {
        "title": "a letter",
        "body": "[the text above]",
        "parts": [{"body": "[the text above]"}, {"body": "short"}],
    }


def test_blocks_in_the_midst_of_something_new_are_named():
    structured = {"pages": 1, "content": [text("a"), IMAGE]}
    *_, last = output_parts({"content": [text("a"), IMAGE], "structuredContent": structured})
    assert json.loads(last["text"]) == {"pages": 1, "content": "[the blocks above]"}


def test_codes_for_a_terminal_are_taken_out_of_structured_content():
    structured = {"log": "\x1b[31mred\x1b[0m", "lines": ["\x1b]8;;https://e.org\x07here\x1b]8;;\x07"]}
    assert function_call_output({"structuredContent": structured}, "c")["output"] == (
        '{"log": "red", "lines": ["here"]}'
    )


WRITTEN = {
    "as it is": lambda encoded: encoded,
    "for URLs": lambda encoded: encoded.replace("+", "-").replace("/", "_").rstrip("="),
    "in lines": lambda encoded: "\n".join(textwrap.wrap(encoded, 76)),
    "in lines of Windows": lambda encoded: "\r\n".join(textwrap.wrap(encoded, 64)),
    "as a data: URL": lambda encoded: f"data:application/x-thing;base64,{encoded}",
    "in JSON in JSON": lambda encoded: json.dumps({"inner": json.dumps({"blob": encoded})}),
    "as a list of lines": lambda encoded: textwrap.wrap(encoded, 76),
}
HELD = {
    "a picture": (IMAGE, b64(PNG)),
    "a broken picture": ({**IMAGE, "data": b64(PNG[:200])}, b64(PNG[:200])),
    "a document": (PDF, b64(PAPER)),
    "sound": (SOUND, WAV),
    "bytes": (BYTES, NOISE),
    "bytes of type blob": ({"type": "blob", "data": NOISE}, NOISE),
    "bytes of an unknown type": ({"type": "hologram", "data": NOISE}, NOISE),
}


@pytest.mark.parametrize("how", WRITTEN)
@pytest.mark.parametrize("what", HELD)
@pytest.mark.parametrize("place", ["structured", "a text behind", "a text before"])
def test_base64_of_a_block_never_comes_back_as_text(what, how, place):
    block, encoded = HELD[what]
    again = {"size": 3, "deep": {"list": [{"bytes": WRITTEN[how](encoded)}]}}
    results = {
        "structured": {"content": [block], "structuredContent": again},
        "a text behind": {"content": [block, text(json.dumps(again))]},
        "a text before": {"content": [text(json.dumps(again)), block]},
    }
    parts = output_parts(results[place])
    said = [part["text"] for part in parts if part["type"] == "input_text"]
    (told,) = [one for one in said if '"size": 3' in one]
    assert len(told) < 250
    assert not any(encoded[at : at + 40] in one for one in said for at in range(0, len(encoded) - 40, 40))
    assert [part["type"] for part in parts].count("input_file") <= 1


def test_a_document_goes_once():
    first, second = PDF, resource(b64(PAPER), "file:///copy.pdf", "application/pdf")
    parts = output_parts(
        {"content": [first, text("and again"), second], "structuredContent": {"pdf": b64(PAPER)}}
    )
    assert [part["type"] for part in parts] == ["input_file", "input_text", "input_text", "input_text"]
    assert [part["text"] for part in parts[1:]] == [
        "and again",
        "copy.pdf: [the file report.pdf above]",
        '{"pdf": "[the file report.pdf above]"}',
    ]


def test_two_pictures_that_are_the_same_are_both_shown():
    """A page before and after a click may look the same: that says something."""
    parts = output_parts({"content": [IMAGE, IMAGE]})
    assert [part["type"] for part in parts] == ["input_image", "input_image"]


def test_base64_that_is_nothing_else_stays():
    key = b64(random.Random(2).randbytes(300))
    told = function_call_output({"content": [SOUND], "structuredContent": {"key": key}}, "c")["output"]
    assert json.loads(told.partition("\n")[2]) == {"key": key}


@pytest.mark.parametrize(
    "value", [{"\x90": {"\x9c": None}}, {"\x90": None, "\x9c": None}, ["\x9d8;", "\x9c"], {"\x1b]": "\x07"}]
)
def test_no_code_for_a_terminal_reaches_from_one_text_into_the_next(value):
    told = function_call_output({"structuredContent": value}, "c")["output"]
    assert json.loads(told) == json.loads(json.dumps(value))


def test_what_is_withheld_is_not_told_by_structured_content():
    mine = {**BYTES, "annotations": {"audience": ["user"]}}
    result = {"content": [text("done"), mine], "structuredContent": {"bytes": NOISE}}
    told = function_call_output(result, "c", Policy(audience="strict"))["output"]
    assert told.splitlines()[-1] == '{"bytes": "[not shown: the tool meant it only for the user]"}'


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False),
        st.text(st.characters(exclude_categories=["C"]), max_size=9),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(VALUES)
@example([" "])
@example(["a ", "b"])
def test_any_value_that_a_text_says_is_said_once(value):
    blocks = [text(json.dumps(value))]
    assert output_parts({"content": blocks, "structuredContent": value}) == output_parts({"content": blocks})


@settings(deadline=None)
@given(VALUES.filter(lambda value: value is not None))
def test_any_value_alone_is_said_as_json(value):
    told = function_call_output({"structuredContent": value}, "c")["output"]
    assert told == "[The tool finished and returned nothing.]" or json.loads(told) == json.loads(
        json.dumps(value)
    )


@settings(deadline=None)
@given(
    VALUES | st.lists(st.sampled_from([text("a"), IMAGE, "a"]), max_size=3),
    st.lists(st.sampled_from(["", "a", "1", "{}", "[]"]), max_size=3),
)
def test_the_blocks_that_say_all_by_themselves_are_found(value, words):
    structured = {"result": value, "none": None}
    blocks = [text(json.dumps(structured)), text(json.dumps(value)), *map(text, words), IMAGE]
    alone = [
        one for one in blocks if not structured_text({"structuredContent": structured, "content": [one]})
    ]
    assert list(saying_alone({"structuredContent": structured, "content": blocks})) == alone
