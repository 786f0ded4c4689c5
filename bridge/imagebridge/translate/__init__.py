"""Translates each MCP result for a GPT model: pure, synchronous, without mcp, openai or anyio."""
