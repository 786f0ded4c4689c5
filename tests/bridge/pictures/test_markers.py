"""Markers between the pixels of a JPEG are found at any position and by every search."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from long_rows import one_in
from samples import file, noise

from imagebridge.pictures import containers, jpeg_walk

pytestmark = pytest.mark.pure

WITHOUT = """
import sys
sys.modules["stringzilla"] = None
from imagebridge.pictures import containers, jpeg_walk
assert jpeg_walk.count is None
print(containers.walk(sys.stdin.buffer.read()))
"""


@pytest.mark.parametrize(
    "options",
    one_in(2, [{}, {"progressive": True}, {"restart_marker_blocks": 1}, {"comment": b"\xff\xd9" * 9}]),
    ids=["baseline", "progressive", "restarts", "comment"],
)
def test_without_its_fast_search_the_same_is_found(options):
    """*ours*: StringZilla has wheels for the common processors alone."""
    data = file(noise(900, 900).convert("RGB"), "JPEG", quality=98, **options)
    assert len(data) > 10 * jpeg_walk._WINDOW
    found = subprocess.run([sys.executable, "-c", WITHOUT], input=data, capture_output=True, check=True)
    assert found.stdout.decode().strip() == str(containers.walk(data))


@given(st.data())
def test_a_marker_is_found_wherever_it_stands_among_pixels(data):
    pixels = bytearray(b"\x12\xff\x00\x34" * (3 * jpeg_walk._WINDOW // 4))
    for _ in range(data.draw(st.integers(0, 4))):
        edge = data.draw(st.sampled_from([0, 1, 2, 3])) * jpeg_walk._WINDOW
        at = min(max(0, edge + data.draw(st.integers(-3, 3))), len(pixels) - 2)
        pixels[at : at + 2] = data.draw(st.sampled_from([b"\xff\xd9", b"\xff\xd0", b"\xff\xff", b"\xff\x10"]))
    pixels = bytes(pixels)
    found = jpeg_walk._MARKER_IN_SCAN.search(pixels)
    sought = jpeg_walk._sought(pixels, 0, jpeg_walk._MARKER_IN_SCAN)
    assert sought == (found.start() if found else len(pixels))
