"""Detects parameters that accept pictures, and in which form, and replaces a picture's name in arguments."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imagebridge.errors import ArgumentError
from imagebridge.schemas.parameters import PictureArgument, Wish, has_handle, picture_parameters, replaced

pytestmark = pytest.mark.pure

TEXT = {"type": "string"}


def text(description="", **more):
    return {**TEXT, **({"description": description} if description else {}), **more}


def shape(**properties):
    return {"type": "object", "properties": properties}


def array(items):
    return {"type": "array", "items": items}


# The tool's name (where it matters), the parameters, and what is found.
SCHEMAS = {
    "names": (
        "t",
        dict.fromkeys(["image", "Picture", "PHOTO", "screenshot", "input_image", "image1", "imageA"], TEXT),
        dict.fromkeys(
            ["image", "Picture", "PHOTO", "screenshot", "input_image", "image1", "imageA"], "data_url"
        ),
    ),
    "names that tell the form": (
        "t",
        dict.fromkeys(
            [
                "image_url",
                "imageUri",
                "imageurl",
                "image_path",
                "imgFile",
                "image_base64",
                "photoB64",
                "image_data",
            ],
            TEXT,
        ),
        {
            **dict.fromkeys(["image_url", "imageUri", "imageurl"], "data_url"),
            **dict.fromkeys(["image_path", "imgFile"], "path"),
            **dict.fromkeys(["image_base64", "photoB64", "image_data"], "base64"),
        },
    ),
    "names of what belongs to a picture": (
        "t",
        dict.fromkeys(["image_width", "image_id", "image_prompt", "image_format", "imagery"], TEXT),
        {},
    ),
    "texts": (
        "t",
        dict.fromkeys(["text", "query", "prompt", "url", "path", "file", "data", "mask"], TEXT),
        {},
    ),
    "a text about pictures": ("t", {"prompt": text("What to look for in the image")}, {}),
    "not strings": (
        "t",
        {
            "image": {"type": "boolean"},
            "images": {"type": "integer"},
            "picture": {"enum": ["a", "b"]},
            "photo": text(enum=["a"]),
            "screenshot": {"const": "x"},
        },
        {},
    ),
    "media types": (
        "t",
        {
            "x": text(contentMediaType="image/png", contentEncoding="base64"),
            "y": text(contentMediaType="image/*"),
            "image": text(contentMediaType="application/pdf"),
            "photo": text(contentMediaType="image/png", contentEncoding="base32"),
        },
        {"x": "base64", "y": "data_url"},
    ),
    "formats": (
        "t",
        {
            "image": text(format="uri"),
            "image2": text(format="byte"),
            "image3": text(format="file-path"),
            "image4": text(format="data-url"),
            "image5": text(format="date"),
            "image6": text(pattern="^data:image/"),
            "image7": text(maxLength=64),
        },
        {
            "image": "data_url",
            "image2": "base64",
            "image3": "path",
            "image4": "data_url",
            "image6": "data_url",
        },
    ),
    "descriptions decide between forms": (
        "t",
        {
            "image": text("Path or URL of the image"),
            "image2": text("The base64-encoded image"),
            "image3": text("base64 or a data: URL"),
            "image4": text("An http(s) URL"),
            "image_file": text("The file, encoded as base64"),
            "image_data": text(examples=["data:image/png;base64,iVBO"]),
        },
        {
            "image": "path",
            "image2": "base64",
            "image3": "data_url",
            "image4": "data_url",
            "image_file": "base64",
            "image_data": "data_url",
        },
    ),
    "descriptions of what else could carry one": (
        "t",
        {
            "source": text("A picture: its path, a file: URL or a data: URL"),
            "url": text("URL of the image"),
            "mask": text("Which part of the photo to change"),
            "path": text("Path of the CSV file"),
        },
        {"source": "data_url", "url": "data_url", "mask": "data_url"},
    ),
    "descriptions of something else": (
        "t",
        {
            "image": text("Docker image to run"),
            "picture": text("The ID of the picture"),
            "image_path": text("Where the image is saved"),
            "filename": text("File name to save the image to"),
            "output_image": TEXT,
        },
        {},
    ),
    "a tool for another kind of images": ("run_container", {"image": TEXT}, {}),
    "an image to save is one": ("t", {"image": text("The image to save, as base64")}, {"image": "base64"}),
    "the tool's name": ("describe_image", {"url": TEXT, "question": TEXT}, {"url": "data_url"}),
    "the name of a tool that makes pictures": ("take_screenshot", {"url": TEXT}, {}),
    "a tool that gets pictures": ("get_image", {"url": TEXT}, {}),
    "two that are compared": (
        "compare_images",
        {"a": TEXT, "b": TEXT, "before": TEXT, "c": TEXT, "tolerance": {"type": "integer"}},
        dict.fromkeys(["a", "b", "before"], "data_url"),
    ),
    "letters and sides of anything else": ("t", {"a": TEXT, "b": TEXT, "before": TEXT}, {}),
    "nullable": (
        "t",
        {
            "image": {"anyOf": [TEXT, {"type": "null"}], "default": None},
            "photo": {"type": ["string", "null"]},
        },
        {"image": "data_url", "photo": "data_url"},
    ),
    "alternatives": (
        "t",
        {"image": {"oneOf": [text(format="uri"), shape(data=text(contentEncoding="base64"))]}},
        {"image": "data_url", "image.data": "base64"},
    ),
    "lists": (
        "t",
        {
            "images": array(TEXT),
            "pictures": {**array(TEXT), "description": "base64"},
            "pair": {"type": "array", "prefixItems": [text(contentMediaType="image/png"), TEXT]},
            "photos": {"type": "object", "additionalProperties": TEXT},
        },
        {"images": "data_url", "pictures": "base64", "pair": "data_url", "photos.*": "data_url"},
    ),
    "objects": (
        "t",
        {"image": shape(type=TEXT, url=TEXT, alt=TEXT), "edit": shape(mask=TEXT, image_path=TEXT)},
        {"image.url": "data_url", "edit.image_path": "path"},
    ),
    "chat messages": (
        "t",
        {"messages": array(shape(content=array(shape(type=TEXT, image_url=shape(url=TEXT)))))},
        {"messages.content.image_url.url": "data_url"},
    ),
}


@pytest.mark.parametrize("case", SCHEMAS)
def test_parameters_that_are_pictures(case):
    tool, properties, found = SCHEMAS[case]
    assert picture_parameters(tool, shape(**properties)) == found


# The tool, its parameter of any string, what that says of itself, and whether a picture is taken there. What is read
# counts, not what is made: names and descriptions as servers for pages, documents and pictures write them (2026-11).
READ = [
    ("image_to_pdf", "path", "Path of the image", True),
    ("image_to_pdf", "path", "", True),
    ("images_to_video", "files", "", True),
    ("pdf_to_image", "path", "", False),
    ("pdf2image", "path", "", False),
    ("PdfToPng", "file", "", False),
    ("extract_text_from_image", "path", "", True),
    ("extract_images_from_pdf", "path", "", False),
    ("extract_images_from_pdf", "file_path", "PDF file to extract images from", False),
    ("extract_images", "source", "PDF or document from which images are extracted", False),
    ("list_images", "source", "Web page or document whose images are listed", False),
    ("rotate", "source", "PDF or path to an image", True),
    ("ocr", "file", "PDF or image file to read", True),
    ("ocr", "path", "Path to the image or PDF file", True),
    ("ocr", "url", "URL of a web page, image or PDF", True),
    ("ocr", "path", "Path to the document image", True),
    ("read_pdf", "source", "A PDF page image", True),
    ("describe", "url", "URL of the page's image", True),
    ("describe", "url", "URL of the page to describe", False),
    ("screenshot_website", "url", "Website to take an image of", False),
    ("browser_navigate", "url", "The URL to navigate to", False),
    (
        "take_screenshot",
        "filePath",
        "The absolute path, or a path relative to the current working directory, to save the screenshot to instead of attaching it to the response.",
        False,
    ),
    ("read_media_file", "path", "", False),
    ("image_zoom_in", "image_source", "path/URL/base64", True),
    ("image_zoom_in", "image_source", "Path, URL or base64 of the image", True),
    ("preview_image", "path", "Path to image", True),
    ("crop", "input_path", "Full path to the input image (must be a full path)", True),
    ("crop", "output_path", "Full path to save the output image", False),
    ("ocr", "input_path", "Full path to the input image", True),
    ("load_image", "path", "", True),
    ("load_image", "source", "Path of a file, https or data URL of the image to load", True),
    ("edit_image", "mask", "", True),
    ("mermaid", "source", "Mermaid source to render as an image", False),
    ("render", "data", "Chart data that is drawn as a PNG image", False),
    ("gallery", "path", "Directory of images", False),
    ("gallery", "path", "Folder with the pictures", False),
    ("compare", "before", "Path of the first image", True),
    ("video_frames", "path", "Video to extract frame images from", False),
    ("video_thumb", "url", "URL of the video", False),
    ("display_pdf", "url", "URL of the PDF to display", False),
    ("convert_image", "input", "", False),
    ("convert_image", "path", "", True),
    ("fetch_image", "url", "URL of the image", True),
    ("describe_image", "url", "Address of the image on the web page", True),
    ("html_to_image", "source", "", False),
    ("analyze_document", "document", "Path of the document", False),
    ("web_page_images", "url", "Page to list images of", False),
    ("docx_images", "filepath", "Word document; its images are returned", False),
    ("add_slide", "picture_path", "Picture to put on the slide", True),
    ("add_image_to_slide", "path", "Path of the picture", True),
    ("add_image_to_slide", "path", "", True),
    ("insert_image", "url", "URL of the image to insert into the document", True),
    ("upload_images", "files", "Images to upload", True),
    ("website_to_image", "url", "URL of the website to turn into an image", False),
    ("figma_export", "url", "Link to the Figma file to export as images", False),
    ("vision", "image", "A picture or a PDF page", True),
    ("vision", "image_url", "URL of the page screenshot", True),
    ("transcribe", "path", "Path of the audio", False),
    ("resize", "video_path", "Path of the video; its image is resized", False),
    ("get_page_images", "source", "", False),
    ("pdf_images", "path", "PDF", False),
    ("pdf-image", "pdfPath", "Absolute path to the PDF file", False),
    ("convert_pdf_to_images", "input_path", "Path of the PDF", False),
    ("tool_extract_images", "path", "Path to the PDF", False),
    ("website_to_image", "url", "Address of the page", False),
    ("imageFetch", "url", "URL of the page", False),
    ("resize_image", "image_path", "Path of the picture to resize", True),
]


@pytest.mark.parametrize(("tool", "name", "about", "taken"), READ)
def test_a_picture_is_taken_only_where_one_is_read(tool, name, about, taken):
    assert bool(picture_parameters(tool, shape(**{name: text(about)}))) is taken


def test_references_are_followed_also_in_circles():
    schema = {
        **shape(tree={"$ref": "#/$defs/Tree"}, scan={"$ref": "#/$defs/a~1b"}, lost={"$ref": "#/$defs/none"}),
        "$defs": {
            "Tree": shape(image=TEXT, left={"$ref": "#/$defs/Tree"}, itself={"$ref": "#"}),
            "a/b": {**shape(blob=TEXT, mime_type=TEXT), "title": "ImageInput"},
        },
    }
    assert picture_parameters("t", schema) == {"tree.image": "data_url", "scan.blob": "base64"}


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"properties": None},
        {"properties": {"image": None}},
        {"properties": {"image": True}},
        {"properties": {"image": {"type": "string", "$ref": "https://example.org/x", "anyOf": 3}}},
        {"properties": {"image": {"$ref": "#/properties/image"}}},
        {"anyOf": [{"$ref": "#"}]},
    ],
)
def test_odd_schemas_do_no_harm(schema):
    assert set(picture_parameters("t", schema)) <= {"image"}


def nested(leaf):
    """Schemas around `leaf`, each with arguments that put a value where `leaf` stands, and the path to it."""
    return st.recursive(
        st.just((leaf, lambda value: value, [])),
        lambda inner: st.one_of(
            st.builds(
                lambda one, key, other: (
                    shape(**{"other": {"type": "integer"}, key: one[0], "note": TEXT}),
                    lambda value: {key: one[1](value), "note": other},
                    [key, *one[2]],
                ),
                inner,
                st.sampled_from(["image", "options", "item", "b"]),
                st.sampled_from(["", "picture:1", "a picture:1"]),
            ),
            st.builds(lambda one: (array(one[0]), lambda value: [one[1](value)] * 2, one[2]), inner),
            st.builds(lambda one: ({"anyOf": [{"type": "null"}, one[0]]}, one[1], one[2]), inner),
            st.builds(lambda one: ({"allOf": [one[0]], "description": "x"}, one[1], one[2]), inner),
        ),
        max_leaves=6,
    )


def names(value):
    """All strings that were handed over, and all that were left."""
    if isinstance(value, dict):
        return [found for one in value.values() for found in names(one)]
    if isinstance(value, list):
        return [found for one in value for found in names(one)]
    return [value]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nested(text(contentMediaType="image/png", contentEncoding="base64")))
def test_a_picture_is_found_and_replaced_however_deep(case):
    inner, arguments, path = case
    schema = shape(scan=inner)
    where = ".".join(["scan", *path])
    assert picture_parameters("t", schema) == {where: "base64"}
    handed = []

    def hand(at, number, wish):
        handed.append((at, number, wish))
        return PictureArgument("BYTES", "image/png")

    before = {"scan": arguments("picture:7")}
    after, wrong = replaced("t", schema, before, {}, hand)
    assert set(handed) == {(where, 7, Wish("base64", True, ("image/png",)))}
    assert (after, wrong) == ({"scan": arguments("BYTES")}, [])
    assert before == {"scan": arguments("picture:7")}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nested({"type": "string", "enum": ["picture:7"]}))
def test_what_is_no_picture_is_never_replaced(case):
    inner, arguments, _ = case
    given_ = {"scan": arguments("picture:7")}
    assert replaced("t", shape(scan=inner), given_, {}, None) == (given_, [])


def give(at, number, wish):
    return PictureArgument(f"<{number} as {wish.form}>", "image/jpeg")


FREE = {"type": "object"}


@pytest.mark.parametrize(
    ("schema", "arguments", "made"),
    [
        # Whole strings alone are names.
        (shape(image=TEXT), {"image": " Picture:12 "}, {"image": "<12 as data_url>"}),
        (shape(image=TEXT), {"image": "PICTURE: 3"}, {"image": "<3 as data_url>"}),
        (shape(image=TEXT), {"image": "picture 3"}, {"image": "<3 as data_url>"}),
        (shape(image=TEXT), {"image": "see picture:3"}, None),
        (shape(image=TEXT), {"image": "picture:0"}, None),
        (shape(image=TEXT), {"image": "picture:"}, None),
        (shape(image=TEXT), {"image": "picture:1,picture:2"}, None),
        # What can carry a picture is filled, by the exact name; what is a text is left.
        (shape(file=TEXT), {"file": "picture:3"}, {"file": "<3 as path>"}),
        (shape(url=TEXT), {"url": "picture:3"}, {"url": "<3 as data_url>"}),
        (shape(mask=TEXT), {"mask": "picture:3"}, {"mask": "<3 as data_url>"}),
        (shape(file=TEXT), {"file": "picture 3"}, None),
        (shape(text=TEXT, query=TEXT), {"text": "picture:3", "query": "picture:3"}, None),
        (shape(url=text(format="email")), {"url": "picture:3"}, None),
        # Names that no schema knows.
        (FREE, {"image": "picture:3", "x": "picture:3"}, {"image": "<3 as data_url>", "x": "picture:3"}),
        (
            shape(images=array(TEXT)),
            {"images": ["picture:1", "https://a/b.png", "picture:2"]},
            {"images": ["<1 as data_url>", "https://a/b.png", "<2 as data_url>"]},
        ),
        (shape(images=array(TEXT)), {"images": "picture:1"}, None),
        # The type beside the bytes is that of the bytes.
        (
            shape(image=shape(data=TEXT, mimeType=TEXT, alt=TEXT)),
            {"image": {"data": "picture:1", "mimeType": "image/png", "alt": "image/png"}},
            {"image": {"data": "<1 as base64>", "mimeType": "image/jpeg", "alt": "image/png"}},
        ),
    ],
)
def test_names_become_pictures(schema, arguments, made):
    assert replaced("t", schema, arguments, {}, give) == (made or arguments, [])


def test_forms_that_a_caller_chose_win():
    schema = shape(image=TEXT, thing=TEXT, pages=array(shape(scan=TEXT)))
    chosen = {"image": None, "thing": "path", "pages.scan": "base64"}
    arguments = {"image": "picture:1", "thing": "picture:2", "pages": [{"scan": "picture 3"}]}
    made = {"image": "picture:1", "thing": "<2 as path>", "pages": [{"scan": "<3 as base64>"}]}
    assert replaced("t", schema, arguments, chosen, give) == (made, [])


def test_all_names_that_cannot_be_given_stay_and_are_told_once():
    def hand(at, number, wish):
        if number > 2:
            raise ArgumentError(at, f"there is no picture:{number}")
        return give(at, number, wish)

    schema = shape(image=TEXT, mask=TEXT, pictures=array(TEXT))
    arguments = {
        "image": "picture:3",
        "mask": "picture:1",
        "pictures": ["picture:4", "picture:2", "picture:4"],
    }
    made, wrong = replaced("t", schema, arguments, {}, hand)
    assert made == {
        "image": "picture:3",
        "mask": "<1 as data_url>",
        "pictures": ["picture:4", "<2 as data_url>", "picture:4"],
    }
    assert list(map(str, wrong)) == ["image: there is no picture:3", "pictures: there is no picture:4"]


def test_arguments_may_nest_as_deep_as_can_be_sent():
    arguments, expected = {"image": "picture:1"}, {"image": "<1 as data_url>"}
    for _ in range(250):
        arguments, expected = {"a": arguments}, {"a": expected}
    assert has_handle(arguments)
    assert replaced("t", {}, arguments, {}, give) == (expected, [])


@pytest.mark.parametrize(
    ("value", "found"),
    [({"a": [{"b": "picture:1"}]}, True), ({"a": "a picture:1"}, False), ({}, False), ({"a": 1}, False)],
)
def test_arguments_without_names_are_known(value, found):
    assert has_handle(value) is found


@pytest.mark.parametrize("name", ["part 2 of 5 of picture:3", " Part 2 of picture 3 "])
def test_a_part_of_a_picture_is_none_that_tools_are_given(name):
    schema = shape(image=text("The picture."), note=text())
    assert has_handle({"image": name})
    made, (wrong,) = replaced("crop", schema, {"image": name}, {}, give)
    assert (made, wrong.argument) == ({"image": name}, "image")
    assert "pass 'picture:3', with coordinates of the whole" in wrong.problem
    assert replaced("crop", schema, {"note": name}, {}, give) == ({"note": name}, [])
