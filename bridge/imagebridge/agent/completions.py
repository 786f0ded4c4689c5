"""Requests to Chat Completions, for servers that offer no Responses API.

OpenAI's GPT-6 models take tools here only with `reasoning_effort="none"` (their models' pages, 2026-11-22).
"""

from json import JSONDecodeError
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from imagebridge.errors import ResponseError
from imagebridge.events import Item, ReasoningDelta, TextDelta
from imagebridge.translate.wire import JSON, is_json, is_list, text_of

from .client import BROKEN, Caller
from .prices import Usage
from .turn import Offer, Tell, Turn, plain, relaxed

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion

    from imagebridge.events import Answer

    from .bridge import Bridge

_RESPONSES_ONLY = ("previous_response_id", "conversation", "background", "include")


class Completions:
    """Chat Completions: `create` or `stream` of the SDK."""

    previous: str | None = None
    keeps = False

    def __init__(
        self,
        bridge: "Bridge",
        caller: Caller,
        offer: Offer,
        arguments: dict[str, Any],
        *,
        streaming: bool,
    ) -> None:
        for name in _RESPONSES_ONLY:
            if arguments.get(name):
                raise TypeError(f'{name} belongs to the Responses API; leave it out, or api="chat"')
        if arguments.get("n") not in (None, 1):
            raise TypeError("run() and stream() follow one choice: leave n out")
        self._bridge = bridge
        self._caller = caller
        self._offer = offer
        self._arguments = arguments
        self._streaming = streaming
        instructions = arguments.pop("instructions", None)
        # `system` and not `developer`: every compatible server knows it, and OpenAI's take it as the same.
        self._opening = [{"role": "system", "content": instructions}] if instructions is not None else []
        self.before = len(self._opening)
        if (form := arguments.pop("text_format", None)) is not None:
            arguments["response_format"] = form
        self._formed = isinstance(arguments.get("response_format"), type)
        if streaming:
            arguments["stream_options"] = {"include_usage": True, **(arguments.get("stream_options") or {})}

    async def ask(self, items: list[Item], tell: Tell) -> Turn:
        """Send one request; see `Api.ask`."""
        body = {**self._arguments, "messages": [*self._opening, *items]}
        if tools := [*self._offer.own, *map(_tool, self._offer.bridge)]:
            body["tools"] = tools
        resource = self._caller.client.chat.completions
        # `parse` takes strict tools alone (openai 3.54), which the schemas of MCP servers rarely are; `stream` takes all.
        if self._streaming or self._formed:
            return self._turn(*await self._streamed(resource.stream(**body), tell))
        try:
            completion = await self._caller.call(resource.create, **body)
        except JSONDecodeError as error:
            raise self._caller.strange(error.doc) from error
        if not is_list(getattr(completion, "choices", None)):
            raise self._caller.strange(completion)
        try:
            return self._turn(completion, None)
        except (AttributeError, TypeError) as error:  # The SDK takes any JSON for a completion.
            raise self._caller.strange(completion) from error

    async def _streamed(self, manager: Any, tell: Tell) -> "tuple[ChatCompletion, object]":
        whole: Any = None
        parsed: object = None

        async def told(event: Any) -> None:
            nonlocal whole, parsed
            match event.type:
                case "chunk":
                    whole = event.snapshot
                    if event.chunk.choices and (text := _reasoning(event.chunk.choices[0].delta)):
                        await tell(ReasoningDelta(text))
                case "content.delta" | "refusal.delta":
                    await tell(TextDelta(event.delta))
                case "content.done":
                    parsed = event.parsed
                case _:
                    pass

        from openai import ContentFilterFinishReasonError, LengthFinishReasonError

        try:
            await self._caller.each(manager, told)
        except (ContentFilterFinishReasonError, LengthFinishReasonError) as error:
            raise ResponseError(f"the answer is cut off: {error}", "incomplete") from error
        if whole is None or not whole.choices or whole.choices[0].finish_reason is None:
            raise ResponseError("the stream ended before the message did", BROKEN)
        return whole, parsed

    def _turn(self, completion: "ChatCompletion", parsed: object) -> Turn:
        if not completion.choices:
            raise ResponseError("the answer holds no choice", "empty")
        choice = completion.choices[0]
        message = _message(plain(choice.message))
        calls = [_call(one) for one in message.get("tool_calls", ())]
        if calls and choice.finish_reason == "length":
            calls[-1]["status"] = "incomplete"
        theirs = [
            call for call in calls if call["name"] in self._offer.names or call["type"] != "function_call"
        ]
        cut = {"length": "max_output_tokens", "content_filter": "content_filter"}
        return Turn(
            [message],
            [call for call in calls if call not in theirs],
            theirs,
            choice.message.content or choice.message.refusal or "",
            Usage.of(completion.usage),
            completion.model,
            completion.id,
            parsed,
            cut.get(choice.finish_reason),
            completion.service_tier,
        )

    def relax(self) -> None:
        """See `Api.relax`."""
        if "tool_choice" in self._arguments:
            self._arguments["tool_choice"] = relaxed(self._arguments["tool_choice"])

    def without_include(self, parameter: str | None) -> bool:
        """Nothing is included here; see `Api.without_include`."""
        return False

    def outputs(self, answers: "list[Answer]") -> list[Item]:
        """See `Api.outputs`."""
        return self._bridge.messages(answers)


def _tool(tool: Any) -> Item:
    """Return a definition of the Responses API in the form of Chat Completions."""
    return {"type": "function", "function": {name: tool[name] for name in tool if name != "type"}}


def _message(message: Item) -> Item:
    """Return the model's message as it goes back: what servers added stays, empty fields and annotations go."""
    kept = {
        name: value for name, value in message.items() if value not in (None, []) and name != "annotations"
    }
    if is_list(calls := kept.get("tool_calls")):
        kept["tool_calls"] = [_unparsed(call) for call in calls if is_json(call)]
    return {"content": None, **kept}


def _unparsed(call: JSON) -> Item:
    # The stream's accumulated calls carry their place in the stream, which no request takes.
    kept = {name: value for name, value in call.items() if name != "index"}
    # Some compatible servers leave the id out: the answer needs one to name.
    kept["id"] = kept.get("id") or f"call_{uuid4().hex}"
    if is_json(function := kept.get("function")):
        kept["function"] = {name: function[name] for name in function if name != "parsed_arguments"}
    return kept


def _call(call: JSON) -> Item:
    """Return a tool call in the form of the Responses API."""
    kind = "function" if "function" in call else "custom"
    named = call.get(kind)
    return {
        "type": "function_call" if kind == "function" else "custom_tool_call",
        "call_id": call.get("id"),
        "name": text_of(named, "name") if is_json(named) else "",
        "arguments": named.get("arguments") if is_json(named) else "",
    }


def _reasoning(delta: Any) -> str:
    """Return the reasoning that compatible servers stream beside the text."""
    text = getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None)
    return text if isinstance(text, str) else ""
