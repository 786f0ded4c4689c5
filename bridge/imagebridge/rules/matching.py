"""Rules about calls and their outputs: each call must have exactly one output, with its id."""

from collections.abc import Iterator
from itertools import zip_longest

from imagebridge.rules import sources
from imagebridge.rules.body import CALLS, OUTPUTS, Body, InputItem
from imagebridge.rules.rule import Breach, Rule
from imagebridge.wire import as_list, as_object, as_string

# Items that refer to others, which the server knows and the body does not show.
_STAND_INS = frozenset({"item_reference", "compaction"})


def _call_id(item: InputItem) -> str:
    return as_string(item.fields.get("call_id"))


def _conversation(body: Body) -> tuple[InputItem, ...]:
    return (*body.earlier, *body.items)


def _missing_ids(body: Body) -> Iterator[Breach]:
    for item in body.items:
        if (item.type in OUTPUTS or item.type in CALLS) and not _call_id(item):
            path = f"{item.path}.call_id"
            yield Breach(path, f"Missing required parameter: '{path}'.", code="missing_required_parameter")


def _orphans(body: Body) -> Iterator[Breach]:
    if not body.whole or any(item.type in _STAND_INS for item in _conversation(body)):
        return
    called: set[str] = {_call_id(item) for item in body.earlier if item.type in CALLS}
    for item in body.items:
        if item.type in CALLS:
            called.add(_call_id(item))
        elif item.type in OUTPUTS and _call_id(item) and _call_id(item) not in called:
            yield Breach(
                f"{item.path}.call_id",
                f"No tool call found for function call output with call_id {_call_id(item)}.",
                param="input",
                code=None,
            )


def _repeated(body: Body) -> Iterator[Breach]:
    answered: set[str] = {_call_id(item) for item in body.earlier if item.type in OUTPUTS}
    for item in body.items:
        if item.type not in OUTPUTS or not _call_id(item):
            continue
        if _call_id(item) in answered:
            message = f"Duplicate tool output found for function call {_call_id(item)}."
            yield Breach(f"{item.path}.call_id", message, param="input", code=None)
        answered.add(_call_id(item))


def _mismatched(body: Body) -> Iterator[Breach]:
    called = {_call_id(item): item.type for item in _conversation(body) if item.type in CALLS}
    for item in body.items:
        kind = called.get(_call_id(item))
        if item.type in OUTPUTS and kind is not None and item.type != CALLS[kind]:
            yield Breach(
                f"{item.path}.type",
                f"Invalid '{item.path}.type': '{item.type}' does not answer a {kind}. Expected '{CALLS[kind]}'.",
            )


def _unanswered(body: Body) -> Iterator[Breach]:
    answered = {_call_id(item) for item in body.items if item.type in OUTPUTS}
    answered |= {_call_id(item) for item in body.earlier if item.type in OUTPUTS}
    for item in _conversation(body):
        # An asynchronous call may be answered later.
        if item.type in CALLS and _call_id(item) not in answered and not item.fields.get("async"):
            message = f"No tool output found for function call {_call_id(item)}."
            yield Breach(item.path, message, param="input", code=None)


def _lone_reasoning(body: Body) -> Iterator[Breach]:
    for item, after in zip_longest(body.items, body.items[1:]):
        if item.type != "reasoning":
            continue
        theirs = (
            after is None
            or after.type in OUTPUTS
            or after.fields.get("role") in ("user", "system", "developer")
        )
        if theirs:
            yield Breach(
                item.path,
                f"Item '{as_string(item.fields.get('id'))}' of type 'reasoning' was provided without its required "
                "following item.",
                param="input",
                code=None,
            )


# Chat Completions.


def _tool_calls(item: InputItem) -> list[str]:
    """Return the ids of the calls in an assistant message."""
    calls = as_list(item.fields.get("tool_calls"))
    return (
        [as_string((as_object(call) or {}).get("id")) for call in calls] if item.type == "assistant" else []
    )


def _answers(item: InputItem) -> str:
    return as_string(item.fields.get("tool_call_id"))


def _chat_orphans(body: Body) -> Iterator[Breach]:
    called: set[str] = set()
    for item in body.items:
        called.update(_tool_calls(item))
        if item.type == "tool" and _answers(item) not in called:
            yield Breach(
                item.path,
                "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
                "'tool_calls'.",
                param=f"{item.path}.role",
                code=None,
            )


def _chat_pending(body: Body, *, later: bool) -> Iterator[Breach]:
    """Yield calls that no tool message answers directly; `later` selects those answered after another message."""
    for index, item in enumerate(body.items):
        rest = body.items[index + 1 :]
        at_once: set[str] = set()
        for message in rest:
            if message.type != "tool":
                break
            at_once.add(_answers(message))
        missing = [call for call in _tool_calls(item) if call not in at_once]
        ever = {_answers(message) for message in rest if message.type == "tool"}
        wanted = [call for call in missing if (call in ever) == later]
        if wanted:
            yield Breach(
                item.path,
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
                f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(wanted)}",
                "another message comes before the answer" if later else "",
                param="messages",
                code=None,
            )


def _chat_unanswered(body: Body) -> Iterator[Breach]:
    return _chat_pending(body, later=False)


def _chat_interrupted(body: Body) -> Iterator[Breach]:
    return _chat_pending(body, later=True)


def _chat_repeated(body: Body) -> Iterator[Breach]:
    answered: set[str] = set()
    for item in body.items:
        if item.type == "tool" and _answers(item) in answered:
            message = f"Duplicate tool message for tool_call_id '{_answers(item)}'."
            yield Breach(f"{item.path}.tool_call_id", message, code=None)
        if item.type == "tool":
            answered.add(_answers(item))


MATCHING: tuple[Rule, ...] = (
    Rule(
        "missing-call-id",
        "A call and its output must have a call_id.",
        "documented",
        sources.FUNCTIONS,
        _missing_ids,
    ),
    Rule(
        "output-without-call",
        "An output must come after the call that it answers.",
        "reported",
        sources.issue("james-6-23/codex2api", 414),
        _orphans,
    ),
    Rule("repeated-output", "A call must have only one output.", "ours", sources.FUNCTIONS, _repeated),
    Rule(
        "mismatched-output",
        "A function call must be answered by function_call_output, and a custom call by custom_tool_call_output.",
        "ours",
        sources.FUNCTIONS,
        _mismatched,
        ("responses",),
    ),
    Rule(
        "unanswered-call",
        "Every call must have an output, even one that failed.",
        "reported",
        sources.issue("openai/openai-support-agent-demo", 12),
        _unanswered,
    ),
    Rule(
        "lone-reasoning",
        "A reasoning item must be sent back together with the item that followed it.",
        "reported",
        sources.issue("openai/openai-node", 1567),
        _lone_reasoning,
        ("responses",),
    ),
    Rule(
        "chat-output-without-call",
        "A tool message must come after the message that contains its call.",
        "reported",
        sources.issue("QwenLM/qwen-code", 2360),
        _chat_orphans,
        ("chat",),
    ),
    Rule(
        "chat-repeated-output",
        "A call must have only one tool message.",
        "ours",
        sources.OURS,
        _chat_repeated,
        ("chat",),
    ),
    Rule(
        "chat-unanswered-call",
        "Every call in an assistant message must have a tool message.",
        "documented",
        sources.CHAT_TYPES,
        _chat_unanswered,
        ("chat",),
    ),
    Rule(
        "chat-interrupted-answers",
        "Tool messages must directly follow the assistant message that contains their calls.",
        "documented",
        sources.CHAT_TYPES,
        _chat_interrupted,
        ("chat",),
    ),
)
