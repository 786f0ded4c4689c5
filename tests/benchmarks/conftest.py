"""What the benchmarks share."""

import pytest

from imagebridge.pictures import convert
from imagebridge.pictures import picture as pictures
from imagebridge.pictures.cache import Cache
from imagebridge.repair import shrinking


@pytest.fixture
def forgetful(monkeypatch):
    """Proves and makes every picture anew: the memories are off."""
    monkeypatch.setattr(pictures, "_PROVEN", pictures._Proven(limit=0))
    monkeypatch.setattr(convert, "_MADE", Cache(0, lambda _: 1))
    monkeypatch.setattr(shrinking, "_SHRUNK", Cache(0, lambda _: 1))
