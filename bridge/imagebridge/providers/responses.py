"""Translations become items of the Responses API: one output a call, pictures where the server takes them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from imagebridge.facts.endpoints import Mode, server
from imagebridge.translate.translation import Placed, Shown, Translation
from imagebridge.wire import input_text

from .function_calls import Call

if TYPE_CHECKING:
    from imagebridge.wire import Part

Way = Mode | Literal["program"]
"""How pictures travel beside a text: also where a program takes the text, and pictures do not."""

_WHY: dict[Way, str] = {
    "user_message": "in the user message that follows",
    "text": "not sent, as the server takes text alone",
    "program": "not sent, as a program made the call and takes text alone",
}


def output_item(translation: Translation, call: Call, mode: Mode) -> dict[str, Any]:
    """Return the item that answers one call: `type`, `call_id`, `output`, and what the API wants repeated.

    `output` is one string where only text is left. A program that called gets a string always.
    """
    kind = "custom_tool_call_output" if call.custom else "function_call_output"
    item: dict[str, Any] = {"type": kind, "call_id": call.id}
    if call.caller:
        item |= {"caller": dict(call.caller)}
    if call.namespace:
        item |= {"name": call.name, "namespace": call.namespace}
    how = "program" if call.caller else mode
    return {**item, "output": translation.output if how == "native" else text_alone(translation, how)}


def text_alone(translation: Translation, way: Way) -> str:
    """Return the texts of a translation, with a line in place of each picture and file."""
    lines: list[str] = []
    for one in translation.placed:
        if is_attachment(one):
            name = one.name
            if isinstance(one.what, Shown):
                # Where the picture does not follow, neither does the line beside it, which holds its handle.
                name = f"{name if way == 'user_message' else one.what.handle or name}: {one.what}"
            lines.append(f"[{name}; {_WHY[way]}]")
        else:
            lines += [part["text"] for part in one.parts if part["type"] == "input_text"]
    return "\n".join(lines)


def is_attachment(one: Placed) -> bool:
    """Tell whether a piece is more than text."""
    return any(part["type"] != "input_text" for part in one.parts)


def attachments(translations: Iterable[tuple[Call, Translation]]) -> "list[Part]":
    """Return the pictures and files of several calls for one user message, each named after its call."""
    parts: list[Part] = []
    for call, translation in translations:
        name = f"{call.name} ({call.id})" if call.name else call.id
        for one in filter(is_attachment, translation.placed):
            parts += [input_text(f"{one.name} of {name}:"), *one.parts]
    return parts


def items(answers: Sequence[tuple[Call, Translation]], server_name: str | None) -> list[dict[str, Any]]:
    """Return one output a call, in order, and for servers that need it one user message with the pictures after them."""
    mode = server(server_name).responses
    made = [output_item(translation, call, mode) for call, translation in answers]
    if mode == "user_message":
        shown = attachments((call, translation) for call, translation in answers if not call.caller)
        made += [{"role": "user", "content": shown}] if shown else []
    return made
