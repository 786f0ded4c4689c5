"""The first messages of a host without an SDK, for protocol version 2025-11-25 and earlier: its name and version."""

LEGACY = "2025-11-25"
"""The newest version that has sessions."""


def introduction(client="mcp", version=LEGACY):
    """Return the parameters of `initialize`."""
    return {
        "protocolVersion": version,
        "capabilities": {},
        "clientInfo": {"name": client, "version": "1"},
    }


def initialize(number=1, client="mcp", version=LEGACY):
    """Return the whole message."""
    params = introduction(client, version)
    return {"jsonrpc": "2.0", "id": number, "method": "initialize", "params": params}
