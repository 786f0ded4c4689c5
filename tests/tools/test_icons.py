"""An icon of a few pixels is enlarged in the same way for the model and for every tool."""

import pytest
from long_rows import one_in
from samples import b64

from imagebridge import output_parts
from imagebridge.pictures.picture import Picture
from imagebridge_tools.files.source import Source
from imagebridge_tools.load import decoded
from imagebridge_tools.view import viewed

ICONS = {
    "16 pixels": ('width="16" height="16"', 512, 512),
    "a view box alone": ('viewBox="0 0 24 24"', 504, 504),
    "one pixel": ('width="1" height="1" viewBox="0 0 20 20"', 512, 512),
    "units of a font": ('width="1em" height="1em" viewBox="0 0 16 16"', 512, 512),
    "percent": ('width="100%" height="100%" viewBox="0 0 16 8"', 512, 256),
    "wide": ('width="63" height="9"', 504, 72),
    "no icon": ('width="64" height="48"', 64, 48),
}


@pytest.mark.parametrize("case", one_in(3, ICONS))
def test_an_icon_is_drawn_at_a_size_that_a_model_can_see(case):
    attributes, width, height = ICONS[case]
    data = f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}><rect width="9" height="9" fill="lime"/></svg>'.encode()
    (part, *line) = output_parts({"content": [{"type": "image", "data": b64(data)}]})
    picture = Picture.from_base64(part["image_url"])
    assert (picture.width, picture.height) == (width, height)
    # Coordinates are those of the drawing, here and in every tool.
    larger = f"picture 1: drawn {width}x{height}, larger than the "
    assert [text["text"].startswith(larger) for text in line] == [True] * (width > 64)
    for answer in (decoded(data), viewed(Source("icon", data), zoom=1)):
        (shown,) = answer.pictures
        assert (shown.width, shown.height) == (width, height)
