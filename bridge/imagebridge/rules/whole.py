"""Rules about a request as a whole: texts that are not Unicode, and settings that do not match the content."""

from collections.abc import Iterator

from imagebridge.facts.models import AVAILABILITY_READ, always_reasons, chat_tools_of, no_chat_tools
from imagebridge.rules import sources
from imagebridge.rules.body import Body
from imagebridge.rules.rule import Breach, Rule
from imagebridge.wire import as_list, as_object, as_string, paired


def _halves(body: Body) -> Iterator[Breach]:
    waiting: list[tuple[str, object]] = [(name, body.fields[name]) for name in reversed(list(body.fields))]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            if paired(value) != value:
                message = (
                    f"Invalid '{path}': the text contains half of a surrogate pair, which is not a character."
                )
                yield Breach(path, message, "cut text by characters, not by UTF-16 units")
            continue
        inside = [(f"{path}.{name}", inner) for name, inner in (as_object(value) or {}).items()]
        inside += [(f"{path}[{at}]", inner) for at, inner in enumerate(as_list(value))]
        waiting += reversed(inside)


def _effort(body: Body) -> Iterator[Breach]:
    how = chat_tools_of(body.model or "")
    effort = body.fields.get("reasoning_effort")
    if not how or not as_list(body.fields.get("tools")) or (how == "without effort" and effort == "none"):
        return
    message = (
        f"Function tools with reasoning_effort are not supported for {body.model} in /v1/chat/completions. "
        "To use function tools, use /v1/responses or set reasoning_effort to 'none'."
    )
    why = no_chat_tools(body.model or "") if how == "never" else ""
    yield Breach("reasoning_effort", message, why, code=None)


_SAMPLING = ("temperature", "top_p", "logprobs", "top_logprobs")


def _sampling(body: Body) -> Iterator[Breach]:
    if chat_tools_of(body.model or "") != "without effort" or body.fields.get("reasoning_effort") == "none":
        return
    for name in _SAMPLING:
        if body.fields.get(name) not in (None, False):
            message = f"Unsupported parameter: '{name}' is not supported with this model."
            yield Breach(
                name, message, "it is accepted only with reasoning_effort none", code="unsupported_parameter"
            )


def _no_reasoning(body: Body) -> Iterator[Breach]:
    reasoning = as_object(body.fields.get("reasoning")) or {}
    for path, effort in (
        ("reasoning.effort", reasoning.get("effort")),
        ("reasoning_effort", body.fields.get("reasoning_effort")),
    ):
        if effort in ("none", "minimal") and always_reasons(body.model or ""):
            message = f"Unsupported value: '{path}' does not support '{effort}' with this model."
            yield Breach(path, message, code="unsupported_value")


def _unstored(body: Body) -> Iterator[Breach]:
    if body.fields.get("store") is not False or not body.whole:
        return
    for item in body.items:
        reasoning = item.type == "reasoning" and not item.fields.get("encrypted_content")
        if reasoning or item.type == "item_reference":
            message = (
                f"Item with id '{as_string(item.fields.get('id'))}' not found. Items are not persisted when `store` is set "
                "to false. Try again with `store` set to true, or remove this item from your input."
            )
            why = "include reasoning.encrypted_content and send items back in full"
            yield Breach(item.path, message, why, param="input", code=None)


WHOLE: tuple[Rule, ...] = (
    Rule(
        "half-surrogate",
        "Text must be valid Unicode, without lone surrogates.",
        "documented",
        sources.JSON_STANDARD,
        _halves,
        date=AVAILABILITY_READ,
    ),
    Rule(
        "chat-tools-effort",
        'For some models, Chat Completions accepts tools only with reasoning_effort "none", or not at all.',
        "documented",
        sources.DEPLOYMENT,
        _effort,
        ("chat",),
        AVAILABILITY_READ,
    ),
    Rule(
        "chat-sampling",
        'For these models, Chat Completions accepts temperature, top_p and logprobs only with reasoning_effort "none".',
        "documented",
        sources.DEPLOYMENT,
        _sampling,
        ("chat",),
        AVAILABILITY_READ,
    ),
    Rule(
        "effort",
        'Some models do not accept effort "none" or "minimal".',
        "documented",
        sources.GPT_6_2,
        _no_reasoning,
        date=AVAILABILITY_READ,
    ),
    Rule(
        "unstored-item",
        "With store false, reasoning must be sent back with its encrypted content, and no item may be sent as just an id.",
        "documented",
        sources.REASONING,
        _unstored,
        ("responses",),
        AVAILABILITY_READ,
    ),
)
