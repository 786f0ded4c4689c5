"""Pytest fixtures, opt-in: `pytest_plugins = ["imagebridge.testing.fixtures"]` in the top conftest.py."""

from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack
from typing import Protocol

import pytest

from imagebridge.rules import Rule
from imagebridge.testing.endpoint import Endpoint
from imagebridge.testing.steps import Step

__all__ = ["StartEndpoint", "endpoint"]

_FAILED = pytest.StashKey[bool]()


class StartEndpoint(Protocol):
    """Starts an `Endpoint` that runs until the end of the test; takes what `Endpoint` takes."""

    def __call__(
        self, steps: Step | Sequence[Step], *, rules: Iterable[Rule] | None = None, files: bool = True
    ) -> Endpoint:
        """Return the running endpoint."""
        ...


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Record whether the test failed: then leftover steps mean nothing."""
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or not report.passed
    return report


@pytest.fixture
def endpoint(request: pytest.FixtureRequest) -> Generator[StartEndpoint]:
    """Return a function that starts a strict endpoint: `endpoint(["It is a cat."]).base_url`.

    After a test that passed, a request beyond the last step and steps left over are errors.
    """
    started: list[Endpoint] = []
    with ExitStack() as stack:

        def start(
            steps: Step | Sequence[Step], *, rules: Iterable[Rule] | None = None, files: bool = True
        ) -> Endpoint:
            one = Endpoint(steps, rules=rules, files=files)
            stack.callback(one.stop)
            one.start()
            started.append(one)
            return one

        yield start
    if not request.node.stash.get(_FAILED, False):
        for one in started:
            one.verify()
