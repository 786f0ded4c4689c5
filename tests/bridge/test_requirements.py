"""Optional packages: present ones are looked up once, missing ones again each time."""

import json
from importlib import metadata

import pytest

from imagebridge import requirements
from imagebridge.errors import RequirementError
from imagebridge.requirements import DEMO, Feature, install_command, lacking, need

FEATURE = Feature("Flying", {"mcp": (2,), "openai": (3, 20)}, "agent")


@pytest.fixture
def installed(monkeypatch):
    """The versions that are installed, by package, and the packages that were looked up."""
    versions, looked_up = {"mcp": "2.3.0", "openai": "3.20"}, []

    def version(package):
        looked_up.append(package)
        if package not in versions:
            raise metadata.PackageNotFoundError(package)
        return versions[package]

    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr(requirements, "_MET", set())
    return versions, looked_up


def test_what_is_there_is_looked_up_once(installed):
    _, looked_up = installed
    for _ in range(3):
        need(FEATURE)
    assert looked_up == ["mcp", "openai"]


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (None, "openai 3.20 or newer (none is installed)"),
        ("3.9.1", "openai 3.20 or newer (3.9.1 is installed)"),
        ("3.20rc1", ""),
    ],
)
def test_what_is_installed_meanwhile_is_found(installed, before, told):
    versions, looked_up = installed
    del versions["openai"]
    if before:
        versions["openai"] = before
    assert lacking(FEATURE) == (told and f"Flying needs {told}: {install_command('agent')}")
    versions["openai"] = "4.0"
    need(FEATURE)
    assert looked_up.count("mcp") == 1


def test_the_demo_does_not_start_without_what_draws_its_chart(installed):
    """Otherwise its first section would show a failed call, and the stranger who reads it would not know why."""
    told = "imagebridge demo needs vl-convert-python 1.9 or newer (none is installed)"
    assert lacking(DEMO) == f"{told}: {install_command('agent,charts')}"


def test_a_feature_with_a_higher_bound_looks_anew(installed):
    need(FEATURE)
    with pytest.raises(RequirementError, match=r"openai 9 or newer \(3\.20 is installed\)"):
        need(Feature("Soaring", {"openai": (9,)}, "agent"))


@pytest.mark.parametrize(
    ("record", "command"),
    [
        (None, 'pip install "imagebridge[agent,server]"'),
        ({"url": "file:///clone", "dir_info": {}}, 'pip install "imagebridge[agent,server]"'),
        (
            {"url": "https://x/a.whl", "archive_info": {}},
            'pip install "imagebridge[agent,server]"',
        ),
        (
            {"url": "file:///clone", "dir_info": {"editable": True}},
            "uv sync --inexact --extra agent --extra server",
        ),
    ],
)
def test_the_command_that_installs_extras_fits_the_installation(tmp_path, monkeypatch, record, command):
    (tmp_path / "METADATA").write_text("Name: imagebridge\n")
    if record:
        (tmp_path / "direct_url.json").write_text(json.dumps(record))
    monkeypatch.setattr(metadata, "distribution", lambda _: metadata.PathDistribution(tmp_path))
    requirements._is_editable.cache_clear()
    try:
        assert install_command("agent,server") == command
    finally:
        requirements._is_editable.cache_clear()
