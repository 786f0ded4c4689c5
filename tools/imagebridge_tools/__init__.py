"""The picture tools: functions that accept plain arguments and return a sentence and pictures. Independent of MCP."""

from .annotate import annotate_image
from .chart import generate_chart
from .compare import compare_images
from .contact import contact_sheet
from .create import create_image, edit_image
from .document import load_file
from .info import image_info
from .load import load_image
from .qr_code import make_qr_code
from .render import render_document
from .sample import get_image
from .tool_output import ToolOutput
from .transform import transform_image
from .view import view_image

TOOLS = (
    get_image,
    load_image,
    load_file,
    generate_chart,
    view_image,
    annotate_image,
    compare_images,
    transform_image,
    contact_sheet,
    image_info,
    render_document,
    make_qr_code,
    create_image,
    edit_image,
)
"""All tools, in the order in which models read them."""

__all__ = [
    "TOOLS",
    "ToolOutput",
    "annotate_image",
    "compare_images",
    "contact_sheet",
    "create_image",
    "edit_image",
    "generate_chart",
    "get_image",
    "image_info",
    "load_file",
    "load_image",
    "make_qr_code",
    "render_document",
    "transform_image",
    "view_image",
]
