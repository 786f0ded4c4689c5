"""Shared code of the benchmarks: compares figures with their bounds and keeps them for the page of results."""

import json
from pathlib import Path

import pytest
from benchmarks.ratios import RATIOS

from imagebridge.pictures import convert
from imagebridge.pictures import picture as pictures
from imagebridge.pictures.cache import Cache
from imagebridge.repair import shrinking

FIGURES = pytest.StashKey()
"""What was measured: a list of `{"key", "value", "said"}`, and the rows of each plot."""
MISSED = pytest.StashKey()
"""What a test has measured beyond its bounds."""


def pytest_addoption(parser):
    options = parser.getgroup("benchmarks")
    options.addoption("--quick", action="store_true", help="a fifth of the rounds: figures are rough")
    options.addoption("--figures", metavar="FILE", help="write what was measured to this JSON file")


def pytest_configure(config):
    config.stash[FIGURES] = {"measured": [], "plotted": {}}


def pytest_sessionfinish(session):
    if path := session.config.getoption("--figures", None):
        Path(path).write_text(json.dumps(session.config.stash[FIGURES]), encoding="utf-8")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    """Fail a test whose figures miss their bounds, after it has measured all of them."""
    result = yield
    if missed := pyfuncitem.stash.get(MISSED, None):
        pytest.fail("\n".join(missed), pytrace=False)
    return result


@pytest.fixture
def measured(request):
    """Record a figure of ratios.py; the test fails at its end if the figure misses its bound."""

    def record(key, value, said=""):
        ratio = RATIOS[key]
        request.config.stash[FIGURES]["measured"].append({"key": key, "value": value, "said": said})
        line = f"{key}: {ratio.in_words(value)} ({ratio.bound_in_words() or 'no bound'}); {said}"
        print(f"\n{line}", end="")
        if not ratio.is_met(value):
            request.node.stash.setdefault(MISSED, []).append(line)

    return record


@pytest.fixture
def plotted(request):
    """Record the rows of a plot of plots.py."""
    return request.config.stash[FIGURES]["plotted"].__setitem__


@pytest.fixture(scope="session")
def rounds(request):
    """Return a function that reduces a number of rounds: with `--quick` to a fifth, but at least three."""
    return (
        (lambda full: max(3, full // 5))
        if request.config.getoption("--quick", False)
        else (lambda full: full)
    )


@pytest.fixture
def forgetful(monkeypatch):
    """Disables the caches, so that every picture is verified and created again."""
    monkeypatch.setattr(pictures, "_PROVEN", pictures._Proven(limit=0))
    monkeypatch.setattr(convert, "_MADE", Cache(0, lambda _: 1))
    monkeypatch.setattr(shrinking, "_SHRUNK", Cache(0, lambda _: 1))
