"""The arguments of the tools that look at and change pictures, as models read them (see `arguments`)."""

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from imagebridge_tools import annotate
from imagebridge_tools.code import LARGEST, SMALLEST
from imagebridge_tools.units import UNITS

Picture = Annotated[str, Field(description="A picture, named as in load_image.")]

Region = Annotated[
    list[float] | None,
    Field(description="[left, top, right, bottom]; all without."),
]

Units = Annotated[
    str,
    Field(description="Of all coordinates."),
    WithJsonSchema({"type": "string", "enum": list(UNITS)}),
]

Zoom = Annotated[float | None, Field(description="Pixels shown for one of the original.")]

Turn = Annotated[int, Field(description="Degrees clockwise: 0, 90, 180 or 270.")]

Contrast = Annotated[
    Any,
    Field(description="A factor, or auto."),
    WithJsonSchema({"type": ["number", "string"]}),
]

Grid = Annotated[bool, Field(description="Draw lines with the original's coordinates.")]

Marks = Annotated[
    list[Any],
    Field(
        description="at: [left, top, right, bottom] of box and redact (black out), [x, y] of point, number, text, "
        "[x, y, x, y] of an arrow to its tip, [x, y, ...] of a polygon. color: CSS name or #rrggbb.",
        examples=[[{"kind": "box", "at": [20, 30, 200, 90], "label": "door"}]],
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
    Field(description="all: both, and the changes in red."),
]

Tolerance = Annotated[int, Field(description="Levels of 255 that count as no change.")]

Operations = Annotated[
    list[Any],
    Field(
        description="Done in order, one key each: crop [left, top, right, bottom]; resize [width, height], null for a "
        "side that follows; fit [width, height]; rotate degrees clockwise; flip horizontal or vertical; pad pixels; "
        "grayscale, invert true; brightness, contrast (or auto), saturation, sharpen factor; blur radius.",
        examples=[[{"crop": [0, 0, 400, 300]}, {"resize": [800, None]}]],
    ),
    WithJsonSchema({"type": "array", "items": {"type": "object"}}),
]

Background = Annotated[str, Field(description="What rotate and pad add: a color, or transparent.")]

Format = Annotated[
    Literal["png", "jpeg", "webp"] | None, Field(description="By default as the picture asks.")
]

Quality = Annotated[int | None, Field(description="Of jpeg and webp, 1 to 100.")]

Pictures = Annotated[
    list[str],
    Field(
        description="Pictures, named as in load_image; * in a file name is any.", examples=[["trip/*.jpg"]]
    ),
]

Labels = Annotated[list[str] | None, Field(description="One for each; file names without.")]

Columns = Annotated[int | None, Field(description="As many as show them largest without.")]

Exif = Annotated[bool, Field(description="Tell the camera's notes and the place (GPS).")]

Document = Annotated[str, Field(description="A PDF or SVG, named as in load_image.")]

Pages = Annotated[str, Field(description="Such as 1-3, 7; the first 6 without.")]

PageText = Annotated[bool, Field(description="Tell the text too.")]

PageSize = Annotated[int, Field(description="Pixels of a page's longer side, 200 to 2000.")]

CodeText = Annotated[str, Field(description="The text or address to hold.")]

CodeSize = Annotated[int, Field(description=f"Pixels of its side, {SMALLEST} to {LARGEST}.")]

Correction = Annotated[
    Literal["L", "M", "Q", "H"], Field(description="7, 15, 25 or 30 percent may be hidden.")
]

SaveAs = Annotated[str | None, Field(description="Write it to this file too (png, jpg, webp).")]

Overwrite = Annotated[bool, Field(description="Replace that file.")]
