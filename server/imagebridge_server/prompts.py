"""Prompts that hosts offer to their users; each is a single message that names the tools to call."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver.prompts import Prompt
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS
from pydantic import Field

from imagebridge_tools.tool_output import nearest_allowed

PictureLocation = Annotated[
    str, Field(description="A picture: a path in an allowed folder, a file: URL or a data: URL.")
]
First = Annotated[str, Field(description="The first picture, or the one before the change.")]
Second = Annotated[str, Field(description="The second picture, or the one after the change.")]
DataFile = Annotated[str, Field(description="A CSV, JSON or Excel file in an allowed folder.")]
Question = Annotated[str, Field(description="What the answer should be about.")]


def prompts(*, charts: bool) -> list[Prompt]:
    """Return the prompts: describe a picture, compare two pictures and, if `charts` can be drawn, chart a file."""
    return [
        Prompt.from_function(describe_image, title="Describe a picture"),
        Prompt.from_function(compare_images, title="Compare two pictures"),
        *([Prompt.from_function(chart_file, title="Chart a file")] if charts else []),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompting:
    """Middleware that refuses an unknown prompt or wrong arguments with a clear message and the right error code."""

    charts: bool

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Pass a message on, unless it requests a prompt that does not exist."""
        if ctx.method == "prompts/get":
            params = ctx.params or {}
            _check(str(params.get("name")), params.get("arguments") or {}, prompts(charts=self.charts))
        return await call_next(ctx)


def _check(name: str, given: Any, offered: Iterable[Prompt]) -> None:
    known = {prompt.name: prompt.arguments or [] for prompt in offered}
    if name not in known:
        raise MCPError(INVALID_PARAMS, f"unknown prompt {name!r}; {nearest_allowed(name, known)}")
    names = [argument.name for argument in known[name]]
    for argument in given:
        if argument not in names:
            raise MCPError(
                INVALID_PARAMS,
                f"{name} has no argument {argument!r}; {nearest_allowed(str(argument), names)}",
            )
    for argument in known[name]:
        if argument.required and not str(given.get(argument.name) or "").strip():
            raise MCPError(INVALID_PARAMS, f"{name} needs {argument.name}: {argument.description}")


def describe_image(source: PictureLocation, question: Question = "") -> str:
    """Load a picture and say what it shows."""
    asked = f" Answer this: {question}" if question else ""
    return (
        f"Call load_image with source '{source}'. Then describe what you see: what it is, the text in it word for "
        "word, and what stands out. Say what you cannot make out instead of guessing. If the text gives a "
        "factor for "
        f"coordinates, apply it to positions in the picture.{asked}"
    )


def compare_images(first: First, second: Second) -> str:
    """Load two pictures and say what differs."""
    return (
        f"Compare two pictures. The first is '{first}', the second '{second}'. If there is a tool that compares "
        "pictures, call it with both; otherwise call load_image for each. Then list what differs, most important "
        "first, with its position; if nothing differs, say so."
    )


def chart_file(path: DataFile, question: Question = "") -> str:
    """Draw a file of rows as a chart and say what it shows."""
    asked = f" It should answer this: {question}" if question else ""
    return (
        f"Call generate_chart with data '{path}' and the kind that suits its columns. Leave columns out at "
        "first; the text says which ones were used. Look at the chart: if it is crowded or shows the wrong "
        "columns, call again with different ones. Then say in three sentences what it shows, citing numbers "
        f"from it.{asked}"
    )
