"""Requests to the Responses API."""

from collections.abc import Mapping
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any, cast

from imagebridge.errors import ResponseError
from imagebridge.events import HostedTool, Item, ReasoningDelta, TextDelta
from imagebridge.translate.wire import is_json, is_list, text_of

from .client import BROKEN, Caller, unfit
from .prices import Usage
from .turn import Offer, Tell, Turn, plain, relaxed

if TYPE_CHECKING:
    from openai.types.responses import Response

    from imagebridge.events import Answer

    from .bridge import Bridge

_ENCRYPTED = "reasoning.encrypted_content"
_FREE = {"message", "reasoning", "function_call", "compaction", "mcp_list_tools"}
"""Output items without a fee of their own."""
_ENDS = {"response.completed", "response.incomplete", "response.failed"}


class Responses:
    """The Responses API: `create`, `parse` or `stream` of the SDK, or the body posted ready-made."""

    before = 0

    def __init__(
        self,
        bridge: "Bridge",
        caller: Caller,
        offer: Offer,
        arguments: dict[str, Any],
        *,
        streaming: bool,
        direct: bool,
    ) -> None:
        if arguments.get("background"):
            raise TypeError("run() and stream() take no background=True: they wait for each response")
        if direct and arguments.get("text_format"):
            raise TypeError("direct=True takes no text_format: it posts the body without the SDK's parsing")
        self._bridge = bridge
        self._caller = caller
        self._offer = offer
        self._arguments = arguments
        self._streaming = streaming
        self._direct = direct
        self.previous: str | None = arguments.pop("previous_response_id", None) or None
        self._chained = self.previous is not None
        self._included = False
        include: list[str] = list(arguments.get("include") or ())
        if arguments.get("store") is False and _ENCRYPTED not in include:
            # Without it a reasoning item cannot come back: the server has not kept it.
            arguments["include"] = [*include, _ENCRYPTED]
            self._included = True

    @property
    def keeps(self) -> bool:
        """Whether the server keeps the conversation."""
        return self._chained or bool(self._arguments.get("conversation"))

    async def ask(self, items: list[Item], tell: Tell) -> Turn:
        """Send one request; see `Api.ask`."""
        body = {**self._arguments, "input": items}
        if tools := [*self._offer.own, *self._offer.bridge]:
            body["tools"] = tools
        if self._chained:
            body["previous_response_id"] = self.previous
        response = await (self._streamed(body, tell) if self._streaming else self._whole(body))
        try:
            if response.status == "failed":
                raise _failure(response.error)
            return self._turn(response)
        except (AttributeError, TypeError) as error:  # The SDK takes any JSON for a response.
            raise self._caller.strange(response) from error

    async def _whole(self, body: dict[str, Any]) -> "Response":
        from pydantic import ValidationError

        resource = self._caller.client.responses
        try:
            if self._direct:
                return await self._post(body)
            method = resource.parse if body.get("text_format") else resource.create
            return await self._caller.call(method, **body)
        except ValidationError as error:
            raise unfit(error) from error
        except JSONDecodeError as error:
            raise self._caller.strange(error.doc) from error

    async def _post(self, body: dict[str, Any], **way: Any) -> Any:
        """Post the body as bytes, encoded once: the SDK's own way walks through and encodes it twice as slowly."""
        from openai import NotGiven, Omit
        from openai.types.responses import Response
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
            **way,
        )

    async def _streamed(self, body: dict[str, Any], tell: Tell) -> "Response":
        ended: list[Response] = []
        came = False

        async def told(event: Any) -> None:
            nonlocal came
            came = True
            if event.type in _ENDS:
                ended.append(event.response)
            elif event.type == "error":
                raise _failure(event)
            elif told := _told(event):
                await tell(told)

        await self._caller.each(await self._stream(body), told)
        if not ended:
            hint = "" if came else f"; nothing came: is {self._caller.client.base_url} a Responses API?"
            raise ResponseError(f"the stream ended before the response did{hint}", BROKEN)
        return ended[-1]

    async def _stream(self, body: dict[str, Any]) -> Any:
        if not self._direct:
            return self._caller.client.responses.stream(**body)
        from openai import AsyncStream, Stream
        from openai.types.responses import ResponseStreamEvent

        kind = Stream[ResponseStreamEvent] if self._caller.blocking else AsyncStream[ResponseStreamEvent]
        return await self._post({**body, "stream": True}, stream=True, stream_cls=kind)

    def _turn(self, response: "Response") -> Turn:
        items = [plain(item) for item in response.output]
        calls = [item for item in items if item.get("type") == "function_call"]
        theirs = [call for call in calls if call.get("name") in self._offer.names]
        cut = response.incomplete_details
        return Turn(
            items,
            [call for call in calls if call not in theirs],
            [*theirs, *_open(items)],
            response.output_text or _refusal(items),
            Usage.of(response.usage),
            response.model,
            response.id,
            getattr(response, "output_parsed", None),
            (cut.reason if cut else None) or ("unknown" if response.status == "incomplete" else None),
            response.service_tier,
            any(item.get("type") not in _FREE for item in items),
        )

    def relax(self) -> None:
        """See `Api.relax`."""
        if "tool_choice" in self._arguments:
            self._arguments["tool_choice"] = relaxed(self._arguments["tool_choice"])

    def without_include(self, parameter: str | None) -> bool:
        """Models that do not reason may refuse the reasoning's text; see `Api.without_include`."""
        if parameter is None or not parameter.startswith("include") or not self._included:
            return False
        self._included = False
        self._arguments["include"] = [one for one in self._arguments["include"] if one != _ENCRYPTED]
        return True

    def outputs(self, answers: "list[Answer]") -> list[Item]:
        """See `Api.outputs`."""
        return [cast("Item", item) for item in self._bridge.items(answers)]


def _told(event: Any) -> TextDelta | ReasoningDelta | HostedTool | None:
    """Return what an event of the API's stream tells a user interface."""
    match event.type.split("."):
        case ["response", "output_text" | "refusal", "delta"]:
            return TextDelta(event.delta)
        case ["response", "reasoning_summary_text" | "reasoning_text", "delta"]:
            return ReasoningDelta(event.delta)
        case ["response", "output_item", "done"] if _hosted(event.item.type):
            item = plain(event.item)
            status = text_of(item, "status") or "completed"
            return HostedTool(event.item.type.removesuffix("_call"), status, text_of(item, "id"), item)
        case ["response", tool, "in_progress" | "searching" | "interpreting" | "generating" as status] if (
            _hosted(tool)
        ):
            return HostedTool(tool.removesuffix("_call"), status, event.item_id)
        case _:
            return None


def _hosted(kind: str) -> bool:
    return kind.endswith("_call") and kind not in ("function_call", "custom_tool_call")


def _open(items: list[Item]) -> list[Item]:
    """Return what waits for an answer that no server of ours can give: calls without their output beside them."""
    answered = {item.get("call_id") for item in items if str(item.get("type")).endswith("_output")}
    return [
        item
        for item in items
        if item.get("type") == "mcp_approval_request"
        or (
            str(item.get("type")).endswith("_call")
            and item.get("type") != "function_call"
            and item.get("call_id")
            and item["call_id"] not in answered
        )
    ]


def _refusal(items: list[Item]) -> str:
    parts: list[Mapping[str, object]] = []
    for item in items:
        content = item.get("content")
        parts += [part for part in content if is_json(part)] if is_list(content) else []
    return "".join(text_of(part, "refusal") for part in parts)


def _failure(error: Any) -> ResponseError:
    message = getattr(error, "message", None) or "it gave no reason"
    return ResponseError(f"the response failed: {message}", getattr(error, "code", None))
