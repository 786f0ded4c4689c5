"""The tools' arguments as models read them: JSON Schema with descriptions and examples.

Where Pydantic would answer a wrong value with several lines about unions, the type is left open: the
schema still tells models what to give, and the tool itself says what is wrong.
"""

from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema

from imagebridge_tools import annotate
from imagebridge_tools.charts import chart_options
from imagebridge_tools.charts.plan import KINDS
from imagebridge_tools.drawing.units import UNITS
from imagebridge_tools.qr_code import LARGEST, SMALLEST

from . import lenient_arguments

_ROWS = [{"month": "Jan", "sales": 3}, {"month": "Feb", "sales": 5}]

Text = Annotated[
    str,
    Field(description="The words to show, at most 1,500 characters."),
]

_NAMED = (
    "path (absolute, or relative to an allowed folder), image:// uri of a result, file:, data: or https: URL"
)

ImageSource = Annotated[
    str,
    Field(
        description=f"A picture: its {_NAMED}.",
        examples=["photos/bridge.jpg", "image://3f2a9c01d4e7"],
    ),
]

AnySource = Annotated[
    str,
    Field(description="As in load_image."),
]

Start = Annotated[int | None, Field(description="First character of a long text.", ge=1)]

Rows = Annotated[str | None, BeforeValidator(lenient_arguments.span), Field(description="Such as 51-200.")]

PageNumber = Annotated[int | None, Field(description="One page of a TIFF, counted from 1.", ge=1)]

FrameNumber = Annotated[int | None, Field(description="One frame of an animation, counted from 1.", ge=1)]

MaxSize = Annotated[int | None, Field(description="Most pixels of the longer side.", ge=16)]

SaveAs = Annotated[
    str | None,
    Field(description="Also write it, full size, to this png, jpg or webp file below a writable folder."),
]

Overwrite = Annotated[bool, Field(description="Let save_as replace a file.")]

ChartKinds = Annotated[
    Any,
    Field(description="A list of bar, line, area, scatter draws one for each field of y over each other."),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "enum": list(KINDS)}, {"type": "array", "items": {"type": "string"}}]}
    ),
]

Data = Annotated[
    Any,
    Field(
        description="Rows, columns, CSV or JSON text, or a file (xlsx too), named as pictures are in load_image; "
        "dates and numbers as people write them. With spec, it replaces the spec's data. Over 20,000 rows are "
        "made fewer.",
        examples=[_ROWS, "sales.csv"],
    ),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"type": "object"}},
                {"type": "object"},
                {"type": "string"},
            ]
        }
    ),
]

SheetName = Annotated[str | None, Field(description="Of a workbook; else the first.")]

_TEXT: dict[str, Any] = {"type": "string"}


def _by(*roles: str, **more: Any) -> WithJsonSchema:
    properties = dict.fromkeys(roles, _TEXT) | more
    return WithJsonSchema({"type": "object", "properties": properties, "additionalProperties": False})


Columns = Annotated[
    dict[str, Any] | None,
    Field(
        description="Which field of data is x, y, color (series, at most 20) and facet (small charts side by side, "
        "at most 24); y may be several, or count. Missing ones are guessed.",
        examples=[{"x": "month", "y": "sales", "color": "region"}],
    ),
    _by("x", "color", "facet", y={"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}),
]

Stack = Annotated[
    Any,
    Field(
        description="Colors of bar, area, histogram: on each other (true), as shares (normalize), or not (false)."
    ),
    WithJsonSchema({"enum": [True, False, "normalize"]}),
]

Aggregate = Annotated[
    Any,
    Field(description="Of the rows of a place; bars add up."),
    WithJsonSchema({"enum": list(chart_options.AGGREGATES)}),
]

Sort = Annotated[
    Any, Field(description="Bars by size."), WithJsonSchema({"enum": list(chart_options.ORDERS)})
]

Scales = Annotated[Any, Field(description='As {"y": "log"}, or symlog.'), WithJsonSchema({"type": "object"})]

Ranges = Annotated[Any, Field(description='As {"y": [0, 100]}.'), WithJsonSchema({"type": "object"})]

Labels = Annotated[Any, Field(description="Write numbers at marks."), WithJsonSchema({"type": "boolean"})]

Title = Annotated[str | None, Field(description="Above the chart."), WithJsonSchema(_TEXT)]

Subtitle = Annotated[str | None, Field(description="Below the title."), WithJsonSchema(_TEXT)]

Titles = Annotated[
    dict[str, str] | None,
    Field(description="Words for axes and legend."),
    _by("x", "y", "color"),
]

Formats = Annotated[
    dict[str, str] | None,
    Field(
        description="D3 formats of numbers or dates.", examples=[{"x": "%b %Y", "y": ",.1f", "color": ".0%"}]
    ),
    _by("x", "y", "color"),
]

ThemeName = Literal["light", "dark"]

_SIDE = {"type": "integer", "minimum": 150, "maximum": 8000}

Width = Annotated[
    int | None,
    Field(
        description="Pixels of the whole picture; 800 by default.",
        ge=150,
        le=8000,
    ),
    WithJsonSchema(_SIDE),
]

Height = Annotated[
    int | None,
    Field(description="Its height; 500 by default.", ge=150, le=8000),
    WithJsonSchema(_SIDE),
]

Scale = Annotated[float, Field(description="Pixels for each of width and height.", ge=0.5, le=4)]

Spec = Annotated[
    Any,
    Field(
        description="A Vega-Lite 6 spec for what kind does not offer. Its rows are inline, "
        "or come from data; files and web addresses in it are refused.",
        examples=[
            {
                "mark": "bar",
                "encoding": {"x": {"field": "month"}, "y": {"field": "sales"}},
            }
        ],
    ),
    WithJsonSchema({"anyOf": [{"type": "object"}, {"type": "string"}]}),
]

ReturnSpec = Annotated[
    bool,
    Field(description="Also answer with the Vega-Lite drawn."),
]

Prompt = Annotated[
    str,
    Field(description="What the picture shows, in words."),
]

Size = Annotated[
    str,
    Field(
        description="auto, or WIDTHxHEIGHT in pixels, both divisible by 16.",
        examples=["1536x1024"],
    ),
]

Format = Annotated[Literal["png", "jpeg", "webp"], Field(description="The format of the file.")]

Quality = Annotated[
    Literal["low", "medium", "high", "xhigh", "max", "auto"] | None,
    Field(description="Higher is slower and dearer."),
]

Background = Annotated[
    Literal["transparent", "opaque", "auto"] | None, Field(description="transparent goes with png and webp.")
]

Compression = Annotated[
    int | None, Field(description="Percent for jpeg and webp; 100 looks best.", ge=0, le=100)
]

Count = Annotated[int, Field(description="How many pictures; each costs.", ge=1, le=10)]

Partial = Annotated[
    int,
    Field(
        description="Unfinished pictures kept on the way; progress names their uris.",
        ge=0,
        le=3,
    ),
]

Images = Annotated[
    list[str],
    Field(
        description="1 to 16 pictures to change or combine, named as in load_image.",
        min_length=1,
        max_length=16,
    ),
]

Mask = Annotated[
    str | None,
    Field(description="A picture of the first one's size, transparent where that shall change."),
]


def explained(error: ValidationError, names: list[str]) -> str:
    """Say what is wrong with a call's arguments and what to give; `names` are those that the tool has."""
    return "; ".join(
        dict.fromkeys(_problem(one["loc"], one["type"], one["msg"], names) for one in error.errors())
    )


def _problem(place: tuple[int | str, ...], kind: str, message: str, names: list[str]) -> str:
    name = str(place[0]) if place else "arguments"
    if kind == "missing":
        return f"{name} is missing"
    if kind == "extra_forbidden":
        nearest = get_close_matches(name, names, 1, 0.5)
        hint = f"did you mean {nearest[0]}?" if nearest else f"there are: {', '.join(names)}"
        return f"{name} is no argument of this tool; {hint}"
    return f"{name}: {message[:1].lower()}{message[1:]}"


SourceImage = Annotated[str, Field(description="As in load_image.")]


Region = Annotated[
    list[float] | None,
    BeforeValidator(lenient_arguments.region),
    Field(description="[left, top, right, bottom]; all without."),
]


Units = Annotated[
    str,
    WithJsonSchema({"type": "string", "enum": list(UNITS)}),
]


Zoom = Annotated[float | None, Field(description="Pixels shown for one.")]


Rotation = Annotated[int, Field(description="0, 90, 180 or 270 degrees clockwise.")]


Contrast = Annotated[
    Any,
    Field(description="A factor, or auto."),
    WithJsonSchema({"anyOf": [{"type": ["number", "string"]}, {"type": "null"}]}),
]


Grid = Annotated[bool, Field(description="Draw lines at coordinates.")]


Marks = Annotated[
    list[Any],
    Field(
        description="at: [left, top, right, bottom] of box and redact (black out), [x, y] of point, number, text, "
        "[x, y, x, y] of an arrow to its tip, [x, y, ...] of a polygon.",
    ),
    WithJsonSchema(
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "kind": {"enum": list(annotate.KINDS)},
                    "at": {"type": "array", "items": {"type": "number"}},
                    "label": {"type": "string"},
                    "color": {"type": "string"},
                },
                "required": ["kind", "at"],
            },
        }
    ),
]


Show = Annotated[
    Literal["all", "side_by_side", "overlay", "difference"],
    Field(description="all is both and the overlay."),
]


Tolerance = Annotated[int, Field(description="Of 255: less is no change.")]


Operations = Annotated[
    list[Any],
    Field(
        description="In order, one key each: crop [left, top, right, bottom]; resize [width, height], null for a side that "
        "follows; fit [width, height]; rotate degrees clockwise; flip horizontal or vertical; pad pixels; grayscale, "
        "invert true; brightness, contrast (or auto), saturation, sharpen factor; blur radius; background color or "
        "transparent; format png, jpeg or webp; quality 1-100.",
        examples=[[{"crop": [0, 0, 40, 30]}, {"resize": [800, None]}]],
    ),
    WithJsonSchema({"type": "array", "items": {"type": "object"}}),
]


SourceImages = Annotated[
    list[str],
    BeforeValidator(lenient_arguments.listed),
    Field(description="Pictures, as in load_image; * in a file name is any, as in trip/*.jpg."),
]


CellLabels = Annotated[list[str] | None, Field(description="One for each.")]


Exif = Annotated[bool, Field(description="Tell camera and place (GPS).")]


Document = Annotated[str, Field(description="A PDF or SVG, as in load_image.")]


PageRange = Annotated[str, BeforeValidator(lenient_arguments.pages), Field(description="Such as 1-3, 7.")]


PageText = Annotated[bool, Field(description="Tell the text too.")]


PageSize = Annotated[int, Field(description="Longer side, 200 to 2000 pixels.")]


CodeText = Annotated[str, Field(description="What it holds.")]


CodeSize = Annotated[int, Field(description=f"{SMALLEST} to {LARGEST} pixels.")]


Correction = Annotated[Literal["L", "M", "Q", "H"], Field(description="7, 15, 25, 30% may be hidden.")]
