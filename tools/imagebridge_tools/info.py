"""image_info: what a picture is, in words and without its pixels."""

from collections import Counter
from importlib import import_module
from typing import TYPE_CHECKING, Any

from imagebridge.errors import PictureError
from imagebridge.pictures import kinds

from .answer import Answer, counted, size_in_words
from .apart import apart
from .drawing.pixels import Pixels, colors_of, pixels, required, squared
from .files.exif import exif_told
from .files.source import NOWHERE, Places, Source, opened
from .load import counted as parts

if TYPE_CHECKING:
    from PIL.Image import Image

_COLORS = 6
"""Colours that are named at most."""

_SHARE = 0.02
"""Share of the pixels that a colour has at least to be named."""

_SAMPLED = 256
"""Pixels of the longer side of the sample that colours are counted in."""

_EXACT = 0.75
"""Share of the pixels that the most frequent colours cover to be named as they are; else similar ones are taken together."""

_CODES = 20
"""Codes that are told at most."""

_LETTERS = 500
"""Characters of a code's text that are told."""

_SCANNED = 2_400
"""Pixels of the longer side that codes are first looked for in; where there are none, all are looked at."""


async def image_info(source: str, places: Places = NOWHERE, *, exif: bool = False) -> Answer:
    """Tell of the picture that `source` names format, size, frames, colours, transparency and codes (QR and bar); no pixels come back.

    With `exif` the camera's notes are told too, the place (GPS) among them.

    Raises:
        ArgumentError: no such picture.
        ApartError: the work took too long or too much memory.
    """
    return await apart(described_in_words, await opened(source, places), exif)


def described_in_words(source: Source, exif: bool = False) -> Answer:
    """Do what `image_info` says with a file that was read."""
    found = required(source)
    seen = pixels(source)
    told = [
        f"{source.name}: {_format(found)}, {seen.image.width}x{seen.image.height} px, {size_in_words(len(source.data))}",
        *_file(source, found),
        _transparent(seen.image),
        _colors(seen.image),
        *exif_told(source, found, wanted=exif),
        *_codes(seen),
    ]
    return Answer("; ".join(filter(None, told)) + ".", ())


def _format(found: kinds.Kind) -> str:
    names = {kinds.JP2: "JPEG 2000", kinds.TIFF: "TIFF", kinds.WEBP: "WebP", kinds.JPEG: "JPEG"}
    return names.get(found, found.suffix[1:].upper())


def _file(source: Source, found: kinds.Kind) -> list[str]:
    """Return what the file says beside its pixels: frames and their time, depth, resolution, profile."""
    if found is kinds.SVG:
        return ["a vector drawing, measured as it is drawn"]
    from imagebridge.pictures.decode import read
    from imagebridge.pictures.picture import sound

    data = sound(source.data)
    try:
        image = read(data)
    except PictureError:
        # A TIFF of a form that is read in a way of its own.
        return ["colours stored in a rare form"]
    told = [_depth(image)]
    count = parts(data)
    if count > 1:
        part = "page" if found is kinds.TIFF else "frame"
        seconds = 0.0 if part == "page" else _seconds(data, count)
        told.append(f"{count} {part}s" + (f", {seconds:g} s long" if seconds else ""))
    dots: Any = image.info.get("dpi")
    if isinstance(dots, tuple) and dots[0] > 1:  # pyright: ignore[reportUnknownArgumentType]
        told.append(f"{round(float(dots[0]))} dpi")  # pyright: ignore[reportUnknownArgumentType]
    profile = _profile(image)
    return [*told, f"colour profile {profile}"] if profile else told


def _depth(image: "Image") -> str:
    words = {
        "1": "black and white",
        "L": "grey, 8 bits",
        "LA": "grey with transparency",
        "P": "palette colours",
        "PA": "palette colours with transparency",
        "RGB": "RGB, 8 bits a channel",
        "RGBA": "RGB with transparency",
        "CMYK": "CMYK",
    }
    return words.get(image.mode, "grey, 16 bits" if image.mode.startswith("I") else image.mode)


def _seconds(data: bytes, count: int) -> float:
    """Return how long an animation plays; what cannot be read of it counts nothing."""
    from imagebridge.pictures.animation import shown

    try:
        return round(sum(seconds for _, seconds in shown(data, min(count, 1_000))), 3)
    except PictureError:
        return 0.0


def _profile(image: "Image") -> str:
    data = image.info.get("icc_profile")
    if not data:
        return ""
    from io import BytesIO

    from PIL import ImageCms

    try:
        return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(data))).strip()
    except (ImageCms.PyCMSError, OSError):
        return "that cannot be read"


def _transparent(image: "Image") -> str:
    """Say which share of the pixels is not opaque."""
    if image.mode not in ("LA", "RGBA"):
        return "no transparency"
    counts = image.getchannel("A").histogram()
    share = 1 - counts[255] / sum(counts)
    return f"{share:.1%} of the pixels are transparent in part or whole, {counts[0] / sum(counts):.1%} wholly"


def _colors(image: "Image") -> str:
    """Name the colours that cover most of a picture, with their share; transparent pixels do not count."""
    from PIL import Image as Images
    from PIL.Image import Quantize

    scale = min(1.0, _SAMPLED / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    sample = squared(image.convert("RGBA"), size)
    colors, alphas = colors_of(sample.convert("RGB")), sample.getchannel("A").tobytes()
    solid = [color for color, alpha in zip(colors, alphas, strict=True) if alpha > 127]
    if not solid:
        return "no visible colours"
    most = Counter(solid).most_common(_COLORS)
    if sum(count for _, count in most) < _EXACT * len(solid):
        flat = Images.frombytes("RGB", (len(solid), 1), bytes(value for color in solid for value in color))
        merged = colors_of(flat.quantize(_COLORS, Quantize.MEDIANCUT).convert("RGB"))
        most = Counter(merged).most_common(_COLORS)
    named = [
        f"{_hex(color)} {count / len(solid):.0%}" for color, count in most if count >= _SHARE * len(solid)
    ]
    return f"main colours {', '.join(named)}" if named else "no main colours"


def _hex(color: tuple[int, ...]) -> str:
    return "#" + "".join(f"{channel:02x}" for channel in color[:3])


def _codes(seen: Pixels) -> list[str]:
    """Tell the codes in a picture with their texts and where they are."""
    try:
        zxingcpp: Any = import_module("zxingcpp")
    except ImportError:
        return ['codes are read with an extra: pip install "imagebridge[server]"']
    from imagebridge.pictures.encode import opaque, resized

    image = opaque(seen.image).convert("L")
    scale = min(1.0, _SCANNED / max(image.size))
    found: list[Any] = []
    if scale < 1:
        small = resized(image, max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        found = zxingcpp.read_barcodes(small)
    if not found:
        scale, found = 1.0, zxingcpp.read_barcodes(image)
    told = [_code(one, scale) for one in found[:_CODES]]
    if len(found) > _CODES:
        told.append(f"and {len(found) - _CODES} codes more")
    return told or ["no QR code or bar code found"]


def _code(code: Any, scale: float) -> str:
    corners = [
        getattr(code.position, name) for name in ("top_left", "top_right", "bottom_right", "bottom_left")
    ]
    across, down = [round(one.x / scale) for one in corners], [round(one.y / scale) for one in corners]
    text = str(code.text)
    cut = f" and {counted(len(text) - _LETTERS, 'character')} more" if len(text) > _LETTERS else ""
    where = f"x {min(across)} to {max(across)}, y {min(down)} to {max(down)}"
    return f"a code ({code.format}) at {where} reads {text[:_LETTERS]!r}{cut}"
