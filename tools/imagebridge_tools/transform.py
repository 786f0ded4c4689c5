"""transform_image: a list of operations done one after the other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from imagebridge.errors import ArgumentError
from imagebridge.pictures import kinds
from imagebridge.pictures.picture import Picture

from .apart import apart
from .drawing import tones
from .drawing.colors import WHITE, Color, color
from .drawing.pixels import pixels
from .drawing.units import Ruler
from .files.source import NOWHERE, Places, Source, opened
from .tool_output import JsonValue, ToolOutput, described, nearest

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("png", "jpeg", "webp")

MAX_OPERATIONS = 20
"""Operations of a call at most."""

PIXELS, SIDE = 40_000_000, 12_000
"""Pixels of a result, and of its sides, at most."""

_BLUR = 200
"""Pixels of the largest radius."""

_CLEAR = "transparent"


@dataclass(slots=True)
class _Work:
    """The picture so far, the units of its regions, the argument at work, and what was chosen for the rest of the way.

    `background` is None for transparency; `ground` names it where it was chosen, `unused` until something shows it.
    """

    image: "Image"
    units: str
    argument: str = ""
    background: Color | None = WHITE
    ground: str = ""
    unused: bool = False
    form: str | None = None
    quality: int | None = None


async def transform_image(
    source: str,
    operations: Sequence[Mapping[str, JsonValue]],
    places: Places = NOWHERE,
    *,
    units: str = "pixels",
) -> ToolOutput:
    """Do `operations`, each an object with one key, in order, with the picture that `source` names.

    crop: [left, top, right, bottom] in `units` of the picture as it is by then; resize: [width, height] in pixels, one
    of them null to keep the proportions; fit: [width, height], the largest that is within; rotate: degrees clockwise;
    flip: horizontal or vertical; pad: pixels, or [left, top, right, bottom]; grayscale, invert: true; brightness,
    contrast, saturation, sharpen: a factor from 0 to 10, 1 for no change, contrast also auto; blur: a radius in
    pixels. background: a colour, or transparent, for what rotate and pad add from there on, by default white. format:
    png, jpeg or webp, by default as the picture asks; quality: 1 to 100 for jpeg and webp.

    Raises:
        ArgumentError: no such picture, or an operation that cannot be done; it says which.
        ApartError: the work took too long or too much memory.
    """
    return await apart(transformed, await opened(source, places), operations, units)


def transformed(
    source: Source, operations: Sequence[Mapping[str, JsonValue]], units: str = "pixels"
) -> ToolOutput:
    """Do what `transform_image` says with a file that was read."""
    if not operations:
        raise ArgumentError("operations", f"is empty; give some of {', '.join(OPERATIONS)}")
    if len(operations) > MAX_OPERATIONS:
        raise ArgumentError(
            "operations", f"are {len(operations)}; at most {MAX_OPERATIONS} are done in a call"
        )
    Ruler(1, 1, units)  # Units that are none are told where no region is given, too.
    seen = pixels(source)
    work, done = _Work(seen.image, units), list[str]()
    for number, operation in enumerate(operations):
        name, value, work.argument = _operation(operation, f"operations[{number}]")
        if name in _CHOICES:
            _CHOICES[name](work, value)
            continue
        before = work.image.size
        work.image, words = _OPERATIONS[name](work, value)
        size = work.image.size
        done.append(words if size == before else f"{words} to {size[0]}x{size[1]}")
    picture, remarks = _encoded(work, lossless=kinds.kind(source.data) in kinds.LOSSLESS)
    if work.unused:
        remarks.append("background not used: it fills what rotate and pad add after it")
    steps = ", ".join([*done, *remarks]) or "as it is"
    return ToolOutput(f"{seen.description}: {steps}. {described(picture)}.", (picture,))


def _operation(operation: Mapping[str, JsonValue], path: str) -> tuple[str, JsonValue, str]:
    """Return name and value of an operation, and the path that errors name."""
    if not isinstance(operation, Mapping) or len(operation) != 1:  # pyright: ignore[reportUnnecessaryIsInstance]  # it comes from a model
        raise ArgumentError(
            path,
            'is not an object with one key such as {"rotate": 90} or {"crop": [left, top, right, bottom]}; '
            "give one operation in each",
        )
    ((name, value),) = operation.items()
    if name not in OPERATIONS:
        raise ArgumentError(path, f"has {name!r}, which is no operation; {nearest(name, OPERATIONS)}")
    return name, value, f"{path}.{name}"


def _crop(work: _Work, value: JsonValue) -> "tuple[Image, str]":
    numbers = _numbers(work, value)
    box = Ruler(*work.image.size, work.units).region(numbers, work.argument)
    left, top, right, bottom = box
    return work.image.crop(box), f"cropped at x {left} to {right}, y {top} to {bottom}"


def _resize(work: _Work, value: JsonValue) -> "tuple[Image, str]":
    width, height = _size(work, value)
    if width is None or height is None:
        scale = width / work.image.width if width else (height or 1) / work.image.height
        width = width or max(1, round(work.image.width * scale))
        height = height or max(1, round(work.image.height * scale))
    return _resized_image(work, width, height), "resized"


def _fit(work: _Work, value: JsonValue) -> "tuple[Image, str]":
    width, height = _size(work, value)
    scale = min(side / own for side, own in zip((width, height), work.image.size, strict=True) if side)
    sides = (max(1, round(own * scale)) for own in work.image.size)
    return _resized_image(work, *sides), "fitted"


def _rotate(work: _Work, value: JsonValue) -> "tuple[Image, str]":
    from PIL.Image import Resampling, Transpose

    degrees = _checked_number(work, value, -360, 360) % 360
    words = f"rotated {degrees:g} degrees clockwise"
    quarter = {0: None, 90: "ROTATE_270", 180: "ROTATE_180", 270: "ROTATE_90"}
    if degrees in quarter:
        name = quarter[int(degrees)]
        return work.image.transpose(Transpose[name]) if name else work.image, words
    _within(work, 1.5 * work.image.width, 1.5 * work.image.height)
    image, fill = _filled(work)
    return image.rotate(-degrees, Resampling.BICUBIC, expand=True, fillcolor=fill), words + work.ground


def _flip(work: _Work, value: JsonValue) -> "tuple[Image, str]":
    from PIL.Image import Transpose

    ways = {"horizontal": Transpose.FLIP_LEFT_RIGHT, "vertical": Transpose.FLIP_TOP_BOTTOM}
    if not isinstance(value, str) or value not in ways:
        raise ArgumentError(work.argument, f"is {value!r}; {nearest(str(value), ways)}")
    return work.image.transpose(
        ways[value]
    ), f"flipped {'left to right' if value == 'horizontal' else 'top to bottom'}"


def _pad(work: _Work, value: JsonValue) -> "tuple[Image, str]":
    from PIL import Image as Images

    numbers = [value] * 4 if isinstance(value, int | float) else _numbers(work, value)
    if len(numbers) != 4:
        raise ArgumentError(work.argument, "takes a number of pixels, or [left, top, right, bottom]")
    left, top, right, bottom = (round(_checked_number(work, number, 0, SIDE)) for number in numbers)
    image, fill = _filled(work)
    size = image.width + left + right, image.height + top + bottom
    _within(work, *size)
    page = Images.new(image.mode, size, fill)
    page.paste(image, (left, top))
    return page, f"padded{work.ground}"


def _grayscale(work: _Work, value: JsonValue) -> "tuple[Image, str]":
    _switch(work, value)
    return work.image.convert("LA" if work.image.mode in ("LA", "RGBA") else "L"), "made grey"


def _invert(work: _Work, value: JsonValue) -> "tuple[Image, str]":
    from PIL import ImageOps

    _switch(work, value)
    return tones.toned(work.image, ImageOps.invert), "inverted"


def _brightness(work: _Work, value: JsonValue) -> "tuple[Image, str]":
    return tones.brightened(work.image, _factor(work, value)), f"brightness times {value}"


def _contrast(work: _Work, value: JsonValue) -> "tuple[Image, str]":
    amount = tones.factor(value, work.argument, auto=True)
    return tones.contrasted(
        work.image, amount
    ), "tones stretched" if amount == "auto" else f"contrast times {amount:g}"


def _saturation(work: _Work, value: JsonValue) -> "tuple[Image, str]":
    return tones.saturated(work.image, _factor(work, value)), f"saturation times {value}"


def _sharpen(work: _Work, value: JsonValue) -> "tuple[Image, str]":
    from PIL import ImageEnhance

    amount = _factor(work, value)
    return tones.toned(
        work.image, lambda plain: ImageEnhance.Sharpness(plain).enhance(amount)
    ), f"sharpness times {value}"


def _blur(work: _Work, value: JsonValue) -> "tuple[Image, str]":
    from PIL import ImageFilter

    radius = _checked_number(work, value, 0, _BLUR)
    image = work.image
    # Mixed with what transparency hides, colours at its edges would be wrong.
    clear = {"LA": "La", "RGBA": "RGBa"}.get(image.mode, image.mode)
    return image.convert(clear).filter(ImageFilter.GaussianBlur(radius)).convert(
        image.mode
    ), f"blurred by {radius:g} px"


_Operation = Callable[[_Work, JsonValue], "tuple[Image, str]"]
_OPERATIONS: dict[str, _Operation] = {
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


def _background(work: _Work, value: JsonValue) -> None:
    named = str(value).strip().lower()
    clear = named == _CLEAR
    work.background = None if clear else color(named, work.argument, also=[_CLEAR])
    work.ground, work.unused = f" on {named}", True


def _format(work: _Work, value: JsonValue) -> None:
    if value not in FORMATS:
        raise ArgumentError(work.argument, f"is {value!r}; {nearest(str(value), FORMATS)}")
    work.form = str(value)


def _quality(work: _Work, value: JsonValue) -> None:
    work.quality = round(_checked_number(work, value, 1, 100))


_CHOICES: dict[str, Callable[[_Work, JsonValue], None]] = {
    "background": _background,
    "format": _format,
    "quality": _quality,
}

OPERATIONS = (*_OPERATIONS, *_CHOICES)
"""The names of the operations."""


def _checked_number(work: _Work, value: JsonValue, least: float, most: float) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        raise ArgumentError(work.argument, f"is {value!r}; give a number from {least} to {most}")
    return value


def _numbers(work: _Work, value: JsonValue) -> Sequence[float]:
    numbers = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    values = [one for one in numbers if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(values) != len(numbers):
        raise ArgumentError(work.argument, f"is {value!r}; give a list of numbers")
    return values


def _factor(work: _Work, value: JsonValue) -> float:
    amount = tones.factor(value, work.argument)
    assert amount != "auto"  # It is not allowed here.
    return amount


def _switch(work: _Work, value: JsonValue) -> None:
    if value is not True:
        raise ArgumentError(work.argument, f"is {value!r}; give true, or leave it out")


def _size(work: _Work, value: JsonValue) -> tuple[int | None, int | None]:
    """Return a width and a height, one of which may be left to the other."""
    sides = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []
    if len(sides) != 2 or sides == [None, None]:
        raise ArgumentError(
            work.argument, f"is {value!r}; give [width, height] in pixels, null for one that follows"
        )
    width, height = (None if side is None else round(_checked_number(work, side, 1, SIDE)) for side in sides)
    return width, height


def _resized_image(work: _Work, width: int, height: int) -> "Image":
    from imagebridge.pictures.encode import resized

    _within(work, width, height)
    clear = {"LA": "La", "RGBA": "RGBa"}.get(work.image.mode, work.image.mode)
    return resized(work.image.convert(clear), width, height).convert(work.image.mode)


def _within(work: _Work, width: float, height: float) -> None:
    if max(width, height) > SIDE or width * height > PIXELS:
        scale = min(SIDE / max(width, height), (PIXELS / (width * height)) ** 0.5)
        most = f"{int(width * scale)}x{int(height * scale)}"
        problem = f"would make {width:.0f}x{height:.0f} pixels; at most {PIXELS:,} and {SIDE:,} a side are made, such as {most}"
        raise ArgumentError(work.argument, problem)


def _filled(work: _Work) -> "tuple[Image, tuple[int, ...]]":
    """Return the picture in a mode that can hold the background, and the background in it."""
    work.unused = False
    clear = work.image.mode in ("LA", "RGBA")
    if work.background is None:
        return work.image.convert("RGBA"), (0, 0, 0, 0)
    if clear:
        return work.image.convert("RGBA"), (*work.background, 255)
    return work.image.convert("RGB"), work.background


def _encoded(work: _Work, *, lossless: bool) -> tuple[Picture, list[str]]:
    """Encode the picture as asked for; transparency that the format has no room for is laid on white, which is said."""
    from imagebridge.pictures.encode import as_picture, opaque, standard

    image, form, quality = standard(work.image), work.form, work.quality
    if form is None and quality is None:
        return as_picture(image, lossless=lossless), []
    if form == "png" and quality is not None:
        raise ArgumentError(
            "operations", "quality goes with jpeg and webp; png keeps every pixel, leave it out"
        )
    clear = image.mode in ("LA", "RGBA")
    form = form or ("webp" if clear else "jpeg")
    remarks = [f"as {form.upper().replace('WEBP', 'WebP')}" + (f" of quality {quality}" if quality else "")]
    if clear and form == "jpeg":
        image, remarks = opaque(image), [*remarks, "transparency laid on white"]
    bare = image.copy()
    bare.info = {}
    buffer = BytesIO()
    options = {"compress_level": 6} if form == "png" else {"quality": quality or 85}
    bare.save(buffer, form.upper(), **options)
    return Picture.from_bytes(buffer.getvalue()), remarks
