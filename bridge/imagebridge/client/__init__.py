"""The side that speaks MCP: configuration, transports, connections, calls, resources."""
