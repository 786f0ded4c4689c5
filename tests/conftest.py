"""What all tests share."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="session")
async def one_loop():
    """Keep one event loop for all tests that ask for it, and with it the worker processes."""
    yield  # noqa: PT022  # the loop lasts as long as this waits
