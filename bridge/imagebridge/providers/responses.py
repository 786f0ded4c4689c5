"""Results on the wire of the Responses API: one output a call, pictures where the server takes them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from imagebridge.facts.endpoints import Mode, endpoint_kind
from imagebridge.translate.policy import Policy
from imagebridge.translate.result import DEFAULT, translate
from imagebridge.translate.translation import PlacedPiece, ShownPicture, Translation
from imagebridge.wire import JSON, dumped, input_text, is_json, text_of

if TYPE_CHECKING:
    from imagebridge.wire import FunctionCallOutput, Part


@dataclass(frozen=True, slots=True)
class CallReference:
    """A call of either API.

    custom: it calls a custom tool, whose answer is a `custom_tool_call_output`.
    caller: what made it, where that was a program; programs read text alone.
    """

    id: str
    name: str = ""
    namespace: str = ""
    custom: bool = False
    caller: JSON | None = None


def call_reference(value: object) -> CallReference:
    """Return the call that `value` names: its id, an item of a response's output, or a chat message's tool call.

    Raises:
        TypeError: something else came, or a call without an id.
    """
    if isinstance(value, CallReference):
        return value
    if isinstance(value, str) and value:
        return CallReference(value)
    item = dumped(value)
    if not is_json(item):
        raise TypeError(f"a call is its id, or the call item of a response, not {type(value).__name__}")
    caller, function = item.get("caller"), item.get("function")
    reference = CallReference(
        text_of(item, "call_id") or text_of(item, "id"),
        text_of(function, "name") if is_json(function) else text_of(item, "name"),
        text_of(item, "namespace"),
        item.get("type") == "custom_tool_call",
        caller if is_json(caller) and caller.get("type") == "program" else None,
    )
    if not reference.id:
        raise TypeError(
            f"a call has a call_id (Responses) or an id (Chat); this object has {', '.join(sorted(item))}"
        )
    return reference


Way = Mode | Literal["program"]
"""How pictures travel beside a text: also where a program takes the text, and pictures do not."""

_WHY: dict[Way, str] = {
    "user_message": "in the user message that follows",
    "text": "not sent, as the server takes text alone",
    "program": "not sent, as a program made the call and takes text alone",
}


def output_item(translation: Translation, reference: CallReference, mode: Mode) -> dict[str, Any]:
    """Return the item that answers one call: `type`, `call_id`, `output`, and what the API wants repeated.

    `output` is one string where only text is left. A program that called gets a string always.
    """
    kind = "custom_tool_call_output" if reference.custom else "function_call_output"
    item: dict[str, Any] = {"type": kind, "call_id": reference.id}
    if reference.caller:
        item |= {"caller": dict(reference.caller)}
    if reference.namespace:
        item |= {"name": reference.name, "namespace": reference.namespace}
    how = "program" if reference.caller else mode
    return {**item, "output": translation.output if how == "native" else text_alone(translation, how)}


def text_alone(translation: Translation, way: Way) -> str:
    """Return the texts of a translation, with a line in place of each picture and file."""
    lines: list[str] = []
    for one in translation.placed:
        if is_attachment(one):
            name = one.name
            if isinstance(one.content, ShownPicture):
                # Where the picture does not follow, neither does the line beside it, which holds its handle.
                name = f"{name if way == 'user_message' else one.content.handle or name}: {one.content}"
            lines.append(f"[{name}; {_WHY[way]}]")
        else:
            lines += [part["text"] for part in one.parts if part["type"] == "input_text"]
    return "\n".join(lines)


def is_attachment(one: PlacedPiece) -> bool:
    """Tell whether a piece is more than text."""
    return any(part["type"] != "input_text" for part in one.parts)


def attachments(translations: Iterable[tuple[CallReference, Translation]]) -> "list[Part]":
    """Return the pictures and files of several calls for one user message, each named after its call."""
    parts: list[Part] = []
    for reference, translation in translations:
        name = f"{reference.name} ({reference.id})" if reference.name else reference.id
        for one in filter(is_attachment, translation.placed):
            parts += [input_text(f"{one.name} of {name}:"), *one.parts]
    return parts


def items(
    answers: Sequence[tuple[CallReference, Translation]], server_name: str | None
) -> list[dict[str, Any]]:
    """Return one output a call, in order, and for servers that need it one user message with the pictures after them."""
    mode = endpoint_kind(server_name).responses
    output_items = [output_item(translation, reference, mode) for reference, translation in answers]
    if mode == "user_message":
        attached = attachments(
            (reference, translation) for reference, translation in answers if not reference.caller
        )
        output_items += [{"role": "user", "content": attached}] if attached else []
    return output_items


def function_call_output(result: object, call_id: object, policy: Policy = DEFAULT) -> "FunctionCallOutput":
    """Translate an MCP tool result into the item that answers a function call.

    `output` is one string where only text is left, for calls by a program, and for servers that take no pictures
    there (`Policy(server=...)`; `output_items` gives those the pictures in a user message); else a list of parts.

    Args:
        result: a `CallToolResult` of any mcp version, or its JSON object.
        call_id: the id of the call: the item then has exactly `type`, `call_id` and `output`. Given the call's own
            item, the answer repeats what the API wants of it, and a custom tool call gets a
            `custom_tool_call_output`.
        policy: the choices of the translation; the default is right for every vision model.

    Raises:
        TypeError: `result` or `call_id` is something else. Content never raises: it is said in words.
    """
    mode = endpoint_kind(policy.server).responses
    return cast("FunctionCallOutput", output_item(translate(result, policy), call_reference(call_id), mode))


def output_items(answers: Iterable[tuple[object, object]], policy: Policy = DEFAULT) -> list[dict[str, Any]]:
    """Translate the results of one response into the items that answer it.

    One output for each comes back, in order, and for servers that take no pictures in outputs one user
    message after them, in which each picture is named after its call.

    Args:
        answers: pairs of a call (its id or item) and its result.
        policy: the choices of the translation; the default is right for every vision model.

    Raises:
        TypeError: a call or a result is something else.
    """
    return items(
        [(call_reference(call), translate(result, policy)) for call, result in answers], policy.server
    )


def output_parts(result: object, policy: Policy = DEFAULT) -> "list[Part]":
    """Translate an MCP tool result into `input_text`, `input_image` and `input_file` parts: never none, always a list.

    Args:
        result: a `CallToolResult` of any mcp version, or its JSON object.
        policy: the choices of the translation; the default is right for every vision model.

    Raises:
        TypeError: `result` is neither a `CallToolResult` nor its JSON object.
    """
    return translate(result, policy).parts
