"""How a function becomes a tool: arguments that are refused in words, failures that are results, pictures that are kept."""

import json
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextvars import ContextVar
from typing import Any, NamedTuple, cast

import anyio
from mcp.server.apps import client_supports_apps
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import ValidationError

from imagebridge.errors import BridgeError
from imagebridge.pictures.cost import HeavyError
from imagebridge.pictures.picture import Picture
from imagebridge_tools import ToolOutput
from imagebridge_tools.files import saving
from imagebridge_tools.files.source import NOWHERE, Places, opened

from .arguments import explained
from .lenient_arguments import renamed
from .results import failure, in_thread, shortened, success
from .settings import Settings
from .viewer import COMPARED, SHOWN_BY

_LOG = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between two reports of progress: hosts give up on a call that says nothing for long."""


def hints(settings: Settings, *, fetches: bool = True, saves: bool = False) -> ToolAnnotations:
    """Return what a tool may do under these settings, where it `fetches` what it is given, or `saves` what it makes.

    A file is saved once however often it is asked for; `overwrite` replaces what was there. Both hints mean
    nothing of a tool that only reads (MCP 2026-07-28, ToolAnnotations).
    """
    web = fetches and settings.allow_https
    if not (saves and settings.allow_write):
        return ToolAnnotations(read_only_hint=True, open_world_hint=web)
    return ToolAnnotations(
        read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=web
    )


def paying(settings: Settings) -> ToolAnnotations:
    """Return what a tool may do that asks the API: each call makes, and costs, anew."""
    return ToolAnnotations(
        read_only_hint=False,
        destructive_hint=bool(settings.allow_write),
        open_world_hint=True,
    )


class _CallContext(NamedTuple):
    """The call that is being answered, in words, and where its tool may read and write."""

    words: str = ""
    places: Places = NOWHERE
    apps: bool = False
    """Whether its host shows the viewer."""


_NO_CALL = _CallContext()
_CALL: ContextVar[_CallContext] = ContextVar("imagebridge_server.registration", default=_NO_CALL)


def tool(
    function: Callable[..., Awaitable[CallToolResult]],
    title: str,
    annotations: ToolAnnotations,
    description: str | None = None,
    *,
    tells: bool = False,
) -> Tool:
    """Describe a function as a tool that refuses arguments it does not know, and whose pictures the viewer shows.

    One that `tells` its progress itself is not timed.
    """
    explaining_tool = _ExplainingTool.from_function(
        function, title=title, annotations=annotations, description=description, meta=SHOWN_BY
    )
    cast("_ExplainingTool", explaining_tool).tells = tells
    # The model of the arguments refuses others from the first call on: building it anew takes time that starts lack.
    explaining_tool.parameters = _compact_schema(
        {"additionalProperties": False, **explaining_tool.parameters}
    )
    return explaining_tool


def _compact_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a tool's schema without what models pay for and learn nothing from.

    These are Pydantic's titles, which repeat the names, and null as another way to leave an argument out.
    """
    properties: dict[str, dict[str, Any]] = {}
    for name, argument in schema["properties"].items():
        short = {key: value for key, value in argument.items() if key != "title"}
        kinds = short.get("anyOf", ())
        if short.get("default", 0) is None:
            del short["default"]
        if kinds and kinds[-1] == {"type": "null"}:
            if len(kinds) == 2:
                short = {**kinds[0], **{key: value for key, value in short.items() if key != "anyOf"}}
            else:
                short["anyOf"] = kinds[:-1]
        properties[name] = short
    return {**{key: value for key, value in schema.items() if key != "title"}, "properties": properties}


def placed(tools: Iterable[Tool], places: Places) -> list[Tool]:
    """Return the tools, knowing where they keep and save what they give; where nothing may be saved they do not offer it."""
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


class _ExplainingTool(Tool):
    """A tool that says in a sentence what is wrong with its arguments, where the SDK would quote Pydantic."""

    places: Any = NOWHERE
    tells: bool = False

    def _refuse_others(self) -> None:
        """Let the model of the arguments refuse those that it does not know."""
        model = self.fn_metadata.arg_model
        if model.model_config.get("extra") != "forbid":
            model.model_config["extra"] = "forbid"
            model.model_rebuild(force=True)

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> Any:
        apps = client_supports_apps(context)
        self._refuse_others()
        arguments = renamed(arguments, self.parameters["properties"])
        token = _CALL.set(_CallContext(_call_description(self.name, arguments), self.places, apps))
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
        if isinstance(failed, ToolError) and isinstance(failed.__cause__, ValidationError):
            problem = explained(failed.__cause__, list(self.parameters["properties"]))
            raise ToolError(shortened(problem)) from failed
        raise failed


async def _tell(context: Context[Any, Any], what: str) -> None:
    """Report the seconds that a call has taken so far, where the host asked for it."""
    start = anyio.current_time()
    while True:
        await anyio.sleep(TICK)
        passed = anyio.current_time() - start
        await context.report_progress(passed, None, f"{what}: {passed:.0f} s so far")


def _call_description(name: str, arguments: Mapping[str, object]) -> str:
    """Write a call down, long arguments shortened: where a picture comes from, but not what was in it."""
    shortened: list[str] = []
    for argument, value in arguments.items():
        text = json.dumps(value, ensure_ascii=False)
        shortened.append(f"{argument}={text if len(text) <= 120 else text[:100] + '...'}")
    return f"{name}({', '.join(shortened)})"


async def answered(
    making: Coroutine[Any, Any, ToolOutput], save_as: str | None = None, *, overwrite: bool = False
) -> CallToolResult:
    """Run a tool, save its pictures as `save_as`, keep them in the store, and return its result.

    What its caller can correct comes back as an error result, and so does all else that fails.
    """
    return await reported(finished(making, save_as, overwrite=overwrite))


async def reported(making: Awaitable[ToolOutput]) -> CallToolResult:
    """Return the result of an answer that is `finished`, or of what made it fail."""
    try:
        answer = await making
        return await in_thread(lambda: success(answer))
    except BridgeError as error:
        return failure(str(error))
    # The server outlives its tools: the model gets a sentence, the log the rest.
    except Exception as error:  # noqa: BLE001
        _LOG.exception("a tool failed")
        return failure(f"the tool failed with {type(error).__name__}; the server's log says more")


async def finished(
    making: Coroutine[Any, Any, ToolOutput], save_as: str | None = None, *, overwrite: bool = False
) -> ToolOutput:
    """Return what a tool makes, saved as `save_as` and kept in the store, which its sentence tells.

    Where it may not be saved nothing is made.
    """
    call = _CALL.get()
    try:
        where = None
        if save_as is not None:
            where = await in_thread(
                lambda: saving.target(save_as, call.places.allow_write, overwrite=overwrite)
            )
        answer = await making
    finally:
        making.close()  # It may not have begun.
    if where:
        answer = await saving.saved(answer, where)
    return await in_thread(lambda: _with_kept_uris(answer, call))


async def compared(result: CallToolResult, *sources: str) -> CallToolResult:
    """Name in a result the pictures that were compared, kept, where the host shows the viewer: it lays them on each other.

    Those that browsers do not show, or that would be fetched again, are not named.
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
        # The picture is what was asked for; a full disk must not cost it.
        _LOG.warning("pictures cannot be kept: %s", error.strerror)
        return answer
    sentence = f"{answer.sentence} Kept as {', '.join(dict.fromkeys(names))}."
    return answer._replace(sentence=sentence, uris=tuple(names))
