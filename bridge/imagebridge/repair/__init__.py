"""Makes results acceptable to every MCP client, and usable for one host. Works on raw JSON."""
