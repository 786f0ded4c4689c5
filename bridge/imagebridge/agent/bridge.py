"""Bridge: several MCP servers, one list of tools, every function call answered exactly once."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, cast

import anyio
import anyio.abc
import anyio.to_thread
from mcp import Client, MCPError

from imagebridge.compose import tool_result
from imagebridge.errors import BridgeError, ServerError, ToolNameError
from imagebridge.translate import chat
from imagebridge.translate.calls import call_of
from imagebridge.translate.definitions import responses_tools, tool_names
from imagebridge.translate.outputs import items
from imagebridge.translate.policy import Policy
from imagebridge.translate.result import translate
from imagebridge.translate.translation import Translation
from imagebridge.translate.wire import JSON, result_json, text_of

from .calls import arguments_of, check_sendable, function_calls, response_json, short
from .config import configured
from .connect import ServerSpec, checked, connect, label
from .links import followed

if TYPE_CHECKING:
    from mcp.shared.dispatcher import ProgressFnT
    from mcp.types import Tool
    from openai import AsyncOpenAI
    from openai.types.responses import FunctionToolParam, Response, ResponseInputItemParam

    from .events import Event, Reply
    from .sync import SyncBridge

_LOG = logging.getLogger(__name__)
_DEFAULT = Policy()
_AT_ONCE = 16
"""Calls of one response that run at the same time."""


@dataclass(slots=True)
class _Connection:
    """One server: how it is named, its tools, and its client while it is connected."""

    spec: ServerSpec
    name: str
    client: Client | None = None
    ended: str = "the server has gone away"
    tools: "list[Tool]" = field(default_factory=list)
    done: anyio.Event = field(default_factory=anyio.Event)


class Bridge:
    """Connects a GPT model to MCP servers: `async with Bridge("npx -y @playwright/mcp") as bridge:`.

    servers: command lines, http(s) URLs, `StdioServerParameters` or `MCPServer` objects.
    config: a file such as `mcp.json` or `claude_desktop_config.json`, whose servers are connected too.
    policy: how results are translated; without a model of its own it takes each response's, and
        without a `proof` every picture is decoded before it is sent.
    timeout: seconds for each connection and for each call.

    Entering raises `BridgeError` when a server cannot be connected. `with Bridge(...)` gives the same
    with methods that block, for the `OpenAI` client.
    """

    def __init__(
        self,
        *servers: ServerSpec,
        config: str | Path | None = None,
        policy: Policy = _DEFAULT,
        timeout: float = 60,
    ) -> None:
        if not servers and config is None:
            raise TypeError("Bridge needs a server: a command line, an http(s) URL, an MCPServer, or config=")
        self._servers: list[tuple[ServerSpec, str]] = [(checked(server), label(server)) for server in servers]
        self._config = config
        self._connections: list[_Connection] = []
        self._policy = replace(policy, proof=policy.proof or "decoded")
        self._timeout = timeout
        self._stack = AsyncExitStack()
        self._blocking = ExitStack()
        self._runs: anyio.abc.TaskGroup | None = None
        self._tools: list[FunctionToolParam] = []
        self._routes: dict[str, tuple[_Connection, str]] = {}

    async def __aenter__(self) -> Self:
        if self._connections:
            raise BridgeError("this bridge is open already; make another one for another block")
        named = configured(self._config) if self._config is not None else {}
        servers = [*self._servers, *((server, name) for name, server in named.items())]
        if not servers:
            raise BridgeError(f"{self._config} names no server that is not disabled")
        self._connections = [_Connection(server, name) for server, name in servers]
        self._stack = AsyncExitStack()
        # Runs last, so that a bridge that failed to open, or was closed, can be opened again.
        self._stack.callback(self._connections.clear)
        tasks = await self._stack.enter_async_context(anyio.create_task_group())
        # Runs before the task group waits for its tasks: each of them ends with its server.
        self._stack.callback(self._end)
        # Runs that are being streamed are tasks of their own; those that nobody follows any more end first of all.
        self._runs = await self._stack.enter_async_context(anyio.create_task_group())
        self._stack.callback(self._runs.cancel_scope.cancel)
        failures: list[ServerError] = []
        try:
            async with anyio.create_task_group() as starts:
                for connection in self._connections:
                    starts.start_soon(self._start, connection, tasks, failures)
            self._name_tools()
        except BaseException:
            await self._stack.aclose()
            raise
        if failures:
            await self._stack.aclose()
            raise failures[0] if len(failures) == 1 else BridgeError("\n".join(map(str, failures)))
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

    async def _start(
        self, connection: _Connection, tasks: anyio.abc.TaskGroup, failures: list[ServerError]
    ) -> None:
        """Start one server in a task of its own, which holds the connection until the bridge ends."""
        try:
            with anyio.fail_after(self._timeout):
                await tasks.start(self._hold, connection)
        except TimeoutError:
            failures.append(
                ServerError(label(connection.spec), f"no answer within {self._timeout:g} seconds")
            )
        except ServerError as error:
            failures.append(error)

    async def _hold(self, connection: _Connection, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        ready = False
        try:
            async with connect(connection.spec) as (connection.client, connection.tools):
                ready = True
                info = connection.client.server_info
                connection.name = info.name if info else connection.name
                task_status.started()
                await connection.done.wait()
        except Exception:
            # Once it served, a server that ends badly costs its own calls alone: each of them says so.
            if not ready:
                raise
        finally:
            connection.client = None

    def _end(self) -> None:
        for connection in self._connections:
            connection.ended = "the bridge is closed; use it inside its `with` or `async with`"
            connection.done.set()

    def _name_tools(self) -> None:
        """Make one list of legal, unique names; a name that two servers use gets its server's name before it."""
        offers = [(connection, tool) for connection in self._connections for tool in connection.tools]
        servers = _unique([connection.name for connection in self._connections])
        prefixes = {id(one): name for one, name in zip(self._connections, servers, strict=True)}
        names = [tool.name for _, tool in offers]
        wanted = [
            f"{prefixes[id(connection)]}_{tool.name}" if names.count(tool.name) > 1 else tool.name
            for connection, tool in offers
        ]
        tools: list[dict[str, Any]] = []
        origins: dict[str, tuple[_Connection, str]] = {}
        for (connection, tool), name in zip(offers, _unique(wanted), strict=True):
            tools.append({**tool.model_dump(mode="json", by_alias=True, exclude_none=True), "name": name})
            origins[name] = (connection, tool.name)
        self._tools = responses_tools(tools)
        self._routes = {legal: origins[name] for legal, name in tool_names(tools).items()}

    @property
    def tools(self) -> "list[FunctionToolParam]":
        """The tools of all servers, as `client.responses.create(tools=...)` takes them."""
        return list(self._tools)

    def begin(self, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start a task that ends with the bridge at the latest.

        Raises:
            BridgeError: the bridge is not open.
        """
        if not self._connections or self._runs is None:
            raise BridgeError("the bridge is closed; use it inside its `with` or `async with`")
        self._runs.start_soon(run)

    async def call(
        self,
        name: str,
        arguments: Mapping[str, object] | None = None,
        *,
        progress: "ProgressFnT | None" = None,
    ) -> dict[str, Any]:
        """Call a tool by its name in `tools` and return its result as MCP's JSON.

        `progress` takes how far the tool has come, of how much, and a message, as often as the server tells.

        Raises:
            ToolNameError: no server offers that name.
            BridgeError: the arguments cannot be written as JSON.
            ServerError: the server did not answer in time, refused the call or is gone.
        """
        connection, original = self._route(name)
        check_sendable(arguments)
        if connection.client is None:
            raise ServerError(connection.name, f"{original}: {connection.ended}")
        try:
            with anyio.fail_after(self._timeout):
                result = await connection.client.call_tool(
                    original, dict(arguments or {}), progress_callback=progress
                )
        except TimeoutError as error:
            problem = f"{original} did not answer within {self._timeout:g} seconds; it may still be running"
            raise ServerError(connection.name, problem) from error
        except MCPError as error:
            raise ServerError(connection.name, f"{original}: {error}") from error
        except (anyio.ClosedResourceError, anyio.BrokenResourceError) as error:
            raise ServerError(connection.name, f"{original}: the connection is closed") from error
        except ValueError as error:  # pydantic's: the SDK refuses a result that is not of MCP's shape
            raise ServerError(
                connection.name, f"{original} answered with an invalid result: {short(error)}"
            ) from error
        return dict(result_json(result))

    def _route(self, name: str) -> tuple[_Connection, str]:
        try:
            return self._routes[name]
        except KeyError:
            raise ToolNameError(name, list(self._routes)) from None

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

    async def answers(
        self, response: "Response | JSON", *, tell: "Callable[[Event], Awaitable[None]] | None" = None
    ) -> "list[Answer]":
        """Run the function calls of a response and return each with the account of its result, in their order.

        `tell` takes `Progress` and `Answered` as they happen.
        """
        response = response_json(response)
        calls = function_calls(response)
        policy = replace(self._policy, model=self._policy.model or text_of(response, "model") or None)
        found: dict[int, Answer] = {}
        limit = anyio.CapacityLimiter(_AT_ONCE)

        from .events import Answered

        async def answer(at: int, call: JSON) -> None:
            async with limit:
                found[at] = await self._answer(call, policy, tell)
            if tell:
                await tell(Answered(found[at]))

        async with anyio.create_task_group() as tasks:
            for at, call in enumerate(calls):
                tasks.start_soon(answer, at, call)
        return [found[at] for at in range(len(calls))]

    async def _answer(
        self, call: JSON, policy: Policy, tell: "Callable[[Event], Awaitable[None]] | None"
    ) -> "Answer":
        """Run one function call and translate what came; a failure is a result too."""
        from .events import Progress

        began = anyio.current_time()

        async def told(progress: float, total: float | None, message: str | None) -> None:
            if tell:
                await tell(Progress(call, progress, total, message))

        try:
            name = text_of(call, "name")
            result = await self.call(name, arguments_of(call), progress=told if tell else None)
            if client := self._route(name)[0].client:
                result = await followed(client, result, self._timeout)
        except BridgeError as error:
            result = tool_result(str(error), is_error=True)
        # A fault of ours, or of an SDK, costs its own call alone: the others keep their answers.
        except Exception as error:  # noqa: BLE001
            _LOG.exception("the call of %s failed", call.get("name"))
            result = tool_result(f"the call failed: {type(error).__name__}: {short(error)}", is_error=True)
        # Proving and fitting take milliseconds to a second of CPU: the event loop goes on meanwhile.
        translation = await anyio.to_thread.run_sync(partial(translate, result, policy))
        return Answer(call, translation, result.get("isError") is True, anyio.current_time() - began)

    async def run(
        self,
        client: "AsyncOpenAI",
        *,
        model: str,
        input: "str | Iterable[object]",  # noqa: A002 - the SDK's own name
        api: "Literal['responses', 'chat']" = "responses",
        instructions: str | None = None,
        max_turns: int = 20,
        deadline: float | None = None,
        budget: int | None = None,
        direct: bool = False,
        **sdk_arguments: Any,
    ) -> "Reply":
        """Ask the model, run the tools it calls, and go on until it answers.

        client: an `AsyncOpenAI`, `AsyncAzureOpenAI`, or one with the `base_url` of any compatible server.
        api: "chat" for Chat Completions; then `input` and the reply's items are messages.
        max_turns: requests at most. deadline: seconds for all of it. budget: tokens over all requests;
            no further request is sent once they are spent.
        direct: post the body as bytes made in one go instead of calling `responses.create`. Saves a third
            of the time that large pictures cost, but what patches `create`, tracers say, sees nothing.

        Every other keyword goes to the SDK, to `responses.create` or `chat.completions.create`: hosted
        `tools`, which stand before ours; `previous_response_id` and `conversation`, with which each request
        sends only what is new; `store=False`, for which the reasoning's `encrypted_content` is included;
        `text_format`, a pydantic class whose instance becomes `Reply.parsed`. A `tool_choice` that forces a
        call holds for the first request alone, and is "auto" from then on.

        A picture that the API refuses is replaced by a sentence and the request is sent again; so it is
        with half of the older pictures where the conversation has grown too large, and as it was where a
        stream broke off.

        Raises:
            TypeError: `client` is not an `AsyncOpenAI`, or an argument cannot go with the others.
            RunError: it ended early: `TurnLimitError`, `DeadlineError`, `TokenLimitError`, `OpenCallError`,
                `ResponseError`. `.items` goes on from there.
            openai.OpenAIError: what the SDK raises of the API, with the same `.items`.
        """
        from .loop import replied

        return await replied(
            self,
            client,
            model=model,
            input=input,
            api=api,
            instructions=instructions,
            max_turns=max_turns,
            deadline=deadline,
            budget=budget,
            direct=direct,
            **sdk_arguments,
        )

    def stream(
        self,
        client: "AsyncOpenAI",
        *,
        model: str,
        input: "str | Iterable[object]",  # noqa: A002 - the SDK's own name
        api: "Literal['responses', 'chat']" = "responses",
        instructions: str | None = None,
        max_turns: int = 20,
        deadline: float | None = None,
        budget: int | None = None,
        direct: bool = False,
        **sdk_arguments: Any,
    ) -> "AsyncIterator[Event]":
        """As `run`, but yields events on the way and, last, `Replied` with the `Reply`; see `imagebridge.agent.events`.

        The model's text comes in pieces; `stream=False` asks for whole responses, for servers that do not
        stream. Leaving the loop early, or cancelling it, cancels the request and the calls under way.
        """
        from .loop import events

        return events(
            self,
            client,
            model=model,
            input=input,
            api=api,
            instructions=instructions,
            max_turns=max_turns,
            deadline=deadline,
            budget=budget,
            direct=direct,
            **sdk_arguments,
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """A function call and what its tool returned: seconds it took, whether it failed, and the translation."""

    call: JSON
    translation: Translation
    is_error: bool
    seconds: float


def _unique(names: list[str]) -> list[str]:
    """Return the names with a number behind those that came before: s, s_2, s_3."""
    taken: set[str] = set()
    made: list[str] = []
    for name in names:
        # A name that stands later in the list as it is keeps it.
        candidates = (f"{name}_{number}" for number in count(2))
        one = (
            name
            if name not in taken
            else next(other for other in candidates if other not in {*taken, *names})
        )
        taken.add(one)
        made.append(one)
    return made
