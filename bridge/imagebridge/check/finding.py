"""The findings of a check, and the consequence and fix for each rule."""

from collections.abc import Mapping
from dataclasses import dataclass

from imagebridge.errors import beginning
from imagebridge.facts.limits import MAX_NAME
from imagebridge.rules import RULES, Violation

_LONGEST = 300
"""The maximum number of characters quoted of an API message: it may contain the body or list every existing type."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem in a request body.

    Attributes:
        rule: the id of a rule of `imagebridge.testing.RULES`, or of a piece of advice.
        path: the location in the body, such as `input[3].output[1].image_url`.
        consequence: what happens if the body is sent unchanged.
        fix: how to correct it.
        refused: whether the API answers 400, according to its documentation or to reports.
        blind: whether a picture in the body is invisible to the model, which is as bad as a refusal.
            A finding that is neither `refused` nor `blind` is advice.
    """

    rule: str
    path: str
    consequence: str
    fix: str
    refused: bool
    blind: bool = False

    def __str__(self) -> str:
        how = "refused" if self.refused else "not seen" if self.blind else "advice"
        return " ".join(f"{self.path}: {how}: {self.consequence} Fix: {self.fix} [{self.rule}]".split())


_TRANSLATE = "Translate the tool's result with function_call_output(result, call_id)."
_REAL = "Send PNG, JPEG, WebP or a single-frame GIF, complete and labelled with its actual type."

FIXES: Mapping[str, str] = {
    "half-surrogate": "Replace it with U+FFFD, or cut the text elsewhere.",
    "chat-tools-effort": 'Write "reasoning_effort": "none", or send it to the Responses API.',
    "chat-sampling": 'Leave it out, or write "reasoning_effort": "none".',
    "effort": 'Write "low" or higher, or leave it out.',
    "unstored-item": 'Write "include": ["reasoning.encrypted_content"] and send the items back unchanged, or leave this one out.',
    "missing-parameter": "Add it.",
    "wrong-type": "Use the documented type; JSON that is sent as text stays a string.",
    "unknown-item": "Use an item type or role that the API knows.",
    "message-role": 'Answer a call with {"type": "function_call_output", "call_id": ..., "output": ...}.',
    "mcp-block": _TRANSLATE,
    "unknown-part": "Use input_text, input_image and input_file in Responses; text, image_url and file in Chat.",
    "chat-tool-picture": "Send it in a user message after all tool messages: chat_messages() does this.",
    "unknown-parameter": "Leave it out, and say the same in the text.",
    "missing-text": "Add the text of the part, or leave the part out.",
    "too-long": "Shorten the text, shrink the picture, or upload the file and send its id.",
    "empty-output": 'Send a short sentence, such as "Done."',
    "too-many-tools": "Offer fewer tools, or group them with responses_tools(tools, namespace=...).",
    "tool-type": 'Write "type": "function"; responses_tools(tools) creates definitions from MCP tools.',
    "tool-name": f"Rename it everywhere, with at most {MAX_NAME} of a-z A-Z 0-9 _ -; tool_names(tools) maps new names to old ones.",
    "tool-twice": "Give each tool a different name.",
    "tool-field": "Leave it out.",
    "tool-schema": 'Write {"type": "object", "properties": {...}}.',
    "schema-combination": "List the properties at the top level and explain the rest in the description.",
    "array-items": 'Write "items": {} where an array may contain anything.',
    "strict-schema": 'Write "strict": false, or close the schema: responses_tools(tools) chooses the right one.',
    "missing-call-id": "Use the call_id of the call.",
    "output-without-call": "Send the call before its output, and keep both or neither.",
    "repeated-output": "Keep one output per call.",
    "mismatched-output": "Use the output type that matches the call: function_call_output, custom_tool_call_output.",
    "unanswered-call": "Answer every call, including one that failed or was refused.",
    "lone-reasoning": "Send a reasoning item together with the item that followed it, or neither.",
    "chat-output-without-call": "Send the assistant message with the call before its tool message.",
    "chat-repeated-output": "Keep one tool message per call.",
    "chat-unanswered-call": "Answer every call, including one that failed or was refused.",
    "chat-interrupted-answers": "Move the tool messages directly after the message that contains the calls.",
    "picture-as-text": "Send it as an input_image part: function_call_output(result, call_id) does this.",
    "image-url-form": 'Write "image_url": "data:..." in Responses, "image_url": {"url": "data:..."} in Chat.',
    "image-source": "Add an image_url or a file_id.",
    "detail": 'Write "low", "high", "auto" or "original".',
    "detail-original": 'Write "detail": "high".',
    "file-data": 'Write "file_data": "data:application/pdf;base64,..." with a "filename".',
    "file-bytes": "Upload files and send their ids, or send fewer.",
    "too-many-pictures": "Leave out older pictures.",
    "payload": "Leave out older pictures, or shrink them.",
    "url-scheme": "Send the bytes as a data URL.",
    "data-url": "Write data:image/png;base64, with the actual type, then strict base64 without spaces.",
    "unsupported-format": f"{_REAL} The translation converts other formats.",
    "broken-picture": f"{_REAL} Describe in words what cannot be shown.",
    "picture-bomb": "Shrink it.",
    "animated-gif": "Send one frame, or a contact sheet like those that the translation creates.",
    "animated-picture": "Send one frame, or a contact sheet like those that the translation creates.",
    "mislabelled-picture": "Label it with the actual type of its bytes.",
    "too-many-patches": 'Shrink it, or write "detail": "high".',
}
"""How to fix a violation, by the id of its rule."""

_OURS: Mapping[str, str] = {
    "empty-output": "The model learns nothing and may repeat the call.",
    "tool-twice": "It is undefined which of the two is called.",
    "tool-field": "An undocumented field may be refused or ignored.",
    "repeated-output": "It is not documented which of the two the model reads.",
    "mismatched-output": "An output whose type does not match its call may be refused or ignored.",
    "chat-repeated-output": "It is not documented which of the two the model reads.",
    "picture-bomb": "It has too many pixels for most decoders.",
    "animated-picture": "What the model sees of the other frames is not documented.",
    "mislabelled-picture": "Its label does not match its bytes, which servers may refuse.",
}
"""The consequence of a violation for which no refusal by the API has been reported."""

_SOURCES = {rule.id: rule.source for rule in RULES}


def of(violation: Violation) -> Finding:
    """Return a violation of a shared rule as a finding."""
    rule = violation.rule
    refused = _SOURCES[rule] != "ours"
    why = f" ({_clipped(violation.why)})" if violation.why else ""
    consequence = (
        f"The API answers 400: {_clipped(violation.message)}{why}"
        if refused
        else f"{_OURS[rule].removesuffix('.')}{why}."
    )
    return Finding(rule, violation.path, consequence, FIXES[rule], refused)


def _clipped(text: str) -> str:
    return beginning(text, _LONGEST)
