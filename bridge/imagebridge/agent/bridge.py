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
        config: a file such as `mcp.json` or `claude_desktop_config.json`, whose servers are connected too.
        policy: how results are translated; without a model of its own it takes each response's, and
            without a `proof` every picture is decoded before it is sent.
        allow: patterns of the names of tools that are offered, as in a shell; `server:tool` speaks of one server.
            None: all.
        deny: patterns of the names of tools that are not offered, also where `allow` names them.
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
        parallel: whether the calls of one response may run side by side on a server, whatever they do: for servers
            that keep no state. Otherwise they run in call order on each server, so that a screenshot behind a click
            shows the click; only neighbours whose tools say `readOnlyHint` run side by side. Different servers do
            not wait for each other. In a configuration, `"parallel": true` says so of one server.
        server_instructions: whether runs tell the model what the servers say of themselves; see `instructions`.
        env: environment variables for the servers that are started here, where their own entry does not name them.
            They get those of paths, the desktop, proxies (without a password), certificates and the language.

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
        provider(policy.api)  # raises where there is none of that name
        self._policy = replace(policy, proof=policy.proof or "decoded")
        self._rules = Filter.of(allow, deny)
        self._on_display = on_display
        self._required = required
        self._timeout = timeout
        self._env = dict(env or {})
        self.server_instructions = server_instructions
        """Whether runs tell the model the `instructions` of the servers."""
        self._handles = Handles(handles, share)
        self.uploads = BridgeUploads(policy.uploads)
        """What runs have uploaded, for as long as the bridge is open."""
        self._lifetime = Lifetime()
        self._blocking = ExitStack()
        self._servers = Servers(self._rules, self._handles, approve, on_event, parallel=parallel)

    async def __aenter__(self) -> Self:
        self._lifetime.check_closed()
        named = configured(self._config, timeout=self._timeout) if self._config is not None else {}
        setups = [replace(setup, environment=self._env) for setup in (*self._setups, *named.values())]
        if not setups:
            raise BridgeError(f"{self._config} names no server that is not switched off")
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
        """The tools of all servers, as `client.responses.create(tools=...)` takes them.

        What a server adds or takes away shows here, unless they become too many; the names of the other tools stay.

        Raises:
            BridgeError: the bridge is not open.
            ToolLimitError: more tools than the API takes.
        """
        self._lifetime.check_open()
        return self._servers.tools

    @property
    def failures(self) -> list[ServerError]:
        """Why some servers are not connected: each error has `.server`, `.problem` and `.stderr`."""
        return list(self._servers.failures)

    @property
    def instructions(self) -> str:
        """What the servers say of themselves, for models: each under its server's name, at most 2,000 characters.

        `run` and `stream` put it before the conversation; in a loop of your own it goes into `instructions` of
        `client.responses.create`. Empty where no server whose tools are offered says anything.

        Raises:
            BridgeError: the bridge is not open.
        """
        self._lifetime.check_open()
        return self._servers.instructions

    async def settled(self) -> None:
        """Return once what the last calls have changed of the tools is in `tools`.

        A server that announces `listChanged` may tell of a change until 0.2 seconds after its answer; others are
        not waited for.
        """
        await self._servers.settled()

    def start_task(self, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start a task that ends with the bridge at the latest.

        Raises:
            BridgeError: the bridge is not open.
        """
        self._lifetime.start_task(run)

    async def call(self, name: str, arguments: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Call a tool by its name in `tools` and return its result as MCP's JSON.

        Names of pictures that were shown (`picture:3`) become the pictures, in the form that the tool takes.

        Args:
            name: the tool's name in `tools`.
            arguments: its arguments; None for none.

        Raises:
            ToolNameError: no server offers that name.
            ArgumentError: an argument is not what the tool's schema asks for, or names a picture that there is not or
                that the server may not be given.
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
        """Call a tool by its name in `tools` and return what the model is to see of it, for frameworks with a loop of their own.

        Linked pictures and documents are read, errors marked. A call that fails is answered too: its translation
        says why, as the model would be told, and has `is_error`.

        Args:
            name: the tool's name in `tools`.
            arguments: what the tool is given, as an object or as the JSON text that a model wrote; names of pictures
                that were shown (`picture:3`) become the pictures.
            model: the model that will look, where the policy names none.

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
        """Run the function calls of a response and return one output for each, in their order.

        The calls run in call order on each server; see `parallel`. What they change of the tools is in `tools`
        afterwards. Every call is answered: arguments that are no JSON object, an unknown tool, a timeout or a
        server that died become outputs that say so. Pictures are fitted to the response's model. For
        servers that take no pictures in outputs (`Policy(server=...)`) a user message with them follows.

        Args:
            response: a `Response` of the SDK, or its JSON object.
        """
        answers = await self.answers(response)
        await self.settled()
        return cast("list[ResponseInputItemParam]", self.items(answers))

    def items(self, answers: Sequence[Answer], *, api: Api = RESPONSES.name) -> list[dict[str, Any]]:
        """Return answers that were made already as the items, or for Chat Completions the messages, of an API."""
        return provider(api).answers([answer.pair for answer in answers], self._policy.server)

    async def answers(
        self,
        response: "Response | JSON",
        *,
        api: Api | None = None,
        on_event: OnCallEvent | None = None,
    ) -> list[Answer]:
        """Run the function calls of a response and return each with the account of its result, in their order.

        `api`: what they are for, as in `Policy`. `on_event` takes `Progress` and each `Answer` as they come.
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
        """Translate pictures and files of the user's own, as `tool_result` holds them; `.parts` go into a message.

        Where pictures have names (`picture:1`), these get some too, so that the model can give them to tools.
        For Chat Completions `imagebridge.chat_part` makes a part of Chat Completions of each.

        Args:
            result: a `CallToolResult` of any mcp version, or its JSON object.
            model: the model that will look, where the policy names none.
            api: what it is asked by, where the policy does not say it.

        Raises:
            TypeError: `result` is neither a `CallToolResult` nor its JSON object.
            BridgeError: the bridge is not open.
        """
        _ = self.tools  # From them it is known whether pictures have names.
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
        """Ask the model, run the tools it calls, and go on until it answers.

        Args:
            client: an `AsyncOpenAI`, `AsyncAzureOpenAI`, or one with the `base_url` of any compatible server.
            model: the name of the model.
            input: the prompt, or the items (with `api="chat"` the messages) of the conversation so far.
            api: "chat" for Chat Completions; then `input` and the reply's items are messages.
            instructions: what the model is told before the conversation.
            max_turns: requests at most.
            deadline: seconds for all of it; None for any time.
            budget: tokens over all requests; no further request is sent once they are spent. None for any number.
            direct: post the body as bytes made in one go instead of calling `responses.create`. Saves a third
                of the time that large pictures cost, but what patches `create`, tracers say, sees nothing.
            uploads: True sends files and pictures over 100 kB by the Files API, once each; a number is that
                threshold in bytes; None does as the bridge's `Policy` says. They are deleted when the bridge closes,
                or expire after a day where the API stores the conversation; `imagebridge.Uploads`,
                which you open and close, chooses both. Where there is no such API they go as data.
            history: what makes the conversation fit before each request: `imagebridge.trim` with its budgets (8
                pictures, cut to 4; 40 MB), another such function, as in `partial(trim, max_pictures=20)`, or None.
            sdk_arguments: go to the SDK, to `responses.create` or `chat.completions.create`: hosted `tools`, which
                stand before ours; `previous_response_id` and `conversation`, with which each request sends only
                what is new; `store=False`, for which the reasoning's `encrypted_content` is included;
                `text_format`, a pydantic class whose instance becomes `Reply.parsed`. A `tool_choice` that forces
                a call holds for the first request alone, and is "auto" from then on.

        A picture that the API refuses is replaced by a sentence and the request is sent again; so it is
        with half of the older pictures where the conversation has grown too large, and as it was where a
        stream broke off.

        Raises:
            TypeError: `client` is not an `AsyncOpenAI`, or an argument cannot go with the others.
            RunError: it ended early: `TurnLimitError`, `DeadlineError`, `TokenLimitError`, `OpenCallError`,
                `ResponseError`. `.items` goes on from there.
            RequirementError: openai is missing or older than 3.20.
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
        """As `run`, with the same `arguments`, but yields events on the way and, last, `Replied` with the `Reply`.

        See `imagebridge.events`. The model's text comes in pieces; `stream=False` asks for whole
        responses, for servers that do not stream. Leaving the loop early, or cancelling it, cancels the
        request and the calls under way.

        Args:
            client: as for `run`.
            model: the name of the model.
            input: the prompt, or the items (with `api="chat"` the messages) of the conversation so far.
            arguments: every other argument of `run`.
        """
        from .loop import events

        return events(self, client, model=model, input=input, **arguments)
