"""The frameworks that are run against a server with every kind of result: packages, calls and expected results."""

from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
LOCKS = HERE / "locks"


@dataclass(frozen=True)
class Framework:
    """A framework in a separate environment.

    name: what the report and the lock file call it. packages: what is asked for, imagebridge aside. program: in
    programs/. extra: of imagebridge, for the adapter. python: its
    version, where this one is too old. host: what the relay is told. least: kinds right of 31 by how
    the server is reached: "alone", behind the "relay", or through the "adapter".
    """

    name: str
    packages: tuple[str, ...]
    program: str
    extra: str = ""
    python: str = ""
    host: str = ""
    least: dict[str, int] = field(default_factory=dict)

    @property
    def is_node(self) -> bool:
        """Whether it comes from npm."""
        return self.program.endswith(".mjs")

    @property
    def lock(self) -> str:
        """The name of the file with its locked versions: one package per line, or npm's lock file."""
        return f"{self.name}.json" if self.is_node else f"{self.name}.txt"


FRAMEWORKS = [
    Framework(
        "openai-agents",
        ("openai-agents",),
        "with_openai_agents.py",
        extra="[agent]",
        host="openai-agents",
        least={"alone": 10, "relay": 30, "adapter": 31},
    ),
    Framework(
        "langchain-mcp-adapters",
        ("langchain-mcp-adapters", "langchain", "langchain-openai"),
        "with_langchain_mcp.py",
        host="langchain",
        least={"alone": 10, "relay": 30, "adapter": 30},
    ),
    Framework(
        "langchain",
        ("langchain", "langchain-openai"),
        "with_langchain_tools.py",
        extra="[agent]",
        least={"adapter": 31},
    ),
    Framework(
        "langchain-mcp",
        ("langchain[mcp]", "langchain-openai"),
        "with_langchain_own_mcp.py",
        host="langchain",
        least={"relay": 30},
    ),
    Framework(
        "pydantic-ai",
        ("pydantic-ai-slim[openai,mcp]",),
        "with_pydantic_ai.py",
        extra="[agent]",
        host="pydantic-ai",
        least={"alone": 15, "relay": 30, "adapter": 30},
    ),
    Framework(
        "strands-agents",
        ("strands-agents[openai]",),
        "with_strands.py",
        host="strands",
        least={"alone": 10, "relay": 30},
    ),
    Framework(
        "mcp-use",
        ("mcp-use", "langchain-openai"),
        "with_mcp_use.py",
        host="mcp-use",
        least={"alone": 10, "relay": 30},
    ),
    Framework(
        "agent-framework",
        ("agent-framework-core", "agent-framework-openai", "mcp", "tenacity"),
        "with_agent_framework.py",
        host="agent-framework",
        least={"alone": 10, "relay": 30},
    ),
    Framework(
        "fast-agent",
        ("fast-agent-mcp",),
        "with_fast_agent.py",
        python="3.12",
        host="fast-agent",
        least={"alone": 10, "relay": 30},
    ),
    Framework(
        "ai-sdk",
        ("ai", "@ai-sdk/mcp", "@ai-sdk/openai"),
        "with_ai_sdk.mjs",
        host="ai-sdk",
        least={"alone": 10, "relay": 30},
    ),
]
