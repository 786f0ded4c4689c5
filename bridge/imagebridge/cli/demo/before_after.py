"""Sends each awkward result twice through the real SDKs to the strict endpoint: by hand, and with imagebridge."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imagebridge.testing import Endpoint

from . import naive
from .cases import CASES, LINKED, Case, png
from .outcome import APPLIED, Outcome, measured

if TYPE_CHECKING:
    from mcp.server import MCPServer
    from openai import AsyncOpenAI

_PROMPT = "Call the tool and tell me what you see."


@dataclass(frozen=True, slots=True)
class Comparison:
    """One awkward result and how both sides fared."""

    case: Case
    by_hand: Outcome
    by_us: Outcome


async def compared(client: "AsyncOpenAI", model: str) -> AsyncIterator[Comparison]:
    """Send every case both ways and yield the outcomes."""
    for case in CASES:
        server = _server(case)

        async def by_hand(client: "AsyncOpenAI", case: Case = case, server: "MCPServer" = server) -> None:
            await _by_hand(case, server, client, model)

        async def by_us(client: "AsyncOpenAI", server: "MCPServer" = server) -> None:
            await _by_us(server, client, model)

        yield Comparison(
            case,
            await _sent(case, client, by_hand, name=case.tool, ours=False),
            await _sent(case, client, by_us, name=_legal(case.tool), ours=True),
        )


async def _sent(
    case: Case,
    client: "AsyncOpenAI",
    side: Callable[["AsyncOpenAI"], Awaitable[None]],
    *,
    name: str,
    ours: bool,
) -> Outcome:
    """Run one side against a separate endpoint, whose model calls the tool and then says what it received."""
    endpoint = Endpoint([[(name, {})], lambda _: scripted_reply(endpoint)], rules=APPLIED)
    error: Exception | None = None
    try:
        with endpoint:
            await side(client.with_options(base_url=endpoint.base_url))
    except Exception as caught:  # noqa: BLE001 - whatever ends a loop is its outcome
        error = caught
    return measured(case, endpoint, error, ours=ours)


def scripted_reply(endpoint: Endpoint) -> str:
    """Return what the scripted model says: what it was shown, decoded, and nothing else."""
    return " ".join(f"I see {picture.describe()}." for picture in endpoint.seen) or "I see no picture."


async def _by_hand(case: Case, server: "MCPServer", client: "AsyncOpenAI", model: str) -> None:
    from mcp import Client

    error: Exception | None = None
    async with Client(server) as mcp:
        try:
            await naive.ask(mcp, client, model, _PROMPT, naive.dumped if case.dumped else naive.parts)
        except Exception as caught:  # noqa: BLE001 - the client's task group would wrap it
            error = caught
    if error is not None:
        raise error


async def _by_us(server: "MCPServer", client: "AsyncOpenAI", model: str) -> None:
    from imagebridge.agent.bridge import Bridge

    async with Bridge(server) as bridge:
        await bridge.run(client, model=model, input=_PROMPT)


def _legal(name: str) -> str:
    from imagebridge.schemas.definitions import tool_names

    return next(iter(tool_names([{"name": name}])))


def _server(case: Case) -> "MCPServer":
    """Return a server with just this tool: one illegal name would make the API refuse all tools of a request."""
    from mcp.server import MCPServer
    from mcp.types import CallToolResult

    # CRITICAL, because the SDK's own log lines are not part of the report.
    server = MCPServer("nasty", log_level="CRITICAL")
    answer = CallToolResult.model_validate(case.result())

    async def tool() -> CallToolResult:
        return answer

    server.add_tool(tool, name=case.tool, description=f"Returns {case.name}.")

    @server.resource(LINKED, mime_type="image/png")
    def linked() -> bytes:  # pyright: ignore[reportUnusedFunction]
        return png(2)

    return server
