"""The arguments of the tools that look at and change pictures, as models read them (see `arguments`)."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from imagebridge_tools import annotate
from imagebridge_tools.drawing.units import UNITS
from imagebridge_tools.qr_code import LARGEST, SMALLEST

from . import lenient_arguments

Picture = Annotated[str, Field(description="As in load_image.")]

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

Turn = Annotated[int, Field(description="0, 90, 180 or 270 degrees clockwise.")]

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


Pictures = Annotated[
    list[str],
    BeforeValidator(lenient_arguments.listed),
    Field(description="Pictures, as in load_image; * in a file name is any, as in trip/*.jpg."),
]

Labels = Annotated[list[str] | None, Field(description="One for each.")]


Exif = Annotated[bool, Field(description="Tell camera and place (GPS).")]

Document = Annotated[str, Field(description="A PDF or SVG, as in load_image.")]

Pages = Annotated[str, BeforeValidator(lenient_arguments.pages), Field(description="Such as 1-3, 7.")]

PageText = Annotated[bool, Field(description="Tell the text too.")]

PageSize = Annotated[int, Field(description="Longer side, 200 to 2000 pixels.")]

CodeText = Annotated[str, Field(description="What it holds.")]

CodeSize = Annotated[int, Field(description=f"{SMALLEST} to {LARGEST} pixels.")]

Correction = Annotated[Literal["L", "M", "Q", "H"], Field(description="7, 15, 25, 30% may be hidden.")]
