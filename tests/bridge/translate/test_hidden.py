"""Pictures and documents hidden in text are found in every notation, and nothing else is changed."""

import io
import json
import re
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai_requests import input_text as said
from samples import b64, data_url, docx, file, noise

from imagebridge import function_call_output, output_parts
from imagebridge.check import fixed
from imagebridge.check.dumps import parse_result
from imagebridge.rules import refusals
from imagebridge.translate.hidden import brought_out

pytestmark = pytest.mark.pure

PNG = next(
    data
    for data in (file(noise(16, 12, seed), "PNG") for seed in range(99))
    if "+" in b64(data) and "/" in b64(data) and b64(data)[-1] == "="
)
BASE64 = b64(PNG)
IMAGE = {"type": "input_image", "image_url": data_url(PNG, "image/png"), "detail": "high"}


def workbook():
    """The members of a spreadsheet in openpyxl's order: the telling one is last."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("docProps/app.xml", "<Properties/>")
        archive.writestr("xl/theme/theme1.xml", noise(100, 90).tobytes())
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


def parts_of(words):
    return output_parts({"content": [{"type": "text", "text": words}]})


def lines(length, encoded=BASE64):
    return [encoded[at : at + length] for at in range(0, len(encoded), length)]


BELOW = "[picture 1 below]"
HIDDEN = {
    "a data: URI": (data_url(PNG, "image/png"), BELOW),
    "a data: URI in capitals": ("DATA:image/png;base64," + BASE64, BELOW),
    "bare base64": (BASE64, BELOW),
    "base64 in lines": ("\n".join(lines(76)), BELOW),
    "a string in an object": (
        json.dumps({"a": [1, {"b": BASE64}], "é": None}, ensure_ascii=False),
        '{"a": [1, {"b": "[picture 1 below]"}], "é": null}',
    ),
    "JSON that is written its own way": (
        f'{{"n": 1e400, "n": 1.50, "big": {"9" * 5000}, "u": "\\u00e9", "p": "{BASE64}"}}',
        f'{{"n": 1e400, "n": 1.50, "big": {"9" * 5000}, "u": "\\u00e9", "p": "[picture 1 below]"}}',
    ),
    "JSON that is nested too deep to read": (
        "[" * 100_000 + json.dumps(BASE64) + "]" * 100_000,
        "[" * 100_000 + '"[picture 1 below]"' + "]" * 100_000,
    ),
    "a data: URL in a list": (json.dumps([data_url(PNG, "image/jpeg")]), '["[picture 1 below]"]'),
    "a data: URL with a space": (json.dumps(["data:image/png;base64, " + BASE64]), '["[picture 1 below]"]'),
    "a data: URL as PHP writes it": (
        json.dumps([data_url(PNG, "image/png")]).replace("/", "\\/"),
        '["[picture 1 below]"]',
    ),
    "as System.Text.Json writes it": (json.dumps([BASE64]).replace("+", "\\u002B"), '["[picture 1 below]"]'),
    "as Gson writes it": (json.dumps([BASE64]).replace("=", "\\u003d"), '["[picture 1 below]"]'),
    "with its slashes escaped": (json.dumps([BASE64]).replace("/", "\\u002f"), '["[picture 1 below]"]'),
    "JSON in JSON": (
        json.dumps({"result": json.dumps({"image": BASE64})}),
        json.dumps({"result": json.dumps({"image": BELOW})}),
    ),
    "JSON of PHP in JSON in JSON": (
        json.dumps([json.dumps([json.dumps([BASE64]).replace("/", "\\/")])]),
        json.dumps([json.dumps([json.dumps([BELOW])])]),
    ),
    "what Python writes": (repr({"image": BASE64, "n": None}), repr({"image": BELOW, "n": None})),
    "bytes that Python writes": (repr([BASE64.encode()]), repr([BELOW.encode()])),
    "what Python writes in JSON": (
        json.dumps({"result": repr({"image": BASE64})}),
        json.dumps({"result": repr({"image": BELOW})}),
    ),
    "a result that Python writes": (
        f"meta=None content=[ImageContent(type='image', data='{BASE64}')] isError=False",
        "meta=None content=[ImageContent(type='image', data='[picture 1 below]')] isError=False",
    ),
    "lines of MIME": (
        json.dumps({"image": lines(76), "n": [1]}),
        json.dumps({"image": [BELOW], "n": [1]}),
    ),
    "lines of PEM, with their ends": (json.dumps([line + "\r\n" for line in lines(64)]), json.dumps([BELOW])),
    "lines of other length": (json.dumps(lines(100)), json.dumps([BELOW])),
    "lines in JSON in JSON": (
        json.dumps([json.dumps(lines(76), indent=2)]),
        json.dumps([json.dumps([BELOW], indent=2)]),
    ),
    "lines with escapes": (json.dumps(lines(76)).replace("+", "\\u002b"), json.dumps([BELOW])),
}


@pytest.mark.parametrize("case", HIDDEN)
def test_a_picture_hidden_in_text_is_brought_out(case):
    came, words = HIDDEN[case]
    assert parts_of(came) == [said(words), IMAGE]


@pytest.mark.parametrize("data", [workbook(), docx()], ids=["xlsx", "docx"])
def test_a_document_hidden_in_text_is_brought_out(data):
    for came, words in ((b64(data), "[file below]"), (json.dumps([b64(data)]), '["[file below]"]')):
        text, paper = parts_of(came)
        assert text == said(words)
        assert paper["file_data"].endswith(b64(data))


def test_strings_that_are_pictures_of_their_own_are_not_lines():
    other = b64(file(noise(16, 12, 100), "PNG"))
    assert [part["type"] for part in parts_of(json.dumps([BASE64, other, "Kept."]))] == [
        "input_text",
        "input_image",
        "input_image",
    ]
    assert parts_of(json.dumps([BASE64, "ab" * 32])) == [said(json.dumps([BELOW, "ab" * 32])), IMAGE]


@pytest.mark.parametrize(
    "words",
    [
        "see data:image/png;base64,iVBORw0KGgo for how it begins",
        "a sentence with " + BASE64 + " in the middle",
        b64(file(noise(90, 90), "PNG")) + "\n\nThe screenshot, at noon.",
        b64(b"just some ordinary bytes that are no picture at all, but long"),
        json.dumps({"token": b64(bytes(range(200)))}),
        "{" + BASE64,
        'data:"\\x/,' + BASE64,
        '["' + "\\" * 99 + '"]',
        "data:" + ";" * 99,
    ],
)
def test_other_text_stays_as_it_is(words):
    assert parts_of(words) == [said(words)]


def test_a_broken_picture_hidden_in_json_becomes_a_sentence_in_its_place():
    for levels in range(3):
        dump = [b64(PNG[:-30])]
        for _ in range(levels):
            dump = [json.dumps(dump)]
        (part,) = parts_of(json.dumps(dump))
        for _ in range(levels + 1):
            (part,) = json.loads(part["text"] if isinstance(part, dict) else part)
        assert part.startswith("[not shown: a picture (image/png")


def escaped(value):
    """JSON as careful serializers write it."""
    return json.dumps(value).replace("+", "\\u002b").replace("=", "\\u003d").replace("/", "\\/")


dumps = st.recursive(
    st.sampled_from([BASE64, data_url(PNG, "image/png"), "data:image/png;base64, " + BASE64])
    | st.sampled_from([64, 76, 100]).map(lines),
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from(["a", "'", '"', "\\", "é"]), inner, min_size=1, max_size=1),
        inner.map(lambda value: [1, "it's", value, None]),
        inner.map(json.dumps),
        inner.map(repr),
        inner.map(escaped),
    ),
    max_leaves=4,
)


def body(output):
    call = {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"}
    item = {"type": "function_call_output", "call_id": "c", "output": output}
    return {"model": "gpt-5.4", "input": [{"role": "user", "content": "look"}, call, item]}


@given(dumps)
@settings(deadline=None)
def test_however_often_it_was_dumped_the_picture_is_shown(dump):
    written = dump if isinstance(dump, str) else json.dumps(dump)
    result = {"content": [{"type": "text", "text": written}]}
    assert [part for part in output_parts(result) if part["type"] == "input_image"] == [IMAGE]
    assert refusals(body(function_call_output(result, "c")["output"])) == []
    assert output_parts({"structuredContent": {"dump": dump}})[1:] == [IMAGE]


@given(dumps, st.sampled_from(["", "Result: "]))
@settings(deadline=None)
def test_mending_a_dump_brings_its_picture_out_whole_or_leaves_it(dump, before):
    written = before + (dump if isinstance(dump, str) else json.dumps(dump))
    mended = fixed(body(written))["input"][2]["output"]
    if refusals(body(written)) or mended != written:
        text, *shown = mended
        assert shown == [IMAGE]
        assert not set(lines(30)) & set(re.findall(r"[\w+/=]{30}", text["text"]))


LARGE_PNG = next(
    data for data in (file(noise(40, 30, seed), "PNG") for seed in range(999)) if "+" not in b64(data)[:120]
)


@pytest.mark.parametrize("levels", [1, 2])
def test_an_escaped_picture_behind_words_is_mended_whole(levels):
    written, good = b64(LARGE_PNG), "[picture below]"
    for _ in range(levels):
        written, good = json.dumps([written]), json.dumps([good])
    bad = "Result: " + written.replace("+", "\\u002b")
    assert fixed(body(bad))["input"][2]["output"] == [
        said(f"Result: {good}"),
        {**IMAGE, "image_url": data_url(LARGE_PNG, "image/png")},
    ]


@given(st.text("\"'\\[]{},/nu02bA+=:;dat\r\n ", min_size=64, max_size=400))
@settings(deadline=None)
def test_nothing_that_holds_no_picture_changes(words):
    assert brought_out(words, lambda _: "lost") == words


LARGE = 2_000_000
HOSTILE = {
    "one string": '{"image": "' + "A" * LARGE + '"}',
    "never closed": '{"image": "' + "A" * LARGE,
    "escapes": '{"image": "' + "\\/" * (LARGE // 2),
    "backslashes": '{"image": "AAAA' + "\\" * LARGE + '/"}',
    "quotes": "{" + "\"'" * (LARGE // 2),
    "brackets": "[" * LARGE,
    "parameters": "data:" + ";" * LARGE,
    "data: URLs": '["' + 'data:,"' * (LARGE // 7),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_search_takes_no_memory(name):
    tracemalloc.start()
    try:
        assert brought_out(HOSTILE[name], str) == HOSTILE[name]
        assert parse_result(HOSTILE[name]) is None
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * LARGE
