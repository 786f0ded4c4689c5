"""Writing the server into the configuration files of MCP hosts, and taking it out again."""
