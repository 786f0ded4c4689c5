"""Answers a host's first requests from a card that an earlier start has kept, while the server itself loads.

Hosts ask their model before a slow server has listed its tools, and importing the SDK is what takes long. So the
modules that run before it (`launch`, `card`, `handshake`, `opening`) import only the standard library.
"""
