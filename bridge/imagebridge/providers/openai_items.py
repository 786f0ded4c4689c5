"""Reads the items of a conversation in both of OpenAI's wire formats: their roles, the calls they make or answer, and
the sources of their pictures and files.

Items from the model may be SDK objects.
"""

from collections.abc import Iterator

from imagebridge.wire import JSON, JsonObject, as_object, is_json, is_list, text_of

from .provider import Source

_OUTPUTS = ("function_call_output", "custom_tool_call_output")
_CALLS = (
    "function_call",
    "custom_tool_call",
    "computer_call",
    "local_shell_call",
    "shell_call",
    "apply_patch_call",
)


def _get(item: object, name: str) -> object:
    return item.get(name) if is_json(item) else getattr(item, name, None)


class OpenAIItems:
    """Reads items of Responses and messages of Chat Completions; see `Provider`."""

    def speaker(self, item: object) -> str | None:
        """See `Provider.speaker`."""
        if (role := _get(item, "role")) is not None:
            return str(role)
        if (kind := _get(item, "type")) is None:
            return None
        return "tool" if str(kind).endswith(("_output", "_response")) else "assistant"

    def calls(self, item: object) -> list[tuple[str, str]]:
        """See `Provider.calls`."""
        return list(_calls(item))

    def waits(self, item: object) -> bool:
        """See `Provider.waits`."""
        return _get(item, "type") in _CALLS or bool(_get(item, "tool_calls"))

    def answered(self, item: JSON) -> str:
        """See `Provider.answered`."""
        return text_of(item, "call_id") or text_of(item, "tool_call_id")

    def holder(self, item: JSON) -> str:
        """See `Provider.holder`."""
        return "output" if item.get("type") in _OUTPUTS else "content"

    def source(self, part: JSON) -> Source:
        """See `Provider.source`."""
        fields = attached(part)
        urls = (text_of(fields, name) for name in ("image_url", "url", "file_data", "file_url"))
        url = next(filter(None, urls), "")
        return Source(url, text_of(fields, "file_id"), text_of(fields, "filename"), text_of(fields, "detail"))


def attached(part: JSON) -> JSON:
    """Return the fields of a picture or file, which Chat Completions nests one level deeper; some programs do not nest them."""
    for name in ("image_url", "file"):
        if is_json(inner := part.get(name)):
            return {**part, name: None, **inner}
    return part


def response_call(call: object) -> JsonObject:
    """Return a Chat Completions tool call, valid or not, as an item of Responses."""
    fields = as_object(call) or {}
    custom = as_object(fields.get("custom"))
    inner = custom or as_object(fields.get("function")) or {}
    identity = {"call_id": fields.get("id"), "name": text_of(inner, "name")}
    if custom is not None:
        return {"type": "custom_tool_call", **identity, "input": text_of(inner, "input")}
    return {"type": "function_call", **identity, "arguments": inner.get("arguments")}


def _calls(item: object) -> Iterator[tuple[str, str]]:
    inner = _get(item, "tool_calls")
    for call in inner if is_list(inner) else (item,):
        identity = _get(call, "call_id") or _get(call, "id")
        name = _get(call, "name") or _get(_get(call, "function"), "name")
        if isinstance(identity, str) and isinstance(name, str):
            yield identity, name
