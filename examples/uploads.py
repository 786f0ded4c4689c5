"""Uploads large pictures once and then refers to them, so that each turn sends a few bytes for them instead of
megabytes.

With `store=False` the bridge deletes the files when it closes. Otherwise the API stores each response, and the
conversation may be continued from there later, so the files stay until they expire. Run this program with
OPENAI_API_KEY set and a photograph: python examples/uploads.py photo.jpg
"""

import sys
from pathlib import Path

import anyio
from mcp import StdioServerParameters
from openai import AsyncOpenAI

from imagebridge import Bridge

QUESTIONS = "What is in this picture?", "What is in its top left corner? Look closely.", "Which season is it?"


async def main(photo: Path) -> None:
    server = StdioServerParameters(command="imagebridge-server", args=["--allow", str(photo.parent)])
    async with AsyncOpenAI() as client, Bridge(server) as bridge:
        items = [{"role": "user", "content": f"Load {photo.name}."}]
        for question in QUESTIONS:
            items.append({"role": "user", "content": question})
            reply = await bridge.run(client, model="gpt-6-luna", input=items, uploads=True, store=False)
            print(f"{question}\n  {reply.text}")
            items = reply.items


if len(sys.argv) != 2:
    sys.exit("usage: python examples/uploads.py PHOTO")
anyio.run(main, Path(sys.argv[1]).resolve())
