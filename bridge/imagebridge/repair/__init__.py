"""Results that every MCP client accepts, and that one host shows. All on raw JSON."""
