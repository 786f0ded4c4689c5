"""Turns bytes into pictures whose format, structure, size and frames are known. Knows nothing of MCP or models."""
