"""The whole journey of a chart: table, tool, MCP over stdio, bridge, OpenAI's SDK, endpoint, answer."""

import json
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imagebridge.testing import Endpoint, SeenPicture

from .before_after import scripted_reply
from .outcome import APPLIED

if TYPE_CHECKING:
    from openai import AsyncOpenAI

TABLE = "bridges.csv"
PROMPT = f"Chart the longest suspension bridges in {TABLE}. What do you see?"
ARGUMENTS: dict[str, Any] = {
    "kind": "bar",
    "data": TABLE,
    "columns": {"x": "span_m", "y": "bridge"},
    "title": "Longest suspension bridges by main span (m)",
    "width": 800,
    "height": 500,
}


@dataclass(frozen=True, slots=True)
class Journey:
    """The call, its result and the answer. `picture` is None if none arrived; then `result` says why."""

    call: str
    result: str
    picture: SeenPicture | None
    answer: str
    seconds: float
    tools: tuple[str, ...]


async def journey(client: "AsyncOpenAI", model: str) -> Journey:
    """Make the packaged server, started as a subprocess, chart the included table, and show the chart to the endpoint.

    Raises:
        BridgeError: the server does not start.
    """
    import anyio

    from imagebridge.agent.bridge import Bridge
    from imagebridge.client.connect import own_server

    began = anyio.current_time()
    endpoint = Endpoint([[("generate_chart", ARGUMENTS)], lambda _: scripted_reply(endpoint)], rules=APPLIED)
    with tempfile.TemporaryDirectory() as folder, endpoint:
        # A copy in a separate folder: nothing else is allowed, and a zipped package has no path.
        (Path(folder) / TABLE).write_bytes((files("imagebridge.cli.demo") / TABLE).read_bytes())
        async with Bridge(own_server("--allow", folder, environment={})) as bridge:
            names = tuple(tool["name"] for tool in bridge.tools)
            reply = await bridge.run(
                client.with_options(base_url=endpoint.base_url), model=model, input=PROMPT
            )
    output = next(item["output"] for item in reply.items if item.get("type") == "function_call_output")
    returned_text = output if isinstance(output, str) else " ".join(part.get("text", "") for part in output)
    picture = endpoint.seen[0] if endpoint.seen else None
    call = f"generate_chart({json.dumps(ARGUMENTS)})"
    return Journey(call, returned_text.strip(), picture, reply.text, anyio.current_time() - began, names)
