"""Bridge: several MCP servers, one list of tools, every function call answered exactly once."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from imagebridge.client.config import Filter, ServerSpec, Setup, configured
from imagebridge.client.connect import checked
from imagebridge.conversation.history import trim
from imagebridge.errors import BridgeError, ServerError
from imagebridge.events import Answer
from imagebridge.providers.provider import Translation
from imagebridge.providers.registry import provider
from imagebridge.providers.responses import PROVIDER as RESPONSES
from imagebridge.translate.policy import Api, Policy
from imagebridge.wire import JSON, result_json, text_of

from .answers import OnCallEvent, answer_calls, function_calls, response_json
from .handles import Handles, HandlesChoice, Share
from .hooks import Approve, Display, OnServerEvent
from .lifetime import Lifetime
from .servers import Servers
from .uploads import BridgeUploads

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.responses import FunctionToolParam, Response, ResponseInputItemParam

    from imagebridge.events import Event, Reply

    from .loop import History
    from .sync import SyncBridge
    from .uploads import Uploads

_DEFAULT = Policy()


class Bridge:
    """Connects a GPT model to MCP servers: `async with Bridge("npx -y @playwright/mcp") as bridge:`.

    Args:
        servers: command lines, http(s) URLs, `HttpServer`, `StdioServerParameters` or `MCPServer` objects.
        config: a file such as `mcp.json` or `claude_desktop_config.json`, whose servers are connected as well.
        policy: how results are translated. If it names no model, each response's model is used; if it has no
            `proof`, every picture is decoded before it is sent.
        allow: shell patterns for the names of the tools to offer; `server:tool` applies to one server. None: all.
        deny: patterns for the names of tools not to offer, even if `allow` matches them.
        approve: called with a `ToolCall` before each call, which runs only if it returns True. A plain
            function runs in a thread, one at a time, so that it may wait for a person.
        on_display: called with the blocks of a result that are meant for the user.
        on_event: called with each `Progress` of a call and each `Log` of a server, on the event loop.
        required: whether every server must connect. If not, at least one must, as must every server that a
            configuration marks with `"required": true`; other failures are logged and listed in `failures`.
        timeout: seconds for each connection and each call, unless a configuration sets its own. Each progress
            report restarts the timeout of its call, up to ten times the timeout in total.
        handles: whether each picture shown gets a name (`picture:3`) by which the model can pass it to a
            tool. "auto": if any tool accepts pictures according to its schema; True: always; False: never. A
            mapping specifies the form in which a parameter accepts pictures (`{"crop.source": "path"}`:
            "data_url", "base64" or "path"; None if it accepts none). All conversations of a bridge share the
            names.
        share: which servers may receive pictures that came from another server. "local": those on this
            machine (in this process, started by a command line, or at a loopback address). True: all. False:
            none. Or a list of servers: command lines, URLs, or names in the configuration.
        parallel: whether the calls of one response may run concurrently on a server, whatever they do; for
            stateless servers. If not, they run in call order on each server, so that a screenshot after a
            click shows the click; only adjacent calls to tools with `readOnlyHint` run concurrently.
            Different servers do not wait for each other. In a configuration, `"parallel": true` sets this for
            one server.
        server_instructions: whether runs pass the servers' own instructions to the model; see `instructions`.
        env: environment variables for the servers that are started here, unless their own entry sets them.
            Apart from these, they receive only the variables for paths, the desktop, proxies (without a
            password), certificates and the language.

    Entering raises `BridgeError` if no server can be connected, or a required one cannot. A server that exits
    is restarted by the next call. `with Bridge(...)` returns the same bridge with blocking methods, for the
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
        on_event: OnServerEvent | None = None,
        required: bool = False,
        timeout: float = 60,
        handles: HandlesChoice = "auto",
        share: Share = "local",
        parallel: bool = False,
        server_instructions: bool = True,
        env: Mapping[str, str] | None = None,
    ) -> None:
        if not servers and config is None:
            raise TypeError("Bridge needs a server: a command line, an http(s) URL, an MCPServer, or config=")
        self._setups = [Setup(checked(server), timeout=timeout) for server in servers]
        self._config = config
        provider(policy.api)  # raises if there is none with that name
        self._policy = replace(policy, proof=policy.proof or "decoded")
        self._rules = Filter.of(allow, deny)
        self._on_display = on_display
        self._required = required
        self._timeout = timeout
        self._env = dict(env or {})
        self.server_instructions = server_instructions
        """Whether runs pass the servers' `instructions` to the model."""
        self._handles = Handles(handles, share)
        self.uploads = BridgeUploads(policy.uploads)
        """The uploads of all runs, kept while the bridge is open."""
        self._lifetime = Lifetime()
        self._blocking = ExitStack()
        self._servers = Servers(self._rules, self._handles, approve, on_event, parallel=parallel)

    async def __aenter__(self) -> Self:
        self._lifetime.check_closed()
        named = configured(self._config, timeout=self._timeout) if self._config is not None else {}
        setups = [replace(setup, environment=self._env) for setup in (*self._setups, *named.values())]
        if not setups:
            raise BridgeError(f"{self._config} has no server that is switched on; add one or switch one on")
        self._servers = self._servers.anew()
        await self._lifetime.open(self._servers, setups, self._handles, self.uploads, required=self._required)
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._lifetime.close()

    def __enter__(self) -> "SyncBridge":
        from .sync import opened

        self._blocking, face = opened(self)
        return face

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._blocking.__exit__(kind, error, trace)

    @property
    def tools(self) -> "list[FunctionToolParam]":
        """The tools of all servers, in the form that `client.responses.create(tools=...)` accepts.

        This list follows the tools that servers add or remove, unless there would be too many; other tools
        keep their names.

        Raises:
            BridgeError: the bridge is not open.
            ToolLimitError: more tools than the API accepts.
        """
        self._lifetime.check_open()
        return self._servers.tools

    @property
    def failures(self) -> list[ServerError]:
        """Why some servers are not connected: each error has `.server`, `.problem` and `.stderr`."""
        return list(self._servers.failures)

    @property
    def instructions(self) -> str:
        """The servers' instructions for models, each under its server's name, with at most 2,000 characters.

        `run` and `stream` put it before the conversation; in a loop of your own, pass it as `instructions` to
        `client.responses.create`. It is empty if no server whose tools are offered has instructions.

        Raises:
            BridgeError: the bridge is not open.
        """
        self._lifetime.check_open()
        return self._servers.instructions

    async def settled(self) -> None:
        """Wait until `tools` includes the changes that the last calls made.

        A server that announces `listChanged` may report a change until 0.2 seconds after its answer; other
        servers are not given this extra time.
        """
        await self._servers.settled()

    def start_task(self, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start a task that is cancelled if the bridge closes first.

        Raises:
            BridgeError: the bridge is not open.
        """
        self._lifetime.start_task(run)

    async def call(self, name: str, arguments: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Call a tool by its name in `tools` and return its result as MCP's JSON.

        Names of pictures that were shown (`picture:3`) become the pictures, in the form that the tool accepts.

        Args:
            name: the tool's name in `tools`.
            arguments: the tool's arguments; None if there are none.

        Raises:
            ToolNameError: no server offers that name.
            ArgumentError: an argument does not match the tool's schema, or names a picture that does not
                exist or that the server may not receive.
            ApprovalError: the call was not approved.
            BridgeError: the arguments cannot be written as JSON, or the bridge is not open.
            ServerError: the server did not answer in time, refused the call or is gone.
        """
        self._lifetime.check_open()
        _, result = await self._servers.call(name, arguments or {})
        return result

    async def answer(
        self, name: str, arguments: Mapping[str, object] | str | None = None, *, model: str | None = None
    ) -> Translation:
        """Call a tool by its name in `tools` and return what the model should see of its result, for frameworks with their own loop.

        Linked pictures and documents are read. A failed call also gets an answer: its translation says why,
        in the words that the model would read, and has `is_error`.

        Args:
            name: the tool's name in `tools`.
            arguments: the tool's arguments, as an object or as the JSON text that a model wrote; names of
                pictures that were shown (`picture:3`) are replaced with the pictures.
            model: the model that will see the pictures, if the policy names none.

        Raises:
            BridgeError: the bridge is not open.
        """
        self._lifetime.check_open()
        call = {
            "type": "function_call",
            "call_id": "answer",
            "name": name,
            "arguments": arguments if isinstance(arguments, str) else dict(arguments or {}),
        }
        (answer,) = await self.answers({"model": model, "output": [call]})
        return answer.translation

    async def outputs(self, response: "Response | JSON") -> "list[ResponseInputItemParam]":
        """Run the function calls of a response and return one output for each, in order.

        The calls run in call order on each server; see `parallel`. Afterwards, `tools` includes any changes that
        they made to the tools. Every call is answered: invalid arguments, an unknown tool, a timeout or a server that
        died become outputs that say so. Pictures are fitted to the response's model. For servers that do not
        accept pictures in outputs (`Policy(server=...)`), a user message with the pictures follows.

        Args:
            response: a `Response` of the SDK, or its JSON object.
        """
        answers = await self.answers(response)
        await self.settled()
        return cast("list[ResponseInputItemParam]", self.items(answers))

    def items(self, answers: Sequence[Answer], *, api: Api = RESPONSES.name) -> list[dict[str, Any]]:
        """Return finished answers as items of the Responses API or as messages of Chat Completions."""
        return provider(api).answers([answer.pair for answer in answers], self._policy.server)

    async def answers(
        self,
        response: "Response | JSON",
        *,
        api: Api | None = None,
        on_event: OnCallEvent | None = None,
    ) -> list[Answer]:
        """Run the function calls of a response and return each call with the translation of its result, in order.

        `api`: the API that the answers are for, as in `Policy`. `on_event` receives `Progress` and each `Answer` as
        they arrive.
        """
        response = response_json(response)
        policy = self._policy.for_request(text_of(response, "model"), api)
        numberings = self._handles.numberings(len(calls := function_calls(response)))
        numbered_calls = list(zip(calls, numberings, strict=True))
        return await answer_calls(
            numbered_calls, policy, self._servers.lane, self._servers.call, self._on_display, on_event
        )

    async def attach(
        self, result: object, *, model: str | None = None, api: Api | None = None
    ) -> Translation:
        """Translate the user's own pictures and files, wrapped by `tool_result`; `.parts` go into a message.

        If pictures have names (`picture:1`), these get names too, so that the model can pass them to tools.
        For Chat Completions, convert each part with `imagebridge.chat_part`.

        Args:
            result: a `CallToolResult` of any mcp version, or its JSON object.
            model: the model that will see the pictures, if the policy names none.
            api: the API that the model is called through, "responses" or "chat", if the policy does not specify it.

        Raises:
            TypeError: `result` is neither a `CallToolResult` nor its JSON object.
            BridgeError: the bridge is not open.
        """
        _ = self.tools  # They determine whether pictures have names.
        policy = self._policy.for_request(model, api)
        (numbering,) = self._handles.numberings(1)
        return await numbering.translated(result_json(result), policy, None)

    async def run(
        self,
        client: "AsyncOpenAI",
        *,
        model: str,
        input: "str | Iterable[object]",  # noqa: A002 - the SDK's own name
        api: Api = "responses",
        instructions: str | None = None,
        max_turns: int = 20,
        deadline: float | None = None,
        budget: int | None = None,
        direct: bool = False,
        uploads: "Uploads | bool | int | None" = None,
        history: "History | None" = trim,
        **sdk_arguments: Any,
    ) -> "Reply":
        """Ask the model, run the tools it calls, and repeat until it answers.

        Args:
            client: an `AsyncOpenAI`, `AsyncAzureOpenAI`, or one with the `base_url` of any compatible server.
            model: the name of the model.
            input: the prompt, or the items (with `api="chat"` the messages) of the conversation so far.
            api: "chat" for Chat Completions; then `input` and the reply's items are messages.
            instructions: the system text before the conversation.
            max_turns: the maximum number of requests.
            deadline: the time limit for the whole run in seconds; None for no limit.
            budget: the number of tokens for all requests together; once they are spent, no more requests are
                sent. None for no limit.
            direct: post the body directly instead of calling `responses.create`. This saves a third of the
                time that large pictures cost, but code that patches `create`, such as a tracer, sees nothing.
            uploads: True uploads files and pictures over 100 kB to the Files API, once each; a number sets
                that threshold in bytes; None uses the bridge's `Policy`. They are deleted when the bridge
                closes, or expire after a day if the API stores the conversation; with an
                `imagebridge.Uploads` that you open and close, you decide. Without a Files API they are sent
                as data.
            history: the function that shortens the conversation before each request: `imagebridge.trim` with
                its budgets (8 pictures, cut to 4; 40 MB), another function such as
                `partial(trim, max_pictures=20)`, or None.
            sdk_arguments: passed to the SDK's `responses.create` or `chat.completions.create`: hosted
                `tools`, which come before ours; `previous_response_id` and `conversation`, which make each
                request send only what is new; `store=False`, which also requests the reasoning's
                `encrypted_content`; `text_format`, a pydantic class whose instance becomes `Reply.parsed`. A
                `tool_choice` that forces a call applies only to the first request and is "auto" after that.

        If the API refuses a picture, a sentence replaces it and the request is sent again. If the
        conversation has become too large, half of the older pictures are replaced; if a stream is cut off,
        the same request is sent again.

        Raises:
            TypeError: `client` is not an `AsyncOpenAI`, or arguments cannot be combined.
            RunError: the run ended early: `TurnLimitError`, `DeadlineError`, `TokenLimitError`,
                `OpenCallError`, `ResponseError`. Continue from its `.items`.
            RequirementError: openai is missing or older than 3.20.
            openai.OpenAIError: an error that the SDK raises for the API, with the same `.items`.
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
            uploads=uploads,
            history=history,
            **sdk_arguments,
        )

    def stream(
        self,
        client: "AsyncOpenAI",
        *,
        model: str,
        input: "str | Iterable[object]",  # noqa: A002 - the SDK's own name
        **arguments: Any,
    ) -> "AsyncIterator[Event]":
        """Do the same as `run`, but yield events along the way and finally `Replied` with the `Reply`.

        See `imagebridge.events`. The model's text arrives in pieces; `stream=False` requests complete
        responses, for servers that do not stream. Leaving the loop early, or cancelling it, cancels the
        request and running calls.

        Args:
            client: as for `run`.
            model: the name of the model.
            input: the prompt, or the items (with `api="chat"` the messages) of the conversation so far.
            arguments: every other argument of `run`.
        """
        from .loop import events

        return events(self, client, model=model, input=input, **arguments)
