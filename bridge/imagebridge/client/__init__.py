"""The MCP side: configuration, transports, connections, calls, resources."""
