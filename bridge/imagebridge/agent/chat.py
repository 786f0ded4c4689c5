"""Requests to Chat Completions, for servers that offer no Responses API."""

from functools import partial
from typing import Any

from imagebridge.errors import ResponseError, RunError
from imagebridge.facts.models import chat_tools_of, no_chat_tools
from imagebridge.providers.chat import PROVIDER
from imagebridge.providers.openai_items import response_call
from imagebridge.wire import JSON, Item, is_json, is_list, listed, paired, text_of

from .chat_chunks import ChatChunks, pieces
from .event_stream import sound
from .openai_client import BROKEN, STRANGE, Caller, Whole
from .response_events import failure, refused
from .response_items import UNNAMED, final_text, unique, written
from .text_format import TextFormat
from .turn import CallableTools, OnRunEvent, Turn, Usage, plain, relaxed

_ARGUMENT = f'api="{PROVIDER.name}"'
_RESPONSES_ONLY = ("previous_response_id", "conversation", "background", "include")


class Completions:
    """Chat Completions, called through the SDK's `create`."""

    previous: str | None = None
    keeps = False

    def __init__(
        self,
        caller: Caller,
        tools: CallableTools,
        arguments: dict[str, Any],
        *,
        streaming: bool,
    ) -> None:
        for name in _RESPONSES_ONLY:
            if arguments.get(name):
                raise TypeError(f"{name} belongs to the Responses API; leave it out, or {_ARGUMENT}")
        if arguments.get("n") not in (None, 1):
            raise TypeError("run() and stream() handle only one choice: leave n out")
        self._caller = caller
        self._tools = tools
        self._arguments = arguments
        self._streaming = streaming
        instructions = arguments.pop("instructions", None)
        # `system`, not `developer`: every compatible server knows it, and OpenAI's treat both alike.
        self._opening = [{"role": "system", "content": instructions}] if instructions is not None else []
        self.before = len(self._opening)
        wanted = arguments.pop("text_format", None)
        if wanted is None and isinstance(arguments.get("response_format"), type):
            wanted = arguments["response_format"]
        self.form = None if wanted is None else TextFormat(wanted)
        if self.form:
            arguments["response_format"] = self.form.chat
        if streaming:
            arguments["stream_options"] = {"include_usage": True, **(arguments.get("stream_options") or {})}

    async def ask(self, sent: list[Item], on_event: OnRunEvent) -> Turn:
        """Send one request; see `ModelApi.ask`."""
        body = {**self._arguments, "messages": [*self._opening, *sent]}
        if definitions := [*self._tools.own, *map(_tool, self._tools.bridge)]:
            body["tools"] = definitions
            self._check(body)
        return self._turn(await self._completion(body, on_event))

    def _check(self, body: dict[str, Any]) -> None:
        """Set the reasoning effort that the model needs with tools, unless the caller specified one.

        Raises:
            RunError: the model does not support tools in this API.
        """
        how = chat_tools_of(str(body["model"]))
        if how == "never":
            raise RunError(f"{no_chat_tools(str(body['model']))}: leave out {_ARGUMENT} (`ask`: --chat)")
        if how == "without effort":
            body.setdefault("reasoning_effort", "none")

    async def _completion(self, body: dict[str, Any], on_event: OnRunEvent) -> object:
        chunks = ChatChunks()

        async def pass_on(chunk: object) -> None:
            for delta in chunks.take(chunk):
                await on_event(delta)

        streamed = self._streaming
        sent = {**body, "stream": True} if streamed else body
        opening = partial(self._caller.created, self._caller.client.chat.completions, sent)
        came = await self._caller.answer(opening, pass_on, streamed=streamed)
        if isinstance(came, Whole):
            return came.json
        if (completion := chunks.completion(done=came.done)) is None:
            raise ResponseError("the stream ended before the message was complete", BROKEN)
        return completion

    def _turn(self, completion: object) -> Turn:
        if is_json(completion) and (error := refused(completion)):
            raise error
        if not is_json(completion) or not is_list(choices := listed(completion.get("choices"))):
            raise self._caller.strange(completion)
        if not choices:
            raise ResponseError("the response has no choices", "empty")
        choice = next((entry for entry in choices if is_json(entry)), None)
        try:
            answer_message = sound(choice.get("message")) if choice else None
        except ValueError:
            raise self._caller.strange(completion) from None
        if choice is None or not is_json(answer_message):
            raise self._caller.strange(completion)
        finish = choice.get("finish_reason")
        if finish == "error":
            raise failure(choice.get("error") or choice.get("native_finish_reason"))
        message = _assistant_message(plain(answer_message))
        calls = [response_call(entry) for entry in message.get("tool_calls", ())]
        if (
            finish in ("tool_calls", "function_call")
            and not calls
            and not final_text([{"type": "message", **message}])
        ):
            raise ResponseError(
                "the response says that the model calls a tool, but contains no call", STRANGE
            )
        if calls and finish == "length":
            calls[-1]["status"] = "incomplete"
        names = self._tools.names
        own: list[Item] = []
        theirs: list[Item] = []
        for call in calls:
            is_own = call["type"] == "function_call" and call["name"] not in names
            (own if is_own else theirs).append(call)
        cut = {"length": "max_output_tokens", "content_filter": "content_filter"}
        return Turn(
            [message],
            own,
            theirs,
            final_text([{"type": "message", **message}]) or text_of(message, "refusal"),
            Usage.of(completion.get("usage")),
            paired(text_of(completion, "model")) or self._arguments["model"],
            paired(text_of(completion, "id")) or None,
            cut.get(finish) if isinstance(finish, str) else None,
            text_of(completion, "service_tier") or None,
        )

    def relax(self) -> None:
        """See `ModelApi.relax`."""
        if "tool_choice" in self._arguments:
            self._arguments["tool_choice"] = relaxed(self._arguments["tool_choice"])

    def self_contained(self, sent: list[Item]) -> list[Item] | None:
        """Nothing is sent by id in this API; see `ModelApi.self_contained`."""
        return None

    def without_include(self, parameter: str) -> bool:
        """This API has nothing to include; see `ModelApi.without_include`."""
        return False


def _tool(tool: Any) -> Item:
    """Return a Responses API definition in the form of Chat Completions."""
    return {"type": "function", "function": {name: tool[name] for name in tool if name != "type"}}


def _assistant_message(message: Item) -> Item:
    """Return the model's message as it is sent back: fields that servers add are kept, empty ones and annotations are removed."""
    fields = {
        name: value for name, value in message.items() if value not in (None, []) and name != "annotations"
    }
    calls = pieces({name: fields.pop(name, None) for name in ("tool_calls", "function_call")})
    used_ids: set[str] = set()
    if tool_calls := [_sent(call, used_ids) for call in calls]:
        fields["tool_calls"] = tool_calls
    return {"role": "assistant", "content": None, **fields}


def _sent(call: JSON, used_ids: set[str]) -> Item:
    """Return a call as it is sent back: with a unique id, a name and its arguments as text, but without its stream index."""
    kind = "custom" if is_json(call.get("custom")) else "function"
    inner = call.get(kind)
    function = dict(inner) if is_json(inner) else {}
    function["name"] = text_of(function, "name") or UNNAMED
    if kind == "function":
        function["arguments"] = written(function.get("arguments"))
    fields = {name: value for name, value in call.items() if name not in ("index", "function", "custom")}
    fields["id"] = unique(text_of(call, "id"), used_ids)
    used_ids.add(fields["id"])
    return {**fields, "type": kind, kind: function}
