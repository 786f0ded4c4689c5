"""The notes that cameras leave in pictures, told only on request."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from imagebridge.pictures import kinds

from .source import Source

if TYPE_CHECKING:
    from PIL.Image import Exif

# Tags of EXIF 3.0 (CIPA DC-008, 2023), in the order they are told.
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
_ORIENTATION, _CHANGED = 0x0112, 0x0132
_PHOTO_IFD, _GPS_IFD = 0x8769, 0x8825
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
"""Characters of one note that are told."""


def exif_told(source: Source, found: kinds.Kind, *, wanted: bool) -> list[str]:
    """Return the notes of a picture where they are `wanted`, else whether it has any."""
    if found is kinds.SVG:
        return []
    exif = _read(source)
    if not exif:
        return ["no EXIF"] if wanted else []
    if not wanted:
        return ["it has EXIF notes (exif=true tells them)"]
    photo, gps = _directory(exif, _PHOTO_IFD), _directory(exif, _GPS_IFD)
    notes = _notes(exif, _MAIN) + _notes(photo, _PHOTO)
    if _PHOTO and 0x9003 not in photo:
        notes += _notes(exif, {_CHANGED: "changed"})
    if turned := _TURNED.get(exif.get(_ORIENTATION, 1)):
        notes.append(f"stored {turned}, shown upright")
    if place := _place(gps):
        notes.append(f"GPS {place}")
    return [f"EXIF: {', '.join(notes)}" if notes else "EXIF without any note that is known"]


def _directory(exif: "Exif", tag: int) -> Mapping[int, object]:
    """Return the notes of a directory inside another, none where it is broken."""
    try:
        return exif.get_ifd(tag)
    # As in `_read`: a broken one raises whatever its numbers lead to.
    except Exception:  # noqa: BLE001
        return {}


def _read(source: Source) -> "Exif | None":
    from PIL.Image import Exif

    from imagebridge.pictures.decode import read
    from imagebridge.pictures.picture import sound

    exif = Exif()
    try:
        image = read(sound(source.data))
        block: object = image.info.get("exif")
        if isinstance(block, bytes):
            exif.load(block)
        else:
            exif = image.getexif()
        return exif if len(exif) else None
    # A broken block raises whatever its numbers lead to, and all mean that there is nothing to read.
    except Exception:  # noqa: BLE001
        return None


def _notes(tags: Mapping[int, object], names: Mapping[int, str]) -> list[str]:
    return [f"{name} {text}" for tag, name in names.items() if (text := _text(tags.get(tag)))]


def _text(value: Any) -> str:
    """Return one note as a line of text; empty for none."""
    if isinstance(value, bytes):
        # A comment begins with eight bytes that name its letters.
        value = value.removeprefix(b"ASCII\0\0\0").removeprefix(b"UNICODE\0").decode(errors="replace")
    if isinstance(value, tuple):
        value = next(iter(cast("tuple[Any, ...]", value)), None)
    if value is None:
        return ""
    if isinstance(value, str):
        plain = "".join(letter if letter.isprintable() else " " for letter in value)
        return " ".join(plain.split())[:_LONGEST_NOTE]
    try:
        return f"{float(value):.6g}"  # often a rational of Pillow
    except (TypeError, ValueError, ZeroDivisionError):
        return ""


def _place(gps: Mapping[int, object]) -> str:
    """Return latitude and longitude in degrees, and the height in metres."""
    latitude, longitude = _degrees(gps.get(2), gps.get(1)), _degrees(gps.get(4), gps.get(3))
    if latitude is None or longitude is None:
        return ""
    height = _text(gps.get(6))
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
