"""Photographs reach the models of programs from npm as pictures, with a factor that is correct for what arrived."""

import re

import pytest
from compat import anthropic_messages, gemini_contents
from compat.clis import CLIS, WAYS, looked
from compat.shown import Refused
from samples import b64, drawing, file


@pytest.mark.compat
@pytest.mark.parametrize("cli", CLIS, ids=lambda one: one.name)
def test_a_photograph_arrives_with_a_factor_that_is_true(cli, tmp_path):
    _, shown = looked(cli, tmp_path)
    assert set(shown) == set(WAYS)
    assert all(re.fullmatch(r"\d+x\d+, factor [\d.]+", one) for one in shown.values()), shown


PNG = b64(file(drawing(), "PNG"))


def claude(*blocks, label="image/png", data=PNG, used="toolu_1"):
    source = {"type": "base64", "media_type": label, "data": data}
    shown = [block if block != "picture" else {"type": "image", "source": source} for block in blocks]
    use = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    answer = {"type": "tool_result", "tool_use_id": used, "content": shown}
    messages = [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [answer]},
    ]
    return lambda: anthropic_messages.judged({"max_tokens": 1, "messages": messages})


def gemini(*parts, label="image/png", data=PNG, name="look", beside=()):
    inline = {"inlineData": {"mimeType": label, "data": data}}
    answer = {
        "name": name,
        "response": {"output": "a"},
        "parts": [inline if one == "picture" else one for one in parts],
    }
    contents = [
        {"role": "user", "parts": [{"text": "Look."}]},
        {"role": "model", "parts": [{"functionCall": {"name": "look", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": answer}, *(inline for _ in beside)]},
    ]
    return lambda: gemini_contents.judged(contents)


@pytest.mark.parametrize(
    ("judged", "wrong"),
    [
        pytest.param(claude("picture"), None, id="claude: a picture"),
        pytest.param(
            claude({"type": "text", "text": "a"}, "picture"), None, id="claude: a text and a picture"
        ),
        pytest.param(claude("picture", label="image/jpeg"), "labelled", id="claude: a wrong label"),
        pytest.param(
            claude("picture", label="image/bmp"), "media_type", id="claude: a format that it does not take"
        ),
        pytest.param(claude("picture", data=PNG[:80]), "cannot be read", id="claude: a broken picture"),
        pytest.param(
            claude({"type": "audio"}), "of type audio", id="claude: a block that a result does not hold"
        ),
        pytest.param(claude("picture", used="toolu_2"), "follow", id="claude: a result of another call"),
        pytest.param(gemini("picture"), None, id="gemini: a picture in a result"),
        pytest.param(gemini(beside=("picture",)), None, id="gemini: a picture beside it"),
        pytest.param(gemini("picture", label="image/jpeg"), "labelled", id="gemini: a wrong label"),
        pytest.param(
            gemini("picture", label="image/gif"), "mimeType", id="gemini: a format that it does not take"
        ),
        pytest.param(gemini("picture", name="see"), "function calls", id="gemini: a result of another call"),
    ],
)
def test_the_local_endpoints_refuse_what_the_apis_do(judged, wrong):
    if wrong is None:
        ((*_, shown),) = judged()
        assert shown.size == drawing().size
    else:
        with pytest.raises(Refused, match=wrong):
            judged()
