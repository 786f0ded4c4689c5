"""Whatever an MCP tool returns, a GPT model sees it."""

__version__ = "0.1.0"
