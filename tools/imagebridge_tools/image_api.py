"""Calls the OpenAI Images API: sends a request, reads its response or stream, and explains errors in one sentence."""

import os
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from inspect import signature
from itertools import product
from math import floor, hypot
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import anyio
from anyio import to_thread

from imagebridge.errors import ArgumentError, BridgeError, PictureError, RequirementError
from imagebridge.facts import models
from imagebridge.facts.limits import DRAWN_RATIO, DRAWN_STEP, MAX_DRAWN
from imagebridge.pictures import kinds
from imagebridge.pictures.base64 import base64_bytes
from imagebridge.pictures.picture import Picture
from imagebridge.requirements import IMAGES, need
from imagebridge.wire import is_json, is_list

from .apart import apart
from .image_options import Background, Complexity, Format, Quality

if TYPE_CHECKING:
    import openai

MODEL = "gpt-image-2.6-flare"
"""The default model unless IMAGEBRIDGE_IMAGE_MODEL specifies another (openai 3.57, types/image_model.py, 2026-11-29)."""

OnPartial = Callable[[Picture], Awaitable[None]]
"""A function that receives an unfinished picture."""


class CreationError(BridgeError):
    """A picture could not be created, for a reason that no argument can change: key, quota, network or time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """A request with the API's options; `size` is in pixels, and `images`, `mask` and `markup` turn it into an edit."""

    prompt: str
    size: str = "auto"
    format: Format = "png"
    quality: Quality | None = None
    background: Background | None = None
    compression: int | None = None
    n: int = 1
    partial_images: int = 0
    complexity: Complexity | None = None
    frame_count: int | None = None
    frame_duration_ms: int | None = None
    images: tuple[Picture, ...] = ()
    mask: Picture | None = None
    markup: Picture | None = None

    def request(self, model: str) -> dict[str, Any]:
        """Return the arguments for the SDK; options that were not requested are left to the API."""
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
            "markup": _form_file("markup", self.markup) if self.markup else None,
        }
        writer = os.environ.get("IMAGEBRIDGE_SVG_MODEL")
        # Options that older SDKs have no names for.
        newer = {
            "complexity": self.complexity,
            "frame_count": self.frame_count,
            "frame_duration_ms": self.frame_duration_ms,
            "svg": {"model": writer} if writer and self.format == "svg" else None,
        }
        fields["extra_body"] = {name: value for name, value in newer.items() if value is not None} or None
        return {name: value for name, value in fields.items() if value is not None}


@dataclass(frozen=True, slots=True)
class CreatedPictures:
    """The created pictures, and the model and quality that the API reports.

    left_out: the number of finished pictures beyond those that were requested. unfinished_left_out: the same for
    unfinished pictures. spent: the tokens that the API reports, or None. svg: the text of a picture that was created as
    SVG.
    """

    pictures: tuple[Picture, ...]
    model: str
    quality: str
    left_out: int = 0
    unfinished_left_out: int = 0
    spent: "TokensSpent | None" = None
    svg: str = ""


class TokensSpent(NamedTuple):
    """The input tokens of text and pictures, the output tokens, and the tokens of the model that wrote an SVG."""

    text: int
    pictures: int
    output: int
    svg_model: str = ""
    svg_input: int = 0
    svg_output: int = 0

    def in_words(self, model: str) -> str:
        """Describe the tokens, and their cost in USD if the prices are known."""
        told = f"{self.text + self.pictures:,} tokens in, {self.output:,} out"
        cost = models.image_cost(model, self.text, self.pictures, self.output)
        if self.svg_model:
            told += f", and {self.svg_input:,} in, {self.svg_output:,} out of {self.svg_model}"
            price = models.price_of(self.svg_model)
            more = (self.svg_input * price.input + self.svg_output * price.output) / 1e6 if price else None
            cost = None if cost is None or more is None else cost + more
        return told + (
            f": {cost:.2g} USD"
            if cost is not None and cost < 1
            else f": {cost:.2f} USD"
            if cost is not None
            else ""
        )


async def request_pictures(
    order: ImageRequest, on_partial: OnPartial | None, seconds: float
) -> CreatedPictures | BridgeError:
    """Send one request to the API, which the SDK retries if that can help. Errors are returned with an explanation. The
    key, the base URL and other settings come from the SDK's environment variables. `on_partial` receives the unfinished
    pictures that `order` requests.
    """
    if not os.environ.get("OPENAI_API_KEY") and not os.environ.get("OPENAI_BASE_URL"):
        return CreationError("there is no key for the OpenAI API; set OPENAI_API_KEY for the server")
    model = os.environ.get("IMAGEBRIDGE_IMAGE_MODEL") or MODEL
    from imagebridge.client.checked_server import openai_problem

    if problem := openai_problem(os.environ):
        return CreationError(problem)
    try:
        client = await to_thread.run_sync(_client, seconds)
    except RequirementError as error:
        return error
    import openai

    if order.markup and "markup" not in signature(client.images.edit).parameters:
        return RequirementError(
            f"markup needs a newer openai than {openai.__version__}: pip install -U openai"
        )

    try:
        with anyio.fail_after(seconds):  # The SDK's limit is for each attempt.
            async with client:
                asking = client.images.edit if order.images else client.images.generate
                answer = cast("object", await asking(**order.request(model)))
                if isinstance(answer, openai.AsyncStream):
                    came = await _streamed(cast("Any", answer), on_partial, order.partial_images)
                else:
                    came = _whole_answer(answer, order.n)
        pictures = [await _proven(one) for one in came.encoded]
        svg = _svg(came.encoded) if order.format == "svg" else ""
    except TimeoutError:
        return CreationError(_TOO_LONG)
    except openai.OpenAIError as error:
        return _explained(error, model, order.size)
    except BridgeError as error:
        return error
    except ValueError:  # Something that claims to be JSON but is not: the SDK passes on its parser's message.
        return CreationError(f"the endpoint's answer is not JSON; {_CHECK}")
    return CreatedPictures(
        tuple(pictures), model, came.quality, came.left_out, came.unfinished_left_out, came.spent, svg
    )


class _Came(NamedTuple):
    """The content of an API response: the pictures as base64, and the other fields of `CreatedPictures`."""

    encoded: list[str]
    quality: str
    left_out: int = 0
    unfinished_left_out: int = 0
    spent: TokensSpent | None = None


_ARGUMENTS = {
    "output_format": "format",
    "output_compression": "compression",
    "image": "images",
    "svg": "format",
}
"""Parameters of the API that have different names here."""

_DRAWING = "gpt-image-2"
"""The prefix of models that draw at any size (openai 3.54, types/image_generate_params.py, 2026-11-22)."""

_CHECK = "check OPENAI_BASE_URL: it does not lead to an Images API, or something in front of the API answered instead"

_TOO_LONG = "the API took too long; request a smaller size or lower quality, or call again"


def _client(seconds: float) -> "openai.AsyncOpenAI":
    """Load the SDK and the system's certificates, which takes a second the first time, so it is called in a thread."""
    need(IMAGES)
    import openai

    # A user's own server may need no key, but the SDK requires some text.
    key = os.environ.get("OPENAI_API_KEY") or "none"
    return openai.AsyncOpenAI(api_key=key, timeout=seconds, max_retries=1)


def _form_file(name: str, picture: Picture) -> tuple[str, bytes, str]:
    return f"{name}.{picture.media_type.removeprefix('image/')}", picture.data, picture.media_type


def _whole_answer(response: object, most: int) -> _Came:
    """Return the first `most` pictures of a response, which the SDK does not validate."""
    if isinstance(response, str):
        raise CreationError(f"the endpoint answered with text, {response[:80]!r}; {_CHECK}")
    data = getattr(response, "data", None)
    encoded = [text for one in cast("list[object]", data) if (text := _encoded(one))] if is_list(data) else []
    if encoded:
        left_out = max(0, len(encoded) - most)
        return _Came(encoded[:most], _text(response, "quality"), left_out, 0, _spent(response))
    if is_list(data) or hasattr(response, "created"):
        raise CreationError("the API answered without a picture; call again")
    raise CreationError(f"the endpoint's answer did not come from an Images API ({response!r:.80}); {_CHECK}")


def _encoded(holder: object) -> str:
    return _text(holder, "b64_json")


def _text(holder: object, name: str) -> str:
    value = _field(holder, name)
    return value if isinstance(value, str) else ""


async def _streamed(stream: Any, on_partial: OnPartial | None, most: int) -> _Came:
    """Return the last finished picture in a stream, and pass on up to `most` unfinished ones. Its events belong to
    eight classes that share these fields."""
    last: object = None
    finished = unfinished = 0
    async for (
        event
    ) in stream:  # Read it to the end: a stream that is left early closes too late, with an error.
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
            last = event
    if last is None:
        headers = getattr(getattr(stream, "response", None), "headers", {})
        sort = headers.get("content-type", "").partition(";")[0]
        if sort and sort != "text/event-stream":
            problem = f"the endpoint answered with {sort[:60]} instead of a stream"
            raise CreationError(f"{problem}; leave partial_images out, or {_CHECK}")
        raise CreationError("the API's stream ended without a picture; call again")
    left_out, unfinished_left_out = finished - 1, max(0, unfinished - most)
    return _Came([_encoded(last)], _text(last, "quality"), left_out, unfinished_left_out, _spent(last))


def _spent(holder: object) -> TokensSpent | None:
    """Return the tokens that a response reports, or None if it does not report them in the expected form."""
    usage = getattr(holder, "usage", None)
    details = getattr(usage, "input_tokens_details", None)
    came_in, output = _count(usage, "input_tokens"), _count(usage, "output_tokens")
    if came_in is None or output is None:
        return None
    pictures = _count(details, "image_tokens") or 0
    drawn = getattr(holder, "svg_usage", None)
    return TokensSpent(
        max(0, came_in - pictures),
        pictures,
        output,
        _text(drawn, "model"),
        _count(drawn, "input_tokens") or 0,
        _count(drawn, "output_tokens") or 0,
    )


def _field(holder: object, name: str) -> object:
    """Return a field of a response; fields that are unknown to an older SDK are plain JSON."""
    return holder.get(name) if is_json(holder) else getattr(holder, name, None)


def _count(holder: object, name: str) -> int | None:
    value = _field(holder, name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _svg(encoded: list[str]) -> str:
    """Return the text of an SVG, or an empty string if the API created another kind of picture."""
    data, _ = base64_bytes(encoded[0])
    return data.decode("utf-8", "replace") if kinds.kind(data) is kinds.SVG else ""


def _proven_picture(encoded: str) -> Picture:
    """Return a verified picture, rendered if it is an SVG; called in a separate process (see `apart`)."""
    if kinds.kind(base64_bytes(encoded)[0]) is kinds.SVG:
        from imagebridge.pictures.convert import converted

        return converted(encoded, "decoded").pictures[0]
    return Picture.from_base64(encoded, "decoded")


async def _proven(encoded: str) -> Picture:
    try:
        return await apart(_proven_picture, encoded)
    except PictureError as error:
        raise CreationError(f"the API answered with a damaged picture: {error.reason}; call again") from error


def _explained(error: "openai.OpenAIError", model: str, size: str) -> BridgeError:
    """Explain an error of the SDK in one sentence. The API's own messages about keys contain parts of them."""
    import openai

    match error:
        case openai.APITimeoutError():
            return CreationError(_TOO_LONG)
        case openai.APIConnectionError():
            return CreationError("the OpenAI API cannot be reached; check the network and OPENAI_BASE_URL")
        case openai.AuthenticationError():
            return CreationError("the OpenAI API refused the key; check the server's OPENAI_API_KEY")
        case openai.PermissionDeniedError() | openai.NotFoundError():
            return CreationError(
                f"this key may not use {model}; set IMAGEBRIDGE_IMAGE_MODEL to another model"
            )
        case openai.RateLimitError() if error.code == "insufficient_quota":
            return CreationError("the account for this key has no credit left")
        case openai.RateLimitError():
            return CreationError(
                "the API is not accepting more requests at the moment; call again in a minute"
            )
        case openai.BadRequestError():
            return _refused(error, size if model.startswith(_DRAWING) else "")
        case openai.APIStatusError():
            return CreationError(f"the OpenAI API failed with status {error.status_code}; call again")
        case _:
            return CreationError(f"the OpenAI API could not be used: {type(error).__name__}")


def _refused(error: "openai.BadRequestError", size: str) -> ArgumentError:
    if error.code in ("moderation_blocked", "content_policy_violation"):
        return ArgumentError("prompt", "the API's safety system refused the request; describe something else")
    named = re.split(r"[.\[]", error.param or "prompt", maxsplit=1)[0]
    argument = _ARGUMENTS.get(named, named)
    body = cast("dict[str, object]", error.body) if isinstance(error.body, dict) else {}
    message = str(body.get("message") or "the API refused the request")
    near = _nearest(size) if argument == "size" and "x" in size else size
    return ArgumentError(
        argument, message[:300] + (f" The nearest valid size is {near}." if near != size else "")
    )


def _nearest(size: str) -> str:
    """Return the size closest to a rejected one that the API accepts."""
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
