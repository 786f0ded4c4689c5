"""What the benchmarks share."""

import pytest

from imagebridge.translate import picture as pictures


@pytest.fixture
def forgetful(monkeypatch):
    """Proves every picture anew: the memory of proven pictures is off."""
    monkeypatch.setattr(pictures, "_PROVEN", pictures._Proven(limit=0))
