"""Unpacks all rows of a PNG as a decoder does, but without undoing the filters, which cannot fail.

Source: PNG third edition (W3C, 2025-06-24), sections 7 to 10.
"""

import zlib
from collections.abc import Iterator
from typing import Any

from imagebridge.errors import PictureError

from .cost import check_memory
from .png import CHANNELS, Header, chunk, chunks, mended, read_header

_PIECE = 1 << 16
_UNPACKED = 1 << 20
_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
"""Left, top, and the steps across and down, for each pass of an interlaced picture."""


class _RowDecoder:
    """Checks unpacked rows: each starts with the number of its filter, 0 to 4."""

    def __init__(self, header: Header) -> None:
        bits = header.bits * CHANNELS[header.colour]
        passes = _PASSES if header.interlace else ((0, 0, 1, 1),)
        self._left: list[tuple[int, int]] = []
        for left, top, across, down in passes:
            width, rows = -((left - header.width) // across), -((top - header.height) // down)
            if width > 0 and rows > 0:
                self._left.append((1 + (width * bits + 7) // 8, rows))
        self.expected = sum(length * rows for length, rows in self._left)
        self.extra = 0
        self._done = 0

    def feed(self, piece: bytes) -> None:
        """Check more bytes of the rows.

        Raises:
            PictureError: a row uses a filter that does not exist.
        """
        at = 0
        while at < len(piece) and self._left:
            length, rows = self._left[0]
            stop = min(len(piece), at + length * rows - self._done)
            if max(piece[at + -self._done % length : stop : length], default=0) > 4:
                raise PictureError("its pixels are damaged: a row uses a filter that does not exist")
            self._done += stop - at
            at = stop
            if self._done == length * rows:
                self._left.pop(0)
                self._done = 0
        self.extra += len(piece) - at

    @property
    def complete(self) -> bool:
        return not self._left


def unpacked(data: bytes) -> bytes:
    """Unpack every row of a PNG that was walked and repaired; return the file, recompressed if only its end is wrong.

    A stream without a checksum, with a wrong one, or with extra data after the rows contains all
    pixels, but decoders treat these cases differently, so the same pixels are compressed again.

    Raises:
        PictureError: rows are missing or broken.
    """
    header = read_header(data)
    spans = [(at + 8, stop - 4) for at, stop, name in chunks(data) if name == b"IDAT"]
    rows = _RowDecoder(header)
    # 0 takes the window size from the stream, as strict decoders do.
    stream = zlib.decompressobj(0)
    try:
        for piece in _pieces(stream, data, spans):
            rows.feed(piece)
            if rows.extra:
                break
    except zlib.error:
        pass
    else:
        if stream.eof and rows.complete and not rows.extra and not stream.unused_data:
            return data
    return _packed_anew(data, header, spans)


def _pieces(stream: Any, data: bytes, spans: list[tuple[int, int]]) -> Iterator[bytes]:
    """Yield the output of a decompressor for the given spans. (zlib has no public name for the decompressor's type.)"""
    view = memoryview(data)
    for start, stop in spans:
        for at in range(start, stop, _PIECE):
            feed: bytes | memoryview = view[at : min(at + _PIECE, stop)]
            while True:
                piece = stream.decompress(feed, _UNPACKED)
                yield piece
                feed = stream.unconsumed_tail
                if stream.eof or (not feed and len(piece) < _UNPACKED):
                    break


def _packed_anew(data: bytes, header: Header, spans: list[tuple[int, int]]) -> bytes:
    """Recompress the rows of a PNG whose stream ends incorrectly, and return the PNG."""
    rows = _RowDecoder(header)
    # The rows, their copies and their compressed form.
    check_memory(header.width, header.height, 3 * rows.expected)
    raw = _saved(b"".join(data[start:stop] for start, stop in spans), rows.expected)
    if len(raw) < rows.expected:
        share = 100 * len(raw) // rows.expected
        raise PictureError(f"its pixels are incomplete: {share}% of them can be unpacked")
    rows.feed(raw)
    first, *others = [(start - 8, stop + 4) for start, stop in spans]
    mends = [(*first, chunk(b"IDAT", zlib.compress(raw, 6))), *((at, stop, b"") for at, stop in others)]
    return mended(data, mends)


def _saved(packed: bytes, most: int) -> bytes:
    """Unpack the first `most` bytes of a stream, or as many of them as possible."""
    # Without its two header bytes, the stream is read whatever it says about itself.
    stream, rows_data, at, size = zlib.decompressobj(-15), bytearray(), 2, _PIECE
    while len(rows_data) < most and size and not stream.eof:
        feed, before = packed[at : at + size], stream.copy()
        try:
            piece = stream.decompress(feed, min(_UNPACKED, most - len(rows_data)))
        except zlib.error:
            # Output before the fault is lost with it, so less is fed until nothing before it is left.
            stream, size = before, size // 2
            continue
        if not feed and not piece:
            break
        rows_data += piece
        at += len(feed) - len(stream.unconsumed_tail)
    return bytes(rows_data)
