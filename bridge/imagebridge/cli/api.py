"""The OpenAI SDK's client, with one message for everything that can go wrong with it."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from imagebridge.errors import short

from .failure import BadAnswer, Failure
from .options import nearest_model

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

NO_KEY = "no API key: set OPENAI_API_KEY (create a key at https://platform.openai.com/api-keys)"


def client() -> "AsyncOpenAI":
    """Return the SDK's client, configured from the environment.

    Raises:
        Failure: there is no key, or the key or the address cannot be sent.
    """
    import os

    from openai import AsyncOpenAI, OpenAIError

    from imagebridge.client.checked_server import openai_problem

    if problem := openai_problem(os.environ):
        raise Failure(problem)
    try:
        return AsyncOpenAI()
    except OpenAIError as error:
        raise Failure(NO_KEY) from error


@contextmanager
def api_failures() -> Generator[None]:
    """Turn exceptions of the SDK about the API into a `Failure`."""
    from openai import APIConnectionError, APIStatusError, APITimeoutError, OpenAIError

    try:
        yield
    except APITimeoutError as error:
        raise BadAnswer(f"the API did not answer in time ({error.request.url})") from error
    except APIConnectionError as error:
        cause = f": {error.__cause__}" if error.__cause__ else ""
        raise BadAnswer(f"the API cannot be reached at {error.request.url}{cause}") from error
    except APIStatusError as error:
        raise BadAnswer(f"the API returned {error.status_code}: {message(error)}{_meant(error)}") from error
    except OpenAIError as error:
        raise BadAnswer(f"the API: {error}") from error


def _meant(error: "APIStatusError") -> str:
    """Suggest a model if the API does not know the requested one."""
    if error.status_code != 404:
        return ""
    try:
        model = json.loads(error.request.content).get("model")
    except (ValueError, AttributeError, RuntimeError):
        return ""
    near = nearest_model(model) if isinstance(model, str) else None
    return f" Did you mean {near!r}?" if near else ""


def message(error: "APIStatusError") -> str:
    """Return the API's own message in an error, without the SDK's additions; the entire body if it has no message."""
    from imagebridge.agent.api_errors import words_of

    body: object = error.body
    if words := words_of(body):
        return short(words, _EXCERPT)
    if body is None or isinstance(body, str):
        return error.message
    return short(error.response.text, _EXCERPT)


_EXCERPT = 1_000
"""The maximum number of characters of a refusal that are shown."""
