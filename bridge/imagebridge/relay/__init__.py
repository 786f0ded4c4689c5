"""A relay of JSON-RPC messages between an MCP host and any MCP server: the results of tools are repaired for the host."""
