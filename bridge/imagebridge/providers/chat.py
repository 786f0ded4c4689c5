"""The same results for Chat Completions, whose tool messages hold text alone.

Pictures follow in one user message after all tool messages (OpenAI's specification, 2026-08-21: "For
tool messages, only type `text` is supported"), each named after its call.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from imagebridge.facts.endpoints import endpoint_kind
from imagebridge.translate.policy import Policy
from imagebridge.translate.result import translate
from imagebridge.translate.sentences import not_shown
from imagebridge.translate.translation import Translation
from imagebridge.wire import input_text

from .responses import CallReference, attachments, call_reference, text_alone

if TYPE_CHECKING:
    from imagebridge.wire import Part

_DEFAULT = Policy()


def chat_messages(
    answers: Iterable[tuple[object, object]], policy: Policy = _DEFAULT
) -> list[dict[str, Any]]:
    """Translate results into the messages that answer the tool calls of one assistant message.

    A tool message for each comes first, then, where there are pictures or
    PDF files, one user message with them; `Policy(server="llama.cpp")` puts them into the tool messages.

    Args:
        answers: pairs of a call (its id, or the tool call itself) and its result (a `CallToolResult` of any mcp
            version or its JSON).
        policy: the choices of the translation; the default is right for every vision model.

    Raises:
        TypeError: a call or a result is something else. Content never raises.
    """
    policy = replace(policy, api="chat")
    return messages(
        [(call_reference(call), translate(result, policy)) for call, result in answers], policy.server
    )


def messages(
    answers: Sequence[tuple[CallReference, Translation]], server_name: str | None
) -> list[dict[str, Any]]:
    """Return the messages for results that are translated already, with `Policy(api="chat")`; see `chat_messages`."""
    mode = endpoint_kind(server_name).chat
    answers = [(reference, _with_told_files(translation)) for reference, translation in answers]
    chat_messages: list[dict[str, Any]] = []
    for reference, translation in answers:
        content: object = translation.output if mode == "native" else text_alone(translation, mode)
        if not isinstance(content, str):
            content = [chat_part(part) for part in translation.parts]
        chat_messages.append({"role": "tool", "tool_call_id": reference.id, "content": content})
    if mode == "user_message" and (attached := attachments(answers)):
        chat_messages.append({"role": "user", "content": [chat_part(part) for part in attached]})
    return chat_messages


def _with_told_files(translation: Translation) -> Translation:
    """Return a translation in which a sentence stands for each file that Chat Completions does not take."""
    placed = [one._replace(parts=[_file_as_text(part) for part in one.parts]) for one in translation.placed]
    return replace(translation, placed=tuple(placed))


def _file_as_text(part: "Part") -> "Part":
    chat_file = chat_part(part) if part["type"] == "input_file" else {}
    return input_text(chat_file["text"]) if "text" in chat_file else part


def chat_part(part: "Part") -> dict[str, Any]:
    """Return a part that was made with `Policy(api="chat")` in the form of Chat Completions.

    Args:
        part: a part of Responses, as `output_parts` makes it.
    """
    match part["type"]:
        case "input_text":
            return {"type": "text", "text": part["text"]}
        case "input_image":
            picture = {"url": part.get("image_url"), "detail": part.get("detail")}
            return {"type": "image_url", "image_url": picture}
        case "input_file":
            return _file_part(part.get("filename") or "", part.get("file_data"), part.get("file_url"))


def _file_part(name: str, data: str | None, url: str | None) -> dict[str, Any]:
    """Return a PDF as a file, and a sentence for what Chat Completions does not take (guide "File inputs", 2026-09)."""
    if data and data.startswith("data:application/pdf;"):
        return {"type": "file", "file": {"filename": name, "file_data": data}}
    what = f"the file {name}" if data else f"the file at {url}"
    return {"type": "text", "text": not_shown(what, "Chat Completions takes PDF files alone, as data")}
