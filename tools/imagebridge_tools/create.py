"""create_image: a picture made from words by the OpenAI Images API."""

import os
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal, cast

import anyio
from anyio import to_thread

from imagebridge.errors import ArgumentError, BridgeError, PictureError
from imagebridge.translate.picture import Picture

from .answer import Answer, described

if TYPE_CHECKING:
    import openai
    from openai.types import ImagesResponse

Progress = Callable[[float, str], Awaitable[None]]
"""Told the seconds since the start, and a few words, while a picture is made."""

MODEL = "gpt-image-2.5-flare"
"""The model where IMAGEBRIDGE_IMAGE_MODEL names none: from openai 3.54, types/image_model.py, 2026-11-22."""

LONGEST_PROMPT = 32_000
"""Characters the API takes: openai 3.54, types/image_generate_params.py."""

SECONDS = 300.0
"""A large picture of high quality takes up to two minutes."""

TICK = 3.0
"""Seconds between two reports of progress: hosts give up on a call that says nothing for long."""


_TOO_LONG = "the API took too long; ask for a smaller size or lower quality, or call again"


class CreationError(BridgeError):
    """A picture that was not made, for a reason that no argument mends: key, quota, network, time."""


async def create_image(
    prompt: str,
    size: str = "auto",
    format: Literal["png", "jpeg", "webp"] = "png",  # noqa: A002  # the argument's name in the API
    quality: Literal["low", "medium", "high", "auto"] | None = None,
    background: Literal["transparent", "opaque", "auto"] | None = None,
    *,
    on_progress: Progress | None = None,
    seconds: float = SECONDS,
    tick: float = TICK,
) -> Answer:
    """Make a picture of `prompt`. Key, base URL and the rest come from the SDK's environment variables.

    `size` is "auto" or "WIDTHxHEIGHT" in pixels. `on_progress` is called at once and then every `tick` seconds.

    Raises:
        ArgumentError: the API refuses the prompt or another argument.
        CreationError: no key, no credit, no connection, or nothing within `seconds`.
    """
    _check(prompt, size)
    model = os.environ.get("IMAGEBRIDGE_IMAGE_MODEL") or MODEL
    response: ImagesResponse | BridgeError = CreationError("the API gave no answer; call again")
    if on_progress:
        await on_progress(0, "the picture is being made")
    async with anyio.create_task_group() as work:
        if on_progress:
            work.start_soon(_tell, on_progress, tick)
        response = await _response(model, prompt, size, format, quality, background, seconds)
        work.cancel_scope.cancel()
    if isinstance(response, BridgeError):  # Returned, not raised: out of the group it would come as a group.
        raise response
    picture = await to_thread.run_sync(_proven, response)
    kind = f" ({response.quality} quality)" if response.quality else ""
    return Answer(f"A picture of {_quoted(prompt)} by {model}{kind}. {described(picture)}.", (picture,))


async def _response(
    model: str,
    prompt: str,
    size: str,
    output_format: Literal["png", "jpeg", "webp"],
    quality: Literal["low", "medium", "high", "auto"] | None,
    background: Literal["transparent", "opaque", "auto"] | None,
    seconds: float,
) -> "ImagesResponse | BridgeError":
    """Ask the API once; the SDK itself tries again where that can help. An error is returned, explained."""
    if not os.environ.get("OPENAI_API_KEY") and not os.environ.get("OPENAI_BASE_URL"):
        return CreationError("there is no key for the OpenAI API; set OPENAI_API_KEY where the server starts")
    client = await to_thread.run_sync(_client, seconds)
    import openai

    try:
        with anyio.fail_after(seconds):  # The SDK's limit holds for each attempt.
            async with client:
                return await client.images.generate(
                    prompt=prompt,
                    model=model,
                    size=size,
                    output_format=output_format,
                    quality=quality or openai.omit,
                    background=background or openai.omit,
                )
    except TimeoutError:
        return CreationError(_TOO_LONG)
    except openai.OpenAIError as error:
        return _explained(error, model)


def _client(seconds: float) -> "openai.AsyncOpenAI":
    """Load the SDK and the system's certificates, which takes a second the first time: called in a thread."""
    import openai

    # A server of one's own may need no key, but the SDK insists on some text.
    key = os.environ.get("OPENAI_API_KEY") or "none"
    return openai.AsyncOpenAI(api_key=key, timeout=seconds, max_retries=1)


def _check(prompt: str, size: str) -> None:
    if not prompt.strip():
        raise ArgumentError("prompt", "is empty; say what the picture shows")
    if len(prompt) > LONGEST_PROMPT:
        raise ArgumentError("prompt", f"has {len(prompt):,} characters; the API takes {LONGEST_PROMPT:,}")
    if not re.fullmatch(r"auto|[1-9]\d{1,4}x[1-9]\d{1,4}", size):
        raise ArgumentError("size", f'is {size!r}; give "auto" or pixels such as "1536x1024"')


async def _tell(on_progress: Progress, tick: float) -> None:
    start = anyio.current_time()
    while True:
        await anyio.sleep(tick)
        passed = anyio.current_time() - start
        await on_progress(passed, f"the picture is being made, {passed:.0f} s so far")


def _proven(response: "ImagesResponse") -> Picture:
    found = response.data[0].b64_json if response.data else None
    if not found:
        raise CreationError("the API answered without a picture; call again")
    try:
        return Picture.from_base64(found, proof="decoded")
    except PictureError as error:
        raise CreationError(f"the API answered with a broken picture: {error.reason}; call again") from error


def _quoted(prompt: str) -> str:
    flat = " ".join(prompt.split())
    return f'"{flat}"' if len(flat) <= 200 else f'"{flat[:200]}..."'


def _explained(error: "openai.OpenAIError", model: str) -> BridgeError:
    """Return what the SDK reported as one sentence. The API's own words about keys hold parts of them."""
    import openai

    match error:
        case openai.APITimeoutError():
            return CreationError(
                "the API took too long; ask for a smaller size or lower quality, or call again"
            )
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
            return _refused(error)
        case openai.APIStatusError():
            return CreationError(f"the OpenAI API failed with status {error.status_code}; call again")
        case _:
            return CreationError(f"the OpenAI API could not be used: {type(error).__name__}")


def _refused(error: "openai.BadRequestError") -> ArgumentError:
    if error.code in ("moderation_blocked", "content_policy_violation"):
        return ArgumentError("prompt", "the API's safety system refused it; describe something else")
    argument = {"output_format": "format"}.get(error.param or "", error.param or "prompt")
    body = cast("dict[str, object]", error.body) if isinstance(error.body, dict) else {}
    said = str(body.get("message") or "the API refused the request")
    return ArgumentError(argument, said[:300])
