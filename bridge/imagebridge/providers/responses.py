"""Results in the wire format of the Responses API: one output for each call, with pictures if the server accepts
them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from imagebridge.facts.endpoints import Mode, endpoint_kind
from imagebridge.translate.picture_lines import caption
from imagebridge.translate.pieces import FilePiece, LinkPiece
from imagebridge.translate.policy import Api, Policy
from imagebridge.translate.receiver import Receiver
from imagebridge.translate.result import ReadResult, read_result
from imagebridge.translate.translation import Part, PlacedPiece, ShownPicture, Text
from imagebridge.wire import JSON, JsonObject, text_of

from .openai_items import OpenAIItems
from .provider import AttachmentKind, CallReference, Translation, call_reference
from .registry import provider, receiver

if TYPE_CHECKING:
    from imagebridge.wire import FunctionCallOutput
    from imagebridge.wire import Part as ResponsesPart

DEFAULT = Policy()

_KINDS: dict[str, AttachmentKind] = {"input_image": "picture", "input_file": "file"}


class _Responses(OpenAIItems):
    """The Responses API; see `Provider`."""

    name: Api = "responses"
    items_field = "input"
    stores = True

    def receiver(self, model: str | None) -> Receiver:
        """See `Provider.receiver`."""
        return Receiver(model=model)

    def part(self, part: Part) -> JsonObject:
        """See `Provider.part`."""
        match part:
            case Text(text):
                return {"type": "input_text", "text": text}
            case ShownPicture():
                return {"type": "input_image", "image_url": part.picture.data_url, "detail": part.detail}
            case FilePiece(data_url, filename):
                return {"type": "input_file", "filename": filename, "file_data": data_url}
            case LinkPiece(url, "document"):
                return {"type": "input_file", "file_url": url}
            case LinkPiece(url, detail=detail):
                return {"type": "input_image", "image_url": url, "detail": detail}

    shown = part

    def answers(
        self, answers: Sequence[tuple[CallReference, Translation]], server: str | None
    ) -> list[JsonObject]:
        """Write one output for each call, in order, followed by a user message with the pictures for servers that need it."""
        mode = endpoint_kind(server).responses
        output_items = [_output_item(translation, reference, mode) for reference, translation in answers]
        if mode == "user_message":
            attached = attachments(
                (reference, translation) for reference, translation in answers if not reference.caller
            )
            parts = [self.part(part) for part in attached]
            output_items += [{"role": "user", "content": parts}] if parts else []
        return output_items

    def uploaded(self, part: JSON, file_id: str) -> JsonObject:
        """See `Provider.uploaded`."""
        detail = {"detail": part["detail"]} if "detail" in part else {}
        return {"type": text_of(part, "type"), "file_id": file_id, **detail}

    def kind(self, part: JSON) -> AttachmentKind | None:
        """See `Provider.kind`."""
        return _KINDS.get(text_of(part, "type"))

    def text(self, part: JSON) -> str | None:
        """See `Provider.text`."""
        return text_of(part, "text") if part.get("type") == "input_text" else None


PROVIDER = _Responses()


def input_text(text: str) -> "ResponsesPart":
    """Return a text part."""
    return {"type": "input_text", "text": text}


def translate(result: object, policy: Policy = DEFAULT) -> Translation:
    """Translate an MCP tool result and report the outcome: parts, notes, tokens, and blocks for the user.

    Args:
        result: a `CallToolResult` of any mcp version, or its JSON object.
        policy: how to translate; the default suits every vision model.

    Raises:
        TypeError: `result` is neither a `CallToolResult` nor its JSON object.
        ValueError: the policy names an unknown API.
    """
    return translation_of(read_result(result, policy, receiver=receiver(policy)))


def translation_of(read: ReadResult) -> Translation:
    """Return the translation of a result that has been read, for the API named in its policy."""
    return Translation.of(read, provider(read.policy.api))


Way = Mode | Literal["program"]
"""How pictures are sent with a text; programs get only the text."""

_WHY: dict[Way, str] = {
    "user_message": "in the user message that follows",
    "text": "not sent, because the server accepts only text",
    "program": "not sent, because the call was made by a program, which accepts only text",
}


def _output_item(translation: Translation, reference: CallReference, mode: Mode) -> dict[str, Any]:
    """Return the item that answers one call: `type`, `call_id`, `output`, and the fields that the API wants repeated.

    `output` is one string if all of it is text. A program that made the call always gets a string.
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
                # If the picture does not follow, neither does its line, which contains its handle.
                name = f"{name if way == 'user_message' else one.content.handle or name}: {one.content}"
            lines.append(f"[{name}; {_WHY[way]}]")
        else:
            lines += [part.text for part in one.parts if isinstance(part, Text)]
    return "\n".join(lines)


def is_attachment(one: PlacedPiece) -> bool:
    """Return whether a piece contains more than text."""
    return any(not isinstance(part, Text) for part in one.parts)


def attachments(translations: Iterable[tuple[CallReference, Translation]]) -> list[Part]:
    """Return the pictures and files of several calls for one user message, each named after its call."""
    parts: list[Part] = []
    for reference, translation in translations:
        name = f"{reference.name} ({reference.id})" if reference.name else reference.id
        for one in filter(is_attachment, translation.placed):
            parts += [Text(caption(one.name, name)), *one.parts]
    return parts


def function_call_output(result: object, call_id: object, policy: Policy = DEFAULT) -> "FunctionCallOutput":
    """Translate an MCP tool result into the item that answers a function call.

    `output` is a list of parts, or one string if all parts are text, a program made the call, or the server does not
    accept pictures in outputs (`Policy(server=...)`; `output_items` sends them in a user message).

    Args:
        result: a `CallToolResult` of any mcp version, or its JSON object.
        call_id: the id of the call; the result then has exactly `type`, `call_id` and `output`. Or the call item
        itself:
            then the result repeats the fields that the API requires, and a custom tool call gets a
            `custom_tool_call_output`.
        policy: how to translate; the default suits every vision model.

    Raises:
        TypeError: `result` or `call_id` is of another type. Invalid content never raises an error: a sentence describes
            what cannot be sent.
    """
    mode = endpoint_kind(policy.server).responses
    return cast("FunctionCallOutput", _output_item(translate(result, policy), call_reference(call_id), mode))


def output_items(answers: Iterable[tuple[object, object]], policy: Policy = DEFAULT) -> list[dict[str, Any]]:
    """Translate the results of one response into the items that answer it.

    Returns one output for each call, in order. For servers that do not accept pictures in outputs, a user message with the
    pictures follows, each named after its call.

    Args:
        answers: pairs of a call (its id or item) and its result.
        policy: how to translate; the default suits every vision model.

    Raises:
        TypeError: a call or a result is of another type.
    """
    references = [(call_reference(call), translate(result, policy)) for call, result in answers]
    return PROVIDER.answers(references, policy.server)


def output_parts(result: object, policy: Policy = DEFAULT) -> "list[ResponsesPart]":
    """Translate an MCP tool result into a list of `input_text`, `input_image` and `input_file` parts, at least one.

    Args:
        result: a `CallToolResult` of any mcp version, or its JSON object.
        policy: how to translate; the default suits every vision model.

    Raises:
        TypeError: `result` is neither a `CallToolResult` nor its JSON object.
    """
    return translate(result, policy).parts
