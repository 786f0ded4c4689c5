"""Adds the server to the configuration files of MCP hosts, and removes it."""
