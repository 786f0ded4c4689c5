"""Estimates the memory and work of decoding a picture from its header, before a pixel is decoded.

A file of a few bytes may claim any size, and a decoder allocates what is claimed. Measured 2026-11-29 with
Pillow 13.0 and pillow-heif 1.8 as the growth of the process (`tests/bridge/pictures/test_cost.py` builds the files).
"""

from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Condition, local
from typing import TYPE_CHECKING, Any

from imagebridge.errors import PictureError

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 120_000_000
"""The maximum number of pixels that are decoded: some phones take 108 megapixels, decompression bombs declare more."""

MAX_DRAWN = 25_000_000
"""The maximum number of pixels for drawing an SVG, whatever size it specifies."""

MAX_SIDE = 500_000
"""The maximum length of a side in pixels: a decoder needs memory for each row, however short it is."""

MAX_MEMORY = 900_000_000
"""The maximum memory for decoding one picture, in bytes; a server with a busy worker then stays below 1.5 GB."""

TOGETHER = 128_000_000
"""The maximum memory for pictures that are decoded concurrently, in bytes; a larger picture is decoded alone."""

_SCANNED = 50 * MAX_PIXELS
"""The maximum number of pixels in all scans of one JPEG: a scan of a few bytes can take time for each pixel."""

SMALLER = "a smaller one, or a part of it"
"""The suggested replacement for a picture that is too expensive, in words."""

_STORED = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2, "I;16N": 2}
"""Bytes per pixel in Pillow's memory; 4 in every other mode."""

_AS_THEY_ARE = frozenset(("L", "RGB"))
"""Modes that are shown and encoded without a second copy."""

_DECODERS = {
    "WEBP": 12,  # two canvases of libwebp's animation decoder and the bytes that it returns
    "AVIF": 8,  # the planes of dav1d, libavif's RGB and the bytes that are returned
    "HEIF": 6,
    "JPEG2000": 16,  # OpenJPEG's four bytes per sample
}
"""Bytes per pixel that a decoder uses in addition to Pillow's own."""


_ALLOWED: ContextVar[int] = ContextVar("imagebridge.pictures.cost", default=MAX_MEMORY)


def allowed() -> int:
    """Return the bytes that decoding one picture may currently take."""
    return _ALLOWED.get()


@contextmanager
def allowing(memory: int) -> Generator[None]:
    """Limit decoding in this block to `memory` bytes; more than that, up to `MAX_MEMORY`, raises `HeavyError`."""
    token = _ALLOWED.set(memory)
    try:
        yield
    finally:
        _ALLOWED.reset(token)


class HeavyError(Exception):
    """Decoding takes more memory than is currently allowed, but no more than `MAX_MEMORY`."""


class _Turns:
    """The threads that decode, in order of arrival: several together within `TOGETHER`, or one large picture alone."""

    def __init__(self) -> None:
        self._held = 0
        self._waiting: deque[object] = deque()
        self._changed = Condition()
        self._within = local()

    @contextmanager
    def of(self, memory: int) -> Generator[None]:
        """Hold `memory` bytes. Inside another turn of the same thread, nothing more is reserved."""
        if getattr(self._within, "turn", False):
            yield
            return
        memory = min(memory, TOGETHER)
        self._begin(memory)
        self._within.turn = True
        try:
            yield
        finally:
            self._within.turn = False
            with self._changed:
                self._held -= memory
                self._changed.notify_all()

    def _begin(self, memory: int) -> None:
        me = object()
        with self._changed:
            self._waiting.append(me)
            self._changed.wait_for(lambda: self._waiting[0] is me and self._held + memory <= TOGETHER)
            self._waiting.popleft()
            self._held += memory
            self._changed.notify_all()


_TURNS = _Turns()


@contextmanager
def turn(memory: int) -> Generator[None]:
    """Wait until a picture may use `memory` bytes for decoding and changes, and reserve them for this block.

    Raises:
        HeavyError: `memory` is more than is currently allowed.
    """
    if min(memory, MAX_MEMORY) > allowed():
        raise HeavyError(memory)
    with _TURNS.of(memory):
        yield


def memory_of(image: "Image") -> int:
    """Return the bytes needed to decode a picture that `decode.read` returned, and to prepare it to be shown."""
    pixels = image.width * image.height
    stored = _STORED.get(image.mode, 4)
    ready = 0 if image.mode in _AS_THEY_ARE and not image.info.get("icc_profile") else 4
    return pixels * (stored + ready + _DECODERS.get(image.format or "", 0)) + _beside(image)


def _beside(image: "Image") -> int:
    """Return the bytes needed in addition to the pixels: for a progressive JPEG's coefficients or a TIFF's tile."""
    tags: Any = getattr(image, "tag_v2", None)
    if tags is not None:
        across, down = _side(tags.get(322)), _side(tags.get(323))
        return 8 * across * down
    if image.info.get("progressive"):
        layers: Any = getattr(image, "layer", ())
        scale = (getattr(image, "decoderconfig", None) or (1,))[0] or 1
        largest = max((one[1] * one[2] for one in layers), default=1)
        samples = sum(one[1] * one[2] / largest for one in layers)
        return int(2 * samples * image.width * image.height * scale * scale)
    return 0


def _side(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def check_pixels(width: int, height: int) -> None:
    """Refuse a picture that unpacks to too many pixels.

    Raises:
        PictureError: the picture has more than `MAX_PIXELS`, or a side of more than `MAX_SIDE`.
    """
    if max(width, height) > MAX_SIDE:
        raise PictureError(f"it is {width}x{height} pixels, over the limit of {MAX_SIDE:,} per side", SMALLER)
    if width * height > MAX_PIXELS:
        raise PictureError(
            f"it unpacks to {width}x{height} pixels, over the limit of {MAX_PIXELS:,}", SMALLER
        )


def check_scans(scans: int, width: int, height: int) -> None:
    """Refuse a JPEG with so many scans that decoding them takes too long.

    Raises:
        PictureError: the scans cover more than `_SCANNED` pixels in total.
    """
    if scans * width * height > _SCANNED:
        raise PictureError(
            f"it scans its {width}x{height} pixels {scans:,} times, which takes too long to decode",
            SMALLER,
        )


def check_memory(width: int, height: int, memory: int) -> None:
    """Refuse a picture whose decoding takes too much memory.

    Raises:
        PictureError: decoding takes more than `MAX_MEMORY`.
        HeavyError: decoding takes more than is currently allowed.
    """
    if memory > MAX_MEMORY:
        raise PictureError(
            f"decoding its {width}x{height} pixels takes {memory // 1_000_000:,} MB of memory, "
            f"over the limit of {MAX_MEMORY // 1_000_000:,} MB",
            SMALLER,
        )
    if memory > allowed():
        raise HeavyError(memory)
