"""Requests to the Responses API."""

from functools import partial
from typing import Any

from imagebridge.errors import ResponseError
from imagebridge.wire import JSON, Item, is_json, is_list, listed, paired, text_of

from .event_stream import sound
from .openai_client import BROKEN, STRANGE, Caller, Whole
from .response_events import ResponseEvents, failure, refused
from .response_items import ended, final_text, items, unanswered, unreferenced
from .text_format import TextFormat
from .turn import CallableTools, OnRunEvent, Turn, Usage, relaxed

_ENCRYPTED = "reasoning.encrypted_content"
_UNFINISHED = ("queued", "in_progress")
_FREE = {"message", "reasoning", "function_call", "compaction", "mcp_list_tools"}
"""Output items without a separate fee."""


class Responses:
    """The Responses API, through the SDK's `create` or by posting the body directly."""

    before = 0

    def __init__(
        self,
        caller: Caller,
        tools: CallableTools,
        arguments: dict[str, Any],
        *,
        streaming: bool,
        direct: bool,
    ) -> None:
        if arguments.get("background"):
            raise TypeError(
                "run() and stream() do not accept background=True, because they wait for each response"
            )
        if direct and arguments.get("text_format"):
            raise TypeError("direct=True does not accept text_format, because it bypasses the SDK's parsing")
        self.form: TextFormat | None = None
        if (wanted := arguments.pop("text_format", None)) is not None:
            if is_json(text := arguments.get("text") or {}) and "format" in text:
                raise TypeError(
                    'text_format and text={"format": ...} mean the same thing: leave one of them out'
                )
            self.form = TextFormat(wanted)
            arguments["text"] = {**text, "format": self.form.responses}
        self._caller = caller
        self._tools = tools
        self._arguments = arguments
        self._streaming = streaming
        self._direct = direct
        self.previous: str | None = arguments.pop("previous_response_id", None) or None
        self._chained = self.previous is not None
        self._included = False
        """Whether we requested encrypted reasoning and the caller did not."""
        self._asked = False
        if arguments.get("store") is False:
            self._ask()

    @property
    def keeps(self) -> bool:
        """Whether the server keeps the conversation."""
        return self._chained or bool(self._arguments.get("conversation"))

    async def ask(self, sent: list[Item], on_event: OnRunEvent) -> Turn:
        """Send one request; see `ModelApi.ask`."""
        body = {**self._arguments, "input": sent}
        if definitions := [*self._tools.own, *self._tools.bridge]:
            body["tools"] = definitions
        if self._chained:
            body["previous_response_id"] = self.previous
        response = await self._response(body, on_event)
        if not is_json(response):
            raise self._caller.strange(response)
        if error := refused(response):
            raise error
        if response.get("status") in ("failed", "cancelled"):
            raise failure(response.get("error"))
        return self._turn(response)

    async def _response(self, body: dict[str, Any], on_event: OnRunEvent) -> object:
        events = ResponseEvents()

        async def pass_on(event: object) -> None:
            if delta := events.take(event):
                await on_event(delta)

        streamed = self._streaming
        opening = partial(self._opened, {**body, "stream": True} if streamed else body)
        came = await self._caller.answer(opening, pass_on, streamed=streamed)
        if isinstance(came, Whole):
            return came.json
        if (response := events.response(done=came.done)) is None:
            hint = (
                ""
                if events.came
                else f"; nothing arrived: is {self._caller.client.base_url} a Responses API?"
            )
            raise ResponseError(f"the stream ended before the response was complete{hint}", BROKEN)
        return response

    async def _opened(self, body: dict[str, Any]) -> Any:
        client = self._caller.client
        return await (self._posted(body) if self._direct else self._caller.created(client.responses, body))

    async def _posted(self, body: dict[str, Any]) -> Any:
        """Post the body as bytes, encoded once: the SDK traverses and encodes it at half the speed."""
        from httpx2 import Response
        from openai import AsyncStream, NotGiven, Omit, Stream
        from pydantic_core import to_json

        fields = {name: value for name, value in body.items() if not isinstance(value, (NotGiven, Omit))}
        options: dict[str, Any] = {"headers": {"Content-Type": "application/json"}}
        options["headers"] |= fields.pop("extra_headers", None) or {}
        if query := fields.pop("extra_query", None):
            options["params"] = query
        if "timeout" in fields:
            options["timeout"] = fields.pop("timeout")
        fields |= fields.pop("extra_body", None) or {}
        return await self._caller.call(
            self._caller.client.post,
            "/responses",
            cast_to=Response,
            content=to_json(fields),
            options=options,
            stream=True,  # of bytes: we read the body
            stream_cls=Stream[object] if self._caller.blocking else AsyncStream[object],
        )

    def _turn(self, response: JSON) -> Turn:
        output = listed(response.get("output"))
        if text_of(response, "status") in _UNFINISHED and not output:
            raise ResponseError(f"the response is not finished: its status is {response['status']}", STRANGE)
        if not is_list(output):
            raise self._caller.strange(response)
        try:
            output_items = items([sound(item) for item in output])
        except (TypeError, ValueError):
            raise self._caller.strange(response) from None
        identity = paired(text_of(response, "id"))
        if self._chained and not identity:
            raise ResponseError("the response has no id for previous_response_id to continue from", STRANGE)
        details = response.get("incomplete_details")
        reason = text_of(details, "reason") if is_json(details) else ""
        reason = reason or ("unknown" if response.get("status") == "incomplete" else "")
        output_items = ended(output_items, cut=bool(reason))
        calls = [item for item in output_items if item.get("type") == "function_call"]
        text = final_text(output_items)
        theirs = self._tools.names
        return Turn(
            output_items,
            [call for call in calls if call["name"] not in theirs],
            [*(call for call in calls if call["name"] in theirs), *unanswered(output_items)],
            text,
            Usage.of(response.get("usage")),
            paired(text_of(response, "model")) or self._arguments["model"],
            identity or None,
            reason or None,
            text_of(response, "service_tier") or None,
            any(text_of(item, "type") not in _FREE for item in output_items),
        )

    def relax(self) -> None:
        """See `ModelApi.relax`."""
        if "tool_choice" in self._arguments:
            self._arguments["tool_choice"] = relaxed(self._arguments["tool_choice"])

    def self_contained(self, sent: list[Item]) -> list[Item] | None:
        """Request encrypted reasoning, which organisations with zero data retention need; see `ModelApi.self_contained`."""
        if self.keeps or self._asked:
            return None
        self._ask()
        return unreferenced(sent)

    def _ask(self) -> None:
        """Request encrypted reasoning: otherwise reasoning items cannot be sent back to a server that stores none."""
        self._asked = True
        include: list[str] = list(self._arguments.get("include") or ())
        if _ENCRYPTED not in include:
            self._arguments["include"] = [*include, _ENCRYPTED]
            self._included = True

    def without_include(self, parameter: str) -> bool:
        """Handle models that do not reason and may refuse the request for reasoning; see `ModelApi.without_include`."""
        if not parameter.startswith("include") or not self._included:
            return False
        self._included = False
        self._arguments["include"] = [one for one in self._arguments["include"] if one != _ENCRYPTED]
        return True
