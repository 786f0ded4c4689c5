"""What all tests share."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"
