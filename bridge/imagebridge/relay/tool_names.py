"""Gives tools names and schemas that OpenAI's API accepts, and maps calls back: `--names`."""

from imagebridge.schemas.definitions import responses_tools, tool_names
from imagebridge.wire import JSON, is_json, is_list, text_of

from .json_rpc import spliced


class Names:
    """The names of the tools on both sides, over all pages of their list."""

    def __init__(self) -> None:
        self._originals: dict[str, str] = {}
        self._tools: dict[str, JSON] = {}

    def listed(self, result: JSON) -> JSON:
        """Return a page of tools with valid names and parameters that the API accepts."""
        tools = result.get("tools")
        if not is_list(tools):
            return result
        page = [tool for tool in tools if is_json(tool) and text_of(tool, "name")]
        self._tools |= {text_of(tool, "name"): tool for tool in page}
        self._originals = tool_names(self._tools.values())
        legal = {original: name for name, original in self._originals.items()}
        renamed_tools = [self._legal(tool, legal[text_of(tool, "name")]) for tool in page]
        return (
            result
            if all(new is old for new, old in zip(renamed_tools, tools, strict=False))
            else {**result, "tools": renamed_tools}
        )

    def _legal(self, tool: JSON, name: str) -> JSON:
        (definition,) = responses_tools([tool])
        schema = definition.get("parameters") or {}
        description = str(definition.get("description") or "")
        if (name, schema) == (tool.get("name"), tool.get("inputSchema")):
            return tool
        described = {"description": description} if description else {}
        return {**tool, "name": name, **described, "inputSchema": schema}

    def called(self, message: JSON, line: bytes) -> tuple[JSON, bytes]:
        """Return a call, and its line, with the tool name that its server knows; return any other message unchanged."""
        params = message.get("params")
        if message.get("method") != "tools/call" or not is_json(params):
            return message, line
        name = text_of(params, "name")
        original = self._originals.get(name, name)
        if original == name:
            return message, line
        return {**message, "params": {**params, "name": original}}, spliced(
            line, ("params", "name"), original
        )
