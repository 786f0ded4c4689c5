"""The page of `ask --transcript` contains everything that happened, with the exact pictures, and nothing executable."""

import base64
import re
from html.parser import HTMLParser

import anyio
import pytest
from long_rows import one_in
from mcp.server import MCPServer
from mcp.types import BlobResourceContents, CallToolResult, EmbeddedResource, TextContent
from openai import AsyncOpenAI, DefaultAsyncHttpx2Client
from samples import drawing, file, photo

from imagebridge import Bridge, Policy, tool_result
from imagebridge.cli.attach import attached, message
from imagebridge.cli.terminal import Terminal
from imagebridge.cli.transcript import saved
from imagebridge.cli.transcript.entries import (
    CallEntry,
    FailureEntry,
    PromptEntry,
    ResponseEntry,
    RetryEntry,
    Transcript,
)
from imagebridge.cli.transcript.page import page
from imagebridge.errors import BridgeError
from imagebridge.events import Replied, Reply
from imagebridge.testing import Cut, Endpoint, Fault

MODEL = "gpt-5.6-luna"
HOSTILE = "</pre></style><script>alert(1)</script><img src=x onerror='alert(1)'>\"'&amp;<!--"

ALLOWED = {
    "html": {"lang"},
    "meta": {"charset", "name", "content", "http-equiv"},
    "section": {"class"},
    "span": {"class"},
    "div": {"class"},
    "p": {"class"},
    "dl": {"class"},
    "a": {"href"},
    "img": {"id", "src", "width", "height", "alt"},
    **{
        name: set()
        for name in [
            "head",
            "title",
            "style",
            "body",
            "main",
            "h1",
            "h2",
            "header",
            "strong",
            "pre",
            "code",
            "figure",
            "figcaption",
            "br",
            "details",
            "summary",
            "table",
            "tr",
            "th",
            "td",
            "dt",
            "dd",
            "footer",
        ]
    },
}
"""All tags that the page is made of, and their attributes."""


class Read(HTMLParser):
    """What a browser would see."""

    def __init__(self, html):
        super().__init__()
        self.text, self.images, self.links, self.open = "", [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert {name for name, _ in attrs} <= ALLOWED[tag], (tag, attrs)
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)
        if tag == "img":
            self.images.append(dict(attrs)["src"])
        if tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text += data

    def handle_comment(self, data):
        raise AssertionError(data)


def bytes_of(url):
    head, _, data = url.partition(";base64,")
    assert head.startswith("data:image/")
    return base64.b64decode(data)


@pytest.fixture
def server():
    server = MCPServer("eyes", log_level="CRITICAL")

    @server.tool()
    def look(side: int = 64) -> CallToolResult:
        """Looks."""
        return CallToolResult.model_validate(tool_result("what I see", file(drawing(side, side), "BMP")))

    @server.tool()
    def say(text: str, times: int = 1) -> CallToolResult:
        """Fails, with a file."""
        blob = base64.b64encode(b"%PDF-1.4\n1 0 obj<<>>endobj\n%%EOF").decode()
        inner = BlobResourceContents(uri="file:///plan.pdf", mime_type=text, blob=blob)
        return CallToolResult(
            content=[TextContent(text=text * times), EmbeddedResource(resource=inner)], is_error=True
        )

    return server


def told(server, steps, prompt="What is there?", images=(), api="responses", model=MODEL):
    """The transcript of a run, and the endpoint. An error of the run becomes the transcript's."""
    pictures = attached(images, Policy(model=model)) if images else None
    transcript = Transcript(PromptEntry(prompt, pictures), model, ("eyes",))

    async def run():
        # Without TLS: loading the certificates takes longer than most of these tests.
        http_client = DefaultAsyncHttpx2Client(verify=False)
        async with (
            AsyncOpenAI(
                base_url=endpoint.base_url, api_key="test", http_client=http_client, max_retries=1
            ) as client,
            Bridge(server) as bridge,
        ):
            said = message(prompt, pictures, chat=api == "chat")
            async for event in bridge.stream(client, model=model, input=[said], api=api, max_turns=4):
                transcript.on_event(event)

    with Endpoint(steps) as endpoint:
        try:
            anyio.run(run)
        except BridgeError as error:
            transcript.end(str(error))
        else:
            transcript.end()
    return transcript, endpoint


@pytest.mark.parametrize("api", one_in(2, ["responses", "chat"]))
def test_the_page_tells_all_in_order_with_the_very_pictures(server, tmp_path, api):
    (tmp_path / "mine.png").write_bytes(file(photo(80, 60), "PNG"))
    steps = [
        ["I look twice.", ("look", {}), ("look", {"side": 3000})],
        [("look", {"side": 64}), ("say", '{"text": ')],
        "A red corner.",
    ]
    transcript, endpoint = told(server, steps, images=[tmp_path / "mine.png"], api=api)
    read = Read("".join(page(transcript)))
    # Each once, also where it was sent twice.
    assert [bytes_of(url) for url in read.images] == [seen.bytes for seen in endpoint.seen[:3]]
    assert read.links == ["#picture-1", "#picture-2", "#picture-3", "#picture-2"]
    order = [
        "answered",
        "What is there?",
        "[attached: mine.png]",
        "80x60 pixels",
        "I look twice.",
        "calls 2 tools",
        "what I see",
        "64x64 pixels · image/png",
        "detail high · 5 tokens",
        "made from image/bmp",
        '{"side": 3000}',
        "1600x1600 pixels",
        "shrunk from 3000x3000",
        "picture 1: shown 1600x1600 of 3000x3000; multiply coordinates by 1.875",
        "calls 2 tools",
        "The same picture as above",
        "error",
        '{"text": ',
        "Tool error:",
        "the arguments are not valid JSON",
        "A red corner.",
        "Totals",
    ]
    at = -1
    for text in order:
        at = read.text.find(text, at + 1)
        assert at >= 0, text
    facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", "".join(page(transcript))))
    assert (facts["requests answered"], facts["calls"], facts["cost"]) == ("3", "4", "unknown")
    assert facts["pictures"].startswith("4, ")
    usage = transcript.reply.usage
    assert facts["tokens in"] == f"{usage['input_tokens']:,}"
    assert facts["tokens out"] == f"{usage['output_tokens']:,}"


@pytest.mark.parametrize("api", ["responses", "chat"])
def test_nothing_hostile_comes_alive(server, tmp_path, api):
    picture = tmp_path / f"{HOSTILE.replace('/', '')}.png"
    picture.write_bytes(file(drawing(), "PNG"))
    steps = [[HOSTILE, ("say", {"text": HOSTILE}), ("say", HOSTILE)], HOSTILE]
    transcript, _ = told(server, steps, prompt=HOSTILE, images=[picture], api=api)
    transcript.servers, transcript.model = (HOSTILE,), HOSTILE
    transcript.entries += [
        RetryEntry(HOSTILE, 1.0),
        FailureEntry(HOSTILE, HOSTILE, 1.0),
        ResponseEntry(
            [{"type": HOSTILE, "x": HOSTILE}], {"input_tokens": 1, "output_tokens": 1}, HOSTILE, 1.0
        ),
        CallEntry({"type": "function_call", "name": HOSTILE, "arguments": HOSTILE}),
    ]
    transcript.end(HOSTILE)
    html = "".join(page(transcript))
    read = Read(html)
    assert len(read.images) == 1
    assert read.text.count(HOSTILE) >= 20
    assert "default-src 'none'" in html
    assert not re.search(r"(?:src|href)=\"(?!data:image/png;base64,|#picture-\d)", html)


def test_a_run_that_breaks_off_shows_what_there_was(server):
    half = Cut("Half of an answer that breaks off here.", 6)
    transcript, _ = told(server, [[("look", {})], half, half])
    assert [type(entry) for entry in transcript.entries] == [
        PromptEntry,
        ResponseEntry,
        CallEntry,
        RetryEntry,
        FailureEntry,
    ]
    read = Read("".join(page(transcript)))
    assert transcript.problem.startswith("the stream was cut off")
    assert transcript.problem in read.text
    assert "Asked again" in read.text
    assert "cut off" in read.text
    assert "Half of" in read.text.split("Asked again")[1]


@pytest.mark.parametrize(
    ("reply", "problem", "state", "cost"),
    [
        ({"cost": 0.01234}, "", "answered in 0.0 s", "$0.0123 at list price"),
        ({"incomplete": "max_output_tokens"}, "", "cut off max_output_tokens; in 0.0 s", "unknown"),
        ({}, "x.png cannot be written", "answered in 0.0 s; x.png cannot be written", "unknown"),
        (None, "the API returned 401", "no answer the API returned 401", "unknown"),
        (None, "", "not finished the run is still in progress, or was killed", "unknown"),
    ],
)
def test_how_it_ended(reply, problem, state, cost):
    transcript = Transcript(PromptEntry("Hi"), MODEL, ("eyes",))
    if reply is not None:
        transcript.on_event(Replied(Reply("Hello.", [], {}, **reply)))
    transcript.end(problem)
    text = " ".join(Read("".join(page(transcript))).text.split())
    assert state in text
    assert f"cost{cost}" in text


def test_a_call_without_an_answer_says_so():
    transcript = Transcript(PromptEntry("Hi"), MODEL, ("eyes",))
    transcript.entries.append(CallEntry({"name": "look", "arguments": "{}", "call_id": "call_1"}))
    transcript.end("stopped by the user")
    text = Read("".join(page(transcript))).text
    assert "No answer: the run ended first." in text
    assert "called with" not in text


def test_a_picture_that_the_api_refused_is_told(server):
    refused = Fault(400, "The image data you provided does not represent a valid image.", "invalid_value")
    transcript, _ = told(server, [[("look", {})], refused, "Nothing."])
    assert [type(entry) for entry in transcript.entries] == [
        PromptEntry,
        ResponseEntry,
        CallEntry,
        RetryEntry,
        ResponseEntry,
    ]
    assert "does not represent a valid image" in Read("".join(page(transcript))).text


def test_reasoning_and_long_texts_are_kept_small(server):
    summary = [{"type": "summary_text", "text": "I should look first."}]
    reasoning = {"type": "reasoning", "id": "rs_1", "summary": summary}
    transcript, _ = told(server, [[reasoning, ("say", {"text": "z", "times": 300_000})], "Done."])
    html = "".join(page(transcript))
    assert "<summary>reasoning</summary><pre>I should look first.</pre>" in html
    assert "[200,000 more characters are not on this page]" in html
    assert len(html) < 400_000


def test_half_a_character_is_written(tmp_path):
    path = tmp_path / "page.html"
    transcript = Transcript(PromptEntry("Hi"), MODEL, ("eyes",))
    with saved(transcript, path, Terminal()):
        transcript.entries.append(CallEntry({"name": "look", "arguments": '{"text": "\\ud800"}'}))
    assert "\ufffd" in path.read_text("utf-8")


def test_an_unexpected_error_passes_and_leaves_the_page(tmp_path):
    path = tmp_path / "page.html"
    with pytest.raises(ZeroDivisionError), saved(Transcript(PromptEntry("Hi"), MODEL, ()), path, Terminal()):
        raise ZeroDivisionError
    assert "unexpected error" in path.read_text("utf-8")


def test_without_a_path_nothing_is_written(tmp_path, capsys):
    with saved(Transcript(PromptEntry("Hi"), MODEL, ()), None, Terminal()):
        pass
    assert (list(tmp_path.iterdir()), capsys.readouterr().err) == ([], "")
