"""Rules about the form of a request: types, names, lengths, and where each kind of part is allowed."""

from collections.abc import Iterator, Mapping

from imagebridge.facts.limits import MAX_DATA_URL, MAX_FILE_DATA, MAX_ID, MAX_TEXT, OUTPUT_LENGTHS
from imagebridge.rules import sources
from imagebridge.rules.body import OUTPUTS, Author, Body, InputItem, Part, contents, kind
from imagebridge.rules.rule import Breach, Rule
from imagebridge.wire import BLOCK_KINDS, as_list, as_string, is_list

ITEMS = frozenset(
    {
        "additional_tools",
        "apply_patch_call",
        "apply_patch_call_output",
        "code_interpreter_call",
        "compaction",
        "compaction_trigger",
        "computer_call",
        "computer_call_output",
        "configuration_update",
        "custom_tool_call",
        "custom_tool_call_output",
        "file_search_call",
        "function_call",
        "function_call_output",
        "image_generation_call",
        "item_reference",
        "local_shell_call",
        "local_shell_call_output",
        "mcp_approval_request",
        "mcp_approval_response",
        "mcp_call",
        "mcp_list_tools",
        "message",
        "program",
        "program_output",
        "reasoning",
        "shell_call",
        "shell_call_output",
        "tool_search_call",
        "tool_search_output",
        "web_search_call",
    }
)
ROLES = frozenset({"assistant", "developer", "function", "system", "tool", "user"})

MESSAGE_ROLES = ("assistant", "system", "developer", "user")

INPUT_PARTS = ("input_text", "input_image", "input_file")
RESPONSES_PARTS: Mapping[Author, tuple[str, ...]] = {
    "output": INPUT_PARTS,
    "user": (*INPUT_PARTS, "input_audio"),
    "system": INPUT_PARTS,
    "assistant": ("output_text", "refusal"),
}
CHAT_PARTS: Mapping[Author, tuple[str, ...]] = {
    "tool": ("text",),
    "user": ("text", "image_url", "input_audio", "file"),
    "system": ("text",),
    "assistant": ("text", "refusal"),
}

# The fields that a part or item may have. Others are answered with `unknown_parameter`.
KNOWN: Mapping[str, frozenset[str]] = {
    "function_call_output": frozenset(
        {"type", "id", "call_id", "caller", "name", "namespace", "output", "status"}
    ),
    "input_text": frozenset({"type", "text", "prompt_cache_breakpoint"}),
    "input_image": frozenset({"type", "detail", "file_id", "image_url", "prompt_cache_breakpoint"}),
    "input_file": frozenset(
        {"type", "detail", "file_data", "file_id", "file_url", "filename", "prompt_cache_breakpoint"}
    ),
}


# JSON types of the fields that matter here; None counts as absent.
_STRINGS = ("text", "file_id", "file_data", "file_url", "filename")


def _quoted_names(names: tuple[str, ...]) -> str:
    return (
        ", ".join(f"'{name}'" for name in names[:-1]) + f", and '{names[-1]}'"
        if names[1:]
        else f"'{names[0]}'"
    )


def _wrong(path: str, expected: str, value: object) -> Breach:
    return Breach(
        path,
        f"Invalid type for '{path}': expected {expected}, but got {kind(value)} instead.",
        code="invalid_type",
    )


def _missing(path: str) -> Breach:
    return Breach(path, f"Missing required parameter: '{path}'.", code="missing_required_parameter")


def _required(body: Body) -> Iterator[Breach]:
    if not body.model:
        yield _missing("model")
    optional = body.api == "responses" and (not body.whole or body.earlier or body.fields.get("prompt"))
    if body.fields.get(body.list_name) is None and not optional:
        yield _missing(body.list_name)


def _listed_or_text(value: object) -> bool:
    return is_list(value) or isinstance(value, str)


def _wrong_types(body: Body) -> Iterator[Breach]:
    content = body.fields.get(body.list_name)
    if content is not None and not _listed_or_text(content):
        yield _wrong(body.list_name, "a string or an array", content)
    tools = body.fields.get("tools")
    if not isinstance(tools, list | tuple | None):
        yield _wrong("tools", "an array of objects", tools)
    for index, value in enumerate(as_list(content)):
        if not isinstance(value, dict):
            yield _wrong(f"{body.list_name}[{index}]", "an object", value)
    for item in body.items:
        yield from _item_types(item)
    for part in body.parts:
        for name in _STRINGS:
            if name in part.fields and not isinstance(part.fields[name], str | None):
                yield _wrong(f"{part.path}.{name}", "a string", part.fields[name])


def _item_types(item: InputItem) -> Iterator[Breach]:
    path, content = contents(item)
    if item.type in OUTPUTS or item.type == "message" or item.type in ROLES:
        empty = content is None and item.type == "assistant"
        if not _listed_or_text(content) and not empty:
            yield _wrong(path, "a string or an array", content) if content is not None else _missing(path)
        for index, value in enumerate(as_list(content)):
            if not isinstance(value, dict):
                yield _wrong(f"{path}[{index}]", "an object", value)
    if item.type == "function_call" and not isinstance(item.fields.get("arguments"), str):
        yield _wrong(f"{item.path}.arguments", "a string", item.fields.get("arguments"))


def _items(body: Body) -> Iterator[Breach]:
    known = ITEMS if body.api == "responses" else ROLES
    name = "type" if body.api == "responses" else "role"
    for item in body.items:
        if item.type not in known:
            yield Breach(
                f"{item.path}.{name}",
                f"Invalid value: '{item.type}'. Supported values are: {_quoted_names(tuple(sorted(known)))}.",
            )


def _roles(body: Body) -> Iterator[Breach]:
    for item in body.items:
        role = item.fields.get("role")
        if item.type == "message" and role not in MESSAGE_ROLES:
            yield Breach(
                f"{item.path}.role",
                f"Invalid value: '{role}'. Supported values are: {_quoted_names(MESSAGE_ROLES)}.",
            )


def _allowed(body: Body, part: Part) -> tuple[str, ...]:
    return (RESPONSES_PARTS if body.api == "responses" else CHAT_PARTS).get(part.place, INPUT_PARTS)


def _unknown(body: Body, *, mcp: bool) -> Iterator[Breach]:
    for part in body.parts:
        allowed = _allowed(body, part)
        if part.type in allowed or mcp != (part.place in ("output", "tool") and part.type in BLOCK_KINDS):
            continue
        if part.place == "tool" and part.type == "image_url":
            continue  # a separate rule with a separate message
        why = f"'{part.type}' is an MCP block: translate the result first" if mcp else ""
        yield Breach(
            f"{part.path}.type",
            f"Invalid value: '{part.type}'. Supported values are: {_quoted_names(allowed)}.",
            why,
        )


def _mcp_blocks(body: Body) -> Iterator[Breach]:
    return _unknown(body, mcp=True)


def _unknown_parts(body: Body) -> Iterator[Breach]:
    return _unknown(body, mcp=False)


def _tool_pictures(body: Body) -> Iterator[Breach]:
    for part in body.parts:
        if part.place == "tool" and part.type == "image_url":
            yield Breach(
                part.path,
                "Image URLs are only allowed for messages with role 'user', but this message with role 'tool' "
                "contains an image URL.",
                "send it in a user message after all tool messages",
            )


def _unknown_parameters(body: Body) -> Iterator[Breach]:
    pieces = [
        (item.path, item.type, item.fields) for item in body.items if item.type == "function_call_output"
    ]
    pieces += [(part.path, part.type, part.fields) for part in body.parts if part.place in ("output", "user")]
    for item in body.items:
        if item.type == "message" and as_list(item.fields.get("tool_calls")):
            path = f"{item.path}.tool_calls"
            yield Breach(path, f"Unknown parameter: '{path}'.", code="unknown_parameter")
    for path, type_, content in pieces:
        for name in content:
            if type_ in KNOWN and name not in KNOWN[type_]:
                yield Breach(
                    f"{path}.{name}", f"Unknown parameter: '{path}.{name}'.", code="unknown_parameter"
                )


def _absent_text(body: Body) -> Iterator[Breach]:
    for part in body.parts:
        if part.type in ("input_text", "text") and part.fields.get("text") is None:
            yield _missing(f"{part.path}.text")


_LENGTHS = {"text": MAX_TEXT, "image_url": MAX_DATA_URL, "file_data": MAX_FILE_DATA, "file_id": MAX_ID}


def _too_long(body: Body) -> Iterator[Breach]:
    for part in body.parts:
        yield from _longer(part.path, part.fields, _LENGTHS)
    for item in body.items:
        if item.type in OUTPUTS or item.type == "function_call":
            yield from _longer(item.path, item.fields, OUTPUT_LENGTHS)


def _longer(path: str, content: Mapping[str, object], lengths: Mapping[str, int]) -> Iterator[Breach]:
    for name, limit in lengths.items():
        length = len(as_string(content.get(name)))
        if length > limit:
            yield Breach(
                f"{path}.{name}",
                f"Invalid '{path}.{name}': string too long. Expected a string with maximum length {limit}, "
                f"but got a string with length {length} instead.",
                code="string_above_max_length",
            )


def _empty_outputs(body: Body) -> Iterator[Breach]:
    for item in body.items:
        path, content = contents(item)
        if item.type in OUTPUTS and content == []:
            yield Breach(
                path,
                f"Invalid '{path}': empty array. Expected an array with minimum length 1, "
                "but got an empty array instead.",
                "the schema allows it, but it tells the model nothing; send a short sentence",
                code="empty_array",
            )


FORM: tuple[Rule, ...] = (
    Rule(
        "missing-parameter",
        "A request must name its model and have an input.",
        "documented",
        sources.SPECIFICATION,
        _required,
    ),
    Rule(
        "wrong-type",
        "Each field must have its documented JSON type.",
        "documented",
        sources.SPECIFICATION,
        _wrong_types,
    ),
    Rule(
        "unknown-item",
        "Each item must have a known type, and each message a known role.",
        "documented",
        sources.TYPES,
        _items,
    ),
    Rule(
        "message-role",
        "Responses does not accept tool messages.",
        "documented",
        sources.TYPES,
        _roles,
        ("responses",),
    ),
    Rule(
        "mcp-block",
        "An MCP block cannot be used as a content part.",
        "documented",
        sources.TYPES,
        _mcp_blocks,
    ),
    Rule(
        "unknown-part",
        "Each content part must have a type that is allowed where it appears.",
        "reported",
        sources.issue("MervinPraison/PraisonAI", 3934),
        _unknown_parts,
    ),
    Rule(
        "chat-tool-picture",
        "A tool message in Chat Completions must not contain pictures.",
        "reported",
        sources.issue("dreadnode/rigging", 41),
        _tool_pictures,
        ("chat",),
    ),
    Rule(
        "unknown-parameter",
        "Outputs, messages and their parts must have only documented fields.",
        "reported",
        sources.issue("BerriAI/litellm", 13420),
        _unknown_parameters,
        ("responses",),
    ),
    Rule("missing-text", "A text part must contain text.", "documented", sources.TYPES, _absent_text),
    Rule(
        "too-long",
        "Text, URLs and ids must not exceed their length limits.",
        "documented",
        sources.SPECIFICATION,
        _too_long,
    ),
    Rule(
        "empty-output", "An output must not be empty.", "ours", sources.OURS, _empty_outputs, ("responses",)
    ),
)
