"""The dates on which models end, and the models that support tools in Chat Completions."""

import datetime
import re

import pytest
from click.testing import CliRunner

from imagebridge import check
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
)
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
