"""Answers a host's first requests from a card that was kept by an earlier start, while the server itself loads.

Hosts call their model before a slow server has listed its tools, and importing the SDK takes most of the start-up time.
The modules that run before the import (`launch`, `card`, `handshake`, `host_lines`, `opening`) import only the standard library.
"""
