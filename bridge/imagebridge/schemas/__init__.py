"""MCP tools become tool definitions: schemas, names, and which arguments are pictures."""
