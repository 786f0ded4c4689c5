"""Shrinks pictures for a host, and caches the results: models look at the same file again and again."""

from dataclasses import dataclass

from imagebridge.pictures.base64 import sample
from imagebridge.pictures.cache import Cache
from imagebridge.pictures.encode import within
from imagebridge.pictures.picture import Picture


@dataclass(frozen=True, slots=True)
class _DataUrlKey:
    """A picture as a dictionary key: hashed by a sample of its base64, and compared in full."""

    data_url: str

    def __hash__(self) -> int:
        return hash(sample(self.data_url))


_SHRUNK: Cache[tuple[Picture, Picture]] = Cache(
    64_000_000, lambda pair: sum(len(one.data_url) for one in pair)
)
"""Recently shrunk pictures, each with its original."""


def shrunk(picture: Picture, limit: int, side: int) -> Picture:
    """Return `picture` in at most `limit` bytes with sides of at most `side` pixels; the same object if it fits.

    Raises:
        PictureError: the pixels cannot be decoded, or not even a single pixel fits.
    """
    if picture.size <= limit and max(picture.width, picture.height) <= side:
        return picture
    key = _DataUrlKey(picture.data_url), limit, side
    return _SHRUNK.once(key, lambda: (picture, within(picture, limit, side)))[1]
