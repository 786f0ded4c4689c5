"""The pages that docs/facts.py writes agree with the tables in imagebridge.facts."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from imagebridge.facts import endpoints, hosts, models

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def facts():
    spec = spec_from_file_location("facts", DOCS / "facts.py")
    sys.modules["facts"] = module = module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["facts"]


@pytest.mark.parametrize("name", ["models.md", "endpoints.md", "hosts.md"])
def test_each_page_is_what_the_script_writes(facts, name):
    now = facts.PAGES[name]()
    assert (DOCS / name).read_text("utf-8") == now, f"docs/{name} is out of date: uv run python docs/facts.py"


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("models.md", [row.name for row in models.FAMILIES] + models.listed()[:3]),
        (
            "endpoints.md",
            [name for name in endpoints.ENDPOINTS if name not in ("native", "user_message", "text")],
        ),
        ("hosts.md", [name for name in hosts.NAMES if name != "imagebridge"]),
    ],
)
def test_each_row_is_on_its_page(name, listed):
    page = (DOCS / name).read_text("utf-8")
    assert [one for one in listed if f"| `{one}`" not in page] == []


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"gpt-5\.4-nano", "`gpt-5.4-nano`"),
        (r"gpt-5(-.+)?", "`gpt-5`, `gpt-5-*`"),
        (r"o1(-mini|-pro)?", "`o1`, `o1-mini`, `o1-pro`"),
        (r"(chat)?gpt-4o(-.+)?", "`gpt-4o`, `gpt-4o-*`, `chatgpt-4o`, `chatgpt-4o-*`"),
        (r"gpt-6-(sol|luna)", "`gpt-6-sol`, `gpt-6-luna`"),
        (r"gpt-image-1\.5|gpt-image-1-mini", "`gpt-image-1.5`, `gpt-image-1-mini`"),
    ],
)
def test_a_pattern_of_names_is_told_as_names(facts, pattern, words):
    assert facts.names(pattern) == words
