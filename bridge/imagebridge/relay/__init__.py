"""A relay of JSON-RPC messages between an MCP host and any MCP server, which repairs tool results for the host."""
