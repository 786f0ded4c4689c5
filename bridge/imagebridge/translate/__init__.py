"""What each MCP result becomes for a GPT model: pure, synchronous, without mcp, openai or anyio."""
