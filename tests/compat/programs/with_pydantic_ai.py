"""pydantic-ai: its own MCP toolset with a server's command, or the adapter with a bridge."""

import sys
from contextlib import asynccontextmanager

import anyio
from asking import ask_of_each, command
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider


@asynccontextmanager
async def toolset(how):
    program, *arguments = command()
    if how == "adapter":
        from mcp import StdioServerParameters

        from imagebridge import Bridge
        from imagebridge.frameworks import pydantic_ai

        async with Bridge(StdioServerParameters(command=program, args=arguments)) as bridge:
            yield pydantic_ai.toolset(bridge)
    else:
        from fastmcp.client.transports import StdioTransport
        from pydantic_ai.mcp import MCPToolset

        async with MCPToolset(StdioTransport(program, arguments)) as own:
            yield own


async def main(how, url):
    model = OpenAIResponsesModel("gpt-5.4", provider=OpenAIProvider(base_url=url, api_key="x"))
    async with toolset(how) as tools:
        await ask_of_each(Agent(model, toolsets=[tools]).run)


anyio.run(main, *sys.argv[1:3])
