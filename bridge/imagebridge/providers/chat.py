"""Results for Chat Completions, whose tool messages can contain only text.

Pictures follow in one user message after all tool messages (OpenAI's specification, 2026-08-21: "For
tool messages, only type `text` is supported"), each named after its call.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from imagebridge.facts.endpoints import endpoint_kind
from imagebridge.facts.models import Detail
from imagebridge.translate.pieces import FilePiece, LinkPiece
from imagebridge.translate.policy import Api, Policy
from imagebridge.translate.receiver import Receiver
from imagebridge.translate.sentences import not_shown
from imagebridge.translate.translation import Part, Text
from imagebridge.translate.vision import known
from imagebridge.wire import JSON, JsonObject, text_of

from . import responses
from .openai_items import OpenAIItems
from .provider import AttachmentKind, CallReference, Translation, call_reference
from .responses import attachments, text_alone, translate

if TYPE_CHECKING:
    from imagebridge.wire import Part as ResponsesPart

_DEFAULT = Policy()

_KINDS: dict[str, AttachmentKind] = {"image_url": "picture", "file": "file"}


def _detail(model: str | None, wanted: Detail) -> Detail:
    """Return a detail that strict servers accept, one of auto, low and high (farion1231/cc-switch#7536, 2026-11)."""
    detail = known(model, wanted)
    return "high" if detail == "original" else detail


class _Chat(OpenAIItems):
    """Chat Completions; see `Provider`."""

    name: Api = "chat"
    items_field = "messages"
    stores = False

    def receiver(self, model: str | None) -> Receiver:
        """See `Provider.receiver`."""
        return Receiver(model=model, choose=_detail)

    def part(self, part: Part) -> JsonObject:
        """See `Provider.part`."""
        return chat_part(cast("ResponsesPart", responses.PROVIDER.part(part)))

    def shown(self, part: Part) -> JsonObject:
        """Write one part in the form of Responses, which `chat_part` converts to this API's; see `Provider.shown`."""
        return responses.PROVIDER.part(part)

    def answers(
        self, answers: Sequence[tuple[CallReference, Translation]], server: str | None
    ) -> list[JsonObject]:
        """Write a tool message for each call, and a user message with the pictures; see `chat_messages`."""
        mode = endpoint_kind(server).chat
        answers = [(reference, _with_told_files(translation)) for reference, translation in answers]
        messages: list[JsonObject] = []
        for reference, translation in answers:
            content: object = translation.text_alone() if mode == "native" else text_alone(translation, mode)
            if content is None:
                content = [self.part(part) for one in translation.placed for part in one.parts]
            messages.append({"role": "tool", "tool_call_id": reference.id, "content": content})
        if mode == "user_message" and (attached := attachments(answers)):
            messages.append({"role": "user", "content": [self.part(part) for part in attached]})
        return messages

    def uploaded(self, part: JSON, file_id: str) -> JsonObject | None:
        """Refer to a file by its id; this API has no ids for pictures."""
        return {"type": "file", "file": {"file_id": file_id}} if part.get("type") == "file" else None

    def kind(self, part: JSON) -> AttachmentKind | None:
        """See `Provider.kind`."""
        return _KINDS.get(text_of(part, "type"))

    def text(self, part: JSON) -> str | None:
        """See `Provider.text`."""
        return text_of(part, "text") if part.get("type") == "text" else None


PROVIDER = _Chat()


def chat_messages(
    answers: Iterable[tuple[object, object]], policy: Policy = _DEFAULT
) -> list[dict[str, Any]]:
    """Translate results into the messages that answer the tool calls of one assistant message.

    There is a tool message for each call, then one user message with all pictures and PDF files, if there are any.
    `Policy(server="llama.cpp")` puts the pictures and files into the tool messages instead.

    Args:
        answers: pairs of a call (its id, or the tool call itself) and its result (a `CallToolResult` of any mcp
            version or its JSON).
        policy: how to translate; the default suits every vision model.

    Raises:
        TypeError: a call or a result is of another type. Invalid content never raises an error.
    """
    policy = replace(policy, api=PROVIDER.name)
    references = [(call_reference(call), translate(result, policy)) for call, result in answers]
    return PROVIDER.answers(references, policy.server)


def _with_told_files(translation: Translation) -> Translation:
    """Return a translation in which a sentence replaces each file that Chat Completions does not accept."""
    placed = [one._replace(parts=[_file_as_text(part) for part in one.parts]) for one in translation.placed]
    return replace(translation, placed=tuple(placed))


def _file_as_text(part: Part) -> Part:
    match part:
        case FilePiece(data_url, filename) if not data_url.startswith(_PDF):
            return Text(_untaken(f"the file {filename}"))
        case LinkPiece(url, "document"):
            return Text(_untaken(f"the file at {url}"))
        case _:
            return part


def chat_part(part: "ResponsesPart") -> dict[str, Any]:
    """Convert a part made with `Policy(api="chat")` to the form of Chat Completions.

    Args:
        part: a part of Responses, as returned by `output_parts`.
    """
    match part["type"]:
        case "input_text":
            return {"type": "text", "text": part["text"]}
        case "input_image" if url := part.get("image_url"):
            return {"type": "image_url", "image_url": {"url": url, "detail": part.get("detail") or "high"}}
        case "input_image":
            what = f"the picture {part.get('file_id')}"
            return {
                "type": "text",
                "text": not_shown(what, "Chat Completions does not accept pictures by id"),
            }
        case "input_file":
            return _file_part(part)
        case _:  # pyright: ignore[reportUnnecessaryComparison]  # of another API or a later one: it stays what it is
            return cast("dict[str, Any]", part)


def _file_part(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a PDF or an uploaded file as a file part, and others as a sentence (guide "File inputs", 2026-09)."""
    name, data = part.get("filename") or "", part.get("file_data")
    if data and data.startswith(_PDF):
        return {"type": "file", "file": {"filename": name, "file_data": data}}
    if identity := part.get("file_id"):
        return {"type": "file", "file": {"file_id": identity}}
    return {
        "type": "text",
        "text": _untaken(f"the file {name}" if data else f"the file at {part.get('file_url')}"),
    }


_PDF = "data:application/pdf;"


def _untaken(what: str) -> str:
    return not_shown(what, "Chat Completions accepts only PDF files, sent as data")
