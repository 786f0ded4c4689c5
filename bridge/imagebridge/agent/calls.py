"""The function calls of a response: which there are, and what they ask for."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from pydantic_core import from_json, to_json

from imagebridge.errors import BridgeError
from imagebridge.providers.function_calls import call_of
from imagebridge.wire import JSON, is_json, is_list

if TYPE_CHECKING:
    from openai.types.responses import Response


def function_calls(response: "Response | JSON") -> list[JSON]:
    """Return the function calls of a response, in order, as JSON objects.

    Raises:
        TypeError: `response` is neither an SDK `Response` nor its JSON object, or a call in it has no id.
    """
    found = response_json(response)
    output = found.get("output")
    if not is_list(output):
        keys = ", ".join(sorted(map(str, found))) or "nothing"
        hint = '; chat completions are run by run(api="chat")' if "choices" in found else ""
        raise TypeError(f"a response has `output`, a list; this object has {keys}{hint}")
    calls = [item for item in output if is_json(item) and item.get("type") == "function_call"]
    for call in calls:
        call_of(call)  # Before anything runs: an answer needs an id to name.
    return calls


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
    """Return the arguments of a function call; null and blanks are none.

    Raises:
        BridgeError: they are not a JSON object, or were cut off; the message tells the model what came.
    """
    if call.get("status") == "incomplete":
        # Nothing at all would count as no arguments.
        raise BridgeError("the call was cut off before its arguments were complete; it did not run")
    given = call.get("arguments")
    if is_json(given):  # as some compatible servers send them
        return given
    if given is not None and not isinstance(given, str):
        raise BridgeError(f"the arguments must be a JSON object, not {type(given).__name__}")
    text = given if given and given.strip() not in ("", "null") else "{}"
    try:
        arguments: object = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BridgeError(f"the arguments are not valid JSON ({error}): {text[:200]}") from error
    if not is_json(arguments):
        raise BridgeError(
            f"the arguments must be a JSON object, not {type(arguments).__name__}: {text[:200]}"
        )
    return arguments


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no number of JSON")


def sendable(arguments: Mapping[str, object]) -> dict[str, Any]:
    """Return arguments as plain JSON; refuse what cannot be: other values, half surrogates, hundreds of levels.

    Found here it costs the call; found while it is being sent it would end the connection.

    Raises:
        BridgeError: the arguments cannot be written as JSON.
    """
    try:
        # NaN and numbers too large would go as null.
        text = to_json(arguments, inf_nan_mode="constants")
        return cast("dict[str, Any]", from_json(text, allow_inf_nan=False))
    except (ValueError, RecursionError) as error:
        raise BridgeError(f"the arguments cannot be sent as JSON: {short(error)}") from error


def short(error: Exception) -> str:
    """Return what an error says, on one line that is not too long."""
    return " ".join(str(error).split())[:300]
