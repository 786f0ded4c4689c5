"""annotate_image: draws boxes, points, arrows, polygons, numbers and text on a picture, and blacks out areas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

from imagebridge.errors import ArgumentError, counted, together

from .apart import apart
from .arguments import AnySource
from .declaration import Argument, tool
from .drawing import strokes
from .drawing.captions import Bounds, Captions
from .drawing.colors import BLACK, Color, color, over, standing_out
from .drawing.pixels import pixels
from .drawing.text import bundled
from .drawing.units import PLACE_KEYS, Ruler, Units, coordinates
from .files.source import NOWHERE, Places, Source, opened
from .lenient_values import listed
from .mistakes import Mistakes, Noted
from .tool_output import JsonValue, ToolOutput, described, nearest_allowed

if TYPE_CHECKING:
    from PIL.Image import Image

KINDS = {"box": 4, "point": 2, "arrow": 4, "polygon": 0, "number": 2, "text": 2, "redact": 4}
"""The kinds of marks, and how many numbers `at` contains for each; 0 means any even count of 6 or more."""

MAX_MARKS, MAX_CORNERS, MAX_CHARACTERS = 200, 500, 300
"""The maximum number of marks per call, corners per polygon and characters per label."""

_KEYS = ("kind", "at", "label", "color")
_TOLD = 20

_LETTER_SHARE = 45
"""The side of a square with the same area as the picture, divided by the height of letters."""

_LARGEST_LETTERS, _SMALLEST_LETTERS = 200, 12


@dataclass(frozen=True, slots=True)
class _Mark:
    """A mark in pixels; `path` is its position in the arguments, and `chosen` whether its colour was specified."""

    path: str
    kind: str
    points: list[tuple[float, float]]
    label: str
    named: str
    color: Color
    chosen: bool
    number: int = 0

    @property
    def box(self) -> Bounds:
        across, down = [x for x, _ in self.points], [y for _, y in self.points]
        return min(across), min(down), max(across), max(down)


Marks = Annotated[
    Sequence[Mapping[str, JsonValue]],
    Argument(
        "The marks. at is [left, top, right, bottom] for box and redact (black out), [x, y] for point, number and text, "
        "[x, y, x, y] for an arrow, ending at its tip, and [x, y, ...] for a polygon.",
        reading=listed,
        json_type=list[Any],
        schema={
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "kind": {"enum": list(KINDS)},
                    "at": {"type": "array", "items": {"type": "number"}},
                    "label": {"type": "string"},
                    "color": {"type": "string"},
                },
                "required": ["kind", "at"],
            },
        },
        form='give a list such as [{"kind": "box", "at": [10, 20, 200, 80]}]',
        names=("annotations", "shapes", "boxes"),
    ),
]


@tool("Annotate a picture", "Draw marks on a picture, or black out parts of it permanently.", saves=True)
async def annotate_image(
    source: AnySource,
    marks: Marks,
    places: Places = NOWHERE,
    *,
    units: Units = "pixels",
    noted: Noted = (),
) -> ToolOutput:
    """Draw marks on the picture that `source` names; all coordinates are in `units`.

    A mark is `{"kind", "at", "label", "color"}`, with the last two optional. `at` is `[left, top, right, bottom]` for a box
    or an area to black out (`redact`), `[x, y]` for a point, number or text, `[x, y, x, y]` for an arrow from tail to
    tip, and `[x, y, x, y, ...]` for a polygon. Number marks are numbered automatically. Without a colour, a mark gets
    the one that stands out best. Blacked-out content is no longer in the file. `noted` contains the mistakes found so
    far; they are reported together with those found here.

    Raises:
        ArgumentError: the picture does not exist, or marks cannot be drawn; the error reports every mistake.
        ApartError: the work took too long or too much memory.
    """
    mistakes = Mistakes(noted)

    def look_without_it() -> None:
        mistakes.of(lambda: Ruler(1, 1, units))
        mistakes.of(lambda: _every(marks, None, None))

    file = await mistakes.needed(opened(source, places), look_without_it)
    return await apart(annotated, file, marks, units, mistakes.found)


def annotated(
    source: Source,
    marks: Sequence[Mapping[str, JsonValue]],
    units: str = "pixels",
    noted: Noted = (),
) -> ToolOutput:
    """Do the work of `annotate_image` on a file that has already been read."""
    mistakes = Mistakes(noted)
    seen = mistakes.of(lambda: pixels(source))
    ruler = mistakes.of(lambda: Ruler(*(seen.image.size if seen else (1, 1)), units))
    image = seen.image.convert("RGBA" if seen.image.mode in ("LA", "RGBA") else "RGB") if seen else None
    every = mistakes.of(lambda: _every(marks, ruler if seen else None, image))
    if seen is None or image is None or every is None or mistakes.found:
        raise mistakes.error()
    read = _numbered(every)
    remarks = _draw_marks(image, read)
    from imagebridge.pictures.encode import as_picture

    picture = as_picture(image)
    sentences = "; ".join(_mark_in_words(mark) for mark in read[:_TOLD])
    more = f"; and {len(read) - _TOLD} more" if len(read) > _TOLD else ""
    return ToolOutput(
        f"{seen.description} with {counted(len(read), 'mark')}, in pixels: {sentences}{more}{remarks}. {described(picture)}.",
        (picture,),
    )


def _every(
    marks: Sequence[Mapping[str, JsonValue]], ruler: Ruler | None, image: "Image | None"
) -> list[_Mark]:
    """Check all marks and report every mistake together; without a picture, check only the form of the marks."""
    if not marks:
        raise ArgumentError("marks", f"is empty; give marks of the kinds {', '.join(KINDS)}; {_FORM}")
    if len(marks) > MAX_MARKS:
        raise ArgumentError("marks", f"has {len(marks)} marks; give at most {MAX_MARKS} per call")
    read: list[_Mark] = []
    wrong: list[ArgumentError] = []
    for at, mark in enumerate(marks):
        try:
            read.append(_checked_mark(_with_known_names(mark), f"marks[{at}]", ruler, image))
        except ArgumentError as error:
            wrong.append(error)
    if wrong:
        if len(wrong) > _TOLD:
            others = counted(len(wrong) - _TOLD, "more mark is", "more marks are")
            wrong[_TOLD:] = [ArgumentError("marks", f"{others} wrong")]
        raise together(wrong)
    return read


_MEANT = {
    "type": "kind",
    "shape": "kind",
    **dict.fromkeys(
        ("box", "bbox", "region", "rect", "bounds", "points", "position", "xy", "coordinates"), "at"
    ),
    **dict.fromkeys(("text", "caption", "name"), "label"),
    "colour": "color",
}
"""Other names that models use for the keys of a mark, each unambiguous."""

_KINDS_MEANT = {
    **dict.fromkeys(("rectangle", "rect", "square", "bbox", "bounding_box"), "box"),
    "dot": "point",
    "label": "text",
    **dict.fromkeys(("blackout", "black_out", "censor", "redaction"), "redact"),
}


def _with_known_names(mark: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Return a mark with the standard names, and its position as `at`, if that is unambiguous."""
    if not isinstance(mark, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]  # it comes from a model
        return mark
    fields: dict[str, JsonValue] = {}
    for key, value in mark.items():
        name = _MEANT.get(key, key)
        fields[name if name == key or (name not in mark and name not in fields) else key] = value
    if "at" not in fields and (keys := next((one for one in PLACE_KEYS if set(one) <= set(fields)), None)):
        fields["at"] = {key: fields.pop(key) for key in keys}
    if "at" in fields:
        fields["at"] = coordinates(fields["at"])
    if isinstance(kind := fields.get("kind"), str):
        plain = kind.strip().casefold().replace("-", "_").replace(" ", "_")
        fields["kind"] = _KINDS_MEANT.get(plain, plain if plain in KINDS else kind)
    return fields


_FORM = 'write {"kind": "box", "at": [left, top, right, bottom]} or {"kind": "point", "at": [x, y]}'


def _checked_mark(
    mark: Mapping[str, JsonValue], path: str, ruler: Ruler | None, image: "Image | None"
) -> _Mark:
    """Check one mark and convert its numbers to pixels; without a picture, check only what does not need one.

    Raises:
        ArgumentError: the mark is invalid; the error reports everything that is wrong with it.
    """
    if not isinstance(mark, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]  # it comes from a model
        raise ArgumentError(path, f"is {mark!r}, which is not an object; {_FORM}")
    mistakes = Mistakes()
    if others := [key for key in mark if key not in _KEYS]:
        named = ", ".join(map(repr, others))
        mistakes.add(
            ArgumentError(
                path, f"has {named}, which marks do not have; {nearest_allowed(others[0], _KEYS)}; {_FORM}"
            )
        )
    kind = mistakes.of(lambda: _kind(mark, path)) or ""
    label = mistakes.of(lambda: _label(mark, kind, path)) or ""
    wanted = mistakes.of(lambda: _word(mark, "color", path)) or ""
    value = BLACK if kind == "redact" or not wanted else mistakes.of(lambda: color(wanted, f"{path}.color"))
    points = mistakes.of(lambda: _points(kind, _flat(mark.get("at"), f"{path}.at"), f"{path}.at", ruler))
    if value is None or points is None or mistakes.found:
        raise mistakes.error()
    named = "black" if kind == "redact" else wanted
    # For a mark that cannot be measured, in unknown units, no point can be computed.
    if not named and image is not None and points:
        across, down = [x for x, _ in points], [y for _, y in points]
        named, value = standing_out(image, (min(across), min(down), max(across), max(down)))
    return _Mark(path, kind, points, label, named, value, bool(wanted))


def _kind(mark: Mapping[str, JsonValue], path: str) -> str:
    kind = _word(mark, "kind", path)
    if not kind:
        raise ArgumentError(f"{path}.kind", f"is missing; give one of {', '.join(KINDS)}; {_FORM}")
    if kind not in KINDS:
        raise ArgumentError(f"{path}.kind", f"is {kind!r}; {nearest_allowed(kind, KINDS)}; {_FORM}")
    return kind


def _label(mark: Mapping[str, JsonValue], kind: str, path: str) -> str:
    label = _word(mark, "label", path)
    if kind == "text" and not label:
        raise ArgumentError(f"{path}.label", "is missing; it is the text to write")
    if len(label) > MAX_CHARACTERS:
        raise ArgumentError(f"{path}.label", f"has {len(label)} characters; give at most {MAX_CHARACTERS}")
    return label


def _word(mark: Mapping[str, JsonValue], key: str, path: str) -> str:
    value = mark.get(key)
    if value is not None and not isinstance(value, str | int | float):
        raise ArgumentError(f"{path}.{key}", f"is {value!r}, which is not text")
    text = "" if value is None else str(value)
    return "\n".join(
        "".join(c for c in line if c.isprintable()).strip() for line in text.expandtabs(4).splitlines()
    ).strip()


def _flat(at: JsonValue, path: str) -> list[float]:
    """Return the numbers of `at`; points may be nested lists."""
    if at is None:
        raise ArgumentError(path, f"is missing; {_FORM}")
    numbers: list[float] = []
    for value in at if isinstance(at, Sequence) and not isinstance(at, str) else (at,):
        if isinstance(value, Sequence) and not isinstance(value, str):
            numbers += _flat(value, path)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            numbers.append(value)
        else:
            raise ArgumentError(path, f"is {at!r}, which is not a list of numbers; {_FORM}")
    return numbers


def _points(kind: str, numbers: list[float], path: str, ruler: Ruler | None) -> list[tuple[float, float]]:
    """Return the points of a mark in pixels; if the picture or the kind is unknown, only check their count."""
    if kind not in KINDS:
        return []
    wanted = KINDS[kind]
    told = counted(len(numbers), "number")
    if wanted and len(numbers) != wanted:
        shape = {"box": "[left, top, right, bottom]", "arrow": "[x, y, x, y] from tail to tip"}
        form = shape.get("box" if kind == "redact" else kind, "[x, y]")
        raise ArgumentError(path, f"has {told}; a mark of kind {kind} needs {form}")
    if not wanted and not 6 <= len(numbers) <= 2 * MAX_CORNERS:
        raise ArgumentError(path, f"has {told}; a polygon needs the x and y of 3 to {MAX_CORNERS} corners")
    if ruler is None:
        return []
    if kind in ("box", "redact"):
        left, top, right, bottom = ruler.region(numbers, path)
        return [(left, top), (right, bottom)]
    points = ruler.pixels(numbers, path)
    if kind == "arrow" and points[0] == points[1]:
        raise ArgumentError(path, "starts where it ends; give [x, y, x, y] from tail to tip")
    return points


def _numbered(marks: Sequence[_Mark]) -> list[_Mark]:
    """Number the marks; those without a colour of their own get the colour of the first one."""
    done: list[_Mark] = []
    numbers: list[_Mark] = []
    for mark in marks:
        if mark.kind == "number":
            first = mark if mark.chosen or not numbers else numbers[0]
            mark = replace(mark, number=len(numbers) + 1, named=first.named, color=first.color)
            numbers.append(mark)
        done.append(mark)
    return done


def _draw_marks(image: "Image", marks: Sequence[_Mark]) -> str:
    """Draw the marks, blacked-out areas first and labels last. Returns remarks on letters that cannot be drawn."""
    side = (image.width * image.height) ** 0.5
    letters = min(max(side / _LETTER_SHARE, _SMALLEST_LETTERS), _LARGEST_LETTERS)
    width = max(2, round(letters / 7))
    captions = Captions(image, letters)
    for mark in sorted(marks, key=lambda one: one.kind != "redact"):
        _shape(image, mark, width, letters, captions)
    # Texts have fixed positions; labels are then placed around them.
    for mark in sorted(marks, key=lambda one: one.kind != "text"):
        if mark.kind == "text":
            captions.at(mark.label, mark.points[0], mark.color, f"{mark.path}.label")
        elif mark.kind == "redact" and mark.label:
            captions.within(mark.label, mark.box, mark.color, f"{mark.path}.label")
        elif mark.label:
            tail = mark.points[0]
            anchor = (*tail, *tail) if mark.kind == "arrow" else mark.box
            gap = {"number": letters, "point": width * 2.5}.get(mark.kind, width)
            captions.beside(mark.label, anchor, mark.color, gap, f"{mark.path}.label")
    return "".join(captions.boxes)


def _shape(image: "Image", mark: _Mark, width: int, letters: float, captions: Captions) -> None:
    """Draw a mark without its label."""
    first, last = mark.points[0], mark.points[-1]
    match mark.kind:
        case "redact":
            left, top, right, bottom = (int(value) for value in mark.box)
            black = BLACK if image.mode == "RGB" else (*BLACK, 255)
            image.paste(black, (left, top, right, bottom))
        case "box":
            strokes.frame(image, mark.box, mark.color, width)
        case "polygon":
            strokes.path(image, mark.points, mark.color, width, closed=True)
        case "arrow":
            strokes.arrow(image, first, last, mark.color, width)
            for step in range(13):
                x, y = (a + (b - a) * step / 12 for a, b in zip(first, last, strict=True))
                captions.avoid((x - width, y - width, x + width, y + width))
        case "point":
            strokes.disc(image, first, mark.color, 1.8 * width, max(1.0, width / 3))
            captions.avoid(_around(first, 2 * width))
        case "number":
            _numeral(image, mark, letters, captions)
        case _:
            pass


def _numeral(image: "Image", mark: _Mark, letters: float, captions: Captions) -> None:
    """Draw a number in a circle that lies inside the picture."""
    from PIL import ImageDraw

    radius = min(letters * 0.8, min(image.size) / 2)
    x, y = (min(max(at, radius), side - radius) for at, side in zip(mark.points[0], image.size, strict=True))
    strokes.disc(image, (x, y), mark.color, radius - 1, max(1.0, radius / 10))
    text = str(mark.number)
    font = bundled(radius * (1.3 if len(text) == 1 else 2.2 / len(text)))
    ink = over(mark.color) if image.mode == "RGB" else (*over(mark.color), 255)
    left, top, right, bottom = font.getbbox(text, anchor="ls")
    ImageDraw.Draw(image).text((x - (left + right) / 2, y - (top + bottom) / 2), text, ink, font, "ls")
    captions.avoid(_around((x, y), radius))


def _around(point: tuple[float, float], reach: float) -> Bounds:
    return point[0] - reach, point[1] - reach, point[0] + reach, point[1] + reach


def _mark_in_words(mark: _Mark) -> str:
    """Describe a mark and its position, in pixels."""
    left, top, right, bottom = (round(value) for value in mark.box)
    name = f"number {mark.number}" if mark.kind == "number" else mark.kind
    label = f" {' '.join(mark.label.split())!r}" if mark.label else ""
    match mark.kind:
        case "redact":
            return f"blacked out{label} x {left} to {right}, y {top} to {bottom}"
        case "arrow":
            (x0, y0), (x1, y1) = mark.points
            return f"{mark.named} arrow{label} from ({x0:.0f}, {y0:.0f}) to ({x1:.0f}, {y1:.0f})"
        case "box" | "polygon":
            return f"{mark.named} {name}{label} x {left} to {right}, y {top} to {bottom}"
        case _:
            return f"{mark.named} {name}{label} at ({left}, {top})"
