"""Microsoft's Agent Framework with its own MCP client."""

import sys

import anyio
from agent_framework import Agent, MCPStdioTool
from agent_framework.openai import OpenAIChatClient
from asking import ask_of_each, command


async def main(_how, url):
    client = OpenAIChatClient("gpt-5.4", base_url=url, api_key="x")
    program, *arguments = command()
    async with MCPStdioTool("kinds", program, args=arguments, load_prompts=False) as tools:
        agent = Agent(client=client, name="reader", tools=tools)
        await ask_of_each(agent.run)


anyio.run(main, *sys.argv[1:3])
