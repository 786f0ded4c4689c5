"""A host's first questions, answered from a card that an earlier start has kept, while the server itself loads.

Hosts ask their model before a slow server has listed its tools, and what takes long is importing the SDK. So the
rooms here that work before that (`launch`, `card`, `handshake`, `opening`) import the standard library alone.
"""
