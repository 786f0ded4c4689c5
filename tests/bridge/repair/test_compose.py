"""tool_result converts a sentence and pictures of any origin to the wire format."""

import base64
import io

import pytest
import samples
from PIL import Image, ImageCms
from samples import b64, drawing, file, photo

from imagebridge import function_call_output, tool_result
from imagebridge.errors import PictureError
from imagebridge.pictures.picture import Picture

pytestmark = pytest.mark.pure

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


def test_a_text_that_is_none_raises():
    with pytest.raises(TypeError, match="the text of a tool result must be a str, not int"):
        tool_result(3)


def test_a_pil_image_is_encoded_by_what_it_shows():
    drawn, photographed = tool_result("two", drawing(), photo())["content"][1:]
    assert (drawn["mimeType"], photographed["mimeType"]) == ("image/png", "image/jpeg")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_pil_image_is_shown_upright(form):
    with Image.open(io.BytesIO(samples.oriented(form))) as lying:
        (_, shown) = tool_result("one", lying)["content"]
    upright = samples.pixels(base64.b64decode(shown["data"]))
    assert upright.size == (48, 64)
    red, green, _ = upright.getpixel((45, 2))
    assert (red > 180, green < 90) == (True, True)


def test_the_colour_profile_of_a_pil_image_is_applied():
    grey = Image.new("RGB", (64, 48), (200, 30, 30))
    mirrored = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    mirrored = mirrored.replace("sRGB".encode("utf-16-be"), "mine".encode("utf-16-be")).replace(
        b"sRGB", b"mine"
    )
    mirrored = mirrored.replace(b"rXYZ", b"....").replace(b"bXYZ", b"rXYZ").replace(b"....", b"bXYZ")
    grey.info["icc_profile"] = mirrored
    (_, shown) = tool_result("one", grey)["content"]
    red, _, blue = samples.pixels(base64.b64decode(shown["data"])).getpixel((4, 2))
    assert (red < 90, blue > 150) == (True, True)


@pytest.mark.parametrize("size", [(0, 0), (0, 5), (5, 0)])
def test_a_pil_image_without_pixels_raises(size):
    with pytest.raises(PictureError, match=f"a PIL image of {size[0]}x{size[1]} pixels is empty"):
        tool_result("none", Image.new("RGB", size))


def test_a_pil_image_that_cannot_be_decoded_raises():
    with (
        Image.open(io.BytesIO(file(photo(), "JPEG")[:900])) as cut,
        pytest.raises(PictureError, match="its pixels cannot be decoded"),
    ):
        tool_result("none", cut)


def test_other_formats_travel_as_they_are():
    bmp = file(drawing(), "BMP")
    assert tool_result("a", bmp)["content"][1] == block(bmp, "image/bmp")


def test_an_error_says_so():
    assert function_call_output(tool_result("no", is_error=True), "c")["output"] == "Tool error:\nno"


@pytest.mark.parametrize(
    ("picture", "error", "message"),
    [
        (3, TypeError, "a picture must be a path, bytes, a PIL image or a Picture, not int"),
        (None, TypeError, "not NoneType"),
        ("no/such/file.png", FileNotFoundError, "no/such/file.png"),
        (b"hello", PictureError, "these bytes cannot be shown: the format is unknown, not a picture's"),
        (
            b"%PDF-1.7",
            PictureError,
            "these bytes cannot be shown: the format is application/pdf, not a picture's",
        ),
    ],
)
def test_what_is_no_picture_raises(picture, error, message):
    with pytest.raises(error) as raised:
        tool_result("a", picture)
    assert message.replace("/", "") in str(raised.value).replace("\\", "").replace("/", "")
