"""Creates tools from functions: invalid arguments are explained, failures become results, and pictures are kept."""

import json
import logging
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any, NamedTuple, Protocol, cast

import anyio
from mcp.server.apps import client_supports_apps
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from imagebridge.client.threads import in_thread
from imagebridge.errors import ArgumentError, BridgeError, beginning
from imagebridge.pictures.cost import HeavyError
from imagebridge.pictures.picture import Picture
from imagebridge.schemas.arguments import JUDGED
from imagebridge.translate.picture_lines import kept
from imagebridge_tools import ToolOutput
from imagebridge_tools.declaration import Argument
from imagebridge_tools.files import saving
from imagebridge_tools.files.footprint import not_repeatable
from imagebridge_tools.files.source import NOWHERE, Places, opened
from imagebridge_tools.mistakes import Mistakes

from . import invalid_arguments
from .lenient_arguments import mended
from .results import failure, success
from .settings import Settings
from .viewer import COMPARED, SHOWN_BY

_LOG = logging.getLogger(__name__)

TICK = 1.0
"""The interval between two progress reports, in seconds; hosts cancel calls that report nothing for too long."""


def hints(settings: Settings, *, fetches: bool = True, saves: bool = False) -> ToolAnnotations:
    """Return the annotations of a tool that can fetch its input (`fetches`) or save its pictures (`saves`).

    Saving a file is idempotent; `overwrite` replaces an existing file. Both hints mean nothing for a tool that only
    reads (MCP 2026-07-28, ToolAnnotations).
    """
    web = fetches and settings.allow_https
    if not (saves and settings.allow_write):
        return ToolAnnotations(read_only_hint=True, open_world_hint=web)
    return ToolAnnotations(
        read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=web
    )


def paying(settings: Settings) -> ToolAnnotations:
    """Return the annotations of a tool that uses the API: each call makes a new picture and costs money."""
    return ToolAnnotations(
        read_only_hint=False,
        destructive_hint=bool(settings.allow_write),
        open_world_hint=True,
    )


class _CallContext(NamedTuple):
    """The current call as text, the places where its tool may read and write, and the mistakes found so far."""

    words: str = ""
    places: Places = NOWHERE
    apps: bool = False
    """Whether its host shows the viewer."""
    noted: Sequence[ArgumentError] = ()


_NO_CALL = _CallContext()
_CALL: ContextVar[_CallContext] = ContextVar("imagebridge_server.registration", default=_NO_CALL)


def tool(
    function: Callable[..., Awaitable[CallToolResult]],
    title: str,
    annotations: ToolAnnotations,
    description: str,
    arguments: Mapping[str, Argument],
    *,
    said: Container[str] = (),
    tells: bool = False,
) -> Tool:
    """Create a tool from a function; it refuses unknown arguments, and the viewer shows its pictures.

    Argument descriptions that are already in another tool (`said`) are not repeated. For a tool that reports its own
    progress (`tells`), no elapsed time is reported.
    """
    explaining_tool = _ExplainingTool.from_function(
        function, title=title, annotations=annotations, description=description, meta=SHOWN_BY
    )
    cast("_ExplainingTool", explaining_tool).tells = tells
    cast("_ExplainingTool", explaining_tool).declared = arguments
    # The model of the arguments refuses others from the first call on: rebuilding it costs time at start-up.
    explaining_tool.parameters = _compact_schema(
        {"additionalProperties": False, **explaining_tool.parameters}
    )
    for name, schema in explaining_tool.parameters["properties"].items():
        for keyword in _SAID_ONCE if name in said else ():
            schema.pop(keyword, None)
    return explaining_tool


_SAID_ONCE = ("description", "examples", "default", "enum", "minimum", "maximum", "ge", "le")
"""Keywords that are left out of an argument that another tool has described; the server still checks them."""


def _compact_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a tool's schema without parts that cost tokens and tell models nothing.

    These parts are Pydantic's titles, which repeat the names, and null and empty text as ways to omit an argument.
    """
    properties: dict[str, dict[str, Any]] = {}
    for name, argument in schema["properties"].items():
        short = {key: value for key, value in argument.items() if key != "title"}
        kinds = short.get("anyOf", ())
        if short.get("default", 0) in (None, ""):
            del short["default"]
        if kinds and kinds[-1] == {"type": "null"}:
            if len(kinds) == 2:
                short = {**kinds[0], **{key: value for key, value in short.items() if key != "anyOf"}}
            else:
                short["anyOf"] = kinds[:-1]
        properties[name] = short
    return {**{key: value for key, value in schema.items() if key != "title"}, "properties": properties}


async def judging(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Middleware that declares in the tool list that the server judges arguments itself.

    Models' guesses are repaired here, and all mistakes are reported together, so clients need not refuse a call
    beforehand. This is declared once, not for each tool, because tool lists are sent often.
    """
    result = await call_next(ctx)
    if ctx.method == "tools/list" and isinstance(result, dict):
        result["_meta"] = {**(result.get("_meta") or {}), JUDGED: True}
    return result


def placed(tools: Iterable[Tool], places: Places) -> list[Tool]:
    """Return the tools for these places; `save_as` is offered only if something can be saved."""
    placed_tools = list(tools)
    explained = False
    for one in placed_tools:
        if isinstance(one, _ExplainingTool):
            one.places = places
        properties = one.parameters["properties"]
        if not places.allow_write:
            for name in ("save_as", "overwrite"):
                properties.pop(name, None)
        elif "save_as" in properties and explained:
            # Said once: models read all tools together, and pay for every word.
            properties["save_as"]["description"] = "As in load_image."
            properties["overwrite"].pop("description", None)
        explained = explained or "save_as" in properties
    return placed_tools


_TOO_DEEP = "the arguments, or a file that they name, are nested too deeply to be read"
"""Python stops at a depth that depends on what calls what, so this is noticed where it happens."""


class _ExplainingTool(Tool):
    """A tool that explains mistakes in its arguments in a sentence, where the SDK would quote Pydantic."""

    places: Any = NOWHERE
    tells: bool = False
    declared: Mapping[str, Any] = {}

    def _offered(self) -> dict[str, Argument]:
        return {name: self.declared[name] for name in self.parameters["properties"]}

    def _refuse_others(self) -> None:
        """Make the Pydantic model of the arguments refuse unknown arguments."""
        model = self.fn_metadata.arg_model
        if model.model_config.get("extra") != "forbid":
            model.model_config["extra"] = "forbid"
            model.model_rebuild(force=True)

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> Any:
        try:
            return await self._explained(arguments, context, convert_result=convert_result)
        except RecursionError:
            _LOG.exception("a call is nested too deeply")
            raise ToolError(_TOO_DEEP) from None

    async def _explained(
        self, arguments: dict[str, Any], context: Context[Any, Any], *, convert_result: bool
    ) -> Any:
        self._refuse_others()
        fields = self.fn_metadata.arg_model.model_fields
        required = {name for name, field in fields.items() if field.is_required()}
        arguments = mended(arguments, self.declared, required)
        unsound = invalid_arguments.unsound(arguments, fields)
        given = _without(arguments, unsound, required, fields)
        noted = [*unsound.values()]
        call = _CallContext(
            _call_description(self.name, given), self.places, client_supports_apps(context), noted
        )
        try:
            return await self._answered(given, context, call, convert_result=convert_result)
        except ToolError as error:
            if not isinstance(error.__cause__, ValidationError):
                raise
            refused = error.__cause__
        # Mistakes in the others are reported too: the tool checks them, and makes nothing.
        wrong = {str(one["loc"][0]) for one in refused.errors() if one["loc"]}
        told = invalid_arguments.mistakes(refused, self._offered(), given)
        call = call._replace(noted=[*noted, *told])
        given = _without(given, wrong, required, fields)
        return await self._answered(given, context, call, convert_result=convert_result)

    async def _answered(
        self,
        arguments: dict[str, Any],
        context: Context[Any, Any],
        call: _CallContext,
        *,
        convert_result: bool,
    ) -> Any:
        """Run the tool as a call, with regular progress reports."""
        token = _CALL.set(call)
        failed: Exception | None = None
        result: Any = None
        try:
            async with anyio.create_task_group() as tasks:
                if not self.tells:
                    tasks.start_soon(_tell, context, self.title or self.name)
                try:
                    result = await super().run(arguments, context, convert_result)
                except Exception as error:  # noqa: BLE001  # out of the group it would come as a group
                    failed = error
                tasks.cancel_scope.cancel()
        finally:
            _CALL.reset(token)
        if failed is None:
            return result
        raise failed


def _without(
    arguments: Mapping[str, Any],
    wrong: Container[str],
    required: Container[str],
    fields: Mapping[str, FieldInfo],
) -> dict[str, Any]:
    """Return a call's arguments without those that are `wrong`; required arguments are replaced with an empty value."""
    others = {name: value for name, value in arguments.items() if name not in wrong}
    empty: dict[str, Any] = {
        name: "" if fields[name].annotation is str else [""]
        for name in fields
        if name in wrong and name in required
    }
    return others | empty


async def _tell(context: Context[Any, Any], what: str) -> None:
    """Report how many seconds a call has taken so far, if the host requested progress reports."""
    start = anyio.current_time()
    while True:
        await anyio.sleep(TICK)
        passed = anyio.current_time() - start
        await context.report_progress(passed, None, f"{what}: {passed:.0f} s so far")


def _call_description(name: str, arguments: Mapping[str, object]) -> str:
    """Return a call as text, with long arguments shortened: the source of a picture, but not its content."""
    shortened: list[str] = []
    for argument, value in arguments.items():
        text = json.dumps(value, ensure_ascii=False)
        shortened.append(f"{argument}={beginning(text, 120)}")
    return f"{name}({', '.join(shortened)})"


class Making(Protocol):
    """Makes an answer, or reports mistakes in the call together with those that were noted before."""

    def __call__(self, *, noted: Sequence[ArgumentError]) -> Awaitable[ToolOutput]:
        """Return the answer, or raise all mistakes as one `ArgumentError`."""
        ...


def threaded(function: Callable[..., ToolOutput], *arguments: object) -> Making:
    """Return a function that runs a blocking tool in a thread."""

    def make(*, noted: Sequence[ArgumentError]) -> Awaitable[ToolOutput]:
        return in_thread(partial(function, *arguments, noted=noted))

    return make


async def answered(make: Making, save_as: str | None = None, *, overwrite: bool = False) -> CallToolResult:
    """Run a tool, save its pictures as `save_as`, keep them in the store, and return its result.

    Mistakes that the caller can correct are returned together as an error result, as is any other failure.
    """
    return await reported(finished(make, save_as, overwrite=overwrite))


async def reported(making: Awaitable[ToolOutput]) -> CallToolResult:
    """Return the result for a `finished` answer, or for the exception that it raises."""
    try:
        answer = await making
        return await in_thread(lambda: success(answer))
    except BridgeError as error:
        return failure(str(error))
    except RecursionError:
        _LOG.exception("a call is nested too deeply")
        return failure(_TOO_DEEP)
    # The server outlives its tools: the model gets a sentence, the log the rest.
    except Exception as error:  # noqa: BLE001
        _LOG.exception("a tool failed")
        return failure(f"the tool failed with {type(error).__name__}; the server's log says more")


async def finished(
    make: Making, save_as: str | None = None, *, overwrite: bool = False, svg: bool = False
) -> ToolOutput:
    """Return a tool's answer after saving it as `save_as` and keeping it in the store, with a sentence that says so.

    If saving is not allowed, nothing is made. With `svg`, the result is an SVG and may be saved as an SVG file.
    """
    call = _CALL.get()
    mistakes = Mistakes(call.noted)
    where = None
    if save_as is not None:
        target = partial(saving.target, save_as, call.places.allow_write, overwrite=overwrite, svg=svg)
        where = await mistakes.met(in_thread(target))
    answer = await make(noted=mistakes.found)
    if where:
        answer = await saving.saved(answer, where)
    return await in_thread(lambda: _with_kept_uris(answer, call))


async def compared(result: CallToolResult, *sources: str) -> CallToolResult:
    """Keep the compared pictures and name them in a result, if the host shows the viewer, which overlays them.

    Pictures that browsers cannot show, or that would have to be fetched again, are not named.
    """
    call = _CALL.get()
    store = call.places.store
    if result.is_error or not call.apps or store is None or len(result.content) < 2:
        return result
    uris: list[str] = []
    try:
        for source in sources:
            if source.strip().lower().startswith("https:"):
                return result
            data = (await opened(source, call.places)).data
            uris.append(
                await in_thread(lambda data=data: store.keep(Picture.from_bytes(data), call.words).short)
            )
    except (BridgeError, HeavyError, OSError):
        not_repeatable()
        return result
    block = result.content[1]
    block.meta = {**(block.meta or {}), COMPARED: uris}
    return result


def _with_kept_uris(answer: ToolOutput, call: _CallContext) -> ToolOutput:
    if call.places.store is None or not answer.pictures:
        return answer
    try:
        names = [call.places.store.keep(picture, call.words).short for picture in answer.pictures]
    except OSError as error:
        # The picture is what was requested; a full disk must not cost it.
        not_repeatable()
        _LOG.warning("cannot keep pictures: %s", error.strerror)
        return answer
    sentence = answer.sentence + kept(dict.fromkeys(names))
    return answer._replace(sentence=sentence, uris=tuple(names))
