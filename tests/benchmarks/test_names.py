"""Compares naming tools with parsing their JSON: `uv run pytest -m benchmark -n 0 -s tests/benchmarks/test_names.py`."""

import gc
import json
import time

import pytest
from mcp.types import Tool

from imagebridge.agent.tools import ToolRegistry
from imagebridge.client.config import Filter, Setup
from imagebridge.schemas.definitions import tool_names

pytestmark = pytest.mark.benchmark


def listed(count):
    tools = [
        {
            "name": f"tool.{at}" if at % 2 else f"tool_{at}",
            "description": "Does one thing and tells how it went.",
            "inputSchema": {
                "type": "object",
                "properties": {"path": {"type": "string"}},
                "required": ["path"],
            },
        }
        for at in range(count)
    ]
    return json.dumps(tools)


class Peer:
    """As much of a connection as naming looks at."""

    def __init__(self, name, tools):
        self.name, self.tools, self.setup = name, tools, Setup("x")


def seconds(work, rounds=3):
    took = []
    for _ in range(rounds):
        gc.collect()
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took)


@pytest.mark.parametrize("ways", ["tool_names", "one server", "two servers that share all names"])
def test_naming_is_linear(ways, measured):
    for count in (10_000, 100_000):
        text = listed(count)
        tools = json.loads(text)
        models = [Tool.model_validate(tool, by_name=False) for tool in tools]
        share = models if ways == "one server" else models[: count // 2]
        peers = [Peer("one", share)] + ([Peer("two", share)] if ways.startswith("two") else [])

        def work(tools=tools, peers=peers):
            if ways == "tool_names":
                tool_names(tools)
            else:
                ToolRegistry(Filter()).update(peers)

        ours, parsing = seconds(work), seconds(lambda text=text: json.loads(text))
        said = f"{count:,} tools: {ours * 1000:.0f} ms compared with {parsing * 1000:.0f} ms"
        measured(ways, ours / parsing, said)
