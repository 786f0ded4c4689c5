"""openai-agents: its own MCP client with a server's command, or the adapter with a bridge."""

import sys
from contextlib import asynccontextmanager

import anyio
from agents import Agent, OpenAIResponsesModel, Runner, set_tracing_disabled
from asking import ask_of_each, command
from openai import AsyncOpenAI


@asynccontextmanager
async def agent(how, url):
    model = OpenAIResponsesModel("gpt-5.4", AsyncOpenAI(base_url=url, api_key="x", max_retries=0))
    program, *arguments = command()
    if how == "adapter":
        from mcp import StdioServerParameters

        from imagebridge import Bridge
        from imagebridge.frameworks import openai_agents

        async with Bridge(StdioServerParameters(command=program, args=arguments)) as bridge:
            yield Agent("reader", model=model, tools=openai_agents.tools(bridge))
    else:
        from agents.mcp import MCPServerStdio

        parameters = {"command": program, "args": arguments}
        async with MCPServerStdio(parameters, client_session_timeout_seconds=120) as server:
            yield Agent("reader", model=model, mcp_servers=[server])


async def main(how, url):
    set_tracing_disabled(True)
    async with agent(how, url) as made:
        await ask_of_each(lambda prompt: Runner.run(made, prompt))


anyio.run(main, *sys.argv[1:3])
