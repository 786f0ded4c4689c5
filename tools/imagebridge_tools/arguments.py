"""Arguments that several tools accept, as models read them; those of a single tool are defined next to its code."""

from typing import Annotated

from .declaration import Argument
from .lenient_values import alone, pages, text

_PICTURES = ("image", "picture", "photo", "path", "file", "url", "uri", "src", "source", "input")
_NAMES = (
    *_PICTURES,
    *("image_path", "file_path", "filepath", "filename", "image_url", "source_path", "input_path"),
    *("document", "pdf", "screenshot"),
)
SEVERAL = (*_PICTURES, "image_path", "input_image", "filename")
"""Other names that models use for a list of pictures."""

PICTURE = 'give a path, a URL or an image:// uri, such as "photos/bridge.jpg"'
PICTURES = 'give a list of pictures, such as ["a.png", "b.png"]'

ImageSource = Annotated[
    str,
    Argument(
        "The picture: a path (absolute, or relative to an allowed folder), the image:// uri from an earlier "
        "result, or a "
        "file:, data: or https: URL.",
        examples=["photos/bridge.jpg", "image://3f2a9c01d4e7"],
        reading=alone,
        form=PICTURE,
        names=_NAMES,
    ),
]

AnySource = Annotated[
    str, Argument("A picture, as in load_image.", reading=alone, form=PICTURE, names=_NAMES)
]

AnyFile = Annotated[
    str,
    Argument("The file: a path, URI or URL, as in load_image.", reading=alone, form=PICTURE, names=_NAMES),
]

Document = Annotated[
    str, Argument("A PDF or SVG, as in load_image.", reading=alone, form=PICTURE, names=_NAMES)
]

SheetName = Annotated[
    str | None,
    Argument(
        "Name of the sheet to read from a workbook. Default: the first.",
        reading=text,
        form='give the name of a sheet, such as "Costs"',
        names=("sheet_name", "worksheet", "tab"),
    ),
]

SaveAs = Annotated[
    str | None,
    Argument(
        "Also save the picture at full size, as this png, jpg, webp or gif file in a writable folder.",
        form='give a file path, such as "charts/sales.png"',
        names=(
            *("output", "output_path", "output_file", "out"),
            *("save_to", "save_path", "save", "destination"),
        ),
    ),
]

Overwrite = Annotated[bool, Argument("Let save_as replace an existing file.")]

TEXT_NAMES = (
    *("content", "contents", "string", "words", "message", "caption", "data", "value", "url", "payload"),
)
"""Other names that models use for a text."""

PageRange = Annotated[
    str,
    Argument(
        "Numbers and ranges, such as 1-3, 7.",
        reading=pages,
        form="give numbers and ranges, such as 1-3, 7",
        names=("page_range", "page_numbers"),
    ),
]
