"""What a host without an SDK says first in a session of 2025-11-25 and before: who it is, and which version it speaks."""

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
