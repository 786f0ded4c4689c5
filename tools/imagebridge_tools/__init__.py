"""Functions that make and load pictures: plain arguments in, one sentence and pictures out. No MCP."""

from .answer import Answer
from .sample import get_image

__all__ = ["Answer", "get_image"]
