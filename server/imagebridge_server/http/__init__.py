"""The server over Streamable HTTP: for many callers, on more than one machine."""
