"""The OpenAI Images API: a request, its answer or stream, and its refusals in one sentence."""

import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from math import floor, hypot
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, cast, get_args

import anyio
from anyio import to_thread

from imagebridge.errors import ArgumentError, BridgeError, PictureError, RequirementError
from imagebridge.facts.limits import DRAWN_RATIO, DRAWN_STEP, MAX_DRAWN
from imagebridge.pictures.picture import Picture
from imagebridge.requirements import IMAGES, need
from imagebridge.wire import is_list

from . import lenient_values
from .apart import apart
from .declaration import Argument

if TYPE_CHECKING:
    import openai

Format = Literal["png", "jpeg", "webp"]
Quality = Literal["low", "medium", "high", "xhigh", "max", "auto"]
Background = Literal["transparent", "opaque", "auto"]

Prompt = Annotated[
    str,
    Argument(
        "What the picture shows, in words.",
        form="say in words what the picture shows",
        names=("text", "description", "instruction", "instructions", "prompt_text"),
    ),
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
        "The format of the file.",
        words=_FORMATS,
        reading=lenient_values.word(_FORMATS, _FORMATS_MEANT),
        names=("output_format", "file_format", "image_format"),
    ),
]

Care = Annotated[
    Quality | None,
    Argument(
        "Higher is slower and dearer.",
        words=get_args(Quality),
        reading=lenient_values.word(get_args(Quality)),
    ),
]

BehindIt = Annotated[
    Background | None,
    Argument(
        "transparent goes with png and webp.",
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
        "How many pictures; each costs.",
        least=1,
        most=10,
        names=("count", "number", "num", "num_images", "number_of_images"),
    ),
]

Unfinished = Annotated[
    int, Argument("Unfinished pictures kept on the way; progress names their uris.", least=0, most=3)
]

MODEL = "gpt-image-2.6-flare"
"""The model where IMAGEBRIDGE_IMAGE_MODEL names none: from openai 3.57, types/image_model.py, read 2026-11-29."""

OnPartial = Callable[[Picture], Awaitable[None]]
"""Given an unfinished picture."""


class CreationError(BridgeError):
    """A picture that was not made, for a reason that no argument mends: key, quota, network, time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """What is asked of the API, in its own words; `size` is in pixels, `images` and `mask` make it an edit."""

    prompt: str
    size: str = "auto"
    format: Format = "png"
    quality: Quality | None = None
    background: Background | None = None
    compression: int | None = None
    n: int = 1
    partial_images: int = 0
    images: tuple[Picture, ...] = ()
    mask: Picture | None = None

    def request(self, model: str) -> dict[str, Any]:
        """Return the SDK's arguments; what was not asked for is left to the API."""
        fields: dict[str, Any] = {
            "prompt": self.prompt,
            "model": model,
            "size": self.size,
            "output_format": self.format,
            "quality": self.quality,
            "background": self.background,
            "output_compression": self.compression,
            "n": self.n if self.n > 1 else None,
            "partial_images": self.partial_images or None,
            "stream": True if self.partial_images else None,
            "image": [_form_file(f"image-{number}", one) for number, one in enumerate(self.images, 1)]
            or None,
            "mask": _form_file("mask", self.mask) if self.mask else None,
        }
        return {name: value for name, value in fields.items() if value is not None}


@dataclass(frozen=True, slots=True)
class CreatedPictures:
    """The pictures, and the model and quality that the API says it used.

    left_out: finished pictures beyond those that were asked for. unfinished_left_out: unfinished ones.
    """

    pictures: tuple[Picture, ...]
    model: str
    quality: str
    left_out: int = 0
    unfinished_left_out: int = 0


async def request_pictures(
    order: ImageRequest, on_partial: OnPartial | None, seconds: float
) -> CreatedPictures | BridgeError:
    """Ask the API once; the SDK itself tries again where that can help. An error is returned, explained.

    Key, base URL and the rest come from the SDK's environment variables. `on_partial` is given the unfinished
    pictures that the order asks for.
    """
    if not os.environ.get("OPENAI_API_KEY") and not os.environ.get("OPENAI_BASE_URL"):
        return CreationError("there is no key for the OpenAI API; set OPENAI_API_KEY where the server starts")
    model = os.environ.get("IMAGEBRIDGE_IMAGE_MODEL") or MODEL
    try:
        client = await to_thread.run_sync(_client, seconds)
    except RequirementError as error:
        return error
    import openai

    try:
        with anyio.fail_after(seconds):  # The SDK's limit holds for each attempt.
            async with client:
                asking = client.images.edit if order.images else client.images.generate
                answer = cast("object", await asking(**order.request(model)))
                if isinstance(answer, openai.AsyncStream):
                    came = await _streamed(cast("Any", answer), on_partial, order.partial_images)
                else:
                    came = _whole(answer, order.n)
        pictures = [await _proven(one) for one in came.encoded]
    except TimeoutError:
        return CreationError(_TOO_LONG)
    except openai.OpenAIError as error:
        return _explained(error, model, order.size)
    except BridgeError as error:
        return error
    except ValueError:  # What calls itself JSON and is not: the SDK passes on what its reader says.
        return CreationError(f"the endpoint's answer is not JSON; {_CHECK}")
    return CreatedPictures(tuple(pictures), model, came.quality, came.left_out, came.unfinished_left_out)


class _Came(NamedTuple):
    """What the API sent: the pictures as base64, and what stands in `CreatedPictures`."""

    encoded: list[str]
    quality: str
    left_out: int = 0
    unfinished_left_out: int = 0


_ARGUMENTS = {"output_format": "format", "output_compression": "compression", "image": "images"}
"""Names of parameters of the API that are called otherwise here."""

_DRAWING = "gpt-image-2"
"""How models that draw in any size are called: openai 3.54, types/image_generate_params.py, 2026-11-22."""

_CHECK = "check OPENAI_BASE_URL: it does not lead to an Images API, or something stands before it"

_TOO_LONG = "the API took too long; ask for a smaller size or lower quality, or call again"


def _client(seconds: float) -> "openai.AsyncOpenAI":
    """Load the SDK and the system's certificates, which takes a second the first time: called in a thread."""
    need(IMAGES)
    import openai

    # A server of one's own may need no key, but the SDK insists on some text.
    key = os.environ.get("OPENAI_API_KEY") or "none"
    return openai.AsyncOpenAI(api_key=key, timeout=seconds, max_retries=1)


def _form_file(name: str, picture: Picture) -> tuple[str, bytes, str]:
    return f"{name}.{picture.media_type.removeprefix('image/')}", picture.data, picture.media_type


def _whole(response: object, most: int) -> _Came:
    """Return the first `most` pictures of an answer, of which the SDK validates nothing."""
    if isinstance(response, str):
        raise CreationError(f"the endpoint answered with a text, {response[:80]!r}; {_CHECK}")
    data = getattr(response, "data", None)
    encoded = [text for one in cast("list[object]", data) if (text := _encoded(one))] if is_list(data) else []
    if encoded:
        return _Came(encoded[:most], _text(response, "quality"), max(0, len(encoded) - most))
    if is_list(data) or hasattr(response, "created"):
        raise CreationError("the API answered without a picture; call again")
    raise CreationError(f"the endpoint's answer is not one of an Images API ({response!r:.80}); {_CHECK}")


def _encoded(holder: object) -> str:
    return _text(holder, "b64_json")


def _text(holder: object, name: str) -> str:
    value: object = getattr(holder, name, None)
    return value if isinstance(value, str) else ""


async def _streamed(stream: Any, on_partial: OnPartial | None, most: int) -> _Came:
    """Return the last finished picture of a stream, and hand on `most` unfinished ones; its events are of eight classes
    that share these fields."""
    last: tuple[str, str] | None = None
    finished = unfinished = 0
    async for (
        event
    ) in stream:  # To its end: a stream that is left before closes itself too late, with an error.
        kind = str(getattr(event, "type", ""))
        if kind.endswith(".partial_image"):
            unfinished += 1
            if on_partial and unfinished <= most:
                with suppress(
                    BridgeError
                ):  # A broken one on the way must not cost the picture that is paid for.
                    await on_partial(await _proven(_encoded(event)))
        elif kind.endswith(".completed") and _encoded(event):
            finished += 1
            last = _encoded(event), _text(event, "quality")
    if last is None:
        raise CreationError("the API's stream ended without a picture; call again")
    encoded, quality = last
    return _Came([encoded], quality, finished - 1, max(0, unfinished - most))


async def _proven(encoded: str) -> Picture:
    try:
        return await apart(Picture.from_base64, encoded, "decoded")
    except PictureError as error:
        raise CreationError(f"the API answered with a broken picture: {error.reason}; call again") from error


def _explained(error: "openai.OpenAIError", model: str, size: str) -> BridgeError:
    """Return what the SDK reported as one sentence. The API's own words about keys hold parts of them."""
    import openai

    match error:
        case openai.APITimeoutError():
            return CreationError(_TOO_LONG)
        case openai.APIConnectionError():
            return CreationError("the OpenAI API cannot be reached; check the network and OPENAI_BASE_URL")
        case openai.AuthenticationError():
            return CreationError(
                "the OpenAI API refused the key; check OPENAI_API_KEY where the server is started"
            )
        case openai.PermissionDeniedError() | openai.NotFoundError():
            return CreationError(
                f"this key may not use {model}; set IMAGEBRIDGE_IMAGE_MODEL to another model"
            )
        case openai.RateLimitError() if error.code == "insufficient_quota":
            return CreationError("the account of this key has no credit left")
        case openai.RateLimitError():
            return CreationError("the API takes no more requests for the moment; call again in a minute")
        case openai.BadRequestError():
            return _refused(error, size if model.startswith(_DRAWING) else "")
        case openai.APIStatusError():
            return CreationError(f"the OpenAI API failed with status {error.status_code}; call again")
        case _:
            return CreationError(f"the OpenAI API could not be used: {type(error).__name__}")


def _refused(error: "openai.BadRequestError", size: str) -> ArgumentError:
    if error.code in ("moderation_blocked", "content_policy_violation"):
        return ArgumentError("prompt", "the API's safety system refused it; describe something else")
    named = (error.param or "prompt").partition("[")[0]
    argument = _ARGUMENTS.get(named, named)
    body = cast("dict[str, object]", error.body) if isinstance(error.body, dict) else {}
    message = str(body.get("message") or "the API refused the request")
    near = _nearest(size) if argument == "size" and "x" in size else size
    return ArgumentError(argument, message[:300] + (f" Near it is {near}." if near != size else ""))


def _nearest(size: str) -> str:
    """Return the size nearest to one that was refused which the API takes."""
    width, height = (int(side) for side in size.split("x"))
    wide, high = min(width, DRAWN_RATIO * height), min(height, DRAWN_RATIO * width)
    scale = min(1.0, (MAX_DRAWN / (wide * high)) ** 0.5)
    sides = (
        {DRAWN_STEP * max(1, floor(scale * s / DRAWN_STEP) + more) for more in (1, 0)} for s in (wide, high)
    )
    legal = [
        (w, h) for w, h in product(*sides) if w * h <= MAX_DRAWN and max(w, h) <= DRAWN_RATIO * min(w, h)
    ]
    w, h = min(legal, key=lambda one: (hypot(one[0] - width, one[1] - height), -one[0]))
    return f"{w}x{h}"
