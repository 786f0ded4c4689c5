"""fast-agent with its own MCP client, configured by a file in the given folder."""

import json
import sys
import tempfile

import anyio
from asking import ask_of_each, command
from fast_agent import FastAgent


async def main(_how, url):
    program, *arguments = command()
    with tempfile.TemporaryDirectory() as folder:
        # JSON is YAML.
        settings = {
            "default_model": "responses.gpt-5.4",
            "responses": {"api_key": "x", "base_url": url},
            "mcp": {"servers": {"kinds": {"command": program, "args": arguments}}},
            "logger": {"progress_display": False, "show_chat": False, "show_tools": False},
        }
        file = anyio.Path(folder, "fast-agent.yaml")
        await file.write_text(json.dumps(settings))
        fast = FastAgent("kinds", config_path=str(file), home=folder, parse_cli_args=False, quiet=True)

        @fast.agent("reader", servers=["kinds"], use_history=False)
        async def reader():
            async with fast.run() as app:
                await ask_of_each(app.reader.send)

        await reader()


anyio.run(main, *sys.argv[1:3])
