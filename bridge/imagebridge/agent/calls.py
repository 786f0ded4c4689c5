"""The function calls of a response: which there are, and what they ask for."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from pydantic_core import from_json, to_json

from imagebridge.errors import BridgeError
from imagebridge.translate.wire import JSON, is_json, is_list, text_of

if TYPE_CHECKING:
    from openai.types.responses import Response


def function_calls(response: "Response | JSON") -> list[JSON]:
    """Return the function calls of a response, in order, as JSON objects.

    Raises:
        TypeError: `response` is neither an SDK `Response` nor its JSON object.
    """
    output = response_json(response).get("output")
    return (
        [item for item in output if is_json(item) and item.get("type") == "function_call"]
        if is_list(output)
        else []
    )


def response_json(response: "Response | JSON") -> JSON:
    """Return a response as its JSON object.

    Raises:
        TypeError: `response` is neither an SDK `Response` nor its JSON object.
    """
    if is_json(response):
        return response
    to_dict = getattr(response, "to_dict", None)
    if to_dict is None:
        raise TypeError(f"a response is an openai Response or its JSON object, not {type(response).__name__}")
    return cast("JSON", to_dict(mode="json"))


def arguments_of(call: JSON) -> JSON:
    """Return the arguments of a function call.

    Raises:
        BridgeError: they are not a JSON object, or were cut off; the message tells the model what came.
    """
    if call.get("status") == "incomplete":
        # Nothing at all would count as no arguments.
        raise BridgeError("the call was cut off before its arguments were complete; it did not run")
    text = text_of(call, "arguments")
    try:
        arguments: object = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise BridgeError(f"the arguments are not valid JSON ({error}): {text[:200]}") from error
    if not is_json(arguments):
        raise BridgeError(
            f"the arguments must be a JSON object, not {type(arguments).__name__}: {text[:200]}"
        )
    return arguments


def sendable(arguments: Mapping[str, object]) -> dict[str, Any]:
    """Return arguments as plain JSON; refuse what cannot be: other values, half surrogates, hundreds of levels.

    Found here it costs the call; found while it is being sent it would end the connection.

    Raises:
        BridgeError: the arguments cannot be written as JSON.
    """
    try:
        return cast("dict[str, Any]", from_json(to_json(arguments)))
    except (ValueError, RecursionError) as error:
        raise BridgeError(f"the arguments cannot be sent as JSON: {short(error)}") from error


def short(error: Exception) -> str:
    """Return what an error says, on one line that is not too long."""
    return " ".join(str(error).split())[:300]
