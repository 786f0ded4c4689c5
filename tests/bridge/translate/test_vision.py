"""What models see: OpenAI's published examples, and properties that hold for every size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebridge.facts.models import FAMILIES, SAFE, Patches, family
from imagebridge.translate.vision import Seen, known, patches, seen, sizing

pytestmark = pytest.mark.pure

SIDES = st.integers(1, 70_000)
MODELS = [
    None,
    "gpt-6-luna",
    "gpt-5.6-sol",
    "gpt-5.5",
    "gpt-5.4-mini",
    "gpt-5.2",
    "gpt-5.1",
    "gpt-4.1-mini",
    "gpt-4o",
    "o3",
]


@pytest.mark.parametrize(
    ("size", "model", "detail", "expected"),
    [
        # "Calculating costs" in the guide.
        ((1024, 1024), "gpt-5.4", "high", Seen(1024, 1024, 1024, 1229)),
        ((2048, 2048), "gpt-5.4", "high", Seen(1600, 1600, 2500, 3000)),
        # A 4K screenshot: `original` by default on the newest models.
        ((3840, 2160), "gpt-5.6-sol", "auto", Seen(3840, 2160, 8160, 9792)),
        ((3840, 2160), "gpt-5.6-sol", "high", Seen(2048, 1152, 2304, 2765)),
        ((3840, 2160), "gpt-5.4", "auto", Seen(2048, 1152, 2304, 2765)),
        ((2000, 1000), "gpt-6-luna", "low", Seen(512, 256, 128, 154)),
        # Tiles: 2048 x 4096 becomes 768 x 1536, six tiles.
        ((2048, 4096), "gpt-4o", "high", Seen(768, 1536, 6, 85 + 6 * 170)),
        ((4096, 8192), "gpt-4o", "low", Seen(768, 1536, 6, 85)),
        # Whole numbers: 150 patches times 1.62 are 243, where floating point says 243.00000000000003.
        ((480, 320), "gpt-4.1-mini", "high", Seen(480, 320, 150, 243)),
        ((64, 64), None, "high", Seen(64, 64, 4, 5)),
        ((100_000, 3), None, "high", Seen(2048, 1, 64, 77)),
    ],
)
def test_published_sizes_and_tokens(size, model, detail, expected):
    assert seen(*size, model, detail) == expected


@pytest.mark.parametrize(
    ("model", "name", "assumed"),
    [
        ("gpt-5.6-terra-2026-07-01", "gpt-5.6", False),
        ("gpt-6.2-astra", "gpt-6.2", False),
        ("gpt-10", "gpt-5.6", False),
        ("openai/gpt-5.4-nano", "gpt-5.4", False),
        ("GPT-4o-mini-2024-07-18", "gpt-4o-mini", False),
        ("gpt-5", "gpt-5", False),
        ("gpt-5-mini", "gpt-5-mini", True),
        ("ft:gpt-4o-mini-2024-07-18:org::x", "gpt-4o-mini", False),
        ("gpt-5.3-codex", "gpt-5.3", True),
        ("o4-mini", "o4-mini", True),
        ("o3-pro", "o3", False),
        ("llama-9", "unknown", True),
        (None, "unknown", True),
    ],
)
def test_dated_and_new_names_fall_to_the_right_family(model, name, assumed):
    assert (family(model).name, family(model).assumed) == (name, assumed)


def test_original_becomes_high_where_it_is_not_known():
    assert [known(model, "original") for model in ("gpt-6-sol", "gpt-5.4", "gpt-5.2", None)] == [
        "original",
        "original",
        "high",
        "high",
    ]


@pytest.mark.parametrize("model", MODELS)
@given(width=SIDES, height=SIDES, detail=st.sampled_from(["low", "high", "auto", "original"]))
def test_never_larger_than_the_picture_nor_than_the_row(model, width, height, detail):
    view = seen(width, height, model, detail)
    assert 1 <= view.width <= width
    assert 1 <= view.height <= height
    row = sizing(model, detail)
    if isinstance(row, Patches):
        assert max(view.width, view.height) <= row.side
        assert view.units == patches(view.width, view.height) <= row.budget


@pytest.mark.parametrize("model", MODELS)
@given(width=SIDES, height=SIDES)
def test_what_was_fitted_fits(model, width, height):
    view = seen(width, height, model, "high")
    again = seen(view.width, view.height, model, "high")
    assert (again.width, again.height) == (view.width, view.height)


@given(width=SIDES, height=SIDES)
def test_the_safe_cap_is_seen_whole_by_every_patch_model(width, height):
    safe = seen(width, height)
    for row in FAMILIES:
        if isinstance(row.high, Patches):
            view = seen(safe.width, safe.height, row.name, "high")
            assert (view.width, view.height) == (safe.width, safe.height)
    assert SAFE.assumed
