"""mcp-use with its own MCP client."""

import os
import sys

os.environ["MCP_USE_ANONYMIZED_TELEMETRY"] = "false"

import anyio
from asking import ask_of_each, command
from langchain_openai import ChatOpenAI
from mcp_use import MCPAgent, MCPClient


async def main(_how, url):
    model = ChatOpenAI(model="gpt-5.4", use_responses_api=True, base_url=url, api_key="x", max_retries=0)
    program, *arguments = command()
    client = MCPClient.from_dict({"mcpServers": {"kinds": {"command": program, "args": arguments}}})
    agent = MCPAgent(llm=model, client=client, memory_enabled=False)
    await agent.initialize()
    await ask_of_each(lambda prompt: agent.run(prompt, manage_connector=False))
    await client.close_all_sessions()


anyio.run(main, *sys.argv[1:3])
