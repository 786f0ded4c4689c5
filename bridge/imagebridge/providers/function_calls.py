"""The call that a result answers: an id, or the item of the response with all that the answer has to repeat."""

from dataclasses import dataclass

from imagebridge.wire import JSON, dumped, is_json, text_of


@dataclass(frozen=True, slots=True)
class Call:
    """A call of either API.

    custom: it calls a custom tool, whose answer is a `custom_tool_call_output`.
    caller: what made it, where that was a program; programs read text alone.
    """

    id: str
    name: str = ""
    namespace: str = ""
    custom: bool = False
    caller: JSON | None = None


def call_of(value: object) -> Call:
    """Return the call that `value` names: its id, an item of a response's output, or a chat message's tool call.

    Raises:
        TypeError: something else came, or a call without an id.
    """
    if isinstance(value, Call):
        return value
    if isinstance(value, str) and value:
        return Call(value)
    item = dumped(value)
    if not is_json(item):
        raise TypeError(f"a call is its id, or the call item of a response, not {type(value).__name__}")
    caller, function = item.get("caller"), item.get("function")
    found = Call(
        text_of(item, "call_id") or text_of(item, "id"),
        text_of(function, "name") if is_json(function) else text_of(item, "name"),
        text_of(item, "namespace"),
        item.get("type") == "custom_tool_call",
        caller if is_json(caller) and caller.get("type") == "program" else None,
    )
    if not found.id:
        raise TypeError(
            f"a call has a call_id (Responses) or an id (Chat); this object has {', '.join(sorted(item))}"
        )
    return found
