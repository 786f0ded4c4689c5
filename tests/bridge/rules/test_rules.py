"""The rules of the strict endpoint: each row violates exactly one of them, at one position."""

import json
import subprocess
import sys
import zlib
from base64 import b64encode
from io import BytesIO
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai_requests import MODEL, answering, body, call, chat, output, user
from openai_requests import calling as assistant
from PIL import Image
from samples import claiming

from imagebridge.rules import RULES, refusals, without

pytestmark = pytest.mark.pure


def encoded(kind: str = "PNG", size=(40, 30), mode="RGB", **options) -> bytes:
    file = BytesIO()
    Image.effect_mandelbrot(size, (-2, -1, 1, 1), 20).convert(mode).save(file, kind, **options)
    return file.getvalue()


def url(data: bytes, label: str = "image/png") -> str:
    return f"data:{label};base64,{b64encode(data).decode()}"


def animated(kind: str) -> bytes:
    first, second = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "blue")
    file = BytesIO()
    first.save(file, kind, save_all=True, append_images=[second])
    return file.getvalue()


def empty_png(width: int, height: int) -> bytes:
    """A PNG that promises these sizes and holds next to nothing."""
    return claiming(width, height, zlib.compress(b"\0" * 64))


def empty_webp(width: int, height: int) -> bytes:
    """A WebP that promises these sizes and holds hardly anything."""
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    canvas = b"VP8X" + pack("<I", 10) + b"\0" * 4 + sides
    pixels = b"VP8L" + pack("<I", 5) + b"\x2f" + b"\0" * 5
    return b"RIFF" + pack("<I", 4 + len(canvas + pixels)) + b"WEBP" + canvas + pixels


def complaining_jpeg() -> bytes:
    """A good JPEG whose EXIF data makes Pillow warn."""
    jpeg = encoded("JPEG")
    after = 4 + int.from_bytes(jpeg[4:6])  # the JFIF header, without which Pillow looks for sizes in EXIF
    exif = b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x01\x02\x03"
    return jpeg[:2] + b"\xff\xe1" + pack(">H", len(exif) + 2) + exif + jpeg[after:]


PNG = encoded()
GOOD = url(PNG)


def image(source: object = GOOD, **more) -> dict:
    return {"type": "input_image", "image_url": source, "detail": "high"} | more


def file(**more) -> dict:
    return {
        "type": "input_file",
        "filename": "a.pdf",
        "file_data": url(b"%PDF-1.7 a page", "application/pdf"),
    } | more


def turn(*parts: object, **more) -> dict:
    """A request whose tool output, input[2].output, holds these parts."""
    return body(user(), call(), output(list(parts)), **more)


def tool(name: object = "look", **more) -> dict:
    schema = {"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]}
    return {
        "type": "function",
        "name": name,
        "description": "Look.",
        "parameters": schema,
        "strict": False,
    } | more


def shape(at: object = None, **more) -> dict:
    return {"type": "object", "properties": {"at": at or {"type": "string"}}} | more


CLOSED = shape(required=["at"], additionalProperties=False)


def tools(*given: object) -> dict:
    return body(user(), tools=list(given))


def told(call_id: str = "call_1", content: object = "Done.") -> dict:
    return answering(content, call_id)


def chat_image(source: object = GOOD, **more) -> dict:
    return {"type": "image_url", "image_url": {"url": source, "detail": "high"} | more}


CHAT_TOOL = {
    "type": "function",
    "function": {"name": "look", "parameters": {"type": "object", "properties": {}}},
}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": []}
OUTPUT = "input[2].output"
FIRST = f"{OUTPUT}[0]"
URL = f"{FIRST}.image_url"
LONG = "x" * 10_485_761
BASE64 = b64encode(PNG).decode()
BLOCKS = [{"type": "text", "text": "Here."}, {"type": "image", "data": BASE64, "mimeType": "image/png"}]

# rule, path, body
RESPONSES = [
    ("missing-parameter", "model", {"input": "Hello."}),
    ("missing-parameter", "input", {"model": MODEL}),
    ("wrong-type", "input", {"model": MODEL, "input": 7}),
    ("wrong-type", "input[0]", body("Hello.")),
    ("wrong-type", OUTPUT, body(user(), call(), output({"type": "input_text", "text": "a"}))),
    ("wrong-type", OUTPUT, body(user(), call(), output(None))),
    ("wrong-type", f"{FIRST}", turn("a text")),
    ("wrong-type", f"{FIRST}.text", turn({"type": "input_text", "text": 7})),
    ("wrong-type", "input[1].arguments", body(user(), call(arguments={"at": "x"}), output("a"))),
    ("unknown-item", "input[0].type", body({"type": "tool_result", "content": "a"})),
    ("message-role", "input[1].role", body(user(), {"role": "tool", "content": "a"})),
    ("mcp-block", f"{FIRST}.type", turn({"type": "image", "data": "aGk=", "mimeType": "image/png"})),
    ("mcp-block", f"{FIRST}.type", turn({"type": "text", "text": "a"})),
    ("mcp-block", f"{FIRST}.type", turn({"type": "resource_link", "uri": "file:///a", "name": "a"})),
    ("unknown-part", f"{FIRST}.type", turn({"type": "output_text", "text": "a"})),
    ("unknown-part", f"{FIRST}.type", turn({"type": "image_url", "image_url": {"url": GOOD}})),
    ("unknown-part", "input[0].content[0].type", body(user([{"type": "text", "text": "a"}]))),
    ("unknown-parameter", f"{FIRST}._meta", turn(image(_meta={}))),
    ("unknown-parameter", "input[2].is_error", body(user(), call(), output("a", is_error=True))),
    ("missing-text", f"{FIRST}.text", turn({"type": "input_text"})),
    ("too-long", f"{FIRST}.text", turn({"type": "input_text", "text": LONG})),
    ("too-long", OUTPUT, body(user(), call(), output(LONG))),
    ("too-long", f"{FIRST}.file_id", turn({"type": "input_image", "file_id": "f" * 65})),
    ("empty-output", OUTPUT, turn()),
    ("half-surrogate", OUTPUT, body(user(), call(), output("cut \ud83d here"))),
    ("half-surrogate", f"{FIRST}.text", turn({"type": "input_text", "text": "cut \udc00"}, image())),
    ("half-surrogate", "input[1].arguments", body(user(), call(arguments='{"at": "\ud83d"}'), output("a"))),
    ("half-surrogate", "instructions", body(user(), instructions="\udfff")),
    ("effort", "reasoning.effort", body(user(), model="gpt-6.2-sol", reasoning={"effort": "none"})),
    ("effort", "reasoning.effort", body(user(), model="openai/gpt-6.1-sol", reasoning={"effort": "minimal", "summary": "auto"})),
    ("unstored-item", "input[1]", body(user(), THOUGHT, call(), output("a"), store=False)),
    ("unstored-item", "input[1]", body(user(), {"type": "item_reference", "id": "msg_1"}, store=False)),
    ("missing-call-id", "input[1].call_id", body(user(), {"type": "function_call_output", "output": "a"})),
    ("output-without-call", "input[0].call_id", body(output("a"), user())),
    ("output-without-call", "input[1].call_id", body(user(), output("a"), call())),
    ("repeated-output", "input[3].call_id", body(user(), call(), output("a"), output("b"))),
    ("mismatched-output", "input[2].type", body(user(), call(), output("a", type="custom_tool_call_output"))),
    ("mismatched-output", "input[2].type",
        body(user(), {"type": "custom_tool_call", "call_id": "call_1", "name": "x", "input": ""}, output("a"))),
    ("wrong-type", "tools", body(user(), tools={})),
    ("wrong-type", "tools", body(user(), tools="look")),
    ("unknown-parameter", "input[1].tool_calls", body(user(), assistant("call_1") | {"content": "Wait."})),
    ("unanswered-call", "input[1]", body(user(), call())),
    ("unanswered-call", "input[2]", body(user(), call(), call("call_2"), output("a"))),
    ("lone-reasoning", "input[1]", body(user(), {"type": "reasoning", "id": "rs_1", "summary": []}, user())),
    ("picture-as-text", OUTPUT, body(user(), call(), output(json.dumps(BLOCKS)))),
    ("picture-as-text", OUTPUT, body(user(), call(), output(str(BLOCKS)))),
    ("picture-as-text", OUTPUT, body(user(), call(), output(GOOD))),
    ("picture-as-text", OUTPUT, body(user(), call(), output(BASE64))),
    ("picture-as-text", OUTPUT, body(user(), call(), output(f"[ImageContent(type='image', data='{BASE64}')]"))),
    ("picture-as-text", OUTPUT, body(user(), call(), output(json.dumps({"content": [image()]})))),
    ("picture-as-text", f"{FIRST}.text", turn({"type": "input_text", "text": json.dumps(BLOCKS)})),
    ("image-url-form", URL, turn(image({"url": GOOD}))),
    ("image-source", URL, turn({"type": "input_image", "detail": "high"})),
    ("image-source", URL, turn(image(None, file_id=None))),
    ("detail", f"{FIRST}.detail", turn(image(detail="medium"))),
    ("detail", f"{FIRST}.detail", turn(file(detail="original"))),
    ("detail-original", f"{FIRST}.detail", turn(image(detail="original"), model="gpt-4.1")),
    ("file-data", f"{FIRST}.filename", turn(file(filename=None))),
    ("file-data", f"{FIRST}.file_data", turn(file(file_data=b64encode(b"%PDF-1.7").decode()))),
    ("file-data", f"{FIRST}.file_data", turn(file(file_data=None))),
    ("too-many-pictures", "input", turn(*[image()] * 1_501)),
    *[("url-scheme", URL, turn(image(address)))
        for address in ["file:///tmp/a.png", "file:/tmp/a.png", "my-server://page/1.png", "puppeteer_mcp://a", "ui+res://a",
                        "a.b://c", "blob:https://example.org/1", "C:\\a.png", "cid:1", "https:example.org/a.png"]],
    ("remote-picture", URL, turn(image("https://example.org/a.png"))),
    ("remote-picture", URL, turn(image("HTTP://example.org/a.png"))),
    ("data-url", URL, turn(image(BASE64))),
    ("data-url", URL, turn(image(f"data:image;base64,{BASE64}"))),
    ("data-url", URL, turn(image(f"data:image/png,{BASE64}"))),
    ("data-url", URL, turn(image("data:image/png;base64,"))),
    ("data-url", URL, turn(image('data:image/svg+xml;utf8,<svg xmlns="http://www.w3.org/2000/svg"/>'))),
    ("data-url", URL, turn(image("data:,http://example.org/a.png"))),
    ("data-url", URL, turn(image("example.org/a.png"))),
    ("data-url", URL, turn(image(f"data:image/png;base64, {BASE64}"))),
    ("data-url", URL, turn(image(f"data:image/png;base64,{BASE64[:76]}\n{BASE64[76:]}"))),
    ("data-url", URL, turn(image(f"data:image/png;base64,{BASE64[:-1]}"))),
    ("data-url", URL, turn(image(f"data:image/png;base64,{BASE64[:40]}-_{BASE64[42:]}"))),
    ("data-url", URL, turn(image(url(b"%PDF-1.7", "application/pdf")))),
    ("unsupported-format", URL, turn(image(url(encoded("BMP"), "image/bmp")))),
    ("unsupported-format", URL, turn(image(url(encoded("TIFF"), "image/tiff")))),
    ("unsupported-format", URL, turn(image(url(encoded("AVIF"), "image/avif")))),
    ("unsupported-format", URL, turn(image(url(b'\n<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml")))),
    ("unsupported-format", URL, turn(image(url(encoded("BMP"), "image/png")))),
    ("broken-picture", URL, turn(image(url(b"not a picture at all")))),
    ("broken-picture", URL, turn(image(url(PNG[:-40])))),
    ("broken-picture", URL, turn(image(url(encoded("JPEG")[:-60], "image/jpeg")))),
    ("broken-picture", URL, turn(image(url(encoded("GIF")[:-60], "image/gif")))),
    ("broken-picture", URL, turn(image(url(encoded("WEBP")[:-60], "image/webp")))),
    ("picture-bomb", URL, turn(image(url(empty_png(20_000, 20_000))))),
    ("picture-bomb", URL, turn(image(url(empty_webp(16_000, 16_000), "image/webp")))),
    ("animated-gif", URL, turn(image(url(animated("GIF"), "image/gif")))),
    ("animated-picture", URL, turn(image(url(animated("WEBP"), "image/webp")))),
    ("animated-picture", URL, turn(image(url(animated("PNG"))))),
    ("mislabelled-picture", URL, turn(image(url(PNG, "image/jpeg")))),
    ("mislabelled-picture", URL, turn(image(url(encoded("JPEG"), "image/jpg")))),
    ("data-url", "input[0].content[0].image_url", body(user([image("aGk=")]))),
    ("tool-type", "tools[0].type", tools({"name": "look", "inputSchema": {"type": "object"}})),
    ("tool-name", "tools[1].name", tools(tool(), tool("mcp.look"))),
    ("tool-name", "tools[0].name", tools(tool("x" * 65))),
    ("tool-name", "tools[0].name", tools(tool(""))),
    ("tool-name", "tools[0].tools[0].name",
        tools({"type": "namespace", "name": "eyes", "description": "", "tools": [tool("a b")]})),
    ("tool-name", "input[1].name", body(user(), call(name="a/b"), output("a"))),
    ("tool-twice", "tools[1].name", tools(tool(), tool())),
    ("tool-field", "tools[0].annotations", tools(tool(annotations={}))),
    ("tool-schema", "tools[0].parameters", tools(tool(parameters={"properties": {}}))),
    ("tool-schema", "tools[0].parameters", tools(tool(parameters={"type": "object"}))),
    ("tool-schema", "tools[0].parameters", tools(tool(parameters={"type": "object", "properties": {"a": "string"}}))),
    ("tool-schema", "tools[0].parameters", tools(tool(parameters="none"))),
    ("tool-schema", "tools[0].parameters", tools(tool(parameters=shape({"type": "object", "properties": []})))),
    ("tool-schema", "tools[0].parameters", tools(tool(parameters=shape(**{"$defs": []})))),
    ("tool-schema", "tools[0].parameters",
        tools(tool(parameters=shape(**{"$defs": {"A": {"type": "array", "items": {"properties": []}}}})))),
    ("tool-schema", "tools[0].parameters", tools(tool(parameters={"type": "object", "properties": {}, "required": None}))),
    *[("schema-combination", "tools[0].parameters", tools(tool(parameters=shape(**{key: value}))))
        for key, value in {"oneOf": [{}], "anyOf": [{}], "allOf": [{}], "enum": [{}], "not": {}}.items()],
    *[("array-items", "tools[0].parameters", tools(tool(parameters=shape(at))))
        for at in [{"type": "array"}, {"type": ["array", "null"]}, {"type": "array", "items": {"type": "array"}},
                   {"anyOf": [{"type": "array", "prefixItems": [{}]}]}, {"type": "array", "items": [{}]}]],
    *[("strict-schema", "tools[0].parameters", tools(tool(parameters=schema, strict=True)))
        for schema in [shape(), shape(required=["at"]), CLOSED | {"required": []}, CLOSED | {"required": ["at", "b"]},
                       CLOSED | {"additionalProperties": {}},
                       *[CLOSED | {"properties": {"at": at}} for at in
                         [{}, {"enum": ["a"]}, {"type": "string", "format": "uri"}, {"type": "object"},
                          {"type": "string", "not": {"const": "a"}}, {"oneOf": [{"type": "string"}]}]]]],
    ("too-many-tools", "tools", tools(*[tool(f"look_{number}") for number in range(129)])),
]  # fmt: skip

CHAT = [
    ("missing-parameter", "messages", {"model": MODEL}),
    ("unknown-item", "messages[0].role", chat({"role": "model", "content": "a"})),
    ("unknown-part", "messages[0].content[0].type", chat(user([{"type": "input_text", "text": "a"}]))),
    ("mcp-block", "messages[2].content[0].type",
        chat(user(), assistant("call_1"), told(content=[{"type": "image", "data": "aGk="}]))),
    ("chat-tool-picture", "messages[2].content[0]", chat(user(), assistant("call_1"), told(content=[chat_image()]))),
    ("picture-as-text", "messages[2].content", chat(user(), assistant("call_1"), told(content=json.dumps(BLOCKS)))),
    ("chat-output-without-call", "messages[0]", chat(told(), user())),
    ("chat-repeated-output", "messages[3].tool_call_id", chat(user(), assistant("call_1"), told(), told())),
    ("chat-unanswered-call", "messages[1]", chat(user(), assistant("call_1", "call_2"), told())),
    ("chat-unanswered-call", "messages[1]", chat(user(), assistant("call_1"))),
    ("chat-interrupted-answers", "messages[1]",
        chat(user(), assistant("call_1", "call_2"), told(), user(), told("call_2"))),
    ("image-url-form", "messages[0].content[0].image_url",
        chat(user([{"type": "image_url", "image_url": GOOD}]))),
    ("image-source", "messages[0].content[0].image_url.url", chat(user([chat_image(None)]))),
    ("detail", "messages[0].content[0].image_url.detail", chat(user([chat_image(detail="full")]))),
    ("data-url", "messages[0].content[0].image_url.url", chat(user([chat_image(BASE64)]))),
    ("broken-picture", "messages[0].content[0].image_url.url", chat(user([chat_image(url(PNG[:-40]))]))),
    ("file-data", "messages[0].content[0].file.filename",
        chat(user([{"type": "file", "file": {"file_data": url(b"%PDF-", "application/pdf")}}]))),
    ("tool-name", "tools[0].function.name", chat(user(), tools=[{"type": "function", "function": {"name": "a.b"}}])),
    ("tool-name", "tools[0].function.name", chat(user(), tools=[tool()])),
    ("half-surrogate", "messages[0].content", chat(user("cut \udc00"))),
    ("half-surrogate", "messages[0].content[0].text", chat(user([{"type": "text", "text": "cut \ud83d"}]))),
    ("chat-tools-effort", "reasoning_effort", chat(user(), tools=[CHAT_TOOL], reasoning_effort=None)),
    ("chat-tools-effort", "reasoning_effort", chat(user(), tools=[CHAT_TOOL], reasoning_effort="low")),
    ("chat-tools-effort", "reasoning_effort", chat(user(), tools=[CHAT_TOOL], model="gpt-6-sol-2026-09-03", reasoning_effort="low")),
    ("chat-tools-effort", "reasoning_effort", chat(user(), tools=[CHAT_TOOL], model="openai/gpt-6.1-terra")),
    ("chat-tools-effort", "reasoning_effort", chat(user(), tools=[CHAT_TOOL], model="gpt-6-astra")),
    ("chat-sampling", "temperature", chat(user(), temperature=0.2, reasoning_effort=None)),
    ("chat-sampling", "top_p", chat(user(), top_p=0.9, reasoning_effort="low", model="gpt-6-sol")),
    ("chat-sampling", "logprobs", chat(user(), logprobs=True, reasoning_effort="medium", model="gpt-6-luna")),
    ("effort", "reasoning_effort", chat(user(), model="gpt-6.1-sol")),
    ("effort", "reasoning_effort", chat(user(), model="gpt-6.2-astra-2026-11-17", reasoning_effort="minimal")),
    ("tool-name", "messages[1].tool_calls[0].function.name",
        chat(user(), json.loads(json.dumps(assistant("call_1")).replace("look", "lo ok")), told())),
]  # fmt: skip


def found(body: dict, api="responses", **more) -> list[tuple[str, str]]:
    return [(one.rule, one.path) for one in refusals(body, api, **more)]


@pytest.mark.parametrize(("rule", "path", "body"), RESPONSES, ids=[row[0] for row in RESPONSES])
def test_a_responses_body_is_refused_for_one_reason(rule, path, body):
    assert found(body) == [(rule, path)]


@pytest.mark.parametrize(("rule", "path", "body"), CHAT, ids=[row[0] for row in CHAT])
def test_a_chat_body_is_refused_for_one_reason(rule, path, body):
    assert found(body, "chat") == [(rule, path)]


@pytest.mark.long
def test_large_pictures_are_refused_only_where_the_model_takes_them_whole():
    """reported: 30,000 patches reject at detail original, which a missing detail means; other details downscale."""
    large = url(encoded(size=(5_600, 5_600), mode="L", compress_level=1))
    refused = [("too-many-patches", URL)]
    for detail, model, expected in [
        ("original", MODEL, refused),
        ("auto", MODEL, refused),
        (None, MODEL, refused),
        ("high", MODEL, []),
        ("low", MODEL, []),
        ("original", "gpt-5.5", []),
        (None, "gpt-5.4", []),
        (None, "some-other-model", []),
    ]:
        assert found(turn(image(large, detail=detail), model=model)) == expected, (detail, model)
    (violation,) = refusals(turn(image(large, detail="original")))
    assert violation.error()["message"] == (
        "The image you provided requires 30625 patches after processing, exceeding the limit of 30000. "
        "Please resize the image and try again."
    )
    assert (violation.param, violation.code, violation.type) == (
        "input",
        "invalid_value",
        "invalid_request_error",
    )


def test_sizes_are_limited_in_sum():
    """documented: 512 MB of pictures, 50 MB of files; judged alone, since the strings hold no picture."""
    strict = {rule.id: rule for rule in RULES}
    part = image("data:image/png;base64," + "A" * 20_000_000)
    assert found(turn(*[part] * 27), rules=[strict["payload"]]) == [("payload", "input")]
    assert found(turn(*[part] * 26), rules=[strict["payload"]]) == []
    pdf = file(file_data="data:application/pdf;base64," + "A" * 36_000_000)
    assert found(turn(pdf, pdf), rules=[strict["file-bytes"]]) == [("file-bytes", "input")]
    assert found(turn(pdf)) == []
    long = image("data:image/png;base64," + "A" * 20_971_520)
    assert found(turn(long), rules=[strict["too-long"]]) == [("too-long", URL)]


def test_call_ids_are_limited():
    assert found(body(user(), call("c" * 65), output("a", "c" * 65))) == [
        ("too-long", "input[1].call_id"),
        ("too-long", "input[2].call_id"),
    ]
    assert found(body(user(), call("c" * 64), output("a", "c" * 64))) == []


GOOD_RESPONSES = [
    {"model": MODEL, "input": "Hello."},
    body({"type": "message", "role": "developer", "content": "Be brief."}, user()),
    turn({"type": "input_text", "text": "Here."}, image(), image(None, file_id="file-1"), file()),
    turn(*(image(url(encoded(name), f"image/{name.lower()}")) for name in ("PNG", "JPEG", "WEBP", "GIF"))),
    turn(image(url(encoded(mode="RGBA"))), image(url(encoded("JPEG", mode="CMYK"), "image/jpeg"))),
    turn(image(url(complaining_jpeg(), "image/jpeg"))),
    turn(file(file_data=None, filename=None, file_url="https://example.org/a.pdf")),
    turn(image(detail="original"), model="gpt-5.5"),
    turn(image(detail="original"), model="a-model-we-do-not-know"),
    body(user(), {"type": "reasoning", "id": "rs_1", "summary": []}, call(), output("a")),
    body(user(), call(), call("call_2"), output("b", "call_2"), output([image()]), user("And?")),
    body(user(), {"type": "custom_tool_call", "call_id": "c", "name": "x", "input": ""},
         {"type": "custom_tool_call_output", "call_id": "c", "output": "a"}),
    body(user(), call(), output(f"<p>A page</p><img src='{GOOD}'>")),
    body(user(), call(), output(json.dumps({"icon": "iVBORw0KGgo", "note": "[cut]"}))),
    body(user(), call(), output(f"[the logo](x) is ![logo]({GOOD})")),
    body(output("a"), previous_response_id="resp_1"),
    body(user(), tools=[tool(), tool("other", parameters=None), {"type": "web_search"}]),
    body(user(), tools=None),
    body(user(), {"role": "assistant", "content": "Wait.", "tool_calls": None}),
    tools(tool(parameters=shape({"type": "array", "items": {}}, required=["b"], patternProperties={}))),
    tools(tool(parameters=shape({"oneOf": [{"not": {"enum": [1]}}, {"type": "object"}], "format": "uri"}))),
    tools(tool(parameters=shape(**{"$defs": {"A": {"type": "array"}}}), strict=None)),
    tools(tool(parameters=CLOSED, strict=True)),
    tools(tool(parameters=CLOSED | {"properties": {"at": {"type": "integer", "default": 1}}}, strict=True)),
    tools(tool(parameters=CLOSED | {"properties": {"at": {"type": ["string", "null"], "format": "uuid"}}}, strict=True)),
    tools(tool(parameters={"type": "object", "properties": {}, "additionalProperties": False}, strict=True)),
    body(user("fine \U0001f600"), {**THOUGHT, "encrypted_content": "gAAAA"}, call(), output("a"), store=False),
    body(user(), THOUGHT, call(), output("a")),
    body({"type": "item_reference", "id": "rs_1"}, user()),
    body(user(), tools=[tool(), {"type": "namespace", "name": "eyes", "description": "", "tools": [tool()]}]),
]  # fmt: skip


@pytest.mark.parametrize("body", GOOD_RESPONSES, ids=range(len(GOOD_RESPONSES)))
def test_a_good_responses_body_is_accepted(body):
    assert found(body) == []


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"model": "gpt-5.4", "reasoning_effort": None},
        {"model": "qwen3-vl-8b", "reasoning_effort": "low"},
        {"model": "gpt-6-luna-2026-09-03"},
        {"model": "gpt-6.2-sol", "reasoning_effort": "low"},
        {"tools": [], "reasoning_effort": "high"},
    ],
)
def test_tools_in_chat_are_accepted_with_the_effort_that_the_model_takes_there(more):
    assert found(chat(user(), tools=[CHAT_TOOL]) | more, "chat") == []


def test_a_good_chat_body_is_accepted():
    request = chat(
        {"role": "system", "content": "Be brief."},
        user([{"type": "text", "text": "Look."}, chat_image(), chat_image(detail="original")]),
        assistant("call_1", "call_2"),
        told("call_2", [{"type": "text", "text": "Here."}]),
        told(),
        user([chat_image()]),
        tools=[{"type": "function", "function": {name: tool()[name] for name in ("name", "parameters")}}],
    )
    assert found(request, "chat") == []


def test_what_the_server_keeps_counts_as_conversation():
    kept = [user(), call()]
    assert found(body(output("a")), earlier=kept) == []
    assert found(body(user()), earlier=kept) == [("unanswered-call", "input")]
    assert found(body(output("b")), earlier=[*kept, output("a")]) == [("repeated-output", "input[0].call_id")]
    assert found(body(output("a"), previous_response_id="r"), earlier=[]) == [
        ("output-without-call", "input[0].call_id")
    ]


def test_every_rule_is_broken_by_a_row_and_says_where_it_comes_from():
    rows = {row[0] for row in [*RESPONSES, *CHAT]} | {"too-many-patches", "payload", "file-bytes"}
    assert rows == {rule.id for rule in RULES}
    assert len(rows) == len(RULES)
    for rule in RULES:
        assert rule.source in ("documented", "reported", "ours")
        assert rule.statement.endswith(".")
        assert rule.link.startswith("https://") or rule.source == "ours"


def test_the_message_is_in_the_words_of_the_api():
    """reported: openai/codex#5346 and #4946."""
    (violation,) = refusals(turn(image(f"data:image;base64,{BASE64}")))
    assert violation.error() == {
        "message": "Invalid 'input[2].output[0].image_url'. Expected a base64-encoded data URL with an image MIME "
        "type (e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), but got unsupported MIME type 'image'.",
        "type": "invalid_request_error",
        "param": "input[2].output[0].image_url",
        "code": "invalid_value",
        "rule": "data-url",
        "path": "input[2].output[0].image_url",
        "why": "",
    }
    (violation,) = refusals(turn(image(url(b"nothing"))))
    assert violation.message == (
        "The image data you provided does not represent a valid image. Please check your input and try again with "
        "one of the supported image formats: ['image/jpeg', 'image/png', 'image/gif', 'image/webp']."
    )
    assert violation.param == "input"


def test_the_form_is_judged_before_calls_and_calls_before_pictures():
    request = body(user(), call(), output([image(url(b"nothing"))], "call_2"), {"type": "no"})
    assert [rule for rule, _ in found(request)] == [
        "unknown-item",
        "output-without-call",
        "unanswered-call",
        "broken-picture",
    ]


def test_a_rule_can_be_left_out():
    request = turn(image(url(animated("WEBP"), "image/webp")))
    assert found(request, rules=without("animated-picture")) == []
    with pytest.raises(ValueError, match="unknown rules: animated-webp"):
        without("animated-webp")


WORDS = """input messages model tools type role content output call_id name arguments text image_url url file detail
    input_text input_image input_file image_url function_call function_call_output message reasoning user assistant
    tool tool_calls tool_call_id id function parameters properties object previous_response_id data:image/png;base64,
    computer_call_output file_data filename namespace"""
ATOMS = st.sampled_from([None, True, 0, 1.5, "", GOOD, *WORDS.split()])
JSON = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS.split()), inner, max_size=5)
    ),
)


@given(st.dictionaries(st.sampled_from(WORDS.split()[:4]), JSON))
@settings(deadline=None)
def test_no_body_is_too_strange_to_be_judged(body):
    for api in ("responses", "chat"):
        assert all(one.path and one.message for one in refusals(body, api))
    assert refusals(body | {"model": 1})


def test_equal_pictures_are_decoded_once(monkeypatch):
    from PIL import PngImagePlugin

    opened = []
    real = PngImagePlugin.PngImageFile
    monkeypatch.setattr(PngImagePlugin, "PngImageFile", lambda file: opened.append(1) or real(file))
    fresh = url(encoded(size=(33, 44)))
    assert found(turn(image(fresh), image(fresh))) == []
    assert found(turn(image(fresh), model="gpt-5.4")) == []
    assert opened == [1]


def test_large_but_harmless_pictures_do_not_warn():
    """ours: Pillow warns above 89 megapixels, which is no reason to refuse a picture that the API downscales."""
    file = BytesIO()
    Image.new("1", (10_000, 9_000)).save(file, "PNG")
    assert found(turn(image(url(file.getvalue())))) == []


def test_importing_the_rules_loads_nothing_heavy():
    heavy = "import sys, imagebridge.rules, imagebridge.testing; print({'PIL', 'mcp', 'openai'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", heavy], text=True) == "set()\n"
