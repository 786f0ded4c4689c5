"""Results for each host stay within its limits, in its formats and kinds of blocks, and changes are mentioned."""

import json
import re
from dataclasses import replace
from datetime import date

import pytest
import samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from long_rows import one_in
from mcp.types import CallToolResult
from mcp_blocks import text as told
from PIL import Image
from samples import b64, drawing, file, photo

from imagebridge import function_call_output, repair, tool_result
from imagebridge.facts.hosts import HOSTS, NAMES, UNKNOWN, host, named
from imagebridge.pictures.pages import rendered
from imagebridge.pictures.picture import Picture
from imagebridge.repair.fitting import fitted
from imagebridge.repair.protocol import repaired_for
from imagebridge.translate import vision

pytestmark = pytest.mark.pure

PNG = file(drawing(), "PNG")
IMAGE = {"type": "image", "data": b64(PNG), "mimeType": "image/png"}
LINK = {"type": "resource_link", "uri": "shots:1", "name": "one.png", "mimeType": "image/png"}
AUDIO = {"type": "audio", "data": b64(samples.wav()), "mimeType": "audio/wav"}
PDF = {"uri": "file:///plan.pdf", "mimeType": "application/pdf", "blob": b64(samples.pdf())}
PAGE = {"type": "image", "data": rendered(samples.pdf()).pictures[1].base64, "mimeType": "image/png"}
BEFORE, AFTER = {"type": "text", "text": "before"}, {"type": "text", "text": "after"}
DESKTOP = 1_048_576


def noise(width, height, form="PNG", **options):
    return file(samples.noise(width, height).convert("RGB"), form, **options)


def message(result):
    """Return how many characters the host counts: the whole JSON-RPC message."""
    return len(json.dumps({"jsonrpc": "2.0", "id": 4_294_967_296, "result": result}))


def pictures(result):
    found = [block for block in result["content"] if block["type"] == "image"]
    return [Picture.from_base64(block["data"], "decoded") for block in found]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("claude-ai", "claude-desktop"),
        ("claude-ai (via mcp-remote 0.1.37)", "claude-desktop"),
        ("Claude Code", "claude-code"),
        ("claude-code", "claude-code"),
        ("cursor-vscode", "cursor"),
        ("Visual Studio Code - Insiders", "vscode"),
        ("codex-mcp-client", "codex"),
        ("gemini-cli-mcp-client", "gemini-cli"),
        ("@librechat/api-client", "librechat"),
        ("github-copilot-developer", "copilot-cli"),
        ("@cline/core", "cline"),
        ("qwen-cli-mcp-client-imagebridge", "qwen-code"),
        ("inspector-cli", "inspector"),
        ("mcporter", "mcporter"),
        ("opencode", "opencode"),
        ("fast-agent-mcp", "fast-agent"),
        ("mcp-test-client", "conformance"),
        ("LangChain", "langchain"),
        ("mcp", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_host_is_known_by_its_name_or_by_what_it_calls_itself(name, found):
    assert host(name).name == found


def test_the_table_is_dated_sourced_and_without_doubles():
    assert len(set(NAMES)) == len(NAMES)
    for one in (*HOSTS, UNKNOWN):
        assert one.source
        assert date.fromisoformat(one.date) <= date(2030, 1, 1)
        assert host(one.name) is one
        for pattern in one.clients:
            assert pattern == pattern.lower()
            assert host(pattern.rstrip("*")) is one


@pytest.mark.parametrize(
    ("name", "found"),
    [("codex", "codex"), ("Claude-AI", "claude-desktop"), ("unknown", "unknown"), ("text-only", "text-only")],
)
def test_a_user_names_a_host(name, found):
    assert named(name).name == found


@pytest.mark.parametrize(
    ("typo", "near"), [("codx", "codex"), ("claude-destkop", "claude-desktop"), ("unknwon", "unknown")]
)
def test_a_typo_in_a_hosts_name_is_an_error_that_names_the_nearest(typo, near):
    for refuse in (named, lambda name: repair({"content": []}, name)):
        with pytest.raises(ValueError, match=f"unknown host '{typo}'; did you mean '{near}'"):
            refuse(typo)
    with pytest.raises(ValueError, match=r"unknown host 'zzz'\. Available: imagebridge, "):
        named("zzz")


@pytest.mark.parametrize("name", one_in(4, NAMES))
def test_every_host_gets_what_the_sdk_takes_and_nothing_is_silent(name):
    came = {
        "content": [BEFORE, IMAGE, LINK, AUDIO, {"type": "resource", "resource": PDF}, AFTER],
        "structuredContent": {"depth": 3},
        "isError": False,
    }
    result = repair(came, name)
    CallToolResult.model_validate(result)
    assert message(result) <= host(name).characters
    wire = json.dumps(result)
    assert "before" in wire
    assert "after" in wire
    assert re.search(r'depth\\?": 3', wire)
    assert "shots:1" in wire
    assert "audio/wav" in wire
    assert "plan.pdf" in wire
    # One as it came, and the page of a document that does not reach the model.
    assert len(pictures(result)) == ((1 if host(name).files else 2) if host(name).formats else 0)
    assert repair(result, name) == result


class TestBlocks:
    @pytest.mark.parametrize(
        ("name", "came", "expected"),
        [
            ("claude-desktop", [BEFORE, IMAGE], [BEFORE, IMAGE]),
            ("claude-desktop", [IMAGE], [told("Picture 1: PNG, 64x48 px, 173 bytes."), IMAGE]),
            ("imagebridge", [IMAGE, LINK, AUDIO], [IMAGE, LINK, AUDIO]),
            ("kiro", [BEFORE, LINK], [BEFORE, told("[link: one.png <shots:1>, image/png]")]),
            ("gemini-cli", [BEFORE, LINK], [BEFORE, LINK]),
            (
                "claude-desktop",
                [BEFORE, {"type": "resource", "resource": {"uri": "a:b", "text": "hello"}}],
                [BEFORE, told("hello")],
            ),
            (
                "goose",
                [BEFORE, {"type": "resource", "resource": {"uri": "a:b", "blob": b64(PNG)}}],
                [BEFORE, IMAGE | {"_meta": {"imagebridge/uri": "a:b"}}],
            ),
            (
                "codex",
                [BEFORE, {"type": "resource", "resource": PDF}],
                [
                    BEFORE,
                    told("[plan.pdf: PDF of 1 page, as text; a picture of it follows]\n\n[a picture without text]"),
                    PAGE | {"_meta": {"imagebridge/uri": "file:///plan.pdf"}},
                ],
            ),
            (
                "text-only",
                [BEFORE, {"type": "resource", "resource": PDF}],
                [BEFORE, told("[plan.pdf: PDF of 1 page, as text]\n\n[a picture without text]")],
            ),
            ("pydantic-ai", [BEFORE, {"type": "resource", "resource": PDF}], [BEFORE, {"type": "resource", "resource": PDF}]),
            (
                "copilot-cli",
                [BEFORE, IMAGE],
                [
                    BEFORE,
                    told("[not shown: picture 1 (PNG, 64x48 px, 173 bytes); this host does not show pictures to its model]"),
                ],
            ),
            (
                "vscode",
                [BEFORE, IMAGE | {"annotations": {"audience": ["user"], "priority": 1}}],
                [BEFORE, IMAGE | {"annotations": {"audience": ["user", "assistant"], "priority": 1}}],
            ),
        ],
    )  # fmt: skip
    def test_each_host_gets_the_blocks_it_copes_with(self, name, came, expected):
        assert repair({"content": came}, name)["content"] == expected

    @pytest.mark.parametrize("form", ["BMP", "TIFF"])
    def test_another_format_is_converted_and_said(self, form):
        block = {"type": "image", "data": b64(file(drawing(), form)), "mimeType": f"image/{form.lower()}"}
        result = repair({"content": [BEFORE, block]}, "claude-code")
        assert pictures(result)[0].media_type == "image/png"

    def test_a_format_that_one_host_does_not_take(self):
        block = {"type": "image", "data": b64(file(photo(), "WEBP")), "mimeType": "image/webp"}
        result = repair({"content": [told("A photo."), block]}, "strands")
        assert pictures(result)[0].media_type == "image/jpeg"
        assert re.fullmatch(
            r"A photo\. Shown as JPEG, 64x48 px, .* converted from WebP, 64x48 px, .* for this host\.",
            result["content"][0]["text"],
        )

    def test_an_animation_is_a_sheet_and_a_broken_picture_a_sentence(self):
        moving = {"type": "image", "data": b64(samples.animation("GIF")), "mimeType": "image/gif"}
        broken = {"type": "image", "data": b64(PNG[:120]), "mimeType": "image/png"}
        result = repair({"content": [moving, broken]}, "claude-desktop")
        kinds = [block["type"] for block in result["content"]]
        assert kinds == ["text", "image", "text"]
        assert "4 of 4 frames" in result["content"][0]["text"]
        assert result["content"][2]["text"].startswith("[not shown: a picture")

    def test_structured_content_becomes_a_text_where_no_text_says_the_same(self):
        structured = {"structuredContent": {"a": 1}}
        assert repair({"content": [IMAGE], **structured}, "codex")["content"][-1] == told('{"a": 1}')
        mirrored = repair({"content": [told('{"a":1}'), IMAGE], **structured}, "codex")
        assert mirrored == {"content": [told('{"a":1}'), IMAGE]}
        assert repair({"content": [BEFORE], **structured}, "inspector")["structuredContent"] == {"a": 1}

    def test_base64_never_stays_in_a_text(self):
        came = {"content": [BEFORE], "structuredContent": {"shot": samples.data_url(PNG, "image/png")}}
        result = repair(came, "opencode")
        assert [block["type"] for block in result["content"]] == ["text", "text", "image"]
        assert b64(PNG)[:60] not in json.dumps(result["content"][:2])

    def test_without_a_host_nothing_is_made_smaller(self):
        came = tool_result("big", noise(1200, 1200))
        assert repair(came) == came
        assert repair({"content": "hello"}) == {"content": [told("hello")]}

    @pytest.mark.parametrize("wrong", ["text", 5, None, [IMAGE], {"type": "text", "text": "x"}])
    def test_what_is_no_result_is_named(self, wrong):
        with pytest.raises(TypeError, match="a tool result"):
            repair(wrong, "codex")


BROKEN = {"content": [told("it broke"), IMAGE], "isError": True}


class TestMarks:
    """What a result is, where the host does not tell its model."""

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("codex", {"content": [told("Tool error:\nit broke"), IMAGE], "isError": True}),
            ("agent-framework", {"content": [told("Tool error:\nit broke"), IMAGE], "isError": False}),
            ("imagebridge", BROKEN),
        ],
    )
    def test_an_error_is_said_where_the_host_does_not(self, name, expected):
        assert repair(BROKEN, name) == expected
        assert repair(expected, name) == expected

    @pytest.mark.parametrize(
        ("came", "words"),
        [
            ({"content": [IMAGE], "isError": True}, "Tool error:"),
            ({"content": [], "isError": True}, "Tool error:\n[The tool gave no reason.]"),
            ({"content": []}, "[The tool finished and returned nothing.]"),
            ({"content": [told(" \n")]}, "[The tool finished and returned nothing.]"),
        ],
    )
    def test_what_is_empty_or_without_words_is_said(self, came, words):
        assert repair(came, "unknown")["content"][0] == told(words)
        assert repair(came, "imagebridge") == came

    @pytest.mark.parametrize(
        ("name", "kept"),
        [("inspector", True), ("langchain", True), ("agent-framework", False), ("unknown", False)],
    )
    def test_structured_content_stays_unless_it_takes_the_place_of_pictures(self, name, kept):
        result = repair({"content": [told("a"), IMAGE], "structuredContent": {"n": 1}}, name)
        assert ("structuredContent" in result) == kept
        assert (told('{"n": 1}') in result["content"]) == (name != "inspector")

    @pytest.mark.parametrize("structured", [{"result": "a"}, {"result": ["a", "b"]}])
    def test_structured_content_that_says_the_same_as_the_texts_is_left_alone(self, structured):
        inner = structured["result"]
        texts = [told(text) for text in (inner if isinstance(inner, list) else [inner])]
        came = {"content": texts, "structuredContent": structured}
        assert repair(came, "unknown") == came

    def test_what_an_output_schema_promises_stays_without_its_base64(self):
        came = {"content": [told("a")], "structuredContent": {"shot": b64(PNG), "n": 1}}
        made = repaired_for(came, UNKNOWN, promised=True)
        assert made["structuredContent"] == {"shot": "[picture 1 below]", "n": 1}
        assert [block["type"] for block in made["content"]] == ["text", "image", "text"]
        assert repaired_for(made, UNKNOWN, promised=True) == made


LARGE = file(Image.radial_gradient("L").resize((4000, 3000)), "JPEG")


class TestScale:
    """A picture that passes several layers is told one factor."""

    def test_codex_is_given_what_it_shows_and_the_factor_to_it(self):
        result = repair(tool_result("A photo.", LARGE), "codex")
        assert [(one.width, one.height) for one in pictures(result)] == [(1824, 1368)]
        assert "Multiply coordinates by 2.193 to get full-size coordinates." in result["content"][0]["text"]

    @pytest.mark.parametrize(
        "size",
        one_in(3, map(pytest.param, [(4000, 3000), (3000, 4000), (2048, 2048), (5000, 1999), (2047, 1601)])),
    )
    def test_patches_are_never_more_than_the_host_shows(self, size):
        picture = file(Image.linear_gradient("L").resize(size), "PNG")
        (made,) = pictures(repair(tool_result("A.", picture), "codex"))
        assert vision.patches(made.width, made.height) <= 2_500
        assert max(made.width, made.height) <= 2_048

    def test_two_layers_tell_one_factor(self):
        picture = LARGE
        first = repair(tool_result("A photo.", picture), "qwen-code")
        assert first["content"][1]["_meta"] == {"imagebridge/scale": 1.953125}
        second = repair(first, "codex")
        words = second["content"][0]["text"]
        assert re.findall(r"Multiply \w*\s?coordinates by ([0-9.]+)", words) == ["2.193"]
        assert second["content"][1]["_meta"] == {"imagebridge/scale": pytest.approx(4000 / 1824)}
        assert repair(second, "codex") == second
        assert repair(first, "openai-agents") == first

    @pytest.mark.long
    def test_each_of_several_pictures_keeps_its_factor(self):
        first = repair(tool_result("Three.", PNG, LARGE, LARGE), "qwen-code")
        second = repair(first, "codex")
        words = " ".join(block.get("text", "") for block in second["content"])
        factors = [float(one) for one in re.findall(r"Multiply its coordinates by ([0-9.]+)", words)]
        widths = [one.width for one in pictures(second)]
        assert factors == [pytest.approx(4000 / width, rel=1e-3) for width in widths[1:]]


SMALL = replace(host("claude-desktop"), characters=60_000)
"""A host whose limit is reached sooner."""


class TestSizes:
    @pytest.mark.parametrize(
        "made",
        one_in(
            3, [lambda: noise(1000, 1000), lambda: noise(2200, 1100, "JPEG", quality=95), samples.oriented]
        ),
        ids=["noise", "large", "small"],
    )
    def test_the_limit_of_a_real_host(self, made):
        data = made()
        result = repair(tool_result("A picture.", data), "claude-desktop")
        (picture,), text = pictures(result), result["content"][0]["text"]
        assert message(result) <= DESKTOP
        assert max(picture.width, picture.height) <= 2000
        assert picture.plain
        if len(data) > 100_000:
            assert message(result) >= 0.8 * DESKTOP
        assert text.startswith("A picture. Shown as ")

    @pytest.mark.parametrize(
        "data",
        [noise(200, 200), noise(900, 60, "JPEG", quality=95), noise(2000, 40)],
        ids=["noise", "wide", "stripe"],
    )
    def test_what_is_larger_uses_most_of_the_limit(self, data):
        result = fitted(tool_result("A picture.", data), SMALL)
        assert 0.8 * SMALL.characters <= message(result) <= SMALL.characters
        original, (picture,), text = Picture.from_bytes(data), pictures(result), result["content"][0]["text"]
        assert text.startswith(f"A picture. Shown as JPEG, {picture.width}x{picture.height} px, ")
        if (picture.width, picture.height) == (original.width, original.height):
            assert f" converted from {original.media_type[6:].upper()}, " in text
        else:
            assert f" reduced from {original.width}x{original.height} for this host. Multiply " in text

    def test_a_drawing_stays_one_as_long_as_it_fits(self):
        data = file(drawing(300, 200).convert("RGBA"), "PNG", compress_level=0)
        result = fitted(tool_result("A drawing.", data), SMALL)
        (picture,) = pictures(result)
        assert (picture.media_type, picture.width, picture.height) == ("image/png", 300, 200)
        assert samples.pixels(picture.data).getpixel((5, 5)) == (255, 0, 0)

    def test_several_share_and_small_ones_keep_what_they_have(self):
        small, large = noise(20, 20), noise(250, 250)
        result = fitted(tool_result("Three pictures.", large, small, large), SMALL)
        first, second, third = pictures(result)
        assert second.data == small
        assert 0.8 * SMALL.characters <= message(result) <= SMALL.characters
        assert 0.8 < first.size / third.size < 1.25
        assert re.fullmatch(
            r"Three pictures\. Picture 1: shown as JPEG, .* reduced from 250x250 for this host\. "
            r"Multiply its coordinates by [\d.]+ to get full-size coordinates\. Picture 3: shown as JPEG, .*\.",
            result["content"][0]["text"],
        )

    @pytest.mark.parametrize(("width", "height"), one_in(3, [(2400, 600), (600, 2400), (2001, 3)]))
    def test_the_scale_maps_back(self, width, height):
        result = fitted(tool_result("Wide.", file(photo(width, height), "JPEG")), SMALL)
        (picture,) = pictures(result)
        assert max(picture.width, picture.height) <= 2000
        factors = [
            float(one) for one in re.findall(r"(?:by|and) (\d[\d.]*\d|\d)", result["content"][0]["text"])
        ]
        across, down = (factors * 2)[:2]
        assert across == pytest.approx(width / picture.width, rel=1e-3)
        assert down == pytest.approx(height / picture.height, rel=1e-3)

    def test_a_sentence_never_goes_into_json(self):
        came = {"content": [told('{"a": 1}'), tool_result("", noise(250, 250))["content"][1]]}
        result = fitted(came, SMALL)
        assert [block["type"] for block in result["content"]] == ["text", "text", "image"]
        assert json.loads(result["content"][0]["text"]) == {"a": 1}
        assert result["content"][1]["text"].startswith("Shown as JPEG")

    def test_a_long_text_is_cut_and_says_so(self):
        result = fitted({"content": [told("é" * 200_000), IMAGE]}, SMALL)
        assert 0.8 * SMALL.characters <= message(result) <= SMALL.characters
        text = result["content"][0]["text"]
        assert "[200,000 characters; the rest is left out because it is too long for this host]" in text
        assert pictures(result)[0].data == PNG

    @pytest.mark.parametrize(
        "came",
        one_in(3, [
            {"content": [told("x")] * 3_000},
            {"content": [IMAGE] * 250},
            {"content": [BEFORE], "_meta": {"x": "y" * 100_000}},
            {"content": [BEFORE], "x" * 100_000: 1},
            {"content": [IMAGE | {"_meta": {"x": "y" * 100_000}}] * 2},
            {"content": [BEFORE], "structuredContent": {"x": ["y"] * 20_000}},
            {"content": [{"type": "resource_link", "uri": "a:b", "name": "n" * 100_000}] * 3},
            {"content": [{"type": "resource", "resource": {"uri": "a:b", "text": "t" * 100_000}}] * 3},
            {"content": [{"type": "resource", "resource": PDF | {"blob": b64(samples.pdf() + b"x" * 90_000)}}]},
            {"content": [AUDIO | {"data": b64(samples.wav() * 60)}]},
            {"content": [{"type": "\ud800" * 30_000, "\u0000" * 30_000: 1}]},
        ]),
    )  # fmt: skip
    @pytest.mark.parametrize("name", ["claude-desktop", "gemini-cli", "inspector"])
    def test_whatever_is_large_is_kept_within(self, name, came):
        small = replace(host(name), characters=60_000)
        result = fitted(repair(came), small)
        CallToolResult.model_validate(result)
        assert message(result) <= small.characters
        assert result["content"]


def files():
    """Real pictures of many sizes, cheap to make."""
    sizes = st.integers(1, 200)
    flat = st.builds(lambda width, height: file(drawing(width + 8, height + 8), "PNG"), sizes, sizes)
    noisy = st.builds(lambda width, height: noise(width, height), sizes, sizes)
    jpeg = st.builds(lambda width, height: noise(width, height, "JPEG", quality=95), sizes, sizes)
    return st.one_of(flat, noisy, jpeg, st.binary(max_size=300), st.just(samples.animation("GIF")))


def blocks():
    text = st.builds(lambda words, times: told(words * times), st.text(max_size=20), st.integers(0, 3_000))
    image = st.builds(lambda data: {"type": "image", "data": b64(data), "mimeType": "image/png"}, files())
    blob = st.builds(
        lambda data: {"type": "resource", "resource": {"uri": "a:b", "blob": b64(data)}}, files()
    )
    odd = st.dictionaries(st.sampled_from(["type", "data", "text", "x"]), st.text(max_size=5), max_size=3)
    return st.one_of(text, image, blob, odd, st.sampled_from([LINK, AUDIO]))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(blocks(), max_size=6),
    st.none() | st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
    st.sampled_from(["claude-desktop", "codex", "copilot-cli", "gemini-cli", "imagebridge", "strands", "?"]),
)
def test_no_host_ever_gets_more_than_it_takes(content, structured, name):
    small = replace(host(name), characters=30_000)
    result = fitted(repair({"content": content, "structuredContent": structured, "isError": False}), small)
    CallToolResult.model_validate(result)
    assert message(result) <= small.characters
    for picture in pictures(result):
        assert picture.plain
        assert picture.media_type in small.formats
        assert max(picture.width, picture.height) <= (small.side or 65_535)
    # What a host is given, the bridge can still translate, and fitting it again changes nothing.
    assert function_call_output(result, "call_1")["output"]
    assert fitted(result, small) == result


@pytest.mark.long
def test_what_shone_through_a_picture_is_said_to_lie_on_white():
    bands = [samples.noise(900, 900, seed) for seed in range(3)]
    clear = Image.merge("RGBA", [*bands, Image.linear_gradient("L").resize((900, 900))])
    solid = Image.merge("RGBA", [*bands, Image.new("L", (900, 900), 255)])
    for image, words in (
        (clear, " and shown on white for this host."),
        (solid, "reduced from 900x900 for this host."),
    ):
        made = repair(tool_result("", file(image, "PNG")), "claude-desktop")
        *texts, block = made["content"]
        text = " ".join(one["text"] for one in texts)
        assert block["mimeType"] == "image/jpeg"
        assert words in text
        assert ("white" in text) == (image is clear)


def test_a_picture_just_over_the_limit_uses_most_of_it():
    noisy = file(Image.merge("RGB", [samples.noise(640, 420, seed) for seed in range(3)]), "PNG")
    made = repair(tool_result("", noisy), "claude-desktop")
    assert 0.8 < message(made) / host("claude-desktop").characters <= 1


@pytest.mark.parametrize("name", one_in(4, sorted(set(NAMES))))
def test_no_host_is_told_the_bytes_of_a_block_as_text(name):
    """Structured content becomes a text for many hosts; what a block holds is not written into it."""
    blocks = [AUDIO, {"type": "resource", "resource": PDF}]
    result = {
        "content": blocks,
        "structuredContent": {"pages": 1, "files": {"a": AUDIO["data"], "b": PDF["blob"]}},
    }
    said = [block["text"] for block in repair(result, name)["content"] if block["type"] == "text"]
    assert not any(held[100:160] in one for one in said for held in (AUDIO["data"], PDF["blob"]))
