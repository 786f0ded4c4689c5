"""Functions that make and load pictures: plain arguments in, one sentence and pictures out. No MCP."""

from typing import TYPE_CHECKING, Any

from .annotate import annotate_image
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

if TYPE_CHECKING:
    from .chart import generate_chart

__all__ = [
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


def __getattr__(name: str) -> Any:
    # PEP 562. Only a chart needs the half of this package that draws it, and hosts wait for the start of a server.
    if name != "generate_chart":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .chart import generate_chart

    globals()[name] = generate_chart
    return generate_chart


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
