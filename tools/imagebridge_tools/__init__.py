"""Functions that make and load pictures: plain arguments in, one sentence and pictures out. No MCP."""

from .answer import Answer
from .chart import generate_chart
from .create import create_image, edit_image
from .document import load_file
from .load import load_image
from .sample import get_image

__all__ = ["Answer", "create_image", "edit_image", "generate_chart", "get_image", "load_file", "load_image"]
