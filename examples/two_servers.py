"""Uses two servers in one bridge: one provides the numbers, and the other draws them.

The first runs in this process; the second is imagebridge's own, started as a subprocess. The model calls both, and can
pass a picture from one server to a tool of the other by its name. Run this program with OPENAI_API_KEY set.
"""

import anyio
from mcp.server import MCPServer
from openai import AsyncOpenAI

from imagebridge import Bridge

harbour = MCPServer(
    "harbour", instructions="Water levels are in metres above chart datum.", log_level="WARNING"
)


@harbour.tool()
def water_levels(day: str) -> list[dict[str, float]]:
    """Return the water levels measured on a day, every six hours."""
    return [{"hour": hour, "metres": level} for hour, level in ((0, 1.1), (6, 4.3), (12, 1.4), (18, 4.6))]


async def main() -> None:
    question = "Draw the water levels of 2026-11-28 as a line. When was it highest?"
    async with AsyncOpenAI() as client, Bridge(harbour, "imagebridge-server") as bridge:
        reply = await bridge.run(client, model="gpt-6-luna", input=question)
    print(reply.text)
    for picture in reply.pictures:
        print(picture)


anyio.run(main)
