"""Fixtures that the bridge's tests share."""

import pytest
import trustme
from commands import SCRIPT
from local_servers import serving


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """The certificate of an authority that has not signed anything."""
    path = tmp_path_factory.mktemp("authority") / "certificate.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="module", autouse=True)
def _trust_nobody(authority):
    """Do not load the system's 140 authorities, which takes 20 ms per client: no test here uses TLS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", authority)
        yield


@pytest.fixture(scope="module")
def server():
    """The small server over HTTP, so that each test does not start one."""
    with serving(SCRIPT) as url, pytest.MonkeyPatch.context() as patch:
        # On a busy machine its first answer may take longer than the 10 seconds that the SDK waits.
        patch.setattr("mcp.client.session.DISCOVER_TIMEOUT_SECONDS", 600)
        yield url
