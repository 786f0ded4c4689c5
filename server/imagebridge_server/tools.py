"""Turns the tools of `imagebridge_tools` into MCP tools, and adds the few features that only a server has."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from inspect import Parameter, Signature, iscoroutinefunction
from types import NoneType
from typing import Annotated, Any, Literal, get_args

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult
from pydantic import BeforeValidator, Field, WithJsonSchema

import imagebridge_tools
from imagebridge.errors import ArgumentError, counted
from imagebridge.requirements import lacking
from imagebridge_tools import ToolOutput
from imagebridge_tools.arguments import Overwrite, SaveAs
from imagebridge_tools.declaration import Declaration, argument, declaration
from imagebridge_tools.files.footprint import not_repeatable
from imagebridge_tools.files.source import Places
from imagebridge_tools.image_progress import OnProgress
from imagebridge_tools.mistakes import Mistakes

from .jobs import PENDING, Jobs
from .registration import Making, answered, compared, finished, hints, paying, reported, threaded, tool
from .results import connected_host, text_room
from .settings import Settings

_FOLDERS = 160
"""The maximum size in bytes of the listed folder names, because they cost tokens in every conversation."""

_SAVING = (
    Parameter("save_as", Parameter.KEYWORD_ONLY, default=None, annotation=SaveAs),
    Parameter("overwrite", Parameter.KEYWORD_ONLY, default=False, annotation=Overwrite),
)
"""Arguments of every tool whose pictures can be saved."""

CallAnswer = Callable[..., Awaitable[CallToolResult]]
"""Answers a call, given its context and its arguments by name."""


def offered(settings: Settings, places: Places) -> list[Tool]:
    """Return the tools whose packages are installed; tools that cost money are included only if `create` is set."""
    return [
        offer(one, settings, places)
        for one in map(declaration, imagebridge_tools.TOOLS)
        if (settings.create or not one.paid) and not (one.requirement and lacking(one.requirement))
    ]


def offer(one: Declaration, settings: Settings, places: Places) -> Tool:
    """Return a declared tool as an MCP tool whose calls read and write at `places`."""
    parameters = one.parameters() + (_SAVING if one.saves else ())
    answer = _paid(one, places, settings) if one.paid else _free(one, places, settings)
    if extra := _EXTRAS.get(one.function.__name__):
        answer = extra(answer, settings)

    async def call(context: Context[Jobs, Any], **given: Any) -> CallToolResult:
        return await answer(context, **given)

    call.__name__ = one.function.__name__
    # What the SDK takes for the function's own annotations, and makes the schema from.
    wire = [parameter.replace(annotation=_wire_type(parameter)) for parameter in parameters]
    call.__dict__["__signature__"] = Signature(wire, return_annotation=CallToolResult)
    return tool(
        call,
        one.title,
        paying(settings) if one.paid else hints(settings, fetches=one.takes("places"), saves=one.saves),
        one.description.format(where=_where(settings), patience=settings.patience),
        {parameter.name: argument(parameter) for parameter in parameters},
        said=one.said_before(),
        tells=one.paid,
    )


def _wire_type(parameter: Parameter) -> Any:
    """Return an argument's type in Pydantic's terms."""
    annotation = get_args(parameter.annotation)[0]
    declared = argument(parameter)
    wire_type: Any = declared.json_type or annotation
    if declared.words:
        wire_type = Literal[declared.words]
        if NoneType in get_args(annotation):
            wire_type = wire_type | None
    fewest, most = declared.entries or (None, None)
    field = Field(
        description=declared.description or None,
        examples=[*declared.examples] or None,
        ge=declared.least,
        le=declared.most,
        min_length=fewest,
        max_length=most,
    )
    # After the limits, which Pydantic would call "ge" and "le" in the schema of what precedes them.
    reading = [BeforeValidator(declared.reading)] if declared.reading else []
    schema = [WithJsonSchema({**declared.schema})] if declared.schema else []
    return Annotated[(wire_type, field, *reading, *schema)]


def _free(one: Declaration, places: Places, settings: Settings) -> CallAnswer:
    async def answer(
        context: Context[Jobs, Any], save_as: str | None = None, *, overwrite: bool = False, **given: Any
    ) -> CallToolResult:
        known_host = connected_host(context, settings.host)
        if one.takes("attach") and not known_host.files:
            given["attach"] = 0
        if one.takes("room"):
            given["room"] = text_room(known_host)
        return await answered(_making(one, places, given), save_as, overwrite=overwrite)

    return answer


def _paid(one: Declaration, places: Places, settings: Settings) -> CallAnswer:
    """Return a function that answers calls, with a handle if they take longer than a host waits."""

    async def answer(
        context: Context[Jobs, Any], save_as: str | None = None, *, overwrite: bool = False, **given: Any
    ) -> CallToolResult:
        async def on_progress(seconds: float, message: str) -> None:
            await context.report_progress(seconds, None, message)

        async def make(on_progress: OnProgress) -> ToolOutput:
            making = _making(one, places, {**given, "on_progress": on_progress})
            return await finished(making, save_as, overwrite=overwrite, svg=given.get("format") == "svg")

        not_repeatable()
        jobs = context.request_context.lifespan_context
        return await reported(jobs.run("The picture", make, on_progress, settings.patience))

    return answer


def _making(one: Declaration, places: Places, given: Mapping[str, Any]) -> Making:
    held = {"places": places} if one.takes("places") else {}
    make = partial(one.function, **given, **held)
    return make if iscoroutinefunction(one.function) else threaded(make)


def _collecting(answer: CallAnswer, settings: Settings) -> CallAnswer:
    """Return a function that also accepts the handle of a picture that is still being made."""

    async def collect_or_load(context: Context[Jobs, Any], source: str, **given: Any) -> CallToolResult:
        if not source.strip().lower().startswith(PENDING):
            return await answer(context, source=source, **given)
        make = partial(_collected, context.request_context.lifespan_context, source, settings)
        return await answered(make, given["save_as"], overwrite=given["overwrite"])

    return collect_or_load


async def _collected(
    jobs: Jobs, handle: str, settings: Settings, *, noted: Sequence[ArgumentError]
) -> ToolOutput:
    Mistakes(noted).tell()
    not_repeatable()
    return await jobs.collected(handle, settings.patience)


def _naming_pictures(answer: CallAnswer, _: Settings) -> CallAnswer:
    """Return a function that also names the compared pictures for the viewer."""

    async def compare(context: Context[Jobs, Any], a: str, b: str, **given: Any) -> CallToolResult:
        return await compared(await answer(context, a=a, b=b, **given), a, b)

    return compare


_EXTRAS: Mapping[str, Callable[[CallAnswer, Settings], CallAnswer]] = {
    "load_image": _collecting,
    "compare_images": _naming_pictures,
}
"""The features that a server adds to a tool: jobs and the viewer."""


def _where(settings: Settings) -> str:
    web = " and https:" if settings.allow_https else ""
    if not settings.allow:
        return f"No folder is allowed, so only data:{web} URLs are read."
    named = [str(folder) for folder in settings.allow]
    while len(", ".join(named).encode()) > _FOLDERS:
        named.pop()
    if left := len(settings.allow) - len(named):
        named.append(f"{counted(left, 'more folder' if named else 'folder')} listed in errors")
    return f"Files are read from {', '.join(named)}{'; https: URLs too' if web else ''}."
