"""The check names each typical mistake of other libraries, and the strict endpoint accepts the repaired body."""

import copy
import json
import subprocess
import sys
from base64 import encodebytes
from dataclasses import asdict

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from long_rows import one_in
from mcp.types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    TextContent,
    TextResourceContents,
)
from openai import OpenAI
from openai.types.responses import ResponseFunctionToolCall
from openai_requests import MODEL, body, call, calling, chat, output, user
from openai_requests import answering as told
from openai_requests import input_text as text
from PIL import Image
from samples import SVG, animation, b64, data_url, drawing, file, pdf, photo, wav

import imagebridge
from imagebridge import tool_names
from imagebridge.check import check, fixed
from imagebridge.check.dumps import parse_result
from imagebridge.check.finding import FIXES, Finding
from imagebridge.check.runs import runs
from imagebridge.cli import imagebridge as command
from imagebridge.pictures import kinds
from imagebridge.rules import RULES, refusals
from imagebridge.testing import Endpoint

pytestmark = pytest.mark.pure

PNG = file(drawing(), "PNG")
BASE64 = b64(PNG)
GOOD = data_url(PNG, "image/png")
RESULT = CallToolResult(
    content=[
        TextContent(type="text", text='It\'s "here".'),
        ImageContent(type="image", data=BASE64, mimeType="image/png"),
    ]
)
BLOCKS = [{"type": "text", "text": "Here."}, {"type": "image", "data": BASE64, "mimeType": "image/png"}]


def blob(data, label, uri="file:///a"):
    contents = BlobResourceContents(uri=uri, blob=b64(data), mimeType=label)
    return EmbeddedResource(type="resource", resource=contents).model_dump_json()


def image(url=GOOD, **more):
    return {"type": "input_image", "image_url": url, "detail": "high"} | more


def without_detail(url):
    return {"type": "input_image", "image_url": url}


def said(value):
    """A turn whose tool output is this."""
    return body(user(), call(), output(value))


def shown(data, media_type="image/png", **more):
    return said([image(data_url(data, media_type), **more)])


def tool(name, **more):
    schema = {"type": "object", "properties": {}}
    return {"type": "function", "name": name, "description": "Look.", "parameters": schema} | more


CHAT_TOOL = {
    "type": "function",
    "function": {"name": "look", "parameters": {"type": "object", "properties": {}}},
}
CUSTOM = {"type": "custom_tool_call", "call_id": "call_1", "name": "look", "input": "at it"}
LINES = encodebytes(PNG).decode()
UNION = {
    "type": "object",
    "properties": {},
    "anyOf": [{"properties": {"a": {"type": "string"}}}, {"required": ["b"]}],
}
OUTPUT = "input[2].output"
URL = f"{OUTPUT}[0].image_url"
SCREENSHOT = data_url(file(drawing(3840, 2160), "PNG", compress_level=1), "image/png")
TALL = file(Image.new("1", (1425, 21637)), "PNG")

# What it is, the findings as (rule, path, refused), how many pictures the fixed body shows, the body.
# Who does so: facts of 2026-11-22, each peer run with one MCP server.
PEERS = [
    ("llama-index: str(result)", [("picture-as-text", OUTPUT, False)], 1, said(str(RESULT))),
    ("agno: repr of the blocks", [("picture-as-text", OUTPUT, False)], 1, said(repr(RESULT.content))),
    ("google-adk: json.dumps of the result", [("picture-as-text", OUTPUT, False)], 1, said(json.dumps(RESULT.model_dump()))),
    ("naive: model_dump_json", [("picture-as-text", OUTPUT, False)], 1, said(RESULT.model_dump_json(by_alias=True))),
    ("dumped twice", [("picture-as-text", OUTPUT, False)], 1, said(json.dumps(json.dumps(BLOCKS)))),
    ("a WebP dumped", [("picture-as-text", OUTPUT, False)], 1,
        said(json.dumps([{"type": "image", "data": b64(file(photo(), "WEBP")), "mimeType": "image/webp"}]))),
    ("a part dumped", [("picture-as-text", f"{OUTPUT}[0].text", False)], 1, said([text(json.dumps(BLOCKS))])),
    ("our own parts dumped", [("picture-as-text", OUTPUT, False)], 1, said(json.dumps([text("Here."), image()]))),
    ("a bare data URL", [("picture-as-text", OUTPUT, False)], 1, said(GOOD)),
    ("openai-agents: an embedded PNG as JSON", [("picture-as-text", OUTPUT, False)], 1, said(blob(PNG, "image/png"))),
    ("openai-agents: an embedded PDF as JSON", [("parts-as-text", OUTPUT, False)], 0, said(blob(pdf(), "application/pdf"))),
    ("openai-agents: audio as JSON", [("parts-as-text", OUTPUT, False)], 0,
        said(AudioContent(type="audio", data=b64(wav()), mimeType="audio/wav").model_dump_json())),
    ("vercel: a text resource as JSON", [("parts-as-text", OUTPUT, False)], 0, said(
        EmbeddedResource(type="resource", resource=TextResourceContents(uri="file:///a", text="Hi.")).model_dump_json())),
    ("llama-index: repr of a text", [("parts-as-text", OUTPUT, False)], 0,
        said(str(CallToolResult(content=[TextContent(type="text", text="Hi.")])))),
    ("a picture in markdown", [("base64-in-text", OUTPUT, False)], 1, said(f"The logo: ![logo]({GOOD}), in blue.")),
    ("base64 after words", [("base64-in-text", "input[0].content", False)], 1, body(user(f"Look at this: {BASE64}"))),
    ("blocks of MCP", [("mcp-block", f"{OUTPUT}[0].type", True), ("mcp-block", f"{OUTPUT}[1].type", True)], 1, said(BLOCKS)),
    ("a result of MCP", [("wrong-type", OUTPUT, True)], 1, said(RESULT.model_dump(mode="json"))),
    ("fast-agent: gif", [("animated-gif", URL, True)], 1, shown(animation("GIF"), "image/gif")),
    ("an animated WebP", [("animated-picture", URL, False)], 1, shown(animation("WEBP"), "image/webp")),
    *((f"naive: {form}", [("unsupported-format", URL, True)], 1, shown(file(drawing(), form), f"image/{form.lower()}"))
      for form in ("BMP", "TIFF", "AVIF")),
    ("naive: svg", [("unsupported-format", URL, True)], 1, shown(SVG, "image/svg+xml")),
    ("naive: a PNG labelled JPEG", [("mislabelled-picture", URL, False)], 1, shown(PNG, "image/jpeg")),
    ("image/jpg", [("mislabelled-picture", URL, False)], 1, shown(file(drawing(), "JPEG"), "image/jpg")),
    ("naive: not base64", [("data-url", URL, True)], 0, said([image("data:image/png;base64,@@@not base64@@@")])),
    ("naive: cut short", [("broken-picture", URL, True)], 0, shown(PNG[:-40])),
    ("codex#5346: half a media type", [("data-url", URL, True)], 1, said([image(f"data:image;base64,{BASE64}")])),
    ("raw base64", [("data-url", URL, True)], 1, said([image(BASE64)])),
    ("a space in the data URL", [("data-url", URL, True)], 1, said([image(f"data:image/png;base64, {BASE64}")])),
    ("line breaks in the data URL", [("data-url", URL, True)], 1,
        said([image(f"data:image/png;base64,{BASE64[:76]}\n{BASE64[76:]}")])),
    ("strands: WebP as octet-stream", [("data-url", URL, True)], 1,
        shown(file(drawing(), "WEBP"), "application/octet-stream")),
    ("langchain: a link nobody can open", [("url-scheme", URL, True)], 0, said([image("casebook://red")])),
    ("chat's form in Responses", [("image-url-form", URL, True)], 1, said([image({"url": GOOD, "detail": "high"})])),
    ("chat's part in Responses", [("unknown-part", f"{OUTPUT}[0].type", True)], 1,
        said([{"type": "image_url", "image_url": {"url": GOOD, "detail": "high"}}])),
    ("agent-framework: audio in an output", [("unknown-part", f"{OUTPUT}[0].type", True)], 0,
        said([{"type": "input_audio", "input_audio": {"data": b64(wav()), "format": "wav"}}])),
    ("langchain: 30 megapixels at high", [("picture-too-large", URL, False)], 1,
        shown(file(drawing(6000, 5000), "JPEG"), "image/jpeg")),
    ("openai-agents: no detail", [("detail-missing", f"{OUTPUT}[0].detail", False)], 1,
        said([without_detail(SCREENSHOT)])),
    ("pydantic-ai: detail auto", [("detail-missing", f"{OUTPUT}[0].detail", False)], 1,
        said([image(SCREENSHOT, detail="auto")])),
    ("a screenshot of a long page", [("too-many-patches", URL, True), ("detail-missing", f"{OUTPUT}[0].detail", False)], 1,
        said([without_detail(data_url(TALL, "image/png"))])),
    ("a made-up detail", [("detail", f"{OUTPUT}[0].detail", True)], 1, said([image(detail="medium")])),
    ("original where it is unknown", [("detail-original", f"{OUTPUT}[0].detail", True)], 1,
        said([image(detail="original")]) | {"model": "gpt-4.1"}),
    ("_meta on a part", [("unknown-parameter", f"{OUTPUT}[0]._meta", True)], 1, said([image(_meta={})])),
    ("is_error", [("unknown-parameter", "input[2].is_error", True)], 0, body(user(), call(), output("No.", is_error=True))),
    ("naive: nothing", [("empty-output", OUTPUT, False)], 0, said([])),
    ("null", [("wrong-type", OUTPUT, True)], 0, said(None)),
    ("a text far too long", [("too-long", OUTPUT, True)], 0, said("word " * 2_200_000)),
    ("pydantic-ai: a run that died", [("unanswered-call", "input[1]", True)], 0, body(user(), call(), user("And?"))),
    ("two calls, one answer", [("unanswered-call", "input[2]", True)], 0,
        body(user(), call(), call("call_2"), output("a"))),
    ("answered twice", [("repeated-output", "input[3].call_id", False)], 0,
        body(user(), call(), output("first"), output("second"))),
    ("a history cut at the wrong place", [("output-without-call", "input[0].call_id", True)], 1,
        body(output([image()]), user())),
    ("answered before called", [("output-without-call", "input[0].call_id", True)], 0, body(output("a"), call(), user())),
    ("reasoning left alone", [("lone-reasoning", "input[1]", True)], 0,
        body(user(), {"type": "reasoning", "id": "rs_1", "summary": []}, user())),
    ("arguments as an object", [("wrong-type", "input[1].arguments", True)], 0,
        body(user(), call(arguments={"at": 1}), output("a"))),
    ("a PDF without a name", [("file-data", f"{OUTPUT}[0].filename", True)], 0,
        said([{"type": "input_file", "file_data": data_url(pdf(), "application/pdf")}])),
    ("a long call_id", [("too-long", "input[1].call_id", True), ("too-long", "input[2].call_id", True)], 0,
        body(user(), call("c" * 80), output("a", "c" * 80))),
    ("every peer: names as they are", [("tool-name", "tools[0].name", True), ("tool-name", "tools[1].name", True),
        ("tool-name", "input[1].name", True)], 0,
        body(user(), call(name="img.render"), output("a"), tools=[tool("img.render"), tool("x" * 82), tool("img_render_2")],
             tool_choice={"type": "function", "name": "img.render"})),
    ("tools as MCP lists them", [("tool-type", "tools[0].type", True)], 0,
        body(user(), tools=[{"name": "look", "description": "Look.", "inputSchema": {"type": "object"}, "annotations": {}}])),
    ("chat's tools in Responses", [("tool-name", "tools[0].name", True), ("tool-field", "tools[0].function", False)], 0,
        body(user(), tools=[{"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}])),
    ("a tool without parameters", [("tool-schema", "tools[0].parameters", True)], 0,
        body(user(), tools=[tool("look", parameters={"type": "object"})])),
    ("Go: null for what is empty", [("tool-schema", "tools[0].parameters", True)], 0,
        body(user(), tools=[tool("look", parameters={"type": "object", "properties": {}, "required": None})])),
    ("zod: a union as the arguments", [("schema-combination", "tools[0].parameters", True)], 0,
        body(user(), tools=[tool("look", parameters=UNION)])),
    ("mcp-go: an array of anything", [("array-items", "tools[0].parameters", True)], 0,
        body(user(), tools=[tool("look", parameters={"type": "object", "properties": {"a": {"type": "array"}}})])),
    ("strict for a schema that is not", [("strict-schema", "tools[0].parameters", True)], 0,
        body(user(), tools=[tool("look", parameters={"type": "object", "properties": {"a": {"type": "string"}}}, strict=True)])),
    ("chat: strict for a schema that is not", [("strict-schema", "tools[0].function.parameters", True)], 0,
        chat(user(), tools=[{"type": "function", "function": {"name": "look", "strict": True, "parameters": {"type": "object", "properties": {}}}}])),
    ("an SVG as it is", [("data-url", URL, True)], 1,
        said([image('data:image/svg+xml;utf8,<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><rect width="9" height="9"/></svg>')])),
    ("a server's own address", [("url-scheme", URL, True)], 0, said([image("my-server://page/1.png")])),
    ("a browser's own address", [("url-scheme", URL, True)], 0, said([image("blob:https://example.org/1")])),
    ("chat's messages in Responses", [("wrong-type", "input[1].content", True), ("message-role", "input[2].role", True),
        ("unknown-parameter", "input[1].tool_calls", True), ("parts-as-text", "input[2].content", False)], 1,
        body(user(), calling("call_1"), told(json.dumps(BLOCKS)), {"role": "assistant", "content": "Done."})),
    ("a custom call answered as a function's", [("mismatched-output", "input[2].type", False)], 0,
        body(user(), CUSTOM, output("a"))),
    ("a function's call answered as a custom one", [("mismatched-output", "input[2].type", False)], 0,
        body(user(), call(), output("a", type="custom_tool_call_output"))),
    ("tools that are no list", [("wrong-type", "tools", True)], 0, body(user(), tools={})),
    ("one tool that is no list", [("wrong-type", "tools", True)], 0, body(user(), tools=tool("look"))),
    ("chat: tools that are no list", [("wrong-type", "tools", True)], 0, chat(user(), tools={})),
    ("items that are none", [("wrong-type", f"input[{at}]", True) for at in range(3)], 0, body("Look.", None, 5)),
    ("chat: a string among the parts of an assistant", [("wrong-type", "messages[1].content[0]", True)], 0,
        chat(user(), {"role": "assistant", "content": ["Here."]})),
    ("base64 in lines, as a tool's output", [("base64-in-text", OUTPUT, False)], 1, said(LINES)),
    ("base64 in lines, in a prompt", [("base64-in-text", "input[0].content", False)], 1,
        body(user(f"Look at this:\n{LINES}What\nis in it?"))),
    ("sound as text", [("base64-in-text", OUTPUT, False)], 0, said(b64(b"RIFF\0\0\0\0WAVEfmt " + bytes(2_000)))),
    ("the same tool of two servers", [("tool-twice", "tools[1].name", False)], 0, body(user(), tools=[tool("look"), tool("look")])),
    ("langchain: a picture in the tool role", [("chat-tool-picture", "messages[2].content[1]", True)], 1,
        chat(user(), calling("call_1"), told([{"type": "text", "text": "Here."},
             {"type": "image_url", "image_url": {"url": GOOD, "detail": "high"}}]))),
    ("vercel: JSON in the tool role", [("picture-as-text", "messages[2].content", False)], 1,
        chat(user(), calling("call_1"), told(json.dumps(BLOCKS)))),
    ("chat: a string for an object", [("image-url-form", "messages[0].content[0].image_url", True),
        ("detail-missing", "messages[0].content[0].detail", False)], 1,
        chat(user([{"type": "image_url", "image_url": GOOD}]))),
    ("chat: Responses' part", [("unknown-part", "messages[0].content[0].type", True)], 1, chat(user([image()]))),
    ("chat: a picture between the answers", [("chat-interrupted-answers", "messages[1]", True)], 0,
        chat(user(), calling("call_1", "call_2"), told("a"), user("And?"), told("b", "call_2"))),
    ("chat: no answer", [("chat-unanswered-call", "messages[1]", True)], 0, chat(user(), calling("call_1", "call_2"), told("a"))),
    ("chat: answered twice", [("chat-repeated-output", "messages[3].tool_call_id", False)], 0,
        chat(user(), calling("call_1"), told("a"), told("b"))),
    ("chat: no call", [("chat-output-without-call", "messages[0]", True)], 0, chat(told("a"), user())),
    ("chat: names as they are", [("tool-name", "messages[1].tool_calls[0].function.name", True)], 0,
        chat(user(), calling("call_1", name="img/render"), told("a"))),
]  # fmt: skip

BAD = pytest.mark.parametrize(
    ("findings", "pictures", "bad"), [row[1:] for row in PEERS], ids=[row[0] for row in PEERS]
)


@BAD
def test_a_typical_mistake_is_named(findings, pictures, bad):
    assert [(one.rule, one.path, one.refused) for one in check(bad)] == findings


@pytest.fixture(scope="module")
def endpoint():
    serving = Endpoint(["Seen."] * len(PEERS)).start()
    yield serving
    serving.stop()


@pytest.mark.parametrize(
    ("findings", "pictures", "bad"), one_in(3, [row[1:] for row in PEERS]), ids=[row[0] for row in PEERS]
)
def test_a_fixed_body_is_accepted(findings, pictures, bad, endpoint):
    before = copy.deepcopy(bad)
    good = fixed(bad)
    assert bad == before
    api = "chat" if "messages" in good else "responses"
    assert refusals(good, api) == []
    assert check(good) == []
    assert fixed(good) == good
    seen = len(endpoint.seen)
    with OpenAI(base_url=endpoint.base_url, api_key="test") as client:
        create = client.chat.completions.create if api == "chat" else client.responses.create
        create(**good)
    assert len(endpoint.seen) - seen == pictures


# What fixed bodies look like

RENAMED = next(
    legal for legal, name in tool_names([tool("img.render"), tool("img_render")]).items() if "." in name
)
HIGH = {"type": "input_image", "image_url": GOOD, "detail": "high"}
FIXED = [
    (said(str(RESULT)), said([text('It\'s "here".'), HIGH])),
    (said([text("Before."), text(json.dumps(BLOCKS)), text("After.")]),
        said([text("Before."), text("Here."), HIGH, text("After.")])),
    (said(json.dumps({"content": [{"type": "text", "text": "No."}], "isError": True})), said("Tool error:\nNo.")),
    (said(f"![logo]({GOOD}) in blue"), said([text("![logo]([picture below]) in blue"), HIGH])),
    (said(json.dumps({"png": BASE64})), said([text('{"png": "[picture 1 below]"}'), HIGH])),
    (said([image(data_url(PNG, "image/jpeg")), image(detail="low", _meta={})]), said([HIGH, HIGH | {"detail": "low"}])),
    (said([image(data_url(file(drawing(20_000, 10), "PNG"), "image/png"), detail="low")]) | {"model": "gpt-5.4"}, None),
    (said([{"type": "input_image", "file_id": "file_1"}]), said([{"type": "input_image", "file_id": "file_1", "detail": "high"}])),
    (said(json.dumps({"md": f"![a]({GOOD}) b"})), said([text('{"md": "![a]([picture below]) b"}'), HIGH])),
    (said([without_detail(GOOD) | {"prompt_cache_breakpoint": {"mode": "explicit"}}]),
        said([HIGH | {"prompt_cache_breakpoint": {"mode": "explicit"}}])),
    (said([without_detail("https://example.org/a.png")]), said([image("https://example.org/a.png")])),
    (body(user(), call(), call("call_2"), output("b", "call_2"), user("And?")),
        body(user(), call(), call("call_2"), output("b", "call_2"), output("[This call has no output.]"), user("And?"))),
    (body(user(), call(), {"type": "reasoning", "id": "r", "summary": []}, call("call_2"), output("a"), output("b", "call_2"), output("c")),
        body(user(), call(), {"type": "reasoning", "id": "r", "summary": []}, call("call_2"), output("a"), output("b", "call_2"))),
    (body(output("a", "call_9"), user()),
        body(user([text("[Output of a tool call that is not in this conversation:]"), text("a")]), user())),
    (body(output("a"), call(), user()), body(call(), output("a"), user())),
    (body(user(), call(name="img.render"), output("a"), tools=[tool("img.render"), tool("img_render")],
          tool_choice={"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "img.render"}]}),
        body(user(), call(name=RENAMED), output("a"), tools=[tool(RENAMED), tool("img_render")],
             tool_choice={"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": RENAMED}]})),
    (body(user(f"Look:\n{LINES}What\nis it?")), body(user([text("Look:\n[picture below]\nWhat\nis it?"), HIGH]))),
    (body(user(), tools=[tool("look", parameters=UNION, strict=True)]),
        body(user(), tools=[tool("look", strict=False, description='Look.\n\nThe arguments together must also match this JSON '
            'Schema: {"anyOf":[{"properties":{"a":{"type":"string"}}},{"required":["b"]}]}',
            parameters={"type": "object", "properties": {"a": {"anyOf": [{"type": "string"}, {}]}}})])),
    (body(user(), call(), {"role": "tool", "tool_call_id": "call_1", "content": "a"}), body(user(), call(), output("a"))),
    (body("Look."), body(user())),
    (body("Look.", None, 5, ["a"]), body(user(), user("5"), user('["a"]'))),
    (body(user(), {**calling("call_1", "call_2"), "content": "Wait."}, told("b", "call_2"), told("a")),
        body(user(), {"role": "assistant", "content": "Wait."}, call(), call("call_2"), output("b", "call_2"), output("a"))),
    (body(user(), {"role": "assistant", "content": None, "refusal": None, "tool_calls": [
            {"id": "call_1", "type": "custom", "custom": {"name": "look", "input": "at it"}}]}, told("a")),
        body(user(), CUSTOM, output("a", type="custom_tool_call_output"))),
    (body(user(), {"role": "assistant", "content": None, "refusal": "No.", "tool_calls": None}),
        body(user(), {"role": "assistant", "content": "No."})),
    (body(user(), output("a"), CUSTOM), body(user(), CUSTOM, output("a", type="custom_tool_call_output"))),
    (body(user(), tools=tool("look")), body(user(), tools=[tool("look")])),
    (body(user(), tools={}), body(user())),
    (chat(user(), calling("call_1"), told([{"type": "text", "text": "Here."}, {"type": "image_url", "image_url": {"url": GOOD}}])),
        chat(user(), calling("call_1"), told("Here.\n[shown in the user message that follows]"),
             user([{"type": "text", "text": "From the output of call_1:"},
                   {"type": "image_url", "image_url": {"url": GOOD, "detail": "high"}}]))),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "good"), [row for row in FIXED if row[1]], ids=range(len(FIXED) - 1))
def test_a_fixed_body_is(bad, good):
    assert fixed(bad) == good


def test_a_fixed_picture_fits_the_model_and_tells_its_scale():
    url = data_url(file(photo(3840, 2160), "JPEG"), "image/jpeg")
    picture, line = fixed(said([without_detail(url)]))["input"][2]["output"]
    assert picture["detail"] == "high"
    assert line == text("picture 1: shown 2048x1152 of 3840x2160; multiply coordinates by 1.875")


@pytest.mark.long
def test_pictures_that_stay_count_for_the_numbers_of_those_that_change():
    large = data_url(file(drawing(4096, 4096), "PNG"), "image/png")
    first, second, line = fixed(said([image(), image(large)]))["input"][2]["output"]
    assert first == HIGH
    assert (second["detail"], line["text"].partition(":")[0]) == ("high", "picture 2")


GOOD_BODIES = [
    {"model": MODEL, "input": "Look."},
    said([text("Here."), image(), image(data_url(file(photo(), "JPEG"), "image/jpeg"), detail="low")]),
    said(json.dumps({"rows": [{"type": "text", "id": 7}], "content": "none"})),
    said("<p>" + "an ordinary page " * 2_000),
    said("x" * 100_000),
    said("https://example.org/" + "a-long-path/" * 200),
    body(user(), call(), {"type": "function_call", "call_id": "c", "name": "x", "arguments": "{}", "async": True}, output("a")),
    body(output("a"), previous_response_id="resp_1"),
    body(user([image("https://example.org/a.png")]), tools=[tool("look"), {"type": "web_search"}]),
    said([image(detail="original")]),
    said([without_detail(GOOD)]) | {"model": "gpt-5.4"},
    chat(user([{"type": "image_url", "image_url": {"url": GOOD, "detail": "high"}}]), calling("call_1"), told("a")),
]  # fmt: skip


@pytest.mark.parametrize("good", GOOD_BODIES, ids=range(len(GOOD_BODIES)))
def test_nothing_is_found_in_a_good_body_and_nothing_changed(good):
    assert check(good) == []
    assert fixed(good) == good


# What findings say


def found(given, rule):
    return next(one for one in check(given) if one.rule == rule)


def test_a_dump_is_explained_with_its_tokens():
    picture = b64(file(photo(800, 600), "PNG"))
    dump = json.dumps([{"type": "image", "data": picture, "mimeType": "image/png"}])
    assert found(said(dump), "picture-as-text") == Finding(
        rule="picture-as-text",
        path=OUTPUT,
        consequence=f"A picture as text: {len(dump):,} characters, about {len(dump) // 4:,} tokens, and the model "
        "sees nothing; as a picture it costs 570.",
        fix="Send it as an input_image part: function_call_output(result, call_id) does this.",
        refused=False,
        blind=True,
    )


def test_a_missing_detail_is_explained_with_its_tokens():
    """documented: 8,160 patches at 1.2 tokens at original, 2,304 at high (OpenAI's guide, 2026-09)."""
    missing = said([without_detail(SCREENSHOT)])
    assert str(found(missing, "detail-missing")) == (
        "input[2].output[0].detail: advice: No detail means original on gpt-5.6-luna: 3840x2160 pixels "
        'cost 9,792 tokens, 2,765 at high. Fix: Write "detail": "high". [detail-missing]'
    )
    assert check(missing | {"model": "gpt-5.4"}) == [
        Finding(
            "picture-too-large",
            URL,
            f"gpt-5.4 sees 2048x1152 of these 3840x2160 pixels, and the {len(SCREENSHOT) / 1000:.0f} kB are sent with "
            "every turn.",
            "Shrink it to 2048x1152 and say by how much.",
            refused=False,
        )
    ]
    small = found(said([without_detail(GOOD)]), "detail-missing")
    assert "64x48 pixels costs 5 tokens either way" in small.consequence


def test_a_picture_sent_many_times_is_one_finding():
    many = body(user(), call(), output([image(), image()]), call("call_2"), output([image()], "call_2"))
    (one,) = check(many)
    assert (one.rule, one.path, one.refused) == ("repeated-picture", f"{OUTPUT}[1].image_url", False)
    assert "3 times here, first at input[2].output[0].image_url" in one.consequence
    assert fixed(many) == many


def test_base64_in_arguments_is_named_and_stays():
    written = json.dumps({"image": BASE64})
    calls = [
        ("input[1].arguments", body(user(), call(arguments=written), output("a"))),
        ("input[1].input", body(user(), {"type": "custom_tool_call", "call_id": "call_1", "name": "look", "input": BASE64},
                                {"type": "custom_tool_call_output", "call_id": "call_1", "output": "a"})),
    ]  # fmt: skip
    message = calling("call_1")
    message["tool_calls"][0]["function"]["arguments"] = written
    calls.append(("messages[1].tool_calls[0].function.arguments", chat(user(), message, told("a"))))
    for path, bad in calls:
        (found,) = check(bad)
        assert (found.rule, found.path, found.refused) == ("base64-in-text", path, False)
        assert found.fix == "Replace it with a short name: the call has already been made."
        assert fixed(bad) == bad


BLIND = {
    "a picture as text": (said(GOOD), True),
    "bare base64": (said(BASE64), True),
    "a dump of blocks": (said(json.dumps(BLOCKS)), True),
    "a dump of parts": (said(json.dumps([image()])), True),
    "a dump of parts with an address": (
        said(json.dumps([{"type": "input_image", "image_url": "https://e.org/a.png"}])),
        True,
    ),
    "chat's parts with an address, dumped": (
        said(json.dumps([{"type": "image_url", "image_url": {"url": "https://e.org/a.png"}}])),
        True,
    ),
    "a picture in lines between words": (said(LINES), True),
    "a picture in a part of text": (said([{"type": "input_text", "text": f"Here: {GOOD}"}]), True),
    "a picture in a prompt": (body(user(f"Look at {GOOD}")), True),
    "chat: a dump": (chat(user(), calling("call_1"), told(json.dumps(BLOCKS))), True),
    "a dump of texts alone": (said(json.dumps([{"type": "text", "text": "a"}])), False),
    "a document as text": (said(b64(b"%PDF-1.4\n" + bytes(2_000))), False),
    "sound as text": (said(b64(b"RIFF\0\0\0\0WAVEfmt " + bytes(2_000))), False),
    "a picture that is there twice": (said([image(), image()]), False),
    "a picture that a model gave to a tool": (
        body(user(), call(arguments=json.dumps({"a": BASE64})), output("a")),
        False,
    ),
}


@pytest.mark.parametrize("case", BLIND)
def test_a_picture_that_is_not_seen_counts_as_much_as_one_that_is_refused(case, written):
    bad, blind = BLIND[case]
    found = check(bad)
    assert found
    assert any(one.blind for one in found) is blind
    assert not any(one.refused for one in found)
    assert run(written(bad)).exit_code == (1 if blind else 0)
    if case != "a picture in a prompt":
        assert run(written(bad), "--fix").exit_code == 0


@pytest.mark.parametrize("width", [60, 64, 76])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("size", [400, 40_000])
def test_base64_is_found_in_lines_of_any_width(width, end, size):
    data = (PNG + bytes(size))[:size]
    letters = b64(data)
    lines = end.join(letters[at : at + width] for at in range(0, len(letters), width))
    for before, after in [("", ""), ("Look at\nthis", ""), ("data:image/png;base64,", '" alt=""'), ("image=", "&a=1"),
                          ("x" * 30 + "\n", "\nWhat is it?"), ("A word.\n" * 90, "\nNo.")]:  # fmt: skip
        written = before + (end if before[-1:].isalnum() else "") + lines + after
        (run,) = runs(written)
        assert written[run.data : run.stop] == lines
        assert (run.kind, run.data - run.start) == (kinds.PNG, 22 if before.startswith("data:") else 0)


@pytest.mark.parametrize(
    "ordinary",
    ["apple\nbanana\npear\n" * 90, ("a" * 60 + "\n") * 40, "http://static/" + "a-path/" * 20, "//s" + "ab" * 30,
     ("/usr/lib/python/site/packages/a/module" * 2 + "\n") * 30],
)  # fmt: skip
def test_ordinary_text_holds_no_base64(ordinary):
    assert list(runs(ordinary)) == []


def test_what_is_refused_comes_first_and_a_finding_is_one_line():
    findings = check(said([image(data_url(PNG, "image/jpeg")), {"type": "te\nxt", "text": "a\nb"}]))
    assert [one.refused for one in findings] == [True, False]
    assert not any("\n" in str(one) for one in findings)
    assert str(findings[0]).startswith(
        f"{OUTPUT}[1].type: refused: The API answers 400: Invalid value: 'te xt'."
    )


def test_damage_inside_the_pixels_is_found_when_they_are_decoded():
    """Known: a walk through a WebP proves that it is complete, not that its pixels are sound."""
    webp = bytearray(file(photo(), "WEBP", lossless=True))
    webp[40:-10] = bytes(len(webp) - 50)
    damaged = shown(bytes(webp), "image/webp")
    assert check(damaged) == []
    assert [(one.rule, one.path) for one in check(damaged, proof="decoded")] == [("broken-picture", URL)]
    assert refusals(fixed(damaged)) == []


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            body(user("cut \ud83d"), call(), output([{"type": "input_text", "text": "\udc00"}])),
            body(user("cut \ufffd"), call(), output([{"type": "input_text", "text": "\ufffd"}])),
        ),
        (
            {"model": "gpt-6-luna", "messages": [user()], "tools": [CHAT_TOOL]},
            {"model": "gpt-6-luna", "messages": [user()], "tools": [CHAT_TOOL], "reasoning_effort": "none"},
        ),
    ],
    ids=["half surrogates", "effort"],
)
def test_what_of_a_whole_request_can_be_mended(bad, good):
    assert fixed(bad) == good
    assert check(good) == []


def test_every_rule_has_a_fix():
    assert set(FIXES) == {rule.id for rule in RULES} - {"remote-picture"}


def test_items_of_the_sdk_are_read_as_it_sends_them():
    asked = ResponseFunctionToolCall.model_construct(
        type="function_call", call_id="call_1", name="look", arguments="{}"
    )
    good = body(user(), asked, output("a"))
    assert check(good) == []
    assert fixed(good) == body(user(), call(), output("a"))


def test_the_wrong_thing_raises():
    with pytest.raises(
        TypeError, match=r"a mapping with `input` or `messages`, not list; wrap bare items as"
    ):
        check([user()])
    with pytest.raises(TypeError):
        fixed("Look.")


def test_what_cannot_be_fixed_stays_and_is_still_found():
    hopeless = {"input": [user(), {"type": "tool_result", "content": 7}, output("a", "")]}
    assert [one.rule for one in check(fixed(hopeless))] == [
        "missing-parameter",
        "unknown-item",
        "missing-call-id",
    ]


@pytest.mark.parametrize(
    "written",
    [
        "[ImageContent(type='image', data='aGk=', mimeType='image/png')]",
        "[ImageContent(type='image', data=b'aGk=', mimeType='image/png', annotations=None, at=AnyUrl('x'), n=-1.5)]",
        "CallToolResult(meta=None, content=[ImageContent(type='image', data='aGk=', mimeType='image/png')])",
        "meta=None content=[ImageContent(type='image', data='aGk=', mimeType='image/png')] isError=False",
        "[{'type': 'image', 'data': 'aGk=', 'mimeType': 'image/png'}]",
        '{"content": [{"type": "image", "data": "aGk=", "mimeType": "image/png"}]}',
        '"[{\\"type\\": \\"image\\", \\"data\\": \\"aGk=\\", \\"mimeType\\": \\"image/png\\"}]"',
    ],
)
def test_a_dump_is_read_back(written):
    block = parse_result(written)["content"][0]
    assert (block["type"], block["data"], block["mimeType"]) == ("image", "aGk=", "image/png")


@pytest.mark.parametrize(
    "written",
    ["", "[]", "{}", '{"type": "image"}', '["a"]', "type=", "content=[(", "[TextContent(", "[TextContent(type='text' text)]",
     "print('hello')", '{"type": "text", "text": "a"} and more', "[" * 100_000, "content=" + "[" * 100_000],
)  # fmt: skip
def test_other_text_is_no_dump(written):
    assert parse_result(written) is None


WORDS = [
    "type",
    "role",
    "content",
    "output",
    "call_id",
    "name",
    "arguments",
    "text",
    "image_url",
    "url",
    "file",
    "detail",
    "input_text",
    "input_image",
    "message",
    "input_file",
    "function_call",
    "function_call_output",
    "reasoning",
    "user",
    "assistant",
    "tool",
    "tool_calls",
    "tool_call_id",
    "id",
    "function",
    "image",
    "parameters",
    "properties",
    "object",
    "data",
    "resource",
    "blob",
    "uri",
    "is_error",
    "namespace",
    "file_data",
    "filename",
    "inputSchema",
]
ATOMS = st.sampled_from(
    [None, True, 0, 1.5, "", GOOD, BASE64, json.dumps(BLOCKS), str(BLOCKS), "a.b", "\ud800", *WORDS]
)
JSON = st.recursive(
    ATOMS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
)
ITEM = st.fixed_dictionaries(
    {"type": st.sampled_from(["message", "function_call", "function_call_output", "reasoning", ""])},
    optional={
        "role": st.sampled_from(["user", "assistant", "tool"]),
        "content": JSON,
        "output": JSON,
        "tool_calls": JSON,
    }
    | {name: st.sampled_from(["call_1", "c" * 70, 7]) for name in ("call_id", "tool_call_id")},
)


@given(
    st.sampled_from(["input", "messages"]),
    st.lists(ITEM | JSON, max_size=4) | JSON,
    st.lists(JSON, max_size=2),
    JSON,
)
@settings(deadline=None)
def test_no_body_is_too_strange(name, items, tools, choice):
    strange = {"model": MODEL, name: items, "tools": tools, "tool_choice": choice}
    before = copy.deepcopy(strange)
    assert all(str(one) and one.path for one in check(strange))
    good = fixed(strange)
    assert strange == before
    assert fixed(good) == good


# The command


def run(*arguments, stdin=None):
    return CliRunner().invoke(command, ["check", *arguments], input=stdin)


@pytest.fixture
def written(tmp_path):
    def write(value):
        path = tmp_path / "body.json"
        path.write_text(json.dumps(value))
        return str(path)

    return write


def test_help_has_examples_and_exit_codes():
    for arguments in (["check"], ["doctor"]):
        told = CliRunner().invoke(command, [*arguments, "--help"]).stdout
        assert f"imagebridge {arguments[0]}" in told.partition("\n\n")[2]
        assert "Exit code: 0" in told


def test_findings_are_lines_and_decide_the_exit_code(written):
    refused = run(written(said([image(BASE64)])))
    assert (refused.exit_code, refused.stderr) == (1, "")
    assert refused.stdout.startswith(f"{URL}: refused: ")
    dumped = run(written(said(str(RESULT))))
    assert (dumped.exit_code, len(dumped.stdout.splitlines())) == (1, 1)
    assert dumped.stdout.startswith(f"{OUTPUT}: not seen: ")
    advised = run(written(said([image(), image()])))
    assert (advised.exit_code, len(advised.stdout.splitlines())) == (0, 1)
    assert ": advice: " in advised.stdout
    fine = run("-", stdin=json.dumps(said("a")))
    assert (fine.exit_code, fine.stdout, fine.stderr) == (0, "", "")


def nested(levels):
    value = {}
    for _ in range(levels):
        value = {"a": [value]}
    return value


@pytest.mark.parametrize("odd", [10**6_000, nested(3_000)], ids=["digits", "depth"])
@pytest.mark.parametrize(
    "odd_body",
    [
        lambda odd: {"input": [odd]},
        lambda odd: {"input": [{**call(), "arguments": odd}, output("a")]},
        lambda odd: {"input": [call(), output(odd)]},
        lambda odd: {"input": [call(), output([{"type": "input_text", "text": odd}])]},
        lambda odd: {"messages": [user(odd)]},
        lambda odd: {"input": "x", "tools": [{"type": "function", "name": "t", "parameters": odd}]},
        lambda odd: {"input": "x", "tools": [{"type": "function", "name": "t", "parameters": {"type": odd}}]},
        lambda odd: {
            "input": "x",
            "tools": [{"type": "function", "name": "t", "parameters": {"type": "object", "properties": odd}}],
        },
        lambda odd: {"input": "x", "tools": odd, "model": odd, "max_output_tokens": odd},
    ],
)
def test_what_no_json_can_hold_is_judged_and_mended_as_words(odd_body, odd):
    odd = {"model": "gpt-5.6-luna", **odd_body(odd)}
    mended_body = fixed(odd)
    json.dumps([str(finding) for one in (odd, mended_body) for finding in check(one)])
    json.dumps(mended_body)


def test_findings_as_json(written):
    bad = said([image(BASE64)])
    result = run(written(bad), "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == [asdict(one) for one in check(bad)]
    assert json.loads(run("-", "--json", stdin=json.dumps(said("a"))).stdout) == []


def test_a_fixed_body_goes_to_stdout(written):
    bad = said([image(BASE64)])
    result = run(written(bad), "--fix")
    assert (result.exit_code, json.loads(result.stdout)) == (0, fixed(bad))
    assert result.stderr == "".join(f"{one}\n" for one in check(bad))
    as_json = run(written(bad), "--fix", "--json")
    assert json.loads(as_json.stdout) == fixed(bad)
    assert [one["rule"] for one in json.loads(as_json.stderr)] == ["data-url"]
    hopeless = run(written(body({"type": "tool_result"})), "--fix")
    assert hopeless.exit_code == 1
    assert hopeless.stderr.splitlines()[-1].startswith("not repaired: input[0].type: refused")


def test_an_array_holds_input_items(written):
    assert run(written([user(), call(), output("a")])).exit_code == 0
    result = run(written([user(), call()]), "--fix")
    assert json.loads(result.stdout) == [user(), call(), output("[This call has no output.]")]


def test_an_array_of_messages_is_chat(written):
    messages = [user(), calling("call_1"), told("a")]
    assert run(written(messages)).exit_code == 0
    result = run(written(messages[:2]), "--fix")
    assert json.loads(result.stdout) == [*messages[:2], told("[This call has no output.]")]


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "is not valid JSON: "), ("7", "is not a request body: "), ("[" * 100_000, "is not valid JSON: "), ("\udcff", "is not JSON: it is not UTF-8 text")],
)  # fmt: skip
def test_what_is_no_body_is_one_message(content, message):
    result = run("-", stdin=content.encode("utf-8", "surrogateescape"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: stdin {message}")
    assert len(result.stderr.splitlines()) == 1


def test_a_missing_file_is_one_message(tmp_path):
    result = run(str(tmp_path / "none.json"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"Error: {tmp_path / 'none.json'} cannot be read: No such file or directory\n"


def test_the_public_name_is_the_function_and_loads_nothing_heavy():
    assert imagebridge.check is check
    code = (
        "import sys, imagebridge; assert callable(imagebridge.check); from imagebridge.check import check, fixed; "
        "imagebridge.check({'model': 'm', 'input': 'Hi.'}); print({'PIL', 'mcp', 'openai'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"
