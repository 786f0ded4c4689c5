"""image_info: describes a picture in words, without returning its pixels."""

from collections import Counter
from collections.abc import Mapping
from importlib import import_module
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any, cast

from imagebridge.errors import PictureError, counted
from imagebridge.pictures import kinds
from imagebridge.requirements import install_command
from imagebridge.translate.sentences import amount

from .apart import apart
from .arguments import AnySource
from .declaration import Argument, tool
from .drawing.pixels import Pixels, colors_of, frame_count, pixels, required, squared
from .files.source import NOWHERE, Places, Source, opened
from .mistakes import Mistakes, Noted
from .tool_output import ToolOutput

if TYPE_CHECKING:
    from PIL.Image import Image

    from imagebridge.pictures.metadata import CameraNotes

_COLORS = 6
"""The maximum number of colours that are named."""

_SHARE = 0.02
"""The minimum share of the pixels for a colour to be named."""

_SAMPLED = 256
"""The longer side of the sample in which colours are counted, in pixels."""

_EXACT = 0.75
"""The share of pixels that the most frequent colours must cover to be named as they are; otherwise they are grouped."""

_CODES = 20
"""The maximum number of codes that are reported."""

_LETTERS = 500
"""The maximum number of characters of a code's text that are quoted."""

_SCANNED = 2_400
"""The longer side, in pixels, at which codes are searched first; if none is found, the original is searched."""


Exif = Annotated[bool, Argument("Include camera and GPS data.", names=("metadata", "with_exif"))]


@tool(
    "Picture facts",
    "Return a picture's format, size, frames and colours, and the text of QR codes and barcodes, without the picture.",
)
async def image_info(
    source: AnySource, places: Places = NOWHERE, *, exif: Exif = False, noted: Noted = ()
) -> ToolOutput:
    """Describe the picture that `source` names: format, size, frames, colours, transparency, QR codes and barcodes.

    No pixels are returned. With `exif`, the camera's metadata is included, such as the location (GPS). `noted` contains
    the mistakes found so far; they are reported together with those found here.

    Raises:
        ArgumentError: the picture does not exist, or `noted` contains mistakes.
        ApartError: the work took too long or too much memory.
    """
    mistakes = Mistakes(noted)
    file = await mistakes.met(opened(source, places))
    if file:
        mistakes.of(lambda: required(file))
    if file is None or mistakes.found:
        raise mistakes.error()
    return await apart(described_in_words, file, exif)


def described_in_words(source: Source, exif: bool = False) -> ToolOutput:
    """Do the work of `image_info` on a file that has already been read."""
    file_type = required(source)
    seen = pixels(source)
    facts = [
        f"{source.name}: {_format(file_type)}, {seen.image.width}x{seen.image.height} px, {amount(len(source.data))}",
        *_file_facts(source, file_type),
        _transparent(seen.image),
        _colors(seen.image),
        *exif_told(source, file_type, wanted=exif),
        *_codes(seen),
    ]
    return ToolOutput("; ".join(filter(None, facts)) + ".", ())


def _format(file_type: kinds.FileType) -> str:
    names = {kinds.JP2: "JPEG 2000", kinds.TIFF: "TIFF", kinds.WEBP: "WebP", kinds.JPEG: "JPEG"}
    return names.get(file_type, file_type.suffix[1:].upper())


def _file_facts(source: Source, file_type: kinds.FileType) -> list[str]:
    """Return the properties of a file other than its pixels: frames and their duration, depth, resolution, profile."""
    if file_type is kinds.SVG:
        return ["a vector drawing, measured as rendered"]
    from imagebridge.pictures.decode import read
    from imagebridge.pictures.metadata import dots_per_inch, profile_name
    from imagebridge.pictures.picture import sound

    data = sound(source.data)
    try:
        image = read(data)
    except PictureError:
        # A TIFF in a form that is read separately.
        return ["colours stored in an unusual form"]
    facts = [_depth(image)]
    count = frame_count(data)
    if count > 1:
        part = "page" if file_type is kinds.TIFF else "frame"
        seconds = 0.0 if part == "page" else _seconds(data, count)
        facts.append(f"{count} {part}s" + (f", {seconds:g} s long" if seconds else ""))
    if dots := dots_per_inch(image):
        facts.append(f"{dots} dpi")
    profile = profile_name(image)
    return [*facts, f"colour profile {profile}"] if profile else facts


def _depth(image: "Image") -> str:
    words = {
        "1": "black and white",
        "L": "grey, 8 bits",
        "LA": "grey with transparency",
        "P": "palette colours",
        "PA": "palette colours with transparency",
        "RGB": "RGB, 8 bits per channel",
        "RGBA": "RGB with transparency",
        "CMYK": "CMYK",
    }
    return words.get(image.mode, "grey, 16 bits" if image.mode.startswith("I") else image.mode)


def _seconds(data: bytes, count: int) -> float:
    """Return the duration of an animation, in seconds, or 0 if its frames cannot be read."""
    from imagebridge.pictures.animation import shown

    try:
        return round(sum(seconds for _, seconds in shown(data, min(count, 1_000))), 3)
    except PictureError:
        return 0.0


def _transparent(image: "Image") -> str:
    """Describe the share of the pixels that is not opaque."""
    if image.mode not in ("LA", "RGBA"):
        return "no transparency"
    counts = image.getchannel("A").histogram()
    share = 1 - counts[255] / sum(counts)
    return f"{share:.1%} of the pixels are partly or fully transparent, {counts[0] / sum(counts):.1%} fully"


def _colors(image: "Image") -> str:
    """Name the colours that cover most of a picture, with their shares; transparent pixels are not counted."""
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
    """List the codes in a picture with their texts and positions."""
    try:
        zxingcpp: Any = import_module("zxingcpp")
    except ImportError:
        return [f"reading codes needs an extra: {install_command('server')}"]
    from imagebridge.pictures.encode import opaque, resized

    image = opaque(seen.image).convert("L")
    scale = min(1.0, _SCANNED / max(image.size))
    codes: list[Any] = []
    if scale < 1:
        small = resized(image, max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        codes = zxingcpp.read_barcodes(small)
    if not codes:
        scale, codes = 1.0, zxingcpp.read_barcodes(image)
    descriptions = [_code(one, scale) for one in codes[:_CODES]]
    if len(codes) > _CODES:
        descriptions.append(f"and {counted(len(codes) - _CODES, 'more code')}")
    return descriptions or ["no QR code or barcode found"]


def _code(code: Any, scale: float) -> str:
    corners = [
        getattr(code.position, name) for name in ("top_left", "top_right", "bottom_right", "bottom_left")
    ]
    across, down = [round(one.x / scale) for one in corners], [round(one.y / scale) for one in corners]
    text = str(code.text)
    cut = f" and {counted(len(text) - _LETTERS, 'more character')}" if len(text) > _LETTERS else ""
    where = f"x {min(across)} to {max(across)}, y {min(down)} to {max(down)}"
    return f"a code ({code.format}) at {where} reads {text[:_LETTERS]!r}{cut}"


# Tags of EXIF 3.0 (CIPA DC-008, 2023), in the order in which they are listed.
_MAIN = {
    0x010F: "make",
    0x0110: "model",
    0x0131: "software",
    0x013B: "artist",
    0x8298: "copyright",
    0x010E: "description",
}


_PHOTO = {
    0x9003: "taken",
    0x9011: "offset from UTC",
    0x829A: "exposure (s)",
    0x829D: "f-number",
    0x8827: "ISO",
    0x920A: "focal length (mm)",
    0xA434: "lens",
    0x9286: "comment",
}


_CHANGED = 0x0132


_TURNED = {
    2: "mirrored",
    3: "turned 180 degrees",
    4: "mirrored",
    5: "mirrored and turned",
    6: "turned",
    7: "mirrored and turned",
    8: "turned",
}


_LONGEST_NOTE = 120
"""The maximum number of characters of one EXIF value that are quoted."""


def exif_told(source: Source, file_type: kinds.FileType, *, wanted: bool) -> list[str]:
    """Return the EXIF data of a picture if it is `wanted`, or else a remark if there is any."""
    if file_type is kinds.SVG:
        return []
    exif = _camera_notes(source)
    notes = _told_notes(exif) if exif else []
    if not wanted:
        return ["it has EXIF data (exif=true returns it)"] if notes else []
    if notes:
        return [f"EXIF: {', '.join(notes)}"]
    # The tags of a TIFF's own directory are for reading its pixels.
    others = exif and (file_type is not kinds.TIFF or exif.photo or exif.place)
    return ["EXIF without any known field" if others else "no EXIF"]


def _told_notes(exif: "CameraNotes") -> list[str]:
    notes = _notes(exif.main, _MAIN) + _notes(exif.photo, _PHOTO)
    if 0x9003 not in exif.photo:
        notes += _notes(exif.main, {_CHANGED: "changed"})
    if turned := _TURNED.get(exif.turned):
        notes.append(f"stored {turned}, shown upright")
    if place := _position(exif.place):
        notes.append(f"GPS {place}")
    return notes


def _camera_notes(source: Source) -> "CameraNotes | None":
    from imagebridge.pictures.decode import read
    from imagebridge.pictures.metadata import camera_notes
    from imagebridge.pictures.picture import sound

    data = sound(source.data)
    try:
        return camera_notes(data, read(data))
    except PictureError:
        # A TIFF in a form that is read separately.
        return None


def _notes(tags: Mapping[int, object], names: Mapping[int, str]) -> list[str]:
    return [f"{name} {text}" for tag, name in names.items() if (text := _note_text(tags.get(tag)))]


def _note_text(value: Any) -> str:
    """Return one EXIF value as a line of text, or an empty string if there is none."""
    if isinstance(value, bytes):
        # A comment begins with eight bytes that name its encoding.
        value = value.removeprefix(b"ASCII\0\0\0").removeprefix(b"UNICODE\0").decode(errors="replace")
    if isinstance(value, tuple):
        value = next(iter(cast("tuple[Any, ...]", value)), None)
    if value is None:
        return ""
    if isinstance(value, str):
        plain = "".join(letter if letter.isprintable() else " " for letter in value)
        return " ".join(plain.split())[:_LONGEST_NOTE]
    try:
        number = float(value)  # often one of Pillow's rationals
        return f"{number:.6g}" if isfinite(number) else ""
    except (TypeError, ValueError, ZeroDivisionError):
        return ""


def _position(gps: Mapping[int, object]) -> str:
    """Describe the latitude and longitude in degrees, and the height in metres."""
    latitude, longitude = _degrees(gps.get(2), gps.get(1)), _degrees(gps.get(4), gps.get(3))
    if latitude is None or longitude is None:
        return ""
    height = _note_text(gps.get(6))
    below = "-" if gps.get(5) in (1, b"\x01") else ""
    return f"{latitude:.6f}, {longitude:.6f}" + (f", height {below}{height} m" if height else "")


def _degrees(value: Any, letter: object) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    sign = -1 if letter in ("S", "W") else 1
    total = sign * (degrees + minutes / 60 + seconds / 3600)
    return total if abs(total) <= 180 else None
