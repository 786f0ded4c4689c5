"""LangChain with the tools of a bridge."""

import sys

import anyio
from asking import ask_of_each, command
from langchain.agents import create_agent
from langchain_openai import ChatOpenAI
from mcp import StdioServerParameters

from imagebridge import Bridge
from imagebridge.frameworks import langchain


async def main(_how, url):
    model = ChatOpenAI(model="gpt-5.4", use_responses_api=True, base_url=url, api_key="x", max_retries=0)
    program, *arguments = command()
    async with Bridge(StdioServerParameters(command=program, args=arguments)) as bridge:
        agent = create_agent(model, langchain.tools(bridge))
        await ask_of_each(lambda prompt: agent.ainvoke({"messages": [("user", prompt)]}))


anyio.run(main, *sys.argv[1:3])
