"""A new model family needs one row; sizes, tokens, prices, end dates and the local endpoint follow from it."""

import ast
import datetime
import re
from datetime import date
from pathlib import Path

import pytest
import samples
from openai import BadRequestError
from openai_requests import connected, url, user
from samples import b64, drawing

import imagebridge
from imagebridge import Policy, check, output_parts, translate, trim
from imagebridge.agent.turn import Usage, cost
from imagebridge.check import advice, mend
from imagebridge.cli import doctor
from imagebridge.facts import models
from imagebridge.facts.models import FAMILIES, Family, Patches, Price
from imagebridge.testing import Endpoint
from imagebridge.translate.vision import Seen, seen

GPT_7 = Family(
    "gpt-7",
    r"gpt-7",
    low=Patches(256, 100),
    high=Patches(1_024, 500, rate=200),
    original=Patches(4_000, 9_000, rate=200),
    auto="original",
    cache_breakpoints=True,
    models={"gpt-7-nova": Price(3.00, 0.30, 3.75, 12.00), "gpt-7-dusk": None},
    ends={"gpt-7-dusk": date(2027, 2, 1)},
    chat_tools={"gpt-7-nova": "without effort", "gpt-7-dusk": "never"},
    always_reason="gpt-7-dusk",
)
WIDE = b64(samples.file(drawing(2_000, 1_000), "PNG"))
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture(autouse=True)
def _row(monkeypatch):
    cached = (models.family, seen)
    monkeypatch.setattr(models, "FAMILIES", (GPT_7, *FAMILIES))
    for one in cached:
        one.cache_clear()
    yield
    for one in cached:
        one.cache_clear()


class Later(datetime.date):
    """A day after the end of one of its models."""

    @classmethod
    def today(cls):
        return cls(2027, 2, 1)


def result():
    return {"content": [{"type": "image", "data": WIDE, "mimeType": "image/png"}]}


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ("low", Seen(256, 128, 32, 39)),
        ("high", Seen(960, 480, 450, 900)),
        ("original", Seen(2_000, 1_000, 2_016, 4_032)),
        ("auto", Seen(2_000, 1_000, 2_016, 4_032)),
    ],
)
def test_sizes_and_tokens(detail, expected):
    assert seen(2_000, 1_000, "openai/gpt-7-nova-2027-01-01", detail) == expected
    assert translate(result(), Policy(model="gpt-7-nova", detail=detail)).tokens == expected.tokens


def test_a_translation_tells_its_scale():
    texts = [part["text"] for part in output_parts(result(), Policy(model="gpt-7")) if "text" in part]
    assert [text for text in texts if "960x480 of 2000x1000" in text]


def test_price():
    assert cost("gpt-7-nova-2027-01-01", Usage(1_000_000, 0, 1_000_000)) == pytest.approx(6.0)
    assert cost("gpt-7-nova", Usage(1_000, 1_000, 2_000)) == pytest.approx(0.015)
    assert cost("gpt-7-dusk", Usage(1, 1, 2)) is None


def test_trimming_marks_the_cut():
    one = {"type": "input_image", "image_url": url(), "detail": "high"}
    spoken = [user([one]), {"role": "assistant", "content": "Red."}, user("And now?")]
    [first, *_] = trim(spoken, max_pictures=0, model="gpt-7-nova")
    assert first["content"][0]["prompt_cache_breakpoint"] == {"mode": "explicit"}


def test_check_and_its_mended_body(monkeypatch):
    monkeypatch.setattr(advice.datetime, "date", Later)
    chat = {"messages": [user()], "tools": [TOOL]}
    assert [one.rule for one in check({"model": "gpt-7-dusk", "input": "Hello."})] == ["model-ended"]
    assert [one.rule for one in check({"model": "gpt-7-nova", **chat})] == ["chat-tools-effort"]
    assert mend.mended({"model": "gpt-7-nova", **chat})["reasoning_effort"] == "none"
    effort = {"reasoning": {"effort": "none"}, "model": "gpt-7-dusk", "input": "Hello."}
    assert "reasoning.effort" in [one.path for one in check(effort)]
    picture = {"model": "gpt-7-nova", "input": [user([{"type": "input_image", "image_url": url()}])]}
    assert [one.rule for one in check(picture)] == ["detail-missing"]


def test_doctor(monkeypatch):
    monkeypatch.setattr(doctor.datetime, "date", Later)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("IMAGEBRIDGE_IMAGE_MODEL", raising=False)
    monkeypatch.setenv("IMAGEBRIDGE_MODEL", "gpt-7-dusk")
    [line] = doctor._models()
    assert (
        str(line) == "failed   model gpt-7-dusk was shut down on 2027-02-01: set IMAGEBRIDGE_MODEL to another"
    )


def test_the_local_endpoint():
    with Endpoint("Hello.") as endpoint, connected(endpoint) as client:
        listed = {one.id: one for one in client.models.list().data}
        assert listed["gpt-7-dusk"].shutdown_date == "2027-02-01"
        with pytest.raises(BadRequestError, match="reasoning_effort"):
            client.chat.completions.create(model="gpt-7-dusk", messages=[user()], tools=[TOOL])
        client.responses.create(
            model="gpt-7-nova", input=[user([{"type": "input_image", "image_url": url(size=(2_000, 1_000))}])]
        )
    assert [(one.seen_size, one.tokens) for one in endpoint.seen] == [((2_000, 1_000), 4_032)]


NAMED = re.compile(r"(?i)\b(gpt-|o[134]\b|o4-|chatgpt-\d)")
SOURCE = "rules/sources.py"
"""Addresses of pages, which say where a rule is from."""


def test_no_other_file_names_a_family():
    folder = Path(imagebridge.__file__).parent
    named = set()
    for file in folder.rglob("*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) and id(node) not in docstrings else None
            if isinstance(text, str) and NAMED.search(text):
                named.add(file.relative_to(folder).as_posix())
    assert named == {"facts/models.py", SOURCE}
