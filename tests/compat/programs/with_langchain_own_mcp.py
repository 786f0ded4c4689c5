"""LangChain with its own MCP client, `langchain.mcp`."""

import sys

import anyio
from asking import ask_of_each, command
from fastmcp.client.transports import StdioTransport
from langchain.agents import create_agent
from langchain.mcp import MCPAdapter
from langchain_openai import ChatOpenAI


async def main(_how, url):
    model = ChatOpenAI(model="gpt-5.4", use_responses_api=True, base_url=url, api_key="x", max_retries=0)
    program, *arguments = command()
    async with MCPAdapter(StdioTransport(program, arguments)) as adapter:
        agent = create_agent(model, await adapter.list_tools())
        await ask_of_each(lambda prompt: agent.ainvoke({"messages": [("user", prompt)]}))


anyio.run(main, *sys.argv[1:3])
