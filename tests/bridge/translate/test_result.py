"""Complete results: order, error marker, structured content, budgets, the account."""

import json

import pytest
import samples
from mcp.types import CallToolResult
from mcp_blocks import image, text
from openai_requests import input_text as said
from pydantic import AnyUrl
from samples import b64, data_url, drawing, file, photo

from imagebridge import Policy, function_call_output, output_parts, repair, translate
from imagebridge.translate.sentences import amount
from imagebridge.translate.translation import Note

pytestmark = pytest.mark.pure

PNG = file(drawing(), "PNG")
OTHER = file(photo(), "PNG")


def picture(data=PNG):
    return image(data)


SHOWN = {"type": "input_image", "image_url": data_url(PNG, "image/png"), "detail": "high"}

OUTPUTS = {
    "one text": ({"content": [text("hello")]}, "hello"),
    "texts are joined": ({"content": [text("a"), text("b")]}, "a\nb"),
    "order is kept": ({"content": [text("a"), picture(), text("b")]}, [said("a"), SHOWN, said("b")]),
    "error of text": ({"content": [text("no such file")], "isError": True}, "Tool error:\nno such file"),
    "error with a picture": (
        {"content": [text("it crashed here"), picture()], "isError": True},
        [said("Tool error:"), said("it crashed here"), SHOWN],
    ),
    "error without a word": (
        {"content": [], "isError": True},
        "Tool error:\n[The tool gave no reason.]",
    ),
    "nothing": ({"content": []}, "[The tool finished and returned nothing.]"),
    "no content": ({}, "[The tool finished and returned nothing.]"),
    "content is null": ({"content": None}, "[The tool finished and returned nothing.]"),
    "only white space": ({"content": [text(" \n")]}, "[The tool finished and returned nothing.]"),
    "content is a string": ({"content": "hello"}, "hello"),
    "content is one block": ({"content": picture()}, [SHOWN]),
    "only structured": ({"structuredContent": {"a": [1, None]}}, '{"a": [1, null]}'),
    "structured beside other text": (
        {"content": [text("done")], "structuredContent": {"a": 1}},
        'done\n{"a": 1}',
    ),
    "structured beside a picture": (
        {"content": [picture()], "structuredContent": {"width": 64}},
        [SHOWN, said('{"width": 64}')],
    ),
    "structured that mirrors a text": (
        {"content": [text('{\n  "a": 1\n}')], "structuredContent": {"a": 1}},
        '{\n  "a": 1\n}',
    ),
    "an error by another word": ({"content": [text("no")], "isError": "true"}, "Tool error:\nno"),
    "structured that mirrors with a result of its own": (
        {"content": [text('{"result": {"x": 1}}')], "structuredContent": {"result": {"x": 1}}},
        '{"result": {"x": 1}}',
    ),
    "structured that mirrors one text an item": (
        {"content": [text('{"x": 1}'), text("2")], "structuredContent": {"result": [{"x": 1}, 2]}},
        '{"x": 1}\n2',
    ),
    "structured that mirrors not a number": (
        {"content": [text('{"a": NaN}')], "structuredContent": {"a": float("nan")}},
        '{"a": NaN}',
    ),
    "structured that is true beside a one": (
        {"content": [text("1")], "structuredContent": {"result": True}},
        '1\n{"result": true}',
    ),
    "texts that repeat pictures": (
        {"content": [picture(), text(b64(PNG)), picture(OTHER), text(b64(OTHER)), text(b64(PNG))]},
        [
            SHOWN,
            said("[picture 1 above]"),
            {**SHOWN, "image_url": data_url(OTHER, "image/png")},
            said("[picture 2 above]"),
            said("[picture 1 above]"),
        ],
    ),
    "structured with a picture that was shown, written otherwise": (
        {"content": [picture()], "structuredContent": {"image": data_url(PNG, "image/jpeg")}},
        [SHOWN, said('{"image": "[picture 1 above]"}')],
    ),
    "structured with a picture of its own": (
        {"content": [text("done")], "structuredContent": {"shot": b64(PNG)}},
        [said("done"), said('{"shot": "[picture 1 below]"}'), SHOWN],
    ),
    "structured that is the blocks": (
        {"content": [picture()], "structuredContent": {"result": [picture()]}},
        [SHOWN],
    ),
    "content is an object with number keys": (
        {"content": {"10": text("b"), "9": text("a"), "2": picture()}},
        [SHOWN, said("a"), said("b")],
    ),
    "content is an empty object": ({"content": {}}, "[The tool finished and returned nothing.]"),
}


@pytest.mark.parametrize("case", OUTPUTS)
def test_result_becomes(case):
    result, output = OUTPUTS[case]
    assert function_call_output(result, "call_7") == {
        "type": "function_call_output",
        "call_id": "call_7",
        "output": output,
    }
    parts = output_parts(result)
    assert parts == (output if isinstance(output, list) else parts)
    assert "\n".join(part.get("text", "") for part in parts if isinstance(output, str)) == (
        output if isinstance(output, str) else ""
    )


def test_the_sdks_own_result_is_taken():
    blocks = [{"type": "text", "text": "a"}, {"type": "image", "data": b64(PNG), "mimeType": "image/jpg"}]
    result = CallToolResult.model_validate({"content": blocks})
    assert function_call_output(result, "c")["output"] == [said("a"), SHOWN]


def test_a_dump_with_the_names_of_python_says_the_same():
    result = CallToolResult.model_validate(
        {
            "content": [
                {"type": "text", "text": "a", "annotations": {"audience": ["user"], "lastModified": "2026"}},
                picture() | {"_meta": {"imagebridge/detail": "low"}},
                {"type": "resource", "resource": {"uri": "a:b", "blob": b64(b"x"), "mimeType": "text/plain"}},
                {"type": "resource_link", "uri": "a:b", "name": "b", "mimeType": "image/png"},
            ],
            "structuredContent": {"is_error": False, "meta": None},
            "isError": True,
            "_meta": {"a": 1},
        }
    )
    for dumped in (result.model_dump(), result.model_dump(exclude_none=True), result.model_dump(mode="json")):
        assert translate(dumped).parts == translate(result).parts
        assert CallToolResult.model_validate(repair(dumped)) == result


@pytest.mark.parametrize(
    ("flag", "failed"),
    [
        *((one, True) for one in (True, 1, 1.0, "true", "TRUE", " True ", "yes", "Yes", "1")),
        *((one, False) for one in (False, 0, None, "", "false", "no", "0", "error", 2, [], [1], {"a": 1})),
    ],
)
@pytest.mark.parametrize("key", ["isError", "is_error"])
def test_one_rule_says_what_an_error_is(flag, failed, key):
    """The same for what a model is told, what a host is given, and the account."""
    result = {"content": [text("it went so"), picture()], key: flag}
    mark = [said("Tool error:")] if failed else []
    assert output_parts(result) == [*mark, said("it went so"), SHOWN]
    assert repair(result).get("isError", False) is failed
    assert translate(result).is_error is failed


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (None, "a tool result must be a CallToolResult or its JSON object, not NoneType"),
        ("text", "a tool result must be a CallToolResult or its JSON object, not str"),
        (picture(), 'wrap a single block as {"content": [...]}'),
        ({"output": 1}, "a tool result must have `content`; this object has output"),
    ],
)
def test_what_is_no_result_raises_and_names_what_came(result, message):
    with pytest.raises(TypeError) as raised:
        function_call_output(result, "c")
    assert message in str(raised.value)


@pytest.mark.agent
@pytest.mark.anyio
async def test_what_an_mcp_server_mirrors_is_said_once():
    """The four shapes that MCPServer makes of a return value."""
    import mcp
    from mcp.server import MCPServer

    server = MCPServer("mirror")

    @server.tool()
    def one() -> str:
        """A text."""
        return "hello"

    @server.tool()
    def many() -> list[str]:
        """Texts."""
        return ["a", "b"]

    @server.tool()
    def number() -> float:
        """A number."""
        return 2.5

    @server.tool()
    def thing() -> dict[str, int]:
        """An object."""
        return {"width": 3}

    async with mcp.Client(server) as client:
        outputs = {name: (await client.call_tool(name)) for name in ("one", "many", "number", "thing")}
    assert all(result.structured_content is not None for result in outputs.values())
    assert {name: function_call_output(result, "c")["output"] for name, result in outputs.items()} == {
        "one": "hello",
        "many": "a\nb",
        "number": "2.5",
        "thing": json.dumps({"width": 3}, indent=2),
    }


def test_a_large_picture_is_shrunk_to_what_the_model_sees_and_the_scale_told():
    result = {"content": [picture(file(drawing(3840, 2160), "PNG")), text("after")]}
    shown, line, after = output_parts(result)
    assert samples.pixels(shown["image_url"]).size == (2048, 1152)
    assert line == said("picture 1: shown 2048x1152 of 3840x2160; multiply coordinates by 1.875")
    assert after == said("after")


def test_detail_low_is_shrunk_to_512_pixels_for_models_that_see_so_much():
    result = {"content": [picture(file(drawing(2000, 1000), "PNG"))]}
    shown, line = output_parts(result, Policy(model="gpt-5.6-luna", detail="low"))
    assert samples.pixels(shown["image_url"]).size == (512, 256)
    assert line == said("picture 1: shown 512x256 of 2000x1000; multiply coordinates by 3.906")


def test_the_same_bytes_twice():
    result = {"content": [picture(file(photo(3000, 2000), "PNG")), picture(samples.animation("GIF"))]}
    assert output_parts(result) == output_parts(result)


def test_thirty_pictures_in_one_result():
    many = [picture(file(drawing(64, 48 + at), "PNG")) for at in range(30)]
    assert [part["type"] for part in output_parts({"content": many})] == ["input_image"] * 30


def test_sixty_megabytes_of_text_are_cut_with_a_sentence():
    output = function_call_output({"content": [text("x" * 60_000_000)]}, "c")["output"]
    assert len(output) < 10_485_760
    assert output.endswith("\n[cut: 50,000,000 of 60,000,000 characters are left out]")


def test_the_limit_of_text_counts_over_all_texts():
    parts = output_parts({"content": [text("abcd"), text("efgh")]}, Policy(max_text=6))
    assert parts == [said("abcd"), said("ef\n[cut: 2 of 4 characters are left out]")]


def test_structured_content_that_is_no_json_is_told():
    loop = {}
    loop["self"] = loop
    assert (
        function_call_output({"structuredContent": loop}, "c")["output"]
        == '{"self": "[left out: it contains itself]"}'
    )
    deep = current = []
    for _ in range(5_000):
        current.append([])
        current = current[0]
    # How deep Python's json goes differs by version: told or written, it never raises.
    assert function_call_output({"structuredContent": deep}, "c")["output"].startswith(
        ("[not shown: ", "[[[[")
    )


def test_all_texts_together_stay_under_the_apis_limit():
    many = [text("x" * 10_000_000)] + [text("abcde")] * 14_000 + [{"type": "audio"}] * 20_000
    output = function_call_output({"content": many, "isError": True}, "c")["output"]
    assert len(output) <= 10_485_760
    assert output.startswith("Tool error:\n")
    last = output.splitlines()[-1]
    assert last.startswith("[cut: ")
    assert last.endswith(" characters, are left out]")


def test_the_mark_of_an_error_is_never_cut():
    parts = output_parts({"content": [text("abc")], "isError": True}, Policy(max_text=0))
    assert parts == [said("Tool error:"), said("\n[cut: 3 of 3 characters are left out]")]


def test_files_and_pictures_share_the_budget_of_bytes():
    paper = {"type": "resource", "resource": {"uri": "a.pdf", "blob": b64(samples.pdf())}}
    size = len(data_url(samples.pdf(), "application/pdf"))
    kinds = [part["type"] for part in output_parts({"content": [paper, paper]}, Policy(max_bytes=size + 10))]
    assert kinds == ["input_file", "input_text"]
    # What is left out takes nothing: the picture keeps its room.
    kinds = [
        part["type"] for part in output_parts({"content": [paper, picture()]}, Policy(max_bytes=size - 10))
    ]
    assert kinds == ["input_text", "input_image"]


@pytest.mark.long
def test_budgets_shrink_far_before_they_leave_out():
    shown = translate(
        {"content": [picture(file(photo(800, 600), "PNG"))] * 3}, Policy(max_bytes=30_000)
    ).pictures
    assert len(shown) == 3
    assert sum(len(one.picture.data_url) for one in shown) <= 30_000
    (one,) = translate(
        {"content": [picture(file(drawing(1024, 1024), "PNG"))]}, Policy(max_tokens=50)
    ).pictures
    assert one.seen.tokens <= 50


def test_a_lower_detail_is_said():
    result = {"content": [picture(file(drawing(512, 512), "PNG"))]}
    shown, line = output_parts(result, Policy(model="gpt-4o", max_tokens=100))
    assert shown["detail"] == "low"
    assert line == said("picture 1: shown at lower detail (the limit is 100 tokens for pictures per result)")


def test_thousands_of_pictures_in_one_json_are_found_in_time():
    many = [b64(file(drawing(8 + at % 40, 8 + at // 40), "PNG")) for at in range(1_000)]
    parts = output_parts({"content": [text(json.dumps(many))]})
    assert [part["type"] for part in parts] == ["input_text"] + ["input_image"] * 1_000


def test_budget_of_pictures():
    content = [picture(), picture(), text("between"), *[picture()] * 5]
    translation = translate({"content": content}, Policy(max_pictures=1))
    assert translation.parts == [
        SHOWN,
        said("[not shown: picture 2 (image/png, 64x48); the limit is 1 picture per result]"),
        said("between"),
        said("[not shown: pictures 3 to 7; the limit is 1 picture per result: ask for fewer at a time]"),
    ]
    assert len(translation.notes) == len(content)
    assert all("the limit is 1 picture" in note.done for note in translation.notes[3:])


def test_addresses_that_are_passed_on_count_as_pictures():
    web, paper = (
        {"type": "resource_link", "uri": f"https://e.org/{at}", "name": "a", "mimeType": kind}
        for at, kind in (("a", "image/png"), ("b", "application/pdf"))
    )
    shown, file = (
        {"type": "input_image", "image_url": "https://e.org/a", "detail": "high"},
        {"type": "input_file", "file_url": "https://e.org/b"},
    )
    left_out = "[not shown: the picture at https://e.org/a; the limit is {} pictures per result]"
    content = {"content": [web, paper, picture(), web]}
    assert output_parts(content, Policy(links="pass", max_pictures=2)) == [
        shown,
        file,
        SHOWN,
        said(left_out.format(2)),
    ]
    assert output_parts(content, Policy(links="pass", max_pictures=0)) == [
        said(left_out.format(0)),
        file,
        said("[not shown: picture 1 (image/png, 64x48); the limit is 0 pictures per result]"),
        said(left_out.format(0)),
    ]


def test_budget_of_tokens_shrinks_before_it_leaves_out():
    big, small = file(drawing(2000, 1500), "PNG"), PNG
    translation = translate({"content": [picture(big), picture(small)]}, Policy(max_tokens=1_000))
    assert translation.tokens <= 1_000
    first, line, second = translation.parts
    assert samples.pixels(first["image_url"]).width < 2_000
    assert line["text"].endswith("(the limit is 1,000 tokens for pictures per result)")
    assert second == SHOWN


def test_budget_of_tokens_leaves_out_the_last_when_nothing_can_shrink():
    translation = translate({"content": [picture()] * 4}, Policy(max_tokens=12))
    assert [part["type"] for part in translation.parts] == ["input_image"] * 2 + ["input_text"]
    assert translation.parts[-1]["text"].startswith("[not shown: pictures 3 to 4; the limit is 12 tokens")
    assert translation.tokens <= 12


def test_budget_of_bytes_squeezes_the_large_and_spares_the_small():
    big = file(photo(1500, 1500), "PNG")
    translation = translate({"content": [picture(big), picture()]}, Policy(max_bytes=100_000))
    assert sum(len(shown.picture.data_url) for shown in translation.pictures) <= 100_000
    assert translation.parts[-1] == SHOWN
    assert "the limit is 100 kB per result" in translation.parts[1]["text"]


def test_a_file_over_the_budget_becomes_a_sentence():
    result = {"content": [{"type": "resource", "resource": {"uri": "a.pdf", "blob": b64(samples.pdf())}}]}
    (part,) = output_parts(result, Policy(max_bytes=100))
    assert part["text"].startswith("[not shown: the file a.pdf, ")


def test_the_account():
    bmp = file(drawing(), "BMP")
    translation = translate(
        {"content": [text("a"), picture(bmp), {"type": "audio", "data": ""}], "isError": True}
    )
    shown = translation.pictures[0]
    assert (shown.picture.media_type, shown.seen.tokens, translation.tokens) == ("image/png", 5, 5)
    assert translation.notes == (
        Note(0, "text, 1 character", "text"),
        Note(
            1,
            f"image, image/png, {len(b64(bmp)):,} characters",
            f"image/png, 64x48, {shown.picture.size} bytes, made from image/bmp, 5 tokens at detail high",
            5,
        ),
        Note(2, "audio", "a sentence: this model does not accept audio"),
        Note(None, "the result itself", "the error flag"),
    )


def test_sizes_that_are_assumed_are_noted():
    translation = translate({"content": [picture()]}, Policy(model="gpt-5-mini"))
    assert translation.notes[0].done.endswith("(sizes for gpt-5-mini are assumed)")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("detail", "huge"),
        ("proof", "hope"),
        ("audience", "all"),
        ("animation", "gif"),
        ("max_bytes", -1),
        ("uploads", -1),
    ],
)
def test_a_policy_that_means_nothing_is_refused(field, value):
    with pytest.raises(ValueError, match=field):
        Policy(**{field: value})


def test_a_translation_shows_its_account_and_no_bytes():
    translation = translate({"content": [picture()]})
    assert repr(translation) == f"Translation(notes={translation.notes!r}, tokens={translation.tokens})"
    assert "data:" not in repr(translation)


def test_a_url_object_in_a_dump_is_its_address():
    link = {"type": "resource_link", "uri": AnyUrl("file:///a.txt"), "name": "a"}
    page = {"type": "resource", "resource": {"uri": AnyUrl("file:///b.bin"), "blob": b64(b"\0")}}
    written = [
        link | {"uri": "file:///a.txt"},
        page | {"resource": page["resource"] | {"uri": "file:///b.bin"}},
    ]
    assert output_parts({"content": [link, page]}) == output_parts({"content": written})


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1 kB"),
        (999_499, "999 kB"),
        (999_600, "1.0 MB"),
        (3_249_000, "3.2 MB"),
    ],
)
def test_sizes_in_words(size, words):
    assert amount(size) == words
