"""The API's options for a new picture, as they are described to models."""

from typing import Annotated, Literal, get_args

from . import lenient_values
from .declaration import Argument

Format = Literal["png", "jpeg", "webp", "gif", "svg"]
"""GIF and SVG are preview formats, which an account must have access to (openai 3.57, types/image_generate_params.py)."""

Quality = Literal["low", "medium", "high", "xhigh", "max", "auto"]
Background = Literal["transparent", "opaque", "auto"]
Complexity = Literal["low", "medium", "high"]

_PROMPT_NAMES = ("text", "description", "instruction", "instructions", "prompt_text")

Prompt = Annotated[
    str,
    Argument("What the picture shows, in words.", form="describe the picture in words", names=_PROMPT_NAMES),
]

Change = Annotated[
    str,
    Argument("What to change, in words.", form="describe the change in words", names=_PROMPT_NAMES),
]

Size = Annotated[
    str,
    Argument(
        "auto, or WIDTHxHEIGHT in pixels, both divisible by 16.",
        examples=["1536x1024"],
        reading=lenient_values.size,
        form='give "auto" or pixels such as "1536x1024"',
    ),
]

_FORMATS: tuple[str, ...] = get_args(Format)
_FORMATS_MEANT = {"jpg": "jpeg"} | {f"{start}{one}": one for start in (".", "image/") for one in _FORMATS}

FileFormat = Annotated[
    Format,
    Argument(
        words=_FORMATS,
        reading=lenient_values.word(_FORMATS, _FORMATS_MEANT),
        names=("output_format", "file_format", "image_format"),
    ),
]

Care = Annotated[
    Quality | None,
    Argument(
        "Higher is slower and costs more.",
        words=get_args(Quality),
        reading=lenient_values.word(get_args(Quality)),
    ),
]

BehindIt = Annotated[
    Background | None,
    Argument(
        "transparent works with png and webp.",
        words=get_args(Background),
        reading=lenient_values.word(get_args(Background)),
    ),
]

Compression = Annotated[
    int | None,
    Argument(
        "Percent for jpeg and webp; 100 looks best.",
        reading=lenient_values.percent,
        least=0,
        most=100,
        names=("output_compression",),
    ),
]

Count = Annotated[
    int,
    Argument(
        "Number of pictures; each costs money.",
        least=1,
        most=10,
        names=("count", "number", "num", "num_images", "number_of_images"),
    ),
]

Unfinished = Annotated[
    int,
    Argument("Number of unfinished pictures to keep; progress messages contain their uris.", least=0, most=3),
]

Planning = Annotated[
    Complexity | None,
    Argument(
        "How much planning goes into the picture.",
        words=get_args(Complexity),
        reading=lenient_values.word(get_args(Complexity)),
    ),
]

FrameCount = Annotated[int | None, Argument("Number of frames of a gif.", names=("frames",))]

FRAME_TIMES = 10, 655_350
"""The duration of a GIF frame in milliseconds, in steps of 10 (openai 3.57, types/image_generate_params.py)."""

FrameDuration = Annotated[
    int | None,
    Argument(
        "How long each frame of a gif is shown, in milliseconds. Default: 200.",
        names=("frame_duration", "duration_ms", "duration", "delay"),
    ),
]
