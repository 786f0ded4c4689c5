"""tool_result: from a sentence and pictures of any origin to the wire form."""

import pytest
from samples import b64, drawing, file, photo

from imagebridge import function_call_output, tool_result
from imagebridge.errors import PictureError
from imagebridge.translate.picture import Picture

PNG = file(drawing(), "PNG")


def block(data, media_type="image/png"):
    return {"type": "image", "data": b64(data), "mimeType": media_type}


def test_text_then_pictures_of_any_origin(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    assert tool_result("four", path, str(path), PNG, Picture.from_bytes(PNG)) == {
        "content": [{"type": "text", "text": "four"}, *[block(PNG)] * 4],
        "isError": False,
    }


def test_a_pil_image_is_encoded_by_what_it_shows():
    drawn, photographed = tool_result("two", drawing(), photo())["content"][1:]
    assert (drawn["mimeType"], photographed["mimeType"]) == ("image/png", "image/jpeg")


def test_other_formats_travel_as_they_are():
    bmp = file(drawing(), "BMP")
    assert tool_result("a", bmp)["content"][1] == block(bmp, "image/bmp")


def test_an_error_says_so():
    assert function_call_output(tool_result("no", is_error=True), "c")["output"] == "Tool error:\nno"


@pytest.mark.parametrize(
    ("picture", "error", "message"),
    [
        (3, TypeError, "a picture is a path, bytes, a PIL image or a Picture, not int"),
        (None, TypeError, "not NoneType"),
        ("no/such/file.png", FileNotFoundError, "no/such/file.png"),
        (b"hello", PictureError, "these bytes hold no picture but bytes of no known format"),
        (b"%PDF-1.7", PictureError, "these bytes hold no picture but application/pdf"),
    ],
)
def test_what_is_no_picture_raises(picture, error, message):
    with pytest.raises(error) as raised:
        tool_result("a", picture)
    assert message.replace("/", "") in str(raised.value).replace("\\", "").replace("/", "")
