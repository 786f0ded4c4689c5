"""What the tests of commands share."""

import pytest
from commands import SCRIPT
from local_servers import serving


@pytest.fixture(scope="module")
def server():
    """The small server over HTTP, so that each test does not start one."""
    with serving(SCRIPT) as url:
        yield url
