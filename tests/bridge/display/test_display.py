"""Results and replies are displayed as complete pages and fragments that contain nothing executable."""

import re
from base64 import b64decode
from html.parser import HTMLParser

import pytest
from samples import drawing, file

from imagebridge import Picture, Policy, Reply, chat_messages, output_items, tool_result, translate

HOSTILE = "</pre></style><script>alert(1)</script><img src=x onerror='alert(1)'>\"'&amp;<!--"
PICTURE = Picture.from_bytes(file(drawing(), "PNG"))
RESULT = tool_result(HOSTILE, PICTURE)
CALL = {"type": "function_call", "call_id": "c1", "name": "draw", "arguments": '{"side": 40}'}
USER_PARTS = [{"type": "input_text", "text": HOSTILE}, {"type": "input_image", "image_url": PICTURE.data_url}]
ITEMS = [
    {"role": "user", "content": USER_PARTS},
    {"type": "reasoning", "summary": [{"type": "summary_text", "text": f"I think {HOSTILE}"}]},
    CALL,
    *output_items([(CALL, RESULT)]),
    {"type": "web_search_call", "status": HOSTILE},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": f"Seen {HOSTILE}"}]},
]
TOOL_CALL = {"id": "c1", "type": "function", "function": {"name": "draw", "arguments": '{"side": 40}'}}
MESSAGES = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": HOSTILE},
            {"type": "image_url", "image_url": {"url": PICTURE.data_url}},
        ],
    },
    {"role": "assistant", "content": f"I think {HOSTILE}", "tool_calls": [TOOL_CALL]},
    *chat_messages([(TOOL_CALL, RESULT)]),
    {"role": "assistant", "content": f"Seen {HOSTILE}", "refusal": HOSTILE},
]


class Read(HTMLParser):
    """What a browser would read: the tags with their attributes, and the text outside the style sheet."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.text, self._style = [], "", False
        self.feed(html)
        self.close()
        self.images = [attributes["src"] for tag, attributes in self.tags if tag == "img"]

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_endtag(self, tag):
        self._style = False

    def handle_data(self, data):
        self.text += "" if self._style else data


def reply(items, **fields):
    shown = list(translate(RESULT).pictures)
    return Reply(f"Seen {HOSTILE}", items, {"input_tokens": 1_200, "output_tokens": 30}, shown, **fields)


def is_harmless(html):
    """Tell whether a page has no script, loads nothing, and links nowhere."""
    read = Read(html)
    names = {name for _, attributes in read.tags for name in attributes}
    addresses = [value for _, one in read.tags for key, value in one.items() if key in ("src", "href")]
    return (
        not {tag for tag, _ in read.tags} & {"script", "iframe", "object", "link", "base", "form", "svg"}
        and not any(name.startswith("on") for name in names)
        and all(re.match(r"data:image/(png|jpeg|webp|gif);base64,|#picture-\d+$", one) for one in addresses)
    )


@pytest.mark.parametrize("items", [ITEMS, MESSAGES], ids=["items", "messages"])
def test_the_page_tells_the_whole_conversation_in_order(items):
    html = reply(items, cost=0.0123).html()
    read = Read(html)
    assert is_harmless(html)
    # The same picture twice is in the page once.
    assert [b64decode(url.partition(",")[2]) for url in read.images] == [PICTURE.data]
    assert "The same picture as above" in read.text
    at = -1
    for text in [
        "You",
        HOSTILE,
        "I think",
        "draw",
        '{"side": 40}',
        "draw",
        HOSTILE,
        "Seen",
        "1,200",
        "30",
        "$0.0123",
    ]:
        at = read.text.find(text, at + 1)
        assert at >= 0, text


@pytest.mark.parametrize("form", ["items", "messages"])
@pytest.mark.parametrize("is_error", [True, False])
@pytest.mark.parametrize("pictures", [(), (PICTURE,)], ids=["text alone", "with a picture"])
def test_a_call_that_failed_is_marked(form, is_error, pictures):
    result = tool_result("out of ink", *pictures, is_error=is_error)
    items = [CALL, *output_items([(CALL, result)])]
    messages = [{"role": "assistant", "tool_calls": [TOOL_CALL]}, *chat_messages([(TOOL_CALL, result)])]
    html = Reply("", items if form == "items" else messages, {}).html()
    assert html.count('<span class="tag bad">error</span>') == is_error


OTHER = {**CALL, "call_id": "c2", "name": "erase"}
OUTPUT, OTHERS = (
    output_items([(CALL, tool_result("done"))])[0],
    output_items([(OTHER, tool_result("gone"))])[0],
)
ANSWER = {"role": "tool", "tool_call_id": "c1", "content": "done"}
ASKED = {"role": "assistant", "tool_calls": [TOOL_CALL]}


@pytest.mark.parametrize(
    ("items", "unanswered"),
    [
        ([CALL, OUTPUT], 0),
        ([CALL, OTHER, OTHERS, OUTPUT], 0),
        ([CALL], 1),
        ([CALL, OTHER, OTHERS], 1),
        ([{**CALL, "status": "incomplete", "arguments": '{"si'}], 1),
        ([{**CALL, "type": "custom_tool_call", "input": "x"}], 1),
        ([CALL, dict(CALL), OUTPUT], 1),  # some servers give two calls the same id
        ([CALL, OUTPUT, CALL, OUTPUT], 0),
        ([OUTPUT], 0),  # the call is in a response that the server keeps
        ([{"type": "web_search_call", "id": "w"}], 0),
        ([ASKED, ANSWER], 0),
        ([ASKED], 1),
        ([{"role": "assistant", "tool_calls": [TOOL_CALL, dict(TOOL_CALL)]}, ANSWER], 1),
    ],
)
def test_a_call_without_an_answer_is_marked(items, unanswered):
    assert Reply("", items, {}).html().count('<span class="tag bad">no answer</span>') == unanswered


def test_what_is_not_in_the_conversation_itself_is_named():
    parts = [
        {"type": "input_image", "file_id": "file-1"},
        {"type": "input_image", "image_url": "https://me:secret@host.example/a.png?key=secret"},
        {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0K"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
        {"type": "input_file", "file_url": "https://host.example/b.pdf"},
        {"type": HOSTILE, "x": 1},
        {"type": "text"},
        None,
    ]
    html = Reply("", [{"role": "user", "content": parts}], {}).html()
    read = Read(html)
    assert is_harmless(html)
    assert read.images == []
    for name in [
        "the picture file-1",
        "https://host.example/a.png",
        "cannot be shown",
        "the file a.pdf, 5 bytes as data",
        "b.pdf",
    ]:
        assert name in read.text
    assert "secret" not in html


@pytest.mark.parametrize(
    "items",
    [
        [],
        [None, 3, "text"],
        [{}],
        [{"role": "user"}, {"type": "message", "content": None}, {"type": "function_call"}],
        [{"role": "assistant", "tool_calls": [None, {}, {"function": 3}]}, {"type": "function_call_output"}],
        [{"role": "user", "content": "half \ud83d of a character"}],
    ],
)
def test_a_page_is_made_of_anything(items, tmp_path):
    answer = Reply("half \ud83d", items, {}, incomplete="max_output_tokens")
    assert "cut off" in answer.save(tmp_path / "page.html").read_text("utf-8")


def test_a_reply_is_saved(tmp_path):
    path = tmp_path / "run.html"
    assert reply(ITEMS).save(str(path)) == path
    assert path.read_text("utf-8") == reply(ITEMS).html()


def test_a_notebook_shows_a_reply_a_result_and_a_picture():
    shown = {
        "reply": reply(ITEMS, cost=0.5)._repr_html_(),
        "result": translate(RESULT, Policy(model="gpt-6-luna"))._repr_html_(),
        "picture": PICTURE._repr_html_(),
    }
    for html in shown.values():
        assert is_harmless(html)
        assert Read(html).images == [PICTURE.data_url]
    assert f"Seen {HOSTILE}" in Read(shown["reply"]).text
    assert "1,200 tokens in, 30 out, $0.5000 at list price" in Read(shown["reply"]).text
    assert HOSTILE in Read(shown["result"]).text
