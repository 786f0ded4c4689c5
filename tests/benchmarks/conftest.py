"""What the benchmarks share."""

import pytest

from imagebridge.pictures import convert
from imagebridge.pictures import picture as pictures
from imagebridge.pictures.cache import Cache


@pytest.fixture
def forgetful(monkeypatch):
    """Proves and makes every picture anew: the memories of both are off."""
    monkeypatch.setattr(pictures, "_PROVEN", pictures._Proven(limit=0))
    monkeypatch.setattr(convert, "_MADE", Cache(0, lambda _: 1))
