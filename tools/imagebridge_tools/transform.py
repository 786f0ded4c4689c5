"""transform_image: performs a list of operations one after another."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Annotated, Any

from imagebridge.errors import ArgumentError
from imagebridge.pictures import kinds
from imagebridge.pictures.picture import Picture

from .apart import apart
from .arguments import AnySource
from .declaration import Argument, tool
from .drawing import tones
from .drawing.colors import WHITE, Color
from .drawing.operations import SHAPING, SIDE, Ground, Operation, read_operations
from .drawing.pixels import pixels
from .drawing.units import Ruler, Units
from .files.source import NOWHERE, Places, Source, opened
from .lenient_values import listed
from .mistakes import Mistakes, Noted
from .tool_output import JsonValue, ToolOutput, described

if TYPE_CHECKING:
    from PIL.Image import Image

PIXELS = 40_000_000
"""The maximum number of pixels in a result."""


@dataclass(slots=True)
class _Work:
    """The current picture, the units of its regions, the current argument, and settings for the following operations.

    `background` is None for transparency; `ground` names it if it was chosen, and `unused` is true until it is used.
    """

    image: "Image"
    units: str
    argument: str = ""
    background: Color | None = WHITE
    ground: str = ""
    unused: bool = False
    form: str | None = None
    quality: int | None = None


Operations = Annotated[
    Sequence[Mapping[str, JsonValue]],
    Argument(
        "In order, one key each: crop [left, top, right, bottom]; resize [width, height], null for a side that "
        "follows from the proportions; "
        "fit [width, height]; rotate degrees clockwise; flip horizontal or vertical; pad pixels; grayscale, invert true; "
        "brightness, contrast (or auto), saturation, sharpen factor; blur radius; background color or transparent; "
        "format png, jpeg or webp; quality 1-100.",
        examples=[[{"crop": [0, 0, 40, 30]}, {"resize": [800, None]}]],
        reading=listed,
        json_type=list[Any],
        schema={"type": "array", "items": {"type": "object"}},
        form='give a list such as [{"crop": [0, 0, 40, 30]}, {"resize": [800, null]}]',
        names=("ops", "transforms", "transformations", "steps", "actions"),
    ),
]


@tool(
    "Transform a picture",
    "Change a picture: crop, resize, rotate, pad, adjust tones, change the format.",
    saves=True,
)
async def transform_image(
    source: AnySource,
    operations: Operations,
    places: Places = NOWHERE,
    *,
    units: Units = "pixels",
    noted: Noted = (),
) -> ToolOutput:
    """Perform `operations`, each an object with one key, in order, on the picture that `source` names.

    crop: [left, top, right, bottom] in `units` of the picture at that point; resize: [width, height] in pixels, one
    of them null to keep the proportions; fit: [width, height], the largest size within these; rotate: degrees clockwise;
    flip: horizontal or vertical; pad: pixels, or [left, top, right, bottom]; grayscale, invert: true; brightness,
    contrast, saturation, sharpen: a factor from 0 to 10, 1 for no change, contrast also auto; blur: a radius in
    pixels. background: a colour, or transparent, for the areas that later rotate and pad operations add, by default
    white. format: png, jpeg or webp, by default chosen to suit the picture; quality: 1 to 100 for jpeg and webp.
    `noted` contains the mistakes found so far; they are reported together with those found here.

    Raises:
        ArgumentError: the picture does not exist, or operations cannot be performed; the error reports every mistake.
        ApartError: the work took too long or too much memory.
    """
    mistakes = Mistakes(noted)
    file = await mistakes.needed(opened(source, places), lambda: _read(mistakes, operations, units))
    return await apart(transformed, file, operations, units, mistakes.found)


def transformed(
    source: Source,
    operations: Sequence[Mapping[str, JsonValue]],
    units: str = "pixels",
    noted: Noted = (),
) -> ToolOutput:
    """Do the work of `transform_image` on a file that has already been read."""
    mistakes = Mistakes(noted)
    read = _read(mistakes, operations, units)
    seen = mistakes.of(lambda: pixels(source))
    if seen is None:
        raise mistakes.error()
    work, done = _Work(seen.image, units), list[str]()
    for operation in read:
        if operation is None:
            break  # Positions after it cannot be computed.
        if mistakes.found and operation.name not in SHAPING:
            continue  # Nothing will be made: this only checks whether the rest fits.
        words = mistakes.of(partial(_done, work, operation))
        if words is None:
            break
        done += words
    mistakes.tell()
    picture, remarks = _encoded(work, lossless=kinds.is_lossless(source.data))
    if work.unused:
        remarks.append("background was not used: it fills only what a later rotate or pad adds")
    said = ", ".join([*done, *remarks]) or "unchanged"
    return ToolOutput(f"{seen.description}: {said}. {described(picture)}.", (picture,))


def _done(work: _Work, operation: Operation) -> list[str]:
    """Perform one operation, and return a remark on it."""
    work.argument = operation.argument
    if operation.name in _CHOICES:
        _CHOICES[operation.name](work, operation.value)
        return []
    before = work.image.size
    work.image, words = _OPERATIONS[operation.name](work, operation.value)
    size = work.image.size
    return [words if size == before else f"{words} to {size[0]}x{size[1]}"]


def _read(
    mistakes: Mistakes, operations: Sequence[Mapping[str, JsonValue]], units: str
) -> list[Operation | None]:
    """Read the operations, as far as that is possible without the picture, and record what is wrong with them."""
    mistakes.of(lambda: Ruler(1, 1, units))
    return read_operations(mistakes, operations)


def _crop(work: _Work, value: Sequence[float]) -> "tuple[Image, str]":
    box = Ruler(*work.image.size, work.units).region(value, work.argument)
    left, top, right, bottom = box
    return work.image.crop(box), f"cropped at x {left} to {right}, y {top} to {bottom}"


def _resize(work: _Work, value: tuple[int | None, int | None]) -> "tuple[Image, str]":
    width, height = value
    if width is None or height is None:
        scale = width / work.image.width if width else (height or 1) / work.image.height
        width = width or max(1, round(work.image.width * scale))
        height = height or max(1, round(work.image.height * scale))
    return _resized_image(work, width, height), "resized"


def _fit(work: _Work, value: tuple[int | None, int | None]) -> "tuple[Image, str]":
    scale = min(side / own for side, own in zip(value, work.image.size, strict=True) if side)
    sides = (max(1, round(own * scale)) for own in work.image.size)
    return _resized_image(work, *sides), "fitted"


def _rotate(work: _Work, value: float) -> "tuple[Image, str]":
    from PIL.Image import Resampling, Transpose

    degrees = value % 360
    words = f"rotated {degrees:g} degrees clockwise"
    quarter = {0: None, 90: "ROTATE_270", 180: "ROTATE_180", 270: "ROTATE_90"}
    if degrees in quarter:
        name = quarter[int(degrees)]
        return work.image.transpose(Transpose[name]) if name else work.image, words
    _within(work, 1.5 * work.image.width, 1.5 * work.image.height)
    image, fill = _filled(work)
    return image.rotate(-degrees, Resampling.BICUBIC, expand=True, fillcolor=fill), words + work.ground


def _flip(work: _Work, value: str) -> "tuple[Image, str]":
    from PIL.Image import Transpose

    ways = {"horizontal": Transpose.FLIP_LEFT_RIGHT, "vertical": Transpose.FLIP_TOP_BOTTOM}
    words = "flipped left to right" if value == "horizontal" else "flipped top to bottom"
    return work.image.transpose(ways[value]), words


def _pad(work: _Work, value: Sequence[int]) -> "tuple[Image, str]":
    from PIL import Image as Images

    left, top, right, bottom = value
    image, fill = _filled(work)
    size = image.width + left + right, image.height + top + bottom
    _within(work, *size)
    page = Images.new(image.mode, size, fill)
    page.paste(image, (left, top))
    return page, f"padded{work.ground}"


def _grayscale(work: _Work, _: bool) -> "tuple[Image, str]":
    return work.image.convert("LA" if work.image.mode in ("LA", "RGBA") else "L"), "converted to grey"


def _invert(work: _Work, _: bool) -> "tuple[Image, str]":
    from PIL import ImageOps

    return tones.toned(work.image, ImageOps.invert), "inverted"


def _brightness(work: _Work, value: float) -> "tuple[Image, str]":
    return tones.brightened(work.image, value), f"brightness multiplied by {value}"


def _contrast(work: _Work, value: tones.Contrast) -> "tuple[Image, str]":
    words = "tones stretched" if value == "auto" else f"contrast multiplied by {value:g}"
    return tones.contrasted(work.image, value), words


def _saturation(work: _Work, value: float) -> "tuple[Image, str]":
    return tones.saturated(work.image, value), f"saturation multiplied by {value}"


def _sharpen(work: _Work, value: float) -> "tuple[Image, str]":
    from PIL import ImageEnhance

    image = tones.toned(work.image, lambda plain: ImageEnhance.Sharpness(plain).enhance(value))
    return image, f"sharpness multiplied by {value}"


def _blur(work: _Work, value: float) -> "tuple[Image, str]":
    from PIL import ImageFilter

    image = work.image
    # If mixed with hidden colours under transparency, colours at its edges would be wrong.
    clear = {"LA": "La", "RGBA": "RGBa"}.get(image.mode, image.mode)
    blurred = image.convert(clear).filter(ImageFilter.GaussianBlur(value)).convert(image.mode)
    return blurred, f"blurred by {value:g} px"


_Apply = Callable[[_Work, Any], "tuple[Image, str]"]
_OPERATIONS: dict[str, _Apply] = {
    "crop": _crop,
    "resize": _resize,
    "fit": _fit,
    "rotate": _rotate,
    "flip": _flip,
    "pad": _pad,
    "grayscale": _grayscale,
    "invert": _invert,
    "brightness": _brightness,
    "contrast": _contrast,
    "saturation": _saturation,
    "sharpen": _sharpen,
    "blur": _blur,
}


def _background(work: _Work, value: Ground) -> None:
    work.background = value.color
    work.ground, work.unused = f" on {value.name}", True


def _format(work: _Work, value: str) -> None:
    work.form = value


def _quality(work: _Work, value: int) -> None:
    work.quality = value


_CHOICES: dict[str, Callable[[_Work, Any], None]] = {
    "background": _background,
    "format": _format,
    "quality": _quality,
}


def _resized_image(work: _Work, width: int, height: int) -> "Image":
    from imagebridge.pictures.encode import resized

    _within(work, width, height)
    clear = {"LA": "La", "RGBA": "RGBa"}.get(work.image.mode, work.image.mode)
    return resized(work.image.convert(clear), width, height).convert(work.image.mode)


def _within(work: _Work, width: float, height: float) -> None:
    if max(width, height) > SIDE or width * height > PIXELS:
        scale = min(SIDE / max(width, height), (PIXELS / (width * height)) ** 0.5)
        most = f"{int(width * scale)}x{int(height * scale)}"
        problem = f"would make {width:.0f}x{height:.0f} pixels; the limit is {PIXELS:,} and {SIDE:,} per side, such as {most}"
        raise ArgumentError(work.argument, problem)


def _filled(work: _Work) -> "tuple[Image, tuple[int, ...]]":
    """Return the picture in a mode that supports the background, and the background colour in this mode."""
    work.unused = False
    clear = work.image.mode in ("LA", "RGBA")
    if work.background is None:
        return work.image.convert("RGBA"), (0, 0, 0, 0)
    if clear:
        return work.image.convert("RGBA"), (*work.background, 255)
    return work.image.convert("RGB"), work.background


def _encoded(work: _Work, *, lossless: bool) -> tuple[Picture, list[str]]:
    """Encode the picture as requested; for a format without transparency, use a white background, and add a remark."""
    from imagebridge.pictures.encode import as_picture, opaque, standard

    image, form, quality = standard(work.image), work.form, work.quality
    if form is None and quality is None:
        return as_picture(image, lossless=lossless), []
    clear = image.mode in ("LA", "RGBA")
    form = form or ("webp" if clear else "jpeg")
    remarks = [f"as {form.upper().replace('WEBP', 'WebP')}" + (f" of quality {quality}" if quality else "")]
    if clear and form == "jpeg":
        image, remarks = opaque(image), [*remarks, "transparency shown on white"]
    bare = image.copy()
    bare.info = {}
    buffer = BytesIO()
    options = {"compress_level": 6} if form == "png" else {"quality": quality or 85}
    bare.save(buffer, form.upper(), **options)
    return Picture.from_bytes(buffer.getvalue()), remarks
