"""Strands Agents with its own MCP client, which runs in a thread."""

import sys

import anyio
from asking import ask_of_each, command
from mcp import StdioServerParameters, stdio_client
from strands import Agent
from strands.models.openai_responses import OpenAIResponsesModel
from strands.tools.mcp import MCPClient


async def main(_how, url):
    model = OpenAIResponsesModel(
        client_args={"base_url": url, "api_key": "x", "max_retries": 0}, model_id="gpt-5.4"
    )
    program, *arguments = command()
    server = StdioServerParameters(command=program, args=arguments)
    with MCPClient(lambda: stdio_client(server), startup_timeout=600) as client:
        tools = client.list_tools_sync()
        await ask_of_each(
            lambda prompt: Agent(model, tools=tools, callback_handler=None).invoke_async(prompt)
        )


anyio.run(main, *sys.argv[1:3])
