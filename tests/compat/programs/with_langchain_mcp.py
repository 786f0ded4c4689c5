"""LangChain with langchain-mcp-adapters, which uses mcp 1: unchanged, or with the interceptor."""

import sys

import anyio
from asking import ask_of_each, command
from langchain.agents import create_agent
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools
from langchain_openai import ChatOpenAI


def interceptors(how):
    if how != "adapter":
        return []
    from imagebridge.frameworks.langchain import interceptor

    return [interceptor]


async def main(how, url):
    model = ChatOpenAI(model="gpt-5.4", use_responses_api=True, base_url=url, api_key="x", max_retries=0)
    program, *arguments = command()
    client = MultiServerMCPClient({"kinds": {"transport": "stdio", "command": program, "args": arguments}})
    async with client.session("kinds") as session:
        agent = create_agent(model, await load_mcp_tools(session, tool_interceptors=interceptors(how)))
        await ask_of_each(lambda prompt: agent.ainvoke({"messages": [("user", prompt)]}))


anyio.run(main, *sys.argv[1:3])
