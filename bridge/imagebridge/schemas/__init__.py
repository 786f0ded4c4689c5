"""Converts MCP tools to tool definitions: schemas, names, and which arguments are pictures."""
