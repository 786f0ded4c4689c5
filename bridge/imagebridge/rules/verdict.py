"""Determines what a data URL really contains, at one of two levels of proof.

With `decoded`, which the endpoint uses, Pillow is the judge, so that our parsing does not judge itself. With
`structure`, we walk to the end of the container, which costs a hundredth of the time and misses damage inside the
compressed pixels.
"""

import warnings
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING

import pybase64

from imagebridge.errors import PictureError
from imagebridge.pictures.cache import Cache
from imagebridge.pictures.containers import walk

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

    from imagebridge.pictures.picture import Proof

PIXELS = 178_956_970
"""The number of pixels above which a picture is a bomb: twice Pillow's limit, where Pillow raises an exception."""

SUPPORTED = ("image/jpeg", "image/png", "image/gif", "image/webp")
"""The supported media types, in the order of the API's message."""

# The first bytes of the formats that occur. For those after the first four, only the name is needed. They are deliberately
# separate from `pictures/kinds.py`: the judge must not identify a file with the table of the code that it judges, or a
# mistake there would pass a mislabelled picture as valid, in our own tests as well.
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (4, b"ftypavi", "image/avif"),
    (4, b"ftyphei", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
    (0, b"\x00\x00\x00\x0cjP  ", "image/jp2"),
    (0, b"\x00\x00\x01\x00", "image/x-icon"),
    (0, b"%PDF-", "application/pdf"),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a data URL. `rule` is the id of the picture rule that it violates, or "" for an intact picture.

    `said` completes the API's message about the URL; `why` is for people. `width` is 0 if the size could not be read.
    """

    rule: str = ""
    said: str = ""
    why: str = ""
    media_type: str = ""
    width: int = 0
    height: int = 0


# Verdicts are small, so the cache counts them; histories repeat their pictures in every request.
_VERDICTS = Cache[Verdict](1_024, lambda _: 1)


def judge(url: str, proof: "Proof" = "decoded") -> Verdict:
    """Return the verdict on `url`, which is or should be a data URL. Equal URLs are decoded only once.

    With `proof` "structure", nothing is decoded and nothing is cached: hashing a URL would cost more than the walk.
    """
    if proof == "structure":
        return _judged(url, proof)
    key = sha256(url.encode("utf-8", "surrogatepass")).digest()
    return _VERDICTS.once(key, lambda: _judged(url, proof))


def _judged(url: str, proof: "Proof") -> Verdict:
    head, comma, data = url.partition(",")
    if not url.startswith("data:"):
        return Verdict("data-url", "a value without the 'data:' prefix.")
    label, _, encoding = head.removeprefix("data:").partition(";")
    if not label.startswith("image/"):
        return Verdict("data-url", f"unsupported MIME type '{label}'.")
    if encoding != "base64" or not comma:
        return Verdict("data-url", "a value without the ';base64' separator.")
    if not data:
        return Verdict("data-url", "empty base64-encoded bytes.")
    try:
        content = pybase64.b64decode(data, validate=True)
    except ValueError as error:
        return Verdict("data-url", "an invalid base64-encoded value.", str(error))
    return _labelled(judge_bytes(content, proof), label)


def _labelled(verdict: Verdict, label: str) -> Verdict:
    if verdict.rule or verdict.media_type == label:
        return verdict
    return replace(
        verdict, rule="mislabelled-picture", why=f"labelled {label}, but the bytes are {verdict.media_type}"
    )


def sniff(content: bytes) -> str:
    """Return the media type according to the first bytes, or "" if they are unknown."""
    if content[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<svg", b"<?xml")):
        return "image/svg+xml"
    return next((name for at, magic, name in _MAGIC if content.startswith(magic, at)), "")


def judge_bytes(content: bytes, proof: "Proof" = "decoded") -> Verdict:
    """Return the verdict on `content`, the bytes of a picture, without caching it."""
    media_type = sniff(content)
    if media_type not in SUPPORTED:
        named = (
            f"these bytes are {media_type}"
            if media_type
            else "these bytes are not a picture of a known format"
        )
        return Verdict(
            "unsupported-format" if media_type else "broken-picture", why=named, media_type=media_type
        )
    if proof == "structure":
        return _walked(content, media_type)
    try:
        return _decoded(content, media_type)
    except Warning:
        # Only if warnings are errors. Pillow complained, about EXIF data for instance, and can still continue.
        with _QUIET, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _guarded(content, media_type)
    except Exception as error:  # noqa: BLE001  # hostile bytes make Pillow raise nearly anything
        return _broken(error, content, media_type)


def _walked(content: bytes, media_type: str) -> Verdict:
    try:
        container = walk(content)
    except PictureError as error:
        return Verdict("broken-picture", why=f"{media_type}: {error.reason}", media_type=media_type)
    if not container.whole:
        return Verdict("broken-picture", why=f"{media_type}: its end is missing", media_type=media_type)
    return _sized(container.width, container.height, container.frames, media_type)


_QUIET = Lock()  # `catch_warnings` changes the state of the process, so one thread at a time


def _guarded(content: bytes, media_type: str) -> Verdict:
    try:
        return _decoded(content, media_type)
    except Exception as error:  # noqa: BLE001  # hostile bytes make Pillow raise nearly anything
        return _broken(error, content, media_type)


def _broken(error: Exception, content: bytes, media_type: str) -> Verdict:
    """Return the verdict on a picture that Pillow refused, with the message of our walk if that finds the problem."""
    from PIL.Image import DecompressionBombError

    # Not every Pillow checks the size before it decodes (WebP in 12.3 does not).
    with suppress(PictureError):
        container = walk(content)
        if container.width * container.height > PIXELS:
            return _sized(container.width, container.height, container.frames, media_type)
    rule = "picture-bomb" if isinstance(error, DecompressionBombError) else "broken-picture"
    why = str(error) or type(error).__name__
    try:
        walk(content)
    except PictureError as broken:
        why = broken.reason
    return Verdict(rule, why=f"{media_type}: {why}", media_type=media_type)


def _decoded(content: bytes, media_type: str) -> Verdict:
    with opened_as(content, media_type) as image:
        width, height = image.size
        if width * height <= PIXELS:
            image.load()
        frames: int = getattr(image, "n_frames", 1)
    return _sized(width, height, frames, media_type)


def _sized(width: int, height: int, frames: int, media_type: str) -> Verdict:
    if width * height > PIXELS:
        return Verdict("picture-bomb", why=f"{width}x{height} pixels", media_type=media_type)
    verdict = Verdict(media_type=media_type, width=width, height=height)
    if frames > 1:
        rule = "animated-gif" if media_type == "image/gif" else "animated-picture"
        return replace(verdict, rule=rule, why=f"{frames} frames")
    return verdict


def opened_as(content: bytes, media_type: str) -> "ImageFile":
    """Open `content` as the format that `media_type` names, one of `SUPPORTED`. Raises whatever Pillow raises.

    `Image.open` would warn about large pictures, and warning filters belong to the whole process.
    """
    from PIL import GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

    stream = BytesIO(content)
    match media_type:
        case "image/png":
            return PngImagePlugin.PngImageFile(stream)
        case "image/gif":
            return GifImagePlugin.GifImageFile(stream)
        case "image/webp":
            return WebPImagePlugin.WebPImageFile(stream)
        case _:
            return JpegImagePlugin.JpegImageFile(stream)
