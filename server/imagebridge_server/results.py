"""Turns a tool's answer into a `CallToolResult`, and fits it to the host of this connection."""

from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, TypeVar

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import Context
from mcp.types import CallToolResult, TextContent

from imagebridge import tool_result
from imagebridge.client.threads import in_thread
from imagebridge.errors import counted
from imagebridge.facts.hosts import Host, host
from imagebridge.pictures.base64 import to_base64
from imagebridge.pictures.cost import HeavyError, allowing
from imagebridge.repair.protocol import repaired_for
from imagebridge.translate.scale import SCALE
from imagebridge.translate.sentences import not_shown
from imagebridge.wire import URI
from imagebridge_tools import ToolOutput
from imagebridge_tools.apart import ApartError, apart
from imagebridge_tools.files.footprint import not_repeatable
from imagebridge_tools.tool_output import File

T = TypeVar("T")

MESSAGE = 4_000
"""The maximum length of an error in characters, because errors quote arguments of any size."""


def success(answer: ToolOutput) -> CallToolResult:
    """Return an answer as a result; `HostFitting` later fits it to the host and adds the scale factor."""
    result = tool_result(answer.sentence, *answer.pictures)
    for block, uri in zip_longest(result["content"][1:], answer.uris):
        meta = ({URI: uri} if uri else {}) | ({SCALE: answer.scale} if answer.scale != 1 else {})
        if meta:
            block["_meta"] = meta
    result["content"] += [_embedded_resource(file) for file in answer.files]
    return CallToolResult.model_validate(result)


def failure(problem: str) -> CallToolResult:
    """Return an error that a model can act on."""
    return CallToolResult(content=[TextContent(text=shortened(problem))], is_error=True)


def shortened(problem: str) -> str:
    """Shorten a message to `MESSAGE` characters, but keep its start, which names the argument, and its end."""
    if len(problem) <= MESSAGE:
        return problem
    left_out = f" [{counted(len(problem) - MESSAGE, 'character')} left out] "
    return problem[: MESSAGE // 2] + left_out + problem[-MESSAGE // 2 :]


@dataclass(frozen=True, slots=True)
class HostFitting:
    """Middleware that fits every result to the host, including errors, so that none is larger than the host accepts.

    host: a name in the table of `imagebridge.facts.hosts`; None to use the name that the client reports.
    """

    host: str | None = None

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Pass a message on; if it is a tool call, fit the result to the host."""
        result = await call_next(ctx)
        if ctx.method != "tools/call" or not isinstance(result, dict) or "content" not in result:
            return result
        return await _fitted(result, connected_host(ctx, self.host))


_AROUND = 2_000
"""How many characters of JSON surround the texts of a result: the message, a file's address, the blocks."""

HERE = 16_000_000
"""How many bytes of memory this process may use to fit a picture (2 megapixels); another process fits larger ones."""

_SECONDS = 120.0
"""Seconds that a separate process may take for the pictures of one result, which may be thirty pages."""


async def _fitted(result: dict[str, Any], known_host: Host) -> HandlerResult:
    """Return a result in a form that the host can use, without its pictures if they cannot be made to fit."""

    def fitted_here() -> HandlerResult:
        with allowing(HERE):
            return repaired_for(result, known_host)

    try:
        return await in_thread(fitted_here)
    except HeavyError:
        pass
    try:
        return await apart(repaired_for, result, known_host, seconds=_SECONDS)
    except ApartError as error:
        not_repeatable()
        words = [block for block in result["content"] if block.get("type") == "text"]
        sentence = TextContent(text=not_shown("the pictures of this result", str(error)))
        content = [*words, sentence.model_dump(by_alias=True, exclude_none=True)]
        return await in_thread(lambda: repaired_for({**result, "content": content}, known_host))


def connected_host(context: ServerRequestContext[Any, Any] | Context[Any, Any], name: str | None) -> Host:
    """Return the host of a call: the host called `name`, or else the host that the client's name stands for.

    The client reports its name in `initialize` or, since 2026-07-28, in each request's `_meta`.
    """
    client_params = context.session.client_params
    return host(name or (client_params.client_info.name if client_params else "unknown"))


def text_room(known_host: Host) -> int:
    """Return how many characters of JSON the texts of a result may have: the host's limit minus the rest."""
    return known_host.characters - _AROUND


def _embedded_resource(file: File) -> dict[str, Any]:
    content = {"text": file.content} if isinstance(file.content, str) else {"blob": to_base64(file.content)}
    return {"type": "resource", "resource": {"uri": file.uri, "mimeType": file.media_type, **content}}
