"""The tools' arguments as models read them: JSON Schema with descriptions and examples.

Where Pydantic would answer a wrong value with several lines about unions, the type is left open: the
schema still tells models what to give, and the tool itself says what is wrong.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from imagebridge_tools import annotate, compare
from imagebridge_tools.charts import chart_options
from imagebridge_tools.charts.chart_options import KINDS
from imagebridge_tools.drawing.units import UNITS
from imagebridge_tools.qr_code import LARGEST, LEVELS, SMALLEST

from . import lenient_arguments

_ROWS = [{"month": "Jan", "sales": 3}, {"month": "Feb", "sales": 5}]

_WORDS = BeforeValidator(lenient_arguments.text)
_PIXELS = BeforeValidator(lenient_arguments.number)
_ALONE = BeforeValidator(lenient_arguments.alone)
"""For texts that may come as numbers, numbers that may come with their unit, one text that may come as a list."""

Text = Annotated[
    str,
    _WORDS,
    Field(description="The words to show, at most 1,500 characters."),
]

_NAMED = (
    "path (absolute, or relative to an allowed folder), image:// uri of a result, file:, data: or https: URL"
)

ImageSource = Annotated[
    str,
    _ALONE,
    Field(
        description=f"A picture: its {_NAMED}.",
        examples=["photos/bridge.jpg", "image://3f2a9c01d4e7"],
    ),
]

AnySource = Annotated[
    str,
    _ALONE,
    Field(description="As in load_image."),
]

Start = Annotated[int | None, Field(description="First character of a long text.", ge=1)]

Rows = Annotated[str | None, BeforeValidator(lenient_arguments.span), Field(description="Such as 51-200.")]

PageNumber = Annotated[int | None, Field(description="One page of a TIFF, counted from 1.", ge=1)]

FrameNumber = Annotated[int | None, Field(description="One frame of an animation, counted from 1.", ge=1)]

MaxSize = Annotated[int | None, _PIXELS, Field(description="Most pixels of the longer side.", ge=16)]

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

SheetName = Annotated[str | None, _WORDS, Field(description="Of a workbook; else the first.")]

_TEXT: dict[str, Any] = {"type": "string"}


def _by(*roles: str, **more: Any) -> WithJsonSchema:
    properties = dict.fromkeys(roles, _TEXT) | more
    return WithJsonSchema({"type": "object", "properties": properties, "additionalProperties": False})


Columns = Annotated[
    Any,
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

Title = Annotated[str | None, _WORDS, Field(description="Above the chart."), WithJsonSchema(_TEXT)]

Subtitle = Annotated[str | None, _WORDS, Field(description="Below the title."), WithJsonSchema(_TEXT)]

Titles = Annotated[
    Any,
    Field(description="Words for axes and legend."),
    _by("x", "y", "color"),
]

Formats = Annotated[
    Any,
    Field(
        description="D3 formats of numbers or dates.", examples=[{"x": "%b %Y", "y": ",.1f", "color": ".0%"}]
    ),
    _by("x", "y", "color"),
]

ThemeName = Annotated[Literal["light", "dark"], BeforeValidator(lenient_arguments.word(("light", "dark")))]

_SIDE = {"type": "integer", "minimum": 150, "maximum": 8000}

Width = Annotated[
    int | None,
    _PIXELS,
    Field(
        description="Pixels of the whole picture; 800 by default.",
        ge=150,
        le=8000,
    ),
    WithJsonSchema(_SIDE),
]

Height = Annotated[
    int | None,
    _PIXELS,
    Field(description="Its height; 500 by default.", ge=150, le=8000),
    WithJsonSchema(_SIDE),
]

Scale = Annotated[
    float,
    BeforeValidator(lenient_arguments.zoom),
    Field(description="Pixels for each of width and height.", ge=0.5, le=4),
]

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
    BeforeValidator(lenient_arguments.size),
    Field(
        description="auto, or WIDTHxHEIGHT in pixels, both divisible by 16.",
        examples=["1536x1024"],
    ),
]

_FORMATS = ("png", "jpeg", "webp")
_FORMATS_MEANT = {"jpg": "jpeg"} | {f"{start}{one}": one for start in (".", "image/") for one in _FORMATS}

Format = Annotated[
    Literal["png", "jpeg", "webp"],
    BeforeValidator(lenient_arguments.word(_FORMATS, _FORMATS_MEANT)),
    Field(description="The format of the file."),
]

Quality = Annotated[
    Literal["low", "medium", "high", "xhigh", "max", "auto"] | None,
    BeforeValidator(lenient_arguments.word(("low", "medium", "high", "xhigh", "max", "auto"))),
    Field(description="Higher is slower and dearer."),
]

Background = Annotated[
    Literal["transparent", "opaque", "auto"] | None,
    BeforeValidator(lenient_arguments.word(("transparent", "opaque", "auto"))),
    Field(description="transparent goes with png and webp."),
]

Compression = Annotated[
    int | None,
    BeforeValidator(lenient_arguments.percent),
    Field(description="Percent for jpeg and webp; 100 looks best.", ge=0, le=100),
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
    BeforeValidator(lenient_arguments.listed),
    Field(
        description="1 to 16 pictures to change or combine, named as in load_image.",
        min_length=1,
        max_length=16,
    ),
]

Mask = Annotated[
    str | None,
    _ALONE,
    Field(description="A picture of the first one's size, transparent where that shall change."),
]


SourceImage = Annotated[str, _ALONE, Field(description="As in load_image.")]


Region = Annotated[
    list[float] | None,
    BeforeValidator(lenient_arguments.region),
    Field(description="[left, top, right, bottom]; all without."),
]


_UNITS_MEANT = {"px": "pixels", "pixel": "pixels"} | dict.fromkeys(("normalized", "relative"), "0-1")

Units = Annotated[
    str,
    BeforeValidator(lenient_arguments.word(tuple(UNITS), _UNITS_MEANT)),
    WithJsonSchema({"type": "string", "enum": list(UNITS)}),
]


Zoom = Annotated[
    float | None, BeforeValidator(lenient_arguments.zoom), Field(description="Pixels shown for one.")
]


Rotation = Annotated[int, _PIXELS, Field(description="0, 90, 180 or 270 degrees clockwise.")]


Contrast = Annotated[
    Any,
    BeforeValidator(lenient_arguments.factor),
    Field(description="A factor, or auto."),
    WithJsonSchema({"anyOf": [{"type": ["number", "string"]}, {"type": "null"}]}),
]


Grid = Annotated[bool, Field(description="Draw lines at coordinates.")]


Marks = Annotated[
    list[Any],
    BeforeValidator(lenient_arguments.listed),
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
    BeforeValidator(lenient_arguments.word(compare.SHOWS, {"diff": "difference"})),
    Field(description="all is both and the overlay."),
]


Tolerance = Annotated[int, Field(description="Of 255: less is no change.")]


Operations = Annotated[
    list[Any],
    BeforeValidator(lenient_arguments.listed),
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


CellLabels = Annotated[
    list[str] | None, BeforeValidator(lenient_arguments.texts), Field(description="One for each.")
]


Exif = Annotated[bool, Field(description="Tell camera and place (GPS).")]


Document = Annotated[str, _ALONE, Field(description="A PDF or SVG, as in load_image.")]


PageRange = Annotated[str, BeforeValidator(lenient_arguments.pages), Field(description="Such as 1-3, 7.")]


PageText = Annotated[bool, Field(description="Tell the text too.")]


PageSize = Annotated[int, _PIXELS, Field(description="Longer side, 200 to 2000 pixels.")]


CodeText = Annotated[str, _WORDS, Field(description="What it holds.")]


CodeSize = Annotated[int, _PIXELS, Field(description=f"{SMALLEST} to {LARGEST} pixels.")]


_LEVELS_MEANT = {"low": "L", "medium": "M", "quartile": "Q", "high": "H"}

Correction = Annotated[
    Literal["L", "M", "Q", "H"],
    BeforeValidator(lenient_arguments.word(tuple(LEVELS), _LEVELS_MEANT)),
    Field(description="7, 15, 25, 30% may be hidden."),
]
