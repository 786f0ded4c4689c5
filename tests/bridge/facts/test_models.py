"""The dates on which models end, the models that support tools in Chat Completions, and misspelt names."""

import datetime
import re

import pytest
from click.testing import CliRunner
from eyes import eyes
from openai import DefaultHttpx2Client, OpenAI

from imagebridge import Bridge, Policy, check, function_call_output, tool_result
from imagebridge.check import advice
from imagebridge.cli import doctor
from imagebridge.facts.models import (
    AVAILABILITY_READ,
    DEFAULTS,
    FAMILIES,
    chat_tools_of,
    ending,
    family,
    last_day,
    listed,
    warn_if_misspelt,
)
from imagebridge.testing import Endpoint
from imagebridge_tools.image_api import MODEL as IMAGES

DAY = datetime.date


@pytest.mark.parametrize(
    ("model", "day"),
    [
        ("gpt-5", DAY(2026, 12, 11)),
        ("gpt-5-mini-2025-08-07", DAY(2026, 12, 11)),
        ("openai/o3", DAY(2026, 12, 11)),
        ("gpt-4o", DAY(2027, 1, 14)),
        *(
            (name, DAY(2027, 1, 14))
            for name in (
                "gpt-4o-audio-preview",
                "gpt-4o-audio-preview-2024-12-17",
                "gpt-4o-search-preview",
                "gpt-4o-mini-search-preview",
                "gpt-4o-mini-search-preview-2025-03-11",
                "chatgpt-4o-latest",
                "gpt-4o-mini",
                "gpt-4.1",
            )
        ),
        *(
            (name, DAY(2026, 12, 11))
            for name in (
                "gpt-5-search-api",
                "gpt-5-search-api-2025-10-14",
                "gpt-5-nano",
                "gpt-5-pro",
                "gpt-5-codex",
                "o3-mini",
                "o3-deep-research",
            )
        ),
        ("gpt-5.3-codex", DAY(2027, 4, 1)),
        ("o1", DAY(2026, 10, 23)),
        ("gpt-image-1-mini", DAY(2026, 12, 1)),
        ("chatgpt-image-latest", DAY(2026, 12, 1)),
        ("gpt-4.1-mini", DAY(2027, 1, 14)),
        ("gpt-4.1-nano", DAY(2026, 10, 23)),
        ("gpt-5.1", DAY(2027, 4, 1)),
        ("gpt-5.4-nano", DAY(2027, 4, 1)),
        ("o4-mini", DAY(2026, 10, 23)),
        ("gpt-image-1", DAY(2026, 10, 23)),
        ("gpt-image-1.5", DAY(2026, 12, 1)),
        ("gpt-5.4", None),
        ("gpt-5.4-mini", None),
        ("gpt-5.6-luna", None),
        ("gpt-6-luna", None),
        ("gpt-image-2", None),
        ("mistral/gpt-5", None),
        ("gpt-oss-120b", None),
        ("gpt-5.2", None),
        ("gpt-5.3", None),
        ("gpt-50", None),
        ("o30", None),
        ("gpt-4.5", None),
        ("", None),
    ],
)
def test_the_day_on_which_a_model_ends(model, day):
    assert last_day(model) == day


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (DAY(2026, 9, 11), ""),
        (DAY(2026, 9, 12), "gpt-5 will be shut down on 2026-12-11"),
        (DAY(2026, 12, 10), "gpt-5 will be shut down on 2026-12-11"),
        (DAY(2026, 12, 11), "gpt-5 was shut down on 2026-12-11"),
    ],
)
def test_what_is_said_of_an_end(today, said):
    assert ending("gpt-5", today) == said


def test_what_we_use_ourselves_does_not_end():
    for name in (DEFAULTS[-1].name, IMAGES, *listed()):
        assert last_day(name) is None
    assert all(day.year >= AVAILABILITY_READ.year for row in FAMILIES for day in row.ends.values())


def test_a_row_speaks_of_its_own_family():
    for row in FAMILIES:
        assert all(family(name) is row for name in row.models)
        assert all(re.compile(pattern) for pattern in (row.pattern, *row.ends, *row.chat_tools))


@pytest.mark.parametrize(
    ("model", "how"),
    [
        ("gpt-5.6-luna", "without effort"),
        ("gpt-5.6", "without effort"),
        ("gpt-5.6-sol-pro", "without effort"),
        ("gpt-5.6-sol-2026-07-01", "without effort"),
        ("gpt-6-sol", "without effort"),
        ("openai/gpt-6-luna", "without effort"),
        ("gpt-6-astra", "never"),
        ("gpt-6.1-sol", "never"),
        ("gpt-6.1-terra", "never"),
        ("gpt-6.2-sol", None),
        ("gpt-5.5", None),
        ("my-gpt-6-sol", None),
        ("qwen3-vl-8b", None),
    ],
)
def test_how_a_model_takes_tools_in_chat(model, how):
    assert chat_tools_of(model) == how


class Later(datetime.date):
    """The day after the last end that is known."""

    @classmethod
    def today(cls):
        return cls(2027, 4, 2)


@pytest.mark.long
def test_check_and_doctor_name_a_model_that_has_ended(monkeypatch):
    monkeypatch.setattr(advice.datetime, "date", Later)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setenv("IMAGEBRIDGE_MODEL", "gpt-5.1")
    monkeypatch.setenv("IMAGEBRIDGE_IMAGE_MODEL", "gpt-image-2.6-flare")
    [found] = check({"model": "gpt-5.1", "input": "Hello."})
    assert (found.rule, found.path, found.refused) == ("model-ended", "model", True)
    assert found.consequence == "OpenAI returns 404: gpt-5.1 was shut down on 2027-04-01."
    assert check({"model": "gpt-6-luna", "input": "Hello."}) == []
    monkeypatch.setenv("OPENAI_BASE_URL", "https://eu.api.openai.com/v1")
    assert "failed   model gpt-5.1 was shut down on" in CliRunner().invoke(doctor.command, []).stdout
    monkeypatch.delenv("OPENAI_BASE_URL")
    told = CliRunner().invoke(doctor.command, []).stdout
    assert "failed   model gpt-5.1 was shut down on 2027-04-01: set IMAGEBRIDGE_MODEL to another" in told
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:1/v1")
    assert "ended on" not in CliRunner().invoke(doctor.command, []).stdout


def translated(model):
    for _ in range(2):
        function_call_output(tool_result("a"), "call_1", Policy(model=model))


def asked(model):
    with (
        Endpoint(["Hello."]) as endpoint,
        Bridge(eyes()) as bridge,
        OpenAI(
            base_url=endpoint.base_url, api_key="test", http_client=DefaultHttpx2Client(verify=False)
        ) as client,
    ):
        bridge.run(client, model=model, input="Hi")


@pytest.mark.parametrize("use", [translated, asked])
@pytest.mark.parametrize("model", ["gpt6-luna", "gpt-6-lnua", "gtp-6-luna", "GPT-6-Luna"])
def test_a_misspelt_model_is_warned_of_once(use, model, caplog):
    warn_if_misspelt.cache_clear()
    use(model)
    assert caplog.messages == [f"unknown model {model!r}; did you mean 'gpt-6-luna'?"]


OTHERS = """
gpt-6-luna-2026-09-01 openai/gpt-6-luna azure/gpt-5.4-mini ft:gpt-6-luna:me::1 gpt-6-luna-pro gpt-5.5-x gpt-5.4-mini-fast
gpt-7-luna gpt-6.3-sol gpt-6-nova gpt-5.4-nano gpt-5.5-mini gpt-image-3 gpt-5-4-mini gpt-41-mini gpt-35-turbo gpt-4 gpt-4o-mini
gpt-oss-20b qwen3-vl-8b gemma-4-27b llava my-own-model luna
"""


def test_names_of_other_models_are_not_warned_of(caplog):
    warn_if_misspelt.cache_clear()
    families = [row.name for row in FAMILIES]
    for model in [*OTHERS.split(), *listed(), *families]:
        Policy(model=model)
    assert caplog.messages == []
