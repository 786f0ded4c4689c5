"""Uses a server that supports only Chat Completions and accepts pictures only in user messages, such as LM Studio.

`Policy(server=...)` selects how pictures are sent to it; the page "Endpoints" lists the servers. Run this program with
OPENAI_BASE_URL set to the server's address, such as http://localhost:1234/v1, and the name of a vision model as its argument.
"""

import sys

import anyio
from openai import AsyncOpenAI

from imagebridge import Bridge, Policy


async def main(model: str) -> None:
    bridge = Bridge("imagebridge-server", policy=Policy(server="lm-studio"))
    async with AsyncOpenAI(api_key="not needed") as client, bridge:
        prompt = "Draw 3, 1 and 4 as bars and describe what you see."
        reply = await bridge.run(client, api="chat", model=model, input=prompt)
    print(reply.text)


if len(sys.argv) != 2:
    sys.exit("usage: python examples/chat_only.py MODEL")
anyio.run(main, sys.argv[1])
