"""A server that speaks Chat Completions alone, and takes pictures in messages of the user alone, as LM Studio does.

`Policy(server=...)` says how pictures have to travel there; the page "Endpoints" lists the servers. Run it with
OPENAI_BASE_URL set to the server's address, such as http://localhost:1234/v1, and the name of a model that sees.
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
