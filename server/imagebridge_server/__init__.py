"""The MCP server that offers imagebridge's tools to desktop hosts, agent loops and stdio clients."""
