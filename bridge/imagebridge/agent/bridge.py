"""Bridge: several MCP servers, one list of tools, every function call answered exactly once."""

import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

import anyio

from imagebridge.compose import tool_result
from imagebridge.errors import BridgeError, ServerError, ToolLimitError
from imagebridge.translate import chat
from imagebridge.translate.calls import call_of
from imagebridge.translate.outputs import items
from imagebridge.translate.policy import Policy
from imagebridge.translate.translation import Translation
from imagebridge.translate.wire import JSON, text_of

from .calls import arguments_of, function_calls, response_json, sendable, short
from .config import ServerSpec, Setup, configured
from .connect import checked
from .connection import Connection
from .filter import Filter
from .handles import Handles, Setting, Share, Turn
from .hooks import Approval, Approve, Display, Hear, Log, Progress, ToolCall, tell
from .links import followed
from .offers import Offers

if TYPE_CHECKING:
    from mcp.types import LoggingMessageNotificationParams
    from openai import AsyncOpenAI
    from openai.types.responses import FunctionToolParam, Response, ResponseInputItemParam

    from .loop import Event, Reply
    from .sync import SyncBridge

_LOG = logging.getLogger(__name__)
_DEFAULT = Policy()
_AT_ONCE = 16
"""Calls of one response that run at the same time."""


class Bridge:
    """Connects a GPT model to MCP servers: `async with Bridge("npx -y @playwright/mcp") as bridge:`.

    servers: command lines, http(s) URLs, `HttpServer`, `StdioServerParameters` or `MCPServer` objects.
    config: a file such as `mcp.json` or `claude_desktop_config.json`, whose servers are connected too.
    policy: how results are translated; without a model of its own it takes each response's, and
        without a `proof` every picture is decoded before it is sent.
    allow, deny: patterns of tool names, as in a shell; `server:tool` speaks of one server. Only tools that
        `allow` names (None: all) and `deny` does not are offered.
    approve: asked before each call, with a `ToolCall`; what it does not answer with True does not run. A plain
        function runs in a thread, one at a time, so that it may wait for a person.
    on_display: called with the blocks of a result that are meant for the user's eyes.
    on_event: called with each `Progress` of a call and each `Log` of a server, on the event loop.
    required: whether every server must connect. Otherwise one must, and each that a configuration marks with
        `"required": true`; the others that failed are logged and stand in `failures`.
    timeout: seconds for each connection and for each call, where a configuration names no other. A call that
        reports progress gets as long again each time, up to ten times as long in all.
    handles: whether each picture shown is named beside it (`picture:3`), so that the model can give it to a tool
        by that name. "auto": where some tool takes a picture by its schema; True always, False never. A mapping
        says in which form a parameter takes pictures (`{"crop.source": "path"}`: "data_url", "base64" or "path";
        None where it takes none). Names are known to all conversations over one bridge.
    share: which servers may be given pictures that came from another one. "local": those on this machine (in
        this process, started by a command line, at a loopback address). True: all, False: none, or a list of
        them: command lines, URLs, names in the configuration.

    Entering raises `BridgeError` when no server, or one that is required, can be connected. A server that
    ends is started anew by the next call. `with Bridge(...)` gives the same with methods that block, for the
    `OpenAI` client.
    """

    def __init__(
        self,
        *servers: ServerSpec,
        config: str | Path | None = None,
        policy: Policy = _DEFAULT,
        allow: Iterable[str] | None = None,
        deny: Iterable[str] | None = None,
        approve: Approve | None = None,
        on_display: Display | None = None,
        on_event: Hear | None = None,
        required: bool = False,
        timeout: float = 60,
        handles: Setting = "auto",
        share: Share = "local",
    ) -> None:
        if not servers and config is None:
            raise TypeError("Bridge needs a server: a command line, an http(s) URL, an MCPServer, or config=")
        self._setups = [Setup(checked(server), timeout=timeout) for server in servers]
        self._config = config
        self._policy = replace(policy, proof=policy.proof or "decoded")
        self._rules = Filter.of(allow, deny)
        self._approve = approve
        self._on_display = on_display
        self._on_event = on_event
        self._required = required
        self._timeout = timeout
        self._handles = Handles(handles, share)
        self._stack = AsyncExitStack()
        self._blocking = ExitStack()
        self._open = False
        self._connections: list[Connection] = []
        self._failures: list[ServerError] = []
        self._approval = Approval(None)
        self._offers = Offers(self._rules)
        self._tools: list[FunctionToolParam] | None = None

    async def __aenter__(self) -> Self:
        if self._open:
            raise BridgeError("this bridge is open already; make another one for another block")
        named = configured(self._config, timeout=self._timeout) if self._config is not None else {}
        setups = [*self._setups, *named.values()]
        if not setups:
            raise BridgeError(f"{self._config} names no server that is not switched off")
        self._open = True
        self._approval, self._offers = Approval(self._approve), Offers(self._rules)
        self._stack = AsyncExitStack()
        # Runs last, so that a bridge that failed to open, or was closed, can be opened again.
        self._stack.callback(self._closed)
        self._stack.callback(self._handles.close)
        tasks = await self._stack.enter_async_context(anyio.create_task_group())
        # Runs before the task group waits for its tasks: each of them ends with its server.
        self._stack.callback(self._end)
        log = self._logged if self._on_event else None
        self._connections = [Connection(setup, tasks, self._changed, log) for setup in setups]
        try:
            self._handles.open(self._connections)
            await self._connect()
            self._changed()
            self._offers.warn(self._connections)
            _ = self.tools  # raises where they are too many
            self._handles.check()
        except BaseException:
            # Not through the stack: the task group would wrap it in an exception group.
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        # What the body raised passes by the task group, which would wrap it in an exception group.
        await self._stack.aclose()

    def __enter__(self) -> "SyncBridge":
        from .sync import opened

        self._blocking, face = opened(self)
        return face

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._blocking.__exit__(kind, error, trace)

    async def _connect(self) -> None:
        """Connect all servers at the same time, and go on without those that fail where that is allowed.

        Raises:
            BridgeError: a required one failed, or all.
        """
        failures: dict[Connection, ServerError] = {}

        async def start(connection: Connection) -> None:
            try:
                await connection.open()
            except ServerError as error:
                failures[connection] = error

        async with anyio.create_task_group() as starts:
            for connection in self._connections:
                starts.start_soon(start, connection)
        self._failures = [failures[one] for one in self._connections if one in failures]
        needed = self._required or any(one.setup.required for one in failures)
        if failures and (needed or len(failures) == len(self._connections)):
            first, *others = self._failures
            raise BridgeError("\n".join(map(str, self._failures))) if others else first
        for failure in self._failures:
            _LOG.warning("going on without %s", failure)
        self._connections = [one for one in self._connections if one not in failures]

    def _end(self) -> None:
        for connection in self._connections:
            connection.close()

    def _closed(self) -> None:
        self._open = False

    def _changed(self) -> None:
        """Take over what the servers offer now."""
        self._offers.update(self._connections)
        self._tools = None
        with suppress(ToolLimitError):  # raised where somebody asks for the list
            _ = self.tools

    async def _logged(self, connection: Connection, said: "LoggingMessageNotificationParams") -> None:
        if self._on_event is not None:
            await tell(self._on_event, Log(connection.name, said.level, said.data, said.logger))

    @property
    def tools(self) -> "list[FunctionToolParam]":
        """The tools of all servers, as `client.responses.create(tools=...)` takes them.

        What a server adds or takes away shows here; the names of the other tools stay.

        Raises:
            ToolLimitError: more tools than the API takes.
        """
        if self._tools is None:
            self._tools = self._handles.learn(self._offers.tools)
        return list(self._tools)

    @property
    def failures(self) -> list[ServerError]:
        """Why some servers are not connected: each error has `.server`, `.problem` and `.stderr`."""
        return list(self._failures)

    async def call(self, name: str, arguments: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Call a tool by its name in `tools` and return its result as MCP's JSON.

        Names of pictures that were shown (`picture:3`) become the pictures, in the form that the tool takes.

        Raises:
            ToolNameError: no server offers that name.
            ArgumentError: an argument is not what the tool's schema asks for, or names a picture that there is not or
                that the server may not be given.
            ApprovalError: the call was not approved.
            BridgeError: the arguments cannot be written as JSON.
            ServerError: the server did not answer in time, refused the call or is gone.
        """
        _, result = await self._called(name, arguments or {})
        return result

    async def _called(
        self, name: str, arguments: Mapping[str, object], call_id: str = ""
    ) -> tuple[Connection, dict[str, Any]]:
        """Call a tool and return its server's connection with the result."""
        offer = self._offers.find(name)
        connection = offer.connection
        plain = sendable(arguments)
        given = await self._handles.filled(name, plain, connection)
        offer.schema.check(given)
        # Whoever is asked reads the names of pictures, not their bytes.
        call = ToolCall(name, plain, connection.name, offer.tool, call_id)
        await self._approval.asked(call)
        hear = self._on_event

        async def progressed(progress: float, total: float | None, message: str | None) -> None:
            if hear is not None:
                await tell(hear, Progress(call, progress, total, message))

        return connection, await connection.call(offer.tool, given, progressed if hear else None)

    async def outputs(self, response: "Response | JSON") -> "list[ResponseInputItemParam]":
        """Run the function calls of a response and return one output for each, in their order.

        Every call is answered: arguments that are no JSON object, an unknown tool, a timeout or a
        server that died become outputs that say so. Pictures are fitted to the response's model. For
        servers that take no pictures in outputs (`Policy(server=...)`) a user message with them follows.
        """
        return self.items(await self.answers(response))

    def items(self, answers: "Sequence[Answer]") -> "list[ResponseInputItemParam]":
        """Return what `outputs` returns for answers that were made already."""
        made = items([(call_of(answer.call), answer.translation) for answer in answers], self._policy.server)
        return cast("list[ResponseInputItemParam]", made)

    def messages(self, answers: "Sequence[Answer]") -> list[dict[str, Any]]:
        """Return the same answers as messages for Chat Completions; see `imagebridge.chat_messages`."""
        return chat.messages(
            [(call_of(answer.call), answer.translation) for answer in answers], self._policy.server
        )

    async def answers(self, response: "Response | JSON") -> "list[Answer]":
        """Run the function calls of a response and return each with the account of its result, in their order."""
        response = response_json(response)
        calls = function_calls(response)
        policy = replace(self._policy, model=self._policy.model or text_of(response, "model") or None)
        found: dict[int, Answer] = {}
        limit = anyio.CapacityLimiter(_AT_ONCE)
        turns = self._handles.turns(len(calls))

        async def answer(at: int, call: JSON) -> None:
            found[at] = await self._answer(call, policy, limit, turns[at])

        async with anyio.create_task_group() as tasks:
            for at, call in enumerate(calls):
                tasks.start_soon(answer, at, call)
        return [found[at] for at in range(len(calls))]

    async def _answer(self, call: JSON, policy: Policy, limit: anyio.CapacityLimiter, turn: Turn) -> "Answer":
        """Run one function call and translate what came; a failure is a result too."""
        connection = None
        async with limit:
            began = anyio.current_time()
            try:
                call_id = text_of(call, "call_id")
                connection, result = await self._called(text_of(call, "name"), arguments_of(call), call_id)
                result = await followed(connection, result)
            except BridgeError as error:
                result = tool_result(str(error), is_error=True)
            # A fault of ours, or of an SDK, costs its own call alone: the others keep their answers.
            except Exception as error:  # noqa: BLE001
                _LOG.exception("the call of %s failed", call.get("name"))
                problem = f"the call failed: {type(error).__name__}: {short(error)}"
                result = tool_result(problem, is_error=True)
            seconds = anyio.current_time() - began
        # Proving and fitting take milliseconds to a second of CPU: the event loop goes on meanwhile.
        translation = await turn.translated(result, policy, connection)
        if self._on_display is not None and translation.for_user:
            await tell(self._on_display, translation.for_user)
        return Answer(call, translation, result.get("isError") is True, seconds)

    async def run(
        self,
        client: "AsyncOpenAI",
        *,
        model: str,
        input: "str | Iterable[object]",  # noqa: A002 - the SDK's own name
        instructions: str | None = None,
        max_turns: int = 20,
        **sdk_arguments: Any,
    ) -> "Reply":
        """Ask the model, run the tools it calls, and go on until it answers.

        Every other keyword goes to `client.responses.create`.

        Raises:
            TypeError: `client` is not an `AsyncOpenAI`.
            TurnLimitError: the model still calls tools after `max_turns` requests.
            openai.OpenAIError: what the SDK raises of the API.
        """
        events = self.stream(
            client, model=model, input=input, instructions=instructions, max_turns=max_turns, **sdk_arguments
        )
        from .loop import replied

        return await replied(events)

    def stream(
        self,
        client: "AsyncOpenAI",
        *,
        model: str,
        input: "str | Iterable[object]",  # noqa: A002 - the SDK's own name
        instructions: str | None = None,
        max_turns: int = 20,
        **sdk_arguments: Any,
    ) -> "AsyncIterator[Event]":
        """As `run`, but yields events on the way: calls, their answers and, last, `Replied` with the `Reply`."""
        from .loop import events

        return events(
            self,
            client,
            model=model,
            input=input,
            instructions=instructions,
            max_turns=max_turns,
            **sdk_arguments,
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """A function call and what its tool returned: seconds it took, whether it failed, and the translation."""

    call: JSON
    translation: Translation
    is_error: bool
    seconds: float
