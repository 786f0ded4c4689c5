"""Functions that make and load pictures: plain arguments in, one sentence and pictures out. No MCP."""
