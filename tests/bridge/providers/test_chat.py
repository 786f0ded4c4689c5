"""Other forms of the same results: Chat Completions, limited servers, custom tools, programs."""

import pytest
import samples
from mcp_blocks import text
from openai import OpenAI
from openai.types.chat import ChatCompletionMessage
from openai_requests import answering
from samples import data_url, drawing, file

from imagebridge import Policy, chat_messages, chat_part, function_call_output, output_items, tool_result
from imagebridge.providers import chat, responses
from imagebridge.providers.provider import Source
from imagebridge.rules import refusals
from imagebridge.testing import Endpoint

pytestmark = pytest.mark.pure

PNG = file(drawing(), "PNG")
URL = data_url(PNG, "image/png")
RESULT = tool_result("a sign", PNG)
WORDS = tool_result("only words")
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
SEEN = "image/png, 64x48, 173 bytes, 5 tokens at detail high"
LINE = f"[picture 1: image/png, 64x48, {len(PNG)} bytes, 5 tokens at detail high; in the user message that follows]"


def document(data=None, uri="a.pdf"):
    blob = samples.b64(data or samples.pdf())
    return {"content": [{"type": "resource", "resource": {"uri": uri, "blob": blob}}]}


IMAGE = {"type": "image_url", "image_url": {"url": URL, "detail": "high"}}


def test_tool_messages_first_then_one_user_message_that_names_each_picture():
    message = {"role": "assistant", "content": None, "tool_calls": [{**CALL, "id": "call_2"}]}
    (second,) = ChatCompletionMessage.model_validate(message).tool_calls
    assert chat_messages([(CALL, RESULT), ("call_3", WORDS), (second, RESULT)]) == [
        answering(f"a sign\n{LINE}", "call_1"),
        answering("only words", "call_3"),
        answering(f"a sign\n{LINE}", "call_2"),
        {
            "role": "user",
            "content": [
                text("picture 1 of look (call_1):"),
                IMAGE,
                text("picture 1 of look (call_2):"),
                IMAGE,
            ],
        },
    ]


PDF = "data:application/pdf;base64,JVBERi0="
DOCX = "data:application/vnd.openxmlformats-officedocument.wordprocessingml.document;base64,UEsDBA=="


def test_no_user_message_where_there_is_only_text():
    assert chat_messages([("call_1", WORDS)]) == [answering("only words", "call_1")]


def test_the_scale_follows_its_picture():
    big = tool_result("big", file(drawing(4000, 40), "PNG"))
    _, message = chat_messages([("c", big)])
    assert message["content"][2] == text(
        "picture 1: shown 2048x20 of 4000x40; multiply x by 1.953 and y by 2"
    )


LARGE = file(drawing(4000, 3000), "PNG", compress_level=1)
BLOCK = {"type": "image", "data": samples.b64(LARGE), "mimeType": "image/png"}


@pytest.mark.parametrize(
    ("block", "detail"),
    [
        (BLOCK, "original"),
        (BLOCK | {"_meta": {"imagebridge/detail": "original"}}, None),
        (BLOCK | {"_meta": {"codex/imageDetail": "original"}}, None),
    ],
)
def test_original_is_not_known_to_strict_chat_servers_and_pictures_are_fitted_to_high(block, detail):
    policy = Policy(model="gpt-5.6-luna", detail=detail)
    said, message = chat_messages([("c", {"content": [block]})], policy)
    _, picture, scale = message["content"]
    assert picture["image_url"]["detail"] == "high"
    assert samples.pixels(picture["image_url"]["url"]).size == (1824, 1368)
    assert scale == text("picture 1: shown 1824x1368 of 4000x3000; multiply coordinates by 2.193")
    assert "at detail high; in the user message" in said["content"]


def test_pdf_is_a_file_and_other_documents_a_sentence():
    left_out = "[not shown: the file b.docx; Chat Completions accepts only PDF files, sent as data]"
    first, second, message = chat_messages([("c", document()), ("d", document(samples.docx(), "b.docx"))])
    assert (first, second) == (
        answering("[the file a.pdf; in the user message that follows]", "c"),
        answering(left_out, "d"),
    )
    assert message["content"] == [
        text("the file a.pdf of c:"),
        {
            "type": "file",
            "file": {"filename": "a.pdf", "file_data": data_url(samples.pdf(), "application/pdf")},
        },
    ]


def test_pictures_inside_the_tool_message_for_servers_that_take_them():
    assert chat_messages([("c", RESULT), ("d", WORDS)], Policy(server="llama.cpp")) == [
        answering([text("a sign"), IMAGE], "c"),
        answering("only words", "d"),
    ]


def test_no_picture_at_all_for_servers_that_take_text_alone():
    (message,) = chat_messages([("c", RESULT)], Policy(server="text"))
    assert message["content"].endswith("; not sent, because the server accepts only text]")


def test_the_endpoint_accepts_a_chat_with_pictures():
    tools = [
        {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
    ]
    with (
        Endpoint([[("look", {}), ("look", {})], "A sign."]) as endpoint,
        OpenAI(base_url=endpoint.base_url, api_key="test") as client,
    ):
        messages = [{"role": "user", "content": "Look."}]
        reply = client.chat.completions.create(model="gpt-5.4-mini", messages=messages, tools=tools)
        calls = reply.choices[0].message.tool_calls
        messages.append(reply.choices[0].message)
        messages += chat_messages([(call, RESULT) for call in calls], Policy(model="gpt-5.4-mini"))
        client.chat.completions.create(model="gpt-5.4-mini", messages=messages, tools=tools)
    assert [picture.size for picture in endpoint.seen] == [(64, 48), (64, 48)]


RESPONSES_CALL = {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}"}


@pytest.mark.parametrize("server", ["lm-studio", "llama.cpp", "user_message"])
def test_outputs_of_text_and_a_user_message_after_them(server):
    items = output_items([(RESPONSES_CALL, RESULT), ("call_2", WORDS)], Policy(server=server))
    assert items == [
        {"type": "function_call_output", "call_id": "call_1", "output": f"a sign\n{LINE}"},
        {"type": "function_call_output", "call_id": "call_2", "output": "only words"},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "picture 1 of look (call_1):"},
                {"type": "input_image", "image_url": URL, "detail": "high"},
            ],
        },
    ]
    calls = [RESPONSES_CALL, {**RESPONSES_CALL, "call_id": "call_2"}]
    assert refusals({"model": "gpt-5.4", "input": [{"role": "user", "content": "?"}, *calls, *items]}) == []


def test_native_outputs_need_no_user_message():
    native = {"type": "function_call_output", "call_id": "c"}
    assert output_items([("c", RESULT)]) == [
        native
        | {
            "output": [
                {"type": "input_text", "text": "a sign"},
                {"type": "input_image", "image_url": URL, "detail": "high"},
            ]
        }
    ]


def test_a_custom_tool_call_gets_its_own_kind_of_output():
    item = function_call_output(
        RESULT, {"type": "custom_tool_call", "call_id": "c", "name": "draw", "input": "x"}
    )
    assert (item["type"], item["call_id"], set(item)) == (
        "custom_tool_call_output",
        "c",
        {"type", "call_id", "output"},
    )
    assert item["output"][1]["detail"] == "high"


def test_a_program_that_calls_gets_a_string_and_its_caller_back():
    caller = {"type": "program", "caller_id": "prog_1"}
    item = function_call_output(RESULT, {**RESPONSES_CALL, "caller": caller})
    assert item["caller"] == caller
    assert (
        item["output"]
        == f"a sign\n[picture 1: {SEEN}; not sent, because the call was made by a program, which accepts only text]"
    )
    assert "caller" not in function_call_output(RESULT, {**RESPONSES_CALL, "caller": {"type": "direct"}})


def test_a_namespace_is_repeated():
    item = function_call_output(WORDS, {**RESPONSES_CALL, "namespace": "eyes"})
    assert item == {
        "type": "function_call_output",
        "call_id": "call_1",
        "name": "look",
        "namespace": "eyes",
        "output": "only words",
    }


@pytest.mark.parametrize("call", [None, 3, {"type": "function_call"}, ""])
def test_what_is_no_call_raises(call):
    with pytest.raises(TypeError, match="a call "):
        function_call_output(RESULT, call)


def test_an_unknown_server_names_those_there_are():
    with pytest.raises(
        ValueError, match=r"unknown server 'lmstudio'; did you mean 'lm-studio'\? Available: openai, azure"
    ):
        Policy(server="lmstudio")


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "input_text", "text": "Hello."}, text("Hello.")),
        (
            {"type": "input_image", "image_url": "https://a.example/b.png", "detail": "low"},
            {"type": "image_url", "image_url": {"url": "https://a.example/b.png", "detail": "low"}},
        ),
        (
            {"type": "input_image", "image_url": "https://a.example/b.png"},
            {"type": "image_url", "image_url": {"url": "https://a.example/b.png", "detail": "high"}},
        ),
        (
            {"type": "input_image", "file_id": "file-1", "detail": "high"},
            text("[not shown: the picture file-1; Chat Completions does not accept pictures by id]"),
        ),
        (
            {"type": "input_file", "filename": "a.pdf", "file_data": PDF},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}},
        ),
        (
            {"type": "input_file", "filename": "a.docx", "file_data": DOCX},
            text("[not shown: the file a.docx; Chat Completions accepts only PDF files, sent as data]"),
        ),
        ({"type": "input_file", "file_id": "file-1"}, {"type": "file", "file": {"file_id": "file-1"}}),
        (
            {"type": "input_file", "file_url": "https://a.example/b.pdf"},
            text(
                "[not shown: the file at https://a.example/b.pdf; Chat Completions accepts only PDF files, sent as data]"
            ),
        ),
        (
            {"type": "input_audio", "input_audio": {"data": ""}},
            {"type": "input_audio", "input_audio": {"data": ""}},
        ),
    ],
)
def test_a_part_of_responses_in_the_form_of_chat(part, expected):
    assert chat_part(part) == expected


@pytest.mark.parametrize("provider", [chat.PROVIDER, responses.PROVIDER])
@pytest.mark.parametrize(
    ("part", "source"),
    [
        (
            {"image_url": "https://a.example/b.png", "detail": "low"},
            Source("https://a.example/b.png", detail="low"),
        ),
        (
            {"image_url": {"url": "https://a.example/b.png", "detail": "low"}},
            Source("https://a.example/b.png", detail="low"),
        ),
        ({"url": "https://a.example/b.png"}, Source("https://a.example/b.png")),
        ({"file_id": "file-1"}, Source(file_id="file-1")),
        ({"file": {"file_id": "file-1"}}, Source(file_id="file-1")),
        ({"file_data": "data:,", "filename": "a.pdf"}, Source("data:,", filename="a.pdf")),
        ({"file": {"file_data": "data:,", "filename": "a.pdf"}}, Source("data:,", filename="a.pdf")),
        ({"image_url": None, "file": 1}, Source()),
    ],
)
def test_where_a_part_comes_from_in_the_form_of_either_api(provider, part, source):
    assert provider.source(part) == source
