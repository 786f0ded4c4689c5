"""The tools' arguments as models read them: JSON Schema with descriptions and examples.

Where Pydantic would answer a wrong value with several lines about unions, the type is left open: the
schema still tells models what to give, and the tool itself says what is wrong.
"""

from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, WithJsonSchema

from imagebridge_tools.plan import KINDS

_ROWS = [{"month": "Jan", "sales": 3}, {"month": "Feb", "sales": 5}]

Text = Annotated[
    str,
    Field(description="The words to show, at most 1,500 characters.", examples=["Hello from imagebridge"]),
]

Source = Annotated[
    str,
    Field(
        description="A picture: its path (absolute, or relative to an allowed folder), a file: URL or a data: URL.",
        examples=["photos/bridge.jpg", "file:///home/ann/photos/bridge.jpg"],
    ),
]

Kind = Annotated[
    Any,
    Field(
        description="The kind of chart; give this or spec. A list of bar, line, area, scatter draws a kind for each field "
        "of y over each other."
    ),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "enum": list(KINDS)}, {"type": "array", "items": {"type": "string"}}]}
    ),
]

Data = Annotated[
    Any,
    Field(
        description="Rows, columns, CSV, TSV or JSON text, a data: URL of these, or the path of such a file below an "
        "allowed folder; numbers written as 3.5 or 1200. With spec, it replaces the spec's data. Over 20,000 rows are "
        "aggregated or sampled, and the answer says how.",
        examples=[_ROWS, {"month": ["Jan", "Feb"], "sales": [3, 5]}, "sales.csv"],
    ),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"type": "object"}},
                {"type": "object", "additionalProperties": {"type": "array"}},
                {"type": "string"},
            ]
        }
    ),
]

_TEXT: dict[str, Any] = {"type": "string"}


def _by(*roles: str, **more: Any) -> WithJsonSchema:
    properties = dict.fromkeys(roles, _TEXT) | more
    return WithJsonSchema({"type": "object", "properties": properties, "additionalProperties": False})


Columns = Annotated[
    dict[str, Any] | None,
    Field(
        description="Which field of data is x, y, color (series, at most 20) and facet (small charts side by side, "
        "at most 24); y may be several. Missing ones are guessed.",
        examples=[{"x": "month", "y": "sales", "color": "region"}],
    ),
    _by("x", "color", "facet", y={"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}),
]

Stack = Annotated[
    bool | Literal["normalize"] | None,
    Field(
        description="Colors of bar, area, histogram: on each other (true), as shares (normalize), or not (false). "
        "By default bars stand side by side, the others are stacked."
    ),
    WithJsonSchema({"enum": [True, False, "normalize"]}),
]

Title = Annotated[str | None, Field(description="The title above the chart."), WithJsonSchema(_TEXT)]

Subtitle = Annotated[str | None, Field(description="A line below the title."), WithJsonSchema(_TEXT)]

Titles = Annotated[
    dict[str, str] | None,
    Field(description="Words for axes and legend instead of the fields' names."),
    _by("x", "y", "color"),
]

Formats = Annotated[
    dict[str, str] | None,
    Field(
        description="D3 formats of numbers or dates.", examples=[{"x": "%b %Y", "y": ",.1f", "color": ".0%"}]
    ),
    _by("x", "y", "color"),
]

Theme = Annotated[Literal["light", "dark"], Field(description="The colors.")]

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
        description="A Vega-Lite 6 spec, an object or JSON text, for what kind does not offer. Its rows are inline, "
        "or come from data; files and web addresses in it are refused.",
        examples=[
            {
                "mark": "bar",
                "encoding": {"x": {"field": "month"}, "y": {"aggregate": "mean", "field": "sales"}},
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
    Field(description="What the picture shows, in words.", examples=["A stone bridge at noon, watercolour"]),
]

Size = Annotated[
    str,
    Field(
        description="auto, or WIDTHxHEIGHT in pixels, both divisible by 16.",
        examples=["1024x1024", "1536x1024"],
    ),
]

Format = Annotated[Literal["png", "jpeg", "webp"], Field(description="The format of the file.")]

Quality = Annotated[
    Literal["low", "medium", "high", "auto"] | None, Field(description="More takes longer and costs more.")
]

Background = Annotated[
    Literal["transparent", "opaque", "auto"] | None, Field(description="transparent goes with png and webp.")
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
